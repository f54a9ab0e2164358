"""The values that flow through the product, from a page of a budget to a cited figure.

Standard library only, frozen, no behaviour beyond small derived properties. A newcomer reads this file first:

    file --reader--> Page (glyphs, rules)  --layout/tables--> Document (Heading | Para | Table)
    Document --figures--> Figure   --proofs--> Proof   --chunks--> Chunk   --stores--> Index

Conventions: a blank cell is ``None``, never 0; amounts are ``Decimal`` exactly as printed, with their unit;
boxes are ``(x0, top, x1, bottom)`` in PDF points, origin at the top left of the page as a reader sees it (that is,
after the page's own rotation); pages and lines count from 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

LabelPath = tuple[str, ...]  # labels as printed, outermost first, without the layout's spaces
Box = tuple[float, float, float, float]


class Kind(StrEnum):
    """What sort of publication a document is."""

    DEPARTMENT_BUDGET = "部门预算"
    UNIT_BUDGET = "单位预算"
    DEPARTMENT_FINAL = "部门决算"
    UNIT_FINAL = "单位决算"
    OTHER = "其他"

    @property
    def is_final(self) -> bool:
        """A final account (决算), which tells what was spent."""
        return self in (Kind.DEPARTMENT_FINAL, Kind.UNIT_FINAL)


class Flag(StrEnum):
    """What a reader knows about the trouble it had with a cell; an exact answer repeats it where no proof covers the cell."""

    OCR = "ocr"  # read from an image
    REORDERED = "reordered"  # displaced characters were put back
    HEADER_INHERITED = "header_inherited"  # the column path comes from another page or a known form
    DOUBTFUL = "doubtful"  # the reader could not place or read this cell with certainty
    SUM_MISMATCH = "sum_mismatch"  # a sum that should hold does not


class Origin(StrEnum):
    TABLE = "table"
    PROSE = "prose"


class Measure(StrEnum):
    """What a figure says of its item."""

    AMOUNT = "amount"  # the item's own value: 预算数, 决算数, 目标值
    CHANGE = "change"  # 较上年增加/减少 …万元 (value positive, see Figure.direction)
    RATE = "rate"  # 增长/下降 …%
    SHARE = "share"  # 占…%
    COUNT = "count"  # 20辆, 12个处室


# ---------------------------------------------------------------- what a reader sees on a page


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character (from a text layer) or one recognised run of characters (from OCR) with its box."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    size: float = 0.0
    font: str = ""
    upright: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """A drawn straight line, or one side of a drawn box; horizontal where ``top == bottom``, vertical where ``x0 == x1``."""

    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Page:
    """One page as a reader saw it, before any structure: visible glyphs in drawing order and ruling lines.

    ``unread`` holds the reason (in Chinese, for people) where the page could not be read; its glyphs are then empty.
    A scanned page is described level and upright: ``skew`` (degrees counter-clockwise) and, on top of the page's own,
    ``turned`` (degrees clockwise) say how its image was turned for that; ``doubts`` are the boxes of figures that two
    readings read differently.
    """

    number: int
    width: float
    height: float
    glyphs: tuple[Glyph, ...]
    rules: tuple[Rule, ...]
    origin: str = "text"  # "text" | "ocr"
    rotation: int = 0
    unread: str | None = None
    skew: float = 0.0
    turned: int = 0
    doubts: tuple[Box, ...] = ()


# ---------------------------------------------------------------- where something stands


@dataclass(frozen=True, slots=True)
class SourceRef:
    """The place something was printed at: a page and box (PDF, scan, sheet) or a line (plain text)."""

    doc_id: str
    page: int | None = None
    bbox: Box | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Which printed line the characters ``start:end`` of a block's text come from.

    ``xs`` are the edges of these characters (``end - start + 1`` numbers) where the reader knows them, so that the box
    of any substring can be drawn; empty where it does not.
    """

    start: int
    end: int
    page: int | None = None
    line: int | None = None
    bbox: Box | None = None
    xs: tuple[float, ...] = ()


# ---------------------------------------------------------------- the parsed document


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the outermost (一、文字部分), 2 第X部分, 3 一、, 4 （一）."""

    level: int
    text: str
    page: int | None = None
    line: int | None = None
    bbox: Box | None = None


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph, its printed lines joined; ``raw`` is the text before repair where it differs."""

    text: str
    page: int | None = None
    line: int | None = None
    spans: tuple[Span, ...] = ()
    raw: str | None = None
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed cell: the text as printed (inner line breaks and layout spaces removed), or ``None`` where blank."""

    text: str | None
    page: int | None = None
    bbox: Box | None = None
    line: int | None = None
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a logical table.

    ``label`` is the row path, outermost first; its last part is the text nearest to the left of the row's numbers
    (a subject's name, never its code; the year in a table by years). ``cells`` are parallel to ``Table.columns``.
    """

    label: LabelPath
    cells: tuple[Cell, ...]
    code: str | None = None
    page: int | None = None
    line: int | None = None
    bbox: Box | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A logical table: continuation pages joined; one half of a two-sided form (收入 | 支出) is a table of its own.

    ``number`` is as printed (表5, 公开05表) or None; ``title`` the printed title or the heading it stands under.
    ``columns`` are the value columns' paths, outermost first; label and code columns are not among them. Columns
    of text (绩效目标, 采购组织形式) are. ``column_units`` overrides ``unit`` where a column names its own.
    ``label_heads[i]`` is the printed header (项目名称, 项目单位) of the column that part ``i`` of every row's label stands
    in, "" where rows differ or none is printed; totals (合计) are not counted. It tells a project's name from its body's.
    """

    id: str
    number: str | None
    title: str
    columns: tuple[LabelPath, ...]
    rows: tuple[Row, ...]
    unit: str | None = None
    pages: tuple[int, ...] = ()
    section: LabelPath = ()
    org: str | None = None  # 部门名称/单位名称 printed above the table
    year: int | None = None
    note: str | None = None
    column_units: tuple[str | None, ...] = ()
    line: int | None = None
    flags: frozenset[Flag] = frozenset()
    label_heads: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How people call it: 「表5 项目支出总表」."""
        return f"{self.number} {self.title}".strip() if self.number else self.title


