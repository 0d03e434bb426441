"""Which column of one list is which of another: scored, explained, paired one to one; never decided. Pure.

The second list may be the fields of a standard. A score is a probability: the weighted evidence (`alignment.toml`,
fitted by bench/fit_columns.py) adds up to log-odds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from commonground.overlap.columns.apart import apart, sides
from commonground.overlap.columns.likeness import Likeness
from commonground.overlap.columns.profiles import Profiles, similarity
from commonground.overlap.columns.reasons import because, detail
from commonground.overlap.columns.recall import NOTHING, Memory, Recalled, recalled
from commonground.overlap.columns.weighing import (
    APART,
    BASE,
    MEMORY,
    RIVAL,
    VALUES,
    Encoder,
    Weights,
    rivalry,
    told,
    weighed,
    weights,
)
from commonground.overlap.facets import Band, Part
from commonground.words import Column

MOST: Final = 1_000_000
"""Pairs of columns that are compared; of longer lists the first columns are."""
MOST_MEANT: Final = 1_000
"""Columns of both lists whose names a model reads; more would take it seconds."""
MOST_PROFILED: Final = 20_000
"""Pairs of columns whose values are compared."""
_SHOWN: Final = 5
_AGREE: Final = 0.4
"""Descriptions so much alike say the same."""
_SPOKEN: Final = 0.3
"""Log-odds by which memory speaks for a pair, so that its names need not."""
_NEVER: Final = -1e6
_ALWAYS: Final = 1e6


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns that seem to mean the same. `places` are theirs in the two lists."""

    a: Column
    b: Column
    score: float
    band: Band
    parts: tuple[Part, ...]
    places: tuple[int, int]

    @property
    def why(self) -> tuple[str, ...]:
        """Why we think so, in English sentences, the strongest first."""
        return because(self.parts)

    def form(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "a": self.a.name,
            "b": self.b.name,
            "score": round(self.score, 4),
            "band": self.band.value,
            "why": " ".join(self.why),
            "parts": [{"what": one.what, "points": round(one.points, 3), "detail": one.detail} for one in self.parts],
        }


@dataclass(frozen=True, slots=True)
class Candidate:
    """One column of the other list that a column may be."""

    a: Column
    b: Column
    score: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """All that can be said of two lists. `pairs` are one to one, in the order of the first list; `candidates` are the
    best few of each column of the first list, best first. `note` says what was left out.
    """

    pairs: tuple[Pair, ...]
    candidates: tuple[Candidate, ...]
    left_a: tuple[Column, ...]
    left_b: tuple[Column, ...]
    method: str
    note: str = ""

    def form(self) -> dict[str, Any]:
        """As JSON has it: columns by their published names."""
        return {
            "method": self.method,
            "note": self.note,
            "pairs": [one.form() for one in self.pairs],
            "candidates": [{"a": one.a.name, "b": one.b.name, "score": round(one.score, 4)} for one in self.candidates],
            "left_a": [one.name for one in self.left_a],
            "left_b": [one.name for one in self.left_b],
        }


