"""GeoJSON for the large map: cells with their class and the legend of this window, or points with their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from commonground.pages.charts.amounts import told
from commonground.pages.maps.classes import classes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from commonground.pages.charts.model import Measure
    from commonground.pages.maps.model import Cell, CityMap


def of_cells(cells: Sequence[Cell], measure: Measure = "count", *, total: int) -> dict[str, Any]:
    """Squares with `value`, `told`, `color`; `legend` beside them has the breaks. `total` is the rows in the window."""
    shared = classes((cell.value for cell in cells), measure)
    features = [
        _feature(
            {"type": "Polygon", "coordinates": [_square(cell)]},
            {
                "id": cell.id,
                "value": cell.value,
                "told": told(cell.value, measure),
                "color": shared.color(shared.of(cell.value)),
            },
        )
        for cell in cells
    ]
    legend = [{"color": color, "told": said} for color, said in shared.legend()]
    return _collection(features, kind="cells", legend=legend, total=total)


def of_points(points: Iterable[tuple[float, float, Mapping[str, object]]], *, total: int) -> dict[str, Any]:
    """Points (longitude, latitude, properties). A property `told` is what a reader gets to see of a point, `url` its page.

    `total` is the rows in the window, which may be more than are sent; the map says so.
    """
    features = [_feature({"type": "Point", "coordinates": [round(x, 6), round(y, 6)]}, words) for x, y, words in points]
    return _collection(features, kind="points", legend=[], total=total)


def of_outline(city: CityMap) -> dict[str, Any]:
    """The land below."""
    shape = {"type": "MultiPolygon", "coordinates": city.outline}
    return _collection([_feature(shape, {})], kind="outline", legend=[], total=1)


def _square(cell: Cell) -> list[list[float]]:
    west, south, east, north = (round(each, 6) for each in (cell.west, cell.south, cell.east, cell.north))
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _feature(geometry: Mapping[str, Any], properties: Mapping[str, object]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _collection(features: list[dict[str, Any]], **more: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features, **more}
