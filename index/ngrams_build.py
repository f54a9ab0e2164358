"""Builds `ngrams.txt.xz` again: `python -m index.ngrams_build [FILE]` (needs jieba, extra `samples`). Not imported at run time.

The only source is jieba's word frequencies: how often characters stand side by side inside words, and how often a word ends
after them (what comes next is then the start of any word). No running text is needed, and none is kept.
"""

from __future__ import annotations

import lzma
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import groupby
from pathlib import Path

from index.ngrams import GENERAL_ORDER, WORD_END

MARKS = {  # how many of a hundred characters of administrative prose are marks and numbers, which a dictionary does not count
    "，": 4.0,
    "。": 1.8,
    "、": 2.5,
    "：": 0.4,
    "；": 0.5,
    "（": 0.6,
    "）": 0.6,
    "“": 0.3,
    "”": 0.3,
    "《": 0.2,
    "》": 0.2,
    "—": 0.1,
    "N": 3.0,
}
SCALE = 50.0  # occurrences in the dictionary's corpus that count as one
LEAST = 1  # what is seen less often is left out


def dictionary() -> dict[str, float]:
    """jieba's words of Chinese characters and how often each occurs."""
    words: dict[str, float] = {}
    for line in (files("jieba") / "dict.txt").read_text("utf-8").splitlines():
        word, count, _ = line.split(" ")
        if all("\u4e00" <= c <= "\u9fff" for c in word):
            words[word] = float(count)
    return words


def with_marks(words: Mapping[str, float]) -> dict[str, float]:
    """Marks and numbers added as words of their own, in the shares that `MARKS` names."""
    characters = sum(len(word) * count for word, count in words.items())
    return {**words, **{mark: share / 100 * characters for mark, share in MARKS.items()}}


def words_to_counts(words: Mapping[str, float]) -> Counter[str]:
    """Strings of at most three characters inside words; a string with `WORD_END` after it ends a word, `WORD_END` before it begins one."""
    counts: Counter[str] = Counter()
    for word, count in words.items():
        weight = count / SCALE
        for size in range(1, GENERAL_ORDER + 1):
            for start in range(len(word) - size + 1):
                counts[word[start : start + size]] += weight  # type: ignore[assignment]
        for size in range(1, min(len(word), GENERAL_ORDER - 1) + 1):
            counts[word[-size:] + WORD_END] += weight  # type: ignore[assignment]
        counts[WORD_END + word[0]] += weight  # type: ignore[assignment]
    return Counter({ngram: round(count) for ngram, count in counts.items() if round(count) >= LEAST})


def counts_to_lines(counts: Mapping[str, int]) -> Iterable[str]:
    """One line a history: the history, a tab, then each next character with its count (none for 1)."""
    for history, ngrams in groupby(sorted(counts), key=lambda ngram: ngram[:-1]):
        yield history + "\t" + "".join(f"{n[-1]}{counts[n] if counts[n] > 1 else ''}" for n in ngrams)


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("ngrams.txt.xz")
    lines = counts_to_lines(words_to_counts(with_marks(dictionary())))
    target.write_bytes(lzma.compress(("\n".join(lines) + "\n").encode("utf-8"), preset=9))
    print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
