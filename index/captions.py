"""What is printed above a table: number, title, unit, the body it is of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from index.headings import caption_of, unit_of

BODY_NAME = re.compile(r"^(?:编制|填报|预算|决算|公开|编报|汇总)?(?:部门|单位)(?:名称)?[:：](?P<name>.*)$")
UNIT_REST = re.compile(r"^(单位[:：])?[万亿千百]*元?$|^金额")
YEAR = re.compile(r"(20\d\d)年")
YEAR_LINE = re.compile(r"^[（(]?(?:(?:预算|决算)?年度[:：])?20\d\d年?度?(?:\d{1,2}月(?:\d{1,2}日)?)?[）)]?$")
CONTINUED = re.compile(r"[（(]续(表)?[）)]|续表")


@dataclass(frozen=True, slots=True)
class Caption:
    """What is printed above a table (or stands there as its heading)."""

    number: str | None = None
    title: str = ""
    unit: str | None = None
    org: str | None = None
    year: int | None = None

    def continues(self, other: Caption) -> bool:
        """True where this caption, on a later page, is the other one printed again."""
        if not self.number and not self.title:
            return True
        same_title = CONTINUED.sub("", self.title) == CONTINUED.sub("", other.title)
        return (self.number or other.number) == other.number and (same_title or not self.title)


def segments_to_caption(segments: Iterable[str]) -> Caption:
    """The caption in the lines above a table: title first, then unit and name of the body, in any order with the number."""
    caption = Caption()
    titles: list[str] = []
    below_title = name_open = False
    for segment in segments:
        flat = re.sub(r"\s+", "", segment)
        unit, name, numbered = unit_of(segment), BODY_NAME.match(flat), caption_of(segment)
        year = YEAR.search(flat)
        if unit:
            caption, below_title = replace(caption, unit=unit), True
        elif name:
            caption, below_title, name_open = replace(caption, org=name["name"] or caption.org), True, True
        elif numbered and numbered[0]:
            caption = replace(caption, number=numbered[0])
            titles += [numbered[1]] if numbered[1] else []
        elif year and YEAR_LINE.match(flat):
            caption, below_title = replace(caption, year=int(year[1])), True
        elif not below_title:
            titles.append(flat)
        elif name_open and not UNIT_REST.match(flat):
            caption = replace(caption, org=(caption.org or "") + flat)
    title = "".join(titles)
    year = YEAR.search(title)
    if year and caption.year is None:
        caption = replace(caption, year=int(year[1]))
    return replace(caption, title=title)
