"""Missing, withdrawn, returned: what becomes of datasets that a portal no longer lists, as rows and events."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from commonground.catalog.counter import next_generation
from commonground.catalog.grace import Grace
from commonground.catalog.models import Dataset, Event, Finding, Harvest
from commonground.catalog.settle import batches
from commonground.errors import NotFound, Usage
from commonground.words import State


def note(harvest: Harvest, kind: str, ids: Sequence[str], now: datetime, detail: str = "") -> None:
    """An event for each of these datasets."""
    for some in batches(ids):
        keys = Dataset.named(harvest.portal, some).values_list("pk", flat=True)
        Event.objects.bulk_create(
            [Event(dataset_id=key, kind=kind, seen=now, harvest=harvest, detail=detail) for key in keys]
        )


def miss(harvest: Harvest, ids: Sequence[str], now: datetime) -> int:
    """Present datasets that are no longer listed. They stay in the catalog for the grace. Returns how many."""
    number, count = next_generation(), 0
    for some in batches(ids):
        rows = Dataset.named(harvest.portal, some).filter(state=State.PRESENT)
        gone = list(rows.values_list("native_id", flat=True))
        rows.update(state=State.MISSING, missing_since=now, missing_in=harvest, generation=number)
        note(harvest, Event.Kind.MISSING, gone, now)
        count += len(gone)
    return count


def withdraw(harvest: Harvest, ids: Collection[str], grace: Grace, now: datetime) -> int:
    """Of the datasets that are still not listed, those whose grace is over leave the catalog. Returns how many.

    `harvest` is complete, but not yet written as such.
    """
    if not ids:
        return 0
    missing = Dataset.objects.filter(portal=harvest.portal, state=State.MISSING).exclude(missing_since=None)
    rows = missing.values_list("native_id", "missing_since", "missing_in")
    complete = Harvest.objects.filter(portal=harvest.portal, outcome=Harvest.Outcome.COMPLETE, pk__lt=harvest.pk)
    runs = [*complete.order_by("pk").values_list("pk", flat=True), harvest.pk]
    over = [
        native_id
        for native_id, since, began in rows
        if native_id in ids and since and grace.over(since, 1 + len(runs) - bisect_right(runs, began or 0), now)
    ]
    if over:
        number = next_generation()
        for some in batches(over):
            Dataset.named(harvest.portal, some).update(state=State.WITHDRAWN, generation=number)
            close_findings(harvest.portal, some, now)
        note(harvest, Event.Kind.WITHDRAWN, over, now)
    return len(over)


def close_findings(portal: str, ids: Sequence[str], now: datetime) -> None:
    """Of datasets that leave the catalog: nobody can mend what is gone."""
    Finding.objects.filter(portal=portal, native_id__in=ids, closed=None).update(closed=now)


def bring_back(harvest: Harvest, ids: Sequence[str], number: int, now: datetime) -> None:
    """Datasets that are listed again, as if they had never been away."""
    for some in batches(ids):
        Dataset.named(harvest.portal, some).update(
            state=State.PRESENT, missing_since=None, missing_in=None, generation=number
        )
    note(harvest, Event.Kind.RETURNED, ids, now)


def waiting() -> QuerySet[Harvest]:
    """Runs that are withheld until a person decides."""
    return Harvest.objects.filter(outcome=Harvest.Outcome.WITHHELD, decision="")


def withheld(name: str) -> Harvest:
    """The waiting run of that number, or of that portal. Raises `NotFound` with those that wait."""
    found = waiting().filter(pk=int(name)) if name.isdecimal() else waiting().filter(portal=name)
    one = found.first()
    if one is None:
        ways = ", ".join(f"{run.pk} ({run.portal})" for run in waiting()) or "none"
        raise NotFound(f"No withheld harvest “{name}” waits for a decision.", advice=f"Waiting: {ways}.")
    return one


def would_go(harvest: Harvest) -> list[Dataset]:
    """The datasets that a release would call missing, by title. What has gone otherwise meanwhile is left out."""
    rows = Dataset.objects.filter(portal=harvest.portal, state=State.PRESENT).only(
        "key", "title", "portal", "native_id", "state", "missing_since"
    )
    found = [row for some in batches(harvest.would_go) for row in rows.filter(native_id__in=some)]
    return sorted(found, key=lambda row: (row.title, row.key))


@transaction.atomic
def release(harvest: Harvest, by: str) -> int:
    """Believe a withheld run: what it did not list is missing from now on. Returns how many datasets."""
    now = timezone.now()
    _decide(harvest, Harvest.Decision.RELEASED, by, now)
    harvest.missing = miss(harvest, harvest.would_go, now)
    harvest.held = Dataset.objects.filter(portal=harvest.portal, state=State.PRESENT).count()
    harvest.save(update_fields=["missing", "held"])
    return harvest.missing


@transaction.atomic
def discard(harvest: Harvest, by: str) -> None:
    """Do not believe a withheld run: nothing changes."""
    _decide(harvest, Harvest.Decision.DISCARDED, by, timezone.now())


def supersede(harvest: Harvest, now: datetime) -> None:
    """A newer listing to the end speaks for those that still wait."""
    older = waiting().filter(portal=harvest.portal, pk__lt=harvest.pk)
    older.update(decision=Harvest.Decision.SUPERSEDED, decided=now, decided_by=f"harvest {harvest.pk}")


def _decide(harvest: Harvest, decision: str, by: str, now: datetime) -> None:
    """Once, by whoever comes first: one conditional update."""
    taken = waiting().filter(pk=harvest.pk).update(decision=decision, decided=now, decided_by=by[:150])
    Finding.objects.filter(portal=harvest.portal, code="removal-withheld", closed=None).update(closed=now)
    harvest.refresh_from_db()
    if not taken:
        said = f"It was {harvest.decision} by {harvest.decided_by}." if harvest.decision else "It was not withheld."
        raise Usage(f"Harvest {harvest.pk} of {harvest.portal} does not wait for a decision. {said}")
