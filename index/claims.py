"""What sentences claim, checked: against each other, against the tables, and their rates and shares by arithmetic.

A claim is only said to be wrong where it cannot be about something else: the same numbered item, the same subject code,
the same project name, the parts that a sentence lists itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from index.amounts import MONEY, RATIO, convert, format_amount, round_half_up
from index.domain import Document, Figure, Flag, Kind, LabelPath, Measure, Origin, Proof
from index.labels import name_key
from index.sums import TOTAL, Grid, quantum

NEAR = 40  # figures between a claim and what it is checked against, at most

_BUDGET = re.compile(r"^(?:20\d\d年?度?|本年度?)?(?:总|年初)?(?:预算(?:安排|数|总额|总计|合计|金额|额)?|安排(?:预算|资金)?|)$")
_FINAL = re.compile(r"决算|^$")
_PLANNED = re.compile(r"预算数|年初预算|调整预算")
_TRAVEL = re.compile(r"出国|接待|用车")
_PROJECT = re.compile(r"项目|绩效|任务")
_NO_PROJECT = re.compile(r"收支|收入|三公|采购|基本支出|经济分类|功能|一般公共|基金|国有资本|机关运行")
_GENERIC = re.compile(
    r"^(?:总?收入|总?支出|收支|基本支出|项目支出|人员经费|公用经费|财政拨款.*|一般公共预算.*|合计|总计|项目|支出总计|收入总计)$"
)


def claim_proofs(document: Document, grids: Sequence[Grid], figures: Sequence[Figure]) -> Iterator[Proof]:
    """Proofs that touch prose, and project names that several tables state."""
    prose = [f for f in figures if f.origin is Origin.PROSE and f.value is not None]
    mended = {f.id for f in prose if Flag.REORDERED in f.flags}  # their words may still stand wrong: no alarm from them
    yield from (p for p in _prose_proofs(document, grids, prose) if p.held or not mended.intersection(p.figures))
    yield from project_proofs(grids)


def _prose_proofs(document: Document, grids: Sequence[Grid], prose: Sequence[Figure]) -> Iterator[Proof]:
    for claims in _paragraphs(prose):
        yield from rate_proofs(claims)
        yield from repeated_proofs(document, claims)
        yield from part_proofs(claims)
        yield from enumeration_proofs(claims)
    yield from section_proofs(document, prose)
    yield from share_proofs(prose)
    yield from change_proofs(prose)
    yield from text_table_proofs(document, grids, prose)


def same_amount(a: Figure, b: Figure) -> bool:
    """Equal after conversion, to the last digit that the coarser of the two prints (half up or cut)."""
    if a.value is None or b.value is None:
        return False
    wanted = a.unit if MONEY.get(a.unit, Decimal(0)) >= MONEY.get(b.unit, Decimal(0)) else b.unit
    x, y = convert(a.value, a.unit, wanted), convert(b.value, b.unit, wanted)
    if x is None or y is None:
        return False
    step = max(_step(a, wanted), _step(b, wanted))
    return abs(x - y) < step if step < 1 else abs(x - y) <= step / 2


def _step(figure: Figure, wanted: str) -> Decimal:
    """The value of a figure's last printed digit, in another unit."""
    value = figure.value or Decimal(0)
    exponent = value.as_tuple().exponent
    last = Decimal(1).scaleb(exponent if isinstance(exponent, int) and value else -2)
    return convert(last, figure.unit, wanted) or last


def _paragraphs(prose: Sequence[Figure]) -> Iterator[list[Figure]]:
    """The figures by paragraph; one that a page cuts in two goes on where its item does."""
    claims: list[Figure] = []
    for f in prose:
        near = bool(claims) and (f.row or 0) - (claims[-1].row or 0) <= 1
        if claims and f.row != claims[-1].row and not (near and len(f.row_path) > 1 and f.row_path == claims[-1].row_path):
            yield claims
            claims = []
        claims.append(f)
    if claims:
        yield claims


# ---------------------------------------------------------------- arithmetic inside a paragraph


