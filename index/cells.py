"""Raw lines of a plain extraction → the cells that were printed apart in them, so that each is put in order by itself.

Displaced characters never leave their cell; a mender that sees a whole table line at once could carry them into the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from index.headings import caption_of, squash, text_to_level, unit_of
from index.indicators import header_target, is_value, level_cut, target_cut
from index.names import bag_of, standard_word, tokens_to_words
from index.plainrows import PIECE, STRONG

_PART = re.compile(r"^(?:第\S{1,3}部分|[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[）)])\s*")
_ITEM = re.compile(
    r"^\s*(?:\d{1,2}[.．、](?!\d)|[⒈-⒛①-⑳]|[（(][一二三四五六七八九十]{1,3}[）)]|[一二三四五六七八九十]{1,3}、)"
    r"\s*(?=\S*[\u4e00-\u9fff])"
)
_DIGITS = re.compile(r"\d(?:[\d,.]*\d)?")
_TORN = re.compile(r"[\u4e00-\u9fff、，。（）“”]\s+[\u4e00-\u9fff、，。（）“”]")
_UNIT_HEAP = re.compile(r"^[金额单位人民币:：百万千亿元]{4,13}$")
_UNIT_PLAIN = re.compile(r"^(?:金额)?单位[:：](?:人民币)?[百万千亿]*元?$")
_KEYS = ("单位名称", "部门名称", "部门（单位）名称", "主管部门", "预算单位", "编制部门", "编制单位", "填报单位", "填报部门")
_KEY_BAGS = {bag_of(key + colon): key + colon for key in _KEYS for colon in ("", "：")}
CAPTION_LINES = 5  # below a caption: title, body and unit, keys of a performance form
_LIMIT = re.compile(r"^[≥≤＞＜>≧≦]\d[\d,.]*[%％]?$")
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
            text += raw[done:start] + _best(raw[start:end], next(mended).strip())
            done = end
        lines.append(raw if _is_whole_heading(raw) else text + raw[done:])
    return lines


def _is_whole_heading(raw: str) -> bool:
    """A line that reads as a heading and has no blank inside its words was not damaged."""
    return text_to_level(raw) is not None and not _TORN.search(_PART.sub("", raw.strip()))


def _best(raw: str, mended: str) -> str:
    """A cell that is a value or a standard word needs no guess; an order that would change a number is none."""
    unit = unit_of(raw)
    if unit and _UNIT_HEAP.match(squash(raw)) and not _UNIT_PLAIN.match(squash(raw)):
        return f"单位：{unit}"
    if is_value(raw):
        return squash(raw)
    key = _KEY_BAGS.get(bag_of(squash(raw)))
    if key:
        return key.replace("：", ":") if ":" in raw else key
    return standard_word(squash(raw)) or (mended if _DIGITS.findall(mended) == _DIGITS.findall(raw) else raw)


def lines_to_cells(raws: Sequence[str]) -> Iterator[list[tuple[int, int]]]:
    """The spans of a line's text cells: whole lines of prose, what stands between numbers in tables, and the parts of an
    indicator line (merged label, indicator, target)."""
    in_table = in_indicators = False
    since_caption = CAPTION_LINES
    for raw in raws:
        caption = caption_of(raw)
        since_caption += bool(raw.strip())
        if caption is not None and caption[0] and not caption[1]:
            in_table, in_indicators, since_caption = True, False, 0
        elif in_table and text_to_level(raw) in (1, 2):
            in_table = in_indicators = False
        words = [(m.start(), m.end()) for m in re.finditer(r"\S+", raw)]
        if not words or not _HAN.search(raw):
            yield []
        elif in_indicators and header_target(raw) is None:
            yield _indicator_cells(raw, words)
        elif in_table:
            in_indicators = in_indicators or header_target(raw) is not None
            keyed = since_caption < CAPTION_LINES and not in_indicators and (unit_of(raw) or since_caption > 1)
            yield _keyed_cells(raw, words) if keyed else _header_cells(raw, words) or _cells_between_numbers(raw, words)
        else:
            start = number.end() if (number := _ITEM.match(raw)) else words[0][0]
            yield [(start, words[-1][1])]


def _cells_between_numbers(raw: str, words: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    cells: list[tuple[int, int]] = []
    open_cell: tuple[int, int] | None = None
    for start, end in words:
        word = raw[start:end]
        if STRONG.match(word) or _LIMIT.match(word) or (PIECE.match(word) and not re.match(r"^\d{1,2}\.$", word)):
            if open_cell:
                cells.append(open_cell)
            open_cell = None
        else:
            open_cell = (open_cell[0], end) if open_cell else (start, end)
    if open_cell:
        cells.append(open_cell)
    return cells


def _header_cells(raw: str, words: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The words of a header line that holds nothing else; empty for any other line."""
    cuts = tokens_to_words([raw[start:end] for start, end in words]) or []
    return [(words[a][0], words[b - 1][1]) for a, b in zip([0, *cuts], cuts, strict=False)]


def _keyed_cells(raw: str, words: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Keys (单位名称：, 主管部门) and the unit at the line's end apart from the names between them."""
    texts = [raw[start:end] for start, end in words]
    end = next((i for i in range(len(words)) if _UNIT_HEAP.match("".join(texts[i:])) and unit_of("".join(texts[i:]))), len(words))
    cuts, at = {0, end, len(words)}, 0
    while at < end:
        size = next((n for n in range(8, 0, -1) if at + n <= end and bag_of("".join(texts[at : at + n])) in _KEY_BAGS), 0)
        if size:
            cuts.update((at, at + size))
        at += size or 1
    parts = [words[a:b] for a, b in pairwise(sorted(cuts)) if a < b]
    return [cell for part in parts for cell in _cells_between_numbers(raw, part) if _HAN.search(raw[cell[0] : cell[1]])]


def _indicator_cells(raw: str, words: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    texts = [raw[start:end] for start, end in words]
    cuts = [0]
    while (step := level_cut(texts[cuts[-1] :])) > 0:
        cuts.append(cuts[-1] + step)
    target = target_cut(texts[cuts[-1] :])
    if target:
        cuts.append(cuts[-1] + target)
    ends = [*cuts[1:], len(words)]
    parts = [words[a:b] for a, b in zip(cuts, ends, strict=True) if a < b]
    return [cell for part in parts for cell in _cells_between_numbers(raw, part) if _HAN.search(raw[cell[0] : cell[1]])]
