"""Guesses follow the catalog: all of it once, then only what changed; what persons decided makes them better."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from commonground.catalog.models import Dataset as Row
from commonground.errors import Usage
from commonground.overlap import decisions, register, store, tasks
from commonground.overlap.decisions import Said
from commonground.overlap.facets import Band, Grain, Nature, Timing, Verdict
from commonground.overlap.matching import embedder
from commonground.overlap.matching.remembering import Remembering
from commonground.overlap.models import Guess, Match, Placement
from commonground.words import Column, ColumnType, Dataset
from commonground.work import store as work
from commonground.work.models import Run
from tests.overlap.test_matching import Letters
from tests.web.conftest import permits

pytestmark = pytest.mark.usefixtures("home")
Write = Callable[..., None]


def dataset(portal: str, native_id: str, title: str, *columns: str, city: str = "") -> Dataset:
    told = tuple(Column(name, name.lower(), ColumnType.TEXT) for name in columns)
    host = {"chicago": "data.cityofchicago.org", "boston": "data.boston.gov", "seattle": "data.seattle.gov"}[portal]
    return Dataset(city or portal, portal, host, native_id, title, columns=told or None)


CHICAGO = [
    permits(),
    dataset("chicago", "crimes", "Crimes", "Case Number", "IUCR"),
    *(dataset("chicago", f"other{number}", f"Thing {number} of its own kind") for number in range(10)),
]
BOSTON = [
    dataset("boston", "permits", "Approved Building Permits", "PermitNumber", "Issued Date"),
    dataset("boston", "crime", "Crime Incident Reports", "Incident Number", "Offense"),
    *(dataset("boston", f"other{number}", f"Matter {number} that nobody else has") for number in range(10)),
]


@pytest.fixture
def cities(write: Write) -> None:
    write(CHICAGO)
    write(BOSTON)


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All guesses, without keys and with rounded scores."""
    return {
        "guesses": sorted(Guess.objects.values_list("dataset__key", "grain", "schema", "seen", "method")),
        "matches": sorted(
            (a, b, round(score, 3), band)
            for a, b, score, band in Match.objects.values_list("a__key", "b__key", "score", "band")
        ),
        "placements": sorted(
            (one, key, round(score, 3), band, fits)
            for one, key, score, band, fits in Placement.objects.values_list(
                "subject", "dataset__key", "score", "band", "fits"
            )
        ),
    }


def state() -> list[tuple[Any, ...]]:
    """The rows themselves, keys too: what was not written again is the same row."""
    return [
        *Match.objects.order_by("pk").values_list("pk", "a", "b", "score"),
        *Placement.objects.order_by("pk").values_list("pk", "subject", "dataset", "score"),
        *Guess.objects.order_by("pk").values_list("pk", "dataset", "seen"),
    ]


def best(key: str) -> str:
    found = Match.objects.filter(a__key=key).order_by("-score").values_list("b__key", flat=True).first()
    assert found
    return found


@pytest.mark.usefixtures("cities")
def test_all_are_compared_and_stored_with_reasons_and_method() -> None:
    told = store.follow()
    assert (told.datasets, told.whole) == (24, True)
    assert best("chicago/ydr8-5enu") == "boston/permits"
    assert best("boston/crime") == "chicago/crimes"
    assert Guess.objects.count() == 24
    assert not Match.objects.filter(a__city="chicago", b__city="chicago").exists()
    placed = Placement.objects.get(subject="building-permits", dataset__key="boston/permits")
    assert placed.band in {Band.SURE, Band.LIKELY}
    assert {what for what, _points, _detail in placed.parts} >= {"base", "title"}
    assert placed.method == told.method
    shown = Match.objects.filter(a__key="chicago/ydr8-5enu", b__key="boston/permits").get()
    assert [word for word in {one[0]: one[2] for one in shown.parts}["names"] if word == "permits"] == ["permits"]


