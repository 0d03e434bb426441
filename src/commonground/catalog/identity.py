"""Keep datasets one and the same: after a harvest, tie copies to their origin and propose moves; persons decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from commonground.catalog import browse, copies, forms, moves, removal
from commonground.catalog.counter import generation, next_generation
from commonground.catalog.models import Counter, Dataset, Event, Move, Revision
from commonground.catalog.moves import Proposal, Trace
from commonground.catalog.related import FARTHEST
from commonground.catalog.settle import batches
from commonground.errors import Usage
from commonground.words import Portal, State

Form = dict[str, Any]

PATIENCE: Final = timedelta(days=400)
"""So long after it vanished we look for where a dataset went."""
BEFORE: Final = timedelta(days=90)
"""So long before one vanished another may have appeared that it moved to: portals publish first and remove later."""
MOST: Final = 20_000
"""So many that vanished, and as many that appeared, are compared: half a minute and half a gigabyte."""
RULES: Final = 1
"""Counts up when copies are recognized otherwise: every record is then looked at again, once."""
_SEVERAL: Final = 2
_LOOK = "Look at them: commonground moves."


def follow(portal: str) -> int:
    """Bring copies and proposals of a portal's city to the newest generation; nothing newer, nothing written.

    Call it when a harvest has ended, before the index follows. Returns how many datasets and proposals changed.
    """
    city = _city(portal)
    portals = _portals(city)
    # A further portal of the city, or other rules of ours, make us look at everything again.
    name = f"identity {forms.digest([RULES, city, *(one.slug for one in portals)])[:24]}"
    newest = generation()
    seen = Counter.objects.filter(name=name).values_list("value", flat=True).first() or 0
    rows = Dataset.objects.filter(city=city)
    if not rows.filter(generation__gt=seen).exists():
        return 0
    tied, number = _tie(rows, portals, seen)
    proposed = _propose(rows)
    # What was just written needs no second look, unless another process wrote something in between.
    done = number if number == newest + 1 else newest
    Counter.objects.update_or_create(name=name, defaults={"value": done})
    return tied + proposed


def _city(portal: str) -> str:
    known = browse.known_portals().get(portal)
    return known.city if known else Dataset.objects.filter(portal=portal).values_list("city", flat=True).first() or ""


def _portals(city: str) -> tuple[Portal, ...]:
    known = browse.known_cities().get(city)
    return known.portals if known else ()


def _tie(rows: QuerySet[Dataset], portals: Sequence[Portal], seen: int) -> tuple[int, int]:
    """Name the origin of each copy that changed since `seen`. Returns how many rows changed, and in which generation."""
    held = dict(rows.exclude(same_as="").values_list("key", "same_as"))
    found = copies.settled({**held, **dict(_origins(rows.filter(generation__gt=seen), portals))})
    changed = {key: found.get(key, "") for key in held.keys() | found.keys() if held.get(key, "") != found.get(key, "")}
    # In the index an origin stands for its copies, so when one of them changes all are made anew.
    theirs = Dataset.objects.filter(key=OuterRef("same_as")).values("generation")[:1]
    apart = rows.exclude(same_as="").annotate(theirs=Subquery(theirs)).exclude(theirs=None)
    origins = set(apart.exclude(theirs=F("generation")).values_list("same_as", flat=True))
    origins |= {one for key in changed for one in (held.get(key), found.get(key)) if one}
    if not origins:
        return 0, 0
    with transaction.atomic():
        number = next_generation()
        for key, there in changed.items():
            Dataset.objects.filter(key=key).update(same_as=there, generation=number)
        for some in batches(sorted(origins)):
            Dataset.objects.filter(Q(key__in=some) | Q(same_as__in=some)).update(generation=number)
    return len(changed) + len(origins), number


def _origins(rows: QuerySet[Dataset], portals: Sequence[Portal]) -> Iterator[tuple[str, str]]:
    """(id, id of its origin or nothing) of datasets of a city that has several portals."""
    if len(portals) < _SEVERAL:
        return
    for key, portal, form in rows.values_list("key", "portal", "revision__form").iterator(chunk_size=500):
        if form:
            yield key, copies.origin(form, [one for one in portals if one.slug != portal])


def _propose(rows: QuerySet[Dataset]) -> int:
    """Settle the proposals of a city. Returns how many were made, changed or dropped."""
    told = rows.filter(moves_from__state=Move.State.CONFIRMED).values("pk")
    now = timezone.now()
    gone = rows.exclude(state=State.PRESENT).filter(missing_since__gt=now - PATIENCE).exclude(pk__in=told)
    return _settle(rows, gone, _moves(rows, gone), now)


def _moves(rows: QuerySet[Dataset], gone: QuerySet[Dataset]) -> list[Proposal]:
    vanished = {row.key: row for row in _light(gone.order_by("-missing_since", "pk")[:MOST])}
    if not vanished:
        return []
    since = min(row.missing_since for row in vanished.values() if row.missing_since) - BEFORE
    taken = rows.filter(moves_to__state=Move.State.CONFIRMED).values("pk")
    named = [row.same_as for row in vanished.values() if row.same_as]
    came = rows.filter(Q(first_seen__gte=since) | Q(key__in=named), state=State.PRESENT).exclude(pk__in=taken)
    appeared = {row.key: row for row in _light(came.order_by("-first_seen", "pk")[:MOST])}
    if not appeared:
        return []
    return moves.propose(
        list(_traces(vanished)),
        list(_traces(appeared)),
        rows.filter(state=State.PRESENT).values_list("title", flat=True).iterator(),
        _possible(vanished, appeared),
    )


def _light(rows: QuerySet[Dataset]) -> QuerySet[Dataset]:
    return rows.only("pk", "key", "same_as", "state", "missing_since", "first_seen")


def _traces(rows: dict[str, Dataset]) -> Iterator[Trace]:
    for some in batches(list(rows)):
        forms = Dataset.objects.filter(key__in=some).values_list("key", "same_as", "revision__form")
        yield from (Trace.of(form, there) for _key, there, form in forms if form)


def _possible(vanished: dict[str, Dataset], appeared: dict[str, Dataset]) -> Callable[[str, str], bool]:
    """Whether one can live on as the other: it came with a later harvest, and not long before the other vanished.

    Clocks are not enough: what the first harvests of two portals found side by side did not appear.
    """
    rejected = set(Move.objects.filter(state=Move.State.REJECTED).values_list("old__key", "new__key"))
    runs = _first_runs([*vanished.values(), *appeared.values()])

    def possible(old: str, new: str) -> bool:
        if (old, new) in rejected:
            return False
        there, here = appeared[new], vanished[old]
        if here.same_as == new:
            return True
        known, came = runs.get(here.pk), runs.get(there.pk)
        if not known or not came or not known[1] or came[0] < known[1]:
            return False
        return bool(here.missing_since) and there.first_seen >= (here.missing_since or there.first_seen) - BEFORE

    return possible


def _first_runs(rows: Iterable[Dataset]) -> dict[int, tuple[datetime, datetime | None]]:
    """Of each dataset when the harvest that brought it began and ended."""
    found: dict[int, tuple[datetime, datetime | None]] = {}
    for some in batches([row.pk for row in rows]):
        first = Revision.objects.filter(dataset__in=some, number=1)
        for pk, started, finished in first.values_list("dataset", "harvest__started", "harvest__finished"):
            found[pk] = (started, finished)
    return found


def _settle(rows: QuerySet[Dataset], gone: QuerySet[Dataset], found: Sequence[Proposal], now: datetime) -> int:
    """Write what differs from the open proposals. One whose old dataset is back, or whose new one went, is dropped;
    one that is only too old to be looked for again stays.
    """
    open_ = Move.objects.filter(old__in=rows.values("pk"), state=Move.State.PROPOSED)
    held = {(one.old.key, one.new.key): one for one in open_.select_related("old", "new")}
    wanted = {(one.old, one.new): one for one in found}
    looked_at = set(gone.values_list("key", flat=True)) if held else set()
    dropped = [
        one.pk
        for key, one in held.items()
        if key not in wanted
        and (key[0] in looked_at or one.old.state == State.PRESENT or one.new.state != State.PRESENT)
    ]
    changed = [key for key in held.keys() & wanted.keys() if held[key].score != wanted[key].score]
    fresh = wanted.keys() - held.keys()
    if not dropped and not changed and not fresh:
        return 0
    ids = dict(Dataset.objects.filter(key__in={one for key in fresh for one in key}).values_list("key", "pk"))
    with transaction.atomic():
        open_.filter(pk__in=dropped).delete()  # but not what a person decided meanwhile
        for key in changed:
            Move.objects.filter(pk=held[key].pk).update(score=wanted[key].score, reasons=_reasons(wanted[key]))
        Move.objects.bulk_create(
            [
                Move(
                    old_id=ids[key[0]],
                    new_id=ids[key[1]],
                    score=wanted[key].score,
                    reasons=_reasons(wanted[key]),
                    proposed=now,
                )
                for key in sorted(fresh)
            ],
            ignore_conflicts=True,  # another process may have proposed the same
        )
    return len(dropped) + len(changed) + len(fresh)


def _reasons(one: Proposal) -> list[Form]:
    return [asdict(reason) for reason in one.reasons]


def pair(old: str, new: str) -> tuple[Dataset, Dataset]:
    """The two datasets of a decision. Raises `NotFound`, or `Usage` when they are one, or of two cities."""
    here, there = browse.dataset(old), browse.dataset(new)
    if here == there:
        raise Usage(f"{here.key} cannot move to itself.", advice=_LOOK)
    if here.city != there.city:
        raise Usage(
            f"{here.key} is of {here.city}, {there.key} of {there.city}.", advice="A data set moves within its city."
        )
    return here, there


@transaction.atomic
def confirm(old: str, new: str, by: str = "") -> Move:
    """Say that a dataset lives on as another one: its addresses lead there from now on, and it leaves the search.

    A person may name a pair that was not proposed. Raises `NotFound` for an unknown id, and `Usage` when the portal
    still lists the old one, the new one is gone or leads back, or somebody has decided already.
    """
    number = next_generation()  # a lock as well: two people decide one after the other
    here, there = pair(old, new)
    move = _undecided(here, there)
    if here.state == State.PRESENT:
        raise Usage(f"{here.key} has not vanished: its portal lists it.", advice="Only what is missing can have moved.")
    _check_target(here, there)
    now = timezone.now()
    Dataset.objects.filter(pk__in=[here.pk, there.pk]).update(generation=number)
    Dataset.objects.filter(pk=here.pk).update(state=State.WITHDRAWN)
    removal.close_findings(here.portal, [here.native_id], now)
    Move.objects.filter(Q(old=here) | Q(new=there), state=Move.State.PROPOSED).exclude(pk=move.pk).delete()
    Event.objects.create(dataset=here, kind=Event.Kind.MOVED, seen=now, detail=there.key)
    return _decided(move, Move.State.CONFIRMED, by, now)


@transaction.atomic
def reject(old: str, new: str, by: str = "") -> Move:
    """Say that a dataset does not live on as the other one; it is never proposed again. Raises as `confirm`."""
    next_generation()  # a lock, as above
    return _decided(_undecided(*pair(old, new)), Move.State.REJECTED, by, timezone.now())


def _undecided(here: Dataset, there: Dataset) -> Move:
    """The open proposal of this pair, or a new one of a person's own. Raises `Usage` when it is decided."""
    decided = Move.objects.filter(old=here).exclude(state=Move.State.PROPOSED)
    one = decided.filter(Q(new=there) | Q(state=Move.State.CONFIRMED)).select_related("new").first()
    if one:
        who = f" by {one.decided_by}" if one.decided_by else ""
        raise Usage(
            f"That {here.key} moved to {one.new.key} was {one.state}{who}.", advice="What is decided stays decided."
        )
    found = Move.objects.filter(old=here, new=there).first()
    return found or Move(old=here, new=there, score=0, proposed=timezone.now())


