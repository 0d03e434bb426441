"""Every command through a real process: what it prints, where, and its exit code."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Run, environment

KANSAS_CITY = """
name = "Kansas City"
short = "KC"
state = "MO"
timezone = "America/Chicago"
fips = "2938000"
latitude = 39.0997
longitude = -94.5786
languages = ["en"]
website = "https://www.kcmo.gov"
[population]
count = 508_090
year = 2020
source = "U.S. Census Bureau, 2020 Decennial Census, table P1"
[extent]
west = -94.77
south = 38.83
east = -94.38
north = 39.36
[contact]
name = "Open Data KC"
[[portals]]
slug = "kansas-city"
name = "Open Data KC"
url = "https://data.kcmo.org"
protocol = "socrata"
"""


@pytest.mark.whole
def test_reading_what_was_gathered(replayed: Run) -> None:
    found = replayed("search", "building", "permits", "--limit", "3", "--json")
    assert (found.code, found.err) == (0, "")
    assert found.json["total"] >= 3
    assert len(found.json["results"]) == 3
    best = found.json["results"][0]
    assert {"id", "city", "portal", "host", "native_id", "title", "kind", "columns", "score"} <= best.keys()
    assert {"name", "field", "type"} <= best["columns"][0].keys()
    only = replayed("search", "permits", "--city", "boston", "--json").json
    assert {one["city"] for one in only["results"]} == {"boston"}

    by_id = replayed("show", "chicago/ydr8-5enu", "--json").json
    by_host = replayed("show", "data.cityofchicago.org/ydr8-5enu", "--json").json
    assert by_id == by_host
    assert (by_id["id"], by_id["title"], by_id["host"]) == (
        "chicago/ydr8-5enu",
        "Building Permits",
        "data.cityofchicago.org",
    )
    assert "T" in by_id["first_seen"]
    assert replayed("show", "DATA.CityOfChicago.org/ydr8-5enu").code == 0
    raw = replayed("show", "chicago/ydr8-5enu", "--raw").json
    assert raw["resource"]["id"] == "ydr8-5enu"
    assert "owner" not in raw

    status = replayed("status", "--json").json
    rows = {one["portal"]: one for one in status["portals"]}
    assert (rows["seattle"]["held"], rows["seattle"]["outcome"], rows["new-york"]["outcome"]) == (
        982,
        "complete",
        "never",
    )
    assert status["index"]["generation"] == status["index"]["newest"]
    cities = replayed("cities", "--json").json["cities"]
    assert [one["slug"] for one in cities] == sorted(one["slug"] for one in cities)
    assert len(cities) == 7
    findings = replayed("findings", "seattle", "--code", "duplicate-id", "--severity", "warning", "--json").json
    (double,) = findings["findings"]
    assert replayed("findings", "--dataset", f"data.seattle.gov/{double['sample']}", "--json").json["total"] >= 1
    assert replayed("findings", "--state", "closed", "--json").json == {"total": 0, "findings": []}
    (links,) = replayed("links", "chicago", "--json").json["portals"]
    assert (links["asked"], links["left"], links["unrecorded"]) == (0, 0, links["named"]), "nothing leaves the machine"
    assert links["named"] > 588
    compared = replayed("index", "--json")
    assert (compared.code, compared.json["differing"]) == (0, [])
    assert compared.json["database"] == compared.json["indexed"] == 118 + 588 + 982 + 905


@pytest.mark.whole
def test_tables_for_people(replayed: Run) -> None:
    """Piped, a table is lines of fields between tabs; talk goes to stderr."""
    for command in (["search", "trees"], ["status"], ["cities"], ["findings"]):
        told = replayed(*command)
        assert told.code == 0
        lines = told.out.splitlines()
        assert len(lines) > 1
        assert len({line.count("\t") for line in lines}) == 1, command
    assert "data sets" in replayed("search", "trees").err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "chicago/none-such"], 3, "commonground search finds them"),
        (["show", "nowhere"], 3, "Ids look like"),
        (["harvest", "atlantis"], 3, "Known: boston"),
        (["findings", "atlantis"], 3, "Known: boston"),
        (["findings", "--code", "bogus"], 2, "No kind of finding “bogus”"),
        (["findings", "--dataset", "chicago/none"], 3, "Ids look like"),
        (["links", "atlantis"], 3, "Known: boston"),
        (["harvest", "--replay", "/none/such"], 3, "Name a folder of recordings"),
        (["harvest", "--replay", "tests"], 3, "No recordings in tests"),
        (["replay", "/none/such"], 3, "Name a folder of recordings"),
        (["harvest", "--cities", "/none/such"], 3, "Name a folder of city files"),
        (["harvest", "--at", "2022-07-23"], 2, "--at goes with --replay"),
        (["harvest", "--replay", "x", "--record", "y"], 2, "does not go with --replay"),
        (["harvest", "--at", "yesterday", "--replay", "x"], 2, "does not match"),
        (["harvest", "--bogus"], 2, "No such option"),
        (["bogus"], 2, "No such command"),
        (["search", "x", "--order", "colour"], 2, "commonground search --help"),
        (["search", "x", "--limit", "0"], 2, "--limit"),
    ],
)
def test_mistakes_are_told_with_a_way_on(replayed: Run, arguments: list[str], code: int, said: str) -> None:
    told = replayed(*arguments)
    assert (told.code, told.out) == (code, "")
    assert said in told.err


def test_what_is_no_text_is_told_as_that(run: Run) -> None:
    told = run("show", "\udcff")  # a byte of another encoding, as the shell hands it over
    assert (told.code, told.out) == (2, "")
    assert "is not written in UTF-8" in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("name", "value", "code", "said"),
    [
        ("DATABASE_URL", "bogus", 5, "DATABASE_URL"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", 5, "Check DATABASE_URL"),
        ("COMMONGROUND_DEBUG", "maybe", 5, "Set it to 1 or 0"),
        ("COMMONGROUND_REMOVAL_SHARE", "10", 5, "a number from 0 to 1"),  # meant as percent, it would believe anything
        ("COMMONGROUND_GRACE_DAYS", "9999999", 5, "a number from 0 to 36500"),  # beyond the calendar
        ("COMMONGROUND_HOME", "/dev/null/home", 5, "COMMONGROUND_HOME"),
        ("COMMONGROUND_CITIES", "/none/such", 3, "Name a folder of city files"),
    ],
)
def test_wrong_settings_are_told(run: Run, name: str, value: str, code: int, said: str) -> None:
    told = run("status", **{name: value})
    assert (told.code, told.out) == (code, "")
    assert said in told.err


def test_a_city_of_ones_own(run: Run, tmp_path: Path, recordings: Path) -> None:
    """Folders of cities without a file are skipped and told; `--cities` names one; later its data is still there."""
    skipped = run("harvest", "chicago", "--replay", recordings / "replay", "--json")
    assert skipped.code == 0
    assert [one["portal"] for one in skipped.json["portals"]] == ["chicago"]
    assert "Skipped recordings of cambridge: no city of that name" in skipped.err
    assert "Skipped recordings of kansas_city" in skipped.err
    (tmp_path / "cities").mkdir()
    (tmp_path / "cities" / "kansas_city.toml").write_text(KANSAS_CITY)
    own = run("harvest", "kansas_city", "--replay", recordings / "replay", "--cities", tmp_path / "cities", "--json")
    assert own.code == 0, own.err
    [form] = own.json["portals"]
    assert (form["city"], form["portal"], form["held"], form["declared"]) == ("kansas_city", "kansas-city", 150, 150)
    assert "Skipped recordings of kansas_city" not in own.err
    assert "Skipped recordings of cambridge" in own.err
    found = run("search", "--city", "kansas_city", "--json").json["results"][0]
    assert found["host"] == "data.kcmo.org"
    assert run("show", f"data.kcmo.org/{found['native_id']}", "--json").json["id"] == found["id"]
    rows = {one["portal"]: one for one in run("status", "--json").json["portals"]}
    assert rows["kansas-city"]["held"] == 150
    (tmp_path / "cities" / "kansas_city.toml").write_text(KANSAS_CITY.replace('short = "KC"', 'shirt = "KC"'))
    wrong = run("cities", COMMONGROUND_CITIES=str(tmp_path / "cities"))
    assert wrong.code == 5
    assert "kansas_city.toml: shirt is no key of a city file. Did you mean “short”?" in wrong.err


@pytest.mark.whole
def test_at_a_day(run: Run, recordings: Path) -> None:
    told = run("harvest", "chicago", "new_york", "--replay", recordings, "--at", "2020-07-22", "--json")
    [form] = told.json["portals"]
    assert (form["portal"], form["recorded"], form["held"], form["missing"]) == ("chicago", "2020-07-22", 801, 0)
    assert "Skipped new-york: no recording of data.cityofnewyork.us by 2020-07-22." in told.err
    before = run("harvest", "chicago", "--replay", recordings, "--at", "1999-01-01", "--json")
    assert (before.code, before.json) == (0, {"portals": []})
    assert run("status", "--json").json["portals"]
    again = run("harvest", "chicago", "--replay", recordings, "--at", "2020-07-30")
    assert again.out.splitlines()[1].split("\t")[:8] == ["chicago", "complete", "", "801", "801", "0", "0", "801"]
    refused = run("harvest", "chicago", COMMONGROUND_ALLOW_PRIVATE="1")
    assert (refused.code, refused.out) == (4, "")
    assert "This home holds a replay harvest" in refused.err
    assert "Set COMMONGROUND_HOME" in refused.err


@pytest.mark.whole
def test_a_live_harvest_recorded_and_replayed(tmp_path: Path, recordings: Path) -> None:
    """A live portal (our own replay, found by its address alone) is recorded; the recording gives the same data sets."""
    from tests.cli.conftest import runner

    live, copy = runner(tmp_path / "live"), runner(tmp_path / "copy")
    serving = subprocess.Popen(
        [COMMAND, "replay", recordings / "portals", "--port", "0", "--json", "--at", "2022-07-23"],
        env=environment(tmp_path / "none"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert serving.stdout
        text = ""
        for line in serving.stdout:
            text += line
            if line == "}\n":
                break
        import json

        urls = {one["host"]: one["url"] for one in json.loads(text)["portals"]}
        folder = tmp_path / "cities"
        folder.mkdir()
        toml = KANSAS_CITY.replace("https://data.kcmo.org", urls["data.boston.gov"]).replace('"socrata"', '"ckan"')
        (folder / "kansas_city.toml").write_text(toml)
        cities = {"COMMONGROUND_CITIES": str(folder)}
        refused = live("harvest", "kansas-city", "--json", **cities)
        assert refused.code == 10
        assert "private address 127.0.0.1" in refused.json["portals"][0]["error"]
        assert refused.json["portals"][0]["outcome"] == "failed"
        told = live(
            "harvest", "kansas-city", "--json", "--record", tmp_path / "kept", COMMONGROUND_ALLOW_PRIVATE="1", **cities
        )
        assert told.code == 0, told.err
        assert told.json["portals"][0]["held"] == 118
        assert "Recorded " in told.err
    finally:
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(timeout=20) == 0
    [kept] = (tmp_path / "kept").rglob("*.gz")
    assert kept.name.endswith(".ckan.jsonl.gz")
    told = copy("harvest", "kansas-city", "--replay", tmp_path / "kept", "--json", **cities)
    assert told.code == 0, told.err
    assert told.json["portals"][0]["held"] == 118
    everything = ("search", "--limit", "1000", "--json")
    one, other = live(*everything, **cities).json, copy(*everything, **cities).json
    assert one["total"] == other["total"] == 118
    times = {"first_seen", "last_changed", "score"}

    def said(form: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in form.items() if name not in times}

    assert sorted(map(repr, map(said, one["results"]))) == sorted(map(repr, map(said, other["results"])))
    assert live("harvest", "kansas-city", "--replay", tmp_path / "kept", **cities).code == 4


def test_a_broken_recording_names_its_file(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "kept" / "chicago" / "data.cityofchicago.org"
    folder.mkdir(parents=True)
    path = folder / "2024-01-01.socrata.jsonl.gz"
    for content in (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03ruined", b"no gzip", b""):
        path.write_bytes(content)
        told = run("harvest", "--replay", tmp_path / "kept")
        if content:
            assert (told.code, told.out) == (13, "")
            assert str(path) in told.err
    (folder / "2024-13-01.socrata.jsonl.gz").write_bytes(b"")
    told = run("harvest", "--replay", tmp_path / "kept")
    assert told.code == 5
    assert "Use YYYY-MM-DD" in told.err


def test_a_taken_port_is_told(run: Run, recordings: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = run("replay", recordings / "portals", "--port", str(taken.getsockname()[1]))
    assert (told.code, told.out) == (2, "")
    assert "port" in told.err.lower()


def test_help_and_version(run: Run) -> None:
    told = run("--help")
    for name in (
        "demo",
        "harvest",
        "replay",
        "search",
        "show",
        "status",
        "cities",
        "findings",
        "links",
        "serve",
        "work",
        "index",
    ):
        assert name in told.out
        assert "Example: commonground" in run(name, "--help").out
    assert run("--version").out.strip().count(".") == 2
    assert run().code == 2


def test_two_first_commands_at_once(tmp_path: Path) -> None:
    """Any command on an empty home creates and migrates it, also when several come at once."""
    commands = [
        subprocess.Popen(
            [COMMAND, "cities", "--json"],
            env=environment(tmp_path / "home"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    told = [one.communicate(timeout=120) for one in commands]
    assert [one.returncode for one in commands] == [0, 0, 0], told
