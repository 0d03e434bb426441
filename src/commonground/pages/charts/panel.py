"""One drawing of a chart: a small panel of a city, or the single plot of the whole."""

from __future__ import annotations

from dataclasses import dataclass

from commonground.pages.charts.drawing import svg


@dataclass(frozen=True, slots=True)
class Panel:
    """A drawing in pixels. `name` is the city's, or empty for a plot of all; `body` is SVG without its root."""

    name: str
    title: str
    description: str
    width: float
    height: float
    body: str

    def svg(self) -> str:
        """The drawing as an image of its own."""
        return svg(self.width, self.height, self.body, title=self.title, description=self.description)
