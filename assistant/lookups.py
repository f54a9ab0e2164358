"""Answers that are one figure: an item's value, its change, its value last year."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from assistant.bodies import is_unit
from assistant.catalog import PLAIN_COLUMN, View
from assistant.domain import Answer, AnswerFigure, Intent, Refusal
from assistant.draft import printed, quoted
from assistant.flat import core
from assistant.items import without_bodies
from assistant.leftover import leftover
from assistant.lookup import AMOUNTS, HALF, counts_in, find, same_amount
from assistant.match import match_label
from assistant.passages import quote_passage, reason_passages, view_passages
from assistant.reading import Reading, change_of, code_label, part_ask, read_figure
from assistant.scope import Group
from assistant.task import Task
from assistant.understand import without_frames
from index.amounts import BLANKS, convert, format_value, round_half_up, unit_kind
from index.domain import Figure, Measure, Origin

COUNTED_ITEMS = re.compile(r"[两二三四五六七八九十几][个项类款]")
PER = re.compile(
    r"每(?:一)?(?:个|名|位)?(?:[亩人户套张吨件册台辆]|公里|平方米|平米|学生|老人|孩子)(?!次)|一(?:个|家|名|位|所|座)[\u4e00-\u9fff]{1,2}(?:一年|每年|一个月|每月|补)"
)
RATE = re.compile(r"/|每|均|标准|单价")
SEVERAL_ITEMS = re.compile(r"[\u4e00-\u9fff]{2}(?:和|与|、|加上?)[\u4e00-\u9fff]{2}.*(?:合计|一共|总共|加起来|之和|相加|共)")
SEVERAL = 8  # groups whose labels are compared with the question word for word
DOUBTFUL, OTHERS_TOLD = 1.6, 2  # how far below the reading another statement of a doubted item may be, how many are told
CITED_AGAIN = 2  # further places of the same value that are cited


def subject(task: Task, group: Group, figure: Figure) -> str:
    """深圳市龙岗区工业和信息化局2024年“对口帮扶”."""
    year = figure.year or group.year
    row = task.draft.item(figure)
    item = f"{quoted(row)}" if row and row.strip("（本级）() ") not in group.body else ""
    column = "·".join(c for c in figure.col_path if c)
    plain = len(figure.col_path) < 2 and PLAIN_COLUMN.search(core(column))
    column = f"（{column}）" if column and figure.origin is Origin.TABLE and not plain else ""
    code = f"（科目{figure.code}）" if figure.code else ""
    return f"{group.body}{f'{year}年' if year else ''}{item}{code}{column}"


def state_figure(task: Task, group: Group, reading: Reading) -> None:
    """The figure first, then where it stands; further places of the same value are cited after it."""
    figure = reading.figure
    value = task.draft.state(figure, task.q.unit, task.draft.label(figure))
    marks = "".join(f"[{task.draft.cite(f)}]" for f in _other_places(reading))
    zero = "（没有安排，为零）" if figure.value == 0 else ""
    task.draft.say(f"{value}{zero}——{subject(task, group, figure)}，见{task.where(figure)}{f'，另见{marks}' if marks else ''}。")
    note = task.draft.views[figure.doc_id].tables[figure.table_id].note if figure.table_id else None
    if figure.value == 0 and note and re.search(r"无|空表|没有", note):
        task.draft.say(f"表注：{note}")
    state_columns(task, figure)
    if not state_disputes(task, figure, reading.same) and task.q.doubted:
        state_others(task, group, reading)


def state_columns(task: Task, figure: Figure) -> None:
    """Columns of text in the same row that the question names, too (用的哪种采购组织形式)."""
    view = task.draft.views[figure.doc_id]
    table = view.tables.get(figure.table_id or "")
    if table is None or figure.row is None:
        return
    for col, cell in enumerate(table.rows[figure.row].cells):
        if not cell.text or re.search(r"\d", cell.text) or len(cell.text) > 60 or not table.columns[col]:
            continue
        found = match_label(task.ask, core(table.columns[col][-1]))
        if found.hit and found.missing < 1:
            n = task.draft.cite_cell(view, table.id, figure.row, col)
            task.draft.say(f"{table.columns[col][-1]}：{cell.text}[{n}]。")


def _other_places(reading: Reading) -> list[Figure]:
    seen = {(reading.figure.doc_id, reading.figure.table_id)}
    out: list[Figure] = []
    for f in reading.same:
        if (f.doc_id, f.table_id) not in seen and len(out) < CITED_AGAIN and f.measure is reading.figure.measure:
            seen.add((f.doc_id, f.table_id))
            out.append(f)
    return out


def state_disputes(task: Task, figure: Figure, same: tuple[Figure, ...] = ()) -> bool:
    """Where the document contradicts the figure elsewhere: every value with its place, and the statement that denies it.

    False where it does not.
    """
    disputed = False
    view = task.draft.views[figure.doc_id]
    mine = {figure.id, *(f.id for f in same)}
    by_id = {f.id: f for f in view.figures}
    for finding in task.library.findings(figure.doc_id):
        if finding.rounding or finding.kind not in ("text_table", "text_text", "count", "sum", "rate") or not mine & set(finding.figures):
            continue
        others = [by_id[i] for i in finding.figures if i in by_id and i not in mine]
        marks = []
        for other in others if len(finding.figures) == 2 else []:
            if other.value is not None and not same_amount(figure, other):
                value = task.draft.state(other, None, task.draft.label(other))
                marks.append(task.draft.cite(other))
                task.draft.say(f"注意：文件另一处写的是{value}（{task.where(other)}）。")
        task.draft.say(f"两处不一致：{finding.message}。")
        if finding.expected is not None and not marks:
            unit = "%" if finding.kind == "rate" else finding.unit
            task.draft.figures.append(AnswerFigure(abs(finding.expected), unit, "按其他数计算", task.draft.cite(figure)))
        task.draft.note("discrepancy", finding.message, (task.draft.cite(figure), *marks))
        disputed = True
    return disputed


def state_others(task: Task, group: Group, reading: Reading) -> None:
    """Where another place states another amount for the item that is doubted: each with its place."""
    best = reading.figure
    mine, name = task.library.view(best.doc_id), bare_item(task.draft.item(best))
    others: list[Figure] = []
    for c in find(task.library.views([group]), task.ask, task.want()):
        f = c.figure
        alike = f.value is not None and f.measure is best.measure and unit_kind(f.unit) == unit_kind(best.unit)
        alike = alike and f.year in (None, best.year)
        if not alike or c.score < reading.score - DOUBTFUL or bare_item(mine.item_of(f) if f.doc_id == best.doc_id else "") != name:
            continue
        if f.origin is not best.origin and not any(same_amount(f, o) for o in (best, *others)):
            others.append(f)
    for other in others[:OTHERS_TOLD]:
        value = task.draft.state(other)
        task.draft.say(f"注意：{task.where(other)}另写{task.draft.label(other)}{value}，与上面的数不同。")
        text = f"同一事项两处数值不同：{printed(best)}（{task.where(best)}）与{printed(other)}（{task.where(other)}）。"
        task.draft.note("discrepancy", text, (task.draft.cite(best), task.draft.cite(other)))


def bare_item(label: str) -> str:
    return re.sub(r"(?:项目|支出|经费|预算)$", "", core(label))


def state_scopes(task: Task, reading: Reading) -> None:
    """Other readings with as good a right: named after the plainest one."""
    for rival in reading.rivals[:2]:
        told = any(f.id == rival.id for f in task.draft.covered_figures)
        if rival.doc_id == reading.figure.doc_id and rival.value is not None and not told:
            value = task.draft.state(rival, None, task.draft.label(rival))
            words = [*(p for p in rival.row_path[:1] if is_unit(p)), *rival.col_path]
            task.draft.say(f"另一口径：{value}（{task.where(rival)}{'，' if words else ''}{'·'.join(words)}）。")


def answer_lookup(task: Task) -> Answer | None:
    """One figure of one body and year; asks back where bodies or years differ."""
    if task.q.intent is Intent.SUM and (COUNTED_ITEMS.search(task.q.text) or SEVERAL_ITEMS.search(without_printed(task))):
        return None  # one of several items is not their sum
    readings = [(g, r) for g in task.scope.groups if (r := task.read(g)) is not None and per_unit(task, r.figure)]
    readings = keep_best(readings)
    if not readings:
        return answer_previous(task)
    if len(readings) > 1 and not all(same_amount(readings[0][1].figure, r.figure) for _, r in readings[1:]):
        return ask_back(task, readings)
    group, reading = readings[0]
    if only_place(task):
        task.draft.note("assumption", f"问题只说了地方，按库中该地的{group.body}作答。")
    elif not task.scope.named and len({g.body for g in task.library.groups}) > 1:
        task.draft.note("assumption", f"问题没有说明单位，按{group.label}作答。")
    parts = unit_parts(task, reading)
    if parts:
        return state_units(task, group, parts)
    state_figure(task, group, reading)
    state_scopes(task, reading)
    if not reading.rivals and not task.q.unit:
        state_change_of(task, group, reading)
    return task.draft.answered()


def without_printed(task: Task) -> str:
    """The question without its bodies and the items that are printed so: 对个人和家庭的补助 is one item, 工业和信息化局 none."""
    text = without_bodies(task, without_frames(task.q.text))
    for view in task.library.views(task.scope.groups[:SEVERAL]):
        for item in view.printed_items(task.ask):
            text = text.replace(item, "")
    return text


def only_place(task: Task) -> bool:
    """True where the question names a place and no body; 万里街道 is both."""
    mentions, bodies = task.q.named.mentions, task.library.directory.bodies
    return bool(mentions) and all(m.region and not any(bodies[b].core in ("", "办事处") for b in m.bodies) for m in mentions)


def answer_target(task: Task) -> Answer | None:
    """What an indicator is to reach (…目标, 要达到多少), from a table of goals: before any passage that speaks of it."""
    if not re.search(r"目标|指标|要?达到", task.q.text) or re.search(r"哪些|什么|啥|干嘛", task.q.text):
        return None
    want = replace(task.want(), unit_kind=None, counter=None)
    readings = [(g, r) for g in task.scope.groups if (r := task.read(g, want=want)) is not None and r.sure and is_target(task, r.figure)]
    if not readings:
        return None
    if len({(r.figure.raw, g.body) for g, r in readings}) > 1:
        return ask_back(task, readings) if task.q.intent is not Intent.COMPARE else None
    state_figure(task, *readings[0])
    return task.draft.answered()


def is_target(task: Task, figure: Figure) -> bool:
    table = task.draft.views[figure.doc_id].tables.get(figure.table_id or "")
    return table is not None and bool(re.search(r"目标|指标|绩效", "".join(figure.col_path) + table.title))


def answer_counts(task: Task) -> Answer | None:
    """Several counts of one thing (多少批次、多少人次): each in its own unit; None where fewer than two are asked for."""
    if len(task.q.counters) < 2:
        return None
    first, *others = task.q.counters
    for group in task.scope.groups:
        reading = task.read(group, want=replace(task.want(), counter=first, unit_kind="count"))
        if reading is None or not reading.sure or not counts_in(reading.figure.unit, first):
            continue
        found = [reading.figure, *(f for c in others if (f := counted_beside(task, reading.figure, c)) is not None)]
        if len({f.id for f in found}) == len(task.q.counters):
            stated = "，".join(f"{task.draft.label(f)}{task.draft.state(f)}" for f in found)
            task.draft.say(f"{stated}——{group.body}{group.year or ''}年，见{task.where(found[0])}。")
            for f in found:
                state_disputes(task, f)
            return task.draft.answered()
    return None


def counted_beside(task: Task, figure: Figure, counter: str) -> Figure | None:
    """What the same sentence (or row) counts in another unit: 23批次、186人次. 人次 may be printed as 人 there."""
    place = (figure.table_id, figure.row, figure.context, figure.row_path)
    figures = task.library.view(figure.doc_id).figures
    near = [f for f in figures if (f.table_id, f.row, f.context, f.row_path) == place and f.id != figure.id and f.value is not None]
    exact = [f for f in near if counts_in(f.unit, counter)] or [f for f in near if f.unit[:1] == counter[:1] and f.unit]
    after = [f for f in exact if (f.col or 0) > (figure.col or 0)]
    return next(iter(after or exact), None)


def unit_parts(task: Task, reading: Reading) -> list[Figure]:
    """Where a department's table prints the item for each of its units and for none in all: the units' figures."""
    best = reading.figure
    if best.table_id is None or len(best.row_path) < 2:
        return []
    view = task.library.view(best.doc_id)
    if (best.code or "").startswith("3") and (parts := function_parts(view, best)):
        return parts
    if task.q.units.labels or not is_unit(best.row_path[0]):
        return []
    rows = [
        f
        for f in view.figures
        if f.table_id == best.table_id
        and f.col == best.col
        and f.value is not None
        and f.row_path[1:] == best.row_path[1:]
        and f.code == best.code
    ]
    whole = any(not f.row_path or not is_unit(f.row_path[0]) for f in rows)
    return [] if whole or len({f.row_path for f in rows}) < 2 or len({f.row_path for f in rows}) != len(rows) else rows


def function_parts(view: View, best: Figure) -> list[Figure]:
    """An economic class that a table prints under each of several functions and nowhere in all: 办公费 of 行政运行 and of 事业运行."""
    rows = [
        f
        for f in view.figures
        if f.table_id == best.table_id and f.col == best.col and f.code == best.code and f.row_path[-1:] == best.row_path[-1:]
    ]
    paths = {f.row_path for f in rows}
    alike = len({len(p) for p in paths}) == 1 and len(paths) == len(rows) > 1 and all(f.value is not None for f in rows)
    return rows if alike and len({p[:-2] for p in paths}) <= len(paths) and len({p[-2] for p in paths}) == len(rows) else []


def state_units(task: Task, group: Group, parts: list[Figure]) -> Answer:
    """The sum over the units first, then each unit's own figure."""
    total = sum((f.value or Decimal(0) for f in parts), Decimal(0))
    formula = " + ".join(format_value(f.value or Decimal(0)) for f in parts)
    unit = parts[0].unit
    text = task.draft.computed(total, unit, f"{task.draft.label(parts[0])} · 合计", formula, parts)
    apart = next((i for i in range(len(parts[0].row_path)) if len({f.row_path[i] for f in parts}) > 1), 0)
    names = "；".join(f"{f.row_path[apart]}{task.draft.state(f)}" for f in parts)
    what = f"{group.body}{group.year or ''}年{quoted(task.draft.item(parts[0]))}"
    task.draft.say(f"{text}——{what}，文件分开列出，没有合计，由各项相加（{formula}）：{names}，见{task.where(parts[0])}。")
    return task.draft.answered()


