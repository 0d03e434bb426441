"""A Discovery record (`/api/catalog/v1`) becomes a Dataset. Pure: no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from commonground.protocols.base import Notes
from commonground.protocols.fields import contacts, formats, frequencies, licenses, prose, values
from commonground.protocols.fields.extents import period
from commonground.protocols.fields.moments import moment
from commonground.protocols.socrata import words
from commonground.words import Column, ColumnType, Contact, Dataset, Distribution, Kind, Portal, Raw

_VOLATILE = {"page_views", "download_count"}
_ARRAYS = ("columns_field_name", "columns_name", "columns_datatype", "columns_description", "columns_format")


def canonical(raw: Raw) -> Raw:
    """Without counters of views, lists in one order: Socrata sends columns and tags in random order."""
    resource = raw.get("resource")
    if not isinstance(resource, dict):
        return raw
    kept = {name: value for name, value in resource.items() if name not in _VOLATILE and name not in _ARRAYS}
    arrays = [resource.get(name) for name in _ARRAYS]
    lists = [one if isinstance(one, list) else [] for one in arrays]
    kept["columns"] = _by_field(zip_longest(*lists))
    rest = {
        name: value for name, value in raw.items() if name not in {"resource", "classification", "preview_image_url"}
    }
    classification = raw.get("classification")
    if isinstance(classification, dict):
        rest["classification"] = {
            name: _ordered(value) if isinstance(value, list) else value
            for name, value in classification.items()
            if name not in {"categories", "tags"}  # guessed by Socrata anew each time
        }
    return {**rest, "resource": kept}


def _ordered(items: Iterable[object]) -> list[object]:
    return sorted(items, key=repr)


def _by_field(columns: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """As `_ordered`, by their fields alone where these are all texts and differ: no `repr` of a text begins another's."""
    listed = list(columns)
    fields = {one[0] for one in listed if isinstance(one[0], str)}
    return sorted(listed, key=(lambda one: repr(one[0])) if len(fields) == len(listed) else repr)


def columns(resource: Raw, notes: Notes) -> tuple[Column, ...]:
    """The five parallel arrays, zipped and ordered by field name. Uneven arrays are noted, not lost."""
    fields, names, types, descriptions = (_array(resource, name, notes) for name in _ARRAYS[:4])
    if len({len(fields), len(names), len(types)}) > 1:
        notes.add("columns-uneven", "resource.columns_*", f"{len(fields)}, {len(names)}, {len(types)}")
    found = []
    for field, name, kind, description in zip_longest(fields, names, types, descriptions, fillvalue=""):
        if not field and not name:
            continue
        published = prose.clean(str(kind or ""))
        found.append(
            Column(
                name=prose.clean(str(name or field)).strip(),
                field=prose.clean(str(field or name)),
                type=words.column_type(published),
                published_type=published,
                description=prose.description(description, notes, "resource.columns_description", dialect="text")[1],
            )
        )
    return in_order(found)


def in_order(found: Iterable[Column]) -> tuple[Column, ...]:
    """By field name, as the listing's own order is random; those that Socrata computes (`:@…`) last."""
    return tuple(sorted(found, key=lambda column: (column.field.startswith(":"), column.field, column.name)))


def _array(resource: Raw, name: str, notes: Notes) -> Sequence[object]:
    value = resource.get(name)
    if isinstance(value, list):
        return value
    if value is not None:
        notes.add("wrong-type", f"resource.{name}", value)
    return ()


def normalize(raw: Raw, portal: Portal, native_id: str, notes: Notes) -> Dataset:
    """The record in our form. Whatever cannot be used is left out and noted."""
    found = raw.get("resource")
    resource: Raw = found if isinstance(found, dict) else {}
    facts = own_facts(pairs(values.at(raw, "classification.domain_metadata")))
    html, plain = prose.description(resource.get("description"), notes, "resource.description", dialect="text")
    kind = words.KINDS.get(str(resource.get("type") or "").lower(), Kind.OTHER)
    known = columns(resource, notes)
    themes = values.text(values.at(raw, "classification.domain_category"), notes, "classification.domain_category")
    return Dataset(
        city=portal.city,
        portal=portal.slug,
        host=portal.host,
        native_id=native_id,
        title=values.title(
            values.text(resource.get("name"), notes, "resource.name"), notes, "resource.name", native_id
        ),
        kind=kind,
        description_html=html,
        description=plain,
        publisher=publisher(facts, resource.get("attribution"), notes, "resource.attribution"),
        contact=contact(resource.get("contact_email"), facts, portal),
        license=licenses.license_of(values.text(values.at(raw, "metadata.license"), notes, "metadata.license")),
        themes=(themes,) if themes else (),
        keywords=tuple(
            sorted(values.texts(values.at(raw, "classification.domain_tags"), notes, "classification.domain_tags"))
        ),
        issued=moment(
            resource.get("publication_date") or resource.get("createdAt"), notes, "resource.publication_date"
        ),
        modified=moment(resource.get("metadata_updated_at"), notes, "resource.metadata_updated_at"),
        data_updated=moment(resource.get("data_updated_at"), notes, "resource.data_updated_at"),
        frequency=frequencies.frequency(fact(facts, words.FREQUENCY_FACTS)),
        temporal=period(fact(facts, words.PERIOD_FACTS) or None, Notes(), "classification.domain_metadata"),
        columns=known,
        distributions=(*_access_points(raw, notes), *exports(portal, native_id, kind, known, resource)),
        landing_page=values.link(raw.get("permalink") or f"{portal.url}/d/{native_id}", notes, "permalink"),
        parents=values.texts(resource.get("parent_fxf"), notes, "resource.parent_fxf"),
    )


