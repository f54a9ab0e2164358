"""WeCom's callback and Feishu's webhook over real HTTP: what is not signed just now, and for the first time, is refused."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from assistant.access.gate import Gate
from assistant.access.limits import Rates
from assistant.api.app import make_app
from assistant.channels.inbox import Inbox
from index.errors import BudgetError

crypto = pytest.importorskip("wechatpy.enterprise.crypto", reason="pip install -e '.[wecom]'")
pytest.importorskip("lark_channel", reason="pip install -e '.[feishu]'")

from assistant.channels.callbacks import FeishuWebhook, WeComCallback, make_router  # noqa: E402
from assistant.channels.connection import Pace  # noqa: E402

ASK = "龙岗区对口帮扶预算多少"
TOKEN, AES_KEY = "tok", base64.b64encode(bytes(range(32))).decode().rstrip("=")
ENCRYPT_KEY, VERIFICATION = "enc-key-0123456789", "vtok"
Serving = Callable[[Any], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def running(sample_store: Path, tmp_path_factory: pytest.TempPathFactory, serve_app: Serving) -> Iterator[Any]:
    gate = Gate.open(Path(shutil.copytree(sample_store, tmp_path_factory.mktemp("callbacks") / "store")), Rates(ask=("10000/minute",)))
    gate.access.add("zhang")
    gate.access.grant("sample-lg-2024", "zhang")
    gate.access.link("wecom", "ZhangSan", "zhang")
    gate.access.link("feishu", "zhangsan", "zhang")
    inbox = Inbox(gate, gate.index.folder)
    replies: list[Any] = []
    wecom = WeComCallback(TOKEN, AES_KEY, inbox, frozenset({"127.0.0.1"}))

    async def vendor(scope: Any, receive: Any, send: Any) -> None:
        """Takes replies and tokens as both vendors do."""
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        replies.append((scope["path"], json.loads(body) if body else None))
        said = {
            "code": 0,
            "errcode": 0,
            "tenant_access_token": "T",
            "expire": 7200,
            "data": {"card_id": "c", "message_id": "m", "bot": {"open_id": "ou_bot", "app_name": "助手"}},
        }
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})

    with serve_app(vendor) as vendor_url:
        feishu = FeishuWebhook(ENCRYPT_KEY, VERIFICATION, "cli_x", "s", "t", inbox, vendor_url, Pace(look=0.05, grace=30))
        inbox.start([wecom, feishu])
        feishu.start()
        end = time.monotonic() + 20
        while feishu.health() != "up":
            assert time.monotonic() < end
            time.sleep(0.05)
        with serve_app(make_app(gate, routers=[make_router(wecom, feishu)])) as url, httpx.Client(base_url=url) as client:
            yield SimpleNamespace(gate=gate, inbox=inbox, client=client, replies=replies, vendor=vendor_url, wecom=wecom, feishu=feishu)
        feishu.stop()
    inbox.stop()
    gate.close()


def questions(running: Any) -> int:
    return sum(line.kind == "question" for line in running.gate.log.lines(last=100_000))


def wait_for(what: Callable[[], Any], seconds: float = 15) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


# ---------------------------------------------------------------- WeCom


def wecom_call(
    running: Any, message: Any, token: str = TOKEN, key: str = AES_KEY, receiver: str = "", age: int = 0, **changed: Any
) -> dict[str, Any]:
    """Query and body of a call as WeCom would sign it."""
    maker = crypto.WeChatCrypto(token, key, receiver)
    sealed = crypto.PrpCrypto(maker.key).encrypt(message if isinstance(message, str) else json.dumps(message), receiver).decode()
    timestamp, nonce = str(int(time.time()) - age), os.urandom(6).hex()
    signature = hashlib.sha1("".join(sorted([token, timestamp, nonce, sealed])).encode()).hexdigest()
    query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
    return {"params": query | changed.pop("query", {}), "content": changed.pop("body", json.dumps({"encrypt": sealed}))}


def wecom_message(running: Any, msg_id: str, **more: Any) -> dict[str, Any]:
    known = {"msgid": msg_id, "aibotid": "b", "chatid": "c1", "chattype": "group", "from": {"userid": "ZhangSan"}, "msgtype": "text"}
    return known | {"text": {"content": f"@助手 {ASK}"}, "response_url": f"{running.vendor}/reply/{msg_id}"} | more


def test_address_test_gets_the_plain_text_exactly(running: Any) -> None:
    maker = crypto.WeChatCrypto(TOKEN, AES_KEY, "")
    echo = crypto.PrpCrypto(maker.key).encrypt("616140317553074", "").decode()
    timestamp, nonce = str(int(time.time())), "n"
    signature = hashlib.sha1("".join(sorted([TOKEN, timestamp, nonce, echo])).encode()).hexdigest()
    query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": echo}
    assert running.client.get("/channels/wecom", params=query).content == b"616140317553074"
    for wrong in ({"msg_signature": "0" * 40}, {"timestamp": "1"}, {"echostr": "x"}):
        assert running.client.get("/channels/wecom", params=query | wrong).status_code == 403


def test_wecom_question_is_acknowledged_empty_and_answered_at_its_address(running: Any) -> None:
    sent = running.client.post("/channels/wecom", **wecom_call(running, wecom_message(running, "w1")))
    assert (sent.status_code, sent.content) == (200, b"")
    reply = wait_for(lambda: next((body for path, body in running.replies if path == "/reply/w1"), None))
    assert "9,233.81万元" in reply["markdown"]["content"]
    before = questions(running)
    assert running.client.post("/channels/wecom", **wecom_call(running, wecom_message(running, "w1"))).status_code == 200  # its repeat
    time.sleep(0.3)
    assert questions(running) == before


def test_reply_address_that_is_not_wecoms_is_not_called(running: Any) -> None:
    for number, address in enumerate(
        ("https://evil.example/x", "http://qyapi.weixin.qq.com/x", "https://qyapi.weixin.qq.com.evil.example", "", "http://[::1]/")
    ):
        message = wecom_message(running, f"s{number}", response_url=address)
        assert running.client.post("/channels/wecom", **wecom_call(running, message)).status_code == 200
    wait_for(lambda: running.inbox._db.rows("SELECT 1 FROM messages WHERE msg_id = 's4' AND state = 'failed'"))
    assert not any(path.startswith("/x") for path, _ in running.replies)


@pytest.mark.parametrize(
    "trick",
    [
        "forged",
        "other token",
        "other key",
        "wrong receiver",
        "301 s old",
        "301 s ahead",
        "no base64",
        "padding",
        "no json",
        "list",
        "empty",
        "no query",
        "long time",
        "1 MB",
    ],
)
def test_wecom_call_that_is_not_genuine_is_refused_alike(running: Any, trick: str) -> None:
    message = wecom_message(running, f"x-{trick}")
    before = questions(running)
    other = base64.b64encode(bytes(range(1, 33))).decode().rstrip("=")
    calls: dict[str, Callable[[], dict[str, Any]]] = {
        "forged": lambda: wecom_call(running, message, query={"msg_signature": "0" * 40}),
        "other token": lambda: wecom_call(running, message, token="other"),
        "other key": lambda: wecom_call(running, message, key=other),
        "wrong receiver": lambda: wecom_call(running, message, receiver="wwOTHER"),
        "301 s old": lambda: wecom_call(running, message, age=301),
        "301 s ahead": lambda: wecom_call(running, message, age=-302),
        "no base64": lambda: wecom_call(running, message, body=json.dumps({"encrypt": "§§§"})),
        "padding": lambda: wecom_call(running, message, body=json.dumps({"encrypt": base64.b64encode(os.urandom(64)).decode()})),
        "no json": lambda: wecom_call(running, message, body="<xml/>"),
        "list": lambda: wecom_call(running, message, body="[1]"),
        "empty": lambda: wecom_call(running, message, body=""),
        "no query": lambda: wecom_call(running, message) | {"params": {}},
        "long time": lambda: wecom_call(running, message, query={"timestamp": "9" * 400}),
        "1 MB": lambda: wecom_call(running, message, body=json.dumps({"encrypt": "A" * (1 << 20)})),
    }
    refused = running.client.post("/channels/wecom", **calls[trick]())
    assert refused.status_code == (413 if trick == "1 MB" else 403)
    assert trick == "1 MB" or refused.json()["error"]["message"] == "refused"
    time.sleep(0.05)
    assert questions(running) == before and not running.inbox._db.rows("SELECT 1 FROM messages WHERE msg_id = ?", (f"x-{trick}",))


def test_replayed_wecom_call_is_refused(running: Any) -> None:
    call = wecom_call(running, wecom_message(running, "r1"))
    assert running.client.post("/channels/wecom", **call).status_code == 200
    assert running.client.post("/channels/wecom", **call).status_code == 403


def test_ten_thousand_forged_calls_none_accepted(running: Any) -> None:
    """By the channel itself: what HTTP adds was tried above. Each is wrong in another way; all but the replays bear a fresh nonce."""
    from assistant.channels.callbacks import Refused

    message = wecom_message(running, "f1")
    other = base64.b64encode(bytes(range(1, 33))).decode().rstrip("=")
    good, foreign, strange = (wecom_call(running, message, **how) for how in ({}, {"token": "x"}, {"key": other}))
    genuine = wecom_call(running, wecom_message(running, "f2"))
    running.wecom.receive(genuine["params"], genuine["content"].encode())
    refused = 0
    for number in range(10_000):
        query, body = dict(good["params"]), good["content"].encode()
        match number % 7:
            case 0:
                query["msg_signature"] = hashlib.sha1(str(number).encode()).hexdigest()
            case 1:
                query["nonce"] = f"n{number}"  # the signature is of another one
            case 2:
                query["timestamp"] = str(int(query["timestamp"]) - number % 600)
                query["nonce"] = f"n{number}"
            case 3:
                at = 20 + number % 40
                body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
            case 4:
                query, body = dict(foreign["params"]), foreign["content"].encode()
            case 5:
                query, body = dict(strange["params"]), strange["content"].encode()
            case 6:
                query, body = genuine["params"], genuine["content"].encode()
        try:
            running.wecom.receive(query, body)
        except Refused:
            refused += 1
    assert refused == 10_000 and not running.inbox._db.rows("SELECT 1 FROM messages WHERE msg_id = 'f1'")


@pytest.mark.parametrize("key", ["", "short", "§" * 43])
def test_key_that_is_none_is_named(running: Any, key: str) -> None:
    with pytest.raises(BudgetError, match="AES_KEY"):
        WeComCallback(TOKEN, key, running.inbox)


# ---------------------------------------------------------------- Feishu


def seal(value: Any, key: str = ENCRYPT_KEY) -> bytes:
    """As Feishu encrypts: the client has only the other direction."""
    from Crypto.Cipher import AES

    raw = json.dumps(value, ensure_ascii=False).encode()
    raw += bytes([16 - len(raw) % 16]) * (16 - len(raw) % 16)
    start = os.urandom(16)
    sealed = AES.new(hashlib.sha256(key.encode()).digest(), AES.MODE_CBC, start).encrypt(raw)
    return json.dumps({"encrypt": base64.b64encode(start + sealed).decode()}).encode()


def signed(body: bytes, age: int = 0, key: str = ENCRYPT_KEY) -> dict[str, str]:
    timestamp, nonce = str(int(time.time()) - age), os.urandom(6).hex()
    signature = hashlib.sha256((timestamp + nonce + key).encode() + body).hexdigest()
    return {"x-lark-request-timestamp": timestamp, "x-lark-request-nonce": nonce, "x-lark-signature": signature}


def feishu_event(msg_id: str, token: str = VERIFICATION, **more: Any) -> dict[str, Any]:
    now = str(int(time.time() * 1000))
    header = {
        "event_id": f"e-{msg_id}",
        "token": token,
        "create_time": now,
        "event_type": "im.message.receive_v1",
        "tenant_key": "t",
        "app_id": "cli_x",
    }
    sender = {"sender_id": {"open_id": "ou_u", "user_id": "zhangsan", "union_id": "on_u"}, "sender_type": "user", "tenant_key": "t"}
    mention = {"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "助手", "tenant_key": "t"}
    message = {"message_id": msg_id, "create_time": now, "chat_id": "oc_1", "chat_type": "group", "message_type": "text"}
    message |= {"content": json.dumps({"text": f"@_user_1 {ASK}"}), "mentions": [mention]}
    return {"schema": "2.0", "header": header, "event": {"sender": sender, "message": message}} | more


def asked(running: Any, msg_id: str) -> bool:
    return bool(running.inbox._db.rows("SELECT 1 FROM messages WHERE channel = 'feishu' AND msg_id = ?", (msg_id,)))


def test_feishu_event_with_lower_case_headers_is_answered_and_its_replay_refused(running: Any) -> None:
    body = seal(feishu_event("om_1"))
    headers = signed(body)
    assert running.client.post("/channels/feishu", content=body, headers=headers).status_code == 200
    wait_for(lambda: asked(running, "om_1"))
    cards = lambda: [said for path, said in running.replies if path.startswith("/open-apis/cardkit")]  # noqa: E731
    wait_for(lambda: "9,233.81" in json.dumps(cards(), ensure_ascii=False))
    before = questions(running)
    assert running.client.post("/channels/feishu", content=body, headers=headers).status_code == 403
    time.sleep(0.2)
    assert questions(running) == before


def test_ten_thousand_forged_feishu_calls_none_accepted(running: Any) -> None:
    import asyncio

    from assistant.channels.callbacks import Refused

    body = seal(feishu_event("om_f1"))
    genuine = seal(feishu_event("om_f2"))
    headers = signed(genuine)
    assert running.client.post("/channels/feishu", content=genuine, headers=headers).status_code == 200

    async def forge() -> int:
        refused = 0
        for number in range(10_000):
            said, sent = signed(body), body
            match number % 5:
                case 0:
                    said["x-lark-signature"] = hashlib.sha256(str(number).encode()).hexdigest()
                case 1:
                    said["x-lark-request-nonce"] = f"n{number}"
                case 2:
                    at = 20 + number % 40
                    sent = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
                case 3:
                    said = signed(body, key="another key")
                case 4:
                    said, sent = headers, genuine
            try:
                await running.feishu.receive(said, sent)
            except Refused:
                refused += 1
        return refused

    assert asyncio.run(forge()) == 10_000 and not asked(running, "om_f1")


def test_feishu_address_test_is_answered(running: Any) -> None:
    body = seal({"type": "url_verification", "token": VERIFICATION, "challenge": "abc"})
    said = running.client.post("/channels/feishu", content=body, headers=signed(body))
    assert said.status_code == 200 and said.json() == {"challenge": "abc"}


@pytest.mark.parametrize(
    "trick", ["forged", "unsigned", "plain", "wrong token", "wrong token in test", "301 s old", "301 s ahead", "other key", "empty"]
)
def test_feishu_call_that_is_not_genuine_is_refused(running: Any, trick: str) -> None:
    msg_id = f"om_{trick}"
    body = seal(feishu_event(msg_id))
    plain = json.dumps(feishu_event(msg_id)).encode()
    wrong = seal(feishu_event(msg_id, token="x"))
    challenge = seal({"type": "url_verification", "token": "x", "challenge": "abc"})
    other = seal(feishu_event(msg_id), "another key")
    calls = {
        "forged": (body, signed(body, key="wrong")),
        "unsigned": (body, {}),
        "plain": (plain, {}),
        "wrong token": (wrong, signed(wrong)),
        "wrong token in test": (challenge, signed(challenge)),
        "301 s old": (body, signed(body, age=301)),
        "301 s ahead": (body, signed(body, age=-302)),
        "other key": (other, signed(other)),
        "empty": (b"", signed(b"")),
    }
    content, headers = calls[trick]
    refused = running.client.post("/channels/feishu", content=content, headers=headers)
    assert refused.status_code == 403 and refused.json()["error"]["message"] == "refused"
    time.sleep(0.1)
    assert not asked(running, msg_id)
