from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commonground.protocols.base import Notes
from commonground.protocols.fields.extents import extent, period

BOX = (-77.1196, 38.7915, -76.909, 38.9959)
RING = [[-77.1196, 38.7915], [-76.909, 38.7915], [-76.909, 38.9959], [-77.1196, 38.9959], [-77.1196, 38.7915]]
WKT = "POLYGON((" + ", ".join(f"{x} {y}" for x, y in RING) + "))"
POLYGON = {"type": "Polygon", "coordinates": [RING]}


@pytest.mark.parametrize(
    "given",
    [
        "-77.1196,38.7915,-76.909,38.9959",
        " -77.1196, 38.7915, -76.909, 38.9959 ",
        "[-77.1196, 38.7915, -76.909, 38.9959]",
        [-77.1196, 38.7915, -76.909, 38.9959],
        [[-77.1196, 38.7915], [-76.909, 38.9959]],
        [[-77.1196, 38.9959], [-76.909, 38.7915]],
        "[[-77.1196, 38.7915], [-76.909, 38.9959]]",
        {"type": "envelope", "coordinates": [[-77.1196, 38.7915], [-76.909, 38.9959]]},
        WKT,
        WKT.replace("POLYGON", "SRID=4326;MULTIPOLYGON(").replace("))", ")))"),
        "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> " + WKT,
        "ENVELOPE(-77.1196, -76.909, 38.9959, 38.7915)",
        POLYGON,
        json.dumps(POLYGON),
        {"type": "Feature", "geometry": POLYGON},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": POLYGON}]},
        {"type": "GeometryCollection", "geometries": [POLYGON]},
        {"west": -77.1196, "south": 38.7915, "east": -76.909, "north": 38.9959},
        {"xmin": "-77.1196", "ymin": "38.7915", "xmax": "-76.909", "ymax": "38.9959"},
        {"xmin": -77.1196, "ymin": 38.7915, "xmax": -76.909, "ymax": 38.9959, "spatialReference": {"wkid": 4326}},
        [{"@type": "Location", "geometry": WKT}],
        {"@type": "Location", "bbox": WKT, "prefLabel": "Washington"},
    ],
)
def test_forms_of_one_box(given: object) -> None:
    notes = Notes()
    found = extent(given, notes, "spatial")
    assert found is not None
    assert (found.west, found.south, found.east, found.north) == BOX
    assert found.text
    assert not notes.found


def test_web_mercator_becomes_degrees() -> None:
    found = extent(
        {
            "xmin": -8584932,
            "ymin": 4690000,
            "xmax": -8561000,
            "ymax": 4721000,
            "spatialReference": {"latestWkid": 3857},
        },
        Notes(),
        "x",
    )
    assert found is not None
    assert found.west == pytest.approx(-77.119, abs=0.001)
    assert found.south == pytest.approx(38.77, abs=0.03)


def test_latitude_first_is_turned() -> None:
    found = extent("[[-14.601813, -179.231086], [71.441059, 179.859681]]", Notes(), "spatial")
    assert found is not None
    assert (found.west, found.south, found.east, found.north) == (-179.231086, -14.601813, 179.859681, 71.441059)


def test_a_point_is_an_extent_without_area() -> None:
    found = extent("POINT(-77 38.9)", Notes(), "spatial")
    assert found is not None
    assert (found.west, found.east) == (-77, -77)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("United States", "place-name-only"),
        ("Washington, DC", "place-name-only"),
        ("https://sws.geonames.org/4140963/", "place-name-only"),
        ({"prefLabel": "Seattle"}, "place-name-only"),
        ("{{extent:computeSpatialProperty}}", "extent-unreadable"),
        ("-77.1,38.8,-76.9", "extent-unreadable"),
        ("1003477.096,1749983.277,1324820.8775,2004197.31125", "extent-unreadable"),
        (
            {
                "xmin": 1003477.0,
                "ymin": 1749983.2,
                "xmax": 1324820.8,
                "ymax": 2004197.3,
                "spatialReference": {"wkid": 3435},
            },
            "extent-unreadable",
        ),
        ({"xmin": None, "ymin": 1, "xmax": 2, "ymax": 3}, "extent-unreadable"),
        ({"xmin": "NaN", "ymin": 1, "xmax": 2, "ymax": 3}, "extent-unreadable"),
        ("1e999,0,1,1", "extent-unreadable"),
        ("POLYGON((a b))", "extent-unreadable"),
        ("[[[", "extent-unreadable"),
        ("[" * 100_000, "extent-unreadable"),
        (True, "wrong-type"),
        (5, "wrong-type"),
    ],
)
def test_other_values_are_noted(given: object, code: str) -> None:
    notes = Notes()
    assert extent(given, notes, "spatial") is None
    assert [finding.code for finding in notes.found] == [code]


