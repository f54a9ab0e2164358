"""Ruling lines and glyphs → grids of cells: the geometry of a page's tables, before any meaning.

Closed ruled grids come from pdfplumber's table functions (crossings → cells → tables). Tables with horizontal rules
only, or with no rules at all, get their columns and rows from where their text stands.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from index.domain import Box, Glyph, Page, Rule
from index.textlines import TextLine, glyphs_to_lines, lines_to_box, lines_to_text

SNAP = 2.5  # points: lines this near are one line
JOIN = 3.0  # points: gaps this small in a line are closed
EDGE = 1.5  # points: cell sides this near are one grid line
Edge = dict[str, Any]  # as pdfplumber's table functions take them

AMOUNT = re.compile(r"^-?\d[\d,]*\.\d+%?$|^-?\d{1,3}(,\d{3})+$")
HAN = re.compile(r"[\u4e00-\u9fff]")
MIN_SIDE = 3.0  # points: anything narrower or lower is no cell


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell over grid rows ``r0 <= r < r1`` and columns ``c0 <= c < c1`` with the lines of text inside it."""

    r0: int
    r1: int
    c0: int
    c1: int
    box: Box
    lines: tuple[TextLine, ...] = ()
    text: str = ""

    def with_lines(self, lines: Sequence[TextLine]) -> GridCell:
        """The same cell holding these lines."""
        return replace(self, lines=tuple(lines), text=lines_to_text(lines))

    @property
    def ink(self) -> Box | None:
        return lines_to_box(self.lines)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table's geometry: column edges ``xs``, row edges ``ys`` and cells. ``drawn`` False: inferred from positions."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[GridCell, ...]
    drawn: bool = True
    open_top: bool = False  # the page break cut the first row
    open_bottom: bool = False  # the page break cut the last row
    inner: bool = False  # one part of a form with inner headers
    header_rows: int | None = None  # known where rules mark the header

    @property
    def box(self) -> Box:
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]

    @property
    def n_rows(self) -> int:
        return len(self.ys) - 1

    @property
    def n_cols(self) -> int:
        return len(self.xs) - 1

    def matrix(self) -> list[list[GridCell | None]]:
        """``matrix[row][column]`` is the cell that covers the place, None where no cell does."""
        places: list[list[GridCell | None]] = [[None] * self.n_cols for _ in range(self.n_rows)]
        for cell in self.cells:
            for r in range(cell.r0, cell.r1):
                for c in range(cell.c0, cell.c1):
                    places[r][c] = cell
        return places


def page_to_grids(page: Page) -> list[Grid]:
    """The ruled grids of a page, from top to bottom."""
    return edges_to_grids(rules_to_edges(page.rules), page.glyphs)


def edges_to_grids(edges: list[Edge], glyphs: Sequence[Glyph]) -> list[Grid]:
    """Closed grids among joined rules, from top to bottom, with the glyphs inside them."""
    edges = [*edges, *open_sides(edges)]
    closing = open_ends(edges)
    grids = [boxes_to_grid(boxes, glyphs, closing) for boxes in edges_to_boxes([*edges, *closing])]
    return sorted((grid for grid in grids if grid is not None and not lacks_rows(grid)), key=lambda grid: (grid.box[1], grid.box[0]))


def lacks_rows(grid: Grid) -> bool:
    """True where the rules part columns but not rows: one drawn row holds the figures of several printed ones."""
    for r in range(grid.n_rows):
        cells = [cell for cell in grid.cells if cell.r0 == r]
        stacked = [sum(bool(AMOUNT.match(line.text)) for line in cell.lines) for cell in cells]
        headed = sum(count >= 1 and bool(HAN.search(cell.text)) for count, cell in zip(stacked, cells, strict=True))
        if sum(count >= 2 for count in stacked) >= 2 or max(stacked, default=0) >= 3 or headed >= 3:
            return True
    return False


def rules_to_edges(rules: Iterable[Rule]) -> list[Edge]:
    """Rules as pdfplumber edges, pieces of one line joined."""
    from pdfplumber.table import merge_edges

    edges = [_edge(rule) for rule in rules]
    merged: list[Edge] = merge_edges(edges, snap_x_tolerance=SNAP, snap_y_tolerance=SNAP, join_x_tolerance=JOIN, join_y_tolerance=JOIN)
    return merged


def edges_to_boxes(edges: list[Edge]) -> list[list[Box]]:
    """Closed cells of each connected table, as boxes."""
    from pdfplumber.table import cells_to_tables, edges_to_intersections, intersections_to_cells

    if len(edges) < 4:
        return []
    crossings = edges_to_intersections(edges, SNAP, SNAP)
    return [list(table) for table in cells_to_tables(intersections_to_cells(crossings))]


def open_ends(edges: Sequence[Edge]) -> list[Edge]:
    """Horizontal edges that close cells which a page break left open: between neighbouring verticals that end together."""
    verticals = sorted((e for e in edges if e["orientation"] == "v"), key=lambda e: e["x0"])
    level = [e for e in edges if e["orientation"] == "h"]
    closing = []
    for side in ("top", "bottom"):
        for y in merge_positions(e[side] for e in verticals):
            here = [e for e in verticals if e["top"] - SNAP <= y <= e["bottom"] + SNAP]
            for a, b in itertools.pairwise(here):
                ends = abs(a[side] - y) <= SNAP and abs(b[side] - y) <= SNAP
                if ends and b["x0"] - a["x0"] >= MIN_SIDE and not _is_covered(level, y, a["x0"], b["x0"]):
                    closing.append(_edge(Rule(a["x0"], y, b["x0"], y)))
    return closing


