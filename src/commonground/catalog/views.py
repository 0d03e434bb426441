"""The catalog's pages. Each view gathers forms and hands them to the twins; no view writes."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import npgettext
from django.views.decorators.http import conditional_page, require_safe

from commonground import __version__
from commonground import cities as members
from commonground.catalog import browse, index, jsonld, overview, searching
from commonground.catalog.models import Dataset, Harvest, Revision
from commonground.catalog.spoken import word
from commonground.pages.addresses import absolute
from commonground.pages.country import Spot, country
from commonground.pages.feeds import Entry, Feed
from commonground.pages.paging import whole
from commonground.pages.twins import Answer, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from commonground.catalog.search import Query

Form = dict[str, Any]

COLUMNS_SHOWN = 20
LEAD_LENGTH = 280
DESCRIPTION_SHOWN = 300
FEED_LENGTH = 50


def home(request: HttpRequest) -> Answer:
    """What this is, the search, the cities on a map of the country, what changed lately."""
    cities = overview.cities()
    lately = overview.lately()
    known = [city["datasets"] for city in cities if city["datasets"] is not None]
    total = sum(known) if known else None
    return Answer(
        "catalog/home.html",
        lambda: {"cities": cities, "total": total, "lately": lately, "country": country(map(_spot, cities))},
        data=lambda: {"datasets": total, "cities": cities, "lately": lately},
        rows=lambda: _cities_table(cities),
        feed=lambda: _feed(_("Changes in all cities")),
    )


def _spot(city: Form) -> Spot:
    count = city["datasets"]
    short = npgettext("short, on the map", "%(shown)s data set", "%(shown)s data sets", count or 0)
    note = short % {"shown": f"{count:,}"} if count is not None else _("Not read yet")
    return Spot(city["name"], note, reverse("city", args=[city["slug"]]), city["latitude"], city["longitude"])


def search(request: HttpRequest) -> Answer:
    """Hits, facets, and the way on when there are none."""
    wanted = searching.read(request.GET)
    query, paging = wanted.query, wanted.paging
    title = _("Data sets with “%(words)s”") % {"words": query.words} if query.words else _("Data sets")
    return Answer(
        "catalog/search.html",
        lambda: searching.page(wanted),
        data=lambda: _search_data(wanted),
        rows=lambda: searching.table(query),
        feed=lambda: _search_feed(title, query),
        version=f"{index.ready().generation} {timezone.now().date()}",
        canonical=f"{reverse('search')}{paging.link(paging.number)}",
    )


def _search_data(wanted: searching.Asked) -> Form:
    form = browse.search_form(wanted.query)
    paging = wanted.paging.of(form["total"])
    address = reverse("search.json")
    pages = {
        "page": paging.number,
        "size": paging.size,
        "next": f"{settings.SITE_URL}{address}{paging.next_link}" if paging.next_link else None,
        "previous": f"{settings.SITE_URL}{address}{paging.previous_link}" if paging.previous_link else None,
    }
    return {**form, **pages}


def _search_feed(title: str, query: Query) -> Feed:
    """The newest of what is found: the city's own order of update, our time of change."""
    _results, rows = browse.search(replace(query, order="updated", limit=FEED_LENGTH, offset=0), facets=False)
    entries = [_entry(row.revision, row) for row in rows if row.revision]
    return Feed(title, entries, updated=max((row.last_changed for row in rows), default=None))


