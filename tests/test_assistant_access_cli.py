"""users, tokens, rights, log, serve on the command line: what administrators type, and what they are told."""

from __future__ import annotations

import io
import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.__main__ import main
from assistant.access.domain import LOCAL
from assistant.access.gate import Gate

LG, SZ = "sample-lg-2024", "sample-sz-2024"
ASK = "龙岗区对口帮扶预算多少"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(sample_store: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_store, tmp_path / "store"))


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        code = main([*words, "--store", str(folder)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_administrator_enters_users_gives_rights_and_reads_the_log(run: Run, folder: Path) -> None:
    assert "还没有用户" in run("users")[1]
    assert "访问控制已打开" in run("users", "add", "chief", "--admin", "yes", "--label", "王主任")[1]
    run("users", "add", "audit", "--kind", "group")
    assert run("users", "add", "zhang", "--join", "audit", "--link", "wecom:ZhangSan")[0] == 0
    code, out, err = run("tokens", "add", "zhang", "--days", "30", "--note", "报表")
    token = out.strip()
    assert code == 0 and token.startswith("bq_") and "只显示这一次" in err
    assert token not in run("tokens")[1] and "报表" in run("tokens")[1]
    assert run("rights", "set", LG, "--read", "audit")[0] == 0
    assert run("rights", "set", "--default", "--public")[0] == 0
    assert "（其余文件）\t所有人\t可读" in run("rights")[1]
    gate = Gate.open(folder)
    zhang, _ = gate.by_token(token)
    answer = gate.ask(zhang, ASK, channel="api")
    gate.close()
    log = run("log")[1]
    assert ASK in log and "9,233.81" in log and "管理：users add admin=yes label=王主任 name=chief" in log and token not in log
    assert json.loads(run("log", "show", str(answer.id))[1])["documents"].keys() == {LG}
    assert run("log", "replay", str(answer.id))[:2] == (0, "答案相同\n")
    assert "日志完好：7 条" in run("log", "check")[1]
    assert [item["name"] for item in json.loads(run("users", "--json")[1])] == ["audit", "chief", "zhang"]
    assert json.loads(run("log", "--user", "zhang", "--json")[1])[0]["question"] == ASK


def test_user_is_changed_and_token_revoked(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("users", "add", "audit", "--kind", "group")
    monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
    run("users", "add", "zhang", "--password", "--join", "audit", "--link", "feishu:u1")
    token = json.loads(run("tokens", "add", "zhang", "--scope", "ask", "--json")[1])
    gate = Gate.open(folder)
    assert gate.login("zhang", "a long password").groups == {"audit"}
    run("users", "set", "zhang", "--leave", "audit", "--unlink", "feishu:u1", "--active", "no", "--label", "张三", "--admin", "yes")
    shown = run("users")[1]
    assert "zhang\t用户\t张三\t管理员\t已停用\n" in shown
    assert "已作废" in run("tokens", "revoke", token["id"])[1]
    gate.close()


def test_failed_first_user_does_not_close_the_door(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert run("users", "add", "zhang", "--password")[0] == 1
    assert run("users", "add", "zhang", "--join", "nobody")[0] == 1
    gate = Gate.open(folder)
    assert gate.access.open
    gate.close()


def test_removed_document_leaves_its_rights_to_no_successor(run: Run, folder: Path) -> None:
    run("users", "add", "zhang")
    run("rights", "set", LG, "--read", "zhang")
    run("remove", LG)
    gate = Gate.open(folder)
    assert gate.access.rights() == []
    gate.close()


def test_replay_fails_where_the_answer_is_another(run: Run, folder: Path) -> None:
    gate = Gate.open(folder)
    answer = gate.ask(LOCAL, ASK)
    gate.close()
    run("remove", LG)
    code, out, _ = run("log", "replay", str(answer.id))
    assert code == 1 and "答案不同" in out and f"文件 {LG} 已不在索引里" in out
    assert json.loads(run("log", "replay", str(answer.id), "--json")[1])["same"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("users", "set", "nobody"), "没有名为 nobody"),
        (("users", "add", "a b"), "不能用"),
        (("users", "add", "zhang", "--link", "wecom"), "渠道:编号"),
        (("tokens", "add", "nobody"), "没有名为 nobody"),
        (("tokens", "revoke", "x"), "没有编号为 x"),
        (("rights", "set", "nothing", "--public"), "没有文档 nothing"),
        (("rights", "set", LG, "--read", "nobody"), "没有名为 nobody"),
        (("log", "show", "x"), "没有编号为 x"),
        (("serve", "--host", "0.0.0.0"), "还没有任何用户"),
    ],
)
def test_what_cannot_be_done_is_one_line_with_what_to_do(run: Run, words: tuple[str, ...], said: str) -> None:
    code, out, err = run(*words)
    assert code == 1 and out == "" and said in err and err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("users", "add"),
        ("users", "zhang"),
        ("users", "--label", "x"),
        ("tokens", "revoke"),
        ("rights", "set", "--public"),
        ("rights", "set", LG),
        ("rights", "set", LG, "--default", "--public"),
        ("log", "replay"),
        ("log", "--last", "0"),
    ],
)
def test_wrong_usage_is_one_line(run: Run, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(*words)
    assert stopped.value.code == 2 and capsys.readouterr().err.count("\n") == 1


def test_taken_port_is_one_line(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, err = run("serve", "--port", str(taken.getsockname()[1]))
    assert code == 1 and "已被占用" in err and "Traceback" not in err
