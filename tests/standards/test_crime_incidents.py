"""Crime incidents: the code lists agree with NIBRS, and the crosswalks know every file and value that was recorded."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from commonground.standards.crosswalk import Crosswalk, Expression, Vintage
from commonground.standards.files import crosswalk, crosswalks, standard
from tests.standards.fidelity import draw

NAME = "crime_incidents"
CITIES = ("boston", "chicago", "los_angeles", "new_york", "san_francisco", "seattle", "washington_dc")
AGAINST = {
    "Person": "person",
    "Property": "property",
    "Society": "society",
    "Any": "any",
    "Not a crime": "not_a_crime",
}
OWN_WORDS = {"90Z": {"other", "driving", "sexual_offense"}}
"""NIBRS puts all that it does not name under 90Z; there the city's words decide the category."""


def test_all_seven_cities_have_a_crosswalk() -> None:
    assert tuple(one.city for one in crosswalks(NAME)) == CITIES


@pytest.mark.parametrize("city", CITIES)
def test_what_an_offense_is_against_follows_from_its_code(city: str) -> None:
    groups = {one.code: one.group for one in standard(NAME).codelists["nibrs"].codes}
    codes = crosswalk(NAME, city).codes
    wrong = {
        word: (code, codes["crime_against"].get(word))
        for word, code in codes["offense"].items()
        if codes["crime_against"].get(word) != AGAINST[groups[code]]
    }
    assert not wrong


def test_one_code_has_one_category_in_every_city() -> None:
    found: dict[str, set[str]] = {}
    for one in crosswalks(NAME):
        for word, code in one.codes["offense"].items():
            found.setdefault(code, set()).add(one.codes["category"][word])
    assert {code: some for code, some in found.items() if some - OWN_WORDS.get(code, set()) and len(some) > 1} == {}
    assert found["90Z"] == OWN_WORDS["90Z"]


def test_no_field_names_a_person_or_a_home() -> None:
    names = " ".join(standard(NAME).named)
    assert not any(word in names for word in ("victim", "suspect", "name", "phone", "age", "race", "sex", "house"))


@pytest.mark.recordings
def test_the_list_of_offenses_is_that_of_nibrs(recordings: Path) -> None:
    with (recordings / "standards/nibrs-offense-codes.csv").open(encoding="utf-8", newline="") as lines:
        given = {one["code"]: one["crime_against"] for one in csv.DictReader(lines)}
    ours = {one.code: one.group for one in standard(NAME).codelists["nibrs"].codes}
    assert ours.pop("999") == "Not a crime"
    assert ours == {code: "Any" if "Or" in against else against for code, against in given.items()}


@pytest.mark.recordings
def test_every_recorded_file_has_its_vintage_with_all_columns(recordings: Path) -> None:
    missing = {}
    for city, path in _files(recordings):
        columns = set(_rows(recordings, path)[0])
        fitting = crosswalk(NAME, city).vintage(columns)
        assert fitting, path
        missing[path] = _lacking(fitting, columns)
    assert not {path: some for path, some in missing.items() if some}


@pytest.mark.recordings
@pytest.mark.parametrize("key", [0, 1], ids=["columns of files", "columns of the API"])
def test_columns_of_todays_portals_have_a_vintage(recordings: Path, key: int) -> None:
    told = json.loads((recordings / "g7-core-datasets.json").read_text("utf-8"))
    # CKAN, which Boston has, tells names only.
    crime = [one for one in told if one["subject"] == "crime" and (key == 0 or one["city"] != "boston")]
    assert len(crime) >= 8
    for one in crime:
        columns = {(column["name"], column["field"])[key].strip() for column in one["columns"]}
        fitting = crosswalk(NAME, one["city"]).vintage(columns)
        assert fitting, (one["city"], one["name"])
        assert not _lacking(fitting, columns), one["name"]


@pytest.mark.recordings
@pytest.mark.parametrize("city", CITIES)
def test_hardly_a_recorded_value_is_unmapped(recordings: Path, city: str) -> None:
    """Below 2 % where the city publishes the column; at the time of writing it is none."""
    found = crosswalk(NAME, city)
    lost, total = Counter[str](), Counter[str]()
    for path in [path for one, path in _files(recordings) if one == city]:
        rows = _rows(recordings, path)
        fitting = found.vintage(set(rows[0]))
        assert fitting
        for name, expression in fitting.fields.items():
            if expression.codes:
                known = {word.casefold() for word in found.codes[expression.codes]}
                for values, times in _values(expression, rows, found).items():
                    total[name] += times
                    lost[name] += 0 if known.intersection(values) else times
    assert total["offense"] > 0
    assert {name: lost[name] / total[name] for name in total if lost[name] > 0.02 * total[name]} == {}


def _files(recordings: Path) -> Iterator[tuple[str, str]]:
    for city, paths in draw.files(recordings / "rows", NAME, ()).items():
        yield from ((city, path) for path in paths)


@cache
def _rows(recordings: Path, path: str) -> list[dict[str, str]]:
    return [row for row in draw.read(recordings / "rows" / f"{path}.gz") if row]


def _values(expression: Expression, rows: list[dict[str, str]], found: Crosswalk) -> Counter[tuple[str, ...]]:
    """What a coded field may be looked up by, as a list of codes compares it, and how often; rows without left out."""
    columns = tuple(expression.columns())
    counted: Counter[tuple[str, ...]] = Counter()
    for given, times in Counter(tuple(row.get(column, "") for column in columns) for row in rows).items():
        stripped = (value.strip() for value in given)
        if some := tuple(value.casefold() for value in stripped if value and value not in found.nothing):
            counted[some] += times
    return counted


def _lacking(vintage: Vintage, columns: set[str]) -> set[str]:
    """Columns that a vintage reads and that are not there; of `first` any one suffices."""
    needed = {column for way in vintage.place for column in way.columns()}
    numbers = range(1, vintage.repeat.upto + 1) if vintage.repeat else (0,)
    for expression in (one.numbered(n) for one in vintage.fields.values() for n in numbers):
        if not expression.first or not columns.intersection(expression.columns()):
            needed.update(expression.columns())
    return needed - columns
