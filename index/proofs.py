"""The document's own arithmetic as proofs: what holds proves the reading, what fails is told by ``index.audit``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from index.claims import claim_proofs
from index.crosstables import cross_table_proofs
from index.domain import Document, Figure, Proof
from index.sums import table_proofs, to_grids

Status = Literal["proven", "failed"]

ARITHMETIC = frozenset({"sum", "tree", "balance", "funds", "basic_project", "change"})  # kinds that check how a table was read


def prove(document: Document, figures: Sequence[Figure]) -> tuple[Proof, ...]:
    """Every check that the document's structure makes certain; see ``Proof.kind`` for the kinds."""
    grids = to_grids(document, figures)
    return tuple(_unique((*table_proofs(grids), *cross_table_proofs(grids), *claim_proofs(document, grids, figures))))


def proof_status(proofs: Iterable[Proof]) -> Mapping[str, Status]:
    """Figure id → proven where a proof holds for it, failed where a sum of its table does not come out.

    A sentence that contradicts a table does not make a proven table figure doubtful; a figure that only failing checks
    touch is failed. Figures without a proof are not in the mapping.
    """
    held: set[str] = set()
    broken: set[str] = set()
    disputed: set[str] = set()
    for proof in proofs:
        (held if proof.held else broken if proof.kind in ARITHMETIC else disputed).update(proof.figures)
    status: dict[str, Status] = dict.fromkeys(held, "proven")
    status.update(dict.fromkeys(disputed - held, "failed"))
    status.update(dict.fromkeys(broken, "failed"))
    return status


def _unique(proofs: Iterable[Proof]) -> Iterable[Proof]:
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for proof in proofs:
        key = (proof.kind, tuple(sorted(proof.figures)))
        if key not in seen:
            seen.add(key)
            yield proof
