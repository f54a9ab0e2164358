"""The bundled questions about the bundled samples: a floor under right answers and a ceiling over wrong ones."""

from __future__ import annotations

from pathlib import Path

from assistant.pipeline import Assistant
from eval.cases import read_cases
from eval.score import judge
from eval.summary import overall, summarise

SET = Path(__file__).resolve().parents[1] / "eval" / "sets" / "samples.jsonl"
CORRECT, WRONG = 0.85, 0.06  # 94.7 % and 1.1 % when this was written
PLACE, PAGE, CELL = 0.97, 0.97, 0.97


def test_questions_about_the_samples_are_answered_right_and_rarely_wrong(sample_store: Path) -> None:
    assistant = Assistant.open(sample_store)
    cases = read_cases([SET])
    verdicts = [judge(case, assistant.ask(case.question, case.history, id=case.id)) for case in cases]
    total = overall(summarise(cases, verdicts))
    failed = {outcome: [v.id for v in verdicts if v.outcome == outcome] for outcome in ("wrong", "missed")}
    assert total is not None
    assert total.shares["correct"].value >= CORRECT and total.shares["wrong"].value <= WRONG, failed
    for name, floor in (("place", PLACE), ("page", PAGE), ("cell", CELL)):
        assert total.shares[name].value >= floor, f"{name}: {total.shares[name]}"
