"""What a line of a budget is: a heading and its level, a table's caption, its unit, a table of contents.

Pure functions on text alone. A line that is wrapped by the layout may look like a heading (「（一）贯彻执行国家、省、市有关」);
only the caller knows line widths, so it must check that the line stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

HEADING_MAX = 40  # characters; longer numbered lines are sentences
CAPTION_MAX = 45
UNIT_MAX = 13  # characters of the longest 金额单位：人民币百万元
NUMERAL = "一二三四五六七八九十百零〇"

_PART = re.compile(rf"^第[{NUMERAL}\d]{{1,3}}部分")
_PART_COLON = re.compile(rf"^(第[{NUMERAL}\d]{{1,3}}部分)[:：](?=.)")
_DIVISION = re.compile(rf"^[{NUMERAL}]{{1,3}}[、.．](?:文字|表格|文本|正文|报表)部分$")
_APPENDIX = re.compile(r"^附(?:件|录)\d*$|^附(?:件|录)[\d一二三四五六七八九十]*[:：]?[^，。；]{2,30}$")
_FIRST = re.compile(rf"^[{NUMERAL}]{{1,3}}[、.．](?P<rest>.+)$")
_SECOND = re.compile(rf"^[（(][{NUMERAL}]{{1,3}}[）)][、.．]?(?P<rest>.+)$")
_SENTENCE = re.compile(r"[。；;，,！？?…]|[:：].")
_AMOUNT = re.compile(r"\d(?:\.\d+)?(?:万元|亿元|元|%|％)")
_TITLED = re.compile(
    r"(?:主要职能|主要职责|机构设置(?:情况)?|名词解释|编制说明|(?:预算|决算|经费|绩效|项目)(?:总体)?情况(?:的)?说明|"
    r"其他(?:相关|需要说明)?情况(?:的)?说明)$"
)
_RUN_IN = re.compile(
    rf"^\s*(?P<head>(?P<number>[{NUMERAL}]{{1,3}}、|[（(][{NUMERAL}]{{1,3}}[）)])\s*(?P<rest>[^。；;，,：:！？]{{2,30}}))。"
)
_TOPIC = re.compile(r"(?:情况|说明|概况|概述|结构|规模|范围|结果|构成|变化)$")
_TOPIC_BEFORE_TEXT = re.compile(
    r"(?:情况|说明|概况|概述|结构|规模|范围|结果|构成|变化|要求|经费|费|费用|预算|决算|收入|支出|采购|资产|收费|绩效|安排|目标|职责|职能|机构)$"
)
_DUTY = re.compile(
    r"^(?:负责|承担|承办|组织|拟[订定]|起草|贯彻|指导|协调|推[进动]|开展|完成|统筹|加强|落实|参与|监督|管理|配合|协助|做好|研究|讨论|依法|按)"
)
RUN_ON = 8  # characters of text that follow a heading in its own paragraph

_NUMBER = rf"(?:\d{{1,3}}(?:[-—－]\d{{1,2}})?|[{NUMERAL}]{{1,3}})"
_CAPTION = re.compile(
    rf"^[（(]?(?P<number>(?:部门|单位)?(?:预算|决算|部门)?(?:公开)?(?:附)?表{_NUMBER}"
    rf"|(?:公开|预算|财决|财政|附|预|决)(?:公开)?\d{{1,2}}(?:[-—－]\d{{1,2}})?表|0\d表)[）)]?[.．、:：]?(?P<title>.*)$"
)
_TITLE_END = re.compile(
    r"(?:总表|支出表|收入表|收支表|预算表|决算表|预决算表|明细表|情况表|目标表|申报表|一览表|汇总表|计划表|安排表|信息表|评价表|自评表|说明表|计算表|统计表|采购表|经费表|(?<![预决]算)公开表)"
    r"(?:[（(][^（）()]{1,20}[）)])*$"
)
_NO_TITLE = re.compile(r"[。；，,！？]|^(?:见|详见|根据|按照|如|上述|本|此|该)")

_UNIT = r"(?P<unit>百万元|万元|亿元|千元|元)"
_UNIT_PLAIN = re.compile(rf"单位[:：](?:人民币)?{_UNIT}")
_UNIT_HEAP = re.compile(r"(?=[^:：]*[:：])(?=.*单)(?=.*位)[金额单位人民币:：百万千亿元]{4,13}$")
_UNIT_WORDS = re.compile(r"[金额单位人民币:：]")

_LEADER = re.compile(r"(?:(?:[.．·]\s*){3,}|(?:[…‥]\s*){2,})\s*[-—]?\s*\d*\s*[-—]?$")
_PAGED = re.compile(r"^\S.*?[\s　]{2,}\d{1,3}$")


def squash(text: str) -> str:
    """The text without any blanks (layout spaces, full-width and no-break spaces)."""
    return re.sub(r"[\s　\u00a0\ufeff]+", "", text)


def text_to_level(text: str) -> int | None:
    """The level of a heading, or None for body text.

    1: 一、文字部分, which encloses 第X部分; 2: 第X部分, 附件, an unnumbered chapter title (名词解释); 3: 一、; 4: （一）.
    Sentences are no headings, even when numbered, nor are lines of a table of contents.
    """
    flat = squash(text)
    if len(flat) < 2 or len(flat) > HEADING_MAX or is_toc_line(text):
        return None
    if _DIVISION.match(flat):
        return 1
    flat = _PART_COLON.sub(r"\1", flat)
    if _SENTENCE.search(flat) or _AMOUNT.search(flat):
        return 2 if _PART.match(flat) and not _SENTENCE.search(flat[:12]) and flat[-1] not in "。，；" else None
    if _PART.match(flat) or _APPENDIX.match(flat):
        return 2
    for level, pattern in ((3, _FIRST), (4, _SECOND)):
        match = pattern.match(flat)
        if match:
            return level if len(match["rest"]) > 1 or re.match(r"[\u4e00-\u9fff]", match["rest"]) else None
    return 2 if _TITLED.search(flat) and not re.match(r"\d", re.sub(r"^20\d\d年?", "", flat)) else None


def lead_heading(text: str) -> tuple[int, int] | None:
    """(level, length) of a numbered heading that ends in a full stop, with the paragraph's text after it or alone.

    「（一）机关运行经费。2024年…」 → (4, 10); a duty (「（二）承办市政府交办的其他事项。」) and a sentence with an amount are none.
    """
    match = _RUN_IN.match(text)
    if match is None or _AMOUNT.search(squash(match["rest"])) or _DUTY.match(squash(match["rest"])):
        return None
    after = len(squash(text[match.end() :]))
    topic = _TOPIC_BEFORE_TEXT if after >= RUN_ON else _TOPIC
    if not topic.search(squash(match["rest"])) or 0 < after < RUN_ON:
        return None
    return (3 if match["number"].endswith("、") else 4), match.end()


def is_toc_line(line: str) -> bool:
    """True where the line ends in dot leaders (with or without a page number)."""
    return bool(_LEADER.search(line.strip()))


def without_leader(line: str) -> str:
    """An entry of a table of contents without its dots and page number."""
    return _LEADER.sub("", line.strip()).strip()


def is_toc(lines: Sequence[str]) -> bool:
    """True where the lines are a table of contents: they say so, or half of them end in leaders or page numbers."""
    full = [line.strip() for line in lines if line.strip()]
    body = [line for line in full if not re.fullmatch(r"[-—\s\d]+", line)]
    if not body:
        return False
    if any(squash(line) in ("目录", "目次") for line in body[:3]):
        return True
    led = sum(is_toc_line(line) or bool(_PAGED.match(line)) for line in body)
    return led >= 3 and 2 * led >= len(body)


def caption_of(text: str) -> tuple[str | None, str] | None:
    """A table's number and title as printed, or None where the line is no caption.

    「表 1」 → ("表1", ""); 「表5 项目支出总表」 → ("表5", "项目支出总表"); 「收支总表」 → (None, "收支总表").
    """
    flat = squash(text)
    if not flat or len(flat) > CAPTION_MAX or is_toc_line(text):
        return None
    match = _CAPTION.match(flat)
    if match:
        number, title = match["number"], match["title"]
        if not title or (not _NO_TITLE.search(title) and re.search(r"表|情况|预算|决算", title)):
            return number, title
        return None
    if _TITLE_END.search(flat) and not _NO_TITLE.search(flat) and not re.search(r"[:：]", flat):
        return None if _FIRST.match(flat) and len(flat) > HEADING_MAX else (None, flat)
    return None


def unit_of(text: str) -> str | None:
    """The unit that a line declares (「单位：万元」, 「金额单位:元」), also where a plain extraction scrambled it (「：单位 元万」)."""
    flat = squash(text)
    heap = _UNIT_HEAP.search(flat[-UNIT_MAX:])
    if heap:  # the letters decide, not their order: a scrambled 元万 must not be read as 元
        letters = "".join(sorted(_UNIT_WORDS.sub("", heap.group()), key="百万千亿元".index))
        letters = letters if not letters or letters.endswith("元") else letters + "元"
        return letters if letters in ("元", "千元", "万元", "百万元", "亿元") else None
    match = _UNIT_PLAIN.search(flat)
    return match["unit"] if match else None
