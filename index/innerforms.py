"""Forms without a header of their own (整体支出绩效目标表): inner header rows give the columns of the rows below them.

Such a form changes its columns on the way: pairs of key and value (单位名称 | …), a list of tasks with amounts, goals as
prose, a tree of indicators with their targets. Cells are matched to the current inner header by where they stand, since
every page may have other grid lines. The result is one table whose columns are the union of all; where the form names a
project, every row's label begins with its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from index.amounts import is_number_cell
from index.columns import BRACKETS
from index.domain import Box, Cell, LabelPath, Row
from index.formrows import Part, common_heads
from index.grids import Grid, GridCell

INNER_WORD = re.compile(
    r"^(任务名称|任务内容|活动|活动名称|活动内容|主要内容|工作任务|工作内容|预算资金|预算金额|金额|总额|其中[:：].{2,12}|资金总额|财政拨款|其他资金|[一二三四]级指标|指标名称|指标值|目标值|"
    r"年度指标值|年初目标值|全年目标值|年度目标值|实际完成值|全年实际值|完成值|分值|得分|权重|计量单位|度量单位|评分标准|偏差原因.*|"
    r"指标解释|绩效指标|绩效标准|指标内容|指标性质|指标方向)$"
)
SURE_WORD = re.compile(r"^([一二三]级指标|任务名称|任务内容|活动内容|指标名称)$")
LABEL_WORD = re.compile(r"^(任务名称|活动|活动名称|工作任务|项目名称|[一二三四]级指标|指标名称|绩效指标|指标内容)$")
TOTAL_END = re.compile(r"^.{0,4}(合计|总计)$")
KEY_MAX = 14  # characters; longer texts are values, not keys
PROJECT_KEY = re.compile(r"^(?:项目|专项|专项资金|政策|政策和项目)名称$")
PAIR_KEY = re.compile(
    r"^(?:(?:项目|专项|专项资金|政策|部门|单位|部门（单位）|预算单位)名称|项目(?:单位|负责人|金额|类别|属性|类型|资金|总额|概况|周期)|"
    r"(?:主管|实施|预算|填报)(?:部门|单位)(?:及代码)?|(?:年度|实施期|中期|整体|总体)?(?:资金)?总额|(?:预算|年度)金额|"
    r"(?:年度|实施期|中期|长期)?(?:总体|整体|绩效)?目标|整体绩效目标|联系人|联系电话|负责人|其中[:：].{2,12})[:：]?$"
)
PAIRS = 3  # so many keys make a form of keys and values


@dataclass(frozen=True, slots=True)
class PlacedCell:
    """A cell on its page, for matching by position."""

    cell: GridCell
    page: int
    first: bool

    @property
    def text(self) -> str:
        return self.cell.text

    @property
    def x0(self) -> float:
        return self.cell.box[0]

    @property
    def x1(self) -> float:
        return self.cell.box[2]


@dataclass
class _Section:
    """An inner header: its columns by position."""

    places: list[tuple[float, float]]
    paths: list[LabelPath]
    is_label: list[bool]


@dataclass
class _InnerRow:
    """A row as read; ``heads`` are the headers of its label's parts, "" where they have none."""

    label: LabelPath
    heads: tuple[str, ...]
    cells: dict[LabelPath, Cell]
    page: int
    box: Box | None


@dataclass
class _State:
    section: _Section | None = None
    inherits: bool = True  # blank labels stand for those above: only where cells are drawn
    keys: list[tuple[float, float, str]] = field(default_factory=list)  # cells left of the header that reach over many rows
    above: list[str] = field(default_factory=list)
    project: LabelPath = ()  # of none or one: the name that the form gives its project, and the key it stands beside
    project_key: str = ""
    last_key: str = ""  # what 「其中：…」 is part of
    columns: list[LabelPath] = field(default_factory=list)
    rows: list[_InnerRow] = field(default_factory=list)


def is_inner_header(texts: Sequence[str]) -> bool:
    """Do these cells of one row head the rows below them?"""
    bare = [BRACKETS.sub("", text) for text in texts if text]
    return sum(bool(INNER_WORD.match(text)) for text in bare) >= 2 and any(SURE_WORD.match(text) for text in bare)


