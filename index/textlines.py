"""Placed glyphs → lines of text: characters ordered by position, whatever order and baseline they were drawn in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.domain import Box, Glyph, Page

SAME_LINE = 0.5  # two glyphs share a line where they overlap by this share of the smaller height
WORD_GAP = 0.18  # in em: a gap this wide between Latin letters or digits is a blank
CJK_GAP = 0.4  # in em: a gap this wide beside a Chinese character is a blank of the setting
SEGMENT_GAP = 2.0  # in em: a gap this wide parts a line into pieces that do not belong together
SAME_GLYPH = 0.35  # copies of a glyph nearer than this (in em) are one glyph printed twice

# CJK Radicals Supplement code points that NFKC leaves alone, to the characters they are drawn as.
RADICALS = dict(
    zip(
        "⺁⺄⺅⺇⺈⺉⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳",
        "厂乙亻几刀刂卩小小尣尢尣兀巳幺彐彐忄心扌攵旡日月歹母民氵水灬爫爫丬犭王疋罒示礻竹糸纟罒网罒网罒羊羊羊老聿聿月臼艹艹艹虎衤覀西见角角讠贝足车辶辶辶阝钅长镸长门阜阝雨青韦页风飞食食食饣首马骨鬼鱼鸟卤麦黄黾齐齐齿齿龙龙龟龟龟",
        strict=True,
    )
)
HIDDEN = {0x00, 0x0A, 0x0D, 0xFFFE, 0xFFFF, 0xFEFF, 0x200B, 0x200C, 0x200D, 0xAD}


def clean_glyph(code: int) -> str:
    """The character a code point prints; empty for blanks and code points that print nothing."""
    if code in HIDDEN:
        return ""
    if code == 0x02:  # PDFium's mark for a hyphen at a line's end
        return "-"
    char = chr(code)
    if char.isspace():
        return ""
    if 0x2E80 <= code <= 0x2EFF:
        return RADICALS.get(char, unicodedata.normalize("NFKC", char))
    if 0x2F00 <= code <= 0x2FDF or 0xF900 <= code <= 0xFAFF or 0xFE30 <= code <= 0xFE4F:
        return unicodedata.normalize("NFKC", char)
    return char


@dataclass(frozen=True, slots=True)
class TextLine:
    """One printed line (or piece of one). ``xs`` has the left and right edge of each character of ``text``."""

    text: str
    xs: tuple[tuple[float, float], ...]
    box: Box
    size: float
    bold: bool = False

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
    def edges(self) -> tuple[float, ...]:
        """One number more than characters, for Span.xs."""
        return (*(left for left, _ in self.xs), self.xs[-1][1]) if self.xs else ()


def page_to_lines(page: Page) -> list[TextLine]:
    """All lines of a page, from top to bottom."""
    return glyphs_to_lines(page.glyphs)


def glyphs_to_rows(glyphs: Iterable[Glyph]) -> list[list[Glyph]]:
    """Upright glyphs grouped by line, lines from top to bottom, glyphs from left to right, copies removed."""
    rows: list[list[Glyph]] = []
    spans: list[tuple[float, float]] = []
    for glyph in sorted(glyphs, key=lambda g: (g.top + g.bottom) / 2):
        best, best_share = -1, SAME_LINE
        high, low = glyph.top, glyph.bottom
        for i in range(len(rows) - 1, max(-1, len(rows) - 4), -1):
            top, bottom = spans[i]
            overlap = (bottom if bottom < low else low) - (top if top > high else high)
            if overlap <= 0:
                continue
            share = overlap / max(0.1, min(bottom - top, low - high))
            if share > best_share:
                best, best_share = i, share
        if best < 0:
            rows.append([glyph])
            spans.append((glyph.top, glyph.bottom))
        else:
            rows[best].append(glyph)
    return [_without_copies(sorted(row, key=lambda g: (g.x0 + g.x1) / 2)) for row in rows]


def _without_copies(row: Sequence[Glyph]) -> list[Glyph]:
    kept: list[Glyph] = []
    for glyph in row:
        near = SAME_GLYPH * min(max(glyph.size, 1.0), max(glyph.x1 - glyph.x0, 0.5))
        if any(old.text == glyph.text and abs(old.x0 - glyph.x0) < near and abs(old.x1 - glyph.x1) < near for old in kept[-3:]):
            continue
        kept.append(glyph)
    return kept


def glyphs_to_lines(glyphs: Iterable[Glyph]) -> list[TextLine]:
    """Lines of text, blanks put in where the setting leaves a gap."""
    return [row_to_line(row) for row in glyphs_to_rows(glyphs)]


def row_to_line(row: Sequence[Glyph]) -> TextLine:
    """One line of glyphs, ordered from left to right, as text."""
    parts: list[str] = []
    xs: list[tuple[float, float]] = []
    last: Glyph | None = None
    for glyph in row:
        if last is not None and _is_gap(last, glyph):
            parts.append(" ")
            xs.append((last.x1, glyph.x0))
        width = (glyph.x1 - glyph.x0) / max(1, len(glyph.text))
        parts.append(glyph.text)
        xs.extend((glyph.x0 + k * width, glyph.x0 + (k + 1) * width) for k in range(len(glyph.text)))
        last = glyph
    sizes = sorted(glyph.size or glyph.bottom - glyph.top for glyph in row)
    box = (min(g.x0 for g in row), min(g.top for g in row), max(g.x1 for g in row), max(g.bottom for g in row))
    bold = sum(g.font == "bold" for g in row) * 2 > len(row)
    return TextLine("".join(parts), tuple(xs), box, sizes[len(sizes) // 2], bold)


def row_to_segments(row: Sequence[Glyph], gap: float = SEGMENT_GAP) -> list[list[Glyph]]:
    """A line parted where it has gaps of ``gap`` em or more."""
    segments: list[list[Glyph]] = []
    for glyph in row:
        if segments and glyph.x0 - segments[-1][-1].x1 < gap * max(glyph.size, 1.0):
            segments[-1].append(glyph)
        else:
            segments.append([glyph])
    return segments


def _is_gap(left: Glyph, right: Glyph) -> bool:
    em = max(left.size, right.size, 1.0)
    latin = left.text[-1:].isascii() and right.text[:1].isascii()
    return right.x0 - left.x1 > (WORD_GAP if latin else CJK_GAP) * em


def lines_to_text(lines: Sequence[TextLine]) -> str:
    """The lines of one cell as one string: line breaks and layout blanks gone, words of Latin letters kept apart."""
    text = ""
    for line in lines:
        piece = _squeeze(line.text)
        if text and text[-1].isalpha() and text[-1].isascii() and piece[:1].isalpha() and piece[:1].isascii():
            text += " "
        text += piece
    return text


def _squeeze(text: str) -> str:
    """Blanks gone unless they part two Latin words."""
    out: list[str] = []
    for i, char in enumerate(text):
        if char.isspace():
            before, after = text[i - 1 : i], text[i + 1 : i + 2]
            if not (before.isascii() and before.isalpha() and after.isascii() and after.isalpha()):
                continue
        out.append(char)
    return "".join(out)


def lines_to_box(lines: Sequence[TextLine]) -> Box | None:
    """The tight box around lines."""
    if not lines:
        return None
    boxes = [line.box for line in lines]
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
