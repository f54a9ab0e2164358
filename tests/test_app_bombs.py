"""Small files that cost a parser much, uploaded to a running page: each ends in one line, and everybody else is served all along."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests import hostile

ASKED, FIGURE = "龙岗区对口帮扶预算多少", "9,233.81"


@pytest.fixture(scope="module")
def page(
    sample_store: Path, tmp_path_factory: pytest.TempPathFactory, serve_app: Callable[[Any], AbstractContextManager[str]]
) -> Iterator[Any]:
    from assistant.web.server import build_app
    from assistant.web.site import Site

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUDGET_ASSISTANT_READER_MEMORY_MB", "1536")
        store = Path(shutil.copytree(sample_store, tmp_path_factory.mktemp("bombs") / "store"))
        site = Site(store)
        with serve_app(build_app(site)) as url, httpx.Client(base_url=url, timeout=60) as client:
            client.get("/")  # gives the browser its mark
            yield SimpleNamespace(site=site, client=client, store=store)
        site.close()


def ask(client: httpx.Client, question: str) -> str:
    event = client.post("/gradio_api/call/ask", json={"data": [question]}).json()["event_id"]
    lines = client.get(f"/gradio_api/call/ask/{event}").text.splitlines()
    return str(json.loads(next(line[6:] for line in lines if line.startswith("data: [")))[0])


def upload(page: Any, name: str, content: bytes) -> Any:
    """The upload's job when it is over. Meanwhile health and a figure question are answered again and again."""
    assert page.client.post("/ui/upload", params={"name": name}, content=content).status_code == 200
    job = next(job for job in page.site.uploads._jobs if job.name == name)
    served, end = 0, time.monotonic() + 180
    while not job.over or not served:
        assert page.client.get("/ui/health").status_code == 200 and FIGURE in ask(page.client, ASKED)
        served += 1
        assert time.monotonic() < end, job
    return job


@pytest.mark.parametrize("name", sorted(hostile.BOMBS))
def test_bomb_costs_one_line_and_nobody_waits_for_it(page: Any, name: str) -> None:
    job = upload(page, f"{name}.pdf", hostile.BOMBS[name]())
    if job.state == "failed":
        assert job.message and "\n" not in job.message and "Traceback" not in job.message
        assert not (page.store / "files" / f"{name}.pdf").exists()
    else:  # it could be read after all: nothing was made up in it
        assert job.report.figures == 0 and job.report.tables == 0


def test_honest_file_after_all_of_them_is_read_and_answered(page: Any, tmp_path: Path) -> None:
    job = upload(page, "投毒.pdf", hostile.budget().write(tmp_path / "x.pdf").read_bytes())
    assert job.state == "done", job.message
    assert hostile.tells_the_figure(ask(page.client, hostile.ASKED))
