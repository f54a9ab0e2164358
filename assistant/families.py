"""The rows that a ranking or a list is made of: projects, classes, parts of an item, units, rows of a table called so."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from assistant.bodies import is_unit
from assistant.flat import core, flat
from assistant.frames import without_frames
from assistant.items import in_one_table, read_one, without_bodies
from assistant.leftover import leftover
from assistant.lookup import HALF, Want, belongs
from assistant.match import Ask
from assistant.reading import part_ask, read_figure
from assistant.scope import Group
from assistant.task import Task
from assistant.units import view_units
from index.amounts import MONEY, chinese_to_int, convert
from index.domain import Figure, Measure, Origin

OF_UNITS = re.compile(
    r"(?:下面|下属|所属|底下)?(?:的)?(?:哪|各|几|[一二两三四五六七八九十\d]+)(?:几|[一二两三四五六七八九十\d]+)?个?家?"
    r"(?:下属|所属|二级|基层|预算)*(?:单位|学校|中心|医院)"
)
# 各学校, 哪家医院: units of that kind, by the words their names end in; the office itself is none of them.
KINDS_OF_UNIT = {"学校": re.compile(r"学校|学院|小学|[一二三四五六七八九十第]中|中学|幼儿园|职高|技校"), "医院": re.compile(r"医院|卫生院")}
THREE_FUNDS = re.compile(r"“?三公”?(?:经费|费用|消费)?")
LIMIT = re.compile(
    r"(?:超过|大于|高于|不足|低于|少于|小于|不到)?(?P<number>[\d.]+|[一二两三五六八十百]+)?(?P<scale>千万|亿|万|千)元?(?:以上|以下|以内)|"
    r"(?:超过|大于|高于|不足|低于|少于|小于|不到|过|上)(?P<number2>[\d.]+|[一二两三五六八十百]+)?(?P<scale2>千万|亿|万|千)元?"
)
BETWEEN = re.compile(
    r"(?:在|金额)?(?P<low>[\d.]+)(?P<low_scale>千万|亿|万|千)?元?(?:到|至|-|~|—)(?P<high>[\d.]+)(?P<high_scale>千万|亿|万|千)元?(?:之间|以内|区间|的)?"
)
CLASSES = re.compile(
    r"按(?=功能|经济|科目|[类款项]级)|项级科目|款级科目|类级科目|项级|款级|类级|功能分类|经济分类|功能大类|功能类|大类|科目|看"
)
PROJECT_TABLE = re.compile(r"项目\)?支出(?!.*(?:目标|绩效))")
SPENT = re.compile(r"支出|花|用在|用到|大头|钱|哪一?块")
BARE_CLASS = re.compile(r"(?<![类款项级能济])科目")
SUPERLATIVE = re.compile(
    r"按(?:钱|金额|数额|预算|花钱|规模)?(?:多少|大小|高低)(?:来)?(?:排|排序)?|(?:金额|花钱|预算)?最[大多高少小低]的?|(?:中|里面?)?排(?:名|在|列)?(?=前)|排名|前[一二两三四五六七八九十\d]+[名大]?|从.到.排?|排一下|排序|列一下|哪几个|哪[一二三四五六七八九十几]?[个项类家]|是哪些|有哪些|哪些|是什么|涨得|最猛|各多少元?|[一二三四五六七八九十\d]+[项个类]"
)
# The first words of the national function classes (类), by which a table of them is told.
FUNCTION_CLASS = re.compile(
    r"一般公共服务|外交|国防|公共安全|教育|科学技术|文化|社会保障|社会福利|医疗卫生|卫生健康|节能环保|城乡社区|农林水|交通运输|资源勘探"
    r"|商业服务|金融|援助|自然资源|国土|住房保障|粮油|灾害|预备费|其他支出|债务|转移性|国有资本经营"
)


def family(task: Task, group: Group) -> list[Figure]:
    """The rows to be ranked, each with the value of the column meant; empty where a word of the question fits no column.

    A table that the question names is where they must stand.
    """
    return where_named(task, _family(task, group))


def where_named(task: Task, rows: list[Figure]) -> list[Figure]:
    tables = task.q.tables.tables
    return [f for f in rows if not tables or (f.doc_id, f.table_id) in tables]


def _family(task: Task, group: Group) -> list[Figure]:
    if (limits := between(task.q.text)) is not None:
        rows = family(replace(task, q=replace(task.q, text=task.q.text[: limits[2][0]] + task.q.text[limits[2][1] :])), group)
        return [f for f in rows if limits[0] <= (convert(f.value or Decimal(0), f.unit, "元") or Decimal(0)) <= limits[1]]
    if task.q.code and ((rows := coded_children(task, group)) or CLASSES.search(task.q.text)):
        return rows  # never the subjects of another class
    limit = threshold(task.q.text)
    text = task.q.text if limit is None else task.q.text[: limit[2][0]] + task.q.text[limit[2][1] :]
    text = SUPERLATIVE.sub("", without_frames(text))
    if BARE_CLASS.search(text) and (rows := children_rows(task, group, BARE_CLASS.sub("", text))):
        return within(rows, limit)  # 商品和服务支出里最多的科目
    digits = 7 if re.search(r"项级", text) else 5 if re.search(r"款级", text) else 3 if CLASSES.search(text) else 0
    if digits:
        economic = "经济" in text
        rows = rows_by_code(task, group, digits, CLASSES.sub("", text), "3" if economic else "2")
        if not rows and digits == 5:  # 款级 of the economic classes: 商品和服务支出中最大的款级科目
            rows = rows_by_code(task, group, digits, CLASSES.sub("", text), "3")
        named = part_ask(task.library, CLASSES.sub("", text)).content
        return within(rows or ([] if economic or digits > 3 or named else top_rows(task, group)), limit)
    if OF_UNITS.search(task.q.text) and (rows := unit_rows(task, group, OF_UNITS.sub("", text))):
        return within(rows, limit)
    if THREE_FUNDS.search(text) and (rows := three_funds(task, group)):
        return within(rows, limit)
    rest = part_ask(task.library, text.replace("项目支出", "").replace("项目", ""))
    if "项目" in text and not rest.content:
        return within(project_rows(task, group), limit)
    if "项目" in text and (rows := project_column(task, group, rest) or titled_rows(task, group, text.replace("项目", ""))):
        return within(rows, limit)
    if not part_ask(task.library, text).content and SPENT.search(task.q.text):  # 支出最大的三项: the plainest division of the whole
        return within(max(top_rows(task, group), rows_by_code(task, group, 3, text, "2"), key=lambda rows: added(rows, "元")), limit)
    if "项目" in text and (rows := measured_rows(task, group, rest)):
        return rows  # 自评得分最高的项目
    rows = children_rows(task, group, text)
    if not rows and part_ask(task.library, text).content:
        rows = rows_by_code(task, group, 5, text, "3") or titled_rows(task, group, text)
    return within(rows, limit)


def unit_rows(task: Task, group: Group, text: str) -> list[Figure]:
    """Each unit of a department with the amount of what the rest of the question names, its whole budget where it names nothing."""
    ask = part_ask(task.library, re.sub(r"^[ ,]*系统|怎么排|如何排", "", without_bodies(task, text).strip()))
    found: dict[str, Figure] = {}
    for view in task.library.views([group]):
        for unit in view_units(view):
            want = Want(unit_kind="money", units=frozenset({unit}))
            reading = read_figure(task.library, group, ask, want) if ask.content else task.read_unit_total(group, want)
            if reading and reading.sure:
                found.setdefault(unit, reading.figure)
    kinds = [names for kind, names in KINDS_OF_UNIT.items() if kind in task.q.text]
    figures = [f for unit, f in found.items() if all(names.search(unit) for names in kinds)]
    figures = [f for f in figures if not is_sum_of(f, figures)]  # the department's own row is the sum of its units'
    alike = {(f.table_id, f.col) for f in figures}
    return figures if len(figures) > 1 and len(alike) == 1 else []


def is_sum_of(figure: Figure, figures: list[Figure]) -> bool:
    others = [f for f in figures if f is not figure]
    return len(others) > 1 and sum((f.value or Decimal(0) for f in others), Decimal(0)) == figure.value


def three_funds(task: Task, group: Group, text: str = "三公经费") -> list[Figure]:
    """The parts of 三公经费, each with its amount, from one table where one has them all; ``text`` may say more (年初预算)."""
    parts = (("因公出国",), ("公务接待费",), ("公务用车购置及运行维护费", "公务用车购置及运行费"))
    asked = [[THREE_FUNDS.sub(f"三公经费{name}", text) for name in names] for names in parts]
    readings = [next((r for one in names if (r := read_one(task, group, one))), None) for names in asked]
    found = [r for r in readings if r]
    figures = in_one_table(found)
    return figures if len(found) == 3 and len({f.id for f in figures}) == 3 else []


def titled_rows(task: Task, group: Group, text: str) -> list[Figure]:
    """The rows of a table whose title is what is ranked (专项资金最多的三个), by their total column."""
    ask = part_ask(task.library, text)
    if not ask.content:
        return []
    for view in task.library.views([group]):
        found = view.matches(ask)
        rows: dict[str, dict[int, Figure]] = {}
        for e in view.entries:
            f = e.figure
            if f.table_id is None or f.row is None or not f.value or f.unit not in MONEY or e.leaf < 0 or e.title < 0:
                continue
            if not of_year(task, group, f):
                continue
            if not e.plain_column and not any(found[c].share >= HALF for c in e.columns):
                continue
            if not leftover(ask, found[e.title].covered):
                rows.setdefault(f.table_id, {}).setdefault(f.row, f)
        for by_row in rows.values():
            paths = {f.row_path for f in by_row.values()}
            leaves = [f for f in by_row.values() if not any(p[:-1] == f.row_path for p in paths)]
            if len(leaves) > 1:
                return leaves
    return []


def rows_by_code(task: Task, group: Group, digits: int, text: str, first: str) -> list[Figure]:
    """Rows of one level of the function (2…) or economic (3…) codes, by the column that the rest of the question names."""
    ask = part_ask(task.library, text)
    best: list[Figure] = []
    score = 0.0
    for view in task.library.views([group]):
        found = view.matches(ask)
        columns: dict[tuple[str, int | None], tuple[float, list[Figure]]] = {}
        for e in view.entries:
            f = e.figure
            if not of_year(task, group, f):
                continue
            if not f.code or len(f.code) != digits or not f.code.startswith(first) or f.unit not in MONEY or not f.value or e.context >= 0:
                continue
            covered = 0
            for c in e.columns:
                covered |= found[c].covered if found[c].share >= HALF else 0
            title = found[e.title].covered if e.title >= 0 else 0
            for parent in e.parents:  # 人大事务下面的项级科目
                title |= found[parent].covered if found[parent].share >= HALF else 0
            if leftover(ask, covered | title) or not (e.plain_column or covered):
                continue
            rank, rows = columns.setdefault((f.table_id or "", f.col), (ask.own_weight(covered) + e.prior + 0.01 * (f.col == 0), []))
            if f.code not in {r.code for r in rows}:
                rows.append(f)
        for rank, rows in columns.values():
            if len(rows) > 1 and rank > score:
                best, score = rows, rank
    return best


def project_column(task: Task, group: Group, ask: Ask) -> list[Figure]:
    """Projects by another column than their total: 用了上年结转的项目."""
    for view in task.library.views([group]):
        found = view.matches(ask)
        rows = {
            e.figure.row: e.figure
            for e in view.entries
            if e.figure.table_id
            and re.search("项目支出", view.tables[e.figure.table_id].title)
            and e.figure.value
            and e.context < 0
            and e.figure.row_path
            and not view.is_total(view.item_of(e.figure))
            and any(found[c].share >= HALF and not leftover(ask, found[c].covered) for c in e.columns)
        }
        if rows:
            return list(rows.values())
    return []


def measured_rows(task: Task, group: Group, ask: Ask) -> list[Figure]:
    """Projects by a column that counts or rates them (自评得分, 执行率), from the one table that has such a column."""
    tables: dict[str, list[Figure]] = {}
    for view in task.library.views([group]):
        found = view.matches(ask)
        for e in view.entries:
            f = e.figure
            if (
                f.table_id is None
                or f.value is None
                or f.unit in MONEY
                or not f.row_path
                or view.is_total(view.item_of(f))
                or not e.columns
            ):
                continue
            column = found[e.columns[-1]]
            title = found[e.title].covered if e.title >= 0 else 0
            if column.hit and column.share >= HALF and not leftover(ask, column.covered | title):
                tables.setdefault(f.table_id, []).append(f)
    several = [rows for rows in tables.values() if len(rows) > 1 and len({f.col for f in rows}) == 1]
    return several[0] if len(several) == 1 else []


def of_year(task: Task, group: Group, figure: Figure) -> bool:
    """False for last year's column of a table that prints both, unless that year is asked for."""
    years = task.scope.years or ((group.year,) if group.year else ())
    return figure.year is None or not years or figure.year in years