@pytest.mark.parametrize(
    "given",
    [
        "1" + " " * 200000,
        "1" * 200000,
        "POLYGON((" + "1" * 500000,
        "POLYGON((" + "1 " * 200000,
        "(" * 200000,
        "1," * 100000,
        "POINT" + " " * 200000,
        "2010" + " " * 200000,
        "2010 -" * 50000,
        "R/" * 100000,
    ],
    ids=range(10),
)
def test_hostile_text_ends(given: str) -> None:
    started = time.process_time()
    extent(given, Notes(), "spatial")
    period(given, Notes(), "temporal")
    assert time.process_time() - started < 2


@pytest.mark.parametrize("given", [None, "", [], {}])
def test_nothing_is_nothing(given: object) -> None:
    notes = Notes()
    assert extent(given, notes, "spatial") is None
    assert period(given, notes, "temporal") is None
    assert not notes.found


@pytest.mark.parametrize(("name", "known"), [("null-spatial", 0), ("large-spatial", 1), ("geospatial", 1)])
def test_recorded_answers(recordings: Path, name: str, known: int) -> None:
    path = recordings / "fixtures" / "dcatus" / f"ckanext-datajson_{name}.data.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    notes = Notes()
    found = [extent(one.get("spatial"), notes, "spatial") for one in document["dataset"]]
    assert sum(one is not None for one in found) >= known
    assert {finding.code for finding in notes.found} <= {"place-name-only", "extent-unreadable"}


def day(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "start", "end"),
    [
        ("2010-01-01/2010-12-31", "2010-01-01", "2010-12-31"),
        ("2007-02-01T00:00:00Z/2017-12-31T00:00:00Z", "2007-02-01", "2017-12-31"),
        ("2010-01-01/", "2010-01-01", None),
        ("2010-01-01/..", "2010-01-01", None),
        ("../2010-12-31", None, "2010-12-31"),
        ("2010-01-01/P1Y6M", "2010-01-01", "2011-07-01"),
        ("R/2010-01-01/P1D", "2010-01-01", "2010-01-02"),
        ("2010/2012", "2010-01-01", "2012-12-31"),
        ("2021", "2021-01-01", "2021-12-31"),
        ("2017-2020", "2017-01-01", "2020-12-31"),
        ("2001-", "2001-01-01", None),
        ("May 2010 - present", "2010-05-01", None),
        ("January 2011 to December 2012", "2011-01-01", "2012-12-31"),
        ("July 2020- July 2021", "2020-07-01", "2021-07-31"),
        ("8/1/2012 - 7/31/2016", "2012-08-01", "2016-07-31"),
        ("2005 – 2011", "2005-01-01", "2011-12-31"),
        ("February 2020", "2020-02-01", "2020-02-29"),
        ({"@type": "PeriodOfTime", "startDate": "2024-01-01", "endDate": "2024-12-31"}, "2024-01-01", "2024-12-31"),
        ([{"startDate": {"@value": "2024-01-01"}}], "2024-01-01", None),
    ],
)
def test_periods(given: object, start: str | None, end: str | None) -> None:
    notes = Notes()
    found = period(given, notes, "temporal")
    assert found is not None
    assert (found.start, found.end) == (day(start), day(end))
    assert not notes.found


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("Current", "period-unreadable"),
        ("2014-2015 to Present", "period-unreadable"),
        ("2012-01-01/2010-01-01", "period-unreadable"),
        ("2010-01-01/P9999Y", "period-unreadable"),
        ("0000-01-01/9999-01-01", "period-unreadable"),
        ("R/P1D", "period-unreadable"),
        ({"startDate": "soon"}, "period-unreadable"),
        (2010, "wrong-type"),
    ],
)
def test_what_is_no_period_is_noted(given: object, code: str) -> None:
    notes = Notes()
    assert period(given, notes, "temporal") is None
    assert [finding.code for finding in notes.found] == [code]