def rate_proofs(claims: Sequence[Figure]) -> Iterator[Proof]:
    """增长率 = 增减额 ÷ 上年数, 完成率 = 决算 ÷ 年初预算, 增减额 = 今年 − 去年, for one item in one paragraph."""
    for i, claim in enumerate(claims):
        before = [
            c
            for c in claims[max(0, i - NEAR) : i]
            if c.row_path == claim.row_path and not (c.measure is Measure.CHANGE and c.context != claim.context)
        ]
        amounts = [c for c in before if c.measure is Measure.AMOUNT and c.unit in MONEY]
        this = [c for c in amounts if c.year == claim.year and (_BUDGET.match(_label(c)) or "决算" in _label(c))]
        last = [c for c in amounts if claim.year and c.year == claim.year - 1]
        if claim.measure is Measure.RATE and claim.unit in RATIO and this:
            change = [c for c in before if c.measure is Measure.CHANGE and c.unit in MONEY and c.direction == claim.direction]
            if last:
                yield _any_rate(claim, [(t, last[-1]) for t in this], _growth)
            elif change and change[-1] is before[-1]:
                yield _any_rate(claim, [(t, change[-1]) for t in this[-1:]], _growth_of_change)
        elif claim.measure is Measure.SHARE and "完成" in _label(claim):
            planned = [c for c in amounts if "年初预算" in _label(c)]
            final = [c for c in amounts if "决算" in _label(c)]
            if planned and final:
                yield _any_rate(claim, [(final[-1], planned[-1])], _ratio)
        elif claim.measure is Measure.CHANGE and claim.unit in MONEY and this and last:
            yield _difference(claim, this[-1], last[-1])


def _label(figure: Figure) -> str:
    return figure.col_path[-1] if figure.col_path else ""


def _growth(this: Decimal, last: Decimal) -> Decimal:
    return (this - last) / last * 100


def _growth_of_change(this: Decimal, change: Decimal) -> Decimal:
    return change / (this - change) * 100


def _ratio(part: Decimal, whole: Decimal) -> Decimal:
    return part / whole * 100


def _any_rate(claim: Figure, pairs: Sequence[tuple[Figure, Figure]], formula: object) -> Proof:
    """The proof of the first pair that the claimed rate fits, else of the last pair."""
    proofs = [_rate(claim, a, b, formula) for a, b in pairs]
    return next((p for p in proofs if p.held), proofs[-1])


def _rate(claim: Figure, a: Figure, b: Figure, formula: object) -> Proof:
    assert callable(formula)
    signed = -1 if claim.direction < 0 and formula is _growth_of_change else 1
    x, y = a.value or Decimal(0), signed * (convert(b.value or Decimal(0), b.unit, a.unit) or Decimal(0))
    stated = (claim.value or Decimal(0)) * (claim.direction or 1)
    unit = claim.unit
    bounds = []
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            try:
                bounds.append(Decimal(formula(x + dx * _step(a, a.unit) / 2, y + dy * _step(b, a.unit) / 2)))
            except ArithmeticError:
                return Proof("rate", True, None, None, unit, (), "基数为零")
    exact = Decimal(formula(x, y))
    decimals = max(0, -int((claim.value or Decimal(0)).as_tuple().exponent))
    expected = round_half_up(exact, decimals)
    slack = Decimal(1).scaleb(-decimals)
    held = min(bounds) - slack <= stated <= max(bounds) + slack
    words = "" if held else f"“{_where(claim)}”写{_label(claim)}{claim.raw}，按{a.raw}与{b.raw}计算应为{_signed(expected, claim)}{unit}"
    return Proof("rate", held, expected, stated, unit, (claim.id, a.id, b.id), words, held and expected != stated)


def _signed(rate: Decimal, claim: Figure) -> str:
    """A rate of change with its word: 下降91.11."""
    return f"{'增长' if rate >= 0 else '下降'}{abs(rate)}" if claim.direction else str(rate)


def _where(claim: Figure) -> str:
    return claim.row_path[-1] if claim.row_path else ""


