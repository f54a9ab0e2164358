"""Answers that are computed: bodies or years side by side, shares, sums, averages. Every operand is cited."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from assistant.domain import Answer
from assistant.draft import figure_label, printed, quoted
from assistant.flat import core, flat
from assistant.items import FILLER, split_items
from assistant.lookup import AMOUNTS, Want
from assistant.lookups import answer_change, direction_word, read_change, state_difference, state_previous
from assistant.match import Ask, match_label
from assistant.passages import view_passages
from assistant.reading import Reading, change_of, part_ask, read_figure
from assistant.scope import Group
from assistant.task import Task
from index.amounts import MONEY, convert, format_amount, format_value, round_half_up, to_unit
from index.domain import Figure, Measure, Origin

EQUALS = re.compile(r"(?:是不是|是否|能不能)?(?:等于|等不等于)")
SHARE_OF = re.compile(r"占(?!比)(?:了|到)?(?:它|其|该)?(.*?)(?:的)?(?:百分之(?:几|多少)|比[例重列]|多大比[例重]|几成|多少%?|百分比|$)")
PERCENT_IS = re.compile(r"^(.*?)(?:里|中)?有?百分之(?:几|多少)是(.*?)(?:出的|的|$)")
SHARE_WITHIN = re.compile(r"^(.*?)(?:中|里面?|内)[,，]?(.*?)(?:的)?(?:所占比[例重]|占比|占比[例重]|比[例重列]|占百分|占多大|占几成)")
NEW = re.compile(r"新增项目|为新增|新增的|基数为\s*0")


# ---------------------------------------------------------------- side by side


def answer_compare(task: Task) -> Answer | None:
    """The same item of several bodies or years, as a small table, with the difference of two."""
    if (
        task.q.wants_change
        and len(task.q.years) < 2
        and len(task.q.named.mentions) < 2
        and not re.search(r"谁|哪个|差多少|相差|各是?多少|各变动|分别|对比|高|怎么变|都是", task.q.text)
    ):
        return None
    groups = pick_groups(task)
    if len(groups) >= 2:
        if re.search(r"占比|占.*比|百分之", task.q.text):
            return compare_shares(task, groups)
        if re.search(r"都是[增减]|变动|增减", task.q.text):
            done = compare_changes(task, groups)
            if done or not re.search(r"多少(?!百分)|分别|各是", task.q.text) or re.search(r"变动多少|增减多少", task.q.text):
                return done
        readings = [(g, r) for g in groups if (r := task.read(g)) is not None and r.sure]
        readings = align(readings)
        if len(readings) >= 2:
            state_side_by_side(task, readings)
            return task.draft.answered()
    if len({g.body for g in groups}) == 1:
        if len(task.q.years) > 1 or -1 in task.q.relative or (task.q.wants_change and "减去" not in task.q.text):
            return compare_years(task, groups)
        return compare_items(task, groups)
    return None


def compare_items(task: Task, groups: list[Group]) -> Answer | None:
    """Several items of one body: each with its value (基本支出和项目支出各多少), two of them with their difference or quotient."""
    for group in groups:
        text = re.sub(r"各多少.*|分别.*|各是.*|哪个.*|谁.*|多多少.*|少多少.*|差多少.*|几倍.*", "", task.q.text)
        lead, _, items = text.rpartition(",")
        pieces = split_items(task, group, items)
        readings = [read_one(task, group, lead + p) for p in pieces]
        figures = [r.figure for r in readings if r]
        if len(pieces) < 2 or len(figures) < len(pieces) or len({f.id for f in figures}) < len(figures):
            continue
        if len(figures) == 2 and re.search(r"比|减|差|多多少|少多少|谁|哪个|几倍", task.q.text):
            state_two(task, group, figures[0], figures[1])
            return task.draft.answered()
        for piece, figure in zip(pieces, figures, strict=True):
            value = task.draft.state(figure, task.q.unit)
            task.draft.say(f"- {figure_label(figure) or piece}：{value}（{task.where(figure)}）")
        return task.draft.answered()
    return None


def state_two(task: Task, group: Group, a: Figure, b: Figure) -> None:
    """Two items of one body and what lies between them."""
    other = convert(b.value or Decimal(0), b.unit, a.unit)
    if a.value is None or other is None:
        return
    gap = a.value - other
    high, low = (a, b) if gap >= 0 else (b, a)
    formula = f"{format_value(max(a.value, other))} − {format_value(min(a.value, other))}"
    text = task.draft.computed(abs(gap), a.unit, "差额", formula, (high, low))
    listed = "，".join(f"{figure_label(f)}{task.draft.state(f)}" for f in (a, b))
    names = [task.draft.item(f) or figure_label(f) for f in (high, low)]
    task.draft.say(f"{names[0]}比{names[1]}多{text}（{formula}）——{group.body}：{listed}。")
    if "几倍" in task.q.text and other:
        times = round_half_up(a.value / other, 2)
        quotient = f"{format_value(a.value)} ÷ {format_value(other)}"
        task.draft.say(f"前者是后者的{task.draft.computed(times, '倍', '倍数', quotient, (a, b))}（{quotient}）。")
        task.draft.figures.insert(0, task.draft.figures.pop())


def pick_groups(task: Task) -> list[Group]:
    """One group a body (its year named or the latest common one) or one a year of a single body."""
    groups = list(task.scope.groups)
    years = task.q.years
    bodies = list(dict.fromkeys(g.body for g in groups))
    if len(bodies) > 1 and len(years) < 2:
        common = set.intersection(*({g.year for g in groups if g.body == b} for b in bodies)) - {None}
        year = years[0] if years and years[0] in common else max((y for y in common if y), default=None)
        groups = [g for g in groups if year is None or g.year == year]
        first: dict[str, Group] = {}
        for g in groups:
            first.setdefault(g.body, g)
        return list(first.values())
    if years:
        return [g for g in groups if g.year in years]
    return groups


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
    rows = []
    for group, reading in readings:
        value = task.draft.state(reading.figure, task.q.unit, f"{group.label} · {figure_label(reading.figure)}")
        rows.append((group, reading.figure, value))
    if len(rows) == 2:
        state_gap(task, rows[0][0], rows[0][1], rows[1][0], rows[1][1])
    elif all(f.value is not None for _, f, _ in rows) and re.search(r"高|排|大|最|谁|哪", task.q.text):
        rows.sort(key=lambda r: -(convert(r[1].value or Decimal(0), r[1].unit, "元") or r[1].value or 0))
    table = ["| 单位 | 年份 | 项目 | 数额 | 出处 |", "|---|---|---|---|---|"]
    for group, figure, value in rows:
        table.append(
            f"| {group.body} | {figure.year or group.year} | {task.draft.item(figure) or '合计'} | {value} | {task.where(figure)} |"
        )
    task.draft.say("\n".join(table))


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
        amounts = change_of(task.library, group, reading.figure, AMOUNTS)
        value = task.draft.state(amounts[0], None, f"{group.label} · {figure_label(amounts[0])}") if amounts else ""
        lines.append((group, reading, value))
    for group, reading, value in lines:
        related = [f for f in change_of(task.library, group, reading.figure) if f.value is not None] or [reading.figure]
        text = "，".join(f"{direction_word(f)}{task.draft.state(f)}" for f in related)
        words.append(f"- {group.body}{group.year or ''}年{task.draft.item(reading.figure)}{value}，{text}（{task.where(reading.figure)}）")
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
    body = groups[0].body
    found: list[tuple[Group, Reading]] = []
    for year in years:
        own = [g for g in task.library.groups if g.body == body and g.year in (year, year + 1) and g.kind == groups[0].kind]
        for group in sorted(own, key=lambda g: g.year != year):
            reading = task.read(group, want=replace(task.want(), years=frozenset({year})))
            if reading and reading.sure and reading.figure.year in (year, None):
                found.append((group, reading))
                break
    found = same_table(align(found))
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
    tables = [{f.table_id for f in (r.figure, *r.same) if f.table_id} for _, r in found]
    common = set.intersection(*tables) if tables else set()
    if not common:
        return found
    table = sorted(common)[0]
    return [(g, replace(r, figure=next(f for f in (r.figure, *r.same) if f.table_id == table))) for g, r in found]


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
        if now and now.sure and change and change.figure.measure is Measure.CHANGE:
            value = task.draft.state(now.figure)
            task.draft.say(f"{group.year}年{quoted(task.draft.item(now.figure))}为{value}（{task.where(now.figure)}）。")
            state_previous(task, group, now.figure, change.figure)
            return task.draft.answered()
    return None


# ---------------------------------------------------------------- shares


def answer_ratio(task: Task) -> Answer | None:
    """A ratio with a name of its own (资产负债率): its two items, looked up and divided."""
    found = next(((name, parts) for name, parts in task.lexicon.ratios.items() if name in task.q.text), None)
    for group in pick_groups(task)[:1] if found else []:
        assert found
        name, parts = found
        rest = task.q.text.replace(name, "")
        readings = [read_one(task, group, rest + part) for part in parts]
        if all(readings):
            part, whole = (r.figure for r in readings if r)
            same = [f for r in readings[1:] if r for f in (r.figure, *r.rivals) if f.table_id == part.table_id and f.year == part.year]
            state_share(task, group, [part], same[0] if same else whole)
            return task.draft.answered()
    return None


def answer_share(task: Task) -> Answer | None:
    """Part ÷ whole in percent; both printed figures are cited. A share that the document states itself comes first."""
    groups = pick_groups(task)
    if len({g.body for g in groups}) > 1 and task.scope.named:
        return compare_shares(task, groups)
    for group in groups:
        stated = read_stated_share(task, group)
        if stated:
            value = task.draft.state(stated.figure)
            what = f"{group.body}{group.year or ''}年{quoted(task.draft.item(stated.figure))}{''.join(stated.figure.col_path)}"
            task.draft.say(f"{value}——{what}，见{task.where(stated.figure)}。")
            for f in change_of(task.library, group, stated.figure, AMOUNTS)[:1]:
                task.draft.say(f"数额为{task.draft.state(f)}。")
            return task.draft.answered()
        pair = read_share(task, group)
        if pair:
            state_share(task, group, *pair)
            return task.draft.answered()
    return None


def read_stated_share(task: Task, group: Group) -> Reading | None:
    reading = read_figure(
        task.library, group, task.ask, replace(task.want(), measures=frozenset({Measure.SHARE}), unit_kind=None, years=frozenset())
    )
    return reading if reading and reading.sure and reading.score > 2 else None


def split_share(text: str) -> list[tuple[str, str]]:
    """Ways to read part and whole out of the question."""
    out = []
    if found := PERCENT_IS.search(text):
        out.append((found.group(1) + found.group(2), found.group(1)))
    within = SHARE_WITHIN.search(text)
    if within and re.search(r"所占|占比", text):
        out.append((within.group(1) + within.group(2), within.group(1)))
    if (found := SHARE_OF.search(text)) and found.group(1):
        out.append((text[: found.start()], found.group(1)))
    if within:
        out.append((within.group(1) + within.group(2), within.group(1)))
    if found := re.search(r"^(.*?)的?(?:占比|占百分|比[例重列])", text):
        out.append((found.group(1), ""))
    return out


def read_share(task: Task, group: Group) -> tuple[list[Figure], Figure] | None:
    """The parts (usually one) and the whole; the whole is looked up in the part's own table first."""
    for part_text, whole_text in split_share(task.q.text):
        parts = read_parts(task, group, part_text)
        if not parts:
            continue
        whole = read_whole(task, group, whole_text, parts[0])
        if whole and whole.value and all(whole.value >= (p.value or 0) for p in parts) and whole.id not in {p.id for p in parts}:
            return parts, whole
    return None


