"""What every picture drawn here needs: a font that has Chinese, and colours for marks."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

from index.domain import Box

FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
    "uming.ttc",
    "msyh.ttc",
    "simsun.ttc",
    "PingFang.ttc",
    "STHeiti Light.ttc",
)
MARKER = (255, 226, 120)  # a highlighter: multiplied with the page, so that digits below stay as printed
OUTLINE = (201, 48, 32)


@lru_cache(maxsize=8)
def font(pixels: int) -> Any:
    """A font of that height with Chinese where the system has one, else the library's own."""
    from PIL import ImageFont

    for name in FONTS:
        try:
            return ImageFont.truetype(name, pixels, index=_simplified(name))
        except OSError:
            continue
    return ImageFont.load_default(pixels)


def _simplified(name: str) -> int:
    """The face with mainland glyphs: the third of Noto's collection, the only one elsewhere."""
    return 2 if name.startswith("NotoSansCJK") else 0


def to_png(image: Any, colours: int | None = None) -> bytes:
    """Quick to pack; with few ``colours`` a third of the size."""
    from PIL import Image

    if colours:
        image = image.quantize(colours, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, format="PNG", compress_level=6 if colours else 1)
    return out.getvalue()


def has_chinese(face: Any) -> bool:
    return str(getattr(face, "path", "")).endswith(FONTS)


def printable(text: str, face: Any) -> str:
    """Without a Chinese font, what it cannot draw becomes a dot instead of an error or a box."""
    return text if has_chinese(face) else "".join(c if c.isascii() else "·" for c in text)


def mark(image: Any, box: Box, scale: float) -> None:
    """Highlights a box given in points on an RGB picture drawn at ``scale`` pixels a point."""
    from PIL import Image, ImageChops, ImageDraw

    x0, top, x1, bottom = box
    pad = 1.5
    left, right = sorted((int((min(x0, x1) - pad) * scale), int((max(x0, x1) + pad) * scale)))
    upper, lower = sorted((int((min(top, bottom) - pad) * scale), int((max(top, bottom) + pad) * scale)))
    area = (max(0, left), max(0, upper), min(image.width, right), min(image.height, lower))
    if area[0] >= area[2] or area[1] >= area[3]:
        return  # outside the page
    piece = image.crop(area)
    image.paste(ImageChops.multiply(piece, Image.new("RGB", piece.size, MARKER)), area)
    ImageDraw.Draw(image).rectangle((area[0], area[1], area[2] - 1, area[3] - 1), outline=OUTLINE, width=max(2, round(scale)))
