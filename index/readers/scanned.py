"""What is particular to blocks from scanned pages: the flags they carry, and their boxes, which were measured level and upright."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from index.domain import Block, Box, Cell, Flag, Heading, Page, Para, Row, Span


class Scan(NamedTuple):
    """How a page was turned before reading, its upright size in points, and where its doubtful figures stand (before turning back)."""

    skew: float
    turned: int
    width: float
    height: float
    doubts: tuple[Box, ...] = ()


def page_to_scan(page: Page) -> Scan:
    """What later steps must know of a page that was read by OCR."""
    return Scan(page.skew, page.turned, page.width, page.height, page.doubts)


def mark_scanned(blocks: Iterable[Block], scans: Mapping[int, Scan]) -> tuple[Block, ...]:
    """The blocks with cells and paragraphs of scanned pages flagged, and their boxes where the file shows them.

    ``scans`` has the pages read by OCR, by number.
    """
    return tuple(_block(block, scans) for block in blocks) if scans else tuple(blocks)


def box_as_shown(box: Box, scan: Scan) -> Box:
    """The upright rectangle around a box after turning it back."""
    corners = [_point(x, y, scan) for x in (box[0], box[2]) for y in (box[1], box[3])]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _point(x: float, y: float, scan: Scan) -> tuple[float, float]:
    angle = math.radians(scan.skew)
    dx, dy = x - scan.width / 2, y - scan.height / 2
    x = scan.width / 2 + math.cos(angle) * dx - math.sin(angle) * dy
    y = scan.height / 2 + math.sin(angle) * dx + math.cos(angle) * dy
    if scan.turned == 90:
        return y, scan.width - x
    if scan.turned == 180:
        return scan.width - x, scan.height - y
    if scan.turned == 270:
        return scan.height - y, x
    return x, y


def _block(block: Block, scans: Mapping[int, Scan]) -> Block:
    if isinstance(block, Heading):
        return replace(block, bbox=_moved(block.bbox, block.page, scans))
    if isinstance(block, Para):
        flags = frozenset().union(*(_flags(span.bbox, span.page, scans) for span in block.spans))
        return replace(block, spans=tuple(_span(span, scans) for span in block.spans), flags=block.flags | flags)
    return replace(block, rows=tuple(_row(row, scans) for row in block.rows))


def _row(row: Row, scans: Mapping[int, Scan]) -> Row:
    return replace(row, bbox=_moved(row.bbox, row.page, scans), cells=tuple(_cell(cell, scans) for cell in row.cells))


def _cell(cell: Cell, scans: Mapping[int, Scan]) -> Cell:
    flags = _flags(cell.bbox, cell.page, scans)
    return replace(cell, bbox=_moved(cell.bbox, cell.page, scans), flags=cell.flags | flags) if flags else cell


def _flags(box: Box | None, page: int | None, scans: Mapping[int, Scan]) -> frozenset[Flag]:
    scan = scans.get(page or 0)
    if scan is None:
        return frozenset()
    doubtful = box is not None and any(_holds(box, doubt) for doubt in scan.doubts)
    return frozenset({Flag.OCR, Flag.DOUBTFUL}) if doubtful else frozenset({Flag.OCR})


def _holds(box: Box, other: Box) -> bool:
    x, y = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _span(span: Span, scans: Mapping[int, Scan]) -> Span:
    scan = scans.get(span.page or 0)
    if scan is None or span.bbox is None:
        return span
    box = box_as_shown(span.bbox, scan)
    if scan.turned:
        return replace(span, bbox=box, xs=())
    shift = (box[0] + box[2] - span.bbox[0] - span.bbox[2]) / 2
    return replace(span, bbox=box, xs=tuple(x + shift for x in span.xs))


def _moved(box: Box | None, page: int | None, scans: Mapping[int, Scan]) -> Box | None:
    scan = scans.get(page or 0)
    return box if box is None or scan is None else box_as_shown(box, scan)
