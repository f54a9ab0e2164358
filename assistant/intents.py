"""Which operation a question asks for, from the most telling phrase to the least."""

from __future__ import annotations

import re

from assistant.domain import Intent
from assistant.lexicon import Lexicon
from assistant.years import text_to_years

NAMED_AMOUNT = re.compile(r"用于[^，。？]{2,20}的?(?:支出|经费|资金|金额|预算|拨款)[？?]?$")  # an item's name, not its use
NOT_CHANGES = re.compile(r"降解|降耗|降碳|减灾|减排|减负|减税|减震|减量|增收|增殖|增效|增容|增加值|增值税|增长点|增加额|保值增值|涨价")
MONEY_TAKEN = re.compile(r"占[了用掉去]?(?:多少|几)[个]?(?:万|亿|千|元|钱)")  # 占了多少万 asks for an amount, not for a share
ITEMS_WITH_AMOUNTS = re.compile(r"哪些[^,，]{1,12}[,，]?(?:各|分别)")  # 有哪些专项资金，各多少
SHARE_ASKED = re.compile(r"占.{0,20}(?:比|百分|多少|几|多大|%)|占比|百分之(?:几|多少)是|比[例重列]|有几成|几成是|占.{0,6}份额")
SUM_ASKED = re.compile(
    r"费加(?!强)[\u4e00-\u9fff]{2,10}多少|加起来|加在一起|合起来|之和|总和|加一[起块]|加在一块|合一块|加总|相加|.加.{2,}(?:共|等于)|共计|共多少(?=$|[？?])|[两三四五六]项合计"
    r"|[两三四五]类支出合计|(?:合计|一共|总共)(?=多少|$)"
)
SEVERAL_SUMMED = re.compile(r"和|与|、|加|两|三|所有|全部|各|费.{1,6}费")
SUM_CHECKED = (  # whether parts add up to what is printed
    re.compile(r"(?:加起来|相加|之和|加在一起).{0,4}(?:一样|相等|一致|对得上|相符)"),
    re.compile(r"加(?!强|快|大).{2,}[跟和与同].{1,20}(?:对得上|对不上|一样|相等|一致|相符|吻合)"),
    re.compile(r"[跟和与同].{2,20}加(?!强|快|大).{2,20}(?:对得上|对不上|一样|相等|一致|相符|吻合)"),
    re.compile(r"加(?!强|快|大).{2,}对得上[总合小]计"),
    re.compile(r"等于.*(?:加(?!强|快|大)|之和|相加|合起来)|(?:加(?!强|快|大)|之和|相加|合起来).*等于"),
)
PROJECTS_COUNTED = re.compile(r"(?:几|多少)个?项目|项目.{0,14}(?:几|多少)个")
PROJECTS_THAT = re.compile(r"各多少|分别|减少|增加|下降|增长|涨|超过|不足|低于|高于|以上|以下|新增|持平|压减")
AT_MOST = re.compile(r"最[多高少低](?=能|可|不|允许|要|得|多少|几)|清单(?=[上里中])")  # 最多能有几个人 ranks nothing
WHO_MORE = re.compile(r"(?:谁|哪个|哪家|哪边|哪所|哪一?项|哪样)[\u4e00-\u9fff]{0,8}[多少高低大小](?!少)|几倍")
WHERE_CHANGED = re.compile(r"(?:[减增涨降加]|多|少)(?:了|掉)?(?:在|到)?(?:了)?哪|[减增]在哪")
HOW_COME = re.compile(
    r"怎么(?:反而|会|就|突然|又|还|反倒|一下子)?(?:涨|降|增|减|多了|少了|没有?了|冒出)|怎么做到|缘故|何故|怎么(?:又|突然|一下子)有|怎么(?:20\d\d年|今年)?(?:就|又|突然|一下子)?(?:排|安排|列|增加?|要花|花)了"
    r"|不[降减]反[升增]|不[升增]反[降减]"
)
EXPLAIN = re.compile(r"^(?:请|帮我)?(?:解释|讲|说)(?:一下|下)(?!.*(?:为什么|为啥|为何|原因|怎么|多少)).{2,14}(?:是啥|是什么|$)")


def text_to_intent(text: str, lexicon: Lexicon) -> Intent:
    """The operation asked for; the order is from the most telling phrase to the least."""
    text = AT_MOST.sub("", NOT_CHANGES.sub("", text))

    def has(kind: str) -> bool:
        return lexicon.asks(kind, text) is not None

    if has("opinion") or has("forecast") or has("advice"):
        return Intent.OUT_OF_SCOPE
    if PROJECTS_COUNTED.search(text) and PROJECTS_THAT.search(text):
        return Intent.LIST
    if has("define") or EXPLAIN.search(text):
        return Intent.DEFINE
    if has("rank"):
        return Intent.RANK
    if has("why") or HOW_COME.search(text) or WHERE_CHANGED.search(text):
        return Intent.WHY
    if has("average"):
        return Intent.AVERAGE
    if SHARE_ASKED.search(MONEY_TAKEN.sub("", text)) and not re.search(r"比[例重列].{0,4}(?:增|降)", text):
        return Intent.SHARE
    if (SUM_ASKED.search(text) and SEVERAL_SUMMED.search(text) and text.count("合计") < 2) or any(p.search(text) for p in SUM_CHECKED):
        return Intent.SUM
    if re.search(r"新增.{0,6}项目|新设.{0,4}项目", re.sub(r"(?:不算|不含|不包括|除去|剔除|除了)新增", "", text)):
        return Intent.LIST
    if len(text_to_years(text)[0]) > 1 and re.search(r"分别(?:是)?[？?]?$|哪年(?:更)?[多少高低]|[与和跟](?:20)?\d\d年?(?:相|对)?比", text):
        return Intent.COMPARE
    if has("list") and (ITEMS_WITH_AMOUNTS.search(text) or not re.search(r"分别是?多少|各(?:是)?多少", text)):
        return Intent.LIST
    if re.search(
        r"(?:单位|机构|项目|公司|银行|地方)是哪|哪(?:\d{1,2}|[二两三四五六七八九十])个|(?:采购|购买|买|做|干)了?什么|哪[二两三四五六七八九十]家|单位叫什么|花[在到]哪|用[在到]哪|在哪里|在哪儿|位于哪",
        text,
    ):
        return Intent.TEXT
    if has("text") and not re.search(r"目标值|多少|几", text) and not NAMED_AMOUNT.search(text):
        return Intent.TEXT
    if (
        re.search(r"减去", text)
        or has("compare")
        or WHO_MORE.search(text)
        or (has("change") and len(text_to_years(text)[0]) > 1 and not re.search(r"[比较](?:20)?\d{2}年?", text))
    ):
        return Intent.COMPARE
    if has("change"):
        return Intent.CHANGE
    return Intent.LOOKUP
