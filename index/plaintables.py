"""Regions of a plain extraction → logical tables: header heaps to column paths, halves parted, pages joined.

Without positions a blank cell leaves no trace: a row with fewer numbers than columns cannot be placed, and its cells
are marked doubtful rather than trusted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.blanks import breaks_sums, place_numbers
from index.domain import Cell, Flag, LabelPath, Line, Row, Table
from index.forms import Header, heap_to_header
from index.headings import squash
from index.hierarchy import RowLabel, is_body, is_total, rows_to_paths
from index.names import CodesOf, Reading
from index.plainrows import STRONG, Record, line_shape, lines_to_records

HEADER_LINES = 90  # a stacked header of narrow columns runs over some sixty lines
BLANKS_MAX = 4  # blank cells that may hide in every row of a table
CODE_LINE = re.compile(r"^\s*[1-5]\d{2}(?:\d{2}){0,2}(?:\s|$)")
YEAR_LABEL = re.compile(r"^(?P<body>.*?)(?P<year>(?:19|20)\d\d年(?:度)?(?:预算数?|决算数?)?|增减变化(?:金额|额|情况)?|增减额|增减率)$")
NOTE = re.compile(r"^[:：]?(?:备?注|说明)(?:[:：]|\d)|^[:：]注")
INCOME = re.compile(r"结余|结转(?!下年)|收入|拨款|资金|^上年|使用非财政|用事业基金")
SPENDING = re.compile(r"支出|结转下年|年终结|年末结|预备费|机动经费")


@dataclass(frozen=True, slots=True)
class Region:
    """The lines of one page of a table, below its caption."""

    number: str | None
    title: str
    unit: str | None
    org: str | None
    lines: tuple[Line, ...]
    notes: tuple[Line, ...] = ()
    line: int = 0
    kind: str = "figures"  # "figures" | "goals" (projects and their goals) | "performance" (tasks and indicators)


def regions_to_tables(regions: Sequence[Region], table_id: str, section: LabelPath, reading: Reading, codes_of: CodesOf) -> list[Table]:
    """The table(s) that the pages of one form print: two where the form has two halves."""
    first = regions[0]
    records: list[Record] = []
    header: Header | None = None
    width, sides = _width(regions)
    if not width:
        return [_empty(regions, table_id, section)]
    coded = _has_codes(regions)
    for region in regions:
        found, body = _split_header(region, width, sides, coded)
        if header is None and (found is None or found.residue):
            found, body = _wider_header(region, width, sides, coded) or (found, body)
        if found is not None and header is None:
            width = len(found.columns)
        header = header if header and (found is None or header.residue <= found.residue) else found
        more, _ = lines_to_records(_without_header(body, region.lines[: len(region.lines) - len(body)]), coded)
        records.extend(more)
    doubtful = header is None or _contradicts(records, header)
    if header is None:
        header = Header(tuple((f"第{i + 1}列",) for i in range(width)), 0, None, (width,) if sides == 1 else (1,) * width)
    flags = _header_flags(header, doubtful)
    note = note_of(regions)
    halves = _halves(records, header) if len(header.sides) > 1 else [records]
    tables: list[Table] = []
    start = 0
    for half, (rows, count) in enumerate(zip(halves, header.sides, strict=True)):
        columns = header.columns[start : start + count]
        start += count
        suffix = f"-{half + 1}" if len(header.sides) > 1 else ""
        tables.append(
            Table(
                id=table_id + suffix,
                number=first.number,
                title=first.title,
                columns=columns,
                rows=_rows(rows, columns, flags, reading, codes_of),
                unit=first.unit,
                section=section,
                org=first.org,
                note=note,
                line=first.line,
                flags=flags,
            )
        )
    return tables


def _contradicts(records: Sequence[Record], header: Header) -> bool:
    """Do the rows' own numbers say that the columns are others than the header was read to be?"""
    if len(header.sides) > 1:
        return False
    full = [[n.text for n in record.numbers] for record in records if len(record.numbers) == len(header.columns)]
    broken = [breaks_sums(numbers, header.columns) for numbers in full]
    return sum(b is True for b in broken) * 3 > len(full)


def _header_flags(header: Header, doubtful: bool) -> frozenset[Flag]:
    if doubtful:
        return frozenset({Flag.DOUBTFUL})
    return frozenset({Flag.HEADER_INHERITED}) if header.form else frozenset()


def _empty(regions: Sequence[Region], table_id: str, section: LabelPath) -> Table:
    first = regions[0]
    lines = [line for region in regions for line in region.lines]
    header = heap_to_header([line.text for line in lines], 3, first.title)
    note = note_of(regions)
    columns = header.columns if header and not header.residue else ()
    return Table(table_id, first.number, first.title, columns, (), first.unit, section=section, org=first.org, note=note, line=first.line)


