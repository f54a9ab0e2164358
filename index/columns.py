"""A grid's header → what each column is: label, code or value, under which path, in which half of the form.

A header is closed under its own spans: it reaches down as far as its tallest cell, and further while a wide header cell
is split by the row below. A form printed as two or more halves side by side (收入 | 支出) starts over with a label column
after value columns.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from index.amounts import BLANKS, cell_to_value
from index.domain import LabelPath
from index.grids import GridCell

MAX_HEADER_ROWS = 6

BODY_CODE_HEADER = re.compile(r"(?:单位|部门)(?:代码|编码|编号)$")  # whose row it is: no part of a subject's code
YEAR_HEADER = re.compile(r"^(?:预算|决算|会计)?年[度份]?$")
CODE_HEADER = re.compile(r"(编码|代码|编号|^[类款项目]$|^科目$)$")
SKIP_HEADER = re.compile(r"^(序号|行次|栏次|序|行号)$")
LABEL_HEADER = re.compile(
    r"(项目|名称|科目|类别|功能|单位|部门|用途|年度|年份|事项|内容|分类|资产|负债|权益|大类|品目|摘要|指标|处室|科室)$|^(项目|科目|指标)"
)
LABEL_EXCEPT = re.compile(r"^项目(支出|经费|资金|预算|拨款|金额|内容|概况|概述)|^指标(性质|方向|属性|值|解释|说明)")
INDICATOR_HEADER = re.compile(r"^[一二三]级指标$|^(?:绩效)?指标(?:名称|内容|类型|类别|分类)?$")
UNIT_HEADER = re.compile(r"^(?:计量|度量|数量)?单位$")
UNIT_LENGTH = 4  # characters of a unit of count (台, 平方米)
NOTE_HEADER = re.compile(
    r"(形式|方式|目标|目标值|指标值|说明|备注|依据|原因|性质|是否|状态|种类|来源|时间|日期|期限|索引|情况|地址|电话|联系人|责任人|理由)"
)
HALF_HEADER = re.compile(
    r"(项目|名称|科目|编码|代码|资产|负债|权益|功能分类|支出用途|用途|支出|收入|内容|事项|指标)(（[^）]*）|\([^)]*\))*$"
)
MEASURED = re.compile(r"^[约≥≤＞＜><=＝]*-?\d[\d,]*(?:\.\d+)?[万亿]?(?![年.、．）)])[^\d\s，。；]{1,8}$")
YEAR = re.compile(r"^(19|20)\d\d(年|年度)?$")
BRACKETS = re.compile(r"[（(][^（）()]*[）)]")


class Role(StrEnum):
    LABEL = "label"
    CODE = "code"
    VALUE = "value"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Column:
    """One grid column: its role, the half of the form it belongs to (from 0) and its header path, outermost first."""

    role: Role
    half: int
    path: LabelPath


@dataclass(frozen=True, slots=True)
class Content:
    """What the body of a column holds: how many numbers, texts and codes; how many of the texts are numbers with a unit
    (12.5万人次), and how long the longest text is."""

    numbers: int = 0
    texts: int = 0
    codes: int = 0
    measured: int = 0
    longest: int = 0


def is_data_number(text: str) -> bool:
    """A printed figure, as against a year or a column number of the header."""
    return cell_to_value(text) is not None and not YEAR.match(text)


def is_code(text: str) -> bool:
    """科目编码: 2 to 9 digits without separators."""
    return text.isdigit() and 2 <= len(text) <= 9


def header_height(matrix: Sequence[Sequence[GridCell | None]]) -> int:
    """How many rows from the top are header; 0 where the first row is data already."""
    if not matrix or _is_data_row(matrix[0]):
        return 0
    height = 1
    while height < min(len(matrix), MAX_HEADER_ROWS):
        reach = max((cell.r1 for row in matrix[:height] for cell in row if cell and cell.text), default=height)
        reach = min(reach, MAX_HEADER_ROWS + 1)
        if reach > height and not any(_is_data_row(row) for row in matrix[height:reach]):
            height = reach
        elif _is_split_below(matrix, height):
            height += 1
        else:
            break
    return min(height, len(matrix))


def _is_data_row(row: Sequence[GridCell | None]) -> bool:
    return any(cell is not None and is_data_number(cell.text) for cell in row)


def _is_split_below(matrix: Sequence[Sequence[GridCell | None]], height: int) -> bool:
    """A wide header cell at the bottom is divided by the next row, and that row names the parts."""
    row = matrix[height]
    if _is_data_row(row):
        return False
    for above in {id(c): c for c in matrix[height - 1] if c is not None}.values():
        if above.c1 - above.c0 < 2 or not above.text:
            continue
        parts = {id(c): c for c in row[above.c0 : above.c1] if c is not None}
        named = sum(1 for part in parts.values() if part.text)
        if len(parts) >= 2 and named >= 2:
            return True
    return False


def header_paths(matrix: Sequence[Sequence[GridCell | None]], height: int, width: int) -> list[LabelPath]:
    """One path a column; a cell spanning rows or columns counts once in each path it covers."""
    paths: list[LabelPath] = []
    for c in range(width):
        path: list[str] = []
        last: GridCell | None = None
        for r in range(height):
            cell = matrix[r][c]
            if cell is not None and cell is not last and cell.text:
                path.append(cell.text)
            last = cell
        paths.append(tuple(path))
    return paths


def is_numbering_row(row: Sequence[GridCell | None]) -> bool:
    """栏次 | 1 | 2 | 3: column numbers under a header, no figures."""
    texts = [cell.text for cell in row if cell is not None and cell.text]
    numbers = [int(t) for t in texts if t.isdigit() and len(t) <= 2]
    others = [t for t in texts if not (t.isdigit() and len(t) <= 2)]
    if any(re.fullmatch(r"栏次|行次", t) for t in others):
        return True
    return len(numbers) >= 3 and len(others) <= 1 and all(b == a + 1 for a, b in itertools.pairwise(numbers))


def paths_to_columns(paths: Sequence[LabelPath], contents: Sequence[Content]) -> list[Column]:
    """Role and half of each column, from its header words and from what stands in it."""
    roles = [_role(path, content) for path, content in zip(paths, contents, strict=True)]
    labels: set[str] = set()  # headers of the label columns so far
    half, seen_value, seen_label = 0, False, False
    columns: list[Column] = []
    for i, (path, role) in enumerate(zip(paths, roles, strict=True)):
        opens = role in (Role.LABEL, Role.CODE) and seen_value and seen_label and _opens_half(path, contents[i], roles[i:], labels)
        if opens:
            half, seen_value, seen_label = half + 1, False, False
        elif role == Role.LABEL and seen_value:
            role = Role.VALUE
        elif role == Role.CODE and seen_value:
            role = Role.VALUE if contents[i].texts else Role.SKIP
        seen_value |= role == Role.VALUE and not (contents[i].texts and not contents[i].numbers)
        seen_label |= role in (Role.LABEL, Role.CODE)
        if role in (Role.LABEL, Role.CODE) and path:
            labels.add(path[-1])
        columns.append(Column(role, half, path))
    return columns


def _role(path: LabelPath, content: Content) -> Role:
    leaf = BRACKETS.sub("", path[-1]) if path else ""
    if SKIP_HEADER.match(leaf):
        return Role.SKIP
    if YEAR_HEADER.match(leaf):
        return Role.LABEL  # 2022 below 年度 is no subject's code
    if BODY_CODE_HEADER.search(leaf) and content.numbers <= content.codes:
        return Role.SKIP
    if CODE_HEADER.search(leaf) and content.numbers <= content.codes:
        whole = "".join(path[:-1])
        if leaf in ("类", "款", "项", "目", "科目") and not re.search("编码|代码|科目", whole):
            return Role.LABEL
        if not content.texts or content.codes:
            return Role.CODE
    if UNIT_HEADER.match(leaf) and 0 < content.longest <= UNIT_LENGTH:
        return Role.VALUE  # 台, 套: what a number beside it counts
    if content.numbers > content.texts:
        return Role.VALUE if content.codes < content.numbers or not LABEL_HEADER.search(leaf) else Role.CODE
    if LABEL_HEADER.search(leaf) and not LABEL_EXCEPT.match(leaf) and not (NOTE_HEADER.search(leaf) and content.texts == 0):
        return Role.LABEL
    if NOTE_HEADER.search(leaf):
        return Role.VALUE
    if content.texts > content.numbers and content.measured * 2 <= content.texts:
        return Role.LABEL
    return Role.VALUE if path else Role.LABEL


def _opens_half(path: LabelPath, content: Content, rest: Sequence[Role], labels: set[str]) -> bool:
    """A label column after values starts a new half where it is named like a label and values follow it."""
    leaf = path[-1] if path else ""
    if not any(role == Role.VALUE for role in rest[1:]):
        return False
    return bool(HALF_HEADER.search(leaf)) or leaf in labels or (leaf in ("类", "款", "项"))


def cell_kind(text: str) -> str:
    """``blank``, ``code``, ``number`` or ``text``: what a body cell holds."""
    if text in BLANKS:
        return "blank"
    if is_code(text):
        return "code"
    return "number" if cell_to_value(text) is not None else "text"
