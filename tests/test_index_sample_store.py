"""From the bundled PDFs to a store and back: every cell of the data files, and every figure's box on its page."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from index.domain import Cell, Document, Table
from index.samples.make import HERE, SAMPLES, rows_of
from index.stores.index import Index


@pytest.fixture(scope="module", params=SAMPLES)
def document(request: pytest.FixtureRequest, sample_store: Path) -> Document:
    with Index.open(sample_store) as index:
        return index.document(request.param)


def values(cells: list[Cell]) -> list[str | None]:
    return [cell.text for cell in cells]


def test_every_cell_of_every_numbered_table_is_read_as_printed(document: Document) -> None:
    facts = tomllib.loads((HERE / f"{document.doc_id}.toml").read_text(encoding="utf-8"))
    plain = [table for table in facts["tables"] if table["number"] and "rows" in table]
    assert len(plain) == 11
    for table in plain:
        found = [t for t in document.tables if t.number == table["number"]]
        printed = rows_of(table)
        if len(found) == 2:  # 收入 | 支出: each half has its own rows
            wanted = [[row[1]] for row in printed if row[0]] + [[row[3]] for row in printed if row[2]]
        else:
            wide = len(found[0].columns)
            wanted = [row[-wide:] for row in printed]
        assert [values(list(row.cells)) for t in found for row in t.rows] == wanted, table["number"]


def test_titles_and_bodies_are_those_of_the_cover(document: Document) -> None:
    assert (document.year, str(document.kind), document.unit) == (2024, "部门预算", "万元")
    assert document.department.startswith("深圳市") and "工业和信息化局" in document.department
    assert not document.unread and not document.ocr_pages


def test_every_figure_in_a_table_stands_in_its_box_on_its_page(document: Document, sample_store: Path) -> None:
    import pypdfium2

    tables: dict[str, Table] = {table.id: table for table in document.tables}
    with Index.open(sample_store) as index, pypdfium2.PdfDocument(HERE / f"{document.doc_id}.pdf") as pdf:
        figures = [figure for figure in index.figures(document.doc_id) if figure.table_id in tables]
        assert len(figures) > 1000
        pages = [(page.get_height(), page.get_textpage()) for page in pdf]
        for figure in figures:
            source = figure.source
            assert source.page is not None and source.bbox is not None
            height, text = pages[source.page - 1]
            x0, top, x1, bottom = source.bbox
            found = text.get_text_bounded(x0 - 0.5, height - bottom - 0.5, x1 + 0.5, height - top + 0.5)
            assert figure.raw in re.sub(r"\s", "", found), f"{figure.raw} is not at page {source.page} {source.bbox}: {found!r}"
