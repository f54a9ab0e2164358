"""Paragraphs in order → figures: each amount under the numbered items and headings that it stands under.

A page break cuts paragraphs, and a layout may run two numbered items together; so paragraphs are first joined where a
sentence goes on, and then split where a numbered item begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from index.domain import Document, Figure, Flag, Heading, LabelPath, Measure, Origin, Para, SourceRef, Span
from index.prose import Mention, text_to_head, text_to_mentions

NEAR_YEARS = 6  # a year further from the document's own is part of a name or a plan
JOINED = 4  # paragraphs that one sentence may run through
LINE = 12  # a shorter line without a full stop is a line of its own (a list, a caption)

_HEADING_NUMBER = re.compile(r"^(?:[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|第.{1,3}部分)")
_ENCLOSES_NOTHING = re.compile(r"(?:情况|说明|职责|职能|概述|安排|目标|依据)$")
_BARE_ITEM = ("项目", "资金", "得分", "平均得分", "总分")  # says nothing without the heading above it
_NUMERAL = r"[一二三四五六七八九十]{1,3}"
_ITEM = rf"\s*(?:(?:\d{{1,2}}[.．、]|[\u2488-\u249b])(?!\d)|[（(]{_NUMERAL}[）)]|{_NUMERAL}、)\s*[\u4e00-\u9fff“]"
_NEXT_ITEM = re.compile(rf"(?<=[。；;：:])(?={_ITEM})")
_ANY_ITEM = re.compile(
    rf"(?<=[\u4e00-\u9fff。；：，])(?=(?:\d{{1,2}}\.(?!\d)|（{_NUMERAL}）)[\u4e00-\u9fff“])"
)  # where marks were displaced
_BEGINS_ITEM = re.compile(_ITEM)


class Narrative:
    """Walks a document's paragraphs; ``add`` and ``flush`` give the figures that are settled."""

    def __init__(self, document: Document, bodies: Sequence[str]) -> None:
        self.document, self.bodies = document, bodies
        self.headings: list[tuple[int, str]] = []
        self.items: list[tuple[int, LabelPath]] = []  # numbered items that enclose the next paragraph
        self.open: LabelPath = ()  # the item of a paragraph that ended in 「其中：」
        self.held: list[tuple[int, Para]] = []  # paragraphs of one unfinished sentence

    def enter(self, heading: Heading) -> None:
        """A heading: nothing before it encloses what follows."""
        self.headings = [h for h in self.headings if h[0] < heading.level]
        self.headings.append((heading.level, heading.text.strip()))
        self.items, self.open = [], ()
        head = text_to_head(heading.text, self.bodies)
        if head and head.level >= 2 and head.items and not _ENCLOSES_NOTHING.search(head.items[-1]):
            self.items = [(head.level, head.items)]  # 「（一）公共安全（类）」 encloses what follows, 「一、…说明」 does not

    def add(self, index: int, para: Para) -> Iterator[Figure]:
        """Take a paragraph; figures come out once its last sentence is whole."""
        if self.held and (len(self.held) == JOINED or not _goes_on(self.held[-1][1].text) or _BEGINS_ITEM.match(para.text)):
            yield from self.flush()
        self.held.append((index, para))

    def flush(self) -> Iterator[Figure]:
        """The figures of the paragraphs held so far."""
        held, self.held = self.held, []
        text = "".join(para.text for _, para in held)
        pattern = _ANY_ITEM if any(Flag.REORDERED in para.flags for _, para in held) else _NEXT_ITEM
        start = 0
        for end in [*(m.start() for m in pattern.finditer(text)), len(text)]:
            if end > start:
                yield from self._item(held, text[start:end], start)
            start = end

    def _item(self, held: Sequence[tuple[int, Para]], text: str, base: int) -> Iterator[Figure]:
        """The figures of one numbered item, or of a paragraph without a number."""
        head = text_to_head(text, self.bodies)
        if head:
            self.items = [i for i in self.items if i[0] < head.level]
            self.open = ()
        subject = tuple(name for _, item in self.items for name in item) if head else self.open
        if head and head.items:
            subject = (*subject, *head.items)
            self.items.append((head.level, head.items))
        mentions = text_to_mentions(text, subject, self.bodies)
        for stated in mentions:
            index, para, start = _place(held, base + stated.start)
            mention = self._in_doubt(stated, subject) if Flag.REORDERED in para.flags else stated
            if mention is None:
                continue
            end = min(len(para.text), start + mention.end - mention.start)
            yield self._figure(index, para, mention, start, end, head.code if head and mention.items == subject else None)
        last = text.rstrip()[-1:]
        if last in "：:":
            self.open = subject or (mentions[0].items if mentions else ())
        elif last not in "；;":
            self.open = ()

    def _in_doubt(self, mention: Mention, subject: LabelPath) -> Mention | None:
        """A mention of a sentence whose characters were displaced: no years as counts (2024项), no stray words as items."""
        if mention.measure is Measure.COUNT and sane_year(_whole(mention.value), self.document):
            return None
        if subject and mention.measure is Measure.CHANGE and "原因" not in mention.context:
            return replace(mention, items=subject, year=None)
        return mention

    def _figure(self, index: int, para: Para, mention: Mention, start: int, end: int, code: str | None) -> Figure:
        document = self.document
        return Figure(
            id=f"{document.doc_id}:b{index}:{start}",
            doc_id=document.doc_id,
            org=document.department,
            year=sane_year(mention.year, document) or document.year,
            row_path=self._row_path(mention.items),
            col_path=mention.labels,
            code=mention.code or code,
            raw=mention.raw.replace("元万", "万元"),
            value=mention.value,
            unit=mention.unit,
            origin=Origin.PROSE,
            measure=mention.measure,
            direction=mention.direction,
            context=mention.context,
            section=tuple(text for _, text in self.headings),
            row=index,
            col=start,
            flags=para.flags,
            source=span_source(document.doc_id, para, start, end),
        )

    def _row_path(self, items: LabelPath) -> LabelPath:
        if items and items[0] not in _BARE_ITEM:
            return items
        return (*self._fallback(), *items)

    def _fallback(self) -> LabelPath:
        """What a nameless amount is about: the numbered item or the headings that it stands under."""
        if self.items:
            return self.items[-1][1]
        return tuple(_HEADING_NUMBER.sub("", text).strip() for level, text in self.headings[-2:] if level > 1)


