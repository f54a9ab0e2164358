"""A text layer that lies is found by its signs; an honest one never is."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from index.domain import Glyph, Page
from index.lies import NO_MAP, NO_TEXT, RARE_HAN, SCAN_LAYER, page_lies, text_lies
from index.readers.pdf import pdf_to_pages
from index.readers.pictures import page_to_pictures

SHARED = Path(os.environ.get("BUDGET_SHARED") or Path(__file__).resolve().parents[2] / "shared")
HONEST = "一般公共预算财政拨款支出决算表，金额单位：万元。二〇二四年度预算数1,234.56，比上年增加18.03%。"


def page(text: str) -> Page:
    return Page(1, 595, 842, tuple(Glyph(c, i, 0, i + 1, 1) for i, c in enumerate(text)), ())


@pytest.mark.parametrize(
    "text",
    [HONEST, "單位預算支出總表，財政撥款收入，人員經費與公用經費，合計金額以萬元列示。", "Summary of ± 5% × 3 → ① ②", "1,234.56 " * 40, ""],
)
def test_honest_text_is_trusted(text: str) -> None:
    assert text_lies(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Ø\x17 x1 = 0 \x9c/ 1 x1 = 0. d\x9e\x06Ø\x1fª x + y", NO_MAP),
        ("\ue001\ue002\ue003\ue004\ue005支出", NO_MAP),
        ("\ufffd\ufffd\ufffd 1,234.56", NO_MAP),
        ("".join(chr(0x4E00 + 7 * i * i % 20000) for i in range(60)), RARE_HAN),
    ],
)
def test_rubbish_is_found(text: str, reason: str) -> None:
    assert text_lies(text) == reason


def test_layer_under_a_scan_is_not_trusted_however_good_it_looks() -> None:
    assert page_lies(page(""), images=1.0, covered=1.0) == SCAN_LAYER
    assert page_lies(page(HONEST), images=1.0, covered=0.9) == SCAN_LAYER
    assert page_lies(page("第1页"), images=0.96) == NO_TEXT
    assert page_lies(page(""), outlines=900) == NO_TEXT  # text drawn as curves


def test_background_picture_and_empty_page_are_no_scan() -> None:
    assert page_lies(page(HONEST), images=1.0, covered=0.0) is None
    assert page_lies(page(HONEST), images=0.4, covered=0.1) is None
    assert page_lies(page("")) is None


@pytest.mark.skipif(not (SHARED / "corpus").is_dir(), reason="no ../shared/corpus beside the project")
def test_of_all_real_files_only_the_three_that_lie_and_a_cover_of_pictures_are_found() -> None:
    import pypdfium2

    found: dict[str, list[str | None]] = {}
    for path in sorted((SHARED / "corpus").glob("*/*.pdf")):
        pdf = pypdfium2.PdfDocument(path)
        reasons = [page_lies(p, *page_to_pictures(pdf[p.number - 1])) for p in islice(pdf_to_pages(path), 12)]
        pdf.close()
        if any(reasons):
            found[path.stem] = reasons
    assert found.pop("no-tounicode") == [NO_MAP]
    assert found.pop("scan-poor-ocr") == [SCAN_LAYER] * 6
    assert found.pop("scan-no-text") == [NO_TEXT] * 2
    assert found.pop("sz-2024-scan") == [NO_TEXT] * 12
    assert found.pop("js-cppcc-2019-text") == [NO_TEXT] + [None] * 11  # its cover's title is set as pictures
    assert found == {}
