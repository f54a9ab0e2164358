"""The rows of a printed form → its logical tables: one for each half (收入 | 支出).

A half that is too long for the page is printed in panels side by side, which are joined again; a list of projects that
each have a list of indicators gives rows for the projects and, under them, rows for their indicators.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.columns import BRACKETS, INDICATOR_HEADER, Column, Role
from index.domain import Cell, LabelPath, Row
from index.formrows import Draft, FormRow, Part, draft_row, drafts_to_rows, with_inner_headers
from index.hierarchy import TOTAL_END


@dataclass
class _Half:
    """One half, or one panel of it: its value columns, the headers of its label columns, its rows."""

    signature: tuple[tuple[Role, LabelPath], ...]
    paths: tuple[LabelPath, ...]
    heads: tuple[str, ...]
    drafts: list[Draft]


def rows_to_parts(rows: Sequence[FormRow], columns: Sequence[Column]) -> list[Part]:
    """The tables of a form, in printed order."""
    nested = _with_inner_list(columns)
    if nested is not None:
        return [_nested_part(rows, nested)]
    halves: list[_Half] = []
    for number in range(1 + max((column.half for column in columns), default=0)):
        half = _read_half(rows, columns, number)
        if half is None:
            continue
        if halves and _is_next_panel(halves[-1], half):
            halves[-1].drafts.extend(half.drafts)
        else:
            halves.append(half)
    parts = []
    for half in halves:
        paths, drafts = with_inner_headers(half.paths, half.drafts)
        parts.append(Part(paths, *drafts_to_rows(drafts, half.heads)))
    return parts


def _read_half(rows: Sequence[FormRow], columns: Sequence[Column], half: int) -> _Half | None:
    """None where the half has no value column."""
    mine = [c for c in columns if c.half == half and c.role != Role.SKIP]
    values = [i for i, c in enumerate(columns) if c.half == half and c.role == Role.VALUE]
    if not values:
        return None
    heads = tuple(c.path[-1] if c.path else "" for c in mine if c.role == Role.LABEL)
    drafts = [draft for row in rows if (draft := draft_row(row, columns, half, values)) is not None]
    return _Half(tuple((c.role, c.path) for c in mine), tuple(columns[i].path for i in values), heads, drafts)


def _is_next_panel(above: _Half, half: _Half) -> bool:
    """The same columns again, going on where the panel before stopped: with a later code, or before any total."""
    if above.signature != half.signature or not above.drafts or not half.drafts:
        return False
    if TOTAL_END.search(above.drafts[-1].labels[-1] if above.drafts[-1].labels else ""):
        return False
    last = [code for draft in above.drafts for code in draft.code_parts if code]
    first = [code for draft in half.drafts for code in draft.code_parts if code]
    return first[0] > last[-1] if last and first else not last and not first


# ---------------------------------------------------------------- lists of lists


def _with_inner_list(columns: Sequence[Column]) -> list[Column] | None:
    """The columns with the indicators' own as a second half, where the projects left of them have values of their own."""
    start = next((i for i, c in enumerate(columns) if _is_indicator(c)), None)
    outer = columns[: start or 0]
    if start is None or not any(c.role == Role.VALUE for c in outer) or not any(c.role == Role.LABEL for c in outer):
        return None
    inner = [replace(c, role=Role.LABEL if _is_indicator(c) else c.role, half=1) for c in columns[start:]]
    inner = [replace(c, role=Role.VALUE) if c.role in (Role.LABEL, Role.CODE) and not _is_indicator(c) else c for c in inner]
    if not any(c.role == Role.VALUE for c in inner):
        return None
    return [*(replace(c, half=0) for c in outer), *inner]


def _is_indicator(column: Column) -> bool:
    return bool(column.path) and bool(INDICATOR_HEADER.match(BRACKETS.sub("", column.path[-1])))


def _nested_part(rows: Sequence[FormRow], columns: Sequence[Column]) -> Part:
    halves = [_read_half([], columns, half) for half in (0, 1)]
    values = [[i for i, c in enumerate(columns) if c.half == half and c.role == Role.VALUE] for half in (0, 1)]
    drafts = [[draft_row(row, columns, half, values[half]) for row in rows] for half in (0, 1)]
    read = []
    for half in (0, 1):
        own, heads = drafts_to_rows([d for d in drafts[half] if d is not None], halves[half].heads if halves[half] else ())  # type: ignore[union-attr]
        read.append((iter(own), heads))
    blanks = [(Cell(None),) * len(values[half]) for half in (0, 1)]
    found: list[Row] = []
    outer = [(n, next(read[0][0])) for n, draft in enumerate(drafts[0]) if draft is not None]
    inner = [(n, next(read[1][0])) for n, draft in enumerate(drafts[1]) if draft is not None]
    for (_, project), indicators in zip(outer, _by_project([n for n, _ in outer], [n for n, _ in inner]), strict=True):
        found.append(replace(project, cells=(*project.cells, *blanks[1])))
        for k in indicators:
            row = inner[k][1]
            found.append(replace(row, label=(*project.label, *row.label), cells=(*blanks[0], *row.cells)))
    paths = tuple(columns[i].path for i in (*values[0], *values[1]))
    return Part(paths, tuple(found), (*read[0][1], *read[1][1]))


def _by_project(outer: Sequence[int], inner: Sequence[int]) -> list[range]:
    """Which inner rows are whose. Where cells are drawn, a project stands in its first row; printed without cells it may
    stand in the middle of its rows, which is told by a row above the first project."""
    if not outer or not inner or inner[0] >= outer[0]:
        cuts = [next((k for k, n in enumerate(inner) if n >= start), len(inner)) for start in outer]
        return [range(a, b) for a, b in itertools.pairwise([*cuts, len(inner)])]
    places = [(sum(n < at for n in inner) + sum(n <= at for n in inner) - 1) / 2 for at in outer]
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [0])}
    for left, place in enumerate(places, 1 - len(places)):
        layer: dict[int, tuple[float, list[int]]] = {}
        for start, (cost, cuts) in best.items():
            for end in range(start + 1, len(inner) + left + 1) if left else [len(inner)]:
                total = cost + abs((start + end - 1) / 2 - place)
                if end > start and (end not in layer or total < layer[end][0]):
                    layer[end] = (total, [*cuts, end])
        best = layer
    cuts = best[len(inner)][1] if len(inner) in best else [0, *[len(inner)] * len(outer)]
    return [range(a, b) for a, b in itertools.pairwise(cuts)]
