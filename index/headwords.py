"""Stacked headers without vertical rules → header cells over columns.

The header is read from the top: a word in the middle of all of its height heads one column; any other heads the columns
it is centred over, and what stands below it divides them. A rule below a word ends its cell and tells its columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.domain import Box
from index.grids import Edge, GridCell
from index.regions import WRAP_PITCH, Line, Region, Token
from index.textlines import glyphs_to_lines

SPREAD = 6.0  # em: letters of one header word may be set this far apart


@dataclass(frozen=True, slots=True)
class Word:
    """A header text: its lines joined, over the columns ``c0 <= c < c1``, at header level ``level``."""

    tokens: tuple[Token, ...]
    box: Box

    @property
    def centre(self) -> float:
        return (self.box[0] + self.box[2]) / 2

    @property
    def middle(self) -> float:
        return (self.box[1] + self.box[3]) / 2


def header_cells(words: Sequence[Word], xs: Sequence[float], region: Region, bottom: float) -> tuple[list[GridCell], int]:
    """The header's cells and how many rows deep it is."""
    if not words:
        return [], 0
    top = min(region.box[1], min(w.box[1] for w in words))
    found: list[tuple[int, int, int, Word, bool]] = []  # level, c0, c1, word, leaf
    _split_header(words, 0, len(xs) - 1, top, bottom, 0, xs, region, found)
    depth = max(level for level, *_ in found) + 1
    cells = []
    for level, c0, c1, word, leaf in found:
        glyphs = [g for token in word.tokens for g in token.glyphs]
        cell = GridCell(level, depth if leaf else level + 1, c0, c1, (xs[c0], word.box[1], xs[c1], word.box[3]))
        cells.append(cell.with_lines(glyphs_to_lines(glyphs)))
    return cells, depth


def header_words(head: Sequence[Line], rules: Sequence[Edge]) -> list[Word]:
    """Tokens of one line that belong together, then lines of one cell."""
    pieces: list[list[Token]] = []
    for line in head:
        for token in line.tokens:
            last = pieces[-1] if pieces else None
            if last and last[-1] in line.tokens and not _parted(last[-1], token) and not _end_two(last[-1], token, head):
                last.append(token)
            else:
                pieces.append([token])
    words = [_word(piece) for piece in pieces]
    merged: list[Word] = []
    for word in sorted(words, key=lambda w: w.box[1]):
        over = [m for m in merged if _is_wrapped(m, word, rules)]
        if over:
            best = max(over, key=lambda m: m.box[3])
            merged[merged.index(best)] = _word([*best.tokens, *word.tokens])
        else:
            merged.append(word)
    return merged


def _parted(left: Token, right: Token) -> bool:
    """Two words of a header line; letters set apart (收 入, 项 目) are one word, 类 款 项 are three."""
    letters = len(left.text) == 1 and len(right.text) == 1 and not {left.text, right.text} & set("类款项目") - {"项目"}
    spread = letters or (left.text, right.text) == ("项", "目")
    return not spread or right.x0 - left.x1 > SPREAD * left.em


def _end_two(left: Token, right: Token, head: Sequence[Line]) -> bool:
    """Are two letters the last lines of two wrapped words? Each stands right below a word of its own."""
    above = [
        next((t for line in head for t in line.tokens if 0 < token.middle - t.middle <= WRAP_PITCH * t.em and _over(t, token)), None)
        for token in (left, right)
    ]
    return above[0] is not None and above[1] is not None and above[0] is not above[1]


def _over(above: Token, below: Token) -> bool:
    return min(above.x1, below.x1) - max(above.x0, below.x0) > 0 and len(above.text) > 1


def _word(tokens: Sequence[Token]) -> Word:
    boxes = [t.box for t in tokens]
    return Word(tuple(tokens), (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)))


def _is_wrapped(above: Word, below: Word, rules: Sequence[Edge]) -> bool:
    em = above.tokens[0].em
    last = max(t.middle for t in above.tokens)
    overlap = min(above.box[2], below.box[2]) - max(above.box[0], below.box[0])
    if overlap <= 0.3 * min(above.box[2] - above.box[0], below.box[2] - below.box[0]) or below.middle - last > WRAP_PITCH * em:
        return False
    centre = below.centre
    return not any(last < e["top"] < below.middle and e["x0"] - 1 <= centre <= e["x1"] + 1 for e in rules)


