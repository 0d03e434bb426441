"""The coarse outlines hold what they promise: true points inside, other towns outside, few vertices."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely

from commonground.cities import cities
from commonground.cities.outlines import outline, outline_of, outlined, told
from commonground.errors import NotFound
from commonground.words import Extent

# A pair of columns of each file of rows that publishes places.
PLACES = {
    "san_francisco": {"crime": ("X", "Y"), "311": ("Longitude", "Latitude")},
    "new_york": {"crime": ("Longitude", "Latitude"), "311": ("Longitude", "Latitude")},
    "seattle": {"permits": ("Longitude", "Latitude")},
    "washington_dc": {"crime": ("X", "Y"), "crime_2025": ("LONGITUDE", "LATITUDE")},
    "boston": {"crime": ("Long", "Lat"), "311": ("longitude", "latitude")},
    "los_angeles": {"crime": ("LON", "LAT"), "311": ("Longitude", "Latitude")},
    "chicago": {"crime_2018": ("Longitude", "Latitude"), "permits": ("longitude", "latitude")},
}


def rows(folder: Path, city: str, name: str) -> Iterator[dict[str, object]]:
    """The rows of a recorded file, CSV or JSON."""
    if (path := folder / "rows" / city / f"{name}.json.gz").is_file():
        yield from json.loads(gzip.decompress(path.read_bytes()))
        return
    with gzip.open(folder / "rows" / city / f"{name}.csv.gz", "rt", encoding="utf-8-sig", errors="replace") as text:
        yield from csv.DictReader(text)


@pytest.mark.parametrize("city", sorted(PLACES))
def test_the_points_of_a_city_fall_inside(recordings: Path, city: str) -> None:
    extent = cities()[city].extent
    for name, (across, up) in PLACES[city].items():
        pairs = [(row[across], row[up]) for row in rows(recordings, city, name)]
        points = np.array([pair for pair in pairs if number(pair[0]) and number(pair[1])], dtype=float)
        longitude, latitude = points.T
        plausible = (longitude > extent.west) & (longitude < extent.east)
        plausible &= (latitude > extent.south) & (latitude < extent.north)
        inside = shapely.contains_xy(outline(city), longitude[plausible], latitude[plausible])
        assert plausible.sum() > 1000
        assert inside.mean() >= 0.995, f"{city} {name}: {1 - inside.mean():.2%} outside"


def number(value: object) -> bool:
    """Whether a cell holds a number."""
    try:
        return bool(np.isfinite(float(str(value))))
    except ValueError:
        return False


@pytest.mark.parametrize("city", sorted(PLACES))
def test_an_outline_is_coarse_and_valid(city: str) -> None:
    geometry = outline(city)
    assert geometry.is_valid
    assert len(shapely.get_coordinates(geometry)) == told(city)["vertices"] <= 150
    coordinates = shapely.get_coordinates(geometry)
    assert np.array_equal(coordinates, coordinates.round(3))
    assert told(city)["missed_share"] < 0.001
    assert told(city)["off_m"] < 1000


@pytest.mark.parametrize(
    ("city", "town", "longitude", "latitude"),
    [
        ("los_angeles", "Pasadena", -118.132, 34.156),
        ("los_angeles", "Beverly Hills", -118.400, 34.073),
        ("new_york", "Jersey City", -74.060, 40.720),
        ("san_francisco", "Daly City", -122.469, 37.688),
        ("seattle", "Bellevue", -122.200, 47.610),
        ("washington_dc", "Arlington", -77.090, 38.880),
        ("boston", "Cambridge", -71.110, 42.375),
        ("chicago", "Oak Park", -87.790, 41.885),
    ],
)
def test_a_neighbor_lies_outside(city: str, town: str, longitude: float, latitude: float) -> None:
    assert not shapely.contains_xy(outline(city), longitude, latitude), town


@pytest.mark.parametrize(
    ("where", "longitude", "latitude"),
    [
        ("Bay Bridge, center anchorage", -122.3782, 37.7984),
        ("Bay Bridge, county line", -122.3520, 37.8187),
        ("Golden Gate Bridge, north tower", -122.4792, 37.8255),
    ],
)
def test_bridges_to_the_line_belong_to_the_city(where: str, longitude: float, latitude: float) -> None:
    assert shapely.contains_xy(outline("san_francisco"), longitude, latitude), where
    assert all(one["name"] and one["why"] for one in told("san_francisco")["added"])


@pytest.mark.parametrize(
    ("town", "longitude", "latitude"),
    [("Sausalito", -122.485, 37.859), ("Oakland, the toll plaza", -122.318, 37.8255), ("the bay", -122.365, 37.785)],
)
def test_what_lies_beyond_a_bridge_stays_outside(town: str, longitude: float, latitude: float) -> None:
    assert not shapely.contains_xy(outline("san_francisco"), longitude, latitude), town


@pytest.mark.recordings
def test_few_crashes_of_san_francisco_lie_elsewhere(recordings: Path) -> None:
    """One in ten of the points lay outside before the bridges were added; what is left is in another county."""
    given = [(row["LONGITUDE"], row["LATITUDE"]) for row in rows(recordings, "san_francisco", "crash_switrs_2018")]
    points = np.array([pair for pair in given if number(pair[0]) and number(pair[1])], dtype=float)
    inside = shapely.contains_xy(outline("san_francisco"), -np.abs(points[:, 0]), points[:, 1])
    assert len(points) > 600  # most rows have their place in POINT_X and POINT_Y alone
    assert (~inside).sum() < 12


def test_every_member_has_one() -> None:
    assert outlined() == set(cities())
    for member in cities().values():
        assert outline_of(member) is outline(member.slug)


def test_a_city_without_one_falls_back_to_its_extent() -> None:
    extent = Extent(west=-75.29, south=39.86, east=-74.95, north=40.14)
    assert outline("philadelphia", extent).bounds == (-75.29, 39.86, -74.95, 40.14)
    assert told("philadelphia") == {}
    with pytest.raises(NotFound, match="atlantis"):
        outline("atlantis")
