"""Which tables are to be built by the worker: those whose cities' rows have changed since they were read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from commonground.catalog import store as catalog
from commonground.catalog.models import Dataset, Harvest
from commonground.catalog.tasks import live_client
from commonground.errors import Unreachable
from commonground.standards import files
from commonground.tables import tasks
from commonground.tables.leasing import beating
from commonground.tables.models import BUILD, Reading, Release
from commonground.tables.portals import Live
from commonground.tables.sweeping import sweep
from commonground.work import store as work
from commonground.work.models import Run

ASKED_AFTER: Final = timedelta(days=7)
"""So long a dataset's portal is believed when its catalog shows no change; then its rows are asked about."""
PAUSE: Final = timedelta(hours=6)
"""Between a build that failed and the next one of the same table."""


def schedule() -> None:
    """Make due what is to be built. Nothing where the setting says off, or the home holds anything but live harvests."""
    if settings.BUILD == "off" or not _live():
        return
    sweep()
    for name in _wanted():
        if (_failed(name) or any(_changed(name))) and not _failed_lately(name):
            work.schedule(BUILD, name)


def _live() -> bool:
    found = catalog.sources()
    return found.exists() and not found.exclude(source=Harvest.Source.LIVE).exists()


def _wanted() -> Iterator[str]:
    """Tables that are published of rows of live portals; with the setting `all` every standard."""
    for name in files.standards():
        read = Reading.objects.filter(source__in=_sources(name)).exists()
        if settings.BUILD == "all" or (read and Release.objects.filter(standard=name).exists()):
            yield name


def _sources(standard: str) -> list[str]:
    return [one.dataset for walk in files.crosswalks(standard) for one in walk.sources if one.dataset]


def _changed(standard: str) -> Iterator[str]:
    """Datasets of a standard whose record has changed since their rows were read, and those not asked about for long."""
    sources = _sources(standard)
    readings = {one.source: one for one in Reading.objects.filter(source__in=sources)}
    held: Mapping[str, int | None] = dict(
        Dataset.objects.filter(key__in=sources).values_list("key", "revision__number")
    )
    for key, revision in held.items():
        one = readings.get(key)
        if one is None or one.revision != revision or timezone.now() - one.checked > ASKED_AFTER:
            yield key


def _failed(standard: str) -> bool:
    """Whether the last build failed: its rows may have been read, so that nothing tells any more that they changed."""
    ended = Run.objects.filter(task=BUILD, subject=standard, finished__isnull=False).order_by("-finished").first()
    return ended is not None and ended.state == Run.State.FAILED


def _failed_lately(standard: str) -> bool:
    failed = Run.objects.filter(task=BUILD, subject=standard, state=Run.State.FAILED)
    return failed.filter(finished__gt=timezone.now() - PAUSE).exists()


def run_build(subject: str, beat: Callable[[], bool]) -> None:
    """The worker's task: one table, of live rows. Its run is already ours. A city of whose rows nothing changed is not
    built again. Raises `Unreachable` where some rows could not be read.
    """
    known = tasks.known()
    with live_client() as client, beating([beat]):
        order = tasks.Order([subject], known, Live(client, known), changed=True, ours=beat)
        lines = tasks.build(order)
    failed = {source: why for line in lines for source, why in line.failed.items() if "/" in source}
    if failed:
        told = "; ".join(f"{source}: {why}" for source, why in failed.items())
        raise Unreachable(f"{subject} was built without some rows. {told}")
