"""Questions drafted from a parsed document, with gold that follows from its figures alone. Pure, and the same for the same seed.

A draft is kept only where the document leaves no other answer: the table, row and column that a question names are there
once, or say the same everywhere; an absent item shares no two characters in a row with anything that the document prints.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from eval.spots import DOUBTED, LONGEST_LABEL, Source, Spot, plain_label
from eval.values import fold
from index.amounts import MONEY
from index.domain import Figure, Measure, Origin, Para, Table

TOTAL = re.compile(r"(?:合计|总计|小计)$")
WHOLE = re.compile(r"^(?:本年)?(?:收入|支出)?(?:合计|总计)$")
ITEM_NUMBER = r"^(?:\d{1,2}[.、．]|[(（][一二三四五六七八九十]+[)）])?\s*"
PURPOSE = re.compile(ITEM_NUMBER + r"([^，。；：\d]{3,30}?)(?:预算|支出)[\d,.]+万?元，主要用于([^。；]{6,80})[。；]")
HUNDRED, CENT = Decimal(100), Decimal("0.01")
# Items of other trades, one a line; those that share two characters in a row with the document are not used for it.
ABSENT = Path(__file__).with_name("absent.txt")
ENDINGS = ("经费", "专项资金", "项目支出")
SHARES = (("lookup", 0.46), ("compare", 0.14), ("sum", 0.1), ("share", 0.08), ("change", 0.07), ("purpose", 0.05), ("refuse", 0.1))


Item = dict[str, Any]  # a question as JSON


def draft(source: Source, n: int, seed: int) -> list[Item]:
    """Up to ``n`` questions, the kinds in their shares; fewer where the document does not give more."""
    chance = random.Random(seed)
    drafters: dict[str, Callable[[Source, random.Random], list[Item]]] = {
        "lookup": _lookups,
        "compare": _comparisons,
        "sum": _sums,
        "share": _shares,
        "change": _changes,
        "purpose": _purposes,
        "refuse": _refusals,
    }
    pools = {kind: drafters[kind](source, chance) for kind, _ in SHARES}
    for pool in pools.values():
        chance.shuffle(pool)
    chosen = [item for kind, share in SHARES for item in pools[kind][: round(n * share)]]
    spare = [item for kind, share in SHARES for item in pools[kind][round(n * share) :]]
    items = list({item["question"]: item for item in [*chosen, *spare]}.values())[:n]
    return [{"id": f"gen-{source.document.doc_id}-{number:03d}", **item} for number, item in enumerate(items, 1)]


# ---------------------------------------------------------------- drafters


def _lookups(source: Source, chance: random.Random) -> list[Item]:
    """One figure by its table, row and column; or by its item alone where every figure that has to do with it agrees."""
    said = [(fold("|".join((*f.row_path, *f.col_path, f.context))), (f.value, f.unit)) for f in source.figures]
    out = []
    for spot in source.spots:
        label = fold(spot.label)
        alone = spot.figure.unit in MONEY and not TOTAL.search(label) and len({value for text, value in said if label in text}) == 1
        asked = f"{spot.label}是多少" if alone else f"《{spot.table.name}》里{spot.named}是多少"
        figure, tag = spot.figure, "item" if alone else "path"
        gold = [(spot.value, figure.unit)]
        out.append(_item("lookup", f"{source.who}{asked}？", _amount(figure), [figure], gold, [spot], tag))
    return out


def _comparisons(source: Source, chance: random.Random) -> list[Item]:
    """Two rows of one column: which is more, and by how much."""
    out = []
    for spots in _columns(source):
        for a, b in _pairs(spots, chance):
            more, less = (a, b) if a.value > b.value else (b, a)
            gap = more.value - less.value
            question = f"{source.who}《{a.table.name}》的“{a.column}”里，“{a.label}”和“{b.label}”哪个多，多多少？"
            answer = f"{more.label}多，多{_print(gap)}{a.figure.unit}"
            item = _item("compare", question, answer, [a.figure, b.figure], [(gap, a.figure.unit)], [a, b], "compare")
            out.append(item | {"must_include": [more.label]})
    return out


def _sums(source: Source, chance: random.Random) -> list[Item]:
    """Two or three rows under one heading, added up."""
    out = []
    for spots in _columns(source):
        families: dict[tuple[str, ...], list[Spot]] = defaultdict(list)
        for spot in spots:
            families[spot.figure.row_path[:-1]].append(spot)
        for family in families.values():
            for some in _handfuls(family, chance):
                total = sum((s.value for s in some), Decimal(0))
                labels = "、".join(f"“{s.label}”" for s in some[:-1]) + f"和“{some[-1].label}”"
                question = f"{source.who}《{some[0].table.name}》的“{some[0].column}”里，{labels}合计多少？"
                formula = " + ".join(_print(s.value) for s in some)
                answer = f"{formula} = {_print(total)}{some[0].figure.unit}"
                out.append(_item("compute", question, answer, [s.figure for s in some], [(total, some[0].figure.unit)], some, "sum"))
    return out


def _shares(source: Source, chance: random.Random) -> list[Item]:
    """A row as a share of its table's printed total."""
    out = []
    for spots in _columns(source, totals=True):
        totals = [s for s in spots if WHOLE.match(s.label)]
        if len({s.value for s in totals}) != 1 or totals[0].value <= 0:
            continue
        for spot in [s for s in spots if not TOTAL.search(s.label) and 0 < s.value < totals[0].value]:
            share = (HUNDRED * spot.value / totals[0].value).quantize(CENT, ROUND_HALF_UP)
            if share < 1:
                continue  # two decimals would hardly tell it
            question = f"{source.who}《{spot.table.name}》的“{spot.column}”里，“{spot.label}”占{totals[0].label}的比例是多少？"
            answer = f"{_print(spot.value)} ÷ {_print(totals[0].value)} = {share}%"
            out.append(_item("compute", question, answer, [spot.figure, totals[0].figure], [(share, "%")], [spot, totals[0]], "share"))
    return out


