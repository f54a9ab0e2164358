"""The items of a question that names several: where to cut, which rows they are, which documents are asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.flat import core, flat
from assistant.lookup import Want
from assistant.match import Ask, match_label
from assistant.passages import view_passages
from assistant.reading import Reading, part_ask, read_figure
from assistant.scope import Group
from assistant.task import Task
from index.amounts import MONEY
from index.domain import Figure, Measure, Origin

NEW = re.compile(r"新增项目|为新增|新增的|基数为\s*0")
JOIN = re.compile(r"以及|加上(?!年)|减去|和|与|、|加(?!起来|一起|在一起)|减|及|跟|比(?!例|重)|,|，")
# Columns that people name beside an item: 年初预算数和决算数各多少.
COLUMN_WORD = re.compile(
    r"(?:年初|调整后?|全年|本年)?预算数|预算(?=[和与、跟](?:最[后终]|实际)?决算)|年初预算|(?:最[后终]|实际)?(?:支出)?决算数?|执行数|基本支出|项目支出|人员经费|公用经费"
    r"|一般公共预算(?:财政)?(?:拨款)?|政府性基金(?:预算)?(?:财政)?(?:拨款)?|国有资本经营预算(?:拨款)?|(?:上年)?结转(?:资金|结余)?|单位资金"
)
COLUMN_SAID = re.compile(r"^(?:最[后终]|实际)(?=支?出?决)|\((?:万元|元)\)|金额$|数$|资金$|(?:财政)?拨款$|^20\d\d年度?|[的了]")
WITHIN = re.compile(r"^(.*?)(?:里面?|当?中|内)(?:[,，]|(?=[^,，]*[、和与][^,，]*(?:各|分别|$)))")
FUNDS = re.compile(r"(?:一般公共预算|政府性基金(?:预算)?|国有资本经营预算|财政拨款)(?:财政拨款|拨款)?(?:的|里|中)?")
BARE_TAIL = re.compile(r"(?:本年)?(?:收入|支出)(?:合计|总计|决算|预算)?|(?:年初|年末|上年)?(?:结转和?结余|结转|结余)$|货物|工程|服务$")
ITEM_END = re.compile(r"(?:费|支出|补贴|补助|工资|奖金|公积金)$")  # 办公费印刷费 are two, 一般公共预算财政拨款 is one
YEAR_ALONE = re.compile(
    r"^[\s,，]*(?:(?:20)?\d\d年|今年|去年)?(?:预算|决算)?(?:安排|支出|花|用|列)?了?[\s,，]*$"
)  # 两项加起来，2025年安排了多少
ALL_OF = re.compile(r"所有|全部|[两三四各几]个|[两三四五]大")
FILLER = re.compile(
    r"多少|加在?一块儿?|合一块儿?|加一起|加总|高出|合计|一共|总共|加起来|加在一起|合起来|相加|之和|[是的]|占比|各|两类|两项|三项|钱(?![\u4e00-\u9fff])|钱(?=多少|是多少|各|一共)|\?|？|。|等于|结果|相差|差(?=多少|$)"
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
    for mention in reversed(task.library.bodies_in(text).mentions):
        text = text[: mention.start] + " " * (mention.end - mention.start) + text[mention.end :]
    return text


def split_items(task: Task, group: Group, text: str) -> list[str]:
    """The items of an enumeration; one piece where the text names a single item.

    What stands before the last clause (会议费，) is context of every piece; a piece that is only a column (项目支出)
    takes the item of the first piece.
    """
    text = without_bodies(task, text)
    if within := WITHIN.match(text):  # 基本支出里，差旅费和办公费: where to look, then the items
        lead = FILLER.sub("", within.group(1)).strip()
        pieces = split_items(task, group, text[within.end() :])
        return [lead + p for p in pieces] if len(pieces) > 1 else [*pieces]
    spans = label_spans(task, group, text)
    cuts = [m.span() for m in JOIN.finditer(text) if not any(a <= m.start() < b for a, b in spans)]
    pieces, at = [], 0
    for start, end in [*cuts, (len(text), len(text))]:
        pieces.append(FILLER.sub("", text[at:start]).strip())
        at = end
    pieces = [p for p in pieces if p]
    if len(pieces) < 2:
        named = [text[a:b] for a, b in spans if b - a > 2 or text[a:b].endswith("费")]
        if len(named) > 1 and all(ITEM_END.search(n) for n in named[:-1]):
            pieces = [*named, *between_items(task, text, spans)]
    return inherit_item(task, pieces)


def between_items(task: Task, text: str, spans: list[tuple[int, int]]) -> list[str]:
    """What else a run of items names that no label prints so (水费电费物业费): left out of a sum, it would make it wrong."""
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    gaps = [FILLER.sub("", text[a:b]).strip(" ,") for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [gap for gap in gaps if gap and part_ask(task.library, gap).content]


def inherit_item(task: Task, pieces: list[str]) -> list[str]:
    """劳务费基本支出和项目支出: the second piece is a column of the first piece's item."""
    column = re.compile("|".join(map(re.escape, task.lexicon.whole)))
    bare = [p for p in pieces[1:] if column.search(p) and not column.sub("", p).strip()]
    if bare and column.search(pieces[0]) and (named := column.sub("", pieces[0]).strip()):  # 印刷费基本支出加项目支出
        return [named + p if p in bare else p for p in pieces]
    if len(pieces) > 1 and (tail := BARE_TAIL.search(pieces[0])) and tail.start():
        lead = pieces[0][: tail.start()]  # 政府性基金收入、支出、年初结转: what they are of is said once
        return [p if i == 0 or not BARE_TAIL.fullmatch(p) else lead + p for i, p in enumerate(pieces)]
    scope = FUNDS.match(pieces[0]) if len(pieces) > 1 else None
    if scope and part_ask(task.library, pieces[0][scope.end() :]).content:  # 一般公共预算住房公积金和购房补贴: of both
        pieces = [p if i == 0 or FUNDS.search(p) else scope.group() + p for i, p in enumerate(pieces)]
    if not pieces or not column.search(pieces[0]):
        return pieces
    item = column.sub("", pieces[0])
    if not part_ask(task.library, item).content:
        return pieces
    return [item + p if i and not column.sub("", p).strip() else p for i, p in enumerate(pieces)]


