"""Harvests as work: regular ones, busy portals, recordings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone
from werkzeug.wrappers import Request, Response

from commonground.catalog import browse, identity, index, tasks
from commonground.catalog.models import Harvest
from commonground.cities import cities
from commonground.errors import NotFound, Usage
from commonground.protocols.http import Client
from commonground.protocols.recordings import find, newest
from commonground.work import store as runs
from commonground.work.models import Run
from commonground.work.worker import work
from tests.catalog.faults import Answerer, as_json, client_for, discovery, fixed, harvest, portal, record

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Answerer]:
    """One city with a portal `bad` and a portal `good`; how they answer is the test's to change."""
    answers: dict[str, Answerer] = {
        "bad": discovery([record("bad-0001")]),
        "good": discovery([record("good-0001"), record("good-0002")]),
    }
    city = replace(cities()["boston"], slug="some", portals=(portal("bad"), portal("good")))
    monkeypatch.setattr(browse, "known_cities", lambda: {"some": city})

    @contextmanager
    def live() -> Iterator[Client]:
        with client_for(answers) as client:
            yield client

    monkeypatch.setattr(tasks, "live_client", live)
    return answers


def test_regular_harvests(world: dict[str, Answerer]) -> None:
    """The worker harvests every portal once a day, a failing one sooner and then ever later."""
    said: list[str] = []
    done = work(once=True, say=said.append)
    assert {one["subject"]: one["error"] for one in done} == {"bad": "", "good": ""}
    assert browse.present().count() == 3
    assert index.compare()["differing"] == []
    assert [one["task"] for one in work(once=True, say=said.append)] == ["overlap"], (
        "of its catalog alone nothing is due"
    )
    due = Run.objects.filter(state="due", task=tasks.HARVEST)
    assert {one.subject for one in due} == {"bad", "good"}
    assert all(timedelta(hours=23) < one.due - timezone.now() <= timedelta(hours=24) for one in due)

    world["bad"] = fixed("no", 500)
    pauses = []
    for _ in range(3):
        due.update(due=timezone.now())
        [failed] = [one for one in work(once=True, say=said.append) if one["error"]]
        assert failed["subject"] == "bad"
        assert "failed with 500" in failed["error"]
        pauses.append(round((due.get(subject="bad").due - timezone.now()).total_seconds() / 60))
    assert pauses == [10, 20, 40]
    assert browse.present().count() == 3
    assert browse.newest_harvests()["bad"].outcome == "failed"


def test_a_home_of_recordings_is_not_harvested(world: dict[str, Answerer]) -> None:
    with client_for(world) as client:
        tasks.harvest(tasks.Order([portal("good")], client, "replay"))
    assert "harvest" not in {one["task"] for one in work(once=True, say=lambda _: None)}
    assert Harvest.objects.count() == 1


def test_a_busy_portal_is_left_to_the_other_process(world: dict[str, Answerer]) -> None:
    other = runs.claim(tasks.HARVEST, "bad")
    assert other
    with client_for(world) as client:
        with pytest.raises(Usage, match="bad is being harvested by another process"):
            tasks.harvest(tasks.Order([portal("good"), portal("bad")], client))
        assert not Harvest.objects.exists()
        assert runs.finish(other)
        assert len(tasks.harvest(tasks.Order([portal("good"), portal("bad")], client))) == 2


def test_a_harvest_by_hand_counts_as_the_regular_one(world: dict[str, Answerer]) -> None:
    tasks.schedule()
    with client_for(world) as client:
        tasks.harvest(tasks.Order([portal("good")], client))
    due = Run.objects.get(state="due", subject="good")
    assert due.due - timezone.now() > timedelta(hours=23)


def test_one_that_is_stopped_gives_its_portal_back(world: dict[str, Answerer]) -> None:
    def stop(_: Harvest) -> None:
        raise KeyboardInterrupt

    with client_for(world) as client:
        with pytest.raises(KeyboardInterrupt):
            tasks.harvest(tasks.Order([portal("good"), portal("bad")], client), stop)
        assert {one.error for one in Harvest.objects.all()} <= {"The run was stopped before its end.", ""}
        assert not Harvest.objects.filter(outcome="running").exists()
        assert {one.outcome for one in tasks.harvest(tasks.Order([portal("good"), portal("bad")], client))} == {
            "complete"
        }


def test_portals_by_any_name() -> None:
    known = browse.known_cities()
    assert [one.slug for one in tasks.chosen_portals(["seattle"], known)] == [
        "seattle",
        "seattle-performance",
        "seattle-gis",
    ]
    assert [one.slug for one in tasks.chosen_portals(["seattle-gis", "seattle-gis"], known)] == ["seattle-gis"]
    assert [one.slug for one in tasks.chosen_portals(["data.boston.gov", "new_york"], known)] == ["boston", "new-york"]
    assert len(tasks.chosen_portals([], known)) == sum(len(city.portals) for city in known.values())
    with pytest.raises(NotFound, match="No city or portal “atlantis”"):
        tasks.chosen_portals(["boston", "atlantis"], known)


