"""The figure a (part of a) question means, in one group of documents: found, checked for what it leaves unexplained."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.catalog import BUDGETED, SPENT, View
from assistant.domain import Candidate
from assistant.flat import core, flat
from assistant.frames import DEPARTMENT_LEVEL, UNIT_LEVEL
from assistant.leftover import OWN_WORD, Sides, figure_opposed, half_said, leftover, near_miss, one_sided
from assistant.library import Library
from assistant.lookup import CLOSE, WHOLE, Want, counts_in, find, same_amount
from assistant.match import NOTHING, Ask, match_label, own_characters, span_mask, text_to_ask
from assistant.scope import Group
from assistant.watch import RETRIEVE, stage
from assistant.years import YEAR
from index.domain import Figure, Measure, Origin

NEXT, AS_GOOD = 12, 2.5  # how many candidates, and how far below the best, one that explains everything is looked for
NAMED_NEAR = 1.0  # how far below a sentence that does not name the item one that does is meant
COUNTED_THING = 4  # characters
HARDLY = 8.0  # unsaid weight of a label of which the question says two characters
INCOME = frozenset({"收入"})
LIMIT = re.compile(r"(\d+)(?=万元?(?:\([^()]*\))?以[上下])")  # 单价50万元以上 is not 单价100万元以上
NEGATED = re.compile(r"非(?:财政拨款|财政|税收|流动|同级|经营|营利|在编|贫困|重点)(?:收入|支出|资金|结转|结余)?")
ENOUGH_SCORE = 0.35  # of the content's weight; below it the labels say too much else

THREE_FUNDS = re.compile(r"三公|出国|出境|接待|车|会议|培训")
UNSAID_PART = 3  # own characters of a sentence's item from which it is an item of its own
BALANCE_ROW = re.compile(r"(?:财政拨款)?(?:收入支出|收支|收、支|收入|支出)?总计$")
WITH_CARRIED_OVER = re.compile(r"总计|收支|结转|结余")
SIDES_ASKED = (("支出", re.compile(r"支出|花|开支")), ("收入", re.compile(r"收入|进账")))


@dataclass(frozen=True, slots=True)
class Reading:
    """``figure`` is the best reading; ``same`` state the same value elsewhere, ``rivals`` another value with as good a right."""

    group: Group
    figure: Figure
    score: float
    covered: int
    same: tuple[Figure, ...] = ()
    rivals: tuple[Figure, ...] = ()
    unexplained: tuple[str, ...] = ()

    @property
    def sure(self) -> bool:
        return not self.unexplained


def read_figure(library: Library, group: Group, ask: Ask, want: Want) -> Reading | None:
    """Best first; None where no figure of the group shares anything with the question. Worked out once a question."""
    key = (group, want)
    if key not in ask.memo:
        ask.memo[key] = _read_figure(library, group, ask, want)
    found: Reading | None = ask.memo[key]
    return found


@stage(RETRIEVE)
def _read_figure(library: Library, group: Group, ask: Ask, want: Want) -> Reading | None:
    views = library.views([group])
    found = find(views, ask, want)
    if not want.code:
        sides, parts = one_sided(ask, library.lexicon.opposites), one_sided(ask, library.lexicon.parts, after="其中")
        found = [c for c in found if not (near_miss(ask, c) or (sides and figure_opposed(c.figure, sides)))]
        if sides and any(said == INCOME for said, _ in sides):  # 演出收入 is no project of 演出
            found = [c for c in found if not spent_not_earned(c.figure, title_of(library, c.figure))]
        found = [c for c in found if not (parts and printed_together(c.figure, parts))]
        needed = [told for said, told in library.lexicon.requires if any(w in ask.text for w in said)]
        found = [c for c in found if all(any(w in own_text(c.figure) for w in told) for told in needed)]
        denied = [m.group() for m in NEGATED.finditer(ask.text)]  # 非财政拨款 is never 财政拨款
        found = [c for c in found if all(word in label_text(c.figure) for word in denied)]
        limits = set(LIMIT.findall(ask.text))
        found = [c for c in found if not (limits and limits.isdisjoint(LIMIT.findall(label_text(c.figure))))]
    found = [c for c in found if want.code or not (hardly_said(c) or of_a_part(c))]
    if not THREE_FUNDS.search(ask.text):
        # Its total is none of 财政拨款支出; 机关运行经费, a column of the same table, is what it says.
        found = [c for c in found if c.named or "三公" not in core(title_of(library, c.figure)) or says_column(ask, c.figure)]
    candidates = naming(found, {v.info.doc_id: v for v in views}, ask)
    if not candidates:
        return None
    best = candidates[0]
    if not want.code and left_by(ask, best):  # one that explains every word, where it is about as good
        best = next((c for c in candidates[1:NEXT] if c.score >= best.score - AS_GOOD and not left_by(ask, c)), best)
    best = whole_of(named_first(best, candidates, ask), candidates, ask)
    if group.kind.is_final:
        best = own_of_the_year(best, candidates, ask, library)
    if best.covered == 0 and ask.content and not want.code:
        return None
    if not want.code and best.score < ENOUGH_SCORE * ask.content.bit_count():
        return None
    close = [c for c in candidates[:60] if c is not best and c.score >= best.score - CLOSE]
    same = tuple(c.figure for c in candidates[:80] if c is not best and same_amount(best.figure, c.figure) and c.score >= best.score - 2.5)
    rivals = tuple(_unlike(best, close))
    named = want.code and best.named and best.unsaid <= WHOLE  # the code and the whole name agree: 职工福利费（30229）
    unexplained = [] if named else left_by(ask, best, other_clauses(ask, want.code) if want.code else 0)
    unexplained = [*half_said(ask, best.covered), *unexplained] if want.code else unexplained
    if not want.counter and best.figure.measure is Measure.COUNT and any(counts_otherwise(best.figure, r) for r in rivals):
        unexplained = [*unexplained, "多少"]  # 高中有多少: students or classes
    return Reading(group, best.figure, best.score, best.covered, same, rivals, tuple(unexplained))


def counts_otherwise(a: Figure, b: Figure) -> bool:
    """Whether two counts of one item count different things (2,160人, 42个)."""
    return b.measure is Measure.COUNT and bool(a.unit and b.unit) and not counts_in(a.unit, b.unit)


def left_by(ask: Ask, candidate: Candidate, besides: int = 0) -> list[str]:
    """The words that a candidate leaves unexplained; ``besides`` are characters that need no explanation."""
    return leftover(ask, candidate.covered | besides, terms=True, strict=candidate.unsaid >= OWN_WORD)


def other_clauses(ask: Ask, code: str) -> int:
    """The characters of clauses that do not name the code: 今年有六个亿买房？科目31001到底列多少."""
    mask = 0
    for m in re.finditer(r"[^,，;；。?？!！]+", ask.text):
        if code not in m.group():
            mask |= span_mask(*m.span())
    return mask


def own_of_the_year(best: Candidate, candidates: Sequence[Candidate], ask: Ask, library: Library) -> Candidate:
    """财政拨款支出 of a final account is 本年支出合计, not 总计, which holds what is left for the next year, too."""
    f = best.figure
    side = next((side for side, asked in SIDES_ASKED if asked.search(ask.text)), None)
    if side is None or not f.row_path or WITH_CARRIED_OVER.search(ask.text) or not BALANCE_ROW.match(core(f.row_path[-1])):
        return best
    title = title_of(library, f)
    for c in candidates:
        if not c.figure.row_path or core(c.figure.row_path[-1]) != f"本年{side}合计" or c.figure.value is None:
            continue
        place = title_of(library, c.figure)
        if place == title if title else core(f.row_path[-1]).startswith("财政拨款") and "财政拨款收入支出" in place:
            return c
    return best


def says_column(ask: Ask, figure: Figure) -> bool:
    """Whether the question says the figure's own column whole, and that column is no mere total."""
    match = match_label(ask, core(figure.col_path[-1])) if figure.col_path else NOTHING
    return bool(match.covered & ask.content) and match.share >= 1 - WHOLE