def open_sides(edges: Sequence[Edge]) -> list[Edge]:
    """Vertical edges for tables drawn without outer sides: where neighbouring rules end together and verticals run between them."""
    level = sorted((e for e in edges if e["orientation"] == "h"), key=lambda e: e["top"])
    upright = [e for e in edges if e["orientation"] == "v"]
    sides = []
    for side in ("x0", "x1"):
        for x in merge_positions(e[side] for e in level):
            here = [e for e in level if e["x0"] - SNAP <= x <= e["x1"] + SNAP]
            for a, b in itertools.pairwise(here):
                if abs(a[side] - x) > SNAP or abs(b[side] - x) > SNAP or b["top"] - a["top"] < MIN_SIDE:
                    continue
                between = [v for v in upright if v["top"] <= a["top"] + SNAP and v["bottom"] >= b["top"] - SNAP]
                inside = any(a["x0"] - SNAP <= v["x0"] <= a["x1"] + SNAP for v in between)
                if inside and not any(abs(v["x0"] - x) <= SNAP for v in between):
                    sides.append(_edge(Rule(x, a["top"], x, b["top"])))
    return sides


def _is_covered(level: Sequence[Edge], y: float, x0: float, x1: float) -> bool:
    return any(abs(e["top"] - y) <= SNAP + JOIN and e["x0"] <= x0 + SNAP and e["x1"] >= x1 - SNAP for e in level)


def _edge(rule: Rule) -> Edge:
    flat = rule.top == rule.bottom or rule.bottom - rule.top < rule.x1 - rule.x0
    return {
        "x0": rule.x0,
        "x1": rule.x1,
        "top": rule.top,
        "bottom": rule.bottom,
        "width": rule.x1 - rule.x0,
        "height": rule.bottom - rule.top,
        "orientation": "h" if flat else "v",
        "object_type": "line",
    }


def boxes_to_grid(boxes: Sequence[Box], glyphs: Sequence[Glyph], closing: Sequence[Edge] = ()) -> Grid | None:
    """One table's cells with their text; None for a lone box, which frames text but holds no table."""
    boxes = [b for b in boxes if b[2] - b[0] >= MIN_SIDE and b[3] - b[1] >= MIN_SIDE]
    if len(boxes) < 2:
        return None
    xs = merge_positions([x for b in boxes for x in (b[0], b[2])])
    ys = merge_positions([y for b in boxes for y in (b[1], b[3])])
    if len(xs) < 2 or len(ys) < 2:
        return None
    texts = _glyphs_by_box(boxes, glyphs)
    cells = []
    for box, inside in zip(boxes, texts, strict=True):
        c0, c1 = nearest(xs, box[0]), nearest(xs, box[2])
        r0, r1 = nearest(ys, box[1]), nearest(ys, box[3])
        if c1 > c0 and r1 > r0:
            cells.append(GridCell(r0, r1, c0, c1, box).with_lines(glyphs_to_lines(inside)))
    top, bottom = (_is_mostly(closing, y, xs[0], xs[-1]) for y in (ys[0], ys[-1]))
    return Grid(tuple(xs), tuple(ys), tuple(cells), open_top=top, open_bottom=bottom)


def _is_mostly(closing: Sequence[Edge], y: float, x0: float, x1: float) -> bool:
    length = sum(e["width"] for e in closing if abs(e["top"] - y) <= SNAP and e["x0"] >= x0 - SNAP and e["x1"] <= x1 + SNAP)
    return bool(length > 0.5 * (x1 - x0))


def _glyphs_by_box(boxes: Sequence[Box], glyphs: Sequence[Glyph]) -> list[list[Glyph]]:
    inside: list[list[Glyph]] = [[] for _ in boxes]
    order = sorted(range(len(boxes)), key=lambda i: boxes[i][1])
    tops = [boxes[i][1] for i in order]
    tallest = max(b[3] - b[1] for b in boxes)
    for glyph in glyphs:
        x, y = (glyph.x0 + glyph.x1) / 2, (glyph.top + glyph.bottom) / 2
        k = bisect_right(tops, y) - 1
        while k >= 0 and tops[k] >= y - tallest:
            box = boxes[order[k]]
            if box[0] <= x <= box[2] and box[1] <= y <= box[3]:
                inside[order[k]].append(glyph)
                break
            k -= 1
    return inside


def merge_positions(values: Iterable[float], tolerance: float = EDGE) -> list[float]:
    """Sorted positions, those nearer than ``tolerance`` to their neighbour made one."""
    merged: list[list[float]] = []
    for value in sorted(values):
        if merged and value - merged[-1][-1] <= tolerance:
            merged[-1].append(value)
        else:
            merged.append([value])
    return [sum(group) / len(group) for group in merged]


def nearest(positions: Sequence[float], value: float) -> int:
    """Index of the position nearest to ``value``."""
    return min(range(len(positions)), key=lambda i: abs(positions[i] - value))
