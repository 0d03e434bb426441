"""`commonground standards`, through the door: a process of its own for talk and exit codes, else the commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from commonground.cli.app import app
from commonground.standards import files
from tests.cli.conftest import runner
from tests.conftest import REPOSITORY
from tests.standards.trees import CHICAGO, draw, field, trees, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    content = {**trees(), "version": "1.1.0"}
    write(tmp_path, trees())
    content["fields"].append(field("girth", "number"))
    write(tmp_path, content)
    draw(tmp_path, CHICAGO)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["standards", *words], catch_exceptions=False)


def answer(*words: str) -> Any:
    told = run(*words, "--json")
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def test_every_standard_is_listed() -> None:
    forms = answer("list")["standards"]
    assert [one["name"] for one in forms] == list(files.standards())
    (permits,) = [one for one in forms if one["name"] == "building_permits"]
    assert (permits["grain"], permits["versions"][-1]) == ("one permit", permits["version"])
    assert run("list").stdout.splitlines()[0] == "name\tversion\tgrain\tfields\tcities"


def test_a_folder_adds_to_the_list(folder: Path) -> None:
    (found,) = [one for one in answer("list", "--folder", str(folder))["standards"] if one["name"] == "trees"]
    assert (found["versions"], found["fields"], found["cities"]) == (["1.0.0", "1.1.0"], 12, ["chicago"])


def test_a_standard_is_shown_as_a_table_schema_and_for_people(folder: Path) -> None:
    schema = answer("show", "trees", "--folder", str(folder))
    assert (schema["version"], len(schema["fields"]), schema["primaryKey"]) == ("1.1.0", 12, ["city", "tree_id"])
    older = answer("show", "trees", "--version", "1.0.0", "--folder", str(folder))
    assert len(older["fields"]) == 11
    told = run("show", "trees", "--folder", str(folder))
    assert "height\tnumber\tfeet\t\tThe height." in told.stdout
    assert "oak\tOak\tBroad-leaved" in told.stdout
    assert "Trees, version 1.1.0: one row is one tree." in told.stderr


def test_versions_are_compared(folder: Path) -> None:
    form = answer("diff", "trees", "1.0.0", "1.1.0", "--folder", str(folder))
    assert (form["expected"], form["misnumbered"]) == ("minor", None)
    told = run("diff", "trees", "1.1.0", "1.0.0", "--folder", str(folder))
    assert "major\tgirth is no field any more.\tEvery row loses girth." in told.stdout
    assert "Number it 2.0.0." in told.stderr
    assert "Nothing differs." in run("diff", "trees", "1.0.0", "1.0.0", "--folder", str(folder)).stderr


def test_crosswalks_say_what_nothing_makes(folder: Path) -> None:
    (found,) = answer("crosswalks", "--standard", "trees", "--folder", str(folder))["crosswalks"]
    assert (found["city"], found["version"], found["newest"]) == ("chicago", "1.0.0", False)
    assert found["unmade"] == ["felled_at", "alive", "note"]
    assert (found["sources"], found["vintages"]) == (["chicago/abcd-1234"], ["since 2018", "before"])


def test_what_is_wrong_is_told_with_an_exit_code(folder: Path, tmp_path: Path) -> None:
    told = runner(tmp_path / "home")("standards", "show", "building_permit")
    assert (told.code, "Did you mean “building_permits”?" in told.err) == (3, True)
    draw(folder, CHICAGO.replace('"maple"', '"mapel"'))
    told = runner(tmp_path / "home")("standards", "crosswalks", "--folder", str(folder))
    assert (told.code, "Did you mean “maple”?" in told.err) == (5, True)
    assert not (tmp_path / "home").exists(), "nothing of a home is needed"


def test_a_city_of_this_installation_may_have_a_crosswalk(folder: Path, tmp_path: Path) -> None:
    draw(folder, CHICAGO.replace("chicago", "philadelphia"), city="philadelphia")
    words = ("standards", "crosswalks", "--standard", "trees", "--folder", str(folder), "--json")
    home = tmp_path / "home"
    assert "no city “philadelphia”" in runner(home)(*words).err
    examples = REPOSITORY / "docs/examples"
    told = runner(home)(*words, COMMONGROUND_CITIES=str(examples))
    assert (told.code, [one["city"] for one in told.json["crosswalks"]]) == (0, ["chicago", "philadelphia"])
