"""How soon a chat message is acknowledged while answers are queued: the chat part of ``python -m eval load``.

DingTalk's own client runs inside ``assistant serve``; this process is DingTalk, on loopback, by the address that the client
takes from its environment. So many messages wait for their answers all the time, and each is timed from its sending to
its acknowledgement.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import BudgetError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.websockets import WebSocket

CORP, ROBOT, TICKET = "corp-load", "robot-load", "ticket-of-the-gateway"
CREDENTIALS = {
    "BUDGET_ASSISTANT_DINGTALK_CLIENT_ID": ROBOT,
    "BUDGET_ASSISTANT_DINGTALK_CLIENT_SECRET": "of-the-gateway-below",
    "BUDGET_ASSISTANT_DINGTALK_CORP_ID": CORP,
}
TOPIC = "/v1.0/im/bot/messages/get"
QUEUED = 60  # messages that wait for their answers at any time; the service's queue holds 100
CONNECT_SECONDS = 60.0
LAST_SECONDS = 60.0  # for the answers to the last messages


@dataclass
class Acknowledged:
    """``seconds`` from sending a message to its acknowledgement; ``left`` messages had no answer in the end."""

    seconds: list[float] = field(default_factory=list)
    sent: int = 0
    replies: int = 0

    @property
    def left(self) -> int:
        return self.sent - self.replies


class Gateway:
    """DingTalk as its client sees it."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self.seen = Acknowledged()
        self.connected = asyncio.Event()
        self.answered = asyncio.Event()
        self._socket: WebSocket | None = None
        self._sent_at: dict[str, float] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What makes a service talk to this gateway."""
        return {**CREDENTIALS, "DINGTALK_OPENAPI_ENDPOINT": f"http://{self.address}"}

    async def called(self, request: Request) -> JSONResponse:
        from starlette.responses import JSONResponse

        if request.url.path.endswith("/connections/open"):
            return JSONResponse({"endpoint": f"ws://{self.address}/connect", "ticket": TICKET})
        if request.url.path.startswith("/v1.0/robot/"):
            self.seen.replies += 1
            self.answered.set()
        return JSONResponse({"accessToken": "a", "expireIn": 7200, "processQueryKey": "k"})

    async def talk(self, socket: WebSocket) -> None:
        await socket.accept()
        self._socket = socket
        self.connected.set()
        async for text in socket.iter_text():
            at = self._sent_at.pop(json.loads(text)["headers"]["messageId"], None)
            if at is not None:
                self.seen.seconds.append(time.perf_counter() - at)

    async def send(self, number: int, user: str, question: str) -> None:
        assert self._socket is not None
        message = {
            "conversationId": f"chat-{user}",
            "conversationType": "1",
            "msgId": f"m{number}",
            "senderStaffId": user,
            "senderCorpId": CORP,
            "chatbotCorpId": CORP,
            "msgtype": "text",
            "text": {"content": question},
            "robotCode": ROBOT,
        }
        headers = {"messageId": f"f{number}", "topic": TOPIC, "contentType": "application/json"}
        frame = {"specVersion": "1.0", "type": "CALLBACK", "headers": headers, "data": json.dumps(message, ensure_ascii=False)}
        text = json.dumps(frame, ensure_ascii=False)
        self.seen.sent += 1
        self._sent_at[f"f{number}"] = time.perf_counter()
        await self._socket.send_text(text)


@contextlib.asynccontextmanager
async def serving(gateway: Gateway) -> AsyncIterator[None]:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Route, WebSocketRoute

    routes = [WebSocketRoute("/connect", gateway.talk), Route("/{path:path}", gateway.called, methods=["GET", "POST"])]
    host, _, port = gateway.address.partition(":")
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), host=host, port=int(port), log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        await running


def link(store: Path, names: Sequence[str]) -> None:
    """Each of these users writes under their own name."""
    from assistant.access.store import AccessStore

    access = AccessStore(store)
    with access.together():
        for name in names:
            access.link("dingtalk", name, name)
    access.close()


async def chats(gateway: Gateway, users: Sequence[str], questions: Sequence[str], seconds: float) -> Acknowledged:
    """Keep ``QUEUED`` messages waiting for so long. Raises BudgetError where the service does not connect."""
    chance = random.Random(7)
    try:
        await asyncio.wait_for(gateway.connected.wait(), CONNECT_SECONDS)
    except TimeoutError as error:
        raise BudgetError("assistant serve 没有连上模拟的钉钉网关：请先单独运行它，看它报告什么") from error
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        while gateway.seen.left < QUEUED:
            await gateway.send(gateway.seen.sent, users[gateway.seen.sent % len(users)], chance.choice(questions))
        await next_answer(gateway)
    last = time.monotonic() + LAST_SECONDS
    while gateway.seen.left > 0 and time.monotonic() < last:
        await next_answer(gateway)
    return gateway.seen


async def next_answer(gateway: Gateway) -> None:
    gateway.answered.clear()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(gateway.answered.wait(), 1.0)


def report(seen: Acknowledged, seconds: float) -> None:
    cuts = statistics.quantiles(seen.seconds, n=100)
    middle, p99, longest = (1000 * value for value in (cuts[49], cuts[98], max(seen.seconds)))
    print(f"聊天（钉钉的客户端，本机的网关），{seconds:g} 秒：{seen.sent} 条，一直有 {QUEUED} 条在等答案")
    lost = f"没有确认 {seen.sent - len(seen.seconds)} 条，没有回复 {seen.left} 条"
    print(f"确认用时（毫秒）：中位 {middle:.0f}，p99 {p99:.0f}，最长 {longest:.0f}；{lost}")
