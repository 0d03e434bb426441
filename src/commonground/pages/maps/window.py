"""What the large map asks for: `?bbox=west,south,east,north&zoom=11`."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Final

from commonground.errors import Usage
from commonground.pages.maps.lattice import size_for

DEEPEST: Final = 24.0


@dataclass(frozen=True, slots=True)
class Window:
    """A bounding box in degrees and a zoom (0 is the whole Earth in 512 pixels)."""

    west: float
    south: float
    east: float
    north: float
    zoom: float

    @property
    def size_m(self) -> int | None:
        """The size of cells in meters to aggregate by; None: send the points."""
        return size_for(self.zoom)


def window(bbox: str, zoom: str) -> Window:
    """The window of a query. Raises `Usage` naming the part that is wrong."""
    edges = [_number(each, "bbox") for each in bbox.split(",")]
    if len(edges) != 4:  # noqa: PLR2004 - four sides
        raise Usage(f"bbox: “{bbox}” is not four numbers.", advice="Write bbox=west,south,east,north in degrees.")
    west, south, east, north = edges
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):  # noqa: PLR2004 - degrees
        raise Usage(
            f"bbox: “{bbox}” is no box on Earth.",
            advice="West is less than east, both within -180 and 180; south is less than north, within -90 and 90.",
        )
    depth = _number(zoom, "zoom")
    if not 0 <= depth <= DEEPEST:
        raise Usage(f"zoom: “{zoom}” is out of range.", advice=f"Write a number from 0 to {DEEPEST:g}.")
    return Window(west, south, east, north, depth)


def _number(text: str, part: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise Usage(f"{part}: “{text}” is no number.", advice="Write degrees with a point, such as -87.63.")
    return value
