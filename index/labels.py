"""Labels without what the layout adds to them, so that one item has one name everywhere."""

from __future__ import annotations

import re

_NUMBERING = re.compile(r"^(?:[一二三四五六七八九十]{1,3}、|（[一二三四五六七八九十]{1,3}）|\d{1,2}[.、．]|（\d{1,2}）|其中[:：]?|[①-⑳])+")


def name_key(label: str) -> str:
    """A label without numbering, marks and layout: 一、公务用车购置及运行维护费 and 公务用车购置及运行维护费 are one name."""
    return re.sub(r"[\s“”\"'·]", "", _NUMBERING.sub("", label.replace("(", "（").replace(")", "）")))
