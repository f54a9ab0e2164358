"""Lines of a plain extraction below a table's header → rows: a label, perhaps a code, and printed numbers.

A label may be wrapped over lines before its numbers, a number may be broken over lines in a narrow column (``8,780.`` /
``00``), and one line may hold a row of each half of a two-sided form. Numbers are taken from the line as it is in the
file; only labels are taken from the mended line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.domain import Line
from index.headings import squash

STRONG = re.compile(r"^-?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)%?$")
WEAK = re.compile(r"^(?:\d{1,9}%?|-{1,2}|—{1,2})$")
PIECE = re.compile(r"^-?\d{1,3}(?:,\d{1,3})*[,.]\d*$|^[,.]\d+$")
CODE = re.compile(r"^[1-5]\d{2}(?:\d{2}(?:\d{2})?)?$")
YEAR = re.compile(r"^(?:19|20)\d\d$")
HALVES_MAX = 3  # 收入 | 支出 by function | 支出 by use


@dataclass(frozen=True, slots=True)
class Number:
    """A printed number and the line its first character stands in; ``broken`` where it could not be put together."""

    text: str
    line: int
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A label with the numbers to its right; ``indent`` is the number of blanks before the label."""

    text: str
    numbers: tuple[str, ...]
    indent: int
    code: str | None = None
    before: str = ""  # text left of the code (a body's name)


@dataclass(frozen=True, slots=True)
class Record:
    """One row of one half: ``half`` counts from the left where the line shows it, None where a line held one row only."""

    label: str
    code: str | None
    before: str
    indent: int
    numbers: tuple[Number, ...]
    lines: tuple[int, ...]
    half: int | None = None


def line_to_segments(text: str, codes: bool) -> list[Segment]:
    """Text and the numbers after it, repeated over the line. ``codes``: the table has a column of subject codes."""
    tokens = [(m.group(), m.start(), m.end()) for m in re.finditer(r"\S+", text)]
    kinds = _token_kinds([token for token, _, _ in tokens], codes)
    segments: list[Segment] = []
    words: list[tuple[str, int, int]] = []
    numbers: list[str] = []
    code, before, start, seen = None, "", 0, 0
    for (token, left, right), kind in zip(tokens, kinds, strict=True):
        if numbers and kind != "N":
            segments.append(Segment(_words(words, text), tuple(numbers), start, code, before))
            words, numbers, code, before = [], [], None, ""
        if kind == "C":
            if code is None:
                before, words = _words(words, text), []
                code = token
            else:
                code += token
            continue
        if kind == "N":
            numbers.append(token)
            seen = right
            continue
        if not words:
            start = left - seen - (1 if seen else 0)
        words.append((token, left, right))
    if words or numbers or code:
        segments.append(Segment(_words(words, text), tuple(numbers), start, code, before))
    return segments


def _words(words: Sequence[tuple[str, int, int]], text: str) -> str:
    return text[words[0][1] : words[-1][2]] if words else ""


def _token_kinds(tokens: Sequence[str], codes: bool) -> list[str]:
    """T text, N number, C (part of) a subject code, for each token of a line."""
    kinds = []
    for index, token in enumerate(tokens):
        if STRONG.match(token) or (PIECE.match(token) and not (re.match(r"^\d{1,2}\.$", token) and index + 1 < len(tokens))):
            kinds.append("N")
        elif WEAK.match(token):
            kinds.append("W")
        else:
            kinds.append("T")
    if codes:
        _mark_codes(tokens, kinds)
    for index in range(len(tokens) - 1, -1, -1):
        if kinds[index] == "W":
            after = kinds[index + 1] if index + 1 < len(tokens) else "N"
            lone_year = YEAR.match(tokens[index]) and not (index and kinds[index - 1] == "N")
            kinds[index] = "N" if after == "N" and not lone_year else "T"
            if index and after != "N" and kinds[index - 1] == "N" and tokens[index] in ("0", "-", "--", "—", "——"):
                kinds[index] = "N"
    return kinds


def _mark_codes(tokens: Sequence[str], kinds: list[str]) -> None:
    """Subject codes: first in the line, or left of a name. 204 06 01 is one code in three tokens."""
    index = 0
    while index < len(tokens):
        end = index + 1
        if kinds[index] == "W" and CODE.match(tokens[index]):
            while end < min(len(tokens), index + 3) and len(tokens[index]) == 3 and re.match(r"^\d{2}$", tokens[end]):
                end += 1
            if index == 0 or (end < len(tokens) and kinds[end] == "T"):
                kinds[index:end] = ["C"] * (end - index)
        index = end


def line_shape(text: str, codes: bool) -> tuple[int, ...]:
    """How many numbers each half of a line holds; one entry, or none, where the line shows no halves."""
    numbered = [s for s in line_to_segments(text, codes) if s.numbers]
    return () if _is_many_rows(numbered) else tuple(len(s.numbers) for s in numbered)


# ---------------------------------------------------------------- lines → records