def read_parts(task: Task, group: Group, text: str) -> list[Figure]:
    """One figure, or several where the text names several items or says 两个, 所有."""
    several = list_items(task, group, text)
    if len(several) > 1:
        return several
    reading = read_one(task, group, text)
    return [reading.figure] if reading else []


def read_one(task: Task, group: Group, text: str, want: Want | None = None) -> Reading | None:
    cleaned = FILLER.sub("", text)
    ask = part_ask(task.library, cleaned)
    want = want or Want(years=frozenset(y for y in task.scope.years if y != group.year), unit_kind="money")
    if not ask.content:
        full = part_ask(task.library, cleaned) if cleaned else ask
        reading = read_figure(task.library, group, full, want) if full.light else None
        if reading and reading.score >= 1.0 and full.weight(reading.covered) >= 0.7 * full.weight(full.light):
            return reading
        if not cleaned or re.search(r"总|全部|支出|预算", cleaned):
            return task.read_total(group, want)
        return None
    reading = read_figure(task.library, group, ask, want)
    return reading if reading and reading.sure else None


def read_whole(task: Task, group: Group, text: str, part: Figure) -> Figure | None:
    """The whole of a share: what the text names, in the part's own table where it stands there, too; else the part's total."""
    if re.sub(r"[的它其该]", "", FILLER.sub("", text)).strip():
        reading = read_one(task, group, text)
        if reading is None:
            return None
        same = [f for f in (reading.figure, *reading.same) if f.table_id == part.table_id and f.row == part.row]
        same = same or [f for f in (reading.figure, *reading.same) if f.table_id == part.table_id]
        return same[0] if same else reading.figure
    return default_whole(task, part)


