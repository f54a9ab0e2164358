"""Sentences of a budget → the amounts they state, each with what it is about and what it is called there.

A small grammar of how budgets are written, no parser: a number with a unit ends a *lead* (the words since the last
number or clause), and the lead says what the number is: 「公用经费」726.76万元, 「较2023年年初预算减少」299.94万元,
「占本年支出合计的」27.45%, 「其中：货物类项目」44.81万元. A number whose lead names nothing is about the last item named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from index.amounts import MONEY, RATIO, chinese_to_int
from index.domain import LabelPath, Measure
from index.leads import AS_OF, DEPENDENT, ITEM_LENGTH, LEAD_LENGTH, TAIL, YEAR, Name, lead_to_name

CLAUSES_BACK = 600  # characters before a number that may name its baseline, year or reason
LIST_LENGTH = 99
SENTENCE_LENGTH = 1500  # a longer one is a heap of numbers, shown in part

_ONE_TO_ONE = str.maketrans("０１２３４５６７８９％．－():;!?＞＜≧≦﹣−，〈〉", "0123456789%.-（）：；！？><≥≤--，《》")
_DOTTED = {chr(0x2488 + i): f"{i + 1}." for i in range(20)}  # ⒈ and its like

_UNITS = (
    r"个百分点|百分点|%|‰|元万(?!元)|(?:百万|千万|万|亿|千|百)?元(?:/股)?|台（套）|台/套|辆/套|台套|批次|人次|家次|户次|亩次|剂次|场次|人/次|平方米|立方米|㎡|m²|平方公里|公顷|公里|千瓦时|吨标准煤|吨|"
    r"分(?![钟之别公店部局布])|起(?![草到来点算源])|支(?![出付持部撑队])|张(?!贴)|[辆家台套件名人个次场项份册户例篇批座条所艘架幅间栋期枚亩米株棵]"
)
_AMOUNT = re.compile(
    rf"(?P<sign>[≥≤><]=?)?(?P<number>(?<![\d.,A-Za-z+])-?(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?)(?P<scale>[万亿](?!元))?(?P<unit>{_UNITS})?"
    r"(?P<more>左右|以上|以下|以内|余)?"
)
_CHINESE_COUNT = re.compile(
    r"(?<![第一二三四五六七八九十百千万零〇两\d])(?P<number>[一二三四五六七八九十两百]{1,4})(?P<unit>个|家|名|辆)"
    r"(?=(?:内设)?(?:职能)?(?:处室|科室|部门|机构|单位|下属|基层|预算单位|行政单位|事业单位|直属|处|科|室|中心))"
)
_NONE_STATED = re.compile(r"(?P<verb>增长|下降|增加|减少)(?:--|——|—)")
_EVEN = re.compile(r"持平")
_SKIP = re.compile(r"（\d{2,3}[类款项]）|《[^《》]*》|〔[^〔〕]*〕|\[\d{4}\]|【[^【】]*】")
_SCORE = re.compile(r"(?:得分|评分|分数|分值|自评|总分)[为是达到]*$")  # 分 counts after these alone
_AFTER_MONEY = re.compile(r"[用其左以为的和及等较比与由增下]")  # what may follow 「187.63万」 where it is money; a noun makes it a count
_EACH = re.compile(r"^(?:同比|环比|分别|各)*$")  # 「同比分别下降」 says nothing of the item
_GOES_ON = re.compile(r"^[和、及与]$")
_SENTENCE = re.compile(r"[^。！？\n]+[。！？\n]?")
_DONE = re.compile(r"^(?:全年|拟|计划|预计|共|将|已|要|力争|其中)+")
_DOING = re.compile(r"[\u4e00-\u9fff]{2,8}")  # 制定和修改12件法规，继续审议5件法规: the verb tells them apart
_HELD = re.compile(r"(?:全年|拟|计划|预计|共|将|已)*(?:开展|组织(?:开展)?|举办|召开|进行|完成|实施|承办|举行)")
_CLAUSE = re.compile(r"[，；：。,;]")

_UP = "增加|增长|增幅|上升|提高|上涨|增多|调增|追加|同比增|增"
_DOWN = "减少|下降|降低|压减|压缩|缩减|下调|核减|调减|降幅|减幅|负增长|下滑|减|降"
_GROWTH = ("增长", "提高", "上升", "上涨")  # 「稳增长30万元」 names a programme unless something is compared
_VERB = re.compile(rf"(?<!新)(?P<verb>(?P<up>{_UP})|(?P<down>{_DOWN}))(?:额|率|幅度|数|金额|比例)?$")
_INNER_VERB = re.compile(r"^(?P<item>.*?)(?P<verb>(?P<up>增加)|(?P<down>减少|压减))了?(?P<what>[^增减]+)$")
_BROKEN_VERB = re.compile(r"较.{0,24}?(?:(?P<up>[增加])|[减少])$")  # one character of the verb was displaced
_REASON = re.compile(r"原因|主要是|[一二三四五六]是")
_BASELINE = re.compile(
    r"(?P<baseline>(?:较|比|与|同)(?:20\d\d年?度?|上一?年度?(?:同期)?|去年(?:同期)?|年初|同期|预算|本年)[^，。；：、较比与增减上下降持相压基]{0,30}(?:相比|相较)?)"
    rf"(?=[，,、]|持平|基本|各|{_UP}|{_DOWN}|[^，。；]{{0,16}}(?:各?增加|各?减少|持平|增长|下降))"
)
_BASE_YEAR = re.compile(r"^(?:比|较|与|同)(?=20\d\d年|上一?年|去年)")  # 比2022年“三公”经费预算39.68万元增加: last year's amount
_THAN_BEFORE = re.compile(r"(?P<verb>(?P<up>[大多高]于)|[小少低]于)(?=上年|去年|20\d\d年)(?P<base>[^，；]*)$")
_FIRST_AMOUNT = re.compile(r"\d[\d,]*(?:\.\d+)?[百千万亿]?元")
_TOTAL = re.compile(r"^(?:合计|总计|共计|小计)$")
_PART_OF = re.compile(r"其中|包括|以下方面|分别为|具体如下|由.{0,6}组成")
_MARKER = re.compile(
    r"^\s*(?:(?P<two>[一二三四五六七八九十]{1,3}、)|(?P<three>（[一二三四五六七八九十]{1,3}）[、.]?)|(?P<four>\d{1,2}[.、](?!\d)|[\u2488-\u249b])|"
    r"(?P<five>（\d{1,2}）|\d{1,2}）)|(?P<six>[①-⑳]))\s*"
)
_AFTER_NOUN = re.compile(
    r"^[\u4e00-\u9fff（）“”]{1,16}?(?=[，。；：、]|的|以|并|和|均|全|都|为|开展|编报|纳入|参加|实施|组织|财政拨款|已|未|共|涉及|无|$)"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """One amount in a text. ``start``/``end`` are offsets of ``raw`` in the text; ``items`` what it is about (outermost
    first, empty where only the surroundings tell), ``labels`` what it is called (年初预算; 较2023年预算, 减少)."""

    start: int
    end: int
    raw: str
    value: Decimal | None
    unit: str
    measure: Measure
    direction: int
    items: LabelPath
    labels: LabelPath
    year: int | None
    code: str | None
    context: str


@dataclass(frozen=True, slots=True)
class Head:
    """The numbered item that a paragraph begins with: level 1 一、 2 （一） 3 1. 4 （1） 5 ①."""

    level: int
    items: LabelPath
    code: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A name, and what the number says of it."""

    name: Name
    measure: Measure = Measure.AMOUNT
    direction: int = 0
    aside: bool = False  # says something of the item last named (实际46人, 得分96分) and does not become the next one's item