def lines_to_records(lines: Sequence[Line], codes: bool) -> tuple[list[Record], list[Line]]:
    """The rows of a table body, numbers put together, and the lines after the last number that belong to no row."""
    records: list[Record] = []
    decimals = _decimals(lines)
    pending: list[tuple[Line, Segment]] = []
    open_row: list[tuple[Line, Segment]] = []
    tokens: list[tuple[str, int, bool]] = []

    def close() -> None:
        nonlocal open_row, tokens
        if tokens:
            records.append(_record(open_row, _join_numbers(tokens, decimals)))
        open_row, tokens = [], []

    for line in lines:
        segments = _mended_segments(line, codes)
        if not segments:
            continue
        numbered = [s for s in segments if s.numbers]
        first = segments[0]
        bare = len(segments) == 1 and not first.text and first.code is None
        if not (bare and tokens):
            close()
        if len(numbered) > 1 and _is_many_rows(numbered):
            for segment in segments:
                tokens = [(token, line.number, False) for token in segment.numbers]
                if segment.numbers:
                    records.append(_record([*pending, (line, segment)], _join_numbers(tokens, decimals)))
                    pending = []
            tokens = []
        elif len(numbered) > 1:
            records.extend(_halves(line, segments, pending, decimals))
            pending = []
        elif not numbered:
            pending.append((line, first))
        else:
            if not (bare and tokens):
                open_row, pending = [*pending, (line, first)], []
            tokens.extend((token, line.number, i == len(first.numbers) - 1) for i, token in enumerate(first.numbers))
    close()
    return _mend_wraps(records), [line for line, _ in pending]


def _is_many_rows(numbered: Sequence[Segment]) -> bool:
    """Several rows of one table that an extraction left in one line, not a row of each half of a form."""
    return len(numbered) > HALVES_MAX or all(segment.code for segment in numbered)


def _mended_segments(line: Line, codes: bool) -> list[Segment]:
    """Segments with the file's numbers and the mended labels (the file's labels where mending moved a number)."""
    raw = line_to_segments(line.raw if line.raw is not None else line.text, codes)
    if line.raw is None:
        return raw
    mended = line_to_segments(line.text, codes)
    if len(raw) != len(mended) or any(a.numbers != b.numbers or a.code != b.code for a, b in zip(raw, mended, strict=True)):
        return raw
    return [replace(a, text=b.text, before=b.before) for a, b in zip(raw, mended, strict=True)]


def _halves(line: Line, segments: Sequence[Segment], pending: Sequence[tuple[Line, Segment]], decimals: int) -> list[Record]:
    """A line with a row of each half; lines before it that hold text only begin the first label."""
    records = []
    for half, segment in enumerate(segments):
        rows = [*pending, (line, segment)] if half == 0 else [(line, segment)]
        tokens = [(token, line.number, False) for token in segment.numbers]
        records.append(replace(_record(rows, _join_numbers(tokens, decimals)), half=half))
    return records


def _record(rows: Sequence[tuple[Line, Segment]], numbers: Sequence[Number]) -> Record:
    code = next((s.code for _, s in rows if s.code), None)
    texts = [s.text for _, s in rows if s.text]
    at_code = next((i for i, (_, s) in enumerate(rows) if s.code), 0)
    before = rows[at_code][1].before if code else ""
    if code and at_code:
        before = "".join(squash(s.text) for _, s in rows[:at_code]) + before
        texts = [s.text for _, s in rows[at_code:] if s.text]
    indent = next((s.indent for _, s in rows if s.text), 0)
    return Record("".join(map(squash, texts)), code, squash(before), indent, tuple(numbers), tuple(line.number for line, _ in rows))


def _decimals(lines: Sequence[Line]) -> int:
    """How many decimals most numbers of the table print."""
    counts: Counter[int] = Counter()
    for line in lines:
        for token in (line.raw or line.text).split():
            if STRONG.match(token):
                counts[len(token.rstrip("%").partition(".")[2])] += 1
    return counts.most_common(1)[0][0] if counts else 0


def _join_numbers(tokens: Sequence[tuple[str, int, bool]], decimals: int) -> list[Number]:
    """Numbers from tokens (text, line, last of its line): a piece at a line's end goes on at the start of the next line."""
    numbers: list[Number] = []
    held: tuple[str, int] | None = None
    for token, line, last in tokens:
        text, start = (held[0] + token, held[1]) if held else (token, line)
        held = None
        if _complete(text, decimals):
            numbers.append(Number(text, start))
        elif last:
            held = (text, start)
        else:
            numbers.append(Number(text, start, broken=not WEAK.match(text)))
    if held:
        numbers.append(Number(held[0], held[1], broken=not WEAK.match(held[0])))
    return numbers


def _complete(text: str, decimals: int) -> bool:
    if re.match(r"^[-—]{1,2}$|^0$", text) and decimals == 0:
        return True
    if "%" in text:
        return True
    whole, dot, fraction = text.lstrip("-").partition(".")
    well_formed = bool(re.match(r"^(?:\d{1,3}(?:,\d{3})+|\d+)$", whole))
    if decimals:
        return (well_formed and bool(dot) and len(fraction) >= decimals) or bool(re.match(r"^[-—]{1,2}$", text))
    return well_formed and not (dot and not fraction)


def _mend_wraps(records: list[Record]) -> list[Record]:
    """A label whose bracket stays open goes on at the head of the next row's label (its numbers stood in the middle)."""
    for index in range(len(records) - 1):
        label, following = records[index].label, records[index + 1]
        if label.count("（") == label.count("）") + 1 and following.label.count("）") == following.label.count("（") + 1:
            head, bracket, tail = following.label.partition("）")
            if "（" not in head and tail:
                records[index] = replace(records[index], label=label + head + bracket)
                records[index + 1] = replace(following, label=tail)
    return records
