"""Shares and named ratios: part ÷ whole in percent, every operand cited."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from assistant.domain import Answer
from assistant.draft import printed, quoted
from assistant.families import added
from assistant.flat import flat
from assistant.frames import UNIT_LEVEL
from assistant.items import FILLER, list_items, pick_groups, read_one
from assistant.leftover import leftover
from assistant.lookup import AMOUNTS
from assistant.match import cover_text
from assistant.reading import Reading, change_of, part_ask, read_figure
from assistant.scope import Group
from assistant.task import Task
from assistant.units import NamedUnits
from index.amounts import format_value, round_half_up
from index.domain import Figure, Kind, Measure, Origin

SHARE_OF = re.compile(
    r"占(?!比)(?:了|到)?(?:它|其|该)?(.*?)(?:的)?(?:百分之(?:几|多少)|比[例重列]|多大(?:的)?(?:比[例重]|份额)?|份额|几成|多少%?|百分比|$)"
)
PERCENT_IS = re.compile(r"^(.*?)(?:里|中)?有?百分之(?:几|多少)是(.*?)(?:出的|的|$)")
PART_IN = re.compile(r"^(.{2,}?)在(.{2,}?)(?:当中|中|里面|里|内)[,，]?(?:所)?占")  # 出国费在三公经费里占几成
SHARE_WITHIN = re.compile(
    r"^(.*?)(?:当中|中|里[面头]?|内)[,，]?(.*?)(?:的)?(?:所占比[例重]|占比|占比[例重]|比[例重列]|占了?百分|占了?多大|占了?几成)"
)
# 一般公共预算按经济分类，委托业务费占…: which table is meant, no part.
BY_CLASS = re.compile(
    r"(?:一般公共预算)?(?:支出)?(?:按|从)(?:部门|政府)?(?:预算)?(?:支出)?(?:经济|功能)(?:科目)?分类(?:科目)?(?:来?看|口径)?的?[,，]?"
)
NARROW = re.compile(r"财政拨款|一般公共预算|政府性基金|国有资本")
CHECKED = re.compile(r"算得?对|对吗|对不对|算错|准不准|实际(?:应该|上)?占|核(?:一|对|算)")
OF_DEPARTMENT = re.compile(r"(?:整个|全)?部门(?:口径)?的?|(?:整个|全)系统的?")
WHOLE_BODY = re.compile(
    r"^(?!.*(?:项目|基本|三公|公用|人员|采购|财政拨款|公共预算))(?:的)?(?:整个|全)(?:局|委|院|厅|部门|单位|系统|街道|镇|校)?[\u4e00-\u9fff]{0,4}?(?:总)?(?:预算|支出)?的?$|^(?:局|委|部门)?总(?:预算|支出)的?$"
)


def answer_ratio(task: Task) -> Answer | None:
    """A ratio with a name of its own (资产负债率): its two items, looked up and divided."""
    found = next(((name, parts) for name, parts in task.lexicon.ratios.items() if name in task.q.text), None)
    for group in pick_groups(task)[:1] if found else []:
        assert found
        name, parts = found
        rest = task.q.text.replace(name, "")
        readings = [read_one(task, group, rest + part) for part in parts]
        if all(readings):
            part, whole = (r.figure for r in readings if r)
            same = [f for r in readings[1:] if r for f in (r.figure, *r.rivals) if f.table_id == part.table_id and f.year == part.year]
            state_share(task, group, [part], same[0] if same else whole)
            return task.draft.answered()
    return None


def answer_share(task: Task) -> Answer | None:
    """Part ÷ whole in percent; both printed figures are cited. A share that the document states itself comes first."""
    groups = pick_groups(task)
    if len({g.body for g in groups}) > 1 and task.scope.named:
        return compare_shares(task, groups)
    if pair := share_of_department(task, groups):
        state_share(task, groups[0], *pair)
        return task.draft.answered()
    for group in groups:
        stated = read_stated_share(task, group)
        if stated and not CHECKED.search(task.q.text) and narrower(task, stated.figure) and (pair := read_share(task, group)):
            state_share(task, group, *pair)
            return task.draft.answered()
        if stated:
            value = task.draft.state(stated.figure)
            what = f"{group.body}{group.year or ''}年{quoted(task.draft.item(stated.figure))}{''.join(stated.figure.col_path)}"
            task.draft.say(f"{value}——{what}，见{task.where(stated.figure)}。")
            amounts = change_of(task.library, group, stated.figure, AMOUNTS)[:1]
            for f in amounts:
                task.draft.say(f"数额为{task.draft.state(f)}。")
            if CHECKED.search(task.q.text):
                whole = default_whole(task, amounts[0]) if amounts else None
                if (pair := read_share(task, group) or ((amounts, whole) if whole else None)) is not None:
                    check_share(task, group, stated.figure, *pair)
            return task.draft.answered()
        pair = read_share(task, group)
        if pair:
            state_share(task, group, *pair)
            return task.draft.answered()
    return None


def narrower(task: Task, figure: Figure) -> bool:
    """True for a share of one kind of money (一般公共预算财政拨款支出结构) where the question does not speak of that kind."""
    said = "".join((*figure.section, *figure.row_path, *figure.col_path))
    kinds = NARROW.findall(said)
    return bool(kinds) and not NARROW.search(task.q.text)


def check_share(task: Task, group: Group, stated: Figure, parts: list[Figure], whole: Figure) -> None:
    """A share that the document states, worked out again from its two amounts."""
    assert stated.value is not None and whole.value
    state_share(task, group, parts, whole)
    computed = added(parts, whole.unit) / whole.value * 100
    step = Decimal(1).scaleb(int(stated.value.as_tuple().exponent))  # what rounding to the printed decimals leaves open
    if abs(computed - stated.value) > step / 2:
        text = f"文件写{printed(stated)}，按两个数计算为{format_value(round_half_up(computed, 2))}%，两者不一致。"
        task.draft.say(text)
        task.draft.note("discrepancy", text, (task.draft.cite(stated), task.draft.cite(whole)))


def share_of_department(task: Task, groups: list[Group]) -> tuple[list[Figure], Figure] | None:
    """A unit's own amount as part of its department's (本级支出占整个部门支出): the two stand in two documents."""
    unit = [g for g in groups if g.kind in (Kind.UNIT_BUDGET, Kind.UNIT_FINAL)]
    whole = [g for g in groups if g.kind in (Kind.DEPARTMENT_BUDGET, Kind.DEPARTMENT_FINAL)]
    if not unit or not whole:
        return None
    for part_text, whole_text in split_share(task.q.text):
        if UNIT_LEVEL.search(part_text) and OF_DEPARTMENT.search(whole_text):
            parts = read_parts(task, unit[0], UNIT_LEVEL.sub("", part_text))
            rest = OF_DEPARTMENT.sub("", whole_text)
            reading = read_one(task, whole[0], rest if FILLER.sub("", rest).strip("的") else UNIT_LEVEL.sub("", part_text))
            if parts and reading:
                return parts, reading.figure
    return None


def read_stated_share(task: Task, group: Group) -> Reading | None:
    reading = read_figure(
        task.library, group, task.ask, replace(task.want(), measures=frozenset({Measure.SHARE}), unit_kind=None, years=frozenset())
    )
    if reading is None or not reading.sure or reading.score <= 2:
        return None
    figure = reading.figure
    whole = SHARE_OF.search(task.q.text)
    base = "".join(re.sub(r"^占", "", c) for c in figure.col_path if c.startswith("占"))
    if whole and base and named_whole(whole.group(1)):
        ask = part_ask(task.library, FILLER.sub("", whole.group(1)))
        if ask.content and leftover(ask, cover_text(ask, flat(base)), terms=True):
            return None  # 占授予中小企业合同金额 is no 占政府采购总额
    said = figure.context[: figure.context.find(figure.raw)] if figure.raw in figure.context else figure.context
    return reading if "占" in said + "".join((*figure.col_path, *figure.row_path)) else None  # 完成年初预算的93.71% is no share


def split_share(text: str) -> list[tuple[str, str]]:
    """Ways to read part and whole out of the question."""
    text = BY_CLASS.sub("", text)
    text = re.split(r"\d[\d.]*%", text)[0] or text  # 占三公经费8.75%，算得对吗: what is claimed is no part of the whole's name
    out = []
    if found := PART_IN.search(text):
        out.append((found.group(1), found.group(2)))
    if found := PERCENT_IS.search(text):
        out.append((found.group(1) + found.group(2), found.group(1)))
    within = SHARE_WITHIN.search(text)
    if within and re.search(r"所占|占比", text):
        out.append((within.group(1) + within.group(2), within.group(1)))
    if (found := SHARE_OF.search(text)) and found.group(1):
        out.append((text[: found.start()], found.group(1)))
    if within:
        out.append((within.group(1) + within.group(2), within.group(1)))
    if found := re.search(r"^(.*?)的?(?:占比|占百分|比[例重列])", text):
        out.append((found.group(1), ""))
    return out


def read_share(task: Task, group: Group) -> tuple[list[Figure], Figure] | None:
    """The parts (usually one) and the whole; the whole is looked up in the part's own table first."""
    ways = split_share(task.q.text)
    said = SHARE_OF.search(task.q.text)
    if said and named_whole(said.group(1)):  # what 占 names is never replaced by the total
        ways = [(part, whole) for part, whole in ways if named_whole(whole)]
    for part_text, whole_text in ways:
        parts = read_parts(task, group, part_text)
        if not parts:
            continue
        whole = read_whole(task, group, whole_text, parts[0])
        if whole and whole.value and added(parts, whole.unit) <= whole.value and whole.id not in {p.id for p in parts}:
            return parts, whole
    return None


