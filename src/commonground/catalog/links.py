"""Whether the addresses in records answer: asked off the harvest path, each about once a week, host by host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from queue import Empty, Queue
from threading import Event
from time import monotonic
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Max, Min, Q
from django.utils import timezone

from commonground.catalog import browse, store
from commonground.catalog.answers import AGAIN, APART, BUSY, FAILURES, GONE, Track, Verdict, verdict
from commonground.catalog.characters import storable
from commonground.catalog.models import Finding, Harvest, Link
from commonground.catalog.settle import batches, settle
from commonground.errors import PortalError, Unreachable, Unrecorded
from commonground.protocols.base import SAMPLE_LENGTH
from commonground.protocols.http import Client, Manners
from commonground.words import Finding as FindingWord
from commonground.words import Portal
from commonground.work import store as work

LINKS: Final = "links"
EVERY: Final = timedelta(days=1)
"""A run asks what is due: most addresses once a week, those that failed once again after a day."""
MANNERS: Final = Manners(connect=10, read=20, total=40, per_host=1, pause=0.2)
HOSTS: Final = 8
"""Asked side by side, each one request at a time."""
PATIENCE: Final = 5
"""After so many addresses in a row without an answer a host is left alone until the next run."""
PROBES: Final = 2
LONGEST: Final = timedelta(minutes=10)
"""Of a run in the worker; the next one asks the rest."""
BEAT: Final = 60.0
_LONGEST_ADDRESS: Final = 2_000
"""Bytes. Few servers take a longer one, and no index of PostgreSQL does."""
_KEPT_AT_ONCE: Final = 100
_LOOK: Final = 0.5

Beat = Callable[[], bool]


class Whose(NamedTuple):
    """Whose findings are settled, as `settle` asks it."""

    portal: str
    city: str


class Told(NamedTuple):
    """What one address answered. `verdict` is None where a replay cannot say."""

    link: Link
    verdict: Verdict | None
    status: int | None = None
    error: str = ""


@dataclass(slots=True)
class Check:
    """One look at the addresses of a portal, as counts. `left` were due and are asked by the next run."""

    portal: str
    named: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    unrecorded: int = 0
    left: int = 0
    dead: int = 0
    dead_hosts: int = 0

    def form(self) -> dict[str, object]:
        """As JSON tells it."""
        verdicts = {one.value: self.asked[one] for one in Verdict}
        names = ("portal", "named", "unrecorded", "left", "dead", "dead_hosts")
        return {**{name: getattr(self, name) for name in names}, "asked": self.asked.total(), **verdicts}


def check(portal: Portal, client: Client, *, beat: Beat = lambda: True, limit: int | None = None) -> Check:
    """Ask those of a portal's addresses that are due, at most `limit`, and settle what is dead.

    What was answered is kept as it comes: a run that is cut off is gone on with by the next one.
    """
    done = Check(portal.slug, _follow(portal.slug))
    due = _due(portal.slug)
    kept: list[Told] = []
    for told in _ask(client, due[:limit], beat):
        if told.verdict is None:
            done.unrecorded += 1
            continue
        done.asked[told.verdict] += 1
        kept.append(told)
        if len(kept) == _KEPT_AT_ONCE:
            _keep(kept)
            kept.clear()
    _keep(kept)
    done.left = len(due) - done.asked.total() - done.unrecorded
    done.dead, done.dead_hosts = _settle(Whose(portal.slug, portal.city))
    return done


def _addresses(portal: str) -> Iterator[tuple[str, str, str]]:
    """Native id, place in our form, and address, of every address that the records of a portal name and that can be
    asked.
    """
    rows = browse.kept().filter(portal=portal, revision__isnull=False).order_by("pk")
    for native_id, form in rows.values_list("native_id", "revision__form").iterator(chunk_size=200):
        named = [("landing_page", form["landing_page"])]
        named += [(f"distributions[{place}].url", one["url"]) for place, one in enumerate(form["distributions"])]
        yield from ((native_id, place, url) for place, url in named if _can_be_asked(url))


def _can_be_asked(url: str) -> bool:
    try:
        return urlsplit(url).scheme in {"http", "https"} and len(url.encode()) <= _LONGEST_ADDRESS
    except ValueError:  # `http://[`
        return False


@transaction.atomic
def _follow(portal: str) -> int:
    """Bring the table of links to what the records name; each address once. Returns how many."""
    named = {url for _native_id, _place, url in _addresses(portal)}
    held = dict(Link.objects.filter(portal=portal).values_list("url", "pk"))
    for some in batches([key for url, key in held.items() if url not in named]):
        Link.objects.filter(pk__in=some).delete()
    fresh = [Link(portal=portal, url=url, host=_host(url)) for url in sorted(named - held.keys())]
    Link.objects.bulk_create(fresh, batch_size=500, ignore_conflicts=True)
    return len(named)


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()[:253]


def _due(portal: str) -> list[Link]:
    """Those to be asked now, by host. A clock that was set back makes them due, not silent for ever."""
    now = timezone.now()
    due = Q(checked=None) | Q(checked__lte=now - AGAIN) | Q(checked__gt=now)
    again = Q(failures__gt=0, failures__lt=FAILURES, checked__lte=now - APART)
    return list(
        Link.objects.filter(due | again, portal=portal).order_by("host", F("checked").asc(nulls_first=True), "pk")
    )


def _in_turn(links: Iterable[Link]) -> Iterator[list[Link]]:
    """Host by host. A few that failed come first, so that they are asked again though the patience with a host ends;
    the others of them last, so that they do not use it up.
    """
    for _host, of_one in groupby(links, key=lambda link: link.host):
        each = list(of_one)
        failing = [link for link in each if link.failures]
        yield [*failing[:PROBES], *(link for link in each if not link.failures), *failing[PROBES:]]


def _ask(client: Client, links: Iterable[Link], beat: Beat) -> Iterator[Told]:
    """Ask host by host in threads, and tell here. Ends early when the run was taken from us, or takes too long."""
    answers: Queue[Told | None] = Queue()
    stop, ends, beaten = Event(), monotonic() + LONGEST.total_seconds(), monotonic()
    with ThreadPoolExecutor(HOSTS, "links") as pool:
        try:
            hosts = [pool.submit(_ask_host, client, of_one, answers, stop) for of_one in _in_turn(links)]
            waiting = len(hosts)
            while waiting:
                if monotonic() - beaten > BEAT:
                    beaten = monotonic()
                    if not beat():
                        return
                if monotonic() > ends:
                    stop.set()
                told = _next(answers)
                waiting -= told is None
                if isinstance(told, Told):
                    yield told
            for one in hosts:
                one.result()  # raises what went wrong in its thread
        finally:
            stop.set()


def _next(answers: Queue[Told | None]) -> Told | bool | None:
    """The next answer; None at the end of a host; False when nothing came for a while."""
    try:
        return answers.get(timeout=_LOOK)
    except Empty:
        return False


def _ask_host(client: Client, links: Sequence[Link], answers: Queue[Told | None], stop: Event) -> None:
    """In a thread, without the database: one host's addresses one after the other, as long as it bears it."""
    silent = 0
    try:
        for place, link in enumerate(links):
            if stop.is_set() or silent >= PATIENCE:
                return
            told = _asked(client, link)
            if told.verdict is None:
                for each in links[place:]:
                    answers.put(Told(each, None))
                return
            answers.put(told)
            silent = silent + 1 if told.verdict is Verdict.SILENT else 0
            if told.status in BUSY:
                return
    finally:
        answers.put(None)


