"""What vanishes from a portal: kept for a grace, withheld when it is too much, back by itself."""

from __future__ import annotations

import random
from datetime import date, timedelta
from threading import Event as Signal
from threading import Thread, current_thread
from time import sleep
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.utils import timezone

from commonground.catalog import browse, counter, index, removal, tasks
from commonground.catalog.grace import Grace
from commonground.catalog.models import Dataset, Event, Finding, Harvest
from commonground.errors import NotFound, Usage
from tests.catalog.faults import client_for, discovery, findings, harvest, portal, record

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("home")

MANY = [record(f"bad-{number:04}") for number in range(60)]


def indexed() -> set[str]:
    return {key for key in index.opened().ids() if key.startswith("bad/")}


def events(native_id: str) -> list[str]:
    rows = Event.objects.filter(dataset__portal="bad", dataset__native_id=native_id)
    return list(rows.order_by("pk").values_list("kind", flat=True))


def state(native_id: str) -> str:
    return Dataset.objects.get(portal="bad", native_id=native_id).state


def later(**time: float) -> None:
    """As if what is missing had been missing for so much longer."""
    for row in Dataset.objects.filter(state="missing"):
        assert row.missing_since
        row.missing_since -= timedelta(**time)
        row.save()


def test_gone_for_a_day() -> None:
    harvest(discovery(MANY))
    form = harvest(discovery(MANY[1:]))
    assert (form["missing"], form["withdrawn"], form["held"], form["outcome"]) == (1, 0, 59, "complete")
    assert state("bad-0000") == "missing"
    assert "bad/bad-0000" in indexed()
    assert browse.dataset("bad/bad-0000").missing_since
    later(days=1)
    form = harvest(discovery(MANY))
    assert (form["returned"], form["changed"], form["held"]) == (1, 0, 60)
    assert state("bad-0000") == "present"
    assert events("bad-0000") == ["missing", "returned"]
    row = browse.dataset("bad/bad-0000")
    assert (row.missing_since, row.missing_in, row.revisions.count()) == (None, None, 1)


def test_withdrawn_after_days_and_runs_and_back_by_itself() -> None:
    harvest(discovery(MANY))
    harvest(discovery(MANY[1:]))
    later(days=8)
    assert harvest(discovery(MANY[1:]))["withdrawn"] == 0  # the second run that missed it
    form = harvest(discovery(MANY[1:]))
    assert (form["withdrawn"], form["missing"], form["changed"]) == (1, 0, 0)
    assert state("bad-0000") == "withdrawn"
    assert "bad/bad-0000" not in indexed()
    found = Finding.objects.filter(portal="bad", native_id="bad-0000", code="no-license")
    assert [one.closed is None for one in found] == [False]
    assert browse.dataset("bad/bad-0000").revision
    assert harvest(discovery(MANY[1:]))["withdrawn"] == 0
    changed = [record("bad-0000", "Another title"), *MANY[1:]]
    form = harvest(discovery(changed))
    assert (form["returned"], form["changed"], form["added"]) == (1, 1, 0)
    assert state("bad-0000") == "present"
    assert "bad/bad-0000" in indexed()
    assert events("bad-0000") == ["missing", "withdrawn", "returned"]
    assert [one.closed is None for one in found.order_by("pk")] == [False, True]


def test_runs_alone_withdraw_nothing() -> None:
    harvest(discovery(MANY))
    for _ in range(5):
        assert harvest(discovery(MANY[1:]))["withdrawn"] == 0
    assert state("bad-0000") == "missing"


def test_a_clock_that_goes_back() -> None:
    harvest(discovery(MANY))
    harvest(discovery(MANY[1:]))
    later(days=-30)
    for _ in range(3):
        assert harvest(discovery(MANY[1:]))["outcome"] == "complete"
    assert state("bad-0000") == "missing"
    assert harvest(discovery(MANY))["returned"] == 1


def test_an_incomplete_run_is_no_complete_one() -> None:
    harvest(discovery(MANY))
    harvest(discovery(MANY[1:]))
    later(days=30)
    for _ in range(4):
        assert harvest(discovery(MANY[1:], declared=90))["outcome"] == "partial"
    assert state("bad-0000") == "missing"


@pytest.fixture
def withheld() -> Harvest:
    """A run that listed only half of what is held."""
    harvest(discovery(MANY))
    form = harvest(discovery(MANY[:30]))
    assert (form["outcome"], form["withheld"], form["missing"], form["held"]) == ("withheld", True, 0, 60)
    assert (form["would_go"], form["reason"]) == (30, "30 of 60 data sets vanished at once, more than 10 %.")
    [finding] = findings()
    assert (finding["code"], finding["severity"]) == ("removal-withheld", "error")
    assert not Event.objects.exists()
    return Harvest.objects.get(pk=form["id"])


