"""The header of a table in a laid-out text → its cells: which words below each other are one wrapped cell, which of them
head one column, and which head several.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from index.columns import CODE_HEADER, LABEL_EXCEPT, LABEL_HEADER, SKIP_HEADER
from index.forms import form_words
from index.sheetwords import LETTERS, Strip, Word, by_line

OFF_MIDDLE = 0.25  # lines by which a cell of the header's whole height stands off its middle
CENTRED = 1.0  # places by which the lines of one cell stand off each other's middle
MIXED = 20.0  # cost of a column of values under the header of a label
UNEVEN = 3.0  # cost of a line by which the cells below one cell stand above each other
LONE = 6.0  # cost of a low cell with nothing above it
HEADLESS = 6.0  # cost of a high cell with nothing below it
APART = 5.0  # cost of a place between a cell and what it heads
TWICE = 8.0  # cost of a header that one cell is to head twice
CLOSE = 1.0  # two ways to share columns out are as likely where they cost as much
WRAP = 2  # lines from one line of a cell to the next, where lines of other cells stand between
NEAR = 6  # places by which a cell may stand beside the one that heads it
PUSHED = 2  # places by which a letter may stand beside the cell it ends
PAIR = 2  # a word over so many columns is no part of the cell below it

_YEAR = re.compile(r"20\d\d")
_LABELS = re.compile(r"(?:科目|项目|编码|代码)$|^部门（单位）$")  # heads names and codes alone


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
        lower = [w for w in words if w.line > number]
        whole = {id(word): above[id(word)] for word in line if _is_wrapped(word, above[id(word)], line, above, middle, lower)}
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
    if not over and len(word.text) == 1 and word.text not in LETTERS:  # the last letter of a cell, pushed beside it
        over = [s for s in stacks if s.bottom < word.line and min(s.end, word.end) - max(s.start, word.start) >= -PUSHED]
    return max(over, key=lambda s: (s.bottom, -abs(s.centre - word.centre)), default=None)


def _shared(a: Word, b: Word) -> int:
    return min(a.end, b.end) - max(a.start, b.start)


def _has_below(word: Word, lower: Sequence[Word]) -> bool:
    return any(min(w.end, word.end) - max(w.start, word.start) > -NEAR for w in lower)


def _is_wrapped(
    word: Word, stack: Stack | None, line: Sequence[Word], above: dict[int, Stack | None], middle: float, lower: Sequence[Word]
) -> bool:
    """Does a word go on with the cell above it? Not where that heads the words beside it, too."""
    if stack is None:
        return False
    if _known(stack.text + word.text):
        return True
    if _known(stack.text) and _known(word.text) and (word.line - stack.bottom > WRAP or _has_below(word, lower)):
        return False
    group = _beside(word, stack, line, above) if word.line > middle + OFF_MIDDLE else [word]
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


def _beside(word: Word, stack: Stack, line: Sequence[Word], above: dict[int, Stack | None]) -> list[Word]:
    """The word with its neighbours that have nothing above them that is as low as the cell above the word."""

    def free(other: Word) -> bool:
        over = above[id(other)]
        return over is None or over.bottom < stack.top

    first = last = list(line).index(word)
    while first > 0 and free(line[first - 1]):
        first -= 1
    while last + 1 < len(line) and free(line[last + 1]):
        last += 1
    return list(line[first : last + 1])


def leaf_stacks(stacks: Sequence[Stack]) -> list[Stack]:
    """The cells that head one column, from left to right."""
    return sorted((s for s in stacks if not _heads_others(s, stacks)), key=lambda s: s.centre)


def is_fragment(text: str) -> bool:
    """A piece of a header whose other lines were not found: the columns of such a header are not to be trusted."""
    lone = len(text) == 1 and text not in LETTERS
    return lone or text[0] in "、，）)" or text[-1] in "、，（(" or text.count("（") != text.count("）")


def _heads_others(stack: Stack, stacks: Sequence[Stack]) -> bool:
    lower = [s for s in stacks if s.top > stack.bottom]
    if any(min(s.end, stack.end) - max(s.start, stack.start) > 0 for s in lower):
        return True
    beside = [s for s in stacks if s is not stack and s.bottom >= stack.top]
    left = max((s for s in beside if s.centre < stack.centre), key=lambda s: s.centre, default=None)
    right = min((s for s in beside if s.centre > stack.centre), key=lambda s: s.centre, default=None)
    if not (left and right and left in lower and right in lower) or _covered(left, stack, stacks) or _covered(right, stack, stacks):
        return False
    above = [s.bottom + 1 for s in stacks if s.bottom < stack.top and min(s.end, stack.end) > max(s.start, stack.start)]
    middle = (max([min(s.top for s in stacks), *above]) + max(s.bottom for s in stacks)) / 2
    return stack.middle <= middle - OFF_MIDDLE or set(left.text + right.text) <= LETTERS


def _covered(cell: Stack, beside: Stack, stacks: Sequence[Stack]) -> bool:
    """Does something as high as the cell beside it stand over a cell?"""
    return any(s.bottom < cell.top and s.top <= beside.bottom and min(s.end, cell.end) > max(s.start, cell.start) for s in stacks)


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
    """A header cell with all that stands below it: the places that it covers in the lines, and on the page in half em."""

    stack: Stack
    c0: int
    c1: int
    span: tuple[float, float]
    printed: tuple[float, float]
    parts: tuple[_Unit, ...] = ()


def _leaf_unit(leaf: Stack, column: int, strip: Strip | None, scale: Sequence[float]) -> _Unit:
    """A column: its header stands in the middle, its figures end at its right side, its words begin at its left."""
    own, printed = (leaf.start, leaf.end), _printed(leaf, scale)
    if strip is None:
        return _Unit(leaf, column, column + 1, own, printed)
    amounts = strip.kind == "amount"
    span = _around(own, (strip.start, strip.end), amounts)
    return _Unit(leaf, column, column + 1, span, _around(printed, _reach(strip, scale), amounts))


def _around(head: tuple[float, float], body: tuple[float, float], amounts: bool) -> tuple[float, float]:
    twice = head[0] + head[1]
    width = max(head[1] - head[0], 2 * body[1] - twice if amounts else twice - 2 * body[0])
    return (twice - width) / 2, (twice + width) / 2


def _reach(strip: Strip, scale: Sequence[float]) -> tuple[float, float]:
    return scale[strip.start], max(scale[w.start] + _width(w) for w in strip.words)


def page_scale(lines: Sequence[str], amounts: Sequence[Word]) -> list[float]:
    """Where each place of the lines was printed, in half em: a Chinese character takes two halves but one place, unless a
    figure in the same column needs more places."""
    length = max(map(len, lines), default=0)
    wide = {k for line in lines for k, char in enumerate(line) if unicodedata.east_asian_width(char) in "WF"}
    wide -= {k for word in amounts for k in range(word.start, word.end)}
    scale = [0.0]
    for k in range(length):
        scale.append(scale[-1] + (2.0 if k in wide else 1.0))
    return scale


def _printed(stack: Stack, scale: Sequence[float]) -> tuple[float, float]:
    spans = [(scale[w.start], scale[w.start] + _width(w)) for w in stack.words]
    return min(a for a, _ in spans), max(b for _, b in spans)


def _width(word: Word) -> int:
    letters = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in word.text)
    return letters + word.end - word.start - len(word.text)


_Share = tuple[float, tuple[tuple[int, int] | None, ...]]  # cost, the units that each cell heads


def header_tree(
    stacks: Sequence[Stack], leaves: Sequence[Stack], strips: dict[int, Strip], scale: Sequence[float]
) -> tuple[list[HeadCell], set[int]]:
    """The header's cells, and the columns of which it is not certain what heads them, where that makes a difference.

    ``strips`` are what stands in the columns.
    """
    units = [_leaf_unit(leaf, c, strips.get(c), scale) for c, leaf in enumerate(leaves)]
    doubtful: set[int] = set()
    lines = [line for stack in stacks for line in (stack.top, stack.bottom)]
    middle = (min(lines) + max(lines)) / 2 if lines else 0.0
    groups = _levels([stack for stack in stacks if stack not in leaves])
    for number, level in enumerate(groups):
        parents = [_Unit(stack, 0, 0, (stack.start, stack.end), _printed(stack, scale)) for stack in level]
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
            spans = [(parts[0].span[0], parts[-1].span[1]), (parts[0].printed[0], parts[-1].printed[1])]
            joined.append(_Unit(parent.stack, parts[0].c0, parts[-1].c1, spans[0], spans[1], parts))
            done = span[1]
        units = [*joined, *units[done:]]
    texts = [leaf.text for leaf in leaves]
    crossed = {c + k for c, (a, b) in enumerate(itertools.pairwise(leaves)) if a.end > b.start for k in (0, 1)}
    cells = [cell for unit in units for cell in _unit_cells(unit, 0)]
    return cells, crossed | {c for c in doubtful if texts.count(texts[c]) > 1}


def _levels(parents: Sequence[Stack]) -> list[list[Stack]]:
    """Cells over several columns, those of one height together, from the lowest up."""
    levels: list[list[Stack]] = []
    for stack in sorted(parents, key=lambda s: (-s.middle, s.centre)):
        if levels and abs(levels[-1][0].middle - stack.middle) < 1:
            levels[-1].append(stack)
        else:
            levels.append([stack])
    return [sorted(level, key=lambda s: s.centre) for level in levels]


def _shared_out(parents: Sequence[_Unit], units: Sequence[_Unit], middle: float, last: bool) -> tuple[_Share, _Share | None]:
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
                        if units[end - 1].stack.top <= parents[k].stack.bottom:
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


def _off_centre(parent: _Unit, units: Sequence[_Unit]) -> float:
    """The cost of a cell over others: how far it is off their middle, by the places in the line or by those on the page."""
    first, last = units[0], units[-1]
    off = min(
        abs((first.span[0] + last.span[1]) - (parent.span[0] + parent.span[1])) / 2,
        abs((first.printed[0] + last.printed[1]) - (parent.printed[0] + parent.printed[1])) / 2,
    )
    start, end = min(u.stack.start for u in units), max(u.stack.end for u in units)
    apart = max(0, start - parent.stack.end, parent.stack.start - end)
    texts = [u.stack.text for u in units]
    middles = [u.stack.middle for u in units if not u.parts]
    uneven = sum(max(middles) - m for m in middles) if middles else 0.0
    mixed = sum(not is_label(_leaf(u).stack.text) for u in units) if _LABELS.search(parent.stack.text) else 0
    return off + APART * apart + TWICE * (len(texts) - len(set(texts))) + MIXED * mixed + UNEVEN * uneven


def _leaf(unit: _Unit) -> _Unit:
    return _leaf(unit.parts[0]) if unit.parts else unit


def is_label(text: str) -> bool:
    """Does a header stand over names, codes or line numbers?"""
    named = LABEL_HEADER.search(text) and not LABEL_EXCEPT.match(text)
    return bool(named or CODE_HEADER.search(text) or SKIP_HEADER.match(text))


def _differing(best: _Share, second: _Share, units: Sequence[_Unit]) -> set[int]:
    def owners(share: _Share) -> dict[int, int]:
        return {u: k for k, span in enumerate(share[1]) if span for u in range(*span)}

    a, b = owners(best), owners(second)
    return {c for u in range(len(units)) if a.get(u) != b.get(u) for c in range(units[u].c0, units[u].c1)}


def _unit_cells(unit: _Unit, level: int) -> list[HeadCell]:
    own = HeadCell(unit.stack, level, unit.c0, unit.c1, not unit.parts)
    return [own, *(cell for part in unit.parts for cell in _unit_cells(part, level + 1))]
