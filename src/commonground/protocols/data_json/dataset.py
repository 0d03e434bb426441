"""A DCAT-US record, version 1.1 or 3.0, becomes a Dataset.

Version 3.0 writes objects where 1.1 writes text (concepts, documents, identifiers, locations), and lists where
1.1 has one value; portals mix both, so every field takes both. Columns stay unknown: the dialect has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from commonground.protocols.base import Notes
from commonground.protocols.fields import contacts
from commonground.protocols.fields.extents import extent, period
from commonground.protocols.fields.formats import format_of
from commonground.protocols.fields.frequencies import frequency
from commonground.protocols.fields.licenses import license_of
from commonground.protocols.fields.moments import moment
from commonground.protocols.fields.prose import description
from commonground.protocols.fields.values import link, records, text, texts, title
from commonground.words import Contact, Dataset, Distribution, Kind, License, Portal, Raw

DICTIONARY = "Data dictionary"
"""The title of a distribution made from `describedBy`."""

_MAPS = {"Esri REST", "GeoJSON", "KML", "KMZ", "Shapefile", "WMS", "WFS"}
_TABLES = {"CSV", "JSON", "XML", "RDF", "Excel", "Parquet"}
_LABELS = ("prefLabel", "name", "title", "altLabel", "label", "@value", "@id")
_ADDRESSES = ("accessURL", "downloadURL", "@id")
_REPEATS = re.compile(r"(R\d*/|P(?=$|[\dT]))")
_WAYS = ("downloadURL", "accessURL", "accessService")
_DEEPEST = 10


def normalize_record(raw: Raw, portal: Portal, notes: Notes, native_id: str) -> Dataset:
    """The record in our form. What cannot be used is left out and noted; the record itself always stays."""
    html, plain = description(_one(raw.get("description")), notes, "description", dialect="text")
    found = distributions(raw, notes)
    landing_page = link(_address(raw.get("landingPage")), notes, "landingPage")
    changed = _one(raw.get("modified"))
    repeats = changed if isinstance(changed, str) and _REPEATS.match(changed) else None
    rhythm = text(_label(raw.get("accrualPeriodicity")), notes, "accrualPeriodicity") or repeats or ""
    return Dataset(
        city=portal.city,
        portal=portal.slug,
        host=portal.host,
        native_id=native_id,
        title=title(text(_label(raw.get("title")), notes, "title"), notes, "title", native_id),
        kind=kind_of(raw, found),
        description_html=html,
        description=plain,
        publisher=publisher(raw.get("publisher"), notes),
        contact=_contact(raw, notes) or portal.contact,
        license=_license(raw, notes),
        themes=texts(_labels(raw.get("theme")), notes, "theme"),
        keywords=texts(_labels(raw.get("keyword")), notes, "keyword"),
        issued=moment(_one(raw.get("issued")), notes, "issued"),
        modified=None if repeats else moment(changed, notes, "modified"),
        frequency=frequency(rhythm) if rhythm.strip("R/P") else None,
        spatial=extent(raw.get("spatial"), notes, "spatial"),
        temporal=period(raw.get("temporal"), notes, "temporal"),
        distributions=found,
        landing_page=landing_page,
        parents=tuple(dict.fromkeys(identifier(one) for one in _each(raw.get("isPartOf")) if identifier(one))),
        series=next((name for one in _each(raw.get("inSeries")) if (name := _series(one, notes))), ""),
    )


def identifier(value: object) -> str:
    """The text of an identifier: as it is, or of a 3.0 Identifier or of what it identifies; "" without one."""
    if isinstance(value, str):
        return value if value.strip() else ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        return next((told for key in ("@id", "notation", "identifier") if (told := identifier(value.get(key)))), "")
    return ""


def publisher(value: object, notes: Notes) -> str:
    """The name of the office itself; of what it belongs to only where it has no name."""
    place, node = "publisher", _one(value)
    for _ in range(_DEEPEST):
        name = text(_label(node, ("name", "prefLabel", "altLabel")), notes, place)
        if (office := contacts.publisher(name, notes, place)) or not isinstance(node, dict):
            return office
        place, node = f"{place}.subOrganizationOf", _one(node.get("subOrganizationOf"))
    return ""


def distributions(raw: Raw, notes: Notes) -> tuple[Distribution, ...]:
    """Every address at which the data can be had, in the record's order, each once."""
    found: dict[str, Distribution] = {}
    for place, one in records(raw.get("distribution"), notes, "distribution"):
        if not any(one.get(key) for key in _WAYS):
            notes.add("no-link", place, text(_label(one), notes, place))
        for way in _ways(one, notes, place):
            found.setdefault(way.url, way)
    for way in [*_ways(_of_the_record(raw), notes, ""), *_dictionary(raw, notes)]:
        found.setdefault(way.url, way)
    return tuple(found.values())


