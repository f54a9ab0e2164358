"""Answers that are text: reasons, uses, duties, goals, definitions, lists. The passage itself, cut to what answers.

A passage is a paragraph (or a numbered item of a long table cell) with the headings above it. It is ranked by how much
of the question it explains; search by meaning adds passages that say it in other words, and what the documents do not
explain is refused, never filled with a neighbour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.catalog import View
from assistant.domain import Answer, Intent, Refusal
from assistant.draft import figure_label, printed
from assistant.flat import flat
from assistant.leftover import leftover
from assistant.lookups import read_change, state_change
from assistant.match import Ask, span_mask
from assistant.scope import Group
from assistant.task import Task
from index.domain import Figure, Heading, LabelPath, Para

REASON = re.compile(r"原因|由于|因为|主要是|主要为|根据|按照|系|为了?进一步|为激发|为加强|一是|以及.*?增加|调整")
DEFINITION = re.compile(r"^(?:[一二三四五六七八九十]+、|[(（][一二三四五六七八九十]+[)）]|\d+[.、])?[“\"]?(.{2,30}?)[”\"]?(?:[(（][^)）]*[)）])?[:：]?(?:是)?指")
ITEM = re.compile(r"^(?:[(（][一二三四五六七八九十]+[)）]|\d{1,2}[.、．]|[⒈-⒛])\s*([^，。；：\d]{2,40}?)(?=[\d，。；：]|$)")
NUMBERED = re.compile(r"(?=(?<![\d.])\d{1,2}[.、](?!\d))")
SENTENCE = re.compile(r"[^。；！？]+[。；！？]?")
LONGEST_QUOTE = 420
ROLE_WORDS = {
    Intent.TEXT: re.compile(r"用于|主要|保障|支持|开展|包括|负责|依据|目标|拟|实现|贯彻|推进"),
    Intent.LIST: re.compile(r"、"),
}


@dataclass(frozen=True, slots=True)
class Passage:
    """``row`` is the item's own heading (or the table row), ``lead`` the headings above, ``text`` verbatim."""

    view: View
    section: LabelPath
    row: str
    text: str
    block: int
    start: int = 0
    table_id: str | None = None
    table_row: int = 0
    table_col: int = 0
    column: str = ""

    @property
    def lead(self) -> str:
        return flat(" ".join((*self.section[-2:], self.row, self.column)))


def passages(view: View) -> Iterator[Passage]:
    """Every paragraph and every numbered item of a text cell, with its trail."""
    trail: list[tuple[int, str]] = []
    item = ""
    for index, block in enumerate(view.document.blocks):
        if isinstance(block, Heading):
            trail = [t for t in trail if t[0] < block.level] + [(block.level, block.text)]
            item = ""
        elif isinstance(block, Para):
            found = ITEM.match(block.text)
            item = found.group(1) if found else item if block.text[:1] not in "（(" else ""
            yield Passage(view, tuple(t for _, t in trail), item, block.text, index)
        else:
            for r, row in enumerate(block.rows):
                for c, cell in enumerate(row.cells):
                    text = cell.text or ""
                    if len(text) < 12:
                        continue
                    at = 0
                    for piece in NUMBERED.split(text) if len(text) > 160 else [text]:
                        if piece:
                            label = row.label[-1] if row.label else ""
                            column = block.columns[c][-1] if c < len(block.columns) and block.columns[c] else ""
                            yield Passage(view, block.section or (block.title,), label, piece, index, at, block.id, r, c, column)
                        at += len(piece)


def cover_text(ask: Ask, text: str) -> int:
    """Question characters that occur in the text in runs of two and more (aliases count in their printed spelling)."""
    covered, i, n = 0, 0, len(ask.text)
    usable = ask.content | ask.light
    while i < n - 1:
        length = 0
        if usable >> i & 1 and ask.text[i : i + 2] in text:
            length = 2
            while i + length < n and ask.text[i : i + length + 1] in text:
                length += 1
        if length:
            covered |= span_mask(i, i + length)
            i += length
        else:
            i += 1
    for start, end, canonical in ask.aliases:
        if canonical in text:
            covered |= span_mask(start, end)
    return covered


@dataclass(frozen=True, slots=True)
class Ranked:
    score: float
    covered: int
    passage: Passage


