"""Text → Question: which bodies, which years, which measure, which operation. Rules and the lexicon, no model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from assistant.bodies import Directory, Named
from assistant.clauses import DOUBT
from assistant.domain import Intent
from assistant.flat import flat
from assistant.lexicon import Lexicon
from assistant.match import Ask, text_to_ask
from assistant.titles import NamedTables
from assistant.units import NamedUnits
from index.amounts import chinese_to_int
from index.domain import Kind

YEAR = re.compile(
    r"(?<![\d.])(20\d{2})(?!\d)(?:年度?)?|(?<!\d)(\d{2})年(?!\d)|([二两][〇零○oO][一二三四五六七八九〇零]{2})年?|(?<!\d)(\d{2})(?=年?(?:和|与|跟|到|、|年)?(?:\d{2}|20\d{2})年)"
)
RELATIVE = re.compile(r"今年|本年度?|当年|(?:去年|上年度?|上一年|前年)(?!度?的?(?:结余|结转|末|底))|明年|下一年")
OFFSETS = {"今": 0, "本": 0, "当": 0, "去": -1, "上": -1, "前": -2, "明": 1, "下": 1}
CODE = re.compile(r"(?<![\d.])(?<!\d,)([23]\d{6}(?!\d|[.,]\d|[万元亿%])|(?:\d{5}|[23]\d{2})(?!\d|[.,]\d|[年万元亿%个家辆台人项]))")
SPLIT_CODE = re.compile(r"(\d{3})类(?:(\d{2})款)?(?:(\d{2})项)?")
UNIT = re.compile(r"(?:多少|几个?|换成|折合|折成|折算成|换算成|用|等于多少|是多少|按)个?(亿元|万元|千元|元|亿|万)(?!以上)")
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
    *("期", "场", "批", "起", "分", "户", "处", "座", "间", "所", "亩", "吨", "册", "份", "条", "株", "例", "天", "米"),
)
POINTS = re.compile(r"(?:多少|几)个?(?:百分)?点")
COUNTER = re.compile(
    rf"(?:多少|几)万?(?:个(?=人(?![员才均次])))?({'|'.join(COUNTERS)})(?!亿|万|元|百分|点)"
    r"|(批次|人次|场次)(?=$|[和与及、，,？?]|多少|各|谁|哪)"
)
TOP = re.compile(
    r"(?:(?<!年)前|top|排头|居前|头(?=[一二两三四五六七八九十\d]+[位名个项]))([一二两三四五六七八九十\d]+)"
    r"|最(?:花钱|费钱|贵)的([一二两三四五六七八九十\d]+)|(?:最[大多高小少低])的?([一二两三四五六七八九十\d]+)[个项家类款]?"
)
UNIT_LEVEL = re.compile(
    r"局本级(?=单位)|(?<![家个属些])单位预算|(?<![家个属些])单位决算|本级单位|单位口径|本级口径|只看本级|\(本级\)|(?<=[局委厅院办府])本级"
)
DEPARTMENT_LEVEL = re.compile(
    r"部门预算|\(部门\)|部门口径|含下属|部门决算|全系统|整个系统|全部门|整个部门|(?<=年)部门|部门(?=(?:20)?\d\d年)|部门(?=财政|一般|基本|三公|支出|收入|政府|的)"
)
SPENT_ON = re.compile(r"(?:钱|支出|预算|经费|资金).{0,6}[花用投](?:在|到|了|去)?(?:了)?(?:哪|什么地方|什么方面)|大头")
NAMED_AMOUNT = re.compile(r"用于[^，。？]{2,20}的?(?:支出|经费|资金|金额|预算|拨款)[？?]?$")  # an item's name, not its use
GOALS = re.compile(r"(?:整体)?(?:支出)?绩效(?:(?:目标|指标)表?|表)(?:里面?|中|当中|内|的)")
ORDERED = re.compile(r"从[大高多低小少]到[大高多低小少]|排一?下|排个?序|排列|由[大高多低小少][到至][大高多低小少]")
AGAINST_LAST = re.compile(r"[比较](?:去年|上一?年|(?:20)?\d\d年)")
NOT_CHANGES = re.compile(r"增加值|增值税|增长点|增加额|保值增值|涨价")
COUNTED = re.compile(rf"(?:多少|几)万?(?:个(?=人(?![员才均次])))?(?:{'|'.join((*COUNTERS, '类', '款'))})(?!亿|万|元|百分)")
MONEY_TAKEN = re.compile(r"占[了用掉去]?(?:多少|几)[个]?(?:万|亿|千|元|钱)")  # 占了多少万 asks for an amount, not for a share
RECIPIENT = re.compile(  # 给干部发奖金
    r"[给为帮替](?:机关|单位|全体|在职|全局)?(?:干部|职工|员工|工作人员|公务员|大家)[发交缴买]的?"
)
DOUBTS_ONLY = re.compile(
    r"、|怎么|以哪个为准|哪个|公开\d+表|表\d+|附表|重点项目|[两三四几各]处|说法|相同|核一下|好像|似乎|貌似|前后|说明|文字|正文|文件|表格?|两处|两边|两个|这个|数据|数字?|金额|里面?|中|的|和|跟|与|这|那|它|到底|是不是|是否|有没有|能信|可信"
    r"|吗|呢|啊|一样|一致|对不上|对得上|不|矛盾|打架|写|印|都|也|有点?|点|真的|算得|准|对|问题|地方|呀|了|差一|差"
)
DOUBTED = re.compile(r"到底|究竟|对不上|前后矛盾|自相矛盾")
# 哪几个国家: what is asked for; a passage must speak of it, unless the word only stands for whatever is told.
KIND_ASKED = re.compile(r"哪(?:[几些一二两三四五六七八九十\d]+)?[个家些]?(?!些)([\u4e00-\u9fff]{2})")
OPEN_KINDS = frozenset(
    {"方面", "内容", "工作", "东西", "地方", "项目", "目标", "事情", "情况", "部分", "问题"}
    | {"方向", "工程", "开支", "费用", "花销", "款项", "领域", "事项", "活动", "服务", "环节", "情形", "方式"}
    | {"事上", "文件", "政策", "县市"}
    | {"任务", "措施", "原因", "用途", "支出", "资金", "指标", "单位", "处室", "科室", "方法"}
)
DRAWN_UP = re.compile(r"(?<=预算)编制|(?<=决算)编制|编制(?=范围|单位|说明|情况|依据|方法|的?(?:预算|决算|项目)|了)")  # not 人员编制
IN_WORDS = re.compile(r"(?:情况|编制)?说明(?:里面?|中|部分|上|写|说)|文字(?:里面?|部分|说明)|正文")
SAID_THERE = re.compile(
    r"\((?:20\d\d)?年?度?(?:部门|单位)?(?:预算|决算)(?:(?:说明|公开|报告|文本|里)[^()]{0,6})?\)"
    r"|[\u4e00-\u9fff]{0,4}(?:预算|决算|文件|报告|公开)(?:书|说明)?(?:里面?|中|上)?(?:所?说的|提到的|写的|讲的|出现的)"
)
TWO_NUMBERS = re.compile(
    r"(?:是不是|有没有|为什么|怎么)?(?:有|出现|写了)?两个(?:不同的?|不一样的)?数(?![字据量目])|按[那这上]?两个数(?:算|核|计算)?(?:一下)?(?:对不对|对吗)?|以?哪个为准"
)
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
    re.compile(r"等于.*(?:加(?!强|快|大)|之和|相加|合起来)|(?:加(?!强|快|大)|之和|相加|合起来).*等于"),
)
PROJECTS_COUNTED = re.compile(r"(?:几|多少)个?项目|项目.{0,14}(?:几|多少)个")
PROJECTS_THAT = re.compile(r"各多少|分别|减少|增加|下降|增长|涨|超过|不足|低于|高于|以上|以下|新增|持平|压减")
AT_MOST = re.compile(r"最[多高少低](?=能|可|不|允许|要|得)|清单(?=[上里中])")  # 最多能有几个人 ranks nothing
WHO_MORE = re.compile(r"(?:谁|哪个|哪一?项|哪样)[\u4e00-\u9fff]{0,4}[多少高低大小](?!少)|几倍")
CLAIMED = re.compile(  # 有一亿多吧: what the asker believes is no part of the question
    r"(?:是不是|大概|大约|差不多|好像|有|是)?(?:[一二两三四五六七八九十百千几]+|\d+(?:\.\d+)?)个?(?:多|来|几|余)?(?:千万|百万|[万亿千百])"
    r"(?:多|来|余|几)?(?:元|块)?钱?(?:左右|上下|出头|吧|多)+(?:吧|啊|吗|是吧)?"
)
THIS_ITEM = re.compile(
    r"[这那该](?:一)?(?:个|项|笔|块|类|种)?(?:专项资金|专项|项目|科目|指标|款项|费用|资金|经费|支出)(?![\u4e00-\u9fff]{0,2}[费表])"
)
WHERE_CHANGED = re.compile(r"(?:[减增涨降加]|多|少)(?:了|掉)?(?:在|到)?(?:了)?哪|[减增]在哪")
HOW_COME = re.compile(
    r"怎么(?:反而|会|就|突然|又|还|反倒|一下子)?(?:涨|降|增|减|多了|少了|没有?了|冒出)|怎么做到|缘故|何故|怎么又有"
    r"|不[降减]反[升增]|不[升增]反[降减]"
)
EXPLAIN = re.compile(r"^(?:请|帮我)?(?:解释|讲|说)(?:一下|下)(?!.*(?:为什么|为啥|为何|原因|怎么|多少)).{2,14}(?:是啥|是什么|$)")
PART = re.compile(r"第[一二三四五六七八九十]+部分")
NAMED_TABLE = re.compile(r"[那这]一?张表|表里|表中|表格里")
# 三公经费、会议费那张表中，培训费多少
THAT_TABLE = re.compile(r"([\u4e00-\u9fff“”\"、]{3,40})[那这]一?张表(?:中|里面?|上)?[,，](?=[\u4e00-\u9fff]{2})")
BOTH_PARTS = re.compile(
    r"[,，]?基本(?:支出)?[加和与跟、+]项目(?:支出)?(?:都|全)?(?:加在?一?起|加一?块儿?|合起来|合在一起|一起算|总计|都算|加总)(?:总计|一共)?|\(?(?:含|包括|包含)?基本(?:支出)?(?:加|和|与|\+)项目(?:支出)?(?:都算|一起|合计)?\)|[,，]?把?(?:基本|项目)(?:支出)?(?:里面?|中)?的?(?:也|都)?(?:算上|加上|算进去|加进去|算在内)|连(?:着|带|上)?(?:基本|项目)(?:支出|经费)?(?:一起|一块儿?|都|也)(?:算|加)?(?:上|进去|在内)?|\(?(?:含|包括)(?:基本|项目)(?:支出)?\)?"
)
# What is to be counted in as well is no part of the item: the plain total is meant.
COUNTED_IN = re.compile(
    r"[,，(]?(?:把|连|含|包括|算上|加上)(?:着|带|上)?[^,，。？?()]{2,14}?(?:里面?|中)?的?(?:一并|也|都|一起|一块儿?|全部?)+(?:算|含|加|计|包括)(?:上|进去|进来|进|在内|着|了)?\)?"
    r"|[,，(]?(?:不光|不只|不仅|不单|不限于|不止)(?:是|看|算)?[^,，。？?()]{2,10}\)?"
)
INCLUDING = re.compile(r"\((?:含|包括|包含)[^()]*\)")
EXCLUDED = re.compile(r"除了?[^,，]{2,12}[,，](?=还)|[，,]?(?:不要|不含|不算|别把|不把|除去|剔除|不包括).*?(?:算进去|在内|计入|[，。]|$)")


@dataclass(frozen=True, slots=True)
class Question:
    """What was understood. ``text`` is flat; ``years`` are as named, ``relative`` offsets (-1 去年) are resolved per document."""

    raw: str
    text: str
    intent: Intent
    named: Named
    ask: Ask
    years: tuple[int, ...] = ()
    relative: tuple[int, ...] = ()
    code: str | None = None
    unit: str | None = None
    counter: str | None = None
    counters: tuple[str, ...] = ()  # every unit that is counted in, in the order of the question
    kinds: frozenset[Kind] = frozenset()
    wants_change: bool = False
    wants_rate: bool = False
    wants_amount: bool = False
    wants_why: bool = False
    direction: int = 0
    top: int | None = None
    ascending: bool = False
    spans: tuple[tuple[int, int], ...] = field(default=())
    dropped: tuple[tuple[int, int], ...] = ()  # carry the question's form, nothing to be explained
    in_words: bool = False  # 说明里, 正文: what the text says comes before what a table prints
    doubted: bool = False  # asks whether what is printed is right: every statement of the item is told
    part: str = ""  # 第三部分, where the question names a part of the document
    tables: NamedTables = field(default_factory=NamedTables)
    units: NamedUnits = field(default_factory=NamedUnits)


def without_frames(text: str) -> str:
    """The text without what only says how wide the item is meant (（基本加项目）, 不光基本支出)."""
    for frame in (BOTH_PARTS, COUNTED_IN, INCLUDING, EXCLUDED):
        text = frame.sub("", text)
    return text


def text_to_years(text: str) -> tuple[list[int], list[tuple[int, int]]]:
    """2024年, 24年, 二〇二四年 → years in order of mention, with their spans."""
    years, spans = [], []
    for found in YEAR.finditer(text):
        if re.match(r"\d{1,2}月", text[found.end() :]):  # 截至2024年8月底: a date, not the year whose figures are asked for
            spans.append(found.span())
            continue
        full, short, chinese, leading = found.groups()
        year = int(full or 0) or (
            2000 + int(short or leading) if short or leading else chinese_to_int((chinese or "").replace("○", "〇").replace("o", "〇")) or 0
        )
        if 2000 <= year <= 2099:
            years.append(year)
            spans.append(found.span())
    return list(dict.fromkeys(years)), spans


def text_to_range(text: str, years: list[int]) -> list[int]:
    """2017到2019年 names the years between, too."""
    if len(years) == 2 and re.search(r"(?:到|至|-|~)(?:20)?\d{2}年", text) and 0 < years[1] - years[0] <= 10:
        return list(range(years[0], years[1] + 1))
    return years


def text_to_question(raw: str, directory: Directory, lexicon: Lexicon, items: Callable[[Named], Named] = lambda named: named) -> Question:
    """Understand one question. Never fails: what is not understood stays in ``ask`` as content to be explained.

    ``items`` drops what looks like a body but is the beginning of a printed item (工信运行保障).
    """
    text = flat(raw)
    named = items(directory.find(text))
    years, year_spans = text_to_years(text)
    relative = tuple(dict.fromkeys(OFFSETS[m.group()[0]] for m in RELATIVE.finditer(text)))
    code, code_spans = text_to_code(text)
    kinds = text_to_kinds(text)
    intent = text_to_intent(text, lexicon)
    spans = [*named.spans, *year_spans, *(m.span() for m in RELATIVE.finditer(text)), *code_spans]
    dropped = (
        [m.span() for m in UNIT.finditer(text)]
        + [m.span() for m in UNIT_LEVEL.finditer(text)]
        + [m.span() for m in DEPARTMENT_LEVEL.finditer(text)]
    )
    dropped += [m.span() for m in re.finditer(r"第[(（]?(?:[一二三四五六七八九十]+|\d+)[)）]?[条项点款]", text)]
    dropped += [m.span() for m in ORDERED.finditer(text)]
    dropped += [m.span(2) for m in COUNTER.finditer(text) if m.group(2) not in (None, "场次")]
    dropped += [m.span() for m in COUNTED.finditer(text)] + [m.span() for m in NAMED_TABLE.finditer(text)]
    dropped += [m.span() for m in GOALS.finditer(text)]
    dropped += [m.span(1) for m in THAT_TABLE.finditer(text)]
    dropped += [(m.end, m.end + 2) for m in named.mentions if text.startswith("系统", m.end)]  # 卫健系统
    dropped += [m.span() for m in TWO_NUMBERS.finditer(text)]
    clauses = [m for m in re.finditer(r"[^,，;；。?？!！]+", text) if m.start()]
    doubts = [m.span() for m in clauses if DOUBT.search(m.group()) and not DOUBTS_ONLY.sub("", m.group())]
    dropped += doubts
    dropped += [m.span() for m in DRAWN_UP.finditer(text)]
    dropped += [m.span() for m in POINTS.finditer(text)]
    dropped += [m.span() for m in SAID_THERE.finditer(text)]
    dropped += [m.span() for m in RECIPIENT.finditer(text)]
    dropped += [m.span() for m in BOTH_PARTS.finditer(text)]
    dropped += [m.span() for m in COUNTED_IN.finditer(text)]
    dropped += [m.span() for m in INCLUDING.finditer(text)]
    dropped += [m.span() for m in EXCLUDED.finditer(text)]
    dropped += [m.span() for pattern in (CLAIMED, THIS_ITEM) for m in pattern.finditer(text)]
    asked = [] if code else [word for t in lexicon.topics for word in t.asked if word in text]
    if intent is Intent.LOOKUP and asked and not re.search(r"多少|几|金额|数额|预算|经费|支出|钱", text):
        intent = Intent.TEXT  # 2019年重点工作任务
    if intent in (Intent.LIST, Intent.TEXT):  # 抓哪些 is the question's form
        dropped += [m.span() for word in asked if re.search(r"哪些|哪几|什么|啥", word) for m in re.finditer(re.escape(word), text)]
    if intent in (Intent.LIST, Intent.TEXT):
        dropped += [m.span(1) for m in KIND_ASKED.finditer(text) if m.group(1) in OPEN_KINDS]
    spanned = tuple(text_to_range(text, years))
    if intent is Intent.LOOKUP and len(spanned) > 1 and not kinds:  # 2017到2019年的收入: each year's
        intent = Intent.COMPARE
    if intent is Intent.LOOKUP and len({m.bodies for m in named.mentions}) > 1:
        intent = Intent.COMPARE
    if (
        intent is Intent.COMPARE
        and len({m.bodies for m in named.mentions}) < 2
        and AGAINST_LAST.search(text)
        and not re.search(r"各|分别|哪个|谁", text)
    ):
        intent = Intent.CHANGE
    why = lexicon.asks("why", text) is not None or HOW_COME.search(text) is not None
    change = lexicon.asks("change", NOT_CHANGES.sub("", text))
    rate = lexicon.asks("rate", text) is not None
    amount = bool(re.search(r"多少(?!百分|个百分)|几|各是|分别|数额|金额|总额", text))
    up, down = lexicon.asks("up", text), lexicon.asks("down", text)
    counted = (m for m in COUNTER.finditer(text) if not any(start <= m.start() < end for start, end in doubts))  # 前后几处说法一样吗
    counters = tuple(m.group(1) or m.group(2) for m in counted)
    unit = UNIT.search(text)
    top = TOP.search(text)
    ask = text_to_ask(text, lexicon, spans, dropped)
    if intent in (Intent.TEXT, Intent.LOOKUP) and not ask.content and SPENT_ON.search(text):
        intent = Intent.RANK  # 钱主要花在哪: the parts of the whole
    return Question(
        raw=raw,
        text=text,
        intent=intent,
        named=named,
        ask=ask,
        years=spanned,
        relative=relative,
        code=code,
        unit={"亿": "亿元", "万": "万元"}.get(unit.group(1), unit.group(1)) if unit else None,
        counter=counters[0] if counters else None,
        counters=tuple(dict.fromkeys(counters)),
        kinds=kinds,
        wants_change=change is not None,
        wants_rate=rate,
        wants_amount=amount,
        wants_why=why,
        direction=1 if up and not down else -1 if down and not up else 0,
        top=text_to_top(top),
        ascending=bool(re.search(r"最少|最小|最低|从小到大|从低到高|倒数", text)),
        spans=tuple(spans),
        dropped=tuple(dropped),
        in_words=bool(IN_WORDS.search(text)),
        doubted=bool(doubts) or bool(TWO_NUMBERS.search(text)) or bool(DOUBTED.search(text)),
        part=part.group() if (part := PART.search(text)) else "",
    )


def with_units(q: Question, units: NamedUnits, lexicon: Lexicon) -> Question:
    """The question with the units that it names; their names are no items."""
    if not units.labels:
        return q
    spans = (*q.spans, *units.spans)
    return replace(q, units=units, spans=spans, ask=text_to_ask(q.text, lexicon, spans, q.dropped))


def with_tables(q: Question, tables: NamedTables, lexicon: Lexicon) -> Question:
    """The question with the tables that it names; their titles are no longer to be explained where it names an item, too."""
    if not tables.tables:
        return q
    ask = text_to_ask(q.text, lexicon, q.spans, [*q.dropped, *tables.spans])
    return replace(q, tables=tables, ask=ask if ask.content or q.code else q.ask)


def text_to_code(text: str) -> tuple[str | None, list[tuple[int, int]]]:
    """A subject's code: 2150517, or 204类06款04项."""
    split = SPLIT_CODE.search(text)
    if split:
        return "".join(g for g in split.groups() if g), [split.span()]
    found = CODE.search(text)
    return (found.group(1), [found.span()]) if found else (None, [])


def text_to_kinds(text: str) -> frozenset[Kind]:
    """Budget or final account, department or unit, where the question says so."""
    kinds = set(Kind) - {Kind.OTHER}
    if re.search(r"决算", text) and not re.search(r"\d年?度?(?:部门|单位)?预算(?![数支收安资拨])", text):
        kinds -= {Kind.DEPARTMENT_BUDGET, Kind.UNIT_BUDGET}
    if UNIT_LEVEL.search(text) and DEPARTMENT_LEVEL.search(text):
        pass  # both are named: they are to be compared
    elif UNIT_LEVEL.search(text):
        kinds -= {Kind.DEPARTMENT_BUDGET, Kind.DEPARTMENT_FINAL}
    elif DEPARTMENT_LEVEL.search(text):
        kinds -= {Kind.UNIT_BUDGET, Kind.UNIT_FINAL}
    return frozenset(kinds) if len(kinds) < 4 else frozenset()


def text_to_top(found: re.Match[str] | None) -> int | None:
    if not found:
        return None
    digits = next(g for g in found.groups() if g)
    return int(digits) if digits.isdigit() else chinese_to_int(digits)


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
