"""A table of a text file that keeps its layout → its header cells and the column of every word.

The header's words and the strips that the body's words fill are matched in their order: a figure stands under the one
header that it overlaps, or that lies between what stands left and right of it. Where two headers are as likely, the
figures of that strip are left out rather than put under one of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.hierarchy import is_total
from index.sheetheads import HeadCell, Stack, header_stacks, header_tree, is_fragment, is_label, leaf_stacks, page_scale
from index.sheetwords import AMOUNT, CODE, HAN, Strip, Word, bridging_words, by_line, crowded, is_numbering, line_words, words_to_strips

SURE = 3.0  # places by which the best column must be nearer than the next
UNMATCHED = 60.0  # places: cost of a strip under no header
BESIDE = 4.0  # cost of a second strip of words in one column
BEFORE = 2.0  # cost of a place by which a figure ends before the middle of its header
CROSSED = 6.0  # cost of a place that a strip shares with the header of another column
SUM_LENGTH = 8  # characters of the label of a sum
FAR = 99.0  # places: a column without a word
SHIFTED = 7  # places by which figures of one length may begin elsewhere in a column of one page
MOVED = 4  # places by which a column of words may begin elsewhere on the next page
HEADED = 2  # a header has a line of so many words
STRETCH, STRETCHED = 3, 0.35  # by how many places, or which share, two columns may stand further apart on the next page

_ITEM = re.compile(r"^(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)]|\d{1,2}[.．、](?!\d))")


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of a table: its text and its place among the lines that are read."""

    text: str
    row: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table's part on one page: its header cells, those that head one column, and the words of its body."""

    stacks: tuple[Stack, ...]
    leaves: tuple[Stack, ...]
    words: tuple[Word, ...]
    lines: tuple[SheetLine, ...]
    wide: frozenset[Word] = frozenset()  # words that stand over several columns

    @property
    def strips(self) -> list[Strip]:
        """What stands below each other; totals (合计), which may stand between columns, are no part of it."""
        words = [w for line in by_line(self.words).values() if not is_numbering(line) for w in line]
        return words_to_strips([w for w in words if not _is_sum(w) and w not in self.wide] or words)


def read_sheet(lines: Sequence[SheetLine]) -> Sheet:
    """The header and the body of a table's lines."""
    plain = [line_words(line.text, i) for i, line in enumerate(lines)]
    first = first_body_line(plain)
    if all(len(words) < HEADED for words in plain[:first]):
        first = 0
    head = [w for i in range(first) for w in line_words(lines[i].text, i, header=True)]
    body = [w for words in plain[first:] for w in words]
    over = {w.line for w in bridging_words([w for w in body if not _is_sum(w)])}
    body = [w for w in body if w.line not in over] + [w for i in sorted(over) for w in line_words(lines[i].text, i, header=True)]
    wide = bridging_words([w for w in body if not _is_sum(w)])
    stacks = header_stacks(head)
    if any(not HAN.search(stack.text) for stack in stacks):
        stacks = []  # figures and signs head no columns
    return Sheet(tuple(stacks), tuple(leaf_stacks(stacks)), tuple(body), tuple(lines), frozenset(wide))


def page_parts(lines: Sequence[SheetLine]) -> list[list[SheetLine]]:
    """The lines of a table parted where a page begins that the file does not mark: its figures stand elsewhere.

    A line is out of step where one of its figures is below two columns, two of them are below one, its first is left of all
    columns, or one begins elsewhere than the figures as long as it in its column. So must be the
    next line with figures.
    """
    amounts = [_own_amounts(line_words(line.text, i)) for i, line in enumerate(lines)]
    cuts = [0]
    seen: list[Word] = []
    for i, own in enumerate(amounts):
        following = next((other for other in amounts[i + 1 :] if other), None)
        if _out_of_step(own, seen) and (following is None or _out_of_step(following, seen)):
            cuts.append(i)
            seen = []
        seen.extend(own)
    return [list(lines[a:b]) for a, b in itertools.pairwise([*cuts, len(lines)])]


