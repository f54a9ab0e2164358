"""Pictures of the places that answers cite: a whole page, the neighbourhood of a cell, the lines around a line.

PDFium is not made for threads and may abort on a damaged file, so it draws in a child process with limits. A page is
drawn once and kept in the store's ``pages`` folder, which is held below ``CACHE_BYTES``. A file that is no longer the
one that was read is refused: a box of the old file on a page of the new one would point at a wrong figure.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import io
import os
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.domain import Box, Document, Para, Span, Table
from index.drawing import mark, to_png
from index.errors import BudgetError, ParseError
from index.sandbox import Sandbox

if TYPE_CHECKING:
    from index.sandbox import Progress
    from index.stores.index import Index

SCALE = 2.0  # pixels a point
SCALES = (0.2, 6.0)
MAX_POINTS = 5000.0  # longest side of a page
MAX_PIXELS = 25_000_000
PAGES_AT_HAND = 2  # drawn pages that the child keeps: the places of one page are asked for one after another
MAX_RANGE = 500  # pages of one extract
CACHE_BYTES = 256 * 1024 * 1024
CACHE_FOLDER = "pages"
FILES_FOLDER = "files"  # originals of what was uploaded
WORKER_MB, STALL_SECONDS, TOTAL_SECONDS = 2048, 20.0, 60.0
AROUND = 34.0  # points above and below a cell in a crop
BESIDE = 150.0  # points left and right of it
HEADER = 56.0  # points of the table's header in a crop
LABELS = 220.0  # points of the rows' labels

_drawing = threading.Lock()
Band = tuple[float, float]  # from, to, in points
Corner = tuple[float, float]  # left, upper


def page_picture(index: Index, doc_id: str, page: int, boxes: Sequence[Box] = (), scale: float = SCALE) -> bytes:
    """A PNG of a page (from 1) of a stored PDF, with ``boxes`` (points, top left origin) marked.

    Raises BudgetError, one line, where the document has no such page or its file is gone, changed or cannot be drawn.
    """
    png = _page(index, index.document(doc_id), page, scale)
    if not boxes:
        return png
    image = _open(png)
    for box in boxes:
        mark(image, box, scale)
    return to_png(image)


def crop_picture(index: Index, doc_id: str, page: int, box: Box, scale: float = SCALE, colours: int | None = None) -> bytes:
    """A PNG of a box's neighbourhood, the box marked: with the row's label and the header where it is a table's.

    ``colours`` makes it small: print on paper and a mark need about twenty. Raises BudgetError as ``page_picture`` does.
    """
    document = index.document(doc_id)
    path = _drawable(index, document, page, scale)
    return WORKER.run("cut", str(path), page, scale, tuple(box), body_corner(document, page, box), colours)


def crop_bands(body: Corner | None, box: Box, size: tuple[float, float]) -> tuple[list[Band], list[Band]]:
    """The parts of a page of ``size`` (points) that a crop shows, from left to right and from top to bottom.

    Of a table's cell (``body`` is where the values of its table begin): the labels and the cell's surroundings, its
    header and its row; parts that nearly touch are one.
    """
    (x0, x1), (top, bottom) = sorted((box[0], box[2])), sorted((box[1], box[3]))
    row = (max(0.0, top - AROUND), min(size[1], bottom + AROUND))
    if body is None:
        return [(0.0, size[0])], [row]
    left, upper = body
    labels = (max(0.0, left - LABELS), min(size[0], left + 2))
    cell = (max(0.0, x0 - BESIDE), min(size[0], x1 + BESIDE))
    header = (max(0.0, upper - HEADER), min(size[1], upper + 2))
    return _joined(labels, cell, 40), _joined(header, row, 6)


def _joined(one: Band, other: Band, near: float) -> list[Band]:
    return [(min(one[0], other[0]), max(one[1], other[1]))] if one[1] >= other[0] - near else [one, other]


def body_corner(document: Document, page: int, box: Box) -> Corner | None:
    """Left and upper edge, on that page, of the values of the table that has the box among its cells; None where none has."""
    return next((corner for table in document.tables if (corner := _body_corner(table, page, box)) is not None), None)


def _body_corner(table: Table, page: int, box: Box) -> Corner | None:
    if page not in table.pages:
        return None
    placed = [cell.bbox for row in table.rows for cell in row.cells if cell.page == page and cell.bbox]
    inside = any(b[0] <= box[0] + 1 and b[1] <= box[1] + 1 and b[2] >= box[2] - 1 and b[3] >= box[3] - 1 for b in placed)
    return (min(b[0] for b in placed), min(b[1] for b in placed)) if inside else None


def place_pages(document: Document, page: int, box: Box) -> tuple[int, int]:
    """First and last page of the table, or of the passage, that a place stands in; its own page where it stands in neither."""
    pages: set[int] = {page}
    table = next((table for table in document.tables if _body_corner(table, page, box) is not None), None)
    if table is not None:
        pages.update(table.pages)
    else:
        passages = (b for b in document.blocks if isinstance(b, Para) and any(s.page == page and _touch(s.bbox, box) for s in b.spans))
        pages.update(span.page for passage in passages for span in passage.spans if span.page)
    return min(pages), max(pages)


def place_boxes(document: Document, page: int, box: Box, quote: str) -> list[Box]:
    """What to mark on that page: of a passage, which is cited by the box of its first line, all lines that ``quote`` is printed on."""
    for para in document.blocks:
        if not isinstance(para, Para) or not any(s.page == page and s.bbox and _same(s.bbox, box) for s in para.spans):
            continue
        start = para.text.find(quote)
        if quote and start >= 0:
            end = start + len(quote)
            lines = [s for s in para.spans if s.page == page and s.bbox and s.start < end and s.end > start]
            return [_part(s, start, end) for s in lines] or [box]
    return [box]


def _part(span: Span, start: int, end: int) -> Box:
    """The box of the characters of a line that are among ``start`` to ``end`` of its paragraph."""
    assert span.bbox is not None
    x0, top, x1, bottom = span.bbox
    if span.xs:
        x0, x1 = span.xs[max(0, start - span.start)], span.xs[min(end, span.end) - span.start]
    return x0, top, x1, bottom


def _same(one: Box, other: Box) -> bool:
    return all(abs(a - b) < 0.1 for a, b in zip(one, other, strict=True))


def _touch(one: Box | None, other: Box) -> bool:
    return one is not None and one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def page_range(index: Index, doc_id: str, first: int, last: int) -> bytes:
    """A PDF of the pages ``first`` to ``last`` of a stored PDF, as they are in the original.

    Raises BudgetError where there are no such pages, or too many.
    """
    document = index.document(doc_id)
    if not 1 <= first <= last <= document.page_count or last - first >= MAX_RANGE:
        raise BudgetError(f"{doc_id}：没有第{first}—{last}页（共{document.page_count}页，一次最多{MAX_RANGE}页）")
    return WORKER.run("extract", str(source_file(index, document)), first, last)


def source_file(index: Index, document: Document) -> Path:
    """The file a document was read from, its content unchanged. Raises BudgetError where it is gone or another one."""
    stored = Path(index.source(document.doc_id))
    for path in (stored, index.folder / FILES_FOLDER / document.file_name):
        if path.is_file():
            if file_digest(path) == document.sha256:
                return path
            if path == stored and not (index.folder / FILES_FOLDER / document.file_name).is_file():
                raise BudgetError(f"{document.doc_id}：原文件 {path.name} 在读入以后改过，页面可能对不上；请重新导入")
    raise BudgetError(f"{document.doc_id}：原文件 {document.file_name} 已不在原处，请放回或重新导入")


def file_digest(path: Path) -> str:
    """The file's sha256; read again only where its time or size has changed."""
    state = path.stat()
    return _digest(str(path), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1000)
