"""An image of a page → a Page of recognised text runs and ruling lines, like one that came from a text layer.

The steps, each on what the one before it left: level the image, find its ruling lines, detect lines of text, cut
them at column rules and wide gaps, add ink that the detector missed, recognise every piece, mend separators in
figures. Digits are never guessed: a piece is kept as recognised or not at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from index.amounts import is_number_cell
from index.domain import Box, Glyph, Page, Rule
from index.readers import ink
from index.readers.ink import PixelBox, PixelRule
from index.readers.ocr import detect, read_crops, to_array
from index.readers.recognised import BEFORE_IN, DIGITS, STROKES, mend_figure, mend_text

if TYPE_CHECKING:
    from index.readers.ink import Image

OCR_DPI = 200  # what pages are rendered at: figures of 7 pt are still 20 pixels high
UNREADABLE = "扫描页无法识别文字"


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Lengths are in heights of the text box they concern, where nothing else is said."""

    detect_side: int = 1440  # pixels of the longer side that the detector sees
    column_gap: float = 0.9  # white this wide parts two columns; an em space is narrower
    corridor_gap: float = 0.3  # white this wide parts columns where it goes on above or below
    corridor_reach: float = 4.0  # that far above or below
    figure_gap: float = 0.55  # white this wide parts two figures that were read as one
    sure: float = 0.9  # mean score; a figure read worse is read twice
    many: int = 5  # figures on a page, from which their usual width is known
    width_slack: float = 0.07  # share by which the width of a digit may differ from the usual
    second_margin: float = 0.35  # wider margins for the second reading: characters smaller, and at other places
    flat: float = 0.35  # of the usual line: ink flatter than that is a dash
    grow_gap: float = 0.3  # ink this near beside a box belongs to it
    inside: float = 0.12  # a rule this far inside a box cuts it
    least_score: float = 0.5  # recognised worse is not text
    least_loose_score: float = 0.85  # ink that the detector missed must read well
    sample: int = 6  # lines read to see whether the page stands upright
    least_upright: float = 0.75  # mean score of a sample; worse may stand on its head
    side_gap: float = 0.2  # inches: level lines that jut out this far beside the last upright enclose a column without a side
    same_size: float = 0.12  # sizes that differ by this share are one size, measured on different characters
    edge: float = 0.12  # inches: lines at the very edge are the scanner's, not the page's


SETTINGS = ScanSettings()


class Run(NamedTuple):
    """One recognised piece: text, where its ink is, the mean certainty of its characters (0–1), and whether readings differ."""

    text: str
    box: PixelBox
    score: float
    doubt: bool = False


def ocr_page(image: Any, number: int, width: float, height: float, settings: ScanSettings = SETTINGS) -> Page:
    """A rendered page (PIL image or RGB array) → Page with origin ``ocr`` in points; ``width`` × ``height`` is its size in points.

    A page that shows ink and yields no text has ``unread`` set; an empty one is an empty page. Where the image
    stands sideways or on its head it is read upright, and ``width`` and ``height`` are those of the upright page.
    """
    pixels = to_array(image)
    level = _level(pixels, width, settings)
    quarter = _upright_turn(level, settings)
    if quarter:
        pixels = _quarter_turns(pixels, quarter)
        width, height = (height, width) if quarter % 2 else (width, height)
        level = _level(pixels, width, settings)
    runs, rules = _read_level(level, settings)
    sx, sy = width / pixels.shape[1], height / pixels.shape[0]
    page = Page(
        number=number,
        width=width,
        height=height,
        glyphs=even_sizes([_run_to_glyph(run, sx, sy) for run in runs], settings.same_size),
        rules=tuple(_to_rule(rule, sx, sy) for rule in rules),
        origin="ocr",
        skew=level.skew,
        turned=quarter * 90,
        doubts=tuple(_to_box(run.box, sx, sy) for run in runs if run.doubt),
    )
    return page if runs or not _has_writing(pixels, sx) else replace(page, unread=UNREADABLE)


class _Level(NamedTuple):
    """An image whose lines lie level, its ink, and the boxes of its lines of text."""

    pixels: Image
    mask: Image
    boxes: list[PixelBox]
    dpi: float
    skew: float


