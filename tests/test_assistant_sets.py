"""The bundled questions about the bundled samples: a floor under right answers and a ceiling over wrong ones."""

from __future__ import annotations

import random
import re
from pathlib import Path

from assistant.domain import Status
from assistant.pipeline import Assistant
from eval.cases import read_cases
from eval.score import judge
from eval.summary import overall, summarise

SET = Path(__file__).resolve().parents[1] / "eval" / "sets" / "samples.jsonl"
CORRECT, WRONG = 0.92, 0.02  # 97.5 % and 0.6 % when this was written
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


# What no document of the store speaks of: with it, an item is another one.
MODIFIERS = (
    *("抗旱", "疫情", "残疾人", "青少年", "校园", "境外", "民办", "防汛", "图书", "体育", "海外", "军队", "妇女", "乡镇"),
    *("志愿者", "临时工", "食堂", "绿化", "保安", "广告", "软件", "无人机", "评审", "律师", "诉讼", "翻译"),
)


def test_an_item_with_a_word_that_no_document_says_is_another_item(sample_store: Path) -> None:
    """Every short item of the samples before, behind and below such words: several hundred near misses, none answered."""
    assistant = Assistant.open(sample_store)
    assistant.library.refresh()
    chance = random.Random(5)
    passed_over = []
    for view in assistant.library.views(assistant.library.groups):
        everything = "".join(view.labels)
        for item in sorted(label for label in view.items if re.fullmatch("[\u4e00-\u9fff]{3,8}", label)):
            for word in (w for w in chance.sample(MODIFIERS, 3) if w not in everything):
                for asked in (f"{word}{item}", f"{word}的{item}", f"{item[:-1]}{word}{item[-1]}"):
                    answer = assistant.ask(f"{view.info.department}{asked}多少")
                    if answer.status is Status.ANSWERED:
                        passed_over.append(answer.question)
    assert passed_over == []
