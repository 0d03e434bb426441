"""Socrata's recorded catalogs and answers through real HTTP, and the ways its API surprises."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Response

from commonground.errors import Absent, Disagrees, Unreadable
from commonground.protocols.base import Holdings, Notes
from commonground.protocols.fields import prose
from commonground.protocols.http import Client, Manners
from commonground.protocols.recordings import find, newest
from commonground.protocols.serving import answer, application, loopback
from commonground.protocols.socrata import discovery
from commonground.protocols.socrata.read import Discovery, SocrataDataJson, Views
from commonground.protocols.socrata.serve import app, view
from commonground.words import ColumnType, Kind, Portal, Raw

HOST = "data.seattle.gov"
SEATTLE = Portal("seattle", "seattle", "Seattle", HOST, "socrata", f"https://{HOST}")


@contextmanager
def asking(wsgi: Any) -> Iterator[Client]:
    """A client that reaches one server, as Seattle's portal, and nothing else."""
    manners = Manners(attempts=1)
    with loopback({HOST: wsgi}) as routes, Client(routes=routes, sealed=True, manners=manners) as client:
        yield client


def served(records: Sequence[Raw]) -> Any:
    return app(Holdings(HOST, records))


def record(native_id: str = "aaaa-0001", **resource: Any) -> Raw:
    return {
        "resource": {"id": native_id, "name": "Crime Data", "type": "dataset", **resource},
        "classification": {},
        "metadata": {"domain": HOST},
    }


def recorded(folder: Path, host: str) -> list[Raw]:
    return list(newest(find(folder / "portals"))[host].holdings().records)


def test_a_recording_comes_out_as_it_went_in(recordings: Path) -> None:
    went_in = recorded(recordings, HOST)
    with asking(served(went_in)) as client:
        pages = list(Discovery().pages(SEATTLE, client))
    came_out = [one for page in pages for one in page.records]
    assert len(pages) > 1
    assert {page.declared for page in pages} == {983}
    assert sorted(map(json.dumps, came_out)) == sorted(map(json.dumps, went_in))


@pytest.mark.parametrize(
    "host",
    [
        "data.sfgov.org",
        "data.cityofnewyork.us",
        HOST,
        "performance.seattle.gov",
        "data.lacity.org",
        "data.cityofchicago.org",
    ],
)
def test_no_recorded_record_loses_a_fact(recordings: Path, host: str) -> None:
    portal = Portal("p", "c", "P", host, "socrata", f"https://{host}")
    reader = Discovery()
    for raw in recorded(recordings, host):
        notes = Notes()
        dataset = reader.normalize(raw, portal, notes)
        resource = raw["resource"]
        assert dataset.title == " ".join(resource["name"].split()), raw
        assert {column.field for column in dataset.columns or ()} == set(resource["columns_field_name"])
        # A tag of New York's is mis-encoded and holds control characters, which never reach a page.
        tags = {prose.clean(" ".join(tag.split())).casefold() for tag in raw["classification"]["domain_tags"]}
        assert {word.casefold() for word in dataset.keywords} == tags
        assert all(column.type is not ColumnType.UNKNOWN for column in dataset.columns or ()), dataset.columns
        assert dataset.modified
        assert dataset.modified.at
        assert bool(dataset.license) == ("license" in raw["metadata"])


def test_random_order_of_lists_is_no_change(recordings: Path) -> None:
    shuffler = random.Random(11)
    for raw in recorded(recordings, "data.cityofchicago.org")[:200]:
        other = json.loads(json.dumps(raw))
        resource = other["resource"]
        order = list(range(len(resource["columns_name"])))
        shuffler.shuffle(order)
        for name in ("name", "field_name", "datatype", "description", "format"):
            resource[f"columns_{name}"] = [resource[f"columns_{name}"][position] for position in order]
        for name in ("domain_tags", "tags", "categories", "domain_metadata"):
            shuffler.shuffle(other["classification"].get(name) or [])
        resource["page_views"] = {"page_views_total": 12345}
        assert discovery.canonical(other) == discovery.canonical(raw)
        if order:
            resource["columns_name"][0] += "!"
            assert discovery.canonical(other) != discovery.canonical(raw)


