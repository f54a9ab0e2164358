"""Performance forms of a plain extraction: projects with an amount and a goal, and the form of tasks, goals and indicators.

Both print prose in cells. What is a name and what is prose is told by the project names that the document's other tables
print, and by line ends; where a merged cell's label (数量指标) stands beside its rows is told by the middle of its rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from index.domain import Cell, Flag, LabelPath, Line, Row, Table
from index.headings import squash
from index.names import bag_of, target_bags
from index.passages import tidy
from index.plainrows import STRONG
from index.plaintables import Reading, Region, note_of

NAME_LINES = 4  # a project's name is wrapped over no more lines
HEADER_SPAN = 4

_GOAL_HEADER = re.compile(r"^项目名称(?:[（(][^）)]*[）)])?(?P<amount>(?:\d{4}年)?(?:预算数|预算金额|预算|金额)(?:[（(][^）)]*[）)])?)(?P<goal>(?:项目)?(?:绩效目标|总体目标|年度目标))$")
_AMOUNT = re.compile(r"^(?P<label>[^。；]*?)(?:^|(?<=\s)|(?<=[\u4e00-\u9fff）]))(?P<amount>-?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d{2}|-?\d{1,3}(?:,\d{3})+)(?:\s+(?P<text>\S.*))?\s*$")
_CLOSED = re.compile(r"[。；;！]$")
_UNIT = re.compile(r"[（(](?P<unit>(?:万|千|亿)?元)[）)]")


def goal_header(lines: Sequence[Line], index: int) -> tuple[int, str, str] | None:
    """(number of lines, amount column, goal column) where the header of a project–goal table starts at a line."""
    for raw in (True, False):  # mending knows no cells and may have joined the header's
        text = ""
        for size, line in enumerate(lines[index : index + HEADER_SPAN], 1):
            text += squash(line.raw if raw and line.raw is not None else line.text)
            if not text.startswith("项目名称"):
                break
            match = _GOAL_HEADER.match(text)
            if match:
                return size, match["amount"], match["goal"]
    return None


def region_to_goals(region: Region, table_id: str, section: LabelPath, reading: Reading, known: Sequence[str]) -> Table:
    """The table of projects, amounts and goals under a heading; ``known`` are names that other tables print."""
    size, amount, goal = goal_header(region.lines, 0) or (0, "预算数", "绩效目标")
    rows: list[_Goal] = []
    held: list[Line] = []
    for line in region.lines[size:]:
        match = _AMOUNT.match((line.raw or line.text).strip())
        label = squash(match["label"]) if match else ""
        if match is None or (label and not _is_name(label, held, known, reading)):
            held.append(line)
            continue
        names, texts = _part_names(held, label, known, reading)
        if rows:
            rows[-1].texts.extend((text.number, tidy(text.text)) for text in texts)
        name = reading("".join(squash(n.text) for n in names) + label, None)
        after = [(line.number, tidy(match["text"]))] if match["text"] else []
        rows.append(_Goal(name, match["amount"], line.number, names[0].number if names else line.number, after))
        held = []
    if rows:
        rows[-1].texts.extend((text.number, tidy(text.text)) for text in held)
    unit = _UNIT.search(amount)
    return Table(
        id=table_id,
        number=None,
        title=section[-1] if section else "",
        columns=((amount,), (goal,)),
        rows=tuple(row.to_row() for row in rows),
        unit=unit["unit"] if unit else region.unit,
        section=section,
        note=note_of([region]),
        column_units=(unit["unit"] if unit else None, None),
        line=region.line,
    )


@dataclass
class _Goal:
    name: str
    amount: str
    line: int
    start: int
    texts: list[tuple[int, str]] = field(default_factory=list)

    def to_row(self) -> Row:
        text = "".join(t for _, t in self.texts) or None
        first = self.texts[0][0] if self.texts else self.line
        return Row((self.name,), (Cell(self.amount, line=self.line), Cell(text, line=first)), None, None, self.start)


def _is_name(label: str, held: Sequence[Line], known: Sequence[str], reading: Reading) -> bool:
    """Is the text left of an amount (the end of) a project's name, not of a sentence?"""
    if reading(label, None) in known or any(name.endswith(reading(label, None)) for name in known):
        return True
    return len(label) <= 30 and not re.search(r"[，、：为至达约≥≤]$|[，。]", label) and (not held or bool(_CLOSED.search(squash(held[-1].text))))


