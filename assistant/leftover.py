"""What of a question no figure or passage explains: words with a meaning of their own are reason enough to say no."""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.domain import Candidate
from assistant.flat import core
from assistant.match import Ask, Word, own_characters, span_mask
from index.domain import Figure

PARTICLE = re.compile(r"[里中内的了和与及在]")
OTHERS = ("其他", "其它")  # content only before an item's name: 其他支出 is an item of its own
MEASURED = re.compile(r"(?:总)?(?:里程|长度|面积|数量|人数|次数|总量|规模|户数|个数)$")
OWNERS = ("职工", "员工", "干部", "人员", "大家", "单位", "机关", "全局")  # 职工的职业年金
MONEY_NOUN = re.compile(r"的?(?:费|经费|支出|资金|补助|补贴|项目|款|金|服务|业务|工作|开支|花销|预算)")
PEOPLE = ("人员", "职工", "同志")  # 退休人员的退休费: 退休 is explained there
SHORT_LABEL = 3
OWN_WORD = 1.0  # unsaid weight from which a label says more than the question
ENOUGH = 0.7  # with this share of the content explained, a verb more or less is no reason to refuse


def leftover(ask: Ask, covered: int, terms: bool = False, strict: bool = False) -> list[str]:
    """The unexplained words that carry meaning, in order; empty where only filler is left.

    For a label (of a figure, not a passage) ``terms`` are never left: 结转 and 接待 name another figure. With ``strict``, where
    the label says more than the question, no verb is talk: it may be what the label's own word stands for.

    A word counts as explained where at least half of it is covered, or where it is explained at another place of the question.
    """
    if not ask.uncovered(covered):
        return []
    explained = {w.text for w in ask.words if not span_mask(w.start, w.end) & ~covered}
    share = (ask.content & covered).bit_count() / max(1, ask.content.bit_count())
    out = []
    before = ""
    for word in ask.words:
        whose, before = before, word.text
        span = span_mask(word.start, word.end)
        open_ = (span & ask.content & ~covered).bit_count()
        size = word.end - word.start
        if not open_ or (open_ < 2 and size > 1) or word.text in explained:
            continue
        if glossed(ask, covered, word.end) or (word.text in PEOPLE and said_elsewhere(ask, whose, covered)):
            continue
        if (not strict and is_talk(ask, word, covered)) or (word.text in OWNERS and ask.text.startswith("的", word.end)):
            continue
        named = word.text in OTHERS or (terms and (bool(ask.terms & span) or (word.kind == "vn" and size > 1)))
        telling = named or (size > 1 and (share < ENOUGH or (not word.empty and word.kind != "vn")))
        if word.kind == "eng" or telling or (len(word.text) == 1 and word.kind.startswith("n")):
            out.append(word.text)
    return out


def is_talk(ask: Ask, word: Word, covered: int) -> bool:
    """A verb or adjective that qualifies no item: a body or a pause parts it from it (想了解一下某局的电费, 某局的电费, 核对一下)."""
    if not ask.talk & span_mask(word.start, word.end) or MONEY_NOUN.match(ask.text, word.end):
        return False  # 劳务派遣费用: the verb makes another item of it
    if any(start < word.end and word.start < end for start, end, _ in ask.aliases) or not (own := covered & ask.content):
        return False
    first, last = (own & -own).bit_length() - 1, own.bit_length()
    gap = (last, word.start) if word.start >= last else (word.end, max(first, word.end))
    return bool(span_mask(*gap) & ~ask.open)  # 电费减免多少 asks for something else: only a pause makes talk of a verb


def said_elsewhere(ask: Ask, word: str, covered: int) -> bool:
    """True where the word stands in a part of the question that is explained (退休 in 退休费)."""
    return bool(word) and any(not span_mask(m.start(), m.end()) & ~covered for m in re.finditer(re.escape(word), ask.text))


def half_said(ask: Ask, covered: int) -> list[str]:
    """Whole terms (公用经费) that a figure found by its code does not explain."""
    return ["".join(c for i, c in enumerate(ask.text) if term >> i & 1) for term in ask.whole if term & ask.open & ~covered]


