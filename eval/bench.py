"""How fast, beside the least that the same work can cost: ``python -m eval bench [FILE…]``.

Ingest beside pdfplumber alone reading the same pages plus the embedder alone on the same chunks; an answer beside
embedding one question plus one FAISS search; a cold ``assistant ask``. Every part runs in a fresh process, so that each
pays for its own imports; processor time stands beside wall time, since it says more on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).resolve().parents[1] / "index" / "samples"
FIGURE_QUESTIONS = 30
TEXT_QUESTIONS = (
    "部门的主要职责是什么",
    "三公经费为什么有变化",
    "机构设置情况怎样",
    "什么是机关运行经费",
    "项目支出主要用于什么",
    "绩效目标有哪些",
)
COLD_STARTS = 3


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, seconds of processor time with children, and the largest process in MB."""

    wall: float
    cpu: float
    memory: float
    said: Any = None


def run(words: list[str]) -> int:
    """Print the whole bench. Exit code 1 where a part failed."""
    parser = argparse.ArgumentParser(prog="python -m eval bench", description="速度与其下限之比 / speed beside its floor")
    parser.add_argument("files", nargs="*", type=Path, help="PDF 文件，默认为自带的样例 / PDFs, the bundled samples if left out")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    args = parser.parse_args(words)
    files = [str(path) for path in args.files or sorted(SAMPLES.glob("*.pdf"))]
    if args.part:
        print(json.dumps(PARTS[args.part](files)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        _report(files, store)
    return 0


def _report(files: list[str], store: Path) -> None:
    print(f"{len(files)} 个文件；{os.cpu_count()} 核，负载 {os.getloadavg()[0]:.1f}；各项为 实耗秒 / 处理器秒 / 内存 MB")
    reading = _line("pdfplumber 逐页取文字和表格", _part("plumber", files))
    parsing = _line("本项目解析（到数字、核对、段落）", _part("parse", files))
    _ratio("  解析 ÷ pdfplumber（目标 ≤ 0.5）", parsing, reading)
    whole = _line("assistant ingest 全程", _cost([sys.executable, "-m", "assistant", "ingest", *files, "--store", str(store)]))
    embedding = _line("单独给同样的段落算向量", _part("embed", [str(store)]))
    _ratio("  ingest ÷ (pdfplumber + 向量)（目标 ≤ 1.3）", whole, Cost(reading.wall + embedding.wall, reading.cpu + embedding.cpu, 0))
    answers = _part("answers", [str(store)]).said
    floor = answers["floor"]
    print(f"下限：一个问题算向量 + FAISS 搜一次：{floor:.1f} 毫秒")
    for name, key, target in (("查数字", "figure", 1), ("问文字", "text", 2), ("仅检索", "search", 2)):
        print(f"{name}：中位 {answers[key]:.1f} 毫秒，÷ 下限 = {answers[key] / floor:.2f}（目标 ≤ {target}）；{answers['memory']:.0f} MB")
    question = [sys.executable, "-m", "assistant", "ask", answers["question"], "--store", str(store)]
    cold = [_cost(question) for _ in range(COLD_STARTS)]
    wall, cpu = (statistics.median(getattr(cost, name) for cost in cold) for name in ("wall", "cpu"))
    print(f"查数字，所问文件第一次用到：中位 {answers['first']:.1f} 毫秒")
    print(f"新开终端 assistant ask（查数字）：{wall:.2f} 秒，处理器 {cpu:.2f} 秒，{cold[0].memory:.0f} MB（目标 ≤ 1.5 秒）")


def _line(name: str, cost: Cost) -> Cost:
    print(f"{name}：{cost.wall:.1f} / {cost.cpu:.1f} / {cost.memory:.0f}", flush=True)
    return cost


def _ratio(name: str, ours: Cost, floor: Cost) -> None:
    print(f"{name} = {ours.wall / floor.wall:.2f}（处理器时间 {ours.cpu / floor.cpu:.2f}）", flush=True)


def _part(name: str, files: list[str]) -> Cost:
    return _cost([sys.executable, "-m", "eval", "bench", "--part", name, *files])


def _cost(command: list[str]) -> Cost:
    """Runs a command with a small Python around it that reports what it used."""
    probe = (
        "import json, resource, subprocess, sys, time; start = time.perf_counter()\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); wall = time.perf_counter() - start\n"
        "print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, done.returncode, done.stdout]))"
    )
    done = subprocess.run([sys.executable, "-c", probe, *command], stdout=subprocess.PIPE, text=True, check=True)
    wall, cpu, memory, code, out = json.loads(done.stdout)
    if code:
        raise SystemExit(f"这一步失败了（{' '.join(command[2:6])} …），退出码 {code}")
    try:
        said = json.loads(out)
    except ValueError:
        said = None
    return Cost(wall, cpu, memory, said)


# ---------------------------------------------------------------- parts, each in its own process


def _plumber(files: list[str]) -> int:
    import pdfplumber

    count = 0
    for file in files:
        with pdfplumber.open(file) as pdf:
            for page in pdf.pages:
                page.extract_text()
                page.extract_tables()
                page.close()
                count += 1
    return count


def _parse(files: list[str]) -> int:
    from index.build import parse
    from index.settings import load_settings

    settings = load_settings().to_json()
    return sum(len(parse(file, Path(file).stem, settings, lambda stage, done, total: None)) for file in files)


def _embed(files: list[str]) -> int:
    from index.embed import make_embedder
    from index.settings import load_settings
    from index.stores.figures import FigureStore

    texts = [chunk.embed_text for chunk in FigureStore(Path(files[0])).chunks()]
    embedder = make_embedder(load_settings())
    embedder.warm()
    return len(embedder.passages(texts))


def _answers(files: list[str]) -> dict[str, Any]:
    """Median milliseconds of each kind, each question asked once: ``first`` while documents are still being prepared, the others warm."""
    import resource

    import faiss
    import numpy as np

    from assistant.pipeline import Assistant
    from index.embed import make_embedder
    from index.settings import load_settings
    from index.stores.figures import FigureStore
    from index.stores.index import Index

    store = Path(files[0])
    rows = np.stack([np.frombuffer(row, dtype="float32") for row in FigureStore(store).vectors()])
    flat = faiss.IndexFlatIP(rows.shape[1])
    flat.add(rows)
    embedder = make_embedder(load_settings())
    index = Index.open(store)
    assistant = Assistant(index)
    asked = [(i.department, f.row_path[-1]) for i in index.documents() for f in index.figures(i.doc_id) if f.table_id and f.row_path]
    figure_questions = [f"{body}{label}预算多少" for body, label in dict.fromkeys(asked)]
    figure_questions = figure_questions[:: max(1, len(figure_questions) // FIGURE_QUESTIONS)]
    texts = [question + mark for question in TEXT_QUESTIONS for mark in ("", "？", "，请说明")]
    assistant.ask(figure_questions[0])
    assistant.ask(TEXT_QUESTIONS[0] + "呢")
    index.search("预热", 5)
    return {
        "floor": _median(texts, lambda text: flat.search(embedder.query(text).reshape(1, -1), 5)),
        "search": _median([text + "。" for text in texts], lambda text: index.search(text, 5)),
        "first": _median([f"{question}？" for question in figure_questions], assistant.ask),
        "figure": _median(figure_questions, assistant.ask),
        "text": _median(texts, assistant.ask),
        "question": next((q for q in figure_questions if assistant.ask(q).figures), figure_questions[0]),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _median(texts: list[str], ask: Callable[[str], object]) -> float:
    times = []
    for text in texts:
        start = time.perf_counter()
        ask(text)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


PARTS: dict[str, Callable[[list[str]], Any]] = {"plumber": _plumber, "parse": _parse, "embed": _embed, "answers": _answers}
