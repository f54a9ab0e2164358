"""Tables without vertical rules → grids: rows and columns from where the text stands.

Columns are the strips that the body's words leave free between them, matched with the header words above; rows hang on
the lines that carry numbers, and the wrapped lines of a label belong to the nearest of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from index.columns import BRACKETS
from index.domain import Box
from index.grids import Grid, GridCell, merge_positions
from index.headwords import Word, bottom_words, header_cells, header_words
from index.innerforms import INNER_WORD, PROJECT_KEY, is_inner_header
from index.regions import WRAP_PITCH, Line, Region, Token, is_header_line, is_wrap_of
from index.textlines import glyphs_to_lines

SPLIT_STRIP = 20.0  # points: cost of two strips of words under one header word
UNMATCHED = 100.0  # points: cost of a header word without a strip below it, or the other way round
FULL_RULE = 0.9  # share of the table's width: a rule as long as this crosses all of it
WIDE_TOKEN = 0.5  # share of the table's width: words as wide as this cross columns

HEADER_PIECES = 3  # a line of so many words and no figure names columns

_Strip = tuple[float, float, bool]  # left, right, holds figures


def region_to_grids(region: Region, with_header: bool = True) -> list[Grid]:
    """The grid of a table found by its text; a form with inner headers gives one for each of them."""
    cuts = _inner_headers(region)
    if not cuts:
        first = next((i for i, line in enumerate(region.lines) if line.has_number), len(region.lines))
        grid = _lines_to_grid(region, _header_end(region, first) if with_header else region.box[1] - 1)
        return [grid] if grid else []
    if len(cuts) == 1 and cuts[0][0] == 0 and any(PROJECT_KEY.match(token.text) for token in region.lines[0].tokens):
        grid = _lines_to_grid(region, cuts[0][1])  # a list of projects with their indicators, under one header
        return [grid] if grid else []
    grids = []
    bounds = [(0, region.box[1] - 1), *cuts] if cuts[0][0] > 0 else cuts
    for (start, head_end), (end, _) in zip(bounds, [*bounds[1:], (len(region.lines), 0.0)], strict=True):
        lines = region.lines[start:end]
        top, bottom = min(line.top for line in lines), max(line.bottom for line in lines)
        grid = _lines_to_grid(Region(lines, region.rules, (region.box[0], top, region.box[2], bottom)), head_end)
        if grid:
            grids.append(replace(grid, inner=True))
    return grids


def _row_cells(row: dict[int, list[Token]], r: int, xs: Sequence[float], ys: Sequence[float], widest: float) -> list[GridCell]:
    """The cells of a row; words that cross columns make one cell over them."""
    columns = range(len(xs) - 1)
    spans = [(c, c + 1) for c in columns]
    wide = [token for tokens in row.values() for token in tokens if token.x1 - token.x0 >= widest]
    if wide:
        left, right = min(t.x0 for t in wide) + wide[0].em / 2, max(t.x1 for t in wide) - wide[0].em / 2
        inside = [c for c in columns if xs[c + 1] > left and xs[c] < right]
        spans = [span for span in spans if span[0] not in inside] + [(inside[0], inside[-1] + 1)]
    cells = []
    for c0, c1 in sorted(spans):
        glyphs = [g for c in range(c0, c1) for token in row.get(c, ()) for g in token.glyphs]
        cell = GridCell(r, r + 1, c0, c1, (xs[c0], ys[r], xs[c1], ys[r + 1]))
        cells.append(cell.with_lines(glyphs_to_lines(glyphs)))
    return cells


def _inner_headers(region: Region) -> list[tuple[int, float]]:
    """For each inner header: the index of its first line and the height where it ends."""
    found = []
    wide = [e["top"] for e in region.rules if e["width"] >= WIDE_TOKEN * (region.box[2] - region.box[0])]
    lines = region.lines
    for i, line in enumerate(lines):
        if not is_inner_header([token.text for token in line.tokens]):
            continue
        above = max((y for y in wide if line.middle - 5 * line.em < y < line.middle), default=None)
        below = min((y for y in wide if line.middle < y < line.middle + 5 * line.em), default=None)
        start = i
        while start and not lines[start - 1].has_number and _heads_with(lines[start - 1], lines[start], above):
            start -= 1
        end = i + 1
        while end < len(lines) and not lines[end].has_number and _heads_with(lines[end], lines[end - 1], below):
            end += 1
        found.append((start, lines[end - 1].bottom + 0.5))
    return found


def _heads_with(line: Line, known: Line, rule: float | None) -> bool:
    """Does a line belong to the inner header beside it? It has words of one, and is near, or on the same side of a rule."""
    if not any(INNER_WORD.match(BRACKETS.sub("", token.text)) for token in line.tokens):
        return False
    upper, lower = (line, known) if line.middle < known.middle else (known, line)
    between = rule is not None and not upper.middle < rule < lower.middle
    return between or is_wrap_of(lower, upper)


def _lines_to_grid(region: Region, head_end: float) -> Grid | None:
    """Rows, columns and header of a table whose header ends at a height; None where no columns show."""
    lines = region.lines
    head = [line for line in lines if line.middle < head_end]
    body = [line for line in lines if line.middle >= head_end]
    if not body and not head:
        return None
    rules = _full_rules(region)
    words = header_words(head, region.rules)
    columns = _columns(_strips(body, region), bottom_words(words, region, head_end))
    if len(columns) < 2:
        return None
    xs = _boundaries(columns, region.box)
    rows = _body_rows(body, xs, rules)
    head_cells, depth = header_cells(words, xs, region, head_end)
    ys = _row_edges(rows, depth, region.box[1], head_end, region.box[3])
    cells = list(head_cells)
    for r, row in enumerate(rows, start=depth):
        cells.extend(_row_cells(row, r, xs, ys, WIDE_TOKEN * (region.box[2] - region.box[0])))
    return Grid(tuple(xs), tuple(ys), tuple(cells), drawn=False, header_rows=depth)


def _full_rules(region: Region) -> list[float]:
    return [float(e["top"]) for e in region.rules if e["width"] >= FULL_RULE * (region.box[2] - region.box[0])]


def _header_end(region: Region, first: int) -> float:
    """Where the header ends: the last wide rule above the first number, or half way to the first line of the body."""
    lines = region.lines
    if first >= len(lines):
        wide = sorted(_full_rules(region))
        if not wide and lines and is_header_line(lines[0]):
            return lines[0].bottom + 0.5
        if len(wide) <= 2:
            return region.box[1] - 1
        heads = [line for line in lines if len(line.pieces) >= HEADER_PIECES]  # a row without a figure has its label alone
        below = [y for y in wide if heads and y > heads[-1].middle]
        return max(wide[1], below[0]) if below else wide[1]
    anchor = lines[first]
    above = [y for y in _full_rules(region) if region.box[1] + 2 < y < anchor.middle]
    if above:
        return max(above)
    start = first
    while start > 0 and _label_only_above(lines[start - 1], lines[start], lines[first:]):
        start -= 1
    return (lines[start - 1].bottom + lines[start].top) / 2 if start > 0 else region.box[1] - 1


def _label_only_above(line: Line, below: Line, rest: Sequence[Line]) -> bool:
    """The first line of a wrapped label above its figures: it stands at their left, or goes on as far below them as above."""
    anchor = rest[0]
    if not is_wrap_of(line, below) or len(line.pieces) > 1:
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


def _strips(body: Sequence[Line], region: Region) -> list[_Strip]:
    """The x ranges that the body's words fill, and whether figures stand in them."""
    widest = WIDE_TOKEN * (region.box[2] - region.box[0])
    tokens = [t for line in body for t in line.tokens if t.x1 - t.x0 < widest] or [t for line in body for t in line.tokens]
    ranges = _merged([(t.x0, t.x1) for t in tokens])
    return [(x0, x1, any(t.number for t in tokens if x0 <= t.centre <= x1)) for x0, x1 in ranges]