def _split_header(
    words: Sequence[Word],
    c0: int,
    c1: int,
    top: float,
    bottom: float,
    level: int,
    xs: Sequence[float],
    region: Region,
    found: list[tuple[int, int, int, Word, bool]],
) -> None:
    """Read the header over columns ``c0 <= c < c1`` between two heights, from the top down."""
    inside = [w for w in words if xs[c0] <= w.centre <= xs[c1] and top - 1 <= w.middle <= bottom + 1]
    if not inside:
        return
    if c1 - c0 == 1:
        for k, word in enumerate(sorted(inside, key=lambda w: w.box[1])):
            found.append((level + k, c0, c1, word, k == len(inside) - 1))
        return
    rules = [e for e in region.rules if top + 2 < e["top"] < bottom - 2 and e["x1"] > xs[c0] and e["x0"] < xs[c1]]
    alone = [c for c in range(c0, c1) if _heads_alone(c, inside, top, bottom, xs, rules)]
    for c in alone:
        word = next(w for w in inside if xs[c] <= w.centre <= xs[c + 1])
        found.append((level, c, c + 1, word, True))
    for a, b in _runs(c0, c1, alone):
        within = [w for w in inside if xs[a] <= w.centre <= xs[b]]
        if not within:
            continue
        row = sorted(_top_words(within, top, rules), key=lambda w: w.centre)
        for word, (s, e) in zip(row, _spans(row, a, b, xs, region), strict=True):
            if e - s == 1:
                below = [w for w in within if w not in row and xs[s] <= w.centre <= xs[e]]
                found.append((level, s, e, word, not below))
                if below:
                    _split_header(below, s, e, _floor(word, rules), bottom, level + 1, xs, region, found)
            else:
                rest = [w for w in within if w not in row]
                found.append((level, s, e, word, False))
                _split_header(rest, s, e, _floor(word, rules), bottom, level + 1, xs, region, found)


def _floor(word: Word, rules: Sequence[Edge]) -> float:
    """Where a header word's cell ends: the rule right below it, or its own foot."""
    reach = word.box[3] + 1.5 * word.tokens[0].em
    below = [e["top"] for e in rules if word.middle < e["top"] < reach and e["x0"] - 1 <= word.centre <= e["x1"] + 1]
    return float(min(below, default=word.box[3]))


def _top_words(words: Sequence[Word], top: float, rules: Sequence[Edge]) -> list[Word]:
    """The words of a header's highest line: no rule above them, or, without rules, nothing but the highest word's height."""
    if rules:
        free = [w for w in words if not _crossed(w, top, w.middle, rules)]
        if free:
            return free
    highest = min(words, key=lambda w: w.middle)
    lower = [w.middle for w in words if w.box[1] >= highest.box[3] - 1]
    reach = (highest.middle + min(lower)) / 2 + 0.15 * highest.tokens[0].em if lower else highest.box[3]
    return [w for w in words if w is highest or w.middle <= reach]


def _crossed(word: Word, top: float, bottom: float, rules: Sequence[Edge]) -> bool:
    return any(top < e["top"] < bottom and e["x0"] - 1 <= word.centre <= e["x1"] + 1 for e in rules)


def _heads_alone(c: int, words: Sequence[Word], top: float, bottom: float, xs: Sequence[float], rules: Sequence[Edge]) -> bool:
    """A column whose only header word stands in the middle of the header's height, or fills it."""
    own = [w for w in words if min(w.box[2], xs[c + 1]) - max(w.box[0], xs[c]) > 1]
    mine = [w for w in own if xs[c] <= w.centre <= xs[c + 1]]
    if len(mine) != 1 or len(own) != 1:
        return False
    word = mine[0]
    if rules:
        return not _crossed(word, top, bottom, rules)
    em = word.tokens[0].em
    others = [w for w in words if w is not word]
    if not others:
        return True
    highest = min(others, key=lambda w: w.middle)
    first, below = highest.box[1], highest.box[3]
    whole, rest = (top + bottom) / 2, (below + bottom) / 2
    if abs(word.middle - whole) <= 0.35 * em:
        return True
    if word.box[1] <= first + 0.3 * em and word.middle < whole - 0.5 * em:
        return not any(w.box[1] > word.box[3] for w in others)
    return abs(word.middle - whole) < abs(word.middle - rest)


