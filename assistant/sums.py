"""Sums, sums checked against a printed total, and averages; every operand is cited."""

from __future__ import annotations

import re
from decimal import Decimal

from assistant.domain import Answer
from assistant.draft import printed, quoted
from assistant.flat import core
from assistant.frames import without_frames
from assistant.items import FILLER, JOIN, list_items, new_items, pick_groups, read_one, row_columns, without_bodies
from assistant.lookup import Want, counts_in
from assistant.reading import Reading, labels_of
from assistant.scope import Group
from assistant.shares import default_whole
from assistant.task import Task
from index.amounts import MONEY, convert, format_amount, format_value, round_half_up, to_unit
from index.domain import Figure, Measure, Origin

EQUALS = re.compile(r"(?:是不是|是否|能不能|等不)?等于|对得上(?=[总合小]计)")
SAME = re.compile(
    r"^(?P<whole>.{2,20}?)(?:和|与|跟|是不是|等不等于|是否)"
    r"(?P<parts>.{2,40}?)(?:加起来|相加|之和|合计|的和|加在一起)(?:是不是|是否)?(?:一样|相等|一致|对得上|相符)"
)
MATCHES = re.compile(
    r"^(?P<parts>.{2,40}?(?:加上?|与|和).{2,30}?)[,，]?(?:跟|和|与|同|是不是|是否)(?P<whole>[^,，和与跟同]{2,20}?)"
    r"(?:是不是|是否|能不能|能)?(?:对得上|对得起来|一样|相等|一致|相符|吻合)"
)
WHOLE_FIRST = re.compile(
    r"^(?P<whole>[^,，]{2,20}?)(?:跟|和|与|同)(?P<parts>[^,，]{2,20}?加[^,，]{2,20}?)(?:是不是|是否|能不能|能)?(?:对得上|对得起来|一样|相等|一致|相符|吻合)"
)
QUARTERS = re.compile(r"[四4]个季度|各季度|全年各季|一至四季度|每个?季度")
QUARTER = re.compile(r"第?([一二三四1-4])季度")
ADDED = re.compile(r"加|之和|与|和")
BRACKETS = re.compile(r"\([^()]*\)")  # a gloss names no item of a sum
EACH_MONTH = re.compile(r"(?:每|一)[人户名位]每?月|人均每月|月人均")
BOUGHT = re.compile(r"购置|新购|更新")
PLANNED = re.compile(r"计划|拟|购置|新增|指标")
# 按聘用的巡护员平均: what is counted; 按总人数 names nothing of its own.
BASIS = re.compile(r"按(?:照)?(?:总?人数|总数|(?:聘用的?|现有的?|全部)?([^,，平]{2,10}?)(?:人数|总数)?)(?=平均|人均|每)")
ROW_NAMED = re.compile(r"那一?行|这一?行|一行|[一1]?栏|表里|表中")


def answer_sum(task: Task) -> Answer | None:
    """Items of one body, or one item of several bodies, added up."""
    groups = pick_groups(task)
    if len({g.body for g in groups}) > 1 and task.scope.named:
        readings = [(g, r) for g in groups if (r := task.read(g)) is not None and r.sure]
        if len(readings) >= 2:
            return state_sum(task, [r.figure for _, r in readings], "合计")
    if QUARTERS.search(task.q.text):
        return sum_quarters(task, groups)
    for group in groups[:1]:
        if any(form.search(task.q.text) for form in (EQUALS, SAME, WHOLE_FIRST, MATCHES)):
            return check_sum(task, group)
        text = BRACKETS.sub("", without_frames(task.q.text))
        figures = new_items(task, group) if re.search(r"新增", text) else list_items(task, group, text)
        if len(figures) > 1:
            return state_sum(task, figures, f"{group.body}{group.year or ''}年合计")
    return None


def sum_quarters(task: Task, groups: list[Group]) -> Answer | None:
    """The four quarters of each document meant; None where one of several years does not tell them."""
    found = [(group, quarters) for group in groups if (quarters := read_quarters(task, group))]
    if not found or (len(task.q.years) > 1 and len(found) < len(groups)):
        return None
    for group, quarters in found if len(task.q.years) > 1 else found[:1]:
        task.draft.say(f"{group.label}：" if len(found) > 1 else "")
        state_sum(task, quarters, f"{group.body}{group.year or ''}年四个季度合计")
    totals = [f for f in task.draft.figures if f.label.endswith("四个季度合计")]
    task.draft.figures[:] = [*totals, *(f for f in task.draft.figures if f not in totals)]
    return task.draft.answered()


