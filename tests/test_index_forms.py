"""The heap of lines of a stacked header → column paths, by the forms."""

import pytest

from index.forms import heap_to_header

NARROW = ["财政专", "户管理", "资金"]


def test_heap_of_a_three_deep_header_gets_its_paths() -> None:
    heap = [
        "财政拨款 单位资金",
        "支出项目类别 总计",
        "小计",
        "一般公共",
        "预算拨款",
        "政府性基金",
        "预算拨款",
        "国有资本经",
        "营预算拨款",
        *NARROW,
        "事业收入",
        "事业单位",
        "经营收入",
        "上级补助",
        "收入",
        "附属单位",
        "上缴收入",
        "其他收入",
        "上年结余、",
        "结转",
    ]
    header = heap_to_header(heap, 12, "基本支出总表")
    assert header is not None and header.residue == 0
    assert header.columns[:3] == (("总计",), ("财政拨款", "小计"), ("财政拨款", "一般公共预算拨款"))
    assert header.columns[5:7] == (("财政专户管理资金",), ("单位资金", "事业收入"))
    assert header.columns[-1] == ("上年结余、结转",)


def test_scrambled_heap_gives_the_same_paths() -> None:
    header = heap_to_header(
        ["位预算单", "科目编码", "（ 出 科按支 功能 目编列至“项”级）", "科 名称目", "计支出总 本基 支出 项目支出"], 3, "支出表"
    )
    assert header is not None
    assert header.columns == (("支出总计",), ("基本支出",), ("项目支出",))


def test_one_printed_line_needs_no_form() -> None:
    header = heap_to_header(["预算单位 科目编码 科目名称 支出总计 基本支出 项目支出"], 3)
    assert header is not None and header.form is None
    assert header.columns == (("支出总计",), ("基本支出",), ("项目支出",))


def test_two_halves_keep_their_names() -> None:
    header = heap_to_header(["收        入 支        出", "项    目 2025年预算数 项    目 2025年预算数"], 2, "收支总表", 2)
    assert header is not None
    assert header.columns == (("收入", "2025年预算数"), ("支出", "2025年预算数"))
    assert header.sides == (1, 1)


@pytest.mark.parametrize(
    ("heap", "last"),
    [
        (["合计 因公出国（境）费 公务接待费", "公务用车购置及运行费", "小计 购置费 运行费"], "运行费"),
        (["合计 因公出国（境）费", "公务用车购置及运行费", "小计 购置费 运行费", "公务接待费"], "公务接待费"),
    ],
)
def test_order_of_the_heap_tells_variants_with_the_same_words(heap: list[str], last: str) -> None:
    header = heap_to_header(heap, 6, "“三公”经费预算表")
    assert header is not None
    assert header.columns[-1][-1] == last


def test_longer_label_is_not_taken_from_two_words() -> None:
    """支出项目类别 | 总计 must not become 项目类别 | 支出总计."""
    heap = [
        "支出项目类别",
        "总计",
        "财政拨款",
        "小计",
        "一般公共预算拨款",
        "政府性基金预算拨款",
        "国有资本经营预算拨款",
        "财政专户管理资金",
        "单位资金",
        "事业收入",
        "事业单位经营收入",
        "上级补助收入",
        "附属单位上缴收入",
        "其他收入",
        "上年结余、结转",
    ]
    header = heap_to_header(heap, 12, "基本支出总表")
    assert header is not None and header.columns[0] == ("总计",)


def test_unknown_heap_gives_no_header_rather_than_a_guess() -> None:
    assert heap_to_header(["设备名称 数量 单价", "存放地点", "启用日期"], 5, "资产表") is None
