"""What portals declare, what we saw of it and what we hold: what differs, and why.

Of each portal, what it declares (where it does not say, what was seen) and the changes of all differences add up to
what the catalog has of it: data sets that are listed, and those that are missing. What nothing explains is a
difference like the others. Beside it stand the index beside the database, and the work that harvests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db.models import Count, Max, Min
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from commonground.catalog import browse, findings, index, removal, store
from commonground.catalog.edition import remembered
from commonground.catalog.models import Dataset, Finding, Harvest
from commonground.catalog.settle import batches
from commonground.catalog.tasks import HARVEST
from commonground.errors import IndexBroken
from commonground.protocols.registry import readers
from commonground.words import State
from commonground.work.models import Run

Form = dict[str, Any]

LATE: Final = timedelta(days=2)
"""A live portal is to be read to its end at least so often."""
TAKEN_OVER: Final = 10
"""So many runs that were taken over are told, the newest first."""
_OPEN: Final = (Run.State.DUE, Run.State.RUNNING)


@dataclass(frozen=True, slots=True)
class Difference:
    """One reason why what is declared and what is held differ: a code of `spoken.WORDS["difference"]`.

    `change` is what it adds to what is held; 0 where it only tells of `count` data sets that are otherwise.
    """

    why: str
    count: int
    change: int
    url: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def form(self) -> Form:
        """As JSON has it: days only where there are some."""
        days = {"since": self.since, "until": self.until} if self.since else {}
        return {"why": self.why, "count": self.count, "change": self.change, "url": self.url or None, **days}


class _Known(NamedTuple):
    """What the database knows of all portals, or of one, by portal."""

    newest: Mapping[str, Harvest]
    ended: Mapping[str, Harvest]
    complete: Mapping[str, datetime]
    waiting: Mapping[str, Harvest]
    states: Mapping[str, Mapping[str, int]]
    missing: Mapping[str, datetime | None]
    findings: Mapping[str, int]
    runs: Mapping[str, Run]
    live: bool


def _known(slug: str = "") -> _Known:
    mine = {"portal": slug} if slug else {}
    states: dict[str, dict[str, int]] = {}
    counted = Dataset.objects.filter(**mine).order_by().values_list("portal", "state").annotate(count=Count("pk"))
    for portal, state, count in counted:
        states.setdefault(portal, {})[state] = count
    ended = Harvest.objects.filter(**mine).exclude(outcome=Harvest.Outcome.RUNNING).order_by().values("portal")
    missing = Dataset.objects.filter(**mine, state=State.MISSING).order_by().values_list("portal")
    still = Finding.objects.filter(**mine, closed=None).order_by().values_list("portal")
    return _Known(
        newest=browse.newest_harvests(),
        ended={one.portal: one for one in Harvest.objects.filter(pk__in=ended.annotate(last=Max("pk")).values("last"))},
        complete=findings.last_complete(),
        waiting={one.portal: one for one in removal.waiting().filter(**mine).order_by("pk")},
        states=states,
        missing=dict(missing.annotate(since=Min("missing_since"))),
        findings=dict(still.annotate(count=Count("pk"))),
        runs={one.subject: one for one in Run.objects.filter(task=HARVEST, state__in=_OPEN)},
        live=not store.sources().exclude(source=Harvest.Source.LIVE).exists(),
    )


def status(*, compare: bool = False) -> Form:
    """Of each portal what it declares, what was seen, what is held, what differs and why; index and work beside it."""
    known = _known()
    # Portals of cities whose files are gone, or were named for one harvest only, are still held.
    slugs = dict.fromkeys([*browse.known_portals(), *known.newest])
    return {
        "live": known.live,
        "portals": [_form(slug, known) for slug in slugs],
        "index": index_form(compare=compare),
        "taken_over": _taken_over(),
    }


def portal(slug: str) -> Form:
    """The same of one portal."""
    return _form(slug, _known(slug))


def _form(slug: str, known: _Known) -> Form:
    run, waits, states = known.ended.get(slug), known.waiting.get(slug), known.states.get(slug, {})
    newest, complete, work = known.newest.get(slug), known.complete.get(slug), known.runs.get(slug)
    differ = list(differences(slug, known)) if run or newest else [Difference("never-read", 0, 0)]
    return {
        **_facts(slug, newest),
        "portal": slug,
        "outcome": newest.outcome if newest else "never",
        "declared": run.declared if run else None,
        "seen": run.seen if run else None,
        "held": states.get(State.PRESENT, 0),
        "missing": states.get(State.MISSING, 0),
        "withdrawn": states.get(State.WITHDRAWN, 0),
        "differences": [one.form for one in differ],
        "unexplained": sum(one.count for one in differ if one.why == "unexplained"),
        "findings": known.findings.get(slug, 0),
        "last_complete": complete,
        "late": known.live and (complete is None or timezone.now() - complete > LATE),
        "withheld": _withheld(waits) if waits else None,
        "under_way": _under_way(work, newest) if work and work.state == Run.State.RUNNING else None,
        "next_due": work.due if work and work.state == Run.State.DUE else None,
        "last_run": browse.harvest_form(run) if run else None,
    }


def _facts(slug: str, run: Harvest | None) -> Form:
    """Of a portal that no file describes any more, what its harvest knew."""
    found = browse.known_portals().get(slug)
    if found:
        return browse.portal_form(found)
    told = {name: getattr(run, name) for name in ("city", "host", "protocol")} if run else {}
    return {"slug": slug, "name": slug, **told}


def _withheld(run: Harvest) -> Form:
    address = f"{settings.SITE_URL}{reverse('withheld', args=[run.portal])}"
    return {"harvest": run.pk, "reason": run.reason, "would_go": len(run.would_go), "url": address}


def _under_way(work: Run, run: Harvest | None) -> Form:
    """A run of now: since when, its last sign of life, and why it was taken from another process, if it was."""
    mine = run if run and run.outcome == Harvest.Outcome.RUNNING else None
    return {
        "since": work.started,
        "sign_of_life": work.heartbeat,
        "seen": mine.seen if mine else 0,
        "resumed": mine.resumed if mine else 0,
        "taken_over": work.reaped,
    }


def _taken_over() -> list[Form]:
    """Harvests that were taken from a process that died or fell silent, the newest first."""
    rows = Run.objects.filter(task=HARVEST).exclude(reaped="").order_by("-started", "-pk")[:TAKEN_OVER]
    return [{"portal": one.subject, "at": one.started, "why": one.reaped} for one in rows]


def differences(slug: str, known: _Known) -> Iterator[Difference]:
    """Why what the last run that ended was told, and what is in the catalog now, differ."""
    run, states = known.ended.get(slug), known.states.get(slug, {})
    kept = states.get(State.PRESENT, 0) + states.get(State.MISSING, 0)
    start, told = 0, list[Difference]()
    if run:
        start = run.seen if run.declared is None else run.declared
        told = [*_listed(run), *_left_out(run), *_not_listed(run, states.get(State.MISSING, 0), known.missing)]
    rest = kept - start - sum(one.change for one in told)
    yield from told
    if rest:
        newest = known.newest.get(slug)
        under_way = newest is not None and newest.outcome == Harvest.Outcome.RUNNING
        yield Difference("under-way" if under_way else _rest(run, rest), abs(rest), rest)


def _rest(run: Harvest | None, rest: int) -> str:
    """What was held before, and a run that broke off did not come to. A run to the end leaves no rest."""
    if run is None or rest < 0 or run.outcome == Harvest.Outcome.COMPLETE:
        return "unexplained"
    return "not-reached" if run.seen else "not-read"


def _listed(run: Harvest) -> Iterator[Difference]:
    """Declared, but not seen; or seen beyond what was declared."""
    if run.declared is None or run.declared == run.seen:
        return
    beyond = run.seen - run.declared
    why = "listed-beyond" if beyond > 0 else "broken-off" if run.error else "not-listed"
    yield Difference(why, abs(beyond), beyond, _findings(run.portal, "total-disagrees"))


def _left_out(run: Harvest) -> Iterator[Difference]:
    """Seen, but no dataset of its own."""
    for code, count in run.left_out.items():
        yield Difference(code, count, -count, _findings(run.portal, code))
    lost = run.seen - sum(run.left_out.values()) - run.added - run.changed - run.unchanged
    if lost:
        yield Difference("unexplained", abs(lost), -lost)


def _not_listed(run: Harvest, missing: int, since: Mapping[str, datetime | None]) -> Iterator[Difference]:
    """In the catalog, though the portal did not list it, or not in this form."""
    first = since.get(run.portal)
    if missing:
        until = first + timedelta(days=settings.GRACE.days) if first else None
        yield Difference("missing", missing, missing, reverse("missing", args=[run.portal]), first, until)
    undone = run.withheld or run.decision == Harvest.Decision.DISCARDED
    if undone and (count := _still_here(run)):
        why, url = ("withheld", reverse("withheld", args=[run.portal])) if run.withheld else ("discarded", "")
        yield Difference(why, count, count, url)
    rows = Finding.objects.filter(portal=run.portal, closed=None, scope=Finding.Scope.LISTING)
    if doubtful := rows.filter(code="missing-in-doubt").first():
        count = int(doubtful.sample.replace(",", ""))
        yield Difference("in-doubt", count, count, _findings(run.portal, "missing-in-doubt"))
    if rows.filter(code="dialect-poorer").exists():
        yield Difference("dialect-poorer", _otherwise_told(run), 0, _findings(run.portal, "dialect-poorer"))


def _still_here(run: Harvest) -> int:
    """How many of those that the run did not list, and that are listed as far as we believe."""
    return sum(Dataset.named(run.portal, some).filter(state=State.PRESENT).count() for some in batches(run.would_go))


def _otherwise_told(run: Harvest) -> int:
    """How many datasets are kept as a better dialect told them."""
    names = [one.name for one in readers(run.protocol)]
    better = names[: names.index(run.dialect)] if run.dialect in names else []
    return browse.kept().filter(portal=run.portal, revision__dialect__in=better).count()


def _findings(slug: str, code: str) -> str:
    return f"{reverse('findings')}?{urlencode({'portal': slug, 'code': code})}"


def index_form(*, compare: bool = False) -> Form:
    """Index beside database: counts and generations; the ids in which they differ only when asked, for that reads all.

    `state`: `in step`, `behind` (it follows by itself), `differs` or `broken`.
    """
    try:
        told = index.state()
        compared = _compared(told["generation"], told["newest"]) if compare else []
    except IndexBroken:  # what it says names folders of this machine; `commonground index` tells operators
        return {"state": "broken", "database": browse.kept().count()}
    form = {**told, "database": browse.kept().count(), "lag": told["newest"] - told["generation"]}
    same = not compared and form["documents"] == form["database"] and form["lag"] >= 0
    form["state"] = "behind" if form["lag"] > 0 else "in step" if same else "differs"
    return {**form, "differing": compared} if compare else form


@remembered
def _compared(*_generations: int) -> list[str]:
    """The ids in which index and database differ. One reads all at a time; who comes meanwhile shares what it finds."""
    found: list[str] = index.compare()["differing"]
    return found
