"""The pages of the matrix: all of it, a subject, a city; their twins, and the panels on other pages."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from commonground.catalog.models import Counter
from commonground.catalog.models import Dataset as Row
from commonground.errors import NotFound, Usage
from commonground.overlap import browse, decisions, evidence, glance, spoken
from commonground.overlap.decisions import Said
from commonground.overlap.facets import Relation, Verdict
from commonground.overlap.models import DECIDED, FOLLOWED, Guess, Placement
from commonground.words import Dataset
from tests.web.conftest import HOSTILE, hostile, permits
from tests.web.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

SUBJECT = "building-permits"
SLICES = [Dataset("san_francisco", "san-francisco", "data.sfgov.org", f"p{y}", f"Permits in {y}") for y in (2019, 2020)]
PARTS = [["title", 0.5, ["permits"]], ["grain", -0.4, []]]


def compared(**other: str) -> None:
    """Every dataset was compared."""
    for row in Row.objects.all():
        nature = {"grain": "records", "timing": "event", "geometry": "none", **other}
        Guess.objects.get_or_create(dataset=row, defaults={**nature, "schema": "", "seen": "", "method": "test"})


def place(key: str, subject: str = SUBJECT, **other: Any) -> None:
    row = Row.objects.get(key=key)
    told = {"score": 0.8, "band": "likely", "fits": True, "parts": PARTS, "method": "test", **other}
    Placement.objects.create(subject=subject, dataset=row, city=row.city, **told)


@pytest.fixture
def overlap(catalog: None, write: Callable[..., None]) -> None:  # noqa: ARG001 - asked for, not looked at
    """Chicago's permits, a series of San Francisco, and a hostile title of Boston are guessed; nothing is decided."""
    write(SLICES)
    compared()
    place("chicago/ydr8-5enu")
    for one in SLICES:
        place(one.id, band="sure", score=0.9 if one.native_id == "p2019" else 0.85)
    place(hostile().id, score=0.6)


def cells(client: Client, address: str = "/overlap.json?show=all", subject: str = SUBJECT) -> dict[str, dict[str, Any]]:
    found = next(one for one in client.get(address).json()["subjects"] if one["slug"] == subject)
    return {cell["city"]: cell for cell in found["cells"]}


@pytest.mark.usefixtures("overlap")
def test_a_guess_says_maybe_and_a_portal_never_read_is_not_a_city_without(client: Client) -> None:
    found = cells(client)
    states = {city: (cell["state"], cell["why"]["code"]) for city, cell in found.items()}
    assert states["chicago"] == states["boston"] == ("maybe", "found")
    assert states["new_york"] == states["seattle"] == ("unknown", "unread")
    assert cells(client, subject="budget-appropriations")["chicago"]["why"]["code"] == "none"
    crimes = cells(client, subject="crime-incidents")["chicago"]
    assert (crimes["state"], crimes["why"]["code"]) == ("unknown", "only-tables"), "it is mostly published as a map"
    assert "Only tables were read" in read(client, "/overlap")
    assert cells(client, subject="crime-incidents")["boston"]["why"]["code"] == "unread", "one of its two portals"
    (series,) = found["san_francisco"]["candidates"]
    assert (series["id"], series["series"]["slices"], series["score"]) == ("san-francisco/p2020", 2, 0.9)


@pytest.mark.usefixtures("overlap")
def test_a_decision_is_seen_at_once(client: Client) -> None:
    matter = decisions.place(SUBJECT, "chicago/ydr8-5enu")
    assert cells(client)["chicago"]["state"] == "maybe"
    said = decisions.decide(matter, Said(Verdict.CONFIRMED), "Ann", seen=None)
    cell = cells(client)["chicago"]
    assert (cell["state"], cell["confirmed"], cell["count"], cell["datasets"][0]["id"]) == (
        "yes",
        True,
        1,
        "chicago/ydr8-5enu",
    )
    form = browse.matrix()
    assert next(one for one in form["cities"] if one["city"] == "chicago")["yes"] == 1
    assert (form["subjects"][0]["slug"], form["subjects"][0]["cities_yes"]) == (SUBJECT, 1), "most cities first"
    page = read(client, "/overlap")
    assert "Building permits, Chicago: Yes, 1 data set" in text(page)
    decisions.undo(said, "Ann")
    assert cells(client)["chicago"]["state"] == "maybe"
    related = Said(Verdict.RELATED, Relation.SUBSET)
    decisions.decide(matter, related, "Ann", seen=None)
    assert cells(client)["chicago"]["why"]["code"] == "related-subset"


