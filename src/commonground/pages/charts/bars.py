"""Bars by kind: the kind above its bar, the value at its end, all panels of a chart at one scale from zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext

from commonground.pages.charts.amounts import steps, told, wording
from commonground.pages.charts.drawing import COMMON, COMMON_DEEP, EDGE, INK_2, text, wide
from commonground.pages.charts.lines import described
from commonground.pages.charts.panel import Panel

if TYPE_CHECKING:
    from commonground.pages.charts.model import Chart, Label, Series

PANEL = 240.0
NARROW_PANEL = 168.0
SINGLE = 560.0
NARROW_SINGLE = 358.0
ROW = 31.0
HIGH = 9.0
LETTER = 12.0


def panels(chart: Chart, *, narrow: bool = False) -> tuple[Panel, ...]:
    """A panel a series, the kinds in the same order in each."""
    alone = len(chart.series) == 1
    width = (NARROW_SINGLE if narrow else SINGLE) if alone else (NARROW_PANEL if narrow else PANEL)
    labels = chart.labels()
    values = [value for each in chart.series for value in each.known().values()]
    room = max([wide(told(value, chart.measure), LETTER, bold=True) for value in values], default=0.0) + 8
    low, *_, high = steps(values, chart.measure)
    if low == 0:  # every bar says its value, so no room is spent on a round end
        high = max([*values, 0.0]) or 1.0
    scale = _Scale(low, high, 1.0, max(width - room, width / 3))
    return tuple(_panel(each, chart, labels, scale, width) for each in chart.series)


class _Scale:
    """Values to pixels from the left; halves, so that the widest span of floats does not overflow."""

    def __init__(self, low: float, high: float, left: float, right: float) -> None:
        self.low, self.span, self.left, self.width = low, high / 2 - low / 2, left, right - left

    def x(self, value: float) -> float:
        return self.left + self.width * ((value / 2 - self.low / 2) / self.span)


def _panel(series: Series, chart: Chart, labels: tuple[Label, ...], scale: _Scale, width: float) -> Panel:
    known, zero, write = series.known(), scale.x(0.0), wording(labels)
    height = max(len(labels), 1) * ROW + 4
    body = []
    for place, label in enumerate(labels):
        y = place * ROW
        body.append(text(0, y + 12, _fitted(write(label), width), size=LETTER, fill=INK_2))
        if label in known:
            end = scale.x(known[label])
            left, long = min(zero, end), abs(end - zero)
            body.append(f'<rect x="{left:.1f}" y="{y + 17:.1f}" width="{long:.1f}" height="{HIGH:g}" fill="{COMMON}"/>')
            word = told(known[label], chart.measure)
            body.append(text(max(zero, end) + 5, y + 25.5, word, size=LETTER, bold=True, fill=COMMON_DEEP))
        else:
            body.append(text(zero + 5, y + 25.5, gettext("Not known"), size=LETTER))
        body.append(f'<path d="M{zero:.1f} {y + 15:.1f}v13" stroke="{EDGE}"/>')
    if not labels:
        body.append(_nothing())
    title = f"{series.name}: {chart.title}" if len(chart.series) > 1 else chart.title
    return Panel(series.name, title, described(series, chart), width, height, "".join(body))


def _nothing() -> str:
    return text(0, 14, gettext("No value is known."), size=LETTER)


def _fitted(word: str, width: float) -> str:
    """A kind's name, cut where it would leave the panel; the table has it whole."""
    if wide(word, LETTER) <= width:
        return word
    return word[: max(1, int(width / (LETTER * 0.55)) - 1)] + "…"
