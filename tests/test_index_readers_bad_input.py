"""Files with nothing to read, or far too much: named in one line or as unread pages; never a crash, never a made-up cell."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from index.domain import Document, Para
from index.errors import ParseError
from index.figures import document_to_figures
from index.readers.pdf import pdf_to_pages, read_pdf
from index.sandbox import Sandbox

SET = Path(os.environ.get("BUDGET_SHARED") or Path(__file__).resolve().parents[2] / "shared") / "corpus" / "retypeset"
PIXELS = (620, 877)


def write_pages(path: Path, contents: list[str], width: int = 595, height: int = 842, extra: str = "") -> Path:
    """A PDF with a page for each content stream, set in Helvetica; ``extra`` is object 4, which pages know as the form X."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", extra or "<<>>"]
    kids = []
    for content in contents:
        objects.append(f"<</Length {len(content)}>>stream\n{content}\nendstream")
        resources = "<</Font<</F 3 0 R>>/XObject<</X 4 0 R>>>>"
        page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Contents {len(objects)} 0 R/Resources{resources}>>"
        objects.append(page)
        kids.append(len(objects))
    objects[1] = f"<</Type/Pages/Kids[{' '.join(f'{kid} 0 R' for kid in kids)}]/Count {len(kids)}>>"
    body, offsets, size = ["%PDF-1.4\n"], [], 9
    for number, text in enumerate(objects, start=1):
        offsets.append(size)
        body.append(f"{number} 0 obj{text}endobj\n")
        size += len(body[-1])
    xref = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    body.append(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{xref}trailer<</Size {len(objects) + 1}/Root 1 0 R>>\n")
    path.write_text("".join(body) + f"startxref\n{size}\n%%EOF", "latin-1")
    return path


def text(x: float, y: float, words: str, size: float = 9) -> str:
    return f"BT /F {size} Tf {x:.1f} {y:.1f} Td ({words}) Tj ET "


def form(rows: int, columns: int, values: bool) -> str:
    """A ruled form with a header row and labels."""
    width, top, pitch = 100, 800, 16
    rules = "".join(f"40 {top - r * pitch} m {40 + columns * width} {top - r * pitch} l S " for r in range(rows + 1))
    rules += "".join(f"{40 + c * width} {top} m {40 + c * width} {top - rows * pitch} l S " for c in range(columns + 1))
    words = "".join(text(43 + c * width, top - 12, f"Head {c}") for c in range(columns))
    for r in range(1, rows):
        words += text(43, top - r * pitch - 12, f"Item {r}")
        if values:
            words += "".join(text(43 + c * width, top - r * pitch - 12, f"{r}.{c}0") for c in range(1, columns))
    return rules + words


def cells(document: Document) -> list[str]:
    return [cell.text for table in document.tables for row in table.rows for cell in row.cells if cell.text is not None]


def write_picture(path: Path) -> Path:
    from PIL import Image

    Image.new("RGB", PIXELS, "white").save(path, resolution=75)
    return path


def test_blank_form_has_rows_but_no_value(tmp_path: Path) -> None:
    document = read_pdf(write_pages(tmp_path / "a.pdf", [form(20, 5, values=False)]), "d")
    assert len(document.tables) == 1 and len(document.tables[0].rows) == 19
    assert not cells(document) and not document_to_figures(document)


def test_image_of_nothing_is_an_unread_page_with_its_reason(tmp_path: Path) -> None:
    document = read_pdf(write_picture(tmp_path / "a.pdf"), "d")
    assert [page.page for page in document.unread] == [1] and "识别" in document.unread[0].reason
    assert not document.blocks


def test_of_five_thousand_numbers_on_a_page_none_is_lost_or_made_up(tmp_path: Path) -> None:
    page = "".join(text(20 + 55 * (i % 20), 1180 - 4.6 * (i // 20), f"{i}.50", 4) for i in range(5000))
    document = read_pdf(write_pages(tmp_path / "a.pdf", [page], 1191, 1191), "d")
    kept = "".join(block.text for block in document.blocks if isinstance(block, Para)) + "".join(cells(document))
    assert kept.count(".50") + sum(".50" in part for t in document.tables for row in t.rows for part in row.label) >= 5000
    assert all(cell.endswith(".50") and cell.count(".") == 1 for cell in cells(document))


def test_a_thousand_pages_are_all_read_in_flat_memory(tmp_path: Path) -> None:
    path = write_pages(tmp_path / "a.pdf", [text(50, 700, f"Page {n} ends.") + text(50, 600, "Some words.") for n in range(1000)])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for page in pdf_to_pages(path) if page.glyphs) == 1000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kilobytes
    document = read_pdf(path, "d")
    whole = "".join(block.text for block in document.blocks if isinstance(block, Para))
    assert document.page_count == 1000 and not document.unread and all(f"Page {n} ends" in whole for n in (0, 500, 999))


def test_a_form_that_draws_itself_costs_one_line(tmp_path: Path) -> None:
    stream = "/X Do /X Do"
    loop = f"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 4 0 R>>>>/Length {len(stream)}>>stream\n{stream}\nendstream"
    path = write_pages(tmp_path / "loop.pdf", ["/X Do"], extra=loop)
    with Sandbox(1024, 60, 60) as sandbox, pytest.raises(ParseError) as error:
        sandbox.run("index.build", "parse", str(path), "d", {})
    assert "\n" not in str(error.value)


@pytest.mark.skipif(not SET.is_dir(), reason="没有共享语料（BUDGET_SHARED）")
def test_text_pages_and_scanned_pages_of_one_file_are_told_apart(tmp_path: Path) -> None:
    import pypdfium2

    mixed = pypdfium2.PdfDocument.new()
    mixed.import_pages(pypdfium2.PdfDocument(SET / "sz-2024.pdf"), [4])
    mixed.import_pages(pypdfium2.PdfDocument(SET / "sz-2024-scan.pdf"), [4])
    mixed.import_pages(pypdfium2.PdfDocument(write_picture(tmp_path / "white.pdf")), [0])
    mixed.save(str(tmp_path / "mixed.pdf"))
    document = read_pdf(tmp_path / "mixed.pdf", "d")
    assert document.page_count == 3 and document.ocr_pages == (2,) and [page.page for page in document.unread] == [3]
    printed = {n: "".join(b.text for b in document.blocks if not hasattr(b, "rows") and b.page == n) for n in (1, 2)}
    assert len(printed[1]) > 100 and len(printed[2]) > 0.8 * len(printed[1])
