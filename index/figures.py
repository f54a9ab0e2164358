"""Document → figures: every number of its tables and every amount of its sentences, each with its place.

A table's number takes its unit from itself, its column, its row or its table, in that order, and its year from the
labels that name one. A sentence's amounts come from ``index.narrative``. Ids are stable for a document:
``doc:table:row:column`` and ``doc:block:offset``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.amounts import cell_to_value, normalise
from index.domain import Document, Figure, Flag, Heading, Kind, LabelPath, Measure, Origin, Para, Row, SourceRef, Table
from index.narrative import Narrative, sane_year
from index.prose import Mention, text_to_mentions

_UNIT_WORDS = (
    r"百万元|万元|千元|亿元|元/股|元|%|‰|辆|人次|人|家|个|台、套|台套|台/套|台（套）|套|台|平方米|公顷|公里|吨"
    r"|次|名|户|件|册|份|项|天"
)
_LABEL_UNIT = re.compile(rf"[（(](?:单位[:：]|人民币)?({_UNIT_WORDS})[)）]|(?:单位[:：])({_UNIT_WORDS})")
_PERCENT_LABEL = re.compile(r"%|增减率|增长率|增幅|降幅|比例|占比|比重|百分比|完成率|执行率|收益率|使用率|合格率")
_PERCENT_ROW = re.compile(r"(?:率|比例|比重|占比|百分比|增幅|降幅)(?:[（(]%[)）])?$")
_COUNT_LABEL = re.compile(r"数量|[个台辆户件次股人]数|批次|采购数$|持股|股份|总数$")
_MONEY_LABEL = re.compile(r"金额|预算|决算|[收支]|费|元")
_PEOPLE_LABEL = re.compile(r"人数|编制数|在职|实有人|定员")
_NO_FIGURE_LABEL = re.compile(r"序号|编码|代码|行次|电话|邮编|日期|时间|文号|^年度$|^年份$|^栏次$")
_YEAR_LABEL = re.compile(r"(?<!\d)(20\d\d)\s*年|^(20\d\d)$")
_LAST_YEAR = re.compile(r"上年(?!结转|结余)|上一年|去年|上期")
_CHANGE_LABEL = re.compile(r"增减|变化|增加额|减少额|较上年|比上年|同比")
_TARGET_LABEL = re.compile(r"^(?:年度|全年|本年|上年|当年|年初|实际|预期)?(?:绩效)?(?:指标|目标)值")
_SIGN_LABEL = re.compile(r"^指标(?:性质|方向)$")
_UNIT_LABEL = re.compile(r"^(?:计量|度量|绩效度量|指标|数量)?单位$")
_SCORE_LABEL = re.compile(r"得分|分值|评分$|^分数$|权重")
# What an indicator counts stands with it: never the table's 万元.
_INDICATOR_ROW = re.compile(r"(?:产出|效益|效果|满意度|成本|数量|质量|时效)(?:类)?指标")
_SHORT_CELL = re.compile(
    r"^(?:约|不少于|不低于|不超过|不高于|不多于|达到?|至少|至多|(?:大于|小于)等于|大于|小于|不小于|不大于|超过|[≥≤><≧≦﹥﹤＞＜=])*[\d,.]+\S{0,8}$"
)


def document_to_figures(document: Document) -> tuple[Figure, ...]:
    """Every figure of a document in reading order."""
    bodies = _bodies(document)
    fallback = _common_unit(document)
    narrative = Narrative(document, bodies)
    figures: list[Figure] = []
    for index, block in enumerate(document.blocks):
        if isinstance(block, Heading):
            figures.extend(narrative.flush())
            narrative.enter(block)
        elif isinstance(block, Para):
            figures.extend(narrative.add(index, block))
        else:
            figures.extend(narrative.flush())
            figures.extend(table_to_figures(document, block, bodies, fallback))
    return (*figures, *narrative.flush())


def table_to_figures(document: Document, table: Table, bodies: Sequence[str] = (), fallback_unit: str = "") -> Iterator[Figure]:
    """The figures of one table: numeric cells, and every amount named in its cells of text."""
    for r, row in enumerate(table.rows):
        for c, cell in enumerate(row.cells[: len(table.columns)]):
            if cell.text is None or _NO_FIGURE_LABEL.search(_leaf(table.columns[c])):
                continue
            place = _Place(document, table, r, c)
            value = cell_to_value(cell.text)
            if value is not None:
                yield place.number(normalise(cell.text).replace(" ", ""), fallback_unit)
            elif re.search(r"[\d一二三四五六七八九十]", cell.text):
                yield from place.text(bodies)


@dataclass(frozen=True, slots=True)
class _Place:
    """One cell of a table and what its labels say of a number in it."""

    document: Document
    table: Table
    r: int
    c: int

    @property
    def row(self) -> Row:
        return self.table.rows[self.r]

    @property
    def column(self) -> LabelPath:
        return self.table.columns[self.c]

    def number(self, raw: str, fallback_unit: str) -> Figure:
        own = "%" if raw.endswith("%") else self.unit()
        target = bool(_TARGET_LABEL.match(_leaf(self.column))) or any(_INDICATOR_ROW.search(p) for p in self.row.label[:-1])
        unit = own if own is not None else "" if target else self.table.unit or (fallback_unit if self.is_money() else "")
        value = cell_to_value(raw)
        measure = self.measure(unit)
        sign = 0 if value is None or not value or measure not in (Measure.CHANGE, Measure.RATE) else 1 if value > 0 else -1
        doubtful = frozenset({Flag.DOUBTFUL}) if not unit and not self.is_count() and not target else frozenset[Flag]()
        return self.figure("", self.whole(raw), Mention(0, 0, raw, value, unit, measure, sign, (), (), None, None, ""), doubtful)

    def text(self, bodies: Sequence[str]) -> Iterator[Figure]:
        """Amounts inside a cell of text; a short cell (≥500家) is one figure with the cell's own text."""
        cell = self.row.cells[self.c]
        text = cell.text or ""
        mentions = [m for m in text_to_mentions(text, (), bodies) if m.value is not None]
        short = _SHORT_CELL.match(normalise(text).replace(" ", ""))
        if short and len(mentions) == 1:
            mention = mentions[0]
            yield self.figure(
                "", text, Mention(0, 0, text, mention.value, mention.unit, self.measure(mention.unit), 0, (), (), None, None, "")
            )
            return
        if short and not mentions and (number := re.search(r"\d[\d,]*(?:\.\d+)?", normalise(text))):
            unit = self.unit() or _counted_in(normalise(text).replace(" ", ""))
            value = cell_to_value(number[0])
            yield self.figure("", self.whole(text), Mention(0, 0, text, value, unit, self.measure(unit), 0, (), (), None, None, ""))
            return
        for mention in mentions:
            yield self.figure(f":{mention.start}", mention.raw, mention)

    def figure(self, suffix: str, raw: str, mention: Mention, flags: frozenset[Flag] = frozenset()) -> Figure:
        document, table, row = self.document, self.table, self.row
        cell = row.cells[self.c]
        return Figure(
            id=f"{document.doc_id}:{table.id}:{self.r}:{self.c}{suffix}",
            doc_id=document.doc_id,
            org=table.org or document.department,
            year=sane_year(mention.year, document) or self.year(),
            row_path=(*row.label, *mention.items),
            col_path=(*self.column, *mention.labels),
            code=row.code,
            raw=raw,
            value=mention.value,
            unit=mention.unit,
            origin=Origin.TABLE,
            measure=mention.measure,
            direction=mention.direction,
            context=mention.context,
            section=table.section,
            table_id=table.id,
            row=self.r,
            col=self.c,
            flags=cell.flags | table.flags | flags,
            source=SourceRef(
                document.doc_id,
                page=cell.page if cell.page is not None else row.page,
                bbox=cell.bbox,
                line=cell.line if cell.line is not None else row.line,
            ),
        )

    def beside(self, header: re.Pattern[str]) -> str:
        """What the row prints in the column with such a header, "" where there is none."""
        for path, cell in zip(self.table.columns, self.row.cells, strict=False):
            if cell.text and header.match(_leaf(path)):
                return cell.text
        return ""

    def whole(self, text: str) -> str:
        """A target with the sign and the unit that stand in columns of their own: ≥ | 1386 | 万平方米."""
        if not _TARGET_LABEL.match(_leaf(self.column)):
            return text
        sign, unit = self.beside(_SIGN_LABEL), self.beside(_UNIT_LABEL)
        return f"{'' if text.startswith(sign) else sign}{text}{'' if text.endswith(unit) else unit}"

    def unit(self) -> str | None:
        """The unit that the cell's own labels name, or that stands beside a count; None where they leave it to the table."""
        column = " ".join(self.column)
        if self.c < len(self.table.column_units) and self.table.column_units[self.c]:
            return self.table.column_units[self.c]
        for label in (*reversed(self.column), *reversed(self.row.label)):  # 三、车辆数合计（辆） counts the kinds below it, too
            if match := _LABEL_UNIT.search(normalise_brackets(label)):
                return match[1] or match[2]
        if _SCORE_LABEL.search(_leaf(self.column)):
            return "分"
        if (_TARGET_LABEL.match(_leaf(self.column)) or self.is_count()) and (unit := self.beside(_UNIT_LABEL)):
            return unit
        if _PERCENT_LABEL.search(_leaf(self.column)) or _PERCENT_ROW.search(_leaf(self.row.label)):
            return "%"
        if _PEOPLE_LABEL.search(_leaf(self.column)) and not re.search(r"支出|经费|工资", column):
            return "人"
        return "" if self.is_count() else None

    def is_count(self) -> bool:
        labels = f"{_leaf(self.column)} {_leaf(self.row.label)}"
        return bool(_COUNT_LABEL.search(labels)) and not _MONEY_LABEL.search(labels)

    def is_money(self) -> bool:
        """True where a number without any unit can only be money: in a budget's form, or under a label that says so."""
        return self.document.kind is not Kind.OTHER or bool(_MONEY_LABEL.search(_leaf(self.column)))

    def measure(self, unit: str) -> Measure:
        labels = " ".join((*self.column, _leaf(self.row.label)))
        change = _CHANGE_LABEL.search(labels)
        if unit in ("%", "‰"):
            return (
                Measure.RATE
                if change or re.search(r"增长率|增幅|降幅|增减率", labels)
                else (Measure.SHARE if re.search(r"占|比重|比例", labels) else Measure.AMOUNT)
            )
        if (not unit and not change) or (not unit.endswith("元") and "元/" not in unit):
            return Measure.COUNT
        return Measure.CHANGE if change else Measure.AMOUNT

    def year(self) -> int | None:
        """The year that the innermost label names (2023年, 上年), else the table's, else the document's."""
        base = self.table.year or self.document.year
        for label in (*reversed(self.column), *reversed(self.row.label)):
            if match := _YEAR_LABEL.search(label):
                return int(match[1] or match[2])
            if base and _LAST_YEAR.search(label) and not _CHANGE_LABEL.search(label):
                return base - 1
        return base


