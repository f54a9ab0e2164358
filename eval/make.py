"""``python -m eval make DOC --n 200``: a question set drafted from one document of the index, marked as generated."""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from assistant.__main__ import DEFAULT_STORE, STORE_VARIABLE, Parser
from eval.cases import read_cases
from eval.drafts import draft
from eval.spots import document_to_source
from index.errors import BudgetError
from index.stores.index import Index

DEFAULT_N, DEFAULT_SEED = 200, 1


def run(words: list[str]) -> int:
    """Raises BudgetError where there is no such document, nothing to draft from, or the file cannot be written."""
    args = _parse_args(words)
    out = args.out or Path(f"generated-{args.doc}.jsonl")
    if out.exists():
        raise BudgetError(f"{out} 已存在：请换一个 --out，或先删除它")
    with Index.open(args.store) as index:
        document = index.document(args.doc)
        failed = frozenset(id for proof in index.proofs(args.doc) if not proof.held for id in proof.figures)
        items = draft(document_to_source(document, index.figures(args.doc), failed), args.n, args.seed)
    if not any(item["figures"] for item in items):
        raise BudgetError(f"{args.doc} 里没有可以出题的数字：请换一份有表格的文件")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), "utf-8")
    except OSError as error:
        raise BudgetError(f"题集写不到 {out}（{error.strerror}）：请换一个 --out") from error
    read_cases([out], {args.doc})  # what was written can be run
    kinds = Counter(item["tags"][0] for item in items)
    print(f"{out}：{len(items)} 道（{'，'.join(f'{name} {count}' for name, count in kinds.items())}）")
    if len(items) < args.n:
        print(f"这份文件只够出 {len(items)} 道不含糊的题")
    return 0


def _parse_args(words: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m eval make", description="照一份文件起草题集 / draft questions from a document's own figures")
    parser.add_argument("doc", metavar="DOC", help="文档编号 / document id")
    parser.add_argument("--n", type=_positive, default=DEFAULT_N, metavar="N", help="题数 / questions (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, metavar="N", help="随机种子 / the same seed, the same set (default: 1)")
    parser.add_argument("--out", type=Path, metavar="SET.jsonl", help="题集文件 / the set (default: generated-DOC.jsonl)")
    store = Path(os.environ.get(STORE_VARIABLE) or DEFAULT_STORE)
    parser.add_argument("--store", type=Path, default=store, metavar="DIR", help="索引文件夹 / index folder (default: %(default)s)")
    return parser.parse_args(words)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} < 1")
    return value