@pytest.mark.usefixtures("overlap")
def test_a_rejection_is_asked_again_when_columns_change(client: Client) -> None:
    matter = decisions.place(SUBJECT, "chicago/ydr8-5enu")
    decisions.decide(matter, Said(Verdict.REJECTED), "Ann", seen=None)
    schema = decisions.standing().get().schema_a
    Guess.objects.filter(dataset__key="chicago/ydr8-5enu").update(schema=schema)
    assert cells(client)["chicago"]["why"]["code"] == "rejected"
    Guess.objects.filter(dataset__key="chicago/ydr8-5enu").delete()
    Row.objects.get(key="chicago/ydr8-5enu")
    compared(schema="another")
    Guess.objects.filter(dataset__key="chicago/ydr8-5enu").update(schema="another")
    assert cells(client)["chicago"]["state"] == "maybe"


@pytest.mark.usefixtures("overlap")
def test_what_was_not_compared_yet_is_unknown(client: Client, write: Callable[..., None]) -> None:
    write([permits(), replace(permits(), native_id="new", title="New")])
    cell = cells(client, subject="crime-incidents")["chicago"]
    assert (cell["state"], cell["why"]["code"], cell["why"]["facts"]) == ("unknown", "uncompared", {"count": 1})


def text(page: str) -> str:
    """A page as a screen reader tells it, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


@pytest.mark.usefixtures("overlap")
def test_the_page_narrows_orders_and_opens(client: Client) -> None:
    assert "Building permits, Seattle: Unknown" in text(read(client, "/overlap"))
    for asked, there in (
        ("q=building+perm", True),
        ("q=permit+xyz", False),
        ("show=confirm", True),
        ("show=missing-washington_dc", True),
        ("show=missing-chicago", False),
        ("show=shared", False),
        ("theme=nothing&show=odd&sort=odd&city=atlantis", True),
        ("sort=gaps", True),
        ("sort=theme", True),
        ("sort=name", True),
        ("show=all", True),
    ):
        assert (f'id="{SUBJECT}"' in read(client, f"/overlap?{asked}")) is there, asked
        data = client.get(f"/overlap.json?{asked}").json()
        assert (SUBJECT in {one["slug"] for one in data["subjects"]}) is there, asked
    opened = read(client, f"/overlap?open={SUBJECT}&q=permits")
    assert "Permits in 2020" in opened
    assert "<script>alert" not in opened
    assert HOSTILE not in opened
    assert f'href="/overlap?q=permits#{SUBJECT}"' in opened, "its name closes it again"


@pytest.mark.usefixtures("overlap")
def test_who_asks_for_what_cannot_be_is_told(client: Client) -> None:
    for asked in ({"show": "odd"}, {"sort": "odd"}, {"theme": "odd"}):
        with pytest.raises(Usage, match="odd"):
            browse.matrix(**asked)
    with pytest.raises(NotFound):
        browse.matrix(city="atlantis")
    assert client.get("/overlap/subjects/none-such").status_code == 404
    assert client.get("/overlap/cities/atlantis").status_code == 404
    assert client.get("/overlap/cities/NYC").headers["Location"] == "/overlap/cities/new_york"


@pytest.mark.usefixtures("overlap")
def test_the_csv_has_a_row_for_each_cell(client: Client) -> None:
    body = b"".join(client.get("/overlap.csv?q=building+permits")).decode()
    rows = {row["city"]: row for row in csv.DictReader(io.StringIO(body)) if row["subject"] == SUBJECT}
    assert len(rows) == 7
    assert (rows["chicago"]["state"], rows["chicago"]["candidates"]) == ("maybe", "chicago/ydr8-5enu")
    assert rows["boston"]["why"] == spoken.reason("found", {"band": "likely"})


@pytest.mark.usefixtures("overlap")
def test_a_subject_tells_what_each_city_has_and_why(client: Client) -> None:
    place("washington-dc/f00d_1", score=0.1, band="weak")
    page = read(client, f"/overlap/subjects/{SUBJECT}")
    assert "Permits in 2020" in page
    assert "+0.5" in page
    assert "−0.4" in page
    assert "Benches" in page, "a weak one can be looked at"
    assert HOSTILE not in page
    form = client.get(f"/overlap/subjects/{SUBJECT}.json").json()
    chicago = next(one for one in form["cells"] if one["city"] == "chicago")["candidates"][0]
    assert (chicago["rows"], chicago["columns"], chicago["parts"][0]["what"]) == (1234, 30, "title")
    spanish = read(client, f"/overlap/subjects/{SUBJECT}?lang=es")
    assert "Found by comparing" not in spanish


@pytest.mark.usefixtures("overlap")
def test_a_city_sees_its_gaps_and_what_has_no_subject(client: Client) -> None:
    form = client.get("/overlap/cities/washington_dc.json").json()
    assert [(one["slug"], one["cities_maybe"]) for one in form["gaps"]] == [(SUBJECT, 3)]
    assert {one["city_name"] for one in form["gaps"][0]["examples"]} == {"Boston", "Chicago", "San Francisco"}
    assert [one["id"] for one in form["without_subject"]] == ["washington-dc/f00d_1"]
    page = read(client, "/overlap/cities/washington_dc")
    assert "Building permits" in page
    assert "Benches" in page
    table = b"".join(client.get("/overlap/cities/washington_dc.csv")).decode()
    assert next(csv.DictReader(io.StringIO(table)))["subject"] == SUBJECT
    here = client.get("/overlap/cities/chicago.json").json()
    assert [one["slug"] for one in here["confirm"]] == [SUBJECT]
    assert not here["without_subject"]
    assert "Benches" in read(client, "/overlap/cities/washington_dc/without-subject")
    rest = b"".join(client.get("/overlap/cities/washington_dc/without-subject.csv")).decode()
    assert [row["id"] for row in csv.DictReader(io.StringIO(rest))] == ["washington-dc/f00d_1"]


@pytest.mark.usefixtures("catalog")
def test_before_anything_was_compared_pages_say_so(client: Client) -> None:
    assert "Nothing has been compared yet" in read(client, "/overlap")
    assert 'class="mx mini"' not in read(client, "/")
    assert "Overlap with other cities" not in read(client, "/cities/chicago")
    assert client.get("/overlap/cities/chicago").status_code == 200


@pytest.mark.usefixtures("overlap")
def test_home_and_city_show_a_part_of_it(client: Client) -> None:
    home = read(client, "/")
    assert 'class="mx mini"' in home
    assert f"/overlap/subjects/{SUBJECT}" in home
    assert "Overlap with other cities" in read(client, "/cities/chicago")


@pytest.mark.usefixtures("overlap")
def test_while_nothing_changes_the_matrix_is_not_made_again(client: Client, django_assert_max_num_queries: Any) -> None:
    client.get("/overlap")
    with django_assert_max_num_queries(5):
        assert client.get("/overlap?show=confirm").status_code == 200
    first = client.get("/overlap.json")
    again = client.get("/overlap.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.usefixtures("overlap")
def test_what_is_narrowed_is_counted_as_it_is_shown(client: Client) -> None:
    gaps = read(client, "/overlap?show=missing-washington_dc")
    assert "1 subject missing in Washington." in text(gaps)
    assert 'href="/overlap/cities/washington_dc.csv"' in gaps
    assert "Maybe: 3 · No: 1" in text(gaps)
    whole = browse.matrix()
    assert f"{whole['total']} subjects in 7 cities." in text(read(client, "/overlap?show=all"))
    assert "Found in all cities (0 confirmed)" in read(client, "/overlap")
    assert 'href="/search?q=zz%20zz"' in read(client, "/overlap?q=zz+zz")


@pytest.mark.usefixtures("overlap")
def test_everybody_is_told_how_much_waits_as_the_review_counts_it(client: Client) -> None:
    waiting = client.get("/overlap/review.json").json()["total"]
    assert browse.matrix()["waiting"] == waiting > 0
    assert f"What waits for a person: {waiting}" in read(client, "/overlap")


@pytest.mark.usefixtures("overlap")
def test_what_nobody_confirmed_is_called_so(client: Client) -> None:
    page = text(read(client, "/overlap/cities/washington_dc"))
    assert "Found elsewhere, not in Washington" in page
    assert "0 confirmed, 3 not confirmed" in page
    assert "Permits in 2020 (not confirmed)" in page
    decisions.decide(decisions.place(SUBJECT, "san-francisco/p2020"), Said(Verdict.CONFIRMED), "Ann", seen=None)
    page = text(read(client, "/overlap/cities/washington_dc"))
    assert "1 confirmed, 2 not confirmed" in page
    assert "Permits in 2020 (not confirmed)" not in page
    assert "publish the same subjects" not in read(client, "/")


@pytest.mark.usefixtures("overlap")
def test_what_two_cities_surely_have_is_the_first_gap(client: Client) -> None:
    for key in ("chicago/ydr8-5enu", "san-francisco/p2020"):
        place(key, "crime-incidents", band="sure", score=0.99)
    gaps = client.get("/overlap/cities/washington_dc.json").json()["gaps"]
    assert [one["slug"] for one in gaps] == ["crime-incidents", SUBJECT], "though fewer cities have it"


@pytest.mark.usefixtures("overlap")
def test_a_city_names_the_first_data_sets_without_a_subject(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browse, "UNPLACED", 0)
    form = client.get("/overlap/cities/washington_dc.json").json()
    assert (form["without_subject"], form["without_subject_total"]) == ([], 1)
    assert 'href="/overlap/cities/washington_dc/without-subject"' in read(client, "/overlap/cities/washington_dc")


@pytest.mark.usefixtures("overlap")
def test_columns_are_compared_where_they_are_known(client: Client) -> None:
    page = read(client, f"/overlap/subjects/{SUBJECT}")
    assert re.search('form="compare" name="[ab]" value="chicago/ydr8-5enu"', page)
    assert 'value="san-francisco/p2020"' not in page, "nobody knows its columns"
    assert "Compare its columns with San Francisco" not in page
    chosen = client.get("/overlap/columns.json?b=chicago/ydr8-5enu&c=washington-dc/f00d_1").json()
    assert [one["id"] for one in chosen["datasets"]] == ["chicago/ydr8-5enu", "washington-dc/f00d_1"]


@pytest.mark.usefixtures("overlap")
def test_when_guesses_have_followed_the_catalog_the_matrix_is_made_anew() -> None:
    before = evidence.state()
    assert evidence.table() is evidence.table()
    Counter.objects.create(name=FOLLOWED, value=1)
    assert evidence.state() != before
    Counter.objects.create(name=DECIDED, value=1)
    assert len({before, evidence.state()}) == 2
    assert evidence.state()[-2:] == (1, 1)


@pytest.mark.usefixtures("overlap")
def test_a_rejection_speaks_no_more_once_columns_have_changed() -> None:
    for key in ("chicago/ydr8-5enu", hostile().id):
        decisions.decide(decisions.place(SUBJECT, key), Said(Verdict.REJECTED), "Ann", seen=None)
    row = Row.objects.get(key="chicago/ydr8-5enu")
    Guess.objects.filter(dataset=row).update(schema=decisions.standing().filter(a=row.key).get().schema_a)
    assert not glance.at(row)["subjects"]
    Guess.objects.filter(dataset=row).update(schema="another")
    assert [one["verdict"] for one in glance.at(row)["subjects"]] == [None]


@pytest.mark.usefixtures("catalog")
def test_about_says_what_the_words_mean(client: Client) -> None:
    page = text(read(client, "/about"))
    assert "Only a person's word makes it Yes." in page.replace("&#x27;", "'")
    assert all(spoken.WORDS["legend"][one].split(",")[0] in page for one in ("yes", "partly", "maybe", "no"))
