"""Documents survive the way through JSON: into the store and out of the reader's process."""

from __future__ import annotations

import json
from decimal import Decimal

from index.codec import bytes_to_document, document_to_bytes, from_plain, to_plain
from index.domain import Cell, Document, Figure, Flag, Heading, Kind, Line, Origin, Para, Proof, Row, SourceRef, Span, Table, UnreadPage

DOCUMENT = Document(
    "d", "标题", "某局", None, Kind.UNIT_FINAL, None, 2,
    (
        Heading(2, "第一部分", 1, bbox=(1.0, 2.0, 3.5, 4.0)),
        Para("正文", 1, spans=(Span(0, 2, 1, None, (1.0, 2.0, 3.0, 4.0), (1.0, 2.0, 3.0)),), raw="文正", flags=frozenset({Flag.REORDERED})),
        Table("t", None, "表", (("a", "b"),),
              (Row(("x",), (Cell(None), Cell("0.00", flags=frozenset({Flag.OCR, Flag.DOUBTFUL}))), "208"),)),
    ),
    (Line(1, "正", "乱"),), (UnreadPage(2, "没有文字"),), "d.pdf", "00", (2,),
)  # fmt: skip


def test_a_document_comes_back_equal_with_paths_flags_boxes_and_blanks() -> None:
    assert bytes_to_document(document_to_bytes(DOCUMENT)) == DOCUMENT


def test_an_amount_keeps_the_decimals_it_was_printed_with() -> None:
    figure = Figure(
        "f", "d", "某局", 2024, ("甲",), ("乙",), None, "8,780.00", Decimal("8780.00"), "万元", Origin.TABLE, source=SourceRef("d", 3)
    )
    back = from_plain(Figure, json.loads(json.dumps(to_plain(figure))))
    assert (str(back.value), back.source, back) == ("8780.00", figure.source, figure)


def test_a_proof_without_amounts_keeps_none() -> None:
    proof = Proof("name", False, None, None, "", ("f1",), "名称不一致")
    assert from_plain(Proof, to_plain(proof)) == proof


def test_unknown_keys_of_a_newer_writer_are_ignored() -> None:
    assert from_plain(Heading, {"type": "heading", "level": 1, "text": "一", "colour": "red"}) == Heading(1, "一")
