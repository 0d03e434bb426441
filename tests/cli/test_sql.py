"""`commonground sql` through a real process: what it prints and writes, and what it refuses."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Run, environment, runner

PUBLISH = """
import django; django.setup()
from django.utils import timezone
from commonground.standards import files
from commonground.tables.build.result import Built, Share
from commonground.tables.models import Build, Release
version = files.standard("building_permits").version
release = Release.objects.create(standard="building_permits", number=1, version=version, at=timezone.now())
result = Built("building_permits", "boston", raw=3, read=3, mapped=3)
result.remainder["permit_type"] = Share(given=4, lost=1)
rights = [{"source": "x", "title": "X", "license": "Public domain", "spdx": "", "license_url": "", "page": "",
    "attribution": "Boston"}]
release.builds.add(Build.objects.create(standard="building_permits", version=version, city="boston", crosswalk="x",
    revision=1, folder="tables/boston", made=timezone.now(), result=result.form(), rights=rights))
"""
COUNT = "select city, count(*) as n from building_permits group by city"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """On a home where three permits of Boston are published."""
    home = tmp_path_factory.mktemp("asked")
    run = runner(home)
    assert run("status", "--json").code == 0
    (home / "tables/boston").mkdir(parents=True)
    with duckdb.connect() as session:
        session.execute(
            "COPY (SELECT 'boston' AS city, 'B-' || i AS permit_id, 'building' AS permit_type,"
            " '=1+1' AS permit_type_raw, i AS _row, i AS _order, 0::UTINYINT AS _issues0 FROM range(3) t(i))"
            f" TO '{home}/tables/boston/rows.parquet' (FORMAT parquet)"
        )
    settings = {**environment(home), "DJANGO_SETTINGS_MODULE": "commonground.site.settings"}
    subprocess.run([sys.executable, "-c", PUBLISH], env=settings, check=True, timeout=60)
    return run


def test_answers_for_programs_and_for_people(asked: Run) -> None:
    told = asked("sql", COUNT, "--json")
    assert (told.code, told.err) == (0, "")
    assert told.json["rows"] == [{"city": "boston", "n": 3}]
    assert told.json["columns"] == [{"name": "city", "type": "string"}, {"name": "n", "type": "integer"}]
    assert told.json["truncated"] is False
    (table,) = told.json["tables"]
    assert (table["table"], table["release"], table["remainder"]) == ("building_permits", 1, {"boston": {}})
    asked_of = asked("sql", "select permit_type, city from building_permits limit 1", "--json").json["tables"]
    assert asked_of[0]["remainder"] == {"boston": {"permit_type": 0.25}}
    assert asked("sql", "select 1 as one", "--json").json["tables"] == []
    people = asked("sql", COUNT)
    assert people.out == "city\tn\nboston\t3\n"
    assert people.err.startswith("1 row, ")
    assert "building_permits, release 1: " in people.err
    assert "License: Public domain (boston)" in people.err
    half = asked("sql", "select permit_type from building_permits")
    assert "Could not be mapped, boston: permit_type 25.0%" in half.err
    described = asked("sql", "describe building_permits", "--json").json["rows"]
    assert [one["column_name"] for one in described] == ["city", "permit_id", "permit_type", "permit_type_raw", "_row"]
    cut = asked("sql", "from building_permits", "--limit", "2")
    assert (cut.out.count("\n"), "There are more" in cut.err) == (3, True)


def test_answers_in_files(asked: Run, tmp_path: Path) -> None:
    printed = asked("sql", "from building_permits order by permit_id", "--csv")
    assert [one["permit_type_raw"] for one in csv.DictReader(io.StringIO(printed.out))] == ["'=1+1"] * 3
    for name in ("rows.parquet", "rows.csv", "rows.arrow", "rows.json"):
        assert asked("sql", "from building_permits", "--output", tmp_path / name).code == 0
    assert pq.read_table(tmp_path / "rows.parquet").num_rows == 3
    assert pa.ipc.open_stream((tmp_path / "rows.arrow").read_bytes()).read_all().num_rows == 3
    before = (tmp_path / "rows.csv").read_bytes()
    refused = asked("sql", "select colour from building_permits", "--output", tmp_path / "rows.csv")
    assert (refused.code, (tmp_path / "rows.csv").read_bytes()) == (3, before)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["rows.arrow", "rows.csv", "rows.json", "rows.parquet"]


@pytest.mark.parametrize(
    ("question", "more", "code", "said"),
    [
        ("select * from permits", (), 3, "There is: building_permits."),
        ("drop view building_permits", (), 8, "Only SELECT is answered"),
        ("selec 1", (), 8, "\nselec 1\n^\n"),
        ("select count(*) as n from building_permits where end = 1", (), 8, 'it in double quotes, "end".'),
        ("select max(order) from building_permits", (), 8, "“order” is a word of SQL"),
        ("select now() at time zone 'Mars/X'", (), 8, "Unknown TimeZone 'Mars/X'."),
        ("select regexp_matches('a', '((a{100}){100}){100}')", (), 8, "A regular expression cannot be used: invalid"),
        ("select 1", ("--output", "rows.xlsx"), 2, "Let it end in .json, .csv, .arrow, .parquet."),
        ("select 1", ("--output", "/nowhere/rows.csv"), 2, "cannot be written"),
    ],
)
def test_refusals(asked: Run, question: str, more: tuple[str, ...], code: int, said: str) -> None:
    told = asked("sql", question, *more)
    assert (told.code, told.out) == (code, "")
    assert said in told.err


def test_nothing_is_published_yet(run: Run) -> None:
    told = run("sql", COUNT)
    assert told.code == 3
    assert "Nothing is published yet." in told.err


def test_a_mistyped_key_hides_nothing_and_says_so(asked: Run) -> None:
    told = asked("withdraw", "building_permits", "boston", "no-such-permit", "--by", "Boston", "--json")
    assert told.code == 3
    assert "nothing was hidden" in told.err
    ahead = asked("withdraw", "building_permits", "boston", "no-such-permit", "--by", "Boston", "--ahead", "--json")
    assert (ahead.code, ahead.json["builds"]) == (0, 0)


@pytest.mark.recordings
def test_a_build_that_could_read_nothing_fails(asked: Run, recordings: Path) -> None:
    told = asked("build", "building_permits", "--city", "boston", "--replay", recordings, "--json")
    assert told.code == 10, told.err
    assert "No rows could be read" in told.err
    assert told.json["tables"][0]["failed"]
    people = asked("build", "building_permits", "--city", "boston", "--replay", recordings)
    (line,) = csv.DictReader(io.StringIO(people.out), delimiter="\t")
    assert (line["read"], line["missing"]) == ("0", "")
    assert "was not read" in line["why not"]
