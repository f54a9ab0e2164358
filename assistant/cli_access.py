"""Commands that look after access: users, tokens, rights. Every change is a line in the log."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from assistant.access.domain import EVERY_DOCUMENT, EVERYBODY, AccessError, Kind, Principal, Right, Role, Scope, Token
from assistant.access.log import CHANGE, AuditLog
from assistant.access.store import AccessStore
from index.errors import BudgetError

KINDS = {Kind.USER: "用户", Kind.GROUP: "组", Kind.SERVICE: "服务"}
ROLES = {Role.OWNER: "负责人", Role.READER: "可读"}


@contextmanager
def opened(args: argparse.Namespace) -> Iterator[AccessStore]:
    if not args.store.is_dir():
        raise BudgetError(f"{args.store} 里没有索引：请先运行 assistant ingest 文件或文件夹 --store {args.store}")
    access = AccessStore(args.store)
    try:
        yield access
    finally:
        access.close()


def record(args: argparse.Namespace, **what: Any) -> None:
    """A line in the log: which change, by whom as far as the system knows."""
    log = AuditLog(args.store)
    try:
        who = getpass.getuser()
    except (KeyError, OSError):
        who = "?"
    log.add(CHANGE, who, "cli", {"command": args.command, "action": args.action, **what})
    log.close()


def as_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


# ---------------------------------------------------------------- users


def users(args: argparse.Namespace) -> int:
    with opened(args) as access:
        if args.action == "list":
            return list_users(args, access)
        first = access.open
        password = read_password(args.name) if args.password else None
        with access.together():
            if args.action == "add":
                access.add(args.name, Kind(args.kind), args.label or "", args.admin == "yes")
            change_user(args, access, password)
        done = access.principal(args.name)
        named = {"name": args.name, "label": args.label, "admin": args.admin, "active": args.active, "join": args.join}
        record(args, **named, leave=args.leave, link=args.link, unlink=args.unlink, password=args.password or args.no_password)
        print(f"已{'新增' if args.action == 'add' else '修改'}：{user_line(done, access)}")
        if first:
            print("访问控制已打开：今后都要登录或用令牌。没有授权的文件只有管理员能读；")
            print(f"要让所有人可读，请运行 assistant rights set --default --public --store {args.store}")
    return 0


def change_user(args: argparse.Namespace, access: AccessStore, password: str | None) -> None:
    access.principal(args.name)
    if args.action == "set":
        if args.label is not None:
            access.set_label(args.name, args.label)
        if args.admin is not None:
            access.set_admin(args.name, args.admin == "yes")
    access.join(args.name, args.join, args.leave)
    if password is not None or args.no_password:
        access.set_password(args.name, password)
    if args.active is not None:
        access.set_active(args.name, args.active == "yes")
    for pair in args.link:
        access.link(*channel_and_id(pair), args.name)
    for pair in args.unlink:
        access.unlink(*channel_and_id(pair))


def channel_and_id(pair: str) -> tuple[str, str]:
    channel, colon, external = pair.partition(":")
    if not (channel and colon and external):
        raise AccessError(f"{pair!r} 应写成 渠道:编号，例如 wecom:ZhangSan")
    return channel, external


def read_password(name: str) -> str:
    """From the terminal, twice, unseen; else one line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(f"{name} 的新密码：")
    if getpass.getpass("再输一次：") != password:
        raise AccessError("两次输入的密码不一样：请重新运行")
    return password


def list_users(args: argparse.Namespace, access: AccessStore) -> int:
    everybody = access.principals()
    if args.json:
        as_json([user_to_json(user, access) for user in everybody])
        return 0
    for user in everybody:
        print(user_line(user, access))
    if not everybody:
        print("还没有用户：现在本机任何人都能问、能读。新增第一个用户后就要登录：assistant users add NAME --admin yes --password")
    return 0


def user_to_json(user: Principal, access: AccessStore) -> dict[str, Any]:
    return {
        "name": user.name,
        "kind": user.kind.value,
        "label": user.label,
        "active": user.active,
        "admin": user.admin,
        "groups": sorted(user.groups),
        "identities": [f"{channel}:{external}" for channel, external in access.identities(user.name)],
    }


