"""What a document gives to ask about: its figures with the few words that name each of them and no other. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from eval.places import CODE, NUMBERING, WITHIN
from eval.values import fold
from index.domain import Document, Figure, Flag, Heading, Para, Table

YEAR = re.compile(r"^(?:19|20)\d\d年")  # as a row's label, beside the year that the question begins with, it would confuse people
DOUBTED = frozenset({Flag.OCR, Flag.DOUBTFUL, Flag.SUM_MISMATCH, Flag.HEADER_INHERITED})
LONGEST_LABEL = 24


@dataclass(frozen=True, slots=True)
class Spot:
    """A figure of a table with the words that name it: the label without numbering, the columns as one text."""

    figure: Figure
    table: Table
    label: str
    column: str
    value: Decimal

    @property
    def named(self) -> str:
        return f"“{self.label}”的“{self.column}”"


@dataclass(frozen=True, slots=True)
class Source:
    """A document as the drafters see it; ``who`` is body and year, as a question begins with."""

    document: Document
    figures: tuple[Figure, ...]
    spots: tuple[Spot, ...]
    text: str  # everything printed, folded

    @property
    def who(self) -> str:
        return f"{self.document.department}{f'{self.document.year}年' if self.document.year else ''}"


def document_to_source(document: Document, figures: Sequence[Figure], failed: frozenset[str] = frozenset()) -> Source:
    """``failed`` are the ids of figures in checks that do not hold: nothing is drafted from what a document contradicts."""
    tables = {table.id: table for table in document.tables}
    spots: dict[tuple[str, str, str], list[Spot]] = defaultdict(list)
    for figure in figures:
        table = tables.get(figure.table_id or "")
        if table and (spot := _spot(figure, table)):
            spots[table.name, spot.label, spot.column].append(spot)
    single = [same[0] for same in spots.values() if len({(s.value, s.figure.unit) for s in same}) == 1]
    sound = [s for s in single if s.value and s.figure.id not in failed and not s.figure.flags & DOUBTED]
    return Source(document, tuple(figures), tuple(sound), fold("\n".join(_texts(document))))


def _spot(figure: Figure, table: Table) -> Spot | None:
    """None for what a question cannot name in a few words."""
    label = plain_label(figure.row_path[-1]) if figure.row_path else ""
    column = " › ".join(plain_label(part) for part in figure.col_path)
    named = label and column and figure.unit and table.title and len(label) <= LONGEST_LABEL and not YEAR.match(label)
    if figure.value is None or not named:
        return None
    return Spot(figure, table, label, column, figure.value)


def plain_label(label: str) -> str:
    """Without code, numbering and 其中."""
    text = label.strip().replace("：", ":")
    for leader in (CODE, NUMBERING, WITHIN):
        text = leader.sub("", text).strip() or text
    return re.sub(r"^[一二三四五六七八九十]+、|^[（(][一二三四五六七八九十]+[)）]", "", text) or text


def _texts(document: Document) -> Iterator[str]:
    for block in document.blocks:
        if isinstance(block, Heading | Para):
            yield block.text
        else:
            yield block.name
            yield from (" ".join(path) for path in block.columns)
            for row in block.rows:
                yield " ".join([*row.label, *(cell.text or "" for cell in row.cells)])