def kind_of(raw: Raw, found: Iterable[Distribution]) -> Kind:
    """What the dataset is, from the forms in which it can be had."""
    if str(raw.get("@type", "")).endswith("DataService"):
        return Kind.SERVICE
    formats = {way.format for way in found if way.title != DICTIONARY}
    if formats & _MAPS:
        return Kind.MAP_LAYER
    if formats & _TABLES:
        return Kind.TABLE
    if "API" in formats:
        return Kind.SERVICE
    if not formats:
        return Kind.OTHER
    return Kind.LINK if formats == {"HTML"} else Kind.FILE


def _ways(one: Raw, notes: Notes, place: str) -> Iterable[Distribution]:
    """A distribution may name a page, a file and services at once: each is a way of its own."""
    given = text(_label(one.get("format")), notes, f"{place}.format")
    media = text(_label(one.get("mediaType")), notes, f"{place}.mediaType")
    called = text(_label(one.get("title")), notes, f"{place}.title")
    asked = [(key, _address(part)) for key in ("downloadURL", "accessURL") for part in _each(one.get(key))]
    for service in _each(one.get("accessService")):
        endpoint = service.get("endpointURL") if isinstance(service, dict) else service
        asked += [("accessService.endpointURL", part) for part in _each(endpoint)]
    urls = [(key, url) for key, value in asked if (url := link(value, notes, f"{place}.{key}".lstrip(".")))]
    several = len(urls) > 1
    for key, url in urls:
        if key == "accessService.endpointURL":
            yield Distribution(url, format_of("API", "", url), called)
        elif several and key == "accessURL":
            yield Distribution(url, format_of("", "", url) if _has_format(url) else "HTML", called)
        else:
            yield Distribution(url, format_of(given, media, url), called, media)


def _has_format(url: str) -> bool:
    return format_of("", "", url) != "Other"


def _of_the_record(raw: Raw) -> Raw:
    """Older records, and services, name an address beside their distributions."""
    return {
        "accessURL": raw.get("accessURL"),
        "downloadURL": raw.get("downloadURL"),
        "accessService": [{"endpointURL": [*_each(raw.get("webService")), *_each(raw.get("endpointURL"))]}],
        "format": raw.get("format"),
        "mediaType": raw.get("mediaType"),
    }


def _dictionary(raw: Raw, notes: Notes) -> Iterable[Distribution]:
    for one in _each(raw.get("describedBy")):
        media = one.get("mediaType") if isinstance(one, dict) else raw.get("describedByType")
        told = one.get("downloadURL") or _address(one) if isinstance(one, dict) else one
        url, media_type = link(told, notes, "describedBy"), text(_label(media), notes, "describedByType")
        if url:
            yield Distribution(url, format_of("", media_type, url), DICTIONARY, media_type)


def _contact(raw: Raw, notes: Notes) -> Contact | None:
    """The first office among the contacts; private persons are left out."""
    for place, one in records(raw.get("contactPoint"), notes, "contactPoint"):
        names = [text(one.get(key), notes, f"{place}.{key}") for key in ("fn", "organization-name")]
        email = text(_label(one.get("hasEmail")), notes, f"{place}.hasEmail")
        if office := contacts.contact(", ".join(dict.fromkeys(filter(None, names))), email):
            return office
    return None


def _license(raw: Raw, notes: Notes) -> License | None:
    """The record's license, or the one that all its distributions share."""
    given = text(_label(_one(raw.get("license"))), notes, "license")
    if not given:
        shared = {text(_label(_one(one.get("license"))), notes, place) for place, one in _distributions(raw)}
        given = shared.pop() if len(shared) == 1 else ""
    return license_of(given)


def _distributions(raw: Raw) -> list[tuple[str, Raw]]:
    return [("distribution.license", one) for one in _each(raw.get("distribution")) if isinstance(one, dict)]


def _series(value: object, notes: Notes) -> str:
    return identifier(value) or text(_label(value), notes, "inSeries")


def _each(value: object) -> list[object]:
    """A value as a list: of its members, of itself, or of nothing."""
    if isinstance(value, list):
        return [one for one in value if one is not None]
    return [] if value is None else [value]


def _one(value: object) -> object:
    """The value, or the first of several."""
    return next(iter(_each(value)), None)


def _label(value: object, keys: tuple[str, ...] = _LABELS) -> object:
    """What an object is called; any other value as it is."""
    if isinstance(value, dict):
        return next((value[key] for key in keys if value.get(key)), None)
    return value


def _labels(value: object) -> object:
    return [_label(one) for one in value] if isinstance(value, list) else _label(value)


def _address(value: object) -> object:
    """The address of a Document, or of the first of several; a text as it is."""
    value = _one(value)
    return next((value[key] for key in _ADDRESSES if value.get(key)), None) if isinstance(value, dict) else value
