"""What happened to datasets: revisions with what differs in them, and events, as one story, the newest first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse

from commonground.catalog import browse, findings, forms, telling
from commonground.catalog.alignment import aligned
from commonground.catalog.differences import Aspect, Difference, Weight, differences
from commonground.catalog.models import Dataset, Event, Finding, Revision
from commonground.catalog.rewording import Passage, rewording
from commonground.words import State

Form = dict[str, Any]

TOLD: Final = 50
"""Differences of one revision in a list; the page of the revision has all."""
_LONGEST_LIST: Final = 100
_LONGEST_TEXT: Final = 2_000
_ABOUT: Final = 300
_ASKED: Final = 500
"""Ids in one question to the database."""
_WALKED: Final = 20_000
"""So many changes back, those of many datasets are looked for among all."""
_BATCH: Final = 50
_KINDS: Final = {Weight.SCHEMA: "columns", Weight.ROUTINE: "updated"}
_GONE: Final = frozenset({"missing", "withdrawn", "moved", "replaced", "returned"})
FIELDS: Final = (
    "title",
    "kind",
    "description",
    "publisher",
    "contact",
    "license",
    "frequency",
    "themes",
    "keywords",
    "issued",
    "modified",
    "data_updated",
    "spatial",
    "temporal",
    "row_count",
    "columns",
    "distributions",
    "landing_page",
    "parents",
)
"""What of our form is shown beside the portal's record."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened. A revision has its number and what differs in it; an event has its detail.

    `kind` is a word of the family "change" (`spoken.py`); `pk` is of the revision or of the event.
    """

    row: Dataset
    kind: str
    seen: datetime
    pk: int
    number: int | None = None
    found: tuple[Difference, ...] = ()
    detail: str = ""

    @property
    def weight(self) -> Weight:
        """How much it matters."""
        if self.kind in _GONE:
            return Weight.IMPORTANT
        return self.found[0].weight if self.found else Weight.MINOR

    @property
    def anchor(self) -> str:
        """Its name on the pages of its dataset, for ever."""
        return f"event-{self.pk}" if self.number is None else f"revision-{self.number}"

    def said(self, zone: str = "UTC") -> str:
        """What happened, in a few sentences; days are those of `zone`."""
        if self.number is None or self.kind == "added":
            return telling.event(self.kind, self.detail)
        return telling.summary(self.found, zone)


class _Light(NamedTuple):
    """The place of a change in the story, without its weight."""

    seen: datetime
    revised: bool
    pk: int
    key: str


def _newest(where: Q, most: int | None = None, order: Sequence[str] = ("-seen", "-pk")) -> Iterator[_Light]:
    """Revisions and events, newest first. An id that was reused is told by its revision, not by the event again."""
    fields = ("seen", "pk", "dataset__key")
    revisions = Revision.objects.filter(where).order_by(*order).values_list(*fields)[:most]
    told_apart = Event.objects.filter(where).exclude(kind=Event.Kind.REPLACED)
    events = told_apart.order_by(*order).values_list(*fields)[:most]
    return merge(
        (_Light(seen, True, pk, key) for seen, pk, key in revisions.iterator(chunk_size=500)),
        (_Light(seen, False, pk, key) for seen, pk, key in events.iterator(chunk_size=500)),
        reverse=True,
    )


def latest(where: Q | None = None, limit: int = 50, among: Collection[str] | None = None) -> list[Change]:
    """The newest changes of all datasets, of some, or of those ids.

    Few ids are asked for; many are looked for among the newest changes, as far back as is affordable.
    """
    if among is not None and len(among) <= _ASKED:
        where, among = Q(dataset__key__in=among), None
    if among is None:
        return _changes(list(islice(_newest(where or Q(), limit), limit)))
    found = (one for one in _newest(where or Q(), _WALKED) if one.key in among)
    return _changes(list(islice(found, limit)))


def recent(row: Dataset, limit: int) -> list[Change]:
    """The newest changes of a dataset that is at hand with its newest revision. Most have but one: a single question."""
    held = row.revision
    if held is None or held.number > 1:
        return story(row).part(0, limit)
    events = row.events.exclude(kind=Event.Kind.REPLACED)[:limit]
    changes = [Change(row, one.kind, one.seen, one.pk, detail=one.detail) for one in events]
    return [*changes, _revised(row, held, None)][:limit]


def story(row: Dataset) -> Story:
    """All that happened to one dataset, as it was written: a clock that was set back puts no revision in disorder."""
    return Story(list(_newest(Q(dataset=row), order=("-pk",))))


@dataclass(frozen=True, slots=True)
class Story:
    """All changes of one dataset, newest first; read in parts, because each may be large."""

    places: list[_Light]

    def __len__(self) -> int:
        return len(self.places)

    def part(self, start: int, stop: int) -> list[Change]:
        """The changes from one place to another."""
        return _changes(self.places[start:stop])

    def every(self) -> Iterator[Change]:
        """All changes, read while they are used."""
        for start in range(0, len(self), _BATCH):
            yield from self.part(start, start + _BATCH)


def _changes(places: Sequence[_Light]) -> list[Change]:
    """The changes at those places, in four questions to the database."""
    revised = [one.pk for one in places if one.revised]
    light = Revision.objects.select_related("dataset").defer("packed")
    revisions = light.in_bulk(revised)
    before = _before([pk for pk, one in revisions.items() if one.number > 1])
    events = Event.objects.select_related("dataset").in_bulk([one.pk for one in places if not one.revised])
    told = {(True, pk): _revised(one.dataset, one, before.get(pk)) for pk, one in revisions.items()}
    told |= {(False, pk): Change(one.dataset, one.kind, one.seen, pk, detail=one.detail) for pk, one in events.items()}
    return [told[one.revised, one.pk] for one in places]


def _before(revised: Sequence[int]) -> dict[int, Form]:
    """The form of the revision before each."""
    older = Revision.objects.filter(dataset=OuterRef("dataset"), number__lt=OuterRef("number")).order_by("-number")
    previous = dict(
        Revision.objects.filter(pk__in=revised).values_list("pk", Subquery(older.values("pk")[:1])),
    )
    held = dict(Revision.objects.filter(pk__in=filter(None, previous.values())).values_list("pk", "form"))
    return {pk: held[older] for pk, older in previous.items() if older in held}


def _revised(row: Dataset, one: Revision, before: Form | None) -> Change:
    if before is None:
        return Change(row, "added", one.seen, one.pk, one.number, detail=one.form["description"][:_ABOUT])
    found = differences(forms.load(before), one.normal)
    replaced = bool(found) and found[0].aspect is Aspect.REPLACED
    kind = "replaced" if replaced else _KINDS.get(found[0].weight, "changed") if found else "changed"
    return Change(row, kind, one.seen, one.pk, one.number, found)


def path(row: Dataset, number: int | None = None) -> str:
    """The address of a dataset's history, or of one revision in it."""
    page = reverse("history", kwargs={"portal": row.portal, "native_id": row.native_id})
    return f"{page}?revision={number}" if number else page


