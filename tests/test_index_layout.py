"""Pages built glyph by glyph → headings, paragraphs and tables: one test for each trap of real budgets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from index.domain import Glyph, Heading, Page, Para, Rule, Table
from index.layout import pages_to_document_blocks
from index.turning import blocks_on_page, turn_upright

SIZE = 10.0
Spans = list[tuple[int, int, int, int, str]]  # r0, r1, c0, c1, text


def text_at(text: str, x: float, y: float, size: float = SIZE) -> list[Glyph]:
    """``text`` set from ``x`` with its top at ``y``; ASCII takes half an em."""
    out = []
    for char in text:
        width = size / 2 if char.isascii() else size
        if char != " ":
            out.append(Glyph(char, x, y, x + width, y + size, size))
        x += width
    return out


def right_at(text: str, right: float, y: float) -> list[Glyph]:
    return text_at(text, right - sum(SIZE / 2 if c.isascii() else SIZE for c in text), y)


def centred(text: str, middle: float, y: float, size: float = SIZE) -> list[Glyph]:
    return text_at(text, middle - sum(size / 2 if c.isascii() else size for c in text) / 2, y, size)


def box_rules(x0: float, y0: float, x1: float, y1: float) -> list[Rule]:
    return [Rule(x0, y0, x1, y0), Rule(x0, y1, x1, y1), Rule(x0, y0, x0, y1), Rule(x1, y0, x1, y1)]


def ruled(cells: Spans, xs: list[float], top: float, pitch: float = 20.0) -> tuple[list[Glyph], list[Rule]]:
    """A fully ruled table; a cell's lines are parted by a newline, figures are right-aligned."""
    glyphs: list[Glyph] = []
    rules: list[Rule] = []
    for r0, r1, c0, c1, text in cells:
        y0, y1 = top + r0 * pitch, top + r1 * pitch
        rules += box_rules(xs[c0], y0, xs[c1], y1)
        lines = text.split("\n")
        y = (y0 + y1) / 2 - SIZE * len(lines) / 2
        for line in lines:
            figure = line[:1].isdigit() and "." in line
            glyphs += right_at(line, xs[c1] - 3, y) if figure else text_at(line, xs[c0] + 3, y)
            y += SIZE
    return glyphs, rules


def page(glyphs: list[Glyph], rules: list[Rule] | None = None, number: int = 1) -> Page:
    return Page(number, 595.0, 842.0, tuple(glyphs), tuple(rules or ()))


def tables(*pages: Page) -> list[Table]:
    return [block for block in pages_to_document_blocks(pages, "d") if isinstance(block, Table)]


def simple(rows: list[list[str]]) -> Spans:
    return [(r, r + 1, c, c + 1, text) for r, row in enumerate(rows) for c, text in enumerate(row)]


def caption(number: str, title: str, unit: str = "单位：万元") -> list[Glyph]:
    return text_at(number, 50, 60) + centred(title, 297, 80, 14) + text_at("部门名称：某市工业局", 50, 104) + right_at(unit, 545, 104)


XS = [50.0, 250.0, 350.0, 450.0, 545.0]


def test_stacked_header_gives_whole_column_paths() -> None:
    cells = [
        (0, 3, 0, 1, "预算单位"), (0, 1, 1, 4, "本年收入"), (1, 2, 1, 3, "财政拨款"), (1, 3, 3, 4, "其他收入"),
        (2, 3, 1, 2, "小计"), (2, 3, 2, 3, "基本支出\n拨款"),
        (3, 4, 0, 1, "某市工业局（本级）"), (3, 4, 1, 2, "3.00"), (3, 4, 2, 3, "2.00"), (3, 4, 3, 4, "1.00"),
    ]  # fmt: skip
    glyphs, rules = ruled(cells, XS, 120)
    (table,) = tables(page(caption("表 2", "收入总表") + glyphs, rules))
    assert (table.number, table.title, table.unit, table.org) == ("表2", "收入总表", "万元", "某市工业局")
    assert table.columns == (("本年收入", "财政拨款", "小计"), ("本年收入", "财政拨款", "基本支出拨款"), ("本年收入", "其他收入"))
    assert [cell.text for cell in table.rows[0].cells] == ["3.00", "2.00", "1.00"]
    assert table.rows[0].label == ("某市工业局（本级）",)


