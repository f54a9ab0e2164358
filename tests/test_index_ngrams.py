"""The counts of general Chinese: what the builder writes is what the reader reads, and a word's end is no dead end."""

from __future__ import annotations

from collections import Counter

import pytest

from index.ngrams import WORD_END, General, general, parse_counts
from index.ngrams_build import counts_to_lines, with_marks, words_to_counts

WORDS = {"财政": 2000.0, "财务": 400.0, "政府": 3000.0, "预算": 1000.0, "的": 9000.0}


def test_built_lines_are_read_back_as_the_same_counts() -> None:
    counts = words_to_counts(with_marks(WORDS))
    assert parse_counts(counts_to_lines(counts)) == counts
    assert counts["财" + WORD_END] == 0 and counts["政" + WORD_END] > 0


def test_after_a_word_any_word_may_begin() -> None:
    built = General(Counter(words_to_counts(WORDS)))
    assert built.probability("财政", "预") > built.probability("财政", "务")
    assert built.probability("财", "政") > built.probability("财", "务") > built.probability("财", "预")


@pytest.mark.parametrize("history, likely, odd", [("采", "购", "训"), ("培", "训", "购"), ("财政拨", "款", "费")])
def test_bundled_counts_know_common_words(history: str, likely: str, odd: str) -> None:
    assert general().probability(history, likely) > 10 * general().probability(history, odd)
