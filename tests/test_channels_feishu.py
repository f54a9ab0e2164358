"""飞书 by the vendor's own client against a gateway of ours on 127.0.0.1; nothing of the client is patched.

The client keeps one event loop a process, so one bot serves all tests here.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("lark_channel", reason="pip install -e '.[feishu]'")
web = pytest.importorskip("aiohttp.web")

from lark_channel.ws.pb.pbbp2_pb2 import Frame  # noqa: E402

from assistant.access.gate import Gate  # noqa: E402
from assistant.access.limits import Rates  # noqa: E402
from assistant.channels import feishu  # noqa: E402
from assistant.channels import inbox as inbox_module  # noqa: E402
from assistant.channels.connection import Pace  # noqa: E402
from assistant.channels.domain import Inbound  # noqa: E402
from assistant.channels.inbox import Inbox  # noqa: E402
from assistant.channels.wording import UNKNOWN  # noqa: E402
from tests import hostile  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
ASK = "龙岗区对口帮扶预算多少"


@dataclass
class Gateway:
    domain: str = ""
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    acks: list[int] = field(default_factory=list)
    cards: int = 200  # HTTP status of card calls
    endpoint: int = 200
    live: Any = None
    loop: Any = None
    number: int = 0

    async def http(self, request: Any) -> Any:
        text = await request.text()
        self.calls.append((request.method, request.path, json.loads(text) if text else None))
        if request.path == "/callback/ws/endpoint":
            if self.endpoint != 200:
                return web.json_response({"code": self.endpoint, "msg": "refused"}, status=self.endpoint if self.endpoint < 500 else 200)
            timing = {"ReconnectCount": -1, "ReconnectInterval": 1, "ReconnectNonce": 1, "PingInterval": 120}
            url = f"{self.domain.replace('http', 'ws')}/ws?device_id=d&service_id=1"
            return web.json_response({"code": 0, "data": {"URL": url, "ClientConfig": timing}})
        if "tenant_access_token" in request.path:
            return web.json_response({"code": 0, "tenant_access_token": "T", "expire": 7200})
        if request.path == "/open-apis/bot/v3/info":
            return web.json_response({"code": 0, "bot": {"open_id": "ou_bot", "app_name": "预算助手"}})
        if "/cardkit/" in request.path and self.cards != 200:
            return web.json_response({"code": 230020, "msg": "busy"}, status=self.cards)
        if request.path.startswith("/open-apis/cardkit/v1/cards") and request.method == "POST":
            return web.json_response({"code": 0, "data": {"card_id": "card1"}})
        self.number += 1
        return web.json_response({"code": 0, "msg": "ok", "data": {"message_id": f"om_reply{self.number}"}})

    async def ws(self, request: Any) -> Any:
        self.live = socket_ = web.WebSocketResponse()
        await socket_.prepare(request)
        async for message in socket_:
            frame = Frame()
            frame.ParseFromString(message.data)
            if frame.method == 1:
                self.acks.append(json.loads(frame.payload)["code"])
        return socket_

    def push(self, event: dict[str, Any]) -> None:
        frame = Frame()
        frame.SeqID = frame.LogID = 0
        frame.service = frame.method = 1
        self.number += 1
        for key, value in (("type", "event"), ("message_id", f"w{self.number}"), ("trace_id", "t"), ("sum", "1"), ("seq", "0")):
            header = frame.headers.add()
            header.key, header.value = key, value
        frame.payload = json.dumps(event, ensure_ascii=False).encode()
        asyncio.run_coroutine_threadsafe(self.live.send_bytes(frame.SerializeToString()), self.loop).result(5)

    def contents(self) -> list[str]:
        """Texts put into cards and messages, in order."""
        found = []
        for _, path, body in list(self.calls):
            if path.endswith("/content") and body:
                found.append(body["content"])
            elif "/im/v1/messages" in path and body and body.get("msg_type") == "text":
                found.append(json.loads(body["content"])["text"])
        return found


def wait_for(what: Callable[[], Any], seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    gateway, ready, end = Gateway(), threading.Event(), threading.Event()

    async def serve() -> None:
        gateway.loop = asyncio.get_running_loop()
        app = web.Application()
        app.router.add_get("/ws", gateway.ws)
        app.router.add_route("*", "/{path:.*}", gateway.http)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        gateway.domain = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]
        ready.set()
        while not end.is_set():
            await asyncio.sleep(0.05)

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    assert ready.wait(10)
    yield gateway
    end.set()


@pytest.fixture(scope="module")
def running(sample_store: Path, tmp_path_factory: pytest.TempPathFactory, gateway: Gateway) -> Iterator[Any]:
    gate = Gate.open(
        Path(shutil.copytree(sample_store, tmp_path_factory.mktemp("feishu") / "store")), Rates(ask=("10000/minute",), at_once=100)
    )
    for name, doc in (("zhang", "sample-lg-2024"), ("li", "sample-sz-2024")):
        gate.access.add(name)
        gate.access.grant(doc, name)
        gate.access.link("feishu", f"{name}san", name)
    inbox = Inbox(gate, gate.index.folder)
    bot = feishu.Feishu("cli_x", "s3cret", "t", inbox, gateway.domain, Pace(look=0.05, grace=30))
    inbox.start([bot])
    bot.start()
    wait_for(lambda: bot.health() == "up")
    yield SimpleNamespace(gate=gate, bot=bot, inbox=inbox)
    bot.stop()
    inbox.stop()
    gate.close()


@pytest.fixture
def fresh(running: Any, gateway: Gateway) -> Any:
    wait_for(lambda: not running.inbox._db.rows("SELECT 1 FROM messages WHERE state IN ('received', 'answered')"))
    gateway.calls.clear()
    gateway.cards = 200
    running.before = len(running.gate.log.lines(last=10_000))
    return running


def new_lines(fresh: Any) -> list[Any]:
    lines: list[Any] = fresh.gate.log.lines(last=10_000)[fresh.before :]
    return lines


def event(
    msg_id: str, user: str = "zhangsan", text: str = ASK, mention: bool = True, age: float = 0, tenant: str = "t", **more: Any
) -> dict[str, Any]:
    now = str(int((time.time() - age) * 1000))
    header = {
        "event_id": f"e-{time.monotonic()}",
        "token": "v",
        "create_time": now,
        "event_type": "im.message.receive_v1",
        "tenant_key": "t",
        "app_id": "cli_x",
    }
    sender = {
        "sender_id": {"open_id": f"ou_{user}", "user_id": user, "union_id": f"on_{user}"},
        "sender_type": "user",
        "tenant_key": tenant,
    }
    message = {
        "message_id": msg_id,
        "create_time": now,
        "chat_id": "oc_1",
        "chat_type": "group",
        "message_type": "text",
        "content": json.dumps({"text": ("@_user_1 " if mention else "") + text}),
        "mentions": [{"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "预算助手", "tenant_key": "t"}] if mention else [],
    } | more
    return {"schema": "2.0", "header": header, "event": {"sender": sender, "message": message}}


def test_question_gets_a_card_whose_content_is_the_reply_byte_for_byte(fresh: Any, gateway: Gateway) -> None:
    gateway.push(event("om_1"))
    wait_for(lambda: any("9,233.81" in text for text in gateway.contents()))
    kept = fresh.inbox._db.row("SELECT texts FROM messages WHERE msg_id = 'om_1'")
    assert gateway.contents()[-1] == json.loads(kept["texts"])[0]
    [line] = new_lines(fresh)
    assert line.body["question"] == ASK and line.who == "zhang" and line.body["request"]["tenant"] == "t"
    assert gateway.acks[-1] == 200


@pytest.mark.parametrize("text", ["合计 1000 万元", "11111", "0.00", "1,000,000.00[1] **100**"])
def test_card_keeps_every_digit(fresh: Any, gateway: Gateway, text: str) -> None:
    fresh.bot.deliver(Inbound("feishu", "t", "zhangsan", "oc_1", "group", "om_x", ASK, time.time()), [text])
    assert gateway.contents()[-1] == text


def test_two_people_within_a_moment_are_two(fresh: Any, gateway: Gateway) -> None:
    gateway.push(event("om_2"))
    gateway.push(event("om_3", user="lisan", text="公务接待费多少"))
    wait_for(lambda: len(new_lines(fresh)) == 2)
    assert {(line.who, line.body["question"]) for line in new_lines(fresh)} == {("zhang", ASK), ("li", "公务接待费多少")}


def test_repeat_under_a_new_event_id_is_one_question(fresh: Any, gateway: Gateway) -> None:
    for _ in range(3):
        gateway.push(event("om_4"))
    wait_for(gateway.contents)
    assert fresh.inbox.accept(Inbound("feishu", "t", "zhangsan", "oc_1", "group", "om_4", ASK, time.time())) is False
    time.sleep(0.3)
    assert len(new_lines(fresh)) == 1


def test_who_is_not_meant_or_too_late_or_a_bot_gets_nothing(fresh: Any, gateway: Gateway) -> None:
    gateway.push(event("om_5", mention=False))
    gateway.push(event("om_6", age=3600))
    robot = event("om_7")
    robot["event"]["sender"]["sender_type"] = "app"
    gateway.push(robot)
    gateway.push(event("om_8"))
    wait_for(gateway.contents)
    time.sleep(0.3)
    assert [line.body["request"]["msg_id"] for line in new_lines(fresh)] == ["om_8"]


def test_another_organisation_and_strangers_are_refused(fresh: Any, gateway: Gateway) -> None:
    gateway.push(event("om_9", tenant="other"))
    gateway.push(event("om_10", user="stranger"))
    wait_for(lambda: len(gateway.contents()) >= 2)
    assert set(gateway.contents()) == {UNKNOWN} and {line.kind for line in new_lines(fresh)} == {"refused"}


@pytest.mark.parametrize("status", [429, 500])
def test_card_that_is_refused_becomes_one_text(fresh: Any, gateway: Gateway, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "RETRY_SECONDS", 0.05)
    gateway.cards = status
    gateway.push(event(f"om_s{status}"))
    wait_for(lambda: [text for text in gateway.contents() if "9,233.81" in text], 60)
    texts = [body for _, path, body in gateway.calls if "/im/v1/messages" in path and body and body.get("msg_type") == "text"]
    assert len(texts) == 1


def test_question_that_fails_is_not_left_thinking(fresh: Any, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("detail")

    monkeypatch.setattr(fresh.gate, "ask", broken)
    gateway.push(event("om_11"))
    wait_for(gateway.contents)
    assert "内部错误" in gateway.contents()[-1] and "detail" not in gateway.contents()[-1]


def test_orders_in_documents_are_obeyed_by_no_reply(fresh: Any, gateway: Gateway, poisoned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh.inbox, "gate", poisoned.gate)
    for user in poisoned.tokens:
        gateway.push(event(f"om_p1-{user}", user, hostile.ASKED))
        gateway.push(event(f"om_p2-{user}", user, "农业局的主要职责是什么"))
    wait_for(lambda: len(gateway.contents()) == 2 * len(poisoned.tokens), 60)
    assert all(map(hostile.is_harmless, gateway.contents())), gateway.contents()
    assert sum(map(hostile.tells_the_figure, gateway.contents())) == len(poisoned.tokens), gateway.contents()


def test_connection_that_is_cut_comes_back(fresh: Any, gateway: Gateway) -> None:
    before = gateway.live
    asyncio.run_coroutine_threadsafe(before.close(), gateway.loop).result(5)
    wait_for(lambda: gateway.live is not before, 30)
    wait_for(lambda: fresh.bot.health() == "up")
    time.sleep(0.2)
    gateway.push(event("om_12"))
    wait_for(lambda: any("9,233.81" in text for text in gateway.contents()))


def test_nothing_is_ever_appended_to_a_card() -> None:
    source = (ROOT / "assistant" / "channels" / "feishu.py").read_text(encoding="utf-8")
    assert not re.search(r"\.append\(", source) and "set_content(" in source


def test_client_is_set_against_its_dangerous_defaults(fresh: Any) -> None:
    config = fresh.bot._client.config
    assert config.security.mode == "strict" and config.safety.text_batch.delay_ms == 0
    assert config.policy.require_mention and not config.policy.respond_to_mention_all and not config.transport.trust_env_proxy


REFUSED_BOT = """
import sys, time
from pathlib import Path
from assistant.access.gate import Gate
from assistant.access.domain import LOCAL
from assistant.channels.connection import Pace
from assistant.channels.feishu import Feishu
from assistant.channels.inbox import Inbox
folder, domain = Path(sys.argv[1]), sys.argv[2]
gate = Gate.open(folder)
inbox = Inbox(gate, folder)
bot = Feishu("cli_x", "wrong", "t", inbox, domain, Pace(look=0.05, grace=1))
inbox.start([bot])
bot.start()
time.sleep(4)
print("health", bot.health(), gate.ask(LOCAL, sys.argv[3]).status)
"""


@pytest.mark.parametrize("code", [514, 403])
def test_bot_that_is_refused_is_down_and_questions_are_answered_elsewhere(
    sample_store: Path, tmp_path: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """In a process of its own: the client has one loop a process."""
    monkeypatch.setattr(gateway, "endpoint", code)
    folder = shutil.copytree(sample_store, tmp_path / "store")
    before = len(gateway.calls)
    words = [sys.executable, "-c", REFUSED_BOT, str(folder), gateway.domain, ASK]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "health down answered" in done.stdout, done.stderr
    assert 1 <= len([path for _, path, _ in gateway.calls[before:] if path == "/callback/ws/endpoint"]) <= 8  # no rush
