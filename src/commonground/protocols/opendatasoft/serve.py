"""Speaks Opendatasoft's Explore API 2.1 (the catalog, reading only) over records as a recording keeps them.

`catalog/datasets`, `catalog/datasets/<id>`, `catalog/exports`, `catalog/exports/json`, `catalog/facets`; where rows are
held, `records` and `exports` of a dataset. What is asked for and cannot be done (`select`, `group_by`, other functions) is refused as Opendatasoft
refuses a wrong question: status 400, `{"error_code", "message"}`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import orjson
import pyarrow as pa
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from commonground.protocols.base import Holdings, RowSource, WSGIApp
from commonground.protocols.opendatasoft import words
from commonground.protocols.opendatasoft.query import Order, Unclear, known, parse, plain, told
from commonground.protocols.rows.serving import as_csv
from commonground.protocols.serving import answer, application
from commonground.words import Raw

T = TypeVar("T")

FACETS = ("features", "language", "license", "publisher", "theme", "keyword")
MOST_VALUES = 100
"""Values of one facet; Opendatasoft gives no more either."""

_USUAL = 10
_REFUSED = ("select", "group_by")
_EXPORTS = ("json",)
_AT_A_TIME = 5_000


def _json_lines(table: pa.Table) -> Response:
    lines = (orjson.dumps(row) + b"\n" for part in table.to_batches(_AT_A_TIME) for row in part.to_pylist())
    return Response(lines, content_type="application/jsonl; charset=utf-8")


_ROW_EXPORTS: Mapping[str, Callable[[pa.Table], Response]] = {
    "jsonl": _json_lines,
    "json": lambda table: answer(table.to_pylist()),
    "csv": lambda table: Response(as_csv(table), content_type="text/csv; charset=utf-8"),
}


class _Refusal(Exception):
    """Opendatasoft's own error, carried to the door."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.body = {"error_code": code, "message": message}
        self.status = status


class _Catalog:
    """The records, and what can be asked about them."""

    def __init__(self, holdings: Holdings) -> None:
        self._records = holdings.records
        self._base = f"https://{holdings.host}{words.API}"
        self._by_name: dict[str, Raw] = {}
        for key in ("dataset_id", "dataset_uid"):
            for one in self._records:
                self._by_name.setdefault(str(one.get(key)), one)
        self._rows = holdings.rows

    def datasets(self, request: Request) -> Raw:
        found = _asked(request, self._records)
        limit = _number(request, "limit", _USUAL, least=-1, most=words.LARGEST_PAGE)
        offset = _number(request, "offset", 0, least=0)
        limit = words.LARGEST_PAGE if limit < 0 else limit
        if offset + limit >= words.MOST:
            raise _wrong("offset", str(offset), f"offset + limit < {words.MOST}")
        return {"total_count": len(found), "results": found[offset : offset + limit]}

    def dataset(self, _request: Request, name: str) -> Raw:
        if name not in self._by_name:
            raise _Refusal("NotFoundResource", f"The requested dataset {name} does not exist.", 404)
        return self._by_name[name]

    def records(self, request: Request, name: str) -> Raw:
        """A page of recorded rows, in the file's order; conditions and orders are not offered for them."""
        table = self._source(name).table()
        for asked in ("where", "select", "group_by", "order_by", "refine", "exclude"):
            if request.args.get(asked):
                raise _Refusal("ODSQLError", f"ODSQL query is malformed: {asked} is not offered for rows here.")
        limit = _number(request, "limit", _USUAL, least=-1, most=words.LARGEST_PAGE)
        offset = _number(request, "offset", 0, least=0)
        limit = words.LARGEST_PAGE if limit < 0 else limit
        if offset + limit >= words.MOST:
            raise _wrong("offset", str(offset), f"offset + limit < {words.MOST}")
        return {"total_count": table.num_rows, "results": table.slice(offset, limit).to_pylist()}

    def rows(self, _request: Request, name: str, form: str) -> Response:
        """All recorded rows of a dataset."""
        table = self._source(name).table()
        if form not in _ROW_EXPORTS:
            known = ", ".join(_ROW_EXPORTS)
            raise _Refusal("NotFoundResource", f"There is no export {form}; there are: {known}.", 404)
        return _ROW_EXPORTS[form](table)

    def _source(self, name: str) -> RowSource:
        record = self._by_name.get(name, {})
        told = (name, str(record.get("dataset_uid")), str(record.get("dataset_id")))
        found = next((self._rows[one] for one in told if one in self._rows), None)
        if found is None:
            raise _Refusal("NotFoundResource", f"The requested dataset {name} does not exist, or has no rows.", 404)
        return found

    def exports(self, _request: Request) -> Raw:
        links = [{"rel": name, "href": f"{self._base}/exports/{name}"} for name in _EXPORTS]
        return {"links": [{"rel": "self", "href": f"{self._base}/exports"}, *links]}

    def export(self, request: Request, name: str) -> list[Raw]:
        if name not in _EXPORTS:
            raise _Refusal("NotFoundResource", f"There is no export {name}; there are: {', '.join(_EXPORTS)}.", 404)
        found = _asked(request, self._records)
        limit = _number(request, "limit", -1, least=-1)
        offset = _number(request, "offset", 0, least=0)
        return found[offset:] if limit < 0 else found[offset : offset + limit]

    def facets(self, request: Request) -> Raw:
        names = request.args.getlist("facet") or FACETS
        found = _asked(request, self._records)
        listed = [{"name": name, "facets": _facet(found, _clear(known, name))} for name in names]
        return {"links": [{"rel": "self", "href": f"{self._base}/facets"}], "facets": listed}


