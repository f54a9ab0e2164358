"""飞书 机器人 over its long connection, by Feishu's own channel client (extra ``[feishu]``).

Its ways that would harm figures or rights are set otherwise: no batching (it mixes people), strict security, contents set
whole (appending to a card joins 1 and 0 wrongly). It keeps one event loop a process, so there is one such bot a process.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from assistant.channels.connection import Looked, Pace
from assistant.channels.domain import GROUP, SINGLE, DeliveryError, Inbound, Style
from assistant.channels.inbox import Inbox, logger
from index.errors import require

START_SECONDS = 20.0
SEND_SECONDS = 30.0
STALE_MS = 600_000
MOST_TENANTS = 1000
DOMAIN = "https://open.feishu.cn"
INSTALL = "pip install 'budget-assistant[feishu]'"
CLIENT_RECONNECTS = Pace(grace=120.0)  # the client brings its own connection back; only after this it is replaced


class Feishu(Looked):
    """One bot of one organisation: ``tenant_key`` is the only one that is answered. Make it outside of any event loop."""

    name = "feishu"
    style = Style(most_bytes=28_000, tables=True)

    def __init__(self, app_id: str, app_secret: str, tenant_key: str, inbox: Inbox, domain: str = DOMAIN, pace: Pace | None = None) -> None:
        super().__init__(pace or CLIENT_RECONNECTS)
        require("lark_channel", "飞书", INSTALL)
        self._credentials = (app_id, app_secret)
        self._tenant_key = tenant_key
        self._inbox = inbox
        self._domain = domain
        self._keys: dict[str, str] = {}
        self._kind = "ws"
        self._client: Any = None
        self._tenants: OrderedDict[str, str] = OrderedDict()  # of messages on their way

    async def connect(self) -> None:
        self._client = self._make_client()
        await self._client.start_background(timeout=START_SECONDS)

    def _make_client(self) -> Any:
        from lark_channel import FeishuChannel, SafetyConfig, SecurityConfig
        from lark_channel.channel.config import InboundConfig, PolicyConfig, TextBatchConfig, TransportConfig
        from lark_channel.core.enum import LogLevel

        app_id, app_secret = self._credentials
        client = FeishuChannel(
            **self._keys,
            app_id=app_id,
            app_secret=app_secret,
            domain=self._domain,
            security=SecurityConfig(mode="strict", max_ws_fragment_bytes=1 << 20, max_concurrent_ws_handlers=8),
            policy=PolicyConfig(require_mention=True, sender_identity_fields=["user_id"]),
            safety=SafetyConfig(text_batch=TextBatchConfig(delay_ms=0), stale_message_window_ms=STALE_MS),
            transport=TransportConfig(kind=self._kind, trust_env_proxy=False),
            inbound=InboundConfig(emit_raw_events=True),
            name_lookup=lambda ids: {},
            log_level=LogLevel.ERROR,
        )
        client.on("raw", self._on_event)
        client.on("message", self._on_message)
        client.on("reject", lambda event: logger.info("feishu: message %s let be: %s", event.message_id, event.reason))
        return client

    async def disconnect(self) -> None:
        if self._client is not None:
            with contextlib.suppress(Exception):
                await self._client.disconnect()
        self._client = None

    def alive(self) -> bool:
        client = self._client
        return bool(client is not None and client.is_ready and getattr(client.ws_client, "_conn", None) is not None)

    # ---------------------------------------------------------------- messages

    async def _on_event(self, event: Any) -> None:
        """Comes before the message of the same event, which tells neither the sender's organisation nor whether it is a person."""
        with contextlib.suppress(KeyError, TypeError, AttributeError):
            inner = event["event"]
            if inner["sender"]["sender_type"] != "user":  # bots that answer each other never stop
                return
            self._tenants[str(inner["message"]["message_id"])] = str(inner["sender"]["tenant_key"] or "")
            while len(self._tenants) > MOST_TENANTS:
                self._tenants.popitem(last=False)

    async def _on_message(self, message: Any) -> None:
        try:
            tenant = self._tenants.pop(str(message.message_id), None)
            if tenant is None:
                return
            inbound = message_to_inbound(message, tenant, self._tenant_key)
        except (AttributeError, KeyError, TypeError):
            logger.warning("feishu: a message of unknown form was let be")
            return
        self._inbox.accept(inbound)

    def deliver(self, inbound: Inbound, texts: Sequence[str]) -> None:
        for number, text in enumerate(texts):
            try:
                self.on_loop(self._send(inbound, text, f"{inbound.msg_id}-{number}"), SEND_SECONDS)
            except DeliveryError as error:
                raise DeliveryError(str(error), number) from error

    async def _send(self, inbound: Inbound, text: str, key: str) -> None:
        """A card, its content set whole; one plain message where cards are refused. ``key`` keeps a retry from being a repeat."""
        client = self._client
        if client is None:
            raise DeliveryError("not connected")
        to = {"reply_to": inbound.msg_id}
        try:

            async def whole(card: Any) -> None:
                await card.set_content(text)

            sent = await client.stream(inbound.chat, {"markdown": whole}, to)
            if sent is None or sent.success:
                return
        except Exception as error:
            logger.warning("feishu: card for %s not taken (%s), sent as text", inbound.msg_id, type(error).__name__)
        try:
            sent = await client.send(inbound.chat, {"text": text}, to | {"uuid": key[-50:]})
        except Exception as error:
            raise DeliveryError(type(error).__name__) from error
        if not sent.success:
            raise DeliveryError(str(getattr(sent.error, "code", "") or "refused"))


def message_to_inbound(message: Any, tenant: str, tenant_key: str) -> Inbound:
    """A message of another organisation, or of somebody without a staff id, has no user and is refused."""
    return Inbound(
        channel="feishu",
        tenant=tenant,
        user=str(message.sender.user_id or "") if tenant == tenant_key else "",
        chat=str(message.chat_id),
        chat_type=SINGLE if message.chat_type == "p2p" else GROUP,
        msg_id=str(message.message_id),
        text=str(message.body_text) if message.raw_content_type in ("text", "post") else None,
        received=time.time(),
    )