def per_unit(task: Task, figure: Figure) -> bool:
    """每亩补多少 asks for a rate: a figure is one only where its unit or labels say so."""
    if not PER.search(task.q.text):
        return True
    return bool(RATE.search(figure.unit + "".join((*figure.row_path, *figure.col_path)) + figure.raw))


def keep_best(readings: list[tuple[Group, Reading]]) -> list[tuple[Group, Reading]]:
    """Readings that leave nothing unexplained and are about as good as the best."""
    sure = [(g, r) for g, r in readings if r.sure]
    if not sure:
        return []
    best = max(r.score for _, r in sure)
    return [(g, r) for g, r in sure if r.score >= best - 1.2]


def ask_back(
    task: Task, readings: list[tuple[Group, Reading]], asked: str = "您问的是哪一个？库中有几份文件都有这一项，数值不同："
) -> Answer:
    """The candidates with their values; nothing is chosen for the user."""
    options = []
    for group, reading in readings[:8]:
        n = task.draft.cite(reading.figure)
        value = task.draft.state(reading.figure, task.q.unit, f"{group.label} · {task.draft.label(reading.figure)}")
        options.append(f"{group.label}：{printed(reading.figure)}")
        task.draft.say(f"- {group.label}{quoted(task.draft.item(reading.figure))}：{value}（{task.where(reading.figure)}）" if n else "")
    text = asked + "\n" + "\n".join(task.draft.lines)
    return task.draft.clarify(text, options)


