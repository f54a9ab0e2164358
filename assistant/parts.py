"""What an item is made of: 三公经费各项分别多少, 商品和服务支出的明细."""

from __future__ import annotations

import re
from decimal import Decimal

from assistant.domain import Answer
from assistant.families import THREE_FUNDS, added, children_rows, three_funds
from assistant.frames import without_frames
from assistant.items import pick_groups
from assistant.reading import part_ask
from assistant.scope import Group
from assistant.task import Task
from index.domain import Figure

PARTS_ASKED = re.compile(
    r"(?:里面?|中|的)?(?:具体)?(?:各(?:个)?(?:分?项|部分)(?!目|[支收工业])|分项(?!目)|细项|明细|构成)(?:数字?|金额|情况|经费|支出|费用)?(?:都|具体)?"
    r"(?=$|[,，。?？是有为如怎分各多列决预])|(?<=三公经费)各(?=是|为|多少)|都?(?:由|包括|包含)(?:了)?哪几?(?:部分|项|块|笔)(?:组成|构成)?|分别由.{0,4}组成"
)
ASKED_BEHIND = re.compile(
    r"(?:分别|各|都)?(?:各)?(?:是|有|为|列|安排|花)?(?:了)?(?:多少|几)(?:钱|万元|元)?|分别是?$|如何|怎么样?|(?:给我)?列(?:一下|出来?)"
)


def answer_parts(task: Task) -> Answer | None:
    """The item's own amount and that of each of its parts, from one table; None where no parts are asked for or printed."""
    if not PARTS_ASKED.search(task.q.text) or len({g.body for g in task.scope.groups}) > 1:
        return None
    text = ASKED_BEHIND.sub("", PARTS_ASKED.sub("", without_frames(task.q.text)))
    if not part_ask(task.library, text).content:
        return None
    for group in pick_groups(task)[:1]:
        funds = THREE_FUNDS.search(text) is not None
        rows = three_funds(task, group, text) if funds else children_rows(task, group, text)
        reading = task.read(group, part_ask(task.library, text))
        whole = reading.figure if reading and reading.sure else None
        if len(rows) > 1 and adds_up(rows, whole, exactly=funds):
            return state_parts(task, group, whole, rows)
    return None


def adds_up(rows: list[Figure], whole: Figure | None, exactly: bool) -> bool:
    """False where the parts come to more than the whole, or to less where all of them must be there."""
    if whole is None or whole.value is None:
        return not exactly
    gap = whole.value - added(rows, whole.unit)
    return abs(gap) <= len(rows) * last_digit(whole.value) / 2 or (gap > 0 and not exactly)


def last_digit(value: Decimal) -> Decimal:
    """What one step of the last printed digit is worth: each part may be rounded by half of it."""
    return Decimal(1).scaleb(int(value.as_tuple().exponent))


def state_parts(task: Task, group: Group, whole: Figure | None, rows: list[Figure]) -> Answer:
    lines = ["", "| 项目 | 数额 |", "|---|---|"]
    lines += [f"| {task.draft.item(figure)} | {task.draft.state(figure, task.q.unit)} |" for figure in rows]
    lines += ["", f"（{'、'.join(dict.fromkeys(task.where(figure) for figure in rows))}）"]
    head = f"{group.body}{rows[0].year or group.year or ''}年共{len(rows)}项"
    if whole is not None and whole.value is not None:
        head += f"，{task.draft.item(whole)}{task.draft.state(whole, task.q.unit)}"
        if missing := whole.value - added(rows, whole.unit):
            task.draft.note("assumption", f"列出的各项之和与{task.draft.item(whole)}相差{abs(missing)}{whole.unit}。")
    task.draft.say(f"{head}：\n" + "\n".join(lines))
    return task.draft.answered()
