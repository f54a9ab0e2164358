"""Pages → headings, paragraphs and tables in reading order; works alike on a text layer and on recognised images.

Pages are fed one at a time and forgotten; only the open paragraph, the open table and the heading trail are carried over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from index.aligned import region_to_grids
from index.captions import BODY_NAME, YEAR_LINE, Caption, segments_to_caption
from index.domain import Block, Box, Flag, Glyph, Heading, Page, Para, Span
from index.grids import Edge, Grid, edges_to_grids, rules_to_edges
from index.headings import caption_of, is_toc, lead_heading, squash, text_to_level, unit_of
from index.innerforms import opens_project
from index.regions import Region, page_to_regions
from index.tables import PrintedForm
from index.textlines import TextLine, glyphs_to_rows, row_to_line, row_to_segments

FRONT_LINES = 150  # lines kept for telling whose document this is
MARGIN = 0.11  # share of the page height at top and bottom where running headers and page numbers stand
INDENT = 1.2  # em: a line that starts this far inside opens a paragraph
SHORT = 1.6  # em: a line that ends this far before the margin closes one
MARGIN_SHARE = 0.12  # so many of a page's lines begin, or end, at its margin
TOC_ENTRY = 25  # characters; longer lines are text
PITCH = 2.2  # line heights: a gap wider than this parts paragraphs
PAGE_NUMBER = re.compile(r"^[-—–－·~\s]*(第?\s*\d{1,4}\s*页?|[ivxIVX]{1,5}|\d{1,4}\s*/\s*\d{1,4}|第\d+页[，,/]?共\d+页)[-—–－·~\s]*$")
NOTE = re.compile(r"^(备?注|说明)[:：\d]|^[（(](无|本表)")
NOTE_MORE = re.compile(r"^(\d+[.、．]|[“\"]|本套|本表)")
SENTENCE_END = tuple("。；：！？;:!?")
PART = re.compile(r"^第[一二三四五六七八九十\d]+部分")
TABLE_NAME = re.compile(r"^(?:\d{1,2}|[一二三四五六七八九十]{1,3})[、.．][^，。；]{2,60}表(?:（[^）]{1,12}）)?$")
NUMBERED = re.compile(
    r"^(第[一二三四五六七八九十\d]+|[（(][一二三四五六七八九十\d]+[）)]|[一二三四五六七八九十]+[、.．]|\d{1,2}[、.．](?!\d))"
)
YEAR = re.compile(r"(20\d\d)年")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line with what its page says of it."""

    line: TextLine
    page: int
    width: float
    segments: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.line.text


@dataclass(frozen=True, slots=True)
class _PageRead:
    """A page with its ruled grids found; ``page`` keeps its size only, ``outside`` and ``loose`` are what no grid holds."""

    page: Page
    pieces: list[_Piece]
    grids: list[Grid]
    outside: list[Glyph]
    loose: list[Edge]
    margin: set[str]
    known: bool = False  # its tables were given, no more are looked for


@dataclass
class _OpenPara:
    pieces: list[_Piece]
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class FlowLine:
    """A line of a file without printed pages, and what stands side by side in it."""

    line: TextLine
    segments: tuple[str, ...]


def pages_to_document_blocks(pages: Iterable[Page], doc_id: str) -> tuple[Block, ...]:
    """The blocks of a document, in reading order."""
    stream = PageStream(doc_id)
    for page in pages:
        stream.feed(page)
    return stream.finish()