def test_header_repeated_on_next_page_is_one_table() -> None:
    head = [["项目", "金额"]]
    one, lines_one = ruled(simple([*head, ["办公费", "1.00"]]), [50, 250, 545], 120)
    two, lines_two = ruled(simple([*head, ["水费", "2.00"]]), [50, 250, 545], 120)
    (table,) = tables(page(caption("表 5", "支出总表") + one, lines_one), page(caption("表 5", "支出总表") + two, lines_two, 2))
    assert table.pages == (1, 2) and [row.page for row in table.rows] == [1, 2]
    assert [row.label[-1] for row in table.rows] == ["办公费", "水费"]


def test_next_page_without_header_inherits_it_and_another_title_does_not() -> None:
    one, lines_one = ruled(simple([["项目", "金额"], ["办公费", "1.00"]]), [50, 250, 545], 120)
    two, lines_two = ruled(simple([["水费", "2.00"]] * 2), [50, 250, 545], 60)
    (table,) = tables(page(caption("表 5", "支出总表") + one, lines_one), page(two, lines_two, 2))
    assert len(table.rows) == 3
    other, lines_other = ruled(simple([["项目", "金额"], ["水费", "2.00"]]), [50, 250, 545], 120)
    found = tables(page(caption("表 5", "支出总表") + one, lines_one), page(caption("表 6", "收入总表") + other, lines_other, 2))
    assert [t.number for t in found] == ["表5", "表6"]


def test_row_cut_by_the_page_break_is_one_row() -> None:
    begun = [["项目名称", "预算数（万元）", "绩效目标"], ["产业服务", "1.00", "促进工业稳"]]
    one, lines_one = ruled(simple(begun), [50, 200, 300, 545], 120)
    lines_one = [rule for rule in lines_one if not (rule.top == rule.bottom == 160)]  # no line under the cut row
    rest = [["", "", "增长，完成技改。"], ["运行保障", "2.00", "保障运行。"]]
    two, lines_two = ruled(simple(rest), [50, 200, 300, 545], 60)
    lines_two = [rule for rule in lines_two if not (rule.top == rule.bottom == 60)]
    (table,) = tables(page(one, lines_one), page(two, lines_two, 2))
    assert [row.label for row in table.rows] == [("产业服务",), ("运行保障",)]
    assert table.rows[0].cells[1].text == "促进工业稳增长，完成技改。"
    assert table.column_units == ("万元", None) and table.unit == "万元"


def test_form_of_two_halves_is_two_tables_of_one_number() -> None:
    cells = [
        (0, 1, 0, 2, "收 入"), (0, 1, 2, 4, "支 出"),
        *[(1, 2, c, c + 1, text) for c, text in enumerate(["项目", "预算数", "项目", "预算数"])],
        *[(2, 3, c, c + 1, text) for c, text in enumerate(["一、财政拨款", "5.00", "一、教育支出", "5.00"])],
        *[(3, 4, c, c + 1, text) for c, text in enumerate(["1.一般公共预算", "5.00", "", ""])],
    ]  # fmt: skip
    glyphs, rules = ruled(cells, XS, 120)
    income, spending = tables(page(caption("公开01表", "收支总表") + glyphs, rules))
    assert income.number == spending.number == "公开01表"
    assert income.columns == (("收入", "预算数"),) and spending.columns == (("支出", "预算数"),)
    assert income.rows[1].label == ("一、财政拨款", "1.一般公共预算") and len(spending.rows) == 1


def test_code_in_three_columns_is_one_code_and_tells_the_tree() -> None:
    cells = [
        (0, 1, 0, 3, "科目编码"), (0, 2, 3, 4, "科目名称"), (0, 2, 4, 5, "合计"),
        (1, 2, 0, 1, "类"), (1, 2, 1, 2, "款"), (1, 2, 2, 3, "项"),
        *[(r, r + 1, c, c + 1, t) for r, row in enumerate([["204", "", "", "公共安全支出", "3.00"], ["204", "06", "", "司法", "3.00"],
          ["204", "06", "04", "基层司法业务", "2.00"]], start=2) for c, t in enumerate(row)],
    ]  # fmt: skip
    glyphs, rules = ruled(cells, [50, 90, 130, 170, 400, 545], 120)
    (table,) = tables(page(glyphs, rules))
    assert [row.code for row in table.rows] == ["204", "20406", "2040604"]
    assert table.rows[2].label == ("公共安全支出", "司法", "基层司法业务") and table.columns == (("合计",),)


