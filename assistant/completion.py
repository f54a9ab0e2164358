"""How far a budget was carried out: the printed percentage, or 决算数 ÷ 年初预算数 where none is printed."""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.domain import Answer
from assistant.draft import quoted
from assistant.items import pick_groups, row_columns
from assistant.lookup import Want
from assistant.reading import Reading, change_of, part_ask, read_figure
from assistant.scope import Group
from assistant.task import Task
from index.amounts import convert, format_value, round_half_up
from index.domain import Figure, Measure, Origin

COMPLETION = re.compile(
    r"(?:决算)?(?:数)?(?:占|完成|执行)(?:了|到)?(?:年初|全年|年度|调整)?(?:预算|目标|任务)?数?的?(?:百分之(?:几|多少)|多少%|几成|百分比|比例(?:是)?(?:多少)?)"
    r"|(?:决算)?(?:数)?(?:完成|执行)(?:了|到)?(?:年初|全年|年度|调整)?(?:预算|目标|任务)数?的?(?:多少|几(?:分之几)?)"
    r"|(?:有没有|是否|是不是)?(?:完成|执行完)(?:了)?(?:年初|全年|年度|调整)?(?:预算|任务)数?(?:了?没有?$|了?吗$|了?没$|$)"
    r"|(?:预算)?(?:完成率|执行率|完成进度|执行进度|完成比例)(?:是|为)?(?:多少|百分之几|百分之多少|怎么样)?|完成(?:得)?(?:怎么样|如何)"
)
GAP = re.compile(
    r"(?:决算数?)?(?:比|较|与|跟|和)(?:年初|全年|调整)?预算数?(?:相比)?(?:，|,)?(?:少|多|减少|增加|节约|节省|结余|省下?|超支?|超出|低|高|差|相差)(?:了|花了?)?(?:多少|几)?"
    r"|(?:年初|全年)?预算数?(?:和|与|跟)(?:支出)?决算数?(?:相?差|的差)(?:了)?多少"
)
# 一般公共预算财政拨款 is a fund, no budget beside a final account.
BUDGET_COLUMN = re.compile(r"年初|预算数|调整预算|全年预算|(?<!公共)(?<!基金)(?<!经营)预算(?!财政|拨款|资金)")
DONE = re.compile(r"完成|执行")
BUDGETED = ("年初预算数", "预算数", "调整预算数", "年初预算", "预算")
SPENT = ("决算数", "支出决算", "执行数", "决算")


def answer_completion(task: Task) -> Answer | None:
    """None where the question does not ask for it."""
    found = COMPLETION.search(task.q.text)
    if not found or re.search(r"最[高低多少大小]|哪[个些几一项]", task.q.text):
        return None
    text = task.q.text[: found.start()] + task.q.text[found.end() :]
    for group in pick_groups(task):
        if (stated := read_stated(task, group, text)) is not None:
            state_stated(task, group, stated.figure)
            return task.draft.answered()
        if (pair := read_pair(task, group, text)) is not None:
            if not pair[1].value:  # what had no budget has no rate
                both = "，".join(f"{task.draft.label(f)}{task.draft.state(f)}" for f in pair)
                task.draft.say(f"年初预算为零，没有完成比例——{group.body}{group.year or ''}年{both}，见{task.where(pair[0])}。")
                return task.draft.answered()
            state_quotient(task, group, *pair)
            return task.draft.answered()
    return None


def against_budget(task: Task, group: Group) -> bool:
    """Whether a final account is to be held against its budget (比预算多多少): never against another year."""
    return group.kind.is_final and GAP.search(task.q.text) is not None


def read_stated_gap(task: Task, group: Group, text: str) -> tuple[Figure, Figure] | None:
    """What was spent and how far it is from the budget, where only a sentence says so (较年初预算数减少5.52万元)."""
    reading = read_figure(task.library, group, part_ask(task.library, text), Want(unit_kind="money"))
    if reading is None or not reading.sure:
        return None
    for spent in (f for f in (reading.figure, *reading.same) if f.origin is Origin.PROSE and f.value is not None):
        gaps = change_of(task.library, group, spent, frozenset({Measure.CHANGE}))
        gap = next((g for g in gaps if "预算" in "".join(g.col_path) and g.value is not None and g.unit == spent.unit), None)
        if gap is not None:
            return spent, gap
    return None