# ---------------------------------------------------------------- change


def answer_change(task: Task) -> Answer | None:
    """How much more or less than before: as stated in prose, in a table of years, or computed from two years' figures."""
    if not task.q.wants_change:
        return None
    if len(task.q.years) > 1 and max(task.q.years) - min(task.q.years) > 1:
        return answer_two_years(task)  # what a document states is against the year before
    found = []
    for group in task.scope.groups:
        stated = read_change(task, group)
        if stated:
            found.append((group, stated))
    found = _best_changes(found)
    if not found:
        return answer_two_years(task)
    values = {(r.figure.value, r.figure.unit) for _, r in found}
    if len(found) > 1 and len(values) > 1:
        return ask_back(task, found)
    group, reading = found[0]
    if task.q.wants_rate and not rate_follows(task, group, reading.figure) and (computed := answer_two_years(task)):
        return computed
    if task.q.doubted and (own := task.read(group)) is not None and own.sure:
        state_figure(task, group, own)
    state_change(task, group, reading)
    return task.draft.answered()


def rate_follows(task: Task, group: Group, figure: Figure) -> bool:
    """Whether a stated change has its rate beside it, or the amount from which the rate can be worked out."""
    related = change_of(task.library, group, figure) if figure.origin is Origin.PROSE else [figure]
    if any(f.measure is Measure.RATE for f in (figure, *related)):
        return True
    return figure.origin is Origin.PROSE and any(f.year in (None, group.year) for f in change_of(task.library, group, figure, AMOUNTS))


