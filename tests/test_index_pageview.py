"""Pictures of cited places: the right digits are marked, a changed or hostile file is refused in one line, the cache is bounded."""

from __future__ import annotations

import io
import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index import pageview
from index.domain import Box, Document, Para, Span
from index.errors import BudgetError
from index.lineview import lines_picture, place_to_excerpt
from index.readers.pdf import read_pdf
from index.readers.text import read_text

SAMPLES = Path(__file__).resolve().parents[1] / "index" / "samples"
SAMPLE = SAMPLES / "sample-lg-2024.pdf"


class Shelf:
    """What pictures need of an Index, without embedding anything."""

    def __init__(self, folder: Path, path: Path, document: Document) -> None:
        self.folder, self.path, self._document = folder, path, document

    def document(self, doc_id: str) -> Document:
        return self._document

    def source(self, doc_id: str) -> str:
        return str(self.path)


@pytest.fixture(scope="module")
def parsed() -> Document:
    return read_pdf(SAMPLE, "sample")


@pytest.fixture
def shelf(tmp_path: Path, parsed: Document) -> Any:
    copy = tmp_path / SAMPLE.name
    shutil.copy(SAMPLE, copy)
    return Shelf(tmp_path, copy, parsed)


def cell_of(document: Document, text: str) -> tuple[int, Box]:
    for table in document.tables:
        for row in table.rows:
            for cell in row.cells:
                if cell.text == text and cell.bbox and cell.page:
                    return cell.page, cell.bbox
    raise AssertionError(text)


def picture(png: bytes) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(png)).convert("RGB")


def painted(image: Any) -> Iterator[tuple[int, int]]:
    """Pixels of the marker's outline."""
    for y in range(image.height):
        for x in range(image.width):
            if image.getpixel((x, y)) == (201, 48, 32):
                yield x, y


def test_the_mark_lies_on_the_cited_digits_and_nowhere_else(shelf: Any, parsed: Document) -> None:
    page, box = cell_of(parsed, "9,233.81")
    plain, marked = picture(pageview.page_picture(shelf, "sample", page)), picture(pageview.page_picture(shelf, "sample", page, [box]))
    assert plain.size == marked.size
    spots = list(painted(marked))
    left, right = min(x for x, _ in spots), max(x for x, _ in spots)
    top, bottom = min(y for _, y in spots), max(y for _, y in spots)
    assert (left, top, right, bottom) == pytest.approx([2 * v for v in box], abs=6)
    inside = plain.crop((left, top, right, bottom)).convert("L")
    assert min(inside.get_flattened_data()) < 100, "no ink inside the box"


def test_a_crop_shows_the_row_and_the_header_of_its_table(shelf: Any, parsed: Document) -> None:
    page, box = cell_of(parsed, "9,233.81")
    columns, rows = pageview.crop_bands(pageview.body_corner(parsed, page, box), box, (595, 842))
    table = next(t for t in parsed.tables if any(c.bbox == box for r in t.rows for c in r.cells))
    placed = [c.bbox for r in table.rows for c in r.cells if c.page == page and c.bbox]
    assert rows[0][0] < min(b[1] for b in placed) - 20 and rows[-1][0] < box[1] and rows[-1][1] > box[3]
    assert columns[0][0] < min(b[0] for b in placed) - 20 and columns[-1][1] > box[2]
    assert any(painted(picture(pageview.crop_picture(shelf, "sample", page, box))))


def test_a_far_column_stands_beside_its_labels(parsed: Document) -> None:
    table = next(t for t in parsed.tables if len(t.columns) > 8)
    cell = next(c for r in table.rows for c in r.cells[-1:] if c.bbox and c.page)
    assert cell.page and cell.bbox
    columns, _ = pageview.crop_bands(pageview.body_corner(parsed, cell.page, cell.bbox), cell.bbox, (842, 595))
    assert len(columns) == 2 and columns[0][1] < columns[1][0] < cell.bbox[0]


