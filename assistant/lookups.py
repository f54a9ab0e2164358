"""Answers that are one figure: an item's value, several counts of it, a target, the sum of what only its parts print."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from assistant.bodies import is_unit
from assistant.catalog import View
from assistant.changes import answer_previous, state_change_of
from assistant.completion import COMPLETION
from assistant.domain import Answer, Intent, Refusal
from assistant.draft import quoted
from assistant.flat import core
from assistant.frames import NOT_THAT, without_frames
from assistant.items import without_bodies
from assistant.leftover import leftover
from assistant.lookup import HALF, counted_in, same_amount
from assistant.match import match_label
from assistant.reading import Reading
from assistant.scope import Group
from assistant.statements import ask_back, keep_best, state_disputes, state_figure, state_scopes
from assistant.task import Task
from index.amounts import BLANKS, format_value
from index.domain import Figure

# Who answers for it, whether one side is more than the other, which rows pass a limit: no single figure tells that.
OTHER_THAN_A_FIGURE = re.compile(
    r"谁(?:负责|牵头|主管|承担|来管)|哪个(?:科室|处室|股室)(?:负责|牵头|管)|(?:收入|支出|成本)比(?:营业)?(?:收入|支出|成本)[多少高低]"
    r"|(?:超过|大于|高于|低于|少于|不足|不到)[\d一二三四五六七八九十百千]+(?:%|万|亿|元|分|个)[^,，]{0,4}的(?:项目|科目|单位|指标|支出|有)"
)
COUNTED_ITEMS = re.compile(r"[两二三四五六七八九十几][个项类款]")
PER = re.compile(
    r"每(?:一)?(?:个|名|位)?(?:[亩人户套张吨件册台辆]|公里|平方米|平米|学生|老人|孩子)(?!次)|一(?:个|家|名|位|所|座)[\u4e00-\u9fff]{1,2}(?:一年|每年|一个月|每月|补)"
)
RATE = re.compile(r"/|每|均|标准|单价")
SEVERAL_ITEMS = re.compile(
    r"[\u4e00-\u9fff]{2}(?:和|与|、|加上?(?!强|快|大|班|工|油|固|密|装))[\u4e00-\u9fff]{2}.*(?:合计|一共|总共|加起来|之和|相加|共(?=多|有|计|$))"
    r"|(?:支出|经费|费|车)加(?:上)?[\u4e00-\u9fff]{2}"
)
ALSO_TOLD = 4  # documents that state the same value are told up to here
SEVERAL = 8  # groups whose labels are compared with the question word for word
APART = re.compile(r"差(?:了|别|距|额)?(?:是|有)?多[少大]|相差|差额(?:是|有)?多少")
NO_TARGET = re.compile(r"实际|完成情况|完成值|哪些|什么|啥|干嘛|怎么|内容")
# 行政单位医疗加事业单位医疗, its items taken out.
BARE_PLUS = re.compile(r"(?:^|[\s,，年的局委厅院])加(?:上)?(?:[,，]|多少|是|一?共|等于|$)")
WHICH_ONE = re.compile(r"哪(?:一|几)?(?:项|些|块|类|笔|个(?!年))")


def answer_lookup(task: Task) -> Answer | None:
    """One figure of one body and year; asks back where bodies or years differ."""
    if task.q.intent is Intent.SUM and COUNTED_ITEMS.search(task.q.text):
        return None
    if SEVERAL_ITEMS.search(rest := without_printed(task)) or BARE_PLUS.search(rest):
        return None  # one of several items is not their sum
    if OTHER_THAN_A_FIGURE.search(task.q.text) or COMPLETION.search(task.q.text):
        return None
    if task.q.intent is Intent.COMPARE and APART.search(task.q.text):
        return None  # one of two figures is not their difference
    if not task.q.ask.content and not task.q.code and WHICH_ONE.search(task.q.text):
        return None  # nor is the whole what one of its items is asked for (哪一项没有完成预算)
    if NOT_THAT.search(task.q.text):
        return None  # nor is what is so what is not so (哪个项目不是面向中小企业的)
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
    for other, same in readings[1:ALSO_TOLD]:
        task.draft.say(f"{other.label}也是这个数[{task.draft.cite(same.figure)}]。")
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
    if not re.search(r"目标|指标|要?达到", task.q.text) or NO_TARGET.search(task.q.text):
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
    weighed = re.search(r"权重|分值|得分|评分|上年", "".join(figure.col_path[-1:]))
    return table is not None and not weighed and bool(re.search(r"目标|指标|绩效", "".join(figure.col_path) + table.title))


def answer_counts(task: Task) -> Answer | None:
    """Several counts of one thing (多少批次、多少人次): each in its own unit; None where fewer than two are asked for."""
    if len(task.q.counters) < 2:
        return None
    first, *others = task.q.counters
    for group in task.scope.groups:
        reading = task.read(group, want=replace(task.want(), counter=first, unit_kind="count"))
        if reading is None or not reading.sure or not counted_in(reading.figure, first):
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
    place, paths = (figure.table_id, figure.row, figure.context), (figure.row_path, figure.row_path[:-1])  # 接待31批次、248人次
    figures = task.library.view(figure.doc_id).figures
    near = [f for f in figures if (f.table_id, f.row, f.context) == place and f.row_path in paths and f.id != figure.id]
    near = [f for f in near if f.value is not None]
    if not near:  # 团组43个、来宾318人次: another word under the same item, where only one is counted so
        near = [f for f in figures if (f.table_id, f.row, f.context) == place and f.row_path[:-1] == paths[1] and counted_in(f, counter)]
        near = near if len(near) == 1 and near[0].id != figure.id else []
    exact = [f for f in near if counted_in(f, counter)] or [f for f in near if f.unit[:1] == counter[:1] and f.unit]
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
    table = view.tables.get(best.table_id or "")
    if table is not None and "采购" in table.title and (parts := purchase_parts(task, view, best)):
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


def purchase_parts(task: Task, view: View, best: Figure) -> list[Figure]:
    """Lines of one name in a list of purchases (物业管理服务 under three projects); none where the question names what one stands under."""
    rows = [
        f
        for f in view.figures
        if f.table_id == best.table_id and f.col == best.col and f.row_path[-1:] == best.row_path[-1:] and f.value is not None
    ]
    own = match_label(task.ask, core(best.row_path[-1])).covered
    title = match_label(task.ask, core(view.tables[best.table_id or ""].title)).covered
    narrowed = task.ask.content & ~own & ~title  # 走部门集中采购的: some of them only
    total = sum((f.value or Decimal(0) for f in rows), Decimal(0))
    headed = any(2 * (f.value or Decimal(0)) == total for f in rows)  # one of them is what the others add up to
    return rows if len(rows) > 1 and not narrowed and not headed else []


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
                        said = match_label(task.ask, core(part))
                        covered |= said.covered if said.hit and said.share >= HALF else 0  # 预算 is no 政府性基金预算财政拨款
                    if covered & ~named.covered & task.ask.open and not leftover(task.ask, covered, terms=True):
                        where = f"《{table.name}》“{label}”行“{'·'.join(column)}”列"
                        return task.draft.refused(Refusal.BLANK_CELL, f"{where}是空白，文件没有填数（{view.info.title}）。")
    return None
