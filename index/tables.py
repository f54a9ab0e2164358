"""Grids → logical tables: pages joined, halves split, stacked headers → column paths, codes and steps → row paths.

A ``PrintedForm`` gathers the grids of one printed table, page by page; ``to_tables`` then reads the whole of it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from index.amounts import chinese_to_int
from index.captions import Caption
from index.columns import MEASURED, Content, cell_kind, header_height, header_paths, is_numbering_row, paths_to_columns
from index.domain import Flag, LabelPath, Table
from index.formrows import FormRow, Part, Placed
from index.grids import Grid, GridCell
from index.halves import rows_to_parts
from index.headings import unit_of
from index.innerforms import grids_to_part, has_inner_headers
from index.textlines import TextLine, lines_to_text

EDGE_MATCH = 6.0  # points: how far a column edge may move from page to page
MATCHING_EDGES = 0.75  # share of a continuation's column edges that must be found again
ITEM = re.compile(r"[一二三四五六七八九十]{1,3}、")
HEADER_UNIT = re.compile(r"[（(](?:单位[:：])?(百万元|万元|千元|亿元|元|%|％)[）)]")


def _appended(head: Placed, tail: Placed) -> Placed:
    """A cell with the rest of its text from the next page; its place stays where it begins."""
    return replace(head, cell=replace(head.cell, text=head.cell.text + tail.cell.text))


def item_number(label: str) -> int | None:
    """八、社会保障和就业支出 → 8"""
    found = ITEM.match(label)
    return chinese_to_int(found.group()[:-1]) if found else None


@dataclass
class PrintedForm:
    """One printed table while its pages are being read."""

    caption: Caption
    section: LabelPath
    xs: tuple[float, ...]
    header: tuple[tuple[str, ...], ...]  # texts of the header rows, to know them when repeated
    paths: list[LabelPath]
    rows: list[FormRow] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    flags: frozenset[Flag] = frozenset()
    open_bottom: bool = False  # the last page's last row is cut
    grids: list[tuple[int, Grid]] = field(default_factory=list)
    drawn: bool = True
    inner: bool = False  # has inner headers, see innerforms

    @staticmethod
    def open(grid: Grid, page: int, caption: Caption, section: LabelPath, flags: frozenset[Flag] = frozenset()) -> PrintedForm:
        """A new form from its first grid."""
        matrix = grid.matrix()
        title_rows = _title_rows(matrix, grid.n_cols)
        caption = _caption_from_rows(matrix[:title_rows], caption)
        body = matrix[title_rows:]
        height = _shifted_height(body, title_rows) if grid.header_rows is None else max(0, grid.header_rows - title_rows)
        form = PrintedForm(caption, section, grid.xs, _row_texts(body[:height]), header_paths(body, height, grid.n_cols), flags=flags)
        start = height + (1 if height < len(body) and is_numbering_row(body[height]) else 0)
        form._add_rows(body[start:], title_rows + start, page, list(range(grid.n_cols + 1)))
        form.open_bottom = grid.open_bottom
        form.grids.append((page, grid))
        form.drawn = grid.drawn
        form.inner = has_inner_headers(grid)
        return form

    def repeats_header(self, grid: Grid) -> bool:
        """Does a grid found by its text begin with this form's header?"""
        own = {text for row in self.header for text in row}
        its = {cell.text for cell in grid.cells if cell.r0 < (grid.header_rows or 0) and cell.text}
        return bool(own) and len(own & its) * 2 >= len(own)

    def accepts(self, grid: Grid) -> bool:
        """Can the grid be this form's continuation, by the places of its columns?"""
        edges = grid.xs
        if self.inner and not grid.drawn:
            return edges[0] >= self.xs[0] - 4 * EDGE_MATCH and edges[-1] <= self.xs[-1] + 4 * EDGE_MATCH
        if self.inner or has_inner_headers(grid):
            return abs(edges[0] - self.xs[0]) <= EDGE_MATCH and abs(edges[-1] - self.xs[-1]) <= EDGE_MATCH
        if not grid.drawn:
            return self._centres_fit(edges)
        if not self.rows:  # the page ended within the header
            return abs(edges[0] - self.xs[0]) <= EDGE_MATCH and abs(edges[-1] - self.xs[-1]) <= EDGE_MATCH
        if len(edges) == len(self.xs):
            offset = edges[0] - self.xs[0]
            if all(abs(a - offset - b) <= EDGE_MATCH for a, b in zip(edges, self.xs, strict=True)):
                return True
        found = sum(any(abs(edge - own) <= EDGE_MATCH for own in self.xs) for edge in edges)
        return len(edges) > 2 and found >= MATCHING_EDGES * len(edges) and len(edges) <= len(self.xs)

    def _centres_fit(self, edges: Sequence[float]) -> bool:
        """Every column of the grid stands in a column of its own of this form."""
        places = [self._column_at((a + b) / 2) for a, b in itertools.pairwise(edges)]
        return len(places) > 1 and len(set(places)) == len(places)

    def _column_at(self, x: float) -> int:
        inner = self.xs[1:-1]
        return sum(edge <= x for edge in inner)

    def extend(self, grid: Grid, page: int) -> None:
        """Append a continuation page's rows, without the header where it is repeated."""
        self.grids.append((page, grid))
        self.inner = self.inner or has_inner_headers(grid)
        if self.inner:
            if page not in self.pages:
                self.pages.append(page)
            return
        matrix = grid.matrix()
        title_rows = _title_rows(matrix, grid.n_cols)
        if not self.rows and not title_rows and grid.drawn:
            self._go_on_with_header(grid, matrix, page)
            return
        skip = title_rows
        for text in self.header:
            if skip < len(matrix) and _row_texts(matrix[skip : skip + 1])[0] == text:
                skip += 1
            else:
                break
        if grid.header_rows is not None:
            skip = grid.header_rows
        if skip < len(matrix) and skip > title_rows and is_numbering_row(matrix[skip]):
            skip += 1
        cut = grid.open_top and self.open_bottom and skip == 0
        self._add_rows(matrix[skip:], skip, page, self._column_map(grid), cut)
        self.open_bottom = grid.open_bottom

    def _go_on_with_header(self, grid: Grid, matrix: Sequence[Sequence[GridCell | None]], page: int) -> None:
        """The header began on the page before; its lower rows stand here."""
        height = header_height(matrix)
        repeated = _row_texts(matrix[: len(self.header)]) == self.header
        lower = header_paths(matrix, height, grid.n_cols)
        if not repeated:
            uppers = [self.paths[self._column_at((a + b) / 2)] for a, b in itertools.pairwise(grid.xs)]
            lower = [(*upper, *path) for upper, path in zip(uppers, lower, strict=True)]
            self.header = (*self.header, *_row_texts(matrix[:height]))
        self.paths, self.xs = lower, grid.xs
        self._add_rows(matrix[height:], height, page, list(range(grid.n_cols + 1)))
        self.open_bottom = grid.open_bottom

    def _column_map(self, grid: Grid) -> list[int]:
        """For each column edge of another page's grid, the index of this form's edge."""
        edges = grid.xs
        if len(edges) == len(self.xs):
            return list(range(len(edges)))
        if not grid.drawn:
            return [*(self._column_at((a + b) / 2) for a, b in itertools.pairwise(edges)), len(self.xs) - 1]
        return [min(range(len(self.xs)), key=lambda i: abs(self.xs[i] - edge)) for edge in edges]

    def _add_rows(
        self, matrix: Sequence[Sequence[GridCell | None]], first_row: int, page: int, edge_map: Sequence[int], cut: bool = False
    ) -> None:
        if page not in self.pages:
            self.pages.append(page)
        for r, cells in enumerate(matrix, start=first_row):
            row: FormRow = []
            for cell in {id(c): c for c in cells if c is not None}.values():
                c0, c1 = edge_map[cell.c0], edge_map[cell.c1]
                row.append(Placed(c0, max(c1, c0 + 1), cell, cell.r0 == r or (r == first_row and cell.r0 < r), page))
            below = matrix[r - first_row + 1] if r == first_row and len(matrix) > 1 else ()
            if r == first_row and self.rows and (cut or self._continues_last_row(row) or self._between_items(row, below, edge_map)):
                self.rows.append(row)
                self._merge_last_rows()
            else:
                self.rows.append(row)

    def _continues_last_row(self, row: FormRow) -> bool:
        """A row that a page break has cut: only words, right of a blank label."""
        filled = [p for p in row if p.cell.text]
        if not filled or self.rows[-1][0].page == row[0].page:
            return False
        first = min(filled, key=lambda p: p.c0)
        if any(self._counts_on(placed) for placed in filled):
            return False
        return first.c0 > 0 and all(cell_kind(p.cell.text) == "text" and len(p.cell.text) > 8 for p in filled) and bool(self.header)

    def _between_items(self, row: FormRow, below: Sequence[GridCell | None], edge_map: Sequence[int]) -> bool:
        """业支出 between 八、社会保障和就 and 九、…: the rest of a short label that the page break has cut."""
        filled = [p for p in row if p.cell.text]
        if not filled or self.rows[-1][0].page == row[0].page:
            return False
        after = {edge_map[cell.c0]: cell.text for cell in below if cell is not None}
        for placed in filled:
            above = next((p.cell.text for p in self.rows[-1] if p.c0 == placed.c0), "")
            numbers = [item_number(text) for text in (above, placed.cell.text, after.get(placed.c0, ""))]
            if numbers[0] is None or numbers[1] is not None or numbers[2] != numbers[0] + 1 or cell_kind(placed.cell.text) != "text":
                return False
        return True

    def _counts_on(self, placed: Placed) -> bool:
        """「二十一、…」 below a lone 「二十、…」: the next item of a list, no rest of the one above."""
        above = next((p.cell.text for p in self.rows[-1] if p.c0 == placed.c0), "")
        items = ITEM.match(above), ITEM.match(placed.cell.text)
        return bool(items[0] and items[1]) and not re.search("[。；，]", above)

    def _merge_last_rows(self) -> None:
        tail = self.rows.pop()
        row = self.rows[-1]
        for extra in tail:
            for i, placed in enumerate(row):
                if placed.c0 == extra.c0 and extra.cell.text:
                    row[i] = _appended(placed, extra) if placed.cell.text else replace(extra, first=True)

    def take_tail(self, line: TextLine, page: int) -> bool:
        """A line that goes on with a text cell of the last row on the next page of a table without grid lines."""
        if self.drawn or not self.rows or self.inner:
            return False
        for c in range(1, len(self.xs) - 1):
            if self.xs[c] - 2 <= line.x0 and line.x1 <= self.xs[c + 1] + 2 and line.x0 - self.xs[c] < 3 * line.size:
                row = self.rows[-1]
                for i, placed in enumerate(row):
                    if placed.c0 == c and cell_kind(placed.cell.text) == "text":
                        row[i] = replace(placed, cell=replace(placed.cell, text=placed.cell.text + lines_to_text([line])))
                        if page not in self.pages:
                            self.pages.append(page)
                        return True
        return False

    def to_tables(self, doc_id: str, next_index: int) -> list[Table]:
        """The logical tables of the form: one for each half."""
        if self.inner:
            part = grids_to_part(self.grids)
            return [self._table(f"{doc_id}-t{next_index}", part)] if part.rows else []
        contents = [self._content(c) for c in range(len(self.paths))]
        parts = rows_to_parts(self.rows, paths_to_columns(self.paths, contents))
        return [self._table(f"{doc_id}-t{next_index + n}", part) for n, part in enumerate(parts)]

    def _content(self, column: int) -> Content:
        numbers = texts = codes = measured = longest = 0
        for row in self.rows:
            for placed in row:
                if placed.c0 == column and placed.first and placed.c1 == placed.c0 + 1:
                    kind = cell_kind(placed.cell.text)
                    numbers += kind in ("number", "code")
                    codes += kind == "code"
                    texts += kind == "text"
                    measured += bool(MEASURED.match(placed.cell.text))
                    longest = max(longest, len(placed.cell.text))
        return Content(numbers, texts, codes, measured, longest)

    def _table(self, table_id: str, part: Part) -> Table:
        caption = self.caption
        units = tuple(_header_unit(path) for path in part.columns)
        unit = caption.unit or next((u for u in units if u and u not in ("%", "％")), None)
        return Table(
            id=table_id,
            number=caption.number,
            title=caption.title,
            columns=part.columns,
            rows=part.rows,
            unit=unit,
            pages=tuple(self.pages),
            section=self.section,
            org=caption.org,
            year=caption.year,
            note="\n".join(self.notes) or None,
            column_units=units if any(units) else (),
            flags=self.flags,
            label_heads=part.label_heads,
        )


