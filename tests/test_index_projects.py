"""Forms of projects and their goals as the regions print them: whose indicator is it, and which part is the project's name."""

from __future__ import annotations

import pytest

from index.codec import bytes_to_document, document_to_bytes
from index.domain import Cell, Document, Figure, Kind, Row, Table
from index.figures import document_to_figures
from index.grids import Grid, GridCell
from index.proofs import prove
from index.readers.flow import Part, Sheet, SheetCell, Words, parts_to_document

Spans = list[tuple[int, int, int, int, str]]  # r0, r1, c0, c1, text


def cells(*rows: list[str]) -> Spans:
    return [(r, r + 1, c, c + 1, text) for r, row in enumerate(rows) for c, text in enumerate(row)]


def read(*items: str | Spans) -> list[Table]:
    """A file of lines and grids, read as a word processor's."""
    from pathlib import Path

    placed: list[Words | Sheet] = []
    line = 1
    for item in items:
        if isinstance(item, str):
            placed.append(Words((item,), line, centred=not item.startswith("单位")))
            line += 1
            continue
        height, width = max(s[1] for s in item), max(s[3] for s in item)
        placed.append(Sheet(tuple(SheetCell(*s) for s in item), tuple(range(line, line + height)), width))
        line += height
    document = parts_to_document([Part(tuple(placed))], Path("某市某局2024年部门预算.docx"), "d", b"x")
    return [block for block in document.blocks if isinstance(block, Table)]


def figures(*found: Table) -> list[Figure]:
    return list(document_to_figures(Document("d", "t", "某市某局", 2024, Kind.DEPARTMENT_BUDGET, "万元", 1, found)))


def form(name: str, area: str) -> Spans:
    return [
        (0, 1, 0, 1, "项目名称"), (0, 1, 1, 5, name),
        (1, 2, 0, 1, "主管部门"), (1, 2, 1, 3, "某市某局"), (1, 2, 3, 4, "实施单位"), (1, 2, 4, 5, "某中心"),
        (2, 4, 0, 1, "项目资金（万元）"), (2, 3, 1, 3, "年度资金总额："), (2, 3, 3, 5, "12.00"),
        (3, 4, 1, 3, "其中：财政拨款"), (3, 4, 3, 5, "8.00"),
        (4, 5, 0, 1, "年度总体目标"), (4, 5, 1, 5, "保障全市道路清扫保洁质量达标，机械化作业率稳步提升。"),
        *[(5, 6, c, c + 1, text) for c, text in enumerate(["一级指标", "二级指标", "三级指标", "指标值", "分值权重（90）"])],
        *[(6, 7, c, c + 1, text) for c, text in enumerate(["产出指标", "数量指标", "保洁面积", area, "15"])],
    ]  # fmt: skip


def test_two_projects_under_two_titles_are_two_tables_and_their_indicators_carry_the_project() -> None:
    items = ["项目支出绩效目标表", "（2024年度）", form("道路清扫", "≥5公里"), "项目支出绩效目标表", "（2024年度）", form("公厕", "8个")]
    one, other = read(*items)
    assert (one.title, one.year, other.title) == ("项目支出绩效目标表", 2024, "项目支出绩效目标表")
    assert one.rows[-1].label == ("道路清扫", "产出指标", "数量指标", "保洁面积")
    assert other.rows[-1].label == ("公厕", "产出指标", "数量指标", "保洁面积")
    assert one.label_heads == ("项目名称",)  # rows differ in what stands under it
    labels = {row.label for row in one.rows}
    assert ("道路清扫", "年度总体目标") in labels and ("道路清扫", "实施单位") in labels
    assert ("道路清扫", "项目资金（万元）", "年度资金总额", "其中：财政拨款") in labels
    assert ("某市某局",) not in one.columns
    amounts = {f.row_path[-1]: (f.raw, f.unit) for f in figures(one)}
    assert amounts["年度资金总额"] == ("12.00", "万元") and amounts["其中：财政拨款"] == ("8.00", "万元")
    assert {f.unit for f in figures(one) if f.col_path[-1].startswith("分值")} == {"分"}