class Fact(NamedTuple):
    """What one of a portal's own fields says, and where in the record."""

    value: str
    place: str


Facts = dict[str, Fact]
_UNTOLD = Fact("", "")


def pairs(given: object) -> Iterator[tuple[str, object, str]]:
    """Key, value and place of Discovery's own fields, `{"key": "Update_Update-Frequency", "value": "Daily"}`."""
    for one in given if isinstance(given, list) else ():
        if isinstance(one, dict) and isinstance(one.get("key"), str):
            yield one["key"], one.get("value"), f"classification.domain_metadata.{one['key']}"


def own_facts(told: Iterable[tuple[str, object, str]]) -> Facts:
    """A portal's own fields (key, value, place) by the last part of their key, lower case."""
    facts: Facts = {}
    for key, value, place in told:
        text = prose.clean(value).strip() if isinstance(value, str) else ""
        if text:
            facts.setdefault(key.rsplit("_", 1)[-1].lower(), Fact(text, place))
    return facts


def first(facts: Facts, names: Sequence[str]) -> Fact:
    """The first of those facts that the record has; of empty text without one."""
    return next((facts[name] for name in names if name in facts), _UNTOLD)


def fact(facts: Facts, names: Sequence[str]) -> str:
    """What the first of those facts says, or an empty text."""
    return first(facts, names).value


def publisher(facts: Facts, attribution: object, notes: Notes, place: str) -> str:
    """The office that publishes: the portal's own fact, else the attribution (at `place`)."""
    told = [first(facts, words.OFFICE_FACTS), Fact(values.text(attribution, notes, place), place)]
    return next((office for name, where in told if (office := contacts.publisher(name, notes, where))), "")


def contact(email: object, facts: Facts, portal: Portal) -> Contact | None:
    """The record's office, else the portal's."""
    mailbox = email if isinstance(email, str) and email else fact(facts, ("contact-email",))
    return contacts.contact(fact(facts, ("contact-name",)), mailbox) or portal.contact


def exports(
    portal: Portal, native_id: str, kind: Kind, known: Sequence[Column], resource: Raw
) -> tuple[Distribution, ...]:
    """The ways that Socrata gives the rows of any tabular asset; a file is downloaded as it is."""
    if kind is Kind.FILE:
        media = str(resource.get("blob_mime_type") or "")
        url = f"{portal.url}/download/{native_id}/{media or 'application/octet-stream'}"
        return (Distribution(url, formats.format_of("", media, ""), media_type=media),)
    if kind not in {Kind.TABLE, Kind.VIEW, Kind.MAP_LAYER, Kind.CHART} or not known:
        return ()
    rows = f"{portal.url}/api/views/{native_id}/rows"
    ways = [
        Distribution(f"{rows}.csv?accessType=DOWNLOAD", "CSV", media_type="text/csv"),
        Distribution(f"{portal.url}/resource/{native_id}.json", "JSON", media_type="application/json"),
    ]
    if any(column.type in words.GEOMETRY for column in known):
        url = f"{portal.url}/resource/{native_id}.geojson"
        ways.append(Distribution(url, "GeoJSON", media_type="application/geo+json"))
    return tuple(ways)


def _access_points(raw: Raw, notes: Notes) -> tuple[Distribution, ...]:
    """Links of an external dataset: `access_points` {format: url} and the list of further ones."""
    found: dict[str, Distribution] = {}
    groups: list[tuple[str, Raw]] = []
    first = values.at(raw, "metadata.access_points")
    if isinstance(first, dict):
        groups.append(("metadata.access_points", first))
    more = values.at(raw, "metadata.additional_access_points")
    for index, one in enumerate(more if isinstance(more, list) else ()):
        place = f"metadata.additional_access_points[{index}]"
        urls = one.get("urls") if isinstance(one, dict) else None
        if isinstance(urls, dict):
            groups.append((place, urls))
    for place, urls in groups:
        for given, value in urls.items():
            url = values.link(value, notes, f"{place}.{given}")
            if url:
                way = Distribution(url, formats.format_of(given, given, url), title=prose.clean(str(given)))
                found.setdefault(url, way)
    return tuple(found.values())


def known_type(column: Column) -> str:
    """The published type of a column when a record is made: its own word, else ours in Socrata's."""
    return column.published_type or (words.published_type(column.type) if column.type != ColumnType.TEXT else "Text")
