"""Shapes: Esri's form to GeoJSON and back, coordinates as they are (numbers may be `Written` texts)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from commonground.words import Raw

_POINT = ("x", "y", "z")


def geojson(shape: object) -> Raw | None:
    """GeoJSON of a shape in Esri's form; None for an empty one, or what is no shape.

    Rings tell by their direction what they are: clockwise is the outside of a polygon, the others are holes in the
    polygon before them.
    """
    if not isinstance(shape, dict):
        return None
    if shape.get("x") not in {None, "NaN"} and shape.get("y") is not None:
        return {"type": "Point", "coordinates": [shape[name] for name in _POINT if shape.get(name) is not None]}
    for key, one, many in (("points", "MultiPoint", "MultiPoint"), ("paths", "LineString", "MultiLineString")):
        parts = shape.get(key)
        if isinstance(parts, list) and parts:
            single = key == "paths" and len(parts) == 1
            return {"type": one if single else many, "coordinates": parts[0] if single else parts}
    rings = shape.get("rings")
    if isinstance(rings, list) and rings:
        polygons = _polygons(rings)
        if len(polygons) == 1:
            return {"type": "Polygon", "coordinates": polygons[0]}
        return {"type": "MultiPolygon", "coordinates": polygons}
    return None


def _polygons(rings: Sequence[Any]) -> list[list[Any]]:
    found: list[list[Any]] = []
    for ring in rings:
        if found and _area(ring) > 0:
            found[-1].append(ring)
        else:
            found.append([ring])
    return found


def _area(ring: Sequence[Any]) -> float:
    """Twice the area of a ring; negative where it runs clockwise."""
    points = [(float(point[0]), float(point[1])) for point in ring]
    return sum(x * v - u * y for (x, y), (u, v) in pairwise(points))


def esri(shape: object) -> Raw | None:
    """Esri's form of a GeoJSON geometry; None for none, and for a collection, which Esri has no form for."""
    kind = shape.get("type") if isinstance(shape, dict) else None
    told = shape.get("coordinates") if isinstance(shape, dict) else None
    return _ESRI[kind](told) if kind in _ESRI and isinstance(told, list) and told else None


def _rings(polygons: Sequence[Any]) -> Raw:
    return {"rings": [_turned(ring, outside=not at) for polygon in polygons for at, ring in enumerate(polygon)]}


def _turned(ring: list[Any], *, outside: bool) -> list[Any]:
    return ring if (_area(ring) < 0) is outside else ring[::-1]


_ESRI: Mapping[str | None, Callable[[list[Any]], Raw]] = {
    "Point": lambda told: dict(zip(_POINT, told, strict=False)),
    "MultiPoint": lambda told: {"points": told},
    "LineString": lambda told: {"paths": [told]},
    "MultiLineString": lambda told: {"paths": told},
    "Polygon": lambda told: _rings([told]),
    "MultiPolygon": _rings,
}

KINDS = {
    "Point": "esriGeometryPoint",
    "MultiPoint": "esriGeometryMultipoint",
    "LineString": "esriGeometryPolyline",
    "MultiLineString": "esriGeometryPolyline",
    "Polygon": "esriGeometryPolygon",
    "MultiPolygon": "esriGeometryPolygon",
}
"""GeoJSON's types to a layer's `geometryType`."""
