"""Draws on a page what the parser saw there: reading order, cells with their paths, figures. The debugger of the readers.

Every box on the picture comes from the parsed document alone, so what is drawn is what answers rest on.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from index.domain import Box, Document, Figure, Flag, Heading, LabelPath, Origin, Para, Table
from index.drawing import font, printable
from index.errors import BudgetError
from index.pageview import draw_page

SCALE = 2.0  # pixels per point
MARGIN = 330  # points beside the page for the legend of paths
MAX_PATH = 44  # characters of a path in the legend
COLOURS = {"heading": "#b000b0", "para": "#2060c0", "cell": "#1a8f3c", "blank": "#a0a0a0", "figure": "#d07000", "trouble": "#d00000"}


class Mark(NamedTuple):
    """A box to draw, its short label on the page, and its line in the legend (empty where the box speaks for itself)."""

    kind: str
    box: Box
    label: str
    legend: str = ""


def show_page(source: Path, document: Document, figures: Sequence[Figure], page: int, out: Path) -> None:
    """Writes a PNG of one page of the PDF ``source`` with everything the document holds of it.

    Raises BudgetError (one line) where the page does not exist, the source is gone or no PDF, or the image cannot be written.
    """
    if source.suffix.lower() != ".pdf":
        raise BudgetError(f"{document.doc_id}：只有 PDF 有页面可画，{source.suffix or '该文件'} 没有；可用 export 查看解析结果")
    if not 1 <= page <= document.page_count:
        raise BudgetError(f"{document.doc_id}：没有第{page}页（共{document.page_count}页）")
    image = _render(source, document, page)
    marks = [*document_to_marks(document, page), *figures_to_marks(figures, page)]
    _draw(image, marks, _headline(document, page, marks))
    try:
        image.save(out, format="PNG")
    except OSError as error:
        raise BudgetError(f"无法写入 {out}：{error.strerror or error}，请检查路径和权限") from None


def document_to_marks(document: Document, page: int) -> list[Mark]:
    """Headings, paragraphs, rows and cells of a page in reading order; the number in a label is the block's place in the document."""
    marks: list[Mark] = []
    for number, block in enumerate(document.blocks):
        if isinstance(block, Heading):
            if block.page == page and block.bbox:
                marks.append(Mark("heading", block.bbox, f"{number}", f"{number} 标题{block.level} {block.text}"))
        elif isinstance(block, Para):
            marks += _para_marks(block, number, page)
        else:
            marks += _table_marks(block, page)
    return marks


def figures_to_marks(figures: Sequence[Figure], page: int) -> list[Mark]:
    """Figures in prose: their amounts; those of tables are drawn as cells already."""
    return [
        Mark("figure", f.source.bbox, "", f"{f.raw if f.unit in f.raw else f.raw + f.unit} = {_path(f.row_path)} · {_path(f.col_path)}")
        for f in figures
        if f.source.page == page and f.source.bbox and f.origin is Origin.PROSE
    ]


def _para_marks(para: Para, number: int, page: int) -> Iterator[Mark]:
    for place, span in enumerate(para.spans):
        if span.page == page and span.bbox:
            yield Mark("trouble" if Flag.DOUBTFUL in para.flags else "para", span.bbox, f"{number}" if place == 0 else f"{number}.{place}")


def _table_marks(table: Table, page: int) -> Iterator[Mark]:
    if page not in table.pages:
        return
    for c, path in enumerate(table.columns):
        boxes = [row.cells[c].bbox for row in table.rows if row.cells[c].page == page]
        placed = [box for box in boxes if box]
        if placed:
            top = min(box[1] for box in placed)
            column = (min(box[0] for box in placed), top - 3, max(box[2] for box in placed), top - 1)
            yield Mark("cell", column, f"c{c}", f"{table.id} c{c} {_path(path)}")
    for r, row in enumerate(table.rows):
        here = [cell for cell in row.cells if cell.page == page and cell.bbox]
        if here:
            yield Mark("cell", here[0].bbox or (0, 0, 0, 0), f"r{r}", f"{table.id} r{r} {row.code or ''} {_path(row.label)}")
        for cell in here:
            trouble = cell.flags & {Flag.DOUBTFUL, Flag.SUM_MISMATCH}
            kind = "trouble" if trouble else "cell" if cell.text else "blank"
            yield Mark(kind, cell.bbox or (0, 0, 0, 0), "")


def _path(path: LabelPath) -> str:
    text = " > ".join(path)
    return text if len(text) <= MAX_PATH else "…" + text[-MAX_PATH:]


def _headline(document: Document, page: int, marks: Sequence[Mark]) -> str:
    unread = next((u.reason for u in document.unread if u.page == page), None)
    tables = [table for table in document.tables if page in table.pages]
    names = "；".join(f"{table.id} {table.name}（{table.unit or '无单位'}）" for table in tables)
    state = f"未读：{unread}" if unread else "OCR" if page in document.ocr_pages else "文字层"
    return f"{document.doc_id} 第{page}页 {state} {names or '没有表格'} · {len(marks)} 处"


# ---------------------------------------------------------------- the picture


def _render(source: Path, document: Document, page: int) -> Any:
    from PIL import Image

    if not source.exists():
        raise BudgetError(f"{document.doc_id}：原文件已不在 {source}，请放回原处或重新导入")
    picture = Image.open(io.BytesIO(draw_page(source, page, SCALE)))
    sheet = Image.new("RGB", (picture.width + int(MARGIN * SCALE), picture.height + int(14 * SCALE)), "white")
    sheet.paste(picture, (0, int(14 * SCALE)))
    return sheet


def _draw(image: Any, marks: Sequence[Mark], headline: str) -> None:
    from PIL import ImageDraw

    pen = ImageDraw.Draw(image)
    small, plain = font(int(9 * SCALE * 0.8)), font(int(11 * SCALE * 0.8))
    shift = 14 * SCALE
    pen.text((6, 5), printable(headline, plain), fill="black", font=plain)
    middles = []
    for mark in marks:
        x0, top, x1, bottom = (v * SCALE for v in mark.box)
        box = (x0, top + shift, max(x0, x1), max(top, bottom) + shift)
        pen.rectangle(box, outline=COLOURS[mark.kind], width=2)
        if mark.label:
            pen.text(
                (box[0], box[1]), mark.label, fill=COLOURS[mark.kind], font=small, anchor="rb" if mark.label[0] in "r0123456789" else "lb"
            )
        if mark.kind in ("heading", "para"):
            middles.append((box[0], (box[1] + box[3]) / 2))
    if len(middles) > 1:
        pen.line(middles, fill=COLOURS["para"], width=1)  # reading order
    _legend(image, pen, [mark for mark in marks if mark.legend], small)


def _legend(image: Any, pen: Any, marks: Sequence[Mark], face: Any) -> None:
    left, top = image.width - int(MARGIN * SCALE) + 8, 14 * SCALE
    step = min(12 * SCALE, (image.height - 20 * SCALE) / max(1, len(marks)))
    rows = max(1, int((image.height - 20 * SCALE) / max(step, 9.0)))
    for place, mark in enumerate(marks[:rows]):
        pen.text((left, top + place * max(step, 9.0)), printable(mark.legend, face), fill=COLOURS[mark.kind], font=face)
