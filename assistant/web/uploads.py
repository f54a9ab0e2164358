"""Files that people hand over: checked before anything reads them, kept in the store's ``files`` folder, read one after another.

Reading goes on when the page is closed; questions are answered from the old state until a file is whole.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
import time
import unicodedata
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from index.errors import BudgetError, ParseError
from index.files import READERS, check_content
from index.pageview import FILES_FOLDER

if TYPE_CHECKING:
    from index.build import FileReport
    from index.embed import Embedder

MOST_BYTES = 50 * 1024 * 1024
LONGEST_NAME = 80  # characters of a file's stem
INCOMING = ".incoming"
KEPT_JOBS = 50
FORBIDDEN = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
TOO_BIG = "超过 50 MB，没有收下：请拆分，或在服务器上用 assistant ingest 读入"
ZIPPED = {".xlsx": "xl/", ".docx": "word/"}
MACHINE_CODE = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"#!")


@dataclass
class Job:
    """One file on its way into the store. ``state``: waiting, reading, done, skipped or failed."""

    id: str
    owner: str
    name: str
    path: Path
    state: str = "waiting"
    stage: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    report: FileReport | None = None
    finished: float = 0.0

    @property
    def over(self) -> bool:
        return self.state in ("done", "skipped", "failed")


def safe_name(name: str) -> str:
    """A file name that is only a name. Raises ParseError where its ending is none that is read."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    name = FORBIDDEN.sub("", name).strip(" .")
    suffix = Path(name).suffix.lower()
    if suffix not in READERS:
        raise ParseError(f"不支持的文件类型 {suffix or '（无扩展名）'}：可读 {'、'.join(READERS)}")
    stem = Path(name).stem.strip(" .") or "文件"
    return stem[:LONGEST_NAME] + suffix


def check_magic(path: Path) -> None:
    """Raises ParseError where the content is plainly not what the name says, so that no parser ever sees it."""
    head = path.read_bytes()[:4096]
    if head.startswith(MACHINE_CODE):
        raise ParseError(f"扩展名是 {path.suffix}，内容却是程序：没有收下")
    check_content(path)
    folder = ZIPPED.get(path.suffix.lower())
    if folder:
        import zipfile

        if not zipfile.is_zipfile(path) or not any(name.startswith(folder) for name in zipfile.ZipFile(path).namelist()):
            raise ParseError(f"扩展名是 {path.suffix}，内容却不是这种文件：没有收下")


async def receive(chunks: AsyncIterator[bytes], name: str, store: Path) -> Path:
    """Writes an upload to the store's ``files`` folder, whole and checked, under a name of its own.

    Raises ParseError with one line where it is too large, not what it says, or cannot be kept.
    """
    name = safe_name(name)
    folder = store / FILES_FOLDER
    incoming = folder / INCOMING / f"{token_hex(8)}{Path(name).suffix}"
    incoming.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    try:
        with incoming.open("wb") as out:
            async for chunk in chunks:
                size += len(chunk)
                if size > MOST_BYTES:
                    raise ParseError(f"{name}：{TOO_BIG}")
                out.write(chunk)
        try:
            check_magic(incoming)
        except ParseError as error:
            raise ParseError(f"{name}：{error}") from None
        return _settle(incoming, folder, name)
    except OSError as error:
        raise ParseError(f"{name}：存不下（{error.strerror}），请检查磁盘空间和权限") from None
    finally:
        incoming.unlink(missing_ok=True)


def _settle(incoming: Path, folder: Path, name: str) -> Path:
    """Another file of that name keeps its place: the new one is numbered, unless their contents are the same."""
    data = incoming.read_bytes()
    for number in range(1, 1000):
        path = folder / (name if number == 1 else f"{Path(name).stem}({number}){Path(name).suffix}")
        try:
            with path.open("xb") as out:  # fails where the name is taken, also by somebody else at this moment
                out.write(data)
            return path
        except FileExistsError:
            if path.read_bytes() == data:
                return path
    raise ParseError(f"{name}：同名文件太多，请改名后再上传")


class Uploads:
    """The queue of files to be read, and what became of them."""

    def __init__(
        self, store: Path, embedder: Callable[[], Embedder | None] = lambda: None, on_change: Callable[[Job], None] | None = None
    ) -> None:
        """``embedder`` gives one that is loaded already, where there is one; ``on_change`` is called when a file is over."""
        self._store = store
        self._embedder = embedder
        self._on_change = on_change or (lambda job: None)
        self._queue: queue.Queue[Job] = queue.Queue()
        self._jobs: list[Job] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, path: Path, owner: str) -> Job:
        job = Job(token_hex(6), owner, path.name, path)
        with self._lock:
            self._jobs = [*self._jobs, job][-KEPT_JOBS:]
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="ingest", daemon=True)
                self._thread.start()
        self._queue.put(job)
        return job

    def fail(self, name: str, message: str, owner: str) -> Job:
        """A file that was not taken is listed, too."""
        job = Job(token_hex(6), owner, name[:LONGEST_NAME], Path(name), "failed", message=message, finished=time.time())
        with self._lock:
            self._jobs = [*self._jobs, job][-KEPT_JOBS:]
        return job

    def of(self, owner: str) -> list[Job]:
        """The owner's files, the latest first."""
        return [job for job in reversed(self._jobs) if job.owner == owner]

    def forget(self, owner: str) -> None:
        """Takes what is over off the list."""
        with self._lock:
            self._jobs = [job for job in self._jobs if job.owner != owner or not job.over]

    def _work(self) -> None:
        while True:
            job = self._queue.get()
            try:
                state, message = self._read(job)
            except BudgetError as error:
                state, message = "failed", str(error)
            except Exception:
                logging.exception("reading %s failed", job.name)
                state, message = "failed", f"{job.name}：内部错误，没有读成；详情见服务器的日志"
            if state == "failed":
                _discard(job.path, self._store)
            job.message, job.finished = message, time.time()
            job.state = state  # last: who sees that it is over finds all the rest done
            self._on_change(job)

    def _read(self, job: Job) -> tuple[str, str]:
        """The state it ends in and what is said of it."""
        from index.build import ingest

        def progress(path: Path, stage: str, done: int, total: int) -> None:
            job.stage, job.done, job.total = stage, done, total

        job.state = "reading"
        (report,) = ingest([job.path], self._store, progress, embedder=self._embedder())
        job.report = report
        if report.status == "skipped" and not self._in_use(job.path):
            _discard(job.path, self._store)
        return {"failed": "failed", "skipped": "skipped"}.get(report.status, "done"), report.message

    def _in_use(self, path: Path) -> bool:
        from index.stores.figures import FigureStore

        records = FigureStore(self._store)
        try:
            return str(path.resolve()) in {known.source for known in records.known()}
        finally:
            records.close()


def _discard(path: Path, store: Path) -> None:
    """A copy that could not be read is of no use; files elsewhere are never touched."""
    if path.resolve().parent == (store / FILES_FOLDER).resolve():
        path.unlink(missing_ok=True)


def remove_document(store: Path, doc_id: str, source: Path) -> None:
    """Forgets a document and the copy that was uploaded. Raises StoreError where it is not there."""
    from index.build import remove

    remove(store, doc_id)
    _discard(source, store)