def sane_year(year: int | None, document: Document) -> int | None:
    """The year where it is near the document's own, else None."""
    near = year is not None and (document.year is None or abs(year - document.year) <= NEAR_YEARS)
    return year if near else None


def _whole(value: Decimal | None) -> int | None:
    return int(value) if value is not None and value == value.to_integral_value() else None


def span_source(doc_id: str, para: Para, start: int, end: int) -> SourceRef:
    """Where the characters ``start:end`` of a paragraph are printed; the first line's part where they are broken."""
    for span in para.spans:
        if span.start < end and start < span.end:
            return SourceRef(doc_id, span.page or para.page, _span_box(span, start, end), span.line if span.line is not None else para.line)
    return SourceRef(doc_id, para.page, None, para.line)


def _span_box(span: Span, start: int, end: int) -> tuple[float, float, float, float] | None:
    if span.bbox is None or len(span.xs) != span.end - span.start + 1:
        return span.bbox
    left, right = max(start, span.start) - span.start, min(end, span.end) - span.start
    return (span.xs[left], span.bbox[1], span.xs[right], span.bbox[3])


def _goes_on(text: str) -> bool:
    text = text.rstrip()
    return len(text) >= LINE and text[-1:] not in "。！？!?；;：:"


def _place(held: Sequence[tuple[int, Para]], offset: int) -> tuple[int, Para, int]:
    """The paragraph that a character of the joined text stands in, and its offset there."""
    for index, para in held:
        if offset < len(para.text):
            return index, para, offset
        offset -= len(para.text)
    index, para = held[-1]
    return index, para, len(para.text)
