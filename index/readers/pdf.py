"""PDF → Pages of visible glyphs and ruling lines → Document.

PDFium draws what people see, so its objects decide what is read: text that is invisible (render mode 3 or 7), clipped
away or outside the page is left out, overprinted copies (a common way to fake bold) count once. Positions are those of
the page as it is displayed. A glyph's box is its advance width by one em around its baseline, whatever the font's own
metrics say, so that two fonts on one line have boxes of one height.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from index.domain import Box, Document, Glyph, Page, Rule, Table, UnreadPage
from index.errors import ParseError
from index.layout import PageStream
from index.lies import page_lies
from index.readers.flow import read_bytes
from index.readers.pictures import page_to_pictures
from index.readers.scanned import Scan, mark_scanned, page_to_scan
from index.textlines import clean_glyph
from index.turning import Turn, blocks_on_page, turn_upright

Progress = Callable[[str, int, int], None]

ASCENT, DESCENT = 0.88, 0.12  # share of the em above and below the baseline in a CJK font
INVISIBLE_MODES = (3, 7)
MAX_RULE_THICKNESS = 3.0  # points; a filled box as thin as this is a drawn line
MIN_RULE_LENGTH = 3.0
TEXT_OBJECT, PATH_OBJECT, FORM_OBJECT = 1, 2, 5
MAX_FORM_DEPTH = 6
WHITE = 250  # a fill or stroke at least this light on all channels draws nothing on paper

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_KnownClips = dict[tuple[Matrix, int, tuple[float, float], tuple[float, float]], Box]  # rectangles met on a page


def read_pdf(path: Path, doc_id: str, progress: Progress | None = None) -> Document:
    """The parsed document of a PDF file.

    Raises ParseError (one line naming file and reason) for a file that is missing, empty, encrypted, damaged or no PDF.
    Pages that cannot be read are listed in ``Document.unread``, never dropped in silence.
    """
    from index.identity import identify

    data = _read_bytes(path)
    stream = PageStream(doc_id)
    unread: list[UnreadPage] = []
    ocr_pages: list[int] = []
    scans: dict[int, Scan] = {}
    turned: dict[int, Turn] = {}
    with _open(data, path) as pdf:
        total = len(pdf)
        for page in _pages(pdf, path, progress):
            if page.unread:
                unread.append(UnreadPage(page.number, page.unread))
            elif page.origin == "ocr":
                ocr_pages.append(page.number)
                scans[page.number] = page_to_scan(page)
            upright, angle = turn_upright(page)
            if angle:
                turned[page.number] = (angle, page.width, page.height)
            stream.feed(upright)
    blocks = blocks_on_page(mark_scanned(stream.finish(), scans), turned)
    texts = [*stream.front_texts, *(b.text for b in blocks if not isinstance(b, Table))]
    tables = tuple(b for b in blocks if isinstance(b, Table))
    who = identify(texts, tables, path.name)
    return Document(
        doc_id=doc_id,
        title=who.title,
        department=who.department,
        year=who.year,
        kind=who.kind,
        unit=_common_unit(tables),
        page_count=total,
        blocks=blocks,
        unread=tuple(unread),
        file_name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        ocr_pages=tuple(ocr_pages),
    )


def pdf_to_pages(path: Path) -> Iterator[Page]:
    """The pages of a PDF as its text layer shows them, one at a time (no OCR)."""
    with _open(_read_bytes(path), path) as pdf:
        for number in range(1, len(pdf) + 1):
            handle = pdf[number - 1]
            try:
                yield _handle_to_page(handle, number)
            finally:
                handle.close()


def _common_unit(tables: tuple[Table, ...]) -> str | None:
    units = [table.unit for table in tables if table.unit]
    return max(set(units), key=units.count) if units else None


def _read_bytes(path: Path) -> bytes:
    data = read_bytes(path)
    if b"%PDF-" not in data[:1024]:
        raise ParseError(f"{path.name}：不是 PDF 文件，请检查内容或扩展名")
    return data


class _open:
    """A PDFium document as a context manager; its errors become ParseError."""

    def __init__(self, data: bytes, path: Path) -> None:
        import pypdfium2

        try:
            self.pdf: Any = pypdfium2.PdfDocument(data)
            pages = len(self.pdf)
        except pypdfium2.PdfiumError as error:
            raise ParseError(f"{path.name}：{_reason(str(error), data)}") from None
        if not pages:
            raise ParseError(f"{path.name}：没有任何页面，文件可能已损坏，请重新下载")

    def __enter__(self) -> Any:
        return self.pdf

    def __exit__(self, *_: object) -> None:
        self.pdf.close()


def _reason(message: str, data: bytes) -> str:
    if "assword" in message or "ecurity" in message:
        return "文件有密码保护，请先解除密码"
    if b"%%EOF" not in data[-2048:]:
        return "文件不完整（被截断），请重新下载"
    return "文件已损坏，无法打开，请重新下载"


# ---------------------------------------------------------------- pages: text layer, or OCR where it is missing or lies


def _pages(pdf: Any, path: Path, progress: Progress | None) -> Iterator[Page]:
    total = len(pdf)
    for number in range(1, total + 1):
        try:
            page, reason = _checked_page(pdf, number)
            if reason:
                page = _ocr_page(pdf, page, reason)
        except Exception as error:
            page = Page(number, 595.0, 842.0, (), (), unread=f"第{number}页无法解析（{type(error).__name__}）")
        if progress:
            progress("读取页面", number, total)
        yield page


def _checked_page(pdf: Any, number: int) -> tuple[Page, str | None]:
    """The page, and why its text layer cannot be trusted (in Chinese), or None where it can."""
    handle = pdf[number - 1]
    try:
        page = _handle_to_page(handle, number)
        return page, page_lies(page, *page_to_pictures(handle))
    finally:
        handle.close()


def _ocr_page(pdf: Any, page: Page, reason: str) -> Page:
    from index.readers.scan import OCR_DPI, ocr_page

    handle = pdf[page.number - 1]
    try:
        image = handle.render(scale=OCR_DPI / 72).to_pil()
    finally:
        handle.close()
    try:
        read: Page = ocr_page(image, page.number, page.width, page.height)
    except Exception as error:
        return Page(page.number, page.width, page.height, (), (), unread=f"{reason}，识别失败（{error}）")
    return read if read.glyphs or read.unread else Page(page.number, page.width, page.height, (), (), unread=f"{reason}，识别不出文字")


# ---------------------------------------------------------------- one page from PDFium


def _handle_to_page(handle: Any, number: int) -> Page:
    placed = _Placement(handle)
    glyphs = tuple(_glyphs(handle, placed))
    rules = tuple(_rules(handle, placed))
    width, height = placed.size
    return Page(number, width, height, glyphs, rules, rotation=placed.rotation)


class _Placement:
    """User space of a page → the page as displayed: origin at the top left, y downwards, crop box and rotation applied."""

    def __init__(self, handle: Any) -> None:
        left, bottom, right, top = handle.get_bbox()
        self.rotation: int = handle.get_rotation()
        self.box = (left, bottom, right, top)
        width, height = right - left, top - bottom
        self.size = (height, width) if self.rotation in (90, 270) else (width, height)

    def point(self, x: float, y: float) -> tuple[float, float]:
        left, bottom, right, top = self.box
        if self.rotation == 90:
            return y - bottom, x - left
        if self.rotation == 180:
            return right - x, y - bottom
        if self.rotation == 270:
            return top - y, right - x
        return x - left, top - y

    def shows(self, x: float, y: float) -> bool:
        width, height = self.size
        return bool(-1 <= x <= width + 1 and -1 <= y <= height + 1)


class _Form(NamedTuple):
    """Where the form that holds an object stands on the page, and what it is clipped to there."""

    matrix: Matrix = IDENTITY
    clip: Box | None = None


PAGE_ITSELF = _Form()


class _TextStyle:
    """What all characters of one text object share."""

    __slots__ = ("bold", "clip", "degrees", "size", "visible")

    def __init__(self, raw: Any, item: Any, angle: float, form: _Form, clips: _KnownClips) -> None:
        import ctypes

        size = ctypes.c_float()
        raw.FPDFTextObj_GetFontSize(item, size)
        matrix = _matrix_of(raw, item)
        if form is not PAGE_ITSELF:
            matrix = _multiply(matrix, form.matrix)
        self.size = abs(size.value) * math.hypot(matrix[2], matrix[3])
        mode = raw.FPDFTextObj_GetTextRenderMode(item)
        self.visible = mode not in INVISIBLE_MODES
        self.bold = mode == 2
        self.clip = _meet(form.clip, _clip_box(raw, item, form.matrix, clips))
        self.degrees = round(math.degrees(angle))


def _glyphs(handle: Any, placed: _Placement) -> Iterator[Glyph]:
    import ctypes

    import pypdfium2.raw as raw

    text = handle.get_textpage()
    try:
        page = text.raw
        box, x, y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
        box_ref, x_ref, y_ref = ctypes.byref(box), ctypes.byref(x), ctypes.byref(y)
        styles: dict[int, _TextStyle] = {}
        clips: _KnownClips = {}
        forms = _text_to_form(raw, handle.raw, clips)
        for i in range(raw.FPDFText_CountChars(page)):
            code = raw.FPDFText_GetUnicode(page, i)
            char = clean_glyph(code)
            if not char or raw.FPDFText_IsGenerated(page, i) == 1:
                continue
            item = raw.FPDFText_GetTextObject(page, i)
            key = ctypes.addressof(item.contents) if item else 0
            style = styles.get(key)
            if style is None:
                angle, form = raw.FPDFText_GetCharAngle(page, i), forms.get(key, PAGE_ITSELF)
                style = styles[key] = _TextStyle(raw, item, angle, form, clips)
            if not style.visible or not raw.FPDFText_GetLooseCharBox(page, i, box_ref):
                continue
            raw.FPDFText_GetCharOrigin(page, i, x_ref, y_ref)
            glyph = _glyph(char, (box.left, box.bottom, box.right, box.top), (x.value, y.value), style, placed)
            if glyph is not None:
                yield glyph
    finally:
        text.close()


def _text_to_form(raw: Any, page: Any, clips: _KnownClips) -> dict[int, _Form]:
    """The form of every text object that stands in one, by the object's address; PDFium tells its clip in the form's space."""
    import ctypes

    found: dict[int, _Form] = {}
    queue = [(raw.FPDFPage_GetObject(page, i), PAGE_ITSELF, 0) for i in range(raw.FPDFPage_CountObjects(page))]
    while queue:
        item, form, depth = queue.pop()
        kind = raw.FPDFPageObj_GetType(item)
        if kind == TEXT_OBJECT and depth:
            found[ctypes.addressof(item.contents)] = form
        elif kind == FORM_OBJECT and depth < MAX_FORM_DEPTH:
            inner = _form_of(raw, item, form, clips)
            queue += [(raw.FPDFFormObj_GetObject(item, i), inner, depth + 1) for i in range(raw.FPDFFormObj_CountObjects(item))]
    return found


def _form_of(raw: Any, item: Any, outer: _Form, clips: _KnownClips) -> _Form:
    return _Form(_multiply(_matrix_of(raw, item), outer.matrix), _meet(outer.clip, _clip_box(raw, item, outer.matrix, clips)))


def _glyph(char: str, box: Box, origin: tuple[float, float], style: _TextStyle, placed: _Placement) -> Glyph | None:
    left, low, right, high = box
    clip = style.clip
    if clip:
        cx, cy = (left + right) / 2, (low + high) / 2
        if not (clip[0] - 0.5 <= cx <= clip[2] + 0.5 and clip[1] - 0.5 <= cy <= clip[3] + 0.5):
            return None
    (ax, ay), (bx, by) = placed.point(left, low), placed.point(right, high)
    x0, x1 = (ax, bx) if ax <= bx else (bx, ax)
    top, bottom = (ay, by) if ay <= by else (by, ay)
    if not placed.shows((x0 + x1) / 2, (top + bottom) / 2):
        return None
    turned = (style.degrees + placed.rotation) % 360  # clockwise on the displayed page
    if turned < 10 or turned > 350:
        size = style.size if 0.5 < (bottom - top) / max(style.size, 0.1) < 2.0 else bottom - top
        _, base = placed.point(*origin)
        return Glyph(char, x0, base - ASCENT * size, x1, base + DESCENT * size, size, "bold" if style.bold else "")
    return Glyph(char, x0, top, x1, bottom, style.size or (x1 - x0), str(turned), upright=False)


# ---------------------------------------------------------------- ruling lines


def _rules(handle: Any, placed: _Placement) -> Iterator[Rule]:
    import pypdfium2.raw as raw

    for x0, y0, x1, y1 in _page_segments(raw, handle.raw):
        (ax, ay), (bx, by) = placed.point(x0, y0), placed.point(x1, y1)
        yield Rule(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))


def _page_segments(raw: Any, page: Any) -> Iterator[Box]:
    clips: _KnownClips = {}
    for i in range(raw.FPDFPage_CountObjects(page)):
        yield from _object_segments(raw, raw.FPDFPage_GetObject(page, i), PAGE_ITSELF, 0, clips)


def _object_segments(raw: Any, item: Any, form: _Form, depth: int, clips: _KnownClips) -> Iterator[Box]:
    kind = raw.FPDFPageObj_GetType(item)
    if kind == PATH_OBJECT:
        clip = _meet(form.clip, _clip_box(raw, item, form.matrix, clips))
        for segment in _path_segments(raw, item, form.matrix):
            clipped = _clip_segment(segment, clip)
            if clipped:
                yield clipped
    elif kind == FORM_OBJECT and depth < MAX_FORM_DEPTH:
        inner = _form_of(raw, item, form, clips)
        for i in range(raw.FPDFFormObj_CountObjects(item)):
            yield from _object_segments(raw, raw.FPDFFormObj_GetObject(item, i), inner, depth + 1, clips)


def _path_segments(raw: Any, item: Any, matrix: Matrix) -> Iterator[Box]:
    import ctypes

    fill_mode, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item, fill_mode, stroke)
    stroked = bool(stroke.value) and not _is_white(raw.FPDFPageObj_GetStrokeColor, item)
    filled = bool(fill_mode.value) and not _is_white(raw.FPDFPageObj_GetFillColor, item)
    if not (stroked or filled):
        return
    own = _multiply(_matrix_of(raw, item), matrix)
    for points in _subpaths(raw, item, own):
        yield from _outline_segments(points, filled and not stroked)


def _outline_segments(points: list[tuple[float, float]], filled: bool) -> Iterator[Box]:
    """Axis-parallel sides of a drawn outline; a thin filled box is one line along its middle."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
    if len(points) >= 4 and min(x1 - x0, y1 - y0) <= MAX_RULE_THICKNESS:
        mid_x, mid_y = (x0 + x1) / 2, (y0 + y1) / 2
        if max(x1 - x0, y1 - y0) >= MIN_RULE_LENGTH:
            yield (x0, mid_y, x1, mid_y) if x1 - x0 >= y1 - y0 else (mid_x, y0, mid_x, y1)
        return
    sides = list(itertools.pairwise(points))
    if filled and points[0] != points[-1]:
        sides.append((points[-1], points[0]))
    for (ax, ay), (bx, by) in sides:
        if abs(ay - by) <= 0.6 and abs(ax - bx) >= MIN_RULE_LENGTH:
            yield min(ax, bx), (ay + by) / 2, max(ax, bx), (ay + by) / 2
        elif abs(ax - bx) <= 0.6 and abs(ay - by) >= MIN_RULE_LENGTH:
            yield (ax + bx) / 2, min(ay, by), (ax + bx) / 2, max(ay, by)


