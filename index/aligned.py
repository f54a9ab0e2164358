"""Tables without vertical rules: rows and columns from where the text stands.

A region of a page is a table where lines have several pieces, some of them numbers, one below the other. Columns are the
strips that the body's words leave free between them; rows hang on the lines that carry numbers, and the wrapped lines of
a label belong to the nearest of them; the header is read from the top: a word centred in all of its height heads one
column, any other heads the columns it is centred over. Horizontal rules, where drawn, bound rows and header words.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.amounts import BLANKS, cell_to_value
from index.columns import YEAR
from index.domain import Box, Glyph, Page
from index.grids import Edge, Grid, GridCell, merge_positions
from index.headings import caption_of, unit_of
from index.innerforms import is_inner_header
from index.textlines import glyphs_to_lines, glyphs_to_rows, row_to_line

PIECE_GAP = 0.8  # em: pieces of a line further apart than this may be cells
TOKEN_GAP = 0.36  # em: words further apart than this may stand in different columns
NUMBER_GAP = 0.12  # em: the same beside an amount
WRAP_PITCH = 1.55  # em from line to line: nearer lines of a column are one wrapped cell
ROW_REACH = 3.5  # em: a gap wider than this ends a table without rules
WIDE_RULE = 0.35  # share of the page width
SAME_RULE = 6.0  # points by which the ends of a table's rules may differ
LONE_ROW = 3  # so many figures in one line are a table by themselves
RIGHT_EDGE = 2.5  # points by which right-aligned numbers may differ
PROSE_SHARE = 0.62  # a piece wider than this share of the page is prose
BODY_LINE = re.compile(r"^(?:编制|填报|预算)?(?:部门|单位)(?:名称)?[:：]")
AMOUNT = re.compile(r"^-?[\d,]+\.\d+%?$|^-?\d{1,3}(,\d{3})+$|^-?\d+(\.\d+)?%$")
SPREAD = 6.0  # em: letters of one header word may be set this far apart
SPLIT_STRIP = 20.0  # points: cost of two strips of words under one header word
UNMATCHED = 100.0  # points: cost of a header word without a strip below it, or the other way round
HEADER_WORD = re.compile(r"^(项\s*目|科目|名称|金额|合计|总计|小计|备注|序号|单位|内容|类别|预算|决算|指标)|(名称|编码|金额|预算数|决算数|目标|备注|数)(（.*）)?$")
NOTE_LINE = re.compile(r"^(备?注|说明)[:：\d]")


_Strip = tuple[float, float, bool]  # left, right, holds figures


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a line with its place; ``number`` where it is a printed figure."""

    glyphs: tuple[Glyph, ...]
    text: str
    box: Box
    number: bool

    @property
    def x0(self) -> float:
        return self.box[0]

    @property
    def x1(self) -> float:
        return self.box[2]

    @property
    def middle(self) -> float:
        return (self.box[1] + self.box[3]) / 2

    @property
    def centre(self) -> float:
        return (self.box[0] + self.box[2]) / 2

    @property
    def em(self) -> float:
        return max(1.0, max(g.size for g in self.glyphs))


@dataclass(frozen=True, slots=True)
class _Line:
    glyphs: tuple[Glyph, ...]
    pieces: tuple[Token, ...]
    tokens: tuple[Token, ...]
    text: str

    @property
    def top(self) -> float:
        return min(t.box[1] for t in self.tokens)

    @property
    def bottom(self) -> float:
        return max(t.box[3] for t in self.tokens)

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def em(self) -> float:
        return max(t.em for t in self.tokens)

    @property
    def has_number(self) -> bool:
        return any(t.number for t in self.tokens)


@dataclass(frozen=True, slots=True)
class Region:
    """A table found by its text: its lines and the horizontal rules among them."""

    lines: tuple[_Line, ...]
    rules: tuple[Edge, ...]
    box: Box

    @property
    def glyphs(self) -> list[Glyph]:
        return [g for line in self.lines for g in line.glyphs]


# ---------------------------------------------------------------- finding tables on the page


