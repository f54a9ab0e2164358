"""The pipeline, in order: a file → its content → Document, figures, proofs, chunks → vectors → the store.

A file is read and embedded completely before the store is touched; each document then goes in by one transaction. So an
interrupted ingest leaves the store as it was, with the documents that were finished.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from index.codec import bytes_to_document, document_to_bytes, from_plain, to_plain
from index.domain import Chunk, Document, Figure, Proof
from index.embed import Embedder, make_embedder
from index.errors import BudgetError, ParseError, StoreError
from index.files import READERS, check_content, expand
from index.sandbox import Progress, Sandbox
from index.settings import IndexSettings, load_settings
from index.stores.figures import Entry, FigureStore, Known
from index.stores.manifest import check_manifest, new_manifest, read_manifest, write_manifest

LOCK_NAME = ".lock"
MUCH_BYTES = 30_000  # of files: more passages than the light engine should embed
OnProgress = Callable[[Path, str, int, int], None]  # file, stage in Chinese, done, total


@dataclass(frozen=True)
class FileReport:
    """What became of one file. ``status`` is added, replaced, skipped (same content is there) or failed."""

    path: Path
    status: str
    doc_id: str = ""
    message: str = ""
    pages: int = 0
    tables: int = 0
    figures: int = 0
    chunks: int = 0
    proofs_held: int = 0
    proofs_failed: int = 0
    unread_pages: tuple[int, ...] = ()
    ocr_pages: tuple[int, ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.status != "failed"


@dataclass(frozen=True)
class Parsed:
    document: Document
    figures: tuple[Figure, ...]
    proofs: tuple[Proof, ...]
    chunks: tuple[Chunk, ...]


def parse(path: str, doc_id: str, settings: dict[str, Any], progress: Progress) -> bytes:
    """Everything about a file that needs no model, as JSON bytes; runs in the reader's process."""
    from index.chunks import document_to_chunks
    from index.figures import document_to_figures

    try:  # until proofs are there
        from index.proofs import prove
    except ImportError:
        prove = lambda document, figures: ()  # noqa: E731

    source = Path(path)
    document = replace(READERS[source.suffix.lower()](source, doc_id, progress), file_name=source.name)
    if not document.blocks and not document.unread:
        raise ParseError("没有读到任何文字或表格")
    progress("核对", 0, 1)
    figures = document_to_figures(document)
    chunks = document_to_chunks(document, IndexSettings(**settings))
    parts = {"figures": figures, "proofs": prove(document, figures), "chunks": chunks}
    body = document_to_bytes(document)
    rest = json.dumps({name: to_plain(value) for name, value in parts.items()}, ensure_ascii=False).encode()
    return len(body).to_bytes(8, "big") + body + rest


def bytes_to_parsed(data: bytes) -> Parsed:
    """The other end of ``parse``."""
    size = int.from_bytes(data[:8], "big")
    parts = json.loads(data[8 + size :])
    return Parsed(
        bytes_to_document(data[8 : 8 + size]),
        tuple(from_plain(Figure, item) for item in parts["figures"]),
        tuple(from_plain(Proof, item) for item in parts["proofs"]),
        tuple(from_plain(Chunk, item) for item in parts["chunks"]),
    )


def ingest(
    paths: Sequence[Path],
    store: Path,
    on_progress: OnProgress | None = None,
    settings: IndexSettings | None = None,
    embedder: Embedder | None = None,
    on_report: Callable[[FileReport], None] | None = None,
) -> list[FileReport]:
    """Files and folders into a store, which is made where there is none; one report per file, in order.

    Raises StoreError where the store is stale, locked or not writable; what is wrong with a file is in its report.
    """
    settings = settings or load_settings()
    with _opened(store, settings) as records:
        run = _Run(store, records, settings, embedder or make_embedder(settings), on_progress)
        return run.all(paths, on_report or (lambda report: None))


def rebuild(store: Path, on_progress: OnProgress | None = None, on_report: Callable[[FileReport], None] | None = None) -> list[FileReport]:
    """Read all documents of a store again with the present settings; the old store stays until the new one is whole.

    Raises StoreError where there is no store, or one of its files is no longer where it was read from.
    """
    if read_manifest(store) is None:
        raise StoreError(f"{store} 里没有索引：请先运行 assistant ingest 文件或文件夹 --store {store}")
    with _locked(store):
        old = FigureStore(store)
        sources = [Path(known.source) for known in old.known()]
        old.close()
        lost = [str(path) for path in sources if not path.is_file()]
        if lost:
            raise StoreError(f"重建需要的文件不在原处：{'、'.join(lost)}；请放回，或用 assistant ingest 读入新的文件夹")
        fresh = store / ".rebuild"
        shutil.rmtree(fresh, ignore_errors=True)
        reports = ingest(sources, fresh, on_progress, on_report=on_report)
        if not all(report.ok for report in reports):
            shutil.rmtree(fresh, ignore_errors=True)
            return reports
        _take_over(fresh, store)
    return reports


