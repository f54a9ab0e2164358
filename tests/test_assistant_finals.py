"""Final accounts: what was budgeted, what was spent and how far it went are three answers, never each other's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.domain import Answer, Status
from assistant.pipeline import Assistant
from index.domain import Document, Heading, Kind, Para
from tests.papers import Memory, table

OFFICE = "江海市财政局"
FINAL = Document(
    doc_id="final",
    title=f"2024年{OFFICE}部门决算",
    department=OFFICE,
    year=2024,
    kind=Kind.DEPARTMENT_FINAL,
    unit="万元",
    page_count=3,
    blocks=(
        Heading(2, "三、一般公共预算财政拨款支出决算情况说明", page=2),
        Para("一般公共预算财政拨款支出年初预算为2993.92万元，支出决算为2940.05万元，完成年初预算的98.20%。", page=2),
        Para("1、一般公共服务支出（类）财政事务（款）行政运行（项）。年初预算为1560.05万元，支出决算为1511.89万元。", page=2),
        Para(
            "2、社会保障和就业支出（类）行政事业单位养老支出（款）行政单位离退休（项）。年初预算为85.55万元，支出决算为84.65万元。",
            page=2,
        ),
        Para("2、机关事业单位基本养老保险缴费支出（项）。年初预算为161.62万元，支出决算为160.75万元。", page=2),
        Para("3、住房公积金（项）。年初预算为187.75万元，支出决算为187.19万元。", page=2),
        Heading(2, "十、预算绩效管理情况", page=3),
        Para("本部门对1个项目开展绩效自评，涉及金额598.42万元。", page=3),
        Heading(2, "十一、政府采购情况", page=3),
        Para("2024年政府采购金额251.25万元，其中：政府采购货物220.85万元、政府采购服务30.40万元。", page=3),
        Heading(2, "第四部分 名词解释", page=3),
        Para("一、项目支出：指在基本支出之外为完成特定的工作任务所发生的支出。", page=3),
        table(
            "表1",
            "收入支出决算总表",
            [("支出", "决算数")],
            [
                (("年初结转和结余",), None, ["49.14"]),
                (("本年支出合计",), None, ["2940.05"]),
                (("年末结转和结余",), None, ["55.34"]),
            ],
        ),
        table(
            "表4",
            "财政拨款收入支出决算总表",
            [("支出", "合计"), ("支出", "一般公共预算财政拨款")],
            [
                (("一般公共服务支出",), None, ["2106.66", "2106.66"]),
                (("本年支出合计",), None, ["2940.05", "2940.05"]),
                (("年末财政拨款结转和结余",), None, ["21.63", "21.63"]),
                (("总计",), None, ["2961.68", "2961.68"]),
            ],
        ),
        table(
            "表2",
            "支出决算表",
            [("本年支出合计",)],
            [(("行政运行",), "2010601", ["1511.89"]), (("住房公积金",), "2210201", ["187.19"])],
        ),
    ),
)


def ask(question: str) -> Answer:
    return Assistant(Memory(FINAL)).ask(f"江海市财政局2024年{question}")


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("决算行政运行年初预算多少", "1560.05"),
        ("决算里行政运行的年初预算数", "1560.05"),
        ("决算一般公共预算财政拨款支出年初预算多少", "2993.92"),
        ("决算行政运行多少", "1511.89"),
        ("决算财政拨款支出多少", "2940.05"),
        ("决算财政拨款支出总计多少", "2961.68"),
        ("结余多少", "55.34"),
        ("年初结余多少", "49.14"),
        ("一般公共预算财政拨款支出完成预算的多少", "98.20"),
        ("决算住房公积金完成预算没有", "99.70"),
        ("决算行政运行完成预算多少", "96.91"),
    ],
)
def test_the_budgeted_and_the_executed_amount_are_not_each_other(question: str, value: str) -> None:
    answer = ask(question)
    assert answer.status is Status.ANSWERED
    assert str(answer.figures[0].value) == value


@pytest.mark.parametrize(
    "question",
    [
        "基本支出调整预算多少",
        "绩效自评得分",
        "决算哪一项没有完成预算",
        "两个口径的支出差多少",
        "项目支出有哪些",
        "社会保障和就业支出年初预算",
        "政府购买服务支出多少",
    ],
)
def test_a_whole_or_a_piece_is_no_answer_to_something_else(question: str) -> None:
    answer = ask(question)
    assert answer.status is Status.REFUSED
    assert not answer.figures


def test_sources_of_a_ranking_are_numbered_from_its_first_row() -> None:
    def office(body: str, cars: int) -> Document:
        said = Para(f"截至2024年12月31日，本部门共有车辆{cars}辆。", page=2)
        return replace(FINAL, doc_id=body, department=body, blocks=(Heading(2, "国有资产占用情况", page=2), said))

    store = Memory(office("江海市财政局", 3), office("临浦市教育局", 23), office("荆南市水利局", 7))
    answer = Assistant(store).ask("哪个局车多，各多少辆")
    assert [int(f.value or 0) for f in answer.figures] == [23, 7, 3]
    assert [f.citation for f in answer.figures] == [1, 2, 3]
