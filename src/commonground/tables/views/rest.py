"""Rows of tables for programs: pages of JSON and GeoJSON, streams of CSV and Parquet, and files of each city."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from commonground.errors import NotFound, Usage
from commonground.pages import portions
from commonground.pages.addresses import absolute
from commonground.pages.errors import problem
from commonground.standards.datapackage import FORMATS
from commonground.standards.telling import near
from commonground.tables import giving, manifest, packaging
from commonground.tables.reading import rows, writing
from commonground.tables.reading.question import Question, asked, release
from commonground.tables.views import windows

if TYPE_CHECKING:
    from commonground.tables.manifest import Table

MADE_FIRST: Final = 2_000_000
"""Rows of a table up to which its CSV is written into a file before any of it is sent."""
FORMS: Final = ("json", "csv", "geojson", "parquet")
_TYPES: Final = {**FORMATS, "csv": "text/csv; charset=utf-8; header=present", "json": "application/json; charset=utf-8"}


@require_safe
def data(request: HttpRequest, standard: str, form: str) -> HttpResponseBase:
    """The rows of a table that the address asks for: pages of JSON and GeoJSON, all rows as CSV or Parquet."""
    try:
        return _data(request, standard, form)
    except Usage as error:
        return _refused(request, error)


@require_safe
def package(request: HttpRequest, standard: str, number: int | None = None) -> HttpResponseBase:
    """The data package of a release: its files, their hashes, licenses, sources, and what could not be mapped."""
    try:
        found = manifest.table(standard, number)
    except Usage as error:
        return _refused(request, error)
    told = packaging.package(found, below="" if number else f"releases/{found.number}/")
    body = orjson.dumps(told, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    etag = f'"{giving.state([], body)}"'
    response = get_conditional_response(request, etag=etag) or HttpResponse(body, content_type=_TYPES["json"])
    return _open(response, etag)


@require_safe
def city_file(request: HttpRequest, standard: str, number: int, city: str, form: str) -> HttpResponseBase:
    """All rows of a city in a release, as a file of which portions can be asked for."""
    try:
        found, held = _city(standard, number, city)
        if form == "parquet":
            path, digest = held.rows, giving.state([held.rows])
        else:
            path, digest = giving.as_file(found, form, [city])
    except Usage as error:
        return _refused(request, error)
    name = f"{found.standard.name}-{number}-{city}.{form}"
    modified = int(held.rows.stat().st_mtime)
    given = portions.Given(path, name, _TYPES[form], f'"{digest}"', modified)
    return _described(portions.respond(request, given), found, [city])


@require_safe
def withheld_file(request: HttpRequest, standard: str, number: int, city: str) -> HttpResponseBase:
    """The rows of a city that a release withholds, each with its reason in `_withheld`."""
    try:
        found, held = _city(standard, number, city)
        if not held.withheld.is_file():
            raise NotFound(f"No row of {city} is withheld in release {number} of {standard}.")
    except Usage as error:
        return _refused(request, error)
    given = portions.Given(
        held.withheld,
        f"{found.standard.name}-{number}-withheld-{city}.parquet",
        _TYPES["parquet"],
        f'"{giving.state([held.withheld])}"',
        int(held.withheld.stat().st_mtime),
    )
    return _described(portions.respond(request, given), found, [city])


def _city(standard: str, number: int, city: str) -> tuple[Table, manifest.CityRows]:
    found = manifest.table(standard, number)
    if city not in found.cities:
        message = f"Release {number} of {standard} has no rows of “{city}”."
        raise NotFound(message, advice=near(city, sorted(found.cities)))
    giving.checked(found, asked({"city": [city]}, found.standard, found.cities))
    return found, found.cities[city]


def _data(request: HttpRequest, standard: str, form: str) -> HttpResponseBase:
    query = {name: [str(one) for one in values] for name, values in request.GET.lists()}
    found = manifest.table(standard, release(query))
    question = asked(query, found.standard, found.cities)
    if form == "geojson" and not found.standard.has_place:
        raise NotFound(f"The rows of {standard} have no place.", advice="Take .json or .csv.")
    if request.GET.get("zoom"):
        if form != "geojson":
            raise Usage("zoom: only .geojson has one.", advice="Leave zoom out.")
        return windows.drawn(request, found, question)
    question, left_out = giving.checked(found, question)
    unfiltered = form in {"csv", "parquet"} and question == giving.checked(found, _all(found))[0]
    if unfiltered and _as_file(request, found, question, form):
        return _whole(request, found, question, left_out, form)
    paths = [found.cities[one].rows for one in question.cities]
    etag = f'"{giving.state(paths, form, found.number, sorted(query.items()), sorted(left_out.items()))}"'
    if unfiltered:  # the file will have the same bytes
        etag = f'"{giving.mark(found, form, question.cities)}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None and "json" in form:
        response = _page(request, found, question, left_out, form)
    response = response or _stream(request, found, question, form)
    if unfiltered:
        response.headers["Accept-Ranges"] = "bytes"
    return _described(_open(response, etag), found, question.cities, left_out)


def _all(found: Table) -> Question:
    return asked({}, found.standard, found.cities)


def _as_file(request: HttpRequest, found: Table, question: Question, form: str) -> bool:
    """Whether a file answers a question for all rows: portions of it can be asked for.

    A large one of CSV that is not made yet begins to come at once instead, unless its rest is asked for.
    """
    small = sum(found.cities[one].result.mapped for one in question.cities) <= MADE_FIRST
    return form == "parquet" or small or "Range" in request.headers or bool(giving.made(found, form, question.cities))


def _whole(
    request: HttpRequest, found: Table, question: Question, left_out: Mapping[str, str], form: str
) -> HttpResponseBase:
    if not question.cities:
        raise giving.NotGiven(next(iter(left_out.values()), "The table has no rows."))
    path, digest = giving.as_file(found, form, question.cities)
    modified = int(max(found.cities[one].rows.stat().st_mtime for one in question.cities))
    given = portions.Given(path, f"{found.standard.name}.{form}", _TYPES[form], f'"{digest}"', modified)
    return _described(portions.respond(request, given), found, question.cities, left_out)


def _page(
    request: HttpRequest, found: Table, question: Question, left_out: Mapping[str, str], form: str
) -> HttpResponseBase:
    page = rows.page(giving.files(found), question)
    following = None
    if page.after:
        query = request.GET.copy()
        query["release"], query["after"] = str(found.number), page.after.told()
        following = absolute(f"{reverse(f'table.{form}', args=[found.standard.name])}?{query.urlencode()}")
    told: dict[str, Any] = {
        "standard": found.standard.name,
        "version": found.standard.version,
        "release": found.number,
        "published": found.at,
        "count": sum(found.cities[one].result.mapped for one in question.cities) if question.whole else None,
        "next": following,
        "left_out": dict(left_out),
        "license": giving.terms(found, question.cities),
        "attribution": giving.attribution(found, question.cities),
    }
    if form == "json":
        told["rows"] = list(writing.records(page.rows))
    else:
        told = {"type": "FeatureCollection", **told, "features": list(writing.features(page.rows))}
    response = HttpResponse(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE), content_type=_TYPES[form])
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def _stream(request: HttpRequest, found: Table, question: Question, form: str) -> HttpResponseBase:
    if not question.cities:
        raise giving.NotGiven("None of these rows is given away.")
    pieces: Iterator[bytes] = iter(())
    if request.method == "GET":
        pieces = iter((giving.csv if form == "csv" else giving.parquet)(found, question))
    response = StreamingHttpResponse(pieces, content_type=_TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{found.standard.name}.{form}"'
    return response


def _refused(request: HttpRequest, error: Usage) -> HttpResponse:
    status = 451 if isinstance(error, giving.NotGiven) else 404 if isinstance(error, NotFound) else 400
    return problem(request, status, f"{error.message} {error.advice}".strip())


def _open(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response.headers["ETag"] = etag
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Link, X-Left-Out"
    response.headers["X-Robots-Tag"] = "noindex"
    patch_cache_control(response, no_cache=True)
    return response


def _described(
    response: HttpResponseBase,
    found: Table,
    chosen: Iterable[str],
    left_out: Mapping[str, str] | None = None,
) -> HttpResponseBase:
    """Links to the data package and the licenses; which cities are left out."""
    described = reverse("table-release-package", args=[found.standard.name, found.number])
    addresses = dict.fromkeys(one["url"] for one in giving.terms(found, chosen) if one["url"])
    links = [response.headers.get("Link", ""), f'<{absolute(described)}>; rel="describedby"; type="application/json"']
    links += [f'<{one}>; rel="license"' for one in addresses if one.isascii() and not set(one) & set('<>" \r\n')]
    response.headers["Link"] = ", ".join(one for one in links if one)
    if left_out:
        response.headers["X-Left-Out"] = ", ".join(left_out)
    return response
