"""llama-index's default pipeline over the same documents: the only module of ``eval`` that knows it, and only inside calls.

Pages as plain text, SentenceSplitter as it comes (1,024 tokens), an in-memory vector index, the same embedder as the
assistant's; with a model, the default question-answering prompt over the default number of passages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.domain import Document, Heading, Para
from index.embed import Embedder
from index.errors import BudgetError, require
from index.stores.index import Index

INSTALL = 'pip install -e ".[baseline]"'
CONTEXT_TOKENS = 8192
SECONDS = 120.0  # a model on a slow machine may take as long for one answer


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as the pipeline found it; ``page`` is None for files without pages."""

    doc: str
    page: int | None
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Model:
    """An OpenAI-compatible server."""

    url: str
    name: str
    key: str = "none"


class Pipeline:
    """Built once over all documents of a store; raises BudgetError where a part is missing or the model does not answer."""

    def __init__(self, index: Index, embedder: Embedder, model: Model | None = None) -> None:
        from llama_index.core import VectorStoreIndex
        from llama_index.core.node_parser import SentenceSplitter
        from llama_index.core.schema import Document as Text
        from llama_index.core.schema import MetadataMode

        infos = index.documents()
        pages = [(info.doc_id, page, text) for info in infos for page, text in document_to_pages(index, info.doc_id) if text.strip()]
        whole = [Text(text=text, metadata={"doc": doc, "page": page}) for doc, page, text in pages]
        nodes = SentenceSplitter().get_nodes_from_documents(whole)
        vectors = embedder.passages([node.get_content(MetadataMode.EMBED) for node in nodes])
        for node, vector in zip(nodes, vectors, strict=True):
            node.embedding = [float(x) for x in vector]
        self.passages = len(nodes)
        self._index = VectorStoreIndex(nodes, embed_model=_embedding(embedder))
        self._engine = self._index.as_query_engine(llm=_llm(model)) if model else None

    def find(self, question: str, k: int) -> list[Passage]:
        return [_node_to_passage(found) for found in self._index.as_retriever(similarity_top_k=k).retrieve(question)]

    def answer(self, question: str) -> tuple[str, list[Passage]]:
        """The model's text and the passages it was given."""
        assert self._engine is not None, "no model"
        try:
            response = self._engine.query(question)
        except Exception as error:  # whatever the SDK raises for a server that is off, slow or wrong
            reason = f"{type(error).__name__}：{' '.join(str(error).split())[:200]}"
            raise BudgetError(f"模型没有回答（{reason}）：请检查 --llm-url 和 --llm-model") from error
        return str(response.response or ""), [_node_to_passage(found) for found in response.source_nodes]


def document_to_pages(index: Index, doc_id: str) -> Iterable[tuple[int | None, str]]:
    """The text of every page as PDFium reads it; of the parsed document where the file is no PDF, or no longer there."""
    path = Path(index.source(doc_id))
    if path.suffix.lower() == ".pdf" and path.is_file():
        import pypdfium2

        with pypdfium2.PdfDocument(path) as pdf:
            return [(number, page.get_textpage().get_text_range()) for number, page in enumerate(pdf, 1)]
    return [(None, _plain(index.document(doc_id)))]


def _plain(document: Document) -> str:
    if document.lines:
        return "\n".join(line.text for line in document.lines)
    lines = []
    for block in document.blocks:
        if isinstance(block, Heading | Para):
            lines.append(block.text)
        else:
            lines += [block.name, *(" ".join([*row.label, *(cell.text or "" for cell in row.cells)]) for row in block.rows)]
    return "\n".join(lines)


def _node_to_passage(found: Any) -> Passage:
    return Passage(found.node.metadata["doc"], found.node.metadata["page"], found.node.get_content(), float(found.score or 0))


def _embedding(embedder: Embedder) -> Any:
    from llama_index.core.embeddings import BaseEmbedding

    class SameEmbedding(BaseEmbedding):  # type: ignore[misc]
        def _get_text_embedding(self, text: str) -> list[float]:
            return [float(x) for x in embedder.passages([text])[0]]

        def _get_query_embedding(self, query: str) -> list[float]:
            return [float(x) for x in embedder.query(query)]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

    return SameEmbedding(model_name=embedder.name)


def _llm(model: Model) -> Any:
    require("llama_index.llms.openai_like", "向模型提问", INSTALL)
    from llama_index.llms.openai_like import OpenAILike

    options: dict[str, Any] = {"is_chat_model": True, "context_window": CONTEXT_TOKENS, "temperature": 0.0, "max_retries": 1}
    return OpenAILike(model=model.name, api_base=model.url, api_key=model.key, timeout=SECONDS, **options)


def texts(passages: Sequence[Passage]) -> list[str]:
    return [passage.text for passage in passages]
