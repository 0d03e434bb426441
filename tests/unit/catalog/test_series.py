"""Slices of one dataset are found by their titles, and nothing else is."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.catalog import series


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("Crime Incidents in 2019", "crime-incidents"),
        ("Crime Incidents - 2001 to Present", "crime-incidents"),
        ("Parking Violations Issued in April 2009", "parking-violations-issued"),
        ("2016-17 School Year: Class Size", "school-year-class-size"),
        ("TIF District Programming - 2017-2021", "tif-district-programming"),
        ("DMV Vehicle Inspections 2003 to 2013", "dmv-vehicle-inspections"),
        ("Potholes FY2020", "potholes"),
        ("Streetcar (non-rolling Q1 2015)", "streetcar-non-rolling"),
        ("4E - Signs Replaced Q32019", "4e-signs-replaced"),
        ("Enterprise Dataset Inventory as of March 2018", "enterprise-dataset-inventory-as"),
        ("Building Permits", ""),
        ("311 Service Requests", ""),
        ("Ordinance 19801", ""),
        ("20190", ""),
        ("2019", ""),
        ("", ""),
    ],
)
def test_stems(title: str, stem: str) -> None:
    assert series.stem(title) in {stem, stem.removesuffix("-as")}


def test_a_series_has_two_titles() -> None:
    assert series.keys({"a": "Crime in 2019", "b": "Crime in 2020", "c": "Crime", "d": "Fires in 2020"}) == {
        "a": "crime",
        "b": "crime",
    }
    assert series.keys({"a": "Crime in 2019", "b": "Crime in 2019"}) == {}
    assert series.keys({"a": "Crime in 2019", "b": "Crime in 2019", "c": "Crime in 2018"}).keys() == {"a", "b", "c"}


def test_only_what_is_new_is_changed() -> None:
    titles = {"a": "Crime in 2019", "b": "Crime in 2020", "c": "Trees"}
    assert dict(series.changed({}, titles)) == {"a": "crime", "b": "crime"}
    assert dict(series.changed({"a": "crime", "b": "crime"}, titles)) == {}
    assert dict(series.changed({"a": "crime", "b": "crime"}, {**titles, "b": "Burglary"})) == {"a": "", "b": ""}


def test_washingtons_years(recordings: Path) -> None:
    path = recordings / "portals/washington_dc/opendata.dc.gov/2020-11-18.arcgis-hub.json.gz"
    with gzip.open(path) as file:
        titles = {str(number): one["title"] for number, one in enumerate(json.load(file)["dataset"])}
    found = defaultdict(set)
    for number, key in series.keys(titles).items():
        found[key].add(titles[number])
    assert found["crime-incidents"] == {f"Crime Incidents in {year}" for year in range(2008, 2021)}
    assert found["building-permits"] == {f"Building Permits in {year}" for year in range(2009, 2021)}
    assert len(found["parking-violations-issued"]) == 139
    assert len(found["moving-violations-issued"]) == 133
    for key, some in found.items():
        # A series differs in what names a time, and in nothing else that a reader sees.
        words = {frozenset(word for word in series.stem(title).split("-") if word) for title in some}
        assert len(words) == 1, key


@given(st.text(max_size=60))
def test_any_title(title: str) -> None:
    stem = series.stem(title)
    assert len(stem) <= 150
    assert stem == stem.strip("-").lower()
    assert all(one.isascii() and (one.isalnum() or one == "-") for one in stem)


@given(
    st.text("abcXYZ -:&", min_size=4, max_size=40).filter(lambda text: sum(map(str.isalpha, text)) >= 5),
    st.integers(1900, 2099),
)
def test_the_year_makes_no_difference(text: str, year: int) -> None:
    assert series.stem(f"{text} in {year}") == series.stem(f"{text} in 2000")
