"""What a chart shows, apart from how it is drawn: plain values, without a table's model behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Literal

Label = str | date
"""Where a point stands: a word (a kind, an hour) or a day (the first of its month or year, for those)."""

Measure = Literal["count", "percent", "rate", "money"]
"""How values are written: `1,234`, `8.9%` (values are percents, not shares), `12.5`, `$1,250`."""

Form = Literal["panels", "lines", "bars"]
"""One small line chart a series over the gray others; all lines in one plot, by city; bars by kind."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line or set of bars. `city` is a slug and chooses the marker where cities share one plot.

    A value of None is not known: it breaks the line, and the table says so. It is never 0.
    """

    name: str
    points: tuple[tuple[Label, float | None], ...]
    city: str = ""
    short: str = ""

    def known(self) -> dict[Label, float]:
        """The values that can be drawn, by label: finite, and within what a screen can tell from infinity."""
        return {
            label: float(value)
            for label, value in self.points
            if value is not None and isfinite(value) and abs(value) < HUGE
        }


HUGE = 1e300


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as people read it. The title says what is seen; `unit` what a value is; `remainder_note` what is missing.

    `source` names where the values are from (cities, table, version, and for a rate the population's source and
    year); `note` tells how to read it.
    """

    title: str
    description: str
    unit: str
    x_label: str
    series: tuple[Series, ...]
    source: str
    remainder_note: str = ""
    source_url: str = ""
    note: str = ""
    form: Form = "panels"
    measure: Measure = "count"

    def labels(self) -> tuple[Label, ...]:
        """Every label of every series once: days in order, words in the order of their first appearance.

        Where words and days are mixed, days count as words.
        """
        found = dict.fromkeys(label for each in self.series for label, _ in each.points)
        days = [label for label in found if isinstance(label, date)]
        return tuple(sorted(days)) if len(days) == len(found) else tuple(found)
