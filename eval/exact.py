"""How exactly an answer gives the gold figures: value, unit, direction, last digit; and which phrases it says. Pure.

Finer than right and wrong (``eval.score``): an answer may be right though it names another unit of the same kind, or drops
a decimal that its unit forgives. These marks say so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from assistant.domain import Answer, AnswerFigure, Status
from eval.cases import Case, Gold
from eval.values import EMPHASIS, NUMBER, fold, same_value, unit_to_scale

# 多 and 少 are no direction: 甲比乙多 and 乙比甲少 say the same.
UP = re.compile(r"增加|增长|上升|提高|上涨|增")
DOWN = re.compile(r"减少|下降|降低|压减|缩减|降|减")
NEAR = 8  # characters before a number in which its direction is said
CONTRADICTS = re.compile(r"不一致|不相符|不符|矛盾|不相等|不等于|对不上|相差|差额|出入")


def figure_marks(case: Case, answer: Answer) -> dict[str, float]:
    """1 or 0 for ``value``, ``unit``, ``sign``, ``precision`` of all gold figures together, and ``figure`` for all four.

    Unit, sign and precision are of those found; left out where nothing was found or the gold does not say.
    """
    if not case.figures:
        return {}
    stated = answer.figures[: 2 * len(case.figures) + 1] if answer.status is Status.ANSWERED else ()
    matches = [(gold, [f for f in stated if same_value(gold, f.value, f.unit)]) for gold in case.figures]
    matches = [(gold, same) for gold, same in matches if same or gold.value or any(f.value for f in stated)]  # 没有 says a zero
    if not matches:
        return {}
    found = [(gold, same) for gold, same in matches if same]
    marks = {"value": float(len(found) == len(matches))}
    if found:
        marks["unit"] = float(all(any(_same_unit(gold, f) for f in same) for gold, same in found))
        marks["precision"] = float(all(any(_same_digits(gold, f) for f in same) for gold, same in found))
    signs = [sign for gold, same in found if (sign := _same_sign(case, answer, gold, same)) is not None]
    if signs:
        marks["sign"] = float(all(signs))
    marks["figure"] = float(all(marks.get(name, 1.0) for name in ("value", "unit", "precision", "sign")))
    return marks


def phrase_recall(case: Case, answer: Answer) -> float | None:
    """Share of the phrases asked for that the answer or its remarks say; None where none is asked for."""
    if not case.must_include:
        return None
    said = fold("\n".join([answer.answer, *(notice.message for notice in answer.notices)])) if answer.status is Status.ANSWERED else ""
    return sum(fold(phrase) in said for phrase in case.must_include) / len(case.must_include)


def shows_discrepancy(answer: Answer) -> bool:
    """True where the answer says that the document contradicts itself."""
    said = "\n".join([answer.answer, *(notice.message for notice in answer.notices)])
    return answer.status is Status.ANSWERED and (any(n.kind == "discrepancy" for n in answer.notices) or bool(CONTRADICTS.search(said)))


def _same_unit(gold: Gold, figure: AnswerFigure) -> bool:
    """Whatever unit of a ratio; 台（套） for 台."""
    kind, _ = unit_to_scale(gold.unit)
    want, stated = fold(gold.unit), fold(figure.unit)
    if kind == "ratio":
        return unit_to_scale(figure.unit)[0] == "ratio"
    return not want or want == stated or (kind == "count" and stated.startswith(want))


def _same_digits(gold: Gold, figure: AnswerFigure) -> bool:
    """True where nothing was rounded away: the same amount to the last digit of the gold."""
    return abs(gold.value) * unit_to_scale(gold.unit)[1] == abs(figure.value) * unit_to_scale(figure.unit)[1]


def _same_sign(case: Case, answer: Answer, gold: Gold, same: list[AnswerFigure]) -> bool | None:
    """None where neither the gold's sign nor the reference answer's words say which way."""
    want = _direction(case.answer or "", gold)
    if want is None and gold.value >= 0:
        return None
    got = _direction(answer.answer, gold)
    if want is None:  # a printed minus: repeated, or said in words
        return got == -1 or any(f.value < 0 for f in same)
    return got is None or got == want


def _direction(text: str, gold: Gold) -> int | None:
    """+1 or -1 where a word right before the gold's number says 增加 or 减少; None where none does."""
    for value, before in _numbers(text):
        if abs(value) == abs(gold.value):
            last = max([(m.start(), 1) for m in UP.finditer(before)] + [(m.start(), -1) for m in DOWN.finditer(before)], default=None)
            if last:
                return last[1]
    return None


def _numbers(text: str) -> Iterator[tuple[Decimal, str]]:
    """Every number with the few characters of its clause before it."""
    text = EMPHASIS.sub("", unicodedata.normalize("NFKC", text.replace("，", "；")))
    for match in NUMBER.finditer(text):
        before = re.split(r"[；。;\d]", text[max(0, match.start() - NEAR) : match.start()])[-1]
        yield Decimal(match.group().replace(",", "")), before
