"""What a document says in words against what it shows: 「无政府性基金」, 「空表」, 「共14个科室」, the same goal with two values."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from index.amounts import chinese_to_int
from index.domain import Document, Figure, Heading, LabelPath, Measure, Origin, Para, SourceRef, Table
from index.findings import Finding, Place, figure_place
from index.labels import name_key
from index.narrative import span_source
from index.prose import flatten

GOAL_LENGTH = 8  # a shorter goal (资助企业数量) may be counted for one project here and for all there
REPEATS = 6  # places shown for one slip of the pen that recurs

_TOPICS = ("政府性基金", "国有资本经营", "“三公”经费")
_DENIED = re.compile(r"(?:无|没有|未安排|不涉及|未发生)(?P<what>[^，。；：]{2,60})")
_OWN = re.compile(r"^[^，。；]{0,40}(?:本单位|本部门|本年|20\d\d年|我[局委院]|[局院厅委会处中心办])?[^，。；]{0,12}$")
_EMPTY_NOTE = re.compile(r"空表|无发生额|无数据|没有数据|(?:本|此)表无")
_LIST_AFTER = re.compile(
    r"(?:设有?|包括|包含|有)(?P<count>\d{1,3}|[一二三四五六七八九十]{1,3})个(?P<noun>内设机构|职能处室|职能科室|内设处室|内设科室|处室|科室)"
    r"[，：]*(?:具体|分别)?(?:包括|为|是|有)?：(?P<list>[^。；：]+)[。；]"
)
_LIST_BEFORE = re.compile(
    r"(?:内设|下设|设有|包括|设立)(?P<list>[^。；：\d]*、[^。；：\d]*?)[，]?(?P<more>等)?[，]?共?(?:计)?"
    r"(?P<count>\d{1,3}|[一二三四五六七八九十]{1,3})个?(?:内设)?(?:职能)?(?P<noun>处室|科室|内设机构|机构)"
)
_UNITS_COUNTED = ("基层单位", "下属单位", "所属单位")
_OWNED = re.compile(r"(?:共有|实有|现有)(?:公务)?车辆")


def statement_findings(document: Document, figures: Sequence[Figure]) -> list[Finding]:
    """Contradictions between words and figures of one document that no sum can show."""
    return [
        *_denials(document, figures),
        *_empty_notes(document, figures),
        *_lists(document),
        *_unit_counts(document, figures),
        *_vehicles(document, figures),
        *_goals(document, figures),
        *_own_year(document, figures),
        *_names(document, figures),
    ]


def _paragraphs(document: Document) -> Iterator[tuple[Para, LabelPath]]:
    headings: list[Heading] = []
    for block in document.blocks:
        if isinstance(block, Heading):
            headings = [*(h for h in headings if h.level < block.level), block]
        elif isinstance(block, Para):
            yield block, tuple(h.text for h in headings)


def _text_place(document: Document, para: Para, section: LabelPath, quote: str, start: int, end: int) -> Place:
    return Place(document.doc_id, document.title, section, None, (), (), quote, span_source(document.doc_id, para, start, end))


def _denials(document: Document, figures: Sequence[Figure]) -> Iterator[Finding]:
    """「本单位无政府性基金预算支出」 against tables that print some."""
    for para, section in _paragraphs(document):
        if any("名词解释" in part or "名称解释" in part for part in section):
            continue
        flat, offsets = flatten(para.text)
        for match in _DENIED.finditer(flat):
            start = max(flat.rfind(mark, 0, match.start()) for mark in "。；：") + 1
            if not _OWN.match(flat[start : match.start()]) or "说明" in match["what"]:
                continue
            for topic in _TOPICS:
                if topic not in match["what"] or not (evidence := _largest(document, figures, topic)):
                    continue
                quote = flat[start : match.end()]
                message = f"文字说“{quote}”，表中却有{evidence.raw}{evidence.unit}"
                place = _text_place(document, para, section, quote, offsets[start], offsets[match.end() - 1] + 1)
                places = (figure_place(document, evidence), place)
                yield Finding(document.doc_id, "text_table", message, evidence.value, evidence.unit, False, places, (evidence.id,))


def _largest(document: Document, figures: Sequence[Figure], topic: str) -> Figure | None:
    """The largest amount that a table prints under a topic, its own table first; plans of a final account aside."""
    final = document.kind.is_final
    titles = {t.id: t.title for t in document.tables}
    key = topic.replace("“", "").replace("”", "")

    def about(f: Figure) -> int:
        title = titles.get(f.table_id or "", "").replace("“", "").replace("”", "")
        if key in title and not re.search(r"收支|收入支出总|总表", title):
            return 2
        return 1 if any(key in part.replace("“", "").replace("”", "") for part in (*f.col_path, *f.row_path)) else 0

    found = [
        f
        for f in figures
        if f.origin is Origin.TABLE
        and f.measure is Measure.AMOUNT
        and f.unit.endswith("元")
        and f.value
        and f.year == document.year
        and not (final and any("预算数" in part or "年初预算" in part for part in f.col_path))
        and about(f)
    ]
    return max(found, key=lambda f: (about(f), f.value or Decimal(0)), default=None)


def _empty_notes(document: Document, figures: Sequence[Figure]) -> Iterator[Finding]:
    """A note that calls its table empty, below a table that is not."""
    for table in document.tables:
        note = table.note or ""
        filled = [f for f in figures if f.table_id == table.id and f.value] if _EMPTY_NOTE.search(note) else []
        if filled:
            source = SourceRef(document.doc_id, page=table.pages[-1] if table.pages else None, line=table.line)
            said = Place(document.doc_id, document.title, table.section, table.name, (), (), note, source)
            message = f"{table.name}的注说本表为空，表中却有{len(filled)}个数（如{filled[0].raw}）"
            places = (figure_place(document, filled[0]), said)
            yield Finding(document.doc_id, "text_table", message, None, filled[0].unit, False, places, tuple(f.id for f in filled))


def _lists(document: Document) -> Iterator[Finding]:
    """「…、…、…，共14个科室」: the number against the names."""
    for para, section in _paragraphs(document):
        flat, offsets = flatten(para.text)
        for match in (m for pattern in (_LIST_AFTER, _LIST_BEFORE) for m in pattern.finditer(flat)):
            stated = int(match["count"]) if match["count"].isdigit() else chinese_to_int(match["count"]) or 0
            names = [n for n in re.split(r"、", re.sub(r"（[^（）]*）", "", match["list"]).strip("，、")) if n]
            joined = sum(len(re.findall(r"和|及|与", name)) for name in names)
            open_ended = "more" in match.re.groupindex and bool(match["more"])
            if len(names) <= stated <= len(names) + joined or (open_ended and len(names) <= stated):
                continue
            message = f"文字说{stated}个{match['noun']}，所列名称为{len(names)}个"
            place = _text_place(document, para, section, match[0], offsets[match.start()], offsets[match.end() - 1] + 1)
            yield Finding(document.doc_id, "count", message, Decimal(abs(stated - len(names))), "个", False, (place,))


def _unit_counts(document: Document, figures: Sequence[Figure]) -> Iterator[Finding]:
    """How many units belong to the body, said differently in two sections."""
    for noun in _UNITS_COUNTED:
        first: dict[LabelPath, Figure] = {}
        for f in figures:
            if f.origin is Origin.PROSE and f.measure is Measure.COUNT and f.row_path[-1:] == (noun,) and f.value is not None:
                if not re.search(rf"(?:包括|共).*{re.escape(f.raw)}", f.context):
                    continue  # some of them only: 「其中2家基层单位为非独立核算单位」
                first.setdefault(f.section, f)
        counted = list(first.values())
        for other in counted[1:]:
            one = counted[0]
            if other.value != one.value and other.unit == one.unit and one.value is not None and other.value is not None:
                message = f"{noun}的个数前后不一致：一处{one.raw}，一处{other.raw}"
                places = (figure_place(document, one), figure_place(document, other))
                difference = abs(one.value - other.value)
                yield Finding(document.doc_id, "count", message, difference, one.unit, False, places, (one.id, other.id))


def _vehicles(document: Document, figures: Sequence[Figure]) -> Iterator[Finding]:
    """How many vehicles the body has, said differently in two sections."""
    stated: dict[LabelPath, Figure] = {}
    for f in figures:
        if f.origin is Origin.PROSE and f.row_path == ("车辆",) and f.unit == "辆" and _OWNED.search(f.context) and f.value is not None:
            stated.setdefault(f.section, f)
    counted = list(stated.values())
    for other in counted[1:]:
        one = counted[0]
        if one.value != other.value and one.value is not None and other.value is not None:
            message = f"车辆的数量前后不一致：一处{one.raw}，一处{other.raw}（时点或口径不同的除外）"
            places = (figure_place(document, one), figure_place(document, other))
            yield Finding(document.doc_id, "count", message, abs(one.value - other.value), "辆", False, places, (one.id, other.id))


def _goals(document: Document, figures: Sequence[Figure]) -> Iterator[Finding]:
    """One goal (资助企业技术改造项目数量) with two values in two tables."""
    goals: dict[str, dict[str, list[Figure]]] = defaultdict(lambda: defaultdict(list))
    for f in figures:
        if f.origin is Origin.TABLE and f.measure is Measure.COUNT and f.value is not None and f.row_path and not f.raw[:1].isspace():
            goals[name_key(f.row_path[-1])][f.table_id or ""].append(f)
    for name, tables in goals.items():
        if len(name) < GOAL_LENGTH or len(tables) != 2 or any(len(stated) != 1 for stated in tables.values()):
            continue
        (one,), (other,) = tables.values()
        if one.value != other.value and one.value is not None and other.value is not None:
            message = f"“{name}”的目标值在两处不同：{one.raw}，{other.raw}（一处或为项目口径，一处或为整体口径）"
            places = (figure_place(document, one), figure_place(document, other))
            yield Finding(document.doc_id, "count", message, abs(one.value - other.value), one.unit, False, places, (one.id, other.id))


def _own_year(document: Document, figures: Sequence[Figure]) -> Iterator[Finding]:
    """「2026年预算…比2026年预算增加」: a year compared with itself."""
    slips = [
        f
        for f in figures
        if f.origin is Origin.PROSE
        and f.measure in (Measure.CHANGE, Measure.RATE)
        and document.year is not None
        and f.year == document.year
        and len(f.col_path) == 2
        and re.match(rf"(?:较|比|与|同){document.year}年", f.col_path[0])
    ]
    if slips:
        message = f"{document.year}年的文件写“{slips[0].col_path[0]}”，比较的年份与本年相同，应为上一年（共{len(slips)}处）"
        places = tuple(figure_place(document, f) for f in slips[:REPEATS])
        yield Finding(document.doc_id, "name", message, None, "年", False, places, tuple(f.id for f in slips))


def _names(document: Document, figures: Sequence[Figure]) -> Iterator[Finding]:
    """A subject code that the sentences and the tables call by different names."""
    printed: dict[str, tuple[Table, int]] = {}
    for table in document.tables:
        for r, row in enumerate(table.rows):
            if row.code and row.label:
                printed.setdefault(row.code, (table, r))
    seen: set[tuple[str, str]] = set()
    for f in figures:
        if f.origin is not Origin.PROSE or not f.code or len(f.code) != 3 + 2 * (len(f.row_path) - 1):
            continue
        for level, name in enumerate(f.row_path):
            code = f.code[: 3 + 2 * level]
            if code not in printed or (code, name) in seen:
                continue
            seen.add((code, name))
            table, r = printed[code]
            row = table.rows[r]
            if name_key(row.label[-1]) != name_key(name):
                source = SourceRef(document.doc_id, page=row.page, bbox=row.bbox, line=row.line)
                place = Place(document.doc_id, document.title, table.section, table.name, row.label, (), row.label[-1], source)
                message = f"科目{code}的名称不一致：说明写“{name}”，表中为“{row.label[-1]}”"
                yield Finding(document.doc_id, "name", message, None, "", False, (place, figure_place(document, f)), (f.id,))
