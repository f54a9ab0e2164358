"""Feedback becomes a set that can be run at once: what was confirmed is gold, what was complained of waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.domain import answer_to_json
from assistant.feedback import DOWN, UP, FeedbackStore, new_feedback
from assistant.pipeline import Assistant
from eval.__main__ import main
from eval.cases import read_cases
from eval.feedback import feedback_to_items
from eval.score import Outcome, judge

ASKED, FOLLOW_UP = "龙岗区对口帮扶预算多少", "为什么增加"


def test_exported_set_runs_and_confirms_itself(sample_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assistant = Assistant.open(sample_store)
    first = assistant.ask(ASKED)
    history = [{"role": "user", "content": ASKED}, {"role": "assistant", "content": first.answer}]
    refused = assistant.ask("龙岗区2030年对口帮扶预算多少")
    store = FeedbackStore(tmp_path)
    store.add(new_feedback("page", "张三", ASKED, (), answer_to_json(first), UP))
    store.add(new_feedback("wecom", "李四", FOLLOW_UP, history, answer_to_json(assistant.ask(FOLLOW_UP, history)), DOWN, "原因不全"))
    store.add(new_feedback("page", "", refused.question, (), answer_to_json(refused), UP))
    out = tmp_path / "out" / "set.jsonl"
    assert main(["feedback", "--store", str(tmp_path), "--out", str(out)]) == 0
    assert "3 道，其中 1 道用户说不对" in capsys.readouterr().out
    confirmed, complained, no = read_cases([out], {"sample-lg-2024"})
    verdict = judge(confirmed, assistant.ask(ASKED))
    assert verdict.correct and verdict.cell and confirmed.tags == ("feedback", "confirmed")
    assert judge(complained, assistant.ask(FOLLOW_UP, history)).outcome is Outcome.UNSCORED
    assert complained.type == "multiturn" and len(complained.history) == 2 and "留言：原因不全" in complained.note
    assert no.type == "refuse" and judge(no, refused).correct
    text = out.read_text("utf-8")
    assert "张三" not in text and "李四" not in text, "names of users stay where they are"


def item(question: str, thumb: int, comment: str = "") -> Any:
    return new_feedback("page", "", question, (), {"status": "answered", "answer": "5万元", "figures": []}, thumb, comment)


def test_question_asked_by_many_is_kept_once_and_a_complaint_outweighs_praise() -> None:
    items = feedback_to_items([item("甲", UP), item("甲", DOWN, "错"), item("甲", UP), item("乙", UP)])
    assert [(one["question"], one["tags"][1]) for one in items] == [("甲", "complained"), ("乙", "confirmed")]


def test_no_feedback_and_an_existing_file_are_one_line_and_complaints_can_be_taken_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set.jsonl"
    assert main(["feedback", "--store", str(tmp_path), "--out", str(out)]) == 1
    FeedbackStore(tmp_path).add(item("甲", UP))
    assert main(["feedback", "--store", str(tmp_path), "--out", str(out), "--complaints"]) == 1
    FeedbackStore(tmp_path).add(item("乙", DOWN))
    assert main(["feedback", "--store", str(tmp_path), "--out", str(out), "--complaints"]) == 0
    assert [case.question for case in read_cases([out])] == ["乙"]
    assert main(["feedback", "--store", str(tmp_path), "--out", str(out)]) == 1
    assert capsys.readouterr().err.count("\n") == 3
