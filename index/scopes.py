"""Of which money a table or a sentence speaks: amounts of two scopes need not agree."""

from __future__ import annotations

import re

from index.domain import Figure

_SCOPES = (  # the narrower first: 一般公共预算财政拨款 is the general budget, not all appropriations
    (re.compile(r"政府性基金"), "政府性基金"),
    (re.compile(r"国有资本经营"), "国有资本经营"),
    (re.compile(r"一般公共(?:预算|财政|服务预算)"), "一般公共预算"),
    (re.compile(r"财政拨款|公共财政"), "财政拨款"),
)
_FIRST_AMOUNT = re.compile(r"\d[\d,]*(?:\.\d+)?(?:百万|千|万|亿)?元")


def scope_of(*texts: str) -> str:
    """政府性基金, 国有资本经营, 一般公共预算 or 财政拨款 where the first text that names one names it alone; "" for all money."""
    for text in texts:
        found = [scope for pattern, scope in _SCOPES if pattern.search(text)]
        if found:
            return found[0] if len(found) == 1 or found[1:] == ["财政拨款"] else ""
    return ""


def claim_scope(claim: Figure) -> str:
    """The scope that a sentence's own item names, else its first words, else the headings it stands under."""
    before = _FIRST_AMOUNT.split(claim.context, maxsplit=1)[0]
    return scope_of("".join(claim.row_path), before, *reversed(claim.section))


def figure_scope(figure: Figure, title: str) -> str:
    """The scope of a table's cell: what its column names, else the table's title."""
    return scope_of(*reversed(figure.col_path), title)
