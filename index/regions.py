"""Where on a page tables without vertical rules stand: runs of lines with several pieces and numbers below each other.

A line's words become tokens; a figure is a token of its own even where the gap beside it is small. Horizontal rules of
one width bound a table where they are drawn.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.amounts import BLANKS, cell_to_value
from index.captions import BODY_NAME
from index.columns import YEAR
from index.domain import Box, Glyph, Page
from index.grids import Edge
from index.headings import caption_of, unit_of
from index.hierarchy import is_total
from index.textlines import glyphs_to_rows, row_to_line

PIECE_GAP = 0.8  # em: pieces of a line further apart than this may be cells
TOKEN_GAP = 0.36  # em: words further apart than this may stand in different columns
NUMBER_GAP = 0.12  # em: the same beside an amount
WRAP_PITCH = 1.55  # em from line to line: nearer lines of a column are one wrapped cell
ROW_REACH = 3.5  # em: a gap wider than this ends a table without rules
WIDE_RULE = 0.35  # share of the page width
SAME_RULE = 6.0  # points by which the ends of a table's rules may differ
LONE_ROW = 3  # so many figures in one line are a table by themselves
RIGHT_EDGE = 2.5  # points by which right-aligned numbers may differ
EMPTY_ROWS = 3  # a table without figures is no longer than its header, a total and a blank row
PAGE_FOOT = 0.91  # share of the page height above the page number
PROSE_SHARE = 0.62  # a piece wider than this share of the page is prose
AMOUNT = re.compile(r"^-?[\d,]+\.\d+%?$|^-?\d{1,3}(,\d{3})+$|^-?\d+(\.\d+)?%$")
HEADER_WORD = re.compile(
    r"^(项\s*目|科目|名称|金额|合计|总计|小计|备注|序号|单位|内容|类别|预算|决算|指标)"
    r"|(名称|编码|金额|预算数|决算数|目标|备注|数)(（.*）)?$"
)
NOTE_LINE = re.compile(r"^(备?注|说明)[:：\d]")


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
class Line:
    """A printed line: ``tokens`` are its words, ``pieces`` words joined where the gap is small."""

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

    lines: tuple[Line, ...]
    rules: tuple[Edge, ...]
    box: Box

    @property
    def glyphs(self) -> list[Glyph]:
        return [g for line in self.lines for g in line.glyphs]

    @property
    def has_number(self) -> bool:
        return any(line.has_number for line in self.lines)


# ---------------------------------------------------------------- finding tables on the page


def page_to_regions(page: Page, glyphs: Sequence[Glyph], edges: Sequence[Edge], eager: bool = False) -> list[Region]:
    """Tables among the glyphs that stand in no ruled grid; ``edges`` are the page's rules outside such grids.

    ``eager``: a form of words is open from the page before, so that all lines up to a caption belong to it.
    """
    lines = [_line(row) for row in glyphs_to_rows(glyphs)]
    if eager:
        return _whole_page(page, lines, edges)
    if not any(_is_tabular(line, page.width) for line in lines):
        return []
    rules = [e for e in edges if e["orientation"] == "h"]
    regions, taken = _ruled_regions(page, lines, rules)
    free = [[] if i in taken else [line] for i, line in enumerate(lines)]
    regions += _open_regions(page, [entry[0] if entry else None for entry in free])
    return sorted(regions, key=lambda region: region.box[1])


def _whole_page(page: Page, lines: Sequence[Line], edges: Sequence[Edge]) -> list[Region]:
    chosen = list(itertools.takewhile(lambda line: not _is_caption(line), lines))
    chosen = [line for line in chosen if line.middle < PAGE_FOOT * page.height]
    if not any(len(line.pieces) > 1 for line in chosen):
        return []
    boxes = [token.box for line in chosen for token in line.tokens]
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    rules = tuple(e for e in edges if e["orientation"] == "h" and box[1] - 20 <= e["top"] <= box[3] + 20)
    return [Region(tuple(chosen), rules, box)]


def _line(row: Sequence[Glyph]) -> Line:
    tokens = tuple(_tokens(row))
    return Line(tuple(row), tuple(_pieces(tokens)), tokens, row_to_line(row).text)


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


def _is_tabular(line: Line, width: float) -> bool:
    """Several pieces with a number among them, or many pieces."""
    if any(p.x1 - p.x0 > PROSE_SHARE * width for p in line.pieces) or NOTE_LINE.match(line.text):
        return False
    if len(line.pieces) >= 2 and any(p.number or p.text in BLANKS for p in line.pieces[1:]):
        return True
    return len(line.pieces) >= 4 or is_header_line(line)


def is_header_line(line: Line) -> bool:
    """项目名称 | 预算数（万元） | 绩效目标: short words that head columns."""
    texts = [p.text for p in line.pieces]
    return len(texts) >= 3 and all(len(t) <= 16 for t in texts) and sum(bool(HEADER_WORD.search(t)) for t in texts) >= 2


def _is_caption(line: Line) -> bool:
    flat = re.sub(r"\s+", "", line.text)
    return bool(unit_of(line.text) or caption_of(line.text) or any(BODY_NAME.match(p.text) for p in line.pieces) or NOTE_LINE.match(flat))


def _ruled_regions(page: Page, lines: Sequence[Line], rules: Sequence[Edge]) -> tuple[list[Region], set[int]]:
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
        if chosen and tabular and (end > start or tabular >= 2) and _spans_figures(first, [lines[i] for i in chosen]):
            region_lines = tuple(lines[i] for i in chosen)
            bottom = max(wide[end]["top"], max(line.bottom for line in region_lines))
            box = (first["x0"], min(first["top"], region_lines[0].top), first["x1"], bottom)
            inner = tuple(e for e in rules if box[1] - 1 <= e["top"] <= bottom + 1 and e["x1"] > box[0] and e["x0"] < box[2])
            regions.append(Region(region_lines, inner, box))
            taken |= members
        start = end + 1
    return regions, taken


def _spans_figures(rule: Edge, lines: Sequence[Line]) -> bool:
    """A table's rules run over its figures; those of a chart have labels beside them."""
    return all(rule["x0"] - t.em <= t.centre <= rule["x1"] + t.em for line in lines for t in line.tokens if t.number)


