"""Pages whose text is drawn sideways: turned so that it reads, and what is found on them turned back.

A reader turns such a page in the hand; the boxes that a citation carries must still fit the page as it is displayed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from index.domain import Block, Box, Glyph, Heading, Page, Para, Rule, Table

Turn = tuple[int, float, float]  # degrees the text is turned clockwise (90 or 270), width and height of the displayed page
MOSTLY = 0.6  # share of the glyphs that must be turned


def turn_upright(page: Page) -> tuple[Page, int]:
    """The page turned so that most of its text reads from left to right, and by how much its text was turned (0: not at all)."""
    angles = Counter(_angle(glyph) for glyph in page.glyphs)
    angle, count = angles.most_common(1)[0] if angles else (0, 0)
    if angle not in (90, 270) or count < MOSTLY * len(page.glyphs):
        return page, 0
    turn = (angle, page.width, page.height)
    glyphs = tuple(_turned_glyph(glyph, turn) for glyph in page.glyphs)
    rules = tuple(Rule(*_to_upright((r.x0, r.top, r.x1, r.bottom), turn)) for r in page.rules)
    return replace(page, width=page.height, height=page.width, glyphs=glyphs, rules=rules), angle


def blocks_on_page(blocks: tuple[Block, ...], turned: dict[int, Turn]) -> tuple[Block, ...]:
    """The same blocks with the boxes of turned pages as the page is displayed."""
    return tuple(_block_back(block, turned) for block in blocks) if turned else blocks


def _block_back(block: Block, turned: dict[int, Turn]) -> Block:
    def back(box: Box | None, page: int | None) -> Box | None:
        turn = turned.get(page) if page is not None else None
        return _to_page(box, turn) if box and turn else box

    if isinstance(block, Heading):
        return replace(block, bbox=back(block.bbox, block.page))
    if isinstance(block, Para):
        spans = tuple(replace(span, bbox=back(span.bbox, span.page), xs=()) if span.page in turned else span for span in block.spans)
        return replace(block, spans=spans)
    assert isinstance(block, Table)
    rows = []
    for row in block.rows:
        cells = tuple(replace(cell, bbox=back(cell.bbox, cell.page)) for cell in row.cells)
        rows.append(replace(row, bbox=back(row.bbox, row.page), cells=cells))
    return replace(block, rows=tuple(rows))


def _angle(glyph: Glyph) -> int:
    if glyph.upright:
        return 0
    angle = int(glyph.font) if glyph.font.isdigit() else 0
    return 90 * round(angle / 90) % 360


def _turned_glyph(glyph: Glyph, turn: Turn) -> Glyph:
    x0, top, x1, bottom = _to_upright((glyph.x0, glyph.top, glyph.x1, glyph.bottom), turn)
    same = _angle(glyph) == turn[0]
    return replace(glyph, x0=x0, top=top, x1=x1, bottom=bottom, upright=same, font="" if same else glyph.font)


def _to_upright(box: Box, turn: Turn) -> Box:
    """A box of the displayed page as it lies once text turned clockwise by ``turn[0]`` degrees is turned back."""
    angle, width, height = turn
    x0, top, x1, bottom = box
    return (top, width - x1, bottom, width - x0) if angle == 90 else (height - bottom, x0, height - top, x1)


def _to_page(box: Box, turn: Turn) -> Box:
    angle, width, height = turn
    x0, top, x1, bottom = box
    return (width - bottom, x0, width - top, x1) if angle == 90 else (top, height - x1, bottom, height - x0)
