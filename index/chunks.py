"""Document → Section → Chunk: what text search finds and what it quotes.

Embedding is the dear part of ingest, so only prose, descriptions of tables and long texts in cells are embedded; numbers
are found by lookup. A chunk's ``text`` is verbatim; its heading trail goes into ``context`` for the embedder alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.domain import Chunk, Document, Heading, LabelPath, Para, Row, Section, Table
from index.settings import IndexSettings

SENTENCE = re.compile(r"[^。；！？\n]*[。；！？\n]+[”’」）)]*|[^。；！？\n]+")
CLAUSE = re.compile(r".*?(?:[，、：,](?!\d)|$)", re.S)  # a comma before a digit may be inside 1,234.56
UNBREAKABLE = re.compile(r"[\d.,，%A-Za-z]")
SEPARATOR = " › "
# A numbered item (13.对口帮扶预算…) is what questions are about: it starts a chunk of its own unless what stands before is short.
ITEM = re.compile(r"(?:[0-9]{1,2}|[⒈-⒛]|[（(]?[0-9一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}[、.])[.、．]?(?![0-9])")
SHORT_ITEM = 60
LONG_CELL = 40
CHINESE = re.compile(r"[\u4e00-\u9fff]{4}")


def document_to_sections(document: Document) -> tuple[Section, ...]:
    """Runs of paragraphs under one heading, in reading order; headings without a paragraph of their own give none."""
    sections: list[Section] = []
    trail: list[Heading] = []
    run: list[int] = []

    def close() -> None:
        if run:
            first = document.blocks[run[0]]
            assert isinstance(first, Para)
            path = tuple(h.text for h in trail)
            sections.append(Section(f"s{run[0]}", path, tuple(run), first.page, first.line))
            run.clear()

    for number, block in enumerate(document.blocks):
        if isinstance(block, Heading):
            close()
            while trail and trail[-1].level >= block.level:
                trail.pop()
            trail.append(block)
        elif isinstance(block, Para) and block.text.strip():
            run.append(number)
    close()
    return tuple(sections)


def document_to_chunks(document: Document, settings: IndexSettings) -> tuple[Chunk, ...]:
    """Chunks of all sections, then of all tables. Ids are ``<doc_id>#c<n>``."""
    parts = [*_section_chunks(document, settings), *_table_chunks(document, settings)]
    return tuple(Chunk(f"{document.doc_id}#c{n}", document.doc_id, **part) for n, part in enumerate(parts))  # type: ignore[arg-type]


def _section_chunks(document: Document, settings: IndexSettings) -> Iterator[dict[str, object]]:
    for section in document_to_sections(document):
        item = ""
        for blocks, text in _pack(_pieces(document, section, settings.chunk_chars), settings.chunk_chars):
            first = document.blocks[blocks[0]]
            assert isinstance(first, Para)
            context = _context(document, (*section.path, item) if item and not ITEM.match(text) else section.path)
            item = text_to_item(text) or item
            yield {
                "kind": "text", "text": text, "context": context, "section": section.path,
                "blocks": blocks, "page": first.page, "line": first.line,
            }  # fmt: skip


def text_to_item(text: str) -> str:
    """The name of the last numbered item that starts in a chunk: what follows in the next chunk may still be about it."""
    starts = [line for line in text.splitlines() if ITEM.match(line)]
    found = re.match(r"[^，,。；：:]{2,30}", starts[-1]) if starts else None
    return found.group() if found else ""


def _pieces(document: Document, section: Section, limit: int) -> Iterator[tuple[int, str]]:
    """(block index, piece) of every paragraph; a paragraph within the limit is one piece."""
    for number in section.blocks:
        block = document.blocks[number]
        assert isinstance(block, Para)
        for piece in text_to_parts(block.text.strip(), limit):
            yield number, piece


def _pack(pieces: Iterator[tuple[int, str]], limit: int) -> Iterator[tuple[tuple[int, ...], str]]:
    """Neighbouring short pieces joined up to the limit; pieces of one paragraph stay joined without a break."""
    blocks: list[int] = []
    text = ""
    for number, piece in pieces:
        starts_item = len(text) >= SHORT_ITEM and ITEM.match(piece) is not None
        if blocks and (starts_item or len(text) + len(piece) > limit):
            yield tuple(dict.fromkeys(blocks)), text
            blocks, text = [], ""
        text += ("\n" if blocks and blocks[-1] != number else "") + piece
        blocks.append(number)
    if blocks:
        yield tuple(dict.fromkeys(blocks)), text


