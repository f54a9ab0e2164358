"""Follow-up questions: what 那公务用车呢？ leaves out is taken from the user's earlier turns, never from assistant turns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assistant.bodies import Directory
from assistant.flat import flat
from assistant.frames import DEPARTMENT_LEVEL, PLANNED_FOR, UNIT_LEVEL
from assistant.lexicon import Lexicon
from assistant.match import text_to_ask
from assistant.years import YEAR, text_to_years

HEAD = re.compile(r"^(?:那么?|其中|这个|它|该项|这项|还有|另外|只看|怎么会|为啥|为什么|换成|比去年|减了|增了|占|分别)")
MEASURE = re.compile(
    r"实际(?:花了|支出|花)?|(?:支出)?决算数?|年初预算数?|预算执行数|执行数|预算安排|预算数|(?:自评|评价|考核)?(?:打|得|评)了?(?:几|多少)分|(?:自评|评价)?(?:得分|评分|分数)|(?:预算)?(?:执行率|完成率)"
)
# Names of which a follow-up exchanges one for another: 政府采购货物 … 那工程呢.
SWAPS = (
    ("货物", "工程", "服务"),
    ("运行维护费", "运行费", "购置费"),
    ("人员经费", "公用经费"),
    ("人员支出", "公用支出"),
    ("支出", "收入"),
    ("城市", "农村"),
    ("城镇", "农村"),
)
TOGETHER = re.compile(r"^(?:[这那]?[两三几](?:个|项|者|家|样)?)?(?:一共|加起来|合计|相加|加一起|总共|共|差|相差)+(?:是)?(?:多少)?[？?]?$")
PURCHASED = re.compile(r"(货物|工程|服务)类?")
COLUMNS = ("一般公共预算", "政府性基金预算", "政府性基金", "国有资本经营预算", "财政拨款", "上年结转")
ELLIPTIC = re.compile(r"^(?:那|换|同样|其中|还有|另外|再看|改成)|呢[？?]?$|也(?:是|有)|一样|相比|比起来|谁|差")
ASKED_OUTRIGHT = re.compile(
    r"多少|几|什么|哪|怎么|为何|为啥|吗[？?]?$|是否|有没有|[？?]$|最[多大高少小低]|排名|前[一二三四五六七八九十\d]|职责|名单|清单"
)
OF_PROJECTS = re.compile(r"项目.{0,8}(?:哪|最|排|清单|前[一二三四五六七八九十\d])|(?:哪|最).{0,8}项目")
ASKING = re.compile(r"(?:是|有|安排了?|预算)?(?:多少|几)[^，。？]*[？?]?$|呢[？?]?$|[？?]$")


def follow_up(question: str, history: Sequence[Mapping[str, str]], directory: Directory, lexicon: Lexicon) -> str:
    """The question completed with body, year and item of the last user turns; unchanged where it stands alone."""
    earlier = [flat(t.get("content", "")) for t in history if t.get("role") == "user" and t.get("content")]
    if not earlier:
        return question
    text = flat(question)
    completed = [earlier[0]]
    for turn in earlier[1:]:  # a chain of follow-ups: each one is completed with what came before
        completed.append(complete(turn, completed[-1], directory, lexicon))
    if TOGETHER.search(text) and len(completed) > 1 and not text_to_ask(TOGETHER.sub("", text), lexicon).content:
        return together(completed[-2], completed[-1], text, directory, lexicon)
    return complete(text, completed[-1], directory, lexicon)


def together(one: str, other: str, text: str, directory: Directory, lexicon: Lexicon) -> str:
    """两个加起来多少, 差多少 after two turns: both items of one body, or one item of both bodies."""
    bodies = ["".join(t[m.start : m.end] for m in directory.find(t).mentions) for t in (one, other)]
    items = [re.sub(r"的?$", "", item_of(t, directory, lexicon)) for t in (one, other)]
    form = "差多少" if "差" in text else "加起来多少"
    if bodies[0] != bodies[1] and bodies[1]:
        return f"{bodies[0]}和{bodies[1]}{items[0]}{form}"
    return f"{bodies[0]}{items[0]}和{items[1]}{form}"


def complete(text: str, before: str, directory: Directory, lexicon: Lexicon) -> str:
    """Replace what the new turn names, keep the rest of the earlier one."""
    text = re.sub(r"^(那么?)?([市区省县])[里级]的?(?=呢|$|多少|有)", r"\1\2局的", text)
    text = re.sub(r"^(?:那么?)?(?:只看)?本级(?=的|呢|$)", "单位口径", with_sibling(text, before, directory))
    text = PLANNED_FOR.sub("", text)
    named, named_before = directory.find(text), directory.find(before)
    years, _ = text_to_years(text)
    kind = [m.span() for pattern in (UNIT_LEVEL, DEPARTMENT_LEVEL) for m in pattern.finditer(text)]
    ask = text_to_ask(text, lexicon, [*named.spans, *(m.span() for m in YEAR.finditer(text)), *kind])
    if stands_alone(text, bool(named.mentions), ask.content, lexicon):
        return text
    body = "" if named.mentions or named.unknown else "".join(before[m.start : m.end] for m in named_before.mentions)
    year = "" if years or re.search(r"去年|上年|今年", text) else "".join(f"{y}年" for y in text_to_years(before)[0][:1])
    both = text_to_years(before)[0] if re.search(r"差|多了|少了|增|减|涨|降|变", text) and not years else []
    if len(both) == 2:  # 2024年和2025年分别多少，增加了多少
        year = f"{both[0]}年和{both[1]}年"
    item = item_of(before, directory, lexicon)
    columns = re.compile("|".join(map(re.escape, (*lexicon.whole, *COLUMNS))))
    if columns.search(text) and not text_to_ask(columns.sub("", text).replace("部分", ""), lexicon).content:
        return (
            f"{body}{year}{columns.sub('', item)}{re.sub(r'^那么?|呢[？?]?$', '', text)}{'' if re.search(r'多少|几|占', text) else '多少'}"
        )
    if MEASURE.search(text):
        item = re.sub(r"(?:年初|(?<!基金)(?<!公共)(?<!经营)预算)$", "", MEASURE.sub("", item))
    kind_asked, kind_before = PURCHASED.match(text), PURCHASED.search(item)
    if kind_asked and kind_before and kind_asked[1] != kind_before[1]:  # 工程类多少，服务类多少
        item = item[: kind_before.start()] + item[kind_before.end() :]
    earlier = text_to_years(before)[0]
    if earlier and re.fullmatch(r"那?(?:前一年|上一年|去年|上年|头一年)的?(?:是)?(?:多少)?呢?[？?]?", text):
        return strip_body(before, directory, f"{earlier[0] - 1}年")
    bare = re.sub(r"^那么?(?:么)?|的?(?:是|有)?(?:多少)?呢?[？?]?$", "", text)
    if (
        earlier
        and years
        and re.match(r"^那?(?:比|较|[跟和与同](?=.{2,8}相?比))(?:20)?\d\d年", text)
        and not named.mentions
        and earlier[0] not in years
    ):
        return f"{body}{earlier[0]}年{item}{text}"  # 比2017年多了多少
    before_that = re.fullmatch(rf"(?:上一?年|去年)的?({MEASURE.pattern})", bare)
    if before_that and earlier:
        return f"{body}{earlier[0] - 1}年{item}{before_that.group(1)}多少"
    if MEASURE.fullmatch(bare):
        return f"{body}{year}{item}{bare}多少"
    swapped = next((item.replace(o, bare) for group in SWAPS if bare in group for o in group if o != bare and o in item), None)
    if swapped:
        return f"{body}{year}{swapped}{question_form(before) or '多少'}"
    if re.fullmatch(r"(?:换算|折合|换|折算)成?(?:亿元|万元|元|亿|万)(?:是)?(?:多少)?", bare):
        return f"{body}{year}{item}{bare if '多少' in bare else bare + '多少'}"
    if kind:
        item = DEPARTMENT_LEVEL.sub("", UNIT_LEVEL.sub("", item))
    if (
        not ask.content
        or re.match(
            r"^(?:其中|里面|里头|为|怎|比|较|同比|换|减|增|占|完成|走|采用|用的?(?:什么|哪)|是不是|什么(?:采购)?方式|服务|货物|工程|分别|.{0,6}占)",
            text,
        )
        or (HEAD.match(text) and not _has_item(text, ask.content))
    ):
        if re.search(r"^那?.{0,12}呢[？?]?$", text) or not re.search(
            r"多少|几|为|怎|比|换|占|减|增|分别|原因|啥|什么|干|用|吗|谁|哪", text
        ):
            if named.mentions or years:
                return strip_body(before, directory, text)
            kept = re.sub(r"^那么?|呢?[？?]?$", "", text)
            if kind and not ask.content:  # 那本级的呢
                return f"{body}{year}{item}，{kept}{question_form(before)}"
            if lexicon.asks("why", text) and not ask.content:  # 原因呢: of what was asked before
                return f"{body}{year}{without_change(item)}{kept}"
            return f"{body}{year}{kept}{question_form(before)}"
        if named.mentions and not ask.content and (again := strip_body(before, directory, text)) != before:
            return again  # 政协那边有几辆 after 省人大2019年有多少车
        return f"{body}{year}{item}{text}"
    kept = re.sub(r"^那么?|呢[？?]?$", "", text)
    form = "" if re.search(r"多少|几|吗|什么|为|哪|%", kept) else question_form(before)
    return f"{body}{year}{kept}{form}"


def stands_alone(text: str, named: bool, content: int, lexicon: Lexicon) -> bool:
    """A question that names its body and what it asks for (龙岗区工信局的主要职责是什么) leaves nothing out."""
    if not named or ELLIPTIC.search(text) or not ASKED_OUTRIGHT.search(text):
        return False
    topic = any(word in text for t in lexicon.topics for word in t.asked)
    return topic or content.bit_count() >= 2 or bool(OF_PROJECTS.search(text))


def with_sibling(text: str, before: str, directory: Directory) -> str:
    """市局 after a question about 龙岗工信局 is the 市工信局: an open mention becomes the only body of the earlier one's trade."""
    cores = {directory.bodies[b].core for m in directory.find(before).mentions if len(m.bodies) == 1 for b in m.bodies}
    for m in reversed(directory.find(text).mentions):
        own = [b for b in m.bodies if directory.bodies[b].core in cores] if len(m.bodies) > 1 and not m.region else []
        if len(own) == 1:
            text = text[: m.start] + own[0] + text[m.end :]
    return text


