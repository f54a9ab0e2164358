"""Times by stage add up to the time of the answer, also where stages nest and threads answer at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from assistant.pipeline import Assistant
from assistant.watch import ANSWER, RETRIEVE, STAGES, UNDERSTAND, note, stage, watching


def test_inner_stage_interrupts_the_outer_one_and_all_add_up() -> None:
    start = time.perf_counter()
    with watching() as watch:
        with stage(UNDERSTAND):
            time.sleep(0.02)
            with stage(RETRIEVE):
                time.sleep(0.04)
        note("x")
    whole = 1000 * (time.perf_counter() - start)
    assert watch.notes == ["x"] and set(watch.stages) == set(STAGES)
    assert watch.stages[UNDERSTAND] >= 20 and watch.stages[RETRIEVE] >= 40 and watch.stages[ANSWER] < watch.stages[RETRIEVE]
    assert sum(watch.stages.values()) <= whole


def test_stage_that_fails_gives_the_time_back_and_nothing_is_recorded_outside() -> None:
    with watching() as watch:
        with pytest.raises(ValueError), stage(RETRIEVE):
            raise ValueError
        note("after")
    note("outside")
    with stage(RETRIEVE):
        pass
    assert watch.notes == ["after"] and watch.turn_to(ANSWER) == ANSWER


def test_threads_have_watches_of_their_own() -> None:
    seen = {}

    def work(name: str) -> None:
        with watching() as watch:
            for _ in range(100):
                note(name)
            seen[name] = set(watch.notes)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"a": {"a"}, "b": {"b"}}


def test_answer_tells_its_stages_and_what_was_understood_and_evidence_keeps_to_its_documents(sample_store: Path) -> None:
    assistant = Assistant.open(sample_store)
    answer = assistant.ask("龙岗区对口帮扶预算多少")
    assert dict(answer.stages).keys() == set(STAGES) and sum(ms for _, ms in answer.stages) == pytest.approx(answer.elapsed_ms, abs=1)
    assert any("intent=lookup" in line for line in answer.trace) and any("龙岗" in line for line in answer.trace)
    history = [{"role": "user", "content": "龙岗区对口帮扶预算多少"}, {"role": "assistant", "content": answer.answer}]
    for hits in (assistant.evidence("龙岗区对口帮扶预算为什么增加", k=4), assistant.evidence("为什么增加", history, k=4)):
        assert len(hits) == 4 and {hit.chunk.doc_id for hit in hits} == {"sample-lg-2024"}
    assert assistant.evidence("???") == [] and assistant.to_search("???") == ("", [])
