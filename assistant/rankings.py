"""Answers that are several rows: the largest items, all items of a kind, what rose or fell, what is new."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from assistant.alternatives import BODIES_RANKED, plain
from assistant.bodies import is_unit
from assistant.changes import direction_word
from assistant.compare import align, of_that_kind, size_of, state_side_by_side
from assistant.domain import Answer, Refusal
from assistant.families import SUPERLATIVE, family, titled_rows, where_named
from assistant.flat import core, flat
from assistant.frames import topics_asked
from assistant.items import new_figures, pick_groups
from assistant.leftover import leftover
from assistant.match import match_label
from assistant.passages import view_passages
from assistant.reading import Reading, change_of, part_ask, read_figure
from assistant.scope import Group
from assistant.task import Task
from assistant.without import leaves_out
from index.amounts import MONEY, chinese_to_int, format_value
from index.domain import Figure, Measure, Origin

NOT_NEW = re.compile(r"\(?(?:不算|不含|不包括|除去|剔除|除了)新增的?(?:项目)?\)?")
AMOUNTS_ASKED = re.compile(r"[,，]?(?:各|分别)(?:是|为|有)?(?:多少|几)[\u4e00-\u9fff]{0,2}")
RATE_LIMIT = re.compile(r"(?:超过|大于|高于|不低于|超)(\d+(?:\.\d+)?)%|(?<=\d)%以上")
CONDITION = re.compile(r"(?:是|为|等于)(?:零|0)(?!\d)|没有?安排|未安排|超(?:了)?(?:支|预算)|完成率|执行率")
WHICH_YEAR = re.compile(r"哪一?年")
BY_COMPLETION = re.compile(r"完成.{0,8}(?:比例|率|百分)|完成率|执行率|超(?:出)?(?:年初)?预算|超支")
HOW_MANY = re.compile(r"(?:几|多少)[个项]|数一数|数一下")
SUBJECTS = re.compile(r"科目|[类款项]级")
EXCEPT = re.compile(r"(?:除了?|除去|去掉|剔除|不算|不含)(?P<what>[\u4e00-\u9fff、]{2,24}?)(?:之?外|以外)?[,，]")
INDICATORS = re.compile(r"的?(?:绩效)?指标(?:都)?(?:有|是|包括|分别是?)?(?:哪些|什么)|(?:有)?哪些(?:绩效)?指标")
INDICATOR_KIND = re.compile(r"数量|质量|时效|成本|(?:经济|社会|生态)?效益|可持续影响|满意度")
GOAL_TABLE, TARGET = re.compile(r"绩效|指标|目标"), re.compile(r"目标值|指标值|年度目标|实际完成值|绩效目标")
LISTED = 20


def answer_rank(task: Task) -> Answer | None:
    """Largest or smallest rows of a family: projects, function classes, children of an item, bodies."""
    if leaves_out(task.q.text) and not EXCEPT.search(task.q.text):
        return None
    groups = pick_groups(task)
    if len({g.body for g in groups}) > 1 and (task.scope.named or BODIES_RANKED.search(task.q.text)):
        every = groups if task.q.years else list({(g.body, g.year): g for g in reversed(task.scope.groups)}.values())[::-1]
        return rank_bodies(task, of_that_kind(task, every))
    if len(groups) > 1 and (len(task.q.years) > 1 or WHICH_YEAR.search(task.q.text)):  # 三年的预算总计排一下, 哪一年三公最少
        return rank_bodies(task, groups)
    for group in groups[:1]:
        if task.q.wants_change or re.search(r"猛|涨|降", task.q.text):
            return rank_changes(task, group)
        rows = without(task, family(excepting(task), group))
        if BY_COMPLETION.search(task.q.text) and any(f.unit in MONEY for f in rows):
            return None  # the largest amount is not the highest rate
        if not GOAL_TABLE.search(task.q.text) and any(is_aimed_at(task, f) for f in rows):
            return None  # what is to be reached (≥800万元) is no amount to be ranked
        if rows:
            return state_rows(task, group, rows, task.q.top or how_many(task.q.text) or len(rows))
    return None


def excepting(task: Task) -> Task:
    """The task without the clause that leaves rows out (除了行政运行，花钱最多的两个)."""
    text = EXCEPT.sub("", task.q.text)
    return task if text == task.q.text else replace(task, q=replace(task.q, text=text, ask=part_ask(task.library, text)))


def without(task: Task, rows: list[Figure]) -> list[Figure]:
    """The rows but for those that the question leaves out; none where it leaves out what is no row."""
    left = EXCEPT.search(task.q.text)
    if left is None:
        return rows
    names = [n for n in re.split(r"[、和与]", left["what"]) if n]
    told = [f for f in rows if any(n in core(row_name(task, f)) or core(row_name(task, f)) in n for n in names)]
    return [f for f in rows if f not in told] if told else []


def is_aimed_at(task: Task, figure: Figure) -> bool:
    """Whether a figure is an indicator's value in a table of goals."""
    table = task.library.view(figure.doc_id).tables.get(figure.table_id or "")
    aimed = TARGET.search("".join(figure.col_path)) or re.match(r"[≥≤><=]", figure.raw)
    return table is not None and "目标" in table.title and bool(aimed)


