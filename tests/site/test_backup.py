"""The drill: a backup amid a harvest, everything lost, restored; and what a restore must never do."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import psycopg
import pytest

from commonground.site.backup import STAGE
from tests.cli.conftest import COMMAND, Run, environment
from tests.site.conftest import PREVIOUS

PORTALS = ("chicago", "seattle")
HELD = {"chicago": 588, "seattle": 982, "seattle-performance": 905}


def count(place: dict[str, str], statement: str) -> int:
    """What the database counts, asked from outside."""
    with contextlib.ExitStack() as stack:
        if url := place.get("DATABASE_URL"):
            row = stack.enter_context(psycopg.connect(url)).execute(statement).fetchone()
        else:
            path = Path(place["COMMONGROUND_HOME"]) / "commonground.sqlite3"
            row = stack.enter_context(contextlib.closing(sqlite3.connect(path))).execute(statement).fetchone()
    assert row
    return int(row[0])


def standing(place: dict[str, str]) -> set[str]:
    """What lies in the home, but for SQLite's journal."""
    return {
        path.name
        for path in Path(place["COMMONGROUND_HOME"]).iterdir()
        if path.suffix not in {".sqlite3-wal", ".sqlite3-shm"}
    }


def lose(place: dict[str, str]) -> None:
    """The disk is gone, and the database with it."""
    shutil.rmtree(place["COMMONGROUND_HOME"])
    if url := place.get("DATABASE_URL"):
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("DROP SCHEMA public CASCADE")
            server.execute("CREATE SCHEMA public")


@pytest.fixture
def filled(run: Run) -> Run:
    """Boston's sample."""
    told = run("harvest", "boston", "--replay", PREVIOUS / "recordings")
    assert told.code == 0, told.err
    return run


def test_the_drill(run: Run, place: dict[str, str], tmp_path: Path, recordings: Path) -> None:
    assert run("status").code == 0
    command = list(map(str, (COMMAND, "harvest", *PORTALS, "--replay", recordings / "portals")))
    settings = environment(Path(place["COMMONGROUND_HOME"]), **place)
    with subprocess.Popen(command, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as harvesting:
        try:
            until = time.monotonic() + 60
            while count(place, "SELECT count(*) FROM catalog_revision") < 200:
                assert time.monotonic() < until
                assert harvesting.poll() is None
                time.sleep(0.01)
            # It stands still wherever it is, in the midst of a transaction perhaps, until the backup is made.
            harvesting.send_signal(signal.SIGSTOP)
            kept = run("backup", tmp_path / "kept.tar.gz", "--json")
            harvesting.send_signal(signal.SIGCONT)
            assert harvesting.wait(timeout=60) == 0
        finally:
            harvesting.kill()
    assert kept.code == 0, kept.err
    assert 200 <= kept.json["counts"]["catalog_revision"] < sum(HELD.values())

    lose(place)
    restored = run("restore", tmp_path / "kept.tar.gz", "--json")
    assert restored.code == 0, restored.err
    assert restored.json["counts"] == kept.json["counts"]
    assert restored.json["seconds"] < 30
    compared = run("index", "--json")
    assert (compared.code, compared.json["differing"]) == (0, [])
    assert compared.json["database"] == kept.json["counts"]["catalog_dataset"]

    # The harvest that stood still goes on at once, though its process is known here no more.
    again = run("harvest", *PORTALS, "--replay", recordings / "portals", "--json")
    assert again.code == 0, again.err
    assert {one["portal"]: one["held"] for one in again.json["portals"]} == HELD
    assert all(one["changed"] == one["missing"] == 0 for one in again.json["portals"])
    assert count(place, "SELECT count(*) FROM catalog_revision") == sum(HELD.values())
    assert run("index", "--json").json["differing"] == []


def test_back_to_what_it_was(filled: Run, place: dict[str, str], tmp_path: Path) -> None:
    """What happened since the backup is gone, also from what was derived of it."""
    kept = filled("backup", tmp_path, "--json").json
    assert Path(kept["file"]).parent == tmp_path
    assert filled("harvest", "boston", "--replay", PREVIOUS / "recordings", "--at", "2026-10-01").code == 0
    assert count(place, "SELECT count(*) FROM catalog_dataset") == 40
    refused = filled("restore", kept["file"])
    assert refused.code == 2
    assert "Say --force" in refused.err
    assert count(place, "SELECT count(*) FROM catalog_dataset") == 40
    assert filled("restore", kept["file"], "--force").code == 0
    assert count(place, "SELECT count(*) FROM catalog_dataset") == 38
    assert filled("index", "--json").json["differing"] == []
    home = Path(place["COMMONGROUND_HOME"])
    marks = [path.name for path in (home / "search").iterdir()]
    assert len(marks) == 1
    assert marks != [kept["mark"]]
    assert not list(home.glob(".commonground-*"))
    assert not list(home.glob("*before*"))
    if url := place.get("DATABASE_URL"):
        with psycopg.connect(url) as server:
            found = server.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'commonground%'").fetchall()
        assert found == []


def test_a_failed_restore_leaves_everything(filled: Run, place: dict[str, str], tmp_path: Path) -> None:
    """The archive is whole, but the state in it does not prove itself: its manifest tells of a row too many."""
    file = Path(filled("backup", tmp_path / "kept.tar.gz", "--json").json["file"])
    with tarfile.open(file) as tar:
        tar.extractall(tmp_path / "in", filter="data")
    manifest = json.loads((tmp_path / "in/manifest.json").read_text())
    manifest["counts"]["catalog_dataset"] += 1
    (tmp_path / "in/manifest.json").write_text(json.dumps(manifest))
    with tarfile.open(tmp_path / "forged.tar.gz", "w:gz") as tar:
        for name in ("manifest.json", *(one["name"] for one in manifest["files"])):
            tar.add(tmp_path / "in" / name, name)
    assert filled("harvest", "boston", "--replay", PREVIOUS / "recordings", "--at", "2026-10-01").code == 0
    before = standing(place)
    told = filled("restore", tmp_path / "forged.tar.gz", "--force")
    assert told.code == 21
    assert "catalog_dataset has other rows than the backup says" in told.err
    assert count(place, "SELECT count(*) FROM catalog_dataset") == 40
    assert filled("index", "--json").json["differing"] == []
    assert standing(place) == before


def test_not_under_a_living_process(filled: Run, place: dict[str, str], tmp_path: Path) -> None:
    file = filled("backup", tmp_path / "kept.tar.gz", "--json").json["file"]
    settings = environment(Path(place["COMMONGROUND_HOME"]), **place)
    with subprocess.Popen([COMMAND, "work"], env=settings, stderr=subprocess.PIPE, text=True) as worker:
        owners = Path(place["COMMONGROUND_HOME"]) / "owners"
        known = set(owners.iterdir())
        until = time.monotonic() + 30
        while set(owners.iterdir()) == known:
            assert time.monotonic() < until
            time.sleep(0.05)
        refused = filled("restore", file, "--force")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=30) == 0
    assert refused.code == 2
    assert "1 process of this home still runs" in refused.err
    assert filled("restore", file, "--force").code == 0
    if url := place.get("DATABASE_URL"):
        with psycopg.connect(url):
            elsewhere = filled("restore", file, "--force")
        assert elsewhere.code == 2
        assert "1 other connections use this database" in elsewhere.err


