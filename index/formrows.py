"""Rows of a printed form → rows of a table: labels from columns and from above, codes joined, the tree told.

A blank label stands for the one above it; the code is joined of its parts (类 款 项); rows that head the rows below them
anew split the columns.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from index.amounts import cell_to_value, is_number_cell
from index.columns import Column, Role, cell_kind
from index.domain import Box, Cell, LabelPath, Row
from index.grids import GridCell, merge_positions
from index.hierarchy import INDENT_STEP, RowLabel, is_body, is_total, label_rank, rows_to_paths

GRAND_TOTAL = re.compile(r"^(合计|总计|.{0,4}(合计|总计))$")
EMPTY_WORDS = ("无", "空", "空表")  # all that an empty table's body says
# A subject's code before its name in one cell: [2010301]行政运行, 30101 基本工资.
CODED = re.compile(r"^[\[【(（]?(?P<code>[235]\d{2}(?:\d{2}){0,2})[\]】)）]?\s*[-—:：]?\s*(?P<name>[\u4e00-\u9fff“\"].*)$", re.DOTALL)
WHOLE_CODE = 5  # digits from which a printed code is no mere 类, 款 or 项
MAX_HEAD = 20  # characters of a word that heads a column
CENTRED = 0.7  # em by which a centred text stands off its cell's sides, and by which these may differ
MAX_LEVELS, LEVEL_ROWS = 5, 3  # depths of a tree that is told by indentation, and how many rows each needs on average
PARTS_AFTER = 3  # parts that may follow 「其中：…」 without a step
SUM_SLACK = Decimal("0.005")  # what rounding may take from each part of a sum


@dataclass(frozen=True, slots=True)
class Placed:
    """A grid cell within a row of a form: over columns ``c0 <= c < c1``; ``first`` in the row where the cell begins."""

    c0: int
    c1: int
    cell: GridCell
    first: bool
    page: int


FormRow = list[Placed]


@dataclass(frozen=True, slots=True)
class Part:
    """A logical table's columns, rows and the headers of its label columns (see ``Table.label_heads``)."""

    columns: tuple[LabelPath, ...]
    rows: tuple[Row, ...]
    label_heads: tuple[str, ...]


@dataclass
class Draft:
    """A row of one half before its label path is known."""

    labels: list[str]  # one for each label column, "" where blank
    indents: list[float]
    code_parts: list[str]
    cells: tuple[Cell, ...]
    page: int
    box: Box | None
    counted: bool = False  # has a number of its own (序号)
    centred: bool = False  # its label is set in the middle of its cell
    across: bool = False  # its one label runs over all label columns from the first on


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
    own = counted = centred = across = False
    page = row[0].page if row else 0
    for placed in row:
        text = placed.cell.text
        if not text:
            continue
        column = _home_column(placed, columns, half)
        if column is None:
            continue
        role = columns[column].role
        counted |= role == Role.SKIP and placed.first
        if role == Role.LABEL and not code_cols and (coded := CODED.match(text)):
            codes, text = [coded.group("code")], coded.group("name")
        if role == Role.LABEL or (role == Role.CODE and cell_kind(text) == "text"):
            slot = label_cols.index(column) if column in label_cols else (0 if label_cols else None)
            if slot is None:
                continue
            labels[slot] = text
            across = len(label_cols) > 1 and placed.c0 <= label_cols[0] and placed.c1 > label_cols[-1] and not _is_centred(placed.cell)
            centred = _is_centred(placed.cell)
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
    return Draft(labels, indents, codes, tuple(cells), page, _union(boxes), counted, centred, across)


def _is_centred(cell: GridCell) -> bool:
    ink = cell.ink
    if ink is None:
        return False
    left, right, em = ink[0] - cell.box[0], cell.box[2] - ink[2], max(1.0, cell.lines[0].size)
    return left > CENTRED * em and abs(left - right) < CENTRED * em


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