def _subpaths(raw: Any, item: Any, matrix: Matrix) -> Iterator[list[tuple[float, float]]]:
    """Polylines of a path in page space; outlines with curves are left out (charts, logos)."""
    import ctypes

    x, y = ctypes.c_float(), ctypes.c_float()
    points: list[tuple[float, float]] = []
    curved = False
    for i in range(raw.FPDFPath_CountSegments(item)):
        segment = raw.FPDFPath_GetPathSegment(item, i)
        kind = raw.FPDFPathSegment_GetType(segment)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            if len(points) > 1 and not curved:
                yield points
            points, curved = [], False
        elif kind == raw.FPDF_SEGMENT_BEZIERTO:
            curved = True
        points.append(_apply(matrix, x.value, y.value))
        if raw.FPDFPathSegment_GetClose(segment) and points:
            points.append(points[0])
    if len(points) > 1 and not curved:
        yield points


def _is_white(read: Any, item: Any) -> bool:
    import ctypes

    r, g, b, a = (ctypes.c_uint() for _ in range(4))
    if not read(item, r, g, b, a):
        return False
    return a.value == 0 or min(r.value, g.value, b.value) >= WHITE


def _clip_box(raw: Any, item: Any, matrix: Matrix, known: _KnownClips) -> Box | None:
    """Bounding box of what an object is clipped to, in page space; None where it is not clipped."""
    clip = raw.FPDFPageObj_GetClipPath(item) if item else None
    if not clip:
        return None
    box: Box | None = None
    for p in range(raw.FPDFClipPath_CountPaths(clip)):
        box = _meet(box, _clip_path_box(raw, clip, p, matrix, known))
    return box