@pytest.mark.usefixtures("cities")
def test_what_does_not_change_is_not_written_again() -> None:
    store.follow()
    before = state()
    assert store.lags() is False
    told = store.follow()
    assert (told.changed, told.matches, told.placements, told.whole) == (0, 0, 0, False)
    assert state() == before


@pytest.mark.usefixtures("cities")
def test_a_change_comes_to_the_same_as_comparing_all_anew(write: Write) -> None:
    store.follow()
    changed = dataset("boston", "other3", "Street Trees", "Species", "Diameter")
    write([changed if one.native_id == "other3" else one for one in BOSTON])
    assert store.lags()
    told = store.follow()
    assert (told.changed, told.whole) == (1, False)
    step = everything()
    store.follow(whole=True)
    anew = everything()
    assert step["guesses"] == anew["guesses"]
    touched = {"boston/other3"}
    assert [one for one in step["matches"] if one[0] in touched] == [
        one for one in anew["matches"] if one[0] in touched
    ]
    assert {one[:2] for one in step["placements"]} == {one[:2] for one in anew["placements"]}
    assert Placement.objects.filter(subject="trees", dataset__key="boston/other3").exists()


@pytest.mark.usefixtures("cities")
def test_what_is_withdrawn_leaves_the_guesses_and_comes_back() -> None:
    store.follow()
    Row.objects.filter(key="boston/permits").update(state="withdrawn")
    store.follow()
    assert not Match.objects.filter(b__key="boston/permits").exists()
    assert not Placement.objects.filter(dataset__key="boston/permits").exists()
    Row.objects.filter(key="boston/permits").update(state="present")
    store.follow()
    assert best("chicago/ydr8-5enu") == "boston/permits"


@pytest.mark.usefixtures("cities")
def test_a_decision_makes_the_next_guess_better() -> None:
    store.follow()
    before = Placement.objects.get(subject="building-permits", dataset__key="boston/permits").score
    place = decisions.place("building-permits", "chicago/ydr8-5enu")
    decisions.decide(place, Said(Verdict.CONFIRMED), User.objects.create(username="ann"), seen=None)
    assert store.lags()
    assert store.follow().whole is False
    after = Placement.objects.get(subject="building-permits", dataset__key="boston/permits")
    assert after.score > before
    assert "members" in {one[0] for one in after.parts}


@pytest.mark.usefixtures("cities")
def test_a_grain_that_a_person_set_outweighs_the_guess() -> None:
    store.follow()
    said = Said(nature=Nature(grain=Grain.INDICATOR))
    decisions.decide(decisions.grain("boston/permits"), said, User.objects.create(username="ann"), seen=None)
    assert store.follow().changed == 1
    assert Guess.objects.get(dataset__key="boston/permits").grain == Grain.INDICATOR
    assert Placement.objects.get(subject="building-permits", dataset__key="boston/permits").fits is False


@pytest.mark.usefixtures("cities")
def test_a_correction_of_anything_but_grain_is_followed_too() -> None:
    store.follow()
    matter, user = decisions.grain("boston/permits"), User.objects.create(username="ann")
    first = decisions.decide(matter, Said(nature=Nature(Grain.RECORDS, timing=Timing.EVENT)), user, seen=None)
    store.follow()
    decisions.decide(matter, Said(nature=Nature(Grain.RECORDS, timing=Timing.SNAPSHOT)), user, seen=first.pk)
    assert store.follow().changed == 1
    assert Guess.objects.get(dataset__key="boston/permits").timing == Timing.SNAPSHOT


@pytest.mark.usefixtures("cities")
def test_what_was_confirmed_of_a_merged_subject_speaks_for_the_other() -> None:
    store.follow()
    user = User.objects.create(username="ann")
    decisions.decide(decisions.place("trees", "chicago/ydr8-5enu"), Said(Verdict.CONFIRMED), user, seen=None)
    register.merge("trees", "building-permits", user, seen=0)
    assert store.follow().whole
    placed = Placement.objects.get(subject="building-permits", dataset__key="boston/permits")
    assert "members" in {one[0] for one in placed.parts}


