"""The performance form of a plain extraction (整体支出绩效目标表): keys, tasks with amounts, the year's goal, indicators.

One form without a header of its own: its inner headers give the columns of the rows below them, and the table's columns
are the union of all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from index.domain import Cell, Flag, LabelPath, Line, Row, Table
from index.headings import squash
from index.indicators import header_target, lines_to_indicators
from index.names import Reading
from index.passages import tidy
from index.plainrows import STRONG
from index.plaintables import Region, note_of

TITLE = re.compile(r"绩效目标.*表|绩效.*申报表")
SIDE_TASKS, SIDE_GOAL = "年度主要任务", "年度总体目标"
CONTENT: LabelPath = ("主要内容",)
NAME_LINES = 4  # a task's name is wrapped over no more lines
NAME_FULL = 9  # characters; a shorter line of a name column is its last one
HEADER_LINES = 8

_PAIR = re.compile(r"^(?P<key>(?:部门（单位）|单位|部门|项目)名称)(?P<value>.+?)(?:(?P<key2>主管部门|预算单位)(?P<value2>.+))?$")


@dataclass
class _Form:
    """The form as read so far: columns in order of appearance, rows with the cells they have."""

    columns: list[LabelPath] = field(default_factory=list)
    rows: list[tuple[LabelPath, dict[LabelPath, Cell], int]] = field(default_factory=list)

    def add_text(self, key: str, text: str, line: int) -> None:
        """A row that is one key with one text, which names its own column."""
        self.columns.append((key,))
        self.rows.append(((key,), {(key,): Cell(text, line=line)}, line))


def is_performance(region: Region) -> bool:
    """A form of tasks or indicators: its title says so, and its lines hold the words of its inner headers."""
    return bool(TITLE.search(region.title)) and any(header_target(line.text) or "任务名称" in squash(line.text) for line in region.lines)


def regions_to_performance(
    regions: Sequence[Region], table_id: str, section: LabelPath, reading: Reading, known: Sequence[str], breaks: frozenset[int]
) -> Table:
    """One table of a whole form. ``known`` are project names that other tables print, ``breaks`` lines that begin a page."""
    first = regions[0]
    lines = [line for region in regions for line in region.lines]
    form = _Form()
    tasks_at = next((i for i, line in enumerate(lines) if _heads_tasks(line)), None)
    indicators_at = next((i for i, line in enumerate(lines) if header_target(line.text)), len(lines))
    pairs = _pairs(lines[: tasks_at if tasks_at is not None else indicators_at], reading)
    for key, value, number in pairs:
        form.add_text(key, value, number)
    if tasks_at is not None:
        rest = _read_tasks(lines[tasks_at:indicators_at], form, reading, known)
        goal = _without_side(rest, SIDE_GOAL)
        if goal:
            form.add_text(SIDE_GOAL, "".join(tidy(line.text) for line in goal), goal[0].number)
    if indicators_at < len(lines):
        target: LabelPath = (header_target(lines[indicators_at].text) or "",)
        form.columns.append(target)
        for item in lines_to_indicators(lines[indicators_at + 1 :], breaks, reading):
            form.rows.append((item.path, {target: Cell(item.target or None, line=item.line)}, item.line))
    columns = tuple(dict.fromkeys(form.columns))
    return Table(
        id=table_id,
        number=first.number,
        title=first.title,
        columns=columns,
        rows=tuple(Row(label, tuple(cells.get(c, Cell(None)) for c in columns), None, None, line) for label, cells, line in form.rows),
        unit=first.unit,
        section=section,
        org=next((value for key, value, _ in pairs if "名称" in key), first.org),
        note=note_of(regions),
        line=first.line,
    )


def _heads_tasks(line: Line) -> bool:
    text = squash(line.text)
    return len(text) < 40 and any(word in text for word in ("任务名称", "预算金额", "总额"))


def _pairs(lines: Sequence[Line], reading: Reading) -> list[tuple[str, str, int]]:
    """单位名称 某局 主管部门 某局 → (key, value, line) twice."""
    pairs = []
    for line in lines:
        match = _PAIR.match(squash(line.text))
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


# ---------------------------------------------------------------- tasks


def _read_tasks(lines: Sequence[Line], form: _Form, reading: Reading, known: Sequence[str]) -> list[Line]:
    """Add the task rows; returns the lines after the last one."""
    header_end = next((i + 1 for i, line in enumerate(lines[:HEADER_LINES]) if "总额" in squash(line.text)), 1)
    printed = "".join(squash(line.text) for line in lines[:header_end])
    top = "预算金额(万元)" if "(万元)" in printed else "预算金额（万元）" if "万元" in printed else "预算金额"
    paths: list[LabelPath] = [(top, "总额"), (top, "其中：财政拨款"), (top, "其中：其他资金")]
    form.columns.extend([CONTENT, *paths])
    names = [*known, "基本支出", "金额合计", "合计"]
    held: list[Line] = []
    last: dict[LabelPath, Cell] | None = None
    for line in lines[header_end:]:
        numbers = _numbers(line)
        if len(numbers) < 2:
            if sorted(squash(line.text)) != sorted(SIDE_TASKS):
                held.append(line)
            continue
        body = _left_of(line, numbers)
        name, before, content = _part_task([*held, body] if body.text.strip() else held, names, reading)
        if last is not None:
            _add_content(last, before)
        doubt = frozenset() if len(numbers) == len(paths) else frozenset({Flag.DOUBTFUL})
        last = {path: Cell(number, line=line.number, flags=doubt) for path, number in zip(paths, numbers, strict=False)}
        _add_content(last, content)
        form.rows.append(((SIDE_TASKS, name), last, held[0].number if held else line.number))
        held = []
    return held


def _numbers(line: Line) -> list[str]:
    """The amounts at the end of a line."""
    words = (line.raw or line.text).split()
    cut = len(words)
    while cut and STRONG.match(words[cut - 1]):
        cut -= 1
    return words[cut:]


def _left_of(line: Line, numbers: Sequence[str]) -> Line:
    words = line.text.split()
    if words[-len(numbers) :] != list(numbers):
        words = (line.raw or line.text).split()
    return Line(line.number, " ".join(words[: -len(numbers)]))


def _add_content(cells: dict[LabelPath, Cell], lines: Sequence[Line]) -> None:
    old = cells.get(CONTENT)
    text = (old.text or "" if old else "") + "".join(tidy(line.text) for line in lines)
    if text:
        cells[CONTENT] = Cell(text, line=old.line if old else lines[0].number)


def _part_task(lines: Sequence[Line], names: Sequence[str], reading: Reading) -> tuple[str, list[Line], list[Line]]:
    """(task name, lines that still belong to the row before, lines of the task's content)."""
    for start in range(len(lines)):
        found = _name_at(lines[start:], names, reading)
        if found:
            return found[0], list(lines[:start]), found[1]
    size = 1 if lines else 0
    while 0 < size < min(NAME_LINES, len(lines) - 1) and _wraps(squash(lines[size - 1].text), squash(lines[size].text)):
        size += 1
    return reading("".join(squash(line.text) for line in lines[:size]), None), [], list(lines[size:])


def _wraps(line: str, following: str) -> bool:
    """Does a line of a narrow name column go on in the next line?"""
    return len(line) >= NAME_FULL and len(following) <= NAME_FULL + 1


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
        if words.startswith(known) and re.match(r"\s", words[len(known) :] or " "):
            rest = words[len(known) :].strip()
            return known, [*([Line(lines[0].number, rest)] if rest else []), *lines[1:]]
    return None