def _best_changes(found: list[tuple[Group, Reading]]) -> list[tuple[Group, Reading]]:
    return keep_best(found)


def read_change(task: Task, group: Group) -> Reading | None:
    """The stated change of the item meant; a question without an item means the whole budget."""
    want = replace(task.want(), measures=frozenset({Measure.CHANGE}), years=frozenset(), unit_kind=None)
    ask = task.ask
    if not ask.content and not want.code:
        return task.read_total(group, want) or task.read_total(group, replace(want, measures=frozenset({Measure.RATE})))
    if want.code and (label := code_label(task.library, group, want.code)):  # running text names subjects, not codes
        ask, want = part_ask(task.library, label), replace(want, code=None)
    reading = read_figure(task.library, group, ask, want)
    if reading is None or not reading.sure:
        reading = read_figure(task.library, group, ask, replace(want, measures=frozenset({Measure.RATE})))
    return reading if reading and reading.sure else None


def state_change(task: Task, group: Group, reading: Reading) -> None:
    figure = reading.figure
    related = change_of(task.library, group, figure) if figure.origin is Origin.PROSE else [figure]
    ordered = sorted(
        related, key=lambda f: f.measure is not (Measure.RATE if task.q.wants_rate and not task.q.wants_amount else Measure.CHANGE)
    )
    amounts = (
        [f for f in change_of(task.library, group, figure, AMOUNTS) if f.year in (None, group.year)]
        if figure.origin is Origin.PROSE
        else []
    )
    words = []
    for f in ordered:
        if f.value is not None:
            words.append(f"{direction_word(f)}{task.draft.state(f, task.q.unit if f.measure is Measure.CHANGE else None)}")
        elif f.raw:
            words.append(f.raw)
    baseline = next((c for c in figure.col_path if re.match(r"较|比|与|同", c)), "较上年")
    name = task.draft.item(figure)
    task.draft.say(f"{group.body}{group.year or ''}年{quoted(name)}{baseline}{'，'.join(words)}，见{task.where(figure)}。")
    if re.search(r"算一?下|实际变动|按.{0,4}数", task.q.text):
        state_recomputed(task, figure, group)
    for f in amounts[:1]:
        task.draft.say(f"本年数为{task.draft.state(f)}。")
        if task.q.wants_rate and not any(r.measure is Measure.RATE and r.value is not None for r in related):
            state_rate(task, f, figure)
    state_reason(task, group, figure)
    state_disputes(task, figure)
    for other in other_statements(task, figure):
        value = task.draft.state(other)
        task.draft.say(f"注意：{task.where(other)}另写{quoted(task.draft.item(other))}{direction_word(other)}{value}，两处不一致。")
        task.draft.note(
            "discrepancy", f"两处不一致：{printed(figure)} 与 {printed(other)}。", (task.draft.cite(figure), task.draft.cite(other))
        )


