"""The page as Gradio blocks: three views, and the events that ask, open conversations and remove documents.

Gradio holds no state of its own here but the open conversation's id in the browser; all else is in the store, so a tab
that comes back after a restart finds everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from threading import Event
from typing import Any

import gradio as gr

from assistant.access.domain import NotRecognised
from assistant.web.markup import render
from assistant.web.site import LONGEST_QUESTION, Site
from assistant.web.texts import CHINESE, ENGLISH, Texts, texts_for
from assistant.web.visitors import Visitor
from index.errors import BudgetError
from index.files import READERS

STORAGE = "budget-conversation"
ASKING = 32  # questions under way at once
HEAD = '<script src="ui/texts.js"></script><script src="ui/static/web.js" defer></script><meta name="color-scheme" content="light dark">'
FONTS = ("system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Zen Hei", "sans-serif")
TELL = "element.dataset.ready = 'yes'; element.tell = (data) => trigger('click', data);"


def build_blocks(site: Site) -> Any:
    """The blocks, with the endpoint ``/ask`` (one question, the answer as Markdown) for programs."""
    words = gr.I18n(zh=CHINESE, **{"zh-CN": CHINESE, "en": ENGLISH})
    events = Events(site)
    with gr.Blocks(title=CHINESE["title"], analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)) as page:
        open_conversation = gr.BrowserState("", storage_key=STORAGE, secret=STORAGE)  # an id, worth nothing without the cookie
        masthead = gr.HTML(elem_id="masthead", apply_default_css=False)
        with gr.Tabs(elem_id="views"):
            with gr.Tab(words("view_ask"), id="ask", elem_id="view-ask"), gr.Row(elem_id="desk"):
                with gr.Column(elem_id="rail-column", min_width=0):
                    rail = gr.HTML(elem_id="rail", apply_default_css=False, js_on_load=TELL)
                with gr.Column(elem_id="talk", min_width=0):
                    log = gr.HTML(elem_id="log", apply_default_css=False, js_on_load=TELL)
                    box = gr.Textbox(
                        placeholder=words("ask_hint"), label=words("ask_label"), show_label=False, container=False, lines=1, max_lines=6,
                        max_length=LONGEST_QUESTION, submit_btn=words("send"), elem_id="box", autofocus=True,
                    )  # fmt: skip
                with gr.Column(elem_id="table", min_width=0):
                    viewer = gr.HTML(elem_id="viewer-box", apply_default_css=False)
            with gr.Tab(words("view_documents"), id="documents", elem_id="view-documents"):
                upload = gr.HTML(elem_id="upload", apply_default_css=False)
                shelf = gr.HTML(elem_id="shelf", apply_default_css=False, js_on_load=TELL)
            with gr.Tab(words("view_audit"), id="audit", elem_id="view-audit"):
                audit = gr.HTML(elem_id="audit", apply_default_css=False)
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": True}
        asking = {**quiet, "concurrency_limit": ASKING, "concurrency_id": "ask"}
        talk = [open_conversation, rail, log]
        page.load(events.fixed, None, [masthead, viewer, upload, audit], **quiet)
        page.load(events.open_last, open_conversation, talk, **quiet)
        page.load(events.shelf, None, shelf, **quiet)
        box.submit(events.on_question, [box, open_conversation], [box, *talk], **asking)
        rail.click(events.on_rail, open_conversation, talk, **quiet)
        log.click(events.on_log, open_conversation, talk, **asking)
        shelf.click(events.on_shelf, None, shelf, **quiet)
        gr.api(events.ask, api_name="ask", concurrency_limit=ASKING, concurrency_id="ask")
    page.budget_i18n = words
    return page


class Events:
    """What the page's events do. Each looks up who asks; what goes wrong is told in one line where people look."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def _who(self, request: gr.Request) -> tuple[Visitor, Texts]:
        return self.site.visitors.who(dict(request.cookies)), texts_for(request.headers.get("accept-language"))

    # ---------------------------------------------------------------- opening

    def fixed(self, request: gr.Request) -> tuple[str, str, str, str]:
        """The parts that do not change while the page is open."""
        visitor, texts = self._who(request)
        name = (visitor.principal.label or visitor.principal.name) if visitor.signed_in else ""
        upload = render("upload", texts, accept=",".join(READERS))
        audit = f'<h2>{texts["audit_title"]}</h2><p class="lead">{texts["audit_more"]}</p><div id="findings"></div>'
        return render("masthead", texts, name=name), render("viewer", texts), upload, audit

    def open_last(self, conversation: str, request: gr.Request) -> tuple[str, str, str]:
        visitor, texts = self._who(request)
        if conversation and not self.site.conversations.owned(visitor.owner, conversation):
            conversation = ""
        return self._talk(visitor, conversation, texts)

    def _talk(self, visitor: Visitor, conversation: str, texts: Texts, waiting: bool = False) -> tuple[str, str, str]:
        return conversation, self.site.rail(visitor, conversation, texts), self.site.log(visitor, conversation, texts, waiting)

    def shelf(self, request: gr.Request) -> str:
        visitor, texts = self._who(request)
        try:
            return self.site.shelf(visitor, texts)
        except BudgetError as error:
            return self.site.sorry(texts, str(error))

    # ---------------------------------------------------------------- asking

    def on_question(self, question: str, conversation: str, request: gr.Request) -> Iterator[tuple[Any, str, str, str]]:
        """The question at once, then the answer; the box is emptied with the first step, when the question is stored."""
        visitor, texts = self._who(request)
        if not question.strip():
            yield gr.skip(), *self._talk(visitor, conversation, texts)
            return
        emptied: Any = ""
        for step in self._asked(visitor, texts, conversation, question.strip()):
            yield emptied, *step
            emptied = gr.skip()  # what is typed meanwhile stays

    def _asked(self, visitor: Visitor, texts: Texts, conversation: str, question: str) -> Iterator[tuple[str, str, str]]:
        if not conversation or not self.site.conversations.owned(visitor.owner, conversation):
            conversation = self.site.conversations.start(visitor.owner)
        _, done, waiting = self.site.ask(visitor, conversation, question)
        yield from self._followed(visitor, texts, conversation, done, waiting)

    def _followed(
        self, visitor: Visitor, texts: Texts, conversation: str, done: Future[None], waiting: Event
    ) -> Iterator[tuple[str, str, str]]:
        if not done.done():
            yield self._talk(visitor, conversation, texts)
        for slow in self.site.watch(done, waiting):
            yield self._talk(visitor, conversation, texts, slow)
        yield self._talk(visitor, conversation, texts)

    def on_log(self, conversation: str, event: gr.EventData, request: gr.Request) -> Iterator[tuple[str, str, str]]:
        """A button below an answer, an option or an example: ``do`` says which."""
        visitor, texts = self._who(request)
        data, kept = dict(event._data or {}), self.site.conversations
        turn, question = str(data.get("turn", "")), str(data.get("question", "")).strip()
        match data.get("do"):
            case "ask" if question:
                yield from self._asked(visitor, texts, conversation, question)
            case "again" if question:
                kept.put_aside(visitor.owner, conversation, turn)
                yield from self._asked(visitor, texts, conversation, question)
            case "reload":
                under_way = self.site.ask_again(visitor, conversation, turn)
                if under_way:
                    yield from self._followed(visitor, texts, conversation, *under_way)
                else:
                    yield self._talk(visitor, conversation, texts)
            case "rate":
                self.site.rate(visitor, conversation, turn, int(data.get("thumb", 0)), str(data.get("comment", "")))
                yield self._talk(visitor, conversation, texts)
            case _:
                yield self._talk(visitor, conversation, texts)

    def on_rail(self, conversation: str, event: gr.EventData, request: gr.Request) -> tuple[str, str, str]:
        visitor, texts = self._who(request)
        data, kept = dict(event._data or {}), self.site.conversations
        id = str(data.get("conversation", ""))
        match data.get("do"):
            case "new":
                conversation = ""
            case "open" if kept.owned(visitor.owner, id):
                conversation = id
            case "rename":
                kept.rename(visitor.owner, id, str(data.get("title", "")))
            case "hide":
                kept.hide(visitor.owner, id)
                conversation = "" if id == conversation else conversation
        return self._talk(visitor, conversation, texts)

    def on_shelf(self, event: gr.EventData, request: gr.Request) -> str:
        visitor, _ = self._who(request)
        data = dict(event._data or {})
        if data.get("do") == "remove":
            self.site.remove(visitor, str(data.get("doc", "")))
        return self.shelf(request)

    def ask(self, question: str, request: gr.Request) -> str:
        """One question, the answer as Markdown with its sources."""
        from assistant.replies import answer_to_chat

        try:
            visitor, _ = self._who(request)
            return answer_to_chat(self.site.desk.ask(visitor.principal, question[: LONGEST_QUESTION + 1]))
        except (BudgetError, NotRecognised) as error:
            return f"⚠️ {error}"
