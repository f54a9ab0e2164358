"""Row labels → paths: codes before numbering before indentation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index.hierarchy import RowLabel, is_body, is_total, rows_to_paths


def test_codes_tell_the_tree_even_where_labels_are_not_indented() -> None:
    rows = [
        RowLabel("某市工业局（本级）"),
        RowLabel("社会保障和就业支出", "208"),
        RowLabel("行政事业单位养老支出", "20805"),
        RowLabel("行政单位离退休", "2080501"),
        RowLabel("抚恤", "20808"),
    ]
    paths = rows_to_paths(rows)
    assert paths[3] == ("某市工业局（本级）", "社会保障和就业支出", "行政事业单位养老支出", "行政单位离退休")
    assert paths[4] == ("某市工业局（本级）", "社会保障和就业支出", "抚恤")


def test_total_row_is_no_parent_of_the_codes_below_it() -> None:
    assert rows_to_paths([RowLabel("合计"), RowLabel("公共安全支出", "204"), RowLabel("法院", "20405")]) == [
        ("合计",),
        ("公共安全支出",),
        ("公共安全支出", "法院"),
    ]


def test_numbering_tells_the_tree_without_indentation() -> None:
    texts = ["一、财政拨款", "1.一般公共预算", "2.政府性基金预算", "二、其他资金", "收入合计"]
    assert rows_to_paths([RowLabel(text) for text in texts]) == [
        ("一、财政拨款",),
        ("一、财政拨款", "1.一般公共预算"),
        ("一、财政拨款", "2.政府性基金预算"),
        ("二、其他资金",),
        ("收入合计",),
    ]


def test_unnumbered_row_stands_under_a_numbered_one_only_where_it_is_indented() -> None:
    deep = rows_to_paths([RowLabel("一、社会保障支出", indent=0), RowLabel("抚恤", indent=1), RowLabel("死亡抚恤", indent=2)])
    assert deep[2] == ("一、社会保障支出", "抚恤", "死亡抚恤")
    assert rows_to_paths([RowLabel("一、社会保障支出"), RowLabel("本年支出合计")])[1] == ("本年支出合计",)


def test_bodies_and_totals() -> None:
    assert is_body("某市工业和信息化局（本级）") and not is_body("一、人民法院") and not is_body("抚恤")
    assert is_total("本年收入合计") and is_total("小计") and not is_total("其他收入")


@given(st.lists(st.tuples(st.text("一二、（）1.支出合计局", max_size=8), st.sampled_from([None, "2", "208", "20805"])), max_size=12))
def test_every_path_ends_with_its_own_label(rows: list[tuple[str, str | None]]) -> None:
    labels = [RowLabel(text, code) for text, code in rows]
    for label, path in zip(labels, rows_to_paths(labels), strict=True):
        assert path == () if not label.text else path[-1] == label.text
