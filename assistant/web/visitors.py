"""Who is behind a request: a signed-in name or, while nobody has been entered, anybody on this machine.

A browser keeps one random mark in a cookie; conversations of people who need not sign in belong to it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from assistant.access.domain import LOCAL, NotRecognised, Principal
from assistant.web.desk import Desk

MARK_COOKIE = "budget_browser"
SESSION_COOKIE = "budget_session"
MARK = re.compile(r"[\w-]{22,64}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """``owner`` is what conversations are kept under; ``signed_in`` is False while access is open."""

    principal: Principal
    owner: str
    signed_in: bool


class Visitors:
    """From cookies to visitors."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def login_needed(self) -> bool:
        """True once somebody has been entered as a user."""
        return not self._desk.access().open

    def who(self, cookies: Mapping[str, str]) -> Visitor:
        """Raises NotRecognised where signing in is needed and did not happen."""
        if not self.login_needed():
            mark = cookies.get(MARK_COOKIE, "")
            digest = hashlib.sha256(mark.encode()).hexdigest()[:32] if MARK.fullmatch(mark) else "nobody"
            return Visitor(LOCAL, f"browser:{digest}", signed_in=False)
        session = cookies.get(SESSION_COOKIE)
        if not session:
            raise NotRecognised("请先登录")
        principal = self._desk.gate().by_session(session)
        return Visitor(principal, f"user:{principal.name}", signed_in=True)


def new_mark() -> str:
    return secrets.token_urlsafe(24)
