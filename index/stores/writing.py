"""Writing to a store: one writer at a time, and no moment at which a reader sees half of a change."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from index.errors import StoreError
from index.settings import IndexSettings
from index.stores.figures import FigureStore
from index.stores.manifest import check_manifest, new_manifest, read_manifest, write_manifest

LOCK_NAME = ".lock"


@contextlib.contextmanager
def locked(store: Path) -> Iterator[None]:
    try:
        store.mkdir(parents=True, exist_ok=True)
        handle = (store / LOCK_NAME).open("w")
    except OSError as error:
        raise StoreError(f"索引文件夹 {store} 不能写（{error.strerror}）：请换一个 --store") from error
    with handle:
        with contextlib.suppress(ImportError):
            import fcntl

            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StoreError(f"另一个 ingest 正在写索引 {store}：请等它结束后再运行") from error
        yield


@contextlib.contextmanager
def opened(store: Path, settings: IndexSettings) -> Iterator[FigureStore]:
    with locked(store):
        if read_manifest(store) is not None:
            check_manifest(store, settings)
        records = FigureStore(store, create=True)
        if read_manifest(store) is None:  # after the database: a store without a manifest is no store yet
            write_manifest(store, new_manifest(settings))
        try:
            yield records
        finally:
            records.close()


def take_over(fresh: Path, store: Path) -> None:
    """The database first: a reader that catches the old manifest is refused for a moment, and never misreads."""
    for old in store.glob("vectors-*.faiss"):
        old.unlink(missing_ok=True)
    files = sorted(fresh.iterdir(), key=lambda item: item.suffix != ".sqlite")
    for item in files:
        if item.name != LOCK_NAME:
            item.replace(store / item.name)
    shutil.rmtree(fresh, ignore_errors=True)


def save_vectors(store: Path, records: FigureStore) -> None:
    from index.stores import vectors

    vectors.save(vectors.rows_to_store(records.vectors()), store, records.generation())
