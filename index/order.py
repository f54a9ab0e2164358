"""Puts displaced characters of a plain-text extraction back to their place.

A fallback font on another baseline makes an extractor write a line as several runs, one after the other: each run goes left to right, and a
blank inside a run stands where characters of another run belong. Between two neighbours *no blank* means that the second stands right after
the first on the page, or somewhere before it (a new run began); *a blank* means a jump over at least one character. Numbers keep their order
and their digits; a blank beside a number proves nothing. Among all orders that obey this the likeliest Chinese is taken.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.ngrams import Language, Own, general, is_number, token_to_symbol

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,%]*|\S")
_AMOUNTS = re.compile(r"^(.*?\S)((?:\s+-?[0-9][0-9,]*(?:\.[0-9]+)?%?){2,}|\s+-?[0-9][0-9,]*\.[0-9]{2})\s*$")
_CODE = re.compile(r"^\s*(?!(?:19|20)\d\d\s)[0-9]{3,}\s+(?=\D)")
_TORN = re.compile(r"(?:^|[\u3400-\u9fff] )[，。、；）](?![、，])|[\u3400-\u9fff]{2} [\u3400-\u9fff] [\u3400-\u9fff]{2}|（ ）")
_HAN = re.compile(r"[\u3400-\u9fff]")
_CLOSING, _OPENING = frozenset("，。、：；）》”〉！？"), frozenset("（《“〈")
_CLASSES = frozenset("YDPLNa")


@dataclass(frozen=True)
class Weights:
    """Log-likelihood (nats) of what makes an order less likely."""

    new_run: float = -3.0        # one more jump back
    odd_run: float = -3.0        # a run that does not start at the first free place
    honest_gap: float = -7.0     # a blank between Chinese characters that is the document's own
    bad_edge: float = -6.0       # a line that starts with a closing mark or ends with an opening one
    beam: int = 60               # orders kept at each step
    most_runs: int = 6
    damaged_share: float = 0.1   # of the lines with enough Chinese, how many must have gaps before a document counts as damaged
    long_line: int = 12          # Chinese characters that make a line long enough to judge the document by


@dataclass(frozen=True)
class Mended:
    """A line put in order; `text` is `raw` where nothing was out of place."""

    text: str
    raw: str
    margin: float  # nats between the best order and the second best


@dataclass(frozen=True)
class _Line:
    """Tokens in extraction order; `gaps[i]` tells that a blank stands before token i, `loose[i]` that this blank proves nothing."""

    tokens: tuple[str, ...]
    gaps: tuple[bool, ...]
    loose: tuple[bool, ...]
    symbols: str


def text_to_line(text: str) -> _Line:
    tokens, gaps, end = [], [], None
    for match in _TOKEN.finditer(text):
        tokens.append(match.group())
        gaps.append(end is not None and match.start() > end)
        end = match.end()
    symbols = "".join(map(token_to_symbol, tokens))
    loose = tuple(i > 0 and gaps[i] and (symbols[i] in _CLASSES or symbols[i - 1] in _CLASSES) for i in range(len(tokens)))
    return _Line(tuple(tokens), tuple(gaps), loose, symbols)


def line_to_pieces(line: _Line) -> Iterator[str]:
    """Symbols between blanks that mean something: the stretches that are mostly as printed."""
    start = 0
    for i in range(1, len(line.symbols)):
        if line.gaps[i] and not line.loose[i]:
            yield line.symbols[start:i]
            start = i
    yield line.symbols[start:]


@dataclass(frozen=True, slots=True)
class _State:
    score: float
    history: str
    runs: int
    furthest: int
    path: tuple[object, ...]  # (path before, index), outermost last


def _moves(line: _Line, placed: int, last: int, state: _State, weights: Weights) -> list[tuple[int, float, int]]:
    """(index, penalty, runs started) of each token that may stand next."""
    size, following = len(line.tokens), last + 1
    open_next = last >= 0 and following < size and not placed >> following & 1
    if open_next and not line.gaps[following]:
        return [(following, 0.0, state.runs)]
    moves: list[tuple[int, float, int]] = []
    if open_next:
        moves.append((following, 0.0 if line.loose[following] else weights.honest_gap, state.runs))
    if not placed & 1:
        moves.append((0, 0.0, state.runs))
    edges = placed & ~(placed >> 1)
    while edges:
        low = edges & -edges
        edges ^= low
        index = low.bit_length()
        if index - 1 != last and index < size:
            moves.append((index, 0.0, state.runs))
    if state.runs < weights.most_runs:
        for index in range(1, size):
            if not line.gaps[index] and not placed >> index - 1 & 3:
                penalty = weights.new_run if index > state.furthest else weights.new_run + weights.odd_run
                moves.append((index, penalty, state.runs + 1))
    return moves


def _search(line: _Line, language: Language, before: str, after: str, weights: Weights) -> list[tuple[float, list[int]]]:
    """Orders (indices in page order) with their scores, best first; none where the beam lost its way."""
    size = len(line.tokens)
    alone = [language.log_likelihood("", symbol) for symbol in line.symbols]
    numbers = [i for i in range(size) if is_number(line.tokens[i])]
    number_before = dict(zip(numbers[1:], numbers, strict=False))
    beam: dict[tuple[int, int], _State] = {(0, -1): _State(0.0, before, 0, -1, ())}
    for step in range(size):
        grown: dict[tuple[int, int], _State] = {}
        for (placed, last), state in beam.items():
            for index, penalty, runs in _moves(line, placed, last, state, weights):
                needed = number_before.get(index)
                if needed is not None and not placed >> needed & 1:
                    continue
                symbol = line.symbols[index]
                if (step == 0 and symbol in _CLOSING) or (step == size - 1 and symbol in _OPENING):
                    penalty += weights.bad_edge
                # Against its own frequency: orders that have used up the frequent characters must not look better halfway.
                score = state.score + penalty + language.log_likelihood(state.history, symbol) - alone[index]
                key = (placed | 1 << index, index)
                known = grown.get(key)
                if known is None or score > known.score:
                    grown[key] = _State(score, state.history[-3:] + symbol, runs, max(state.furthest, index), (state.path, index))
        if len(grown) > weights.beam:
            grown = dict(sorted(grown.items(), key=lambda item: -item[1].score)[:weights.beam])
        beam = grown
    return sorted((_finish(state, language, after) for state in beam.values()), reverse=True)


def _finish(state: _State, language: Language, after: str) -> tuple[float, list[int]]:
    score, history = state.score, state.history
    for symbol in after:
        score += language.log_likelihood(history, symbol)
        history += symbol
    order: list[int] = []
    path = state.path
    while path:
        order.append(path[1])  # type: ignore[arg-type]
        path = path[0]  # type: ignore[assignment]
    return score, order[::-1]


def order_to_text(line: _Line, order: Sequence[int]) -> str:
    """Blanks are kept where both neighbours of the extraction still stand side by side."""
    words: list[str] = []
    for place, index in enumerate(order):
        if place and order[place - 1] + 1 == index and line.gaps[index]:
            words.append(" ")
        words.append(line.tokens[index])
    return "".join(words)


@dataclass(frozen=True)
class _Parts:
    """A line's code column, its text, and its columns of amounts; only the text can be out of order."""

    head: str
    body: str
    tail: str


