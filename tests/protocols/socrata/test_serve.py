"""Our Socrata as other people's clients see it, and as we read it back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cfasodapy
import pytest
import requests
import sodapy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonground.protocols.base import Holdings, Notes
from commonground.protocols.http import Client
from commonground.protocols.recordings import find, newest
from commonground.protocols.serving import loopback
from commonground.protocols.socrata import words
from commonground.protocols.socrata.read import Discovery
from commonground.protocols.socrata.record import record
from commonground.protocols.socrata.serve import app
from commonground.words import Dataset, Kind, Portal
from tests.strategies import columns, datasets

HOST = "data.sfgov.org"
PORTAL = Portal("san-francisco", "san_francisco", "DataSF", HOST, "socrata", f"https://{HOST}")
CARRIED = (
    "native_id",
    "title",
    "kind",
    "description",
    "publisher",
    "themes",
    "keywords",
    "issued",
    "modified",
    "data_updated",
    "frequency",
    "columns",
    "landing_page",
    "parents",
)
"""What Discovery carries; the docstring of `record` names the rest."""


@pytest.fixture(scope="module")
def address(recordings: Path) -> Iterator[str]:
    """San Francisco's recording, served."""
    held = newest(find(recordings / "portals"))[HOST].holdings()
    with loopback({HOST: app(held)}) as routes:
        yield routes[HOST]


def test_sodapy_lists_the_whole_catalog(address: str) -> None:
    host = address.removeprefix("http://")
    adapter = {"prefix": "http://", "adapter": requests.adapters.HTTPAdapter()}
    with sodapy.Socrata(host, "token", session_adapter=adapter) as client:
        assert len({one["resource"]["id"] for one in client.datasets()}) == 470
        assert len(client.datasets(limit=7)) == 7
        found = client.datasets(q="building permits", only=["datasets"])
        assert "Building Permits" in {one["resource"]["name"] for one in found}
        metadata = client.get_metadata("i98e-djp9")
    assert metadata["name"] == "Building Permits"
    assert {"name", "fieldName", "dataTypeName"} <= set(metadata["columns"][0])


def test_cfasodapy_is_told_that_rows_are_not_recorded(address: str) -> None:
    class Query(cfasodapy.Query):  # type: ignore[misc] # untyped; it hard-codes https, and knows rows only
        url = f"{address}/resource/i98e-djp9.json"

    with pytest.raises(Exception, match="has no recorded rows"):
        Query(HOST, "i98e-djp9", verbose=False).get_all()


def carried(dataset: Dataset) -> dict[str, Any]:
    """The dataset's facts that Discovery can carry, with columns and keywords in its order."""
    facts = {name: getattr(dataset, name) for name in CARRIED}
    facts["keywords"] = tuple(sorted(dataset.keywords))
    facts["themes"] = dataset.themes[:1]
    facts["columns"] = tuple(sorted(dataset.columns or (), key=lambda one: (one.field, one.name)))
    facts["kind"] = Kind.LINK if dataset.kind is Kind.SERVICE else dataset.kind
    return facts


TYPES = {"Text": "Text", "Number": "Number", "Calendar date": "Calendar date", "Point": "Point", "Oddity": "Oddity"}
FOUR = st.text("abcdefghjkmnpqrstuvwxyz23456789", min_size=4, max_size=4)
OURS = datasets(
    PORTAL,
    native_id=st.tuples(FOUR, FOUR).map("-".join),
    columns=columns({name: words.column_type(name) for name in TYPES}),
)


@given(OURS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_our_datasets_come_back_from_their_records(dataset: Dataset) -> None:
    assert carried(Discovery().normalize(record(dataset), PORTAL, Notes())) == carried(dataset)


@given(st.lists(OURS, min_size=1, max_size=6, unique_by=lambda one: one.native_id))
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_our_datasets_come_back_over_http(given_ones: list[Dataset]) -> None:
    held = Holdings(HOST, [record(one) for one in given_ones])
    with loopback({HOST: app(held)}) as routes, Client(routes=routes, sealed=True) as client:
        found = [
            Discovery().normalize(raw, PORTAL, Notes())
            for page in Discovery().pages(PORTAL, client)
            for raw in page.records
        ]
    assert {one.native_id: carried(one) for one in found} == {one.native_id: carried(one) for one in given_ones}
