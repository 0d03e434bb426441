"""`commonground moves` through real processes: list, confirm, reject, and what `show` says afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commonground.protocols.base import Holdings
from commonground.protocols.recordings import find, save
from tests.cli.conftest import Run

HOST = "data.boston.gov"


@pytest.fixture
def boston(run: Run, recordings: Path, tmp_path: Path) -> Run:
    """Boston's recording, and a later one in which two packages have other ids."""
    (recording,) = [one for one in find(recordings / "portals") if one.host == HOST]
    first = recording.holdings()
    folder = tmp_path / "recorded"
    records: list[dict[str, Any]] = json.loads(json.dumps(first.records))
    for at, record in enumerate(records[:2]):
        record["id"] = f"00000000-0000-4000-8000-00000000000{at}"
    for day, holdings in ((recording.day, first), (recording.day.replace(day=9), Holdings(HOST, records))):
        save(folder, city="boston", day=day, protocol="ckan", holdings=holdings)
        told = run("harvest", "boston", "--replay", folder, "--json")
        assert told.code == 0, told.err
    return run


@pytest.mark.whole
def test_list_confirm_reject_show(boston: Run) -> None:
    listed = boston("moves", "--json").json
    assert listed["total"] == 2
    first, second = ((one["old"], one["new"]) for one in listed["moves"])
    assert first[1].startswith("boston/00000000-0000-4000-8000-")
    assert {one["state"] for one in listed["moves"]} == {"proposed"}
    assert boston("moves", "--city", "boston").out.count("proposed\t") == 2

    done = boston("moves", "confirm", *first, "--by", "Open Data Team", "--json")
    assert (done.code, done.json["state"], done.json["decided_by"]) == (0, "confirmed", "Open Data Team")
    assert boston("moves", "reject", *second).code == 0
    shown = boston("show", first[0], "--json")
    assert (shown.code, shown.json["id"], shown.json["formerly"]) == (0, first[1], [first[0]])
    assert f"{first[0]} moved to {first[1]}." in shown.err
    assert boston("show", first[0], "--raw").json["id"] == first[0].removeprefix("boston/")
    assert boston("show", second[0], "--json").json["id"] == second[0]

    again = boston("moves", "confirm", *second)
    assert (again.code, again.out) == (2, "")
    assert "was rejected" in again.err
    assert boston("index", "--json").json["differing"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["confirm"], 2, "needs two ids"),
        (["reject", "boston/x"], 2, "needs two ids"),
        (["confirm", "boston/x", "boston/y"], 3, "No data set “boston/x”"),
        (["forget", "boston/x", "boston/y"], 2, "forget"),
        (["--city", "atlantis"], 3, "atlantis"),
    ],
)
def test_mistakes_are_told_with_a_way_on(run: Run, arguments: list[str], code: int, said: str) -> None:
    told = run("moves", *arguments)
    assert (told.code, told.out) == (code, "")
    assert said in told.err


def test_nothing_moved(run: Run) -> None:
    assert run("moves", "--json").json == {"total": 0, "moves": []}
