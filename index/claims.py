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
from index.compare import item_name, last_digit, last_label, same_proof
from index.domain import Document, Figure, Flag, LabelPath, Measure, Origin, Proof
from index.labels import BUDGET_WORDS, name_key
from index.sums import Grid, quantum
from index.texttables import project_proofs, text_table_proofs

NEAR = 40  # figures between a claim and what it is checked against, at most

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
        this = [c for c in amounts if c.year == claim.year and (BUDGET_WORDS.match(last_label(c)) or "决算" in last_label(c))]
        last = [c for c in amounts if claim.year and c.year == claim.year - 1]
        if claim.measure is Measure.RATE and claim.unit in RATIO and this:
            change = [c for c in before if c.measure is Measure.CHANGE and c.unit in MONEY and c.direction == claim.direction]
            if last:
                yield _any_rate(claim, [(t, last[-1]) for t in this], _growth)
            elif change and change[-1] is before[-1]:
                yield _any_rate(claim, [(t, change[-1]) for t in this[-1:]], _growth_of_change)
        elif claim.measure is Measure.SHARE and "完成" in last_label(claim):
            planned = [c for c in amounts if "年初预算" in last_label(c)]
            final = [c for c in amounts if "决算" in last_label(c)]
            if planned and final:
                yield _any_rate(claim, [(final[-1], planned[-1])], _ratio)
        elif claim.measure is Measure.CHANGE and claim.unit in MONEY and this and last:
            yield _difference(claim, this[-1], last[-1])


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
                bounds.append(Decimal(formula(x + dx * last_digit(a, a.unit) / 2, y + dy * last_digit(b, a.unit) / 2)))
            except ArithmeticError:
                return Proof("rate", True, None, None, unit, (), "基数为零")
    exact = Decimal(formula(x, y))
    decimals = max(0, -int((claim.value or Decimal(0)).as_tuple().exponent))
    expected = round_half_up(exact, decimals)
    slack = Decimal(1).scaleb(-decimals)
    held = min(bounds) - slack <= stated <= max(bounds) + slack
    words = (
        "" if held else f"“{item_name(claim)}”写{last_label(claim)}{claim.raw}，按{a.raw}与{b.raw}计算应为{_signed(expected, claim)}{unit}"
    )
    return Proof("rate", held, expected, stated, unit, (claim.id, a.id, b.id), words, held and expected != stated)


def _signed(rate: Decimal, claim: Figure) -> str:
    """A rate of change with its word: 下降91.11."""
    return f"{'增长' if rate >= 0 else '下降'}{abs(rate)}" if claim.direction else str(rate)


def _difference(claim: Figure, this: Figure, last: Figure) -> Proof:
    a, b = (convert(f.value or Decimal(0), f.unit, claim.unit) or Decimal(0) for f in (this, last))
    stated = (claim.value or Decimal(0)) * (claim.direction or 1)
    held = abs(a - b - stated) <= 2 * max(last_digit(f, claim.unit) for f in (claim, this, last))
    words = (
        ""
        if held
        else f"“{item_name(claim)}”写{last_label(claim)}{claim.raw}，{this.raw}减{last.raw}应为{format_amount(a - b, claim.unit)}"
    )
    return Proof("change", held, a - b, stated, claim.unit, (claim.id, this.id, last.id), words, held and a - b != stated)


def repeated_proofs(document: Document, claims: Sequence[Figure]) -> Iterator[Proof]:
    """One numbered item stated twice in its paragraph: 208.8万元 … 2026年预算安排201.50万元."""
    groups: dict[tuple[LabelPath, int | None, str], list[Figure]] = defaultdict(list)
    for f in claims:
        if f.measure is Measure.AMOUNT and f.unit in MONEY:
            label = re.sub(r"^20\d\d年?度?", "", last_label(f))
            kind = "预算" if BUDGET_WORDS.match(label) and not document.kind.is_final else label
            groups[f.row_path, f.year, kind].append(f)
    for stated in groups.values():
        first = stated[0]
        for other in stated[1:]:
            if any(f.col_path for f in (first, other)) and last_label(first) != last_label(other):
                yield same_proof("text_text", first, other, f"“{item_name(first)}”在同一段中前后不一致")


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
            words = f"“{item_name(whole)}”写{whole.raw}，所列各项之和为{format_amount(expected, whole.unit)}"
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
            words = f"“{item_name(whole)}”写{whole.raw}，所列各项之和为{format_amount(expected, whole.unit)}"
            ids = tuple(f.id for f in stated)
            yield Proof("sum", held, expected, whole.value, whole.unit, ids, words, held and expected != whole.value)


def section_proofs(document: Document, prose: Sequence[Figure]) -> Iterator[Proof]:
    """One item named in two paragraphs of one section: 包括人员支出6,207.15万元 … （一）人员支出6,207.15万元."""
    first: dict[tuple[LabelPath, LabelPath, int | None], Figure] = {}
    for f in prose:
        if f.measure is not Measure.AMOUNT or f.unit not in MONEY or not BUDGET_WORDS.match(last_label(f)) or f.year != document.year:
            continue
        name = f.row_path[-1:]
        if not name or len(name[0]) < 4 or any(name[0] in part for part in f.section):
            continue
        other = first.setdefault((f.section, f.row_path, f.year), f)
        if other.row != f.row:
            yield same_proof("text_text", other, f, f"“{item_name(f)}”在同一节中前后不一致")


def share_proofs(prose: Sequence[Figure]) -> Iterator[Proof]:
    """「基本支出…，占59.07%」: the part over the whole that it stands under."""
    for i, claim in enumerate(prose):
        if claim.measure is not Measure.SHARE or "占" not in last_label(claim) or len(claim.row_path) < 2:
            continue
        amounts = [f for f in prose[max(0, i - NEAR) : i] if f.measure is Measure.AMOUNT and f.unit in MONEY]
        part = next((f for f in reversed(amounts) if f.row_path == claim.row_path), None)
        whole = next((f for f in reversed(amounts) if f.row_path == claim.row_path[:-1]), None)
        if part and whole and last_label(claim) in ("占", "占比") and part.section == whole.section:
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
                yield same_proof("text_text", item, reason, f"“{item_name(item)}”的增减额前后不一致")
                break
