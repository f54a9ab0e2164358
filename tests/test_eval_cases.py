"""Question sets: every fault is reported by file and line before anything is asked."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from eval.cases import MOST_PROBLEMS, Gold, Place, SetError, read_cases
from eval.values import fold, prints

ROOT = Path(__file__).resolve().parents[1]
SAMPLES, SETS_FOLDER = ROOT / "index" / "samples", ROOT / "eval" / "sets"
SETS = sorted(SETS_FOLDER.glob("*.jsonl"))
GOOD = {"id": "q1", "question": "公务接待费多少"}


def a_set(folder: Path, *lines: dict[str, Any] | str, name: str = "set.jsonl") -> Path:
    path = folder / name
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")
    return path


def problems(*paths: Path, known: set[str] | None = None) -> tuple[str, ...]:
    with pytest.raises(SetError) as caught:
        read_cases(paths, known)
    return caught.value.problems


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.name)
def test_bundled_set_is_sound_and_names_only_the_samples(path: Path) -> None:
    cases = read_cases([path], {"sample-lg-2024", "sample-sz-2024"})
    assert all(case.type in ("refuse", "clarify") or case.figures or case.must_include for case in cases), "unscored questions"


def test_gold_of_the_samples_is_printed_on_its_pages() -> None:
    import pypdfium2

    pages: dict[tuple[str, int | None], str] = {}
    for doc in ("sample-lg-2024", "sample-sz-2024"):
        with pypdfium2.PdfDocument(SAMPLES / f"{doc}.pdf") as pdf:
            pages |= {(doc, number): page.get_textpage().get_text_range() for number, page in enumerate(pdf, 1)}
    checked = 0
    for case in read_cases([SETS_FOLDER / "samples.jsonl"]):
        text = "\n".join(pages[place.doc, place.page] for place in case.sources)
        printed = [gold for gold in case.figures if case.type in ("lookup", "prose") and gold.unit != "亿元"]
        checked += len(printed)
        assert all(prints(text, gold) for gold in printed), case.id
        assert all(fold(phrase) in fold(text) for phrase in case.must_include if case.type == "narrative"), case.id
    assert checked > 150


def test_question_comes_with_exact_decimals_and_empty_fields_left_out(tmp_path: Path) -> None:
    line = '{"id": "q", "question": "问", "figures": [{"value": 8780.00, "unit": "万元"}, {"value": 3, "unit": null}], "note": null}'
    source = {"doc": "a", "page": 3, "table": "表5", "section": None, "row": "本级 > 对口帮扶"}
    first, second = read_cases([a_set(tmp_path, line, "", GOOD | {"sources": [source]})], known={"a"})
    assert first.figures == (Gold(Decimal("8780.00"), "万元"), Gold(Decimal(3), "")) and str(first.figures[0].value) == "8780.00"
    assert (first.type, first.note, first.answer) == ("lookup", "", None)
    assert second.sources == (Place("a", 3, "表5", "", "本级 > 对口帮扶"),)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "q"', "不是 JSON"),
        ("[1]", "不是一个问题"),
        ({"id": "q"}, "缺少 question"),
        ({"question": "问"}, "缺少 id"),
        ({"id": " ", "question": "问"}, "id 格式不对"),
        (GOOD | {"must_inclde": ["x"]}, "不认识的字段 must_inclde"),
        (GOOD | {"must_include": "x"}, "must_include 格式不对"),
        (GOOD | {"must_not_include": [""]}, "must_not_include 格式不对"),
        (GOOD | {"figures": [{"value": "5.00", "unit": "万元"}]}, "figures 格式不对"),
        (GOOD | {"figures": [{"value": True}]}, "figures 格式不对"),
        (GOOD | {"figures": [{"unit": "万元"}]}, "figures 格式不对"),
        (GOOD | {"sources": [{"doc": "a", "pages": 3}]}, "sources 格式不对"),
        (GOOD | {"sources": [{"doc": "a", "page": 0}]}, "sources 格式不对"),
        (GOOD | {"history": [{"role": "user"}]}, "history 格式不对"),
    ],
)
def test_faulty_line_is_named_by_its_number(line: dict[str, Any] | str, said: str, tmp_path: Path) -> None:
    path = a_set(tmp_path, {"id": "q0", "question": "问"}, "", line)
    (problem,) = problems(path)
    assert problem.startswith(f"{path} 第 3 行：") and said in problem and "\n" not in problem


def test_gold_that_is_no_number_of_this_world_is_refused(tmp_path: Path) -> None:
    path = a_set(tmp_path, '{"id": "q", "question": "问", "figures": [{"value": NaN, "unit": "元"}]}')
    assert "figures 格式不对" in problems(path)[0]


def test_the_same_id_twice_names_both_lines_even_in_two_sets(tmp_path: Path) -> None:
    first, second = a_set(tmp_path, GOOD), a_set(tmp_path, GOOD, name="other.jsonl")
    assert problems(first, second) == (f"{second} 第 1 行：编号 q1 与 {first} 第 1 行重复：请改成不同的编号",)


def test_document_that_is_not_in_the_store_is_named_once_a_question(tmp_path: Path) -> None:
    path = a_set(tmp_path, GOOD | {"docs": ["a", "b"], "sources": [{"doc": "b"}]})
    assert problems(path, known={"a"}) == (f"{path} 第 1 行：文档 b 不在索引里：请先运行 assistant ingest，或改正编号",)
    assert len(read_cases([path], None)) == 1


def test_all_faults_are_reported_at_once_but_not_a_thousand(tmp_path: Path) -> None:
    path = a_set(tmp_path, *["x"] * 1000)
    with pytest.raises(SetError) as caught:
        read_cases([path])
    assert len(caught.value.problems) == 1000 and str(caught.value).count("\n") == MOST_PROBLEMS
    assert str(caught.value).endswith("另有 980 处")


def test_missing_empty_and_binary_files_are_one_line(tmp_path: Path) -> None:
    binary = tmp_path / "b.jsonl"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "打不开" in problems(tmp_path / "none.jsonl")[0]
    assert "没有问题" in problems(a_set(tmp_path, ""))[0]
    assert "不是 UTF-8" in problems(binary)[0]
