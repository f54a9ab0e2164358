"""What all chat tools share: once, at once, by the person's own rights, also after a crash; and how answers look there."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.access.gate import Gate
from assistant.access.limits import Rates
from assistant.channels import inbox as inbox_module
from assistant.channels.domain import GROUP, SINGLE, DeliveryError, Inbound, Style
from assistant.channels.inbox import Inbox
from assistant.channels.logs import Discreet, without_secrets
from assistant.channels.wording import BUSY, HELP, ONLY_TEXT, UNKNOWN, answer_to_texts, cut, tables_to_lists
from assistant.domain import Answer, Citation, Status

ROOT = Path(__file__).resolve().parents[1]
LG, SZ = "sample-lg-2024", "sample-sz-2024"
ASK = "龙岗区对口帮扶预算多少"
STYLE = Style(4000)


class Window:
    """A chat tool without a vendor: remembers what was delivered."""

    name = "window"

    def __init__(self, style: Style = STYLE) -> None:
        self.style = style
        self.delivered: list[tuple[str, list[str]]] = []
        self.refusals = 0  # so many deliveries are refused first

    def deliver(self, inbound: Inbound, texts: Sequence[str]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise DeliveryError('{"errcode": 310000, "sessionWebhook": "https://x/y?session=abc"}')
        self.delivered.append((inbound.msg_id, list(texts)))

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def health(self) -> str:
        return "up"

    def wait(self, count: int = 1, seconds: float = 20) -> list[tuple[str, list[str]]]:
        end = time.monotonic() + seconds
        while len(self.delivered) < count:
            assert time.monotonic() < end, self.delivered
            time.sleep(0.01)
        return self.delivered


def message(text: str | None, msg_id: str = "m1", user: str = "ZhangSan", **more: Any) -> Inbound:
    known: dict[str, Any] = {"tenant": "t", "chat": "c", "chat_type": GROUP, "received": time.time()}
    return Inbound(channel="window", user=user, msg_id=msg_id, text=text, **(known | more))


@pytest.fixture
def gate(sample_store: Path, tmp_path: Path) -> Iterator[Gate]:
    gate = Gate.open(Path(shutil.copytree(sample_store, tmp_path / "store")), Rates(ask=("10000/minute",), at_once=100))
    for name, external, docs in (("zhang", "ZhangSan", (LG,)), ("li", "LiSi", (SZ,)), ("wang", "WangWu", (LG, SZ))):
        gate.access.add(name)
        gate.access.link("window", external, name)
        for doc in docs:
            gate.access.grant(doc, name)
    yield gate
    gate.close()


@pytest.fixture
def window() -> Window:
    return Window()


@pytest.fixture
def inbox(gate: Gate, window: Window) -> Iterator[Inbox]:
    inbox = Inbox(gate, gate.index.folder, page_url=lambda c: f"https://budget.example/pages/{c.doc}/{c.page}.png" if c.page else None)
    inbox.start([window])
    yield inbox
    inbox.stop()


def test_question_gets_figure_source_and_page_link(inbox: Inbox, window: Window, gate: Gate) -> None:
    assert inbox.accept(message(f" {ASK} "))
    [text] = window.wait()[0][1]
    assert text.startswith("**9,233.81万元**[1]") and "[看原页](https://budget.example/pages/sample-lg-2024/16.png)" in text
    line = gate.log.lines()[-1]
    assert (line.who, line.channel) == ("zhang", "window") and line.body["request"]["msg_id"] == "m1"


def test_repeat_is_answered_once_even_at_the_same_moment(inbox: Inbox, window: Window, gate: Gate) -> None:
    accepted = []
    threads = [threading.Thread(target=lambda: accepted.append(inbox.accept(message(ASK)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    window.wait()
    inbox.accept(message(ASK))
    time.sleep(0.3)
    assert sorted(accepted) == [False] * 7 + [True]
    assert len(window.delivered) == 1 and len(gate.log.lines()) == 1


def test_unknown_person_is_refused_and_logged(inbox: Inbox, window: Window, gate: Gate) -> None:
    inbox.accept(message(ASK, "m1", user="Stranger"))
    inbox.accept(message(ASK, "m2", user=""))
    assert {tuple(texts) for _, texts in window.wait(2)} == {(UNKNOWN,)}
    assert sorted(line.who for line in gate.log.lines() if line.kind == "refused") == ["?c", "Stranger"]


def test_what_is_no_question_is_told_what_to_ask(inbox: Inbox, window: Window, gate: Gate) -> None:
    for number, text in enumerate((None, "   ", "问" * 2001)):
        inbox.accept(message(text, f"m{number}"))
    said = {msg_id: texts[0] for msg_id, texts in window.wait(3)}
    assert said["m0"] == ONLY_TEXT and said["m1"] == HELP and "问题太长" in said["m2"]


def test_two_people_in_one_group_have_their_own_rights_and_their_own_thread(inbox: Inbox, window: Window) -> None:
    inbox.accept(message(ASK, "m1"))
    inbox.accept(message(ASK, "m2", user="LiSi"))
    said = dict(window.wait(2))
    assert "9,233.81" in said["m1"][0] and "9,233" not in said["m2"][0] and LG not in said["m2"][0]
    inbox.accept(message("那比去年增加多少", "m3"))
    inbox.accept(message("那比去年增加多少", "m4", user="LiSi"))
    said = dict(window.wait(4))
    assert "4,339.81万元" in said["m3"][0] and "4,339" not in said["m4"][0]


def test_another_chat_and_an_old_one_are_no_context(inbox: Inbox, window: Window) -> None:
    inbox.accept(message(ASK, "m1", received=time.time() - 3000))
    window.wait()
    inbox.accept(message("那比去年增加多少", "m2"))
    inbox.accept(message("那比去年增加多少", "m3", chat="other"))
    said = dict(window.wait(3))
    assert "4,339.81" not in said["m2"][0] + said["m3"][0]


def test_options_are_numbered_and_a_number_picks_one(inbox: Inbox, window: Window) -> None:
    inbox.accept(message("三公经费去年是多少（2023年）", "m1", user="WangWu", chat_type=SINGLE))
    offered = window.wait()[0][1][0]
    assert "1. 深圳市工业和信息化局" in offered and "46.00" in offered and "2. 深圳市龙岗区工业和信息化局" in offered
    inbox.accept(message("2", "m2", user="WangWu"))
    picked = window.wait(2)[1][1][0]
    assert "35.00万元" in picked and "17.00" not in picked and "来源：" in picked and LG not in picked.split("来源")[0]
    inbox.accept(message("9", "m3", user="WangWu"))
    assert "35.00" not in window.wait(3)[2][1][0]


def test_option_is_not_picked_after_its_right_is_withdrawn(inbox: Inbox, window: Window, gate: Gate) -> None:
    inbox.accept(message("三公经费去年是多少（2023年）", "m1", user="WangWu"))
    window.wait()
    gate.access.withdraw(LG, "wang")
    inbox.accept(message("2", "m2", user="WangWu"))
    assert "35.00" not in window.wait(2)[1][1][0]


def held(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    go = threading.Event()
    real = gate.ask

    def slow(*words: Any, **named: Any) -> Answer:
        go.wait(20)
        return real(*words, **named)

    monkeypatch.setattr(gate, "ask", slow)
    return go.set


def test_acknowledged_at_once_while_answers_are_queued_and_full_queue_says_busy(
    gate: Gate, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = held(gate, monkeypatch)
    inbox = Inbox(gate, gate.index.folder, workers=2, waiting=50)
    inbox.start([window])
    assert all(inbox.accept(message(ASK, f"m{number}")) for number in range(60))  # though no answer can be had yet
    busy = window.wait(8)
    assert all(texts == [BUSY] for _, texts in busy)
    go()
    said = window.wait(60)
    assert len({msg_id for msg_id, _ in said}) == 60 and sum(texts == [BUSY] for _, texts in said) in (8, 9, 10)
    inbox.stop()


def test_refused_delivery_is_tried_once_more_then_logged_without_secrets(
    inbox: Inbox, window: Window, gate: Gate, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "RETRY_SECONDS", 0.05)
    window.refusals = 1
    inbox.accept(message(ASK, "m1"))
    window.wait()
    window.refusals = 2
    inbox.accept(message(ASK, "m2"))
    while window.refusals:
        time.sleep(0.01)
    inbox.accept(message(ASK, "m3"))
    assert [msg_id for msg_id, _ in window.wait(2)] == ["m1", "m3"]
    told = [record.getMessage() for record in caplog.records if "not delivered" in record.getMessage()]
    assert len(told) == 3 and all("session=abc" not in text and "310000" in text for text in told)


def test_failed_question_says_so_and_the_worker_goes_on(inbox: Inbox, window: Window, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    real = gate.ask

    def broken(*words: Any, **named: Any) -> Answer:
        raise RuntimeError("detail")

    monkeypatch.setattr(gate, "ask", broken)
    for number in range(4):
        inbox.accept(message(ASK, f"m{number}"))
    assert all("内部错误" in texts[0] and "detail" not in texts[0] for _, texts in window.wait(4))
    monkeypatch.setattr(gate, "ask", real)
    inbox.accept(message(ASK, "m9"))
    assert "9,233.81" in window.wait(5)[4][1][0]


def test_own_limit_is_told(gate: Gate, window: Window) -> None:
    gate.limiter.rates = replace(gate.limiter.rates, ask=("2/minute",))
    inbox = Inbox(gate, gate.index.folder)
    inbox.start([window])
    for number in range(3):
        inbox.accept(message(ASK, f"m{number}"))
        window.wait(number + 1)
    assert "太频繁" in window.delivered[2][1][0]
    inbox.stop()


CRASHING = """
import sys, time, os
from pathlib import Path
sys.path.insert(0, {root!r})
from assistant.access.gate import Gate
from assistant.channels.inbox import Inbox
from assistant.channels.domain import Inbound, Style
gate = Gate.open(Path({folder!r}))
class Never:
    name, style = "window", Style(4000)
    def deliver(self, inbound, texts): print("delivered", flush=True)
