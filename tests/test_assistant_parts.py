"""What an item is made of, what there is none of, what stands beside a figure, and bodies ranked: none of it guessed."""

from __future__ import annotations

import pytest

from assistant.domain import Answer, Refusal, Status
from assistant.pipeline import Assistant
from index.domain import Document, Heading, Kind, Para
from tests.papers import Line, Memory, paper, table

OFFICE, PARK = "江海市水利局", "江海市园林局"
STATION, CENTRE = "江海市水文站", "江海市河道中心"
FUNDS = [("“三公”经费合计",), ("因公出国（境）费",), ("公务接待费",), ("公务用车购置及运行费",)]


def budget(body: str, year: int, guests: str, total: str, *more: Line) -> Document:
    return paper(
        f"{body}-{year}",
        body,
        year,
        Kind.DEPARTMENT_BUDGET,
        Heading(2, "第一部分 部门概况", page=1),
        Para("一、机构设置", page=1),
        Heading(2, "第二部分 预算情况", page=2),
        Para(f"{year}年本部门没有使用国有资本经营预算拨款安排的支出。", page=2),
        Para("第一季度用款计划15万元，第二季度用款计划20万元，第三季度用款计划25万元，第四季度用款计划30万元。", page=2),
        table("表1", "“三公”经费预算表", FUNDS, [(("合计",), None, [total, "0.00", guests, "6.00"])]),
        table("表2", "政府性基金预算支出表", [("合计",), ("基本支出",), ("项目支出",)], [(("合计",), None, [None, None, None])]),
        table(
            "表3",
            "基本支出预算表",
            [("金额",)],
            [
                (("商品和服务支出",), "302", ["60.00"]),
                (("商品和服务支出", "办公费"), "30201", ["20.00"]),
                (("商品和服务支出", "电费"), "30206", ["25.00"]),
                (("商品和服务支出", "印刷费"), "30202", ["15.00"]),
            ],
        ),
        table(
            "表4",
            "项目支出预算表",
            [("总计",), ("资金来源", "一般公共预算"), ("资金来源", "财政专户管理资金"), ("采购组织形式",)],
            [
                ((STATION, "水位监测"), None, ["40.00", "40.00", "0.00", "部门集中采购"]),
                ((CENTRE, "河道清淤"), None, ["55.00", "0.00", "55.00", "分散采购"]),
                *more,
            ],
        ),
        table(
            "表5",
            "项目支出绩效目标表",
            [("年度指标值",), ("权重",)],
            [
                (("水位监测", "产出指标", "数量指标", "监测站点"), None, ["≥12处", "20"]),
                (("水位监测", "产出指标", "时效指标", "响应时间"), None, ["≤1.5小时", "10"]),
            ],
        ),
        table(
            "表6",
            "项目支出中期规划表",
            [("一般公共预算", f"{year}年"), ("一般公共预算", f"{year + 1}年")],
            [(("水位监测",), None, ["40.00", "48.00"]), (("河道清淤",), None, ["55.00", "50.00"])],
        ),
    )


ASSISTANT = Assistant(Memory(budget(OFFICE, 2024, "3.00", "9.00"), budget(PARK, 2024, "2.00", "8.00"), budget(PARK, 2023, "7.00", "13.00")))


def ask(question: str, history: tuple[str, ...] = ()) -> Answer:
    return ASSISTANT.ask(question, [{"role": "user", "content": turn} for turn in history])


def values(answer: Answer) -> list[str]:
    return [f"{f.value}{f.unit}" for f in answer.figures]


# ---------------------------------------------------------------- parts


def test_parts_of_three_public_funds_are_told_with_their_whole() -> None:
    answer = ask(f"{OFFICE}2024年三公经费各项分别多少")
    assert answer.status is Status.ANSWERED
    assert values(answer) == ["0.00万元", "3.00万元", "6.00万元", "9.00万元"]


def test_parts_of_an_economic_class_come_from_its_own_rows() -> None:
    answer = ask(f"{OFFICE}2024年商品和服务支出明细")
    assert values(answer) == ["20.00万元", "25.00万元", "15.00万元", "60.00万元"]


def test_parts_that_come_to_more_than_the_whole_are_not_told_as_its_parts() -> None:
    odd = Assistant(Memory(budget(OFFICE, 2024, "30.00", "9.00")))
    assert "共3项" not in odd.ask(f"{OFFICE}2024年三公经费各项分别多少").answer


def test_economic_item_of_running_costs_is_looked_for_under_basic_spending_and_that_is_said() -> None:
    answer = ask(f"{OFFICE}2024年公用经费里的电费多少")
    assert values(answer) == ["25.00万元"] and any("基本支出" in n.message for n in answer.notices)


# ---------------------------------------------------------------- what there is none of


@pytest.mark.parametrize("question", ["政府性基金支出多少", "有没有政府性基金预算", "政府性基金拨款支出预算安排了没有，多少"])
def test_empty_table_asked_for_its_amount_is_zero_with_its_place(question: str) -> None:
    answer = ask(f"{OFFICE}2024年{question}")
    assert answer.status is Status.ANSWERED and values(answer) == ["0万元"]
    assert answer.citations[0].table == "表2 政府性基金预算支出表"


