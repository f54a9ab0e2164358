"""The lines of a table in a text file that keeps its layout → words with their places, and the strips they stand in.

Places count characters of the line. Extractors push what stands further right, so that the same column may begin a few
characters apart in two lines of a page; but what is printed left of something else never ends up right of it, so the
words of two columns do not cross on one page.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.amounts import cell_to_value
from index.columns import YEAR
from index.forms import form_words

SPREAD = 8  # blanks by which the letters of one word may be set apart (合     计)
AMOUNT = re.compile(r"^-?\d[\d,]*\.\d+%?$|^-?\d{1,3}(?:,\d{3})+$|^-?\d+%$|^0$")
CODE = re.compile(r"^\d{2,9}$")
HAN = re.compile(r"[\u4e00-\u9fff]")
LETTERS = frozenset("类款项目")  # headers of one letter that stand side by side

_NUMBERING = re.compile(r"^(?:栏次|行次)$")
_CHUNK = re.compile(r"\S+(?: \S+)*")


@dataclass(frozen=True, slots=True)
class Word:
    """What stands together in one line, without its blanks: columns ``start <= x < end`` of the line ``line``."""

    text: str
    start: int
    end: int
    line: int

    @property
    def number(self) -> bool:
        return cell_to_value(self.text) is not None and not YEAR.match(self.text)

    @property
    def amount(self) -> bool:
        """A figure that is no code and no line number."""
        return bool(AMOUNT.match(self.text))

    @property
    def centre(self) -> float:
        return (self.start + self.end) / 2


def line_words(text: str, line: int, header: bool = False) -> list[Word]:
    """The words of a line. In a header every blank parts two words, elsewhere one blank parts figures and codes alone."""
    words: list[Word] = []
    spread: list[bool] = []
    for chunk in _CHUNK.finditer(text):
        for word, letters in _chunk_words(chunk[0], chunk.start(), line, header):
            last = words[-1] if words else None
            near = last is not None and letters and spread[-1] and word.start - last.end <= SPREAD
            if last and near and not _side_by_side(last, word) and not (header and _end_two(last, word)):
                words[-1] = Word(last.text + word.text, last.start, word.end, line)
            else:
                words.append(word)
                spread.append(letters)
    return words


def _side_by_side(left: Word, right: Word) -> bool:
    return set(left.text + right.text) <= LETTERS and left.text + right.text != "项目"


def _end_two(left: Word, right: Word) -> bool:
    """Letters that begin no header together: the last lines of two wrapped ones."""
    text = left.text + right.text
    return not any(word.startswith(text) for word in ("金额", "备注", *form_words()))


def _chunk_words(chunk: str, at: int, line: int, header: bool) -> Iterator[tuple[Word, bool]]:
    """The words of a piece without wide gaps, and whether each is made of letters set apart."""
    parts = list(re.finditer(r"\S+", chunk))
    if all(len(part[0]) == 1 and HAN.match(part[0]) for part in parts) and not {part[0] for part in parts} <= LETTERS:
        yield Word("".join(part[0] for part in parts), at + parts[0].start(), at + parts[-1].end(), line), True
        return
    start = 0
    for i, part in enumerate(parts):
        if i + 1 < len(parts) and not (header or _apart(part[0], parts[i + 1][0])):
            continue
        run = parts[start : i + 1]
        word = Word("".join(p[0] for p in run), at + run[0].start(), at + run[-1].end(), line)
        yield word, len(word.text) == 1 and bool(HAN.match(word.text))
        start = i + 1


def _apart(left: str, right: str) -> bool:
    if AMOUNT.match(left) or AMOUNT.match(right):
        return True
    return bool(CODE.match(left)) and (bool(CODE.match(right)) or bool(HAN.match(right))) and not right.startswith("年")


@dataclass(frozen=True, slots=True)
class Strip:
    """A run of places that words below each other fill."""

    words: tuple[Word, ...]

    @property
    def start(self) -> int:
        return min(word.start for word in self.words)

    @property
    def end(self) -> int:
        return max(word.end for word in self.words)

    @property
    def numeric(self) -> bool:
        return sum(word.number for word in self.words) * 2 > len(self.words)

    @property
    def kind(self) -> str:
        """``amount``, ``code`` (bare digits) or ``text``."""
        if sum(word.amount for word in self.words) * 2 > len(self.words):
            return "amount"
        return "code" if self.numeric else "text"


def words_to_strips(words: Sequence[Word]) -> list[Strip]:
    """Strips from left to right; words that touch or cross are in one strip, amounts apart from words.

    What stands right behind an amount, and an amount right behind a word, may have been pushed to the right; such words
    join the strip of their kind that they share most with.
    """
    pushed = _pushed(words)
    strips = [strip for amounts in (False, True) for strip in _joined([w for w in words if w not in pushed and w.amount == amounts])]
    strips = _in_order(strips)
    for line in by_line(words).values():
        for at, word in enumerate(line):
            if word not in pushed:
                continue
            left = next((i for i in range(len(strips) - 1, -1, -1) if at and line[at - 1] in strips[i]), -1)
            right = next((i for i, strip in enumerate(strips) if at + 1 < len(line) and line[at + 1] in strip), len(strips))
            near = [i for i in range(left + 1, right) if _touches(strips[i], word) and strips[i][0].amount == word.amount]
            best = max(near, key=lambda i: min(_span(strips[i])[1], word.end) - max(_span(strips[i])[0], word.start), default=None)
            if best is None:
                strips.insert(left + 1 if left >= 0 else right, [word])
            else:
                strips[best].append(word)
    return [Strip(tuple(strip)) for strip in strips]


def _touches(strip: Sequence[Word], word: Word) -> bool:
    start, end = _span(strip)
    return start < word.end and word.start < end


def _in_order(strips: list[list[Word]]) -> list[list[Word]]:
    """Strips of amounts among those of words; amounts and words that share their places, but no line, are one column."""
    ordered: list[list[Word]] = []
    for strip in sorted(strips, key=lambda s: (_span(s)[0] + _span(s)[1], _span(s)[0])):
        last = ordered[-1] if ordered else None
        if last is not None and last[0].amount != strip[0].amount:
            (a, b), (c, d) = _span(last), _span(strip)
            shared = min(b, d) - max(a, c)
            if 2 * shared >= min(b - a, d - c) and not {w.line for w in last} & {w.line for w in strip}:
                last.extend(strip)
                continue
        ordered.append(strip)
    return ordered


def _pushed(words: Sequence[Word]) -> frozenset[Word]:
    found = set()
    for line in by_line(words).values():
        for left, right in itertools.pairwise(line):
            if right.start - left.end <= 1 and (left.amount or right.amount):
                found.add(right)
    return frozenset(found)


def _joined(words: Sequence[Word]) -> list[list[Word]]:
    strips: list[list[Word]] = []
    end = 0
    for word in sorted(words, key=lambda w: (w.start, w.end)):
        if strips and word.start < end:
            strips[-1].append(word)
        else:
            strips.append([word])
        end = max(end, word.end)
    return strips


def bridging_words(words: Sequence[Word]) -> list[Word]:
    """Words that stand over the gaps which others leave free, so that what is apart in most lines seems one column."""
    found: list[Word] = []
    left = [word for word in words if not word.amount]
    while True:
        over = [word for strip in _joined(left) if (pairs := _pairs(strip)) for word in strip if _is_over(word, pairs)]
        if not over:
            return found
        widest = max(over, key=lambda w: w.end - w.start)
        found.append(widest)
        left.remove(widest)


def _pairs(strip: Sequence[Word]) -> list[tuple[Word, Word]]:
    return [pair for line in by_line(strip).values() for pair in itertools.pairwise(line)]


def _is_over(word: Word, pairs: Sequence[tuple[Word, Word]]) -> bool:
    """Does a word cross what is free in most of the lines that have words on both of its sides?"""
    crossed = sum(word.start < a.end and b.start < word.end for a, b in pairs)
    return crossed * 2 >= len(pairs) and crossed > 0


def _span(strip: Sequence[Word]) -> tuple[int, int]:
    return min(word.start for word in strip), max(word.end for word in strip)


def crowded(strip: Strip) -> bool:
    """Does the strip hold two figures of one line?"""
    lines = [word.line for word in strip.words if word.number]
    return len(set(lines)) < len(lines)


def by_line(words: Sequence[Word]) -> dict[int, list[Word]]:
    """The words of each line, from left to right."""
    lines: dict[int, list[Word]] = {}
    for word in sorted(words, key=lambda w: (w.line, w.start)):
        lines.setdefault(word.line, []).append(word)
    return lines


def is_numbering(words: Sequence[Word]) -> bool:
    """栏次 1 2 3: numbers of columns, no figures."""
    if any(_NUMBERING.match(w.text) for w in words):
        return any(w.text.isdigit() for w in words) and all(w.text.isdigit() or _NUMBERING.match(w.text) for w in words)
    numbers = [int(w.text) for w in words if w.text.isdigit() and len(w.text) <= 2]
    return len(numbers) == len(words) >= 3 and all(b == a + 1 for a, b in itertools.pairwise(numbers))