class PageStream:
    """Takes pages in order, gives blocks at the end."""

    def __init__(self, doc_id: str) -> None:
        self.doc_id = doc_id
        self.front_texts: list[str] = []
        self._blocks: list[Block] = []
        self._trail: list[tuple[int, str]] = []
        self._para: _OpenPara | None = None
        self._form: PrintedForm | None = None
        self._note: _Piece | None = None
        self._toc: set[str] | None = None  # entries of the table of contents, on the pages right after it
        self._between = False  # did text stand between the open form and here?
        self._tables = 0
        self._captions: list[_Piece] = []  # lines above, that may be a table's caption
        self._held: _PageRead | None = None
        self._last_margin: set[str] = set()

    def feed(self, page: Page, known: Sequence[Grid] | None = None) -> None:
        """Read one page; its blocks are settled when the next one is known. Where its tables are ``known``, none is looked for."""
        edges = rules_to_edges(page.rules)
        grids = edges_to_grids(edges, page.glyphs) if known is None else list(known)
        boxes = [grid.box for grid in grids]
        outside = [g for g in page.glyphs if g.upright and not any(_inside(g.x0, g.x1, g.top, g.bottom, box) for box in boxes)]
        loose = [e for e in edges if not any(_inside(e["x0"], e["x1"], e["top"], e["bottom"], box) for box in boxes)]
        pieces = _page_pieces(page, outside)
        if len(self.front_texts) < FRONT_LINES:
            self.front_texts.extend(piece.text for piece in pieces)
        margin = _margin_keys(page, pieces)
        if self._held is not None:
            self._settle(self._held, margin | self._last_margin)
            self._last_margin = self._held.margin
        self._held = _PageRead(replace(page, glyphs=(), rules=()), pieces, grids, outside, loose, margin, known is not None)

    def feed_flow(self, number: int, items: Iterable[FlowLine | Grid], width: float) -> None:
        """Read a part of a file without printed pages: every line is a paragraph, a heading or a table's caption."""
        page = Page(number, width, 0.0, (), ())
        items = list(items)
        contents = _toc_range(items)
        for i, item in enumerate(items):
            if isinstance(item, Grid):
                self._take_grid(item, page, frozenset())
                continue
            if len(self.front_texts) < FRONT_LINES:
                self.front_texts.append(item.line.text)
            if i in contents:
                continue
            self._close_para()
            self._take_line(_Piece(item.line, number, width, item.segments), page, item.line.x0, item.line.x1)
        self._close_captions()
        self._close_form()
        self._close_para()

    def finish(self) -> tuple[Block, ...]:
        """All blocks, after the last page."""
        if self._held is not None:
            self._settle(self._held, self._last_margin)
            self._held = None
        self._close_captions()
        self._close_form()
        self._close_para()
        return tuple(self._blocks)

    # ------------------------------------------------------------ a page

    def _settle(self, read: _PageRead, repeated: set[str]) -> None:
        page, pieces, grids = read.page, read.pieces, read.grids
        furniture = [piece for piece in pieces if _is_furniture(piece, page, repeated)]
        regions, free = ([], read.outside) if read.known else self._page_regions(read, furniture)
        if regions:
            pieces = _page_pieces(page, free)
        body = [piece for piece in pieces if not _is_furniture(piece, page, repeated)]
        if is_toc([piece.text for piece in body]) and not grids and not regions:
            self._close_all()
            self._toc = {*(self._toc or ()), *(_flat(piece.text) for piece in body)}
            return
        body = self._without_toc_rest(body)
        left, right = _margins(body)
        flags = frozenset({Flag.OCR}) if page.origin == "ocr" else frozenset()
        items: list[tuple[float, int, _Piece | Grid | Region]] = [(piece.line.middle, 0, piece) for piece in body]
        items += [(grid.box[1], 1, grid) for grid in grids]
        items += [(region.box[1], 1, region) for region in regions]
        for _, _, item in sorted(items, key=lambda entry: (entry[0], entry[1])):
            if isinstance(item, Region):
                self._take_region(item, page, flags)
            elif isinstance(item, Grid):
                self._take_grid(item, page, flags)
            else:
                self._take_line(item, page, left, right)

    def _page_regions(self, read: _PageRead, furniture: list[_Piece]) -> tuple[list[Region], list[Glyph]]:
        """Tables without grid lines on the page, and the glyphs outside all tables."""
        heights = [(piece.line.box[1], piece.line.box[3]) for piece in furniture]
        outside = [g for g in read.outside if not any(a <= (g.top + g.bottom) / 2 <= b for a, b in heights)]
        form = self._form
        eager = form is not None and form.inner and not form.drawn and not self._between and not read.grids
        regions = page_to_regions(read.page, outside, read.loose, eager)
        taken = {id(g) for region in regions for g in region.glyphs}
        return regions, [g for g in outside if id(g) not in taken] if taken else outside

    def _without_toc_rest(self, body: list[_Piece]) -> list[_Piece]:
        """The lines after the last entries of a table of contents that runs over on this page."""
        entries, self._toc = self._toc, None
        if not entries:
            return body
        for i, piece in enumerate(body):
            flat = _flat(piece.text)
            if flat in entries or (text_to_level(piece.text) is None and caption_of(piece.text) is None and len(flat) > TOC_ENTRY):
                return body[i:]
        return []

    def _take_line(self, piece: _Piece, page: Page, left: float, right: float) -> None:
        if self._form is not None and not self._between and not self._captions and self._take_note(piece):
            return
        if self._continues_heading(piece) or self._turns_caption(piece):
            return
        form = self._form
        at_open = form is not None and not self._between and not self._captions
        if form is not None and at_open and page.number != form.pages[0] and form.take_tail(piece.line, page.number):
            return
        if self._para is None and not self._captions and self._is_caption_line(piece, page):
            self._captions.append(piece)
            return
        if self._captions and self._is_caption_line(piece, page):
            if TABLE_NAME.match(piece.text.strip()):  # a second numbered line: the first was a heading
                self._close_captions()
                self._close_para()
            self._captions.append(piece)
            return
        if self._para is not None and self._is_caption_line(piece, page) and self._opens_para(piece, left, right):
            self._close_para()
            self._captions.append(piece)
            return
        self._close_captions()
        self._between = True
        self._add_to_para(piece, left, right)

    def _take_note(self, piece: _Piece) -> bool:
        """A note below the open table, or its next line."""
        form, text = self._form, piece.text.strip()
        if form is None:
            return False
        if NOTE.match(text) or (form.notes and NOTE_MORE.match(text)):
            form.notes.append(text)
        elif caption_of(text) is not None:
            return False
        elif form.notes and self._note is not None and self._note.page == piece.page and not NUMBERED.match(text):
            near = piece.line.box[1] - self._note.line.box[3] < PITCH * piece.line.size
            if not near or self._note.line.x1 < form.xs[-1] - 3 * piece.line.size:
                return False
            form.notes[-1] += text
        else:
            return False
        self._note = piece
        return True

    def _turns_caption(self, piece: _Piece) -> bool:
        """The second line of a table's title that was too long for one; the first waits as a paragraph."""
        para = self._para
        if para is None or len(para.pieces) != 1 or para.pieces[0].text.endswith(SENTENCE_END) or piece.page != para.pieces[0].page:
            return False
        first = para.pieces[0].text.strip()
        if abs(para.pieces[0].line.size - piece.line.size) > 1 or PART.match(first) or caption_of(first + piece.text.strip()) is None:
            return False
        self._para = None
        self._captions = [para.pieces[0], piece]
        return True

    def _is_caption_line(self, piece: _Piece, page: Page) -> bool:
        """Could the line stand above a table: number, title, unit, name of the body, or a centred short line?"""
        text = piece.text.strip()
        if any(unit_of(segment) or BODY_NAME.match(segment) for segment in piece.segments):
            return True
        if self._captions and YEAR_LINE.match(squash(text)):
            return True
        if TABLE_NAME.match(text) and not text.endswith(SENTENCE_END):
            return True
        if PART.match(text) or (text_to_level(text) is not None and caption_of(text) is None):
            return False
        if caption_of(text) is not None:
            return True
        line = piece.line
        centred = abs((line.x0 + line.x1) / 2 - page.width / 2) < 0.06 * page.width and line.x1 - line.x0 < 0.6 * page.width
        return centred and len(text) <= 40 and not text.endswith(SENTENCE_END) and bool(self._captions or self._para is None)

    # ------------------------------------------------------------ tables

    def _take_region(self, region: Region, page: Page, flags: frozenset[Flag]) -> None:
        """A table without grid lines; where one is open from the page before, its header tells whether it is repeated."""
        grids = region_to_grids(region)
        form = self._form
        goes_on = form is not None and not self._between and page.number not in form.pages
        if form is not None and goes_on and not (grids and form.repeats_header(grids[0])):
            grids = region_to_grids(region, with_header=False) or grids
            if self._captions and not self._read_captions().continues(form.caption):
                grids = region_to_grids(region)
        joins = form is not None and bool(grids) and not self._between and form.accepts(grids[0])
        titled = region.has_number or bool(region.rules) or bool(self._captions)  # an empty form is told by what stands above it
        if grids and titled and (region.rules or grids[0].header_rows or grids[0].inner or self._captions or joins):
            self._take_grid(grids[0], page, flags)
            for grid in grids[1:]:
                if self._form is not None:
                    self._form.extend(grid, page.number)
            return
        left, right = region.box[0], region.box[2]
        for piece in _page_pieces(page, region.glyphs):
            self._take_line(piece, page, left, right)

    def _take_grid(self, grid: Grid, page: Page, flags: frozenset[Flag]) -> None:
        self._part_heading()
        caption = self._read_captions()
        if self._form is not None and not self._between:
            form = self._form
            new_page = page.number not in form.pages and not (form.inner and caption.title and opens_project(grid))
            if (new_page or not (caption.title or caption.number)) and caption.continues(form.caption) and form.accepts(grid):
                self._captions = []
                form.extend(grid, page.number)
                return
        self._close_form()
        self._captions = []
        self._close_para()
        if not caption.title:
            caption = replace(caption, title=self._trail[-1][1] if self._trail else "")
        form = PrintedForm.open(grid, page.number, caption, tuple(text for _, text in self._trail), flags)
        self._form, self._between = form, False

    def _part_heading(self) -> None:
        """Above a table's own title, 「四、2024年部门预算表」 is the heading that all the tables stand under."""
        waiting = self._captions
        titles = [p for p in waiting if ((found := caption_of(p.text)) and found[1]) or TABLE_NAME.match(p.text.strip())]
        if len(titles) > 1 and titles[0] is waiting[0] and text_to_level(titles[0].text) is not None:
            self._captions = waiting[:1]
            self._close_captions()
            self._close_para()
            self._captions = waiting[1:]

    def _read_captions(self) -> Caption:
        return segments_to_caption(segment for piece in self._captions for segment in piece.segments)

    def _close_form(self) -> None:
        if self._form is None:
            return
        tables = self._form.to_tables(self.doc_id, self._tables + 1)
        self._tables += len(tables)
        self._blocks.extend(tables)
        self._form = None

    # ------------------------------------------------------------ text

    def _close_captions(self) -> None:
        """Lines that waited for a table which did not come are text."""
        waiting, self._captions = self._captions, []
        for piece in waiting:
            self._between = True
            self._add_to_para(piece, piece.line.x0, piece.line.x1 + 100)

    def _close_all(self) -> None:
        self._close_captions()
        self._close_form()
        self._close_para()

    def _opens_para(self, piece: _Piece, left: float, right: float) -> bool:
        para = self._para
        if para is None:
            return True
        last = para.pieces[-1]
        em = piece.line.size
        text = piece.text.strip()
        if piece.line.x0 - left >= INDENT * em or abs(last.line.size - em) > 0.15 * em or TABLE_NAME.match(text):
            return True
        ended = last.text.rstrip().endswith(SENTENCE_END)
        if NUMBERED.match(text) and ended:
            return True
        if last.page == piece.page and piece.line.box[1] - last.line.box[3] > PITCH * em:
            return True
        missing = para.right - last.line.x1
        if missing < SHORT * em:
            return False
        # A figure that does not fit moves to the next line as a whole, so a short line alone ends nothing.
        whole = "".join(p.text for p in para.pieces)
        return ended or text_to_level(whole) is not None or bool(NUMBERED.match(text)) or missing > 0.4 * (para.right - para.left)

    def _add_to_para(self, piece: _Piece, left: float, right: float) -> None:
        if self._para is not None and self._opens_para(piece, left, right):
            self._close_para()
        self._close_form()
        if self._para is None:
            self._para = _OpenPara([piece], left, right)
        else:
            self._para.pieces.append(piece)
            self._para.left, self._para.right = left, right

    def _continues_heading(self, piece: _Piece) -> bool:
        """Take the second line of a centred heading that is too long for one."""
        para = self._para
        if para is None or len(para.pieces) != 1 or para.pieces[0].page != piece.page or NUMBERED.match(piece.text.strip()):
            return False
        first = para.pieces[0].line
        same = abs(first.size - piece.line.size) < 0.1 * first.size and piece.line.box[1] - first.box[3] < 1.6 * first.size
        sums = first.x0 + first.x1, piece.line.x0 + piece.line.x1
        centred = abs(sums[0] - sums[1]) < 1.2 * first.size and abs(sums[0] - piece.width) < 40
        if not (same and centred and PART.match(first.text.strip()) and len(piece.text) <= 30 and not piece.text.endswith("。")):
            return False
        para.pieces.append(piece)
        return True

    def _close_para(self) -> None:
        para, self._para = self._para, None
        if para is None:
            return
        text, spans = _join(para.pieces)
        if not text:
            return
        first = para.pieces[0]
        level = text_to_level(text)
        if level is not None and len(para.pieces) <= 2:
            self._add_heading(level, text, first)
            return
        lead = lead_heading(text)
        if lead is not None:
            level, length = lead
            self._add_heading(level, text[: length - 1].strip(), first)
            text, spans = _cut(text, spans, length)
        if text:
            self._blocks.append(Para(text, spans[0].page if spans else first.page, None, spans))

    def _add_heading(self, level: int, text: str, first: _Piece) -> None:
        self._blocks.append(Heading(level, text, first.page, None, first.line.box))
        while self._trail and self._trail[-1][0] >= level:
            self._trail.pop()
        self._trail.append((level, text))


