"""What happens to a request before anything reads it: host, origin, who it is, what it may, how large and how slow.

Plain ASGI, because the body must not be read before its sender is known, and is counted while it is read.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.access.credentials import SESSION_COOKIE
from assistant.access.domain import NotRecognised
from assistant.access.domain import Scope as May
from assistant.access.gate import Gate
from assistant.api.errors import FOREIGN_ORIGIN, TOO_LARGE, TOO_SLOW, WRONG_HOST, ApiError, unauthorised
from assistant.api.settings import CALLBACK_BYTES, CHAT_BYTES
from assistant.asking import Caller

BODY_SECONDS = 30.0
DRAIN_SECONDS = 1.0
DRAIN_BYTES = 1024 * 1024
PUBLIC = ("/healthz",)
CALLBACKS = "/channels/"  # the chat tools' own signatures are checked there
MAY = (("/v1/models", None), ("/v1/", May.ASK), ("/answers", May.ASK), ("/mcp", May.ASK), ("/documents", May.READ), ("/pages", May.READ))
SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
)
CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


@dataclass(frozen=True)
class Door:
    """What the guard needs to know; ``hosts`` None admits any name."""

    gate: Gate
    hosts: frozenset[str] | None = None
    front_end_key: str = ""
    on_response: Callable[[int], None] = lambda status: None


class Guard:
    """ASGI middleware. The caller is in ``scope["state"]["caller"]`` and in ``CALLER``."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app = app
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        send = hardened(send, self.door.on_response)
        headers, incoming = scope_headers(scope), Incoming(receive)
        try:
            self._check_address(headers)
            path = scope["path"]
            if path not in PUBLIC and not path.startswith(CALLBACKS):
                caller = self._caller(scope, headers)
                check_scope(path, caller)
                scope.setdefault("state", {})["caller"] = caller
                CALLER.set(caller)
            body = await incoming.read(headers, CALLBACK_BYTES if path.startswith(CALLBACKS) else CHAT_BYTES)
        except ApiError as error:
            response = error.response()
            if not await incoming.drained():
                response.headers["Connection"] = "close"
            await response(scope, receive, send)
            return
        await self.app(scope, replay(body, receive), send)

    def _check_address(self, headers: Mapping[str, str]) -> None:
        host = (urlsplit(f"//{headers.get('host', '')}").hostname or "") if plain(headers.get("host", "")) else ""
        if self.door.hosts is not None and host not in self.door.hosts:
            raise WRONG_HOST
        origin = headers.get("origin")
        if origin is not None and (not plain(origin) or urlsplit(origin).netloc.lower() != headers.get("host", "").lower()):
            raise FOREIGN_ORIGIN

    def _caller(self, scope: Scope, headers: Mapping[str, str]) -> Caller:
        """Raises ApiError 401. A session cookie is enough for looking, a token needed for everything else."""
        address = str((scope.get("client") or ("",))[0])
        kind, _, token = headers.get("authorization", "").partition(" ")
        gate = self.door.gate
        try:
            if not token and scope["method"] == "GET" and (cookie := session_cookie(headers)) and not gate.access.open:
                return Caller(gate.by_session(cookie), frozenset({May.READ}), address)
            principal, scopes = gate.by_token(token.strip() if kind.lower() == "bearer" else None, address=address)
            return Caller(self._named(headers, scopes) or principal, scopes, address)
        except NotRecognised as error:
            raise unauthorised(str(error)) from error

    def _named(self, headers: Mapping[str, str], scopes: frozenset[May]) -> Any:
        """The user for whom a chat front end asks, where it says so and is to be believed."""
        gate, statement = self.door.gate, headers.get("x-openwebui-user-jwt")
        if gate.access.open:
            return None
        if statement and self.door.front_end_key:
            return gate.by_front_end(statement, self.door.front_end_key)
        plainly = [headers[name] for name in ("x-openwebui-user-id", "x-openwebui-user-email") if headers.get(name)]
        return gate.by_named(plainly) if plainly and May.GATEWAY in scopes else None


def plain(name: str) -> bool:
    """Whether this can be the name of a host or site at all (urlsplit raises for a lone bracket)."""
    try:
        return bool(name) and urlsplit(name if "//" in name else f"//{name}").hostname is not None
    except ValueError:
        return False


def scope_headers(scope: Scope) -> dict[str, str]:
    """By lower-case name; of a header sent twice, the first."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return headers


def session_cookie(headers: Mapping[str, str]) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(SESSION_COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def check_scope(path: str, caller: Caller) -> None:
    """Raises ApiError 403 where the token was not given for this."""
    needed = May.METRICS if path == "/metrics" else next((may for start, may in MAY if path.startswith(start)), None)
    if needed is not None and needed not in caller.scopes:
        header = f'Bearer error="insufficient_scope", scope="{needed}"'
        raise ApiError(403, "insufficient_scope", f"这个令牌没有 {needed} 用途：请管理员另发一个", {"WWW-Authenticate": header})


class Incoming:
    """A request's body on its way in."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False

    async def _piece(self) -> bytes:
        message = await self._receive()
        self.ended = not message.get("more_body")
        if message["type"] == "http.disconnect":
            raise TOO_SLOW
        return bytes(message.get("body", b""))

    async def read(self, headers: Mapping[str, str], most: int) -> bytes:
        """Counted while it comes in, whatever its length was said to be. Raises ApiError 413 or 408."""
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > most:
            raise TOO_LARGE
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while not self.ended:
                    body += await self._piece()
                    if len(body) > most:
                        raise TOO_LARGE
        except TimeoutError as error:
            raise TOO_SLOW from error
        return bytes(body)

    async def drained(self) -> bool:
        """Lets a client that is refused finish what it is sending, unread, so that it sees why; False where that is too much."""
        taken = 0
        with contextlib.suppress(TimeoutError, ApiError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self.ended and taken <= DRAIN_BYTES:
                    taken += len(await self._piece())
        return self.ended


def replay(body: bytes, receive: Receive) -> Receive:
    """Hands over the body once, then whatever comes (the client's hanging up)."""
    handed = False

    async def again() -> Message:
        nonlocal handed
        if not handed:
            handed = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return again


def hardened(send: Send, on_response: Callable[[int], None]) -> Send:
    """Adds the headers that are missing, and tells the status."""

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            on_response(message["status"])
            present = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in SAFE_HEADERS if pair[0] not in present)]
        await send(message)

    return with_headers
