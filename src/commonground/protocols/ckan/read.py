"""Reads CKAN portals by the Action API: `package_search` lists, `datastore_search` tells the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from commonground.errors import Absent, Disagrees, PortalError, Refused
from commonground.protocols.base import SAMPLE_LENGTH, Capabilities, Notes, Page, ended, objects
from commonground.protocols.ckan import package, words
from commonground.protocols.fields.privacy import Persons
from commonground.protocols.http import Client
from commonground.words import Dataset, Finding, Portal, Raw

PAGE = 500
MOST_PAGES = 10_000
MOST_RESOURCES = 100
"""Resources of one package that are asked for their columns; a package of more is noted."""

_GONE = {400, 403, 404, 409}
_VOLATILE = {
    "tracking_summary",
    "num_resources",
    "num_tags",
    "revision_id",
    "revision_timestamp",
    "archiver",
    "qa",
    "cache_last_updated",
    "cache_url",
    "num_followers",
    "package_count",
    "image_display_url",
    words.FIELDS,
    words.TOTAL,
}
_SETS = {"tags", "groups", "resources", "extras", "relationships_as_subject", "relationships_as_object"}


class Ckan:
    """The Action API of CKAN 2 and DKAN. The portal's own id is the package's `id`, never its `name`."""

    name: ClassVar[str] = "ckan"
    recorded_as: ClassVar[str] = "ckan"
    persons: ClassVar[Persons] = words.PERSONS
    capabilities: ClassVar[Capabilities] = Capabilities(
        declares_total=True,
        columns_in_listing=False,
        knows_columns=True,
        knows_row_count=True,
        # A renamed organization or group changes its packages without moving their timestamps.
        modified_is_safe=False,
    )

    def pages(self, portal: Portal, client: Client, after: str = "") -> Iterator[Page]:
        """Pages in order of ids until as many came as are declared, or an empty one came.

        A page that brings nothing new ends the listing with a finding: that server ignores `start`,
        and would go on for ever.
        """
        start, seen = int(after or 0), set[str]()
        for _ in range(MOST_PAGES):
            found, declared = self._ask(portal, client, start)
            records, odd = objects(found, "results", start)
            ids = {str(record.get("id")) for record in records}
            if records and ids <= seen:
                if declared is not None and start >= declared:
                    return
                again = Finding("paging-ignored", "package_search", f"start={start}", detail=str(len(seen)))
                yield Page((), declared, (again,))
                return
            if found or start == 0:
                yield Page(records, declared, odd, str(start + len(found)))
            seen |= ids
            start += len(found)
            if not found or ended(len(found), PAGE, start, declared):
                return

    def _ask(self, portal: Portal, client: Client, start: int) -> tuple[list[Any], int | None]:
        url = action_url(portal, "package_search")
        try:
            answer = client.json(url, {"rows": PAGE, "start": start, "sort": "id asc"})
        except Refused as error:
            if start == 0 and error.status in {404, 405, 410}:
                raise Absent(f"{portal.host} has no CKAN Action API ({error.status}).", url=url) from error
            raise
        if start == 0 and not (isinstance(answer, dict) and "success" in answer):
            raise Absent(f"{portal.host} answered package_search, but not as CKAN does.", url=url)
        result = result_of(answer, url)
        found = result.get("results") if isinstance(result, dict) else None
        if not isinstance(found, list):
            raise Disagrees(f"{portal.host} answered package_search without a list “results”.", url=url)
        count = result.get("count")
        return found, count if isinstance(count, int) else None

    def native_id(self, raw: Raw) -> str:
        """The package's `id`, usually a UUID. Raises `ValueError` when there is none."""
        found = raw.get("id")
        if not isinstance(found, str) or not found.strip():
            raise ValueError("id")
        return found

    def canonical(self, raw: Raw) -> Raw:
        """The package without counters and what the datastore tells (a listing does not), lists as sets."""
        return {name: _canonical(name, value) for name, value in raw.items() if name not in _VOLATILE}

    def complete(self, raw: Raw, portal: Portal, client: Client, notes: Notes) -> Raw:
        """The package with `x_datastore_fields` and `x_datastore_total` on each resource in the datastore.

        A resource that the datastore does not give is noted. Nothing is asked when all is there.
        """
        resources = raw.get("resources")
        if not isinstance(resources, list):
            return raw
        unknown = [
            index
            for index, resource in enumerate(resources)
            if isinstance(resource, dict) and package.active(resource) and words.FIELDS not in resource
        ]
        if len(unknown) > MOST_RESOURCES:
            notes.add("resources-unasked", "resources", str(len(unknown)))
        told = list(resources)
        for index in unknown[:MOST_RESOURCES]:
            told[index] = {**resources[index], **_table(resources[index], f"resources[{index}]", portal, client, notes)}
        return {**raw, "resources": told} if unknown else raw

    def normalize(self, raw: Raw, portal: Portal, notes: Notes) -> Dataset:
        """See `package.normalize`."""
        return package.normalize(raw, portal, self.native_id(raw), notes)


def action_url(portal: Portal, action: str) -> str:
    """The address of an action; `portal.url` is where the portal's own pages begin."""
    return f"{portal.url.rstrip('/')}/api/3/action/{action}"


def result_of(answer: object, url: str) -> Any:  # noqa: ANN401 - each action has its own
    """The `result` of an answer. Raises `Disagrees` with CKAN's own words when it says `success: false`."""
    if not isinstance(answer, dict) or "success" not in answer:
        raise Disagrees(f"{url} did not answer as CKAN does.", url=url)
    if answer["success"] is not True:
        said = answer.get("error")
        text = f"{said.get('__type', '')}: {said.get('message', '')}" if isinstance(said, dict) else str(said)
        raise Disagrees(f"{url} says no: {text[:SAMPLE_LENGTH]}.", url=url)
    return answer.get("result")


def _table(resource: Raw, place: str, portal: Portal, client: Client, notes: Notes) -> Raw:
    """What the datastore tells of one resource, without its rows; nothing, and a finding, when it refuses."""
    url = action_url(portal, "datastore_search")
    try:
        answer = client.json(url, {"resource_id": str(resource.get("id") or ""), "limit": 0})
        result = result_of(answer, url)
    except (Refused, Disagrees) as error:
        if isinstance(error, Refused) and error.status not in _GONE:
            raise
        notes.add("datastore-missing", place, str(resource.get("id")), detail=_reason(error))
        return {}
    fields, total = (result.get("fields"), result.get("total")) if isinstance(result, dict) else (None, None)
    if not isinstance(fields, list):
        notes.add("datastore-missing", place, str(resource.get("id")), detail="no list “fields”")
        return {}
    counted = isinstance(total, int) and not isinstance(total, bool)
    return {words.FIELDS: fields, words.TOTAL: total} if counted else {words.FIELDS: fields}


def _reason(error: PortalError) -> str:
    return error.message[:SAMPLE_LENGTH]


def _canonical(name: str, value: object) -> object:
    if isinstance(value, dict):
        return {key: _canonical(key, inner) for key, inner in value.items() if key not in _VOLATILE}
    if isinstance(value, list):
        items = [_canonical("", one) for one in value]
        return sorted(items, key=_order) if name in _SETS else items
    return value


def _order(item: object) -> tuple[float, str]:
    """Resources by position, everything by its content, so that the order of a list does not matter."""
    position = item.get("position") if isinstance(item, dict) else None
    place = float(position) if isinstance(position, int) else -1.0
    return place, json.dumps(item, sort_keys=True, default=str)
