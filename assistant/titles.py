"""Tables that a question names by title or number: 收支总表里…, 表5的…, 公开05表.

A named table is where the answer must stand; its title is context, not an item to be explained.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.catalog import View
from assistant.flat import core, flat
from index.amounts import chinese_to_int

TableKey = tuple[str, str]  # doc_id, table id
LONGEST_TITLE = 40
SHORTEST_KEY = 3
FORMAL = re.compile(r"20\d\d年?度?|年度|预算|决算|部门|单位|本级|公开|情况|总(?=表)|[()]|的|\d+[.、]")
TITLE_END = re.compile(r"表(?![述示明决扬彰面现格态达])(?:\([^()]*\))?")
NUMBER = re.compile(
    r"(?:公开|附)?表([一二三四五六七八九十]+|\d{1,2})(?![\d.,]|月|年)"
    r"|(?:公开|附表?)(\d{1,2})表|第([一二三四五六七八九十]+|\d{1,2})张?表"
)


@dataclass(frozen=True, slots=True)
class NamedTables:
    """``tables`` any of which may be meant; ``spans`` of the question that name them. Empty where none is named."""

    tables: frozenset[TableKey] = frozenset()
    spans: tuple[tuple[int, int], ...] = ()


def title_key(title: str, body: str = "") -> str:
    """一般公共预算基本支出预算表 and 一般公共预算基本支出表 are one name: what is formal is left out."""
    text = core(title)
    return FORMAL.sub("", (text.replace(body, "") if body else text).replace("收入支出", "收支"))


def number_key(text: str) -> int | None:
    """表5, 表五, 公开05表 → 5."""
    found = NUMBER.search(flat(text))
    digits = next((g for g in found.groups() if g), "") if found else ""
    return (int(digits) if digits.isdigit() else chinese_to_int(digits)) if digits else None


def named_tables(text: str, views: Iterable[View]) -> NamedTables:
    """``text`` is flat. A title counts where it stands whole in the question; the longest reading of each 表 is taken."""
    if "表" not in text:
        return NamedTables()
    titles: dict[str, set[TableKey]] = {}
    numbers: dict[int, set[TableKey]] = {}
    for view in views:
        for key, number, table in _keys(view):
            if len(key) >= SHORTEST_KEY:
                titles.setdefault(key, set()).add(table)
            if number is not None:
                numbers.setdefault(number, set()).add(table)
    by_title: set[TableKey] = set()
    by_number: set[TableKey] = set()
    spans = []
    for end in (m.end() for m in TITLE_END.finditer(text)):
        for start in range(max(0, end - LONGEST_TITLE), end - 2):
            tables = titles.get(title_key(text[start:end]))
            if tables and not FORMAL.match(text[start:]):
                by_title |= tables
                spans.append((start, end))
                break
    for found in NUMBER.finditer(text):
        number = number_key(found.group())
        if number in numbers:
            by_number |= numbers[number]
            spans.append(found.span())
    both = by_title & by_number
    return NamedTables(frozenset(both or by_title or by_number), tuple(spans))


def _keys(view: View) -> list[tuple[str, int | None, TableKey]]:
    """Key, number and table of every table of a document, prepared once."""
    prepared = view.prepared.get("titles")
    if prepared is None:
        body = flat(view.info.department)
        prepared = [
            (title_key(t.title, body), number_key(t.number) if t.number else None, (view.info.doc_id, t.id)) for t in view.document.tables
        ]
        view.prepared["titles"] = prepared
    keys: list[tuple[str, int | None, TableKey]] = prepared
    return keys
