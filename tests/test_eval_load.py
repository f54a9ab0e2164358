"""The load measurement by itself, small: the service in its own process, clients and chat messages from here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eval import load


def test_everybody_is_answered_and_every_chat_message_acknowledged(sample_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("dingtalk_stream", reason="pip install -e '.[dingtalk]'")
    words = ["--store", str(sample_store), "--clients", "4", "--seconds", "3", "--think", "0.2", "--chat", "2"]
    assert load.run(words) == 0
    said = capsys.readouterr().out
    asked = re.search(r"4 人，3 秒：(\d+) 问，.*200 × (\d+)", said)
    assert asked and asked[1] == asked[2] and int(asked[1]) >= 4
    assert "429 × 40" in said
    sent = re.search(r"聊天.*：(\d+) 条，一直有 60 条在等答案", said)
    assert sent and int(sent[1]) >= 60 and "没有确认 0 条，没有回复 0 条" in said
