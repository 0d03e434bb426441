"""Speaks CKAN's Action API (reading only) over packages as a recording keeps them.

`/api/3/action/<name>` and `/api/action/<name>`, by GET and by POST of JSON or a form. What the
datastore would tell (`x_datastore_fields`, `x_datastore_total`) is not shown in packages but answered by
`datastore_search`, so that reading us back gives the very same records. Rows are not held.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from commonground.protocols.base import Holdings, WSGIApp
from commonground.protocols.ckan import words
from commonground.protocols.ckan.package import active
from commonground.protocols.ckan.query import Condition, Order, Unclear, parse, told
from commonground.protocols.serving import answer, application
from commonground.words import Raw

CKAN_VERSION = "2.11.0"
"""The version whose answers we give; clients look at it to know what they may ask."""

MOST_ROWS = 1000
_HIDDEN = (words.FIELDS, words.TOTAL)
_TRUE = {"true", "1", "yes", "on"}


class _Refusal(Exception):
    """CKAN's own error, carried to the door."""

    def __init__(self, kind: str, status: int, detail: Raw) -> None:
        self.body: Raw = {**detail, "__type": kind}
        self.status = status


def _not_found(what: str) -> _Refusal:
    return _Refusal("Not Found Error", 404, {"message": f"Not found: {what}"})


def _invalid(name: str, reason: str) -> _Refusal:
    return _Refusal("Validation Error", 409, {name: [reason]})


class _Asked:
    """The parameters of one request, from the query, a form or JSON, read leniently as CKAN does."""

    def __init__(self, given: Raw) -> None:
        self._given = given

    def text(self, name: str, default: str = "") -> str:
        value = self._given.get(name)
        return default if value is None else str(value)

    def needed(self, *names: str) -> str:
        value = next((self.text(name) for name in names if self.text(name)), "")
        if not value:
            raise _invalid(names[0], "Missing value")
        return value

    def number(self, name: str, default: int, most: int | None = None) -> int:
        value = self.text(name, str(default)) or str(default)
        try:
            number = int(value)
        except ValueError:
            raise _invalid(name, "Invalid integer") from None
        if number < 0:
            raise _invalid(name, "Must be a natural number")
        return number if most is None else min(number, most)

    def flag(self, name: str, *, default: bool = False) -> bool:
        return self.text(name, str(default)).lower() in _TRUE

    def texts(self, name: str) -> list[str]:
        """A list, given as such or as JSON in a text; one text is a list of one."""
        value = self._given.get(name)
        if isinstance(value, str) and value.lstrip().startswith("["):
            try:
                value = json.loads(value)
            except ValueError:
                raise _invalid(name, "Cannot be read as JSON") from None
        if isinstance(value, list):
            return [str(one) for one in value]
        return [str(value)] if value else []


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


def _site_read(_site: _Site, _asked: _Asked) -> bool:
    return True


def _status_show(site: _Site, _asked: _Asked) -> Raw:
    return {
        "site_url": site.url,
        "site_title": site.url.removeprefix("https://"),
        "site_description": "",
        "ckan_version": CKAN_VERSION,
        "locale_default": "en",
        "error_emails_to": None,
        "extensions": ["datastore"],
    }


def _package_list(site: _Site, asked: _Asked) -> list[str]:
    names = sorted(str(shown.get("name") or shown.get("id")) for shown in site.packages)
    offset = asked.number("offset", 0)
    return names[offset : offset + asked.number("limit", len(names))]


def _package_show(site: _Site, asked: _Asked) -> Raw:
    found = site.packages_by.get(asked.needed("id", "name_or_id"))
    if found is None:
        raise _not_found("Dataset not found")
    return found


def _package_search(site: _Site, asked: _Asked) -> Raw:
    try:
        tests = [parse(text) for text in [asked.text("q"), asked.text("fq"), *asked.texts("fq_list")]]
        order = Order.parse(asked.text("sort") or "score desc, metadata_modified desc")
    except Unclear as error:
        raise _Refusal("Search Query Error", 400, {"message": f"Search Query is invalid: {error}"}) from error
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


