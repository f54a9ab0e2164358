"""How well a printed label explains the words of a question.

The measure is coverage: which characters of the question does the label account for, and which characters of the label
does the question not mention. A figure is the answer where its row, column and table together explain the question's
content and say little else; what no label explains is a reason to say no. Characters of the question are bits of an int.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from assistant.lexicon import Lexicon
from assistant.sounds import syllable
from assistant.words import tag_words

GENERIC = (
    "支出",
    "预算",
    "经费",
    "资金",
    "费用",
    "收入",
    "项目",
    "情况",
    "数量",
    "合计",
    "总计",
    "小计",
    "总额",
    "金额",
    "财政",
    "拨款",
    "年度",
    "部门",
    "单位",
    "(类)",
    "(款)",
    "(项)",
    "万元",
    "(元)",
    "总表",
    "收支",
    "按功能分类",
    "按经济分类",
    "功能分类",
    "经济分类",
    "科目",
    "公开",
    "说明",
    "本级",
    "数",
    "费",
    "的",
    "及",
    "和",
    "与",
    ",",
    "、",
    "(",
    ")",
    ":",
    "—",
    "其中",
    "其他",
    "表",
)
TOTALS = ("总计", "合计")
TAILS = ("项目", "经费", "资金", "支出", "预算", "费用", "收入")
PHRASE = 4  # characters from which a run of content is a phrase
LIGHT = 0.3
# Word classes without a meaning of their own: particles, pronouns, adverbs, numbers, measure words, time, directions.
EMPTY_CLASSES = ("p", "u", "c", "d", "r", "y", "e", "o", "f", "q", "m", "t", "w", "x", "z", "h", "k", "v")
NAMING_CLASSES = ("n", "t", "b", "s", "v")
JOINED = ("了", "过", "的", "着", "到", "出", "在", "多", "少")
# Words of these characters alone say nothing of an item, whatever the dictionary takes them for: 那格, 账上, 要交, 签下来.
FORM = re.compile(
    r"[那这哪各每是要有个格栏列项下上里中内账搞弄做办给拿交付掏花用投买编设报签来去出进到起了着过得把被还能可会该才就也都只想看问找查说讲写印算数]{2,}"
)
JOINT = re.compile(r"(?:比较|相比|比|较|和|与|跟|同)$")  # before a year or a body: 运维比去年 is not cut as 运维比
TALK_CLASSES = ("v", "a", "d")
FORM_CLASSES = ("p", "u", "c", "r", "y", "e", "o", "q", "m", "t", "w", "x")


@dataclass(frozen=True, slots=True)
class Match:
    """``covered``: question characters explained; ``missing``: label characters (weighted) that the question does not mention."""

    covered: int = 0
    missing: float = 0.0
    share: float = 0.0  # of the label's own characters
    hit: bool = False  # something of the label's own is matched, or the whole of a label made of generic words


NOTHING = Match()


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the question with its class (n noun, v verb, eng, m number, …)."""

    start: int
    end: int
    text: str
    kind: str

    @property
    def empty(self) -> bool:
        return self.kind.startswith(EMPTY_CLASSES)


@dataclass(frozen=True)
class Ask:
    """A question prepared for matching: flat text, and which of its characters carry content."""

    text: str
    content: int
    light: int
    aliases: tuple[tuple[int, int, str], ...] = ()  # start, end, canonical spelling
    bigrams: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    words: tuple[Word, ...] = ()
    terms: int = 0  # verbs that are terms of budgets (结转, 接待): never left unexplained
    talk: int = 0  # verbs and adjectives that are no term of budgets
    undivided: frozenset[str] = frozenset()  # labels that are said in one piece or not at all
    whole: tuple[int, ...] = ()  # masks of terms that are explained whole or not at all
    memo: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False, repr=False)  # what was worked out for it already

    @property
    def open(self) -> int:
        """Characters that a label can explain: all but bodies, years, units and punctuation."""
        return self.content | self.light

    def weight(self, mask: int) -> float:
        return (mask & self.content).bit_count() + LIGHT * (mask & self.light).bit_count()

    def own_weight(self, mask: int) -> float:
        """Content only: in running text, filler words prove nothing."""
        return float((mask & self.content).bit_count())

    def uncovered(self, mask: int) -> int:
        return self.content & ~mask


