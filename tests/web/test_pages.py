"""The catalog's pages: what they say, what they do not know, and that no text of a city gets out of its place."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from commonground.catalog.models import Finding, Harvest
from commonground.words import Column, Dataset, Moment
from tests.web.reading import HOSTILE, read, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client


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
    "/harvests/chicago/withheld",
    "/harvests/chicago/missing",
    "/status",
    "/status?index=compare",
    "/about",
    "/developers",
)


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
    rows = list(csv.DictReader(io.StringIO(b"".join(client.get("/search.csv?q=trees&order=title&page=2")).decode())))
    assert [row["title"] for row in rows] == [f"Trees {n:02}" for n in range(45)]


def test_what_a_portal_no_longer_lists_keeps_its_page(client: Client, write: Callable[..., None]) -> None:
    trees, benches = (Dataset("boston", "boston", "data.boston.gov", name, name) for name in ("trees", "benches"))
    write([trees, benches])
    write([trees])
    text = said(read(client, "/datasets/boston/benches"))
    assert "No longer listed." in text
    assert "data.boston.gov does not name this data set in its catalog" in text
    assert "datasets/boston/benches" in client.get("/sitemap-datasets.xml").content.decode()
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
def test_a_harvest_under_way_is_followed_by_all_its_figures(client: Client) -> None:
    assert "hx-get" not in read(client, "/harvests/chicago")
    Harvest.objects.filter(portal="chicago").update(outcome="running", finished=None, seen=77, unchanged=66)
    text = read(client, "/harvests/chicago")
    (live,) = re.findall(
        r'<div id="live"[^>]*hx-get="/harvests/chicago"[^>]*hx-select="#live".*?</dl>', text, re.DOTALL
    )
    for words in ("77 records seen", "66", "of 77 seen in the last run", "Held", "Findings"):
        assert words in said(live)
    assert "/harvests/chicago#" not in client.get("/harvests/chicago.atom").content.decode()  # it has not ended


def test_the_description_is_shown_where_it_says_more_than_the_lead(client: Client, write: Callable[..., None]) -> None:
    short, linked = "All trees.", 'All trees, <a href="https://example.gov/">mapped</a>.'
    long = "All trees. " * 60
    write(
        [
            Dataset(
                "boston", "boston", "data.boston.gov", key, key, description_html=f"<p>{html}</p>", description=text
            )
            for key, html, text in (
                ("short", short, short),
                ("linked", linked, "All trees, mapped."),
                ("long", long, long),
            )
        ]
    )
    shown = [
        key for key in ("short", "linked", "long") if "Written by Boston" in read(client, f"/datasets/boston/{key}")
    ]
    assert shown == ["linked", "long"]