def rank_passages(task: Task, groups: tuple[Group, ...], intent: Intent) -> list[Ranked]:
    """Best first. The item's heading counts most, then the headings above it, then the text."""
    ask = task.ask
    out: list[Ranked] = []
    topic = next((re.compile("|".join(t.headings)) for t in task.lexicon.topics if any(a in task.q.text for a in t.asked)), None)
    last = next((w.text for w in reversed(ask.words) if len(w.text) > 1 and ask.content >> w.start & 1), "")
    for view in task.library.views(groups):
        for p in view_passages(view):
            row, lead, body = cover_text(ask, flat(p.row)), cover_text(ask, p.lead), cover_text(ask, flat(p.text))
            covered = row | lead | body
            score = ask.weight(row) + 0.7 * ask.weight(lead & ~row) + 0.75 * ask.weight(body & ~row & ~lead)
            if not covered and not (topic and topic.search(p.lead)):
                continue
            if intent is Intent.WHY:
                score += 0.8 if REASON.search(p.text) or "原因" in p.column else -3.0
                score += 0.4 if re.search(r"原因", p.text) else 0.0
                score += 2.0 if "原因" in p.column and row else 0.0
            elif intent in ROLE_WORDS and ROLE_WORDS[intent].search(p.text):
                score += 0.3
            if topic and topic.search(p.lead):
                score += 2.5
            if intent is Intent.LIST and last:
                score += min(1.5, 0.25 * flat(p.text).count(last))
            if p.table_id:
                score -= 0.3
            out.append(Ranked(score, covered, p))
    out.sort(key=lambda r: (-round(r.score, 4), r.passage.view.info.doc_id, r.passage.block, r.passage.start))
    return out


def view_passages(view: View) -> list[Passage]:
    """Prepared once a view."""
    cached = getattr(view, "_passages", None)
    if cached is None:
        cached = list(passages(view))
        view._passages = cached  # type: ignore[attr-defined]
    return list(cached)


def answer_text(task: Task) -> Answer | None:
    """The passage that explains the question, or None where something it asks for is not in any passage."""
    intent = task.q.intent
    if intent is Intent.DEFINE and (done := answer_definition(task)):
        return done
    ranked = rank_passages(task, task.scope.groups, intent)
    if not ranked:
        return None
    best = ranked[0]
    missing = leftover(task.ask, best.covered)
    if missing and intent is not Intent.WHY:
        best = next((r for r in ranked[:12] if not leftover(task.ask, r.covered)), best)
        missing = leftover(task.ask, best.covered)
    if missing:
        best_found = search_passage(task, ranked)
        if best_found is None:
            return None
        best = best_found
    if intent is Intent.WHY and not REASON.search(best.passage.text) and "原因" not in best.passage.column:
        return no_reason(task, best.passage)
    quote_passage(task, best.passage)
    return task.draft.answered()


def answer_short_text(task: Task) -> Answer | None:
    """A passage for a question that asks for no number (有没有下属单位, 谁批的)."""
    if re.search(r"多少|几[个家辆人台项次]|[%]", task.q.text) and not re.search(r"文号|号码|日期|时间", task.q.text):
        return None
    return answer_text(task)


def answer_why(task: Task) -> Answer | None:
    """The reason that stands with the stated change of the item (or of the whole budget): same paragraph, or the next ones."""
    for group in task.scope.groups:
        reading = read_change(task, group)
        if reading is None or reading.figure.row is None or reading.figure.table_id:
            continue
        view = task.library.view(reading.figure.doc_id)
        here = [p for p in view_passages(view) if not p.table_id]
        at = next((i for i, p in enumerate(here) if p.block == reading.figure.row), None)
        if at is None:
            continue
        found = reason_passages(here, at)
        if not found:
            if task.q.wants_amount:
                state_change(task, group, reading)
                return task.draft.answered()
            return no_reason(task, here[at])
        for passage in found:
            quote_passage(task, passage)
        return task.draft.answered()
    return None


def reason_passages(here: list[Passage], at: int) -> list[Passage]:
    """The paragraph itself, the next one of its section that begins with the reason, or its numbered parts that changed."""
    first = here[at]
    if REASON.search(after_change(first.text)):
        return [first]
    following = [p for p in here[at + 1 : at + 8] if p.section == first.section]
    if following and re.search(r"原因", following[0].text[:30]):
        return [following[0]]
    if first.row:
        return []
    parts = [p for p in following if p.row or ITEM.match(p.text)]
    return [p for p in parts if re.search(r"(?:增加|减少|增长|下降)\s*(?!0(?:\.0+)?\s*万?元)[\d,.]", p.text) and REASON.search(p.text)][:3]


