"""Questions from many at once: limits first, then a bounded queue before a few threads, with an end to waiting.

Answering is arithmetic in one process: more threads than a few only make everybody slower, so excess waits its turn here,
and what its asker has given up on is not begun.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from assistant.access.domain import LOCAL, AccessError, Principal, Scope, TooMany
from assistant.access.gate import Gate
from assistant.domain import Answer

THREADS = 2  # a long question does not hold up the short ones
WAITING = 256  # questions in the queue, of all users
SECONDS = 120.0  # from the question to its answer
BUSY = "现在提问的人太多：请稍后再问"
LATE = "这个问题用时太长，没有得到答案：请拆成几个短的问题再问"

OnAnswer = Callable[[str, str, float], None]  # channel, status, milliseconds of the answer


class Late(AccessError):
    """No answer within the time."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, what for, and from where."""

    principal: Principal
    scopes: frozenset[Scope]
    address: str = ""

    @property
    def known(self) -> bool:
        """Entered as a user or service; limits are for these. While access is open there is only this machine's own user."""
        return self.principal != LOCAL


class Asking:
    """One a process. ``start`` is called on the event loop."""

    def __init__(
        self, gate: Gate, threads: int = THREADS, waiting: int = WAITING, seconds: float = SECONDS, on_answer: OnAnswer | None = None
    ) -> None:
        self.gate = gate
        self.seconds = seconds
        self._most = threads + waiting
        self._pool = ThreadPoolExecutor(threads, "ask")
        self._lock = threading.Lock()
        self._held = 0
        self._on_answer = on_answer or (lambda channel, status, ms: None)

    @property
    def held(self) -> int:
        """Questions that wait or are being answered."""
        return self._held

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def start(
        self,
        caller: Caller,
        question: str,
        history: Sequence[Mapping[str, str]] = (),
        channel: str = "",
        request: Mapping[str, str] | None = None,
    ) -> asyncio.Task[Answer]:
        """The answer to come. Cancelling it takes a question that has not begun out of the queue.

        Raises TooMany at once where the user's limit is used up or the queue is full; the task raises Late.
        """
        who, limiter = caller.principal.name, self.gate.limiter
        slot = limiter.running(who) if caller.known else None
        if slot:
            slot.__enter__()
        try:
            if caller.known:
                limiter.hit("ask", who)
            with self._lock:
                if self._held >= self._most:
                    raise TooMany(BUSY, 1)
                self._held += 1
        except BaseException:
            if slot:
                slot.__exit__(None, None, None)
            raise

        def release(_: Future[Answer]) -> None:
            with self._lock:
                self._held -= 1
            if slot:
                slot.__exit__(None, None, None)

        future = self._pool.submit(self.gate.ask, caller.principal, question, history, channel, request)
        future.add_done_callback(release)
        return asyncio.get_running_loop().create_task(self._wait(future, channel))

    async def _wait(self, future: Future[Answer], channel: str) -> Answer:
        try:
            answer = await asyncio.wait_for(asyncio.wrap_future(future), self.seconds)
        except TimeoutError as error:
            raise Late(LATE) from error
        self._on_answer(channel, str(answer.status), answer.elapsed_ms)
        return answer