def top_rows(task: Task, group: Group) -> list[Figure]:
    """Outermost rows (一、二、…) of the expenditure half of 收支总表."""
    for view in task.library.views([group]):
        for table in view.document.tables:
            if not re.search("收支|收入支出", table.title) or not any("支出" in p for path in table.columns for p in path[:1]):
                continue
            rows = [
                f
                for f in view.figures
                if f.table_id == table.id
                and len(f.row_path) == 1
                and f.col == 0
                and f.value
                and of_year(task, group, f)
                and re.match(r"[一二三四五六七八九十]+、", f.row_path[0])
                and FUNCTION_CLASS.search(f.row_path[0])
            ]
            if len(rows) > 1:
                return rows
    return []


def coded_children(task: Task, group: Group) -> list[Figure]:
    """The subjects one level below the code that the question names, in the table and column that its own figure is read from."""
    text = re.sub(r"[下里]面?的?(?=[,，]|$)|款(?=\()", "", CLASSES.sub("", SUPERLATIVE.sub("", task.q.text)))
    reading = task.read(group, part_ask(task.library, text))
    parent = reading.figure if reading and reading.sure else None
    if parent is None or not parent.code or parent.table_id is None:
        return []
    return [
        f
        for f in task.library.view(parent.doc_id).figures
        if (f.table_id, f.col) == (parent.table_id, parent.col)
        and f.value
        and f.code
        and f.code.startswith(parent.code)
        and len(f.code) == len(parent.code) + 2
    ]


