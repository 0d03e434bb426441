"""Maps at one scale, cells that stay the same, and what the large map may ask for."""

from __future__ import annotations

import math
import time
import xml.etree.ElementTree as ET
from dataclasses import replace

import duckdb
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from commonground.cities.outlines import outline
from commonground.errors import Usage
from commonground.pages.maps import (
    Cell,
    CityMap,
    Lattice,
    MapRow,
    drawings,
    grid,
    numbers,
    picture,
    places,
    polygons,
    sample,
    size_for,
)
from commonground.pages.maps.classes import classes
from commonground.pages.maps.geojson import of_cells, of_points
from commonground.pages.maps.window import window

SVG = "{http://www.w3.org/2000/svg}"
SQUARE = ((0.0, 0.0), (0.1, 0.0), (0.1, 0.1), (0.0, 0.1), (0.0, 0.0))
CHICAGO = CityMap("chicago", "Chicago", 100, 98, polygons(outline("chicago")), points=((-87.65, 41.9), (-87.7, 41.8)))
SEATTLE = CityMap(
    "seattle", "Seattle", 23_459, 0, polygons(outline("seattle")), reason="No coordinates in this extract"
)
ROW = MapRow(
    "Where", "Dots by city.", "Each dot is one row.", (SEATTLE, CHICAGO), "Crime incidents", "2 rows have no place."
)
SOME = st.floats(allow_nan=True, allow_infinity=True)
DEGREES = st.tuples(st.floats(-125, -70), st.floats(25, 49))


@st.composite
def rows(draw: st.DrawFn) -> MapRow:
    """Any row of maps: no cities, no places, points anywhere, values that no screen can show."""
    cities = tuple(
        CityMap(
            slug=f"c{number}",
            name=draw(st.text(max_size=20)),
            rows=draw(st.integers(0, 10**12)),
            placed=draw(st.integers(0, 10**6)),
            outline=draw(st.sampled_from([(), ((SQUARE,),), CHICAGO.outline])),
            points=draw(st.lists(st.tuples(SOME, SOME), max_size=5)),
            cells=[Cell("x", 0, 0, 0.01, 0.01, each) for each in draw(st.lists(SOME, max_size=5))],
            reason=draw(st.text(max_size=20)),
        )
        for number in range(draw(st.integers(0, 3)))
    )
    return replace(ROW, cities=cities, kind=draw(st.sampled_from(["dots", "grid"])))


@given(rows())
def test_any_row_is_sound_svg(row: MapRow) -> None:
    for drawn in (picture(row), *(one.svg() for one in drawings(row))):
        root = ET.fromstring(drawn)
        assert root.attrib["role"] == "img"
        geometry = " ".join(f"{each.get('d')} {each.get('transform')}" for each in root.iter()).lower()
        assert "nan" not in geometry
        assert "inf" not in geometry
    assert len(numbers(row).rows) == len(row.cities)


def test_all_cities_are_drawn_at_one_scale() -> None:
    by_city = {one.city.slug: one for one in drawings(ROW)}
    for slug, one in by_city.items():
        west, south, east, north = outline(slug).bounds
        across = (east - west) * 111.195 * math.cos(math.radians((south + north) / 2))
        assert float(one.width_em.removesuffix("em")) == pytest.approx(across / 10, abs=0.01)
        assert float(one.height_em.removesuffix("em")) == pytest.approx((north - south) * 11.1195, abs=0.01)
    assert [one.city.slug for one in drawings(ROW)] == ["chicago", "seattle"]  # the larger first


def test_a_city_without_places_is_hatched_and_says_why() -> None:
    seattle = drawings(ROW)[1]
    assert seattle.caption == "No coordinates in this extract"
    root = ET.fromstring(seattle.svg())
    (pattern,) = root.iter(f"{SVG}pattern")
    assert f"url(#{pattern.get('id')})" in {each.get("fill") for each in root.iter(f"{SVG}path")}


def test_a_point_lies_where_it_lies_and_one_beyond_is_told() -> None:
    one = drawings(replace(ROW, cities=(replace(CHICAGO, points=((-87.65, 41.9), (-70.0, 41.9))),)))[0]
    west, _, _, north = CHICAGO.frame
    middle = (CHICAGO.frame[1] + CHICAGO.frame[3]) / 2
    x = (-87.65 - west) * 111.195 * 4.2 * math.cos(math.radians(middle))
    assert f"M{x:.1f} {(north - 41.9) * 111.195 * 4.2:.1f}h0" in one.body
    assert one.told == "98 of 100 rows have a place. 1 of the places lies outside the drawing."


def test_the_table_says_what_the_map_says() -> None:
    assert numbers(ROW).rows == (("Seattle", 23_459, 0, 23_459, 0.0), ("Chicago", 100, 98, 2, 98.0))
    assert numbers(ROW).told[1] == ("Chicago", "100", "98", "2", "98.0%")
    assert list(places(ROW)) == [("chicago", -87.65, 41.9), ("chicago", -87.7, 41.8)]


@given(st.lists(DEGREES, max_size=200), st.sampled_from([125, 500, 1000, 4000]))
def test_every_point_is_in_its_cell_and_none_is_lost(points: list[tuple[float, float]], size: int) -> None:
    lattice = Lattice(41.8781, size)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    cells = grid(xs, ys, lattice)
    assert sum(cell.value for cell in cells) == len(points)
    assert len({cell.id for cell in cells}) == len(cells)
    for cell in cells:
        inside = [x for x, y in points if cell.west <= x < cell.east and cell.south <= y < cell.north]
        assert abs(len(inside) - cell.value) <= sum(1 for x, y in points if _on_edge(x, y, cell))


