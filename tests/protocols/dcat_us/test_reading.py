"""DCAT-US portals over real HTTP: recordings, the fixtures of versions 1.1 and 3.0, and bad answers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Response

from commonground.errors import Absent, Disagrees, Unreadable
from commonground.protocols.base import Holdings, Notes
from commonground.protocols.data_json import stream
from commonground.protocols.dcat_us.read import DcatUs
from commonground.protocols.dcat_us.serve import app
from commonground.protocols.fields.values import text
from commonground.protocols.http import Client, Manners
from commonground.protocols.recordings import find
from commonground.protocols.serving import application, loopback
from commonground.words import Contact, Dataset, Kind, Portal, Raw

HOST = "data.city.example"
PORTAL = Portal("city", "city", "City", HOST, "dcat-us", f"https://{HOST}")
READER = DcatUs()


@contextmanager
def asking(wsgi: Any) -> Iterator[Client]:
    manners = Manners(attempts=1)
    with loopback({HOST: wsgi}) as routes, Client(routes=routes, sealed=True, manners=manners) as client:
        yield client


def answering(body: bytes, status: int = 200, path: str = "/data.json") -> Any:
    return application({path: lambda _: Response(body, status=status)})


def normalized(raw: Raw) -> tuple[Dataset, Notes]:
    notes = Notes()
    return READER.normalize(raw, PORTAL, notes), notes


def urls_of(raw: Raw) -> set[str]:
    ways = raw.get("distribution") or []
    told = [way.get(key) for way in ways for key in ("accessURL", "downloadURL")]
    services = [service for way in ways for service in way.get("accessService") or []]
    told += [url for one in [raw, *services] for url in one.get("endpointURL") or []]
    return {url for url in told if url}


def without_loss(raw: Raw) -> None:
    """Title, keywords and addresses of a record are in the Dataset, or in a finding."""
    dataset, notes = normalized(raw)
    noted = {one.sample for one in notes.found}
    assert dataset.title == (text(raw.get("title"), Notes(), "") or dataset.native_id)
    kept = {word.casefold() for word in dataset.keywords}
    assert kept == {" ".join(word.split()).casefold() for word in raw.get("keyword") or [] if word.strip()}
    assert urls_of(raw) - {way.url for way in dataset.distributions} <= noted
    assert dataset.columns is None


def test_chicago_comes_out_as_it_went_in(recordings: Path) -> None:
    for one in find(recordings / "portals/../portals"):
        if one.protocol != "dcat-us":
            continue
        holdings = one.holdings()
        with asking(app(Holdings(HOST, holdings.records, holdings.envelope))) as client:
            pages = list(READER.pages(PORTAL, client))
            assert client.json(f"https://{HOST}/data.json") == {**holdings.envelope, "dataset": holdings.records}
        assert [len(page.records) for page in pages] in ([500, 282], [500, 301])
        came_out = [raw for page in pages for raw in page.records]
        assert came_out == holdings.records
        assert len({READER.native_id(raw) for raw in came_out}) == len(came_out)
        for raw in came_out:
            without_loss(raw)


def test_chicago_changes_what_its_dates_say(recordings: Path) -> None:
    older, newer = (
        {READER.native_id(raw): raw for raw in one.holdings().records}
        for one in find(recordings / "portals")
        if one.protocol == "dcat-us"
    )
    both = older.keys() & newer.keys()
    changed = {key for key in both if READER.canonical(older[key]) != READER.canonical(newer[key])}
    assert (len(newer.keys() - older.keys()), len(older.keys() - newer.keys()), len(changed)) == (19, 0, 131)
    assert all(older[key]["modified"] != newer[key]["modified"] for key in changed)


def test_every_fixture_is_read_without_loss(recordings: Path) -> None:
    without_id = []
    for path in sorted((recordings / "fixtures/dcatus").glob("*.json")):
        if path.name == "gsa_dcatus3_complete_example.json":  # one record alone, no catalog
            continue
        for raw in stream([path.read_bytes()], path.name):
            if not raw.get("identifier"):
                with pytest.raises(ValueError, match="identifier"):
                    READER.native_id(raw)
                without_id.append(path.name.removeprefix("ckanext-datajson_"))
            else:
                without_loss(raw)
    assert without_id == [
        "missing-catalog.data.json",
        "missing-dataset-fields.data.json",
        "missing-identifier-title.data.json",
    ]


def test_the_complete_record_of_version_3(recordings: Path) -> None:
    raw = json.loads((recordings / "fixtures/dcatus/gsa_dcatus3_complete_example.json").read_bytes())
    dataset, notes = normalized(raw)
    assert notes.found == []
    assert dataset.native_id == "NCDC-CLIMATE-OBS-2024"
    assert dataset.publisher == "National Climate Data Center"
    assert dataset.contact == Contact("Climate Data Support Team, National Climate Data Center")
    assert dataset.themes == ("Climate Science", "Environmental Monitoring")
    assert dataset.landing_page == "https://example.gov/datasets/climate-2024"
    assert dataset.series == "https://example.gov/series/annual-climate-observations"
    assert dataset.spatial is not None
    assert (dataset.spatial.west, dataset.spatial.north) == (-125.0, 50.0)
    assert dataset.temporal is not None
    assert dataset.temporal.text == "2024-01-01/2024-12-31"
    assert dataset.frequency is not None
    assert dataset.frequency.days == 1
    assert {way.format for way in dataset.distributions} == {"CSV", "HTML", "JSON", "PDF"}
    assert dataset.kind is Kind.TABLE


def test_a_series_is_named_by_its_members(recordings: Path) -> None:
    document = (recordings / "fixtures/dcatus/gsa_dcatus3_0_series_with_members.json").read_bytes()
    found = {normalized(raw)[0].series for raw in stream([document], "x")}
    assert found == {"https://example.gov/series/annual-report"}


def test_services_are_services(recordings: Path) -> None:
    document = (recordings / "fixtures/dcatus/gsa_dcatus3_0_with_services.json").read_bytes()
    dataset = [normalized(raw)[0] for raw in stream([document], "x")][1]
    assert dataset.kind is Kind.SERVICE
    assert [way.url for way in dataset.distributions] == ["https://api.example.gov/climate/v1"]
    assert dataset.distributions[0].format == "API"


@pytest.mark.parametrize(
    ("given_value", "field", "expected"),
    [
        ({"modified": "R/P1W"}, "modified", None),
        ({"isPartOf": "parent-1"}, "parents", ("parent-1",)),
        ({"isPartOf": {"@type": "Dataset", "identifier": "parent-2"}}, "parents", ("parent-2",)),
        ({"publisher": {"name": "Streets", "subOrganizationOf": {"name": "City"}}}, "publisher", "Streets"),
        ({"publisher": {"subOrganizationOf": [{"name": "City"}]}}, "publisher", "City"),
        ({"publisher": "City"}, "publisher", "City"),
        ({"theme": "Water, Air"}, "themes", ("Water", "Air")),
        ({"title": 707}, "title", "707"),
        ({"title": None}, "title", "x"),
        ({"landingPage": "javascript:alert(1)"}, "landing_page", ""),
        ({"contactPoint": {"fn": "Jane Doe", "hasEmail": "mailto:jane.doe@city.example"}}, "contact", None),
        (
            {
                "contactPoint": [
                    {"fn": "Jane Doe"},
                    {"fn": "Water Department", "hasEmail": "mailto:gis@dc.gov?subject= x"},
                ]
            },
            "contact",
            Contact("Water Department", "gis@dc.gov"),
        ),
    ],
)
def test_fields_in_all_their_forms(given_value: Raw, field: str, expected: object) -> None:
    dataset, _ = normalized({"identifier": "x", **given_value})
    assert getattr(dataset, field) == expected


def test_a_rhythm_written_as_the_date_is_the_frequency() -> None:
    dataset, notes = normalized({"identifier": "x", "title": "t", "modified": "R/P1W"})
    assert dataset.frequency is not None
    assert dataset.frequency.days == 7
    assert notes.found == []


def test_one_distribution_with_a_page_a_file_and_a_service() -> None:
    way = {
        "title": "Trees",
        "format": "CSV",
        "mediaType": "text/csv",
        "accessURL": "https://city.example/trees",
        "downloadURL": "https://city.example/trees.csv",
        "accessService": [{"endpointURL": ["https://city.example/api/trees"]}],
    }
    dataset, _ = normalized(
        {"identifier": "x", "title": "t", "distribution": way, "describedBy": "https://city.example/d.pdf"}
    )
    assert [(one.url.rpartition("/")[2], one.format, one.title) for one in dataset.distributions] == [
        ("trees.csv", "CSV", "Trees"),
        ("trees", "HTML", "Trees"),
        ("trees", "API", "Trees"),
        ("d.pdf", "PDF", "Data dictionary"),
    ]
    assert dataset.kind is Kind.TABLE


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["R/P1D", "<b>x", "https://x.example/"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "@id", "prefLabel", "fn"]), inner)
    ),
    max_leaves=6,
)
FIELDS = (
    *("title", "description", "publisher", "contactPoint", "license", "keyword", "theme", "issued", "modified"),
    *(
        "accrualPeriodicity",
        "spatial",
        "temporal",
        "distribution",
        "landingPage",
        "isPartOf",
        "inSeries",
        "describedBy",
    ),
)


@given(st.dictionaries(st.sampled_from(FIELDS), anything, max_size=8))
def test_no_odd_field_loses_a_record(fields: Raw) -> None:
    raw = {"identifier": "x", **fields}
    dataset, _ = normalized(raw)
    assert dataset.native_id == "x"
    assert dataset.title
    assert READER.canonical(raw).keys() == raw.keys()


@pytest.mark.parametrize("value", [None, "", "  ", [], {}, {"@id": ""}, True, 1.5])
def test_a_record_without_identifier_has_no_id(value: object) -> None:
    with pytest.raises(ValueError, match="identifier"):
        READER.native_id({"identifier": value, "title": "t"})


def test_the_order_of_lists_is_no_change(recordings: Path) -> None:
    records = next(one for one in find(recordings / "portals") if one.protocol == "dcat-us").holdings().records
    chance = random.Random(7)
    for raw in records[:100]:
        shuffled = {
            key: chance.sample(value, len(value)) if isinstance(value, list) else value for key, value in raw.items()
        }
        assert READER.canonical(shuffled) == READER.canonical(raw)
        assert READER.canonical({**raw, "keyword": [*raw.get("keyword", []), "new"]}) != READER.canonical(raw)


def test_the_path_is_an_option() -> None:
    portal = Portal("c", "c", "C", HOST, "dcat-us", f"https://{HOST}", options={"path": "/open/catalog.json"})
    body = b'{"dataset": [{"identifier": "1"}]}'
    with asking(answering(body, path="/open/catalog.json")) as client:
        [page] = DcatUs().pages(portal, client)
    assert page.records == [{"identifier": "1"}]
    assert page.declared is None


def test_a_portal_without_the_document_is_absent() -> None:
    with asking(answering(b"no", status=404)) as client, pytest.raises(Absent, match=HOST):
        list(READER.pages(PORTAL, client))


@pytest.mark.parametrize(
    ("body", "error"), [(b"<!doctype html>", Unreadable), (b'{"message": "down"}', Disagrees), (b"", Unreadable)]
)
def test_a_wrong_document_is_named(body: bytes, error: type[Exception]) -> None:
    with asking(answering(body)) as client, pytest.raises(error, match=HOST):
        list(READER.pages(PORTAL, client))


def test_a_document_that_breaks_off_gives_what_it_had() -> None:
    records = [{"identifier": str(number)} for number in range(700)]
    body = json.dumps({"dataset": [*records, None, {"identifier": "cut"}]}).encode()[:-6]
    with asking(answering(body)) as client:
        pages = READER.pages(PORTAL, client)
        assert [len(next(pages).records), len(next(pages).records)] == [500, 200]
        with pytest.raises(Unreadable, match="after 700 records"):
            next(pages)


def test_what_is_no_record_is_a_finding_of_its_page() -> None:
    with asking(answering(b'{"dataset": [{"identifier": "1"}, "text"]}')) as client:
        [page] = READER.pages(PORTAL, client)
    assert [(one.code, one.place, one.sample) for one in page.findings] == [("record-unusable", "dataset[1]", "text")]
