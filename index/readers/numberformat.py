"""A stored number and its spreadsheet number format → the text that the sheet shows.

Covers what budgets use: decimals, thousands separators, per cent, literal text, sections for negative and zero values,
scaling by thousands, padding zeros. Anything else (fractions, exponents) shows the stored number.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal

_BRACKET = re.compile(r"\[[^\]]*\]")
_LITERAL = re.compile(r'"([^"]*)"|\\(.)')
_PADDING = re.compile(r"_.|\*.")
_DIGITS = re.compile(r"[#0?][#0?,]*(?:\.[#0?]+)?,*")


def value_to_text(value: object, number_format: str) -> str:
    """What the sheet shows: 9233.81 under ``#,##0.00`` is 9,233.81; 0.1803 under ``0.00%`` is 18.03%."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float | Decimal):
        return _number(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), number_format or "General")
    if isinstance(value, datetime | date | time):
        return _date(value, number_format)
    return str(value)


def _number(value: Decimal, number_format: str) -> str:
    if not value.is_finite():
        return ""
    sections = [_BRACKET.sub("", part) for part in _split(number_format)]
    if value == 0 and len(sections) > 2:
        section, signed = sections[2], False
    elif value < 0 and len(sections) > 1:
        section, signed = sections[1], False  # the section says itself how it shows the sign
    else:
        section, signed = sections[0], value < 0
    if section.strip().lower() in ("general", "@", "") or re.search(r"[eE][+-]|/|g/", _LITERAL.sub("", section)):
        return _plain(value) if section.strip() or signed else ""
    return _filled(abs(value), section, signed)


def _split(number_format: str) -> list[str]:
    """The sections between semicolons that stand outside quotes."""
    return re.findall(r'(?:"[^"]*"|\\.|[^;"\\])+|(?<=;)(?=;|$)', number_format) or ["General"]


def _filled(value: Decimal, section: str, signed: bool) -> str:
    """The digits of a value in the place of a section's digit marks, its literal text around them."""
    literals: list[str] = []

    def keep(match: re.Match[str]) -> str:
        literals.append(match.group(1) if match.group(1) is not None else match.group(2))
        return f"\ue000{len(literals) - 1}\ue001"

    bare = _PADDING.sub("", _LITERAL.sub(keep, section))
    marks = _DIGITS.search(re.sub("\ue000\\d+\ue001", lambda m: "\ue002" * len(m.group()), bare))
    text = bare
    if marks:
        pattern = marks.group()
        value *= 100 ** bare.count("%")
        value /= Decimal(1000) ** (len(pattern) - len(pattern.rstrip(",")))
        shown = _digits(value, pattern.rstrip(","))
        text = bare[: marks.start()] + ("-" if signed else "") + shown + bare[marks.end() :]
    text = text.replace("?", " ")
    return re.sub("\ue000(\\d+)\ue001", lambda m: literals[int(m.group(1))], text).strip()


def _digits(value: Decimal, pattern: str) -> str:
    whole, _, decimals = pattern.partition(".")
    rounded = value.quantize(Decimal(1).scaleb(-len(decimals)), rounding=ROUND_HALF_UP)
    text = f"{rounded:,f}" if "," in whole else f"{rounded:f}"
    optional = len(decimals) - len(decimals.rstrip("#?"))
    for _ in range(optional):
        if text.endswith("0") and "." in text:
            text = text[:-1]
    digits, dot, rest = text.partition(".")
    if "0" not in whole and digits == "0":
        digits = ""  # as sheets do: # and ? show no lone zero
    return digits.zfill(whole.count("0")) + dot + rest


def _plain(value: Decimal) -> str:
    """A number without a format, free of what binary fractions add: 0.30000000000000004 is 0.3."""
    short = Decimal(format(value, ".15g"))
    return f"{short.normalize():f}" if short != short.to_integral_value() else f"{short.to_integral_value():f}"


def _date(value: datetime | date | time, number_format: str) -> str:
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    if "年" in number_format:
        text = f"{value.year}年"
        if "m" in number_format.lower():
            text += f"{value.month}月"
        return text + (f"{value.day}日" if "d" in number_format.lower() else "")
    return f"{value.year}-{value.month:02d}-{value.day:02d}"
