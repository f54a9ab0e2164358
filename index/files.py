"""Which files can be read, and what is plainly wrong with one before any parser sees it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from index.domain import Document
from index.errors import ParseError
from index.sandbox import Progress

Reader = Callable[[Path, str, Progress], Document]
CHECKED_BYTES = 4096
MARKS = {
    b"PK\x03\x04": "Office 或 zip 文件",
    b"\xd0\xcf\x11\xe0": "旧版 Office 文件",
    b"\x89PNG": "PNG 图片",
    b"\xff\xd8\xff": "JPEG 图片",
    b"GIF8": "GIF 图片",
    b"\x1f\x8b": "gzip 文件",
    b"Rar!": "rar 文件",
    b"\x7fELF": "程序",
}


def _pdf(path: Path, doc_id: str, progress: Progress) -> Document:
    from index.readers.pdf import read_pdf

    return read_pdf(path, doc_id, progress)


def _text(path: Path, doc_id: str, progress: Progress) -> Document:
    from index.readers.text import read_text

    return read_text(path, doc_id, progress)


def _xlsx(path: Path, doc_id: str, progress: Progress) -> Document:
    from index.readers.xlsx import read_xlsx

    return read_xlsx(path, doc_id, progress)


def _docx(path: Path, doc_id: str, progress: Progress) -> Document:
    from index.readers.docx import read_docx

    return read_docx(path, doc_id, progress)


def _html(path: Path, doc_id: str, progress: Progress) -> Document:
    from index.readers.html import read_html

    return read_html(path, doc_id, progress)


READERS: dict[str, Reader] = {".pdf": _pdf, ".txt": _text, ".xlsx": _xlsx, ".docx": _docx, ".html": _html, ".htm": _html}


def expand(path: Path) -> list[Path]:
    """A file as itself, a folder as its readable files below it. Raises ParseError where there is nothing to read."""
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix.lower() in READERS and p.is_file() and not _hidden(p, path))
        if not found:
            raise ParseError(f"文件夹里没有可读的文件（{_suffixes()}）")
        return found
    return [path]


def check_content(path: Path) -> str:
    """The file's sha256. Raises ParseError (without the path) where it cannot be what its name says."""
    if not path.exists():
        raise ParseError("文件不存在：请检查路径")
    if not path.is_file():
        raise ParseError("不是普通文件：请给出文件或文件夹")
    if path.suffix.lower() not in READERS:
        raise ParseError(f"不支持的文件类型 {path.suffix or '（无扩展名）'}：可读 {_suffixes()}")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ParseError(f"文件打不开（{os.strerror(error.errno) if error.errno else error}）：请检查权限") from error
    if not data.strip(b"\x00 \r\n\t"):
        raise ParseError("文件是空的：请重新下载")
    if problem := _content_problem(path.suffix.lower(), data[:CHECKED_BYTES]):
        raise ParseError(problem)
    return hashlib.sha256(data).hexdigest()


def _content_problem(suffix: str, head: bytes) -> str | None:
    kind = _sniff(head)
    if suffix == ".pdf" and kind != "PDF":
        return f"扩展名是 .pdf，内容却不是 PDF（{f'像是 {kind}' if kind else '没有 %PDF 标记'}）：请检查文件"
    if suffix == ".txt" and (kind or (b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")))):
        return f"扩展名是 .txt，内容却不是文本（{f'像是 {kind}' if kind else '含二进制数据'}）：请改用正确的扩展名"
    return None


def _sniff(head: bytes) -> str | None:
    """What the first bytes say; None for text and anything unknown. A PDF's mark may stand within the first kilobyte."""
    if b"%PDF-" in head[:1024]:
        return "PDF"
    return next((name for mark, name in MARKS.items() if head.startswith(mark)), None)


def _suffixes() -> str:
    return "、".join(READERS)


def _hidden(path: Path, below: Path) -> bool:
    return any(part.startswith((".", "~$")) for part in path.relative_to(below).parts)