# ---------------------------------------------------------------- lines of a page


def _flat(text: str) -> str:
    return re.sub(r"[\s.．·…\d]+$", "", re.sub(r"\s+", "", text))


def _toc_range(items: Sequence[FlowLine | Grid]) -> range:
    """The lines of a table of contents, from the word 目录 to where its first entry is printed again."""
    start = next((i for i, item in enumerate(items) if isinstance(item, FlowLine) and squash(item.line.text) in ("目录", "目次")), None)
    if start is None:
        return range(0)
    entries: list[str] = []
    for i, item in enumerate(items[start + 1 :], start + 1):
        if isinstance(item, Grid):
            break
        if _flat(item.line.text) in entries[:1]:
            return range(start, i)
        entries.append(_flat(item.line.text))
    return range(0)


def _page_pieces(page: Page, glyphs: list[Glyph]) -> list[_Piece]:
    """Lines outside the tables."""
    pieces = []
    for row in glyphs_to_rows(glyphs):
        segments = tuple(row_to_line(segment).text for segment in row_to_segments(row))
        pieces.append(_Piece(row_to_line(row), page.number, page.width, segments))
    return pieces


def _inside(x0: float, x1: float, top: float, bottom: float, box: Box) -> bool:
    x, y = (x0 + x1) / 2, (top + bottom) / 2
    return box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1


