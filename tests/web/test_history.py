"""The story of a dataset: its page, its twins, its feeds, and each revision beside what was published."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commonground.catalog import browse, history
from commonground.catalog.grace import Grace
from commonground.catalog.models import Dataset as Row
from commonground.catalog.models import Event, Finding, Harvest, Revision, pack
from commonground.words import Column, ColumnType, Dataset, License
from tests.web.conftest import HOSTILE as ATTACK
from tests.web.conftest import bare, hostile, permits
from tests.web.reading import HERE, HOSTILE, read, said

ATOM = "{http://www.w3.org/2005/Atom}"
TREES = Dataset(
    "boston",
    "boston",
    "data.boston.gov",
    "trees",
    "Trees",
    description="All trees that stand on land of the city.",
    license=License("PDDL"),
    columns=(Column("Kind", "kind", ColumnType.TEXT, "text"), Column("Height", "height", ColumnType.NUMBER, "int")),
    row_count=1_000,
)
OTHERS = [Dataset("boston", "boston", "data.boston.gov", f"other-{n}", f"Other {n}") for n in range(3)]
Write = Callable[..., None]


@pytest.fixture
def changed(write: Write) -> None:
    """Trees, then other columns, another license and half the rows; then gone, withdrawn, and listed again."""
    write([TREES, *OTHERS])
    after = replace(
        TREES,
        description="All living trees that stand on land of the city.",
        license=License("CC0", spdx="CC0-1.0"),
        columns=(TREES.columns[0], Column("Age", "age", ColumnType.INTEGER, "int")) if TREES.columns else None,
        row_count=400,
    )
    write([after, *OTHERS])
    write(OTHERS)
    row = Row.objects.get(native_id="trees")
    Event.objects.create(dataset=row, kind="withdrawn", seen=timezone.now(), harvest=Harvest.objects.first())
    write([after, *OTHERS])


def entries(client: Client, where: str) -> list[tuple[str, str, str]]:
    feed = ET.fromstring(client.get(where).content)
    names = ("title", "id", "summary")
    found = [tuple(one.findtext(f"{ATOM}{name}") or "" for name in names) for one in feed.iter(f"{ATOM}entry")]
    assert feed.findtext(f"{ATOM}updated") == next(feed.iter(f"{ATOM}entry")).findtext(f"{ATOM}updated")
    return [(title, key, summary) for title, key, summary in found]


@pytest.mark.usefixtures("changed")
def test_a_history_says_what_happened_newest_first(client: Client) -> None:
    form = client.get("/history/boston/trees.json").json()
    told = [(one["kind"], one["revision"]) for one in form["changes"]]
    assert sorted(told, key=str) == sorted(
        [("returned", None), ("withdrawn", None), ("missing", None), ("columns", 2), ("added", 1), ("changed", 3)],
        key=str,
    )
    assert told[-1] == ("added", 1)
    assert told[-2] == ("columns", 2)
    (schema,) = (one for one in form["changes"] if one["kind"] == "columns")
    assert schema["sentence"] == (
        "Column removed: height (Number). Column added: age (Whole number). License changed from “PDDL” to “CC0-1.0”. "
        "2 more changes."
    )
    assert {one["aspect"] for one in schema["differences"]} == {
        "column_removed",
        "column_added",
        "license",
        "rows_halved",
        "description",
    }
    times = [one["seen"] for one in form["changes"]]
    assert times == sorted(times, reverse=True)

    text = read(client, "/history/boston/trees")
    for words in ("Columns changed", "Withdrawn", "Listed again", "Rows fell by half or more, from 1,000 to 400."):
        assert words in said(text)
    assert "<ins>living </ins>" in text
    rows = list(csv.DictReader(io.StringIO(b"".join(client.get("/history/boston/trees.csv")).decode())))
    assert {row["aspect"] for row in rows} >= {"column_added", "rows_halved", ""}
    spanish = said(read(client, "/history/boston/trees?lang=es"))
    assert "Columns changed" not in spanish


@pytest.mark.usefixtures("changed")
def test_the_data_sets_page_tells_the_newest_of_it(client: Client) -> None:
    text = read(client, "/datasets/boston/trees")
    assert "Listed again by its portal." in text
    assert 'href="/history/boston/trees"' in text
    assert 'id="revision-3"' in text


@pytest.mark.usefixtures("changed")
def test_feeds_tell_changes_in_words_and_who_went(client: Client) -> None:
    for where in ("/datasets/boston/trees.atom", "/history/boston/trees.atom", "/cities/boston.atom", "/index.atom"):
        told = {title: (key, summary) for title, key, summary in entries(client, where)}
        key, summary = told["Columns changed: Trees"]
        assert key == f"{HERE}/datasets/boston/trees#revision-2"
        assert summary.startswith("Column removed: height (Number). Column added: age")
        assert {"Withdrawn: Trees", "No longer listed: Trees", "Listed again: Trees", "Added: Trees"} <= told.keys()
        keys = [key for key, _ in told.values()]
        assert len(set(keys)) == len(keys)
    assert client.get("/cities/boston.atom").content == client.get("/cities/boston.atom").content


def test_a_search_feed_has_the_newest_change_first(client: Client, write: Write) -> None:
    write([TREES, *OTHERS])
    write([TREES, OTHERS[0], replace(OTHERS[1], publisher="Parks"), OTHERS[2]])
    Revision.objects.filter(dataset__native_id="other-1", number=2).update(seen=timezone.now() + timedelta(hours=1))
    told = [title for title, _, _ in entries(client, "/search.atom?q=other")]
    assert told[0] == "Changed: Other 1"
    assert sorted(told) == sorted(f"{what}: Other {n}" for n in range(3) for what in ("Added", "Changed"))
    assert {title for title, _, _ in entries(client, "/search.atom?q=trees")} == {"Added: Trees", "Changed: Trees"}
    among = set(Row.objects.values_list("key", flat=True)) - {"boston/trees"}
    assert [one.row.native_id for one in history.latest(limit=1, among=among)] == ["other-1"]
    many = among | {f"boston/no-{n}" for n in range(1_000)}
    assert [one.pk for one in history.latest(limit=9, among=many)] == [
        one.pk for one in history.latest(limit=9, among=among)
    ]


@pytest.mark.usefixtures("changed")
def test_feeds_and_histories_ask_little(client: Client, write: Write) -> None:
    """However many changes there are, the questions to the database stay as many."""

    def asked(where: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as questions:
            assert client.get(where).status_code == 200
        return len(questions)

    wheres = ("/index.atom", "/cities/boston.atom", "/history/boston/trees", "/datasets/boston/trees")
    before = [asked(where) for where in wheres]
    for n in range(8):
        write([replace(TREES, title=f"Trees {n}"), *OTHERS])
    after = [asked(where) for where in wheres]
    assert all(now <= once + 2 for once, now in zip(before, after, strict=True)), (before, after)
    assert max(after) < 30


def test_a_revision_stands_beside_what_was_published(client: Client, write: Write) -> None:
    write([TREES])
    raw = {
        "title": "Trees",
        "notes": "<p>All trees that stand on land of the city.</p>",
        "license_title": "PDDL",
        "author": "Ann Private",
        "author_email": "ann.private@example.org",
        "fields": [{"id": "Kind"}, {"id": "Height"}],
    }
    Revision.objects.update(packed=pack(raw), dialect="ckan")
    form = client.get("/history/boston/trees.json?revision=1").json()
    assert form["published"]["title"] == form["ours"]["title"] == "Trees"
    text = read(client, "/history/boston/trees?revision=1")
    assert "Ann Private" not in text + json.dumps(form)
    assert "ann.private" not in text + json.dumps(form)
    for place in ("title", "notes", "license_title", "fields[].id"):
        assert f"<code>{place}</code>" in text
    assert "Not word for word in the record" in text  # the kind is our word
    assert client.get("/history/boston/trees?revision=7").status_code == 404
    assert client.get("/history/boston/none").status_code == 404


def test_findings_are_those_of_the_revision(client: Client, write: Write) -> None:
    from commonground.words import Finding as Word

    write([TREES], [Word("repeated-keyword", "keyword[2]", "trees", "trees")])
    write([replace(TREES, title="Street trees")], [Word("no-license", "license", "", "trees")])
    found = [
        [one["code"] for one in client.get(f"/history/boston/trees.json?revision={n}").json()["findings"]]
        for n in (1, 2)
    ]
    assert found == [["repeated-keyword"], ["no-license"]]
    assert Finding.objects.count() == 2


def test_an_id_used_for_something_else_is_one_sentence(client: Client, write: Write) -> None:
    write([replace(permits(), city="boston", portal="boston", native_id="trees"), *OTHERS])
    evictions = replace(TREES, title="Eviction notices", description="Notices filed with the Rent Board since 1997.")
    write([evictions, *OTHERS])
    row = Row.objects.get(native_id="trees")
    Event.objects.create(dataset=row, kind="replaced", seen=timezone.now(), detail="Building Permits")
    form = client.get("/history/boston/trees.json").json()
    assert [one["kind"] for one in form["changes"]] == ["replaced", "added"]
    assert form["changes"][0]["sentence"] == (
        "This id now names another data set: “Eviction notices” instead of “Building Permits”."
    )


def test_a_long_history_is_paged_and_huge_records_stay_light(client: Client, write: Write) -> None:
    write([TREES])
    row = Row.objects.get(native_id="trees")
    assert row.revision
    many = {**row.revision.form, "keywords": [f"word {n}" for n in range(34_866)]}
    raw = {"keyword": many["keywords"], "title": "Trees"}
    now, harvest = timezone.now(), row.revision.harvest
    Revision.objects.bulk_create(
        Revision(
            dataset=row,
            number=n,
            seen=now + timedelta(minutes=n),
            harvest=harvest,
            dialect="ckan",
            packed=pack(raw if n == 300 else {}),
            form=many if n == 300 else {**row.revision.form, "row_count": 1_000 + n},
        )
        for n in range(2, 301)
    )
    form = client.get("/history/boston/trees.json").json()
    assert (form["total"], len(form["changes"]), form["page"], form["size"]) == (300, 20, 1, 20)
    seen = [
        one["revision"]
        for page in range(1, 16)
        for one in client.get(f"/history/boston/trees.json?page={page}").json()["changes"]
    ]
    assert seen == list(range(300, 0, -1))
    assert "There is no change on this page" in read(client, "/history/boston/trees?page=99")
    first = read(client, "/history/boston/trees")
    assert "Keywords added: word 0, word 1, word 2, word 3, word 4 and 34,861 more." in first
    assert 'rel="next"' in first
    large = read(client, "/history/boston/trees?revision=300")
    assert len(first) < 60_000
    assert len(large) < 120_000
    assert "The whole record" in large
    assert len(list(csv.DictReader(io.StringIO(b"".join(client.get("/history/boston/trees.csv")).decode())))) >= 300


def test_what_is_no_longer_listed_says_since_when_and_what_comes_next(
    client: Client, write: Write, settings: Any
) -> None:
    settings.GRACE = Grace(days=10, runs=4)
    write([TREES, *OTHERS])
    write(OTHERS)
    since = timezone.now() - timedelta(days=3)
    Row.objects.filter(native_id="trees").update(missing_since=since)
    row = browse.dataset("boston/trees")
    told = said(read(client, "/datasets/boston/trees"))
    until = history.standing(row)
    assert until
    assert until.until == since + timedelta(days=10)
    assert "No longer listed." in told
    assert "until 4 complete readings in a row have not named it; then it is withdrawn" in told
    Row.objects.filter(native_id="trees").update(state="withdrawn")
    Event.objects.create(dataset=row, kind="withdrawn", seen=timezone.now())
    gone = said(read(client, "/datasets/boston/trees"))
    assert "Withdrawn. Since" in gone
    assert "it left search and lists here" in gone
    assert "Withdrawn. Since" in said(read(client, "/history/boston/trees"))
    assert history.standing(browse.dataset("boston/other-1")) is None


def test_no_text_of_a_city_becomes_markup(client: Client, write: Write) -> None:
    write([replace(hostile(), title="Before", description="One two", columns=())])
    write([hostile()])
    page = HOSTILE.replace("/datasets/", "/history/")
    for where in (page, f"{page}?revision=2", HOSTILE):
        text = read(client, where)
        assert "<script>alert" not in text
        assert not re.search(r"<[^>]*alert\('1'\)[^>]*>", re.sub(r'"[^"]*"', '""', text))
    assert ATTACK in json.dumps(client.get(f"{page}.json").json(), ensure_ascii=False).replace('\\"', '"')


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_pages_keep_the_rules_of_the_house(client: Client, write: Write, language: str) -> None:
    write([bare()])
    write([replace(bare(), title="Benches and tables", publisher="Parks")])
    for where in ("/history/washington-dc/f00d_1?", "/history/washington-dc/f00d_1?revision=2&"):
        text = read(client, f"{where}lang={language}")
        assert f'<html lang="{language}">' in text
        assert len(re.findall(r"<h1[ >]", text)) == 1
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", text)
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids))
    assert client.get("/history/opendata.dc.gov/f00d_1").headers["Location"] == "/history/washington-dc/f00d_1"