def _runs(c0: int, c1: int, without: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start = c0
    for c in [*sorted(without), c1]:
        if c > start:
            runs.append((start, c))
        start = c + 1
    return runs


def _spans(row: Sequence[Word], a: int, b: int, xs: Sequence[float], region: Region) -> list[tuple[int, int]]:
    """Share the columns ``a <= c < b`` among the words of one header line so that each word is centred over its own."""
    fixed = [_under_rule(word, a, b, xs, region) for word in row]
    n = len(row)
    costs: dict[tuple[int, int], tuple[float, list[tuple[int, int]]]] = {(0, a): (0.0, [])}
    for k in range(n):
        for start in range(a, b):
            state = costs.get((k, start))
            if state is None:
                continue
            for end in range(start + 1, b - (n - k - 1) + 1):
                if k == n - 1 and end != b:
                    continue
                cost = state[0] + _off_centre(row[k], start, end, xs, fixed[k])
                key = (k + 1, end)
                if key not in costs or cost < costs[key][0]:
                    costs[key] = (cost, [*state[1], (start, end)])
    best = costs.get((n, b))
    return best[1] if best else [(min(a + k, b - 1), min(a + k + 1, b)) for k in range(n)]


def _off_centre(word: Word, start: int, end: int, xs: Sequence[float], fixed: tuple[int, int] | None) -> float:
    if fixed is not None:
        return 0.0 if (start, end) == fixed else 1000.0
    left = abs(word.box[0] - xs[start])
    centre = abs(word.centre - (xs[start] + xs[end]) / 2)
    outside = max(0.0, xs[start] - word.box[0]) + max(0.0, word.box[2] - xs[end])
    return min(centre, left + 8.0) + 10.0 * outside


def _under_rule(word: Word, a: int, b: int, xs: Sequence[float], region: Region) -> tuple[int, int] | None:
    """The columns of a header word with a rule of its own below it."""
    below = [
        e
        for e in region.rules
        if word.middle < e["top"] < word.box[3] + 1.6 * word.tokens[0].em and e["x0"] - 1 <= word.centre <= e["x1"] + 1
    ]
    if not below:
        return None
    rule = min(below, key=lambda e: e["top"])
    columns = [c for c in range(a, b) if rule["x0"] - 2 <= (xs[c] + xs[c + 1]) / 2 <= rule["x1"] + 2]
    if not columns or len(columns) == b - a or abs((rule["x0"] + rule["x1"]) / 2 - word.centre) > 4:
        return None
    return columns[0], columns[-1] + 1


def bottom_words(words: Sequence[Word], region: Region, bottom: float) -> list[Word]:
    """Header words that head one column, from left to right; words over groups of columns are left out."""
    rules = [e for e in region.rules if region.box[1] + 2 < e["top"] < bottom - 2]
    top = min([region.box[1], *(w.box[1] for w in words)])
    return sorted((w for w in words if not _is_group(w, words, rules, (top + bottom) / 2)), key=lambda w: w.centre)


def _is_group(word: Word, words: Sequence[Word], rules: Sequence[Edge], centre: float) -> bool:
    lower = [o for o in words if o is not word and o.box[1] >= word.box[3] - 1]
    if rules:
        below = [e for e in rules if e["top"] > word.middle and e["x0"] - 1 <= word.centre <= e["x1"] + 1]
        return any(o.middle > e["top"] and e["x0"] <= o.centre <= e["x1"] for e in below for o in lower)
    if any(min(o.box[2], word.box[2]) - max(o.box[0], word.box[0]) > 1 for o in lower):
        return True
    sides = [o.centre < word.centre for o in lower]
    return any(sides) and not all(sides) and abs(word.middle - centre) > 0.35 * word.tokens[0].em