@pytest.mark.parametrize(
    ("city", "host", "days", "counts"),
    [
        ("chicago", "data.cityofchicago.org", ("2022-06-23", "2022-07-22"), (2, 0, 85)),
        ("san_francisco", "data.sfgov.org", ("2022-06-23", "2022-07-22"), (1, 0, 111)),
        ("seattle", "performance.seattle.gov", ("2022-06-23", "2022-07-22"), (0, 0, 5)),
        ("new_york", "data.cityofnewyork.us", ("2022-06-07", "2022-07-07"), (4, 3, 114)),
    ],
)
def test_a_month_of_changes_is_counted_as_measured(
    recordings: Path, city: str, host: str, days: tuple[str, str], counts: tuple[int, int, int]
) -> None:
    added, removed, changed = counts
    found = {one.day.isoformat(): one for one in find(recordings / "replay") if one.host == host and one.city == city}
    first, second = (
        {one["resource"]["id"]: discovery.canonical(one) for one in found[day].holdings().records} for day in days
    )
    assert len(second.keys() - first.keys()) == added
    assert len(first.keys() - second.keys()) == removed
    # The measured figure counts columns as sets and everything else by order, so ours can only be a little lower.
    differing = sum(first[key] != second[key] for key in first.keys() & second.keys())
    assert changed * 0.9 <= differing <= changed


def test_recorded_answers_of_discovery_are_read_whole(recordings: Path) -> None:
    folder = recordings / "fixtures" / "socrata-discovery"
    read = 0
    for path in sorted(folder.glob("*.json")):
        answered = json.loads(path.read_text())
        for raw in answered["results"] if isinstance(answered, dict) else answered:
            host = raw["metadata"]["domain"]
            portal = Portal("p", "c", "P", host, "socrata", f"https://{host}")
            dataset = Discovery().normalize(raw, portal, Notes())
            assert dataset.title == " ".join(raw["resource"]["name"].split())
            assert len(dataset.columns or ()) == len(raw["resource"]["columns_field_name"])
            read += 1
    assert read > 100


def test_recorded_views_are_read_whole(recordings: Path) -> None:
    for path in sorted((recordings / "fixtures" / "socrata-views").glob("*view*.json")):
        raw = json.loads(path.read_text())
        notes = Notes()
        dataset = Views().normalize(raw, SEATTLE, notes)
        assert dataset.native_id == raw["id"]
        assert dataset.title == raw["name"].strip()
        assert {one.field for one in dataset.columns or ()} == {one["fieldName"] for one in raw.get("columns", [])}
        assert set(dataset.keywords) == set(raw.get("tags", []))
        assert notes.found == []
    crimes = json.loads((recordings / "fixtures/socrata-views/koop_crimes-views.json").read_text())
    assert Views().normalize(crimes, SEATTLE, Notes()).row_count == 1_246_162 + 11_256


def test_a_domain_absent_from_discovery_is_read_from_its_views() -> None:
    views = [view(record(f"aaaa-{number:04}", name=f"Set {number}")) for number in range(3)]
    with asking(served(views)) as client:
        with pytest.raises(Absent, match="no Discovery API"):
            next(Discovery().pages(SEATTLE, client))
        pages = list(Views().pages(SEATTLE, client))
    assert [one["name"] for page in pages for one in page.records] == ["Set 0", "Set 1", "Set 2"]


def test_a_discovery_that_lists_only_others_counts_as_absent() -> None:
    stranger = record()
    stranger["metadata"]["domain"] = "data.example.org"
    routes = {"/api/catalog/v1": lambda _: answer({"results": [stranger], "resultSetSize": 1})}
    with asking(application(routes)) as client, pytest.raises(Absent, match=r"none of data\.seattle\.gov"):
        next(Discovery().pages(SEATTLE, client))


def test_a_stranger_among_ours_is_a_finding_and_no_record() -> None:
    stranger = record("zzzz-9999")
    stranger["metadata"]["domain"] = "data.example.org"
    routes = {"/api/catalog/v1": lambda _: answer({"results": [record(), stranger], "resultSetSize": 2})}
    with asking(application(routes)) as client:
        pages = list(Discovery().pages(SEATTLE, client))
    assert [one["resource"]["id"] for one in pages[0].records] == ["aaaa-0001"]
    assert [(one.code, one.sample, one.native_id) for one in pages[0].findings] == [
        ("wrong-domain", "data.example.org", "zzzz-9999")
    ]


