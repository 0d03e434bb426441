"""Our datasets as Discovery records.

Discovery cannot carry: row counts, extents, distributions of our own (it offers the usual exports
for every table), more than one theme, a contact's name, and a license's address.
"""

from __future__ import annotations

from commonground.protocols.socrata.discovery import known_type
from commonground.words import Dataset, Kind, Moment, Raw

_TYPES = {
    Kind.TABLE: ("dataset", "tabular"),
    Kind.VIEW: ("filter", "tabular"),
    Kind.MAP_LAYER: ("map", "geo"),
    Kind.CHART: ("chart", "tabular"),
    Kind.STORY: ("story", "story"),
    Kind.LINK: ("href", "href"),
    Kind.SERVICE: ("href", "href"),
    Kind.FILE: ("file", "blobby"),
    Kind.OTHER: ("form", "tabular"),
}


def record(dataset: Dataset) -> Raw:
    """One record of `/api/catalog/v1`."""
    asset, view = _TYPES[dataset.kind]
    columns = dataset.columns or ()
    media = next((way.media_type for way in dataset.distributions if way.media_type), None)
    return {
        "resource": {
            "name": dataset.title,
            "id": dataset.native_id,
            "parent_fxf": list(dataset.parents),
            "description": dataset.description_html or dataset.description,
            "attribution": dataset.publisher or None,
            "attribution_link": None,
            "contact_email": dataset.contact.email if dataset.contact else None,
            "type": asset,
            "updatedAt": _text(dataset.data_updated) or _text(dataset.modified),
            "createdAt": _text(dataset.issued),
            "metadata_updated_at": _text(dataset.modified),
            "data_updated_at": _text(dataset.data_updated),
            "columns_name": [column.name for column in columns],
            "columns_field_name": [column.field for column in columns],
            "columns_datatype": [known_type(column) for column in columns],
            "columns_description": [column.description for column in columns],
            "columns_format": [{} for _ in columns],
            "lens_view_type": view,
            "lens_display_type": "table" if view == "tabular" else view,
            "blob_mime_type": media if dataset.kind is Kind.FILE else None,
            "hide_from_data_json": False,
            "publication_date": _text(dataset.issued),
        },
        "classification": {
            "categories": [],
            "tags": [],
            "domain_category": dataset.themes[0] if dataset.themes else None,
            "domain_tags": list(dataset.keywords),
            "domain_metadata": _facts(dataset),
        },
        "metadata": {
            "domain": dataset.host,
            **({"license": dataset.license.text} if dataset.license else {}),
            **(_links(dataset) if dataset.kind in {Kind.LINK, Kind.SERVICE} else {}),
        },
        "permalink": dataset.landing_page or f"https://{dataset.host}/d/{dataset.native_id}",
        "link": dataset.landing_page or f"https://{dataset.host}/d/{dataset.native_id}",
    }


def _text(moment: Moment | None) -> str | None:
    return moment.text if moment else None


def _facts(dataset: Dataset) -> list[dict[str, str]]:
    facts = []
    if dataset.publisher:
        facts.append({"key": "Publishing-Details_Department", "value": dataset.publisher})
    if dataset.frequency:
        facts.append({"key": "Publishing-Details_Publishing-frequency", "value": dataset.frequency.text})
    if dataset.temporal and dataset.temporal.text:
        facts.append({"key": "Publishing-Details_Time-Period", "value": dataset.temporal.text})
    return facts


def _links(dataset: Dataset) -> Raw:
    return {
        "access_points": {way.title or way.format: way.url for way in dataset.distributions},
    }
