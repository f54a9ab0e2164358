"""Pages → headings, paragraphs and tables in reading order; works alike on a text layer and on recognised images.

Pages are fed one at a time and forgotten; only the open paragraph, the open table and the heading trail are carried over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from index.domain import Block, Box, Flag, Glyph, Heading, LabelPath, Page, Para, Span, Table
from index.aligned import Region, page_to_regions, region_to_grid
from index.grids import Grid, edges_to_grids, rules_to_edges
from index.headings import caption_of, is_toc, text_to_level, unit_of
from index.tables import Caption, PrintedForm
from index.textlines import TextLine, glyphs_to_rows, row_to_line, row_to_segments

FRONT_LINES = 150  # lines kept for telling whose document this is
MARGIN = 0.11  # share of the page height at top and bottom where running headers and page numbers stand
INDENT = 1.2  # em: a line that starts this far inside opens a paragraph
SHORT = 1.6  # em: a line that ends this far before the margin closes one
PITCH = 2.2  # line heights: a gap wider than this parts paragraphs
PAGE_NUMBER = re.compile(r"^[-—–－·~\s]*(第?\s*\d{1,4}\s*页?|[ivxIVX]{1,5}|\d{1,4}\s*/\s*\d{1,4}|第\d+页[，,/]?共\d+页)[-—–－·~\s]*$")
NOTE = re.compile(r"^(备?注|说明)[:：\d]|^[（(](无|本表)")
NOTE_MORE = re.compile(r"^(\d+[.、．]|[“\"]|本套|本表)")
BODY_NAME = re.compile(r"^(?:编制|填报|预算)?(?:部门|单位)(?:名称)?[:：](?P<name>.*)$")
SENTENCE_END = tuple("。；：！？;:!?")
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


@dataclass
class _OpenPara:
    pieces: list[_Piece]
    left: float
    right: float


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
        self._between = False  # did text stand between the open form and here?
        self._tables = 0
        self._captions: list[_Piece] = []  # lines above, that may be a table's caption
        self._held: tuple[Page, list[_Piece], list[Grid | Region]] | None = None
        self._last_margin: set[str] = set()

    def feed(self, page: Page) -> None:
        """Read one page; its blocks are settled when the next one is known."""
        grids, regions, outside = _page_tables(page)
        pieces = _page_pieces(page, outside)
        if len(self.front_texts) < FRONT_LINES:
            self.front_texts.extend(piece.text for piece in pieces)
        margin = _margin_keys(page, pieces)
        if self._held is not None:
            self._settle(*self._held, margin | self._last_margin)
            self._last_margin = _margin_keys(self._held[0], self._held[1])
        self._held = (page, pieces, [*grids, *regions])

    def finish(self) -> tuple[Block, ...]:
        """All blocks, after the last page."""
        if self._held is not None:
            self._settle(*self._held, self._last_margin)
            self._held = None
        self._close_captions()
        self._close_form()
        self._close_para()
        return tuple(self._blocks)

    # ------------------------------------------------------------ a page

    def _settle(self, page: Page, pieces: list[_Piece], grids: list[Grid | Region], repeated: set[str]) -> None:
        body = [piece for piece in pieces if not _is_furniture(piece, page, repeated)]
        if is_toc([piece.text for piece in body]) and not grids:
            self._close_all()
            return
        left, right = _margins(body)
        flags = frozenset({Flag.OCR}) if page.origin == "ocr" else frozenset()
        items: list[tuple[float, int, _Piece | Grid | Region]] = [(piece.line.middle, 0, piece) for piece in body]
        items += [(grid.box[1], 1, grid) for grid in grids]
        for _, _, item in sorted(items, key=lambda entry: (entry[0], entry[1])):
            if isinstance(item, Region):
                self._take_region(item, page, flags)
            elif isinstance(item, Grid):
                self._take_grid(item, page, flags)
            else:
                self._take_line(item, page, left, right)

    def _take_line(self, piece: _Piece, page: Page, left: float, right: float) -> None:
        text = piece.text.strip()
        if self._form is not None and not self._between and not self._captions and _is_note(text, self._form):
            self._form.notes.append(text)
            return
        form = self._form
        if form is not None and not self._between and not self._captions and page.number != form.pages[0] and form.take_tail(piece.line, page.number):
            return
        if self._para is None and self._is_caption_line(piece, page):
            self._captions.append(piece)
            return
        if self._captions and self._is_caption_line(piece, page):
            self._captions.append(piece)
            return
        if self._para is not None and self._is_caption_line(piece, page) and self._opens_para(piece, left, right):
            self._close_para()
            self._captions.append(piece)
            return
        self._close_captions()
        self._between = True
        self._add_to_para(piece, left, right)

    def _is_caption_line(self, piece: _Piece, page: Page) -> bool:
        """Could the line stand above a table: number, title, unit, name of the body, or a centred short line?"""
        text = piece.text.strip()
        if any(unit_of(segment) or BODY_NAME.match(segment) for segment in piece.segments):
            return True
        if text_to_level(text) is not None and caption_of(text) is None:
            return False
        if caption_of(text) is not None:
            return True
        line = piece.line
        centred = abs((line.x0 + line.x1) / 2 - page.width / 2) < 0.06 * page.width and line.x1 - line.x0 < 0.6 * page.width
        return centred and len(text) <= 40 and not text.endswith(SENTENCE_END) and bool(self._captions or self._para is None)

    # ------------------------------------------------------------ tables

    def _take_region(self, region: Region, page: Page, flags: frozenset[Flag]) -> None:
        """A table without grid lines; where one is open from the page before, its header tells whether it is repeated."""
        grid = region_to_grid(region)
        form = self._form
        if form is not None and not self._between and page.number not in form.pages and not (grid and form.repeats_header(grid)):
            grid = region_to_grid(region, with_header=False) or grid
            if self._captions and not self._read_captions()[0].continues(form.caption):
                grid = region_to_grid(region)
        if grid is not None:
            self._take_grid(grid, page, flags)

    def _take_grid(self, grid: Grid, page: Page, flags: frozenset[Flag]) -> None:
        caption, spare = self._read_captions()
        if self._form is not None and not self._between and not spare:
            form = self._form
            new_page = page.number not in form.pages
            if (new_page or not (caption.title or caption.number)) and caption.continues(form.caption) and form.accepts(grid):
                self._captions = []
                form.extend(grid, page.number)
                return
        self._close_form()
        for piece in spare:
            self._between = True
            self._add_to_para(piece, piece.line.x0, piece.line.x1)
        self._captions = []
        self._close_para()
        if not caption.title:
            caption = replace(caption, title=self._trail[-1][1] if self._trail else "")
        form = PrintedForm.open(grid, page.number, caption, tuple(text for _, text in self._trail), flags)
        self._form, self._between = form, False

    def _read_captions(self) -> tuple[Caption, list[_Piece]]:
        """The caption in the lines above; lines before it that belong to no table."""
        caption = Caption()
        spare: list[_Piece] = []
        titles: list[str] = []
        for piece in self._captions:
            for segment in piece.segments:
                flat = re.sub(r"\s+", "", segment)
                unit, name = unit_of(segment), BODY_NAME.match(flat)
                numbered = caption_of(segment)
                year = YEAR.search(flat)
                if unit:
                    caption = replace(caption, unit=unit)
                elif name:
                    caption = replace(caption, org=name["name"] or caption.org)
                elif numbered and numbered[0]:
                    caption = replace(caption, number=numbered[0])
                    titles = [numbered[1]] if numbered[1] else []
                elif year and len(flat) <= 7:
                    caption = replace(caption, year=int(year[1]))
                else:
                    titles.append(flat)
        title = "".join(titles)
        year = YEAR.search(title)
        if year and caption.year is None:
            caption = replace(caption, year=int(year[1]))
        return replace(caption, title=title), spare

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
        if piece.line.x0 - left >= INDENT * em or abs(last.line.size - em) > 0.15 * em:
            return True
        if para.right - last.line.x1 >= SHORT * em:
            return True
        same_page = last.page == piece.page
        return same_page and piece.line.box[1] - last.line.box[3] > PITCH * em

    def _add_to_para(self, piece: _Piece, left: float, right: float) -> None:
        if self._para is not None and self._opens_para(piece, left, right) and not self._continues_heading(piece):
            self._close_para()
        self._close_form()
        if self._para is None:
            self._para = _OpenPara([piece], left, right)
        else:
            self._para.pieces.append(piece)
            self._para.left, self._para.right = left, right

    def _continues_heading(self, piece: _Piece) -> bool:
        """The second line of a centred heading that is too long for one."""
        para = self._para
        if para is None or len(para.pieces) != 1 or para.pieces[0].page != piece.page:
            return False
        first = para.pieces[0].line
        same = abs(first.size - piece.line.size) < 0.1 * first.size and first.size >= 14
        centred = abs((first.x0 + first.x1) - (piece.line.x0 + piece.line.x1)) < 12 and abs(first.x0 + first.x1 - piece.width) < 24
        return same and centred and text_to_level(piece.text) is None and text_to_level(first.text) == 2

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
            self._blocks.append(Heading(level, text, first.page, None, first.line.box))
            while self._trail and self._trail[-1][0] >= level:
                self._trail.pop()
            self._trail.append((level, text))
        else:
            self._blocks.append(Para(text, first.page, None, spans))


# ---------------------------------------------------------------- lines of a page


def _page_tables(page: Page) -> tuple[list[Grid], list[Region], list[Glyph]]:
    """Ruled grids, tables without grid lines, and the glyphs that stand in neither."""
    edges = rules_to_edges(page.rules)
    grids = edges_to_grids(edges, page.glyphs)
    boxes = [grid.box for grid in grids]
    upright = [g for g in page.glyphs if g.upright]
    outside = [g for g in upright if not any(_inside(g.x0, g.x1, g.top, g.bottom, box) for box in boxes)]
    loose = [e for e in edges if not any(_inside(e["x0"], e["x1"], e["top"], e["bottom"], box) for box in boxes)]
    regions = page_to_regions(page, outside, loose)
    taken = {id(g) for region in regions for g in region.glyphs}
    return grids, regions, [g for g in outside if id(g) not in taken]


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
    if not pieces:
        return 0.0, 0.0
    return min(p.line.x0 for p in pieces), max(p.line.x1 for p in pieces)


def _is_note(text: str, form: PrintedForm) -> bool:
    return bool(NOTE.match(text) or (form.notes and NOTE_MORE.match(text)))


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


__all__ = ["LabelPath", "PageStream", "Table", "pages_to_document_blocks"]
