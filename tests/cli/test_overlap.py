"""`commonground overlap` through real processes, on the recordings of three cities."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run, runner

pytestmark = [pytest.mark.recordings, pytest.mark.whole]
PERMITS, CRIMES = "chicago/ydr8-5enu", "chicago/ijzp-q8t2"


@pytest.fixture(scope="module")
def home(replayed: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the home that others only read: guesses and decisions are written here."""
    told = replayed("manage", "shell", "-v", "0", "-c", "from django.conf import settings; print(settings.HOME)")
    copy = tmp_path_factory.mktemp("overlap") / "home"
    shutil.copytree(told.out.strip().splitlines()[-1], copy)
    return copy


@pytest.fixture(scope="module")
def compared(home: Path) -> Run:
    """On that home, compared once."""
    run = runner(home)
    told = run("overlap", "rebuild", "--json", timeout=600)
    assert told.code == 0, told.err
    assert told.json["datasets"] == told.json["changed"] > 2_500
    assert told.json["matches"] > told.json["datasets"]
    return run


def test_nothing_new_is_nothing_compared(compared: Run) -> None:
    told = compared("overlap", "follow", "--json")
    assert (told.code, told.json["changed"], told.json["matches"]) == (0, 0, 0)


def test_the_matrix_has_a_cell_for_each_city(compared: Run) -> None:
    form = compared("overlap", "matrix", "--json").json
    assert form["total"] >= 120
    slugs = [one["city"] for one in form["cities"]]
    assert len(slugs) == 7
    (permits,) = [one for one in form["subjects"] if one["slug"] == "building-permits"]
    states = {cell["city"]: cell["state"] for cell in permits["cells"]}
    assert states["chicago"] == "maybe"
    assert states["new_york"] == "unknown"  # its portal was not harvested, which is not “no”
    narrow = compared("overlap", "matrix", "--words", "permit", "--sort", "name", "--json").json
    assert 0 < len(narrow["subjects"]) < len(form["subjects"])
    refused = compared("overlap", "matrix", "--sort", "color")
    assert (refused.code, "color" in refused.err) == (2, True)


def test_a_subject_of_a_city_by_any_name(compared: Run) -> None:
    named = compared("overlap", "subject", "Building permits", "--city", "Chicago", "--top", "3", "--json").json
    assert (named["subject"], named["city"], len(named["results"])) == ("building-permits", "chicago", 3)
    best = named["results"][0]
    assert (best["id"], best["host"], best["native_id"], best["city"]) == (
        PERMITS,
        "data.cityofchicago.org",
        "ydr8-5enu",
        "chicago",
    )
    assert best["band"] in {"sure", "likely"}
    free = compared("overlap", "subject", "where dogs may run free", "--top", "2", "--json").json
    assert free["subject"] is None
    assert [one["city"] for one in free["results"]] == ["boston"] * 2 + ["chicago"] * 2 + ["seattle"] * 2
    assert compared("overlap", "subject", " ").code == 2
    assert compared("overlap", "subject", "trees", "--city", "Atlantis").code == 3


def test_a_dataset_elsewhere(compared: Run) -> None:
    form = compared("overlap", "dataset", "data.cityofchicago.org/ydr8-5enu", "--top", "5", "--json").json
    assert form["id"] == PERMITS
    assert "seattle" in form["same_in"]
    assert len(form["matches"]) == 5
    scores = [one["score"] for one in form["matches"]]
    assert scores == sorted(scores, reverse=True)
    assert {"id", "host", "native_id", "city", "score", "band", "parts"} <= form["matches"][0].keys()
    assert "chicago" not in {one["city"] for one in form["matches"]}
    told = compared("overlap", "dataset", PERMITS)
    assert "Building Permits" in told.err
    assert compared("overlap", "dataset", "chicago/no-such").code == 3


def test_every_dataset_with_its_matches(compared: Run) -> None:
    told = compared("overlap", "matches", "--top", "20", "--jsonl")
    forms = [json.loads(line) for line in told.out.splitlines()]
    assert len(forms) > 2_500
    by_id = {one["dataset"]["id"]: one for one in forms}
    mine = by_id[PERMITS]
    assert mine["dataset"] == {
        "id": PERMITS,
        "host": "data.cityofchicago.org",
        "native_id": "ydr8-5enu",
        "city": "chicago",
    }
    assert 0 < len(mine["matches"]) <= 20
    assert set(mine["matches"][0]) == {"id", "host", "native_id", "city", "score", "band"}
    assert all(one["city"] != form["dataset"]["city"] for form in forms for one in form["matches"])
    only = compared("overlap", "matches", "--top", "1", "--city", "boston", "--json").json["datasets"]
    assert {one["dataset"]["city"] for one in only} == {"boston"}
    assert {len(one["matches"]) for one in only} == {1}


def test_columns_side_by_side(compared: Run) -> None:
    boston = _boston(compared)
    form = compared("overlap", "columns", CRIMES, boston, "--json").json
    assert {"a", "b", "score", "band", "why"} <= form["pairs"][0].keys()
    pairs = {(one["a"], one["b"]) for one in form["pairs"]}
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
    assert form["candidates"]
    assert compared("overlap", "columns", CRIMES, "boston/none").code == 3


