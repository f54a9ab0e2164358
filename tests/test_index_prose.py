"""How sentences of budgets state amounts: each case is a trap seen in a published budget, in words of our own."""

from __future__ import annotations

from decimal import Decimal

import pytest

from index.domain import Measure
from index.prose import Mention, flatten, text_to_head, text_to_mentions

ORG = ("某市某局（本级）", "某市某局")


def only(text: str, *raws: str) -> list[Mention]:
    found = text_to_mentions(text, bodies=ORG)
    return [m for m in found if not raws or m.raw in raws]


def brief(m: Mention) -> tuple[str, str, str]:
    return m.items[-1] if m.items else "", "/".join(m.labels), m.raw


def test_numbered_item_names_all_amounts_of_its_paragraph() -> None:
    text = "6.设备运维220.30万元，主要用于机房。较2023年年初预算减少299.94万元，下降57.7%，主要原因是口径变化。"
    head = text_to_head(text)
    assert head is not None and head.items == ("设备运维",) and head.level == 3
    amount, change, rate = text_to_mentions(text, head.items)
    assert (amount.items, amount.measure) == (("设备运维",), Measure.AMOUNT)
    assert (change.items, change.labels, change.direction, change.year) == (("设备运维",), ("较2023年年初预算", "减少"), -1, None)
    assert (rate.measure, rate.unit, rate.value) == (Measure.RATE, "%", Decimal("57.7"))


def test_parts_after_qizhong_stand_under_their_whole() -> None:
    found = only("某市某局共有车辆20辆，其中：机要通信用车4辆、其他用车16辆；单价100万元（含）以上设备0台（套）。")
    assert [brief(m)[0] for m in found] == ["车辆", "机要通信用车", "其他用车", "单价100万元（含）以上设备"]
    assert found[1].items == ("车辆", "机要通信用车")
    assert [m.unit for m in found] == ["辆", "辆", "辆", "台（套）"]


def test_share_and_baseline_are_labels() -> None:
    share, change = only("项目支出10208.94万元，占本年支出合计的27.45%，与上年相比减少1134.33万元。", "27.45%", "1134.33万元")
    assert (share.measure, share.labels, share.items) == (Measure.SHARE, ("占本年支出合计",), ("项目支出",))
    assert (change.measure, change.labels) == (Measure.CHANGE, ("与上年相比", "减少"))


def test_budget_and_final_account_of_one_item_are_told_apart() -> None:
    text = "1、公共服务支出（类）财政事务（款）行政运行（项）。主要用于：人员。年初预算为60.05万元，支出决算为11.89万元。"
    head = text_to_head(text)
    assert head is not None and head.items == ("公共服务支出", "财政事务", "行政运行")
    found = text_to_mentions(text, head.items)
    assert [(m.labels, m.items[-1]) for m in found] == [(("年初预算",), "行政运行"), (("支出决算",), "行政运行")]


def test_execution_of_the_year_before_has_its_year() -> None:
    text = "2025年当年预算执行数为60.41万元，2026年预算安排227.88万元，比2025年预算执行数增加277.22%。"
    found = text_to_mentions(text, ("信息化建设",))
    assert [m.year for m in found] == [2025, 2026, 2026]
    assert [m.labels[-1] for m in found] == ["当年预算执行数", "预算安排", "增加"]


def test_subject_codes_in_brackets_are_a_path_not_counts() -> None:
    found = only("公共安全支出（204类）司法（06款）行政运行（01项）1672.67万元。")
    assert len(found) == 1
    assert (found[0].items, found[0].code) == (("公共安全支出", "司法", "行政运行"), "2040601")


def test_one_reason_is_not_the_amount_of_the_other() -> None:
    found = only("主要原因：一是设备补贴等减少176,511万元；二是上级下达资金减少35,603万元。")
    assert [brief(m) for m in found] == [("设备补贴等", "减少", "176,511万元"), ("上级下达资金", "减少", "35,603万元")]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("资助项目数量≥250个", "250", "个"),
        ("服务企业数量2000家左右", "2000", "家"),
        ("接入AP数量≥5万", "50000", "个"),
        ("增加187.63万，增长", "187.63", "万元"),
        ("设有十二个处室", "12", "个"),
        ("预算１，０００．５０万元", "1000.50", "万元"),
        ("面积600㎡", "600", "㎡"),
        ("每股收益-0.0053元", "-0.0053", "元"),
    ],
)
def test_values_and_units(text: str, value: str, unit: str) -> None:
    found = text_to_mentions(text)
    assert [(m.value, m.unit) for m in found][:1] == [(Decimal(value), unit)]


@pytest.mark.parametrize(
    "text",
    [
        "根据（某字〔2019〕7号）文件，自2025年1月1日至12月31日实施。",
        "第3家、第二个处室。",
        "《2023年12个重点项目预算5万元方案》",
        "在8月底前编报，历时3个月。",
        "推动20+8产业集群建设。",
    ],
)
def test_dates_documents_and_names_are_no_figures(text: str) -> None:
    assert text_to_mentions(text) == []


