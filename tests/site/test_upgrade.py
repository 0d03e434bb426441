"""A home of the version before: the first command brings it up to date, and everything in it is still there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run, environment
from tests.site.conftest import PREVIOUS


@pytest.fixture
def old(run: Run, place: dict[str, str]) -> Run:
    """Version 0.1.0 read Boston twice: 40 data sets, then 38, of which one has another title."""
    program = Path(__file__).with_name("older.py")
    settings = environment(Path(place["COMMONGROUND_HOME"]), **place)
    subprocess.run([sys.executable, program], env=settings, check=True)
    return run


def test_all_is_there(old: Run) -> None:
    rows = {one["portal"]: one for one in old("status", "--json").json["portals"]}
    assert (rows["boston"]["held"], rows["boston"]["outcome"]) == (38, "complete")
    best = old("search", "revised", "--json").json["results"][0]
    assert best["title"].endswith(", revised")
    shown = old("show", best["id"], "--json").json
    assert shown["title"] == best["title"]
    assert old("show", best["id"], "--raw").json["title"] == best["title"]
    compared = old("index", "--json")
    assert compared.code == 0
    assert (compared.json["database"], compared.json["differing"]) == (40, [])


def test_the_same_listing_changes_nothing(old: Run) -> None:
    before = old("index", "--json")
    assert before.code in {0, 20}  # the index is made by whoever asks first
    told = old("harvest", "boston", "--replay", PREVIOUS / "recordings", "--json")
    assert told.code == 0, told.err
    [form] = told.json["portals"]
    counts = {name: form[name] for name in ("seen", "added", "changed", "unchanged", "missing", "returned")}
    assert counts == {"seen": 38, "added": 0, "changed": 0, "unchanged": 38, "missing": 0, "returned": 0}
    back = old("harvest", "boston", "--replay", PREVIOUS / "recordings", "--at", "2026-10-01", "--json")
    [form] = back.json["portals"]
    assert (form["seen"], form["added"], form["changed"], form["returned"]) == (40, 0, 1, 2)
    assert old("index", "--json").json["differing"] == []


def test_its_backup_can_be_restored(old: Run, tmp_path: Path) -> None:
    """A backup made before anything migrated holds the old schema; restored, it is brought up to date."""
    kept = old("backup", tmp_path / "old.tar.gz", "--json")
    assert kept.code == 0, kept.err
    assert "catalog.0002_trust" not in kept.json["migrations"]
    restored = old("restore", tmp_path / "old.tar.gz", "--force", "--json")
    assert restored.code == 0, restored.err
    assert old("index", "--json").json == {
        "database": 40,
        "indexed": 40,
        "differing": [],
        "generation": kept.json["generation"],
        "newest": kept.json["generation"],
        "documents": 40,
    }


def test_a_newer_schema_is_left_alone(old: Run, tmp_path: Path) -> None:
    """As after going back to an older version: nothing is done to a database that it does not understand."""
    assert old("status").code == 0
    newer = 'from django.db import connection as c; c.cursor().execute("{}")'
    statement = "INSERT INTO django_migrations (app, name, applied) VALUES ('catalog', '9999_newer', '2030-01-01')"
    assert old("manage", "shell", "-v0", "-c", newer.format(statement)).code == 0
    told = old("status")
    assert told.code == 5
    assert "A newer version of Common Ground made this database: it has catalog 9999_newer." in told.err
    kept = old("backup", tmp_path / "newer.tar.gz")
    assert kept.code == 0, kept.err
    refused = old("restore", tmp_path / "newer.tar.gz", "--force")
    assert refused.code == 21
    assert "which is newer: it has catalog.9999_newer" in refused.err
