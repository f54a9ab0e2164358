"""Side by side: bodies, years, kinds of documents or items, as a small table with the difference."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from assistant.bodies import LOCAL
from assistant.catalog import PLAIN_COLUMN
from assistant.changes import direction_word, read_change, state_difference, state_previous
from assistant.completion import against_budget
from assistant.domain import Answer
from assistant.draft import printed, quoted
from assistant.flat import core
from assistant.items import COLUMN_SAID, COLUMN_WORD, pick_groups, read_one, row_columns, split_items, without_bodies
from assistant.lookup import AMOUNTS
from assistant.reading import Reading, change_of, part_ask
from assistant.scope import Group
from assistant.shares import compare_shares
from assistant.statements import ask_back
from assistant.sums import state_sum
from assistant.task import Task
from assistant.units import view_units
from index.amounts import convert, format_value, round_half_up
from index.domain import Figure, Measure

SUMMED = re.compile(r"一共|总共|合计|加起来|之和")
NUMBER = re.compile(r"^\d+")
TIMES = re.compile(r"([^,，。?？]{2,}?)(?:是|相当于)([^,，。?？]{2,}?)的?(?:几|多少)倍")
TOTAL = re.compile(r"总|合计|全部|收入|支出")
KIND_OF_BODY = re.compile(r"(?:哪|两|三|几|各)(?:一|几)?个?(局|委|厅|院|街道|镇|乡|学校|医院|中心)")
BODY_ENDS = {"委": ("委员会",), "街道": ("街道办事处",), "镇": ("镇人民政府",), "乡": ("乡人民政府",), "学校": ("学校", "小学", "中学")}
EACH_CHANGE = re.compile(r"都是[增减]|变动|增减|[涨升增]一个[跌降减]|幅")
CHANGE_ALONE = re.compile(r"变动多少|增减多少|幅")  # never answered with the amounts themselves
BOTH_BODIES = re.compile(r"[两二]个?(?:家|局|委|厅|院|单位|部门|区|街道)")
DOCUMENT_KIND = re.compile(r"(?<=\d)年?度?的?(?:部门|单位)?(?:预算|决算)(?!数)(?=[^和与、]{2})")


def answer_compare(task: Task) -> Answer | None:
    """The same item of several bodies or years, as a small table, with the difference of two."""
    if (
        task.q.wants_change
        and len(task.q.years) < 2
        and len({m.bodies for m in task.q.named.mentions}) < 2
        and not re.search(r"谁|哪个|差多少|相差|各是?多少|各变动|分别|对比|高|怎么变|都是", task.q.text)
    ):
        return None
    groups = of_that_kind(task, pick_groups(task))
    if more_than_counted(task, groups):
        readings = [(g, r) for g in groups if (r := task.read(g)) is not None and r.sure]
        return ask_back(task, readings, "库中不止两家有这一项，您问的是哪两家？") if len(readings) > 2 else None
    if len(groups) >= 2:
        if re.search(r"占比|占.*比|百分之", task.q.text):
            return compare_shares(task, groups)
        if EACH_CHANGE.search(task.q.text):
            done = compare_changes(task, groups)
            if done or CHANGE_ALONE.search(task.q.text) or not re.search(r"多少(?!百分)|分别|各是", task.q.text):
                return done
        readings = [(g, r) for g in groups if (r := task.read(g)) is not None and r.sure]
        readings = align(readings)
        if len(readings) >= 2:
            if SUMMED.search(task.q.text) and len({g.body for g, _ in readings}) == 1:
                return state_sum(task, [r.figure for _, r in readings], f"{groups[0].body}各年合计")
            state_side_by_side(task, readings)
            return task.draft.answered()
    if len(task.q.units.labels) > 1 and len({g.body for g in groups}) == 1:
        return compare_units(task, groups)
    if len({g.body for g in groups}) == 1:
        if len(task.q.years) > 1 or -1 in task.q.relative or (task.q.wants_change and "减去" not in task.q.text):
            return compare_years(task, groups)
        return compare_items(task, groups)
    return None


def of_that_kind(task: Task, groups: list[Group]) -> list[Group]:
    """哪个局 is asked of offices that are called 局, where the question names no body itself."""
    found = None if task.scope.named else KIND_OF_BODY.search(task.q.text)
    kept = [g for g in groups if found and LOCAL.sub("", g.body).endswith(BODY_ENDS.get(found.group(1), (found.group(1),)))]
    return kept or groups


def more_than_counted(task: Task, groups: list[Group]) -> bool:
    """两家, where more than two bodies of the store may be meant."""
    return not task.scope.named and bool(BOTH_BODIES.search(task.q.text)) and len({g.body for g in groups}) > 2


def compare_units(task: Task, groups: list[Group]) -> Answer | None:
    """The same item of several units of one department."""
    units: dict[str, set[str]] = {}  # with and without its number (301003 某中心), a unit is one
    for label in sorted(task.q.units.labels, key=lambda u: (task.q.text.find(u[-4:]), u)):
        units.setdefault(NUMBER.sub("", label), set()).add(label)
    for group in groups:
        found = []
        for name, labels in units.items():
            reading = task.read(group, want=replace(task.want(), units=frozenset(labels)))
            if reading and reading.sure:
                found.append((replace(group, body=NUMBER.sub("", unit_name(reading.figure, name))), reading))
        if len(found) == len(units):
            state_side_by_side(task, align(found))
            return task.draft.answered()
    return None


def unit_name(figure: Figure, label: str) -> str:
    return next((p for p in figure.row_path if NUMBER.sub("", core(p)) == label), label)


def compare_items(task: Task, groups: list[Group]) -> Answer | None:
    """Several items of one body: each with its value (基本支出和项目支出各多少), two of them with their difference or quotient."""
    if columns := named_columns(task, groups):
        return state_columns(task, *columns)
    for group in groups:
        text = re.sub(
            r"各(?:自|要)?(?:花费?|用|是|有|支出|安排|列支?|预算|决算)?了?(?:多少|几).*|分别.*|各是.*|哪个.*|谁.*|多多少.*|少多少.*|差了?多[少大].*|几倍.*",
            "",
            task.q.text,
        )
        lead, _, items = text.rpartition(",")
        if times := TIMES.search(task.q.text):  # 农村低保是城市低保的几倍
            lead, pieces = "", [times.group(1), times.group(2)]
        else:
            pieces = split_items(task, group, items)
        if any(not part_ask(task.library, p).content and not TOTAL.search(p) for p in pieces):
            continue  # 比预算少多少 names no second item
        readings = [read_one(task, group, lead + p) for p in pieces]
        figures = [r.figure for r in readings if r]
        if len(pieces) < 2 or len(figures) < len(pieces) or len({f.id for f in figures}) < len(figures):
            continue
        return state_columns(task, group, figures)
    return None


def answer_columns(task: Task) -> Answer | None:
    """Several columns of one item in a plain question: 一般公共预算拨款多少、结转多少."""
    if not re.search(r"多少.*多少|各(?:占|是|有|花)?多少|分别", task.q.text) or len({g.body for g in task.scope.groups}) > 1:
        return None
    columns = named_columns(task, pick_groups(task))
    return state_columns(task, *columns) if columns else None


def named_columns(task: Task, groups: list[Group]) -> tuple[Group, list[Figure]] | None:
    """Several columns of one item (年初预算数和决算数各多少, 差多少): the figures of its row."""
    text = re.sub(r"基本(?:支出)?([和与、跟])项目(?:支出)?(?=各|分别|多少|$)", r"基本支出\1项目支出", DOCUMENT_KIND.sub("", task.q.text))
    names = list({COLUMN_SAID.sub("", m.group()): m.group() for m in COLUMN_WORD.finditer(text)}.values())
    beside = [n for n in names if re.search(r"预算数?$|决算", n) and not re.search(r"公共|基金|经营", n)]
    if len(beside) == 2 and "决算" in "".join(beside):  # 一般公共预算财政拨款支出的年初预算和决算: the fund is the item
        names = beside
    if len(names) < 2:
        return None
    item = text
    for name in sorted(names, key=len, reverse=True):
        item = item.replace(name, "")
    item = re.sub(r"各(?:是|为)?多少.*|分别.*|相?差.*|多少", "", item)
    item = re.sub(r"[和与、跟,，]+$|[和与、跟](?=[的])", "", item)
    if not part_ask(task.library, item).content:
        return None
    for group in groups:
        reading = read_one(task, group, item)
        figures = row_columns(task, reading, names) if reading else []
        if figures:
            return group, figures
    return None


def state_columns(task: Task, group: Group, figures: list[Figure]) -> Answer:
    """Each figure with its place; two that are to be compared with what lies between them."""
    if len(figures) == 2 and re.search(r"比|减|差|[多少](?:花了?)?多少|谁|哪个|几倍", task.q.text):
        state_two(task, group, figures[0], figures[1])
        return task.draft.answered()
    for figure, label in zip(figures, task.draft.labels(figures), strict=True):
        value = task.draft.state(figure, task.q.unit, label)
        task.draft.say(f"- {label}：{value}（{task.where(figure)}）")
    return task.draft.answered()


def state_two(task: Task, group: Group, a: Figure, b: Figure) -> None:
    """Two items of one body and what lies between them."""
    other = convert(b.value or Decimal(0), b.unit, a.unit)
    if a.value is None or other is None:
        return
    gap = a.value - other
    high, low = (a, b) if gap >= 0 else (b, a)
    formula = f"{format_value(max(a.value, other))} − {format_value(min(a.value, other))}"
    text = task.draft.computed(abs(gap), a.unit, "差额", formula, (high, low))
    labels = task.draft.labels((a, b))
    listed = "，".join(f"{label}{task.draft.state(f, None, label)}" for f, label in zip((a, b), labels, strict=True))
    names = [task.draft.item(f) or task.draft.label(f) for f in (high, low)]
    if names[0] == names[1]:
        names = [labels[f is b] for f in (high, low)]
    task.draft.say(f"{names[0]}比{names[1]}多{text}（{formula}）——{group.body}：{listed}。")
    if "几倍" in task.q.text and other:
        times = round_half_up(a.value / other, 2)
        quotient = f"{format_value(a.value)} ÷ {format_value(other)}"
        task.draft.say(f"前者是后者的{task.draft.computed(times, '倍', '倍数', quotient, (a, b))}（{quotient}）。")
        task.draft.figures.insert(0, task.draft.figures.pop())


def align(readings: list[tuple[Group, Reading]]) -> list[tuple[Group, Reading]]:
    """All sides must mean the same item: the label and column of the best reading, where the others have them, too."""
    if not readings:
        return readings
    best = max(readings, key=lambda gr: gr[1].score)[1].figure
    out = []
    for group, reading in readings:
        peer = next((f for f in (reading.figure, *reading.rivals, *reading.same) if same_place(f, best)), None)
        out.append((group, replace(reading, figure=peer) if peer else reading))
    return out


def same_place(a: Figure, b: Figure) -> bool:
    return [core(p) for p in a.row_path[-1:]] == [core(p) for p in b.row_path[-1:]] and [core(p) for p in a.col_path[-1:]] == [
        core(p) for p in b.col_path[-1:]
    ]


def state_side_by_side(task: Task, readings: list[tuple[Group, Reading]]) -> None:
    sides = [(g, r.figure) for g, r in readings]
    ranked = (
        len(sides) > 2
        and all(f.value is not None for _, f in sides)
        and bool(re.search(r"高|排|大|最|谁|哪", without_bodies(task, task.q.text)))
    )
    if ranked:  # before they are stated: sources are numbered from the top
        sides.sort(key=lambda side: size_of(side[1]), reverse=not task.q.ascending)
    rows = [(g, f, task.draft.state(f, task.q.unit, f"{g.label} · {task.draft.label(f)}")) for g, f in sides]
    if ranked and size_of(rows[0][1]) != size_of(rows[1][1]):
        name = f"{rows[0][1].year or rows[0][0].year}年" if len({g.body for g, *_ in rows}) == 1 else rows[0][0].body
        task.draft.say(f"{'最少' if task.q.ascending else '最多'}的是{name}，{rows[0][2]}。")
    if not task.q.years and len({f.year or g.year for g, f, _ in rows}) > 1 and len({g.body for g, *_ in rows}) > 1:
        task.draft.note("assumption", "各份文件的年份不同。")
    if len(rows) == 2:
        state_gap(task, rows[0][0], rows[0][1], rows[1][0], rows[1][1])
    table = ["| 单位 | 年份 | 项目 | 数额 | 出处 |", "|---|---|---|---|---|"]
    for group, figure, value in rows:
        name = group.label if len({g.kind for g, _, _ in rows}) > 1 else group.body
        table.append(f"| {name} | {figure.year or group.year} | {item_told(task, figure)} | {value} | {task.where(figure)} |")
    task.draft.say("\n".join(table))


def item_told(task: Task, figure: Figure) -> str:
    """The item, with the column of a row of totals (支出总计 · 公用经费)."""
    item, column = task.draft.item(figure), core(figure.col_path[-1]) if figure.col_path else ""
    view, row = task.draft.views[figure.doc_id], figure.row_path[-1] if figure.row_path else ""
    if column and core(row) in view_units(view):
        return column  # the row is the unit itself
    own = view.is_total(row) if row else False
    return f"{item} · {column}" if own and column and column != core(item) and not PLAIN_COLUMN.search(column) else item or "合计"


def size_of(figure: Figure) -> Decimal:
    """In yuan where it is money, else in its own unit."""
    value = figure.value or Decimal(0)
    return convert(value, figure.unit, "元") or value


def state_gap(task: Task, ga: Group, a: Figure, gb: Group, b: Figure) -> None:
    """Who has more, and by how much."""
    assert a.value is not None and b.value is not None
    other = convert(b.value, b.unit, a.unit)
    if other is None:
        return
    gap = a.value - other

    def name(g: Group) -> str:
        return g.body if ga.body != gb.body else f"{g.year}年" if ga.year != gb.year else str(g.kind)

    if gap == 0:
        task.draft.say(f"两者相同，都是{printed(a)}。")
        return
    if "倍" in task.q.text and other:
        quotient = f"{format_value(a.value)} ÷ {format_value(other)}"
        times = task.draft.computed(round_half_up(a.value / other, 2), "倍", "倍数", quotient, (a, b))
        task.draft.say(f"{name(ga)}是{name(gb)}的{times}（{quotient}）。")
    high, low = (ga, gb) if gap > 0 else (gb, ga)
    x, y = (a, b) if gap > 0 else (b, a)
    formula = f"{format_value(max(a.value, other))} − {format_value(min(a.value, other))}"
    text = task.draft.computed(abs(gap), a.unit, "差额", formula, (x, y))
    task.draft.say(f"{name(high)}更多，比{name(low)}多{text}（{formula}）。")


def compare_changes(task: Task, groups: list[Group]) -> Answer | None:
    """Both sides' value and stated change."""
    found = [(g, r) for g in groups if (r := read_change(task, g)) is not None]
    if len(found) < 2:
        return None
    lines, words = [], []
    for group, reading in found:
        amounts = [] if task.q.wants_rate else change_of(task.library, group, reading.figure, AMOUNTS)
        value = task.draft.state(amounts[0], None, f"{group.label} · {task.draft.label(amounts[0])}") if amounts else ""
        lines.append((group, reading, value))
    for group, reading, value in lines:
        related = [f for f in change_of(task.library, group, reading.figure) if f.value is not None] or [reading.figure]
        related.sort(key=lambda f: task.q.wants_rate and f.measure is not Measure.RATE)  # what is asked comes first
        text = "，".join([*([value] if value else []), *(f"{direction_word(f)}{task.draft.state(f)}" for f in related)])
        words.append(f"- {group.body}{group.year or ''}年{task.draft.item(reading.figure)}{text}（{task.where(reading.figure)}）")
    directions = {r.figure.direction for _, r in found}
    head = "不是同向变动：" if len(directions) > 1 else ""
    task.draft.say(head + "\n" + "\n".join(words))
    return task.draft.answered()


