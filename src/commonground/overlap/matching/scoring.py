"""From evidence to a score: a sum of weighted parts, read as log-odds; and what the score means in words. Pure.

The weights are in `scoring.toml`, fitted to labeled datasets so that a score of 0.7 is right in about 70 of 100 cases
(docs/reference/overlap.md has the measured diagram).
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from commonground.overlap.facets import Band

Scores = NDArray[np.float32]
Task = Literal["pairs", "subjects"]

BASE: Final = "base"
_FILE: Final = Path(__file__).with_name("scoring.toml")


@dataclass(frozen=True, slots=True)
class Method:
    """The weights of one task, with a model or without. `name` goes with every stored result."""

    name: str
    weights: Mapping[str, float]
    bands: Mapping[Band, float]

    def log_odds(self, evidence: Mapping[str, Scores]) -> Scores:
        """Of each candidate the sum of base and weighted evidence; evidence without a weight counts nothing."""
        weighed = [np.float32(self.weights[name]) * values for name, values in evidence.items() if name in self.weights]
        return np.asarray(np.float32(self.weights[BASE]) + sum(weighed), np.float32)

    def points(self, name: str, value: float) -> float:
        """What one piece of evidence adds to the log-odds."""
        return self.weights.get(name, 0.0) * value

    def band(self, score: float) -> Band | None:
        """What a score means; None where it is not worth a person's time."""
        return next((band for band, least in self.bands.items() if score >= least), None)


def score(log_odds: Scores | float) -> Any:  # noqa: ANN401 - an array for an array, a number for a number
    """Log-odds as a probability, 0 to 1."""
    return 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))


@cache
def method(task: Task, *, meaning: bool) -> Method:
    """The weights of a task, with a model that reads texts by meaning or without."""
    kind = "meaning" if meaning else "plain"
    bands = {Band(name): float(least) for name, least in _file()["bands"][task].items()}
    return Method(f"{kind} {version()}", weights()[f"{task}.{kind}"], bands)


def weights() -> dict[str, dict[str, float]]:
    """All weights, by task and kind."""
    return {f"{task}.{kind}": some for task in ("pairs", "subjects") for kind, some in _file()[task].items()}


def fingerprint() -> str:
    """Of the whole file: other weights make other guesses."""
    return hashlib.blake2b(_FILE.read_bytes(), digest_size=8).hexdigest()


def version() -> str:
    """Counts up with anything that makes scores come out otherwise."""
    return str(_file()["version"])


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))
