"""The worker builds what changed, and nothing else; and nobody builds what another is building."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from commonground.catalog.models import Dataset, Harvest, Revision
from commonground.errors import Usage
from commonground.standards import files
from commonground.tables import due, leasing
from commonground.tables.models import BUILD, Reading, Release
from commonground.work import owners
from commonground.work import store as work
from commonground.work.models import Run
from commonground.work.registry import AFTER, SCHEDULES, TASKS

pytestmark = pytest.mark.django_db
STANDARD = "crime_incidents"


@pytest.fixture(autouse=True)
def _home(settings: Any, tmp_path: Any) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def dataset() -> Dataset:
    """A data set that a crosswalk uses, as a live harvest saw it, whose rows are read and published."""
    key = next(one.dataset for walk in files.crosswalks(STANDARD) for one in walk.sources if one.dataset)
    portal, native_id = key.split("/", 1)
    now = timezone.now()
    Harvest.objects.create(portal=portal, city="boston", host="x", source=Harvest.Source.LIVE, started=now)
    found = Dataset.objects.create(
        key=key, portal=portal, city="boston", native_id=native_id, title="Crime", first_seen=now, last_changed=now
    )
    revise(found, 1)
    told = {"parts": [], "rows": 1, "revision": 1, "whole": now, "checked": now}
    Reading.objects.create(source=key, **told)
    Release.objects.create(standard=STANDARD, number=1, version="1.0.0", at=now)
    return found


def revise(dataset: Dataset, number: int) -> None:
    """The record of a data set changes."""
    harvest = Harvest.objects.latest("pk")
    dataset.revision = Revision.objects.create(
        dataset=dataset, number=number, harvest=harvest, seen=timezone.now(), packed=b"", form={}
    )
    dataset.save()


def queued() -> list[str]:
    due.schedule()
    return list(Run.objects.filter(task=BUILD, state=Run.State.DUE).values_list("subject", flat=True))


def test_a_table_is_due_when_a_record_of_its_rows_changed(dataset: Dataset) -> None:
    assert queued() == []
    revise(dataset, 2)
    assert queued() == [STANDARD]
    assert queued() == [STANDARD], "once"


def test_rows_are_asked_about_now_and_then(dataset: Dataset) -> None:
    Reading.objects.filter(source=dataset.key).update(checked=timezone.now() - timedelta(days=8))
    assert queued() == [STANDARD]


def test_a_table_that_failed_waits(dataset: Dataset) -> None:
    revise(dataset, 2)
    run = work.claim(BUILD, STANDARD)
    assert run
    work.finish(run, error="the portal did not answer")
    assert queued() == []
    Run.objects.update(finished=timezone.now() - timedelta(hours=7))
    assert queued() == [STANDARD]


def test_rows_that_were_read_for_a_build_that_failed_are_built(dataset: Dataset) -> None:  # noqa: ARG001 - unchanged
    run = work.claim(BUILD, STANDARD)
    assert run
    work.finish(run, error="the disk was full")
    Run.objects.update(finished=timezone.now() - timedelta(hours=7))
    assert queued() == [STANDARD], "nothing tells that its rows changed, for they were read"
    again = work.claim(BUILD, STANDARD)
    assert again
    work.finish(again)
    assert queued() == []


@pytest.mark.parametrize("why", ["off", "replay", "never published", "never read live"])
def test_nothing_is_built_unasked(why: str, dataset: Dataset, settings: Any) -> None:
    revise(dataset, 2)
    if why == "off":
        settings.BUILD = "off"
    elif why == "replay":
        Harvest.objects.update(source="replay")
    elif why == "never published":
        Release.objects.all().delete()
    else:
        Reading.objects.all().delete()
    assert queued() == []


def test_a_harvest_makes_builds_due() -> None:
    assert BUILD in TASKS
    assert set(AFTER["harvest"]) <= set(SCHEDULES)
    assert AFTER["harvest"]


def test_two_builds_of_one_table_never_overlap(settings: Any) -> None:
    with leasing.turn([STANDARD, "building_permits"]) as ours:
        assert ours()
        with pytest.raises(Usage, match=f"{STANDARD} is being built by process") as told, leasing.turn([STANDARD]):
            pytest.fail("it is another's turn")
        assert owners.who(settings.HOME / "owners", work.owner()) in told.value.message
        with pytest.raises(Usage), leasing.turn(["service_requests", STANDARD]):
            pytest.fail("all of them or none")
        assert work.claim(BUILD, "service_requests"), "what was free is free again"
    with leasing.turn([STANDARD]):
        pass
    assert set(Run.objects.filter(subject=STANDARD).values_list("state", flat=True)) == {Run.State.DONE}
