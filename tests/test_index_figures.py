"""Units, years and places of figures, each against a trap of real tables and paragraphs."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from index.domain import Block, Cell, Document, Figure, Flag, Heading, Kind, LabelPath, Measure, Origin, Para, Row, Span, Table
from index.figures import document_to_figures
from index.narrative import span_source


def document(*blocks: Block) -> Document:
    return Document("d", "t", "某市某局", 2024, Kind.DEPARTMENT_BUDGET, "万元", 3, blocks)


def table(
    columns: list[LabelPath], rows: list[tuple[LabelPath, list[str | None]]], unit: str | None = "万元", year: int | None = None
) -> Table:
    return Table(
        id="t1",
        number="表1",
        title="收支总表",
        columns=tuple(columns),
        rows=tuple(Row(label, tuple(Cell(text, page=2) for text in cells)) for label, cells in rows),
        unit=unit,
        year=year,
    )


def figures(*blocks: Block) -> list[Figure]:
    return list(document_to_figures(document(*blocks)))


def test_zero_is_a_figure_and_blank_is_none() -> None:
    found = figures(table([("金额",)], [(("甲",), ["0.00"]), (("乙",), [None]), (("丙",), ["--"])]))
    assert [(f.row_path, f.value) for f in found] == [(("甲",), Decimal("0.00"))]
    assert found[0].source.page == 2 and found[0].table_id == "t1"


def test_columns_of_percent_people_and_counts_are_not_money() -> None:
    columns: list[LabelPath] = [("预算数",), ("增减%",), ("人数",), ("数量(台/套)",), ("金额（元）",), ("序号",)]
    found = figures(table(columns, [(("甲",), ["10.00", "5.20", "3", "2", "100000", "1"])]))
    assert [f.unit for f in found] == ["万元", "%", "人", "台/套", "元"]
    assert found[1].measure is Measure.RATE


def test_labels_that_name_a_year_override_the_documents() -> None:
    rows: list[tuple[LabelPath, list[str | None]]] = [(("2023年",), ["1", "2"]), (("合计",), ["3", "4"])]
    found = figures(table([("上年决算数",), ("2025年预算数",)], rows))
    assert [f.year for f in found] == [2023, 2025, 2023, 2025]


def test_row_of_changes_is_a_change_with_its_sign() -> None:
    (found,) = figures(table([("总计",)], [(("增减变化金额",), ["-18.00"])]))
    assert (found.measure, found.direction, found.value) == (Measure.CHANGE, -1, Decimal("-18.00"))


def test_goal_cells_carry_value_and_unit_and_keep_their_print() -> None:
    rows: list[tuple[LabelPath, list[str | None]]] = [
        (("数量指标", "资助企业数量"), ["≥500家"]),
        (("质量指标", "投诉率"), ["不超过10%"]),
        (("质量指标", "流程"), ["规范"]),
        (("总目标",), ["资助企业数量≥550家，推动企业80家以上。"]),
    ]
    found = figures(table([("目标值",)], rows))
    assert [(f.raw, f.value, f.unit) for f in found[:2]] == [("≥500家", 500, "家"), ("不超过10%", 10, "%")]
    assert [(f.row_path[-1], f.value) for f in found[2:]] == [("资助企业数量", 550), ("推动企业", 80)]


def test_prose_item_stands_under_its_heading_and_numbered_parents() -> None:
    found = figures(
        Heading(2, "第三部分 部门预算支出具体情况"),
        Para("（四）项目支出580.00万元，具体包括："),
        Para("1.对口帮扶80.00万元，较2023年预算增加4.00万元。"),
        Para("此外，基本支出预算数为20万元。"),
    )
    assert [f.row_path for f in found] == [("项目支出",), ("项目支出", "对口帮扶"), ("项目支出", "对口帮扶"), ("基本支出",)]
    assert found[1].section == ("第三部分部门预算支出具体情况",) or found[1].section == ("第三部分 部门预算支出具体情况",)
    assert all(f.origin is Origin.PROSE and f.year == 2024 for f in found)


def test_amount_without_a_noun_is_about_its_heading() -> None:
    (found,) = figures(Heading(2, "人民调解项目经费情况说明"), Heading(3, "六、年度预算安排"), Para("795万元"))
    assert found.row_path == ("人民调解项目经费情况说明", "年度预算安排")


def test_box_of_a_prose_figure_covers_its_characters_alone() -> None:
    text = "公用经费726.76万元"
    xs = tuple(100.0 + 10 * i for i in range(len(text) + 1))
    (found,) = figures(Para(text, page=1, spans=(Span(0, len(text), page=1, bbox=(100, 50, 220, 60), xs=xs),)))
    assert found.source.bbox == (140.0, 50, 220.0, 60)


def test_ids_are_unique() -> None:
    rows: list[tuple[LabelPath, list[str | None]]] = [(("甲",), ["建设3个中心、5个平台", "1"])]
    found = figures(table([("目标",), ("数",)], rows), Para("预算1万元、2万元。"))
    assert len({f.id for f in found}) == len(found) == 5


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.data())
def test_box_of_any_characters_lies_in_its_line(lengths: list[int], data: st.DataObject) -> None:
    spans, start = [], 0
    for line, length in enumerate(lengths):
        xs = tuple(50.0 + 7 * i for i in range(length + 1))
        spans.append(Span(start, start + length, page=1 + line // 2, bbox=(50, 20 * line, xs[-1], 20 * line + 10), xs=xs))
        start += length
    first = data.draw(st.integers(0, start - 1))
    last = data.draw(st.integers(first + 1, start))
    source = span_source("d", Para("字" * start, page=1, spans=tuple(spans)), first, last)
    line = next(s for s in spans if s.start <= first < s.end)
    assert source.page == line.page and source.bbox is not None and line.bbox is not None
    x0, top, x1, bottom = source.bbox
    assert line.bbox[0] <= x0 < x1 <= line.bbox[2] and (top, bottom) == (line.bbox[1], line.bbox[3])


@given(st.integers(0, 10**12), st.integers(0, 4), st.sampled_from(["万元", "元", "亿元"]))
def test_any_printed_amount_comes_back_exactly(digits: int, decimals: int, unit: str) -> None:
    value = Decimal(digits).scaleb(-decimals)
    (found,) = figures(Para(f"某项目预算{value:,f}{unit}，用于工作。"))
    assert (found.value, found.unit, found.row_path[-1]) == (value, unit, "某项目")


def test_displaced_characters_neither_count_nor_rename() -> None:
    marks = frozenset({Flag.REORDERED})
    found = figures(
        Para(
            "（四）项目支出90.00万元，具1.节能减排预算70.00元万，较指导等2023年预算加3.00万元，2024项。2.法律顾问预算20.00万元。",
            flags=marks,
        )
    )
    assert [(f.row_path[-1], f.raw, f.measure) for f in found] == [
        ("项目支出", "90.00万元", Measure.AMOUNT),
        ("节能减排", "70.00万元", Measure.AMOUNT),
        ("节能减排", "3.00万元", Measure.CHANGE),
        ("法律顾问", "20.00万元", Measure.AMOUNT),
    ]


def test_two_items_run_together_by_the_layout_stay_two() -> None:
    found = figures(Para("11、行政单位医疗114.97万元。主要用于缴费。12、住房公积金208.80万元。2024年预算安排201.50万元。"))
    assert [f.row_path[-1] for f in found] == ["行政单位医疗", "住房公积金", "住房公积金"]


def test_sentence_cut_by_a_page_keeps_item_and_year() -> None:
    before = Para("13、购房补贴207.00万元。用于职工。2023年当年", page=6)
    after = Para("预算执行数为241.76万元，2024年预算安排207.00万元。", page=7)
    found = [(f.row_path[-1], f.year, f.source.page) for f in figures(before, after)]
    assert found == [("购房补贴", 2024, 6), ("购房补贴", 2023, 7), ("购房补贴", 2024, 7)]


def test_kinds_below_a_counted_row_are_counted_in_its_unit_and_are_no_money() -> None:
    rows = (
        Row(("一、机关运行经费",), (Cell("814.46", page=3),), None, page=3),
        Row(("三、车辆数合计（辆）",), (Cell("47", page=3),), None, page=3),
        Row(("三、车辆数合计（辆）", "4.执法执勤用车"), (Cell("38", page=3),), None, page=3),
        Row(("四、单价100万元以上设备（台、套）",), (Cell("17", page=3),), None, page=3),
    )
    sheet = Table(id="t", number=None, title="机构运行信息表", columns=(("统计数",),), rows=rows, unit="万元", pages=(3,))
    document = Document("d", "2024年某市公安局部门决算", "某市公安局", 2024, Kind.DEPARTMENT_FINAL, "万元", 3, (sheet,))
    found = [(f.raw, f.unit) for f in document_to_figures(document)]
    assert found == [("814.46", "万元"), ("47", "辆"), ("38", "辆"), ("17", "台、套")]