def page_to_regions(page: Page, glyphs: Sequence[Glyph], edges: Sequence[Edge]) -> list[Region]:
    """Tables among the glyphs that stand in no ruled grid; ``edges`` are the page's rules outside such grids."""
    lines = [_line(row) for row in glyphs_to_rows(glyphs)]
    if not any(_is_tabular(line, page.width) for line in lines):
        return []
    rules = [e for e in edges if e["orientation"] == "h"]
    regions, taken = _ruled_regions(page, lines, rules)
    free = [[] if i in taken else [line] for i, line in enumerate(lines)]
    regions += _open_regions(page, [entry[0] if entry else None for entry in free])
    return sorted(regions, key=lambda region: region.box[1])


def _line(row: Sequence[Glyph]) -> _Line:
    tokens = tuple(_tokens(row))
    return _Line(tuple(row), tuple(_pieces(tokens)), tokens, row_to_line(row).text)


def _pieces(tokens: Sequence[Token]) -> list[Token]:
    """Tokens joined where the gap is small; an amount with a wide gap on one side is no part of a sentence."""
    wide = [True, *(b.x0 - a.x1 > PIECE_GAP * b.em for a, b in itertools.pairwise(tokens)), True]
    pieces: list[Token] = []
    apart = True
    for i, token in enumerate(tokens):
        lone = bool(AMOUNT.match(token.text)) and (wide[i] or wide[i + 1])
        if pieces and not (wide[i] or lone or apart):
            pieces[-1] = _token((*pieces[-1].glyphs, *token.glyphs))
        else:
            pieces.append(token)
        apart = lone
    return pieces




def _tokens(row: Sequence[Glyph]) -> list[Token]:
    """Words of a line; a figure stands apart from its neighbours even where the gap is small."""
    parts: list[list[Glyph]] = []
    for glyph in row:
        if parts and glyph.x0 - parts[-1][-1].x1 <= NUMBER_GAP * max(parts[-1][-1].size, glyph.size, 1.0):
            parts[-1].append(glyph)
        else:
            parts.append([glyph])
    tokens: list[Token] = []
    for part in map(_token, parts):
        last = tokens[-1] if tokens else None
        if last and part.x0 - last.x1 <= TOKEN_GAP * part.em and not (AMOUNT.match(last.text) or AMOUNT.match(part.text)):
            tokens[-1] = _token((*last.glyphs, *part.glyphs))
        else:
            tokens.append(part)
    return tokens


def _token(glyphs: Sequence[Glyph]) -> Token:
    text = "".join(g.text for g in glyphs)
    box = (min(g.x0 for g in glyphs), min(g.top for g in glyphs), max(g.x1 for g in glyphs), max(g.bottom for g in glyphs))
    return Token(tuple(glyphs), text, box, cell_to_value(text) is not None and not YEAR.match(text))


def _is_tabular(line: _Line, width: float) -> bool:
    """Several pieces with a number among them, or many pieces."""
    if any(p.x1 - p.x0 > PROSE_SHARE * width for p in line.pieces) or NOTE_LINE.match(line.text):
        return False
    if len(line.pieces) >= 2 and any(p.number or p.text in BLANKS for p in line.pieces[1:]):
        return True
    return len(line.pieces) >= 4 or _is_header_line(line)


def _is_header_line(line: _Line) -> bool:
    """项目名称 | 预算数（万元） | 绩效目标: short words that head columns."""
    texts = [p.text for p in line.pieces]
    return len(texts) >= 3 and all(len(t) <= 16 for t in texts) and sum(bool(HEADER_WORD.search(t)) for t in texts) >= 2


def _is_caption(line: _Line) -> bool:
    flat = re.sub(r"\s+", "", line.text)
    return bool(unit_of(line.text) or caption_of(line.text) or any(BODY_LINE.match(p.text) for p in line.pieces) or NOTE_LINE.match(flat))


