"""Reads rows that a `data.json` names: the best file among a record's distributions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from commonground.errors import PortalError, Refused
from commonground.protocols.base import RowCapabilities, RowPage
from commonground.protocols.dcat_us.read import DcatUs
from commonground.protocols.http import Client
from commonground.protocols.rows import files, states
from commonground.words import Portal, Raw

_BEST = ("csv", "tsv", "txt", "geojson", "json", "jsonl", "ndjson", "parquet", "xlsx", "xls", "ods", "zip", "gz")
_MEDIA = {
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/json": "json",
    "application/geo+json": "geojson",
    "application/vnd.geo+json": "geojson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.ms-excel": "xls",
    "application/zip": "zip",
}


class DcatUsRows:
    """The file of a record; the native id is the record's `identifier`. The catalog is read again for its address."""

    name: ClassVar[str] = "dcat-us"
    capabilities: ClassVar[RowCapabilities] = RowCapabilities(
        counts=False, resumable=False, incremental=False, states=True
    )

    def rows(self, portal: Portal, native_id: str, client: Client, after: str = "") -> Iterator[RowPage]:  # noqa: ARG002 - no cursor here
        """The first file that can be had, the plainest form first."""
        record = _record(portal, native_id, client)
        failed: PortalError | None = None
        for form, url in _files(record):
            try:
                with files.fetched(client, url, f"rows.{form}") as path:
                    yield from files.pages(path, url, native_id)
            except PortalError as error:
                failed = failed or error
            else:
                return
        raise failed or Refused(f"{portal.host} names no file of rows for {native_id}.", url=portal.url, status=404)

    def count(self, portal: Portal, native_id: str, client: Client) -> int | None:  # noqa: ARG002 - the seam's
        """None: a catalog of this kind tells no counts."""
        return None

    def state(self, portal: Portal, native_id: str, client: Client) -> str:
        """What its server says of the file that is read first; "" where that says nothing."""
        found = _files(_record(portal, native_id, client))
        stamp = client.stamp(found[0][1]) if found else ""
        return states.written(url=found[0][1], file=stamp) if stamp else ""


def _record(portal: Portal, native_id: str, client: Client) -> Raw:
    reader = DcatUs()
    for page in reader.pages(portal, client):
        for raw in page.records:
            if raw.get("identifier") == native_id or _id(reader, raw) == native_id:
                return raw
    raise Refused(f"{portal.host} lists no dataset {native_id}.", url=portal.url, status=404)


def _id(reader: DcatUs, raw: Raw) -> str:
    try:
        return reader.native_id(raw)
    except ValueError:
        return ""


def _files(record: Raw) -> list[tuple[str, str]]:
    """Form and address of each file of a form that we read, the best form first."""
    listed: Any = record.get("distribution")
    ways = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    found = [(_form(way, url), url) for way in ways if isinstance(url := way.get("downloadURL"), str)]
    return sorted(((form, url) for form, url in found if form), key=lambda one: _BEST.index(one[0]))


def _form(way: Raw, url: str) -> str:
    told = str(way.get("format") or "").strip().lower().lstrip(".")
    media = _MEDIA.get(str(way.get("mediaType") or "").partition(";")[0].strip().lower(), "")
    return files.form_of(url) or media or (told if told in _BEST else "")
