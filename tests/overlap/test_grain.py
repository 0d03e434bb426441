"""What kind of rows datasets have: on titles and columns, on anything, and measured on real catalogs."""

from __future__ import annotations

import csv
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground import cities
from commonground.catalog import forms
from commonground.errors import Misconfigured
from commonground.overlap import entries
from commonground.overlap.entries import Entry
from commonground.overlap.facets import Geometry, Grain, Nature, Timing
from commonground.overlap.judging import gold
from commonground.overlap.nature.cues import cues, split
from commonground.overlap.nature.grain import SAID, Reason, fits, guess
from commonground.overlap.subjects import Subject
from commonground.protocols.base import Notes
from commonground.protocols.recordings import find, newest
from commonground.protocols.registry import readers
from commonground.words import Column, ColumnType, Kind

HERE = Path(__file__).parent
ROWS = frozenset({"CSV", "JSON"})


def entry(title: str, *columns: str, kind: Kind = Kind.TABLE, **told: object) -> Entry:
    """An entry; a column is "Name" or "Name:type", none means that columns are not known."""
    parted = [one.rpartition(":") for one in columns]
    known = tuple(Column(name or last, "", ColumnType(last) if name else ColumnType.TEXT) for name, _, last in parted)
    given = {"portal": "springfield", "formats": ROWS, **told}
    return Entry(key="springfield/1", city="springfield", title=title, kind=kind, columns=known or None, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "grain"),
    [
        (entry("Building Permits", "Permit Number", "Issue Date:date", "Address"), Grain.RECORDS),
        (entry("Permit Parking Zones"), Grain.REFERENCE),
        (entry("Building Permits by ZIP Code", "ZIP Code", "Permits:number"), Grain.AGGREGATE),
        (entry("311 Requests by Ward and Month", "Ward", "Month", "Count:number"), Grain.AGGREGATE),
        (entry("Daily Bike Counts", "Date:date", "East:number", "West:number"), Grain.AGGREGATE),
        (
            entry(
                "Libraries",
                "Branch",
                *[f"{one}:number" for one in ("January", "May", "June", "July", "August", "October")],
            ),
            Grain.AGGREGATE,
        ),
        (entry("Libraries", "Name", "Address", "Phone", "Hours of Operation"), Grain.REFERENCE),
        (entry("Wards", "Ward", "the_geom:polygon"), Grain.REFERENCE),
        (entry("Performance Metrics - Potholes", "Week", "Average Days:number", "Target:number"), Grain.INDICATOR),
        (entry("Car Prowls", "Month:date", "Total:number", portal="seattle-performance"), Grain.INDICATOR),
        (entry("Crime Map", kind=Kind.MAP_LAYER, formats=frozenset()), Grain.MAP),
        (entry("Crime Map", "Case Number", "Date Occurred:date", kind=Kind.MAP_LAYER), Grain.RECORDS),
        (entry("Snow Story", kind=Kind.STORY), Grain.MAP),
        (entry("Zoning Viewer", kind=Kind.LINK, formats=frozenset({"HTML", "Esri REST"})), Grain.MAP),
        (entry("Fire Hydrants", kind=Kind.LINK, formats=frozenset({"CSV", "KML"})), Grain.REFERENCE),
        (entry("Permisos de construcción por barrio", "Barrio", "Total:number"), Grain.AGGREGATE),
        (entry("Permisos de construcción"), Grain.RECORDS),
        (entry("Parques y bibliotecas"), Grain.REFERENCE),
        (entry("建筑许可证"), Grain.UNKNOWN),
        (entry("x"), Grain.UNKNOWN),
        (entry(""), Grain.UNKNOWN),
    ],
    ids=lambda one: one.title if isinstance(one, Entry) else one.value,
)
def test_grain(given: Entry, grain: Grain) -> None:
    assert guess(given).grain is grain


@pytest.mark.parametrize(
    ("title", "columns", "by"),
    [
        ("Cases by ZIP Code", (), ("zip",)),
        ("COVID-19 Deaths by Age and Gender", (), ("age", "gender")),
        ("Ridership", ("Month", "Year", "Riders:number"), ("month", "year")),
        ("Total Spending by Fund", ("Amount:money",), ("category",)),
        ("Building Permits", ("Permit Number", "ZIP Code"), ()),
    ],
)
def test_by_what_an_aggregate_counts(title: str, columns: tuple[str, ...], by: tuple[str, ...]) -> None:
    assert guess(entry(title, *columns)).by == by