def read_quarters(task: Task, group: Group) -> list[Figure]:
    """The amounts that one paragraph states for the four quarters; empty where no paragraph, or more than one, tells all of them."""
    by_place: dict[tuple[str, int | None], dict[str, Figure]] = {}
    for view in task.library.views([group]):
        for f in view.figures:
            quarter = QUARTER.match(f.row_path[-1]) if f.row_path and f.origin is Origin.PROSE and f.unit in MONEY else None
            if quarter and f.value is not None:
                by_place.setdefault((f.doc_id, f.row), {}).setdefault(quarter[1], f)
    whole = [list(found.values()) for found in by_place.values() if len(found) == 4]
    return whole[0] if len(whole) == 1 else []


def check_sum(task: Task, group: Group) -> Answer | None:
    """A加B是不是等于C, or C等于A加B吗: the sum, the printed whole and the difference."""
    for parts, rest in equation(task):
        named = FILLER.sub("", ROW_NAMED.sub("", rest)).rstrip("吗？?不")
        whole = read_one(task, group, named)
        names = [n for n in (FILLER.sub("", p).rstrip("吗？?") for p in JOIN.split(parts)) if n]
        names = without_lead(names, named)
        figures = (row_columns(task, whole, names) if whole else []) or list_items(task, group, parts)
        if len(figures) > 1 and whole is not None:
            beside = whole_beside(task, figures, whole)
            if beside.value is not None and beside.id not in {f.id for f in figures}:
                return state_check(task, group, figures, beside)
    return None


def whole_beside(task: Task, parts: list[Figure], whole: Reading) -> Figure:
    """The whole as the parts' own table prints it, in their row where they are columns of one; else where it was found."""
    table = (parts[0].doc_id, parts[0].table_id)
    there = [f for f in (whole.figure, *whole.same, *whole.rivals) if (f.doc_id, f.table_id) == table]
    there.sort(key=lambda f: f.row != parts[0].row)
    one_row = len({f.row for f in parts}) == 1 and parts[0].table_id is not None
    return next(iter(there), None) or (default_whole(task, parts[0]) if one_row else None) or whole.figure


def without_lead(names: list[str], whole: str) -> list[str]:
    """产业服务保障财政拨款, 产业服务保障上年结转 of 产业服务保障总计: the columns alone."""
    lead = next((whole[:n] for n in range(len(whole), 1, -1) if all(name.startswith(whole[:n]) for name in names)), "")
    return [name[len(lead) :] for name in names] if lead and all(len(name) > len(lead) for name in names) else names


def equation(task: Task) -> list[tuple[str, str]]:
    """Ways to read parts and whole out of the question; a word that only the whole says (政府采购) holds for bare parts, too."""
    text = re.sub(r"[,，][^,，]*(?:好像|似乎|差一点|差一些|对不上).*$", "", without_bodies(task, task.q.text).strip())
    if EQUALS.search(text):
        left, right = EQUALS.split(text, maxsplit=1)
        return [(left, right), (right, left)] if not ADDED.search(right) else [(right, left)]
    if found := SAME.search(text):
        whole, parts = found.group("whole"), found.group("parts")
        lead = re.sub(r"(?:支出|预算|采购)?(?:总额|总计|合计|总数|总金额)的?$", "", whole)
        bare = all(re.fullmatch(r"货物|工程|服务|人员经费|公用经费|基本支出|项目支出", p) for p in re.split(r"[、和与,，]", parts))
        return [("、".join(lead + p for p in re.split(r"[、和与,，]", parts)) if bare else parts, whole)]
    if (found := WHOLE_FIRST.search(text)) and (found.group("whole") and "加" not in found.group("whole")):
        whole, parts = found.group("whole"), found.group("parts")
        item = re.sub(r"(?:总数|总额|总计|合计|总支出)$", "", whole)
        return [("、".join(item + p for p in re.split(r"加上(?!年|级)|加|[和与、]", parts)), item + "总计"), (parts, whole)]
    if found := MATCHES.search(text):
        parts, whole = found.group("parts"), found.group("whole")
        of = re.match(r"(.{2,20}?)的(?=.)", parts)  # 产业服务保障的财政拨款加上年结转，跟总计: of one item all three
        if of:
            parts = "、".join(of.group(1) + p for p in re.split(r"加上(?!年|级)|加|[和与、]", parts[of.end() :]))
            whole = of.group(1) + whole
        return [(parts, whole)]
    return []


