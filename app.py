"""The web page: ``python app.py [--store DIR] [--host 127.0.0.1] [--port 7860]``.

Composition only; the parts are in ``assistant/web``. Nothing is loaded from the internet. Without users (``assistant users
add``) anybody who reaches the page may use it, so it then listens on this machine alone.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant import BudgetError
from assistant.web.guard import LOOPBACK
from assistant.web.server import build_app, port_is_free, run
from assistant.web.site import Site

STORE_VARIABLE = "BUDGET_ASSISTANT_STORE"
PORT_VARIABLE = "BUDGET_ASSISTANT_PORT"


def build_page(store: Path, hosts: Sequence[str] = LOOPBACK) -> Any:
    """The page of a store as an ASGI application, warming up in the background."""
    site = Site(store)
    page = build_app(site, hosts)
    site.warm_up()
    return page


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python app.py", description="预算问答网页 / the web page")
    store = os.environ.get(STORE_VARIABLE) or "store"
    parser.add_argument("--store", type=Path, default=Path(store), help=f"索引目录，默认 ${STORE_VARIABLE} 或 ./store / index folder")
    parser.add_argument("--host", default="127.0.0.1", help="监听地址；建立用户以前只限本机 / address, this machine only by default")
    parser.add_argument("--port", type=int, default=os.environ.get(PORT_VARIABLE) or "7860", help="端口 / port")
    parser.add_argument(
        "--name", action="append", default=[], metavar="HOST", help="浏览器里用的主机名，可重复 / host name people type, may be repeated"
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    args = parse_args(argv)
    try:
        site = Site(args.store)
        if args.host not in LOOPBACK and not site.visitors.login_needed():
            raise BudgetError(
                f"还没有建立用户，任何人都能打开网页，所以不能在 {args.host} 上监听：请先用 assistant users add 建立用户，或去掉 --host"
            )
        if not port_is_free(args.host, args.port):
            raise BudgetError(f"地址 {args.host}:{args.port} 已被占用或不可用：请用 --port 换一个端口")
    except BudgetError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"网页地址：http://{args.host}:{args.port}（Ctrl+C 结束）", flush=True)
    run(site, args.host, args.port, (*LOOPBACK, args.host, *args.name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