def compare_years(task: Task, groups: list[Group]) -> Answer | None:
    """Two and more years of one body: from one table by years, from several documents, or computed from the change."""
    years = sorted(set(task.q.years))
    if len(years) < 2 and len(groups) == 1 and groups[0].year:
        years = [groups[0].year - 1, groups[0].year]
    if len(years) < 2 or not groups:
        return None
    if len(set(task.q.years)) < 2 and against_budget(task, groups[0]):
        return None
    body = groups[0].body
    found: list[tuple[Group, Reading]] = []
    for year in years:
        own = [g for g in task.library.groups if g.body == body and g.year in (year, year + 1) and g.kind == groups[0].kind]
        own = own or [g for g in groups if year in task.library.planned_years(g)]
        for group in sorted(own, key=lambda g: g.year != year):
            reading = task.read(group, want=replace(task.want(), years=frozenset({year})))
            if reading and reading.sure and reading.figure.year in (year, None):
                found.append((group, reading))
                break
    found = same_row(task, same_table(align(found)), years)
    if len(found) == len(years) == 2:
        state_difference(task, found[0][0], found[0][1].figure, found[1][1].figure)
        state_parts(task, found[0][1].figure, found[1][1].figure)
        return task.draft.answered()
    if len(found) >= 2:
        state_side_by_side(task, found)
        return task.draft.answered()
    return previous_beside(task, groups, years)


