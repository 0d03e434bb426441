"""The sample's rows: invented, the same each time, read by the crosswalks that are shipped, odd where they say so."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from commonground import cities
from commonground.cities.outlines import outline
from commonground.demo import rows, sample
from commonground.demo.rows import Recipe, SampleRows
from commonground.standards import files
from commonground.standards.crosswalk import Crosswalk
from tests.tables.made import Made, build, part

TODAY = date(2026, 11, 23)
RECIPES = [(standard, one) for standard, found in rows.recipes().items() for one in found]
NAMES = [f"{standard}-{one.dataset.replace('/', '-')}" for standard, one in RECIPES]


def city_of(recipe: Recipe) -> str:
    return cities.portals(cities.cities())[recipe.portal].city


def built(folder: Path, standard: str, recipe: Recipe) -> Made:
    table = SampleRows(recipe, TODAY).table()
    crosswalk: Crosswalk = files.crosswalk(standard, city_of(recipe))
    raw = part(folder, 1, recipe.dataset, table.column_names, iter([table]))
    return build(folder, files.standard(standard), crosswalk, [raw])


def test_each_table_has_rows_of_all_seven_cities() -> None:
    every = set(cities.cities())
    for standard in rows.STANDARDS:
        assert {city_of(one) for one in rows.recipes()[standard]} == every


@pytest.mark.parametrize(("standard", "recipe"), RECIPES, ids=NAMES)
def test_crosswalks_read_the_data_set_and_the_sample_lists_it(standard: str, recipe: Recipe) -> None:
    city = city_of(recipe)
    assert recipe.dataset in {one.dataset for one in files.crosswalk(standard, city).sources}
    assert recipe.dataset in {f"{one.portal}/{one.native_id}" for one in sample.datasets(city, TODAY)}


@pytest.mark.parametrize(
    ("standard", "recipe"),
    [pytest.param(*one, marks=() if one[0] == "building_permits" else pytest.mark.slow) for one in RECIPES],
    ids=NAMES,
)
def test_rows_fit_but_for_those_that_are_odd(standard: str, recipe: Recipe, tmp_path: Path) -> None:
    made = built(tmp_path, standard, recipe)
    result = made.result
    assert result.read == result.mapped + sum(result.withheld.values())
    assert 0 < sum(result.withheld.values()) < result.read * 0.02 or standard == "crime_incidents"
    kind = result.remainder[files.standard(standard).kind]
    assert 0 < kind.lost < kind.given * 0.02
    assert all(one.remainder < 0.05 for one in result.remainder.values())


def test_every_oddity_is_there(tmp_path: Path) -> None:
    (recipe,) = (one for one in rows.recipes()["building_permits"] if one.portal == "chicago")
    made = built(tmp_path, "building_permits", recipe)
    assert set(made.result.withheld) == {"no_key", "superseded"}
    codes = {one.code for one in made.result.troubles}
    assert {"unmapped", "zero-place", "outside-city", "too-early", "personal-masked"} <= codes, codes


def test_rows_are_the_same_each_time_and_say_that_they_are_samples() -> None:
    recipe = RECIPES[0][1]
    table = SampleRows(recipe, TODAY).table()
    assert table.equals(SampleRows(recipe, TODAY).table())
    keys = [one for one in table.column(next(iter(recipe.columns))).to_pylist() if one]
    assert all("SAMPLE" in one for one in keys)
    assert max(Counter(keys).values()) == 2


def test_places_lie_in_the_city() -> None:
    from shapely import contains_xy

    (recipe,) = (one for one in rows.recipes()["crime_incidents"] if one.portal == "seattle")
    table = SampleRows(recipe, TODAY).table()
    places = zip(table.column("longitude").to_pylist(), table.column("latitude").to_pylist(), strict=True)
    inside = sum(contains_xy(outline("seattle"), float(x), float(y)) for x, y in places)
    assert recipe.rows * 0.97 < inside < recipe.rows


def test_the_file_has_the_rows_of_the_table() -> None:
    held = SampleRows(RECIPES[0][1], TODAY)
    with held.open() as file:
        read = list(csv.reader(io.StringIO(file.read().decode(), newline="")))
    assert read[0] == held.table().column_names
    assert len(read) == held.table().num_rows + 1


def test_a_portal_serves_its_own_rows_only() -> None:
    assert set(rows.held("chicago", TODAY)) == {"ydr8-5enu", "ijzp-q8t2", "v6vf-nfxy"}
    assert not rows.held("seattle-gis", TODAY)
