"""Speaks a layer's `query` over recorded rows, and gives the file as a Hub does.

The fields are those of the file. Its values go out as the texts that they are, whatever a real layer would make of
them (dates stay ISO dates), so that what is read back is the file; only the object id is a number. A file with unique
whole numbers in `OBJECTID` (or `FID`) has object ids, another is a layer without, paged by offset.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from commonground.protocols.arcgis_hub import shapes
from commonground.protocols.base import RowSource
from commonground.protocols.rows import text
from commonground.protocols.rows.serving import form, whole
from commonground.protocols.serving import answer
from commonground.words import Raw

MOST = 2_000
PLACE = "geometry"
_OIDS = ("OBJECTID", "FID", "ObjectId", "OBJECTID_1")
_WHERE = re.compile(r"\s*(?:1\s*=\s*1|(?P<field>\w+)\s*(?P<sign>>=|>|<=|<|=)\s*(?P<value>\d+))\s*")
_COMPARED: Mapping[str, Any] = {
    ">": pc.greater,
    ">=": pc.greater_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    "=": pc.equal,
}


class Features:
    """One recorded file as a layer."""

    def __init__(self, source: RowSource) -> None:
        self.source = source

    @cached_property
    def oid(self) -> str:
        """The column of object ids, "" for none."""
        return _oid(self.source.table())

    @cached_property
    def kind(self) -> str:
        """The `geometryType`, "" for a table."""
        return _kind(self.source.table())

    def about(self) -> Raw:
        """The layer's own description, as `?f=json` gives it."""
        table, oid, kind = self.source.table(), self.oid, self.kind
        fields = [
            {"name": name, "type": "esriFieldTypeOID" if name == oid else "esriFieldTypeString", "alias": name}
            for name in table.column_names
            if name != PLACE
        ]
        return {
            "name": self.source.name,
            "type": "Feature Layer" if kind else "Table",
            "geometryType": kind or None,
            "fields": fields,
            "objectIdField": oid or None,
            "maxRecordCount": MOST,
            "supportedQueryFormats": "JSON, geoJSON",
            "advancedQueryCapabilities": {"supportsPagination": True, "supportsOrderBy": True},
        }

    def file(self, wanted: str) -> Response:
        """The file, where it is of the form asked for."""
        if form(self.source) != wanted:
            raise NotFound(f"{self.source.name} is not recorded as {wanted}.")
        return whole(self.source)

    def query(self, request: Request) -> Response:
        """`where` with comparisons of the object id joined by `AND`, windows, counts and ids."""
        asked = request.values
        table, oid = self.source.table(), self.oid
        numbers = pc.cast(table.column(oid), pa.int64()) if oid else pa.array(range(table.num_rows), pa.int64())
        places = pa.array(range(table.num_rows), pa.int64())
        for part in re.split(r"\s+and\s+", asked.get("where", "1=1"), flags=re.IGNORECASE):
            match = _WHERE.fullmatch(part)
            if match is None or (match["field"] and match["field"] != oid):
                return _refused("Cannot perform query. Invalid query parameters.", "'where' clause is invalid")
            if match["field"]:
                kept = _COMPARED[match["sign"]](numbers, int(match["value"]))
                numbers, places = numbers.filter(kept), places.filter(kept)
        if asked.get("returnCountOnly") == "true":
            return answer({"count": len(places)})
        if oid and asked.get("orderByFields", "").partition(" ")[0] == oid:
            order = pc.sort_indices(numbers)
            numbers, places = numbers.take(order), places.take(order)
        if asked.get("returnIdsOnly") == "true":
            return answer({"objectIdFieldName": oid, "objectIds": numbers.to_pylist()})
        begin = asked.get("resultOffset", 0, type=int)
        size = min(asked.get("resultRecordCount", MOST, type=int), MOST)
        shown = table.take(places.slice(begin, size))
        more = begin + size < len(places)
        if asked.get("f") == "geojson":
            return _geojson(shown, oid, more=more)
        return _json(shown, oid, self.kind, more=more)


def _refused(message: str, detail: str) -> Response:
    return answer({"error": {"code": 400, "message": message, "details": [detail]}})


def _json(table: pa.Table, oid: str, kind: str, *, more: bool) -> Response:
    features = []
    for row in table.to_pylist():
        shape = row.pop(PLACE, None)
        feature: Raw = {"attributes": _attributes(row, oid)}
        if kind and shape is not None:
            feature["geometry"] = shapes.esri(text.parsed(shape, PLACE))
        features.append(feature)
    told: Raw = {"objectIdFieldName": oid, "features": features}
    if kind:
        told |= {"geometryType": kind, "spatialReference": {"wkid": 4326, "latestWkid": 4326}}
    if more:
        told["exceededTransferLimit"] = True
    # Written as the file has them, digit by digit, which no float would keep.
    return Response(text.compact(told), content_type="application/json; charset=utf-8")


def _geojson(table: pa.Table, oid: str, *, more: bool) -> Response:
    features = []
    for row in table.to_pylist():
        shape = row.pop(PLACE, None)
        place = orjson.Fragment(shape) if shape is not None else None
        features.append({"type": "Feature", "geometry": place, "properties": _attributes(row, oid)})
    told: Raw = {"type": "FeatureCollection", "features": features}
    if more:
        told |= {"exceededTransferLimit": True, "properties": {"exceededTransferLimit": True}}
    return Response(orjson.dumps(told), content_type="application/geo+json; charset=utf-8")


def _attributes(row: Raw, oid: str) -> Raw:
    return {**row, oid: int(row[oid])} if oid else row


def _oid(table: pa.Table) -> str:
    return next((name for name in _OIDS if name in table.column_names and _numbers(table, name)), "")


def _numbers(table: pa.Table, name: str) -> bool:
    """Whether a column holds whole numbers as they are usually written, each once."""
    column = table.column(name)
    if column.null_count or pc.count_distinct(column).as_py() != table.num_rows:
        return False
    return bool(pc.all(pc.match_substring_regex(column, r"^(0|[1-9]\d{0,17})$")).as_py())


def _kind(table: pa.Table) -> str:
    """The `geometryType` of a file, by its first shape; "" where it has none."""
    if PLACE not in table.column_names:
        return ""
    shape = next((one for one in table.column(PLACE).to_pylist() if one), None)
    told = json.loads(shape) if shape is not None else None
    return shapes.KINDS.get(str(told.get("type")), "esriGeometryAny") if isinstance(told, dict) else ""
