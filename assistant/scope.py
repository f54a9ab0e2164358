"""Which documents a question is about: bodies, years and kinds, with what had to be assumed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from assistant.bodies import LOCAL, Directory
from assistant.understand import Question
from index.domain import DocumentInfo, Kind

PUBLISHED = re.compile(r"(20\d\d)年?度?的?(?:部门|单位)?(?:预算|决算)(?:里|中|文件|说明|公开|报告|数据|能|可以|来?看|推)")
# 2024年预算里, 预算报告: the budget itself is meant, not the final account that repeats it.
BUDGET_NAMED = re.compile(r"\d年?度?的?(?:部门|单位)?预算(?!数|执行)|预算(?:里|中(?!的?央)|报告|公开|文件|文本|书)")
FINAL_SAID = re.compile(r"决算|实际|执行|完成|花了|年初|超支|超预算")
BASELINE = re.compile(  # 2023年和2025年 are both asked for
    r"(?![与跟和同](?:20)?\d{2}年?(?:相|对)?比)(?:比|较|(?<![\d年])[与跟和同])(?:上一?年|去年|前年|(?:20)?\d{2}年?)"
)


@dataclass(frozen=True, slots=True)
class Group:
    """Documents published together for one body, year and kind (narrative and tables may be two files)."""

    body: str
    year: int | None
    kind: Kind
    docs: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"{self.body}{self.year or ''}年{self.kind}" if self.year else f"{self.body}{self.kind}"


@dataclass(frozen=True, slots=True)
class Scope:
    """``groups`` in question order of bodies, then by year; ``years`` the target years of the figures (not baselines)."""

    groups: tuple[Group, ...]
    years: tuple[int, ...]
    bodies: tuple[str, ...]
    named: bool  # the question itself names the body
    missing: tuple[str, ...] = ()  # years or kinds that are not indexed, in words


def infos_to_groups(infos: Sequence[DocumentInfo]) -> tuple[Group, ...]:
    """Two files of one body, year and kind belong together."""
    found: dict[tuple[str, int | None, Kind], list[str]] = {}
    for info in sorted(infos, key=lambda i: i.doc_id):
        found.setdefault((LOCAL.sub("", info.department), info.year, info.kind), []).append(info.doc_id)
    return tuple(Group(b, y, k, tuple(d)) for (b, y, k), d in sorted(found.items(), key=lambda kv: (kv[0][0], kv[0][1] or 0, kv[0][2])))


def target_years(q: Question) -> tuple[int, ...]:
    """The years whose figures are asked for; a year after 比/较 is the baseline, unless it is the only thing asked."""
    baseline = {m.group() for m in BASELINE.finditer(q.text)}
    out = [y for y in q.years if not any(str(y) in b or b.endswith(f"{y % 100:02d}年") or b.endswith(f"{y % 100:02d}") for b in baseline)]
    return tuple(out)


def choose(
    q: Question, groups: Sequence[Group], directory: Directory, planned: Callable[[Group], AbstractSet[int]] = lambda group: frozenset()
) -> Scope:
    """Narrow the groups by what the question says. Empty ``groups`` with ``missing`` filled means: say what is not indexed.

    ``planned`` gives the years after its own for which a group's tables plan amounts.
    """
    bodies: list[str] = []
    for mention in q.named.mentions:  # a place and no item: any body of the place may be meant
        bodies += sorted((mention.wide if mention.region and not q.ask.content else mention.bodies) - set(bodies))
    if len(q.named.mentions) > 1:  # 市局和龙岗: an open 市局 takes the sibling of the named body
        bodies = _siblings(q, bodies, directory)
    chosen = [g for g in groups if not bodies or g.body in bodies]
    years = target_years(q)
    missing: list[str] = []
    if q.kinds:
        kept = [g for g in chosen if g.kind in q.kinds]
        if kept:
            chosen = kept
        elif not q.kinds & {Kind.DEPARTMENT_BUDGET, Kind.UNIT_BUDGET}:
            missing.append("决算")
    if not q.years and -1 in q.relative and not BASELINE.search(q.text):
        years = tuple({max(g.year or 0 for g in chosen if g.body == body) - 1 for body in {g.body for g in chosen}})
    named = tuple(int(m.group(1)) for m in PUBLISHED.finditer(q.text)) if len(years) > 1 else ()
    if len(years) > 1 and len(set(named)) == 1 and set(years) - set(named):  # 2026年预算里的2025年执行数
        chosen = [g for g in chosen if g.year in named]
        years = tuple(y for y in years if y not in named)
    if BUDGET_NAMED.search(q.text) and not FINAL_SAID.search(q.text):
        budgets = {(g.body, g.year) for g in chosen if not g.kind.is_final}
        chosen = [g for g in chosen if not g.kind.is_final or (g.body, g.year) not in budgets]
    if years:
        own = [g for g in chosen if g.year in years]
        near = [
            g
            for g in chosen
            if g.year is not None and any(g.year - 1 == y for y in years if not any(o.year == y and o.body == g.body for o in own))
        ]
        chosen = own + [g for g in near if g not in own] or [g for g in chosen if planned(g) & set(years)]
        if not chosen:
            missing += [f"{y}年" for y in years]
    elif q.relative and 0 in q.relative and not q.years:
        latest = {g.body: max(x.year or 0 for x in chosen if x.body == g.body) for g in chosen}
        chosen = [g for g in chosen if (g.year or 0) == latest[g.body]]
    order = {b: i for i, b in enumerate(bodies)}
    chosen.sort(key=lambda g: (order.get(g.body, 99), g.body, g.year or 0, g.kind))
    return Scope(tuple(chosen), years, tuple(bodies), bool(bodies), tuple(missing))


def _siblings(q: Question, bodies: list[str], directory: Directory) -> list[str]:
    """Of several mentions, an ambiguous one keeps only bodies whose core name a certain mention shares, if there are any."""
    sure = [next(iter(m.bodies)) for m in q.named.mentions if len(m.bodies) == 1]
    cores = {directory.bodies[b].core for b in sure if b in directory.bodies}
    out: list[str] = []
    for mention in q.named.mentions:
        found = mention.bodies
        if len(found) > 1 and cores:
            found = frozenset(b for b in found if directory.bodies[b].core in cores and b not in sure) or found
        out += sorted(found - set(out))
    return out
