"""The Hub's v3 search: pages, the recorded dataset of a real Hub, and the same ids as the feed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Request, Response

from commonground.errors import Absent, Disagrees, Unreadable
from commonground.protocols.arcgis_hub.read import SEARCH, HubFeed, HubSearch
from commonground.protocols.arcgis_hub.serve import app
from commonground.protocols.base import Holdings, Notes
from commonground.protocols.http import Client, Manners
from commonground.protocols.recordings import find
from commonground.protocols.serving import answer, application, loopback
from commonground.words import ColumnType, Kind, License, Portal, Raw

HOST = "opendata.dc.gov"
PORTAL = Portal("washington-dc", "washington_dc", "Open Data DC", HOST, "arcgis-hub", f"https://{HOST}")
READER = HubSearch()
FEED = HubFeed()


@contextmanager
def asking(wsgi: Any) -> Iterator[Client]:
    manners = Manners(attempts=1)
    with loopback({HOST: wsgi}) as routes, Client(routes=routes, sealed=True, manners=manners) as client:
        yield client


def mock(recordings: Path) -> Raw:
    """A dataset as a Hub describes it, in the form of a search result."""
    told = json.loads((recordings / "fixtures/hub/koop_mock-dataset.json").read_bytes())["properties"]
    return {"id": told["id"], "type": "dataset", "attributes": told}


def test_the_recorded_dataset_is_read_without_loss(recordings: Path) -> None:
    raw = mock(recordings)
    notes = Notes()
    dataset = READER.normalize(raw, PORTAL, notes)
    told = raw["attributes"]
    assert dataset.native_id == "f4bcc1035b7d46cba95e977f4affb6be_0"
    assert dataset.title == "Tahoe places of interest"
    assert dataset.kind is Kind.MAP_LAYER
    assert dataset.publisher == "QA Premium Alpha Hub"
    assert dataset.keywords == ("Data collection", "just modified")
    assert dataset.row_count == 3
    assert dataset.license is None
    assert dataset.contact is None
    assert "with more words" in dataset.description
    urls = {told["url"], *(one["url"] for one in told["additionalResources"])}
    assert {way.url for way in dataset.distributions} == urls
    assert dataset.distributions[0].format == "Esri REST"
    assert dataset.columns is not None
    assert [one.field for one in dataset.columns] == [one["name"] for one in told["fields"] if one["name"]]
    assert dataset.columns[0].description == "this is the objectId"
    assert dataset.columns[0].type is ColumnType.ID
    assert dataset.data_updated is not None
    assert dataset.data_updated.text == str(told["modified"])
    assert dataset.modified is not None
    assert dataset.modified.text == str(told["itemModified"])
    assert dataset.spatial is not None
    assert (dataset.spatial.west, dataset.spatial.north) == (-121.118, 39.359)
    assert {one.place for one in notes.found} <= {"attributes.fields[2].name"}


def test_a_result_with_fields_asks_nobody(recordings: Path) -> None:
    with Client(sealed=True) as client:
        assert READER.complete(mock(recordings), PORTAL, client, Notes()) == mock(recordings)


def test_own_bookkeeping_is_no_change(recordings: Path) -> None:
    raw, later = mock(recordings), mock(recordings)
    later["attributes"] |= {"composedAt": 1, "composeStatus": {}, "tags": raw["attributes"]["tags"][::-1]}
    assert READER.canonical(later) == READER.canonical(raw)
    later["attributes"]["name"] = "Other"
    assert READER.canonical(later) != READER.canonical(raw)


def test_results_served_are_results_read(recordings: Path) -> None:
    """Holdings of search results have no feed: the reader of the feed makes way."""
    with asking(app(Holdings(HOST, [mock(recordings)]))) as client:
        with pytest.raises(Absent):
            list(FEED.pages(PORTAL, client))
        [page] = READER.pages(PORTAL, client)
        one = client.json(f"https://{HOST}{SEARCH[0]}/f4bcc1035b7d46cba95e977f4affb6be_0")
    assert page.declared == 1
    assert page.records == [mock(recordings)]
    assert one == {"data": mock(recordings)}


def test_feed_and_search_tell_the_same(recordings: Path) -> None:
    [recording] = [one for one in find(recordings / "portals") if one.host == HOST and one.day == date(2020, 11, 18)]
    with asking(app(recording.holdings())) as client:
        feed = {FEED.native_id(raw): raw for page in FEED.pages(PORTAL, client) for raw in page.records}
        pages = list(READER.pages(PORTAL, client))
    found = {READER.native_id(raw): raw for page in pages for raw in page.records}
    assert {page.declared for page in pages} == {1_357}
    assert len(pages) == 14
    assert found.keys() == feed.keys()
    for native_id in list(feed)[::20]:
        ours, theirs = (
            FEED.normalize(feed[native_id], PORTAL, Notes()),
            READER.normalize(found[native_id], PORTAL, Notes()),
        )
        for field in ("title", "kind", "description", "publisher", "keywords", "themes"):
            assert getattr(ours, field) == getattr(theirs, field), field
        assert ours.modified
        assert theirs.modified
        assert ours.modified.at == theirs.modified.at
        assert {way.url for way in ours.distributions} == {way.url for way in theirs.distributions}


def test_the_search_finds_words() -> None:
    records = [
        {"identifier": f"{number:032x}", "title": title} for number, title in enumerate(["Trees", "Tree pits", "Ice"])
    ]
    with asking(app(Holdings(HOST, records))) as client:
        answered = client.json(f"https://{HOST}/api/v3/search", {"q": "tree", "page[size]": 1})
    assert answered["meta"]["stats"] == {"count": 1, "totalCount": 2}
    assert answered["data"][0]["attributes"]["name"] == "Trees"
    assert "page[number]=2" in answered["links"]["next"]


def resources(*numbers: int) -> list[Raw]:
    return [{"id": f"{number:032x}_0", "attributes": {"name": str(number)}} for number in numbers]


def paged(total: int | None, *, deaf: bool = False) -> Any:
    """A search of five datasets, two a page; a deaf one always gives the first page."""

    def search(request: Request) -> Response:
        number = 1 if deaf else request.args.get("page[number]", 1, type=int)
        meta = {} if total is None else {"stats": {"totalCount": total}}
        return answer({"data": resources(*range(5))[2 * number - 2 : 2 * number], "meta": meta})

    return application({SEARCH[0]: search})


@pytest.mark.parametrize(("total", "sizes"), [(5, [2, 2, 1]), (None, [2, 2, 1]), (9, [2, 2, 1]), (4, [2, 2])])
def test_pages_are_followed_to_the_end(total: int | None, sizes: list[int]) -> None:
    with asking(paged(total)) as client:
        pages = list(READER.pages(PORTAL, client))
    assert [len(page.records) for page in pages] == sizes
    assert {page.declared for page in pages} == {total}


def test_a_server_that_ignores_the_page_is_left() -> None:
    with asking(paged(5, deaf=True)) as client:
        assert [len(page.records) for page in READER.pages(PORTAL, client)] == [2, 2]  # the second one repeats


def test_the_other_path_and_the_groups() -> None:
    asked = []

    def search(request: Request) -> Response:
        asked.append(request.args.to_dict())
        return answer({"data": resources(1), "meta": {"stats": {"totalCount": 1}}})

    portal = Portal("c", "c", "C", HOST, "arcgis-hub", f"https://{HOST}", options={"groups": "aa,bb"})
    with asking(application({SEARCH[1]: search})) as client:
        [page] = READER.pages(portal, client)
    assert len(page.records) == 1
    assert asked == [{"page[number]": "1", "page[size]": "100", "catalog[groupIds]": "any(aa,bb)"}]


def test_no_search_is_absent() -> None:
    with asking(application({})) as client, pytest.raises(Absent, match="404"):
        list(READER.pages(PORTAL, client))


@pytest.mark.parametrize(
    ("body", "error"), [(b'{"errors": []}', Disagrees), (b"<html>", Unreadable), (b"[1]", Disagrees)]
)
def test_a_wrong_answer_is_named(body: bytes, error: type[Exception]) -> None:
    with asking(application({SEARCH[0]: lambda _: Response(body)})) as client, pytest.raises(error, match=HOST):
        list(READER.pages(PORTAL, client))


@pytest.mark.parametrize("raw", [{}, {"id": None}, {"id": " "}, {"id": 5, "attributes": "x"}])
def test_a_result_without_id(raw: Raw) -> None:
    with pytest.raises(ValueError, match="id"):
        READER.native_id(raw)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"type": "Table", "fields": []}, Kind.TABLE),
        ({"type": "Feature Layer", "fields": [], "geometryType": None}, Kind.TABLE),
        ({"type": "Feature Layer", "fields": [], "geometryType": "esriGeometryPoint"}, Kind.MAP_LAYER),
        ({"type": "Web Mapping Application", "typeKeywords": ["Story Map", "JavaScript"]}, Kind.STORY),
        ({"type": "StoryMap"}, Kind.STORY),
        ({"type": "Web Map"}, Kind.LINK),
        ({"type": "Document Link"}, Kind.LINK),
        ({"type": "PDF"}, Kind.FILE),
        ({"type": "CSV"}, Kind.TABLE),
        ({"type": "Something New"}, Kind.OTHER),
        ({"type": "Something New", "fields": [{"name": "a"}], "geometryType": "esriGeometryPoint"}, Kind.MAP_LAYER),
    ],
)
def test_kinds_follow_the_type(told: Raw, kind: Kind) -> None:
    raw = {"id": "0" * 32, "attributes": told}
    assert READER.normalize(raw, PORTAL, Notes()).kind is kind


def test_licenses_and_categories() -> None:
    told = {
        "structuredLicense": {"type": "CC-BY-4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
        "categories": ["/Categories/Environment/Water", "Parks"],
    }
    dataset = READER.normalize({"id": "0" * 32, "attributes": told}, PORTAL, Notes())
    assert dataset.license == License(
        "https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"
    )
    assert dataset.themes == ("Water", "Parks")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "type", "url", "text"]), inner)
    ),
    max_leaves=6,
)
ATTRIBUTES = (
    *("name", "description", "type", "typeKeywords", "tags", "categories", "created", "modified", "itemModified"),
    *("source", "owner", "structuredLicense", "licenseInfo", "extent", "fields", "geometryType", "url"),
    *("additionalResources", "recordCount", "modifiedProvenance"),
)


@given(st.dictionaries(st.sampled_from(ATTRIBUTES), anything, max_size=8))
def test_no_odd_attribute_loses_a_result(told: Raw) -> None:
    dataset = READER.normalize({"id": "a" * 32, "attributes": told}, PORTAL, Notes())
    assert dataset.native_id == "a" * 32
    assert dataset.title
