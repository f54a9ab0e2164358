"""Labels without what the layout adds to them, so that one item has one name everywhere."""

from __future__ import annotations

import re

_NUMBERING = re.compile(r"^(?:[一二三四五六七八九十]{1,3}、|（[一二三四五六七八九十]{1,3}）|\d{1,2}[.、．]|（\d{1,2}）|其中[:：]?|[①-⑳])+")
BUDGET_WORDS = re.compile(r"^(?:20\d\d年?度?|本年度?)?(?:总|年初)?(?:预算(?:安排|数|总额|总计|合计|金额|额)?|安排(?:预算|资金)?|)$")


def name_key(label: str) -> str:
    """A label without numbering, marks and layout: 一、公务用车购置及运行维护费 and 公务用车购置及运行维护费 are one name."""
    return re.sub(r"[\s“”\"'·]", "", _NUMBERING.sub("", label.replace("(", "（").replace(")", "）")))