def span_mask(start: int, end: int) -> int:
    return ((1 << (end - start)) - 1) << start


def text_to_ask(text: str, lexicon: Lexicon, known: Iterable[tuple[int, int]] = (), dropped: Iterable[tuple[int, int]] = ()) -> Ask:
    """``text`` is flat. ``known`` spans (bodies, years) are explained already; ``dropped`` ones carry the question's form.

    What is left is cut into words; filler words are light, the others content.
    """
    everything = span_mask(0, len(text))
    taken = 0
    for start, end in [*known, *dropped]:
        taken |= span_mask(start, end)
    for found in re.finditer(r"[^\w%+.]|_", text):
        taken |= span_mask(*found.span())
    edges = {at for name in lexicon.names if (start := text.find(name)) >= 0 for at in (start, start + len(name))}
    words = tuple(cut_words(text, taken, edges))
    light = talk = terms = 0
    for word in words:
        if len(word.text) > 1 and word.kind.startswith(TALK_CLASSES):
            if word.text in lexicon.terms:
                terms |= span_mask(word.start, word.end)
            elif word.kind != "vn" and not lexicon.is_term(word.text):
                talk |= span_mask(word.start, word.end)
        two = word.text[1:] in JOINED or not word.kind.startswith(NAMING_CLASSES)  # 上级, 升级 are words, 花了 is two
        joined = len(word.text) > 2 or two
        filler = word.text in lexicon.stop_words or (joined and is_filler(word.text, lexicon.stop_words)) or FORM.fullmatch(word.text)
        if filler or word.kind.startswith(FORM_CLASSES) or (len(word.text) == 1 and word.empty):
            light |= span_mask(word.start, word.end)
    for phrase in lexicon.stop_phrases:  # 问的是: the dictionary would cut it into a noun and particles
        at = text.find(phrase)
        while at >= 0:
            light |= span_mask(at, at + len(phrase))
            at = text.find(phrase, at + 1)
    aliases = []
    for alias, canonicals in lexicon.synonyms.items():
        at = text.find(alias)
        while at >= 0:
            end = at + len(alias)
            if not taken & span_mask(at, end):
                aliases += [(at, end, c) for c in canonicals]
                if alias in canonicals or not is_filler(alias, lexicon.stop_words):
                    light &= ~span_mask(at, end)
            at = text.find(alias, at + 1)
    for found in re.finditer(r"其[他它](?=[\u4e00-\u9fff])", text):  # before an item's name it is part of it
        if everything & ~light & ~taken & 1 << found.end():
            light &= ~span_mask(*found.span())
    whole = tuple(span_mask(*m.span()) for term in lexicon.whole for m in re.finditer(term, text))
    bigrams: dict[str, list[int]] = {}
    for i in range(len(text) - 1):
        if not taken & (3 << i):
            bigrams.setdefault(text[i : i + 2], []).append(i)
    return Ask(
        text,
        everything & ~taken & ~light,
        light & ~taken,
        tuple(aliases),
        {k: tuple(v) for k, v in bigrams.items()},
        words,
        terms,
        talk,
        frozenset(lexicon.whole),
        whole,
    )


def promote(ask: Ask, labels: Iterable[frozenset[str]]) -> Ask:
    """A printed label that stands in the question word for word is content, even where it is made of filler (上级下达资金)."""
    mask = 0
    text = ask.text
    for start in range(len(text) - 3):
        for end in range(min(len(text), start + 30), start + 3, -1):
            if any(text[start:end] in known for known in labels):
                mask |= span_mask(start, end)
                break
    mask &= ask.light
    return replace(ask, content=ask.content | mask, light=ask.light & ~mask) if mask else ask


def is_filler(word: str, stop: frozenset[str]) -> bool:
    """A filler word, or two of them that the dictionary takes for one (总预算, 花了)."""
    return word in stop or any(word[:k] in stop and word[k:] in stop for k in range(1, len(word)))


