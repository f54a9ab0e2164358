"""What one table of a budget says of another: income balances spending, funds make the whole, subjects recur."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from index.domain import Figure, Proof
from index.labels import name_key
from index.scopes import scope_of
from index.sums import TOTAL, Grid, check

SURE_ROWS = 4  # a form repeats another's subjects where so many names agree …
SURE_SHARE = 4  # … and at most one in so many does not

_GRAND = re.compile(r"(?:合计|总计)$")


def cross_table_proofs(grids: Sequence[Grid]) -> Iterator[Proof]:
    """All proofs between tables."""
    yield from balance_proofs(grids)
    yield from fund_proofs(grids)
    yield from part_table_proofs(grids)
    yield from repeated_subject_proofs(grids)


def balance_proofs(grids: Sequence[Grid]) -> Iterator[Proof]:
    """收 = 支: the last totals of the halves of one form."""
    forms: dict[tuple[str | None, str, tuple[int, ...]], list[Figure]] = defaultdict(list)
    for grid in grids:
        if not re.search(r"收支|收入支出", grid.table.title) or not grid.rows:
            continue
        r = len(grid.rows) - 1
        label = grid.rows[r].label[-1] if grid.rows[r].label else ""
        total = next((f for c in grid.money_columns if (f := grid.get(r, c))), None)
        if total and _GRAND.search(label):
            forms[grid.table.number, grid.table.title, grid.table.pages].append(total)
    for totals in forms.values():
        sides = {f.row_path[-1][-2:] for f in totals}
        for other in totals[1:]:
            if len(sides) == 1 and other.unit == totals[0].unit and other.value is not None:
                yield check("balance", totals[0], (other,), other.value, "收入与支出应相等")


def fund_proofs(grids: Sequence[Grid]) -> Iterator[Proof]:
    """支出总表 = 一般公共预算 + 政府性基金 (+ 国有资本经营) by subject code, where their totals agree."""
    total_table = _titled(grids, r"支出.*总表|支出(?:预算|决算)表$", r"收支|财政拨款|一般公共|基金|国有资本|基本|项目|经济")
    funds = [
        found
        for word in ("一般公共预算", "政府性基金", "国有资本经营")
        if (found := _titled(grids, rf"{word}.*支出|{word}.*功能", r"基本支出|经济|三公|机关运行|采购|收入"))
    ]
    if not total_table or not funds:
        return
    whole = _by_code(total_table)
    parts = [_by_code(f) for f in funds]
    proofs = []
    for code, total in whole.items():
        cells = [p[code] for p in parts if code in p]
        if cells and all(f.unit == total.unit for f in cells):
            expected = sum((f.value or Decimal(0) for f in cells), Decimal(0))
            proofs.append((code, check("funds", total, cells, expected, f"{code}支出总表应等于各类预算之和")))
    tops = [p for code, p in proofs if len(code) == 3]
    if tops and all(p.held for p in tops):  # otherwise other money takes part, and nothing follows
        yield from (p for _, p in proofs)


def part_table_proofs(grids: Sequence[Grid]) -> Iterator[Proof]:
    """The totals of 基本支出总表 and 项目支出总表 against the columns of 支出总表."""
    total_table = _titled(grids, r"支出.*总表", r"收支|财政拨款|一般公共|基金|国有资本|基本|项目|经济")
    if not total_table:
        return
    for word in ("基本支出", "项目支出"):
        part = _titled(grids, rf"^(?:20\d\d年)?(?:部门|单位)?{word}.*总表", r"收支")
        column = next((c for c in total_table.money_columns if total_table.table.columns[c][-1:] == (word,)), None)
        if part and column is not None and part.money_columns:
            a, b = part.get(0, part.money_columns[0]), total_table.get(0, column)
            if a and b and a.unit == b.unit and b.value is not None and part.rows[0].label == total_table.rows[0].label:
                proof = check("basic_project", a, (b,), b.value, f"{word}总表应等于支出总表的{word}")
                if proof.held:
                    yield proof


def _titled(grids: Sequence[Grid], wanted: str, unwanted: str) -> Grid | None:
    return next((g for g in grids if re.search(wanted, g.table.title) and not re.search(unwanted, re.sub(wanted, "", g.table.title))), None)


def _by_code(grid: Grid) -> dict[str, Figure]:
    """First money column by subject code; codes that a table prints twice (several units) are left out."""
    found: dict[str, Figure] = {}
    twice: set[str] = set()
    for r, row in enumerate(grid.rows):
        figure = grid.get(r, grid.money_columns[0]) if row.code and grid.money_columns else None
        if row.code and figure:
            twice |= {row.code} & found.keys()
            found[row.code] = figure
    return {code: f for code, f in found.items() if code not in twice}


def repeated_subject_proofs(grids: Sequence[Grid]) -> Iterator[Proof]:
    """收支总表 lists the subjects of 支出总表 without their codes: the same name, the same amount of the same money."""
    coded = [amounts for grid in grids if any(row.code for row in grid.rows) for amounts in _amounts_by_scope(grid)[:1]]
    for grid in grids:
        if any(row.code for row in grid.rows) or not re.search(r"收支|收入支出", grid.table.title):
            continue
        for scope, mine in _amounts_by_scope(grid):
            best: list[Proof] = []
            for other, theirs in coded:
                proofs = _same_subjects(mine, theirs)
                held = [p for p in proofs if p.held]
                if len(held) >= SURE_ROWS and (len(proofs) - len(held)) * SURE_SHARE <= len(held) and len(held) > sum(p.held for p in best):
                    best = proofs if scope == other else held  # what two kinds of money differ by is no contradiction
            yield from best


def _same_subjects(mine: Mapping[str, Figure], theirs: Mapping[str, Figure]) -> list[Proof]:
    names = sorted(n for n in mine.keys() & theirs.keys() if mine[n].unit == theirs[n].unit and (mine[n].value or theirs[n].value))
    return [check("funds", mine[n], (theirs[n],), theirs[n].value or Decimal(0), f"“{n}”在两表中应相同") for n in names]


def _amounts_by_scope(grid: Grid) -> list[tuple[str, dict[str, Figure]]]:
    """For the first money column of each scope: amounts by name; names that a table prints twice are left out."""
    columns: dict[str, int] = {}
    for c in grid.money_columns:
        columns.setdefault(scope_of(*reversed(grid.table.columns[c]), grid.table.title), c)
    return [(scope, _amounts(grid, c)) for scope, c in columns.items()]


def _amounts(grid: Grid, column: int) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    twice: set[str] = set()
    for r, row in enumerate(grid.rows):
        figure = grid.get(r, column) if row.label else None
        if figure and not TOTAL.match(row.label[-1]):
            name = name_key(row.label[-1])
            twice |= {name} & found.keys()
            found[name] = figure
    return {name: f for name, f in found.items() if name not in twice}
