"""What a second question leaves to the first one's row or sentence: 涉及资金多少, 是哪家单位的, 走的什么资金, 基本支出还是项目支出."""

from __future__ import annotations

import re

from assistant.bodies import LOCAL, is_unit
from assistant.catalog import View
from assistant.domain import Answer
from assistant.draft import Draft
from assistant.flat import core, flat
from assistant.library import Library
from assistant.lookup import same_amount
from index.amounts import MONEY
from index.domain import Figure, Measure

MONEY_OF_IT = re.compile(
    r"^(?:总?共|一共|合计|共计)?(?:涉及|对应|安排|用了?|花了?)?(?:到|的|了)?(?:财政性?|财政|预算|项目)?"
    r"(?:资金|金额|经费|预算|钱)(?:总额|规模|量)?(?:分别|各|一共|总共|共|合计)?(?:是|为|有|达)?(?:多少|几).{0,3}$|^(?:涉及|一?共)?(?:到|了)?多少(?:财政性?|项目|预算)*(?:钱|资金|万元?|亿元?|元)(?:呢|啊)?$"
)

OWNER_ASKED = re.compile(
    r"^(?:这|那)?(?:笔钱|个?项目)?(?:是|属于|归|由|在)?(?:哪(?:一?个|一?家)?|什么)(?:下属|预算|所属|基层)?(?:单位|学校|医院|部门|中心)(?:的|负责|承担|实施|花|用)*(?:项目|支出|钱)?(?:的|呢)?$"
)
FUND_ASKED = re.compile(
    r"^(?:这|那)?(?:笔|些)?(?:钱|资金|经费)?(?:是)?(?:走|用|出自|来自|属于|列)?(?:的)?(?:是)?(?:什么|哪一?[种类笔块个]|啥)(?:性质的?|类型的?)?(?:资金|钱|经费)(?:来源|安排)?(?:的|呢)?$"
    r"|资金来源(?:是|为|呢|有)?(?:什么|哪些|哪里|啥)?$|^(?:这|那)?(?:笔|些)?(?:钱|资金|经费)(?:是)?从哪(?:里|儿)?[出来]的?$"
)
KIND_ASKED = re.compile(
    r"^(?:这|那)?(?:是|属于|列在?|算|列入)*(?:基本(?:支出)?还是项目(?:支出)?|项目(?:支出)?还是基本(?:支出)?)(?:里|中|的)?$"
)
SUBJECT_ASKED = re.compile(
    r"^(?:这|那)?(?:笔钱)?(?:是)?(?:落|列|归|放|算|体现|反映|用)?(?:在|到|入|于)?哪(?:一?个|些|几个)?(?:功能|支出)?(?:科目|项目)(?:里|下|上|中|的)*(?:呢)?$"
)
ATTRIBUTE_BEHIND = re.compile(
    r"(?P<item>[^,，]{5,}?)(?P<attribute>(?:是|属于)?(?:落|列|归|放|算|体现|反映)?(?:在|到|是|属于|走|用)(?:的)?(?:哪一?个(?:功能|支出)?(?:科目|项目)|哪(?:一?个|家)(?:下属|预算)?(?:单位|学校|医院)|(?:什么|哪[种类])资金|基本(?:支出)?还是项目(?:支出)?)"
    r"(?:的|里|下)?)(?:[,，。?？](?:金额|数额|各|分别)?(?:是|有)?(?:多少)?(?:钱|万?元)?)?[?？。]?$"
)
WHETHER_BEHIND = re.compile(
    r"(?P<item>[^,，]{5,}?)[,，](?P<attribute>是(?:不是|否)(?!等于|一样|一致)[\u4e00-\u9fff]{2,8}?)(?:吗|呢)?[?？]?$"
)
OFFERED = re.compile(r"^(?:是|属于|走)?([\u4e00-\u9fff]{2,8}?)还是([\u4e00-\u9fff]{2,8}?)(?:的|呢)?$")
LONGEST_WORDS = 20
FUND = re.compile(r"一般公共预算|政府性基金|国有资本经营|财政专户|单位资金|事业收入|其他收入|上年结转|结转结余|财政拨款|非财政拨款")
KIND = re.compile(r"基本支出|项目支出")


def attribute_apart(text: str) -> list[str]:
    """上级补助收入落在哪个科目，金额多少 → the amount first, then what is asked of it; empty where nothing of the kind is asked."""
    found = ATTRIBUTE_BEHIND.match(flat(text))
    if found is None and (whether := WHETHER_BEHIND.match(flat(text))):
        found = whether  # 2025年预算，是不是重点项目
    return [f"{found['item']}多少", found["attribute"]] if found else []


