"""The endpoint that OpenAI's clients speak: /v1/models and /v1/chat/completions, whole and as a stream.

The last user message is the question, earlier ones its context. What a client says the assistant said is never a source
of figures. Places are annotations on the marks [n] of the text, and lines at its end for clients that show none.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from assistant.api.errors import FAILED, LATE, ApiError
from assistant.api.waiting import Service, answered, begin, caller_of, service_of, ticks
from assistant.asking import Late
from assistant.domain import Answer, Citation
from assistant.replies import answer_to_chat, marks

MODEL = "budget-assistant"
KEEP_ALIVE = 10.0  # seconds of silence before a comment is sent
PIECE = 40  # characters of one delta
TASK = "### Task:"  # how Open WebUI's own prompts (titles, tags, follow-ups) begin
FIRST_TURN = re.compile(r"(?m)^\s*USER:\s*(.+)$")
TITLE_CHARS = 20
NO_CACHE = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

router = APIRouter(prefix="/v1", tags=["OpenAI"])


class Part(BaseModel):
    type: str
    text: str = ""


class Message(BaseModel):
    role: str
    content: str | list[Part] | None = None


class StreamOptions(BaseModel):
    include_usage: bool | None = None


class ChatRequest(BaseModel):
    """Fields that are not named here are ignored: there is no model whose temperature could be set."""

    model: str
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None


def model_card() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 1_700_000_000, "owned_by": MODEL}


@router.get("/models")
async def models() -> dict[str, Any]:
    """The one model there is."""
    return {"object": "list", "data": [model_card()]}


@router.get("/models/{name}")
async def model(name: str) -> dict[str, Any]:
    """Its card."""
    if name != MODEL:
        raise unknown_model()
    return model_card()


@router.post("/chat/completions", response_model=None)
async def chat(request: Request, body: ChatRequest) -> dict[str, Any] | StreamingResponse:
    """One answer; with ``stream`` as server-sent events."""
    question, history = question_and_history(body)
    head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": MODEL}
    service = service_of(request)
    if question.startswith(TASK):
        text = housekeeping(question)
        if not body.stream:
            return completion(head, question, text, [])
        return StreamingResponse(said(head, question, text, body), media_type="text/event-stream", headers=NO_CACHE)
    task = begin(service, caller_of(request), question, history, "openai")
    if body.stream:
        events = stream(request, service, head, question, task, body)
        return StreamingResponse(events, media_type="text/event-stream", headers=NO_CACHE)
    answer = await answered(request, task)
    text = answer_to_chat(answer)
    return completion(head, question, text, places(text, answer, service.page_url(request)))


def question_and_history(body: ChatRequest) -> tuple[str, list[dict[str, str]]]:
    """Raises ApiError for what cannot be asked in this way."""
    if body.model != MODEL:
        raise unknown_model()
    if body.n not in (None, 1):
        raise ApiError(400, "unsupported", "n 只能是 1")
    turns = [{"role": message.role, "content": content_to_text(message.content)} for message in body.messages]
    last = next((at for at in range(len(turns) - 1, -1, -1) if turns[at]["role"] == "user"), None)
    if last is None or not turns[last]["content"].strip():
        raise ApiError(400, "no_question", "messages 里没有用户的问题")
    return turns[last]["content"], [turn for turn in turns[:last] if turn["role"] in ("user", "assistant")]


def unknown_model() -> ApiError:
    return ApiError(404, "model_not_found", f"没有这个模型：请用 {MODEL}")


def content_to_text(content: str | Sequence[Part] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    if any(part.type != "text" for part in content):
        raise ApiError(400, "unsupported", "只支持文字提问，不支持图片、声音和文件")
    return "".join(part.text for part in content)


# ---------------------------------------------------------------- what a client gets


def places(text: str, answer: Answer, page_url: Any) -> list[dict[str, Any]]:
    """One for the mark of each citation that has a page to show."""
    found = []
    for mark in marks(text, answer):
        url = page_url(mark.citation)
        if url:
            place = {"url": url, "title": citation_title(mark.citation), "start_index": mark.start, "end_index": mark.end}
            found.append({"type": "url_citation", "url_citation": place})
    return found


def citation_title(citation: Citation) -> str:
    parts = [citation.title, f"第{citation.page}页" if citation.page else "", citation.table or ""]
    return " ".join(part for part in parts if part)


def usage(question: str, text: str) -> dict[str, int]:
    """Characters stand for tokens: no language model takes part."""
    return {"prompt_tokens": len(question), "completion_tokens": len(text), "total_tokens": len(question) + len(text)}


def completion(head: Mapping[str, Any], question: str, text: str, notes: list[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if notes:
        message["annotations"] = notes
    choice = {"index": 0, "finish_reason": "stop", "message": message, "logprobs": None}
    return {**head, "object": "chat.completion", "choices": [choice], "usage": usage(question, text)}


def event(head: Mapping[str, Any], delta: dict[str, Any] | None, finish: Literal["stop"] | None = None, **more: Any) -> str:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    value = {**head, "object": "chat.completion.chunk", "choices": choices, **more}
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


async def said(
    head: Mapping[str, Any], question: str, text: str, body: ChatRequest, notes: list[dict[str, Any]] | None = None
) -> AsyncIterator[str]:
    """A whole text as events. The places come in the chunk that ends it: every client that shows them looks there."""
    yield event(head, {"role": "assistant", "content": ""})
    for start in range(0, len(text), PIECE):
        yield event(head, {"content": text[start : start + PIECE]})
    yield event(head, {"annotations": notes} if notes else {}, "stop")
    if body.stream_options and body.stream_options.include_usage:
        yield event(head, None, usage=usage(question, text))
    yield "data: [DONE]\n\n"


async def stream(
    request: Request, service: Service, head: Mapping[str, Any], question: str, task: Any, body: ChatRequest
) -> AsyncIterator[str]:
    """Keeps the connection alive until there is an answer. The client's hanging up takes the question back."""
    try:
        async for _ in ticks(request, task, KEEP_ALIVE):
            yield ": keep-alive\n\n"
        answer = task.result()
    except Exception as error:
        problem = LATE if isinstance(error, Late) else FAILED
        yield f"data: {json.dumps(problem.body(), ensure_ascii=False)}\n\n"
        return
    finally:
        task.cancel()
    text = answer_to_chat(answer)
    async for line in said(head, question, text, body, places(text, answer, service.page_url(request))):
        yield line


def housekeeping(prompt: str) -> str:
    """Answers to a front end's own prompts, from the prompt alone: no document is searched and nothing is logged."""
    first = FIRST_TURN.search(prompt)
    title = " ".join(first[1].split())[:TITLE_CHARS] if first else "预算问答"
    if "follow_ups" in prompt or "follow-up" in prompt:
        return json.dumps({"follow_ups": []})
    if '"tags"' in prompt:
        return json.dumps({"tags": ["预算"]}, ensure_ascii=False)
    if '"queries"' in prompt:
        return json.dumps({"queries": []})
    return json.dumps({"title": title}, ensure_ascii=False)


def page_path(citation: Citation) -> str | None:
    """The path of the picture of a citation's page, its place marked; None for a file without pages."""
    if citation.page is None:
        return None
    box = "?box=" + ",".join(f"{edge:.1f}" for edge in citation.bbox) if citation.bbox else ""
    return f"/pages/{quote(citation.doc, safe='')}/{citation.page}.png{box}"
