"""What stands beside the rows of a table: its cities, whose rights, what was stopped, what was withheld, how to cite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.http import urlencode

from commonground.catalog import browse
from commonground.errors import NotFound
from commonground.pages.addresses import absolute
from commonground.tables.models import Release, Stop
from commonground.tables.showing.words import Meaning, meaning

if TYPE_CHECKING:
    from commonground.standards.model import Standard
    from commonground.tables.manifest import CityRows, Table
    from commonground.tables.showing.wanted import Wanted
    from commonground.words import City


def members(table: Table) -> Mapping[str, City]:
    """The cities of a table by slug, in the order of their names. Raises `NotFound` for one without a file."""
    known = browse.known_cities()
    for slug in table.cities:
        if slug not in known:
            raise NotFound(f"No file describes the city “{slug}”, whose rows are in {table.standard.name}.")
    return {slug: known[slug] for slug in sorted(table.cities, key=lambda one: known[one].name)}


@dataclass(frozen=True, slots=True)
class Stopped:
    """Rows of a city that were not published, and why; `good` is the release that has its last good ones, if any."""

    city: str
    name: str
    reasons: tuple[str, ...]
    opened: datetime
    release: int | None
    good: datetime | None


def stopped(standard: str, city: str = "") -> list[Stopped]:
    """What stays back now, by city; the newest reasons of each."""
    rows = Stop.objects.filter(build__standard=standard, closed=None).select_related("build")
    newest = {one.build.city: one for one in rows.order_by("opened")}
    known = browse.known_cities()
    found = []
    for slug, one in sorted(newest.items()):
        if city in {"", slug}:
            name = known[slug].name if slug in known else slug
            good = Release.objects.filter(standard=standard, builds__city=slug).order_by("-number").first()
            build = good.builds.filter(city=slug).first() if good else None
            first = Release.objects.filter(builds=build).order_by("number").first() if build else None
            found.append(
                Stopped(
                    slug,
                    name,
                    tuple(one.reasons),
                    one.opened,
                    first.number if first else None,
                    first.at if first else None,
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class Held:
    """Rows that are withheld for one reason."""

    reason: str
    count: int
    meaning: Meaning


def withheld(standard: Standard, city: CityRows) -> list[Held]:
    """The reasons, that of most rows first."""
    return [Held(one, count, meaning(one, standard)) for one, count in city.result.withheld.most_common() if count]


@dataclass(frozen=True, slots=True)
class Rights:
    """On what terms rows of a city are given; `license` is "" where the city does not say, `terms` where no page of its
    portal's terms of use is known.
    """

    license: str
    url: str
    attribution: str
    terms: str
    named: bool
    """Whether the license is one that its name tells whole: an SPDX identifier."""
    sources: tuple[str, ...]


def rights(city: CityRows) -> list[Rights]:
    """Each license and attribution once, with the sources that are under it."""
    found: dict[tuple[str, str, str, str, bool], list[str]] = {}
    for one in city.rights:
        text, terms = one["spdx"] or one["license"], one.get("terms") or ""
        told = (text, one["license_url"], one["attribution"], terms, bool(one["spdx"]))
        found.setdefault(told, []).append(one["source"])
    return [Rights(*told, tuple(sources)) for told, sources in found.items()]


def permanent(table: Table) -> str:
    """The address of this release, for ever."""
    return absolute(f"{reverse('table', args=[table.standard.name])}?release={table.number}")


def citation(table: Table, cities: Iterable[City], page: str = "", *, terms: bool = True) -> str:
    """One line that names whose rows, which table and release, where, and on what terms. `page` is that of the table,
    where nothing else is given; without `terms` they stand beside it.
    """
    some = list(cities)
    names = "; ".join(one.name for one in some)
    standard = table.standard
    return (
        f"{names} ({table.at:%Y}). {standard.title}, release {table.number} of {table.at:%Y-%m-%d}"
        f" (standard {standard.name} {standard.version}). Common Ground. {page or permanent(table)}{f' Licenses: {licenses(table, some)}.' if terms else ''}"
    )


def licenses(table: Table, cities: Iterable[City]) -> str:
    """On what terms each city gives its rows, in one line."""
    return "; ".join(f"{one.name}, {_terms(table.cities[one.slug])}" for one in cities)


def _terms(city: CityRows) -> str:
    """The licenses of a city's rows in words; where none has a page of its own, with the terms of use."""
    found = rights(city)
    told = " and ".join(dict.fromkeys(one.license or "not given" for one in found)) or "not given"
    pages = {one.url or one.terms for one in found} - {""}
    return f"{told} ({pages.pop()})" if len(pages) == 1 else told


def sql(table: Table, wanted: Wanted) -> str:
    """The address of the page for SQL with these rows as its question."""
    where = wanted.where(table.standard)
    asked = f"SELECT *\nFROM {table.standard.name}\n{f'WHERE {where}' if where != 'true' else ''}\nLIMIT 100"
    return f"{reverse('sql')}?{urlencode({'q': asked.replace(chr(10) * 2, chr(10))})}"


def rights_form(city: CityRows) -> list[dict[str, Any]]:
    """Whose the rows are, as JSON."""
    return [dict(one) for one in city.rights]
