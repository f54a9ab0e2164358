"""MCP by the official client on its three transports: in process, over stdio, over streamable HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import httpx2
import jsonschema
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from assistant.access.domain import Scope
from assistant.access.gate import Gate
from assistant.access.limits import Rates
from assistant.api.app import make_app
from assistant.asking import Asking, Caller
from assistant.domain import answer_to_json
from assistant.mcp_server import NOT_THERE, make_server

ROOT = Path(__file__).resolve().parents[1]
LG, SZ = "sample-lg-2024", "sample-sz-2024"
ASK = "龙岗区对口帮扶预算多少"
PLENTY = Rates(ask=("100000/minute",), at_once=1000)
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
JSON = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
Serving = Callable[[Any], AbstractContextManager[str]]


@dataclass
class Here:
    folder: Path
    gate: Gate
    url: str
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def here(sample_store: Path, tmp_path_factory: pytest.TempPathFactory, serve_app: Serving) -> Iterator[Here]:
    folder = Path(shutil.copytree(sample_store, tmp_path_factory.mktemp("mcp") / "store"))
    gate = Gate.open(folder, PLENTY)
    tokens = {}
    for name, doc in (("zhang", LG), ("li", SZ)):
        gate.access.add(name)
        gate.access.grant(doc, name)
        tokens[name] = gate.access.add_token(name)[0]
    tokens["reader"] = gate.access.add_token("zhang", [Scope.READ])[0]
    tokens["asker"] = gate.access.add_token("zhang", [Scope.ASK])[0]
    with serve_app(make_app(gate)) as url:
        yield Here(folder, gate, url, tokens)
    gate.close()


@asynccontextmanager
async def in_process(here: Here, who: str) -> AsyncIterator[Any]:
    asking = Asking(here.gate)
    async with Client(make_server(asking, lambda: Caller(*here.gate.by_token(here.tokens[who]), "test"))) as client:
        yield client
    asking.close()


@asynccontextmanager
async def over_stdio(here: Here, who: str) -> AsyncIterator[Any]:
    command = ["-m", "assistant", "mcp", "--store", str(here.folder)]
    env = {**os.environ, "BUDGET_ASSISTANT_TOKEN": here.tokens[who], "PYTHONPATH": str(ROOT)}
    async with Client(StdioServerParameters(command=sys.executable, args=command, env=env)) as client:
        yield client


@asynccontextmanager
async def over_http(here: Here, who: str) -> AsyncIterator[Any]:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {here.tokens[who]}"}) as http,
        Client(streamable_http_client(f"{here.url}/mcp", http_client=http)) as client,
    ):
        yield client


TRANSPORTS = {"in process": in_process, "stdio": over_stdio, "http": over_http}


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 60))


async def call(here: Here, transport: str, who: str, tool: str, **arguments: Any) -> Any:
    async with TRANSPORTS[transport](here, who) as client:
        return await client.call_tool(tool, arguments)


def lasting(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("id", "elapsed_ms")}


def without_line(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {"citations": [{k: v for k, v in c.items() if k != "line"} for c in answer["citations"]]}


def test_three_transports_give_the_answer_object_that_fits_its_schema(here: Here) -> None:
    async def ask(transport: str) -> tuple[Any, Any]:
        async with TRANSPORTS[transport](here, "zhang") as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            return await client.call_tool("ask_budget", {"question": ASK}), tools["ask_budget"].output_schema

    wanted = json.loads(json.dumps(answer_to_json(here.gate.ask(here.gate.access.principal("zhang"), ASK))))
    for transport in TRANSPORTS:
        result, schema = run(ask(transport))
        assert not result.is_error
        jsonschema.validate(result.structured_content, schema)
        assert lasting(without_line(result.structured_content)) == lasting(without_line(wanted))
        assert result.structured_content["figures"][0]["value"] == 9233.81
        assert json.loads(result.content[0].text)["answer"] == wanted["answer"]  # for clients without structured output
        assert here.gate.log.line(result.structured_content["id"]).channel == "mcp"


@pytest.mark.parametrize("transport", ["in process", "http"])
def test_question_has_its_limits(here: Here, transport: str) -> None:
    assert not run(call(here, transport, "zhang", "ask_budget", question="问" * 2000)).is_error
    for wrong in ("问" * 2001, ""):
        assert run(call(here, transport, "zhang", "ask_budget", question=wrong)).is_error
    assert run(call(here, transport, "zhang", "ask_budget")).is_error


@pytest.mark.parametrize("transport", ["in process", "http"])
def test_document_of_another_is_neither_listed_nor_read_nor_cited(here: Here, transport: str) -> None:
    async def look() -> None:
        async with TRANSPORTS[transport](here, "li") as client:
            listed = (await client.call_tool("list_documents", {})).structured_content["documents"]
            assert [item["doc_id"] for item in listed] == [SZ]
            tables = (await client.call_tool("get_table", {"doc": SZ, "page": 19})).structured_content["tables"]
            assert tables and tables[0]["rows"][0]["cells"]
            texts = []
            for doc, page in ((LG, 5), ("nothing", 5), (SZ, 999), ("../../etc/passwd", 1)):
                refused = await client.call_tool("get_table", {"doc": doc, "page": page})
                assert refused.is_error
                texts.append(refused.content[0].text)
            assert len(set(texts)) == 1 and NOT_THERE in texts[0]
            answer = (await client.call_tool("ask_budget", {"question": ASK})).structured_content
            assert answer["status"] == "refused" and not answer["citations"] and "9,233" not in json.dumps(answer, ensure_ascii=False)

    run(look())


@pytest.mark.parametrize("transport", list(TRANSPORTS))
def test_resource_is_a_page_that_the_caller_may_read(here: Here, transport: str) -> None:
    async def look() -> None:
        async with TRANSPORTS[transport](here, "zhang") as client:
            page = (await client.read_resource(f"budget://doc/{LG}/page/5")).contents[0].text
            assert "对口帮扶" in page
            refused = []
            for uri in (
                f"budget://doc/{SZ}/page/5",
                "budget://doc/nothing/page/5",
                f"budget://doc/{LG}/page/0",
                "budget://doc/..%2F..%2Fetc%2Fpasswd/page/1",
                "budget://doc/%2Fetc/page/1",
                f"budget://doc/{LG}/page/x",
                "file:///etc/passwd",
            ):
                with pytest.raises(Exception) as error:
                    await client.read_resource(uri)
                refused.append(str(error.value).replace(uri, ""))
            assert refused[0] == refused[1] == refused[2] and not any("root" in text for text in refused)

    run(look())


def test_http_is_guarded_like_every_route(here: Here) -> None:
    with httpx.Client(base_url=here.url) as client:

        def post(token: str = "", **headers: str) -> httpx.Response:
            sign = {"Authorization": f"Bearer {token}"} if token else {}
            return client.post("/mcp", json=INITIALIZE, headers=JSON | sign | {name.title(): value for name, value in headers.items()})

        good = here.tokens["zhang"]
        assert post().status_code == post("bq_bad").status_code == 401 and "Bearer" in post().headers["www-authenticate"]
        unscoped = post(here.tokens["reader"])
        assert unscoped.status_code == 403 and "insufficient_scope" in unscoped.headers["www-authenticate"]
        assert post(good, host="evil.example").status_code == 421
        assert post(good, origin="https://evil.example").status_code == 403
        assert post(good).json()["result"]["protocolVersion"] == "2025-06-18"
        large = client.post("/mcp", content=b'{"x":"' + b"a" * (5 << 20) + b'"}', headers=JSON | {"Authorization": f"Bearer {good}"})
        assert large.status_code == 413
        for body in (b"", b"[]", b"{", b"null", b'{"jsonrpc":"2.0","id":1,"method":"x"}', b"\xff"):
            sent = client.post("/mcp", content=body, headers=JSON | {"Authorization": f"Bearer {good}"})
            assert sent.status_code < 500


def test_tool_needs_its_own_scope(here: Here) -> None:
    refused = run(call(here, "http", "asker", "list_documents"))
    assert refused.is_error and "read" in refused.content[0].text
    assert not run(call(here, "http", "asker", "ask_budget", question=ASK)).is_error


def stdio(here: Here, token: str, said: bytes) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "BUDGET_ASSISTANT_TOKEN": token}
    command = [sys.executable, "-m", "assistant", "mcp", "--store", str(here.folder)]
    return subprocess.run(command, input=said, capture_output=True, cwd=ROOT, env=env, timeout=60)


def test_stdout_carries_the_protocol_alone(here: Here) -> None:
    wrong = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "ask_budget", "arguments": {"question": 7}}}
    notice = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    said = "".join(json.dumps(item) + "\n" for item in (INITIALIZE, notice, wrong)) + "no json\n"
    done = stdio(here, here.tokens["zhang"], said.encode())
    lines = done.stdout.decode().splitlines()
    assert lines and all(json.loads(line)["jsonrpc"] == "2.0" for line in lines)


def test_stdio_without_a_token_starts_for_nobody(here: Here) -> None:
    for token in ("", "bq_bad"):
        done = stdio(here, token, b"")
        assert done.returncode == 1 and done.stdout == b"" and b"Traceback" not in done.stderr
        assert "BUDGET_ASSISTANT_TOKEN" in done.stderr.decode() and done.stderr.count(b"\n") == 1
