"""Ask a logged question again, from the same documents: the same answer, or what has changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.access.domain import AccessError
from assistant.access.gate import code_version
from assistant.access.log import QUESTION, AuditLog
from assistant.access.visible import visible
from assistant.domain import Answer, answer_to_json
from assistant.pipeline import Assistant
from index.stores.index import Index

OF_THE_MOMENT = frozenset({"id", "elapsed_ms"})  # parts of an answer that are new every time


@dataclass(frozen=True, slots=True)
class Replay:
    """``differs`` names the parts of the Answer object that came out otherwise; ``changes`` say what is no longer as it was."""

    answer: Answer
    differs: tuple[str, ...]
    changes: tuple[str, ...]


def replay(log: AuditLog, index: Index, id: str) -> Replay:
    """Raises AccessError where ``id`` is no question's line."""
    line = log.line(id)
    if line.kind != QUESTION:
        raise AccessError(f"记录 {id} 不是提问，不能重放")
    body = line.body
    before = log.documents(body["visible"])
    now = {info.doc_id: info.sha256 for info in index.documents()}
    allowed = frozenset(before) & frozenset(now)
    answer = Assistant(visible(index, allowed)).ask(body["question"], body["history"])
    return Replay(answer, differences(body["answer"], plain(answer)), tuple(changes(body, before, now, index.id)))


def plain(answer: Answer) -> dict[str, Any]:
    """The Answer object as it comes back from a log."""
    value: dict[str, Any] = json.loads(json.dumps(answer_to_json(answer)))
    return value


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in now if name not in OF_THE_MOMENT and now[name] != before.get(name))


def changes(body: Mapping[str, Any], before: Mapping[str, str], now: Mapping[str, str], index_id: str) -> list[str]:
    """In Chinese, for people. Documents that have come since are left out of a replay and so are no change."""
    found = [f"文件 {doc} 已不在索引里" for doc in sorted(set(before) - set(now))]
    changed = [doc for doc in sorted(set(before) & set(now)) if now[doc] != before[doc]]
    found += [f"文件 {doc} 的内容变了（SHA-256 {before[doc][:12]} → {now[doc][:12]}）" for doc in changed]
    if body["index"] != index_id:
        found.append(f"索引重建过（{body['index']} → {index_id}）")
    if body["code"] != code_version():
        found.append(f"程序变了（{body['code']} → {code_version()}）")
    return found
