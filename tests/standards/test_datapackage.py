"""Standards and tables as Frictionless descriptors, held against the published profiles."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from commonground.standards import files
from commonground.standards.datapackage import FORMATS, Edition, Origin, Resource, Terms, datapackage, table_schema
from commonground.standards.model import Standard
from commonground.words import License
from tests.standards.trees import write


def profile(recordings: Path, name: str) -> Any:
    return json.loads((recordings / f"schemas/frictionless/2.0/{name}.json").read_text(encoding="utf-8"))


def check(document: Any, schema: Any) -> None:
    jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)


@pytest.mark.parametrize("name", [*sorted(files.standards()), "trees"])
def test_a_table_schema_says_all_that_the_standard_says(folder: Path, name: str) -> None:
    known = files.standard(name, folder=folder)
    schema = table_schema(known)
    path = write(folder, json.loads(json.dumps(schema)))
    assert files.read(path) == known


@pytest.mark.parametrize("name", sorted(files.standards()))
def test_a_table_schema_keeps_the_profile(recordings: Path, name: str) -> None:
    check(table_schema(files.standard(name)), profile(recordings, "tableschema"))


def test_bounds_of_an_integer_are_whole_numbers(folder: Path) -> None:
    known = files.standard("trees", folder=folder)
    assert json.dumps(table_schema(known)["fields"][6]["constraints"]) == '{"minimum": 0, "maximum": 400}'
    assert "constraints" not in table_schema(known)["fields"][2]


TERMS = (
    Terms(
        "chicago",
        "Chicago",
        (License("City of Chicago terms", url="https://data.cityofchicago.org/terms"),),
        "Chicago.",
    ),
    Terms("seattle", "Seattle", (License("Public Domain", "PDDL-1.0", "https://opendatacommons.org/licenses/pddl/"),)),
    Terms("washington_dc", "Washington DC", (License("CC BY 4.0", "CC-BY-4.0"),)),
    Terms(
        "boston",
        "Boston",
        (License("Open Data Commons PDDL", "PDDL-1.0", "https://opendatacommons.org/licenses/pddl/"),),
    ),
    Terms("new_york", "New York", url="https://opendata.cityofnewyork.us/overview/#termsofuse"),
)


def package(known: Standard) -> dict[str, Any]:
    resources = [
        Resource("trees", "trees.parquet", "parquet", bytes=10, hash="sha256:00ff", rows=0),
        Resource("trees-chicago", "https://example.org/tables/trees.csv?city=chicago", "csv", city="chicago", rows=3),
    ]
    origins = [
        Origin("Trees", "https://data.cityofchicago.org/d/abcd-1234", "data@cityofchicago.org", "7"),
        Origin("X"),
    ]
    created = datetime(2026, 10, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-5)))
    edition = Edition("1.0.0+build.7", created, "https://example.org/tables/trees")
    return datapackage(known, resources, TERMS, origins, edition)


def test_a_package_keeps_the_profile(recordings: Path, folder: Path) -> None:
    document = json.loads(json.dumps(package(files.standard("trees", folder=folder))))
    check(document, profile(recordings, "datapackage"))
    for one in document["resources"]:
        check(one, profile(recordings, "dataresource"))
        check(one["schema"], profile(recordings, "tableschema"))


def test_a_package_names_each_license_and_puts_none_into_a_mouth(folder: Path) -> None:
    document = package(files.standard("trees", folder=folder))
    assert [one.get("name") for one in document["licenses"]] == [None, "PDDL-1.0", "CC-BY-4.0", "PDDL-1.0"]
    assert document["licenses"][0]["path"] == "https://data.cityofchicago.org/terms"
    by_city = {one["city"]: one for one in document["cities"]}
    assert by_city["new_york"]["license"] is None
    assert by_city["new_york"]["terms"] == "https://opendata.cityofnewyork.us/overview/#termsofuse"
    assert by_city["chicago"]["attribution"] == "Chicago."
    assert [one["title"] for one in document["resources"][1]["licenses"]] == ["City of Chicago terms (Chicago)"]


def test_a_package_says_when_in_utc_how_many_and_that_values_may_be_unmapped(folder: Path) -> None:
    document = package(files.standard("trees", folder=folder))
    assert document["created"] == datetime(2026, 10, 2, 8, 4, 5, tzinfo=UTC).isoformat().replace("+00:00", "Z")
    assert [one["rows"] for one in document["resources"]] == [0, 3]
    assert document["resources"][0]["mediatype"] == FORMATS["parquet"]
    codes = document["resources"][0]["schema"]["codelists"]["species"]["codes"]
    assert [one["code"] for one in codes] == ["oak", "maple", "pine", "unmapped"]