def _own_amounts(words: Sequence[Word]) -> list[Word]:
    """The figures of a line that no long word before them has pushed to the right."""
    pushed = {b for a, b in itertools.pairwise(words) if b.start - a.end <= 1}
    return [w for w in words if w.amount and w not in pushed]


def _out_of_step(words: Sequence[Word], seen: Sequence[Word]) -> bool:
    strips = words_to_strips(seen)
    below = [[k for k, strip in enumerate(strips) if strip.start < w.end and w.start < strip.end] for w in words]
    held = [k for found in below for k in found]
    if len(held) > len(set(held)) or any(len(found) > 1 for found in below):
        return True
    if len(words) > 1 and strips and words[0].end <= strips[0].start:
        return True
    return any(_begins_elsewhere(w, strips[found[0]]) for w, found in zip(words, below, strict=True) if found)


def _begins_elsewhere(word: Word, strip: Strip) -> bool:
    as_long = [w.start for w in strip.words if len(w.text) == len(word.text)]
    return bool(as_long) and min(abs(word.start - start) for start in as_long) >= SHIFTED


def first_body_line(lines: Sequence[Sequence[Word]]) -> int:
    """Where the body begins: column numbers, a figure, a code with its name, an item; with the label lines above them."""
    first = next((i for i, words in enumerate(lines) if _is_body(words)), len(lines))
    if first == len(lines):
        while first > 1 and len(lines[first - 1]) == 1 and is_total(lines[first - 1][0].text):
            first -= 1
        return first
    if first > 1 and _is_label_above(lines, first):
        first -= 1
    return first


def _is_body(words: Sequence[Word]) -> bool:
    if not words:
        return False
    if is_numbering(words) or any(AMOUNT.match(w.text) for w in words) or _ITEM.match(words[0].text):
        return True
    if words[0].text[-1] in "：:":  # 流动资产：
        return True
    if len(words) > 1 and CODE.match(words[0].text) and any(HAN.search(w.text) for w in words[1:]):
        return True
    return any(_ITEM.match(w.text) for w in words)


def _is_label_above(lines: Sequence[Sequence[Word]], first: int) -> bool:
    """The upper line of a label that is wrapped around its figures: the lower line stands as far below them."""
    above, below = lines[first - 1], lines[first + 1] if first + 1 < len(lines) else []
    if len(above) != 1 or len(below) != 1 or any(w.amount for w in below):
        return False
    own = [w for w in lines[first] if min(w.end, above[0].end) > max(w.start, above[0].start)]
    return not own and abs(above[0].start - below[0].start) <= 1


# ---------------------------------------------------------------- columns


@dataclass(frozen=True, slots=True)
class Placed:
    """A sheet with the columns of its words. ``heads`` are the header's cells, also where they are printed on the page
    before (``inherited``); the figures of the ``unsure`` columns may be others' and are not to be read."""

    sheet: Sheet
    heads: tuple[HeadCell, ...]
    columns: dict[Word, int]
    inherited: bool = False
    unsure: frozenset[int] = frozenset()

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(cell.stack.text for cell in self.heads if cell.leaf)

    @property
    def strips(self) -> dict[int, Strip]:
        """What stands in each column."""
        words: dict[int, list[Word]] = {}
        for word, column in self.columns.items():
            words.setdefault(column, []).append(word)
        return {column: Strip(tuple(words[column])) for column in sorted(words)}


