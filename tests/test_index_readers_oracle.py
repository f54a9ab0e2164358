"""A second pair of eyes: the same tables come out when glyphs and rules are taken with pdfminer instead of PDFium.

Pages are compared where both can be trusted: where they find the same visible characters.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.domain import Box, Glyph, Page, Rule, Table
from index.layout import PageStream
from index.readers.pdf import ASCENT, DESCENT, MAX_RULE_THICKNESS, MIN_RULE_LENGTH, pdf_to_pages
from index.textlines import clean_glyph
from index.turning import turn_upright

CORPUS = Path(os.environ.get("BUDGET_SHARED") or Path(__file__).resolve().parents[2] / "shared") / "corpus"
SAMPLE = ("js-congress-2019-tables", "pt-finance-2024-final", "sh-finance-2025", "js-court-2018")
SCANS = ("no-tounicode", "scan-no-text", "scan-poor-ocr", "sz-2024-scan")
WHITE = 0.98


def files() -> list[Path]:
    names = sorted(path for path in CORPUS.glob("*/*.pdf") if path.stem not in SCANS)
    return names if os.environ.get("BUDGET_SLOW") else [path for path in names if path.stem in SAMPLE]


def plumber_page(page: Any) -> Page:
    """A page as pdfminer sees it, in the reader's conventions: advance width by one em around the baseline."""
    left, top, right, bottom = page.bbox
    glyphs = tuple(glyph for char in page.chars if (glyph := plumber_glyph(char, page)) is not None)
    rules = tuple(Rule(x0 - left, y0 - top, x1 - left, y1 - top) for x0, y0, x1, y1 in plumber_rules(page))
    return Page(page.page_number, right - left, bottom - top, glyphs, rules)


def plumber_glyph(char: dict[str, Any], page: Any) -> Glyph | None:
    text = "".join(clean_glyph(ord(c)) for c in char["text"])
    left, top, right, bottom = page.bbox
    x0, x1 = char["x0"] - left, char["x1"] - left
    if not text or not (-1 <= (x0 + x1) / 2 <= right - left + 1 and top - 1 <= char["top"] <= bottom + 1):
        return None
    if not char["upright"]:
        down = char["matrix"][1] < 0
        return Glyph(text, x0, char["top"] - top, x1, char["bottom"] - top, char["size"], "90" if down else "270", upright=False)
    base = page.mediabox[3] - char["matrix"][5] - top
    size = char["size"]
    return Glyph(text, x0, base - ASCENT * size, x1, base + DESCENT * size, size)


def plumber_rules(page: Any) -> Iterator[Box]:
    for line in page.lines:
        flat = abs(line["x1"] - line["x0"]) <= 0.6 or abs(line["bottom"] - line["top"]) <= 0.6
        if flat and not is_white(line["stroking_color"]):
            yield from thin((line["x0"], line["top"], line["x1"], line["bottom"]))
    for rect in page.rects:
        seen = (rect["stroke"] and not is_white(rect["stroking_color"])) or (rect["fill"] and not is_white(rect["non_stroking_color"]))
        box = (rect["x0"], rect["top"], rect["x1"], rect["bottom"])
        if seen and min(box[2] - box[0], box[3] - box[1]) <= MAX_RULE_THICKNESS:
            yield from thin(box)
        elif seen:
            x0, y0, x1, y1 = box
            yield from ((x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1))


def thin(box: Box) -> Iterator[Box]:
    x0, y0, x1, y1 = box
    if max(x1 - x0, y1 - y0) < MIN_RULE_LENGTH:
        return
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    yield (x0, y, x1, y) if x1 - x0 >= y1 - y0 else (x, y0, x, y1)


def is_white(color: Any) -> bool:
    values = color if isinstance(color, tuple | list) else (color,)
    numbers = [v for v in values if isinstance(v, int | float)]
    if len(numbers) == 4:
        return max(numbers) <= 1 - WHITE
    return bool(numbers) and min(numbers) >= WHITE


def can_be_compared(ours: Page, theirs: Page) -> bool:
    return Counter("".join(g.text for g in ours.glyphs)) == Counter("".join(g.text for g in theirs.glyphs))


def pages_to_tables(pages: list[Page]) -> list[Any]:
    stream = PageStream("d")
    for page in pages:
        stream.feed(turn_upright(page)[0])
    tables = [block for block in stream.finish() if isinstance(block, Table)]
    return [(t.title, t.unit, t.pages, t.columns, [(r.label, r.code, [c.text for c in r.cells]) for r in t.rows]) for t in tables]


def both_ways(path: Path) -> tuple[list[Page], list[Page], int]:
    """The pages as PDFium and, where it can be compared, as pdfminer sees them; and how many could be."""
    import pdfplumber

    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    ours = list(pdf_to_pages(path))
    theirs, compared = [], 0
    with pdfplumber.open(path) as pdf:
        for mine, page in zip(ours, pdf.pages, strict=True):
            other = plumber_page(page)
            page.close()
            same = can_be_compared(mine, other)
            theirs.append(other if same else mine)
            compared += same
    return ours, theirs, compared


@pytest.mark.skipif(not CORPUS.is_dir(), reason="没有共享语料（BUDGET_SHARED）")
@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_tables_are_the_same_from_pdfminer(path: Path) -> None:
    ours, theirs, compared = both_ways(path)
    assert compared > 0.5 * len(ours)
    assert pages_to_tables(theirs) == pages_to_tables(ours)