def state_check(task: Task, group: Group, figures: list[Figure], whole: Figure) -> Answer | None:
    """The parts added up, then what is printed for the whole, and how far they are apart."""
    assert whole.value is not None
    answer = state_sum(task, figures, f"{group.body}{group.year or ''}年合计")
    total = sum((convert(f.value or Decimal(0), f.unit, whole.unit) or Decimal(0) for f in figures), Decimal(0))
    gap = whole.value - total
    value = task.draft.state(whole)
    task.draft.figures.insert(1, task.draft.figures.pop())  # the sum and what is printed for it, then the parts
    rounding = gap and abs(gap) <= Decimal("0.01") * len(figures)
    verdict = "相等" if not gap else f"相差{format_amount(abs(gap), whole.unit)}，{'属尾数误差' if rounding else '两者不等'}"
    task.draft.lines.insert(0, f"{'相等' if not gap else '基本相等' if rounding else '不相等'}：")
    task.draft.say(f"表中{quoted(task.draft.label(whole))}为{value}，{verdict}。")
    return task.draft.answered() if answer else None


def state_sum(task: Task, figures: list[Figure], label: str) -> Answer:
    unit = figures[0].unit
    total = sum((convert(f.value or Decimal(0), f.unit, unit) or Decimal(0) for f in figures), Decimal(0))
    formula = " + ".join(format_value(f.value or Decimal(0)) for f in figures)
    shown = to_unit(total, unit, task.q.unit) if task.q.unit and task.q.unit != unit else None
    if shown is not None and task.q.unit:
        text = (
            task.draft.computed(shown, task.q.unit, label, f"({formula}){unit} → {task.q.unit}", figures)
            + f"（{format_amount(total, unit)}）"
        )
    else:
        text = task.draft.computed(total, unit, label, formula, figures)
    names = [task.draft.item(f) or f.org for f in figures]
    if len(set(names)) < len(names):
        names = [task.draft.label(f) for f in figures]
    listed = "、".join(f"{name}{task.draft.state(f)}" for name, f in zip(names, figures, strict=True))
    task.draft.say(f"{text}——{listed}，相加得出（{formula}）。")
    return task.draft.answered()


def answer_average(task: Task) -> Answer | None:
    """Money ÷ count: 平均一辆车一年运维费."""
    for group in pick_groups(task)[:1]:
        reading = task.read(group)
        if reading and reading.sure and "均" in labels_of(reading.figure):  # the average itself is printed
            value = task.draft.state(reading.figure, task.q.unit)
            task.draft.say(f"{value}——{group.label}{quoted(task.draft.item(reading.figure))}，见{task.where(reading.figure)}。")
            return task.draft.answered()
        if EACH_MONTH.search(task.q.text):
            return None  # 每人每月多少 asks for a rate that is printed or not
        if re.search(r"每个?月|月均|一个月", task.q.text):
            return average_month(task, group)
        counter = re.search(r"每一?(批次|人次|辆|人|家|个|台|名|批|次)", task.q.text) or re.search(
            r"一(批次|人次|辆|人|家|个|台|名|批|次)|(人次|人|辆|批次)均", task.q.text
        )
        unit = next((g for g in counter.groups() if g), "") if counter else ""
        text = re.sub(r"[,，]?按[^,，]{1,12}?(?=平均|人均|每)", "", task.q.text)
        text = re.sub(r"(?:大约|大概|约)?(?:要)?(?:花费?|用|支出|合|折)?了?(?:多少|几)(?:个)?(?:万元|元|块钱|块|钱)?", "", text)
        text = re.sub(
            r"[(（]每?(?:批次|人次|[辆人家个台名批次])[)）]|平均|每(?:批次|人次|[辆人家个台名批次])|一辆车?|一年|人次均|人均|辆均|批次均",
            "",
            text,
        )
        money = read_one(task, group, text, Want(unit_kind="money"))
        if not money or money.figure.value is None:
            return None
        counts = read_counts(task, group, unit, money.figure)
        total = sum((f.value or Decimal(0) for f in counts), Decimal(0))
        if not total or money.figure.unit not in MONEY:
            return None
        a = money.figure
        assert a.value is not None
        wanted = task.q.unit if task.q.unit and convert(a.value, a.unit, task.q.unit) is not None else a.unit
        amount = convert(a.value, a.unit, wanted) or a.value
        result = round_half_up(amount / total, 2)
        divisor = printed(counts[0]) if len(counts) == 1 else f"({' + '.join(map(printed, counts))})"
        formula = f"{format_value(amount)}{wanted} ÷ {divisor}"
        value = task.draft.computed(result, wanted, f"平均每{unit}", formula, (a, *counts))
        listed = "、".join(f"{task.draft.item(f)}{task.draft.state(f)}" for f in counts)
        task.draft.say(f"平均每{unit}{value}——{task.draft.item(a)}{task.draft.state(a)}，{listed}，{formula}。")
        task.draft.note("rounding", "平均数四舍五入保留两位小数。")
        return task.draft.answered()
    return None


