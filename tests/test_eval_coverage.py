"""The coverage count finds what a document lacks: numbers left out, boxes that hold something else."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from eval.coverage import TARGET, Coverage, file_to_coverage
from index.domain import Cell, Document, Table
from index.readers.pdf import read_pdf

SAMPLE = sorted((Path(__file__).resolve().parents[1] / "index" / "samples").glob("*.pdf"))[0]
REAL = Path(os.environ.get("BUDGET_SHARED") or Path(__file__).resolve().parents[2] / "shared") / "corpus" / "real"
FEW = ("js-congress-2019-tables", "pt-finance-2024-final", "sh-finance-2025")


@pytest.fixture(scope="module")
def sample() -> Document:
    return read_pdf(SAMPLE, "d")


def with_cell(document: Document, change: dict[str, object]) -> Document:
    """The document with its first cell of a figure changed."""
    blocks = list(document.blocks)
    at, table = next((i, b) for i, b in enumerate(blocks) if isinstance(b, Table))
    rows = list(table.rows)
    r, c, cell = next((r, c, x) for r, row in enumerate(rows) for c, x in enumerate(row.cells) if x.text and "." in x.text)
    cells = list(rows[r].cells)
    cells[c] = replace(cell, **change) if change else Cell(None)  # type: ignore[arg-type]
    rows[r] = replace(rows[r], cells=tuple(cells))
    blocks[at] = replace(table, rows=tuple(rows))
    return replace(document, blocks=tuple(blocks))


def test_every_number_of_the_sample_is_held(sample: Document) -> None:
    found = file_to_coverage(SAMPLE, sample)
    assert found.numbers > 100 and found.share == 1.0 and not found.boxes_wrong


def test_a_number_left_out_is_a_miss(sample: Document) -> None:
    assert len(file_to_coverage(SAMPLE, with_cell(sample, {})).misses) == 1


def test_another_number_than_the_printed_one_is_a_miss(sample: Document) -> None:
    found = file_to_coverage(SAMPLE, with_cell(sample, {"text": "123,456.78"}))
    assert found.boxes_wrong == 1 and len(found.misses) == 1


@pytest.mark.skipif(not REAL.is_dir(), reason="没有共享语料（BUDGET_SHARED）")
def test_numbers_of_real_tables_are_held_with_their_boxes() -> None:
    files = sorted(REAL.glob("*.pdf")) if os.environ.get("BUDGET_SLOW") else [REAL / f"{name}.pdf" for name in FEW]
    total = Coverage()
    for path in files:
        total.add(file_to_coverage(path, read_pdf(path, path.stem), scans=False))
    assert total.share >= TARGET and not total.boxes_wrong, total.misses
