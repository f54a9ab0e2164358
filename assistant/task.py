"""One question at work: what was understood, where to look, and the draft of the answer."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

from assistant.catalog import BUDGETED, WHOLE_TABLE
from assistant.draft import Draft, quoted
from assistant.flat import core
from assistant.lexicon import Lexicon
from assistant.library import Library
from assistant.lookup import AMOUNTS, INITIAL_SAID, Want, same_amount
from assistant.match import Ask
from assistant.reading import Reading, code_label, part_ask, read_figure
from assistant.scope import Group, Scope
from assistant.understand import Question
from index.domain import Figure, Measure

TOTAL_WORDS = re.compile(r"预算|收入|支出|收支|规模|盘子|总额|决算")
MONEY_ASKED = re.compile(
    r"(?:预算|经费|支出|拨款|补贴)(?:是|为|有|要|共|一共|总共|批|给|定|编|列|下达|核定|批复|安排)?了?多少|多少钱|几[十百千万亿]+(?:元|块|万|亿)?|几个亿|资金(?:有|是|总共)?多少|经费(?:有|是)?多少|金额|预算数?多少|安排(?:了)?多少|花(?:了)?多少"
)
OWN_TOTAL = re.compile(r"(?:收入|支出)合计|本年(?:收入|支出)|全年(?:收入|支出)")
BALANCE = re.compile(r"总计|收支|收、支|总预算|预算总")
# What is counted in money: asked for plainly, it is an amount and never a count or a rate.
MONEY_NOUN = re.compile(
    r"(?:费|费用|支出|收入|经费|资金|拨款|补助|补贴|工资|预算|决算|预算数|决算数|采购额|总额|金额|公积金|结转|结余|损失)"
    r"(?=$|[^\w]|多少(?![个家辆台人名项次套件批场])|花|用了|是|为|有多少|谁|哪|各|分别|一共|总共|共|合计|安排|一年)"
)
SIDE_TABLE = re.compile(r"^(?:20\d\d年度?)?(?:部门|单位)?(?:收入|支出)(?:预算|决算)表$")  # 部门收入预算表: all that comes in
PEOPLE_ASKED = re.compile(
    r"(?:人员|职工|教师|学生|干部|协管员|书记员|辅警)(?:一共|总共|现在)?(?:是|有)?多少(?!钱|万|元|亿|费|支出|补|工资)(?=$|[,，?？个名位人])"
)
INCOME = re.compile(r"收入|收支")


@dataclass(frozen=True, slots=True)
class Task:
    """Immutable but for the draft, which collects places and figures."""

    library: Library
    lexicon: Lexicon
    q: Question
    scope: Scope
    draft: Draft

    @property
    def ask(self) -> Ask:
        return self.q.ask

    def want(self, measures: frozenset[Measure] = AMOUNTS) -> Want:
        """What figures the question accepts, as far as it says."""
        q = self.q
        if not q.counter and PEOPLE_ASKED.search(q.text):  # 退休人员多少 asks for heads, not for money
            return replace(self._want(measures), unit_kind="count", counter="人")
        return self._want(measures)

    def _want(self, measures: frozenset[Measure]) -> Want:
        q = self.q
        kind = "count" if q.counter else "money" if q.unit or MONEY_ASKED.search(q.text) or MONEY_NOUN.search(q.text) else None
        return Want(
            years=frozenset(self.scope.years),
            measures=measures,
            code=q.code,
            unit_kind=kind,
            direction=q.direction,
            counter=q.counter,
            units=q.units.labels,
            tables=q.tables.tables,
            part=q.part,
            in_words=q.in_words,
        )

    def read(self, group: Group, ask: Ask | None = None, want: Want | None = None) -> Reading | None:
        """The figure meant, in one group; a question that names no item asks for the total."""
        ask = ask or self.ask
        want = want or self.want()
        found = self._read(group, ask, want)
        if want.code and found is None:  # a sentence names the subject, not its code
            label = code_label(self.library, group, want.code)
            found = (
                self._read(group, part_ask(self.library, self.q.text.replace(want.code, label)), replace(want, code=None))
                if label
                else None
            )
        if want.units and self.q.units.own and (found is None or not found.sure):
            found = self._read(group, ask, replace(want, units=frozenset()))  # a document of this unit alone
        if want.tables and (found is None or not found.sure):
            found = self._read(group, ask, replace(want, tables=frozenset()))
            if found is not None and found.sure:
                self.draft.note("assumption", "问题所说的表里没有这一项，数字取自所注的地方。")
        return found

    def _read(self, group: Group, ask: Ask, want: Want) -> Reading | None:
        if not ask.content and not want.code:
            return self.read_total(group, want)
        if want.years and group.year not in want.years:
            return read_figure(self.library, group, ask, want)
        theirs = {g.year for g in self.scope.groups if g is not group}  # a year that another document is asked for is no year of this one
        return read_figure(self.library, group, ask, replace(want, years=frozenset(), named_years=want.years - theirs))

    def read_total(self, group: Group, want: Want) -> Reading | None:
        """The body's whole budget: 支出总计 (or 收入总计 where income is named), or its stated change."""
        if not TOTAL_WORDS.search(self.q.text) or self.q.counter:
            return None
        if want.units:
            return self.read_unit_total(group, want)
        years = want.years or frozenset({group.year} if group.year else ())
        final = group.kind.is_final
        own = bool(OWN_TOTAL.search(self.q.text)) or (final and not BALANCE.search(self.q.text))
        found = [
            e.figure
            for view in self.library.views([group])
            for e in view.totals(bool(INCOME.search(self.q.text)), own)
            if e.figure.value is not None and e.figure.measure in want.measures and (e.figure.year in years or e.figure.year is None)
        ]
        if final and INITIAL_SAID.search(self.q.text):  # what was budgeted in all is not what was spent
            found = [f for f in found if BUDGETED.search("\n".join((*f.row_path[-1:], *f.col_path)))]
        if not found:
            return None
        best = found[0]
        same = tuple(f for f in found[1:] if same_amount(f, best))
        rivals = tuple(f for f in found[1:] if f.table_id == best.table_id and f.table_id and f.col_path == best.col_path and f not in same)
        return Reading(group, best, 3.0, 0, same, rivals[:1])

    def read_unit_total(self, group: Group, want: Want) -> Reading | None:
        """What a unit's own row of 支出总表 (or 收入总表) says in its total column; every table that prints it must agree."""
        side = "收入" if INCOME.search(self.q.text) and "支出" not in self.q.text else "支出"
        found = []
        for view in self.library.views([group]):
            for e in view.entries:
                f = e.figure
                table = view.tables.get(f.table_id or "")
                if (
                    table is None
                    or f.value is None
                    or f.measure not in want.measures
                    or not f.row_path
                    or core(f.row_path[-1]) not in want.units
                ):
                    continue
                if (
                    (WHOLE_TABLE.search(table.title) or SIDE_TABLE.search(core(table.title)))
                    and (e.plain_column or re.search(r"合计|总计", core(f.col_path[-1])))
                    and "财政拨款" not in table.title
                ):
                    found.append((side not in table.title, len(f.col_path), f.col or 0, f))
        rows = Counter((f.table_id, f.col) for *_, f in found)
        found = [item for item in found if rows[item[-1].table_id, item[-1].col] == 1]  # parted in blocks, none of them is the whole
        if not found:
            return None
        found.sort(key=lambda item: item[:3])
        best = found[0][3]
        return Reading(group, best, 3.0, 0, tuple(f for *_, f in found[1:] if same_amount(f, best)))

    def where(self, figure: Figure) -> str:
        """见表5 项目支出总表第26页 / 见第三部分…."""
        view = self.draft.views[figure.doc_id]
        table = view.tables.get(figure.table_id or "")
        name = f"《{table.name}》" if table else (f"{quoted(figure.section[-1])}" if figure.section else "正文")
        page = f"第{figure.source.page}页" if figure.source.page else f"第{figure.source.line}行" if figure.source.line else ""
        return f"{name}{page}"
