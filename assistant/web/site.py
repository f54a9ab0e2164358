"""All parts of the page behind one object, and what they do together: the routes and the Gradio events only translate."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from functools import cached_property
from pathlib import Path
from typing import Any

from assistant.access.domain import LOCAL, Principal, Role
from assistant.domain import Answer, Citation, Status, answer_to_json
from assistant.feedback import DOWN, UP, FeedbackStore, new_feedback
from assistant.web.conversations import Conversations, Turn, turns_to_history
from assistant.web.desk import CHANNEL, Desk, NotWarm, SearchOffline
from assistant.web.examples import Examples, answered, candidates
from assistant.web.markup import render
from assistant.web.texts import Texts
from assistant.web.uploads import Job, Uploads, remove_document
from assistant.web.visitors import Visitor, Visitors
from index import pageview
from index.domain import DocumentInfo
from index.errors import BudgetError
from index.stores.index import Index

LONGEST_QUESTION = 2000
LONGEST_HISTORY = 20
AT_ONCE = 8  # questions worked on
GLANCE = 0.4  # seconds between looks at a question that takes its time
PREFETCHED = 4  # pages of an answer's sources drawn before anybody clicks


class Site:
    """One server's page. Safe to share between threads."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.boot = secrets.token_hex(6)  # tells a page that the server was started anew
        self.desk = Desk(store)
        self.visitors = Visitors(self.desk)
        self.uploads = Uploads(store, self.desk.embedder, self._read)
        self.examples = Examples(self._make_examples)
        self._pool = ThreadPoolExecutor(AT_ONCE, "answer")
        self._drawers = ThreadPoolExecutor(1, "prefetch")

    @cached_property
    def conversations(self) -> Conversations:
        """Opened with the first question. Raises StoreError where the folder cannot be written."""
        kept = Conversations(self.store)
        kept.break_off()
        return kept

    @cached_property
    def feedback(self) -> FeedbackStore:
        return FeedbackStore(self.store)

    def warm_up(self) -> None:
        """Opens what there is, in the background, so that the first question finds it open."""

        def work() -> None:
            try:
                self.examples.of(LOCAL, self.desk.documents(LOCAL), 0)
                pageview.warm_up()
            except BudgetError as error:
                logging.warning("%s", error)

        threading.Thread(target=work, name="opening", daemon=True).start()

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._drawers.shutdown(wait=False, cancel_futures=True)
        self.examples.close()
        self.desk.close()

    # ---------------------------------------------------------------- asking

    def ask(self, visitor: Visitor, conversation: str, question: str) -> tuple[str, Future[None], threading.Event]:
        """Stores the question and has it answered, whether or not anybody stays to see it.

        The turn's id, a future that is done when the answer is stored, and an event that is set where search still loads.
        """
        earlier = self.conversations.turns(visitor.owner, conversation)[-LONGEST_HISTORY:]
        turn = self.conversations.ask(visitor.owner, conversation, question)
        return turn, *self._submit(visitor, turn, question, earlier)

    def ask_again(self, visitor: Visitor, conversation: str, turn_id: str) -> tuple[Future[None], threading.Event] | None:
        """Has the search loaded again where that had failed, and then a question that failed for it answered in its place.

        What was asked later stays. None where the question is being answered already. Raises BudgetError where it is gone.
        """
        turn = self.conversations.turn(visitor.owner, conversation, turn_id)
        self.desk.reload_search()
        if not self.conversations.take_up(turn_id):
            return None
        earlier = [other for other in self.conversations.turns(visitor.owner, conversation) if other.asked < turn.asked]
        return self._submit(visitor, turn_id, turn.question, earlier[-LONGEST_HISTORY:])

    def _submit(self, visitor: Visitor, turn: str, question: str, earlier: list[Turn]) -> tuple[Future[None], threading.Event]:
        waiting = threading.Event()
        return self._pool.submit(self._answer, visitor, turn, question, turns_to_history(earlier), waiting), waiting

    def _answer(self, visitor: Visitor, turn: str, question: str, history: Sequence[Mapping[str, str]], waiting: threading.Event) -> None:
        try:
            if len(question) > LONGEST_QUESTION:
                raise BudgetError(f"问题太长（{len(question)} 字）：请缩短到 {LONGEST_QUESTION} 字以内，一次问一件事")
            with self._limits(visitor.principal, visitor.signed_in):
                answer = self.desk.ask(visitor.principal, question, history, waiting.set)
            self.conversations.answer(turn, answer_to_json(answer))
            self._prefetch(answer)
        except SearchOffline as error:
            self.conversations.answer(turn, None, str(error), offline=True)
        except BudgetError as error:
            self.conversations.answer(turn, None, str(error))
        except Exception:
            logging.exception("a question was lost")
            self.conversations.answer(turn, None, "内部错误，没有得到答案；详情见服务器的日志")

    def _limits(self, principal: Principal, signed_in: bool) -> Any:
        from contextlib import nullcontext

        if not signed_in:
            return nullcontext()
        limiter = self.desk.gate().limiter
        limiter.hit("ask", principal.name)
        return limiter.running(principal.name)

    def watch(self, done: Future[None], waiting: threading.Event) -> Iterator[bool]:
        """Until a question is answered: True each time it is seen to wait for search, False otherwise."""
        while True:
            try:
                done.result(GLANCE)
                return
            except NotYet:
                yield waiting.is_set()

    def _prefetch(self, answer: Answer) -> None:
        """Draws the pages of the first sources, so that a click finds them drawn."""
        places = {(c.doc, c.page): c for c in answer.citations if c.page and c.bbox}
        for citation in list(places.values())[:PREFETCHED]:
            self._drawers.submit(self._draw, citation)

    def _draw(self, citation: Citation) -> None:
        try:
            pageview.page_picture(self.desk.index(), citation.doc, citation.page or 0)
        except BudgetError as error:
            logging.info("%s", error)

    def rate(self, visitor: Visitor, conversation: str, turn_id: str, thumb: int, comment: str = "") -> None:
        """Keeps a thumb, and what somebody says with it, with the question, the turns before it and the answer."""
        turns = self.conversations.turns(visitor.owner, conversation)
        place = next((n for n, turn in enumerate(turns) if turn.id == turn_id), None)
        if place is None or turns[place].answer is None:
            raise BudgetError("这一问已不在这个对话里：请刷新页面")
        turn = turns[place]
        history = turns_to_history(turns[:place])
        self.feedback.add(
            new_feedback(CHANNEL, visitor.principal.name, turn.question, history, turn.answer or {}, UP if thumb > 0 else DOWN, comment)
        )
        self.conversations.thumb(turn_id, UP if thumb > 0 else DOWN)

    # ---------------------------------------------------------------- what the page shows

    def log(self, visitor: Visitor, conversation: str, texts: Texts, waiting: bool = False) -> str:
        """The conversation as HTML; a greeting where there is none yet."""
        try:
            infos = self.desk.documents(visitor.principal)
            turns = self.conversations.turns(visitor.owner, conversation) if conversation else []
        except BudgetError as error:
            return self.sorry(texts, str(error))
        if turns:
            return self._log(
                texts, empty=not infos, turns=turns, conversation=conversation, waiting=texts["loading_search"] if waiting else ""
            )
        return self._log(texts, empty=not infos, examples=self.examples.of(visitor.principal, infos))

    def sorry(self, texts: Texts, trouble: str) -> str:
        """What went wrong, where otherwise the page's content would be."""
        return self._log(texts, trouble=trouble)

    def _log(self, texts: Texts, **values: Any) -> str:
        return render(
            "log",
            texts,
            **(
                {"turns": [], "conversation": "", "waiting": "", "empty": False, "trouble": "", "examples": []}
                | {"search": self.desk.search_state}
                | values
            ),
        )

    def rail(self, visitor: Visitor, conversation: str, texts: Texts) -> str:
        return render("rail", texts, conversations=self.conversations.of(visitor.owner), current=conversation)

    def shelf(self, visitor: Visitor, texts: Texts) -> str:
        """What is indexed, as HTML."""
        infos = self.desk.documents(visitor.principal)
        removable = frozenset(info.doc_id for info in infos if self.may_remove(visitor, info.doc_id))
        return render("documents", texts, infos=infos, removable=removable, elsewhere=False)

    # ---------------------------------------------------------------- documents

    def index_for(self, visitor: Visitor, doc_id: str) -> Index:
        """The index, for somebody who may read this document; to others it is as if it were not there."""
        gate = self.desk.gate()
        if not gate.may_read(visitor.principal, doc_id):
            raise BudgetError(f"没有这份文件：{doc_id}。它可能已被移除")
        return self.desk.index()

    def may_remove(self, visitor: Visitor, doc_id: str) -> bool:
        return visitor.principal.admin or self.desk.access().owns(visitor.principal, doc_id)

    def remove(self, visitor: Visitor, doc_id: str) -> DocumentInfo:
        """Raises BudgetError where there is no such document, or it is not this person's to remove."""
        index = self.index_for(visitor, doc_id)
        if not self.may_remove(visitor, doc_id):
            raise BudgetError(f"您不能移除 {doc_id}：请联系上传的人或管理员")
        info = next(info for info in index.documents() if info.doc_id == doc_id)
        remove_document(self.store, doc_id, Path(index.source(doc_id)))
        if visitor.signed_in:
            self.desk.access().withdraw(doc_id)
        return info

    def allow_upload(self, visitor: Visitor) -> None:
        """Raises TooMany where somebody has uploaded enough for now."""
        if visitor.signed_in:
            self.desk.gate().limiter.hit("upload", visitor.principal.name)

    def _read(self, job: Job) -> None:
        """A file has been read: its uploader owns it."""
        name = job.owner.removeprefix("user:")
        if job.state == "done" and job.report and name != job.owner:
            self.desk.access().grant(job.report.doc_id, name, Role.OWNER)

    def _make_examples(self, principal: Principal, infos: Sequence[DocumentInfo]) -> list[str]:
        gate = self.desk.gate()

        def ask(question: str) -> Status:
            try:
                return gate.try_out(principal, question).status
            except (NotWarm, SearchOffline):
                return Status.REFUSED  # those that need no search are shown

        return answered(list(candidates(self.desk.index(), infos)), ask)
