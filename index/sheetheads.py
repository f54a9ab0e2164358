"""The header of a table in a laid-out text → its cells: which words below each other are one wrapped cell, which of them
head one column, and which head several.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.columns import CODE_HEADER, LABEL_HEADER, SKIP_HEADER
from index.forms import form_words
from index.sheetwords import Word, by_line

OFF_MIDDLE = 0.25  # lines by which a cell of the header's whole height stands off its middle
CENTRED = 1.0  # places by which the lines of one cell stand off each other's middle
MIXED = 6.0  # cost of a column of values under the header of a label
UNEVEN = 3.0  # cost of a line by which the cells below one cell stand above each other
LONE = 6.0  # cost of a low cell with nothing above it
HEADLESS = 6.0  # cost of a high cell with nothing below it
APART = 5.0  # cost of a place between a cell and what it heads
TWICE = 8.0  # cost of a header that one cell is to head twice
CLOSE = 1.0  # two ways to share columns out are as likely where they cost as much
PAIR = 2  # a word over so many columns is no part of the cell below it

_YEAR = re.compile(r"20\d\d")


@dataclass(frozen=True, slots=True)
class Stack:
    """A header cell: its lines from the top."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words)

    @property
    def start(self) -> int:
        return min(word.start for word in self.words)

    @property
    def end(self) -> int:
        return max(word.end for word in self.words)

    @property
    def centre(self) -> float:
        return (self.start + self.end) / 2

    @property
    def top(self) -> int:
        return self.words[0].line

    @property
    def bottom(self) -> int:
        return self.words[-1].line

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def header_stacks(words: Sequence[Word]) -> list[Stack]:
    """The cells of a header whose lines are numbered without a gap."""
    if not words:
        return []
    lines = by_line(words)
    middle = (min(lines) + max(lines)) / 2
    stacks: list[Stack] = []
    for number in sorted(lines):
        line = lines[number]
        above = {id(word): _above(word, stacks) for word in line}
        whole = {id(word): above[id(word)] for word in line if _is_wrapped(word, above[id(word)], line, above, middle)}
        taken: set[int] = set()
        for word in line:
            stack = whole.get(id(word))
            if stack is None or id(stack) in taken or sum(1 for w in line if above[id(w)] is stack) >= PAIR:
                stacks.append(Stack((word,)))
                continue
            taken.add(id(stack))
            stacks[stacks.index(stack)] = Stack((*stack.words, word))
    return stacks


def _above(word: Word, stacks: Sequence[Stack]) -> Stack | None:
    """The lowest cell over a word."""
    over = [s for s in stacks if s.bottom < word.line and _shared(s.words[-1], word) > 0]
    if not over:
        over = [s for s in stacks if s.bottom < word.line and min(s.end, word.end) - max(s.start, word.start) > 0]
    return max(over, key=lambda s: (s.bottom, -abs(s.centre - word.centre)), default=None)


def _shared(a: Word, b: Word) -> int:
    return min(a.end, b.end) - max(a.start, b.start)


def _is_wrapped(word: Word, stack: Stack | None, line: Sequence[Word], above: dict[int, Stack | None], middle: float) -> bool:
    """Does a word go on with the cell above it? Not where that heads the words beside it, too."""
    if stack is None:
        return False
    if _known(stack.text + word.text):
        return True
    group = _orphans_around(word, line, above) if word.line > middle + OFF_MIDDLE else [word]
    if len(group) < PAIR:
        return True
    if group[0] is not word and group[-1] is not word:
        return False  # what stands on both sides of it needs the same header
    runs = [group[a:b] for a in range(len(group)) for b in range(a + PAIR, len(group) + 1) if word in group[a:b]]
    off = min(abs((run[0].centre + run[-1].centre) / 2 - stack.centre) for run in runs)
    alone = abs(word.centre - stack.centre)
    return alone <= CENTRED and off > alone + CENTRED


def _known(text: str) -> bool:
    return _YEAR.sub("{Y}", text) in form_words()


def _orphans_around(word: Word, line: Sequence[Word], above: dict[int, Stack | None]) -> list[Word]:
    """The word with its neighbours that have nothing above them."""
    at = list(line).index(word)
    first = last = at
    while first > 0 and above[id(line[first - 1])] is None:
        first -= 1
    while last + 1 < len(line) and above[id(line[last + 1])] is None:
        last += 1
    return list(line[first : last + 1])


def leaf_stacks(stacks: Sequence[Stack]) -> list[Stack]:
    """The cells that head one column, from left to right."""
    if not stacks:
        return []
    middle = (min(s.top for s in stacks) + max(s.bottom for s in stacks)) / 2
    return sorted((s for s in stacks if not _heads_others(s, stacks, middle)), key=lambda s: s.centre)


def _heads_others(stack: Stack, stacks: Sequence[Stack], middle: float) -> bool:
    lower = [s for s in stacks if s.top > stack.bottom]
    if any(min(s.end, stack.end) - max(s.start, stack.start) > 0 for s in lower):
        return True
    if stack.middle > middle - OFF_MIDDLE:
        return False
    beside = [s for s in stacks if s is not stack]
    left = max((s for s in beside if s.centre < stack.centre), key=lambda s: s.centre, default=None)
    right = min((s for s in beside if s.centre > stack.centre), key=lambda s: s.centre, default=None)
    return bool(left and right and left in lower and right in lower and not _covered(left, stacks) and not _covered(right, stacks))


def _covered(stack: Stack, stacks: Sequence[Stack]) -> bool:
    return any(s.bottom < stack.top and min(s.end, stack.end) - max(s.start, stack.start) > 0 for s in stacks)