def default_whole(task: Task, part: Figure) -> Figure | None:
    """小计 or 总计 of the part's own column group, the total row of its column, or the item that its sentence divides."""
    view = task.library.view(part.doc_id)
    if part.origin is Origin.PROSE:
        return next(
            (
                f
                for f in view.figures
                if f.row == part.row and f.table_id is None and f.row_path == part.row_path[:-1] and f.unit == part.unit
            ),
            None,
        )
    beside = [f for f in view.figures if f.table_id == part.table_id and f.row == part.row and f.col != part.col and f.value is not None]
    for depth in range(len(part.col_path) - 1, -1, -1):
        outer = part.col_path[:depth]
        for f in beside:
            if f.col_path[:depth] == outer and len(f.col_path) == depth + 1 and re.search(r"小计|合计|总计", f.col_path[-1]):
                return f
    above = [f for f in view.figures if f.table_id == part.table_id and f.col == part.col and f.row != part.row and f.row_path]
    return next((f for f in above if view.is_total(f.row_path[-1])), None)


def state_share(task: Task, group: Group, parts: list[Figure], whole: Figure) -> None:
    assert whole.value
    total = sum((convert(p.value or Decimal(0), p.unit, whole.unit) or Decimal(0) for p in parts), Decimal(0))
    share = round_half_up(total / whole.value * 100, 2)
    top = (
        format_value(parts[0].value or Decimal(0))
        if len(parts) == 1
        else "(" + " + ".join(format_value(p.value or Decimal(0)) for p in parts) + ")"
    )
    formula = f"{top} ÷ {format_value(whole.value)}"
    names = "、".join(task.draft.item(p) or figure_label(p) for p in parts)
    text = task.draft.computed(share, "%", f"{names}占{task.draft.item(whole) or figure_label(whole)}", formula, (*parts, whole))
    marks = "".join(f"[{task.draft.cite(f)}]" for f in (*parts, whole))
    listed = "、".join(f"{figure_label(p)}{task.draft.state(p)}" for p in parts)
    task.draft.say(
        f"{text}——{group.body}{group.year or ''}年：{listed}，占{figure_label(whole)}{task.draft.state(whole)}；{formula}{marks}。"
    )
    task.draft.note("rounding", "百分比四舍五入保留两位小数。")


