"""A layer that can be asked for its rows: in order of its object ids, by a list of them, or by offset.

Servers before 10.1 put nothing in order, and cut an answer short without a word; of those the ids are asked first, and
then windows of them, in halves where one comes short. Layers without object ids (views of a database) are paged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from commonground.errors import Disagrees, TooLarge
from commonground.protocols.arcgis_hub import shapes
from commonground.protocols.arcgis_hub.layers import is_table
from commonground.protocols.base import RowPage, objects
from commonground.protocols.fields.values import at
from commonground.protocols.http import Client, Params
from commonground.protocols.rows import cursors, text
from commonground.protocols.rows.asking import fitting
from commonground.words import Finding, Raw

PLACE = "geometry"
MOST = 2_000
"""Rows a window, where the layer allows more; features with long outlines fill an answer soon."""

FEW = 500
"""Rows a window of a layer that does not say how many it allows."""

_ALL = "1=1"
_ID = re.compile(r"-?\d{1,19}(?:\.\d{1,19})?(?:[eE]\+?\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Layer:
    """Its address, its fields, its object-id field ("" for none), and what it can."""

    url: str
    client: Client
    native_id: str
    fields: tuple[str, ...]
    oid: str
    size: int
    ordered: bool
    mapped: bool
    geojson: bool

    def total(self) -> int | None:
        """The number of rows, as `returnCountOnly` tells it."""
        return text.whole(self._ask({"where": _ALL, "returnCountOnly": "true"}).get("count"))

    def pages(self, after: str, declared: int | None) -> Iterator[RowPage]:
        """The rows behind a cursor, which tells how many `came` and the `last` object id; one page at least."""
        told = cursors.parts(after)
        came, last = cursors.number(told, "came"), told.get("last", "")
        begin = self._by_ids(last) if self.oid and not self.ordered else self._in_turn(last, came, declared)
        for found, again in begin:
            features, odd = objects(found, "features", came)
            rows = [self._row(one) for one in features]
            came += len(rows)
            last = self._last(rows) or last
            names = text.names(rows, [*self.fields, *([PLACE] if self.mapped else [])])
            cursor = cursors.written(came=came, last=last)
            yield RowPage(tuple(names), text.table(rows, names), declared, cursor, (*odd, *again), came)

    def _in_turn(self, last: str, came: int, declared: int | None) -> Iterator[_Found]:
        """Windows in order of object ids, or by offset; what comes again ends them."""
        before, size = list[Any](), self.size
        while True:
            answer, size = fitting(size, partial(self._window, last, came))
            found = _features(answer, self.url)
            if found and self._repeated(found, before, last):
                where = f"{self.oid}>{last}" if self.oid else f"resultOffset={came}"
                yield [], (Finding("rows-repeated", where, last, self.native_id, f"{came:,}"),)
                return
            yield found, ()
            before, came = found, came + len(found)
            last = self._last([self._row(one) for one in found[-1:] if isinstance(one, dict)]) or last
            if not found or (
                declared is not None and came >= declared and not _more(answer) and len(found) < self.size
            ):
                return

    def _by_ids(self, last: str) -> Iterator[_Found]:
        """All ids behind the last one, and then the rows of so many ids at a time."""
        told = self._ask({"where": _ALL, "returnIdsOnly": "true"}).get("objectIds")
        if not isinstance(told, list):
            raise Disagrees(f"{self.url} gives no list “objectIds”.", url=self.url)
        begin, numbers = _number(last), [_number(one) for one in told]
        ids = sorted({one for one in numbers if one is not None and (begin is None or one > begin)})
        if not ids:
            yield [], ()
        for place in range(0, len(ids), self.size):
            yield from self._of(ids[place : place + self.size])

    def _of(self, ids: Sequence[int]) -> Iterator[_Found]:
        """The rows of some ids, in halves where fewer came: a server that cuts an answer short need not say so."""
        where = f"{self.oid}>={ids[0]} AND {self.oid}<={ids[-1]}"
        try:
            found = _features(self._ask({"where": where, **self._usual()}), self.url)
        except TooLarge:
            found = []
            if len(ids) == 1:
                raise
        if len(found) < len(ids) and len(ids) > 1:
            half = len(ids) // 2
            yield from self._of(ids[:half])
            yield from self._of(ids[half:])
        else:
            yield found, ()

    def _usual(self) -> dict[str, str | int]:
        return {"outFields": "*", **({"outSR": 4326, "returnGeometry": "true"} if self.mapped else {})}

    def _window(self, last: str, came: int, size: int) -> Raw:
        asked = {"where": _ALL, "resultRecordCount": size, **self._usual()}
        if self.oid:
            return self._ask(asked | {"where": f"{self.oid}>{last}" if last else _ALL, "orderByFields": self.oid})
        return self._ask(asked | {"resultOffset": came})

    def _repeated(self, found: list[Any], before: list[Any], last: str) -> bool:
        """Whether a window holds what was there before: an id that is not behind the last, or the very same rows."""
        if not self.oid:
            return found == before
        ids = [_number(self._row(one).get(self.oid)) for one in found if isinstance(one, dict)]
        begin = _number(last)
        return begin is not None and any(one is not None and one <= begin for one in ids)

    def _last(self, rows: Sequence[Raw]) -> str:
        number = _number(rows[-1].get(self.oid)) if rows and self.oid else None
        return "" if number is None else str(number)

    def _row(self, feature: Raw) -> Raw:
        told = feature.get("properties" if self.geojson else "attributes")
        row = dict(told) if isinstance(told, dict) else {}
        if self.mapped:
            shape = feature.get("geometry")
            row[PLACE] = shape if self.geojson else shapes.geojson(shape)
        return row

    def _ask(self, params: Params) -> Raw:
        short = {"returnCountOnly", "returnIdsOnly"} & params.keys()
        form = "geojson" if self.geojson and not short else "json"
        return asked(self.client, f"{self.url}/query", {**params, "f": form})


_Found = tuple[list[Any], tuple[Finding, ...]]


def layer(url: str, client: Client, native_id: str) -> Layer:
    """The layer at an address, by its own description. Raises `Disagrees` for what is no layer with fields."""
    about = asked(client, url, {"f": "json"})
    listed = about.get("fields")
    told = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    fields = [one for one in told if isinstance(one.get("name"), str) and one.get("type") != "esriFieldTypeGeometry"]
    if not fields:
        raise Disagrees(f"{url} lists no fields.", url=url)
    oid = about.get("objectIdField") or next(
        (one["name"] for one in fields if one.get("type") == "esriFieldTypeOID"), ""
    )
    orders = at(about, "advancedQueryCapabilities.supportsOrderBy")
    return Layer(
        url,
        client,
        native_id,
        tuple(str(one["name"]) for one in fields),
        str(oid),
        min(text.whole(about.get("maxRecordCount")) or FEW, MOST),
        ordered=bool(about.get("supportsAdvancedQueries") if orders is None else orders),
        mapped=not is_table(about),
        geojson="geojson" in str(about.get("supportedQueryFormats") or "").lower(),
    )


def asked(client: Client, url: str, params: Params) -> Raw:
    """An answer of a layer. Raises `Disagrees` with its own words for an error, which comes with status 200 too."""
    answer = text.answered(client.get(url, params))
    if not isinstance(answer, dict):
        raise Disagrees(f"{url} gave no object.", url=url)
    if (error := answer.get("error")) is not None:
        details = at(error, "details")
        told = [at(error, "code"), at(error, "message"), *(details if isinstance(details, list) else [])]
        said = " ".join(str(one) for one in told if one) or str(error)
        raise Disagrees(f"{url} says no: {said[:200]}.", url=url)
    return answer


def _number(value: object) -> int | None:
    """An object id; servers of 10.0 write `6.4579816E7`. None for what is none."""
    match = _ID.fullmatch(value) if isinstance(value, str) else None
    number = Decimal(value) if isinstance(value, str) and match else None
    return int(number) if number is not None and number == int(number) else None


def _features(answer: Raw, url: str) -> list[Any]:
    found = answer.get("features")
    if not isinstance(found, list):
        raise Disagrees(f"{url}/query answered without a list “features”.", url=url)
    return found


def _more(answer: Raw) -> bool:
    return bool(answer.get("exceededTransferLimit") or at(answer, "properties.exceededTransferLimit"))
