"""Two or more cities side by side in one table: a page to choose them, the comparison, its pictures, and a brief."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from commonground import __version__
from commonground.errors import NotFound
from commonground.pages import pictures
from commonground.pages.twins import Answer, Rows
from commonground.standards.model import UNMAPPED
from commonground.tables import manifest
from commonground.tables.showing import (
    briefing,
    comparability,
    compared_data,
    compared_figures,
    comparing,
    shares,
    standing,
    sums,
    taken,
)
from commonground.tables.showing import wanted as asking

if TYPE_CHECKING:
    from commonground.tables.manifest import Table
    from commonground.tables.showing.comparing import Compared

Form = dict[str, Any]


def choose(request: HttpRequest) -> Answer | HttpResponseBase:
    """Every table with its cities to choose from. With a `table` in the address, on to its comparison."""
    if name := request.GET.get("table", ""):
        found = manifest.table(name)
        query = request.GET.copy()
        query.pop("table")
        return HttpResponseRedirect(f"{_page(found)}?{query.urlencode()}")
    found_tables = manifest.tables()
    return Answer(
        "tables/compare_choose.html",
        lambda: {"tables": [_offered(one) for one in found_tables]},
        data=lambda: {"tables": [_offered_form(one) for one in found_tables]},
        version=lambda: repr([(one.standard.name, one.number) for one in found_tables]),
    )


def compare(request: HttpRequest, standard: str) -> Answer:
    """The comparison; with fewer than two cities in the address, the form alone. Raises `NotFound`, `Usage`."""
    number, found, asked, per, rate = _asked(request, standard)
    canonical = f"{_page(found)}?release={number}" if number else _page(found)
    if len(asked.cities) < comparing.FEWEST:
        told = _form(found, asked, per, rate=rate)
        chosen = {"table": found, "form": told, "release": number, "one": asked.cities}
        return Answer(
            "tables/compare_cities.html",
            {**chosen, "offered": _offered(found)},
            data=lambda: _offered_form(found),
            canonical=canonical,
        )
    of = comparing.compared(found, asked, standing.members(found), per, rate=rate)
    return Answer(
        "tables/compare.html",
        lambda: _shown(of, number),
        data=lambda: compared_data.form(of),
        rows=lambda: Rows(compared_data.COLUMNS, compared_data.cells(of)),
        version=lambda: repr((__version__, found.number, of.query(), sums.state(sums.asked(found, asked)))),
        canonical=canonical,
    )


def brief(request: HttpRequest, standard: str) -> Answer:
    """Two pages of letter paper for somebody who decides. Raises `NotFound`, `Usage`."""
    number, found, asked, per, _rate = _asked(request, standard)
    of = comparing.compared(found, asked, standing.members(found), per, rate=True)
    return Answer(
        "tables/brief.html",
        lambda: {**briefing.context(of), "release": number, "back": _page(found) + of.query(release=number)},
        canonical=_brief(of, number),
    )


def figure(request: HttpRequest, standard: str, name: str, form: str) -> HttpResponseBase:
    """A chart, or the row of maps, as a file or as a page for a frame. Raises `NotFound`, `Usage`."""
    number, found, asked, per, rate = _asked(request, standard)
    of = comparing.compared(found, asked, standing.members(found), per, rate=rate)
    drawn = (
        compared_figures.row_of_maps(of)
        if name == compared_figures.MAP
        else dict(compared_figures.charts(of)).get(name)
    )
    if drawn is None:
        raise NotFound(f"The comparison of {found.standard.name} has no figure “{name[:60]}” of these rows.")
    if form == "csv":
        return pictures.as_file(request, drawn, form, name=f"{found.standard.name}-compared-{name}")
    every = comparability.standings(of)
    cautions = (*comparability.unlike(of, every), *comparability.gravest(every))
    around = taken.Around(
        found, of.wanted, of.cities.values(), compared_data.permanent(of), cautions, kinds=name != "kind"
    )
    drawn = taken.along(drawn, around)
    if form == "embed":
        return pictures.embedded(request, drawn, page=_page(found) + of.query(release=number))
    return pictures.as_file(request, drawn, form, name=f"{found.standard.name}-compared-{name}")


def _asked(request: HttpRequest, standard: str) -> tuple[int | None, Table, asking.Wanted, str, bool]:
    number = asking.release(request.GET)
    found = manifest.table(standard, number)
    return (number, found, *comparing.asked(request.GET, found))


def _page(found: Table) -> str:
    return reverse("compare-cities", args=[found.standard.name])


def _brief(of: Compared, number: int | None) -> str:
    return reverse("compare-brief", args=[of.table.standard.name]) + of.query(release=number, rate="")


def _shown(of: Compared, number: int | None) -> Form:
    standard, every = of.table.standard, comparability.standings(of)
    row = compared_figures.row_of_maps(of)
    return {
        "of": of,
        "table": of.table,
        "standard": standard,
        "release": number,
        "form": _form(of.table, of.wanted, of.per, rate=of.rate),
        "offered": _offered(of.table),
        "standings": every,
        "residents": compared_figures.residents(of),
        "used": [one.title for one in every[0].missing],
        "unlike": comparability.unlike(of, every),
        "stretch": _stretch(of, number),
        "kind": _kind_label(of),
        "charts": [(chart, _urls(of, number, name)) for name, chart in compared_figures.charts(of)],
        "map": row,
        "map_urls": _urls(of, number, compared_figures.MAP) if row else {},
        "matrix": shares.matrix(of.table, of.cities),
        "brief": _brief(of, number) if len(of.cities) <= briefing.MOST_CITIES else "",
        "citation": compared_data.citation(of),
        "permanent": compared_data.permanent(of),
        "sql": standing.sql(of.table, of.wanted) if of.table.number == of.table.newest else "",
        "site": settings.SITE_URL,
    }


def _stretch(of: Compared, number: int | None) -> Form | None:
    """A link to the months that all cities cover, where that is less than what is shown."""
    if of.stretch is None or of.aligned:
        return None
    first, last = of.stretch
    return {
        "first": first,
        "last": last,
        "url": _page(of.table) + of.query(release=number, **{"from": first, "to": last}),
    }


def _kind_label(of: Compared) -> str:
    if not of.wanted.kind:
        return ""
    return of.table.standard.codes(of.table.standard.kind).get(of.wanted.kind) or _("Without a code of ours")


def _urls(of: Compared, number: int | None, name: str) -> Form:
    """The addresses of a figure in its other forms, with the state of the page."""
    query, parts = of.query(release=number), [of.table.standard.name, name]
    files = {one: reverse("compare-figure", args=[*parts, one]) + query for one in pictures.MEDIA}
    return {**files, "embed": reverse("compare-embed", args=parts) + query}


def _form(found: Table, asked: asking.Wanted, per: str, *, rate: bool) -> Form:
    """What the form offers, and what is chosen."""
    standard, kinds = found.standard, []
    if standard.kind:
        kinds = [*standard.codes(standard.kind).items(), (UNMAPPED, _("Without a code of ours"))]
    return {
        "kinds": kinds,
        "kind_title": standard.named[standard.kind].title if standard.kind else "",
        "cities": asked.cities,
        "kind": asked.kind,
        "first": asked.first,
        "last": asked.last,
        "per": per,
        "rate": rate,
    }


def _offered(found: Table) -> Form:
    """A table with its cities: how many rows each has, and of which days."""
    lines = [
        {"slug": slug, "city": city, "result": found.cities[slug].result}
        for slug, city in standing.members(found).items()
    ]
    return {"standard": found.standard, "table": found, "cities": lines, "url": _page(found)}


def _offered_form(found: Table) -> Form:
    return {
        "table": found.standard.name,
        "title": found.standard.title,
        "grain": found.standard.grain,
        "release": found.number,
        "url": f"{settings.SITE_URL}{_page(found)}",
        "cities": [
            {
                "city": one["slug"],
                "name": one["city"].name,
                "rows": one["result"].mapped,
                "first": one["result"].first,
                "newest": one["result"].newest,
            }
            for one in _offered(found)["cities"]
        ],
    }
