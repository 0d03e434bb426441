"""Makes records of an Opendatasoft catalog from our datasets, as a portal that published them would answer.

What Opendatasoft cannot carry, and how it comes back:

- `series` and `parents` are left out: it knows neither.
- The kind follows from what there is: rows with shapes are a map layer, other rows a table, files are a file.
- Every table with columns is offered in the portal's own exports; the ways of ours stand beside them as attachments.
- A column's type becomes the nearest of ten; a column without a name is left out.
- `row_count` and `data_updated` need rows: without columns both are left out.
- `landing_page` is always `<portal>/explore/dataset/<name>/`; another address is not kept.
- The text of an extent becomes its box; that of a period or a moment is kept as it was given.
"""

from __future__ import annotations

import re
import unicodedata

from commonground.protocols.opendatasoft import words
from commonground.words import Column, Dataset, Extent, Moment, Raw

_PAGE = re.compile(r"/explore/dataset/([^/?#]+)/?$")
_LONGEST_NAME = 100


def record(dataset: Dataset) -> Raw:
    """One record, as `catalog/datasets` lists it. Facts that are unknown are left out."""
    has_rows = dataset.columns is not None
    fields = [_field(column) for column in dataset.columns or () if column.field]
    on_map = bool({str(one["type"]) for one in fields} & words.PLACES)
    return {
        "visibility": "domain",
        "dataset_id": _name(dataset),
        "dataset_uid": dataset.native_id,
        "has_records": has_rows,
        "data_visible": True,
        "features": [*(["analyze"] if has_rows else []), *(["geo"] if on_map else [])],
        "attachments": _attachments(dataset),
        "alternative_exports": [],
        "fields": fields,
        "metas": {"default": _default(dataset), "dcat": _dcat(dataset)},
    }


def _default(dataset: Dataset) -> Raw:
    has_rows = dataset.columns is not None
    return _told(
        {
            "title": dataset.title,
            "description": dataset.description_html,
            "theme": list(dataset.themes),
            "keyword": list(dataset.keywords),
            "license": dataset.license.text if dataset.license else None,
            "license_url": dataset.license.url if dataset.license else None,
            "publisher": dataset.publisher,
            "modified": _text(dataset.modified),
            "data_processed": _text(dataset.data_updated) if has_rows else None,
            "records_count": dataset.row_count if has_rows else None,
            "bbox": _box(dataset.spatial),
            "federated": False,
        }
    )


def _dcat(dataset: Dataset) -> Raw:
    return _told(
        {
            "issued": _text(dataset.issued),
            "contact_name": dataset.contact.name if dataset.contact else None,
            "contact_email": dataset.contact.email if dataset.contact else None,
            "accrualperiodicity": dataset.frequency.text if dataset.frequency else None,
            "temporal": dataset.temporal.text if dataset.temporal else None,
        }
    )


def _told(facts: Raw) -> Raw:
    return {key: value for key, value in facts.items() if value not in (None, "", [])}


def _text(moment: Moment | None) -> str | None:
    return moment.text if moment else None


def _box(area: Extent | None) -> Raw | None:
    """GeoJSON, as Opendatasoft computes it from the rows."""
    if area is None:
        return None
    west, south, east, north = area.west, area.south, area.east, area.north
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {}}


def _field(column: Column) -> Raw:
    return {
        "name": column.field,
        "label": column.name,
        "type": words.published_type(column.type, column.published_type),
        "description": column.description or None,
        "annotations": {},
    }


def _attachments(dataset: Dataset) -> list[Raw]:
    """Every way that is no export of the portal's own."""
    own = f"{words.API}/datasets/"
    return [
        {"id": f"way_{number}", "title": way.title, "mimetype": way.media_type, "url": way.url}
        for number, way in enumerate(dataset.distributions)
        if own not in way.url
    ]


def _name(dataset: Dataset) -> str:
    """The name in the dataset's addresses: kept where it has one, else made from its title."""
    known = _PAGE.search(dataset.landing_page)
    if known:
        return known[1]
    plain = unicodedata.normalize("NFKD", dataset.title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LONGEST_NAME] or dataset.native_id
