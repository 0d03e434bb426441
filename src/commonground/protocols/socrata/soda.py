"""Speaks SODA 2 over recorded rows: `/resource/<4x4>.json` and `.csv`, and the whole file.

Understood: `$limit $offset $order $where $select` as readers of whole datasets use them; all else is refused in
SODA's own form. Columns are the file's own, all of them text, and may have names that no real field has. A row's
`:id` is its place in the file, its `:updated_at` the day of the recording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Request, Response

from commonground.protocols.base import RowSource
from commonground.protocols.rows.serving import as_csv, form, objects, whole
from commonground.words import Raw

USUAL, MOST = 1_000, 50_000
ID, UPDATED = ":id", ":updated_at"

_AGGREGATE = re.compile(r"(count|max|min)\(\s*(\*|:?\w+)\s*\)", re.IGNORECASE)
_TEST = re.compile(r"\s*`?([^`=<>!']+?)`?\s*(>=|<=|!=|=|>|<)\s*'((?:[^']|'')*)'\s*")
_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    ">": pc.greater,
    ">=": pc.greater_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    "=": pc.equal,
    "!=": pc.not_equal,
}


class Soda:
    """Rows by 4x4."""

    def __init__(self, rows: Mapping[str, RowSource]) -> None:
        self._rows = rows

    def bulk(self, request: Request, id: str) -> Response:  # noqa: A002, ARG002 - the part's name in the path
        """The file, where it is CSV; Socrata too has no CSV of what is no table."""
        source = self._source(id)
        if form(source) != "csv":
            raise NotFound(f"{id} is recorded as {form(source)}, not as CSV")
        return whole(source)

    def rows(self, request: Request, id: str) -> Response:  # noqa: A002 - as above
        """`/resource/<4x4>.json`."""
        found, names = self._asked(request, id)
        body = orjson.dumps(objects(found))
        told = orjson.dumps(names).decode("ascii") if all(map(str.isascii, names)) else ""
        response = Response(body, content_type="application/json; charset=utf-8")
        if told:
            response.headers["X-SODA2-Fields"] = told
            response.headers["X-SODA2-Types"] = orjson.dumps(["text"] * len(names)).decode("ascii")
        return response

    def csv(self, request: Request, id: str) -> Response:  # noqa: A002 - as above
        """`/resource/<4x4>.csv`."""
        found, _ = self._asked(request, id)
        return Response(as_csv(found), content_type="text/csv; charset=utf-8")

    def _source(self, native_id: str) -> RowSource:
        if native_id not in self._rows:
            raise NotFound(f"{native_id} has no recorded rows")
        return self._rows[native_id]

    def _asked(self, request: Request, native_id: str) -> tuple[pa.Table, list[str]]:
        asked = {name.lstrip("$"): value for name, value in request.args.items() if name.startswith("$")}
        unknown = sorted(asked.keys() - {"limit", "offset", "order", "where", "select"})
        if unknown:
            raise BadRequest(f"${unknown[0]} is not offered here")
        source = self._source(native_id)
        table = _numbered(source)
        for name, value in request.args.items():
            if not name.startswith("$"):
                table = table.filter(pc.equal(_column(table, name), value))
        table = _where(table, asked.get("where", ""))
        select = asked.get("select", "*")
        if "(" in select:
            return _aggregated(table, select)
        names = _selected(select, [one for one in table.column_names if one not in {ID, UPDATED}], table)
        ordered = _ordered(table, asked.get("order", ""))
        limit, offset = (_number(asked, name, usual) for name, usual in (("limit", USUAL), ("offset", 0)))
        return ordered.select(names).slice(offset, min(limit, MOST)), names


def columns(source: RowSource) -> list[Raw]:
    """The columns of recorded rows, as a view lists them."""
    names = source.table().column_names
    return [
        {"id": at, "name": name, "fieldName": name, "dataTypeName": "text", "position": at}
        for at, name in enumerate(names, 1)
    ]


def _numbered(source: RowSource) -> pa.Table:
    table = source.table()
    ids = pa.array([f"row-{number:09}" for number in range(table.num_rows)], pa.string())
    day = f"{source.dated or '1970'}-01-01"[:10]
    updated = pa.array([f"{day}T00:00:00.000Z"] * table.num_rows, pa.string())
    return table.append_column(ID, ids).append_column(UPDATED, updated)


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        raise BadRequest(f"No such column: {name}")
    return table.column(name)


def _where(table: pa.Table, text: str) -> pa.Table:
    """Comparisons of a column with a text, joined by `and`."""
    place = 0
    while place < len(text):
        match = _TEST.match(text, place)
        if match is None:
            raise BadRequest(f"Could not parse SoQL query at {text[place : place + 80]!r}")
        name, sign, value = match[1].strip(), match[2], match[3].replace("''", "'")
        table = table.filter(_COMPARED[sign](_column(table, name), value))
        place = match.end()
        if place < len(text):
            if text[place : place + 4].lower() != "and ":
                raise BadRequest(f"Could not parse SoQL query at {text[place : place + 80]!r}")
            place += 4
    return table


def _aggregated(table: pa.Table, select: str) -> tuple[pa.Table, list[str]]:
    """`count(*)`, `count(column)`, `max(column)` and `min(column)`, each perhaps with a name of its own."""
    found: dict[str, list[str | None]] = {}
    for part in select.split(","):
        told, _, name = re.sub(r"\s+as\s+", "\0", part.strip(), flags=re.IGNORECASE).partition("\0")
        match = _AGGREGATE.fullmatch(told.strip())
        if match is None:
            raise BadRequest(f"No such function: {told[:80]}")
        function, column = match[1].lower(), match[2]
        name = name or (f"{function}_{column.lstrip(':')}" if column != "*" else function)
        if function == "count":
            empty = _column(table, column).null_count if column != "*" else 0
            found[name] = [str(table.num_rows - empty)]
        else:
            found[name] = [pc.min_max(_column(table, column)).as_py()[function]]
    return pa.table({name: pa.array(values, pa.string()) for name, values in found.items()}), list(found)


def _selected(select: str, columns: list[str], table: pa.Table) -> list[str]:
    found: dict[str, None] = {}
    for part in (one.strip().strip("`") for one in select.split(",")):
        if part in {"*", ":*"}:
            found.update(dict.fromkeys(columns if part == "*" else (ID, UPDATED)))
        else:
            _column(table, part)
            found[part] = None
    return list(found)


def _ordered(table: pa.Table, order: str) -> pa.Table:
    """By the columns asked for, then as in the file."""
    keys = []
    for part in filter(None, (one.strip() for one in order.split(","))):
        name, _, way = part.partition(" ")
        _column(table, name.strip("`"))
        keys.append((name.strip("`"), "descending" if way.strip().lower() == "desc" else "ascending"))
    if not keys or keys[0] == (ID, "ascending"):
        return table
    return table.sort_by([*keys, (ID, "ascending")])


def _number(asked: Mapping[str, str], name: str, usual: int) -> int:
    value = asked.get(name, str(usual))
    if not value.isdecimal():
        raise BadRequest(f"${name} must be a whole number")
    return int(value)
