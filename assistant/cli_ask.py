"""``assistant ask``: one question for people or as JSON, or a file of questions into a file of answers."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import BudgetError
from index.stores.index import Index

if TYPE_CHECKING:
    from assistant.domain import Answer, Citation

NOTICE_NAMES = {"discrepancy": "不一致", "assumption": "假定", "rounding": "尾差", "ocr": "扫描识别", "unit": "单位"}


def one_line(text: str) -> str:
    """JSON on one line for every reader: Unicode's own line ends are escaped."""
    return text.translate({0x2028: "\\u2028", 0x2029: "\\u2029", 0x85: "\\u0085"})


def ask(args: argparse.Namespace) -> int:
    from assistant.domain import answer_to_json
    from assistant.pipeline import Assistant

    history = read_history(args.history) if args.history else []
    with Index.open(args.store) as index:
        assistant = Assistant(index)
        if args.batch:
            return ask_batch(assistant, args.batch, args.out)
        answer = assistant.ask(args.question, history)
    print(json.dumps(answer_to_json(answer), ensure_ascii=False) if args.json else answer_to_text(answer))
    return 0


def ask_batch(assistant: Any, questions: Path, out: Path) -> int:
    """One Answer a line, in the order of the questions. A question that fails is named, and gets a line that says so."""
    from assistant.domain import answer_to_json

    items = list(read_questions(questions))
    failed = 0
    try:
        handle = out.open("w", encoding="utf-8")
    except OSError as error:
        raise BudgetError(f"答案文件 {out} 不能写（{error.strerror}）：请换一个 --out") from error
    with handle:
        for number, item in items:
            try:
                line = answer_to_json(assistant.ask(item["question"], item.get("history") or [], id=item.get("id")))
            except Exception as error:  # the other questions still deserve their answers
                failed += 1
                print(f"{questions} 第 {number} 行没能回答（{type(error).__name__}：{' '.join(str(error).split())}）", file=sys.stderr)
                line = failed_answer(item)
            handle.write(one_line(json.dumps(line, ensure_ascii=False)) + "\n")
            handle.flush()
    return 1 if failed else 0


def failed_answer(item: dict[str, Any]) -> dict[str, Any]:
    """The Answer object of a question that could not be processed."""
    empty: dict[str, list[Any]] = {name: [] for name in ("figures", "citations", "calculation", "notices", "options")}
    said = "处理这个问题时出了错，没有答案。"
    return {
        "id": item.get("id"),
        "question": item["question"],
        "status": "refused",
        "answer": said,
        **empty,
        "refusal": "out_of_scope",
        "model": None,
        "elapsed_ms": 0.0,
    }


def read_questions(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, question). Raises BudgetError naming the first line that is none."""
    for number, line in enumerate(_read(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except ValueError as error:
            raise BudgetError(f"{path} 第 {number} 行不是 JSON：请一行写一个问题") from error
        if not isinstance(item, dict) or not isinstance(item.get("question"), str):
            raise BudgetError(f'{path} 第 {number} 行没有 question：请写成 {{"id": "…", "question": "…"}}')
        item["history"] = check_history(item.get("history") or [], f"{path} 第 {number} 行的 history")
        yield number, item


def read_history(path: Path) -> list[dict[str, Any]]:
    try:
        turns = json.loads(_read(path))
    except ValueError as error:
        raise BudgetError(f"{path} 不是 JSON：请写成对话的列表") from error
    return check_history(turns, str(path))


def check_history(turns: Any, where: str) -> list[dict[str, Any]]:
    shape = isinstance(turns, list) and all(
        isinstance(t, dict) and isinstance(t.get("role"), str) and isinstance(t.get("content"), str) for t in turns
    )
    if not shape:
        raise BudgetError(f'{where} 格式不对：应为 [{{"role": "user", "content": "…"}}, …]')
    return list(turns)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise BudgetError(f"{path} 打不开（{error.strerror}）") from error
    except UnicodeDecodeError as error:
        raise BudgetError(f"{path} 不是 UTF-8 文本") from error


# ---------------------------------------------------------------- for people


def answer_to_text(answer: Answer) -> str:
    """The answer, then its calculation, notices and options, then the numbered sources."""
    lines = [answer.answer]
    lines += [f"  算式：{step.formula} = {step.result}{step.unit}" for step in answer.calculation]
    lines += [
        f"  {NOTICE_NAMES.get(notice.kind, notice.kind)}：{notice.message}"
        for notice in answer.notices
        if notice.message not in answer.answer
    ]
    lines += [f"  · {option}" for option in answer.options if option not in answer.answer]
    if answer.citations:
        lines += ["", "出处："] + [citation_line(citation) for citation in answer.citations]
    return "\n".join(lines)


def citation_line(citation: Citation) -> str:
    place = f"第 {citation.page} 页" if citation.page is not None else f"第 {citation.line} 行" if citation.line is not None else ""
    parts = [
        f"《{citation.title}》（{citation.doc}）",
        place,
        citation.table or citation.section or "",
        _path(citation.row, citation.column),
    ]
    return f"[{citation.n}] {'，'.join(part for part in parts if part)}：“{' '.join(citation.quote.split())}”"


def _path(row: Sequence[str], column: Sequence[str]) -> str:
    return " × ".join(" › ".join(path) for path in (row, column) if path)