@pytest.mark.parametrize(
    ("given", "geometry"),
    [
        (entry("A", "Where:point"), Geometry.POINT),
        (entry("A", "the_geom:polygon"), Geometry.AREA),
        (entry("A", "Shape:line"), Geometry.LINE),
        (entry("A", "LAT:number", "LON:number"), Geometry.POINT),
        (entry("A", "X", "Y"), Geometry.POINT),
        (entry("A", "Name"), Geometry.NONE),
        (entry("A", "Shape:geometry"), Geometry.UNKNOWN),
        (entry("Bus Routes"), Geometry.UNKNOWN),
        (entry("Bus Routes", kind=Kind.MAP_LAYER), Geometry.LINE),
        (entry("Bike Racks", kind=Kind.MAP_LAYER), Geometry.POINT),
        (entry("Roads", kind=Kind.MAP_LAYER, description="The dataset contains polygons of roads."), Geometry.AREA),
    ],
    ids=lambda one: f"{one.title} {one.columns and one.columns[0].name}" if isinstance(one, Entry) else one.value,
)
def test_geometry(given: Entry, geometry: Geometry) -> None:
    assert guess(given).geometry is geometry


@pytest.mark.parametrize(
    ("given", "timing"),
    [
        (entry("Crimes - 2001 to Present", "Case Number"), Timing.EVENT),
        (entry("Inspections", "Inspection ID", "Inspection Date:date"), Timing.EVENT),
        (entry("Active Business Licenses", "License Number", "Issue Date:date"), Timing.SNAPSHOT),
        (entry("Historical Wards", "the_geom:polygon"), Timing.SNAPSHOT),
        (entry("Monthly Ridership", "Month", "Riders:number"), Timing.EVENT),
        (entry("Median Income by Tract", "Tract", "Income:number"), Timing.UNKNOWN),
        (entry("x"), Timing.UNKNOWN),
    ],
    ids=lambda one: one.title if isinstance(one, Entry) else one.value,
)
def test_timing(given: Entry, timing: Timing) -> None:
    assert guess(given).timing is timing


def test_reasons_tell_facet_place_and_what_stands_there() -> None:
    nature = guess(entry("Building Permits", "Permit Number", "Issue Date:date", "Where:point"))
    told = [Reason.read(one) for one in nature.why]
    assert Reason("grain", "title", "building permit") in told
    assert Reason("grain", "columns", "Permit Number") in told
    assert Reason("geometry", "columns", "Where") in told
    assert Reason("timing", "columns", "Issue Date") in told
    assert [one.spell() for one in told] == list(nature.why)
    assert told[0].said() == "The title says “building permit”."


def test_a_description_says_what_a_row_is() -> None:
    said = guess(entry("Divvy", "a", description="Data of 2019. Each row represents a single trip of a bicycle."))
    assert said.grain is Grain.RECORDS
    assert "grain.row:trip" in said.why
    assert guess(entry("Divvy", "a", description="One row is the number of trips in a month.")).grain is Grain.AGGREGATE


def test_many_rows_speak_for_records() -> None:
    assert guess(entry("Parking", row_count=50)).grain is Grain.UNKNOWN
    assert guess(entry("Parking", row_count=2_000_000)).why == ("grain.rows:2000000",)


def test_wide_tables_and_long_texts_are_fast() -> None:
    wide = Entry(
        key="a/1",
        city="a",
        portal="a",
        title="Survey " * 10_000,
        description="number of " * 100_000,
        keywords=("count",) * 10_000,
        columns=tuple(Column(f"Q{at} % of {at}", "") for at in range(10_000)),
    )
    guess(wide)
    seconds = []
    for _ in range(5):
        started = time.process_time()
        guess(wide)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.05


TEXTS = st.text(max_size=60) | st.sampled_from(
    ["by", "Permits by ZIP", "each row is a", "2019", "# %", "by by by", "é", "🏙"]
)
COLUMNS = st.builds(Column, name=TEXTS, field=TEXTS, type=st.sampled_from(ColumnType))
ENTRIES = st.builds(
    Entry,
    key=TEXTS, city=TEXTS, portal=TEXTS, title=TEXTS, kind=st.sampled_from(Kind), description=TEXTS, publisher=TEXTS,
    themes=st.lists(TEXTS, max_size=3).map(tuple), keywords=st.lists(TEXTS, max_size=3).map(tuple),
    columns=st.none() | st.lists(COLUMNS, max_size=12).map(tuple), row_count=st.none() | st.integers(min_value=0),
    formats=st.frozensets(st.sampled_from(["CSV", "HTML", "KML", "Esri REST", "PDF"])), updated=st.none(), series=TEXTS,
)  # fmt: skip


@given(ENTRIES)
def test_anything_has_a_nature_with_reasons(given: Entry) -> None:
    nature = guess(given)
    told = [Reason.read(one) for one in nature.why]
    assert {f"{one.facet}.{one.place}" for one in told} <= SAID.keys()
    assert all(one.said() for one in told)
    assert (nature.grain is Grain.UNKNOWN) == ("grain" not in {one.facet for one in told})
    assert not nature.by or nature.grain is Grain.AGGREGATE
    assert guess(given) == nature


# --- What a subject expects ----------------------------------------------------------------------------------------


def subject(grain: Grain, timing: Timing = Timing.UNKNOWN) -> Subject:
    return Subject("s", "S", "theme", "", "one row", grain, timing)


@pytest.mark.parametrize("grain", Grain)
def test_what_is_not_known_fits_and_so_does_the_same(grain: Grain) -> None:
    assert fits(Nature(Grain.UNKNOWN), subject(grain)) == (True, "")
    assert fits(Nature(grain), subject(Grain.UNKNOWN)) == (True, "")
    assert fits(Nature(grain), subject(grain)) == (True, "")


