"""The form of a question: units and counts asked for, what widens or excludes, doubts, what the asker believes. None of it names an item.

Every frame is a pattern in one of the tables below; what they find needs no figure or passage to explain it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.bodies import Named
from assistant.clauses import DOUBT
from assistant.domain import Intent
from assistant.lexicon import Lexicon

Span = tuple[int, int]

COUNTERS = (
    *(
        "批次",
        "批人",
        "人次",
        "平方米",
        "立方米",
        "公里",
        "分钟",
        "小时",
        "公顷",
        "个",
        "家",
        "辆",
        "台",
        "人",
        "名",
        "项",
        "次",
        "套",
        "件",
    ),
    *(
        "期",
        "场",
        "批",
        "起",
        "分",
        "户",
        "处",
        "座",
        "间",
        "所",
        "亩",
        "吨",
        "册",
        "份",
        "条",
        "株",
        "例",
        "天",
        "米",
        "栋",
        "幢",
        "棵",
        "艘",
        "张",
        "层",
        "盏",
    ),
)
POINTS = re.compile(r"(?:多少|几)个?(?:百分)?点")
COUNTER = re.compile(
    rf"(?:多少|几)万?(?:个(?=人(?![员才均次])))?({'|'.join(COUNTERS)})(?!亿|万|元|百分|点)"
    r"|(批次|人次|场次)(?=$|[和与及、，,？?]|多少|各|谁|哪)"
)
SCORED = re.compile(r"(?:得|评|自评|总|平均)分(?:是|为)?(?:多少|几|$|[,，?？])")
COUNTED = re.compile(rf"(?:多少|几)万?(?:个(?=人(?![员才均次])))?(?:{'|'.join((*COUNTERS, '类', '款'))})(?!亿|万|元|百分)")
UNIT = re.compile(r"(?:多少|几个?|换成|折合|折成|折算成|换算成|用|等于多少|是多少|按)个?(亿元|万元|千元|元|亿|万)(?!以上)")
UNIT_LEVEL = re.compile(
    r"局本级(?=单位)|(?<![家个属些])单位预算|(?<![家个属些])单位决算|本级单位|单位口径|本级口径|只看本级|\(本级\)|(?<=[局委厅院办府])本级"
)
DEPARTMENT_LEVEL = re.compile(
    r"部门预算|\(部门\)|部门口径|含下属|部门决算|全系统|整个系统|全部门|整个部门|(?<=年)部门|部门(?=(?:20)?\d\d年)|部门(?=财政|一般|基本|三公|支出|收入|政府|的)"
)
GOALS = re.compile(r"(?:整体)?(?:支出)?绩效(?:(?:目标|指标)表?|表)(?:里面?|中|当中|内|的)")
ORDERED = re.compile(r"从[大高多低小少]到[大高多低小少]|排一?下|排个?序|排列|由[大高多低小少][到至][大高多低小少]")
RECIPIENT = re.compile(  # 给干部发奖金
    r"[给为帮替](?:机关|单位|全体|在职|全局)?(?:干部|职工|员工|工作人员|公务员|大家)[发交缴买]的?"
)
DOUBTS_ONLY = re.compile(
    r"、|怎么|以哪个为准|哪个|公开\d+表|表\d+|附表|重点项目|[两三四几各]处|说法|相同|核一下|好像|似乎|貌似|前后|说明|文字|正文|文件|表格?|两处|两边|两个|这个|数据|数字?|金额|里面?|中|的|和|跟|与|这|那|它|到底|是不是|是否|有没有|能信|可信"
    r"|吗|呢|啊|一样|一致|对不上|对得上|不|矛盾|打架|写|印|都|也|有点?|点|真的|算得|准|对|问题|地方|呀|了|差一|差"
)
TWO_NUMBERS = re.compile(
    r"(?:是不是|有没有|为什么|怎么)?(?:有|出现|写了)?两个(?:不同的?|不一样的)?数(?![字据量目])|按[那这上]?两个数(?:算|核|计算)?(?:一下)?(?:对不对|对吗)?|以?哪个为准"
)
DRAWN_UP = re.compile(r"(?<=预算)编制|(?<=决算)编制|编制(?=范围|单位|说明|情况|依据|方法|的?(?:预算|决算|项目)|了)")  # not 人员编制
SAID_THERE = re.compile(
    r"\((?:20\d\d)?年?度?(?:部门|单位)?(?:预算|决算)(?:(?:说明|公开|报告|文本|里)[^()]{0,6})?\)"
    r"|[\u4e00-\u9fff]{0,4}(?:预算|决算|文件|报告|公开)(?:书|说明)?(?:里面?|中|上)?(?:所?说的|提到的|写的|讲的|出现的)"
)
CLAIMED = re.compile(  # 有一亿多吧: what the asker believes is no part of the question
    r"(?:是不是|大概|大约|差不多|好像|有|是)?(?:[一二两三四五六七八九十百千几]+|\d+(?:\.\d+)?)个?(?:多|来|几|余)?(?:千万|百万|[万亿千百])"
    r"(?:多|来|余|几)?(?:元|块)?钱?(?:左右|上下|出头|吧|多)+(?:吧|啊|吗|是吧)?"
)
THIS_ITEM = re.compile(
    r"[这那该](?:一)?(?:个|项|笔|块|类|种)?(?:专项资金|专项|项目|科目|指标|款项|费用|资金|经费|支出)(?![\u4e00-\u9fff]{0,2}[费表])"
)
PUBLISHED_AS = re.compile(r"\(?(?:按照?|依据?|根据)(?:20\d\d年?)?[^,，()]{0,6}公开的?(?:文件|材料)?\)?")
PLANNED_FOR = re.compile(r"(?<=\d年)(?:的)?(?:中期)?(?:规划|计划)(?:安排)?(?=比|是|多|少|增|减|要|$|[,，])|规划(?=安排)")
LEVEL_NOTED = re.compile(r"\([类款项]级?(?:科目)?\)")  # 立法（项级科目）
COLUMN_NAMED = re.compile(r"列[在入](?=[^,，]{2,10}[栏列])|(?:那一?|这一?)?[栏列](?:里|中)?的?(?=是|有|多少|为)")
NOT_THAT = re.compile(
    r"哪(?:个|些|一?项|几个|一?笔|家)[^,，]{0,10}(?:不是|没有?|不属于|未|非)|(?:不是|不属于)[^,，]{2,10}的(?:都?有哪些|是哪些|哪些)"
)
NAMED_TABLE = re.compile(r"[那这]一?张表|表里|表中|表格里")
# 三公经费、会议费那张表中，培训费多少
THAT_TABLE = re.compile(r"([\u4e00-\u9fff“”\"、]{3,40})[那这]一?张表(?:中|里面?|上)?[,，](?=[\u4e00-\u9fff]{2})")
BOTH_PARTS = re.compile(
    r"[,，]?基本(?:支出)?[加和与跟、+]项目(?:支出)?(?:都|全)?(?:加在?一?起|加一?块儿?|合起来|合在一起|一起算|总计|都算|加总)(?:总计|一共)?|\(?(?:含|包括|包含)?基本(?:支出)?(?:加|和|与|\+)项目(?:支出)?(?:都算|一起|合计)?\)|[,，]?把?(?:基本|项目)(?:支出)?(?:里面?|中)?的?(?:也|都)?(?:算上|加上|算进去|加进去|算在内)|连(?:着|带|上)?(?:基本|项目)(?:支出|经费)?(?:一起|一块儿?|都|也)(?:算|加)?(?:上|进去|在内)?|\(?(?:含|包括)(?:基本|项目)(?:支出)?\)?"
    r"|\((?:财政拨款|一般公共预算(?:拨款)?|政府性基金)(?:[加和与、+](?:财政拨款|政府性基金(?:预算)?|单位资金|其他资金|财政专户(?:管理)?资金|事业收入|上年结转(?:资金)?))+\)"
)
# What is to be counted in as well is no part of the item: the plain total is meant.
COUNTED_IN = re.compile(
    r"[,，(]?(?:把|连|含|包括|算上|加上)(?:着|带|上)?[^,，。？?()]{2,14}?(?:里面?|中)?的?(?:一并|也|都|一起|一块儿?|全部?)+(?:算|含|加|计|包括)(?:上|进去|进来|进|在内|着|了)?\)?"
    r"|[,，(]?(?:不光|不只|不仅|不单|不限于|不止)(?:是|看|算)?[^,，。？?()]{2,10}\)?"
)
INCLUDING = re.compile(r"\((?:含|包括|包含)[^()]*\)")
EXCLUDED = re.compile(
    r"除了?[^,，]{2,12}(?:之?外|以外)?(?:[,，](?=还)|(?=还有(?:多少)?其[他它]))|\([^()]{2,12}(?:不要算|别算|不算|不计|除外)\)|[，,]?(?:不要|不含|不算|别把|不把|除去|剔除|不包括).*?(?:算进去|在内|计入|[，。]|$)"
)
# 哪几个国家: what is asked for; a passage must speak of it, unless the word only stands for whatever is told.
KIND_ASKED = re.compile(r"哪(?:[几些一二两三四五六七八九十\d]+)?[个家些]?(?!些)([\u4e00-\u9fff]{2})")
OPEN_KINDS = frozenset(
    {"方面", "内容", "工作", "东西", "地方", "项目", "目标", "事情", "情况", "部分", "问题"}
    | {"方向", "工程", "开支", "费用", "花销", "款项", "领域", "事项", "活动", "服务", "环节", "情形", "方式"}
    | {"事上", "文件", "政策", "县市"}
    | {"任务", "措施", "原因", "用途", "支出", "资金", "指标", "单位", "处室", "科室", "方法"}
)
PARAGRAPH = re.compile(r"第[(（]?(?:[一二三四五六七八九十]+|\d+)[)）]?[条项点款]")
CLAUSE = re.compile(r"[^,，;；。?？!！]+")
ALWAYS = (  # dropped whole wherever they stand
    *(UNIT, UNIT_LEVEL, DEPARTMENT_LEVEL, PARAGRAPH, ORDERED, COUNTED, NAMED_TABLE, GOALS, TWO_NUMBERS, DRAWN_UP, POINTS),
    *(
        COLUMN_NAMED,
        LEVEL_NOTED,
        PLANNED_FOR,
        PUBLISHED_AS,
        SAID_THERE,
        RECIPIENT,
        BOTH_PARTS,
        COUNTED_IN,
        INCLUDING,
        EXCLUDED,
        CLAIMED,
        THIS_ITEM,
    ),
)


def without_frames(text: str) -> str:
    """The text without what only says how wide the item is meant (（基本加项目）, 不光基本支出)."""
    for frame in (BOTH_PARTS, COUNTED_IN, INCLUDING, EXCLUDED):
        text = frame.sub("", text)
    return text


def text_to_doubts(text: str) -> list[Span]:
    """Clauses that only doubt what was asked before them (前后两处一样吗)."""
    clauses = (m for m in CLAUSE.finditer(text) if m.start())
    return [m.span() for m in clauses if DOUBT.search(m.group()) and not DOUBTS_ONLY.sub("", m.group())]


def text_to_counters(text: str, doubts: list[Span]) -> tuple[str, ...]:
    """What is counted in (辆, 批次), in order; 前后几处 counts nothing."""
    found = (m for m in COUNTER.finditer(text) if not any(start <= m.start() < end for start, end in doubts))
    scored = ["分"] if SCORED.search(text) else []  # 绩效自评得分 is asked in points
    return tuple(dict.fromkeys([*(m.group(1) or m.group(2) for m in found), *scored]))


def text_to_frames(text: str, named: Named, doubts: list[Span]) -> list[Span]:
    """The spans of all frames of a flat question."""
    out = [m.span() for pattern in ALWAYS for m in pattern.finditer(text)]
    out += [m.span(2) for m in COUNTER.finditer(text) if m.group(2) not in (None, "场次")]
    out += [m.span(1) for m in THAT_TABLE.finditer(text)]
    out += [(m.end, m.end + 2) for m in named.mentions if text.startswith("系统", m.end)]  # 卫健系统
    return out + doubts


def list_frames(text: str, intent: Intent, asked: list[str]) -> Iterator[Span]:
    """Of a question for words: 抓哪些, and what 哪些 stands before where that only stands for whatever is told."""
    if intent in (Intent.LIST, Intent.TEXT):
        for word in asked:
            if re.search(r"哪些|哪几|什么|啥", word):
                yield from (m.span() for m in re.finditer(re.escape(word), text))
        yield from (m.span(1) for m in KIND_ASKED.finditer(text) if m.group(1) in OPEN_KINDS)


def topics_asked(text: str, lexicon: Lexicon) -> list[str]:
    """The phrases that ask for a part of every document (职责, 工作目标)."""
    return [word for t in lexicon.topics for word in t.asked if word in text]
