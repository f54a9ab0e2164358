"""Nearest passages: llama-index's FAISS store, searched within a choice of documents.

Import this module only where a search is about to run or an ingest ends: it loads FAISS and llama-index (1.5 s).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryResult
from llama_index.vector_stores.faiss import FaissVectorStore

PATTERN = "vectors-*.faiss"


class ScopedFaissStore(FaissVectorStore):  # type: ignore[misc]
    """FaissVectorStore that honours ``query.node_ids`` before searching (the original refuses every filter).

    Ids are the vectors' places as strings, as in the original; vectors have length 1 and the index is an inner product,
    so similarities are cosines.
    """

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        index = self.client
        wanted = index.ntotal if query.node_ids is None else len(query.node_ids)
        k = min(query.similarity_top_k, wanted)
        if k == 0:
            return VectorStoreQueryResult(similarities=[], ids=[])
        options: dict[str, Any] = {}
        if query.node_ids is not None:
            places = np.asarray(query.node_ids, dtype="int64")
            options["params"] = faiss.SearchParameters(sel=faiss.IDSelectorBatch(places))  # type: ignore[call-arg]
        vector = np.asarray([query.query_embedding], dtype="float32")
        scores, found = index.search(vector, k, **options)
        pairs = [(float(s), str(n)) for s, n in zip(scores[0], found[0], strict=True) if n >= 0]
        return VectorStoreQueryResult(similarities=[s for s, _ in pairs], ids=[n for _, n in pairs])


def rows_to_store(rows: Sequence[bytes]) -> ScopedFaissStore:
    """A store over float32 rows; exact search, which takes 8 ms over 100,000 passages."""
    matrix = np.stack([np.frombuffer(row, dtype="float32") for row in rows]) if rows else np.zeros((0, 1), dtype="float32")
    index = faiss.IndexFlatIP(matrix.shape[1])
    index.add(matrix)
    return ScopedFaissStore(faiss_index=index)


def save(store: ScopedFaissStore, folder: Path, generation: int) -> None:
    """Written beside its place and renamed; older generations are then removed."""
    temporary = folder / f".vectors.{os.getpid()}"
    store.persist(str(temporary))
    target = folder / f"vectors-{generation}.faiss"
    temporary.replace(target)
    for old in folder.glob(PATTERN):
        if old != target:
            old.unlink(missing_ok=True)


def load(folder: Path, generation: int, count: int) -> ScopedFaissStore | None:
    """The saved store of this generation; None where there is none, or it cannot be what was saved."""
    try:
        index = faiss.read_index(str(folder / f"vectors-{generation}.faiss"))
    except RuntimeError:
        return None
    return ScopedFaissStore(faiss_index=index) if index.ntotal == count else None
