"""Search by itself: at which ranks the gold places stand among the evidence. Pure but for the call of the assistant."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.domain import Citation
from assistant.pipeline import Assistant
from eval.cases import Case, Place
from eval.places import same_place
from index.domain import Chunk
from index.stores.index import Index

DEPTH = 10  # passages looked at
AT_ONCE = 64  # questions embedded together
QUOTED = 240  # characters of a passage that are kept


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage or table that search found; the best one first in a list of them."""

    doc: str
    page: int | None
    line: int | None
    table: str | None
    section: str | None
    quote: str
    score: float
    found_by: str


def find_evidence(assistant: Assistant, index: Index, cases: Sequence[Case]) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    """By question id, the ``DEPTH`` best hits in the documents that an answer would be looked for in."""
    for start in range(0, len(cases), AT_ONCE):
        some = cases[start : start + AT_ONCE]
        wanted = [assistant.to_search(case.question, case.history) for case in some]
        index.embed_ahead([text for text, docs in wanted if docs])
        for case, (text, docs) in zip(some, wanted, strict=True):
            hits = index.search(text, DEPTH, docs) if docs else []
            yield case.id, tuple(_chunk_to_evidence(index, hit.chunk, hit.score, hit.found_by) for hit in hits)


def _chunk_to_evidence(index: Index, chunk: Chunk, score: float, found_by: str) -> Evidence:
    tables = {table.id: table.name for table in index.document(chunk.doc_id).tables} if chunk.table_id else {}
    table, section = tables.get(chunk.table_id or ""), " > ".join(chunk.section) or None
    return Evidence(chunk.doc_id, chunk.page, chunk.line, table, section, chunk.text[:QUOTED], round(score, 4), found_by)


def evidence_marks(sources: Sequence[Place], evidence: Sequence[Evidence]) -> dict[str, float]:
    """``hit1`` … ``hit10``, ``mrr`` and ``ndcg`` (of the first ten); nothing where the gold names no place.

    Each gold place counts where it is found first; the ideal order has all of them at the top.
    """
    if not sources:
        return {}
    cited = [Citation(n, e.doc, "", e.quote, e.page, e.line, e.section, e.table) for n, e in enumerate(evidence[:DEPTH], 1)]
    firsts = [next((c.n for c in cited if same_place(source, c)), None) for source in sources]
    ranks = sorted({rank for rank in firsts if rank is not None})
    best = ranks[0] if ranks else None
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(len(ranks) + firsts.count(None), DEPTH) + 1))
    marks = {f"hit{k}": float(best is not None and best <= k) for k in (1, 3, 5, 10)}
    marks["mrr"] = 1 / best if best else 0.0
    marks["ndcg"] = sum(1 / math.log2(rank + 1) for rank in ranks) / ideal
    return marks