def average_month(task: Task, group: Group) -> Answer | None:
    """A year's amount ÷ 12."""
    reading = read_one(task, group, re.sub(r"平均|每个?月|月均|一个月|到", "", task.q.text), Want(unit_kind="money"))
    if reading is None or reading.figure.value is None:
        return None
    figure = reading.figure
    assert figure.value is not None
    formula = f"{printed(figure)} ÷ 12"
    text = task.draft.computed(round_half_up(figure.value / 12, 2), figure.unit, "平均每月", formula, (figure,))
    task.draft.say(f"平均每月{text}——{group.body}{group.year or ''}年{task.draft.label(figure)}{task.draft.state(figure)}，{formula}。")
    task.draft.note("rounding", "平均数四舍五入保留两位小数；按12个月平均，文件没有分月数。")
    return task.draft.answered()


def read_counts(task: Task, group: Group, unit: str, money: Figure) -> list[Figure]:
    """The number of things the average is over (20辆): of the money's own sentence, row or item, or of vehicles and staff.

    按总人数 adds all that the money's own place counts; 按巡护员 is never answered with the whole staff.
    """
    if not unit:
        return []
    basis = BASIS.search(task.q.text)
    named = basis.group(1) if basis else ""
    people = unit == "人"
    guests = unit in ("人次", "批次", "批") and "接待" in task.q.text
    bought = "购置" in core("".join((*money.row_path[-1:], *money.col_path)))  # what was bought is divided by what was bought
    things = r"车" if unit in ("辆", "台") and "车" in task.q.text else r"接待|来访|来宾" if guests else r"$^"
    general = re.compile(r"在职|编制|实有|职工" if people else things)
    item = core("".join(money.row_path[-1:]))
    own: list[Figure] = []
    best: list[tuple[int, Figure]] = []
    for view in task.library.views([group]):
        for f in view.figures:
            label = core("".join(f.row_path[-2:]))
            if f.measure is not Measure.COUNT or not counts_in(f.unit, unit) or not f.value:
                continue
            if BOUGHT.search(label) is None if bought else PLANNED.search(label):
                continue
            same_place = f.doc_id == money.doc_id and (f.table_id, f.row) == (money.table_id, money.row)
            own += [f] if same_place else []
            shared = longest_shared(item, label)
            if (named and longest_shared(core(named), label) < 2) or not (same_place or shared > 2 or general.search(label)):
                continue
            best.append((-(2 * same_place + (shared if shared > 2 else 0) + (f.unit == unit)), f))
    if basis and not named:
        return own
    return [min(best, key=lambda found: found[0])[1]] if best else []


def longest_shared(one: str, other: str) -> int:
    """Length of the longest piece, up to four characters, that both say."""
    return max((n for n in range(2, 5) for i in range(len(one) - n + 1) if one[i : i + n] in other), default=0)
