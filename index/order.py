"""Puts displaced characters of a plain-text extraction back to their place.

A fallback font on another baseline makes an extractor write a line as several runs, one after the other: each run
goes left to right, and a blank inside a run stands where characters of another run belong. Between two neighbours *no
blank* means that the second stands right after the first on the page, or somewhere before it (a new run began); *a
blank* means a jump over at least one character. Numbers keep their order and their digits; a blank beside a number
proves nothing. Among all orders that obey this the likeliest Chinese is taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, pairwise
from math import log
from operator import itemgetter
from typing import Any, NamedTuple

from index.ngrams import DOCUMENT_ORDER, Language, Own, general, is_number, token_to_symbol

_TOKEN = re.compile(r"(?:[≥≤＞＜><—–~～-](?=\d))?[A-Za-z0-9][A-Za-z0-9.,%]*|\S")
_AMOUNTS = re.compile(r"^(.*?\S)((?:\s+-?[0-9][0-9,]*(?:\.[0-9]+)?%?){2,}|\s+-?[0-9][0-9,]*\.[0-9]{2})\s*$")
_HEAD = re.compile(
    r"^\s*(?:(?!(?:19|20)\d\d\s)[0-9]{3,}\s+(?=\D)"  # a code column
    r"|(?:第[一二三四五六七八九十]+(?:部分|章|节)|[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[）)]|\d{1,2}[.、．](?!\d))\s*)"
)
_TORN = re.compile(r"[\u3400-\u9fff，。、；：）」”》] [\u3400-\u9fff，。、；：（「“《]")
_SENTENCE = re.compile(r"[，。；]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_CLOSING, _OPENING = frozenset("，。、：；）》”〉！？"), frozenset("（《“〈")
_PROSE = frozenset("，。；、")
_CLASSES = frozenset("YDPLNa")
PASSES = 3

Report = Callable[[int, int], None]  # (done, total)


@dataclass(frozen=True)
class Weights:
    """Log-likelihood (nats) of what makes an order less likely."""

    first_run: float = -2.5  # the first jump back
    new_run: float = -5.0  # one more jump back
    odd_run: float = -4.0  # a run that does not start at the first free place
    same_layer: float = -2.0  # two runs of one layer side by side
    layer: float = 1.3  # trust in the shares of displaced characters
    displaced: float = 0.15  # share of a line's characters that are displaced where nothing else is known
    torn: float = 0.6  # trust in neighbours of the extraction that often stand side by side
    honest_gap: float = -7.0  # a blank between Chinese characters that is the document's own
    bad_edge: float = -6.0  # a line that starts with a closing mark or ends with an opening one
    cell: float = -5.0  # a blank between cells, all before it in the cells before
    prose_cell: float = -8.0  # the same in a line of sentences
    window: float = 15.0  # orders that fall this far behind the best are given up
    beam: int = 60  # orders kept at each step
    first_beam: int = 30  # in the first pass, which only has to find the easy lines
    doubt: float = 4.0  # occurrences of a character that weigh as much as that share
    most_runs: int = 6
    damaged_share: float = 0.15  # of the lines of running text, how many must have gaps before a document counts as damaged
    sure: float = 10.0  # nats ahead of the second best order that settle a line
    sure_weight: float = 1.0  # how much more often a settled line counts as the document's own words
    sample: int = 12  # lines that are tried before a document counts as damaged
    long_line: int = 12  # Chinese characters that make a line long enough to judge the document by


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
    loose = tuple(
        i > 0
        and gaps[i]
        and (symbols[i] in _CLASSES or symbols[i - 1] in _CLASSES)
        and symbols[i] not in _CLOSING
        and symbols[i - 1] not in _OPENING
        for i in range(len(tokens))
    )
    return _Line(tuple(tokens), tuple(gaps), loose, symbols)


def line_to_pieces(line: _Line) -> Iterator[str]:
    """Symbols between blanks that mean something: the stretches that are mostly as printed."""
    start = 0
    for i in range(1, len(line.symbols)):
        if line.gaps[i] and not line.loose[i]:
            yield line.symbols[start:i]
            start = i
    yield line.symbols[start:]


class _State(NamedTuple):
    """An order begun. `placed` has bit i set where token i stands, `displaced` where it is of the displaced layer."""

    score: float
    placed: int
    last: int
    displaced: int
    cells: int  # bit i set: token i begins a cell
    history: str
    runs: int  # jumps back so far
    furthest: int
    path: tuple[Any, ...]  # (path before, index)


class _Costs:
    """What each token of a line costs by itself: by layer, as the start of a run, against its own frequency."""

    def __init__(self, line: _Line, language: Language, weights: Weights, displaced: Mapping[str, float]) -> None:
        size, symbols = len(line.tokens), line.symbols
        alone = [language.log_likelihood("", symbol) for symbol in symbols]
        shares = [displaced.get(token, weights.displaced) for token in line.tokens]
        # Against what it can expect to gain in the extraction's own order: an order that has used up the easy parts of the line must not
        # look better halfway. The sum over a line is the same for all orders.
        expected = list(alone)
        history = symbols[0]
        for i in range(1, size):
            expected[i] = alone[i] if line.gaps[i] else language.log_likelihood(history, symbols[i])
            history = symbols[i] if line.gaps[i] else history[-3:] + symbols[i]
        self.by_layer = [
            (weights.layer * log(1 - share) - easy, weights.layer * log(share) - easy) for share, easy in zip(shares, expected, strict=True)
        ]
        self.starts = [
            (i, 3 << (i - 1), -weights.torn * max(0.0, language.log_likelihood(symbols[i - 1], symbols[i]) - alone[i]))
            for i in range(1, size)
            if not line.gaps[i]
        ]
        numbers = [i for i in range(size) if is_number(line.tokens[i])]
        self.needs = [0] * size
        self.cell = weights.prose_cell if _PROSE.intersection(symbols) else weights.cell
        for earlier, later in pairwise(numbers):
            self.needs[later] = 1 << earlier


def _moves(line: _Line, costs: _Costs, state: _State, weights: Weights) -> Iterator[tuple[int, float, int, bool]]:
    """(index, penalty, layer, cell break) of each token that may stand next."""
    size, placed, last, layers = len(line.tokens), state.placed, state.last, state.displaced
    following = last + 1
    here = layers >> last & 1 if last >= 0 else -1
    if last >= 0 and following < size and not placed >> following & 1:
        if not line.gaps[following]:
            yield following, 0.0, here, False
            return
        yield following, 0.0 if line.loose[following] else weights.honest_gap, here, False
    count = placed.bit_count()
    if 0 < count < size and line.gaps[count] and placed == (1 << count) - 1:
        yield count, costs.cell, 0, True
    same = (weights.same_layer if here == 0 else 0.0, weights.same_layer if here == 1 else 0.0)
    if not placed & 1:
        yield 0, same[0], 0, False
        yield 0, same[1], 1, False
    edges = placed & ~(placed >> 1)
    while edges:
        low = edges & -edges
        edges ^= low
        index = low.bit_length()
        if index != following and index < size:
            layer = layers >> index - 1 & 1
            yield index, same[layer], layer, False
    if state.runs < weights.most_runs:
        begun = weights.new_run if state.runs else weights.first_run
        for index, taken, torn in costs.starts:
            if not placed & taken:
                penalty = begun + torn + (weights.odd_run if index < state.furthest else 0.0)
                yield index, penalty + same[0], 0, False
                yield index, penalty + same[1], 1, False


def _search(line: _Line, language: Language, before: str, after: str, weights: Weights, displaced: Mapping[str, float]) -> list[_Order]:
    """Orders with their scores, best first; none where the beam lost its way."""
    size, symbols, window = len(line.tokens), line.symbols, weights.window
    costs = _Costs(line, language, weights, displaced)
    by_layer, needs, likelihood, known_likelihood = costs.by_layer, costs.needs, language.log_likelihood, language.memory.get
    beam = [_State(0.0, 0, -1, 0, 0, before[1 - DOCUMENT_ORDER :], 0, -1, ())]
    for step in range(size):
        edge = _CLOSING if step == 0 else _OPENING if step == size - 1 else frozenset()
        grown: dict[tuple[int, int, int], _State] = {}
        floor = float("-inf")
        for state in beam:
            total, placed, _, displaced_yet, cells, history, runs, furthest, path = state
            for index, penalty, layer, cell in _moves(line, costs, state, weights):
                score = total + penalty + by_layer[index][layer]
                if score < floor or needs[index] & ~placed:
                    continue
                symbol = symbols[index]
                if symbol in edge or (cell and (symbol in _CLOSING or history[-1] in _OPENING)):
                    score += weights.bad_edge
                before_it = "" if cell else history
                gain = known_likelihood(before_it + symbol)  # asked millions of times; a call for each would double the time
                score += likelihood(before_it, symbol) if gain is None else gain
                if score < floor:
                    continue
                layers = displaced_yet | layer << index
                now = placed | 1 << index
                key = (now, index, layers & ~(now >> 1))  # only the ends of unfinished runs matter from here on
                known = grown.get(key)
                if known is None or score > known.score:
                    if score - window > floor:
                        floor = score - window
                    fresh = index > 0 and not placed >> (index - 1) & 1
                    grown[key] = _State(
                        score,
                        now,
                        index,
                        layers,
                        cells | cell << index,
                        symbol if cell else history[-3:] + symbol,
                        runs + fresh,
                        index if index > furthest else furthest,
                        (path, index),
                    )
        beam = sorted(grown.values(), key=_score, reverse=True)[: weights.beam]
    return sorted((_finish(state, language, after) for state in beam), key=lambda order: -order.score)


_score = itemgetter(0)


@dataclass(frozen=True, slots=True)
class _Order:
    """Token indices in page order; `layers` has bit i set where token i is displaced, `cells` where it begins a cell."""

    score: float
    indices: list[int]
    layers: int
    cells: int


def _finish(state: _State, language: Language, after: str) -> _Order:
    score, history = state.score, state.history
    for symbol in after:
        score += language.log_likelihood(history, symbol)
        history += symbol
    indices: list[int] = []
    path = state.path
    while path:
        indices.append(path[1])
        path = path[0]
    return _Order(score, indices[::-1], state.displaced, state.cells)


def order_to_text(line: _Line, order: _Order) -> str:
    """Blanks are kept where both neighbours of the extraction still stand side by side, and between cells."""
    words: list[str] = []
    indices = order.indices
    for place, index in enumerate(indices):
        if place and (order.cells >> index & 1 or (indices[place - 1] + 1 == index and line.gaps[index])):
            words.append(" ")
        words.append(line.tokens[index])
    return "".join(words)


@dataclass(frozen=True)
class _Parts:
    """A line's code column or number, its text, and its columns of amounts; only the text can be out of order."""

    head: str
    body: str
    tail: str


