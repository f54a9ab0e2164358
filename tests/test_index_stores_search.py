"""Text search: documents are chosen before searching, words and meaning are fused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from index.stores import retrieve
from index.stores.lexical import LexicalIndex, text_to_tokens
from index.stores.vectors import rows_to_store


def rows(matrix: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype("float32")]


def test_a_small_document_among_many_still_gives_its_best_passages() -> None:
    from llama_index.core.vector_stores.types import VectorStoreQuery

    random = np.random.default_rng(1)
    crowd = random.normal(size=(2000, 16)) * 0.05 + np.eye(16)[0]  # 2,000 passages near the question
    few = random.normal(size=(3, 16))  # three of another document, far from it
    store = rows_to_store(rows(np.vstack([crowd, few])))
    found = store.query(VectorStoreQuery(list(np.eye(16)[0]), similarity_top_k=5, node_ids=[2000, 2001, 2002]))  # type: ignore[list-item]
    assert sorted(found.ids) == ["2000", "2001", "2002"]
    assert found.similarities == sorted(found.similarities, reverse=True)


def test_an_empty_store_or_choice_finds_nothing() -> None:
    from llama_index.core.vector_stores.types import VectorStoreQuery

    assert rows_to_store([]).query(VectorStoreQuery([1.0], similarity_top_k=5)).ids == []
    assert rows_to_store(rows(np.eye(4))).query(VectorStoreQuery([1.0] * 4, similarity_top_k=5, node_ids=[])).ids == []


def test_questions_embedded_ahead_are_not_embedded_again_and_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting:
        def __init__(self) -> None:
            self.asked: list[list[str]] = []

        def queries(self, texts: Sequence[str]) -> np.ndarray:
            self.asked.append(list(texts))
            return np.array([[float(len(text))] for text in texts])

    monkeypatch.setattr(retrieve, "KEPT_QUERIES", 3)
    embedder: Any = Counting()
    embed = retrieve.Queries(embedder)
    embed.ahead(["甲", "乙乙", "甲"])
    assert [embed("乙乙")[0], embed("甲")[0], embed("丙丙丙")[0]] == [2, 1, 3]
    assert embedder.asked == [["甲", "乙乙"], ["丙丙丙"]]
    embed.ahead(["一", "甲"])
    assert embed("乙乙")[0] == 2 and embedder.asked[2:] == [["一"], ["乙乙"]]


def test_words_and_characters_and_numbers_are_tokens() -> None:
    tokens = text_to_tokens("公务接待费１，２３４．５６万元，下降18%")
    assert {"接待费", "接", "费", "1234.56", "18%"} <= set(tokens)


def test_two_character_words_are_found() -> None:
    index = LexicalIndex(["养老保险缴费", "三公经费", "办公用房"])
    assert index.search("三公", 3)[0][0] == 1
    assert index.search("养老", 3)[0][0] == 0
    assert index.search("三公", 3, [0, 2])[0][0] == 2  # only the character 公 is left
    assert index.search("xyz", 3) == [] and LexicalIndex([]).search("三公", 3) == []