def state_recomputed(task: Task, figure: Figure, group: Group) -> None:
    """The change worked out from the two amounts of the same paragraph, before what the document states."""
    both = {f.year: f for f in change_of(task.library, group, figure, AMOUNTS) if f.value}
    now, before = both.get(group.year), both.get((group.year or 0) - 1)
    if now is None or before is None or now.value is None or not before.value or now.unit != before.unit:
        return
    rate = round_half_up(abs(now.value - before.value) / before.value * 100, 2)
    formula = f"({format_value(now.value)} − {format_value(before.value)}) ÷ {format_value(before.value)}"
    word = "增长" if now.value > before.value else "下降"
    text = task.draft.computed(rate, "%", word, formula, (now, before))
    task.draft.figures.insert(0, task.draft.figures.pop())
    task.draft.say(f"按两个数计算：{word}{text}（{formula}）。")
    task.draft.note("rounding", "百分比四舍五入保留两位小数。")


def state_rate(task: Task, now: Figure, change: Figure) -> None:
    """The rate that the document does not state: change ÷ (this year − change)."""
    if now.value is None or change.value is None or change.measure is not Measure.CHANGE:
        return
    delta = convert(change.value, change.unit, now.unit)
    if delta is None or not (base := now.value - change.direction * delta):
        return
    rate = round_half_up(delta / base * 100, 2)
    formula = f"{format_value(delta)} ÷ ({format_value(now.value)} {'−' if change.direction > 0 else '+'} {format_value(delta)})"
    text = task.draft.computed(rate, "%", "增幅" if change.direction > 0 else "降幅", formula, (change, now))
    task.draft.figures.insert(0, task.draft.figures.pop())
    task.draft.say(f"{'增长' if change.direction > 0 else '下降'}{text}（文件未写百分比，按 {formula} 计算）。")
    task.draft.note("rounding", "百分比四舍五入保留两位小数。")


