"""What of a question is talk, and what names the figure: the first must not refuse, the second must never be passed over."""

from __future__ import annotations

import pytest

from assistant.domain import Answer, Status
from assistant.pipeline import Assistant
from index.domain import Document, Heading, Kind, LabelPath, Para
from tests.papers import Line, Memory, table

CENTRE, CULTURE = "荆南市疾病预防控制中心", "锦川县文化广播电视和旅游局"
GOODS = "商品和服务支出"


def document(body: str, kind: Kind = Kind.DEPARTMENT_BUDGET) -> Document:
    economic: list[Line] = [
        ((GOODS,), "302", ["60.00", "20.00", "40.00"]),
        ((GOODS, "电费"), "30206", ["12.00", "12.00", "0.00"]),
        ((GOODS, "培训费"), "30216", ["9.00", "4.00", "5.00"]),
        ((GOODS, "会议费"), "30215", ["6.00", "2.00", "4.00"]),
        ((GOODS, "费用补贴"), "30212", ["33.00", "2.00", "31.00"]),
        (("工资福利支出", "津贴补贴"), "30102", ["21.00", "21.00", "0.00"]),
        (("工资福利支出", "职业年金缴费"), "30109", ["7.00", "7.00", "0.00"]),
    ]
    projects: list[Line] = [
        ((body, "馆舍修缮"), None, ["80.00", "70.00", "10.00"]),
        ((body, "数字平台"), None, ["40.00", "40.00", None]),
        ((body, "巡回演出"), None, ["15.00", "15.00", None]),
    ]
    funds: list[LabelPath] = [("“三公”经费", "小计"), ("“三公”经费", "公务接待费"), ("会议费",), ("培训费",), ("合计",)]
    return Document(
        doc_id=body,
        title=f"2024年{body}{kind}",
        department=body,
        year=2024,
        kind=kind,
        unit="万元",
        page_count=3,
        blocks=(
            Heading(2, "第三部分 项目支出情况", page=1),
            Para("1.馆舍修缮80.00万元，用于屋面防水。较2023年预算减少20.00万元，下降20.0%。", page=1),
            Para("2.数字平台40.00万元。较2023年预算增加10.00万元，增长33.3%。", page=1),
            Para("2024年年末彩票公益金结转和结余3.00万元。", page=1),
            table("表1", "收支总表", [("支出", "2024年预算数")], [(("支出总计",), None, ["500.00"])]),
            table("表5", "项目支出表", [("总计",), ("一般公共预算拨款",), ("上年结余、结转",)], projects),
            table("表8", "一般公共预算支出表（按经济分类）", [("支出总计",), ("基本支出",), ("项目支出",)], economic),
            table("表9", "“三公”经费、会议费、培训费支出表", funds, [((body,), None, ["5.00", "1.00", "6.00", "9.00", "20.00"])]),
        ),
    )


STORE = (document(CENTRE, Kind.UNIT_BUDGET), document(CULTURE))


def ask(question: str) -> Answer:
    return Assistant(Memory(*STORE)).ask(question)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("我想了解一下荆南疾控那边电费的预算", "12.00"),
        ("荆南疾控职工的职业年金要缴多少", "7.00"),
        ("荆南疾控今年电费大概十来万吧，准确是多少", "12.00"),
        ("荆南疾控的电费编列数是", "12.00"),
        ("听说荆南疾控花了好几百万？经济科目30206到底列多少", "12.00"),
        ("科目30206，荆南疾控列多少", "12.00"),
        ("开会的钱——锦川文旅2024年会议费多少", "6.00"),
        ("锦川文旅津补贴列了多少", "21.00"),
        ("锦川文旅培训费，基本和项目加一起多少", "9.00"),
        ("锦川文旅巡回演出这个专项安排多少", "15.00"),
        ("文旅局（锦川）2024年巡回演出预算", "15.00"),
    ],
)
def test_talk_does_not_refuse(question: str, value: str) -> None:
    answer = ask(question)
    assert answer.status is Status.ANSWERED and str(answer.figures[0].value) == value


@pytest.mark.parametrize(
    "question",
    [
        "锦川文旅出国的培训费多少",  # 出国 is a term: it names another figure
        "锦川文旅抗洪抢险补助多少",
        "锦川文旅电费减免多少",
        "锦川文旅培训讲课费多少",
        "锦川文旅会议接待费多少",
        "荆南疾控津贴补贴追回多少",
        "数字孪生平台，锦川文旅今年花多少",
        "锦川文旅培训费还剩多少",  # an expenditure is nothing that is left
        "锦川文旅三公经费合计2025年多少",
    ],
)
def test_what_names_another_figure_is_never_passed_over(question: str) -> None:
    assert ask(question).status is Status.REFUSED


def test_a_project_in_a_lead_clause_is_not_dropped_for_the_bodys_total() -> None:
    answer = ask("馆舍修缮，锦川文旅一般公共预算拨款给了多少")
    assert answer.figures[0].value == 70
    assert ask("馆舍修缮，锦川文旅去年结转来的有多少").figures[0].value == 10


def test_total_of_a_table_about_several_items_is_none_of_theirs() -> None:
    assert ask("锦川文旅三公经费合计多少").figures[0].value == 5


def test_children_of_a_code_are_ranked() -> None:
    answer = ask("锦川文旅302商品和服务支出下级科目金额最大的两项")
    assert [str(f.value) for f in answer.figures[:2]] == ["33.00", "12.00"]


def test_projects_by_a_condition_are_listed_and_counted() -> None:
    fewer = ask("锦川文旅不足50万元的项目有多少个")
    assert (2, "个") in [(f.value, f.unit) for f in fewer.figures] and "馆舍修缮" not in fewer.answer
    fell = ask("锦川文旅有几个项目是减少的，都点出来")
    assert (1, "个") in [(f.value, f.unit) for f in fell.figures] and "馆舍修缮" in fell.answer


def test_a_whole_that_is_named_is_never_replaced_by_the_total() -> None:
    answer = ask("锦川文旅会议费占商品和服务支出的比重")
    assert answer.figures[0].value == 10 and "60.00" in answer.answer
    assert ask("锦川文旅会议费占演出收入的比重").status is Status.REFUSED


def test_items_joined_by_a_plain_plus_are_added() -> None:
    answer = ask("锦川文旅会议费加培训费多少钱")
    assert answer.figures[0].value == 15 or answer.figures[-1].value == 15


def test_two_printed_totals_are_told_and_not_added() -> None:
    answer = ask("锦川文旅本年收入合计、本年支出合计")
    assert "相加" not in answer.answer


def test_number_of_projects_is_no_number_of_things_in_a_project() -> None:
    answer = ask("锦川文旅数字平台项目有几个")
    assert not any(f.unit not in ("个", "万元") for f in answer.figures) and "20.0" not in answer.answer