def _difference(claim: Figure, this: Figure, last: Figure) -> Proof:
    a, b = (convert(f.value or Decimal(0), f.unit, claim.unit) or Decimal(0) for f in (this, last))
    stated = (claim.value or Decimal(0)) * (claim.direction or 1)
    held = abs(a - b - stated) <= 2 * max(_step(f, claim.unit) for f in (claim, this, last))
    words = "" if held else f"“{_where(claim)}”写{_label(claim)}{claim.raw}，{this.raw}减{last.raw}应为{format_amount(a - b, claim.unit)}"
    return Proof("change", held, a - b, stated, claim.unit, (claim.id, this.id, last.id), words, held and a - b != stated)


def repeated_proofs(document: Document, claims: Sequence[Figure]) -> Iterator[Proof]:
    """One numbered item stated twice in its paragraph: 208.8万元 … 2026年预算安排201.50万元."""
    groups: dict[tuple[LabelPath, int | None, str], list[Figure]] = defaultdict(list)
    for f in claims:
        if f.measure is Measure.AMOUNT and f.unit in MONEY:
            label = re.sub(r"^20\d\d年?度?", "", _label(f))
            kind = "预算" if _BUDGET.match(label) and document.kind not in (Kind.DEPARTMENT_FINAL, Kind.UNIT_FINAL) else label
            groups[f.row_path, f.year, kind].append(f)
    for stated in groups.values():
        first = stated[0]
        for other in stated[1:]:
            if any(f.col_path for f in (first, other)) and _label(first) != _label(other):
                yield _same("text_text", first, other, f"“{_where(first)}”在同一段中前后不一致")


def part_proofs(claims: Sequence[Figure]) -> Iterator[Proof]:
    """A whole and the parts that its sentence lists: 车辆20辆，其中…; 政府采购…，其中：货物、工程、服务."""
    for i, whole in enumerate(claims):
        if whole.measure not in (Measure.AMOUNT, Measure.COUNT) or not whole.row_path:
            continue
        parts = [
            p
            for p in claims[i + 1 : i + 1 + NEAR]
            if p.row_path[:-1] == whole.row_path and p.unit == whole.unit and p.context == whole.context and p.measure is whole.measure
        ]
        if len(parts) < 2 or len({p.row_path for p in parts}) != len(parts):
            continue
        names = "".join(p.row_path[-1] for p in parts)
        certain = (
            "其他用车" in names if whole.measure is Measure.COUNT else all(w in names for w in ("货物", "工程", "服务")) and len(parts) == 3
        )
        expected = sum((p.value or Decimal(0) for p in parts), Decimal(0))
        held = abs(expected - (whole.value or Decimal(0))) <= quantum((whole, *parts)) * (len(parts) if whole.unit in MONEY else 0)
        if held or certain:
            kind = "count" if whole.measure is Measure.COUNT else "sum"
            words = f"“{_where(whole)}”写{whole.raw}，所列各项之和为{format_amount(expected, whole.unit)}"
            ids = (whole.id, *(p.id for p in parts))
            yield Proof(kind, held, expected, whole.value, whole.unit, ids, words, held and expected != whole.value)


def enumeration_proofs(claims: Sequence[Figure]) -> Iterator[Proof]:
    """「预算100万元，包括人员支出…、公用经费…、项目支出…」: the first amount of a sentence is the sum of those it lists."""
    sentences: dict[str, list[Figure]] = defaultdict(list)
    for f in claims:
        sentences[f.context].append(f)
    for context, stated in sentences.items():
        if "包括" not in context or len(stated) < 4 or any(f.measure is not Measure.AMOUNT or f.unit != stated[0].unit for f in stated):
            continue
        whole, parts = stated[0], stated[1:]
        names = "".join(p.row_path[-1] for p in parts if p.row_path)
        expected = sum((p.value or Decimal(0) for p in parts), Decimal(0))
        held = abs(expected - (whole.value or Decimal(0))) <= quantum(stated) * (len(parts) + 1) / 2
        if held or all(word in names for word in ("人员", "公用", "项目")):
            words = f"“{_where(whole)}”写{whole.raw}，所列各项之和为{format_amount(expected, whole.unit)}"
            ids = tuple(f.id for f in stated)
            yield Proof("sum", held, expected, whole.value, whole.unit, ids, words, held and expected != whole.value)