def test_sentence_that_denies_an_item_is_zero_for_that_item_alone() -> None:
    assert values(ask(f"{OFFICE}2024年国有资本经营预算支出多少")) == ["0万元"]
    assert ask(f"{OFFICE}2024年国有土地出让支出多少").status is Status.REFUSED
    assert ask(f"{OFFICE}2024年上级专项资金多少").status is Status.REFUSED


# ---------------------------------------------------------------- beside a figure


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("河道清淤项目多少钱，是哪家单位的", CENTRE),
        ("河道清淤项目多少钱，走的什么资金", "财政专户管理资金"),
        ("河道清淤项目多少钱，走哪种采购组织形式", "分散采购"),
        ("水位监测项目多少钱，集中采购还是分散采购", "部门集中采购"),
    ],
)
def test_second_question_about_an_amount_is_answered_from_its_row(question: str, said: str) -> None:
    answer = ask(f"{OFFICE}2024年{question}")
    assert answer.status is Status.ANSWERED and said in answer.answer


def test_unit_that_is_not_printed_beside_an_amount_is_not_made_up() -> None:
    assert "单位是" not in ask(f"{OFFICE}2024年公务接待费多少，是哪家单位的").answer


# ---------------------------------------------------------------- bodies and years


def test_bodies_are_ranked_within_one_year_and_the_first_is_named() -> None:
    answer = ask("2024年哪个单位公务接待费最多")
    assert values(answer)[:2] == ["3.00万元", "2.00万元"]


def test_bodies_of_different_years_are_not_ranked_together() -> None:
    older = [budget(PARK, 2023, "7.00", "13.00"), budget("江海市审计局", 2023, "1.00", "7.00")]
    answer = Assistant(Memory(budget(OFFICE, 2024, "3.00", "9.00"), *older)).ask("哪个单位公务接待费最多")
    assert answer.answer.startswith(f"{PARK}更多") and OFFICE not in answer.answer
    assert any("只比2023年" in n.message for n in answer.notices)


def test_planned_year_of_a_plan_of_several_years_is_answered_compared_and_followed_up() -> None:
    assert values(ask(f"{OFFICE}水位监测2025年规划安排多少")) == ["48.00万元"]
    assert "8.00万元" in values(ask(f"{OFFICE}水位监测2025年规划比2024年多多少"))
    assert values(ask("2025年规划是多少", (f"{OFFICE}水位监测2024年安排多少",))) == ["48.00万元"]
    assert ask(f"{OFFICE}水位监测2027年规划安排多少").refusal is Refusal.NOT_INDEXED


def test_four_quarters_of_one_paragraph_are_added() -> None:
    assert values(ask(f"{OFFICE}2024年四个季度用款计划加起来多少"))[0] == "90万元"


# ---------------------------------------------------------------- tables of goals


def test_weight_of_an_indicator_is_never_money() -> None:
    view = ASSISTANT.library.view(f"{OFFICE}-2024")
    assert {f.unit for f in view.figures if f.col_path == ("权重",)} == {"分"}


def test_target_in_hours_keeps_its_unit() -> None:
    assert values(ask(f"{OFFICE}水位监测响应时间的目标是几小时")) == ["1.5小时"]


# ---------------------------------------------------------------- final accounts


def final_account() -> Document:
    return paper(
        "final",
        OFFICE,
        2024,
        Kind.DEPARTMENT_FINAL,
        Heading(2, "三、支出决算情况说明", page=2),
        Para("1.社会福利支出（类）社会福利（款）殡葬（项）。年初预算为60.00万元，支出决算为62.00万元。", page=2),
        Heading(2, "四、“三公”经费情况说明", page=2),
        Para(
            "3.公务接待费支出决算为2.88万元。其中：国内公务接待支出2.88万元，主要用于接待考察，2024年共接待国内来访团组31个、248人次。",
            page=2,
        ),
        Para("本单位政府采购项目中，预留给小型和微型企业的政府采购项目预算为46.00万元。", page=2),
        table(
            "表1",
            "一般公共预算财政拨款支出决算表",
            [("合计",), ("基本支出",), ("项目支出",)],
            [
                (("合计",), None, ["900.00", "400.00", "500.00"]),
                (("社会福利支出",), "208", ["300.00", "100.00", "200.00"]),
                (("社会福利支出", "殡葬"), "2081004", ["62.00", "20.00", "42.00"]),
            ],
        ),
        table(
            "表2",
            "“三公”经费及会议费、培训费支出决算表",
            [("公务接待费",), ("培训费",)],
            [(("预算数",), None, ["4.50", "2.50"]), (("决算数",), None, ["2.88", "4.18"])],
        ),
        table(
            "表3",
            "项目绩效自评结果",
            [("执行率",), ("自评得分",)],
            [(("危房改造项目",), None, ["98.20%", "97.6"]), (("社区养老项目",), None, ["54.00%", "79.2"])],
        ),
    )