# ---------------------------------------------------------------- header rows


def _row_texts(rows: Sequence[Sequence[GridCell | None]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(c.text for c in {id(c): c for c in row if c is not None}.values() if c.text) for row in rows)


def _title_rows(matrix: Sequence[Sequence[GridCell | None]], width: int) -> int:
    """Rows at the top that are one cell over the whole width: a caption printed inside the frame."""
    count = 0
    for row in matrix:
        cell = row[0] if row else None
        whole = cell is not None and cell.c0 == 0 and cell.c1 == width and cell.r1 - cell.r0 == 1
        if width > 1 and whole and cell is not None and 0 < len(cell.text) < 60:
            count += 1
        else:
            break
    return count if count < len(matrix) else 0


def _caption_from_rows(rows: Sequence[Sequence[GridCell | None]], caption: Caption) -> Caption:
    for row in rows:
        text = row[0].text if row and row[0] else ""
        unit = unit_of(text)
        if unit:
            caption = replace(caption, unit=unit)
        elif text and not caption.title:
            caption = replace(caption, title=text)
    return caption


def _shifted_height(body: Sequence[Sequence[GridCell | None]], shift: int) -> int:
    if not shift:
        return header_height(body)
    moved: dict[int, GridCell] = {}

    def down(cell: GridCell | None) -> GridCell | None:
        if cell is None:
            return None
        return moved.setdefault(id(cell), replace(cell, r0=cell.r0 - shift, r1=cell.r1 - shift))

    return header_height([[down(cell) for cell in row] for row in body])


def _header_unit(path: LabelPath) -> str | None:
    for part in reversed(path):
        match = HEADER_UNIT.search(part)
        if match:
            return "%" if match[1] in "%％" else match[1]
    return None