def test_what_killed_ones_left_goes_with_the_next(filled: Run, place: dict[str, str], tmp_path: Path) -> None:
    """As large as the catalog each, it would fill the disk night after night."""
    assert filled("backup", tmp_path / "kept.tar.gz").code == 0
    home, before = Path(place["COMMONGROUND_HOME"]), standing(place)
    left, others, young = (home / f"{STAGE}1", home / f"{STAGE}2", home / f"{STAGE}3")
    demonstration = home / ".commonground-demo"
    for one in (left, others, young, demonstration):
        one.mkdir()
        (one / "database").write_bytes(b"0" * 1000)
        if one != young:
            os.utime(one, (1, 1))
    handle = os.open(others, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # a process that lives
        assert filled("restore", tmp_path / "kept.tar.gz", "--force").code == 0
        assert standing(place) == {*before, others.name, young.name, demonstration.name}
    finally:
        os.close(handle)


def test_the_other_kind_of_database(filled: Run, place: dict[str, str], tmp_path: Path) -> None:
    file = Path(filled("backup", tmp_path / "kept.tar.gz", "--json").json["file"])
    url = "" if "DATABASE_URL" in place else "postgresql://nobody@127.0.0.1:9/none"
    told = filled("restore", file, "--force", DATABASE_URL=url)
    assert told.code == 21
    assert ("is of postgresql" if "DATABASE_URL" in place else "is of sqlite") in told.err


def test_a_damaged_home_can_be_restored(filled: Run, place: dict[str, str], tmp_path: Path) -> None:
    """The usual reason to restore."""
    file = filled("backup", tmp_path / "kept.tar.gz", "--json").json["file"]
    if "DATABASE_URL" in place:
        with psycopg.connect(place["DATABASE_URL"]) as server:
            server.execute("DROP TABLE catalog_finding, django_migrations CASCADE")
    else:
        path = Path(place["COMMONGROUND_HOME"]) / "commonground.sqlite3"
        path.write_bytes(b"garbage" * 1000)
        assert filled("restore", file).code == 2
    assert filled("restore", file, "--force").code == 0
    assert count(place, "SELECT count(*) FROM catalog_dataset") == 38


def test_mistakes_are_told(filled: Run) -> None:
    for words, code, said in (
        (["backup", "/none/such/file.tar.gz"], 2, "There is no folder /none/such"),
        (["backup", sys.executable], 2, "exists"),
        (["backup", "/proc/backup.tar.gz"], 5, "/proc"),
        (["restore", "/none/such.tar.gz"], 2, "There is no backup /none/such.tar.gz"),
        (["restore", __file__], 21, "cannot be restored"),
    ):
        told = filled(*words)
        assert (told.code, told.out) == (code, "")
        assert said in told.err


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_without_programs_of_postgresql(filled: Run, tmp_path: Path) -> None:
    told = filled("backup", tmp_path / "kept.tar.gz", PATH=str(tmp_path))
    assert told.code == 5
    assert "pg_dump is not installed" in told.err
    assert list(tmp_path.glob("*.gz")) == []