FINAL = Assistant(Memory(final_account(), budget(OFFICE, 2024, "3.00", "9.00")))


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("决算培训费预算数多少", ["2.50万元"]),
        ("决算培训费实际支出多少", ["4.18万元"]),
        ("决算殡葬的项目支出多少", ["42.00万元"]),
        ("决算里国内公务接待了多少批次、多少人次", ["31个", "248人次"]),
    ],
)
def test_rows_of_budgeted_and_spent_short_items_and_guests(question: str, told: list[str]) -> None:
    assert values(FINAL.ask(f"{OFFICE}2024年{question}"))[: len(told)] == told


def test_budget_of_a_class_is_not_told_by_its_item() -> None:
    answer = FINAL.ask(f"{OFFICE}2024年决算社会福利支出年初预算多少")
    assert "60.00万元" not in values(answer)


def test_share_of_small_firms_is_not_the_whole_reserved() -> None:
    view = FINAL.library.view("final")
    assert [f.row_path[-1] for f in view.figures if f.raw == "46.00万元"] == ["预留给小型和微型企业的政府采购项目"]


def test_average_per_guest_divides_by_guests_and_not_by_staff() -> None:
    assert values(FINAL.ask(f"{OFFICE}2024年决算公务接待平均每人次多少元"))[0] == "116.13元"


def test_project_with_the_lowest_rate_is_found_in_a_table_of_results() -> None:
    assert FINAL.ask(f"{OFFICE}2024年决算执行率最低的项目是哪个").answer.startswith("社区养老项目")


def test_budget_named_with_its_year_is_the_budget_where_a_final_account_repeats_it() -> None:
    answer = FINAL.ask(f"{OFFICE}2024年预算公务接待费多少")
    assert answer.citations[0].doc == f"{OFFICE}-2024" and values(answer)[0] == "3.00万元"


def test_budget_and_final_account_are_each_read_in_their_own_document() -> None:
    answer = FINAL.ask(f"{OFFICE}2024年部门预算与部门决算的公务接待费差多少")
    assert "0.12万元" in values(answer)
    assert {(c.doc, c.quote) for c in answer.citations} >= {(f"{OFFICE}-2024", "3.00")}


def test_what_is_not_so_is_not_answered_with_what_is() -> None:
    assert ask(f"{OFFICE}2024年哪个项目不是部门集中采购，多少钱").status is not Status.ANSWERED


def test_row_left_out_of_a_ranking_is_not_in_it() -> None:
    answer = ask(f"{OFFICE}2024年商品和服务支出里，除了电费，最多的是哪一项")
    assert "办公费" in answer.answer and "电费" not in answer.answer


# ---------------------------------------------------------------- what a question leaves out


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("除电费外的商品和服务支出多少", "35.00万元"),
        ("商品和服务支出不含电费和印刷费多少", "20.00万元"),
        ("商品和服务支出扣掉办公费还剩多少", "40.00万元"),
    ],
)
def test_part_that_is_left_out_is_taken_from_the_whole(question: str, value: str) -> None:
    assert values(ask(f"{OFFICE}2024年{question}"))[0] == value


@pytest.mark.parametrize("question", ["除公务用车外的商品和服务支出多少", "不含水电监测的三公经费多少", "不是电费的支出有多少"])
def test_what_is_no_part_of_the_whole_is_not_taken_from_it(question: str) -> None:
    assert ask(f"{OFFICE}2024年{question}").status is Status.REFUSED


@pytest.mark.parametrize(
    "question",
    [
        "水位监测项目谁负责",
        "非财政拨款收入多少",
        "超过20万的科目",
        "基本公共卫生服务支出多少",
        "办公费加电费",
    ],
)
def test_single_figure_does_not_answer_what_it_does_not_say(question: str) -> None:
    answer = ask(f"{OFFICE}2024年{question}")
    assert answer.status is not Status.ANSWERED or (len(answer.figures) > 1 and answer.calculation)


def test_weight_is_no_target_and_target_no_result() -> None:
    assert values(ask(f"{OFFICE}2024年监测站点目标多少"))[0] == "12处"
    assert ask(f"{OFFICE}2024年监测站点实际几处").status is Status.REFUSED


# ---------------------------------------------------------------- several questions


def test_clause_that_is_not_told_is_said_and_never_answered_with_the_one_before() -> None:
    answer = ask(f"{OFFICE}2024年电费多少，气费多少")
    assert answer.status is not Status.ANSWERED or "关于“气费多少”" in answer.answer


def test_heads_are_never_answered_with_money() -> None:
    assert ask(f"{OFFICE}2024年在职人员多少").status is Status.REFUSED


def test_former_value_is_not_the_present_one() -> None:
    raised = paper("raised", OFFICE, 2024, Kind.DEPARTMENT_BUDGET, Para("农村低保标准由每人每月675元提高到每人每月725元。", page=1))
    answer = Assistant(Memory(raised)).ask(f"{OFFICE}2024年农村低保标准是多少")
    assert "675元" not in values(answer)
