"""What a page image shows before any reading: its skew, its ink, its ruling lines. The only OpenCV file.

Images are ``uint8`` arrays (grey, or RGB rows × columns × 3); a mask is 255 where there is ink. Positions are pixels.
Thresholds are in inches, so that they hold at any resolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from index.errors import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Image = NDArray[Any]


class PixelBox(NamedTuple):
    """Left, top, right, bottom; right and bottom are outside."""

    x0: int
    y0: int
    x1: int
    y1: int


class PixelRule(NamedTuple):
    """A straight line of ink: from ``start`` to ``end`` along its axis, at ``at`` across it, ``thick`` pixels wide."""

    horizontal: bool
    at: float
    start: int
    end: int
    thick: int


@dataclass(frozen=True, slots=True)
class InkSettings:
    """Lengths in inches, angles in degrees."""

    ink_block: float = 0.16  # neighbourhood whose mean brightness decides what is ink
    ink_contrast: int = 18  # grey levels darker than that neighbourhood
    max_skew: float = 3.0  # a flatbed or feeder turns a page by no more
    level_skew: float = 0.03  # below this a page is level
    skew_width: int = 900  # pixels; skew is measured on a smaller copy
    horizontal_rule: float = 0.40  # longer than the longest stroke of body text
    vertical_rule: float = 0.22  # a row of small print is that high
    thickest_rule: float = 0.08  # thicker is a bar or a picture
    rule_gap: float = 0.12  # a worn line may break for that long
    rule_snap: float = 0.06  # ends this near to a crossing line belong to the crossing


SETTINGS = InkSettings()


def _cv2() -> Any:
    return require("cv2", "识别扫描件", "pip install rapidocr onnxruntime")


def to_grey(image: Image) -> Image:
    """RGB or grey to grey."""
    grey: Image = image if image.ndim == 2 else _cv2().cvtColor(image, _cv2().COLOR_RGB2GRAY)
    return grey


def shrink(image: Image, scale: float) -> Image:
    """The image at ``scale`` ≤ 1 of its size, every pixel counted."""
    if scale >= 1.0:
        return image
    cv2 = _cv2()
    small: Image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return small


def image_to_mask(grey: Image, dpi: float, settings: InkSettings = SETTINGS) -> Image:
    """Ink is what is darker than its surroundings: holds on yellowed paper and under shadows."""
    cv2 = _cv2()
    block = max(3, int(settings.ink_block * dpi) | 1)
    mask: Image = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, settings.ink_contrast)
    return mask


def turn(image: Image, degrees: float) -> Image:
    """The image turned counter-clockwise about its centre, same size; what comes in at the corners repeats the edge."""
    cv2 = _cv2()
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    turned: Image = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return turned


def mask_to_skew(mask: Image, settings: InkSettings = SETTINGS) -> float:
    """Degrees to turn counter-clockwise so that rows of ink lie level; 0.0 where no turn makes them clearly sharper.

    The right angle is the one at which the ink per pixel row varies most.
    """
    scale = min(1.0, settings.skew_width / max(1, mask.shape[1]))
    small = shrink(mask, scale)

    def sharpness(degrees: float) -> float:
        rows = turn(small, degrees).sum(axis=1, dtype="float64")
        return float(((rows[1:] - rows[:-1]) ** 2).sum())

    best, step = 0.0, 0.25
    top = sharpness(0.0)
    level = top
    steps = int(settings.max_skew / step)
    candidates = [i * step for i in range(-steps, steps + 1) if i]
    while True:
        for degrees in candidates:
            value = sharpness(degrees)
            if value > top:
                best, top = degrees, value
        if step < settings.level_skew:
            break
        step /= 2
        candidates = [best - step, best + step]
    return best if abs(best) >= settings.level_skew and top > 1.02 * level else 0.0


def mask_to_rules(mask: Image, dpi: float, settings: InkSettings = SETTINGS) -> list[PixelRule]:
    """Ruling lines of a level page: long thin runs of ink, broken ones joined, ends drawn to the lines they meet."""
    rules = [
        rule
        for horizontal, length in ((True, settings.horizontal_rule), (False, settings.vertical_rule))
        for rule in _join(_runs(mask, horizontal, max(5, int(length * dpi)), settings.thickest_rule * dpi), settings.rule_gap * dpi)
    ]
    return [_snap(rule, rules, settings.rule_snap * dpi) for rule in rules]


def _runs(mask: Image, horizontal: bool, length: int, thickest: float) -> list[PixelRule]:
    cv2 = _cv2()
    across = (1, 3) if horizontal else (3, 1)  # a line that drifts by a pixel stays one line
    along = (length, 1) if horizontal else (1, length)
    wide = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_RECT, across))
    lines = cv2.morphologyEx(wide, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, along))
    count, _, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    rules = []
    for x, y, w, h, area in stats[1:count].tolist():
        run, thick = (w, h) if horizontal else (h, w)
        # A box filled with ink is no line; a thin drifting one fills little of its box and still is.
        if area / run > thickest or run < 4 * (area / run):
            continue
        middle = (y if horizontal else x) + (thick - 1) / 2
        start = x if horizontal else y
        rules.append(PixelRule(horizontal, middle, start, start + run, max(1, round(area / run) - 2)))
    return rules


def _join(rules: list[PixelRule], gap: float) -> list[PixelRule]:
    """Pieces of one line, in order along it, become one rule."""
    joined: list[PixelRule] = []
    for rule in sorted(rules, key=lambda r: (r.start, r.at)):
        for i in range(len(joined) - 1, -1, -1):
            other = joined[i]
            if abs(other.at - rule.at) <= 2.5 and -2 <= rule.start - other.end <= gap:
                total = (other.end - other.start) + (rule.end - rule.start)
                at = (other.at * (other.end - other.start) + rule.at * (rule.end - rule.start)) / total
                joined[i] = PixelRule(rule.horizontal, at, other.start, max(other.end, rule.end), max(other.thick, rule.thick))
                break
        else:
            joined.append(rule)
    return joined


def _snap(rule: PixelRule, rules: list[PixelRule], reach: float) -> PixelRule:
    """Both ends moved to the crossing line they nearly meet."""
    crossing = [r for r in rules if r.horizontal != rule.horizontal and r.start - reach <= rule.at <= r.end + reach]

    def moved(end: int) -> int:
        near = min(crossing, key=lambda r: abs(r.at - end), default=None)
        return round(near.at) if near is not None and abs(near.at - end) <= reach else end

    return rule._replace(start=moved(rule.start), end=moved(rule.end))


def erase(image: Image, mask: Image, rules: list[PixelRule]) -> tuple[Image, Image]:
    """Image and mask without the given rules; the image gets the paper's own brightness there."""
    paper = [int(v) for v in _median_colour(image, mask)]
    clean, ink = image.copy(), mask.copy()
    for rule in rules:
        half = rule.thick // 2 + 3
        low, high = max(0, round(rule.at) - half), round(rule.at) + half + 1
        where = (slice(low, high), slice(rule.start, rule.end)) if rule.horizontal else (slice(rule.start, rule.end), slice(low, high))
        clean[where] = paper if image.ndim == 3 else paper[0]
        ink[where] = 0
    return clean, ink


