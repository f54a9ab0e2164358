"""Arguments of the commands that run the service and look after who may use it. Standard library only."""

from __future__ import annotations

import argparse
from collections.abc import Callable

Add = Callable[[str, str], argparse.ArgumentParser]


def add_service_arguments(add: Add) -> None:
    """``add`` makes a command of the given name and help text."""
    _users(add)
    _tokens(add)
    _rights(add)
    _log(add)
    serve = add("serve", "HTTP 服务：OpenAI 接口、MCP、指标 / serve over HTTP")
    serve.add_argument("--host", default="127.0.0.1", help="监听地址，默认只限本机 / address, this machine only by default")
    serve.add_argument("--port", type=int, default=8080, help="端口 / port (default: %(default)s)")
    channels = add("channels", "企业微信、钉钉、飞书 / chat tools")
    channels.add_argument("action", choices=["check"], help="逐步检查还缺什么 / what is still missing, step by step")
    channels.add_argument("channel", nargs="?", choices=["wecom", "dingtalk", "feishu"], help="只查一个 / one of them only")
    add("mcp", "MCP 服务，走标准输入输出 / MCP over stdio, for desktop clients")


def _users(add: Add) -> None:
    users = add("users", "用户、组和服务 / users, groups and services")
    users.add_argument("action", nargs="?", choices=["list", "add", "set"], default="list", help="列出、新增、修改 / list, add or change")
    users.add_argument("name", nargs="?", metavar="NAME", help="名字 / name")
    users.add_argument("--kind", choices=["user", "group", "service"], default="user", help="add：类别 / what it is (default: user)")
    users.add_argument("--label", help="显示的姓名 / full name")
    users.add_argument("--admin", choices=["yes", "no"], help="管理员可读全部文件 / administrators read everything")
    users.add_argument("--join", action="append", default=[], metavar="GROUP", help="加入组 / join a group")
    users.add_argument("--leave", action="append", default=[], metavar="GROUP", help="退出组 / leave a group")
    users.add_argument("--password", action="store_true", help="设登录密码，从终端或标准输入读 / set the password")
    users.add_argument("--no-password", action="store_true", help="取消密码 / take the password away")
    users.add_argument("--active", choices=["yes", "no"], help="停用或恢复 / switch off or on again")
    users.add_argument("--link", action="append", default=[], metavar="CHANNEL:ID", help="对应聊天工具里的人 / id in a chat tool")
    users.add_argument("--unlink", action="append", default=[], metavar="CHANNEL:ID", help="取消对应 / forget such an id")
    users.add_argument("--json", action="store_true", help="输出为 JSON / as JSON")


def _tokens(add: Add) -> None:
    tokens = add("tokens", "程序用的令牌 / tokens for programs")
    tokens.add_argument(
        "action", nargs="?", choices=["list", "add", "revoke"], default="list", help="列出、发放、作废 / list, issue, revoke"
    )
    tokens.add_argument("name", nargs="?", metavar="NAME|ID", help="add：发给谁；revoke：令牌编号 / for whom, or the token's id")
    tokens.add_argument(
        "--scope",
        action="append",
        choices=["ask", "read", "metrics", "gateway"],
        help="用途，可重复，默认 ask 和 read / what it is for (default: ask and read)",
    )
    tokens.add_argument("--days", type=float, metavar="N", help="有效天数，默认不限 / valid for so many days")
    tokens.add_argument("--note", default="", help="备注 / a note")
    tokens.add_argument("--json", action="store_true", help="输出为 JSON / as JSON")


def _rights(add: Add) -> None:
    rights = add("rights", "谁可以查阅哪份文件 / who may read which document")
    rights.add_argument("action", nargs="?", choices=["list", "set"], default="list", help="列出、修改 / list or change")
    rights.add_argument("docs", nargs="*", metavar="DOC", help="文档编号 / document ids")
    rights.add_argument("--default", action="store_true", help="没有单独授权的文件的规则 / the rule for all other documents")
    rights.add_argument("--public", action="store_true", help="所有人可读 / everybody may read")
    rights.add_argument("--read", action="append", default=[], metavar="NAME", help="某人或某组可读 / somebody may read")
    rights.add_argument("--owner", action="append", default=[], metavar="NAME", help="负责人，可读也可授权 / owner")
    rights.add_argument("--withdraw", action="append", default=[], metavar="NAME", help="收回某人的权限 / take somebody's right away")
    rights.add_argument("--private", action="store_true", help="先收回全部权限 / take all rights away first")
    rights.add_argument("--json", action="store_true", help="输出为 JSON / as JSON")


def _log(add: Add) -> None:
    log = add("log", "问答日志：谁问了什么，依据是什么 / what was asked and answered")
    log.add_argument(
        "action",
        nargs="?",
        choices=["list", "show", "replay", "check"],
        default="list",
        help="列出、查看、重放、查改动 / list, show, ask again, verify",
    )
    log.add_argument("id", nargs="?", metavar="ID", help="记录编号 / id of a line")
    log.add_argument("--user", metavar="NAME", help="只看某人 / one user's lines only")
    log.add_argument("--last", type=int, default=50, metavar="N", help="最近多少条 / how many lines (default: %(default)s)")
    log.add_argument("--json", action="store_true", help="输出为 JSON / as JSON")


def service_problem(args: argparse.Namespace) -> str | None:
    """What is wrong with the arguments of one of these commands, in both languages."""
    if args.command in ("users", "tokens") and (args.name is None) != (args.action == "list"):
        return f"{args.command} {args.action} 后面{'要有名字' if args.name is None else '不要名字'} / NAME is for add, set and revoke"
    if args.command == "users" and args.action == "list" and (args.label or args.join or args.leave or args.link or args.unlink):
        return "修改用户请写 users set NAME / to change somebody write users set NAME"
    if args.command == "rights" and args.action == "set":
        if bool(args.docs) == args.default:
            return "rights set 需要文档编号，或者 --default / give DOCs, or --default"
        if not (args.public or args.read or args.owner or args.withdraw or args.private):
            return "rights set 需要 --public、--read、--owner、--withdraw 或 --private / say which right"
    if args.command == "log":
        if (args.id is None) != (args.action in ("list", "check")):
            return f"log {args.action} {'需要记录编号' if args.id is None else '不要编号'} / ID is for show and replay"
        if args.last < 1:
            return "--last 至少为 1 / --last is at least 1"
    return None
