"""A run as Markdown: short enough for a merge request, whole enough to see what failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from eval.metrics import BY_KEY, METRICS
from eval.report import ASSISTANT, BYS, ORIGINS, OUTCOMES, failures, gold_to_text, interval, percent
from eval.runs import TOTAL, Run
from eval.summary import Line

FAILURES_SHOWN = 30
SHOWN = 160  # characters of an answer
COLUMNS = frozenset(
    ("correct", "wrong", "missed", "figure", "refusal", "false_refusal", "place", "page", "cell", "hit5", "mrr", "ndcg", "seen5")
)


def run_to_markdown(run: Run, beside: Mapping[str, Sequence[Line]] | None = None) -> str:
    """``beside`` are summaries of other systems on the same questions, by name."""
    about, summary = run.about, run.summary
    parts = [f"# 评测：{'、'.join(item['path'].rsplit('/', 1)[-1] for item in about['sets'])}"]
    parts.append(f"{about['started'][:16].replace('T', ' ')}，{about['questions']} 道题，索引 `{about['index_id']}`")
    for origin, title in ORIGINS.items():
        lines = [line for line in summary if line.origin == origin]
        if lines:
            parts += [f"## {title}", _headline(lines[0])]
            if beside:
                rows = {ASSISTANT: lines[0], **{n: x for n, all in beside.items() if (x := _whole(all, origin))}}
                parts.append(_table([("方案", name, line) for name, line in rows.items()]))
            parts += [_table([(BYS[by], line.name, line) for line in lines if line.by == by]) for by in BYS if by != "all"]
    unscored = [verdict.id for verdict in run.verdicts if verdict.outcome == "unscored"]
    parts += [f"不判分：{'、'.join(unscored)}"] if unscored else []
    return "\n\n".join(part for part in [*parts, *_failures(run)] if part) + "\n"


def _whole(lines: Iterable[Line], origin: str) -> Line | None:
    return next((line for line in lines if line.by == "all" and line.origin == origin), None)


def _headline(line: Line) -> str:
    shares = [f"**{BY_KEY[key].name}** {interval(line.shares[key])}" for key in ("correct", "wrong", "missed") if key in line.shares]
    times = line.times.get(TOTAL)
    return f"{line.n} 道：{'，'.join(shares)}" + (f"；p50 {times.p50:.1f} 毫秒，p95 {times.p95:.1f} 毫秒" if times else "")


def _table(rows: Sequence[tuple[str, str, Line]]) -> str:
    """Columns without a single value are left out."""
    if not rows:
        return ""
    keys = [m.key for m in METRICS if m.key in COLUMNS and any(m.key in line.shares for _, _, line in rows)]
    out = [f"| {rows[0][0]} | 题数 | {' | '.join(BY_KEY[key].name for key in keys)} | p95 毫秒 |", "|---|" + "---:|" * (len(keys) + 2)]
    for _, name, line in rows:
        times = line.times.get(TOTAL)
        cells = [_cell(name), str(line.n), *(percent(line.shares.get(key)) for key in keys), f"{times.p95:.1f}" if times else "—"]
        out.append(f"| {' | '.join(cells)} |")
    return "\n".join(out)


def _failures(run: Run) -> list[str]:
    failed = failures(run)
    if not failed:
        return []
    out = [f"## 答错和未答：{len(failed)} 道"]
    lines = ["| 题 | 判分 | 问题 | 标准答案 | 实际回答 |", "|---|---|---|---|---|"]
    for case, verdict in failed[:FAILURES_SHOWN]:
        answer = run.answers.get(case.id)
        said = " ".join(answer.answer.split()) if answer else "没能回答"
        cells = [case.id, OUTCOMES[verdict.outcome], case.question, gold_to_text(case), said]
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    out.append("\n".join(lines))
    return [*out, *([f"……另有 {len(failed) - FAILURES_SHOWN} 道"] if len(failed) > FAILURES_SHOWN else [])]


def _cell(text: str) -> str:
    """On one line and short; what would be read as a cell's edge or as HTML is escaped."""
    text = " ".join(text.split())
    text = text if len(text) <= SHOWN else text[:SHOWN] + "…"
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