def section_proofs(document: Document, prose: Sequence[Figure]) -> Iterator[Proof]:
    """One item named in two paragraphs of one section: 包括人员支出6,207.15万元 … （一）人员支出6,207.15万元."""
    first: dict[tuple[LabelPath, LabelPath, int | None], Figure] = {}
    for f in prose:
        if f.measure is not Measure.AMOUNT or f.unit not in MONEY or not _BUDGET.match(_label(f)) or f.year != document.year:
            continue
        name = f.row_path[-1:]
        if not name or len(name[0]) < 4 or any(name[0] in part for part in f.section):
            continue
        other = first.setdefault((f.section, f.row_path, f.year), f)
        if other.row != f.row:
            yield _same("text_text", other, f, f"“{_where(f)}”在同一节中前后不一致")


def share_proofs(prose: Sequence[Figure]) -> Iterator[Proof]:
    """「基本支出…，占59.07%」: the part over the whole that it stands under."""
    for i, claim in enumerate(prose):
        if claim.measure is not Measure.SHARE or "占" not in _label(claim) or len(claim.row_path) < 2:
            continue
        amounts = [f for f in prose[max(0, i - NEAR) : i] if f.measure is Measure.AMOUNT and f.unit in MONEY]
        part = next((f for f in reversed(amounts) if f.row_path == claim.row_path), None)
        whole = next((f for f in reversed(amounts) if f.row_path == claim.row_path[:-1]), None)
        if part and whole and _label(claim) in ("占", "占比") and part.section == whole.section:
            yield _rate(claim, part, whole, _ratio)


def change_proofs(prose: Sequence[Figure]) -> Iterator[Proof]:
    """A change given as a reason, against the same item's own change elsewhere."""
    own = [f for f in prose if f.measure is Measure.CHANGE and f.unit in MONEY and len(f.col_path) == 2 and f.row_path]
    reasons = [f for f in prose if f.measure is Measure.CHANGE and f.unit in MONEY and len(f.col_path) == 1 and f.row_path]
    for reason in reasons:
        name = name_key(reason.row_path[-1])
        if _GENERIC.match(name) or len(name) < 4:
            continue
        for item in own:
            if name_key(item.row_path[-1]) == name and item.direction == reason.direction and item.row != reason.row:
                yield _same("text_text", item, reason, f"“{_where(item)}”的增减额前后不一致")
                break


def _same(kind: str, a: Figure, b: Figure, message: str) -> Proof:
    held = same_amount(a, b)
    value = convert(b.value or Decimal(0), b.unit, a.unit)
    apart = format_amount(abs((value or Decimal(0)) - (a.value or Decimal(0))), a.unit)
    words = "" if held else f"{message}：{_shown(a)}，{_shown(b)}，相差{apart}"
    return Proof(kind, held, a.value, value, a.unit, (a.id, b.id), words, held and value != a.value)


def _shown(f: Figure) -> str:
    label = "".join(f.col_path[-2:]) if f.origin is Origin.PROSE else "·".join(f.col_path[-1:])
    return f"{label}{f.raw}{'' if f.raw.endswith(f.unit) else f.unit}"


# ---------------------------------------------------------------- text against tables


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
        if not (_FINAL.search(_label(claim)) if final else _BUDGET.match(_label(claim))):
            continue
        sure, places = _candidates(rows, claim)
        named, travel = rows.figures(places, claim.year), _travel_figures(grids, claim)
        figures = [f for f in (*travel, *named) if not (final and _PLANNED.search("·".join(f.col_path)))]
        sure = bool(travel) if _TRAVEL.search(claim.row_path[-1]) else sure  # the 三公 table alone has their scope
        equal = next((f for f in figures if same_amount(f, claim)), None)
        if equal:
            yield _same("text_table", equal, claim, "")
        elif sure and figures and claim.value is not None:
            yield _same("text_table", figures[0], claim, f"“{_where(claim)}”的说明与表不一致")


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
                yield _same("text_table", reference, other, f"“{name}”的预算在两处不一致")
