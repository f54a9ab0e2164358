"""Question → figures: every figure of the documents in scope, ranked by how well its labels explain the question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from assistant.catalog import Entry, View
from assistant.domain import Candidate
from assistant.flat import core, flat
from assistant.match import NOTHING, Ask, Match
from index.amounts import MONEY, unit_kind
from index.domain import Figure, Measure, Origin

ALIKE = (frozenset("人名位"), frozenset("台辆部"), frozenset("家户个"), frozenset("次场期"))  # what counts the same things
PEOPLE = ("人", "名", "位")
VAGUE = ("个", "项", "人", "名", "次", "台", "家")
INITIAL_SAID = re.compile(
    r"年初(?!结转|结余|余额|数)|预算数|全年预算|调整预算|预算安排"
    r"|(?<!公共)(?<!基金)(?<!经营)预算(?:是|为|有|一共|共|批|给|定|编|列|下达|核定|批复)?了?多少"
)
SPENT_SAID = re.compile(r"实际|(?<!不要)(?<!不是)(?<!不看)决算|花了|执行数")
# 2024年决算 and 决算里 name the document, not what was spent; beside another column they name a column.
FINAL_NAMED = re.compile(r"(?<![和与跟比、])\d\d年?度?的?(?:部门|单位)?决算(?![数和与跟比、])|决算(?=里|中|报告|公开|说明|文件|文本)")
BUDGET_SAID = re.compile(r"预算|年初|计划(?!生育|单列)|安排|目标")
UNSAID_TOTAL = 0.6  # against the row 支出总计 where only a column is named
EACH = re.compile(r"每|(?<!高)标准|单价|一[亩人户个名]")
BUDGET_ASKED = re.compile(r"(?<!公共)(?<!基金)(?<!经营)预算(?:数|是|为|有|共|一共|安排)?(?:多少|$)")
WEIGHT_ASKED = re.compile(r"权重|分值|几分|多少分|得分|评分|分")
DONE_ASKED = re.compile(r"实际(?!支出|花|执行)(?!.*(?:目标|指标))")
FORMER_ASKED = re.compile(r"原来|原先|以前|之前|过去|(?:由|从)多少|去年|上年")
OPENING_SAID = re.compile(r"年初|上年|上一年|去年|期初|结转")
REST = re.compile(r"其[他它]")
HALF = 0.51  # a column is meant where the question names half of its own words
WHOLE_NAME = 0.99  # share of its own characters from which a label is said
WHOLE = 0.15  # unsaid weight up to which a label is said whole
TITLE_RUN = 3  # characters of a title that mean it, where they are less than half of it
SEVERAL_MISSING = 4.0  # unsaid weight of a title from which it is about other items, too
IN_PART = 1.0  # for standing in the part of the document that the question names
AT_THE_START = 0.5  # against 年末结转和结余 where only 结余 is asked for
OF_A_PROJECT = 2.0  # against one of a subject's projects where the subject's code is asked for
OF_INCOME = 1.5  # against what came in for a function where its name alone is asked
OF_THE_REST = 0.9  # against 其他人大事务支出 where 人大事务支出 is asked for
PART = 1.5  # against a part of what the question names whole (公务用车运行维护费 for 公务用车购置及运行维护费)
CLOSE = 0.3  # scores within this are equally good readings
AMOUNTS = frozenset({Measure.AMOUNT, Measure.COUNT})


@dataclass(frozen=True, slots=True)
class Want:
    """What a figure must be to count: its year, measures, code, kind of unit. Empty means anything."""

    years: frozenset[int] = frozenset()
    measures: frozenset[Measure] = AMOUNTS
    code: str | None = None
    unit_kind: str | None = None  # money | count | ratio
    direction: int = 0
    origin: Origin | None = None
    counter: str | None = None  # the unit that is counted in: 辆, 批次
    units: frozenset[str] = frozenset()  # row labels (through core): only rows that belong to one of them
    tables: frozenset[tuple[str, str]] = frozenset()  # (doc_id, table id): only these
    not_tables: frozenset[tuple[str, str]] = frozenset()  # none of these
    named_years: frozenset[int] = frozenset()  # beside the document's own: a figure of one of them is as good
    in_words: bool = False  # what the text says comes first
    part: str = ""  # 第三部分: figures that stand there come first


def stands_at(figure: Figure, years: frozenset[int]) -> bool:
    """Whether a sentence tells what there was at the end of one of the years (截至2024年12月31日，资产总额…)."""
    return figure.origin is Origin.PROSE and any(re.search(rf"{year}年(?:12月|[末底])", figure.context) for year in years)


def counts_in(unit: str, counter: str) -> bool:
    """辆 and 辆车, 批 and 批次, 人 and 名 count the same things."""
    if counter == "天":
        return unit.endswith(("天", "日"))  # 7个工作日
    if unit in ("人次", "批次") or counter in ("人次", "批次"):
        return unit[:1] == counter[:1] and (len(unit) == len(counter) or "批" in unit)
    return counter in unit or counter.startswith(unit) or any({unit[:1], counter[:1]} <= same for same in ALIKE)


def counted_in(figure: Figure, counter: str) -> bool:
    """The same of a figure; guests come in 批次 or, as most final accounts print it, in 来访团组126个."""
    if "批" in counter and figure.unit == "个":
        return bool(figure.row_path) and "团组" in figure.row_path[-1] and "接待" in "".join(figure.row_path)
    return counts_in(figure.unit, counter)


def belongs(figure: Figure, units: frozenset[str]) -> bool:
    """True for rows under (or of) one of the units, and for prose under its heading or with its name."""
    said = (*figure.row_path, *(figure.col_path if figure.origin is Origin.TABLE else figure.section))  # units are columns, too
    return any(core(part) in units for part in said) or (figure.origin is Origin.PROSE and any(u in core(figure.context) for u in units))


def entry_score(ask: Ask, entry: Entry, found: Sequence[Match], want: Want, doc_year: int | None) -> Candidate | None:
    """Coverage of the question minus what the labels say beyond it; None where the figure cannot be meant."""
    f = entry.figure
    if (f.value is None and "持平" not in f.raw) or f.measure not in want.measures or (want.origin and f.origin is not want.origin):
        return None
    if want.code and f.code != want.code:
        return None
    if want.units and not belongs(f, want.units):
        return None
    if want.tables and (f.doc_id, f.table_id) not in want.tables:
        return None
    if want.not_tables and (f.doc_id, f.table_id) in want.not_tables:
        return None
    score = entry.prior + (0.35 if f.origin is Origin.TABLE and entry.context < 0 else 0.0)
    if want.years:
        if f.year not in want.years and not stands_at(f, want.years):
            return None
    elif f.year is not None and doc_year not in (None, f.year) and f.year not in want.named_years and f.measure is not Measure.COUNT:
        score -= 1.5
    if want.in_words and f.origin is Origin.PROSE:
        score += IN_PART
    if want.part and any(flat(s).startswith(want.part) for s in f.section):
        score += IN_PART
    kind = unit_kind(f.unit)
    if want.counter and (kind == "money" or (kind == "count" and want.counter not in VAGUE and not counted_in(f, want.counter))):
        return None  # 多少分 is answered neither with money nor with a number of events
    if want.counter in PEOPLE and f.unit and kind == "count" and not counted_in(f, want.counter):
        return None  # 每个科室多少人 is not how many 科室 there are
    if want.counter and kind == "ratio":
        return None  # 多少公里 is no rate
    if want.unit_kind == "money" and kind == "count":
        return None  # 书记员经费多少 is never answered with the number of clerks
    if want.unit_kind and kind != want.unit_kind:
        score -= 4.0
    elif not want.unit_kind and kind == "ratio" and f.measure in AMOUNTS:
        score -= 1.0  # a rate is no amount; it wins only where nothing else is meant
    if entry.unit and not want.units:
        score -= 1.0
    if want.counter and kind == "count" and not counted_in(f, want.counter):
        score -= 1.5
    if entry.budgeted and SPENT_SAID.search(ask.text) and not BUDGET_SAID.search(ask.text):
        return None  # what was spent is never answered with the budget
    if entry.budgeted and not BUDGET_SAID.search(ask.text):
        score -= 0.6  # of a final account, the executed amount is meant
    if entry.executed and kind == "money" and INITIAL_SAID.search(ask.text) and not SPENT_SAID.search(FINAL_NAMED.sub("", ask.text)):
        return None  # nor what was budgeted with what was spent
    if entry.ran and BUDGET_ASKED.search(ask.text) and not SPENT_SAID.search(ask.text):
        return None  # 2024年预算多少 is not what 2024 came to (2024年执行数)
    if entry.weighs and not WEIGHT_ASKED.search(ask.text):
        return None  # 满意度目标 is not how much it weighs
    if entry.aims and DONE_ASKED.search(ask.text):
        return None  # nor what was reached what was to be reached
    if entry.opening and not OPENING_SAID.search(ask.text):
        score -= AT_THE_START
    if want.direction and f.direction == -want.direction:
        score -= 0.8
    if entry.rated and not EACH.search(ask.text):
        return None
    if entry.earned and "收入" not in ask.text:
        score -= OF_INCOME
    if entry.former and not FORMER_ASKED.search(ask.text):
        return None
    if entry.planned:
        score -= 0.7
    if entry.rest and not REST.search(ask.text):
        score -= OF_THE_REST
    covered = 0
    own_row = bool(want.units) and bool(f.row_path) and core(f.row_path[-1]) in want.units  # the row of the unit that is named
    if entry.leaf >= 0 and not own_row:
        row = found[entry.leaf]
        if row.hit:
            covered |= row.covered
            score -= 0.35 * row.missing if entry.context < 0 else min(2.0, (0.15 if row.missing <= 6 else 0.5) * row.missing)
        elif not want.code and entry.context < 0 and entry.total and any(found[c].share >= HALF and found[c].hit for c in entry.columns):
            score -= UNSAID_TOTAL
        elif not want.code and entry.context < 0:
            return None
        elif not want.code:
            score -= 3.5
        if entry.apart and want.code and not any(found[p].share >= HALF and found[p].hit for p in entry.parents[:1]):
            score -= OF_A_PROJECT
    labelled = covered
    above = 0
    for parent in entry.parents:
        above |= found[parent].covered if found[parent].share >= WHOLE_NAME else 0
        if found[parent].share >= HALF or says_phrase(found[parent].covered):  # 会议服务 is not 会议费 under 商品和服务支出
            covered |= found[parent].covered
            labelled |= found[parent].covered if found[parent].missing <= WHOLE else 0
    if entry.context < 0:
        score -= _column_penalty(entry, found)
    for column in entry.columns:
        if found[column].share >= HALF:
            covered |= found[column].covered
            labelled |= found[column].covered if found[column].missing <= WHOLE else 0
    score += ask.weight(covered) if entry.context < 0 else ask.own_weight(covered) + 0.2 * (ask.weight(covered) - ask.own_weight(covered))
    if only_a_part(entry, found):
        score -= PART
    beyond = 0
    if entry.context >= 0:
        beyond = found[entry.context].covered & ~covered
        score += 0.6 * (beyond & ask.content).bit_count()
    if entry.title >= 0:
        match = found[entry.title]
        if match.share < HALF and match.covered.bit_count() < TITLE_RUN:
            match = NOTHING
        if entry.leaf < 0 and entry.several and match.missing >= SEVERAL_MISSING:
            match = NOTHING  # 合计 of “三公”经费、会议费、培训费支出表 is no sum of 三公
        title = match.covered & ~covered & ~beyond
        score += ask.weight(title) if entry.leaf < 0 else 0.7 * ask.own_weight(title)
        if entry.leaf < 0:  # a total is about what its table is about
            named = any(found[c].hit for c in entry.columns)  # 培训费 as a column needs no title
            score -= min(0.2 if named else 1.0, 0.15 * match.missing) if match.hit else min(2.0, 0.4 * entry.title_words)
        elif not match.hit:
            score -= min(0.3, 0.05 * entry.title_words) + (0.6 if entry.purchases else 0.0)
        beyond |= title
        labelled |= match.covered
    if entry.narrow and entry.narrow not in ask.text and (entry.leaf < 0 or entry.narrow == "基本支出"):
        score -= 0.8 if entry.leaf < 0 else 0.3
    leaf = found[entry.leaf] if entry.leaf >= 0 else NOTHING
    return Candidate(f, score, covered | beyond, labelled, leaf.covered & ~above, leaf.missing)


def says_phrase(covered: int) -> bool:
    """True where the question says a longer phrase of a label in one piece (转型升级 of 专项资金——转型升级领域)."""
    return bool(covered & covered >> 1 & covered >> 2 & covered >> 3)


def only_a_part(entry: Entry, found: Sequence[Match]) -> bool:
    """True where the question says a parent label whole and nothing of the label below it besides: the parent itself is meant."""
    rows = (*entry.parents, entry.leaf) if entry.leaf >= 0 else entry.parents
    for path, plain in ((rows, ()), (entry.columns, entry.plain)):
        if len(path) < 2:
            continue
        told = [found[i] for at, i in enumerate(path) if found[i].covered and found[i].share >= HALF and not (plain and plain[at])]
        for above in told[:-1]:
            if above.missing <= WHOLE and above.covered != told[-1].covered and not told[-1].covered & ~above.covered:
                return True
    return False


def _column_penalty(entry: Entry, found: Sequence[Match]) -> float:
    """What the column says that the question does not: the leaf matters most, context above it little."""
    penalty, leaf_seen = 0.0, False
    for at, column in enumerate(reversed(entry.columns)):
        match = found[column]
        plain = entry.plain[-1 - at]
        if match.share >= HALF:
            penalty += 0.3 * match.missing if not leaf_seen else 0.05 * match.missing
            leaf_seen = True
        elif not plain and not leaf_seen:
            penalty += 1.0 if at == 0 else 0.8
            leaf_seen = True
        else:
            penalty += 0.02
    return penalty


def plausible(view: View, found: Sequence[Match], units: frozenset[str] = frozenset()) -> Iterator[Entry]:
    """Entries whose row (or sentence) shares something with the question; most of a document falls out here.

    A row without an item of its own (a total, a year) is one of them where its columns, title or sentence share something.
    """
    said = [bool(match.covered) for match in found]
    for leaf, entries in view.by_leaf.items():
        if leaf >= 0 and found[leaf].hit:
            yield from entries
        elif leaf < 0 or leaf in view.total_leaves or (units and view.labels[leaf] in units):
            for entry in entries:
                if any(said[i] for i in entry.labels):
                    yield entry
        else:
            for entry in entries:
                if entry.context >= 0 and said[entry.context]:
                    yield entry


def find(views: Iterable[View], ask: Ask, want: Want) -> list[Candidate]:
    """All candidates of some documents, best first; ties break by document, table and position, so that every run agrees."""
    out: list[Candidate] = []
    for view in views:
        found = view.matches(ask)
        for entry in view.codes.get(want.code, []) if want.code else plausible(view, found, want.units):
            candidate = entry_score(ask, entry, found, want, view.info.year)
            if candidate is not None:
                out.append(candidate)
    out.sort(key=lambda c: (-round(c.score, 4), c.figure.doc_id, c.figure.table_id or "~", c.figure.row or 0, c.figure.col or 0))
    return out


def same_amount(a: Figure, b: Figure) -> bool:
    """True where two figures state the same value, in whatever money unit, within the coarser one's printed precision."""
    if a.value is None or b.value is None:
        return a.value is b.value
    if a.unit == b.unit:
        return a.value == b.value
    if a.unit in MONEY and b.unit in MONEY:
        coarse, fine = (a, b) if MONEY[a.unit] >= MONEY[b.unit] else (b, a)
        assert coarse.value is not None and fine.value is not None
        step = Decimal(1).scaleb(int(coarse.value.as_tuple().exponent)) * MONEY[coarse.unit]
        return abs(coarse.value * MONEY[coarse.unit] - fine.value * MONEY[fine.unit]) <= step / 2 + Decimal("0.0001")
    return False
