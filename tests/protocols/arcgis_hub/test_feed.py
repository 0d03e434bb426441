"""The Hub's feed: Washington's four recordings over HTTP, ids, kinds, layers, and what changes by itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Response

from commonground.errors import Absent, Unrecorded
from commonground.protocols.arcgis_hub.items import hub_id, lasting, layer_url
from commonground.protocols.arcgis_hub.layers import KEPT
from commonground.protocols.arcgis_hub.read import FEED, HubFeed
from commonground.protocols.arcgis_hub.serve import app
from commonground.protocols.base import Holdings, Notes
from commonground.protocols.data_json import stream
from commonground.protocols.fields.values import link
from commonground.protocols.http import Client, Manners
from commonground.protocols.recordings import find
from commonground.protocols.serving import answer, application, loopback
from commonground.words import ColumnType, Dataset, Kind, Portal, Raw

HOST = "opendata.dc.gov"
PORTAL = Portal("washington-dc", "washington_dc", "Open Data DC", HOST, "arcgis-hub", f"https://{HOST}")
READER = HubFeed()
ITEM = "17cafb3ffab347409def7e85e14c56bd"
SERVER = "maps.city.example"
LAYER = f"https://{SERVER}/arcgis/rest/services/Trees/FeatureServer/3"


@contextmanager
def asking(apps: dict[str, Any]) -> Iterator[Client]:
    manners = Manners(attempts=1)
    with loopback(apps) as routes, Client(routes=routes, sealed=True, manners=manners) as client:
        yield client


def normalized(raw: Raw) -> Dataset:
    return READER.normalize(raw, PORTAL, Notes())


def recorded(folder: Path, day: str) -> Holdings:
    [found] = [one for one in find(folder / "portals") if one.host == HOST and one.day == date.fromisoformat(day)]
    return found.holdings()


def by_id(folder: Path, day: str) -> dict[str, Raw]:
    return {READER.native_id(raw): raw for raw in recorded(folder, day).records}


def record(**fields: Any) -> Raw:
    way = {"accessURL": LAYER, "format": "Esri REST", "mediaType": "application/json"}
    return {"identifier": f"https://{HOST}/datasets/{ITEM}_3", "title": "Trees", "distribution": [way], **fields}


@pytest.mark.parametrize(
    ("day", "count"), [("2019-01-04", 1_000), ("2020-09-18", 1_324), ("2020-10-22", 1_333), ("2020-11-18", 1_357)]
)
def test_washington_comes_out_as_it_went_in(recordings: Path, day: str, count: int) -> None:
    holdings = recorded(recordings, day)
    with asking({HOST: app(holdings)}) as client:
        came_out = [raw for page in READER.pages(PORTAL, client) for raw in page.records]
        assert client.json(f"https://{HOST}{FEED}") == {**holdings.envelope, "dataset": holdings.records}
    assert len(came_out) == count
    assert came_out == holdings.records
    ids = {READER.native_id(raw) for raw in came_out}
    assert len(ids) == count
    assert all(one.split("_")[0].isalnum() and len(one.split("_")[0]) == 32 for one in ids)
    for raw in came_out:
        dataset = normalized(raw)
        assert dataset.title == " ".join(raw["title"].split())
        assert {word.casefold() for word in dataset.keywords} == {
            " ".join(word.split()).casefold() for word in raw["keyword"] if word.strip()
        }
        told = [way.get(key) for way in raw["distribution"] for key in ("accessURL", "downloadURL")]
        assert {way.url for way in dataset.distributions} == {link(url, Notes(), "") for url in told if url}
        assert dataset.columns is None
        assert dataset.issued
        assert dataset.modified
        assert dataset.spatial


def test_ids_outlive_the_change_of_addresses(recordings: Path) -> None:
    assert len(by_id(recordings, "2019-01-04").keys() & by_id(recordings, "2020-09-18").keys()) == 857


@pytest.mark.parametrize(
    ("older", "newer", "counts", "changed"),
    [("2020-09-18", "2020-10-22", (10, 1), range(150, 200)), ("2020-10-22", "2020-11-18", (26, 2), range(100, 131))],
)
def test_only_real_changes_are_changes(
    recordings: Path, older: str, newer: str, counts: tuple[int, int], changed: range
) -> None:
    before, after = by_id(recordings, older), by_id(recordings, newer)
    both = before.keys() & after.keys()
    moved = [key for key in both if READER.canonical(before[key]) != READER.canonical(after[key])]
    assert (len(after.keys() - before.keys()), len(before.keys() - after.keys())) == counts
    assert len(moved) in changed


def test_kinds_of_washington(recordings: Path) -> None:
    datasets = [normalized(raw) for raw in recorded(recordings, "2020-11-18").records]
    assert Counter(one.kind for one in datasets) == {
        Kind.MAP_LAYER: 766,
        Kind.TABLE: 405,
        Kind.LINK: 154,
        Kind.STORY: 18,
        Kind.OTHER: 14,
    }
    kinds = {one.title: one.kind for one in datasets}
    expected = {
        "Alcoholic Beverage Regulation Administration Moratorium Zones": Kind.MAP_LAYER,
        "Moving Violations Issued in February 2018": Kind.TABLE,
        "The Story of a Plastic Bottle": Kind.STORY,
        "Feeding the City - DC Urban Farms": Kind.STORY,
        "Taxi Trips in 2019": Kind.LINK,
        "Property Quest": Kind.LINK,
        "311 Service Request Map": Kind.LINK,
        "Aerial Photography Image Service (Orthophoto) - 2017": Kind.MAP_LAYER,
        "Website Analytics Yearly Page Views": Kind.OTHER,
    }
    assert {title: kinds[title] for title in expected} == expected


def test_distributions_without_address_are_findings(recordings: Path) -> None:
    notes = Notes()
    for raw in recorded(recordings, "2020-11-18").records:
        READER.normalize(raw, PORTAL, notes)
    found = [(one.place, one.sample) for one in notes.found if one.code == "no-link"]
    assert found == [("distribution[1]", "Esri Rest API")] * 13


def test_licenses_of_washington_are_one_facet(recordings: Path) -> None:
    licenses = [normalized(raw).license for raw in recorded(recordings, "2020-11-18").records]
    assert {one.text for one in licenses if one} == {"See the license page of the dataset"}
    assert len({one.url for one in licenses if one}) == 1_357


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"https://opendata.dc.gov/datasets/{ITEM}_5", f"{ITEM}_5"),
        (f"http://opendata.dc.gov/datasets/{ITEM}_05", f"{ITEM}_5"),
        (f"https://hub.example/maps/{ITEM}_12", f"{ITEM}_12"),
        (f"https://hub.example/documents/{ITEM.upper()}", ITEM),
        (f"https://www.arcgis.com/home/item.html?id={ITEM}&sublayer=0", f"{ITEM}_0"),
        (f"https://www.arcgis.com/home/item.html?id={ITEM}", ITEM),
        (f"https://hub.example/datasets/{ITEM}_7/about", f"{ITEM}_7"),
        (f"{ITEM}_1", f"{ITEM}_1"),
        (f"https://hub.example/{ITEM}{ITEM}", ""),
        ("https://hub.example/datasets/city::trees", ""),
        ("", ""),
    ],
)
def test_one_id_from_every_form(text: str, expected: str) -> None:
    assert hub_id(text) == expected


def test_a_record_without_item_keeps_its_identifier() -> None:
    assert READER.native_id({"identifier": "x", "landingPage": f"https://h.example/datasets/{ITEM}"}) == ITEM
    assert READER.native_id({"identifier": "city::trees"}) == "city::trees"
    with pytest.raises(ValueError, match="identifier"):
        READER.native_id({"title": "t"})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/x.csv?outSR=%7B%22wkid%22%3A3857%7D", "https://h/x.csv"),
        ("https://h/x.csv?where=1%3D1&outSR=1&z", "https://h/x.csv?where=1%3D1&z"),
        ("https://h/apps/index.html?appid=1&id=%20a", "https://h/apps/index.html?appid=1&id=%20a"),
    ],
)
def test_lasting_addresses(url: str, expected: str) -> None:
    assert lasting(url) == expected


def test_evian_feed_of_a_newer_hub(recordings: Path) -> None:
    records = list(stream([(recordings / "fixtures/dcat/udata_evian.json").read_bytes()], "evian"))
    assert len({READER.native_id(raw) for raw in records}) == 8
    assert READER.native_id(records[0]) == "f6565516d1354383b25793e630cf3f2b_5"
    for raw in records:
        notes = Notes()
        dataset = READER.normalize(raw, PORTAL, notes)
        assert dataset.title == raw["title"]
        told = {url for way in raw["distribution"] if (url := way.get("accessURL") or way.get("downloadURL"))}
        assert told == {way.url for way in dataset.distributions}
        assert {one.code for one in notes.found} <= {"extent-unreadable"}


@pytest.mark.parametrize("gone", [404, 200])
def test_the_older_address_of_the_feed(gone: int) -> None:
    """A Hub of 2019 answers `/data.json` alone; of an unknown path some sites show a page."""
    site = application(
        {
            "/data.json": lambda _: answer({"dataset": [record()]}),
            FEED: lambda _: Response("<!DOCTYPE html><p>Hub", status=gone, content_type="text/html"),
        }
    )
    with asking({HOST: site}) as client:
        [page] = READER.pages(PORTAL, client)
    assert page.records == [record()]


def test_a_site_without_feed_is_absent() -> None:
    page = application({"/<path:path>": lambda _, path: Response(f"<html>{path}", content_type="text/html")})
    with asking({HOST: page}) as client, pytest.raises(Absent, match="HTML"):
        list(READER.pages(PORTAL, client))


LAYERS = {
    "us-ca-carson__us-ca-carson": 8,
    "us-ca-tuolumne__us-ca-tuolumne": 12,
    "us-esri-test__us-esri-test": 27,
    "us-fl-polk__us-fl-polk": 23,
    "us-il-chicago_": 20,
    "us-il-cook_": 9,
    "us-mi-kent__us-mi-kent": 17,
    "us-mo-columbia__us-mo-columbia": 11,
    "us-ms-madison__us-ms-madison": 30,
}


def layer_fixture(recordings: Path, name: str) -> Raw:
    path = next((recordings / "fixtures/arcgis").glob(f"pyesridump__{name}*metadata.json"))
    return dict(json.loads(path.read_bytes()))


@pytest.mark.parametrize("name", LAYERS)
def test_columns_come_from_real_layers(recordings: Path, name: str) -> None:
    layer = layer_fixture(recordings, name)
    server = application({"/arcgis/rest/services/Trees/FeatureServer/3": lambda _: answer(layer)})
    notes = Notes()
    with asking({SERVER: server}) as client:
        raw = READER.complete(record(), PORTAL, client, notes)
    dataset = READER.normalize(raw, PORTAL, notes)
    assert notes.found == []
    assert dataset.columns is not None
    assert [column.field for column in dataset.columns] == [field["name"] for field in layer["fields"]]
    assert [column.name for column in dataset.columns] == [field["alias"] for field in layer["fields"]]
    assert all(column.type is not ColumnType.UNKNOWN for column in dataset.columns)
    assert ColumnType.GEOMETRY not in {column.type for column in dataset.columns}
    assert dataset.kind is Kind.MAP_LAYER
    assert READER.canonical(raw) == READER.canonical(record())
    assert READER.native_id(raw) == f"{ITEM}_3"


def test_a_table_is_known_by_its_layer() -> None:
    table = {"type": "Table", "fields": [{"name": "A", "type": "esriFieldTypeString", "alias": ""}], "count": 7}
    dataset = normalized(record(**{KEPT: table}))
    assert dataset.kind is Kind.TABLE
    assert dataset.row_count == 7
    assert dataset.columns is not None
    assert [(one.name, one.type) for one in dataset.columns] == [("A", ColumnType.TEXT)]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            200,
            {"error": {"code": 400, "message": "Unable to complete operation.", "details": []}},
            "Unable to complete",
        ),
        (200, {"error": {"code": 499, "message": "Token Required"}}, "Token Required"),
        (404, {"message": "gone"}, "404"),
        (200, "<html>login</html>", "HTML"),
        (200, [], "no fields"),
    ],
)
def test_a_layer_that_says_no_is_a_finding(status: int, body: Any, words: str) -> None:
    def layer(_: object) -> Response:
        return Response(body, content_type="text/html") if isinstance(body, str) else answer(body, status)

    notes = Notes()
    with asking({SERVER: application({"/arcgis/rest/services/Trees/FeatureServer/3": layer})}) as client:
        assert READER.complete(record(), PORTAL, client, notes) == record()
    [finding] = notes.found
    assert (finding.code, finding.place) == ("layer-unreadable", LAYER)
    assert words in finding.detail


def test_a_server_without_recording_is_not_asked() -> None:
    with asking({HOST: app(Holdings(HOST, [record()]))}) as client, pytest.raises(Unrecorded, match=SERVER):
        READER.complete(record(), PORTAL, client, Notes())


def test_what_has_no_layer_asks_nobody() -> None:
    link = {**record(), "distribution": [{"accessURL": "https://dcgis.example/apps/webappviewer/index.html?id=1"}]}
    with Client(sealed=True) as client:
        assert READER.complete(link, PORTAL, client, Notes()) == link
        known = record(**{KEPT: {"fields": []}})
        assert READER.complete(known, PORTAL, client, Notes()) == known


def test_layers_answer_at_their_path_on_any_host() -> None:
    layer = {"name": "Trees", "type": "Feature Layer", "geometryType": "esriGeometryPoint", "fields": []}
    site = app(Holdings(HOST, [record(**{KEPT: layer}), record(identifier="other", distribution=[])]))
    with asking({HOST: site, SERVER: site}) as client:
        [page] = READER.pages(PORTAL, client)
        assert KEPT not in page.records[0]
        assert client.json(LAYER, {"f": "json"}) == layer
        assert READER.complete(page.records[0], PORTAL, client, Notes()) == record(**{KEPT: layer})
        notes = Notes()
        other = record(distribution=[{"accessURL": LAYER.replace("/3", "/4")}])
        assert READER.complete(other, PORTAL, client, notes) == other
        assert [one.code for one in notes.found] == ["layer-unreadable"]


def test_addresses_of_layers_in_a_record() -> None:
    assert layer_url(record()) == LAYER
    assert layer_url({"distribution": [{"accessURL": f"{LAYER}/"}]}) == LAYER
    assert layer_url({"webService": LAYER}) == LAYER
    assert layer_url({"distribution": [{"accessURL": LAYER.removesuffix("/3")}]}) == ""
    assert layer_url({"distribution": "x"}) == ""