def same_table(found: list[tuple[Group, Reading]]) -> list[tuple[Group, Reading]]:
    """Prefer the places of one table for all years (表9 has both), so that their columns can be compared."""
    places = [{(f.table_id, f.col_path): f for f in (*reversed(r.same), r.figure) if f.table_id} for _, r in found]
    common = set.intersection(*map(set, places)) if places else set()
    if not common:
        return found
    first = min(common, key=lambda key: (not any(r.figure is p[key] for (_, r), p in zip(found, places, strict=True)), key))
    return [(g, replace(r, figure=p[first])) for (g, r), p in zip(found, places, strict=True)]


def same_row(task: Task, found: list[tuple[Group, Reading]], years: list[int]) -> list[tuple[Group, Reading]]:
    """Where one table prints both years of a row side by side, both are taken from there, not one of them from elsewhere."""
    if len(found) != 2 or len(years) != 2 or found[0][1].figure.table_id == found[1][1].figure.table_id:
        return found
    for at, other in ((0, 1), (1, 0)):
        f = found[at][1].figure
        row = [c for c in task.library.view(f.doc_id).figures if f.table_id and (c.table_id, c.row) == (f.table_id, f.row)]
        alike = (
            c
            for c in row
            if c.value is not None
            and (c.unit, c.measure) == (f.unit, f.measure)
            and (c.col_path[1:] == f.col_path[1:] or (len(f.col_path) == 1 and re.search(r"[合总小]计$", c.col_path[-1])))
        )
        beside = (c for c in alike if c.year == years[other])
        if (peer := next(beside, None)) is not None and f.year == years[at]:
            pair = [found[at], (found[other][0], replace(found[other][1], figure=peer))]
            return pair if at == 0 else pair[::-1]
    return found


