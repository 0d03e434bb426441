"""The numbers of a chart: the table under it, and the same as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from commonground.pages.charts.amounts import told, wording

if TYPE_CHECKING:
    from commonground.pages.charts.model import Chart


@dataclass(frozen=True, slots=True)
class Numbers:
    """A table: a label and a value for each series. `rows` holds values as given; `told` as people read them."""

    header: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    told: tuple[tuple[str, ...], ...]


def numbers(chart: Chart) -> Numbers:
    """Every label of every series, in the chart's order; a series without that label is not known there.

    The first cell of `rows` is the word, or the day as YYYY-MM-DD. Where a series has a label twice, the last counts,
    as in the drawing.
    """
    labels = chart.labels()
    write = wording(labels)
    values = [dict(each.points) for each in chart.series]
    rows = tuple(
        (label.isoformat() if isinstance(label, date) else label, *(each.get(label) for each in values))
        for label in labels
    )
    said = tuple((write(label), *(told(each.get(label), chart.measure) for each in values)) for label in labels)
    return Numbers((chart.x_label, *(each.name for each in chart.series)), rows, said)