def note_of(regions: Sequence[Region]) -> str | None:
    """The remarks printed below a table, one a line."""
    return "\n".join(_join(group) for group in _note_groups(regions)) or None


def _note_groups(regions: Sequence[Region]) -> list[list[Line]]:
    groups: list[list[Line]] = []
    for region in regions:
        for line in region.notes:
            if not groups or NOTE.match(squash(line.text)) or squash(groups[-1][-1].text).endswith("。"):
                groups.append([])
            groups[-1].append(line)
    return groups


def _join(lines: Sequence[Line]) -> str:
    return "".join(squash(line.text) for line in lines)


# ---------------------------------------------------------------- header and body


def _has_codes(regions: Sequence[Region]) -> bool:
    lines = regions[0].lines
    if any(CODE_LINE.match(line.text) and re.search(r"[\u4e00-\u9fff]", line.text) for line in lines):
        return True
    return {"编", "码"} <= set("".join(line.text for line in lines[:HEADER_LINES]))


def _first_number(lines: Sequence[Line]) -> int:
    """The index of the first line that holds an amount."""
    for index, line in enumerate(lines):
        tokens = (line.raw or line.text).split()
        if any(STRONG.match(token) for token in tokens) or (index and re.search(r"[\u4e00-\u9fff）]\s+(?:0\s*)+$", line.raw or line.text)):
            return index
    return len(lines)


def _width(regions: Sequence[Region]) -> tuple[int, int]:
    """How many numbers a full line holds, and in how many halves."""
    counts: Counter[int] = Counter()
    halves: Counter[tuple[int, ...]] = Counter()
    coded = _has_codes(regions)
    for region in regions:
        lines = region.lines[_first_number(region.lines) :]
        records, _ = lines_to_records(lines, coded)
        counts.update(len(record.numbers) for record in records if record.half is None)
        for line in lines:
            shape = line_shape(line.raw or line.text, coded)
            if len(shape) > 1:
                halves[shape] += 1
    if halves:
        shape = max(halves, key=lambda s: (len(s), sum(s), halves[s]))
        return sum(shape), len(shape)
    if not counts:
        return 0, 1
    common = counts.most_common(1)[0][0]
    return (common if counts[common] * 2 > counts.total() else max(counts)), 1


def _split_header(region: Region, width: int, sides: int, coded: bool) -> tuple[Header | None, Sequence[Line]]:
    """The header that the first lines spell, and the lines below it: the cut that leaves fewest characters unexplained."""
    lines = region.lines
    limit = min(_first_number(lines), HEADER_LINES)
    if coded:
        at = next((i for i, line in enumerate(lines[: limit + 1]) if CODE_LINE.match(line.text)), None)
        if at:  # nothing of a row stands before its code
            return heap_to_header([line.text for line in lines[:at]], width, region.title, sides), lines[at:]
    best: tuple[int, int, Header] | None = None
    for cut in range(limit, 0, -1):
        header = heap_to_header([line.text for line in lines[:cut]], width, region.title, sides)
        if header is not None and (best is None or header.residue < best[0]):
            best = (header.residue, cut, header)
            if header.residue == 0:
                break
    if best is None:
        return None, lines[_header_end(lines, limit) :]
    return best[2], lines[best[1] :]


def _wider_header(region: Region, width: int, sides: int, coded: bool) -> tuple[Header, Sequence[Line]] | None:
    """A form with more columns than any row has numbers: blank cells leave no trace in a plain extraction."""
    for more in range(width + 1, width + BLANKS_MAX + 1):
        found, body = _split_header(region, more, sides, coded)
        if found is not None and not found.residue:
            return found, body
    return None


def _without_header(body: Sequence[Line], header: Sequence[Line]) -> list[Line]:
    """The body without the header's own lines, repeated on pages that repeat no caption."""
    words = [squash(line.text) for line in header]
    kept: list[Line] = []
    index = 0
    while index < len(body):
        if words and [squash(line.text) for line in body[index : index + len(words)]] == words:
            index += len(words)
        else:
            kept.append(body[index])
            index += 1
    return kept


def _header_end(lines: Sequence[Line], limit: int) -> int:
    """Where an unknown header ends: before a body's name that is wrapped over the last lines, else before the first row."""
    for cut in range(limit, max(limit - 8, 0), -1):
        if is_body("".join(squash(line.text) for line in lines[cut:limit])):
            return cut
    return limit


# ---------------------------------------------------------------- halves


