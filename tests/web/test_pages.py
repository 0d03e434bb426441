"""The catalog's pages: what they say, what they do not know, and that no text of a city gets out of its place."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from django.urls import get_resolver

from commonground.catalog.models import Finding
from commonground.catalog.views import TWINS
from commonground.words import Column, Dataset, Moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client


ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
HOSTILE = "/datasets/boston/" + quote('a/b"c<d>.json')
PAGES = (
    "/",
    "/search",
    "/search?q=permits",
    "/search?q=zzqqy&city=boston",
    "/cities",
    "/cities/chicago",
    "/datasets/chicago/ydr8-5enu",
    "/datasets/washington-dc/f00d_1",
    HOSTILE,
    "/harvests",
    "/harvests/chicago",
    "/harvests/boston-maps",
    "/about",
    "/developers",
)


def read(client: Client, where: str) -> str:
    response = client.get(where)
    assert response.status_code == 200, where
    return response.content.decode()


def said(text: str) -> str:
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.usefixtures("catalog")
def test_every_page_keeps_the_rules_of_the_house(client: Client, language: str) -> None:
    for where in PAGES:
        text = read(client, f"{where}{'&' if '?' in where else '?'}lang={language}")
        assert f'<html lang="{language}">' in text, where
        assert len(re.findall(r"<h1[ >]", text)) == 1, where
        assert 'class="usa-skipnav" href="#main"' in text, where
        assert '<link rel="canonical" href="http://127.0.0.1:8000/' in text, where
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", text), where
        assert "<script>" not in text, where
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), where


@pytest.mark.usefixtures("home")
def test_an_empty_home_says_so_and_never_zero(client: Client) -> None:
    for where in ("/", "/cities", "/cities/boston", "/harvests", "/harvests/boston"):
        text = said(read(client, where))
        assert not re.search(r"\b0\b", text.replace("127.0.0.1", "")), where
        assert re.search(r"Not known|read yet", text), where
    assert read(client, "/developers")
    assert "No data set has these filters together" in said(read(client, "/search?city=boston"))


def test_the_twins_that_are_told_are_those_that_are_there() -> None:
    addresses = {str(one.pattern) for one in _patterns(get_resolver().url_patterns)}
    for path, forms in TWINS:
        route = path.strip("/").replace("CITY", "<slug:slug>").replace("harvests/PORTAL", "harvests/<slug:slug>")
        route = route.replace("PORTAL/ID", "<str:portal>/<path:native_id>")
        there = {form for form in ("json", "csv", "atom") if f"{route or 'index'}.{form}" in addresses}
        assert there == set(forms), path


def _patterns(patterns: Any) -> Any:
    for one in patterns:
        yield from _patterns(one.url_patterns) if hasattr(one, "url_patterns") else [one]


@pytest.mark.usefixtures("catalog")
def test_every_told_twin_answers_in_its_form(client: Client) -> None:
    for path, forms in TWINS:
        where = path.replace("CITY", "chicago").replace("PORTAL/ID", "chicago/ydr8-5enu").replace("PORTAL", "chicago")
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
def test_a_data_set_says_what_it_is_and_what_is_not_known(client: Client) -> None:
    known = said(read(client, "/datasets/chicago/ydr8-5enu"))
    for words in (
        "Building Permits",
        "Department of Buildings",
        "1,234",
        "CC0-1.0",
        "Daily, says the city",
        "20 of 30 shown",
    ):
        assert words in known
    assert "Jul 22, 2022" in known  # 03:30 in UTC is the evening before in Chicago
    assert ">COLUMN_29" not in read(client, "/datasets/chicago/ydr8-5enu")
    assert ">COLUMN_29" in read(client, "/datasets/chicago/ydr8-5enu?columns=all")
    bare = said(read(client, "/datasets/washington-dc/f00d_1"))
    assert "Not known: number of rows, columns, date of the last change, license." in bare
    assert "The city gives no description." in bare
    assert "Not given" in bare


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
def test_no_text_of_a_city_becomes_markup(client: Client) -> None:
    for where in (HOSTILE, "/search", "/", "/cities/boston", "/harvests/boston"):
        text = read(client, where)
        assert "<script>alert" not in text
        assert not re.search(r"<[^>]*alert\('1'\)[^>]*>", re.sub(r'"[^"]*"', '""', text))
    assert "&lt;script&gt;alert" in read(client, HOSTILE)


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize("where", ["/datasets/chicago/ydr8-5enu", HOSTILE])
def test_json_ld_is_data_that_nothing_can_end(client: Client, where: str) -> None:
    text = read(client, where)
    (body,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    found = json.loads(body)
    assert found["@type"] == "Dataset"
    assert found["url"] == f"http://127.0.0.1:8000{where}"
    assert len(found["description"]) >= 50
    assert "<" not in body


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
def test_search_shows_hits_facets_and_links_that_keep_the_rest(client: Client) -> None:
    text = read(client, "/search?q=permit&kind=table")
    assert "<mark>Permits</mark>" in text
    assert "1 data set with “permit”" in text
    assert 'href="?q=permit"' in text  # the filter taken out again
    assert "?q=permit&amp;city=chicago&amp;kind=table" in text
    assert '<meta name="robots" content="noindex' in text
    assert 'value="permit"' in text
    assert '<input type="hidden" name="kind" value="table">' in text


@pytest.mark.usefixtures("catalog")
def test_a_search_without_results_shows_the_way_on(client: Client) -> None:
    text = read(client, "/search?q=benches&city=boston")
    assert "No data set has “benches”" in said(text)
    assert 'href="?q=benches"' in text
    assert "Without the filter “City”" in said(text)


@pytest.mark.usefixtures("catalog")
def test_what_an_address_asks_in_vain_is_told(client: Client) -> None:
    text = read(client, "/search?q=permits&kind=%3Cb%3E&since=yesterday&page=x&size=-1")
    assert "kind=&lt;b&gt;" in text
    assert "since=yesterday" in text
    assert "<code>page=x</code>" not in text


@pytest.mark.usefixtures("home")
def test_pages_of_hits_are_links(client: Client, write: Callable[..., None]) -> None:
    write([Dataset("boston", "boston", "data.boston.gov", f"id-{n}", f"Trees {n:02}") for n in range(45)])
    text = read(client, "/search?q=trees&order=title&page=2")
    assert "Showing 21 to 40 of 45." in said(text)
    assert 'href="?q=trees&amp;order=title&amp;page=3" rel="next"' in text
    assert 'href="?q=trees&amp;order=title" rel="prev"' in text
    form = client.get("/search.json?q=trees&size=30").json()
    assert (form["total"], len(form["results"]), form["page"], form["previous"]) == (45, 30, 1, None)
    after = client.get(form["next"].removeprefix("http://127.0.0.1:8000")).json()
    assert len(after["results"]) == 15
    assert after["next"] is None
    assert len(list(client.get("/search.csv?q=trees"))) == 46


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
        ("Changed: Street trees", "http://127.0.0.1:8000/datasets/boston/trees#revision-2"),
        ("Added: Street trees", "http://127.0.0.1:8000/datasets/boston/trees#revision-1"),
    ]
    assert 'id="revision-1"' in read(client, "/datasets/boston/trees")


def test_what_a_portal_no_longer_lists_keeps_its_page(client: Client, write: Callable[..., None]) -> None:
    trees, benches = (Dataset("boston", "boston", "data.boston.gov", name, name) for name in ("trees", "benches"))
    write([trees, benches])
    write([trees])
    text = said(read(client, "/datasets/boston/benches"))
    assert "No longer listed." in text
    assert "data.boston.gov does not name this data set in its catalog" in text
    assert "datasets/boston/benches" not in client.get("/sitemap-datasets.xml").content.decode()
    assert "1 records seen, 0 added, 1 changed, 1 missing." in said(read(client, "/harvests/boston"))


@pytest.mark.usefixtures("catalog")
def test_a_harvest_report_groups_findings_by_who_must_fix_them(client: Client) -> None:
    text = said(read(client, "/harvests/chicago"))
    assert "The city can fix these" in text
    assert "We must fix these" not in text
    form = client.get("/harvests/chicago.json").json()
    (group,) = form["findings_by_fixer"]
    assert (group["fixer"], group["total"], group["codes"][0]["code"]) == ("city", 1, "repeated-keyword")
    rows = list(csv.DictReader(io.StringIO(b"".join(client.get("/harvests/chicago.csv")).decode())))
    assert [(row["code"], row["id"]) for row in rows] == [("repeated-keyword", "chicago/ydr8-5enu")]


@pytest.mark.usefixtures("catalog")
def test_home_shows_the_cities_on_a_map_and_in_a_table(client: Client) -> None:
    text = read(client, "/")
    assert text.count('href="/cities/chicago"') == 2
    assert "Search 3 data sets" in said(text)
    assert "Seven cities" in text
    assert "Updated lately" in text


def test_columns_that_the_portal_computes_stand_last(client: Client, write: Callable[..., None]) -> None:
    columns = (Column("Wards", ":@computed_region_x"), Column("Address", "address"))
    write([Dataset("boston", "boston", "data.boston.gov", "trees", "Trees", columns=columns)])
    text = read(client, "/datasets/boston/trees")
    assert text.index(">Address") < text.index(">Wards")


def test_a_date_that_cannot_be_read_is_quoted(client: Client, write: Callable[..., None]) -> None:
    write([Dataset("boston", "boston", "data.boston.gov", "trees", "Trees", modified=Moment(None, "last spring"))])
    assert "“last spring”" in said(read(client, "/datasets/boston/trees"))


@pytest.mark.usefixtures("catalog")
def test_sitemap_and_robots_lead_crawlers_to_every_data_set(client: Client) -> None:
    index = ET.fromstring(client.get("/sitemap.xml").content)
    files = [one.text or "" for one in index.iter(f"{SITEMAP}loc")]
    assert len(files) == 2
    found = {}
    for file in files:
        for one in ET.fromstring(client.get(file.removeprefix("http://127.0.0.1:8000")).content).iter(f"{SITEMAP}url"):
            found[one.findtext(f"{SITEMAP}loc")] = one.findtext(f"{SITEMAP}lastmod")
    assert found["http://127.0.0.1:8000/datasets/chicago/ydr8-5enu"]
    assert "http://127.0.0.1:8000/cities/boston" in found
    assert f"http://127.0.0.1:8000{HOSTILE}" in found
    assert "Sitemap: " in read(client, "/robots.txt")


@pytest.mark.usefixtures("catalog")
def test_headers_keep_the_browser_safe(client: Client) -> None:
    headers = client.get("/datasets/chicago/ydr8-5enu").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Set-Cookie" not in headers


def test_a_panel_of_another_room_is_shown(
    client: Client, write: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonground.pages import panels

    monkeypatch.setattr(panels, "_panels", {})
    panels.add("dataset", "later", render=lambda _request, **_subject: "<p>second</p>", order=2)
    panels.add("dataset", "first", render=lambda _request, **subject: f"<p>{subject['row'].title} first</p>", order=1)
    panels.add("dataset", "silent", render=lambda _request, **_subject: "", order=0)
    write([Dataset("boston", "boston", "data.boston.gov", "trees", "Trees")])
    assert "<p>Trees first</p><p>second</p>" in read(client, "/datasets/boston/trees")


@pytest.mark.usefixtures("catalog")
def test_findings_show_no_person_and_no_whole_record(client: Client) -> None:
    record = "{'title': 'Trees', 'contactPoint': {'fn': 'Jane Doe', 'hasEmail': 'mailto:jane.doe@example.gov'}}"
    for code, place, sample in (
        ("no-id", "identifier", record),
        ("wrong-type", "contactPoint[0].fn", "['Jane Doe']"),
        ("bad-link", "landingPage", "mailto:jane.doe@example.gov, opendata@example.gov"),
    ):
        Finding.objects.create(
            scope=Finding.Scope.RECORD,
            portal="chicago",
            city="chicago",
            native_id="ydr8-5enu",
            code=code,
            severity="error",
            fixer="city",
            place=place,
            sample=sample,
            detail=sample,
            first_seen=datetime(2022, 7, 23, tzinfo=UTC),
        )
    for where in (
        "/harvests/chicago",
        "/harvests/chicago.json",
        "/harvests/chicago.csv",
        "/datasets/chicago/ydr8-5enu",
    ):
        response = client.get(where)
        text = (b"".join(response) if response.streaming else response.content).decode()
        assert "no identifier" in text
        assert "Jane" not in text
        assert "jane" not in text
    assert "opendata@example.gov" in client.get("/harvests/chicago.json").content.decode()
    assert Finding.objects.filter(sample=record, detail=record).exists()


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9999"])
def test_addresses_of_ours_are_never_those_of_the_request(client: Client, host: str) -> None:
    where = ("/datasets/chicago/ydr8-5enu", "/cities/chicago", "/cities/chicago.atom", "/sitemap.xml", "/robots.txt")
    for page in (*where, "/sitemap-datasets.xml", "/sitemap-pages.xml", "/datasets/chicago/ydr8-5enu.json", "/search"):
        response = client.get(page, headers={"host": host})
        text = response.content.decode() + response.headers.get("Link", "")
        assert "http://127.0.0.1:8000/" in text, page
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
