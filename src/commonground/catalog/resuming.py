"""Go on where a process died: what each page named is kept with it until the run ends."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

from django.utils import timezone

from commonground.catalog.compare import Seen
from commonground.catalog.harvest import Begun
from commonground.catalog.models import Checkpoint, Harvest, pack, unpack
from commonground.words import Finding

FRESH = timedelta(hours=6)
"""A listing that was begun longer ago is read anew: its order may have changed meanwhile."""


def keep(harvest: Harvest, seen: Seen) -> None:
    """Note a page, in the transaction that writes it. A listing of one document has no page to go on from."""
    if not seen.cursor:
        return
    told = asdict(replace(seen, hashes=dict(seen.hashes)))
    Checkpoint.objects.create(harvest=harvest, number=harvest.checkpoints.count() + 1, packed=pack(told))


def begun(harvest: Harvest) -> Begun | None:
    """What a run that was cut off had written; None when it cannot be gone on with."""
    pages = list(harvest.checkpoints.order_by("number"))
    if not pages or abs(timezone.now() - harvest.started) > FRESH:
        return None
    brought = harvest.added + harvest.returned
    return Begun(harvest.dialect, [_seen(page) for page in pages], harvest.seen, harvest.declared, brought)


def _seen(page: Checkpoint) -> Seen:
    told = unpack(bytes(page.packed))
    told["findings"] = tuple(Finding(**one) for one in told["findings"])
    return Seen(**told)


def forget(harvest: Harvest) -> None:
    """The run has ended."""
    harvest.checkpoints.all().delete()