def other_statements(task: Task, figure: Figure) -> list[Figure]:
    """The same item's change stated with another value elsewhere in the same document."""
    out: list[Figure] = []
    for f in task.draft.views[figure.doc_id].figures:
        comparable = f.measure is figure.measure is Measure.CHANGE and f.origin is Origin.PROSE and f.value is not None
        same = f.row_path[-1:] == figure.row_path[-1:] and f.year == figure.year
        if comparable and same and f.row != figure.row and not same_amount(f, figure):
            out.append(f)
    return out[:2]


def direction_word(figure: Figure) -> str:
    stated = figure.col_path[-1] if figure.col_path and figure.col_path[-1] in ("增加", "减少", "增长", "下降", "持平") else ""
    default = (
        {1: "增加", -1: "减少", 0: "变动"}[figure.direction]
        if figure.measure is Measure.CHANGE
        else {1: "增长", -1: "下降", 0: "变动"}[figure.direction]
    )
    return stated or default


def state_reason(task: Task, group: Group, figure: Figure) -> None:
    """The reason given in the same paragraph or right after it; said plainly where it was asked for and there is none."""
    view = task.draft.views[figure.doc_id]
    here = [p for p in view_passages(view) if not p.table_id]
    at = next((i for i, p in enumerate(here) if figure.origin is Origin.PROSE and p.block == figure.row), None)
    if at is not None:
        text = here[at].text[max(here[at].text.find(figure.raw), 0) :]
        stated = re.search(r"主要(?:原因)?(?:是|为|：)[^。]{4,240}。?", text)
        if stated:
            task.draft.say(f"文中说明：{stated.group().strip()}")
            return
        found = reason_passages(here, at) if task.q.wants_why else []
        for passage in found:
            quote_passage(task, passage)
        if found:
            return
    if task.q.wants_why:
        task.draft.say("文件没有说明原因。")


