"""The Index: all that the assistant sees of a store.

Opening it and looking figures up needs the standard library alone; FAISS, the embedder and the word index load with
the first ``search``. Values are cached per document and follow another process's changes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from index.chunks import document_to_sections
from index.domain import Document, DocumentInfo, Figure, Hit, Proof, Section
from index.settings import IndexSettings, load_settings
from index.stores.figures import FigureStore
from index.stores.manifest import check_manifest

if TYPE_CHECKING:
    from index.embed import Embedder
    from index.stores.retrieve import Searcher

T = TypeVar("T")
DEFAULT_HITS = 8
CACHED_VALUES = 400  # documents, figure lists, … kept in memory


class Index:
    """A store opened for reading; safe to share between threads."""

    def __init__(self, folder: Path, settings: IndexSettings | None = None, embedder: Embedder | None = None) -> None:
        self.folder = folder
        self.settings = settings or load_settings()
        self._embedder = embedder
        self._lock = threading.RLock()
        self._cache: OrderedDict[Hashable, Any] = OrderedDict()
        self._searcher: Searcher | None = None
        self._connect()

    @classmethod
    def open(cls, store: Path | str, settings: IndexSettings | None = None) -> Index:
        """Raises StoreError where there is no store, or one built with other settings."""
        return cls(Path(store), settings)

    def _connect(self) -> None:
        self.id = check_manifest(self.folder, self.settings).index_id
        self._store = FigureStore(self.folder)
        self._inode = self._store.path.stat().st_ino
        self._version = self._store.changes_elsewhere()

    def close(self) -> None:
        self._store.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---------------------------------------------------------------- documents and figures

    def documents(self) -> list[DocumentInfo]:
        return list(self._cached("documents", lambda: self._store.documents()))

    def document(self, doc_id: str) -> Document:
        return self._cached(("document", doc_id), lambda: self._store.document(doc_id))

    def figures(self, doc_id: str) -> tuple[Figure, ...]:
        """In the order of the document. Raises StoreError for an unknown id, as do the next three."""
        return self._cached(("figures", doc_id), lambda: self._store.figures(doc_id))

    def proofs(self, doc_id: str) -> tuple[Proof, ...]:
        return self._cached(("proofs", doc_id), lambda: self._store.proofs(doc_id))

    def source(self, doc_id: str) -> str:
        """The path the document was read from."""
        return self._cached(("source", doc_id), lambda: self._store.source(doc_id))

    def sections(self, doc_id: str) -> tuple[Section, ...]:
        return self._cached(("sections", doc_id), lambda: document_to_sections(self.document(doc_id)))

    def labelled(self, labels: Sequence[str], doc_ids: Sequence[str] | None = None) -> list[Figure]:
        """Figures of any document whose last row label is one of ``labels``, by the database's index."""
        self._refresh()
        return self._store.labelled(labels, doc_ids)

    def row_labels(self) -> list[tuple[str, str]]:
        """(doc_id, last row label) of the whole store, each pair once."""
        return self._cached("row_labels", lambda: self._store.row_labels())

    # ---------------------------------------------------------------- text search

    def search(self, text: str, k: int = DEFAULT_HITS, doc_ids: Sequence[str] | None = None) -> list[Hit]:
        """The ``k`` best chunks by meaning and by words, best first; only of ``doc_ids`` where given (none: no hits)."""
        with self._lock:
            return self._ready_searcher().search(text, k, doc_ids)

    def embed_ahead(self, texts: Sequence[str]) -> None:
        """Work out what searching for these texts needs, all at once, which takes half as long as one by one."""
        with self._lock:
            self._ready_searcher().embed.ahead(texts)

    def _ready_searcher(self) -> Searcher:
        self._refresh()
        if self._searcher is None:
            self._searcher = self._make_searcher()
        return self._searcher

    def _make_searcher(self) -> Searcher:
        from index.embed import make_embedder
        from index.stores.retrieve import Searcher

        self._embedder = self._embedder or make_embedder(self.settings)
        return Searcher(self.folder, self._store, self._embedder, self.settings.dense_weight)

    # ---------------------------------------------------------------- caching

    def _cached(self, key: Hashable, load: Callable[[], T]) -> T:
        with self._lock:
            self._refresh()
            if key in self._cache:
                self._cache.move_to_end(key)
            else:
                self._cache[key] = load()
                while len(self._cache) > CACHED_VALUES:
                    self._cache.popitem(last=False)
            value: T = self._cache[key]
            return value

    def _refresh(self) -> None:
        """Forget what was cached where the store has changed, or was rebuilt in another file."""
        with self._lock:
            try:
                rebuilt = self._store.path.stat().st_ino != self._inode
            except FileNotFoundError:
                rebuilt = True
            if rebuilt:
                self._store.close()
                self._connect()
            elif (version := self._store.changes_elsewhere()) == self._version:
                return
            else:
                self._version = version
            self._cache.clear()
            self._searcher = None
