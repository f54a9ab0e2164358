"""Several items named in one question: cut between them, never inside a printed label that holds 和 or 、 itself."""

from __future__ import annotations

import re

from assistant.reading import part_ask
from assistant.scope import Group
from assistant.task import Task

JOIN = re.compile(r"以及|加上|减去|和|与|、|加(?!起来|一起|在一起)|减|及|跟|比(?!例|重)|,|，")
FILLER = re.compile(
    r"多少|高出|合计|一共|总共|加起来|加在一起|合起来|相加|之和|[是的]|占比|各|两类|两项|三项|钱|\?|？|。|等于|结果|相差|差(?=多少|$)"
)


def label_spans(task: Task, group: Group, text: str) -> list[tuple[int, int]]:
    """Row labels of the documents that stand in the text word for word, longest first, not overlapping (办公费印刷费)."""
    known = frozenset[str]().union(*(view.items for view in task.library.views([group])))
    out, at = [], 0
    while at < len(text) - 1:
        end = next((e for e in range(min(len(text), at + 30), at + 1, -1) if text[at:e] in known), None)
        if end:
            out.append((at, end))
        at = end or at + 1
    return out


def without_bodies(task: Task, text: str) -> str:
    for mention in reversed(task.library.directory.find(text).mentions):
        text = text[: mention.start] + " " * (mention.end - mention.start) + text[mention.end :]
    return text


def split_items(task: Task, group: Group, text: str) -> list[str]:
    """The items of an enumeration; one piece where the text names a single item.

    What stands before the last clause (会议费，) is context of every piece; a piece that is only a column (项目支出)
    takes the item of the first piece.
    """
    text = without_bodies(task, text)
    spans = label_spans(task, group, text)
    cuts = [m.span() for m in JOIN.finditer(text) if not any(a <= m.start() < b for a, b in spans)]
    pieces, at = [], 0
    for start, end in [*cuts, (len(text), len(text))]:
        pieces.append(FILLER.sub("", text[at:start]).strip())
        at = end
    pieces = [p for p in pieces if p]
    if len(pieces) < 2:
        named = [text[a:b] for a, b in spans if b - a > 2 or text[a:b].endswith("费")]
        pieces = named if len(named) > 1 else pieces
    return inherit_item(task, pieces)


def inherit_item(task: Task, pieces: list[str]) -> list[str]:
    """劳务费基本支出和项目支出: the second piece is a column of the first piece's item."""
    column = re.compile("|".join(map(re.escape, task.lexicon.whole)))
    if not pieces or not column.search(pieces[0]):
        return pieces
    item = column.sub("", pieces[0])
    if not part_ask(task.library, item).content:
        return pieces
    return [item + p if i and not column.sub("", p).strip() else p for i, p in enumerate(pieces)]
