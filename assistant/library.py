"""The indexed documents as the assistant uses them: grouped by body, year and kind, with prepared views."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from assistant.bodies import Directory, Mention, Named
from assistant.catalog import View
from assistant.lexicon import Lexicon
from assistant.scope import Group, infos_to_groups
from assistant.watch import RETRIEVE, stage
from index.amounts import MONEY
from index.audit import audit
from index.domain import Document, DocumentInfo, Figure, Hit, Proof, Section
from index.findings import Finding
from index.proofs import proof_status

CACHED_VIEWS = 64
LONGEST_LABEL = 20  # characters after a body's name in which a printed label may end


class Source(Protocol):
    """What of the Index facade is used here."""

    def documents(self) -> list[DocumentInfo]: ...
    def document(self, doc_id: str) -> Document: ...
    def figures(self, doc_id: str) -> tuple[Figure, ...]: ...
    def proofs(self, doc_id: str) -> tuple[Proof, ...]: ...
    def sections(self, doc_id: str) -> tuple[Section, ...]: ...
    def search(self, text: str, k: int = 8, doc_ids: Sequence[str] | None = None) -> list[Hit]: ...


class Library:
    """Rebuilds what it derived whenever the set of documents changes; answers in flight keep the state they started with."""

    def __init__(self, source: Source, lexicon: Lexicon) -> None:
        self.source = source
        self.lexicon = lexicon
        self._state: tuple[tuple[str, str], ...] | None = None
        self._views: OrderedDict[tuple[str, str], View] = OrderedDict()
        self._findings: dict[tuple[str, str], list[Finding]] = {}
        self.infos: dict[str, DocumentInfo] = {}
        self.groups: tuple[Group, ...] = ()
        self.directory = Directory({}, {}, {}, frozenset())

    def refresh(self) -> None:
        infos = self.source.documents()
        state = tuple(sorted((i.doc_id, i.sha256) for i in infos))
        if state == self._state:
            return
        self.infos = {i.doc_id: i for i in infos}
        self.groups = infos_to_groups(infos)
        self.directory = Directory.of((i.department for i in infos if i.department), self.lexicon)
        self._state = state

    def view(self, doc_id: str) -> View:
        key = (doc_id, self.infos[doc_id].sha256)
        view = self._views.get(key)
        if view is None:
            with stage(RETRIEVE):
                view = View(self.infos[doc_id], self.source.document(doc_id), self.source.figures(doc_id), self.source.sections(doc_id))
                view.status = proof_status(self.source.proofs(doc_id))
            self._views[key] = view
            while len(self._views) > CACHED_VIEWS:
                self._views.popitem(last=False)
        else:
            self._views.move_to_end(key)
        return view

    def findings(self, doc_id: str) -> list[Finding]:
        """Where the document contradicts itself; worked out once a document."""
        key = (doc_id, self.infos[doc_id].sha256)
        if key not in self._findings:
            self._findings[key] = audit(self.source.document(doc_id), self.source.figures(doc_id), self.source.proofs(doc_id))
        return self._findings[key]

    def views(self, groups: Iterable[Group]) -> list[View]:
        return [self.view(doc) for group in groups for doc in group.docs]

    def planned_years(self, group: Group) -> frozenset[int]:
        """The years after the group's own for which its tables plan amounts (2026年 in a plan of three years)."""
        years = (f.year for view in self.views([group]) for f in view.figures if f.table_id and f.unit in MONEY)
        return frozenset(y for y in years if y and group.year and y > group.year)

    def bodies_in(self, text: str) -> Named:
        """The bodies that a flat text names; a name inside a printed item (人大事务) is none."""
        return self.only_bodies(text, self.directory.find(text))

    def only_bodies(self, text: str, named: Named) -> Named:
        """Without mentions that are the beginning of a printed label: open ones (市局), and those that another mention makes needless."""
        kept = []
        for m in named.mentions:
            needless = any(o is not m and o.bodies <= m.bodies and not o.region for o in named.mentions)
            views = self.views(g for g in self.groups if g.body in m.bodies) if (needless or len(m.bodies) > 1) and not m.region else []
            labels = [text[m.start : end] for end in range(m.end + 2, min(len(text), m.end + LONGEST_LABEL) + 1)]
            if not any(label in view.rows for view in views for label in labels):
                kept.append(m)
        mentioned = {(m.start, m.end) for m in named.mentions}
        spans = (*((m.start, m.end) for m in kept), *(s for s in named.spans if s not in mentioned))
        unknown = tuple(u for u in named.unknown if not self._printed_with(text, u, kept))
        return replace(named, mentions=tuple(kept), spans=spans, unknown=unknown)

    def _printed_with(self, text: str, unknown: str, mentions: Sequence[Mention]) -> bool:
        """True where what looks like another body (消防队) is part of an item of a body that the question names (专职消防队建设)."""
        at = text.find(unknown)
        run = text[max(0, at - 2) : at + len(unknown)]
        groups = [g for g in self.groups if any(g.body in m.bodies for m in mentions)]
        return len(run) > len(unknown) and any(run in label for view in self.views(groups) for label in view.rows)

    def view_map(self) -> Mapping[str, View]:
        return _Views(self)


class _Views(dict[str, View]):
    """Documents by id, prepared when first asked for."""

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._library = library

    def __missing__(self, doc_id: str) -> View:
        return self._library.view(doc_id)