def state_parts(task: Task, before: Figure, now: Figure) -> None:
    """Which parts moved: columns of the same row whose two years differ."""
    if before.table_id is None or before.table_id != now.table_id or not re.search(r"哪|部分|一块|项", task.q.text):
        return
    view = task.draft.views[now.doc_id]
    cells = {(f.row, f.col): f for f in view.figures if f.table_id == now.table_id}
    moved = []
    for (row, col), f in sorted(cells.items(), key=lambda kv: kv[0][1] or 0):
        earlier = cells.get((before.row, col))
        if row == now.row and earlier and f.value is not None and earlier.value is not None and f.value != earlier.value and col != now.col:
            moved.append(f"{'·'.join(f.col_path)}由{printed(earlier)}变为{printed(f)}[{task.draft.cite(f)}]")
    if moved:
        task.draft.say("变动的部分：" + "；".join(moved) + "。")


def previous_beside(task: Task, groups: list[Group], years: list[int]) -> Answer | None:
    """This year's printed figure and last year's, computed from the stated change."""
    for group in groups:
        if group.year not in years:
            continue
        now = task.read(group, want=replace(task.want(), years=frozenset()))
        change = read_change(task, group)
        if now and now.sure and change and change.figure.measure is Measure.CHANGE and change.figure.value is not None:
            if re.search(r"差|变|增|减|多|少了", task.q.text):
                stated = f"{direction_word(change.figure)}{task.draft.state(change.figure)}"
                task.draft.say(
                    f"{stated}——{group.body}{quoted(task.draft.item(change.figure))}{group.year}年较上年，见{task.where(change.figure)}。"
                )
            value = task.draft.state(now.figure)
            task.draft.say(f"{group.year}年{quoted(task.draft.item(now.figure))}为{value}（{task.where(now.figure)}）。")
            state_previous(task, group, now.figure, change.figure)
            return task.draft.answered()
    return None
