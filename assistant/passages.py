"""Passages: a paragraph, or a numbered item of a long table cell, with the headings above it; quoted, cut to what answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.catalog import View
from assistant.domain import AnswerFigure, Intent
from assistant.draft import printed
from assistant.flat import flat
from assistant.match import cover_text
from assistant.task import Task
from index.domain import Figure, Flag, Heading, LabelPath, Para

REASON = re.compile(r"原因|由于|因为|主要是|主要为|根据|按照|系|为了?进一步|为激发|为加强|一是|以及.*?增加|调整")
ITEM = re.compile(r"^(?:[(（][一二三四五六七八九十]+[)）]|\d{1,2}[.、．]|[⒈-⒛])\s*([^，。；：\d]{2,40}?)(?=[\d，。；：]|$)")
NUMBERED = re.compile(r"(?=(?<![\d.])\d{1,2}[.、](?!\d))")
TOLD = re.compile(r"原因|说明|备注|用途|内容")  # columns of words: a short cell tells something, too
WORDS = re.compile(r"(?![年月日至])[\u4e00-\u9fff]{2}")  # a cell of dates and numbers alone is no passage
SENTENCE = re.compile(r"[^。；！？]+[。；！？]?")
LONGEST_QUOTE = 420


@dataclass(frozen=True, slots=True)
class Passage:
    """``row`` is the item's own heading (or the table row), ``lead`` the headings above, ``text`` verbatim."""

    view: View
    section: LabelPath
    row: str
    text: str
    block: int
    start: int = 0
    table_id: str | None = None
    table_row: int = 0
    table_col: int = 0
    column: str = ""

    @property
    def lead(self) -> str:
        return flat(" ".join((*self.section[-2:], self.row, self.column)))


def passages(view: View) -> Iterator[Passage]:
    """Every paragraph and every numbered item of a text cell, with its trail."""
    trail: list[tuple[int, str]] = []
    item = ""
    for index, block in enumerate(view.document.blocks):
        if isinstance(block, Heading):
            trail = [t for t in trail if t[0] < block.level] + [(block.level, block.text)]
            item = ""
        elif isinstance(block, Para):
            found = ITEM.match(block.text)
            item = found.group(1) if found else item if block.text[:1] not in "（(" else ""
            yield Passage(view, tuple(t for _, t in trail), item, block.text, index)
        else:
            for r, row in enumerate(block.rows):
                for c, cell in enumerate(row.cells):
                    text = cell.text or ""
                    column = block.columns[c][-1] if c < len(block.columns) and block.columns[c] else ""
                    if len(text) < (4 if TOLD.search(column) else 12) or not WORDS.search(text):
                        continue
                    at = 0
                    for piece in NUMBERED.split(text) if len(text) > 160 else [text]:
                        if piece:
                            label = row.label[-1] if row.label else ""
                            yield Passage(view, block.section or (block.title,), label, piece, index, at, block.id, r, c, column)
                        at += len(piece)


def view_passages(view: View) -> list[Passage]:
    """A view's passages, prepared once."""
    prepared = view.prepared.get("passages")
    if prepared is None:
        prepared = list(passages(view))
        view.prepared["passages"] = prepared
    return prepared


def cut(task: Task, passage: Passage) -> str:
    """The sentences that answer: all of a short passage, else the best window in reading order."""
    text = passage.text.strip()
    if len(text) <= LONGEST_QUOTE:
        return text
    sentences = SENTENCE.findall(text)
    weights = []
    for s in sentences:
        w = task.ask.weight(cover_text(task.ask, flat(s)))
        if task.q.intent is Intent.WHY and REASON.search(s):
            w += 2.0
        weights.append(w)
    order = sorted(range(len(sentences)), key=lambda i: (-weights[i], i))
    chosen: set[int] = set()
    used = 0
    for i in order:
        if used and used + len(sentences[i]) > LONGEST_QUOTE:
            continue
        chosen.add(i)
        used += len(sentences[i])
    return "".join(s for i, s in enumerate(sentences) if i in chosen)


def quote_passage(task: Task, passage: Passage) -> None:
    """State the passage with its place, and the figures it names."""
    quote = cut(task, passage)
    if passage.table_id:
        n = task.draft.cite_cell(passage.view, passage.table_id, passage.table_row, passage.table_col)
    else:
        para = passage.view.document.blocks[passage.block]
        assert isinstance(para, Para)
        n = task.draft.cite_passage(passage.view, passage.section, para, quote, passage.row, max(0, para.text.find(quote[:12])))
        if Flag.REORDERED in para.flags:
            task.draft.note("assumption", "这段文字在原文件里次序错乱，由程序复原，字句请对照原文。", (n,))
    info = passage.view.info
    where = " > ".join(passage.section[-2:])
    place = f"（{info.title or info.department}，{where}）"
    if task.draft.lines[-1:] == [place]:  # several paragraphs of one section: its name stands once, after the last
        task.draft.lines.pop()
    task.draft.say(f"{quote}[{n}]")
    task.draft.say(place)
    for figure in [] if asks_duties(task) else figures_in(passage, quote)[:6]:
        task.draft.figures.append(_as_figure(task, figure))


def asks_duties(task: Task) -> bool:
    """主要职责 asks for words alone: a number among them answers nothing."""
    duties = (t for t in task.lexicon.topics if "职责" in t.headings)
    return not task.ask.content and any(word in task.q.text for t in duties for word in t.asked)


def figures_in(passage: Passage, quote: str) -> list[Figure]:
    """The figures that stand in the quoted text."""
    if passage.table_id:
        here = [
            f for f in passage.view.figures if f.table_id == passage.table_id and f.row == passage.table_row and f.col == passage.table_col
        ]
    else:
        here = [f for f in passage.view.figures if f.table_id is None and f.row == passage.block]
    said = flat(quote)
    return [f for f in here if f.value is not None and flat(f.raw) in said]


def _as_figure(task: Task, figure: Figure) -> AnswerFigure:
    assert figure.value is not None
    return AnswerFigure(figure.value, figure.unit, task.draft.label(figure) or printed(figure), task.draft.cite(figure))


def reason_passages(here: list[Passage], at: int) -> list[Passage]:
    """The paragraph itself, the next one of its section that begins with the reason, or its numbered parts that changed."""
    first = here[at]
    if REASON.search(after_change(first.text)):
        return [first]
    following = [p for p in here[at + 1 : at + 8] if p.section == first.section]
    for near in following[:4]:
        if re.match(r"[^。，；]{0,30}原因", near.text):
            return [near]
    if first.row:
        return []
    parts = [p for p in following if p.row or ITEM.match(p.text)]
    return [p for p in parts if re.search(r"(?:增加|减少|增长|下降)\s*(?!0(?:\.0+)?\s*万?元)[\d,.]", p.text) and REASON.search(p.text)][:3]


def after_change(text: str) -> str:
    """What follows the stated change, where a reason would stand; the whole text where no change is stated."""
    found = re.search(r"(?:较|比|与).{2,20}?(?:增加|减少|增长|下降|持平)", text)
    return text[found.end() :] if found else text
