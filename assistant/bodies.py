"""Which bodies a question names, by full, short or misspelt name; and which bodies it names that are not indexed.

The names come from the documents themselves: 「上海市普陀区司法局」 is read as regions (上海市, 普陀区) and a core (司法局),
and every way of saying it (普陀司法局, 区司法局, 司法局) is an alias. Aliases are looked up by hash, so a store of a
thousand bodies costs as much as one of two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from assistant.flat import flat
from assistant.lexicon import Lexicon
from assistant.shorts import ENDS, ShortNames
from assistant.sounds import sound
from assistant.words import place_before, tag_words

REGION = re.compile(r"([\u4e00-\u9fff]{2,}?(?:特别行政区|自治区|自治州|省|市|新区|区|县|街道|镇|乡))")
OTHER_BODY = re.compile(r"(?!的)(?:(?![比对和跟与同])[\u4e00-\u9fff]){2,8}?(?:管理局|局|厅|委员会|法院|检察院)(?![长内])")
LOCAL = re.compile(r"[（(](?:本级|机关|本部)[）)]$")
NO_NAME = re.compile(r"预算|决算|支出|收入|经费|占|多少|全[局委院厅]|整个")
WHOSE = re.compile(r"[省市区县]?[局院委厅办]?(?=[,，)\d\s]|$)|")  # 江苏省院
LONGEST_ALIAS = 24
UNIT_NAME = re.compile(
    r"(?:(?<![布格结])局|委员会|办公室|办公厅|中心|"
    r"学校|中学|小学|幼儿园|医院|法院|检察院|院|所|站|队|馆|处|大学|学院|办事处)$"
)
NO_UNIT = re.compile(r"支出|经费|项目|收入|预算|补助|合计|总计|小计|采购|资金|建设|购置")
OWN_ROW = re.compile(r"(?:本级|机关)$")
KEPT = 500  # texts whose bodies are remembered; one question reads some fragments again and again
SHORTEST_UNIT = 5


@dataclass(frozen=True, slots=True)
class Body:
    """A public body (or company) of the store: full name without （本级）, its regions outermost first, and its core name."""

    name: str
    regions: tuple[str, ...]
    core: str


@dataclass(frozen=True, slots=True)
class Mention:
    """One naming of a body in a question; ``bodies`` are the names it can mean."""

    start: int
    end: int
    bodies: frozenset[str]
    guessed: str | None = None  # the corrected spelling, where a misspelling was read
    region: bool = False  # only a place is named (龙岗), no body
    wide: frozenset[str] = frozenset()  # every indexed body of that place


@dataclass(frozen=True, slots=True)
class Named:
    """All that a question says about bodies."""

    mentions: tuple[Mention, ...] = ()
    unknown: tuple[str, ...] = ()  # bodies named that are not indexed
    spans: tuple[tuple[int, int], ...] = ()


def name_to_body(name: str) -> Body:
    """Split a full name; regions may stand in the middle (中国人民政治协商会议江苏省委员会办公厅)."""
    bare = LOCAL.sub("", name.strip())
    rest, regions = bare.replace("人民政府", ""), []
    lead = re.match(r"^(?:中国共产党|中共|中国人民政治协商会议)", rest)
    offset = lead.end() if lead else 0
    while found := REGION.match(rest, offset):
        regions.append(found.group())
        rest = rest[:offset] + rest[found.end() :]
    return Body(bare, tuple(regions), rest)


def is_unit(label: str) -> bool:
    """True for a row label that is a body's name."""
    text = flat(label)
    bare = OWN_ROW.sub("", re.sub(r"\([^()]*\)$", "", text))
    return len(bare) >= SHORTEST_UNIT and bool(UNIT_NAME.search(bare)) and not NO_UNIT.search(bare)


def core_aliases(core: str, lexicon: Lexicon) -> set[str]:
    """工业和信息化局 → 工业和信息化局, 工信局, 工信."""
    forms = {core} if len(core) > 1 else set()
    for full, shorts in lexicon.short.items():
        if full in core:
            forms |= {core.replace(full, s) for s in shorts}
        if full in core or any(s in core for s in shorts if len(s) > 1):
            forms |= {s + end for s in shorts if len(s) > 1 for end in ("", *(f for f in lexicon.suffix if core.endswith(f)))}
    for full, shorts in lexicon.suffix.items():
        forms |= {f.removesuffix(full) + s for f in list(forms) if f.endswith(full) for s in shorts}
    return {f for f in forms if len(f) > 1}


def region_aliases(region: str) -> set[str]:
    bare = re.sub(r"(?:特别行政区|自治区|自治州|省|市|新区|区|县|街道|镇|乡)$", "", region)
    forms = {region, bare} if len(bare) > 1 else {region}
    return forms | {bare + "街办", bare + "街道办", bare + "街道办事处"} if region.endswith("街道") else forms


