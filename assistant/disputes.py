"""Where a document contradicts itself, asked in words: 有没有自相矛盾的地方, 收支平不平."""

from __future__ import annotations

import re

from assistant.domain import Answer
from assistant.items import pick_groups
from assistant.scope import Group
from assistant.task import Task
from index.amounts import convert, format_amount, format_value
from index.domain import Figure
from index.findings import Finding

ASKED = re.compile(
    r"自相矛盾|前后矛盾|互相矛盾|有没有矛盾|(?:哪里|哪些|什么)(?:地方)?(?:对不上|不一致|矛盾)"
    r"|对不上的|前后不一致|打架|有没有(?:什么)?(?:错|问题|出入)"
)
BALANCE = re.compile(r"平不平|平衡吗|是否平衡|平吗|对得平")
LISTED = 8


def answer_disputes(task: Task) -> Answer | None:
    """All findings of the documents in question, or that there are none; None where an item is asked about."""
    if BALANCE.search(task.q.text):
        return answer_balance(task)
    if not ASKED.search(task.q.text) or len(ASKED.sub("", "".join(_content(task)))) > 2:
        return None
    groups = task.scope.groups
    if len({g.body for g in groups}) > 1:
        return None
    found = [(g, f) for g in groups for doc in g.docs for f in task.library.findings(doc) if not f.rounding]
    names = "、".join(g.label for g in groups)
    if not found:
        task.draft.say(f"{names}：核对了各表的合计、收支平衡和文字与表的一致，没有发现前后不一致的地方。")
        return task.draft.answered()
    task.draft.say(f"{names}中有{len(found)}处前后不一致{f'，先列{LISTED}处' if len(found) > LISTED else ''}：")
    for number, (_, finding) in enumerate(found[:LISTED], 1):
        state_finding(task, number, finding)
    return task.draft.answered()


def _content(task: Task) -> list[str]:
    return [
        w.text
        for w in task.ask.words
        if task.ask.content >> w.start & 1 and not re.fullmatch(r"地方|预算|文件|决算|数据|数字|报告", w.text)
    ]


def state_finding(task: Task, number: int, finding: Finding) -> None:
    """One contradiction: its words, and every figure that takes part with its place."""
    by_id = {f.id: f for f in task.draft.views[finding.doc].figures}
    figures = [by_id[i] for i in finding.figures if i in by_id and by_id[i].value is not None][:4]
    stated = "；".join(f"{task.draft.label(f)}{task.draft.state(f)}（{task.where(f)}）" for f in figures)
    task.draft.say(f"{number}. {finding.message}。{stated}")
    marks = tuple(task.draft.cite(f) for f in figures)
    task.draft.note("discrepancy", finding.message, marks)


def answer_balance(task: Task) -> Answer | None:
    """收入总计 against 支出总计, as printed."""
    for group in pick_groups(task):
        pair = _totals(task, group)
        if pair is None:
            continue
        income, spending = pair
        other = convert(spending.value, spending.unit, income.unit) if spending.value is not None else None
        if income.value is None or other is None:
            continue
        stated = "，".join(f"{side}{task.draft.state(f)}（{task.where(f)}）" for side, f in (("收入总计", income), ("支出总计", spending)))
        if income.value == other:
            task.draft.say(f"平：{group.label}{stated}，两者相等。")
        else:
            gap = abs(income.value - other)
            formula = f"{format_value(max(income.value, other))} − {format_value(min(income.value, other))}"
            task.draft.say(
                f"不平：{group.label}{stated}，相差{task.draft.computed(gap, income.unit, '差额', formula, (income, spending))}。"
            )
            task.draft.note("discrepancy", f"收入总计与支出总计相差{format_amount(gap, income.unit)}。", (1, 2))
        return task.draft.answered()
    return None


def _totals(task: Task, group: Group) -> tuple[Figure, Figure] | None:
    """The two totals of one table, the plainest first."""
    for view in task.library.views([group]):
        spent = [e.figure for e in view.totals(False) if e.figure.table_id and e.figure.value is not None]
        for e in view.totals(True):
            f = e.figure
            if f.table_id and f.value is not None:
                table = view.tables[f.table_id]
                same = [s for s in spent if view.tables[s.table_id or ""].title == table.title and s.id != f.id and s.year == f.year]
                if same:
                    return f, same[0]
    return None