def pick_groups(task: Task) -> list[Group]:
    """One group a body (its year named or the latest common one) or one a year of a single body."""
    groups = list(task.scope.groups)
    years = task.q.years
    bodies = list(dict.fromkeys(g.body for g in groups))
    if len(bodies) > 1 and len(years) < 2:
        common = set.intersection(*({g.year for g in groups if g.body == b} for b in bodies)) - {None}
        year = years[0] if years and years[0] in common else max((y for y in common if y), default=None)
        groups = [g for g in groups if year is None or g.year == year]
        first: dict[str, Group] = {}
        for g in groups:
            first.setdefault(g.body, g)
        return list(first.values())
    if years:
        return [g for g in groups if g.year in years] or groups
    return groups


def read_one(task: Task, group: Group, text: str, want: Want | None = None) -> Reading | None:
    """The figure of one item of a question; its other places are remembered in the draft."""
    for start, end in (*task.q.units.spans, *task.q.tables.spans):  # whose rows are meant, and where, is no part of the item
        text = text.replace(task.q.text[start:end], "")
    reading = _read_item(task, group, FILLER.sub("", text), want)
    if reading:
        task.draft.elsewhere[reading.figure.id] = reading.same
    return reading


def _read_item(task: Task, group: Group, cleaned: str, want: Want | None) -> Reading | None:
    ask = part_ask(task.library, cleaned)
    years = frozenset(y for y in task.scope.years if y != group.year)
    want = want or Want(years=years, unit_kind="count" if task.q.counter else "money", counter=task.q.counter)
    want = replace(want, units=want.units or task.q.units.labels, tables=task.q.tables.tables, in_words=task.q.in_words)
    if not ask.content:
        full = part_ask(task.library, cleaned) if cleaned else ask
        reading = read_figure(task.library, group, full, want) if full.light else None
        if reading and reading.score >= 1.0 and full.weight(reading.covered) >= 0.7 * full.weight(full.light):
            return reading
        if not without_bodies(task, cleaned).strip(" ,的") or re.search(r"总|全部|支出|预算", cleaned):
            return task.read_total(group, want)
        return None
    reading = read_figure(task.library, group, ask, want)
    return reading if reading and reading.sure else None


def list_items(task: Task, group: Group, text: str) -> list[Figure]:
    """Several named items (离休费和退休费) or all items of a table whose label holds a phrase (两个…专项资金, 所有“通用项目”)."""
    if ALL_OF.search(text) and not re.search(r"和|、|与", text):
        return all_rows(task, group, part_ask(task.library, re.sub(rf"{ALL_OF.pattern}|合起来|加起来|新增的?", "", FILLER.sub("", text))))
    pieces = split_items(task, group, text)
    named = [p for p in pieces if part_ask(task.library, p).content]
    pieces = named if len(named) > 1 and all(YEAR_ALONE.search(p) for p in pieces if p not in named) else pieces
    readings = [read_one(task, group, p) for p in pieces]
    figures = in_one_table([r for r in readings if r])
    return figures if len(figures) == len(pieces) > 1 and len({f.id for f in figures}) == len(figures) else []


