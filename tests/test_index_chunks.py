"""Sections and chunks: what is found by text search."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from index.chunks import document_to_chunks, document_to_sections, table_to_descriptions, text_to_parts
from index.domain import Cell, Document, Heading, Kind, Para, Row, Table
from index.settings import IndexSettings


def make_document(*blocks: Heading | Para | Table) -> Document:
    return Document("d", "某局2024年部门预算", "某局", 2024, Kind.DEPARTMENT_BUDGET, "万元", 3, blocks)


def make_table(rows: int = 2) -> Table:
    body = tuple(Row((f"项目支出第{n}类",), (Cell("1,234.56"), Cell(None))) for n in range(rows))
    return Table(
        "t0", "表5", "项目支出总表", (("2024年预算", "总计"), ("2024年预算", "财政拨款")), body, "万元", (7,), ("第三部分 预算表",)
    )


def test_a_sibling_heading_closes_the_trail_of_the_one_before() -> None:
    document = make_document(
        Heading(2, "第一部分 概况"), Heading(3, "一、职责"), Para("负责甲。", 1), Heading(3, "二、机构"), Para("设三个处。", 1),
        Para("共十人。", 2),        Heading(2, "第二部分 说明"), Para("总说明。", 3),
    )  # fmt: skip
    sections = document_to_sections(document)
    assert [s.path for s in sections] == [("第一部分 概况", "一、职责"), ("第一部分 概况", "二、机构"), ("第二部分 说明",)]
    assert [s.blocks for s in sections] == [(2,), (4, 5), (7,)]
    assert [s.page for s in sections] == [1, 1, 3]


def test_a_table_between_paragraphs_does_not_end_their_section() -> None:
    document = make_document(Heading(3, "一、收支"), Para("前。", 1), make_table(), Para("后。", 1))
    assert [s.blocks for s in document_to_sections(document)] == [(1, 3)]


def test_a_chunk_quotes_verbatim_and_keeps_the_trail_for_the_embedder() -> None:
    document = make_document(Heading(3, "一、职责"), Para("负责甲。", 1))
    (chunk,) = document_to_chunks(document, IndexSettings())
    assert chunk.text == "负责甲。"
    assert chunk.embed_text == "某局2024年部门预算 › 一、职责\n负责甲。"
    assert (chunk.id, chunk.blocks, chunk.page) == ("d#c0", (1,), 1)


def test_a_table_is_described_without_its_numbers() -> None:
    (text,) = table_to_descriptions(make_table(), 450)
    assert text == "表5 项目支出总表（单位：万元）；栏目：2024年预算、总计、财政拨款；项目：项目支出第0类、项目支出第1类"


def test_a_table_of_many_rows_is_described_in_parts_that_all_name_it() -> None:
    texts = table_to_descriptions(make_table(200), 200)
    assert len(texts) > 3
    assert all(text.startswith("表5 项目支出总表（单位：万元）") and len(text) <= 260 for text in texts)


def test_long_paragraphs_are_cut_at_sentence_ends_and_never_inside_a_number() -> None:
    text = "对口帮扶预算9,233.81万元。" * 40 + "甲" * 300 + "收入1,234,567,890.12元"
    parts = text_to_parts(text, 100)
    assert "".join(parts) == text
    assert all(len(part) <= 100 for part in parts)
    assert not any(a[-1:] in "0123456789,." and b[:1] in "0123456789,." for a, b in pairwise(parts))


@given(st.text(alphabet="甲乙，。；、1234.,%（）\n", max_size=600), st.integers(20, 120))
def test_parts_join_to_the_text_whatever_it_is(text: str, limit: int) -> None:
    parts = text_to_parts(text, limit)
    assert "".join(parts) == text
    assert all(0 < len(part) <= limit for part in parts)
