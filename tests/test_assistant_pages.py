"""On the two ruled budgets every answer cites a page, and it is the page that the table or paragraph is printed on."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.domain import Citation, Status
from assistant.pipeline import Assistant
from index.domain import DocumentInfo
from tests.papers import Memory

SHARED = Path(os.environ.get("BUDGET_SHARED", Path(__file__).resolve().parents[2] / "shared"))
RETYPESET = SHARED / "corpus" / "retypeset"
QUESTIONS = SHARED / "questions" / "seeds-dev.jsonl"
pytestmark = pytest.mark.skipif(not QUESTIONS.exists(), reason="needs the shared corpus (BUDGET_SHARED)")


class Parsed(Memory):
    """Two parsed files without a store: figures need no embedder."""

    def __init__(self, names: Sequence[str]) -> None:
        from index.readers.pdf import read_pdf

        super().__init__(*(read_pdf(RETYPESET / f"{n}.pdf", n) for n in names))

    def documents(self) -> list[DocumentInfo]:
        return [
            DocumentInfo(n, d.title, d.department, d.year, d.kind, d.page_count, len(d.tables), len(self.read[n]), 0, 0, sha256=n)
            for n, d in self.parsed.items()
        ]


@pytest.fixture(scope="module")
def citations() -> list[Citation]:
    assistant = Assistant(Parsed(["sz-2024", "lg-2024"]))
    questions = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    answers = [assistant.ask(q["question"], q["history"]) for q in questions]
    return [c for a in answers if a.status is Status.ANSWERED for c in a.citations]


def pages(doc: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RETYPESET / f"{doc}.pages.json").read_text("utf-8"))
    return found


def test_every_citation_has_its_page_and_box(citations: list[Citation]) -> None:
    assert len(citations) > 300
    assert all(c.page for c in citations)
    assert sum(c.bbox is not None for c in citations) >= 0.98 * len(citations)


def test_cited_table_is_printed_on_the_cited_page(citations: list[Citation]) -> None:
    checked = 0
    for citation in citations:
        number = re.match(r"表\d+", citation.table or "")
        spans = [(t["first_page"], t["last_page"]) for t in pages(citation.doc)["tables"] if number and t["no"] == number.group()]
        if spans and citation.page:
            checked += 1
            assert any(first <= citation.page <= last for first, last in spans), citation
    assert checked > 150


def test_cited_section_has_begun_by_the_cited_page(citations: list[Citation]) -> None:
    for citation in citations:
        part = re.search(r"第[一二三四五六七八九十]+部分", citation.section or "")
        starts = [h["page"] for h in pages(citation.doc)["headings"] if part and h["text"].replace(" ", "").startswith(part.group())]
        if starts and citation.page and not citation.table:
            assert citation.page >= starts[0], citation