def _on_edge(x: float, y: float, cell: Cell) -> bool:
    """Whether rounding may put a point to either side."""
    return min(abs(x - cell.west), abs(x - cell.east), abs(y - cell.south), abs(y - cell.north)) < 1e-9


def test_cells_are_square_kilometers_nest_and_keep_their_ids() -> None:
    lattice = Lattice(41.8781, 1000)
    (cell,) = grid([-87.63], [41.88], lattice)
    assert (cell.north - cell.south) * 111_195 == pytest.approx(1000)
    assert (cell.east - cell.west) * 111_195 * math.cos(math.radians(41.8781)) == pytest.approx(1000)
    assert cell.id == grid([-87.63, -87.9], [41.88, 42.0], lattice)[1].id == "1000m.-7256.4656"
    (half,) = grid([-87.63], [41.88], Lattice(41.8781, 500))
    assert cell.west - 1e-9 <= half.west < half.east <= cell.east + 1e-9


def test_places_that_are_none_are_left_out_and_weights_are_summed() -> None:
    cells = grid(
        [-87.63, -87.63, math.nan, 1e9], [41.88, 41.88, 41.0, 41.0], Lattice(41.9, 500), weights=[1.5, 2, 9, 9]
    )
    assert [cell.value for cell in cells] == [3.5]


def test_a_database_groups_into_the_same_cells() -> None:
    random = np.random.default_rng(3)
    xs, ys = random.uniform(-87.9, -87.5, 5000), random.uniform(41.6, 42.1, 5000)
    lattice = Lattice(41.8781, 1000)
    column, row = lattice.sql("x", "y")
    with duckdb.connect() as connection:
        connection.register("points", {"x": xs, "y": ys})
        found = connection.execute(f"SELECT {column}, {row}, count(*) FROM points GROUP BY ALL").fetchall()
    assert {lattice.cell(*each).id: each[2] for each in found} == {
        cell.id: cell.value for cell in grid(xs, ys, lattice)
    }


def test_a_million_points_are_quick() -> None:
    random = np.random.default_rng(3)
    xs, ys = random.uniform(-87.9, -87.5, 1_000_000), random.uniform(41.6, 42.1, 1_000_000)
    began = time.process_time()
    cells = grid(xs, ys, Lattice(41.8781, 1000))
    assert time.process_time() - began < 2
    assert sum(cell.value for cell in cells) == 1_000_000


def test_a_sample_is_the_same_each_time() -> None:
    points = np.random.default_rng(3).uniform(0, 1, (2000, 2))
    assert sample(points) == sample(points)
    assert len(set(sample(points))) == 600
    assert sample(points[:5]) == [(float(x), float(y)) for x, y in points[:5]]


@given(st.lists(st.one_of(st.integers(1, 10**9), st.floats(0.01, 1e12)), min_size=1))
def test_every_value_has_a_class_and_the_legend_covers_all(values: list[float]) -> None:
    shared = classes(values, "rate")
    assert 1 <= len(shared.edges) <= 5
    assert list(shared.edges) == sorted(set(shared.edges))
    assert len(shared.legend()) == len(shared.edges)
    for value in values:
        number = shared.of(value)
        assert shared.edges[number] <= value
        assert number == len(shared.edges) - 1 or value < shared.edges[number + 1]


def test_a_legend_of_counts_has_no_gaps() -> None:
    values = [*range(1, 10), *range(10, 60, 5), 100, 400]
    said = [said for _, said in classes(values).legend()]
    assert said == ["1 to 8", "9 to 29", "30 to 49", "50 to 99", "100 to 400"]
    assert [said for _, said in classes([7.0, 7.0]).legend()] == ["7"]
    assert classes([]).legend() == ()


def test_zooming_in_halves_the_cells_and_ends_in_points() -> None:
    zooms = (0, 9, 10, 11.9, 12, 13.5, 14, 20)
    assert [size_for(zoom) for zoom in zooms] == [16000, 2000, 1000, 500, 250, 125, None, None]


@pytest.mark.parametrize(
    ("bbox", "zoom", "said"),
    [
        ("1,2,3", "10", "not four numbers"),
        ("a,2,3,4", "10", "“a” is no number"),
        ("nan,2,3,4", "10", "no number"),
        ("3,2,1,4", "10", "no box on Earth"),
        ("-181,2,3,4", "10", "no box on Earth"),
        ("1,2,3,4", "99", "out of range"),
        ("1,2,3,4", "", "no number"),
    ],
)
def test_a_wrong_window_is_refused_by_its_part(bbox: str, zoom: str, said: str) -> None:
    with pytest.raises(Usage, match=said):
        window(bbox, zoom)


def test_a_window_names_the_size_of_its_cells() -> None:
    assert window("-87.9,41.6,-87.5,42.1", "10").size_m == 1000
    assert window("-87.9,41.6,-87.5,42.1", "15").size_m is None


def test_the_large_map_gets_cells_with_colors_or_points_with_words() -> None:
    cells = grid([-87.63, -87.63, -87.7], [41.88, 41.88, 41.9], Lattice(41.9, 500))
    told = of_cells(cells, total=3)
    assert told["kind"] == "cells"
    assert {each["properties"]["color"] for each in told["features"]} == {each["color"] for each in told["legend"]}
    box = shapely.from_geojson(shapely.to_geojson(shapely.Polygon(told["features"][0]["geometry"]["coordinates"][0])))
    assert box.is_valid
    points = of_points([(-87.63, 41.88, {"told": "Theft, Jan 2, 2015"})], total=1)
    assert points["features"][0]["geometry"] == {"type": "Point", "coordinates": [-87.63, 41.88]}