def _halves(records: Sequence[Record], header: Header) -> list[list[Record]]:
    """The rows of each half. A line with one row alone belongs to the half whose words it speaks; where the words do not
    tell, to the half that goes on: the last one above the totals, the first one below them."""
    count = len(header.sides)
    halves: list[list[Record]] = [[] for _ in range(count)]
    totals_seen = False
    for record in records:
        half = record.half
        if half is None or half >= count:
            half = _lone_half(record, header, totals_seen)
        halves[half].append(record)
        totals_seen = totals_seen or (record.half == 0 and is_total(record.label))
    return halves


def _lone_half(record: Record, header: Header, totals_seen: bool) -> int:
    last = len(header.sides) - 1
    if len(record.numbers) != header.sides[0] and len(record.numbers) == header.sides[last]:
        return last
    label = record.label
    if totals_seen:
        return last if SPENDING.search(label) and not re.search(r"上年", label) else 0
    if SPENDING.search(label):
        return last
    return 0 if re.search(r"收入$|结余|(?:预算|财政)拨款|预算资金$|专户管理资金|单位资金|^上年", label) else last


# ---------------------------------------------------------------- rows


def _rows(
    records: Sequence[Record], columns: Sequence[LabelPath], flags: frozenset[Flag], reading: Reading, codes_of: CodesOf
) -> tuple[Row, ...]:
    records = [_year_apart(record, reading) for record in records]
    labels = [reading(record.label, record.code) for record in records]
    bodies = _bodies(records, reading)
    paths = rows_to_paths(_row_labels(records, labels, codes_of))
    rows = []
    for record, label, body, path in zip(records, labels, bodies, paths, strict=True):
        if body and label and path[:1] != (body,):
            path = (body, *path)
        cells = _cells(record, columns, flags)
        rows.append(Row(path, cells, record.code, None, record.lines[-1]))
    return tuple(rows)


def _year_apart(record: Record, reading: Reading) -> Record:
    """「某局（本级）2023年」 is a body's name beside the label of a table by years."""
    match = YEAR_LABEL.match(record.label)
    if match and match["body"] and is_body(reading(match["body"], None)):
        return replace(record, label=match["year"], before=match["body"])
    return record


def _bodies(records: Sequence[Record], reading: Reading) -> list[str]:
    """The body printed left of each row's label, carried down to the rows below that print none."""
    bodies: list[str] = []
    for record in records:
        if record.before and is_body(reading(record.before, None)):
            bodies.append(reading(record.before, None))
        else:
            carried = bodies[-1] if bodies and (YEAR_LABEL.match(record.label) or record.code) else ""
            bodies.append(carried)
    return bodies


def _row_labels(records: Sequence[Record], labels: Sequence[str], codes_of: CodesOf) -> list[RowLabel]:
    """What tells the rows' depth: their codes, else the blanks before them, else the codes that their names have elsewhere."""
    if any(record.code for record in records):
        return [RowLabel(label, record.code) for record, label in zip(records, labels, strict=True)]
    indents = [0.0 if is_total(label) else float(record.indent) for record, label in zip(records, labels, strict=True)]
    if any(indents):
        step = min(indent for indent in indents if indent)
        return [RowLabel(label, None, indent / step) for label, indent in zip(labels, indents, strict=True)]
    depths = _depths(labels, codes_of)
    below = 1.0 if labels and is_body(labels[0]) and not any(is_body(label) for label in labels[1:]) else 0.0
    known = sum(depth is not None for depth in depths)
    if known * 2 > len(labels):
        return [RowLabel(label, None, depth or 0.0) for label, depth in zip(labels, depths, strict=True)]
    return [RowLabel(label, None, below if index else 0.0) for index, label in enumerate(labels)]


def _depths(labels: Sequence[str], codes_of: CodesOf) -> list[float | None]:
    """How deep each subject stands in its classification, functional or economic, whichever knows more of the labels."""
    found = [() if is_total(label) or is_body(label) else codes_of(label) for label in labels]
    family = max("23", key=lambda digit: sum(any(code.startswith(digit) for code in codes) for codes in found))
    mine = [[code for code in codes if code.startswith(family)] for codes in found]
    return [float(max(len(code) for code in codes) - 1) // 2 if codes else None for codes in mine]


def _cells(record: Record, columns: Sequence[LabelPath], flags: frozenset[Flag]) -> tuple[Cell, ...]:
    line = record.lines[-1]
    doubt = frozenset({Flag.DOUBTFUL})
    if len(record.numbers) == len(columns):
        return tuple(Cell(n.text, line=n.line, flags=flags | doubt if n.broken else flags) for n in record.numbers)
    placed, sure = place_numbers([n.text for n in record.numbers], columns)
    lines = iter(n.line for n in record.numbers)
    cells = []
    for text, certain in zip(placed, sure, strict=True):
        at = next(lines, line) if text is not None else line
        cells.append(Cell(text, line=at, flags=(flags if text is not None else frozenset()) | (frozenset() if certain else doubt)))
    return tuple(cells)
