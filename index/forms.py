"""The heap of lines that a stacked header becomes in a plain extraction → column paths.

The heap keeps every character of the header but not where the words stood. A form (``forms.toml``) says how such words
stand above each other; it is taken only where its words, each character used once, are there in the heap, and the better
the fewer characters are left over once the headers of label columns are taken out, too.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice, product

from index.domain import LabelPath
from index.headings import squash

SEARCH_LIMIT = 6000  # tried labels per form and heap; a real header is found within a few hundred
CHOICE_LIMIT = 200  # complete spellings compared per form
RESIDUE_MAX = 0.34  # share of a heap that may stay unexplained before a form is refused

_WIDTHS = str.maketrans("()：:;,", "（）：：；，")


@dataclass(frozen=True, slots=True)
class Slot:
    """One label of a form: ``parent`` is the index of the group it stands under (-1 at the top)."""

    alternatives: tuple[str, ...]
    parent: int
    leaf: bool
    optional: bool


@dataclass(frozen=True, slots=True)
class Form:
    name: str
    titles: tuple[str, ...]
    slots: tuple[Slot, ...]
    sides: tuple[int, ...]

    @property
    def leaves(self) -> tuple[int, int]:
        """The least and the largest number of value columns."""
        leaves = [slot for slot in self.slots if slot.leaf]
        return sum(not slot.optional for slot in leaves), len(leaves)


@dataclass(frozen=True, slots=True)
class Header:
    """Column paths of a heap; ``residue`` is the number of its characters that no label explains, ``form`` the form's
    name (None where the header could be read as printed), ``sides`` the columns of each half."""

    columns: tuple[LabelPath, ...]
    residue: int
    form: str | None
    sides: tuple[int, ...]


def heap_to_header(lines: Sequence[str], width: int, title: str = "", sides: int = 1) -> Header | None:
    """The header that the heap's words spell for ``width`` value columns in ``sides`` halves, or None.

    Forms whose title agrees win over others that leave as few characters unexplained.
    """
    plain = line_to_header(lines, width, sides)
    if plain is not None and all(re.sub(r"20\d\d", "{Y}", word) in form_words() for path in plain.columns for word in path):
        return plain
    joined = "".join(squash(line) for line in lines).translate(_WIDTHS)
    heap = Counter(joined)
    best: tuple[tuple[int, ...], Header] | None = None
    for form in _forms():
        low, high = form.leaves
        if not low <= width <= high or len(form.sides) != sides:
            continue
        agrees = any(re.search(pattern, squash(title)) for pattern in form.titles)
        found = _match(form, heap, width, joined, "".join(lines))
        if found is not None:
            rank = (found.residue, not agrees, _inversions(found.columns, joined))
            if best is None or rank < best[0]:
                best = (rank, found)
    if best is None or best[1].residue > RESIDUE_MAX * heap.total():
        return plain
    return plain if plain is not None and best[1].residue else best[1]


def _inversions(columns: Sequence[LabelPath], joined: str) -> int:
    """How often the heap prints two distinct labels against the order of the columns: variants of a form that differ in
    order alone are told apart by it."""
    places = [place for place in (joined.find(path[-1].translate(_WIDTHS)) for path in dict.fromkeys(columns)) if place >= 0]
    return sum(a > b for i, a in enumerate(places) for b in places[i + 1 :])


def line_to_header(lines: Sequence[str], width: int, sides: int = 1) -> Header | None:
    """A header that is one printed line with a word a column, read as it stands (no form needed); two halves may have
    a line of their names (收入 支出) above."""
    rows = [_line_to_words(line) for line in lines if line.strip()]
    if not rows or len(rows) > 2 or (len(rows) == 2 and len(rows[0]) != sides):
        return None
    groups: list[tuple[str, list[str]]] = []
    labels, _ = label_headers()
    for word in rows[-1]:
        if re.sub(r"[（(].*[）)]$", "", word) in labels or word in labels:
            if not groups or groups[-1][1]:
                groups.append((word, []))
        elif groups:
            groups[-1][1].append(word)
    if len(groups) != sides or sum(len(columns) for _, columns in groups) != width or not all(columns for _, columns in groups):
        return None
    if sides == 1 and len(rows) == 2:
        return None
    tops = rows[0] if len(rows) == 2 else [""] * sides
    paths = [(top, column) if top else (column,) for top, (_, columns) in zip(tops, groups, strict=True) for column in columns]
    return Header(tuple(paths), 0, None, tuple(len(columns) for _, columns in groups))


def _line_to_words(line: str) -> list[str]:
    """The words of a header line: blanks inside a spread word (收        入) and around a year do not part words."""
    text = re.sub(r"(20\d\d)\s+(?=年)", r"\1", line.strip())
    text = re.sub(r"(?<![\u4e00-\u9fff）)])([\u4e00-\u9fff])[\s\u3000]+([\u4e00-\u9fff])(?![\u4e00-\u9fff（(])", r"\1\2", text)
    return text.split()


@cache
def label_headers() -> tuple[frozenset[str], tuple[str, ...]]:
    """The headers of label columns and the suffixes that may follow them."""
    data = _data()
    return frozenset(data["label_columns"]), tuple(data["label_suffixes"])


@cache
def form_words() -> frozenset[str]:
    """Every label that a form or a label column can print (years as {Y})."""
    words = {alternative for form in _forms() for slot in form.slots for alternative in slot.alternatives}
    labels, suffixes = label_headers()
    return frozenset(words) | labels | {label + suffix for label in labels for suffix in suffixes}


@cache
def _data() -> dict[str, list[str]]:
    return tomllib.loads(files("index").joinpath("forms.toml").read_text("utf-8"))


@cache
def _forms() -> tuple[Form, ...]:
    raw: list[dict[str, object]] = _data()["form"]  # type: ignore[assignment]
    forms = []
    for entry in raw:
        slots: list[Slot] = []
        _add_slots(entry["columns"], -1, slots)
        sides = entry.get("sides", [sum(slot.leaf for slot in slots)])
        titles = entry.get("title", [])
        assert isinstance(sides, list) and isinstance(titles, list)
        forms.append(Form(str(entry["name"]), tuple(titles), tuple(slots), tuple(sides)))
    return tuple(forms)


def _add_slots(nodes: object, parent: int, slots: list[Slot]) -> None:
    assert isinstance(nodes, list)
    for node in nodes:
        name = node[0] if isinstance(node, list) else node
        optional = name.endswith("?")
        alternatives = tuple(sorted(name.rstrip("?").translate(_WIDTHS).split("|"), key=len, reverse=True))
        slots.append(Slot(alternatives, parent, not isinstance(node, list), optional))
        if isinstance(node, list):
            _add_slots(node[1:], len(slots) - 1, slots)


# ---------------------------------------------------------------- matching a form against a heap


def _match(form: Form, heap: Counter[str], width: int, joined: str, printed: str) -> Header | None:
    years = sorted(set(re.findall(r"20\d\d", printed))) or [""]
    best: tuple[tuple[int, int], tuple[str | None, ...]] | None = None
    for chosen, rest in islice(_choices(form, heap, width, years), CHOICE_LIMIT):
        rank = (_residue(rest), -_togetherness(chosen, joined))
        if best is None or rank < best[0]:
            best = (rank, chosen)
    if best is None:
        return None
    columns = []
    for index, slot in enumerate(form.slots):
        if slot.leaf and best[1][index] is not None:
            columns.append(_path(form, best[1], index, printed))
    sides = form.sides if sum(form.sides) == width else (width,)
    return Header(tuple(columns), best[0][0], form.name, sides)


def _togetherness(chosen: Sequence[str | None], joined: str) -> int:
    """How much of the labels stands together in the heap: long labels in one piece speak for a spelling, labels that had
    to be gathered from several words against it."""
    return sum(len(label) ** 2 if label in joined else -(len(label) ** 2) for label in chosen if label)


def _choices(form: Form, heap: Counter[str], width: int, years: Sequence[str]) -> Iterator[tuple[tuple[str | None, ...], Counter[str]]]:
    """Every way to spell the form's labels with the heap's characters that gives ``width`` columns."""
    slots = form.slots
    leaves_left = [0] * (len(slots) + 1)
    for index in range(len(slots) - 1, -1, -1):
        leaves_left[index] = leaves_left[index + 1] + slots[index].leaf
    rest = Counter(heap)
    chosen: list[str | None] = [None] * len(slots)
    tried = 0

    def place(index: int, leaves: int) -> Iterator[tuple[tuple[str | None, ...], Counter[str]]]:
        nonlocal tried
        tried += 1
        if leaves > width or leaves + leaves_left[index] < width or tried > SEARCH_LIMIT:
            return
        if index == len(slots):
            yield tuple(chosen), Counter(rest)
            return
        slot = slots[index]
        for label in _spellings(slot, years):
            need = Counter(label)
            if all(rest[c] >= n for c, n in need.items()):
                rest.subtract(need)
                chosen[index] = label
                yield from place(index + 1, leaves + slot.leaf)
                chosen[index] = None
                rest.update(need)
        if slot.optional:
            yield from place(index + 1, leaves)

    for found in place(0, 0):
        if _groups_used(form, found[0]):
            yield found


def _spellings(slot: Slot, years: Sequence[str]) -> list[str]:
    if not any("{Y}" in a for a in slot.alternatives):
        return list(slot.alternatives)
    return [a.replace("{Y}", year) for a, year in product(slot.alternatives, years) if year or "{Y}" not in a]


def _groups_used(form: Form, chosen: Sequence[str | None]) -> bool:
    """A group label without a single column under it was not spelled but picked out of other words."""
    used = {slot.parent for slot, label in zip(form.slots, chosen, strict=True) if label is not None}
    return all(slot.leaf or label is None or index in used for index, (slot, label) in enumerate(zip(form.slots, chosen, strict=True)))


def _path(form: Form, chosen: Sequence[str | None], index: int, printed: str) -> LabelPath:
    path: list[str] = []
    while index >= 0:
        label = chosen[index]
        if label is not None:
            path.append(_as_printed(label, printed))
        index = form.slots[index].parent
    return tuple(reversed(path))


def _as_printed(label: str, printed: str) -> str:
    """Brackets in the width that the heap prints them in."""
    if "（" in label and "(" in printed and ("（" not in printed or re.search(r"\(境\)", squash(printed))):
        return label.replace("（", "(").replace("）", ")")
    return label


def _residue(rest: Counter[str]) -> int:
    """How many characters stay once headers of label columns are spelled with them, the longest first."""
    left = +rest
    words, suffixes = label_headers()
    for group in (suffixes, sorted(words, key=len, reverse=True)):
        for word in group:
            need = Counter(word.translate(_WIDTHS))
            while left and all(left[c] >= n for c, n in need.items()):
                left = left - need
    return left.total()
