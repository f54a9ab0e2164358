"""Covers, labelled lines and table headings give the same identity to every file of one body."""

from __future__ import annotations

import pytest

from index.domain import Kind, Table
from index.identity import body_key, identify


def table(title: str, org: str | None = None) -> Table:
    return Table(id="t", number=None, title=title, columns=(), rows=(), org=org)


@pytest.mark.parametrize(
    ("lines", "title", "department", "year", "kind"),
    [
        (
            ["2024年深圳市某某局（本级）", "部门预算", "一、文字部分"],
            "2024年深圳市某某局（本级）部门预算",
            "深圳市某某局（本级）",
            2024,
            Kind.DEPARTMENT_BUDGET,
        ),
        (["某某市档案局2026年部门预算", "目 录"], "某某市档案局2026年部门预算", "某某市档案局", 2026, Kind.DEPARTMENT_BUDGET),
        (["某某市档案局（本级）2026年单位预算"], "某某市档案局（本级）2026年单位预算", "某某市档案局（本级）", 2026, Kind.UNIT_BUDGET),
        (
            ["某某市 2025年区级部门预算", "预算主管部门：某某市某区商务委员会", "目 录"],
            "某某市某区商务委员会2025年部门预算",
            "某某市某区商务委员会",
            2025,
            Kind.DEPARTMENT_BUDGET,
        ),
        (
            ["某某省高级人民法院", "2019 年度部门预算公开", "1", "目 录"],
            "某某省高级人民法院2019年度部门预算公开",
            "某某省高级人民法院",
            2019,
            Kind.DEPARTMENT_BUDGET,
        ),
        (
            ["2018 年度某某省高级", "人民法院预算公开", "2018 年 2 月 24 日"],
            "2018年度某某省高级人民法院预算公开",
            "某某省高级人民法院",
            2018,
            Kind.DEPARTMENT_BUDGET,
        ),
        (["某某区财政局", "年度部门决算", "2024", "目 录"], "某某区财政局2024年部门决算", "某某区财政局", 2024, Kind.DEPARTMENT_FINAL),
        (["样 例", "2024年某某市某某区", "工业局部门预算", "本文件是样例："], None, "某某市某某区工业局", 2024, Kind.DEPARTMENT_BUDGET),
        (["附件1：", "2025年某某县教育局部门预算公开"], "2025年某某县教育局部门预算公开", "某某县教育局", 2025, Kind.DEPARTMENT_BUDGET),
        (["某某区", "2026年部门预算公开", "（某某区卫生健康委员会）"], None, "某某区卫生健康委员会", 2026, Kind.DEPARTMENT_BUDGET),
        (["二〇二四年度某某区财政局", "单位决算"], "二〇二四年度某某区财政局单位决算", "某某区财政局", 2024, Kind.UNIT_FINAL),
    ],
)
def test_cover_broken_over_lines(lines: list[str], title: str | None, department: str, year: int, kind: Kind) -> None:
    found = identify(lines, [], "x.pdf")
    assert (found.title if title else None, found.department, found.year, found.kind) == (title, department, year, kind)


def test_tables_file_has_the_identity_of_its_narrative() -> None:
    text = identify(["某某省政协办公厅", "2019年度部门预算公开", "目 录"], [], "a-2019-text.pdf")
    lines = ["公开01表", "收支预算总表", "部门：某某省政协办公厅 单位：万元", "收入 支出", "公开02表", "收入预算总表"]
    tables = identify(lines, [], "a-2019-tables.pdf")
    assert (tables.department, tables.year, tables.kind) == (text.department, text.year, text.kind)


def test_body_comes_from_tables_where_the_file_has_no_cover() -> None:
    found = identify(
        ["一、文字部分", "第二部分 部门预算收支总体情况", "2024年部门预算收支总体情况"],
        [table("收支总表", "某某区工业局"), table("支出预算表", "某某区工业局"), table("收入预算表")],
        "x.txt",
    )
    assert (found.department, found.year, found.kind) == ("某某区工业局", 2024, Kind.DEPARTMENT_BUDGET)


def test_body_comes_from_sentences_where_cover_is_an_image() -> None:
    found = identify(["- 1 -", "目 录", "第二部分 2019 年度部门预算表", "某某省政协办公厅 2019 年度收入、支出预算总计 1.00"], [], "x.pdf")
    assert (found.department, found.year) == ("某某省政协办公厅", 2019)


@pytest.mark.parametrize("lines", [["某某发展股份有限公司", "2018 年第一季度报告"], ["2024年某某市政府预算草案"], []])
def test_other_publications_are_no_department_budget(lines: list[str]) -> None:
    assert identify(lines, [], "x.pdf").kind is Kind.OTHER


def test_unit_of_money_is_no_body() -> None:
    assert identify(["单位：万元", "收入预算总表", "支出预算总表"], [], "y.pdf").department == ""


def test_long_and_short_names_are_one_body() -> None:
    assert body_key("某省人民代表大会常务委员会办公厅") == body_key("某省人大常委会办公厅")
    assert body_key("某省（部门）") == body_key("某省")
    assert body_key("某局（本级）") != body_key("某局")
