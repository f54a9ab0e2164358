"""``python -m eval feedback --out SET.jsonl``: what users said of answers, as a draft set that somebody completes with gold.

A thumb up keeps the figures that were confirmed, so that a later change cannot lose them; a thumb down has no gold yet:
the question is asked, not scored, until its figures or phrases are filled in. Users' names are not carried over.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from assistant.__main__ import DEFAULT_STORE, STORE_VARIABLE, Parser
from assistant.feedback import DOWN, UP, Feedback, FeedbackStore
from index.errors import BudgetError

CONFIRMED, COMPLAINED = "confirmed", "complained"
SHOWN = 300  # characters of the answer that a note repeats


def run(words: list[str]) -> int:
    """Raises BudgetError where there is no feedback, or the file exists or cannot be written."""
    args = _parse_args(words)
    if args.out.exists():
        raise BudgetError(f"{args.out} 已存在：请换一个 --out，或先删除它")
    everything = FeedbackStore(args.store).all()
    items = feedback_to_items(f for f in everything if not args.complaints or f.thumb == DOWN)
    if not items:
        kind = "说“不对”的" if args.complaints else ""
        raise BudgetError(f"索引 {args.store} 里还没有{kind}反馈：在网页或聊天工具里点过“对”或“不对”后再导出")
    try:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), "utf-8")
    except OSError as error:
        raise BudgetError(f"题集写不到 {args.out}（{error.strerror}）：请换一个 --out") from error
    down = sum(COMPLAINED in item["tags"] for item in items)
    print(f"{args.out}：{len(items)} 道，其中 {down} 道用户说不对，请补上 figures 或 must_include（note 里有用户的话和当时的回答）")
    return 0


def feedback_to_items(everything: Iterable[Feedback]) -> list[dict[str, Any]]:
    """One question each: the same question said of twice is kept once, with the last word on it, complaints before all."""
    kept: dict[str, Feedback] = {}
    for one in everything:
        key = json.dumps([one.question, [turn.get("content") for turn in one.history]], ensure_ascii=False)
        if key not in kept or one.thumb == DOWN or kept[key].thumb == UP:
            kept[key] = one
    return [_item(one) for one in kept.values()]


def _item(one: Feedback) -> dict[str, Any]:
    answer = one.answer_json
    item: dict[str, Any] = {"id": f"feedback-{one.id}", "question": one.question, "type": "lookup", "docs": [], "figures": []}
    if one.thumb == UP:
        item |= _confirmed(answer)
    history = [{"role": str(turn.get("role", "user")), "content": str(turn.get("content", ""))} for turn in one.history]
    if history:
        item |= {"history": history, "type": item["type"] if item["type"] in ("refuse", "clarify") else "multiturn"}
    said = " ".join(str(answer.get("answer") or "").split())[:SHOWN]
    thumb = f"{one.at} {one.channel} 用户说{'对' if one.thumb == UP else '不对'}"
    parts = [thumb, one.comment and f"留言：{one.comment}", said and f"当时答：{said}"]
    return item | {"tags": ["feedback", CONFIRMED if one.thumb == UP else COMPLAINED], "note": "；".join(part for part in parts if part)}


def _confirmed(answer: Any) -> dict[str, Any]:
    """The gold that a confirmed answer gives: its first figure and place, or that it refused or asked back."""
    kinds = {"refused": "refuse", "clarify": "clarify"}
    if answer.get("status") in kinds:
        return {"type": kinds[answer["status"]]}
    figures, citations = answer.get("figures") or [], answer.get("citations") or []
    gold: dict[str, Any] = {"docs": sorted({c["doc"] for c in citations if c.get("doc")})}
    if not figures:
        return gold
    first = figures[0]
    gold["figures"] = [{"value": first["value"], "unit": first.get("unit") or ""}]
    cited = next((c for c in citations if c.get("n") == first.get("citation")), None)
    if cited and cited.get("doc"):
        labels = {name: " > ".join(cited.get(name) or ()) for name in ("row", "column")}
        place = {"doc": cited["doc"], "page": cited.get("page"), "table": cited.get("table"), "section": cited.get("section"), **labels}
        gold["sources"] = [{name: value for name, value in place.items() if value}]
    return gold


def _parse_args(words: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m eval feedback", description="把用户的反馈导出为题集草稿 / users' feedback as a draft set")
    store = Path(os.environ.get(STORE_VARIABLE) or DEFAULT_STORE)
    parser.add_argument("--store", type=Path, default=store, metavar="DIR", help="索引文件夹 / index folder (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, metavar="SET.jsonl", help="题集文件 / the draft set")
    parser.add_argument("--complaints", action="store_true", help="只要用户说不对的 / only what users say is wrong")
    return parser.parse_args(words)