def test_stepped_blank_labels_inherit_and_words_beside_figures_are_values() -> None:
    rows = [
        ["品目大类", "专项名称", "组织形式", "总计"],
        ["合计", "", "", "9.00"],
        ["一、货物", "", "", "9.00"],
        ["", "信息网络", "", "5.00"],
        ["", "设备购置", "集中采购", "4.00"],
        ["", "", "分散采购", "1.00"],
    ]
    glyphs, rules = ruled(simple(rows), XS, 120)
    (table,) = tables(page(glyphs, rules))
    assert table.columns == (("组织形式",), ("总计",))
    assert [row.label for row in table.rows[-2:]] == [("一、货物", "设备购置"), ("一、货物", "设备购置")]
    assert table.rows[0].label == ("合计",)


def test_single_row_without_label_and_blank_cells_are_none() -> None:
    glyphs, rules = ruled(simple([["合计", "会议费", "培训费", "接待费"], ["6.00", "", "2.00", "0.00"]]), XS, 120)
    (table,) = tables(page(glyphs, rules))
    assert table.rows[0].label == () and [cell.text for cell in table.rows[0].cells] == ["6.00", None, "2.00", "0.00"]


def test_empty_form_makes_no_rows_of_its_blank_lines() -> None:
    glyphs, rules = ruled(simple([["科目编码", "科目名称", "合计", "项目支出"], ["无", "", "", ""], ["", "", "", ""]]), XS, 120)
    note = text_at("注：本单位无政府性基金预算支出，故本表为空表。", 50, 200)
    (table,) = tables(page(glyphs + note, rules))
    assert table.rows == () and table.note == "注：本单位无政府性基金预算支出，故本表为空表。"


def test_header_that_starts_over_inside_a_table_gives_its_rows_their_own_columns() -> None:
    rows = [["项目", "本期", "上期"], ["收入", "1.00", "2.00"], ["利润", "3.00", "4.00"], ["", "期末", "期初"], ["资产", "5.00", "6.00"]]
    glyphs, rules = ruled(simple(rows), XS[:4], 120)
    (table,) = tables(page(glyphs, rules))
    assert table.columns == (("本期",), ("上期",), ("期末",), ("期初",))
    assert [cell.text for cell in table.rows[-1].cells] == [None, None, "5.00", "6.00"]


def test_form_with_inner_headers_is_one_table() -> None:
    cells = [
        (0, 1, 0, 1, "单位名称"), (0, 1, 1, 4, "某市工业局"),
        (1, 4, 0, 1, "年度任务"), (1, 3, 1, 2, "任务名称"), (1, 3, 2, 3, "主要内容"), (1, 2, 3, 4, "预算金额(万元)"),
        (2, 3, 3, 4, "总额"),
        (3, 4, 1, 2, "运行保障"), (3, 4, 2, 3, "保障运行。"), (3, 4, 3, 4, "8.00"),
        (4, 7, 0, 1, "绩效指标"), (4, 5, 1, 2, "二级指标"), (4, 5, 2, 3, "三级指标"), (4, 5, 3, 4, "目标值"),
        (5, 7, 1, 2, "数量指标"), (5, 6, 2, 3, "项目数量"), (5, 6, 3, 4, "≥6个"),
        (6, 7, 2, 3, "企业数量"), (6, 7, 3, 4, "20家"),
    ]  # fmt: skip
    glyphs, rules = ruled(cells, XS, 120)
    (table,) = tables(page(caption("表 12", "整体支出绩效目标表") + glyphs, rules))
    cell_of = {(row.label[-1], path[-1]): cell.text for row in table.rows for path, cell in zip(table.columns, row.cells, strict=True)}
    assert cell_of["运行保障", "总额"] == "8.00" and cell_of["运行保障", "主要内容"] == "保障运行。"
    assert cell_of["企业数量", "目标值"] == "20家" and cell_of["运行保障", "目标值"] is None
    assert table.rows[-1].label == ("绩效指标", "数量指标", "企业数量") and ("预算金额(万元)", "总额") in table.columns


