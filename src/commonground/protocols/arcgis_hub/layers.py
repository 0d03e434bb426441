"""What a layer's `?f=json` tells: its columns, and whether it has a place on the map."""

from __future__ import annotations

import json

from commonground.errors import Disagrees, Refused, Unreadable
from commonground.protocols.arcgis_hub.items import layer_url
from commonground.protocols.base import Notes
from commonground.protocols.fields.prose import description
from commonground.protocols.fields.values import at, records, text
from commonground.protocols.http import Client
from commonground.words import Column, ColumnType, Raw

KEPT = "x_layer"
"""Where the layer is kept in a record. Not part of the feed: it comes from the layer's own address."""

_TOLD = ("id", "name", "type", "geometryType", "description", "fields", "count")

TYPES: dict[str, ColumnType] = {
    "esriFieldTypeString": ColumnType.TEXT,
    "esriFieldTypeInteger": ColumnType.INTEGER,
    "esriFieldTypeSmallInteger": ColumnType.INTEGER,
    "esriFieldTypeBigInteger": ColumnType.INTEGER,
    "esriFieldTypeDouble": ColumnType.NUMBER,
    "esriFieldTypeSingle": ColumnType.NUMBER,
    "esriFieldTypeDate": ColumnType.DATETIME,
    "esriFieldTypeTimestampOffset": ColumnType.DATETIME,
    "esriFieldTypeDateOnly": ColumnType.DATE,
    "esriFieldTypeTimeOnly": ColumnType.TIME,
    "esriFieldTypeOID": ColumnType.ID,
    "esriFieldTypeGlobalID": ColumnType.ID,
    "esriFieldTypeGUID": ColumnType.ID,
    "esriFieldTypeXML": ColumnType.TEXT,
    "esriFieldTypeBlob": ColumnType.FILE,
    "esriFieldTypeRaster": ColumnType.FILE,
    "esriFieldTypeGeometry": ColumnType.GEOMETRY,
}
"""Esri's words for types, the usual one of each of ours first."""

GEOMETRIES: dict[str, ColumnType] = {
    "esriGeometryPoint": ColumnType.POINT,
    "esriGeometryMultipoint": ColumnType.POINT,
    "esriGeometryPolyline": ColumnType.LINE,
    "esriGeometryPolygon": ColumnType.POLYGON,
    "esriGeometryEnvelope": ColumnType.POLYGON,
}


def with_layer(raw: Raw, client: Client, notes: Notes) -> Raw:
    """The record with its layer, asked from the layer's server.

    A layer that answers with an error is a finding; a server that cannot be asked raises its `PortalError`.
    """
    url = layer_url(raw)
    if not url or KEPT in raw:
        return raw
    try:
        layer = client.json(url, {"f": "json"})
    except (Refused, Unreadable, Disagrees) as error:
        notes.add("layer-unreadable", url, error.message, error.message)
        return raw
    if not isinstance(layer, dict) or not isinstance(layer.get("fields"), list):
        why = text(at(layer, "error.message"), notes, "error.message") or "it lists no fields"
        notes.add("layer-unreadable", url, layer, why)
        return raw
    return {**raw, KEPT: {key: layer[key] for key in _TOLD if key in layer}}


def columns(layer: Raw, notes: Notes, place: str = KEPT) -> tuple[Column, ...] | None:
    """The columns of a layer; None when it does not list them."""
    if not isinstance(layer.get("fields"), list):
        return None
    found: dict[str, Column] = {}
    for here, one in records(layer["fields"], notes, f"{place}.fields"):
        field = text(one.get("name"), notes, f"{here}.name")
        if not field or field in found:
            notes.add("wrong-type", f"{here}.name", one.get("name"))
            continue
        published = text(one.get("type"), notes, f"{here}.type")
        found[field] = Column(
            name=text(one.get("alias"), notes, f"{here}.alias") or field,
            field=field,
            type=_type(published, layer),
            published_type=published,
            description=_description(one.get("description"), notes, f"{here}.description"),
        )
    return tuple(found.values())


def _type(published: str, layer: Raw) -> ColumnType:
    known = TYPES.get(published, ColumnType.UNKNOWN)
    if known is ColumnType.GEOMETRY:
        return GEOMETRIES.get(str(layer.get("geometryType")), known)
    return known


def _description(value: object, notes: Notes, place: str) -> str:
    """Esri wraps a field's description in JSON: `{"value": "…", "fieldValueType": "…"}`."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            inner = None
        if isinstance(inner, dict):
            value = inner.get("value")
    return description(text(value, notes, place), notes, place, dialect="text")[1]


def is_table(layer: Raw) -> bool:
    """Whether the layer's rows have no place on the map."""
    return str(layer.get("type", "")).lower() == "table" or not layer.get("geometryType")
