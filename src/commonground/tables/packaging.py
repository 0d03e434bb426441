"""A release of a table as a Data Package: its files with sizes and hashes, terms and origins, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from django.urls import reverse

from commonground.pages.addresses import absolute
from commonground.standards.datapackage import Edition, Origin, Resource, Terms, datapackage
from commonground.tables import giving
from commonground.words import License

if TYPE_CHECKING:
    from commonground.tables.manifest import CityRows, Table

Json = dict[str, Any]
_ORIGIN: Final = (
    ("_dataset", "string", "The data set that the row came from."),
    ("_part", "integer", "The part of raw rows that it came from."),
    ("_row", "integer", "Its place in that part, from 1."),
)
_INNER: Final = (
    ("_n", "integer", "Which of the rows that one raw row became, from 1; 0 where it became one."),
    ("_issues0", "integer", "Bits of the rules that values of the row broke."),
    ("_issues1", "integer", "More such bits."),
    ("_order", "integer", "The row's place; unique in the city."),
    ("_withheld", "string", "Why a row is withheld; empty in a published row."),
)


def package(table: Table, *, below: str = "") -> Json:
    """The descriptor; paths of its files begin with `below`."""
    standard = table.standard
    closed = giving.closed(table)
    resources = [one for slug in table.cities if slug not in closed for one in _resources(table, slug, below)]
    page = absolute(reverse("table", args=[standard.name]))
    edition = Edition(f"{standard.version}+{table.number}", table.at, f"{page}?release={table.number}")
    found = datapackage(standard, resources, _terms(table), _origins(table), edition)
    found["release"] = table.number
    found["attribution"] = giving.attribution(table, table.cities)
    found["terms"] = giving.terms(table, table.cities)
    for one in found["cities"]:
        slug = one["city"]
        one.update(_counts(table.cities[slug]))
        if slug in closed:
            one["not_given"] = closed[slug]
    for one in found["resources"]:
        _describe(one["schema"], inner=one["format"] == "parquet")
    return found


def _resources(table: Table, slug: str, below: str) -> Iterator[Resource]:
    held = table.cities[slug]
    name = giving.called(slug)
    rows = held.result.mapped
    yield Resource(
        f"{slug.replace('_', '-')}-parquet",
        f"{below}{slug}.parquet",
        "parquet",
        held.rows.stat().st_size,
        giving.sha256(held.rows),
        rows,
        slug,
        f"{table.standard.title}: {name}",
    )
    made = giving.made(table, "csv", [slug])
    yield Resource(
        f"{slug.replace('_', '-')}-csv",
        f"{below}{slug}.csv",
        "csv",
        made.stat().st_size if made else None,
        giving.sha256(made) if made else "",
        rows,
        slug,
        f"{table.standard.title}: {name}",
        on_request=not made,
    )


def _terms(table: Table) -> Iterator[Terms]:
    """Every license of a city once; `terms` of the package says of which source each is."""
    for slug, held in table.cities.items():
        licenses = dict.fromkeys(
            License(one["license"] or one["spdx"], one["spdx"] or None, one["license_url"] or None)
            for one in held.rights
            if one["license"] or one["spdx"]
        )
        named = "; ".join(dict.fromkeys(one["attribution"] for one in held.rights))
        pages = dict.fromkeys(one.get("terms") or one["license_url"] for one in held.rights)
        yield Terms(slug, giving.called(slug), tuple(licenses), named, next(filter(None, pages), ""))


def _origins(table: Table) -> list[Origin]:
    return [Origin(one["title"], one["page"]) for held in table.cities.values() for one in held.rights]


def _counts(held: CityRows) -> Json:
    """What a city gave and what could not be mapped: shares from 0 to 1 by field."""
    result = held.result
    return {
        "rows": result.mapped,
        "read": result.read,
        "withheld": {reason: n for reason, n in result.withheld.items() if n},
        "remainder": {name: round(one.remainder, 6) for name, one in result.remainder.items()},
        "made": held.made,
    }


def _describe(schema: Json, *, inner: bool) -> None:
    """The columns of a file that its standard has not: where the row came from, and, in Parquet, how it fared."""
    more = (*_ORIGIN, *(_INNER if inner else ()))
    schema["fields"] = [
        *schema["fields"],
        *({"name": name, "type": kind, "description": told} for name, kind, told in more),
    ]
