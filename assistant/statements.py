"""How one figure is told: its value and place, what contradicts it, other scopes of it, and the question back where several fit."""

from __future__ import annotations

import re

from assistant.bodies import is_unit
from assistant.catalog import PLAIN_COLUMN
from assistant.domain import Answer, AnswerFigure
from assistant.draft import printed, quoted
from assistant.flat import core
from assistant.lookup import find, same_amount
from assistant.match import match_label
from assistant.reading import Reading
from assistant.scope import Group
from assistant.task import Task
from index.amounts import unit_kind
from index.domain import Figure, Origin

DOUBTFUL, OTHERS_TOLD = 1.6, 2  # how far below the reading another statement of a doubted item may be, how many are told
AS_GOOD, OF_ANOTHER = 1.2, 1.7  # how far below the best a reading of the same and of another body is still meant
CITED_AGAIN = 2  # further places of the same value that are cited


def subject(task: Task, group: Group, figure: Figure) -> str:
    """深圳市龙岗区工业和信息化局2024年“对口帮扶”."""
    year = figure.year or group.year
    row = task.draft.item(figure)
    item = f"{quoted(row)}" if row and row.strip("（本级）() ") not in group.body else ""
    column = "·".join(c for c in figure.col_path if c)
    plain = len(figure.col_path) < 2 and PLAIN_COLUMN.search(core(column))
    column = f"（{column}）" if column and figure.origin is Origin.TABLE and not plain else ""
    code = f"（科目{figure.code}）" if figure.code else ""
    return f"{group.body}{f'{year}年' if year else ''}{item}{code}{column}"


def state_figure(task: Task, group: Group, reading: Reading) -> None:
    """The figure first, then where it stands; further places of the same value are cited after it."""
    figure = reading.figure
    value = task.draft.state(figure, task.q.unit, task.draft.label(figure))
    marks = "".join(f"[{task.draft.cite(f)}]" for f in _other_places(reading))
    zero = "（没有安排，为零）" if figure.value == 0 else ""
    task.draft.say(f"{value}{zero}——{subject(task, group, figure)}，见{task.where(figure)}{f'，另见{marks}' if marks else ''}。")
    note = task.draft.views[figure.doc_id].tables[figure.table_id].note if figure.table_id else None
    if figure.value == 0 and note and re.search(r"无|空表|没有", note):
        task.draft.say(f"表注：{note}")
    state_columns(task, figure)
    if not state_disputes(task, figure, reading.same) and task.q.doubted:
        state_others(task, group, reading)


def state_columns(task: Task, figure: Figure) -> None:
    """Columns of text in the same row that the question names, too (用的哪种采购组织形式)."""
    view = task.draft.views[figure.doc_id]
    table = view.tables.get(figure.table_id or "")
    if table is None or figure.row is None:
        return
    for col, cell in enumerate(table.rows[figure.row].cells):
        if not cell.text or re.search(r"\d", cell.text) or len(cell.text) > 60 or not table.columns[col]:
            continue
        found = match_label(task.ask, core(table.columns[col][-1]))
        if found.hit and found.missing < 1:
            n = task.draft.cite_cell(view, table.id, figure.row, col)
            task.draft.say(f"{table.columns[col][-1]}：{cell.text}[{n}]。")


def _other_places(reading: Reading) -> list[Figure]:
    seen = {(reading.figure.doc_id, reading.figure.table_id)}
    out: list[Figure] = []
    for f in reading.same:
        if (f.doc_id, f.table_id) not in seen and len(out) < CITED_AGAIN and f.measure is reading.figure.measure:
            seen.add((f.doc_id, f.table_id))
            out.append(f)
    return out


def state_disputes(task: Task, figure: Figure, same: tuple[Figure, ...] = ()) -> bool:
    """Where the document contradicts the figure elsewhere: every value with its place, and the statement that denies it.

    False where it does not.
    """
    disputed = False
    view = task.draft.views[figure.doc_id]
    mine = {figure.id, *(f.id for f in same)}
    by_id = {f.id: f for f in view.figures}
    for finding in task.library.findings(figure.doc_id):
        if finding.rounding or finding.kind not in ("text_table", "text_text", "count", "sum", "rate") or not mine & set(finding.figures):
            continue
        others = [by_id[i] for i in finding.figures if i in by_id and i not in mine]
        marks = []
        for other in others if len(finding.figures) == 2 else []:
            if other.value is not None and not same_amount(figure, other):
                value = task.draft.state(other, None, task.draft.label(other))
                marks.append(task.draft.cite(other))
                task.draft.say(f"注意：文件另一处写的是{value}（{task.where(other)}）。")
        task.draft.say(f"两处不一致：{finding.message}。")
        if finding.expected is not None and not marks:
            unit = "%" if finding.kind == "rate" else finding.unit
            task.draft.figures.append(AnswerFigure(abs(finding.expected), unit, "按其他数计算", task.draft.cite(figure)))
        task.draft.note("discrepancy", finding.message, (task.draft.cite(figure), *marks))
        disputed = True
    return disputed


