"""The embedder: one model in two engines, and text that would break it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.e5_folder import read_packed
from index.embed import FEW_PASSAGES, LONGEST_QUERY, PackagedE5, SentenceTransformerEmbedder, clean, make_embedder
from index.errors import BudgetError
from index.settings import IndexSettings

TEXTS = ["龙岗区对口帮扶预算9,233.81万元", "公务接待费较上年减少", "部门职责：拟订工业和信息化领域的发展战略"]


def test_what_overruns_or_cuts_the_engine_is_taken_out_first() -> None:
    assert len(clean("\ufdfa" * 3, 100)) == 54  # one character that stands for eighteen
    assert clean("一\x00二", 100) == "一 二"
    assert clean("１２３％", 100) == "123%"
    assert clean("坏\ud800字", 100) == "坏?字"
    assert len(clean("长" * 10_000, LONGEST_QUERY)) == LONGEST_QUERY


def test_hostile_text_gets_a_vector() -> None:
    embedder = PackagedE5(8)
    for text in ("\ufdfa" * 200, "\x00", "", "?" * 10_000, "\ud800"):
        vector = embedder.query(text)
        assert vector.shape == (384,) and np.isfinite(vector).all()


def test_questions_together_have_the_vectors_that_they_have_alone() -> None:
    embedder = PackagedE5(8)
    texts = [*TEXTS, "", "\x00", "\ufdfa" * 200, "长" * 10_000]
    assert np.array_equal(embedder.queries(texts), np.stack([embedder.query(text) for text in texts]))


def test_few_passages_take_the_light_engine_in_the_order_given() -> None:
    embedder = PackagedE5(8)
    done: list[int] = []
    together = embedder.passages(TEXTS, done.append)
    assert done == [len(TEXTS)] and together.dtype == np.float32 and embedder._many is None
    for row, text in zip(together, TEXTS, strict=True):
        assert float(row @ embedder.passages([text])[0]) > 0.9999


def test_both_engines_give_the_same_vectors() -> None:
    embedder = PackagedE5(2)
    light = embedder.passages(TEXTS)
    embedder.warm()
    many = embedder.passages(TEXTS * (FEW_PASSAGES // len(TEXTS) + 1))
    assert np.all(np.sum(light * many[: len(TEXTS)], axis=1) > 0.999)


def test_the_setting_chooses_the_model() -> None:
    assert isinstance(make_embedder(IndexSettings()), PackagedE5)
    other = make_embedder(IndexSettings(embedder="some/model", query_prompt="q", passage_prompt="p"))
    assert isinstance(other, SentenceTransformerEmbedder) and other.name == "some/model"


def test_a_folder_that_holds_no_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{", "utf-8")
    with pytest.raises(BudgetError, match="embedder") as caught:
        make_embedder(IndexSettings(embedder=str(tmp_path))).query("问")
    assert "\n" not in str(caught.value)


def test_a_foreign_weights_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(BudgetError, match="格式"):
        read_packed(tmp_path / "x.bin")
