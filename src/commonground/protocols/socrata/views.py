"""A view (`/api/views/<id>`) becomes a Dataset. Pure: no network.

Views carry what Discovery lacks: row counts (in `cachedContents`) and the order of columns.
"""

from __future__ import annotations

from commonground.protocols.base import Notes
from commonground.protocols.fields import formats, frequencies, licenses, prose, values
from commonground.protocols.fields.extents import period
from commonground.protocols.fields.moments import moment
from commonground.protocols.socrata import discovery, words
from commonground.words import Column, Dataset, Distribution, Kind, Portal, Raw

_VOLATILE = {
    "averageRating",
    "downloadCount",
    "indexUpdatedAt",
    "numberOfComments",
    "totalTimesRated",
    "viewCount",
    "flags",
    "rights",
    "grants",
}
_KINDS = {"table": Kind.TABLE, "fatrow": Kind.TABLE, "page": Kind.TABLE, "calendar": Kind.TABLE, "map": Kind.MAP_LAYER}
_BY_VIEW = {"geo": Kind.MAP_LAYER, "blobby": Kind.FILE, "href": Kind.LINK, "story": Kind.STORY}


def canonical(raw: Raw) -> Raw:
    """Without counters and cached contents of columns; tags in one order."""
    kept = {name: value for name, value in raw.items() if name not in _VOLATILE}
    if isinstance(kept.get("tags"), list):
        kept["tags"] = sorted(kept["tags"], key=repr)
    if isinstance(kept.get("columns"), list):
        kept["columns"] = [
            {name: value for name, value in column.items() if name != "cachedContents"}
            if isinstance(column, dict)
            else column
            for column in kept["columns"]
        ]
    return kept


def normalize(raw: Raw, portal: Portal, native_id: str, notes: Notes) -> Dataset:
    """The view in our form. Whatever cannot be used is left out and noted."""
    facts = _facts(values.at(raw, "metadata.custom_fields"))
    html, plain = prose.description(raw.get("description"), notes, "description", dialect="text")
    kind, known = _kind(raw), columns(raw, notes)
    theme = values.text(raw.get("category"), notes, "category")
    parent = raw.get("modifyingViewUid")
    return Dataset(
        city=portal.city,
        portal=portal.slug,
        host=portal.host,
        native_id=native_id,
        title=values.title(values.text(raw.get("name"), notes, "name"), notes, "name", native_id),
        kind=kind,
        description_html=html,
        description=plain,
        publisher=discovery.publisher(facts, raw.get("attribution"), notes, "attribution"),
        contact=discovery.contact(None, facts, portal),
        license=licenses.license_of(
            values.text(values.at(raw, "license.name") or raw.get("licenseId"), notes, "license"),
            values.text(values.at(raw, "license.termsLink"), notes, "license.termsLink"),
        ),
        themes=(theme,) if theme else (),
        keywords=tuple(sorted(values.texts(raw.get("tags"), notes, "tags"))),
        issued=moment(raw.get("publicationDate") or raw.get("createdAt"), notes, "publicationDate"),
        modified=moment(raw.get("viewLastModified"), notes, "viewLastModified"),
        data_updated=moment(raw.get("rowsUpdatedAt"), notes, "rowsUpdatedAt"),
        frequency=frequencies.frequency(discovery.fact(facts, words.FREQUENCY_FACTS)),
        temporal=period(discovery.fact(facts, words.PERIOD_FACTS) or None, Notes(), "metadata.custom_fields"),
        columns=known,
        distributions=(
            *_links(raw, notes),
            *discovery.exports(portal, native_id, kind, known, {"blob_mime_type": raw.get("blobMimeType")}),
        ),
        landing_page=f"{portal.url}/d/{native_id}",
        row_count=_rows(raw),
        parents=(parent,) if isinstance(parent, str) else (),
    )


def columns(raw: Raw, notes: Notes) -> tuple[Column, ...]:
    """Columns ordered by field name, like Discovery's, so that both dialects agree."""
    found = []
    for place, one in values.records(raw.get("columns"), notes, "columns"):
        published = values.text(one.get("dataTypeName"), notes, f"{place}.dataTypeName")
        name = values.text(one.get("name"), notes, f"{place}.name")
        field = values.text(one.get("fieldName"), notes, f"{place}.fieldName") or name
        if not field:
            notes.add("wrong-type", place, one)
            continue
        described = prose.description(one.get("description"), notes, f"{place}.description", dialect="text")[1]
        found.append(Column(name or field, field, words.column_type(published), published, described))
    return discovery.in_order(found)


def _facts(custom: object) -> discovery.Facts:
    """`{"Update": {"Update Frequency": "Daily"}}` in the form that Discovery's facts have."""
    told = []
    for group, fields in custom.items() if isinstance(custom, dict) else ():
        for name, value in fields.items() if isinstance(fields, dict) else ():
            told.append((name.replace(" ", "-"), value, f"metadata.custom_fields.{group}.{name}"))
    return discovery.own_facts(told)


def _kind(raw: Raw) -> Kind:
    view = str(raw.get("viewType") or "")
    if view in _BY_VIEW:
        return _BY_VIEW[view]
    asset = str(raw.get("assetType") or "")
    if asset in words.KINDS:
        return words.KINDS[asset]
    kind = _KINDS.get(str(raw.get("displayType") or "table"), Kind.CHART)
    return Kind.VIEW if kind is Kind.TABLE and raw.get("modifyingViewUid") else kind


def _rows(raw: Raw) -> int | None:
    """Rows = filled + empty cells of the first column that has a profile; Socrata sends numbers as text too."""
    columns = raw.get("columns")
    for column in columns if isinstance(columns, list) else ():
        profile = column.get("cachedContents") if isinstance(column, dict) else None
        if isinstance(profile, dict):
            if str(profile.get("count", "")).isdigit():
                return int(profile["count"])
            parts = [str(profile.get(name, "")) for name in ("non_null", "null")]
            if all(part.isdigit() for part in parts):
                return sum(int(part) for part in parts)
    return None


def _links(raw: Raw, notes: Notes) -> tuple[Distribution, ...]:
    found = []
    points = values.at(raw, "metadata.accessPoints")
    for given, value in points.items() if isinstance(points, dict) else ():
        url = values.link(value, notes, f"metadata.accessPoints.{given}")
        if url:
            found.append(Distribution(url, formats.format_of(given, given, url), title=prose.clean(str(given))))
    return tuple(found)
