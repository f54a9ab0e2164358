"""``python -m eval run SET.jsonl…``: ask every question of the sets, judge the answers, keep all of it in a run folder.

``python -m eval replay RUN`` asks the questions of an earlier run again and tells what changed.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from assistant.__main__ import DEFAULT_STORE, STORE_VARIABLE, Parser
from assistant.domain import Answer
from assistant.pipeline import Assistant
from eval.about import describe
from eval.ask import ask_all, default_jobs, progress
from eval.cases import Case, read_cases
from eval.compare import compare, comparison_to_lines, run_to_judged, write_record
from eval.page import prepare
from eval.pictures import Pair, Studio, failures_to_pairs
from eval.report import TOLD_IN_FULL, failed_first, failures, failures_to_lines, run_to_lines, told_in_full
from eval.reports import write_reports
from eval.retrieval import Evidence, evidence_marks, find_evidence
from eval.runs import Run, answer_to_detail, read_run, sets_of, write_run
from eval.score import Verdict, judge
from index.errors import BudgetError
from index.stores.index import Index

RUNS = Path("runs")  # beside the store, in the working folder
TOLD_APART = ("index_id", "assistant_sha256", "versions", "settings")  # what may explain that a replay differs


def run(words: list[str]) -> int:
    """Exit code 1 where a question could not be processed at all; BudgetError where sets, store or --out cannot be used."""
    args = _parse_args(words)
    out = new_folder(args.out)
    measured = measure(args.sets, args.store, args.jobs, args.retrieval, not args.no_pictures)
    done = measured.run
    _finish(args, out, measured)
    return 0 if len(done.answers) == len(done.cases) else 1


def replay(words: list[str]) -> int:
    """Exit code 1 as ``run``, or where more answers are wrong than in the earlier run."""
    args = _parse_replay_args(words)
    before = read_run(args.run)
    out = new_folder(args.out)
    store = args.store or Path(before.about["store"])
    measured = measure(sets_of(args.run), store, args.jobs, args.retrieval, not args.no_pictures)
    done = measured.run
    _finish(args, out, measured)
    differing = [name for name in TOLD_APART if before.about.get(name) != done.about.get(name)]
    print(f"\n与 {args.run} 相比" + (f"（不同：{'、'.join(differing)}）" if differing else "（索引、代码、版本、设置都相同）"))
    found = compare(run_to_judged(before), run_to_judged(done))
    print("\n".join(comparison_to_lines(found)))
    return 1 if found.wrong_rose or len(done.answers) < len(done.cases) else 0


@dataclass(frozen=True, slots=True)
class Measured:
    """A run with the pictures of its failures.

    ``preparing`` are the seconds before the first question, for opening and loading; ``since`` is the clock at that moment.
    """

    run: Run
    pairs: Mapping[str, Pair]
    preparing: float
    since: float


def measure(sets: Sequence[Path], store: Path, jobs: int | None = None, retrieval: bool = False, pictures: bool = False) -> Measured:
    """Read the sets, ask, judge. Evidence is looked for where the report shows it, with ``retrieval`` for every question."""
    begun = time.perf_counter()
    with Index.open(store) as index, Studio(index) as studio:
        cases = read_cases(sets, {info.doc_id for info in index.documents()})
        about = describe(sets, store, index, len(cases))
        assistant = Assistant(index)
        jobs = jobs or default_jobs(len(cases))
        prepare()
        clock = Clock()
        answers: dict[str, Answer] = {}
        verdicts: list[Verdict] = []
        for case, answer in ask_all(assistant, store, cases, jobs):
            clock.mark("asking")
            if answer:
                answers[case.id] = answer
            verdicts.append(judge(case, answer))
            clock.mark("judging")
            if pictures and verdicts[-1].failed and len(studio) < TOLD_IN_FULL:
                studio.begin(case, answer)
                clock.mark("pictures")
        evidence = _evidence(assistant, index, cases, verdicts, retrieval)
        clock.mark("evidence")
        if retrieval:
            verdicts = [_with_evidence(case, verdict, evidence) for case, verdict in zip(cases, verdicts, strict=True)]
        details = {id: answer_to_detail(answer, evidence.get(id)) for id, answer in answers.items()}
        done = Run(cases, answers, details, tuple(verdicts), about)
        pairs = failures_to_pairs(studio, told_in_full(done)) if pictures else {}
        clock.mark("pictures")
    spent = {"answers": sum(answer.elapsed_ms for answer in answers.values()) / 1000, **clock.spent}
    about |= {"jobs": jobs, "retrieval": retrieval, "seconds": {name: round(value, 2) for name, value in spent.items()}}
    return Measured(done, pairs, clock.start - begun, clock.start)


class Clock:
    """Seconds by what they were spent on; everything since the last mark belongs to the next one."""

    def __init__(self) -> None:
        self.start = self._last = time.perf_counter()
        self.spent = dict.fromkeys(("asking", "judging", "evidence", "pictures"), 0.0)

    def mark(self, name: str) -> None:
        now = time.perf_counter()
        self.spent[name] += now - self._last
        self._last = now


def _evidence(
    assistant: Assistant, index: Index, cases: Sequence[Case], verdicts: Sequence[Verdict], everywhere: bool
) -> dict[str, tuple[Evidence, ...]]:
    """By question id: of the failures that reports tell in full, and everywhere else only where asked for."""
    failed = [case for case, _ in failed_first(cases, verdicts)[:TOLD_IN_FULL]]
    wanted = list({case.id: case for case in [*failed, *(case for case in cases if everywhere and case.sources)]}.values())
    return dict(progress(find_evidence(assistant, index, wanted), len(wanted), "检索"))


def _with_evidence(case: Case, verdict: Verdict, evidence: Mapping[str, tuple[Evidence, ...]]) -> Verdict:
    return replace(verdict, marks={**verdict.marks, **evidence_marks(case.sources, evidence.get(case.id, ()))})


def _finish(args: argparse.Namespace, out: Path, measured: Measured) -> None:
    """Keep the run, print the tables, write the reports, say where they are and what all of it took."""
    done = measured.run
    write_run(out, done)
    print("\n".join(run_to_lines(done)))
    failed = failures(done)
    if args.wrong:
        print("\n".join(failures_to_lines(done, failed[: args.wrong])))
    if args.record:
        write_record(args.record, done)
    page = write_reports(out, done, measured.pairs)
    print("\n" + seconds_to_line(done.about["seconds"], measured.preparing, time.perf_counter() - measured.since))
    print(f"结果在 {out}，报告是 {page}" + ("" if args.wrong or not failed else "；加 --wrong 20 在这里列出答错和未答的题"))


def seconds_to_line(spent: Mapping[str, float], preparing: float, whole: float) -> str:
    """``whole``: from the first question to the last report. With several processes the answers may take longer than that."""
    parts = {
        "提问和判分": max(spent["asking"] - spent["answers"], 0) + spent["judging"],
        "检索": spent["evidence"],
        "截图": spent["pictures"],
    }
    parts["报告"] = max(whole - sum(spent[name] for name in ("asking", "judging", "evidence", "pictures")), 0)
    added = sum(parts.values())
    share = f"（回答本身的 {100 * added / spent['answers']:.0f}%）" if spent["answers"] else ""
    told = "、".join(f"{name} {seconds:.2f}" for name, seconds in parts.items())
    before = f"用时：打开索引和题集 {preparing:.1f} 秒，此后 {whole:.1f} 秒"
    return f"{before}，其中回答 {spent['answers']:.1f} 秒；另加 {added:.2f} 秒{share}：{told}"


def new_folder(out: Path | None) -> Path:
    """Where a run is to be kept. Raises BudgetError where something is there already: no earlier run is overwritten."""
    out = out or RUNS / f"{datetime.now():%Y%m%d-%H%M%S}"
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        raise BudgetError(f"{out} 已有内容：请换一个 --out，或先删除它")
    return out


# ---------------------------------------------------------------- arguments


def _parse_args(words: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m eval run", description="在题集上运行并判分 / ask question sets and score the answers")
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET.jsonl", help="题集，一行一题 / question sets")
    store = Path(os.environ.get(STORE_VARIABLE) or DEFAULT_STORE)
    parser.add_argument("--store", type=Path, default=store, metavar="DIR", help="索引文件夹 / index folder (default: %(default)s)")
    _add_options(parser)
    return parser.parse_args(words)


def _parse_replay_args(words: Sequence[str]) -> argparse.Namespace:
    text = "把一次运行的题再问一遍并比较 / ask the questions of a run again, and compare"
    parser = Parser(prog="python -m eval replay", description=text)
    parser.add_argument("run", type=Path, metavar="RUN", help="此前的结果文件夹 / run folder, before")
    parser.add_argument("--store", type=Path, metavar="DIR", help="索引文件夹，默认为那次所用的 / index folder (default: the run's)")
    _add_options(parser)
    return parser.parse_args(words)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="DIR", help="结果文件夹 / run folder (default: runs/日期-时间)")
    parser.add_argument("--wrong", type=int, default=0, metavar="N", help="列出 N 道答错和未答的题 / print N failures")
    parser.add_argument("--retrieval", action="store_true", help="每题另做一次检索并度量 / measure search alone, too")
    parser.add_argument("--jobs", type=_positive, metavar="N", help="用 N 个进程 / processes (default: 1 for up to 1,999 questions)")
    parser.add_argument("--record", type=Path, metavar="FILE", help="把判分记入文件，供 compare 把关 / record verdicts for the gate")
    parser.add_argument("--no-pictures", action="store_true", help="报告里不放原件截图 / no page pictures in the report")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} < 1")
    return value