def _asked(client: Client, link: Link) -> Told:
    try:
        status = client.status(link.url)
    except Unrecorded:
        return Told(link, None)
    except Unreachable as error:
        return Told(link, Verdict.SILENT, error=error.message)
    except PortalError as error:  # our own guard, or a redirect without end: that says nothing about the city
        return Told(link, Verdict.UNSURE, error=error.message)
    return Told(link, verdict(status), status)


def _keep(answers: Sequence[Told]) -> None:
    now = timezone.now()
    for told in answers:
        link, found = told.link, told.verdict or Verdict.UNSURE
        track = Track(link.failures, link.failing_since, link.checked).after(found, now)
        link.failures, link.failing_since, link.checked = track.failures, track.failing_since, now
        if found is not Verdict.UNSURE or link.status not in GONE:  # what cannot be told does not undo what was
            link.status = told.status
        link.error = storable(told.error)[:1000]
    fields = ("failures", "failing_since", "checked", "status", "error")
    Link.objects.bulk_update([told.link for told in answers], fields)


@transaction.atomic
def _settle(whose: Whose) -> tuple[int, int]:
    """Open and close findings by what is known now. Returns how many addresses and how many hosts are dead.

    A host that answers nothing at all is one finding of the portal, and none of each address on it.
    """
    dead = Link.objects.filter(portal=whose.portal, failures__gte=FAILURES)
    gone = {link.url: link for link in dead.filter(status__in=GONE)}
    silent = _silent_hosts(whose.portal)
    found = [FindingWord("dead-host", "", host, "", f"{count:,} addresses") for host, count in silent.items()]
    for native_id, place, url in _addresses(whose.portal) if gone else ():
        if url in gone:
            detail = f"{gone[url].status} since {_day(gone[url].failing_since)}."
            found.append(FindingWord("dead-link", place, url[:SAMPLE_LENGTH], native_id, detail))
    settle(whose, Finding.Scope.LINK, Q(), found)
    return len(gone), len(silent)


def _silent_hosts(portal: str) -> Mapping[str, int]:
    """Hosts that have not answered since an address on them died in silence, with the number of addresses there."""
    links = Link.objects.filter(portal=portal).order_by()
    died = links.filter(failures__gte=FAILURES, status=None).values_list("host").annotate(since=Min("failing_since"))
    since = {host: moment for host, moment in died if moment}
    answered = links.filter(host__in=since, status__isnull=False).values_list("host").annotate(last=Max("checked"))
    alive = {host for host, last in answered if last and last >= since[host]}
    named = links.filter(host__in=since.keys() - alive).values_list("host").annotate(count=Count("pk"))
    return dict(named)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "long ago"


def client() -> Client:
    """The client for these checks. In a home of recordings or of the demonstration nothing leaves the machine."""
    if _is_live():
        return Client(allow_private=settings.ALLOW_PRIVATE, contact=settings.CONTACT, manners=MANNERS)
    return Client(sealed=True, manners=MANNERS)


def _is_live() -> bool:
    return not store.sources().exclude(source=Harvest.Source.LIVE).exists()


def run_links(subject: str, beat: Beat) -> None:
    """The worker's task: one portal, as far as its time goes. Its run is already ours."""
    portal = browse.known_portals().get(subject)
    if portal is None:  # its city's file was taken away
        return
    with client() as asking:
        check(portal, asking, beat=beat)


def schedule() -> None:
    """Every portal, unless the home holds something else than live harvests."""
    if _is_live():
        for slug in browse.known_portals():
            work.schedule(LINKS, slug, every=EVERY)
