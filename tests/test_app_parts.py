"""The page's parts by themselves: nothing that people or documents say becomes markup or a formula, charts compare what may be compared."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from assistant.web.charts import answer_to_chart, chart_to_svg
from assistant.web.conversations import Conversations, Turn, turns_to_history
from assistant.web.exports import answer_to_docx, answer_to_xlsx
from assistant.web.markup import render, text_to_html
from assistant.web.shelf import table_to_header
from assistant.web.texts import CHINESE, ENGLISH, texts_for
from index.domain import Table
from index.errors import BudgetError

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'`${1}{{7*7}}"


def answer(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "id": None, "question": "问", "status": "answered", "answer": "答", "figures": [], "citations": [], "calculation": [],
        "notices": [], "refusal": None, "options": [], "model": None, "elapsed_ms": 1.0,
    }  # fmt: skip
    return base | changes


def cited(n: int, row: str, column: tuple[str, ...] = ("预算数",), title: str = "甲局2024年部门预算", table: str = "表5") -> dict[str, Any]:
    place = {"n": n, "doc": "d", "title": title, "page": 3, "section": None, "table": table, "bbox": [1, 2, 3, 4]}
    return place | {"row": [row], "column": list(column), "quote": "1"}


def figure(value: float, n: int, label: str = "", unit: str = "万元") -> dict[str, Any]:
    return {"value": value, "unit": unit, "label": label, "citation": n}


def log(turn: Turn) -> str:
    return render("log", CHINESE, turns=[turn], conversation="c", waiting="", empty=False, trouble="", examples=[])


def test_nothing_anybody_says_becomes_markup() -> None:
    place = cited(1, EVIL, (EVIL,), EVIL, EVIL) | {"quote": EVIL, "doc": EVIL}
    evil = answer(
        question=EVIL, answer=EVIL + " ![x](http://evil/x.png) [点](javascript:alert(1)) [1]", citations=[place], options=[EVIL],
        notices=[{"kind": "unit", "message": EVIL, "citations": []}], model=EVIL, figures=[figure(1, 1), figure(2, 1)],
    )  # fmt: skip
    html = log(Turn("t", EVIL, evil))
    assert "<script" not in html and "<img" not in html and 'href="javascript' not in html and "49" not in html
    assert log(Turn("t", EVIL, None, EVIL)).count("<script") == 0
    assert 'data-cite="1"' in html


def test_rows_that_say_all_by_themselves_are_known_from_those_that_need_their_header() -> None:
    rule = "|---|---|---|"
    assert 'class="telling"' in text_to_html(f"| 单位 | 数额 | 出处 |\n{rule}\n| 甲局 | **1.00万元**[1] | 第3页 |")
    assert "telling" not in text_to_html(f"| 项目 | 2023年 | 2024年 |\n{rule}\n| 甲 | 1 | 2 |"), "two numbers without their years"


def test_marks_keep_what_they_belong_to() -> None:
    assert '<span class="keep"><strong>1.00万元</strong><button' in text_to_html("预算**1.00万元**[1]，增长。")
    assert "</button>，</span>增长" in text_to_html("预算**1.00万元**[1]，增长。")
    assert '帮扶<span class="keep">资金。<button' in text_to_html("用于帮扶资金。[1]")
    assert text_to_html("a&b [1]").count("&amp;") == 1 and '&quot;<span class="keep"><button' in text_to_html('"x"[1]')


def test_sentences_of_a_shown_passage_share_its_card_and_other_places_do_not() -> None:
    passage = {
        "n": 1,
        "doc": "d",
        "title": "甲",
        "page": 3,
        "section": "三",
        "table": None,
        "row": ["乙"],
        "column": [],
        "quote": "乙1万元。增2%。",
    }
    share = [passage | {"n": 2, "quote": "增2%。", "column": ["增长"]}, passage | {"n": 3, "page": 4}, cited(4, "乙"), cited(5, "乙")]
    html = log(Turn("t", "问", answer(answer="乙**1万元**[1]**2%**[2]", citations=[passage, *share])))
    assert html.count('class="card-quote"') == 4 and html.count('class="card also"') == 1 and "2%，增长" in html
    assert [n for n in "12345" if f'data-cite="{n}" data-place' in html] == list("12345")


@pytest.mark.parametrize("text", ["[x](http://a.b)", "![x](http://a.b/c.png)", "<b>x</b>", "http://a.b", "[x]: http://a.b"])
def test_answers_carry_no_links_and_no_pictures(text: str) -> None:
    html = text_to_html(text)
    assert "<a" not in html and "<img" not in html and "<b>" not in html


@pytest.mark.parametrize(
    ("status", "refusal", "said"),
    [
        ("refused", "not_in_documents", "state_refused"),
        ("refused", "not_indexed", "state_refused"),
        ("refused", "empty_table", "state_blank"),
        ("refused", "blank_cell", "state_blank"),
        ("refused", "out_of_scope", "state_scope"),
        ("clarify", None, "state_clarify"),
    ],
)
def test_every_state_has_its_heading_and_a_next_step(status: str, refusal: str | None, said: str) -> None:
    html = log(Turn("t", "问", answer(status=status, refusal=refusal, options=["甲：1.00万元"] if status == "clarify" else [])))
    assert f'<h3 class="state">{CHINESE[said]}</h3>' in html
    assert (CHINESE[f"next_{refusal}"] if refusal else 'class="option"') in html


def test_both_languages_say_everything() -> None:
    assert CHINESE.keys() == ENGLISH.keys() and all(ENGLISH.values()) and all(CHINESE.values())
    assert all(CHINESE[k].count("{}") == ENGLISH[k].count("{}") for k in CHINESE)
    assert [texts_for(h) is CHINESE for h in (None, "", "zh-CN,en;q=0.5", "ZH", "en-US,zh;q=0.9", "de")] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]


# ---------------------------------------------------------------- charts


def test_a_ranking_is_one_column_of_one_table() -> None:
    found = answer_to_chart(answer(figures=[figure(5, 1), figure(3, 2)], citations=[cited(1, "甲项目"), cited(2, "乙项目")]))
    assert found and [(b.label, b.value, b.citation) for b in found.bars] == [("甲项目", 5, 1), ("乙项目", 3, 2)]
    assert 'data-cite="2"' in chart_to_svg(found)


def test_bodies_and_years_are_compared_by_what_differs() -> None:
    two = [figure(5, 1), figure(3, 2)]
    difference = {"formula": "5 − 3", "inputs": [1, 2], "result": 2, "unit": "万元"}
    places = [cited(1, "接待费"), cited(2, "接待费", title="乙局2024年部门预算")]
    bodies = answer_to_chart(answer(figures=[*two, figure(2, 2, "差额")], citations=places, calculation=[difference]))
    assert bodies and [b.label for b in bodies.bars] == ["甲局2024年部门预算", "乙局2024年部门预算"], "a computed difference is no bar"
    places = [cited(1, "接待费", ("2023年预算数",)), cited(2, "接待费", ("2024年预算数",))]
    years = answer_to_chart(answer(figures=two, citations=places))
    assert years and [b.label for b in years.bars] == ["2023年", "2024年"]


@pytest.mark.parametrize(
    ("figures", "places"),
    [
        (
            [figure(9, 1), figure(4, 2)],
            [cited(1, "帮扶", ("2024年预算",)), cited(2, "帮扶", ("比2023年预算", "增加"))],
        ),  # an amount and its change
        ([figure(9, 1), figure(4, 2, unit="辆")], [cited(1, "甲"), cited(2, "乙")]),  # two units
        ([figure(9, 1)], [cited(1, "甲")]),
        ([figure(0, 1), figure(0, 2)], [cited(1, "甲"), cited(2, "乙")]),
        ([figure(9, 1), figure(-4, 2)], [cited(1, "甲"), cited(2, "乙")]),
    ],
)
def test_what_may_not_be_compared_has_no_chart(figures: list[dict[str, Any]], places: list[dict[str, Any]]) -> None:
    assert answer_to_chart(answer(figures=figures, citations=places)) is None


def test_a_share_is_a_part_of_its_whole() -> None:
    step = {"formula": "5 ÷ 20", "inputs": [1, 2], "result": 25, "unit": "%"}
    three = [figure(25, 1, unit="%"), figure(5, 1, "甲"), figure(20, 2, "合计")]
    found = answer_to_chart(answer(figures=three, citations=[cited(1, "甲"), cited(2, "合计")], calculation=[step]))
    assert found and found.kind == "share" and [b.value for b in found.bars] == [5, 15]
    more = [figure(25, 1, "甲"), figure(20, 2, "乙")]
    places = [cited(1, "甲"), cited(2, "乙", ("其他",))]
    over = answer_to_chart(answer(figures=more, citations=places, calculation=[step | {"result": 125}]))
    assert over is None


# ---------------------------------------------------------------- exports, tables, conversations


def test_exported_texts_never_become_formulas_or_break_the_file() -> None:
    from docx import Document
    from openpyxl import load_workbook

    odd = answer(
        question='=HYPERLINK("http://evil")',
        answer="=1+1\n\n| 甲 | 乙 |\n|---|---|\n| **1.00** | \x07 |",
        figures=[figure(1.5, 1, "=cmd|x")],
        citations=[cited(1, "=1+1")],
        calculation=[{"formula": "1 + 1", "inputs": [1], "result": 2, "unit": "万元"}],
    )
    book = load_workbook(io.BytesIO(answer_to_xlsx(odd)))
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert book.sheetnames == ["回答", "出处", "计算"] and book["回答"]["B1"].value == '=HYPERLINK("http://evil")'
    paper = Document(io.BytesIO(answer_to_docx(odd)))
    assert [[c.text for c in row.cells] for row in paper.tables[0].rows] == [["甲", "乙"], ["1.00", ""]]


def test_stacked_headers_share_cells() -> None:
    table = Table("t", None, "表", (("支出", "合计", "小计"), ("支出", "合计", "其中"), ("支出", "其他"), ("备注",)), ())
    assert table_to_header(table) == [[("支出", 3, 1), ("备注", 1, 3)], [("合计", 2, 1), ("其他", 1, 2)], [("小计", 1, 1), ("其中", 1, 1)]]


def test_conversations_belong_to_their_owner_and_nothing_asked_is_deleted(tmp_path: Path) -> None:
    kept = Conversations(tmp_path)
    mine = kept.start("甲")
    first, second = kept.ask("甲", mine, "一"), kept.ask("甲", mine, "二")
    kept.answer(first, answer(answer="一答"))
    tries = (
        lambda: kept.turns("乙", mine),
        lambda: kept.rename("乙", mine, "x"),
        lambda: kept.hide("乙", mine),
        lambda: kept.ask("乙", mine, "x"),
    )
    for steal in tries:
        with pytest.raises(BudgetError, match="没有这个对话"):
            steal()
    assert turns_to_history(kept.turns("甲", mine)) == [{"role": "user", "content": "一"}, {"role": "assistant", "content": "一答"}]
    kept.close()
    again = Conversations(tmp_path)
    again.break_off()
    assert "重新启动" in (again.turn("甲", mine, second).trouble or "")
    again.put_aside("甲", mine, second)
    assert [turn.question for turn in again.turns("甲", mine)] == ["一"]
    again.hide("甲", mine)
    assert again.of("甲") == []
    assert again._db.rows("SELECT count(*) FROM turns")[0][0] == 2


def test_a_question_is_taken_up_in_its_place_once_and_only_after_trouble(tmp_path: Path) -> None:
    kept = Conversations(tmp_path)
    talk = kept.start("a")
    first, second = kept.ask("a", talk, "文字"), kept.ask("a", talk, "数字")
    assert not kept.take_up(first), "it is being answered"
    kept.answer(first, None, "模型没有载入", offline=True)
    kept.answer(second, answer())
    assert kept.turns("a", talk)[0].offline and not kept.take_up(second)
    assert kept.take_up(first) and not kept.take_up(first), "two clicks ask once"
    assert [turn.pending for turn in kept.turns("a", talk)] == [True, False]
