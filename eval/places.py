"""When a citation names the place in which the gold stands: its table or section, its page, its cell. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.domain import Citation
from eval.cases import Place
from eval.values import fold
from index.domain import LabelPath

ONLY_ROW = "唯一数据行"  # the gold's word for a table with one row: any row label is right
NUMBERED = re.compile(r"表\d+|第[一二三四五六七八九十]+部分")
TABLE_NUMBER = re.compile(r"^(?:公开)?\d*表?\d*")
SHORTEST_TITLE = 4  # characters: 支出 stands in any title
BETWEEN_LEVELS = re.compile(r"\s*[>／]\s*|(?<=\D)/(?=\D)")
CODE = re.compile(r"^\d{3,7}(?!\d*年)")
NUMBERING = re.compile(r"^(?:\([一二三四五六七八九十]+\)[、.]?|[一二三四五六七八九十]+[、.]|\d{1,2}[.、])")
WITHIN = re.compile(r"^其中:")


def same_place(place: Place, cited: Citation) -> bool:
    """True where the citation is in the gold's document, and on its page or in its table or section."""
    if fold(place.doc) != fold(cited.doc):
        return False
    if place.page is not None and place.page == cited.page:
        return True
    where = f"{fold(cited.table or '')}|{fold(cited.section or '')}"
    return any(_named(fold(name), where) for name in (place.table, place.section) if fold(name))


def same_cell(place: Place, cited: Citation) -> bool:
    """True where row and column are the gold's, too. A citation without labels is judged by what it quotes."""
    return (
        same_place(place, cited)
        and same_label(place.row, cited.row or cited.quote)
        and same_label(place.column, cited.column or cited.quote)
    )


def _named(name: str, where: str) -> bool:
    """True where the cited place has the gold's whole name, its title, or its number: 表1 is not in 表12."""
    title = TABLE_NUMBER.sub("", name)
    number = NUMBERED.match(name)
    wholes = [name, *([number.group()] if number else [])]
    return any(re.search(rf"{re.escape(whole)}(?!\d)", where) for whole in wholes) or (len(title) >= SHORTEST_TITLE and title in where)


def same_label(gold: str, cited: LabelPath | str) -> bool:
    """True where the cited path ends in the gold's last level and does not contradict the levels above it."""
    if not fold(gold) or ONLY_ROW in gold:
        return True
    have = list(_levels(cited))
    return any(_same_path(list(_levels(one)), have) for one in gold.split("；"))


def _same_path(gold: Sequence[str], cited: Sequence[str]) -> bool:
    if not gold or not cited:
        return False
    whole, leaf, last = "/".join(cited), gold[-1], cited[-1]
    if leaf not in whole and not (len(last) > 1 and last in leaf):
        return False
    return len(gold) == 1 or len(cited) == 1 or any(outer in whole for outer in gold[:-1])


def _levels(path: LabelPath | str) -> Iterator[str]:
    """Labels without codes, numbering and 其中: (what is nothing but a code stays)."""
    for part in BETWEEN_LEVELS.split(path) if isinstance(path, str) else path:
        label = fold(part)
        for leader in (CODE, NUMBERING, WITHIN):
            label = leader.sub("", label) or label
        if label:
            yield label