def _take_over(fresh: Path, store: Path) -> None:
    """The database first: a reader that catches the old manifest is refused for a moment, and never misreads."""
    for old in store.glob("vectors-*.faiss"):
        old.unlink(missing_ok=True)
    files = sorted(fresh.iterdir(), key=lambda item: item.suffix != ".sqlite")
    for item in files:
        if item.name != LOCK_NAME:
            item.replace(store / item.name)
    shutil.rmtree(fresh, ignore_errors=True)


def remove(store: Path, doc_id: str, settings: IndexSettings | None = None) -> None:
    """Forget a document everywhere. Raises StoreError where it is not there."""
    settings = settings or load_settings()
    check_manifest(store, settings)
    with _opened(store, settings) as records:
        records.remove(doc_id)
        _save_vectors(store, records)


# ---------------------------------------------------------------- one run


@contextlib.contextmanager
def _locked(store: Path) -> Iterator[None]:
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
def _opened(store: Path, settings: IndexSettings) -> Iterator[FigureStore]:
    with _locked(store):
        if read_manifest(store) is not None:
            check_manifest(store, settings)
        records = FigureStore(store, create=True)
        if read_manifest(store) is None:  # after the database: a store without a manifest is no store yet
            write_manifest(store, new_manifest(settings))
        try:
            yield records
        finally:
            records.close()


@dataclass(frozen=True)
class Place:
    """Where a file goes: its id, the document it replaces, and documents that must take their full names (old, new)."""

    doc_id: str
    replaces: str | None = None
    renames: tuple[tuple[str, str], ...] = ()


class _Run:
    """One ingest: the reader's process works on the next file, and the embedder loads, while others are under way."""

    def __init__(
        self, store: Path, records: FigureStore, settings: IndexSettings, embedder: Embedder, on_progress: OnProgress | None
    ) -> None:
        self.store, self.records, self.settings, self.embedder = store, records, settings, embedder
        self.on_progress = on_progress or (lambda path, stage, done, total: None)
        self.began = records.generation()
        self.current: Path | None = None
        self.contested: set[str] = set()  # stems that files of different content share in this run

    def all(self, paths: Sequence[Path], on_report: Callable[[FileReport], None]) -> list[FileReport]:
        files, reports = [], []
        for path in paths:
            try:
                files += expand(path)
            except ParseError as error:
                reports.append(FileReport(path, "failed", message=str(error)))
                on_report(reports[-1])
        files = list(dict.fromkeys(files))
        self.contested = shared_stems(files)
        self._warm(files)
        limits = (self.settings.reader_memory_mb, self.settings.reader_stall_seconds, self.settings.reader_total_seconds)
        try:
            with Sandbox(*limits) as sandbox, _Ahead(lambda path: self._read(sandbox, path)) as ahead:
                for path, upcoming in zip(files, [*files[1:], None], strict=True):
                    report = self._one(path, ahead, upcoming)
                    reports.append(report)
                    on_report(report)
        finally:
            if self.records.generation() != self.began:
                _save_vectors(self.store, self.records)
        return reports

    def _warm(self, files: Sequence[Path]) -> None:
        """Load the embedder beside the first reading where much text is to come; its failure shows when it is used."""
        known = {k.source for k in self.records.known()}
        new = [path for path in files if path.is_file() and str(path.resolve()) not in known]
        if sum(path.stat().st_size for path in new) < MUCH_BYTES:
            return

        def work() -> None:
            with contextlib.suppress(BudgetError):
                self.embedder.warm()

        threading.Thread(target=work, daemon=True).start()

    def _one(self, path: Path, ahead: _Ahead, upcoming: Path | None) -> FileReport:
        start = time.monotonic()
        self.current = path
        try:
            try:
                sha256, parsed = ahead.take(path)
            finally:
                ahead.begin(upcoming)
            same = next((k.doc_id for k in self.records.known() if k.sha256 == sha256), None)
            if same is not None or parsed is None:
                return FileReport(path, "skipped", same or "", f"内容与已有的 {same} 相同")
            return self._store(path, sha256, parsed, start)
        except BudgetError as error:
            return FileReport(path, "failed", message=str(error).removeprefix(f"{path.name}："), seconds=time.monotonic() - start)

    def _read(self, sandbox: Sandbox, path: Path) -> tuple[str, Parsed | None]:
        """(sha256, content); no content where the store has it already."""
        sha256 = check_content(path)
        known = self.records.known()
        if any(k.sha256 == sha256 for k in known):
            return sha256, None
        settings = self.settings.to_json()
        contested = path.stem in self.contested or any(Path(k.file_name).stem == path.stem and k.source != str(path) for k in known)
        name = path.name if contested else path.stem  # goes into ids of tables and figures; the document's own id is chosen last

        def progress(stage: str, done: int, total: int) -> None:
            if self.current == path:  # a file that is read ahead is not yet the one people watch
                self.on_progress(path, stage, done, total)

        data = sandbox.run("index.build", "parse", str(path), name, settings, progress=progress)
        return sha256, bytes_to_parsed(data)

    def _store(self, path: Path, sha256: str, parsed: Parsed, start: float) -> FileReport:
        texts = [chunk.embed_text for chunk in parsed.chunks]
        self.on_progress(path, "向量", 0, len(texts))
        rows = self.embedder.passages(texts, lambda done: self.on_progress(path, "向量", done, len(texts))) if texts else []
        place = choose_id(path, sha256, self.records.known(), path.stem in self.contested)
        document = replace(parsed.document, doc_id=place.doc_id, sha256=sha256)
        entry = Entry(document, parsed.figures, parsed.proofs, parsed.chunks, [row.tobytes() for row in rows], str(path.resolve()))
        self.records.put(entry, place.replaces, place.renames)
        held = sum(proof.held for proof in parsed.proofs)
        return FileReport(
            path, "replaced" if place.replaces else "added", place.doc_id, "；".join(f"{a} 改称 {b}" for a, b in place.renames), document.page_count, len(document.tables),
            len(parsed.figures), len(parsed.chunks), held, len(parsed.proofs) - held, tuple(u.page for u in document.unread),
            document.ocr_pages, time.monotonic() - start,
        )  # fmt: skip