def _changes(source: Source, chance: random.Random) -> list[Item]:
    """A change that the text states of an item, where it states only one."""
    stated: dict[str, list[Figure]] = defaultdict(list)
    for f in source.figures:
        if f.origin is Origin.PROSE and f.measure is Measure.CHANGE and f.row_path and f.value and f.direction and not f.flags & DOUBTED:
            stated[plain_label(f.row_path[-1])].append(f)
    out = []
    for label, same in stated.items():
        figure = same[0]
        if len({(f.value, f.direction) for f in same}) > 1 or len(label) > LONGEST_LABEL or TOTAL.search(label) or figure.value is None:
            continue
        way = "增加" if figure.direction > 0 else "减少"
        answer = f"{way}{_amount(figure)}"
        question = f"{source.who}{label}预算比上年{way}了多少？"
        out.append(_item("prose", question, answer, [figure], [(figure.value, figure.unit)], [], "change"))
    return out


def _purposes(source: Source, chance: random.Random) -> list[Item]:
    """What the text says that an item is mainly for, where it says so once."""
    found: dict[str, list[tuple[Para, str]]] = defaultdict(list)
    for block in source.document.blocks:
        if isinstance(block, Para) and not block.flags & DOUBTED and (said := PURPOSE.match(block.text)):
            found[said[1].strip()].append((block, said[2]))
    out = []
    for label, paras in found.items():
        para, purpose = paras[0]
        if len(paras) == 1:
            place = {"doc": source.document.doc_id, "page": para.page} if para.page else {"doc": source.document.doc_id}
            item = _item("narrative", f"{source.who}{label}主要用于什么？", f"主要用于{purpose}", [], [], [], "purpose")
            out.append(item | {"docs": [source.document.doc_id], "must_include": [purpose[:20]], "sources": [place]})
    return out


def _refusals(source: Source, chance: random.Random) -> list[Item]:
    """Items that no line of the document has anything of."""
    out = []
    for name in ABSENT.read_text("utf-8").split():
        if not any(name[i : i + 2] in source.text for i in range(len(name) - 1)):
            question = f"{source.who}{name}{chance.choice(ENDINGS)}预算是多少？"
            item = _item("refuse", question, None, [], [], [], "absent")
            out.append(item | {"docs": [source.document.doc_id], "note": f"全文没有“{name}”，也没有其中任何相连的两个字"})
    return out


# ---------------------------------------------------------------- common to the drafters


def _columns(source: Source, totals: bool = False) -> list[list[Spot]]:
    """Spots that stand in one column of one table, with units that can be compared."""
    columns: dict[tuple[str, str, str], list[Spot]] = defaultdict(list)
    for spot in source.spots:
        if spot.figure.unit in MONEY and (totals or not TOTAL.search(spot.label)):
            columns[spot.table.id, spot.column, spot.figure.unit].append(spot)
    return list(columns.values())


def _pairs(spots: Sequence[Spot], chance: random.Random) -> Iterator[tuple[Spot, Spot]]:
    """A few pairs of different value, neither under the other, neither named like a part of the other."""
    for _ in range(min(4, len(spots) // 2)):
        a, b = chance.sample(list(spots), 2)
        if a.value != b.value and not _related(a, b):
            yield a, b


def _handfuls(spots: Sequence[Spot], chance: random.Random) -> Iterator[list[Spot]]:
    for _ in range(min(2, len(spots) // 3)):
        some = chance.sample(list(spots), chance.choice((2, 3)))
        if not any(_related(a, b) for a in some for b in some if a is not b):
            yield some


def _related(a: Spot, b: Spot) -> bool:
    paths = a.figure.row_path, b.figure.row_path
    return a.label in b.label or b.label in a.label or paths[0][-1] in paths[1] or paths[1][-1] in paths[0]


def _item(
    kind: str,
    question: str,
    answer: str | None,
    inputs: Sequence[Figure],
    gold: Sequence[tuple[Decimal, str]],
    spots: Sequence[Spot],
    tag: str,
) -> Item:
    """The question as a line of a set."""
    item: Item = {"question": question, "type": kind, "docs": sorted({f.doc_id for f in inputs}), "answer": answer}
    item["figures"] = [{"value": _number(value), "unit": unit} for value, unit in gold]
    item["sources"] = [_place(f, next((s.table for s in spots if s.figure is f), None)) for f in inputs]
    return item | {"tags": [tag], "generated": True}


def _place(figure: Figure, table: Table | None) -> Item:
    place: Item = {"doc": figure.doc_id}
    if figure.source.page:
        place["page"] = figure.source.page
    if table:
        return place | {"table": table.name, "row": " > ".join(figure.row_path), "column": " > ".join(figure.col_path)}
    return place | {"section": " > ".join(figure.section), "row": figure.row_path[-1] if figure.row_path else ""}


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _amount(figure: Figure) -> str:
    assert figure.value is not None
    return f"{_print(figure.value)}{figure.unit}"


def _print(value: Decimal) -> str:
    return f"{value:,}"
