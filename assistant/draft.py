"""An answer in the making: places get their numbers in the order they are first cited, figures their printed form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from assistant.catalog import PLAIN_COLUMN, PLAIN_OUTER, View
from assistant.domain import Answer, AnswerFigure, Citation, Notice, Refusal, Status, Step
from assistant.flat import core
from index.amounts import MONEY, cell_to_value, format_amount, format_value, to_unit
from index.domain import Box, Figure, Flag, LabelPath, Origin, Para, Span, Table

YEAR_ROW = re.compile(r"^(?:19|20)\d\d年?(?:度)?$")


class Draft:
    """Collects figures, citations, steps and notices; ``views`` maps document ids to what is cited from."""

    def __init__(self, question: str, views: dict[str, View]) -> None:
        self.question = question
        self.views = views
        self.figures: list[AnswerFigure] = []
        self.citations: list[Citation] = []
        self.steps: list[Step] = []
        self.notices: list[Notice] = []
        self.lines: list[str] = []
        self.covered_figures: list[Figure] = []
        self.elsewhere: dict[str, tuple[Figure, ...]] = {}  # figure id → further places of the same value

    # ------------------------------------------------------------ places

    def cite(self, figure: Figure) -> int:
        """The number of the figure's place, a new one where it was not cited yet."""
        view = self.views[figure.doc_id]
        table = view.tables.get(figure.table_id or "")
        quote = figure.raw if figure.origin is Origin.TABLE else (figure.context or figure.raw)
        return self._number(
            Citation(
                n=0,
                doc=figure.doc_id,
                title=view.info.title,
                quote=quote[:240],
                page=figure.source.page,
                line=figure.source.line,
                section=" > ".join(figure.section) or None,
                table=table.name if table else None,
                row=figure.row_path[-1:] if figure.origin is Origin.PROSE else figure.row_path,
                column=figure.col_path,
                bbox=figure.source.bbox,
            )
        )

    def cite_passage(self, view: View, section: LabelPath, para: Para, quote: str, row: str = "", start: int = 0) -> int:
        """A passage's place: its section, the item's own heading as row, and the line it starts on."""
        span = span_at(para.spans, start)
        return self._number(
            Citation(
                n=0,
                doc=view.info.doc_id,
                title=view.info.title,
                quote=quote[:400],
                page=span.page if span else para.page,
                line=span.line if span else para.line,
                section=" > ".join(section) or None,
                row=(row,) if row else (),
                bbox=span.bbox if span else None,
            )
        )

    def cite_cell(self, view: View, table_id: str, row: int, col: int) -> int:
        """A text cell's place (绩效目标, 采购组织形式)."""
        table = view.tables[table_id]
        cell = table.rows[row].cells[col]
        box: Box | None = cell.bbox
        return self._number(
            Citation(
                n=0,
                doc=view.info.doc_id,
                title=view.info.title,
                quote=(cell.text or "")[:400],
                page=cell.page or table.rows[row].page,
                line=cell.line or table.rows[row].line,
                section=" > ".join(table.section) or None,
                table=table.name,
                row=table.rows[row].label,
                column=table.columns[col],
                bbox=box,
            )
        )

    def cite_table(self, view: View, table: Table) -> int:
        """A table as a whole: its note, where one declares it empty."""
        return self._number(
            Citation(
                n=0,
                doc=view.info.doc_id,
                title=view.info.title,
                quote=(table.note or table.name)[:400],
                page=table.pages[0] if table.pages else None,
                line=table.line,
                section=" > ".join(table.section) or None,
                table=table.name,
                row=table.rows[0].label if table.rows else (),
                column=table.columns[0] if table.columns else (),
            )
        )

    def _number(self, citation: Citation) -> int:
        for known in self.citations:
            if replace(known, n=0) == citation:
                return known.n
        n = len(self.citations) + 1
        self.citations.append(replace(citation, n=n))
        return n

    # ------------------------------------------------------------ figures

    def state(self, figure: Figure, wanted: str | None = None, label: str = "") -> str:
        """Add a figure and return it as text with its mark: 「**9,233.81万元**[1]」, in the unit wanted with the printed one beside."""
        n = self.cite(figure)
        if figure.value is None:  # 持平: a statement without a number of its own
            return f"**{figure.raw}**[{n}]"
        label = label or self.label(figure)
        self.covered_figures.append(figure)
        self._remark(figure, n)
        converted = to_unit(figure.value, figure.unit, wanted) if wanted and wanted != figure.unit else None
        if converted is None or wanted is None:
            self.figures.append(AnswerFigure(figure.value, figure.unit, label, n))
            return f"**{printed(figure)}**[{n}]"
        self.figures.append(AnswerFigure(converted, wanted, label, n))
        self.figures.append(AnswerFigure(figure.value, figure.unit, label, n))
        self.steps.append(Step(f"{format_amount(figure.value, figure.unit)} → {wanted}", (n,), converted, wanted))
        return f"**{format_amount(converted, wanted)}**（原文 {printed(figure)}）[{n}]"

    def label(self, figure: Figure) -> str:
        """对口帮扶 · 总计."""
        item = self.views[figure.doc_id].item_of(figure)
        if YEAR_ROW.match(item):
            item = self.item(figure)  # 公务接待费, not 2024年
        parts = [item, *figure.col_path[-1:]]
        return " · ".join(p for p in parts if p)

    def labels(self, figures: Sequence[Figure]) -> list[str]:
        """Their labels; where those are alike, with the whole path of columns (预算数 · 合计, 决算数 · 合计)."""
        short = [self.label(f) for f in figures]
        if len(set(short)) == len(short):
            return short
        items = {self.item(f) for f in figures}
        paths = [" · ".join(p for p in (*([self.item(f)] if len(items) > 1 else []), *f.col_path) if p) for f in figures]
        return paths if len(set(paths)) > len(set(short)) else short

    def item(self, figure: Figure) -> str:
        """What the figure is of: its row's label; for a total or a year's row its column, else what its table is about."""
        view = self.views[figure.doc_id]
        row = view.item_of(figure).strip()
        table = view.tables.get(figure.table_id or "")
        if table is None or (row and not view.is_total(row)):
            return row
        if row and re.search(r"收入|支出", core(row)) and re.search(r"[总合]计$", core(row)):
            return row  # 支出总计
        column = next((c for c in reversed(figure.col_path) if not PLAIN_COLUMN.search(core(c)) and not PLAIN_OUTER.match(core(c))), "")
        return column or re.sub(r"(?:预算|决算)?(?:收入支出|支出|收入|收支)?(?:预算|决算)?(?:总)?表.*$", "", table.title) or row

    def computed(self, value: Decimal, unit: str, label: str, formula: str, inputs: Iterable[Figure]) -> str:
        """Add a computed figure with its formula; its citation is the first input's."""
        numbers = tuple(self.cite(f) for f in inputs)
        for f in inputs:
            self._remark(f, self.cite(f))
        self.figures.append(AnswerFigure(value, unit, label, numbers[0] if numbers else 0))
        self.steps.append(Step(formula, numbers, value, unit))
        return f"**{format_amount(value, unit)}**"

    def _remark(self, figure: Figure, n: int) -> None:
        """What the reader of the answer must know of this figure: read from an image, placed with doubt, never checked."""
        proven = self.views[figure.doc_id].status.get(figure.id) == "proven"
        if proven:
            return
        if Flag.OCR in figure.flags:
            self.note("ocr", "该数字由扫描件识别而来，没有合计可以核对，请对照原页。", (n,))
        elif Flag.REORDERED in figure.flags and figure.origin is Origin.PROSE:
            self.note("assumption", "这句话在原文件里次序错乱，由程序复原，字句请对照原文。", (n,))
        elif Flag.DOUBTFUL in figure.flags:
            self.note("assumption", "该数字所在的行列由推断得出，没有合计可以核对，请对照原文。", (n,))
        elif figure.origin is Origin.TABLE and figure.unit in MONEY and figure.table_id and not figure.context:
            self.note("assumption", "该数字未能用文件自身的合计核对，请以原页为准。", (n,))

    def note(self, kind: str, message: str, citations: tuple[int, ...] = ()) -> None:
        notice = Notice(kind, message, citations)
        if notice not in self.notices and not any(m.message == message for m in self.notices):
            self.notices.append(notice)

    def say(self, line: str) -> None:
        self.lines.append(line)

    # ------------------------------------------------------------ the end

    def answered(self) -> Answer:
        text = "\n\n".join(line for line in self.lines if line)
        return self._answer(Status.ANSWERED, text)

    def refused(self, refusal: Refusal, text: str) -> Answer:
        answer = self._answer(Status.REFUSED, text)
        return replace(answer, refusal=refusal)

    def clarify(self, text: str, options: list[str]) -> Answer:
        return replace(self._answer(Status.CLARIFY, text), options=tuple(options))

    def _answer(self, status: Status, text: str) -> Answer:
        return Answer(
            question=self.question,
            status=status,
            answer=text,
            figures=tuple(self.figures),
            citations=tuple(self.citations),
            calculation=tuple(self.steps),
            notices=tuple(self.notices),
        )


def span_at(spans: tuple[Span, ...], offset: int) -> Span | None:
    return next((s for s in spans if s.start <= offset < s.end), spans[0] if spans else None)


def printed(figure: Figure) -> str:
    """The figure as the page prints it, with its unit: 9,233.81万元, ≥124178平方米, 0.00万元."""
    raw = figure.raw.strip()
    if figure.value is None:
        return raw
    if figure.unit and figure.unit in raw:
        return raw
    if raw[-1:] in ("万", "亿") and figure.unit == f"{raw[-1]}元":
        return f"{raw}元"
    if cell_to_value(raw) == figure.value and "," not in raw:
        return f"{format_value(figure.value)}{figure.unit}"
    return f"{raw or format_value(figure.value)}{figure.unit}"


def quoted(label: str) -> str:
    """“对口帮扶”; a label with quotation marks of its own gets the outer ones of another kind."""
    return f"「{label}」" if "“" in label else f"“{label}”"
