"""The sound of a word, for misspellings: people type 公物接待费 and mean 公务接待费."""

from __future__ import annotations

from functools import lru_cache

from index.errors import require


@lru_cache(maxsize=20_000)
def syllable(char: str) -> str:
    """Toneless pinyin of one Chinese character; the character itself where it has none."""
    pypinyin = require("pypinyin", "识别同音错别字", "pip install pypinyin")
    found: list[str] = pypinyin.lazy_pinyin(char)
    return found[0] if found else char


def sound(text: str) -> str:
    """Toneless pinyin of a word, syllables separated by blanks."""
    return " ".join(syllable(c) for c in text)
