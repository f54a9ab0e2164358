"""Headings, captions, units and tables of contents, told by text alone."""

import pytest

from index.headings import caption_of, is_toc, lead_heading, text_to_level, unit_of


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("一、文字部分", 1),
        ("二、 表格部分", 1),
        ("第一部分  部门概况", 2),
        ("第三部分 2019年度部门预算情况说明", 2),
        ("附件1", 2),
        ("名词解释", 2),
        ("2026年部门预算编制说明", 2),
        ("一、收支预算总体情况说明", 3),
        ("一、2025年“三公”经费预算情况说明", 3),
        ("（一）实施范围", 4),
        ("（一）人员支出 6,207.15 万元，主要是在职人员", None),
        ("（四）项目支出580.77万元", None),
        ("一、财政拨款收入：指预算单位从", None),
        ("1.小型电子政务项目", None),
        ("（二）统筹推进各项工作。", None),
        ("第一部分 部门概况…………3", None),
        ("第三部分", 2),
        ("第一部分：某某学院概况", 2),
        ("", None),
        ("（一）", None),
        ("本部门共有三个内设机构", None),
    ],
)
def test_numbered_sentence_is_no_heading(text: str, level: int | None) -> None:
    assert text_to_level(text) == level


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ("表 1", ("表1", "")),
        ("表5 项目支出总表", ("表5", "项目支出总表")),
        ("公开 05 表", ("公开05表", "")),
        ("公开表十一", ("公开表十一", "")),
        ("附表3", ("附表3", "")),
        ("预算01表", ("预算01表", "")),
        ("表一 收支总表", ("表一", "收支总表")),
        ("2025年部门收入预算总表", (None, "2025年部门收入预算总表")),
        ("一般公共预算支出表（按功能分类）", (None, "一般公共预算支出表（按功能分类）")),
        ("表1反映本年收支，详见附表", None),
        ("见下表", None),
        ("20表", None),
        ("共12张报表", None),
    ],
)
def test_caption_is_told_from_a_mention_of_a_table(text: str, caption: tuple[str | None, str] | None) -> None:
    assert caption_of(text) == caption


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("部门名称：某市某局（本级） 单位：万元", "万元"),
        ("金额单位:元", "元"),
        ("金额单位：人民币万元", "万元"),
        ("单位名称: 某市某局 ：单位 元万", "万元"),
        ("单 名称位 : 某市某局 ：万元单位", "万元"),
        ("2024年度 ：位单 万元", "万元"),
        ("单位：千元", "千元"),
        ("预算数（万元）", None),
        ("部门名称：某市某局", None),
        ("单位：", None),
    ],
)
def test_scrambled_wan_yuan_is_never_read_as_yuan(text: str, unit: str | None) -> None:
    assert unit_of(text) == unit


def test_contents_page_is_told_by_its_title_or_its_leaders() -> None:
    assert is_toc(["目  录", "第一部分 部门概况", "第二部分 收支总体情况"])
    assert is_toc(["第一部分 概况……1", "第二部分 情况……3", "第三部分 表……9", "- 1 -"])
    assert not is_toc(["第一部分 部门概况", "一、主要职能", "某局是某某机关，主要职责是："])
    assert not is_toc([])


@pytest.mark.parametrize(
    ("text", "level", "head"),
    [
        ("（一）机关运行经费。2024年某局机关运行经费财政拨款预算8.00万元。", 4, "（一）机关运行经费。"),
        ("一、实施绩效管理的单位范围。某局实施绩效管理的单位包括某中心。", 3, "一、实施绩效管理的单位范围。"),
        ("（三）一般公共预算财政拨款支出决算具体情况。", 4, "（三）一般公共预算财政拨款支出决算具体情况。"),
        ("（七）承办党中央、国务院交办的其他事项。", None, ""),
        ("（二）负责机关财务管理情况。并承担其他有关工作。", None, ""),
        ("（一）人员经费6371.17万元。主要包括基本工资、津贴补贴等。", None, ""),
        ("（四）讨论、决定重大事项。依照法律规定，讨论、决定重大事项。", None, ""),
        ("2024年机关运行经费。与上年相比有所减少。", None, ""),
    ],
)
def test_heading_that_runs_into_its_paragraph_is_a_heading_and_a_duty_is_none(text: str, level: int | None, head: str) -> None:
    assert lead_heading(text) == (None if level is None else (level, len(head)))
