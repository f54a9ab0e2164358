"""Readings of a bag of characters: a name is taken only where it uses exactly the printed characters."""

from index.domain import Line
from index.names import Names, standard_word, tokens_to_words

DAMAGED = [Line(1, "对口帮扶是一项工作，对口帮扶", "对 扶帮口是一项工作"), Line(2, "2011302 一般行政管理事务 1.00")]


def test_standard_name_of_the_code_wins() -> None:
    assert Names(DAMAGED).reading("机关业单事位基养本老保险缴费支出", "2080505") == "机关事业单位基本养老保险缴费支出"


def test_other_characters_are_never_turned_into_a_name() -> None:
    assert Names(DAMAGED).reading("机关事业单位基本养老保险缴费", "2080505") == "机关事业单位基本养老保险缴费"
    assert Names(DAMAGED).reading("新设科目支出", "2080505") == "新设科目支出"


def test_documents_own_order_is_taken() -> None:
    assert Names(DAMAGED).reading("对帮扶口", None) == "对口帮扶"


def test_undamaged_document_keeps_every_label() -> None:
    assert Names([Line(1, "对口帮扶")]).reading("行运行政", "2010101") == "行运行政"


def test_codes_come_from_the_document_then_from_the_standard() -> None:
    names = Names(DAMAGED)
    assert names.codes_of("一般行政管理事务") == ("2011302",)
    assert "20808" in names.codes_of("抚恤")


def test_header_line_is_cut_into_standard_words() -> None:
    assert tokens_to_words(["计支", "总出", "本基", "支出", "支项目", "出"]) == [2, 4, 6]
    assert tokens_to_words(["这", "不是", "表头"]) is None
    assert standard_word("2026预算数年") == "2026年预算数"