def _level(pixels: Image, width: float, settings: ScanSettings) -> _Level:
    dpi = pixels.shape[1] / max(width, 1.0) * 72.0
    mask = ink.image_to_mask(ink.to_grey(pixels), dpi)
    skew = ink.mask_to_skew(mask)
    if skew:
        pixels = ink.turn(pixels, skew)
        mask = ink.image_to_mask(ink.to_grey(pixels), dpi)
    return _Level(pixels, mask, detect(pixels, settings.detect_side), dpi, skew)


def _read_level(level: _Level, settings: ScanSettings) -> tuple[list[Run], list[PixelRule]]:
    """Text runs and ruling lines, in pixels of the level image."""
    pixels, mask, boxes, dpi, _ = level
    rules = _real_rules(ink.mask_to_rules(mask, dpi), boxes, pixels.shape, settings.edge * dpi)
    clean, bare = ink.erase(pixels, mask, rules)
    boxes = _grow(boxes, bare, rules, settings)
    pieces = [piece for box in boxes for piece in box_to_pieces(box, bare, rules, settings, boxes)]
    runs = _recognise(clean, pieces, settings.least_score)
    runs += _recognise(clean, _missed(bare, boxes, rules, settings), settings.least_loose_score)
    runs = [part for run in runs for part in _part_figures(run, clean, bare, settings)]
    runs = _checked([_with_dashes(run, bare) for run in _dashes(runs, settings)], clean, bare, settings)
    return _mend_wrapped([run._replace(text=mend_text(run.text)) for run in runs]), rules + open_sides(rules, settings.side_gap * dpi)


# ---------------------------------------------------------------- reading


def _recognise(pixels: Image, pieces: list[PixelBox], least: float) -> list[Run]:
    """Reads each piece; pieces that read worse than ``least`` or as nothing are left out.

    A single Chinese character has look-alikes (入 人) and is never certain: a lower score will do.
    """
    read = read_crops([_crop(pixels, box) for box in pieces])
    return [
        Run(text, box, score)
        for (text, score), box in zip(read, pieces, strict=True)
        if text.strip() and score >= (least if len(text.strip()) > 1 or text.isascii() else min(least, 0.4))
    ]


def _crop(pixels: Image, box: PixelBox, margin_share: float = 0.12) -> Image:
    """The piece with a little paper around it, as BGR, which is what the recogniser was trained on."""
    margin = max(2, round(margin_share * (box.y1 - box.y0)))
    part = pixels[max(0, box.y0 - margin) : box.y1 + margin, max(0, box.x0 - margin) : box.x1 + margin]
    return part[:, :, ::-1]


def _quarter_turns(pixels: Image, quarters: int) -> Image:
    """Turned clockwise by ``quarters`` × 90°."""
    import numpy as np

    return np.ascontiguousarray(np.rot90(pixels, -quarters))


def _upright_turn(level: _Level, settings: ScanSettings) -> int:
    """Clockwise quarter turns that make the text upright: where lines stand, or read as rubbish, the best of the others."""
    boxes = sorted(level.boxes, key=_length, reverse=True)[: settings.sample]
    if not boxes:
        return 0
    standing = sum(b.y1 - b.y0 > 1.5 * (b.x1 - b.x0) for b in boxes) > len(boxes) / 2
    scores = {}
    for quarters in (1, 3) if standing else (0, 2):
        crops = [_quarter_turns(_crop(level.pixels, box), quarters) for box in boxes]
        scores[quarters] = sum(score for _, score in read_crops(crops)) / len(boxes)
        if scores[quarters] >= settings.least_upright and not standing:
            break
    return max(scores, key=lambda q: scores[q])


def _length(box: PixelBox) -> int:
    return max(box.x1 - box.x0, box.y1 - box.y0)


# ---------------------------------------------------------------- boxes and rules


def _real_rules(rules: list[PixelRule], boxes: list[PixelBox], shape: tuple[int, ...], edge: float) -> list[PixelRule]:
    """Without strokes of characters, the scanner's edges, and uprights that meet no level line."""

    def inside_text(rule: PixelRule) -> bool:
        x0, x1, y0, y1 = (rule.start, rule.end, rule.at, rule.at) if rule.horizontal else (rule.at, rule.at, rule.start, rule.end)
        return any(b.x0 - 3 <= x0 and x1 <= b.x1 + 3 and b.y0 - 3 <= y0 and y1 <= b.y1 + 3 for b in boxes)

    def at_edge(rule: PixelRule) -> bool:
        across = shape[0] if rule.horizontal else shape[1]
        return rule.at < edge or rule.at > across - edge

    kept = [r for r in rules if not inside_text(r) and not at_edge(r)]
    level = [r for r in kept if r.horizontal]
    return level + [
        r for r in kept if not r.horizontal and any(h.start - 3 <= r.at <= h.end + 3 and r.start - 3 <= h.at <= r.end + 3 for h in level)
    ]


