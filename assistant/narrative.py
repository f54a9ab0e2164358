"""Answers that are text: reasons, uses, duties, goals, definitions, lists.

A passage is ranked by how much of the question it explains; search by meaning adds passages that say it in other words,
and what the documents do not explain is refused, never filled with a neighbour.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import reduce
from operator import or_

from assistant.changes import read_change, state_change
from assistant.domain import Answer, Intent, Refusal
from assistant.families import LIMIT
from assistant.flat import core, flat
from assistant.frames import KIND_ASKED, NOT_THAT, OPEN_KINDS, topics_asked
from assistant.leftover import leftover
from assistant.match import cover_text, holds_phrases, span_mask
from assistant.passages import REASON, Passage, quote_passage, reason_passages, view_passages
from assistant.scope import Group
from assistant.task import Task
from assistant.watch import RETRIEVE, stage

DEFINITION = re.compile(
    r"^(?:[一二三四五六七八九十]+、|[(（][一二三四五六七八九十]+[)）]|\d+[.、])?[“\"]?(.{2,30}?)[”\"]?(?:[(（][^)）]*[)）])?[:：]?(?:是)?指"
)
ENTRY = re.compile(r"^(?:[一二三四五六七八九十]+、|[(（][一二三四五六七八九十]+[)）]|\d+[.、])?[“\"]?([^：:，。]{2,30}?)[”\"]?[：:]")
ROLE_WORDS = {
    Intent.TEXT: re.compile(r"用于|主要|保障|支持|开展|包括|负责|依据|目标|拟|实现|贯彻|推进"),
    Intent.LIST: re.compile(r"、"),
}
GIVEN = re.compile(r"主要原因|原因是|原因为|主要是(?:由于|因为)|是由于|是因为")
WITHOUT_BUDGET = re.compile(
    r"(?:没有?|未)(?:安排|编列|列)[^,，]{0,6}的(?:项目|科目|单位|支出)|(?:没有?|未)(?:达到|完成|执行)[^,，]{0,8}的(?:项目|科目|指标)"
)
COMPANY = re.compile(r"公司|集团|[\u4e00-\u9fff]{2}厂|合作社|银行")  # which companies: only where some are named
NUMBERED_LINE = re.compile(r"\s*(?:[(（]?(?:\d{1,2}|[一二三四五六七八九十]+)[)）]?[.、．)）]|[①-⑳])")
PAID_TO = re.compile(r"(?:付|拨|给|发|支付|补)(?:给|了|到|给了)?(?:哪|谁)")  # who is paid: only where a receiver is named
WHAT_KIND = re.compile(r"(?:什么|啥|哪种|哪个|哪些)([\u4e00-\u9fff]{2})")
EMPHASIS = ("重点", "主要", "核心", "首要")  # 重点工作 is what is printed as 工作任务
WHAT_THINGS = re.compile(r"[干抓做管]哪|哪些事|哪几件|[抓管]什么|[干做]什么")
GOES_ON = re.compile(r"[；;：:、，,]$")
OTHER_WORDINGS = 2  # of a term that documents define in different words
WIDE = 30  # passages among which the one that leaves least unexplained is looked for
HEAD = 16  # characters in which a paragraph names what it is about
LONGEST_SECTION = 1600
ORDINAL = re.compile(r"第[(（]?([一二三四五六七八九十]+|\d+)[)）]?[条项点款]")
ITEMS_ASKED = re.compile(r"哪些|哪几|哪个|哪项|哪一")
MEANT = re.compile(r"包括|包含|含义|意思|解释|定义|名词|指|(?<![预决])算|组成|构成|内容|来源")


@dataclass(frozen=True, slots=True)
class Ranked:
    score: float
    covered: int
    passage: Passage


@stage(RETRIEVE)
def rank_passages(task: Task, groups: tuple[Group, ...], intent: Intent) -> list[Ranked]:
    """Best first. The item's heading counts most, then the headings above it, then the text."""
    ask = task.ask
    out: list[Ranked] = []
    ordinal = ORDINAL.search(task.q.text)
    topic = asked_topic(task)
    topical = asked_mask(task) if topic else 0
    last = next((w.text for w in reversed(ask.words) if len(w.text) > 1 and ask.content >> w.start & 1), "")
    for view in task.library.views(groups):
        for p in view_passages(view):
            if not p.section and not p.table_id and flat(p.text) == flat(view.info.title):
                continue  # the document's title tells nothing
            row, lead, body = cover_text(ask, flat(p.row)), cover_text(ask, p.lead), cover_text(ask, flat(p.text))
            covered = row | lead | body
            score = ask.weight(row) + 0.7 * ask.weight(lead & ~row) + 0.75 * ask.weight(body & ~row & ~lead)
            score += 0.2 * ask.weight(cover_text(ask, flat(p.text)[:HEAD]) & (row | lead))  # it says itself what the heading says
            if intent is Intent.WHY and p.table_id and "原因" in p.column and not row:
                continue  # the reason of another row
            if not covered and not (topic and (topic.search(p.lead) or topic.search(flat(p.text)[:HEAD]))):
                continue
            if topic and topic.search(p.lead):
                covered |= topical
            subject = p.text
            if intent is Intent.WHY and (reason := GIVEN.search(p.text)):
                subject = p.text[: reason.start()]  # what a reason explains stands before it
            if not holds_phrases(ask, f"{p.lead} {flat(p.row)} {flat(subject)}"):
                continue
            if intent is Intent.WHY:
                score += 0.8 if REASON.search(p.text) or "原因" in p.column else -3.0
                score += 0.4 if re.search(r"原因", p.text) else 0.0
                score += 2.0 if "原因" in p.column and row else 0.0
            elif intent in ROLE_WORDS and ROLE_WORDS[intent].search(p.text):
                score += 0.3
            heading = core(p.section[-1]) if p.section else ""
            if len(heading) > 1 and heading in ask.text:
                score += 2.0
            if topic and topic.search(p.lead):
                score += 3.5
            elif topic and topic.search(flat(p.text)[:HEAD]):
                score += 3.0  # 主要职能包括：, printed as a line of its own
            if ordinal and re.match(rf"[(（]?{ordinal.group(1)}[)）、.．]", p.text):
                score += 4.0
            if intent is Intent.LIST and last:
                score += min(4.0, 0.6 * len(re.findall(rf"{re.escape(last[-2:])}[、和及，。]", flat(p.text))))
            if p.table_id:
                score -= 0.3
            out.append(Ranked(score, covered, p))
    out.sort(key=lambda r: (-round(r.score, 4), r.passage.view.info.doc_id, r.passage.block, r.passage.start))
    return out


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
    if not holds_kind(task, best.passage) or off_topic(task, best.passage) or only_defines(task, best.passage):
        return None
    if WITHOUT_BUDGET.search(task.q.text) or (LIMIT.search(task.q.text) and re.search(r"项目|科目|支出|指标", task.q.text)):
        return None  # which rows have no amount is told by no single passage
    if NOT_THAT.search(task.q.text) and not re.search(r"不是|非|未|没有|无", best.passage.text):
        return None  # which is not so is not told by what is so
    part = same_section(task, best.passage)
    for passage in part or [best.passage, *(continued(best.passage) or beside(task, best.passage))]:
        quote_passage(task, passage)
    return task.draft.answered()


