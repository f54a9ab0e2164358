"""The OCR engine: where lines of text stand, and what a piece of image says. The only RapidOCR file.

Its models come inside its package; nothing is fetched. It loads at the first page that needs it.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from index.errors import require
from index.readers import ink
from index.readers.ink import PixelBox

if TYPE_CHECKING:
    from index.readers.ink import Image

LINE_HEIGHT = 48  # pixels: what the recogniser scales a line to
LINE_WIDTHS = (64, 96, 128, 160, 192, 256, 320, 400, 480, 576, 704, 832, 960, 1152, 1408, 1728, 2112, 2560, 3200)


@lru_cache(maxsize=1)
def _engine() -> Any:
    rapidocr = require("rapidocr", "识别扫描件", "pip install rapidocr onnxruntime")
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    many = 10_000  # a page may hold thousands of figures
    engine = rapidocr.RapidOCR(params={"Global.use_cls": False, "Global.log_level": "error", "Det.max_candidates": many})
    engine.recognize_txt([to_array(_blank(LINE_HEIGHT))])  # loads the recogniser, whose width is set below
    return engine


def _blank(side: int) -> Any:
    import numpy as np

    return np.full((side, side), 255, dtype=np.uint8)


def read_crops(crops: list[Image]) -> list[tuple[str, float]]:
    """Text and certainty of each piece. Pieces of like width are read together, in one of a few widths.

    So a piece reads the same whatever else is on the page, short cells are not padded to a full line (half the time),
    and the engine keeps its plans for a few shapes instead of one for every width it meets (memory stays flat).
    """
    engine = _engine()
    groups: dict[int, list[int]] = {}
    for i, crop in enumerate(crops):
        width = LINE_HEIGHT * crop.shape[1] / max(1, crop.shape[0])
        groups.setdefault(next((w for w in LINE_WIDTHS if w >= width), LINE_WIDTHS[-1]), []).append(i)
    read: list[tuple[str, float]] = [("", 0.0)] * len(crops)
    for width, members in groups.items():
        engine.text_rec.rec_image_shape = [3, LINE_HEIGHT, width]
        found = engine.recognize_txt([crops[i] for i in members])
        for i, text, score in zip(members, found.txts, found.scores, strict=True):
            read[i] = (text, float(score))
    return read


def to_array(image: Any) -> Image:
    import numpy as np

    array = np.asarray(image.convert("RGB") if hasattr(image, "convert") else image)
    if array.ndim == 2:
        array = np.stack([array] * 3, axis=2)
    return np.ascontiguousarray(array[:, :, :3].astype(np.uint8, copy=False))


def detect(pixels: Image, side: int) -> list[PixelBox]:
    """Boxes of lines of text, top to bottom; the detector sees the image with its longer side at most ``side`` pixels."""
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    small = ink.shrink(pixels, scale)
    found = _engine()(small[:, :, ::-1], use_det=True, use_cls=False, use_rec=False)
    quads = getattr(found, "boxes", None)
    boxes = []
    for quad in [] if quads is None else quads:
        xs, ys = [float(p[0]) / scale for p in quad], [float(p[1]) / scale for p in quad]
        box = PixelBox(max(0, int(min(xs))), max(0, int(min(ys))), min(width, int(max(xs)) + 1), min(height, int(max(ys)) + 1))
        if box.x1 - box.x0 > 2 and box.y1 - box.y0 > 2:
            boxes.append(box)
    return boxes
