"""Run folders: what was asked, what was answered, how it was judged, and with what, so that a run can be compared and redone.

``sets/*.jsonl`` the questions as they were; ``answers.jsonl`` one Answer of the contract a line; ``details.jsonl`` trace, times
and evidence; ``scores.json`` verdicts and shares, for machines; ``run.json`` the rest. The reports are made from these alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from assistant.domain import Answer, AnswerFigure, Citation, Notice, Refusal, Status, Step, answer_to_json
from eval.cases import Case, read_cases
from eval.retrieval import Evidence
from eval.score import Outcome, Verdict
from eval.summary import Line, Stages, summarise
from index.errors import BudgetError

SETS, ANSWERS, DETAILS, SCORES, RUN = "sets", "answers.jsonl", "details.jsonl", "scores.json", "run.json"
TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Detail:
    """Beside an answer: how it came about, milliseconds by stage, and what search alone found (None: not looked for)."""

    trace: tuple[str, ...]
    stages: Stages
    evidence: tuple[Evidence, ...] | None = None


@dataclass(frozen=True)
class Run:
    """A finished run. ``about`` holds settings, versions, documents and sets as plain JSON."""

    cases: tuple[Case, ...]
    answers: Mapping[str, Answer]
    details: Mapping[str, Detail]
    verdicts: tuple[Verdict, ...]
    about: Mapping[str, Any]

    @cached_property
    def summary(self) -> tuple[Line, ...]:
        """Worked out once: every report tells of it."""
        return summarise(self.cases, self.verdicts, {id: detail.stages for id, detail in self.details.items()})


def answer_to_detail(answer: Answer, evidence: tuple[Evidence, ...] | None = None) -> Detail:
    return Detail(answer.trace, {**dict(answer.stages), TOTAL: answer.elapsed_ms}, evidence)


def write_run(folder: Path, run: Run) -> None:
    """Raises BudgetError where the folder cannot be written."""
    scores = {"summary": [asdict(line) for line in run.summary], "verdicts": [asdict(verdict) for verdict in run.verdicts]}
    sets: dict[str, list[str]] = {}
    for case in run.cases:
        sets.setdefault(case.set or "set", []).append(case.line or _dump({"id": case.id, "question": case.question}))
    try:
        (folder / SETS).mkdir(parents=True, exist_ok=True)
        for name, lines in sets.items():
            _write_lines(folder / SETS / f"{name}.jsonl", lines)
        _write_lines(folder / ANSWERS, [_dump(answer_to_json(answer)) for answer in run.answers.values()])
        _write_lines(folder / DETAILS, [_dump({"id": id, **asdict(detail)}) for id, detail in run.details.items()])
        (folder / SCORES).write_text(_pretty(scores), "utf-8")
        (folder / RUN).write_text(_pretty(run.about), "utf-8")
    except OSError as error:
        raise BudgetError(f"运行结果写不到 {folder}（{error.strerror}）：请换一个 --out") from error


def read_run(folder: Path) -> Run:
    """Raises BudgetError where the folder holds no whole run."""
    try:
        about = json.loads((folder / RUN).read_text("utf-8"))
        scores = json.loads((folder / SCORES).read_text("utf-8"))
        verdicts = tuple(Verdict(**{**item, "outcome": Outcome(item["outcome"])}) for item in scores["verdicts"])
        details = {item.pop("id"): _json_to_detail(item) for item in _read_lines(folder / DETAILS)}
        cases = {case.id: case for case in read_cases(sets_of(folder))}
        ordered = tuple(cases[verdict.id] for verdict in verdicts)
        return Run(ordered, read_answers(folder / ANSWERS), details, verdicts, about)
    except FileNotFoundError as error:
        raise BudgetError(
            f"{folder} 里没有完整的运行结果（缺 {Path(error.filename).name}）：请先运行 python -m eval run … --out {folder}"
        ) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BudgetError(f"运行结果 {folder} 读不了（{type(error).__name__}）：请重新运行 python -m eval run") from error


def sets_of(folder: Path) -> list[Path]:
    """The question sets that a run was made with, as it keeps them."""
    return sorted((folder / SETS).glob("*.jsonl"))


def read_answers(path: Path) -> dict[str, Answer]:
    """Answers by the id of their question, from the lines that ``assistant ask --batch`` writes, too."""
    answers = [json_to_answer(item) for item in _read_lines(path)]
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


def _json_to_detail(item: Mapping[str, Any]) -> Detail:
    evidence = item["evidence"]
    return Detail(tuple(item["trace"]), item["stages"], None if evidence is None else tuple(Evidence(**one) for one in evidence))


def _read_lines(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text("utf-8").split("\n")  # not splitlines: a quote may hold other separators, such as U+2028
    return [json.loads(line) for line in lines if line.strip()]


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