# ---------------------------------------------------------------- the tree of a header


@dataclass(frozen=True, slots=True)
class HeadCell:
    """A header cell over the columns ``c0 <= c < c1`` at a level; a leaf reaches down to the body."""

    stack: Stack
    level: int
    c0: int
    c1: int
    leaf: bool


@dataclass(frozen=True, slots=True)
class _Unit:
    """A cell with all that stands below it."""

    stack: Stack
    c0: int
    c1: int
    parts: tuple[_Unit, ...] = ()


_Share = tuple[float, tuple[tuple[int, int] | None, ...]]  # cost, the units that each cell heads


def header_tree(stacks: Sequence[Stack], leaves: Sequence[Stack]) -> tuple[list[HeadCell], set[int]]:
    """The header's cells, and the columns of which it is not certain what heads them, where that makes a difference."""
    units = [_Unit(leaf, c, c + 1) for c, leaf in enumerate(leaves)]
    doubtful: set[int] = set()
    lines = [line for stack in stacks for line in (stack.top, stack.bottom)]
    middle = (min(lines) + max(lines)) / 2 if lines else 0.0
    groups = _levels([stack for stack in stacks if stack not in leaves])
    for number, parents in enumerate(groups):
        last = number == len(groups) - 1
        best, second = _shared_out(parents, units, middle, last)
        if second is not None and second[0] - best[0] < CLOSE:
            doubtful |= _differing(best, second, units)
        joined: list[_Unit] = []
        done = 0
        for parent, span in zip(parents, best[1], strict=True):
            if span is None:
                continue
            joined.extend(units[done : span[0]])
            parts = tuple(units[span[0] : span[1]])
            joined.append(_Unit(parent, parts[0].c0, parts[-1].c1, parts))
            done = span[1]
        units = [*joined, *units[done:]]
    texts = [leaf.text for leaf in leaves]
    cells = [cell for unit in units for cell in _unit_cells(unit, 0)]
    return cells, {c for c in doubtful if texts.count(texts[c]) > 1}


def _levels(parents: Sequence[Stack]) -> list[list[Stack]]:
    """Cells over several columns, those of one height together, from the lowest up."""
    levels: list[list[Stack]] = []
    for stack in sorted(parents, key=lambda s: (-s.middle, s.centre)):
        if levels and abs(levels[-1][0].middle - stack.middle) < 1:
            levels[-1].append(stack)
        else:
            levels.append([stack])
    return [sorted(level, key=lambda s: s.centre) for level in levels]


def _shared_out(parents: Sequence[Stack], units: Sequence[_Unit], middle: float, last: bool) -> tuple[_Share, _Share | None]:
    """The two best ways to share the units among the cells above them, each centred over its own."""
    states: dict[tuple[int, int], list[_Share]] = {(0, 0): [(0.0, ())]}
    for u in range(len(units) + 1):
        for k in range(len(parents) + 1):
            for cost, done in states.get((k, u), []):
                if u < len(units):
                    lone = units[u].stack.middle > middle + OFF_MIDDLE
                    _keep(states, (k, u + 1), (cost + (LONE if lone and last else LONE / 4 if lone else 0.0), done))
                if k < len(parents):
                    for end in range(u + 1, len(units) + 1):
                        if units[end - 1].stack.top <= parents[k].bottom:
                            break
                        _keep(states, (k + 1, end), (cost + _off_centre(parents[k], units[u:end]), (*done, (u, end))))
                    _keep(states, (k + 1, u), (cost + HEADLESS, (*done, None)))
    found = states[len(parents), len(units)]
    return found[0], found[1] if len(found) > 1 else None


def _keep(states: dict[tuple[int, int], list[_Share]], key: tuple[int, int], share: _Share) -> None:
    known = states.setdefault(key, [])
    if share[1] not in [other[1] for other in known]:
        known.append(share)
        known.sort(key=lambda s: s[0])
        del known[2:]


def _off_centre(parent: Stack, units: Sequence[_Unit]) -> float:
    first, last = units[0].stack, units[-1].stack
    start, end = min(u.stack.start for u in units), max(u.stack.end for u in units)
    off = min(abs((first.start + last.end) / 2 - parent.centre), abs((first.centre + last.centre) / 2 - parent.centre))
    apart = max(0, start - parent.end, parent.start - end)
    texts = [u.stack.text for u in units]
    middles = [u.stack.middle for u in units if not u.parts]
    uneven = sum(max(middles) - m for m in middles) if middles else 0.0
    mixed = sum(not _is_label(_leaf(u).stack.text) for u in units) if LABEL_HEADER.search(parent.text) else 0
    return off + APART * apart + TWICE * (len(texts) - len(set(texts))) + MIXED * mixed + UNEVEN * uneven


def _leaf(unit: _Unit) -> _Unit:
    return _leaf(unit.parts[0]) if unit.parts else unit


def _is_label(text: str) -> bool:
    return bool(LABEL_HEADER.search(text) or CODE_HEADER.search(text) or SKIP_HEADER.match(text))


def _differing(best: _Share, second: _Share, units: Sequence[_Unit]) -> set[int]:
    def owners(share: _Share) -> dict[int, int]:
        return {u: k for k, span in enumerate(share[1]) if span for u in range(*span)}

    a, b = owners(best), owners(second)
    return {c for u in range(len(units)) if a.get(u) != b.get(u) for c in range(units[u].c0, units[u].c1)}


def _unit_cells(unit: _Unit, level: int) -> list[HeadCell]:
    own = HeadCell(unit.stack, level, unit.c0, unit.c1, not unit.parts)
    return [own, *(cell for part in unit.parts for cell in _unit_cells(part, level + 1))]
