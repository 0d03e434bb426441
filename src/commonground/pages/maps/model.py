"""What a map row shows, apart from how it is drawn: every city at one scale, with dots or with cells of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, Protocol

from commonground.pages.charts.model import Measure

Ring = tuple[tuple[float, float], ...]
"""A closed line of longitudes and latitudes in degrees (WGS 84)."""

Polygon = tuple[Ring, ...]
"""An outer ring, then its holes."""

MOST_DOTS = 600
"""Dots that a city shows at most; `sample` draws them from more."""


class Shape(Protocol):
    """A polygon of shapely, or whatever else speaks GeoJSON by `__geo_interface__`."""

    @property
    def __geo_interface__(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Cell:
    """A square of the grid: its stable id, its edges in degrees, and a quantity (finite)."""

    id: str
    west: float
    south: float
    east: float
    north: float
    value: float


@dataclass(frozen=True, slots=True)
class CityMap:
    """A city in a row of maps: `placed` of `rows` have a place. Without any, `reason` says why in a few words.

    `outline` is made by `polygons`; `points` are longitude and latitude in degrees, at most `MOST_DOTS` are drawn.
    `url` leads to the city's large map.
    """

    slug: str
    name: str
    rows: int
    placed: int
    outline: tuple[Polygon, ...]
    points: Sequence[tuple[float, float]] = ()
    cells: Sequence[Cell] = ()
    reason: str = ""
    url: str = ""

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """West, south, east and north of the outline, in degrees."""
        longitudes = [x for polygon in self.outline for ring in polygon for x, _ in ring]
        latitudes = [y for polygon in self.outline for ring in polygon for _, y in ring]
        return min(longitudes), min(latitudes), max(longitudes), max(latitudes)

    @property
    def shown(self) -> Sequence[tuple[float, float]]:
        """The points that are drawn: finite, and at most `MOST_DOTS`."""
        return [point for point in self.points if isfinite(point[0]) and isfinite(point[1])][:MOST_DOTS]


@dataclass(frozen=True, slots=True)
class MapRow:
    """Maps of several cities at one scale. `unit` says what a dot or a cell is; the rest is as of a chart.

    `kind` is dots, or a grid whose cells all cities color by the same breaks.
    """

    title: str
    description: str
    unit: str
    cities: tuple[CityMap, ...]
    source: str
    remainder_note: str = ""
    source_url: str = ""
    note: str = ""
    kind: Literal["dots", "grid"] = "dots"
    measure: Measure = "count"


def polygons(shape: Shape) -> tuple[Polygon, ...]:
    """The polygons of a shape, as plain numbers."""
    told = shape.__geo_interface__
    found = [told["coordinates"]] if told["type"] == "Polygon" else told["coordinates"]
    return tuple(tuple(tuple((float(x), float(y)) for x, y, *_ in ring) for ring in polygon) for polygon in found)
