"""Raw lines of a plain extraction → the cells that were printed apart in them, so that each is put in order by itself.

Displaced characters never leave their cell; a mender that sees a whole table line at once could carry them into the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from index.goals import is_indicator_header, level_cut, target_cut
from index.headings import caption_of, squash, text_to_level
from index.plainrows import PIECE, STRONG

_HAN = re.compile(r"[\u4e00-\u9fff]")


def mend_cells(raws: Sequence[str], mend: Callable[[Sequence[str]], list[str]]) -> list[str]:
    """Every line with its cells mended one by one; a heading that reads as one stays as it is."""
    spans = list(lines_to_cells(raws))
    pieces = [raw[start:end] for raw, cells in zip(raws, spans, strict=True) for start, end in cells]
    mended = iter(mend(pieces))
    lines = []
    for raw, cells in zip(raws, spans, strict=True):
        text, done = "", 0
        for start, end in cells:
            new = next(mended)
            text += raw[done:start] + (raw[start:end] if _keeps(raw[start:end], new) else new.strip())
            done = end
        lines.append(text + raw[done:])
    return lines


def _keeps(raw: str, new: str) -> bool:
    """A line that is a heading as it stands was not damaged, whatever a mender makes of it."""
    return text_to_level(raw) is not None and text_to_level(new) != text_to_level(raw)


def lines_to_cells(raws: Sequence[str]) -> Iterator[list[tuple[int, int]]]:
    """The spans of a line's text cells: whole lines of prose, what stands between numbers in tables, and the parts of an
    indicator line (merged label, indicator, target)."""
    in_table = in_indicators = False
    for raw in raws:
        caption = caption_of(raw)
        if caption is not None and caption[0] and not caption[1]:
            in_table, in_indicators = True, False
        elif in_table and text_to_level(raw) in (1, 2):
            in_table = in_indicators = False
        words = [(m.start(), m.end()) for m in re.finditer(r"\S+", raw)]
        if not words or not _HAN.search(raw):
            yield []
        elif in_indicators and not is_indicator_header(raw):
            yield _indicator_cells(raw, words)
        elif in_table:
            in_indicators = in_indicators or is_indicator_header(raw)
            yield _cells_between_numbers(raw, words)
        else:
            yield [(words[0][0], words[-1][1])]


def _cells_between_numbers(raw: str, words: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    cells: list[tuple[int, int]] = []
    open_cell: tuple[int, int] | None = None
    for start, end in words:
        word = raw[start:end]
        if STRONG.match(word) or (PIECE.match(word) and not re.match(r"^\d{1,2}\.$", word)):
            if open_cell:
                cells.append(open_cell)
            open_cell = None
        else:
            open_cell = (open_cell[0], end) if open_cell else (start, end)
    if open_cell:
        cells.append(open_cell)
    return cells


def _indicator_cells(raw: str, words: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    texts = [raw[start:end] for start, end in words]
    cuts = [0]
    while (step := level_cut(texts[cuts[-1] :])) > 0:
        cuts.append(cuts[-1] + step)
    target = target_cut(texts[cuts[-1] :])
    if target:
        cuts.append(cuts[-1] + target)
    ends = [*cuts[1:], len(words)]
    return [(words[a][0], words[b - 1][1]) for a, b in zip(cuts, ends, strict=True) if a < b and _HAN.search(squash("".join(texts[a:b])))]