def how_many(text: str) -> int | None:
    """哪个, 哪三家: how many are asked for."""
    if found := re.search(r"哪([二两三四五六七八九十]|\d{1,2})[个家项类所]", text):
        return int(found.group(1)) if found.group(1).isdigit() else chinese_to_int(found.group(1))
    return 1 if re.search(r"哪个|哪项|哪一|哪家", text) else None


def rank_bodies(task: Task, groups: list[Group]) -> Answer | None:
    """Bodies (or years) by one item, the first first. Where none is named, bodies are ranked within one year."""
    readings = align([(g, r) for g in groups if (r := task.read(g)) is not None and r.sure])
    if not task.q.years and len({g.body for g in groups}) > 1:
        by_year: dict[int | None, list[tuple[Group, Reading]]] = {}
        for g, r in readings:
            by_year.setdefault(r.figure.year or g.year, []).append((g, r))
        several = {year: sides for year, sides in by_year.items() if len(sides) > 1}
        if len(several) > 1:
            return ask_year(task, several)
        if several and len(by_year) > 1:
            task.draft.note("assumption", f"各单位的年份不同，只比{next(iter(several))}年的。")
        readings = next(iter(several.values()), [])
    if len(readings) < 2:
        return None
    state_side_by_side(task, by_size(task, readings))
    return task.draft.answered()


def by_size(task: Task, readings: list[tuple[Group, Reading]]) -> list[tuple[Group, Reading]]:
    return sorted(readings, key=lambda side: size_of(side[1].figure), reverse=not task.q.ascending)


def ask_year(task: Task, by_year: Mapping[int | None, list[tuple[Group, Reading]]]) -> Answer:
    """Which year is meant, with the first of each: an item of one year is not ranked with that of another."""
    options = []
    for year in sorted(by_year, key=lambda y: -(y or 0)):
        group, reading = by_size(task, by_year[year])[0]
        word = "最低" if task.q.ascending else "最高"
        value = task.draft.state(reading.figure, task.q.unit)
        options.append(f"{year}年{len(by_year[year])}家中{word}的是{group.body}：{value}")
    listed = "\n".join(f"- {option}" for option in options)
    return task.draft.clarify(f"各单位文件的年份不同，您问的是哪一年？\n{listed}", [plain(option) for option in options])


def state_rows(task: Task, group: Group, rows: list[Figure], top: int) -> Answer:
    every = sorted(rows, key=lambda f: f.value or 0, reverse=not task.q.ascending)
    ordered = every[: min(top, LISTED)]
    ordered += [f for f in every[len(ordered) : LISTED] if f.value == ordered[-1].value]  # who shares the last place is told, too
    year = (ordered[0].year if ordered else None) or group.year or ""
    total = counted(task, ordered) if top >= len(rows) else ""
    lines = [
        f"{group.body}{year}年{'最小' if task.q.ascending else '最大'}的{len(ordered)}项："
        if top < len(rows)
        else f"{group.body}{year}年{total or f'共{len(rows)}项'}，{'由小到大' if task.q.ascending else '由大到小'}："
    ]
    if len(ordered) == 1 and top < len(rows):
        value = task.draft.state(ordered[0], task.q.unit)
        word = "最小" if task.q.ascending else "最大"
        task.draft.say(f"{row_name(task, ordered[0])}，{value}——{group.body}{year}年{len(rows)}项中{word}的，见{task.where(ordered[0])}。")
        return task.draft.answered()
    lines.append("")
    lines += ["| 序 | 项目 | 数额 |", "|---|---|---|"]
    for i, f in enumerate(ordered, 1):
        name = row_name(task, f)
        lines.append(f"| {i} | {name} | {task.draft.state(f, task.q.unit)} |")
    task.draft.say("\n".join(lines))
    task.draft.say(f"（{task.where(ordered[0])}）")
    return task.draft.answered()


