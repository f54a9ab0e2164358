"""Workbook → Document: every visible worksheet is a page, its rows are lines. The only openpyxl file.

Cells show what the sheet shows (number formats applied, merged cells whole, hidden rows, columns and sheets left out).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.domain import Document
from index.errors import ParseError, require
from index.headings import caption_of, unit_of
from index.readers.flow import Item, Part, Sheet, SheetCell, Words, parts_to_document, read_bytes
from index.readers.numberformat import value_to_text

Progress = Callable[[str, int, int], None]

MAX_CELLS = 2_000_000  # a sheet formatted down to its last row is cut to what holds text
UNSAVED = "工作表里有公式没有保存结果，请用表格软件打开后另存再导入"
_LABELLED = re.compile(r"^(编制|填报|预算)?(部门|单位)(名称)?[:：]|^(金额)?单位[:：]|^20\d\d年度?$|^(公开|附)?\d{0,2}表\d*$")

_DEFAULT_NAME = re.compile(r"^(sheet|工作表|表格?)\s*\d*$", re.IGNORECASE)


def read_xlsx(path: Path, doc_id: str, progress: Progress | None = None) -> Document:
    """The parsed document of a workbook.

    Raises ParseError (one line naming file and reason) for a file that is missing, empty, encrypted or no workbook.
    """
    data = read_bytes(path)
    book, formulas = _open(path, data, True), _open(path, data, False)
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    parts = []
    for number, sheet in enumerate(sheets, start=1):
        trouble = UNSAVED if _has_unsaved(sheet, formulas[sheet.title]) else None
        parts.append(Part(tuple(sheet_to_items(sheet)), number, trouble))
        if progress:
            progress("读取工作表", number, len(sheets))
    return parts_to_document(parts, path, doc_id, data)


def _open(path: Path, data: bytes, values: bool) -> Any:
    openpyxl = require("openpyxl", "读取 xlsx 文件", "pip install openpyxl")
    try:
        return openpyxl.load_workbook(io.BytesIO(data), data_only=values)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, AttributeError, TypeError, SyntaxError) as error:
        reason = "文件有密码保护，请先解除密码" if data[:4] == b"\xd0\xcf\x11\xe0" else "不是可读的 xlsx 文件或已损坏，请重新下载"
        raise ParseError(f"{path.name}：{reason}") from error


def _has_unsaved(sheet: Any, formulas: Any) -> bool:
    """A formula whose result the file does not hold: the cell would look blank and is not."""
    return any(cell.data_type == "f" and sheet.cell(cell.row, cell.column).value is None for row in formulas.iter_rows() for cell in row)


@dataclass(frozen=True, slots=True)
class _Row:
    """A visible row: its number in the sheet, and its cells by visible column."""

    number: int
    texts: dict[int, str]
    bordered: bool

    @property
    def filled(self) -> list[int]:
        return sorted(self.texts)


def sheet_to_items(sheet: Any) -> Iterator[Item]:
    """Lines and tables of a worksheet, from top to bottom."""
    columns = _visible_columns(sheet)
    rows = _rows(sheet, columns)
    spans = _spans(sheet, columns, rows)
    framed = sum(row.bordered for row in rows) >= 2
    said = False  # does anything stand above the first table?
    for group, in_table in _groups(rows, framed):
        if in_table:
            if not said and group[0].number and not _DEFAULT_NAME.match(sheet.title):
                yield Words((sheet.title,), max(1, group[0].number - 1), True)
            said = True
            yield _table(group, spans, sheet, columns)
        else:
            for row in group:
                if row.texts:
                    said = True
                    yield _words(row, spans, columns)


def _visible_columns(sheet: Any) -> dict[int, int]:
    """Sheet column → place among the visible ones."""
    letters = require("openpyxl.utils", "读取 xlsx 文件", "pip install openpyxl")
    hidden: set[int] = set()
    for key, dimension in sheet.column_dimensions.items():
        if dimension.hidden:
            first = dimension.min or letters.column_index_from_string(key)
            hidden.update(range(first, (dimension.max or first) + 1))
    shown = [column for column in range(1, sheet.max_column + 1) if column not in hidden]
    return {column: place for place, column in enumerate(shown)}


def _rows(sheet: Any, columns: dict[int, int]) -> list[_Row]:
    show_zeros = sheet.sheet_view.showZeros is not False
    rows = []
    for number, cells in enumerate(sheet.iter_rows(max_row=min(sheet.max_row, MAX_CELLS // max(1, sheet.max_column))), start=1):
        if sheet.row_dimensions[number].hidden if number in sheet.row_dimensions else False:
            continue
        texts: dict[int, str] = {}
        bordered = False
        for cell in cells:
            place = columns.get(cell.column)
            if place is None:
                continue
            bordered = bordered or _is_bordered(cell)
            if cell.value is None or (cell.value == 0 and not show_zeros and not isinstance(cell.value, bool)):
                continue
            text = value_to_text(cell.value, cell.number_format).strip("\n\r")
            if text.strip():
                texts[place] = text
        rows.append(_Row(number, texts, bordered))
    while rows and not rows[-1].texts:
        rows.pop()
    return rows


def _is_bordered(cell: Any) -> bool:
    border = cell.border
    return border is not None and any(side is not None and side.style for side in (border.bottom, border.top))


def _spans(sheet: Any, columns: dict[int, int], rows: Sequence[_Row]) -> dict[tuple[int, int], tuple[int, int]]:
    """(row number, visible column) of a merged cell's corner → (last row number, last visible column)."""
    spans = {}
    shown = {row.number for row in rows}
    for area in sheet.merged_cells.ranges:
        across = [columns[c] for c in range(area.min_col, area.max_col + 1) if c in columns]
        down = [r for r in range(area.min_row, area.max_row + 1) if r in shown]
        if across and down:
            spans[down[0], across[0]] = (down[-1], across[-1])
    return spans