def test_two_projects_forms_do_not_contradict_each_other() -> None:
    found = read("项目支出绩效目标表", form("道路清扫", "≥5公里"), "项目支出绩效目标表", form("公厕", "8个"))
    changed = [cell if cell.text != "12.00" else Cell("99.00") for cell in found[1].rows[3].cells]
    other = Table(**{f: getattr(found[1], f) for f in found[1].__dataclass_fields__} | {"rows": (
        *found[1].rows[:3], Row(found[1].rows[3].label, tuple(changed)), *found[1].rows[4:])})  # fmt: skip
    document = Document("d", "t", "某市某局", 2024, Kind.DEPARTMENT_BUDGET, "万元", 1, (found[0], other))
    assert all(proof.held for proof in prove(document, document_to_figures(document)))


def test_list_of_projects_with_their_indicators_is_one_table_and_the_target_one_value() -> None:
    header = ["单位名称", "项目名称", "预算金额", "绩效目标", "一级指标", "二级指标", "三级指标", "指标性质", "指标值", "度量单位"]
    grid: Spans = [
        *cells(header),
        *[(1, 3, c, c + 1, text) for c, text in enumerate(["某中心", "道路清扫", "8.00", "保障道路清扫保洁质量达标，作业率稳步提升。"])],
        *[(1, 2, c, c + 1, text) for c, text in enumerate(["产出指标", "数量指标", "保洁面积", "≥", "1386", "万平方米"], 4)],
        *[(2, 3, c, c + 1, text) for c, text in enumerate(["满意度指标", "服务对象满意度", "市民满意度", "≥", "90", "%"], 4)],
    ]
    (table,) = read("项目支出绩效目标表", "单位：万元", grid)
    assert [row.label for row in table.rows] == [
        ("某中心", "道路清扫"),
        ("某中心", "道路清扫", "产出指标", "数量指标", "保洁面积"),
        ("某中心", "道路清扫", "满意度指标", "服务对象满意度", "市民满意度"),
    ]
    assert table.label_heads == ("单位名称", "项目名称", "一级指标", "二级指标", "三级指标")
    assert [c.text for c in table.rows[1].cells] == [None, None, "≥", "1386", "万平方米"]  # the columns as printed
    found = [(f.raw, str(f.value), f.unit) for f in figures(table) if f.col_path == ("指标值",)]
    assert found == [("≥1386万平方米", "1386", "万平方米"), ("≥90%", "90", "%")]


def test_indicators_under_a_stacked_header_belong_to_the_project_left_of_them() -> None:
    grid: Spans = [
        (0, 2, 0, 1, "单位（专项）名称"), (0, 2, 1, 2, "资金总额"), (0, 1, 2, 6, "绩效指标"),
        *[(1, 2, c, c + 1, text) for c, text in enumerate(["一级指标", "二级指标", "三级指标", "指标值"], 2)],
        (2, 4, 0, 1, "高标准农田"), (2, 4, 1, 2, "1450.00"),
        *[(2, 3, c, c + 1, text) for c, text in enumerate(["产出指标", "数量指标", "新建面积", "3.2万亩"], 2)],
        *[(3, 4, c, c + 1, text) for c, text in enumerate(["产出指标", "质量指标", "合格率", "100%"], 2)],
    ]  # fmt: skip
    (table,) = read("附表12", "项目支出绩效目标表", "单位：万元", grid)
    assert table.columns == (("资金总额",), ("绩效指标", "指标值"))
    assert table.rows[0].label == ("高标准农田",) and table.rows[1].label == ("高标准农田", "产出指标", "数量指标", "新建面积")


def test_whole_body_form_has_pairs_then_tasks_and_no_body_as_a_column() -> None:
    grid: Spans = [
        (0, 1, 0, 1, "部门名称"), (0, 1, 1, 4, "某市某局"),
        (1, 2, 0, 1, "预算执行率权重（%）"), (1, 2, 1, 2, "10"), (1, 2, 2, 3, "整体绩效目标"), (1, 2, 3, 4, "全年保障任务零失误。"),
        *[(2, 3, c, c + 1, text) for c, text in enumerate(["活动", "任务内容", "预算资金（万元）", "绩效指标"])],
        *[(3, 4, c, c + 1, text) for c, text in enumerate(["环境卫生保障", "道路清扫、垃圾收运", "16,753.68", "清扫保洁达标率≥95%"])],
    ]  # fmt: skip
    (table,) = read("部门整体支出绩效目标表", grid)
    assert [row.label for row in table.rows] == [("部门名称",), ("预算执行率权重（%）",), ("整体绩效目标",), ("环境卫生保障",)]
    assert ("预算资金（万元）",) in table.columns and ("某市某局",) not in table.columns