def _ruled_regions(page: Page, lines: Sequence[_Line], rules: Sequence[Edge]) -> tuple[list[Region], set[int]]:
    """Tables that begin at a wide horizontal rule."""
    wide = sorted((e for e in rules if e["width"] >= WIDE_RULE * page.width), key=lambda e: e["top"])
    regions: list[Region] = []
    taken: set[int] = set()
    start = 0
    while start < len(wide):
        first = wide[start]
        end = start
        members = set(_between(lines, first["top"], first["top"], taken))
        while end + 1 < len(wide) and _same_ends(first, wide[end + 1]):
            band = _between(lines, wide[end]["top"], wide[end + 1]["top"], taken)
            if any(_is_caption(lines[i]) or _is_prose(lines[i], page) for i in band):
                break
            members.update(band)
            end += 1
        members.update(_run_on(lines, wide[end]["top"], page, taken))
        if not regions and members:
            members.update(_run_in(lines, first, page))
        chosen = sorted(members)
        tabular = sum(_is_tabular(lines[i], page.width) for i in chosen)
        if chosen and tabular and (end > start or tabular >= 2):
            region_lines = tuple(lines[i] for i in chosen)
            bottom = max(wide[end]["top"], max(line.bottom for line in region_lines))
            box = (first["x0"], min(first["top"], region_lines[0].top), first["x1"], bottom)
            inner = tuple(e for e in rules if box[1] - 1 <= e["top"] <= bottom + 1 and e["x1"] > box[0] and e["x0"] < box[2])
            regions.append(Region(region_lines, inner, box))
            taken |= members
        start = end + 1
    return regions, taken


def _same_ends(a: Edge, b: Edge) -> bool:
    return abs(a["x0"] - b["x0"]) <= SAME_RULE and abs(a["x1"] - b["x1"]) <= SAME_RULE


def _between(lines: Sequence[_Line], top: float, bottom: float, taken: set[int]) -> list[int]:
    return [i for i, line in enumerate(lines) if top < line.middle < bottom and i not in taken]


def _is_prose(line: _Line, page: Page) -> bool:
    return len(line.pieces) == 1 and line.pieces[0].x1 - line.pieces[0].x0 > PROSE_SHARE * page.width


def _run_on(lines: Sequence[_Line], y: float, page: Page, taken: set[int]) -> list[int]:
    """Lines below the last rule that still belong to the table: it goes on over the page's end, or has no last rule."""
    below = [i for i, line in enumerate(lines) if line.middle > y and i not in taken]
    seeds = [i for i in below if _is_tabular(lines[i], page.width)]
    if not seeds or _is_caption(lines[below[0]]):
        return []
    found: list[int] = []
    last = y
    for i in below:
        line = lines[i]
        if line.top - last > ROW_REACH * line.em or _is_caption(line) or _is_prose(line, page):
            break
        found.append(i)
        last = line.bottom
    while found and not _is_tabular(lines[found[-1]], page.width) and len(lines[found[-1]].pieces) == 1:
        if lines[found[-1]].top - y < WRAP_PITCH * lines[found[-1]].em or (len(found) > 1 and _is_wrap_of(lines[found[-1]], lines[found[-2]])):
            break
        found.pop()
    return found if any(i in seeds for i in found) else []


def _run_in(lines: Sequence[_Line], rule: Edge, page: Page) -> list[int]:
    """Lines above a page's first rule that end a row of the page before: none at the table's left, none a caption."""
    above = [i for i, line in enumerate(lines) if line.middle < rule["top"] and line.middle > 0.03 * page.height]
    edge = rule["x0"] + 0.15 * rule["width"]
    for i in above:
        line = lines[i]
        inside = line.tokens[0].x0 >= edge and line.tokens[-1].x1 <= rule["x1"] + 2
        centred = abs(line.tokens[0].x0 + line.tokens[-1].x1 - page.width) < 0.04 * page.width
        if not inside or centred or _is_caption(line) or _is_prose(line, page):
            return []
    return above


def _is_wrap_of(line: _Line, above: _Line) -> bool:
    return line.middle - above.middle <= WRAP_PITCH * line.em


def _open_regions(page: Page, lines: Sequence[_Line | None]) -> list[Region]:
    """Tables with no rule at all: runs of tabular lines with numbers below each other."""
    regions: list[Region] = []
    i = 0
    while i < len(lines):
        line = lines[i]
        if line is None or not _is_tabular(line, page.width) or _is_caption(line):
            i += 1
            continue
        end = i
        last = line
        for j in range(i + 1, len(lines)):
            other = lines[j]
            if other is None or other.top - last.bottom > ROW_REACH * last.em or _is_caption(other) or _is_prose(other, page):
                break
            last = other
            if _is_tabular(other, page.width):
                end = j
        run = [entry for entry in lines[i : end + 1] if entry is not None]
        while end + 1 < len(lines) and (tail := lines[end + 1]) is not None and _is_wrap_of(tail, run[-1]) and len(tail.pieces) == 1:
            if _is_caption(tail) or _is_prose(tail, page):
                break
            run.append(tail)
            end += 1
        if _has_aligned_numbers(run):
            head = _header_above(page, lines, i, run)
            whole = (*head, *run)
            boxes = [t.box for entry in whole for t in entry.tokens]
            box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
            regions.append(Region(whole, (), box))
        i = end + 1
    return regions


