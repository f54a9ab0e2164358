"""Shares, intervals and times: what is not scored is no zero, and drafts of a program are never added to written questions."""

from __future__ import annotations

import random

import pytest

from eval.cases import Case
from eval.score import Outcome, Verdict
from eval.summary import GENERATED, HAND, NO_DOCUMENT, Line, marks_to_share, overall, summarise

RIGHT, WRONG, MISSED, UNSCORED = Outcome.CORRECT, Outcome.WRONG, Outcome.MISSED, Outcome.UNSCORED
CASES = (
    Case("a", "问", docs=("x",), tags=("表",), set="one"),
    Case("b", "问", "prose", docs=("x", "y"), set="one"),
    Case("c", "问", "prose", set="two"),
    Case("d", "问", docs=("x",), set="two"),
    Case("e", "问", docs=("x",), generated=True, set="drafts"),
)
VERDICTS = [
    Verdict("a", "lookup", RIGHT, True, None, True, {"value": 1.0}),
    Verdict("b", "prose", WRONG),
    Verdict("c", "prose", MISSED),
    Verdict("d", "lookup", UNSCORED),
    Verdict("e", "lookup", WRONG),
]


def line(by: str, name: str, origin: str = HAND) -> Line:
    return next(one for one in summarise(CASES, VERDICTS) if (one.origin, one.by, one.name) == (origin, by, name))


def test_every_type_document_tag_and_set_has_a_line_of_its_own() -> None:
    names = [(one.by, one.name) for one in summarise(CASES, VERDICTS) if one.origin == HAND]
    documents = [("doc", "x"), ("doc", "y"), ("doc", NO_DOCUMENT)]
    assert names == [("all", "ALL"), ("type", "lookup"), ("type", "prose"), *documents, ("tag", "表"), ("set", "one"), ("set", "two")]
    assert line("doc", "x").n == 2 and line("tag", "表").shares["correct"].value == 1


def test_unscored_question_is_counted_apart_and_lowers_no_share() -> None:
    assert (line("type", "lookup").n, line("type", "lookup").unscored) == (1, 1)
    assert line("type", "lookup").shares["correct"].value == 1 and line("all", "ALL").shares["correct"].value == pytest.approx(1 / 3)


def test_share_without_a_mark_is_left_out_not_zero() -> None:
    assert not {"place", "page", "value", "hit1"} & set(line("type", "prose").shares)
    assert "page" not in line("all", "ALL").shares and line("all", "ALL").shares["place"].n == 1


def test_generated_questions_are_never_added_to_hand_written_ones() -> None:
    hand, drafts = (overall(summarise(CASES, VERDICTS), origin) for origin in (HAND, GENERATED))
    assert hand and drafts and (hand.n, drafts.n) == (3, 1) and drafts.shares["wrong"].value == 1
    assert overall(summarise(CASES[:2], VERDICTS[:2]), GENERATED) is None


def test_interval_holds_the_mean_narrows_with_n_and_is_the_same_every_time() -> None:
    few, many = marks_to_share([1.0] * 8 + [0.0] * 2), marks_to_share([1.0] * 800 + [0.0] * 200)
    assert few.low < many.low < 0.8 < many.high < few.high and few == marks_to_share([1.0] * 8 + [0.0] * 2)
    assert many.low == pytest.approx(0.775, abs=0.01) and many.high == pytest.approx(0.825, abs=0.01)
    graded = marks_to_share([0.5, 1.0, 0.0, 1.0] * 25)
    assert graded.low < graded.value == 0.625 < graded.high


def test_five_out_of_five_is_not_certain() -> None:
    share, none = marks_to_share([1.0] * 5), marks_to_share([0.0] * 5)
    assert share.high == 1 and share.low == pytest.approx(0.478, abs=0.001) and none.high == pytest.approx(1 - share.low)


def test_times_are_percentiles_by_stage() -> None:
    cases = [Case(f"q{n}", "问") for n in range(101)]
    times = {f"q{n}": {"total": float(n), "retrieve": n / 2} for n in range(101)}
    shuffled = random.Random(1).sample(cases, len(cases))
    whole = overall(summarise(shuffled, [Verdict(case.id, "lookup", RIGHT) for case in cases], times))
    assert whole and (whole.times["total"].p50, whole.times["total"].p95, whole.times["total"].p99) == (50, 95, 99)
    assert whole.times["retrieve"].p50 == 25