real = gate.ask
def slow(*words, **named):
    print("answering", flush=True); time.sleep(60)
gate.ask = slow
inbox = Inbox(gate, Path({folder!r})); inbox.start([Never()])
inbox.accept(Inbound("window", "t", "ZhangSan", "c", "group", "m1", {ask!r}, time.time(), {{"a": "b"}}))
time.sleep(60)
"""


def test_killed_in_mid_answer_then_started_again_answers_once(gate: Gate, window: Window) -> None:
    folder = gate.index.folder
    code = CRASHING.format(root=str(ROOT), folder=str(folder), ask=ASK)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None and process.stdout.readline() == b"answering\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(2):  # the second start finds nothing left to do
        inbox = Inbox(gate, folder)
        inbox.start([window])
        window.wait()
        assert inbox.accept(message(ASK, "m1")) is False  # the vendor's repeat
        time.sleep(0.3)
        inbox.stop()
    assert len(window.delivered) == 1 and "9,233.81" in window.delivered[0][1][0]
    assert len([line for line in gate.log.lines() if line.kind == "question"]) == 1


def test_answer_found_before_a_crash_is_sent_not_found_again(gate: Gate, window: Window) -> None:
    inbox = Inbox(gate, gate.index.folder)
    inbox.start([])
    inbox._db.change(
        """INSERT INTO messages (channel, msg_id, chat, user, received, state, inbound, texts)
           VALUES ('window', 'm1', 'c', 'u', ?, 'answered', ?, ?)""",
        (time.time(), json.dumps(_plain(message(ASK))), '["已有的答案"]'),
    )
    inbox.stop()
    again = Inbox(gate, gate.index.folder)
    again.start([window])
    assert window.wait() == [("m1", ["已有的答案"])] and not gate.log.lines()
    again.stop()


def _plain(inbound: Inbound) -> dict[str, Any]:
    return {name: getattr(inbound, name) for name in Inbound.__slots__}


def test_nick_and_text_of_the_question_call_nobody(inbox: Inbox, window: Window) -> None:
    inbox.accept(message("**@all** [x](http://e) @所有人 龙岗区对口帮扶预算多少 <at user_id='all'></at>", "m1"))
    text = "\n".join(window.wait()[0][1])
    assert "@all" not in text and "@所有人" not in text and "http://e" not in text and "<at" not in text


# ---------------------------------------------------------------- wording


def test_tables_become_lists_with_every_cell() -> None:
    table = "甲更多。\n\n| 单位 | 数额 |\n|---|---|\n| 甲 | **133.00万元**[1] |\n| 乙 | −17.00 |\n\n完"
    assert tables_to_lists(table) == "甲更多。\n\n- 甲，**133.00万元**[1]\n- 乙，−17.00\n\n完"
    assert tables_to_lists("a | b\n|x|") == "a | b\n|x|"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["9,233.81万元", "**1,000,000.00元**", "[12]", "[看原页](https://b.cn/p/1.png?box=1,2)", "预算", "，", "\n", "0.00"]
        ),
        max_size=300,
    )
)
def test_cut_keeps_every_character_and_breaks_no_number_mark_or_link(parts: list[str]) -> None:
    text = "、".join(parts)
    pieces = cut(text, 120)
    assert all(len(piece.encode()) <= 120 for piece in pieces)
    assert "".join(pieces).replace("\n", "") == text.replace("\n", "")
    for whole in ("9,233.81万元", "[12]", "[看原页](https://b.cn/p/1.png?box=1,2)", "0.00"):
        assert sum(piece.count(whole) for piece in pieces) == text.count(whole)


def test_long_answer_is_short_on_sources_and_never_empty() -> None:
    places = tuple(Citation(n, LG, "某局预算", "9,233.81", page=n) for n in range(1, 12))
    texts = answer_to_texts(Answer("问", Status.ANSWERED, "数字" * 3000, citations=places), Style(2000), lambda c: None)
    assert len(texts) > 5 and "另有 6 处" in texts[-1] and all(texts)


def test_log_filter_hides_what_vendors_print() -> None:
    text = 'ticket=abc&x=1 "secret": "s3", sessionWebhook: https://a/b?session=zz response_url=https://u aeskey=k'
    assert not any(secret in without_secrets(text) for secret in ("abc", "s3", "zz", "https://u", "=k"))
    try:
        raise ValueError("wss://gateway/connect?ticket=t1cket")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "Bearer %s", ("bq_abcdefghijklmn",), (ValueError, error, error.__traceback__))
    told = Discreet().format(record)
    assert "Traceback" in told and "t1cket" not in told and "abcdefgh" not in told