def has_inner_headers(grid: Grid) -> bool:
    """True where a row below the first is an inner header, the first one stands right of a key cell that goes on below, or
    the form opens with a key and its value."""
    if grid.inner:
        return True
    for r in range(grid.n_rows):
        cells = [cell for cell in grid.cells if cell.r0 == r and cell.text]
        if is_inner_header([cell.text for cell in cells]) and (r > 0 or any(c.r1 - c.r0 > 3 and c.c0 == 0 for c in cells)):
            return not _stands_below_a_header(grid, r)
    return _opens_with_pair(grid)


def _stands_below_a_header(grid: Grid, r: int) -> bool:
    """Is the row the lower half of the form's own header (项目名称 | 预算金额 | 绩效指标 over 一级指标 …)?"""
    top = [cell for cell in grid.cells if cell.r0 == 0]
    return r == 1 and any(cell.r1 > 1 and cell.text for cell in top) and all(cell.r1 > 1 or cell.c1 - cell.c0 > 1 for cell in top)


def _opens_with_pair(grid: Grid) -> bool:
    """项目名称 | a name over all the other columns, and more such keys below."""
    top = sorted((cell for cell in grid.cells if cell.r0 == 0 and cell.text), key=lambda c: c.c0)
    if len(top) != 2 or grid.n_cols < 3 or top[1].c1 < grid.n_cols or top[1].c1 - top[1].c0 < 2 or top[0].r1 != top[1].r1:
        return False
    return bool(PAIR_KEY.match(bare_key(top[0].text))) and sum(bool(PAIR_KEY.match(bare_key(c.text))) for c in grid.cells) >= PAIRS


def opens_project(grid: Grid) -> bool:
    """Does the grid begin with a project's name? Below a title of its own it is another project's form."""
    top = min((cell for cell in grid.cells if cell.text), key=lambda c: (c.r0, c.c0), default=None)
    return top is not None and bool(PROJECT_KEY.match(bare_key(top.text)))


def bare_key(text: str) -> str:
    """项目资金（万元）： → 项目资金."""
    return re.sub(r"[:：]$", "", BRACKETS.sub("", text)) or text


def grids_to_part(grids: Sequence[tuple[int, Grid]]) -> Part:
    """The columns (union of all inner headers) and rows of a form over its pages."""
    state = _State()
    last_open = False
    last_page = 0
    for page, grid in grids:
        state.inherits = grid.drawn
        rows = list(_placed_rows(grid, page))
        r = 0
        while r < len(rows):
            own = [placed for placed in rows[r] if placed.first and placed.text]
            if is_inner_header([placed.text for placed in own]):
                r = _read_header(rows, r, state)
                continue
            cut = (grid.open_top and last_open) or (not grid.drawn and page != last_page and _is_rest(own, state))
            if r == 0 and cut and state.rows:
                _append_to_last(own, state)
            else:
                _read_row(rows[r], state)
            r += 1
        last_open, last_page = grid.open_bottom, page
    columns = tuple(dict.fromkeys(state.columns))
    rows_out = tuple(
        Row(row.label, tuple(row.cells.get(path, Cell(None)) for path in columns), None, row.page, None, row.box) for row in state.rows
    )
    return Part(columns, rows_out, common_heads([row.heads for row in state.rows]))


def _placed_rows(grid: Grid, page: int) -> Iterator[list[PlacedCell]]:
    for r, row in enumerate(grid.matrix()):
        cells = {id(cell): cell for cell in row if cell is not None}.values()
        yield [PlacedCell(cell, page, cell.r0 == r) for cell in sorted(cells, key=lambda c: c.c0)]