def _groups(rows: Sequence[_Row], framed: bool) -> Iterator[tuple[list[_Row], bool]]:
    """Rows of tables and rows of text, in turns."""
    wide = [i for i, row in enumerate(rows) if len(row.filled) >= 2 and not _is_caption(row)]
    inside = set(range(wide[0], wide[-1] + 1)) if wide else set()
    group: list[_Row] = []
    state = False
    for i, row in enumerate(rows):
        blank = not row.texts and not row.bordered
        table = not blank and not _is_caption(row) and (row.bordered if framed else i in inside)
        if (table != state or blank) and group:
            yield group, state
            group = []
        state = table
        if not blank:
            group.append(row)
    if group:
        yield group, state


def _is_caption(row: _Row) -> bool:
    """Title, number, unit, body: what stands above a table, also where several stand side by side."""
    texts = [re.sub(r"\s", "", text) for text in row.texts.values()]
    return bool(texts) and len(texts) <= 3 and all(_LABELLED.match(t) or unit_of(t) or (caption_of(t) and len(texts) == 1) for t in texts)


def _words(row: _Row, spans: dict[tuple[int, int], tuple[int, int]], columns: dict[int, int]) -> Words:
    places = row.filled
    span = spans.get((row.number, places[0]))
    centred = len(places) == 1 and span is not None and span[1] - places[0] + 1 >= 0.6 * len(columns)
    return Words(tuple(re.sub(r"\s*\n\s*", "", row.texts[place]).strip() for place in places), row.number, centred)


def _table(rows: Sequence[_Row], spans: dict[tuple[int, int], tuple[int, int]], sheet: Any, columns: dict[int, int]) -> Sheet:
    """The rows as one table over the columns that hold anything."""
    numbers = [row.number for row in rows]
    used = [place for row in rows for place in row.texts]
    reach = [span[1] for (r, c), span in spans.items() if r in numbers and any(row.number == r and c in row.texts for row in rows)]
    first, last = min(used, default=0), max([*used, *reach], default=0)
    taken: set[tuple[int, int]] = set()
    cells = []
    by_place = {place: column for column, place in columns.items()}
    for r, row in enumerate(rows):
        for place in range(first, last + 1):
            if (r, place) in taken:
                continue
            down, across = spans.get((row.number, place), (row.number, place))
            r1 = max(k for k, number in enumerate(numbers) if number <= max(down, row.number)) + 1
            c1 = min(across, last) + 1
            taken.update((y, x) for y in range(r, r1) for x in range(place, c1))
            text = row.texts.get(place, "")
            indent = _indent(sheet.cell(row.number, by_place[place])) if text else 0.0
            cells.append(SheetCell(r, r1, place - first, c1 - first, text, indent))
    return Sheet(tuple(cells), tuple(numbers), last - first + 1)


def _indent(cell: Any) -> float:
    alignment = cell.alignment
    return float(alignment.indent or 0) if alignment is not None and alignment.horizontal in (None, "general", "left") else 0.0
