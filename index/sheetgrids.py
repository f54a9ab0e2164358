"""A table of a laid-out text whose words have their columns → a grid, as a drawn table has one.

All columns are set as wide, so that the pages of one table have the same edges; a word keeps the height of its line.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.columns import Column, Content, cell_kind, paths_to_columns
from index.domain import LabelPath
from index.grids import Grid, GridCell
from index.sheetheads import HeadCell
from index.sheetrows import labelled_rows, rows_of_half
from index.sheets import Placed
from index.sheetwords import Word, by_line
from index.textlines import TextLine

SIZE = 10.0  # points: every character is set in this size
CELL = 60 * SIZE  # points: every column is as wide


def placed_to_grid(placed: Placed, family: int, step: float) -> Grid | None:
    """The grid of a page's part of a table, its lines ``step`` points high; parts of one ``family`` have the same edges."""
    count = sum(cell.leaf for cell in placed.heads)
    depth = 0 if placed.inherited else 1 + max((cell.level for cell in placed.heads), default=-1)
    xs = [SIZE + c * (CELL + family * SIZE) for c in range(count + 1)]
    rows = _rows(placed, count)
    if not rows and not depth:
        return None
    lines = placed.sheet.lines
    top, bottom = lines[0].row * step - 1, (lines[-1].row + 1) * step - 1
    ys = [top + (bottom - top) * k / (depth + len(rows)) for k in range(depth + len(rows) + 1)]
    cells = [] if placed.inherited else [_head_cell(cell, depth, xs, placed, step) for cell in placed.heads]
    starts = {column: strip.start for column, strip in placed.strips.items()}
    for r, row in enumerate(rows, start=depth):
        for c, words in enumerate(row):
            text = [_set(word, xs[c], starts.get(c, 0), placed, step) for word in sorted(words, key=lambda w: (w.line, w.start))]
            cells.append(GridCell(r, r + 1, c, c + 1, (xs[c], ys[r], xs[c + 1], ys[r + 1])).with_lines(text))
    return Grid(tuple(xs), tuple(ys), tuple(cells), header_rows=depth)


def _rows(placed: Placed, count: int) -> list[list[list[Word]]]:
    """The words of each row by column; halves that stand side by side have rows of their own."""
    columns = _roles(placed, count)
    rows: list[list[list[Word]]] = []
    for half in range(1 + max((column.half for column in columns), default=0)):
        own = {c: column.role for c, column in enumerate(columns) if column.half == half}
        lines = by_line([w for w in placed.sheet.words if placed.columns.get(w) in own])
        found = rows_of_half([[(placed.columns[w], w) for w in lines[n]] for n in sorted(lines)], own)
        for k, row in enumerate(labelled_rows(found, placed.columns)):
            if k == len(rows):
                rows.append([[] for _ in range(count)])
            for word in row:
                if not (word.number and placed.columns[word] in placed.unsure):
                    rows[k][placed.columns[word]].append(word)
    return rows


def _roles(placed: Placed, count: int) -> list[Column]:
    strips = placed.strips
    contents = []
    for c in range(count):
        texts = [word.text for word in strips[c].words] if c in strips else []
        kinds = [cell_kind(text) for text in texts]
        longest = max(map(len, texts), default=0)
        contents.append(Content(sum(k in ("number", "code") for k in kinds), kinds.count("text"), kinds.count("code"), 0, longest))
    return paths_to_columns(column_paths(placed.heads, count), contents)


def column_paths(heads: Sequence[HeadCell], count: int) -> list[LabelPath]:
    """The header path of each column, outermost first."""
    cells = sorted(heads, key=lambda cell: cell.level)
    return [tuple(cell.stack.text for cell in cells if cell.c0 <= c < cell.c1) for c in range(count)]


def _head_cell(cell: HeadCell, depth: int, xs: Sequence[float], placed: Placed, step: float) -> GridCell:
    lines = [_set(word, xs[cell.c0], cell.stack.start, placed, step) for word in cell.stack.words]
    end = depth if cell.leaf else cell.level + 1
    box = (xs[cell.c0], lines[0].box[1], xs[cell.c1], lines[-1].box[3])
    return GridCell(cell.level, end, cell.c0, cell.c1, box).with_lines(lines)


def _set(word: Word, left: float, start: int, placed: Placed, step: float) -> TextLine:
    """A word as a line of its cell: indented as it is printed, in the height of its own line."""
    top = placed.sheet.lines[word.line].row * step
    x = left + 2 + max(0, word.start - start) * SIZE / 2
    size = min(SIZE, (CELL - 4 - (x - left)) / max(1, len(word.text)))
    xs = tuple((x + i * size, x + (i + 1) * size) for i in range(len(word.text)))
    return TextLine(word.text, xs, (x, top, x + size * len(word.text), top + SIZE), SIZE)
