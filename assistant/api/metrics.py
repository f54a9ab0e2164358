"""Counters for Prometheus; names and help in English, as its users expect. No question or name of a person is in them."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)


class Metrics:
    """Of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        to = self.registry
        self._answers = Counter("budget_answers", "Answers given", ["channel", "status"], registry=to)
        self._seconds = Histogram("budget_answer_seconds", "Time to find an answer", ["channel"], buckets=BUCKETS, registry=to)
        self._responses = Counter("budget_http_responses", "HTTP responses", ["code"], registry=to)
        self._held = Gauge("budget_questions_held", "Questions that wait or are being answered", registry=to)
        self._documents = Gauge("budget_documents", "Documents in the index", registry=to)
        self._channels = Gauge("budget_channel_up", "1 where a chat channel is connected", ["channel"], registry=to)

    def answered(self, channel: str, status: str, milliseconds: float) -> None:
        self._answers.labels(channel, status).inc()
        self._seconds.labels(channel).observe(milliseconds / 1000)

    def responded(self, status: int) -> None:
        self._responses.labels(str(status)).inc()

    def watch(self, held: Callable[[], float], documents: Callable[[], float]) -> None:
        """Values that are asked for when they are read."""
        self._held.set_function(held)
        self._documents.set_function(documents)

    def watch_channels(self, health: Callable[[], dict[str, str]]) -> None:
        for name in health():
            self._channels.labels(name).set_function(lambda name=name: float(health().get(name) == "up"))  # type: ignore[misc]

    def text(self) -> bytes:
        return generate_latest(self.registry)
