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


def test_a_numbered_item_is_a_chunk_of_its_own_and_its_later_part_still_names_it() -> None:
    first = "13.对口帮扶预算9,233.81万元，主要用于省内全面帮扶及东西部协作、合作对口支援等工作，" + "并用于人员保障。" * 60
    second = "14.节能减排预算70.00万元，主要用于购买节能服务机构的技术服务、节能宣传周活动、绿色低碳培训等工作。"
    chunks = document_to_chunks(make_document(Heading(3, "（四）项目支出"), Para(first, 1), Para(second, 2)), IndexSettings())
    assert len(chunks) == 3 and chunks[2].text == second
    assert "13.对口帮扶预算" in chunks[1].context and "13.对口帮扶预算" not in chunks[2].context


def test_a_long_text_in_a_cell_is_found_with_its_row() -> None:
    goal = "完成低空飞行试验区建设并引进通用航空企业，推动低空制造产业链集聚发展，提升公共服务水平和监管能力建设。"
    row = Row(("产业发展专项资金",), (Cell("1,000.00"), Cell(goal)), page=8)
    table = Table("t0", None, "重点项目绩效目标表", (("预算数",), ("绩效目标",)), (row,), "万元", (7, 8))
    chunks = document_to_chunks(make_document(table), IndexSettings())
    assert [(c.row, c.page) for c in chunks] == [(None, 7), (0, 8)]
    assert chunks[1].text == goal and "产业发展专项资金" in chunks[1].context
