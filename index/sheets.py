"""A table of a text file that keeps its layout → a grid of cells.

The header's words and the strips that the body's words fill are matched in their order: a figure stands under the one
header that it overlaps, or that lies between what stands left and right of it. Where two headers are as likely, the
figures of that strip are left out rather than put under one of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.columns import Column, Content, cell_kind, header_paths, paths_to_columns
from index.grids import Grid, GridCell
from index.hierarchy import is_total
from index.sheetheads import HeadCell, Stack, header_stacks, header_tree, leaf_stacks
from index.sheetrows import rows_of_half
from index.sheetwords import AMOUNT, CODE, HAN, Strip, Word, by_line, crowded, line_words, words_to_strips
from index.textlines import TextLine

SIZE = 10.0  # points: every character is set in this size
CELL = 60 * SIZE  # points: every column is as wide
SURE = 3.0  # places by which the best column must be nearer than the next

_ITEM = re.compile(r"^(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)]|\d{1,2}[.．、](?!\d))")
_NUMBERING = re.compile(r"^(?:栏次|行次)$")


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of a table: its text and its place among the lines that are read."""

    text: str
    row: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table's part on one page: the columns' headers and their cells, the body's words by column."""

    stacks: tuple[Stack, ...]
    leaves: tuple[Stack, ...]
    head: tuple[int, ...]  # lines of the header, among the sheet's own
    body: tuple[int, ...]
    words: tuple[Word, ...]  # of the body
    lines: tuple[SheetLine, ...]

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(leaf.text for leaf in self.leaves)


def read_sheet(lines: Sequence[SheetLine]) -> Sheet:
    """The header and the body of a table's lines."""
    plain = [line_words(line.text, i) for i, line in enumerate(lines)]
    first = first_body_line(plain)
    head = [w for i in range(first) for w in line_words(lines[i].text, i, header=True)]
    body = [w for words in plain[first:] for w in words]
    stacks = header_stacks(head)
    return Sheet(
        tuple(stacks), tuple(leaf_stacks(stacks)), tuple(range(first)), tuple(range(first, len(lines))), tuple(body), tuple(lines)
    )


def first_body_line(lines: Sequence[Sequence[Word]]) -> int:
    """Where the body begins: column numbers, a figure, a code with its name, an item; with the label lines above them."""
    first = next((i for i, words in enumerate(lines) if _is_body(words)), len(lines))
    if first == len(lines):
        while first > 1 and len(lines[first - 1]) == 1 and is_total(lines[first - 1][0].text):
            first -= 1
        return first
    if first > 1 and _is_label_above(lines, first):
        first -= 1
    return first


def _is_body(words: Sequence[Word]) -> bool:
    if not words:
        return False
    if is_numbering(words) or any(AMOUNT.match(w.text) for w in words) or _ITEM.match(words[0].text):
        return True
    if len(words) > 1 and CODE.match(words[0].text) and any(HAN.search(w.text) for w in words[1:]):
        return True
    return any(_ITEM.match(w.text) for w in words)


def is_numbering(words: Sequence[Word]) -> bool:
    """栏次 1 2 3: numbers of columns, no figures."""
    if any(_NUMBERING.match(w.text) for w in words):
        return any(w.text.isdigit() for w in words) and all(w.text.isdigit() or _NUMBERING.match(w.text) for w in words)
    numbers = [int(w.text) for w in words if w.text.isdigit() and len(w.text) <= 2]
    return len(numbers) == len(words) >= 3 and all(b == a + 1 for a, b in itertools.pairwise(numbers))


def _is_label_above(lines: Sequence[Sequence[Word]], first: int) -> bool:
    """The upper line of a label that is wrapped around its figures: the lower line stands as far below them."""
    above, below = lines[first - 1], lines[first + 1] if first + 1 < len(lines) else []
    if len(above) != 1 or len(below) != 1 or any(w.amount for w in below):
        return False
    own = [w for w in lines[first] if min(w.end, above[0].end) > max(w.start, above[0].start)]
    return not own and abs(above[0].start - below[0].start) <= 1


# ---------------------------------------------------------------- columns


