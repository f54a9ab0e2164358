"""A run as one self-contained HTML file: what the template shows, worked out here; no script, nothing fetched from anywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from eval.cases import Case
from eval.metrics import BY_KEY, GROUPS, METRICS, Metric
from eval.pictures import Pair, citation_to_text
from eval.report import ASSISTANT, BYS, ORIGINS, OUTCOMES, STAGES, STATUSES, TOLD_IN_FULL, TYPES, failures, gold_to_text, place_to_text
from eval.runs import TOTAL, Run
from eval.score import Outcome, Verdict
from eval.summary import Line, Share

if TYPE_CHECKING:
    from jinja2 import Template
    from markdown_it import MarkdownIt
    from markupsafe import Markup

TEMPLATE = Path(__file__).with_name("page.html.j2")
CARDS = ("correct", "wrong", "missed", "figure", "cell", "refusal", "false_refusal")
FOUND_BY = {"both": "意思和字词", "dense": "意思", "lexical": "字词"}
BINS = 24  # of the histogram of times


class Shown(NamedTuple):
    """How much of a failure is told: characters of its texts and quotes, entries of its lists."""

    text: int
    quote: int
    entries: int


# So that the page stays below 5 MB whatever is asked: the failures with pictures in full, the next ones briefly.
FULL, BRIEF = Shown(1200, 160, 8), Shown(200, 40, 3)
MOST_FAILURES = 400


@dataclass(frozen=True, slots=True)
class Bar:
    """A column of the histogram: its share of the highest one, how many answers, and from which to which millisecond."""

    height: float
    count: int
    low: float
    high: float


def run_to_page(run: Run, pictures: Mapping[str, Pair] | None = None, beside: Mapping[str, Sequence[Line]] | None = None) -> str:
    """The HTML. ``beside`` are summaries of other systems on the same questions, by name; they share the table of systems."""
    summary = run.summary
    systems = {ASSISTANT: summary, **(beside or {})} if beside else {}
    page = _template().render(
        about=run.about,
        parts=[_part(run, summary, systems, origin) for origin in ORIGINS if any(line.origin == origin for line in summary)],
        pictures=pictures or {},
        groups=GROUPS,
        outcomes=OUTCOMES,
        stages=STAGES,
        types=TYPES,
        found_by=FOUND_BY,
        unscored=[verdict.id for verdict in run.verdicts if verdict.outcome is Outcome.UNSCORED],
    )
    return str(page)


def prepare() -> None:
    """Load what a page is made with, which takes as long as making ten of them."""
    _template()
    _renderer()


@cache
def _template() -> Template:
    """Undefined names raise, every value is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"percent": _percent, "interval": _interval, "ms": _ms, "markdown": _markdown}
    return environment.from_string(TEMPLATE.read_text("utf-8"))


def _part(run: Run, summary: Sequence[Line], systems: Mapping[str, Sequence[Line]], origin: str) -> dict[str, Any]:
    """Everything about the questions of one origin; the two origins share no number."""
    lines = [line for line in summary if line.origin == origin]
    whole = next(line for line in lines if line.by == "all")
    types = [line for line in lines if line.by == "type"]
    cases = {case.id for case in run.cases if case.generated == (origin == "generated")}
    failed = [pair for pair in failures(run) if pair[0].id in cases]
    shown = [_failure(run, case, verdict, FULL if n < TOLD_IN_FULL else BRIEF) for n, (case, verdict) in enumerate(failed[:MOST_FAILURES])]
    wholes = {name: next((line for line in rows if line.by == "all" and line.origin == origin), None) for name, rows in systems.items()}
    return {
        "origin": origin,
        "title": ORIGINS[origin],
        "whole": whole,
        "types": types,
        "cards": [BY_KEY[key] for key in CARDS if key in whole.shares],
        "tables": [table for key, name in GROUPS.items() if (table := _table(key, name, lines))],
        "systems": {name: line for name, line in wholes.items() if line},
        "system_metrics": [metric for metric in METRICS if any(line and metric.key in line.shares for line in wholes.values())],
        "bars": times_to_bars([detail.stages[TOTAL] for id, detail in run.details.items() if id in cases]),
        "timed": _grouped([line for line in lines if line.times]),
        "failures": shown,
        "failed": len(failed),
    }


