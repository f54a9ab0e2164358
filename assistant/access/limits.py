"""How often somebody may do something: moving windows and a number at once, kept in memory."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.access.domain import TooMany

if TYPE_CHECKING:
    from limits import RateLimitItem

AT_ONCE_WAIT = 1.0  # seconds after which a question refused for being one too many may come again


@dataclass(frozen=True, slots=True)
class Rates:
    """What each user, account or address may do; the notation is that of the ``limits`` package."""

    ask: tuple[str, ...] = ("20/minute", "500/day")
    at_once: int = 3
    read: tuple[str, ...] = ("240/minute",)
    login_account: tuple[str, ...] = ("5/minute",)
    login_address: tuple[str, ...] = ("20/minute",)
    refused: tuple[str, ...] = ("60/minute",)  # lines in the log about who was not let in
    upload: tuple[str, ...] = ("10/hour",)


class Limiter:
    """Counts in this process."""

    def __init__(self, rates: Rates | None = None) -> None:
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self.rates = rates or Rates()
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._parsed: dict[str, RateLimitItem] = {}
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()

    def hit(self, what: str, who: str) -> None:
        """Count one ``what`` (a field of Rates) of ``who``. Raises TooMany where that is one too many; it is then not counted."""
        items = [self._item(text) for text in getattr(self.rates, what)]
        with self._lock:
            for item in items:
                if not self._window.test(item, what, who):
                    wait = self._window.get_window_stats(item, what, who).reset_time - time.time()
                    raise TooMany(f"太频繁了：请 {max(1, round(wait))} 秒后再试", wait)
            for item in items:
                self._window.hit(item, what, who)

    @contextmanager
    def running(self, who: str) -> Iterator[None]:
        """One of ``who``'s questions is being answered. Raises TooMany where enough others are."""
        with self._lock:
            if self._running[who] >= self.rates.at_once:
                raise TooMany("上几个问题还没有答完：请稍后再问", AT_ONCE_WAIT)
            self._running[who] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[who] -= 1
                if not self._running[who]:
                    del self._running[who]

    def _item(self, text: str) -> RateLimitItem:
        if text not in self._parsed:
            from limits import parse

            self._parsed[text] = parse(text)
        return self._parsed[text]