def row_name(task: Task, figure: Figure) -> str:
    item = task.draft.views[figure.doc_id].item_of(figure)
    return item if is_unit(item) else core(task.draft.item(figure))


def changed(task: Task, group: Group) -> list[Figure]:
    """Stated changes of numbered items (projects), one an item."""
    out: dict[str, Figure] = {}
    for view in task.library.views([group]):
        for f in view.figures:
            if f.origin is Origin.PROSE and f.measure is Measure.CHANGE and f.value and f.row_path:
                named = {p.row for p in view_passages(view) if p.block == f.row and p.row}
                if any(flat(f.row_path[-1]) in flat(n) or flat(n) in flat(f.row_path[-1]) for n in named) and (
                    len(f.row_path) > 1 or "项目" in " ".join(f.section)
                ):
                    out.setdefault(flat(f.row_path[-1]), f)
    return list(out.values())


def rank_changes(task: Task, group: Group) -> Answer | None:
    """Whose stated change (or rate) is the largest in the direction asked for."""
    changes = [f for f in changed(task, group) if not task.q.direction or f.direction == task.q.direction]
    if not changes:
        return None
    rated = [(r, f) for f in changes for r in change_of(task.library, group, f, frozenset({Measure.RATE})) if r.value is not None]
    if rated and (task.q.wants_rate or re.search(r"猛|幅", task.q.text)):
        rate, change = max(rated, key=lambda rf: rf[0].value or 0)
        task.draft.say(
            f"{task.draft.item(change)}：{direction_word(rate)}{task.draft.state(rate)}，{direction_word(change)}{task.draft.state(change)}（{task.where(change)}）。"
        )
        return task.draft.answered()
    return list_changes(task, group, sorted(changes, key=lambda f: -(f.value or 0))[: task.q.top or LISTED])


def list_changes(task: Task, group: Group, changes: list[Figure]) -> Answer:
    lines = [f"{group.body}{group.year or ''}年{counted(task, changes)}：", "", "| 项目 | 增减 | 幅度 |", "|---|---|---|"]
    by_rate = task.q.wants_rate or RATE_LIMIT.search(task.q.text) is not None
    for f in changes:
        rate = next((r for r in change_of(task.library, group, f, frozenset({Measure.RATE})) if r.value is not None), None)
        told = {g.id: f"{direction_word(g)}{task.draft.state(g)}" for g in ((rate, f) if by_rate else (f, rate)) if g is not None}
        lines.append(f"| {task.draft.item(f)} | {told[f.id]} | {told[rate.id] if rate else ''} |")
    task.draft.say("\n".join(lines))
    return task.draft.answered()


def counted(task: Task, figures: list[Figure]) -> str:
    """共3个, as a figure of the answer where the question asks how many."""
    if not HOW_MANY.search(task.q.text):
        return ""
    return f"共{task.draft.computed(Decimal(len(figures)), '个', '个数', f'逐项计数，共{len(figures)}项', figures)}"


def answer_empty(task: Task) -> Answer | None:
    """A question for the items of a table that holds none: refused, with the table's own words."""
    if not re.search(r"(?:哪些|什么|各|每)(?:个|类|级)?(?:科目|项目|内容|单位)|明细|科目金额|科目的?数额", task.q.text):
        return None
    for view in task.library.views(task.scope.groups):
        for table in view.document.tables:
            found = match_label(task.ask, core(table.title))
            if (
                not found.hit
                or leftover(task.ask, found.covered)
                or any(re.search(r"[1-9]", c.text or "") for r in table.rows for c in r.cells)
            ):
                continue
            if any(c.text and not re.search(r"[\d.—-]", c.text) for r in table.rows for c in r.cells if c.text):
                continue
            note = f"，表注：{table.note}" if table.note else ""
            return task.draft.refused(Refusal.EMPTY_TABLE, f"《{table.name}》是空表，没有列出任何金额{note}（{view.info.title}）。")
    return None


