"""Points to square cells: many rows become few numbers, whose ids stay the same from build to build.

The lattice of a city is fixed by the city's latitude (a fact of its file) and a size in meters; it starts at 0, 0
degrees, so that cells of 500 m lie four to a cell of 1,000 m. A degree is 111,195 m on a sphere of 6,371 km;
cells are square at the city's latitude and, within a city as tall as Los Angeles, to half a percent elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, cos, radians
from typing import TYPE_CHECKING, Final

import numpy as np

from commonground.pages.maps.model import MOST_DOTS, Cell

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

DEGREE_M: Final = 111_195.0
SIZES_M: Final = (125, 250, 500, 1000, 2000, 4000, 8000, 16000)
"""The sizes that maps use; each halves the next, so that cells nest."""
POINTS_FROM_ZOOM: Final = 14.0
_SHIFT: Final = 1 << 30
_STEEPEST: Final = 0.01


@dataclass(frozen=True, slots=True)
class Lattice:
    """Squares of `size_m` meters (10 at least) for a city at `latitude` degrees."""

    latitude: float
    size_m: float

    @property
    def across(self) -> float:
        """Degrees of longitude of a cell."""
        return self.size_m / (DEGREE_M * max(cos(radians(self.latitude)), _STEEPEST))

    @property
    def up(self) -> float:
        """Degrees of latitude of a cell."""
        return self.size_m / DEGREE_M

    def sql(self, longitude: str, latitude: str) -> tuple[str, str]:
        """SQL expressions of a cell's column and row, for engines to group by; they agree with `grid`."""
        return (
            f"CAST(floor({longitude} / {self.across!r}) AS BIGINT)",
            f"CAST(floor({latitude} / {self.up!r}) AS BIGINT)",
        )

    def cell(self, column: int, row: int, value: float) -> Cell:
        """The cell at a column and a row, counted from 0, 0 degrees eastward and northward."""
        west, south = column * self.across, row * self.up
        name = f"{self.size_m:g}m.{column}.{row}"
        return Cell(name, west, south, west + self.across, south + self.up, value)


def grid(
    longitudes: ArrayLike, latitudes: ArrayLike, lattice: Lattice, weights: ArrayLike | None = None
) -> tuple[Cell, ...]:
    """The cells that hold points, from south-west on: their number of points, or the sum of their weights.

    Points that are not finite, or not on Earth, have no place and are left out; who calls counts them in the remainder.
    Hundreds of thousands of points take milliseconds.
    """
    x, y = np.asarray(longitudes, dtype=np.float64), np.asarray(latitudes, dtype=np.float64)
    placed = (np.abs(x) <= 180) & (np.abs(y) <= 90)  # noqa: PLR2004 - degrees; false for what is not a number
    columns: NDArray[np.int64] = np.floor(x[placed] / lattice.across).astype(np.int64)
    rows: NDArray[np.int64] = np.floor(y[placed] / lattice.up).astype(np.int64)
    keys, place = np.unique((columns + _SHIFT) * (2 * _SHIFT) + rows + _SHIFT, return_inverse=True)
    given = None if weights is None else np.asarray(weights, dtype=np.float64)[placed]
    sums = np.bincount(place, weights=given, minlength=len(keys))
    return tuple(
        lattice.cell(int(key // (2 * _SHIFT)) - _SHIFT, int(key % (2 * _SHIFT)) - _SHIFT, float(value))
        for key, value in zip(keys, sums, strict=True)
    )


def size_for(zoom: float) -> int | None:
    """The size of cells in meters at a zoom of the large map, about 17 to 34 pixels wide; None where points are shown."""
    if zoom >= POINTS_FROM_ZOOM:
        return None
    return SIZES_M[min(len(SIZES_M) - 1, max(0, ceil(POINTS_FROM_ZOOM - zoom) - 1))]


def sample(points: NDArray[np.float64], most: int = MOST_DOTS, seed: int = 1) -> list[tuple[float, float]]:
    """At most so many of the points (an array of n by 2), drawn at random, the same ones each time."""
    if len(points) > most:
        chosen = np.random.default_rng(seed).choice(len(points), most, replace=False)
        points = points[np.sort(chosen)]
    return [(float(x), float(y)) for x, y in points]