def test_heads_tell_the_projects_name_from_the_unit_that_stands_nearer_to_the_numbers() -> None:
    rows = [["类型", "项目名称", "项目单位", "合计"], ["合计", "", "", "3.00"], ["特定目标类", "路灯电费", "某中心", "1.00"],
            ["特定目标类", "桥梁检测", "某大队", "2.00"]]  # fmt: skip
    (table,) = read("项目支出表", "单位：万元", cells(*rows))
    assert table.rows[1].label == ("特定目标类", "路灯电费", "某中心")
    assert table.label_heads == ("类型", "项目名称", "项目单位")
    document = Document("d", "t", "某市某局", 2024, Kind.DEPARTMENT_BUDGET, "万元", 1, (table,))
    assert bytes_to_document(document_to_bytes(document)).tables[0].label_heads == table.label_heads


@pytest.mark.parametrize("sum_holds", [True, False])
def test_unit_rows_above_their_projects_go_into_the_projects_labels(sum_holds: bool) -> None:
    rows = [["项目名称", "合计"], ["合计", "6.00"], ["某市水务局（本级）", "3.00"], ["防汛物资", "1.00"], ["河湖长制", "2.00"],
            ["某市湖泊保护中心", "3.00" if sum_holds else "3.50"], ["湖泊清淤", "3.00"]]  # fmt: skip
    (table,) = read("项目支出表", "单位：万元", cells(*rows))
    assert (table.rows[2].label == ("某市水务局（本级）", "防汛物资")) is sum_holds
    assert (table.rows[-1].label == ("某市湖泊保护中心", "湖泊清淤")) is sum_holds
    if sum_holds:
        assert table.label_heads == ("", "项目名称")


def test_rows_without_the_number_that_others_have_head_a_group() -> None:
    grid: Spans = [
        *cells(["序号", "项目名称", "合计"]),
        (1, 2, 0, 2, "办公室小组"), (1, 2, 2, 3, "3.00"),
        *[(2, 3, c, c + 1, text) for c, text in enumerate(["1", "防汛物资", "1.00"])],
        *[(3, 4, c, c + 1, text) for c, text in enumerate(["2", "河湖长制", "2.00"])],
    ]  # fmt: skip
    (table,) = read("项目支出表", "单位：万元", grid)
    assert [row.label for row in table.rows] == [("办公室小组",), ("办公室小组", "防汛物资"), ("办公室小组", "河湖长制")]


def test_unit_of_count_and_numbers_with_a_unit_are_columns_not_labels() -> None:
    rows = [["品目", "数量", "计量单位", "预算金额"], ["台式计算机", "15", "台", "8.25"], ["复印纸", "300", "箱", "4.80"]]
    (table,) = read("政府采购预算表", "单位：万元", cells(*rows))
    assert table.columns == (("数量",), ("计量单位",), ("预算金额",)) and table.rows[0].label == ("台式计算机",)
    assert [(f.raw, f.unit) for f in figures(table) if f.col_path == ("数量",)] == [("15", "台"), ("300", "箱")]
    head, first = ["项目", "服务数量", "补助标准", "安排金额"], ["免费体检", "12.5万人次", "300元/人", "3,750.00"]
    annex = [head, first, ["扶助", "2.36万人", "", "2,268.00"]]
    (table,) = read("测算明细表", "单位：万元", cells(*annex))
    assert [row.label for row in table.rows] == [("免费体检",), ("扶助",)]
    assert [c.text for c in table.rows[1].cells] == ["2.36万人", None, "2,268.00"]


