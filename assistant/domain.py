"""Question in, Answer out: the values of the assistant, and the JSON form that the contract fixes.

Standard library and ``index.domain`` only. A figure of an answer always names the citation it stands in.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from index.domain import Box, Figure, LabelPath


class Status(StrEnum):
    ANSWERED = "answered"
    REFUSED = "refused"
    CLARIFY = "clarify"


class Refusal(StrEnum):
    """Which kind of no."""

    NOT_IN_DOCUMENTS = "not_in_documents"
    NOT_INDEXED = "not_indexed"
    EMPTY_TABLE = "empty_table"
    BLANK_CELL = "blank_cell"
    OUT_OF_SCOPE = "out_of_scope"


class Intent(StrEnum):
    """What is asked for."""

    LOOKUP = "lookup"  # one figure (or several of one item)
    CHANGE = "change"  # how much more or less than before
    COMPARE = "compare"  # bodies or years side by side
    SHARE = "share"  # a ÷ b
    SUM = "sum"
    AVERAGE = "average"
    RANK = "rank"
    LIST = "list"
    WHY = "why"
    TEXT = "text"  # uses, duties, goals, definitions
    DEFINE = "define"
    COUNT = "count"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier turn of the conversation; ``role`` is user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Citation:
    """One numbered place: document, page (or line of a text file), table cell or passage."""

    n: int
    doc: str
    title: str
    quote: str
    page: int | None = None
    line: int | None = None
    section: str | None = None
    table: str | None = None
    row: LabelPath = ()
    column: LabelPath = ()
    bbox: Box | None = None


@dataclass(frozen=True, slots=True)
class AnswerFigure:
    """A value as the answer states it; ``citation`` is the number of the place it stands in (or of its first input)."""

    value: Decimal
    unit: str
    label: str
    citation: int


@dataclass(frozen=True, slots=True)
class Step:
    """One calculation that anybody can redo; ``inputs`` are citation numbers in the order of the formula."""

    formula: str
    inputs: tuple[int, ...]
    result: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A remark that belongs to the answer: discrepancy, assumption, rounding, ocr or unit."""

    kind: str
    message: str
    citations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant says; see the contract for the meaning of every field."""

    question: str
    status: Status
    answer: str
    figures: tuple[AnswerFigure, ...] = ()
    citations: tuple[Citation, ...] = ()
    calculation: tuple[Step, ...] = ()
    notices: tuple[Notice, ...] = ()
    refusal: Refusal | None = None
    options: tuple[str, ...] = ()
    model: str | None = None
    elapsed_ms: float = 0.0
    id: str | None = None
    trace: tuple[str, ...] = field(default=(), compare=False)
    stages: tuple[tuple[str, float], ...] = field(default=(), compare=False)  # milliseconds by stage, see ``assistant.watch``

    def timed(self, elapsed_ms: float, id: str | None) -> Answer:
        return replace(self, elapsed_ms=round(elapsed_ms, 2), id=id)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A figure that might be meant, with why: ``covered`` is the bit mask of question characters it explains.

    ``labelled`` are those that its row, columns and table explain (not the sentence around it), ``named`` those that the
    row's own label explains beyond the whole labels above it, ``unsaid`` is how much of that label the question does not say.
    """

    figure: Figure
    score: float
    covered: int
    labelled: int = 0
    named: int = 0
    unsaid: float = 0.0


def number(value: Decimal) -> int | float:
    """The JSON number of an exact decimal (scorers and people read 9233.81, not a string)."""
    return int(value) if value == value.to_integral_value() else float(value)


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """The contract's Answer object."""
    return {
        "id": answer.id,
        "question": answer.question,
        "status": str(answer.status),
        "answer": answer.answer,
        "figures": [{"value": number(f.value), "unit": f.unit, "label": f.label, "citation": f.citation} for f in answer.figures],
        "citations": [citation_to_json(c) for c in answer.citations],
        "calculation": [
            {"formula": s.formula, "inputs": list(s.inputs), "result": number(s.result), "unit": s.unit} for s in answer.calculation
        ],
        "notices": [{"kind": n.kind, "message": n.message, "citations": list(n.citations)} for n in answer.notices],
        "refusal": str(answer.refusal) if answer.refusal else None,
        "options": list(answer.options),
        "model": answer.model,
        "elapsed_ms": answer.elapsed_ms,
    }


def citation_to_json(c: Citation) -> dict[str, Any]:
    """The contract's citation; ``line`` only where there is no page."""
    out: dict[str, Any] = {
        "n": c.n,
        "doc": c.doc,
        "title": c.title,
        "page": c.page,
        "section": c.section,
        "table": c.table,
        "row": list(c.row),
        "column": list(c.column),
        "quote": c.quote,
        "bbox": [round(v, 2) for v in c.bbox] if c.bbox else None,
    }
    if c.page is None and c.line is not None:
        out["line"] = c.line
    return out
