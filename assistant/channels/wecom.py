"""企业微信 智能机器人 over its long connection, by WeCom's own client (extra ``[wecom]``).

The client dies in silence where the server closes politely or sends a frame that is no object; it is looked at and replaced.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from assistant.channels.connection import Looked, Pace
from assistant.channels.domain import GROUP, SINGLE, DeliveryError, Inbound, Style
from assistant.channels.inbox import Inbox, logger
from index.errors import require

STREAM_SECONDS = 330.0  # a reply to the message itself is taken for six minutes
SEND_SECONDS = 15.0
CALLED = re.compile(r"^\s*@\S+\s*")
INSTALL = "pip install 'budget-assistant[wecom]'"


class WeCom(Looked):
    """One bot of one company."""

    name = "wecom"
    style = Style(most_bytes=20_000)  # the vendor takes 20,480

    def __init__(self, bot_id: str, secret: str, inbox: Inbox, ws_url: str = "", pace: Pace | None = None, heartbeat: float = 30) -> None:
        super().__init__(pace)
        require("aibot", "企业微信", INSTALL)
        self._credentials = (bot_id, secret)
        self._inbox = inbox
        self._ws_url = ws_url
        self._heartbeat = heartbeat
        self._client: Any = None
        self._authenticated = False

    # ---------------------------------------------------------------- the connection

    async def connect(self) -> None:
        import aibot

        bot_id, secret = self._credentials
        self._authenticated = False
        options = aibot.WSClientOptions(
            bot_id=bot_id,
            secret=secret,
            ws_url=self._ws_url,
            heartbeat_interval=int(self._heartbeat * 1000),
            max_reconnect_attempts=1,  # the rest is done here, where it can be seen
            logger=Quiet(),
        )
        client = self._client = aibot.WSClient(options)
        client.on("error", lambda error: self._lost(client, str(error)))
        client.on("disconnected", lambda reason: self._lost(client, "disconnected"))
        client.on("authenticated", lambda: self._found(client))
        client.on("message", lambda frame: self._on_message(frame))
        client.on("event.disconnected_event", lambda frame: self.turn_off("another connection of this bot took over"))
        await client.connect()

    async def disconnect(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client = None
        self._authenticated = False

    def alive(self) -> bool:
        client = self._client
        task = getattr(client._ws_manager, "_receive_task", None) if client is not None else None
        return bool(client is not None and client.is_connected and self._authenticated and task is not None and not task.done())

    def _found(self, client: Any) -> None:
        if client is self._client:
            self._authenticated = True

    def _lost(self, client: Any, why: str) -> None:
        if client is self._client:
            self._authenticated = False
            logger.warning("wecom: %s", "authentication refused" if "uthenti" in why else "connection lost")

    # ---------------------------------------------------------------- messages

    def _on_message(self, frame: Any) -> None:
        try:
            inbound = frame_to_inbound(frame)
        except (KeyError, TypeError, AttributeError):
            logger.warning("wecom: a message of unknown form was let be")
            return
        self._inbox.accept(inbound)

    def deliver(self, inbound: Inbound, texts: Sequence[str]) -> None:
        self.on_loop(self._send(inbound, texts), SEND_SECONDS * (1 + len(texts)))

    async def _send(self, inbound: Inbound, texts: Sequence[str]) -> None:
        """The first text as the reply to the message where that is still taken, the rest by themselves."""
        client = self._client
        if client is None:
            raise DeliveryError("not connected")
        rest = list(texts)
        if time.time() - inbound.received < STREAM_SECONDS and inbound.route.get("req_id"):
            try:
                frame = {"headers": {"req_id": inbound.route["req_id"]}}
                told = await client.reply_stream(frame, f"a{inbound.msg_id}"[:64], rest[0], True)
                if not told.get("errcode"):
                    rest.pop(0)
            except Exception as error:  # the reply is no longer taken, or was never acknowledged
                logger.warning("wecom: reply to %s not taken (%s), sent by itself", inbound.msg_id, type(error).__name__)
        while rest:
            text = rest[0]
            try:
                told = await client.send_message(inbound.chat, {"msgtype": "markdown", "markdown": {"content": text}})
            except Exception as error:
                raise DeliveryError(f"{type(error).__name__}: {error}", len(texts) - len(rest)) from error
            if told.get("errcode"):
                raise DeliveryError(f"errcode {told['errcode']}", len(texts) - len(rest))
            rest.pop(0)


def frame_to_inbound(frame: dict[str, Any]) -> Inbound:
    """Raises KeyError or TypeError for what is no message of a person."""
    return body_to_inbound(frame["body"], "wecom", {"req_id": str(frame["headers"]["req_id"])})


def body_to_inbound(body: dict[str, Any], channel: str, route: dict[str, str]) -> Inbound:
    """Raises KeyError or TypeError for what is no message of a person."""
    user = str(body["from"]["userid"] or "")
    group = body.get("chattype") == "group"
    text = str(body["text"]["content"]) if body.get("msgtype") == "text" else None
    if group and text is not None:
        text = CALLED.sub("", text, count=1)
    return Inbound(
        channel=channel,
        tenant=str(body.get("aibotid") or ""),
        user=user,
        chat=str(body["chatid"]) if group else user,
        chat_type=GROUP if group else SINGLE,
        msg_id=str(body["msgid"]),
        text=text,
        received=time.time(),
        route=route,
    )


class Quiet:
    """Takes the client's own log, which would print whole messages."""

    def debug(self, *_: Any) -> None:
        """Nothing."""

    info = warn = error = debug