def test_project_name_in_the_middle_of_its_rows_where_no_cells_are_drawn() -> None:
    """A text without lines prints 项目名称 once, in the middle of the rows that its merged cell covers."""
    from index.columns import Column, Role
    from index.formrows import FormRow, Placed
    from index.halves import rows_to_parts

    columns = [Column(Role.LABEL, 0, ("项目名称",)), Column(Role.VALUE, 0, ("预算金额",)), Column(Role.LABEL, 1, ("指标名称",)),
               Column(Role.VALUE, 1, ("指标值",))]  # fmt: skip
    texts = [["", "", "受助人数", "9人"], ["助学金", "1.00", "发放准确率", "100%"], ["", "", "满意度", "95%"],
             ["实训基地", "2.00", "新建实训室", "12间"]]  # fmt: skip
    rows: list[FormRow] = []
    for r, row in enumerate(texts):
        grid_cells = [GridCell(r, r + 1, c, c + 1, (c, r, c + 1, r + 1), (), text) for c, text in enumerate(row)]
        rows.append([Placed(c, c + 1, cell, True, 1) for c, cell in enumerate(grid_cells)])
    (part,) = rows_to_parts([[Placed(p.c0, p.c1, _with_text(p.cell), True, 1) for p in row] for row in rows], columns)
    assert [row.label for row in part.rows] == [
        ("助学金",), ("助学金", "受助人数"), ("助学金", "发放准确率"), ("助学金", "满意度"), ("实训基地",), ("实训基地", "新建实训室"),
    ]  # fmt: skip


def _with_text(cell: GridCell) -> GridCell:
    from index.textlines import TextLine

    line = TextLine(cell.text, tuple((0.0, 1.0) for _ in cell.text), cell.box, 1.0)
    return cell.with_lines([line]) if cell.text else cell


def test_grid_without_pairs_keeps_its_header() -> None:
    from index.innerforms import has_inner_headers

    made = [GridCell(r, r + 1, c, c + 1, (c, r, c + 1, r + 1), (), text) for r, c, text in
            [(0, 0, "单位名称"), (0, 1, "单位性质"), (1, 0, "某局本级"), (1, 1, "行政单位")]]  # fmt: skip
    assert not has_inner_headers(Grid((0, 1, 2), (0, 1, 2), tuple(made)))


def test_unit_named_over_all_label_columns_heads_the_projects_below_it() -> None:
    heads = ["单位", "项目名称", "项目属性", "功能科目", "合计", "上年结转"]
    grid: Spans = [
        *[(0, 1, c, c + 1, text) for c, text in enumerate(heads)],
        (1, 2, 0, 4, "合计"), (1, 2, 4, 5, "90.00"), (1, 2, 5, 6, "0.00"),
        (2, 3, 0, 4, "301001 某市农业局机关"), (2, 3, 4, 5, "30.00"), (2, 3, 5, 6, "0.00"),
        *[(3, 4, c, c + 1, text) for c, text in enumerate(["", "农田建设", "延续", "2130153 耕地建设", "30.00", "0.00"]) if text],
        (4, 5, 0, 4, "301002 某市农技推广中心"), (4, 5, 4, 5, "60.00"), (4, 5, 5, 6, "0.00"),
        *[(5, 6, c, c + 1, text) for c, text in enumerate(["", "病虫害防治", "延续", "2130108 病虫害控制", "35.00", "0.00"]) if text],
        *[(6, 7, c, c + 1, text) for c, text in enumerate(["", "良种扩繁", "新增", "2130106 科技转化", "25.00", "0.00"]) if text],
    ]  # fmt: skip
    (table,) = read("附表10 项目支出情况表", "单位：万元", grid)
    labels = [row.label for row in table.rows]
    assert [path[:2] for path in labels if len(path) > 2] == [
        ("301001某市农业局机关", "农田建设"),
        ("301002某市农技推广中心", "病虫害防治"),
        ("301002某市农技推广中心", "良种扩繁"),
    ]
    assert all(len(path) == len(set(path)) for path in labels)


def test_counts_with_the_same_noun_are_told_apart_by_what_is_done() -> None:
    from index.prose import text_to_mentions

    found = [m for m in text_to_mentions("拟制定和修改12件法规，继续审议5件法规，开展4次执法检查。") if m.value is not None]
    assert [(m.items, m.labels) for m in found] == [
        (("法规",), ("制定和修改",)),
        (("法规",), ("继续审议",)),
        (("执法检查",), ("开展",)),
    ]
