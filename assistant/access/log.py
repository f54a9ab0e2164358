"""``log.sqlite`` beside the index: what was asked and answered, and what was changed about access. Lines are only ever added.

The database refuses to change or delete a line, and every line carries the hash of the one before, so that a line altered
or taken out by other means is found by ``check``. A question's line holds all that is needed to ask it again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Row
from typing import Any

from assistant.access.database import Database
from assistant.access.domain import AccessError

FILE_NAME = "log.sqlite"
FIRST = "0" * 64
STEPS = (
    (
        """CREATE TABLE lines (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at TEXT NOT NULL, kind TEXT NOT NULL,
           who TEXT NOT NULL, channel TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL)""",
        "CREATE INDEX lines_by_who ON lines (who, number)",
        "CREATE TABLE visible (digest TEXT PRIMARY KEY, documents TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TRIGGER lines_stay BEFORE UPDATE ON lines BEGIN SELECT raise(ABORT, 'the log is only added to'); END",
        "CREATE TRIGGER lines_remain BEFORE DELETE ON lines BEGIN SELECT raise(ABORT, 'the log is only added to'); END",
        "CREATE TRIGGER visible_stays BEFORE UPDATE ON visible BEGIN SELECT raise(ABORT, 'the log is only added to'); END",
        "CREATE TRIGGER visible_remains BEFORE DELETE ON visible BEGIN SELECT raise(ABORT, 'the log is only added to'); END",
    ),
)
QUESTION = "question"
CHANGE = "change"  # of users, tokens or rights
REFUSED = "refused"  # somebody was not let in


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log. ``who`` is a principal's name, or an unknown outside id; ``at`` is UTC, ISO 8601."""

    id: str
    at: str
    kind: str
    who: str
    channel: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """The body of a question's line.

    ``answer`` is the contract's Answer object; ``understood`` the steps of its understanding; ``documents`` those cited with
    their SHA-256, ``visible`` names the set of documents that could be searched; ``request`` is what the channel tells of
    the occasion (chat, message id, address).
    """

    question: str
    history: Sequence[Mapping[str, str]]
    answer: Mapping[str, Any]
    understood: Sequence[str]
    documents: Mapping[str, str]
    visible: str
    index: str
    code: str
    request: Mapping[str, str] = field(default_factory=dict)


class AuditLog:
    """Safe to share between threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Raises StoreError where the file cannot be opened."""
        self._db = Database(folder / FILE_NAME, STEPS)

    def close(self) -> None:
        self._db.close()

    def add(self, kind: str, who: str, channel: str, body: Mapping[str, Any], id: str | None = None) -> str:
        """Add a line; its id."""
        id = id or new_id()
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        text = json.dumps(body, ensure_ascii=False, sort_keys=True)
        with self._db.transaction():
            last = self._db.row("SELECT hash FROM lines ORDER BY number DESC LIMIT 1")
            hashed = line_hash(last["hash"] if last else FIRST, id, at, kind, who, channel, text)
            values = (id, at, kind, who, channel, text, hashed)
            self._db.change("INSERT INTO lines (id, at, kind, who, channel, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return id

    def remember(self, documents: Mapping[str, str]) -> str:
        """Keep a set of documents (id → SHA-256) under its digest, once."""
        text = json.dumps(documents, ensure_ascii=False, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        if self._db.row("SELECT 1 FROM visible WHERE digest = ?", (digest,)) is None:
            self._db.change("INSERT OR IGNORE INTO visible VALUES (?, ?)", (digest, text))
        return digest

    def documents(self, digest: str) -> dict[str, str]:
        """The set of documents kept under a digest."""
        row = self._db.row("SELECT documents FROM visible WHERE digest = ?", (digest,))
        return dict(json.loads(row["documents"])) if row else {}

    def line(self, id: str) -> Line:
        """Raises AccessError where there is no such line."""
        row = self._db.row("SELECT * FROM lines WHERE id = ?", (id,))
        if row is None:
            raise AccessError(f"日志里没有编号为 {id[:64]} 的记录：运行 assistant log 可看最近的记录")
        return row_to_line(row)

    def lines(self, who: str | None = None, last: int = 50) -> list[Line]:
        """The newest lines, oldest of them first."""
        rows = self._db.rows("SELECT * FROM lines WHERE who = coalesce(?, who) ORDER BY number DESC LIMIT ?", (who, last))
        return [row_to_line(row) for row in reversed(rows)]

    def check(self) -> int:
        """How many lines there are. Raises AccessError naming the first that is not as it was written, or the gap before it."""
        before, count = FIRST, 0
        for row in self._all():
            texts = (row["id"], row["at"], row["kind"], row["who"], row["channel"], row["body"])
            if row["hash"] != line_hash(before, *texts):
                raise AccessError(f"日志在第 {row['number']} 条（{row['id']}，{row['at']}）处被改动过，或它之前有记录被删：请与备份核对")
            before, count = row["hash"], count + 1
        return count

    def _all(self, step: int = 1000) -> Iterator[Row]:
        number = 0
        while rows := self._db.rows("SELECT * FROM lines WHERE number > ? ORDER BY number LIMIT ?", (number, step)):
            yield from rows
            number = rows[-1]["number"]


def new_id() -> str:
    return secrets.token_hex(6)


def line_hash(before: str, *texts: str) -> str:
    return hashlib.sha256(json.dumps([before, *texts], ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def row_to_line(row: Row) -> Line:
    return Line(row["id"], row["at"], row["kind"], row["who"], row["channel"], json.loads(row["body"]))