def _part_names(held: Sequence[Line], label: str, known: Sequence[str], reading: Reading) -> tuple[list[Line], list[Line]]:
    """(lines of the next name, lines of the goal before it): the most lines that spell a known name, else those after the
    last closed sentence."""
    for size in range(min(NAME_LINES, len(held)), -1, -1):
        name = "".join(squash(line.text) for line in held[len(held) - size :]) + label
        if name and reading(name, None) in known:
            return list(held[len(held) - size :]), list(held[: len(held) - size])
    if label:
        return [], list(held)
    size = 0
    while size < min(NAME_LINES, len(held)) and not _CLOSED.search(squash(held[-1 - size].text)):
        size += 1
    return list(held[len(held) - size :]), list(held[: len(held) - size])


# ---------------------------------------------------------------- tasks, overall goal, indicators

PERFORMANCE_TITLE = re.compile(r"绩效目标.*表|绩效.*申报表")
TARGET_WORDS = ("目标值", "指标值", "年度指标值", "年度目标值")
SIDE_TASKS, SIDE_GOAL, SIDE_INDICATORS = "年度主要任务", "年度总体目标", "年度绩效指标"
LEVELS = {
    "产出指标": ("数量指标", "质量指标", "时效指标", "成本指标"),
    "成本指标": ("经济成本指标", "社会成本指标", "生态环境成本指标"),
    "效益指标": ("经济效益指标", "社会效益指标", "生态效益指标", "可持续影响指标"),
    "满意度指标": ("服务对象满意度指标", "社会公众满意度指标", "其他满意度指标"),
}
SECOND_LEVEL = {second: first for first, seconds in LEVELS.items() for second in seconds} | {"成本指标": "产出指标"}
_TARGET_VALUE = re.compile(
    r"^(?:(?:拉动|带动|新增|增长|完成|实现)?(?:约|大于等于|小于等于|大于|小于|等于|不超过|不低于|不少于|不高于|不小于|不大于|至少|高于|低于|超过|达到?|[≥≤＞＜>≧≦＝=]+))?"
    r"\d[\d,.]*(?:[%％‰㎡]|[个家次人份套项台辆名户件篇场批期天月年日组类万亿元平方米公里小时吨]{0,4})(?:/[每年月季周天次人]{1,3})?[左右以上下内及时]{0,2}$"
    r"|^(?:千亿|百亿|十亿)[≥≤]\d.*$"
)
_TARGET_START = re.compile(r"^[≥≤＞＜>≧≦]\d")
WIDE_TARGET = 7  # characters; a target standing alone and this long may be wrapped


@dataclass
class _Indicator:
    label: str
    target: str
    line: int
    level: str | None = None


def is_performance(region: Region) -> bool:
    """A form of tasks or indicators: its title says so, and its lines hold the words of its inner headers."""
    if not PERFORMANCE_TITLE.search(region.title):
        return False
    return any(is_indicator_header(line.text) or "任务名称" in squash(line.text) for line in region.lines)


def regions_to_performance(regions: Sequence[Region], table_id: str, section: LabelPath, reading: Reading, known: Sequence[str], breaks: frozenset[int]) -> Table:
    """One table of a whole performance form: pairs, tasks with amounts, the year's goal, indicators with targets."""
    first = regions[0]
    lines = [line for region in regions for line in region.lines]
    tasks_at = _find(lines, ("任务名称", "预算金额", "总额"))
    indicators_at = next((i for i, line in enumerate(lines) if is_indicator_header(line.text)), None)
    end_of_tasks = indicators_at if indicators_at is not None else len(lines)
    rows: list[tuple[LabelPath, dict[LabelPath, Cell], int]] = []
    columns: list[LabelPath] = []
    heads = lines[: tasks_at if tasks_at is not None else end_of_tasks]
    for key, value, number in _pairs(heads, reading):
        columns.append((key,))
        rows.append(((key,), {(key,): Cell(value, line=number)}, number))
    if tasks_at is not None:
        rest = _read_tasks(lines[tasks_at:end_of_tasks], rows, columns, reading, known)
        goal = _without_side(rest, SIDE_GOAL)
        if goal:
            columns.append((SIDE_GOAL,))
            text = "".join(tidy(line.text) for line in goal)
            rows.append(((SIDE_GOAL,), {(SIDE_GOAL,): Cell(text, line=goal[0].number)}, goal[0].number))
    if indicators_at is not None:
        _read_indicators(lines[indicators_at:], rows, columns, breaks, reading)
    org = next((value for key, value, _ in _pairs(heads, reading) if "名称" in key), first.org)
    names = tuple(dict.fromkeys(columns))
    built = tuple(Row(label, tuple(cells.get(path, Cell(None)) for path in names), None, None, number) for label, cells, number in rows)
    return Table(table_id, first.number, first.title, names, built, first.unit, section=section, org=org, note=note_of(regions), line=first.line)