@pytest.mark.parametrize(
    ("nature", "expected", "fit"),
    [
        (Nature(Grain.AGGREGATE), subject(Grain.RECORDS), False),
        (Nature(Grain.INDICATOR), subject(Grain.RECORDS), False),
        (Nature(Grain.MAP), subject(Grain.REFERENCE), False),
        (Nature(Grain.RECORDS), subject(Grain.AGGREGATE), False),
        (Nature(Grain.AGGREGATE), subject(Grain.INDICATOR), True),
        (Nature(Grain.INDICATOR), subject(Grain.AGGREGATE), False),
        # Districts are no crimes, but businesses may be records or a list.
        (Nature(Grain.REFERENCE), subject(Grain.RECORDS, Timing.EVENT), False),
        (Nature(Grain.REFERENCE), subject(Grain.RECORDS, Timing.SNAPSHOT), True),
        (Nature(Grain.RECORDS, timing=Timing.EVENT), subject(Grain.REFERENCE), False),
        (Nature(Grain.RECORDS, timing=Timing.SNAPSHOT), subject(Grain.REFERENCE), True),
    ],
)
def test_fits(nature: Nature, expected: Subject, *, fit: bool) -> None:
    assert fits(nature, expected) == (fit, "" if fit else nature.grain.value)


# --- The file of words ---------------------------------------------------------------------------------------------


def test_no_phrase_says_two_things_at_one_place() -> None:
    given = tomllib.loads((Path(entries.__file__).parent / "nature" / "grain.toml").read_text("utf-8"))
    places = [(one["place"], word) for one in given["cue"] for word in one["words"]]
    for section in ("role", "whole", "by", "timing", "geometry"):
        places += [(section, word) for words in given[section].values() for word in words]
    twice = [key for key, count in Counter((place, split(word)) for place, word in places).items() if count > 1]
    assert not twice
    assert {place for place, _ in places} - {"role", "whole", "by", "timing", "geometry"} == set(cues().texts)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "grain.toml"
    path.write_text("least = ")
    with pytest.raises(Misconfigured, match=r"grain\.toml"):
        cues(path)


# --- Measured on real catalogs -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def known(recordings: Path) -> dict[str, Entry]:
    """The datasets of the labels and of the gold, from the recordings, by id."""
    wanted = {row["dataset"] for row in labels()} | {one.key for one in truth(recordings)}
    chosen = newest(find(recordings / "portals"))
    found: dict[str, Entry] = {}
    for portal in [one for one in cities.portals(cities.cities()).values() if one.host in chosen]:
        reader = readers(portal.protocol)[0]
        for raw in chosen[portal.host].holdings().records:
            if f"{portal.slug}/{reader.native_id(raw)}" in wanted:
                dataset = reader.normalize(raw, portal, Notes())
                found[dataset.id] = entries.of(forms.dump(dataset))
    return found


def labels() -> list[dict[str, str]]:
    """Real datasets drawn at random, read and labeled by hand; of several grains that can be argued, any is right."""
    with (HERE / "grain_labels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def truth(recordings: Path) -> tuple[gold.Label, ...]:
    return gold.read(recordings / "gold", cities.cities()).labels


def test_guesses_are_right_on_labeled_datasets(known: Mapping[str, Entry]) -> None:
    right: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    for row in labels():
        nature = guess(known[row["dataset"]])
        for facet, said in (("grain", nature.grain), ("timing", nature.timing), ("geometry", nature.geometry)):
            wanted = row[facet].split("|")
            if row[facet]:
                names = [facet, f"{facet} {wanted[0]}"]
                all_of.update(names)
                right.update(names if said.value in wanted else [])
                right.update([f"{facet} not wrong"] if said.value in {*wanted, "unknown"} else [])
    share = {name: right[name] / count for name, count in all_of.items()}
    assert share["grain"] >= 0.95
    assert min(share[f"grain {grain}"] for grain in ("records", "aggregate", "reference", "indicator", "map")) >= 0.9
    assert right["timing not wrong"] / all_of["timing"] >= 0.96
    assert right["geometry not wrong"] / all_of["geometry"] >= 0.98
    assert share["timing"] >= 0.85
    assert share["geometry"] >= 0.93


def test_datasets_of_one_subject_agree_and_related_ones_often_differ(
    known: Mapping[str, Entry], recordings: Path
) -> None:
    subjects: dict[str, list[tuple[int, Grain]]] = defaultdict(list)
    for label in truth(recordings):
        subjects[label.subject].append((label.grade, guess(known[label.key]).grain))
    same, related = [], []
    for rows in subjects.values():
        for (grade, one), (other, another) in combinations(rows, 2):
            if grade == other == gold.SAME:
                same.append(one is another)
            elif grade != other:
                related.append(one is another)
    assert sum(same) / len(same) >= 0.93
    assert sum(related) / len(related) <= 0.5
