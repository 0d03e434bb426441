"""Where labels and values stand in a plot, and which of the labels are written below it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import TYPE_CHECKING

from commonground.pages.charts.amounts import brief, wording
from commonground.pages.charts.drawing import EDGE, HAIR, text, wide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from commonground.pages.charts.model import Label, Measure

MONTHS_AS_YEARS = 24
MOST_MARKS = 5
EVEN = 0.7


@dataclass(frozen=True, slots=True)
class Plot:
    """A rectangle in pixels with labels along x (where `shares` puts them) and round marks along y."""

    left: float
    top: float
    right: float
    bottom: float
    labels: tuple[Label, ...]
    marks: tuple[float, ...]
    measure: Measure
    along: Mapping[Label, float]

    def x(self, label: Label) -> float:
        """Days stand by time, words evenly; a single label in the middle."""
        return self.left + (self.right - self.left) * self.along[label]

    def y(self, value: float) -> float:
        """The marks span the height."""
        low, high = self.marks[0], self.marks[-1]
        return self.bottom - (self.bottom - self.top) * ((value / 2 - low / 2) / (high / 2 - low / 2))

    def axes(self) -> str:
        """Hairlines with their values at left, the line of zero, and labels below."""
        drawn = []
        for mark in self.marks:
            y = self.y(mark)
            if mark:
                drawn.append(f'<path d="M{self.left:.1f} {y:.1f}H{self.right:.1f}" stroke="{HAIR}"/>')
                drawn.append(text(self.left - 6, y + 4, brief(mark, self.measure), anchor="end"))
        drawn.append(f'<path d="M{self.left:.1f} {self.y(0.0):.1f}H{self.right:.1f}" stroke="{EDGE}"/>')
        for x, word in self.below():
            anchor = _anchor(x, word, self.right + 10)
            drawn.append(text(x, self.bottom + 15, word, anchor=anchor))
        return "".join(drawn)

    def below(self) -> list[tuple[float, str]]:
        """The labels that are written: at most five, the first always, none over another."""
        chosen = _candidates(self.labels)
        if not chosen:
            return []
        room = max(wide(word) for _, word in chosen) + 10
        fit = min(MOST_MARKS, max(2, int((self.right - self.left) / room)))
        step = max(1, ceil((len(chosen) - 1) / (fit - 1)))
        picked = chosen[::step]
        if (len(chosen) - 1) % step >= EVEN * step:  # the last one, unless it would crowd an even row
            picked.append(chosen[-1])
        written: list[tuple[float, str]] = []
        for label, word in picked:
            x = self.x(label)
            if not written or x - written[-1][0] >= room - 4:
                written.append((x, word))
        return written


def left_margin(marks: tuple[float, ...], measure: Measure) -> float:
    """How much room the values at the axis take."""
    return max(wide(brief(mark, measure)) for mark in marks) + 10


def shares(labels: tuple[Label, ...]) -> dict[Label, float]:
    """How far along the plot each label stands, from 0 to 1."""
    first, last = labels[0], labels[-1]
    if len(labels) == 1:
        return {first: 0.5}
    if isinstance(first, date) and isinstance(last, date) and all(isinstance(each, date) for each in labels):
        span = (last - first).days or 1
        return {each: (each - first).days / span for each in labels if isinstance(each, date)}
    return {each: place / (len(labels) - 1) for place, each in enumerate(labels)}


def _candidates(labels: tuple[Label, ...]) -> list[tuple[Label, str]]:
    """Labels with their words; of many months only those that open a year, written as the year."""
    days = [label for label in labels if isinstance(label, date)]
    if len(days) == len(labels) and days and (days[-1] - days[0]).days > MONTHS_AS_YEARS * 31:
        opening = {day.year: day for day in reversed(days) if day.month == 1}
        if len(opening) > 1:
            return [(opening[year], str(year)) for year in sorted(opening)]
    told = wording(labels)
    return [(label, _short(told(label))) for label in labels]


def _short(word: str) -> str:
    return word if len(word) <= 14 else f"{word[:13]}…"  # noqa: PLR2004 - a fifth of a small panel


def _anchor(x: float, word: str, right: float) -> str:
    return "end" if x + wide(word) / 2 > right else "middle"
