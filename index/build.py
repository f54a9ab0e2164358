"""The pipeline, in order: a file → its content → Document, figures, proofs, chunks → vectors → the store.

A file is read and embedded completely before the store is touched; each document then goes in by one transaction. So an
interrupted ingest leaves the store as it was, with the documents that were finished.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from index.codec import bytes_to_document, document_to_bytes, from_plain, to_plain
from index.docids import choose_id, shared_stems
from index.domain import Chunk, Document, Figure, Proof
from index.embed import Embedder, make_embedder
from index.errors import BudgetError, ParseError, StoreError
from index.files import READERS, check_content, expand
from index.pageview import forget_pictures
from index.sandbox import Progress, Sandbox
from index.settings import IndexSettings, load_settings
from index.stores.figures import Entry, FigureStore
from index.stores.manifest import check_manifest, read_manifest
from index.stores.writing import locked, opened, save_vectors, take_over

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
    from index.proofs import prove

    source = Path(path)
    document = replace(READERS[source.suffix.lower()](source, doc_id, progress), file_name=source.name)
    if not document.blocks and not document.unread:
        raise ParseError("没有读到任何文字或表格（空白，或内容已损坏）：请换一份文件")
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
    with opened(store, settings) as records:
        run = _Run(store, records, settings, embedder or make_embedder(settings), on_progress)
        return run.all(paths, on_report or (lambda report: None))


def rebuild(store: Path, on_progress: OnProgress | None = None, on_report: Callable[[FileReport], None] | None = None) -> list[FileReport]:
    """Read all documents of a store again with the present settings; the old store stays until the new one is whole.

    Raises StoreError where there is no store, or one of its files is no longer where it was read from.
    """
    if read_manifest(store) is None:
        raise StoreError(f"{store} 里没有索引：请先运行 assistant ingest 文件或文件夹 --store {store}")
    with locked(store):
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
        take_over(fresh, store)
    return reports


def remove(store: Path, doc_id: str, settings: IndexSettings | None = None) -> None:
    """Forget a document everywhere. Raises StoreError where it is not there."""
    settings = settings or load_settings()
    check_manifest(store, settings)
    with opened(store, settings) as records:
        digests = [known.sha256 for known in records.known() if known.doc_id == doc_id]
        records.remove(doc_id)
        save_vectors(store, records)
    for digest in digests:
        forget_pictures(store, digest)


# ---------------------------------------------------------------- one run


class Reading(NamedTuple):
    """What came of reading a file; no content where the store has it already."""

    sha256: str
    parsed: Parsed | None
    seconds: float


class _Run:
    """One ingest: the reader's process works on the next file while this one is being embedded."""

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
        limits = (self.settings.reader_memory_mb, self.settings.reader_stall_seconds, self.settings.reader_total_seconds)
        try:
            # The sandbox closes first, which ends a reading that is under way in the thread.
            with ThreadPoolExecutor(1) as pool, Sandbox(*limits) as sandbox:
                readings = deque(pool.submit(self._read, sandbox, path) for path in files[:1])
                for path, upcoming in zip(files, [*files[1:], None], strict=True):
                    self.current = path
                    wait(readings)
                    if upcoming:
                        readings.append(pool.submit(self._read, sandbox, upcoming))
                    reports.append(self._finish(path, readings.popleft()))
                    on_report(reports[-1])
        finally:
            if self.records.generation() != self.began:
                save_vectors(self.store, self.records)
        return reports

    def _finish(self, path: Path, reading: Future[Reading]) -> FileReport:
        """Embed and store what was read; ``reading`` is done."""
        start = time.monotonic()
        try:
            sha256, parsed, seconds = reading.result()
            same = next((k.doc_id for k in self.records.known() if k.sha256 == sha256), "")
            if same or parsed is None:
                return FileReport(path, "skipped", same, f"内容与已有的 {same} 相同")
            return self._store(path, sha256, parsed, start - seconds)
        except BudgetError as error:
            return FileReport(path, "failed", message=str(error).removeprefix(f"{path.name}："))

    def _read(self, sandbox: Sandbox, path: Path) -> Reading:
        start = time.monotonic()
        sha256 = check_content(path)
        known = self.records.known()
        if any(k.sha256 == sha256 for k in known):
            return Reading(sha256, None, 0.0)
        settings = self.settings.to_json()
        contested = path.stem in self.contested or any(Path(k.file_name).stem == path.stem and k.source != str(path) for k in known)
        name = path.name if contested else path.stem  # goes into ids of tables and figures; the document's own id is chosen last

        def progress(stage: str, done: int, total: int) -> None:
            if self.current == path:  # a file that is read ahead is not yet the one people watch
                self.on_progress(path, stage, done, total)

        data = sandbox.run("index.build", "parse", str(path), name, settings, progress=progress)
        return Reading(sha256, bytes_to_parsed(data), time.monotonic() - start)

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
            path,
            "replaced" if place.replaces else "added",
            place.doc_id,
            "；".join(f"{old} 改称 {new}" for old, new in place.renames),
            document.page_count,
            len(document.tables),
            len(parsed.figures),
            len(parsed.chunks),
            held,
            len(parsed.proofs) - held,
            tuple(page.page for page in document.unread),
            document.ocr_pages,
            time.monotonic() - start,
        )