def _margin_keys(page: Page, pieces: list[_Piece]) -> set[str]:
    """Lines in the page's margins with digits masked, to be found again on the next page."""
    return {key for piece in pieces if (key := _margin_key(piece, page))}


def _margin_key(piece: _Piece, page: Page) -> str | None:
    middle = piece.line.middle
    if MARGIN * page.height < middle < (1 - MARGIN) * page.height:
        return None
    text = re.sub(r"\d+", "#", re.sub(r"\s+", "", piece.text))
    if caption_of(piece.text) or any(unit_of(s) or BODY_NAME.match(s) for s in piece.segments):
        return None
    return f"{round(middle / 4)}:{text}"


def _is_furniture(piece: _Piece, page: Page, repeated: set[str]) -> bool:
    """Page numbers and running headers."""
    middle = piece.line.middle
    in_margin = middle < MARGIN * page.height or middle > (1 - MARGIN) * page.height
    if in_margin and PAGE_NUMBER.match(piece.text.strip()):
        return True
    key = _margin_key(piece, page)
    return key is not None and key in repeated


def _margins(pieces: list[_Piece]) -> tuple[float, float]:
    """Where the lines of the page begin and end; a lone footer or note in the margin does not move them."""
    if not pieces:
        return 0.0, 0.0
    em = sorted(p.line.size for p in pieces)[len(pieces) // 2]
    enough = max(2, round(MARGIN_SHARE * len(pieces)))
    lefts, rights = sorted(p.line.x0 for p in pieces), sorted((p.line.x1 for p in pieces), reverse=True)
    left = next((x for x in lefts if sum(abs(x - other) < 0.8 * em for other in lefts) >= enough), lefts[0])
    right = next((x for x in rights if sum(abs(x - other) < 0.8 * em for other in rights) >= enough), rights[0])
    return left, right


def _cut(text: str, spans: tuple[Span, ...], start: int) -> tuple[str, tuple[Span, ...]]:
    """The rest of a paragraph from an offset on, with the spans of its lines."""
    while text[start : start + 1].isspace():
        start += 1
    kept = []
    for span in spans:
        if span.end > start:
            cut = max(0, start - span.start)
            kept.append(replace(span, start=span.start + cut - start, end=span.end - start, xs=span.xs[cut:] if span.xs else ()))
    return text[start:], tuple(kept)


def _join(pieces: list[_Piece]) -> tuple[str, tuple[Span, ...]]:
    """The lines of a paragraph as one text, with a span for each line."""
    text = ""
    spans = []
    for piece in pieces:
        line = piece.line
        if text and text[-1].isascii() and text[-1].isalpha() and line.text[:1].isascii() and line.text[:1].isalpha():
            text += " "
        spans.append(Span(len(text), len(text) + len(line.text), piece.page, None, line.box, line.edges))
        text += line.text
    return text, tuple(spans)
