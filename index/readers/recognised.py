"""Recognised text put right where print leaves no doubt: separators of figures, width of punctuation, 人 for 入. No digit is touched."""

from __future__ import annotations

import re

from index.amounts import normalise

DIGITS = re.compile(r"[\d.,， %\-]*\d[\d.,， %\-]*")
_FIGURE = re.compile(r"[-−－+(（]?[\d.,，。 ]*\d[)）]?[%％]?")
_HAN = "\u2e80-\u9fff"
STROKES = "—-–－_一"
BEFORE_IN = "收投转纳列计融"  # 收入, 投入, 转入 …; none of them is ever followed by 人 in a budget's labels
_FULL_WIDTH = {",": "，", ":": "：", ";": "；", "(": "（", ")": "）", "?": "？", "!": "！"}


def mend_text(text: str) -> str:
    """A recognised run with the separators of its figures and the width of its punctuation put right.

    Next to a Chinese character the recogniser takes ： for : and （ for ( at will: there they are full-width.
    """
    text = text.strip()
    if _FIGURE.fullmatch(text):
        return mend_figure(text)
    text = re.sub(r"(?<=\d)，(?=\d{3}(?!\d))", ",", text)
    text = re.sub(r"\d[\d.,]*\d", lambda m: mend_figure(m.group()), text)
    text = re.sub(rf"(?<=[{_HAN}])[,:;()?!]|[(](?=[{_HAN}])|(?<=[（(])[)]", lambda m: _FULL_WIDTH[m.group()], text)
    text = re.sub(r"（([^（）()]*)[)]", r"（\1）", text)
    return re.sub(f"(?<=[{BEFORE_IN}])人(?![{_HAN}])|(?<=[收投])人(?=[合总小支预决情及和与、])", "入", text)


def mend_figure(text: str) -> str:
    """Separators of one printed figure: ``1.234.56`` and ``1, 234.56`` are 1,234.56. No digit is touched.

    Only the last point, before one or two digits, is a decimal point when the groups before it are of three digits;
    whatever does not come out as a well-grouped number stays as recognised.
    """
    flat = re.sub(r"\s*([.,])\s*", r"\1", normalise(text).replace("。", ".").strip())
    match = re.fullmatch(r"([-+(]?)(\d{1,3}(?:[.,]\d{3})+)([.,]\d{1,2})?(\)?%?)", flat)
    if match is None:
        return flat if re.fullmatch(r"[-+(]?\d+(?:\.\d+)?\)?%?", flat) else text
    sign, whole, cents, tail = match.groups()
    if cents is None and whole.count(".") == 1 and "," not in whole:
        return flat  # 1.234 may be either: the page decides, not this function
    if cents is None and re.fullmatch(r"\d{1,3}(?:,\d{3})*\.\d{3}", whole):
        return flat  # three printed decimals
    return sign + whole.replace(".", ",") + (cents or "").replace(",", ".") + tail
