"""Wire the pieces of a harvest: read in threads, one a portal; write in one place, as plans arrive."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread, current_thread, main_thread
from time import monotonic

from django.conf import settings
from django.db import DatabaseError, OperationalError, transaction

from commonground.catalog import browse, identity, index, store, unmodified
from commonground.catalog.compare import PagePlan
from commonground.catalog.harvest import Reading
from commonground.catalog.models import Harvest
from commonground.errors import NotFound, PortalError, Usage
from commonground.protocols.base import Holdings
from commonground.protocols.http import Client
from commonground.protocols.recordings import save
from commonground.protocols.registry import reader, readers
from commonground.words import City, Portal, Raw
from commonground.work import store as work
from commonground.work.models import Run

HARVEST = "harvest"
EVERY = timedelta(days=1)
_WAITING_PAGES = 8
_LOOK = 0.2
"""Seconds between two looks whether Ctrl-C was pressed."""
BEAT = 60.0
"""Seconds between two signs of life; a lease lasts ten minutes."""
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """One portal's harvest under way."""

    portal: Portal
    reading: Reading
    harvest: Harvest
    beat: Callable[[], bool]
    """Keeps the run ours; False when another process took it over."""
    finish: Callable[..., object]
    """Ends the run, with `error` if it failed."""
    open: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be harvested, and how."""

    portals: Sequence[Portal]
    client: Client
    source: str = Harvest.Source.LIVE
    days: Mapping[str, date] = field(default_factory=dict)
    """Host to the day of its recording, in a replay."""


Report = Callable[[Harvest], None]


def chosen_portals(names: Sequence[str], cities: Mapping[str, City]) -> list[Portal]:
    """Portals by city slug, portal slug or host; all of them when nothing is named."""
    every = [portal for city in cities.values() for portal in city.portals]
    if not names:
        return every
    chosen = []
    for name in names:
        found = [one for one in every if name in {one.city, one.slug, one.host}]
        if not found:
            known = ", ".join(sorted({*cities, *(one.slug for one in every)}))
            raise NotFound(f"No city or portal “{name}”.", advice=f"Known: {known}.")
        chosen += [one for one in found if one not in chosen]
    return chosen


def harvest(order: Order, report: Report = lambda _: None) -> list[Harvest]:
    """Harvest portals side by side. Returns one harvest for each, in the order asked; failures are told in it."""
    store.check_home(order.source)
    jobs = [
        _begin(portal, order, partial(work.beat, run), partial(work.finish, run))
        for portal, run in _claimed(order.portals)
    ]
    _gather(jobs, report)
    return [job.harvest for job in jobs]


def _gather(jobs: Sequence[Job], report: Report = lambda _: None) -> None:
    """Read all jobs in threads and write here, until each has ended, failed, or been taken over by another process."""
    plans: Queue[tuple[Job, PagePlan | None]] = Queue(_WAITING_PAGES)
    stop = Event()
    for job in jobs:
        Thread(target=_read, args=(job, plans, stop), daemon=True).start()
    try:
        with _interrupt() as interrupted:
            waiting, beaten = len(jobs), monotonic()
            while waiting:
                if interrupted.is_set():
                    raise KeyboardInterrupt
                if monotonic() - beaten > BEAT:
                    _beat(jobs)
                    beaten = monotonic()
                with suppress(Empty):
                    job, plan = plans.get(timeout=_LOOK)
                    waiting -= plan is None
                    if job.open:
                        _write(job, plan)
                        report(job.harvest)
    finally:
        stop.set()
        for job in jobs:
            if job.open:  # Ctrl-C
                _abandon(job, "The run was stopped before its end.", stopped=True)


def _beat(jobs: Sequence[Job]) -> None:
    """Keep the leases of all portals, however slowly their pages come; who lost one writes no more."""
    for job in jobs:
        if not job.open:
            continue
        try:
            job.open = job.beat()
        except DatabaseError as error:  # another try comes long before the lease runs out
            _LOG.warning("The database did not take our sign of life for %s: %s", job.portal.slug, error)


def _claimed(portals: Sequence[Portal]) -> list[tuple[Portal, Run]]:
    """A run of each portal, ours; all of them or none."""
    claimed: list[tuple[Portal, Run]] = []
    for portal in portals:
        run = work.claim(HARVEST, portal.slug)
        if run is None:
            for _, other in claimed:
                work.release(other)
            raise Usage(
                f"{portal.slug} is being harvested by another process.",
                advice="Wait for it to end; a run that died elsewhere is free again after ten minutes.",
            )
        claimed.append((portal, run))
    return claimed


def _begin(portal: Portal, order: Order, beat: Callable[[], bool], finish: Callable[..., object]) -> Job:
    harvest, begun = store.begin(portal, order.source, order.days.get(portal.host))
    unmodified.remind(order.client, portal)
    reading = Reading(portal, readers(portal.protocol), order.client, store.held(portal), begun)
    reading.grace = settings.GRACE
    return Job(portal, reading, harvest, beat, finish)


def _read(job: Job, plans: Queue[tuple[Job, PagePlan | None]], stop: Event) -> None:
    """In a thread: no database here. The writer is told of the end whatever happens."""
    for plan in job.reading.plans():
        plans.put((job, plan))
        if stop.is_set():
            return
        if not job.open:  # another process goes on with it; a portal is not asked by both
            break
    plans.put((job, None))


@contextmanager
def _interrupt() -> Iterator[Event]:
    """Ctrl-C as an event, so that it never comes amid a transaction. The second one comes at once."""
    asked = Event()
    if current_thread() is not main_thread():
        yield asked
        return
    usual = signal.getsignal(signal.SIGINT)

    def note(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, usual)

    signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, usual)


def _write(job: Job, plan: PagePlan | None) -> None:
    """Write a plan; None is the end of the reading. What the database refuses fails this portal alone.

    Whoever slept past the end of the lease learns it from the same transaction, and so writes nothing.
    """
    try:
        with transaction.atomic():
            job.open = job.beat()
            if not job.open:
                return
            if plan is not None:
                job.harvest.dialect = job.reading.dialect
                store.apply(job.harvest, plan)
                return
            ending = job.reading.ending
            store.end(job.harvest, ending, job.reading.grace)
            unmodified.keep(job.reading.client, job.portal, job.harvest, ending)
            job.finish(error=job.harvest.error)
    except DatabaseError as error:
        _log_refusal("The harvest", job, error)
        _abandon(job, f"The database refused what was read: {error}")
        return
    job.open = False
    _tell(job.harvest)
    _follow(job)


def _follow(job: Job) -> None:
    """The run has ended, whatever becomes of this: what is not tied and proposed now, the next run will."""
    try:
        identity.follow(job.portal.slug)
    except DatabaseError as error:
        _log_refusal("What belongs together with data sets", job, error)


def _abandon(job: Job, error: str, *, stopped: bool = False) -> None:
    """Close the books of a job. Where even that cannot be written (the disk is full), the next process does it."""
    job.open = False
    job.harvest.error = error
    try:
        with transaction.atomic():
            if not job.beat():  # they are another's by now
                return
            job.harvest.refresh_from_db()  # what was refused does not count
            store.fail(job.harvest, error, stopped=stopped)
        job.finish(error=error)
    except DatabaseError as refused:
        _log_refusal("The end of the harvest", job, refused)
    _tell(job.harvest)


def _log_refusal(what: str, job: Job, error: DatabaseError) -> None:
    """With a trace, unless it is plain that nobody's code is at fault: full, locked, gone."""
    trace = not isinstance(error, OperationalError)
    _LOG.error("%s of %s cannot be written: %s", what, job.portal.slug, error, exc_info=trace)


