"""From evidence about columns to log-odds: the weights, and how evidence is added up. Pure.

The weights are in `alignment.toml`, fitted to labeled columns by bench/fit_columns.py.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from commonground.errors import Misconfigured
from commonground.overlap.columns.likeness import Likeness, evidence, meant
from commonground.overlap.facets import Band
from commonground.words import Column

BASE: Final = "base"
RIVAL, MEMORY, MEANING, VALUES, APART = "rival", "memory", "meaning", "values", "apart"
_BELOW: Final = 1e-3
_FILE: Final = Path(__file__).with_name("alignment.toml")


class Encoder(Protocol):
    """What turns texts into vectors of length 1 (`embedder.Embedder`)."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each piece of evidence adds to the log-odds, and from which score on a band begins."""

    method: str
    points: Mapping[str, float]
    bands: Mapping[Band, float]

    def band(self, score: float) -> Band | None:
        """What a score means; None where nobody should be asked."""
        return next((band for band, least in self.bands.items() if score >= least), None)

    @property
    def most_weak(self) -> np.float32:
        """The most log-odds that a weak pair has."""
        least = self.bands[Band.LIKELY]
        return np.float32(np.log(least / (1 - least)) - _BELOW)


@cache
def weights(*, meaning: bool) -> Weights:
    """The fitted weights, with a model that reads names by meaning or without."""
    try:
        given = tomllib.loads(_FILE.read_text("utf-8"))
        kind = "meaning" if meaning else "plain"
        bands = {Band(name): float(least) for name, least in given["bands"].items()}
        return Weights(f"{kind} {given['version']}", {k: float(v) for k, v in given[kind].items()}, bands)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise Misconfigured(f"{_FILE}: {error!r}.", advice="Make it again with bench/fit_columns.py.") from error


def told(a: Sequence[Column], b: Sequence[Column], embedder: Encoder | None) -> dict[str, Likeness]:
    """The evidence that lists of columns give by themselves."""
    found = evidence(a, b)
    if embedder is not None and a and b:
        found[MEANING] = meant(a, b, embedder.encode)
    return found


def weighed(found: Mapping[str, Likeness], used: Weights) -> Likeness:
    """Log-odds: the base and all evidence by its weight."""
    shape = next(iter(found.values())).shape
    odds = np.full(shape, used.points[BASE], np.float32)
    for name, one in found.items():
        odds += np.float32(used.points[name]) * one
    return odds


def rivalry(odds: Likeness) -> Likeness:
    """By how much another pair with one of the two columns is better than this pair; 0 for the best."""
    if not odds.size:
        return odds
    best = np.maximum(odds.max(axis=0, keepdims=True), odds.max(axis=1, keepdims=True))
    return np.asarray(best - odds, np.float32)