def test_over_ten_thousand_records_are_scrolled() -> None:
    many = [record(f"{number:04x}-{number:04x}") for number in range(10_750)]
    with asking(served(many)) as client:
        seen = [Discovery().native_id(one) for page in Discovery().pages(SEATTLE, client) for one in page.records]
    assert len(seen) == len(set(seen)) == 10_750


def test_html_instead_of_json_names_the_address() -> None:
    routes = {"/api/catalog/v1": lambda _: Response("<!DOCTYPE html><title>Sorry</title>", content_type="text/html")}
    with asking(application(routes)) as client, pytest.raises(Unreadable, match=r"data\.seattle\.gov.*sent HTML"):
        next(Discovery().pages(SEATTLE, client))


def test_json_of_another_kind_disagrees() -> None:
    routes = {"/api/catalog/v1": lambda _: answer({"message": "hello"})}
    with asking(application(routes)) as client, pytest.raises(Disagrees, match="results"):
        next(Discovery().pages(SEATTLE, client))


def test_data_json_keeps_the_same_ids(recordings: Path) -> None:
    host = "data.cityofchicago.org"
    catalog = newest([one for one in find(recordings / "portals") if one.protocol == "dcat-us"])[host].holdings()
    ids = [SocrataDataJson().native_id(raw) for raw in catalog.records]
    assert len(set(ids)) == 801
    assert all(len(native_id) == 9 for native_id in ids)
    discovered = {one["resource"]["id"] for one in recorded(recordings, host)}
    assert len(discovered & set(ids)) > 300


def test_one_odd_field_never_loses_a_record() -> None:
    odd = record(
        name=["a", "list"],
        description={"no": "text"},
        columns_name="no list",
        columns_field_name=["a", None, 3],
        columns_datatype=["text"],
        parent_fxf="x",
        createdAt="0000-13-45",
        metadata_updated_at=10**30,
    )
    odd["classification"] = {"domain_tags": [{"x": 1}, "ok", None], "domain_metadata": ["x", {"key": 1}]}
    odd["metadata"] = "nothing"
    notes = Notes()
    dataset = Discovery().normalize(odd, SEATTLE, notes)
    assert dataset.title == "aaaa-0001"
    assert dataset.kind is Kind.TABLE
    assert {"no-title", "columns-uneven", "wrong-type"} <= {one.code for one in notes.found}


def test_a_served_portal_answers_how_the_real_one_does() -> None:
    def get(client: Client, path: str) -> Any:
        return client.json(f"https://{HOST}{path}")

    maps = record("mmmm-0001", type="map", name="Map of Crime")
    with asking(served([record(), maps, record("cccc-0001", name="Budget")])) as client:
        assert get(client, f"/api/catalog/v1?domains={HOST}&only=maps")["resultSetSize"] == 1
        assert get(client, f"/api/catalog/v1?domains={HOST}&q=crime&limit=1")["resultSetSize"] == 2
        assert (
            get(client, f"/api/catalog/v1?domains={HOST}&ids=cccc-0001")["results"][0]["resource"]["name"] == "Budget"
        )
        assert get(client, "/api/views/mmmm-0001.json")["name"] == "Map of Crime"


def test_unwanted_requests_are_refused_plainly() -> None:
    from werkzeug.test import Client as Direct

    direct = Direct(served([record()]))
    assert direct.get("/api/catalog/v1?domains=elsewhere.org").status_code == 400
    assert direct.get(f"/api/catalog/v1?domains={HOST}&limit=x").status_code == 400
    assert direct.get(f"/api/catalog/v1?domains={HOST}&offset=9999&limit=100").status_code == 400
    missing = direct.get("/api/views/none-here.json")
    assert missing.status_code == 404
    assert json.loads(missing.text)["error"] is True


texts = st.text(alphabet=st.sampled_from("ab'\"_\\é"), max_size=4)


@given(st.lists(st.tuples(st.one_of(texts, st.none(), st.integers()), texts), max_size=6))
def test_columns_are_put_in_one_order_the_short_way_as_the_long_way(columns: list[tuple[object, ...]]) -> None:
    assert discovery._by_field(columns) == discovery._ordered(columns)
