"""The error tree. A message says what, where (document, page, table) and what to do next, in one line of Chinese."""

from __future__ import annotations

import importlib
from types import ModuleType


class BudgetError(Exception):
    """Base of every error that people see; its text is one line."""


class ParseError(BudgetError):
    """A file could not be read."""


class StoreError(BudgetError):
    """A store is missing, stale or damaged."""


class AnswerError(BudgetError):
    """A question could not be processed at all (a refusal is an answer, not an error)."""


def require(module: str, why: str, install: str) -> ModuleType:
    """Import a heavy or optional library inside the call that needs it.

    Raises BudgetError naming the purpose and the install line where it is missing.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise BudgetError(f"缺少组件 {module}（{why}）：请运行 {install}") from error
