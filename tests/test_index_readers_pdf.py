"""The PDF reader on files: errors in one line, hidden and clipped text, and the shared corpus against its gold."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from index.domain import Document, Flag, Para, Table
from index.errors import ParseError
from index.readers.pdf import pdf_to_pages, read_pdf

SHARED = Path(os.environ.get("BUDGET_SHARED") or Path(__file__).resolve().parents[2] / "shared")
corpus = pytest.mark.skipif(not (SHARED / "corpus").is_dir(), reason="没有共享语料（BUDGET_SHARED）")
RETYPESET = ["sz-2024", "lg-2024", "sz-2024-booktabs", "sz-2024-fallback"]
_read: dict[str, Document] = {}


def document(name: str) -> Document:
    """A document of the corpus, read once a run."""
    if name not in _read:
        _read[name] = read_pdf(next((SHARED / "corpus").glob(f"*/{name}.pdf")), name)
    return _read[name]


def write_pdf(path: Path, content: str, box: str = "0 0 300 200", form: str = "") -> Path:
    """A PDF of one page in Helvetica with a given content stream, which may draw the form X of 200 by 50 points."""
    fonts = "/Font<</F 5 0 R>>"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R/Resources<<{fonts}/XObject<</X 6 0 R>>>>>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<</Type/XObject/Subtype/Form/BBox[0 0 200 50]/Resources<<{fonts}>>/Length {len(form)}>>stream\n{form}\nendstream",
    ]
    body, offsets = "%PDF-1.4\n", []
    for number, text in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj{text}endobj\n"
    xref = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    body += f"xref\n0 7\n0000000000 65535 f \n{xref}trailer<</Size 7/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF"
    path.write_text(body, "latin-1")
    return path


def text_of(path: Path) -> str:
    return "".join(glyph.text for page in pdf_to_pages(path) for glyph in page.glyphs)


@pytest.mark.parametrize(("data", "reason"), [(b"", "空的"), (b"hello", "不是 PDF"), (b"%PDF-1.7\n1 0 obj\n", "不完整"), (None, "不存在")])
def test_unreadable_files_are_named_in_one_line(tmp_path: Path, data: bytes | None, reason: str) -> None:
    path = tmp_path / "预算.pdf"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ParseError, match=reason) as error:
        read_pdf(path, "x")
    assert str(error.value).startswith("预算.pdf：") and "\n" not in str(error.value)


def test_invisible_clipped_and_outside_text_is_not_read(tmp_path: Path) -> None:
    content = (
        "BT /F 12 Tf 20 100 Td (seen) Tj ET BT 3 Tr /F 12 Tf 20 80 Td (hidden) Tj ET BT 0 Tr ET "
        "q 0 0 50 50 re W n BT /F 12 Tf 20 150 Td (clipped) Tj ET Q BT /F 12 Tf 20 500 Td (outside) Tj ET"
    )
    assert text_of(write_pdf(tmp_path / "a.pdf", content)) == "seen"


def test_text_in_a_form_is_clipped_where_the_form_stands(tmp_path: Path) -> None:
    form = "q 0 0 100 50 re W n BT /F 6 Tf 10 10 Td (seen) Tj ET BT /F 6 Tf 120 10 Td (clipped) Tj ET Q BT /F 6 Tf 150 10 Td (beyond) Tj ET"
    path = write_pdf(tmp_path / "a.pdf", "q 0 0 280 200 re W n 2 0 0 2 20 60 cm /X Do Q", form=form)
    glyphs = next(pdf_to_pages(path)).glyphs
    assert "".join(glyph.text for glyph in glyphs) == "seen"
    assert glyphs[0].size == pytest.approx(12) and glyphs[0].x0 == pytest.approx(40, abs=1)


def test_media_box_away_from_the_origin_gives_boxes_of_the_displayed_page(tmp_path: Path) -> None:
    page = next(pdf_to_pages(write_pdf(tmp_path / "a.pdf", "BT /F 10 Tf 120 250 Td (A) Tj ET", "100 100 400 300")))
    glyph = page.glyphs[0]
    assert (page.width, page.height) == (300, 200)
    assert glyph.x0 == pytest.approx(20, abs=0.5) and glyph.bottom == pytest.approx(51.2, abs=0.5)


def test_rules_are_thin_boxes_strokes_and_frames_but_not_white_ones(tmp_path: Path) -> None:
    content = "0 g 10 50 200 0.8 re f 1 g 10 70 200 0.8 re f 0 G 10 90 m 210 90 l S 20 100 50 40 re S"
    page = next(pdf_to_pages(write_pdf(tmp_path / "a.pdf", content)))
    level = sorted(round(200 - rule.top) for rule in page.rules if rule.top == rule.bottom)
    assert level == [50, 90, 100, 140]


# ---------------------------------------------------------------- the corpus


def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_tables", SHARED / "tools" / "score_tables.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def as_export(doc: Document) -> dict[str, Any]:
    return {
        "blocks": [
            {
                "type": "table",
                "no": table.number,
                "columns": table.columns,
                "rows": [{"label": row.label, "cells": [cell.text for cell in row.cells]} for row in table.rows],
                "pages": table.pages,
            }
            for table in doc.tables
        ]
    }


@corpus
@pytest.mark.parametrize("name", RETYPESET)
def test_every_figure_of_the_gold_stands_under_its_row_and_column(name: str) -> None:
    score = scorer()
    gold = score.gold_facts(json.loads((SHARED / "gold" / f"{name[:7]}.json").read_text("utf-8")))
    parsed = score.parsed_facts(as_export(document(name)))
    value, cell, missing = score.match(gold, parsed)
    known = {key[0] for key in gold}
    extra = sum(n for key, n in parsed.items() if key[0] in known) - value
    assert (value, cell, extra) == (sum(gold.values()), sum(gold.values()), 0), missing[:5]


@corpus
@pytest.mark.parametrize("name", RETYPESET)
def test_pages_of_every_table_and_heading(name: str) -> None:
    score = scorer()
    want = json.loads((SHARED / "corpus" / "retypeset" / f"{name}.pages.json").read_text("utf-8"))
    have = {score.table_key({"no": table.number}): (table.pages[0], table.pages[-1]) for table in document(name).tables}
    for table in want["tables"]:
        assert have[score.table_key(table)] == (table["first_page"], table["last_page"]), table["no"]
    blocks = {"".join(b.text.split()): b.page for b in document(name).blocks if not isinstance(b, Table | Para)}
    for heading in want["headings"]:
        assert blocks.get("".join(heading["text"].split())) == heading["page"], heading["text"]


@corpus
@pytest.mark.parametrize("name", ["sz-2024-fallback", "sz-2024-booktabs"])
def test_paragraphs_are_the_same_however_the_page_is_set(name: str) -> None:
    def paragraphs(doc: Document) -> list[str]:
        return ["".join(block.text.split()) for block in doc.blocks if isinstance(block, Para)]

    assert paragraphs(document(name)) == paragraphs(document("sz-2024"))


@corpus
@pytest.mark.parametrize(
    ("name", "page", "title", "label", "column", "text"),
    [
        ("js-court-2019", 8, "收支预算总表", "四、公共安全支出", "金额", "27,488.23"),  # three halves side by side
        ("js-court-2017", 18, "政府采购", "租赁费", "总计", "1,000.00"),  # stepped labels over two pages
        ("js-congress-2017", 14, "财政拨款基本支出预算表", "离休费", "金额", "213.23"),  # rows repeated out of view on other pages
        ("js-congress-2019-tables", 2, "收入预算总表", "收入总计", "金额", "18,330.37"),  # sheet turned by 90°
        ("pt-justice-2026-dept", 12, "支出预算总表", "基层司法业务", "项目支出", "21703947.00"),  # 类 款 项
        ("pt-finance-2024-final", 16, "基本支出决算表", "办公费", "决算数", "21.21"),  # displaced baselines, two wide halves
        ("dongbei-electric-2018q1", 3, "主要会计数据", "总资产（元）", "本报告期末", "298,608,889.04"),  # header inside the table
    ],
)
def test_figures_of_real_documents(name: str, page: int, title: str, label: str, column: str, text: str) -> None:
    found = [
        (row.label[-1], path[-1], cell.text)
        for table in document(name).tables
        if title in table.title
        for row in table.rows
        for path, cell in zip(table.columns, row.cells, strict=True)
        if cell.page == page and row.label and path
    ]
    assert (label, column, text) in found


@corpus
@pytest.mark.parametrize("name", ["pt-wanli-2025", "js-procuratorate-2019"])
def test_every_cell_with_text_has_a_page_and_a_box(name: str) -> None:
    cells = [cell for table in document(name).tables for row in table.rows for cell in row.cells if cell.text]
    assert len(cells) > 150 and all(cell.page and cell.bbox and Flag.OCR not in cell.flags for cell in cells)


@corpus
def test_text_clipped_from_view_is_read_on_the_page_that_shows_it() -> None:
    pages = [b.page for b in document("pt-justice-2026-dept").blocks if isinstance(b, Para) and b.text.startswith("（九）规划")]
    assert pages == [5]
    rows = [row.page for table in document("js-congress-2017").tables for row in table.rows if row.label[-1:] == ("离休费",)]
    assert rows == [14, 18]