def _columns(strips: Sequence[_Strip], words: Sequence[Word]) -> list[tuple[float, float]]:
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
    middles = [(a[1] + b[0]) / 2 for a, b in itertools.pairwise(strips)]
    middles = merge_positions(middles, 0.0)
    return [min(box[0], strips[0][0]) - 1, *middles, max(box[2], strips[-1][1]) + 1]


def _column_of(token: Token, xs: Sequence[float]) -> int:
    shares = [min(token.x1, b) - max(token.x0, a) for a, b in itertools.pairwise(xs)]
    return max(range(len(shares)), key=lambda i: shares[i])


# ---------------------------------------------------------------- rows


def _body_rows(body: Sequence[Line], xs: Sequence[float], rules: Sequence[float]) -> list[dict[int, list[Token]]]:
    """Rows from top to bottom, each with the tokens of its columns."""
    rows: list[dict[int, list[Token]]] = []
    edges = [*sorted(rules), float("inf")]
    below = 0
    bands: dict[int, list[Line]] = {}
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


def _band_rows(band: Sequence[Line], xs: Sequence[float]) -> list[list[Line]]:
    """Lines between two rules → rows: every line with numbers is one; other lines join the one they wrap around."""
    anchors = [i for i, line in enumerate(band) if line.has_number]
    if len(anchors) <= 1 and anchors:
        reach = _chain(band, anchors[0], xs)
        return [list(band)] if reach == set(range(len(band))) else _grouped(band, anchors, xs)
    return _grouped(band, anchors, xs)


def _chain(band: Sequence[Line], start: int, xs: Sequence[float]) -> set[int]:
    found = {start}
    for step in (-1, 1):
        i = start + step
        while 0 <= i < len(band) and abs(band[i].middle - band[i - step].middle) <= WRAP_PITCH * band[i].em:
            found.add(i)
            i += step
    return found


def _grouped(band: Sequence[Line], anchors: Sequence[int], xs: Sequence[float]) -> list[list[Line]]:
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
    groups: dict[int, list[Line]] = {}
    for i in range(len(band)):
        groups.setdefault(owner[i], []).append(band[i])
    return [groups[key] for key in sorted(groups)]


def _stands_between(i: int, j: int, band: Sequence[Line], owner: dict[int, int]) -> bool:
    return any(owner.get(k, owner[j]) != owner[j] for k in range(min(i, j) + 1, max(i, j)))


def _row_edges(rows: Sequence[dict[int, list[Token]]], depth: int, top: float, head_end: float, bottom: float) -> list[float]:
    """One y more than rows; header rows share the space above the body."""
    spans = [(min(t.box[1] for ts in row.values() for t in ts), max(t.box[3] for ts in row.values() for t in ts)) for row in rows]
    edges = [top + (head_end - top) * k / depth for k in range(depth)] if depth else []
    edges.append(max(head_end, top) if depth else min(top, spans[0][0]))
    for above, below in itertools.pairwise(spans):
        edges.append(max(edges[-1] + 0.1, (above[1] + below[0]) / 2))
    edges.append(max(edges[-1] + 0.1, bottom))
    return edges