def _text_to_parts(text: str) -> _Parts:
    head = tail = ""
    if match := _AMOUNTS.match(text):
        text, tail = match.group(1), match.group(2)
    if (match := _HEAD.match(text)) and match.end() < len(text):
        head, text = match.group(), text[match.end() :]
    return _Parts(head, text.strip(), tail)


def is_damaged(lines: Sequence[str], weights: Weights = Weights()) -> bool:
    """Whether characters are displaced throughout.

    Many lines of running text have blanks between Chinese characters; and were blanks to mean nothing, most of these lines would still
    read better in another order (they do not where an extractor or a scan merely spaced the characters out).
    """
    prose = sorted(
        {
            line.strip()
            for line in lines
            if _SENTENCE.search(line) and len(_HAN.findall(line)) >= weights.long_line and not _AMOUNTS.match(line)
        }
    )
    torn = [line for line in prose if _TORN.search(line)]
    if len(torn) < 2 or len(torn) < weights.damaged_share * len(prose):
        return False
    sample = torn[:: max(1, len(torn) // weights.sample)]
    language, blank = Language(general(), Own(())), replace(weights, honest_gap=0.0, beam=weights.first_beam)
    bodies = [text_to_line(_text_to_parts(line).body) for line in sample]
    orders = [_search(body, language, "", "", blank, {}) for body in bodies]
    return 2 * sum(bool(found) and found[0].indices != sorted(found[0].indices) for found in orders) > len(sample)


def mend(lines: Sequence[str], weights: Weights = Weights(), report: Report | None = None) -> list[Mended]:
    """Each line put in order, in passes: a later one knows the phrases, neighbours and displaced characters that the one before found.

    `report` is told of every line of every pass (done, total).
    """
    mended = [Mended(line, line, 0.0) for line in lines]
    if not is_damaged(lines, weights):
        return mended
    parts = {i: _text_to_parts(line) for i, line in enumerate(lines) if _HAN.search(line)}
    found = {i: _Found(part.body, text_to_line(part.body), 0.0, 0) for i, part in parts.items()}
    done = count()
    tell = (lambda: report(next(done), PASSES * len(parts))) if report else (lambda: None)
    for number in range(PASSES):
        found = _one_pass(parts, found, number > 0, weights if number else replace(weights, beam=weights.first_beam), tell)
    for i, part in parts.items():
        if found[i].text != part.body:
            mended[i] = replace(mended[i], text=part.head + found[i].text + part.tail, margin=found[i].margin)
    return mended


@dataclass(frozen=True, slots=True)
class _Found:
    """What a pass made of a line's text."""

    text: str
    line: _Line  # of the text as mended
    margin: float
    layers: int  # of the tokens in extraction order


def _displaced_shares(raw: Mapping[int, _Line], found: Mapping[int, _Found], weights: Weights) -> dict[str, float]:
    """How often each character was displaced, in the lines that the last pass mended; few occurrences count little."""
    seen: Counter[str] = Counter()
    displaced: Counter[str] = Counter()
    for tokens, layers in {(raw[i].tokens, found[i].layers) for i in found if found[i].layers}:
        for index, token in enumerate(tokens):
            seen[token] += 1
            displaced[token] += layers >> index & 1
    return {
        token: min(0.95, max(0.02, (displaced[token] + weights.doubt * weights.displaced) / (count + weights.doubt)))
        for token, count in seen.items()
    }


def _one_pass(
    parts: Mapping[int, _Parts], known: Mapping[int, _Found], later: bool, weights: Weights, tell: Callable[[], None]
) -> dict[int, _Found]:
    raw = {i: text_to_line(part.body) for i, part in parts.items()}
    unique = {(part.body, known[i].text): i for i, part in parts.items()}
    sure = {i for i in unique.values() if known[i].margin >= weights.sure}
    own = Own(piece for i in unique.values() if i not in sure for piece in line_to_pieces(known[i].line))
    own.add((piece for i in sure for piece in line_to_pieces(known[i].line)), weights.sure_weight)
    language = Language(general(), own)
    displaced = _displaced_shares(raw, known, weights) if later else {}
    found: dict[int, _Found] = {}
    done: dict[tuple[str, str, str, str], _Found] = {}
    order = list(parts)
    for place, i in enumerate(order):
        tell()
        if known[i].margin >= weights.sure:
            found[i] = known[i]
            continue
        before = after = ""
        if later and place and not parts[order[place - 1]].tail:
            before = found[order[place - 1]].line.symbols[-3:]
        if later and place + 1 < len(order) and not parts[order[place + 1]].head and not parts[i].tail:
            after = known[order[place + 1]].line.symbols[:2]
        key = (parts[i].body, known[i].text, before, after)
        if key not in done:
            language.leave_out(line_to_pieces(known[i].line))
            done[key] = _mend_body(raw[i], parts[i].body, _search(raw[i], language, before, after, weights, displaced))
        found[i] = done[key]
    return found


def _mend_body(line: _Line, body: str, orders: Sequence[_Order]) -> _Found:
    if not orders:
        return _Found(body, line, 0.0, 0)
    best = orders[0].indices
    other = next((order for order in orders if order.indices != best), None)
    margin = orders[0].score - other.score if other else float("inf")
    text = body if best == list(range(len(best))) else order_to_text(line, orders[0])
    return _Found(text, text_to_line(text), margin, orders[0].layers)


def mend_lines(lines: Sequence[str], report: Report | None = None) -> list[str]:
    """The lines with every displaced character back in its place; undamaged lines and documents come back as they are."""
    return [line.text for line in mend(lines, report=report)]
