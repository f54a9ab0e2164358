"""Question sets: one question with its gold a line, read and checked as a whole before anything is asked.

Standard library and ``index.errors`` only. A set that cannot be trusted is not run: every fault is reported with its
file and line, so that one reading mends them all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from index.errors import BudgetError

DEFAULT_TYPE = "lookup"
MOST_PROBLEMS = 20  # shown; the rest is counted


class SetError(BudgetError):
    """Faults of question sets, each one line that names file and line number."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        more = [f"……另有 {len(problems) - MOST_PROBLEMS} 处"] if len(problems) > MOST_PROBLEMS else []
        super().__init__("\n".join([*problems[:MOST_PROBLEMS], *more]))


@dataclass(frozen=True, slots=True)
class Gold:
    """A figure that the answer must state; its decimals say how exactly. The direction of a change is not in the sign."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the gold stands. Labels are paths joined by `` > ``; several rows or columns by ``；`` (any of them is right)."""

    doc: str
    page: int | None = None
    table: str = ""
    section: str = ""
    row: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One question with its gold.

    ``accept`` are figures that a question to be refused may be answered with all the same. ``generated`` marks questions
    drafted by a program; ``set`` is the name of the file it came from. ``line`` is the JSON as read, for copies.
    """

    id: str
    question: str
    type: str = DEFAULT_TYPE
    docs: tuple[str, ...] = ()
    answer: str | None = None
    figures: tuple[Gold, ...] = ()
    accept: tuple[Gold, ...] = ()
    must_include: tuple[str, ...] = ()
    must_not_include: tuple[str, ...] = ()
    sources: tuple[Place, ...] = ()
    history: tuple[dict[str, str], ...] = ()
    note: str = ""
    tags: tuple[str, ...] = ()
    generated: bool = False
    set: str = ""
    line: str = field(default="", compare=False, repr=False)


def read_cases(paths: Sequence[Path], known: Collection[str] | None = None) -> tuple[Case, ...]:
    """All questions of the sets, in order. ``known`` are the document ids of the store (None: not checked).

    Raises SetError with every fault found: lines that are no JSON object, unknown or misshapen fields, ids that occur
    twice (in any of the sets), documents that are not in the store.
    """
    cases: dict[str, Case] = {}
    seen: dict[str, str] = {}
    problems: list[str] = []
    for path in paths:
        found = 0
        for number, line in enumerate(_read(path).split("\n"), 1):
            if not line.strip():
                continue
            found += 1
            where = f"{path} 第 {number} 行"
            faults = list(_line_to_faults(line, known))
            if not faults:
                case = replace(item_to_case(json.loads(line, parse_float=Decimal)), set=path.stem, line=line)
                if case.id in seen:
                    faults = [f"编号 {case.id} 与 {seen[case.id]}重复：请改成不同的编号"]
                else:
                    seen[case.id], cases[case.id] = where, case
            problems += [f"{where}：{fault}" for fault in faults]
        if not found:
            problems.append(f"{path} 里没有问题：请一行写一个问题（JSON）")
    if problems:
        raise SetError(problems)
    return tuple(cases.values())


def item_to_case(item: dict[str, Any]) -> Case:
    """A checked JSON object as a Case; null counts as left out."""
    given = {name: value for name, value in item.items() if value is not None}
    return Case(
        id=given["id"],
        question=given["question"],
        type=given.get("type", DEFAULT_TYPE),
        docs=tuple(given.get("docs", ())),
        answer=given.get("answer"),
        figures=_golds(given.get("figures", ())),
        accept=_golds(given.get("accept", ())),
        must_include=tuple(given.get("must_include", ())),
        must_not_include=tuple(given.get("must_not_include", ())),
        sources=tuple(Place(**{name: value for name, value in place.items() if value is not None}) for place in given.get("sources", ())),
        history=tuple(given.get("history", ())),
        note=given.get("note", ""),
        tags=tuple(given.get("tags", ())),
        generated=given.get("generated", False),
    )


def _golds(items: Sequence[dict[str, Any]]) -> tuple[Gold, ...]:
    return tuple(Gold(Decimal(str(item["value"])), item.get("unit") or "") for item in items)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise SetError([f"题集 {path} 打不开（{error.strerror}）：请检查路径"]) from error
    except UnicodeDecodeError as error:
        raise SetError([f"题集 {path} 不是 UTF-8 文本：请另存为 UTF-8"]) from error


# ---------------------------------------------------------------- shapes

Check = Callable[[Any], bool]
Shape = dict[str, tuple[Check, str]]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _some_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _page(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(check(entry) for entry in value)


def _object(shape: Shape, needed: Sequence[str]) -> Check:
    """True for objects of these fields alone; null stands for a field left out, except where it is needed."""

    def check(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and all(value.get(name) is not None for name in needed)
            and all(name in shape and (entry is None or shape[name][0](entry)) for name, entry in value.items())
        )

    return check


_GOLD: Shape = {"value": (_number, ""), "unit": (_text, "")}
_TURN: Shape = {"role": (_text, ""), "content": (_text, "")}
_PLACE: Shape = {"page": (_page, "")} | dict.fromkeys(("doc", "table", "section", "row", "column"), (_text, ""))
_GOLDS = (_list_of(_object(_GOLD, ["value"])), '[{"value": 数, "unit": "单位"}, …]')
_TEXTS = (_list_of(_some_text), '["文字", …]')
FIELDS: Shape = {
    "id": (_some_text, "不空的文字"),
    "question": (_some_text, "不空的文字"),
    "type": (_some_text, "题型，如 lookup"),
    "docs": (_list_of(_some_text), '["文档编号", …]'),
    "answer": (_text, "文字"),
    "figures": _GOLDS,
    "accept": _GOLDS,
    "must_include": _TEXTS,
    "must_not_include": _TEXTS,
    "sources": (_list_of(_object(_PLACE, ["doc"])), '[{"doc": "文档编号", "page": 页, "table", "section", "row", "column"}, …]'),
    "history": (_list_of(_object(_TURN, ["role", "content"])), '[{"role": "user", "content": "…"}, …]'),
    "note": (_text, "文字"),
    "tags": (_list_of(_some_text), '["标签", …]'),
    "generated": (lambda value: isinstance(value, bool), "true 或 false"),
}


def _line_to_faults(line: str, known: Collection[str] | None) -> Iterator[str]:
    try:
        item = json.loads(line, parse_float=Decimal)
    except ValueError:
        yield "不是 JSON：请一行写一个问题"
        return
    if not isinstance(item, dict):
        yield '不是一个问题：请写成 {"id": "…", "question": "…", …}'
        return
    for name in ("id", "question"):
        if item.get(name) is None:
            yield f"缺少 {name}"
    for name, value in item.items():
        if name not in FIELDS:
            yield f"不认识的字段 {name}：可用 {'、'.join(FIELDS)}"
        elif value is not None and not FIELDS[name][0](value):
            yield f"{name} 格式不对：应为 {FIELDS[name][1]}"
    if known is not None:
        yield from (f"文档 {doc} 不在索引里：请先运行 assistant ingest，或改正编号" for doc in _docs(item) if doc not in known)


def _docs(item: dict[str, Any]) -> list[str]:
    """Documents that a question names, as far as its fields are well formed."""
    docs, sources = ((item.get(name) or []) if FIELDS[name][0](item.get(name)) else [] for name in ("docs", "sources"))
    return list(dict.fromkeys([*docs, *(source["doc"] for source in sources)]))
