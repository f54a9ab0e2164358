"""Asking all questions of a run: one after another, or in several processes where there are many. Times stay those of single answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from assistant.domain import Answer
from assistant.pipeline import Assistant
from eval.cases import Case

T = TypeVar("T")
ENOUGH_FOR_ONE = 1000  # questions: a further process takes some seconds to start, which fewer do not repay
CHUNK = 16  # questions handed over at a time
_assistant: Assistant | None = None  # of a worker process


def ask_all(assistant: Assistant, store: Path, cases: Sequence[Case], jobs: int) -> Iterator[tuple[Case, Answer | None]]:
    """Every question with its answer as soon as it is there, in order. A question that fails is named on stderr and has none."""
    for case, answer in zip(cases, progress(_ask(assistant, store, cases, jobs), len(cases), "提问"), strict=True):
        if isinstance(answer, Answer):
            yield case, answer
        else:
            print(f"{case.id} 没能回答（{answer}）", file=sys.stderr)
            yield case, None


def default_jobs(questions: int) -> int:
    return max(1, min(os.cpu_count() or 1, questions // ENOUGH_FOR_ONE))


def progress(items: Iterable[T], total: int, name: str) -> Iterator[T]:
    """The same items with a progress bar, where somebody watches."""
    from tqdm import tqdm

    yield from tqdm(items, total=total, desc=name, unit="题", leave=False, disable=not sys.stderr.isatty())


def _ask(assistant: Assistant, store: Path, cases: Sequence[Case], jobs: int) -> Iterator[Answer | str]:
    if jobs == 1:
        yield from (ask_one(assistant.ask, case) for case in cases)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), _open, (store,)) as pool:  # never fork: the embedder's threads would hang
        yield from pool.map(_ask_here, cases, chunksize=CHUNK)


def ask_one(ask: Callable[..., Answer], case: Case) -> Answer | str:
    """The answer, or in one line why there is none."""
    try:
        return ask(case.question, case.history, id=case.id)
    except Exception as error:  # the other questions still deserve their answers
        return f"{type(error).__name__}：{' '.join(str(error).split())}"


def _open(store: Path) -> None:
    global _assistant
    _assistant = Assistant.open(store)


def _ask_here(case: Case) -> Answer | str:
    assert _assistant is not None
    return ask_one(_assistant.ask, case)