def named_first(best: Candidate, candidates: Sequence[Candidate], ask: Ask) -> Candidate:
    """三公经费 under a heading of 三公经费 is its own sentence, not that of one of its parts, which the question does not name."""
    f = best.figure
    if f.origin is not Origin.PROSE or f.measure is Measure.COUNT or best.named & ask.content or not f.row_path:
        return best
    if sum(own_characters(core(f.row_path[-1]))) < UNSAID_PART:
        return best
    near = (c for c in candidates[:NEXT] if c.named & ask.content and c.score >= best.score - NAMED_NEAR and c.figure.measure is f.measure)
    return next((c for c in near if not best.covered & ask.content & ~c.covered and not left_by(ask, c)), best)


def whole_of(best: Candidate, candidates: Sequence[Candidate], ask: Ask) -> Candidate:
    """编制多少人 means all of them: not the part 行政编制, whose own word the question does not say."""
    f = best.figure
    if f.origin is not Origin.PROSE or best.unsaid < OWN_WORD or len(f.row_path) < 2:
        return best
    part, above = core(f.row_path[-1]), core(f.row_path[-2])
    if any(part[i : i + 2] in ask.text and part[i : i + 2] not in above for i in range(len(part) - 1)):
        return best
    wholes = (
        c
        for c in candidates
        if (c.figure.doc_id, c.figure.row, c.figure.row_path) == (f.doc_id, f.row, f.row_path[:-1]) and c.figure.unit == f.unit
    )
    whole = next(wholes, None)
    return whole if whole and whole.figure.measure is f.measure and not leftover(ask, whole.covered) else best


def label_text(figure: Figure) -> str:
    """All that names the figure: its row's own label, its columns and, in running text, its sentence."""
    return flat(f"{labels_of(figure)} {figure.context}")


def spent_not_earned(figure: Figure, title: str) -> bool:
    """True for a figure of a table of expenditure none of whose labels speaks of income."""
    return "支出" in title and "收入" not in title + labels_of(figure) + core(" ".join(figure.row_path))