def _find(lines: Sequence[Line], words: Sequence[str]) -> int | None:
    for index in range(len(lines)):
        text = squash(lines[index].text)
        if any(word in text for word in words) and len(text) < 40:
            return index
    return None


def _pairs(lines: Sequence[Line], reading: Reading) -> list[tuple[str, str, int]]:
    """单位名称 某局 主管部门 某局."""
    pairs = []
    for line in lines:
        match = re.match(r"^(?P<key>(?:部门（单位）|单位|部门|项目)名称)(?P<value>.+?)(?:(?P<key2>主管部门|预算单位)(?P<value2>.+))?$", squash(line.text))
        if match:
            pairs.append((match["key"], reading(match["value"], None), line.number))
            if match["key2"]:
                pairs.append((match["key2"], reading(match["value2"], None), line.number))
    return pairs


def _without_side(lines: Sequence[Line], side: str) -> list[Line]:
    """The lines without those at their head that spell the merged cell's label, in any order of its characters."""
    text = ""
    for index, line in enumerate(lines[:4]):
        text += squash(line.text)
        if sorted(text) == sorted(side):
            return list(lines[index + 1 :])
    return list(lines)


def _read_tasks(
    lines: Sequence[Line], rows: list[tuple[LabelPath, dict[LabelPath, Cell], int]], columns: list[LabelPath], reading: Reading, known: Sequence[str]
) -> list[Line]:
    """Task rows; returns the lines after the last one."""
    header_end = next((i + 1 for i, line in enumerate(lines[:8]) if "总额" in squash(line.text)), 1)
    printed = "".join(squash(line.text) for line in lines[:header_end])
    top = "预算金额(万元)" if "(万元)" in printed else "预算金额（万元）" if "万元" in printed else "预算金额"
    paths: list[LabelPath] = [(top, "总额"), (top, "其中：财政拨款"), (top, "其中：其他资金")]
    columns.extend([("主要内容",), *paths])
    names = [*known, "基本支出", "金额合计", "合计"]
    held: list[Line] = []
    last: dict[LabelPath, Cell] | None = None
    for line in lines[header_end:]:
        raw = (line.raw or line.text).split()
        numbers = []
        while raw and STRONG.match(raw[-1]):
            numbers.insert(0, raw.pop())
        if len(numbers) < 2:
            if sorted(squash(line.text)) != sorted(SIDE_TASKS):
                held.append(line)
            continue
        words = line.text.split()
        body = Line(line.number, " ".join(words[: -len(numbers)] if words[-len(numbers) :] == numbers else raw))
        name, before, content = _part_task([*held, body] if body.text.strip() else held, names, reading)
        if before and last is not None:
            _add_content(last, before)
        doubt = frozenset() if len(numbers) == len(paths) else frozenset({Flag.DOUBTFUL})
        cells = {path: Cell(number, line=line.number, flags=doubt) for path, number in zip(paths, numbers, strict=False)}
        if content:
            cells[("主要内容",)] = Cell("".join(tidy(c.text) for c in content), line=content[0].number)
        start = held[0].number if held else line.number
        rows.append(((SIDE_TASKS, name), cells, start))
        last, held = cells, []
        if name in ("金额合计", "合计"):
            last = None
    if last is not None:
        tail = [i for i, line in enumerate(held) if "".join(sorted(squash(line.text)))[:3] and sorted(squash(line.text)) == sorted(SIDE_GOAL)]
        if tail:
            _add_content(last, held[: tail[0]])
            held = held[tail[0] :]
    return held


def _add_content(cells: dict[LabelPath, Cell], lines: Sequence[Line]) -> None:
    old = cells.get(("主要内容",))
    text = (old.text or "" if old else "") + "".join(tidy(line.text) for line in lines)
    if text:
        cells[("主要内容",)] = Cell(text, line=old.line if old else lines[0].number)


