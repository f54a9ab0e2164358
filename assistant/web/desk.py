"""The assistant behind the page: opened when there is something to open, warmed up in the background, asked through the gate.

A figure is found without the parts that search by meaning. A question that does need them before they are loaded waits
by itself, so that nobody else does; where they cannot be loaded it is told so, and somebody may have them loaded again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

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
SearchState = Literal["loading", "ready", "offline"]
INTERNAL = "内部错误，没有得到答案；详情见服务器的日志"


class NotWarm(Exception):
    """The search by meaning is still loading."""


class SearchOffline(BudgetError):
    """The search by meaning cannot be loaded; the text is the reason."""


class PatientIndex(Index):
    """An Index whose search never loads anything while others wait for its lock."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.warm = threading.Event()
        self._wanted = threading.Event()
        self._again = threading.Lock()
        self.trouble = ""

    @property
    def embedder(self) -> Embedder | None:
        return self._embedder

    def search(self, text: str, k: int = DEFAULT_HITS, doc_ids: Sequence[str] | None = None) -> list[Hit]:
        trouble = self.trouble  # before looking at ``warm``: loading again takes them back in the other order
        if not self.warm.is_set():
            self._wanted.set()
            raise NotWarm
        if trouble:
            raise SearchOffline(trouble)
        return super().search(text, k, doc_ids)

    @property
    def state(self) -> SearchState:
        if not self.warm.is_set():
            return "loading"
        return "offline" if self.trouble else "ready"

    def warm_up(self) -> None:
        """Load what searching needs, without the lock; a failure is told by the searches that follow.

        The first questions after the start go first, unless one of them searches.
        """
        self._wanted.wait(FIRST_QUESTIONS)
        self._load()

    def reload(self) -> None:
        """Try again in the background where loading has failed; nothing where it is under way, or has succeeded."""
        with self._again:
            if self.state != "offline":
                return
            self.warm.clear()
            self.trouble = ""
        threading.Thread(target=self._load, name="warm-up", daemon=True).start()

    def _load(self) -> None:
        try:
            searcher = self._make_searcher()
            searcher.search("预算", 1)
            with self._lock:
                self._searcher = searcher
        except BudgetError as error:
            self.trouble = str(error)
        except Exception:
            logging.exception("warming up failed")
            self.trouble = "检索部件载入时出了内部错误：详情见服务器的日志"
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
    def search_state(self) -> SearchState:
        """Of no store at all: ready, as nothing has to be loaded for it."""
        if self._index is not None:
            return self._index.state
        return "loading" if is_store(self.store) else "ready"

    @property
    def search_trouble(self) -> str:
        """Why the search is offline."""
        return self._index.trouble if self._index is not None else ""

    def reload_search(self) -> None:
        if self._index is not None:
            self._index.reload()

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
        end = time.monotonic() + PATIENCE
        while True:  # somebody may have it loaded again in between
            try:
                return gate.ask(principal, question, history, CHANNEL)
            except NotWarm:
                if on_wait:
                    on_wait()
                if not self.index().warm.wait(max(0.0, end - time.monotonic())):
                    raise BudgetError("检索部件还在载入：请稍后再问") from None


def is_store(folder: Path) -> bool:
    """Whether there is something to open; a damaged store is, too: opening it tells what is wrong."""
    from index.stores.manifest import read_manifest

    try:
        return read_manifest(folder) is not None
    except StoreError:
        return True