def _median_colour(image: Image, mask: Image) -> list[float]:
    import numpy as np

    sample, bare = image[::8, ::8], mask[::8, ::8] == 0
    values = sample[bare] if bare.any() else sample.reshape(-1, *sample.shape[2:])
    return [float(v) for v in np.atleast_1d(np.median(values, axis=0))]


def tight(mask: Image, box: PixelBox, speck: int = 6) -> PixelBox | None:
    """The box of the ink of one line inside a loose box, or None where there is none.

    Ink cut off by the upper or lower edge belongs to the line above or below; bands of fewer than ``speck`` pixels are dirt.
    """
    part = mask[box.y0 : box.y1, box.x0 : box.x1] > 0
    profile = part.sum(axis=1).tolist()
    height = len(profile)
    bands = [(top, bottom) for top, bottom in _bands(profile) if sum(profile[top:bottom]) >= speck]
    bands = [(t, b) for t, b in bands if not (t == 0 and b <= 0.35 * height) and not (b == height and t >= 0.65 * height)]
    if not bands:
        return None
    top, bottom = bands[0][0], bands[-1][1]
    columns = part[top:bottom].sum(axis=0).nonzero()[0]
    return PixelBox(box.x0 + int(columns[0]), box.y0 + top, box.x0 + int(columns[-1]) + 1, box.y0 + bottom)