def _has_item(text: str, content: int) -> bool:
    return content.bit_count() >= 2


def strip_body(before: str, directory: Directory, text: str) -> str:
    """市局的呢 after 龙岗工信局今年三公经费多少: the earlier question with the body (or year) exchanged."""
    named = directory.find(before)
    out = before
    new = directory.find(text)
    if new.mentions:
        for m in reversed(named.mentions):
            out = out[: m.start] + out[m.end :]
        out = "".join(text[m.start : m.end] for m in new.mentions) + out
    years, _ = text_to_years(text)
    if years:
        out = YEAR.sub("", out)
        out = out.replace("今年", "").replace("去年", "")
        names = directory.find(out).mentions
        at = names[-1].end if names else 0
        out = out[:at] + f"{years[0]}年" + out[at:]
    return out


def item_of(before: str, directory: Directory, lexicon: Lexicon) -> str:
    """The earlier question without its body, year and asking words."""
    named = directory.find(before)
    out = before
    for m in reversed(named.mentions):
        out = out[: m.start] + out[m.end :]
    out = YEAR.sub("", out)
    out = re.sub(r"今年|去年|上年", "", out)
    return ASKING.sub("", out)


def without_change(item: str) -> str:
    """三公经费比上年怎么样 is 三公经费."""
    return re.sub(r"(?:比|较|同比|与).{0,4}(?:上年|去年|上一年|年初)?.{0,10}$|(?:是|为)?(?:怎么样|如何)$", "", item)


def question_form(before: str) -> str:
    return "多少" if re.search(r"多少|几|预算", before) else ""