def state_others(task: Task, group: Group, reading: Reading) -> None:
    """Where another place states another amount for the item that is doubted: each with its place."""
    best = reading.figure
    mine, name = task.library.view(best.doc_id), bare_item(task.draft.item(best))
    others: list[Figure] = []
    for c in find(task.library.views([group]), task.ask, task.want()):
        f = c.figure
        alike = f.value is not None and f.measure is best.measure and unit_kind(f.unit) == unit_kind(best.unit)
        alike = alike and f.year in (None, best.year)
        if not alike or c.score < reading.score - DOUBTFUL or bare_item(mine.item_of(f) if f.doc_id == best.doc_id else "") != name:
            continue
        if f.origin is not best.origin and not any(same_amount(f, o) for o in (best, *others)):
            others.append(f)
    for other in others[:OTHERS_TOLD]:
        value = task.draft.state(other)
        task.draft.say(f"注意：{task.where(other)}另写{task.draft.label(other)}{value}，与上面的数不同。")
        text = f"同一事项两处数值不同：{printed(best)}（{task.where(best)}）与{printed(other)}（{task.where(other)}）。"
        task.draft.note("discrepancy", text, (task.draft.cite(best), task.draft.cite(other)))


def bare_item(label: str) -> str:
    return re.sub(r"(?:项目|支出|经费|预算|明细|情况|总额)+$", "", core(label))


def state_scopes(task: Task, reading: Reading) -> None:
    """Other readings with as good a right: named after the plainest one."""
    for rival in [r for r in reading.rivals if not other_table_named(task, reading.figure, r)][:2]:
        told = any(f.id == rival.id for f in task.draft.covered_figures)
        if rival.doc_id == reading.figure.doc_id and rival.value is not None and not told:
            value = task.draft.state(rival, None, task.draft.label(rival))
            words = [*(p for p in rival.row_path[:1] if is_unit(p)), *rival.col_path]
            task.draft.say(f"另一口径：{value}（{task.where(rival)}{'，' if words else ''}{'·'.join(words)}）。")


def other_table_named(task: Task, figure: Figure, rival: Figure) -> bool:
    """True where the question says a word by which the figure's table differs from the rival's (合并资产负债表, 母公司资产负债表)."""
    titles = [t.title if (t := task.draft.views[f.doc_id].tables.get(f.table_id or "")) else "" for f in (figure, rival)]
    words = {titles[0][i : i + 2] for i in range(len(titles[0]) - 1)}
    return bool(titles[1]) and any(w in task.q.text and w not in titles[1] for w in words)


def keep_best(readings: list[tuple[Group, Reading]]) -> list[tuple[Group, Reading]]:
    """Readings that leave nothing unexplained and are about as good as the best."""
    sure = [(g, r) for g, r in readings if r.sure]
    if not sure:
        return []
    first, best = max(sure, key=lambda gr: gr[1].score)
    return [(g, r) for g, r in sure if r.score >= best.score - (AS_GOOD if g.body == first.body else OF_ANOTHER)]


def ask_back(
    task: Task, readings: list[tuple[Group, Reading]], asked: str = "您问的是哪一个？库中有几份文件都有这一项，数值不同："
) -> Answer:
    """The candidates with their values; nothing is chosen for the user."""
    options = []
    for group, reading in readings[:8]:
        n = task.draft.cite(reading.figure)
        value = task.draft.state(reading.figure, task.q.unit, f"{group.label} · {task.draft.label(reading.figure)}")
        options.append(f"{group.label}：{printed(reading.figure)}")
        task.draft.say(f"- {group.label}{quoted(task.draft.item(reading.figure))}：{value}（{task.where(reading.figure)}）" if n else "")
    text = asked + "\n" + "\n".join(task.draft.lines)
    return task.draft.clarify(text, options)
