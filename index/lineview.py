"""The place of a file without printed pages (text, sheet, word-processor document, web page): its lines, or its table's rows.

``place_to_excerpt`` is the content for those who draw it themselves; ``lines_picture`` is the same as a picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.domain import Document, Heading, LabelPath, Para, Table
from index.drawing import MARKER, OUTLINE, font, printable, to_png
from index.errors import BudgetError

if TYPE_CHECKING:
    from index.stores.index import Index

AROUND = 6  # lines or rows on each side
MOST_COLUMNS = 12
WIDEST = 1500  # pixels of a picture
WIDEST_CELL = 16  # characters drawn of a cell


@dataclass(frozen=True)
class Excerpt:
    """Lines near a place. A table's excerpt has ``header``; each row is its label and cells, each text line one cell.

    ``hit`` is the place's row in ``rows``; ``column`` the cited cell's place in that row, where it is known.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]  # line number, texts
    hit: int
    column: int | None = None


def place_to_excerpt(document: Document, line: int, page: int | None = None, quote: str = "", column: LabelPath = ()) -> Excerpt:
    """What stands around a line; ``quote`` and ``column`` find the cell. Raises BudgetError where there is no such line."""
    for table in document.tables:
        for n, row in enumerate(table.rows):
            if line in (row.line, *(cell.line for cell in row.cells)) and page in (None, row.page):
                return _table_excerpt(table, n, quote, column)
    lines = [item for item in _text_lines(document, page) if abs(item[0] - line) <= AROUND]
    hit = max((n for n, (number, _) in enumerate(lines) if number <= line), default=None)
    if hit is None:
        raise BudgetError(f"{document.doc_id}：没有第{line}行")
    return Excerpt("", (), tuple((number, (text,)) for number, text in lines), hit)


def _text_lines(document: Document, page: int | None) -> Iterator[tuple[int, str]]:
    if document.lines:
        yield from ((item.number, item.text) for item in document.lines)
        return
    for block in document.blocks:
        if isinstance(block, Heading | Para) and block.line is not None and page in (None, block.page):
            yield block.line, block.text


def _table_excerpt(table: Table, hit: int, quote: str, column: LabelPath) -> Excerpt:
    first = max(0, hit - AROUND)
    rows = table.rows[first : hit + AROUND + 1]
    cells = table.rows[hit].cells
    at = next((n for n, path in enumerate(table.columns) if column and path == column), None)
    if at is None:
        at = next((n for n, cell in enumerate(cells) if quote and cell.text == quote), None)
    start = max(0, min((at or 0) - MOST_COLUMNS // 2, len(table.columns) - MOST_COLUMNS))
    shown = slice(start, start + MOST_COLUMNS)
    return Excerpt(
        table.name,
        ("", *("›".join(path) for path in table.columns[shown])),
        tuple((row.line or 0, ("›".join(row.label), *(cell.text or "" for cell in row.cells[shown]))) for row in rows),
        hit - first,
        None if at is None else at - start + 1,
    )


def lines_picture(
    index: Index,
    doc_id: str,
    line: int,
    page: int | None = None,
    quote: str = "",
    column: LabelPath = (),
    scale: float = 2.0,
    colours: int | None = None,
) -> bytes:
    """A PNG of the lines, or the table's rows, around a line, with the line marked and the cell of ``column`` or ``quote``.

    ``colours`` makes it small, as in ``index.pageview``. Raises BudgetError, one line, where the document has no such line.
    """
    from PIL import Image, ImageDraw

    excerpt = place_to_excerpt(index.document(doc_id), line, page, quote, column)
    size = max(8, round(9 * scale))
    face, step = font(size), round(size * 1.7)
    rows = [("", excerpt.header)] if excerpt.header else []
    rows += [(str(number), cells) for number, cells in excerpt.rows]
    texts = [[_cut(text, bool(excerpt.header)) for text in cells] for _, cells in rows]
    gutter = round(size * 2.6)
    widths = _widths(texts, face, size)
    sheet = Image.new("RGB", (min(WIDEST, gutter + sum(widths) + size), step * (len(rows) + bool(excerpt.title)) + size), "white")
    pen = ImageDraw.Draw(sheet)
    y = size // 2
    if excerpt.title:
        pen.text((gutter, y), printable(excerpt.title, face), fill="black", font=face)
        y += step
    marked = excerpt.hit + bool(excerpt.header)
    for n, (number, _) in enumerate(rows):
        if n == marked:
            pen.rectangle((0, y, sheet.width, y + step - 1), fill=MARKER)
        pen.text((size // 2, y), number, fill=(120, 120, 120), font=face)
        _draw_row(pen, (gutter, y), texts[n], widths, face, step, excerpt.column if n == marked else None)
        y += step
    return to_png(sheet, colours)


def _draw_row(pen: Any, at: tuple[int, int], texts: Sequence[str], widths: Sequence[int], face: Any, step: int, column: int | None) -> None:
    x, y = at
    for c, text in enumerate(texts):
        pen.text((x, y), printable(text, face), fill="black", font=face)
        if c == column:
            pen.rectangle((x - 4, y, x + widths[c] - 6, y + step - 2), outline=OUTLINE, width=2)
        x += widths[c]


def _cut(text: str, cell: bool) -> str:
    most = WIDEST_CELL if cell else 80
    return text if len(text) <= most else "…" + text[-most + 1 :] if cell else text[: most - 1] + "…"


def _widths(texts: list[list[str]], face: Any, size: int) -> list[int]:
    columns = max((len(row) for row in texts), default=0)
    return [max(round(face.getlength(row[c])) for row in texts if c < len(row)) + size for c in range(columns)]
