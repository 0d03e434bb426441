"""kill -9 while a table is built: what was published stays, whole, and the next build publishes what is missing."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import environment

pytestmark = [pytest.mark.slow, pytest.mark.recordings]
ROOT = Path(__file__).resolve().parents[2]
STANDARD = "food_inspections"


def build(home: Path, recordings: Path, *cities: str, die_at: str = "") -> list[dict[str, Any]]:
    """Build in a process of its own; nothing where it died."""
    env = environment(home, DIE_AT=die_at, PYTHONPATH=str(ROOT))
    wanted = [argument for city in cities for argument in ("--city", city)]
    command = [sys.executable, str(ROOT / "tests/processes/building.py"), "build", STANDARD, *wanted]
    command += ["--replay", str(recordings), "--json"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == (-9 if die_at else 0), done.stderr
    return json.loads(done.stdout)["tables"] if done.stdout else []


def asked(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(home / "commonground.sqlite3") as database:
        return database.execute(sql).fetchall()


def published(home: Path) -> dict[str, tuple[str, int]]:
    """What the newest release shows: of each city the folder, and its bytes of rows."""
    rows = asked(
        home,
        "SELECT b.city, b.folder FROM tables_release r JOIN tables_release_builds rb ON rb.release_id = r.id"
        " JOIN tables_build b ON b.id = rb.build_id WHERE r.number = (SELECT max(number) FROM tables_release)",
    )
    return {city: (folder, (home / folder / "rows.parquet").stat().st_size) for city, folder in rows}


@pytest.mark.parametrize("point", ["part", "rows", "record", "publish"])
def test_a_killed_build_changes_nothing_and_the_next_one_goes_on(point: str, tmp_path: Path, recordings: Path) -> None:
    home = tmp_path / "home"
    (first,) = build(home, recordings, "san_francisco")
    before = published(home)
    assert set(before) == {"san_francisco"}
    assert build(home, recordings, "new_york", die_at=point) == []
    assert published(home) == before
    assert asked(home, "SELECT max(number), count(*) FROM tables_release") == [(1, 1)]
    (second,) = build(home, recordings, "new_york")
    assert second["release"] == 2
    assert second["read"] == second["mapped"] + second["withheld"] > 0
    assert published(home).keys() == {"san_francisco", "new_york"}
    assert published(home)["san_francisco"] == before["san_francisco"]
    assert first["mapped"] > 0
    _nothing_is_left(home, recordings)


def _nothing_is_left(home: Path, recordings: Path) -> None:
    """After a day the next build removes what the killed one left."""
    then = time.time() - 2 * 86_400
    for path in [*home.glob("rows/*/*"), *home.glob("tables/*/*/*")]:
        os.utime(path, (then, then))
    build(home, recordings, "new_york")
    known = {path for (path,) in asked(home, "SELECT path FROM tables_part")}
    assert {str(path.relative_to(home)) for path in home.glob("rows/*/*")} == known
    made = {folder for (folder,) in asked(home, "SELECT folder FROM tables_build")}
    assert {str(path.relative_to(home)) for path in home.glob("tables/*/*/*")} == made