def read_parts(task: Task, group: Group, text: str) -> list[Figure]:
    """One figure, or several where the text names several items or says 两个, 所有."""
    while "," in text and not part_ask(task.library, text.partition(",")[0]).content:
        text = text.partition(",")[2]  # 2024年决算，人员经费: what says no item is none of the parts
    several = list_items(task, group, text)
    if len(several) > 1:
        return several
    reading = read_one(task, group, text)
    return [reading.figure] if reading else []


def read_whole(task: Task, group: Group, text: str, part: Figure) -> Figure | None:
    """The whole of a share: what the text names, in the part's own table where it stands there, too; else the part's total."""
    if WHOLE_BODY.search(text):
        everything = replace(task, q=replace(task.q, units=NamedUnits()))
        total = everything.read_total(group, replace(everything.want(), unit_kind="money", counter=None))
        return total.figure if total else None
    if named_whole(text):
        reading = read_one(task, group, text)
        if reading is None:
            return None
        same = [f for f in (reading.figure, *reading.same) if f.table_id == part.table_id and f.row == part.row]
        same = same or [f for f in (reading.figure, *reading.same) if f.table_id == part.table_id]
        return same[0] if same else reading.figure
    return default_whole(task, part)


def named_whole(text: str) -> bool:
    """占基本支出 names what the part is a share of; 占多少 does not."""
    return bool(re.sub(r"[的它其该]", "", FILLER.sub("", text)).strip())


