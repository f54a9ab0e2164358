"""Units that stand in columns, lists of indicators and of what changed, and figures that must not stand in for others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from assistant.domain import Answer, Status
from assistant.pipeline import Assistant
from index.domain import Document, Heading, Kind, LabelPath, Para, Table
from tests.papers import Line, Memory
from tests.papers import table as table_of_2024

BUREAU = "岭江市西滩区教育局"
FIRST, PRIMARY = "岭江市西滩第一中学", "西滩区实验小学"


def table(number: str, title: str, columns: Sequence[LabelPath], rows: Sequence[Line]) -> Table:
    return replace(table_of_2024(number, title, columns, rows), year=2025)


def document() -> Document:
    by_unit = [("合计",), ("预算单位", f"{BUREAU}机关"), ("预算单位", FIRST), ("预算单位", PRIMARY)]
    both_years = [("2024年预算数",), ("2025年预算数", "小计")]
    changes = table(
        "表4",
        "一般公共预算支出表",
        both_years,
        [
            (("教育支出",), "205", ["900.00", "950.00"]),
            (("教育支出", "初中教育"), "2050203", ["700.00", "780.00"]),
            (("教育支出", "培训支出"), "2050803", ["12.40", "11.85"]),
            (("教育支出", "校舍建设"), "2050299", ["180.00", "120.00"]),
        ],
    )
    return Document(
        doc_id="education",
        title=f"2025年{BUREAU}部门预算",
        department=BUREAU,
        year=2025,
        kind=Kind.DEPARTMENT_BUDGET,
        unit="万元",
        page_count=3,
        blocks=(
            Heading(2, "第三部分 情况说明", page=1),
            Para("聘用制管理员22人。培训费预算支出4.60万元，较上年增加0.80万元。", page=1),
            table(
                "表3",
                "部门支出总体情况表",
                by_unit,
                [
                    (("基本支出",), None, ["600.00", "100.00", "300.00", "200.00"]),
                    (("住房公积金",), "2210201", ["60.00", "10.00", "30.00", "20.00"]),
                    (("机关事业单位职业年金缴费支出",), "2080506", ["18.00", "3.00", "9.00", "6.00"]),
                ],
            ),
            changes,
            table(
                "表6",
                "一般公共预算基本支出表",
                [("合计",)],
                [((n,), c, [v]) for n, c, v in (("水费", "30205", "1.00"), ("电费", "30206", "9.00"), ("培训费", "30216", "6.40"))],
            ),
            table(
                "表12",
                "整体支出绩效目标表",
                [("目标值",)],
                [
                    (("满意度指标", "家长满意度"), None, ["≥95%"]),
                    (("满意度指标", "学生满意度"), None, ["≥90%"]),
                    (("数量指标", "改造校舍数量"), None, ["≥3所"]),
                ],
            ),
        ),
    )


@pytest.fixture(scope="module")
def assistant() -> Assistant:
    return Assistant(Memory(document()))


def ask(assistant: Assistant, *questions: str) -> Answer:
    return assistant.ask(questions[-1], [{"role": "user", "content": q} for q in questions[:-1]])


def test_a_unit_may_be_a_column(assistant: Assistant) -> None:
    assert ask(assistant, "西滩一中2025年住房公积金多少").figures[0].value == 30
    assert ask(assistant, "西滩区教育局2025年住房公积金多少").figures[0].value == 60


def test_another_unit_takes_over_the_question_before(assistant: Assistant) -> None:
    answer = ask(assistant, "西滩区2025年第一中学住房公积金多少？", "那实验小学呢？")
    assert answer.figures[0].value == 20


def test_money_is_never_answered_with_a_count(assistant: Assistant) -> None:
    assert ask(assistant, f"{BUREAU}2025年聘用制管理员经费安排多少").status is Status.REFUSED
    assert ask(assistant, f"{BUREAU}2025年聘用制管理员有多少人").figures[0].value == 22


def test_a_sum_takes_every_item_that_it_names(assistant: Assistant) -> None:
    assert ask(assistant, f"{BUREAU}水费电费加起来多少").figures[0].value == 10
    assert ask(assistant, f"{BUREAU}水费电费物业费加起来多少").status is Status.REFUSED
    assert ask(assistant, f"{BUREAU}2025年水电费多少").figures[0].value == 10


def test_two_characters_of_a_long_label_mean_another_item(assistant: Assistant) -> None:
    assert ask(assistant, f"{BUREAU}2025年机关食堂多少").status is Status.REFUSED


def test_indicators_of_a_kind_are_listed_with_their_targets(assistant: Assistant) -> None:
    answer = ask(assistant, f"{BUREAU}满意度指标有哪些")
    assert [f.value for f in answer.figures] == [Decimal(95), Decimal(90)] and "校舍" not in answer.answer


def test_subjects_that_fell_between_two_printed_years_are_computed(assistant: Assistant) -> None:
    answer = ask(assistant, f"{BUREAU}2025年哪几个项级科目的预算比2024年少了？分别少多少")
    assert [str(f.value) for f in answer.figures if f.label.endswith("减少")] == ["60.00", "0.55"] and "初中教育" not in answer.answer


def test_what_the_text_says_is_held_against_the_tables(assistant: Assistant) -> None:
    answer = ask(assistant, f"{BUREAU}2025年培训费，说明里写的和表里列的一致吗？")
    assert {str(f.value) for f in answer.figures} >= {"4.60", "6.40"} and "不一致" in answer.answer
