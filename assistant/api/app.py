"""The service put together: routes, guard, MCP, metrics, health."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from assistant.access.gate import Gate, code_version
from assistant.api import answers, chat
from assistant.api.errors import BAD_REQUEST, FAILED, NOT_FOUND, ApiError
from assistant.api.guard import CALLER, Door, Guard
from assistant.api.metrics import CONTENT_TYPE, Metrics
from assistant.api.settings import ServiceSettings
from assistant.api.waiting import Service
from assistant.asking import Asking, Caller
from assistant.mcp_server import make_server
from index.errors import BudgetError

logger = logging.getLogger("assistant.api")
Health = Callable[[], dict[str, str]]  # of the chat channels, by name


def make_app(
    gate: Gate,
    settings: ServiceSettings | None = None,
    host: str = "127.0.0.1",
    channels: Health | None = None,
    metrics: Metrics | None = None,
    routers: Sequence[APIRouter] = (),
) -> FastAPI:
    """The ASGI application. ``host`` is the address it will be bound to; closing it leaves the gate open."""
    settings = settings or ServiceSettings()
    metrics = metrics or Metrics()
    asking = Asking(gate, on_answer=metrics.answered)
    metrics.watch(lambda: asking.held, lambda: len(gate.index.documents()))
    if channels:
        metrics.watch_channels(channels)
    mcp = make_server(asking, caller_now)
    mcp_app = mcp.streamable_http_app(stateless_http=True, json_response=True, transport_security=no_checks())

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        async with mcp.session_manager.run():
            yield
        asking.close()

    app = FastAPI(title="budget-assistant", version=code_version(), lifespan=life, docs_url=None, redoc_url=None)
    app.state.service = Service(gate, asking, metrics, chat.page_path, settings.public_url)
    app.include_router(chat.router)
    for router in (answers.router, *routers):
        app.include_router(router)
    add_health(app, gate, metrics, channels or dict)
    app.router.routes += [route for route in mcp_app.routes if getattr(route, "path", "") == "/mcp"]
    add_errors(app)
    app.add_middleware(Guard, door=Door(gate, settings.allowed_hosts(host), settings.front_end_key, metrics.responded))
    return app


def caller_now() -> Caller:
    caller = CALLER.get()
    assert caller is not None, "the guard lets nobody through without one"
    return caller


def no_checks() -> Any:
    """Host and origin were looked at by the guard, for every route alike."""
    from mcp.server.transport_security import TransportSecuritySettings

    return TransportSecuritySettings(enable_dns_rebinding_protection=False)


def add_health(app: FastAPI, gate: Gate, metrics: Metrics, channels: Health) -> None:
    @app.get("/healthz", tags=["operation"])
    def healthz() -> JSONResponse:
        """Whether questions can be answered, and which chat channels are connected. Tells nothing of what is indexed."""
        try:
            gate.index.documents()
        except BudgetError:
            return JSONResponse({"status": "down", "channels": channels()}, 503)
        return JSONResponse({"status": "ok", "channels": channels()})

    @app.get("/metrics", tags=["operation"], response_class=Response)
    def prometheus() -> Response:
        """For Prometheus; needs a token with the scope ``metrics``."""
        return Response(metrics.text(), media_type=CONTENT_TYPE)


def add_errors(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def known(_: Request, error: ApiError) -> JSONResponse:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def wrong(_: Request, error: RequestValidationError) -> JSONResponse:
        fields = sorted({".".join(str(part) for part in item["loc"][1:]) for item in error.errors()} - {""})
        named = "、".join(field for field in fields if field.isascii())[:200]
        return ApiError(400, BAD_REQUEST.code, BAD_REQUEST.message + (f"（{named}）" if named else "")).response()

    @app.exception_handler(HTTPException)
    async def other(_: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 404:
            return NOT_FOUND.response()
        return ApiError(error.status_code, "bad_request", BAD_REQUEST.message, dict(error.headers or {})).response()

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> JSONResponse:
        return FAILED.response()