@dataclass(frozen=True)
class Scored:
    """Every column of one list against every column of another. `evidence` holds arrays by name, (len(a), len(b))."""

    a: tuple[Column, ...]
    b: tuple[Column, ...]
    evidence: Mapping[str, Likeness]
    weights: Weights
    recalled: Recalled = NOTHING
    profiles: tuple[Profiles, Profiles] = ({}, {})
    note: str = ""

    @cached_property
    def alone(self) -> Likeness:
        """Log-odds of each pair, without looking at others."""
        return weighed(self.evidence, self.weights) + self.recalled.points

    @cached_property
    def rivaled(self) -> Likeness:
        """Log-odds of each pair; less where one of the two has a better partner."""
        return self.alone + np.float32(self.weights.points[RIVAL]) * rivalry(self.alone)

    @cached_property
    def log_odds(self) -> Likeness:
        """The same, and of what only names mix up no more than a weak pair has."""
        agree = self.evidence["description"] >= _AGREE
        kept = apart(self.a, self.b, agree) & (self.recalled.points < _SPOKEN)
        return np.where(kept, np.minimum(self.rivaled, self.weights.most_weak), self.rivaled)

    @cached_property
    def scores(self) -> Likeness:
        """How probable it is that two columns mean the same, 0 to 1."""
        return np.asarray(1 / (1 + np.exp(-self.log_odds)), np.float32)

    def parts(self, row: int, column: int) -> tuple[Part, ...]:
        """What adds up to the log-odds of a pair, the strongest first, `base` last."""
        found = []
        for name, values in self.evidence.items():
            if points := self.weights.points[name] * float(values[row, column]):
                found.append(Part(name, points, self._detail(name, row, column)))
        if points := self.recalled.at(row, column):
            found.append(Part(MEMORY, points, self.recalled.names_at(row, column)))
        if points := self.weights.points[RIVAL] * float(rivalry(self.alone)[row, column]):
            found.append(Part(RIVAL, points, self._rival(row, column)))
        if points := float(self.log_odds[row, column] - self.rivaled[row, column]):
            found.append(Part(APART, points, sides(self.a, self.b, row, column)))
        found.sort(key=lambda part: -abs(part.points))
        return (*found, Part(BASE, self.weights.points[BASE]))

    def paired(self, never: Collection[tuple[str, str]] = (), always: Collection[tuple[str, str]] = ()) -> Alignment:
        """One-to-one pairs. `never` and `always` are pairs of published names that persons rejected and confirmed."""
        from scipy.optimize import linear_sum_assignment  # half a second to load, for which no page waits

        odds = self.log_odds.copy()
        odds[self._among(never)] = _NEVER
        # Neither of two that a person confirmed is left for a third, but for another one that is confirmed.
        sure = self._among(always)
        odds[np.logical_or.outer(sure.any(axis=1), sure.any(axis=0)) & ~sure] = _NEVER
        least = min(self.weights.bands.values())
        floor = float(np.log(least / (1 - least)))
        # What is below the weakest band is worth nothing, so that no good pair is given up for it.
        worth = np.where(sure, _ALWAYS, np.maximum(odds - floor, 0))
        rows, columns = linear_sum_assignment(worth, maximize=True)
        places = [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if sure[i, j] or odds[i, j] >= floor]
        pairs = tuple(self.pair(*place) for place in places)
        taken_a, taken_b = ({pair.places[side] for pair in pairs} for side in (0, 1))
        return Alignment(
            pairs,
            tuple(self._candidates(odds)),
            tuple(one for at, one in enumerate(self.a) if at not in taken_a),
            tuple(one for at, one in enumerate(self.b) if at not in taken_b),
            self.weights.method,
            self.note,
        )

    def pair(self, row: int, column: int) -> Pair:
        """Two columns, whatever their score; what is below all bands is called weak."""
        score = float(self.scores[row, column])
        band = self.weights.band(score) or Band.WEAK
        return Pair(self.a[row], self.b[column], score, band, self.parts(row, column), (row, column))

    def _among(self, named: Collection[tuple[str, str]]) -> NDArray[np.bool_]:
        """Which pairs these are. Of several columns with one name, all."""
        found = np.zeros(self.alone.shape, dtype=bool)
        for first, second in named:
            ours, theirs = (
                np.array([one.name == name for one in some], dtype=bool)
                for some, name in ((self.a, first), (self.b, second))
            )
            found |= np.logical_and.outer(ours, theirs)
        return found

    def _candidates(self, odds: Likeness) -> Iterator[Candidate]:
        best = np.argsort(-odds, axis=1, kind="stable")[:, :_SHOWN]
        for row, places in enumerate(best):
            for column in places:
                if odds[row, column] > _NEVER:
                    yield Candidate(self.a[row], self.b[column], float(self.scores[row, column]))

    def _detail(self, name: str, row: int, column: int) -> tuple[str, ...]:
        one, other = self.a[row], self.b[column]
        if name == VALUES:
            return tuple(similarity(self.profiles[0][one.name], self.profiles[1][other.name])[1])
        return detail(name, one, other)

    def _rival(self, row: int, column: int) -> tuple[str, ...]:
        """The published name of the better partner of either of the two."""
        odds = self.alone
        better, fits = int(odds[:, column].argmax()), int(odds[row].argmax())
        if odds[better, column] >= odds[row, fits]:
            return self.b[column].name, self.a[better].name
        return self.a[row].name, self.b[fits].name


def align(
    a: Sequence[Column],
    b: Sequence[Column],
    *,
    memory: Memory | None = None,
    profiles: tuple[Profiles, Profiles] | None = None,
    embedder: Encoder | None = None,
) -> Alignment:
    """Which columns of `a` mean which of `b` (another dataset's, or a standard's fields): a suggestion.

    `profiles` are those of both, where rows were read. Raises `Misconfigured` where the weights cannot be read.
    """
    return scored(a, b, memory=memory, profiles=profiles, embedder=embedder).paired()


def scored(
    a: Sequence[Column],
    b: Sequence[Column],
    *,
    memory: Memory | None = None,
    profiles: tuple[Profiles, Profiles] | None = None,
    embedder: Encoder | None = None,
) -> Scored:
    """As `align`, before columns are paired."""
    ours, theirs, note = _bounded(tuple(a), tuple(b))
    reader = embedder if len(ours) + len(theirs) <= MOST_MEANT else None
    used = weights(meaning=reader is not None)
    found = told(ours, theirs, reader)
    if profiles and len(ours) * len(theirs) <= MOST_PROFILED:
        found[VALUES] = _values(ours, theirs, profiles)
    known = (
        recalled(ours, theirs, memory, lambda one, other: weighed(told(one, other, reader), used))
        if memory
        else NOTHING
    )
    return Scored(ours, theirs, found, used, known, profiles or ({}, {}), note)


def _bounded(a: tuple[Column, ...], b: tuple[Column, ...]) -> tuple[tuple[Column, ...], tuple[Column, ...], str]:
    """As many of both as can be compared, the shorter list whole where it can be."""
    if len(a) * len(b) <= MOST:
        return a, b, ""
    side = int(MOST**0.5)
    most_a = max(side, MOST // max(len(b), 1))
    ours = a[:most_a]
    theirs = b[: max(side, MOST // max(len(ours), 1))]
    left = len(a) - len(ours) + len(b) - len(theirs)
    return ours, theirs, f"{left:,} columns were not compared: too many."


def _values(a: Sequence[Column], b: Sequence[Column], profiles: tuple[Profiles, Profiles]) -> Likeness:
    """How alike the values are where rows of both were read: -1 (not at all) to 1, 0 where that is not known."""
    found = np.zeros((len(a), len(b)), np.float32)
    for row, one in enumerate(a):
        for column, other in enumerate(b):
            if one.name in profiles[0] and other.name in profiles[1]:
                found[row, column] = 2 * similarity(profiles[0][one.name], profiles[1][other.name])[0] - 1
    return found
