"""What was read of a document, piece by piece: its tables, one table, its outline, its checks, the lines around a place."""

from __future__ import annotations

from collections.abc import Callable

from assistant.web.markup import render
from assistant.web.texts import Texts
from index.domain import Heading, Table
from index.errors import BudgetError
from index.stores.index import Index

MOST_ROWS = 300  # of a table, in one piece
MOST_PROOFS = 300
HeaderCell = tuple[str, int, int]  # text, columns and rows it spans


def part_to_html(index: Index, doc_id: str, part: str, texts: Texts) -> str:
    """``part`` is tables, outline or proofs. Raises BudgetError for another one, or an unknown document."""
    parts: dict[str, Callable[[Index, str, Texts], str]] = {"tables": _tables, "outline": _outline, "proofs": _proofs}
    if part not in parts:
        raise BudgetError(f"没有这一部分：{part}")
    return parts[part](index, doc_id, texts)


def _tables(index: Index, doc_id: str, texts: Texts) -> str:
    return render("tables", texts, document=index.document(doc_id))


def _outline(index: Index, doc_id: str, texts: Texts) -> str:
    document = index.document(doc_id)
    return render("outline", texts, document=document, headings=[b for b in document.blocks if isinstance(b, Heading)])


def _proofs(index: Index, doc_id: str, texts: Texts) -> str:
    """Failed checks first."""
    proofs = sorted(index.proofs(doc_id), key=lambda proof: proof.held)
    rest = len(proofs) - MOST_PROOFS
    return render("proofs", texts, proofs=proofs[:MOST_PROOFS], rest=rest, unread=index.document(doc_id).unread)


def table_to_html(index: Index, doc_id: str, number: int, texts: Texts) -> str:
    """A table as it was read: stacked header, labels indented by their depth, blank cells left blank."""
    document = index.document(doc_id)
    if not 0 <= number < len(document.tables):
        raise BudgetError(f"{doc_id}：没有第{number + 1}张表")
    table = document.tables[number]
    values = {"header": table_to_header(table), "rows": table.rows[:MOST_ROWS], "rest": len(table.rows) - MOST_ROWS}
    return render("table", texts, document=document, table=table, **values)


def table_to_header(table: Table) -> list[list[HeaderCell]]:
    """Column paths as rows of header cells; neighbours below one label share one cell, a short path reaches down."""
    depth = max((len(path) for path in table.columns), default=0)
    rows: list[list[HeaderCell]] = []
    for level in range(depth):
        cells: list[HeaderCell] = []
        last: tuple[str, ...] | None = None
        for path in table.columns:
            if level >= len(path):
                last = None
            elif level == len(path) - 1:
                cells.append((path[level], 1, depth - level))
                last = None
            elif path[: level + 1] == last:
                text, across, down = cells[-1]
                cells[-1] = (text, across + 1, down)
            else:
                cells.append((path[level], 1, 1))
                last = path[: level + 1]
        rows.append(cells)
    return rows
