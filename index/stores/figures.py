"""The SQLite file: documents, figures, proofs and chunks, and the truth about what a store holds.

Everything else in a store (vectors, words) is derived from it and named after its ``generation``, a counter that every
change raises in the same transaction; so a reader sees all of the old state or all of the new one.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.codec import bytes_to_document, document_to_bytes
from index.domain import Chunk, Document, DocumentInfo, Figure, Proof
from index.errors import StoreError
from index.stores import records

FILE_NAME = "store.sqlite"
BUSY_SECONDS = 30.0  # writers hold the file for milliseconds


@dataclass(frozen=True)
class Entry:
    """Everything one document puts into a store; ``vectors`` are float32 rows parallel to ``chunks``."""

    document: Document
    figures: tuple[Figure, ...]
    proofs: tuple[Proof, ...]
    chunks: tuple[Chunk, ...]
    vectors: Sequence[bytes]
    source: str = ""  # the path it was read from


@dataclass(frozen=True)
class Known:
    """What ingest needs to know of a document that is already there."""

    doc_id: str
    file_name: str
    sha256: str
    source: str


class FigureStore:
    """One connection, shared by threads behind a lock."""

    def __init__(self, folder: Path, create: bool = False) -> None:
        self.path = folder / FILE_NAME
        if not create and not self.path.is_file():
            raise StoreError(f"{folder} 里没有索引：请先运行 assistant ingest 文件或文件夹 --store {folder}")
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA foreign_keys = ON")
            if create:
                self._create()
            self.generation()
        except sqlite3.Error as error:
            raise StoreError(
                f"索引文件 {self.path} 读不了（{error}）：请只删除这一个文件，再重新运行 assistant ingest（用户、日志和上传的文件不受影响）"
            ) from error

    def _create(self) -> None:
        with self._transaction() as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                for statement in records.SCHEMA.split(";"):
                    db.execute(statement)
                # Not from 0: the vectors of a rebuilt store must never pass for those of the old one.
                db.execute("INSERT INTO meta VALUES ('generation', ?)", (str(secrets.randbits(40)),))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except sqlite3.OperationalError as error:
                raise StoreError(f"索引文件 {self.path} 写不进去（{error}）：请检查磁盘空间和权限") from error

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    # ---------------------------------------------------------------- reading

    def generation(self) -> int:
        return int(self._rows("SELECT value FROM meta WHERE key = 'generation'")[0][0])

    def changes_elsewhere(self) -> int:
        """A number that differs once another connection has written; a microsecond, for use before every look-up."""
        return int(self._rows("PRAGMA data_version")[0][0])

    def documents(self) -> list[DocumentInfo]:
        return [records.row_to_info(row) for row in self._rows(f"SELECT {records.INFO_COLUMNS} FROM documents ORDER BY doc_id")]

    def known(self) -> list[Known]:
        return [Known(*row) for row in self._rows("SELECT doc_id, file_name, sha256, source FROM documents ORDER BY key")]

    def document(self, doc_id: str) -> Document:
        rows = self._rows("SELECT body FROM documents WHERE doc_id = ?", doc_id)
        if not rows:
            raise StoreError(self._missing(doc_id))
        return replace(bytes_to_document(rows[0][0]), doc_id=doc_id)

    def source(self, doc_id: str) -> str:
        return str(self._rows("SELECT source FROM documents WHERE key = ?", self._key(doc_id))[0][0])

    def figures(self, doc_id: str) -> tuple[Figure, ...]:
        sql = f"SELECT {records.FIGURE_COLUMNS} FROM figures WHERE document = ? ORDER BY seq"
        return tuple(records.row_to_figure(doc_id, row) for row in self._rows(sql, self._key(doc_id)))

    def proofs(self, doc_id: str) -> tuple[Proof, ...]:
        sql = f"SELECT {records.PROOF_COLUMNS} FROM proofs WHERE document = ? ORDER BY seq"
        return tuple(records.row_to_proof(row) for row in self._rows(sql, self._key(doc_id)))

    def chunks(self) -> list[Chunk]:
        """All chunks of the store in the order of their vectors."""
        columns = ", ".join(f"c.{name}" for name in records.CHUNK_COLUMNS.split(", "))
        sql = f"SELECT d.doc_id, {columns} FROM chunks c JOIN documents d ON d.key = c.document ORDER BY c.document, c.seq"
        return [records.row_to_chunk(row[0], row[1:]) for row in self._rows(sql)]

    def vectors(self) -> list[bytes]:
        return [row[0] for row in self._rows("SELECT vector FROM chunks ORDER BY document, seq")]

    def labelled(self, labels: Sequence[str], doc_ids: Sequence[str] | None = None) -> list[Figure]:
        """Figures of any document whose last row label is one of ``labels``, exactly as printed."""
        columns = ", ".join(f"f.{name}" for name in records.FIGURE_COLUMNS.split(", "))
        sql = f"SELECT d.doc_id, {columns} FROM figures f JOIN documents d ON d.key = f.document WHERE f.row_label IN ({_marks(labels)})"
        values = list(labels)
        if doc_ids is not None:
            sql += f" AND d.doc_id IN ({_marks(doc_ids)})"
            values += doc_ids
        return [records.row_to_figure(row[0], row[1:]) for row in self._rows(f"{sql} ORDER BY f.document, f.seq", *values)]

    def row_labels(self) -> list[tuple[str, str]]:
        """(doc_id, last row label), each pair once."""
        sql = "SELECT DISTINCT d.doc_id, row_label FROM figures JOIN documents d ON d.key = document ORDER BY 1, 2"
        return [(row[0], row[1]) for row in self._rows(sql)]

    def _key(self, doc_id: str) -> int:
        rows = self._rows("SELECT key FROM documents WHERE doc_id = ?", doc_id)
        if not rows:
            raise StoreError(self._missing(doc_id))
        return int(rows[0][0])

    def _missing(self, doc_id: str) -> str:
        known = [row[0] for row in self._rows("SELECT doc_id FROM documents ORDER BY doc_id")]
        return f"索引里没有文档 {doc_id}；现有：{'、'.join(known) or '（空）'}"

    # ---------------------------------------------------------------- writing

    def put(self, entry: Entry, replaces: str | None = None, renames: Sequence[tuple[str, str]] = ()) -> None:
        """Add a document in one transaction, instead of ``replaces`` where given, after renaming others."""
        with self._transaction() as db:
            if replaces is not None:
                db.execute("DELETE FROM documents WHERE doc_id = ?", (replaces,))
            for old, new in renames:
                db.execute("UPDATE documents SET doc_id = ? WHERE doc_id = ?", (new, old))
            key = _insert_document(db, entry)
            _insert(db, "figures", (records.figure_to_row(key, n, f) for n, f in enumerate(entry.figures)), 28)
            _insert(db, "proofs", (records.proof_to_row(key, n, p) for n, p in enumerate(entry.proofs)), 10)
            pairs = zip(entry.chunks, entry.vectors, strict=True)
            _insert(db, "chunks", (records.chunk_to_row(key, n, c, v) for n, (c, v) in enumerate(pairs)), 12)
            _raise_generation(db)

    def remove(self, doc_id: str) -> None:
        with self._transaction() as db:
            if db.execute("DELETE FROM documents WHERE doc_id = ?", (doc_id,)).rowcount == 0:
                raise StoreError(self._missing(doc_id))
            _raise_generation(db)


def _insert_document(db: sqlite3.Connection, entry: Entry) -> int:
    d = entry.document
    held = sum(p.held for p in entry.proofs)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    row = (
        d.doc_id, d.title, d.department, d.year, d.kind.value, d.page_count, len(d.tables), len(entry.figures), held,
        len(entry.proofs) - held, records.dump([u.page for u in d.unread]), d.file_name, d.sha256, entry.source, now, document_to_bytes(d),
    )  # fmt: skip
    return int(db.execute(f"INSERT INTO documents VALUES (NULL, {_marks(row)})", row).lastrowid or 0)


def _insert(db: sqlite3.Connection, table: str, rows: Iterator[tuple[Any, ...]], width: int) -> None:
    db.executemany(f"INSERT INTO {table} VALUES ({_marks(range(width))})", rows)


def _raise_generation(db: sqlite3.Connection) -> None:
    db.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))
