"""``access.sqlite`` beside the index: principals, passwords, tokens, chat identities and rights.

A file of its own, so that building the index again never touches it. Nobody is ever deleted, only switched off: names in
the audit log keep their meaning, and access that was once closed does not open again when the last user leaves.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Row

from assistant.access.credentials import check_password, new_token, password_hash, same, token_hash
from assistant.access.database import Database
from assistant.access.domain import (
    EVERY_DOCUMENT,
    EVERYBODY,
    AccessError,
    Kind,
    NotRecognised,
    Principal,
    Right,
    Role,
    Scope,
    Token,
    checked_name,
)

FILE_NAME = "access.sqlite"
STEPS = (
    (
        """CREATE TABLE principals (name TEXT PRIMARY KEY, kind TEXT NOT NULL, label TEXT NOT NULL, active INTEGER NOT NULL,
           admin INTEGER NOT NULL, password TEXT, epoch INTEGER NOT NULL DEFAULT 0)""",
        """CREATE TABLE members (member TEXT NOT NULL REFERENCES principals, in_group TEXT NOT NULL REFERENCES principals,
           PRIMARY KEY (member, in_group)) WITHOUT ROWID""",
        """CREATE TABLE tokens (id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES principals, hash TEXT NOT NULL UNIQUE,
           scopes TEXT NOT NULL, created TEXT NOT NULL, expires TEXT, last_used TEXT, revoked INTEGER NOT NULL DEFAULT 0,
           note TEXT NOT NULL DEFAULT '')""",
        """CREATE TABLE rights (doc_id TEXT NOT NULL, subject TEXT NOT NULL, role TEXT NOT NULL,
           PRIMARY KEY (doc_id, subject)) WITHOUT ROWID""",
        """CREATE TABLE identities (channel TEXT NOT NULL, external TEXT NOT NULL, name TEXT NOT NULL REFERENCES principals,
           PRIMARY KEY (channel, external)) WITHOUT ROWID""",
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    ),
)
USED_AGAIN = timedelta(minutes=1)  # the last use of a token is noted this often at most


def now() -> datetime:
    return datetime.now(UTC)


class AccessStore:
    """Safe to share between threads; changes by other processes are seen at once."""

    def __init__(self, folder: Path) -> None:
        """Raises StoreError where the file cannot be opened."""
        self._db = Database(folder / FILE_NAME, STEPS)
        self._version: tuple[int, int] | None = None
        self._readers: dict[str, frozenset[str]] = {}

    def close(self) -> None:
        self._db.close()

    def together(self) -> AbstractContextManager[None]:
        """Changes made inside are carried out all together or not at all."""
        return self._db.transaction()

    @property
    def open(self) -> bool:
        """Nobody was ever entered: everything is open to this machine."""
        return self._db.row("SELECT 1 FROM principals") is None

    def key(self) -> str:
        """The secret that signs sessions; made with the first use."""
        self._db.change("INSERT OR IGNORE INTO meta VALUES ('key', ?)", (secrets.token_hex(32),))
        row = self._db.row("SELECT value FROM meta WHERE key = 'key'")
        assert row is not None
        return str(row["value"])

    # ---------------------------------------------------------------- principals

    def principals(self) -> list[Principal]:
        return [self._principal(row) for row in self._db.rows("SELECT * FROM principals ORDER BY kind, name")]

    def find(self, name: str) -> Principal | None:
        row = self._db.row("SELECT * FROM principals WHERE name = ?", (name,))
        return None if row is None else self._principal(row)

    def principal(self, name: str) -> Principal:
        """Raises AccessError where nobody has the name."""
        found = self.find(name)
        if found is None:
            known = "、".join(p.name for p in self.principals()[:20]) or "（还没有）"
            raise AccessError(f"没有名为 {name[:64]} 的用户、组或服务；现有：{known}")
        return found

    def _principal(self, row: Row) -> Principal:
        groups = frozenset(
            group["name"]
            for group in self._db.rows(
                "SELECT name FROM members JOIN principals ON name = in_group WHERE member = ? AND active = 1", (row["name"],)
            )
        )
        return Principal(row["name"], Kind(row["kind"]), row["label"], bool(row["active"]), bool(row["admin"]), groups)

    def add(self, name: str, kind: Kind = Kind.USER, label: str = "", admin: bool = False, groups: Iterable[str] = ()) -> Principal:
        """Raises AccessError where the name is taken or not allowed, or a group does not exist."""
        with self._db.transaction():
            if self._db.row("SELECT 1 FROM principals WHERE name = ?", (checked_name(name),)):
                raise AccessError(f"名字 {name} 已经有了：请换一个，或用 assistant users set {name} 修改")
            if admin and kind is Kind.GROUP:
                raise AccessError("组不能是管理员：请把权限给组里的人")
            self._db.change("INSERT INTO principals (name, kind, label, active, admin) VALUES (?, ?, ?, 1, ?)", (name, kind, label, admin))
            self.join(name, groups)
        return self.principal(name)

    def join(self, name: str, groups: Iterable[str], leave: Iterable[str] = ()) -> None:
        """Put somebody into groups and take them out of others. Raises AccessError for what is no group."""
        with self._db.transaction():
            if groups and self.principal(name).kind is Kind.GROUP:
                raise AccessError(f"{name} 是组，不能再放进别的组")
            for group in groups:
                if self.principal(group).kind is not Kind.GROUP:
                    raise AccessError(f"{group} 不是组：请先运行 assistant users add {group} --kind group")
                self._db.change("INSERT OR IGNORE INTO members VALUES (?, ?)", (name, group))
            for group in leave:
                self._db.change("DELETE FROM members WHERE member = ? AND in_group = ?", (name, group))

    def set_active(self, name: str, active: bool) -> None:
        """Switched off, somebody is not recognised by any token, password, session or chat identity."""
        self.principal(name)
        self._db.change("UPDATE principals SET active = ?, epoch = epoch + 1 WHERE name = ?", (active, name))

    def set_admin(self, name: str, admin: bool) -> None:
        if self.principal(name).kind is Kind.GROUP:
            raise AccessError("组不能是管理员：请把权限给组里的人")
        self._db.change("UPDATE principals SET admin = ? WHERE name = ?", (admin, name))

    def set_label(self, name: str, label: str) -> None:
        self.principal(name)
        self._db.change("UPDATE principals SET label = ? WHERE name = ?", (label, name))

    # ---------------------------------------------------------------- passwords and sessions

    def set_password(self, name: str, password: str | None) -> None:
        """None takes the password away. Ends all sessions of that user. Raises AccessError where it is too short."""
        if self.principal(name).kind is not Kind.USER:
            raise AccessError(f"{name} 不是用户，不能用密码登录；程序请用 assistant tokens add {name}")
        hashed = password_hash(password) if password is not None else None
        self._db.change("UPDATE principals SET password = ?, epoch = epoch + 1 WHERE name = ?", (hashed, name))

    def by_password(self, name: str, password: str) -> Principal:
        """Raises NotRecognised; takes as long for names that nobody has."""
        row = self._db.row("SELECT * FROM principals WHERE name = ? AND active = 1 AND kind = ?", (name, Kind.USER))
        if not check_password(row["password"] if row else None, password) or row is None:
            raise NotRecognised("用户名或密码不对")
        return self._principal(row)

    def epoch(self, name: str) -> int | None:
        """The number of a user's present sessions: raised by whatever ends them all. None for who is unknown or switched off."""
        row = self._db.row("SELECT epoch FROM principals WHERE name = ? AND active = 1", (name,))
        return None if row is None else int(row["epoch"])

    # ---------------------------------------------------------------- tokens

    def tokens(self, owner: str | None = None) -> list[Token]:
        rows = self._db.rows("SELECT * FROM tokens WHERE owner = coalesce(?, owner) ORDER BY created", (owner,))
        return [row_to_token(row) for row in rows]

    def add_token(
        self, owner: str, scopes: Collection[Scope] = (Scope.ASK, Scope.READ), days: float | None = None, note: str = ""
    ) -> tuple[str, Token]:
        """The token's text, which is known here and now only, and what is kept of it."""
        if self.principal(owner).kind is Kind.GROUP:
            raise AccessError(f"{owner} 是组：令牌请发给用户或服务")
        if days is not None and days <= 0:
            raise AccessError("有效天数应大于 0")
        created = now()
        text = new_token()
        token = Token(secrets.token_hex(4), owner, frozenset(scopes), created, created + timedelta(days=days) if days else None, note=note)
        self._db.change(
            "INSERT INTO tokens (id, owner, hash, scopes, created, expires, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                token.id,
                owner,
                token_hash(text),
                " ".join(sorted(token.scopes)),
                created.isoformat(),
                token.expires.isoformat() if token.expires else None,
                note,
            ),
        )
        return text, token

    def revoke(self, token_id: str) -> Token:
        """Raises AccessError where there is no such token."""
        if not self._db.change("UPDATE tokens SET revoked = 1 WHERE id = ?", (token_id,)):
            raise AccessError(f"没有编号为 {token_id[:64]} 的令牌：运行 assistant tokens 可看全部")
        return next(token for token in self.tokens() if token.id == token_id)

    def by_token(self, text: str) -> tuple[Principal, Token]:
        """Whose token this is. Raises NotRecognised for what is unknown, revoked, expired, or of somebody switched off."""
        hashed, moment = token_hash(text), now()
        row = self._db.row("SELECT * FROM tokens WHERE hash = ?", (hashed,))
        token = row_to_token(row) if row is not None and same(row["hash"], hashed) else None
        if token is None or token.revoked or (token.expires is not None and token.expires <= moment):
            raise NotRecognised("令牌不对、已过期或已作废")
        owner = self.principal(token.owner)
        if not owner.active:
            raise NotRecognised("令牌不对、已过期或已作废")
        if token.last_used is None or moment - token.last_used > USED_AGAIN:
            self._db.change("UPDATE tokens SET last_used = ? WHERE id = ?", (moment.isoformat(), token.id))
        return owner, replace(token, last_used=moment)

    # ---------------------------------------------------------------- identities in chat tools

    def link(self, channel: str, external: str, name: str) -> None:
        """Whoever writes as ``external`` in this channel is ``name``."""
        if self.principal(name).kind is not Kind.USER:
            raise AccessError(f"{name} 不是用户，不能对应聊天工具里的人")
        self._db.change("INSERT OR REPLACE INTO identities VALUES (?, ?, ?)", (channel, external, name))

    def unlink(self, channel: str, external: str) -> None:
        self._db.change("DELETE FROM identities WHERE channel = ? AND external = ?", (channel, external))

    def identities(self, name: str) -> list[tuple[str, str]]:
        """(channel, id there) of somebody."""
        rows = self._db.rows("SELECT channel, external FROM identities WHERE name = ? ORDER BY channel, external", (name,))
        return [(row["channel"], row["external"]) for row in rows]

    def by_identity(self, channel: str, external: str) -> Principal:
        """Raises NotRecognised where this person is not known."""
        row = self._db.row(
            "SELECT principals.* FROM identities JOIN principals USING (name) WHERE channel = ? AND external = ? AND active = 1",
            (channel, external),
        )
        if row is None:
            raise NotRecognised("您还没有开通：请联系管理员")
        return self._principal(row)

    # ---------------------------------------------------------------- rights

    def rights(self, doc_id: str | None = None) -> list[Right]:
        rows = self._db.rows("SELECT * FROM rights WHERE doc_id = coalesce(?, doc_id) ORDER BY doc_id, role, subject", (doc_id,))
        return [Right(row["doc_id"], row["subject"], Role(row["role"])) for row in rows]

    def grant(self, doc_id: str, subject: str, role: Role = Role.READER) -> None:
        """Raises AccessError where nobody has that name."""
        if subject != EVERYBODY:
            self.principal(subject)
        elif role is Role.OWNER:
            raise AccessError("所有人不能是负责人：请指定一个用户或组")
        self._db.change("INSERT OR REPLACE INTO rights VALUES (?, ?, ?)", (doc_id, subject, role))

    def withdraw(self, doc_id: str, subject: str | None = None) -> None:
        """Take away one right, or all rights of a document (as when it is removed: its successor starts without any)."""
        self._db.change("DELETE FROM rights WHERE doc_id = ? AND subject = coalesce(?, subject)", (doc_id, subject))

    def readable(self, principal: Principal, doc_ids: Sequence[str]) -> frozenset[str]:
        """Those of the documents that somebody may read: by name, by group, by everybody; by the general rule where a
        document has no rights of its own. Administrators read all."""
        if not principal.active:
            return frozenset()
        if principal.admin:
            return frozenset(doc_ids)
        who = {principal.name, EVERYBODY, *principal.groups}
        readers = self._readers_now()
        rule = readers.get(EVERY_DOCUMENT, frozenset())
        return frozenset(doc for doc in doc_ids if not who.isdisjoint(readers.get(doc, rule)))

    def owns(self, principal: Principal, doc_id: str) -> bool:
        if principal.admin:
            return principal.active
        owners = {right.subject for right in self.rights(doc_id) if right.role is Role.OWNER}
        return principal.active and not owners.isdisjoint({principal.name, *principal.groups})

    def _readers_now(self) -> dict[str, frozenset[str]]:
        """Document → subjects that read it, read again whenever the file has changed."""
        version = self._db.version()
        if version != self._version:
            readers: dict[str, set[str]] = {}
            for right in self.rights():
                readers.setdefault(right.doc_id, set()).add(right.subject)
            self._readers = {doc: frozenset(subjects) for doc, subjects in readers.items()}
            self._version = version
        return self._readers


def forget_rights(folder: Path, doc_id: str) -> None:
    """A removed document leaves no rights behind for another of the same name. Makes no file where there is none."""
    if (folder / FILE_NAME).exists():
        access = AccessStore(folder)
        access.withdraw(doc_id)
        access.close()


def row_to_token(row: Row) -> Token:
    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text) if text else None

    created = moment(row["created"])
    assert created is not None
    scopes = frozenset(Scope(scope) for scope in row["scopes"].split())
    return Token(
        row["id"], row["owner"], scopes, created, moment(row["expires"]), moment(row["last_used"]), bool(row["revoked"]), row["note"]
    )
