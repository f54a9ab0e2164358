"""Coverage: what a label explains of a question, what it leaves open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.flat import core, flat
from assistant.leftover import leftover
from assistant.lexicon import load_lexicon
from assistant.match import Ask, match_label, text_to_ask

LEXICON = load_lexicon()


def ask(text: str) -> Ask:
    return text_to_ask(flat(text), LEXICON)


def covered(question: Ask, label: str) -> str:
    mask = match_label(question, core(label)).covered
    return "".join(c for i, c in enumerate(question.text) if mask >> i & 1)


def test_numbering_and_quotes_are_not_part_of_a_label() -> None:
    assert core("（一）“三公”经费") == "三公经费"
    assert core("13.对口帮扶") == "对口帮扶"
    assert core("其中：面向中小企业") == "面向中小企业"


@pytest.mark.parametrize(
    ("question", "label", "explained"),
    [
        ("公物接待费多少", "公务接待费", "公物接待费"),
        ("对口帮抚的钱", "对口帮扶", "对口帮抚"),
        ("提祖补贴多少", "提租补贴", "提祖补贴"),
        ("公车费用多少", "公务用车购置及运行维护费", "公车费用"),
        ("维修费多少", "维修（护）费", "维修费"),
    ],
)
def test_misspelt_and_spoken_words_are_explained(question: str, label: str, explained: str) -> None:
    assert covered(ask(question), label) == explained


def test_generic_word_alone_is_no_hit() -> None:
    question = ask("基金支出多少")
    assert not match_label(question, core("项目支出")).hit


def test_shorter_label_of_the_same_words_wins() -> None:
    question = ask("粮油储备多少")
    assert match_label(question, core("粮油储备")).missing < match_label(question, core("粮油物资储备支出")).missing


def test_unexplained_noun_is_left_over() -> None:
    question = ask("低空经济占多少")
    assert leftover(question, 0)
    assert not leftover(ask("一共多少钱呀"), 0)


def test_bracketed_gloss_explains_the_word_before_it() -> None:
    question = ask("人员（工资福利）多少")
    mask = match_label(question, core("工资福利支出")).covered
    assert not leftover(question, mask)


@given(
    st.text(alphabet="预算支出三公经费一二3（）、a 8,", max_size=30), st.text(alphabet="预算支出三公经费一（）a8", min_size=1, max_size=12)
)
def test_coverage_stays_inside_the_question(question: str, label: str) -> None:
    prepared = ask(question)
    match = match_label(prepared, core(label))
    assert match.covered >> len(prepared.text) == 0
    assert match.missing >= 0
