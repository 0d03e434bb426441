"""Records made from our datasets, and read back: directly for many, through HTTP for some."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonground.protocols.base import Notes
from commonground.protocols.opendatasoft import words
from commonground.protocols.opendatasoft.read import Opendatasoft
from commonground.protocols.opendatasoft.record import record
from commonground.words import Column, ColumnType, Dataset, Distribution, Extent, Kind, Portal
from tests.strategies import columns, datasets

READER = Opendatasoft()
PORTAL = Portal("example", "example", "Example", "data.example.gov", "opendatasoft", "https://data.example.gov")
PAGES = st.from_regex(r"[a-z]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
DATASETS = datasets(
    PORTAL,
    columns=columns({name: kind for name, kind in words.TYPES.items() if name != "decimal"}),
    landing_page=PAGES.map(lambda name: f"{PORTAL.url}/explore/dataset/{name}/"),
    parents=st.just(()),
)


def carried(dataset: Dataset) -> Dataset:
    """What Opendatasoft can carry, as `record` says; its own exports are looked at elsewhere."""
    rows = dataset.columns is not None
    known = dataset.columns or ()
    shapes = any(column.type is ColumnType.GEOMETRY for column in known)
    has_rows = Kind.MAP_LAYER if shapes else Kind.TABLE
    return replace(
        dataset,
        kind=has_rows if rows else Kind.FILE if dataset.distributions else Kind.OTHER,
        columns=known,
        row_count=dataset.row_count if rows else None,
        data_updated=dataset.data_updated if rows else None,
        spatial=dataset.spatial and replace(dataset.spatial, text=""),
    )


def seen(dataset: Dataset) -> Dataset:
    """A dataset that came back, without the exports that any table of the portal has."""
    ways = tuple(way for way in dataset.distributions if "/api/explore/" not in way.url)
    area = dataset.spatial
    return replace(dataset, distributions=ways, spatial=area and Extent(area.west, area.south, area.east, area.north))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DATASETS)
def test_a_dataset_comes_back(dataset: Dataset) -> None:
    notes = Notes()
    assert seen(READER.normalize(record(dataset), PORTAL, notes)) == carried(dataset)
    assert {finding.code for finding in notes.found} <= {"date-unreadable"}


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(DATASETS, max_size=12, unique_by=lambda dataset: dataset.native_id))
def test_datasets_come_back_through_http(serving: Any, batch: list[Dataset]) -> None:
    found = {}
    with serving([record(dataset) for dataset in batch]) as (_, client):
        for page in READER.pages(PORTAL, client):
            assert page.declared == len(batch)
            for raw in page.records:
                found[READER.native_id(raw)] = seen(READER.normalize(raw, PORTAL, Notes()))
    assert found == {dataset.native_id: carried(dataset) for dataset in batch}


def test_what_opendatasoft_cannot_carry_comes_back_as_told() -> None:
    dataset = Dataset(
        *("example", "example", "data.example.gov", "da_1b2c3d", "日本"),
        columns=(
            Column("Cost", "cost", ColumnType.MONEY, "money"),
            Column("Area", "area", ColumnType.POLYGON, "polygon"),
            Column("No name", "", ColumnType.TEXT, "text"),
        ),
        distributions=(Distribution("https://x.example/a.csv", "CSV", "Rows", "text/csv"),),
        landing_page="https://elsewhere.example/p1",
        row_count=5,
        parents=("da_000000",),
        series="permits",
    )
    back = READER.normalize(record(dataset), PORTAL, Notes())
    assert back.columns == (
        Column("Cost", "cost", ColumnType.NUMBER, "double"),
        Column("Area", "area", ColumnType.GEOMETRY, "geo_shape"),
    )
    assert [way.format for way in back.distributions] == ["CSV", "JSON", "Parquet", "GeoJSON", "Shapefile", "CSV"]
    assert back.landing_page == "https://data.example.gov/explore/dataset/da_1b2c3d/"
    assert (back.row_count, back.parents, back.series, back.kind) == (5, (), "", Kind.MAP_LAYER)
    # A second time nothing more is lost, and no export is attached to itself.
    assert READER.normalize(record(back), PORTAL, Notes()) == back
