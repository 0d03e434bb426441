"""Places: degrees from columns, from texts of any usual form, or from projected coordinates; then what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa
    from pyproj import Transformer
    from shapely.geometry.base import BaseGeometry

Degrees = npt.NDArray[np.float64]
_NUMBER: Final = r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_PAIR: Final = rf"^\(?\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)?$"
"""“(lat, lon)”, as Socrata exports a location; text of an address may stand before it on lines of its own."""
_LINES: Final = rf"(?s)^.*\n\(({_NUMBER}),\s*({_NUMBER})\)$"
_WKT: Final = rf"(?i)^(?:SRID=\d+;)?POINT\s*Z?\s*\(\s*({_NUMBER})\s+({_NUMBER})"
_GEOJSON: Final = rf'"coordinates"\s*:\s*\[\s*({_NUMBER})\s*,\s*({_NUMBER})'
_LATITUDE: Final = rf"['\"]latitude['\"]\s*:\s*['\"]?({_NUMBER})"
_LONGITUDE: Final = rf"['\"]longitude['\"]\s*:\s*['\"]?({_NUMBER})"
_FARTHEST: Final = (90.0, 180.0)


class Trouble(IntEnum):
    """What is wrong with the place of a row."""

    NONE = 0
    UNREADABLE = 1
    """Something is given, and it is no place."""
    ZERO = 2
    """0/0, which stands for not known."""
    OUTSIDE = 3
    """A place, but not in the city."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a place. `first` and `second` are SQL of DOUBLE: latitude and longitude, or y and x of `epsg`."""

    first: str
    second: str
    given: str
    epsg: int = 0


def of_degrees(latitude: str, longitude: str) -> Way:
    """From two columns of degrees, as SQL of texts."""
    return Way(number(latitude), number(longitude), f"({latitude} IS NOT NULL OR {longitude} IS NOT NULL)")


def of_projected(x: str, y: str, epsg: int) -> Way:
    """From eastings and northings in the unit of the projection."""
    return Way(number(y), number(x), f"({x} IS NOT NULL OR {y} IS NOT NULL)", epsg)


def of_text(text: str) -> Way:
    """From one text: “(lat, lon)”, WKT, GeoJSON of a point, or a dict of latitude and longitude."""

    def first(*tries: tuple[str, int]) -> str:
        found = (f"nullif(regexp_extract({text}, {_sql(pattern)}, {group}), '')" for pattern, group in tries)
        return f"try_cast(coalesce({', '.join(found)}) AS DOUBLE)"

    latitude = first((_PAIR, 1), (_WKT, 2), (_GEOJSON, 2), (_LATITUDE, 1), (_LINES, 1))
    longitude = first((_PAIR, 2), (_WKT, 1), (_GEOJSON, 1), (_LONGITUDE, 1), (_LINES, 2))
    return Way(latitude, longitude, f"{text} IS NOT NULL")


def number(text: str) -> str:
    """SQL of a number, from a text that is one and nothing else: a cast would read 1_000 and +-5 as well."""
    return f"CASE WHEN NOT contains({text}, '_') AND NOT starts_with({text}, '+-') THEN try_cast({text} AS DOUBLE) END"


def sound(latitude: str, longitude: str) -> str:
    """SQL of whether two numbers are a place: see `settled`."""
    north, east = _FARTHEST
    zero = f"{latitude} <> 0 AND {longitude} <> 0"
    return f"coalesce(abs({latitude}) <= {north} AND abs({longitude}) <= {east} AND {zero}, false)"


def _sql(pattern: str) -> str:
    return "'" + pattern.replace("'", "''") + "'"


@cache
def _transformer(epsg: int) -> Transformer:
    from pyproj import Transformer

    return Transformer.from_crs(epsg, 4326, always_xy=True)


def degrees(epsg: int, x: Degrees, y: Degrees) -> tuple[Degrees, Degrees]:
    """Latitude and longitude (WGS 84) of projected coordinates in the projection's own unit; NaN stays NaN."""
    latitude, longitude = np.full(len(x), np.nan), np.full(len(x), np.nan)
    if (known := np.isfinite(x) & np.isfinite(y)).any():
        longitude[known], latitude[known] = _transformer(epsg).transform(x[known], y[known])
    return latitude, longitude


def settled(
    ways: list[tuple[Degrees, Degrees]], given: npt.NDArray[np.bool_], within: BaseGeometry | None
) -> tuple[Degrees, Degrees, npt.NDArray[np.int8]]:
    """The first way that leads to a place, row by row, and the trouble where none does.

    A place outside of `within` is no place of the city: it is left out, and its trouble says so.
    """
    size = len(given)
    latitude, longitude = np.full(size, np.nan), np.full(size, np.nan)
    zero = np.zeros(size, dtype=bool)
    for north, east in ways:
        nil = (north == 0) | (east == 0)
        zero |= nil
        sound = (np.abs(north) <= _FARTHEST[0]) & (np.abs(east) <= _FARTHEST[1]) & ~nil
        take = np.isnan(latitude) & sound
        latitude[take], longitude[take] = north[take], east[take]
    missing = np.isnan(latitude)
    trouble = np.where(missing & given, np.where(zero, Trouble.ZERO, Trouble.UNREADABLE), Trouble.NONE).astype(np.int8)
    if within is not None and not missing.all():
        outside = ~missing
        outside[outside] = ~contains(within, longitude[outside], latitude[outside])
        latitude[outside] = longitude[outside] = np.nan
        trouble[outside] = Trouble.OUTSIDE
    return latitude, longitude, trouble


def contains(area: BaseGeometry, x: Degrees, y: Degrees) -> npt.NDArray[np.bool_]:
    """Which points lie in the area; most are settled by its bounding box."""
    import shapely

    west, south, east, north = area.bounds
    found: npt.NDArray[np.bool_] = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    found[found] = shapely.contains_xy(area, x[found], y[found])
    return found


def middles(geometries: pa.ChunkedArray) -> tuple[Degrees, Degrees]:
    """Latitude and longitude of a point inside each geometry (GeoJSON as text) that is a line or an area."""
    import shapely

    texts: Any = np.array(geometries.to_pylist(), dtype=object)
    shapes = shapely.from_geojson(texts, on_invalid="ignore")
    points = shapely.point_on_surface(shapes)
    return np.asarray(shapely.get_y(points)), np.asarray(shapely.get_x(points))