def _read_header(rows: Sequence[Sequence[PlacedCell]], start: int, state: _State) -> int:
    """Take an inner header, which may be two rows deep; returns the row after it."""
    words = [p for p in rows[start] if p.first and p.text and INNER_WORD.match(BRACKETS.sub("", p.text))]
    shortest = min(p.cell.r1 for p in words)
    words = [p for p in words if p.cell.r1 <= shortest + 1]  # a taller one is the key of all the rows beside it
    end = max(p.cell.r1 for p in words)
    wide = any(p.cell.c1 - p.cell.c0 > 1 and p.cell.r1 == start + 1 for p in words)
    if end == start + 1 and wide and end < len(rows):
        below = [p.text for p in rows[end] if p.first and p.text]
        if below and all(INNER_WORD.match(BRACKETS.sub("", text)) for text in below):
            end += 1
    left = min(p.x0 for p in words)
    state.keys = [(p.x0, p.x1, p.text) for p in rows[start] if p.text and p.x1 <= left + 2]
    leaves: list[PlacedCell] = []
    for p in sorted({id(p.cell): p for row in rows[start:end] for p in row if p.text and p.x0 >= left - 2}.values(), key=lambda p: p.x0):
        if p.cell.r1 >= end:
            leaves.append(p)
    paths = []
    for leaf in leaves:
        middle = (leaf.x0 + leaf.x1) / 2
        chain: list[str] = []
        for row in rows[start:end]:
            over = next((p.text for p in row if p.x0 <= middle <= p.x1 and p.text), None)
            if over and (not chain or chain[-1] != over):
                chain.append(over)
        paths.append(tuple(chain))
    labels = [bool(LABEL_WORD.match(BRACKETS.sub("", path[-1]))) for path in paths]
    labels = [label and not all(labels[i:]) for i, label in enumerate(labels)]  # words at the right head what is said of a label
    state.section = _Section([(p.x0, p.x1) for p in leaves], paths, labels)
    state.above = []
    state.columns.extend(path for path, label in zip(paths, labels, strict=True) if not label)
    return end


def _read_row(row: Sequence[PlacedCell], state: _State) -> None:
    section = state.section
    own = [p for p in row if p.first and p.text]
    if not own:
        return
    if section is None or _is_pairs(row, own, section):
        if section is not None and (PAIR_KEY.match(bare_key(own[0].text)) or (len(own) <= 2 and own[0].x1 <= section.places[0][0] + 2)):
            state.section = None
        _read_pairs(row, own, state)
        return
    labels = [""] * len(section.paths)
    cells: dict[LabelPath, Cell] = {}
    for p in row:
        if p.x1 <= section.places[0][0] + 2:
            if p.first and p.text:
                state.keys = [(p.x0, p.x1, p.text)]
            continue
        at = _column_at(section, p)
        if section.is_label[at]:
            labels[at] = p.text or labels[at]
        elif p.first and p.text and section.paths[at] not in cells:
            cells[section.paths[at]] = Cell(p.text, p.page, p.cell.ink)
    if not any(labels):
        _name_total(labels, cells, section)
    filled = [i for i, text in enumerate(labels) if text]
    if not filled and not cells:
        return
    leaf = filled[-1] if filled else -1
    inherited = [labels[i] or (state.above[i] if i < len(state.above) and state.inherits else "") for i in range(leaf + 1)]
    state.above = inherited or state.above
    keys = tuple(key for _, _, key in state.keys)
    label = (*state.project, *keys, *(text for text in inherited if text))
    heads = tuple(section.paths[i][-1] for i, text in enumerate(inherited) if text)
    heads = (*([state.project_key] * len(state.project)), *([""] * len(keys)), *heads)
    state.rows.append(_InnerRow(label, heads, cells, own[0].page, _union([p.cell.ink for p in own if p.cell.ink])))


def _name_total(labels: list[str], cells: dict[LabelPath, Cell], section: _Section) -> None:
    """金额合计 printed in the middle over label and text column is the row's label."""
    for path, cell in list(cells.items()):
        if cell.text and TOTAL_END.search(cell.text) and True in section.is_label:
            labels[section.is_label.index(True)] = cell.text
            del cells[path]


def _is_rest(own: Sequence[PlacedCell], state: _State) -> bool:
    """Words alone under no label: the rest of a cell from the page before."""
    section = state.section
    return section is not None and len(own) == 1 and not section.is_label[_column_at(section, own[0])] and not is_number_cell(own[0].text)