def _text_to_parts(text: str) -> _Parts:
    head = tail = ""
    if match := _AMOUNTS.match(text):
        text, tail = match.group(1), match.group(2)
    if match := _CODE.match(text):
        head, text = match.group(), text[match.end():]
    return _Parts(head, text.strip(), tail)


def is_damaged(lines: Sequence[str], weights: Weights = Weights()) -> bool:
    """Whether characters are displaced throughout: many long lines have a mark or a single character between blanks."""
    long_lines = {line.strip() for line in lines if len(_HAN.findall(line)) >= weights.long_line}
    torn = sum(bool(_TORN.search(line)) for line in long_lines)
    return torn >= 2 and torn >= weights.damaged_share * len(long_lines)


def mend(lines: Sequence[str], weights: Weights = Weights()) -> list[Mended]:
    """Each line put in order, in two passes: the second one knows the phrases and neighbours that the first one found."""
    mended = [Mended(line, line, 0.0) for line in lines]
    if not is_damaged(lines, weights):
        return mended
    parts = {i: _text_to_parts(line) for i, line in enumerate(lines) if _HAN.search(line)}
    bodies = {i: part.body for i, part in parts.items()}
    margins: dict[int, float] = {}
    for second in (False, True):
        bodies, margins = _one_pass(parts, bodies, second, weights)
    for i, part in parts.items():
        if bodies[i] != part.body:
            mended[i] = replace(mended[i], text=part.head + bodies[i] + part.tail, margin=margins[i])
    return mended


def _one_pass(parts: dict[int, _Parts], known: dict[int, str], neighbours: bool,
              weights: Weights) -> tuple[dict[int, str], dict[int, float]]:
    lines = {i: text_to_line(text) for i, text in known.items()}
    raw = {i: text_to_line(part.body) for i, part in parts.items()}
    unique = {(part.body, known[i]): i for i, part in parts.items()}
    language = Language(general(), Own(piece for i in unique.values() for piece in line_to_pieces(lines[i])))
    bodies: dict[int, str] = {}
    margins: dict[int, float] = {}
    done: dict[tuple[str, str, str, str], tuple[str, float]] = {}
    order = list(parts)
    for place, i in enumerate(order):
        before = after = ""
        if neighbours and place and not parts[order[place - 1]].tail:
            before = lines[order[place - 1]].symbols[-3:]
        if neighbours and place + 1 < len(order) and not parts[order[place + 1]].head and not parts[i].tail:
            after = lines[order[place + 1]].symbols[:2]
        key = (parts[i].body, known[i], before, after)
        if key not in done:
            language.leave_out(line_to_pieces(lines[i]))
            done[key] = _mend_body(raw[i], parts[i].body, language, before, after, weights)
        bodies[i], margins[i] = done[key]
    return bodies, margins


def _mend_body(line: _Line, body: str, language: Language, before: str, after: str, weights: Weights) -> tuple[str, float]:
    found = _search(line, language, before, after, weights) if len(line.tokens) > 1 else []
    if not found:
        return body, 0.0
    margin = found[0][0] - found[1][0] if len(found) > 1 else float("inf")
    order = found[0][1]
    return (body if order == list(range(len(order))) else order_to_text(line, order)), margin


def mend_lines(lines: Sequence[str]) -> list[str]:
    """The lines with every displaced character back in its place; undamaged lines and documents come back as they are."""
    return [line.text for line in mend(lines)]