def near_miss(ask: Ask, candidate: Candidate) -> bool:
    """True where question and label each say something that the other does not, side by side: 对企业补助 is not 就业补助."""
    open_ = ask.content & ~candidate.labelled
    if cuts_a_word(ask, candidate.named, open_):
        return True
    if candidate.unsaid < OWN_WORD:
        return False
    for found in re.finditer(PARTICLE, ask.text):  # 目标里光传送网: cut as 里光
        if not (open_ >> found.end() & 1 and found.start() and open_ >> found.start() - 1 & 1):
            open_ &= ~(1 << found.start())
    for word in ask.words:
        if word.kind == "v" and candidate.unsaid < 2 * OWN_WORD:  # 节点要建多少个: what is done with the item is no part of its name
            open_ &= ~span_mask(word.start, word.end)
    start, end = longest_run(candidate.named)
    before, after = said_beyond(candidate, ask.text[start:end])
    return bool((after and open_ >> end & 1) or (before and start and open_ >> (start - 1) & 1))


def said_beyond(candidate: Candidate, run: str) -> tuple[bool, bool]:
    """Whether the label says something of its own before and after the run that it shares with the question."""
    label = core(candidate.figure.row_path[-1]) if candidate.figure.row_path else ""
    at = label.find(run)
    if at < 0:
        return True, True
    own = own_characters(label)
    after = MEASURED.search(label, at + len(run))  # 养护农村公路里程: what is measured is asked with its unit
    return any(own[:at]), any(own[at + len(run) : after.start() if after else len(label)])


def cuts_a_word(ask: Ask, named: int, open_: int) -> bool:
    """True where a short label explains only a part of one word: 退休 is not 离退休."""
    if not 0 < named.bit_count() <= SHORT_LABEL:
        return False
    start, end = longest_run(named)
    alone = {w.start for w in ask.words if w.end - w.start == 1 and w.kind[:1] in "njabx"}
    if start - 1 in alone and open_ >> (start - 1) & 1:  # 津补贴 is no 费用补贴
        return True
    return any(
        (w.start < start < w.end and open_ >> (start - 1) & 1) or (w.start < end < w.end and open_ >> end & 1)
        for w in ask.words
        if w.kind != "v" and len(w.text) <= SHORT_LABEL + 1 and w.text[0] not in "局区市省县委厅院"
    )


def longest_run(mask: int) -> tuple[int, int]:
    """Start and end of the longest run of set bits, the first of equals."""
    best, at = (0, 0), 0
    while mask >> at:
        at += ((mask >> at) & -(mask >> at)).bit_length() - 1
        end = at
        while mask >> end & 1:
            end += 1
        best = max(best, (at, end), key=lambda span: span[1] - span[0])
        at = end
    return best


Sides = tuple[frozenset[str], frozenset[str]]


def one_sided(ask: Ask, opposites: Iterable[Sides], after: str = "") -> list[Sides]:
    """The pairs of opposites of which the question says one side only: what it says, and what it thereby excludes.

    Where it says ``after`` (其中), what follows decides.
    """
    out = []
    text = ask.text.rpartition(after)[2] if after else ask.text
    for one, other in opposites:
        for said, denied in ((one, other), (other, one)):
            if any(w in text for w in said) and not any(w in text for w in denied):
                out.append((said, denied))
    return out


def figure_opposed(figure: Figure, sides: Iterable[Sides]) -> bool:
    """The same of a figure's labels: the innermost ones decide where they say either (公务用车购置及运行费 > 购置费)."""
    inner = core(" ".join((*figure.row_path[-1:], *figure.col_path[-1:])))
    outer = core(" ".join((*figure.row_path[-1:], *figure.col_path)))
    return any(opposed(inner if any(w in inner for words in pair for w in words) else outer, [pair]) for pair in sides)


def opposed(labels: str, sides: Iterable[Sides]) -> bool:
    """True where the labels say only what the question excludes (年初 for 年末, 以下 for 以上)."""
    return any(any(w in labels for w in denied) and not any(w in labels for w in said) for said, denied in sides)


def glossed(ask: Ask, covered: int, end: int) -> bool:
    """True where a word and the brackets behind it say the same and one of them is covered: 人员（工资福利）."""
    opened = ask.text.rfind("(", 0, end)
    if opened > 0 and ask.text.find(")", opened) >= end:  # the word stands in brackets: what they gloss decides
        return bool(covered >> (opened - 1) & 1)
    opening = ask.text.find("(", end)
    close = ask.text.find(")", end)
    return (
        opening >= 0
        and close > opening + 1
        and not span_mask(opening + 1, close) & ask.content & ~covered
        and bool(span_mask(opening + 1, close) & ask.content)
    )
