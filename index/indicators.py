"""Indicator lists of performance forms: 一级指标 > 二级指标 > 三级指标 and a target, from the lines of a plain extraction.

Merged cells print their label (数量指标) once, at the top or in the middle of their rows; which rows they span is the
division that explains best where the labels stand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.domain import LabelPath, Line
from index.headings import squash
from index.names import Reading, bag_of, target_bags
from index.passages import tidy

TARGET_WORDS = ("目标值", "指标值", "年度指标值", "年度目标值")
LEVELS = {
    "产出指标": ("数量指标", "质量指标", "时效指标", "成本指标"),
    "成本指标": ("经济成本指标", "社会成本指标", "生态环境成本指标"),
    "效益指标": ("经济效益指标", "社会效益指标", "生态效益指标", "可持续影响指标"),
    "满意度指标": ("服务对象满意度指标", "社会公众满意度指标", "其他满意度指标"),
}
FIRST_OF = {second: first for first, seconds in LEVELS.items() for second in seconds}
WIDE_TARGET = 7  # characters; a target that stands alone and is this long may be wrapped
SIDE = "年度绩效指标"

_COMPARED = "约|大于等于|小于等于|大于|小于|等于|不超过|不低于|不少于|不高于|不小于|不大于|至少|高于|低于|超过|达到?|[≥≤＞＜>≧≦＝=]+"
_VALUE = re.compile(
    rf"^(?:(?:拉动|带动|新增|增长|完成|实现)?(?:{_COMPARED}))?\d[\d,.]*(?:[%％‰㎡]|[个家次人份套项台辆名户件篇场批期天月年日组类万亿元平方米公里小时吨]{{0,4}})"
    r"(?:/[每年月季周天次人]{1,3})?[左右以上下内及时]{0,2}$|^(?:千亿|百亿|十亿)[≥≤]\d.*$"
)
_VALUE_START = re.compile(r"^[≥≤＞＜>≧≦]\d")


@dataclass
class Indicator:
    """One row; ``level`` is its second-level label."""

    label: str
    target: str
    line: int
    level: str | None = None

    @property
    def path(self) -> LabelPath:
        return (SIDE, FIRST_OF[self.level], self.level, self.label) if self.level else (SIDE, self.label)


@dataclass(frozen=True, slots=True)
class Mark:
    """A second-level label, the index of the indicator that follows it, and whether it stands in that indicator's line."""

    name: str
    place: int
    inline: bool


def header_target(text: str) -> str | None:
    """What the target column of an indicator list's header is called (一级指标 二级指标 三级指标 目标值), in any order of the
    characters; None for any other line."""
    bag = bag_of(squash(text))
    return next((word for word in TARGET_WORDS if bag == bag_of("一级指标二级指标三级指标" + word)), None)


def is_value(text: str) -> bool:
    """Does a cell read like a number with a unit (≥15个, 1次/每月)?"""
    return bool(_VALUE.match(squash(text)))


def is_target(text: str) -> bool:
    """Does a cell read like an indicator's target: a value, or a phrase such as 有效提升 in any order?"""
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
    bags = {bag_of(word) for word in (*LEVELS, *FIRST_OF)}
    return next((cut for cut in range(1, min(len(words), 8) + 1) if bag_of("".join(words[:cut])) in bags), 0)


def lines_to_indicators(lines: Sequence[Line], breaks: frozenset[int], reading: Reading) -> list[Indicator]:
    """The indicators below a list's header. ``breaks`` are the lines that begin a page."""
    found: list[Indicator] = []
    marks: list[Mark] = []
    label, start = "", 0
    open_target = False
    for line in lines:
        text, names = _strip_levels(line.text.strip(), reading)
        marks.extend(Mark(name, len(found), bool(text)) for name in names)
        if not text:
            continue
        head, value = _split_target(text)
        if value is None and open_target and not label and len(squash(text)) <= WIDE_TARGET + 1:
            found[-1].target += tidy(text)
            open_target = len(squash(text)) >= WIDE_TARGET
        elif value is None:
            start = start if label else line.number
            label += tidy(text)
            open_target = False
        elif head or label:
            target = reading(tidy(value), None)
            found.append(Indicator(reading(label + tidy(head), None), target, start if label else line.number))
            open_target = not head and len(squash(value)) >= WIDE_TARGET
            label = ""
        elif found:  # a second target: the first one was the end of the name
            found[-1].label += found[-1].target
            found[-1].target = reading(tidy(value), None)
    _assign_levels(found, marks, [i for i, item in enumerate(found) if item.line in breaks])
    return found


