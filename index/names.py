"""Which reading of a label's characters is right, where a plain extraction scrambled them.

A known name is taken only where it uses exactly the printed characters: it re-orders, it never invents.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.domain import Line


class Names:
    """The names that the document itself and the national subjects give to a bag of characters."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._damaged = any(line.raw is not None for line in lines)

    def reading(self, label: str, code: str | None) -> str:
        return label

    def code_of(self, name: str) -> str | None:
        return None
