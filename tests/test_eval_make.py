"""Drafted questions: gold that anybody can check in the file, no two answers, marked as generated, the same for the same seed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from eval.__main__ import main
from eval.cases import Case, read_cases
from eval.drafts import draft
from eval.spots import document_to_source, plain_label
from eval.values import fold, prints
from index.domain import Document
from index.stores.index import Index

DOC = "sample-lg-2024"
NUMBER = re.compile(r"\d[\d,]*\.?\d*")


@pytest.fixture(scope="module")
def made(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Case, ...]]:
    out = tmp_path_factory.mktemp("make") / "set.jsonl"
    assert main(["make", DOC, "--n", "120", "--store", str(sample_store), "--out", str(out)]) == 0
    return out, read_cases([out], {DOC})


@pytest.fixture(scope="module")
def pages(sample_store: Path) -> Iterator[list[str]]:
    import pypdfium2

    with Index.open(sample_store) as index, pypdfium2.PdfDocument(index.source(DOC)) as pdf:
        yield [page.get_textpage().get_text_range() for page in pdf]


def of(cases: tuple[Case, ...], tag: str) -> list[Case]:
    found = [case for case in cases if case.tags == (tag,)]
    assert found, tag
    return found


def test_every_kind_is_there_and_marked_as_generated(made: tuple[Path, tuple[Case, ...]]) -> None:
    _, cases = made
    assert len(cases) == 120 and all(case.generated for case in cases) and len({case.question for case in cases}) == 120
    for tag in ("path", "compare", "sum", "share", "change", "purpose", "absent"):
        of(cases, tag)


def test_looked_up_figures_are_printed_on_the_page_that_the_gold_names(made: tuple[Path, tuple[Case, ...]], pages: list[str]) -> None:
    for case in [*of(made[1], "path"), *of(made[1], "change")]:
        (source,) = case.sources
        assert source.page and prints(pages[source.page - 1], case.figures[0]), case


def test_computed_gold_follows_from_the_printed_numbers_that_the_answer_shows(
    made: tuple[Path, tuple[Case, ...]], pages: list[str]
) -> None:
    for tag in ("sum", "share"):
        for case in of(made[1], tag):
            terms, _, result = (case.answer or "").partition(" = ")
            values = [Decimal(number.replace(",", "")) for number in NUMBER.findall(terms)]
            printed = "".join(pages[source.page - 1] for source in case.sources if source.page)
            assert all(number in printed for number in NUMBER.findall(terms)), case
            share = tag == "share"
            want = (100 * values[0] / values[1]).quantize(Decimal("0.01"), ROUND_HALF_UP) if share else sum(values)
            assert want == case.figures[0].value == Decimal(NUMBER.findall(result)[0].replace(",", "")), case


def test_compared_rows_differ_by_the_gold_and_the_greater_one_is_named(made: tuple[Path, tuple[Case, ...]], sample_store: Path) -> None:
    with Index.open(sample_store) as index:
        document = index.document(DOC)
    for case in of(made[1], "compare"):
        first, second = ([Decimal(v) for v in cells_of(document, source.table, source.row, source.column)] for source in case.sources)
        assert len(first) == len(second) == 1 and abs(first[0] - second[0]) == case.figures[0].value
        greater = case.sources[0] if first[0] > second[0] else case.sources[1]
        assert case.must_include == (plain_label(greater.row.split(" > ")[-1]),)


def cells_of(document: Document, table: str, row: str, column: str) -> set[str]:
    """What the parsed tables of that name print at a row and column."""
    found = set()
    for one in document.tables:
        for line in one.rows if one.name == table else ():
            for path, cell in zip(one.columns, line.cells, strict=True):
                if " > ".join(line.label) == row and " > ".join(path) == column and cell.text:
                    found.add(cell.text.replace(",", ""))
    return found


def test_named_cell_is_the_only_one_of_its_name(made: tuple[Path, tuple[Case, ...]], sample_store: Path) -> None:
    with Index.open(sample_store) as index:
        document = index.document(DOC)
    for case in of(made[1], "path"):
        table, label, column = re.search(r"《(.+?)》里“(.+?)”的“(.+?)”是多少", case.question).groups()  # type: ignore[union-attr]
        said = {
            cell.text
            for one in document.tables if one.name == table
            for line in one.rows if line.label and plain_label(line.label[-1]) == label
            for path, cell in zip(one.columns, line.cells, strict=True)
            if " › ".join(map(plain_label, path)) == column and cell.text
        }  # fmt: skip
        assert len(said) == 1, case.question


def test_item_alone_is_asked_for_only_where_every_figure_that_names_it_agrees(sample_store: Path) -> None:
    with Index.open(sample_store) as index:
        figures = index.figures(DOC)
        items = [item for item in draft(document_to_source(index.document(DOC), figures), 5000, 1) if item["tags"] == ["item"]]
    for item in items:
        label = fold(plain_label(item["sources"][0]["row"].split(" > ")[-1]))
        values = {f.value for f in figures if label in fold("|".join((*f.row_path, *f.col_path, f.context)))}
        assert [float(value) for value in values if value is not None] == [float(item["figures"][0]["value"])], item
    assert items


def test_absent_items_share_no_two_characters_in_a_row_with_the_file(made: tuple[Path, tuple[Case, ...]], pages: list[str]) -> None:
    text = fold("".join(pages))
    for case in of(made[1], "absent"):
        name = re.search(r"“(.+?)”", case.note)[1]  # type: ignore[index]
        assert case.type == "refuse" and name in case.question and not any(name[i : i + 2] in text for i in range(len(name) - 1))


def test_the_same_seed_gives_the_same_set_and_another_seed_another(sample_store: Path) -> None:
    with Index.open(sample_store) as index:
        source = document_to_source(index.document(DOC), index.figures(DOC))
    assert draft(source, 50, 7) == draft(source, 50, 7) != draft(source, 50, 8)
    assert len(draft(source, 5000, 1)) < 5000


def test_nothing_is_drafted_from_what_the_document_contradicts(sample_store: Path) -> None:
    with Index.open(sample_store) as index:
        document, figures = index.document(DOC), index.figures(DOC)
        whole = document_to_source(document, figures)
    some = frozenset(spot.figure.id for spot in whole.spots[:100])
    assert not some & {spot.figure.id for spot in document_to_source(document, figures, some).spots}


def test_label_is_named_without_code_and_numbering() -> None:
    printed = ("30206 电费", "一、财政拨款", "其中：会议费", "（二）项目支出", "2050201")
    assert [plain_label(label) for label in printed] == ["电费", "财政拨款", "会议费", "项目支出", "2050201"]


def test_existing_file_unknown_document_and_bad_number_are_one_line(
    made: tuple[Path, tuple[Case, ...]], sample_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words: list[Any] = ["--store", str(sample_store)]
    assert main(["make", DOC, *words, "--out", str(made[0])]) == 1
    assert main(["make", "nowhere", *words, "--out", str(tmp_path / "a.jsonl")]) == 1
    with pytest.raises(SystemExit) as stopped:
        main(["make", DOC, "--n", "0"])
    assert stopped.value.code == 2 and capsys.readouterr().err.count("\n") == 3 and not (tmp_path / "a.jsonl").exists()
