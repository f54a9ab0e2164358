"""Domain values ↔ rows of the SQLite store. Column order is the single fact that both directions share."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

from index.domain import Chunk, DocumentInfo, Figure, Flag, Kind, LabelPath, Measure, Origin, Proof, SourceRef

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (
  key INTEGER PRIMARY KEY, doc_id TEXT NOT NULL UNIQUE, title TEXT, department TEXT, year INTEGER, kind TEXT, pages INTEGER,
  tables INTEGER, figures INTEGER, held INTEGER, failed INTEGER, unread TEXT, file_name TEXT, sha256 TEXT UNIQUE,
  source TEXT, ingested TEXT, body BLOB NOT NULL);
CREATE TABLE figures (
  document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE, seq INTEGER NOT NULL, id TEXT NOT NULL, org TEXT, year INTEGER,
  row_path TEXT, col_path TEXT, row_label TEXT, col_label TEXT, code TEXT, raw TEXT, value TEXT, unit TEXT, origin TEXT, measure TEXT,
  direction INTEGER, context TEXT, section TEXT, table_id TEXT, row INTEGER, col INTEGER, flags TEXT, page INTEGER, line INTEGER,
  x0 REAL, top REAL, x1 REAL, bottom REAL, PRIMARY KEY (document, seq)) WITHOUT ROWID;
CREATE INDEX figures_row ON figures (row_label);
CREATE INDEX figures_code ON figures (code);
CREATE INDEX figures_value ON figures (value);
CREATE TABLE proofs (
  document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE, seq INTEGER NOT NULL, kind TEXT, held INTEGER, expected TEXT,
  found TEXT, unit TEXT, figures TEXT, message TEXT, rounding INTEGER, PRIMARY KEY (document, seq)) WITHOUT ROWID;
CREATE TABLE chunks (
  document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE, seq INTEGER NOT NULL, kind TEXT, text TEXT, context TEXT,
  section TEXT, table_id TEXT, blocks TEXT, page INTEGER, line INTEGER, row INTEGER, vector BLOB,
  PRIMARY KEY (document, seq)) WITHOUT ROWID;
"""

INFO_COLUMNS = "doc_id, title, department, year, kind, pages, tables, figures, held, failed, unread, file_name, sha256"
FIGURE_COLUMNS = (
    "id, org, year, row_path, col_path, code, raw, value, unit, origin, measure, direction, context, section, table_id, row, col, flags,"
    " page, line, x0, top, x1, bottom"
)
PROOF_COLUMNS = "kind, held, expected, found, unit, figures, message, rounding"
CHUNK_COLUMNS = "seq, kind, text, context, section, table_id, blocks, page, line, row"

NO_FLAGS: frozenset[Flag] = frozenset()
ORIGINS = {item.value: item for item in Origin}
MEASURES = {item.value: item for item in Measure}


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=50_000)
def path(text: str) -> LabelPath:
    """A stored label path; the same few thousand paths repeat all over a store, so they are shared."""
    return tuple(json.loads(text))


@lru_cache(maxsize=1000)
def flags(text: str) -> frozenset[Flag]:
    return frozenset(Flag(item) for item in json.loads(text))


def figure_to_row(document: int, seq: int, f: Figure) -> tuple[Any, ...]:
    """In the order of the table's columns."""
    box = f.source.bbox or (None, None, None, None)
    labels = (f.row_path[-1] if f.row_path else "", f.col_path[-1] if f.col_path else "")
    value = None if f.value is None else str(f.value)
    return (
        document, seq, f.id, f.org, f.year, dump(f.row_path), dump(f.col_path), *labels, f.code, f.raw, value, f.unit, f.origin.value,
        f.measure.value, f.direction, f.context, dump(f.section), f.table_id, f.row, f.col, dump(sorted(f.flags)) if f.flags else "",
        f.source.page, f.source.line, *box,
    )  # fmt: skip


def row_to_figure(doc_id: str, row: tuple[Any, ...]) -> Figure:
    (key, org, year, row_path, col_path, code, raw, value, unit, origin, measure, direction, context, section, table_id, at_row, at_col,
     marks, page, line, x0, top, x1, bottom) = row  # fmt: skip
    return Figure(
        key, doc_id, org, year, path(row_path), path(col_path), code, raw, None if value is None else Decimal(value), unit,
        ORIGINS[origin], MEASURES[measure], direction, context, path(section), table_id, at_row, at_col,
        flags(marks) if marks else NO_FLAGS, SourceRef(doc_id, page, None if x0 is None else (x0, top, x1, bottom), line),
    )  # fmt: skip


def proof_to_row(document: int, seq: int, p: Proof) -> tuple[Any, ...]:
    amounts = (None if a is None else str(a) for a in (p.expected, p.found))
    return (document, seq, p.kind, int(p.held), *amounts, p.unit, dump(p.figures), p.message, int(p.rounding))


def row_to_proof(row: tuple[Any, ...]) -> Proof:
    kind, held, expected, found, unit, figures, message, rounding = row
    wanted, printed = (None if a is None else Decimal(a) for a in (expected, found))
    return Proof(kind, bool(held), wanted, printed, unit, tuple(json.loads(figures)), message, bool(rounding))


def chunk_to_row(document: int, seq: int, c: Chunk, vector: bytes | None) -> tuple[Any, ...]:
    section, blocks = dump(c.section), dump(c.blocks)
    return (document, seq, c.kind, c.text, c.context, section, c.table_id, blocks, c.page, c.line, c.row, vector)


def row_to_chunk(doc_id: str, row: tuple[Any, ...]) -> Chunk:
    seq, kind, text, context, section, table_id, blocks, page, line, at_row = row
    return Chunk(f"{doc_id}#c{seq}", doc_id, kind, text, context, path(section), table_id, tuple(json.loads(blocks)), page, line, at_row)


def row_to_info(row: tuple[Any, ...]) -> DocumentInfo:
    doc_id, title, department, year, kind, pages, tables, figures, held, failed, unread, file_name, sha256 = row
    return DocumentInfo(
        doc_id, title, department, year, Kind(kind), pages, tables, figures, held, failed, tuple(json.loads(unread)), file_name, sha256
    )