def answer_attribute(clause: str, before: Draft, library: Library) -> Answer | None:
    """Whose the figure of the question before is, what pays for it, or which kind of spending it is: from rows that print it."""
    if not before.covered_figures:
        return None
    figure, draft, text = before.covered_figures[0], Draft(clause, before.views), flat(clause)
    view = library.view(figure.doc_id)
    if OWNER_ASKED.search(text):
        found = state_owner(draft, view, figure)
    elif FUND_ASKED.search(text):
        found = state_columns_of(draft, view, figure, FUND)
    elif KIND_ASKED.search(text):
        found = state_columns_of(draft, view, figure, KIND)
    elif SUBJECT_ASKED.search(text):
        found = state_row_of(draft, view, figure)
    else:
        found = state_words_of(draft, view, figure, text)
    return draft.answered() if found else None


def alike(view: View, figure: Figure) -> list[Figure]:
    """Figures of tables that print the same amount for the same item, this one first."""
    label = core(figure.row_path[-1]) if figure.row_path else ""
    rows = [f for f in view.figures if f.table_id and f.row_path and core(f.row_path[-1]) == label and same_amount(f, figure)]
    return sorted(rows, key=lambda f: f.id != figure.id)


def state_owner(draft: Draft, view: View, figure: Figure) -> bool:
    """The unit whose row it stands under; False where no row or several units' rows print it."""
    body = flat(LOCAL.sub("", view.info.department))
    units: dict[str, Figure] = {}
    for f in alike(view, figure):
        above = [p for p in f.row_path[:-1] if is_unit(p) and flat(p) != body]
        if above:
            units.setdefault(above[-1], f)
    if len(units) != 1:
        return False
    unit, place = next(iter(units.items()))
    draft.say(f"单位是**{unit}**[{draft.cite(place)}]。")
    return True


def state_columns_of(draft: Draft, view: View, figure: Figure, named: re.Pattern[str]) -> bool:
    """The columns so called of the item's row that hold money; they must add up to the figure, or one of them be it."""
    for place in alike(view, figure):
        row = [f for f in view.figures if (f.table_id, f.row) == (place.table_id, place.row) and f.value]
        parts = [f for f in row if f.id != place.id and f.col_path and named.search(core(f.col_path[-1]))]
        told = parts if sum(f.value or 0 for f in parts) == figure.value else [f for f in parts if same_amount(f, figure)]
        if told and len({f.col for f in told}) == len(told):
            draft.say("、".join(f"{f.col_path[-1]}{draft.state(f)}" for f in told) + "。")
            return True
    return False


def state_words_of(draft: Draft, view: View, figure: Figure, text: str) -> bool:
    """Words in the figure's row: of the column that the clause names (走哪种采购组织形式), or that it offers (集中还是分散)."""
    table = view.tables.get(figure.table_id or "")
    if table is None or figure.row is None:
        return False
    told = False
    for col, cell in enumerate(table.rows[figure.row].cells[: len(table.columns)]):
        words = flat(cell.text or "")
        if not words or re.search(r"\d", words) or len(words) > LONGEST_WORDS or not table.columns[col]:
            continue
        head = core(table.columns[col][-1])
        named = len(head) > 2 and (head in text or head[-4:] in text) and re.search(r"什么|哪|啥|是否|是不是", text)
        offered = [o for o in OFFERED.findall(text) for o in o if len(o) > 1 and o in words]
        if named or offered:
            draft.say(f"{table.columns[col][-1]}：**{words}**[{draft.cite_cell(view, table.id, figure.row, col)}]。")
            told = True
    return told


def state_row_of(draft: Draft, view: View, figure: Figure) -> bool:
    """The one row of another table whose column is called as the figure's item and holds all of it (上级补助收入: 乡镇卫生院)."""
    name = re.sub(r"^[一二三四五六七八九十]+、|^\d+[.、]", "", core(figure.row_path[-1])) if figure.row_path else ""
    rows = [f for f in view.figures if f.table_id and f.row_path and f.col_path and name and name in core(f.col_path[-1]) and f.value]
    leaves = [
        f
        for f in rows
        if not any(o.table_id == f.table_id and f.row_path == o.row_path[: len(f.row_path)] and o.row_path != f.row_path for o in rows)
    ]
    leaves = [f for f in leaves if same_amount(f, figure) and not view.is_total(f.row_path[-1])]
    if len({core(f.row_path[-1]) for f in leaves}) != 1:
        return False
    draft.say(f"在**{leaves[0].row_path[-1]}**{f'（{leaves[0].code}）' if leaves[0].code else ''}：{draft.state(leaves[0])}。")
    return True


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
