"""How likely a character is after others: general Chinese, budget terms and one document's own words.

Pure counting, no library. Text is a string of symbols: a Chinese character stands for itself, a number or a Latin word for one class
character (see `token_to_symbol`), so that counts of one year's amounts help with another's.
"""

from __future__ import annotations

import lzma
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from math import log

GENERAL_ORDER = 3
DOCUMENT_ORDER = 5
GENERAL_SMOOTHING = (0.0, 20.0, 6.0)
DOCUMENT_SMOOTHING = (0.0, 4.0, 2.0, 1.0, 1.0)
TERM_WEIGHT = 30.0
UNSEEN, VOCABULARY = 0.5, 5000.0
WORD_END = " "  # in the general counts: after a string, how often it ends a word; before a character, how often it begins one

_YEAR = re.compile(r"(?:19|20)\d\d$")
_DECIMAL = re.compile(r"\d[\d,]*\.\d+$")
_NUMBERING = re.compile(r"\d+\.$")
_WIDE = {",": "，", ":": "：", ";": "；", "(": "（", ")": "）"}
_ENTRY = re.compile(r"(.)(\d*)")


def is_number(token: str) -> bool:
    """Tokens that carry a figure; they never change their order."""
    return (token[0].isascii() and token[0].isdigit()) or (len(token) > 1 and token[1].isdigit())


def token_to_symbol(token: str) -> str:
    """One character for a token: itself, or Y (year), D (decimal), P (per cent), L (list number), N (other number), a (Latin word)."""
    if len(token) > 1 and token[0] in "≥≤＞＜><—–~～-":
        return "N"
    if not token.isascii():
        return token if len(token) == 1 else "a"
    if is_number(token):
        if _YEAR.match(token):
            return "Y"
        if _DECIMAL.match(token):
            return "D"
        if token.endswith("%"):
            return "P"
        return "L" if _NUMBERING.match(token) else "N"
    return _WIDE.get(token, "a" if token.isalnum() else token)


def count_ngrams(texts: Iterable[str], order: int, weight: float = 1.0) -> Counter[str]:
    """How often each string of at most `order` symbols occurs."""
    counts: Counter[str] = Counter()
    for text in texts:
        for size in range(1, order + 1):
            for start in range(len(text) - size + 1):
                counts[text[start : start + size]] += weight  # type: ignore[assignment]
    return counts


def counts_to_histories(counts: Mapping[str, float]) -> Counter[str]:
    """How often each history is followed by anything."""
    histories: Counter[str] = Counter()
    for ngram, count in counts.items():
        if len(ngram) > 1:
            histories[ngram[:-1]] += count  # type: ignore[assignment]
    return histories


class General:
    """Character trigrams of general Chinese and of standard budget terms; loaded once a process."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._histories = counts_to_histories(counts)
        self._total = sum(count for ngram, count in counts.items() if len(ngram) == 1)
        self._words = self._histories.get(WORD_END, 0) + VOCABULARY
        self._memory: dict[str, float] = {}

    def probability(self, history: str, symbol: str) -> float:
        history = history[1 - GENERAL_ORDER :]
        ngram = history + symbol
        value = self._memory.get(ngram)
        if value is None:
            value = (self._counts.get(symbol, 0) + UNSEEN) / (self._total + VOCABULARY)
            for size in range(1, len(history) + 1):
                before = history[-size:]
                seen = self._histories.get(before, 0)
                if not seen:
                    break
                smooth = GENERAL_SMOOTHING[size]
                begun = self._counts.get(before + WORD_END, 0) * (self._counts.get(WORD_END + symbol, 0) + UNSEEN) / self._words
                value = (self._counts.get(before + symbol, 0) + begun + smooth * value) / (seen + smooth)
            self._memory[ngram] = value
        return value


class Own:
    """Character 5-grams of one document. What a line itself contributed is left out while that line is judged."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts = count_ngrams(texts, DOCUMENT_ORDER)
        self._histories = counts_to_histories(self._counts)
        self._total = sum(count for ngram, count in self._counts.items() if len(ngram) == 1)
        self._left: Counter[str] = Counter()

    def add(self, texts: Iterable[str], weight: float) -> None:
        """Texts that count `weight` times."""
        more = count_ngrams(texts, DOCUMENT_ORDER, weight)
        self._counts.update(more)
        self._histories.update(counts_to_histories(more))
        self._total += sum(count for ngram, count in more.items() if len(ngram) == 1)

    def leave_out(self, texts: Iterable[str]) -> None:
        for counts, sign in ((self._left, 1), (count_ngrams(texts, DOCUMENT_ORDER), -1)):
            for ngram, count in counts.items():
                self._counts[ngram] += sign * count
                if len(ngram) > 1:
                    self._histories[ngram[:-1]] += sign * count
            self._left = counts

    def probability(self, history: str, symbol: str) -> float:
        counts, histories = self._counts, self._histories
        value = (counts.get(symbol, 0) + UNSEEN) / (self._total + VOCABULARY)
        for size in range(1, min(len(history), DOCUMENT_ORDER - 1) + 1):
            before = history[-size:]
            seen = histories.get(before, 0)
            if seen <= 0:
                break
            smooth = DOCUMENT_SMOOTHING[size]
            value = (counts.get(before + symbol, 0) + smooth * value) / (seen + smooth)
        return value


class Language:
    """Log likelihood (nats) of a symbol after a history: half general Chinese, half the document's own."""

    def __init__(self, general: General, own: Own, own_share: float = 0.35) -> None:
        self._general, self._own, self._share = general, own, own_share
        self.memory: dict[str, float] = {}  # by history (at most four symbols) and symbol

    def leave_out(self, texts: Iterable[str]) -> None:
        self._own.leave_out(texts)
        self.memory = {}

    def log_likelihood(self, history: str, symbol: str) -> float:
        history = history[1 - DOCUMENT_ORDER :]
        key = history + symbol
        value = self.memory.get(key)
        if value is None:
            value = log(
                self._share * self._own.probability(history, symbol) + (1 - self._share) * self._general.probability(history, symbol)
            )
            self.memory[key] = value
        return value


def parse_counts(lines: Iterable[str]) -> Counter[str]:
    """The counts of lines like `财\t政1200务300`: a history, then each next character with its count (none for 1)."""
    counts: Counter[str] = Counter()
    for line in lines:
        history, _, followers = line.partition("\t")
        for symbol, count in _ENTRY.findall(followers):
            counts[history + symbol] = int(count or 1)
    return counts


@cache
def general() -> General:
    """The bundled counts: general Chinese (`ngrams.txt.xz`) and the standard terms (`terms.txt`)."""
    folder = files("index")
    counts = parse_counts(lzma.decompress((folder / "ngrams.txt.xz").read_bytes()).decode("utf-8").splitlines())
    terms = [line for line in (folder / "terms.txt").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    counts.update(count_ngrams(terms, GENERAL_ORDER, TERM_WEIGHT))
    return General(counts)
