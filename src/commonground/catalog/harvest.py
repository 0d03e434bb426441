"""Read one portal to the end: a stream of plans, then an ending. No database here.

portal --read--> pages --compare--> plans --(store.py)--> database
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from urllib.parse import urlsplit

from commonground.catalog.compare import Comparison, Completed, Held, Listed, PagePlan, Seen, guarded
from commonground.catalog.grace import Grace, Listing, doubt
from commonground.errors import Absent, Disagrees, Empty, NotModified, PortalError, Unreachable, Unrecorded
from commonground.protocols.base import Notes, Page, Reader
from commonground.protocols.http import Client
from commonground.words import Finding, Portal, State

DETAILS = "columns"
"""The place of findings about hosts that are asked for what a listing does not tell."""

_LOG = logging.getLogger(__name__)
MOST_RECORDS = 1_000_000
"""A listing of more has no end; the largest portal that we know lists a few thousand."""
LONGEST = 6 * 3600.0
"""Seconds that one portal may take; a slower one is left, and what it gave by then is kept."""
_BROKEN_OFF = {"page-repeats", "paging-ignored"}
"""Findings that say that the listing goes on, but not for us."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the reading of a portal ended. `complete` alone allows to call anything missing.

    `gone` was present before and is not listed; with a `reason`, it may not be called missing. `still` was
    missing before, and is not listed either. `unmodified`: the portal says that its catalog is as it was.
    """

    complete: bool
    dialect: str
    declared: int | None
    seen: int
    gone: tuple[str, ...] = ()
    still: tuple[str, ...] = ()
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    error: str = ""
    details_asked: bool = False
    unmodified: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that another process began: what it had written when it died.

    `brought` counts what is held as present since then, and was not when the listing began.
    """

    dialect: str
    pages: Sequence[Seen]
    seen: int
    declared: int | None
    brought: int = 0


@dataclass(slots=True)
class _Tally:
    seen: int = 0
    declared: int | None = None
    findings: list[Finding] = field(default_factory=list)


