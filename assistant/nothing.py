"""What a document declares not to exist: an empty table, 「没有使用政府性基金预算拨款安排的支出」. Asked for, it is zero."""

from __future__ import annotations

import re
from decimal import Decimal

from assistant.domain import Answer, AnswerFigure
from assistant.flat import core, flat
from assistant.leftover import leftover, longest_run, one_sided, opposed
from assistant.lookup import HALF
from assistant.match import PHRASE, cover_text, holds_phrases, match_label, span_mask
from assistant.passages import SENTENCE, view_passages
from assistant.scope import Group
from assistant.task import Task
from index.domain import Para, Table

DENIED = re.compile(r"(?:无(?!法|关|论|偿|障|形|线|锡|人机)|没有|未(?:安排|发生|使用)|不涉及|不存在)(?P<what>[^，。；]{2,60})")
FUND_GRANTS = re.compile(r"(?:政府性基金|国有资本经营|一般公共)(?:预算)?(?:财政)?拨款")
NOTE_MARK = re.compile(r"^(?:备?注|说明)[：:]\s*")
OTHERWISE = re.compile(r"增|减|变|调整|超|新|再|列入|纳入|达到|完成|明确|单独|按|因|对")
FILLED = re.compile(r"[1-9]")
WORDS = re.compile(r"[^\d.,%\s—–-]")
TITLED = re.compile(r"目录|名词|解释")


def answer_nothing(task: Task) -> Answer | None:
    """Zero, with the table or the sentence that says so; None where none does, or where documents differ."""
    if not task.ask.content or task.q.counter or task.q.code or task.q.units.labels or task.q.direction or len(task.scope.groups) != 1:
        return None
    group = task.scope.groups[0]
    return empty_table(task, group) or denied(task, group)


def is_empty(table: Table) -> bool:
    return bool(table.rows) and not any(FILLED.search(c.text or "") or WORDS.search(c.text or "") for r in table.rows for c in r.cells)


def empty_table(task: Task, group: Group) -> Answer | None:
    for view in task.library.views([group]):
        for table in view.document.tables:
            if not is_empty(table):
                continue
            found = match_label(task.ask, core(table.title))
            covered = found.covered
            for m in FUND_GRANTS.finditer(task.ask.text):  # 政府性基金拨款 is 政府性基金
                covered |= span_mask(*m.span()) if covered & span_mask(*m.span()) else 0
            for label in {p for path in (*table.columns, *(r.label for r in table.rows)) for p in path}:
                said = match_label(task.ask, core(label))
                covered |= said.covered if said.hit and said.share >= HALF else 0
            if not found.hit or found.share < HALF or leftover(task.ask, covered, terms=True):
                continue
            if opposed(core(table.title), one_sided(task.ask, task.lexicon.opposites)):
                continue
            n = task.draft.cite_table(view, table)
            said_so = f"表注：{NOTE_MARK.sub('', table.note)}" if table.note else "整张表没有列出任何金额"
            return state_nothing(
                task, group, table.title, table.unit or view.document.unit or "元", n, f"《{table.name}》是空表，{said_so}"
            )
    return None


def denied(task: Task, group: Group) -> Answer | None:
    """A sentence that says there is none of it; a sentence with an amount of its own says more than that."""
    for view in task.library.views([group]):
        for passage in view_passages(view):
            if passage.table_id or any(TITLED.search(h) for h in passage.section):
                continue
            for match in SENTENCE.finditer(passage.text):
                sentence = flat(match.group())
                no = DENIED.search(sentence)
                if no is None or re.search(r"\d(?!\d{0,3}年)", re.sub(r"20\d\d年?", "", sentence)):
                    continue
                what = core(no["what"])
                if OTHERWISE.match(what):
                    continue  # 没有增加 denies the change, not the amount
                covered = cover_text(task.ask, what) & task.ask.content
                start, end = longest_run(covered)
                if task.ask.uncovered(covered) or end - start < PHRASE or not holds_phrases(task.ask, what):
                    continue  # 上级 of 上级下达资金 is not what 上级专项转移支付 denies
                if opposed(what, one_sided(task.ask, task.lexicon.opposites)):
                    continue
                quote = match.group().strip()
                para = view.document.blocks[passage.block]
                assert isinstance(para, Para)
                n = task.draft.cite_passage(view, passage.section, para, quote, passage.row, match.start())
                return state_nothing(task, group, no["what"], view.document.unit or "元", n, f"文件写明：“{quote}”")
    return None


def state_nothing(task: Task, group: Group, what: str, unit: str, n: int, why: str) -> Answer:
    task.draft.figures.append(AnswerFigure(Decimal(0), unit, what, n))
    task.draft.say(f"没有安排，为**0{unit}**[{n}]——{group.body}{f'{group.year}年' if group.year else ''}{why}。".replace("。。", "。"))
    return task.draft.answered()
