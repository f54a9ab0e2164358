"""Where a question leaves open which body, year or kind of document it means: each possible one is asked by itself.

Answers that agree are one answer; where they differ, all are told and nothing is chosen for the user.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.clauses import join
from assistant.domain import Answer, Intent, Notice, Status
from assistant.scope import Group, Scope
from assistant.understand import Question

SEVERAL_BODIES = re.compile(r"[两二三四五几]个?[\u4e00-\u9fff]{0,3}?(?:家|局|委|厅|院|单位|部门|区|街道)|各(?!项|类|款|科目)|都")
BODIES_RANKED = re.compile(
    r"(?:哪|各)(?:一|几|[二两三四五六七八九十]|\d{1,2})?[个家]?(?:预算)?(?:单位|部门|机关|局|委|厅|院|街道|镇|乡|学校|医院)"
)
# What is asked of several years or kinds of documents at once.
ACROSS = re.compile(
    r"哪一?年|各年|历年|逐年|每年|年年|[几两二三四五]年|走势|趋势|变化|怎么变|年度间|两份"
    r"|(?:部门|全系统).{0,8}(?:单位|本级)|(?:单位|本级).{0,8}部门|预算.{0,12}决算|决算.{0,12}预算"
)
OPEN_INTENTS = frozenset(
    {Intent.SUM, Intent.RANK, Intent.LIST, Intent.WHY, Intent.TEXT, Intent.AVERAGE, Intent.SHARE, Intent.CHANGE, Intent.DEFINE}
)
LONGEST_OPTION = 60


def open_bodies(q: Question, scope: Scope) -> list[Scope]:
    """One scope a body where a single name can mean several and the question is not about one figure (市局有哪些项目)."""
    open_ = len(q.named.mentions) == 1 and len(q.named.mentions[0].bodies) > 1
    if not open_ or q.intent not in OPEN_INTENTS or SEVERAL_BODIES.search(q.text):
        return [scope]
    if q.intent is Intent.RANK and BODIES_RANKED.search(q.text):
        return [scope]
    bodies = dict.fromkeys(g.body for g in scope.groups)
    return [replace(scope, groups=tuple(g for g in scope.groups if g.body == body), bodies=(body,)) for body in bodies]


def open_documents(q: Question, scope: Scope) -> list[Scope]:
    """One scope a document where the question leaves open which year, or which of department and unit, of one body it means."""
    groups = scope.groups
    if len(groups) < 2 or len({g.body for g in groups}) > 1 or len(q.years) > 1 or len(q.kinds) == 4 or ACROSS.search(q.text):
        return [scope]
    return [replace(scope, groups=(g,)) for g in groups]


def one_answer(question: str, answers: Sequence[tuple[Group, Answer]]) -> Answer | None:
    """What answers from several documents come to: the one there is, the one they agree on, or all of them and a question."""
    told = [(g, a) for g, a in answers if a.status is Status.ANSWERED]
    if not told:
        return None
    group, first = told[-1]  # of equal ones the newest
    if len(told) == 1:
        return with_note(first, f"问题没有说明是哪份文件，按{group.label}作答。") if len(answers) > 1 else first
    if first.figures and len({next((f.value, f.unit) for f in a.figures) if a.figures else None for _, a in told}) == 1:
        others = "、".join(g.label for g, _ in told[:-1])
        return with_note(first, f"按{group.label}作答，{others}结果相同。")
    return which([(g.label, a) for g, a in told], question, "您问的是哪一份？几份文件的结果不同：")


def with_note(answer: Answer, message: str) -> Answer:
    return replace(answer, notices=(*answer.notices, Notice("assumption", message)))


def which(answers: Sequence[tuple[str, Answer]], question: str, asked: str) -> Answer:
    """Each answer with the name of what it is about and with its places; what can be picked are the names with the first words."""
    joined = join([a for _, a in answers])
    parts = []
    for (name, _), text in zip(answers, joined.texts, strict=True):
        head, _, rest = text.partition("\n")
        parts.append(f"- {name}：{head}" + (f"\n{rest}" if "|" in rest else ""))
    options = [f"{name}：{plain(a.answer.splitlines()[0])}" for name, a in answers]
    return Answer(
        question=question,
        status=Status.CLARIFY,
        answer=f"{asked}\n" + "\n".join(parts),
        figures=joined.figures,
        citations=joined.citations,
        calculation=joined.steps,
        notices=joined.notices,
        options=tuple(options),
    )


def plain(text: str) -> str:
    """The beginning of an answer without marks, for a button."""
    return re.sub(r"\[\d+\]|\*\*", "", text)[:LONGEST_OPTION]
