"""What a run was made with: sets, store, settings, code, prompts and versions, so that it can be done again."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from index.stores.index import Index

ROOT = Path(__file__).resolve().parents[1]
DISTRIBUTION = "budget-assistant"


def describe(sets: Sequence[Path], store: Path, index: Index, questions: int) -> dict[str, Any]:
    """Plain JSON. ``assistant_sha256`` changes with any of the assistant's files, ``prompts`` has one hash a file."""
    return {
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "questions": questions,
        "sets": [{"path": str(path), "sha256": _digest([path])} for path in sets],
        "store": str(store),
        "index_id": index.id,
        "documents": [{"doc_id": info.doc_id, "title": info.title, "sha256": info.sha256} for info in index.documents()],
        "settings": index.settings.to_json(),
        "assistant_sha256": _digest(sorted((ROOT / "assistant").glob("*.*"))),
        "prompts": {path.name: _digest([path]) for path in sorted((ROOT / "prompts").glob("*.md"))},
        "machine": {"cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"},
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Of Python, the project and the packages that it runs on, as installed."""
    found = {"python": platform.python_version()}
    try:
        needs = [need for need in importlib.metadata.requires(DISTRIBUTION) or () if "extra ==" not in need]
    except importlib.metadata.PackageNotFoundError:  # run from a clone that was not installed
        return found
    for name in (DISTRIBUTION, *(re.split(r"[^\w.-]", need, maxsplit=1)[0] for need in needs)):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _digest(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