def compare_shares(task: Task, groups: list[Group]) -> Answer | None:
    found = [(g, pair) for g in groups if (pair := read_share(task, g))]
    if len(found) < 2:
        return None
    rows = []
    for group, (parts, whole) in found:
        assert whole.value
        value = sum((p.value or Decimal(0) for p in parts), Decimal(0))
        share = round_half_up(value / whole.value * 100, 2)
        formula = f"{format_value(value)} ÷ {format_value(whole.value)}"
        text = task.draft.computed(share, "%", f"{group.body} 占比", formula, (*parts, whole))
        rows.append((share, group, text, formula))
    for _, group, text, formula in rows:
        task.draft.say(f"- {group.body}：{text}（{formula}）")
    task.draft.say(f"{max(rows, key=lambda r: r[0])[1].body}更高。")
    task.draft.note("rounding", "百分比四舍五入保留两位小数。")
    return task.draft.answered()


# ---------------------------------------------------------------- sums and averages


def list_items(task: Task, group: Group, text: str) -> list[Figure]:
    """Several named items (离休费和退休费) or all items of a table whose label holds a phrase (两个…专项资金, 所有“通用项目”)."""
    if re.search(r"所有|全部|[两三四各几]个", text) and not re.search(r"和|、|与", text):
        return all_rows(task, group, part_ask(task.library, re.sub(r"所有|全部|[两三四各几]个|新增的?", "", FILLER.sub("", text))))
    pieces = split_items(task, group, text)
    readings = [read_one(task, group, p) for p in pieces]
    figures = [r.figure for r in readings if r]
    return figures if len(figures) == len(pieces) > 1 and len({f.id for f in figures}) == len(figures) else []


