"""Rows of a printed form → rows of a table: labels from columns and from above, codes joined, the tree told.

A blank label stands for the one above it; the code is joined of its parts (类 款 项); rows that head the rows below them
anew split the columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.amounts import is_number_cell
from index.columns import Column, Role, cell_kind
from index.domain import Box, Cell, LabelPath, Row
from index.grids import GridCell
from index.hierarchy import RowLabel, rows_to_paths

GRAND_TOTAL = re.compile(r"^(合计|总计|.{0,4}(合计|总计))$")
EMPTY_WORDS = ("无", "空", "空表")  # all that an empty table's body says
MAX_HEAD = 20  # characters of a word that heads a column


@dataclass(frozen=True, slots=True)
class Placed:
    """A grid cell within a row of a form: over columns ``c0 <= c < c1``; ``first`` in the row where the cell begins."""

    c0: int
    c1: int
    cell: GridCell
    first: bool
    page: int


FormRow = list[Placed]


@dataclass
class Draft:
    """A row of one half before its label path is known."""

    labels: list[str]  # one for each label column, "" where blank
    indents: list[float]
    code_parts: list[str]
    cells: tuple[Cell, ...]
    page: int
    box: Box | None


def with_inner_headers(paths: tuple[LabelPath, ...], drafts: list[Draft]) -> tuple[tuple[LabelPath, ...], list[Draft]]:
    """Rows that head the rows below them anew: short words all over columns of figures; columns become the union."""
    figures = [sum(is_number_cell(d.cells[i].text) for d in drafts) for i in range(len(paths))]
    words = [sum(cell_kind(d.cells[i].text or "") == "text" for d in drafts) for i in range(len(paths))]
    numeric = {i for i in range(len(paths)) if figures[i] > 2 * words[i] and words[i]}
    heads = [k for k, d in enumerate(drafts) if k and _heads_anew(d, numeric)]
    if not heads or len(numeric) < 1:
        return paths, drafts
    union: list[LabelPath] = list(paths)
    current = list(paths)
    kept: list[Draft] = []
    placed: list[list[LabelPath]] = []
    for k, draft in enumerate(drafts):
        if k in heads:
            current = [(cell.text,) if cell.text else () for cell in draft.cells]
            union.extend(path for path in current if path and path not in union)
            continue
        kept.append(draft)
        placed.append(current)
    for draft, own in zip(kept, placed, strict=True):
        cells = {path: cell for path, cell in zip(own, draft.cells, strict=True) if cell.text is not None}
        draft.cells = tuple(cells.get(path, Cell(None)) for path in union)
    return tuple(union), kept


def _heads_anew(draft: Draft, numeric: set[int]) -> bool:
    filled = [i for i, cell in enumerate(draft.cells) if cell.text]
    if len(filled) < 2 or not numeric & set(filled) or any(draft.code_parts):
        return False
    return all(cell_kind(draft.cells[i].text or "") == "text" and len(draft.cells[i].text or "") <= MAX_HEAD for i in filled) and (
        not any(draft.labels) or draft.labels[-1] in ("项目", "科目", "指标")
    )


def draft_row(row: FormRow, columns: Sequence[Column], half: int, values: Sequence[int]) -> Draft | None:
    label_cols = [i for i, c in enumerate(columns) if c.half == half and c.role == Role.LABEL]
    code_cols = [i for i, c in enumerate(columns) if c.half == half and c.role == Role.CODE]
    labels, indents = [""] * len(label_cols), [0.0] * len(label_cols)
    codes = [""] * len(code_cols)
    cells = [Cell(None)] * len(values)
    boxes: list[Box] = []
    own = False
    page = row[0].page if row else 0
    for placed in row:
        text = placed.cell.text
        if not text:
            continue
        column = _home_column(placed, columns, half)
        if column is None:
            continue
        role = columns[column].role
        if role == Role.LABEL or (role == Role.CODE and cell_kind(text) == "text"):
            slot = label_cols.index(column) if column in label_cols else (0 if label_cols else None)
            if slot is None:
                continue
            labels[slot] = text
            indents[slot] = placed.cell.lines[0].x0 / max(1.0, placed.cell.lines[0].size)
        elif role == Role.CODE:
            codes[code_cols.index(column)] = text
        elif role == Role.VALUE and placed.first:
            cells[values.index(column)] = Cell(text, placed.page, placed.cell.ink)
        if placed.first and role != Role.SKIP:
            own = True
            if placed.cell.ink and placed.page == page:
                boxes.append(placed.cell.ink)
    blank = not any(codes) and all(c.text is None for c in cells)
    if not own or (blank and not [text for text in labels if text and text not in EMPTY_WORDS]):
        return None
    return Draft(labels, indents, codes, tuple(cells), page, _union(boxes))


def _home_column(placed: Placed, columns: Sequence[Column], half: int) -> int | None:
    """The column a cell speaks for: the last label column it covers if it is text, else the first value column."""
    span = range(placed.c0, min(placed.c1, len(columns)))
    if len(span) == 1:
        return span[0] if columns[span[0]].half == half else None
    if cell_kind(placed.cell.text) == "text":
        covered = [i for i in span if columns[i].role == Role.LABEL]
        if covered:
            return covered[-1] if columns[covered[-1]].half == half else None
    else:
        covered = [i for i in span if columns[i].role == Role.VALUE]
        if covered:
            return covered[0] if columns[covered[0]].half == half else None
    mine = [i for i in span if columns[i].half == half]
    return mine[0] if mine else None


def drafts_to_rows(drafts: Sequence[Draft]) -> tuple[Row, ...]:
    codes = _joined_codes(drafts)
    prefixes, leaves = _stepped_labels(drafts)
    single = not drafts or len(drafts[0].labels) <= 1
    paths: list[LabelPath]
    if single or any(codes):
        paths = _tree_paths(drafts, codes, prefixes, leaves)
    else:
        paths = [(*prefix, leaf) if leaf else prefix for prefix, leaf in zip(prefixes, leaves, strict=True)]
    return tuple(
        Row(path, draft.cells, code or None, draft.page, None, draft.box)
        for draft, code, path in zip(drafts, codes, paths, strict=True)
    )


def _joined_codes(drafts: Sequence[Draft]) -> list[str]:
    """类 + 款 + 项 → one code; a blank 类 or 款 left of a printed part is the one above."""
    last: list[str] = []
    codes = []
    for draft in drafts:
        parts = [part if part.isalnum() else "" for part in draft.code_parts]
        filled = max((i for i, part in enumerate(parts) if part), default=-1)
        whole = [part or (last[i] if i < len(last) else "") for i, part in enumerate(parts[: filled + 1])]
        codes.append("".join(whole))
        last = whole or last
    return codes


def _stepped_labels(drafts: Sequence[Draft]) -> tuple[list[LabelPath], list[str]]:
    """Own label (the rightmost) and the labels left of it, blank ones taken from above."""
    above: list[str] = []
    prefixes: list[LabelPath] = []
    leaves: list[str] = []
    for draft in drafts:
        labels = draft.labels
        filled = [i for i, text in enumerate(labels) if text]
        if not filled:
            prefixes.append(tuple(text for text in above[:-1] if text))
            leaves.append(above[-1] if above else "")
            continue
        leaf = filled[-1]
        if GRAND_TOTAL.match(labels[leaf]):
            above = []
        whole = [labels[i] or (above[i] if i < len(above) else "") for i in range(leaf)]
        prefixes.append(tuple(text for text in whole if text))
        leaves.append(labels[leaf])
        above = [*whole, labels[leaf]]
    return prefixes, leaves


def _tree_paths(drafts: Sequence[Draft], codes: Sequence[str], prefixes: Sequence[LabelPath], leaves: Sequence[str]) -> list[LabelPath]:
    indents = _indents(drafts, leaves)
    labels = [RowLabel(leaf, code or None, indent) for leaf, code, indent in zip(leaves, codes, indents, strict=True)]
    paths = rows_to_paths(labels)
    return [_joined(prefix, path) for prefix, path in zip(prefixes, paths, strict=True)]


def _joined(prefix: LabelPath, path: LabelPath) -> LabelPath:
    """Prefix before path, without saying the same body twice."""
    return path if path[: len(prefix)] == prefix else (*prefix, *path)


def _indents(drafts: Sequence[Draft], leaves: Sequence[str]) -> list[float]:
    """Indentation in em from the column's left; none where the column is centred."""
    found = []
    for draft, leaf in zip(drafts, leaves, strict=True):
        slots = [i for i, text in enumerate(draft.labels) if text and text == leaf]
        found.append(draft.indents[slots[-1]] if slots else None)
    known = [value for value in found if value is not None]
    base = min(known, default=0.0)
    at_left = sum(value - base < 0.3 for value in known)
    if at_left * 4 < len(known) or len({round(value - base, 0) for value in known}) > max(5, len(known) // 3):
        return [0.0] * len(found)
    return [0.0 if value is None else value - base for value in found]


def _union(boxes: Sequence[Box]) -> Box | None:
    if not boxes:
        return None
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
