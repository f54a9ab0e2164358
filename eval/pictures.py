"""The gold place and the cited place of a failure as cuttings from the page: found in the parsed document, drawn small."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from assistant.domain import Answer, Citation
from eval.cases import Case, Gold, Place
from eval.places import same_cell, same_place
from eval.report import TOLD_IN_FULL, place_to_text
from eval.runs import Run
from eval.score import Verdict
from eval.values import fold, prints
from index.domain import Box, Document, Para, Table
from index.errors import BudgetError
from index.pageview import crop_picture
from index.stores.index import Index

MOST_BYTES = 2_400_000  # of all pictures of a report, as base64: the page is to stay below 5 MB
SCALE = 1.5  # pixels a point
COLOURS = 24  # black text on white, and one marking


@dataclass(frozen=True, slots=True)
class Cutting:
    """A part of a page with the place marked, as a data URI; ``uri`` is empty where ``note`` says why there is none.

    ``right`` is true where the place is in the right half of the picture, so that narrow screens begin there.
    """

    where: str
    uri: str = ""
    note: str = ""
    right: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    gold: Cutting | None
    cited: Cutting | None


def run_to_pictures(run: Run, index: Index, failed: Sequence[tuple[Case, Verdict]]) -> dict[str, Pair]:
    """By question id, of the first failures; fewer where the pictures would make the report too large."""
    pairs: dict[str, Pair] = {}
    size = 0
    known = {info.doc_id for info in index.documents()}

    def draw(case: Case) -> Pair:
        return Pair(_gold_cutting(index, case, known), _cited_cutting(index, run.answers.get(case.id), known))

    cases = [case for case, _ in failed[:TOLD_IN_FULL]]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # pictures are packed outside of the interpreter's lock
        drawn = list(pool.map(draw, cases))
    for case, pair in zip(cases, drawn, strict=True):
        size += sum(len(one.uri) for one in (pair.gold, pair.cited) if one)
        if size > MOST_BYTES:
            break
        pairs[case.id] = pair
    return pairs


def _gold_cutting(index: Index, case: Case, known: set[str]) -> Cutting | None:
    """Of the first gold place that can be found on its page; None where the gold names none."""
    places = [place for place in case.sources if place.doc in known]
    for place in places:
        found = place_to_box(index.document(place.doc), place, case)
        if found:
            return _cut(index, place.doc, *found, place_to_text(place))
    note = "在解析结果里没有找到这一处" if places else "所在文件不在索引里"
    return Cutting(place_to_text(case.sources[0]), note=note) if case.sources else None


def _cited_cutting(index: Index, answer: Answer | None, known: set[str]) -> Cutting | None:
    """Of the place of the answer's first figure, else its first place; None where it cites nothing."""
    if answer is None or not answer.citations:
        return None
    first = answer.figures[0].citation if answer.figures else answer.citations[0].n
    cited = next((c for c in answer.citations if c.n == first), answer.citations[0])
    where = citation_to_text(cited)
    if cited.doc not in known or cited.page is None or cited.bbox is None:
        return Cutting(where, note=f"没有可画的页面；原文：{cited.quote[:120]}")
    return _cut(index, cited.doc, cited.page, cited.bbox, where)


def citation_to_text(cited: Citation) -> str:
    labels = [" › ".join(path) for path in (cited.row, cited.column) if path]
    page = f"第{cited.page}页" if cited.page else f"第{cited.line}行" if cited.line else ""
    return " · ".join(part for part in (cited.doc, page, cited.table or cited.section or "", *labels) if part)


# ---------------------------------------------------------------- where the gold stands


def place_to_box(document: Document, place: Place, case: Case) -> tuple[int, Box] | None:
    """(page, box) of the cell, or of the printed line, that the gold names; one that prints the gold figure before others."""
    spots = list(islice(_spots(document, place, case), 50))
    best = max(spots, key=lambda spot: spot[0], default=None)
    return best[1:] if best else None


def _spots(document: Document, place: Place, case: Case) -> Iterator[tuple[int, int, Box]]:
    """(how well it fits, page, box)."""
    for table in document.tables:
        if place.row or place.column:
            yield from _cells(document.doc_id, table, place, case.figures)
    phrases = [fold(phrase) for phrase in case.must_include]
    trail: list[tuple[int, str]] = []
    for block in document.blocks:
        if isinstance(block, Para):
            yield from _lines(document.doc_id, block, " > ".join(text for _, text in trail), place, case.figures, phrases)
        elif not isinstance(block, Table):
            trail = [t for t in trail if t[0] < block.level] + [(block.level, block.text)]


def _cells(doc: str, table: Table, place: Place, golds: Sequence[Gold]) -> Iterator[tuple[int, int, Box]]:
    section = " > ".join(table.section) or None
    whole = Place(place.doc, None, place.table, place.section)
    if place.page not in table.pages and not same_place(whole, Citation(0, doc, "", "", None, None, section, table.name)):
        return
    for row in table.rows:
        for cell, column in zip(row.cells, table.columns, strict=False):
            page = cell.page or row.page
            box = cell.bbox or row.bbox
            if page is None or box is None:
                continue
            if same_cell(place, Citation(0, doc, "", cell.text or "", page, None, section, table.name, row.label, column)):
                unit = table.unit or ""
                yield (3 if _has(f"{cell.text or ''}{unit}", golds) else 1, page, box)


def _lines(
    doc: str, para: Para, section: str, place: Place, golds: Sequence[Gold], phrases: Iterable[str]
) -> Iterator[tuple[int, int, Box]]:
    fit = 2 * _has(para.text, golds) + any(phrase in fold(para.text) for phrase in phrases)
    if not fit:
        return
    for span in para.spans:
        if span.page is None or span.bbox is None or not same_place(place, Citation(0, doc, "", "", span.page, None, section, None)):
            continue
        text = para.text[span.start : span.end]
        yield (fit + 1 if _has(text, golds) or any(phrase in fold(text) for phrase in phrases) else 0, span.page, span.bbox)


def _has(text: str, golds: Sequence[Gold]) -> bool:
    return any(prints(text, gold) for gold in golds)


# ---------------------------------------------------------------- drawing


def _cut(index: Index, doc: str, page: int, box: Box, where: str) -> Cutting:
    try:
        uri, width = png_to_uri(crop_picture(index, doc, page, box, SCALE))
        return Cutting(where, uri, right=box[0] + box[2] > width / SCALE)
    except BudgetError as error:
        return Cutting(where, note=str(error))


def png_to_uri(png: bytes) -> tuple[str, int]:
    """The picture in few colours, which is enough for print and a third of the size; and its width in pixels."""
    from PIL import Image

    small = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        few = image.convert("RGB").quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(small, "PNG")
        return "data:image/png;base64," + base64.b64encode(small.getvalue()).decode("ascii"), image.width