def children_rows(task: Task, group: Group, text: str) -> list[Figure]:
    """Rows directly under the row that the rest of the question names."""
    reading = read_figure(task.library, group, part_ask(task.library, text), Want(origin=Origin.TABLE))
    if reading is None or not reading.sure or reading.figure.table_id is None:
        return []
    for parent in (reading.figure, *reading.rivals, *reading.same):
        if parent.table_id is None:
            continue
        view = task.library.view(parent.doc_id)
        label = parent.row_path[-1] if parent.row_path else ""
        rows = [
            f
            for f in view.figures
            if f.table_id == parent.table_id
            and f.col == parent.col
            and f.value
            and f.row != parent.row
            and (
                (len(f.row_path) > 1 and f.row_path[-2] == label)
                or (parent.code and f.code and f.code.startswith(parent.code) and len(f.code) == len(parent.code) + 2)
            )
        ]
        if len(rows) > 1 and label and not re.match("项目支出|支出", core(label)):
            return rows
    return []


def project_rows(task: Task, group: Group) -> list[Figure]:
    """All projects with their totals, of the 项目支出 table that takes in the most money: the widest one is the plainest."""
    best: list[Figure] = []
    for view in task.library.views([group]):
        for table in view.document.tables:
            tree = len({len(r.code) for r in table.rows if r.code}) > 1  # a tree of functions, not a list of projects
            if PROJECT_TABLE.search(flat(table.title)) and not tree:
                rows = [f for f in view.figures if f.table_id == table.id and f.value and f.measure is Measure.AMOUNT]
                rows = [f for f in rows if of_year(task, group, f)]
                rows = [f for f in rows if f.col == min((r.col or 0 for r in rows), default=0)]  # the total comes first
                rows = [f for f in rows if f.row_path and not view.is_total(view.item_of(f)) and not heads_its_code(f, rows)]
                leaves = [f for f in rows if not any(o is not f and o.row_path[:-1][-1:] == f.row_path[-1:] for o in rows)]
                if units := task.q.units.labels:
                    leaves = [f for f in leaves if belongs(f, units)]
                elif len(leaves) > 1:  # the units' own totals are no projects
                    leaves = [f for f in leaves if not is_unit(view.item_of(f))]
                if len(leaves) > 1 and (not best or added(leaves, "元") > added(best, "元")):
                    best = leaves
    return best


