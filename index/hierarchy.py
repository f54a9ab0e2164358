"""Row labels → label paths.

A budget prints a tree as a list: the parent of a row is told by its code (208 → 20805 → 2080501), by the numbering of
its label (一、 → 1. , （一）) or by how far the label is indented, trusted in this order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.domain import LabelPath

# Rank of a label's numbering; a larger rank stands inside a smaller one.
NUMBERING: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"^[一二三四五六七八九十]+[、.．，]"), 1),
    (re.compile(r"^[（(][一二三四五六七八九十]+[）)]"), 2),
    (re.compile(r"^\d{1,2}[、.．](?!\d)"), 3),
    (re.compile(r"^[（(]\d{1,2}[）)]"), 4),
    (re.compile(r"^其中[:：]?"), 6),
)
FIRST = re.compile(r"^一[、.．，]")
OF_WHICH, OF_WHICH_WIDTH = 6, 3.0  # rank of 其中：, and its width in em
TOTAL = re.compile(r"^(本年|本期|上年)?(收入|支出|收支|费用)?[(（]?(合计|总计|小计|收入总计|支出总计)")
TOTAL_END = re.compile(r"(?:合计|总计|小计)$")
BODY = re.compile(r"(?:局|委|会|办|办公室|厅|院|所|中心|处|街道|镇|政府|队|校|大学|馆|站|部|署|公司|集团)(?:[（(][^（）()]*[）)])?$")
INDENT_STEP = 0.6  # in units of the indentation given; less is noise of the setting


@dataclass(frozen=True, slots=True)
class RowLabel:
    """A row's own label; ``indent`` grows with depth (any unit in which one level is about 1 or more)."""

    text: str
    code: str | None = None
    indent: float = 0.0


def label_rank(text: str) -> int | None:
    """Rank of the numbering a label starts with, None where it has none."""
    return next((rank for pattern, rank in NUMBERING if pattern.match(text)), None)


def is_total(text: str) -> bool:
    """合计, 收入总计, 本年支出合计 …: a row that stands beside the tree, not in it."""
    return bool(TOTAL.match(text))


def is_body(text: str) -> bool:
    """True for the full name of a body, such as a table's unit-total row carries."""
    return len(text) >= 5 and label_rank(text) is None and bool(BODY.search(text))


def rows_to_paths(rows: Sequence[RowLabel]) -> list[LabelPath]:
    """One path a row, outermost first; its last part is the row's own label (empty path for an empty label)."""
    if sum(1 for row in rows if row.code) * 2 > len(rows):
        return _paths_by_code(rows)
    return _paths_by_depth(rows)


def _paths_by_code(rows: Sequence[RowLabel]) -> list[LabelPath]:
    paths: list[LabelPath] = []
    stack: list[tuple[str, str]] = []  # (code, label) from the outermost
    top: LabelPath = ()
    for row in rows:
        if not row.text:
            paths.append(())
        elif row.code:
            while stack and not (row.code.startswith(stack[-1][0]) and row.code != stack[-1][0]):
                stack.pop()
            paths.append((*top, *(label for _, label in stack), row.text))
            stack.append((row.code, row.text))
        else:
            stack = []
            top = (row.text,) if is_body(row.text) else ()
            paths.append((row.text,))
    return paths


def _paths_by_depth(rows: Sequence[RowLabel]) -> list[LabelPath]:
    paths: list[LabelPath] = []
    stack: list[RowLabel] = []
    begun = False  # has there been a row 一、?
    anew: RowLabel | None = None  # the row whose parts are numbered from 一、 again
    for row in rows:
        if not row.text:
            paths.append(())
            continue
        if is_total(row.text):
            stack = []
        first = bool(FIRST.match(row.text))
        if first and begun and stack and label_rank(stack[-1].text) is None and paths[-1][-1] == stack[-1].text:
            anew = stack[-1]
        begun = begun or first
        while stack and not (_is_inside(row, stack[-1]) or (stack[-1] is anew and label_rank(row.text) == 1)):
            stack.pop()
        paths.append((*(parent.text for parent in stack), row.text))
        if not is_total(row.text):
            stack.append(row)
    return paths


def _is_inside(row: RowLabel, parent: RowLabel) -> bool:
    mine, its = label_rank(row.text), label_rank(parent.text)
    if mine is not None and its is not None:
        return mine > its
    if its == OF_WHICH and mine is None:  # 「其中：甲」 above 「乙」, set right below 甲: two parts of one whole
        return row.indent - parent.indent > OF_WHICH_WIDTH + INDENT_STEP
    if mine == 1:  # 一、 opens a new top item, unless it stands below a body's total
        return is_body(parent.text)
    return row.indent - parent.indent >= INDENT_STEP
