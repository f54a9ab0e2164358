"""The reports of a run folder: ``report.html`` to look at, ``report.md`` for merge requests. ``python -m eval report RUN`` renews them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.__main__ import Parser
from eval.markdown import run_to_markdown
from eval.metrics import METRICS
from eval.page import run_to_page
from eval.pictures import Pair, Studio, failures_to_pairs
from eval.report import ASSISTANT, ORIGINS, percent, run_to_lines, table_to_lines, told_in_full
from eval.runs import TOTAL, Run, read_run
from eval.summary import Line, overall
from index.errors import BudgetError
from index.stores.index import Index

PAGE, MARKDOWN = "report.html", "report.md"


def run(words: list[str]) -> int:
    """Raises BudgetError where the folder holds no run."""
    parser = Parser(prog="python -m eval report", description="重新生成一次运行的报告 / make the reports of a run again")
    parser.add_argument("run", type=Path, metavar="RUN", help="结果文件夹 / run folder")
    parser.add_argument("--store", type=Path, metavar="DIR", help="取截图的索引，默认为那次所用的 / index for the pictures")
    parser.add_argument("--no-pictures", action="store_true", help="不放原件截图 / no page pictures")
    args = parser.parse_args(words)
    done = read_run(args.run)
    print("\n".join(run_to_lines(done)))
    pairs = {} if args.no_pictures else draw(done, args.store or Path(done.about["store"]))
    print(f"\n报告是 {write_reports(args.run, done, pairs)}")
    return 0


def systems_to_lines(ours: Run, beside: Mapping[str, Sequence[Line]]) -> list[str]:
    """The assistant and other systems in one table a kind of question, by what any of them has a share of."""
    lines: list[str] = []
    for origin, title in ORIGINS.items():
        systems = {name: overall(rows, origin) for name, rows in {ASSISTANT: ours.summary, **beside}.items()}
        shown = {name: line for name, line in systems.items() if line}
        if not shown:
            continue
        metrics = [m for m in METRICS if m.group in ("answer", "retrieval") and any(m.key in line.shares for line in shown.values())]
        rows = [[title, *(metric.name for metric in metrics), "p50 毫秒"]]
        rows += [[name, *(percent(x.shares.get(m.key)) for m in metrics), f"{x.times[TOTAL].p50:.1f}"] for name, x in shown.items()]
        lines += table_to_lines(rows)
    return lines


def write_reports(folder: Path, run: Run, pairs: Mapping[str, Pair], beside: Mapping[str, Sequence[Line]] | None = None) -> Path:
    """Returns the page's path. ``pairs`` are the pictures of failures by question id."""
    page = folder / PAGE
    try:
        page.write_text(run_to_page(run, pairs, beside), "utf-8")
        (folder / MARKDOWN).write_text(run_to_markdown(run, beside), "utf-8")
    except OSError as error:
        raise BudgetError(f"报告写不到 {folder}（{error.strerror}）：请检查文件夹的权限和磁盘空间") from error
    return page


def draw(run: Run, store: Path) -> dict[str, Pair]:
    """The pictures of a finished run. Without its store a report has none; that is no error, a line says why."""
    try:
        with Index.open(store) as index, Studio(index) as studio:
            return failures_to_pairs(studio, told_in_full(run))
    except BudgetError as error:
        print(f"报告里没有原件截图：{error}")
        return {}
