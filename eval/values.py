"""When a stated number is the gold one, and whether a text prints it. Pure.

The scorer shares no text form with the assistant: what it measures must not decide what counts as equal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from eval.cases import Gold
from index.amounts import MONEY, RATIO

UNITS = sorted([*MONEY, *RATIO], key=len, reverse=True)  # 万元 before 万
LARGE = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}
PRINTED = Decimal("0.0051")  # half of a printed second decimal, and a hair for what was rounded from a half
COARSER = Decimal("0.0005")  # of the amount: four significant digits, for answers in a larger unit
NUMBER = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?!\.?\d)")
UNIT_BEHIND = re.compile(rf"\s*({'|'.join(UNITS)})")
EMPHASIS = re.compile(r"[*_`]")


@lru_cache(maxsize=50_000)
def fold(text: str) -> str:
    """The form in which texts are compared: NFKC, lower case, no blanks, no thousands separators, one kind of dash."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()
    return re.sub(r"(?<=\d),(?=\d{3})", "", text).replace("--", "—").replace("——", "—")


@lru_cache(maxsize=1000)
def unit_to_scale(unit: str) -> tuple[str, Decimal]:
    """(money, ratio or count; how many of the smallest unit). All counts are of one kind: 辆, 家, 人; 万个 is ten thousand."""
    name = fold(unit).partition("/")[0]  # 元/人 is money
    if name in MONEY:
        return "money", MONEY[name]
    if name in RATIO:
        return "ratio", RATIO[name]
    return "count", LARGE.get(name[:1], Decimal(1))


def same_value(gold: Gold, value: Decimal, unit: str) -> bool:
    """True where value and unit state the gold figure, in whatever unit of its kind; the sign does not count."""
    kind, scale = unit_to_scale(gold.unit)
    stated_kind, stated_scale = unit_to_scale(unit)
    if kind == "count" and fold(unit) in LARGE:  # 5万 said of things, not of money
        stated_kind = "count"
    if kind != stated_kind:
        return False
    want, got = abs(gold.value) * scale, abs(value) * stated_scale
    if kind == "ratio":
        decimals = min(max(-int(gold.value.as_tuple().exponent), 0) or 1, 2)
        return abs(want - got) <= Decimal("0.51").scaleb(-decimals)
    allowed = PRINTED * scale
    if stated_scale > scale:
        allowed = max(allowed, COARSER * want)
    return abs(want - got) <= allowed


def text_to_numbers(text: str) -> Iterator[tuple[Decimal, str]]:
    """Every number printed in a text, with the unit right behind it or ``""``. 1.2.3 is none."""
    text = text.replace("，", "；")  # NFKC would make a thousands separator of it: 100，200人
    text = EMPHASIS.sub("", unicodedata.normalize("NFKC", text))
    for match in NUMBER.finditer(text):
        unit = UNIT_BEHIND.match(text, match.end())
        yield Decimal(match.group().replace(",", "")), unit.group(1) if unit else ""


def prints(text: str, gold: Gold) -> bool:
    """True where the text prints the figure: with a unit, or bare where a unit named elsewhere (a table's header) fits."""
    headers = [gold.unit, *(unit for unit in UNITS if unit in text)]
    return any(any(same_value(gold, value, u) for u in ([unit] if unit else headers)) for value, unit in text_to_numbers(text))


def names_money(text: str) -> bool:
    """True where the text prints an amount of money with its unit."""
    return any(unit in MONEY for _, unit in text_to_numbers(text))
