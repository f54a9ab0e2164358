"""The page as a server: every security setting holds, what goes wrong is one line, and figures never wait for the search parts."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import app
from assistant import BudgetError
from assistant.access.domain import LOCAL
from assistant.web.desk import Desk, PatientIndex
from assistant.web.guard import HEADERS
from assistant.web.server import build_app
from assistant.web.site import Site

ROOT = Path(__file__).resolve().parents[1]
ASKED = "龙岗区对口帮扶预算多少"
HOST = {"host": "localhost"}


@pytest.fixture(scope="module")
def store(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("app") / "store"
    shutil.copytree(sample_store, copy)
    return copy


@pytest.fixture(scope="module")
def client(store: Path) -> Iterator[Any]:
    from starlette.testclient import TestClient

    site = Site(store)
    with TestClient(build_app(site), base_url="http://localhost") as running:
        running.get("/")  # gives the browser its mark
        yield running
    site.close()


def ask(client: Any, question: str) -> str:
    event = client.post("/gradio_api/call/ask", json={"data": [question]}).json()["event_id"]
    lines = client.get(f"/gradio_api/call/ask/{event}").text.splitlines()
    return str(json.loads(next(line[6:] for line in lines if line.startswith("data: [")))[0])


# ---------------------------------------------------------------- answering


def test_programs_ask_by_the_named_endpoint_and_see_no_other(client: Any) -> None:
    assert "9,233.81" in ask(client, ASKED)
    assert list(client.get("/gradio_api/info").json()["named_endpoints"]) == ["/ask"]


def test_fifty_tabs_at_once_are_all_answered(client: Any) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: ask(client, ASKED), range(50)))
    assert all("9,233.81" in answer for answer in answers)


def test_figures_do_not_wait_for_the_search_parts(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    load = PatientIndex.warm_up

    def slow(index: PatientIndex) -> None:
        let_go.wait(60)
        load(index)

    monkeypatch.setattr(PatientIndex, "warm_up", slow)
    desk = Desk(store)
    try:
        waited: list[str] = []
        assert desk.ask(LOCAL, ASKED, on_wait=lambda: waited.append("figure")).figures
        searching = "市工信局怎么管理国有资产"

        def on_wait() -> None:
            waited.append("search")
            assert desk.ask(LOCAL, ASKED).figures, "a waiting search holds nobody up"
            let_go.set()

        desk.ask(LOCAL, searching, on_wait=on_wait)
        assert waited == ["search"], "the question was answered without searching: choose another one"
    finally:
        let_go.set()
        desk.close()


def test_known_errors_are_one_line_and_unknown_ones_hide_their_text(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(store)
    for error, shown in ((BudgetError("索引已损坏：请重建"), "索引已损坏"), (ZeroDivisionError("secret"), "内部错误")):
        monkeypatch.setattr(desk.gate(), "ask", lambda *_, error=error: (_ for _ in ()).throw(error))
        with pytest.raises(BudgetError, match=shown) as caught:
            desk.ask(LOCAL, "问")
        assert "secret" not in str(caught.value) and "\n" not in str(caught.value)
    desk.close()


def test_missing_store_says_what_fills_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "none")
    with pytest.raises(BudgetError, match="assistant ingest"):
        desk.ask(LOCAL, ASKED)
    assert desk.documents(LOCAL) == []


def test_an_answer_is_kept_although_nobody_stayed_to_see_it(store: Path) -> None:
    from assistant.web.visitors import Visitor

    site = Site(store)
    visitor = Visitor(LOCAL, "browser:somebody", signed_in=False)
    conversation = site.conversations.start(visitor.owner)
    turn, done, _ = site.ask(visitor, conversation, ASKED)
    done.result(60)
    site.close()
    again = Site(store)  # the server was started anew
    answer = again.conversations.turn(visitor.owner, conversation, turn).answer
    assert answer and answer["figures"][0]["value"] == 9233.81
    again.close()


# ---------------------------------------------------------------- starting


def test_taken_port_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert app.main(["--port", str(port), "--store", str(tmp_path)]) == 1
    assert str(port) in capsys.readouterr().err


def test_page_is_for_this_machine_only_until_users_exist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = app.parse_args([])
    assert (args.host, args.port) == ("127.0.0.1", 7860)
    assert app.main(["--host", "0.0.0.0", "--store", str(tmp_path)]) == 1
    assert "还没有建立用户" in capsys.readouterr().err


# ---------------------------------------------------------------- the settings of channels, one by one


@pytest.mark.parametrize("path", ["/", "/ui/health", "/ui/static/web.js", "/config", "/gradio_api/info", "/nothing", "/ui/page/none/1.png"])
def test_every_response_carries_the_headers(client: Any, path: str) -> None:
    reply = client.get(path)
    for name, value in HEADERS:
        assert reply.headers[name.decode()] == value.decode(), name
    assert "access-control-allow-origin" not in reply.headers
    policy = reply.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "http" not in policy.replace("https://", "http")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
def test_requests_from_other_sites_are_not_carried_out(client: Any, origin: str) -> None:
    preflight = client.options("/gradio_api/call/ask", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    reply = client.post("/gradio_api/call/ask", json={"data": ["q"]}, headers={"Origin": origin})
    upload = client.post("/ui/upload?name=a.pdf", content=b"%PDF-1.4", headers={"Origin": origin})
    assert [preflight.status_code, reply.status_code, upload.status_code] == [403, 403, 403]
    assert "access-control-allow-origin" not in preflight.headers


def test_own_origin_is_served(client: Any) -> None:
    assert client.post("/gradio_api/call/ask", json={"data": [ASKED]}, headers={"Origin": "http://localhost"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::2]"])
def test_other_host_names_are_refused(client: Any, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 400


def test_large_bodies_are_refused_by_their_count(client: Any) -> None:
    assert client.post("/gradio_api/call/ask", content=b" " * (2 << 20)).status_code == 413

    def pieces() -> Iterator[bytes]:  # no length is announced
        yield b'{"data": ["'
        for _ in range(40):
            yield b"x" * 65536
        yield b'"]}'

    try:
        assert client.post("/gradio_api/call/ask", content=pieces(), headers={"Content-Type": "application/json"}).status_code >= 400
    except Exception as error:  # or the connection ends
        assert "disconnect" in str(error).lower() or "No response" in str(error) or type(error).__name__ == "ClientDisconnect"


def test_gradio_takes_no_large_file_and_hands_out_none_of_ours(client: Any, store: Path) -> None:
    big = b"x" * ((50 << 20) + 1)
    assert client.post("/gradio_api/upload", files={"files": ("a.pdf", big)}).status_code == 413
    for path in ("/etc/passwd", str(store / "store.sqlite"), "..%2f..%2fetc/passwd", "http://169.254.169.254/latest/"):
        assert client.get(f"/gradio_api/file={path}", follow_redirects=False).status_code in (403, 404), path


def test_gradio_is_set_up_to_tell_nothing_and_keep_nothing(client: Any) -> None:
    config = client.get("/config").json()
    assert config["show_error"] is False and config["analytics_enabled"] is False and config["enable_queue"] is True
    private = [d for d in config["dependencies"] if d["api_visibility"] != "public"]
    assert len(private) == len(config["dependencies"]) - 1
    assert "budget-page-" in os.environ["GRADIO_TEMP_DIR"]
    assert config["max_file_size"] == 50 * 1000**2 or config["max_file_size"] == 50 << 20
    assert client.get("/gradio_api/mcp/sse").status_code in (404, 405) and client.get("/monitoring").status_code in (403, 404)


def test_libraries_are_above_the_versions_with_known_holes() -> None:
    for name, least in (
        ("gradio", (6, 20)),
        ("python-multipart", (0, 0, 27)),
        ("pdfminer.six", (20251230,)),
        ("llama-index-core", (0, 13)),
    ):
        assert tuple(int(part) for part in version(name).split(".")[: len(least)]) >= least, name


# ---------------------------------------------------------------- uploads and files


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("程序.pdf", b"MZ\x90\x00" + b"x" * 100, "程序"),
        ("图.pdf", b"\x89PNG\r\n", "PNG"),
        ("压缩.xlsx", b"PK\x03\x04nothing", "不是这种文件"),
        ("脚本.html", b"#!/bin/sh\nrm", "程序"),
        ("空.txt", b"", "空"),
        ("a.exe", b"MZ", "不支持"),
        ("../../../etc/cron.d/x", b"MZ", "不支持"),
    ],
)
def test_uploads_that_are_not_what_they_say_never_reach_a_reader(client: Any, store: Path, name: str, content: bytes, said: str) -> None:
    before = sorted((store / "files").rglob("*")) if (store / "files").exists() else []
    reply = client.post("/ui/upload", params={"name": name}, content=content)
    assert reply.status_code == 422 and said in reply.text and "\n" not in reply.text
    assert [p for p in sorted((store / "files").rglob("*")) if p.is_file()] == [p for p in before if p.is_file()]


def test_an_upload_is_cut_off_at_fifty_megabytes_whatever_it_announces(tmp_path: Path) -> None:
    from assistant.web.uploads import receive

    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while True:
            sent += 1 << 20
            yield b"%PDF-1.4" + b"x" * ((1 << 20) - 8)

    with pytest.raises(BudgetError, match="50 MB"):
        asyncio.run(receive(endless(), "大.pdf", tmp_path))
    assert sent <= 52 << 20 and not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_files_of_one_name_do_not_replace_each_other(tmp_path: Path) -> None:
    from assistant.web.uploads import receive

    async def once(content: bytes) -> Any:
        yield content

    names = [asyncio.run(receive(once(c), "..\\..\\预算.txt", tmp_path)).name for c in (b"one", b"two", b"one")]
    assert names == ["预算.txt", "预算(2).txt", "预算.txt"]
    assert sorted(p.read_bytes() for p in (tmp_path / "files").glob("*.txt")) == [b"one", b"two"]


def test_a_file_is_over_only_when_its_copy_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.web import uploads

    store, ended = tmp_path / "store", threading.Event()
    broken = store / "files" / "坏.pdf"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"%PDF-1.4 broken")
    seen: list[bool] = []
    discard = uploads._discard

    def slow_discard(path: Path, store: Path) -> None:
        seen.append(files.of("甲")[0].over)
        discard(path, store)

    monkeypatch.setattr(uploads, "_discard", slow_discard)
    files = uploads.Uploads(store, on_change=lambda job: ended.set())
    job = files.add(broken, "甲")
    assert ended.wait(60) and job.state == "failed" and job.message
    assert seen == [False] and not broken.exists()


def test_pages_ranges_and_originals_are_handed_out_and_nothing_else(client: Any) -> None:
    page = client.get("/ui/page/sample-lg-2024/16.png")
    assert page.status_code == 200 and page.content.startswith(b"\x89PNG") and page.headers["x-pages"] == "26"
    assert client.get("/ui/range/sample-lg-2024?first=16&last=17").content.startswith(b"%PDF")
    assert client.get("/ui/file/sample-lg-2024").content.startswith(b"%PDF")
    for path in (
        "page/sample-lg-2024/99.png",
        "page/..%2f..%2fetc%2fpasswd/1.png",
        "file/..%2fstore.sqlite",
        "static/..%2fpage.py",
        "file/none",
    ):
        reply = client.get(f"/ui/{path}")
        assert reply.status_code == 404 and "Traceback" not in reply.text, path


# ---------------------------------------------------------------- signing in


def test_audit_of_many_documents_waits_until_one_is_picked(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/ui/audit").text.count('class="finding"') > 1 and 'value="*" selected' in client.get("/ui/audit").text
    monkeypatch.setattr("assistant.web.review.FEW", 1)
    waiting = client.get("/ui/audit").text
    assert "请选一份文件" in waiting and "finding" not in waiting and "没有发现" not in waiting
    picked = client.get("/ui/audit?doc=sample-lg-2024").text
    assert "553.69" in picked and 'value="sample-lg-2024" selected' in picked and "请选一份文件" not in picked
    assert "553.69" in client.get("/ui/audit?doc=*").text
    gone = client.get("/ui/audit?doc=nothing")
    assert gone.status_code == 404 and "没有这份文件" in gone.text and "\n" not in gone.text


def test_with_users_everything_needs_a_sign_in(sample_store: Path, tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    from assistant.access.store import AccessStore

    store = tmp_path / "store"
    shutil.copytree(sample_store, store)
    access = AccessStore(store)
    access.add("zhang", label="张三")
    access.set_password("zhang", "correct horse battery")
    access.grant("sample-lg-2024", "zhang")
    access.close()
    site = Site(store)
    with TestClient(build_app(site), base_url="http://localhost", follow_redirects=False) as client:
        assert client.get("/").headers["location"] == "login"
        assert client.get("/config").status_code == 401
        assert client.post("/gradio_api/call/ask", json={"data": [ASKED]}).status_code == 401
        for path in ("page/sample-lg-2024/16.png", "file/sample-lg-2024", "audit", "jobs", "document/sample-lg-2024/tables"):
            assert client.get(f"/ui/{path}").status_code == 401, path
        assert client.post("/ui/upload?name=a.txt", content=b"x").status_code == 401
        assert client.post("/login", data={"name": "zhang", "password": "wrong"}).status_code == 401
        reply = client.post("/login", data={"name": "zhang", "password": "correct horse battery"})
        cookie = reply.headers["set-cookie"].lower()
        assert reply.status_code == 303 and "httponly" in cookie and "samesite=lax" in cookie
        assert "9,233.81" in ask(client, ASKED)
        assert client.get("/ui/page/sample-lg-2024/16.png").status_code == 200
        assert client.get("/ui/page/sample-sz-2024/1.png").status_code == 404, "not this person's to read"
        assert "21.00" not in ask(client, "深圳市工信局公务接待费多少")
        assert "sample-sz" not in client.get("/ui/audit").text
        for _ in range(6):
            status = client.post("/login", data={"name": "zhang", "password": "wrong"}).status_code
        assert status == 429, "passwords may not be tried for ever"
    site.close()


def test_importing_gradio_leaves_nothing_changed_and_writes_no_files_beside_it(tmp_path: Path) -> None:
    """Its stubs for editors and its MCP server would be half of the time to the first page."""
    code = (
        "import inspect, sys; from pathlib import Path; before = inspect.getfile\n"
        "written = []; write = Path.write_text; Path.write_text = lambda self, *a, **k: written.append(self) or write(self, *a, **k)\n"
        "from assistant.web.server import build_app; from assistant.web.site import Site\n"
        "build_app(Site(Path(sys.argv[1])))\n"
        "assert 'gradio' in sys.modules and not {'mcp', 'mcp.server'} & set(sys.modules) and inspect.getfile is before\n"
        "assert not [path for path in written if path.suffix == '.pyi'], written\n"
        "import gradio, mcp.server; assert inspect.getfile(gradio.HTML).endswith('html.py')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
