"""The whole service, the vendor's own client inside it, killed in mid-answer and started again: everybody is answered, and once."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eval import chatload, load

pytest.importorskip("dingtalk_stream", reason="pip install -e '.[dingtalk]'")

ROOT = Path(__file__).resolve().parents[1]
ASK, FIGURE = "龙岗区对口帮扶预算多少", "9,233.81"
PEOPLE = 30


class Vendor(chatload.Gateway):
    """Kills the service with the first reply on its way, before that is taken; afterwards keeps what comes, by user."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.to_kill: subprocess.Popen[bytes] | None = None
        self.said: dict[str, list[str]] = {}
        self.killed = asyncio.Event()

    async def called(self, request: Any) -> Any:
        if request.url.path.startswith("/v1.0/robot/"):
            if self.to_kill is not None:
                os.kill(self.to_kill.pid, signal.SIGKILL)
                self.killed.set()
                await asyncio.sleep(3600)  # nobody is there to be told
            body = await request.json()
            [user] = body["userIds"]
            self.said.setdefault(user, []).append(json.loads(body["msgParam"])["text"])
        return await super().called(request)


def start(store: Path, vendor: Vendor, errors: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "assistant", "serve", "--store", str(store), "--port", str(load.free_port())]
    env = {**os.environ, **vendor.environment, "PYTHONPATH": str(ROOT)}
    with errors.open("ab") as out:
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=out)
    assert process.stdout is not None and "HTTP 服务" in process.stdout.readline().decode()
    return process


async def until(what: Any, seconds: float = 90) -> None:
    async def look() -> None:
        while not what():
            await asyncio.sleep(0.05)

    await asyncio.wait_for(look(), seconds)


async def crash_and_restart(store: Path, users: list[str], errors: Path) -> dict[str, list[str]]:
    vendor = Vendor(load.free_port())
    async with chatload.serving(vendor):
        first = await asyncio.to_thread(start, store, vendor, errors)
        vendor.to_kill = first
        await asyncio.wait_for(vendor.connected.wait(), 60)
        for number, user in enumerate(users):
            await vendor.send(number, user, ASK)
        await asyncio.wait_for(vendor.killed.wait(), 60)
        first.wait(10)
        assert first.returncode == -signal.SIGKILL and not vendor.said
        vendor.to_kill = None
        vendor.connected.clear()
        second = await asyncio.to_thread(start, store, vendor, errors)
        try:
            await asyncio.wait_for(vendor.connected.wait(), 60)
            for number, user in enumerate(users):
                await vendor.send(number, user, ASK)  # the vendor's repeat
            await until(lambda: len(vendor.said) == len(users))
            await asyncio.sleep(1)
        finally:
            second.terminate()
            await asyncio.to_thread(second.wait, 30)
    return vendor.said


def test_service_killed_in_mid_answer_answers_everybody_once_after_its_restart(sample_store: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(sample_store, tmp_path / "store", ignore=shutil.ignore_patterns("access.sqlite*", "log.sqlite*")))
    load.enter_clients(store, PEOPLE)
    users = [f"client-{number}" for number in range(PEOPLE)]
    chatload.link(store, users)
    errors = tmp_path / "stderr"
    said = asyncio.run(crash_and_restart(store, users, errors))
    assert Counter({user: len(texts) for user, texts in said.items()}) == Counter(users)
    assert all(FIGURE in texts[0] for texts in said.values())
    told = errors.read_text("utf-8")
    assert chatload.TICKET not in told and chatload.CREDENTIALS["BUDGET_ASSISTANT_DINGTALK_CLIENT_SECRET"] not in told
