"""Speaks Socrata over some holdings: Discovery (`/api/catalog/v1`), `/api/views`, and SODA where rows are held.

Records go out as they came in. A view is made from a Discovery record where a client asks for one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Request, Response

from commonground.protocols.base import Holdings, WSGIApp
from commonground.protocols.serving import answer, application
from commonground.protocols.socrata.soda import Soda, columns
from commonground.words import Raw

MOST = 10_000
USUAL = 100
_VIEWS_A_PAGE = 200


def app(holdings: Holdings) -> WSGIApp:
    """A WSGI application; holdings are Discovery records, or views of a domain that Discovery lacks."""
    shop, soda = _Shop(holdings), Soda(holdings.rows)
    return application(
        {
            "/api/catalog/v1": shop.catalog,
            "/api/catalog/v1.json": shop.catalog,
            "/api/views": shop.views,
            "/api/views.json": shop.views,
            "/api/views/<id>.json": shop.view,
            "/api/views/<id>": shop.view,
            "/api/views/<id>/rows.csv": soda.bulk,
            "/resource/<id>.json": soda.rows,
            "/resource/<id>.csv": soda.csv,
        },
        failed=_failed,
    )


def _failed(error: HTTPException) -> Response:
    code = "not_found" if error.code == NotFound.code else "invalid_request"
    return answer({"code": code, "error": True, "message": error.description}, error.code or 500)


def _resource(record: Raw) -> Raw:
    resource = record.get("resource")
    return resource if isinstance(resource, dict) else {}


class _Shop:
    def __init__(self, holdings: Holdings) -> None:
        self.host, self.rows = holdings.host, holdings.rows
        self.records = list(holdings.records)
        self.by_id = {_id(record): record for record in self.records}
        self.in_discovery = all("resource" in record for record in self.records)

    def catalog(self, request: Request) -> Response:
        """The Discovery API: `domains ids only categories tags q order limit offset scroll_id`."""
        asked = request.args
        domains = _listed(asked, "domains")
        if not self.in_discovery or (domains and not {self.host, request.host} & domains):
            unknown = ", ".join(sorted(domains))
            return answer({"error": f"Domain not found: {unknown}"}, 400)
        found = [record for record in self.records if _wanted(record, asked)]
        try:
            limit = min(int(asked.get("limit", USUAL)), MOST)
            offset = int(asked.get("offset", 0))
        except ValueError:
            return answer({"error": "limit and offset must be whole numbers"}, 400)
        if limit < 0 or offset < 0 or offset + limit > MOST:
            return answer({"error": f"offset + limit must lie between 0 and {MOST}"}, 400)
        found.sort(key=_order(asked.get("order", "")))
        total = len(found)
        after = asked.get("scroll_id")
        if after:
            found = sorted((one for one in found if _id(one) > after), key=_id)
        return answer(
            {"results": found[offset : offset + limit], "resultSetSize": total, "timings": {}, "warnings": []}
        )

    def views(self, request: Request) -> Response:
        """`/api/views?limit=&page=`, pages counted from 1."""
        limit = request.args.get("limit", _VIEWS_A_PAGE, type=int)
        page = request.args.get("page", 1, type=int)
        begin = max(page - 1, 0) * limit
        return answer([view(record) for record in self.records[begin : begin + limit]])

    def view(self, request: Request, id: str) -> Response:  # noqa: A002, ARG002 - the part's name in the path
        """One view, `/api/views/<4x4>[.json]`."""
        name = id.removesuffix(".json")
        record, source = self.by_id.get(name), self.rows.get(name)
        if record is None and source is None:
            raise NotFound(f"Cannot find view with id {id}")
        shown = view(record) if record is not None else {"id": name, "name": name}
        # Recorded rows may be older or newer than the record: their file says which columns they have.
        return answer(shown if source is None else {**shown, "columns": columns(source)})


def _id(record: Raw) -> str:
    return str(_resource(record).get("id") or record.get("id") or "")


def _listed(asked: Any, name: str) -> set[str]:  # noqa: ANN401 - werkzeug's MultiDict
    return {part.strip() for text in asked.getlist(name) for part in text.split(",") if part.strip()}


def _wanted(record: Raw, asked: Any) -> bool:  # noqa: ANN401 - werkzeug's MultiDict
    resource, classes = _resource(record), record.get("classification") or {}
    ids, kinds = _listed(asked, "ids"), _listed(asked, "only")
    if ids and str(resource.get("id")) not in ids:
        return False
    if kinds and not {str(resource.get("type")), f"{resource.get('type')}s"} & kinds:
        return False
    categories, tags = _listed(asked, "categories"), _listed(asked, "tags")
    if categories and not categories & {*(classes.get("categories") or ()), str(classes.get("domain_category"))}:
        return False
    if tags and not tags & {*(classes.get("tags") or ()), *(classes.get("domain_tags") or ())}:
        return False
    text = f"{resource.get('name')} {resource.get('description')}".lower()
    return all(word in text for word in asked.get("q", "").lower().split())


_ORDERS: dict[str, str] = {
    "dataset_id": "id",
    "name": "name",
    "createdAt": "createdAt",
    "updatedAt": "updatedAt",
    "datatype": "type",
}


def _order(asked: str) -> Callable[[Raw], tuple[str, str]]:
    """By the field asked for, then by id: a page never repeats another's records."""
    field = _ORDERS.get(asked.split(" ", maxsplit=1)[0], "id")
    return lambda record: (str(_resource(record).get(field) or ""), _id(record))


def view(record: Raw) -> Raw:
    """The view that belongs to a Discovery record, with what the record tells; a view as it is."""
    if "resource" not in record:
        return record
    resource, classes = _resource(record), record.get("classification") or {}
    arrays = [resource.get(name) or [] for name in ("columns_name", "columns_field_name", "columns_datatype")]
    descriptions = resource.get("columns_description") or []
    columns = [
        {
            "id": number,
            "name": name,
            "fieldName": field,
            "dataTypeName": str(kind).lower().replace(" ", "_"),
            "description": descriptions[number - 1] if number <= len(descriptions) else "",
            "position": number,
            "renderTypeName": str(kind).lower().replace(" ", "_"),
        }
        for number, (name, field, kind) in enumerate(zip(*arrays, strict=False), 1)
    ]
    return {
        "id": resource.get("id"),
        "name": resource.get("name"),
        "attribution": resource.get("attribution"),
        "category": classes.get("domain_category"),
        "description": resource.get("description"),
        "assetType": resource.get("type"),
        "displayType": resource.get("lens_display_type") or "table",
        "viewType": resource.get("lens_view_type") or "tabular",
        "createdAt": resource.get("createdAt"),
        "publicationDate": resource.get("publication_date"),
        "rowsUpdatedAt": resource.get("data_updated_at"),
        "viewLastModified": resource.get("metadata_updated_at"),
        "columns": columns,
        "license": {"name": (record.get("metadata") or {}).get("license")},
        "metadata": {"custom_fields": _custom(classes.get("domain_metadata") or [])},
        "tags": classes.get("domain_tags") or [],
        "modifyingViewUid": next(iter(resource.get("parent_fxf") or []), None),
    }


def _custom(pairs: list[Raw]) -> dict[str, dict[str, str]]:
    groups: dict[str, dict[str, str]] = {}
    for pair in pairs:
        group, _, name = str(pair.get("key")).partition("_")
        groups.setdefault(group.replace("-", " "), {})[name.replace("-", " ")] = pair.get("value") or ""
    return groups