def normalise_brackets(label: str) -> str:
    return normalise(label).replace("(", "（").replace(")", "）")


def _leaf(path: LabelPath) -> str:
    return path[-1] if path else ""


def _bodies(document: Document) -> tuple[str, ...]:
    """Names of the body itself, longest first: they never are a figure's item."""
    names = {document.department} | {t.org for t in document.tables if t.org}
    names |= {re.sub(r"[（(][^（）()]*[)）]$", "", name) for name in names}
    names |= {
        name + suffix for name in names if name for suffix in ("（部门）", "（单位）", "（本级）", "（本部）", "系统", "本级", "本部")
    }
    return tuple(sorted((name for name in names if len(name) > 3), key=len, reverse=True))


def _counted_in(text: str) -> str:
    """The unit that a short cell writes behind its number (≤1.5小时); empty for a date."""
    found = re.fullmatch(r"\D*[\d,.]+(?P<unit>(?![月年日号])[\u4e00-\u9fff/]{1,4}?)(?:以内|以上|以下|左右|之?内|以前|前)?", text)
    return found["unit"] if found else ""


def _common_unit(document: Document) -> str:
    """The unit of all tables where they agree: a table without a unit of its own takes it."""
    units = Counter(t.unit for t in document.tables if t.unit)
    return next(iter(units)) if len(units) == 1 else ""
