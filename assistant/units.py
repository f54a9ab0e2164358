"""Units inside a department's document: rows that name 区疾控中心 or 局（本级） belong to that unit alone.

A question that names a unit is answered from its rows; a department's figure of which only the units' parts are printed
is their sum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.bodies import LOCAL, OWN_ROW, is_unit, name_to_body
from assistant.catalog import View
from assistant.flat import core, flat
from assistant.shorts import ShortNames

LONGEST = 30  # characters of an item that is looked for in the question
ASIDE = re.compile(r"^那么?|^换成?|^改成|^再看看?|[的呢？?,，。]|(?:是|有)?多少$")
GLOSS = re.compile(r"[(（][^()（）]*[)）]$")
OWN_LEVEL = re.compile(r"局?本级(?!预算|支出|安排)|机关本级|委?机关(?=[的本])|(?<=[局委厅院办府])机关(?![事服运])")


@dataclass(frozen=True, slots=True)
class NamedUnits:
    """``labels`` (through ``core``) of the rows that belong to the unit; ``spans`` of the question that name it."""

    labels: frozenset[str] = frozenset()
    spans: tuple[tuple[int, int], ...] = ()
    own: bool = False  # 本级: where a document has no such row, the whole document is meant


def cuts_an_item(text: str, start: int, end: int, view: View) -> bool:
    """Whether a printed item begins inside the short name and goes on behind it."""
    return any(
        text[at:to] in view.items and not any(u.startswith(text[at:to]) for u in view_units(view))
        for at in range(start, end)
        for to in range(max(end + 1, at + 3), min(len(text), at + LONGEST) + 1)
    )


def view_units(view: View) -> tuple[str, ...]:
    """The names of units that rows or columns of the document belong to, through ``core``; prepared once."""
    if "units" not in view.prepared:
        rows = (p for t in view.document.tables for r in t.rows for p in r.label)
        columns = (p for t in view.document.tables for path in t.columns for p in path)  # 按预算单位 › 招生考试中心
        view.prepared["units"] = sorted({core(p) for p in (*rows, *columns) if is_unit(p)})
    return tuple(view.prepared["units"])


def view_shorts(view: View) -> ShortNames:
    """How the units are called for short, the department's own name aside; prepared once."""
    if "unit_shorts" not in view.prepared:
        body = flat(LOCAL.sub("", view.info.department))
        units = [(u, GLOSS.sub("", u)) for u in view_units(view)]
        units = [(u, bare) for u, bare in units if OWN_ROW.sub("", LOCAL.sub("", bare)) != body]
        view.prepared["unit_shorts"] = [ShortNames.of((u, name_to_body(bare).core) for u, bare in units)]
    shorts: ShortNames = view.prepared["unit_shorts"][0]
    return shorts


def swap_unit(text: str, before: str, views: Sequence[View], bodies: Sequence[tuple[int, int]]) -> str | None:
    """那实验小学呢 after a question about 第一中学: the earlier question of the other unit; None where the turn says more than its name.

    ``bodies`` are the spans of the earlier question that name bodies.
    """
    new = named_units(text, views, ())
    if len(new.spans) != 1 or new.own or ASIDE.sub("", text[: new.spans[0][0]] + text[new.spans[0][1] :]):
        return None
    name = text[slice(*new.spans[0])]
    old = named_units(before, views, bodies).spans
    start, end = old[0] if old else (max((b for _, b in bodies), default=0),) * 2
    return before[:start] + name + before[end:]


def named_units(text: str, views: Iterable[View], taken: Iterable[tuple[int, int]]) -> NamedUnits:
    """``text`` is flat; ``taken`` spans name bodies already. The longest name at each place counts."""
    labels: set[str] = set()
    spans: list[tuple[int, int]] = []
    own = OWN_LEVEL.search(text)
    bodies = list(taken)
    for view in views:
        units = view_units(view)
        if own:
            labels |= {u for u in units if LOCAL.search(u) or OWN_ROW.search(u)}
        at = 0
        while at < len(text) - 2:
            free = not any(a <= at < b for a, b in bodies)
            whole = next((u for u in units if free and text.startswith(u, at) and not LOCAL.search(u) and not OWN_ROW.search(u)), None)
            short = (at + len(whole), frozenset({whole})) if whole else view_shorts(view).at(text, at, any(b == at for _, b in bodies))
            if short and cuts_an_item(text, at, short[0], view):
                short = None  # 嵊溪公路建设: the item 公路建设, not the unit 公路与运输管理中心
            if short and not any(a < short[0] and at < b for a, b in bodies):
                labels |= short[1]
                spans.append((at, short[0]))
                at = short[0]
            else:
                at += 1
    if own and labels:
        spans.append(own.span())
    return NamedUnits(frozenset(labels), tuple(dict.fromkeys(spans)), bool(own) and len(spans) == 1)
