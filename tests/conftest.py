"""Shared by all tests: a store of the bundled samples, built once a session, and the switch that renews README examples."""

from __future__ import annotations

import os
from pathlib import Path

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
