"""One document as the matcher sees it: every figure with its labels prepared once, kept while the store is unchanged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.bodies import LOCAL, OWN_ROW, is_unit
from assistant.flat import core, flat
from assistant.match import NOTHING, Ask, Match, cover_text, match_label, missing_weight
from index.amounts import MONEY
from index.domain import Document, DocumentInfo, Figure, Measure, Origin, Section, Table

TOTAL_ROW = re.compile(
    r"^(?:合计|总计|小计|本年合计|.{0,4}(?:收入|支出)(?:总计|合计)|\d{4}年(?:度)?(?:预算(?:数)?)?|.{0,6}单位合计|(?:年初|全年|调整后?)?预算数|(?:支出)?决算数)$"
)
PLAIN_TOTAL = re.compile(
    r"^(?:合计|总计|小计|本年合计|\d{4}年(?:度)?(?:预算(?:数)?)?|.{0,6}单位合计|(?:年初|全年|调整后?)?预算数|(?:支出)?决算数)$"
)
PLAIN_COLUMN = re.compile(
    r"(?:^|年|度|初)(?:总计|合计|小计|金额|总额|预算|预算数|预算金额|年初预算数?|决算数|支出总计|收入总计|支出合计|收入合计|目标值|指标值|本年预算数?|预算资金|收入|支出|项目|执行数|一般公共预算|期末余额|本期发生额)(?:\((?:万元|元)\))?$"
)
BUDGETED = re.compile(r"预算数|年初预算|全年预算|调整预算|(?:^|\n)(?:支出)?预算(?:为|安排)?$")
MEASURE_ROW = re.compile(r"(?:年初|全年|调整后?)?预算数$|(?:支出)?决算数$")  # a row for what was budgeted, one for what was spent
SPENT = re.compile(r"决算|执行|支出数|实际")
PLANNED = re.compile(r"计划|拟|新增|购置")
WHOLE_BUDGET = re.compile(
    r"^(?:20\d\d年度?)?(?:本?部门|本?单位)?(?:预算)?(?:本年)?(?P<side>收入|支出|收支|收、支|收入、支出)(?:预算)?(?:总计|合计|总额|预算)?$|^(?P<all>总计|预算总额|部门预算|单位预算)$"
)
PLAIN_OUTER = re.compile(
    r"^(?:本年)?(?:收入|支出)(?:预算|决算)?$|^(?:20\d\d年(?:度)?)?(?:预算|决算)(?:数|金额)?(?:\((?:万元|元)\))?$|^支出(?:用途|功能)"
)
BALANCE_TITLE = re.compile(r"收支|收入支出|收、支")
# Headers of label columns: what names a row's item, and what only says whose or of which kind it is.
ITEM_HEAD = re.compile(r"项目名称|项目$|事项|品目|名称$")
ATTRIBUTE_HEAD = re.compile(r"单位|科目|部门|处室|类型|类别|性质|级次|对象|期限|年限|时间|依据|方式|地点|备注")
USE = re.compile(r"[，,。；]?(?:主要|具体|重点|专项)?(?:用于|用作|用来|保障|支持|包括)")
RATED = re.compile(r"每[\u4e00-\u9fff]{1,3}$|标准(?:由|为|从|是|提高到|提高至|调整为)?(?:每[\u4e00-\u9fff]{1,3})?$")
WEIGHT_COLUMN, TARGET_COLUMN = re.compile(r"权重|分值"), re.compile(r"目标值|指标值|目标$")
FORMER_BEFORE = re.compile(r"(?:由|从)[^，。；\d]{0,14}$")
FORMER_AFTER = re.compile(r"[^，。；\d]{0,6}(?:提高|提升|增加|增|扩大|调整|上调|下调|降低|降|减少|压减)[^，。；\d]{0,4}(?:到|至|为)")
LONGEST_ITEM = 30
SENTENCE = 40  # characters; a longer label is running text
NAME_END = re.compile(r"(?:\(本级\)|\(机关\)|\(本部\)|本级|机关)$")

COMMON = frozenset(
    {"收入预算", "支出预算", "预算收入", "预算支出"}
    | {"支出总计", "收入总计", "支出合计", "收入合计", "本年收入合计", "本年支出合计", "收支总计"}
    | {"部门预算", "部门预算收入", "部门预算支出", "年度总体目标"}
)

# Headings inside an item's own part (某专项经费情况说明 > 年度预算安排): they name no item.
OF_IT = re.compile(r"^(?:年度)?(?:预算|资金)?安排(?:情况)?$|^(?:本|该)?项目$")
WHOLE_TABLE = re.compile(r"总表|总体情况表")
UNIT_WHOLE = 1.0  # for a unit's row in such a table
# 口径从宽到窄：同一事项在几张表里数值不同时，先答范围最宽的一张。
PLAINNESS: tuple[tuple[str, float], ...] = (
    ("绩效", 0.05),
    ("政府性基金", 0.08),
    ("国有资本", 0.06),
    ("机关运行", 0.10),
    ("基本支出", 0.12),
    ("一般公共预算", 0.20),
    ("财政拨款", 0.18),
    ("三公", 0.30),
    ("项目支出", 0.34),
    ("收支", 0.30),
    ("支出", 0.32),
    ("收入", 0.28),
    ("采购", 0.25),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A figure ready for matching: ids of its labels in the view's label list."""

    figure: Figure
    leaf: int  # -1 where the row names no item of its own (a body's total, a year, the only data row)
    parents: tuple[int, ...]
    columns: tuple[int, ...]  # outermost first
    plain: tuple[bool, ...]  # which of the columns say no more than 总计 or 2024年预算
    plain_column: bool
    title: int
    context: int
    prior: float
    title_words: float = 0.0  # how much of its own the table's title says
    several: bool = False  # the title names several items (“三公”经费、会议费、培训费): its total is none of theirs
    narrow: str = ""  # 基本支出 or 项目支出 where the whole table is about that part only
    purchases: bool = False  # a list of what is to be bought: asked for by name only
    planned: bool = False  # 计划购置…: never what is there already
    unit: bool = False  # the row of one of several units: never the body's own figure where that is printed, too
    weighs: bool = False  # how much an indicator counts (权重)
    aims: bool = False  # what it is to reach
    ran: bool = False  # what another year came to (执行数)
    former: bool = False  # 由675元提高到725元: what it was before
    apart: bool = False  # its subject stands nearer to the numbers than its name: a project, never all of the subject
    earned: bool = False  # a function's row in a table of income: what came in for it
    executed: bool = False  # of a final account, and not the budget beside it
    total: bool = False  # the row 支出总计: its columns may be asked for by themselves
    opening: bool = False  # 年初结转和结余: what the year began with
    rest: bool = False  # 其他…: what is left beside the items of that name
    rated: bool = False  # so much for each (每亩500元): never what is spent in all
    labels: tuple[int, ...] = ()  # all of them but the row's own
    budgeted: bool = False  # the budget beside the executed amount of a final account


