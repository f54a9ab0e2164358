"""What the chat tools share: each message once, acknowledged before it is answered, answered by the same gate as everywhere.

    accept (on the channel's own thread, a few milliseconds) --queue--> workers --Gate.ask--> Channel.deliver

``chats.sqlite`` beside the index knows every message of the last day and how far it got. So a repeat is dropped or gets the
answer that was found before, and what a crash interrupted is taken up again at the next start.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.access.database import Database
from assistant.access.domain import NotRecognised, Principal, TooMany
from assistant.access.gate import Gate
from assistant.channels.domain import Channel, DeliveryError, Inbound
from assistant.channels.logs import without_secrets
from assistant.channels.wording import BUSY, FAILED, HELP, ONLY_TEXT, UNKNOWN, answer_to_texts, cut, source_line, tables_to_lists
from assistant.domain import Citation
from assistant.replies import harmless

FILE_NAME = "chats.sqlite"
STEPS = (
    (
        """CREATE TABLE messages (channel TEXT NOT NULL, msg_id TEXT NOT NULL, chat TEXT NOT NULL, user TEXT NOT NULL,
           received REAL NOT NULL, state TEXT NOT NULL, inbound TEXT NOT NULL, texts TEXT NOT NULL DEFAULT '[]',
           answer_id TEXT NOT NULL DEFAULT '', PRIMARY KEY (channel, msg_id)) WITHOUT ROWID""",
        "CREATE INDEX messages_of_a_chat ON messages (channel, chat, user, received)",
    ),
    ("CREATE TABLE callbacks (channel TEXT NOT NULL, mark TEXT NOT NULL, seen REAL NOT NULL, PRIMARY KEY (channel, mark)) WITHOUT ROWID",),
)
RECEIVED, ANSWERED, SENT, FAILED_STATE = "received", "answered", "sent", "failed"
KEPT_SECONDS = 24 * 3600  # how long a repeat is recognised
TAKEN_UP_SECONDS = 3600  # after a restart, older messages are let be
CONVERSATION_SECONDS = 1800  # earlier questions of the same person in the same chat are context for so long
TURNS = 6
RETRY_SECONDS = 1.0
CALLBACK_SECONDS = 3600.0  # longer than a callback is taken after it was signed
PURGE_EVERY = 500  # messages
PICK = re.compile(r"(?:选|第)?\s*(\d{1,2})\s*(?:个|项|号)?[.。]?")
logger = logging.getLogger("assistant.channels")
OnAnswer = Callable[[str, str, float], None]


class Inbox:
    """Safe to share between threads. ``page_url`` makes links to pages; None where there is no address to link to."""

    def __init__(
        self,
        gate: Gate,
        folder: Path,
        page_url: Callable[[Citation], str | None] = lambda citation: None,
        workers: int = 2,
        waiting: int = 100,
        on_answer: OnAnswer = lambda channel, status, ms: None,
    ) -> None:
        self.gate = gate
        self._db = Database(folder / FILE_NAME, STEPS)
        self._page_url = page_url
        self._queue: queue.Queue[Inbound | None] = queue.Queue(waiting)
        self._channels: dict[str, Channel] = {}
        self._workers = [threading.Thread(target=self._work, name=f"chat-{n}", daemon=True) for n in range(workers)]
        self._on_answer = on_answer
        self._accepted = 0
        self._stopping = False

    # ---------------------------------------------------------------- life

    def start(self, channels: Sequence[Channel]) -> None:
        """Begin answering for these, with what was left unfinished."""
        self._channels = {channel.name: channel for channel in channels}
        for worker in self._workers:
            worker.start()
        threading.Thread(target=self._take_up, name="chat-resume", daemon=True).start()

    def stop(self) -> None:
        """What is in the queue stays in the database for the next start."""
        self._stopping = True
        for _ in self._workers:
            with contextlib.suppress(queue.Full):  # a worker that is busy sees the flag
                self._queue.put_nowait(None)
        for worker in self._workers:
            if worker.ident is not None:
                worker.join(10)
        self._db.close()

    def _take_up(self) -> None:
        since = time.time() - TAKEN_UP_SECONDS
        rows = self._db.rows(
            "SELECT inbound FROM messages WHERE state IN (?, ?) AND received > ? ORDER BY received", (RECEIVED, ANSWERED, since)
        )
        for row in rows:
            inbound = Inbound(**json.loads(row["inbound"]))
            if inbound.channel in self._channels:
                self._queue.put(inbound)

    # ---------------------------------------------------------------- coming in

    def accept(self, inbound: Inbound) -> bool:
        """Take a message in; False for a repeat. Quick: one line in the database. A full queue is told to the user."""
        values = (inbound.channel, inbound.msg_id, inbound.chat, inbound.user, inbound.received, RECEIVED, json.dumps(asdict(inbound)))
        fresh = self._db.change(
            "INSERT OR IGNORE INTO messages (channel, msg_id, chat, user, received, state, inbound) VALUES (?, ?, ?, ?, ?, ?, ?)", values
        )
        if not fresh:
            return False
        self._accepted += 1
        if self._accepted % PURGE_EVERY == 0:
            self._db.change("DELETE FROM messages WHERE received < ?", (time.time() - KEPT_SECONDS,))
        try:
            self._queue.put_nowait(inbound)
        except queue.Full:
            self._keep(inbound, [BUSY], "")
            threading.Thread(target=self._deliver, args=(inbound, [BUSY]), daemon=True).start()
        return True

    def first_time(self, channel: str, mark: str) -> bool:
        """Whether a signed callback is not the replay of one; ``mark`` is its timestamp and nonce."""
        self._db.change("DELETE FROM callbacks WHERE seen < ?", (time.time() - CALLBACK_SECONDS,))
        return bool(self._db.change("INSERT OR IGNORE INTO callbacks VALUES (?, ?, ?)", (channel, mark, time.time())))

    # ---------------------------------------------------------------- answering

    def _work(self) -> None:
        while not self._stopping and (inbound := self._queue.get()) is not None:
            try:
                self._finish(inbound)
            except Exception:
                logger.exception("a message could not be finished")

    def _finish(self, inbound: Inbound) -> None:
        row = self._db.row("SELECT state, texts FROM messages WHERE channel = ? AND msg_id = ?", (inbound.channel, inbound.msg_id))
        if row is None or row["state"] not in (RECEIVED, ANSWERED):
            return
        texts = json.loads(row["texts"])
        if row["state"] == RECEIVED:
            try:
                texts, answer_id = self._texts(inbound)
            except Exception:
                logger.exception("a question failed")
                texts, answer_id = [FAILED], ""
            self._keep(inbound, texts, answer_id)
        self._deliver(inbound, texts)

    def _keep(self, inbound: Inbound, texts: Sequence[str], answer_id: str) -> None:
        values = (ANSWERED, json.dumps(texts, ensure_ascii=False), answer_id, inbound.channel, inbound.msg_id)
        self._db.change("UPDATE messages SET state = ?, texts = ?, answer_id = ? WHERE channel = ? AND msg_id = ?", values)

    def _deliver(self, inbound: Inbound, texts: Sequence[str]) -> None:
        """Tried twice. What the vendor does not take is in our log, and the state says so."""
        state = FAILED_STATE
        for last in (False, True):
            try:
                self._channels[inbound.channel].deliver(inbound, texts)
                state = SENT
                break
            except DeliveryError as error:
                texts = texts[error.sent :]
                logger.error("%s: message %s not delivered: %s", inbound.channel, inbound.msg_id, without_secrets(str(error)))
                if not last:
                    time.sleep(RETRY_SECONDS)
        self._db.change("UPDATE messages SET state = ? WHERE channel = ? AND msg_id = ?", (state, inbound.channel, inbound.msg_id))

    def _texts(self, inbound: Inbound) -> tuple[list[str], str]:
        """The reply and the id of its line in the log."""
        style = self._channels[inbound.channel].style
        request = self._request(inbound)
        try:
            person = self._person(inbound, request)
        except NotRecognised:
            return [UNKNOWN], ""
        if inbound.text is None:
            return [ONLY_TEXT], ""
        question = inbound.text.strip()
        if not question:
            return [HELP], ""
        limiter = self.gate.limiter
        try:
            with limiter.running(person.name):
                limiter.hit("ask", person.name)
                picked = self._picked(inbound, question, person)
                if isinstance(picked, list):
                    return [piece for text in picked for piece in cut(text, style.most_bytes)], ""
                question, turns = (picked, []) if picked else (question, self._turns(inbound))
                answer = self.gate.ask(person, question, turns, inbound.channel, request)
        except TooMany as error:
            return [str(error)], ""
        self._on_answer(inbound.channel, str(answer.status), answer.elapsed_ms)
        return answer_to_texts(answer, style, self._page_url), str(answer.id)

    def _person(self, inbound: Inbound, request: dict[str, str]) -> Principal:
        vendor = inbound.channel.partition("_")[0]
        return self.gate.by_identity(vendor, inbound.user or f"?{inbound.chat}", request)  # nobody has such an id: refused and logged

    def _request(self, inbound: Inbound) -> dict[str, str]:
        told = {"tenant": inbound.tenant, "user": inbound.user, "chat": inbound.chat, "chat_type": inbound.chat_type}
        return told | {"msg_id": inbound.msg_id}

    def _turns(self, inbound: Inbound) -> list[dict[str, str]]:
        """The same person's last questions in the same chat, with what was said to them."""
        rows = self._db.rows(
            """SELECT inbound, texts FROM messages WHERE channel = ? AND chat = ? AND user = ? AND received BETWEEN ? AND ?
               AND answer_id != '' AND msg_id != ? ORDER BY received DESC LIMIT ?""",
            (*self._conversation(inbound), inbound.msg_id, TURNS),
        )
        turns = []
        for row in reversed(rows):
            said = json.loads(row["inbound"])["text"] or ""
            turns += [{"role": "user", "content": said}, {"role": "assistant", "content": "\n".join(json.loads(row["texts"]))}]
        return turns

    def _conversation(self, inbound: Inbound) -> tuple[str, str, str, float, float]:
        return inbound.channel, inbound.chat, inbound.user, inbound.received - CONVERSATION_SECONDS, inbound.received

    def _picked(self, inbound: Inbound, text: str, person: Principal) -> list[str] | str | None:
        """What a bare number picks from the options offered last: the option's own line with its source, or the question
        with the option's name in it. None where nothing was offered."""
        pick = PICK.fullmatch(text)
        row = self._db.row(
            """SELECT answer_id FROM messages WHERE channel = ? AND chat = ? AND user = ? AND received BETWEEN ? AND ?
               AND answer_id != '' AND msg_id != ? ORDER BY received DESC LIMIT 1""",
            (*self._conversation(inbound), inbound.msg_id),
        )
        if not pick or row is None:
            return None
        offered = self.gate.log.line(row["answer_id"]).body["answer"]
        number = int(pick[1]) - 1
        if not 0 <= number < len(offered["options"]):
            return None
        name = offered["options"][number].rpartition("：")[0] or offered["options"][number]
        line = next((line for line in offered["answer"].split("\n") if line.startswith(f"- {name}")), "")
        marks = re.findall(r"\[(\d+)\]", line)
        places = [c for c in offered["citations"] if str(c["n"]) in marks]
        if not marks or not places or not all(self.gate.may_read(person, place["doc"]) for place in places):
            return f"{name}{offered['question']}"
        told = {**self._request(inbound), "answer": row["answer_id"], "option": str(number + 1)}
        self.gate.log.add("pick", person.name, inbound.channel, {"request": told, "said": line})
        sources = [source_line(json_to_citation(place), self._page_url) for place in places]
        return ["\n\n".join([tables_to_lists(harmless(line.removeprefix("- "))), "\n".join(["来源：", *sources])])]


def json_to_citation(value: Mapping[str, Any]) -> Citation:
    """A citation of a logged Answer object."""
    known = {name: value.get(name) for name in ("n", "doc", "title", "quote", "page", "line", "section", "table")}
    bbox = tuple(value.get("bbox") or ()) or None
    return Citation(**known, row=tuple(value["row"]), column=tuple(value["column"]), bbox=bbox)  # type: ignore[arg-type]