def _part_task(lines: Sequence[Line], names: Sequence[str], reading: Reading) -> tuple[str, list[Line], list[Line]]:
    """(task name, lines that still belong to the row before, lines of the task's content)."""
    for start in range(len(lines)):
        found = _name_at(lines[start:], names, reading)
        if found:
            name, content = found
            return name, list(lines[:start]), content
    size = 1 if lines else 0
    while 0 < size < min(NAME_LINES, len(lines) - 1) and len(squash(lines[size - 1].text)) >= 9 and len(squash(lines[size].text)) <= 10:
        size += 1
    return reading("".join(squash(line.text) for line in lines[:size]), None), [], list(lines[size:])


def _name_at(lines: Sequence[Line], names: Sequence[str], reading: Reading) -> tuple[str, list[Line]] | None:
    """A known name at the head of the lines: whole lines that spell it (or its beginning), or the first words of a line."""
    text = ""
    best: tuple[str, list[Line]] | None = None
    for size, line in enumerate(lines[:NAME_LINES], 1):
        text += squash(line.text)
        name = reading(text, None)
        if name in names:
            return name, list(lines[size:])
        if size > 1 and best is None and len(name) >= 6 and any(known.startswith(name) for known in names):
            best = (name, list(lines[size:]))
    if best:
        return best
    words = lines[0].text.strip()
    for known in sorted(names, key=len, reverse=True):
        if squash(words).startswith(known) and re.match(r"\s", words[len(known) :] or " "):
            rest = words[len(known) :].strip()
            return known, [*([Line(lines[0].number, rest)] if rest else []), *lines[1:]]
    return None


# ---------------------------------------------------------------- indicators


def _read_indicators(
    lines: Sequence[Line], rows: list[tuple[LabelPath, dict[LabelPath, Cell], int]], columns: list[LabelPath], breaks: frozenset[int], reading: Reading
) -> None:
    header = squash(lines[0].text)
    target = next(word for word in TARGET_WORDS if bag_of(header) == bag_of("一级指标二级指标三级指标" + word))
    columns.append((target,))
    found, levels = _indicators(lines[1:], reading)
    _assign_levels(found, levels, [i for i, item in enumerate(found) if item.line in breaks])
    for item in found:
        path: LabelPath = (SIDE_INDICATORS,)
        if item.level:
            path = (*path, SECOND_LEVEL[item.level], item.level)
        rows.append(((*path, item.label), {(target,): Cell(item.target or None, line=item.line)}, item.line))


def _indicators(lines: Sequence[Line], reading: Reading) -> tuple[list[_Indicator], list[tuple[str, int, bool]]]:
    """Indicators in order, and where second-level labels stand among them: (label, index of the next indicator, inline)."""
    found: list[_Indicator] = []
    levels: list[tuple[str, int, bool]] = []
    label, start = "", 0
    open_target = False
    for line in lines:
        text, seconds = _strip_levels(line.text.strip(), reading)
        levels.extend((second, len(found), bool(text)) for second in seconds)
        if not text:
            continue
        head, value = _split_target(text)
        if value is None and open_target and not label and len(squash(text)) <= WIDE_TARGET + 1:
            found[-1].target += tidy(text)
            open_target = len(squash(text)) >= WIDE_TARGET
            continue
        if value is None:
            start = start if label else line.number
            label += tidy(text)
            open_target = False
            continue
        if not head and not label:
            if found:
                found[-1].label += found[-1].target
                found[-1].target = reading(tidy(value), None)
            continue
        found.append(_Indicator(reading(label + tidy(head), None), reading(tidy(value), None), start if label else line.number))
        label, start = "", 0
        open_target = not head and len(squash(value)) >= WIDE_TARGET
    return found, levels


def _strip_levels(text: str, reading: Reading) -> tuple[str, list[str]]:
    """The line without the merged cells' labels that got into it, and the second-level labels among them."""
    seconds: list[str] = []
    text = re.sub(rf"\s*{SIDE_INDICATORS}$", "", text)
    if squash(text) in (SIDE_INDICATORS, SIDE_INDICATORS[:4], SIDE_INDICATORS[4:]):
        return "", []
    words = sorted({*LEVELS, *SECOND_LEVEL}, key=len, reverse=True)
    while True:
        flat = squash(text)
        whole = reading(flat, None)
        word = next((w for w in words if flat.startswith(w) or whole == w), None)
        if word is None:
            return text, seconds
        if word in SECOND_LEVEL:
            seconds.append(word)
        text = "" if whole == word else _drop(text, len(word))


