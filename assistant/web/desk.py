"""The assistant behind the page: opened when there is something to open, warmed up in the background, asked through the gate.

A figure is found without the parts that search by meaning. A question that does need them before they are loaded waits
by itself, so that nobody else does.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.access.domain import Principal
from index.domain import DocumentInfo, Hit
from index.errors import BudgetError, StoreError
from index.stores.index import DEFAULT_HITS, Index

if TYPE_CHECKING:
    from assistant.access.gate import Gate
    from assistant.access.store import AccessStore
    from assistant.domain import Answer
    from index.embed import Embedder

CHANNEL = "web"
FIRST_QUESTIONS = 3.0  # seconds that loading the search leaves to them
PATIENCE = 120.0  # seconds a question waits for the search parts
INTERNAL = "内部错误，没有得到答案；详情见服务器的日志"


class NotWarm(Exception):
    """The search by meaning is still loading."""


class PatientIndex(Index):
    """An Index whose search never loads anything while others wait for its lock."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.warm = threading.Event()
        self._wanted = threading.Event()
        self.trouble = ""

    @property
    def embedder(self) -> Embedder | None:
        return self._embedder

    def search(self, text: str, k: int = DEFAULT_HITS, doc_ids: Sequence[str] | None = None) -> list[Hit]:
        if not self.warm.is_set():
            self._wanted.set()
            raise NotWarm
        if self.trouble:
            raise BudgetError(self.trouble)
        return super().search(text, k, doc_ids)

    def warm_up(self) -> None:
        """Load what searching needs, without the lock; a failure is told by the searches that follow.

        The first questions after the start go first, unless one of them searches.
        """
        self._wanted.wait(FIRST_QUESTIONS)
        try:
            searcher = self._make_searcher()
            searcher.search("预算", 1)
            with self._lock:
                self._searcher = searcher
        except BudgetError as error:
            self.trouble = str(error)
        except Exception:
            logging.exception("warming up failed")
            self.trouble = "检索部件没有载入，暂时只能查表中的数字；详情见服务器的日志"
        finally:
            self.warm.set()


class Desk:
    """One store, for all visitors and threads."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._gate: Gate | None = None
        self._index: PatientIndex | None = None
        self._access: AccessStore | None = None

    def access(self) -> AccessStore:
        """Users and rights, which may be there before any document is. Raises StoreError where the folder cannot be used."""
        with self._lock:
            return self._open_access()

    def _open_access(self) -> AccessStore:
        if self._access is None:
            from assistant.access.store import AccessStore

            try:
                self.store.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(f"索引文件夹 {self.store} 不能写（{error.strerror}）：请换一个 --store") from None
            self._access = AccessStore(self.store)
        return self._access

    def gate(self) -> Gate:
        """Raises StoreError where there is no usable store (yet)."""
        with self._lock:
            if self._gate is None:
                from assistant.access.gate import Gate
                from assistant.access.log import AuditLog

                self._index = PatientIndex(self.store)
                self._gate = Gate(self._index, self._open_access(), AuditLog(self.store))
                threading.Thread(target=self._index.warm_up, name="warm-up", daemon=True).start()
            return self._gate

    def index(self) -> PatientIndex:
        self.gate()
        assert self._index is not None
        return self._index

    def embedder(self) -> Embedder | None:
        """The one that answers questions, where there is one yet."""
        return None if self._index is None else self._index.embedder

    @property
    def warm(self) -> bool:
        return self._index is not None and self._index.warm.is_set()

    def close(self) -> None:
        with self._lock:
            if self._gate is not None:
                self._gate.close()
            elif self._access is not None:
                self._access.close()
            self._gate = self._index = self._access = None

    def documents(self, principal: Principal) -> list[DocumentInfo]:
        """What somebody may read; nothing where there is no store yet. Raises StoreError where it is unusable."""
        from index.stores.manifest import read_manifest

        if self._gate is None and read_manifest(self.store) is None:
            return []
        return self.gate().documents(principal)

    def ask(
        self,
        principal: Principal,
        question: str,
        history: Sequence[Mapping[str, str]] = (),
        on_wait: Callable[[], None] | None = None,
    ) -> Answer:
        """Raises BudgetError with one line for people, whatever went wrong. ``on_wait`` is called where search is still loading."""
        try:
            return self._ask(principal, question, history, on_wait)
        except BudgetError:
            raise
        except Exception:
            logging.exception("question failed")
            raise BudgetError(INTERNAL) from None

    def _ask(self, principal: Principal, question: str, history: Sequence[Mapping[str, str]], on_wait: Callable[[], None] | None) -> Answer:
        from index.stores.manifest import read_manifest

        if self._gate is None and read_manifest(self.store) is None:
            raise BudgetError("还没有收录任何文件：请先在“文件”页上传，或运行 assistant ingest 文件或文件夹")
        gate = self.gate()
        try:
            return gate.ask(principal, question, history, CHANNEL)
        except NotWarm:
            if on_wait:
                on_wait()
            if not self.index().warm.wait(PATIENCE):
                raise BudgetError("检索部件还在载入：请稍后再问") from None
            return gate.ask(principal, question, history, CHANNEL)
