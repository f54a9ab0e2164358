"""``assistant serve`` and ``assistant mcp``: the service over HTTP, and for one desktop client over stdio."""

from __future__ import annotations

import argparse
import gc
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
SWITCH_SECONDS = 0.001  # a fifth of Python's own: every few lines the loop that takes requests in waits for the threads that answer
IDLE_SECONDS = 75  # longer than clients and proxies keep a connection: whoever closes second loses a request


def serve(args: argparse.Namespace) -> int:
    """Until interrupted. Raises BudgetError where it cannot start."""
    from assistant.api.app import make_app
    from assistant.api.chat import page_path
    from assistant.api.metrics import Metrics
    from assistant.api.settings import LOOPBACK, load_service_settings
    from assistant.channels.logs import warnings_to_stderr
    from assistant.channels.running import Channels
    from assistant.channels.settings import load_channel_settings

    warnings_to_stderr()
    settings = load_service_settings()
    gate = Gate.open(args.store, settings.rates)
    channels = None
    try:
        if gate.access.open and args.host not in LOOPBACK:
            raise BudgetError(
                f"还没有任何用户，不能对外开放 {args.host}：请先运行 assistant users add NAME --admin yes --store {args.store}，再发令牌"
            )
        metrics = Metrics()
        channels = Channels(gate, args.store, load_channel_settings(), page_path, settings.public_url, metrics.answered)
        app = make_app(gate, settings, args.host, channels.health, metrics, channels.routers())
        server = http_server(app, settings, args.host, args.port)
        get_ready(gate)
        channels.start()
        print(f"HTTP 服务：http://{args.host}:{args.port}/v1（Ctrl+C 结束）", flush=True)
        if channels.all:
            print(f"聊天渠道：{'、'.join(channel.name for channel in channels.all)}；状态见 /healthz", flush=True)
        try:
            server.run()
        except SystemExit as stopped:
            raise BudgetError(f"地址 {args.host}:{args.port} 已被占用或不可用：请用 --port 换一个端口") from stopped
    finally:
        if channels is not None:
            channels.stop()
        gate.close()
    return 0


def get_ready(gate: Gate) -> None:
    """What would otherwise hold up the first questions, or everybody in between."""
    gate.warm_up()
    gc.collect()
    gc.freeze()  # what was prepared is some 400,000 objects: to look through them all stops everybody for a tenth of a second
    sys.setswitchinterval(SWITCH_SECONDS)


def channels(args: argparse.Namespace) -> int:
    """Exit code 1 where something is missing that can be seen from here."""
    from assistant.channels.check import TITLES, check, linked_people
    from assistant.channels.settings import NAMES, load_channel_settings

    settings = load_channel_settings()
    names = [args.channel] if args.channel else list(dict.fromkeys(name.partition("_")[0] for name in settings.wanted) or NAMES)
    held = True
    for name in names:
        print(f"{TITLES[name]}（{name}）")
        for step in check(name, settings, linked_people(args.store, name)):
            print(f"  {'？' if step.held is None else '✓' if step.held else '✗'} {step.text}", flush=True)
            held = held and step.held is not False
    return 0 if held else 1


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
            timeout_keep_alive=IDLE_SECONDS,
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
