"""Logs without secrets: vendors' clients and the errors they raise name tickets, tokens and reply addresses."""

from __future__ import annotations

import logging
import re

SECRET = re.compile(r"(?i)(secret|token|ticket|aeskey|response_url|sessionwebhook|session)([\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]+")
TOKEN = re.compile(r"\bbq_[\w-]{8,}")  # one of ours
FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def without_secrets(text: str) -> str:
    return TOKEN.sub("bq_***", SECRET.sub(r"\1\2***", text))


class Discreet(logging.Formatter):
    """Hides secrets in the whole record, also in its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def warnings_to_stderr() -> None:
    """The service's log: warnings and errors, also of packages that set themselves a lower level."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(Discreet(FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
