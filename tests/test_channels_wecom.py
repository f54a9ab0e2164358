"""企业微信 by the vendor's own client against a gateway of ours on 127.0.0.1 (TLS by trustme); nothing of the client is patched."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assistant.access.gate import Gate
from assistant.access.limits import Rates
from assistant.channels.connection import Pace
from assistant.channels.inbox import Inbox
from assistant.channels.wording import UNKNOWN
from index.errors import BudgetError
from tests import hostile

aibot_ws = pytest.importorskip("aibot.ws", reason="pip install -e '.[wecom]'")
trustme = pytest.importorskip("trustme", reason="pip install -e '.[test]'")
websockets = pytest.importorskip("websockets")

from assistant.channels import wecom  # noqa: E402

ASK = "龙岗区对口帮扶预算多少"
QUICK = Pace(look=0.05, grace=0.4, first_wait=0.1, longest_wait=0.4)


@dataclass
class Gateway:
    """WeCom's side: acknowledges, keeps what it is sent, pushes messages, and misbehaves as told."""

    url: str = ""
    frames: list[dict[str, Any]] = field(default_factory=list)
    connections: int = 0
    behave: str = ""  # what to do after the next authentication
    auth_error: int = 0
    silent: set[str] = field(default_factory=set)  # commands that are not acknowledged
    refused: dict[str, int] = field(default_factory=dict)  # errcode by command
    live: Any = None
    loop: Any = None

    async def talk(self, ws: Any) -> None:
        self.connections += 1
        self.live = ws
        async for raw in ws:
            frame = json.loads(raw)
            self.frames.append(frame)
            command = frame["cmd"]
            if command in self.silent:
                continue
            error = self.auth_error if command == "aibot_subscribe" else self.refused.get(command, 0)
            await ws.send(json.dumps({"headers": frame["headers"], "errcode": error, "errmsg": "x"}))
            if command == "aibot_subscribe":
                how, self.behave = self.behave, ""
                if how.startswith("close"):
                    await ws.close(int(how[5:]))
                elif how:
                    await ws.send(how)

    def push(self, frame: dict[str, Any] | str) -> None:
        text = frame if isinstance(frame, str) else json.dumps(frame)
        asyncio.run_coroutine_threadsafe(self.live.send(text), self.loop).result(5)

    def replies(self, command: str = "aibot_respond_msg") -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["cmd"] == command]


def wait_for(what: Callable[[], Any], seconds: float = 15) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


@pytest.fixture(scope="module")
def authority() -> Any:
    authority = trustme.CA()
    authority.configure_trust(aibot_ws._SSL_CONTEXT)
    return authority


@pytest.fixture
def gateway(authority: Any) -> Iterator[Gateway]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    gateway, ready, end = Gateway(), threading.Event(), threading.Event()

    async def serve() -> None:
        gateway.loop = asyncio.get_running_loop()
        async with websockets.serve(gateway.talk, "127.0.0.1", 0, ssl=context) as server:
            gateway.url = f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            ready.set()
            while not end.is_set():
                await asyncio.sleep(0.05)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait(10)
    yield gateway
    end.set()
    thread.join(10)


@pytest.fixture
def gate(sample_store: Path, tmp_path: Path) -> Iterator[Gate]:
    gate = Gate.open(Path(shutil.copytree(sample_store, tmp_path / "store")), Rates(ask=("10000/minute",), at_once=100))
    gate.access.add("zhang")
    gate.access.grant("sample-lg-2024", "zhang")
    gate.access.link("wecom", "ZhangSan", "zhang")
    yield gate
    gate.close()


@pytest.fixture
def bot(gate: Gate, gateway: Gateway) -> Iterator[wecom.WeCom]:
    inbox = Inbox(gate, gate.index.folder)
    bot = wecom.WeCom("bot", "s3cret", inbox, gateway.url, QUICK, heartbeat=0.2)
    inbox.start([bot])
    bot.start()
    yield bot
    bot.stop()
    inbox.stop()


def message(text: str = f"@预算助手 {ASK}", msg_id: str = "m1", user: str = "ZhangSan", **more: Any) -> dict[str, Any]:
    body = {
        "msgid": msg_id,
        "aibotid": "bot",
        "chattype": "group",
        "chatid": "C1",
        "from": {"userid": user},
        "msgtype": "text",
        "text": {"content": text},
    } | more
    return {"cmd": "aibot_msg_callback", "headers": {"req_id": f"r-{msg_id}"}, "body": body}


def up(bot: wecom.WeCom) -> None:
    wait_for(lambda: bot.health() == "up")


def test_group_question_is_answered_once_and_whole(bot: wecom.WeCom, gateway: Gateway, gate: Gate) -> None:
    up(bot)
    for _ in range(3):
        gateway.push(message())
    [reply] = wait_for(gateway.replies)
    time.sleep(0.3)
    stream = reply["body"]["stream"]
    assert reply["headers"]["req_id"] == "r-m1" and stream["finish"] is True and len(gateway.replies()) == 1
    assert stream["content"].startswith("**9,233.81万元**[1]") and len(stream["content"].encode()) <= 20480
    [line] = gate.log.lines()
    assert line.body["question"] == ASK and line.who == "zhang" and line.body["request"]["chat"] == "C1"


