"""The command line: ``assistant`` and ``python -m assistant``.

Nothing heavy is imported here or on the way to looking up a figure; each command imports what it needs.
Exit codes: 0 done (a refusal is an answer), 1 something named failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from assistant.cli_service_args import add_service_arguments, service_problem
from index.errors import BudgetError

STORE_VARIABLE = "BUDGET_ASSISTANT_STORE"
DEFAULT_STORE = "store"
Command = Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """Wrong usage is one line, too."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"用法不对 / wrong usage: {message}（{self.prog} --help）\n")


def parse_args(words: Sequence[str]) -> argparse.Namespace:
    """Arguments of one call; exits with 2 where they are wrong."""
    parser = Parser(prog="assistant", description="政府部门预算问答：准确的数字和出处。 / Ask public budgets; get exact, cited figures.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        store = os.environ.get(STORE_VARIABLE) or DEFAULT_STORE
        command.add_argument(
            "--store", type=Path, default=Path(store), metavar="DIR", help="索引文件夹 / index folder (default: %(default)s)"
        )
        return command

    ingest = add("ingest", "读入文件或文件夹 / read files or folders into the index")
    ingest.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="文件或文件夹 / files or folders")
    ingest.add_argument("--rebuild", action="store_true", help="用现在的设置重读索引里的全部文件 / read all indexed files again")
    ingest.add_argument("--json", action="store_true", help="报告输出为 JSON / report as JSON")
    ask = add("ask", "提问 / ask a question")
    ask.add_argument("question", nargs="?", help="问题 / the question")
    ask.add_argument("--json", action="store_true", help="输出一个 Answer 对象 / print one Answer object")
    ask.add_argument("--batch", type=Path, metavar="QUESTIONS.jsonl", help="一行一问 / one question a line")
    ask.add_argument("--out", type=Path, metavar="ANSWERS.jsonl", help="一行一答 / one answer a line")
    ask.add_argument("--history", type=Path, metavar="FILE", help="此前的对话（JSON 列表）/ earlier turns, a JSON list")
    documents = add("documents", "列出已读入的文档 / list what is indexed")
    documents.add_argument("--json", action="store_true", help="输出为 JSON / as JSON")
    export = add("export", "导出解析结果 / the parsed document")
    export.add_argument("doc", metavar="DOC", help="文档编号 / document id")
    export.add_argument("--json", action="store_true", help="输出为 JSON / as JSON")
    show = add("show", "画出解析器在一页上看到的 / draw what the parser saw on a page")
    show.add_argument("doc", metavar="DOC", help="文档编号 / document id")
    show.add_argument("--page", type=int, required=True, metavar="N", help="页码，从 1 起 / page, from 1")
    show.add_argument("--out", type=Path, required=True, metavar="PNG", help="图片文件 / image file")
    audit = add("audit", "找出文档自相矛盾之处 / where a document disagrees with itself")
    audit.add_argument("doc", nargs="?", metavar="DOC", help="文档编号，不填则全部 / document id, all if left out")
    audit.add_argument("--json", action="store_true", help="输出为 JSON / as JSON")
    remove = add("remove", "删除一份文档 / forget a document everywhere")
    remove.add_argument("doc", metavar="DOC", help="文档编号 / document id")
    add_service_arguments(add)
    args = parser.parse_args(words)
    _check(parser, args)
    return args


def _check(parser: Parser, args: argparse.Namespace) -> None:
    if problem := service_problem(args):
        parser.error(problem)
    if args.command == "ingest" and bool(args.paths) == args.rebuild:
        parser.error("ingest 需要文件或文件夹，或者 --rebuild / give PATHs, or --rebuild")
    if args.command == "ask":
        if (args.question is None) == (args.batch is None):
            parser.error("ask 需要一个问题，或者 --batch / give a question, or --batch")
        if (args.batch is None) != (args.out is None):
            parser.error("--batch 和 --out 要一起用 / --batch and --out go together")
    if args.command == "show" and args.page < 1:
        parser.error("--page 从 1 起 / pages count from 1")


def command_of(name: str) -> Command:
    """The function behind a command, imported when it is called."""
    if name == "ask":
        from assistant.cli_ask import ask

        return ask
    if name == "ingest":
        from assistant.cli_ingest import ingest

        return ingest
    if name in ("users", "tokens", "rights"):
        from assistant import cli_access

        access: Command = getattr(cli_access, name)
        return access
    if name in ("serve", "mcp", "channels"):
        from assistant import cli_serve

        service: Command = getattr(cli_serve, name)
        return service
    if name == "log":
        from assistant.cli_log import log

        return log
    from assistant import cli_store

    command: Command = getattr(cli_store, name)
    return command


def main(words: Sequence[str] | None = None) -> int:
    """Run one command. Every failure is one line on stderr; BUDGET_ASSISTANT_DEBUG=1 shows the traceback as well."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    args = parse_args(sys.argv[1:] if words is None else words)
    try:
        code = command_of(args.command)(args)
        sys.stdout.flush()
        return code
    except BudgetError as error:
        line = str(error)
    except KeyboardInterrupt:
        line = "已中断；已完成的部分都在"
    except BrokenPipeError:  # the reader of our output has gone: nothing to tell anybody
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("BUDGET_ASSISTANT_DEBUG"):
            raise
        line = f"{args.command} 出错（{type(error).__name__}：{error}）；设 BUDGET_ASSISTANT_DEBUG=1 再运行可看详情"
    print(" ".join(line.split()), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
