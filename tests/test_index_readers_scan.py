"""Scans: what the ink shows is read, what it does not show is never made up."""

from __future__ import annotations

from typing import Any

import pytest

from index.domain import Cell, Flag, Glyph, Page, Para, Row, Span, Table
from index.readers.recognised import mend_figure, mend_text
from index.readers.scan import even_sizes, ocr_page, open_sides
from index.readers.scanned import Scan, box_as_shown, mark_scanned, page_to_scan

np = pytest.importorskip("numpy")
Image = pytest.importorskip("PIL.Image")

DPI = 200
SCALE = 72 / DPI
ROWS = [["1,234.56", "0.00", "208"], ["9,233.81", "12.50", "2080501"], ["587,935.99", "1,361.05", "3"]]


def drawn(rows: list[list[str]], width: int = 1100, height: int = 700, lines: bool = True) -> Any:
    """A white page with the texts in a grid of cells, 300 × 80 pixels each."""
    from PIL import ImageDraw, ImageFont

    image = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=30)
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            x, y = 100 + 300 * c, 150 + 80 * r
            if lines:
                pen.rectangle((x, y, x + 300, y + 80), outline="black", width=2)
            pen.text((x + 280, y + 40), text, fill="black", font=font, anchor="rm")
    return image


def read(image: Any) -> Page:
    return ocr_page(image, 1, image.width * SCALE, image.height * SCALE)


def in_order(page: Page) -> list[str]:
    return [g.text for g in sorted(page.glyphs, key=lambda g: (round((g.top + g.bottom) / 2 / 14), g.x0))]


@pytest.mark.parametrize(
    ("read_as", "printed"),
    [
        ("1,234.56", "1,234.56"),
        ("1.234.56", "1,234.56"),
        ("1, 234.56", "1,234.56"),
        ("63.828,45", "63,828.45"),
        ("1.234.567.89", "1,234,567.89"),
        ("-18.00", "-18.00"),
        ("−18。00", "-18.00"),
        ("14,220.995", "14,220.995"),  # three printed decimals
        ("1.234", "1.234"),  # cannot be told: as recognised
        ("12 345", "12 345"),  # two cells perhaps: never one number
        ("1,234.56 7,890.12", "1,234.56 7,890.12"),
        ("2080501", "2080501"),
        ("18.03%", "18.03%"),
        ("12.3456.78", "12.3456.78"),  # no groups of three: as recognised
    ],
)
def test_only_separators_of_a_figure_are_mended(read_as: str, printed: str) -> None:
    assert mend_figure(read_as) == printed
    assert [c for c in mend_figure(read_as) if c.isdigit()] == [c for c in read_as if c.isdigit()]


@pytest.mark.parametrize(
    ("read_as", "printed"),
    [
        ("部门名称:某某局(本级)", "部门名称：某某局（本级）"),
        ("可能出现9，500万元", "可能出现9,500万元"),
        ("本年收人合计", "本年收入合计"),
        ("收人员工资", "收人员工资"),
        ("人员支出6.207.15万元", "人员支出6,207.15万元"),
        ("Add: 128 Xixi Rd.", "Add: 128 Xixi Rd."),
    ],
)
def test_punctuation_beside_chinese_is_full_width(read_as: str, printed: str) -> None:
    assert mend_text(read_as) == printed


def test_skewed_table_keeps_every_figure_and_its_rules() -> None:
    page = read(drawn(ROWS).rotate(1.3, fillcolor="white", resample=Image.Resampling.BICUBIC))
    assert in_order(page) == [text for row in ROWS for text in row]
    assert page.origin == "ocr" and page.unread is None and not page.doubts
    assert len({round(r.top) for r in page.rules if r.top == r.bottom}) == 4
    assert len({round(r.x0) for r in page.rules if r.x0 == r.x1}) == 4
    assert page.skew == pytest.approx(-1.3, abs=0.1)


def test_box_comes_back_to_where_the_skewed_page_shows_it() -> None:
    tilt = {"angle": 1.3, "fillcolor": "white", "resample": Image.Resampling.BICUBIC}
    page = read(drawn(ROWS).rotate(**tilt))
    glyph = next(g for g in page.glyphs if g.text == "1,361.05")
    box = box_as_shown((glyph.x0, glyph.top, glyph.x1, glyph.bottom), page_to_scan(page))
    alone = drawn([[], [], ["", "1,361.05"]], lines=False).rotate(**tilt)
    rows, columns = np.nonzero(np.asarray(alone.convert("L")) < 128)
    assert (box[0], box[2]) == pytest.approx((columns.min() * SCALE, columns.max() * SCALE), abs=2.5)
    assert box[1] <= rows.min() * SCALE + 1 and rows.max() * SCALE - 1 <= box[3]
    assert box[3] - box[1] < 2 * (rows.max() - rows.min()) * SCALE


