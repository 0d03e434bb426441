"""What a recorded file holds comes back through each dialect, cell for cell."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonground.protocols.arcgis_hub.shapes import esri, geojson
from tests.protocols.rows.given import DIALECTS, as_csv, codes, file, read, together

NAMES = ("OBJECTID", "Primary Type", "naïve_name", "Arrest", "Amount")
ROWS = [
    ("7", "THEFT, SIMPLE", " leading", "true", "1.50"),
    ("12", 'say "when"', "", "false", "2e3"),
    ("3", "two\nlines", "trailing ", "NULL", "00012"),
    ("1", "日本\u2028", "'", "NA", "9007199254740993.10"),
]
WAYS = [*((one, {}) for one in DIALECTS), ("socrata", {"rows": "pages"})]


@pytest.mark.parametrize(("protocol", "options"), WAYS)
@pytest.mark.parametrize("packed", [0, 1], ids=["plain", "gz"])
def test_a_file_comes_back(protocol: str, options: dict[str, str], packed: int, tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + as_csv(NAMES, ROWS)
    source = file(tmp_path / f"some.csv{'.gz' * packed}", gzip.compress(content) if packed else content)
    pages = read(protocol, source, **options)
    found = together(pages)
    in_order = sorted(ROWS, key=lambda row: int(row[0])) if protocol == "arcgis-hub" else ROWS
    assert found.column_names == list(NAMES)
    assert list(zip(*(one.to_pylist() for one in found.columns), strict=True)) == in_order
    assert {str(one.type) for one in found.columns} == {"string"}
    assert pages[-1].declared == (None if protocol == "dcat-us" else 4)
    assert pages[-1].came == 4
    assert codes(pages) == []


@pytest.mark.parametrize("protocol", DIALECTS)
def test_a_file_without_rows_gives_one_page(protocol: str, tmp_path: Path) -> None:
    (page,) = read(protocol, file(tmp_path / "some.csv", b"a,b\r\n"))
    # Lines of JSON name no columns where there are none.
    names = () if protocol == "opendatasoft" else ("a", "b")
    assert (page.names, page.rows.num_rows, page.came, page.findings) == (names, 0, 0, ())


FEATURES = """{"type": "FeatureCollection", "features": [
 {"type": "Feature", "properties": {"OBJECTID": 3, "n": 1.50, "t": "1.50", "none": null, "d": "2016-08-05T19:36:07.000Z"},
  "geometry": {"type": "Point", "coordinates": [-77.00896639534831, 38.870310061087913, 0.0]}},
 {"type": "Feature", "properties": {"OBJECTID": 4, "n": -0, "t": "", "none": true, "more": {"a": [1, 2.0]}},
  "geometry": null}]}"""


@pytest.mark.parametrize(("protocol", "name"), [(one, "some.geojson") for one in DIALECTS])
def test_features_come_back(protocol: str, name: str, tmp_path: Path) -> None:
    found = together(read(protocol, file(tmp_path / name, FEATURES.encode())))
    first, second = found.to_pylist()
    assert json.loads(first.pop("geometry"), parse_float=str)["coordinates"][1] == "38.870310061087913"
    assert second.pop("geometry", None) is None
    assert {key: value for key, value in first.items() if value is not None} == {
        "OBJECTID": "3", "n": "1.50", "t": "1.50", "d": "2016-08-05T19:36:07.000Z"
    }  # fmt: skip
    assert {key: value for key, value in second.items() if value is not None} == {
        "OBJECTID": "4", "n": "-0", "t": "", "none": "true", "more": '{"a":[1,2.0]}'
    }  # fmt: skip


def test_ragged_rows_come_as_the_reader_of_files_keeps_them(tmp_path: Path) -> None:
    source = file(tmp_path / "some.csv", b"a,b\r\n1,2\r\n1,2,3,4\r\n5\r\n6,7\r\n")
    kept = source.table()
    assert kept.num_rows == 4
    for protocol, options in WAYS:
        assert together(read(protocol, source, **options)).select(kept.column_names).equals(kept), protocol
    assert "rows-odd" in codes(read("socrata", source))


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r\n"), max_size=8)
CELLS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6)


@pytest.mark.parametrize(("protocol", "options"), WAYS)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=CELLS)
def test_any_cells_come_back(
    protocol: str, options: dict[str, str], rows: list[tuple[str, str]], tmp_path: Path
) -> None:
    written = [(str(at), *row) for at, row in enumerate(rows)]
    source = file(tmp_path / f"{hash(tuple(rows))}.csv", as_csv(("OBJECTID", "one", "other"), written))
    found = together(read(protocol, source, **options))
    assert found.equals(source.table().select(found.column_names))
    assert list(zip(*(one.to_pylist() for one in found.columns), strict=True)) == written


COORDINATES = st.tuples(st.integers(-180, 180), st.integers(-90, 90)).map(list)
SQUARES = st.tuples(COORDINATES, st.integers(1, 9)).map(
    lambda given: [
        [given[0][0] + x * given[1], given[0][1] + y * given[1]] for x, y in ((0, 0), (0, 1), (1, 1), (1, 0), (0, 0))
    ]
)
HOLED = st.tuples(SQUARES, st.lists(SQUARES.map(lambda ring: ring[::-1]), max_size=2)).map(
    lambda one: [one[0], *one[1]]
)
LINES = st.lists(COORDINATES, min_size=2, max_size=5)
SHAPES = st.one_of(
    COORDINATES.map(lambda one: {"type": "Point", "coordinates": one}),
    st.lists(COORDINATES, min_size=1).map(lambda one: {"type": "MultiPoint", "coordinates": one}),
    LINES.map(lambda one: {"type": "LineString", "coordinates": one}),
    st.lists(LINES, min_size=2, max_size=3).map(lambda one: {"type": "MultiLineString", "coordinates": one}),
    HOLED.map(lambda one: {"type": "Polygon", "coordinates": one}),
    st.lists(HOLED, min_size=2, max_size=3).map(lambda one: {"type": "MultiPolygon", "coordinates": one}),
)


@given(SHAPES)
def test_shapes_come_back_from_esri(shape: dict[str, Any]) -> None:
    assert geojson(esri(shape)) == shape


@pytest.mark.parametrize("odd", [None, {}, [], "x", {"x": None, "y": 1}, {"x": "NaN", "y": "NaN"}, {"rings": []}])
def test_what_is_no_shape(odd: object) -> None:
    assert geojson(odd) is None
    assert esri(odd) is None