@pytest.fixture
def unruled() -> list[Glyph]:
    """A header two rows deep over five columns; the second body row has a wrapped label."""
    glyphs = centred("科目名称", 120, 128)
    glyphs += centred("财政拨款", 330, 120) + centred("其他收入", 500, 128)
    glyphs += centred("小计", 280, 138) + centred("基本支出", 380, 138)
    for k, (label, a, b, c) in enumerate([("教育支出", "9,100.00", "100.00", "0.00"), ("农林水支出", "25.10", "1.00", "7.00")]):
        y = 160 + 20 * k
        glyphs += text_at(label, 50, y) + right_at(a, 300, y) + right_at(b, 400, y) + right_at(c, 520, y)
    glyphs += text_at("机关事业单位养老", 50, 200) + text_at("保险缴费", 50, 212)
    return glyphs + right_at("1.26", 300, 206) + right_at("1.00", 400, 206) + right_at("0.26", 520, 206)


COLUMNS = (("财政拨款", "小计"), ("财政拨款", "基本支出"), ("其他收入",))


def test_table_with_horizontal_rules_only(unruled: list[Glyph]) -> None:
    rules = [Rule(50, 116, 545, 116), Rule(230, 134, 430, 134), Rule(50, 152, 545, 152), Rule(50, 230, 545, 230)]
    (table,) = tables(page(caption("表 3", "支出总表") + unruled, rules))
    assert table.columns == COLUMNS
    assert [row.label for row in table.rows] == [("教育支出",), ("农林水支出",), ("机关事业单位养老保险缴费",)]
    assert [cell.text for cell in table.rows[2].cells] == ["1.26", "1.00", "0.26"]


def test_table_with_no_rules_at_all(unruled: list[Glyph]) -> None:
    (table,) = tables(page(caption("表 3", "支出总表") + unruled))
    assert table.columns == COLUMNS and len(table.rows) == 3 and table.rows[2].label == ("机关事业单位养老保险缴费",)
    assert table.rows[0].cells[0].bbox is not None and table.rows[0].cells[0].bbox[0] == pytest.approx(260)


def test_prose_with_numbers_is_no_table() -> None:
    lines = ["　　2024年收入预算  13649.07  万元，其中：", "　　基本支出  7666.68  万元，占一半以上。", "　　项目支出  5853.96  万元。"]
    glyphs = [g for k, line in enumerate(lines) for g in text_at(line, 90, 100 + 24 * k)]
    assert not tables(page(glyphs))


def test_headings_paragraphs_and_page_numbers() -> None:
    one = centred("第一部分 部门概况", 297, 100, 16) + text_at("一、主要职能", 110, 140)
    one += text_at("贯彻执行国家有关方针政策，研究提出全市工业", 110, 164)
    one += text_at("发展战略；负责工业运行监测。", 90, 188) + centred("- 1 -", 297, 800)
    two = text_at("（一）人员支出6,207.15万元，主要是工资。", 110, 100) + centred("- 2 -", 297, 800)
    blocks = pages_to_document_blocks([page(one), page(two, number=2)], "d")
    assert [(b.level, b.text) for b in blocks if isinstance(b, Heading)] == [(2, "第一部分 部门概况"), (3, "一、主要职能")]
    paras = [b for b in blocks if isinstance(b, Para)]
    joined = "贯彻执行国家有关方针政策，研究提出全市工业发展战略；负责工业运行监测。"
    assert [p.text for p in paras] == [joined, "（一）人员支出6,207.15万元，主要是工资。"]
    first = paras[0].spans
    assert [span.page for span in first] == [1, 1] and all(len(span.xs) == span.end - span.start + 1 for span in first)
    assert paras[0].text[first[1].start : first[1].end] == "发展战略；负责工业运行监测。"


def test_table_of_contents_makes_no_headings_not_even_on_its_second_page() -> None:
    toc = centred("目录", 297, 80, 16) + text_at("第一部分 部门概况", 90, 110) + text_at("一、主要职能", 110, 134)
    rest = text_at("第四部分 名词解释", 90, 80) + centred("第一部分 部门概况", 297, 140, 16) + text_at("本部门是政府组成部门。", 110, 180)
    blocks = pages_to_document_blocks([page(toc), page(rest, number=2)], "d")
    assert [(b.text, b.page) for b in blocks if isinstance(b, Heading)] == [("第一部分 部门概况", 2)]


