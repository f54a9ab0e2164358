"""Scoring: one test a trap, and agreement with the reference scorer question by question where it is at hand."""

from __future__ import annotations

import importlib.util
import json
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from assistant.domain import Answer, AnswerFigure, Citation, Notice, Status, answer_to_json
from eval.cases import Case, Gold, Place, read_cases
from eval.places import same_cell, same_place
from eval.retrieval import Evidence, evidence_marks
from eval.runs import json_to_answer
from eval.score import Outcome, judge
from eval.values import fold, prints, same_value, text_to_numbers

SHARED = Path(os.environ.get("BUDGET_SHARED") or Path(__file__).resolve().parents[2] / "shared")
CELL = Place("a", page=3, table="表5 项目支出总表", row="本级 > 对口帮扶", column="2024年预算 > 总计")
CITED = Citation(
    1, "a", "某局2024年预算", "9,233.81", page=3, table="表5 项目支出总表", row=("本级", "对口帮扶"), column=("2024年预算", "总计")
)
CASE = Case("q1", "对口帮扶多少", figures=(Gold(Decimal("9233.81"), "万元"),), sources=(CELL,))


def gold(value: str, unit: str) -> Gold:
    return Gold(Decimal(value), unit)


def said(text: str, *figures: tuple[str, str], **fields: Any) -> Answer:
    stated = tuple(AnswerFigure(Decimal(value), unit, "", 1) for value, unit in figures)
    return Answer("问", **({"status": Status.ANSWERED, "answer": text, "figures": stated, "citations": (CITED,)} | fields))


def outcome(case: Case, answer: Answer | None) -> Outcome:
    return judge(case, answer).outcome


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("want", "value", "unit", "same"),
    [
        (("9233.81", "万元"), "9233.81", "万元", True),
        (("9233.81", "万元"), "92338100", "元", True),
        (("9233.81", "万元"), "0.9234", "亿元", True),  # four significant digits
        (("9233.81", "万元"), "0.92", "亿元", False),
        (("9233.81", "万元"), "9233.8", "万元", False),
        (("9233.81", "万元"), "9233.81", "元", False),
        (("9233.81", "万元"), "9233.81", "", False),
        (("18.03", "%"), "-18.03", "%", True),  # a decrease is in the words
        (("18.03", "%"), "18.0", "%", False),
        (("52.0", "%"), "52", "个百分点", True),
        (("60", "%"), "60", "个", False),
        (("5", "万个"), "5", "万", True),
        (("5", "万个"), "50000", "个", True),
        (("5", "万个"), "5", "万元", False),
        (("3", "辆"), "3", "台", True),
    ],
)
def test_value_is_the_gold_one_in_its_kind_of_unit_and_to_its_decimals(want: tuple[str, str], value: str, unit: str, same: bool) -> None:
    assert same_value(gold(*want), Decimal(value), unit) is same


def test_numbers_are_not_cut_out_of_longer_ones_nor_joined_over_a_chinese_comma() -> None:
    assert list(text_to_numbers("1,234.50万元，**8**%；2024.1.5；100，200人")) == [
        (Decimal("1234.50"), "万元"),
        (Decimal(8), "%"),
        (Decimal(100), ""),
        (Decimal(200), ""),
    ]


def test_bare_number_counts_where_a_header_names_the_unit() -> None:
    assert prints("| 项目（万元） |\n| 3.50 |", gold("35000", "元"))
    assert not prints("| 项目 |\n| 3.50 |", gold("35000", "元"))


def test_dashes_and_full_width_characters_compare_equal() -> None:
    assert fold("专项资金——Ａ 类（１，２３４）") == fold("专项资金--a类(1234)")


# ---------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("table", "hit"),
    [("表5 项目支出总表", True), ("表5", True), ("项目支出总表", True), ("表51 某表", False), ("表6 基金支出表", False), (None, False)],
)
def test_table_is_known_by_number_or_title_and_table_5_is_not_table_51(table: str | None, hit: bool) -> None:
    assert same_place(replace(CELL, page=None), replace(CITED, table=table)) is hit


def test_same_page_of_another_document_is_another_place() -> None:
    assert not same_place(CELL, replace(CITED, doc="b"))
    assert same_place(CELL, replace(CITED, table=None))