def added(figures: list[Figure], unit: str) -> Decimal:
    """The figures' sum in the unit."""
    return sum((convert(f.value or Decimal(0), f.unit, unit) or Decimal(0) for f in figures), Decimal(0))


def heads_its_code(f: Figure, rows: list[Figure]) -> bool:
    """The row of a function above its projects: they carry its code, too, and add up to it."""
    others = [o for o in rows if o.code and o.code == f.code and o.id != f.id]
    return bool(others) and sum((o.value or Decimal(0) for o in others), Decimal(0)) == f.value


def threshold(text: str) -> tuple[str, Decimal, tuple[int, int]] | None:
    """100万以下, 超过1亿, 上亿 → comparison, amount in 元, span."""
    found = LIMIT.search(text)
    if not found:
        return None
    scales = {"千": 1_000, "万": 10_000, "千万": 10_000_000, "亿": 100_000_000}
    scale = Decimal(scales[found.group("scale") or found.group("scale2")])
    number = found.group("number") or found.group("number2") or "1"
    value = Decimal(number) if re.fullmatch(r"[\d.]+", number) else Decimal(chinese_to_int(number) or 1)
    below = bool(re.search(r"以下|不足|低于|少于|小于|不到|以内", found.group()))
    return ("<" if below else ">", value * scale, found.span())


def between(text: str) -> tuple[Decimal, Decimal, tuple[int, int]] | None:
    """50万到200万之间 → lowest and highest amount in 元, span."""
    found = BETWEEN.search(text)
    if not found:
        return None
    scales = {"千": 1_000, "万": 10_000, "千万": 10_000_000, "亿": 100_000_000, "": 1}
    high = scales[found.group("high_scale") or ""]
    low = scales[found.group("low_scale") or ""] if found.group("low_scale") else high
    return Decimal(found.group("low")) * low, Decimal(found.group("high")) * high, found.span()


def within(rows: list[Figure], limit: tuple[str, Decimal, tuple[int, int]] | None) -> list[Figure]:
    """The rows whose amount passes the threshold of the question, if it sets one."""
    if limit is None:
        return rows
    sign, amount, _ = limit
    size = {f.id: convert(f.value or Decimal(0), f.unit, "元") or Decimal(0) for f in rows}
    return [f for f in rows if (size[f.id] < amount if sign == "<" else size[f.id] >= amount)]
