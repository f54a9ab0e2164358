"""The sums inside a budget's tables: parents and children, totals and parts, row by row and column by column.

A proof that fails is an alarm, so a sum is only said to fail where its structure is certain: a tree by subject codes,
items numbered without a gap, or a column of totals that holds in the other rows. Anywhere else a sum that does not
come out proves nothing and is left out.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from index.amounts import format_amount
from index.domain import Document, Figure, LabelPath, Measure, Proof, Row, Table

MAJORITY = 3  # a column of totals is certain where it holds in this share (3 of 4) of the rows that fill it
SURE_ROWS = 3  # … and in at least so many rows

TOTAL = re.compile(r"^(?:本年|当年|本月)?(?:收入|支出|收支)?(?:合计|总计|小计|总额|共计|支出总计|收入总计)$")
_OF_WHICH = re.compile(r"^其中|采购|结转下年|备注")
_NUMBERED = re.compile(r"^([一二三四五六七八九十]{1,3})、")
_NUMERALS = (
    {n: i for i, n in enumerate("一二三四五六七八九十", 1)}
    | {a + b: (10 if a == "十" else 20) + i for a in ("十", "二十") for i, b in enumerate("一二三四五六七八九", 1)}
    | {"二十": 20}
)
_TRAVEL = re.compile(r"出国|接待|用车|会议费|培训费")


def quantum(figures: Iterable[Figure]) -> Decimal:
    """The printed precision of amounts: the coarsest last digit among them (0.01 for 1.20 and 3.45; 1 for 3 and 3.45)."""
    exponents = [f.value.as_tuple().exponent for f in figures if f.value]
    return Decimal(1).scaleb(max((e for e in exponents if isinstance(e, int)), default=-2))


def check(kind: str, total: Figure, parts: Sequence[Figure], expected: Decimal, message: str) -> Proof:
    """Compare a printed total with what its parts make; a difference of a last digit for each part is rounding."""
    found = total.value or Decimal(0)
    tolerance = quantum((total, *parts)) * (len(parts) + 1) / 2  # each printed number is off by half a digit at most
    held = abs(found - expected) <= tolerance
    return Proof(
        kind=kind,
        held=held,
        expected=expected,
        found=found,
        unit=total.unit,
        figures=(total.id, *(p.id for p in parts)),
        message=message if found == expected else f"{message}：{_apart(expected, found, total.unit)}",
        rounding=held and found != expected,
    )


def _apart(expected: Decimal, found: Decimal, unit: str) -> str:
    amounts = (format_amount(value, unit) for value in (expected, found, abs(found - expected)))
    return "应为{}，印为{}，相差{}".format(*amounts)


@dataclass(frozen=True)
class Grid:
    """One table with the figures of its purely numeric cells."""

    table: Table
    figures: Mapping[tuple[int, int], Figure]

    @cached_property
    def money_columns(self) -> tuple[int, ...]:
        return tuple(sorted({c for (_, c), f in self.figures.items() if f.measure is Measure.AMOUNT and f.unit.endswith("元")}))

    def get(self, r: int, c: int) -> Figure | None:
        figure = self.figures.get((r, c))
        return figure if figure and figure.measure is Measure.AMOUNT else None

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        return self.table.rows

    def name(self, r: int) -> str:
        return "·".join(p for p in self.rows[r].label[-1:] if p) or f"第{r + 1}行"


def to_grids(document: Document, figures: Sequence[Figure]) -> list[Grid]:
    """The document's tables with the figures that are whole cells."""
    cells: dict[str, dict[tuple[int, int], Figure]] = defaultdict(dict)
    for f in figures:
        if f.table_id is not None and f.row is not None and f.col is not None and f.id.endswith(f":{f.table_id}:{f.row}:{f.col}"):
            cells[f.table_id][f.row, f.col] = f
    return [Grid(table, cells[table.id]) for table in document.tables]


def table_proofs(grids: Sequence[Grid]) -> Iterator[Proof]:
    """All proofs that stay inside the tables."""
    for grid in grids:
        yield from tree_proofs(grid)
        yield from total_row_proofs(grid)
        yield from column_proofs(grid)
        yield from change_row_proofs(grid)


# ---------------------------------------------------------------- rows