@pytest.mark.parametrize("trouble", ["close1000", "close1011", "[1,2]", "7", "not json", "no pong"])
def test_connection_comes_back_however_it_dies(bot: wecom.WeCom, gateway: Gateway, trouble: str) -> None:
    up(bot)
    if trouble == "no pong":
        gateway.silent.add("ping")
        wait_for(lambda: gateway.connections >= 2, 30)
        gateway.silent.clear()
    else:
        gateway.behave = trouble
        asyncio.run_coroutine_threadsafe(gateway.live.close(1011), gateway.loop).result(5)
        wait_for(lambda: gateway.connections >= 2 and not gateway.behave, 30)
        time.sleep(0.2)

    def answered() -> bool:
        if bot.health() == "up" and not gateway.replies():
            try:
                gateway.push(message(msg_id=f"m{time.monotonic()}"))
            except Exception:
                return False
            time.sleep(0.4)
        return bool(gateway.replies())

    wait_for(answered, 30)


def test_refused_credentials_are_down_and_not_tried_in_a_rush(gate: Gate, gateway: Gateway) -> None:
    gateway.auth_error = 853000
    inbox = Inbox(gate, gate.index.folder)
    bot = wecom.WeCom("bot", "wrong", inbox, gateway.url, QUICK, heartbeat=0.2)
    bot.start()
    time.sleep(2.5)
    assert bot.health() == "down" and 1 <= gateway.connections <= 6
    gateway.auth_error = 0
    up(bot)
    bot.stop()
    inbox.stop()


def test_newer_connection_elsewhere_turns_this_one_off(bot: wecom.WeCom, gateway: Gateway) -> None:
    up(bot)
    event = {"msgtype": "event", "msgid": "e", "aibotid": "bot", "event": {"eventtype": "disconnected_event"}}
    gateway.push({"cmd": "aibot_event_callback", "headers": {"req_id": "e"}, "body": event})
    wait_for(lambda: bot.health() == "off")
    before = gateway.connections
    time.sleep(1)
    assert gateway.connections == before and bot.health() == "off"


def test_answer_that_comes_after_six_minutes_is_pushed(bot: wecom.WeCom, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wecom, "STREAM_SECONDS", 0)
    up(bot)
    gateway.push(message())
    [pushed] = wait_for(lambda: gateway.replies("aibot_send_msg"))
    assert pushed["body"]["chatid"] == "C1" and "9,233.81万元" in pushed["body"]["markdown"]["content"] and not gateway.replies()


def test_stream_no_longer_taken_is_pushed(bot: wecom.WeCom, gateway: Gateway) -> None:
    gateway.refused["aibot_respond_msg"] = 846608
    up(bot)
    gateway.push(message(chattype="single"))
    [pushed] = wait_for(lambda: gateway.replies("aibot_send_msg"))
    assert pushed["body"]["chatid"] == "ZhangSan"


def test_unknown_person_is_refused_and_other_kinds_are_told(bot: wecom.WeCom, gateway: Gateway, gate: Gate) -> None:
    up(bot)
    gateway.push(message(user="Stranger"))
    [reply] = wait_for(gateway.replies)
    assert reply["body"]["stream"]["content"] == UNKNOWN and gate.log.lines()[-1].kind == "refused"
    gateway.push(message(msg_id="m2", msgtype="image", image={"url": "http://127.0.0.1:1/x", "aeskey": "k"}))
    assert "只支持文字" in wait_for(lambda: len(gateway.replies()) > 1 and gateway.replies())[1]["body"]["stream"]["content"]


def test_orders_in_documents_are_obeyed_by_no_reply(
    bot: wecom.WeCom, gateway: Gateway, poisoned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot._inbox, "gate", poisoned.gate)
    up(bot)
    for user in poisoned.tokens:
        gateway.push(message(f"@助手 {hostile.ASKED}", f"p1-{user}", user))
        gateway.push(message("@助手 农业局的主要职责是什么", f"p2-{user}", user))
    wait_for(lambda: len(gateway.replies()) == 2 * len(poisoned.tokens), 60)
    said = {frame["headers"]["req_id"]: frame["body"]["stream"]["content"] for frame in gateway.replies()}
    assert all(map(hostile.is_harmless, said.values())), said
    assert all(hostile.tells_the_figure(said[f"r-p1-{user}"]) for user in poisoned.tokens), said


def test_reply_never_acknowledged_frees_the_worker(bot: wecom.WeCom, gateway: Gateway, gate: Gate, caplog: Any) -> None:
    up(bot)
    gateway.silent |= {"aibot_respond_msg", "aibot_send_msg"}
    gateway.push(message())
    wait_for(lambda: any("not delivered" in record.getMessage() for record in caplog.records), 40)
    gateway.silent.clear()
    gateway.push(message(msg_id="m2"))
    wait_for(lambda: [frame for frame in gateway.replies() if frame["headers"]["req_id"] == "r-m2"], 40)


@pytest.mark.parametrize(
    "wrong", [{}, {"body": None}, {"body": {"from": None}}, {"body": {"msgid": "m", "from": {"userid": "u"}, "chattype": "group"}}]
)
def test_message_of_unknown_form_harms_nothing(bot: wecom.WeCom, gateway: Gateway, wrong: dict[str, Any]) -> None:
    up(bot)
    gateway.push({"cmd": "aibot_msg_callback", "headers": {"req_id": "x"}} | wrong)
    gateway.push(message())

    def again() -> bool:
        if bot.health() == "up" and not gateway.replies():
            gateway.push(message(msg_id=f"m{time.monotonic()}"))
            time.sleep(0.3)
        return bool(gateway.replies())

    wait_for(again)


def test_missing_package_is_named_with_its_extra(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "aibot", None)
    inbox = Inbox(gate, gate.index.folder)
    with pytest.raises(BudgetError, match=r"\[wecom\]"):
        wecom.WeCom("bot", "s", inbox)
    inbox.stop()
