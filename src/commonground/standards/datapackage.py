"""A standard and its files as Frictionless descriptors: a Table Schema, and a Data Package (v2). Pure.

What Frictionless has no word for stands in the Table Schema as it stands in our files: `subject`, `grain`, `codelists`,
and beside a field `codelist`, `raw`, `unit`. Readers that do not know these words pass them over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from commonground.standards.model import UNMAPPED, Code, Codelist, Field, FieldType, Standard
from commonground.words import License

PACKAGE = "https://datapackage.org/profiles/2.0/datapackage.json"
RESOURCE = "https://datapackage.org/profiles/2.0/dataresource.json"
SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"
FORMATS = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "geojson": "application/geo+json",
}
"""Formats of files of a table, with their media types."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """One file of a table. `path` is relative to the descriptor, or an address; `hash` is such as `sha256:…`.

    A file that is written when somebody first asks for it is `on_request`: its bytes and hash are known afterward.
    `city` is the slug of the city whose rows it has, "" for all of them; `rows` counts them.
    """

    name: str
    path: str
    format: str
    bytes: int | None = None
    hash: str = ""
    rows: int | None = None
    city: str = ""
    title: str = ""
    on_request: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a city gives its rows: the licenses of its datasets, none where it does not say one.

    `attribution` is the line that names whose rows they are, `url` the page with the terms of use of the city's portal.
    """

    city: str
    name: str
    licenses: tuple[License, ...] = ()
    attribution: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """A dataset that rows came from: its title, its page, and the office that answers for it."""

    title: str
    url: str = ""
    email: str = ""
    version: str = ""


def table_schema(standard: Standard) -> Json:
    """The standard as a Table Schema; `files.read` takes it back to the same standard."""
    return _filled(
        {
            "$schema": SCHEMA,
            "name": standard.name,
            "title": standard.title,
            "description": standard.description,
            "subject": standard.subject,
            "grain": standard.grain,
            "version": standard.version,
            "review_by": standard.review_by.isoformat(),
            "based_on": [_filled({"name": one.name, "url": one.url, "note": one.note}) for one in standard.based_on],
            "primaryKey": list(standard.key),
            "time": standard.time,
            "kind": standard.kind,
            "missingValues": [""],
            "orders": [[one.earlier, one.later] for one in standard.orders],
            "fields": [_field(one) for one in standard.fields],
            "codelists": {name: _codelist(one) for name, one in standard.codelists.items()},
        }
    )


def _field(one: Field) -> Json:
    bounds = {
        "required": one.required or None,
        "minimum": _plain(one.minimum, one.type),
        "maximum": _plain(one.maximum, one.type),
        "pattern": one.pattern or None,
    }
    constraints = {name: value for name, value in bounds.items() if value is not None}
    names = ("codelist", "raw", "unit", "based_on", "free_text", "ahead", "earliest")
    return {
        "name": one.name,
        "type": one.type.value,
        "title": one.title,
        "description": one.description,
        **({"constraints": constraints} if constraints else {}),
        **_filled({name: getattr(one, name) for name in names}),
    }


def _plain(value: float | None, kind: FieldType) -> float | int | None:
    """The profile asks whole numbers as bounds of an integer."""
    return int(value) if value is not None and (kind is FieldType.INTEGER or value == int(value)) else value


def _codelist(one: Codelist) -> Json:
    return {"title": one.title, "source": one.source, "codes": [_code(code) for code in one.codes]}


def _code(one: Code) -> Json:
    return _filled({"code": one.code, "label": one.label, "definition": one.definition, "group": one.group})


@dataclass(frozen=True, slots=True)
class Edition:
    """Which state of a table a package has: the table's own version (a build), when it was made, and its page."""

    version: str = ""
    created: datetime | None = None
    homepage: str = ""


def datapackage(
    standard: Standard,
    resources: Iterable[Resource],
    terms: Iterable[Terms] = (),
    origins: Iterable[Origin] = (),
    edition: Edition | None = None,
) -> Json:
    """A Data Package of a table: its files with their schema, each city's license, and the datasets of the rows.

    Without an edition the version is the standard's. `created` is made UTC. A city that does not say its license is
    named in `cities` without one: no word is put in its mouth.
    """
    cities = {one.city: one for one in terms}
    state = edition or Edition()
    return _filled(
        {
            "$schema": PACKAGE,
            "name": standard.name.replace("_", "-"),
            "title": standard.title,
            "description": f"{standard.description} One row is {standard.grain}.",
            "homepage": state.homepage,
            "version": state.version or standard.version,
            "created": state.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if state.created else "",
            "keywords": [standard.subject],
            "licenses": _licenses(cities.values()),
            "sources": [_source(one) for one in origins],
            "standard": {"name": standard.name, "version": standard.version, "grain": standard.grain},
            "cities": [_city(one) for one in cities.values()],
            "resources": [_resource(one, standard, cities) for one in resources],
        }
    )


def _licenses(terms: Iterable[Terms]) -> list[Json]:
    """Each license once, with the cities that give rows under it in its title."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in terms:
        for each in one.licenses:
            key = (each.spdx or "", each.url or one.url, each.text)
            found.setdefault(key, []).append(one.name)
    return [
        _filled({"name": spdx, "path": url, "title": f"{text or spdx} ({', '.join(names)})"})
        for (spdx, url, text), names in found.items()
        if spdx or url
    ]


def _city(one: Terms) -> Json:
    return {
        "city": one.city,
        "name": one.name,
        "license": "; ".join(dict.fromkeys(each.spdx or each.text for each in one.licenses)) or None,
        **_filled({"attribution": one.attribution, "terms": one.url}),
    }


def _source(one: Origin) -> Json:
    return _filled({"title": one.title, "path": one.url, "email": one.email, "version": one.version})


def _resource(one: Resource, standard: Standard, cities: Mapping[str, Terms]) -> Json:
    own = [cities[one.city]] if one.city in cities else []
    return _filled(
        {
            "$schema": RESOURCE,
            "name": one.name,
            "title": one.title,
            "type": "table",
            "path": one.path,
            "format": one.format,
            "mediatype": FORMATS.get(one.format, ""),
            "encoding": "utf-8" if one.format in {"csv", "json", "geojson"} else "",
            "bytes": one.bytes,
            "hash": one.hash,
            "on_request": one.on_request,
            "rows": one.rows,
            "city": one.city,
            "licenses": _licenses(own),
            "schema": _with_unmapped(table_schema(standard)),
        }
    )


def _with_unmapped(schema: Json) -> Json:
    """In a table a coded field may also say that no crosswalk knows the value; so its list says that too."""
    extra = {"code": UNMAPPED, "label": "Unmapped", "definition": "The city's own word has no code yet."}
    lists = schema.get("codelists", {})
    return schema | {"codelists": {name: {**one, "codes": [*one["codes"], extra]} for name, one in lists.items()}}


def _filled(content: Json) -> Json:
    """Without what says nothing. Zero and `False` of a count or a size would say something; only these are kept."""
    return {name: value for name, value in content.items() if value or (value == 0 and name in {"bytes", "rows"})}
