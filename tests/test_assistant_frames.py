"""Ways of asking that once led astray: wholes and their parts, two places held against each other, frames that only widen an item."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assistant.domain import Answer, Refusal, Status
from assistant.pipeline import Assistant
from index.domain import Document, Heading, Kind, Para, Section
from tests.papers import Memory, table

OFFICE = "临河县医疗保障局"
SCHOOLS = "临河县教育局"
OWN = f"{OFFICE}（本级）"


def office() -> Document:
    vehicles = "公务用车购置及运行维护费"
    return Document(
        doc_id="insurance",
        title=f"2024年{OFFICE}部门预算",
        department=OFFICE,
        year=2024,
        kind=Kind.DEPARTMENT_BUDGET,
        unit="万元",
        page_count=3,
        blocks=(
            Heading(2, "第一部分 部门概况", page=1),
            Heading(3, "一、主要职能", page=1),
            Para("1.拟订医疗保障规划。", page=1),
            Para("2.监督管理医疗保障基金。", page=1),
            Heading(2, "第三部分 支出情况", page=1),
            Para("5.基金监管专项经费预算80.00万元，主要用于飞行检查、信用评价和低保核查。较2023年预算增加12.00万元，增长17.6%。", page=1),
            Para("截至2023年12月，人员编制29人，其中：行政编制12人，事业编制17人。", page=1),
            Para("2024年共有6个项目编报绩效目标，涉及资金310.50万元。", page=1),
            Heading(2, "第五部分 其他", page=1),
            Para("基金监管专项经费预算80.00万元，较2023年预算增加10.00万元。", page=1),
            table(
                "表1",
                "收支总表",
                [("支出", "2024年预算数")],
                [(("一、卫生健康支出",), None, ["500.00"]), (("二、住房保障支出",), None, ["60.00"]), (("支出总计",), None, ["560.00"])],
            ),
            table(
                "表5",
                "项目支出总表",
                [("2024年预算", "总计"), ("2024年预算", "财政拨款"), ("2024年预算", "上年结余、结转")],
                [
                    ((OWN, "基金监管专项经费"), None, ["80.00", "60.00", "20.00"]),
                    ((OWN, "一般管理事务"), None, ["12.50", "12.50", None]),
                    ((OWN, "其他一般管理事务"), None, ["3.30", "3.30", None]),
                ],
            ),
            table(
                "表8",
                "一般公共预算支出表（按经济分类）",
                [("支出总计",), ("基本支出",), ("项目支出",)],
                [
                    (("商品和服务支出",), "302", ["46.00", "16.00", "30.00"]),
                    (("商品和服务支出", "印刷费"), "30202", ["6.00", "1.00", "5.00"]),
                    (("商品和服务支出", "劳务费"), "30226", ["28.00", "3.00", "25.00"]),
                    (("商品和服务支出", "其他商品和服务支出"), "30299", ["12.00", "12.00", "0.00"]),
                ],
            ),
            table(
                "表9",
                "三公经费支出表",
                [("因公出国（境）费",), ("公务接待费",), *((vehicles, part) for part in ("小计", "公务用车购置费", "公务用车运行维护费"))],
                [
                    ((OWN, "2023年"), None, ["0.00", "1.00", "34.00", "18.00", "16.00"]),
                    ((OWN, "2024年"), None, ["0.00", "1.00", "16.00", "0.00", "16.00"]),
                ],
            ),
            table(
                "表12",
                "整体支出绩效目标表",
                [("预算金额（万元）", "总额"), ("预算金额（万元）", "其中：财政拨款")],
                [
                    (("年度主要任务", "基金监管专项经费"), None, ["80.00", "80.00"]),
                    (("年度主要任务", "一般管理事务"), None, ["12.50", "12.50"]),
                ],
            ),
        ),
    )


def schools() -> Document:
    first, second = "临河县第一中学校", "临河县特殊教育学校"
    return Document(
        doc_id="schools",
        title=f"2024年{SCHOOLS}部门预算",
        department=SCHOOLS,
        year=2024,
        kind=Kind.DEPARTMENT_BUDGET,
        unit="万元",
        page_count=3,
        blocks=(
            table(
                "表3",
                "预算支出总表",
                [("合计",), ("基本支出",), ("项目支出",)],
                [
                    (("合计",), None, ["1,200.00", "900.00", "300.00"]),
                    ((f"{SCHOOLS}（机关）",), None, ["300.00", "250.00", "50.00"]),
                    ((first,), None, ["700.00", "500.00", "200.00"]),
                    ((second,), None, ["200.00", "150.00", "50.00"]),
                ],
            ),
            table(
                "表12",
                "专项资金管理清单",
                [("分配方式",), ("2024年预算数",)],
                [
                    (("教学竞赛奖补", "长期"), None, ["项目法", "12.00"]),
                    (("校园安全建设", "2024年"), None, ["因素法", "88.00"]),
                ],
                ("专项资金名称", "实施期限"),
            ),
            table("表1", "收支总表", [("支出", "2024年预算数")], [(("支出总计",), None, ["1,200.00"])]),
        ),
    )


class Shelf(Memory):
    def sections(self, doc_id: str) -> tuple[Section, ...]:
        return ()


@pytest.fixture(scope="module")
def assistant() -> Assistant:
    return Assistant(Shelf(office(), schools()))


def values(answer: Answer) -> list[Decimal]:
    assert answer.status is Status.ANSWERED, answer.answer
    return [f.value for f in answer.figures]


@pytest.mark.parametrize("name", ["临河县医保局", "临河医保局", "县医疗保障局"])
def test_a_word_of_four_characters_is_shortened_as_two(assistant: Assistant, name: str) -> None:
    assert values(assistant.ask(f"{name}一般管理事务预算多少"))[0] == Decimal("12.50")


def test_a_part_is_not_answered_for_the_whole_that_is_named(assistant: Assistant) -> None:
    answer = assistant.ask("临河县医保局公务用车购置及运行维护费2023年和2024年分别多少")
    assert {Decimal("34.00"), Decimal("16.00")} <= set(values(answer)[:2])


def test_an_other_item_is_not_the_item_of_that_name(assistant: Assistant) -> None:
    answer = assistant.ask("临河县医保局其他一般管理事务预算多少")
    assert values(answer)[0] == Decimal("3.30")


def test_the_amount_of_an_item_is_not_that_of_one_of_its_uses(assistant: Assistant) -> None:
    assert assistant.ask("临河县医保局低保核查预算多少").status is Status.REFUSED


def test_money_beside_a_count_is_told_from_its_own_sentence(assistant: Assistant) -> None:
    assert values(assistant.ask("临河县医保局有几个项目编报绩效目标，涉及资金多少")) == [Decimal(6), Decimal("310.50")]


def test_all_posts_are_meant_where_no_kind_of_post_is_named(assistant: Assistant) -> None:
    assert values(assistant.ask("临河县医保局编制多少人"))[0] == 29
    assert values(assistant.ask("临河县医保局行政编制多少人"))[0] == 12


def test_two_tables_are_held_against_each_other_where_the_question_names_both(assistant: Assistant) -> None:
    answer = assistant.ask("临河县医保局基金监管专项经费的财政拨款，表5和表12写的一样吗")
    assert {Decimal("60.00"), Decimal("80.00"), Decimal("20.00")} == set(values(answer))
    assert answer.answer.startswith("不一致") and any(n.kind == "discrepancy" for n in answer.notices)


def test_a_part_of_the_document_is_where_a_change_is_read(assistant: Assistant) -> None:
    answer = assistant.ask("按第五部分的说法，临河县医保局基金监管专项经费比2023年增加多少")
    assert values(answer)[0] == Decimal("10.00")


def test_a_whole_and_its_columns_are_compared_in_one_row(assistant: Assistant) -> None:
    answer = assistant.ask("临河县医保局印刷费总数跟基本支出加项目支出对得上吗")
    assert values(answer)[:2] == [Decimal("6.00"), Decimal("6.00")] and answer.answer.startswith("相等")


@pytest.mark.parametrize("frame", ["，把项目支出里的也一并算上", "（基本加项目）", "，不光基本支出"])
def test_a_frame_that_widens_an_item_names_no_column(assistant: Assistant, frame: str) -> None:
    assert values(assistant.ask(f"临河县医保局劳务费{frame}总共多少"))[0] == Decimal("28.00")


def test_rows_under_an_item_are_ranked_by_the_column_that_is_named(assistant: Assistant) -> None:
    answer = assistant.ask("临河县医保局商品和服务支出的项目支出部分，最多的两个科目")
    assert values(answer)[:2] == [Decimal("25.00"), Decimal("5.00")]


def test_the_three_funds_are_ranked_as_wholes(assistant: Assistant) -> None:
    assert values(assistant.ask("临河县医保局三公经费里哪项花钱最多"))[0] == Decimal("16.00")


def test_function_classes_alone_make_a_ranking_of_classes(assistant: Assistant) -> None:
    assert values(assistant.ask("把临河县医保局的支出按功能分类的大类从多到少排列")) == [Decimal("500.00"), Decimal("60.00")]


def test_units_of_a_department_are_ranked_by_their_own_rows(assistant: Assistant) -> None:
    answer = assistant.ask("临河县教育局下面哪两家单位预算最多")
    assert values(answer) == [Decimal("700.00"), Decimal("300.00")]


def test_a_school_is_called_by_its_number_or_by_its_first_characters(assistant: Assistant) -> None:
    assert values(assistant.ask("临河县一中2024年预算总共多少"))[0] == Decimal("700.00")
    assert values(assistant.ask("临河特教学校的项目支出多少"))[0] == Decimal("50.00")
    assert values(assistant.ask("临河县特教学校占全局预算的多大比重"))[0] == Decimal("16.67")


def test_a_list_named_by_its_title_is_given_with_amounts(assistant: Assistant) -> None:
    assert set(values(assistant.ask("临河县教育局有哪些专项资金，各多少"))) == {Decimal("12.00"), Decimal("88.00")}


def test_duties_are_answered_from_their_own_part_or_not_at_all(assistant: Assistant) -> None:
    answer = assistant.ask("临河县医保局的主要职责有哪些")
    assert "监督管理医疗保障基金" in answer.answer and not answer.figures
    assert assistant.ask("临河县教育局的主要职责有哪些").refusal is Refusal.NOT_IN_DOCUMENTS


def test_a_whole_question_after_another_is_not_completed_by_it(assistant: Assistant) -> None:
    turns = [{"role": "user", "content": "临河县医保局项目支出最多的两个项目"}]
    answer = assistant.ask("临河县医保局的主要职责是什么", turns)
    assert "拟订医疗保障规划" in answer.answer
    turns = [{"role": "user", "content": "临河县医保局2030年印刷费多少"}]
    assert values(assistant.ask("临河县医保局劳务费多少", turns))[0] == Decimal("28.00")


def test_words_across_two_words_name_no_body(assistant: Assistant) -> None:
    answer = assistant.ask("临河县医保局劳务费平均每人大概多少")
    assert answer.refusal is not Refusal.NOT_INDEXED


def test_a_month_in_the_question_is_a_date_not_the_year_asked_for(assistant: Assistant) -> None:
    assert values(assistant.ask("截至2023年12月临河县医保局人员编制多少人"))[0] == 29


def test_both_of_two_is_asked_back_where_more_than_two_have_it() -> None:
    third = Document(
        doc_id="third",
        title="2024年临河县民政局部门预算",
        department="临河县民政局",
        year=2024,
        kind=Kind.DEPARTMENT_BUDGET,
        unit="万元",
        page_count=1,
        blocks=(table("表3", "预算支出总表", [("合计",), ("基本支出",), ("项目支出",)], [(("合计",), None, ["9.00", "6.00", "3.00"])]),),
    )
    answer = Assistant(Shelf(office(), schools(), third)).ask("项目支出两家各多少")
    assert answer.status is Status.CLARIFY or answer.status is Status.REFUSED
