"""Which reading of a label's characters is right, where a plain extraction scrambled them.

A known name is taken only where it uses exactly the printed characters: it re-orders, it never invents. Names come from
the national subjects (``subjects.toml``), from the words of the standard forms, and from the document itself: the same
characters in the same order elsewhere in its lines.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import blake2b
from importlib.resources import files

from index.domain import Line
from index.forms import form_words
from index.headings import squash

WINDOW = range(3, 41)  # lengths of labels looked up in the document's own lines; shorter ones occur by chance
WORD_TOKENS = 8  # a word of a header is torn into no more pieces
CODED = re.compile(r"^\s*(?P<code>[1-5]\d{2}(?:\d{2}){0,2})\s+(?P<name>[^\d\s].*?)(?=\s+-?[\d,]+\.\d|\s*$)")
Reading = Callable[[str, str | None], str]  # (label as mended, code) → the label's best reading
CodesOf = Callable[[str], tuple[str, ...]]  # a subject's name → its codes in the document, else in the standard
_WIDTHS = str.maketrans("()：:", "（）：：")


class Names:
    """The readings that the document and the standard give to a bag of characters; nothing changes in an undamaged one."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._damaged = any(line.raw is not None for line in lines)
        self._codes: dict[str, set[str]] = defaultdict(set)
        self._text = "".join(_distinct(lines)) if self._damaged else ""
        self._windows: dict[int, dict[int, Counter[str]]] = {}
        self._cache: dict[tuple[str, str | None], str] = {}
        for line in lines:
            match = CODED.match(line.text)
            if match:
                self._codes[self.reading(squash(match["name"]), match["code"])].add(match["code"])

    def reading(self, label: str, code: str | None) -> str:
        """The best order of the label's characters: the code's standard name, a standard word, the document's usual order."""
        if not self._damaged or len(label) < 2:
            return label
        key = (label, code)
        if key not in self._cache:
            self._cache[key] = self._best(label, code)
        return self._cache[key]

    def codes_of(self, name: str) -> tuple[str, ...]:
        """The codes under which the document, or else the standard, lists a name."""
        return tuple(sorted(self._codes.get(name, ()))) or _standard()[2].get(name, ())

    def _best(self, label: str, code: str | None) -> str:
        bag = bag_of(label)
        names, words, _ = _standard()
        if code and bag_of(names.get(code, "")) == bag:
            return _in_width(names[code], label)
        known = words.get(bag)
        if known:
            return _in_width(known, label)
        if len(label) not in WINDOW:
            return label
        votes = self._windows_of(len(label)).get(_sum(label), Counter())
        ranked = [(count, text == label, text) for text, count in votes.items() if bag_of(text) == bag]
        return max(ranked)[2] if ranked else label

    def _windows_of(self, length: int) -> dict[int, Counter[str]]:
        """Every stretch of the document's text of this length, by the sum of its characters' hashes."""
        if length not in self._windows:
            found: dict[int, Counter[str]] = defaultdict(Counter)
            text = self._text
            sums = [0]
            for character in text:
                sums.append(sums[-1] + _hash(character))
            for start in range(len(text) - length + 1):
                found[sums[start + length] - sums[start]][text[start : start + length]] += 1
            self._windows[length] = found
        return self._windows[length]


def _distinct(lines: Sequence[Line]) -> list[str]:
    """The lines in order, repeated ones once: a page's header says the same thing on every page."""
    return list(dict.fromkeys(squash(line.text) for line in lines))


def bag_of(text: str) -> str:
    return "".join(sorted(text.translate(_WIDTHS)))


def _in_width(name: str, label: str) -> str:
    """The name with brackets in the width that the label prints."""
    return name.replace("（", "(").replace("）", ")") if "(" in label else name


def standard_word(text: str) -> str | None:
    """The one standard word that uses exactly these characters (whatever year it names), in the text's width of brackets."""
    year = re.search(r"20\d\d", text)
    word = _standard()[1].get(bag_of(text.replace(year.group(), "{Y}") if year else text))
    return _in_width(word.replace("{Y}", year.group()) if year else word, text) if word else None


def tokens_to_words(tokens: Sequence[str]) -> list[int] | None:
    """Where to cut a line's tokens so that every part is a standard word; None where no cut does. Fewest parts win."""
    best: list[list[int] | None] = [[]]
    for end in range(1, len(tokens) + 1):
        found: list[int] | None = None
        for start in range(max(0, end - WORD_TOKENS), end):
            before = best[start]
            if before is not None and (found is None or len(before) + 1 < len(found)) and standard_word("".join(tokens[start:end])):
                found = [*before, end]
        best.append(found)
    return best[-1]


@cache
def target_bags() -> dict[str, str]:
    """The phrases that indicators give as a target in place of a number, by their characters in order of code."""
    data = tomllib.loads(files("index").joinpath("subjects.toml").read_text("utf-8"))
    return {bag_of(phrase): phrase for phrase in data["words"]["targets"]}


@cache
def _hash(character: str) -> int:
    return int.from_bytes(blake2b(character.encode(), digest_size=7).digest(), "big")


def _sum(text: str) -> int:
    return sum(map(_hash, text))


@cache
def _standard() -> tuple[dict[str, str], dict[str, str], dict[str, tuple[str, ...]]]:
    """(code → name, bag of characters → the one standard word that uses them, name → codes)."""
    data = tomllib.loads(files("index").joinpath("subjects.toml").read_text("utf-8"))
    names: dict[str, str] = {**data["function"], **data["economy"]}
    bags: dict[str, set[str]] = defaultdict(set)
    for word in [*names.values(), *data["words"]["rows"], *data["words"]["titles"], *data["words"]["targets"], *form_words()]:
        bags[bag_of(word)].add(word.translate(_WIDTHS))
    codes: dict[str, list[str]] = defaultdict(list)
    for code, name in names.items():
        codes[name].append(code)
    return names, {bag: next(iter(w)) for bag, w in bags.items() if len(w) == 1}, {name: tuple(c) for name, c in codes.items()}
