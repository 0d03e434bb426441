"""A harvest that is stopped or killed while it works: the next one goes on at once. See also tests/processes."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, environment, runner


@pytest.mark.parametrize(
    ("sent", "code"), [pytest.param(signal.SIGKILL, -9, marks=pytest.mark.whole), (signal.SIGINT, 130)]
)
def test_a_harvest_cut_off(tmp_path: Path, recordings: Path, sent: signal.Signals, code: int) -> None:
    home = tmp_path / "home"
    run = runner(home)
    assert run("cities", "--json").code == 0
    command = list(map(str, (COMMAND, "harvest", "chicago", "seattle", "--replay", recordings / "portals", "--json")))
    harvesting = subprocess.Popen(
        command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        with contextlib.closing(sqlite3.connect(home / "commonground.sqlite3")) as database:
            until = time.monotonic() + 60
            while not database.execute("SELECT count(*) FROM catalog_dataset").fetchone()[0]:
                assert harvesting.poll() is None
                assert time.monotonic() < until
                time.sleep(0.01)
        harvesting.send_signal(sent)
        out, err = harvesting.communicate(timeout=60)
    finally:
        harvesting.kill()
    assert harvesting.returncode == code, (out, err)
    assert "Traceback" not in err
    held = {one["portal"]: one["held"] for one in run("status", "--json").json["portals"]}
    assert 0 < sum(held.values()) < 588 + 982 + 905

    again = run(*command[1:])
    assert again.code == 0, again.err
    forms = {one["portal"]: one for one in again.json["portals"]}
    assert {slug: one["held"] for slug, one in forms.items()} == {
        "chicago": 588,
        "seattle": 982,
        "seattle-performance": 905,
    }
    assert all(one["changed"] == one["missing"] == 0 for one in forms.values())
    assert run("index", "--json").json["differing"] == []
    with contextlib.closing(sqlite3.connect(home / "commonground.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM catalog_revision").fetchone()[0] == 588 + 982 + 905
        assert database.execute("SELECT count(*) FROM catalog_dataset WHERE revision_id IS NULL").fetchone()[0] == 0
        outcomes = database.execute("SELECT DISTINCT outcome FROM catalog_harvest").fetchall()
        assert ("running",) not in outcomes
        assert database.execute("SELECT count(*) FROM work_run WHERE state = 'running'").fetchone()[0] == 0
