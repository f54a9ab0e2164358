"""钉钉 机器人 in Stream mode, by DingTalk's own client (extra ``[dingtalk]``).

Of the client its frames, acknowledgements and gateway call are used. Its HTTP calls know no time limit and hide errors: the
gateway call runs beside the loop with a limit, and replies are sent here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from assistant.channels.connection import Looked, Pace, outgoing
from assistant.channels.domain import GROUP, SINGLE, DeliveryError, Inbound, Style
from assistant.channels.inbox import Inbox, logger
from index.errors import require

VENDOR = "dingtalk.com"
GATEWAY_SECONDS = 15.0
SEND_SECONDS = 10.0
MOST_FRAME_BYTES = 1024 * 1024
SPARE_MS = 60_000  # a webhook that ends sooner than this is not used any more
TITLE_CHARS = 20
INSTALL = "pip install 'budget-assistant[dingtalk]'"


class DingTalk(Looked):
    """One robot of one organisation: ``corp_id`` is the only one that is answered."""

    name = "dingtalk"
    style = Style(most_bytes=4000)  # the vendor's pages disagree: some 2,000 characters are safe

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        corp_id: str,
        inbox: Inbox,
        pace: Pace | None = None,
        reply_hosts: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(pace)
        require("dingtalk_stream", "钉钉", INSTALL)
        self._credentials = (client_id, client_secret)
        self._corp_id = corp_id
        self._inbox = inbox
        self._reply_hosts = reply_hosts  # besides DingTalk's own
        self._receiving: asyncio.Task[None] | None = None
        self._socket: Any = None
        self._token: tuple[str, float] = ("", 0.0)
        self._http = outgoing(SEND_SECONDS)

    # ---------------------------------------------------------------- the connection

    async def connect(self) -> None:
        import dingtalk_stream
        import websockets

        quiet = logging.getLogger("assistant.channels.dingtalk.client")  # it prints the ticket of the connection
        quiet.disabled = True
        client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential(*self._credentials), logger=quiet)
        client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, self._handler(dingtalk_stream))
        client.pre_start()
        opened = await asyncio.wait_for(asyncio.to_thread(client.open_connection), GATEWAY_SECONDS)
        if not opened:
            raise DeliveryError("the gateway refused the connection")
        address = f"{opened['endpoint']}?ticket={quote(opened['ticket'], safe='')}"
        self._socket = client.websocket = await websockets.connect(address, max_size=MOST_FRAME_BYTES)
        self._receiving = asyncio.create_task(self._receive(client))

    async def _receive(self, client: Any) -> None:
        tasks: set[asyncio.Task[None]] = set()
        async for raw in client.websocket:
            try:
                frame = json.loads(raw)
            except ValueError:
                frame = None
            if not isinstance(frame, dict):
                logger.warning("dingtalk: a frame that is no object was let be")
                continue
            task = asyncio.create_task(client.background_task(frame))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    def _handler(self, dingtalk_stream: Any) -> Any:
        accept = self._accept

        class Handler(dingtalk_stream.ChatbotHandler):  # type: ignore[misc]
            async def process(self, callback: Any) -> tuple[int, str]:
                accept(callback.data)
                return dingtalk_stream.AckMessage.STATUS_OK, "OK"

        return Handler()

    async def disconnect(self) -> None:
        if self._receiving is not None:
            self._receiving.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._receiving
        if self._socket is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._socket.close(), 5)
        self._receiving = self._socket = None

    def alive(self) -> bool:
        return self._receiving is not None and not self._receiving.done()

    # ---------------------------------------------------------------- messages

    def _accept(self, data: Any) -> None:
        try:
            inbound = data_to_inbound(data, self._corp_id)
        except (KeyError, TypeError, AttributeError):
            logger.warning("dingtalk: a message of unknown form was let be")
            return
        self._inbox.accept(inbound)

    def deliver(self, inbound: Inbound, texts: Sequence[str]) -> None:
        webhook = inbound.route.get("webhook", "")
        lasting = int(inbound.route.get("webhook_until") or 0) - SPARE_MS > time.time() * 1000
        for number, text in enumerate(texts):
            title = " ".join(text.replace("*", "").split())[:TITLE_CHARS]
            try:
                if webhook and lasting and self._ours(webhook):
                    self._post(webhook, {"msgtype": "markdown", "markdown": {"title": title, "text": text}})
                else:
                    self._send_by_robot(inbound, title, text)
            except DeliveryError as error:
                raise DeliveryError(str(error), number) from error

    def _ours(self, address: str) -> bool:
        """Whether this is an address of DingTalk's: what a message names is not called otherwise."""
        parts = urlsplit(address)
        host = parts.hostname or ""
        return host in self._reply_hosts or (parts.scheme == "https" and (host == VENDOR or host.endswith(f".{VENDOR}")))

    def _send_by_robot(self, inbound: Inbound, title: str, text: str) -> None:
        """Without the message's own webhook, which ends after some 90 minutes."""
        body = {
            "robotCode": inbound.route.get("robot", ""),
            "msgKey": "sampleMarkdown",
            "msgParam": json.dumps({"title": title, "text": text}, ensure_ascii=False),
        }
        if inbound.chat_type == GROUP:
            path, to = "groupMessages/send", {"openConversationId": inbound.chat}
        else:
            path, to = "oToMessages/batchSend", {"userIds": [inbound.user]}  # type: ignore[dict-item]
        headers = {"x-acs-dingtalk-access-token": self._access_token()}
        self._post(f"{endpoint()}/v1.0/robot/{path}", body | to, headers)

    def _access_token(self) -> str:
        token, until = self._token
        if time.time() < until:
            return token
        key, secret = self._credentials
        told = self._post(f"{endpoint()}/v1.0/oauth2/accessToken", {"appKey": key, "appSecret": secret})
        self._token = str(told.get("accessToken") or ""), time.time() + float(told.get("expireIn") or 0) - 300
        return self._token[0]

    def _post(self, address: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
        """Raises DeliveryError without the address, which may be a secret itself."""
        import httpx

        try:
            sent = self._http.post(address, json=body, headers=headers)
            told = sent.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DeliveryError(type(error).__name__) from error
        if sent.status_code != 200 or not isinstance(told, dict) or told.get("errcode"):
            code = told.get("errcode") or told.get("code") if isinstance(told, dict) else ""
            raise DeliveryError(f"HTTP {sent.status_code}, errcode {code}")
        return told


def endpoint() -> str:
    from dingtalk_stream.utils import DINGTALK_OPENAPI_ENDPOINT

    return str(DINGTALK_OPENAPI_ENDPOINT)


def data_to_inbound(data: dict[str, Any], corp_id: str) -> Inbound:
    """A message of another organisation, or of nobody on the staff, has no user and is refused. Raises KeyError or TypeError."""
    ours = data.get("senderCorpId") == corp_id and data.get("chatbotCorpId") in (None, corp_id)
    return Inbound(
        channel="dingtalk",
        tenant=str(data.get("senderCorpId") or ""),
        user=str(data.get("senderStaffId") or "") if ours else "",
        chat=str(data["conversationId"]),
        chat_type=GROUP if data["conversationType"] == "2" else SINGLE,
        msg_id=str(data["msgId"]),
        text=str(data["text"]["content"]) if data.get("msgtype") == "text" else None,
        received=time.time(),
        route={
            "webhook": str(data.get("sessionWebhook") or ""),
            "webhook_until": str(int(data.get("sessionWebhookExpiredTime") or 0)),
            "robot": str(data.get("robotCode") or ""),
        },
    )
