"""Prose lines of a plain extraction → headings and paragraphs joined over their line breaks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.domain import Block, Flag, Heading, Line, Para, Span
from index.headings import text_to_level

FULL_SHARE = 0.9  # a line this long, of the usual full line, runs on
_ITEM = re.compile(
    r"^(?:\d{1,2}[.．、](?!\d)|[⒈-⒛①-⑳]|[（(](?:[一二三四五六七八九十]{1,3}|\d{1,2})[）)]|[一二三四五六七八九十]{1,3}、|"
    r"公务用车(?:购置|运行)|因公出国|公务接待费)"
)
_CLOSED = re.compile(r"[。：；！？:;][”’）)]?$")
_MARK = re.compile(r"[。：；！？]")
_WIDE = "[\\u2e80-\\u9fff\\uff00-\\uffef“”‘’《》（）、。，；：—…]"
_GAP = re.compile(rf"(?<={_WIDE})\s+|\s+(?={_WIDE})")


def width_of(text: str) -> int:
    """The printed width in half-width units."""
    return sum(1 if ord(c) < 0x2E80 and c not in "“”‘’—…·" else 2 for c in text.strip())


def full_width(lines: Sequence[Line]) -> int:
    """How wide the usual full line is."""
    widths = sorted(width_of(line.text) for line in lines if line.text.strip())
    return widths[len(widths) * 4 // 5] if widths else 0


def tidy(text: str) -> str:
    """A line without the layout's blanks: those beside a Chinese character print nothing."""
    return _GAP.sub("", text.strip())


def lines_to_blocks(lines: Sequence[Line]) -> list[Block]:
    """Headings and paragraphs. A new paragraph starts at a numbered item after a closed sentence, and after a closed line
    that stops short of the margin."""
    margin = full_width(lines)
    blocks: list[Block] = []
    held: list[Line] = []

    def flush() -> None:
        nonlocal held
        if held:
            blocks.append(_para(held))
        held = []

    for line in lines:
        text = line.text.strip()
        if re.fullmatch(r"\d{1,3}", text):
            continue
        before = held[-1].text.strip() if held else ""
        torn = held[-1].raw or "" if held else ""  # in a damaged line the closing mark may stand anywhere
        short = bool(before) and width_of(before) < margin * FULL_SHARE
        ended = not held or bool(_CLOSED.search(before)) or text_to_level(before) is not None
        item = bool(_ITEM.match(text))
        ended = ended or (bool(_MARK.search(torn)) and (item or text_to_level(text) is not None))
        level = text_to_level(text)
        part = level in (1, 2)
        if level is not None and ((part and (ended or short)) or (ended and width_of(text) < margin * FULL_SHARE)):
            flush()
            blocks.append(Heading(level, tidy(text) if level > 2 else re.sub(r"\s+", " ", text), line=line.number))
            continue
        if held and ended and (short or item):
            flush()
        held.append(line)
    flush()
    return blocks


def _para(lines: Sequence[Line]) -> Para:
    text, spans = "", []
    for line in lines:
        piece = tidy(line.text)
        if text and re.match(r"[A-Za-z]", piece) and re.search(r"[A-Za-z,]$", text):
            text += " "
        spans.append(Span(len(text), len(text) + len(piece), line=line.number))
        text += piece
    damaged = any(line.raw is not None for line in lines)
    raw = "\n".join((line.raw if line.raw is not None else line.text).strip() for line in lines) if damaged else None
    return Para(text, None, lines[0].number, tuple(spans), raw, frozenset({Flag.REORDERED}) if damaged else frozenset())