def open_sides(rules: list[PixelRule], least: float) -> list[PixelRule]:
    """The left and right sides of tables whose outermost lines are not drawn: where level lines jut out beside the last upright."""
    level = [r for r in rules if r.horizontal]
    sides = []
    for left in (True, False):
        ends: dict[PixelRule, list[PixelRule]] = {}
        for upright in (r for r in rules if not r.horizontal):
            met = [h for h in level if h.start - 3 <= upright.at <= h.end + 3 and upright.start - 3 <= h.at <= upright.end + 3]
            for h in met:
                other = ends.get(h, [upright])[0]
                if (upright.at <= other.at) if left else (upright.at >= other.at):
                    ends[h] = [upright]
        jutting = [h for h, (u,) in ends.items() if (u.at - h.start if left else h.end - u.at) > least]
        if len(jutting) >= 2:
            at = sorted(h.start if left else h.end for h in jutting)[len(jutting) // 2]
            near = [h for h in jutting if abs((h.start if left else h.end) - at) < least]
            top, bottom = min(h.at for h in near), max(h.at for h in near)
            if len(near) >= 2:
                sides.append(PixelRule(False, float(at), round(top), round(bottom), 1))
    return sides


def box_to_pieces(
    box: PixelBox, bare: Image, rules: list[PixelRule], settings: ScanSettings = SETTINGS, others: list[PixelBox] | None = None
) -> list[PixelBox]:
    """A detected box cut at the column rules and wide white gaps inside it; each piece tight around its ink.

    A narrower gap parts columns, too, where lines above or below (``others``) end before it and begin after it.
    """
    height = box.y1 - box.y0
    inset = settings.inside * height
    cuts = [
        round(r.at)
        for r in rules
        if not r.horizontal and box.x0 + inset < r.at < box.x1 - inset and min(r.end, box.y1) - max(r.start, box.y0) > 0.6 * height
    ]
    near = [b for b in others or () if 0.4 * height < abs(b.y0 + b.y1 - box.y0 - box.y1) / 2 < settings.corridor_reach * height]
    wide = ink.gaps(bare, box, settings.column_gap * height)
    narrow = ink.gaps(bare, box, settings.corridor_gap * height)
    cuts += [x for x in narrow if x in wide or _is_corridor(x, near, settings.corridor_gap * height)]
    edges = [box.x0, *sorted(cuts), box.x1]
    parts = (box._replace(x0=a, x1=b) for a, b in pairwise(edges))
    return [piece for part in parts if (piece := ink.tight(bare, part)) is not None]


def _is_corridor(x: int, near: list[PixelBox], slack: float) -> bool:
    """Lines end before x and begin after it, and no more than one (a header over both columns) runs across."""
    across = sum(b.x0 < x - slack and b.x1 > x + slack for b in near)
    ends = any(x - 2 * slack < b.x1 <= x + slack for b in near)
    return ends and across <= 1 and any(x - slack <= b.x0 < x + 2 * slack for b in near)


def _grow(boxes: list[PixelBox], bare: Image, rules: list[PixelRule], settings: ScanSettings) -> list[PixelBox]:
    """Boxes widened over the ink that goes on beside them (the detector stops at a long dash); those that then overlap are one line."""
    done: list[PixelBox] = []
    for box in sorted(boxes):
        height = box.y1 - box.y0
        walls = [r for r in rules if not r.horizontal and r.start < box.y1 and r.end > box.y0]
        low = max((round(r.at) for r in walls if r.at <= box.x0 + settings.inside * height), default=0)
        high = min((round(r.at) for r in walls if r.at >= box.x1 - settings.inside * height), default=bare.shape[1])
        x0, x1 = ink.widen(bare, box, min(low, box.x0), max(high, box.x1), settings.grow_gap * height)
        box = box._replace(x0=x0, x1=x1)
        for i, left in enumerate(done):
            overlap = min(left.y1, box.y1) - max(left.y0, box.y0)
            if overlap > 0.7 * max(height, left.y1 - left.y0) and box.x0 <= left.x1:
                done[i] = PixelBox(left.x0, min(left.y0, box.y0), max(left.x1, box.x1), max(left.y1, box.y1))
                break
        else:
            done.append(box)
    return sorted(done, key=lambda b: (b.y0, b.x0))


def _part_figures(run: Run, clean: Image, bare: Image, settings: ScanSettings) -> list[Run]:
    """A run of digits that is no number may be two cells without a rule between: cut at the white and read again."""
    if not DIGITS.fullmatch(run.text) or is_number_cell(mend_figure(run.text)):
        return [run]
    cuts = ink.gaps(bare, run.box, settings.figure_gap * (run.box.y1 - run.box.y0))
    edges = [run.box.x0, *cuts, run.box.x1]
    parts = [ink.tight(bare, run.box._replace(x0=a, x1=b)) for a, b in pairwise(edges)]
    again = _recognise(clean, [part for part in parts if part is not None], settings.least_score) if cuts else []
    return again if len(again) > 1 and all(is_number_cell(mend_figure(part.text)) for part in again) else [run]


def _checked(runs: list[Run], clean: Image, bare: Image, settings: ScanSettings) -> list[Run]:
    """Figures that are as wide, or have as many pieces of ink, as their characters need; the others are read twice.

    A recogniser drops a character now and then and is sure of itself. Where the second reading differs, the one that
    fits the ink holds; where neither does, the figure is in doubt.
    """
    figures = [i for i, run in enumerate(runs) if DIGITS.fullmatch(run.text)]
    widths = sorted(_advance(runs[i].text, runs[i].box) for i in figures)
    usual = widths[len(widths) // 2] if len(widths) >= settings.many else 0.0
    suspects = [i for i in figures if runs[i].score < settings.sure or not _fits(runs[i].text, runs[i].box, bare, usual, settings)]
    again = [text for text, _ in read_crops([_crop(clean, runs[i].box, settings.second_margin) for i in suspects])]
    checked = list(runs)
    for i, second in zip(suspects, again, strict=True):
        run = runs[i]
        if mend_text(second) == mend_text(run.text):
            continue
        fits = DIGITS.fullmatch(second) is not None and _fits(second, run.box, bare, usual, settings)
        checked[i] = run._replace(text=second if fits else run.text, doubt=not fits)
    return checked


def _fits(text: str, box: PixelBox, bare: Image, usual: float, settings: ScanSettings) -> bool:
    """As many pieces of ink as characters; or no more pieces (some touch), and a digit as wide as the page's figures have it."""
    characters = len(text.replace(" ", ""))
    marks = ink.count_marks(bare, box, max(3, round(0.004 * (box.y1 - box.y0) ** 2)))
    return marks == characters or (marks < characters and abs(_advance(text, box) - usual) < settings.width_slack * usual)


def _advance(text: str, box: PixelBox) -> float:
    """The width of one digit in pixels, were the text evenly set; a separator is half as wide."""
    return (box.x1 - box.x0) / (sum(0.5 if c in ",." else 1.0 for c in text if c != " ") - 0.15)


def _with_dashes(run: Run, bare: Image) -> Run:
    """A long dash at either end that the recogniser left out is put back: it is seen in the ink."""
    em = run.box.y1 - run.box.y0
    left, right = ink.flat_ends(bare, run.box)
    text = run.text
    if left > 1.2 * em and text[0] not in STROKES:
        text = "——" + text
    if right > 1.2 * em and text[-1] not in STROKES:
        text += "——"
    return run._replace(text=text)


def _dashes(runs: list[Run], settings: ScanSettings) -> list[Run]:
    """Ink much flatter than the page's lines holds no letter and no digit: a short stroke that was read as one is a dash."""
    heights = sorted(run.box.y1 - run.box.y0 for run in runs)
    flat = settings.flat * heights[len(heights) // 2] if heights else 0.0
    return [
        run._replace(text="-") if run.box.y1 - run.box.y0 < flat and run.text.isascii() and any(c.isalnum() for c in run.text) else run
        for run in runs
    ]


def _missed(bare: Image, boxes: list[PixelBox], rules: list[PixelRule], settings: ScanSettings) -> list[PixelBox]:
    """Ink of text size inside the tables that no detected box covers: single digits, dashes beside a rule."""
    level = [r for r in rules if r.horizontal]
    if not boxes or len(level) < 2:
        return []
    usual = sorted(b.y1 - b.y0 for b in boxes)[len(boxes) // 2]
    area = PixelBox(min(r.start for r in level), round(level[0].at), max(r.end for r in level), round(level[0].at))
    area = area._replace(y0=round(min(r.at for r in level)), y1=round(max(r.at for r in level)))
    clusters = ink.loose_ink(bare, boxes, 0.3 * usual, 1.3 * usual, 0.4 * usual)
    inside = [c for c in clusters if area.x0 <= c.x0 and c.x1 <= area.x1 and area.y0 <= c.y0 and c.y1 <= area.y1]
    return [piece for c in inside for piece in box_to_pieces(c, bare, rules, settings)]


def _has_writing(pixels: Image, points_per_pixel: float) -> bool:
    """True where the page is not simply empty: some clusters of ink of the size of text."""
    mask = ink.image_to_mask(ink.to_grey(pixels), 72 / points_per_pixel)
    least = 5 / points_per_pixel
    return len(ink.loose_ink(mask, [], least, 8 * least, least)) >= 5


def _run_to_glyph(run: Run, sx: float, sy: float) -> Glyph:
    em = 0.92 if any(c > "\u2e80" for c in run.text) else 0.74  # share of the em that ink of such text is high
    box = _to_box(run.box, sx, sy)
    return Glyph(run.text, *box, size=(box[3] - box[1]) / em)


def _to_box(box: PixelBox, sx: float, sy: float) -> Box:
    return box.x0 * sx, box.y0 * sy, box.x1 * sx, box.y1 * sy


def even_sizes(glyphs: list[Glyph], share: float) -> tuple[Glyph, ...]:
    """Runs of one size of print get one size and its full height: what their ink says differs with the characters they hold."""
    groups: list[list[int]] = []
    for i in sorted(range(len(glyphs)), key=lambda i: glyphs[i].size):
        if groups and glyphs[i].size <= (1 + share) * glyphs[groups[-1][len(groups[-1]) // 2]].size:
            groups[-1].append(i)
        else:
            groups.append([i])
    even = list(glyphs)
    for group in groups:
        size = glyphs[group[len(group) // 2]].size
        for i in group:
            even[i] = _set_to_size(glyphs[i], size)
    return tuple(even)


def _set_to_size(glyph: Glyph, size: float) -> Glyph:
    """One em high, as characters of a text layer are: around the middle of Chinese ink, else 0.88 em above the baseline."""
    if any(char > "\u2e80" for char in glyph.text):
        top = (glyph.top + glyph.bottom - size) / 2
    else:
        baseline = glyph.bottom - (0.14 * size if re.search(r"[,;]", glyph.text) else 0.0)
        top = baseline - 0.88 * size
    return replace(glyph, size=size, top=top, bottom=top + size)


def _to_rule(rule: PixelRule, sx: float, sy: float) -> Rule:
    if rule.horizontal:
        return Rule(rule.start * sx, (rule.at + 0.5) * sy, rule.end * sx, (rule.at + 0.5) * sy)
    return Rule((rule.at + 0.5) * sx, rule.start * sy, (rule.at + 0.5) * sx, rule.end * sy)


def _mend_wrapped(runs: list[Run]) -> list[Run]:
    """人 alone under or widely beside 收 or 转 is 入: without its neighbour the recogniser cannot tell."""

    def mended(run: Run) -> Run:
        height = run.box.y1 - run.box.y0
        for other in runs if run.text[:1] == "人" and len(run.text) <= 2 else ():
            if other.text[-1] not in BEFORE_IN:
                continue
            below = -0.4 * height < run.box.y0 - other.box.y1 < height and other.box.x0 < run.box.x1 and run.box.x0 < other.box.x1
            beside = abs(run.box.y1 - other.box.y1) < 0.4 * height and 0 <= run.box.x0 - other.box.x1 < 6 * height
            if below or beside:
                return run._replace(text="入" + run.text[1:])
        return run

    return [mended(run) for run in runs]
