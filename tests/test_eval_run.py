"""The measuring commands: run folders that can be read again, tables, failures, and the gate of ``compare``."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.domain import Answer, Status
from assistant.pipeline import Assistant
from eval.__main__ import COMMANDS, main
from eval.cases import Case, read_cases
from eval.compare import Judged, compare, comparison_to_lines, mcnemar, read_judged, run_to_judged
from eval.report import table_to_lines
from eval.runs import Run, read_run, write_run
from eval.score import Outcome, Verdict

SETS = Path(__file__).resolve().parents[1] / "eval" / "sets"
ASKED = "龙岗区对口帮扶预算多少"


def write_set(folder: Path, *items: dict[str, Any]) -> Path:
    path = folder / "set.jsonl"
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), "utf-8")
    return path


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cell = {"doc": "sample-lg-2024", "table": "表5", "row": "对口帮扶", "column": "总计"}
    return write_set(
        tmp_path_factory.mktemp("sets"),
        {"id": "right", "question": ASKED, "figures": [{"value": 9233.81, "unit": "万元"}], "sources": [cell]},
        {"id": "wrong", "question": ASKED, "figures": [{"value": 1.5, "unit": "万元"}], "must_include": ["某句话"], "sources": [cell]}
        | {"history": [{"role": "user", "content": "深圳呢"}, {"role": "assistant", "content": "……"}]},
        {"id": "no", "question": "龙岗区2025年对口帮扶预算多少", "type": "refuse"},
    )


@pytest.fixture(scope="module")
def finished(sample_store: Path, questions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "one"
    assert main(["run", str(questions), "--store", str(sample_store), "--out", str(out)]) == 0
    return out


def a_run(**outcomes: str) -> Run:
    """A run whose questions were judged so; the outcome of a question is what its answer says, too."""
    verdicts = tuple(Verdict(id, "lookup", Outcome(outcome)) for id, outcome in outcomes.items())
    answers = {id: Answer(f"问题{id}", Status.ANSWERED, outcome, id=id) for id, outcome in outcomes.items()}
    return Run(tuple(Case(id, f"问题{id}", set="set") for id in outcomes), answers, {}, verdicts, {})


def test_run_folder_holds_answers_scores_and_what_it_was_made_with(finished: Path) -> None:
    run = read_run(finished)
    assert {v.id: str(v.outcome) for v in run.verdicts} == {"right": "correct", "wrong": "wrong", "no": "correct"}
    assert run.verdicts[0].cell is True and run.answers["right"].figures[0].unit == "万元"
    lines = {line.name: line for line in run.summary}
    assert lines["lookup"].shares["correct"].value == 0.5 and lines["refuse"].times["total"].p99 > 0
    assert {"index_id", "documents", "settings", "versions", "sets", "assistant_sha256", "prompts", "jobs"} <= set(run.about)
    assert [case.question for case in run.cases][:1] == [ASKED] and any("intent=lookup" in line for line in run.details["right"].trace)
    assert run.details["right"].evidence is None and run.details["wrong"].evidence, "evidence of failures alone"
    assert [document["doc_id"] for document in run.about["documents"]] == ["sample-lg-2024", "sample-sz-2024"]
    assert "python" in run.about["versions"]


def test_run_prints_a_line_per_type_and_the_failures_asked_for(
    sample_store: Path, questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(questions), "--store", str(sample_store), "--out", str(tmp_path / "out"), "--wrong", "5"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()[1:4]] == ["lookup", "refuse", "ALL"]
    assert out.count(f"[lookup 错误] {ASKED}") == 1 and "1.5万元；某句话" in out and "9,233.81" in out
    assert "[refuse" not in out


def test_answers_of_a_run_are_the_answers_of_ask(finished: Path, sample_store: Path) -> None:
    with_time = Assistant.open(sample_store).ask(ASKED, id="right")
    assert replace(read_run(finished).answers["right"], elapsed_ms=0) == replace(with_time, elapsed_ms=0, citations=_rounded(with_time))


def _rounded(answer: Answer) -> tuple[Any, ...]:
    return tuple(replace(c, bbox=tuple(round(v, 2) for v in c.bbox) if c.bbox else None) for c in answer.citations)


def test_nothing_is_asked_where_the_set_is_faulty(
    sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Assistant, "ask", lambda *_, **__: pytest.fail("asked"))
    bad = write_set(tmp_path, {"id": "a", "question": "问", "docs": ["nowhere"]}, {"id": "a", "question": "问"}, {"question": "问"})
    assert main(["run", str(bad), "--store", str(sample_store), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "第 1 行" in said[0] and "第 3 行" in said[1]
    assert not (tmp_path / "out").exists()


def test_earlier_run_is_not_overwritten(finished: Path, questions: Path, sample_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (finished / "scores.json").read_bytes()
    assert main(["run", str(questions), "--store", str(sample_store), "--out", str(finished)]) == 1
    assert "换一个 --out" in capsys.readouterr().err and (finished / "scores.json").read_bytes() == before


def test_question_that_breaks_the_assistant_is_missed_and_named(
    sample_store: Path, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = Assistant.ask

    def ask(self: Assistant, question: str, history: Any = (), id: str | None = None) -> Answer:
        if id == "right":
            raise ValueError("坏了")
        return asked(self, question, history, id)

    monkeypatch.setattr(Assistant, "ask", ask)
    assert main(["run", str(questions), "--store", str(sample_store), "--out", str(tmp_path / "out"), "--wrong", "9"]) == 1
    captured = capsys.readouterr()
    assert "right 没能回答（ValueError：坏了）" in captured.err and "没能回答" in captured.out
    assert read_run(tmp_path / "out").verdicts[0].missed


def test_missing_store_and_missing_run_are_one_line(tmp_path: Path, questions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(questions), "--store", str(tmp_path)]) == 1
    assert main(["compare", str(tmp_path), str(tmp_path)]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "没有索引" in first and "没有完整的运行结果" in second


def test_damaged_run_is_one_line(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(finished, tmp_path / "run")
    (tmp_path / "run" / "scores.json").write_text('{"verdicts": [{"id": "a"}]}', "utf-8")
    assert main(["compare", str(tmp_path / "run"), str(finished)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_answer_with_a_unicode_line_separator_stays_one_line(tmp_path: Path) -> None:
    run = a_run(a="correct")
    said = replace(run.answers["a"], answer="上\u2028下\x85完")
    write_run(tmp_path / "run", replace(run, answers={"a": said}))
    assert read_run(tmp_path / "run").answers == {"a": said}


def test_comparison_tells_gained_lost_and_said_differently() -> None:
    before = a_run(a="missed", b="correct", c="correct", d="wrong", e="correct", f="missed")
    after = a_run(a="correct", b="missed", c="correct", d="missed", e="correct", g="wrong")
    after = replace(after, answers={**after.answers, "e": replace(after.answers["e"], answer="换了说法")})
    found = compare(run_to_judged(before), run_to_judged(after))
    ids = [[change.id for change in changes] for changes in (found.gained, found.lost, found.others, found.changed)]
    assert ids == [["a"], ["b"], ["d"], ["e"]] and found.only == ("f", "g")
    assert found.counts[Outcome.WRONG] == (1, 0) and not found.wrong_rose
    assert "只在一次运行里的题不比较：2 道" in comparison_to_lines(found)


def test_time_alone_is_no_change() -> None:
    before = a_run(a="correct")
    after = replace(before, answers={"a": before.answers["a"].timed(99, "a")})
    assert compare(run_to_judged(before), run_to_judged(after)).changed == ()


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ({"a": "missed", "b": "correct"}, {"a": "wrong", "b": "correct"}, 1),
        ({"a": "wrong", "b": "missed"}, {"a": "missed", "b": "wrong"}, 0),
        ({"a": "correct"}, {"a": "missed"}, 0),
        ({"a": "correct"}, {"a": "correct", "b": "wrong"}, 0),  # b was not asked before
    ],
)
def test_gate_closes_only_where_wrong_answers_rose(
    before: dict[str, str], after: dict[str, str], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, outcomes in (("a", before), ("b", after)):
        write_run(tmp_path / name, a_run(**outcomes))
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == code
    assert ("错误增多了" in capsys.readouterr().out) is bool(code)


def test_guarded_set_may_fall_as_far_as_the_tolerance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "a", a_run(a="correct", b="correct", c="correct", d="correct"))
    write_run(tmp_path / "b", a_run(a="correct", b="correct", c="correct", d="missed"))
    gate = ["compare", str(tmp_path / "a"), str(tmp_path / "b")]
    assert [main([*gate, "--guard", guard, "--tolerance", by]) for guard in ("set", "all") for by in ("0.25", "0.24")] == [0, 1, 0, 1]
    assert "题集 set 的正确率下降超过 24 个百分点" in capsys.readouterr().out
    assert main([*gate, "--guard", "other"]) == 1 and "不在两次运行里" in capsys.readouterr().err


def test_record_of_a_run_compares_like_the_run(finished: Path, questions: Path, sample_store: Path, tmp_path: Path) -> None:
    record = tmp_path / "new" / "record.json"
    out = str(tmp_path / "out")
    assert main(["run", str(questions), "--store", str(sample_store), "--out", out, "--record", str(record), "--no-pictures"]) == 0
    assert read_judged(record) == read_judged(finished) and main(["compare", str(record), str(finished)]) == 0
    record.write_text("{}", "utf-8")
    assert main(["compare", str(record), str(finished)]) == 1


def test_gate_knows_every_bundled_question() -> None:
    record, questions = SETS / "samples.verdicts.json", read_cases([SETS / "samples.jsonl"])
    renew = "renew it: python -m eval run eval/sets/samples.jsonl --record eval/sets/samples.verdicts.json"
    assert [one.id for one in read_judged(record)] == [case.id for case in questions], renew


def test_mcnemar_is_the_exact_binomial_test() -> None:
    from scipy.stats import binomtest

    for lost, gained in ((0, 0), (1, 0), (0, 6), (3, 12), (20, 20), (400, 700)):
        expected = binomtest(lost, lost + gained).pvalue if lost + gained else 1.0
        assert mcnemar(lost, gained) == pytest.approx(expected)


def test_what_people_see_is_compared_though_the_run_was_written_and_read_again(tmp_path: Path) -> None:
    before = a_run(a="correct")
    write_run(tmp_path / "run", before)
    assert run_to_judged(read_run(tmp_path / "run")) == run_to_judged(before)
    assert run_to_judged(before)[0] == Judged("a", "set", "问题a", Outcome.CORRECT, run_to_judged(before)[0].said)


def test_replay_asks_the_same_questions_of_the_same_store(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(finished), "--out", str(tmp_path / "again"), "--no-pictures"]) == 0
    assert "索引、代码、版本、设置都相同" in capsys.readouterr().out
    assert read_judged(tmp_path / "again") == read_judged(finished)


def test_several_processes_give_the_same_answers(finished: Path, questions: Path, sample_store: Path, tmp_path: Path) -> None:
    words = ["run", str(questions), "--store", str(sample_store), "--jobs", "2", "--retrieval", "--no-pictures"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    assert read_judged(tmp_path / "out") == read_judged(finished)
    done = read_run(tmp_path / "out")
    assert done.about["jobs"] == 2 and done.verdicts[0].marks["hit10"] == 1 and "mrr" in {k for line in done.summary for k in line.shares}


def test_columns_line_up_though_chinese_characters_are_twice_as_wide() -> None:
    assert table_to_lines([("题型", "正确"), ("ALL", "9%")]) == ["题型  正确", "ALL     9%"]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_is_in_both_languages(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    text = capsys.readouterr().out
    assert stopped.value.code == 0 and " / " in text and any("\u4e00" <= char <= "\u9fff" for char in text)


def test_unknown_command_and_wrong_usage_are_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 2
    with pytest.raises(SystemExit) as stopped:
        main(["compare", "one"])
    assert stopped.value.code == 2 and capsys.readouterr().err.count("\n") == 2
