"""A clock that goes back: between two runs, within one, while a run is leased, before one is gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from commonground.catalog import browse, history, tasks
from commonground.catalog.models import Dataset, Event, Harvest
from commonground.work import store as work
from commonground.work.models import Run
from tests.catalog.dialects import DIALECTS, small_pages
from tests.catalog.faults import codes, discovery, harvest, record
from tests.catalog.test_resuming import contents, die_after

pytestmark = pytest.mark.usefixtures("home")

MANY = [record(f"bad-{number:04}") for number in range(60)]
DAY = timedelta(days=1)


class Clock:
    """Django's clock, shown wrong."""

    def __init__(self) -> None:
        self.wrong = timedelta()
        self.falls = timedelta()
        """By so much it goes back each time that somebody looks."""
        self._right = timezone.now

    def now(self) -> datetime:
        self.wrong -= self.falls
        return self._right() + self.wrong


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    one = Clock()
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", one.now)
        yield one


def kinds(native_id: str) -> list[str]:
    return [one.kind for one in history.story(browse.dataset(f"bad/{native_id}")).every()]


@pytest.mark.parametrize("back", [timedelta(seconds=5), DAY, 400 * DAY])
def test_back_between_runs(clock: Clock, back: timedelta) -> None:
    """What is newest is told by number: revisions, runs, and the story of a data set."""
    harvest(discovery(MANY))
    clock.wrong -= back
    changed = [record("bad-0000", "Another title"), *MANY[1:-1]]
    form = harvest(discovery(changed))
    assert (form["outcome"], form["changed"], form["missing"], form["unchanged"]) == ("complete", 1, 1, 58)
    row = browse.dataset("bad/bad-0000")
    assert (row.title, browse.revision(row).number) == ("Another title", 2)
    assert [one.number for one in history.story(row).every()] == [2, 1]
    assert [one.number for one in history.recent(row, 5)] == [2, 1]
    assert Browser().get(history.path(row)).status_code == 200
    assert browse.newest_harvests()["bad"].pk == form["id"]
    clock.wrong -= back
    form = harvest(discovery(MANY))
    assert (form["changed"], form["returned"], form["withdrawn"]) == (1, 1, 0)
    assert list(row.revisions.order_by("number").values_list("number", "form__title")) == [
        (1, "Title of bad-0000"),
        (2, "Another title"),
        (3, "Title of bad-0000"),
    ]
    assert list(Event.objects.order_by("pk").values_list("kind", flat=True)) == ["missing", "returned"]
    assert codes() == []
    for path in ("/status", "/status.json", "/harvests.json", "/datasets/bad/bad-0000"):
        assert Browser().get(path).status_code == 200, path


def test_back_within_a_run(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    small_pages(monkeypatch)
    clock.falls = timedelta(minutes=20)
    for dialect in (DIALECTS["socrata"], DIALECTS["dcat-us"]):
        form = harvest(dialect.portal(dialect.catalog(50)), protocol=dialect.protocol)
        assert (form["outcome"], form["held"], form["seconds"]) == ("complete", 50, 0)
        assert form["finished"] < form["started"]
        form = harvest(dialect.portal(dialect.catalog(50)), protocol=dialect.protocol)
        assert (form["outcome"], form["unchanged"], form["changed"]) == ("complete", 50, 0)
        Dataset.objects.filter(portal="bad").update(revision=None)
        Dataset.objects.filter(portal="bad").delete()


@pytest.mark.parametrize("back", [timedelta(hours=1), DAY])
def test_back_before_a_run_is_gone_on_with(clock: Clock, monkeypatch: pytest.MonkeyPatch, back: timedelta) -> None:
    """A listing that is begun long before or after is read anew; both ways end alike."""
    monkeypatch.setattr("commonground.protocols.socrata.read.PAGE", 20)
    die_after(2, discovery(MANY))
    clock.wrong -= back
    form = harvest(discovery(MANY))
    assert (form["outcome"], form["held"]) == ("complete", 60)
    assert form["resumed"] == (1 if back < DAY else 0)
    assert not Harvest.objects.filter(outcome="running").exists()
    found = contents()
    assert harvest(discovery(MANY))["unchanged"] == 60
    assert contents() == found


def test_back_while_a_run_is_leased(clock: Clock) -> None:
    run = work.claim(tasks.HARVEST, "bad")
    assert run
    clock.wrong -= DAY
    assert work.claim(tasks.HARVEST, "bad") is None  # its owner lives
    assert work.beat(run)
    run.refresh_from_db()
    assert run.leased_until
    assert run.leased_until - timezone.now() <= work.LEASE
    clock.wrong += timedelta(minutes=11)
    Run.objects.filter(pk=run.pk).update(owner="another")
    taken = work.claim(tasks.HARVEST, "bad")
    assert taken
    assert taken.reaped.endswith("its lease ran out.")
    assert not work.finish(run)
    assert work.finish(taken)


@pytest.mark.parametrize("error", ["", "no"])
def test_what_was_due_in_a_wrong_future(clock: Clock, error: str) -> None:
    """A machine that starts with a clock years ahead plans the next harvest for then; it is due once that is mended."""
    clock.wrong += 1000 * DAY
    work.schedule(tasks.HARVEST, "bad", every=DAY)
    run = work.claim_next([tasks.HARVEST])
    assert run
    work.finish(run, error=error)
    clock.wrong -= 1000 * DAY
    assert work.claim_next([tasks.HARVEST]) is None
    assert work.schedule(tasks.HARVEST, "bad", every=DAY) is None
    again = work.claim_next([tasks.HARVEST])
    assert again
    assert again.subject == "bad"
    assert Run.objects.filter(state__in=["due", "running"]).count() == 1
