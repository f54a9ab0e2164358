"""A text file that keeps its page's layout (columns aligned by blanks, as ``pdftotext -layout`` writes) → Document.

The place of a character in its line says which column it stands in, so the lines are set on a page of their own, one
character beside the other, and read like a page without ruling lines. Heights on that page count lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from index.domain import Block, Glyph, Heading, Page, Para
from index.headings import squash, text_to_level, without_leader
from index.layout import PageStream
from index.readers.flow import STEP, placed_block

SIZE = 10.0  # points: every character is set in this size
LEAST = 5  # so many lines with aligned amounts make a file with a layout …
LEAST_SHARE = 0.3  # … where they are this share of the lines with amounts
SPREAD_SHARE = 0.6  # a line is spread over its width where so many of its words are single characters
OPEN_LENGTH = 20  # characters; a shorter line without a full stop is a line of its own
INDENTED = 8  # blanks; a paragraph is not indented so far
PUSHED_MOST = 4  # characters by which a word may be pushed out of its column

_AMOUNT = re.compile(r"\d[\d,]*\.\d\d")
_ALIGNED = re.compile(r"\S\s{3,}-?\d[\d,]*\.\d\d")
_PUSHED = re.compile(r"\s{2,}(?P<amount>-?\d[\d,]*\.\d\d)(?=\s\S*[\u4e00-\u9fff])")
_WORD = re.compile(r"(?:^|(?<=\S))\s{2,}(?=[\u4e00-\u9fff（])")
_GAP = re.compile(r"\S\s{2,}\S")
_PAGE_NUMBER = re.compile(r"^\s*[-—–－]?\s*\d{1,4}\s*[-—–－]?\s*$|^\s*第?\s*\d{1,4}\s*页(?:\s*共\s*\d+\s*页)?\s*$")


def is_laid_out(lines: Sequence[str]) -> bool:
    """Do the amounts stand in columns that blanks align?"""
    amounts = sum(bool(_AMOUNT.search(line)) for line in lines)
    aligned = sum(bool(_ALIGNED.search(line)) for line in lines)
    return aligned >= LEAST and aligned >= LEAST_SHARE * amounts


def laid_out_blocks(lines: Sequence[str], doc_id: str) -> tuple[Block, ...]:
    """Headings, paragraphs and tables in reading order; ``line`` counts from 1, there are no pages."""
    rows = _rows(lines)
    glyphs = [glyph for row, text in enumerate(_straightened([lines[i] for i in rows])) for glyph in _line_to_glyphs(text, row * STEP)]
    width = max((glyph.x1 for glyph in glyphs), default=SIZE) + SIZE
    stream = PageStream(doc_id)
    stream.feed(Page(1, width, (len(rows) + 1) * STEP, tuple(glyphs), ()))
    return tuple(_numbered(placed_block(block, {1: None}), rows) for block in stream.finish())


def _rows(lines: Sequence[str]) -> list[int]:
    """The lines that are read, by index: without contents and page numbers, and without the blank lines of a page break
    inside a table or a sentence."""
    contents = _contents(lines)
    found: list[int] = []
    blanks: list[int] = []
    for i, line in enumerate(lines):
        if i in contents or _PAGE_NUMBER.match(line) or not line.strip():
            blanks.append(i)
            continue
        if blanks and found and not _goes_on(lines[found[-1]], line):
            found.append(blanks[0])
        blanks = []
        found.append(i)
    return found


def _goes_on(above: str, below: str) -> bool:
    """Two rows of a table, or a sentence that the next line ends."""
    if _is_parted(above) and _is_parted(below):
        return True
    open_end = len(above.strip()) >= OPEN_LENGTH and above.rstrip()[-1] not in "。；：！？;:!?"
    return open_end and not below.startswith("  ") and text_to_level(above) is None


def _straightened(lines: Sequence[str]) -> list[str]:
    """A long amount pushes what follows it to the right; its end is put back where the column's amounts end, and the next
    word where it stands in the other lines."""
    straight = list(lines)
    for block in _blocks(lines):
        ends = {i: match.end("amount") for i in block if (match := _PUSHED.search(lines[i]))}
        starts = [end + 1 for end in ends.values()]
        unpushed = [match.end() for i in block if i not in ends for match in _WORD.finditer(lines[i])]
        near = [x for x in (*starts, *unpushed) if starts and 0 <= min(starts) - x <= PUSHED_MOST]
        for i, end in ends.items():
            over = end + 1 - min(near)
            straight[i] = _moved(lines[i], end, over) if 0 < over <= 2 * PUSHED_MOST else lines[i]
    return straight


def _moved(line: str, end: int, over: int) -> str:
    """The line with the amount that ends at an offset, and the word after it, moved to the left; the rest stays."""
    start = end - len(re.findall(r"\S+$", line[:end])[0])
    word = re.match(r"\s\S+", line[end:])
    if word is None or not line[start - over - 1 : start].isspace():
        return line
    rest = line[end + word.end() :]
    return line[: start - over] + line[start:end] + word[0] + (" " * over if rest.strip() else "") + rest


def _blocks(lines: Sequence[str]) -> Iterable[list[int]]:
    """Runs of lines that are parted by wide gaps."""
    for parted, group in groupby(range(len(lines)), key=lambda i: _is_parted(lines[i])):
        if parted:
            yield list(group)


def _is_parted(line: str) -> bool:
    """Words with a wide gap between them, or before them: a row whose left cells are blank."""
    return bool(_GAP.search(line.strip())) or line.startswith(" " * INDENTED)


def _numbered(block: Block, rows: Sequence[int]) -> Block:
    """The block with the file's own line numbers."""

    def line(number: int | None) -> int | None:
        return None if number is None else rows[min(number, len(rows)) - 1] + 1

    if isinstance(block, Heading):
        return replace(block, line=line(block.line))
    if isinstance(block, Para):
        return replace(block, line=line(block.line), spans=tuple(replace(span, line=line(span.line)) for span in block.spans))
    cells = [tuple(replace(cell, line=line(cell.line)) for cell in row.cells) for row in block.rows]
    placed = tuple(replace(row, line=line(row.line), cells=own) for row, own in zip(block.rows, cells, strict=True))
    return replace(block, line=line(block.line), rows=placed)


def _contents(lines: Sequence[str]) -> range:
    """The lines of a table of contents: from the word 目录 to where its first entry is printed again."""
    start = next((i for i, line in enumerate(lines) if squash(line) in ("目录", "目次")), None)
    if start is None:
        return range(0)
    first = ""
    for i, line in enumerate(lines[start + 1 :], start + 1):
        flat = squash(without_leader(line))
        if flat and flat == first:
            return range(start, i)
        first = first or flat
    return range(0)


def _line_to_glyphs(line: str, top: float) -> Iterable[Glyph]:
    """A line of a table by its columns; a line of prose as it is printed, ASCII half as wide as the rest."""
    indent = len(line) - len(line.lstrip())
    text = line.strip()
    table = bool(_GAP.search(text))
    if not table and _is_spread(text):
        text = re.sub(r"\s+", "", text)
    x = indent * SIZE
    for char in text:
        step = SIZE / 2 if char.isascii() and not table else SIZE
        if not char.isspace():
            yield Glyph(char, x, top, x + step, top + SIZE, SIZE)
        x += step


def _is_spread(text: str) -> bool:
    """A justified line is written with a blank between all of its characters."""
    words = text.split()
    return len(words) > 5 and sum(len(word) == 1 for word in words) >= SPREAD_SHARE * len(words)
