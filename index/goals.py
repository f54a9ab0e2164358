"""The table of projects, amounts and goals that stands in the prose of a plain extraction (重点项目预算绩效情况).

It prints prose in cells. What is a name and what is prose is told by the project names that the document's other tables
print, and by line ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from index.domain import Cell, LabelPath, Line, Row, Table
from index.headings import squash
from index.names import Reading
from index.passages import tidy
from index.plaintables import Region, note_of

NAME_LINES = 4  # a project's name is wrapped over no more lines
NAME_MAX = 30  # characters
HEADER_SPAN = 4

_GOAL_HEADER = re.compile(
    r"^项目名称(?:[（(][^）)]*[）)])?(?P<amount>(?:\d{4}年)?(?:预算数|预算金额|预算|金额)(?:[（(][^）)]*[）)])?)"
    r"(?P<goal>(?:项目)?(?:绩效目标|总体目标|年度目标))$"
)
_NUMBER = r"-?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d{2}|-?\d{1,3}(?:,\d{3})+"
_AMOUNT = re.compile(rf"^(?P<label>[^。；]*?)(?:^|(?<=\s)|(?<=[\u4e00-\u9fff）]))(?P<amount>{_NUMBER})(?:\s+(?P<text>\S.*))?\s*$")
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
    if len(label) > NAME_MAX or re.search(r"[，、：为至达约≥≤]$|[，。]", label):
        return False
    return not held or bool(_CLOSED.search(squash(held[-1].text)))


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
