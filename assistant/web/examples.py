"""Example questions, made from what is indexed and shown only where they are answered."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

from assistant.access.domain import Principal
from assistant.domain import Status
from assistant.library import Source
from index.domain import DocumentInfo, Figure, Measure, Origin
from index.errors import BudgetError

MOST = 6
MOST_DOCUMENTS = 4
SECONDS = 12.0  # longest search for examples
PATIENCE = 0.3  # seconds a page waits for them
KEPT = 20  # sets of documents
LABEL = re.compile(r"[一-鿿（）“”、]{3,14}")
DULL = re.compile(r"合计|总计|小计|本级|总额|收入|资金|拨款|情况|部门预算|单位预算|^支出|其中|本年|上年|^其他|结转")

Candidate = tuple[str, str, str]  # kind of question, item asked about, question


def candidates(index: Source, infos: Sequence[DocumentInfo]) -> Iterator[Candidate]:
    """Questions that these documents might answer, of several kinds, the most telling first."""
    named = [info for info in infos if info.department][:MOST_DOCUMENTS]
    labels: dict[str, list[str]] = {}
    for info in named:
        body = body_name(info)
        figures = index.figures(info.doc_id)
        projects = frozenset(t.id for t in index.document(info.doc_id).tables if "项目" in t.name)
        labels[body] = label_choice(figures, projects)
        word = "决算" if info.kind.is_final else "预算"
        for label in labels[body][:3]:
            yield "lookup " + body, label, f"{body}{label}{word}多少"
        for figure in _changes(figures)[:5]:
            way = "增加" if figure.direction > 0 else "减少"
            yield "change", figure.row_path[-1], f"{body}{figure.row_path[-1]}比上年{way}多少"
            yield "why", figure.row_path[-1], f"{body}{figure.row_path[-1]}为什么{way}"
        yield "rank", "", f"{body}项目支出最多的五项是哪些"
        for label in labels[body][:4]:
            yield "share", label, f"{body}{label}占项目支出的比例"
    bodies = list(labels)
    for one, other in pairwise(bodies):
        for label in ("公务接待费", "一般公共服务支出", *labels[one]):
            if label in labels[other] or label == "公务接待费":
                yield "compare", label, f"{one}和{other}的{label}哪个多"


def body_name(info: DocumentInfo) -> str:
    return re.sub(r"（.*?）$", "", info.department)


def label_choice(figures: Sequence[Figure], projects: frozenset[str]) -> list[str]:
    """Labels of amounts that people might ask for: no totals and no sources of money; those of tables of projects first, by size."""
    rows: dict[str, tuple[bool, float]] = {}
    for f in figures:
        label = f.row_path[-1] if f.row_path else ""
        if f.origin is Origin.TABLE and f.measure is Measure.AMOUNT and f.value and LABEL.fullmatch(label) and not DULL.search(label):
            rank = (f.table_id in projects, float(f.value))
            rows[label] = max(rows.get(label, rank), rank)
    return sorted(rows, key=lambda label: rows[label], reverse=True)


def _changes(figures: Sequence[Figure]) -> list[Figure]:
    return [
        f for f in figures if f.origin is Origin.PROSE and f.measure is Measure.CHANGE and f.direction and f.value and f.row_path
        and LABEL.fullmatch(f.row_path[-1]) and not DULL.search(f.row_path[-1])
    ]  # fmt: skip


def answered(found: Sequence[Candidate], ask: Callable[[str], Status], seconds: float = SECONDS) -> list[str]:
    """One question of each kind that is answered, about different items where there are enough; at most MOST, in a few seconds."""
    end = time.monotonic() + seconds
    kept: dict[str, str] = {}
    used: set[str] = set()
    for repeat in (False, True):
        for kind, item, question in found:
            if len(kept) >= MOST or time.monotonic() > end:
                break
            if kind not in kept and (repeat or item not in used) and ask(question) is Status.ANSWERED:
                kept[kind] = question
                used |= {item} - {""}
    return list(kept.values())


class Examples:
    """Made once for each set of documents, in the background; a page shows those that are ready."""

    def __init__(self, make: Callable[[Principal, Sequence[DocumentInfo]], list[str]]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._kept: OrderedDict[frozenset[tuple[str, str]], Future[list[str]]] = OrderedDict()
        self._pool = ThreadPoolExecutor(1, "examples")

    def of(self, principal: Principal, infos: Sequence[DocumentInfo], patience: float = PATIENCE) -> list[str]:
        """Nothing where they are not ready within ``patience`` seconds, or making them fails: a page works without."""
        key = frozenset((info.doc_id, info.sha256) for info in infos)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._pool.submit(self._make, principal, infos)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            ready = self._kept[key]
        try:
            return ready.result(patience)
        except (TimeoutError, BudgetError):
            return []

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
