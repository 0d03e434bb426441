"""Reads rows from CKAN: of each resource that is in the datastore by `datastore_search`, else of its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from commonground.errors import Disagrees, Refused
from commonground.protocols.base import Notes, RowCapabilities, RowPage, objects
from commonground.protocols.ckan import words
from commonground.protocols.ckan.package import active
from commonground.protocols.ckan.read import action_url, result_of
from commonground.protocols.http import Client, Params
from commonground.protocols.rows import cursors, files, states, text
from commonground.protocols.rows.asking import fitting
from commonground.words import Finding, Portal, Raw

PAGE = 10_000
"""CKAN gives at most 32,000 rows at once; where its operator allows fewer, a page is as long as it comes."""

_NO_PACKAGE = {403, 404}


class CkanRows:
    """The rows of a package, or of one resource of it.

    A native id is a package's id or name, a resource's id, or both as `package/resource`. A package of several tables
    (one a year) gives them one after the other, in its order; pages then differ in their columns. The file is read of
    a table that the datastore does not give. Where there are tables, files beside them that could hold rows are
    findings; where there are none, all of them are read.
    """

    name: ClassVar[str] = "ckan"
    # Not incremental: `_id` tells new rows, but a row that is changed in place keeps its number, and a table that is
    # loaded anew is numbered anew; no column that every table has tells when a row changed.
    capabilities: ClassVar[RowCapabilities] = RowCapabilities(
        counts=True, resumable=True, incremental=False, states=True
    )

    def rows(self, portal: Portal, native_id: str, client: Client, after: str = "") -> Iterator[RowPage]:
        """By pages in order of the datastore's own row number, which is left out of them; files have no cursors."""
        parts, findings = _parts(portal, native_id, client)
        totals = [one.total for one in parts if one.total is not None]
        declared = sum(totals) if len(totals) == len(parts) else None
        told = cursors.parts(after)
        came, offset, ids = cursors.number(told, "came"), cursors.number(told, "offset"), [one.id for one in parts]
        begin = ids.index(told["resource"]) if told.get("resource") in ids else 0
        for part in parts[begin:]:
            table = part.table
            found = _datastore(portal, part, client, offset) if table else _file(part, client)
            for page in found:
                came += page.rows.num_rows
                more = cursors.written(came=came, resource=part.id, offset=page.cursor) if table else ""
                yield RowPage(page.names, page.rows, declared, more, (*findings, *page.findings), came)
                findings = ()
            offset = 0

    def count(self, portal: Portal, native_id: str, client: Client) -> int | None:
        """The sum of the totals of the tables; None where files are to be read."""
        parts, _ = _parts(portal, native_id, client)
        totals = [one.total for one in parts if one.total is not None]
        return sum(totals) if len(totals) == len(parts) else None

    def state(self, portal: Portal, native_id: str, client: Client) -> str:
        """Of each table its stamp, total, highest row number and columns; of each file what its server says of it.

        "" where a table has no stamp. Rows that a program changes in place in the datastore may move none of these.
        """
        parts, _ = _parts(portal, native_id, client)
        told = [_state(portal, part, client) for part in parts]
        return " ".join(told) if all(told) else ""


@dataclass(frozen=True, slots=True)
class _Part:
    """A resource to read: a table of the datastore with its total, or a file."""

    id: str
    table: bool
    total: int | None = None
    url: str = ""
    form: str = ""
    stamp: str = ""


def _parts(portal: Portal, native_id: str, client: Client) -> tuple[list[_Part], tuple[Finding, ...]]:
    """What is to be read, and what is odd about it. Raises `Refused` when nothing is."""
    resources = _resources(portal, native_id, client)
    tables = [one for one in resources if active(one)]
    notes, parts = Notes(native_id), list[_Part]()
    for one in tables:
        try:
            total = _total(portal, _id(one), client)
            parts.append(_Part(_id(one), table=True, total=total, stamp=_stamp(one)))
        except (Refused, Disagrees) as error:
            if not (file := _as_file(one)):
                raise
            notes.add("datastore-missing", f"resource {_id(one)}", _id(one), error.message[:200])
            parts.append(file)
    files_ = [file for one in resources if not active(one) and (file := _as_file(one))]
    if parts:
        for file in files_:
            notes.add("rows-unread", f"resource {file.id}", file.url)
        return parts, tuple(notes.found)
    if not files_:
        why = f"{portal.host} has no rows of {native_id}: no table, and no file of a known form."
        raise Refused(why, url=portal.url, status=404)
    return files_, ()