def flatten(text: str) -> tuple[str, list[int]]:
    """Text without layout spaces and with one spelling of digits and punctuation, and each character's old offset.

    A comma between digits of one number stays; a blank between two digits stays, so that numbers never run together.
    """
    flat: list[str] = []
    offsets: list[int] = []
    for i, char in enumerate(text):
        if char.isspace() and char != "\n":
            before = flat[-1] if flat else ""
            after = text[i + 1 : i + 2]
            if not (before.isdigit() and after.isdigit()):
                continue
            char = " "
        for part in _DOTTED.get(char, char.translate(_ONE_TO_ONE)):
            flat.append(part)
            offsets.append(i)
    joined = "".join(flat)
    joined = re.sub(r"(?<!\d),|,(?!\d{3})", "，", joined)
    joined = re.sub(r"(?<=\d)，(?=\d{3}(?:\.\d|[万亿元，]))", ",", joined)
    return joined, offsets


def text_to_head(text: str, bodies: Sequence[str] = ()) -> Head | None:
    """The item of a numbered paragraph or heading: 「13.对口帮扶9,233.81万元，…」 → level 3, 对口帮扶. None without a number."""
    flat, _ = flatten(text)
    marker = _MARKER.match(flat)
    if not marker:
        return None
    level = next(i for i, name in enumerate(("two", "three", "four", "five", "six"), 1) if marker[name])
    rest = flat[marker.end() :]
    stop = re.search(r"[，。；：]", rest)
    name = rest[: min(stop.start() if stop else len(rest), LEAD_LENGTH)]
    skipped = [m.span() for m in _SKIP.finditer(name)]
    for match in _AMOUNT.finditer(name):
        if match["unit"] and not _is_threshold(name, match) and not any(a <= match.start() < b for a, b in skipped):
            name = name[: match.start()]
            break
    found = lead_to_name(name, bodies)
    return Head(level, found.items if len(name) <= 2 * ITEM_LENGTH else (), found.code)