def _has_aligned_numbers(run: Sequence[_Line]) -> bool:
    edges = [p.x1 for line in run for p in line.pieces[1:] if p.number]
    if len(edges) >= LONE_ROW and max(sum(p.number for p in line.pieces) for line in run) >= LONE_ROW:
        return True
    if edges and any(_is_header_line(line) for line in run):
        return True
    return len(run) >= 2 and any(sum(abs(e - other) <= RIGHT_EDGE for other in edges) >= 2 for e in edges)


def _header_above(page: Page, lines: Sequence[_Line | None], start: int, run: Sequence[_Line]) -> list[_Line]:
    head: list[_Line] = []
    below = run[0]
    size = sorted(line.em for line in run)[len(run) // 2]
    for j in range(start - 1, -1, -1):
        line = lines[j]
        if line is None or below.top - line.bottom > ROW_REACH * size or _is_caption(line) or _is_prose(line, page):
            break
        if line.em > 1.15 * size or line.text[-1:] in "。；":
            break
        head.insert(0, line)
        below = line
    return head


# ---------------------------------------------------------------- a region → a grid


def region_to_grid(region: Region, with_header: bool = True) -> Grid | None:
    """Rows, columns and header of a table found by its text; None where no columns show."""
    lines = region.lines
    first = next((i for i, line in enumerate(lines) if line.has_number), len(lines))
    if with_header and not any(is_inner_header([t.text for t in line.tokens]) for line in lines[1:]):
        head_end = _header_end(region, first)
    else:
        head_end = region.box[1] - 1
    head = [line for line in lines if line.middle < head_end]
    body = [line for line in lines if line.middle >= head_end]
    if not body:
        return None
    rules = [e["top"] for e in region.rules if e["width"] >= 0.9 * (region.box[2] - region.box[0])]
    words = _header_words(head, region.rules)
    columns = _columns(_strips(body), _bottom_words(words, region, head_end))
    if len(columns) < 2:
        return None
    xs = _boundaries(columns, region.box)
    rows = _body_rows(body, xs, rules)
    header_cells, depth = _header_cells(words, xs, region, head_end)
    ys = _row_edges(rows, depth, region.box[1], head_end, region.box[3])
    cells = list(header_cells)
    for r, row in enumerate(rows, start=depth):
        for c in range(len(xs) - 1):
            glyphs = [g for token in row.get(c, ()) for g in token.glyphs]
            cell = GridCell(r, r + 1, c, c + 1, (xs[c], ys[r], xs[c + 1], ys[r + 1]))
            cells.append(cell.with_lines(glyphs_to_lines(glyphs)))
    return Grid(tuple(xs), tuple(ys), tuple(cells), drawn=False, header_rows=depth)


def _header_end(region: Region, first: int) -> float:
    """Where the header ends: the last wide rule above the first number, or half way to the first line of the body."""
    lines = region.lines
    if first >= len(lines):
        wide = sorted(e["top"] for e in region.rules if e["width"] >= 0.9 * (region.box[2] - region.box[0]))
        return float(wide[1]) if len(wide) > 2 else region.box[1] - 1
    anchor = lines[first]
    above = [e["top"] for e in region.rules if region.box[1] + 2 < e["top"] < anchor.middle and e["width"] >= 0.9 * (region.box[2] - region.box[0])]
    if above:
        return float(max(above))
    start = first
    while start > 0 and _label_only_above(lines[start - 1], lines[start], lines[first:]):
        start -= 1
    return (lines[start - 1].bottom + lines[start].top) / 2 if start > 0 else region.box[1] - 1


def _label_only_above(line: _Line, below: _Line, rest: Sequence[_Line]) -> bool:
    """The first line of a wrapped label above its figures: it stands at their left, or goes on as far below them as above."""
    anchor = rest[0]
    if not _is_wrap_of(line, below) or len(line.pieces) > 1:
        return False
    piece = line.pieces[0]
    if piece.x0 <= anchor.pieces[0].x0 + 2 * line.em and below is anchor:
        return True
    up = anchor.middle - line.middle
    for other in rest[1:3]:
        level = abs((other.middle - anchor.middle) - up) <= 0.4 * line.em
        if level and not other.has_number and any(min(p.x1, piece.x1) - max(p.x0, piece.x0) > line.em for p in other.pieces):
            return True
    return False


def _bottom_words(words: Sequence[_Word], region: Region, bottom: float) -> list[_Word]:
    """Header words that head one column, from left to right; words over groups of columns are left out."""
    rules = [e for e in region.rules if region.box[1] + 2 < e["top"] < bottom - 2]
    top = min([region.box[1], *(w.box[1] for w in words)])
    return sorted((w for w in words if not _is_group(w, words, rules, (top + bottom) / 2)), key=lambda w: w.centre)


def _is_group(word: _Word, words: Sequence[_Word], rules: Sequence[Edge], centre: float) -> bool:
    lower = [o for o in words if o is not word and o.box[1] >= word.box[3] - 1]
    if rules:
        below = [e for e in rules if e["top"] > word.middle and e["x0"] - 1 <= word.centre <= e["x1"] + 1]
        return any(o.middle > e["top"] and e["x0"] <= o.centre <= e["x1"] for e in below for o in lower)
    if any(min(o.box[2], word.box[2]) - max(o.box[0], word.box[0]) > 1 for o in lower):
        return True
    sides = [o.centre < word.centre for o in lower]
    return any(sides) and not all(sides) and abs(word.middle - centre) > 0.35 * word.tokens[0].em


def _strips(body: Sequence[_Line]) -> list[_Strip]:
    """The x ranges that the body's words fill, and whether figures stand in them."""
    tokens = [t for line in body for t in line.tokens]
    ranges = _merged([(t.x0, t.x1) for t in tokens])
    return [(x0, x1, any(t.number for t in tokens if x0 <= t.centre <= x1)) for x0, x1 in ranges]


def _columns(strips: Sequence[_Strip], words: Sequence[_Word]) -> list[tuple[float, float]]:
    """Strips of the body matched with the header words over them, in order; what has no partner is a column by itself.

    A centred header and a short right-aligned figure need not overlap, so nearness decides.
    """
    n, m = len(strips), len(words)
    best: dict[tuple[int, int], tuple[float, list[tuple[float, float]]]] = {(0, 0): (0.0, [])}
    for i in range(n + 1):
        for j in range(m + 1):
            if (i, j) not in best:
                continue
            cost, done = best[i, j]
            steps: list[tuple[tuple[int, int], float, tuple[float, float]]] = []
            if i < n:
                steps.append(((i + 1, j), UNMATCHED, strips[i][:2]))
            if j < m:
                span = (words[j].box[0], words[j].box[2])
                steps.append(((i, j + 1), UNMATCHED, span))
                for k in range(i + 1, n + 1):
                    if k > i + 1 and any(strip[2] for strip in strips[i:k]):
                        break  # words of one column may leave a strip free, figures never share a column
                    left, right = strips[i][0], strips[k - 1][1]
                    apart = max(0.0, max(span[0], left) - min(span[1], right))
                    split = SPLIT_STRIP * (k - i - 1)
                    steps.append(((k, j + 1), apart + split, (min(span[0], left), max(span[1], right))))
            for key, extra, extent in steps:
                if key not in best or cost + extra < best[key][0]:
                    best[key] = (cost + extra, [*done, extent])
    return best[n, m][1]


def _merged(ranges: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for x0, x1 in sorted(ranges):
        if merged and x0 - merged[-1][1] < 1.2:
            merged[-1] = (merged[-1][0], max(merged[-1][1], x1))
        else:
            merged.append((x0, x1))
    return merged


def _boundaries(strips: Sequence[tuple[float, float]], box: Box) -> list[float]:
    middles = [(a[1] + b[0]) / 2 for a, b in zip(strips, strips[1:], strict=False)]
    middles = merge_positions(middles, 0.0)
    return [min(box[0], strips[0][0]) - 1, *middles, max(box[2], strips[-1][1]) + 1]


def _column_of(token: Token, xs: Sequence[float]) -> int:
    shares = [min(token.x1, b) - max(token.x0, a) for a, b in zip(xs, xs[1:], strict=False)]
    return max(range(len(shares)), key=lambda i: shares[i])


# ---------------------------------------------------------------- rows


def _body_rows(body: Sequence[_Line], xs: Sequence[float], rules: Sequence[float]) -> list[dict[int, list[Token]]]:
    """Rows from top to bottom, each with the tokens of its columns."""
    rows: list[dict[int, list[Token]]] = []
    edges = [*sorted(rules), float("inf")]
    below = 0
    bands: dict[int, list[_Line]] = {}
    for line in sorted(body, key=lambda entry: entry.middle):
        below = next(i for i, y in enumerate(edges) if line.middle < y)
        bands.setdefault(below, []).append(line)
    for _, band in sorted(bands.items()):
        for group in _band_rows(band, xs):
            row: dict[int, list[Token]] = {}
            for line in group:
                for token in line.tokens:
                    row.setdefault(_column_of(token, xs), []).append(token)
            rows.append(row)
    return rows


def _band_rows(band: Sequence[_Line], xs: Sequence[float]) -> list[list[_Line]]:
    """Lines between two rules → rows: every line with numbers is one; other lines join the one they wrap around."""
    anchors = [i for i, line in enumerate(band) if line.has_number]
    if len(anchors) <= 1 and anchors:
        reach = _chain(band, anchors[0], xs)
        return [list(band)] if reach == set(range(len(band))) else _grouped(band, anchors, xs)
    return _grouped(band, anchors, xs)


def _chain(band: Sequence[_Line], start: int, xs: Sequence[float]) -> set[int]:
    found = {start}
    for step in (-1, 1):
        i = start + step
        while 0 <= i < len(band) and abs(band[i].middle - band[i - step].middle) <= WRAP_PITCH * band[i].em:
            found.add(i)
            i += step
    return found


def _grouped(band: Sequence[_Line], anchors: Sequence[int], xs: Sequence[float]) -> list[list[_Line]]:
    owner: dict[int, int] = {i: i for i in anchors}
    loose = [i for i in range(len(band)) if i not in owner]
    for i in sorted(loose, key=lambda k: min((abs(band[k].middle - band[a].middle) for a in anchors), default=0.0)):
        near = [
            (abs(band[i].middle - band[j].middle), j)
            for j in owner
            if abs(band[i].middle - band[j].middle) <= WRAP_PITCH * band[i].em and not _stands_between(i, j, band, owner)
        ]
        if near:
            anchor = min((abs(band[owner[j]].middle - band[i].middle), owner[j]) for _, j in near)[1]
            owner[i] = anchor
        else:
            owner[i] = i
    groups: dict[int, list[_Line]] = {}
    for i in range(len(band)):
        groups.setdefault(owner[i], []).append(band[i])
    return [groups[key] for key in sorted(groups)]


def _stands_between(i: int, j: int, band: Sequence[_Line], owner: dict[int, int]) -> bool:
    return any(owner.get(k, owner[j]) != owner[j] for k in range(min(i, j) + 1, max(i, j)))


def _row_edges(rows: Sequence[dict[int, list[Token]]], depth: int, top: float, head_end: float, bottom: float) -> list[float]:
    """One y more than rows; header rows share the space above the body."""
    spans = [
        (min(t.box[1] for ts in row.values() for t in ts), max(t.box[3] for ts in row.values() for t in ts)) for row in rows
    ]
    edges = [top + (head_end - top) * k / depth for k in range(depth)] if depth else []
    edges.append(max(head_end, top) if depth else min(top, spans[0][0]))
    for above, below in zip(spans, spans[1:], strict=False):
        edges.append(max(edges[-1] + 0.1, (above[1] + below[0]) / 2))
    edges.append(max(edges[-1] + 0.1, bottom))
    return edges


# ---------------------------------------------------------------- header


@dataclass(frozen=True, slots=True)
class _Word:
    """A header text: its lines joined, over the columns ``c0 <= c < c1``, at header level ``level``."""

    tokens: tuple[Token, ...]
    box: Box

    @property
    def centre(self) -> float:
        return (self.box[0] + self.box[2]) / 2

    @property
    def middle(self) -> float:
        return (self.box[1] + self.box[3]) / 2


def _header_cells(words: Sequence[_Word], xs: Sequence[float], region: Region, bottom: float) -> tuple[list[GridCell], int]:
    """The header's cells and how many rows deep it is."""
    if not words:
        return [], 0
    top = min(region.box[1], min(w.box[1] for w in words))
    found: list[tuple[int, int, int, _Word, bool]] = []  # level, c0, c1, word, leaf
    _split_header(words, 0, len(xs) - 1, top, bottom, 0, xs, region, found)
    depth = max(level for level, *_ in found) + 1
    cells = []
    for level, c0, c1, word, leaf in found:
        glyphs = [g for token in word.tokens for g in token.glyphs]
        cell = GridCell(level, depth if leaf else level + 1, c0, c1, (xs[c0], word.box[1], xs[c1], word.box[3]))
        cells.append(cell.with_lines(glyphs_to_lines(glyphs)))
    return cells, depth


def _header_words(head: Sequence[_Line], rules: Sequence[Edge]) -> list[_Word]:
    """Tokens of one line that belong together, then lines of one cell."""
    pieces: list[list[Token]] = []
    for line in head:
        for token in line.tokens:
            last = pieces[-1] if pieces else None
            if last and last[-1] in line.tokens and not _parted(last[-1], token):
                last.append(token)
            else:
                pieces.append([token])
    words = [_word(piece) for piece in pieces]
    merged: list[_Word] = []
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


def _word(tokens: Sequence[Token]) -> _Word:
    boxes = [t.box for t in tokens]
    return _Word(tuple(tokens), (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)))


def _is_wrapped(above: _Word, below: _Word, rules: Sequence[Edge]) -> bool:
    em = above.tokens[0].em
    last = max(t.middle for t in above.tokens)
    overlap = min(above.box[2], below.box[2]) - max(above.box[0], below.box[0])
    if overlap <= 0.3 * min(above.box[2] - above.box[0], below.box[2] - below.box[0]) or below.middle - last > WRAP_PITCH * em:
        return False
    centre = below.centre
    return not any(last < e["top"] < below.middle and e["x0"] - 1 <= centre <= e["x1"] + 1 for e in rules)


def _split_header(
    words: Sequence[_Word],
    c0: int,
    c1: int,
    top: float,
    bottom: float,
    level: int,
    xs: Sequence[float],
    region: Region,
    found: list[tuple[int, int, int, _Word, bool]],
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


def _floor(word: _Word, rules: Sequence[Edge]) -> float:
    """Where a header word's cell ends: the rule right below it, or its own foot."""
    reach = word.box[3] + 1.5 * word.tokens[0].em
    below = [e["top"] for e in rules if word.middle < e["top"] < reach and e["x0"] - 1 <= word.centre <= e["x1"] + 1]
    return float(min(below, default=word.box[3]))


def _top_words(words: Sequence[_Word], top: float, rules: Sequence[Edge]) -> list[_Word]:
    """The words of a header's highest line: no rule above them, or, without rules, nothing but the highest word's height."""
    if rules:
        free = [w for w in words if not _crossed(w, top, w.middle, rules)]
        if free:
            return free
    highest = min(words, key=lambda w: w.middle)
    lower = [w.middle for w in words if w.box[1] >= highest.box[3] - 1]
    reach = (highest.middle + min(lower)) / 2 + 0.15 * highest.tokens[0].em if lower else highest.box[3]
    return [w for w in words if w is highest or w.middle <= reach]


def _crossed(word: _Word, top: float, bottom: float, rules: Sequence[Edge]) -> bool:
    return any(top < e["top"] < bottom and e["x0"] - 1 <= word.centre <= e["x1"] + 1 for e in rules)


def _heads_alone(c: int, words: Sequence[_Word], top: float, bottom: float, xs: Sequence[float], rules: Sequence[Edge]) -> bool:
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


def _spans(row: Sequence[_Word], a: int, b: int, xs: Sequence[float], region: Region) -> list[tuple[int, int]]:
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


def _off_centre(word: _Word, start: int, end: int, xs: Sequence[float], fixed: tuple[int, int] | None) -> float:
    if fixed is not None:
        return 0.0 if (start, end) == fixed else 1000.0
    left = abs(word.box[0] - xs[start])
    centre = abs(word.centre - (xs[start] + xs[end]) / 2)
    outside = max(0.0, xs[start] - word.box[0]) + max(0.0, word.box[2] - xs[end])
    return min(centre, left + 8.0) + 10.0 * outside


def _under_rule(word: _Word, a: int, b: int, xs: Sequence[float], region: Region) -> tuple[int, int] | None:
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


__all__ = ["Region", "merge_positions", "page_to_regions", "region_to_grid"]
