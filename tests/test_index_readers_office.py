"""Workbooks, word-processor documents and web pages: what they show is what is read, into the same blocks as a PDF."""

from __future__ import annotations

import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from index.domain import Document, Heading, Para, Table
from index.errors import ParseError
from index.files import READERS
from index.readers.flow import leading_em
from index.readers.numberformat import value_to_text

openpyxl = pytest.importorskip("openpyxl")
docx = pytest.importorskip("docx")


def read(path: Path) -> Document:
    return READERS[path.suffix](path, path.stem, lambda stage, done, total: None)


def facts(table: Table) -> set[tuple[str, str, str]]:
    return {
        (row.label[-1], path[-1], cell.text)
        for row in table.rows
        for path, cell in zip(table.columns, row.cells, strict=True)
        if row.label and cell.text
    }


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (9233.81, "#,##0.00", "9,233.81"),
        (9233.8, "#,##0.00", "9,233.80"),
        (-18, "#,##0.00", "-18.00"),
        (-18, "#,##0.00_);(#,##0.00)", "(18.00)"),
        (0, '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', "-"),
        (1234.5, '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', "1,234.50"),
        (0.1803, "0.00%", "18.03%"),
        (0.1 + 0.2, "General", "0.3"),
        (20805, "General", "20805"),
        (588000000.0, "General", "588000000"),
        (92338100, "#,##0.00,", "92,338.10"),
        (208, "00000", "00208"),
        (12.5, "0.##", "12.5"),
        (3, '0"辆"', "3辆"),
        (1.005, "0.00", "1.01"),
        (0.5, "[Red]#,##0.00", "0.50"),
        (5, "@", "5"),
        ("20805", "General", "20805"),
        (None, "General", ""),
        (date(2024, 1, 5), 'yyyy"年"m"月"d"日"', "2024年1月5日"),
        (date(2024, 1, 1), 'yyyy"年"', "2024年"),
    ],
)
def test_number_shows_as_its_format_says(value: object, form: str, shown: str) -> None:
    assert value_to_text(value, form) == shown


def workbook(path: Path, **sheets: list[list[Any]]) -> Any:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return book


BUDGET = [
    ["公开03表"],
    ["部门支出总表"],
    ["部门名称：某某市档案局", None, None, "单位：万元"],
    ["科目编码", "科目名称", "2026年预算", None],
    [None, None, "合计", "基本支出"],
    ["208", "社会保障和就业支出", 1920.8, 1920.8],
    ["20805", "行政事业单位养老支出", 0, None],
    ["注：本表数据四舍五入。"],
]


def budget_sheet(tmp_path: Path) -> Path:
    path = tmp_path / "预算.xlsx"
    book = workbook(path, 三=BUDGET)
    sheet = book["三"]
    for area in ("A2:D2", "A4:A5", "B4:B5", "C4:D4"):
        sheet.merge_cells(area)
    for row in sheet["C6:D7"]:
        for cell in row:
            cell.number_format = "#,##0.00"
    book.save(path)
    return path


def test_sheet_with_stacked_header_and_caption_is_one_table(tmp_path: Path) -> None:
    document = read(budget_sheet(tmp_path))
    (table,) = document.tables
    assert (table.number, table.title, table.unit, table.org) == ("公开03表", "部门支出总表", "万元", "某某市档案局")
    assert table.columns == (("2026年预算", "合计"), ("2026年预算", "基本支出"))
    assert [row.label for row in table.rows] == [("社会保障和就业支出",), ("社会保障和就业支出", "行政事业单位养老支出")]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["1,920.80", "1,920.80"], ["0.00", None]]
    assert table.note == "注：本表数据四舍五入。"
    assert (table.pages, table.rows[0].page, table.rows[0].line, table.rows[0].cells[0].line) == ((1,), 1, 6, 6)
    assert table.rows[0].bbox is None and table.rows[0].cells[0].bbox is None


