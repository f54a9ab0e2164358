"""Word search for Chinese: BM25 over dictionary words, single characters and numbers.

Words alone miss a paraphrase (经费 against 费用), characters alone drown in chance matches; together they do best.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from index.errors import require

INSTALL = "pip install ."
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?%?")
WORD = re.compile(r"\w")
CHARACTER = re.compile(r"[\u3400-\u9fff]")


def text_to_tokens(text: str) -> list[str]:
    """Words (of two characters and more, and Latin ones), then characters, then numbers without separators."""
    rjieba = require("rjieba", "中文分词", INSTALL)
    text = unicodedata.normalize("NFKC", text).lower()
    rest = NUMBER.sub(" ", text)
    words = [w for w in rjieba.cut_for_search(rest) if WORD.search(w) and not (len(w) == 1 and CHARACTER.match(w))]
    return words + CHARACTER.findall(rest) + [n.replace(",", "") for n in NUMBER.findall(text)]


class LexicalIndex:
    """BM25 over the texts; places are their positions."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._count = len(texts)
        tokens = [text_to_tokens(text) for text in texts]
        self._bm25: Any = None
        if any(tokens):
            self._bm25 = require("bm25s", "关键词检索", INSTALL).BM25()
            self._bm25.index(tokens, show_progress=False)

    def search(self, text: str, k: int, places: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """(place, score) of the best texts among ``places`` (all where None), best first; only those that share a word."""
        import numpy as np

        allowed = range(self._count) if places is None else places
        known = self._bm25.vocab_dict if self._bm25 is not None else {}
        tokens = [token for token in dict.fromkeys(text_to_tokens(text)) if token in known]
        if not tokens or not len(allowed):
            return []
        scores = self._bm25.get_scores(tokens)
        chosen = np.asarray(allowed)
        order = np.argsort(-scores[chosen], kind="stable")[:k]
        return [(int(chosen[n]), float(scores[chosen[n]])) for n in order if scores[chosen[n]] > 0]
