"""钉钉 by the vendor's own client against a gateway of ours on 127.0.0.1; nothing of the client is patched."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

with socket.create_server(("127.0.0.1", 0)) as probe:
    PORT = probe.getsockname()[1]
os.environ["DINGTALK_OPENAPI_ENDPOINT"] = f"http://127.0.0.1:{PORT}"  # the client reads it when it is imported
dingtalk_stream = pytest.importorskip("dingtalk_stream", reason="pip install -e '.[dingtalk]'")
web = pytest.importorskip("aiohttp.web")

from assistant.access.gate import Gate  # noqa: E402
from assistant.access.limits import Rates  # noqa: E402
from assistant.channels import dingtalk  # noqa: E402
from assistant.channels import inbox as inbox_module  # noqa: E402
from assistant.channels.connection import Pace  # noqa: E402
from assistant.channels.inbox import Inbox  # noqa: E402
from assistant.channels.wording import UNKNOWN  # noqa: E402
from tests import hostile  # noqa: E402

ASK = "龙岗区对口帮扶预算多少"
QUICK = Pace(look=0.05, grace=0.3, first_wait=0.1, longest_wait=0.4)
WEBHOOK = f"http://127.0.0.1:{PORT}/robot/sendBySession?session=s3cret"


@dataclass
class Gateway:
    calls: list[tuple[str, Any]] = field(default_factory=list)  # path and body of every HTTP call
    acks: list[dict[str, Any]] = field(default_factory=list)
    connections: int = 0
    status: int = 200  # of the gateway call
    hang: float = 0.0
    errcodes: list[int] = field(default_factory=list)  # of the next webhook calls
    live: Any = None
    loop: Any = None

    async def http(self, request: Any) -> Any:
        body = await request.text()
        self.calls.append((request.path, json.loads(body) if body else None))
        if request.path.endswith("/connections/open"):
            await asyncio.sleep(self.hang)
            return web.json_response({"endpoint": f"ws://127.0.0.1:{PORT}/connect", "ticket": "t1cket"}, status=self.status)
        if request.path.endswith("/accessToken"):
            return web.json_response({"accessToken": "AT", "expireIn": 7200})
        code = self.errcodes.pop(0) if self.errcodes else 0
        return web.json_response({"errcode": code, "errmsg": "x", "processQueryKey": "k"})

    async def ws(self, request: Any) -> Any:
        self.live = socket_ = web.WebSocketResponse()
        await socket_.prepare(request)
        self.connections += 1
        async for message in socket_:
            self.acks.append(json.loads(message.data))
        return socket_

    def push(self, frame: dict[str, Any] | str) -> None:
        text = frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False)
        asyncio.run_coroutine_threadsafe(self.live.send_str(text), self.loop).result(5)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.live.close(), self.loop).result(5)

    def said(self, path: str = "/robot/sendBySession") -> list[dict[str, Any]]:
        return [body for called, body in self.calls if called == path]


def wait_for(what: Callable[[], Any], seconds: float = 15) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


@pytest.fixture(scope="module")
def served() -> Iterator[list[Gateway]]:
    """The present gateway is the last of the list: the client has one address for as long as the process runs."""
    gateways: list[Gateway] = []
    ready, end = threading.Event(), threading.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/connect", lambda request: gateways[-1].ws(request))
        app.router.add_route("*", "/{path:.*}", lambda request: gateways[-1].http(request))
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", PORT).start()
        loop.append(asyncio.get_running_loop())
        ready.set()
        while not end.is_set():
            await asyncio.sleep(0.05)

    loop: list[Any] = []
    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    assert ready.wait(10)
    gateways.append(Gateway(loop=loop[0]))
    yield gateways
    end.set()


@pytest.fixture
def gateway(served: list[Gateway]) -> Gateway:
    served.append(Gateway(loop=served[0].loop))
    return served[-1]


@pytest.fixture
def gate(sample_store: Path, tmp_path: Path) -> Iterator[Gate]:
    gate = Gate.open(Path(shutil.copytree(sample_store, tmp_path / "store")), Rates(ask=("10000/minute",), at_once=100))
    gate.access.add("zhang")
    gate.access.grant("sample-lg-2024", "zhang")
    gate.access.link("dingtalk", "zhangsan", "zhang")
    yield gate
    gate.close()


@pytest.fixture
def robot(gate: Gate, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[dingtalk.DingTalk]:
    monkeypatch.setattr(inbox_module, "RETRY_SECONDS", 0.05)
    inbox = Inbox(gate, gate.index.folder)
    robot = dingtalk.DingTalk("ck", "cs", "corp", inbox, QUICK, frozenset({"127.0.0.1"}))
    inbox.start([robot])
    robot.start()
    yield robot
    robot.stop()
    inbox.stop()


def message(text: str = f"  {ASK}", msg_id: str = "m1", **more: Any) -> dict[str, Any]:
    data = {
        "conversationId": "cid1",
        "conversationType": "2",
        "msgId": msg_id,
        "senderNick": "**@all** [x](http://e)",
        "senderStaffId": "zhangsan",
        "senderId": "$:LWCP_v1:$x",
        "senderCorpId": "corp",
        "chatbotCorpId": "corp",
        "isInAtList": True,
        "msgtype": "text",
        "text": {"content": text},
        "createAt": int(time.time() * 1000),
        "robotCode": "ck",
        "sessionWebhook": WEBHOOK,
        "sessionWebhookExpiredTime": int(time.time() * 1000) + 5_400_000,
    } | more
    headers = {"messageId": f"f-{msg_id}", "topic": dingtalk_stream.ChatbotMessage.TOPIC, "contentType": "application/json"}
    return {"specVersion": "1.0", "type": "CALLBACK", "headers": headers, "data": json.dumps(data, ensure_ascii=False)}


def up(robot: dingtalk.DingTalk) -> None:
    wait_for(lambda: robot.health() == "up")


def test_group_question_is_acknowledged_at_once_and_answered_once(
    robot: dingtalk.DingTalk, gateway: Gateway, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    real = gate.ask

    def slow(*words: Any, **named: Any) -> Any:
        go.wait(20)
        return real(*words, **named)

    monkeypatch.setattr(gate, "ask", slow)
    up(robot)
    gateway.push(message())
    gateway.push(message())  # the vendor's repeat
    wait_for(lambda: len(gateway.acks) == 2)
    assert not gateway.said()  # nothing can be answered yet
    assert [ack["code"] for ack in gateway.acks] == [200, 200]
    go.set()
    [reply] = wait_for(gateway.said)
    time.sleep(0.2)
    text = reply["markdown"]["text"]
    assert len(gateway.said()) == 1 and text.startswith("**9,233.81万元**[1]") and "第16页" in text
    assert "|" not in text and "@all" not in text
    [line] = gate.log.lines()
    assert line.body["question"] == ASK and line.body["request"]["tenant"] == "corp" and "session" not in json.dumps(dict(line.body))


@pytest.mark.parametrize("trouble", ["system disconnect", "drop", "http 500", "bad json", "list"])
def test_connection_comes_back(robot: dingtalk.DingTalk, gateway: Gateway, trouble: str) -> None:
    up(robot)
    if trouble == "system disconnect":
        gateway.push({"specVersion": "1.0", "type": "SYSTEM", "headers": {"topic": "disconnect", "messageId": "d"}, "data": "{}"})
    elif trouble == "drop":
        gateway.close()
    elif trouble == "http 500":
        gateway.status = 500
        gateway.close()
        wait_for(lambda: robot.health() == "down")
        gateway.status = 200
    else:
        gateway.push("no json" if trouble == "bad json" else "[1]")
    if trouble not in ("bad json", "list"):
        wait_for(lambda: gateway.connections >= 2)
    up(robot)
    wait_for(lambda: gateway.live is not None and not gateway.live.closed)
    gateway.push(message())
    wait_for(gateway.said)


def test_gateway_that_hangs_is_down_and_holds_nothing_up(gate: Gate, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dingtalk, "GATEWAY_SECONDS", 0.5)
    gateway.hang = 3
    inbox = Inbox(gate, gate.index.folder)
    robot = dingtalk.DingTalk("ck", "cs", "corp", inbox, QUICK)
    robot.start()
    time.sleep(1.5)
    assert robot.health() == "down"
    assert gate.ask(gate.access.principal("zhang"), ASK).figures  # whoever asks elsewhere is answered
    began = time.monotonic()
    robot.stop()
    assert time.monotonic() - began < 5
    inbox.stop()


def test_another_organisation_and_outsiders_are_refused(robot: dingtalk.DingTalk, gateway: Gateway, gate: Gate) -> None:
    up(robot)
    gateway.push(message(msg_id="m1", senderCorpId="other"))
    gateway.push(message(msg_id="m2", senderStaffId=None))
    gateway.push(message(msg_id="m3", senderStaffId="stranger"))
    wait_for(lambda: len(gateway.said()) == 3)
    assert {reply["markdown"]["text"] for reply in gateway.said()} == {UNKNOWN}
    assert {line.kind for line in gate.log.lines()} == {"refused"}


@pytest.mark.parametrize(
    "webhook",
    [
        "http://169.254.169.254/latest",
        "https://evil.example/x",
        "https://dingtalk.com.evil.example/x",
        "http://oapi.dingtalk.com/x",
        "file:///etc/passwd",
    ],
)
def test_address_that_is_not_dingtalks_is_never_called(robot: dingtalk.DingTalk, gateway: Gateway, webhook: str) -> None:
    up(robot)
    gateway.push(message(sessionWebhook=webhook))
    [sent] = wait_for(lambda: gateway.said("/v1.0/robot/groupMessages/send"))
    assert sent["openConversationId"] == "cid1" and not gateway.said()
    assert not robot._ours(webhook) and robot._ours("https://oapi.dingtalk.com/robot/sendBySession?session=x")


@pytest.mark.parametrize(("kind", "path"), [("2", "groupMessages/send"), ("1", "oToMessages/batchSend")])
def test_webhook_that_has_ended_is_replaced(robot: dingtalk.DingTalk, gateway: Gateway, kind: str, path: str) -> None:
    up(robot)
    gateway.push(message(sessionWebhookExpiredTime=int(time.time() * 1000) - 1, conversationType=kind))
    [sent] = wait_for(lambda: gateway.said(f"/v1.0/robot/{path}"))
    assert "9,233.81万元" in json.loads(sent["msgParam"])["text"] and sent["robotCode"] == "ck"
    assert kind == "2" or sent["userIds"] == ["zhangsan"]


def test_refusal_of_the_webhook_is_tried_once_more(robot: dingtalk.DingTalk, gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    up(robot)
    gateway.errcodes = [310000]
    gateway.push(message())
    wait_for(lambda: len(gateway.said()) == 2)
    assert any("310000" in record.getMessage() for record in caplog.records)
    assert not any("s3cret" in record.getMessage() or "t1cket" in record.getMessage() for record in caplog.records)


def test_long_reply_is_several_messages_with_no_number_cut(
    robot: dingtalk.DingTalk, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant.channels.domain import Inbound
    from assistant.channels.wording import cut

    up(robot)
    pieces = cut("，".join(["9,233.81万元"] * 1500), robot.style.most_bytes)
    route = {"webhook": WEBHOOK, "webhook_until": str(int(time.time() * 1000) + 10**7)}
    robot.deliver(Inbound("dingtalk", "corp", "zhangsan", "cid1", "group", "m", ASK, time.time(), route), pieces)
    texts = [reply["markdown"]["text"] for reply in gateway.said()]
    assert len(texts) == len(pieces) > 4 and sum(text.count("9,233.81万元") for text in texts) == 1500
    assert all(len(text.encode()) <= 4000 for text in texts)


def test_orders_in_documents_are_obeyed_by_no_reply(
    robot: dingtalk.DingTalk, gateway: Gateway, poisoned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(robot._inbox, "gate", poisoned.gate)
    up(robot)
    for user in poisoned.tokens:
        gateway.push(message(hostile.ASKED, f"p1-{user}", senderStaffId=user))
        gateway.push(message("农业局的主要职责是什么", f"p2-{user}", senderStaffId=user))
    wait_for(lambda: len(gateway.said()) == 2 * len(poisoned.tokens), 60)
    texts, titles = ([reply["markdown"][part] for reply in gateway.said()] for part in ("text", "title"))
    assert all(map(hostile.is_harmless, [*texts, *titles])), texts
    assert sum(map(hostile.tells_the_figure, texts)) == len(poisoned.tokens), texts


@pytest.mark.parametrize("data", ["{}", "[]", "null", '{"msgId": 1}'])
def test_message_of_unknown_form_harms_nothing(robot: dingtalk.DingTalk, gateway: Gateway, data: str) -> None:
    up(robot)
    gateway.push(message() | {"data": data})
    gateway.push(message())
    wait_for(gateway.said)
