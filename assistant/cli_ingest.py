"""``assistant ingest``: a progress bar where somebody watches, and a line per document."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from index.build import FileReport


def ingest(args: argparse.Namespace) -> int:
    """Exit code 1 where a file could not be read; the others are kept."""
    from index import build

    reports: list[FileReport] = []
    out = sys.stderr if args.json else sys.stdout

    with Bar() as bar:

        def tell(report: FileReport) -> None:
            reports.append(report)
            bar.write(report_line(report), out if report.ok else sys.stderr)

        if args.rebuild:
            build.rebuild(args.store, bar.step, on_report=tell)
        else:
            build.ingest(args.paths, args.store, bar.step, on_report=tell)
    if args.json:
        print(json.dumps([report_json(report) for report in reports], ensure_ascii=False))
    return 0 if all(report.ok for report in reports) else 1


def report_line(report: FileReport) -> str:
    if report.status == "failed":
        return f"✗ {report.path}：{report.message}"
    if report.status == "skipped":
        return f"- {report.path}：{report.message}，跳过"
    pages = f"{report.pages} 页，" if report.pages else ""
    checks = f"，核对 {report.proofs_held} 项相符、{report.proofs_failed} 项不符" if report.proofs_held or report.proofs_failed else ""
    ocr = f"，其中 {len(report.ocr_pages)} 页为扫描识别" if report.ocr_pages else ""
    unread = f"，未能读出第 {'、'.join(map(str, report.unread_pages))} 页" if report.unread_pages else ""
    verb = "已更新" if report.status == "replaced" else "已读入"
    size = f"{pages}{report.tables} 张表，{report.figures} 个数字，{report.chunks} 个段落"
    renamed = f"；{report.message}" if report.message else ""
    return f"✓ {report.doc_id} {verb}：{size}{checks}{ocr}{unread}（{report.seconds:.1f} 秒）{renamed}"


def report_json(report: FileReport) -> dict[str, Any]:
    return {
        "path": str(report.path),
        "status": report.status,
        "doc_id": report.doc_id or None,
        "message": report.message or None,
        "pages": report.pages,
        "tables": report.tables,
        "figures": report.figures,
        "chunks": report.chunks,
        "proofs": {"held": report.proofs_held, "failed": report.proofs_failed},
        "unread_pages": list(report.unread_pages),
        "ocr_pages": list(report.ocr_pages),
        "seconds": round(report.seconds, 2),
    }


class Bar:
    """A tqdm bar on stderr where that is a terminal; otherwise only the report lines."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._at: tuple[Path, str] | None = None

    def __enter__(self) -> Bar:
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(file=sys.stderr, leave=False, bar_format="{desc} {bar} {n_fmt}/{total_fmt} {elapsed}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self, path: Path, stage: str, done: int, total: int) -> None:
        if self._bar is None:
            return
        if self._at != (path, stage):
            self._at = (path, stage)
            self._bar.set_description_str(f"{path.name} {stage}", refresh=False)
        self._bar.total, self._bar.n = total, done
        self._bar.refresh()

    def write(self, line: str, stream: Any) -> None:
        if self._bar is not None:
            self._bar.clear()
        print(line, file=stream, flush=True)