def only_defines(task: Task, passage: Passage) -> bool:
    """Whether a term is explained where its items were asked for: 项目支出有哪些 asks for projects, not what the word means."""
    if task.q.intent is Intent.DEFINE or not ITEMS_ASKED.search(task.q.text) or MEANT.search(task.q.text):
        return False
    return any("名词" in s and "解释" in s for s in passage.section)


def holds_kind(task: Task, passage: Passage) -> bool:
    """哪几个国家: the passage must speak of 国家 at all."""
    kind = KIND_ASKED.search(task.q.text) if asked_topic(task) is None else None
    if (kind and kind.group(1) in ("企业", "公司", "商家", "厂家")) or PAID_TO.search(task.q.text):
        return bool(COMPANY.search(passage.text))
    return kind is None or kind.group(1) in OPEN_KINDS or kind.group(1) in passage.text or kind.group(1) in passage.lead


def same_section(task: Task, first: Passage) -> list[Passage]:
    """All paragraphs of a part that was asked for as a whole (职责, 工作目标), in order: lists are given complete."""
    topic = asked_topic(task)
    if topic is None or not topic.search(first.lead) or first.table_id or ORDINAL.search(task.q.text):
        return []
    if leftover(task.ask, cover_text(task.ask, first.lead) | asked_mask(task)):
        return []
    here = [p for p in view_passages(first.view) if p.section == first.section and not p.table_id]
    out: list[Passage] = []
    used = 0
    for p in here:
        used += len(p.text)
        if out and used > LONGEST_SECTION:
            break
        out.append(p)
    return out if first in out else [first, *out]


