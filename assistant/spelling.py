"""Misspelt items: one character of a printed label replaced by another that sounds the same (咨洵费 for 咨询费)."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.sounds import syllable

SHORTEST, LONGEST = 3, 12  # characters of a label: two that sound alike (水费, 税费) may both be meant


def respelled(text: str, labels: Iterable[str], taken: Iterable[tuple[int, int]] = ()) -> tuple[str, str] | None:
    """What stands in the flat question and the printed label it means; None where no label or more than one is that near.

    ``taken`` are spans that name something else (bodies, years).
    """
    free = [True] * len(text)
    for start, end in taken:
        free[start:end] = [False] * (end - start)
    found: set[tuple[str, str]] = set()
    for label in set(labels):
        size = len(label)
        if not SHORTEST <= size <= LONGEST or label in text:
            continue
        for at in range(len(text) - size + 1):
            if all(free[at : at + size]) and one_sound_off(text[at : at + size], label):
                found.add((text[at : at + size], label))
    return next(iter(found)) if len(found) == 1 else None


def one_sound_off(typed: str, label: str) -> bool:
    """True where exactly one character differs, and sounds the same."""
    off = -1
    for i, (a, b) in enumerate(zip(typed, label, strict=True)):
        if a != b:
            if off >= 0:
                return False
            off = i
    return (
        off >= 0
        and "\u4e00" <= typed[off] <= "\u9fff"
        and "\u4e00" <= label[off] <= "\u9fff"
        and syllable(typed[off]) == syllable(label[off])
    )
