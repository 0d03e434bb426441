"""A crosswalk is checked against its standard and city when it is loaded, and against columns when rows are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from commonground.cities import cities
from commonground.errors import Misconfigured, NotFound
from commonground.standards import files
from commonground.standards.fitting import against
from tests.standards.trees import CHICAGO, draw

WRONG: list[tuple[str, str, str, str]] = [
    ("unknown field", 'tree_id = "ID"', 'tree_id = "ID"\nhight = "H"', r"fields.hight: trees@1.0.0 .* mean “height”"),
    ("the city", 'tree_id = "ID"', 'tree_id = "ID"\ncity = "C"', r"fields.city: the city is filled in by itself"),
    (
        "a place",
        'tree_id = "ID"',
        'tree_id = "ID"\nlatitude = "L"',
        r"fields.latitude: a place is made by \[\[place\]\]",
    ),
    ("no twin", 'species_raw = "Species"', "", r"vintages\[0\]: species is made without species_raw"),
    ("no key", 'tree_id = "ID"', "", r"vintages\[1\]: nothing makes tree_id, which no row may be without"),
    ("no such list", 'codes = "species" }', 'codes = "specis" }', r"no list \[codes.specis\]. Did you mean “species”"),
    (
        "unused list",
        "[codes.species]",
        '[codes.other]\n"a" = "oak"\n[codes.species]',
        r"codes.other: no expression uses it",
    ),
    ("unknown code", '= "maple"', '= "mapel"', r"chicago maps “MAPLE” to “mapel”, .* of species. Did you mean “maple”"),
    ("value twice", '"MAPLE" = "maple"', '"MAPLE" = "maple"\n" maple" = "oak"', r"stands twice, letter case aside"),
    ("no codes", 'column = "Species", codes = "species"', 'column = "Species"', r"a coded field needs `codes`"),
    (
        "no codes in first",
        '{ column = "Species", codes = "species" }',
        '{ first = [{ column = "A", codes = "species" }, "B"] }',
        r"fields.species.first\[1\]: a coded field needs `codes`",
    ),
    (
        "constant no code",
        '{ column = "Species", codes = "species" }',
        '{ first = [{ column = "A", codes = "species" }, { constant = "ook" }] }',
        r"fields.species.first\[1\]: “ook” is no code of species. Did you mean “oak”",
    ),
    (
        "codes of a twin",
        '_raw = "Species"',
        '_raw = { column = "Species", codes = "species" }',
        r"own words beside species",
    ),
    (
        "formats of a text",
        'tree_id = "ID"',
        'tree_id = { column = "ID", formats = ["%Y-%m-%d"] }',
        r"is a string and has none",
    ),
    ("zone of a text", 'tree_id = "ID"', 'tree_id = { column = "ID", zone = "UTC" }', r"tree_id.zone: .* Remove it"),
    ("no zone", 'formats = ["%m/%d/%Y"]', 'zone = "CST7"', r"planted_on.zone: “CST7” is no time zone"),
    ("no format", '"%m/%d/%Y"', '"%m/%d/%k"', r"formats: “%m/%d/%k” is no format of strptime"),
    ("half a format", '"%m/%d/%Y"', '"%m/%Y"', r"formats: “%m/%Y” does not say year, month and day"),
    ("format with a zone", '"%m/%d/%Y"', '"%m/%z"', r"formats: “%m/%z” does not say year, month and day"),
    (
        "a date of date and time",
        '{ column = "Planted", formats = ["%m/%d/%Y"] }',
        '{ date = "Planted", time = "At" }',
        r"date and time make a datetime, and planted_on is a date",
    ),
    (
        "times alone",
        'formats = ["%m/%d/%Y"]',
        'times = ["%H:%M"]',
        r"planted_on.times: goes with date, not with column",
    ),
    (
        "half a time",
        "[codes.species]",
        'felled_at = { date = "D", time = "T", times = ["hhmm", "%H"] }\n[codes.species]',
        r"felled_at.times: “%H” does not say hour and minute",
    ),
    (
        "cast",
        'planted_on = "Date planted"',
        'planted_on = { column = "D", as = "money" }',
        r"“money” does not make a date",
    ),
    (
        "factor",
        'tree_id = "ID"',
        'tree_id = { column = "ID", factor = 2 }',
        r"tree_id.factor: a string cannot be multiplied",
    ),
    ("factor 0", '"Height", "', '{ column = "Height", factor = 0 }, "', r"height.first\[0\].factor: 0 makes"),
    (
        "part 0",
        'tree_id = "ID"',
        'tree_id = { split = "ID", at = "-", part = 0 }',
        r"tree_id.part: parts are counted from 1",
    ),
    (
        "with of a column",
        'tree_id = "ID"',
        'tree_id = { column = "ID", with = "-" }',
        r"tree_id.with: goes with concat",
    ),
    (
        "constant and more",
        'tree_id = "ID"',
        'tree_id = { constant = "1", factor = 2 }',
        r"nothing is done to a constant",
    ),
    (
        "two verbs",
        'tree_id = "ID"',
        'tree_id = { column = "ID", constant = "1" }',
        r"names column and constant; give exactly one",
    ),
    (
        "number alone",
        'tree_id = "ID"',
        'tree_id = "ID {n}"',
        r"tree_id: \{n\} stands in a column, and nothing numbers it",
    ),
    (
        "pattern",
        'tree_id = "ID"',
        "tree_id = { match = 'ID', pattern = '(a' }",
        r"“\(a” is no regular expression \(RE2\)",
    ),
    (
        "look around",
        'tree_id = "ID"',
        "tree_id = { match = 'ID', pattern = '(a)(?=b)' }",
        r"is no regular expression \(RE2\)",
    ),
    (
        "no group",
        'tree_id = "ID"',
        r"tree_id = { match = 'ID', pattern = '\(a[(]' }",
        r"has 0 groups, and the first of one",
    ),
    ("two groups", 'tree_id = "ID"', "tree_id = { match = 'ID', pattern = '(a)(?P<x>b)(?:c)' }", r"has 2 groups"),
    ("no such EPSG", "epsg = 3435", "epsg = 99", r"place\[1\].epsg: there is no EPSG 99"),
    ("degrees", "epsg = 3435", "epsg = 4326", r"place\[1\].epsg: 4326 is in degrees"),
    ("half a place", 'longitude = "Lon"', "", r"place\[0\]: give latitude and longitude, or text, or x, y and epsg"),
    (
        "no such city",
        'city = "chicago"',
        'city = "chicagoo"',
        r"city: there is no city “chicagoo”. Did you mean “chicago”",
    ),
    ("other city", 'city = "chicago"', 'city = "boston"', r"city: “boston” in a file that is named chicago.toml"),
    (
        "no such portal",
        "chicago/abcd-1234",
        "chicagoo/abcd-1234",
        r"Chicago has no portal “chicagoo”. Did you mean “chicago”",
    ),
    ("portal of another", "chicago/abcd-1234", "boston/abcd-1234", r"Chicago has no portal “boston”"),
    (
        "source twice",
        "[fields]",
        '[[sources]]\ndataset = "chicago/abcd-1234"\n[fields]',
        r"sources\[1\]: .* stands twice",
    ),
    ("file outside", 'dataset = "chicago/abcd-1234"', 'file = "../../secret.csv"', r"leads out of the folder of rows"),
    ("never taken", '["ID", "Date planted"]', '["ID", "Planted", "More"]', r"“before” is never taken: .* “since 2018”"),
    ("shut out", '["ID", "Date planted"]', '["ID", "D"]\nunless = ["D"]', r"stands in when and in unless"),
    ("name twice", 'name = "before"', 'name = "since 2018"', r"vintages\[1\].name: “since 2018” stands twice"),
    (
        "repeat",
        'name = "before"',
        'name = "before"\nrepeat = { when = "Crime", upto = 4 }',
        r"repeat.when: “Crime” has no \{n\}",
    ),
    (
        "no such standard",
        'standard = "trees"',
        'standard = "tree"',
        r"standard: No standard “tree”. Did you mean “trees”",
    ),
    ("no such version", 'version = "1.0.0"', 'version = "2.0.0"', r"No version 2.0.0 of trees. There is 1.0.0"),
    ("typing error", "formats =", "format =", r"vintages\[0\].fields.planted_on.format is no key .* “formats”"),
    ("revision", "revision = 1", "revision = 0", r"revision: 0 will not do .* Write 1, and one more with each change"),
    ("no TOML", "[fields]", "[fields", r"this is not TOML"),
]


@pytest.mark.parametrize(("old", "new", "said"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_what_is_wrong_is_told_with_its_fix(folder: Path, old: str, new: str, said: str) -> None:
    assert old in CHICAGO
    path = draw(folder, CHICAGO.replace(old, new))
    with pytest.raises(Misconfigured) as refused:
        files.read_crosswalk(path, folder=folder)
    assert re.search(said, refused.value.message), refused.value.message
    assert all(line.startswith(f"{path}: ") for line in refused.value.message.splitlines())


def test_a_crosswalk_is_found_by_standard_and_city(folder: Path) -> None:
    found = files.crosswalk("trees", "chicago", folder)
    assert (found.id, found.revision, found.sources[0].name) == ("trees/chicago", 1, "chicago/abcd-1234")
    assert found in files.crosswalks("trees", folder)
    assert found not in files.crosswalks(folder=None)
    with pytest.raises(NotFound, match=r"No crosswalk from boston to trees. Known: chicago."):
        files.crosswalk("trees", "boston", folder)
    with pytest.raises(NotFound, match="No standard “tree”"):
        files.crosswalks("tree", folder)


def test_a_city_that_is_not_packaged_may_be_named(folder: Path) -> None:
    path = draw(folder, CHICAGO.replace('city = "chicago"', 'city = "gotham"'), city="gotham")
    with pytest.raises(Misconfigured, match="there is no city “gotham”"):
        files.read_crosswalk(path, folder=folder)
    known = cities()
    assert files.read_crosswalk(path, {"gotham": known["chicago"]}, folder).city == "gotham"


def test_two_files_of_one_city_are_told_apart(folder: Path) -> None:
    path = draw(folder, CHICAGO, city="chicago_2")
    with pytest.raises(Misconfigured, match=r"chicago.toml is there already, and a city has one crosswalk"):
        files.read_crosswalk(path, folder=folder)


@pytest.mark.parametrize(
    "tree_id",
    [
        '{ match = "ID", pattern = "([0-9]+)" }',
        r"{ match = 'ID', pattern = '\((\d+)\)[(]' }",
        '{ match = "ID", pattern = "(?:a|b)(?P<id>c)" }',
        '{ split = "ID", at = "-", part = -1 }',
        '{ concat = ["A", { constant = "-" }, "B"], with = "" }',
        '{ first = ["ID {n}"], each = 3 }',
        '{ constant = "7" }',
    ],
)
def test_what_is_right_is_taken(folder: Path, tree_id: str) -> None:
    path = draw(folder, CHICAGO.replace('tree_id = "ID"', f"tree_id = {tree_id}"))
    assert files.read_crosswalk(path, folder=folder).fields["tree_id"]


def problems(folder: Path, *columns: str) -> list[str]:
    found = files.crosswalk("trees", "chicago", folder)
    return [str(one) for one in against(found, found.vintage(set(columns)), columns)]


def test_columns_that_are_there_are_no_problem(folder: Path) -> None:
    assert problems(folder, "ID", "Planted", "Species", "Lat", "Lon", "Height") == []
    assert problems(folder, "ID", "Planted", "Species", "X", "Y", "Height (ft)") == [], "any way and any one suffices"


def test_a_renamed_column_is_named_with_city_dataset_and_the_nearest(folder: Path) -> None:
    (said,) = problems(folder, "ID", "Planted", "SPECIES ", "Lat", "Lon", "Height")[:1]
    assert said == (
        "chicago: chicago/abcd-1234 has no column “Species”, which makes species in the vintage “since 2018”. "
        "Did the city rename it to “SPECIES”?"
    )


def test_of_several_ways_all_are_named_when_none_is_there(folder: Path) -> None:
    found = files.crosswalk("trees", "chicago", folder)
    columns = ["ID", "Planted", "Species"]
    told = against(found, found.vintage(set(columns)), columns)
    assert {one.column for one in told} == {"Height", "Height (ft)", "Lat", "Lon"}
    assert all(one.near == "" for one in told)


def test_rows_of_no_vintage_are_told_what_each_lacks(folder: Path) -> None:
    told = problems(folder, "ID", "planted")
    assert len(told) == 2
    assert "no column “Planted”, by which the vintage “since 2018” is known" in told[0]
    assert "rename it to “planted”" in told[0]


def test_numbered_columns_are_all_asked_for(folder: Path) -> None:
    repeated = 'name = "before"\nrepeat = { when = "Code {n}", upto = 3 }'
    text = CHICAGO.replace('name = "before"', repeated).replace('tree_id = "ID"', 'tree_id = "ID {n}"')
    draw(folder, text)
    told = problems(folder, "ID", "Date planted", "Species", "Lat", "Lon", "Code 1", "Code 2", "ID 1", "ID 2", "ID 3")
    assert [re.findall("“(.+?)”", one)[0] for one in told] == ["Code 3"]


def test_joined_columns_count_as_there(folder: Path) -> None:
    join = 'dataset = "chicago/abcd-1234"\njoin = [{ file = "chicago/s.csv", on = "SID", columns = ["Species"] }]'
    draw(folder, CHICAGO.replace('dataset = "chicago/abcd-1234"', join))
    assert problems(folder, "ID", "Planted", "Lat", "Lon", "Height", "SID") == []
    (said,) = problems(folder, "ID", "Planted", "Lat", "Lon", "Height")
    assert "no column “SID”, by which rows are joined" in said


def test_every_packaged_crosswalk_is_read() -> None:
    for one in files.crosswalks():
        assert one.version in files.versions(one.standard)