def drafts_to_rows(drafts: Sequence[Draft], heads: Sequence[str] = ()) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """The rows with their label paths, and which of the label columns' ``heads`` each part of a path stands under."""
    codes = _joined_codes(drafts)
    stepped = _stepped_labels(drafts, heads)
    single = not drafts or len(drafts[0].labels) <= 1
    paths = _tree_paths(drafts, codes, stepped) if single or any(codes) else [step.path for step in stepped]
    if single and not any(codes):
        paths = _after_of_which(drafts, paths)
        stepped, paths = _under_groups(drafts, stepped, paths)
    rows = tuple(
        Row(path, draft.cells, code or None, draft.page, None, draft.box) for draft, code, path in zip(drafts, codes, paths, strict=True)
    )
    return rows, _common_heads(stepped, paths)


def _under_groups(drafts: Sequence[Draft], stepped: Sequence[Stepped], paths: Sequence[LabelPath]) -> tuple[list[Stepped], list[LabelPath]]:
    """Rows that head the rows below them in one list (a body above its projects) go into the labels of those rows.

    They are known by having no 序号 where the others do, or by being bodies; and they must be the sum of their rows.
    """
    found, labels = list(stepped), list(paths)
    counted = any(draft.counted for draft in drafts)
    heads = [
        i
        for i, (draft, path) in enumerate(zip(drafts, paths, strict=True))
        if len(path) == 1 and not GRAND_TOTAL.match(path[0]) and (not draft.counted if counted else is_body(path[0]))
    ]
    groups = [range(start + 1, end) for start, end in itertools.pairwise([*heads, len(drafts)])]
    groups = [range(g.start, next((i for i in g if paths[i] and is_total(paths[i][-1])), g.stop)) for g in groups]
    if not any(len(g) for g in groups) or any(len(paths[i]) != 1 for g in groups for i in g):
        return found, labels
    sums = [_sums(drafts[head], [drafts[i] for i in g])[:1] for head, g in zip(heads, groups, strict=True) if len(g)]
    if not all(held != [False] for held in sums) or not (counted or any(sums)):
        return found, labels
    for head, g in zip(heads, groups, strict=True):
        for i in g:
            labels[i] = (*paths[head], *paths[i])
            found[i] = replace(stepped[i], heads=("",))
    return found, labels


def _sums(head: Draft, parts: Sequence[Draft]) -> list[bool]:
    """For every column in which the head prints a number: do the parts make it?"""
    held = []
    for column, cell in enumerate(head.cells):
        if is_number_cell(cell.text):
            total, *values = (cell_to_value(draft.cells[column].text) or Decimal(0) for draft in (head, *parts))
            held.append(abs(sum(values, Decimal(0)) - total) <= SUM_SLACK * (len(parts) + 1))
    return held


def _after_of_which(drafts: Sequence[Draft], paths: Sequence[LabelPath]) -> list[LabelPath]:
    """「其中：甲」 above 「乙」 with no step between them: 乙 is the other part where both make what stands above them."""
    found = list(paths)
    for i, path in enumerate(paths):
        if len(path) < 2 or not path[-1].startswith("其中"):
            continue
        parent = next((k for k in range(i - 1, -1, -1) if found[k] == path[:-1]), None)
        if parent is None:
            continue
        alone = sum(_sums(drafts[parent], drafts[parent + 1 : i + 1]))
        for end in range(i + 1, min(i + 1 + PARTS_AFTER, len(paths))):
            if len(paths[end]) >= len(path) or label_rank(paths[end][-1]) is not None or is_total(paths[end][-1]):
                break
            held = _sums(drafts[parent], drafts[parent + 1 : end + 1])
            if held[:1] == [True] and sum(held) > alone:
                found[i + 1 : end + 1] = [(*path[:-1], paths[k][-1]) for k in range(i + 1, end + 1)]
                break
    return found


def _common_heads(stepped: Sequence[Stepped], paths: Sequence[LabelPath]) -> tuple[str, ...]:
    """The headers over the parts of the labels. A grand total stands in no column of its own, nor does what a row stands
    below in its own column (a unit above its projects)."""
    return common_heads(
        [
            (*step.heads, *[""] * (len(path) - len(step.heads) - 1), step.head)[-len(path) :]
            for step, path in zip(stepped, paths, strict=True)
            if path and not GRAND_TOTAL.match(path[-1])
        ]
    )


