"""The gold place and the cited place of a failure as cuttings: from the page, or from the lines of a file without pages.

A child process draws them while the caller asks the next questions, so that a report with pictures takes little longer
than one without.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from assistant.domain import Answer, Citation
from eval.cases import Case
from eval.golds import Standing, place_to_standing
from eval.report import place_to_text
from index.errors import BudgetError
from index.lineview import lines_picture
from index.pageview import crop_picture
from index.stores.index import Index

MOST_BYTES = 2_400_000  # of all pictures of a report, as base64: the page is to stay below 5 MB
SCALE = 1.5  # pixels a point
COLOURS = 24  # black text on white, and one marking
WIDTH_AT = slice(16, 20)  # of the bytes of a PNG


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


@dataclass(frozen=True, slots=True)
class _Drawn:
    uri: str = ""
    note: str = ""
    right: bool = False


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A cutting before its picture is there; without ``drawn`` it has none, and ``note`` says why."""

    where: str
    drawn: Future[_Drawn] | None = None
    note: str = ""

    def finish(self) -> Cutting:
        done = self.drawn.result() if self.drawn else _Drawn(note=self.note)
        return Cutting(self.where, done.uri, done.note, done.right)


class Studio:
    """Draws the places of failures. Use as a context manager; what is still to be drawn at the end is dropped."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known = {info.doc_id for info in index.documents()}
        self._pool = ThreadPoolExecutor(1)
        self._sketches: dict[str, tuple[_Sketch | None, _Sketch | None]] = {}
        self._begun: dict[tuple[str, Standing], Future[_Drawn]] = {}

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __len__(self) -> int:
        """How many failures were begun."""
        return len(self._sketches)

    def begin(self, case: Case, answer: Answer | None) -> None:
        """Find both places of a failure and have them drawn; returns before they are. Begun once, whatever is asked."""
        if case.id not in self._sketches:
            self._sketches[case.id] = self._gold(case), self._cited(answer)

    def pair(self, case: Case, answer: Answer | None) -> Pair:
        """Both cuttings, waited for."""
        self.begin(case, answer)
        gold, cited = self._sketches[case.id]
        return Pair(gold.finish() if gold else None, cited.finish() if cited else None)

    def _gold(self, case: Case) -> _Sketch | None:
        """Of the first gold place that can be found in its document; None where the gold names none."""
        places = [place for place in case.sources if place.doc in self._known]
        for place in places:
            found = place_to_standing(self._index.document(place.doc), place, case)
            if found:
                return _Sketch(place_to_text(place), self._draw(place.doc, found))
        note = "在解析结果里没有找到这一处" if places else "所在文件不在索引里"
        return _Sketch(place_to_text(case.sources[0]), note=note) if case.sources else None

    def _cited(self, answer: Answer | None) -> _Sketch | None:
        """Of the place of the answer's first figure, else its first place; None where it cites nothing."""
        if answer is None or not answer.citations:
            return None
        first = answer.figures[0].citation if answer.figures else answer.citations[0].n
        cited = next((c for c in answer.citations if c.n == first), answer.citations[0])
        where = citation_to_text(cited)
        if cited.doc not in self._known or (cited.bbox is None and cited.line is None):
            return _Sketch(where, note=f"没有可画的页面；原文：{cited.quote[:120]}")
        return _Sketch(where, self._draw(cited.doc, Standing(cited.page, cited.bbox, cited.line, cited.quote, cited.column)))

    def _draw(self, doc: str, at: Standing) -> Future[_Drawn]:
        if (doc, at) not in self._begun:
            self._begun[doc, at] = self._pool.submit(_draw, self._index, doc, at)
        return self._begun[doc, at]


def failures_to_pairs(studio: Studio, failed: Sequence[tuple[Case, Answer | None]]) -> dict[str, Pair]:
    """By question id; fewer where the pictures would make the report too large."""
    pairs: dict[str, Pair] = {}
    size = 0
    for case, answer in failed:
        studio.begin(case, answer)
    for case, answer in failed:
        pair = studio.pair(case, answer)
        size += sum(len(one.uri) for one in (pair.gold, pair.cited) if one)
        if size > MOST_BYTES:
            break
        pairs[case.id] = pair
    return pairs


def citation_to_text(cited: Citation) -> str:
    labels = [" › ".join(path) for path in (cited.row, cited.column) if path]
    page = f"第{cited.page}页" if cited.page else f"第{cited.line}行" if cited.line else ""
    return " · ".join(part for part in (cited.doc, page, cited.table or cited.section or "", *labels) if part)


def _draw(index: Index, doc: str, at: Standing) -> _Drawn:
    try:
        if at.page is not None and at.bbox is not None:
            png = crop_picture(index, doc, at.page, at.bbox, SCALE, COLOURS)
            return _Drawn(_png_to_uri(png), right=at.bbox[0] + at.bbox[2] > int.from_bytes(png[WIDTH_AT]) / SCALE)
        return _Drawn(_png_to_uri(lines_picture(index, doc, at.line or 0, at.page, at.quote, at.column, SCALE, COLOURS)))
    except BudgetError as error:
        return _Drawn(note=f"{error}；原文：{at.quote[:120]}" if at.quote else str(error))


def _png_to_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