def _digest(path: str, _mtime: int, _size: int) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def forget_pictures(store: Path, sha256: str) -> None:
    """Deletes the kept pages of a document."""
    for path in (store / CACHE_FOLDER).glob(f"{sha256[:32]}-*.png"):
        path.unlink(missing_ok=True)


# ---------------------------------------------------------------- drawn once, kept with bounds


def _drawable(index: Index, document: Document, page: int, scale: float) -> Path:
    """The file to draw a page from; BudgetError where there is no such page or file."""
    if Path(document.file_name).suffix.lower() != ".pdf":
        raise BudgetError(f"{document.doc_id}：{document.file_name} 不是 PDF，没有可画的页面")
    if not 1 <= page <= document.page_count:
        raise BudgetError(f"{document.doc_id}：没有第{page}页（共{document.page_count}页）")
    if not SCALES[0] <= scale <= SCALES[1]:
        raise BudgetError(f"放大倍数应在 {SCALES[0]:g} 到 {SCALES[1]:g} 之间，现为 {scale:g}")
    return source_file(index, document)


def _page(index: Index, document: Document, page: int, scale: float) -> bytes:
    path = _drawable(index, document, page, scale)
    kept = index.folder / CACHE_FOLDER / f"{document.sha256[:32]}-{page}-{scale:g}.png"
    if (png := _kept(kept)) is not None:
        return png
    with _drawing:  # one is drawn after another anyway; who waited for this very page finds it kept
        if (png := _kept(kept)) is not None:
            return png
        png = draw_page(path, page, scale)
        with contextlib.suppress(OSError):  # a store that cannot be written still shows its pages
            keep(kept, png, CACHE_BYTES)
        return png


def _kept(path: Path) -> bytes | None:
    try:
        png = path.read_bytes()
    except OSError:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return png


