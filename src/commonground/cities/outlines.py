"""A coarse outline of each member city: to tell a point elsewhere from one in the city, and for small maps.

`outlines.json` beside this file says how the outlines were made and how far off they may be (about half a
kilometer outward, never inward). They are derived facts, not legal boundaries. `tools/outlines.py` makes them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonground.errors import NotFound

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from commonground.words import City, Extent

PACKAGED = Path(__file__).with_name("outlines.json")


def outlined() -> frozenset[str]:
    """The slugs of the cities that have an outline."""
    return frozenset(_outlines())


def outline(slug: str, extent: Extent | None = None) -> BaseGeometry:
    """The outline of the city of that slug: a prepared shapely (multi)polygon, longitude and latitude in degrees (WGS 84).

    A city without one gets its extent as a box: the packaged city's own, or the one given (cities of an
    operator's folder). Raises `NotFound` when there is neither. Do not change what you get: it is shared.
    """
    if slug in _outlines():
        return _shape(slug)
    if extent is None:
        from commonground.cities import cities

        if slug not in cities():
            raise NotFound(
                f"No outline and no extent of a city “{slug}”.",
                advice="Give the extent of the city, or use the slug of a city file, such as new_york.",
            )
        extent = cities()[slug].extent
    return _box(extent)


def outline_of(city: City) -> BaseGeometry:
    """The outline of a city, or its extent as a box."""
    return outline(city.slug, city.extent)


def told(slug: str) -> dict[str, Any]:
    """What the file says of a city's outline: `made_from`, `added` (bridges, with why), `vertices`, `tolerance_m`, `off_m`, `missed_share`.

    Empty for a city without an outline.
    """
    return {key: value for key, value in _outlines().get(slug, {}).items() if key != "geometry"}


@cache
def _outlines() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(PACKAGED.read_text(encoding="utf-8"))["outlines"]
    return found


@cache
def _shape(slug: str) -> BaseGeometry:
    import shapely
    from shapely.geometry import shape

    geometry = shape(_outlines()[slug]["geometry"])
    shapely.prepare(geometry)
    return geometry


@cache
def _box(extent: Extent) -> BaseGeometry:
    import shapely

    box: BaseGeometry = shapely.box(extent.west, extent.south, extent.east, extent.north)
    shapely.prepare(box)
    return box
