"""The page's own logic: one line for what goes wrong, history handed on, nothing loaded from elsewhere."""

from __future__ import annotations

import socket
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import app
from assistant import BudgetError


class FakeAssistant:
    """Answers with the number of turns it was handed, or fails as told."""

    library = types.SimpleNamespace(source=types.SimpleNamespace(documents=list))

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def ask(self, question: str, history: list[dict[str, str]]) -> str:
        if self.error:
            raise self.error
        return f"{question}：{[turn['content'] for turn in history]}"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> app.Desk:
    monkeypatch.setitem(sys.modules, "assistant.render", types.SimpleNamespace(answer_to_markdown=str))  # type: ignore[arg-type]
    return app.Desk(Path("nowhere"))


def open_as(desk: app.Desk, assistant: FakeAssistant) -> None:
    desk._assistant = assistant  # type: ignore[assignment]


def test_history_reaches_the_assistant_from_strings_and_from_parts(desk: app.Desk) -> None:
    open_as(desk, FakeAssistant())
    messages = [{"role": "user", "content": "甲"}, {"role": "assistant", "content": [{"type": "text", "text": "乙"}]}]
    assert desk.reply("丙", messages) == "丙：['甲', '乙']"


def test_a_known_error_is_one_line_and_an_unknown_one_hides_its_traceback(desk: app.Desk) -> None:
    open_as(desk, FakeAssistant(BudgetError("索引已损坏：请重建")))
    assert desk.reply("问") == "⚠️ 索引已损坏：请重建"
    open_as(desk, FakeAssistant(ZeroDivisionError("secret")))
    reply = desk.reply("问")
    assert "secret" not in reply and "\n" not in reply


def test_missing_or_empty_store_tells_the_command_that_fills_it(desk: app.Desk, tmp_path: Path) -> None:
    open_as(desk, FakeAssistant())
    assert "assistant ingest" in desk.status()
    assert "assistant ingest" in app.Desk(tmp_path / "none").status()


def test_taken_port_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert app.main(["--port", str(port)]) == 1
    assert str(port) in capsys.readouterr().err


def test_page_is_for_this_machine_only_unless_told_otherwise() -> None:
    args = app.parse_args([])
    assert (args.host, args.port) == ("127.0.0.1", 7860)


def test_page_answers_over_http_and_contacts_nobody(desk: app.Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real gradio server: the endpoint that programs use answers, the page is served, no foreign host is looked up."""
    from urllib.request import urlopen

    foreign: list[Any] = []
    look_up = socket.getaddrinfo

    def guarded(host: Any, *rest: Any, **more: Any) -> Any:
        if host not in (None, "127.0.0.1", "localhost", "::1", b"127.0.0.1"):
            foreign.append(host)
            raise socket.gaierror(-2, "no network in tests")
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", guarded)
    open_as(desk, FakeAssistant())
    page = app.build_page(desk)
    try:
        _, url, _ = app.serve(page, "127.0.0.1", None, prevent_thread_lock=True)
        with urlopen(url, timeout=20) as reply:
            text = reply.read().decode()
        assert "fonts.googleapis" not in text and "cdn" not in text
        from gradio_client import Client

        client = Client(url, verbose=False)
        assert client.predict("龙岗区对口帮扶预算多少", api_name="/ask") == "龙岗区对口帮扶预算多少：[]"
        assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/ask"]
    finally:
        page.close()
    assert foreign == []
