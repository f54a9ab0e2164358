"""A connection that is looked after: its own thread and event loop, brought back when it dies however it dies."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from assistant.channels.domain import DeliveryError

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
UP, DOWN, OFF = "up", "down", "off"
logger = logging.getLogger("assistant.channels")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between looks at a connection, after which a dead one is made anew, and the bounds of waiting in between."""

    look: float = 1.0
    grace: float = 10.0
    first_wait: float = 2.0
    longest_wait: float = 60.0


def outgoing(seconds: float) -> httpx.Client:
    """One client for all replies of a channel: a new one for each takes tens of milliseconds for its certificates alone.

    It follows no redirects, which could lead anywhere, and keeps no cookies.
    """
    import httpx

    def forget(response: httpx.Response) -> None:
        client.cookies.clear()

    client = httpx.Client(timeout=seconds, follow_redirects=False, trust_env=False, event_hooks={"response": [forget]})
    return client


class Looked(ABC):
    """Subclasses connect; this one watches. A vendor's client may block its loop, never ours: it has a thread of its own."""

    name = ""

    def __init__(self, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name=f"channel-{self.name}", daemon=True)
        self._stopping = False
        self._off = False
        self._up = False
        self._looked = 0.0

    @abstractmethod
    async def connect(self) -> None:
        """Begin a new connection."""

    @abstractmethod
    async def disconnect(self) -> None:
        """End it; never raises."""

    @abstractmethod
    def alive(self) -> bool:
        """Whether messages can come in now."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._thread.join(10)

    def health(self) -> str:
        fresh = time.monotonic() - self._looked < 5 * self.pace.look + self.pace.grace  # a client that blocks its loop is not up
        return OFF if self._off else UP if self._up and fresh and self._thread.is_alive() else DOWN

    def turn_off(self, why: str) -> None:
        """Stay away until the service is started again."""
        logger.error("%s: %s", self.name, why)
        self._off = True

    def on_loop(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """The result of something that has to run on the connection's loop. Raises DeliveryError where it takes too long."""
        if self._loop is None or not self._thread.is_alive():
            work.close()
            raise DeliveryError("not connected")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(seconds)
        except TimeoutError as error:
            future.cancel()
            raise DeliveryError(f"no reply within {seconds:g} s") from error

    def _run(self) -> None:
        try:
            asyncio.run(self._look_after())
        except Exception:
            logger.exception("%s: the connection's thread has ended", self.name)

    async def _look_after(self) -> None:
        self._loop = asyncio.get_running_loop()
        wait = self.pace.first_wait
        while not self._stopping and not self._off:
            try:
                await self.connect()
            except Exception as error:
                logger.error("%s: cannot connect: %s", self.name, type(error).__name__)
            if await self._until_dead():
                wait = self.pace.first_wait
            await self.disconnect()
            self._up = False
            if not self._stopping and not self._off:
                await self._sleep(wait)
                wait = min(2 * wait, self.pace.longest_wait)
        while not self._stopping:  # turned off
            await asyncio.sleep(self.pace.look)

    async def _until_dead(self) -> bool:
        """Looks at the connection until it has been dead for the time of grace; whether it ever lived."""
        loop = asyncio.get_running_loop()
        lived, dead_since = False, loop.time()
        while not self._stopping and not self._off:
            self._up, self._looked = self.alive(), time.monotonic()
            if self._up:
                lived, dead_since = True, loop.time()
            elif loop.time() - dead_since > self.pace.grace:
                logger.error("%s: the connection is dead and made anew", self.name)
                return lived
            await asyncio.sleep(self.pace.look)
        return lived

    async def _sleep(self, seconds: float) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while not self._stopping and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(min(self.pace.look, seconds))
