"""``python -m eval run SET.jsonl…``: ask every question of the sets, judge the answers, keep both in a run folder."""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant.__main__ import DEFAULT_STORE, STORE_VARIABLE, Parser
from assistant.domain import Answer
from assistant.pipeline import Assistant
from eval.cases import Case, read_cases
from eval.report import failure_to_lines, run_to_lines
from eval.runs import Run, Times, write_run
from eval.score import ALL, judge, summarise
from index.errors import BudgetError
from index.stores.index import Index

ROOT = Path(__file__).resolve().parents[1]
RUNS = Path("runs")  # beside the store, in the working folder
DISTRIBUTION = "budget-assistant"


def run(words: list[str]) -> int:
    """Exit code 1 where a question could not be processed at all; BudgetError where sets, store or --out cannot be used."""
    args = _parse_args(words)
    out = args.out or RUNS / f"{datetime.now():%Y%m%d-%H%M%S}"
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        raise BudgetError(f"{out} 已有内容：请换一个 --out，或先删除它")
    with Index.open(args.store) as index:
        cases = read_cases(args.sets, {info.doc_id for info in index.documents()})
        start = time.perf_counter()
        answers = ask_all(Assistant(index), cases)
        about = _about(args, index, cases) | {"seconds": round(time.perf_counter() - start, 2)}
    verdicts = tuple(judge(case, answers.get(case.id)) for case in cases)
    done = Run(answers, verdicts, summarise(verdicts), answers_to_times(cases, answers), about)
    write_run(out, done)
    print("\n".join(run_to_lines(done)))
    failed = sorted((v for v in verdicts if v.wrong or v.missed), key=lambda verdict: not verdict.wrong)
    by_id = {case.id: case for case in cases}
    for verdict in failed[: args.wrong]:
        print("\n".join(["", *failure_to_lines(by_id[verdict.id], verdict, answers.get(verdict.id))]))
    print(f"\n结果在 {out}" + ("" if args.wrong or not failed else "；加 --wrong 20 列出答错和未答的题"))
    return 0 if len(answers) == len(cases) else 1


def ask_all(assistant: Assistant, cases: Iterable[Case]) -> dict[str, Answer]:
    """Answers by id, one after another, so that their times mean something. A question that fails is named and has none."""
    from tqdm import tqdm

    answers = {}
    for case in tqdm(list(cases), desc="提问", unit="题", leave=False, disable=not sys.stderr.isatty()):
        try:
            answers[case.id] = assistant.ask(case.question, case.history, id=case.id)
        except Exception as error:  # the other questions still deserve their answers
            print(f"{case.id} 没能回答（{type(error).__name__}：{' '.join(str(error).split())}）", file=sys.stderr)
    return answers


def answers_to_times(cases: Sequence[Case], answers: Mapping[str, Answer]) -> dict[str, Times]:
    """For every type with an answer, and for all."""
    spent: dict[str, list[float]] = {}
    for case in cases:
        if case.id in answers:
            for name in (case.type, ALL):
                spent.setdefault(name, []).append(answers[case.id].elapsed_ms)
    return {name: Times(round(statistics.median(ms), 2), round(_p95(ms), 2)) for name, ms in spent.items()}


def _p95(ms: Sequence[float]) -> float:
    return statistics.quantiles(ms, n=20, method="inclusive")[-1] if len(ms) > 1 else ms[0]


def _parse_args(words: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m eval run", description="在题集上运行并判分 / ask question sets and score the answers")
    store = Path(os.environ.get(STORE_VARIABLE) or DEFAULT_STORE)
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET.jsonl", help="题集，一行一题 / question sets")
    parser.add_argument("--store", type=Path, default=store, metavar="DIR", help="索引文件夹 / index folder (default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="结果文件夹 / run folder (default: runs/日期-时间)")
    parser.add_argument("--wrong", type=int, default=0, metavar="N", help="列出 N 道答错和未答的题 / print N failures")
    return parser.parse_args(words)


# ---------------------------------------------------------------- what the run was made with


def _about(args: argparse.Namespace, index: Index, cases: Sequence[Case]) -> dict[str, Any]:
    return {
        "finished": datetime.now().astimezone().isoformat(timespec="seconds"),
        "questions": len(cases),
        "sets": [{"path": str(path), "sha256": _digest([path])} for path in args.sets],
        "store": str(args.store),
        "index_id": index.id,
        "documents": [{"doc_id": info.doc_id, "sha256": info.sha256} for info in index.documents()],
        "settings": index.settings.to_json(),
        "assistant_sha256": _digest(sorted(p for top in ("assistant", "prompts") for p in (ROOT / top).glob("*.*"))),
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    """Of Python, the project and the packages that it runs on, as installed."""
    versions = {"python": platform.python_version()}
    try:
        needs = [need for need in importlib.metadata.requires(DISTRIBUTION) or () if "extra ==" not in need]
    except importlib.metadata.PackageNotFoundError:  # run from a clone that was not installed
        return versions
    for name in (DISTRIBUTION, *(re.split(r"[^\w.-]", need, maxsplit=1)[0] for need in needs)):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _digest(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
