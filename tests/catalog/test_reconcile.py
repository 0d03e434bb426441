"""What is declared, seen and held adds up, whatever a portal does; what differs is told one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from commonground.catalog import browse, index, reconcile, removal, tasks
from commonground.catalog.models import Dataset, Harvest
from commonground.work import store as work
from commonground.work.models import Run
from tests.catalog.faults import (
    Answerer,
    as_json,
    assert_adds_up,
    client_for,
    discovery,
    fixed,
    harvest,
    portal,
    record,
)

pytestmark = pytest.mark.usefixtures("home")

MANY = [record(f"bad-{number:04}") for number in range(40)]


def told(slug: str = "bad") -> dict[str, Any]:
    form = reconcile.portal(slug)
    assert_adds_up(form)
    return form


def reasons(slug: str = "bad") -> dict[str, int]:
    return {one["why"]: one["change"] for one in told(slug)["differences"]}


def behind_our_back(*ids: str) -> None:
    """As no harvest does it."""
    Dataset.objects.filter(portal="bad", native_id__in=ids).update(state="withdrawn")


@pytest.mark.whole
@pytest.mark.recordings
def test_seattle_declares_one_more_than_it_has(replay: Callable[..., dict[str, dict[str, Any]]]) -> None:
    """Its listing of July 2022 names one id twice."""
    replay(names=("seattle", "boston"))
    form = told("seattle")
    assert (form["declared"], form["seen"], form["held"]) == (983, 983, 982)
    (one,) = form["differences"]
    assert (one["why"], one["count"], one["change"]) == ("duplicate-id", 1, -1)
    assert one["url"] == "/findings?portal=seattle&code=duplicate-id"
    assert reasons("seattle-performance") == reasons("boston") == {}
    every = reconcile.status(compare=True)
    assert not every["live"]
    assert every["index"]["state"] == "in step"
    assert every["index"]["differing"] == []
    assert {one["portal"]: one["differences"] for one in every["portals"]}["chicago"][0]["why"] == "never-read"


def test_each_record_that_is_none_is_counted() -> None:
    """Findings of the same text are one; the records are as many as they are."""
    nameless = record("none")
    del nameless["resource"]["id"]
    stranger = {**record("else-0001"), "metadata": {"domain": "elsewhere.example"}}
    listed = [*MANY, MANY[0], MANY[0], MANY[1], nameless, nameless, stranger, stranger, "no record", 7]
    assert harvest(discovery(listed))["outcome"] == "complete"
    assert reasons() == {"duplicate-id": -3, "no-id": -2, "wrong-domain": -2, "record-unusable": -2}
    assert told()["held"] == 40
    again = harvest(discovery(listed))
    assert again["left_out"] == {"duplicate-id": 3, "no-id": 2, "wrong-domain": 2, "record-unusable": 2}


def test_what_vanishes_is_held_until_it_is_decided() -> None:
    harvest(discovery(MANY))
    harvest(discovery(MANY[1:]))
    missing = told()["differences"][0]
    assert (missing["why"], missing["change"], missing["url"]) == ("missing", 1, "/harvests/bad/missing")
    assert missing["until"] - missing["since"] == timedelta(days=7)

    harvest(discovery(MANY[21:]))
    assert reasons() == {"missing": 1, "withheld": 20}
    waits = told()["withheld"]
    assert (waits["would_go"], waits["url"]) == (20, "http://127.0.0.1:8000/harvests/bad/withheld")
    run = removal.withheld("bad")
    removal.discard(run, "Ana")
    assert reasons() == {"missing": 1, "discarded": 20}
    assert told()["withheld"] is None

    harvest(discovery(MANY[21:]))
    removal.release(removal.withheld("bad"), "Ana")
    assert reasons() == {"missing": 21}
    assert (told()["held"], told()["missing"]) == (19, 21)


def test_a_withheld_run_waits_while_the_next_one_fails() -> None:
    harvest(discovery(MANY))
    harvest(discovery(MANY[20:]))
    harvest(fixed("no", 500))
    assert reasons() == {"not-read": 40}
    assert told()["withheld"]["would_go"] == 20


def test_a_listing_that_breaks_off() -> None:
    def half(request: Any) -> Any:
        first = as_json({"results": MANY[:20], "resultSetSize": 40})
        return first if request.args.get("offset") == "0" else fixed("no", 500)(request)

    assert harvest(half)["outcome"] == "partial"
    assert reasons() == {"broken-off": -20}
    harvest(discovery(MANY))
    assert reasons() == {}
    harvest(half)
    assert reasons() == {"broken-off": -20, "withheld": 20}


@pytest.mark.parametrize(("declared", "reason"), [(45, {"not-listed": -5}), (38, {"listed-beyond": 2})])
def test_a_total_that_disagrees(declared: int, reason: dict[str, int]) -> None:
    harvest(discovery(MANY, declared))
    assert reasons() == reason


def test_as_many_that_cannot_be_told_apart() -> None:
    harvest(discovery(MANY))
    nameless = record("none")
    del nameless["resource"]["id"]
    harvest(discovery([nameless, *MANY[1:]]))
    assert reasons() == {"no-id": -1, "in-doubt": 1}


def test_a_poorer_dialect_changes_no_count() -> None:
    harvest(discovery([record(f"four-{number:04}") for number in range(40)]))
    records = [{"identifier": f"https://bad.example/api/views/four-{number:04}"} for number in range(40)]
    document = {"conformsTo": "https://project-open-data.cio.gov/v1.1/schema", "dataset": records}

    def data_json(request: Any) -> Any:
        return as_json(document) if request.path == "/data.json" else fixed("no", 404)(request)

    form = harvest(data_json)
    assert form["dialect"] == "socrata-data-json"
    (one,) = told()["differences"]
    assert (one["why"], one["count"], one["change"]) == ("dialect-poorer", 40, 0)


def test_what_nothing_explains_is_told() -> None:
    harvest(discovery(MANY))
    behind_our_back("bad-0003", "bad-0004")
    form = reconcile.portal("bad")
    assert form["unexplained"] == 2
    assert form["differences"][-1] == {"why": "unexplained", "count": 2, "change": -2, "url": None}


def test_a_home_that_is_live_grows_old() -> None:
    harvest(discovery(MANY))
    form = reconcile.status()
    late = {one["portal"]: one["late"] for one in form["portals"]}
    assert form["live"]
    assert (late["bad"], late["chicago"]) == (False, True)
    Harvest.objects.update(finished=timezone.now() - timedelta(days=2, minutes=1))
    assert told()["late"]
    Harvest.objects.update(source="replay")
    assert not told()["late"]


def read_with(answer: Answerer, slug: str = "bad") -> None:
    with client_for({slug: answer}) as client:
        tasks.harvest(tasks.Order([portal(slug)], client))


def test_the_work_under_way_and_what_was_taken_over() -> None:
    read_with(discovery(MANY))
    assert (told()["under_way"], told()["next_due"]) == (None, None)
    tomorrow = timezone.now() + timedelta(days=1)
    work.schedule(tasks.HARVEST, "bad", due=tomorrow)
    assert told()["next_due"] == tomorrow
    run = work.claim(tasks.HARVEST, "bad")
    assert run
    Run.objects.filter(pk=run.pk).update(leased_until=timezone.now() - timedelta(minutes=1))
    assert work.claim(tasks.HARVEST, "bad")
    under_way = told()["under_way"]
    assert under_way["sign_of_life"] <= timezone.now()
    assert under_way["taken_over"].endswith("its lease ran out.")
    (taken,) = reconcile.status()["taken_over"]
    assert (taken["portal"], taken["why"]) == ("bad", under_way["taken_over"])

    Harvest.objects.create(
        portal="bad", city="bad", host="bad.example", protocol="socrata", source="live", started=timezone.now(), seen=3
    )
    behind_our_back("bad-0003")
    assert reasons() == {"under-way": -1}
    assert told()["under_way"]["seen"] == 3


def test_the_index_beside_the_database() -> None:
    read_with(discovery(MANY))
    assert reconcile.index_form()["state"] == "behind"
    index.follow()
    form = reconcile.index_form()
    assert (form["state"], form["documents"], form["database"], form["lag"]) == ("in step", 40, 40, 0)
    assert "differing" not in form
    Dataset.objects.filter(native_id="bad-0003").update(title="Changed behind our back", series="odd")
    assert reconcile.index_form()["state"] == "in step"
    compared = reconcile.index_form(compare=True)
    assert (compared["state"], compared["differing"]) == ("differs", ["bad/bad-0003"])
    behind_our_back("bad-0003")
    assert reconcile.index_form()["state"] == "differs"
    assert browse.kept().count() == 39
