"""Chat tools that call us over HTTP: 企业微信's callback (extra ``[wecom]``) and 飞书's webhook (extra ``[feishu]``).

No vendor's package looks at the age of a call or at replays: both are looked at here. Whatever is wrong gets the same answer.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, Response

from assistant.api.errors import ApiError
from assistant.channels.connection import UP, outgoing
from assistant.channels.domain import DeliveryError, Inbound, Style
from assistant.channels.feishu import Feishu
from assistant.channels.inbox import Inbox, logger
from assistant.channels.wecom import INSTALL, body_to_inbound
from index.errors import BudgetError, require

OLDEST_SECONDS = 300
VENDOR = "qyapi.weixin.qq.com"
SEND_SECONDS = 10.0
REFUSED = ApiError(403, "refused", "refused")
MORE = "\n\n（回答太长，其余没有显示：请拆成几个问题）"


class Refused(Exception):
    """A call that is not to be believed, or is one again."""


def check_age(timestamp: str) -> None:
    """Raises Refused where a call was not signed within the last minutes by our clock."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 15 and abs(time.time() - int(timestamp)) <= OLDEST_SECONDS):
        raise Refused


class WeComCallback:
    """智能机器人 by URL callback; replies go once to the address that comes with the message, if it is WeCom's."""

    name = "wecom_callback"
    style = Style(most_bytes=20_000)

    def __init__(self, token: str, aes_key: str, inbox: Inbox, reply_hosts: frozenset[str] = frozenset()) -> None:
        """Raises BudgetError where the key is none, or the package is missing."""
        crypto = require("wechatpy.enterprise.crypto", "企业微信回调", INSTALL)
        try:
            self._crypto = crypto.WeChatCrypto(token, aes_key, "")
        except (ValueError, AssertionError) as error:
            raise BudgetError("BUDGET_ASSISTANT_WECOM_CALLBACK_AES_KEY 不对：应是 43 个字符的 EncodingAESKey") from error
        self._inbox = inbox
        self._reply_hosts = reply_hosts  # besides WeCom's own
        self._http = outgoing(SEND_SECONDS)

    def start(self) -> None:
        """Nothing to connect."""

    stop = start

    def health(self) -> str:
        return UP

    def address_checked(self, query: Mapping[str, str]) -> str:
        """The plain text of WeCom's test of the address. Raises Refused."""
        try:
            check_age(query["timestamp"])
            plain = self._crypto.check_signature(query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"])
        except Exception as error:  # the package raises whatever its parts do
            raise Refused from error
        return plain.decode() if isinstance(plain, bytes) else str(plain)

    def receive(self, query: Mapping[str, str], body: bytes) -> None:
        """Raises Refused for what WeCom did not sign just now, or did once before."""
        try:
            check_age(query["timestamp"])
            envelope = {"Encrypt": json.loads(body)["encrypt"]}
            plain = self._crypto.decrypt_message(envelope, query["msg_signature"], query["timestamp"], query["nonce"])
            message = json.loads(plain)
        except Exception as error:
            raise Refused from error
        if not self._inbox.first_time(self.name, f"{query['timestamp']} {query['nonce']}"):
            raise Refused
        try:
            inbound = body_to_inbound(message, self.name, {"response_url": str(message.get("response_url") or "")})
        except (KeyError, TypeError, AttributeError):
            logger.info("wecom: a callback that is no message was let be")
            return
        self._inbox.accept(inbound)

    def deliver(self, inbound: Inbound, texts: Sequence[str]) -> None:
        import httpx

        address = inbound.route.get("response_url", "")
        parts = urlsplit(address)
        if parts.hostname not in self._reply_hosts and not (parts.scheme == "https" and parts.hostname == VENDOR):
            raise DeliveryError("the reply address is not WeCom's")
        text = texts[0] + (MORE if len(texts) > 1 else "")
        body = {"msgtype": "markdown", "markdown": {"content": text}}
        try:
            sent = self._http.post(address, json=body)
            told = sent.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DeliveryError(type(error).__name__) from error
        if sent.status_code != 200 or not isinstance(told, dict) or told.get("errcode"):
            raise DeliveryError(f"HTTP {sent.status_code}, errcode {told.get('errcode') if isinstance(told, dict) else ''}")


class FeishuWebhook(Feishu):
    """The same bot, called by Feishu."""

    def __init__(self, encrypt_key: str, verification_token: str, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._keys = {"encrypt_key": encrypt_key, "verification_token": verification_token}
        self._kind = "webhook"

    def alive(self) -> bool:
        return self._client is not None and bool(self._client.is_ready)

    async def receive(self, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body of the response. Raises Refused."""
        titled = {name.title(): value for name, value in headers.items()}  # the client knows no other spelling
        timestamp, nonce, signature = (titled.get(f"X-Lark-{name}", "") for name in ("Request-Timestamp", "Request-Nonce", "Signature"))
        client = self._client
        if client is None:
            raise Refused
        check_age(timestamp)
        signed = hashlib.sha256((timestamp + nonce + self._keys["encrypt_key"]).encode() + body).hexdigest()
        if not hmac.compare_digest(signed.encode(), signature.encode()):
            raise Refused
        if not await run_in_threadpool(self._inbox.first_time, self.name, f"{timestamp} {nonce}"):
            raise Refused
        status, said = await client.handle_webhook_request(titled, body)
        if status != 200:
            raise Refused
        return status, said


def make_router(wecom: WeComCallback | None, feishu: FeishuWebhook | None) -> APIRouter:
    """The addresses that the vendors call."""
    router = APIRouter(prefix="/channels", include_in_schema=False)
    if wecom is not None:

        @router.get("/wecom")
        async def wecom_address(request: Request) -> PlainTextResponse:
            try:
                return PlainTextResponse(wecom.address_checked(request.query_params))
            except Refused as error:
                raise REFUSED from error

        @router.post("/wecom")
        async def wecom_message(request: Request) -> Response:
            try:
                await run_in_threadpool(wecom.receive, request.query_params, await request.body())
            except Refused as error:
                raise REFUSED from error
            return Response()

    if feishu is not None:

        @router.post("/feishu")
        async def feishu_event(request: Request) -> Response:
            try:
                status, said = await feishu.receive(request.headers, await request.body())
            except Refused as error:
                raise REFUSED from error
            return Response(said, status, media_type="application/json")

    return router