def in_one_table(readings: list[Reading]) -> list[Figure]:
    """The figures to be added, from one table and column where one prints them all: a sum must not mix scopes."""
    if not readings:
        return []
    places = [[r.figure, *r.same, *r.rivals] for r in readings]
    for first in places[0]:
        if first.table_id is None:
            continue
        found = [next((f for f in p if (f.doc_id, f.table_id, f.col) == (first.doc_id, first.table_id, first.col)), None) for p in places]
        if all(found):
            return [f for f in found if f]
    return [r.figure for r in readings]


def all_rows(task: Task, group: Group, ask: Ask) -> list[Figure]:
    """Rows of one table whose own label explains the phrase, with their total column."""
    best: list[Figure] = []
    for view in task.library.views([group]):
        found = view.matches(ask)
        by_table: dict[str, list[Figure]] = {}
        for e in sorted(view.entries, key=lambda e: -e.prior):
            f = e.figure
            amount = f.origin is Origin.TABLE and f.value is not None and f.measure is Measure.AMOUNT and f.unit in MONEY
            if amount and e.leaf >= 0 and e.plain_column and not ask.uncovered(found[e.leaf].covered):
                rows = by_table.setdefault(f.table_id or "", [])
                if f.row not in {r.row for r in rows}:
                    rows.append(f)
        for rows in by_table.values():
            if len(rows) > len(best):
                best = rows
    return best


def new_figures(task: Task, group: Group) -> list[Figure]:
    """The amounts of numbered items that are called new or had no base last year."""
    found: dict[str, Figure] = {}
    for view in task.library.views([group]):
        blocks = {p.block for p in view_passages(view) if not p.table_id and NEW.search(p.text) and p.row}
        for f in view.figures:
            if f.table_id is None and f.row in blocks and f.measure is Measure.AMOUNT and f.value and f.row_path:
                found.setdefault(flat(f.row_path[-1]), f)
    return list(found.values())


def new_items(task: Task, group: Group) -> list[Figure]:
    """New items whose label shares a word with the question; all new items where it names none."""
    found = new_figures(task, group)
    text = re.sub(r"新增的?|[两三四五几]个", "", FILLER.sub("", task.q.text))
    ask = part_ask(task.library, text)
    named = [f for f in found if ask.content and match_label(ask, core(f.row_path[-1])).hit]
    return named if ask.content else found


def row_columns(task: Task, reading: Reading, names: list[str]) -> list[Figure]:
    """The figures of one row (or of one paragraph on the same item) that the names mean as columns, in their order.

    Empty unless every name finds one: 决算数 and 年初预算数, 基本支出 and 项目支出.
    """
    view = task.library.view(reading.figure.doc_id)
    for place in (reading.figure, *reading.same, *reading.rivals):
        if place.doc_id != reading.figure.doc_id:
            continue
        here = [f for f in view.figures if f.table_id == place.table_id and f.row == place.row and f.value is not None]
        here = [f for f in here if f.measure is Measure.AMOUNT and (place.table_id or f.row_path == place.row_path)]
        if place.table_id and view.is_total("".join(place.row_path[-1:])):  # the item is a column: its years or its budget stand above it
            here = [f for f in here if f.col_path[-1:] == place.col_path[-1:]]
        found = [column_named(here, name, task.lexicon.synonyms.get(name, ())) for name in names]
        if len(names) > 1 and all(found) and len({f.id for f in found if f}) == len(names):
            return [f for f in found if f]
    return []


def said_of(label: str) -> str:
    """A column's name without what is formal; 财政拨款, which is nothing else, stays as it is."""
    text = core(label)
    return COLUMN_SAID.sub("", text) or text


def column_named(figures: list[Figure], name: str, printed: Sequence[str] = ()) -> Figure | None:
    """Of one row's figures the one whose column is called so; the whole name before a part of it, a total column before its parts.

    ``printed`` are spellings in documents of what people call so (上年结余、结转 for 上年结转).
    """
    found = _column_named(figures, name)
    return found or next((f for p in printed if (f := _column_named(figures, p))), None)


def _column_named(figures: list[Figure], name: str) -> Figure | None:
    wanted = said_of(name)
    ranked = []
    for f in figures:
        labels = [said_of(c) for c in f.col_path]
        if not labels or not any(wanted in label or (len(label) > 1 and label in wanted) for label in labels):
            continue
        total = len(labels) > 1 and bool(re.search(r"合计|小计|总计", labels[-1]))
        ranked.append((wanted not in labels, wanted not in labels[-1] and not total, len("".join(labels)), f.col or 0, f))
    return min(ranked, key=lambda r: r[:4])[4] if ranked else None
