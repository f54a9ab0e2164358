"""A row with fewer numbers than columns: which cells are blank.

A plain extraction leaves no trace of a blank cell. The header's own sums (合计 = its parts, 小计 = its parts) allow some
placements and forbid others; a cell on which all allowed placements agree is certain, every other one is doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations, islice
from math import comb

from index.amounts import cell_to_value
from index.domain import LabelPath

PLACEMENTS_MAX = 5000  # rows with more possible placements are left doubtful
TOLERANCE = Decimal("0.02")  # sums of rounded parts may be off by as much
TOTAL = re.compile(r"^(?:(?:收入|支出|经费|预算)?(?:合计|总计|小计)|总额)$|^“?三公”?经费(?:合计|小计)$")


def place_numbers(numbers: Sequence[str], columns: Sequence[LabelPath]) -> tuple[list[str | None], list[bool]]:
    """(text or None a column, whether it is certain). Numbers keep their order; more numbers than columns are all doubtful."""
    width, count = len(columns), len(numbers)
    if count >= width or comb(width, count) > PLACEMENTS_MAX:
        filled = [*numbers[:width], *([None] * (width - count))]
        return filled, [False] * width
    sums = _sums(columns)
    allowed: list[list[str | None]] = []
    for places in islice(combinations(range(width), count), PLACEMENTS_MAX):
        row: list[str | None] = [None] * width
        for place, number in zip(places, numbers, strict=True):
            row[place] = number
        if _holds(row, sums):
            allowed.append(row)
    if not allowed or not sums:
        return [*numbers, *([None] * (width - count))], [False] * width
    first = allowed[0]
    return first, [all(row[i] == first[i] for row in allowed) for i in range(width)]


def _sums(columns: Sequence[LabelPath]) -> list[tuple[int, list[int]]]:
    """(column of a total, columns that add up to it) for every group whose first column is its total."""
    sums = []
    for total, path in enumerate(columns):
        if not TOTAL.match(path[-1]):
            continue
        group = path[:-1]
        parts: list[int] = []
        seen: set[LabelPath] = set()
        for index, other in enumerate(columns):
            if index == total or other[: len(group)] != group:
                continue
            child = other[: len(group) + 1]
            if child in seen:
                continue
            inner = [i for i, p in enumerate(columns) if p[: len(child)] == child]
            head = next((i for i in inner if len(columns[i]) == len(child) + 1 and TOTAL.match(columns[i][-1])), None)
            parts.extend([head] if head is not None else inner)
            seen.add(child)
        if len(parts) > 1:
            sums.append((total, parts))
    return sums


def _holds(row: Sequence[str | None], sums: Sequence[tuple[int, list[int]]]) -> bool:
    values = [cell_to_value(text) or Decimal(0) for text in row]
    return all(abs(values[total] - sum(values[i] for i in parts)) <= TOLERANCE for total, parts in sums)
