"""What happened while one question was answered: the time of each stage, and notes for the trace.

A stage that begins inside another one interrupts it, so that the times of all stages add up to the whole. Every thread
and task has a watch of its own; outside of ``watching`` nothing is recorded.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

UNDERSTAND, RETRIEVE, ANSWER = "understand", "retrieve", "answer"
STAGES = (UNDERSTAND, RETRIEVE, ANSWER)


class Watch:
    """``stages`` are milliseconds; what belongs to no other stage is ANSWER: calculating and wording."""

    def __init__(self) -> None:
        self.stages = dict.fromkeys(STAGES, 0.0)
        self.notes: list[str] = []
        self._stage = ANSWER
        self._since = time.perf_counter()

    def turn_to(self, stage: str) -> str:
        """Begin a stage; returns the one that was interrupted."""
        now, before = time.perf_counter(), self._stage
        self.stages[before] += 1000 * (now - self._since)
        self._since, self._stage = now, stage
        return before


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watching() -> Iterator[Watch]:
    """A fresh watch over everything that this thread does inside."""
    watch = Watch()
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        watch.turn_to(ANSWER)
        _watch.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Also a decorator."""
    watch = _watch.get()
    if watch is None:
        yield
        return
    before = watch.turn_to(name)
    try:
        yield
    finally:
        watch.turn_to(before)


def note(text: str) -> None:
    """A line for the trace of the answer in the making."""
    if watch := _watch.get():
        watch.notes.append(text)