def after_change(text: str) -> str:
    """What follows the stated change, where a reason would stand; the whole text where no change is stated."""
    found = re.search(r"(?:较|比|与).{2,20}?(?:增加|减少|增长|下降|持平)", text)
    return text[found.end() :] if found else text


def search_passage(task: Task, ranked: list[Ranked]) -> Ranked | None:
    """A passage that search by meaning and the coverage agree on; coverage must leave at most one word open."""
    docs = [d for g in task.scope.groups for d in g.docs]
    hits = task.library.source.search(task.q.text, 5, docs)
    places = {(h.chunk.doc_id, b) for h in hits for b in h.chunk.blocks}
    for r in ranked[:8]:
        words = leftover(task.ask, r.covered)
        if (r.passage.view.info.doc_id, r.passage.block) in places and len("".join(words)) <= 2 and task.ask.weight(r.covered) >= 3:
            return r
    return None


def no_reason(task: Task, passage: Passage) -> Answer:
    where = " > ".join(passage.section[-1:]) or passage.view.info.title
    return task.draft.refused(Refusal.NOT_IN_DOCUMENTS, f"文件没有写明原因（已查“{where}”中的“{passage.row or passage.text[:12]}”等处）。")


def answer_definition(task: Task) -> Answer | None:
    """The entry of 名词解释 (or any 「X，指…」 sentence) whose head is the word asked for."""
    best: Ranked | None = None
    for view in task.library.views(task.scope.groups):
        for p in view_passages(view):
            head = DEFINITION.match(p.text)
            if not head:
                continue
            word = flat(head.group(1))
            covered = cover_text(task.ask, word)
            score = task.ask.weight(covered) - 0.3 * max(0, len(word) - covered.bit_count())
            if covered and not leftover(task.ask, covered) and (best is None or score > best.score):
                best = Ranked(score, covered, p)
    if best is None:
        return None
    quote_passage(task, best.passage)
    return task.draft.answered()


def cut(task: Task, passage: Passage) -> str:
    """The sentences that answer: all of a short passage, else the best window in reading order."""
    text = passage.text.strip()
    if len(text) <= LONGEST_QUOTE:
        return text
    sentences = SENTENCE.findall(text)
    weights = []
    for s in sentences:
        w = task.ask.weight(cover_text(task.ask, flat(s)))
        if task.q.intent is Intent.WHY and REASON.search(s):
            w += 2.0
        weights.append(w)
    order = sorted(range(len(sentences)), key=lambda i: (-weights[i], i))
    chosen: set[int] = set()
    used = 0
    for i in order:
        if used and used + len(sentences[i]) > LONGEST_QUOTE:
            continue
        chosen.add(i)
        used += len(sentences[i])
    return "".join(s for i, s in enumerate(sentences) if i in chosen)


def quote_passage(task: Task, passage: Passage) -> None:
    """State the passage with its place, and the figures it names."""
    quote = cut(task, passage)
    if passage.table_id:
        n = task.draft.cite_cell(passage.view, passage.table_id, passage.table_row, passage.table_col)
    else:
        para = passage.view.document.blocks[passage.block]
        assert isinstance(para, Para)
        n = task.draft.cite_passage(passage.view, passage.section, para, quote, passage.row, max(0, para.text.find(quote[:12])))
    info = passage.view.info
    where = " > ".join(passage.section[-2:])
    task.draft.say(f"{quote}[{n}]")
    task.draft.say(f"（{info.title or info.department}，{where}）")
    for figure in figures_in(passage, quote)[:6]:
        task.draft.figures.append(_as_figure(task, figure))


def figures_in(passage: Passage, quote: str) -> list[Figure]:
    """The figures that stand in the quoted text."""
    if passage.table_id:
        here = [f for f in passage.view.figures if f.table_id == passage.table_id and f.row == passage.table_row and f.col == passage.table_col]
    else:
        here = [f for f in passage.view.figures if f.table_id is None and f.row == passage.block]
    return [f for f in here if f.value is not None and f.raw in quote]


def _as_figure(task: Task, figure: Figure):  # type: ignore[no-untyped-def]
    from assistant.domain import AnswerFigure

    assert figure.value is not None
    return AnswerFigure(figure.value, figure.unit, figure_label(figure) or printed(figure), task.draft.cite(figure))