def match_columns(sheet: Sheet) -> dict[Word, int] | None:
    """The column of every word of the body; figures whose column is not certain are missing. None without columns."""
    words = [w for w in sheet.words if not _is_numbering_word(w, sheet)]
    free = [w for w in words if not is_total(w.text)]
    strips = words_to_strips(free or words)
    if not sheet.leaves:
        return None
    placed: dict[Word, int] = {}
    found = _assign(strips, sheet.leaves)
    doubtful = header_tree(sheet.stacks, sheet.leaves)[1]
    for i, strip in enumerate(strips):
        column = found.get(i)
        if column is None or (strip.numeric and (column in doubtful or crowded(strip))):
            continue
        for word in strip.words:
            placed[word] = column
    for word in words:
        if word not in placed and is_total(word.text):
            column = _column_of_total(word, sheet, placed)
            if column is not None:
                placed[word] = column
    return placed


def _is_numbering_word(word: Word, sheet: Sheet) -> bool:
    return is_numbering([w for w in sheet.words if w.line == word.line])


def _column_of_total(word: Word, sheet: Sheet, placed: dict[Word, int]) -> int | None:
    """合计 stands under the label columns together; it goes to the rightmost of those it may stand in."""
    spans: dict[int, list[int]] = {}
    for other, column in placed.items():
        spans.setdefault(column, []).extend((other.start, other.end))
    own = [w for w in sheet.words if w.line == word.line and w in placed]
    left = max((placed[w] for w in own if w.end <= word.start), default=-1)
    right = min((placed[w] for w in own if w.start >= word.end), default=len(sheet.leaves))
    best: tuple[float, int] | None = None
    for column in range(left + 1, right):
        leaf = sheet.leaves[column]
        start = min([leaf.start, *spans.get(column, [])])
        end = max([leaf.end, *spans.get(column, [])])
        far = max(0, start - word.end, word.start - end)
        if best is None or far < best[0]:
            best = (far, column)
    return best[1] if best else None


UNMATCHED = 60.0  # places: cost of a strip under no header
BESIDE = 4.0  # cost of a second strip of words in one column
BEFORE = 2.0  # cost of a place by which a figure ends before the middle of its header
CROSSED = 6.0  # cost of a place that a strip shares with the header of another column


def _assign(strips: Sequence[Strip], leaves: Sequence[Stack]) -> dict[int, int]:
    """Strip → column, in order; strips whose column is not certain are left out."""
    best = _cheapest(strips, leaves, None)
    if best is None:
        return {}
    cost, columns = best
    found: dict[int, int] = {}
    for i, column in enumerate(columns):
        if column is None:
            continue
        if strips[i].numeric:
            other = _cheapest(strips, leaves, (i, column))
            if other is not None and other[0] - cost < SURE:
                continue
        found[i] = column
    return found


def _cheapest(strips: Sequence[Strip], leaves: Sequence[Stack], without: tuple[int, int] | None) -> tuple[float, list[int | None]] | None:
    """The cheapest order-keeping match; ``without`` forbids one pair."""
    states: dict[int, tuple[float, list[int | None]]] = {-1: (0.0, [])}
    for i, strip in enumerate(strips):
        layer: dict[int, tuple[float, list[int | None]]] = {}
        for last, (cost, done) in states.items():
            options: list[tuple[int, float, int | None]] = [(last, UNMATCHED, None)]
            for j in range(max(last, 0), len(leaves)):
                if (i, j) == without:
                    continue
                extra = _cost(strip, j, leaves)
                if j == last:
                    previous = [k for k, c in enumerate(done) if c == j]
                    lines = {w.line for k in previous for w in strips[k].words}
                    if any(w.line in lines for w in strip.words):
                        continue
                    extra += BESIDE
                options.append((j, extra, j))
            for key, extra, column in options:
                if key not in layer or cost + extra < layer[key][0]:
                    layer[key] = (cost + extra, [*done, column])
        states = layer
    return min(states.values(), key=lambda s: s[0], default=None)


def _cost(strip: Strip, j: int, leaves: Sequence[Stack]) -> float:
    leaf = leaves[j]
    apart = max(0, strip.start - leaf.end, leaf.start - strip.end)
    crossed = sum(max(0, strip.end - other.start) for other in leaves[j + 1 :][:1])
    crossed += sum(max(0, other.end - strip.start) for other in leaves[max(0, j - 1) : j])
    before = max(0.0, leaf.centre - strip.end) if strip.numeric else 0.0  # a figure ends right of the middle of its cell
    return apart + CROSSED * crossed + BEFORE * before + 0.02 * abs(strip.end - leaf.end)


# ---------------------------------------------------------------- the grid


