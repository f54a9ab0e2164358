"""A reader that crashes, hangs or eats memory costs one line; the next file is read all the same."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from index.errors import ParseError
from index.sandbox import Sandbox

JOBS = """
import os, time
from index.errors import ParseError
def fine(text, progress):
    progress("读取", 1, 1)
    return text.encode()
def refuse(progress): raise ParseError("第一行\\n第二行")
def bug(progress): raise KeyError("x")
def crash(progress): os.abort()
def hang(progress): time.sleep(60)
def greedy(progress): return bytes(3 << 30)
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("jobs")
    (folder / "sandbox_jobs.py").write_text(JOBS, "utf-8")
    sys.path.insert(0, str(folder))  # the child gets its parent's path
    try:
        with Sandbox(memory_mb=1024, stall_seconds=20, total_seconds=40) as box:
            yield box
    finally:
        sys.path.remove(str(folder))


def test_a_result_and_its_progress_come_back(sandbox: Sandbox) -> None:
    seen: list[Any] = []
    assert sandbox.run("sandbox_jobs", "fine", "好", progress=lambda *step: seen.append(step)) == "好".encode()
    assert seen == [("读取", 1, 1)]


@pytest.mark.parametrize(("job", "said"), [("refuse", "第一行 第二行"), ("bug", "KeyError"), ("crash", "意外退出"), ("greedy", "内存")])
def test_every_failure_is_one_line_and_the_next_job_runs(sandbox: Sandbox, job: str, said: str) -> None:
    with pytest.raises(ParseError, match=said) as caught:
        sandbox.run("sandbox_jobs", job)
    assert "\n" not in str(caught.value)
    assert sandbox.run("sandbox_jobs", "fine", "a") == b"a"


def test_a_reader_that_stalls_is_stopped(sandbox: Sandbox) -> None:
    sandbox.run("sandbox_jobs", "fine", "a")
    start = time.monotonic()
    patient, sandbox._stall = sandbox._stall, 0.3
    try:
        with pytest.raises(ParseError, match="停住"):
            sandbox.run("sandbox_jobs", "hang")
    finally:
        sandbox._stall = patient
    assert time.monotonic() - start < 5
