"""At most five classes of a quantity, with round breaks that a legend can print."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import TYPE_CHECKING

import numpy as np
from django.utils.translation import gettext

from commonground.pages.charts.amounts import told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from commonground.pages.charts.model import Measure

COLORS = ("#e0f7f6", "#9bd4cf", "#4f9e99", "#0f6460", "#123131")
"""Mint-cool 5, 20, 40, 60v and 80v, as the look has it."""
_SHARES = (0.4, 0.65, 0.85, 0.95)


@dataclass(frozen=True, slots=True)
class Classes:
    """The lower edges of the classes, ascending, and the highest value of all."""

    edges: tuple[float, ...]
    highest: float
    measure: Measure

    def of(self, value: float) -> int:
        """The class of a value, from 0."""
        return max(0, int(np.searchsorted(self.edges, value, side="right")) - 1)

    def color(self, number: int) -> str:
        """The color of a class; few classes use the middle of the scale, so that each stands off from land."""
        spread = {1: (2,), 2: (1, 3), 3: (0, 2, 3), 4: (0, 1, 2, 3)}.get(len(self.edges), (0, 1, 2, 3, 4))
        return COLORS[spread[number]]

    def legend(self) -> tuple[tuple[str, str], ...]:
        """The color and the words of each class, lowest first: `1 to 9`, `10 to 49`, `50 to 870`."""
        if not self.edges:
            return ()
        uppers = [*self.edges[1:], self.highest]
        drawn = []
        for number, (low, high) in enumerate(zip(self.edges, uppers, strict=True)):
            last = number == len(self.edges) - 1
            top = high - 1 if self.measure == "count" and not last else high
            words = {"low": told(low, self.measure), "high": told(top, self.measure)}
            said = words["low"] if low == top else gettext("%(low)s to %(high)s") % words
            drawn.append((self.color(number), said))
        return tuple(drawn)


def classes(values: Iterable[float], measure: Measure = "count") -> Classes:
    """Breaks by quantile, rounded to one digit; fewer classes where values are few. Counts break between whole numbers."""
    known = np.array([value for value in values if isfinite(value)], dtype=np.float64)
    if not len(known):
        return Classes((), 0.0, measure)
    edges = [float(known.min())]
    for share in _SHARES:
        edge = _round(float(np.quantile(known, share)))
        if measure == "count":
            edge = float(max(floor(edge), floor(edges[-1]) + 1))
        if edges[-1] < edge <= float(known.max()):
            edges.append(edge)
    return Classes(tuple(edges), float(known.max()), measure)


def _round(value: float) -> float:
    if not value:
        return 0.0
    size = 10.0 ** floor(log10(abs(value)))
    return float(f"{round(value / size) * size:.1g}") if size else value
