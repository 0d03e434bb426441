"""Make `src/commonground/cities/outlines.json`: a coarse boundary of each member city.

    python tools/outlines.py FOLDER

FOLDER holds a folder for each city (its slug) with GeoJSON files `boundaries_*` (may be gzipped) of the
city's districts, wards or neighborhoods, as the cities publish them. The districts are dissolved, buffered
outward and simplified, so that only the coarse shape is left: enough to tell a point in the next county
from one in the city, and to draw the city an inch tall. Not a legal boundary, and it says so.
"""

from __future__ import annotations

import gzip
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon, mapping, shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

TARGET = Path(__file__).resolve().parent.parent / "src/commonground/cities/outlines.json"
MARGIN_M = 150.0
COARSENESS_M = 200.0
ISLET_M2 = 300_000.0
HOLE_M2 = 1_000_000.0  # a town within the city, such as Beverly Hills; lakes and slits are filled
MOST_VERTICES = 150
DEGREE_M = 111_195.0
# The county's file names for each district the city that it belongs to; only the city's own are taken.
CITY_OF_DISTRICT = {"los_angeles": "los-angeles"}
# What belongs to a city and lies in none of its districts, because nobody lives there: lines of (longitude, latitude).
CROSSINGS: dict[str, list[dict[str, Any]]] = {
    "san_francisco": [
        {
            "name": "San Francisco-Oakland Bay Bridge, west of the county line",
            "why": "The City and County reaches to the county line in the bay (California Government Code 23138); "
            "districts end at the shore, and streets of the bridge have crashes and requests.",
            "line": [[-122.3895, 37.7875], [-122.3772, 37.7985], [-122.3680, 37.8075]],
        },
        {
            "name": "San Francisco-Oakland Bay Bridge, from Yerba Buena Island to the county line",
            "why": "As above; the state's crash records put the county line near 122.351 degrees west.",
            "line": [[-122.3620, 37.8125], [-122.3554, 37.8174], [-122.3510, 37.8190]],
        },
        {
            "name": "Golden Gate Bridge",
            "why": "The city's northern line follows the Marin shore (California Government Code 23138, 23121), so the "
            "whole bridge up to that shore is in San Francisco.",
            "line": [[-122.4755, 37.8075], [-122.4779, 37.8139], [-122.4792, 37.8255]],
        },
    ],
}
CROSSING_M = 100.0  # to each side of the line
NOTE = (
    "Coarse boundaries, derived: the districts, wards or neighborhoods that each city publishes, dissolved, "
    "widened by about 150 m, islets under 0.3 km2 and holes under 1 km2 left out, simplified to at most 150 vertices, "
    "rounded to 3 decimals (about 100 m). added names bridges that belong to a city and lie in none of its districts. "
    "off_m says how many meters "
    "outside the true boundary a point within the outline may lie at most, "
    "missed_share what share of the true area lies without. For plausibility and small maps; not a legal boundary."
)


def main(folder: Path) -> None:
    """Writes the file and tells the vertices and the error of each city."""
    outlines = {}
    for city in sorted(path for path in folder.iterdir() if any(path.glob("boundaries_*"))):
        outlines[city.name] = outline(city)
        print(city.name, {key: value for key, value in outlines[city.name].items() if key != "geometry"})
    parts = ",\n".join(
        f"{json.dumps(slug)}: {json.dumps(one, separators=(',', ':'))}" for slug, one in outlines.items()
    )
    TARGET.write_text(f'{{\n"note": {json.dumps(NOTE)},\n"outlines": {{\n{parts}\n}}\n}}\n', encoding="utf-8")


def outline(city: Path) -> dict[str, Any]:
    """One city's outline: `geometry` (GeoJSON, WGS 84), `off_m`, `vertices`, `made_from` (names of files), `added`."""
    files = sorted(city.glob("boundaries_*"))
    degrees = shapely.union_all([one for path in files for one in districts(path, CITY_OF_DISTRICT.get(city.name))])
    middle = degrees.centroid.y
    added = CROSSINGS.get(city.name, [])
    across, up = math.cos(math.radians(middle)) * DEGREE_M, DEGREE_M
    lines = [_scaled(LineString(one["line"]), across, up).buffer(CROSSING_M) for one in added]
    true = shapely.union_all([_scaled(degrees, across, up), *lines])
    true = _solid(true.buffer(MARGIN_M)).buffer(-MARGIN_M)  # closes the slits between neighbors
    coarse, tolerance = _coarse(true)
    rough = shapely.set_precision(_scaled(coarse, 1 / across, 1 / up), grid_size=0.001)
    back = _scaled(rough, across, up)
    return {
        "made_from": [path.name.partition(".")[0] for path in files],
        **({"added": [{"name": one["name"], "why": one["why"]} for one in added]} if added else {}),
        "vertices": _vertices(rough),
        "tolerance_m": round(tolerance),
        "off_m": round(max(true.distance(shapely.points(shapely.get_coordinates(back.segmentize(50)))))),
        "missed_share": round(true.difference(back).area / true.area, 5),
        "geometry": json.loads(json.dumps(mapping(_rounded(rough)))),
    }


def districts(path: Path, owner: str | None) -> Iterator[BaseGeometry]:
    """The districts of a file, made valid; with an owner, only those whose `metadata.city` is that."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for feature in json.loads(text)["features"]:
        told = feature["properties"].get("metadata")
        if owner and told is not None and told["city"] != owner:
            continue
        yield shapely.make_valid(shape(feature["geometry"])).buffer(0)


def _coarse(true: BaseGeometry) -> tuple[BaseGeometry, float]:
    """The shape widened by the margin and the tolerance, then simplified by it, until it has few enough vertices."""
    tolerance = COARSENESS_M
    while True:
        # Opened before: what is narrower than the tolerance at sea (inlets, piers) is not worth vertices.
        wide = _solid(true.buffer(2 * MARGIN_M + tolerance).buffer(-MARGIN_M))
        coarse = wide.simplify(tolerance)
        if _vertices(coarse) <= MOST_VERTICES:
            return coarse, tolerance
        tolerance *= 1.1


def _solid(geometry: BaseGeometry) -> BaseGeometry:
    """Without small holes and islets."""
    parts = [
        Polygon(one.exterior, [hole for hole in one.interiors if Polygon(hole).area >= HOLE_M2])
        for one in _polygons(geometry)
    ]
    kept = [one for one in parts if one.area >= ISLET_M2] or parts
    return shapely.union_all(kept)


def _polygons(geometry: BaseGeometry) -> list[Polygon]:
    if isinstance(geometry, Polygon):
        return [geometry]
    return [part for part in getattr(geometry, "geoms", ()) for part in _polygons(part)]


def _vertices(geometry: BaseGeometry) -> int:
    return sum(len(ring.coords) for one in _polygons(geometry) for ring in (one.exterior, *one.interiors))


def _scaled(geometry: BaseGeometry, across: float, up: float) -> BaseGeometry:
    return shapely.transform(geometry, lambda points: points * [across, up])


def _rounded(geometry: BaseGeometry) -> MultiPolygon:
    rounded = shapely.transform(geometry, lambda points: points.round(3))
    return MultiPolygon(_polygons(rounded))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
