"""Feedback is never lost: not by several writers, not by a rebuild, and a changed mind counts once."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.feedback import DOWN, UP, Feedback, FeedbackStore, new_feedback
from index.errors import StoreError

ANSWER = {"question": "龙岗区对口帮扶预算多少", "status": "answered", "answer": "**9,233.81万元**[1]", "figures": []}
HISTORY = ({"role": "user", "content": "深圳呢"}, {"role": "assistant", "content": "……"})


def said(thumb: int = DOWN, comment: str = "") -> Feedback:
    return new_feedback("page", "张三", "龙岗区对口帮扶预算多少", HISTORY, ANSWER, thumb, comment)


def test_what_was_said_comes_back_whole_and_in_order(tmp_path: Path) -> None:
    given = [said(DOWN, "应为 9,233.81 万元\n“见表5”"), said(UP)]
    for feedback in given:
        FeedbackStore(tmp_path).add(feedback)
    assert list(FeedbackStore(tmp_path).all()) == given


def test_changed_mind_counts_once_and_last(tmp_path: Path) -> None:
    store, first = FeedbackStore(tmp_path), said(UP)
    store.add(first)
    store.add(replace(first, thumb=DOWN, comment="看错了"))
    assert [(f.thumb, f.comment) for f in store.all()] == [(DOWN, "看错了")]


def test_nothing_said_yet_makes_no_file(tmp_path: Path) -> None:
    assert FeedbackStore(tmp_path).all() == () and not list(tmp_path.iterdir())


def test_several_writers_lose_nothing(tmp_path: Path) -> None:
    def write() -> None:
        for _ in range(10):
            FeedbackStore(tmp_path).add(said())

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(FeedbackStore(tmp_path).all()) == 40


def test_thumb_is_up_or_down_and_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="thumb"):
        said(0)
    with pytest.raises(StoreError, match=r"反馈文件 .*不能读写") as caught:
        FeedbackStore(tmp_path / "none").add(said())
    assert "\n" not in str(caught.value)