def beside(task: Task, first: Passage) -> list[Passage]:
    """The other numbered lines of a short section whose heading is what was asked for (立项依据): the one found is not all."""
    if first.table_id or task.q.intent not in (Intent.TEXT, Intent.LIST) or not NUMBERED_LINE.match(first.text):
        return []
    if not first.section or leftover(task.ask, cover_text(task.ask, flat(" ".join(first.section[-2:])))):
        return []
    here = [p for p in view_passages(first.view) if p.section == first.section and not p.table_id and p.block != first.block]
    return here if sum(len(p.text) for p in here) <= LONGEST_SECTION and all(NUMBERED_LINE.match(p.text) for p in here) else []


def off_topic(task: Task, passage: Passage) -> bool:
    """True where only a part of every document (职责, 机构) was asked for and the passage is not of that part."""
    topic = None if task.ask.content else asked_topic(task)
    return topic is not None and not topic.search(passage.lead) and not topic.search(flat(passage.text)[:HEAD])


def continued(first: Passage) -> list[Passage]:
    """The paragraphs in which a list goes on that the first one only begins (…：1.局本级；2.…；)."""
    if first.table_id or not GOES_ON.search(first.text.rstrip()):
        return []
    opened = first.text.rstrip().endswith(("：", ":"))  # numbered lines follow, each a sentence of its own
    out: list[Passage] = []
    used = 0
    for p in view_passages(first.view):
        if p.table_id or p.section != first.section or p.block <= first.block:
            continue
        used += len(p.text)
        if used > LONGEST_SECTION or (opened and out and not NUMBERED_LINE.match(p.text)):
            break
        out.append(p)
        if not opened and not GOES_ON.search(p.text.rstrip()):
            break
    return out


def asked_topic(task: Task) -> re.Pattern[str] | None:
    asked = [(a, t) for t in task.lexicon.topics for a in t.asked if a in task.q.text and not task.q.code]
    if task.ask.content & ~asked_mask(task):  # 对口帮扶做哪些事 asks what the item is for, not for the body's goals
        asked = [(a, t) for a, t in asked if not WHAT_THINGS.search(a)]
    found = next((t for _, t in asked), None)
    return re.compile("|".join(found.headings)) if found else None


def asked_mask(task: Task) -> int:
    """The characters that ask for a part of the document (重点工作任务); its heading explains them, however it is worded."""
    text = task.q.text
    words = [*EMPHASIS, *topics_asked(text, task.lexicon)]
    return reduce(or_, (span_mask(m.start(), m.end()) for word in words for m in re.finditer(re.escape(word), text)), 0)


def answer_short_text(task: Task) -> Answer | None:
    """A passage for a question that asks for no number (有没有下属单位, 谁批的)."""
    if re.search(r"多少|几[个家辆人台项次]|[%]|金额|数额", task.q.text) and not re.search(r"文号|号码|日期|时间", task.q.text):
        return None
    if task.q.intent is Intent.COMPARE and asked_topic(task):
        return None  # 编报绩效目标的项目谁多 asks for no goals
    if not re.search(r"什么|哪|谁|怎|如何|吗|有没有|是否|多久|何时|啥|介绍|说明|写|文号", task.q.text):
        return None
    return answer_text(task)