def place_words(sheet: Sheet) -> Placed:
    """The words of a page with a header under its columns."""
    strips = sheet.strips
    found = _assign(strips, sheet.leaves)
    for i, strip in enumerate(strips):
        if i not in found and i - 1 in found and strip.kind == "text":
            sheet = _with_column(sheet, found[i - 1], strip)
            found = _assign(strips, sheet.leaves)
    lost = [i for i, strip in enumerate(strips) if i not in found and strip.kind != "amount"]
    scale = page_scale([line.text for line in sheet.lines], [w for w in sheet.words if w.amount])
    filled: dict[int, list[Word]] = {}
    for i, column in found.items():
        filled.setdefault(column, []).extend(strips[i].words)
    heads, doubtful = header_tree(sheet.stacks, sheet.leaves, {c: Strip(tuple(words)) for c, words in filled.items()}, scale)
    if any(is_fragment(leaf.text) for leaf in sheet.leaves):
        doubtful = set(range(len(sheet.leaves)))
    doubtful |= {c for i, c in found.items() if strips[i].kind == "amount" and is_label(sheet.leaves[c].text)}
    doubtful |= {found[i] for k in lost for i in _amounts_after(k, strips) if i in found}
    doubtful |= {c for i, c in found.items() if strips[i].numeric and crowded(strips[i])}
    unsure = frozenset(c for i, c in found.items() if strips[i].numeric and c in doubtful)
    return Placed(sheet, tuple(heads), _with_totals(sheet, len(sheet.leaves), strips, found), unsure=unsure)


def _amounts_after(place: int, strips: Sequence[Strip]) -> Iterator[int]:
    """The figures whose label a strip of words may be: those right of it."""
    return itertools.takewhile(lambda i: strips[i].kind == "amount", range(place + 1, len(strips)))


def _with_column(sheet: Sheet, column: int, strip: Strip) -> Sheet:
    """The sheet with a second column of labels under one header."""
    leaf = sheet.leaves[column]
    if not is_label(leaf.text):
        return sheet
    twin = Stack((Word(leaf.text, strip.start, strip.end, leaf.bottom),))
    return replace(sheet, leaves=(*sheet.leaves[: column + 1], twin, *sheet.leaves[column + 1 :]), stacks=(*sheet.stacks, twin))


def place_below(sheet: Sheet, above: Placed) -> Placed | None:
    """The words of a page without a header under the columns of the page before it; None where these do not show.

    Figures keep their order; where some columns of the page before are blank, the distances must be the same, too.
    """
    known = above.strips
    kinds: dict[str, list[int]] = {}
    for column, strip in known.items():
        kinds.setdefault(strip.kind, []).append(column)
    strips = sheet.strips
    columns: dict[int, int] = {}
    for kind, own in kinds.items():
        here = [i for i, strip in enumerate(strips) if strip.kind == kind]
        if len(here) > len(own) or (kind == "amount" and len(here) != len(own)):
            return None
        columns.update(zip(here, own, strict=True) if len(here) == len(own) else _nearest(here, own, strips, known))
    order = [columns[i] for i in sorted(columns)]
    if len(columns) < len(strips) or order != sorted(set(order)):
        return None
    amounts = [(strips[i], known[columns[i]]) for i in sorted(columns) if strips[i].kind == "amount"]
    if not amounts or any(crowded(strip) for strip, _ in amounts):
        return None
    leaves = [cell for cell in above.heads if cell.leaf]
    blank = len(kinds.get("amount", [])) < sum(not is_label(cell.stack.text) for cell in leaves)
    if blank and not all(_as_far(*a, *b) for a, b in itertools.pairwise(amounts)):
        return None
    return Placed(sheet, above.heads, _with_totals(sheet, len(leaves), strips, columns), inherited=True, unsure=above.unsure)


def _as_far(left: Strip, above_left: Strip, right: Strip, above_right: Strip) -> bool:
    apart, above = right.end - left.end, above_right.end - above_left.end
    return abs(apart - above) <= max(STRETCH, STRETCHED * above)


def _nearest(here: Sequence[int], own: Sequence[int], strips: Sequence[Strip], known: dict[int, Strip]) -> Iterator[tuple[int, int]]:
    """Fewer strips than columns: each in the column that begins where it does."""
    for i in here:
        near = [c for c in own if abs(known[c].start - strips[i].start) <= MOVED]
        if len(near) == 1:
            yield i, near[0]