class _Ahead:
    """Runs ``read`` for one file in a thread ahead of its use; the work itself is in the reader's process."""

    def __init__(self, read: Callable[[Path], tuple[str, Parsed | None]]) -> None:
        self._read = read
        self._path: Path | None = None
        self._thread: threading.Thread | None = None
        self._result: tuple[str, Parsed | None] | BaseException | None = None

    def __enter__(self) -> _Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        pass  # the sandbox is stopped next, which ends the thread

    def begin(self, path: Path | None) -> None:
        if path is None:
            return
        self._path = path

        def work() -> None:
            try:
                self._result = self._read(path)
            except BaseException as error:
                self._result = error

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()

    def take(self, path: Path) -> tuple[str, Parsed | None]:
        if self._thread is None or self._path != path:
            return self._read(path)
        self._thread.join()
        result, self._thread = self._result, None
        if isinstance(result, BaseException):
            raise result
        assert result is not None
        return result


def shared_stems(files: Sequence[Path]) -> set[str]:
    """Stems that several of these files share although their contents differ."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        groups[path.stem].append(path)
    return {stem for stem, paths in groups.items() if len(paths) > 1 and len({_sha256(path) for path in paths}) > 1}


def choose_id(path: Path, sha256: str, known: Sequence[Known], contested: bool = False) -> Place:
    """A document's id is its file stem; where files of different content share a stem, all take their full names.

    A file takes the place of the document that was read from the same path, or under the same name where that older
    file is gone or has changed. Two existing files of one name are told apart by their folders.
    """
    here = str(path.resolve())
    old = next((k for k in known if k.source == here), None) or next(
        (k for k in known if k.file_name == path.name and not _still_there(k)), None
    )
    others = [k for k in known if k is not old]
    taken = {k.doc_id for k in others}
    rivals = [k for k in others if Path(k.file_name).stem == path.stem]
    renames = tuple((k.doc_id, k.file_name) for k in rivals if k.doc_id == path.stem and k.file_name not in taken)
    taken = (taken - {a for a, _ in renames}) | {b for _, b in renames}
    names = [path.name, f"{path.parent.name}/{path.name}", f"{path.name}~{sha256[:8]}"]
    if not rivals and not contested:
        names.insert(0, path.stem)
    doc_id = next(name for name in names if name not in taken)
    return Place(doc_id, old.doc_id if old else None, renames)


def _still_there(known: Known) -> bool:
    return _sha256(Path(known.source)) == known.sha256


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _save_vectors(store: Path, records: FigureStore) -> None:
    from index.stores import vectors

    vectors.save(vectors.rows_to_store(records.vectors()), store, records.generation())
