"""Answers about change: how much more or less than before, and last year's amount that follows from it."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from assistant.catalog import BUDGETED, SPENT
from assistant.completion import against_budget
from assistant.domain import Answer
from assistant.draft import printed, quoted
from assistant.flat import core
from assistant.frames import PLANNED_FOR
from assistant.lookup import AMOUNTS, same_amount
from assistant.passages import quote_passage, reason_passages, view_passages
from assistant.reading import Reading, change_of, code_label, part_ask, read_figure
from assistant.scope import Group
from assistant.statements import ask_back, keep_best, state_disputes, state_figure
from assistant.task import Task
from index.amounts import MONEY, RATIO, convert, format_value, round_half_up, unit_kind
from index.domain import Figure, Measure, Origin

CHANGE_IN_MONEY = re.compile(r"(?:增加?|减少?|多|少|涨|降|差|加|砍)[了出掉]?(?:多少|几)(?!百分|成|个百分)")
AGAINST_SPENT = re.compile(r"(?:比|较|与|和|跟)[^,，]{0,8}(?:执行数|决算数?|实际(?:支出|执行))")
COMPARED_WITH = re.compile(r"[比较](?:去年|上一?年|(?:20)?\d\d年?度?)的?(?:预算执行数|执行数|决算数|预算数|年初预算数?|预算|决算)?")


def answer_change(task: Task) -> Answer | None:
    """How much more or less than before: as stated in prose, in a table of years, or computed from two years' figures."""
    if not task.q.wants_change:
        return None
    if len(task.q.years) > 1 and max(task.q.years) - min(task.q.years) > 1:
        return answer_two_years(task)  # what a document states is against the year before
    found = []
    for group in task.scope.groups:
        stated = read_change(task, group)
        if stated and not (AGAINST_SPENT.search(task.q.text) and not SPENT.search(baseline_of(stated.figure))):
            found.append((group, stated))  # 比上年执行数 is not answered against last year's budget
    found = keep_best(found)
    if not found:
        return answer_two_years(task)
    values = {(r.figure.value, r.figure.unit) for _, r in found}
    if len(found) > 1 and len(values) > 1:
        return ask_back(task, found)
    group, reading = found[0]
    if task.q.wants_rate and not rate_follows(task, group, reading.figure) and (computed := answer_two_years(task)):
        return computed
    only_rate = reading.figure.measure is Measure.RATE and not any(
        f.measure is Measure.CHANGE for f in change_of(task.library, group, reading.figure)
    )
    if CHANGE_IN_MONEY.search(task.q.text) and not task.q.wants_rate and only_rate and (computed := answer_two_years(task)):
        return computed  # 多几万, where the table prints the rate alone
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
        [
            f
            for f in change_of(task.library, group, figure, AMOUNTS)
            if f.year in (None, group.year) and (figure.unit not in MONEY or f.unit in MONEY)
        ]
        if figure.origin is Origin.PROSE
        else []
    )
    against: dict[str, list[str]] = {}  # what it is compared with → what is said of that; what was asked about comes first
    for f in sorted(ordered, key=lambda f: baseline_of(f) != baseline_of(figure)):
        words = against.setdefault(baseline_of(f), [])
        if f.value is not None:
            words.append(f"{direction_word(f)}{task.draft.state(f, task.q.unit if f.measure is Measure.CHANGE else None)}")
        elif f.raw:
            words.append(f.raw)
    stated = "；".join(baseline + "，".join(words) for baseline, words in against.items())
    task.draft.say(f"{group.body}{group.year or ''}年{quoted(task.draft.item(figure))}{stated}，见{task.where(figure)}。")
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


def baseline_of(figure: Figure) -> str:
    """What a stated change is measured against: 较上年, 比年初预算数."""
    return next((c for c in figure.col_path if re.match(r"较|比|与|同", c)), "较上年")


