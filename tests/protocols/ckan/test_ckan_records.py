"""Packages made from our datasets, and read back: directly for many, through HTTP for some."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonground.protocols.base import Notes
from commonground.protocols.ckan import words
from commonground.protocols.ckan.read import Ckan
from commonground.protocols.ckan.record import record
from commonground.words import Column, ColumnType, Dataset, Distribution, Kind, Portal
from tests.strategies import columns, datasets

READER = Ckan()
PORTAL = Portal("boston", "boston", "Analyze Boston", "data.boston.gov", "ckan", "https://data.boston.gov")
DATASETS = datasets(PORTAL, columns=columns(words.TYPES))


def carried(dataset: Dataset) -> Dataset:
    """What CKAN can carry, as `record` says: rows need columns, the date of the data needs a resource."""
    has_resource = bool(dataset.distributions) or dataset.columns is not None
    return replace(
        dataset,
        row_count=None if dataset.columns is None else dataset.row_count,
        data_updated=dataset.data_updated if has_resource else None,
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DATASETS)
def test_a_dataset_comes_back(dataset: Dataset) -> None:
    notes = Notes()
    assert READER.normalize(record(dataset), PORTAL, notes) == carried(dataset)
    assert {finding.code for finding in notes.found} <= {"date-unreadable"}


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(DATASETS, max_size=12, unique_by=lambda dataset: dataset.native_id))
def test_datasets_come_back_through_http(serving: Any, batch: list[Dataset]) -> None:
    with serving([record(dataset) for dataset in batch]) as (_, client):
        found = {}
        for page in READER.pages(PORTAL, client):
            assert page.declared == len(batch)
            for raw in page.records:
                whole = READER.complete(raw, PORTAL, client, Notes())
                assert READER.canonical(whole) == READER.canonical(raw)
                found[READER.native_id(raw)] = READER.normalize(whole, PORTAL, Notes())
    assert found == {dataset.native_id: carried(dataset) for dataset in batch}


def test_what_ckan_cannot_carry_comes_back_as_told() -> None:
    dataset = Dataset(
        *("boston", "boston", "data.boston.gov", "p1", "日本"),
        description_html="bare <strong>text</strong>",
        columns=(
            Column("Cost", "cost", ColumnType.PERCENT, "percent"),
            Column("Row", "_id", ColumnType.INTEGER, "int"),
            Column("Where", "where", ColumnType.ADDRESS, "location"),
        ),
        distributions=(
            Distribution("https://x.example/a", "HTML", "Page"),
            Distribution("https://x.example/a.csv", "CSV", "Rows", "text/csv"),
        ),
        landing_page="https://elsewhere.example/p1",
        row_count=5,
        series="permits",
    )
    made = record(dataset)
    assert [resource["datastore_active"] for resource in made["resources"]] == [False, True]
    back = READER.normalize(made, PORTAL, Notes())
    assert back.columns == (
        Column("Cost", "cost", ColumnType.NUMBER, "numeric"),
        Column("Where", "where", ColumnType.TEXT, "text"),
    )
    assert back.description_html == "<p>bare <strong>text</strong></p>"
    assert back.landing_page == f"https://data.boston.gov/dataset/{made['name']}"
    assert (back.row_count, back.series, back.kind) == (5, "", Kind.TABLE)
    # A second time nothing more is lost.
    assert READER.normalize(record(back), PORTAL, Notes()) == back


def test_names_of_resources_and_groups_are_stable_and_different() -> None:
    dataset = Dataset("boston", "boston", "data.boston.gov", "p1", "T", themes=("Über uns", "日本", "中国"), columns=())
    made = record(dataset)
    names = [group["name"] for group in made["groups"]]
    assert names[0] == "uber-uns"
    assert len(set(names)) == 3
    assert record(dataset) == made
    assert record(replace(dataset, native_id="p2"))["resources"][0]["id"] != made["resources"][0]["id"]
