"""Printed amounts: exact decimals, blanks that are not zero, units that convert without loss."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.amounts import MONEY, cell_to_value, chinese_to_int, convert, format_value, round_half_up, to_unit, unit_kind

AMOUNTS = st.decimals(min_value=-(10**10), max_value=10**10, places=2, allow_nan=False, allow_infinity=False)


@given(AMOUNTS)
def test_printed_value_reads_back_exactly(value: Decimal) -> None:
    assert cell_to_value(format_value(value)) == value


@given(AMOUNTS)
def test_full_width_digits_are_the_same_number(value: Decimal) -> None:
    wide = format_value(value).translate({ord(a): b for a, b in zip("0123456789,.-", "０１２３４５６７８９，．－", strict=True)})
    assert cell_to_value(wide) == value


@given(AMOUNTS, st.sampled_from(sorted(MONEY)), st.sampled_from(sorted(MONEY)))
def test_conversion_and_back_loses_nothing(value: Decimal, unit: str, wanted: str) -> None:
    there = convert(value, unit, wanted)
    assert there is not None and convert(there, wanted, unit) == value


@given(st.decimals(min_value=1, max_value=10**9, places=2), st.sampled_from(["元", "万元"]))
def test_coarser_unit_keeps_four_significant_digits(value: Decimal, unit: str) -> None:
    shown = to_unit(value, unit, "亿元")
    exact = convert(value, unit, "亿元")
    assert shown is not None and exact is not None
    assert abs(shown - exact) <= abs(exact) * Decimal("0.0005")


@pytest.mark.parametrize("text", [None, "", " ", "-", "--", "—", "——", "/", "无", "预算", "1.2.3", "12,34"])
def test_blank_dash_and_words_are_no_number(text: str | None) -> None:
    assert cell_to_value(text) is None


def test_zero_is_zero_and_brackets_are_negative() -> None:
    assert cell_to_value("0.00") == Decimal("0.00")
    assert cell_to_value("(18.00)") == Decimal("-18.00")
    assert cell_to_value("-18.00") == Decimal("-18.00")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("十二", 12),
        ("三百二十", 320),
        ("二〇二四", 2024),
        ("两万", 20_000),
        ("一亿二千万", 120_000_000),
        ("三万亿", 3_000_000_000_000),
        ("预算", None),
        ("", None),
    ],
)
def test_chinese_numerals(text: str, value: int | None) -> None:
    assert chinese_to_int(text) == value


def test_rounding_is_commercial_and_kinds_never_mix() -> None:
    assert round_half_up(Decimal("2.675"), 2) == Decimal("2.68")
    assert convert(Decimal(1), "万元", "%") is None
    assert (unit_kind("亿元"), unit_kind("%"), unit_kind("辆")) == ("money", "ratio", "count")
