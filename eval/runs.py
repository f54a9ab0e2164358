"""Run folders: what was asked, what was answered, how it was judged, and with what, so that a run can be compared and redone.

``answers.jsonl`` one Answer of the contract a line; ``scores.json`` verdicts, shares and times; ``run.json`` the rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from assistant.domain import Answer, AnswerFigure, Citation, Notice, Refusal, Status, Step, answer_to_json
from eval.score import Outcome, Summary, Verdict
from index.errors import BudgetError

ANSWERS, SCORES, RUN = "answers.jsonl", "scores.json", "run.json"


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of an answer: half of the answers take no longer than ``p50``, 95 of 100 no longer than ``p95``."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run. ``about`` holds settings, versions, documents and sets as plain JSON."""

    answers: Mapping[str, Answer]
    verdicts: tuple[Verdict, ...]
    summary: Mapping[str, Summary]
    times: Mapping[str, Times]
    about: Mapping[str, Any]


def write_run(folder: Path, run: Run) -> None:
    """Raises BudgetError where the folder cannot be written."""
    lines = [json.dumps(answer_to_json(answer), ensure_ascii=False) for answer in run.answers.values()]
    scores = {
        "summary": {name: asdict(shares) for name, shares in run.summary.items()},
        "elapsed_ms": {name: asdict(times) for name, times in run.times.items()},
        "verdicts": [asdict(verdict) for verdict in run.verdicts],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ANSWERS).write_text("".join(f"{line}\n" for line in lines), "utf-8")
        (folder / SCORES).write_text(_pretty(scores), "utf-8")
        (folder / RUN).write_text(_pretty(run.about), "utf-8")
    except OSError as error:
        raise BudgetError(f"运行结果写不到 {folder}（{error.strerror}）：请换一个 --out") from error


def read_run(folder: Path) -> Run:
    """Raises BudgetError where the folder holds no whole run."""
    try:
        answers = read_answers(folder / ANSWERS)
        scores = json.loads((folder / SCORES).read_text("utf-8"))
        verdicts = tuple(Verdict(**{**item, "outcome": Outcome(item["outcome"])}) for item in scores["verdicts"])
        summary = {name: Summary(**shares) for name, shares in scores["summary"].items()}
        times = {name: Times(**item) for name, item in scores["elapsed_ms"].items()}
        return Run(answers, verdicts, summary, times, json.loads((folder / RUN).read_text("utf-8")))
    except FileNotFoundError as error:
        raise BudgetError(
            f"{folder} 里没有完整的运行结果（缺 {Path(error.filename).name}）：请先运行 python -m eval run … --out {folder}"
        ) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BudgetError(f"运行结果 {folder} 读不了（{type(error).__name__}）：请重新运行 python -m eval run") from error


def read_answers(path: Path) -> dict[str, Answer]:
    """Answers by the id of their question, from the lines that ``assistant ask --batch`` writes, too."""
    lines = path.read_text("utf-8").split("\n")  # not splitlines: a quote may hold other separators, such as U+2028
    answers = [json_to_answer(json.loads(line)) for line in lines if line.strip()]
    return {answer.id or "": answer for answer in answers}


def json_to_answer(item: Mapping[str, Any]) -> Answer:
    """The contract's Answer object; what is left out is empty. Raises KeyError or ValueError where it is none."""
    return Answer(
        question=item.get("question") or "",
        status=Status(item["status"]),
        answer=item.get("answer") or "",
        figures=tuple(
            AnswerFigure(_decimal(f["value"]), f.get("unit") or "", f.get("label") or "", f.get("citation") or 0)
            for f in _entries(item, "figures")
        ),
        citations=tuple(_json_to_citation(c) for c in _entries(item, "citations")),
        calculation=tuple(
            Step(s["formula"], tuple(s["inputs"]), _decimal(s["result"]), s.get("unit") or "") for s in _entries(item, "calculation")
        ),
        notices=tuple(Notice(n["kind"], n["message"], tuple(n.get("citations") or ())) for n in _entries(item, "notices")),
        refusal=Refusal(item["refusal"]) if item.get("refusal") else None,
        options=tuple(item.get("options") or ()),
        model=item.get("model"),
        elapsed_ms=item.get("elapsed_ms") or 0.0,
        id=item.get("id"),
    )


def _json_to_citation(item: Mapping[str, Any]) -> Citation:
    return Citation(
        n=item.get("n") or 0,
        doc=item["doc"],
        title=item.get("title") or "",
        quote=item.get("quote") or "",
        page=item.get("page"),
        line=item.get("line"),
        section=item.get("section"),
        table=item.get("table"),
        row=tuple(item.get("row") or ()),
        column=tuple(item.get("column") or ()),
        bbox=tuple(item["bbox"]) if item.get("bbox") else None,
    )


def _entries(item: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    return item.get(name) or ()


def _decimal(value: float | int | str) -> Decimal:
    return Decimal(str(value))


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