def tree_proofs(grid: Grid) -> Iterator[Proof]:
    """Every parent row against its direct children, column by column."""
    rows = grid.rows
    for r, row in enumerate(rows):
        if not row.label or TOTAL.match(row.label[-1]):
            continue
        children = _children(rows, r)
        if not children:
            continue
        certain = all(rows[s].code for s in children) and _codes_nest(row.code, [rows[s].code or "" for s in children])
        yield from _row_sums("tree", grid, r, children, certain, f"“{grid.name(r)}”应等于下级之和")


def total_row_proofs(grid: Grid) -> Iterator[Proof]:
    """合计 rows against the rows that they add up: top rows, or their own group's."""
    rows = grid.rows
    for r, row in enumerate(rows):
        if not row.label or not TOTAL.match(row.label[-1]):
            continue
        group = [s for s in range(len(rows)) if s != r and rows[s].label[:-1] == row.label[:-1] and rows[s].label]
        parts = [s for s in group if not TOTAL.match(rows[s].label[-1]) and not _OF_WHICH.match(rows[s].label[-1])]
        before = [s for s in parts if s < r]
        after = [s for s in parts if s > r]
        totals = [s for s in group if TOTAL.match(rows[s].label[-1]) and s < r]
        choices = [before, after] if not totals else [before, [totals[-1], *(s for s in before if s > totals[-1])]]
        choices = [c for c in choices if c]
        certain = len(choices) == 1 and not totals and (_all_coded(rows, choices[0]) or _numbered(rows, choices[0]))
        yield from _best_row_sum(grid, r, choices, certain)


def _best_row_sum(grid: Grid, r: int, choices: list[list[int]], certain: bool) -> Iterator[Proof]:
    found = [list(_row_sums("sum", grid, r, parts, True, f"“{grid.name(r)}”应等于各项之和")) for parts in choices]
    held = [proofs for proofs in found if proofs and all(p.held for p in proofs)]
    if held:
        yield from max(held, key=len)
    elif certain and found:
        yield from found[0]


def _row_sums(kind: str, grid: Grid, r: int, parts: Sequence[int], certain: bool, message: str) -> Iterator[Proof]:
    """One proof a money column. An uncertain parent is only proven where all of its columns hold."""
    proofs = []
    for c in grid.money_columns:
        total = grid.get(r, c)
        cells = [f for s in parts if (f := grid.get(s, c))]
        if total is None or not cells or any(f.unit != total.unit for f in cells):
            continue
        proofs.append(check(kind, total, cells, sum((f.value or Decimal(0) for f in cells), Decimal(0)), message + column_words(grid, c)))
    if certain or all(p.held for p in proofs):
        yield from proofs


def column_words(grid: Grid, c: int) -> str:
    path = grid.table.columns[c]
    return f"（{'·'.join(path)}）" if path else ""


def _children(rows: Sequence[Row], parent: int) -> list[int]:
    """The direct children, up to the next row that leaves the parent (a unit's block is printed once)."""
    label = rows[parent].label
    found = []
    for s in range(parent + 1, len(rows)):
        if rows[s].label[: len(label)] != label:
            break
        last = rows[s].label[-1]
        if rows[s].label[:-1] == label and not TOTAL.match(last) and not _OF_WHICH.match(last):
            found.append(s)
    return found


def _codes_nest(parent: str | None, children: Sequence[str]) -> bool:
    lengths = {len(c) for c in children}
    if len(lengths) != 1 or len(set(children)) != len(children):
        return False
    return all(c.startswith(parent) and len(c) > len(parent) for c in children) if parent else lengths == {3}


def _all_coded(rows: Sequence[Row], parts: Sequence[int]) -> bool:
    return len({len(rows[s].code or "") for s in parts}) == 1 and all(rows[s].code for s in parts)


def _numbered(rows: Sequence[Row], parts: Sequence[int]) -> bool:
    """一、二、三、… without a gap: nothing is missing between the parts."""
    numbers = [_NUMERALS.get(m[1], 0) if (m := _NUMBERED.match(rows[s].label[-1])) else 0 for s in parts]
    return len(numbers) > 1 and numbers == list(range(1, len(numbers) + 1))


# ---------------------------------------------------------------- columns


def column_proofs(grid: Grid) -> Iterator[Proof]:
    """Columns named 合计 or 小计 against their sibling columns, row by row."""
    columns = grid.table.columns
    for c in grid.money_columns:
        path = columns[c]
        for level in range(len(path) - 1, -1, -1):
            if TOTAL.match(path[level]):
                yield from _best_columns(grid, c, level)
                break