def _check_target(here: Dataset, there: Dataset) -> None:
    at, way = there, [there.key]
    while move := Move.objects.filter(old=at, state=Move.State.CONFIRMED).select_related("new").first():
        at = move.new
        way.append(at.key)
        if at == here:
            raise Usage(f"That would be a circle: {here.key} → {' → '.join(way)}.", advice=_LOOK)
        if len(way) > FARTHEST:
            raise Usage(f"{there.key} has moved too often.", advice=_LOOK)
    if at.state == State.WITHDRAWN:
        raise Usage(f"{at.key} is gone itself.", advice="Name the data set that is there today.")


def _decided(move: Move, state: str, by: str, now: datetime) -> Move:
    move.state, move.decided, move.decided_by = state, now, by[:150]
    move.save()
    return move


def listed() -> QuerySet[Move]:
    """All moves: those that wait for a person first, then the newest decisions."""
    waiting = Q(state=Move.State.PROPOSED)
    rows = Move.objects.select_related("old", "new").annotate(waiting=waiting)
    return rows.order_by("-waiting", "-decided", "-score", "old__key", "pk")


def form(one: Move) -> Form:
    """A move as JSON, without who decided: that is for operators. `score` is 0 to 1; the reasons' points add up to it."""
    return {
        "old": one.old.key,
        "old_title": one.old.title,
        "new": one.new.key,
        "new_title": one.new.title,
        "city": one.old.city,
        "state": one.state,
        "score": one.score,
        "reasons": one.reasons,
        "proposed": one.proposed,
        "decided": one.decided,
    }