def state_budget(task: Task, group: Group, spent: Figure, gap: Figure) -> None:
    assert spent.value is not None and gap.value is not None
    sign = "−" if gap.direction > 0 else "+"
    formula = f"{format_value(spent.value)} {sign} {format_value(gap.value)}"
    value = spent.value - gap.direction * gap.value
    word = "多" if gap.direction > 0 else "少"
    stated = task.draft.state(gap)
    text = task.draft.computed(value, spent.unit, f"{task.draft.item(spent)} · 预算数", formula, (spent, gap))
    task.draft.say(
        f"决算比预算{word}{stated}——{group.body}{group.year or ''}年{quoted(task.draft.item(spent))}决算{task.draft.state(spent)}，"
        f"预算{text}（文件没有直接写出预算数，按 {formula} 推算），见{task.where(spent)}。"
    )
    task.draft.note("assumption", "预算数由决算数和文件所写的增减额推算。", (task.draft.cite(spent),))


def answer_gap(task: Task) -> Answer | None:
    """What was spent beside what was budgeted, and the difference: 比年初预算少多少."""
    found = GAP.search(task.q.text)
    if not found or task.q.wants_why:
        return None
    text = task.q.text[: found.start()] + task.q.text[found.end() :]
    for group in pick_groups(task):
        pair = read_pair(task, group, text)
        if pair is None and (told := read_stated_gap(task, group, text)):
            state_budget(task, group, *told)
            return task.draft.answered()
        if pair is None:
            continue
        spent, budgeted = pair
        whole = convert(budgeted.value, budgeted.unit, spent.unit) if budgeted.value is not None else None
        if spent.value is None or whole is None:
            continue
        gap = spent.value - whole
        high, low = max(spent.value, whole), min(spent.value, whole)
        formula = f"{format_value(high)} − {format_value(low)}"
        word = "多" if gap > 0 else "少"
        stated = "，".join(f"{task.draft.label(f)}{task.draft.state(f, task.q.unit)}" for f in (spent, budgeted))
        text = task.draft.computed(abs(gap), spent.unit, "差额", formula, (spent, budgeted))
        verdict = f"决算比预算{word}{text}（{formula}）" if gap else "决算与预算相同"
        task.draft.say(f"{verdict}——{group.body}{group.year or ''}年{stated}，见{task.where(spent)}。")
        return task.draft.answered()
    return None


def read_stated(task: Task, group: Group, text: str) -> Reading | None:
    """完成年初预算的152.05%, as printed for the item."""
    want = replace(task.want(frozenset({Measure.SHARE, Measure.RATE, Measure.AMOUNT})), unit_kind="ratio")
    reading = read_figure(task.library, group, part_ask(task.library, text), want)
    if reading is None or not reading.sure:
        return None
    for figure in (reading.figure, *reading.rivals):
        if "年初" in task.q.text and figure.unit == "%" and "年初" not in "".join(figure.col_path):
            continue  # 执行率 of a project is against 全年预算
        if figure.unit == "%" and DONE.search("".join(figure.col_path) or figure.context):
            return replace(reading, figure=figure)
    return None


def read_pair(task: Task, group: Group, text: str) -> tuple[Figure, Figure] | None:
    """What was spent and what was budgeted, of one row or one paragraph."""
    reading = read_figure(task.library, group, part_ask(task.library, text), replace(task.want(), unit_kind="money"))
    if reading is None or not reading.sure:
        return None
    for spent in SPENT:
        for budgeted in BUDGETED:
            pair = row_columns(task, reading, [spent, budgeted])
            if pair and "年初" in task.q.text and re.search(r"全年|调整", "".join(pair[1].col_path)):
                continue
            if pair and BUDGET_COLUMN.search("".join(pair[1].col_path)):
                return pair[0], pair[1]
    return None


def state_stated(task: Task, group: Group, figure: Figure) -> None:
    value = task.draft.state(figure)
    column = "".join(figure.col_path)
    task.draft.say(f"{value}——{group.body}{group.year or ''}年{quoted(task.draft.item(figure))}{column}，见{task.where(figure)}。")


def state_quotient(task: Task, group: Group, spent: Figure, budgeted: Figure) -> None:
    whole = convert(budgeted.value, budgeted.unit, spent.unit) if budgeted.value else None
    if spent.value is None or not whole:
        return
    share = round_half_up(spent.value / whole * 100, 2)
    formula = f"{format_value(spent.value)} ÷ {format_value(whole)}"
    text = task.draft.computed(share, "%", "完成预算", formula, (spent, budgeted))
    listed = "，".join(f"{task.draft.label(f)}{task.draft.state(f)}" for f in (spent, budgeted))
    task.draft.say(f"{text}——{group.body}{group.year or ''}年{listed}；{formula}。")
    task.draft.note("rounding", "百分比四舍五入保留两位小数；文件没有直接写出。")