@pytest.mark.parametrize(
    ("row", "column", "hit"),
    [
        (("13.对口帮扶",), ("总计",), True),
        (("2013050 对口帮扶",), ("2024年预算", "总计"), True),
        (("本级", "对口帮扶"), ("2023年预算", "总计"), False),
        (("本级", "企业服务"), ("2024年预算", "总计"), False),
        (("另一单位", "对口帮扶"), ("2024年预算", "总计"), False),
    ],
)
def test_cell_is_judged_by_last_labels_and_by_what_stands_above_them(row: tuple[str, ...], column: tuple[str, ...], hit: bool) -> None:
    assert same_cell(CELL, replace(CITED, row=row, column=column)) is hit


def test_cell_of_a_passage_is_judged_by_its_quote_and_any_row_of_a_table_with_one() -> None:
    assert same_cell(replace(CELL, column=""), replace(CITED, row=(), quote="13.对口帮扶预算9,233.81万元"))
    assert same_cell(replace(CELL, row="（唯一数据行）"), replace(CITED, row=("任何",)))
    assert same_cell(replace(CELL, row="企业服务；对口帮扶"), CITED)


# ---------------------------------------------------------------- verdicts


def test_right_value_with_its_cell_is_correct() -> None:
    verdict = judge(CASE, said("9,233.81万元[1]", ("9233.81", "万元")))
    assert (verdict.outcome, verdict.place, verdict.page, verdict.cell) == (Outcome.CORRECT, True, True, True)


def test_figure_must_be_in_the_text_and_among_the_first_figures() -> None:
    assert outcome(CASE, said("见表5", ("9233.81", "万元"))) is Outcome.WRONG
    late = [("1.00", "万元")] * 3
    assert outcome(CASE, said("9,233.81万元", *late, ("9233.81", "万元"))) is Outcome.WRONG
    assert outcome(CASE, said("9,233.81万元", *late[:2], ("9233.81", "万元"))) is Outcome.CORRECT


def test_figure_in_a_notice_counts_as_said() -> None:
    notice = Notice("discrepancy", "表5为9,233.81万元")
    assert outcome(CASE, said("数额见下", ("9233.81", "万元"), notices=(notice,))) is Outcome.CORRECT


def test_another_figure_is_wrong_but_silence_and_words_are_missed() -> None:
    assert outcome(CASE, said("1.00万元", ("1.00", "万元"))) is Outcome.WRONG
    assert outcome(CASE, said("约1.00万元")) is Outcome.WRONG  # an amount in the text alone misleads as well
    assert outcome(CASE, said("主要用于东西部协作")) is Outcome.MISSED
    assert outcome(CASE, said("文件里没有", status=Status.REFUSED)) is Outcome.MISSED
    assert outcome(CASE, None) is Outcome.MISSED


def test_half_an_answer_is_missed_and_a_whole_one_with_a_false_half_is_wrong() -> None:
    two = replace(CASE, figures=(gold("9233.81", "万元"), gold("88.7", "%")))
    assert outcome(two, said("9,233.81万元", ("9233.81", "万元"))) is Outcome.MISSED
    assert outcome(two, said("9,233.81万元，增长5%", ("9233.81", "万元"), ("5", "%"))) is Outcome.WRONG


def test_zero_may_be_said_in_words_but_not_beside_another_figure() -> None:
    zero = replace(CASE, figures=(gold("0", "万元"),))
    assert outcome(zero, said("没有安排此项预算")) is Outcome.CORRECT
    assert outcome(zero, said("没有公务接待费，会议费5.00万元", ("5.00", "万元"))) is Outcome.WRONG


def test_barred_phrase_is_wrong_but_not_as_part_of_a_longer_number() -> None:
    barred = replace(CASE, must_not_include=("33.81",))
    assert outcome(barred, said("9,233.81万元", ("9233.81", "万元"))) is Outcome.CORRECT
    assert outcome(barred, said("9,233.81万元，不是33.81万元", ("9233.81", "万元"))) is Outcome.WRONG