def _tell(harvest: Harvest) -> None:
    """One line in the log, for machines with all counts."""
    counts = ("seen", "added", "changed", "missing", "withdrawn", "returned", "seconds", "error")
    facts = {name: getattr(harvest, name) for name in counts}
    facts |= {"portal": harvest.portal, "harvest": harvest.pk, "outcome": harvest.outcome}
    said = f"{harvest.seen:,} seen, {harvest.added:,} added, {harvest.changed:,} changed"
    _LOG.info("%s: %s, %s", harvest.portal, harvest.outcome, said, extra=facts)


def record(harvest: Harvest, folder: Path) -> list[Path]:
    """Write what a live harvest holds as recordings, in the layout that `--replay` reads: a file for each protocol
    that its records came in. None when it failed, or came in a dialect that no recording can speak.
    """
    if harvest.outcome == Harvest.Outcome.FAILED:
        return []
    records: dict[str, list[Raw]] = {}
    for row in browse.present().filter(portal=harvest.portal).select_related("revision").order_by("pk"):
        if row.revision and (protocol := reader(row.revision.dialect).recorded_as):
            records.setdefault(protocol, []).append(row.revision.raw)
    return [
        save(
            folder,
            city=harvest.city,
            day=harvest.started.date(),
            protocol=protocol,
            holdings=Holdings(harvest.host, raws),
        )
        for protocol, raws in records.items()
    ]


@contextmanager
def live_client() -> Iterator[Client]:
    """The client for the real world."""
    with Client(allow_private=settings.ALLOW_PRIVATE, contact=settings.CONTACT) as client:
        yield client


def run_harvest(subject: str, beat: Callable[[], bool]) -> None:
    """The worker's task: one portal, live. Its run is already ours. Raises `PortalError` when it failed."""
    portal = chosen_portals([subject], browse.known_cities())[0]
    store.check_home(Harvest.Source.LIVE)
    with live_client() as client:
        # The worker itself ends the run, by what this raises.
        job = _begin(portal, Order([portal], client), beat, lambda **_: None)
        _gather([job])
    index.follow()
    if job.harvest.error:
        raise PortalError(job.harvest.error, url=portal.url)


def schedule() -> None:
    """Every portal once a day, unless the home holds something else than live harvests."""
    if store.sources().exclude(source=Harvest.Source.LIVE).exists():
        return
    for portal in chosen_portals([], browse.known_cities()):
        work.schedule(HARVEST, portal.slug, every=EVERY)