def test_sideways_page_reads_like_an_upright_one_and_keeps_its_boxes() -> None:
    glyphs, rules = ruled(simple([["项目", "金额"], ["办公费", "1.00"]]), [50, 250, 545], 120)
    straight = page(glyphs, rules)

    def lie_down(x0: float, top: float, x1: float, bottom: float) -> tuple[float, float, float, float]:
        return 842 - bottom, x0, 842 - top, x1  # the sheet turned clockwise by 90°

    lying = tuple(replace(g, **dict(zip(("x0", "top", "x1", "bottom"), lie_down(g.x0, g.top, g.x1, g.bottom), strict=True)),
                          upright=False, font="90") for g in glyphs)  # fmt: skip
    sheet = Page(1, 842, 595, lying, tuple(Rule(*lie_down(r.x0, r.top, r.x1, r.bottom)) for r in rules))
    turned, angle = turn_upright(sheet)
    assert angle == 90
    (table,) = blocks_on_page(pages_to_document_blocks([turned], "d"), {1: (angle, sheet.width, sheet.height)})
    assert isinstance(table, Table) and table.rows[0].label == ("办公费",)
    box, upright = table.rows[0].cells[0].bbox, tables(straight)[0].rows[0].cells[0].bbox
    assert box is not None and upright is not None and box == pytest.approx(lie_down(*upright))


def test_table_drawn_without_outer_sides_keeps_its_first_and_last_column() -> None:
    glyphs, rules = ruled(simple([["项目", "金额", "备注"], ["办公费", "1.00", "含水费"]]), XS[:4], 120)
    rules = [rule for rule in rules if rule.top == rule.bottom or rule.x0 not in (XS[0], XS[3])]
    (table,) = tables(page(glyphs, rules))
    assert table.rows[0].label == ("办公费",) and [cell.text for cell in table.rows[0].cells] == ["1.00", "含水费"]


def test_rules_between_columns_only_never_join_figures_of_several_rows() -> None:
    rows = [["项目", "金额", "上年"], ["办公费", "1.00", "2.00"], ["差旅费", "3.00", "4.00"], ["会议费", "5.00", "6.00"]]
    glyphs, rules = ruled(simple(rows), XS[:4], 120)
    upright = [rule for rule in rules if rule.x0 == rule.x1]
    (table,) = tables(page(caption("表 4", "支出总表") + glyphs, upright))
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["1.00", "2.00"], ["3.00", "4.00"], ["5.00", "6.00"]]


def test_labels_beside_a_chart_are_text_and_make_no_table() -> None:
    chart = [Rule(180, 200, 410, 200), Rule(180, 300, 410, 300)]
    labels = text_at("项目支出, 34.20%", 90, 250) + text_at("基本支出, 55.98%", 420, 250) + text_at("预留经费, 9.82%", 200, 180)
    blocks = pages_to_document_blocks([page(labels, chart)], "d")
    assert not [block for block in blocks if isinstance(block, Table)]
    assert all(share in "".join(block.text for block in blocks if isinstance(block, Para)) for share in ("34.20%", "55.98%", "9.82%"))


def test_half_printed_in_two_panels_is_one_table_with_its_parents() -> None:
    xs = [50.0, 90, 190, 240, 280, 380, 430, 470, 510, 545]
    head = ["科目编码", "科目名称", "决算数"] * 3
    rows = [
        ["301", "工资福利支出", "9.00", "302", "商品和服务支出", "6.00", "30231", "用车费", "2.00"],
        ["30101", "基本工资", "9.00", "30201", "办公费", "3.00", "310", "资本性", "4.00"],
        ["", "", "", "30202", "印刷费", "1.00", "31002", "设备购置", "4.00"],
    ]
    cells = [
        (0, 1, 0, 3, "人员经费"), (0, 1, 3, 9, "公用经费"),
        *[(r, r + 1, c, c + 1, text) for r, row in enumerate([head, *rows], 1) for c, text in enumerate(row)],
        (5, 6, 0, 2, "人员经费合计"), (5, 6, 2, 3, "9.00"), (5, 6, 3, 8, "公用经费合计"), (5, 6, 8, 9, "10.00"),
    ]  # fmt: skip
    staff, office = tables(page(caption("公开06表", "基本支出决算表") + ruled(cells, xs, 120)[0], ruled(cells, xs, 120)[1]))
    assert [row.label for row in staff.rows][:2] == [("工资福利支出",), ("工资福利支出", "基本工资")]
    assert ("商品和服务支出", "用车费") in [row.label for row in office.rows]
    assert ("资本性", "设备购置") in [row.label for row in office.rows]
    assert office.rows[-1].label == ("公用经费合计",)


