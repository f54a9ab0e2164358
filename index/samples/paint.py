"""Sets Chinese text and ruled tables with merged cells on A4 pages; the only file that knows fpdf2.

Lengths are millimetres, font sizes points. Used by ``make.py`` alone, never by the assistant itself.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.errors import require

NEVER_FIRST = "，。、；：）》”！？％%·"  # a line must not begin with these
NEVER_LAST = "（《“"  # nor end with these
UNBREAKABLE = re.compile(r"[0-9][0-9,.]*%?|[A-Za-z]+|.")  # a number in prose stays on one line
CREATED = datetime(2024, 2, 8, tzinfo=UTC)  # fixed, so that the same data gives the same bytes
LINE = 1.38  # line height over font size
POINT = 25.4 / 72  # one point in millimetres
PAD = 1.1  # between a cell's rule and its text


@dataclass(frozen=True)
class Cell:
    """A printed cell: its top left place in the grid, how many rows and columns it covers, L, C or R alignment."""

    row: int
    col: int
    text: str
    rows: int = 1
    cols: int = 1
    align: str = "C"
    indent: int = 0  # in full-width characters


def header_to_cells(columns: Sequence[str]) -> tuple[list[Cell], int]:
    """Column paths (「本年收入/财政拨款/小计」) to a stacked, merged header and its number of rows.

    A shorter path's last label reaches down to the bottom; an empty part (「总计//小计」) lets the label before it do so.
    """
    paths = [path.split("/") for path in columns]
    depth = max(map(len, paths))
    grid = [path + [""] * (depth - len(path)) for path in paths]
    cells = []
    for row in range(depth):
        col = 0
        while col < len(grid):
            end = col + 1
            while end < len(grid) and grid[end][: row + 1] == grid[col][: row + 1]:
                end += 1
            label, below = grid[col][row], grid[col][row + 1 :]
            if label:
                reach = next((n for n, part in enumerate(below) if part), len(below))
                cells.append(Cell(row, col, label, reach + 1, end - col))
            col = end
    return cells, depth


class Canvas:
    """An A4 document under construction: prose that wraps, headings that are remembered, tables that run over pages."""

    def __init__(self, font: Path, title: str) -> None:
        fpdf = require("fpdf", "制作样例文件", "pip install 'budget-assistant[samples]'")

        class Numbered(fpdf.FPDF):  # type: ignore[misc, name-defined, unused-ignore]
            def footer(self) -> None:
                if self.page_no() > 1:
                    self.set_font("cjk", size=9)
                    text = f"— {self.page_no()} —"
                    self.text((self.w - self.get_string_width(text)) / 2, self.h - 10, text)

        logging.getLogger("fontTools.subset").setLevel(logging.ERROR)
        self.pdf: Any = Numbered(unit="mm", format="A4")
        self.pdf.add_font("cjk", fname=font)
        self.pdf.set_auto_page_break(False)
        self.pdf.set_creation_date(CREATED)
        self.pdf.set_title(title)
        self.pdf.set_line_width(0.18)
        self.landscape = False
        self.y = 0.0
        self.headings: list[tuple[int, str, int]] = []

    @property
    def page(self) -> int:
        return int(self.pdf.page_no())

    @property
    def left(self) -> float:
        return 15.0 if self.landscape else 24.0

    @property
    def width(self) -> float:
        return float(self.pdf.w) - 2 * self.left

    @property
    def floor(self) -> float:
        return float(self.pdf.h) - 20.0

    def new_page(self, landscape: bool = False) -> None:
        self.landscape = landscape
        self.pdf.add_page(orientation="L" if landscape else "P")
        self.y = 22.0

    def save(self, path: Path) -> None:
        self.pdf.output(str(path))

    def wrap(self, text: str, width: float, size: float, first_indent: float = 0.0) -> list[str]:
        """Lines no wider than ``width``; ``first_indent`` is kept free on the first one."""
        self.pdf.set_font("cjk", size=size)
        lines: list[str] = []
        line: list[str] = []
        used = first_indent
        for piece in UNBREAKABLE.findall(text):
            wide = self.pdf.get_string_width(piece)
            if line and used + wide > width:
                carried: list[str] = []
                while len(line) > 1 and ((carried or [piece])[0] in NEVER_FIRST or line[-1] in NEVER_LAST):
                    carried.insert(0, line.pop())
                lines.append("".join(line))
                line, used = carried, sum(map(self.pdf.get_string_width, carried))
            line.append(piece)
            used += wide
        return [*lines, "".join(line)]

    def text(self, x: float, baseline: float, text: str, size: float, bold: bool = False) -> None:
        self.pdf.set_font("cjk", size=size)
        with self.pdf.local_context(text_mode="FILL_STROKE" if bold else "FILL", line_width=0.012 * size if bold else 0.18):
            self.pdf.text(x, baseline, text)

    def centred(self, baseline: float, text: str, size: float, bold: bool = False) -> None:
        self.pdf.set_font("cjk", size=size)
        self.text((self.pdf.w - self.pdf.get_string_width(text)) / 2, baseline, text, size, bold)

    def paragraph(self, text: str, size: float = 12.0, bold: bool = False, indent: int = 2) -> None:
        step = size * POINT * 1.75
        free = indent * size * POINT
        for number, line in enumerate(self.wrap(text, self.width, size, free)):
            if self.y + step > self.floor:
                self.new_page()
            self.y += step
            self.text(self.left + (free if number == 0 else 0.0), self.y - 0.3 * step, line, size, bold)

    def heading(self, level: int, text: str) -> None:
        self.y += 2.5 if level > 2 else 5.0
        if self.y + 20.0 > self.floor:
            self.new_page()
        self.headings.append((level, text, self.page))
        if level == 3:
            self.paragraph(text, 13.0, bold=True)
            return
        size = 18.0 if level == 1 else 15.0
        self.y += size * POINT * 1.8
        self.centred(self.y - 2.0, text, size, bold=True)

    def table(self, cells: Sequence[Cell], widths: Sequence[float], size: float, repeat: int = 0) -> None:
        """Paints a grid of merged cells; the first ``repeat`` rows come again on every further page."""
        heights = self._heights(cells, widths, size)
        start, first = 0, True
        while start < len(heights):
            head = 0 if first else sum(heights[:repeat])
            end, used = start, head
            while end < len(heights) and self.y + used + heights[end] <= self.floor:
                used += heights[end]
                end += 1
            if end == start or (first and end <= repeat < len(heights)):
                self.new_page(self.landscape)
                continue
            if head:
                self._paint(cells, widths, heights, size, 0, repeat)
            self._paint(cells, widths, heights, size, start, end)
            start, first = end, False
            if start < len(heights):
                self.new_page(self.landscape)

    def _heights(self, cells: Sequence[Cell], widths: Sequence[float], size: float) -> list[float]:
        line = size * POINT * LINE
        heights = [line + 2 * PAD] * max(c.row + c.rows for c in cells)
        for cell in sorted(cells, key=lambda c: c.rows):
            need = len(self._lines(cell, widths, size)) * line + 2 * PAD
            lack = need - sum(heights[cell.row : cell.row + cell.rows])
            if lack > 0:
                heights[cell.row + cell.rows - 1] += lack
        return heights

    def _lines(self, cell: Cell, widths: Sequence[float], size: float) -> list[str]:
        wide = sum(widths[cell.col : cell.col + cell.cols]) - 2 * PAD - cell.indent * size * POINT
        return self.wrap(cell.text, wide, size)

    def _paint(self, cells: Sequence[Cell], widths: Sequence[float], heights: Sequence[float], size: float, start: int, end: int) -> None:
        """Rows ``start:end`` at the current place; a cell over several rows is cut at a page's end, its text stays in its first part."""
        line = size * POINT * LINE
        for cell in cells:
            top, bottom = max(cell.row, start), min(cell.row + cell.rows, end)
            if top >= bottom:
                continue
            x = self.left + sum(widths[: cell.col])
            y = self.y + sum(heights[start:top])
            wide, high = sum(widths[cell.col : cell.col + cell.cols]), sum(heights[top:bottom])
            self.pdf.rect(x, y, wide, high)
            if top != cell.row:
                continue
            lines = self._lines(cell, widths, size)
            down = y + (high - len(lines) * line) / 2
            for number, text in enumerate(lines):
                free = wide - self.pdf.get_string_width(text)
                across = {"L": PAD + cell.indent * size * POINT, "C": free / 2, "R": free - PAD}[cell.align]
                self.text(x + across, down + (number + 0.76) * line, text, size)
        self.y += sum(heights[start:end])
