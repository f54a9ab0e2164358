"""Document ids: the file's stem, or its full name where files of different content share the stem."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from index.stores.figures import Known


@dataclass(frozen=True)
class Place:
    """Where a file goes: its id, the document it replaces, and documents that must take their full names (old, new)."""

    doc_id: str
    replaces: str | None = None
    renames: tuple[tuple[str, str], ...] = ()


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
