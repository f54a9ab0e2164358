"""What stands on a PDF page besides its text: how much of it lies under images, and how much text lies under these."""

from __future__ import annotations

from typing import Any, NamedTuple

TEXT, PATH, IMAGE, FORM = 1, 2, 3, 5
INVISIBLE = (3, 7)  # text render modes that draw nothing
MAX_DEPTH = 6


class Pictures(NamedTuple):
    """Shares from 0 to 1, and the number of drawn curves."""

    images: float
    covered: float
    outlines: int


class _Tally:
    def __init__(self, area: float) -> None:
        self.area = max(area, 1.0)
        self.images = 0.0
        self.hidden = 0
        self.below = 0  # visible text objects painted so far
        self.texts = 0
        self.outlines = 0


def page_to_pictures(handle: Any) -> Pictures:
    """Measures an open PDFium page; objects count in painting order, those of forms where the form stands."""
    import pypdfium2.raw as raw

    width, height = handle.get_size()
    tally = _Tally(width * height)
    for i in range(raw.FPDFPage_CountObjects(handle.raw)):
        _count(raw, raw.FPDFPage_GetObject(handle.raw, i), 1.0, tally, 0)
    covered = tally.hidden / tally.texts if tally.texts else 0.0
    return Pictures(min(1.0, tally.images), covered, tally.outlines)


def _count(raw: Any, item: Any, scale: float, tally: _Tally, depth: int) -> None:
    kind = raw.FPDFPageObj_GetType(item)
    if kind == TEXT:
        tally.texts += 1
        if raw.FPDFTextObj_GetTextRenderMode(item) in INVISIBLE:
            tally.hidden += 1
        else:
            tally.below += 1
    elif kind == IMAGE:
        share = _area(raw, item) * scale / tally.area
        tally.images += share
        if share > 0.5 and not raw.FPDFPageObj_HasTransparency(item):
            tally.hidden += tally.below
            tally.below = 0
    elif kind == PATH:
        tally.outlines += raw.FPDFPath_CountSegments(item) > 12
    elif kind == FORM and depth < MAX_DEPTH:
        matrix = raw.FS_MATRIX()
        raw.FPDFPageObj_GetMatrix(item, matrix)
        inner = scale * abs(matrix.a * matrix.d - matrix.b * matrix.c)
        for i in range(raw.FPDFFormObj_CountObjects(item)):
            _count(raw, raw.FPDFFormObj_GetObject(item, i), inner, tally, depth + 1)


def _area(raw: Any, item: Any) -> float:
    import ctypes

    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not raw.FPDFPageObj_GetBounds(item, left, bottom, right, top):
        return 0.0
    return abs((right.value - left.value) * (top.value - bottom.value))
