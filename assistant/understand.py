"""Text → Question: which bodies, which years, which measure, which operation. Rules and the lexicon, no model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from assistant.bodies import Directory, Named
from assistant.domain import Intent
from assistant.flat import flat
from assistant.frames import (
    DEPARTMENT_LEVEL,
    TWO_NUMBERS,
    UNIT,
    UNIT_LEVEL,
    list_frames,
    text_to_counters,
    text_to_doubts,
    text_to_frames,
    topics_asked,
)
from assistant.intents import HOW_COME, NOT_CHANGES, text_to_intent
from assistant.lexicon import Lexicon
from assistant.match import Ask, text_to_ask
from assistant.titles import NamedTables
from assistant.units import NamedUnits
from assistant.years import OFFSETS, RELATIVE, text_to_range, text_to_years
from index.amounts import chinese_to_int
from index.domain import Kind

CODE = re.compile(r"(?<![\d.])(?<!\d,)([23]\d{6}(?!\d|[.,]\d|[万元亿%])|(?:\d{5}|[23]\d{2})(?!\d|[.,]\d|[年万元亿%个家辆台人项]))")
SPLIT_CODE = re.compile(r"(\d{3})类(?:(\d{2})款)?(?:(\d{2})项)?")
TOP = re.compile(
    r"(?:(?<!年)前|top|排头|居前|头(?=[一二两三四五六七八九十\d]+[位名个项]))([一二两三四五六七八九十\d]+)"
    r"|最(?:花钱|费钱|贵)的([一二两三四五六七八九十\d]+)|(?:最[大多高小少低])的?([一二两三四五六七八九十\d]+)[个项家类款]?"
)
SPENT_ON = re.compile(r"(?:钱|支出|预算|经费|资金).{0,6}[花用投](?:在|到|了|去)?(?:了)?(?:哪|什么地方|什么方面)|大头")
AGAINST_LAST = re.compile(r"[比较](?:去年|上一?年|(?:20)?\d\d年)")
HOW_ELSE = re.compile(
    r"(?:[比较]着?|[与跟和同])(?:去年|上一?年|(?:20)?\d\d年)(?:相比较?|比较?|比起来)?[,，]?(?:是|又)?(?:怎么样|怎样|如何|咋样|$|[?？])"
)
DOUBTED = re.compile(r"到底|究竟|对不上|前后矛盾|自相矛盾")
IN_WORDS = re.compile(r"(?:情况|编制)?说明(?:里面?|中|部分|上|写|说)|文字(?:里面?|部分|说明)|正文")
PART = re.compile(r"第[一二三四五六七八九十]+部分")


@dataclass(frozen=True, slots=True)
class Question:
    """What was understood. ``text`` is flat; ``years`` are as named, ``relative`` offsets (-1 去年) are resolved per document."""

    raw: str
    text: str
    intent: Intent
    named: Named
    ask: Ask
    years: tuple[int, ...] = ()
    relative: tuple[int, ...] = ()
    code: str | None = None
    unit: str | None = None
    counter: str | None = None
    counters: tuple[str, ...] = ()  # every unit that is counted in, in the order of the question
    kinds: frozenset[Kind] = frozenset()
    wants_change: bool = False
    wants_rate: bool = False
    wants_amount: bool = False
    wants_why: bool = False
    direction: int = 0
    top: int | None = None
    ascending: bool = False
    spans: tuple[tuple[int, int], ...] = field(default=())
    dropped: tuple[tuple[int, int], ...] = ()  # carry the question's form, nothing to be explained
    in_words: bool = False  # 说明里, 正文: what the text says comes before what a table prints
    doubted: bool = False  # asks whether what is printed is right: every statement of the item is told
    part: str = ""  # 第三部分, where the question names a part of the document
    tables: NamedTables = field(default_factory=NamedTables)
    units: NamedUnits = field(default_factory=NamedUnits)


def text_to_question(raw: str, directory: Directory, lexicon: Lexicon, items: Callable[[Named], Named] = lambda named: named) -> Question:
    """Understand one question. Never fails: what is not understood stays in ``ask`` as content to be explained.

    ``items`` drops what looks like a body but is the beginning of a printed item (工信运行保障).
    """
    text = flat(raw)
    named = items(directory.find(text))
    years, year_spans = text_to_years(text)
    relative = tuple(dict.fromkeys(OFFSETS[m.group()[0]] for m in RELATIVE.finditer(text)))
    code, code_spans = text_to_code(text)
    kinds = text_to_kinds(text)
    intent = text_to_intent(text, lexicon)
    spans = [*named.spans, *year_spans, *(m.span() for m in RELATIVE.finditer(text)), *code_spans]
    doubts = text_to_doubts(text)
    asked = [] if code else topics_asked(text, lexicon)
    if intent is Intent.LOOKUP and asked and not re.search(r"多少|几|金额|数额|预算|经费|支出|钱", text):
        intent = Intent.TEXT  # 2019年重点工作任务
    dropped = [*text_to_frames(text, named, doubts), *list_frames(text, intent, asked)]
    spanned = tuple(text_to_range(text, years))
    if intent is Intent.LOOKUP and len(spanned) > 1 and not kinds:  # 2017到2019年的收入: each year's
        intent = Intent.COMPARE
    if intent is Intent.LOOKUP and len({m.bodies for m in named.mentions}) > 1:
        intent = Intent.COMPARE
    if (
        intent is Intent.COMPARE
        and len({m.bodies for m in named.mentions}) < 2
        and AGAINST_LAST.search(text)
        and not re.search(r"各|分别|哪个|谁", text)
    ):
        intent = Intent.CHANGE
    why = lexicon.asks("why", text) is not None or HOW_COME.search(text) is not None
    change = lexicon.asks("change", NOT_CHANGES.sub("", text))
    if intent in (Intent.LOOKUP, Intent.COMPARE, Intent.TEXT, Intent.CHANGE) and (how := HOW_ELSE.search(text)):  # 总支出与上年比怎么样
        intent, change = Intent.CHANGE, change or how.group()
    rate = lexicon.asks("rate", text) is not None
    amount = bool(re.search(r"多少(?!百分|个百分)|几|各是|分别|数额|金额|总额", text))
    up, down = lexicon.asks("up", text), lexicon.asks("down", text)
    counters = text_to_counters(text, doubts)
    unit = UNIT.search(text)
    top = TOP.search(text)
    ask = text_to_ask(text, lexicon, spans, dropped)
    if intent in (Intent.TEXT, Intent.LOOKUP) and not ask.content and SPENT_ON.search(text):
        intent = Intent.RANK  # 钱主要花在哪: the parts of the whole
    return Question(
        raw=raw,
        text=text,
        intent=intent,
        named=named,
        ask=ask,
        years=spanned,
        relative=relative,
        code=code,
        unit={"亿": "亿元", "万": "万元"}.get(unit.group(1), unit.group(1)) if unit else None,
        counter=counters[0] if counters else None,
        counters=counters,
        kinds=kinds,
        wants_change=change is not None,
        wants_rate=rate,
        wants_amount=amount,
        wants_why=why,
        direction=1 if up and not down else -1 if down and not up else 0,
        top=text_to_top(top),
        ascending=bool(re.search(r"最少|最小|最低|从小到大|从低到高|倒数", text)),
        spans=tuple(spans),
        dropped=tuple(dropped),
        in_words=bool(IN_WORDS.search(text)),
        doubted=bool(doubts) or bool(TWO_NUMBERS.search(text)) or bool(DOUBTED.search(text)),
        part=part.group() if (part := PART.search(text)) else "",
    )


def with_units(q: Question, units: NamedUnits, lexicon: Lexicon) -> Question:
    """The question with the units that it names; their names are no items."""
    if not units.labels:
        return q
    spans = (*q.spans, *units.spans)
    return replace(q, units=units, spans=spans, ask=text_to_ask(q.text, lexicon, spans, q.dropped))


def with_tables(q: Question, tables: NamedTables, lexicon: Lexicon) -> Question:
    """The question with the tables that it names; their titles are no longer to be explained where it names an item, too."""
    if not tables.tables:
        return q
    ask = text_to_ask(q.text, lexicon, q.spans, [*q.dropped, *tables.spans])
    return replace(q, tables=tables, ask=ask if ask.content or q.code else q.ask)


def text_to_code(text: str) -> tuple[str | None, list[tuple[int, int]]]:
    """A subject's code: 2150517, or 204类06款04项."""
    split = SPLIT_CODE.search(text)
    if split:
        return "".join(g for g in split.groups() if g), [split.span()]
    found = CODE.search(text)
    return (found.group(1), [found.span()]) if found else (None, [])


def text_to_kinds(text: str) -> frozenset[Kind]:
    """Budget or final account, department or unit, where the question says so."""
    kinds = set(Kind) - {Kind.OTHER}
    if re.search(r"决算", text) and not re.search(r"\d年?度?(?:部门|单位)?预算(?![数支收安资拨])", text):
        kinds -= {Kind.DEPARTMENT_BUDGET, Kind.UNIT_BUDGET}
    if UNIT_LEVEL.search(text) and DEPARTMENT_LEVEL.search(text):
        pass  # both are named: they are to be compared
    elif UNIT_LEVEL.search(text):
        kinds -= {Kind.DEPARTMENT_BUDGET, Kind.DEPARTMENT_FINAL}
    elif DEPARTMENT_LEVEL.search(text):
        kinds -= {Kind.UNIT_BUDGET, Kind.UNIT_FINAL}
    return frozenset(kinds) if len(kinds) < 4 else frozenset()


def text_to_top(found: re.Match[str] | None) -> int | None:
    if not found:
        return None
    digits = next(g for g in found.groups() if g)
    return int(digits) if digits.isdigit() else chinese_to_int(digits)
