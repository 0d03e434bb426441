"""Reads `data.json`, whichever portal publishes it. Protocols subclass it with their own ids and paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import ClassVar

from commonground.errors import Absent, Disagrees, PortalError, Refused, Unreadable
from commonground.protocols.base import Capabilities, Notes, Page
from commonground.protocols.data_json.dataset import identifier, normalize_record
from commonground.protocols.data_json.document import stream
from commonground.protocols.fields.privacy import Persons
from commonground.protocols.http import Client
from commonground.words import Dataset, Portal, Raw

PAGE = 500
_IN_MEMORY = 8 * 1024 * 1024
_CHUNK = 64 * 1024


class DataJsonReader:
    """A whole catalog in one document, read record by record."""

    name: ClassVar[str] = "data-json"
    recorded_as: ClassVar[str] = "dcat-us"
    capabilities: ClassVar[Capabilities] = Capabilities(
        declares_total=False,
        columns_in_listing=False,
        knows_columns=False,
        knows_row_count=False,
        modified_is_safe=False,
        list_order_is_random=True,
    )
    persons: ClassVar[Persons] = Persons(
        contacts=("contactPoint", "creator", "contributor", "hasEmail", "hasTelephone"),
        publishers=("publisher", "rightsHolder", "qualifiedAttribution", "wasAttributedTo"),
    )
    paths: ClassVar[tuple[str, ...]] = ("/data.json",)
    """Where the document may lie, the best first; a portal's option `path` goes before them all."""

    def pages(self, portal: Portal, client: Client, after: str = "") -> Iterator[Page]:  # noqa: ARG002 - no cursor here
        """The records in pages of 500, from the first path that gives any.

        Raises `NotModified` instead of the first page when the document is as the client remembers it.
        """
        errors: list[PortalError] = []
        chosen = portal.options.get("path")
        for path in (chosen,) if chosen else self.paths:
            began = False
            try:
                for page in document_pages(client, f"{portal.url.rstrip('/')}{path}"):
                    began = True
                    yield page
            except (Refused, Unreadable, Disagrees) as error:
                if began:
                    raise
                errors.append(error)
            else:
                return
        raise self.nothing(portal, errors)

    def nothing(self, portal: Portal, errors: list[PortalError]) -> PortalError:
        """What to raise when no path gave a record: the last thing that was wrong, or `Absent` if all said no."""
        wrong = [error for error in errors if not isinstance(error, Refused)]
        if wrong:
            return wrong[-1]
        return Absent(f"{portal.host} has no data.json: {errors[-1].message}", url=errors[-1].url)

    def native_id(self, raw: Raw) -> str:
        """The identifier, whole. Raises `ValueError` when the record has none."""
        found = identifier(raw.get("identifier"))
        if not found:
            raise ValueError("identifier")
        return found

    def canonical(self, raw: Raw) -> Raw:
        """The record with its lists as sets, because their order means nothing."""
        return {
            key: sorted(value, key=in_order) if isinstance(value, list) and key != "spatial" else value
            for key, value in raw.items()
        }

    def complete(self, raw: Raw, portal: Portal, client: Client, notes: Notes) -> Raw:  # noqa: ARG002 - the seam's
        """Nothing to add: the document tells all that the dialect knows."""
        return raw

    def normalize(self, raw: Raw, portal: Portal, notes: Notes) -> Dataset:
        """See `normalize_record`."""
        return normalize_record(raw, portal, notes, self.native_id(raw))


def in_order(value: object) -> str:
    """A key to sort a list of any JSON values by; distributions go by their address."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and (address := value.get("downloadURL") or value.get("accessURL")):
        return f"{address} {value.get('format')} {value.get('mediaType')} {value.get('title')}"
    return json.dumps(value, sort_keys=True)


def document_pages(client: Client, url: str) -> Iterator[Page]:
    """The records of a document in pages of 500; see `stream` for the forms that are understood.

    It is fetched whole before it is read, so that a slow harvest keeps no portal waiting.
    """
    notes = Notes()
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        head = client.save(url, file, conditional=True)
        file.seek(0)
        records = stream(iter(lambda: file.read(_CHUNK), b""), url, notes, quote=not head.elsewhere)
        yield from _batches(records, notes)


def _batches(records: Iterator[Raw], notes: Notes) -> Iterator[Page]:
    """Pages of the records; those that came before an error are handed over before it is raised."""
    batch: list[Raw] = []
    try:
        for raw in records:
            batch.append(raw)
            if len(batch) == PAGE:
                yield _page(batch, notes)
                batch = []
    except PortalError:
        if batch:
            yield _page(batch, notes)
        raise
    yield _page(batch, notes)


def _page(batch: list[Raw], notes: Notes) -> Page:
    findings, notes.found = tuple(notes.found), []
    return Page(batch, findings=findings)