@pytest.mark.usefixtures("cities")
def test_the_place_of_a_best_match_that_has_gone_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BEST", 1)
    monkeypatch.setattr(store, "BEST_OF_CITY", 1)
    store.follow()
    assert best("chicago/ydr8-5enu") == "boston/permits"
    Row.objects.filter(key="boston/permits").update(state="withdrawn")
    store.follow()
    assert best("chicago/ydr8-5enu") != "boston/permits"


@pytest.mark.usefixtures("cities")
def test_guesses_can_be_thrown_away_and_decisions_stay() -> None:
    store.follow()
    before = everything()
    user = User.objects.create(username="ann")
    decisions.decide(decisions.place("trees", "boston/other1"), Said(Verdict.REJECTED), user, seen=None)
    for model in (Match, Placement, Guess):
        model.objects.all().delete()
    assert everything() == {"guesses": [], "matches": [], "placements": []}
    assert decisions.history(dataset="boston/other1").count() == 1
    store.follow()
    assert everything()["matches"] == before["matches"]


def test_an_empty_catalog_is_compared() -> None:
    assert store.follow().datasets == 0


def test_a_city_alone_has_no_matches(write: Write) -> None:
    write(CHICAGO)
    told = store.follow()
    assert (told.datasets, told.matches) == (12, 0)
    assert Placement.objects.filter(subject="building-permits").exists()


@pytest.mark.usefixtures("cities")
def test_another_method_makes_all_guesses_anew() -> None:
    store.follow()
    told = store.follow(Letters())
    assert told.whole
    assert told.method.startswith("meaning")
    assert set(Match.objects.values_list("method", flat=True)) == {told.method}


# Work


@pytest.mark.usefixtures("cities")
def test_two_processes_do_not_compare_at_once() -> None:
    run = work.claim(tasks.OVERLAP, tasks.ALL)
    assert run
    with pytest.raises(Usage, match="Another process is comparing"):
        tasks.compare()
    work.release(run)
    assert tasks.compare().datasets == 24


@pytest.mark.usefixtures("cities")
def test_the_worker_compares_when_the_catalog_has_gone_on() -> None:
    tasks.schedule()
    run = work.claim_next([tasks.OVERLAP])
    assert run
    tasks.run_overlap(run.subject, lambda: True)
    work.finish(run)
    assert not store.lags()
    before = Run.objects.count()
    tasks.schedule()
    assert Run.objects.count() == before, "what is up to date is not due"
    rows = state()
    tasks.run_overlap("all", lambda: True)
    assert state() == rows


# The model


def test_the_packaged_model_reads_by_meaning() -> None:
    model = embedder.load()
    assert model is not None, "the development dependencies have it"
    permits_, build, crime = model.encode(["building permits", "permission to construct a house", "burglary reports"])
    assert permits_ @ build > permits_ @ crime
    assert model.encode(["", "x"]).shape == (2, embedder.SIZE)


def test_a_model_that_is_not_the_pinned_one_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(embedder, "MODEL_SHA256", "0" * 64)
    embedder.load.cache_clear()
    try:
        assert embedder.load() is None
        assert "not the file that we pinned" in caplog.text
    finally:
        embedder.load.cache_clear()


def test_a_model_that_is_not_installed_is_done_without(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(embedder, "find_spec", lambda _name: None)
    embedder.load.cache_clear()
    settings.EMBEDDER = "minilm"
    try:
        assert tasks.model() is None
    finally:
        embedder.load.cache_clear()


def test_a_text_is_read_once(tmp_path: Any) -> None:
    class Counting(Letters):
        asked = 0

        def encode(self, texts: Any) -> Any:
            self.asked += len(texts)
            return super().encode(texts)

    first = Counting()
    one = Remembering(first, tmp_path).encode(["permits", "crime", "permits", ""])
    again = Remembering(first, tmp_path).encode(["crime", "permits"])
    assert first.asked == 3
    assert (one[0] == one[2]).all()
    assert (again[1] == one[0]).all()
