"""Runs and failures as lines for the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from assistant.domain import Answer
from eval.cases import Case, Place
from eval.runs import Run
from eval.score import Outcome, Verdict

HEADERS = ("题型", "题数", "正确", "错误", "未答", "出处", "页", "格", "p50 毫秒", "p95 毫秒")
OUTCOMES = {Outcome.CORRECT: "正确", Outcome.WRONG: "错误", Outcome.MISSED: "未答", Outcome.UNSCORED: "不判分"}
SHOWN = 200  # characters of an answer


def run_to_lines(run: Run) -> list[str]:
    """A table: shares of the questions of each type; 出处, 页, 格 are shares of the right answers that have them to cite."""
    rows: list[Sequence[str]] = [HEADERS]
    for name, s in run.summary.items():
        shares = [percent(share) for share in (s.correct, s.wrong, s.missed, s.place, s.page, s.cell)]
        times = run.times.get(name)
        rows.append([name, str(s.n), *shares, *([f"{times.p50:.1f}", f"{times.p95:.1f}"] if times else ["—", "—"])])
    lines = table_to_lines(rows)
    unscored = [verdict.id for verdict in run.verdicts if verdict.outcome is Outcome.UNSCORED]
    return [*lines, *([f"不判分（没有 figures，也没有 must_include）：{'、'.join(unscored)}"] if unscored else [])]


def failure_to_lines(case: Case, verdict: Verdict, answer: Answer | None) -> list[str]:
    """Question, gold with its places, and what was said."""
    gold = [case.answer or "", *(f"{g.value}{g.unit}" for g in case.figures if f"{g.value}" not in (case.answer or "").replace(",", ""))]
    wanted = "；".join(part for part in [*gold, *case.must_include] if part) or "文件里没有"
    said = f"（{answer.status}）{' '.join(answer.answer.split())[:SHOWN]}" if answer else "没能回答"
    earlier = [f"  此前：{turn['content']}" for turn in case.history if turn["role"] == "user"]
    places = [f"  出处：{place_to_text(case.sources[0])}"] if case.sources else []
    return [
        f"{case.id} [{case.type} {OUTCOMES[verdict.outcome]}] {case.question}",
        *earlier,
        f"  应答：{wanted}",
        *places,
        f"  实答：{said}",
    ]


def place_to_text(place: Place) -> str:
    parts = [place.doc, f"第{place.page}页" if place.page else "", place.table or place.section, place.row, place.column]
    return " · ".join(part for part in parts if part)


def percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.1f}%"


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
