"""Home, the cities, and what this portal is."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import npgettext
from django.views.decorators.http import conditional_page, require_safe

from commonground import __version__
from commonground import cities as members
from commonground.catalog import browse, overview, searching
from commonground.catalog.models import Dataset
from commonground.catalog.views.feeds import feed
from commonground.catalog.views.moved import moved
from commonground.pages.country import Spot, country
from commonground.pages.twins import Answer, Rows

Form = dict[str, Any]


def home(request: HttpRequest) -> Answer:
    """What this is, the search, the cities on a map of the country, what changed lately."""

    def form() -> Form:
        cities = overview.cities()
        known = [city["datasets"] for city in cities if city["datasets"] is not None]
        return {"datasets": sum(known) if known else None, "cities": cities, "lately": overview.lately()}

    return Answer(
        "catalog/home.html",
        lambda: (found := form()) | {"country": country(map(_spot, found["cities"]))},
        data=form,
        rows=lambda: _cities_table(overview.cities()),
        feed=lambda: feed(_("Changes in all cities")),
    )


def _spot(city: Form) -> Spot:
    count = city["datasets"]
    short = npgettext("short, on the map", "%(shown)s data set", "%(shown)s data sets", count or 0)
    note = short % {"shown": f"{count:,}"} if count is not None else _("Not read yet")
    return Spot(city["name"], note, reverse("city", args=[city["slug"]]), city["latitude"], city["longitude"])


def cities(request: HttpRequest) -> Answer:
    """All cities."""
    rows = overview.cities()
    return Answer(
        "catalog/cities.html",
        {"cities": rows},
        data=lambda: {"cities": rows},
        rows=lambda: _cities_table(rows),
        feed=lambda: feed(_("Changes in all cities")),
    )


def _cities_table(cities: list[Form]) -> Rows:
    names = ("city", "name", "state", "datasets", "portals", "read", "population", "population_year", "website")
    cells = (
        {
            **city,
            "city": city["slug"],
            "portals": " ".join(portal["slug"] for portal in city["portals"]),
            "population": city["population"]["count"],
            "population_year": city["population"]["year"],
        }
        for city in cities
    )
    return Rows(names, [tuple(row[name] for name in names) for row in cells])


def city(request: HttpRequest, slug: str) -> Answer | HttpResponse:
    """One city: its portals, figures, facts and newest changes."""
    facts = members.city(slug, browse.known_cities())
    if facts.slug != slug:
        return moved(request, slug, facts.slug)

    def form() -> Form:
        return overview.city_form(facts, overview.portals(facts.portals))

    return Answer(
        "catalog/city.html",
        lambda: {
            "city": facts,
            "form": form(),
            "newest": overview.newest(slug),
            "themes": searching.themes(slug),
            "finding_query": urlencode({"city": slug}),
        },
        data=lambda: {**form(), "newest": overview.newest(slug)},
        feed=lambda: feed(_("Changes in %(city)s") % {"city": facts.name}, Q(dataset__city=slug)),
    )


def about(request: HttpRequest) -> Answer:
    """What this portal is, for people."""
    return Answer(
        "catalog/about.html",
        {"cities": browse.known_cities().values()},
        data=lambda: {"name": "Common Ground", "version": __version__, "cities": list(browse.known_cities())},
    )


def developers(request: HttpRequest) -> Answer:
    """What programs can ask for. The table lists every page that has twins."""
    example = Dataset.objects.filter(state="present").order_by("key").first()
    return Answer(
        "catalog/developers.html",
        {"site": settings.SITE_URL, "example": example, "forms": TWINS},
        data=lambda: {
            "site": settings.SITE_URL,
            "forms": [dict(zip(("path", "forms"), one, strict=True)) for one in TWINS],
        },
    )


TWINS = (
    ("/", ("json", "csv", "atom")),
    ("/search", ("json", "csv", "atom")),
    ("/cities", ("json", "csv", "atom")),
    ("/cities/CITY", ("json", "atom")),
    ("/datasets/PORTAL/ID", ("json", "csv", "atom")),
    ("/history/PORTAL/ID", ("json", "csv", "atom")),
    ("/harvests", ("json", "csv", "atom")),
    ("/harvests/PORTAL", ("json", "csv", "atom")),
    ("/harvests/PORTAL/withheld", ("json", "csv")),
    ("/harvests/PORTAL/missing", ("json", "csv")),
    ("/status", ("json", "csv")),
    ("/moves", ("json", "csv")),
    ("/series/PORTAL/KEY", ("json", "csv")),
    ("/findings", ("json", "csv", "atom")),
    ("/about", ("json",)),
    ("/developers", ("json",)),
)
"""The pages and their forms beside HTML; a test compares them with the addresses."""


@require_safe
@conditional_page
def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers may read."""
    text = render_to_string("catalog/robots.txt", {"site": settings.SITE_URL})
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
