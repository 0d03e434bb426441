"""`commonground status`: what differs, and exit codes for those who watch."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_what_differs_and_why(replayed: Run) -> None:
    told = replayed("status", "--check", "--compare")
    assert told.code == 0, told.err
    lines = {line.split("\t")[0]: line.split("\t") for line in told.out.splitlines()}
    assert lines["seattle"][1:5] == ["complete", "983", "983", "982"]
    assert lines["seattle"][-1] == "-1 with an id that was listed before"
    assert lines["boston"][-1] == ""
    assert lines["new-york"][-2:] == ["never", "not read at all"]
    assert "Search index: in step, 2,593 documents for 2,593 data sets" in told.err
    assert "Compared one by one, 0 differ." in told.err
    form = replayed("status", "--json").json
    assert not form["live"]
    assert "differing" not in form["index"]


def test_a_live_home_that_was_never_read(run: Run) -> None:
    assert run("status").code == 0
    told = run("status", "--check", "--json")
    assert told.code == 10
    assert all(one["late"] for one in told.json["portals"])
    assert "Not read to the end for two days: boston, " in told.err


@pytest.mark.recordings
@pytest.mark.whole
def test_withheld_and_an_index_that_is_not_there(run: Run, tmp_path: Path, recordings: Path) -> None:
    """Washington's feed of 2019 is cut off at 1,000; who watches learns of it by the exit code."""
    for day in ("2020-09-18", "2019-01-05"):
        run("harvest", "washington_dc", "--replay", recordings / "portals", "--at", day)
    told = run("status", "--check")
    assert told.code == 18
    assert "+467 not listed, kept until a person decides" in told.out
    assert "Withheld: harvest 2 of washington-dc. The listing ends after exactly 1,000 data sets" in told.err
    assert "commonground release lists what waits for a person." in told.err
    assert run("status").code == 0

    assert run("release", "washington-dc", "--discard", "--by", "Ana").code == 0
    assert "+467 not listed, kept because a person did not believe it" in run("status", "--check").out
    shutil.rmtree(tmp_path / "home" / "search")
    told = run("status", "--check")
    assert told.code == 20
    assert "Search index: behind, 0 documents for 1,467 data sets" in told.err
    assert "commonground index --rebuild" in told.err
