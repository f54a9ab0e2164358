"""The general pipeline beside the assistant: the real libraries and the real embedder, a made-up model on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from assistant.domain import Status
from eval.__main__ import main
from eval.baseline import seen_marks, text_to_answer
from eval.cases import Case, Gold
from eval.llama import Passage
from eval.runs import read_run
from eval.summary import overall

TEXT = """2024年某市水务局部门预算

第三部分 部门预算支出具体情况

1.河道整治预算120.50万元，主要用于清淤和护岸。比2023年预算增加20.50万元，增长20.5%，主要原因是新增两条河道。

2.水质监测预算30.00万元，主要用于采样和化验。与2023年预算持平。
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A store of one short text, and a set about it."""
    from index.build import ingest

    folder = tmp_path_factory.mktemp("baseline")
    (folder / "水务局2024.txt").write_text(TEXT, "utf-8")
    assert [report.status for report in ingest([folder / "水务局2024.txt"], folder / "store")] == ["added"]
    place = {"doc": "水务局2024", "section": "第三部分", "row": "河道整治"}
    items: list[dict[str, Any]] = [
        {"id": "a", "question": "某市水务局2024年河道整治预算多少", "figures": [{"value": 120.5, "unit": "万元"}], "sources": [place]},
        {"id": "b", "question": "某市水务局2024年打井预算多少", "type": "refuse"},
    ]
    (folder / "set.jsonl").write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), "utf-8")
    return folder / "store", folder / "set.jsonl"


@pytest.fixture
def server() -> Iterator[tuple[str, list[Any]]]:
    """Speaks OpenAI's chat protocol; answers with the amount that the passages name first."""
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append(asked)
            text = "文件没有提到打井。" if "打井" in asked["messages"][-1]["content"] else "河道整治预算为120.50万元。"
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            body = json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    gateway = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{gateway.server_port}/v1", seen
    gateway.shutdown()


def test_three_systems_stand_in_one_table(
    small: tuple[Path, Path], server: tuple[str, list[Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("llama_index.llms.openai_like", reason='needs a client: pip install -e ".[baseline]"')
    store, questions = small
    url, seen = server
    words = ["baseline", str(questions), "--store", str(store), "--out", str(tmp_path / "out"), "--llm-url", url, "--llm-model", "m"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[1:4]] == ["预算问答助手", "llama-index 默认，仅检索", "llama-index 默认，加模型"]
    html = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "与通用检索方案比较" in html and "llama-index 默认，加模型" in html
    assert "120.50万元" in seen[0]["messages"][-1]["content"] and "河道整治预算多少" in seen[0]["messages"][-1]["content"]
    search, model = (overall(read_run(tmp_path / "out" / name).summary) for name in ("search", "model"))
    assert search and model
    assert (search.n, search.unscored) == (0, 2) and "correct" not in search.shares and search.shares["seen1"].value == 1
    assert model.shares["correct"].value == 1 and model.shares["refusal"].value == 1


def test_model_that_is_off_is_one_line(small: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("llama_index.llms.openai_like", reason='needs a client: pip install -e ".[baseline]"')
    store, questions = small
    out = ["--out", str(tmp_path / "out")]
    assert main(["baseline", str(questions), "--store", str(store), *out, "--llm-url", "http://127.0.0.1:9/v1", "--llm-model", "m"]) == 1
    assert "模型没有回答" in capsys.readouterr().err.splitlines()[-1]
    with pytest.raises(SystemExit) as stopped:
        main(["baseline", str(questions), "--llm-url", "http://127.0.0.1:9/v1"])
    assert stopped.value.code == 2


def test_text_of_a_model_is_read_as_figures_or_as_a_refusal() -> None:
    case, passages = Case("q", "问"), [Passage("a", 3, "段", 0.5)]
    answer = text_to_answer(case, "预算为1,234.50万元，增长5%，共3项。", passages, "m")
    assert [(str(f.value), f.unit) for f in answer.figures] == [("1234.50", "万元"), ("5", "%")]
    assert (answer.status, answer.citations[0].page) == (Status.ANSWERED, 3)
    for said in ("文件中没有提供该信息。", "I cannot find it.", "  "):
        assert text_to_answer(case, said, passages, "m").status is Status.REFUSED
    assert text_to_answer(case, "没有提到上年，今年为5万元。", passages, "m").status is Status.ANSWERED


def test_figure_is_seen_where_all_of_them_are_printed() -> None:
    case = Case("q", "问", figures=(Gold(Decimal(5), "万元"), Gold(Decimal(7), "%")))
    assert seen_marks(case, ["5.00万元", "增长7%"]) == {"seen1": 0, "seen5": 1} and seen_marks(Case("q", "问"), ["5万元"]) == {}
