"""Cells of a line are mended one by one."""

from collections.abc import Sequence

from index.cells import mend_cells


def backwards(pieces: Sequence[str]) -> list[str]:
    """A mender that does as much harm as it can."""
    return [piece[::-1] for piece in pieces]


def test_numbers_never_reach_the_mender() -> None:
    lines = ["表 1", "收支总表", "单位：万元", "出支政行 1,234.50 0.00 入收业事 7.00"]
    assert mend_cells(lines, backwards)[3] == "行政支出 1,234.50 0.00 事业收入 7.00"


def test_headings_and_standard_words_need_no_mender() -> None:
    assert mend_cells(["第一部分 部门概况", "一、主要职责"], backwards) == ["第一部分 部门概况", "一、主要职责"]


def test_body_and_unit_are_cells_of_their_own() -> None:
    mended = mend_cells(["表 1", "收支总表", "单 名称位 : 某市 业和局工 ：单位 元万"], list)
    assert mended[2] == "单位名称: 某市 业和局工 单位：万元"


def test_indicator_line_has_three_cells() -> None:
    lines = [
        "表 12",
        "绩效目标表",
        "一 标级指 二 标级指 三级指标 目标值",
        "意 指满 度 标 对服务 指象满意度 标 率意满民居 ≥95%",
        "数备设 ≥15个",
    ]
    mended = mend_cells(lines, backwards)
    assert mended[3].split() == ["满意度指标", "服务对象满意度指标", "居民满意率", "≥95%"]
    assert mended[4] == "设备数 ≥15个"


def test_order_that_changes_a_number_is_refused() -> None:
    assert mend_cells(["保 2 留 小 1 位"], lambda pieces: ["保留21小位" for _ in pieces]) == ["保 2 留 小 1 位"]