class Reading:
    """One run over one portal. Iterate `plans()`, applying each, then read `ending`."""

    def __init__(
        self,
        portal: Portal,
        readers: tuple[Reader, ...],
        client: Client,
        held: Mapping[str, Held],
        begun: Begun | None = None,
    ) -> None:
        self.portal = portal
        self.client = client
        self.held = held
        self.grace = Grace()
        self._readers = readers
        self._begun = begun
        self._tally = _Tally(begun.seen, begun.declared) if begun else _Tally()
        self._details = _Details(portal, client)
        self._reader: Reader | None = None
        self._comparison: Comparison | None = None
        self._error = "The reading broke off."
        self._empty = False
        self._unmodified = False

    @property
    def dialect(self) -> str:
        """The dialect that the portal turned out to speak."""
        return self._reader.name if self._reader else ""

    def plans(self) -> Iterator[PagePlan]:
        """A plan for each page. A portal that fails on the way ends the stream; `ending` says why."""
        try:
            yield from self._pages()
            self._error = ""
        except NotModified:
            yield self._as_it_was()
            self._error = ""
        except PortalError as error:
            self._error = str(error)
            self._empty = isinstance(error, Empty)
            code = "portal-unreachable" if error.retry else "portal-failed"
            self._tally.findings.append(Finding(code, error.url, type(error).__name__, detail=str(error)))
        # Door: one portal of a harvest. A mistake of ours ends this run, not the others.
        except Exception as error:  # noqa: BLE001
            _LOG.exception("The reading of %s broke.", self.portal.slug)
            self._error = f"A mistake in Common Ground broke the reading: {type(error).__name__}: {error}"
            self._tally.findings.append(Finding("reading-broke", self.dialect, type(error).__name__, detail=str(error)))

    def _as_it_was(self) -> PagePlan:
        """The portal says that its document has not changed since it was last read to its end."""
        self._unmodified = True
        self._tally.seen = present = self._present()
        return PagePlan(present, None, (), present, (), (), Seen({}))

    def _present(self) -> int:
        return sum(one.state == State.PRESENT for one in self.held.values())

    def _pages(self) -> Iterator[PagePlan]:
        reader, first, pages = self._next_page(self._begun) if self._begun else self._first_page()
        self._reader = reader
        self._comparison = comparison = Comparison(
            self.portal, reader, self.held, lambda listed: self._details.complete(reader, listed), self._better(reader)
        )
        if self._begun:
            comparison.resume(self._begun.pages)
            self._tally.findings += [one for page in self._begun.pages for one in page.findings]
        page, until = first, monotonic() + LONGEST
        while page is not None:
            plan = comparison.page(page)
            self._tally.seen += 0 if plan.repeats else plan.seen
            self._tally.declared = plan.declared if plan.declared is not None else self._tally.declared
            self._tally.findings += plan.findings
            yield plan
            if plan.repeats:
                self._note_repetition()
                return
            self._bear(comparison.identified, until)
            page = next(pages, None)
        if not comparison.identified:
            raise Empty(f"{self.portal.host} listed no record that can be kept.", url=self.portal.url)

    def _bear(self, records: int, until: float) -> None:
        """Raise when a listing does not end, by its length or by the clock."""
        if records > MOST_RECORDS:
            raise Disagrees(f"{self.portal.host} lists more than {MOST_RECORDS:,} records.", url=self.portal.url)
        if monotonic() > until:
            hours = f"{LONGEST / 3600:g} hours"
            raise Unreachable(
                f"{self.portal.host} took more than {hours} for {records:,} records.", url=self.portal.url
            )

    def _note_repetition(self) -> None:
        """A page that repeats is a fault, unless all that is declared came before."""
        seen, declared = self._tally.seen, self._tally.declared
        if declared is None or seen < declared:
            self._tally.findings.append(Finding("page-repeats", "listing", f"after {seen:,} records"))

    def _better(self, reader: Reader) -> tuple[str, ...]:
        """Dialects that tell more than the one that is spoken today; we hold records from them, and keep those."""
        names = [one.name for one in self._readers]
        better = tuple(names[: names.index(reader.name)])
        if any(one.dialect in better for one in self.held.values()):
            self._tally.findings.append(Finding("dialect-poorer", "listing", reader.name, detail=better[0]))
        return better

    def _next_page(self, begun: Begun) -> tuple[Reader, Page | None, Iterator[Page]]:
        """Go on where another process died, in the dialect that it spoke."""
        (reader,) = (one for one in self._readers if one.name == begun.dialect)
        pages = reader.pages(self.portal, self.client, begun.pages[-1].cursor)
        return reader, next(pages, None), pages

    def _first_page(self) -> tuple[Reader, Page | None, Iterator[Page]]:
        """Try the dialects in turn until one is spoken."""
        refusals = list[PortalError]()
        for reader in self._readers:
            pages = reader.pages(self.portal, self.client)
            try:
                return reader, next(pages), pages
            except NotModified:
                self._reader = reader
                raise
            except Absent as error:
                refusals.append(error)
            except StopIteration:
                refusals.append(Empty(f"{self.portal.host} lists nothing as {reader.name}."))
        kind = Empty if any(isinstance(one, Empty) for one in refusals) else Absent
        raise kind(" ".join(one.message for one in refusals), url=self.portal.url)

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
        gone = self._gone(findings)
        reason = doubt(self._listing(len(gone), broken_off=broken_off), self.grace)
        if reason and (tally.seen or self._empty):
            findings.append(Finding("removal-withheld", "listing", f"{len(gone):,}", detail=reason))
        return Ending(
            not (self._error or short or broken_off or reason),
            self.dialect,
            tally.declared,
            tally.seen,
            gone,
            self._still_missing(),
            reason if tally.seen or self._empty else "",
            tuple(findings),
            self._error,
            self._details.asked,
            self._unmodified,
        )

    def _waiting(self) -> int:
        return sum(not self.held[one].released for one in self._still_missing())

    def _still_missing(self) -> tuple[str, ...]:
        if self._comparison:
            return self._comparison.still_missing()
        return tuple(one for one, held in self.held.items() if held.state == State.MISSING)

    def _gone(self, findings: list[Finding]) -> tuple[str, ...]:
        """What was present and is not listed; a finding, where that is not certain."""
        if self._unmodified:
            return ()
        if self._comparison is None:
            return tuple(one for one, held in self.held.items() if held.state == State.PRESENT)
        doubtful = self._comparison.in_doubt()
        if doubtful and not self._error:
            findings.append(Finding("missing-in-doubt", "listing", f"{doubtful:,}"))
        return self._comparison.gone()

    def _listing(self, gone: int, *, broken_off: bool) -> Listing:
        return Listing(
            present=self._present() - (self._begun.brought if self._begun else 0),
            gone=gone,
            named=self._comparison.identified if self._comparison else 0,
            seen=self._tally.seen,
            declared=self._tally.declared,
            waiting=self._waiting(),
            error="" if self._empty else self._error,
            broken_off=broken_off,
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
