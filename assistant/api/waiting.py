"""A request waits for its answer: admission, hang-up, lateness; shared by the routes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request

from assistant.access.domain import TooMany
from assistant.access.gate import Gate
from assistant.api.errors import BAD_REQUEST, FAILED, LATE, too_many
from assistant.api.metrics import Metrics
from assistant.asking import Asking, Caller, Late
from assistant.domain import Answer, Citation

LOOK = 0.25  # seconds between looks whether the client is still there
logger = logging.getLogger("assistant.api")


@dataclass(frozen=True)
class Service:
    """What the routes share."""

    gate: Gate
    asking: Asking
    metrics: Metrics
    page_path: Callable[[Citation], str | None]
    public_url: str = ""

    def page_url(self, request: Request) -> Callable[[Citation], str | None]:
        """The whole address of a citation's page for this client."""
        base = (self.public_url or str(request.base_url)).rstrip("/")

        def url(citation: Citation) -> str | None:
            path = self.page_path(citation)
            return base + path if path else None

        return url


def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def caller_of(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


def begin(service: Service, caller: Caller, question: str, history: Sequence[Mapping[str, str]], channel: str) -> asyncio.Task[Answer]:
    """Raises ApiError 429 where the caller's limit is used up."""
    try:
        return service.asking.start(caller, question, history, channel, {"address": caller.address})
    except TooMany as error:
        raise too_many(str(error), error.wait) from error


async def ticks(request: Request, task: asyncio.Task[Answer], every: float) -> AsyncIterator[None]:
    """Ends when the task does; yields after each ``every`` seconds of waiting. Cancels the task where the client has gone."""
    clock = asyncio.get_running_loop().time
    due = clock() + every
    while True:
        done, _ = await asyncio.wait([task], timeout=LOOK)
        if done:
            return
        if await request.is_disconnected():
            task.cancel()
            raise asyncio.CancelledError
        if clock() >= due:
            due = clock() + every
            yield


async def answered(request: Request, task: asyncio.Task[Answer]) -> Answer:
    """Raises ApiError where there is no answer in time."""
    try:
        async for _ in ticks(request, task, 3600):
            pass
        return task.result()
    except Late as error:
        raise LATE from error
    except asyncio.CancelledError:
        raise BAD_REQUEST from None  # nobody is there to read it
    except Exception as error:
        logger.exception("a question failed")
        raise FAILED from error
    finally:
        task.cancel()
