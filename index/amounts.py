"""Printed amounts → Decimal and unit; and back.

Pure and dependency-free. A value keeps the decimals it was printed with (``Decimal("8780.00")``), so that answers
can print what the page prints.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

MONEY: dict[str, Decimal] = {
    "元": Decimal(1),
    "千元": Decimal(1000),
    "万元": Decimal(10_000),
    "百万元": Decimal(1_000_000),
    "亿元": Decimal(100_000_000),
    "万": Decimal(10_000),
    "亿": Decimal(100_000_000),
}
RATIO: dict[str, Decimal] = {"%": Decimal(1), "个百分点": Decimal(1), "百分点": Decimal(1), "‰": Decimal("0.1")}
BLANKS = {"", "-", "--", "—", "——", "–", "/", "…"}

# A whole cell that is one number: optional sign or brackets, thousands separators, decimals, percent sign.
NUMBER_CELL = re.compile(r"^[-−－+]?\(?[¥￥]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?\)?%?$")
# A number inside running text, not part of a longer digit string or code.
NUMBER_TEXT = re.compile(r"(?<![\d.,A-Za-z])[-−－]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d])")

CHINESE_DIGIT = {c: i for d in ("零一二三四五六七八九", "〇壹贰叁肆伍陆柒捌玖") for i, c in enumerate(d)} | {"两": 2}
CHINESE_STEP = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
CHINESE_GROUP = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
CHINESE_NUMBER = re.compile(r"[零〇一二两三四五六七八九壹贰叁肆伍陆柒捌玖十拾百佰千仟万萬亿億]+(?:点[零〇一二三四五六七八九]+)?")


class Amount(NamedTuple):
    """A value with the unit it was stated in."""

    value: Decimal
    unit: str


def normalise(text: str) -> str:
    """NFKC (full-width digits, ％, ，between digits) with unified minus signs; spaces kept."""
    text = unicodedata.normalize("NFKC", text)
    return text.replace("−", "-").replace("﹣", "-").replace("﹐", ",")


def cell_to_value(text: str | None) -> Decimal | None:
    """The number a cell prints, or None where it is blank, a dash or not one number. ``(1.00)`` is negative."""
    if text is None:
        return None
    flat = re.sub(r"\s+", "", normalise(text))
    if flat in BLANKS or not NUMBER_CELL.match(flat):
        return None
    negative = flat[0] == "-" or "(" in flat
    digits = re.sub(r"[^\d.]", "", flat)
    value = Decimal(digits)
    return -value if negative else value


def is_number_cell(text: str | None) -> bool:
    """True where the cell is exactly one printed number."""
    return cell_to_value(text) is not None


def chinese_to_int(text: str) -> int | None:
    """三百二十 → 320, 十二 → 12, 二〇二四 → 2024, 两万 → 20000; None where the text is no numeral."""
    if not text or any(c not in CHINESE_DIGIT and c not in CHINESE_STEP and c not in CHINESE_GROUP for c in text):
        return None
    if all(c in CHINESE_DIGIT for c in text):
        return int("".join(str(CHINESE_DIGIT[c]) for c in text))
    total = group = digit = 0
    for c in text:
        if c in CHINESE_DIGIT:
            digit = CHINESE_DIGIT[c]
        elif c in CHINESE_STEP:
            group += (digit or 1) * CHINESE_STEP[c]
            digit = 0
        elif CHINESE_GROUP[c] == 100_000_000:
            total = (total + group + digit or 1) * CHINESE_GROUP[c]
            group = digit = 0
        else:
            total += (group + digit or 1) * CHINESE_GROUP[c]
            group = digit = 0
    return total + group + digit


def unit_kind(unit: str) -> str:
    """``money``, ``ratio`` or ``count``."""
    return "money" if unit in MONEY else "ratio" if unit in RATIO else "count"


def convert(value: Decimal, unit: str, wanted: str) -> Decimal | None:
    """The same amount in another unit of its kind, exact; None where the kinds differ."""
    for table in (MONEY, RATIO):
        if unit in table and wanted in table:
            return value * table[unit] / table[wanted]
    return value if unit == wanted else None


def round_half_up(value: Decimal, decimals: int) -> Decimal:
    """Commercial rounding, as budgets round."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def to_unit(value: Decimal, unit: str, wanted: str) -> Decimal | None:
    """Convert for printing: exact into a smaller unit; into a larger one at least two decimals and four significant digits."""
    exact = convert(value, unit, wanted)
    if exact is None or unit == wanted:
        return exact
    if MONEY.get(wanted, Decimal(0)) <= MONEY.get(unit, Decimal(0)):
        decimals = max(0, -int(exact.normalize().as_tuple().exponent))
        return round_half_up(exact, decimals)
    decimals = 2 if exact == 0 else max(2, 3 - exact.adjusted())
    return round_half_up(exact, decimals)


def format_value(value: Decimal) -> str:
    """Thousands separators, the decimals the value carries: 9,233.81."""
    return f"{value:,f}"


def format_amount(value: Decimal, unit: str) -> str:
    """9,233.81万元; -18.00 keeps its sign."""
    return f"{format_value(value)}{unit}"
