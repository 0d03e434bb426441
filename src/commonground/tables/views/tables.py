"""All tables; and what other pages say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from commonground.pages.twins import Answer, Rows
from commonground.standards import files
from commonground.tables import manifest
from commonground.tables.models import Release
from commonground.tables.showing import shares, standing

if TYPE_CHECKING:
    from commonground.catalog.models import Dataset
    from commonground.tables.manifest import Table
    from commonground.words import City

Form = dict[str, Any]
_COLUMNS = (
    *("name", "title", "grain", "version", "release", "published", "rows", "cities", "first", "newest"),
    *("values", "values_lost", "worst_field", "worst_city", "worst_share"),
)


def tables(request: HttpRequest) -> Answer:
    """Every table, and the standards that have no rows yet."""
    del request
    found = [_form(one) for one in manifest.tables()]
    known = {one["name"] for one in found}
    waiting = [one for one in files.standards().values() if one.name not in known]
    return Answer(
        "tables/tables.html",
        lambda: {"tables": found, "waiting": waiting},
        data=lambda: {"tables": found, "standards_without_rows": [one.name for one in waiting]},
        rows=lambda: Rows(_COLUMNS, _cells(found)),
        version=lambda: repr([(one["name"], one["release"], one["rows"]) for one in found]),
    )


def _form(table: Table) -> Form:
    standard, results = table.standard, [one.result for one in table.cities.values()]
    whole = shares.whole(standard, results)
    worst = _worst(table)
    return {
        "name": standard.name,
        "title": standard.title,
        "description": standard.description,
        "grain": standard.grain,
        "version": standard.version,
        "release": table.number,
        "published": table.at,
        "rows": table.count,
        "cities": [{"slug": slug, "name": one.name} for slug, one in standing.members(table).items()],
        "first": min((one.first for one in results if one.first), default=None),
        "newest": max((one.newest for one in results if one.newest), default=None),
        "values": whole.given,
        "values_lost": whole.lost,
        "worst": worst,
        "stopped": [one.city for one in standing.stopped(standard.name)],
        "url": f"{settings.SITE_URL}{reverse('table', args=[standard.name])}",
    }


def _worst(table: Table) -> Form | None:
    """The field and city that lose the greatest share of their values."""
    known = standing.members(table)
    found = [
        (one.share.remainder, known[slug].name, one)
        for slug, city in table.cities.items()
        for one in shares.lines(table.standard, city.result)
        if one.share and one.share.lost
    ]
    if not found:
        return None
    share, city, line = max(found, key=lambda one: one[0])
    lost = line.share.lost if line.share else 0
    return {"field": line.field.name, "title": line.field.title, "city": city, "share": share, "lost": lost}


def _cells(found: Sequence[Form]) -> Iterator[Sequence[object]]:
    for one in found:
        worst = one["worst"] or {}
        told = {
            **one,
            "cities": " ".join(city["slug"] for city in one["cities"]),
            "worst_field": worst.get("field"),
            "worst_city": worst.get("city"),
            "worst_share": worst.get("share"),
        }
        yield tuple(told[name] for name in _COLUMNS)


def home_panel(request: HttpRequest) -> str:
    """The tables, on the first page; nothing where there is none."""
    found = [_form(one) for one in manifest.tables()]
    return render_to_string("tables/home_panel.html", {"tables": found}, request=request) if found else ""


def city_panel(request: HttpRequest, city: City) -> str:
    """The tables that a city's rows are in."""
    found = []
    for table in manifest.tables():
        if city.slug in table.cities:
            result = table.cities[city.slug].result
            found.append({"table": table, "result": result, "whole": shares.whole(table.standard, [result])})
    stops = [
        {"standard": files.standard(name), "stop": stop}
        for name in sorted({*Release.objects.values_list("standard", flat=True)})
        for stop in standing.stopped(name, city.slug)
    ]
    if not found and not stops:
        return ""
    return render_to_string("tables/city_panel.html", {"city": city, "found": found, "stops": stops}, request=request)


def dataset_panel(request: HttpRequest, row: Dataset, form: Form) -> str:
    """The tables that rows of a data set are in."""
    del form
    found = []
    for table in manifest.tables():
        city = table.cities.get(row.city)
        parts = [one for one in city.result.sources if one["source"] == row.key] if city else []
        if city and parts:
            whole = shares.whole(table.standard, [city.result])
            rows = sum(one["rows"] for one in parts)
            found.append({"table": table, "rows": rows, "files": len(parts), "whole": whole})
    context = {"found": found, "row": row}
    return render_to_string("tables/dataset_panel.html", context, request=request) if found else ""
