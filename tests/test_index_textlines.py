"""Glyphs → lines: order by position, copies, blanks, radicals."""

from __future__ import annotations

from index.domain import Glyph
from index.textlines import RADICALS, clean_glyph, glyphs_to_lines, lines_to_text


def glyphs(text: str, x: float, y: float, size: float = 10.0) -> list[Glyph]:
    """``text`` set at ``x``; ASCII takes half an em; ``y`` is the top."""
    out = []
    for char in text:
        width = size / 2 if char.isascii() else size
        if char != " ":
            out.append(Glyph(char, x, y, x + width, y + size, size))
        x += width
    return out


def test_characters_drawn_last_and_lower_go_back_into_their_line() -> None:
    line = [g for g in glyphs("对口帮扶预算", 0, 100) if g.text not in "帮扶"]
    strays = [Glyph("扶", 30, 103, 40, 113, 10), Glyph("帮", 20, 103, 30, 113, 10)]
    assert [entry.text for entry in glyphs_to_lines(line + strays)] == ["对口帮扶预算"]


def test_figure_a_little_above_its_label_stays_in_the_row() -> None:
    assert glyphs_to_lines(glyphs("行政运行", 0, 100) + glyphs("3,508.01", 80, 96))[0].text == "行政运行 3,508.01"


def test_overprinted_bold_counts_once_but_double_letters_stay() -> None:
    bold = glyphs("合计", 0, 0) + glyphs("合计", 0.4, 0)
    assert glyphs_to_lines(bold)[0].text == "合计"
    assert glyphs_to_lines(glyphs("1,100.00", 0, 0))[0].text == "1,100.00"


def test_number_broken_over_two_lines_of_a_cell_is_one_number() -> None:
    assert lines_to_text(glyphs_to_lines(glyphs("8,780.", 0, 0) + glyphs("00", 0, 12))) == "8,780.00"


def test_layout_blanks_go_and_words_stay_apart() -> None:
    assert lines_to_text(glyphs_to_lines(glyphs("收    入", 0, 0))) == "收入"
    assert lines_to_text(glyphs_to_lines(glyphs("PC server", 0, 0))) == "PC server"


def test_radicals_become_characters() -> None:
    assert clean_glyph(0x2F00) == "一" and clean_glyph(0x2ED4) == "门" and clean_glyph(0x2ECB) == "车"
    assert all(0x2E80 <= ord(radical) <= 0x2EFF for radical in RADICALS)
    assert clean_glyph(0x200B) == "" and clean_glyph(0x3000) == ""


def test_every_character_has_edges_for_its_box() -> None:
    line = glyphs_to_lines(glyphs("预算 9.81", 5, 0))[0]
    assert len(line.edges) == len(line.text) + 1 and list(line.edges) == sorted(line.edges)
