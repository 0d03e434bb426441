"""The table twin of a row of maps, and the places or cells behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext

from commonground.pages.charts.amounts import told
from commonground.pages.charts.numbers import Numbers
from commonground.pages.maps.row import share_told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from commonground.pages.maps.model import CityMap, MapRow


def numbers(row: MapRow) -> Numbers:
    """A line a city, in the order given: rows, with a place, without; of a grid also its cells and the highest."""
    header = [
        gettext("City"),
        gettext("Rows"),
        gettext("With a place"),
        gettext("Without a place"),
        gettext("Share with a place"),
    ]
    if row.kind == "grid":
        header += [gettext("Squares with rows"), gettext("Most in one square")]
    rows, said = [], []
    for city in row.cities:
        highest = max((cell.value for cell in city.cells), default=None)
        counts: list[float | None] = [city.rows, city.placed, city.rows - city.placed]
        share = round(100 * city.placed / city.rows, 2) if city.rows else None
        cells: list[float | None] = [len(city.cells), highest] if row.kind == "grid" else []
        rows.append((city.name, *counts, share, *cells))
        words = [told(each, "count") for each in counts]
        tail = [told(len(city.cells), "count"), told(highest, row.measure)] if cells else []
        said.append((city.name, *words, share_told(city), *tail))
    return Numbers(tuple(header), tuple(rows), tuple(said))


PLACES = ("city", "longitude", "latitude")
CELLS = ("city", "cell", "west", "south", "east", "north", "value")


def places(row: MapRow) -> Iterator[tuple[str | float, ...]]:
    """What is drawn, row by row under `PLACES` or, of a grid, `CELLS`; degrees (WGS 84)."""
    for city in row.cities:
        yield from _cells(city) if row.kind == "grid" else ((city.slug, x, y) for x, y in city.shown)


def _cells(city: CityMap) -> Iterator[tuple[str | float, ...]]:
    for cell in city.cells:
        edges = (round(each, 6) for each in (cell.west, cell.south, cell.east, cell.north))
        yield (city.slug, cell.id, *edges, cell.value)
