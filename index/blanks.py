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

PLACEMENTS_MAX = 1000  # rows with more possible placements are left doubtful
TOLERANCE = Decimal("0.02")  # sums of rounded parts may be off by as much
TOTAL = re.compile(r"^(?:(?:收入|支出|经费|预算)?(?:合计|总计|小计)|总额)$|^“?三公”?经费(?:合计|小计)$")

NO_PART = re.compile(r"^其中|政府采购|机关运行经费")


def place_numbers(numbers: Sequence[str], columns: Sequence[LabelPath]) -> tuple[list[str | None], list[bool]]:
    """(text or None a column, whether it is certain). Numbers keep their order; more numbers than columns are all doubtful."""
    width, count = len(columns), len(numbers)
    sums = _sums(columns)
    if count >= width or not sums or comb(width, count) > PLACEMENTS_MAX:
        return [*numbers[:width], *([None] * (width - count))], [False] * width
    allowed: list[list[str | None]] = []
    for places in islice(combinations(range(width), count), PLACEMENTS_MAX):
        row: list[str | None] = [None] * width
        for place, number in zip(places, numbers, strict=True):
            row[place] = number
        if _holds(row, sums):
            allowed.append(row)
    if not allowed:
        return [*numbers, *([None] * (width - count))], [False] * width
    first = allowed[0]
    return first, [all(row[i] == first[i] for row in allowed) for i in range(width)]


def breaks_sums(numbers: Sequence[str], columns: Sequence[LabelPath]) -> bool | None:
    """Does a full row contradict the header's sums? None where the header has none."""
    sums = _sums(columns)
    return None if not sums else not _holds(list(numbers), sums)


def _sums(columns: Sequence[LabelPath]) -> list[tuple[int, list[int]]]:
    """(column of a total, columns that add up to it) for every group that has a total of its own."""
    sums = []
    for total, path in enumerate(columns):
        if TOTAL.match(path[-1]):
            parts = [i for i in _parts(columns, path[:-1], whole=False) if i != total]
            if len(parts) > 1:
                sums.append((total, parts))
    return sums


def _parts(columns: Sequence[LabelPath], group: LabelPath, whole: bool) -> list[int]:
    """The columns that add up to a group: its total where it has one (and ``whole`` is asked for), else its parts' parts.
    Columns that only say how much of the amount is spent in a certain way (其中, 政府采购) are no parts."""
    depth = len(group)
    inside = [i for i, path in enumerate(columns) if path[:depth] == group and not any(NO_PART.search(p) for p in path[depth:])]
    head = next((i for i in inside if len(columns[i]) == depth + 1 and TOTAL.match(columns[i][-1])), None)
    if head is not None and whole:
        return [head]
    parts: list[int] = []
    for child in dict.fromkeys(columns[i][: depth + 1] for i in inside):
        if child in columns:
            parts.append(columns.index(child))
        else:
            parts.extend(_parts(columns, child, whole=True))
    return parts


def _holds(row: Sequence[str | None], sums: Sequence[tuple[int, list[int]]]) -> bool:
    values = [cell_to_value(text) or Decimal(0) for text in row]
    return all(abs(values[total] - sum(values[i] for i in parts)) <= TOLERANCE for total, parts in sums)