def default_whole(task: Task, part: Figure) -> Figure | None:
    """小计 or 总计 of the part's own column group, the total row of its column, or the item that its sentence divides."""
    view = task.library.view(part.doc_id)
    if part.origin is Origin.PROSE:
        return next(
            (
                f
                for f in view.figures
                if f.row == part.row and f.table_id is None and f.row_path == part.row_path[:-1] and f.unit == part.unit
            ),
            None,
        )
    beside = [f for f in view.figures if f.table_id == part.table_id and f.row == part.row and f.col != part.col and f.value is not None]
    for depth in range(len(part.col_path) - 1, -1, -1):
        outer = part.col_path[:depth]
        for f in beside:
            if f.col_path[:depth] == outer and len(f.col_path) == depth + 1 and re.search(r"小计|合计|总计", f.col_path[-1]):
                return f
    above = [f for f in view.figures if f.table_id == part.table_id and f.col == part.col and f.row != part.row and f.row_path]
    return next((f for f in above if view.is_total(view.item_of(f))), None)


def state_share(task: Task, group: Group, parts: list[Figure], whole: Figure) -> None:
    assert whole.value
    total = added(parts, whole.unit)
    share = round_half_up(total / whole.value * 100, 2)
    top = (
        format_value(parts[0].value or Decimal(0))
        if len(parts) == 1
        else "(" + " + ".join(format_value(p.value or Decimal(0)) for p in parts) + ")"
    )
    formula = f"{top} ÷ {format_value(whole.value)}"
    names = "、".join(task.draft.item(p) or task.draft.label(p) for p in parts)
    text = task.draft.computed(share, "%", f"{names}占{task.draft.item(whole) or task.draft.label(whole)}", formula, (*parts, whole))
    marks = "".join(f"[{task.draft.cite(f)}]" for f in (*parts, whole, *other_places(task, (*parts, whole))))
    listed = "、".join(f"{task.draft.label(p)}{task.draft.state(p)}" for p in parts)
    if len(parts) > 1:
        plus = " + ".join(format_value(p.value or Decimal(0)) for p in parts)
        listed += f"，合计{task.draft.computed(total, whole.unit, f'{names}合计', plus, parts)}"
    task.draft.say(
        f"{text}——{group.body}{group.year or ''}年：{listed}，占{task.draft.label(whole)}{task.draft.state(whole)}；{formula}{marks}。"
    )
    task.draft.note("rounding", "百分比四舍五入保留两位小数。")


def other_places(task: Task, figures: Iterable[Figure]) -> list[Figure]:
    """One more table for each operand that prints the same value elsewhere."""
    out = []
    for figure in figures:
        others = (f for f in task.draft.elsewhere.get(figure.id, ()) if f.table_id and f.table_id != figure.table_id)
        out += [*others][:1]
    return out


def compare_shares(task: Task, groups: list[Group]) -> Answer | None:
    found = [(g, pair) for g in groups if (pair := read_share(task, g))]
    if len(found) < 2:
        return None
    rows = []
    for group, (parts, whole) in found:
        assert whole.value
        value = sum((p.value or Decimal(0) for p in parts), Decimal(0))
        share = round_half_up(value / whole.value * 100, 2)
        formula = f"{format_value(value)} ÷ {format_value(whole.value)}"
        text = task.draft.computed(share, "%", f"{group.body} 占比", formula, (*parts, whole))
        rows.append((share, group, text, formula))
    for _, group, text, formula in rows:
        task.draft.say(f"- {group.body}：{text}（{formula}）")
    task.draft.say(f"{max(rows, key=lambda r: r[0])[1].body}更高。")
    task.draft.note("rounding", "百分比四舍五入保留两位小数。")
    return task.draft.answered()