def _list_of(field: str) -> Callable[[_Site, _Asked], list[Any]]:
    def listed(site: _Site, asked: _Asked) -> list[Any]:
        found = site.groups(field)
        offset = asked.number("offset", 0)
        end = offset + asked.number("limit", len(found))
        return list(found.values() if asked.flag("all_fields") else found)[offset:end]

    return listed


def _show_of(field: str) -> Callable[[_Site, _Asked], Raw]:
    def shown(site: _Site, asked: _Asked) -> Raw:
        wanted = asked.needed("id")
        found = next((one for name, one in site.groups(field).items() if wanted in {name, one.get("id")}), None)
        if found is None:
            raise _not_found("Group was not found.")
        if not asked.flag("include_datasets"):
            return found
        name = str(found["name"])
        return {**found, "packages": [one for one in site.packages if name in told(one, field)][:MOST_ROWS]}

    return shown


def _tag_list(site: _Site, asked: _Asked) -> list[Any]:
    part = asked.text("query").casefold()
    names = sorted({name for shown in site.packages for name in told(shown, "tags") if part in name.casefold()})
    return [{"name": name, "display_name": name} for name in names] if asked.flag("all_fields") else names


def _resource_show(site: _Site, asked: _Asked) -> Raw:
    found = site.resources.get(asked.needed("id"))
    if found is None:
        raise _not_found("Resource was not found.")
    return _bare(found)


def _resource_view_list(site: _Site, asked: _Asked) -> list[Raw]:
    _resource_show(site, asked)
    return []


def _datastore_search(site: _Site, asked: _Asked) -> Raw:
    """Fields and, where known, the number of rows. `records` is always empty: rows are not held."""
    wanted = asked.needed("resource_id", "id")
    resource = site.resources.get(wanted, {})
    if words.FIELDS not in resource or not active(resource):
        raise _not_found(f'Resource "{wanted}" was not found.')
    limit = asked.number("limit", 100, 32_000)
    where = f"/api/3/action/datastore_search?resource_id={wanted}&limit={limit}"
    total = {words.TOTAL: resource[words.TOTAL]} if words.TOTAL in resource else {}
    return {
        "resource_id": wanted,
        "fields": resource[words.FIELDS],
        "records": [],
        "records_format": "objects",
        "limit": limit,
        "include_total": bool(total),
        **({"total": total[words.TOTAL], "total_was_estimated": False} if total else {}),
        "_links": {"start": where, "next": f"{where}&offset={asked.number('offset', 0) + limit}"},
    }


def _license_list(site: _Site, _asked: _Asked) -> list[Raw]:
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


ACTIONS: dict[str, Callable[[_Site, _Asked], Any]] = {
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
            result = action(site, _Asked(_parameters(request)))
        except _Refusal as no:
            return answer({"help": help_text, "success": False, "error": no.body}, no.status)
        return answer({"help": help_text, "success": True, "result": result})

    def version(_request: Request) -> Response:
        return answer({"version": 3})

    routes: dict[str, Callable[..., Response]] = {
        "/api/3/action/<name>": act,
        "/api/action/<name>": act,
        "/api/3": version,
    }
    return application(routes, failed=_failed)


def _parameters(request: Request) -> Raw:
    """Query, form and JSON as one. JSON is known by its looks: many send it with a form's content type.

    Raises `_Refusal` when a body is no JSON object.
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
        raise _Refusal("Bad Request", 400, {"message": "The body is no JSON object."})
    return {**request.args.to_dict(), **told}


def _failed(error: HTTPException) -> Response:
    kind = "Not Found Error" if error.code == 404 else "Bad Request"  # noqa: PLR2004 - HTTP's own
    return answer({"success": False, "error": {"__type": kind, "message": error.description}}, error.code or 500)
