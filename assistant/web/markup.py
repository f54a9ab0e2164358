"""Values as HTML through the templates beside this file. The engine escapes everything; answer texts are Markdown without
HTML, images or links, so that neither a question nor a document can put anything of its own on the page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assistant.web.charts import answer_to_chart, chart_to_svg
from assistant.web.conversations import Turn
from assistant.web.texts import Texts
from assistant.web.uploads import Job

TEMPLATES = Path(__file__).parent / "templates"
NUMBER = re.compile(r"[-−—–()（）\d,，.％%\s]+")
MARK = re.compile(r"\[(\d{1,3})\]")
# A short bold figure, or the end of what was said, stays on one line with its marks and their punctuation: else lines break there.
KEPT = re.compile(r"(?:<strong>[^<]{1,16}</strong>|[^<>&;\s\[\]]{1,3})?(?:\[\d{1,3}\]){1,6}[，。；：、！？）》”,.;:]*")
# A table whose rows can be read without its header; narrow windows show them below each other.
TELLING = re.compile(r"<table>(?=\s*<thead>\s*<tr>(?:\s*<th>[^<]*</th>)*\s*<th>出处</th>\s*</tr>)")
STATES = {"not_in_documents": "state_refused", "not_indexed": "state_refused", "empty_table": "state_blank", "blank_cell": "state_blank"}
# Where each stage of reading a file begins and ends, of the whole; stages are known by their first word.
STAGES = (("读取", 0.0, 0.6), ("还原", 0.0, 0.6), ("识别", 0.3, 0.6), ("完成", 0.6, 0.6), ("核对", 0.62, 0.66), ("向量", 0.66, 1.0))


def render(name: str, texts: Texts, /, **values: Any) -> str:
    """The template ``name``.html with ``values``; its texts are ``t``."""
    html: str = _engine().get_template(f"{name}.html").render(t=texts, **values)
    return html


@lru_cache(maxsize=1)
def _engine() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    engine = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    engine.filters |= {
        "markdown": lambda text: Markup(text_to_html(text)),
        "said": lambda answer: Markup(text_to_html(without_options(answer))),
        "svg": lambda chart, rest: Markup(chart_to_svg(chart, rest)),
        "chart": answer_to_chart,
        "state": turn_to_state,
        "sources": answer_to_sources,
        "place": citation_to_place,
        "line": citation_to_line,
        "path": citation_to_path,
        "where": citation_to_where,
        "urlpart": lambda text: quote(text, safe=""),
        "overall": overall,
        "progress": job_to_text,
    }
    engine.tests["number_text"] = lambda text: bool(text and NUMBER.fullmatch(text))
    return engine


@lru_cache(maxsize=1)
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    # "zero" knows nothing but paragraphs: raw HTML, links, images and automatic links stay the characters they are.
    engine = MarkdownIt("zero", {"html": False, "linkify": False, "breaks": True})
    return engine.enable(["table", "list", "emphasis", "newline", "blockquote"])


def text_to_html(text: str) -> str:
    """An answer's Markdown; each mark [1] becomes a button that opens the source."""
    html: str = _markdown().render(text)
    html = TELLING.sub('<table class="telling">', html)
    html = KEPT.sub(lambda m: f'<span class="keep">{m[0]}</span>', html)
    return MARK.sub(lambda m: cite_button(int(m[1])), html)


def cite_button(n: int) -> str:
    return f'<button type="button" class="cite" data-cite="{n}" aria-label="出处 {n}">{n}</button>'


def without_options(answer: Mapping[str, Any]) -> str:
    """A question back lists its options as text, too; on the page they are buttons."""
    lines = str(answer["answer"]).splitlines()
    return "\n".join(line for line in lines if not (answer["options"] and line.startswith("- ")))


def turn_to_state(turn: Turn) -> str:
    """The key of the heading over an answer that is none."""
    assert turn.answer is not None
    return "state_clarify" if turn.answer["status"] == "clarify" else STATES.get(str(turn.answer["refusal"]), "state_scope")


def answer_to_sources(answer: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """The citations, those of one passage together: each has its own mark and box, but the passage is shown once.

    ``said`` of a citation is what tells it from the others of its passage.
    """
    groups: list[list[dict[str, Any]]] = []
    for c in answer["citations"]:
        same = next((group for group in groups if _one_passage(group[0], c)), None)
        if same is None:
            groups.append(same := [])
        figure = re.search(rf"\*\*([^*]+)\*\*\[{c['n']}\]", answer["answer"])
        said = [figure[1] if figure else "", " › ".join(c["column"] or c["row"])]
        same.append({**c, "said": "，".join(text for text in said if text)})
    return groups


def _one_passage(shown: Mapping[str, Any], c: Mapping[str, Any]) -> bool:
    """Whether the words of ``c`` are among those already shown, of the same page."""
    return (
        not (shown.get("table") or c.get("table"))
        and c["quote"] in shown["quote"]
        and all(shown.get(name) == c.get(name) for name in ("doc", "page", "line", "section"))
    )


def citation_to_line(c: Mapping[str, Any]) -> str:
    """A source in one line, for the clipboard."""
    path = " › ".join([*c["row"], *c["column"]])
    return "，".join(text for text in (f"《{c['title']}》", citation_to_where(c), path) if text) + f"：“{c['quote']}”"


def citation_to_place(c: Mapping[str, Any]) -> str:
    """JSON of all that the viewer needs to open a source."""
    return json.dumps({name: c.get(name) for name in ("doc", "page", "line", "bbox", "quote", "column")}, ensure_ascii=False)


def citation_to_path(c: Mapping[str, Any]) -> str:
    return " › ".join([*c["row"], *(c["column"] if c.get("table") else [])])


def citation_to_where(c: Mapping[str, Any]) -> str:
    where = f"第{c['page']}页" if c.get("page") else f"第{c['line']}行" if c.get("line") else ""
    return "，".join(text for text in (where, c.get("table") or (c.get("section") or "").split(" > ")[-1]) if text)


def overall(job: Job) -> float:
    """How far a file is, from 0 to 1, over all stages."""
    if job.over:
        return 1.0
    part = job.done / job.total if job.total else 0.0
    return next((start + (end - start) * part for word, start, end in STAGES if job.stage.startswith(word)), 0.0)


def job_to_text(job: Job, texts: Texts) -> str:
    """What is happening to a file, or what came of it."""
    if job.state == "done" and job.report:
        return texts["stage_done"].format(job.report.pages or "–", job.report.tables, job.report.figures)
    if job.state == "reading":
        return f"{job.stage} {job.done}/{job.total}" if job.total else job.stage
    return {"waiting": texts["stage_wait"], "skipped": texts["stage_skipped"]}.get(job.state, job.message)
