"""Small documents for tests, made by hand, and a store that holds them in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.domain import Block, Cell, Document, DocumentInfo, Figure, Hit, Kind, LabelPath, Proof, Row, Section, Table
from index.figures import document_to_figures
from index.proofs import prove

Line = tuple[LabelPath, str | None, Sequence[str | None]]


def table(number: str, title: str, columns: Sequence[LabelPath], rows: Sequence[Line], heads: tuple[str, ...] = ()) -> Table:
    made = tuple(Row(label, tuple(Cell(text, page=3) for text in cells), code, page=3) for label, code, cells in rows)
    return Table(
        id=title, number=number, title=title, columns=tuple(columns), rows=made, unit="万元", pages=(3,), year=2024, label_heads=heads
    )


def paper(doc_id: str, body: str, year: int, kind: Kind, *blocks: Block, title: str = "") -> Document:
    """A document of three pages in 万元; its tables are of its year."""
    return Document(
        doc_id=doc_id,
        title=title or f"{year}年{body}{kind}",
        department=body,
        year=year,
        kind=kind,
        unit="万元",
        page_count=3,
        blocks=tuple(replace(block, year=year) if isinstance(block, Table) else block for block in blocks),
    )


class Memory:
    """A store in memory."""

    def __init__(self, *documents: Document) -> None:
        self.parsed = {d.doc_id: d for d in documents}
        self.read = {d.doc_id: document_to_figures(d) for d in documents}

    def documents(self) -> list[DocumentInfo]:
        return [DocumentInfo(d.doc_id, d.title, d.department, d.year, d.kind, 3, 4, 1, 0, 0, sha256=d.doc_id) for d in self.parsed.values()]

    def document(self, doc_id: str) -> Document:
        return self.parsed[doc_id]

    def figures(self, doc_id: str) -> tuple[Figure, ...]:
        return self.read[doc_id]

    def proofs(self, doc_id: str) -> tuple[Proof, ...]:
        return prove(self.parsed[doc_id], self.read[doc_id])

    def sections(self, doc_id: str) -> tuple[Section, ...]:
        return ()

    def search(self, text: str, k: int = 8, doc_ids: Sequence[str] | None = None) -> list[Hit]:
        return []