Block = Heading | Para | Table


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a plain-text file: mended text and, where it was scrambled, what the file really says."""

    number: int
    text: str
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class UnreadPage:
    page: int
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: blocks in reading order.

    ``department`` is the body's full name as printed (深圳市工业和信息化局（本级）); ``year`` the budget year;
    ``unit`` the unit most tables use. ``lines`` are filled for plain-text files only.
    """

    doc_id: str
    title: str
    department: str
    year: int | None
    kind: Kind
    unit: str | None
    page_count: int
    blocks: tuple[Block, ...]
    lines: tuple[Line, ...] = ()
    unread: tuple[UnreadPage, ...] = ()
    file_name: str = ""
    sha256: str = ""
    ocr_pages: tuple[int, ...] = ()

    @property
    def tables(self) -> tuple[Table, ...]:
        return tuple(b for b in self.blocks if isinstance(b, Table))


@dataclass(frozen=True, slots=True)
class Section:
    """A run of paragraphs under one heading: ``blocks`` are indexes into ``Document.blocks``; tables are not included."""

    id: str
    path: LabelPath
    blocks: tuple[int, ...]
    page: int | None = None
    line: int | None = None


# ---------------------------------------------------------------- figures, proofs, chunks


@dataclass(frozen=True, slots=True)
class Figure:
    """One printed number with everything needed to look it up and to cite it. Equality ignores the source.

    Table figures: ``row_path`` and ``col_path`` as in the table. Prose figures: ``row_path`` is the heading path's last
    part and/or the item the sentence is about (「13.对口帮扶」 gives 对口帮扶), ``col_path`` what the number is called
    there (2024年预算数, 较2023年预算增加, 下降), ``context`` the whole sentence. ``value`` is ``None`` where the cell
    is text without a number or says that there is none (``--``); ``direction`` is +1 增加/增长, -1 减少/下降, 0 otherwise.
    """

    id: str
    doc_id: str
    org: str
    year: int | None
    row_path: LabelPath
    col_path: LabelPath
    code: str | None
    raw: str
    value: Decimal | None
    unit: str
    origin: Origin
    measure: Measure = Measure.AMOUNT
    direction: int = 0
    context: str = ""
    section: LabelPath = ()
    table_id: str | None = None
    row: int | None = None  # index into Table.rows, or of the block in Document.blocks for prose
    col: int | None = None  # index into Table.columns, or offset in the paragraph for prose
    flags: frozenset[Flag] = frozenset()
    source: SourceRef = field(default=SourceRef(""), compare=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """One check of the document's own arithmetic. ``figures`` are the ids of the figures it touches.

    ``expected`` follows from the parts, ``found`` is what is printed. ``rounding`` marks a difference that the
    document's declared rounding explains; such a proof counts as held.
    """

    kind: str  # sum | tree | balance | funds | basic_project | text_table | text_text | change | rate | count | name
    held: bool
    expected: Decimal | None
    found: Decimal | None
    unit: str
    figures: tuple[str, ...]
    message: str = ""
    rounding: bool = False

    @property
    def difference(self) -> Decimal | None:
        return None if self.expected is None or self.found is None else self.found - self.expected


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage for search: ``text`` is verbatim (what is quoted), ``context`` the heading trail, only for the embedder.

    A table's chunk describes the table (title, headings, labels), never its numbers; ``table_id`` names it. Where ``row``
    (an index into ``Table.rows``) is given, it is the long text of that row's cells (绩效目标) instead.
    """

    id: str
    doc_id: str
    kind: str  # "text" | "table"
    text: str
    context: str
    section: LabelPath = ()
    table_id: str | None = None
    blocks: tuple[int, ...] = ()
    page: int | None = None
    line: int | None = None
    row: int | None = None

    @property
    def embed_text(self) -> str:
        return f"{self.context}\n{self.text}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """One line of ``assistant documents``."""

    doc_id: str
    title: str
    department: str
    year: int | None
    kind: Kind
    pages: int
    tables: int
    figures: int
    proofs_held: int
    proofs_failed: int
    unread_pages: tuple[int, ...] = ()
    file_name: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A found chunk; ``found_by`` is dense, lexical or both."""

    chunk: Chunk
    score: float
    found_by: str
