"""An answer with its sources as a workbook or a word-processor document that pastes into a report."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

MARKS = re.compile(r"\*\*|__")
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
RULE = re.compile(r"^\|[\s:|-]+\|$")
SOURCE_HEADER = ("编号", "文件", "页", "行号", "表或章节", "行", "列", "原文")
FIGURE_HEADER = ("项目", "数值", "单位", "出处")


def plain(text: str) -> str:
    """An answer's line without Markdown and without characters that office files cannot hold."""
    return ILLEGAL.sub("", MARKS.sub("", text))


def source_rows(answer: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (
            c["n"], plain(c["title"]), c.get("page"), c.get("line"), plain(c.get("table") or c.get("section") or ""),
            plain(" › ".join(c["row"])), plain(" › ".join(c["column"])), plain(c["quote"]),
        )
        for c in answer["citations"]
    ]  # fmt: skip


def answer_to_xlsx(answer: Mapping[str, Any]) -> bytes:
    """Sheets 回答, 出处 and, where something was computed, 计算. Texts stay texts: nothing becomes a formula."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    sheet = book.active
    sheet.title = "回答"
    _append(sheet, [("问题", plain(answer["question"])), ("回答", plain(answer["answer"]))])
    for notice in answer["notices"]:
        _append(sheet, [("说明", plain(notice["message"]))])
    if answer["figures"]:
        _append(sheet, [(), FIGURE_HEADER])
        for cell in sheet[sheet.max_row]:
            cell.font = Font(bold=True)
        _append(sheet, [(plain(f["label"]), f["value"], f["unit"], f["citation"]) for f in answer["figures"]])
    for row, widths in ((sheet, (34, 18, 10, 8)),):
        _widths(row, widths)
    sheet["B2"].alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["B"].width = 60
    _sheet(book, "出处", SOURCE_HEADER, source_rows(answer), (6, 40, 6, 8, 36, 36, 30, 50))
    if answer["calculation"]:
        steps = [(plain(s["formula"]), s["result"], s["unit"], "、".join(map(str, s["inputs"]))) for s in answer["calculation"]]
        _sheet(book, "计算", ("算式", "结果", "单位", "出处"), steps, (50, 18, 10, 16))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Any, title: str, header: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[int]) -> None:
    from openpyxl.styles import Font

    sheet = book.create_sheet(title)
    _append(sheet, [header, *rows])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    _widths(sheet, widths)


def _append(sheet: Any, rows: Sequence[Sequence[Any]]) -> None:
    for row in rows:
        number = sheet.max_row + 1 if sheet.max_row > 1 or sheet["A1"].value is not None else 1
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # "=1+1" in a document is a text
            elif isinstance(value, float):
                cell.number_format = "#,##0.00##"
        if not row:
            sheet.cell(number, 1).value = " "


def _widths(sheet: Any, widths: Sequence[int]) -> None:
    for n, width in enumerate(widths):
        sheet.column_dimensions["ABCDEFGH"[n]].width = width


def answer_to_docx(answer: Mapping[str, Any]) -> bytes:
    """Question, answer with its tables, remarks, and the numbered sources."""
    from docx import Document

    paper = Document()
    _chinese(paper)
    paper.add_heading(plain(answer["question"]), level=2)
    _text(paper, answer["answer"])
    for notice in answer["notices"]:
        paper.add_paragraph("说明：" + plain(notice["message"]))
    for step in answer["calculation"]:
        paper.add_paragraph(f"计算：{plain(step['formula'])} = {step['result']}{step['unit']}")
    if answer["citations"]:
        paper.add_heading("出处", level=3)
        for n, title, page, line, table, row, column, quote in source_rows(answer):
            where = f"第{page}页" if page else f"第{line}行" if line else ""
            paper.add_paragraph(f"[{n}] " + "，".join(str(t) for t in (title, where, table, row, column) if t) + f"：“{quote}”")
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _chinese(paper: Any) -> None:
    """Song for Chinese, as official documents have it."""
    from docx.oxml.ns import qn

    style = paper.styles["Normal"]
    style.font.name = "Times New Roman"
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")


def _text(paper: Any, text: str) -> None:
    rows: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|") and line.rstrip().endswith("|"):
            if not RULE.match(line.strip()):
                rows.append([plain(cell.strip()) for cell in line.strip().strip("|").split("|")])
            continue
        if rows:
            _table(paper, rows)
            rows = []
        if line.startswith("- "):
            paper.add_paragraph(plain(line[2:]), style="List Bullet")
        elif line.strip():
            paper.add_paragraph(plain(line))


def _table(paper: Any, rows: Sequence[Sequence[str]]) -> None:
    columns = max(len(row) for row in rows)
    table = paper.add_table(rows=0, cols=columns, style="Table Grid")
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=False):
            cell.text = text
    paper.add_paragraph()