def _as_file(resource: Raw) -> _Part | None:
    url = str(resource.get("url") or "")
    told = str(resource.get("format") or "").strip().lower().lstrip(".")
    form = files.form_of(url) or (told if told in files.FORMS else "")
    return _Part(_id(resource), table=False, url=url, form=form) if url and form else None


def _stamp(resource: Raw) -> str:
    return " ".join(str(resource[name]) for name in ("last_modified", "hash") if resource.get(name))


def _state(portal: Portal, part: _Part, client: Client) -> str:
    if not part.table:
        stamp = client.stamp(part.url)
        return states.written(resource=part.id, file=stamp) if stamp else ""
    if not part.stamp:
        return ""
    found = _asked(portal, part.id, client, {"limit": 1, "sort": f"{words.ROW_NUMBER} desc"})
    records = found.get("records")
    first = records[0] if isinstance(records, list) and records and isinstance(records[0], dict) else {}
    highest, named = text.cell(first.get(words.ROW_NUMBER)), states.columns(_fields(found))
    return states.written(resource=part.id, at=part.stamp, count=part.total, highest=highest, columns=named)


def _id(resource: Raw) -> str:
    return str(resource.get("id") or "")


def _resources(portal: Portal, native_id: str, client: Client) -> list[Raw]:
    """The resources that the id names. An id of no package is taken for a table's."""
    package, _, chosen = native_id.partition("/")
    url = action_url(portal, "package_show")
    try:
        shown = result_of(client.json(url, {"id": package}), url)
    except Refused as error:
        if error.status not in _NO_PACKAGE:
            raise
        return [{"id": chosen or package, "datastore_active": True}]
    listed = shown.get("resources") if isinstance(shown, dict) else None
    if not isinstance(listed, list):
        raise Disagrees(f"{url} shows {native_id} without a list “resources”.", url=url)
    found = [one for one in listed if isinstance(one, dict)]
    if chosen:
        found = [one for one in found if chosen in {_id(one), one.get("name")}]
        if not found:
            raise Refused(f"{portal.host} has no resource {chosen} in {package}.", url=url, status=404)
    return found


def _search(portal: Portal, resource: str, client: Client, offset: int, limit: int) -> Raw:
    paged: Params = {"offset": offset, "sort": words.ROW_NUMBER} if limit else {}
    return _asked(portal, resource, client, {"limit": limit, **paged})


def _asked(portal: Portal, resource: str, client: Client, more: Params) -> Raw:
    url = action_url(portal, "datastore_search")
    params: Params = {"resource_id": resource, "include_total": "true", **more}
    result = result_of(text.answered(client.get(url, params)), url)
    if not isinstance(result, dict):
        raise Disagrees(f"{url} gave no object for {resource}.", url=url)
    return result


def _total(portal: Portal, resource: str, client: Client) -> int | None:
    return text.whole(_search(portal, resource, client, 0, 0).get("total"))


def _datastore(portal: Portal, part: _Part, client: Client, offset: int) -> Iterator[RowPage]:
    """The pages of one table; their cursors are offsets."""
    resource, total, size = part.id, part.total, PAGE
    before: list[object] = []
    while True:
        result, size = fitting(size, partial(_search, portal, resource, client, offset))
        found = result.get("records")
        if not isinstance(found, list):
            raise Disagrees(f"{portal.host} gave no list “records” for {resource}.", url=portal.url)
        records, odd = objects(found, "records", offset)
        numbers = [one.get(words.ROW_NUMBER) for one in records]
        known = [one for one in _fields(result) if one != words.ROW_NUMBER]
        if records and numbers == before and None not in numbers:
            again = Finding("rows-repeated", f"offset={offset}", str(numbers[0]), resource, f"{offset:,}")
            yield RowPage(tuple(known), text.table([], known), total, str(offset), (again,))
            return
        before = numbers
        offset += len(found)
        names = [one for one in text.names(records, known) if one != words.ROW_NUMBER]
        yield RowPage(tuple(names), text.table(records, names), total, str(offset), odd)
        # A page may be shorter than was asked for: each operator sets how many rows one answer may have.
        if not found or (total is not None and offset >= total and len(found) < size):
            return


def _fields(result: Raw) -> list[str]:
    listed = result.get("fields")
    return (
        [str(one["id"]) for one in listed if isinstance(one, dict) and "id" in one] if isinstance(listed, list) else []
    )


def _file(part: _Part, client: Client) -> Iterator[RowPage]:
    with files.fetched(client, part.url, f"{part.id}.{part.form}") as path:
        yield from files.pages(path, part.url, part.id)