def test_centred_labels_are_no_tree() -> None:
    names = ["某某产业发展专项资金", "办公费", "信息化运维项目", "院前急救网络运行"]
    glyphs, rules = ruled(simple([["项目名称", "预算数"], *[["", "1.00"]] * 4]), [50, 250, 545], 120)
    for r, name in enumerate(names, 1):
        glyphs += centred(name, 150, 125 + 20 * r)
    (table,) = tables(page(caption("表 5", "项目支出表") + glyphs, rules))
    assert [row.label for row in table.rows] == [(name,) for name in names]


def test_part_beside_of_which_is_a_part_of_the_same_whole() -> None:
    rows = [["项目", "2024年"], ["1.公务接待费", "1.00"], ["2.公务用车费", "68.00"], ["其中：运行维护费", "50.00"], ["购置费", "18.00"]]
    glyphs, rules = ruled(simple(rows), [50, 250, 545], 120)
    (table,) = tables(page(caption("表 7", "“三公”经费支出表") + glyphs, rules))
    assert [row.label for row in table.rows][2:] == [("2.公务用车费", "其中：运行维护费"), ("2.公务用车费", "购置费")]


def test_numbers_that_begin_anew_stand_under_the_row_above_them() -> None:
    rows = [["项目", "决算数"], ["一、一般公共预算", "9.00"], ["二、政府性基金", "1.00"], ["本年收入合计", "10.00"],
            ["年初结转和结余", "2.00"], ["一、一般公共预算", "2.00"], ["二、政府性基金", ""], ["总计", "12.00"]]  # fmt: skip
    glyphs, rules = ruled(simple(rows), [50, 250, 545], 120)
    (table,) = tables(page(caption("公开04表", "财政拨款收入决算表") + glyphs, rules))
    labels = [row.label for row in table.rows]
    assert labels[0] == ("一、一般公共预算",) and labels[4:6] == [
        ("年初结转和结余", "一、一般公共预算"), ("年初结转和结余", "二、政府性基金"),
    ]  # fmt: skip
    assert labels[-1] == ("总计",)


def test_empty_table_with_level_rules_alone_keeps_its_number_and_note() -> None:
    words = [text_at(t, x, 124) for t, x in [("科目编码", 60), ("科目名称", 160), ("合计", 290), ("基本支出", 370), ("项目支出", 470)]]
    rules = [Rule(50, y, 545, y) for y in (120.0, 138.0, 144.0, 150.0)]
    note = text_at("备注：本部门无国有资本经营预算支出，故此表无数据。", 50, 156)
    body = text_at("公开部门：某市工业局", 50, 104) + right_at("单位：万元", 545, 104)
    top = text_at("公开08表", 480, 60) + centred("国有资本经营预算支出决算表", 297, 80, 14)
    (table,) = tables(page([*top, *body, *(g for word in words for g in word), *note], rules))
    assert (table.number, table.title, table.org) == ("公开08表", "国有资本经营预算支出决算表", "某市工业局")
    assert table.columns == (("合计",), ("基本支出",), ("项目支出",)) and not table.rows
    assert table.note is not None and "无数据" in table.note


def test_year_below_a_title_is_part_of_the_caption() -> None:
    glyphs, rules = ruled(simple([["任务名称", "金额（万元）"], ["甲", "1.00"]]), [50, 250, 545], 120)
    top = text_at("表12", 50, 50) + centred("部门整体支出绩效目标表", 297, 70, 14) + text_at("2025年度", 50, 104)
    (table,) = tables(page(top + glyphs, rules))
    assert (table.number, table.title, table.year) == ("表12", "部门整体支出绩效目标表", 2025)


def test_heading_run_into_its_paragraph_parts_it() -> None:
    lines = ["（一）机关运行经费。2024年某局机关运行经费财政拨款预算为八万元，", "比上年减少一万元，主要是压减办公费和差旅费等一般性支出。"]
    glyphs = text_at(lines[0], 70, 100) + text_at(lines[1], 50, 115)
    heading, para = pages_to_document_blocks([page(glyphs)], "d")
    assert isinstance(heading, Heading) and (heading.level, heading.text) == (4, "（一）机关运行经费")
    assert isinstance(para, Para) and para.text.startswith("2024年某局") and para.spans[0].start == 0
    assert para.text[para.spans[1].start :].startswith("比上年")
    box = para.spans[0].bbox
    assert box is not None and len(para.spans[0].xs) == para.spans[0].end + 1


