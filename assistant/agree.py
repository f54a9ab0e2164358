"""Two places that a question sets side by side: 表1的财政拨款收入和表12的合计一致吗."""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.domain import Answer
from assistant.flat import core
from assistant.items import pick_groups, without_bodies
from assistant.lookup import Want, same_amount
from assistant.reading import Reading, part_ask, read_figure
from assistant.scope import Group
from assistant.task import Task
from assistant.titles import TableKey, named_tables
from assistant.words import tag_words
from index.amounts import convert, format_amount, format_value, unit_kind
from index.domain import Figure

ASKED = re.compile(
    r"(?:是不是|是否|能不能|能|会不会)?(?:一样|一致|相符|相等|吻合|对得上|对得起来|对不对得上|对上|有出入|有差异|差异)"
    r"(?:不一样|不一致|了)?(?:吗|么|没有|呢)?"
)
ELSEWHERE = re.compile(r"正文|文字(?:部分|说明)?|情况说明|说明(?:部分|文字)?|前面|报告")
COUNTED = re.compile(r"数量|人数|个数|家数|辆|满意度|[比率]例?$")
JOIN = re.compile(r"和|与|跟|同")
IN = re.compile(r"(?:里面?|中|内|当中)?的?$|[在于]$|^(?:里面?|中|内|当中)?的?")
# The tables, whichever they are.
TABLES = re.compile(r"(?:^|[,，的])(?:附|后面的?)?(?:各?张)?表格?(?:里面?|中|上|内)?的?(?:[列写印填]着?的?)?(?:数字?)?$")
NOISE = re.compile(r"这?两[个处边]?(?:数字?|金额|地方)?|[,，?？。]|数字|这个数")


def answer_agree(task: Task) -> Answer | None:
    """Both figures with their places and what lies between them; None where the question does not name two places."""
    found = ASKED.search(task.q.text)
    if not found:
        return None
    text = NOISE.sub(",", without_bodies(task, task.q.text[: found.start()])).replace(" ", "").strip(",")
    for group in pick_groups(task):
        for cut in JOIN.finditer(text):
            sides = (text[: cut.start()], text[cut.end() :])
            pair = read_sides(task, group, *sides)
            if pair:
                return state_pair(task, group, *pair)
    return None


def read_sides(task: Task, group: Group, one: str, other: str) -> tuple[Figure, Figure] | None:
    """Each side's figure in the table that it names; an item said once holds for both."""
    places = [place_of(task, group, side) for side in (one, other)]
    if not all(places) or (places[0] and places[1] and places[0][0] == places[1][0]):
        return None
    (tables, item), (others, again) = (p for p in places if p)
    if not tables and not others:
        return None
    if not names_item(task, again):
        again = item
    if not names_item(task, item):
        item = again
    a, b = read_there(task, group, item, tables, others), read_there(task, group, again, others, tables)
    return (a.figure, b.figure) if a and b and a.figure.id != b.figure.id else None


def names_item(task: Task, text: str) -> bool:
    return bool(part_ask(task.library, text).content) or bool(re.search(r"[合总小]计|总额", text))


def place_of(task: Task, group: Group, text: str) -> tuple[frozenset[TableKey], str] | None:
    """The tables that a side names, by number, by title or by words of its title, none for the text; and what it says beside."""
    views = task.library.views([group])
    named = named_tables(text, views)
    if named.tables:
        item = text
        for start, end in reversed(named.spans):
            item = item[:start] + "," + item[end:]
        return named.tables, tidy(item)
    if elsewhere := ELSEWHERE.search(text):
        return frozenset(), tidy(text[: elsewhere.start()] + "," + text[elsewhere.end() :])
    if anywhere := TABLES.search(text):
        return frozenset((v.info.doc_id, t.id) for v in views for t in v.document.tables), tidy(text[: anywhere.start()])
    found = re.search(r"([^,，的在]{2,20})表(?:里面?|中|内|上)?的?", text)
    if not found:
        return None
    words = [word for word, _ in tag_words(found.group(1))]
    titles = {(view.info.doc_id, table.id): core(table.title) for view in views for table in view.document.tables}
    keys = frozenset(key for key, title in titles.items() if all(word in title for word in words))
    return (keys, tidy(text[: found.start()] + "," + text[found.end() :])) if keys else None


def tidy(item: str) -> str:
    """What a side says beside its place: further names of the place, brackets and 写的 are no item."""
    item = re.sub(r"\([^()]*\)|[\u4e00-\u9fff]{2,12}表|(?:上面?)?[写印列]着?的?(?:数字?)?$", "", item)
    return ",".join(IN.sub("", piece) for piece in item.split(",") if IN.sub("", piece))


def read_there(task: Task, group: Group, item: str, tables: frozenset[TableKey], others: frozenset[TableKey]) -> Reading | None:
    """The figure of the item in one of the tables, or anywhere but in the others: of the total, where the item is a column."""
    ask = part_ask(task.library, item)
    kind = "count" if COUNTED.search(item) else "money"
    want = Want(unit_kind=kind, tables=tables, not_tables=frozenset() if tables else others)
    if not ask.content:
        ask = replace(ask, content=ask.open, light=0)
    reading = read_figure(task.library, group, ask, want)
    return reading if reading and reading.sure else None


def state_pair(task: Task, group: Group, a: Figure, b: Figure) -> Answer | None:
    assert a.value is not None and b.value is not None
    counted = unit_kind(a.unit) == unit_kind(b.unit) == "count"  # 家 here, 个 there
    other = b.value if counted else convert(b.value, b.unit, a.unit)
    if other is None:
        return None
    stated = [f"- {task.where(f)}，{task.draft.label(f)}：{task.draft.state(f)}" for f in (a, b)]
    if same_amount(a, b) or (counted and a.value == b.value):
        task.draft.say(f"一致——{group.label}：")
    else:
        gap = abs(a.value - other)
        formula = f"{format_value(max(a.value, other))} − {format_value(min(a.value, other))}"
        text = task.draft.computed(gap, a.unit, "差额", formula, (a, b))
        task.draft.say(f"不一致，相差{text}（{formula}）——{group.label}：")
        task.draft.note("discrepancy", f"两处相差{format_amount(gap, a.unit)}。", (1, 2))
    task.draft.say("\n".join(stated))
    return task.draft.answered()
