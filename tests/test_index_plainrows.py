"""Lines below a header → rows."""

from index.domain import Line
from index.plainrows import Record, lines_to_records


def read(*texts: str, codes: bool = False) -> list[Record]:
    return lines_to_records([Line(i, text) for i, text in enumerate(texts, 1)], codes)[0]


def values(record: Record) -> list[str]:
    return [number.text for number in record.numbers]


def test_number_broken_in_a_narrow_column_is_put_together() -> None:
    (record,) = read("某单位", "198,823.18 4,750.29 0.00", "8,780.", "00", "0.0", "0", "0.00")
    assert values(record) == ["198,823.18", "4,750.29", "0.00", "8,780.00", "0.00", "0.00"]
    assert [number.line for number in record.numbers] == [2, 2, 2, 3, 5, 7]
    assert not any(number.broken for number in record.numbers)


def test_wrapped_label_joins_the_numbers_below() -> None:
    first, second = read("2080505", "机关事业单位基本养老保", "险缴费支出", "435.60 435.60 0.00", "20808 抚恤 1.26 1.26 0.00", codes=True)
    assert (first.label, first.code) == ("机关事业单位基本养老保险缴费支出", "2080505")
    assert (second.label, second.code) == ("抚恤", "20808")


def test_code_printed_in_three_columns_is_one_code() -> None:
    (record,) = read("204 06 01 行政运行 16726725.44 16726725.44 0.00", codes=True)
    assert (record.code, record.label) == ("2040601", "行政运行")


def test_line_with_a_row_of_each_half_gives_two_records() -> None:
    left, right, lone = read("  1.事业收入 0.00   死亡抚恤 1.26", "二、卫生健康支出 189.00")
    assert (left.half, left.label, right.half, right.label, lone.half) == (0, "1.事业收入", 1, "死亡抚恤", None)
    assert (left.indent, right.indent) == (2, 2)


def test_many_coded_rows_in_one_line_are_rows() -> None:
    records = read("302 01 办公费 1.00 0.00 302 02 印刷费 2.00 0.00", codes=True)
    assert [(r.code, values(r), r.half) for r in records] == [("30201", ["1.00", "0.00"], None), ("30202", ["2.00", "0.00"], None)]


def test_year_in_a_label_is_no_number() -> None:
    (record,) = read("某局（本级） 2023年 46.00 0.00")
    assert (record.label, values(record)) == ("某局（本级）2023年", ["46.00", "0.00"])


def test_open_bracket_takes_its_other_half_from_the_row_below() -> None:
    first, second = read("办公设备购置（通", "1.00 1.00", "用项目）商贸管理", "2.00 2.00")
    assert (first.label, second.label) == ("办公设备购置（通用项目）", "商贸管理")


def test_negative_and_whole_numbers() -> None:
    (record,) = read("增减变化金额 -18.00 0.00")
    assert values(record) == ["-18.00", "0.00"]
    (whole,) = read("行政运行 84,861,719 500 0")
    assert values(whole) == ["84,861,719", "500", "0"]


def test_mended_label_beside_the_files_own_numbers() -> None:
    lines = [Line(1, "商贸事务 16,826.08 3,039.49", "贸商 事务 16,826.08 3,039.49")]
    (record,) = lines_to_records(lines, False)[0]
    assert (record.label, values(record)) == ("商贸事务", ["16,826.08", "3,039.49"])
