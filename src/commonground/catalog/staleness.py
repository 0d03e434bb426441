"""Where the promised frequency meets the database: findings of what is stale open and close at the end of a run."""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.db.models import Q

from commonground.catalog.freshness import promised
from commonground.catalog.models import Dataset, Finding, Harvest
from commonground.catalog.settle import settle
from commonground.words import Finding as FindingWord
from commonground.words import State


def settle_freshness(harvest: Harvest) -> None:
    """Judge what a complete run listed by its own day: a recording of 2022 is as fresh as it was in 2022.

    One query of datasets and one of findings; nothing is written where nothing became stale or fresh. Not to be
    called for a portal that was not read to its end: it is our copy that grows old then.
    """
    late = Dataset.objects.filter(portal=harvest.portal, state=State.PRESENT, due__lt=as_of(harvest))
    found = [
        FindingWord("stale", "frequency", promised(updated, due), native_id, f"{updated:%Y-%m-%d}")
        for native_id, updated, due in late.values_list("native_id", "updated", "due")
        if updated and due
    ]
    # What is missing cannot show that it was updated; its findings wait until it is back or withdrawn.
    missing = Dataset.objects.filter(portal=harvest.portal, state=State.MISSING).values("native_id")
    settle(harvest, Finding.Scope.FRESHNESS, ~Q(native_id__in=missing), found)


def as_of(harvest: Harvest) -> datetime:
    """The time that a run speaks of: the day of its recording, else its start."""
    return datetime.combine(harvest.recorded, time(), UTC) if harvest.recorded else harvest.started
