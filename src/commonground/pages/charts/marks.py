"""The marker of a city where cities share one plot: a shape and a color, never the color alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SHAPES = {
    "circle": "M{r} 0A{r} {r} 0 1 1 -{r} 0A{r} {r} 0 1 1 {r} 0Z",
    "square": "M-{s} -{s}H{s}V{s}H-{s}Z",
    "up": "M0 -{t}L{t} {s}H-{t}Z",
    "down": "M0 {t}L{t} -{s}H-{t}Z",
    "diamond": "M0 -{t}L{t} 0L0 {t}L-{t} 0Z",
    "plus": "M-{t} 0H{t}M0 -{t}V{t}",
    "cross": "M-{s} -{s}L{s} {s}M{s} -{s}L-{s} {s}",
}
RADII = {"r": "3.6", "s": "3.3", "t": "4.4"}
OPEN = ("plus", "cross")


@dataclass(frozen=True, slots=True)
class Mark:
    """A color and a shape."""

    color: str
    shape: str

    def at(self, x: float, y: float) -> str:
        """The marker as SVG, with a white edge so that it stands clear of lines."""
        outline = SHAPES[self.shape].format(**RADII)
        place = f'transform="translate({x:.1f} {y:.1f})"'
        if self.shape in OPEN:
            return f'<path {place} d="{outline}" fill="none" stroke="{self.color}" stroke-width="2.4"/>'
        return f'<path {place} d="{outline}" fill="{self.color}" stroke="#ffffff" stroke-width="1"/>'


@cache
def marks() -> dict[str, Mark]:
    """The markers by the slug of their city."""
    found = json.loads(Path(__file__).with_name("marks.json").read_text(encoding="utf-8"))["marks"]
    return {slug: Mark(*pair) for slug, pair in found.items()}
