"""Reads rows from Opendatasoft: the export as JSON lines, because pages end at 10,000 rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import quote

from commonground.errors import Disagrees, Refused, Unreadable
from commonground.protocols.base import Notes, RowCapabilities, RowPage
from commonground.protocols.fields.values import at
from commonground.protocols.http import Client
from commonground.protocols.opendatasoft import words
from commonground.protocols.opendatasoft.read import Opendatasoft
from commonground.protocols.rows import files, states, text
from commonground.words import Portal, Raw

PAGE = 20_000


class OpendatasoftRows:
    """`catalog/datasets/<id>/exports/jsonl`; the id is the `dataset_uid` or the `dataset_id`."""

    name: ClassVar[str] = "opendatasoft"
    capabilities: ClassVar[RowCapabilities] = RowCapabilities(
        counts=True, resumable=False, incremental=False, states=True
    )

    def rows(self, portal: Portal, native_id: str, client: Client, after: str = "") -> Iterator[RowPage]:  # noqa: ARG002 - no cursor here
        """The export, fetched whole before its first page."""
        dataset, declared = _dataset(portal, native_id, client)
        url = f"{dataset}/exports/jsonl"
        notes, held, came = Notes(native_id), list[Raw](), 0
        with files.fetched(client, url, "rows.jsonl") as path, path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    row = text.parsed(line, url)
                except Unreadable as error:
                    raise Unreadable(f"Line {number:,} of {error.message}", url=url) from error
                if not isinstance(row, dict):
                    notes.add("record-unusable", f"line {number}", row, "it is no object")
                    continue
                held.append(row)
                if len(held) == PAGE:
                    came += PAGE
                    yield _page(held, declared, notes, came)
                    held = []
        if held or not came:
            yield _page(held, declared, notes, came + len(held))

    def count(self, portal: Portal, native_id: str, client: Client) -> int | None:
        """`total_count` of `records`."""
        return _dataset(portal, native_id, client)[1]

    def state(self, portal: Portal, native_id: str, client: Client) -> str:
        """When the portal processed the data last, the count and the fields."""
        url, total = _dataset(portal, native_id, client)
        about = text.answered(client.get(url))
        processed = at(about, "metas.default.data_processed")
        listed = at(about, "fields")
        named = [str(one.get("name")) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        if not processed:
            return ""
        return states.written(processed=str(processed), count=total, columns=states.columns(named))


def _dataset(portal: Portal, native_id: str, client: Client) -> tuple[str, int | None]:
    """The address of a dataset, and its number of rows. Portals know their datasets by name, and not all of them by
    `dataset_uid` too; then the listing tells the name.
    """
    base = f"{portal.url.rstrip('/')}{words.API}/datasets"
    try:
        named = f"{base}/{quote(native_id, safe='@')}"
        return named, _total(named, client)
    except Refused as error:
        listed = (raw for page in Opendatasoft().pages(portal, client) for raw in page.records)
        name = next((str(raw.get("dataset_id")) for raw in listed if raw.get("dataset_uid") == native_id), "")
        if not name:
            raise Refused(f"{portal.host} has no dataset {native_id}.", url=base, status=error.status) from error
        named = f"{base}/{quote(name, safe='@')}"
        return named, _total(named, client)


def _total(dataset: str, client: Client) -> int | None:
    url = f"{dataset}/records"
    answer = text.answered(client.get(url, {"limit": 1}))
    if not isinstance(answer, dict) or "total_count" not in answer:
        raise Disagrees(f"{url} did not answer as Opendatasoft does.", url=url)
    return text.whole(answer["total_count"])


def _page(rows: list[Raw], declared: int | None, notes: Notes, came: int) -> RowPage:
    names = text.names(rows)
    findings, notes.found = tuple(notes.found), []
    return RowPage(tuple(names), text.table(rows, names), declared, "", findings, came)