def _strip_levels(text: str, reading: Reading) -> tuple[str, list[str]]:
    """The line without the merged cells' labels that got into it, and the second-level labels among them."""
    names: list[str] = []
    text = re.sub(rf"\s*{SIDE}$", "", text)
    if squash(text) in (SIDE, SIDE[:4], SIDE[4:]):
        return "", []
    words = sorted({*LEVELS, *FIRST_OF}, key=len, reverse=True)
    while True:
        flat = squash(text)
        whole = reading(flat, None)
        word = next((w for w in words if flat.startswith(w) or whole == w), None)
        if word is None:
            return text, names
        if word in FIRST_OF:
            if names and FIRST_OF[word] == names[-1]:  # 成本指标 heads 经济成本指标, or stands below 产出指标
                names.pop()
            names.append(word)
        text = "" if whole == word else _drop(text, len(word))


def _drop(text: str, count: int) -> str:
    """The text without its first ``count`` printed characters."""
    index = 0
    while count and index < len(text):
        count -= not text[index].isspace()
        index += 1
    return text[index:].strip()


def _split_target(text: str) -> tuple[str, str | None]:
    """(indicator, target) of a line, None without a target."""
    words = text.split()
    cut = target_cut(words)
    if cut is not None:
        return " ".join(words[:cut]), "".join(words[cut:])
    if _VALUE_START.match(text):
        return "", text
    match = re.match(r"^(?P<head>.*[\u4e00-\u9fff）])(?P<tail>[≥≤＞＜>≧≦]\d\S*)$", text)
    return (match["head"], match["tail"]) if match and is_target(match["tail"]) else (text, None)


# ---------------------------------------------------------------- merged cells


def _assign_levels(found: Sequence[Indicator], marks: Sequence[Mark], breaks: Sequence[int]) -> None:
    """Give each indicator the second-level label whose merged cell it stands in: cells follow each other, and all labels
    stand at the top of their cells or all in the middle, on one of the pages the cell is on."""
    if not marks or len(found) < len(marks):
        return
    cuts = min((_best_cuts(found, marks, breaks, top) for top in (False, True)), key=lambda result: result[0])[1]
    for mark, (start, end) in zip(marks, pairwise(cuts), strict=True):
        for item in found[start:end]:
            item.level = mark.name


def _best_cuts(found: Sequence[Indicator], marks: Sequence[Mark], breaks: Sequence[int], top: bool) -> tuple[float, list[int]]:
    """(cost, where each label's cell starts, and the end)."""
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [0])}
    for i, mark in enumerate(marks):
        layer: dict[int, tuple[float, list[int]]] = {}
        for start, (cost, cuts) in best.items():
            for end in range(start + 1, len(found) - (len(marks) - i - 1) + 1):
                total = cost + _cell_cost(found, mark, start, end, breaks, top)
                if end not in layer or total < layer[end][0]:
                    layer[end] = (total, [*cuts, end])
        best = layer
    return best[len(found)]


def _cell_cost(found: Sequence[Indicator], mark: Mark, start: int, end: int, breaks: Sequence[int], top: bool) -> float:
    """How far the label is from where its cell would print it, and how ill the words agree."""
    pieces = [start, *(b for b in breaks if start < b < end), end]
    if top:
        away = float(min(abs(a - mark.place) for a in pieces[:-1]))
    else:
        at = mark.place + 0.5 if mark.inline else float(mark.place)
        away = min(abs((a + b) / 2 - at) for a, b in pairwise(pieces))
    wrong = sum(("满意" in item.label or "投诉" in item.label) != ("满意" in mark.name) for item in found[start:end])
    wrong += sum("及时" in item.label and mark.name != "时效指标" for item in found[start:end])
    return away + 2.0 * wrong
