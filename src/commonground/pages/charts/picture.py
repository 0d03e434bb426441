"""A whole chart as one picture: title, unit, panels, what is missing, and the source, for files and embeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commonground.pages.charts import bars, lines
from commonground.pages.charts.drawing import INK, INK_2, INK_3, PAPER, svg, text, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from commonground.pages.charts.model import Chart
    from commonground.pages.charts.panel import Panel

EDGE_SPACE = 24.0
GAP = 32.0
ACROSS = 4


def panels(chart: Chart, *, narrow: bool = False) -> tuple[Panel, ...]:
    """The drawings of a chart by its form, at the size for desks or for phones."""
    if chart.form == "bars":
        return bars.panels(chart, narrow=narrow)
    if chart.form == "lines" and chart.series and (one := lines.shared(chart, narrow=narrow)):
        return (one,)
    return lines.panels(chart, narrow=narrow)


def picture(chart: Chart, *, narrow: bool = False) -> str:
    """The chart as one SVG file that says everything a reader needs to trust it, wherever it lands."""
    drawn = panels(chart, narrow=narrow)
    across = max(1, min(2 if narrow else ACROSS, len(drawn)))
    one = max((panel.width for panel in drawn), default=240.0)
    width = max(across * one + (across - 1) * GAP, 320.0 if narrow else 520.0) + 2 * EDGE_SPACE
    body, y = head(chart.title, chart.unit, width)
    for start in range(0, len(drawn), across):
        row = drawn[start : start + across]
        named = 20.0 if any(panel.name for panel in row) and len(drawn) > 1 else 0.0
        for place, panel in enumerate(row):
            x = EDGE_SPACE + place * (one + GAP)
            if named:
                body.append(text(x, y + 13, panel.name, size=15, bold=True, fill=INK))
            body.append(f'<g transform="translate({x:.1f} {y + named:.1f})">{panel.body}</g>')
        y += named + max(panel.height for panel in row) + 20
    y = foot(body, (chart.remainder_note, chart.source), width, y)
    description = " ".join([chart.description, *(panel.description for panel in drawn), chart.remainder_note])
    return framed(width, y, body, chart.title, description)


def head(title: str, unit: str, width: float) -> tuple[list[str], float]:
    """The title and the unit, and how far down they reach."""
    body, y = [], EDGE_SPACE
    for each in wrapped(title, width - 2 * EDGE_SPACE, 22):
        y += 26
        body.append(text(EDGE_SPACE, y - 8, each, size=21, bold=True, fill=INK))
    for each in wrapped(unit, width - 2 * EDGE_SPACE, 14):
        y += 19
        body.append(text(EDGE_SPACE, y - 5, each, size=14, fill=INK_2))
    return body, y + 16


def foot(body: list[str], notes: Iterable[str], width: float, y: float) -> float:
    """What is missing and the source below; gives where they end."""
    for note in notes:
        for each in wrapped(note, width - 2 * EDGE_SPACE, 13):
            y += 18
            body.append(text(EDGE_SPACE, y - 4, each, size=13, fill=INK_3))
    return y


def framed(width: float, y: float, body: list[str], title: str, description: str) -> str:
    """On white paper, so that the file can be read on any ground."""
    height = round(y + EDGE_SPACE)
    paper = f'<rect width="{width:g}" height="{height}" fill="{PAPER}"/>'
    return svg(width, height, paper + "".join(body), title=title, description=description)
