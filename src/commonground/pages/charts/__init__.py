"""Charts drawn on the server as SVG, each with its numbers. Plain values in, text out; no table's model behind."""

from __future__ import annotations

from commonground.pages.charts.model import Chart, Series
from commonground.pages.charts.numbers import Numbers, numbers
from commonground.pages.charts.panel import Panel
from commonground.pages.charts.picture import panels, picture
from commonground.pages.charts.pixels import png

__all__ = ["Chart", "Numbers", "Panel", "Series", "numbers", "panels", "picture", "png"]