def _is_pairs(row: Sequence[PlacedCell], own: Sequence[PlacedCell], section: _Section) -> bool:
    """A row that leaves the inner header's columns: a key at the very left and one text over all the rest."""
    left, right = section.places[0][0], section.places[-1][1]
    wide = [p for p in own if p.x0 <= left + 2 and p.x1 >= right - 2]
    if wide and not is_number_cell(wide[0].text):
        return True
    key = own[0] is min(row, key=lambda p: p.x0) and PROJECT_KEY.match(bare_key(own[0].text))
    return bool(key) or (own[0].x0 <= left + 2 and bool(PAIR_KEY.match(bare_key(own[0].text))))


def _read_pairs(row: Sequence[PlacedCell], own: Sequence[PlacedCell], state: _State) -> None:
    """单位名称 | … | 主管部门 | …: each key is a label and names its own column. A key that reaches over several rows
    (项目资金) groups the pairs beside it."""
    first = row[0]
    group = bool(first.text) and any(p.cell.r1 < first.cell.r1 or p.cell.r0 > first.cell.r0 for p in row[1:] if p.text)
    if group and len(row) > 2:
        for key, value in _pairs(row[1:], state.inherits):
            _add_pair(state, (first.text,), key, value)
        return
    for key, value in _pairs(row if state.inherits else own, state.inherits):
        _add_pair(state, (), key, value)


def _pairs(cells: Sequence[PlacedCell], drawn: bool) -> Iterator[tuple[str, PlacedCell]]:
    """Keys and the filled cells beside them; where cells are drawn, a blank one is a value, too."""
    key = ""
    for i, p in enumerate(cells):
        is_value = bool(key) and (drawn or len(cells) == i + 1 or i % 2 == 1)
        if not p.first and not is_value:
            continue
        if not is_value:
            key = p.text
        elif p.text:
            yield key, p
            key = ""
        else:
            key = ""


def _add_pair(state: _State, group: LabelPath, key: str, value: PlacedCell) -> None:
    key = re.sub(r"[:：]$", "", key)
    if key.startswith("其中") and state.last_key:
        group = (*group, state.last_key)
    elif not key.startswith("其中"):
        state.last_key = key
    if PROJECT_KEY.match(bare_key(key)):
        _enter_project(state, key, value.text)
    path = (*group, key)
    state.columns.append(path)
    heads = (*([state.project_key] * len(state.project)), *([""] * len(path)))
    cell = Cell(value.text, value.page, value.cell.ink)
    state.rows.append(_InnerRow((*state.project, *path), heads, {path: cell}, value.page, value.cell.ink))


def _enter_project(state: _State, key: str, name: str) -> None:
    """From here on rows are the project's; those above the first name are, too."""
    if not state.project:
        for row in state.rows:
            row.label, row.heads = (name, *row.label), (key, *row.heads)
    state.project, state.project_key, state.keys = (name,), key, []


def _column_at(section: _Section, placed: PlacedCell) -> int:
    """The header column a cell stands under: the first one it covers, by the largest overlap."""
    shares = [min(x1, placed.x1) - max(x0, placed.x0) for x0, x1 in section.places]
    covered = [i for i, (x0, x1) in enumerate(section.places) if shares[i] > 0.5 * (x1 - x0)]
    return covered[0] if covered else max(range(len(shares)), key=lambda i: shares[i])


def _append_to_last(own: Sequence[PlacedCell], state: _State) -> None:
    """The first row of a page goes on with the last row of the page before."""
    label, cells = state.rows[-1].label, state.rows[-1].cells
    section = state.section
    for p in own:
        path = label[-1:] if section is None else section.paths[_column_at(section, p)]
        old = cells.get(path)
        if old is not None and old.text is not None:
            cells[path] = Cell(old.text + p.text, old.page, old.bbox)
        elif section is not None and not section.is_label[_column_at(section, p)]:
            cells[path] = Cell(p.text, p.page, p.cell.ink)


def _union(boxes: Sequence[Box]) -> Box | None:
    if not boxes:
        return None
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