def test_hidden_rows_columns_and_sheets_are_not_read(tmp_path: Path) -> None:
    path = budget_sheet(tmp_path)
    book = openpyxl.load_workbook(path)
    sheet = book["三"]
    sheet.insert_cols(3)
    sheet["C6"], sheet["C7"] = 777.77, 888.88
    sheet.column_dimensions["C"].hidden = True
    sheet.row_dimensions[7].hidden = True
    secret = book.create_sheet("底稿")
    secret.append(["项目", "金额"])
    secret.append(["秘密", 999.99])
    secret.sheet_state = "hidden"
    book.save(path)
    text = repr(read(path).blocks)
    assert "社会保障" in text and not re.search(r"777|888|999|秘密|养老", text)


def test_formula_without_saved_result_is_named_not_blank(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path, 表=[["项目", "预算数", "决算数"], ["合计", "=SUM(B3:B4)", 2.5], ["甲", 1.5, 2.5]])
    document = read(path)
    assert document.unread[0].page == 1 and "公式" in document.unread[0].reason
    assert ("甲", "预算数", "1.5") in facts(document.tables[0])


def test_two_sheets_are_two_pages_and_two_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = [["项目", "预算数", "决算数"], ["合计", 1.5, 2.5], ["甲", 1.5, 2.5]]
    workbook(path, 收入决算表=rows, 支出决算表=rows)
    document = read(path)
    assert [(t.title, t.pages) for t in document.tables] == [("收入决算表", (1,)), ("支出决算表", (2,))]
    assert document.page_count == 2


def test_document_with_merged_cells_deleted_text_and_automatic_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    file = docx.Document()
    file.add_paragraph("第一部分 单位概况")
    file.add_paragraph("本单位2026年收入预算1,234.56万元，比上年增加20.00万元。")
    hidden = file.add_paragraph("删去的")
    hidden.runs[0].font.hidden = True
    file.add_paragraph("表1")
    file.add_paragraph("收支总表").alignment = 1
    file.add_paragraph("单位：万元")
    table = file.add_table(4, 3)
    for r, row in enumerate([["项目", "2026年", ""], ["", "预算", "决算"], ["　教育支出", "1.00", "2.00"], ["合计", "1.00", "2.00"]]):
        for c, text in enumerate(row):
            table.cell(r, c).text = text
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(0, 2))
    file.save(path)
    document = read(path)
    assert [type(block) for block in document.blocks] == [Heading, Para, Table]
    assert facts(document.tables[0]) == {
        *{("教育支出", "预算", "1.00"), ("教育支出", "决算", "2.00")},
        *{("合计", "预算", "1.00"), ("合计", "决算", "2.00")},
    }
    assert document.tables[0].columns[0] == ("2026年", "预算")
    assert document.page_count == 0 and document.tables[0].rows[0].page is None and document.tables[0].rows[0].line == 8
    assert "删去的" not in repr(document)


