"""Is every printed number in the parsed document, at its place? ``python -m eval coverage PDF…``

The numbers are looked for without the reader: characters from PDFium, table regions from pdfplumber's own finder, and
lines with two figures or more outside them. A number is held where a cell (or a paragraph) of the document says it with
a box that, read back with PDFium, holds exactly the characters of that cell. Numbers that the document keeps as codes,
labels, headers or captions are no figures and not counted. Cells of scanned pages are checked by reading a sample of
their boxes, cut out of the page image, with the OCR engine.
"""

from __future__ import annotations

import argparse
import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from index.amounts import NUMBER_CELL, is_number_cell, normalise
from index.domain import Box, Cell, Document, Heading, Para, Table

TARGET = 0.995
GAP = 0.6  # in em: characters nearer than this belong to one word
FAR = 1.0  # in em: words on a line further apart than this stand in columns
SLACK = 1.0  # points around a box
SCAN_SAMPLE, SCAN_DPI, SCAN_SEED = 40, 200, 7
MISSES_SHOWN = 20
INVISIBLE = (3, 7)  # text render modes that draw nothing
NUMERIC = frozenset("0123456789.,%()-+¥")


class Char(NamedTuple):
    """A visible character of a digital page, placed as the page is displayed."""

    text: str
    box: Box

    @property
    def middle(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


class Number(NamedTuple):
    """A printed number found without the reader."""

    text: str
    box: Box


@dataclass
class Coverage:
    """What became of the numbers of one file; ``misses`` are (page, number, why)."""

    held: int = 0
    in_text: int = 0
    named: int = 0  # codes, labels, headers, captions
    cells: int = 0  # cells with a box on digital pages
    boxes_wrong: int = 0
    scanned: int = 0
    scan_agrees: int = 0
    misses: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def numbers(self) -> int:
        return self.held + self.in_text + len(self.misses)

    @property
    def share(self) -> float:
        return (self.held + self.in_text) / self.numbers if self.numbers else 1.0

    def add(self, other: Coverage) -> None:
        """Count another file's numbers as well."""
        for name in ("held", "in_text", "named", "cells", "boxes_wrong", "scanned", "scan_agrees"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.misses.extend(other.misses)


def run(words: list[str]) -> int:
    """Print a line per file and the misses. Exit code 1 where the share of all files is below the target."""
    parser = argparse.ArgumentParser(prog="python -m eval coverage", description="表格数字是否一个不漏 / are all numbers of tables held")
    parser.add_argument("files", nargs="+", type=Path, metavar="PDF")
    parser.add_argument("--no-scans", action="store_true", help="不抽查扫描页 / leave scanned pages out")
    args = parser.parse_args(words)
    from index.readers.pdf import read_pdf

    total = Coverage()
    print("文件\t数字\t在表格\t在正文\t缺\t比例\t编码标签\t单元格框\t框不符\t扫描抽查")
    for path in args.files:
        document = read_pdf(path, path.stem)
        found = file_to_coverage(path, document, not args.no_scans)
        print(_line(path.stem, found), flush=True)
        for page, number, why in found.misses[:MISSES_SHOWN]:
            print(f"  第{page}页 {number}：{why}")
        total.add(found)
    print(_line("合计", total))
    return 0 if total.share >= TARGET else 1


def file_to_coverage(path: Path, document: Document, scans: bool = True) -> Coverage:
    """Every digital page of a file beside its parsed document; of scanned pages a sample of cells."""
    import pdfplumber
    import pypdfium2

    places = _document_to_places(document)
    left_out = {*document.ocr_pages, *(unread.page for unread in document.unread)}
    found = Coverage()
    pdf = pypdfium2.PdfDocument(path)
    with pdfplumber.open(path) as plumber:
        for number in range(1, len(pdf) + 1):
            if number in left_out:
                continue
            chars = page_to_chars(pdf[number - 1])
            _check_page(number, chars, _ruled_cells(plumber.pages[number - 1]), places, found)
            plumber.pages[number - 1].close()
    if scans:
        _check_scans(pdf, document, found)
    pdf.close()
    return found


def _line(name: str, c: Coverage) -> str:
    scan = f"{c.scan_agrees}/{c.scanned}" if c.scanned else "—"
    counts = f"{c.numbers}\t{c.held}\t{c.in_text}\t{len(c.misses)}\t{c.share:.2%}\t{c.named}\t{c.cells}\t{c.boxes_wrong}"
    return f"{name}\t{counts}\t{scan}"


# ---------------------------------------------------------------- what stands on the page, without the reader


def page_to_chars(page: Any) -> list[Char]:
    """Visible characters in PDFium's order, placed by PDFium itself."""
    import ctypes

    import pypdfium2.raw as raw

    width, height = page.get_size()
    fine = 100  # device units a point
    left, bottom, right, top = (ctypes.c_double() for _ in range(4))
    x, y = ctypes.c_int(), ctypes.c_int()

    def shown(px: float, py: float) -> tuple[float, float]:
        raw.FPDF_PageToDevice(page.raw, 0, 0, round(width * fine), round(height * fine), 0, px, py, x, y)
        return x.value / fine, y.value / fine

    text = page.get_textpage()
    chars = []
    for i in range(raw.FPDFText_CountChars(text.raw)):
        char = _plain(chr(raw.FPDFText_GetUnicode(text.raw, i)))
        item = raw.FPDFText_GetTextObject(text.raw, i)
        if not char or not item or raw.FPDFTextObj_GetTextRenderMode(item) in INVISIBLE:
            continue
        if raw.FPDFText_IsGenerated(text.raw, i) == 1 or not raw.FPDFText_GetCharBox(text.raw, i, left, right, bottom, top):
            continue
        (ax, ay), (bx, by) = shown(left.value, bottom.value), shown(right.value, top.value)
        box = (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
        if box[2] >= 0 and box[3] >= 0 and box[0] <= width and box[1] <= height:
            chars.append(Char(char, box))
    text.close()
    return chars


def _ruled_cells(page: Any) -> list[Box]:
    """Cells of tables that pdfplumber finds by itself, as the page is displayed; boxes of a single column frame text."""
    left, top = page.bbox[:2]
    tables = [table.cells for table in page.find_tables()]
    tables = [cells for cells in tables if len({round(cell[0]) for cell in cells}) > 1]
    return [(c[0] - left, c[1] - top, c[2] - left, c[3] - top) for cells in tables for c in cells]


def chars_to_numbers(chars: Sequence[Char], cells: Sequence[Box]) -> list[Number]:
    """The numbers inside ruled cells, and those that stand side by side on a line outside them."""
    numbers: list[Number] = []
    rest = list(chars)
    for box in cells:
        inside = [c for c in rest if _holds(box, c.middle)]
        if not inside:
            continue
        taken = {id(c) for c in inside}
        rest = [c for c in rest if id(c) not in taken]
        whole = "".join(c.text for c in _in_order(inside))
        words = [inside] if is_number_cell(whole) else list(_words(inside))
        numbers.extend(n for n in _to_numbers(words) if n.text == whole or not n.text.isdigit())
    for line in _lines(rest):
        row = [number for number in _to_numbers(_words(line)) if not number.text.isdigit()]
        apart = [b.box[0] - a.box[2] > FAR * (a.box[3] - a.box[1]) for a, b in pairwise(row)]
        if apart and all(apart):
            numbers.extend(row)
    return numbers


def _to_numbers(words: Iterable[Sequence[Char]]) -> Iterator[Number]:
    for word in words:
        text = "".join(c.text for c in _in_order(word))
        if set(text) <= NUMERIC and NUMBER_CELL.match(text):
            yield Number(text, _around(word))


def _lines(chars: Sequence[Char]) -> list[list[Char]]:
    """Characters grouped by height, lines from top to bottom, each from left to right."""
    lines: list[list[Char]] = []
    for char in sorted(chars, key=lambda c: c.middle[1]):
        if lines and lines[-1][0].box[1] - SLACK < char.middle[1] < lines[-1][0].box[3] + SLACK:
            lines[-1].append(char)
        else:
            lines.append([char])
    return [sorted(line, key=lambda c: c.box[0]) for line in lines]


def _in_order(chars: Sequence[Char]) -> list[Char]:
    return [char for line in _lines(chars) for char in line]


def _words(chars: Sequence[Char]) -> Iterator[list[Char]]:
    """Runs of characters without a gap."""
    for line in _lines(chars):
        word: list[Char] = []
        for char in line:
            if word and char.box[0] - word[-1].box[2] > GAP * max(char.box[3] - char.box[1], word[-1].box[3] - word[-1].box[1]):
                yield word
                word = []
            word.append(char)
        yield word


# ---------------------------------------------------------------- where the document keeps it


class Place(NamedTuple):
    kind: str  # cell | text | name | code
    text: str
    box: Box | None  # None: anywhere on the page
    runs_on: bool = False  # may go on on the next page


def _document_to_places(document: Document) -> dict[int, list[Place]]:
    places: dict[int, list[Place]] = defaultdict(list)
    for block in document.blocks:
        if isinstance(block, Table):
            for page, place in _table_places(block):
                places[page].append(place)
        elif isinstance(block, Heading):
            places[block.page or 0].append(Place("name", _plain(block.text), block.bbox))
        else:
            for page, place in _para_places(block):
                places[page].append(place)
    return places


def _table_places(table: Table) -> Iterator[tuple[int, Place]]:
    words = " ".join(_plain(part) for path in table.columns for part in path)
    for page in table.pages:
        yield page, Place("name", " ".join((words, _plain(table.name), _plain(table.note or ""))), None)
    for row in table.rows:
        for cell in row.cells:
            if cell.text is not None and cell.page:
                yield cell.page, Place("cell", _plain(cell.text), cell.bbox, cell.page + 1 in table.pages)
        if row.page:
            yield row.page, Place("name", " ".join(map(_plain, row.label)), row.bbox)
            yield row.page, Place("code", row.code or "", row.bbox)


def _para_places(para: Para) -> Iterator[tuple[int, Place]]:
    for span in para.spans:
        if span.page and span.bbox:
            yield span.page, Place("text", _plain(para.text[span.start : span.end]), span.bbox)


def _check_page(page: int, chars: Sequence[Char], ruled: Sequence[Box], places: dict[int, list[Place]], found: Coverage) -> None:
    wrong: dict[int, str] = {}
    here = places[page]
    for i, place in enumerate(here):
        if place.kind == "cell" and place.box:
            found.cells += 1
            printed = box_to_text(chars, place.box)
            if printed != place.text and (is_number_cell(place.text) or not _is_start(printed, place)):
                found.boxes_wrong += 1
                wrong[i] = printed
    for number in chars_to_numbers(chars, ruled):
        _look_up(page, number, here, wrong, found)


def _is_start(printed: str, place: Place) -> bool:
    """The same characters in any order; fewer only where the cell goes on over the page's end."""
    more, fewer = Counter(printed) - Counter(place.text), Counter(place.text) - Counter(printed)
    return not more and (place.runs_on or not fewer)


def _look_up(page: int, number: Number, here: Sequence[Place], wrong: dict[int, str], found: Coverage) -> None:
    at = ((number.box[0] + number.box[2]) / 2, (number.box[1] + number.box[3]) / 2)
    near = [i for i, place in enumerate(here) if (place.box is None or _holds(place.box, at, SLACK)) and _says(place, number.text)]
    kinds = {here[i].kind for i in near if i not in wrong}
    if "cell" in kinds:
        found.held += 1
    elif any(i in wrong for i in near):
        printed = next(wrong[i] for i in near if i in wrong)
        found.misses.append((page, number.text, f"框里印的是「{printed[:40]}」"))
    elif "text" in kinds:
        found.in_text += 1
    elif kinds:
        found.named += 1
    else:
        found.misses.append((page, number.text, f"不在任何单元格（{at[0]:.0f}, {at[1]:.0f}）"))


def _says(place: Place, number: str) -> bool:
    """The number stands in the text as a number of its own; a code is printed in parts."""
    if place.kind == "code":
        return number in place.text
    return bool(re.search(rf"(?<![\d.])(?<!\d,){re.escape(number)}(?![\d.,%])", place.text))


def box_to_text(chars: Sequence[Char], box: Box) -> str:
    """What PDFium finds printed in a box, blanks left out."""
    return "".join(c.text for c in _in_order([c for c in chars if _holds(box, c.middle, SLACK)]))


# ---------------------------------------------------------------- scanned pages


def _check_scans(pdf: Any, document: Document, found: Coverage) -> None:
    """A sample of cells cut out of the page image and read again, each by itself."""
    from index.readers.ocr import read_crops, to_array

    pages = set(document.ocr_pages)
    cells = [c for t in document.tables for r in t.rows for c in r.cells if c.page in pages and c.bbox and is_number_cell(c.text)]
    sample = random.Random(SCAN_SEED).sample(cells, min(SCAN_SAMPLE, len(cells)))
    by_page: dict[int, list[Cell]] = defaultdict(list)
    for cell in sample:
        by_page[cell.page or 0].append(cell)
    for page, members in sorted(by_page.items()):
        image = pdf[page - 1].render(scale=SCAN_DPI / 72).to_pil()
        crops = [to_array(image.crop(_pixels(cell.bbox))) for cell in members if cell.bbox]
        for cell, (text, _) in zip(members, read_crops(crops), strict=True):
            found.scanned += 1
            found.scan_agrees += _digits(text) == _digits(cell.text or "")


def _pixels(box: Box) -> tuple[int, int, int, int]:
    scale, around = SCAN_DPI / 72, 2 * SLACK
    return (
        round((box[0] - around) * scale),
        round((box[1] - around) * scale),
        round((box[2] + around) * scale),
        round((box[3] + around) * scale),
    )


def _digits(text: str) -> str:
    return re.sub(r"[^\d.%-]", "", normalise(text))


# ---------------------------------------------------------------- small helpers


def _plain(text: str) -> str:
    """Without blanks and the variants of a character, so that only what is printed counts."""
    from index.textlines import clean_glyph

    return re.sub(r"\s", "", normalise(unicodedata.normalize("NFKC", "".join(clean_glyph(ord(char)) for char in text))))


def _holds(box: Box, point: tuple[float, float], slack: float = 0.0) -> bool:
    return box[0] - slack <= point[0] <= box[2] + slack and box[1] - slack <= point[1] <= box[3] + slack


def _around(chars: Sequence[Char]) -> Box:
    boxes = [c.box for c in chars]
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