def all_rows(task: Task, group: Group, ask: Ask) -> list[Figure]:
    """Rows of one table whose own label explains the phrase, with their total column."""
    best: list[Figure] = []
    for view in task.library.views([group]):
        found = view.matches(ask)
        by_table: dict[str, list[Figure]] = {}
        for e in sorted(view.entries, key=lambda e: -e.prior):
            f = e.figure
            amount = f.origin is Origin.TABLE and f.value is not None and f.measure is Measure.AMOUNT and f.unit in MONEY
            if amount and e.leaf >= 0 and e.plain_column and not ask.uncovered(found[e.leaf].covered):
                rows = by_table.setdefault(f.table_id or "", [])
                if f.row not in {r.row for r in rows}:
                    rows.append(f)
        for rows in by_table.values():
            if len(rows) > len(best):
                best = rows
    return best


def answer_sum(task: Task) -> Answer | None:
    """Items of one body, or one item of several bodies, added up."""
    groups = pick_groups(task)
    if len({g.body for g in groups}) > 1 and task.scope.named:
        readings = [(g, r) for g in groups if (r := task.read(g)) is not None and r.sure]
        if len(readings) >= 2:
            return state_sum(task, [r.figure for _, r in readings], "合计")
    for group in groups[:1]:
        left, equals, right = EQUALS.split(task.q.text)[0], EQUALS.search(task.q.text), EQUALS.split(task.q.text)[-1]
        if equals and (answer := check_sum(task, group, left, right)):
            return answer
        figures = new_items(task, group) if re.search(r"新增", task.q.text) else list_items(task, group, task.q.text)
        if len(figures) > 1:
            return state_sum(task, figures, f"{group.body}{group.year or ''}年合计")
    return None


def new_figures(task: Task, group: Group) -> list[Figure]:
    """The amounts of numbered items that are called new or had no base last year."""
    found: dict[str, Figure] = {}
    for view in task.library.views([group]):
        blocks = {p.block for p in view_passages(view) if not p.table_id and NEW.search(p.text) and p.row}
        for f in view.figures:
            if f.table_id is None and f.row in blocks and f.measure is Measure.AMOUNT and f.value and f.row_path:
                found.setdefault(flat(f.row_path[-1]), f)
    return list(found.values())


