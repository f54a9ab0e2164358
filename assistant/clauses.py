"""Several questions in one: 一共多少辆车，其中执法执勤车几辆 is two, the second about the same body and year."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.domain import Answer, AnswerFigure, Citation, Notice, Status, Step
from assistant.flat import flat

ASKS = re.compile(
    r"多少|几[个家辆人台项次款类批户间处条座所套件名]|百分之|什么|为啥|为什么|为何|哪|原因|怎么|吗$|呢$|增减|增幅|降幅|幅度|占比|比例|有没有|是否|啥|还是(?!有)[\u4e00-\u9fff]{2,6}$|基本(?:支出)?还是项目|项目(?:支出)?还是基本"
)
# Doubts about what is asked before: answered with it, where the document contradicts itself.
DOUBT = re.compile(
    r"[两三四几各]处.{0,6}(?:一样|一致|相同)(?:吗|不|么)|对得上不|一样不|好像|似乎|两个(?:不同的)?数(?![字据量目])|哪个为准|哪个对|不一样|不一致$|不符|能信吗|可信吗|对得上|对不上|对吗$|有没有矛盾|矛盾吗|打架|(?:前后|两处)?一致吗|算得对|有没有问题$|准不准|真的吗"
)
COUNTS = re.compile(r"多少|几[个家辆人台项次款类批户间处条座所套件名]")
COUNT_THEN_MONEY = re.compile(
    r"((?:几|多少)(?:个|家|辆|台|套|件|箱|张|份|册|批|次|项))[、和]?(?=(?:一?共|要|得|涉及)?花?(?:多少钱|花多少|多少万|多少资金|资金多少))"
)
LONGEST_NAME = 14  # characters that a body and a year take: a lead of more says an item
PART_OF_IT = re.compile(r"其中(?:的|,)?[\u4e00-\u9fff]{2,8}")  # 政府采购有多少，其中服务类
MARK = re.compile(r"\[\d+\]")  # of places that only the other answer numbers
CLAUSE_END = re.compile(r"[，,；;。？?！!]+")


def parted(text: str) -> str:
    """A blank between two questions, and a second question right behind a count (买几箱花多少), end a clause, too."""
    text = re.sub(r"(多少[\u4e00-\u9fff]{0,2})、(?=(?!多少|几)[^、，,]{1,10}(?:多少|几))", r"\1，", COUNT_THEN_MONEY.sub(r"\1，", text))
    pieces = re.split(r"(?<=[\u4e00-\u9fff？?])\s+(?=[\u4e00-\u9fff])", text)
    out = pieces[0]
    for piece in pieces[1:]:
        out += ("，" if COUNTS.search(out) and COUNTS.search(piece) else " ") + piece
    return out


def split_clauses(text: str) -> list[str]:
    """The questions of a text, each with what precedes it; one item where there is only one question."""
    pieces = [p for p in CLAUSE_END.split(flat(parted(text))) if p]
    out: list[str] = []
    lead = ""
    for piece in pieces:
        if piece.startswith("其中") and ASKS.search(piece) and not out and len(lead) > LONGEST_NAME:
            out.append(lead.rstrip("，"))  # 政府采购支出总额，其中货物多少: the whole is asked for, too
            lead = ""
        if ASKS.search(piece) and not (out and DOUBT.search(piece)):
            out.append(lead + piece)
            lead = ""
        elif out and PART_OF_IT.fullmatch(piece):
            out.append(piece + "多少")
        elif out:
            out[-1] += "，" + piece
        else:
            lead += piece + "，"
    if lead:
        out = out or [lead.rstrip("，")]
    return out or [flat(text)]


def renumbered(text: str, number: dict[int, int]) -> str:
    """The text with its [n] marks replaced."""
    return re.sub(r"\[(\d+)\]", lambda m: f"[{number.get(int(m.group(1)), int(m.group(1)))}]", text)


@dataclass(frozen=True)
class Joined:
    """Several answers side by side, with one numbering of their places."""

    texts: tuple[str, ...]
    figures: tuple[AnswerFigure, ...]
    citations: tuple[Citation, ...]
    steps: tuple[Step, ...]
    notices: tuple[Notice, ...]


def join(answers: Sequence[Answer]) -> Joined:
    """The answers with their places renumbered; a place that two of them cite stands once."""
    citations: list[Citation] = []
    texts: list[str] = []
    figures: list[AnswerFigure] = []
    steps: list[Step] = []
    notices: list[Notice] = []
    for answer in answers:
        number: dict[int, int] = {}
        for c in answer.citations:
            known = next((k.n for k in citations if replace(k, n=0) == replace(c, n=0)), None)
            if known is None:
                known = len(citations) + 1
                citations.append(replace(c, n=known))
            number[c.n] = known
        texts.append(renumbered(answer.answer, number))
        figures += [f for f in (replace(f, citation=number.get(f.citation, f.citation)) for f in answer.figures) if f not in figures]
        steps += [Step(s.formula, tuple(number.get(i, i) for i in s.inputs), s.result, s.unit) for s in answer.calculation]
        notices += [replace(n, citations=tuple(number.get(i, i) for i in n.citations)) for n in answer.notices]
    return Joined(tuple(texts), tuple(figures), tuple(citations), tuple(steps), tuple(dict.fromkeys(notices)))


def asked_first(answers: Sequence[Answer], figures: Sequence[AnswerFigure]) -> tuple[AnswerFigure, ...]:
    """What each clause asked for before what only supports it: the first figure of each answer, then the others."""
    heads = [next((f for f in figures if (f.value, f.unit) == (a.figures[0].value, a.figures[0].unit)), None) for a in answers if a.figures]
    first = list(dict.fromkeys(f for f in heads if f is not None))
    return (*first, *(f for f in figures if f not in first))


def merge(question: str, clauses: Sequence[str], answers: Sequence[Answer]) -> Answer:
    """Answers of several clauses as one; a clause without an answer is named with what was said to it."""
    done = [a for a in answers if a.status is Status.ANSWERED]
    joined = join(done)
    texts = list(dict.fromkeys(joined.texts))
    texts += [f"关于“{c}”：{MARK.sub('', a.answer)}" for c, a in zip(clauses, answers, strict=False) if a.status is not Status.ANSWERED]
    return replace(
        done[0],
        question=question,
        answer="\n\n".join(texts),
        figures=asked_first(done, joined.figures),
        citations=joined.citations,
        calculation=joined.steps,
        notices=joined.notices,
        trace=tuple(step for answer in answers for step in answer.trace),
    )
