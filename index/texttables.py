"""Sentences against tables, and tables that name the same project: one item, one amount."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from index.amounts import MONEY
from index.compare import item_name, last_label, same_amount, same_proof
from index.domain import Document, Figure, Kind, Measure, Proof
from index.labels import BUDGET_WORDS, name_key
from index.sums import TOTAL, Grid

_FINAL = re.compile(r"决算|^$")
_PLANNED = re.compile(r"预算数|年初预算|调整预算")
_TRAVEL = re.compile(r"出国|接待|用车")
_PROJECT = re.compile(r"项目|绩效|任务")
_NO_PROJECT = re.compile(r"收支|收入|三公|采购|基本支出|经济分类|功能|一般公共|基金|国有资本|机关运行")


class _Rows:
    """Table rows by name and by code."""

    def __init__(self, grids: Sequence[Grid]) -> None:
        self.by_name: dict[str, list[tuple[Grid, int]]] = defaultdict(list)
        self.by_pair: dict[str, list[tuple[Grid, int]]] = defaultdict(list)
        self.by_code: dict[str, list[tuple[Grid, int]]] = defaultdict(list)
        self.whole: dict[str, list[tuple[Grid, int]]] = defaultdict(list)  # totals of all income, of all spending
        self.totals: dict[str, list[tuple[Grid, int]]] = defaultdict(list)
        for grid in grids:
            for r, row in enumerate(grid.rows):
                if not row.label:
                    continue
                names = [name_key(part) for part in row.label]
                self.by_name[names[-1]].append((grid, r))
                self.by_pair["".join(names[-2:])].append((grid, r))
                if row.code:
                    self.by_code[row.code].append((grid, r))
                if TOTAL.match(row.label[-1]):
                    self.totals[table_topic(grid.table.title) + names[-1]].append((grid, r))
                    topic = table_topic(grid.table.title) + names[-1]
                    for word in ("收入", "支出"):
                        if word in topic and (word in names[-1] or table_topic(grid.table.title) in (word, "收支", "收入支出")):
                            self.whole[word].append((grid, r))

    def figures(self, places: Sequence[tuple[Grid, int]], year: int | None) -> list[Figure]:
        return [f for grid, r in places for c in grid.money_columns if (f := grid.get(r, c)) and (f.year == year or year is None)]


def table_topic(title: str) -> str:
    """What a table is about: 财政拨款收入支出决算总表 → 财政拨款收入支出."""
    return re.sub(r"20\d\d年?度?|[公开附]*表\d*|总表|预算|决算|部门|单位|财务|情况|[\s（）()].*$", "", title)


def text_table_proofs(document: Document, grids: Sequence[Grid], prose: Sequence[Figure]) -> Iterator[Proof]:
    """A sentence's amount against the row (or the 三公 column) of the same code or name."""
    rows = _Rows(grids)
    final = document.kind in (Kind.DEPARTMENT_FINAL, Kind.UNIT_FINAL)
    for claim in prose:
        if claim.measure is not Measure.AMOUNT or claim.unit not in MONEY or not claim.row_path or claim.year != document.year:
            continue
        if not (_FINAL.search(last_label(claim)) if final else BUDGET_WORDS.match(last_label(claim))):
            continue
        sure, places = _candidates(rows, claim)
        named, travel = rows.figures(places, claim.year), _travel_figures(grids, claim)
        figures = [f for f in (*travel, *named) if not (final and _PLANNED.search("·".join(f.col_path)))]
        sure = bool(travel) if _TRAVEL.search(claim.row_path[-1]) else sure  # the 三公 table alone has their scope
        equal = next((f for f in figures if same_amount(f, claim)), None)
        if equal:
            yield same_proof("text_table", equal, claim, "")
        elif sure and figures and claim.value is not None:
            yield same_proof("text_table", figures[0], claim, f"“{item_name(claim)}”的说明与表不一致")


def _candidates(rows: _Rows, claim: Figure) -> tuple[bool, list[tuple[Grid, int]]]:
    """(certain, rows) that a claim may be about."""
    if claim.code and len(claim.code) >= 5 and claim.code in rows.by_code:
        return True, rows.by_code[claim.code]
    name = name_key(claim.row_path[-1])
    if len(claim.row_path) >= 2:
        pair = [p for p in rows.by_pair.get(name_key(claim.row_path[-2]) + name, ()) if p[0].rows[p[1]].code]
        if pair:
            return True, pair
    if name in rows.totals:
        return True, rows.totals[name]
    plain = re.sub(r"部门|单位|年度|预算|决算|本年|[、和]支出|总计|合计", "", name)
    if plain in ("收入", "支出") and rows.whole[plain]:
        return True, rows.whole[plain]
    joined = [p for p in rows.by_pair.get(name, ()) if len(p[0].rows[p[1]].label) > 1]
    if joined and name not in rows.by_name:
        return True, joined
    named = rows.by_name.get(name, [])
    codes = {g.rows[r].code for g, r in named}
    subject = len(codes) == 1 and None not in codes and len(name) > 3  # one subject everywhere, whatever the table
    return bool(named) and (subject or all(is_project_table(g) for g, _ in named)), list(named)


def _travel_figures(grids: Sequence[Grid], claim: Figure) -> list[Figure]:
    """The 三公 table's cells under the column that a sentence of the 三公 section names."""
    if not any("三公" in part for part in (*claim.section, claim.context)) or not _TRAVEL.search(claim.row_path[-1]):
        return []
    key = _travel_key(claim.row_path[-1])
    return [
        f
        for grid in grids
        if "三公" in grid.table.title
        for f in grid.figures.values()
        if f.year == claim.year and f.measure is Measure.AMOUNT and any(_travel_key(part) == key for part in f.col_path)
    ]


def _travel_key(label: str) -> str:
    if "出国" in label:
        return "出国"
    if "接待" in label:
        return "接待"
    both = "购置" in label and "运行" in label
    if "用车" in label or re.fullmatch(r"购置费|运行(?:维护)?费", label):
        return "用车" if both else "购置" if "购置" in label else "运行" if "运行" in label else label
    return label


def is_project_table(grid: Grid) -> bool:
    """True for lists of projects and tasks with their budgets (项目支出总表, 重点项目绩效情况, 年度主要任务)."""
    table = grid.table
    words = " ".join((table.title, *table.section[-1:], *(part for path in table.columns for part in path)))
    return (
        bool(_PROJECT.search(words))
        and not _NO_PROJECT.search(table.title)
        and not any(row.code for row in table.rows)
        and len(grid.money_columns) > 0
    )


def project_proofs(grids: Sequence[Grid]) -> Iterator[Proof]:
    """One project named by several tables has one budget: 553.69 in two of them, 533.69 in the third."""
    stated: dict[str, list[Figure]] = defaultdict(list)
    for grid in grids:
        if not is_project_table(grid):
            continue
        for r, row in enumerate(grid.rows):
            figure = next((f for c in grid.money_columns if (f := grid.get(r, c))), None)
            if figure and row.label and not TOTAL.match(row.label[-1]):
                stated[name_key(row.label[-1])].append(figure)
    for name, figures in stated.items():
        tables = {f.table_id: f for f in figures}
        if len(tables) < 2 or len(tables) != len(figures) or len({f.year for f in figures}) > 1:
            continue
        reference = max(figures, key=lambda f: sum(same_amount(f, g) for g in figures))
        for other in figures:
            if other is not reference:
                yield same_proof("text_table", reference, other, f"“{name}”的预算在两处不一致")
