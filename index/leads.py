"""The words before a number → the item that they name, what the number is called, a year, a subject code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.domain import LabelPath

ITEM_LENGTH = 40  # a longer name is a sentence, not an item
PLAIN_LENGTH = 12  # in a longer one, what stands before 的 only describes
LEAD_LENGTH = 240  # words before a number that may name it

TAIL = re.compile(
    r"(?:[约近超达为是共了至各均仅拟设：]|共有|[内下]设|接近|为0|超过|不超过|不[低少高大小多]于|达到|至[少多]|最多|[大小高低]于|[合总]计为|共计|完成|实现|分别为|暂按?)+$"
)
_LABEL = re.compile(
    r"(?P<label>(?:(?:20\d\d年?度?|本年度?|上年度?|当年|年初|全年|年末|调整)的?)*"
    r"(?:(?:财政拨款)?(?:支出|收入)?决算(?:数|额)?|(?:当年)?预算执行数|执行数|(?:总|年初|调整)?预算(?:安排|总计|合计|数|总额|金额|额|支出安排)?|"
    r"实际支出(?:数)?|预算资金|安排(?:预算|资金)?))$"
)
_SOME_BODY = re.compile(r"^[\u4e00-\u9fff]{1,20}?[局院厅委办会处所站校部](?:20\d\d年度?|(?=本年))(?=[\u4e00-\u9fff“]{2})")
_GENERIC = re.compile(r"^(?:金额|资金|数|数额|总额|总数|项目资金|经费|合计|总计|共计|小计)$")
_NOISE = (  # what may stand before a name without being part of it
    r"[、，：；和及与或（）\s]+",
    r"\d{1,2}[.、](?!\d)",
    r"将",
    r"其中",
    r"主要(?:用于|包括|是)",
    r"具体",
    r"包括",
    r"以及",
    r"用于",
    r"此外",
    r"同时",
    r"[一二三四五六七八九十]是",  # marks and connectives
    r"20\d\d年度?",
    r"本年度(?!收|支)",
    r"全年",
    r"上年度?(?=[^结])",  # times
    r"本单位",
    r"本部门",
    r"我[局委院办厅会区市省县校]",
    r"我部门",
    r"我单位",
    r"行政单位（含[^（）]*）",
    r"各单位",  # the body itself
    r"[全本]?[市县区省]?共?发生",
    r"共有",
    r"共(?=接待)",
    r"现有",
    r"实有",
    r"共计",
    r"拟(?:实现)?",
    r"预计",
    r"力争",
    r"涉及",
    r"设置并编报",
    r"设置",
    r"编报",
    r"纳入.{0,20}?的",
    r"安排(?=.{3})",
    r"新增(?=.{2})",  # verbs of planning and holding
    r"因此",
    r"财政拨款的",
    r"增减相抵后?",
    r"相抵后",
    r".*原因(?:是|为|：|(?=[一二三四五]是))(?=.)",
    r"[^，。]{0,24}情况(?=20\d\d年)",
    r".{0,30}?(?:共有|现有|实有|拥有)(?=[\u4e00-\u9fff]{2})",  # what only introduces
)
_LEAD_NOISE = re.compile(rf"^(?:{'|'.join(_NOISE)})+")
# Whose share it is: 预留给小型和微型企业的政府采购项目 is not 政府采购项目.
_RECIPIENT = re.compile(r"(?:专门)?(?:预留给?|授予|面向)[^，。的]{2,16}企业(?:采购)?的")
_SUBJECT = re.compile(r"(?P<name>[^（）]*?(?:（[^（）类款项]*）[^（）]*?)*)（(?P<code>\d{0,3})(?P<level>[类款项])）")
DEPENDENT = re.compile(  # a bare word that says something of the item last named: 行政编制52人，实际46人
    r"^(?:实际|实有|死亡|受伤|失踪|拟?召开|拟?开展|拟?举办|(?:参加|参与)?人数|人次|批次|接待|累计|购置|支出)$"
)
_SCORED = re.compile(r"^“(?P<item>[^“”]{2,30})”(?:项目)?(?P<label>(?:绩效)?(?:自评|评价)?(?:综合|自评|评价)?(?:得分|评分|总分))$")
YEAR = re.compile(r"(?<!\d)(20\d\d)年(?!\d{1,2}月|\d{1,2}日)(?:度|末|底)?")
AS_OF = re.compile(r"(?:截至|截止|至)20\d\d年[^，。；]*")


@dataclass(frozen=True, slots=True)
class Name:
    """What the words before a number name: the item, what the number is called, a year, a subject code."""

    items: LabelPath = ()
    labels: LabelPath = ()
    year: int | None = None
    code: str | None = None


def lead_to_name(words: str, bodies: Sequence[str]) -> Name:
    """What the words before a number name; ``bodies`` (the department's names) never are the item."""
    words = _unquote(TAIL.sub("", AS_OF.sub("", words[-LEAD_LENGTH:])))
    years = YEAR.findall(words)
    year = int(years[-1]) if years else None
    for body in bodies:
        words = words.replace(body, "")
    words = _SOME_BODY.sub("", _LEAD_NOISE.sub("", words))
    labels: LabelPath = ()
    if label := _LABEL.search(words):
        labels = (label["label"],)
        words = words[: label.start()]
    words = _LEAD_NOISE.sub("", words)
    if scored := _SCORED.match(words):
        return Name((scored["item"],), (scored["label"],), year)
    words = _unquote(words)
    if levels := list(_SUBJECT.finditer(words)):
        return Name(_subject_path(words, levels), labels, year, _subject_code(levels))
    words = words.removesuffix("的")
    after = words if _RECIPIENT.match(words) else _last_part(words)
    if len(words) > PLAIN_LENGTH and "”的" not in words and "个人和家庭" not in words and re.search(r"[\u4e00-\u9fff]{2}", after):
        words = _LEAD_NOISE.sub("", after)
    if len(words) > ITEM_LENGTH and not words.endswith("等"):
        words = words.split("、")[-1][-ITEM_LENGTH:]
    if _GENERIC.match(words):
        return Name((), labels or (words,), year)
    return Name((words,) if re.search(r"[\u4e00-\u9fffA-Za-z]{2}", words) else (), labels, year)


def _last_part(words: str) -> str:
    """What follows the last 的 outside brackets: 行政单位（含参照…的事业单位）机关运行经费 is one part."""
    depth = 0
    for i in range(len(words) - 1, -1, -1):
        depth += (words[i] in "）》”") - (words[i] in "（《“")
        if words[i] == "的" and depth <= 0:
            return words[i + 1 :]
    return words


def _unquote(words: str) -> str:
    """Without marks that belong to the sentence; 「“三公”经费」 keeps its own."""
    words = words.strip("、：，；")
    if re.fullmatch(r"“[^“”]*”(?:科目|项目)?", words):
        words = words[1 : words.index("”")]
    return words.replace("“", "").replace("”", "") if words.count("“") != words.count("”") else words


def _subject_path(words: str, levels: Sequence[re.Match[str]]) -> LabelPath:
    """公共安全支出（204类）司法（06款）行政运行（01项） → its three names; 公共安全（类）支出 → 公共安全支出."""
    names = [level["name"].strip("“”、，") for level in levels]
    rest = words[levels[-1].end() :].strip("“”")
    if levels[-1]["level"] == "类" and rest == "支出" and not names[-1].endswith("支出"):
        names[-1] += "支出"
    return tuple(name for name in names if name)


def _subject_code(levels: Sequence[re.Match[str]]) -> str | None:
    """The functional code where every level prints its own: 204 + 06 + 01."""
    codes = [level["code"] for level in levels]
    return "".join(codes) if levels[0]["level"] == "类" and len(codes[0]) == 3 and all(codes) else None
