"""What the page fetches besides its Gradio events: pictures, files, pieces of documents, uploads, signing in."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from assistant.access.domain import AccessError, NotRecognised, TooMany
from assistant.web.exports import answer_to_docx, answer_to_xlsx
from assistant.web.markup import render
from assistant.web.review import audit_to_html
from assistant.web.shelf import part_to_html, table_to_html
from assistant.web.site import Site
from assistant.web.texts import CHINESE, Texts, texts_for
from assistant.web.uploads import receive
from assistant.web.visitors import SESSION_COOKIE, Visitor
from index.domain import Box
from index.errors import BudgetError
from index.lineview import place_to_excerpt
from index.pageview import crop_picture, page_picture, page_range, place_boxes, place_pages, source_file

STATIC = Path(__file__).parent / "static"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAPER = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
KEEP = {"Cache-Control": "private, max-age=300"}
SESSION_SECONDS = 12 * 3600


def texts_of(request: Request) -> Texts:
    return texts_for(request.headers.get("accept-language"))


def attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def text_to_box(text: str) -> Box:
    """Raises BudgetError for anything but four numbers."""
    try:
        x0, top, x1, bottom = (float(part) for part in text.split(","))
    except ValueError:
        raise BudgetError("框应是四个数字") from None
    return x0, top, x1, bottom


def add_routes(app: FastAPI, site: Site) -> None:
    """All under /ui, with signing in and out; whoever may not read a document gets the answer for one that is not there."""

    def refused(_: Request, error: Exception) -> Response:
        status = 401 if isinstance(error, NotRecognised) else 429 if isinstance(error, TooMany) else 404
        return PlainTextResponse(str(error), status)

    app.add_exception_handler(BudgetError, refused)
    _add_pictures(app, site)
    _add_pieces(app, site)
    _add_uploads(app, site)
    _add_login(app, site)
    _add_static(app, site)


def _add_pictures(app: FastAPI, site: Site) -> None:

    @app.get("/ui/page/{doc:path}/{page:int}.png")
    def picture(request: Request, doc: str, page: int, scale: float = 2.0) -> Response:
        index = site.index_for(site.visitors.who(request.cookies), doc)
        png = page_picture(index, doc, page, scale=scale)
        return Response(png, media_type="image/png", headers={**KEEP, "X-Pages": str(index.document(doc).page_count)})

    @app.get("/ui/crop/{doc:path}/{page:int}.png")
    def crop(request: Request, doc: str, page: int, box: str) -> Response:
        index = site.index_for(site.visitors.who(request.cookies), doc)
        return Response(crop_picture(index, doc, page, text_to_box(box)), media_type="image/png", headers=KEEP)

    @app.get("/ui/place/{doc:path}")
    def place(request: Request, doc: str, line: int, page: int | None = None, quote: str = "", column: str = "[]") -> Response:
        index = site.index_for(site.visitors.who(request.cookies), doc)
        excerpt = place_to_excerpt(index.document(doc), line, page, quote, tuple(json.loads(column)))
        return HTMLResponse(render("place", texts_of(request), e=excerpt))

    @app.get("/ui/span/{doc:path}")
    def span(request: Request, doc: str, page: int, box: str, quote: str = "") -> dict[str, Any]:
        """The pages of the table or passage around a place, and the lines of a passage on its page."""
        document = site.index_for(site.visitors.who(request.cookies), doc).document(doc)
        first, last = place_pages(document, page, text_to_box(box))
        return {"first": first, "last": last, "boxes": place_boxes(document, page, text_to_box(box), quote)}

    @app.get("/ui/range/{doc:path}")
    def pages(request: Request, doc: str, first: int, last: int) -> Response:
        index = site.index_for(site.visitors.who(request.cookies), doc)
        name = f"{Path(index.document(doc).file_name).stem}-第{first}{f'-{last}' if last > first else ''}页.pdf"
        return Response(page_range(index, doc, first, last), media_type="application/pdf", headers=attachment(name))

    @app.get("/ui/file/{doc:path}")
    def original(request: Request, doc: str) -> Response:
        index = site.index_for(site.visitors.who(request.cookies), doc)
        document = index.document(doc)
        kind = mimetypes.guess_type(document.file_name)[0] or "application/octet-stream"
        return FileResponse(source_file(index, document), media_type=kind, headers=attachment(document.file_name))


def _add_pieces(app: FastAPI, site: Site) -> None:

    @app.get("/ui/document/{doc:path}/table/{number:int}")
    def table(request: Request, doc: str, number: int) -> Response:
        index = site.index_for(site.visitors.who(request.cookies), doc)
        return HTMLResponse(table_to_html(index, doc, number, texts_of(request)))

    @app.get("/ui/document/{doc:path}/{part}")
    def piece(request: Request, doc: str, part: str) -> Response:
        index = site.index_for(site.visitors.who(request.cookies), doc)
        return HTMLResponse(part_to_html(index, doc, part, texts_of(request)))

    @app.get("/ui/audit")
    def audit(request: Request, doc: str = "") -> Response:
        visitor = site.visitors.who(request.cookies)
        infos = site.desk.documents(visitor.principal)
        if not infos:
            return HTMLResponse(render("documents", texts_of(request), infos=[], removable=[], elsewhere=True))
        return HTMLResponse(audit_to_html(site.desk.index(), infos, doc, texts_of(request)))

    @app.get("/ui/examples")
    def examples(request: Request) -> list[str]:
        principal = site.visitors.who(request.cookies).principal
        return site.examples.of(principal, site.desk.documents(principal))

    @app.get("/ui/answer/{conversation}/{turn}.{kind}")
    def export(request: Request, conversation: str, turn: str, kind: str) -> Response:
        visitor = site.visitors.who(request.cookies)
        writers: dict[str, tuple[Callable[..., bytes], str]] = {"xlsx": (answer_to_xlsx, WORKBOOK), "docx": (answer_to_docx, PAPER)}
        answer = site.conversations.turn(visitor.owner, conversation, turn).answer
        if answer is None or kind not in writers:
            raise BudgetError("没有可导出的回答")
        write, media = writers[kind]
        name = "".join(c for c in str(answer["question"])[:30] if c.isalnum()) or "回答"
        return Response(write(answer), media_type=media, headers=attachment(f"{name}.{kind}"))


def _add_uploads(app: FastAPI, site: Site) -> None:

    def listed(request: Request, visitor: Visitor) -> Response:
        return HTMLResponse(render("jobs", texts_of(request), jobs=site.uploads.of(visitor.owner)))

    @app.get("/ui/jobs")
    def jobs(request: Request) -> Response:
        return listed(request, site.visitors.who(request.cookies))

    @app.post("/ui/jobs/forget")
    def forget(request: Request) -> Response:
        visitor = site.visitors.who(request.cookies)
        site.uploads.forget(visitor.owner)
        return listed(request, visitor)

    @app.post("/ui/upload")
    async def upload(request: Request, name: str) -> Response:
        visitor = site.visitors.who(request.cookies)
        try:
            site.allow_upload(visitor)
            site.uploads.add(await receive(request.stream(), name, site.store), visitor.owner)
        except AccessError:
            raise
        except BudgetError as error:
            site.uploads.fail(name, str(error), visitor.owner)
            return HTMLResponse(str(error), 422)
        return listed(request, visitor)


def _add_login(app: FastAPI, site: Site) -> None:

    def form(request: Request, trouble: str = "", status: int = 200) -> Response:
        texts = texts_of(request)
        lang = "zh-CN" if texts is CHINESE else "en"
        return HTMLResponse(render("login", texts, trouble=trouble, lang=lang), status)

    @app.get("/login")
    def login_form(request: Request) -> Response:
        return form(request) if site.visitors.login_needed() else RedirectResponse("./", 303)

    @app.post("/login")
    async def login(request: Request) -> Response:
        fields = parse_qs((await request.body()).decode("utf-8", "replace"))
        name, password = (fields.get(key, [""])[0] for key in ("name", "password"))
        address = request.client.host if request.client else ""
        try:
            principal = await run_in_threadpool(site.desk.gate().login, name, password, address)
            cookie = site.desk.gate().session(principal)
        except TooMany as error:
            return form(request, str(error), 429)
        except BudgetError as error:
            return form(request, texts_of(request)["login_wrong"] if isinstance(error, NotRecognised) else str(error), 401)
        answer = RedirectResponse("./", 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(SESSION_COOKIE, cookie, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=secure)
        return answer

    @app.post("/logout")
    def logout() -> Response:
        answer = RedirectResponse("login", 303)
        answer.delete_cookie(SESSION_COOKIE)
        return answer


def _add_static(app: FastAPI, site: Site) -> None:

    @app.get("/ui/health")
    def health(request: Request) -> dict[str, Any]:
        """For anybody; why the search is offline (a path of this machine, perhaps) only for those who may use the page."""
        known = True
        try:
            site.visitors.who(request.cookies)
        except NotRecognised:
            known = False
        except BudgetError:
            pass  # the page tells
        return {
            "boot": site.boot,
            "known": known,
            "search": site.desk.search_state,
            "reason": site.desk.search_trouble if known else "",
        }

    @app.post("/ui/search/reload")
    def reload(request: Request) -> dict[str, Any]:
        """Tries to load the search again, in the background."""
        site.visitors.who(request.cookies)
        site.desk.reload_search()
        return health(request)

    @app.get("/ui/texts.js")
    def texts(request: Request) -> Response:
        texts = texts_of(request)
        facts = {"texts": dict(texts), "lang": "zh-CN" if texts is CHINESE else "en", "boot": site.boot}
        body = json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c")
        return Response(
            f"window.budget = {body};", media_type="text/javascript", headers={"Cache-Control": "no-cache", "Vary": "Accept-Language"}
        )

    @app.get("/ui/static/{name}")
    def static(name: str) -> Response:
        if name not in {path.name for path in STATIC.iterdir()}:
            raise BudgetError(f"没有 {name}")
        return FileResponse(STATIC / name, headers={"Cache-Control": "no-cache"})
