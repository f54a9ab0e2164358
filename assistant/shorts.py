"""Short names of bodies: 自规局, 城管委, 环卫中心 are made of the beginnings of the official name's words, in their order.

No list is needed: 自然资源和规划局 has the words 自然, 资源, 和, 规划 and the head 局, and 自规局 takes the beginnings of two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assistant.words import tag_words

# Heads with the forms they are shortened to, longest first.
HEADS: Mapping[str, tuple[str, ...]] = {
    "委员会办公室": ("委办", "办"),
    "街道办事处": ("街道办", "街道", "街办", "办事处"),
    "管理委员会": ("管委会", "管委"),
    "人民政府": ("人民政府", "政府"),
    "委员会": ("委员会", "委"),
    "管理局": ("管理局", "局"),
    "办公室": ("办公室", "办"),
    "办公厅": ("办公厅", "办"),
    "中心": ("中心",),
    "大学": ("大学", "大"),
    "学院": ("学院",),
    "学校": ("学校", "校"),
    "中学校": ("中学校", "中学", "中"),
    "人民医院": ("人民医院", "医院", "院"),
    "中学": ("中学", "中"),
    "小学": ("小学", "小"),
    "幼儿园": ("幼儿园", "幼儿园"),
    "医院": ("医院",),
    "法院": ("法院",),
    "检察院": ("检察院", "检院"),
    "研究院": ("研究院", "院"),
    "研究所": ("研究所", "所"),
    "处": ("处",),
    "队": ("队",),
    "支队": ("支队",),
    "大队": ("大队",),
    "总队": ("总队",),
    "总站": ("总站", "站"),
    "局": ("局",),
    "厅": ("厅",),
    "部": ("部",),
    "署": ("署",),
    "院": ("院",),
    "站": ("站",),
    "所": ("所",),
    "馆": ("馆",),
    "会": ("会",),
    "校": ("校",),
    "园": ("园",),
    "镇": ("镇", "镇政府"),
    "乡": ("乡", "乡政府"),
}
ENDS = tuple(sorted({end for ends in HEADS.values() for end in ends}, key=len, reverse=True))
ORDINAL = re.compile(r"第([一二三四五六七八九十]{1,2})$")
NUMERALS = frozenset("一二三四五六七八九十")
LONGEST = 16
LONGEST_HEADLESS = 4
SHORTEST = 2  # characters before the head


@dataclass(frozen=True, slots=True)
class Shape:
    """A core name cut for abbreviation: the words before its head, and the ways its head is said."""

    words: tuple[str, ...]
    ends: tuple[str, ...]


def core_to_shapes(core: str) -> list[Shape]:
    """One for every head that the name ends with (管理委员会 and 委员会); none where no short form could end with one."""
    out = []
    for head, ends in HEADS.items():
        if core.endswith(head) and len(core) > len(head):
            stem = re.sub(r"[(（][^()（）]*[)）]", "", core[: -len(head)])
            out.append(Shape(tuple(piece for word, _ in tag_words(stem) for piece in halves(word)), ends))
            if ordinal := ORDINAL.search(stem):  # 第一中学校 is 一中, 第二人民医院 is 二院
                out.append(Shape((ordinal.group(1),), ends))
    return out


def halves(word: str) -> tuple[str, ...]:
    """医疗保障 stands in the dictionary as one word and is shortened as two: 医保."""
    return (word[:2], word[2:]) if len(word) == 4 else (word,)


def abbreviates(stem: str, words: tuple[str, ...]) -> bool:
    """True where ``stem`` is a run of beginnings of the words, some words left out: 自规 of 自然, 资源, 和, 规划."""
    if not stem:
        return True
    if not words:
        return False
    first, rest = words[0], words[1:]
    for n in range(min(len(first), len(stem)), 0, -1):
        if first[:n] == stem[:n] and abbreviates(stem[n:], rest):
            return True
    return abbreviates(stem, rest)


def shuffled(stem: str, words: tuple[str, ...]) -> bool:
    """Beginnings of the words in another order (文体旅 of 文化, 广电, 旅游, 体育), the first word first."""
    return len(stem) >= 3 and bool(words) and stem[0] == words[0][0] and _any_order(stem, words)


def _any_order(stem: str, words: tuple[str, ...]) -> bool:
    if not stem:
        return True
    for i, word in enumerate(words):
        for n in range(min(len(word), len(stem)), 0, -1):
            if word[:n] == stem[:n] and _any_order(stem[n:], words[:i] + words[i + 1 :]):
                return True
    return False


@dataclass(frozen=True)
class ShortNames:
    """The bodies by the heads that their short forms may end with."""

    by_end: Mapping[str, tuple[tuple[str, Shape], ...]] = field(default_factory=dict)
    firsts: frozenset[str] = frozenset()  # characters that a short form can begin with
    lasts: frozenset[str] = frozenset()  # and end with

    @classmethod
    def of(cls, cores: Iterable[tuple[str, str]]) -> ShortNames:
        """``cores`` are pairs of full name and core name."""
        table: dict[str, list[tuple[str, Shape]]] = {}
        for name, core in cores:
            for shape in core_to_shapes(core):
                for end in shape.ends:
                    table.setdefault(end, []).append((name, shape))
        firsts = frozenset(word[0] for found in table.values() for _, shape in found for word in shape.words)
        return cls({end: tuple(found) for end, found in table.items()}, firsts, frozenset(end[-1] for end in table))

    def at(self, text: str, start: int, placed: bool = False) -> tuple[int, frozenset[str]] | None:
        """The longest short form that begins at ``start``: its end and the bodies it can mean.

        Right after a place (``placed``) one character before the head is enough (北碚|交委), and the first words without a head
        are a name, too (苏州|水务).
        """
        if start >= len(text) or text[start] not in self.firsts:
            return None
        shortest = 1 if placed or self._ordinal(text, start) else SHORTEST
        for end in range(min(len(text), start + LONGEST), start + shortest, -1):
            if text[end - 1] not in self.lasts:
                continue
            found = self._means(text[start:end], shortest)
            if found:
                return end, found
        return self._headless(text, start) if placed else None

    def _ordinal(self, text: str, start: int) -> bool:
        """市一中, 县二院: a number right after a place or at the beginning, and a school's or hospital's head behind it."""
        after = text[start + 1 : start + 3]
        begins = start == 0 or text[start - 1] in "市县区省、和与跟"
        return begins and text[start] in NUMERALS and after[:1] in "中小院" and after != "中心"

    def _means(self, piece: str, shortest: int) -> frozenset[str]:
        for tail in ENDS:
            if tail not in self.by_end or len(piece) < len(tail) + shortest or not piece.endswith(tail):
                continue
            stem = piece[: -len(tail)]
            found = frozenset(n for n, shape in self.by_end[tail] if abbreviates(stem, shape.words))
            found = found or frozenset(n for n, shape in self.by_end[tail] if shuffled(stem, shape.words))
            if found:
                return found
        return frozenset()

    def _headless(self, text: str, start: int) -> tuple[int, frozenset[str]] | None:
        """The first words of a name, or beginnings of its words that stand nowhere in it in one piece (锦川|文旅, 荆南|疾控)."""
        best: tuple[int, frozenset[str]] | None = None
        for shapes in self.by_end.values():
            for name, shape in shapes:
                whole = "".join(shape.words)
                for end in range(min(len(text), start + LONGEST_HEADLESS), start + 1, -1):
                    piece = text[start:end]
                    if (
                        piece not in whole
                        and piece[0] == whole[:1]
                        and abbreviates(piece, shape.words)
                        and (best is None or end >= best[0])
                    ):
                        best = (end, (best[1] if best and best[0] == end else frozenset()) | {name})
                        break
                for n in range(len(shape.words), 0, -1):
                    lead = "".join(shape.words[:n])
                    if len(lead) > 1 and text.startswith(lead, start):
                        end = start + len(lead)
                        if best is None or end > best[0]:
                            best = (end, frozenset({name}))
                        elif end == best[0]:
                            best = (end, best[1] | {name})
                        break
        return best