def _with_totals(sheet: Sheet, count: int, strips: Sequence[Strip], columns: dict[int, int]) -> dict[Word, int]:
    """The words of the strips with their columns, and the totals beside them."""
    placed = {word: column for i, column in columns.items() for word in strips[i].words}
    inside = {word for strip in strips for word in strip.words}
    for word in sheet.words:
        if word not in inside and (_is_sum(word) or word in sheet.wide):
            column = _column_of_total(word, sheet, count, placed)
            if column is not None:
                placed[word] = column
    return placed


def _is_sum(word: Word) -> bool:
    """合计, 当年支出小计: a label that may stand in the middle of several columns."""
    return is_total(word.text) or (word.text.endswith("小计") and len(word.text) <= SUM_LENGTH)


def _column_of_total(word: Word, sheet: Sheet, count: int, placed: dict[Word, int]) -> int | None:
    """合计 may stand in the middle of columns that are one cell; it goes to the nearest label column left of its figures."""
    spans: dict[int, list[Word]] = {}
    for other, column in placed.items():
        spans.setdefault(column, []).append(other)
    own = [w for w in sheet.words if w.line == word.line and w in placed]
    left = max((placed[w] for w in own if w.end <= word.start), default=-1)
    right = min((placed[w] for w in own if w.start >= word.end), default=count)
    labels = [c for c in range(left + 1, right) if not (c in spans and Strip(tuple(spans[c])).kind == "amount")]
    best: tuple[float, int] | None = None
    for column in labels or range(left + 1, right):
        leaf = sheet.leaves[column] if column < len(sheet.leaves) else None
        edges = [edge for w in spans.get(column, ()) for edge in (w.start, w.end)] + ([leaf.start, leaf.end] if leaf else [])
        far = max(0, min(edges) - word.end, word.start - max(edges)) if edges else FAR
        if best is None or far <= best[0]:
            best = (far, column)
    return best[1] if best else None


def _assign(strips: Sequence[Strip], leaves: Sequence[Stack]) -> dict[int, int]:
    """Strip → column, in order; strips whose column is not certain are left out."""
    best = _cheapest(strips, leaves, None)
    if best is None:
        return {}
    cost, columns = best
    found: dict[int, int] = {}
    for i, column in enumerate(columns):
        if column is None:
            continue
        if strips[i].numeric:
            other = _cheapest(strips, leaves, (i, column))
            if other is not None and other[0] - cost < SURE:
                continue
        found[i] = column
    return found


def _cheapest(strips: Sequence[Strip], leaves: Sequence[Stack], without: tuple[int, int] | None) -> tuple[float, list[int | None]] | None:
    """The cheapest order-keeping match; ``without`` forbids one pair."""
    states: dict[int, tuple[float, list[int | None]]] = {-1: (0.0, [])}
    for i, strip in enumerate(strips):
        layer: dict[int, tuple[float, list[int | None]]] = {}
        for last, (cost, done) in states.items():
            options: list[tuple[int, float, int | None]] = [(last, UNMATCHED, None)]
            for j in range(max(last, 0), len(leaves)):
                if (i, j) == without:
                    continue
                extra = _cost(strip, j, leaves)
                if j == last:
                    previous = [k for k, c in enumerate(done) if c == j]
                    lines = {w.line for k in previous for w in strips[k].words}
                    if any(w.line in lines for w in strip.words):
                        continue
                    extra += BESIDE
                options.append((j, extra, j))
            for key, extra, column in options:
                if key not in layer or cost + extra < layer[key][0]:
                    layer[key] = (cost + extra, [*done, column])
        states = layer
    return min(states.values(), key=lambda s: s[0], default=None)


def _cost(strip: Strip, j: int, leaves: Sequence[Stack]) -> float:
    leaf = leaves[j]
    apart = max(0, strip.start - leaf.end, leaf.start - strip.end)
    crossed = sum(max(0, strip.end - other.start) for other in leaves[j + 1 :][:1])
    crossed += sum(max(0, other.end - strip.start) for other in leaves[max(0, j - 1) : j])
    before = max(0.0, leaf.centre - strip.end) if strip.numeric else 0.0  # a figure ends right of the middle of its cell
    return apart + CROSSED * crossed + BEFORE * before + 0.02 * abs(strip.end - leaf.end)
