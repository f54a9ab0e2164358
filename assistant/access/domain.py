"""The values of access: who somebody is, what a token may do, who may read which document.

Standard library only, frozen. A principal is named once for all channels; groups are principals that others belong to.
Where nobody has been entered yet, access is *open*: whoever reaches the service on this machine is ``LOCAL`` and reads all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from index.errors import BudgetError

EVERYBODY = "*"  # as the subject of a right: all who are known, and visitors where a page lets them in
EVERY_DOCUMENT = "*"  # as the document of a right: the rule for documents that have none of their own
NAME = re.compile(r"[\w.@-]{1,64}")


class AccessError(BudgetError):
    """Something about users, tokens or rights that cannot be done; the text says what to do instead."""


class NotRecognised(AccessError):
    """Nobody is known by this token, password or cookie, or not any more. Never says which of these it was."""


class TooMany(AccessError):
    """A limit is used up; it is free again after ``wait`` seconds."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = max(1, round(wait))


class Kind(StrEnum):
    USER = "user"  # a person
    GROUP = "group"  # holds rights for its members; cannot sign in
    SERVICE = "service"  # a program


class Scope(StrEnum):
    """What a token may be used for."""

    ASK = "ask"  # ask questions
    READ = "read"  # list documents, read tables and pages
    METRICS = "metrics"  # /metrics
    GATEWAY = "gateway"  # names the user it asks for (a chat front end that has signed its users in)


class Role(StrEnum):
    OWNER = "owner"  # may also say who else reads it
    READER = "reader"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who may be given rights. ``groups`` are the names of the groups it belongs to, ``admin`` reads everything."""

    name: str
    kind: Kind = Kind.USER
    label: str = ""
    active: bool = True
    admin: bool = False
    groups: frozenset[str] = frozenset()


LOCAL = Principal("local", Kind.USER, "本机", admin=True)  # everybody, as long as access is open
VISITOR = Principal("visitor", Kind.USER, "访客")  # not signed in: what is public, where a page admits visitors
RESERVED = frozenset({EVERYBODY, LOCAL.name, VISITOR.name})


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token; its text is shown once and never stored. Times are UTC."""

    id: str
    owner: str
    scopes: frozenset[Scope]
    created: datetime
    expires: datetime | None = None
    last_used: datetime | None = None
    revoked: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Right:
    """One line of the list of rights: ``subject`` (a principal, or everybody) may read ``doc_id``."""

    doc_id: str
    subject: str
    role: Role = Role.READER


def checked_name(name: str) -> str:
    """The name where it may be given to a principal. Raises AccessError where not."""
    if not NAME.fullmatch(name) or name in RESERVED:
        raise AccessError(f"名字 {name[:64]!r} 不能用：请用 1 到 64 个汉字、字母、数字或 . _ @ -，且不是 {'、'.join(sorted(RESERVED))}")
    return name
