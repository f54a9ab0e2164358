"""The page as an ASGI application and a running server: the guard around everything, own routes first, Gradio below."""

from __future__ import annotations

import inspect
import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant.access.domain import NotRecognised
from assistant.web.guard import LOOPBACK, Guard
from assistant.web.site import Site
from index.errors import BudgetError

UPLOAD_LIMIT = "50mb"
STATIC = Path(__file__).parent / "static"
GRACE_SECONDS = 3


def build_app(site: Site, hosts: Sequence[str] = LOOPBACK) -> Any:
    """The guarded application. Gradio keeps its temporary files in a folder of this process alone."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000")  # else every event is followed by a statistic of all others
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
    os.environ.setdefault("GRADIO_TEMP_DIR", tempfile.mkdtemp(prefix="budget-page-"))
    with _lean_gradio():
        import gradio as gr
    from fastapi import FastAPI, Request

    from assistant.web.page import FONTS, HEAD, build_blocks
    from assistant.web.routes import add_routes

    app = FastAPI(title="budget-assistant", docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, site)

    def signed_in(request: Request) -> str | None:
        try:
            return site.visitors.who(request.cookies).owner
        except NotRecognised:
            return None

    page = build_blocks(site)
    theme = gr.themes.Base(font=FONTS, font_mono=("ui-monospace", "monospace"), radius_size="sm", spacing_size="sm")
    app = gr.mount_gradio_app(
        app, page, path="/", auth_dependency=signed_in, max_file_size=UPLOAD_LIMIT, allowed_paths=[], show_error=False, ssr_mode=False,
        mcp_server=False, pwa=False, enable_monitoring=False, footer_links=[], run_history=False, theme=theme,
        css_paths=[STATIC / "web.css"], head=HEAD, i18n=page.budget_i18n,
    )  # fmt: skip
    return Guard(_ask_to_sign_in(app, site), hosts)


@contextmanager
def _lean_gradio() -> Iterator[None]:
    """Leaves out half of what importing gradio costs: stubs for editors that it writes beside its own files, and MCP.

    Both have a way out in gradio: a component without a file of its own, and an installation without the ``mcp`` extra,
    whose server is off here anyway.
    """
    file_of, loaded = inspect.getfile, "mcp" in sys.modules

    def no_component(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError
        return file_of(thing)

    inspect.getfile = no_component  # type: ignore[assignment]
    if not loaded:
        sys.modules["mcp"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = file_of
        if not loaded:
            del sys.modules["mcp"]


def _ask_to_sign_in(app: Any, site: Site) -> Any:
    """The page itself, opened by somebody who has to sign in first, becomes the form for that."""

    async def asking(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/" and scope["method"] == "GET":
            from starlette.requests import Request
            from starlette.responses import RedirectResponse

            try:
                site.visitors.who(Request(scope).cookies)
            except NotRecognised:
                await RedirectResponse("login", 303)(scope, receive, send)
                return
            except BudgetError:
                pass  # the page tells
        await app(scope, receive, send)

    return asking


def run(site: Site, host: str, port: int, hosts: Sequence[str] = LOOPBACK) -> None:
    """Serves until interrupted."""
    import uvicorn

    page = build_app(site, hosts)
    site.warm_up()  # not before: both would take twice as long
    config = uvicorn.Config(page, host=host, port=port, log_level="warning", server_header=False, timeout_graceful_shutdown=GRACE_SECONDS)
    uvicorn.Server(config).run()


def port_is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
