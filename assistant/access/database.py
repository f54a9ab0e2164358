"""SQLite files of the service: made readable for their owner alone, brought up to date step by step, shared by threads."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from index.errors import StoreError

BUSY_SECONDS = 30.0  # writers hold a file for milliseconds
Steps = Sequence[Sequence[str]]  # migrations in order, each a list of statements; ``user_version`` counts those done


class Database:
    """One connection behind a lock. Every failure of SQLite is a StoreError that names the file."""

    def __init__(self, path: Path, steps: Steps) -> None:
        """Raises StoreError where the file cannot be opened, is damaged, or was written by a newer version."""
        self.path = path
        self._lock = threading.RLock()
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")  # readers and the one writer do not wait for each other
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._migrate(steps)
        except OSError as error:
            raise StoreError(f"{path} 打不开（{error.strerror}）：请检查文件夹是否存在、是否可写") from error
        except sqlite3.Error as error:
            raise StoreError(f"{path} 读不了（{error}）：请从备份恢复这个文件") from error

    def _migrate(self, steps: Steps) -> None:
        with self.transaction():
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version > len(steps):
                raise StoreError(f"{self.path} 由更新的版本写成：请升级本软件后再用")
            for number, statements in enumerate(steps[version:], version + 1):
                for statement in statements:
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {number}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing, one writer at a time."""
        with self._lock:
            if self._db.in_transaction:  # part of a larger one
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            try:
                return self._db.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise StoreError(f"{self.path} 读写失败（{error}）：请检查磁盘空间和文件权限") from error

    def row(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        rows = self.rows(statement, values)
        return rows[0] if rows else None

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Carries a change out; how many rows it touched."""
        with self._lock:
            try:
                return self._db.execute(statement, values).rowcount
            except sqlite3.Error as error:
                raise StoreError(f"{self.path} 读写失败（{error}）：请检查磁盘空间和文件权限") from error

    def version(self) -> tuple[int, int]:
        """Differs whenever anybody, here or in another process, has changed the file."""
        with self._lock:
            return self._db.execute("PRAGMA data_version").fetchone()[0], self._db.total_changes

    def close(self) -> None:
        with self._lock:
            self._db.close()
