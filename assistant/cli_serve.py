"""``assistant serve`` and ``assistant mcp``: the service over HTTP, and for one desktop client over stdio."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from typing import TYPE_CHECKING

from assistant.access.domain import AccessError, NotRecognised
from assistant.access.gate import Gate
from index.errors import BudgetError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

    from assistant.api.settings import ServiceSettings

TOKEN_VARIABLE = "BUDGET_ASSISTANT_TOKEN"
MOST_CONNECTIONS = 1000
FAREWELL_SECONDS = 10


def serve(args: argparse.Namespace) -> int:
    """Until interrupted. Raises BudgetError where it cannot start."""
    from assistant.api.app import make_app
    from assistant.api.settings import LOOPBACK, load_service_settings

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = load_service_settings()
    gate = Gate.open(args.store, settings.rates)
    try:
        if gate.access.open and args.host not in LOOPBACK:
            raise BudgetError(
                f"还没有任何用户，不能对外开放 {args.host}：请先运行 assistant users add NAME --admin yes --store {args.store}，再发令牌"
            )
        server = http_server(make_app(gate, settings, args.host), settings, args.host, args.port)
        print(f"HTTP 服务：http://{args.host}:{args.port}/v1（Ctrl+C 结束）", flush=True)
        try:
            server.run()
        except SystemExit as stopped:
            raise BudgetError(f"地址 {args.host}:{args.port} 已被占用或不可用：请用 --port 换一个端口") from stopped
    finally:
        gate.close()
    return 0


def http_server(app: ASGIApp, settings: ServiceSettings, host: str, port: int) -> uvicorn.Server:
    """A server that neither waits for slow senders nor believes just anybody about addresses."""
    import uvicorn

    from assistant.api.protocol import PatientProtocol

    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=PatientProtocol,
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=FAREWELL_SECONDS,
        )
    )


def mcp(args: argparse.Namespace) -> int:
    """Standard output carries the protocol alone. Whoever starts it is known by a token in the environment."""
    from assistant.api.settings import load_service_settings
    from assistant.asking import Asking, Caller
    from assistant.mcp_server import make_server

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    gate = Gate.open(args.store, load_service_settings().rates)
    asking = Asking(gate)
    token = os.environ.get(TOKEN_VARIABLE)

    def caller() -> Caller:
        """Looked up with every call: a token can be revoked while a client is connected."""
        return Caller(*gate.by_token(token, "mcp"), "stdio")

    try:
        caller()
        make_server(asking, caller).run("stdio")
    except NotRecognised as error:
        raise AccessError(f"{error}：请把令牌放在环境变量 {TOKEN_VARIABLE} 里（assistant tokens add NAME 可发放）") from error
    finally:
        asking.close()
        gate.close()
    return 0