def cities(request: HttpRequest) -> Answer:
    """All cities."""
    rows = overview.cities()
    return Answer(
        "catalog/cities.html",
        {"cities": rows},
        data=lambda: {"cities": rows},
        rows=lambda: _cities_table(rows),
        feed=lambda: _feed(_("Changes in all cities")),
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
        return _moved(request, slug, facts.slug)

    def form() -> Form:
        return overview.city_form(facts, overview.portals(facts.portals))

    return Answer(
        "catalog/city.html",
        lambda: {
            "city": facts,
            "form": form(),
            "newest": overview.newest(slug),
            "themes": searching.themes(slug),
        },
        data=lambda: {**form(), "newest": overview.newest(slug)},
        feed=lambda: _feed(_("Changes in %(city)s") % {"city": facts.name}, Q(dataset__city=slug)),
    )


def dataset(request: HttpRequest, portal: str, native_id: str) -> Answer | HttpResponse:
    """One dataset: what it is, what is not known of it, its columns, where to get it."""
    row = browse.dataset(f"{portal}/{native_id}")
    if row.portal != portal:
        return _moved(request, f"{portal}/{native_id}", row.key)
    form = browse.dataset_form(row)
    return Answer(
        "catalog/dataset.html",
        lambda: _dataset_page(row, form, every=request.GET.get("columns") == "all"),
        data=lambda: form,
        rows=lambda: Rows(_COLUMN, [tuple(column[name] for name in _COLUMN) for column in form["columns"]]),
        feed=lambda: _feed(_("Changes of %(title)s") % {"title": row.title}, Q(dataset=row)),
    )


_COLUMN = ("name", "field", "type", "published_type", "description")


def _dataset_page(row: Dataset, form: Form, *, every: bool) -> Form:
    city = browse.known_cities().get(row.city)
    city_name = overview.city_name(row.city)
    # Columns that the portal computes by itself (":@computed_region_…") say least about the data.
    columns = sorted(form["columns"], key=lambda column: column["field"].startswith(":"))
    above, below = browse.family(row)
    lead, rest = _lead(form["description"])
    return {
        "row": row,
        "form": form,
        "lead": lead,
        "more": bool(rest.strip()) or "<a " in form["description_html"],  # the lead has no links
        "unknown": list(_unknown(form)),
        "city_name": city_name,
        "zone": city.timezone if city else "UTC",
        "speaks": city.languages[0] if city else "en",
        "columns": columns if every else columns[:COLUMNS_SHOWN],
        "above": [overview.line(one) for one in above],
        "below": [overview.line(one) for one in below],
        "siblings": [overview.line(one) for one in browse.siblings(row)[:20]],
        "revisions": row.revisions.order_by("-number").defer("packed", "form")[:20],
        "json_ld": jsonld.dataset(form, city_name, absolute(browse.path(row))),
    }


def _moved(request: HttpRequest, asked: str, there: str) -> HttpResponse:
    """To the same form of the permanent address, from one that names a city or a portal otherwise."""
    before, _sep, after = request.path.partition(asked)
    query = request.META.get("QUERY_STRING", "")
    response = HttpResponsePermanentRedirect(f"{before}{quote(there)}{after}{'?' if query else ''}{query}")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _lead(text: str) -> tuple[str, str]:
    """The first sentences of a description, and the rest of it."""
    first, _sep, later = text.strip().partition("\n\n")
    if len(first) <= LEAD_LENGTH:
        return first, later
    cut = max(first.rfind(f"{mark} ", 0, LEAD_LENGTH) for mark in ".!?;") + 1
    cut = cut or first.rfind(" ", 0, LEAD_LENGTH)
    return (first[:cut].rstrip(" ;") + ("" if first[cut - 1] in ".!?" else " …")), text[cut:]


def _unknown(form: Form) -> Iterator[str]:
    """What a reader would want to know and the record does not say."""
    if form["row_count"] is None:
        yield _("number of rows")
    if not form["columns_known"]:
        yield _("columns")
    if form["data_updated"] is None and form["modified"] is None:
        yield _("date of the last change")
    if form["license"] is None:
        yield _("license")


@require_safe
@conditional_page
def raw(request: HttpRequest, portal: str, native_id: str) -> HttpResponse:
    """The record as the city gave it; `?revision=3` an older state of it."""
    row = browse.dataset(f"{portal}/{native_id}")
    if row.portal != portal:
        return _moved(request, f"{portal}/{native_id}", row.key)
    number = whole(request.GET.get("revision"))
    record = browse.raw(row, number)
    # What UTF-8 cannot say (lone surrogates) is written as \ud800, which is JSON's own escape.
    body = json.dumps(record, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")
    headers = {"Access-Control-Allow-Origin": "*", "X-Robots-Tag": "noindex", "Content-Disposition": "inline"}
    return HttpResponse(body, content_type="application/json; charset=utf-8", headers=headers)


def harvests(request: HttpRequest) -> Answer:
    """How each portal was last read."""
    rows = overview.portals()
    names = ("slug", "city", "host", "protocol", "outcome", "declared", "held", "findings", "read", "tried")
    return Answer(
        "catalog/harvests.html",
        {"portals": rows, "cities": browse.known_cities()},
        data=lambda: {"portals": rows},
        rows=lambda: Rows(names, [tuple(row[name] for name in names) for row in rows]),
        feed=lambda: _runs_feed(_("Harvests of all portals"), overview.runs(limit=FEED_LENGTH)),
    )


def harvest(request: HttpRequest, slug: str) -> Answer:
    """The report of one portal: the last run, and what is wrong, by who must fix it."""
    portal = members.portal(slug, browse.known_cities())
    (state,) = overview.portals([portal])
    runs = overview.runs(slug)
    last = runs[0] if runs else None
    groups = partial(overview.groups, slug)
    return Answer(
        "catalog/harvest.html",
        lambda: {
            "portal": portal,
            "city": members.city(portal.city, browse.known_cities()),
            "state": state,
            "groups": groups(),
            "runs": runs,
            "last": last,
            "stale": last and state["read"] and last.outcome in {Harvest.Outcome.FAILED, Harvest.Outcome.PARTIAL},
        },
        data=lambda: {**state, "runs": [browse.harvest_form(run) for run in runs], "findings_by_fixer": groups()},
        rows=lambda: _findings_table(slug),
        feed=lambda: _runs_feed(_("Harvests of %(host)s") % {"host": portal.host}, overview.runs(slug, FEED_LENGTH)),
    )


def _findings_table(slug: str) -> Rows:
    names = ("fixer", "severity", "code", "id", "place", "sample", "message", "advice", "first_seen")
    found = overview.open_findings(slug)
    return Rows(names, (tuple(form[name] for name in names) for form in map(browse.finding_form, found)))


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
    ("/harvests", ("json", "csv", "atom")),
    ("/harvests/PORTAL", ("json", "csv", "atom")),
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


def _feed(title: str, where: Q | None = None) -> Feed:
    revisions = browse.changes(where, FEED_LENGTH)
    newest: datetime | None = revisions[0].seen if revisions else None
    return Feed(title, [_entry(each, each.dataset) for each in revisions], updated=newest)


def _runs_feed(title: str, runs: Sequence[Harvest]) -> Feed:
    """Runs that have ended, the newest first."""
    entries = [_run_entry(run, run.finished) for run in runs if run.finished]
    return Feed(title, entries, updated=max((entry.updated for entry in entries), default=None))


def _run_entry(run: Harvest, ended: datetime) -> Entry:
    counts = {name: f"{getattr(run, name):,}" for name in ("seen", "added", "changed", "missing")}
    said = _("%(seen)s records seen, %(added)s added, %(changed)s changed, %(missing)s missing.") % counts
    return Entry(
        title=f"{word(run.outcome, 'outcome')}: {run.host}",
        url=f"{reverse('harvest', args=[run.portal])}#run-{run.pk}",
        updated=ended,
        summary=f"{said} {run.error}".strip(),
        author=overview.city_name(run.city),
        published=run.started,
        categories=(run.city, run.outcome),
    )


def _entry(revision: Revision, row: Dataset) -> Entry:
    form = revision.form
    what = _("Added") if revision.number == 1 else _("Changed")
    return Entry(
        title=f"{what}: {row.title}",
        url=f"{browse.path(row)}#revision-{revision.number}",
        updated=revision.seen,
        summary=form["description"][:DESCRIPTION_SHOWN],
        author=overview.city_name(row.city),
        published=row.first_seen,
        categories=(row.city, row.kind),
    )
