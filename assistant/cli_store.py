"""Commands that look at a store or change it: documents, export, show, audit, remove."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.access.store import forget_rights
from index.domain import DocumentInfo
from index.errors import BudgetError
from index.stores.index import Index


def documents(args: argparse.Namespace) -> int:
    with Index.open(args.store) as index:
        infos = index.documents()
    if args.json:
        print(json.dumps([info_to_json(info) for info in infos], ensure_ascii=False, indent=1))
        return 0
    for info in infos:
        print(info_line(info))
    if not infos:
        print(f"索引 {args.store} 里还没有文档：请运行 assistant ingest 文件或文件夹 --store {args.store}")
    return 0


def info_to_json(info: DocumentInfo) -> dict[str, Any]:
    return {
        "doc_id": info.doc_id,
        "title": info.title,
        "department": info.department,
        "year": info.year,
        "kind": info.kind.value,
        "pages": info.pages,
        "tables": info.tables,
        "figures": info.figures,
        "proofs": {"held": info.proofs_held, "failed": info.proofs_failed},
        "unread_pages": list(info.unread_pages),
        "file": info.file_name,
    }


def info_line(info: DocumentInfo) -> str:
    year = f"{info.year}年 " if info.year else ""
    pages = f"{info.pages} 页 " if info.pages else ""
    unread = f" 未读出 {len(info.unread_pages)} 页" if info.unread_pages else ""
    counts = f"{pages}{info.tables} 张表 {info.figures} 个数字 核对 {info.proofs_held} 项相符 {info.proofs_failed} 项不符"
    return f"{info.doc_id}\t{info.title}\t{year}{info.department} {info.kind.value}\t{counts}{unread}"


def export(args: argparse.Namespace) -> int:
    from index.export import document_to_export

    with Index.open(args.store) as index:
        document = index.document(known_id(index, args.doc))
    print(json.dumps(document_to_export(document), ensure_ascii=False, indent=1))
    return 0


def show(args: argparse.Namespace) -> int:
    with Index.open(args.store) as index:
        doc_id = known_id(index, args.doc)
        source = Path(index.source(doc_id))
        document, figures = index.document(doc_id), index.figures(doc_id)
    if document.page_count and args.page > document.page_count:
        raise BudgetError(f"{doc_id} 只有 {document.page_count} 页，没有第 {args.page} 页：请换一个 --page")
    if not source.is_file():
        raise BudgetError(f"{doc_id} 的原文件 {source} 不在了：请放回原处再画")
    from index.show import show_page

    show_page(source, document, figures, args.page, args.out)
    print(f"已画出 {doc_id} 第 {args.page} 页：{args.out}")
    return 0


def audit(args: argparse.Namespace) -> int:
    with Index.open(args.store) as index:
        ids = [known_id(index, args.doc)] if args.doc else [info.doc_id for info in index.documents()]
        from index import audit as audits  # past the check of the id: it loads more than a wrong id deserves

        infos = {info.doc_id: info for info in index.documents()}
        years = {infos[doc_id].year for doc_id in ids}
        parsed = {i: (index.document(i), index.figures(i), index.proofs(i)) for i in infos if i in ids or infos[i].year in years}
    findings = [finding for doc_id in ids for finding in audits.audit(*parsed[doc_id])]
    findings += [f for f in audits.audit_documents(list(parsed.values())) if any(place.doc in ids for place in f.places)]
    if args.json:
        print(json.dumps([audits.finding_to_json(finding) for finding in findings], ensure_ascii=False, indent=1))
        return 0
    for title, rounding in (("自相矛盾之处", False), ("四舍五入可以解释的尾数误差", True)):
        group = [finding for finding in findings if finding.rounding is rounding]
        if group:
            print(f"{title}（{len(group)} 处）：")
            for finding in group:
                print(f"{finding.doc}\t{finding.message}{audits.places_in_words(finding)}")
    if not findings:
        print("没有发现自相矛盾之处")
    return 0


def remove(args: argparse.Namespace) -> int:
    from index import build

    with Index.open(args.store) as index:
        doc_id = known_id(index, args.doc)
    build.remove(args.store, doc_id)
    forget_rights(args.store, doc_id)
    print(f"已删除 {doc_id}")
    return 0


def known_id(index: Index, name: str) -> str:
    """The document named by id or by file name. Raises BudgetError listing what there is."""
    infos: Sequence[DocumentInfo] = index.documents()
    for info in infos:
        if info.doc_id == name:
            return name
    matches = [info.doc_id for info in infos if name in (info.file_name, info.sha256)]
    if len(matches) == 1:
        return matches[0]
    raise BudgetError(f"索引 {index.folder} 里没有文档 {name}；现有：{'、'.join(info.doc_id for info in infos) or '（空）'}")