def check_sum(task: Task, group: Group, left: str, right: str) -> Answer | None:
    """A加B是不是等于C: the sum, the printed whole and the difference."""
    figures = list_items(task, group, left)
    whole = read_one(task, group, FILLER.sub("", right).rstrip("吗？?"))
    if len(figures) < 2 or whole is None or whole.figure.value is None:
        return None
    answer = state_sum(task, figures, f"{group.body}{group.year or ''}年合计")
    total = sum((convert(f.value or Decimal(0), f.unit, whole.figure.unit) or Decimal(0) for f in figures), Decimal(0))
    gap = whole.figure.value - total
    value = task.draft.state(whole.figure)
    rounding = gap and abs(gap) <= Decimal("0.01") * len(figures)
    verdict = "相等" if not gap else f"相差{format_amount(abs(gap), whole.figure.unit)}，{'属尾数误差' if rounding else '两者不等'}"
    task.draft.say(f"表中{quoted(task.draft.item(whole.figure))}为{value}，{verdict}。")
    return task.draft.answered() if answer else None


def new_items(task: Task, group: Group) -> list[Figure]:
    """New items whose label shares a word with the question; all new items where it names none."""
    found = new_figures(task, group)
    text = re.sub(r"新增的?|[两三四五几]个", "", FILLER.sub("", task.q.text))
    ask = part_ask(task.library, text)
    named = [f for f in found if ask.content and match_label(ask, core(f.row_path[-1])).hit]
    return named if ask.content else found


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
    listed = "、".join(f"{task.draft.item(f) or f.org}{task.draft.state(f)}" for f in figures)
    task.draft.say(f"{text}——{listed}，相加得出（{formula}）。")
    return task.draft.answered()


def answer_average(task: Task) -> Answer | None:
    """Money ÷ count: 平均一辆车一年运维费."""
    for group in pick_groups(task)[:1]:
        if re.search(r"每个?月|月均|一个月", task.q.text):
            return average_month(task, group)
        counter = re.search(r"(?:每|一)(辆|人|家|个|台|名)|(人)均|(辆)均", task.q.text)
        unit = next((g for g in counter.groups() if g), "") if counter else ""
        count = read_count(task, group, unit)
        text = re.sub(r"平均|每[辆人家个台名]|一辆车?|一年|人均|辆均", "", task.q.text)
        money = read_one(task, group, text, Want(unit_kind="money"))
        if not count or not money or not count.value or money.figure.value is None:
            return None
        a, b = money.figure, count
        assert a.value is not None and b.value
        result = round_half_up(a.value / b.value, 2)
        formula = f"{printed(a)} ÷ {printed(b)}"
        value = task.draft.computed(result, a.unit, f"平均每{unit}", formula, (a, b))
        task.draft.say(
            f"平均每{unit}{value}——{task.draft.item(a)}{task.draft.state(a)}，{task.draft.item(b)}{task.draft.state(b)}，{formula}。"
        )
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
    task.draft.say(f"平均每月{text}——{group.body}{group.year or ''}年{figure_label(figure)}{task.draft.state(figure)}，{formula}。")
    task.draft.note("rounding", "平均数四舍五入保留两位小数；按12个月平均，文件没有分月数。")
    return task.draft.answered()


def read_count(task: Task, group: Group, unit: str) -> Figure | None:
    """The number of things the average is over: the first total in that unit (20辆)."""
    if not unit:
        return None
    counts = [
        f
        for view in task.library.views([group])
        for f in view.figures
        if f.measure is Measure.COUNT
        and f.unit.startswith(unit)
        and f.value
        and f.origin is Origin.PROSE
        and not re.search(r"计划|拟|购置|新增|指标", "".join(f.row_path))
    ]
    if unit == "人":
        counts = [f for f in counts if re.search(r"在职|编制|人员", "".join(f.row_path))]
    return counts[0] if counts else None


__all__ = ["answer_average", "answer_change", "answer_compare", "answer_share", "answer_sum", "match_label"]