def change_form(one: Change, zone: str = "UTC", most: int = TOLD) -> Form:
    """One change as JSON."""
    return {
        "kind": one.kind,
        "weight": one.weight,
        "seen": one.seen,
        "revision": one.number,
        "sentence": one.said(zone),
        "detail": one.detail if one.number is None else "",
        "differences": [difference_form(each, zone) for each in one.found[:most]],
        "differences_total": len(one.found),
        "url": f"{settings.SITE_URL}{path(one.row, one.number)}",
    }


def difference_form(one: Difference, zone: str = "UTC") -> Form:
    """One difference as JSON; long lists and texts are cut."""
    return {
        "aspect": one.aspect,
        "weight": one.weight,
        "name": one.name,
        "before": _short(one.before),
        "after": _short(one.after),
        "sentence": telling.sentence(one, zone),
    }


def _short(value: object) -> object:
    if isinstance(value, tuple):
        return [*value[:_LONGEST_LIST], *(["…"] if len(value) > _LONGEST_LIST else [])]
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"{value[:_LONGEST_TEXT]}…"
    return value


def story_form(row: Dataset, changes: Iterable[Change], total: int) -> Form:
    """A dataset's story as JSON."""
    return {
        "id": row.key,
        "title": row.title,
        "city": row.city,
        "portal": row.portal,
        "state": row.state,
        "missing_since": row.missing_since,
        "first_seen": row.first_seen,
        "total": total,
        "changes": [change_form(one, zone_of(row)) for one in changes],
        "url": f"{settings.SITE_URL}{path(row)}",
    }


def revision(row: Dataset, number: int) -> tuple[Change, Form]:
    """One revision: what changed in it, what the portal published, what we made of it, what was wrong with it."""
    held = browse.revision(row, number)
    (change,) = _changes([_Light(held.seen, True, held.pk, row.key)])
    numbers = row.revisions.order_by("number").values_list("number", flat=True)
    return change, {
        **change_form(change, zone_of(row), most=_BATCH * TOLD),
        "id": row.key,
        "title": held.form["title"],
        "dialect": held.dialect,
        "previous": numbers.filter(number__lt=number).last(),
        "next": numbers.filter(number__gt=number).first(),
        "findings": list(findings.forms(_findings(held))),
        "published": browse.raw(row, number),
        "ours": held.form,
    }


def side_by_side(form: Form) -> list[Any]:
    """The fields of a revision's form, each beside what the portal wrote for it."""
    return [one for one in aligned(form["published"], form["ours"], FIELDS) if one.ours]


def reworded(found: Iterable[Difference]) -> tuple[Passage, ...]:
    """How the description changed, where it was and still is one."""
    for one in found:
        if one.aspect is Aspect.DESCRIPTION and isinstance(one.before, str) and isinstance(one.after, str):
            return rewording(one.before, one.after)
    return ()


def _findings(one: Revision) -> Any:  # noqa: ANN401 - a query set of findings
    """What was wrong while the revision was the newest: closed by no earlier run, open before the next one."""
    row, harvest = one.dataset, one.harvest
    after = Revision.objects.filter(dataset=row, number__gt=one.number).select_related("harvest").order_by("number")
    later = after.defer("packed", "form").first()
    still = Q(closed=None) | Q(closed__gt=harvest.finished or one.seen)
    found = Finding.objects.filter(still, portal=row.portal, native_id=row.native_id)
    return found.filter(first_seen__lt=later.harvest.started) if later else found


def zone_of(row: Dataset) -> str:
    """The zone in which a dataset's days are told: its city's own."""
    city = browse.known_cities().get(row.city)
    return city.timezone if city else "UTC"


@dataclass(frozen=True, slots=True)
class Standing:
    """That a dataset is no longer listed: since when, and what comes next."""

    since: datetime | None
    withdrawn: datetime | None
    until: datetime | None
    runs: int


def standing(row: Dataset) -> Standing | None:
    """How it stands with a dataset that its portal does not list; None for one that it lists."""
    if row.state == State.PRESENT:
        return None
    gone = row.events.filter(kind=Event.Kind.WITHDRAWN).first() if row.state == State.WITHDRAWN else None
    waits = row.missing_since if row.state == State.MISSING else None  # what moved waits for nothing any more
    until = waits + timedelta(days=settings.GRACE.days) if waits else None
    return Standing(row.missing_since, gone.seen if gone else None, until, settings.GRACE.runs)
