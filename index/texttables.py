"""Sentences against tables, and tables that name the same project: one item, one amount."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from index.amounts import MONEY, convert, format_amount
from index.columns import INDICATOR_HEADER
from index.compare import item_name, last_label, same_amount, same_proof
from index.domain import Document, Figure, LabelPath, Measure, Proof, Table
from index.labels import BUDGET_WORDS, name_key
from index.scopes import claim_scope, figure_scope
from index.sums import TOTAL, Grid

_FINAL = re.compile(r"决算|^$")
_PLANNED = re.compile(r"预算数|年初预算|调整预算")
_TRAVEL = re.compile(r"出国|接待|用车")
_PROJECT = re.compile(r"项目|绩效|任务")
_SUB_ITEM = re.compile(r"国（境）外|外事|外宾|国内")  # parts of 公务接待 that no column shows
_NAMED = re.compile(r"(?:项目|任务|专项|专项资金|（专项）|政策)(?:名称)?$")
_NO_NAME = re.compile(r"^(?:其中[:：])?(?:财政拨款|合计|总计|小计|项目|资金|经费|金额|其他资金|上年结转|年度资金总额|资金总额)$")
_ENCLOSING = re.compile(r"(?:情况|说明|安排|概况|总体)$")
_NO_PROJECT = re.compile(r"收支|收入|三公|采购|购买服务|基本支出|经济分类|功能|一般公共|基金|国有资本|机关运行")


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
                    for word, other in (("收入", "支出"), ("支出", "收入")):
                        if other in names[-1] and word not in names[-1]:
                            continue
                        if word in topic and (word in names[-1] or table_topic(grid.table.title) in (word, "收支", "收入支出")):
                            self.whole[word].append((grid, r))

    def figures(self, places: Sequence[tuple[Grid, int]], year: int | None) -> list[Figure]:
        return [f for grid, r in places for c in grid.money_columns if (f := grid.get(r, c)) and (f.year == year or year is None)]


def table_topic(title: str) -> str:
    """What a table is about: 财政拨款收入支出决算总表 → 财政拨款收入支出."""
    return re.sub(r"20\d\d年?度?|[公开附]*表\d*|总表|预算|决算|部门|单位|财务|情况|[\s（）()].*$", "", title)


def text_table_proofs(document: Document, grids: Sequence[Grid], prose: Sequence[Figure]) -> Iterator[Proof]:
    """A sentence's amount against the row (or the 三公 column) of the same code or name.

    Equal amounts prove each other wherever they stand; an alarm needs a cell that speaks of the same money (all of it,
    财政拨款, 一般公共预算, 政府性基金) as the sentence.
    """
    rows = _Rows(grids)
    titles = {grid.table.id: grid.table.title for grid in grids}
    final = document.kind.is_final
    for claim in prose:
        if claim.measure is not Measure.AMOUNT or claim.unit not in MONEY or not claim.row_path or claim.year != document.year:
            continue
        if not (_FINAL.search(last_label(claim)) if final else BUDGET_WORDS.match(last_label(claim))):
            continue
        sure, places = _candidates(rows, claim)
        named, travel = rows.figures(places, claim.year), _travel_figures(grids, claim)
        named, travel = ([f for f in fs if not (final and _PLANNED.search("·".join(f.col_path)))] for fs in (named, travel))
        equal = next((f for f in (*travel, *named) if same_amount(f, claim)), None)
        if equal:
            yield same_proof("text_table", equal, claim, "")
        elif _TRAVEL.search(claim.row_path[-1]):  # the 三公 table alone has their scope
            yield from _travel_proof(claim, travel)
        elif sure and claim.value is not None:
            scope = claim_scope(claim)
            same = [f for f in named if figure_scope(f, titles.get(f.table_id or "", "")) == scope]
            if same:
                yield same_proof("text_table", same[0], claim, f"“{item_name(claim)}”的说明与表不一致")


def _travel_proof(claim: Figure, cells: Sequence[Figure]) -> Iterator[Proof]:
    """A 三公 item against its column; where a table has a row a unit and a column a fund, they add up to it."""
    message = f"“{item_name(claim)}”的说明与表不一致"
    if len(cells) < 2:
        yield from (same_proof("text_table", cell, claim, message) for cell in cells)
        return
    values = [convert(f.value or Decimal(0), f.unit, claim.unit) for f in cells]
    total, stated = sum((v for v in values if v is not None), Decimal(0)), claim.value or Decimal(0)
    held = same_amount(replace(cells[0], value=total, unit=claim.unit), claim)
    amounts = [format_amount(value, claim.unit) for value in (total, stated, abs(stated - total))]
    words = "" if held else "{}：各单位合计{}，文字{}，相差{}".format(message, *amounts)
    yield Proof("text_table", held, total, stated, claim.unit, (claim.id, *(f.id for f in cells)), words, held and total != stated)


def _candidates(rows: _Rows, claim: Figure) -> tuple[bool, list[tuple[Grid, int]]]:
    """(certain, rows) that a claim may be about."""
    if claim.code and len(claim.code) >= 5 and claim.code in rows.by_code:
        return True, rows.by_code[claim.code]
    name = name_key(claim.row_path[-1])
    if len(claim.row_path) >= 2:
        pair = [p for p in rows.by_pair.get(name_key(claim.row_path[-2]) + name, ()) if p[0].rows[p[1]].code]
        if pair:
            return True, pair
    whole = all(_ENCLOSING.search(part) for part in claim.row_path[:-1])  # 「公务接待…共计支出」 is no total of all
    if name in rows.totals and whole:
        return True, rows.totals[name]
    plain = re.sub(r"部门|单位|年度|预算|决算|本年|[、和]支出|总计|合计", "", name)
    if plain in ("收入", "支出") and rows.whole[plain] and whole:
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
    item = claim.row_path[-1]
    if not any("三公" in part for part in (*claim.section, claim.context)) or not _TRAVEL.search(item) or _SUB_ITEM.search(item):
        return []
    key = _travel_key(claim.row_path[-1])
    return [
        f
        for grid in grids
        if "三公" in grid.table.title
        for f in grid.figures.values()
        if f.year == claim.year and f.measure is Measure.AMOUNT and _column_key(f) == key
    ]


def _column_key(figure: Figure) -> str:
    """What a cell of the 三公 table is about: the innermost part of its column that names an item."""
    keys = [_travel_key(part) for part in figure.col_path]
    return next((key for key in reversed(keys) if key in _TRAVEL_KEYS), "")


_TRAVEL_KEYS = ("出国", "接待", "用车", "购置", "运行")


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


def project_name(table: Table, label: LabelPath) -> str:
    """The project that a row is the amount of: the part under 项目名称 where one is printed, "" for its inner rows."""
    at = next((i for i, head in enumerate(table.label_heads) if _NAMED.search(head)), None)
    if at is None:
        return label[-1] if label else ""
    inner = [head for head in table.label_heads[at + 1 : len(label)] if not head or INDICATOR_HEADER.match(head)]
    return label[at] if at < len(label) <= len(table.label_heads) and not inner else ""


def project_proofs(grids: Sequence[Grid]) -> Iterator[Proof]:
    """One project named by several tables has one budget: 553.69 in two of them, 533.69 in the third."""
    stated: dict[str, list[Figure]] = defaultdict(list)
    for grid in grids:
        if not is_project_table(grid):
            continue
        for r, row in enumerate(grid.rows):
            figure = next((f for c in grid.money_columns if (f := grid.get(r, c))), None)
            name = project_name(grid.table, row.label)
            if figure and name and not TOTAL.match(name) and not _NO_NAME.match(name):
                stated[name_key(name)].append(figure)
    for name, figures in stated.items():
        tables = {f.table_id: f for f in figures}
        if len(tables) < 2 or len(tables) != len(figures) or len({f.year for f in figures}) > 1:
            continue
        reference = max(figures, key=lambda f: sum(same_amount(f, g) for g in figures))
        for other in figures:
            if other is not reference:
                yield same_proof("text_table", reference, other, f"“{name}”的预算在两处不一致")