def test_missing_phrase_is_missed_where_the_figures_are_right() -> None:
    phrased = replace(CASE, must_include=("东西部协作",))
    assert outcome(phrased, said("9,233.81万元", ("9233.81", "万元"))) is Outcome.MISSED
    assert outcome(phrased, said("9,233.81万元，用于东西部 协作", ("9233.81", "万元"))) is Outcome.CORRECT


def test_figure_for_a_question_to_be_refused_is_wrong_unless_accepted() -> None:
    refuse = Case("r", "问", type="refuse")
    assert outcome(refuse, said("没有", status=Status.REFUSED)) is Outcome.CORRECT
    assert outcome(refuse, said("5.00万元", ("5.00", "万元"))) is Outcome.WRONG
    assert outcome(refuse, said("哪一个？", status=Status.CLARIFY)) is Outcome.MISSED
    accept = replace(refuse, accept=(gold("5", "万元"),))
    assert outcome(accept, said("5.00万元", ("5.00", "万元"))) is Outcome.CORRECT
    assert outcome(accept, said("6.00万元", ("6.00", "万元"))) is Outcome.WRONG


def test_asking_back_needs_a_choice_and_giving_all_readings_is_right_too() -> None:
    clarify = replace(CASE, type="clarify")
    assert outcome(clarify, said("哪一个？", status=Status.CLARIFY, options=("甲", "乙"))) is Outcome.CORRECT
    assert outcome(clarify, said("哪一个？", status=Status.CLARIFY, options=("甲",))) is Outcome.MISSED
    assert outcome(clarify, said("9,233.81万元", ("9233.81", "万元"))) is Outcome.CORRECT
    assert outcome(CASE, said("哪一个？", status=Status.CLARIFY, options=("甲", "乙"))) is Outcome.MISSED


def test_citing_everything_is_citing_nothing() -> None:
    elsewhere = replace(CITED, page=9, table="表9", section=None)
    late = said("9,233.81万元", ("9233.81", "万元"), citations=(elsewhere,) * 6 + (CITED,))
    assert (judge(CASE, late).place, judge(CASE, late).page, judge(CASE, late).cell) == (False, False, False)


def test_unscored_question_is_neither_right_nor_wrong_unless_it_says_what_it_must_not() -> None:
    assert outcome(Case("u", "问"), said("随便")) is Outcome.UNSCORED
    assert outcome(Case("u", "问", must_not_include=("随便",)), said("随便")) is Outcome.WRONG


# ---------------------------------------------------------------- finer marks


def marks(case: Case, answer: Answer) -> dict[str, float]:
    return dict(judge(case, answer).marks)


def test_another_unit_of_the_kind_is_right_but_marked_and_so_is_a_dropped_digit() -> None:
    exact = marks(CASE, said("9,233.81万元", ("9233.81", "万元")))
    assert (exact["figure"], exact["value"], exact["unit"], exact["precision"]) == (1, 1, 1, 1)
    yuan = marks(CASE, said("92,338,100元", ("92338100", "元")))
    assert (yuan["figure"], yuan["value"], yuan["unit"], yuan["precision"]) == (0, 1, 0, 1)
    rounded = marks(CASE, said("0.9234亿元", ("0.9234", "亿元")))
    assert (rounded["value"], rounded["precision"]) == (1, 0)
    missing = marks(CASE, said("没有", status=Status.REFUSED))
    assert (missing["figure"], missing["value"], missing["false_refusal"]) == (0, 0, 1) and "unit" not in missing


@pytest.mark.parametrize(("text", "sign"), [("下降18.03%", 1), ("比上年减少了 **18.03%**", 1), ("增长18.03%", 0), ("18.03%", 1)])
def test_direction_must_not_be_turned_round(text: str, sign: float) -> None:
    case = replace(CASE, answer="减少129,581.97万元，下降18.03%", figures=(gold("18.03", "%"),))
    found = marks(case, said(text, ("18.03", "%")))
    assert (found["sign"], found["figure"]) == (sign, sign)


