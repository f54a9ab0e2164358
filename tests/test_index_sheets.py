"""Text files that keep their page's layout, as a PDF's text written with its blanks: one test for each trap."""

from __future__ import annotations

from pathlib import Path

from index.domain import Table
from index.readers.text import read_text


def tables(folder: Path, *pages: str) -> tuple[Table, ...]:
    file = folder / "a.txt"
    file.write_text("\f".join(page.strip("\n") + "\n" for page in pages), "utf-8")
    return read_text(file, "a").tables


def figures(table: Table) -> dict[tuple[str, str], str]:
    return {
        (row.label[-1] if row.label else "", "/".join(path)): cell.text
        for row in table.rows
        for path, cell in zip(table.columns, row.cells, strict=True)
        if cell.text
    }


INCOME = """
                          收入决算表
                                                                              公开02表
单位：甲市某某馆                                                                    单位：万元
             项目
                      本年收入         财政拨款       上级补助                    附属单位
功能分类科目                                                事业收入     经营收入         其他收入
                  科目名称 合计          收入         收入                     上缴收入
  编码
               栏次      1            2          3        4        5       6      7
               合计       1,210.50     905.25     20.00   280.25                5.00
  207      文化旅游体育支出     1,180.50     875.25     20.00   280.25                5.00
 20701     文化和旅游        1,180.50     875.25     20.00   280.25                5.00
 2070104   图书馆              700.50    700.50
 2070199   其他文化支出           480.00    174.75     20.00   280.25                5.00
  221      住房保障支出            30.00     30.00
"""


def test_title_above_the_number_belongs_to_its_own_table(tmp_path: Path) -> None:
    (table,) = tables(tmp_path, INCOME)
    assert (table.number, table.title, table.unit) == ("公开02表", "收入决算表", "万元")


def test_header_over_several_lines_and_blank_columns_keep_each_figure_under_its_own_header(tmp_path: Path) -> None:
    (table,) = tables(tmp_path, INCOME)
    found = figures(table)
    assert [path[-1] for path in table.columns] == [
        "本年收入合计", "财政拨款收入", "上级补助收入", "事业收入", "经营收入", "附属单位上缴收入", "其他收入",
    ]  # fmt: skip
    assert found["合计", "上级补助收入"] == "20.00" and found["合计", "事业收入"] == "280.25"
    assert found["其他文化支出", "其他收入"] == "5.00" and ("图书馆", "事业收入") not in found
    assert table.rows[3].code == "2070104"


BALANCE = """
                      收入支出决算总表
                                                                 公开01表
单位：甲市某某馆                                                       单位：万元
             收入                                 支出
        项目         行次      金额             项目          行次     金额
        栏次                  1            栏次                    2
一、一般公共预算财政拨款收入      1      905.25 一、一般公共服务支出         31
二、政府性基金预算财政拨款收
                     2              二、外交支出             32
入
三、上级补助收入             3       20.00 三、文化旅游体育支出         33     1,180.50
四、事业收入               4      280.25 四、灾害防治及应急管理支
                                                      34
                                     出
五、其他收入               5        5.00 五、住房保障支出           35        30.00
本年收入合计              30    1,210.50 本年支出合计             60     1,210.50
"""


def test_line_numbers_are_no_figures_and_halves_with_wrapped_labels_stay_apart(tmp_path: Path) -> None:
    income, spending = tables(tmp_path, BALANCE)
    assert income.columns == (("收入", "金额"),) and spending.columns == (("支出", "金额"),)
    assert [row.label[-1] for row in income.rows] == [
        "一、一般公共预算财政拨款收入", "二、政府性基金预算财政拨款收入", "三、上级补助收入", "四、事业收入",
        "五、其他收入", "本年收入合计",
    ]  # fmt: skip
    assert [row.cells[0].text for row in income.rows] == ["905.25", None, "20.00", "280.25", "5.00", "1,210.50"]
    assert [row.label[-1] for row in spending.rows][3:] == ["四、灾害防治及应急管理支出", "五、住房保障支出", "本年支出合计"]
    assert figures(spending)["三、文化旅游体育支出", "支出/金额"] == "1,180.50"


GROUPS = """
                     一般公共预算支出表
                                                              表5
单位名称：甲市某某馆                                              单位：万元
       支出功能分类科目                               基本支出
                        合计                                   项目支出
科目编码         科目名称               小计      人员经费     公用经费
            合计        300.00     200.00     150.00     50.00    100.00
 207    文化旅游体育支出       300.00     200.00     150.00     50.00    100.00
"""


