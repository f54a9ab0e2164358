"""Sums that must hold, sums that fail for certain, and guesses that must stay silent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.domain import Block, Cell, Document, Figure, Flag, Heading, Kind, LabelPath, Para, Proof, Row, Table
from index.figures import document_to_figures
from index.proofs import proof_status, prove

Line = tuple[LabelPath, str | None, list[str | None]]


def table(columns: list[LabelPath], lines: list[Line], title: str = "支出总表", table_id: str = "t1", unit: str = "万元") -> Table:
    rows = tuple(Row(label, tuple(Cell(text) for text in cells), code=code) for label, code, cells in lines)
    return Table(id=table_id, number=None, title=title, columns=tuple(columns), rows=rows, unit=unit)


def run(*blocks: Block, kind: Kind = Kind.DEPARTMENT_BUDGET) -> tuple[list[Proof], dict[str, Figure]]:
    document = Document("d", "t", "某市某局", 2024, kind, "万元", 1, blocks)
    figures = document_to_figures(document)
    return list(prove(document, figures)), {f.id: f for f in figures}


def kinds(proofs: list[Proof], held: bool) -> list[str]:
    return sorted(p.kind for p in proofs if p.held is held)


CODED: list[Line] = [
    (("社会保障",), "208", ["30.00"]),
    (("社会保障", "养老"), "20805", ["30.00"]),
    (("社会保障", "养老", "离退休"), "2080501", ["10.00"]),
    (("社会保障", "养老", "年金"), "2080506", ["20.00"]),
]


def test_code_tree_proves_parent_and_children() -> None:
    proofs, _ = run(table([("合计",)], CODED))
    assert kinds(proofs, True) == ["tree", "tree"] and kinds(proofs, False) == []


def test_code_tree_with_a_wrong_child_fails() -> None:
    wrong = [*CODED[:3], (("社会保障", "养老", "年金"), "2080506", ["25.00"])]
    proofs, figures = run(table([("合计",)], wrong))
    (failed,) = [p for p in proofs if not p.held]
    assert (failed.expected, failed.found, failed.difference) == (Decimal("35.00"), Decimal("30.00"), Decimal("-5.00"))
    assert "35.00" in failed.message and proof_status(proofs)[failed.figures[0]] == "failed"
    assert all(i in figures for i in failed.figures)


def test_wrong_guess_of_indentation_raises_no_alarm() -> None:
    lines: list[Line] = [(("甲",), None, ["5.00"]), (("甲", "乙"), None, ["3.00"]), (("甲", "丙"), None, ["9.00"])]
    proofs, _ = run(table([("金额",)], lines))
    assert proofs == []


@pytest.mark.parametrize(("total", "rounding"), [("108.98", False), ("108.99", True), ("108.97", True)])
def test_last_digit_is_rounding_and_holds(total: str, rounding: bool) -> None:
    lines: list[Line] = [
        (("卫生",), "210", [total]),
        (("卫生", "医疗"), "21011", ["88.90"]),
        (("卫生", "其他"), "21099", ["20.08"]),
    ]
    proofs, _ = run(table([("合计",)], lines))
    assert [(p.held, p.rounding) for p in proofs] == [(True, rounding)]


def test_basic_and_project_columns_fail_in_the_one_wrong_row() -> None:
    columns: list[LabelPath] = [("支出预算", "合计"), ("支出预算", "基本支出"), ("支出预算", "项目支出")]
    lines: list[Line] = [
        (("甲",), "20101", ["3.00", "1.00", "2.00"]),
        (("乙",), "20102", ["7.00", "3.00", "4.00"]),
        (("丙",), "20103", ["9.00", "9.00", "0.00"]),
        (("丁",), "20104", ["5.00", "5.00", "6.00"]),
    ]
    proofs, _ = run(table(columns, lines))
    assert kinds(proofs, True) == ["basic_project"] * 3
    assert [p.difference for p in proofs if not p.held] == [Decimal("-6.00")]


def test_procurement_beside_the_total_is_no_part_of_it() -> None:
    columns: list[LabelPath] = [("支出总计",), ("基本支出",), ("项目支出",), ("政府采购项目", "小计"), ("政府采购项目", "其中：中小企业")]
    lines: list[Line] = [((f"项{i}",), f"2010{i}", [f"{i + 2}.00", f"{i}.00", "2.00", "1.00", "1.00"]) for i in range(1, 6)]
    proofs, _ = run(table(columns, lines))
    assert kinds(proofs, False) == [] and kinds(proofs, True).count("basic_project") == 5


def test_total_of_numbered_items_is_certain_and_of_others_is_not() -> None:
    numbered: list[Line] = [(("一、甲",), None, ["1.00"]), (("二、乙",), None, ["2.00"]), (("本年收入合计",), None, ["9.00"])]
    proofs, _ = run(table([("金额",)], numbered, "收入总表"))
    assert kinds(proofs, False) == ["sum"]
    loose: list[Line] = [
        ((name,), None, cells) for (name,), _, cells in [(("甲",), 0, ["1.00"]), (("乙",), 0, ["2.00"]), (("合计",), 0, ["9.00"])]
    ]
    assert run(table([("金额",)], loose, "收入总表"))[0] == []


def test_total_adds_the_carry_over_to_the_years_total() -> None:
    lines: list[Line] = [
        (("一、甲",), None, ["1.00"]),
        (("二、乙",), None, ["2.00"]),
        (("本年收入合计",), None, ["3.00"]),
        (("上年结转",), None, ["4.00"]),
        (("收入总计",), None, ["7.00"]),
    ]
    proofs, _ = run(table([("金额",)], lines, "收入总表"))
    assert kinds(proofs, True) == ["sum", "sum"] and kinds(proofs, False) == []


def test_income_and_spending_of_one_form_balance() -> None:
    income = table([("收入", "金额")], [(("收入总计",), None, ["7.00"])], "收支总表", "a")
    spending = table([("支出", "金额")], [(("支出总计",), None, ["8.00"])], "收支总表", "b")
    proofs, _ = run(income, spending)
    assert kinds(proofs, False) == ["balance"]


def test_change_row_is_this_year_less_last_year() -> None:
    lines: list[Line] = [
        (("某局", "2023年"), None, ["35.00"]),
        (("某局", "2024年"), None, ["17.00"]),
        (("某局", "增减变化金额"), None, ["-18.00"]),
    ]
    proofs, _ = run(table([("总计",)], lines, "三公经费支出表"))
    assert kinds(proofs, True) == ["change"]


def test_project_named_by_two_tables_with_two_budgets_fails() -> None:
    one = table([("总计",)], [(("一般管理事务",), None, ["553.69"]), (("节能减排",), None, ["70.00"])], "项目支出总表", "a")
    other = table([("预算数（万元）",)], [(("一般管理事务",), None, ["533.69"]), (("节能减排",), None, ["70.00"])], "重点项目绩效情况", "b")
    proofs, _ = run(one, other)
    assert [(p.kind, p.difference) for p in proofs if not p.held] == [("text_table", Decimal("-20.00"))]


def test_rate_follows_from_the_two_years() -> None:
    good = (
        "1、公共安全（204类）司法（06款）行政运行（01项）20.00万元。2023年预算执行数为16.00万元，2024年预算安排20.00万元，比2023年增加25%。"
    )
    bad = good.replace("25%", "17.62%")
    assert kinds(run(Para(good))[0], False) == []
    assert kinds(run(Para(bad))[0], False) == ["rate"]


def test_rate_follows_from_the_change() -> None:
    proofs, _ = run(
        Para("1.某专项67.63万元，较2023年预算减少32.37万元，下降32.4%。"), Para("2.别项5万元，较2023年预算减少5万元，下降10%。")
    )
    assert [(p.kind, p.held) for p in proofs if p.kind == "rate"] == [("rate", True), ("rate", False)]


def test_item_stated_twice_in_one_paragraph() -> None:
    proofs, _ = run(Para("12、住房公积金208.8万元。主要用于缴存。2024年预算安排201.50万元。"))
    assert kinds(proofs, False) == ["text_text"]


def test_reason_contradicts_the_items_own_change() -> None:
    proofs, _ = run(
        Heading(2, "第二部分 总体情况"),
        Para("主要原因：一是上级下达资金减少35,603万元。"),
        Heading(2, "第三部分 具体情况"),
        Para("9.上级下达资金100.00万元。较2023年预算减少43,665万元。"),
    )
    assert kinds(proofs, False) == ["text_text"]


def test_sentence_rounds_the_table_and_agrees_with_it() -> None:
    rows: list[Line] = [(("住房公积金",), "2210201", ["2087959.00"])]
    text = "1、住房保障支出（221类）住房改革支出（02款）住房公积金（01项）208.8万元。"
    proofs, figures = run(Para(text), table([("合计",)], rows, unit="元"))
    assert [(p.kind, p.held) for p in proofs] == [("text_table", True)]
    assert proof_status(proofs)[next(i for i, f in figures.items() if f.table_id)] == "proven"


def test_sentence_that_takes_the_parents_amount_contradicts_the_table() -> None:
    rows: list[Line] = [
        (("人大事务",), "20101", ["10528.33"]),
        (("人大事务", "行政运行"), "2010101", ["4545.94"]),
        (("人大事务", "人大会议"), "2010104", ["5982.39"]),
    ]
    proofs, _ = run(Para("1.人大事务行政运行（项）支出10528.33万元。"), table([("金额",)], rows))
    assert [p.kind for p in proofs if not p.held] == ["text_table"]


def test_same_name_in_another_scope_is_no_contradiction() -> None:
    rows: list[Line] = [(("公务接待费",), "30217", ["41.95"])]
    proofs, _ = run(Para("公务接待费86.95万元。"), table([("合计",)], rows))
    assert kinds(proofs, False) == []


def test_parts_of_a_fleet_add_up() -> None:
    good, _ = run(Para("共有车辆20辆，其中：机要通信用车4辆、其他用车16辆。"))
    bad, _ = run(Para("共有车辆20辆，其中：机要通信用车4辆、其他用车15辆。"))
    assert [(p.kind, p.held) for p in (*good, *bad)] == [("count", True), ("count", False)]


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=12))
def test_exact_sums_always_hold_without_rounding(parts: list[int]) -> None:
    amounts = [Decimal(p) / 100 for p in parts]
    lines: list[Line] = [(("甲",), "208", [f"{sum(amounts):.2f}"])]
    lines += [(("甲", f"子{i}"), f"208{i:02}", [f"{amount:,.2f}"]) for i, amount in enumerate(amounts)]
    (proof,) = [p for p in run(table([("合计",)], lines))[0] if p.kind == "tree"]
    assert proof.held and not proof.rounding


@given(st.integers(2, 9), st.integers(100, 10**6))
def test_a_difference_beyond_rounding_is_never_held(parts: int, error: int) -> None:
    lines: list[Line] = [(("甲",), "208", [f"{Decimal(parts * 500 + error) / 100:.2f}"])]
    lines += [(("甲", f"子{i}"), f"208{i:02}", ["5.00"]) for i in range(parts)]
    (proof,) = [p for p in run(table([("合计",)], lines))[0] if p.kind == "tree"]
    assert not proof.held


def test_subjects_of_the_income_and_spending_form_repeat_those_of_the_coded_table() -> None:
    names = ["教育支出", "科学支出", "卫生支出", "住房支出", "公共安全支出"]
    coded: list[Line] = [((name,), f"20{i}", [f"{i}.00"]) for i, name in enumerate(names, 1)]
    listed: list[Line] = [((f"{'一二三四五'[i]}、{name}",), None, [f"{i + 1}.00" if i else "1.50"]) for i, name in enumerate(names)]
    proofs, _ = run(table([("支出", "金额")], listed, "收支总表", "a"), table([("合计",)], coded, "支出总表", "b"))
    funds = [p for p in proofs if p.kind == "funds"]
    assert [p.held for p in funds].count(False) == 1 and len(funds) == 5


def test_sentence_that_lists_all_spending_adds_up() -> None:
    text = "预算100.00万元，包括人员支出60.00万元、公用经费10.00万元、对个人和家庭的补助支出5.00万元、项目支出{}万元。"
    assert kinds(run(Para(text.format("25.00")))[0], True) == ["sum"]
    assert kinds(run(Para(text.format("29.00")))[0], False) == ["sum"]


def test_scrambled_sentence_raises_no_alarm() -> None:
    text = "12、住房公积金208.8万元。主要用于缴存。2024年预算安排201.50万元。"
    proofs, _ = run(Para(text, flags=frozenset({Flag.REORDERED})))
    assert kinds(proofs, False) == []


def test_tables_of_two_kinds_of_money_need_not_agree() -> None:
    """The difference between 支出总表 and 财政拨款收支总表 is the other income; in the column of the same money it is a mistake."""
    subjects = [("教育支出", "205", "50.00"), ("卫生健康支出", "210", "40.00"), ("住房支出", "221", "30.00"), ("科学支出", "206", "20.00")]
    coded: list[Line] = [((name,), code, [amount]) for name, code, amount in [*subjects, ("城乡社区支出", "212", "96.00")]]
    listed: list[Line] = [((name,), None, [amount]) for name, _, amount in [*subjects, ("城乡社区支出", "", "90.00")]]
    whole = table([("合计",)], coded, "支出总表", "t1")
    fiscal = table([("支出", "合计")], listed, "财政拨款收支总表", "t2")
    proofs, _ = run(whole, fiscal)
    assert kinds(proofs, held=False) == [] and kinds(proofs, held=True).count("funds") == 4
    same, _ = run(table([("合计",)], coded, "财政拨款支出表", "t1"), fiscal)
    assert kinds(same, held=False) == ["funds"]


def test_fund_income_in_words_is_not_the_whole_income_of_the_table() -> None:
    income = table([("收入", "金额")], [(("本年收入合计",), None, ["14,106.02"]), (("总计",), None, ["14,670.10"])], "收入支出决算总表")
    said = "2023年度政府性基金预算财政拨款年初结转和结余410.00万元，本年收入8109.85万元。"
    document = (Heading(3, "七、政府性基金预算财政拨款收入支出决算情况说明"), Para(said), income)
    proofs, _ = run(*document, kind=Kind.DEPARTMENT_FINAL)
    assert kinds(proofs, held=False) == []


TRAVEL = [("公务接待费",), ("公务用车购置及运行费", "小计"), ("公务用车购置及运行费", "运行费")]


@pytest.mark.parametrize(("stated", "held"), [("4.50", True), ("4.90", False)])
def test_travel_rows_of_several_units_add_up_to_the_bodys(stated: str, held: bool) -> None:
    rows: list[Line] = [(("某局（本级）",), None, ["3.50", "9.00", "9.00"]), (("某中心",), None, ["1.00", "2.00", "2.00"])]
    said = Para(f"公务接待费2024年预算数{stated}万元。")
    proofs, _ = run(Heading(3, "五、“三公”经费财政拨款预算情况"), said, table(TRAVEL, rows, "“三公”经费支出表"))
    assert [p.held for p in proofs if p.kind == "text_table"] == [held]


def test_reception_of_foreign_guests_is_a_part_of_reception() -> None:
    rows: list[Line] = [(("合计",), None, ["1.74", "9.00", "9.00"])]
    said = "公务接待费支出决算1.74万元。其中：国（境）外公务接待支出决算0.00万元。"
    blocks = (Heading(3, "九、“三公”经费支出决算情况"), Para(said), table(TRAVEL, rows, "“三公”经费支出决算表"))
    proofs, _ = run(*blocks, kind=Kind.DEPARTMENT_FINAL)
    assert kinds(proofs, held=False) == [] and "text_table" in kinds(proofs, held=True)


def test_what_a_reception_cost_is_no_total_of_all_spending() -> None:
    total = table([("支出", "决算数")], [(("本年支出合计",), None, ["33,105,088.82"])], "收入支出决算总表", unit="元")
    said = "3.公务接待费支出1.86万元。其中：国内公务接待18批次，142人次，共计支出1.86万元。"
    proofs, _ = run(Para(said), total, kind=Kind.DEPARTMENT_FINAL)
    assert kinds(proofs, held=False) == []


def test_columns_after_of_which_are_parts_of_a_part() -> None:
    vehicles = "公务用车购置和运行维护费"
    columns: list[LabelPath] = [(vehicles, part) for part in ("合计", "公务用车购置费", "公务用车运行维护费", "其中：加油", "维修")]
    lines: list[Line] = [(("2023",), None, ["59.70", "24.50", "35.20", "20.00", "15.20"])]
    proofs, _ = run(table(columns, lines, "三公经费支出表"))
    assert kinds(proofs, True) == ["sum"] and kinds(proofs, False) == []
