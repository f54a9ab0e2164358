"""How the service bears many clients: ``python -m eval load [--store DIR] [--clients 64] [--seconds 60]``.

``assistant serve`` runs in a process of its own on this machine, on a copy of the store with one user and token a client; this
process is the clients. Each asks a figure question, thinks a second, asks the next. Then the same without raised limits,
and chat messages, each timed to its acknowledgement.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from eval import chatload
from index.errors import BudgetError

if TYPE_CHECKING:
    import httpx

QUESTIONS = Path(__file__).resolve().parent / "sets" / "samples.jsonl"
RAISED = {"BUDGET_ASSISTANT_ASK_LIMIT": "100000/minute", "BUDGET_ASSISTANT_AT_ONCE": "1000"}
START_SECONDS = 60.0
EXCESS = 60  # questions of one client in a row, three times its normal limit


@dataclass
class Seen:
    """``seconds`` of every answer, in order; ``codes`` of all responses."""

    seconds: list[float] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)  # MB of the server, once a second
    cpu: float = 0.0  # seconds of processor time that the server took: says more on a busy machine


def run(words: list[str]) -> int:
    """Print times, codes and memory. Exit code 1 where a response was an error, or a normal limit did not hold."""
    parser = argparse.ArgumentParser(prog="python -m eval load", description="许多人同时问 / many clients at once")
    parser.add_argument(
        "--store", type=Path, default=Path(os.environ.get("BUDGET_ASSISTANT_STORE") or "store"), help="索引目录 / index folder"
    )
    parser.add_argument("--clients", type=int, default=64, help="多少人 / how many clients")
    parser.add_argument("--seconds", type=float, default=60.0, help="多久 / for how long")
    parser.add_argument("--think", type=float, default=1.0, help="两问之间 / seconds between questions of a client")
    parser.add_argument("--chat", type=float, default=20.0, help="聊天消息发多久 / for how long chat messages are sent")
    args = parser.parse_args(words)
    questions = figure_questions()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(shutil.copytree(args.store, Path(folder) / "store", ignore=shutil.ignore_patterns("access.sqlite*", "log.sqlite*")))
        tokens = enter_clients(store, args.clients)
        with serving(store, RAISED) as (url, process):
            seen = asyncio.run(clients(url, tokens, questions, args.seconds, args.think, process.pid))
        report(seen, args.clients, args.seconds)
        with serving(store, {}) as (url, _):
            codes = asyncio.run(excess(url, tokens[0], questions))
        chat = asyncio.run(chats(store, args.clients, questions, args.chat)) if importlib.util.find_spec("dingtalk_stream") else None
    print(f"平常限度下一人连问 {EXCESS} 次：" + "，".join(f"{code} × {count}" for code, count in sorted(codes.items())))
    if chat:
        chatload.report(chat, args.chat)
    else:
        print("聊天没有度量：请先运行 pip install 'budget-assistant[dingtalk]'")
    return 0 if set(seen.codes) == {200} and set(codes) == {200, 429} and not (chat and chat.left) else 1


def figure_questions() -> list[str]:
    """Single figures, as in the bundled set."""
    items = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines() if line.strip()]
    return [item["question"] for item in items if item["type"] == "lookup"]


def enter_clients(store: Path, count: int) -> list[str]:
    """One user a client, each with a token, all reading everything."""
    from assistant.access.domain import EVERY_DOCUMENT, EVERYBODY
    from assistant.access.store import AccessStore

    access = AccessStore(store)
    with access.together():
        access.grant(EVERY_DOCUMENT, EVERYBODY)
        tokens = []
        for number in range(count):
            access.add(f"client-{number}")
            tokens.append(access.add_token(f"client-{number}")[0])
    access.close()
    return tokens


@contextmanager
def serving(store: Path, settings: dict[str, str]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The service in a process of its own; its address. Raises BudgetError where it does not start."""
    port = free_port()
    command = [sys.executable, "-m", "assistant", "serve", "--store", str(store), "--port", str(port)]
    process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)
    try:
        began = time.monotonic()
        while True:
            if process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise BudgetError("assistant serve 没有启动：请先单独运行它，看它报告什么")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(30)


async def clients(url: str, tokens: list[str], questions: list[str], seconds: float, think: float, pid: int) -> Seen:
    import httpx

    seen, end, before = Seen(), time.monotonic() + seconds, cpu_seconds(pid)
    limits = httpx.Limits(max_connections=len(tokens), max_keepalive_connections=len(tokens))
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=30) as http:
        watcher = asyncio.create_task(watch_memory(pid, seen))
        await asyncio.gather(*(client(http, token, random.Random(token), questions, end, think, seen) for token in tokens))
        watcher.cancel()
    seen.cpu = cpu_seconds(pid) - before
    return seen


async def client(
    http: httpx.AsyncClient, token: str, chance: random.Random, questions: list[str], end: float, think: float, seen: Seen
) -> None:
    await asyncio.sleep(chance.random() * think)
    while time.monotonic() < end:
        began = time.perf_counter()
        seen.codes[await ask(http, token, chance.choice(questions))] += 1
        seen.seconds.append(time.perf_counter() - began)
        await asyncio.sleep(think)


async def ask(http: httpx.AsyncClient, token: str, question: str) -> int:
    sent = await http.post("/answers", json={"question": question}, headers={"Authorization": f"Bearer {token}"})
    return sent.status_code


async def excess(url: str, token: str, questions: list[str]) -> Counter[int]:
    import httpx

    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        return Counter([await ask(http, token, questions[number % len(questions)]) for number in range(EXCESS)])


async def watch_memory(pid: int, seen: Seen) -> None:
    while True:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                seen.memory.append(int(line.split()[1]) // 1024)
        await asyncio.sleep(1)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def chats(store: Path, count: int, questions: list[str], seconds: float) -> chatload.Acknowledged:
    users = [f"client-{number}" for number in range(count)]
    chatload.link(store, users)
    gateway = chatload.Gateway(free_port())
    async with chatload.serving(gateway):
        service = serving(store, {**RAISED, **gateway.environment})
        await asyncio.to_thread(service.__enter__)  # it waits for the service, which waits for the gateway of this loop
        try:
            return await chatload.chats(gateway, users, questions, seconds)
        finally:
            await asyncio.to_thread(service.__exit__, None, None, None)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def report(seen: Seen, count: int, seconds: float) -> None:
    cuts = statistics.quantiles(seen.seconds, n=100)
    codes = "，".join(f"{code} × {number}" for code, number in sorted(seen.codes.items()))
    print(f"{count} 人，{seconds:g} 秒：{len(seen.seconds)} 问，每秒 {len(seen.seconds) / seconds:.1f} 问；{codes}")
    middle, p95, p99, longest = (1000 * value for value in (cuts[49], cuts[94], cuts[98], max(seen.seconds)))
    print(f"用时（毫秒）：中位 {middle:.0f}，p95 {p95:.0f}，p99 {p99:.0f}，最长 {longest:.0f}")
    print(f"服务用的处理器时间：每问 {1000 * seen.cpu / len(seen.seconds):.1f} 毫秒，占一个核的 {100 * seen.cpu / seconds:.0f}%")
    third = max(1, len(seen.memory) // 3)
    print(f"服务的内存（MB）：前三分之一最多 {max(seen.memory[:third])}，后三分之一最多 {max(seen.memory[-third:])}")