def user_line(user: Principal, access: AccessStore) -> str:
    known = [f"{channel}:{external}" for channel, external in access.identities(user.name)]
    parts = [user.name, KINDS[user.kind], user.label, "管理员" if user.admin else "", "" if user.active else "已停用"]
    parts += [f"组：{'、'.join(sorted(user.groups))}" if user.groups else "", "、".join(known)]
    return "\t".join(part for part in parts if part)


# ---------------------------------------------------------------- tokens


def tokens(args: argparse.Namespace) -> int:
    with opened(args) as access:
        if args.action == "add":
            return add_token(args, access)
        if args.action == "revoke":
            token = access.revoke(args.name)
            record(args, token=token.id, owner=token.owner)
            print(f"已作废：{token_line(token)}")
            return 0
        held = access.tokens()
        if args.json:
            as_json([token_to_json(token) for token in held])
        else:
            for token in held:
                print(token_line(token))
    return 0


def add_token(args: argparse.Namespace, access: AccessStore) -> int:
    text, token = access.add_token(args.name, [Scope(scope) for scope in args.scope or ("ask", "read")], args.days, args.note)
    record(args, token=token.id, owner=token.owner, scopes=sorted(token.scopes), expires=token.expires and token.expires.isoformat())
    if args.json:
        as_json(token_to_json(token) | {"token": text})
        return 0
    print(text)
    print(f"令牌只显示这一次，请立刻存好。{token_line(token)}", file=sys.stderr)
    return 0


def token_to_json(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "owner": token.owner,
        "scopes": sorted(token.scopes),
        "created": token.created.isoformat(),
        "expires": token.expires.isoformat() if token.expires else None,
        "last_used": token.last_used.isoformat() if token.last_used else None,
        "revoked": token.revoked,
        "note": token.note,
    }


def token_line(token: Token) -> str:
    until = f"{token.expires:%Y-%m-%d %H:%M} UTC 到期" if token.expires else "长期有效"
    used = f"上次使用 {token.last_used:%Y-%m-%d %H:%M} UTC" if token.last_used else "还没有用过"
    parts = [token.id, token.owner, " ".join(sorted(token.scopes)), "已作废" if token.revoked else until, used, token.note]
    return "\t".join(part for part in parts if part)


# ---------------------------------------------------------------- rights


def rights(args: argparse.Namespace) -> int:
    with opened(args) as access:
        docs = [EVERY_DOCUMENT] if args.default else known_docs(args)
        if args.action == "set":
            with access.together():
                for doc in docs:
                    set_rights(args, access, doc)
            record(args, docs=docs, public=args.public, read=args.read, owner=args.owner, withdraw=args.withdraw, private=args.private)
        held = [right for right in access.rights() if not docs or right.doc_id in docs]
        if args.json:
            as_json([{"doc": right.doc_id, "subject": right.subject, "role": right.role.value} for right in held])
            return 0
        for right in held:
            print(right_line(right))
        if not held:
            print(f"{'、'.join(docs) or '各文件'}没有授权：{'按通用规则' if docs and docs != [EVERY_DOCUMENT] else '只有管理员可读'}")
    return 0


def known_docs(args: argparse.Namespace) -> list[str]:
    from assistant.cli_store import known_id
    from index.stores.index import Index

    if not args.docs:
        return []
    with Index.open(args.store) as index:
        return [known_id(index, doc) for doc in args.docs]


def set_rights(args: argparse.Namespace, access: AccessStore, doc: str) -> None:
    for name in (*args.read, *args.owner):
        access.principal(name)
    if args.private:
        access.withdraw(doc)
    for name in args.withdraw:
        access.withdraw(doc, name)
    if args.public:
        access.grant(doc, EVERYBODY)
    for name in args.read:
        access.grant(doc, name)
    for name in args.owner:
        access.grant(doc, name, Role.OWNER)


def right_line(right: Right) -> str:
    doc = "（其余文件）" if right.doc_id == EVERY_DOCUMENT else right.doc_id
    return f"{doc}\t{'所有人' if right.subject == EVERYBODY else right.subject}\t{ROLES[right.role]}"
