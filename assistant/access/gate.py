"""The one door through which every channel asks: rights before retrieval, rights again before citing, a line in the log.

    channel --authenticate--> Principal --Gate.ask--> Answer (its id names its line in the log)

An ``Assistant`` needs no rule: it is given a store in which only the readable documents exist, and one is kept for each
set of readable documents that is in use.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from assistant.access.credentials import read_front_end, read_session, sign_session
from assistant.access.domain import LOCAL, Kind, NotRecognised, Principal, Scope, TooMany
from assistant.access.limits import Limiter, Rates
from assistant.access.log import QUESTION, REFUSED, Asked, AuditLog, new_id
from assistant.access.store import AccessStore
from assistant.access.visible import visible
from assistant.domain import Answer, Refusal, Status, answer_to_json
from assistant.lexicon import Lexicon, load_lexicon
from assistant.pipeline import Assistant
from index.domain import DocumentInfo
from index.errors import BudgetError
from index.stores.index import Index

KEPT_ASSISTANTS = 8  # each keeps what it prepared of up to 64 documents
FRONT_END = "openwebui"  # the channel of identities that a chat front end names
LONGEST_HISTORY = 20  # earlier turns handed on
WITHDRAWN = "这个问题涉及的文件现在不能查阅。"
WARM_SECONDS = 20.0  # after which no further set of documents is prepared
WARM_QUESTION = "三公经费预算多少"  # names no body: every document is looked into
logger = logging.getLogger("assistant.access")


@dataclass
class _Kept:
    assistant: Assistant
    lock: threading.Lock = field(default_factory=threading.Lock)


class Gate:
    """Safe to share between threads."""

    def __init__(self, index: Index, access: AccessStore, log: AuditLog, rates: Rates | None = None) -> None:
        self.index = index
        self.access = access
        self.log = log
        self.limiter = Limiter(rates)
        self._lexicon: Lexicon = load_lexicon()
        self._lock = threading.Lock()
        self._kept: OrderedDict[frozenset[str] | None, _Kept] = OrderedDict()
        self._seen: tuple[object, str] = (None, "")

    @classmethod
    def open(cls, store: Path | str, rates: Rates | None = None) -> Gate:
        """Raises StoreError where there is no usable store."""
        folder = Path(store)
        return cls(Index.open(folder), AccessStore(folder), AuditLog(folder), rates)

    def close(self) -> None:
        self.index.close()
        self.access.close()
        self.log.close()

    def warm_up(self, seconds: float = WARM_SECONDS) -> None:
        """Prepare what the first questions would wait for: the documents as most users see them, and the search by meaning."""
        end = time.monotonic() + seconds
        if not self.index.documents():
            return
        people = [LOCAL] if self.access.open else [p for p in self.access.principals() if p.active and p.kind is not Kind.GROUP]
        for readable, _ in Counter(self.readable(person) for person in people).most_common(KEPT_ASSISTANTS):
            if time.monotonic() < end:
                self._assistant(readable).assistant.ask(WARM_QUESTION)
        try:
            self.index.search(WARM_QUESTION, 1)
        except BudgetError as error:
            logger.warning("search by meaning is not to be had: %s", error)

    # ---------------------------------------------------------------- who it is

    def by_token(self, text: str | None, channel: str = "api", address: str = "") -> tuple[Principal, frozenset[Scope]]:
        """Whose token, and what it may be used for. While access is open, anybody, for anything but naming others.

        Raises NotRecognised; what was tried is in the log, without the token.
        """
        if self.access.open:
            return LOCAL, frozenset(Scope) - {Scope.GATEWAY}
        try:
            if not text:
                raise NotRecognised("需要令牌")
            owner, token = self.access.by_token(text)
        except NotRecognised as error:
            self._refused("", channel, address, str(error))
            raise
        return owner, token.scopes

    def login(self, name: str, password: str, address: str = "", channel: str = "web") -> Principal:
        """Raises NotRecognised, or TooMany after some wrong passwords for one account or from one address."""
        self.limiter.hit("login_account", name.casefold()[:64])
        self.limiter.hit("login_address", address)
        try:
            return self.access.by_password(name, password)
        except NotRecognised as error:
            self._refused(name[:64], channel, address, str(error))
            raise

    def session(self, principal: Principal) -> str:
        """The value of a session cookie (to be sent HttpOnly, SameSite=Lax, Secure)."""
        epoch = self.access.epoch(principal.name)
        if epoch is None:
            raise NotRecognised("登录已失效：请重新登录")
        return sign_session(principal.name, epoch, self.access.key())

    def by_session(self, cookie: str) -> Principal:
        """Raises NotRecognised where the session is over: too old, password changed, user switched off, not ours."""
        name, epoch = read_session(cookie, self.access.key())
        if self.access.epoch(name) != epoch:
            raise NotRecognised("登录已失效：请重新登录")
        return self.access.principal(name)

    def by_identity(self, channel: str, external: str, request: Mapping[str, str] | None = None) -> Principal:
        """Who writes under this id in a chat tool. Raises NotRecognised, which is logged."""
        try:
            return self.access.by_identity(channel, external)
        except NotRecognised as error:
            self._refused(external, channel, "", str(error), request)
            raise

    def by_front_end(self, statement: str, key: str) -> Principal:
        """The user whom a chat front end names in a signed statement. Raises NotRecognised."""
        return self.by_named(read_front_end(statement, key))

    def by_named(self, names: Sequence[str]) -> Principal:
        """The user whom a trusted front end names, by the first id or mail address that is known. Raises NotRecognised."""
        for name in names:
            try:
                return self.access.by_identity(FRONT_END, name)
            except NotRecognised:
                continue
        self._refused(" ".join(names)[:200], FRONT_END, "", "前端转来的用户没有开通")
        raise NotRecognised("您还没有开通：请联系管理员")

    def _refused(self, who: str, channel: str, address: str, reason: str, request: Mapping[str, str] | None = None) -> None:
        with suppress(TooMany):  # a flood of them does not fill the disk
            self.limiter.hit("refused", f"{channel} {address}")
            self.log.add(REFUSED, who, channel, {"address": address, "reason": reason, "request": dict(request or {})})

    # ---------------------------------------------------------------- what is there for somebody

    def readable(self, principal: Principal) -> frozenset[str] | None:
        """The ids of the documents that somebody may read; None for all of them, whatever comes."""
        if principal.admin and principal.active:
            return None
        return self.access.readable(principal, [info.doc_id for info in self.index.documents()])

    def may_read(self, principal: Principal, doc_id: str) -> bool:
        readable = self.readable(principal)
        return any(info.doc_id == doc_id for info in self.index.documents()) if readable is None else doc_id in readable

    def documents(self, principal: Principal) -> list[DocumentInfo]:
        readable = self.readable(principal)
        return [info for info in self.index.documents() if readable is None or info.doc_id in readable]

    # ---------------------------------------------------------------- asking

    def ask(
        self,
        principal: Principal,
        question: str,
        history: Sequence[Mapping[str, str]] = (),
        channel: str = "",
        request: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer from what the principal may read; its ``id`` names its line in the log. Limits are the channel's affair."""
        question = whole(question)
        turns = [{"role": str(turn.get("role", "")), "content": whole(str(turn.get("content", "")))} for turn in history][-LONGEST_HISTORY:]
        readable = self.readable(principal)
        kept = self._assistant(readable)
        with kept.lock:
            answer = kept.assistant.ask(question, turns)
        answer = replace(self._citable(principal, answer), id=new_id())
        self._record(principal, answer, turns, channel, request or {}, readable)
        return answer

    def try_out(self, principal: Principal, question: str) -> Answer:
        """The answer to a question that nobody asked (an example on a page): no line in the log, no id."""
        kept = self._assistant(self.readable(principal))
        with kept.lock:
            return kept.assistant.ask(question)

    def _assistant(self, readable: frozenset[str] | None) -> _Kept:
        with self._lock:
            kept = self._kept.get(readable)
            if kept is None:
                source = self.index if readable is None else visible(self.index, readable)
                kept = self._kept[readable] = _Kept(Assistant(source, self._lexicon))
                while len(self._kept) > KEPT_ASSISTANTS:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(readable)
            return kept

    def _citable(self, principal: Principal, answer: Answer) -> Answer:
        """The answer, unless a right to one of its places was withdrawn while it was being found."""
        cited = {citation.doc for citation in answer.citations}
        readable = self.readable(self.access.find(principal.name) or principal)
        if readable is None or cited <= readable:
            return answer
        return Answer(answer.question, Status.REFUSED, WITHDRAWN, refusal=Refusal.NOT_INDEXED, elapsed_ms=answer.elapsed_ms)

    def _record(
        self,
        principal: Principal,
        answer: Answer,
        history: Sequence[Mapping[str, str]],
        channel: str,
        request: Mapping[str, str],
        readable: frozenset[str] | None,
    ) -> None:
        infos = {info.doc_id: info.sha256 for info in self.index.documents()}
        asked = Asked(
            question=answer.question,
            history=history,
            answer=answer_to_json(answer),
            understood=answer.trace,
            documents={c.doc: infos.get(c.doc, "") for c in answer.citations},
            visible=self._remember({doc: sha for doc, sha in infos.items() if readable is None or doc in readable}),
            index=self.index.id,
            code=code_version(),
            request=dict(request),
        )
        body = {name: getattr(asked, name) for name in Asked.__slots__}
        self.log.add(QUESTION, principal.name, channel, body, id=answer.id)

    def _remember(self, documents: dict[str, str]) -> str:
        seen, digest = self._seen
        if seen != documents:
            digest = self.log.remember(documents)
            self._seen = (documents, digest)
        return digest


def whole(text: str) -> str:
    """Without the halves of characters that JSON can carry and no file can keep."""
    return text.encode("utf-8", "replace").decode()


@cache
def code_version() -> str:
    """The package's version and a digest of all source and data files that make an answer."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for folder in ("assistant", "index"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".py", ".toml", ".txt", ".xz"):
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    try:
        number = version("budget-assistant")
    except PackageNotFoundError:
        number = "?"
    return f"{number}+{digest.hexdigest()[:12]}"