def _clip_path_box(raw: Any, clip: Any, p: int, matrix: Matrix, known: _KnownClips) -> Box | None:
    """One path of a clip. Files that clip every character repeat a few rectangles, which two corners tell from each other."""
    import ctypes

    x, y = ctypes.c_float(), ctypes.c_float()
    x_ref, y_ref = ctypes.byref(x), ctypes.byref(y)

    def corner(s: int) -> tuple[float, float]:
        raw.FPDFPathSegment_GetPoint(raw.FPDFClipPath_GetPathSegment(clip, p, s), x_ref, y_ref)
        return x.value, y.value

    count = raw.FPDFClipPath_CountPathSegments(clip, p)
    if count < 1:
        return None
    first, third = corner(0), corner(2) if count > 2 else (0.0, 0.0)
    key = (matrix, count, first, third)
    if key in known:
        return known[key]
    raw_points = [corner(s) for s in range(count)]
    points = [_apply(matrix, *point) for point in raw_points]
    xs, ys = [q[0] for q in points], [q[1] for q in points]
    box = (min(xs), min(ys), max(xs), max(ys))
    if count in (4, 5) and all(px in (first[0], third[0]) and py in (first[1], third[1]) for px, py in raw_points):
        known[key] = box
    return box


def _meet(a: Box | None, b: Box | None) -> Box | None:
    if a is None or b is None:
        return a or b
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def _clip_segment(segment: Box, clip: Box | None) -> Box | None:
    if clip is None:
        return segment
    x0, y0, x1, y1 = segment
    slack = MAX_RULE_THICKNESS / 2
    if x1 < clip[0] - slack or x0 > clip[2] + slack or y1 < clip[1] - slack or y0 > clip[3] + slack:
        return None
    if y0 == y1:
        x0, x1 = max(x0, clip[0]), min(x1, clip[2])
    else:
        y0, y1 = max(y0, clip[1]), min(y1, clip[3])
    return (x0, y0, x1, y1) if max(x1 - x0, y1 - y0) >= MIN_RULE_LENGTH else None


def _matrix_of(raw: Any, item: Any) -> Matrix:
    m = raw.FS_MATRIX()
    return (m.a, m.b, m.c, m.d, m.e, m.f) if raw.FPDFPageObj_GetMatrix(item, m) else IDENTITY


def _multiply(m: Matrix, n: Matrix) -> Matrix:
    """First m, then n."""
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def _apply(m: Matrix, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]
