"""Speaks CKAN's Action API (reading only) over packages as a recording keeps them.

`/api/3/action/<name>` and `/api/action/<name>`, by GET and by POST of JSON or a form. What the
datastore would tell (`x_datastore_fields`, `x_datastore_total`) is not shown in packages but answered by
`datastore_search`, so that reading us back gives the very same records. Recorded rows of a package are those of its
first table.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Request, Response

from commonground.protocols.base import Holdings, WSGIApp
from commonground.protocols.ckan import words
from commonground.protocols.ckan.asked import Asked, Refusal, invalid, not_found
from commonground.protocols.ckan.package import active
from commonground.protocols.ckan.query import Condition, Order, Unclear, parse, told
from commonground.protocols.ckan.table import Table, Unknown
from commonground.protocols.rows.serving import whole
from commonground.protocols.serving import answer, application
from commonground.words import Raw

CKAN_VERSION = "2.11.0"
"""The version whose answers we give; clients look at it to know what they may ask."""

MOST_ROWS = 1000
_HIDDEN = (words.FIELDS, words.TOTAL)


class _Site:
    """The packages as shown, and what the datastore keeps of each resource."""

    def __init__(self, holdings: Holdings) -> None:
        self.url = f"https://{holdings.host}"
        self.packages = [_shown(record) for record in holdings.records]
        self.packages_by: dict[str, Raw] = {}
        self.resources: dict[str, Raw] = {}
        for record in holdings.records:
            for resource in _objects(record.get("resources")):
                self.resources.setdefault(str(resource.get("id")), resource)
        for key in ("id", "name"):
            for shown in self.packages:
                if shown.get(key):
                    self.packages_by.setdefault(str(shown[key]), shown)

        self.tables: dict[str, Table] = {}
        self.files: dict[str, Table] = {}
        for native_id, source in holdings.rows.items():
            self._hold(native_id, Table(source))

    def _hold(self, native_id: str, table: Table) -> None:
        """Rows of a package are those of its first table (a file where it has none); an id that nothing lists is a
        table of its own, in a package that is shown to who asks for it.
        """
        package = self.packages_by.get(native_id)
        if package is None:
            self.tables[native_id] = table
            if native_id not in self.resources:
                alone = {
                    "id": native_id,
                    "name": native_id,
                    "format": "CSV",
                    "datastore_active": True,
                    "state": "active",
                }
                self.packages_by[native_id] = {"id": native_id, "name": native_id, "resources": [alone]}
            return
        resources = _objects(package.get("resources"))
        chosen = next(filter(active, resources), resources[0] if resources else {})
        held = self.tables if active(chosen) else self.files
        held[str(chosen.get("id"))] = table

    def groups(self, field: str) -> dict[str, Raw]:
        """Organizations or groups by name, as their first package describes them, with the number of packages."""
        counted = Counter(name for shown in self.packages for name in told(shown, field))
        found: dict[str, Raw] = {}
        for shown in self.packages:
            value = shown.get(field)
            for one in _objects(value if isinstance(value, list) else [value]):
                if one.get("name"):
                    found.setdefault(str(one["name"]), one)
        is_organization = field == "organization"
        return {
            name: {
                "display_name": one.get("title") or name,
                "is_organization": is_organization,
                "type": "organization" if is_organization else "group",
                "state": "active",
                "id": name,
                **one,
                "package_count": counted[name],
            }
            for name, one in sorted(found.items())
        }


def _objects(value: object) -> list[Raw]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _shown(record: Raw) -> Raw:
    resources = record.get("resources")
    if not isinstance(resources, list):
        return record
    return {**record, "resources": [_bare(one) if isinstance(one, dict) else one for one in resources]}


def _bare(resource: Raw) -> Raw:
    """A resource as packages show it; one outside the datastore as it is, for nothing else would tell the rest."""
    if not active(resource):
        return resource
    return {key: value for key, value in resource.items() if key not in _HIDDEN}


def _site_read(_site: _Site, _asked: Asked) -> bool:
    return True


def _status_show(site: _Site, _asked: Asked) -> Raw:
    return {
        "site_url": site.url,
        "site_title": site.url.removeprefix("https://"),
        "site_description": "",
        "ckan_version": CKAN_VERSION,
        "locale_default": "en",
        "error_emails_to": None,
        "extensions": ["datastore"],
    }


def _package_list(site: _Site, asked: Asked) -> list[str]:
    names = sorted(str(shown.get("name") or shown.get("id")) for shown in site.packages)
    offset = asked.number("offset", 0)
    return names[offset : offset + asked.number("limit", len(names))]


def _package_show(site: _Site, asked: Asked) -> Raw:
    found = site.packages_by.get(asked.needed("id", "name_or_id"))
    if found is None:
        raise not_found("Dataset not found")
    return found


def _package_search(site: _Site, asked: Asked) -> Raw:
    try:
        tests = [parse(text) for text in [asked.text("q"), asked.text("fq"), *asked.texts("fq_list")]]
        order = Order.parse(asked.text("sort") or "score desc, metadata_modified desc")
    except Unclear as error:
        raise Refusal("Search Query Error", 400, {"message": f"Search Query is invalid: {error}"}) from error
    found = order(shown for shown in site.packages if _passes(shown, tests))
    start, rows = asked.number("start", 0), asked.number("rows", 10, MOST_ROWS)
    fields = asked.texts("facet.field") if asked.flag("facet", default=True) else []
    counted = {field: _facet(found, field, asked.number("facet.limit", 50)) for field in fields}
    return {
        "count": len(found),
        "sort": asked.text("sort") or "score desc, metadata_modified desc",
        "results": found[start : start + rows],
        "facets": {field: {item["name"]: item["count"] for item in items} for field, items in counted.items()},
        "search_facets": {field: {"title": field, "items": items} for field, items in counted.items()},
    }


def _passes(shown: Raw, tests: Iterable[Condition]) -> bool:
    return all(test(shown) for test in tests)


def _facet(found: Iterable[Raw], field: str, most: int) -> list[Raw]:
    """Values with the number of packages that have them, the most frequent first."""
    counts = Counter(value for shown in found for value in set(told(shown, field)) if value)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"name": value, "display_name": value, "count": count} for value, count in ordered[: most or None]]


def _list_of(field: str) -> Callable[[_Site, Asked], list[Any]]:
    def listed(site: _Site, asked: Asked) -> list[Any]:
        found = site.groups(field)
        offset = asked.number("offset", 0)
        end = offset + asked.number("limit", len(found))
        return list(found.values() if asked.flag("all_fields") else found)[offset:end]

    return listed


def _show_of(field: str) -> Callable[[_Site, Asked], Raw]:
    def shown(site: _Site, asked: Asked) -> Raw:
        wanted = asked.needed("id")
        found = next((one for name, one in site.groups(field).items() if wanted in {name, one.get("id")}), None)
        if found is None:
            raise not_found("Group was not found.")
        if not asked.flag("include_datasets"):
            return found
        name = str(found["name"])
        return {**found, "packages": [one for one in site.packages if name in told(one, field)][:MOST_ROWS]}

    return shown


def _tag_list(site: _Site, asked: Asked) -> list[Any]:
    part = asked.text("query").casefold()
    names = sorted({name for shown in site.packages for name in told(shown, "tags") if part in name.casefold()})
    return [{"name": name, "display_name": name} for name in names] if asked.flag("all_fields") else names


def _resource_show(site: _Site, asked: Asked) -> Raw:
    found = site.resources.get(asked.needed("id"))
    if found is None:
        raise not_found("Resource was not found.")
    return _bare(found)


def _resource_view_list(site: _Site, asked: Asked) -> list[Raw]:
    _resource_show(site, asked)
    return []


def _datastore_search(site: _Site, asked: Asked) -> Raw:
    """Rows where they are held. Else fields and, where known, the number of rows, with `records` always empty."""
    wanted = asked.needed("resource_id", "id")
    resource = site.resources.get(wanted, {})
    table = site.tables.get(wanted)
    if table is None and (words.FIELDS not in resource or not active(resource)):
        raise not_found(f'Resource "{wanted}" was not found.')
    limit, offset = asked.number("limit", 100, 32_000), asked.number("offset", 0)
    where = f"/api/3/action/datastore_search?resource_id={wanted}&limit={limit}"
    found: Raw = {"fields": resource.get(words.FIELDS), "records": []}
    if table is not None:
        found = _rows(table, asked, offset, limit)
    elif words.TOTAL in resource:
        found[words.TOTAL] = resource[words.TOTAL]
    total = {"total": found.pop(words.TOTAL), "total_was_estimated": False} if words.TOTAL in found else {}
    return {
        "resource_id": wanted,
        **found,
        "records_format": "objects",
        "limit": limit,
        "include_total": bool(total),
        **total,
        "_links": {"start": where, "next": f"{where}&offset={offset + limit}"},
    }


def _rows(table: Table, asked: Asked, offset: int, limit: int) -> Raw:
    """`fields`, `records` and their total, by `filters`, `fields` and `sort`; a search by words is not offered."""
    if asked.text("q") or asked.text("records_format", "objects") != "objects":
        raise invalid("q" if asked.text("q") else "records_format", "Not offered here")
    names = [part.strip() for text in asked.texts("fields") for part in text.split(",") if part.strip()]
    try:
        filters = asked.mapping("filters")
        records, total = table.search(filters=filters, sort=asked.text("sort"), names=names, offset=offset, limit=limit)
    except Unknown as error:
        raise invalid("fields", f'field "{error}" not in table') from error
    fields = [one for one in table.fields() if not names or one["id"] in names]
    return {"fields": fields, "records": records, words.TOTAL: total}


def _license_list(site: _Site, _asked: Asked) -> list[Raw]:
    found = {
        str(shown["license_id"]): {
            "id": shown["license_id"],
            "title": shown.get("license_title") or shown["license_id"],
            "url": shown.get("license_url") or "",
            "status": "active",
        }
        for shown in site.packages
        if shown.get("license_id")
    }
    return [one for _, one in sorted(found.items())]


ACTIONS: dict[str, Callable[[_Site, Asked], Any]] = {
    "site_read": _site_read,
    "status_show": _status_show,
    "package_list": _package_list,
    "package_show": _package_show,
    "package_search": _package_search,
    "organization_list": _list_of("organization"),
    "organization_show": _show_of("organization"),
    "group_list": _list_of("groups"),
    "group_show": _show_of("groups"),
    "tag_list": _tag_list,
    "resource_show": _resource_show,
    "resource_view_list": _resource_view_list,
    "datastore_search": _datastore_search,
    "license_list": _license_list,
}


def app(holdings: Holdings) -> WSGIApp:
    """The Action API over packages. Error bodies are CKAN's own."""
    site = _Site(holdings)

    def act(request: Request, name: str) -> Response:
        action = ACTIONS.get(name)
        if action is None:
            return answer(f"Bad request - Action name not known: {name}", 400)
        help_text = f"{site.url}/api/3/action/help_show?name={name}"
        try:
            result = action(site, Asked(_parameters(request)))
        except Refusal as no:
            return answer({"help": help_text, "success": False, "error": no.body}, no.status)
        return answer({"help": help_text, "success": True, "result": result})

    def version(_request: Request) -> Response:
        return answer({"version": 3})

    def download(_request: Request, resource: str, **_parts: str) -> Response:
        if resource not in site.files and resource not in site.tables:
            raise NotFound(f"No rows of {resource}.")
        return whole((site.files.get(resource) or site.tables[resource]).source)

    routes: dict[str, Callable[..., Response]] = {
        "/dataset/<package>/resource/<resource>/download/<file>": download,
        "/api/3/action/<name>": act,
        "/api/action/<name>": act,
        "/api/3": version,
    }
    return application(routes, failed=_failed)


def _parameters(request: Request) -> Raw:
    """Query, form and JSON as one. JSON is known by its looks: many send it with a form's content type.

    Raises `Refusal` when a body is no JSON object.
    """
    body = request.get_data().strip()
    if not body or (request.mimetype != "application/json" and not body.startswith(b"{")):
        given = request.values.to_dict(flat=False)
        return {key: found if len(found) > 1 else found[0] for key, found in given.items()}
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Refusal("Bad Request", 400, {"message": "The body is no JSON object."})
    return {**request.args.to_dict(), **told}


def _failed(error: HTTPException) -> Response:
    kind = "Not Found Error" if error.code == 404 else "Bad Request"  # noqa: PLR2004 - HTTP's own
    return answer({"success": False, "error": {"__type": kind, "message": error.description}}, error.code or 500)
