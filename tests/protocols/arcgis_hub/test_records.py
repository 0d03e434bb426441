"""Our datasets as a Hub would publish them: served over HTTP and read again, columns and all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonground.protocols.arcgis_hub.layers import KEPT, TYPES
from commonground.protocols.arcgis_hub.read import HubFeed, HubSearch
from commonground.protocols.arcgis_hub.record import record
from commonground.protocols.arcgis_hub.serve import app
from commonground.protocols.base import Holdings, Notes
from commonground.protocols.fields.frequencies import frequency
from commonground.protocols.fields.licenses import license_of
from commonground.protocols.fields.prose import description
from commonground.protocols.http import Client
from commonground.protocols.serving import loopback
from commonground.words import Column, ColumnType, Contact, Dataset, Kind, Moment, Portal, Raw
from tests.strategies import columns, datasets

HOST = "hub.city.example"
PORTAL = Portal("city", "city", "City", HOST, "arcgis-hub", f"https://{HOST}")
OFFICE = Contact("Open Data Team", "opendata@city.example")
FEED, SEARCH = HubFeed(), HubSearch()

types = {word: ours for word, ours in TYPES.items() if ours is not ColumnType.GEOMETRY}
ids = st.from_regex(r"[0-9a-f]{32}(_(0|[1-9][0-9]?))?", fullmatch=True)
hub_datasets = datasets(
    PORTAL,
    native_id=ids,
    kind=st.sampled_from([Kind.TABLE, Kind.MAP_LAYER]),
    columns=columns(types),
    parents=st.lists(ids, max_size=1).map(tuple),
)


class Site:
    """One Hub whose records change from example to example; its layers' server is the same one."""

    def __init__(self) -> None:
        self.records: list[Raw] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        return app(Holdings(HOST, self.records))(environ, start_response)


@contextmanager
def hub() -> Iterator[tuple[Site, Client]]:
    site = Site()
    apps = {HOST: site, "example.org": site}
    with loopback(apps) as routes, Client(routes=routes, sealed=True) as client:
        yield site, client


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Site, Client]]:
    with hub() as found:
        yield found


def read(served: tuple[Site, Client], raw: Raw) -> Dataset:
    site, client = served
    site.records = [raw]
    [page] = FEED.pages(PORTAL, client)
    notes = Notes()
    found = FEED.complete(page.records[0], PORTAL, client, notes)
    assert found == raw
    return FEED.normalize(found, PORTAL, notes)


def carried(dataset: Dataset) -> Dataset:
    """The dataset as far as a Hub can carry it."""
    told = [one for one in (dataset.modified, dataset.data_updated, dataset.issued) if one and one.at]
    html, plain = dataset.description_html, dataset.description
    if not html:
        html, plain = description(dataset.title, Notes(), "", dialect="text")
    days = dataset.frequency.days if dataset.frequency else None
    return replace(
        dataset,
        description_html=html,
        description=plain,
        publisher=dataset.publisher or HOST,
        contact=dataset.contact if dataset.contact and dataset.contact.email else OFFICE,
        license=license_of(dataset.license.url) if dataset.license and dataset.license.url else None,
        keywords=dataset.keywords or dataset.themes or (dataset.kind.value.replace("_", " "),),
        issued=_dated(dataset.issued),
        modified=_dated(told[0]) if told else None,
        data_updated=None,
        frequency=frequency(f"R/P{days:.10g}D") if days else None,
        row_count=None if dataset.columns is None else dataset.row_count,
        series="",
    )


def _dated(moment: Moment | None) -> Moment | None:
    return None if moment is None or moment.at is None else moment


def without(dataset: Dataset, *fields: str) -> dict[str, Any]:
    """The fields of a dataset but some, with moments as instants and rhythms as days."""
    told = {name: getattr(dataset, name) for name in Dataset.__slots__ if name not in fields}
    for name in ("issued", "modified"):
        told[name] = told[name] and told[name].at
    told["frequency"] = told["frequency"] and told["frequency"].days
    return told


@given(dataset=hub_datasets)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_what_is_served_is_read_as_the_same_dataset(served: tuple[Site, Client], dataset: Dataset) -> None:
    found = read(served, record(dataset, contact=OFFICE))
    expected = carried(dataset)
    loose = ("kind", "distributions", "temporal")
    assert without(found, *loose) == without(expected, *loose)
    if dataset.columns is not None:
        assert found.kind is dataset.kind
    added = {way.url for way in found.distributions} - {way.url for way in dataset.distributions}
    assert {way for way in found.distributions if way.url not in added} == set(dataset.distributions)
    assert all(url.startswith(f"https://{HOST}/arcgis/rest/services/") for url in added)
    assert read(served, record(found, contact=OFFICE)) == found


@given(dataset=hub_datasets)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_the_search_tells_ids_titles_and_columns(served: tuple[Site, Client], dataset: Dataset) -> None:
    site, client = served
    site.records = [record(dataset)]
    [page] = SEARCH.pages(PORTAL, client)
    found = SEARCH.normalize(SEARCH.complete(page.records[0], PORTAL, client, Notes()), PORTAL, Notes())
    for field in ("native_id", "title", "columns", "themes"):
        assert getattr(found, field) == getattr(dataset, field), field
    if dataset.columns is not None:
        assert found.kind is dataset.kind
        assert found.row_count == dataset.row_count


def test_places_become_the_layers_geometry() -> None:
    shape = Column("Shape", "shape", ColumnType.POLYGON, "esriFieldTypeGeometry")
    money = Column("Cost", "cost", ColumnType.MONEY, "money", "In dollars")
    dataset = Dataset("city", "city", HOST, "a" * 32 + "_4", "Wards", Kind.MAP_LAYER, columns=(shape, money))
    made = record(dataset)
    assert made[KEPT]["geometryType"] == "esriGeometryPolygon"
    assert made["distribution"][0]["accessURL"].endswith(f"/{'a' * 32}/FeatureServer/4")
    with hub() as served:
        found = read(served, made)
    assert found.columns == (shape, replace(money, type=ColumnType.NUMBER, published_type="esriFieldTypeDouble"))