def count_marks(mask: Image, box: PixelBox, speck: int) -> int:
    """How many separate pieces of ink stand side by side in a box; pieces of fewer than ``speck`` pixels are dirt."""
    profile = (mask[box.y0 : box.y1, box.x0 : box.x1] > 0).sum(axis=0).tolist()
    return sum(sum(profile[a:b]) >= speck for a, b in _bands(profile))


def flat_ends(mask: Image, box: PixelBox) -> tuple[int, int]:
    """How many pixels at the left and right end of a line hold nothing but a level stroke at middle height (a long dash)."""
    part = mask[box.y0 : box.y1, box.x0 : box.x1] > 0
    height = box.y1 - box.y0
    middle = part[round(0.3 * height) : round(0.7 * height)].sum(axis=0)
    stroke = ((middle > 0) & (middle <= 0.2 * height) & (part.sum(axis=0) == middle)).tolist()
    left, right = _stroke_length(stroke), _stroke_length(stroke[::-1])
    return left, right


def _stroke_length(stroke: list[bool], dirt: int = 4) -> int:
    """Length of the stroke at the start; up to ``dirt`` columns in a row may hold a speck as well."""
    other = 0
    for i, flat in enumerate(stroke):
        other = 0 if flat else other + 1
        if other > dirt:
            return i - dirt
    return len(stroke)


def _bands(profile: list[int]) -> list[tuple[int, int]]:
    """Runs of rows (or columns) with ink."""
    bands: list[tuple[int, int]] = []
    start = None
    for row, ink in enumerate([*profile, 0]):
        if ink and start is None:
            start = row
        elif not ink and start is not None:
            bands.append((start, row))
            start = None
    return bands


def gaps(mask: Image, box: PixelBox, least: float) -> list[int]:
    """The middles of the vertical white strips inside a box that are wider than ``least`` pixels, left to right."""
    columns = (mask[box.y0 : box.y1, box.x0 : box.x1] > 0).sum(axis=0).nonzero()[0] + box.x0
    return [int(a + b) // 2 for a, b in pairwise(columns) if b - a > least]


def widen(mask: Image, box: PixelBox, low: int, high: int, reach: float) -> tuple[int, int]:
    """The left and right end of the ink that runs on from a box, across white of at most ``reach`` pixels, between ``low`` and ``high``."""
    inset = (box.y1 - box.y0) // 6
    columns = (mask[box.y0 + inset : box.y1 - inset, low:high] > 0).sum(axis=0).nonzero()[0] + low
    x0, x1 = box.x0, box.x1
    for column in columns[columns < box.x0][::-1].tolist():
        if x0 - column > reach:
            break
        x0 = column
    for column in columns[columns >= box.x1].tolist():
        if column - x1 > reach:
            break
        x1 = column + 1
    return x0, x1


def loose_ink(mask: Image, covered: list[PixelBox], least: float, most: float, reach: float) -> list[PixelBox]:
    """Clusters of ink outside the covered boxes, between ``least`` and ``most`` pixels high: text that was not detected."""
    cv2 = _cv2()
    rest = mask.copy()
    for box in covered:
        rest[box.y0 : box.y1, box.x0 : box.x1] = 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
    small = [i for i in range(1, count) if stats[i][4] < 0.25 * least * least or max(stats[i][2], stats[i][3]) > 3 * most]
    if small:
        import numpy as np

        drop = np.zeros(count, dtype=bool)
        drop[small] = True
        rest[drop[labels]] = 0
    near = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (max(1, int(reach)), 3)))
    count, _, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    return [PixelBox(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:count].tolist() if least <= h <= most and w >= 0.3 * least]
