"""Document → the exported JSON that other programs rely on: one block per heading, paragraph and logical table."""

from __future__ import annotations

from typing import Any

from index.domain import Document, Heading, Para, Table


def document_to_export(document: Document) -> dict[str, Any]:
    """Labels and cells as printed; a blank cell is None. ``lines`` are there for plain-text files alone."""
    export: dict[str, Any] = {
        "doc_id": document.doc_id,
        "title": document.title,
        "department": document.department,
        "year": document.year,
        "kind": document.kind.value,
        "unit": document.unit,
        "pages": document.page_count,
        "file": document.file_name,
        "sha256": document.sha256,
        "unread_pages": [{"page": u.page, "reason": u.reason} for u in document.unread],
        "ocr_pages": list(document.ocr_pages),
        "blocks": [_block(block) for block in document.blocks],
    }
    if document.lines:
        export["lines"] = [
            {"line": line.number, "text": line.text} | ({"raw": line.raw} if line.raw is not None else {}) for line in document.lines
        ]
    return export


def _block(block: Heading | Para | Table) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"type": "heading", "level": block.level, "text": block.text} | _place(block.page, block.line)
    if isinstance(block, Para):
        flags = {"flags": sorted(block.flags)} if block.flags else {}
        raw = {"raw": block.raw} if block.raw is not None else {}
        return {"type": "para", "text": block.text} | _place(block.page, block.line) | raw | flags
    return _table(block)


def _place(page: int | None, line: int | None) -> dict[str, Any]:
    return {"page": page} | ({"line": line} if line is not None else {})


def _table(table: Table) -> dict[str, Any]:
    units = {"column_units": list(table.column_units)} if any(table.column_units) else {}
    line = {"line": table.line} if table.line is not None else {}
    flags = {"flags": sorted(table.flags)} if table.flags else {}
    heads = {"label_heads": list(table.label_heads)} if any(table.label_heads) else {}
    return {
        "type": "table",
        "id": table.id,
        "no": table.number,
        "title": table.title,
        "unit": table.unit,
        "section": list(table.section),
        "pages": list(table.pages),
        "columns": [list(path) for path in table.columns],
        "rows": [_row(table, n) for n in range(len(table.rows))],
        "note": table.note,
    } | heads | units | line | flags  # fmt: skip


def _row(table: Table, number: int) -> dict[str, Any]:
    row = table.rows[number]
    cells = {"label": list(row.label), "code": row.code} | _place(row.page, row.line) | {"cells": [c.text for c in row.cells]}
    flags = {str(n): sorted(c.flags) for n, c in enumerate(row.cells) if c.flags}
    return cells | ({"flags": flags} if flags else {})
