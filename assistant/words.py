"""Chinese words: their boundaries and classes, and place names.

A place that no indexed body has is recognised, so that 南山区工信局 is never answered with 龙岗区's figures.
"""

from __future__ import annotations

from functools import lru_cache

from index.errors import require


@lru_cache(maxsize=8192)
def tag_words(text: str) -> list[tuple[str, str]]:
    """Words with their classes, by the dictionary of rjieba."""
    rjieba = require("rjieba", "分词", "pip install rjieba")
    return [(str(word), str(kind)) for word, kind in rjieba.tag(text)]


@lru_cache(maxsize=4096)
def place_before(text: str) -> int | None:
    """Start of the place name (省/市/区/县 …) that ``text`` ends with; None where it ends with something else.

    The dictionary's word classes decide: 请问市 is no place, 杭州市 is.
    """
    tagged = tag_words(text)
    if not tagged or tagged[-1][1] != "ns" or len(tagged[-1][0]) < 2:
        return None
    return len(text) - len(tagged[-1][0])
