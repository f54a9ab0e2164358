"""Verdicts become shares with their intervals, over everything and by type, document, tag and set. Pure.

Hand-written and generated questions are never added up: each kind has its own lines. Questions that cannot be scored are
counted apart, and no share knows of them.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eval.cases import Case
from eval.metrics import METRICS, verdict_to_value
from eval.score import Outcome, Verdict

if TYPE_CHECKING:
    import numpy

ALL = "ALL"
HAND, GENERATED = "hand", "generated"
NO_DOCUMENT = "（不限文件）"
PERCENTILES = (50, 95, 99)
RESAMPLES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Share:
    """The mean of ``n`` marks and its 95 % interval."""

    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds that 50, 95 and 99 of 100 answers do not exceed."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the tables: ``by`` is all, type, doc, tag or set. ``n`` are the scored questions; a share without a mark is left out."""

    origin: str
    by: str
    name: str
    n: int
    unscored: int
    shares: Mapping[str, Share]
    times: Mapping[str, Times] = field(default_factory=dict)  # by stage; "total" is the whole answer


Stages = Mapping[str, float]  # milliseconds by stage, with "total"


def summarise(cases: Sequence[Case], verdicts: Iterable[Verdict], times: Mapping[str, Stages] | None = None) -> tuple[Line, ...]:
    """Hand-written questions first. ``times`` are by question id; questions without are not timed."""
    by_id = {verdict.id: verdict for verdict in verdicts}
    spent = times or {}
    lines: list[Line] = []
    for origin, generated in ((HAND, False), (GENERATED, True)):
        mine = [case for case in cases if case.generated is generated and case.id in by_id]
        for by, name, members in _groups(mine):
            judged = [by_id[case.id] for case in members]
            lines.append(_line(origin, by, name, judged, [spent[c.id] for c in members if c.id in spent]))
    return tuple(lines)


def _groups(cases: Sequence[Case]) -> list[tuple[str, str, list[Case]]]:
    """A question about two documents counts for both, and likewise for its tags."""
    if not cases:
        return []
    keys: tuple[tuple[str, Callable[[Case], Sequence[str]]], ...] = (
        ("type", lambda case: (case.type,)),
        ("doc", lambda case: case.docs or (NO_DOCUMENT,)),
        ("tag", lambda case: case.tags),
        ("set", lambda case: (case.set,) if case.set else ()),
    )
    out = [("all", ALL, list(cases))]
    for by, names in keys:
        for name in sorted({name for case in cases for name in names(case)}):
            out.append((by, name, [case for case in cases if name in names(case)]))
    return out


def _line(origin: str, by: str, name: str, verdicts: Sequence[Verdict], times: Sequence[Stages]) -> Line:
    scored = sum(verdict.outcome is not Outcome.UNSCORED for verdict in verdicts)
    shares = {}
    for metric in METRICS:
        marks = [mark for verdict in verdicts if (mark := verdict_to_value(verdict, metric.key)) is not None]
        if marks:
            shares[metric.key] = marks_to_share(marks, f"{origin}/{by}/{name}/{metric.key}")
    stages = dict.fromkeys(stage for one in times for stage in one)
    percentiles = {stage: _times([one[stage] for one in times if stage in one]) for stage in stages}
    return Line(origin, by, name, scored, len(verdicts) - scored, shares, percentiles)


def marks_to_share(marks: Sequence[float], seed: str = "") -> Share:
    """Mean and percentile bootstrap interval, the same in every run. Raises ValueError for no marks.

    Where all marks are 0 or all are 1, resampling finds nothing else: the exact bound for such a series is taken instead,
    so that five right answers out of five do not look certain.
    """
    n = len(marks)
    if not n:
        raise ValueError("no marks")
    mean = math.fsum(marks) / n
    tail = (1 - CONFIDENCE) / 2
    if mean in (0.0, 1.0):
        bound = tail ** (1 / n)
        return Share(n, mean, bound if mean else 0.0, 1.0 if mean else 1 - bound)
    means = _resampled_means(marks, mean, zlib.crc32(seed.encode()))
    low, high = (float(means[min(int(q * RESAMPLES), RESAMPLES - 1)]) for q in (tail, 1 - tail))
    return Share(n, mean, low, high)


def _resampled_means(marks: Sequence[float], mean: float, seed: int) -> numpy.ndarray[Any, Any]:
    """Sorted. Drawing yes or no again and again from n answers is a binomial draw, which is much the faster."""
    import numpy as np

    random = np.random.default_rng(seed)
    if set(marks) <= {0.0, 1.0}:
        return np.sort(random.binomial(len(marks), mean, RESAMPLES) / len(marks))
    values = np.asarray(marks)
    return np.sort(values[random.integers(0, len(values), (RESAMPLES, len(values)))].mean(axis=1))


def _times(ms: Sequence[float]) -> Times:
    return Times(*(round(_percentile(ms, percent), 3) for percent in PERCENTILES))


def _percentile(values: Sequence[float], percent: int) -> float:
    """Between the two nearest values, as far as it lies between them."""
    ordered = sorted(values)
    at = (len(ordered) - 1) * percent / 100
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def overall(lines: Iterable[Line], origin: str = HAND) -> Line | None:
    """The line over all questions of one origin; None where there are none."""
    return next((line for line in lines if line.by == "all" and line.origin == origin), None)