def state_change_of(task: Task, group: Group, reading: Reading) -> None:
    """After the value: its change and rate, where the document states them for the same item."""
    figure = reading.figure
    related = change_of(task.library, group, figure) if figure.origin is Origin.PROSE else []
    if not related:
        stated = next((f for f in reading.same if f.origin is Origin.PROSE and change_of(task.library, group, f)), None)
        related = change_of(task.library, group, stated) if stated else []
    against: dict[str, list[str]] = {}  # what it is compared with → what is said of that
    for f in related:
        baseline = next((c for c in f.col_path if re.match(r"较|比|与|同", c)), "较上年")
        if f.value is not None:
            against.setdefault(baseline, []).append(f"{direction_word(f)}{task.draft.state(f)}")
    if against:
        task.draft.say("；".join(baseline + "，".join(words) for baseline, words in against.items()) + "。")


# ---------------------------------------------------------------- last year


def answer_two_years(task: Task) -> Answer | None:
    """Change computed from this year's and last year's figures of the same row or of two documents."""
    for group in task.scope.groups:
        year = group.year
        if year is None:
            continue
        now, before = two_years(task, group, year)
        if now and before and now.sure and before.sure and now.figure.unit == before.figure.unit:
            state_difference(task, group, before.figure, now.figure)
            return task.draft.answered()
    return None


def two_years(task: Task, group: Group, year: int) -> tuple[Reading | None, Reading | None]:
    """The item in its own year and in the year it is compared with (the one named, else the year before)."""
    base = next((y for y in task.q.years if y < year), year - 1)
    want = replace(task.want(), measures=AMOUNTS, unit_kind=None, direction=0)
    now = task.read(group, want=replace(want, years=frozenset({year})))
    if now is None:
        return None, None
    before = read_figure(task.library, group, task.ask, replace(want, years=frozenset({base}))) if task.ask.content else None
    if before and not same_row(before.figure, now.figure):
        before = None
    if before is None:
        earlier = next((g for g in task.library.groups if g.body == group.body and g.year == base and g.kind == group.kind), None)
        before = task.read(earlier, want=replace(want, years=frozenset({base}))) if earlier else None
        if before and task.ask.content and not same_row(before.figure, now.figure):
            before = None
    return now, before


def same_row(a: Figure, b: Figure) -> bool:
    """One item in two years: the same label, or the years of one table by years."""
    one, other = (core(f.row_path[-1]) if f.row_path else "" for f in (a, b))
    return one == other or (a.table_id is not None and a.table_id == b.table_id and a.col_path == b.col_path)