def test_direction_is_not_judged_where_the_gold_names_none_and_a_printed_minus_counts() -> None:
    assert "sign" not in marks(replace(CASE, answer="9,233.81万元"), said("增加9,233.81万元", ("9233.81", "万元")))
    minus = replace(CASE, figures=(gold("-18.00", "万元"),))
    assert marks(minus, said("-18.00万元", ("-18.00", "万元")))["sign"] == 1
    assert marks(minus, said("减少18.00万元", ("18.00", "万元")))["sign"] == 1
    assert marks(minus, said("18.00万元", ("18.00", "万元")))["sign"] == 0


def test_more_than_another_is_no_direction_and_a_fuller_name_of_a_counter_is_the_same_unit() -> None:
    case = replace(CASE, answer="减少42.75万元", figures=(gold("42.75", "万元"),))
    assert marks(case, said("2017年比2019年多42.75万元", ("42.75", "万元")))["sign"] == 1
    assert marks(replace(CASE, figures=(gold("5", "台"),)), said("5台（套）", ("5", "台（套）")))["unit"] == 1


def test_zero_said_in_words_is_no_missing_figure() -> None:
    assert "value" not in marks(replace(CASE, figures=(gold("0", "万元"),)), said("没有安排此项预算"))


def test_refusals_and_questions_back_are_marked_only_where_they_can_be_right_or_needless() -> None:
    refused, asked = said("没有", status=Status.REFUSED), said("哪一个？", status=Status.CLARIFY, options=("甲", "乙"))
    assert marks(Case("r", "问", type="refuse"), refused) == {"refusal": 1.0}
    assert marks(Case("c", "问", type="clarify"), asked) == {"clarify": 1.0}
    assert marks(CASE, asked)["needless_clarify"] == 1 and marks(CASE, asked)["false_refusal"] == 0
    assert marks(Case("u", "问"), said("随便")) == {}


def test_phrases_are_counted_one_by_one_and_a_contradiction_must_be_said() -> None:
    case = replace(CASE, type="audit", must_include=("东西部协作", "对口支援"))
    answer = said("9,233.81万元，用于东西部协作", ("9233.81", "万元"))
    assert (marks(case, answer)["phrases"], marks(case, answer)["discrepancy"]) == (0.5, 0)
    assert marks(case, replace(answer, notices=(Notice("discrepancy", "两处不同"),)))["discrepancy"] == 1
    assert marks(case, replace(answer, answer="9,233.81万元，与表5不一致"))["discrepancy"] == 1


# ---------------------------------------------------------------- search alone


def evidence(*pages: int) -> list[Evidence]:
    return [Evidence("a", page, None, None, "第三部分", "", 1.0, "both") for page in pages]


def test_rank_of_the_gold_place_gives_hits_mrr_and_ndcg() -> None:
    one = [Place("a", page=3)]
    found = evidence_marks(one, evidence(8, 3, 9))
    assert (found["hit1"], found["hit3"], found["mrr"]) == (0, 1, 0.5) and found["ndcg"] == pytest.approx(1 / math.log2(3))
    assert evidence_marks(one, evidence(*range(10, 20), 3)) == {"hit1": 0, "hit3": 0, "hit5": 0, "hit10": 0, "mrr": 0, "ndcg": 0}
    assert evidence_marks((), evidence(3)) == {}


def test_the_same_place_found_twice_counts_once_and_all_places_first_are_perfect() -> None:
    two = [Place("a", page=3), Place("a", page=4)]
    assert evidence_marks(two, evidence(3, 4, 9))["ndcg"] == 1
    assert evidence_marks(two, evidence(3, 3, 3))["ndcg"] == pytest.approx(1 / (1 + 1 / math.log2(3)))