def test_automatic_chinese_numbers_make_headings(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    file = docx.Document()
    for text in ("主要职责", "机构设置"):
        file.add_paragraph(text, style="List Number")
        file.add_paragraph("负责全市档案工作的规划与指导，承担档案资源建设。")
    file.save(path)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    numbering = files["word/numbering.xml"].decode()
    numbering = numbering.replace('w:val="decimal"', 'w:val="chineseCounting"').replace('w:val="%1."', 'w:val="%1、"')
    files["word/numbering.xml"] = numbering.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    assert [b.text for b in read(path).blocks if isinstance(b, Heading)] == ["一、主要职责", "二、机构设置"]


PAGE = """<html><head><meta charset="gb2312"><style>p{}</style></head><body>
<table><tr><td><div style="display:none">隐藏 9.99</div><script>var x = 9.99;</script>
<h1>某某市档案局2026年单位预算</h1><p>一、单位概况</p><p>收入预算1,234.56万元。<br>支出预算相同。</p>
<p>公开02表</p><p align="center">收入总表</p><p>部门名称：某某市档案局&emsp;&emsp;&emsp;&emsp;单位：万元</p>
<table border="1"><tr><th rowspan="2">项目</th><th colspan="2">2026年</th></tr><tr><th>预算</th><th>决算</th></tr>
<tr><td>&nbsp;&nbsp;<p>财政
拨款</p></td><td>1,234.56</td><td></td></tr></table></td></tr></table></body></html>"""


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_web_page_with_layout_table_keeps_text_and_data_table_apart(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(PAGE.replace("gb2312", "utf-8" if encoding == "utf-8" else "gb2312").encode(encoding))
    document = read(path)
    (table,) = document.tables
    assert (table.number, table.title, table.unit, table.org) == ("公开02表", "收入总表", "万元", "某某市档案局")
    assert table.columns == (("2026年", "预算"), ("2026年", "决算"))
    assert facts(table) == {("财政拨款", "预算", "1,234.56")}
    assert [b.text for b in document.blocks if isinstance(b, Para)][-2:] == ["收入预算1,234.56万元。", "支出预算相同。"]
    assert "9.99" not in repr(document)
    assert document.department == "某某市档案局"


def test_leading_blanks_are_indentation() -> None:
    assert [leading_em(text) for text in ("甲", "\u3000甲", "  甲", "\u00a0\u00a0\u3000甲")] == [0, 1, 1, 2]


@pytest.mark.parametrize("suffix", [".xlsx", ".docx", ".html"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 rest", b"\xd0\xcf\x11\xe0 old", b"<p></p>"])
def test_bad_file_is_one_line(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"坏文件{suffix}"
    path.write_bytes(content)
    if suffix == ".html" and content.startswith((b"PK", b"\xd0")):
        pytest.skip("refused by its first bytes before a reader sees it")
    with pytest.raises(ParseError, match="坏文件") as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["xlsx", "docx", "html"])
def test_blank_form_makes_up_no_cell(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"空表.{form}"
    if form == "xlsx":
        workbook(path, 空=[["项目", "预算数", "决算数"], ["合计"], ["甲"]])
    elif form == "docx":
        file = docx.Document()
        table = file.add_table(3, 3)
        for c, text in enumerate(["项目", "预算数", "决算数"]):
            table.cell(0, c).text = text
        file.save(path)
    else:
        path.write_text("<table><tr><td>项目<td>预算数<td>决算数<tr><td>合计<td><td></table>", encoding="utf-8")
    try:
        document = read(path)
    except ParseError:
        return
    assert not [cell for table in document.tables for row in table.rows for cell in row.cells if cell.text]


def test_contents_are_no_headings_and_a_number_after_a_note_is_the_next_tables(tmp_path: Path) -> None:
    file = docx.Document()
    contents = ("目  录", "第一部分 单位概况", "第二部分 预算表", "表1 收支总表")
    prose = ("第一部分 单位概况", "一、主要职责", "负责全市水利工作。", "第二部分 预算表", "四、2024年单位预算表")
    for text in ("某市某局2024年单位预算", *contents, *prose, "表9", "国有资本经营预算支出表", "单位：万元"):
        file.add_paragraph(text)
    empty = file.add_table(rows=2, cols=2)
    for cell, text in zip(empty._cells, ["收　　入", "合计", "", ""], strict=True):
        cell.text = text
    for text in ("备注：本单位没有国有资本经营预算支出，此表为空表。", "表10", "项目支出表", "单位：万元"):
        file.add_paragraph(text)
    projects = file.add_table(rows=2, cols=2)
    for cell, text in zip(projects._cells, ["项目名称", "合计", "防汛物资", "1.00"], strict=True):
        cell.text = text
    file.save(str(tmp_path / "a.docx"))
    document = read(tmp_path / "a.docx")
    headings = [block.text for block in document.blocks if isinstance(block, Heading)]
    assert headings == ["第一部分 单位概况", "一、主要职责", "第二部分 预算表", "四、2024年单位预算表"]
    assert [(t.number, t.title) for t in document.tables] == [("表9", "国有资本经营预算支出表"), ("表10", "项目支出表")]
    assert document.tables[0].note == "备注：本单位没有国有资本经营预算支出，此表为空表。"
    assert document.tables[0].section[-1] == "四、2024年单位预算表"