def state_difference(task: Task, group: Group, before: Figure, now: Figure) -> None:
    assert before.value is not None and now.value is not None
    difference = now.value - before.value
    word = "增加" if difference > 0 else "减少" if difference < 0 else "持平"
    a, b = format_value(now.value), format_value(before.value)
    first, second = task.draft.state(before), task.draft.state(now)
    text = task.draft.computed(abs(difference), now.unit, f"{task.draft.item(now)} · {word}", f"{a} − {b}", (now, before))
    rate = ""
    if before.value:
        share = round_half_up(abs(difference) / before.value * 100, 2)
        rate = f"，{'增长' if difference > 0 else '下降'}{task.draft.computed(share, '%', '增幅', f'({a} − {b}) ÷ {b}', (now, before))}"
        task.draft.note("rounding", "百分比四舍五入保留两位小数。")
        if task.q.wants_rate:
            task.draft.figures.insert(0, task.draft.figures.pop())
    task.draft.say(f"{group.body}{quoted(task.draft.item(now))}{before.year}年{first}，{now.year}年{second}，{word}{text}{rate}。")


def answer_previous(task: Task) -> Answer | None:
    """A year that no table prints, but that follows from this year's figure and the stated change."""
    for group in task.scope.groups:
        year = task.scope.years[0] if task.scope.years else None
        if group.year is None or year != group.year - 1:
            continue
        change = read_change(task, group)
        if change is None or change.figure.measure is not Measure.CHANGE or change.figure.value is None:
            continue
        amounts = [f for f in change_of(task.library, group, change.figure, AMOUNTS) if f.year in (None, group.year)]
        now = amounts[0] if amounts else None
        if now is None:
            reading = task.read(group, want=replace(task.want(), years=frozenset()))
            now = reading.figure if reading and reading.sure else None
        if now is None or now.value is None:
            continue
        state_previous(task, group, now, change.figure)
        return task.draft.answered()
    return None


def state_previous(task: Task, group: Group, now: Figure, change: Figure) -> None:
    assert now.value is not None and change.value is not None
    delta = convert(change.value, change.unit, now.unit) or Decimal(0)
    value = now.value - change.direction * delta
    sign = "−" if change.direction > 0 else "+"
    formula = f"{format_value(now.value)} {sign} {format_value(delta)}"
    text = task.draft.computed(value, now.unit, f"{task.draft.item(now)} · {(group.year or 0) - 1}年", formula, (now, change))
    marks = f"[{task.draft.cite(now)}][{task.draft.cite(change)}]"
    last = (group.year or 0) - 1
    stated = f"{group.year}年的{printed(now)}与“{''.join(change.col_path)}{printed(change)}”"
    task.draft.say(f"{text}——文件没有直接印出{last}年数，由{stated}推算：{formula}{marks}。")
    task.draft.note("assumption", "上年数由本年数和增减额推算，未见原表。")


def answer_blank(task: Task) -> Answer | None:
    """The cell that is asked for is there and blank: refused with its place, never taken for zero."""
    for view in task.library.views(task.scope.groups):
        for table in view.document.tables:
            for row in table.rows:
                label = row.label[-1] if row.label else ""
                named = match_label(task.ask, core(label))
                if named.share <= HALF and not (task.q.code and task.q.code == row.code):
                    continue
                for column, cell in zip(table.columns, row.cells, strict=False):
                    if cell.text and cell.text not in BLANKS:
                        continue
                    covered = named.covered
                    for part in column:
                        covered |= match_label(task.ask, core(part)).covered
                    if covered & ~named.covered & task.ask.open and not leftover(task.ask, covered):
                        where = f"《{table.name}》“{label}”行“{'·'.join(column)}”列"
                        return task.draft.refused(Refusal.BLANK_CELL, f"{where}是空白，文件没有填数（{view.info.title}）。")
    return None