def _boston(run: Run) -> str:
    found = run("overlap", "subject", "crime incidents", "--city", "boston", "--top", "1", "--json").json
    return str(found["results"][0]["id"])


def test_a_person_decides_and_takes_it_back(compared: Run) -> None:
    first = compared("overlap", "review", "--city", "chicago", "--json").json
    assert first["total"] >= len(first["questions"]) > 0
    kept = compared(
        "overlap", "confirm", "building-permits", PERMITS, "--by", "Data Team", "--why", "Read it.", "--json"
    )
    assert (kept.json["verdict"], kept.json["by"], kept.json["why"]) == ("confirmed", "Data Team", "Read it.")
    matrix = compared("overlap", "matrix", "--words", "building permits", "--json").json
    (line,) = [one for one in matrix["subjects"] if one["slug"] == "building-permits"]
    assert {cell["city"]: cell["state"] for cell in line["cells"]}["chicago"] == "yes"
    assert compared("overlap", "undo", str(kept.json["id"]), "--json").json["undoes"] == kept.json["id"]
    told = compared("overlap", "history", "--dataset", PERMITS, "--json").json
    assert [one["undoes"] for one in told["decisions"]] == [kept.json["id"], None]


def test_a_rejected_pair_is_shown_no_more(compared: Run) -> None:
    before = compared("overlap", "dataset", CRIMES, "--top", "3", "--json").json["matches"]
    other = before[0]["id"]
    assert compared("overlap", "reject", other, CRIMES, "--by", "Data Team").code == 0
    after = compared("overlap", "dataset", CRIMES, "--top", "3", "--json").json["matches"]
    assert other not in {one["id"] for one in after}


def test_that_a_city_has_none(compared: Run) -> None:
    kept = compared("overlap", "none", "bike-share-trips", "Boston", "--why", "Its operator publishes it.", "--json")
    assert (kept.json["a"], kept.json["b"], kept.json["verdict"]) == ("", "boston", "rejected")
    told = compared("overlap", "history", "--city", "boston", "--subject", "bike-share-trips", "--json").json
    assert [one["id"] for one in told["decisions"]] == [kept.json["id"]]
    assert compared("overlap", "none", "bike-share-trips", "Gotham").code == 3
    assert compared("overlap", "undo", str(kept.json["id"])).code == 0


def test_a_person_changes_the_register(tmp_path: Path) -> None:
    run = runner(tmp_path / "home")
    given = ("--theme", "parks-and-culture", "--definition", "Places with ice to skate on.", "--row", "one rink")
    made = run("overlap", "subject-add", "Ice rinks", *given, "--grain", "reference", "--json")
    assert (made.json["slug"], made.json["version"], made.json["grain"]) == ("ice-rinks", 1, "reference")
    edited = run("overlap", "subject-edit", "ice rinks", "--synonym", "Curling sheets", "--by", "Ann", "--json").json
    assert (edited["version"], edited["synonyms"]) == (2, ["Curling sheets"])
    merged = run("overlap", "subject-merge", "curling sheets", "park-facilities", "--why", "The same.", "--json").json
    assert (merged["slug"], "Ice rinks" in merged["synonyms"]) == ("park-facilities", True)
    for code, words in (
        (2, ("subject-add", "Trees", *given)),
        (2, ("subject-edit", "trees", "--grain", "heap")),
        (2, ("subject-merge", "trees", "trees")),
        (3, ("subject-edit", "penguins", "--label", "Birds")),
        (3, ("subject-merge", "trees", "penguins")),
    ):
        told = run("overlap", *words)
        assert (told.code, bool(told.err)) == (code, True), words


def test_what_cannot_be_decided_is_said(compared: Run) -> None:
    assert compared("overlap", "grain", PERMITS, "records", "--json").json["nature"]["grain"] == "records"
    for code, words in (
        (2, ("grain", PERMITS, "rows")),
        (2, ("related", "building-permits", PERMITS, "--as", "cousin")),
        (2, ("confirm", CRIMES, PERMITS, "--column-a", "ID")),
        (3, ("confirm", "no such subject", PERMITS)),
        (3, ("confirm", "building-permits", "chicago/none")),
        (3, ("undo", "999999")),
    ):
        told = compared("overlap", *words)
        assert (told.code, bool(told.err)) == (code, True), words


def test_guesses_are_measured(compared: Run, recordings: Path) -> None:
    form = compared("overlap", "evaluate", "--gold", recordings / "gold", "--json", timeout=600).json
    assert form["pool"] > 3_000
    assert any(key.startswith("new-york/") for key in form["missing"])  # not harvested here
    assert not any(key.startswith("chicago/") for key in form["missing"])
    assert form["datasets"]["map"]["value"] > 0.6
    assert 0 < form["columns"]["mrr"]["value"] <= 1
    assert compared("overlap", "evaluate", "--gold", "nowhere").code == 3