def _same_ends(a: Edge, b: Edge) -> bool:
    return bool(abs(a["x0"] - b["x0"]) <= SAME_RULE and abs(a["x1"] - b["x1"]) <= SAME_RULE)


def _between(lines: Sequence[Line], top: float, bottom: float, taken: set[int]) -> list[int]:
    return [i for i, line in enumerate(lines) if top < line.middle < bottom and i not in taken]


def _is_prose(line: Line, page: Page) -> bool:
    return len(line.pieces) == 1 and line.pieces[0].x1 - line.pieces[0].x0 > PROSE_SHARE * page.width


def _run_on(lines: Sequence[Line], y: float, page: Page, taken: set[int]) -> list[int]:
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
        tail = lines[found[-1]]
        if tail.top - y < WRAP_PITCH * tail.em or (len(found) > 1 and is_wrap_of(tail, lines[found[-2]])):
            break
        found.pop()
    return found if any(i in seeds for i in found) else []


def _run_in(lines: Sequence[Line], rule: Edge, page: Page) -> list[int]:
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


def is_wrap_of(line: Line, above: Line) -> bool:
    """Near enough below another line to go on with its cell."""
    return line.middle - above.middle <= WRAP_PITCH * line.em


def _open_regions(page: Page, lines: Sequence[Line | None]) -> list[Region]:
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
        while end + 1 < len(lines) and (tail := lines[end + 1]) is not None and is_wrap_of(tail, run[-1]):
            if _is_caption(tail) or _is_prose(tail, page):
                break
            run.append(tail)
            end += 1
        while end + 1 < len(lines) and (tail := lines[end + 1]) is not None and _in_columns(tail, run):
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


def _in_columns(line: Line, run: Sequence[Line]) -> bool:
    """A last row without a figure: each of its pieces begins where one begins in the rows above."""
    if len(line.pieces) == 1 and is_total(line.text) and not any(other.has_number for other in run):
        return line.top - run[-1].bottom <= ROW_REACH * line.em  # the total of an empty table
    if len(line.pieces) < 2 or line.top - run[-1].bottom > ROW_REACH * line.em or _is_caption(line):
        return False
    return all(any(abs(piece.x0 - p.x0) <= RIGHT_EDGE for other in run for p in other.pieces) for piece in line.pieces)


def _has_aligned_numbers(run: Sequence[Line]) -> bool:
    edges = [p.x1 for line in run for p in line.pieces[1:] if p.number]
    if len(edges) >= LONE_ROW and max(sum(p.number for p in line.pieces) for line in run) >= LONE_ROW:
        return True
    if (edges or len(run) <= EMPTY_ROWS) and any(is_header_line(line) for line in run):
        return True
    return len(run) >= 2 and any(sum(abs(e - other) <= RIGHT_EDGE for other in edges) >= 2 for e in edges)


def _header_above(page: Page, lines: Sequence[Line | None], start: int, run: Sequence[Line]) -> list[Line]:
    head: list[Line] = []
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