def common_heads(rows: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The header that all rows give a part of their label, "" where they differ (see ``Table.label_heads``)."""
    found: list[set[str]] = [set() for _ in range(max(map(len, rows), default=0))]
    for heads in rows:
        for place, head in zip(found, heads, strict=False):
            place.add(head)
    common = [next(iter(place)) if len(place) == 1 else "" for place in found]
    while common and not common[-1]:
        common.pop()
    return tuple(common)


def _joined_codes(drafts: Sequence[Draft]) -> list[str]:
    """类 + 款 + 项 → one code; a blank 类 or 款 left of a printed part is the one above."""
    last: list[str] = []
    codes = []
    for draft in drafts:
        parts = [part if part.isalnum() else "" for part in draft.code_parts]
        if sum(len(part) >= WHOLE_CODE for part in parts) > 1:  # a function and an economic class, each with its own code
            parts = [next(part for part in reversed(parts) if part)]
        filled = max((i for i, part in enumerate(parts) if part), default=-1)
        whole = [part or (last[i] if i < len(last) else "") for i, part in enumerate(parts[: filled + 1])]
        codes.append("".join(whole))
        last = whole or last
    return codes


@dataclass(frozen=True, slots=True)
class Stepped:
    """A row's own label (the rightmost) and the labels left of it; ``heads`` are the headers of the latter's columns."""

    prefix: LabelPath
    leaf: str
    heads: tuple[str, ...]
    head: str

    @property
    def path(self) -> LabelPath:
        return (*self.prefix, self.leaf) if self.leaf else self.prefix


def _stepped_labels(drafts: Sequence[Draft], heads: Sequence[str]) -> list[Stepped]:
    """Blank labels are taken from above; a label over all columns, above rows without a first one, is the first one of theirs."""
    above: list[str] = []
    found: list[Stepped] = []
    for draft, below in itertools.zip_longest(drafts, drafts[1:]):
        labels = draft.labels
        if draft.across and below is not None and not below.across and not below.labels[0] and any(below.labels):
            labels = [labels[-1], *[""] * (len(labels) - 1)]
        filled = [i for i, text in enumerate(labels) if text]
        leaf = filled[-1] if filled else len(above) - 1
        if filled and GRAND_TOTAL.match(labels[leaf]):
            above = []
        whole = [labels[i] or (above[i] if i < len(above) else "") for i in range(leaf)] if filled else above[:-1]
        own = labels[leaf] if filled else above[-1] if above else ""
        names = tuple(heads[i] if i < len(heads) else "" for i, text in enumerate(whole) if text)
        found.append(Stepped(tuple(text for text in whole if text), own, names, heads[leaf] if 0 <= leaf < len(heads) else ""))
        if filled:
            above = [*whole, own]
    return found


def _tree_paths(drafts: Sequence[Draft], codes: Sequence[str], stepped: Sequence[Stepped]) -> list[LabelPath]:
    leaves = [step.leaf for step in stepped]
    indents = _indents(drafts, leaves)
    labels = [RowLabel(leaf, code or None, indent) for leaf, code, indent in zip(leaves, codes, indents, strict=True)]
    paths = rows_to_paths(labels)
    return [_joined(step.prefix, path) for step, path in zip(stepped, paths, strict=True)]


def _joined(prefix: LabelPath, path: LabelPath) -> LabelPath:
    """Prefix before path, without saying the same body twice."""
    if path[: len(prefix)] == prefix:
        return path
    return (*prefix, *path[1:]) if len(path) > 1 and path[0] == prefix[0] else (*prefix, *path)


def _indents(drafts: Sequence[Draft], leaves: Sequence[str]) -> list[float]:
    """Indentation in em from the column's left; none where the column is centred."""
    if sum(draft.centred for draft in drafts) * 3 > 2 * len(drafts):
        return [0.0] * len(drafts)
    found = []
    for draft, leaf in zip(drafts, leaves, strict=True):
        slots = [i for i, text in enumerate(draft.labels) if text and text == leaf]
        found.append(draft.indents[slots[-1]] if slots else None)
    known = [value for value in found if value is not None]
    base = min(known, default=0.0)
    at_left = sum(value - base < 0.3 for value in known)
    levels = merge_positions(known, INDENT_STEP / 2)
    if len(levels) > MAX_LEVELS or (at_left * 4 < len(known) and len(known) < LEVEL_ROWS * len(levels)):
        return [0.0] * len(found)
    return [0.0 if value is None else value - base for value in found]


def _union(boxes: Sequence[Box]) -> Box | None:
    if not boxes:
        return None
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
