"""A department with several units, and a final account: whose figure it is, what was spent, and what is no answer at all."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from assistant.domain import Answer, Refusal, Status
from assistant.draft import printed
from assistant.pipeline import Assistant
from index.domain import Cell, Document, Figure, Heading, Kind, Origin, Para, Row, Table
from tests.papers import Memory

BODY, CENTRE, STATION = "江海市卫生健康局", "江海市疾病预防控制中心", "江海市急救中心"
OWN = f"{BODY}（本级）"
FINAL = "江海市应急管理局"


def table(
    number: str, title: str, columns: Sequence[tuple[str, ...]], rows: Sequence[tuple[tuple[str, ...], Sequence[str | None]]]
) -> Table:
    made = tuple(Row(label, tuple(Cell(text, page=3) for text in cells), None, page=3) for label, cells in rows)
    return Table(id=number, number=number, title=title, columns=tuple(columns), rows=made, unit="万元", pages=(3,), year=2024)


def department() -> Document:
    return Document(
        doc_id="health",
        title=f"2024年{BODY}部门预算",
        department=BODY,
        year=2024,
        kind=Kind.DEPARTMENT_BUDGET,
        unit="万元",
        page_count=3,
        blocks=(
            Heading(2, "第五部分 三公经费情况", page=2),
            Para("公务接待费预算4.50万元，较2023年预算减少0.50万元，下降10.0%，主要原因是压减接待。", page=2),
            table(
                "表8",
                "一般公共预算支出表（按经济分类）",
                [("支出总计",), ("基本支出",), ("项目支出",)],
                [
                    ((OWN, "办公费"), ["140.00", "140.00", "0.00"]),
                    ((CENTRE, "办公费"), ["114.00", "100.00", "14.00"]),
                    ((STATION, "办公费"), ["10.00", "10.00", None]),
                    ((OWN, "公务接待费"), ["3.50", "3.50", "0.00"]),
                    ((CENTRE, "公务接待费"), ["1.00", "1.00", "0.00"]),
                    ((CENTRE, "专用材料费"), ["1,806.00", "126.00", "1,680.00"]),
                ],
            ),
            table(
                "表5",
                "项目支出总表",
                [("2024年预算", "总计"), ("2024年预算", "上年结转")],
                [
                    ((CENTRE, "实验室检测能力建设"), ["1,590.00", "90.00"]),
                    ((STATION, "急救装备购置"), ["420.00", "20.00"]),
                    ((OWN, "其他卫生服务"), ["75.00", "0.00"]),
                    ((OWN, "一般行政管理事务"), ["60.00", "0.00"]),
                ],
            ),
        ),
    )


def final_account() -> Document:
    return Document(
        doc_id="safety",
        title=f"2024年{FINAL}部门决算",
        department=FINAL,
        year=2024,
        kind=Kind.DEPARTMENT_FINAL,
        unit="万元",
        page_count=3,
        blocks=(
            Heading(2, "三、支出决算情况说明", page=2),
            Para("国内公务接待23批次、186人次，共计支出1.74万元。", page=2),
            table(
                "公开01表",
                "收入支出决算总表",
                [("支出", "决算数")],
                [(("本年支出合计",), ["3,310.51"]), (("年末结转和结余",), ["7.34"]), (("总计",), ["3,317.85"])],
            ),
            table(
                "公开09表",
                "财政拨款三公经费支出决算表",
                [("预算数", "公务接待费"), ("决算数", "公务接待费"), ("预算数", "公务用车运行费"), ("决算数", "公务用车运行费")],
                [((), ["3.50", "1.74", "30.00", "26.84"])],
            ),
        ),
    )


@pytest.fixture(scope="module")
def assistant() -> Assistant:
    return Assistant(Memory(department(), final_account()))


def test_a_figure_printed_with_half_its_unit_is_not_said_with_it_twice() -> None:
    figure = Figure("f", "d", BODY, 2024, ("会议费",), (), None, "50.00万", Decimal("50.00"), "万元", Origin.PROSE)
    assert printed(figure) == "50.00万元"


def values(answer: Answer) -> list[Decimal]:
    assert answer.status is Status.ANSWERED, answer.answer
    return [f.value for f in answer.figures]


def test_an_item_printed_for_units_alone_is_their_sum(assistant: Assistant) -> None:
    answer = assistant.ask("江海市卫健局2024年办公费多少")
    assert values(answer)[0] == Decimal("264.00")
    assert answer.calculation[0].formula == "140.00 + 114.00 + 10.00"


def test_the_bodys_own_figure_comes_before_a_units(assistant: Assistant) -> None:
    assert values(assistant.ask("江海市卫健局公务接待费预算多少"))[0] == Decimal("4.50")


def test_a_named_unit_is_answered_from_its_own_rows(assistant: Assistant) -> None:
    assert values(assistant.ask("江海疾控中心的办公费多少"))[0] == Decimal("114.00")
    assert values(assistant.ask("江海市卫健局本级公务接待费多少"))[0] == Decimal("3.50")


def test_a_unit_without_the_item_is_refused_not_answered_for_another(assistant: Assistant) -> None:
    answer = assistant.ask("江海急救中心专用材料费多少")
    assert answer.status is Status.REFUSED


def test_two_columns_of_one_item_keep_the_item(assistant: Assistant) -> None:
    assert values(assistant.ask("江海疾控中心的专用材料费，基本支出和项目支出各多少"))[:2] == [Decimal("126.00"), Decimal("1680.00")]


def test_a_table_named_in_the_question_is_where_the_answer_stands(assistant: Assistant) -> None:
    answer = assistant.ask("江海市卫健局项目支出总表里急救装备购置的上年结转多少")
    assert values(answer)[0] == Decimal("20.00")
    assert (answer.citations[0].table or "").startswith("表5")


@pytest.mark.parametrize(
    "item",
    [
        "其他医疗服务",  # 其他卫生服务
        "实验室能力提升",  # 实验室检测能力建设
        "急救车辆购置",  # 急救装备购置
    ],
)
def test_near_misses_are_refused(assistant: Assistant, item: str) -> None:
    answer = assistant.ask(f"江海市卫健局{item}多少")
    assert answer.status is Status.REFUSED, answer.answer
    assert answer.refusal is Refusal.NOT_IN_DOCUMENTS


def test_of_a_final_account_the_executed_amount_is_meant(assistant: Assistant) -> None:
    assert values(assistant.ask("江海市应急局公务接待费多少"))[0] == Decimal("1.74")
    assert values(assistant.ask("江海市应急局公务接待费年初预算数多少"))[0] == Decimal("3.50")


def test_spending_in_all_is_not_the_balance_with_carried_over_money(assistant: Assistant) -> None:
    assert values(assistant.ask("江海市应急局2024年支出合计多少"))[0] == Decimal("3310.51")
    assert values(assistant.ask("江海市应急局2024年支出总计多少"))[0] == Decimal("3317.85")


def test_completion_is_a_percentage_never_the_amounts_alone(assistant: Assistant) -> None:
    answer = assistant.ask("江海市应急局公务用车运行费完成预算百分之几")
    assert (answer.figures[0].value, answer.figures[0].unit) == (Decimal("89.47"), "%")


def test_spent_less_than_budgeted_is_computed_from_both(assistant: Assistant) -> None:
    answer = assistant.ask("江海市应急局公务用车运行费决算比预算少多少")
    assert Decimal("3.16") in values(answer)


def test_several_counts_come_from_one_sentence(assistant: Assistant) -> None:
    assert values(assistant.ask("江海市应急局公务接待多少批次多少人次"))[:2] == [Decimal(23), Decimal(186)]


def test_a_score_is_not_answered_with_money_or_events(assistant: Assistant) -> None:
    assert assistant.ask("江海市应急局公务接待费自评多少分").status is Status.REFUSED


def test_follow_up_exchanges_the_measure_and_keeps_the_item(assistant: Assistant) -> None:
    history = [{"role": "user", "content": "江海市应急局公务用车运行费预算数多少"}, {"role": "assistant", "content": "30.00万元"}]
    assert values(assistant.ask("决算呢", history))[0] == Decimal("26.84")


def test_nothing_contradictory_is_said_plainly(assistant: Assistant) -> None:
    answer = assistant.ask("江海市应急局2024年决算有没有自相矛盾的地方")
    assert answer.status is Status.ANSWERED
    assert "没有发现" in answer.answer
