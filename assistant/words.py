"""Chinese words: their boundaries and classes, and place names.

A place that no indexed body has is recognised, so that 南山区工信局 is never answered with 龙岗区's figures.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from index.errors import require


@lru_cache(maxsize=8192)
def tag_words(text: str) -> list[tuple[str, str]]:
    """Words with their classes, by the dictionary of rjieba."""
    rjieba = require("rjieba", "分词", "pip install rjieba")
    return [(str(word), str(kind)) for word, kind in rjieba.tag(text)]


def simplified(text: str) -> str:
    """Traditional characters as simplified ones; text without any comes back as it is."""
    if all(_in_gb2312(c) for c in text if "\u4e00" <= c <= "\u9fff"):
        return text
    converter = _converter()
    return str(converter.convert(text))


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=1)
def _converter() -> Any:
    return require("opencc", "识别繁体字", "pip install opencc-python-reimplemented").OpenCC("t2s")


@lru_cache(maxsize=4096)
def place_before(text: str) -> int | None:
    """Start of the place name (省/市/区/县 …) that ``text`` ends with; None where it ends with something else.

    The dictionary's word classes decide: 请问市 is no place, 杭州市 is.
    """
    tagged = tag_words(text)
    if not tagged or tagged[-1][1] != "ns" or len(tagged[-1][0]) < 2 or tagged[-1][0][0] in "里中内":
        return None  # 目标里市局: no 里市
    return len(text) - len(tagged[-1][0])