def own_text(figure: Figure) -> str:
    """What names the figure itself: columns that only total (本年收入合计) aside."""
    columns = (c for c in figure.col_path if not re.search(r"[合总小]计$", core(c)))
    said = figure.context
    if figure.measure is Measure.COUNT:  # a count is of what its own label says, or of the word right behind it (6个项目)
        behind = said.partition(figure.raw)[2]
        said = behind[:COUNTED_THING]
    return flat(core(" ".join((*figure.row_path[-1:], *columns))) + said)


def title_of(library: Library, figure: Figure) -> str:
    """The title of the figure's table; empty for running text."""
    table = library.view(figure.doc_id).tables.get(figure.table_id or "")
    return table.title if table else ""


def labels_of(figure: Figure) -> str:
    """The row's own label and the columns as one text."""
    return core(" ".join((*figure.row_path[-1:], *figure.col_path)))


def hardly_said(candidate: Candidate) -> bool:
    """True where the question says two characters of a long label: 机关 is no 机关事业单位职业年金缴费支出."""
    return 0 < candidate.named.bit_count() <= 2 and candidate.unsaid >= HARDLY


def of_a_part(candidate: Candidate) -> bool:
    """True where a sentence's amount is of an item that the question does not say, under one that it says (离退休 for 社会保障)."""
    f = candidate.figure
    if f.origin is not Origin.PROSE or len(f.row_path) < 2 or candidate.named or not core(f.row_path[0]).endswith("支出"):
        return False
    return sum(own_characters(core(f.row_path[-1]))) >= UNSAID_PART


def printed_together(figure: Figure, parts: Sequence[Sides]) -> bool:
    """True where the row or the column is of both parts although the question says one (公务用车购置及运行费 for 买车)."""
    told = [core(next((p for p in reversed(path) if any(own_characters(core(p)))), "")) for path in (figure.row_path, figure.col_path)]
    return any(any(w in label for w in one) and any(w in label for w in other) for label in told for one, other in parts)


def naming(candidates: list[Candidate], views: Mapping[str, View], ask: Ask) -> list[Candidate]:
    """Only those that name most of the printed items that the question names word for word: 会议服务 is never 人大会议."""
    items = {item for view in views.values() for item in view.printed_items(ask)}
    if not items or len(candidates) < 2:
        return candidates

    def named(c: Candidate) -> float:
        f = c.figure
        table = views[f.doc_id].tables.get(f.table_id or "")
        words = "\n".join(map(core, (*f.row_path, *f.col_path, *f.section[-1:], table.title if table else "")))
        said = core(f.context)
        return sum(len(item) * (1.0 if item in words else 0.5 if item in said else 0.0) for item in items)

    counts = [named(c) for c in candidates]
    most = max(counts)
    return [c for c, count in zip(candidates, counts, strict=True) if count == most]


def _unlike(best: Candidate, close: Sequence[Candidate]) -> list[Figure]:
    out: list[Figure] = []
    for c in close:
        one_sentence = c.figure.origin is Origin.PROSE and c.figure.context == best.figure.context
        if one_sentence and c.figure.measure is Measure.COUNT and c.figure.unit == best.figure.unit:
            continue  # 制定12件法规，继续审议5件法规: other facts of one sentence
        if not same_item(best.figure, c.figure) or spent_beside_budget(best.figure, c.figure):
            continue
        if not same_amount(best.figure, c.figure) and not any(same_amount(o, c.figure) for o in out):
            out.append(c.figure)
    return out


def spent_beside_budget(a: Figure, b: Figure) -> bool:
    """Whether one was budgeted and the other spent: two answers, not two scopes of one."""
    one, other = ("".join(f.col_path) for f in (a, b))
    return any(BUDGETED.search(x) and SPENT.search(y) and not SPENT.search(x) for x, y in ((one, other), (other, one)))


def same_item(a: Figure, b: Figure) -> bool:
    """Another scope of the same item, not another item: the row's own label agrees (or both are totals)."""
    one, other = (core(f.row_path[-1]) if f.row_path else "" for f in (a, b))
    return one == other or (a.code is not None and a.code == b.code)


def code_label(library: Library, group: Group, code: str) -> str:
    """The name of the subject with this code in the group's tables, "" where none has it."""
    found = (e.figure.row_path[-1] for view in library.views([group]) for e in view.codes.get(code, ()) if e.figure.row_path)
    return core(next(found, ""))


def part_ask(library: Library, text: str) -> Ask:
    """Prepare a fragment of a question (bodies, years and levels taken out) for matching."""
    named = library.bodies_in(text)
    spans = [m.span() for pattern in (YEAR, UNIT_LEVEL, DEPARTMENT_LEVEL) for m in pattern.finditer(text)]
    return text_to_ask(text, library.lexicon, [*named.spans, *spans])


def change_of(
    library: Library, group: Group, figure: Figure, measures: frozenset[Measure] = frozenset({Measure.CHANGE, Measure.RATE})
) -> list[Figure]:
    """The change and rate that the document states right after a prose figure: same paragraph, same item."""
    return [
        f
        for f in library.view(figure.doc_id).figures
        if f.table_id is None and f.row == figure.row and f.measure in measures and f.row_path == figure.row_path
    ]
