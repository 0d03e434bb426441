"""One path, several forms: what a program gets, and what a browser that asks again gets."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from django.urls import path, reverse
from hypothesis import given
from hypothesis import strategies as st

from commonground.errors import NotFound
from commonground.pages import errors, navigation
from commonground.pages.feeds import Entry, Feed
from commonground.pages.twins import Answer, Rows, csv_lines, paths

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.test import Client

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]  # the frame of every page asks what the catalog is
MOMENT = datetime(2022, 7, 23, 12, 0, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
made: list[str] = []


def birds(request: HttpRequest, name: str = "all") -> Answer:
    if name.startswith("dodo"):
        raise NotFound(f"No bird “{name}”.")

    def data() -> dict[str, Any]:
        made.append("data")
        return {"name": name, "asked": request.GET.get("q", "")}

    return Answer(
        "web/birds.html",
        {"name": name},
        data=data,
        rows=lambda: Rows(("name", "count"), [("<wren>", 3), ("=1+1", -4), (None, None)]),
        feed=lambda: Feed("Birds\x00", [Entry("Wren", "/birds/wren", MOMENT, "a <small> bird\x08")], updated=MOMENT),
        version=(lambda: "birds 7") if name == "wren" else None,
    )


def crash(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(request.path)


def busy(request: HttpRequest) -> HttpResponse:
    return errors.too_many(request, wait=7)


FORMS = ("html", "json", "csv", "atom")
urlpatterns = [
    *paths("", birds, name="home", forms=FORMS),
    *paths("search", birds, name="search", forms=("html", "json")),
    *paths("birds/<path:name>", birds, name="bird", forms=FORMS),
    path("crash", crash),
    path("crash.json", crash),
    path("busy", busy),
]
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.broken


@pytest.fixture(autouse=True)
def _site_of_birds(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_entries", {})
    navigation.add("search", "Search", order=1)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "birds.html").write_text(
        "{% extends 'pages/base.html' %}{% block main %}<h1>{{ name }}</h1>{% endblock %}"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]


def test_a_page_has_its_twins_at_the_same_path(client: Client) -> None:
    kinds = {
        "/birds/wren": "text/html",
        "/birds/wren.json": "application/json",
        "/birds/wren.csv": "text/csv",
        "/birds/wren.atom": "application/atom+xml",
        "/index.json": "application/json",
    }
    for where, kind in kinds.items():
        response = client.get(where)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert client.get("/birds/wren.json").json() == {"name": "wren", "asked": ""}


def test_every_form_names_the_others_and_keeps_the_query(client: Client) -> None:
    response = client.get("/birds/wren.csv?q=a+b")
    links = response.headers["Link"]
    assert '</birds/wren?q=a+b>; rel="alternate"; type="text/html"' in links
    assert '</birds/wren.json?q=a+b>; rel="alternate"' in links
    assert '<http://127.0.0.1:8000/birds/wren>; rel="canonical"' in links
    page = client.get("/birds/wren?q=%3Cx%3E").content.decode()
    assert 'href="/birds/wren.json?q=%3Cx%3E"' in page
    assert '<link rel="canonical" href="http://127.0.0.1:8000/birds/wren">' in page
    assert 'href="/index.json"' in client.get("/").content.decode()


@pytest.mark.parametrize(
    "name", ["a?b", "a#b", "%00", "a%2Fb", "https://data.example.gov/sets/7/", "é\N{SNOWMAN}", "a;b'c"]
)
def test_the_addresses_that_a_page_names_lead_to_it_whatever_is_in_its_id(client: Client, name: str) -> None:
    response = client.get(reverse("bird", args=[name]))
    for address in re.findall(r"<([^>]*)>", response.headers["Link"]):
        asked = client.get(address.removeprefix("http://127.0.0.1:8000"))
        assert asked.status_code == 200, address
        if address.endswith(".json"):
            assert asked.json() == {"name": name, "asked": ""}
    (canonical,) = re.findall(r'rel="canonical" href="http://127.0.0.1:8000([^"]*)"', response.content.decode())
    assert html.unescape(canonical) == reverse("bird", args=[name])


def test_data_forms_may_be_read_from_any_origin_and_pages_may_not(client: Client) -> None:
    assert client.get("/birds/wren.json").headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in client.get("/birds/wren").headers


@pytest.mark.parametrize("where", ["/birds/wren", "/birds/wren.json", "/birds/owl.json", "/birds/wren.atom"])
def test_who_holds_the_newest_gets_304(client: Client, where: str) -> None:
    first = client.get(where)
    again = client.get(where, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "Accept-Language" in again.headers["Vary"]
    assert client.get(where, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_known_version_is_answered_without_making_the_data(client: Client) -> None:
    etag = client.get("/birds/wren.json").headers["ETag"]
    made.clear()
    client.get("/birds/wren.json", headers={"If-None-Match": etag})
    assert made == []


def test_forms_have_different_etags(client: Client) -> None:
    tags = {client.get(f"/birds/wren{suffix}").headers["ETag"] for suffix in ("", ".json", ".csv", ".atom")}
    assert len(tags) == 4


def test_csv_is_streamed_with_a_header_line(client: Client) -> None:
    response = client.get("/birds/wren.csv")
    assert response.streaming
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert text == "name,count\r\n<wren>,3\r\n'=1+1,-4\r\n,\r\n"


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)))
def test_no_text_cell_of_a_csv_begins_a_formula(cells: list[list[str]]) -> None:
    text = "".join(csv_lines(Rows(("one", "two"), cells)))
    read = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert len(read) == len(cells)
    for row, before in zip(read, cells, strict=True):
        for cell, given_text in zip(row, before, strict=True):
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
            assert cell.removeprefix("'") == given_text.removeprefix("'")


def test_atom_is_well_formed_and_stays_the_same(client: Client) -> None:
    response = client.get("/birds/wren.atom")
    assert response.content == client.get("/birds/wren.atom").content
    feed = ET.fromstring(response.content)
    assert feed.findtext(f"{ATOM}title") == "Birds\N{REPLACEMENT CHARACTER}"
    assert feed.findtext(f"{ATOM}updated") == "2022-07-23T12:00:00+00:00"
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}id") == "http://127.0.0.1:8000/birds/wren"
    assert entry.findtext(f"{ATOM}summary") == "a <small> bird\N{REPLACEMENT CHARACTER}"


def test_an_id_that_ends_like_a_form_has_its_page(client: Client) -> None:
    def only_with_suffix(request: HttpRequest, name: str) -> Answer:
        if name != "list.json":
            raise NotFound(f"No “{name}” at {request.path}.")
        return Answer("web/birds.html", {"name": name}, data=lambda: {"name": name})

    urlpatterns[:0] = paths("odd/<path:name>", only_with_suffix, name="odd")
    try:
        assert "<h1>list.json</h1>" in client.get("/odd/list.json").content.decode()
        assert client.get("/odd/list.json.json").json() == {"name": "list.json"}
        assert client.get("/odd/other.json").status_code == 404
    finally:
        del urlpatterns[:2]


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post("/birds/wren").status_code == 405
    assert client.head("/birds/wren").status_code == 200


def test_a_missing_page_says_what_and_gives_a_number(client: Client) -> None:
    response = client.get("/birds/dodo")
    text = response.content.decode()
    assert response.status_code == 404
    assert "No bird “dodo”." in text
    assert re.search(r'class="problem-number">[2-9A-Z]{4}-[2-9A-Z]{4}<', text)


def test_a_missing_twin_is_a_problem_document(client: Client) -> None:
    for where in ("/birds/dodo.json", "/nowhere.csv"):
        response = client.get(where)
        assert response.headers["Content-Type"] == "application/problem+json"
        problem = json.loads(response.content)
        assert problem["status"] == response.status_code == 404
        assert re.fullmatch(r"urn:problem:[2-9A-Z]{4}-[2-9A-Z]{4}", problem["instance"])
    assert json.loads(client.get("/birds/dodo.json").content)["detail"] == "No bird “dodo”."


def test_a_crash_shows_nothing_of_its_inside(client: Client) -> None:
    client.raise_request_exception = False
    for where in ("/crash", "/crash.json"):
        response = client.get(where)
        assert response.status_code == 500
        assert b"RuntimeError" not in response.content
        assert b"Traceback" not in response.content
    assert b"quote" in client.get("/nowhere").content


def test_too_many_requests_says_how_long_to_wait(client: Client) -> None:
    response = client.get("/busy")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    assert "Wait 7 seconds" in response.content.decode()


def test_hostile_paths_are_escaped(client: Client) -> None:
    text = client.get('/birds/"><script>alert(1)</script>').content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_a_language_link_is_followed_and_remembered(client: Client) -> None:
    spanish = client.get("/?lang=es")
    assert '<html lang="es">' in spanish.content.decode()
    assert '<html lang="es">' in client.get("/").content.decode()
    assert '<html lang="en">' in client.get("/?lang=en").content.decode()
    assert '<html lang="en">' in client.get("/?lang=%00").content.decode()


def test_the_frame_has_no_inline_style_or_script(client: Client) -> None:
    text = client.get("/").content.decode()
    assert not re.search(r'<style|\sstyle=|\son[a-z]+="|<script(?![^>]*\b(src|type="application/))', text)
