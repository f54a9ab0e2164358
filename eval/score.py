"""An answer beside its gold: right, wrong or missed, and whether it cites the place. Pure.

Right is strict in values and mild in form: every gold figure is among the first figures of the answer *and* printed
for people; every phrase asked for is there, no barred one is. Wrong is what misleads: another figure instead, a figure
where the documents have none, a barred phrase. Anything else is missed. A wrong answer is worse than a missed one, so the
two are never added up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from assistant.domain import Answer, Citation, Status
from eval.cases import Case, Gold, Place
from eval.exact import figure_marks, phrase_recall, shows_discrepancy
from eval.places import same_cell, same_place
from eval.values import fold, names_money, prints, same_value

REFUSE, CLARIFY, AUDIT = "refuse", "clarify", "audit"
NOTHING = re.compile("无|没有|[未不]安排|未发生|不涉及|空表|为空|为零|均为0|持平")  # words that state a zero


class Outcome(StrEnum):
    CORRECT = "correct"
    WRONG = "wrong"
    MISSED = "missed"
    UNSCORED = "unscored"  # the gold names nothing to judge by


@dataclass(frozen=True, slots=True)
class Verdict:
    """One question judged. ``place``, ``page`` and ``cell`` are None where there is nothing to cite or the gold has none.

    ``marks`` are finer, by the names of ``eval.metrics``: from 0 to 1, and left out where the question does not ask for them.
    """

    id: str
    type: str
    outcome: Outcome
    place: bool | None = None
    page: bool | None = None
    cell: bool | None = None
    marks: Mapping[str, float] = field(default_factory=dict)

    @property
    def correct(self) -> bool:
        return self.outcome is Outcome.CORRECT

    @property
    def wrong(self) -> bool:
        return self.outcome is Outcome.WRONG

    @property
    def missed(self) -> bool:
        return self.outcome is Outcome.MISSED

    @property
    def failed(self) -> bool:
        return self.wrong or self.missed


def judge(case: Case, answer: Answer | None) -> Verdict:
    """The verdict on one answer; None is no answer at all."""
    verdict = _judge(case, answer)
    return replace(verdict, marks=_marks(case, answer, verdict.outcome)) if answer else verdict


def _judge(case: Case, answer: Answer | None) -> Verdict:
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


# ---------------------------------------------------------------- finer marks


def _marks(case: Case, answer: Answer, outcome: Outcome) -> dict[str, float]:
    if outcome is Outcome.UNSCORED:
        return {}
    if case.type == REFUSE:
        return {"refusal": float(outcome is Outcome.CORRECT)}
    if case.type == CLARIFY:
        return {"clarify": float(outcome is Outcome.CORRECT)}
    marks = {"false_refusal": float(answer.status is Status.REFUSED), "needless_clarify": float(answer.status is Status.CLARIFY)}
    marks |= figure_marks(case, answer)
    phrases = phrase_recall(case, answer)
    if phrases is not None:
        marks["phrases"] = phrases
    if case.type == AUDIT:
        marks["discrepancy"] = float(shows_discrepancy(answer))
    return marks