def test_indentation_tells_the_tree_where_few_rows_stand_at_the_left() -> None:
    """A unit, its groups and their many items, set one em further in each time: 办公费 of two units must not look alike."""
    names = [("某局（本级）", 0), ("工资福利", 1), ("基本工资", 2), ("津贴", 2), ("商品服务", 1), ("办公费", 2), ("水费", 2), ("电费", 2),
             ("某服务中心", 0), ("商品服务", 1), ("办公费", 2), ("水费", 2)]  # fmt: skip
    glyphs, rules = ruled(simple([["支出项目", "总计"], *[["", "1.00"]] * len(names)]), [50, 250, 545], 120)
    for r, (name, depth) in enumerate(names, 1):
        glyphs += text_at(name, 53 + 10 * depth, 125 + 20 * r)
    (table,) = tables(page(caption("表 4", "基本支出总表") + glyphs, rules))
    labels = [row.label for row in table.rows]
    assert labels[5] == ("某局（本级）", "商品服务", "办公费") and labels[10] == ("某服务中心", "商品服务", "办公费")


def test_next_item_of_a_list_on_the_next_page_is_no_rest_of_the_item_above() -> None:
    begun = [["项目", "金额", "项目", "金额"], ["一、财政拨款", "5.00", "一、教育支出", "5.00"], ["", "", "二十、粮食物资支出", ""]]
    one, lines_one = ruled(simple(begun), XS, 120)
    two, lines_two = ruled(simple([["", "", "二十一、防灾救\n灾支出", ""], ["收入总计", "5.00", "支出总计", "5.00"]]), XS, 60)
    found = tables(page(one, lines_one), page(two, lines_two, 2))
    labels = [row.label[-1] for table in found for row in table.rows if row.label]
    assert "二十、粮食物资支出" in labels and "二十一、防灾救灾支出" in labels


def test_short_label_cut_by_the_page_break_stands_between_two_numbered_items() -> None:
    begun = [["项目", "金额", "项目", "金额"], ["一、财政拨款", "5.00", "七、教育支出", ""], ["", "", "八、社会保障和就", "5.00"]]
    one, lines_one = ruled(simple(begun), XS, 120)
    two, lines_two = ruled(simple([["", "", "业支出", ""], ["", "", "九、卫生支出", ""], ["总计", "5.00", "总计", "5.00"]]), XS, 60)
    labels = {row.label[-1]: row.cells[0].text for table in tables(page(one, lines_one), page(two, lines_two, 2)) for row in table.rows}
    assert labels["八、社会保障和就业支出"] == "5.00" and "业支出" not in labels


def test_letters_that_end_two_wrapped_headers_are_no_word() -> None:
    """「…预」 and 「…金」 in the last lines of two narrow headers stand like 合 计 set apart."""
    rules = [Rule(50, y, 545, y) for y in (118, 152)]
    glyphs = [*text_at("科目名称", 60, 130), *centred("合计", 240, 130)]
    for middle, (first, last) in ((320, ("一般公共", "预")), (370, ("政府性基", "金"))):
        glyphs += centred(first, middle, 122) + centred(last, middle, 134)
    for k, (name, *values) in enumerate([("办公费", "3.00", "2.00", "1.00"), ("水费", "5.00", "4.00", "1.00")]):
        y = 158 + 20 * k
        rules.append(Rule(50, y + 16, 545, y + 16))
        glyphs += text_at(name, 60, y)
        for right, value in zip((260, 340, 390), values, strict=True):
            glyphs += right_at(value, right, y)
    (table,) = tables(page(caption("表 6", "支出总表") + glyphs, rules))
    assert table.columns == (("合计",), ("一般公共预",), ("政府性基金",))


def test_year_below_its_own_header_is_a_label_and_no_subjects_code() -> None:
    cells = [["年度", "“三公”经费预算总额", "公务接待费"], ["2022", "39.68", "1.28"], ["2023", "60.66", "0.96"]]
    glyphs, rules = ruled(simple(cells), [50, 150, 350, 545], 120)
    (table,) = tables(page(glyphs, rules))
    assert [(row.label, row.code) for row in table.rows] == [(("2022",), None), (("2023",), None)]