def direction_word(figure: Figure) -> str:
    """增加, 下降; 变动 where the printed figure carries its sign itself (-16.55% is no 下降 of −16.55%)."""
    if figure.raw.lstrip().startswith(("-", "−", "－")):
        return "变动"
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
    budget = BUDGETED.search("".join(figure.col_path)) is not None
    for f in related:
        if f.value is None or f.unit not in (figure.unit, *RATIO) or (budget and "预算" in baseline_of(f) and "年" not in baseline_of(f)):
            continue  # how far money moved tells nothing of a count, nor what was spent of its own budget
        against.setdefault(baseline_of(f), []).append(f"{direction_word(f)}{task.draft.state(f)}")
    if against:
        task.draft.say("；".join(baseline + "，".join(words) for baseline, words in against.items()) + "。")


def answer_two_years(task: Task) -> Answer | None:
    """Change computed from this year's and last year's figures of the same row or of two documents."""
    for group in task.scope.groups:
        year = group.year
        if task.q.years and max(task.q.years) in task.library.planned_years(group):  # 2026年规划比2025年多多少
            year = max(task.q.years)
        if year is None or against_budget(task, group):
            continue
        now, before = two_years(task, group, year)
        alike = now and before and now.sure and before.sure and now.figure.unit == before.figure.unit
        if now and before and alike and now.figure.year != before.figure.year:
            state_difference(task, group, before.figure, now.figure)
            return task.draft.answered()
    return None


def two_years(task: Task, group: Group, year: int) -> tuple[Reading | None, Reading | None]:
    """The item in its own year and in the year it is compared with (the one named, else the year before)."""
    base = next((y for y in task.q.years if y < year), year - 1)
    want = replace(task.want(), measures=AMOUNTS, unit_kind=None, direction=0)
    ask = task.ask
    if (bare := PLANNED_FOR.sub("", COMPARED_WITH.sub("", task.q.text))) != task.q.text and part_ask(task.library, bare).content:
        ask = part_ask(task.library, bare)  # 比去年执行数 names the other year's column
    now = task.read(group, ask, replace(want, years=frozenset({year})))
    if now is None:
        return None, None
    before = read_figure(task.library, group, ask, replace(want, years=frozenset({base}))) if ask.content else None
    if before and not same_row(before.figure, now.figure):
        before = None
    if before is None and (cell := beside_in_row(task, now.figure, base)):
        before = replace(now, figure=cell, same=(), rivals=())
    if before is None:
        earlier = next((g for g in task.library.groups if g.body == group.body and g.year == base and g.kind == group.kind), None)
        before = task.read(earlier, want=replace(want, years=frozenset({base}))) if earlier else None
        if before and task.ask.content and not same_row(before.figure, now.figure):
            before = None
    return now, before


def beside_in_row(task: Task, figure: Figure, year: int) -> Figure | None:
    """The other year's cell of the same row, where its columns say nothing else (一般公共预算 › 2025年 beside › 2026年)."""
    row = (f for f in task.library.view(figure.doc_id).figures if f.table_id and (f.table_id, f.row) == (figure.table_id, figure.row))
    alike = [f for f in row if f.year == year and f.value is not None and f.unit == figure.unit and f.col_path[:-1] == figure.col_path[:-1]]
    return alike[0] if len(alike) == 1 else None


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
        if SPENT.search(baseline_of(change.figure)) and not group.kind.is_final and not SPENT.search(task.q.text):
            continue  # what 2024 came to (2024年执行数) is not its budget
        amounts = [f for f in change_of(task.library, group, change.figure, AMOUNTS) if f.year in (None, group.year)]
        amounts = [f for f in amounts if unit_kind(f.unit) == unit_kind(change.figure.unit)]  # 18.76万元 and not 0批次
        if group.kind.is_final:  # what was spent less what that rose by; a change against the budget leads to no other year
            amounts = [f for f in amounts if not BUDGETED.search("".join(f.col_path)) or SPENT.search("".join(f.col_path))]
            if "预算" in baseline_of(change.figure):
                continue
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
