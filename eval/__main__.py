"""``python -m eval COMMAND``: measure the assistant."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable

from index.errors import BudgetError

COMMANDS = {
    "run": "在题集上运行并判分 / ask question sets and score the answers",
    "replay": "把一次运行的题再问一遍并比较 / ask the questions of a run again, and compare",
    "report": "重新生成一次运行的报告 / make the reports of a run again",
    "compare": "比较两次运行 / what changed between two runs",
    "make": "照一份文件起草题集 / draft questions from a document's own figures",
    "baseline": "与通用检索方案比较 / the same questions through a general retrieval pipeline",
    "feedback": "把用户的反馈导出为题集草稿 / users' feedback as a draft set",
    "bench": "速度与其下限之比 / speed beside its floor",
    "load": "许多人同时问时服务怎样 / how the service bears many clients",
    "coverage": "PDF 表格里的数字是否一个不漏、框是否对得上 / are all numbers of tables held, with the right box",
}


def main(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help"):
        print("用法 / usage: python -m eval COMMAND …")
        for name, text in COMMANDS.items():
            print(f"  {name}\t{text}")
        return 0
    command = command_of(words[0])
    if command is None:
        print(f"没有这个命令 / no such command: {words[0]}（{'、'.join(COMMANDS)}）", file=sys.stderr)
        return 2
    try:
        return command(words[1:])
    except BudgetError as error:
        print(error, file=sys.stderr)
        return 1


def command_of(name: str) -> Callable[[list[str]], int] | None:
    """The function behind a command, imported when it is called; None where there is none of this name."""
    if name not in COMMANDS:
        return None
    module, function = {"replay": ("run", "replay"), "report": ("reports", "run")}.get(name, (name, "run"))
    command: Callable[[list[str]], int] = getattr(importlib.import_module(f"eval.{module}"), function)
    return command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
