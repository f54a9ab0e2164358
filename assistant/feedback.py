"""What people say of answers: a thumb and a comment, kept beside the index so that mistakes become questions of a set.

Standard library only, a file of its own in the store folder: ``ingest --rebuild`` leaves it alone. Only ever added to;
somebody who changes their mind adds an entry with the same id, and the last one counts.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.errors import StoreError

FILE_NAME = "feedback.sqlite"
UP, DOWN = 1, -1
LONGEST_COMMENT = 4000  # characters; the rest is cut
BUSY_SECONDS = 30.0  # the page and the chat tools write from different processes
SCHEMA = """CREATE TABLE IF NOT EXISTS feedback (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at TEXT NOT NULL, channel TEXT NOT NULL, user TEXT NOT NULL, question TEXT NOT NULL,
  history TEXT NOT NULL, answer TEXT NOT NULL, thumb INTEGER NOT NULL, comment TEXT NOT NULL)"""
COLUMNS = "id, at, channel, user, question, history, answer, thumb, comment"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One person's word on one answer.

    ``at`` is an ISO time in UTC, ``user`` whatever the channel knows its people by (empty: nobody in particular),
    ``history`` the turns before the question, ``answer_json`` the contract's Answer object, ``thumb`` UP or DOWN.
    """

    id: str
    at: str
    channel: str
    user: str
    question: str
    history: tuple[Mapping[str, str], ...]
    answer_json: Mapping[str, Any]
    thumb: int
    comment: str = ""

    def __post_init__(self) -> None:
        if self.thumb not in (UP, DOWN):
            raise ValueError(f"thumb must be {UP} or {DOWN}, not {self.thumb!r}")


def new_feedback(
    channel: str,
    user: str,
    question: str,
    history: Sequence[Mapping[str, str]],
    answer_json: Mapping[str, Any],
    thumb: int,
    comment: str = "",
) -> Feedback:
    """A Feedback of this moment with an id of its own. Raises ValueError where ``thumb`` is neither UP nor DOWN."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return Feedback(secrets.token_hex(8), at, channel, user, question, tuple(history), answer_json, thumb, comment[:LONGEST_COMMENT])


class FeedbackStore:
    """The feedback of one store folder; safe to use from several threads and processes (a connection for every call)."""

    def __init__(self, folder: Path | str) -> None:
        self.path = Path(folder) / FILE_NAME

    def add(self, feedback: Feedback) -> None:
        """Raises StoreError where the folder cannot be written."""
        row = (
            feedback.id,
            feedback.at,
            feedback.channel,
            feedback.user,
            feedback.question,
            json.dumps(list(feedback.history), ensure_ascii=False),
            json.dumps(feedback.answer_json, ensure_ascii=False),
            feedback.thumb,
            feedback.comment,
        )
        with self._connection() as db:
            db.execute(SCHEMA)
            db.execute(f"INSERT INTO feedback ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def all(self) -> tuple[Feedback, ...]:
        """In the order in which it came, the last word on each id alone; none where nobody has said anything yet."""
        if not self.path.is_file():
            return ()
        with self._connection() as db:
            db.execute(SCHEMA)
            rows = db.execute(f"SELECT {COLUMNS} FROM feedback WHERE seq IN (SELECT max(seq) FROM feedback GROUP BY id) ORDER BY seq")
            return tuple(_row_to_feedback(row) for row in rows.fetchall())

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as db, db:
                yield db
        except sqlite3.Error as error:
            raise StoreError(f"反馈文件 {self.path} 不能读写（{error}）：请检查文件夹的权限和磁盘空间") from error


def _row_to_feedback(row: Sequence[Any]) -> Feedback:
    id, at, channel, user, question, history, answer, thumb, comment = row
    return Feedback(id, at, channel, user, question, tuple(json.loads(history)), json.loads(answer), thumb, comment)
