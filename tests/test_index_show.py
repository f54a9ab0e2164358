"""The picture of a page shows what the document holds of it, and nothing fails on pages without anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.domain import Cell, Document, Flag, Heading, Kind, Para, Row, Span, Table, UnreadPage
from index.errors import BudgetError
from index.show import document_to_marks, show_page

SAMPLE = Path(__file__).resolve().parents[1] / "index" / "samples" / "sample-lg-2024.pdf"


def document(*blocks: Heading | Para | Table, pages: int = 2) -> Document:
    return Document("d", "", "", 2024, Kind.OTHER, "万元", pages, blocks, unread=(UnreadPage(2, "本页没有文字层，只有图像"),))


def table() -> Table:
    cells = (Cell("1.00", 1, (50, 50, 80, 60)), Cell(None, 1, (90, 50, 120, 60)), Cell("2.00", 2, (50, 50, 80, 60)))
    doubtful = Cell("3.00", 1, (50, 70, 80, 80), flags=frozenset({Flag.DOUBTFUL}))
    rows = (Row(("单位", "甲"), cells, code="208"), Row(("单位", "乙"), (doubtful, Cell(None), Cell(None))))
    return Table("d-t1", "表1", "支出表", (("支出", "合计"), ("支出", "小计"), ("收入",)), rows, "万元", (1, 2))


def test_marks_are_those_of_the_page_in_reading_order() -> None:
    para = Para("甲乙", 1, spans=(Span(0, 1, 1, None, (10, 30, 90, 40)), Span(1, 2, 2, None, (10, 10, 90, 20))))
    marks = document_to_marks(document(Heading(1, "一、概况", 1, None, (10, 10, 90, 20)), para, table()), 1)
    assert [m.kind for m in marks] == ["heading", "para", "cell", "cell", "cell", "cell", "blank", "cell", "trouble"]
    assert [m.legend for m in marks if m.label in ("c0", "c1", "r0")] == [
        "d-t1 c0 支出 > 合计",
        "d-t1 c1 支出 > 小计",
        "d-t1 r0 208 单位 > 甲",
    ]


def test_picture_is_written_also_for_a_page_that_holds_nothing(tmp_path: Path) -> None:
    from PIL import Image

    for page in (1, 2):
        show_page(SAMPLE, document(table(), pages=23), (), page, tmp_path / f"{page}.png")
        assert Image.open(tmp_path / f"{page}.png").width > 800


@pytest.mark.parametrize(
    ("source", "page", "said"),
    [(SAMPLE, 99, "没有第99页"), (Path("a.txt"), 1, "只有 PDF"), (Path("gone.pdf"), 1, "原文件已不在")],
)
def test_what_cannot_be_drawn_is_said_in_one_line(source: Path, page: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match=said) as caught:
        show_page(source, document(), (), page, tmp_path / "x.png")
    assert "\n" not in str(caught.value)


def test_unwritable_picture_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match="无法写入"):
        show_page(SAMPLE, document(), (), 1, tmp_path / "no" / "such" / "x.png")
