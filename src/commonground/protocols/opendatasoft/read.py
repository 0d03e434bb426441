"""Reads Opendatasoft portals by the Explore API 2.1: pages in order, or the whole catalog where it is too long."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from commonground.errors import Absent, Disagrees, PortalError, Refused
from commonground.protocols.base import SAMPLE_LENGTH, Capabilities, Notes, Page, ended, objects
from commonground.protocols.data_json import document_pages
from commonground.protocols.fields.privacy import Persons
from commonground.protocols.http import Client
from commonground.protocols.opendatasoft import dataset, words
from commonground.words import Dataset, Portal, Raw

_LAST = words.MOST - 1
_GONE = {404, 405, 410}
_VOLATILE = {"metadata_processed"}
_COUNTED = {"explore"}
_LINKS = {"_links", "links"}
_SETS = {"features", "keyword", "theme", "metadata_languages", "geometry_types"}


class Opendatasoft:
    """The Explore API. The portal's own id is the `dataset_uid`, which stays when a dataset is renamed."""

    name: ClassVar[str] = "opendatasoft"
    recorded_as: ClassVar[str] = "opendatasoft"
    persons: ClassVar[Persons] = words.PERSONS
    capabilities: ClassVar[Capabilities] = Capabilities(
        declares_total=True,
        columns_in_listing=True,
        knows_columns=True,
        knows_row_count=True,
        # `modified` is the publisher's to set, or to leave; the two of processing move without any change.
        modified_is_safe=False,
    )

    def pages(self, portal: Portal, client: Client, after: str = "") -> Iterator[Page]:
        """Pages in order of names: without an order some records come twice, and as many never.

        A catalog of 10,000 and more cannot be paged to its end; it is read as an export. Without one, what can
        be paged is given, and then `Disagrees` raised. The cursor is the offset; an export has none.
        """
        offset, declared = int(after or 0), None
        while offset < _LAST:
            found, declared = self._ask(portal, client, offset)
            if offset == 0 and declared is not None and declared > _LAST:
                export = _export(portal, client, found, declared)
                if first := _first(export):
                    yield first
                    yield from export
                    return
            records, odd = objects(found, "results", offset)
            offset += len(found)
            yield Page(records, declared, odd, str(offset))
            if not found or ended(len(found), words.LARGEST_PAGE, offset, declared):
                return
        told = f"{declared:,}" if declared else "more"
        raise Disagrees(f"{portal.host} gives {_LAST:,} of {told} datasets by pages, and no export.", url=portal.url)

    def _ask(self, portal: Portal, client: Client, offset: int) -> tuple[list[Any], int | None]:
        url = f"{portal.url.rstrip('/')}{words.API}/datasets"
        limit = min(words.LARGEST_PAGE, _LAST - offset)
        try:
            answer = client.json(url, {"limit": limit, "offset": offset, "order_by": "dataset_id"})
        except Refused as error:
            if offset == 0 and error.status in _GONE:
                raise Absent(f"{portal.host} has no Explore API 2.1 ({error.status}).", url=url) from error
            raise
        told = answer if isinstance(answer, dict) else {}
        if offset == 0 and not {"total_count", "error_code"} & told.keys():
            raise Absent(f"{portal.host} answered {words.API}, but not as Opendatasoft does.", url=url)
        found, declared = told.get("results"), told.get("total_count")
        if not isinstance(found, list):
            why = str(told.get("message") or "no list “results”")[:SAMPLE_LENGTH]
            raise Disagrees(f"{portal.host} did not list its datasets: {why}.", url=url)
        return found, declared if isinstance(declared, int) else None

    def native_id(self, raw: Raw) -> str:
        """The `dataset_uid` (`da_1b2c3d`), else the `dataset_id`. Raises `ValueError` when there is neither."""
        if found := dataset.native_id(raw):
            return found
        raise ValueError("dataset_uid")

    def canonical(self, raw: Raw) -> Raw:
        """The record without links, counters of use and the time when its metadata were processed; lists as sets."""
        return {key: _canonical(key, value) for key, value in raw.items() if key not in _LINKS}

    def complete(self, raw: Raw, portal: Portal, client: Client, notes: Notes) -> Raw:  # noqa: ARG002 - the seam's
        """Nothing to add: records come whole."""
        return raw

    def normalize(self, raw: Raw, portal: Portal, notes: Notes) -> Dataset:
        """See `dataset.normalize`."""
        return dataset.normalize(raw, portal, notes)


def _export(portal: Portal, client: Client, listed: Sequence[Any], declared: int) -> Iterator[Page]:
    """The whole catalog in one document. One that does not tell the ids that the listing tells is refused:
    every dataset would seem to have gone, and another to have come.
    """
    url = f"{portal.url.rstrip('/')}{words.API}/exports/json"
    for number, page in enumerate(document_pages(client, url)):
        if number == 0 and _told(listed) and not _told(page.records):
            raise Disagrees(f"{url} tells no dataset_uid, as the listing does.", url=url)
        yield replace(page, declared=declared)


def _first(pages: Iterator[Page]) -> Page | None:
    """The first page; None when there is no use in asking for it again."""
    try:
        return next(pages, None)
    except PortalError as error:
        if error.retry:
            raise
        return None


def _told(records: Sequence[Any]) -> bool:
    return any(isinstance(one, dict) and one.get("dataset_uid") for one in records)


def _canonical(name: str, value: object) -> object:
    if isinstance(value, dict):
        gone = _COUNTED if name == "metas" else _VOLATILE if name == "default" else frozenset()
        return {key: _canonical(key, inner) for key, inner in value.items() if key not in gone}
    if isinstance(value, list) and name in _SETS:
        return sorted(value, key=lambda one: json.dumps(one, sort_keys=True, default=str))
    return value
