"""The lines of one half of a table in a laid-out text → its rows: wrapped labels join the figures they stand around.

A line with a figure or a code is a row. A label that is too long for its cell goes on in the next line, so that only a
line that fills its column can go on; and the lines of a label stand evenly around its figures.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence

from index.columns import Role
from index.hierarchy import is_total
from index.sheetwords import Word

LINES = 7  # a row is no higher
NO_LABEL = 2.0  # cost of a row of figures without a label
NOT_FULL = 3.0  # cost of a label that goes on although there was room
UNEVEN = 1.5  # cost of each line by which a label stands unevenly around its figures
ROW = 0.6  # cost of a row
TOP = 1.0  # cost of a label that begins in the line of its figures and goes on below them

_ITEM = re.compile(
    r"^(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)]|\d{1,2}[.．、](?!\d)|其中[:：]|[（(]\d{1,2}[）)])"
)

Line = list[tuple[int, Word]]  # words with their columns


def rows_of_half(lines: Sequence[Line], roles: dict[int, Role]) -> list[list[Word]]:
    """The words of each row, from top to bottom."""
    widths = _widths(lines, roles)
    n = len(lines)
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, n + 1):
        options = []
        for start in range(max(0, end - LINES), end):
            cost = _row_cost(lines[start:end], roles, widths)
            if cost is not None:
                options.append((best[start][0] + cost, start))
        best.append(min(options))
    rows: list[list[Word]] = []
    end = n
    while end:
        start = best[end][1]
        rows.append([word for line in lines[start:end] for _, word in line])
        end = start
    return rows[::-1]


def _is_label(column: int, word: Word, roles: dict[int, Role]) -> bool:
    return not word.number and roles.get(column) != Role.SKIP


def _anchors(line: Line, roles: dict[int, Role]) -> set[int]:
    """The columns in which a line has a figure, a code or a line number."""
    return {column for column, word in line if word.number}


def _widths(lines: Sequence[Line], roles: dict[int, Role]) -> dict[int, int]:
    """How wide the text of each column gets."""
    widths: dict[int, int] = {}
    for line in lines:
        for column, word in line:
            if _is_label(column, word, roles):
                widths[column] = max(widths.get(column, 0), _width(word.text))
    return widths


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _row_cost(lines: Sequence[Line], roles: dict[int, Role], widths: dict[int, int]) -> float | None:
    anchored = [(i, own) for i, line in enumerate(lines) if (own := _anchors(line, roles))]
    if len(anchored) > 1:
        return None
    labels: dict[int, list[tuple[int, Word]]] = {}
    for i, line in enumerate(lines):
        for column, word in line:
            if _is_label(column, word, roles):
                labels.setdefault(column, []).append((i, word))
    if len(lines) == 1:
        return ROW + (0.0 if labels else NO_LABEL)
    if not labels:
        return None
    cost = ROW
    for column, pieces in labels.items():
        for (i, above), (j, below) in itertools.pairwise(pieces):
            if i != j:
                if _ITEM.match(below.text) or is_total(below.text) or is_total(above.text):
                    return None
                if _width(above.text) < widths[column] - 2:
                    cost += NOT_FULL
        if anchored:
            at = anchored[0][0]
            before, after = sum(i < at for i, _ in pieces), sum(i > at for i, _ in pieces)
            cost += UNEVEN * abs(before - after)
    covered = {i for pieces in labels.values() for i, _ in pieces} | {i for i, _ in anchored}
    return cost if len(covered) == len(lines) else None


def labelled_rows(rows: Sequence[list[Word]], columns: dict[Word, int]) -> list[list[Word]]:
    """Rows of figures without a label, among rows with one, joined with the row that they were set off from.

    Such figures stand a little above or below their label's line. Where all of them can be of the row below, and not all
    of the row above, or the other way round, they are; else no figure of these rows is certain, and all are left out, as
    where several rows have no label at all.
    """
    bare = [k for k, row in enumerate(rows) if any(w.amount for w in row) and all(w.number for w in row)]
    if len(rows) < 2 or not bare:
        return list(rows)
    if len(bare) == len(rows):
        return []
    down = all(k + 1 not in bare and _fits(rows, k, k + 1, columns) for k in bare)
    up = all(k - 1 not in bare and _fits(rows, k, k - 1, columns) for k in bare)
    if down == up:
        return [[w for w in row if not w.amount] for k, row in enumerate(rows) if k not in bare]
    joined = {k + (1 if down else -1): rows[k] for k in bare}
    return [[*row, *joined.get(k, ())] for k, row in enumerate(rows) if k not in bare]


def _fits(rows: Sequence[list[Word]], k: int, other: int, columns: dict[Word, int]) -> bool:
    if not 0 <= other < len(rows):
        return False
    return not {columns[w] for w in rows[k]} & {columns[w] for w in rows[other] if w.number}
