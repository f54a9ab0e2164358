"""Rights before retrieval: a store in which only some documents exist."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.library import Source
from index.domain import Document, DocumentInfo, Figure, Hit, Proof, Section
from index.errors import StoreError


class Visible:
    """A Source that holds the ``allowed`` documents of another one. Whatever else that one holds looks like nothing at all."""

    def __init__(self, source: Source, allowed: frozenset[str]) -> None:
        self._source = source
        self._allowed = allowed

    def documents(self) -> list[DocumentInfo]:
        return [info for info in self._source.documents() if info.doc_id in self._allowed]

    def document(self, doc_id: str) -> Document:
        return self._source.document(self._known(doc_id))

    def figures(self, doc_id: str) -> tuple[Figure, ...]:
        return self._source.figures(self._known(doc_id))

    def proofs(self, doc_id: str) -> tuple[Proof, ...]:
        return self._source.proofs(self._known(doc_id))

    def sections(self, doc_id: str) -> tuple[Section, ...]:
        return self._source.sections(self._known(doc_id))

    def search(self, text: str, k: int = 8, doc_ids: Sequence[str] | None = None) -> list[Hit]:
        wanted = self._allowed if doc_ids is None else self._allowed.intersection(doc_ids)
        return self._source.search(text, k, sorted(wanted))

    def _known(self, doc_id: str) -> str:
        if doc_id not in self._allowed:
            known = "、".join(info.doc_id for info in self.documents())
            raise StoreError(f"索引里没有文档 {doc_id}；现有：{known or '（空）'}")
        return doc_id


def visible(source: Source, allowed: frozenset[str]) -> Source:
    """``source`` as somebody sees it who may read ``allowed``."""
    return Visible(source, allowed)
