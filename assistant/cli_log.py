"""``assistant log``: what was asked and answered, one question asked again, and whether the log is as it was written."""

from __future__ import annotations

import argparse
import json
from typing import Any

from assistant.access.log import CHANGE, QUESTION, AuditLog, Line
from index.errors import BudgetError

STATUS = {"answered": "已答", "refused": "未答", "clarify": "反问"}


def log(args: argparse.Namespace) -> int:
    if not args.store.is_dir():
        raise BudgetError(f"{args.store} 里没有索引：请先运行 assistant ingest 文件或文件夹 --store {args.store}")
    held = AuditLog(args.store)
    try:
        if args.action == "check":
            print(f"日志完好：{held.check()} 条，逐条相接，没有改动")
            return 0
        if args.action == "replay":
            return replayed(args, held)
        lines = held.lines(args.user, args.last) if args.action == "list" else [held.line(args.id)]
    finally:
        held.close()
    if args.json:
        print(json.dumps([line_to_json(line) for line in lines], ensure_ascii=False, indent=1))
    elif args.action == "show":
        print(json.dumps(line_to_json(lines[0]), ensure_ascii=False, indent=1))
    else:
        for line in lines:
            print(in_words(line))
        if not lines:
            print("日志里还没有记录")
    return 0


def line_to_json(line: Line) -> dict[str, Any]:
    head = {"id": line.id, "at": line.at, "kind": line.kind, "who": line.who, "channel": line.channel}
    return head | dict(line.body)


def in_words(line: Line) -> str:
    """One line for people."""
    if line.kind == QUESTION:
        said = line.body["answer"]
        text = f"{line.body['question']} → {STATUS.get(said['status'], said['status'])}：{said['answer']}"
    elif line.kind == CHANGE:
        rest = {name: value for name, value in line.body.items() if name not in ("command", "action") and value not in (None, [], False)}
        text = f"管理：{line.body.get('command')} {line.body.get('action')} " + " ".join(f"{name}={value}" for name, value in rest.items())
    else:
        text = f"拒绝：{line.body.get('reason', '')} {line.body.get('address', '')}"
    return f"{line.id}\t{line.at}\t{line.who or '（未知）'}\t{line.channel}\t{' '.join(text.split())[:160]}"


def replayed(args: argparse.Namespace, held: AuditLog) -> int:
    """Exit code 0 where the answer is the same, 1 where it is not."""
    from assistant.access.replay import replay
    from assistant.domain import answer_to_json
    from index.stores.index import Index

    with Index.open(args.store) as index:
        again = replay(held, index, args.id)
    if args.json:
        outcome = {"same": not again.differs, "differs": again.differs, "changes": again.changes, "answer": answer_to_json(again.answer)}
        print(json.dumps(outcome, ensure_ascii=False))
        return 1 if again.differs else 0
    print("答案相同" if not again.differs else f"答案不同（{'、'.join(again.differs)}）；现在的答案：\n{again.answer.answer}")
    for change in again.changes:
        print(f"此后：{change}")
    if again.differs and not again.changes:
        print("文件、索引和程序都没有变：请把这条记录交给维护者")
    return 1 if again.differs else 0
