"""Questions that leave open which document they mean, and follow-ups that settle it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.domain import Answer, Refusal, Status
from assistant.pipeline import Assistant
from index.domain import Document, Heading, Kind, LabelPath, Para
from tests.papers import Line, Memory, table

BUREAU = "清溪区司法局"
GOODS = "商品和服务支出"


def bureau(year: int, kind: Kind, meetings: str, training: str) -> Document:
    columns: list[LabelPath] = [("合计",), ("人员经费",), ("公用经费",)]
    rows: list[Line] = [
        ((GOODS,), "302", ["40.00", None, "40.00"]),
        ((GOODS, "会议费"), "30215", [meetings, None, meetings]),
        ((GOODS, "培训费"), "30216", [training, None, training]),
    ]
    return Document(
        doc_id=f"{year}-{kind.name}",
        title=f"{year}年{BUREAU}{kind}",
        department=BUREAU,
        year=year,
        kind=kind,
        unit="万元",
        page_count=3,
        blocks=(
            Heading(2, "第一部分 概况", page=1),
            Heading(3, f"三、{year}年主要工作目标", page=1),
            Para(f"{BUREAU}{year}年主要工作目标包括：", page=1),
            Para("1.推进人民调解。", page=1),
            Para("2.规范行政复议。", page=1),
            Heading(2, "第五部分 “三公”经费预算情况", page=1),
            Para(f"{year}年“三公”经费预算9.00万元，比上年减少3.00万元，主要原因是压减公务接待。", page=1),
            Para("公务用车购置及运行费支出6.00万元。单价50万元（含）以上通用设备2台。", page=1),
            table("表4", "一般公共预算基本支出表", columns, rows),
        ),
    )


UNIT, DEPARTMENT = Kind.UNIT_BUDGET, Kind.DEPARTMENT_BUDGET
TWINS = (bureau(2026, UNIT, "5.00", "11.00"), bureau(2026, DEPARTMENT, "5.00", "16.00"))
YEARS = (bureau(2024, DEPARTMENT, "3.00", "8.00"), bureau(2025, DEPARTMENT, "3.00", "8.00"))


def ask(documents: tuple[Document, ...], *questions: str) -> Answer:
    """The answer to the last question, the others being earlier turns."""
    assistant = Assistant(Memory(*documents))
    return assistant.ask(questions[-1], [{"role": "user", "content": q} for q in questions[:-1]])


@pytest.mark.parametrize("asked", ["会议费和培训费哪个多", "会议费和培训费加起来多少", f"培训费占{GOODS}的比重"])
def test_computing_from_the_first_of_two_documents_that_differ(asked: str) -> None:
    answer = ask(TWINS, f"{BUREAU}2026年{asked}")
    assert answer.status is Status.CLARIFY and len(answer.options) == 2
    assert {c.doc for c in answer.citations} == {d.doc_id for d in TWINS}, "each candidate comes with its place"
    assert len({f.citation for f in answer.figures}) > 1


def test_documents_that_agree_are_one_answer_which_names_them() -> None:
    answer = ask(YEARS, f"{BUREAU}会议费和培训费加起来多少")
    assert answer.status is Status.ANSWERED and answer.figures[0].value == 11
    assert any("2024年" in n.message and "2025年" in n.message for n in answer.notices)


def test_a_named_kind_or_year_leaves_nothing_open() -> None:
    assert ask(TWINS, f"{BUREAU}2026年部门预算会议费和培训费加起来多少").figures[0].value == 21
    other = (*YEARS[:1], replace(YEARS[1], blocks=bureau(2025, DEPARTMENT, "4.00", "9.00").blocks))
    assert ask(other, f"{BUREAU}2025年会议费和培训费加起来多少").figures[0].value == 13
    assert ask(other, f"{BUREAU}培训费哪年多").status is Status.ANSWERED, "a question about years is not split into years"


@pytest.mark.parametrize("follow", ["那本级的呢", "我要部门的"])
def test_follow_up_that_only_names_the_kind_keeps_the_item(follow: str) -> None:
    answer = ask(TWINS, f"{BUREAU}2026年培训费多少", follow)
    assert answer.figures and answer.figures[0].value == (11 if "本级" in follow else 16)


def test_why_after_a_change_is_about_the_same_item() -> None:
    answer = ask(YEARS[:1], f"{BUREAU}三公经费比上年怎么样", "原因呢")
    assert "压减公务接待" in answer.answer


def test_follow_up_that_only_names_the_body_keeps_the_item() -> None:
    answer = ask((*YEARS[:1], replace(YEARS[1], doc_id="other", department="临河县司法局", year=2024)), "培训费多少", "我问的是清溪区")
    assert answer.status is Status.ANSWERED and answer.citations[0].doc == YEARS[0].doc_id


def test_what_is_printed_for_two_parts_is_not_one_of_them() -> None:
    assert ask(YEARS[:1], f"{BUREAU}买车多少钱").refusal is Refusal.NOT_IN_DOCUMENTS
    assert ask(YEARS[:1], f"{BUREAU}公车费用多少").figures[0].value == 6


def test_another_price_limit_is_another_item() -> None:
    assert ask(YEARS[:1], f"{BUREAU}单价50万元以上的设备几台").figures[0].value == 2
    assert ask(YEARS[:1], f"{BUREAU}单价100万元以上的设备几台").status is Status.REFUSED


@pytest.mark.parametrize("asked", ["今年重点抓哪些工作", "今年要干哪些事", "2024年重点工作任务", "重点干哪几件事"])
def test_goals_are_given_whole_and_in_order_however_they_are_asked(asked: str) -> None:
    answer = ask(YEARS[:1], BUREAU + asked)
    said = [answer.answer.find(part) for part in ("主要工作目标包括", "人民调解", "行政复议")]
    assert -1 not in said and said == sorted(said)


@pytest.mark.parametrize("asked", [f"{BUREAU}培训费，公用经费里列了多少", "培训费那块多少，问的是清溪区"])
def test_words_that_the_dictionary_cuts_wrongly_do_not_refuse(asked: str) -> None:
    assert ask(YEARS[:1], asked).figures[0].value == 8


def test_misspelt_short_item_is_put_right_and_said_so() -> None:
    answer = ask(YEARS[:1], f"{BUREAU}会意费多少")
    assert answer.figures[0].value == 3 and any("“会意费”" in n.message for n in answer.notices)
    assert ask(YEARS[:1], f"{BUREAU}会训费多少").status is Status.REFUSED, "another sound is another item"