def test_word_over_three_columns_is_no_part_of_the_header_in_the_middle(tmp_path: Path) -> None:
    (table,) = tables(tmp_path, GROUPS)
    assert table.columns == (("合计",), ("基本支出", "小计"), ("基本支出", "人员经费"), ("基本支出", "公用经费"), ("项目支出",))
    assert [cell.text for cell in table.rows[1].cells] == ["300.00", "200.00", "150.00", "50.00", "100.00"]


SPENDING = """
                     支出决算表
                                                   公开03表
单位：甲市某某馆                                         单位：万元
   科目编码       科目名称        合计         基本支出      项目支出
 207       文化旅游体育支出       400.00      300.00     100.00
 20701     文化和旅游          370.00      300.00      70.00
 2070104   图书馆            300.00      300.00
 2070109   群众文化            40.00                   40.00
 2070110   文化交流            30.00                   30.00
"""


def test_next_page_without_header_goes_on_although_its_columns_stand_elsewhere(tmp_path: Path) -> None:
    rest = "2070199   其他文化支出    70.00                  70.00\n221       住房保障支出    30.00      20.00     10.00\n"
    (table,) = tables(tmp_path, SPENDING, rest)
    found = figures(table)
    assert len(table.rows) == 7
    assert found["其他文化支出", "项目支出"] == "70.00" and ("其他文化支出", "基本支出") not in found
    assert found["住房保障支出", "基本支出"] == "20.00"


def test_next_page_with_one_column_less_is_left_out_rather_than_guessed(tmp_path: Path) -> None:
    (table,) = tables(tmp_path, SPENDING, "2070199   其他文化支出    70.00        70.00\n")
    assert ("其他文化支出", "合计") not in figures(table) and len(table.rows) == 5


def test_figure_between_two_headers_is_under_neither(tmp_path: Path) -> None:
    page = """
                     项目支出表
                                                            表8
单位名称：甲市某某馆                                            单位：万元
项目名称               合计                  甲类资金                乙类资金
文献购置             1,100.00                         1,100.00
书架更新                40.00                            40.00
借阅推广                 6.00                             6.00
读者活动                 4.00                             4.00
设备维护                 2.00                             2.00
"""
    (table,) = tables(tmp_path, page)
    found = figures(table)
    assert found["文献购置", "合计"] == "1,100.00"
    assert not [key for key in found if "类资金" in key[1]]


def test_figures_set_off_from_their_label_without_a_sure_row_are_left_out(tmp_path: Path) -> None:
    page = """
                     支出预算表
                                                        表3
单位名称：甲市某某馆                                        单位：万元
科目编码      科目名称          合计        基本支出       项目支出
                                     300.00
207       文化旅游体育支出    400.00                  100.00
                                     250.00
20701     文化和旅游       320.00                   70.00
                                     250.00
2070104   图书馆         260.00                   10.00
                                      20.00
22102     住房改革支出       30.00                   10.00
                                      20.00
2210201   住房公积金        30.00                   10.00
                                      20.00
"""
    (table,) = tables(tmp_path, page)
    assert table.rows and not figures(table)


def test_header_of_lone_letters_is_not_trusted_with_figures(tmp_path: Path) -> None:
    rows = "".join(f"{name}市某某馆        90.00       80.00    6.00       4.00\n" for name in "甲乙丙丁戊")
    head = "                     收入总表\n                                          表2\n单位名称：甲市某某馆           单位：万元\n"
    (table,) = tables(tmp_path, head + "单位名称        合计       财政拨款     其          他\n" + rows)
    assert next(row.label for row in table.rows) == ("甲市某某馆",) and not figures(table)


def test_page_without_a_mark_begins_where_the_figures_stand_elsewhere(tmp_path: Path) -> None:
    rest = "2070199   其他文化支出    70.00    50.00    20.00\n221       住房保障支出    30.00    20.00    10.00\n"
    (table,) = tables(tmp_path, SPENDING.rstrip("\n") + "\n" + rest)
    found = figures(table)
    assert found["图书馆", "合计"] == "300.00"
    assert found.get(("其他文化支出", "合计")) in (None, "70.00") and found.get(("住房保障支出", "项目支出")) in (None, "10.00")


def test_number_below_the_title_is_read_without_layout_too(tmp_path: Path) -> None:
    page = """
收入决算表
公开02表
单位：甲市某某馆 单位：万元
科目编码 科目名称 合计 基本支出 项目支出
207 文化旅游体育支出 3.00 1.00 2.00
支出决算表
公开03表
单位：甲市某某馆 单位：万元
科目编码 科目名称 合计 基本支出 项目支出
221 住房保障支出 5.00 3.00 2.00
"""
    found = [(t.number, t.title) for t in tables(tmp_path, page)]
    assert found == [("公开02表", "收入决算表"), ("公开03表", "支出决算表")]