def _table(group: str, name: str, lines: Sequence[Line]) -> dict[str, Any] | None:
    """One group of metrics by everything that has a line; None where nothing of it was measured."""
    metrics: list[Metric] = [m for m in METRICS if m.group == group and any(m.key in line.shares for line in lines)]
    if not metrics:
        return None
    return {"name": name, "metrics": metrics, "rows": _grouped([x for x in lines if any(m.key in x.shares for m in metrics)])}


def _grouped(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """By what they are lines of; a single set says the same as everything together and is left out."""
    groups = [(by, [line for line in lines if line.by == by]) for by in BYS]
    return [(BYS[by], some) for by, some in groups if len(some) > (by == "set")]


def _failure(run: Run, case: Case, verdict: Verdict, shown: Shown) -> dict[str, Any]:
    answer = run.answers.get(case.id)
    detail = run.details.get(case.id)

    def texts(all: Sequence[str], longest: int = shown.text) -> list[str]:
        return [_clip(text, longest) for text in all[: shown.entries]]

    return {
        "id": case.id,
        "type": case.type,
        "tags": case.tags,
        "outcome": str(verdict.outcome),
        "question": _clip(case.question, shown.text),
        "history": [(turn["role"], _clip(turn["content"], shown.quote)) for turn in case.history[-shown.entries :]],
        "note": _clip(case.note, shown.text),
        "gold": _clip(gold_to_text(case), shown.text),
        "barred": texts(case.must_not_include, shown.quote),
        "places": texts([place_to_text(place) for place in case.sources]),
        "status": STATUSES[str(answer.status)] if answer else "没能回答",
        "said": _clip(answer.answer, shown.text) if answer else "",
        "options": texts(answer.options) if answer and answer.status == "clarify" else [],
        "notices": texts([notice.message for notice in answer.notices]) if answer else [],
        "cited": [(c.n, citation_to_text(c), _clip(c.quote, shown.quote)) for c in answer.citations[: shown.entries]] if answer else [],
        "evidence": [(e, _clip(e.quote, shown.quote)) for e in (detail.evidence or ())[: shown.entries]] if detail else [],
        "trace": texts(detail.trace, 2 * shown.quote) if detail else [],
        "ms": answer.elapsed_ms if answer else None,
    }


def _clip(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest] + "……"


def times_to_bars(ms: Sequence[float]) -> list[Bar]:
    """A histogram with bins that grow by the same factor: most answers take little, a few take long."""
    if not ms:
        return []
    low, high = max(min(ms), 0.1), max(max(ms), 0.2)
    factor = (high / low) ** (1 / BINS) if high > low else 2.0
    counts = [0] * BINS
    for one in ms:
        counts[min(BINS - 1, max(0, int(math.log(max(one, low) / low) / math.log(factor))))] += 1
    return [Bar(count / max(counts), count, low * factor**n, low * factor ** (n + 1)) for n, count in enumerate(counts)]


# ---------------------------------------------------------------- numbers and texts for readers


def _percent(share: Share | None) -> str:
    return "—" if share is None else f"{100 * share.value:.1f}%"


def _interval(share: Share) -> str:
    return f"{100 * share.low:.1f}–{100 * share.high:.1f}%"


def _ms(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _markdown(text: str) -> Markup:
    """An answer as people see it: bold figures and tables. HTML stays text; nothing in it can point out of the report."""
    from markupsafe import Markup

    return Markup(_renderer().render(text))


@cache
def _renderer() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").disable(["image", "link", "autolink", "reference"])
