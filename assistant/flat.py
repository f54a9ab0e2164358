"""The form in which questions and labels are compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LEADER = re.compile(r"^(?:[一二三四五六七八九十]+[、.]|[(（][一二三四五六七八九十\d]+[)）][、.]?|\d{1,2}[.、)）](?!\d)|[⒈-⒛①-⑳])")
WITHIN = re.compile(r"^其中[:：]|^(?:加|减)[:：]")
QUOTES = re.compile(r"[\s“”\"'‘’「」『』《》〈〉·]+")


@lru_cache(maxsize=200_000)
def flat(text: str) -> str:
    """NFKC, lower case, no blanks, no quotation marks: the form in which questions and labels are compared."""
    return QUOTES.sub("", unicodedata.normalize("NFKC", text).lower()).replace("——", "—").replace("--", "—")


@lru_cache(maxsize=200_000)
def core(label: str) -> str:
    """A label without its numbering and 其中：."""
    text = flat(label)
    for _ in range(2):
        text = WITHIN.sub("", LEADER.sub("", text))
    return text or flat(label)
