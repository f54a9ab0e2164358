"""Whose document it is, of which year and kind: read from the cover, from labelled lines, from the tables.

Trust falls in this order: a labelled line on the cover (预算主管部门：…), the cover's own words, the body printed above
the tables, labelled lines anywhere, a sentence that begins with the body and the year, and the file's name for the year
alone. The narrative and the tables of one body may be two files; the tables' file has no cover.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from index.amounts import chinese_to_int, normalise
from index.domain import Kind, Table

COVER_LINES = 14  # a cover that runs longer is no cover
NAME_LENGTH = range(4, 41)

YEAR = r"(?:(?<!\d)20\d\d|[二两][〇零○0][〇零○一二三四五六七八九]{2})"
_YEAR = re.compile(YEAR)
_DATE = re.compile(rf"{YEAR}\s*年\s*\d{{1,2}}\s*月(?:\s*\d{{1,2}}\s*日)?|{YEAR}[-./]\d{{1,2}}[-./]\d{{1,2}}")
_BUDGET_YEAR = re.compile(rf"({YEAR})\s*年?度?[^，。；：\d]{{0,30}}?(?:预算|决算)")
_KIND = re.compile(r"(部门|单位)(?:综合)?(?:财务)?(?:收支)?(预算|决算)")
_LOOSE_KIND = re.compile(r"(预算|决算)(?=公开|草案|说明|报表|报告|信息|文本|\d|（|$)")
_NOT_A_BODY = re.compile(r"政府(?:财政)?(?:预算|决算)|总(?:预算|决算)|财政预算|预算执行情况|(?:预算|决算)草案的报告|预算法")
_LABEL = re.compile(
    r"(预算主管部门|预算部门|预算单位|决算部门|决算单位|部门名称|单位名称|公开部门|公开单位|编制部门|编制单位|填报部门|填报单位|部门|单位)"
    r"(?:[（(]?(?:盖章|公章)[)）]?)?[：:](.+)"
)
_COVER_LABELS = ("预算主管部门", "预算部门", "预算单位", "决算部门", "决算单位")
_UNIT_TAIL = re.compile(r"(?:金额)?单位[：:]\s*(?:人民币)?(?:百万|万|千|亿)?元.*$|(?:公开|表)\S{0,3}\d+表?.*$|(?:编制|填报)?日期[：:].*$")
_CONTENTS = re.compile(r"^(?:目录|目次|第[一二三四五六七八九十]+部分|[一二三四五六七八九十]+、)")
_PAGE_NUMBER = re.compile(r"^[-—－]*(?:第)?(?!20\d\d$)\d{1,4}(?:页)?[-—－]*$")
_APPENDIX = re.compile(r"^附[件表录]?[\d一二三四五六七八九十]*：?$")
_TITLE_WORDS = re.compile(
    rf"{YEAR}\s*年?度?|年度|(?:区级|市级|省级|县级|镇级|街道级)?(?:部门|单位)?(?:综合)?(?:财务)?(?:收支)?(?:预算|决算)"
    r"(?:及.*$|的?(?:信息)?公开.*$|编制.*$|情况.*$|说明.*$|报告.*$|报表.*$|草案.*$|文本.*$|表.*$)?"
)
_BODY = re.compile(r"[\u4e00-\u9fff（）()·]{2,38}?(?:股份有限公司|有限责任公司|有限公司|集团|公司)")
_BODY_END = re.compile(
    r"(?:局|厅|委|委员会|办公室|办公厅|办事处|法院|检察院|学院|大学|学校|中学|小学|医院|中心|院|所|站|队|处|会|部|社|馆|团|署|组|台|园|校|镇|乡|街道|政府|协会|政协|人大)"
    r"(?:[（(][^（）()]{1,12}[)）])?$"
)
_PLACE = re.compile(r"(?:中共|中国|国家|[\u4e00-\u9fff]{1,8}?[省市区县州盟旗镇乡])[\u4e00-\u9fff]{2}")
_SUBJECT = re.compile(rf"^([\u4e00-\u9fff（）()]{{4,36}}?){YEAR}年度?(?:部门|单位|收入|支出|本年|财政|一般公共|政府性|收支|预算)")
_BUDGET_TABLE = re.compile(r"(?:收支|收入|支出|经费|基本支出|采购)\S*?(预算|决算)\S*?表")


@dataclass(frozen=True, slots=True)
class Identity:
    """``department`` is the body's full name as printed, without year and kind words; "" where none is printed."""

    title: str
    department: str
    year: int | None
    kind: Kind