def _drop(text: str, count: int) -> str:
    """The text without its first ``count`` printed characters."""
    index = 0
    while count and index < len(text):
        count -= not text[index].isspace()
        index += 1
    return text[index:].strip()


def is_value(text: str) -> bool:
    """Does a cell read like a number with a unit (≥15个, 1次/每月)?"""
    return bool(_TARGET_VALUE.match(squash(text)))


def is_target(text: str) -> bool:
    """Does a cell read like an indicator's target: a number with a unit, or a phrase such as 有效提升 in any order?"""
    return is_value(text) or bag_of(squash(text)) in target_bags()


def target_cut(words: Sequence[str]) -> int | None:
    """The index of the word at which the target of an indicator line starts, None where it holds none."""
    for cut in range(len(words)):
        tail = "".join(words[cut:])
        lone = len(tail) == 1 and not tail.isdigit() and cut > 2  # a single character behind torn words is a displaced one
        if is_target(tail) and not lone and not (cut == 0 and re.match(r"^\d+[.．、]", tail)):
            return cut
    return None


def level_cut(words: Sequence[str]) -> int:
    """How many words at the head of a line spell a merged cell's label (数量指标), in any order; 0 for none."""
    bags = {bag_of(word) for word in (*LEVELS, *SECOND_LEVEL)}
    for cut in range(1, min(len(words), 8) + 1):
        if bag_of("".join(words[:cut])) in bags:
            return cut
    return 0


def is_indicator_header(text: str) -> bool:
    """一级指标 二级指标 三级指标 目标值, in any order of the characters."""
    bag = bag_of(squash(text))
    return any(bag == bag_of("一级指标二级指标三级指标" + word) for word in TARGET_WORDS)


def _split_target(text: str) -> tuple[str, str | None]:
    """(indicator, target) of a line, None without a target."""
    words = text.split()
    cut = target_cut(words)
    if cut is not None:
        return " ".join(words[:cut]), "".join(words[cut:])
    if _TARGET_START.match(text):
        return "", text
    match = re.match(r"^(?P<head>.*[\u4e00-\u9fff）])(?P<tail>[≥≤＞＜>≧≦]\d\S*)$", text)
    return (match["head"], match["tail"]) if match and is_target(match["tail"]) else (text, None)


def _assign_levels(found: list[_Indicator], levels: Sequence[tuple[str, int, bool]], breaks: Sequence[int]) -> None:
    """Give each indicator the second-level label whose merged cell it stands in: cells follow each other, and a label
    stands in the middle of its cell, or of the part of it that is on the label's page."""
    if not levels or len(found) < len(levels):
        return
    cuts = min((_best_cuts(found, levels, breaks, top) for top in (False, True)), key=lambda result: result[0])[1]
    for (name, _, _), start, end in zip(levels, cuts, cuts[1:], strict=False):
        for item in found[start:end]:
            item.level = name


def _best_cuts(found: Sequence[_Indicator], levels: Sequence[tuple[str, int, bool]], breaks: Sequence[int], top: bool) -> tuple[float, list[int]]:
    """(cost, where each label's cell starts, and the end) with labels at the top or in the middle of their cells."""
    count = len(found)
    best: list[dict[int, tuple[float, list[int]]]] = [{0: (0.0, [0])}]
    for i, (name, place, inline) in enumerate(levels):
        layer: dict[int, tuple[float, list[int]]] = {}
        for start, (cost, cuts) in best[-1].items():
            for end in range(start + 1, count - (len(levels) - i - 1) + 1):
                total = cost + _cell_cost(found, name, place, inline, start, end, breaks, top)
                if end not in layer or total < layer[end][0]:
                    layer[end] = (total, [*cuts, end])
        best.append(layer)
    return best[-1].get(count, (float("inf"), []))


def _cell_cost(
    found: Sequence[_Indicator], name: str, place: int, inline: bool, start: int, end: int, breaks: Sequence[int], top: bool
) -> float:
    """How far the label is from where its cell prints it, on its own page, and how ill the words agree."""
    pieces = [start, *(b for b in breaks if start < b < end), end]
    if top:
        away = float(min(abs(a - place) for a in pieces[:-1]))
    else:
        at = place + 0.5 if inline else float(place)
        away = min(abs((a + b) / 2 - at) for a, b in pairwise(pieces))
    wrong = sum(("满意" in item.label or "投诉" in item.label) != ("满意" in name) for item in found[start:end])
    wrong += sum("及时" in item.label and name != "时效指标" for item in found[start:end])
    return away + 2.0 * wrong