def app(holdings: Holdings) -> WSGIApp:
    """The catalog over records. Error bodies are Opendatasoft's own."""
    catalog = _Catalog(holdings)
    routes: dict[str, Callable[..., object]] = {
        "/datasets": catalog.datasets,
        "/datasets/<name>": catalog.dataset,
        "/datasets/<name>/records": catalog.records,
        "/datasets/<name>/exports/<form>": catalog.rows,
        "/exports": catalog.exports,
        "/exports/<name>": catalog.export,
        "/facets": catalog.facets,
    }
    return application({f"{words.API}{path}": _door(one) for path, one in routes.items()}, failed=_failed)


def _door(endpoint: Callable[..., object]) -> Callable[..., Response]:
    def asked(request: Request, **parts: str) -> Response:
        try:
            told = endpoint(request, **parts)
            return told if isinstance(told, Response) else answer(told)
        except _Refusal as no:
            return answer(no.body, no.status)

    return asked


def _asked(request: Request, records: Sequence[Raw]) -> list[Raw]:
    """The records that a question is about, in the order that it asks for."""
    for name in _REFUSED:
        if request.args.get(name):
            raise _Refusal("ODSQLError", f"ODSQL query is malformed: {name} is not offered here.")
    tests = [_clear(parse, text) for text in request.args.getlist("where")]
    refined = [_refined(text) for text in request.args.getlist("refine")]
    excluded = [_refined(text) for text in request.args.getlist("exclude")]
    order = _clear(Order.parse, request.args.get("order_by", ""))
    return order(
        one
        for one in records
        if all(test(one) for test in tests)
        and all(value in map(plain, told(one, name)) for name, value in refined)
        and not any(value in map(plain, told(one, name)) for name, value in excluded)
    )


def _clear(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except Unclear as error:
        raise _Refusal(error.code, str(error)) from error


def _refined(text: str) -> tuple[str, str]:
    """`theme:Environment`, the value perhaps in quotes."""
    name, colon, value = text.partition(":")
    if not colon:
        raise _Refusal("InvalidRESTParameterError", f"Invalid value for refine API parameter: {text[:80]} was found.")
    return _clear(known, name), plain(value.strip().strip('"'))


def _number(request: Request, name: str, usual: int, *, least: int, most: int | None = None) -> int:
    given = request.args.get(name, "").strip() or str(usual)
    expected = f"{least} <= {name} <= {most}" if most is not None else f"{least} <= {name}"
    try:
        number = int(given)
    except ValueError:
        raise _wrong(name, given, expected) from None
    if number < least or (most is not None and number > most):
        raise _wrong(name, given, expected)
    return number


def _wrong(name: str, given: str, expected: str) -> _Refusal:
    message = f"Invalid value for {name} API parameter: {given[:80]} was found but {expected} is expected."
    return _Refusal("InvalidRESTParameterError", message)


def _facet(found: Sequence[Raw], name: str) -> list[Raw]:
    """Values with the number of datasets that have them, the most frequent first."""
    counts = Counter(str(value) for one in found for value in told(one, name))
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_VALUES]
    return [
        {"name": value, "path": value, "value": value, "count": count, "state": "displayed"} for value, count in ordered
    ]


def _failed(error: HTTPException) -> Response:
    body = {"error_code": (error.name or "").replace(" ", ""), "message": error.description}
    return answer(body, error.code or 500)
