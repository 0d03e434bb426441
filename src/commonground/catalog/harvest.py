"""Read one portal to the end: a stream of plans, then an ending. No database here.

portal --read--> pages --compare--> plans --(store.py)--> database
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import urlsplit

from commonground.catalog.compare import Comparison, Completed, Held, Listed, PagePlan, guarded
from commonground.errors import Absent, Disagrees, PortalError, Unrecorded
from commonground.protocols.base import Notes, Page, Reader
from commonground.protocols.http import Client
from commonground.words import Finding, Portal

DETAILS = "columns"
"""The place of findings about hosts that are asked for what a listing does not tell."""

_LOG = logging.getLogger(__name__)
_BROKEN_OFF = {"page-repeats", "paging-ignored"}
"""Findings that say that the listing goes on, but not for us."""


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
        # Door: one portal of a harvest. A mistake of ours ends this run, not the others.
        except Exception as error:  # noqa: BLE001
            _LOG.exception("The reading of %s broke.", self.portal.slug)
            self._error = f"A mistake in Common Ground broke the reading: {type(error).__name__}: {error}"
            self._tally.findings.append(Finding("reading-broke", self.dialect, type(error).__name__, detail=str(error)))

    def _pages(self) -> Iterator[PagePlan]:
        reader, first, pages = self._first_page()
        self._reader = reader
        self._comparison = comparison = Comparison(
            self.portal, reader, self.held, lambda listed: self._details.complete(reader, listed), self._better(reader)
        )
        page: Page | None = first
        while page is not None:
            plan = comparison.page(page)
            self._tally.seen += 0 if plan.repeats else plan.seen
            self._tally.declared = plan.declared if plan.declared is not None else self._tally.declared
            self._tally.findings += plan.findings
            yield plan
            if plan.repeats:
                self._tally.findings.append(Finding("page-repeats", "listing", f"after {self._tally.seen:,} records"))
                return
            page = next(pages, None)
        if not comparison.identified:
            raise Disagrees(f"{self.portal.host} listed no record that can be kept.", url=self.portal.url)

    def _better(self, reader: Reader) -> tuple[str, ...]:
        """Dialects that tell more than the one that is spoken today; we hold records from them, and keep those."""
        names = [one.name for one in self._readers]
        better = tuple(names[: names.index(reader.name)])
        if any(one.dialect in better for one in self.held.values()):
            self._tally.findings.append(Finding("dialect-poorer", "listing", reader.name, detail=better[0]))
        return better

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
        broken_off = any(one.code in _BROKEN_OFF for one in findings)
        complete = not (self._error or short or broken_off)
        gone = self._comparison.gone() if complete and self._comparison else ()
        doubt = self._comparison.in_doubt() if complete and self._comparison else 0
        if doubt:
            findings.append(Finding("missing-in-doubt", "listing", f"{doubt:,}"))
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

    def complete(self, reader: Reader, listed: Sequence[Listed]) -> Sequence[Completed]:
        """In the order of `listed`."""
        if reader.capabilities.columns_in_listing or not reader.capabilities.knows_columns:
            return [Completed(one.raw) for one in listed]
        self.asked = self.asked or bool(listed)
        with ThreadPoolExecutor(self._client.manners.per_host) as pool:
            return list(pool.map(lambda one: self._one(reader, one), listed))

    def _one(self, reader: Reader, one: Listed) -> Completed:
        notes = Notes(one.native_id)
        try:
            done = guarded(lambda: reader.complete(one.raw, self._portal, self._client, notes), notes)
        except Unrecorded as error:
            with self._lock:
                self._unrecorded.add(_host(error))
            return Completed(one.raw, tuple(notes.found))
        except PortalError as error:
            if error.retry:
                # A host that is down is one finding of the portal, not one of each of its records.
                with self._lock:
                    self._failed[_host(error)] = self._failed.get(_host(error), 0) + 1
            else:
                notes.add("columns-unknown", error.url, detail=str(error))
            return Completed(one.raw, tuple(notes.found), incomplete=error.retry)
        return Completed(one.raw if done is None else done, tuple(notes.found))

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
