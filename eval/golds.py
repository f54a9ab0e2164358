"""Where the gold of a question stands in the parsed document: a cell or a printed line, with its box or its line number. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from assistant.domain import Citation
from eval.cases import Case, Gold, Place
from eval.places import same_label, same_place
from eval.values import fold, prints
from index.domain import Box, Document, LabelPath, Para, Table

MOST_SPOTS = 50  # looked at: a gold without row or column fits all of its table


@dataclass(frozen=True, slots=True)
class Standing:
    """A place that can be drawn: ``page`` and ``bbox`` of a printed page, else ``line`` of a file without printed pages."""

    page: int | None
    bbox: Box | None
    line: int | None
    quote: str
    column: LabelPath = ()


def place_to_standing(document: Document, place: Place, case: Case) -> Standing | None:
    """The cell, or the printed line, that the gold names; one that prints the gold figure before others."""
    spots = list(islice(_spots(document, place, case), MOST_SPOTS))
    best = max(spots, key=lambda spot: spot[0], default=None)
    return best[1] if best else None


def _spots(document: Document, place: Place, case: Case) -> Iterator[tuple[int, Standing]]:
    """Each with how well it fits."""
    if place.row or place.column:
        for table in document.tables:
            yield from _cells(document.doc_id, table, place, case.figures)
    phrases = [fold(phrase) for phrase in case.must_include]
    trail: list[tuple[int, str]] = []
    for block in document.blocks:
        if isinstance(block, Para):
            yield from _lines(document.doc_id, block, " > ".join(text for _, text in trail), place, case.figures, phrases)
        elif not isinstance(block, Table):
            trail = [t for t in trail if t[0] < block.level] + [(block.level, block.text)]


def _cells(doc: str, table: Table, place: Place, golds: Sequence[Gold]) -> Iterator[tuple[int, Standing]]:
    """``same_cell`` of every cell, each label compared once."""
    section = " > ".join(table.section) or None
    whole = same_place(place, Citation(0, doc, "", "", None, None, section, table.name))
    if not whole and place.page not in table.pages:
        return
    fits = [same_label(place.column, column) if column else None for column in table.columns]
    for row in table.rows:
        if row.label and not same_label(place.row, row.label):
            continue
        for cell, column, fit in zip(row.cells, table.columns, fits, strict=False):
            page, box, line, text = cell.page or row.page, cell.bbox or row.bbox, cell.line or row.line, cell.text or ""
            if (box is None and line is None) or not (whole or place.page == page):
                continue
            if (row.label or same_label(place.row, text)) and (same_label(place.column, text) if fit is None else fit):
                yield 3 if _has(f"{text}{table.unit or ''}", golds) else 1, Standing(page, box, line, text, column)


def _lines(
    doc: str, para: Para, section: str, place: Place, golds: Sequence[Gold], phrases: Iterable[str]
) -> Iterator[tuple[int, Standing]]:
    pages = {span.page for span in para.spans}
    here = {page for page in pages if same_place(place, Citation(0, doc, "", "", page, None, section, None))}
    if not here:
        return
    fit = 2 * _has(para.text, golds) + any(phrase in fold(para.text) for phrase in phrases)
    if not fit:
        return
    for span in para.spans:
        if span.page not in here or (span.bbox is None and span.line is None):
            continue
        text = para.text[span.start : span.end]
        best = _has(text, golds) or any(phrase in fold(text) for phrase in phrases)
        yield fit + 1 if best else 0, Standing(span.page, span.bbox, span.line, text)


def _has(text: str, golds: Sequence[Gold]) -> bool:
    return any(prints(text, gold) for gold in golds)
