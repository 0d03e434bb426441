"""What the large map asks for: `.geojson?bbox=…&zoom=…`, squares from afar, points from near."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control

from commonground.catalog.browse import known_cities
from commonground.engine.shared import questions
from commonground.errors import Usage
from commonground.pages.maps import Lattice, geojson
from commonground.pages.maps.window import window
from commonground.standards.datapackage import FORMATS
from commonground.standards.model import CITY
from commonground.tables import giving
from commonground.tables.reading.rows import SECONDS, selected
from commonground.tables.showing import cells

if TYPE_CHECKING:
    from commonground.pages.maps.model import Cell
    from commonground.tables.manifest import Table
    from commonground.tables.reading.question import Question

MOST: Final = 5_000
"""Points of a window; the map says when there are more."""


def drawn(request: HttpRequest, table: Table, question: Question) -> HttpResponseBase:
    """The window of the address. Raises `Usage` naming the part that is wrong."""
    if not request.GET.get("bbox"):
        raise Usage("bbox is missing.", advice="Write bbox=west,south,east,north in degrees beside zoom.")
    size = window(request.GET["bbox"], request.GET["zoom"]).size_m
    paths = [table.cities[one].rows for one in question.cities]
    etag = f'"{giving.state(paths, "window", size, question.terms)}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        told = _squares(table, question, size) if size else _points(table, question)
        response = HttpResponse(orjson.dumps(told), content_type=FORMATS["geojson"])
    response.headers["ETag"] = etag
    response.headers["X-Robots-Tag"] = "noindex"
    patch_cache_control(response, no_cache=True)
    return response


def _squares(table: Table, question: Question, size: int) -> dict[str, Any]:
    """Each city has a lattice of its own, so that its squares are square."""
    found: list[Cell] = []
    known = known_cities()
    with questions(seconds=SECONDS) as session:
        for slug in question.cities:
            lattice = Lattice(known[slug].latitude, size)
            across, up = lattice.sql("longitude", "latitude")
            source, values = selected(giving.files(table), question, [slug])
            sql = f"SELECT {across} AS x, {up} AS y, count(*) FROM {source} AND latitude IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
            found += [lattice.cell(*row) for row in session.execute(sql, values).fetchall()]
    return geojson.of_cells(found, total=int(sum(one.value for one in found)))


def _points(table: Table, question: Question) -> dict[str, Any]:
    standard = table.standard
    shown = dict.fromkeys(name for name in (standard.time, standard.kind, *standard.key) if name)
    with questions(seconds=SECONDS) as session:
        source, values = selected(giving.files(table), question, question.cities)
        columns = ", ".join(f'"{name}"' for name in shown)
        found = session.execute(
            f"SELECT longitude, latitude, {columns}, count(*) OVER () FROM {source} AND latitude IS NOT NULL"
            f" ORDER BY {CITY}, _order LIMIT {MOST}",
            values,
        ).fetchall()
    rows = [(one[0], one[1], dict(zip(shown, one[2:-1], strict=True))) for one in found]
    points = [(x, y, {"told": _told(table, row), "url": cells.address(standard, row)}) for x, y, row in rows]
    return geojson.of_points(points, total=found[0][-1] if found else 0)


def _told(table: Table, row: dict[str, Any]) -> str:
    """Kind and day, in words."""
    standard = table.standard
    kind = standard.codes(standard.kind).get(row[standard.kind], row[standard.kind]) if standard.kind else ""
    return ", ".join(str(one) for one in (kind, row.get(standard.time, "")) if one)
