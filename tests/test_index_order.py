"""Displaced characters of a plain extraction: what must go back to its place, and what must never move."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path

import pytest

from index.order import is_damaged, mend, mend_lines

SHARED = Path(os.environ.get("BUDGET_SHARED", Path(__file__).resolve().parents[2] / "shared"))

PLAIN = [
    "第一部分 部门概况",
    "一、主要职责",
    "负责全县教育事业的统筹规划和协调管理，指导各级各类学校教育教学改革。",
    "部门名称：某县教育局 单位：万元",
    "收        入 支        出",
    "项    目 2024年预算数 项    目 2024年预算数",
    "2050201 学前教育 1,204.50 1,100.00 104.50",
    "组织实施教师培训，推进义务教育均衡发展，规范民办教育办学行为。",
]

# A line printed as two runs: the characters of a fallback font (对 采 训 力) stand apart, a blank where each of them was.
TORN = {
    "采负责政府 购预算的编制和执行": "负责政府采购预算的编制和执行",
    "对 扶帮口 9,233.81 453.81 453.81 0.00": "对口帮扶 9,233.81 453.81 453.81 0.00",
    "本基 支出": "基本支出",
    "：单位 万元": "单位：万元",
    "训培 费 8.70 8.70 0.00": "培训费 8.70 8.70 0.00",
    "30107 绩效 资工 287.25 287.25 0.00": "30107 绩效工资 287.25 287.25 0.00",
}

TWO_PLACES = "采负责政府 购预算的编制和执行， 训组织会计人员培 工作"


def squash(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def numbers(text: str) -> list[str]:
    return re.findall(r"[0-9][0-9,.]*", text)


def damaged_document() -> list[str]:
    return [*TORN, TWO_PLACES, "力，推动人 资源市场建设和 动关系协调劳", "训 本，开展 部门人员 业务知识学习和 提升培", *PLAIN]


def test_clean_document_with_layout_blanks_comes_back_as_it_is() -> None:
    assert not is_damaged(PLAIN)
    assert mend_lines(PLAIN) == PLAIN


def test_displaced_characters_return_to_their_gaps() -> None:
    mended = dict(zip(damaged_document(), mend_lines(damaged_document()), strict=True))
    wrong = {raw: mended[raw] for raw, page in TORN.items() if squash(mended[raw]) != squash(page)}
    assert not wrong


@pytest.mark.xfail(reason="a document of a few lines teaches no phrases of its own, and counts of words alone prefer another order")
def test_two_displaced_characters_of_one_line_return_in_a_very_short_document() -> None:
    mended = dict(zip(damaged_document(), mend_lines(damaged_document()), strict=True))
    assert squash(mended[TWO_PLACES]) == "负责政府采购预算的编制和执行，组织会计人员培训工作"


def test_every_line_put_in_order_is_reported() -> None:
    told: list[tuple[int, int]] = []
    mend_lines(damaged_document(), lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == list(range(len(told))) and {total for _, total in told} == {len(told)}


def test_sound_lines_of_a_damaged_document_stay() -> None:
    mended = mend_lines(damaged_document())
    for line in PLAIN[:3] + PLAIN[6:]:
        assert line in mended


def test_numbers_keep_digits_and_order_whatever_else_moves() -> None:
    for line in mend(damaged_document()):
        assert numbers(line.text) == numbers(line.raw)
        assert sorted(squash(line.text)) == sorted(squash(line.raw))


def test_empty_and_odd_lines_do_no_harm() -> None:
    lines = [*damaged_document(), "", "   ", "----", "。", "— 1 —", "a b c"]
    assert mend_lines(lines)[-6:] == lines[-6:]
    assert mend_lines([]) == []


@pytest.mark.skipif(not (SHARED / "gold").exists(), reason="the shared gold lines are not here (set BUDGET_SHARED)")
def test_real_scrambled_lines_reach_the_floor_and_clean_extraction_stays() -> None:
    clean = (SHARED / "corpus/sz-2024.txt").read_text("utf-8").splitlines()
    assert mend_lines(clean) == clean
    raw = (SHARED / "corpus/lg-2024.txt").read_text("utf-8").split("\n")[:520]  # a part: the whole takes long
    rows = [json.loads(line) for line in (SHARED / "gold/lg-2024-lines.jsonl").read_text("utf-8").splitlines()]
    mended = mend_lines(raw)
    rows = [row for row in rows if row["line_no"] <= len(raw)]
    torn = [row for row in rows if squash(row["raw"]) != squash(row["gold"]) and len(squash(row["gold"])) >= 7]
    right = sum(squash(mended[row["line_no"] - 1]) == squash(row["gold"]) for row in torn)
    assert right / len(torn) >= 0.5  # guards against regression only: this first part is the hardest, and without the rest less is learnt
    assert all(numbers(a) == numbers(b) for a, b in zip(raw, mended, strict=True))
