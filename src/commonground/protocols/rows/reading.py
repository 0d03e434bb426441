"""Rows of any dataset, with the account kept: what came against what the portal declares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from commonground.errors import Disagrees, PortalError, Refused, Unreadable
from commonground.protocols.base import RowPage, RowReader
from commonground.protocols.http import Client
from commonground.protocols.registry import row_reader
from commonground.words import Finding, Portal


def read_rows(portal: Portal, native_id: str, client: Client, after: str = "") -> Iterator[RowPage]:
    """The pages of a dataset's rows (see `RowReader.rows`), `rows-short` or `rows-surplus` on the last one.

    A portal that fails between two pages, with all the tries that the client's manners allow, is asked once more from
    the last cursor; if it fails again before another page came, or there is no cursor, its `PortalError` is raised.
    Whoever kept the cursor of the last page that came can go on from there later. Changed while we read: where the
    count did not fit it is asked again, and only what still does not fit is a finding.
    """
    reader = row_reader(portal.protocol)
    held: RowPage | None = None
    try:
        for page in _resumed(reader, portal, native_id, client, after):
            if held is not None:
                yield held
            held = page
    except PortalError:
        if held is not None:
            yield held
        raise
    if held is not None:
        yield _accounted(reader, portal, native_id, client, held)


def state_of(portal: Portal, native_id: str, client: Client) -> str:
    """The state of a dataset's rows (see `RowReader.state`); "" where the portal will not say. Raises `Unreachable`."""
    reader = row_reader(portal.protocol)
    if not reader.capabilities.states:
        return ""
    with suppress(Refused, Unreadable, Disagrees):
        return reader.state(portal, native_id, client)
    return ""


def _resumed(reader: RowReader, portal: Portal, native_id: str, client: Client, after: str) -> Iterator[RowPage]:
    cursor = after
    while True:
        moved = False
        try:
            for page in reader.rows(portal, native_id, client, cursor):
                yield page
                cursor, moved = page.cursor, True
        except PortalError as error:
            if not (error.retry and moved and cursor):
                raise
        else:
            return


def _accounted(reader: RowReader, portal: Portal, native_id: str, client: Client, last: RowPage) -> RowPage:
    declared = last.declared
    if declared is None or last.came == declared:
        return last
    with suppress(PortalError):
        again = reader.count(portal, native_id, client)
        if again == last.came:
            return replace(last, declared=again)
    code = "rows-short" if last.came < declared else "rows-surplus"
    found = Finding(code, portal.slug, f"{last.came:,}", native_id, f"{declared:,}")
    return replace(last, findings=(*last.findings, found))
