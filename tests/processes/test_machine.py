"""A disk without room and a database that is locked: the harvest says so and ends; with room, nothing is amiss."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.processes.homes import JULY, JUNE, Command, Home, Order, Undisturbed, in_june, same, wait_for_work

pytestmark = pytest.mark.slow

CITIES = ("los_angeles", "new_york")
SAID = ("disk is full", "disk I/O error", "No space left", "File too large")
KiB = 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A small disk of its own, which grows when it is asked for again."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mounted(kilobytes: int) -> Path:
        again = ["-o", "remount"] if folder.is_mount() else []
        command = ["mount", "-t", "tmpfs", *again, "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"No right to mount a disk here, a limit of files serves instead: {done.stderr.strip()}")
        return folder

    yield mounted
    if folder.is_mount():
        subprocess.run(["umount", str(folder)], check=True)


def told_and_kept(home: Home, command: Command, **limits: str) -> int:
    """One try without room: plain words and a code, never a trace. What it had written by then counts."""
    told = home.tried(*command, **limits)
    assert told.code in {5, 10, 20, 22}, (told.code, told.err)
    assert any(one in told.err for one in SAID), told.err
    return told.code


def test_a_full_disk(disk: Callable[[int], Path], two_cities: Undisturbed, order: Order) -> None:
    """It fills while the home is made, with the first pages, and later ones; each time it grows."""
    home = Home({"COMMONGROUND_HOME": str(disk(800) / "home")})
    codes = [told_and_kept(home, order(JUNE, *CITIES)) for size in (800, 2_500, 7_000) if disk(size)]
    assert codes[0] == 5, codes
    assert len(set(codes)) > 1
    disk(200_000)
    home.run(*order(JUNE, *CITIES))
    home.run(*order(JULY, *CITIES))
    same(home.contents(), two_cities.july)


def test_files_that_may_not_grow(tmp_path: Path, two_cities: Undisturbed, order: Order) -> None:
    """A limit of the system, as for accounts with a quota."""
    home = Home({"COMMONGROUND_HOME": str(tmp_path / "home")})
    in_june(home, two_cities, order(JUNE, *CITIES))
    for size in (200, 800):
        told_and_kept(home, order(JULY, *CITIES), LARGEST_FILE=str(size * KiB))
    home.run(*order(JULY, *CITIES))
    same(home.contents(), two_cities.july)


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Another process writes, and does not end: on SQLite all writing waits, on PostgreSQL who needs its rows."""
    url = home.settings.get("DATABASE_URL")
    if url:
        with psycopg.connect(url) as other:
            other.execute("SELECT * FROM catalog_counter FOR UPDATE")
            other.execute("SELECT * FROM work_run FOR UPDATE")
            yield
            other.rollback()
        return
    path = Path(home.settings["COMMONGROUND_HOME"]) / "commonground.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_database(home: Home, two_cities: Undisturbed, order: Order) -> None:
    """Before the harvest claims its portals: it ends with a code of its own."""
    in_june(home, two_cities, order(JUNE, *CITIES))
    with locked(home):
        if "DATABASE_URL" not in home.settings:
            told = home.tried(*order(JULY, *CITIES), PATIENCE="1")
            assert (told.code, told.out) == (22, "")
            assert "The database refused: database is locked." in told.err
        began = time.monotonic()
        assert json.loads(home.run("status", "--json"))["portals"]
        assert time.monotonic() - began < 20  # readers do not wait
    home.run(*order(JULY, *CITIES))
    same(home.contents(), two_cities.july)


def test_a_database_that_is_locked_meanwhile(home: Home, two_cities: Undisturbed, order: Order) -> None:
    """Once it reads: each portal is given up and told; where even that cannot be written, the next process does it."""
    in_june(home, two_cities, order(JUNE, *CITIES))
    with home.begin(*order(JULY, *CITIES), PATIENCE="1") as process:
        wait_for_work(process)
        with locked(home):
            out, err = process.communicate(timeout=60)
    forms: list[dict[str, Any]] = json.loads(out)["portals"]
    assert process.returncode == 10, err
    assert "Traceback" not in err
    given_up = [one for one in forms if one["outcome"] != "complete"]
    assert given_up
    assert all("The database refused what was read: " in one["error"] for one in given_up)
    assert all("lock" in one["error"] for one in given_up)
    home.run(*order(JULY, *CITIES))
    same(home.contents(), two_cities.july)