def _best_columns(grid: Grid, c: int, level: int) -> Iterator[Proof]:
    """The proofs of the choice of parts that holds in most rows; none where no choice is sure."""
    columns = grid.table.columns
    found = [(list(_column_sums(kind, grid, c, parts)), parts) for kind, parts in _column_choices(columns, columns[c], level)]
    proofs, parts = max(found, key=lambda f: sum(p.held for p in f[0]), default=([], []))
    if proofs and (all(p.held for p in proofs) or _sure(proofs, [columns[p][level] for p in parts])):
        yield from proofs


def _column_choices(columns: Sequence[LabelPath], path: LabelPath, level: int) -> Iterator[tuple[str, list[int]]]:
    """The columns that a total may add up: all its siblings, those that are no 「其中」 or procurement, or those before the first such."""
    prefix, post = path[:level], path[level + 1 :]
    siblings = list(dict.fromkeys(p[level] for p in columns if p[:level] == prefix and len(p) > level and p[level] != path[level]))
    before = list(itertools.takewhile(lambda s: not _OF_WHICH.search(s), siblings))  # 其中：加油, 维修, 保险: parts of a part
    for names in (siblings, [s for s in siblings if not _OF_WHICH.search(s)], before):
        parts = [found for name in names for found in _group(columns, (*prefix, name), post)]
        if parts and all(names):
            kind = "basic_project" if {"基本支出", "项目支出"} <= set(names) else "sum"
            yield kind, parts


def _group(columns: Sequence[LabelPath], prefix: LabelPath, post: LabelPath) -> list[int]:
    """The columns whose sum is a group's value: itself, its own 小计, or its members."""
    exact = [i for i, p in enumerate(columns) if p == (*prefix, *post)]
    if exact:
        return exact[:1]
    inner = list(dict.fromkeys(p[len(prefix)] for p in columns if p[: len(prefix)] == prefix and len(p) > len(prefix) + len(post)))
    totals = [name for name in inner if TOTAL.match(name)]
    return [i for name in (totals[:1] or inner) for i in _group(columns, (*prefix, name), post)]


def _column_sums(kind: str, grid: Grid, c: int, parts: Sequence[int]) -> Iterator[Proof]:
    for r in range(len(grid.rows)):
        total = grid.get(r, c)
        cells = [f for p in parts if (f := grid.get(r, p))]
        if total is None or not cells or any(f.unit != total.unit for f in cells):
            continue
        expected = sum((f.value or Decimal(0) for f in cells), Decimal(0))
        yield check(kind, total, cells, expected, f"“{grid.name(r)}”的{'·'.join(grid.table.columns[c])}应等于各栏之和")


def _sure(proofs: Sequence[Proof], parts: Sequence[str]) -> bool:
    filled = [p for p in proofs if p.expected or p.found]
    held = [p for p in filled if p.held]
    known_form = len(parts) >= 3 and all(_TRAVEL.search(name) for name in parts)
    return known_form or (len(held) >= SURE_ROWS and len(held) * (MAJORITY + 1) >= len(filled) * MAJORITY)


def change_row_proofs(grid: Grid) -> Iterator[Proof]:
    """A row 增减变化金额 below two rows by year: this year less last year."""
    rows = grid.rows
    for r, row in enumerate(rows):
        if r < 2 or not row.label or not re.match(r"增减|增减变化|比上年|较上年", row.label[-1]):
            continue
        last, this = rows[r - 2], rows[r - 1]
        years = [re.match(r"(20\d\d)年?$", x.label[-1]) if x.label else None for x in (last, this)]
        if not all(years) or last.label[:-1] != this.label[:-1] or this.label[:-1] != row.label[:-1]:
            continue
        sign = 1 if years[0] and years[1] and int(years[0][1]) < int(years[1][1]) else -1
        for c in range(len(grid.table.columns)):
            change, a, b = grid.figures.get((r, c)), grid.get(r - 2, c), grid.get(r - 1, c)
            if change and a and b and change.unit == a.unit and a.value is not None and b.value is not None:
                yield check("change", change, (a, b), sign * (b.value - a.value), f"增减应等于两年之差{column_words(grid, c)}")
