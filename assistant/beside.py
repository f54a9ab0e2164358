"""What a second question leaves to the first one's sentence: 有几个项目编报了绩效目标，涉及资金多少."""

from __future__ import annotations

import re

from assistant.domain import Answer
from assistant.draft import Draft
from assistant.library import Library
from index.amounts import MONEY
from index.domain import Figure, Measure

MONEY_OF_IT = re.compile(
    r"^(?:总?共|一共|合计|共计)?(?:涉及|对应|安排|用了?|花了?)?(?:到|的|了)?(?:财政性?|财政|预算|项目)?"
    r"(?:资金|金额|经费|预算|钱)(?:总额|规模|量)?(?:分别|各|一共|总共|共|合计)?(?:是|为|有|达)?(?:多少|几).{0,3}$|^(?:涉及|一?共)?(?:到|了)?多少(?:财政性?|项目|预算)*(?:钱|资金|万元?|亿元?|元)(?:呢|啊)?$"
)


def answer_money_of_it(clause: str, before: Draft, library: Library) -> Answer | None:
    """The amounts that the sentences of the answer before state beside its counts; None unless every sentence states just one.

    ``before`` is the draft of the question before: what it counted, and where.
    """
    counted = [f for f in before.covered_figures if f.measure is Measure.COUNT]
    if not counted or not MONEY_OF_IT.search(clause):
        return None
    draft = Draft(clause, before.views)
    for figure in counted:
        amount = amount_beside(library, figure)
        if amount is None:
            return None
        value = draft.state(amount)
        draft.say(f"{figure.org}{draft.label(amount)}：{value}。" if len(counted) > 1 else f"{draft.label(amount)}：{value}。")
    return draft.answered()


def amount_beside(library: Library, figure: Figure) -> Figure | None:
    """The one amount of the count's own sentence (or row), else of its paragraph; None where there are none or several."""
    figures = [f for f in library.view(figure.doc_id).figures if (f.table_id, f.row) == (figure.table_id, figure.row)]
    here = [f for f in figures if f.value is not None and f.unit in MONEY and f.measure is Measure.AMOUNT]
    for near in ([f for f in here if f.context == figure.context], here):
        if near:
            return near[0] if len({f.value for f in near}) == 1 else None
    return None
