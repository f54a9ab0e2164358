"""Every visitor's conversations, kept beside the index: a question is stored before it is answered, so nothing asked is lost.

A conversation belongs to one owner (a signed-in name, or one browser). Asking an earlier question anew puts the turns
from there on aside; they stay in the file.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.access.database import Database
from index.errors import BudgetError

FILE_NAME = "conversations.sqlite"
LONGEST_TITLE = 60
LISTED = 200
STEPS = [
    [
        """CREATE TABLE conversations (
          id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL,
          hidden INTEGER NOT NULL DEFAULT 0)""",
        "CREATE INDEX conversations_owner ON conversations (owner, updated)",
        """CREATE TABLE turns (
          id TEXT PRIMARY KEY, conversation TEXT NOT NULL REFERENCES conversations, asked REAL NOT NULL, question TEXT NOT NULL,
          answer TEXT, trouble TEXT, thumb INTEGER NOT NULL DEFAULT 0, aside INTEGER NOT NULL DEFAULT 0)""",
        "CREATE INDEX turns_conversation ON turns (conversation, asked)",
    ],
    ["ALTER TABLE turns ADD COLUMN offline INTEGER NOT NULL DEFAULT 0"],
]


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its answer (the contract's Answer object), or with the trouble it met; neither while it is being answered.

    ``offline``: the trouble is that the search by meaning was not to be had.
    """

    id: str
    question: str
    answer: Mapping[str, Any] | None = None
    trouble: str | None = None
    thumb: int = 0
    asked: float = 0.0
    offline: bool = False

    @property
    def pending(self) -> bool:
        return self.answer is None and self.trouble is None


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    title: str
    updated: float  # seconds since 1970


class Conversations:
    """Safe to share between threads. Ids of other owners' conversations look like unknown ones (BudgetError)."""

    def __init__(self, folder: Path) -> None:
        """Raises StoreError where the file cannot be opened."""
        folder.mkdir(parents=True, exist_ok=True)
        self._db = Database(folder / FILE_NAME, STEPS)

    def close(self) -> None:
        self._db.close()

    def of(self, owner: str) -> list[Conversation]:
        """The owner's conversations, the latest first."""
        sql = "SELECT id, title, updated FROM conversations WHERE owner = ? AND NOT hidden ORDER BY updated DESC LIMIT ?"
        return [Conversation(*row) for row in self._db.rows(sql, (owner, LISTED))]

    def start(self, owner: str) -> str:
        """The id of a new, empty conversation."""
        id, now = secrets.token_urlsafe(9), time.time()
        self._db.change("INSERT INTO conversations VALUES (?, ?, '', ?, ?, 0)", (id, owner, now, now))
        return id

    def owned(self, owner: str, id: str) -> bool:
        return self._db.row("SELECT 1 FROM conversations WHERE id = ? AND owner = ? AND NOT hidden", (id, owner)) is not None

    def turns(self, owner: str, id: str) -> list[Turn]:
        """In the order asked, without those put aside."""
        self._check(owner, id)
        sql = """SELECT id, question, answer, trouble, thumb, asked, offline FROM turns
          WHERE conversation = ? AND NOT aside ORDER BY asked, rowid"""
        return [Turn(r[0], r[1], json.loads(r[2]) if r[2] else None, r[3], r[4], r[5], bool(r[6])) for r in self._db.rows(sql, (id,))]

    def turn(self, owner: str, id: str, turn_id: str) -> Turn:
        found = next((turn for turn in self.turns(owner, id) if turn.id == turn_id), None)
        if found is None:
            raise BudgetError("这一问已不在这个对话里：请刷新页面")
        return found

    def ask(self, owner: str, id: str, question: str) -> str:
        """Store a question; the id of its turn. The first question names the conversation."""
        self._check(owner, id)
        turn_id, now = secrets.token_urlsafe(9), time.time()
        title = " ".join(question.split())[:LONGEST_TITLE]
        with self._db.transaction():
            self._db.change("INSERT INTO turns (id, conversation, asked, question) VALUES (?, ?, ?, ?)", (turn_id, id, now, question))
            self._db.change(
                "UPDATE conversations SET updated = ?, title = CASE title WHEN '' THEN ? ELSE title END WHERE id = ?", (now, title, id)
            )
        return turn_id

    def answer(self, turn_id: str, answer: Mapping[str, Any] | None, trouble: str | None = None, offline: bool = False) -> None:
        text = None if answer is None else json.dumps(answer, ensure_ascii=False)
        self._db.change("UPDATE turns SET answer = ?, trouble = ?, offline = ? WHERE id = ?", (text, trouble, offline, turn_id))

    def take_up(self, turn_id: str) -> bool:
        """A question that met with trouble is to be answered after all, in its place; False where it is not open to that (any more)."""
        return self._db.change("UPDATE turns SET trouble = NULL, offline = 0 WHERE id = ? AND trouble IS NOT NULL", (turn_id,)) == 1

    def thumb(self, turn_id: str, thumb: int) -> None:
        self._db.change("UPDATE turns SET thumb = ? WHERE id = ?", (thumb, turn_id))

    def put_aside(self, owner: str, id: str, turn_id: str) -> None:
        """This turn and all after it."""
        ids = [turn.id for turn in self.turns(owner, id)]
        if turn_id in ids:
            for later in ids[ids.index(turn_id) :]:
                self._db.change("UPDATE turns SET aside = 1 WHERE id = ?", (later,))

    def rename(self, owner: str, id: str, title: str) -> None:
        self._check(owner, id)
        if title.strip():
            self._db.change("UPDATE conversations SET title = ? WHERE id = ?", (" ".join(title.split())[:LONGEST_TITLE], id))

    def hide(self, owner: str, id: str) -> None:
        """What the page calls deleting; the file keeps it."""
        self._check(owner, id)
        self._db.change("UPDATE conversations SET hidden = 1 WHERE id = ?", (id,))

    def break_off(self) -> None:
        """After a restart: what was being answered then is no longer."""
        self._db.change(
            "UPDATE turns SET trouble = ? WHERE answer IS NULL AND trouble IS NULL", ("服务重新启动时这一问还没有答完：请点“重问”",)
        )

    def _check(self, owner: str, id: str) -> None:
        if not self.owned(owner, id):
            raise BudgetError("没有这个对话：它可能已被删除，请新建对话")


def turns_to_history(turns: list[Turn]) -> list[dict[str, str]]:
    """What the assistant is told of earlier turns."""
    out = []
    for turn in turns:
        if turn.answer is not None:
            out += [{"role": "user", "content": turn.question}, {"role": "assistant", "content": str(turn.answer["answer"])}]
    return out
