"""The list of findings: its filters, its forms, who is told what, and where it is linked from."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commonground.catalog import findings, overview
from commonground.catalog.models import Dataset as Row
from commonground.catalog.models import Finding as Kept
from commonground.catalog.models import Harvest
from commonground.catalog.quality import CRITERIA, criteria
from commonground.protocols.registry import capabilities
from commonground.words import Column, Dataset, Finding, Frequency, License, Moment
from tests.web.reading import HERE, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    Write = Callable[..., None]

ATOM = "{http://www.w3.org/2005/Atom}"
TREES = Dataset("boston", "boston", "data.boston.gov", "trees", "Street trees")
NOISY = [
    Finding("bad-link", "url", "http//a", "trees"),
    Finding("repeated-keyword", "tags[3]", "tree", "trees"),
    Finding("organization-differs", "organization", "Parks", "trees", "Trees"),
]


@pytest.fixture
def noisy(write: Write) -> None:
    """Boston with three findings of one dataset, Chicago with one."""
    write([TREES], NOISY)
    permits = Dataset("chicago", "chicago", "data.cityofchicago.org", "ydr8-5enu", "Permits")
    write([permits], [Finding("no-title", "name", "", "ydr8-5enu")])


def listed(client: Client, query: str) -> dict[str, Any]:
    form: dict[str, Any] = client.get(f"/findings.json?{query}").json()
    return form


@pytest.mark.usefixtures("noisy")
@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("", ["no-title", "bad-link", "organization-differs", "repeated-keyword"]),
        ("city=boston", ["bad-link", "organization-differs", "repeated-keyword"]),
        ("portal=chicago", ["no-title"]),
        ("dataset=boston/trees&fixer=city", ["bad-link", "repeated-keyword"]),
        ("severity=note", ["organization-differs", "repeated-keyword"]),
        ("code=bad-link", ["bad-link"]),
        ("state=closed", []),
        ("state=all&portal=chicago", ["no-title"]),
    ],
)
def test_the_address_narrows_the_list(client: Client, query: str, codes: list[str]) -> None:
    form = listed(client, query)
    assert [one["code"] for one in form["findings"]] == codes, "the worst first"
    assert form["total"] == len(codes)
    rows = list(csv.DictReader(io.StringIO(b"".join(client.get(f"/findings.csv?{query}")).decode())))
    assert sorted(row["code"] for row in rows) == sorted(codes)
    page = read(client, f"/findings?{query}")
    assert f"{len(codes)} finding" in page
    assert page.count('<li id="finding-') == len(codes)


@pytest.mark.usefixtures("noisy")
def test_what_means_nothing_is_told_and_left_out(client: Client) -> None:
    query = "city=atlantis&severity=loud&dataset=boston/none&code=%3Cb%3E&state=maybe&page=x&colour=red&portal=boston"
    form = listed(client, query)
    assert form["total"] == 3
    assert form["ignored"] == [
        *("city=atlantis", "severity=loud", "dataset=boston/none", "code=<b>", "state=maybe", "colour=red")
    ]
    page = read(client, f"/findings?{query}")
    assert "severity=loud" in page
    assert "code=&lt;b&gt;" in page


@pytest.mark.usefixtures("noisy")
def test_counts_are_those_of_the_lists_that_they_lead_to(client: Client) -> None:
    for query in ("", "fixer=city", "city=boston&severity=note", "state=all"):
        counts = listed(client, query)["counts"]
        assert counts["severity"]
        for name, values in counts.items():
            for value, count in values.items():
                pairs = [pair for pair in query.split("&") if pair and not pair.startswith(f"{name}=")]
                assert listed(client, "&".join([*pairs, f"{name}={value}"]))["total"] == count, (query, name, value)


def test_a_finding_closes_and_says_when(client: Client, write: Write) -> None:
    write([TREES], NOISY)
    write([TREES], NOISY[1:])
    (closed,) = listed(client, "state=closed")["findings"]
    assert (closed["code"], closed["state"], closed["title"]) == ("bad-link", "closed", "Street trees")
    assert closed["last_seen"] == closed["closed"] > closed["first_seen"]
    assert closed["url"] == f"{HERE}/datasets/boston/trees"
    assert "fixed" in read(client, "/findings?state=closed")


def test_last_seen_is_the_last_complete_run_and_writes_nothing(write: Write) -> None:
    write([TREES], NOISY)
    later = datetime.now(UTC) + timedelta(days=3)
    newest = Harvest.objects.get()
    for outcome, finished in (("complete", later), ("partial", later + timedelta(days=1))):
        newest.pk, newest.outcome, newest.finished = None, outcome, finished
        newest.save()
    one = Kept.objects.get(code="bad-link")
    assert findings.form(one)["last_seen"] == later
    gone = later - timedelta(days=1)
    Row.objects.update(missing_since=gone)
    assert findings.form(one)["last_seen"] == gone, "what is missing was not looked at"
    Harvest.objects.update(outcome="failed", finished=later + timedelta(days=2))
    assert findings.form(one)["last_seen"] == one.first_seen


def entries(client: Client, query: str) -> list[dict[str, str]]:
    feed = ET.fromstring(client.get(f"/findings.atom?{query}").content)
    names = ("title", "id", "summary")
    return [{name: one.findtext(f"{ATOM}{name}") or "" for name in names} for one in feed.iter(f"{ATOM}entry")]


def test_followers_are_told_what_opened_what_closed_and_what_to_do(client: Client, write: Write) -> None:
    write([TREES], NOISY[:1])
    write([TREES], [])
    pk = Kept.objects.get().pk
    fixed, opened = entries(client, "dataset=boston/trees")
    assert fixed["title"] == "Street trees. Fixed: “http//a” at url is no usable web address."
    assert opened["title"] == "Street trees. To fix: “http//a” at url is no usable web address."
    assert opened["summary"] == "Publish a full address that starts with https://."
    assert opened["id"] == f"{HERE}/findings?dataset=boston%2Ftrees&state=all#finding-{pk}"
    assert fixed["id"] == f"{HERE}/findings?dataset=boston%2Ftrees&state=all#closed-{pk}"
    page = read(client, "/findings?dataset=boston%2Ftrees&state=all")
    assert f'id="finding-{pk}"' in page
    assert f'id="closed-{pk}"' in page
    assert [one["title"] for one in entries(client, "state=closed")] == [fixed["title"]]


def test_many_of_a_sort_are_one_entry(client: Client, write: Write) -> None:
    many = [replace(TREES, native_id=f"trees-{n}") for n in range(30)]
    write(many, [Finding("bad-link", "url", "x", one.native_id) for one in many])
    (entry,) = entries(client, "")
    assert entry["title"] == "boston. To fix 30 times: bad-link"
    assert "/findings?portal=boston&code=bad-link&state=all#opened-" in entry["id"]
    assert (
        client.get("/findings.atom", headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}).status_code == 304
    )


def test_a_long_list_is_counted_by_what_to_do_and_paged(client: Client, write: Write) -> None:
    many = [replace(TREES, native_id=f"trees-{n}") for n in range(30)]
    found = [Finding("bad-link", "url", "x", one.native_id) for one in many]
    write(many, [*found, Finding("no-title", "", "", "trees-3")])
    page = read(client, "/findings?portal=boston")
    assert "31 findings" in page
    assert page.index("Give the dataset a title") < page.index("Publish a full address"), "the worst first"
    assert 'href="?portal=boston&amp;code=bad-link"' in page
    assert listed(client, "page=2")["findings"][-1]["code"] == "bad-link"
    assert len(listed(client, "page=2")["findings"]) == 11
    rows = list(csv.DictReader(io.StringIO(b"".join(client.get("/findings.csv?portal=boston")).decode())))
    assert len(rows) == 31


def test_no_person_is_shown(client: Client, write: Write) -> None:
    write(
        [TREES],
        [
            Finding("wrong-type", "maintainer_email", "jane.doe@boston.gov", "trees"),
            Finding("wrong-type", "notes", "ask jane.doe@boston.gov", "trees"),
            Finding("no-id", "listing", "{'author': 'Jane Doe'}", "trees", "Jane Doe"),
        ],
    )
    for form in ("", ".json", ".csv", ".atom"):
        response = client.get(f"/findings{form}")
        body = b"".join(response) if response.streaming else response.content
        assert b"jane" not in body.lower(), form


def test_a_portal_a_city_and_a_dataset_lead_to_their_lists(client: Client, write: Write) -> None:
    write([TREES], NOISY)
    for page, whose in (
        ("/harvests/boston", "portal=boston"),
        ("/cities/boston", "city=boston"),
        ("/datasets/boston/trees", "dataset=boston%2Ftrees"),
    ):
        text = read(client, page)
        for form in ("", ".csv", ".atom"):
            assert f'href="/findings{form}?{whose}"' in text, page
        assert "3 findings" in text
    assert "3 findings, 2 for the city to fix" in read(client, "/harvests/boston")


def test_the_report_says_how_many_meet_each_criterion(client: Client, write: Write) -> None:
    good = replace(TREES, native_id="good", license=License("ODC", spdx="ODC-By-1.0"), frequency=Frequency("Monthly"))
    datasets = [replace(TREES, columns=(Column("a", "a"),)), good]
    knows = capabilities("ckan")
    assert knows is not None
    write(datasets, [found for one in datasets for found in criteria(one, knows)])
    assert overview.quality("boston") == [], "what the dialect can say is not known"
    Harvest.objects.update(dialect="ckan")
    told = {one["code"]: (one["met"], one["of"]) for one in client.get("/harvests/boston.json").json()["quality"]}
    assert told["no-license"] == (1, 2)
    assert told["license-unknown"] == (1, 1), "asked only of those that have one"
    assert told["no-frequency"] == (1, 2)
    assert told["columns-undescribed"] == (0, 1), "asked only where columns are known"
    assert told["unclear-title"] == (2, 2)
    assert "no-columns" not in told, "CKAN lists no columns"
    assert "not-machine-readable" not in told, "there is nothing to have"
    for one in CRITERIA:
        met, of = told.get(one.code, (0, 0))
        assert listed(client, f"portal=boston&code={one.code}")["total"] == of - met
    page = read(client, "/harvests/boston")
    assert 'href="/findings?portal=boston&amp;code=no-license">1 data set</a>' in page


def test_stale_data_are_judged_by_the_day_of_the_recording(client: Client, write: Write) -> None:
    """The fixture writes a recording of July 23, 2022."""
    july = datetime(2022, 7, 20, tzinfo=UTC)
    daily = replace(TREES, frequency=Frequency("Daily", 1), data_updated=Moment(july - timedelta(days=40), ""))
    write([daily, replace(daily, native_id="fresh", data_updated=Moment(july, ""))])
    (one,) = listed(client, "code=stale")["findings"]
    assert one["id"] == "boston/trees"
    assert one["message"] == "An update is promised every day, and the data last changed on 2022-06-10."
    before = list(Kept.objects.order_by("pk").values_list())
    write([daily, replace(daily, native_id="fresh", data_updated=Moment(july, ""))])
    assert list(Kept.objects.order_by("pk").values_list()) == before, "an unchanged harvest writes nothing"
    write([replace(daily, native_id="fresh", data_updated=Moment(july, ""))])
    assert list(Kept.objects.order_by("pk").values_list()) == before, "what is missing cannot show an update"
    write(
        [
            replace(daily, data_updated=Moment(july, "")),
            replace(daily, native_id="fresh", data_updated=Moment(july, "")),
        ]
    )
    assert listed(client, "code=stale")["total"] == 0
    assert listed(client, "code=stale&state=closed")["total"] == 1


@pytest.mark.usefixtures("noisy")
def test_a_feed_is_gathered_once_an_edition(client: Client) -> None:
    """After a first harvest of much, a day has millions of findings, and every reader asks every hour."""
    first = client.get("/findings.atom").content
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/findings.atom").content == first
    assert not [one["sql"] for one in asked.captured_queries if "GROUP BY" in one["sql"]]