def text_to_mentions(text: str, subject: LabelPath = (), bodies: Sequence[str] = ()) -> list[Mention]:
    """Every amount in a text, in order. ``subject`` is the item that the text is about (a numbered paragraph's own);
    ``bodies`` are names that never are items (the department's)."""
    flat, offsets = flatten(text)
    marker = _MARKER.match(flat)
    reader = _Reader(flat, offsets, text, subject, bodies, marker.end() if marker else 0)
    for sentence in _SENTENCE.finditer(flat):
        reader.read_sentence(sentence.start(), sentence.end())
    return reader.mentions


class _Reader:
    """Reads one text; keeps which item the last amount was about."""

    def __init__(self, flat: str, offsets: list[int], text: str, subject: LabelPath, bodies: Sequence[str], begin: int) -> None:
        self.flat, self.offsets, self.text, self.bodies, self.begin = flat, offsets, text, bodies, begin
        self.subject = self.main = self.current = subject
        self.parent: LabelPath = ()
        self.sentence = ""
        self.skipped = [m.span() for m in _SKIP.finditer(flat)]
        self.mentions: list[Mention] = []
        self._parts = 0  # amounts told after 其中 so far, with no semicolon between them
        self._respectively: list[LabelPath] = []  # items that rates after 「分别」 are still to be given to

    def read_sentence(self, start: int, end: int) -> None:
        self.current, self.parent, self._parts = self.main, (), 0
        self.sentence = self.flat[start:end].strip()
        previous = max(start, self.begin)
        for match in self._matches(previous, end):
            if "number" in match.re.groupindex and not self._is_figure(match, match.groupdict()):
                continue
            between = self.flat[max(previous, match.start() - CLAUSES_BACK) : match.start()]
            if "；" in between and self._parts > 1:  # 其中甲1元、乙2元；丙3元: the third is no part
                self.parent, self._parts = (), 0
            if _PART_OF.search(between.rsplit("；", 1)[-1]) and self.current:
                self.parent, self._parts = self.current, 0
            elif "；" in between:
                self._parts = -LIST_LENGTH  # 其中：甲1元；乙2元: the parts are parted so themselves
            mention = self._mention(match, previous, max(start, match.start() - CLAUSES_BACK), end)
            if mention:
                self.mentions.append(mention)
                previous = match.end()
                if self.parent and mention.measure is Measure.AMOUNT and mention.items[: len(self.parent)] == self.parent:
                    self._parts += 1

    def _matches(self, start: int, end: int) -> list[re.Match[str]]:
        found = [
            m
            for pattern in (_AMOUNT, _CHINESE_COUNT, _NONE_STATED, _EVEN)
            for m in pattern.finditer(self.flat, start, end)
            if not any(a <= m.start() < b for a, b in self.skipped)
        ]
        return sorted(found, key=lambda m: m.start())

    def _mention(self, match: re.Match[str], previous: int, start: int, end: int) -> Mention | None:
        groups = match.groupdict()
        lead = self._lead(previous, match.start())
        if "number" not in groups:
            return self._without_number(match, lead, start, end)
        unit = (groups["unit"] or "").replace("元万", "万元")  # a displaced character, never a unit of its own
        value, unit = self._value(groups, unit, lead)
        found = self._change(match, lead, unit, start) or self._share(lead, unit) or self._amount(match, lead, unit, end)
        mention = self._build(match, value, unit, self._respective(match, found, lead, previous, end), start, end)
        if found.measure in (Measure.AMOUNT, Measure.COUNT) and not found.aside:
            self.current = mention.items
            self.main = self.main or mention.items
        if found.measure is Measure.CHANGE and not found.name.items and (held := self._of_the_whole(mention)):
            self.mentions[-1:] = held
            self.current = self.parent
            mention = replace(mention, items=self.parent)
        return mention

    def _of_the_whole(self, change: Mention) -> list[Mention]:
        """The last mention, corrected, where a change behind the parts of a whole can only be the whole's; else nothing.

        「某费35.20万元，其中：加油13.60万元，其他2.90万元，比2022年预算数38.40万元减少3.20万元」: last year's amount tells;
        「收入总计3,938万元，其中年初结转30万元，较上年增加525万元」: the part is less than what it would have grown by.
        """
        last = self.mentions[-1] if self.mentions and self.mentions[-1].context == self.sentence else None
        if last is None or last.value is None or change.value is None or not self.parent or last.items != self.current:
            return []
        stated = {m.items: m.value for m in self.mentions if m.context == self.sentence and m.measure is Measure.AMOUNT and m is not last}
        whole = stated.get(self.parent)
        if whole is None or last.measure is not Measure.AMOUNT:
            return []
        part = stated.get(self.current)
        if part is None:
            return [last] if change.direction > 0 and last.value < change.value < whole else []
        after = last.value + change.direction * change.value
        return [replace(last, items=self.parent)] if part != after and whole == after else []

    def _change(self, match: re.Match[str], lead: str, unit: str, start: int) -> _Found | None:
        """「较2023年预算减少」 before a number; in reasons also 「基本支出增加人员工资等」."""
        bare = TAIL.sub("", lead)
        verb = _VERB.search(bare)
        if verb and (unit not in MONEY or verb["verb"] not in _GROWTH or self._baseline(start, match.start())):
            words = re.sub(rf"{verb[0]}$", "", _BASELINE.sub("", bare))
            name = Name() if _EACH.match(words) else self._name(words)
            measure = Measure.RATE if unit in RATIO else Measure.CHANGE
            labels = (*self._baseline(start, match.start()), verb["verb"])
            return _Found(Name(name.items, labels, name.year, name.code), measure, 1 if verb["up"] else -1)
        if unit in MONEY and (than := _THAN_BEFORE.search(lead)):
            name = self._name(re.sub(r"本年数?$", "", lead[: than.start()]))
            return _Found(Name(name.items, (than["verb"] + TAIL.sub("", than["base"]),)), Measure.CHANGE, 1 if than["up"] else -1)
        if unit in MONEY and (broken := _BROKEN_VERB.search(bare)):
            name = Name((), (*self._baseline(start, match.start()), "增加" if broken["up"] else "减少"))
            return _Found(name, Measure.CHANGE, 1 if broken["up"] else -1)
        inner = _INNER_VERB.match(bare)
        if inner and unit in MONEY and _REASON.search(self.flat, start, match.start()):
            items = self._name(inner["item"]).items or self._name(inner["what"]).items
            labels = (*self._baseline(start, match.start()), inner["verb"], inner["what"])
            return _Found(Name(items, labels), Measure.CHANGE, 1 if inner["up"] else -1)
        return None

    def _respective(self, match: re.Match[str], found: _Found, lead: str, previous: int, end: int) -> _Found:
        """「事故31起、死亡28人，同比分别下降16.2%和9.7%」: each rate is about the count in its place; a rate after 和 says the
        same as the one before it."""
        last = self.mentions[-1] if self.mentions else None
        if match["unit"] not in RATIO or last is None or last.context != self.sentence:
            return found
        if _GOES_ON.match(lead) and last.unit in RATIO and last.measure is not Measure.AMOUNT:
            found = _Found(Name(self._respectively.pop(0) if self._respectively else last.items, last.labels), last.measure, last.direction)
        elif "分别" in lead and not found.name.items:
            more = re.match(r"(?:[和、及与]\d+(?:\.\d+)?(?:%|个百分点))*", self.flat[match.end() : end])
            count = 1 + len(re.findall("%|个百分点", more[0] if more else ""))
            stated = [m for m in self.mentions if m.context == self.sentence and m.measure in (Measure.AMOUNT, Measure.COUNT)]
            if len(stated) >= count:
                items = [m.items for m in stated[-count:]]
                self._respectively = items[1:]
                found = replace(found, name=replace(found.name, items=items[0]))
        return found

    def _share(self, lead: str, unit: str) -> _Found | None:
        """「占本年支出合计的」, 「完成年初预算的」 before a percentage."""
        share = re.search(r"(?:占|完成)[^占]*$", lead) if unit in RATIO else None
        if not share:
            return None
        name = self._name(lead[: share.start()])
        label = re.sub(r"[的为约达]+$", "", share[0])
        return _Found(Name(name.items, (label,), name.year, name.code), Measure.SHARE)

    def _amount(self, match: re.Match[str], lead: str, unit: str, end: int) -> _Found:
        name = self._name(_BASE_YEAR.sub("", _BASELINE.sub("", lead)))
        if name.labels and _TOTAL.match(name.labels[0]):
            name = Name(self.parent or self.main, name.labels, name.year)
        if unit in MONEY or unit in RATIO:
            return self._aside(name, Measure.AMOUNT) or _Found(name)
        if listed := re.search(r"([\u4e00-\u9fff]{2,10}?)(?:主要)?包括[^，。]*、[^，。]*$", lead):
            name = self._name(listed[1])  # 「内设机构包括甲处、乙处等21个」
        noun = _AFTER_NOUN.match(self.flat[match.end() : end])
        held = match["unit"] == "次" and _HELD.fullmatch(lead)  # 开展4次执法检查
        if noun and (held or match["unit"] not in ("辆", "次", "人", "人次", "家次", "批次", "分", "起")):
            after = noun[0].strip("“”")
            if len(after) > 1 and not re.match(r"以|并|为|均|其|可|后|内(?!设)|左右|（", after):
                done = _DONE.sub("", lead)
                return _Found(Name((after,), (done,) if _DOING.fullmatch(done) else (), name.year), Measure.COUNT)
        return self._aside(name, Measure.COUNT) or _Found(name, Measure.COUNT, aside=unit == "分" and not name.labels)

    def _aside(self, name: Name, measure: Measure) -> _Found | None:
        """A bare word about the item last named in the sentence."""
        near = bool(self.mentions) and self.mentions[-1].context == self.sentence and bool(self.current)
        if not near or not name.items or name.labels or not DEPENDENT.match(name.items[-1]) or name.items[-1] in self.current:
            return None
        return _Found(Name((*self.current, name.items[-1]), (), name.year), measure, aside=True)

    def _without_number(self, match: re.Match[str], lead: str, start: int, end: int) -> Mention | None:
        """「增长--」 and 「与上年持平」: said to have no figure; value None."""
        verb = match.groupdict().get("verb")
        baseline = self._baseline(start, match.start())
        if not verb and not baseline:
            return None
        items = () if verb else self._name(re.sub(r"(?:基本)?持平$", "", _BASELINE.sub("", f"{lead}持平"))).items
        items = () if items and re.match(r"主要$|.*决算数", items[-1]) else items
        measure = Measure.RATE if verb in ("增长", "下降") else Measure.CHANGE
        found = _Found(Name(items, (*baseline, verb or "持平")), measure)
        return self._build(match, None, "%" if measure is Measure.RATE else "", found, start, end)

    def _build(self, match: re.Match[str], value: Decimal | None, unit: str, found: _Found, start: int, end: int) -> Mention:
        first, last = self.offsets[match.start()], self.offsets[match.end() - 1] + 1
        return Mention(
            start=first,
            end=last,
            raw=re.sub(r"\s+", "", self.text[first:last]),
            value=value,
            unit=unit,
            measure=found.measure,
            direction=found.direction,
            items=self._items(found.name.items),
            labels=found.name.labels,
            year=found.name.year or self._year(start, match.start()),
            code=found.name.code,
            context=self.sentence if len(self.sentence) <= SENTENCE_LENGTH else self.flat[start : match.end() + CLAUSES_BACK],
        )

    def _items(self, own: LabelPath) -> LabelPath:
        """Own words under what they are part of; nothing of their own: the item last spoken of."""
        if not own:
            return self.current
        parent = self.parent or self.subject
        if parent and (own[-1] == parent[-1] or own == parent[-len(own) :]):
            return parent
        if parent and own[: len(parent)] == parent:
            return own
        return own if len(own) > 1 and not self.subject else (*parent, *own)

    def _name(self, words: str) -> Name:
        return lead_to_name(words, self.bodies)

    def _lead(self, previous: int, end: int) -> str:
        """The words that belong to a number: back to the last clause mark outside brackets, or the last number."""
        depth = 0
        previous = max(previous, end - LEAD_LENGTH)
        for i in range(end - 1, previous - 1, -1):
            char = self.flat[i]
            if char in "）》":
                depth += 1
            elif char in "（《":
                if depth == 0:
                    return self.flat[i + 1 : end]
                depth -= 1
            elif depth == 0 and _CLAUSE.match(char):
                return self.flat[i + 1 : end]
        return self.flat[previous:end]

    def _is_figure(self, match: re.Match[str], groups: dict[str, str | None]) -> bool:
        if not groups["unit"] and not groups.get("scale"):
            return False
        if match.start() and self.flat[match.start() - 1] in "第-—～/" and not groups.get("sign"):
            return False
        after = self.flat[match.end() : match.end() + 3]
        if groups["unit"] == "分" and not _SCORE.search(self.flat[: match.start()]):
            return False
        if groups.get("scale") and not groups["unit"] and re.match(r"[\u4e00-\u9fff]", after) and not _AFTER_MONEY.match(after):
            return False
        return not ("scale" in groups and _is_threshold(self.flat, match)) and not (
            groups["unit"] == "个" and after.startswith(("月", "工作"))
        )

    def _value(self, groups: dict[str, str | None], unit: str, lead: str) -> tuple[Decimal, str]:
        number = groups["number"] or "0"
        if number[0] not in "-0123456789":
            return Decimal(chinese_to_int(number) or 0), unit
        value = Decimal(number.replace(",", ""))
        scale = groups.get("scale")
        if scale and not unit and not re.search(r"数量|个数|人数|家数|次数|AP|规模以上|人口|数$|量$", lead + (groups.get("sign") or "")):
            return value, scale + "元"  # 「增加187.63万，」
        scaled = value * MONEY[scale] if scale else value
        return (scaled.quantize(Decimal(1)) if scale and scaled == scaled.to_integral_value() else scaled), unit or "个"

    def _baseline(self, start: int, end: int) -> LabelPath:
        """The comparison last named in the sentence (较2023年年初预算), as a path of none or one."""
        found = [m["baseline"] for m in _BASELINE.finditer(self.flat[start : end + 2]) if m.start() < end - start]
        return tuple(_FIRST_AMOUNT.split(baseline)[0] for baseline in found[-1:])  # 比2024年338.21万元

    def _year(self, start: int, end: int) -> int | None:
        """The year last named in the sentence, baselines (较2023年) and 截至… aside."""
        words = AS_OF.sub("", _BASELINE.sub("", _SKIP.sub("", self.flat[start : end + 2])))
        years = YEAR.findall(words)
        return int(years[-1]) if years else None


def _is_threshold(flat: str, match: re.Match[str]) -> bool:
    """「单价100万元以上设备」: the amount is part of a name."""
    number = match["number"] + (match["scale"] or "") + (match["unit"] or "")
    after = flat[match.start("number") + len(number) :]
    return (match["unit"] or "").endswith("元") and bool(re.match(r"(?:（不?含）)?以[上下]的?(?:（不?含[^）]*）)?[\u4e00-\u9fff]", after))