def harvested(answers: dict[str, Answerer], protocol: str = "socrata") -> Harvest:
    with client_for(answers) as client:
        [one] = tasks.harvest(tasks.Order([portal("bad", protocol)], client))
    return one


def test_recordings_of_what_is_held(tmp_path: Path) -> None:
    records = [record(f"bad-{number:04}", "\ud800 odd \x00") for number in range(3)]
    one = harvested({"bad": discovery(records)})
    [path] = tasks.record(one, tmp_path)
    assert path.relative_to(tmp_path).parts == ("bad", "bad.example", f"{one.started.date()}.socrata.jsonl.gz")
    assert newest(find(tmp_path))["bad.example"].holdings().records == records
    assert tasks.record(harvested({"bad": fixed("no", 500)}), tmp_path / "failed") == []
    assert not (tmp_path / "failed").exists()


def test_a_recording_for_each_protocol_that_records_came_in(tmp_path: Path) -> None:
    """Two by Discovery; on the next day only data.json is there, with a third: each kind in a file of its own."""
    harvested({"bad": discovery([record("bad0-abcd"), record("bad1-abcd")])})

    def answer(request: Request) -> Response:
        listed = [{"identifier": f"https://bad.example/api/views/bad{n}-abcd", "title": "Poorer"} for n in range(3)]
        return as_json({"dataset": listed}) if request.path == "/data.json" else Response(status=404)

    paths = tasks.record(harvested({"bad": answer}), tmp_path)
    assert sorted(path.name.split(".", 1)[1] for path in paths) == ["dcat-us.json.gz", "socrata.jsonl.gz"]
    chosen = newest(find(tmp_path))["bad.example"]
    assert (chosen.protocol, len(chosen.holdings().records)) == ("socrata", 2)


@pytest.mark.parametrize(("listed", "outcome"), [(60, "complete"), (20, "withheld")])
def test_a_run_that_is_written_stays_so(monkeypatch: pytest.MonkeyPatch, listed: int, outcome: str) -> None:
    """That the database refuses what comes after the end of a run does not change how it ended."""
    many = [record(f"bad-{number:04}") for number in range(60)]
    harvest(discovery(many))

    def locked(_portal: str) -> int:
        raise OperationalError("database is locked")

    monkeypatch.setattr(identity, "follow", locked)
    form = harvest(discovery(many[:listed]))
    assert (form["outcome"], form["error"], Run.objects.filter(state="running").exists()) == (outcome, "", False)


def test_slow_pages_keep_their_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """A portal whose page takes longer than a lease is still ours; one that was taken over writes no more."""
    monkeypatch.setattr(tasks, "BEAT", 0.1)
    beaten: list[str] = []
    beat = runs.beat

    def note(run: Run) -> bool:
        beaten.append(run.subject)
        return beat(run) and run.subject == "good"

    monkeypatch.setattr(runs, "beat", note)
    inner = discovery([record("slow-0001")])

    def slow(request: Request) -> Response:
        time.sleep(1)
        return inner(request)

    with client_for({"bad": slow, "good": slow}) as client:
        bad, good = tasks.harvest(tasks.Order([portal("bad"), portal("good")], client))
    assert beaten.count("good") > 3
    assert (good.outcome, bad.outcome) == (Harvest.Outcome.COMPLETE, Harvest.Outcome.RUNNING)
    assert [one.portal for one in browse.present()] == ["good"]


def test_a_run_that_is_taken_over_between_two_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who slept past its lease and wakes up with a page in its hands writes nothing of it, and asks no further."""
    monkeypatch.setattr("commonground.protocols.socrata.read.PAGE", 20)
    asked: list[str] = []
    inner = discovery([record(f"bad-{number:04}") for number in range(400)])

    def answer(request: Request) -> Response:
        asked.append(request.args["offset"])
        return inner(request)

    def taken(one: Harvest) -> None:
        if one.seen == 40:
            Run.objects.filter(subject="bad", state="running").update(owner="another", attempt=7)

    with client_for({"bad": answer}) as client:
        [one] = tasks.harvest(tasks.Order([portal("bad")], client), taken)
    assert browse.present().count() == 40
    one.refresh_from_db()
    assert (one.outcome, one.seen, one.finished) == (Harvest.Outcome.RUNNING, 40, None)
    assert Run.objects.get(subject="bad").state == "running"
    assert len(asked) < 20