def draw_page(path: Path, page: int, scale: float) -> bytes:
    """A PNG of one page of a PDF file. Raises BudgetError where it is damaged, or larger than the limits above."""
    return WORKER.run("draw", str(path), page, scale)


def keep(path: Path, data: bytes, bound: int) -> None:
    """Writes a file whole or not at all, and deletes the longest unused of its folder until ``bound`` bytes are left."""
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
    temporary.write_bytes(data)
    temporary.replace(path)
    files = []
    for other in path.parent.iterdir():
        with contextlib.suppress(FileNotFoundError):
            state = other.stat()
            files.append((state.st_mtime_ns, state.st_size, other))
    total = sum(size for _, size, _ in files)
    for _, size, other in sorted(files, key=lambda item: item[0]):
        if total <= bound:
            break
        if other != path:
            other.unlink(missing_ok=True)
            total -= size


# ---------------------------------------------------------------- the child process


class _Worker:
    """One warm child process for all threads; it is replaced after a crash or a stall."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None

    def run(self, function: str, *arguments: Any) -> bytes:
        with self._lock:
            if self._sandbox is None:
                self._sandbox = Sandbox(WORKER_MB, STALL_SECONDS, TOTAL_SECONDS)
                atexit.register(self._sandbox.__exit__)
            try:
                return self._sandbox.run("index.pageview", function, *arguments)
            except ParseError as error:
                name = Path(str(arguments[0])).name if arguments else "画页面的进程"
                text = str(error).replace("解析进程意外退出（文件可能已损坏，或过大）", "画不出这一页（文件可能已损坏，或过大）")
                raise ParseError(text if text.startswith(name) else f"{name}：{text}") from None


WORKER = _Worker()


def warm_up() -> None:
    """Starts the child process, which takes longer than drawing a page. Raises BudgetError where it cannot be started."""
    WORKER.run("ready")


def ready(progress: Progress) -> bytes:
    """In the child: what drawing needs is loaded."""
    import PIL.Image
    import pypdfium2

    return f"{pypdfium2.__name__} {PIL.Image.__name__}".encode()


def draw(path: str, page: int, scale: float, progress: Progress) -> bytes:
    """In the child: the page as PNG."""
    return to_png(_rendered(path, page, scale))


def cut(path: str, page: int, scale: float, box: Box, body: Corner | None, colours: int | None, progress: Progress) -> bytes:
    """In the child: what ``crop_bands`` leaves of the page, as PNG."""
    image = _at_hand(path, Path(path).stat().st_mtime_ns, page, scale).copy()
    mark(image, box, scale)
    columns, rows = crop_bands(body, box, (image.width / scale, image.height / scale))
    return to_png(_tile(image, columns, rows, scale), colours)


@lru_cache(maxsize=PAGES_AT_HAND)
def _at_hand(path: str, _mtime: int, page: int, scale: float) -> Any:
    return _rendered(path, page, scale)


def _rendered(path: str, page: int, scale: float) -> Any:
    """The page as an RGB picture. Raises ParseError where it is damaged or too large."""
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(path) as pdf:
            handle = pdf[page - 1]
            width, height = handle.get_size()
            if max(width, height) > MAX_POINTS or width * height * scale * scale > MAX_PIXELS:
                raise ParseError(f"{Path(path).name}：第{page}页太大（{width:.0f}×{height:.0f} 点），不画成图；请下载原文件查看")
            image = handle.render(scale=scale).to_pil().convert("RGB")
            handle.close()
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise ParseError(f"{Path(path).name}：第{page}页画不出来（{error}），请重新下载原文件") from None
    return image


def extract(path: str, first: int, last: int, progress: Progress) -> bytes:
    """In the child: a PDF of a range of pages."""
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(path) as pdf, pypdfium2.PdfDocument.new() as out:
            out.import_pages(pdf, list(range(first - 1, last)))
            buffer = io.BytesIO()
            out.save(buffer)
    except pypdfium2.PdfiumError as error:
        raise ParseError(f"{Path(path).name}：取不出第{first}—{last}页（{error}），请重新下载原文件") from None
    return buffer.getvalue()


# ---------------------------------------------------------------- pictures


def _open(png: bytes) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(png)).convert("RGB")


def _tile(image: Any, columns: list[Band], rows: list[Band], scale: float) -> Any:
    """The parts of a picture beside and below each other, a grey line where something is left out."""
    from PIL import Image

    gap = 8
    xs, ys = ([(int(start * scale), int(end * scale)) for start, end in bands] for bands in (columns, rows))
    width, height = (max(1, sum(end - start for start, end in bands) + gap * (len(bands) - 1)) for bands in (xs, ys))
    sheet = Image.new("RGB", (width, height), (205, 205, 210))
    y = 0
    for top, bottom in ys:
        x = 0
        for left, right in xs:
            sheet.paste(image.crop((left, top, right, bottom)), (x, y))
            x += right - left + gap
        y += bottom - top + gap
    return sheet