def sheet_to_grid(sheet: Sheet, placed: dict[Word, int], family: int, step: float) -> Grid | None:
    """The sheet set as a grid with columns of one width; sheets of one ``family`` have the same edges."""
    count = len(sheet.leaves)
    found, depth = _head_cells(sheet)
    width = CELL + family * SIZE
    xs = [SIZE + c * width for c in range(count + 1)]
    starts = _column_starts(placed, count)
    heads = [_head_cell(cell, depth, xs, sheet, step) for cell in found]
    columns = _columns(heads, depth, count, placed)
    halves = range(1 + max((c.half for c in columns), default=0))
    rows: list[list[list[Word]]] = []  # row, column
    for half in halves:
        own = [c for c in range(count) if columns[c].half == half]
        kinds = {c: columns[c].role for c in own}
        for k, row in enumerate(rows_of_half(_half_lines(sheet, placed, set(own)), kinds)):
            while len(rows) <= k:
                rows.append([[] for _ in range(count)])
            for word in row:
                rows[k][placed[word]].append(word)
    if not rows and not heads:
        return None
    ys = _edges(sheet, rows, depth, step)
    cells = list(heads)
    for r, row in enumerate(rows, start=depth):
        for c, words in enumerate(row):
            box = (xs[c], ys[r], xs[c + 1], ys[r + 1])
            lines = tuple(_set(word, xs[c], starts.get(c, 0), sheet, step) for word in sorted(words, key=lambda w: (w.line, w.start)))
            cells.append(GridCell(r, r + 1, c, c + 1, box).with_lines(lines))
    return Grid(tuple(xs), tuple(ys), tuple(cells), header_rows=depth)


def _head_cell(cell: HeadCell, depth: int, xs: Sequence[float], sheet: Sheet, step: float) -> GridCell:
    lines = [_set(word, xs[cell.c0], cell.stack.start, sheet, step) for word in cell.stack.words]
    end = depth if cell.leaf else cell.level + 1
    box = (xs[cell.c0], lines[0].box[1], xs[cell.c1], lines[-1].box[3])
    return GridCell(cell.level, end, cell.c0, cell.c1, box).with_lines(lines)


def _half_lines(sheet: Sheet, placed: dict[Word, int], own: set[int]) -> list[list[tuple[int, Word]]]:
    lines = by_line([w for w in sheet.words if placed.get(w) in own])
    return [[(placed[w], w) for w in lines[n]] for n in sorted(lines)]


def _column_starts(placed: dict[Word, int], count: int) -> dict[int, int]:
    starts: dict[int, int] = {}
    for word, column in placed.items():
        starts[column] = min(word.start, starts.get(column, word.start))
    return starts


def _set(word: Word, left: float, start: int, sheet: Sheet, step: float) -> TextLine:
    """A word as a line of its cell: indented as it is printed, in the height of its own line."""
    top = sheet.lines[word.line].row * step
    x = left + 2 + max(0, word.start - start) * SIZE / 2
    size = min(SIZE, (CELL - 4 - (x - left)) / max(1, len(word.text)))
    xs = tuple((x + i * size, x + (i + 1) * size) for i in range(len(word.text)))
    return TextLine(word.text, xs, (x, top, x + size * len(word.text), top + SIZE), SIZE)


def _edges(sheet: Sheet, rows: Sequence[Sequence[Sequence[Word]]], depth: int, step: float) -> list[float]:
    top = sheet.lines[0].row * step - 1
    bottom = (sheet.lines[-1].row + 1) * step - 1
    count = depth + len(rows)
    return [top + (bottom - top) * k / max(1, count) for k in range(count + 1)]


def _columns(heads: Sequence[GridCell], depth: int, count: int, placed: dict[Word, int]) -> list[Column]:
    matrix: list[list[GridCell | None]] = [[None] * count for _ in range(depth)]
    for cell in heads:
        for r in range(cell.r0, cell.r1):
            for c in range(cell.c0, cell.c1):
                matrix[r][c] = cell
    contents = []
    for c in range(count):
        texts = [w.text for w, column in placed.items() if column == c]
        kinds = [cell_kind(text) for text in texts]
        contents.append(
            Content(
                sum(k in ("number", "code") for k in kinds), kinds.count("text"), kinds.count("code"), 0, max(map(len, texts), default=0)
            )
        )
    return paths_to_columns(header_paths(matrix, depth, count), contents)


def _head_cells(sheet: Sheet) -> tuple[list[HeadCell], int]:
    """The header's cells over columns, and how many rows deep it is."""
    cells, _ = header_tree(sheet.stacks, sheet.leaves)
    return cells, max((cell.level for cell in cells), default=-1) + 1