def is_former(figure: Figure) -> bool:
    """Whether a sentence says that the figure was raised or lowered to another one."""
    before, found, after = figure.context.partition(figure.raw)
    return bool(found and FORMER_BEFORE.search(before) and FORMER_AFTER.match(after))


class View:
    """A document's figures, labels and sections. Built from the store, read-only afterwards."""

    def __init__(self, info: DocumentInfo, document: Document, figures: tuple[Figure, ...], sections: tuple[Section, ...]) -> None:
        self.info, self.document, self.figures, self.sections = info, document, figures, sections
        self.tables: dict[str, Table] = {t.id: t for t in document.tables}
        self.status: Mapping[str, str] = {}  # figure id → proven | failed
        self.labels: list[str] = []
        self.prepared: dict[str, list[Any]] = {}  # what answering derives once from the document
        self._ids: dict[str, int] = {}
        codes = Counter((f.table_id, f.col, f.code) for f in figures if f.table_id and f.code)
        self._shared = frozenset(key for key, rows in codes.items() if rows > 1)
        self._items: dict[str, tuple[int, int]] = {}
        self._final = info.kind.is_final
        self._body = flat(LOCAL.sub("", document.department))
        self._single = {t.id for t in document.tables if sum(any(c.text for c in r.cells) for r in t.rows) == 1}
        named = {p for t in document.tables for r in t.rows for p in r.label}
        self.unit_labels = frozenset(p for p in named if is_unit(p))
        self._many = len({OWN_ROW.sub("", LOCAL.sub("", flat(p))) for p in self.unit_labels} | {self._body}) > 1
        self.entries = [self._entry(f) for f in figures]
        self.by_leaf: dict[int, list[Entry]] = {}
        for entry in self.entries:
            self.by_leaf.setdefault(entry.leaf, []).append(entry)
        self.items = frozenset(self.labels[e.leaf] for e in self.entries if e.leaf >= 0 and e.context < 0) - COMMON
        self.rows = frozenset(self.labels[e.leaf] for e in self.entries if e.leaf >= 0 and len(self.labels[e.leaf]) >= 4) - COMMON
        self.total_leaves = frozenset(i for i, label in enumerate(self.labels) if i in self.by_leaf and TOTAL_ROW.match(label))
        self._by_pair = labels_to_pairs(self.labels)
        self._totals: dict[tuple[bool, bool], list[Entry]] = {}
        self._starts = frozenset(label[:2] for label in self.items)
        self.codes: dict[str, list[Entry]] = {}
        for entry in self.entries:
            if entry.figure.code:
                self.codes.setdefault(entry.figure.code, []).append(entry)

    def _id(self, label: str) -> int:
        text = core(label)
        if text not in self._ids:
            self._ids[text] = len(self.labels)
            self.labels.append(text)
        return self._ids[text]

    def item_of(self, f: Figure) -> str:
        """The part of a row's path that is its item: the project's name, where its unit or subject stands nearer to the numbers."""
        if not f.row_path:
            return ""
        table = self.tables.get(f.table_id or "")
        if table is None:  # 某专项经费情况说明 > 年度预算安排 > 项目: the first is what the others are of
            money = f.unit in MONEY  # a count of 项目 is of projects
            item = next((p for p in reversed(f.row_path) if not (money and OF_IT.match(core(p)))), f.row_path[-1])
            return re.sub(r"(?<=.{4})(?:经费)?情况说明$", "", item)
        at, length = self._item_at(table)
        return f.row_path[at] if -1 < at < len(f.row_path) == length else f.row_path[-1]

    def _item_at(self, table: Table) -> tuple[int, int]:
        """Which part of a row's label path is its item, and the length of the paths that this holds for."""
        if table.id not in self._items:
            self._items[table.id] = self._find_item(table)
        return self._items[table.id]

    def _find_item(self, table: Table) -> tuple[int, int]:
        """Which part of the table's label paths is the item; -1 for the last one, also where rows divide an item further."""
        heads = table.label_heads
        if not heads or not ATTRIBUTE_HEAD.search(heads[-1]):
            return -1, 0
        at = self._named_at(heads)
        if at < 0:
            return self._told_apart(table)
        items = [row.label[at] for row in table.rows if len(row.label) == len(heads)]
        return (at if len(set(items)) == len(items) else -1), len(heads)

    def _told_apart(self, table: Table) -> tuple[int, int]:
        """Where no header of a list of projects names them: the first part of the commonest paths that no two rows share, no unit."""
        if "项目" not in table.title or len({len(row.code) for row in table.rows if row.code}) > 1:
            return -1, 0  # a tree of functions is no list of projects
        lengths = Counter(len(row.label) for row in table.rows)
        length = max(lengths, key=lambda n: lengths[n], default=0)
        rows = [row.label for row in table.rows if len(row.label) == length]
        for at in range(length - 1 if length > 1 and len(rows) > 2 else 0):
            parts = [label[at] for label in rows]
            if len(set(parts)) == len(parts) and not any(is_unit(p) or TOTAL_ROW.match(core(p)) for p in parts):
                return at, length
        return -1, 0

    def _named_at(self, heads: Sequence[str]) -> int:
        return next((i for i in range(len(heads) - 1, -1, -1) if ITEM_HEAD.search(heads[i]) and not ATTRIBUTE_HEAD.search(heads[i])), -1)

    def is_total(self, label: str) -> bool:
        """True for a label that names the body itself, a total or a year rather than an item."""
        text = NAME_END.sub("", flat(label))
        return (
            not text
            or text == self._body
            or bool(TOTAL_ROW.match(core(label)))
            or (len(text) > 5 and text.endswith(self._body[-5:]) and "局" in text[-3:])
        )

    def _entry(self, f: Figure) -> Entry:
        table = self.tables.get(f.table_id or "")
        leaf = self.item_of(f)
        single = table is not None and table.id in self._single
        total = self.is_total(leaf) or (single and not f.code)
        if f.origin is Origin.PROSE and f.section and core(leaf) == core(f.section[-1]):
            total = True  # the sentence names no item of its own; its heading counts as a title does
            leaf = ""
        parents = tuple(self._id(p) for p in f.row_path if p != leaf and not self.is_total(p))
        parents += self._beside(table, f.row) if table and f.row is not None else ()
        columns = tuple(self._id(c) for c in f.col_path)
        plain = not f.col_path or bool(PLAIN_COLUMN.search(core(f.col_path[-1])))
        title = table.title if table else (f.section[-1] if f.section else "")
        where = title if table else " ".join(f.section[-2:])
        where = flat(where).replace(self._body, "") if len(self._body) > 3 else where  # the body's name explains no item
        prior = self._prior(f, table)
        place = self._id(where) if where else -1
        context = self._id(said_of(f, leaf)) if f.context else -1
        measured = "\n".join((*f.row_path[-1:], *f.col_path)) if table and MEASURE_ROW.match(core(leaf)) else "\n".join(f.col_path)
        inner = core(f.col_path[-1]) if f.col_path else ""
        return Entry(
            figure=f,
            labels=tuple(i for i in (*parents, *columns, place, context) if i >= 0),
            leaf=self._id(leaf) if leaf and not PLAIN_TOTAL.match(core(leaf)) and (not total or TOTAL_ROW.match(core(leaf))) else -1,
            parents=parents,
            columns=columns,
            plain=tuple(bool(PLAIN_COLUMN.search(core(c)) or PLAIN_OUTER.match(core(c))) for c in f.col_path),
            plain_column=plain,
            title=place,
            context=context,
            prior=prior,
            narrow=next((w for w in ("基本支出", "项目支出") if table and w in table.title and "收支" not in table.title), ""),
            apart=self._is_apart(f, table, leaf),
            weighs=table is not None and bool(WEIGHT_COLUMN.search(inner)),
            aims=table is not None and bool(TARGET_COLUMN.search(inner)),
            ran=inner.endswith("执行数"),
            former=table is None and is_former(f),
            earned=table is not None and "收入" in title and "支出" not in title and (f.code or "").startswith("2"),
            purchases=table is not None and "采购" in table.title,
            rated=table is None and bool(RATED.search(leaf)),
            total=table is not None and bool(TOTAL_ROW.match(core(leaf))),
            rest=core(leaf).startswith(("其他", "其它")),
            opening=core(leaf).startswith("年初") and "结余" in leaf,
            executed=self._final and not BUDGETED.search(measured),
            unit=self._many and table is not None and any(p in self.unit_labels for p in f.row_path),
            budgeted=self._final and bool(BUDGETED.search(measured)) and not SPENT.search(measured),
            planned=bool(PLANNED.search(leaf)) and f.measure is Measure.COUNT,
            several=table is not None and bool(place >= 0 and "、" in self.labels[place]),
            title_words=missing_weight(core(where), [False] * len(core(where))) if where and table else 0.0,
        )

    def _is_apart(self, f: Figure, table: Table | None, leaf: str) -> bool:
        """Whether a row is of one project and only names its subject: it stands behind the name, or several rows share its code."""
        if table is None or not f.row_path or not leaf:
            return False
        return leaf != f.row_path[-1] or ("项目" in table.title and (table.id, f.col, f.code) in self._shared)

    def _beside(self, table: Table, row: int) -> tuple[int, ...]:
        """Short words in the row's other cells and their columns (部门集中采购 under 采购组织形式): they tell rows of one label apart."""
        words = [
            (c.text, table.columns[i]) for i, c in enumerate(table.rows[row].cells[: len(table.columns)]) if c.text and len(c.text) <= 20
        ]
        return tuple(self._id(w) for text, column in words if not re.search(r"\d", text) for w in (text, *column[-1:]))

    def _prior(self, f: Figure, table: Table | None) -> float:
        if table is None:
            return 0.22 if f.measure is Measure.AMOUNT else 0.3
        name = flat(table.title)
        if f.row_path and is_unit(f.row_path[-1]) and WHOLE_TABLE.search(name):
            return UNIT_WHOLE  # a unit's budget is what the tables of the whole print, not its projects
        return next((p for word, p in PLAINNESS if word in name), 0.15) - 0.01 * min(len(f.col_path), 4)

    def printed_items(self, ask: Ask) -> tuple[str, ...]:
        """Row labels that stand in the question word for word (two characters only as a word of its own), the longest at each place."""
        words = {(w.start, w.end) for w in ask.words if w.end - w.start == 2}
        out, at, text = [], 0, ask.text
        while at < len(text) - 1:
            end = None
            if ask.content >> at & 1 and text[at : at + 2] in self._starts:
                end = next((e for e in range(min(len(text), at + LONGEST_ITEM), at + 2, -1) if text[at:e] in self.items), None)
            if end is None and (at, at + 2) in words and ask.content >> at & 3 == 3 and text[at : at + 2] in self.items:
                end = at + 2  # 殡葬, 抗旱
            if end:
                out.append(text[at:end])
            at = end or at + 1
        return tuple(out)

    def totals(self, income: bool, own: bool = False) -> list[Entry]:
        """Entries that state the body's whole budget (收入总计, 支出总计, 部门预算支出), the plainest first.

        ``own`` puts what the year itself takes in or spends (本年支出合计) before the balance with carried-over money (收支总计).
        """
        if (income, own) not in self._totals:
            ranked = [(-rank, e) for e in self.entries if (rank := self._total_rank(e, income, own)) is not None]
            ranked.sort(key=lambda pair: pair[0])
            self._totals[income, own] = [e for _, e in ranked]
        return self._totals[income, own]

    def _total_rank(self, e: Entry, income: bool, own: bool) -> float | None:
        f = e.figure
        table = self.tables.get(f.table_id or "")
        title = table.title if table else ""
        label = f.row_path[-1] if f.row_path else ""
        row, column = core(label), core(f.col_path[-1]) if f.col_path else ""
        named = WHOLE_BUDGET.match(row) if len(f.row_path) == 1 and (f.origin is Origin.PROSE or BALANCE_TITLE.search(title)) else None
        total_row = (
            e.leaf < 0 and table is not None and self.is_total(label) and re.fullmatch(r"(?:本年)?(?:收入|支出)(?:总计|合计)", column)
        )
        if not named and not (total_row and len(f.col_path) == 1):
            return None
        side = (named.group("side") or "收支") if named else column.removeprefix("本年")[:2]
        if ("收" if income else "支") not in side:
            return None
        said = row + column
        rank = e.prior + (0.5 if re.search(r"总计|部门预算", said) else 0.0) - (0.4 if re.search("财政拨款|一般公共", title) else 0.0)
        if own:
            rank += 1.5 if re.search(r"(?:收入|支出)合计", said) else 0.0
        return rank

    def matches(self, ask: Ask) -> Sequence[Match]:
        """The match of every label with the question, by label id; labels that share no two characters with it cost nothing."""
        known: list[Match] | None = ask.memo.get(self)
        if known is not None:
            return known
        near: set[int] = set()
        for pair in ask.bigrams:
            near.update(self._by_pair.get(pair, ()))
        for _, _, canonical in ask.aliases:
            near.update(i for i in self._by_pair.get(canonical[:2], ()) if canonical in self.labels[i])
        out = [NOTHING] * len(self.labels)
        for i in near:
            label = self.labels[i]
            if len(label) > SENTENCE:  # a sentence is context: what it covers is all that is asked of it
                covered = cover_text(ask, label)
                out[i] = Match(covered, 0.0, 1.0, bool(covered))
            else:
                out[i] = match_label(ask, label)
        ask.memo[self] = out
        return out


def said_of(f: Figure, leaf: str) -> str:
    """What a sentence says of the amount in it: an item's amount is not that of each thing that it is used for."""
    at = f.context.find(f.raw)
    use = USE.search(f.context, at + len(f.raw)) if at >= 0 and leaf and f.measure is Measure.AMOUNT else None
    return f.context[: use.start()] if use else f.context


def labels_to_pairs(labels: Sequence[str]) -> dict[str, list[int]]:
    """Two neighbouring characters → the ids of the labels that hold them."""
    pairs: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        for pair in {label[at : at + 2] for at in range(max(1, len(label) - 1))}:
            pairs.setdefault(pair, []).append(i)
    return pairs
