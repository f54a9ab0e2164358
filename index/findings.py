"""A finding of the audit and the places that it points to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from index.domain import Document, Figure, LabelPath, Origin, SourceRef


@dataclass(frozen=True, slots=True)
class Place:
    """One side of a contradiction, with all that a citation needs."""

    doc: str
    title: str
    section: LabelPath
    table: str | None
    row: LabelPath
    column: LabelPath
    quote: str
    source: SourceRef


@dataclass(frozen=True, slots=True)
class Finding:
    """``kind``: text_table | text_text | sum | rate | count | name. ``difference`` is positive, None where there is none to give.

    ``rounding`` marks a difference that rounding explains. ``figures`` are the ids of the figures that it touches.
    """

    doc: str
    kind: str
    message: str
    difference: Decimal | None
    unit: str
    rounding: bool
    places: tuple[Place, ...]
    figures: tuple[str, ...] = ()
    expected: Decimal | None = None  # what the document's other figures give instead (in %, where a rate is meant)


def figure_place(document: Document, figure: Figure) -> Place:
    """Where a figure stands: its table, row and column, or the sentence that states it."""
    table = next((t.name for t in document.tables if t.id == figure.table_id), None) if figure.table_id else None
    row = figure.row_path
    if figure.origin is Origin.TABLE and figure.row is not None:
        printed = next((t for t in document.tables if t.id == figure.table_id), None)
        row = printed.rows[figure.row].label if printed and figure.row < len(printed.rows) else row
    quote = figure.raw if figure.origin is Origin.TABLE else figure.context
    return Place(figure.doc_id, document.title, figure.section, table, row, figure.col_path, quote, figure.source)
