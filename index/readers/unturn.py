"""Boxes of scanned pages, which were read level and upright, back to where the page shows them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from index.domain import Block, Box, Cell, Heading, Page, Para, Row, Span


class Turn(NamedTuple):
    """How a page was turned before reading; ``width`` and ``height`` are those of the upright page, in points."""

    skew: float
    turned: int
    width: float
    height: float


def page_to_turn(page: Page) -> Turn | None:
    """None where the page was read as it stands."""
    return Turn(page.skew, page.turned, page.width, page.height) if page.skew or page.turned else None


def blocks_as_shown(blocks: Iterable[Block], turns: Mapping[int, Turn]) -> tuple[Block, ...]:
    """The same blocks with every box where the page of the file shows it. ``turns`` has the turned pages by number."""
    return tuple(_block(block, turns) for block in blocks) if turns else tuple(blocks)


def box_as_shown(box: Box, turn: Turn) -> Box:
    """The upright rectangle around a box after turning it back."""
    corners = [_point(x, y, turn) for x in (box[0], box[2]) for y in (box[1], box[3])]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _point(x: float, y: float, turn: Turn) -> tuple[float, float]:
    angle = math.radians(turn.skew)
    dx, dy = x - turn.width / 2, y - turn.height / 2
    x = turn.width / 2 + math.cos(angle) * dx - math.sin(angle) * dy
    y = turn.height / 2 + math.sin(angle) * dx + math.cos(angle) * dy
    if turn.turned == 90:
        return y, turn.width - x
    if turn.turned == 180:
        return turn.width - x, turn.height - y
    if turn.turned == 270:
        return turn.height - y, x
    return x, y


def _block(block: Block, turns: Mapping[int, Turn]) -> Block:
    if isinstance(block, Heading):
        return replace(block, bbox=_moved(block.bbox, block.page, turns))
    if isinstance(block, Para):
        return replace(block, spans=tuple(_span(span, turns) for span in block.spans))
    return replace(block, rows=tuple(_row(row, turns) for row in block.rows))


def _row(row: Row, turns: Mapping[int, Turn]) -> Row:
    return replace(row, bbox=_moved(row.bbox, row.page, turns), cells=tuple(_cell(cell, turns) for cell in row.cells))


def _cell(cell: Cell, turns: Mapping[int, Turn]) -> Cell:
    return replace(cell, bbox=_moved(cell.bbox, cell.page, turns))


def _span(span: Span, turns: Mapping[int, Turn]) -> Span:
    turn = turns.get(span.page or 0)
    if turn is None or span.bbox is None:
        return span
    box = box_as_shown(span.bbox, turn)
    if turn.turned:
        return replace(span, bbox=box, xs=())
    shift = (box[0] + box[2] - span.bbox[0] - span.bbox[2]) / 2
    return replace(span, bbox=box, xs=tuple(x + shift for x in span.xs))


def _moved(box: Box | None, page: int | None, turns: Mapping[int, Turn]) -> Box | None:
    turn = turns.get(page or 0)
    return box if box is None or turn is None else box_as_shown(box, turn)