def test_a_page_is_drawn_once_and_then_read(shelf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pageview.page_picture(shelf, "sample", 1)
    monkeypatch.setattr(pageview.WORKER, "run", lambda *_: pytest.fail("drawn twice"))
    assert pageview.page_picture(shelf, "sample", 1) == first
    (kept,) = (shelf.folder / "pages").iterdir()
    pageview.forget_pictures(shelf.folder, shelf.document("").sha256)
    assert not kept.exists()


def test_a_page_that_many_ask_for_at_once_is_drawn_once(shelf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run, drawn = pageview.WORKER.run, []
    monkeypatch.setattr(pageview.WORKER, "run", lambda *arguments: (drawn.append(arguments), run(*arguments))[1])
    with ThreadPoolExecutor(6) as pool:
        pictures = list(pool.map(lambda _: pageview.page_picture(shelf, "sample", 5), range(6)))
    assert len(set(pictures)) == 1 and len(drawn) == 1, "a click waits for the drawing under way, not for one more"


def test_the_longest_unused_pictures_go_when_the_bound_is_reached(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    for n in range(5):
        pageview.keep(folder / f"{n}.png", b"x" * 10, bound=30)
        os.utime(folder / f"{n}.png", (time.time() + n, time.time() + n))
    assert sorted(p.name for p in folder.iterdir()) == ["2.png", "3.png", "4.png"]


def test_a_file_changed_since_it_was_read_is_refused(shelf: Any) -> None:
    shelf.path.write_bytes(shelf.path.read_bytes() + b"\n%")
    with pytest.raises(BudgetError, match="改过"):
        pageview.page_picture(shelf, "sample", 1)
    shelf.path.unlink()
    with pytest.raises(BudgetError, match="已不在"):
        pageview.page_picture(shelf, "sample", 1)
    (shelf.folder / "files").mkdir()
    shutil.copy(SAMPLE, shelf.folder / "files" / SAMPLE.name)  # the store's own copy stands in
    assert pageview.page_picture(shelf, "sample", 1)


@pytest.mark.parametrize(("page", "scale", "said"), [(0, 2.0, "没有第0页"), (99, 2.0, "没有第99页"), (1, 50.0, "放大倍数")])
def test_impossible_wishes_are_one_line(shelf: Any, page: int, scale: float, said: str) -> None:
    with pytest.raises(BudgetError, match=said) as caught:
        pageview.page_picture(shelf, "sample", page, scale=scale)
    assert "\n" not in str(caught.value)


def test_giant_and_broken_pages_are_refused_and_the_next_one_is_drawn(tmp_path: Path, shelf: Any) -> None:
    import pypdfium2

    giant = tmp_path / "giant.pdf"
    with pypdfium2.PdfDocument.new() as pdf:
        pdf.new_page(14000, 14000)
        pdf.save(giant)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 nothing")
    for path, said in ((giant, "太大"), (broken, "画不出来")):
        with pytest.raises(BudgetError, match=said) as caught:
            pageview.draw_page(path, 1, 2.0)
        assert "\n" not in str(caught.value)
    assert pageview.page_picture(shelf, "sample", 2)


def test_a_place_has_the_pages_of_its_table_or_passage(parsed: Document) -> None:
    table = next(table for table in parsed.tables if table.name.startswith("表8"))
    last = next(cell for row in reversed(table.rows) for cell in row.cells if cell.bbox)
    assert last.page == 21 and last.bbox and pageview.place_pages(parsed, 21, last.bbox) == (20, 21)
    single = next(table for table in parsed.tables if table.name.startswith("表5"))
    cell = next(cell for row in single.rows for cell in row.cells if cell.bbox)
    assert cell.bbox and pageview.place_pages(parsed, 16, cell.bbox) == (16, 16)
    line, rest = (Span(0, 4, 3, None, (60, 700, 300, 712)), Span(4, 8, 4, None, (60, 80, 300, 92)))
    torn = replace(
        parsed, blocks=(Para("一段跨页的话啊", 3, None, (line, rest)), Para("另一段", 4, None, (Span(0, 3, 4, None, (60, 100, 300, 112)),)))
    )
    assert pageview.place_pages(torn, 4, (80, 81, 120, 91)) == (3, 4) and pageview.place_pages(torn, 4, (80, 101, 120, 111)) == (4, 4)
    assert pageview.place_pages(parsed, 1, (0, 0, 1, 1)) == (1, 1)


def test_a_cited_passage_is_marked_on_every_line_and_only_as_far_as_it_goes(parsed: Document) -> None:
    para = next(b for b in parsed.blocks if isinstance(b, Para) and b.text.startswith("13.对口帮扶预算"))
    first = para.spans[0]
    assert first.bbox and first.page
    whole = pageview.place_boxes(parsed, first.page, first.bbox, para.text)
    assert len(whole) == len(para.spans) and whole[0] == first.bbox
    sentence = para.text[: para.text.index("。") + 1]
    part = pageview.place_boxes(parsed, first.page, first.bbox, sentence)
    assert 1 < len(part) < len(whole) and part[-1][2] < whole[len(part) - 1][2], "the next sentence begins on the same line"
    figure = (first.bbox[0] + 20, first.bbox[1], first.bbox[0] + 60, first.bbox[3])
    assert pageview.place_boxes(parsed, first.page, figure, para.text) == [figure], "a figure is marked alone"


def test_extracted_pages_are_those_of_the_original(shelf: Any) -> None:
    import pypdfium2

    with pypdfium2.PdfDocument(pageview.page_range(shelf, "sample", 3, 4)) as part, pypdfium2.PdfDocument(SAMPLE) as whole:
        assert len(part) == 2
        assert [p.get_textpage().get_text_bounded() for p in part] == [whole[n].get_textpage().get_text_bounded() for n in (2, 3)]
    with pytest.raises(BudgetError, match="没有第"):
        pageview.page_range(shelf, "sample", 4, 3)


def test_a_text_files_place_is_its_lines_or_its_tables_rows(tmp_path: Path) -> None:
    text = tmp_path / "plain.txt"
    text.write_text("某局2024年部门预算\n一、部门概况\n某局负责审计工作。\n二、收支情况\n某局2024年收入12.00万元。\n", "utf-8")
    document = read_text(text, "plain")
    excerpt = place_to_excerpt(document, 5)
    assert excerpt.rows[excerpt.hit] == (5, ("某局2024年收入12.00万元。",))
    shelf: Any = Shelf(tmp_path, text, document)
    image = picture(lines_picture(shelf, "plain", 5))
    assert (255, 226, 120) in set(image.get_flattened_data())
    with pytest.raises(BudgetError, match="没有第-3行"):
        lines_picture(shelf, "plain", -3)
    with pytest.raises(BudgetError, match="不是 PDF"):
        pageview.page_picture(shelf, "plain", 1)


def test_a_sheets_place_is_its_row_with_the_cited_cell(tmp_path: Path) -> None:
    from openpyxl import Workbook

    from index.readers.xlsx import read_xlsx

    book = Workbook()
    for row in (["支出预算表", None, None], ["项目", "预算数", "决算数"], ["对口帮扶", 12.5, 11.0], ["合计", 12.5, 11.0]):
        book.active.append(row)
    path = tmp_path / "sheet.xlsx"
    book.save(path)
    document = read_xlsx(path, "sheet")
    row = next(r for t in document.tables for r in t.rows if r.label[-1] == "对口帮扶")
    assert row.line
    excerpt = place_to_excerpt(document, row.line, row.page, row.cells[1].text or "")
    assert excerpt.rows[excerpt.hit][1][excerpt.column or 0] == row.cells[1].text
    shelf: Any = Shelf(tmp_path, path, document)
    assert picture(lines_picture(shelf, "sheet", row.line, row.page, row.cells[1].text or "")).width > 100


def test_the_process_that_was_started_ahead_draws_the_pages(shelf: Any) -> None:
    def process() -> Any:
        return pageview.WORKER._sandbox and pageview.WORKER._sandbox._process

    pageview.warm_up()
    started = process()
    assert started and started.is_alive() and pageview.page_picture(shelf, "sample", 3) and process() is started