def answer_why(task: Task) -> Answer | None:
    """The reason that stands with the stated change of the item (or of the whole budget): same paragraph, or the next ones."""
    newest = sorted(task.scope.groups, key=lambda g: -(g.year or 0)) if not task.q.years else task.scope.groups
    for group in newest:
        reading = read_change(task, group)
        if reading is None or reading.figure.row is None or reading.figure.table_id:
            continue
        if task.q.direction and reading.figure.direction == -task.q.direction:
            continue  # why it fell is not told by the year in which it rose
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


@stage(RETRIEVE)
def search_passage(task: Task, ranked: list[Ranked]) -> Ranked | None:
    """A passage that search by meaning and the coverage agree on; coverage must leave at most one word open."""
    docs = [d for g in task.scope.groups for d in g.docs]
    hits = task.library.source.search(task.q.text, 5, docs)
    places = {(h.chunk.doc_id, b) for h in hits for b in h.chunk.blocks}
    fewest = sorted(ranked[:WIDE], key=lambda r: len("".join(leftover(task.ask, r.covered))))  # 广西 must be there, if any passage has it
    for r in fewest[:8]:
        words = leftover(task.ask, r.covered)
        if any(word in WHAT_KIND.findall(task.q.text) for word in words):
            continue  # 什么牌子: what is asked for itself must be there
        if (r.passage.view.info.doc_id, r.passage.block) in places and len("".join(words)) <= 2 and task.ask.weight(r.covered) >= 3:
            return r
    return None


def no_reason(task: Task, passage: Passage) -> Answer:
    where = " > ".join(passage.section[-1:]) or passage.view.info.title
    return task.draft.refused(Refusal.NOT_IN_DOCUMENTS, f"文件没有写明原因（已查“{where}”中的“{passage.row or passage.text[:12]}”等处）。")


def names_of(head: str) -> list[str]:
    """行政经费（机关运行经费）指…: both are names of what is defined."""
    text = re.sub(r"^(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十]+\)|\d+[.、])|[“”\"：:]|是?指$", "", flat(head))
    gloss = re.findall(r"\(([^()]{2,20})\)", text)
    return [re.sub(r"\([^()]*\)", "", text), *gloss]


@stage(RETRIEVE)
def answer_definition(task: Task) -> Answer | None:
    """The entry of 名词解释 (or any 「X，指…」 sentence) whose head is the word asked for."""
    final = True if "决算" in task.q.text else False if "预算" in task.q.text else None
    found: list[tuple[float, bool, str, Ranked]] = []
    for view in task.library.views(task.scope.groups):
        of_kind = final is None or view.info.kind.is_final is final
        for p in view_passages(view):
            head = DEFINITION.match(p.text) or (ENTRY.match(p.text) if p.section and "名词解释" in p.section[-1] else None)
            if not head:
                continue
            word = max(names_of(head.group()), key=lambda name: cover_text(task.ask, name).bit_count())
            covered = cover_text(task.ask, word)
            asked = (covered & task.ask.content).bit_count()  # 预算里的项目支出 is 项目支出, not 项目支出预算
            score = asked - 0.3 * max(0, len(word) - asked)
            if covered and not leftover(task.ask, covered):
                found.append((score, of_kind, flat(p.text[head.end() :]), Ranked(score, covered, p)))
    if not found:
        return None
    told = Counter(text for *_, text, _ in found)  # of several wordings the one that most documents share
    best = max(found, key=lambda f: (f[0], f[1], told[f[2]]))
    quote_passage(task, best[3].passage)
    if not task.scope.named:  # other documents' own wording of the same term
        others = sorted((f for f in found if f[:2] == best[:2] and f[2] != best[2]), key=lambda f: -told[f[2]])
        distinct = list({f[2]: f[3].passage for f in others}.values())[:OTHER_WORDINGS]
        if distinct:
            task.draft.say("其他文件的写法：")
        for passage in distinct:
            quote_passage(task, passage)
    return task.draft.answered()
