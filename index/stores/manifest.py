"""The manifest: which settings a store was built with, so that a stale one is refused instead of misread."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from index.errors import StoreError
from index.settings import IndexSettings

FILE_NAME = "manifest.json"
FORMAT = 1  # of the store's files, as opposed to their content


@dataclass(frozen=True)
class Manifest:
    """``index_id`` names this store for traces and caches; ``shaping`` repeats the settings behind ``digest`` for people."""

    index_id: str
    digest: str
    shaping: dict[str, str | int]
    format: int = FORMAT


def new_manifest(settings: IndexSettings) -> Manifest:
    return Manifest(secrets.token_hex(6), settings.digest, settings.shaping)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Whole or not at all."""
    temporary = folder / f".{FILE_NAME}.{os.getpid()}"
    temporary.write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=1), "utf-8")
    temporary.replace(folder / FILE_NAME)


def read_manifest(folder: Path) -> Manifest | None:
    """None where the folder holds no store. Raises StoreError where its manifest is damaged."""
    try:
        text = (folder / FILE_NAME).read_text("utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"索引 {folder} 打不开：{error.strerror}") from error
    try:
        return Manifest(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise StoreError(f"索引 {folder} 的 {FILE_NAME} 已损坏：请删除该文件夹后重新运行 assistant ingest") from error


def check_manifest(folder: Path, settings: IndexSettings) -> Manifest:
    """The manifest of a store that these settings may read. Raises StoreError with the command to run where they may not."""
    manifest = read_manifest(folder)
    if manifest is None:
        raise StoreError(f"{folder} 里没有索引：请先运行 assistant ingest 文件或文件夹 --store {folder}")
    if manifest.format != FORMAT or manifest.digest != settings.digest:
        reason = _changes(manifest, settings)
        raise StoreError(f"索引 {folder} 与当前设置不符（{reason}）：请运行 assistant ingest --rebuild --store {folder}")
    return manifest


def _changes(manifest: Manifest, settings: IndexSettings) -> str:
    now = settings.shaping
    changed = [f"{k}：{manifest.shaping.get(k)} → {now[k]}" for k in now if manifest.shaping.get(k) != now[k]]
    return "；".join(changed) or f"存储格式：{manifest.format} → {FORMAT}"