def with_places(text: str, mentions: list[Mention]) -> tuple[list[Mention], list[tuple[int, int]]]:
    """财政局（普陀，2024）: a place in brackets is no mention of its own but says which body of that name is meant.

    Gives the mentions left and the spans of the places.
    """
    out = list(mentions)
    spans = []
    for place in mentions:
        opened = text.rfind("(", 0, place.start)
        if not place.region or opened < 0 or ")" in text[opened : place.start] or place.start - opened > 2:
            continue
        for i, m in enumerate(out):
            if m.end <= opened and not m.region and (both := m.bodies & place.bodies):
                out[i] = replace(m, bodies=both)
                end = place.end + len(WHOSE.match(text, place.end).group())  # type: ignore[union-attr]
                spans.append((place.start, end))
                out.remove(place)
                break
    return out, spans


def stands_as_word(text: str, start: int, end: int) -> bool:
    """False inside other words: 每人大概 names no 人大."""
    at = first = max(0, start - 4)
    for word, _ in tag_words(text[first : end + 4]):
        if at < start < at + len(word) < end:
            return False
        at += len(word)
    return True


def frozen(table: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {key: frozenset(values) for key, values in table.items()}


@dataclass(frozen=True)
class Directory:
    """All bodies of a store with their aliases. Build once per state of the store."""

    bodies: Mapping[str, Body]
    cores: Mapping[str, frozenset[str]]
    regions: Mapping[str, frozenset[str]]
    others: frozenset[str]
    sounds: Mapping[str, str] = field(default_factory=dict)  # pinyin → alias, for misspelt names
    shorts: ShortNames = field(default_factory=ShortNames)
    _read: dict[str, Named] = field(default_factory=dict, init=False, compare=False, repr=False)  # texts read before

    @classmethod
    def of(cls, names: Iterable[str], lexicon: Lexicon) -> Directory:
        bodies = {b.name: b for b in map(name_to_body, sorted(set(names)))}
        cores: dict[str, set[str]] = {}
        regions: dict[str, set[str]] = {}
        for body in bodies.values():
            for alias in core_aliases(body.core, lexicon) | {body.name}:
                cores.setdefault(alias, set()).add(body.name)
            for region in body.regions:
                for alias in region_aliases(region):
                    regions.setdefault(alias, set()).add(body.name)
        sounds = {sound(a): a for a in [*regions, *cores] if len(a) >= 2}
        shorts = ShortNames.of((b.name, b.core) for b in bodies.values())
        return cls(bodies, frozen(cores), frozen(regions), frozenset(lexicon.others) - set(cores), sounds, shorts)

    def find(self, text: str) -> Named:
        """Read the mentions of a normalised question, left to right, longest alias first."""
        if text not in self._read:
            if len(self._read) >= KEPT:
                self._read.clear()
            self._read[text] = self._find(text)
        return self._read[text]

    def _find(self, text: str) -> Named:
        tokens = self._tokens(text)
        mentions: list[Mention] = []
        unknown: list[str] = []
        i = 0
        while i < len(tokens):
            j = i + 1
            while j < len(tokens) and tokens[j].start == tokens[j - 1].end and tokens[j - 1].kind in ("region", "level"):
                j += 1
            group = tokens[i:j]
            i = j
            mention = self._group_to_mention(text, group)
            if isinstance(mention, str):
                unknown.append(mention)
            elif mention:
                mentions.append(mention)
        mentions, placed = with_places(text, mentions)
        certain = [m.bodies for m in mentions if len(m.bodies) == 1 and not m.region]
        needless = [m for m in mentions if m.region and any(c <= m.bodies for c in certain)]  # 省人大…江苏代表团
        placed += [(m.start, m.end) for m in needless if text[m.end : m.end + 1] in ("这", "那", "的", ",", ":")]  # 江苏这四家
        mentions = [m for m in mentions if m not in needless]
        spans = tuple((m.start, m.end) for m in mentions)
        return Named(tuple(mentions), tuple(unknown), (*spans, *placed))

    def _tokens(self, text: str) -> list[_Token]:
        tokens: list[_Token] = []
        i = 0
        while i < len(text):
            token = self._token_at(text, i)
            if token is None:
                i += 1
                continue
            tokens += [token] if (parted := self._shorter_region(text, token)) is None else parted
            i = tokens[-1].end
        return tokens

    def _shorter_region(self, text: str, token: _Token) -> list[_Token] | None:
        """临浦市监 is 临浦 and 市监, where nothing begins behind 临浦市."""
        shorter = token.alias[:-1]
        if token.end >= len(text):
            return None
        if token.kind != "region" or token.alias[-1] not in "市县区" or shorter not in self.regions or self._token_at(text, token.end):
            return None
        core = self.shorts.at(text, token.end - 1, placed=True)
        if core is None or core[0] <= token.end or not core[1] & self.regions[shorter]:
            return None
        region = _Token(token.start, token.end - 1, "region", self.regions[shorter], shorter)
        return [region, _Token(token.end - 1, core[0], "core", core[1], text[token.end - 1 : core[0]])]

    def _token_at(self, text: str, i: int) -> _Token | None:
        for length in range(min(LONGEST_ALIAS, len(text) - i), 1, -1):
            piece = text[i : i + length]
            if piece in self.cores and self._stands_alone(text, i, piece):
                return _Token(i, i + length, "core", self.cores[piece], piece)
            if piece in self.regions:
                return _Token(i, i + length, "region", self.regions[piece], piece)
            if piece in self.others and not self.shorts.at(text, i) and stands_as_word(text, i, i + length):
                return _Token(i, i + length, "other", frozenset(), piece)
        here = frozenset[str]().union(*(self.regions.get(text[max(0, i - n) : i], frozenset()) for n in range(2, 8)))
        short = self.shorts.at(text, i, placed=bool(here))
        if short and here and not short[1] & here and not text[i : short[0]].endswith(ENDS):
            short = None  # 沂河县城市建设: the first words of another place's 城市管理委员会
        if short and self._stands_alone(text, i, text[i : short[0]]):
            end = short[0] + self._misspelt_end(text, i, short[0], short[1])
            return _Token(i, end, "core", short[1], text[i : short[0]])
        level = re.compile(r"[省市区县](?=[局院委厅办])").match(text, i)
        follows = text[i] in "省市区县" and any(text[i + 1 : i + 1 + n] in self.cores for n in range(2, 12))
        if level or follows or (text[i] in "省市区县" and self.shorts.at(text, i + 1)):
            owners = frozenset(n for n, b in self.bodies.items() if b.regions and b.regions[-1][-1] == text[i])
            return _Token(i, i + 1, "level", owners, text[i])
        for length in range(min(8, len(text) - i), 1, -1):  # misspelt: same sound, one character off
            piece = text[i : i + length]
            alias = self.sounds.get(sound(piece)) if re.fullmatch(r"[\u4e00-\u9fff]+", piece) else None
            if alias and alias != piece and sum(a != b for a, b in zip(alias, piece, strict=True)) == 1:
                table, kind = (self.regions, "region") if alias in self.regions else (self.cores, "core")
                if kind == "core" and length == 2 and not self._stands_alone(f"{text} ", i, alias):
                    continue  # 执法检查 is no 检察
                return _Token(i, i + length, kind, table[alias], alias)
        return None

    def _misspelt_end(self, text: str, start: int, end: int, names: Iterable[str]) -> int:
        """1 where the last character of a name is another one of the same sound (人民法苑), else 0."""
        said, following = text[start:end], text[end : end + 1]
        cores = (self.bodies[n].core for n in names)
        return int(any(c[:-1].endswith(said) and c[-1] != following and sound(c[-1]) == sound(following) for c in cores if following))

    def _stands_alone(self, text: str, i: int, piece: str) -> bool:
        """A bare short core (工信) names a body only at the start, after a place or between bodies, not inside 两个工信产业…资金."""
        if (
            piece[-1] in "局委院厅办会部处队司室"
            or i == 0
            or text[i - 1] in "和与跟及比、,，;；:： 市区县省对加"
            or text[i + len(piece) : i + len(piece) + 1] in "局的"
        ):
            return True
        return any(text[max(0, i - n) : i] in self.regions for n in range(2, 8))

    def _group_to_mention(self, text: str, group: list[_Token]) -> Mention | str | None:
        """One mention, the text of an unknown body, or None where the tokens name nothing (a bare 市)."""
        start, end = group[0].start, group[-1].end
        regions = [t for t in group if t.kind == "region"]
        last = group[-1]
        if last.kind == "other":
            return text[start:end]
        if last.kind == "level":
            generic = text[last.end : last.end + 1]
            if generic not in "局院委厅办" or not generic:
                return None
            end = last.end + 1
            found = {n for n in last.bodies if generic in self.bodies[n].core}  # 市局 is no centre of the city's
            found = found or (set(last.bodies) if generic in "局委办" else found)
        else:
            found = set(self.bodies)
        foreign = self._foreign_region(text, group) if last.kind == "core" else None
        if foreign is not None:
            return text[foreign:end]
        other = OTHER_BODY.match(text, end) if last.kind == "region" else None
        if other and not NO_NAME.search(other.group()) and not any(core in other.group() for core in self.cores):
            return text[start : other.end()]  # 龙岗科技创新局: no such body is indexed
        for token in group:
            found &= token.bodies
        if not found:
            return text[start:end] if last.kind == "core" and regions else None
        if regions:  # 深圳市工信局 is the city's own, not a district's
            own = {n for n in found if self.bodies[n].regions and regions[-1].alias in region_aliases(self.bodies[n].regions[-1])}
            found = own or found
        guessed = next((t.alias for t in group if t.alias != text[t.start : t.end]), None)
        return Mention(start, end, frozenset(found), guessed, last.kind == "region", last.bodies)

    def _foreign_region(self, text: str, group: list[_Token]) -> int | None:
        """Where a region that no indexed body has stands right before a core: 南山区|工信局 → its start."""
        if any(t.kind == "region" for t in group):
            return None
        end = group[0].end if group[0].kind == "level" else group[0].start
        return place_before(text[:end]) if end >= 2 else None


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    kind: str  # core | region | level | other
    bodies: frozenset[str]
    alias: str
