"""What persons confirmed of columns elsewhere, as evidence for two lists of columns. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from commonground.overlap.columns.likeness import Likeness
from commonground.words import Column

Memory = Mapping[str, Collection[str]]
"""Of a column's or field's published name: names that persons confirmed to mean the same elsewhere."""
Weigh = Callable[[Sequence[Column], Sequence[Column]], Likeness]
"""Log-odds of two lists of columns."""

MOST: Final = 40
"""Remembered names of one column that are looked at."""
_MEAN: Final = 0.5
"""What all remembered names together count beside the best one. One of many that fits may be an accident."""
_BARE: Final = np.zeros((1, 1), np.float32)


@dataclass(frozen=True, slots=True)
class Recalled:
    """What memory adds to the log-odds of each pair. `best` points into `names`: the remembered name that fits most,
    less than 0 where there is none.
    """

    points: Likeness
    best: NDArray[Any]
    names: tuple[str, ...]

    def at(self, row: int, column: int) -> float:
        """What memory adds to one pair."""
        return float(self.points[row, column]) if self.names else 0.0

    def names_at(self, row: int, column: int) -> tuple[str, ...]:
        """The remembered name that speaks for one pair."""
        place = int(self.best[row, column])
        return (self.names[place],) if place >= 0 else ()


NOTHING: Final = Recalled(_BARE, _BARE, ())
"""Where nothing is remembered; it adds 0 to any array."""


def recalled(a: Sequence[Column], b: Sequence[Column], memory: Memory, weigh: Weigh) -> Recalled:
    """What memory says. The names that a column has elsewhere stand in for it: the best of them, and all in the mean."""
    odds = weigh(a, b)
    theirs, ours = _names(b, memory), _names(a, memory)
    names = tuple(name for _, name in (*theirs, *ours))
    if not names or not odds.size:
        return NOTHING
    best, place = odds.copy(), np.full(odds.shape, -1)
    total, count = np.zeros_like(odds), np.zeros_like(odds)
    found = weigh(a, [Column(name, name) for _, name in theirs]) if theirs else odds[:, :0]
    for at, (column, _) in enumerate(theirs):
        _take(found[:, at], at, best[:, column], place[:, column])
        total[:, column] += found[:, at]
        count[:, column] += 1
    found = weigh([Column(name, name) for _, name in ours], b) if ours else odds[:0]
    for at, (row, _) in enumerate(ours):
        _take(found[at], len(theirs) + at, best[row], place[row])
        total[row] += found[at]
        count[row] += 1
    mean = np.where(count > 0, total / np.maximum(count, 1), odds)
    return Recalled(np.asarray((best + _MEAN * mean) / (1 + _MEAN) - odds, np.float32), place, names)


def _take(found: Likeness, at: int, best: Likeness, place: NDArray[Any]) -> None:
    """Keep the better ones, in place."""
    better = found > best
    best[better] = found[better]
    place[better] = at


def _names(columns: Sequence[Column], memory: Memory) -> list[tuple[int, str]]:
    """Each column's place with each name that is remembered of it."""
    return [
        (place, name) for place, one in enumerate(columns) for name in islice(sorted(memory.get(one.name, ())), MOST)
    ]
