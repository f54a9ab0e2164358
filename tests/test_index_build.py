"""Ingest: what goes into a store, under which id, and that a store is never harmed."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.build import FileReport, ingest, rebuild, remove
from index.docids import choose_id
from index.embed import Progress
from index.errors import StoreError
from index.settings import IndexSettings
from index.stores.figures import FILE_NAME, Known
from index.stores.index import Index

TEXT = """{body}2024年部门预算
第一部分 部门概况
一、部门职责
负责{duty}等工作。
第二部分 项目支出说明
1.对口帮扶预算{amount}万元，主要用于东西部协作。
2.节能减排预算12.50万元，主要用于补贴。
"""


class CharacterEmbedder:
    """Passages with the same characters are near: no model, same answer every time."""

    name = "characters"

    def warm(self) -> None:
        pass

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> Any:
        return np.stack([self.query(text) for text in texts])

    def query(self, text: str) -> Any:
        vector = np.zeros(64, dtype="float32")
        for character in text:
            vector[ord(character) % 64] += 1
        return vector / (np.linalg.norm(vector) or 1)

    def queries(self, texts: Sequence[str]) -> Any:
        return np.stack([self.query(text) for text in texts])


class FailingEmbedder(CharacterEmbedder):
    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> Any:
        raise KeyboardInterrupt


def write(path: Path, body: str = "某市教育局", duty: str = "教育", amount: str = "9,233.81") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(body=body, duty=duty, amount=amount), "utf-8")
    return path


def put(store: Path, *paths: Path) -> list[FileReport]:
    return ingest(paths, store, embedder=CharacterEmbedder())


def open_index(store: Path) -> Index:
    return Index(store, embedder=CharacterEmbedder())


def ids(store: Path) -> list[str]:
    with open_index(store) as index:
        return [info.doc_id for info in index.documents()]


def test_one_bad_file_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    good, store = write(tmp_path / "good.txt"), tmp_path / "store"
    bad = {
        "missing.pdf": None,
        "empty.pdf": b"",
        "page.pdf": b"<html>",
        "office.txt": b"PK\x03\x04zip",
        "table.csv": b"a,b",
        "cut.pdf": b"%PDF-1.5\n1 0 obj",
    }
    for name, data in bad.items():
        if data is not None:
            (tmp_path / name).write_bytes(data)
    reports = put(store, *(tmp_path / name for name in bad), good)
    assert [report.status for report in reports] == ["failed"] * len(bad) + ["added"]
    for report in reports[:-1]:
        assert report.message and "\n" not in report.message
    assert ids(store) == ["good"]


def test_a_figure_of_prose_is_in_the_store_with_its_line(tmp_path: Path) -> None:
    put(tmp_path / "s", write(tmp_path / "a.txt"))
    with open_index(tmp_path / "s") as index:
        (figure,) = [f for f in index.figures("a") if f.raw.startswith("9,233.81")]
        assert (str(figure.value), figure.unit, figure.source.doc_id, figure.source.line) == ("9233.81", "万元", "a", 6)
        assert index.labelled([figure.row_path[-1]], ["a"])[0] == figure
        assert index.labelled([figure.row_path[-1]], ["other"]) == []


def test_the_same_content_again_is_skipped_under_any_name(tmp_path: Path) -> None:
    store = tmp_path / "s"
    put(store, write(tmp_path / "a.txt"))
    reports = put(store, tmp_path / "a.txt", write(tmp_path / "copy.txt"))
    assert [(report.status, report.doc_id) for report in reports] == [("skipped", "a"), ("skipped", "a")]
    twice = put(tmp_path / "s2", tmp_path / "a.txt", tmp_path / "copy.txt")
    assert [report.status for report in twice] == ["added", "skipped"]


def test_a_changed_file_takes_the_place_of_its_older_self(tmp_path: Path) -> None:
    store = tmp_path / "s"
    put(store, write(tmp_path / "a.txt"))
    (report,) = put(store, write(tmp_path / "a.txt", amount="8.00"))
    assert (report.status, report.doc_id, ids(store)) == ("replaced", "a", ["a"])
    with open_index(store) as index:
        assert not any(f.raw.startswith("9,233.81") for f in index.figures("a"))


def test_files_that_share_a_stem_take_their_full_names(tmp_path: Path) -> None:
    one, two = write(tmp_path / "x" / "a.txt"), write(tmp_path / "y" / "a.TXT", duty="卫生")
    put(tmp_path / "together", one, two)
    assert ids(tmp_path / "together") == ["a.TXT", "a.txt"]
    put(tmp_path / "later", one)
    (report,) = put(tmp_path / "later", two)
    assert (report.doc_id, report.message, ids(tmp_path / "later")) == ("a.TXT", "a 改称 a.txt", ["a.TXT", "a.txt"])
    with open_index(tmp_path / "later") as index:
        assert index.document("a.txt").doc_id == "a.txt"
        assert {f.source.doc_id for f in index.figures("a.txt")} == {"a.txt"}
        assert {hit.chunk.doc_id for hit in index.search("教育", 9)} == {"a.txt", "a.TXT"}


def test_two_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    put(tmp_path / "s", write(tmp_path / "2023" / "a.txt"), write(tmp_path / "2024" / "a.txt", duty="卫生"))
    assert ids(tmp_path / "s") == ["2024/a.txt", "a.txt"]


def test_a_moved_and_changed_file_of_one_name_is_the_same_document(tmp_path: Path) -> None:
    gone = Known("a", "a.txt", "00", str(tmp_path / "old" / "a.txt"))
    assert choose_id(tmp_path / "new" / "a.txt", "11", [gone]).replaces == "a"


def test_a_removed_document_is_forgotten_everywhere(tmp_path: Path) -> None:
    store = tmp_path / "s"
    put(store, write(tmp_path / "a.txt"), write(tmp_path / "b.txt", "某市卫生局", "卫生"))
    remove(store, "a")
    with open_index(store) as index:
        assert {hit.chunk.doc_id for hit in index.search("教育 对口帮扶", 20)} == {"b"}
        with pytest.raises(StoreError, match="没有文档 a；现有：b"):
            index.figures("a")
    with sqlite3.connect(store / FILE_NAME) as db:
        for table in ("figures", "chunks", "proofs"):
            assert db.execute(f"SELECT COUNT(*) FROM {table} WHERE document NOT IN (SELECT key FROM documents)").fetchone() == (0,)
    with pytest.raises(StoreError):
        remove(store, "a")


def test_an_interrupted_ingest_leaves_the_finished_documents(tmp_path: Path) -> None:
    store = tmp_path / "s"
    put(store, write(tmp_path / "a.txt"))
    with pytest.raises(KeyboardInterrupt):
        ingest([write(tmp_path / "b.txt", "某市卫生局")], store, embedder=FailingEmbedder())
    assert ids(store) == ["a"]
    assert put(store, tmp_path / "b.txt")[0].ok


def test_an_open_reader_sees_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    store = tmp_path / "s"
    put(store, write(tmp_path / "a.txt"))
    with open_index(store) as index:
        assert len(index.documents()) == 1 and index.search("卫生", 5)
        writer = threading.Thread(target=lambda: put(store, write(tmp_path / "b.txt", "某市卫生局", "卫生")))
        writer.start()
        while writer.is_alive():
            for info in index.documents():
                assert len(index.figures(info.doc_id)) == info.figures
        writer.join()
        assert [info.doc_id for info in index.documents()] == ["a", "b"]
        assert {hit.chunk.doc_id for hit in index.search("卫生", 9)} == {"a", "b"}


def test_a_second_writer_is_turned_away(tmp_path: Path) -> None:
    store = tmp_path / "s"
    store.mkdir()
    with (store / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="另一个"):
            put(store, write(tmp_path / "a.txt"))


def test_a_stale_store_is_refused_with_the_command_that_rebuilds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "s"
    ingest([write(tmp_path / "a.txt")], store)  # the packaged model: a rebuild makes its own embedder
    monkeypatch.setenv("BUDGET_ASSISTANT_CHUNK_CHARS", "300")
    with pytest.raises(StoreError, match=r"chunk_chars：350 → 300.*assistant ingest --rebuild --store") as caught:
        Index.open(store)
    assert "\n" not in str(caught.value)
    with pytest.raises(StoreError, match="--rebuild"):
        put(store, tmp_path / "a.txt")
    assert [report.status for report in rebuild(store)] == ["added"]
    with Index.open(store) as index:
        assert index.settings.chunk_chars == 300
        assert index.search("东西部协作", 1)[0].chunk.text
    assert sorted(path.name.split("-")[0] for path in store.iterdir()) == [".lock", "manifest.json", "store.sqlite", "vectors"]


def test_a_rebuild_that_lacks_a_file_keeps_the_old_store(tmp_path: Path) -> None:
    store = tmp_path / "s"
    put(store, write(tmp_path / "a.txt"))
    (tmp_path / "a.txt").unlink()
    with pytest.raises(StoreError, match=r"a\.txt"):
        rebuild(store)
    assert ids(store) == ["a"]


def test_lost_or_foreign_vectors_are_made_again_from_the_database(tmp_path: Path) -> None:
    store = tmp_path / "s"
    put(store, write(tmp_path / "a.txt"))
    (vectors,) = store.glob("vectors-*.faiss")
    vectors.write_bytes(b"not an index")
    with open_index(store) as index:
        assert index.search("教育", 3)


def test_no_store_and_a_damaged_store_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="assistant ingest"):
        Index.open(tmp_path)
    store = tmp_path / "s"
    put(store, write(tmp_path / "a.txt"))
    (store / FILE_NAME).write_bytes(b"garbage" * 1000)
    with pytest.raises(StoreError, match="assistant ingest"):
        Index(store, IndexSettings())
