"""A result of the Hub's v3 search (a JSON:API resource) becomes a Dataset."""

from __future__ import annotations

from typing import Any, TypeGuard

from commonground.protocols.arcgis_hub.kinds import kind_of_type
from commonground.protocols.arcgis_hub.layers import KEPT, columns
from commonground.protocols.base import Notes
from commonground.protocols.fields.contacts import contact, publisher
from commonground.protocols.fields.extents import extent
from commonground.protocols.fields.formats import format_of
from commonground.protocols.fields.licenses import license_of
from commonground.protocols.fields.moments import moment
from commonground.protocols.fields.privacy import Persons
from commonground.protocols.fields.prose import description
from commonground.protocols.fields.values import link, records, text, texts, title, whole_number
from commonground.words import Dataset, Distribution, License, Portal, Raw

_AT = "attributes"

PERSONS = Persons(
    contacts=(
        f"{_AT}.owner",
        f"{_AT}.orgContactEmail",
        "creator",
        "editor",
        *("rpIndName", "eMailAdd", "voiceNum", "cntper", "cntemail", "cntvoice"),  # inside `metadata`, ISO and FGDC
    ),
    publishers=tuple(f"{_AT}.{key}" for key in ("source", "organization", "orgName")),
)
"""Where persons may stand in a resource."""


def attributes(raw: Raw) -> Raw:
    """The attributes of a resource; empty when it has none."""
    found = raw.get(_AT)
    return found if isinstance(found, dict) else {}


def layer(raw: Raw) -> Raw:
    """What is known of the layer: asked for, or listed among the attributes."""
    kept = raw.get(KEPT)
    return kept if isinstance(kept, dict) else attributes(raw)


def normalize_result(raw: Raw, portal: Portal, notes: Notes, native_id: str) -> Dataset:
    """The result in our form. What cannot be used is left out and noted."""
    told = attributes(raw)

    def words(*keys: str) -> str:
        return next((found for key in keys if (found := text(told.get(key), notes, f"{_AT}.{key}"))), "")

    def of(parse: Any, key: str) -> Any:  # noqa: ANN401 - one of the parsers of `fields`
        return parse(told.get(key), notes, f"{_AT}.{key}")

    key = "description" if told.get("description") else "snippet"
    html, plain = description(told.get(key), notes, f"{_AT}.{key}", dialect="text")
    known = layer(raw)
    of_rows = words("modifiedProvenance").startswith("layer.")
    changed = of(moment, "modified")
    return Dataset(
        city=portal.city,
        portal=portal.slug,
        host=portal.host,
        native_id=native_id,
        title=title(words("name", "title"), notes, f"{_AT}.name", native_id),
        kind=kind_of_type(words("type"), list(of(texts, "typeKeywords")), known),
        description_html=html,
        description=plain,
        publisher=_publisher(told, notes),
        contact=contact(words("owner"), words("orgContactEmail")) or portal.contact,
        license=_license(told, notes),
        themes=texts(_leaves(told.get("categories")), notes, f"{_AT}.categories"),
        keywords=of(texts, "tags"),
        issued=of(moment, "created"),
        modified=of(moment, "itemModified") if of_rows and told.get("itemModified") else changed,
        data_updated=changed if of_rows else None,
        spatial=of(extent, "extent"),
        columns=columns(known, notes, KEPT if KEPT in raw else _AT),
        distributions=_distributions(told, notes),
        landing_page=f"{portal.url.rstrip('/')}/datasets/{native_id}",
        row_count=of(whole_number, "recordCount"),
    )


def _publisher(told: Raw, notes: Notes) -> str:
    """The first of the names that is an office's."""
    given = (
        (text(told.get(key), notes, f"{_AT}.{key}"), f"{_AT}.{key}") for key in ("source", "organization", "orgName")
    )
    return next((office for name, place in given if (office := publisher(name, notes, place))), "")


def _leaves(categories: object) -> object:
    """`/Categories/Environment/Water` is about water."""
    if not isinstance(categories, list):
        return categories
    return [one.rstrip("/").rpartition("/")[2] if _is_path(one) else one for one in categories]


def _is_path(category: object) -> TypeGuard[str]:
    return isinstance(category, str) and category.lower().startswith("/categories/")


def _license(told: Raw, notes: Notes) -> License | None:
    given = told.get("structuredLicense")
    given = given if isinstance(given, dict) and given.get("type") != "none" else {}
    url = link(given.get("url"), notes, f"{_AT}.structuredLicense.url")
    name = text(given.get("name") or given.get("text"), notes, f"{_AT}.structuredLicense.text")
    return license_of(name or text(told.get("licenseInfo"), notes, f"{_AT}.licenseInfo"), url)


def _distributions(told: Raw, notes: Notes) -> tuple[Distribution, ...]:
    found: dict[str, Distribution] = {}
    url = link(told.get("url"), notes, f"{_AT}.url")
    if url:
        found[url] = Distribution(url, format_of("", "", url), text(told.get("type"), notes, f"{_AT}.type"))
    for place, one in records(told.get("additionalResources"), notes, f"{_AT}.additionalResources"):
        address = link(one.get("url"), notes, f"{place}.url")
        if address:
            called = text(one.get("name"), notes, f"{place}.name")
            found.setdefault(address, Distribution(address, format_of("", "", address), called))
    return tuple(found.values())
