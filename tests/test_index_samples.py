"""The bundled samples hold what their data files say, and the setter merges headers as forms do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from index.samples.make import FONT, HERE, NUMBER, SAMPLES, make, rows_of
from index.samples.paint import header_to_cells


def pdf_text(path: Path) -> str:
    import pypdfium2

    with pypdfium2.PdfDocument(path) as pdf:
        return "".join(page.get_textpage().get_text_range() for page in pdf)


@pytest.mark.parametrize("name", SAMPLES)
def test_committed_pdf_holds_every_figure_of_its_data_and_prose(name: str) -> None:
    facts = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
    prose = (HERE / f"{name}.md").read_text(encoding="utf-8")
    printed = re.findall(r"-?[\d,]+\.\d+", pdf_text(HERE / f"{name}.pdf"))
    wanted = re.findall(r"-?[\d,]+\.\d+", prose)
    for table in facts["tables"]:
        if "rows" in table:
            wanted += [cell for row in rows_of(table) for cell in row if NUMBER.fullmatch(cell)]
    assert wanted
    for value in set(wanted):
        assert printed.count(value) >= wanted.count(value), value


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_says_that_it_is_one_and_stays_small(name: str) -> None:
    import pypdfium2

    path = HERE / f"{name}.pdf"
    assert path.stat().st_size < 600_000
    with pypdfium2.PdfDocument(path) as pdf:
        assert "样" in pdf[0].get_textpage().get_text_range()
        assert "样例" in pdf.get_metadata_dict()["Title"]


def test_short_column_path_reaches_down_beside_a_deep_one() -> None:
    cells, depth = header_to_cells(["预算单位", "总计//一般公共预算", "总计//政府性基金预算", "公务用车/小计/一般公共预算"])
    assert depth == 3
    spans = {(cell.text, cell.col): (cell.rows, cell.cols) for cell in cells}
    assert spans[("预算单位", 0)] == (3, 1)
    assert spans[("总计", 1)] == (2, 2)
    assert spans[("一般公共预算", 1)] == (1, 1)
    assert spans[("公务用车", 3)] == (1, 1)


def test_samples_come_out_the_same_when_made_again(tmp_path: Path) -> None:
    pytest.importorskip("fpdf", reason="fpdf2 is missing: pip install 'budget-assistant[samples]'")
    if not FONT.is_file():
        pytest.skip(f"{FONT} is missing: apt install fonts-wqy-zenhei")
    name = SAMPLES[0]
    first, again = make(name, tmp_path, FONT).read_bytes(), make(name, tmp_path, FONT).read_bytes()
    assert first == again
    assert pdf_text(tmp_path / f"{name}.pdf") == pdf_text(HERE / f"{name}.pdf"), "run python -m index.samples.make"
