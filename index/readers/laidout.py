"""A text file that keeps its page's layout (columns aligned by blanks, as ``pdftotext -layout`` writes) → Document.

The place of a character in its line says which column it stands in. The lines of a table become a grid (``index.sheets``),
the others are set on a page of their own and read like a printed page. Heights on that page count lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from index.captions import BODY_NAME, YEAR_LINE
from index.domain import Block, Glyph, Heading, Page, Para
from index.grids import Grid
from index.headings import caption_of, is_toc_line, squash, text_to_level, unit_of, without_leader
from index.layout import NOTE, PageStream
from index.readers.flow import STEP, placed_block
from index.sheetgrids import placed_to_grid
from index.sheets import Placed, SheetLine, page_parts, place_below, place_words, read_sheet
from index.sheetwords import is_numbering, line_words

SIZE = 10.0  # points: every character is set in this size
LEAST = 5  # so many lines with aligned amounts make a file with a layout …
LEAST_SHARE = 0.3  # … where they are this share of the lines with amounts
SPREAD_SHARE = 0.6  # a line is spread over its width where so many of its words are single characters
OPEN_LENGTH = 20  # characters; a shorter line without a full stop is a line of its own
INDENTED = 8  # blanks; a paragraph is not indented so far
GAP, ROWS_GAP = 4, 12  # so many blank lines end a table; between rows of figures blank rows may stand
APART = 10  # lines from one page number to the next
HEADS = 3  # a line of so many short words heads columns
HEAD_LENGTH = 16  # characters of a word that heads a column

_AMOUNT = re.compile(r"\d[\d,]*\.\d\d|\d{1,3}(?:,\d{3})+")
_ALIGNED = re.compile(r"\S\s{3,}-?(?:\d[\d,]*\.\d\d|\d{1,3}(?:,\d{3})+)")
_GAP = re.compile(r"\S\s{2,}\S")
_PAGE_NUMBER = re.compile(r"^\s*[-—–－]?\s*\d{1,4}\s*[-—–－]?\s*$|^\s*第?\s*\d{1,4}\s*页(?:\s*共\s*\d+\s*页)?\s*$")
_SENTENCE = re.compile(r"[。；]|，.*，|[，、]$")
_PART = re.compile(r"^第[一二三四五六七八九十\d]+部分")


def is_laid_out(lines: Sequence[str]) -> bool:
    """Do the amounts stand in columns that blanks align?"""
    amounts = sum(bool(_AMOUNT.search(line)) for line in lines)
    aligned = sum(bool(_ALIGNED.search(line)) for line in lines)
    return aligned >= LEAST and aligned >= LEAST_SHARE * amounts


def laid_out_blocks(lines: Sequence[str], doc_id: str, starts: frozenset[int] = frozenset()) -> tuple[Block, ...]:
    """Headings, paragraphs and tables in reading order; ``line`` counts from 1, there are no pages.

    ``starts`` are the indexes of lines that a page begins with, where the file says so.
    """
    numbers = _page_numbers(lines, starts)
    rows = _rows(lines, numbers)
    sheets = _sheets(lines, rows, starts, numbers)
    if not starts:
        sheets = [part for sheet in sheets for part in page_parts(sheet)]
    filled = {row for row, i in enumerate(rows) if lines[i].strip()}
    grids, lost = _grids(sheets, filled)
    inside = {row for sheet in sheets for row in range(sheet[0].row, sheet[-1].row + 1)}
    inside -= {line.row for sheet in lost for line in sheet}
    glyphs = [g for row, i in enumerate(rows) if row not in inside for g in _line_to_glyphs(lines[i], row * STEP)]
    width = max((glyph.x1 for glyph in glyphs), default=SIZE) + SIZE
    stream = PageStream(doc_id)
    stream.feed(Page(1, width, (len(rows) + 1) * STEP, tuple(glyphs), ()), grids)
    return tuple(_numbered(placed_block(block, {1: None}), rows) for block in stream.finish())


def _grids(sheets: Sequence[list[SheetLine]], filled: set[int]) -> tuple[list[Grid], list[list[SheetLine]]]:
    """The sheets' grids, and the sheets that are no tables but words. A page that goes on with the table before it has the same
    column edges."""
    grids: list[Grid] = []
    lost: list[list[SheetLine]] = []
    above: Placed | None = None
    family, last = 0, -1
    for lines in sheets:
        sheet = read_sheet(lines)
        if any(row in filled for row in range(last + 1, lines[0].row)):
            above = None  # something else stands between
        placed = place_words(sheet) if sheet.leaves else place_below(sheet, above) if above else None
        last = lines[-1].row
        if placed is not None:
            family += above is None or above.key != placed.key
        grid = placed_to_grid(placed, family, STEP) if placed else None
        if grid is not None:
            grids.append(grid)
            above = placed
            continue
        if above is None and not any(_AMOUNT.search(line.text) for line in lines):
            lost.append(lines)
        above = above if placed else None
    return grids, lost


# ---------------------------------------------------------------- lines of tables


def _sheets(lines: Sequence[str], rows: Sequence[int], starts: frozenset[int], numbers: frozenset[int]) -> list[list[SheetLine]]:
    """The lines of each table's part on a page."""
    found: list[list[SheetLine]] = []
    run: list[SheetLine] = []
    last: int | None = None
    for row, i in enumerate(rows):
        line = lines[i]
        begins = last is not None and (any(last < s <= i for s in starts) or any(last < k < i for k in numbers))
        apart = last is not None and i - last > (ROWS_GAP if _is_row(line) else GAP)
        again = len(run) > 1 and squash(line) == squash(run[0].text) and not _AMOUNT.search(line)  # the header of the next page
        if begins or apart or again or not _may_be_table(line, bool(run)):
            found.extend(_trimmed(run))
            run = []
        if line.strip() and _may_be_table(line, bool(run)):
            run.append(SheetLine(line, row))
        if line.strip():
            last = i
    found.extend(_trimmed(run))
    return found