def cut_words(text: str, taken: int, edges: AbstractSet[int] = frozenset()) -> Iterator[Word]:
    """Words with their classes, cut separately between what is taken (a body's name must not melt into its neighbours).

    ``edges`` are further places where a word ends: around the name of a subject (职业年金|要缴).
    """
    start = 0
    while start < len(text):
        if taken >> start & 1:
            start += 1
            continue
        end = start
        while end < len(text) and not taken >> end & 1 and (end == start or end not in edges):
            end += 1
        at = start
        joint = JOINT.search(text[:end], start) if end < len(text) else None
        for piece, kind in parted(tag_words(text[start : joint.start() if joint else end])):
            yield Word(at, at + len(piece), piece, kind)
            at += len(piece)
        if joint:
            yield Word(at, end, joint.group(), "p")
        start = end


def parted(words: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Words of the dictionary that end with a form word come apart: 建设项目 is 建设 and 项目."""
    for word, kind in words:
        tail = word[-2:]
        if "的" in word[1:-1]:  # 谁的车 is no word
            head, _, rest = word.partition("的")
            yield from ((head, "r"), ("的", "uj"), (rest, "n"))
        elif kind == "ns" and len(word) == 2 and (word[0] == "里" or (word[0] in "中内" and FORM.fullmatch(word))):  # 里列, 中花: no places
            yield from ((word[0], "f"), (word[1:], "v"))
        elif len(word) > 2 and word[-1] in "里中内" and kind.startswith("n"):  # 政采里
            yield from ((word[:-1], "n"), (word[-1], "f"))
        elif len(word) > 2 and word[-1] == "数" and kind.startswith("n"):  # 编制数 is 编制
            yield from ((word[:-1], kind), ("数", "q"))
        elif len(word) > 3 and tail in TAILS:
            yield word[:-2], kind
            yield tail, "n"
        else:
            yield word, kind


@lru_cache(maxsize=50_000)
def own_characters(label: str) -> tuple[bool, ...]:
    """Which characters of a label are its own, not part of generic words like 支出 or 项目."""
    rest = re.sub(r"20\d\d年度?", lambda m: "\0" * len(m.group()), label)
    for word in GENERIC:
        rest = rest.replace(word, "\0" * len(word))
    own = [c != "\0" for c in rest]
    for gloss in re.finditer(r"\([^()]*\)", label):
        if any(own[: gloss.start()]):  # what brackets add explains the name, it is not asked for
            own[gloss.start() : gloss.end()] = [False] * (gloss.end() - gloss.start())
    return tuple(own)


def missing_weight(label: str, flags: list[bool]) -> float:
    """Characters of the label that are unexplained: its own 1 each, generic ones next to nothing."""
    return sum((1.0 if own else 0.1) for own, done in zip(own_characters(label), flags, strict=True) if not done)


def match_label(ask: Ask, label: str, fuzzy: bool = True) -> Match:
    """Cover the question with one label (already through ``core``): common runs, then same-sounding characters, then aliases."""
    at: list[int | None] = [None] * len(label)  # the question's character that explains each of the label's
    covered = _common_runs(ask, label, at)
    exact = True
    if covered and fuzzy and None in at:
        heard = _same_sound(ask, label, at, covered)
        exact = heard == covered
        covered = heard
    for start, end, canonical in ask.aliases:
        found = label.find(canonical)
        if found < 0:
            continue
        covered |= span_mask(start, end)
        at[found : found + len(canonical)] = [start if j is None else j for j in at[found : found + len(canonical)]]
    for term in ask.whole:  # neither 基本工资 explains 基本支出, nor 基本 and 支出 far apart (基本养老保险缴费支出)
        if covered & term and (term & ~covered or torn(ask, term, label, at)):
            covered &= ~term
            at = [None if j is not None and term >> j & 1 else j for j in at]
    if label in ask.undivided and not in_one_piece(at) and not any(canonical in label for _, _, canonical in ask.aliases):
        return NOTHING  # 基本公共卫生服务支出 does not say 基本支出
    if not covered:
        return NOTHING
    done = [j is not None for j in at]
    own = [explained for mine, explained in zip(own_characters(label), done, strict=True) if mine]
    if 2 <= len(own) <= 3 and sum(own) == len(own) - 1 and not any(j == start for j in at for start, _, _ in ask.aliases):
        return NOTHING  # 电费 is not 邮电费, 离休费 not 退休费
    missing = missing_weight(label, done)
    totals = label[-2:] in TOTALS and all(done[-2:])  # 总计 means the column 支出总计, too
    share = sum(own) / len(own) if own else float(missing < 0.05 or totals)
    return Match(covered, missing if exact else missing + 0.2, share, missing < 0.05 or any(own))


def in_one_piece(at: list[int | None]) -> bool:
    """Whether the label's explained characters stand together in the question."""
    told = [j for j in at if j is not None]
    return all(b == a + 1 for a, b in itertools.pairwise(told))


def torn(ask: Ask, term: int, label: str, at: list[int | None]) -> bool:
    """Whether the characters of a whole term are explained by pieces of the label that do not stand together."""
    if any(span_mask(start, end) & term and canonical in label for start, end, canonical in ask.aliases):
        return False
    first, last = (term & -term).bit_length() - 1, term.bit_length()
    whole = list(range(first, last))
    return not any(at[k : k + len(whole)] == whole for k in range(len(at)))


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


def holds_phrases(ask: Ask, text: str) -> bool:
    """True where the text says every longer phrase of the question in one piece, or at least half of it.

    Single words are found anywhere in a long passage; what was asked for is a phrase: 其他教育支出 is not 其他人员的教育.
    """
    for run in re.finditer("1+", "".join("1" if ask.content >> i & 1 else "0" for i in range(len(ask.text)))):
        start, end = run.span()
        aliased = any(a < end and start < b and canonical in text for a, b, canonical in ask.aliases)
        need = max(2, -(-(end - start) // 2))
        if end - start < PHRASE or aliased:
            continue
        if not any(ask.text[i : i + need] in text for i in range(start, end - need + 1)):
            return False
    return True


def _common_runs(ask: Ask, label: str, at: list[int | None]) -> int:
    """Greedy longest common runs of two and more characters; a single one where it continues a run in the question."""
    text, covered = ask.text, 0
    free = ask.open
    while True:
        n, i, j = _longest_run(ask, label, at, free & ~covered)
        if n < 2:
            break
        covered |= span_mask(j, j + n)
        at[i : i + n] = range(j, j + n)
        after = j + n
        if after < len(text) and free >> after & 1 and not covered >> after & 1:  # 维修费 against 维修(护)费
            k = label.find(text[after], i + n)
            if k >= 0 and at[k] is None and k - i - n <= 4:
                covered |= 1 << after
                at[k] = after
    if not covered and len(label) == 1 and label in text:
        at[0] = text.index(label)
        covered = 1 << text.index(label)
    return covered


def _longest_run(ask: Ask, label: str, at: list[int | None], free: int) -> tuple[int, int, int]:
    """Length and starts (in the label, in the question) of the longest run of still unexplained characters."""
    text, best = ask.text, (0, 0, 0)
    for i in range(len(label) - 1):
        if at[i] is not None:
            continue
        for j in ask.bigrams.get(label[i : i + 2], ()):
            n = 0
            while i + n < len(label) and j + n < len(text) and label[i + n] == text[j + n] and at[i + n] is None and free >> (j + n) & 1:
                n += 1
            if n > best[0]:
                best = (n, i, j)
    return best


def _same_sound(ask: Ask, label: str, at: list[int | None], covered: int) -> int:
    """Extend matched runs over characters that sound alike: 公物接待费 covers 公务接待费."""
    heard: list[tuple[int, int]] = []
    for step in (1, -1):
        order = range(1, len(label)) if step == 1 else range(len(label) - 2, -1, -1)
        for i in order:
            beside = at[i - step]
            if at[i] is not None or beside is None:
                continue
            j = beside + step
            if not 0 <= j < len(ask.text) or covered >> j & 1:
                continue
            if not ask.open >> j & 1:  # 省政协会议支出: the body's name is the item's beginning, too
                at[i] = j if ask.text[j] == label[i] else None
                continue
            if ask.text[j] == label[i] or ("\u4e00" <= ask.text[j] <= "\u9fff" and syllable(ask.text[j]) == syllable(label[i])):
                covered |= 1 << j
                at[i] = j
                if ask.text[j] != label[i]:
                    heard.append((i, j))
    for i, j in heard:  # 民办|公共 is not heard as 一般公共: the rest of its word would be left over
        word = next((w for w in ask.words if w.start <= j < w.end), None)
        if word and span_mask(word.start, word.end) & ask.open & ~covered:
            covered &= ~(1 << j)
            at[i] = None
    return covered