def identify(texts: Sequence[str], tables: Sequence[Table], file_name: str) -> Identity:
    """Identity from the document's lines (the first pages at least), its tables and, for the year alone, its file name.

    Two files of one body get the same department, year and kind where each prints them somewhere.
    """
    lines = [line for line in (_flat(t) for t in texts) if line]
    cover = _cover_lines(lines)
    cover_text = _DATE.sub("", "".join(cover))
    labels = [found for line in lines if (found := _labelled(line))]
    kind = _kind(cover_text, lines, tables, labels)
    if kind is Kind.OTHER:
        return _other(cover, lines, file_name)
    department = _department(cover, cover_text, lines, tables, labels)
    year = _year(cover_text, lines, tables, file_name)
    return Identity(_title(cover, department, year, kind), department, year, kind)


def body_key(department: str) -> str:
    """A spelling-free key: the same body under its long and its short name compares equal (人民代表大会常务委员会 = 人大常委会)."""
    key = normalise(department).replace(" ", "").replace("(", "（").replace(")", "）")
    for long, short in (
        ("人民代表大会", "人大"),
        ("常务委员会", "常委会"),
        ("中国人民政治协商会议", "政协"),
        ("政治协商会议", "政协"),
        ("高级人民法院", "高院"),
        ("人民检察院", "检察院"),
    ):
        key = key.replace(long, short)
    key = re.sub(r"^政协(.{2,12}?)委员会(?=办公厅|办公室|$)", r"\1政协", key)
    return re.sub(r"（(?:部门|单位|本部)）$", "", key)


def _flat(text: str) -> str:
    """One printed line without the layout's spaces, brackets full width as in names."""
    return re.sub(r"\s+", "", normalise(text)).replace("(", "（").replace(")", "）").replace(":", "：")


def _cover_lines(lines: Sequence[str]) -> list[str]:
    """What stands before the contents or the first heading; empty where the document starts right away."""
    cover: list[str] = []
    for line in lines:
        if _CONTENTS.match(line) or line.endswith("。"):
            break
        if len(cover) == COVER_LINES:
            return cover[:2]
        if not _PAGE_NUMBER.match(line) and not _APPENDIX.match(line):
            cover.append(line)
    return cover


def _org(text: str) -> str:
    """A body printed above a table, without the unit that stands on the same line."""
    return re.split(r"[：，]|(?:金额)?单位(?=[：元万])", _UNIT_TAIL.sub("", _flat(text)))[0]


def _labelled(line: str) -> tuple[str, str] | None:
    """(label, body) of 「部门名称：…」; None for 单位：万元 and other labels."""
    match = _LABEL.search(line)
    if not match:
        return None
    name = _UNIT_TAIL.sub("", match[2]).strip("：，。")
    name = re.split(r"[，。；：]|(?:金额)?单位$", name)[0]
    usable = len(name) in NAME_LENGTH and not re.search(r"\d{3}|元$", name) and match.start() <= 6
    return (match[1], name) if usable else None


def _kind(cover: str, lines: Sequence[str], tables: Sequence[Table], labels: Sequence[tuple[str, str]]) -> Kind:
    if _NOT_A_BODY.search(cover) and not _KIND.search(cover):
        return Kind.OTHER
    unit_label = any(label in ("预算单位", "决算单位") for label, _ in labels)
    if match := _KIND.search(cover):
        return _to_kind(match[1], match[2])
    if match := _LOOSE_KIND.search(cover):
        return _to_kind("单位" if unit_label else "部门", match[1])
    votes: Counter[tuple[str, str]] = Counter()
    for line in lines:
        if len(line) <= 40 and (match := _KIND.search(line)) and _YEAR.search(line):
            votes[match[1], match[2]] += 1
    if votes:
        return _to_kind(*votes.most_common(1)[0][0])
    titles = [t.title for t in tables] + [line for line in lines if len(line) <= 40]
    words = Counter(m[1] for title in titles if (m := _BUDGET_TABLE.search(title)))
    if sum(words.values()) < 2:
        return Kind.OTHER
    return _to_kind("单位" if unit_label else "部门", words.most_common(1)[0][0])


def _to_kind(scope: str, word: str) -> Kind:
    return Kind(scope + word)


