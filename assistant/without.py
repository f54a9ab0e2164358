"""What is left of a whole without one of its parts: 三公经费除了公务接待费还有多少, 不含提租补贴的住房保障支出.

What a question leaves out is never answered with the whole, nor with the part itself: the rest is computed where both are
printed and the one is plainly a part of the other, and refused elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from assistant.catalog import PLAIN_COLUMN
from assistant.domain import Answer, Intent
from assistant.draft import quoted
from assistant.flat import core
from assistant.items import FILLER, pick_groups, without_bodies
from assistant.reading import Reading, part_ask
from assistant.scope import Group
from assistant.task import Task
from index.amounts import format_value
from index.domain import Figure, Origin

PART = r"(?P<part>[\u4e00-\u9fff“”()]{2,16}?)"
LEFT_OUT = (
    re.compile(
        rf"^(?P<whole>.*?)[里中,，]*除(?:了|去|掉|开)?{PART}(?:之外|以外|外)?[,，]?(?:的)?(?:其[他它余]的?|剩下的?|还)(?P<rest>.*)$"
    ),
    re.compile(rf"^(?P<whole>.*?)[里中,，]*除(?:了|去|掉|开)?{PART}(?:之外|以外|外)(?:[,，]|的)?(?P<rest>.*)$"),
    re.compile(rf"^(?P<whole>.{{2,}}?)(?:除去|扣掉|扣除|去掉|剔除|刨去|刨掉){PART}(?:[,，]|后|之后|以后|还|剩|是|有|多)(?P<rest>.*)$"),
    re.compile(rf"^(?P<whole>.*?){PART}(?:之外|以外)的(?P<rest>.*)$"),
    re.compile(rf"^(?P<whole>.{{4,}}?)[,，]?(?:不含|不包括|不算|剔除){PART}(?:的)?(?P<rest>[,，]?(?:是|有|共|一共|合计)?(?:多少|几).*|$)"),
    re.compile(rf"^(?P<whole>.*?)(?:不含|不包括|不算|剔除){PART}的(?P<rest>[^,，]*)$"),
)
# What only says how widely an item is meant (不要把会议费算进去, 基金的不要算) is no part to be taken out.
ANY = re.compile(
    r"除(?!外)(?:了|去|掉|开)?[\u4e00-\u9fff“”()]{2,16}?(?:之外|以外|外(?!事|资|聘|汇|购|来|国|交|包|联|宣)|[,，])|[\u4e00-\u9fff]{2}(?:之外|以外)的"
    r"|除[去掉开][\u4e00-\u9fff]{2}|(?<!要)(?:不含|不包括|不算|剔除|扣掉|扣除|刨去)(?![税新])[\u4e00-\u9fff]{2}|不是[\u4e00-\u9fff“”]{2,10}的(?!是|吗|么|[?？]|$)|不属于[\u4e00-\u9fff]{2}"
)
PARTS = re.compile(r"[和与、]|以及")
ASKED = re.compile(r"还有|一?共|合计|总共|多少(?:钱|万元?|亿元?|元|辆|人|个)?|几[辆人个项]?|剩下?|花了?|安排了?|预算|是|有|的|[?？,，]")
PLAIN_INTENTS = frozenset({Intent.LOOKUP, Intent.SUM, Intent.CHANGE, Intent.TEXT, Intent.COMPARE, Intent.AVERAGE})


def leaves_out(text: str) -> bool:
    return ANY.search(text) is not None


def answer_without(task: Task) -> Answer | None:
    """The whole less the part; None where nothing is left out, or where the part is not plainly one of the whole."""
    if task.q.intent not in PLAIN_INTENTS or not leaves_out(task.q.text):
        return None
    text = without_bodies(task, task.q.text)
    for group in pick_groups(task)[:1]:
        for form in LEFT_OUT:
            found = form.match(text)
            if found is None:
                continue
            whole_text = ASKED.sub("", FILLER.sub("", f"{found['whole']}{found['rest']}"))
            whole = read_side(task, group, whole_text)
            parts = [read_side(task, group, name, found["whole"]) for name in PARTS.split(found["part"]) if name]
            pairs = [part_of(task, whole, part) if whole and part else None for part in parts]
            told = [pair for pair in pairs if pair is not None]
            if told and len(told) == len(pairs) and len({w.id for w, _ in told}) == 1 and len({p.id for _, p in told}) == len(told):
                return state_rest(task, group, told[0][0], [p for _, p in told])
    return None


def read_side(task: Task, group: Group, text: str, within: str = "") -> Reading | None:
    want = replace(task.want(), unit_kind="count" if task.q.counter else "money", direction=0)
    for words in (text, f"{within}{text}") if within else (text,):
        ask = part_ask(task.library, words)
        reading = task.read(group, ask, want) if ask.content else None
        if reading is not None and reading.sure and reading.figure.value is not None:
            return reading
    return None


def part_of(task: Task, whole: Reading, part: Reading) -> tuple[Figure, Figure] | None:
    """Both figures from one place in which the one is printed as part of the other."""
    for w in (whole.figure, *whole.same, *whole.rivals):
        for p in (part.figure, *part.same, *part.rivals):
            if (w.doc_id, w.unit, w.table_id) != (p.doc_id, p.unit, p.table_id) or w.id == p.id or w.value is None or p.value is None:
                continue
            if p.value <= w.value and is_part(task, w, p):
                return w, p
    return None


def is_part(task: Task, whole: Figure, part: Figure) -> bool:
    if whole.origin is Origin.PROSE:
        return whole.row == part.row and part.row_path[: len(whole.row_path)] == whole.row_path and len(part.row_path) > len(whole.row_path)
    view = task.library.view(whole.doc_id)
    if whole.row == part.row:  # a column of the row's total: 三公经费合计 and 公务接待费
        total = not whole.col_path or bool(PLAIN_COLUMN.search(core(whole.col_path[-1])) or re.search(r"[合总小]计", whole.col_path[-1]))
        return total and whole.col_path[:-1] == part.col_path[: len(whole.col_path) - 1]
    if whole.col != part.col:
        return False
    below = part.row_path[: len(whole.row_path)] == whole.row_path and len(part.row_path) > len(whole.row_path)
    coded = bool(whole.code and part.code and part.code != whole.code and part.code.startswith(whole.code))
    return below or coded or (bool(whole.row_path) and view.is_total(whole.row_path[-1]) and len(part.row_path) == 1)


def state_rest(task: Task, group: Group, whole: Figure, parts: list[Figure]) -> Answer:
    values = [f.value or Decimal(0) for f in (whole, *parts)]
    formula = " − ".join(format_value(value) for value in values)
    left_out = "、".join(task.draft.item(part) or task.draft.label(part) for part in parts)
    name = f"{task.draft.item(whole) or task.draft.label(whole)}（不含{left_out}）"
    text = task.draft.computed(values[0] - sum(values[1:], Decimal(0)), whole.unit, name, formula, (whole, *parts))
    stated = "，".join(f"{task.draft.label(f)}{task.draft.state(f)}" for f in (whole, *parts))
    task.draft.say(f"{text}——{group.body}{group.year or ''}年{quoted(name)}：{stated}，{formula}，见{task.where(whole)}。")
    return task.draft.answered()
