"""A small site of charts and maps, behind the middleware of the real one: for the tests beside it only."""

from __future__ import annotations

import math
from datetime import date
from functools import cache

import numpy as np
from csp.decorators import csp_exempt
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template import Context, Template
from django.urls import include, path

from commonground.cities import cities
from commonground.cities.outlines import outline
from commonground.pages.charts import Chart, Series
from commonground.pages.maps import CityMap, Lattice, MapRow, grid, polygons, sample
from commonground.pages.maps.geojson import of_cells, of_points
from commonground.pages.maps.window import window
from commonground.pages.pictures import as_file, embedded

SOURCE = "Crime incidents 1.0.0, Common Ground, build of July 23, 2022"
KINDS = ("Street and sidewalk", "Graffiti", "Abandoned vehicle", "Street light", "Noise", "Rodents")
PAGE = """{% load pages figures %}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Figures</title><link rel="icon" href="{% asset "mark.svg" %}"><link rel="stylesheet" href="{% asset "site.css" %}"></head>
<body><div class="wrap"><main><h1>Figures</h1>
<section>{% map_row dots svg="/figures/map.svg" png="/figures/map.png" csv="/figures/map.csv" embed="/figures/map.embed" %}</section>
<section>{% map_row grid %}</section>
<section>{% chart hours svg="/figures/hours.svg" png="/figures/hours.png" csv="/figures/hours.csv" embed="/figures/hours.embed" %}</section>
<section>{% chart months %}</section>
<section>{% chart kinds %}</section>
<section>{% chart alone %}</section>
<section><h2>Chicago</h2>{% large_map chicago source="/figures/points.geojson?city=chicago" %}</section>
<section><h2>Boston</h2>{% large_map boston source="/figures/points.geojson?city=boston" %}</section>
</main></div></body></html>"""


@cache
def points(city: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Invented places: a heap in the middle of the city."""
    random = np.random.default_rng(4)
    west, south, east, north = outline(city).bounds
    middle = ((west + east) / 2, (south + north) / 2)
    return random.normal(middle, 0.02, (3000, 2))


def by_city(values: int, places: tuple[object, ...]) -> tuple[Series, ...]:
    """Invented values, the same ones each time."""
    random = np.random.default_rng(values)
    drawn = []
    for member in cities().values():
        known = [
            None if member.slug == "seattle" and 2 < place < 5 else 5 + 3 * math.sin(place / 4) + float(random.random())
            for place in range(len(places))
        ]
        drawn.append(Series(member.name, tuple(zip(places, known, strict=True)), member.slug, member.short))  # type: ignore[arg-type]
    return tuple(drawn)


def charts() -> dict[str, Chart]:
    """One of each form."""
    hours = Chart(
        title="At what hour: fewest before dawn, most from noon to evening",
        description="The share of each city's rows by hour of the day.",
        unit="Percent of the city’s rows, by hour of the day",
        x_label="Hour",
        series=by_city(1, tuple(str(hour) for hour in range(24))),
        source=SOURCE,
        source_url="/",
        remainder_note="1,750 of 69,940 rows have no time of day (2.5%), all in Seattle.",
        note="The dark line is the city; the gray lines are the six others.",
        measure="percent",
    )
    months = tuple(date(2019 + each // 12, each % 12 + 1, 1) for each in range(48))
    return {
        "hours": hours,
        "months": Chart(
            "Requests by month",
            "",
            "Requests per 1,000 residents",
            "Month",
            by_city(2, months),
            SOURCE,
            form="lines",
            measure="rate",
        ),
        "kinds": Chart("What people ask for", "", "Requests", "Kind", by_city(3, KINDS), SOURCE, form="bars"),
        "alone": Chart("What Boston asks for", "", "Requests", "Kind", by_city(3, KINDS)[:1], SOURCE, form="bars"),
    }


def maps(kind: str) -> MapRow:
    """All cities but Seattle have places."""
    drawn = []
    for member in cities().values():
        found = points(member.slug)
        none = member.slug == "seattle"
        drawn.append(
            CityMap(
                member.slug,
                member.name,
                len(found) + 20,
                0 if none else len(found),
                polygons(outline(member.slug)),
                points=() if none else sample(found),
                cells=() if none or kind == "dots" else grid(found[:, 0], found[:, 1], Lattice(member.latitude, 1000)),
                reason="No coordinates in this extract",
                url=f"/figures/#{member.slug}",
            )
        )
    unit = (
        "Each dot is one incident: 600 drawn at random from each city."
        if kind == "dots"
        else "Incidents a square kilometer."
    )
    return MapRow(
        f"Where ({kind})",
        "Incidents by city.",
        unit,
        tuple(drawn),
        SOURCE,
        "3,020 rows have no place.",
        kind="dots" if kind == "dots" else "grid",
    )


def page(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view
    """All figures on one page."""
    dots = maps("dots")
    by_slug = {city.slug: city for city in dots.cities}
    words = {**charts(), "dots": dots, "grid": maps("grid"), "chicago": by_slug["chicago"], "boston": by_slug["boston"]}
    return HttpResponse(Template(PAGE).render(Context(words)))


def figure(request: HttpRequest, name: str, form: str) -> HttpResponseBase:
    """A figure as a file or in a frame."""
    shown = maps("dots") if name == "map" else charts()[name]
    return embedded(request, shown, page="/figures/") if form == "embed" else as_file(request, shown, form, name=name)


def geojson(request: HttpRequest) -> JsonResponse:
    """What the large map asks for."""
    asked = window(request.GET["bbox"], request.GET["zoom"])
    found = points(request.GET["city"])
    inside = found[
        (found[:, 0] > asked.west)
        & (found[:, 0] < asked.east)
        & (found[:, 1] > asked.south)
        & (found[:, 1] < asked.north)
    ]
    if asked.size_m:
        cells = grid(inside[:, 0], inside[:, 1], Lattice(cities()[request.GET["city"]].latitude, asked.size_m))
        return JsonResponse(of_cells(cells, total=len(inside)))
    return JsonResponse(
        of_points([(x, y, {"told": "Theft, Jan 2, 2015", "url": "/"}) for x, y in inside[:100]], total=len(inside))
    )


@csp_exempt()
def elsewhere(request: HttpRequest) -> HttpResponse:
    """A page of somebody else, when asked for by another name of the machine."""
    address = f"http://127.0.0.1:{request.get_port()}/figures/"
    frames = f'<iframe id="a" src="{address}hours.embed"></iframe><iframe id="b" src="{address}"></iframe>'
    return HttpResponse(f"<!doctype html><title>Elsewhere</title>{frames}")


urlpatterns = [
    path("figures/elsewhere", elsewhere),
    path("figures/", page),
    path("figures/points.geojson", geojson),
    path("figures/<str:name>.<str:form>", figure),
    path("", include("commonground.site.urls")),
]
