"""Lines over time or along an order: one panel a series over the gray others, or all in one plot."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from commonground.pages.charts.amounts import steps, told, wording
from commonground.pages.charts.axis import Plot, left_margin, shares
from commonground.pages.charts.drawing import COMMON, COMMON_DEEP, LINE, SMALL, line, text, wide
from commonground.pages.charts.marks import marks
from commonground.pages.charts.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from commonground.pages.charts.model import Chart, Label, Series

PANEL = (240.0, 140.0)
NARROW_PANEL = (168.0, 124.0)
SHARED = (760.0, 320.0)
NARROW_SHARED = (358.0, 260.0)
MOST_MARKERS = 6
NAME_LINE = 14.0


def panels(chart: Chart, *, narrow: bool = False) -> tuple[Panel, ...]:
    """A panel a series, all with the same axes: this one in the common color, the others gray."""
    width, height = NARROW_PANEL if narrow else PANEL
    plot = _plot(chart, width, height, right=8.0)
    if plot is None:
        return tuple(_empty(each.name, width, height) for each in chart.series)
    others = "".join(
        f'<path d="{d}" fill="none" stroke="{LINE}" stroke-linejoin="round"/>'
        for each in chart.series
        for d in _strokes(each, plot, dot=False)
    )
    # Drawn once and used in each panel: the own line lies over its gray one.
    name = f"others-{hashlib.blake2b(f'{width}{others}'.encode(), digest_size=5).hexdigest()}"
    drawn = []
    for number, each in enumerate(chart.series):
        shared = f'<g id="{name}">{others}</g>' if number == 0 else f'<use href="#{name}"/>'
        body = plot.axes() + (shared if len(chart.series) > 1 else "") + _own(each, plot)
        title = f"{each.name}: {chart.title}" if len(chart.series) > 1 else chart.title
        drawn.append(Panel(each.name, title, described(each, chart), width, height, body))
    return tuple(drawn)


def shared(chart: Chart, *, narrow: bool = False) -> Panel | None:
    """All series in one plot, each with the marker of its city and its name at its end.

    None when a series is of a city without a marker: then it is small panels, not more colors.
    """
    if not all(each.city in marks() for each in chart.series):
        return None
    width, height = NARROW_SHARED if narrow else SHARED
    names = [(each.short or each.name) if narrow else each.name for each in chart.series]
    plot = _plot(chart, width, height, right=max([wide(name, 12, bold=True) for name in names], default=0) + 16)
    description = " ".join([chart.description, *(described(each, chart) for each in chart.series)])
    if plot is None:
        return _empty("", width, height)
    body = [plot.axes()]
    ends: list[tuple[float, float, str, str]] = []
    for each, name in zip(chart.series, names, strict=True):
        mark, known = marks()[each.city], each.known()
        body += [
            f'<path d="{d}" fill="none" stroke="{mark.color}" stroke-width="2" stroke-linejoin="round"/>'
            for d in _strokes(each, plot, dot=True)
        ]
        order = [label for label in plot.labels if label in known]
        every = max(1, -(-len(order) // MOST_MARKERS))
        spots = order[::-1][::every]  # from the end, so that the last point has one
        body += [mark.at(plot.x(label), plot.y(known[label])) for label in spots]
        if order:
            ends.append((plot.y(known[order[-1]]), plot.x(order[-1]), name, mark.color))
    body += _names(ends, plot)
    return Panel("", chart.title, description, width, height, "".join(body))


def described(series: Series, chart: Chart) -> str:
    """A series in a sentence: its span, its highest and its lowest value."""
    labels, known = chart.labels(), series.known()
    if not known:
        return gettext("%(name)s: no value is known.") % {"name": series.name}
    order, word = [label for label in labels if label in known], wording(labels)
    highest, lowest = max(order, key=known.__getitem__), min(order, key=known.__getitem__)
    return gettext("%(name)s, %(first)s to %(last)s: highest %(high)s (%(high_at)s), lowest %(low)s (%(low_at)s).") % {
        "name": series.name,
        "first": word(order[0]),
        "last": word(order[-1]),
        "high": told(known[highest], chart.measure),
        "high_at": word(highest),
        "low": told(known[lowest], chart.measure),
        "low_at": word(lowest),
    }


def _plot(chart: Chart, width: float, height: float, right: float) -> Plot | None:
    labels = chart.labels()
    values = [value for each in chart.series for value in each.known().values()]
    if not labels or not values:
        return None
    marks_ = steps(values, chart.measure)
    left = left_margin(marks_, chart.measure)
    return Plot(left, 20.0, width - right, height - 22.0, labels, marks_, chart.measure, shares(labels))


def _strokes(series: Series, plot: Plot, *, dot: bool) -> Iterator[str]:
    """The unbroken runs of a series; a point alone is a short dash, or a dot where markers say the rest."""
    known = series.known()
    given = {label for label, _ in series.points}
    run: list[Label] = []
    for label in (*(label for label in plot.labels if label in given), None):
        if label is not None and label in known:
            run.append(label)
            continue
        if len(run) == 1 and not dot:
            x, y = plot.x(run[0]), plot.y(known[run[0]])
            yield f"M{x - 1.5:.1f} {y:.1f}h3"
        elif len(run) > 1:
            yield line((plot.x(each), plot.y(known[each])) for each in run)
        run = []


def _own(series: Series, plot: Plot) -> str:
    known = series.known()
    if not known:
        return text((plot.left + plot.right) / 2, (plot.top + plot.bottom) / 2, gettext("Not known"), anchor="middle")
    drawn = [
        f'<path d="{d}" fill="none" stroke="{COMMON}" stroke-width="2.5" stroke-linejoin="round"/>'
        for d in _strokes(series, plot, dot=False)
    ]
    top = max((label for label in plot.labels if label in known), key=known.__getitem__)
    x, y = plot.x(top), plot.y(known[top])
    word = f"{wording(plot.labels)(top)}, {told(known[top], plot.measure)}"
    half = wide(word, SMALL, bold=True) / 2
    anchor, at = "middle", x
    if x - half < 0:
        anchor, at = "start", max(0.0, x - 4)
    elif x + half > plot.right + 8:
        anchor, at = "end", plot.right + 8
    drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{COMMON}"/>')
    drawn.append(text(at, y - 8, word, anchor=anchor, bold=True, fill=COMMON_DEEP, clear=True))
    return "".join(drawn)


def _names(ends: list[tuple[float, float, str, str]], plot: Plot) -> list[str]:
    """Names at the ends of lines, moved apart where lines end together; a leader shows whose is whose."""
    drawn, floor = [], plot.top
    ends.sort()
    lowest = [plot.bottom + 4 - NAME_LINE * (len(ends) - 1 - place) for place in range(len(ends))]
    for (y, x, name, color), most in zip(ends, lowest, strict=True):
        at = max(floor, min(y, most))
        floor = at + NAME_LINE
        if abs(at - y) > 3 or x < plot.right:  # noqa: PLR2004 - pixels that an eye forgives
            drawn.append(
                f'<path d="M{x + 5:.1f} {y:.1f}L{plot.right + 8:.1f} {at:.1f}" stroke="{color}" stroke-width="0.75"/>'
            )
        drawn.append(text(plot.right + 11, at + 4, name, size=12, bold=True, fill=color))
    return drawn


def _empty(name: str, width: float, height: float) -> Panel:
    said = gettext("No value is known.")
    return Panel(name, name or said, said, width, height, text(width / 2, height / 2, said, anchor="middle"))
