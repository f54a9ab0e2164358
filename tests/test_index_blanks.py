"""Blank cells leave no trace in a plain extraction: only the header's sums may place the numbers around them."""

from index.blanks import breaks_sums, place_numbers

COLUMNS = (
    ("合计",),
    ("三公", "小计"),
    ("三公", "出国费"),
    ("三公", "车", "小计"),
    ("三公", "车", "购置费"),
    ("三公", "车", "运行费"),
    ("三公", "接待费"),
    ("会议费",),
)


def test_sums_place_what_they_can_and_the_rest_is_doubtful() -> None:
    cells, sure = place_numbers(["100.00", "70.00", "10.00", "40.00", "40.00", "20.00", "30.00"], COLUMNS)
    assert cells[:4] == ["100.00", "70.00", "10.00", "40.00"] and cells[6:] == ["20.00", "30.00"]
    assert sure == [True, True, True, True, False, False, True, True]  # 购置费 or 运行费: nothing tells


def test_without_a_sum_nothing_is_certain() -> None:
    cells, sure = place_numbers(["1.00"], (("基本支出",), ("项目支出",)))
    assert cells == ["1.00", None] and sure == [False, False]


def test_more_numbers_than_columns_are_all_doubtful() -> None:
    assert place_numbers(["1", "2", "3"], (("甲",), ("乙",))) == (["1", "2"], [False, False])


def test_spending_on_purchases_is_no_part_of_the_total() -> None:
    columns = (("支出总计",), ("基本支出",), ("项目支出",), ("2024年政府采购项目", "小计"), ("2024年政府采购项目", "其中：面向中小企业"))
    assert breaks_sums(["9.00", "4.00", "5.00", "3.00", "1.00"], columns) is False
    assert breaks_sums(["9.00", "4.00", "6.00", "3.00", "1.00"], columns) is True
    assert breaks_sums(["1.00", "2.00"], (("甲",), ("乙",))) is None
