"""What every request passes first: is it meant for this host, does it come from this page, is it of a bearable size.

And what every response carries: the browser is told to load nothing from elsewhere and to be framed by nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any

from assistant.web.visitors import MARK_COOKIE, new_mark

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MOST_BODY = 1024 * 1024  # of anything but an upload
UPLOADS = ("/ui/upload", "/gradio_api/upload")
YEAR = 365 * 24 * 3600
# Gradio builds its components from templates, which takes inline scripts and eval; nothing may come from, or go to, elsewhere.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),  # without any, browsers send forms with the origin "null", as a stranger's would be
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class Guard:
    """ASGI middleware around everything, so that no route can be forgotten."""

    def __init__(self, app: App, hosts: Sequence[str] = LOOPBACK) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = {bytes(name).decode("latin-1").lower(): bytes(value).decode("latin-1") for name, value in scope["headers"]}
        problem = self._problem(scope, headers)
        if scope["type"] != "http":
            problem = problem or (403, "不提供这种连接")
        if problem:
            await _refuse(send, *problem)
            return
        limited = receive if scope["path"] in UPLOADS else _limited(receive)
        await self.app(scope, limited, _with_headers(send, _mark(scope, headers)))

    def _problem(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if name_of(host) not in self.hosts:
            return 400, f"这个服务不叫 {host[:80]}：请用启动时给出的地址打开"
        origin = headers.get("origin")
        if origin is not None and origin.split("://")[-1].lower() != host.lower():
            return 403, "不接受来自其他网站的请求"
        if headers.get("sec-fetch-site") == "cross-site" and scope["method"] != "GET":
            return 403, "不接受来自其他网站的请求"
        length = headers.get("content-length", "0")
        if scope["path"] not in UPLOADS and (not length.isdigit() or int(length) > MOST_BODY):
            return 413, "请求太大"
        return None


def name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].split("]")[0].lower()
    return host.rsplit(":", 1)[0].lower() if host.count(":") == 1 else host.lower()


def _limited(receive: Receive) -> Receive:
    """The request's body by count, whatever its headers said; past the limit the request ends as if the sender had gone."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > MOST_BODY else message

    return counted


def _with_headers(send: Send, extra: Sequence[tuple[bytes, bytes]]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = {name for name, _ in HEADERS}
            kept = [(n, v) for n, v in message.get("headers", []) if n.lower() not in ours and not n.lower().startswith(b"access-control-")]
            message = {**message, "headers": [*kept, *HEADERS, *extra]}
        await send(message)

    return sending


def _mark(scope: Scope, headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """The browser's mark, with the first page it opens."""
    if scope["path"] != "/" or scope["method"] != "GET" or MARK_COOKIE in cookies_of(headers.get("cookie", "")):
        return []
    return [(b"set-cookie", f"{MARK_COOKIE}={new_mark()}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Lax".encode())]


def cookies_of(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


async def _refuse(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
