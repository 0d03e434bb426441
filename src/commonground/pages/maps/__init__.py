"""Maps drawn on the server as SVG, every city at one scale, each with its table; and what the large map asks for."""

from __future__ import annotations

from commonground.pages.maps.lattice import Lattice, grid, sample, size_for
from commonground.pages.maps.model import Cell, CityMap, MapRow, polygons
from commonground.pages.maps.numbers import numbers, places
from commonground.pages.maps.row import drawings, picture

__all__ = [
    "Cell",
    "CityMap",
    "Lattice",
    "MapRow",
    "drawings",
    "grid",
    "numbers",
    "picture",
    "places",
    "polygons",
    "sample",
    "size_for",
]
