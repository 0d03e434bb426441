"""The catalog's addresses: their twins and feeds, where they move to, and what a browser that asks again gets."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from django.urls import get_resolver

from commonground.catalog import browse, index, jsonld, overview
from commonground.catalog.models import Dataset as Row
from commonground.catalog.models import Harvest, Move, Revision, pack
from commonground.catalog.views import home
from commonground.catalog.views.home import TWINS
from commonground.errors import IndexBroken
from commonground.pages import paging
from commonground.words import Dataset, Finding
from tests.web.conftest import permits
from tests.web.reading import HERE, HOSTILE, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client


ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def test_the_twins_that_are_told_are_those_that_are_there() -> None:
    addresses = {str(one.pattern) for one in _patterns(get_resolver().url_patterns)}
    for path, forms in TWINS:
        route = path.strip("/").replace("CITY", "<slug:slug>").replace("harvests/PORTAL", "harvests/<slug:slug>")
        route = route.replace("PORTAL/ID", "<str:portal>/<path:native_id>").replace(
            "PORTAL/KEY", "<str:portal>/<str:key>"
        )
        there = {form for form in ("json", "csv", "atom") if f"{route or 'index'}.{form}" in addresses}
        assert there == set(forms), path


def _patterns(patterns: Any) -> Any:
    for one in patterns:
        yield from _patterns(one.url_patterns) if hasattr(one, "url_patterns") else [one]


@pytest.mark.usefixtures("catalog")
def test_every_told_twin_answers_in_its_form(client: Client, write: Callable[..., None]) -> None:
    crimes = Dataset("washington_dc", "washington-dc", "opendata.dc.gov", "c0", "Crime in 2019")
    write([crimes, replace(crimes, native_id="c1", title="Crime in 2020")])
    write([permits(), replace(permits(), native_id="gone-gone")])
    write([permits()], [Finding("repeated-keyword", "keyword[2]", "permits", "ydr8-5enu")])
    Harvest.objects.filter(portal="chicago").update(outcome="withheld", would_go=["ydr8-5enu"])
    old, new = Row.objects.get(native_id="f00d_1"), Row.objects.get(native_id="c1")  # the first has gone
    Move.objects.create(old=old, new=new, score=1, proposed=new.first_seen)
    for path, forms in TWINS:
        where = path.replace("CITY", "chicago").replace("PORTAL/ID", "chicago/ydr8-5enu")
        where = where.replace("PORTAL/KEY", "washington-dc/crime").replace("PORTAL", "chicago")
        for form in forms:
            response = client.get(f"{where if where != '/' else '/index'}.{form}")
            body = b"".join(response) if response.streaming else response.content
            assert response.status_code == 200
            readers: dict[str, Callable[[bytes], Any]] = {
                "json": json.loads,
                "csv": lambda table: list(csv.DictReader(io.StringIO(table.decode()))),
                "atom": lambda feed: list(ET.fromstring(feed).iter(f"{ATOM}entry")),
            }
            assert readers[form](body), f"{path}.{form} holds nothing"


@pytest.mark.usefixtures("catalog")
def test_a_host_names_a_portal_too_and_an_unknown_id_has_a_way_on(client: Client) -> None:
    for asked, there in (
        ("/datasets/data.cityofchicago.org/ydr8-5enu", "/datasets/chicago/ydr8-5enu"),
        ("/datasets/data.cityofchicago.org/ydr8-5enu.json?a=b", "/datasets/chicago/ydr8-5enu.json?a=b"),
        ("/raw/data.cityofchicago.org/ydr8-5enu?revision=1", "/raw/chicago/ydr8-5enu?revision=1"),
        (HOSTILE.replace("boston", "data.boston.gov") + ".csv", f"{HOSTILE}.csv"),
    ):
        moved = client.get(asked)
        assert (moved.status_code, moved.headers["Location"]) == (301, there)
        assert client.get(there).status_code == 200
    response = client.get("/datasets/chicago/none-none")
    assert response.status_code == 404
    assert 'role="search"' in response.content.decode()
    assert client.get("/datasets/chicago/none-none.json").json()["detail"] == "No data set “chicago/none-none”."
    assert client.get("/cities/atlantis.json").status_code == 404
    assert client.get("/harvests/atlantis").status_code == 404


@pytest.mark.usefixtures("catalog")
def test_an_odd_id_has_its_page_and_twins(client: Client) -> None:
    form = client.get(f"{HOSTILE}.json").json()
    assert form["native_id"] == 'a/b"c<d>.json'
    assert client.get(f"/raw/boston/{quote(form['native_id'])}").json() == {"title": form["title"]}


@pytest.mark.usefixtures("catalog")
def test_raw_takes_a_revision_number_and_nothing_else(client: Client) -> None:
    assert client.get("/raw/chicago/ydr8-5enu?revision=1").json() == {"title": "Building Permits"}
    assert client.get("/raw/chicago/ydr8-5enu?revision=9").status_code == 404
    assert client.get("/raw/chicago/ydr8-5enu?revision=%27").status_code == 200
    assert client.get("/raw/chicago/none").status_code == 404


@pytest.mark.usefixtures("catalog")
def test_search_as_csv_is_safe_in_a_spreadsheet(client: Client) -> None:
    body = b"".join(client.get("/search.csv")).decode()
    rows = list(csv.DictReader(io.StringIO(body)))
    assert {row["id"] for row in rows} == {"chicago/ydr8-5enu", 'boston/a/b"c<d>.json', "washington-dc/f00d_1"}
    bare = next(row for row in rows if row["id"] == "washington-dc/f00d_1")
    assert (bare["columns"], bare["row_count"], bare["license"]) == ("", "", "")


def test_a_feed_tells_what_was_added_and_what_changed(client: Client, write: Callable[..., None]) -> None:
    trees = Dataset("boston", "boston", "data.boston.gov", "trees", "Trees", description="All <b>trees</b>.")
    write([trees])
    write([replace(trees, title="Street trees")])
    feed = ET.fromstring(client.get("/cities/boston.atom").content)
    entries = [(one.findtext(f"{ATOM}title"), one.findtext(f"{ATOM}id")) for one in feed.iter(f"{ATOM}entry")]
    assert entries == [
        ("Changed: Street trees", f"{HERE}/datasets/boston/trees#revision-2"),
        ("Added: Street trees", f"{HERE}/datasets/boston/trees#revision-1"),
    ]
    assert 'id="revision-1"' in read(client, "/datasets/boston/trees")


@pytest.mark.usefixtures("catalog")
def test_sitemap_and_robots_lead_crawlers_to_every_data_set(client: Client) -> None:
    index = ET.fromstring(client.get("/sitemap.xml").content)
    files = [one.text or "" for one in index.iter(f"{SITEMAP}loc")]
    assert len(files) == 2
    found = {}
    for file in files:
        for one in ET.fromstring(client.get(file.removeprefix(HERE)).content).iter(f"{SITEMAP}url"):
            found[one.findtext(f"{SITEMAP}loc")] = one.findtext(f"{SITEMAP}lastmod")
    assert found[f"{HERE}/datasets/chicago/ydr8-5enu"]
    assert f"{HERE}/cities/boston" in found
    assert f"{HERE}{HOSTILE}" in found
    assert "Sitemap: " in read(client, "/robots.txt")


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9999"])
def test_addresses_of_ours_are_never_those_of_the_request(client: Client, host: str) -> None:
    where = ("/datasets/chicago/ydr8-5enu", "/cities/chicago", "/cities/chicago.atom", "/sitemap.xml", "/robots.txt")
    for page in (*where, "/sitemap-datasets.xml", "/sitemap-pages.xml", "/datasets/chicago/ydr8-5enu.json", "/search"):
        response = client.get(page, headers={"host": host})
        text = response.content.decode() + response.headers.get("Link", "")
        assert f"{HERE}/" in text, page
        assert f"//{host}" not in text, page


@pytest.mark.usefixtures("catalog")
def test_only_feeds_are_held_by_their_date(client: Client) -> None:
    later = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    for page in ("/", "/cities/chicago", "/cities/chicago.json", "/datasets/chicago/ydr8-5enu.json", "/search.json"):
        response = client.get(page, headers=later)
        assert response.status_code == 200, page
        assert "Last-Modified" not in response.headers, page
        held = {"If-None-Match": response.headers["ETag"]}
        assert client.get(page, headers=held).status_code == 304, page
    assert client.get("/cities/chicago.atom", headers=later).status_code == 304
    assert "Last-Modified" in client.get("/cities/chicago.atom").headers


def test_a_page_that_changed_without_a_revision_is_sent_anew(client: Client, write: Callable[..., None]) -> None:
    trees, benches = (Dataset("boston", "boston", "data.boston.gov", name, name) for name in ("trees", "benches"))
    write([trees, benches])
    first = client.get("/datasets/boston/benches")
    write([trees])  # and benches goes missing
    for held in ({"If-None-Match": first.headers["ETag"]}, {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}):
        assert client.get("/datasets/boston/benches", headers=held).status_code == 200


def test_the_csv_of_a_search_has_every_row(
    client: Client, write: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse, "_BATCH", 7)
    monkeypatch.setattr(paging, "DEEPEST", 10)
    write([Dataset("boston", "boston", "data.boston.gov", f"id-{n}", f"Trees {n:02}") for n in range(45)])
    for asked in ("q=trees", "order=updated", "city=boston&order=title", "q=trees+somewhere"):
        rows = list(csv.DictReader(io.StringIO(b"".join(client.get(f"/search.csv?{asked}")).decode())))
        assert len({row["id"] for row in rows}) == len(rows) == 45, asked
    shown = [one["id"] for one in client.get("/search.json?q=trees&size=5").json()["results"]]
    rows = list(csv.DictReader(io.StringIO(b"".join(client.get("/search.csv?q=trees")).decode())))
    assert [row["id"] for row in rows[:5]] == shown


@pytest.mark.usefixtures("catalog")
def test_harvests_can_be_followed(client: Client) -> None:
    for where, count in (("/harvests.atom", 3), ("/harvests/chicago.atom", 1)):
        feed = ET.fromstring(client.get(where).content)
        entries = list(feed.iter(f"{ATOM}entry"))
        assert len(entries) == count
        assert feed.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")
    assert entries[0].findtext(f"{ATOM}title") == "Read to the end: data.cityofchicago.org"
    assert entries[0].findtext(f"{ATOM}summary") == "1 records seen, 1 added, 0 changed, 0 missing."
    address, _, place = (entries[0].findtext(f"{ATOM}id") or "").partition("#")
    assert address == f"{HERE}/harvests/chicago"
    assert f'id="{place}"' in read(client, "/harvests/chicago")


@pytest.mark.usefixtures("catalog")
def test_a_city_called_otherwise_moves_to_its_page(client: Client) -> None:
    for asked in ("new-york", "NYC", "New_York"):
        moved = client.get(f"/cities/{asked}.json?a=b")
        assert (moved.status_code, moved.headers["Location"]) == (301, "/cities/new_york.json?a=b")


@pytest.mark.usefixtures("catalog")
def test_only_reading_is_allowed_and_said_in_a_page_of_the_house(client: Client) -> None:
    for where in ("/", "/cities.json", "/raw/chicago/ydr8-5enu", "/data.json", "/robots.txt", "/sitemap.xml"):
        refused = client.post(where)
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
        assert refused.content, where
    assert 'class="problem-number"' in client.post("/cities").content.decode()
    assert client.post("/cities.json").json()["title"] == "This page can only be read"


@pytest.mark.usefixtures("catalog")
def test_a_search_that_is_being_prepared_says_when_to_come_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise IndexBroken("There is no search index in /home/somebody.", advice="Rebuild it.")

    monkeypatch.setattr(index, "ready", broken)
    for where in ("/search?q=trees", "/search.json", "/search.csv", "/search.atom"):
        response = client.get(where)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
        assert "The search is being prepared" in response.content.decode()
        assert "somebody" not in response.content.decode()
    assert client.get("/datasets/chicago/ydr8-5enu").status_code == 200


@pytest.mark.usefixtures("catalog")
def test_only_what_is_asked_for_is_made(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    def never(*_: object, **__: object) -> None:
        pytest.fail("made for nothing")

    monkeypatch.setattr(jsonld, "dataset", never)
    monkeypatch.setattr(browse, "family", never)
    monkeypatch.setattr(home, "country", never)
    monkeypatch.setattr(overview, "groups", never)
    for where in ("/datasets/chicago/ydr8-5enu.json", "/datasets/chicago/ydr8-5enu.csv", "/index.json", "/index.atom"):
        with django_assert_max_num_queries(10):
            assert client.get(where).status_code == 200
    assert client.get("/harvests/chicago.csv").status_code == 200


@pytest.mark.usefixtures("catalog")
def test_a_raw_record_that_no_text_can_hold_is_shown(client: Client) -> None:
    odd = {"title": "lone \ud800, NUL \x00", "number": 10**30, "deep": [[["ok"]]]}
    Revision.objects.filter(dataset__key="chicago/ydr8-5enu").update(packed=pack(odd))
    assert client.get("/raw/chicago/ydr8-5enu").json() == odd
