"""Runs and failures as lines for the terminal, and the words that all reports share."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from assistant.domain import Answer
from eval.cases import Case, Place
from eval.metrics import BY_KEY
from eval.runs import TOTAL, Run
from eval.score import Outcome, Verdict
from eval.summary import GENERATED, HAND, Line, Share

OUTCOMES = {Outcome.CORRECT: "正确", Outcome.WRONG: "错误", Outcome.MISSED: "未答", Outcome.UNSCORED: "不判分"}
ORIGINS = {HAND: "人工编写的题", GENERATED: "程序起草的题"}
BYS = {"all": "全部", "type": "题型", "doc": "文件", "tag": "标签", "set": "题集"}
STAGES = {TOTAL: "全程", "understand": "理解", "retrieve": "查找", "answer": "作答"}
SHARES = ("correct", "wrong", "missed", "figure", "place", "page", "cell")  # of the terminal's table
ASSISTANT = "预算问答助手"  # in the table of systems
TYPES = {
    "lookup": "查数",
    "prose": "正文里的数",
    "narrative": "文字说明",
    "compare": "比较",
    "compute": "计算",
    "rank": "排序列举",
    "multiturn": "追问",
    "audit": "前后矛盾",
    "refuse": "应当拒答",
    "clarify": "应当反问",
}
STATUSES = {"answered": "已答", "refused": "拒答", "clarify": "反问"}
SHOWN = 200  # characters of an answer
TOLD_IN_FULL = 40  # failures with pictures and evidence; the others are told in words


def run_to_lines(run: Run) -> list[str]:
    """A table a kind of question: shares by type; 出处, 页, 格 are shares of the right answers that have them to cite."""
    lines: list[str] = []
    summary = run.summary
    for origin, title in ORIGINS.items():
        mine = [line for line in summary if line.origin == origin and line.by in ("type", "all")]
        if mine:
            rows = [["题型", "题数", *(BY_KEY[key].name for key in SHARES), "p50 毫秒", "p95", "p99"]]
            rows += [_line_to_row(line) for line in sorted(mine, key=lambda line: line.by == "all")]
            lines += [*([f"{title}："] if origin == GENERATED else []), *table_to_lines(rows), *_interval_lines(mine)]
    return [*lines, *_unscored_lines(run)]


def _line_to_row(line: Line) -> list[str]:
    times = line.times.get(TOTAL)
    ms = [f"{times.p50:.1f}", f"{times.p95:.1f}", f"{times.p99:.1f}"] if times else ["—"] * 3
    return [line.name, str(line.n), *(percent(line.shares.get(key)) for key in SHARES), *ms]


def _interval_lines(lines: Iterable[Line]) -> list[str]:
    """正确 and 错误 of all questions, with their intervals."""
    whole = next(line for line in lines if line.by == "all")
    told = [f"{BY_KEY[key].name} {interval(whole.shares[key])}" for key in ("correct", "wrong") if key in whole.shares]
    return [f"95% 区间：{'，'.join(told)}"] if told else []


def _unscored_lines(run: Run) -> list[str]:
    unscored = [verdict.id for verdict in run.verdicts if verdict.outcome is Outcome.UNSCORED]
    return [f"不判分（没有 figures，也没有 must_include）：{'、'.join(unscored)}"] if unscored else []


def failures(run: Run) -> list[tuple[Case, Verdict]]:
    return failed_first(run.cases, run.verdicts)


def told_in_full(run: Run) -> list[tuple[Case, Answer | None]]:
    """The failures that reports show with pictures and evidence, with their answers."""
    return [(case, run.answers.get(case.id)) for case, _ in failures(run)[:TOLD_IN_FULL]]


def failed_first(cases: Sequence[Case], verdicts: Sequence[Verdict]) -> list[tuple[Case, Verdict]]:
    """Wrong answers, then missed ones; hand-written questions before generated ones, otherwise in order."""
    pairs = [(case, verdict) for case, verdict in zip(cases, verdicts, strict=True) if verdict.failed]
    return sorted(pairs, key=lambda pair: (pair[0].generated, not pair[1].wrong))


def failures_to_lines(run: Run, failed: Iterable[tuple[Case, Verdict]]) -> list[str]:
    return [line for case, verdict in failed for line in ("", *failure_to_lines(case, verdict, run.answers.get(case.id)))]


def failure_to_lines(case: Case, verdict: Verdict, answer: Answer | None) -> list[str]:
    """Question, gold with its places, and what was said."""
    said = f"（{answer.status}）{' '.join(answer.answer.split())[:SHOWN]}" if answer else "没能回答"
    earlier = [f"  此前：{turn['content']}" for turn in case.history if turn["role"] == "user"]
    places = [f"  出处：{place_to_text(case.sources[0])}"] if case.sources else []
    return [
        f"{case.id} [{case.type} {OUTCOMES[verdict.outcome]}] {case.question}",
        *earlier,
        f"  应答：{gold_to_text(case)}",
        *places,
        f"  实答：{said}",
    ]


def gold_to_text(case: Case) -> str:
    """The reference answer and what it does not name of figures and phrases."""
    named = (case.answer or "").replace(",", "")
    gold = [case.answer or "", *(f"{g.value}{g.unit}" for g in case.figures if f"{g.value}" not in named), *case.must_include]
    return "；".join(part for part in gold if part) or ("请反问" if case.type == "clarify" else "文件里没有")


def place_to_text(place: Place) -> str:
    parts = [place.doc, f"第{place.page}页" if place.page else "", place.table or place.section, place.row, place.column]
    return " · ".join(part for part in parts if part)


def percent(share: Share | None) -> str:
    return "—" if share is None else f"{100 * share.value:.1f}%"


def interval(share: Share) -> str:
    """93.3%（90.5–95.8%）."""
    return f"{100 * share.value:.1f}%（{100 * share.low:.1f}–{100 * share.high:.1f}%）"


def table_to_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns two blanks apart, the first one to the left, the others to the right; Chinese characters are two columns wide."""
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        pads = [" " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join([row[0] + pads[0], *(pad + cell for cell, pad in zip(row[1:], pads[1:], strict=True))]).rstrip())
    return lines


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