# ---------------------------------------------------------------- agreement with the reference


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    path = SHARED / "tools" / "score.py"
    if not path.exists():
        pytest.skip(f"the reference scorer is not at {path}")
    spec = importlib.util.spec_from_file_location("reference_score", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def golden(case: Case) -> Answer:
    """The answer that the gold asks for."""
    if case.type == "refuse":
        return Answer("问", Status.REFUSED, "文件里没有写明。")
    if case.type == "clarify":
        return Answer("问", Status.CLARIFY, "指哪一个？", options=("甲", "乙"))
    figures = tuple(AnswerFigure(g.value, g.unit, "", 1) for g in case.figures)
    text = "；".join([*(f"{g.value:,}{g.unit}[1]" for g in case.figures), *case.must_include])
    cited = tuple(
        Citation(
            n, p.doc, "", "", p.page, None, p.section or None, p.table or None, tuple(p.row.split(" > ")), tuple(p.column.split(" > "))
        )
        for n, p in enumerate(case.sources, 1)
    )
    return Answer("问", Status.ANSWERED, text, figures, cited)


def scaled(answer: Answer, factor: str, unit: str | None = None) -> Answer:
    """Every figure changed, in the list and in the text."""
    figures = tuple(replace(f, value=f.value * Decimal(factor), unit=f.unit if unit is None else unit) for f in answer.figures)
    return replace(answer, figures=figures, answer="；".join(f"{f.value:,}{f.unit}" for f in figures) or answer.answer)


CHANGES: dict[str, Callable[[Answer], Answer]] = {
    "right": lambda a: a,
    "another value": lambda a: scaled(a, "1.01"),
    "a hair off": lambda a: scaled(a, "1.00001"),
    "in 元": lambda a: scaled(a, "10000", "元"),
    "in 亿元": lambda a: scaled(a, "0.0001", "亿元"),
    "unit exchanged": lambda a: scaled(a, "1", "亿元"),
    "without unit": lambda a: scaled(a, "1", ""),
    "negative": lambda a: replace(a, figures=tuple(replace(f, value=-f.value) for f in a.figures)),
    "first figure only": lambda a: replace(a, figures=a.figures[:1]),
    "text only": lambda a: replace(a, figures=()),
    "figures only": lambda a: replace(a, answer="见出处"),
    "buried": lambda a: replace(a, figures=(AnswerFigure(Decimal("1.23"), "万元", "", 1),) * 7 + a.figures),
    "in a notice": lambda a: replace(a, answer="见下", notices=(Notice("unit", a.answer),)),
    "refused": lambda a: replace(a, status=Status.REFUSED),
    "asked back": lambda a: replace(a, status=Status.CLARIFY, options=("甲", "乙", "丙")),
    "answered with nothing": lambda a: replace(a, status=Status.ANSWERED, answer="没有安排", figures=()),
    "answered with money": lambda a: replace(a, status=Status.ANSWERED, answer="共3.00万元"),
    "no citations": lambda a: replace(a, citations=()),
    "citations reversed": lambda a: replace(a, citations=a.citations[::-1]),
    "other page": lambda a: replace(a, citations=tuple(replace(c, page=999) for c in a.citations)),
    "no table": lambda a: replace(a, citations=tuple(replace(c, page=None, table=None) for c in a.citations)),
    "last labels": lambda a: replace(a, citations=tuple(replace(c, row=c.row[-1:], column=c.column[-1:]) for c in a.citations)),
    "column unlike": lambda a: replace(a, citations=tuple(replace(c, column=("执行率",)) for c in a.citations)),
}


def pairs(path: Path) -> Iterator[tuple[str, Case, dict[str, Any], Answer]]:
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    for case, question in zip(read_cases([path]), lines, strict=True):
        for name, change in CHANGES.items():
            yield name, case, question, replace(change(golden(case)), id=case.id)
        for number, phrase in enumerate(case.must_not_include):
            answer = golden(case)
            yield f"barred {number}", case, question, replace(answer, id=case.id, answer=f"{answer.answer}，不是{phrase}")


@pytest.mark.parametrize("name", ["questions/seeds-dev.jsonl", "questions/real-dev.jsonl"])
def test_agrees_with_the_reference_question_by_question(reference: ModuleType, name: str) -> None:
    apart = []
    for change, case, question, answer in pairs(SHARED / name):
        item = answer_to_json(answer)
        theirs, ours = reference.judge(question, item), judge(case, json_to_answer(item))
        outcomes = (theirs["correct"], theirs["wrong"] and not theirs["correct"]) == (ours.correct, ours.wrong)
        places = ours.place is None or (theirs["place"], theirs["page"], theirs["cell"]) == (ours.place, ours.page, ours.cell)
        if not (outcomes and places):
            apart.append((case.id, change, theirs, ours))
    assert not apart, f"{len(apart)} verdicts differ, such as {apart[:5]}"
