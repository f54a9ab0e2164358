"""The one contract of the chat tools: a message comes in, is acknowledged at once, and is answered later in pieces of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

GROUP, SINGLE = "group", "single"


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message of somebody. ``user`` is the vendor's staff id ("" for outsiders), ``msg_id`` that of the message, not of its
    delivery; ``text`` is None for what is no text; ``route`` is what only the channel understands and needs to reply.
    """

    channel: str
    tenant: str
    user: str
    chat: str
    chat_type: str
    msg_id: str
    text: str | None
    received: float  # seconds since 1970, by our clock
    route: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Style:
    """How a place shows text: most bytes of one message; whether it draws Markdown tables."""

    most_bytes: int
    tables: bool = False


class DeliveryError(Exception):
    """The vendor did not take a message; the text says what it answered. ``sent`` pieces before it were taken."""

    def __init__(self, message: str, sent: int = 0) -> None:
        super().__init__(message)
        self.sent = sent


class Channel(Protocol):
    """What the inbox needs of a chat tool. ``deliver`` is called on a thread of the inbox, one message after the other."""

    name: str
    style: Style

    def deliver(self, inbound: Inbound, texts: Sequence[str]) -> None:
        """Raises DeliveryError."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def health(self) -> str:
        """up, down, or off (another connection took over)."""