def answer_list(task: Task) -> Answer | None:
    """New items, items that rose or fell, parts of an item; other lists are passages. None for rows by a condition not known here."""
    if CONDITION.search(task.q.text) or leaves_out(task.q.text):
        return None
    for group in pick_groups(task)[:1]:
        if INDICATORS.search(task.q.text) and (indicators := list_indicators(task, group)):
            return indicators
        if re.search(r"新增|新设", NOT_NEW.sub("", task.q.text)) and "项目" in task.q.text:
            return list_new(task, group)
        if "持平" in task.q.text and "项目" in task.q.text:
            return list_even(task, group)
        if task.q.wants_change and task.q.direction and "项目" in task.q.text:
            changes = [f for f in changed(task, group) if f.direction == task.q.direction]
            if limits := RATE_LIMIT.search(task.q.text):
                changes = [f for f in changes if over(task, group, f, Decimal(limits.group(1)))]
            return list_changes(task, group, sorted(changes, key=lambda f: -(f.value or 0))) if changes else None
        if task.q.wants_change and task.q.direction and SUBJECTS.search(task.q.text):
            return list_subject_changes(task, group)
        parts = count_parts(task, group)
        if parts:
            return parts
        if re.search(r"项目(?:支出)?有哪些|哪些项目|哪几个?项目|项目清单|项目名单|的项目", task.q.text):
            rows = family(task, group)
            if rows:
                return state_rows(task, group, rows, len(rows))
        named = AMOUNTS_ASKED.sub("", SUPERLATIVE.sub("", task.q.text))
        topic = not task.q.code and bool(topics_asked(task.q.text, task.lexicon))  # 下属单位名单 is a passage
        if not topic and re.search(r"哪些|清单|名单", task.q.text) and (rows := where_named(task, titled_rows(task, group, named))):
            return state_rows(task, group, rows, len(rows))
        if task.q.wants_amount or re.search(r"多少|排", task.q.text):
            rows = family(task, group)
            if rows:
                return state_rows(task, group, rows, task.q.top or len(rows))
    return None


def list_indicators(task: Task, group: Group) -> Answer | None:
    """The indicators of a kind or of a project (满意度指标有哪些) with what each is to reach, from the tables of goals."""
    kind = INDICATOR_KIND.search(task.q.text)
    ask = part_ask(task.library, INDICATOR_KIND.sub("", INDICATORS.sub("", task.q.text)).replace("绩效", ""))
    found: dict[tuple[str, int], Figure] = {}
    for view in task.library.views([group]):
        matches = view.matches(ask)
        for e in view.entries:
            f = e.figure
            table = view.tables.get(f.table_id or "")
            if table is None or f.row is None or f.value is None or not GOAL_TABLE.search(table.title + "".join(f.col_path)):
                continue
            if kind and not any(kind.group() in core(p) for p in f.row_path):
                continue
            covered = 0
            for i in (*e.parents, e.leaf) if e.leaf >= 0 else e.parents:
                covered |= matches[i].covered
            if not leftover(ask, covered) and TARGET.search("".join(f.col_path[-1:])):
                found.setdefault((table.id, f.row), f)
    if not found:
        return None
    lines = [f"{group.body}{group.year or ''}年{f'共{len(found)}项' if len(found) > 1 else ''}：", "", "| 指标 | 目标值 |", "|---|---|"]
    lines += [f"| {' · '.join(f.row_path[-2:])} | {task.draft.state(f)} |" for f in list(found.values())[:LISTED]]
    task.draft.say("\n".join(lines))
    return task.draft.answered()


def list_subject_changes(task: Task, group: Group) -> Answer | None:
    """Subjects of one level that rose or fell, where a table prints both years: the difference of each, computed."""
    digits = 3 if "类级" in task.q.text else 5 if "款级" in task.q.text else 7
    found = []
    for now, before in both_years(task, group, digits):
        gap = (now.value or Decimal(0)) - (before.value or Decimal(0))
        if gap * task.q.direction > 0:
            found.append((abs(gap), now, before))
    if not found:
        return None
    found.sort(key=lambda row: -row[0])
    word = "增加" if task.q.direction > 0 else "减少"
    lines = [f"{group.body}{group.year or ''}年{word}的科目：", "", f"| 科目 | {word} | 上年 | 本年 |", "|---|---|---|---|"]
    for gap, f, b in found[:LISTED]:
        low, high = sorted((f.value or Decimal(0), b.value or Decimal(0)))
        formula = f"{format_value(high)} − {format_value(low)}"
        change = task.draft.computed(gap, f.unit, f"{task.draft.item(f)} · {word}", formula, (f, b))
        lines.append(f"| {core(task.draft.item(f))} | {change} | {task.draft.state(b)} | {task.draft.state(f)} |")
    task.draft.say("\n".join(lines))
    return task.draft.answered()


