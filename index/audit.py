"""Where a document disagrees with itself, or with its own other half: findings for people, each with its places.

Failed proofs become findings; so do statements that no arithmetic covers (``index.statements``). Differences that
rounding explains are findings of their own, marked ``rounding``, so that they can be shown apart or left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

from index.domain import Document, Figure, Kind, Measure, Origin, Proof
from index.findings import Finding, Place, figure_place
from index.identity import body_key
from index.statements import statement_findings
from index.sums import to_grids
from index.texttables import text_table_proofs

PLACES = 8  # a sum of many parts shows its total and the first parts
_KINDS = {"tree": "sum", "balance": "sum", "funds": "sum", "basic_project": "sum", "change": "sum"}

Parsed = tuple[Document, Sequence[Figure], Sequence[Proof]]


def audit(document: Document, figures: Sequence[Figure], proofs: Sequence[Proof]) -> list[Finding]:
    """All findings of one document: contradictions first, rounding differences last."""
    place = _placer((document, figures))
    found = [_to_finding(document.doc_id, proof, place) for proof in proofs if not proof.held]
    found += statement_findings(document, figures)
    found += [_to_finding(document.doc_id, proof, place) for proof in proofs if proof.rounding and proof.kind in {"sum", *_KINDS}]
    return found


def audit_documents(parsed: Sequence[Parsed]) -> list[Finding]:
    """Contradictions between two files of one body and year: narrative and tables, department and unit."""
    found: list[Finding] = []
    for one, other in combinations(parsed, 2):
        a, b = one[0], other[0]
        if not a.department or a.year is None or (body_key(a.department), a.year) != (body_key(b.department), b.year):
            continue
        if a.kind is b.kind:
            found += _halves(one, other) + _halves(other, one)
        elif {a.kind, b.kind} in ({Kind.DEPARTMENT_BUDGET, Kind.UNIT_BUDGET}, {Kind.DEPARTMENT_FINAL, Kind.UNIT_FINAL}):
            found += _twins(one, other)
    return found


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """The finding as the command line prints it; a place is a citation."""
    return {
        "doc": finding.doc,
        "kind": finding.kind,
        "message": finding.message,
        "difference": None if finding.difference is None else float(finding.difference),
        "unit": finding.unit,
        "rounding": finding.rounding,
        "places": [_place_to_json(n, place) for n, place in enumerate(finding.places, 1)],
    }


def places_in_words(finding: Finding) -> str:
    """「（第 16 页 表5 项目支出总表；第 6 页 第七部分 …）」: where to look, for a line of text."""
    words = []
    for place in finding.places[:2]:
        source = place.source
        where = f"第 {source.page} 页" if source.page is not None else f"第 {source.line} 行" if source.line is not None else ""
        words.append(f"{place.doc if place.doc != finding.doc else ''} {where} {place.table or ''.join(place.section[-1:])}".strip())
    return f"（{'；'.join(dict.fromkeys(words))}）" if words else ""


def _place_to_json(n: int, place: Place) -> dict[str, Any]:
    source = place.source
    citation: dict[str, Any] = {
        "n": n,
        "doc": place.doc,
        "title": place.title,
        "page": source.page,
        "section": " > ".join(place.section) or None,
        "table": place.table,
        "row": list(place.row),
        "column": list(place.column),
        "quote": place.quote,
        "bbox": None if source.bbox is None else [round(x, 1) for x in source.bbox],
    }
    return citation if source.page is not None or source.line is None else {**citation, "line": source.line}


def _placer(*pairs: tuple[Document, Sequence[Figure]]) -> Callable[[str], Place | None]:
    places: Mapping[str, tuple[Document, Figure]] = {f.id: (document, f) for document, figures in pairs for f in figures}

    def place(figure_id: str) -> Place | None:
        found = places.get(figure_id)
        return figure_place(*found) if found else None

    return place


def _to_finding(doc: str, proof: Proof, place: Callable[[str], Place | None]) -> Finding:
    places = tuple(found for figure_id in proof.figures[:PLACES] if (found := place(figure_id)))
    words = f"{proof.message}（尾数误差）" if proof.rounding else proof.message
    difference = None if proof.difference is None else abs(proof.difference)
    unit = "个百分点" if proof.kind == "rate" else proof.unit
    return Finding(doc, _KINDS.get(proof.kind, proof.kind), words, difference, unit, proof.rounding, places, proof.figures, proof.expected)


def _halves(narrative: Parsed, tables: Parsed) -> list[Finding]:
    """The sentences of one file against the tables of the other, where the first has none of its own."""
    document, figures, _ = narrative
    if any(t.number or t.unit for t in document.tables):
        return []
    prose = [f for f in figures if f.origin is Origin.PROSE and f.value is not None]
    proofs = text_table_proofs(document, to_grids(tables[0], tables[1]), prose)
    place = _placer((document, figures), (tables[0], tables[1]))
    return [_to_finding(document.doc_id, proof, place) for proof in proofs if not proof.held]


def _twins(one: Parsed, other: Parsed) -> list[Finding]:
    """An item with the same budget and the same growth in both twins, but another figure for the year before."""
    found = []
    theirs = _by_item(other)
    for item, mine in _by_item(one).items():
        yours = theirs.get(item)
        if not yours or any(key not in side for key in ("this", "last", "rate") for side in (mine, yours)):
            continue
        same = all(mine[key].value == yours[key].value and mine[key].unit == yours[key].unit for key in ("this", "rate"))
        a, b = mine["last"], yours["last"]
        if same and a.unit == b.unit and a.value is not None and b.value is not None and a.value != b.value:
            message = f"“{item[-1]}”的预算和增幅两份文件相同，上年数却不同：{a.raw}，{b.raw}"
            places = (figure_place(one[0], a), figure_place(other[0], b))
            found.append(Finding(one[0].doc_id, "text_text", message, abs(a.value - b.value), a.unit, False, places, (a.id, b.id)))
    return found


def _by_item(parsed: Parsed) -> dict[tuple[str, ...], dict[str, Figure]]:
    document, figures, _ = parsed
    items: dict[tuple[str, ...], dict[str, Figure]] = {}
    for f in figures:
        if f.origin is not Origin.PROSE or f.value is None or len(f.row_path) < 2:
            continue
        key = "rate" if f.measure is Measure.RATE else "this" if f.year == document.year else "last"
        if f.measure in (Measure.AMOUNT, Measure.RATE):
            items.setdefault(f.row_path, {}).setdefault(key, f)
    return items