def _department(
    cover: Sequence[str], cover_text: str, lines: Sequence[str], tables: Sequence[Table], labels: Sequence[tuple[str, str]]
) -> str:
    for line in cover:
        found = _labelled(line)
        if found and found[0] in _COVER_LABELS:
            return found[1]
    printed = [
        *(_org(t.org) for t in tables if t.org),
        *(name for _, name in labels if _BODY_END.search(name)),
        *(m[1] for line in lines if (m := _SUBJECT.match(line)) and _BODY_END.search(m[1])),
    ]
    names = [name for name in _cover_names(cover, cover_text) if _is_body(name)]
    for chosen in (
        [name for name in names if name in printed],
        [name for name in names if _PLACE.match(name)],
        names,
    ):
        if chosen:
            return chosen[0]
    if printed:
        return _most_common(printed)
    bare = _TITLE_WORDS.sub("", cover_text)
    return bare if len(bare) in NAME_LENGTH and "：" not in bare else ""


def _cover_names(cover: Sequence[str], cover_text: str) -> list[str]:
    """What the cover may call the body: all of it, a line in brackets, the title's line with the lines above it, any line."""
    last = _title_line(cover)
    bracketed = [line[1:-1] for line in cover if re.fullmatch(r"（[^（）]+）", line)]
    below = ["".join(cover[max(0, last - 1) : last + 2])]
    return [_TITLE_WORDS.sub("", _DATE.sub("", text)).strip() for text in (cover_text, *bracketed, *_title_windows(cover), *below, *cover)]


def _is_body(name: str) -> bool:
    return len(name) in NAME_LENGTH and bool(_BODY_END.search(name)) and not re.search(r"[：，。\d]", name)


def _most_common(names: Iterable[str]) -> str:
    counted = Counter(names)
    return counted.most_common(1)[0][0] if counted else ""


def _year(cover: str, lines: Sequence[str], tables: Sequence[Table], file_name: str) -> int | None:
    if match := _YEAR.search(cover):
        return _to_year(match[0])
    votes = Counter(_to_year(m[1]) for line in [*(t.title for t in tables), *lines] if (m := _BUDGET_YEAR.search(line)))
    votes.update(t.year for t in tables if t.year)
    if votes:
        return votes.most_common(1)[0][0]
    match = re.search(r"(?<!\d)20\d\d(?!\d)", PurePath(file_name).stem)
    return int(match[0]) if match else None


def _to_year(text: str) -> int | None:
    return int(text) if text.isdigit() and text.isascii() else chinese_to_int(text.replace("○", "〇").replace("0", "〇"))


def _title(cover: Sequence[str], department: str, year: int | None, kind: Kind) -> str:
    """The cover's own words up to the kind, from the fewest lines that name body and year; else made of body, year and kind."""
    whole = _DATE.sub("", "".join(cover))
    for text in (*_title_windows(cover), whole):
        match = _KIND.search(text) or _LOOSE_KIND.search(text)
        if not match or not department or "：" in text:
            continue
        tail = re.match(r"(?:信息)?公开(?:说明|报告)?|草案|（草案）", text[match.end() :])
        title = text[: match.end()] + (tail[0] if tail else "")
        if department in title and (_YEAR.search(title) or not _YEAR.search(whole)):
            return title
    return f"{department}{f'{year}年' if year else ''}{kind.value}"


def _title_line(cover: Sequence[str]) -> int:
    """The first line that says budget or account and is no sentence; else the last line."""
    return next((i for i, line in enumerate(cover) if re.search(r"预算|决算", line) and not re.search(r"[，：]", line)), len(cover) - 1)


def _title_windows(cover: Sequence[str]) -> list[str]:
    """The line that names the kind, alone and with up to three lines above it."""
    last = _title_line(cover)
    return [_DATE.sub("", "".join(cover[first : last + 1])) for first in range(last, max(-1, last - 4), -1)]


def _other(cover: Sequence[str], lines: Sequence[str], file_name: str) -> Identity:
    """A document that is no budget: its first line is its title, a company on it its body."""
    head = list(cover) or list(lines[:3])
    stem = PurePath(file_name).stem
    title = next((line for line in head if re.search(r"[\u4e00-\u9fff]{4}", line)), stem)
    body = re.sub(r"^关于", "", m[0]) if (m := _BODY.search("，".join(head))) else ""
    year = _YEAR.search(_DATE.sub("", "".join(head)))
    return Identity(title, body, _to_year(year[0]) if year else None, Kind.OTHER)
