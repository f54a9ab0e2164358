"""Routes of our own: the contract's Answer object, the documents somebody may read, pictures of their pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field

from assistant.access.domain import TooMany
from assistant.api.errors import BAD_REQUEST, NOT_FOUND, too_many
from assistant.api.waiting import answered, begin, caller_of, service_of
from assistant.cli_store import info_to_json
from assistant.domain import answer_to_json
from assistant.replies import harmless_answer
from index.domain import Box
from index.errors import BudgetError

MOST_BOXES = 20
NO_BOXES: list[str] = []
FARTHEST = 20_000.0  # points; pages are smaller

router = APIRouter(tags=["budget"])


class Turn(BaseModel):
    role: str
    content: str


class Asked(BaseModel):
    """A question of up to 2,000 characters and the turns before it."""

    question: str
    history: Annotated[list[Turn], Field(max_length=200)] = []


@router.post("/answers")
async def answers(request: Request, body: Asked) -> dict[str, Any]:
    """The Answer object: status, text, figures, citations, calculation, notices. No text in it links anywhere as Markdown."""
    history = [{"role": turn.role, "content": turn.content} for turn in body.history]
    task = begin(service_of(request), caller_of(request), body.question, history, "api")
    return answer_to_json(harmless_answer(await answered(request, task)))


@router.get("/documents")
async def documents(request: Request) -> list[dict[str, Any]]:
    """What the caller may read."""
    count_reading(request)
    return [info_to_json(info) for info in service_of(request).gate.documents(caller_of(request).principal)]


@router.get("/pages/{doc}/{page}.png", response_class=Response, responses={200: {"content": {"image/png": {}}}})
async def page_picture(
    request: Request, doc: str, page: int, box: Annotated[list[str], Query(max_length=MOST_BOXES)] = NO_BOXES
) -> Response:
    """A page's picture with boxes marked: each ``box`` is ``x0,top,x1,bottom`` in points from the top left."""
    count_reading(request)
    service = service_of(request)
    boxes = [text_to_box(text) for text in box]
    if not service.gate.may_read(caller_of(request).principal, doc):
        raise NOT_FOUND
    info = next(info for info in service.gate.index.documents() if info.doc_id == doc)
    if not 1 <= page <= info.pages:
        raise NOT_FOUND
    from index.pageview import page_picture as draw

    try:
        picture = await run_in_threadpool(draw, service.gate.index, doc, page, boxes)
    except BudgetError as error:
        raise NOT_FOUND from error
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=300"})


def text_to_box(text: str) -> Box:
    """Raises ApiError 400."""
    try:
        edges = [float(part) for part in text.split(",")]
        x0, top, x1, bottom = edges
    except ValueError as error:
        raise BAD_REQUEST from error
    if not all(-FARTHEST <= edge <= FARTHEST for edge in edges) or x1 < x0 or bottom < top:  # a nan is in no range
        raise BAD_REQUEST
    return x0, top, x1, bottom


def count_reading(request: Request) -> None:
    """Raises ApiError 429."""
    caller = caller_of(request)
    if caller.known:
        try:
            service_of(request).gate.limiter.hit("read", caller.principal.name)
        except TooMany as error:
            raise too_many(str(error), error.wait) from error