def test_figure_said_to_be_incomparable_or_unchanged_has_no_value() -> None:
    grown, even = text_to_mentions("较2023年预算增长--（基数为零）。与2024年预算持平。", ("某项目",))
    assert (grown.value, grown.measure) == (None, Measure.RATE)
    assert (even.value, even.labels) == (None, ("与2024年预算", "持平"))


def test_growth_in_the_name_of_a_programme_is_no_change() -> None:
    found = only("项目总预算400.00万，其中支持稳增长30.00万，区级支持270.00万，合计400.00万。")
    assert [m.measure for m in found] == [Measure.AMOUNT] * 4
    assert found[-1].items == ("项目",)


def test_offsets_point_into_the_printed_text() -> None:
    text = "公用经费 726.76 万 元"
    (found,) = text_to_mentions(text)
    assert text[found.start : found.end] == "726.76 万 元" and found.raw == "726.76万元"


def test_blank_between_two_numbers_stays() -> None:
    assert flatten("12 34 万元")[0] == "12 34万元"


def test_accidents_and_deaths_are_two_counts_and_each_has_its_own_rate() -> None:
    found = only("2023年，全市共发生生产安全事故31起、死亡28人，同比分别下降16.2%和9.7%，未发生较大事故。")
    assert [(m.items, m.labels, m.raw) for m in found] == [
        (("生产安全事故",), (), "31起"),
        (("生产安全事故", "死亡"), (), "28人"),
        (("生产安全事故",), ("下降",), "16.2%"),
        (("生产安全事故", "死亡"), ("下降",), "9.7%"),
    ]
    assert [m.direction for m in found[2:]] == [-1, -1]


def test_bare_words_after_a_count_are_about_its_item() -> None:
    found = only("本部门行政编制52人，实际46人；事业编制186人，实际171人。")
    assert [m.items for m in found] == [("行政编制",), ("行政编制", "实际"), ("事业编制",), ("事业编制", "实际")]
    visits = only("其中：国内公务接待支出1.74万元，接待23批次、186人次。")
    assert {m.items[0] for m in visits} == {"国内公务接待支出"} and [m.unit for m in visits] == ["万元", "批次", "人次"]


def test_score_of_a_project_and_what_follows_are_the_projects() -> None:
    found = only("“松材线虫病防治项目”绩效自评得分94.6分，全年预算数为215.00万元，执行数为212.30万元，完成预算的98.74%。")
    assert [m.items for m in found] == [("松材线虫病防治项目",)] * 4
    assert (found[0].unit, found[0].labels) == ("分", ("绩效自评得分",))
    assert (found[3].measure, found[3].unit, found[3].labels) == (Measure.SHARE, "%", ("完成预算",))
    assert not only("会议开了30分钟。") and not only("从3起草案中选定。")


def test_bracket_that_holds_a_de_is_not_broken() -> None:
    text = "2025年本部门行政单位（含参照公务员法管理的事业单位）机关运行经费财政拨款预算325.56万元，比2024年338.21万元减少12.65万元。"
    found = only(text)
    assert [m.items for m in found] == [("机关运行经费财政拨款",)] * 3
    assert found[2].labels == ("比2024年", "减少")


@pytest.mark.parametrize("text", ["清理病树3.2万株。", "用水总量控制在103亿立方米以内。", "发病率控制在280/10万以内。", "惠及3.2万多户。"])
def test_ten_thousand_of_things_is_no_money(text: str) -> None:
    assert all(m.unit != "万元" and m.unit != "亿元" for m in only(text))


def test_last_years_amount_before_the_change_is_the_same_item() -> None:
    text = "2023年“三公”经费财政拨款预算60.66万元，比2022年“三公”经费财政拨款预算39.68万元增加20.98万元。"
    now, before, change = text_to_mentions(text)
    assert now.items == before.items == change.items and before.year == 2022
    assert change.labels == ("比2022年“三公”经费财政拨款预算", "增加")


def test_semicolon_ends_parts_that_commas_part() -> None:
    text = "基本支出9.00万元，占75%，其中人员经费5.00万元、公用经费4.00万元；项目支出3.00万元，占25%。"
    assert [m.items for m in text_to_mentions(text) if m.raw in ("3.00万元", "25%")] == [("项目支出",)] * 2
    listed = text_to_mentions("收入合计10.00万元，其中：财政拨款5.00万元；事业收入3.00万元；其他收入2.00万元。")
    assert [m.items[0] for m in listed[1:]] == ["收入合计"] * 3, "parts that semicolons part go on"


def test_change_behind_the_parts_is_of_the_whole_where_the_amounts_say_so() -> None:
    text = "运行维护费2023年预算数35.20万元，其中：加油13.60万元，维修18.70万元，其他2.90万元，比2022年预算数38.40万元减少3.20万元。"
    assert [m.items[-1] for m in text_to_mentions(text)] == ["运行维护费", "加油", "维修", "其他", "运行维护费", "运行维护费"]


def test_change_larger_than_the_part_before_it_is_of_the_whole() -> None:
    text = "收入总计3,938.19万元，其中年初结转和结余30.26万元，较2021年增加525.51万元，增长15.40%。"
    assert [m.items[-1] for m in text_to_mentions(text)] == ["收入总计", "年初结转和结余", "收入总计", "收入总计"]
