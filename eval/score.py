"""An answer beside its gold: right, wrong or missed, and whether it cites the place. Pure.

Right is strict in values and mild in form: every gold figure is among the first figures of the answer *and* printed
for people; every phrase asked for is there, no barred one is. Wrong is what misleads: another figure instead, a figure
where the documents have none, a barred phrase. Anything else is missed. A wrong answer is worse than a missed one, so the
two are never added up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistant.domain import Answer, Citation, Status
from eval.cases import Case, Gold, Place
from eval.places import same_cell, same_place
from eval.values import fold, names_money, prints, same_value

REFUSE, CLARIFY = "refuse", "clarify"
ALL = "ALL"
NOTHING = re.compile("无|没有|[未不]安排|未发生|不涉及|空表|为空|为零|均为0|持平")  # words that state a zero


class Outcome(StrEnum):
    CORRECT = "correct"
    WRONG = "wrong"
    MISSED = "missed"
    UNSCORED = "unscored"  # the gold names nothing to judge by


@dataclass(frozen=True, slots=True)
class Verdict:
    """One question judged. ``place``, ``page`` and ``cell`` are None where there is nothing to cite or the gold has none."""

    id: str
    type: str
    outcome: Outcome
    place: bool | None = None
    page: bool | None = None
    cell: bool | None = None

    @property
    def correct(self) -> bool:
        return self.outcome is Outcome.CORRECT

    @property
    def wrong(self) -> bool:
        return self.outcome is Outcome.WRONG

    @property
    def missed(self) -> bool:
        return self.outcome is Outcome.MISSED


@dataclass(frozen=True, slots=True)
class Summary:
    """Shares of the ``n`` scored questions; citations as shares of the right answers that can be judged by them (else None)."""

    n: int
    correct: float | None
    wrong: float | None
    missed: float | None
    place: float | None
    page: float | None
    cell: float | None
    unscored: int = 0


def judge(case: Case, answer: Answer | None) -> Verdict:
    """The verdict on one answer; None is no answer at all."""
    if answer is None:
        return Verdict(case.id, case.type, Outcome.MISSED)
    if case.type == REFUSE:
        return Verdict(case.id, case.type, _refusal(case, answer))
    if case.type == CLARIFY and answer.status is Status.CLARIFY:
        return Verdict(case.id, case.type, Outcome.CORRECT if len(answer.options) > 1 else Outcome.MISSED)
    outcome = _statement(case, answer)
    if outcome is not Outcome.CORRECT or case.type == CLARIFY or not case.sources:
        return Verdict(case.id, case.type, outcome)
    return _cited(case, answer, outcome)


def summarise(verdicts: Iterable[Verdict]) -> dict[str, Summary]:
    """By type in alphabetical order, then all together under ``ALL``."""
    verdicts = list(verdicts)
    groups = {name: [v for v in verdicts if v.type == name] for name in sorted({v.type for v in verdicts})}
    return {name: _summary(group) for name, group in [*groups.items(), (ALL, verdicts)]}


# ---------------------------------------------------------------- right or wrong


def _refusal(case: Case, answer: Answer) -> Outcome:
    """A question without an answer in the documents."""
    barred = _barred(case, answer)
    answered = answer.status is Status.ANSWERED
    accepted = answered and bool(case.accept) and all(any(same_value(g, f.value, f.unit) for g in case.accept) for f in answer.figures)
    if (answer.status is Status.REFUSED or accepted) and not barred:
        return Outcome.CORRECT
    return Outcome.WRONG if barred or answered else Outcome.MISSED


def _statement(case: Case, answer: Answer) -> Outcome:
    """A question with an answer: figures, phrases or both."""
    if answer.status is not Status.ANSWERED:
        return Outcome.MISSED if case.figures or case.must_include else Outcome.UNSCORED
    if _barred(case, answer):
        return Outcome.WRONG
    if not case.figures and not case.must_include:
        return Outcome.UNSCORED
    said = _said(answer)
    found = [_states(answer, said, gold, len(case.figures)) for gold in case.figures]
    if all(found) and all(fold(phrase) in fold(said) for phrase in case.must_include):
        return Outcome.CORRECT
    misleads = bool(answer.figures) or names_money(answer.answer)
    instead = not any(found) or len(answer.figures) >= len(case.figures)  # as many as asked for, and not the ones asked for
    return Outcome.WRONG if not all(found) and misleads and instead else Outcome.MISSED


def _states(answer: Answer, said: str, gold: Gold, count: int) -> bool:
    """True where the gold is one of the first figures and printed; a zero may be said in words."""
    leading = answer.figures[: 2 * count + 1]
    if any(same_value(gold, f.value, f.unit) for f in leading) and prints(said, gold):
        return True
    return gold.value == 0 and not any(f.value for f in answer.figures[:count]) and bool(NOTHING.search(answer.answer))


def _said(answer: Answer) -> str:
    return "\n".join([answer.answer, *(notice.message for notice in answer.notices)])


def _barred(case: Case, answer: Answer) -> bool:
    """True where the answer holds a phrase it must not; 12.5 is not barred by 2.5."""
    text = fold(answer.answer)
    return any(re.search(rf"(?<![\d.]){re.escape(fold(phrase))}(?!\.?\d)", text) for phrase in case.must_not_include)


# ---------------------------------------------------------------- where it stands


def _cited(case: Case, answer: Answer, outcome: Outcome) -> Verdict:
    """Judged by the first citations: an answer that cites everything it saw has cited nothing."""
    cited = answer.citations[: 3 * max(len(case.figures), 1) + 3]

    def any_pair(places: Iterable[Place], agree: Callable[[Place, Citation], bool]) -> bool:
        return any(agree(place, citation) for place in places for citation in cited)

    paged = [place for place in case.sources if place.page is not None]
    page = any_pair(paged, lambda p, c: fold(p.doc) == fold(c.doc) and p.page == c.page) if paged else None
    return Verdict(case.id, case.type, outcome, any_pair(case.sources, same_place), page, any_pair(case.sources, same_cell))


# ---------------------------------------------------------------- shares


def _summary(group: Sequence[Verdict]) -> Summary:
    scored = [v for v in group if v.outcome is not Outcome.UNSCORED]
    return Summary(
        n=len(scored),
        correct=_share(v.correct for v in scored),
        wrong=_share(v.wrong for v in scored),
        missed=_share(v.missed for v in scored),
        place=_share(v.place for v in scored),
        page=_share(v.page for v in scored),
        cell=_share(v.cell for v in scored),
        unscored=len(group) - len(scored),
    )


def _share(marks: Iterable[bool | None]) -> float | None:
    """Of those that are not None; None where there are none."""
    known = [mark for mark in marks if mark is not None]
    return sum(known) / len(known) if known else None
