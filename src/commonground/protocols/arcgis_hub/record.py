"""Makes Hub records from our datasets: a record of the feed, and the search result that goes with it.

Not carried, beside what `data_json.record` tells: kinds other than what the distributions show, and in search
results media types and contacts. Columns need a layer: where the dataset names none, one on the portal is named.
"""

from __future__ import annotations

import json

from commonground.protocols.arcgis_hub.items import hub_id, layer_url
from commonground.protocols.arcgis_hub.kinds import kind_of_feed
from commonground.protocols.arcgis_hub.layers import GEOMETRIES, KEPT, TYPES
from commonground.protocols.base import Notes
from commonground.protocols.data_json import normalize_record
from commonground.protocols.data_json import record as data_json_record
from commonground.words import Column, ColumnType, Contact, Dataset, Kind, Moment, Portal, Raw

_ESRI = {ours: theirs for theirs, ours in reversed(TYPES.items())} | {
    ColumnType.MONEY: "esriFieldTypeDouble",
    ColumnType.PERCENT: "esriFieldTypeDouble",
    ColumnType.BOOLEAN: "esriFieldTypeSmallInteger",
    **dict.fromkeys(GEOMETRIES.values(), "esriFieldTypeGeometry"),
}
_GEOMETRY = {ours: theirs for theirs, ours in reversed(GEOMETRIES.items())}
_TYPE_WORDS = {
    Kind.MAP_LAYER: "Feature Layer",
    Kind.TABLE: "Table",
    Kind.STORY: "StoryMap",
    Kind.FILE: "File",
    Kind.LINK: "Document Link",
}


def record(dataset: Dataset, *, contact: Contact | None = None) -> Raw:
    """One record of the feed, with its layer beside it when the columns are known."""
    made = data_json_record(dataset, contact=contact, identify=lambda one: f"https://{dataset.host}/datasets/{one}")
    if dataset.columns is None:
        return made
    if not layer_url(made):
        item, _, number = dataset.native_id.partition("_")
        url = f"https://{dataset.host}/arcgis/rest/services/{item}/FeatureServer/{number or 0}"
        way = {"@type": "dcat:Distribution", "accessURL": url, "mediaType": "application/json", "format": "Esri REST"}
        made["distribution"] = [*made.get("distribution", ()), way]
    return {**made, KEPT: _layer(dataset, dataset.columns)}


def result(raw: Raw, host: str) -> Raw:
    """The search result (a JSON:API resource) of a feed's record."""
    portal = Portal("", "", "", host, "arcgis-hub", f"https://{host}")
    notes = Notes()
    dataset = normalize_record(raw, portal, notes, hub_id(str(raw.get("identifier"))) or str(raw.get("identifier")))
    layer = raw.get(KEPT) if isinstance(raw.get(KEPT), dict) else {}
    url = layer_url(raw)
    others = [{"name": way.title, "url": way.url} for way in dataset.distributions if way.url.rstrip("/") != url]
    told = {
        "id": dataset.native_id,
        "name": dataset.title,
        "description": raw.get("description"),
        "type": _TYPE_WORDS.get(kind_of_feed(raw, dataset), "Other"),
        "tags": list(dataset.keywords),
        "categories": list(dataset.themes),
        "created": _epoch(dataset.issued),
        "modified": _epoch(dataset.modified),
        "source": dataset.publisher,
        "url": url or None,
        "extent": _envelope(dataset),
        "structuredLicense": {"type": "custom", "url": dataset.license.url} if dataset.license else {"type": "none"},
        "additionalResources": others,
        "recordCount": layer.get("count") if layer else None,
        **({key: layer.get(key) for key in ("fields", "geometryType")} if layer else {}),
    }
    return {"id": dataset.native_id, "type": "dataset", "attributes": told}


def _layer(dataset: Dataset, columns: tuple[Column, ...]) -> Raw:
    places = [column.type for column in columns if column.type in _GEOMETRY]
    geometry = _GEOMETRY[places[0]] if places else "esriGeometryPoint"
    is_map = dataset.kind is Kind.MAP_LAYER
    layer: Raw = {
        "name": dataset.title,
        "type": "Feature Layer" if is_map else "Table",
        "geometryType": geometry if is_map else None,
        "fields": [_field(column) for column in columns],
    }
    return layer if dataset.row_count is None else {**layer, "count": dataset.row_count}


def _field(column: Column) -> Raw:
    known = column.published_type if column.published_type in TYPES else _ESRI.get(column.type, "esriFieldTypeString")
    field = {"name": column.field, "type": known, "alias": column.name}
    if not column.description:
        return field
    return {**field, "description": json.dumps({"value": column.description, "fieldValueType": ""})}


def _epoch(moment: Moment | None) -> int | None:
    return int(moment.at.timestamp() * 1000) if moment and moment.at else None


def _envelope(dataset: Dataset) -> Raw | None:
    box = dataset.spatial
    return {"type": "envelope", "coordinates": [[box.west, box.south], [box.east, box.north]]} if box else None
