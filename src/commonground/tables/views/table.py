"""One table: its figures, maps, charts, remainders, first rows, terms; all under the filter that the address says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from commonground.errors import NotFound
from commonground.pages import pictures
from commonground.pages.addresses import absolute
from commonground.pages.twins import Answer
from commonground.standards.model import CITY, UNMAPPED
from commonground.tables import manifest
from commonground.tables.showing import cells, figures, shares, standing, sums, taken
from commonground.tables.showing import wanted as asking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from commonground.tables.manifest import Table
    from commonground.tables.showing.wanted import Wanted
    from commonground.words import City

Form = dict[str, Any]


def table(request: HttpRequest, name: str) -> Answer:
    """The page of a table. Raises `NotFound`, or `Usage` for an address that cannot be understood."""
    number = asking.release(request.GET)
    found = manifest.table(name, number)
    wanted = asking.wanted(request.GET, found.standard, found.cities)
    page = reverse("table", args=[found.standard.name])
    return Answer(
        "tables/table.html",
        lambda: _page(found, wanted, number),
        canonical=f"{page}?release={number}" if number else page,
    )


def _page(found: Table, wanted: Wanted, number: int | None) -> Form:
    known = standing.members(found)
    of = figures.shown(found, wanted, known)
    row = figures.maps(of, number)
    lines = _lines(found, known)
    return {
        "table": found,
        "standard": found.standard,
        "release": number,
        "kept": f"?release={number}" if number else "",
        "wanted": wanted,
        "cities": known,
        "of": of,
        "newest": max((one.result.newest for one in found.cities.values()), default="") or None,
        "first": min((one.result.first for one in found.cities.values() if one.result.first), default="") or None,
        "whole": shares.whole(found.standard, [one.result for one in found.cities.values()]),
        "map": row,
        "map_urls": _urls(found, wanted, number, "map") if row else {},
        "charts": [(chart, _urls(found, wanted, number, name)) for name, chart in figures.charts(of)],
        "steps": _steps(found, wanted, number),
        "lines": lines,
        "unplaced": _most(lines, "unplaced"),
        "matrix": shares.matrix(found, known),
        "form": _form(found, wanted),
        "fields": cells.listed(found.standard),
        "rows": _rows(found, wanted, known),
        "stopped": standing.stopped(found.standard.name),
        "downloads": _downloads(found, wanted, number),
        "citation": standing.citation(found, known.values()),
        "permanent": standing.permanent(found),
        "sql": standing.sql(found, wanted) if found.number == found.newest else "",
    }


def _urls(found: Table, wanted: Wanted, number: int | None, name: str) -> dict[str, str]:
    """The addresses of a figure in its other forms."""
    query = wanted.query(release=number)
    forms = (*pictures.MEDIA, "embed")
    return {one: reverse("table-figure", args=[found.standard.name, name, one]) + query for one in forms}


def _steps(found: Table, wanted: Wanted, number: int | None) -> list[Form]:
    """By which step of time the charts can be counted."""
    words = {"day": _("by day"), "month": _("by month"), "year": _("by year")}
    if not found.standard.time:
        return []
    return [
        {"word": words[one], "url": wanted.query(release=number, by=one), "current": wanted.by == one}
        for one in asking.STEPS
        if one != "day"
    ]


def _lines(found: Table, known: Mapping[str, City]) -> list[Form]:
    """A city a line: rows, newest day, values and what is lost of them, rows without a place, rows withheld."""
    lines = []
    every = sums.sums(found, asking.Wanted()).cities
    for slug, city in known.items():
        one, counted = found.cities[slug], every.get(slug, sums.Sum())
        result, whole = one.result, shares.whole(found.standard, [one.result])
        lines.append(
            {
                "city": city,
                "result": result,
                "whole": whole,
                "undated": _lack(counted.rows, counted.dated) if found.standard.time else None,
                "unplaced": _lack(counted.rows, counted.placed) if found.standard.has_place else None,
                "withheld": standing.withheld(found.standard, one),
                "withheld_rows": sum(result.withheld.values()),
                "rights": standing.rights(one),
                "made": one.made,
            }
        )
    return lines


def _lack(rows: int, known: int) -> Form:
    """How many rows lack something, and in percent."""
    return {"rows": rows - known, "percent": 100 * (1 - known / rows) if rows else None}


def _most(lines: list[Form], what: str) -> Form | None:
    """Of all cities together how many rows lack something, and in which city most of these are."""
    lacking = [(one[what]["rows"], one["city"].name) for one in lines if one[what]]
    if not lacking:
        return None
    count, every = sum(n for n, _name in lacking), sum(one["result"].mapped for one in lines)
    most, name = max(lacking)
    return {**_lack(every, every - count), "most": most, "city": name}


def _form(found: Table, wanted: Wanted) -> Form:
    """What the form of the filter offers."""
    kinds = []
    if found.standard.kind:
        kinds = [*found.standard.codes(found.standard.kind).items(), (UNMAPPED, _("Unmapped"))]
    return {"kinds": kinds, "cities": wanted.cities, "kind": wanted.kind, "first": wanted.first, "last": wanted.last}


def _rows(found: Table, wanted: Wanted, known: Mapping[str, City]) -> list[Form]:
    standard = found.standard
    return [
        {
            "city": known[row[CITY]],
            "url": cells.address(standard, row),
            "cells": [cells.cell(one, row, standard, known[row[CITY]]) for one in cells.listed(standard)],
        }
        for row in cells.first(found, wanted)
    ]


def _downloads(found: Table, wanted: Wanted, number: int | None) -> list[tuple[str, str]]:
    """The forms in which the rows are given, under the same filter."""
    forms = [("CSV", "csv"), ("Parquet", "parquet"), ("GeoJSON", "geojson"), ("JSON", "json")]
    query = wanted.query(release=number, by="")
    return [
        (word, reverse(f"table.{form}", args=[found.standard.name]) + query)
        for word, form in forms
        if form != "geojson" or found.standard.has_place
    ]


def figure(request: HttpRequest, name: str, figure: str, form: str) -> HttpResponseBase:
    """A chart or the row of maps as a file, or as a page for a frame. Raises `NotFound`, `Usage`."""
    number = asking.release(request.GET)
    found = manifest.table(name, number)
    wanted = asking.wanted(request.GET, found.standard, found.cities)
    of = figures.shown(found, wanted, standing.members(found))
    drawn = figures.maps(of, number) if figure == "map" else dict(figures.charts(of)).get(figure)
    if drawn is None:
        raise NotFound(f"The table {found.standard.name} has no figure “{figure}” of these rows.")
    page = reverse("table", args=[found.standard.name]) + wanted.query(release=number)
    if form != "csv":
        for_ever = absolute(reverse("table", args=[found.standard.name]) + wanted.query(release=found.number))
        shown = [of.cities[one] for one in of.slugs]
        drawn = taken.along(drawn, taken.Around(found, wanted, shown, for_ever))
    if form == "embed":
        return pictures.embedded(request, drawn, page=page)
    return pictures.as_file(request, drawn, form, name=f"{found.standard.name}-{figure}")