def test_figures_close_together_without_rules_stay_apart() -> None:
    rows = [["1,234.56", "7,890.12", "0.00"], ["33.10", "20,805.00", "1.26"]]
    assert in_order(read(drawn(rows, lines=False))) == [text for row in rows for text in row]


@pytest.mark.parametrize("quarters", [1, 2])
def test_page_that_stands_sideways_or_on_its_head_is_read_upright(quarters: int) -> None:
    image = Image.fromarray(np.ascontiguousarray(np.rot90(np.asarray(drawn(ROWS)), quarters)))
    page = read(image)
    assert in_order(page) == [text for row in ROWS for text in row]
    assert page.turned == quarters * 90


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_turning_back_undoes_the_turn(turned: int) -> None:
    wide, high = (300.0, 200.0) if turned % 180 == 0 else (200.0, 300.0)  # of the upright page; the file's is 300 × 200
    box = box_as_shown((10, 20, 40, 30), Scan(0.0, turned, wide, high))
    assert box == {0: (10, 20, 40, 30), 90: (20, 160, 30, 190), 180: (260, 170, 290, 180), 270: (270, 10, 280, 40)}[turned]


@pytest.mark.parametrize("kind", ["white", "blank form", "shades", "noise"])
def test_image_without_text_makes_up_no_cell(kind: str) -> None:
    if kind == "white":
        image = Image.new("RGB", (800, 600), "white")
    elif kind == "blank form":
        image = drawn([["", "", ""]] * 4)
    elif kind == "shades":
        image = Image.fromarray(np.tile(np.linspace(0, 255, 800).astype("uint8"), (600, 1)))
    else:
        image = Image.fromarray(np.random.default_rng(7).integers(0, 256, (600, 800), dtype="uint8"))
    assert not [g for g in read(image).glyphs if any(c.isdigit() for c in g.text)]


def test_tiny_image_does_not_crash() -> None:
    assert ocr_page(Image.new("L", (3, 2)), 1, 595, 842).glyphs == ()


def test_table_without_outer_sides_is_closed() -> None:
    from index.readers.ink import PixelRule

    level = [PixelRule(True, y, 100, 900, 2) for y in (100, 200, 300)]
    uprights = [PixelRule(False, x, 100, 300, 2) for x in (300, 600)]
    assert open_sides(level + uprights, 40) == [PixelRule(False, 100.0, 100, 300, 1), PixelRule(False, 900.0, 100, 300, 1)]
    assert open_sides(level, 40) == []  # horizontal rules only: no grid at all


def test_narrow_white_parts_columns_where_it_goes_on_below() -> None:
    from index.readers.ink import PixelBox
    from index.readers.scan import box_to_pieces

    ink = np.zeros((100, 300), dtype=np.uint8)
    ink[10:30, 10:100] = ink[10:30, 112:200] = 255  # white of 12 in a line of 24 pixels
    line, below = PixelBox(8, 8, 202, 32), [PixelBox(20, 40, 101, 64), PixelBox(113, 40, 190, 64)]
    assert [(p.x0, p.x1) for p in box_to_pieces(line, ink, [], others=[line, *below])] == [(10, 100), (112, 200)]
    assert [(p.x0, p.x1) for p in box_to_pieces(line, ink, [], others=[line, PixelBox(8, 40, 202, 64)])] == [(10, 200)]


def test_one_print_has_one_size_whatever_its_characters() -> None:
    glyphs = [Glyph("预算", 0, 0, 1, 1, size=size) for size in (10.0, 10.4, 9.7, 10.9, 22.0)]
    assert {g.size for g in even_sizes(glyphs, 0.12)} == {10.4, 22.0}


def test_cells_and_paragraphs_of_scanned_pages_are_flagged_and_doubtful_ones_named() -> None:
    cells = (Cell("1.00", 2, (10, 10, 30, 20)), Cell("2.00", 2, (40, 10, 60, 20)), Cell("3.00", 1, (10, 10, 30, 20)))
    table = Table("t", None, "", (("a",), ("b",), ("c",)), (Row(("x",), cells),))
    para = Para("甲", 2, spans=(Span(0, 1, 2, None, (0, 0, 9, 9)),))
    marked, text = mark_scanned([table, para], {2: Scan(0.0, 0, 100, 100, ((42, 11, 58, 19),))})
    assert isinstance(marked, Table) and isinstance(text, Para)
    assert [cell.flags for cell in marked.rows[0].cells] == [{Flag.OCR}, {Flag.OCR, Flag.DOUBTFUL}, frozenset()]
    assert text.flags == {Flag.OCR}
