"""Files without printed pages (sheets, word-processor documents, web pages) → Document: lines and tables in order.

A reader gives ``Words`` and ``Sheet`` items; here they are set on a page of their own so that captions, headers, labels
and halves are understood by the same code as everything else. Heights on that page count lines, so that every block
finds its line again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from index.domain import Block, Cell, Document, Heading, Para, Row, Span, Table, UnreadPage
from index.errors import ParseError
from index.grids import Grid, GridCell
from index.identity import identify
from index.layout import FlowLine, PageStream
from index.textlines import TextLine

SIZE = 10.0  # points: all text is set in this size
STEP = 20.0  # points from line to line
WIDTH = 1000.0  # points: what "centred" refers to
LEFT = 40.0
LEADING = re.compile(r"^[ \u3000\u00a0\t]*")


@dataclass(frozen=True, slots=True)
class Words:
    """A line outside tables: what stands in it side by side, whether it is centred, and its 1-based line."""

    parts: tuple[str, ...]
    line: int
    centred: bool = False


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell over rows ``r0 <= r < r1`` and columns ``c0 <= c < c1`` of its table; ``indent`` in em, on top of leading blanks."""

    r0: int
    r1: int
    c0: int
    c1: int
    text: str
    indent: float = 0.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its cells, and the 1-based line of each of its rows."""

    cells: tuple[SheetCell, ...]
    lines: tuple[int, ...]
    columns: int


Item = Words | Sheet


@dataclass(frozen=True, slots=True)
class Part:
    """A worksheet, or a whole document: ``page`` is the sheet's number, None where there is nothing like a page."""

    items: tuple[Item, ...]
    page: int | None = None
    trouble: str | None = None  # what could not be read, for people


def parts_to_document(parts: Sequence[Part], path: Path, doc_id: str, data: bytes) -> Document:
    """The parsed document. Raises ParseError where there is no text at all."""
    blocks: list[Block] = []
    stream = PageStream(doc_id)
    for number, part in enumerate(parts, start=1):
        stream.feed_flow(number, [_set(item) for item in part.items], WIDTH)
    pages = {number: part.page for number, part in enumerate(parts, start=1)}
    blocks = [placed_block(block, pages) for block in stream.finish()]
    if not blocks:
        raise ParseError(f"{path.name}：没有任何文字或表格，请检查文件")
    tables = tuple(b for b in blocks if isinstance(b, Table))
    who = identify([*stream.front_texts, *(b.text for b in blocks if not isinstance(b, Table))], tables, path.name)
    units = [table.unit for table in tables if table.unit]
    return Document(
        doc_id=doc_id,
        title=who.title,
        department=who.department,
        year=who.year,
        kind=who.kind,
        unit=max(set(units), key=units.count) if units else None,
        page_count=max((page for page in pages.values() if page), default=0),
        blocks=tuple(blocks),
        unread=tuple(UnreadPage(part.page or 1, part.trouble) for part in parts if part.trouble),
        file_name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises ParseError where it is missing, unreadable or empty."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ParseError(f"{path.name}：文件不存在，请检查路径") from None
    except OSError as error:
        raise ParseError(f"{path.name}：无法读取（{error.strerror}），请检查权限") from None
    if not data.strip(b"\0 \r\n\t"):
        raise ParseError(f"{path.name}：文件是空的，请重新下载")
    return data


# ---------------------------------------------------------------- setting


def _set(item: Item) -> FlowLine | Grid:
    return _set_words(item) if isinstance(item, Words) else _set_sheet(item)


def _set_words(words: Words) -> FlowLine:
    text = "  ".join(words.parts)
    width = SIZE * max(1, len(text))
    left = max(0.0, (WIDTH - width) / 2) if words.centred else LEFT
    return FlowLine(_text_line(text, left, (words.line - 1) * STEP), words.parts)


def _set_sheet(sheet: Sheet) -> Grid:
    """Columns as wide as their longest line, rows one line high each."""
    widths = [3 * SIZE] * sheet.columns
    for cell in sheet.cells:
        if cell.c1 == cell.c0 + 1:
            longest = max(len(line) for line in cell.text.split("\n"))
            widths[cell.c0] = max(widths[cell.c0], (longest + cell.indent + 1) * SIZE)
    xs = [LEFT]
    for width in widths:
        xs.append(xs[-1] + width)
    ys = [(line - 1) * STEP for line in sheet.lines]
    ys.append((ys[-1] if ys else 0.0) + STEP)
    return Grid(tuple(xs), tuple(ys), tuple(_set_cell(cell, xs, ys) for cell in sheet.cells))


def _set_cell(cell: SheetCell, xs: Sequence[float], ys: Sequence[float]) -> GridCell:
    box = (xs[cell.c0], ys[cell.r0], xs[cell.c1], ys[cell.r1])
    lines = []
    for place, text in enumerate(line for line in cell.text.split("\n") if line.strip()):
        left = box[0] + 2 + cell.indent * SIZE + leading_em(text) * SIZE
        lines.append(_text_line(text.strip(), left, box[1] + 0.01 * place))
    return GridCell(cell.r0, cell.r1, cell.c0, cell.c1, box).with_lines(lines)


def leading_em(text: str) -> float:
    """How far leading blanks indent a text, in em."""
    found = LEADING.match(text)
    return sum(1.0 if c == "\u3000" else 0.5 for c in (found.group() if found else ""))


def _text_line(text: str, left: float, top: float) -> TextLine:
    edges = tuple((left + i * SIZE, left + (i + 1) * SIZE) for i in range(len(text)))
    return TextLine(text, edges, (left, top, left + SIZE * len(text), top + SIZE), SIZE)


# ---------------------------------------------------------------- back to places of the file


def _line(top: float) -> int:
    return int(top // STEP) + 1


def placed_block(block: Block, pages: dict[int, int | None]) -> Block:
    """The block with the file's own page and line instead of the places it was set at."""
    if isinstance(block, Heading):
        return replace(block, page=pages.get(block.page or 0), line=_line(block.bbox[1]) if block.bbox else None, bbox=None)
    if isinstance(block, Para):
        spans = tuple(_placed_span(span, pages) for span in block.spans)
        return replace(block, page=pages.get(block.page or 0), line=spans[0].line if spans else None, spans=spans)
    rows = tuple(_placed_row(row, pages) for row in block.rows)
    known = sorted({pages[p] or 0 for p in block.pages if pages.get(p)})
    return replace(block, rows=rows, pages=tuple(known), line=rows[0].line if rows else None)


def _placed_span(span: Span, pages: dict[int, int | None]) -> Span:
    line = _line(span.bbox[1]) if span.bbox else None
    return replace(span, page=pages.get(span.page or 0), line=line, bbox=None, xs=())


def _placed_row(row: Row, pages: dict[int, int | None]) -> Row:
    line = _line(row.bbox[1]) if row.bbox else None
    return replace(row, page=pages.get(row.page or 0), line=line, bbox=None, cells=tuple(_placed_cell(cell, pages) for cell in row.cells))


def _placed_cell(cell: Cell, pages: dict[int, int | None]) -> Cell:
    line = _line(cell.bbox[1]) if cell.bbox else None
    return replace(cell, page=pages.get(cell.page or 0), line=line, bbox=None)
