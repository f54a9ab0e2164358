"""Secrets: tokens (random, kept as a plain hash), passwords (argon2), signed sessions and signed names from a front end."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from functools import cache
from typing import Any

from assistant.access.domain import AccessError, NotRecognised

PREFIX = "bq_"
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
SESSION_COOKIE = "budget_session"
SESSION_SECONDS = 12 * 3600
SESSION_ISSUER = "budget-assistant"
FRONT_END_ISSUER = "open-webui"


def new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def token_hash(text: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Takes the same time wherever the two differ."""
    return hmac.compare_digest(one.encode(), other.encode())


# ---------------------------------------------------------------- passwords


@cache
def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    return str(_hasher().hash(secrets.token_hex(16)))


def password_hash(password: str) -> str:
    """Raises AccessError where the password is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccessError(f"密码应有 {SHORTEST_PASSWORD} 到 {LONGEST_PASSWORD} 个字符")
    return str(_hasher().hash(password))


def check_password(hashed: str | None, password: str) -> bool:
    """Takes as long where there is no password to compare with, so that names cannot be tried out."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        _hasher().verify(hashed or _nobody(), password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


# ---------------------------------------------------------------- signed statements


def sign_session(name: str, epoch: int, key: str) -> str:
    """For a cookie: who signed in; worthless after twelve hours, or once the user's ``epoch`` has gone up."""
    import jwt

    now = int(time.time())
    claims = {"iss": SESSION_ISSUER, "sub": name, "epoch": epoch, "iat": now, "exp": now + SESSION_SECONDS}
    return jwt.encode(claims, key, "HS256")


def read_session(cookie: str, key: str) -> tuple[str, int]:
    """(name, epoch). Raises NotRecognised for what was not signed here, or too long ago."""
    claims = _claims(cookie, key, SESSION_ISSUER, ["exp", "sub", "epoch"])
    if not isinstance(claims["epoch"], int):
        raise NotRecognised("登录已失效：请重新登录")
    return str(claims["sub"]), claims["epoch"]


def read_front_end(statement: str, key: str) -> tuple[str, ...]:
    """The id and mail address by which a chat front end (Open WebUI) names the user it asks for. Raises NotRecognised."""
    claims = _claims(statement, key, FRONT_END_ISSUER, ["exp", "sub"])
    names = (claims["sub"], claims.get("email"))
    return tuple(name for name in names if isinstance(name, str) and name)


def _claims(statement: str, key: str, issuer: str, required: list[str]) -> dict[str, Any]:
    import jwt

    try:
        return jwt.decode(statement, key, algorithms=["HS256"], issuer=issuer, options={"require": required})
    except jwt.InvalidTokenError as error:
        raise NotRecognised("登录已失效：请重新登录") from error