def text_to_parts(text: str, limit: int) -> list[str]:
    """Cut at sentence ends, else at clause marks, else anywhere but inside a number or word; parts join to the text."""
    if len(text) <= limit:
        return [text] if text else []
    units = [u for sentence in SENTENCE.findall(text) for u in _short_units(sentence, limit)]
    parts: list[str] = []
    for unit in units:
        if parts and len(parts[-1]) + len(unit) <= limit:
            parts[-1] += unit
        else:
            parts.append(unit)
    return parts


def _short_units(sentence: str, limit: int) -> Iterator[str]:
    if len(sentence) <= limit:
        yield sentence
        return
    for clause in CLAUSE.findall(sentence):
        while len(clause) > limit:
            cut = limit
            while cut > 1 and UNBREAKABLE.match(clause[cut]) and UNBREAKABLE.match(clause[cut - 1]):
                cut -= 1
            cut = cut if cut > 1 else limit
            yield clause[:cut]
            clause = clause[cut:]
        if clause:
            yield clause


def _table_chunks(document: Document, settings: IndexSettings) -> Iterator[dict[str, object]]:
    place = {id(block): number for number, block in enumerate(document.blocks)}
    for table in document.tables:
        common = {"kind": "table", "section": table.section, "table_id": table.id, "blocks": (place[id(table)],)}
        page = table.pages[0] if table.pages else None
        for text in table_to_descriptions(table, settings.table_chars)[: settings.table_parts]:
            yield common | {"text": text, "context": _context(document, table.section), "page": page, "line": table.line}
        for number, row in enumerate(table.rows):
            context = _context(document, (table.name, *row.label))
            for text in row_to_texts(row, settings.chunk_chars):
                yield common | {"text": text, "context": context, "page": row.page or page, "line": row.line or table.line, "row": number}


def row_to_texts(row: Row, limit: int) -> list[str]:
    """The long texts of a row's cells (performance goals and the like), in parts; short cells are labels, found by lookup."""
    texts = [cell.text for cell in row.cells if cell.text and len(cell.text) >= LONG_CELL and CHINESE.search(cell.text)]
    return [part for text in dict.fromkeys(texts) for part in text_to_parts(text, limit)]


def table_to_descriptions(table: Table, limit: int) -> list[str]:
    """The table in words, never its numbers: name, unit, columns and row labels; one text per ``limit`` characters."""
    unit = f"（单位：{table.unit}）" if table.unit else ""
    head = f"{table.name}{unit}"
    columns = _joined("栏目", _distinct(table.columns))
    note = f"；说明：{table.note}" if table.note else ""
    first = text_to_parts(f"{head}{columns}{note}", limit)[:1] or [head]
    texts, labels = list(first), _distinct(row.label for row in table.rows)
    line = ""
    for label in labels:
        if line and len(line) + len(label) > limit - len(head):
            texts.append(line)
            line = ""
        line += ("、" if line else f"{head}；项目：") + label[: limit // 2]
    if line:
        texts.append(line)
    if len(texts) > 1 and len(texts[0]) + len(texts[1]) - len(head) <= limit:  # a small table is one text
        texts[:2] = [texts[0] + texts[1][len(head) :]]
    return texts


def _distinct(paths: Sequence[LabelPath] | Iterator[LabelPath]) -> list[str]:
    """Every label once, in order, without those that are numbers themselves (years, counters)."""
    labels = (label for path in paths for label in path)
    return [text for text in dict.fromkeys(labels) if text and not re.fullmatch(r"[\d.,%\s-]+", text)]


def _joined(name: str, labels: Sequence[str]) -> str:
    return f"；{name}：{'、'.join(labels)}" if labels else ""


def _context(document: Document, path: LabelPath) -> str:
    return SEPARATOR.join((document.title or document.department, *path))[:160]
