"""One item in a budget and in a final account: 2023年决算和2025年预算比, 预算与决算差多少, each read in its own document."""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.compare import state_side_by_side
from assistant.domain import Answer
from assistant.items import FILLER, without_bodies
from assistant.reading import Reading, part_ask
from assistant.scope import Group
from assistant.task import Task
from assistant.years import YEAR

NAMED = re.compile(
    r"(?:(?:20)?(?P<year>\d\d)年(?:度|末)?)?[^，,。\d]{0,14}?(?P<kind>(?<!完成)预算(?!数|执行|财政拨款|拨款|支出表)|决算(?!数))"
)
ASIDE = re.compile(
    r"(?:部门|单位)?(?:预算|决算)(?:里|中|支出|安排)?(?:的|写的)?|对比一?下?|相?比|哪个?(?:更?[多高大少低])|[差多少高低]了?多少|相差多少|差额(?:是)?(?:多少)?"
    r"|各(?:自)?(?:是|为)?多少|分别(?:是)?(?:多少)?|的?金额|[,，?？]|[和与跟比](?=$|[,，]|(?:20)?\d\d年|的)"
)


def answer_across(task: Task) -> Answer | None:
    """The item in the budget and in the final account that the question names; None unless it names one of each, and both print it."""
    pairs = list(dict.fromkeys(named_documents(task)))
    if len(pairs) != 2 or len({final for _, final in pairs}) != 2 or not re.search(r"比|差|多少|各|分别", task.q.text):
        return None
    bodies = {g.body for g in task.library.groups if any(g.body in m.bodies for m in task.q.named.mentions)}
    found: list[tuple[Group, Reading]] = []
    for year, final in pairs:
        groups = [g for g in task.library.groups if g.body in bodies and g.year == year and g.kind.is_final is final]
        if len({g.body for g in groups}) != 1:
            return None
        reading = read_there(task, groups[0], final)
        if reading is None or not reading.sure or reading.figure.value is None:
            return None
        found.append((groups[0], reading))
    state_side_by_side(task, found)
    return task.draft.answered()


def named_documents(task: Task) -> list[tuple[int, bool]]:
    """Year and whether a final account is meant, in the order of the question; a kind without a year is of the only year named."""
    years = [int(m.group(1)) % 100 for m in re.finditer(r"(?:20)?(\d\d)年", task.q.text)]
    out = []
    for m in NAMED.finditer(task.q.text):
        year = int(m["year"]) if m["year"] else years[0] if len(set(years)) == 1 else None
        if year is not None:
            out.append((2000 + year, m["kind"] == "决算"))
    return out


def read_there(task: Task, group: Group, final: bool) -> Reading | None:
    """The item alone, in one document: what was spent in a final account, what is planned in a budget."""
    text = ASIDE.sub("", FILLER.sub("", YEAR.sub("", without_bodies(task, task.q.text)))).strip()
    want = replace(task.want(), years=frozenset(), direction=0, unit_kind="count" if task.q.counter else "money")
    return task.read(group, part_ask(task.library, text), want) if text or task.q.code else None