def both_years(task: Task, group: Group, digits: int) -> list[tuple[Figure, Figure]]:
    """This year's and last year's figure of each subject of a level, from the table that prints both for the most of them."""
    best: list[tuple[Figure, Figure]] = []
    for view in task.library.views([group]):
        rows: dict[tuple[str, int], dict[int | None, list[Figure]]] = {}
        for e in view.entries:
            f = e.figure
            if f.code and len(f.code) == digits and f.table_id and f.row is not None and e.plain_column and f.measure is Measure.AMOUNT:
                rows.setdefault((f.table_id, f.row), {}).setdefault(f.year, []).append(f)
        for table in dict.fromkeys(key[0] for key in sorted(rows)):
            years = [by_year for key, by_year in sorted(rows.items()) if key[0] == table]
            pairs = [(by[group.year][0], by[group.year - 1][0]) for by in years if group.year in by and group.year and group.year - 1 in by]
            best = max(best, pairs, key=len)
    return best


def over(task: Task, group: Group, change: Figure, limit: Decimal) -> bool:
    """Whether the rate stated with a change is above the limit."""
    return any((f.value or 0) > limit for f in change_of(task.library, group, change, frozenset({Measure.RATE})))


def list_even(task: Task, group: Group) -> Answer | None:
    """Numbered items whose change is stated as 持平 or as zero, with this year's amount."""
    found: dict[str, Figure] = {}
    for view in task.library.views([group]):
        items = {p.block for p in view_passages(view) if p.row and not p.table_id}
        for f in view.figures:
            even = f.measure is Measure.CHANGE and ("持平" in f.raw or f.value == 0)
            if even and f.table_id is None and f.row in items and f.row_path:
                amounts = [a for a in change_of(task.library, group, f, frozenset({Measure.AMOUNT})) if a.value is not None]
                found.setdefault(flat(f.row_path[-1]), amounts[0] if amounts else f)
    if not found:
        return None
    lines = [f"{group.body}{group.year or ''}年与上年持平的项目：", "", "| 项目 | 数额 |", "|---|---|"]
    lines += [f"| {task.draft.item(f)} | {task.draft.state(f) if f.value is not None else f.raw} |" for f in found.values()]
    task.draft.say("\n".join(lines))
    return task.draft.answered()


def list_new(task: Task, group: Group) -> Answer | None:
    """Items whose own paragraph calls them new."""
    found = new_figures(task, group)
    if not found:
        return None
    lines = [f"{group.body}{group.year or ''}年的新增项目{counted(task, found)}：", "", "| 项目 | 数额 |", "|---|---|"]
    for f in found:
        lines.append(f"| {task.draft.item(f)} | {task.draft.state(f)} |")
    task.draft.say("\n".join(lines))
    return task.draft.answered()


def count_parts(task: Task, group: Group) -> Answer | None:
    """分别是啥车: the parts that one sentence counts."""
    want = replace(task.want(), measures=frozenset({Measure.COUNT}), unit_kind="count")
    reading = read_figure(task.library, group, task.ask, want)
    if reading is None or not reading.sure or reading.figure.origin is not Origin.PROSE:
        return None
    whole = reading.figure
    parts = [
        f
        for f in task.library.view(whole.doc_id).figures
        if f.row == whole.row and f.table_id is None and f.context == whole.context and f.unit == whole.unit and f.id != whole.id
    ]
    if len(parts) < 2:
        return None
    task.draft.say(
        f"{task.draft.item(whole)}{task.draft.state(whole)}，其中："
        + "、".join(f"{task.draft.item(f)}{task.draft.state(f)}" for f in parts)
        + f"（{task.where(whole)}）。"
    )
    return task.draft.answered()
