"""Read one portal to the end: a stream of plans, then an ending. No database here.

    portal --read--> pages --compare--> plans --(store.py)--> database
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import urlsplit

from commonground.catalog.compare import Comparison, Completed, Held, PagePlan
from commonground.errors import Absent, PortalError, Unrecorded
from commonground.protocols.base import Notes, Page, Reader
from commonground.protocols.http import Client
from commonground.words import Finding, Portal, Raw

DETAILS = "columns"
"""The place of findings about hosts that are asked for what a listing does not tell."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the reading of a portal ended. `complete` alone allows to call anything missing."""

    complete: bool
    dialect: str
    declared: int | None
    seen: int
    gone: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: str = ""
    details_asked: bool = False


@dataclass(slots=True)
class _Tally:
    seen: int = 0
    declared: int | None = None
    findings: list[Finding] = field(default_factory=list)


class Reading:
    """One run over one portal. Iterate `plans()`, applying each, then read `ending`."""

    def __init__(self, portal: Portal, readers: tuple[Reader, ...], client: Client, held: Mapping[str, Held]) -> None:
        self.portal = portal
        self.client = client
        self.held = held
        self._readers = readers
        self._tally = _Tally()
        self._details = _Details(portal, client)
        self._reader: Reader | None = None
        self._comparison: Comparison | None = None
        self._error = "The reading broke off."

    @property
    def dialect(self) -> str:
        """The dialect that the portal turned out to speak."""
        return self._reader.name if self._reader else ""

    def plans(self) -> Iterator[PagePlan]:
        """A plan for each page. A portal that fails on the way ends the stream; `ending` says why."""
        try:
            yield from self._pages()
            self._error = ""
        except PortalError as error:
            self._error = str(error)
            code = "portal-unreachable" if error.retry else "portal-failed"
            self._tally.findings.append(Finding(code, error.url, type(error).__name__, detail=str(error)))

    def _pages(self) -> Iterator[PagePlan]:
        reader, first, pages = self._first_page()
        self._reader = reader
        self._comparison = comparison = Comparison(
            self.portal, reader, self.held, lambda raws: self._details.complete(reader, raws)
        )
        page: Page | None = first
        while page is not None:
            before = len(comparison.seen)
            plan = comparison.page(page)
            self._tally.seen += plan.seen
            self._tally.declared = plan.declared if plan.declared is not None else self._tally.declared
            self._tally.findings += plan.findings
            yield plan
            if page.records and len(comparison.seen) == before:
                self._tally.findings.append(Finding("page-repeats", "listing", f"after {self._tally.seen} records"))
                return
            page = next(pages, None)

    def _first_page(self) -> tuple[Reader, Page, Iterator[Page]]:
        """Try the dialects in turn until one is spoken."""
        refusals = []
        for reader in self._readers:
            pages = reader.pages(self.portal, self.client)
            try:
                return reader, next(pages), pages
            except Absent as error:
                refusals.append(error.message)
            except StopIteration:
                refusals.append(f"{self.portal.host} lists nothing as {reader.name}.")
        raise Absent(" ".join(refusals), url=self.portal.url)

    @property
    def ending(self) -> Ending:
        """To be asked once `plans` is through."""
        tally, findings = self._tally, [*self._tally.findings, *self._details.findings()]
        short = tally.declared is not None and tally.seen < tally.declared
        if tally.declared is not None and tally.seen != tally.declared and not self._error:
            findings.append(
                Finding("total-disagrees", "listing", f"{tally.declared:,} declared, {tally.seen:,} listed")
            )
        complete = not self._error and not short and tally.seen > 0
        gone = self._comparison.gone() if complete and self._comparison else ()
        return Ending(
            complete,
            self.dialect,
            tally.declared,
            tally.seen,
            gone,
            tuple(findings),
            self._error,
            self._details.asked,
        )


class _Details:
    """Asks for what the listing does not tell, several records at a time."""

    def __init__(self, portal: Portal, client: Client) -> None:
        self._portal = portal
        self._client = client
        self._lock = Lock()
        self._unrecorded: set[str] = set()
        self._failed: dict[str, int] = {}
        self.asked = False

    def complete(self, reader: Reader, raws: list[Raw]) -> list[Completed]:
        """In the order of `raws`."""
        if reader.capabilities.columns_in_listing or not reader.capabilities.knows_columns:
            return [Completed(raw) for raw in raws]
        self.asked = self.asked or bool(raws)
        with ThreadPoolExecutor(self._client.manners.per_host) as pool:
            return list(pool.map(lambda raw: self._one(reader, raw), raws))

    def _one(self, reader: Reader, raw: Raw) -> Completed:
        notes = Notes(reader.native_id(raw))
        try:
            done = reader.complete(raw, self._portal, self._client, notes)
        except Unrecorded as error:
            with self._lock:
                self._unrecorded.add(_host(error))
            return Completed(raw, tuple(notes.found))
        except PortalError as error:
            if error.retry:
                # A host that is down is one finding of the portal, not one of each of its records.
                with self._lock:
                    self._failed[_host(error)] = self._failed.get(_host(error), 0) + 1
            else:
                notes.add("columns-unknown", error.url, detail=str(error))
            return Completed(raw, tuple(notes.found), incomplete=error.retry)
        return Completed(done, tuple(notes.found))

    def findings(self) -> list[Finding]:
        """One finding for all hosts without a recording, one for each that did not answer."""
        found = []
        if self._unrecorded:
            found.append(Finding("host-unrecorded", DETAILS, ", ".join(sorted(self._unrecorded))))
        for host, count in sorted(self._failed.items()):
            found.append(Finding("host-unreachable", DETAILS, host, detail=f"{count:,} requests failed"))
        return found


def _host(error: PortalError) -> str:
    return urlsplit(error.url).hostname or error.url
