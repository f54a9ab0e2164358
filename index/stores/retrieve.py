"""Dense and lexical retrieval over the chunks, fused: llama-index nodes, stores and retrievers.

Import this module only where a search is about to run (see vectors.py). Documents are chosen before searching, never
after, so that a small document among many still gives its ``k`` best passages.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import BaseRetriever, QueryFusionRetriever
from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery

from index.domain import Chunk, Hit
from index.embed import Embedder
from index.stores import vectors
from index.stores.figures import FigureStore
from index.stores.lexical import LexicalIndex

# Each leg hands so many candidates to the fusion: its scores are scaled by the best and the worst of them.
CANDIDATES_PER_HIT = 4
LEAST_CANDIDATES = 20
KEPT_QUERIES = 256


def chunk_to_node(chunk: Chunk) -> TextNode:
    """The id in the metadata keeps nodes of equal text in two documents apart (fusion merges by content)."""
    return TextNode(id_=chunk.id, text=chunk.text, metadata={"chunk": chunk.id})


class Leg(BaseRetriever):  # type: ignore[misc]
    """One way of finding chunks among ``places`` (all where None); remembers what it found, as the fused list no longer tells."""

    def __init__(self, searcher: Searcher, places: Sequence[int] | None, k: int) -> None:
        super().__init__()
        self.searcher, self.places, self.k = searcher, places, k
        self.found: set[str] = set()

    def find(self, text: str) -> list[tuple[int, float]]:
        raise NotImplementedError

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        pairs = self.find(query_bundle.query_str)
        nodes = [NodeWithScore(node=self.searcher.nodes[place], score=score) for place, score in pairs]
        self.found = {node.node.node_id for node in nodes}
        return nodes


class DenseLeg(Leg):
    """Nearest by meaning."""

    def find(self, text: str) -> list[tuple[int, float]]:
        embedding: Any = self.searcher.embed(text)
        ids: Any = self.places  # numbers, not strings: the store makes one int64 array of them
        found = self.searcher.store.query(VectorStoreQuery(embedding, similarity_top_k=self.k, node_ids=ids))
        return [(int(n), score) for n, score in zip(found.ids or [], found.similarities or [], strict=True)]


class LexicalLeg(Leg):
    """Best by words."""

    def find(self, text: str) -> list[tuple[int, float]]:
        return self.searcher.words.search(text, self.k, self.places)


class Queries:
    """Vectors of questions; those of the last ``KEPT_QUERIES`` are kept. Not for several threads at once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._kept: OrderedDict[str, Any] = OrderedDict()

    def __call__(self, text: str) -> Any:
        self.ahead([text])
        self._kept.move_to_end(text)
        return self._kept[text]

    def ahead(self, texts: Sequence[str]) -> None:
        """Work out all that are not kept, in one go; of more than can be kept, the first ones."""
        new = [text for text in dict.fromkeys(texts) if text not in self._kept][:KEPT_QUERIES]
        if not new:
            return
        self._kept.update(zip(new, self._embedder.queries(new), strict=True))
        while len(self._kept) > KEPT_QUERIES:
            self._kept.popitem(last=False)


class Searcher:
    """The searchable state of one generation of a store."""

    def __init__(self, folder: Path, records: FigureStore, embedder: Embedder, dense_weight: float) -> None:
        generation = records.generation()
        self.chunks = records.chunks()
        self.nodes = [chunk_to_node(chunk) for chunk in self.chunks]
        self.store = vectors.load(folder, generation, len(self.chunks)) or vectors.rows_to_store(records.vectors())
        self.words = LexicalIndex([chunk.embed_text for chunk in self.chunks])
        self.embed = Queries(embedder)
        self._weights = [dense_weight, 1 - dense_weight]
        self._places = {doc_id: self._places_of(doc_id) for doc_id in {chunk.doc_id for chunk in self.chunks}}
        self._by_id = {chunk.id: chunk for chunk in self.chunks}
        self._no_model = MockLLM()  # the fusion asks for a model although it makes no further queries

    def _places_of(self, doc_id: str) -> list[int]:
        return [n for n, chunk in enumerate(self.chunks) if chunk.doc_id == doc_id]

    def search(self, text: str, k: int, doc_ids: Sequence[str] | None = None) -> list[Hit]:
        """See ``Index.search``."""
        places = None if doc_ids is None else [n for doc_id in doc_ids for n in self._places.get(doc_id, [])]
        if not text.strip() or not self.chunks or places == []:
            return []
        wide = max(LEAST_CANDIDATES, k * CANDIDATES_PER_HIT)
        legs = [DenseLeg(self, places, wide), LexicalLeg(self, places, wide)]
        fusion = QueryFusionRetriever(
            legs,
            llm=self._no_model,
            mode=FUSION_MODES.RELATIVE_SCORE,
            similarity_top_k=k,
            num_queries=1,
            use_async=False,
            retriever_weights=self._weights,
        )
        names = {(True, True): "both", (True, False): "dense", (False, True): "lexical"}
        return [
            Hit(self._by_id[n.node.node_id], float(n.score or 0.0), names[n.node.node_id in legs[0].found, n.node.node_id in legs[1].found])
            for n in fusion.retrieve(text)
        ]
