"""The audit page: each contradiction with the places of both sides as pictures beside each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from assistant.web.markup import render
from assistant.web.texts import Texts
from index.audit import audit, audit_documents
from index.domain import DocumentInfo
from index.errors import BudgetError
from index.findings import Finding, Place
from index.lineview import place_to_excerpt
from index.stores.index import Index

MOST_SIDES = 4
ALL = "*"
FEW = 12  # documents that are looked through unasked


def audit_to_html(index: Index, infos: Sequence[DocumentInfo], wanted: str, texts: Texts) -> str:
    """The findings of one of ``infos``, with those between it and others of its body and year, below a list to pick from.

    ``wanted`` is its id, or ``ALL``; where it is empty, a few documents are looked through, and of many none is.
    Raises BudgetError for a document that is not among them.
    """
    if wanted not in ("", ALL, *(info.doc_id for info in infos)):
        raise BudgetError(f"没有这份文件：{wanted}。它可能已被移除")
    wanted = wanted or (ALL if len(infos) <= FEW else "")
    found = [_finding(index, f) for f in find(index, infos, None if wanted == ALL else wanted)] if wanted else []
    real, roundings = ([f for f in found if f["rounding"] is flag] for flag in (False, True))
    return render("audit", texts, infos=infos, wanted=wanted, all=ALL, real=real, roundings=roundings)


def find(index: Index, infos: Sequence[DocumentInfo], doc_id: str | None) -> list[Finding]:
    wanted = [info for info in infos if doc_id in (None, info.doc_id)]
    years = {info.year for info in wanted}
    near = [info.doc_id for info in infos if info in wanted or info.year in years]
    parsed = {id: (index.document(id), index.figures(id), index.proofs(id)) for id in near}
    found = [finding for info in wanted for finding in audit(*parsed[info.doc_id])]
    ids = {info.doc_id for info in wanted}
    return found + [f for f in audit_documents(list(parsed.values())) if any(place.doc in ids for place in f.places)]


def _finding(index: Index, finding: Finding) -> dict[str, Any]:
    sides = [_side(index, place) for place in finding.places[:MOST_SIDES]]
    return {
        "message": finding.message,
        "difference": finding.difference,
        "unit": finding.unit,
        "rounding": finding.rounding,
        "sides": sides,
    }


def _side(index: Index, place: Place) -> dict[str, Any]:
    source = place.source
    where = f"第{source.page}页" if source.page else f"第{source.line}行" if source.line else ""
    words = (where, place.table or (place.section[-1] if place.section else ""), " › ".join(place.row))
    data = {
        "doc": place.doc,
        "title": place.title,
        "page": source.page,
        "line": source.line,
        "bbox": source.bbox,
        "quote": place.quote,
        "column": place.column,
    }
    side: dict[str, Any] = {
        "title": place.title,
        "quote": place.quote,
        "words": "，".join(word for word in words if word),
        "place": json.dumps(data, ensure_ascii=False),
        "picture": "",
        "excerpt": None,
    }
    document = index.document(place.doc)
    if source.page and source.bbox and document.file_name.lower().endswith(".pdf"):
        box = ",".join(f"{v:.2f}" for v in source.bbox)
        side["picture"] = f"ui/crop/{quote(place.doc, safe='')}/{source.page}.png?box={box}"
    elif source.line:
        try:
            side["excerpt"] = place_to_excerpt(document, source.line, source.page, place.quote, place.column)
        except BudgetError:
            side["words"] += "（原处打不开）"
    return side