def test_a_withheld_run_is_released(withheld: Harvest) -> None:
    assert [row.key for row in removal.would_go(withheld)] == [f"bad/bad-{number:04}" for number in range(30, 60)]
    assert removal.withheld(str(withheld.pk)) == removal.withheld("bad") == withheld
    assert removal.release(withheld, "Ana") == 30
    index.follow()
    assert (withheld.decision, withheld.decided_by, withheld.missing, withheld.held) == ("released", "Ana", 30, 30)
    assert state("bad-0059") == "missing"
    assert events("bad-0059") == ["missing"]
    with pytest.raises(Usage, match="It was released by Ana"):
        removal.discard(withheld, "Bo")
    with pytest.raises(NotFound, match="Waiting: none"):
        removal.withheld("bad")
    assert harvest(discovery(MANY[:30]))["outcome"] == "complete"  # what is missing vanishes only once
    assert findings() == []


def test_a_withheld_run_is_discarded(withheld: Harvest) -> None:
    removal.discard(withheld, "Ana")
    assert state("bad-0059") == "present"
    assert not removal.waiting()
    form = harvest(discovery(MANY[:30]))
    assert form["withheld"]
    assert form["id"] != withheld.pk


def test_the_next_listing_speaks_for_a_withheld_one(withheld: Harvest) -> None:
    assert harvest(discovery(MANY[:31]))["withheld"]
    withheld.refresh_from_db()
    assert withheld.decision == "superseded"
    with pytest.raises(Usage, match="superseded by harvest"):
        removal.release(withheld, "Ana")
    assert harvest(discovery(MANY))["outcome"] == "complete"
    assert not removal.waiting()
    assert findings() == []


@pytest.mark.django_db(transaction=True)
def test_a_release_and_the_next_listing_do_not_wait_for_each_other(
    withheld: Harvest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person decides, the next run ends meanwhile: whoever is first, both come to their end."""
    decided, counted = Signal(), Signal()

    def next_generation() -> int:
        if current_thread() is person:
            decided.set()
            counted.wait(1)
            return counter.next_generation()
        found = counter.next_generation()
        counted.set()
        sleep(0.2)
        return found

    def release() -> None:
        try:
            removal.release(withheld, "Ana")
        finally:
            connection.close()

    monkeypatch.setattr(removal, "next_generation", next_generation)
    person = Thread(target=release)
    person.start()
    decided.wait(5)
    with client_for({"bad": discovery(MANY[:59])}) as client:
        (run,) = tasks.harvest(tasks.Order([portal("bad")], client))
    person.join()
    assert (run.outcome, run.error) == ("complete", "")
    withheld.refresh_from_db()
    assert withheld.decision == "released"


def test_a_list_cut_from_one_in_random_order() -> None:
    harvest(discovery(MANY))
    mixed = random.Random(7).sample(MANY, 60)
    form = harvest(discovery(mixed[:50]))
    assert (form["outcome"], form["would_go"], form["missing"]) == ("withheld", 10, 0)


def test_a_list_that_shrinks_a_little_each_day() -> None:
    harvest(discovery(MANY))
    assert harvest(discovery(MANY[4:]))["missing"] == 4
    form = harvest(discovery(MANY[8:]))
    assert (form["outcome"], form["missing"], form["would_go"]) == ("withheld", 0, 4)
    assert form["reason"] == "8 of 60 data sets vanished within the grace, more than 10 %."
    removal.release(removal.withheld("bad"), "Ana")
    form = harvest(discovery(MANY[9:]))
    assert (form["outcome"], form["missing"]) == ("complete", 1)  # 5 of 56: those that were released do not count


def test_a_small_portal_that_loses_all_but_one() -> None:
    harvest(discovery(MANY[:5]))
    form = harvest(discovery(MANY[:1]))
    assert (form["outcome"], form["missing"]) == ("complete", 4)


def test_how_much_may_vanish_is_a_setting(settings: Any) -> None:
    settings.GRACE = Grace(days=0, runs=1, share=0.9)
    harvest(discovery(MANY))
    assert harvest(discovery(MANY[:30]))["missing"] == 30
    assert harvest(discovery(MANY[:30]))["withdrawn"] == 30
    assert timezone.now() > Event.objects.latest("pk").seen


@pytest.mark.whole
@pytest.mark.recordings
def test_a_feed_capped_at_a_thousand(replay: Callable[..., dict[str, dict[str, Any]]]) -> None:
    """Washington's feed of 2019 ends at exactly 1,000; it shares no identifier with 2020, but items and layers."""
    full = replay(names=("washington_dc",), at=date(2020, 9, 18))["washington-dc"]
    assert full["held"] == 1324
    form = replay(names=("washington_dc",), at=date(2019, 1, 4))["washington-dc"]
    assert (form["outcome"], form["withheld"], form["missing"], form["withdrawn"]) == ("withheld", True, 0, 0)
    assert "exactly 1,000 data sets" in form["reason"]
    assert (form["seen"], form["added"], form["would_go"]) == (1000, 1000 - 857, 1324 - 857)
    assert form["held"] == 1324 + 1000 - 857