def _page_numbers(lines: Sequence[str], starts: frozenset[int]) -> frozenset[int]:
    """The lines that are a page's number: a number alone with a blank line or a page's end beside it, or one that counts
    on over the pages. Between the lines of a table it is a figure or a line number."""
    lone = {i: int(match[0]) for i, line in enumerate(lines) if _PAGE_NUMBER.match(line) and (match := re.search(r"\d+", line))}
    found = set()
    for i, number in lone.items():
        edges = [i == 0 or i in starts or not lines[i - 1].strip(), i + 1 == len(lines) or i + 1 in starts or not lines[i + 1].strip()]
        counts = any((n == number - 1 and i - k >= APART) or (n == number + 1 and k - i >= APART) for k, n in lone.items())
        if any(edges) or counts:
            found.add(i)
    return frozenset(found)


def _may_be_table(line: str, inside: bool) -> bool:
    """Not a caption, a note, a part's heading or a sentence."""
    flat = squash(line)
    if not flat:
        return inside
    if unit_of(line) or caption_of(line) or YEAR_LINE.match(flat) or NOTE.match(flat) or _PART.match(flat) or is_toc_line(line):
        return False
    parted = bool(_GAP.search(line.strip()))
    if any(BODY_NAME.match(part) for part in re.split(r"\s{2,}", line.strip())):
        return False
    if not parted:
        if _is_prose(line):
            return False
        return inside or line.startswith(" " * INDENTED) or True
    return not (len(flat) > OPEN_LENGTH and _SENTENCE.search(flat) and not _AMOUNT.search(line))


def _is_prose(line: str) -> bool:
    text = line.strip()
    return (bool(_SENTENCE.search(text)) and len(text) > OPEN_LENGTH) or len(text) > 2 * OPEN_LENGTH


def _trimmed(run: list[SheetLine]) -> list[list[SheetLine]]:
    """The run without lines that stand alone above and below the table; none where there is no table in it."""
    parted = [k for k, line in enumerate(run) if _is_row(line.text)]
    if not parted:
        return []
    first, last = parted[0], parted[-1]
    while first > 0 and _heads(run[first - 1], run[first:]):
        first -= 1
    places = [w.start for line in run[first : last + 1] for w in line_words(line.text, 0)]
    while last + 1 < len(run) and _belongs(run[last + 1], run[last], places):
        last += 1
    return [run[first : last + 1]]


def _is_row(line: str) -> bool:
    words = line_words(line, 0)
    if len(words) < 2:
        return False
    short = all(len(w.text) <= HEAD_LENGTH for w in words)
    return any(w.number for w in words[1:]) or is_numbering(words) or (len(words) >= HEADS and short)


def _heads(line: SheetLine, rest: Sequence[SheetLine]) -> bool:
    """A line above a table's first row that is part of its header or of its first label."""
    flat = squash(line.text)
    return len(flat) <= 2 * HEAD_LENGTH and text_to_level(line.text) is None and not flat.endswith("。")


def _belongs(line: SheetLine, above: SheetLine, places: Sequence[int]) -> bool:
    """A line below the last row that stands where words of the table do, right below it."""
    start = len(line.text) - len(line.text.lstrip())
    sentence = _is_prose(line.text) or squash(line.text).endswith("。")
    return line.row - above.row == 1 and start in places and not sentence and text_to_level(line.text) not in (1, 2)


def _rows(lines: Sequence[str], numbers: frozenset[int]) -> list[int]:
    """The lines that are read, by index: without contents and page numbers, and without the blank lines of a page break
    inside a table or a sentence."""
    contents = _contents(lines)
    found: list[int] = []
    blanks: list[int] = []
    for i, line in enumerate(lines):
        if i in contents or i in numbers or not line.strip():
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
