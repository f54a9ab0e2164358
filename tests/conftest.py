"""Shared by all tests: a store of the bundled samples, built once a session, and the switch that renews README examples."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).resolve().parents[1] / "index" / "samples"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-docs", action="store_true", help="write the answers given now into README.md")


def pytest_configure() -> None:
    """Tests see the defaults, whatever the person who runs them has set."""
    for name in [name for name in os.environ if name.startswith("BUDGET_ASSISTANT_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole store of the two bundled budgets, with the real embedder (about half a minute)."""
    from index.build import ingest

    store = tmp_path_factory.mktemp("samples") / "store"
    reports = ingest(sorted(SAMPLES.glob("*.pdf")), store)
    assert [report.status for report in reports] == ["added", "added"], [report.message for report in reports]
    return store


@pytest.fixture(scope="session")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A store of budgets with orders to the reader in them, each read by one user of its own, and one that nobody reads.

    ``gate``, ``store``, and of every user ``tokens``; users ``u0``, ``u1`` … write under these names in every chat tool.
    """
    import io
    from types import SimpleNamespace

    import pypdfium2

    from assistant.access.gate import Gate
    from assistant.access.limits import Rates
    from index.build import ingest
    from tests import hostile

    folder = tmp_path_factory.mktemp("poisoned")
    page = pypdfium2.PdfDocument(SAMPLES / "sample-lg-2024.pdf")[15].render(scale=2).to_pil().convert("RGB")
    jpeg = io.BytesIO()
    page.save(jpeg, "JPEG", quality=90)
    papers = hostile.poisoned((page.width, page.height, jpeg.getvalue()))
    files = [paper.write(folder / f"{name}.pdf") for name, paper in papers.items()]
    hidden = folder / "hidden-2024.txt"
    hidden.write_text(f"2024年保密市审计局部门预算\n\n第一部分 部门概况\n\n2024年对口帮扶预算{hostile.SECRET}万元。\n", encoding="utf-8")
    reports = ingest([*files, hidden], folder / "store")
    assert all(report.ok for report in reports), [report.message for report in reports]
    gate = Gate.open(folder / "store", Rates(ask=("100000/minute",), at_once=1000, read=("100000/minute",)))
    tokens, names = {}, {}
    for number, name in enumerate(papers):
        user = f"u{number}"
        gate.access.add(user)
        gate.access.grant(name, user)
        tokens[user], names[user] = gate.access.add_token(user)[0], name
        for channel in ("wecom", "dingtalk", "feishu"):
            gate.access.link(channel, user, user)
    yield SimpleNamespace(gate=gate, store=folder / "store", tokens=tokens, names=names)
    gate.close()


@pytest.fixture(scope="session")
def serve_app() -> Callable[[Any], AbstractContextManager[str]]:
    """Runs an ASGI application by the product's own server on a free port of this machine; gives its address."""
    import threading
    import time

    @contextmanager
    def serving(app: Any) -> Iterator[str]:
        from assistant.api.settings import ServiceSettings
        from assistant.cli_serve import http_server

        server = http_server(app, ServiceSettings(), "127.0.0.1", 0)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()

    return serving
