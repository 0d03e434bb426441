"""The pages of tables: what they say of a small table whose cells are known, of hostile values, of wrong addresses."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from commonground.catalog.models import Dataset
from commonground.standards import files
from commonground.tables import store
from commonground.tables.manifest import home as home_of_rows
from commonground.tables.models import Build, Part
from commonground.tables.showing.words import briefly, meanings
from commonground.words import Dataset as Word
from tests.tables.built import AGAIN, HOSTILE, LATER, NO_KEY, ODD, ROBBERY, STANDARD, publish
from tests.web.reading import read, said

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.database
TABLE = f"/tables/{STANDARD}"
CITY = f"{TABLE}/cities/boston"
ODD_KEY = 'I2/<b>"?-77777'
ROW = f"{TABLE}/rows/boston/I1-00301"


@pytest.fixture
def table(home: None) -> None:  # noqa: ARG001 - asked for, not looked at
    """One release: a robbery, told twice, a row of which nothing can be read, and one without a number."""
    assert publish([ROBBERY, AGAIN, ODD, NO_KEY])


def test_without_rows_the_page_says_how_to_build(client: Client, home: None) -> None:  # noqa: ARG001
    words = said(read(client, "/tables"))
    assert "commonground build building_permits" in words
    assert "Crime incidents" in words
    assert json.loads(read(client, "/tables.json"))["tables"] == []


def test_the_list_says_what_each_table_has_and_lacks(client: Client, table: None) -> None:  # noqa: ARG001
    words = said(read(client, "/tables"))
    assert "1 table" in words
    assert "One row is one offense ." in words
    assert "50.0% (1)" in words  # one of the two days of published rows was not read
    form = json.loads(read(client, "/tables.json"))["tables"][0]
    assert (form["rows"], form["values_lost"], form["worst"]["city"]) == (2, form["values_lost"], "Boston")
    assert form["values_lost"] >= 3
    (line,) = csv.DictReader(io.StringIO(b"".join(client.get("/tables.csv").streaming_content).decode()))  # type: ignore[attr-defined]
    assert (line["name"], line["rows"], line["cities"]) == (STANDARD, "2", "boston")


def test_a_table_shows_every_figure_with_what_is_missing(client: Client, table: None) -> None:  # noqa: ARG001
    page = read(client, TABLE)
    words = said(page)
    assert "One row is one offense , of 1 city." in words
    assert "Missing: 1 of 2 rows do not have a place. Boston 1 (50.0%)." in words
    assert "Missing: 1 of 2 rows do not say the day. Boston 1 (50.0%)." in words
    assert "Missing: 1 of 2 rows do not have a kind with a code. Boston 1 (50.0%)." in words
    assert "Residents: Boston 675,647 (U.S. Census Bureau, 2020 Decennial Census, table P1)." in words
    assert "License not given" in words
    assert f"{TABLE}?release=1" in page
    assert page.count("Show the numbers of this chart") == 3


def test_no_value_of_a_city_becomes_markup(client: Client, table: None) -> None:  # noqa: ARG001
    for where in (TABLE, CITY, f"{TABLE}/rows/boston/{quote(ODD_KEY)}", f"{CITY}/withheld"):
        page = read(client, where)
        assert "<script>alert" not in page, where
        assert '<b>"' not in page, where
    assert HOSTILE.split(">")[0] not in page


def test_a_city_accounts_for_every_row(client: Client, table: None) -> None:  # noqa: ARG001
    words = said(read(client, CITY))
    assert "4 rows were read: 2 are in the table, 2 are withheld. None is lost." in words
    assert "For the city to fix" in words
    assert "For us to fix" in words
    assert "“Occurred on”: the text is in none of the forms" in words
    assert "OFFENSE_CODE" in words  # how the row is made
    form = json.loads(read(client, f"{CITY}.json"))
    assert form["read"] == form["mapped"] + sum(form["withheld"].values())
    assert form["withheld"] == {"superseded": 1, "no_key": 1}
    assert form["remainder"]["occurred_on"] == {"given": 2, "lost": 1, "share": 0.5}
    assert form["unmapped"]["category"] == {HOSTILE: 1}
    told = {one["code"]: one for one in form["to_fix"]}
    assert told["unmapped"]["who"] == "us"
    assert told["unreadable"]["samples"] == [{"text": "yesterday", "url": told["unreadable"]["samples"][0]["url"]}]
    assert client.get(told["unreadable"]["samples"][0]["url"]).status_code == 200


def test_withheld_rows_can_be_had_with_their_reason(client: Client, table: None) -> None:  # noqa: ARG001
    lines = list(csv.DictReader(io.StringIO(_csv(client, f"{CITY}/withheld.csv"))))
    assert {one["_withheld"] for one in lines} == {"superseded", "no_key"}
    (only,) = csv.DictReader(io.StringIO(_csv(client, f"{CITY}/withheld.csv?reason=superseded")))
    assert only["offense_raw"] == "ROBBERY"
    assert "reason" in said(client.get(f"{CITY}/withheld?reason=nothing").content.decode())


def test_why_a_row_is_withheld_is_said_in_words_with_the_code_beside(client: Client, table: None) -> None:  # noqa: ARG001
    page = said(read(client, f"{CITY}/withheld"))
    assert "Replaced by a later row: 1. superseded" in page
    assert "No number of its own no_key boston/" in page  # in the list of the rows
    assert "The first" not in said(read(client, f"{CITY}/withheld?reason=no_key"))  # all of that reason are shown
    for where in (TABLE, CITY):
        assert re.search("No number of its own(: 1.)? no_key", said(read(client, where))), where
    assert all(briefly(one.code) for one in meanings().values() if one.kind == "row")


def test_rows_that_are_not_given_away_are_not(client: Client, table: None, settings: object) -> None:  # noqa: ARG001
    settings.TABLES_NO_DOWNLOAD = ["boston"]  # type: ignore[attr-defined]
    assert client.get(f"{CITY}/withheld.csv").status_code == 400
    assert client.get(f"{CITY}/withheld").status_code == 200


def _csv(client: Client, where: str) -> str:
    return b"".join(client.get(where).streaming_content).decode()  # type: ignore[attr-defined]


def test_a_row_stands_beside_its_raw_one(client: Client, table: None) -> None:  # noqa: ARG001
    words = said(read(client, ROW))
    assert "Robbery robbery" in words
    assert "OFFENSE_DESCRIPTION ROBBERY AGAIN" in words
    assert "Jan 2, 2021, 03:04 EST" in words
    form = json.loads(read(client, f"{ROW}.json"))
    assert form["values"]["occurred_at"] == "2021-01-02T03:04:05-05:00"
    assert form["raw"]["row"] == 2
    assert len(form["raw"]["sha256"]) == 64


@pytest.mark.parametrize("harm", ["cut off", "altered", "gone"])
def test_a_row_is_shown_although_its_raw_part_is_broken(client: Client, table: None, harm: str) -> None:  # noqa: ARG001
    path = home_of_rows() / Part.objects.get().path
    whole = path.read_bytes()
    path.write_bytes({"cut off": whole[:100], "altered": b"X" * len(whole), "gone": b""}[harm])
    if harm == "gone":
        path.unlink()
    assert "Robbery robbery" in said(read(client, ROW))
    assert json.loads(read(client, f"{ROW}.json"))["raw"] is None


def test_what_may_be_of_a_person_is_not_shown(client: Client, home: None) -> None:  # noqa: ARG001
    assert publish([ROBBERY])
    page, form = read(client, ROW), json.loads(read(client, f"{ROW}.json"))
    for text in (page, json.dumps(form)):
        assert "JANE ROE" not in text
        assert "617-555-0123" not in text
    assert form["raw"]["hidden"] == ["OWNER NAME", "NOTE"]
    assert "2 columns may be of private persons" in said(page)


def test_a_row_says_which_rules_it_broke(client: Client, table: None) -> None:  # noqa: ARG001
    where = f"{TABLE}/rows/boston/{quote(ODD_KEY)}"
    broken = {(one["field"], one["code"]) for one in json.loads(read(client, f"{where}.json"))["broken"]}
    assert {("occurred_on", "unreadable"), ("category", "unmapped"), ("latitude", "zero-place")} <= broken
    assert "Rules that a value of this row broke" in said(read(client, where))


def test_a_row_that_was_taken_back_is_nowhere(client: Client, table: None) -> None:  # noqa: ARG001
    assert "1 row" not in said(read(client, f"{TABLE}?kind=robbery")).partition("Rows")[0]
    assert store.withdraw(files.standard(STANDARD), "boston", "I1-00301", by="a test") == 1
    gone = client.get(ROW)
    assert gone.status_code == 404
    assert "took the row" in said(gone.content.decode())
    page = read(client, TABLE)
    assert "I1-00301" not in page  # nor in what was kept of an earlier answer
    assert "Missing: 1 of 1 rows do not have a place." in said(page)
    assert "I1-00301" not in _csv(client, f"{CITY}/withheld.csv")
    assert "I1-00301" not in read(client, CITY)
    assert json.loads(read(client, f"{CITY}.json"))["withheld"] == {"no_key": 1, "withdrawn": 2}
    held = said(read(client, f"{CITY}/withheld"))
    assert "1 row was read and left out" in held  # the later line of the same number is counted as taken back
    assert "Taken back by the city: 2." in held


def test_a_wrong_address_is_told_by_its_part(client: Client, table: None) -> None:  # noqa: ARG001
    wrong = {
        "release": ("release=one", "release=0"),
        "city": ("city=atlantis",),
        "kind": ("kind=nothing",),
        "from": ("from=yesterday", "from=2021-13", "from=2022&to=2021"),
        "to": ("to=2021-02-30",),
        "by": ("by=week",),
    }
    for part, queries in wrong.items():
        for query in queries:
            answer = client.get(f"{TABLE}?{query}")
            assert answer.status_code == 400, query
            assert f"{part}: " in said(answer.content.decode()), query


def test_what_is_not_there_is_not_found(client: Client, table: None) -> None:  # noqa: ARG001
    below = (
        *(
            "?release=7",
            "/releases/7",
            "/cities/nowhere",
            "/cities/chicago/withheld",
            "/rows/boston/nothing",
            "/rows/chicago/I1-00301",
        ),
        *("/figures/nothing.svg", "/figures/kind.doc"),
    )
    for where in ("/tables/nothing", "/tables/nothing/standard", *(TABLE + one for one in below)):
        assert client.get(where).status_code == 404, where


def test_a_city_without_rows_yet_is_told_what_it_waits_for(client: Client, table: None) -> None:  # noqa: ARG001
    page = said(read(client, f"{TABLE}/cities/chicago"))
    assert "No rows of Chicago yet" in page
    assert f"commonground build {STANDARD} --city chicago" in page
    told = json.loads(read(client, f"{TABLE}/cities/chicago.json"))
    assert (told["rows"], told["crosswalk"], told["stopped"]) == (0, files.crosswalk(STANDARD, "chicago").revision, [])
    nobody = said(read(client, "/tables/capital_projects/cities/seattle"))  # a table of which there is no release
    assert "Nobody has written yet how its rows are made" in nobody
    assert client.get(f"{TABLE}/cities/chicago?release=1").status_code == 404


def test_a_city_whose_first_rows_were_stopped_is_told_why(client: Client, home: None) -> None:  # noqa: ARG001
    assert publish([NO_KEY]) is None
    page = said(read(client, CITY))
    assert "something spoke against publishing them" in page
    assert "no row could be mapped" in page


def test_a_filter_narrows_what_is_shown(client: Client, table: None) -> None:  # noqa: ARG001
    asked = {"kind=robbery": 1, "kind=unmapped": 1, "from=2021": 1, "from=2022": 0, "to=2021-01": 1, "city=boston": 2}
    for query, rows in asked.items():
        page = read(client, f"{TABLE}?{query}")
        assert len(set(re.findall(rf'{TABLE}/rows/boston/[^"?]+', page))) == rows, query
        assert f"{rows} of 2 rows." in said(page), query
    assert "of 2 rows." not in said(read(client, TABLE))


def test_releases_stay_as_they_were(client: Client, table: None) -> None:  # noqa: ARG001
    release = publish([AGAIN, ODD, NO_KEY, LATER])
    assert release
    assert release.number == 2
    told = json.loads(read(client, f"{TABLE}/releases/2.json"))["cities"][0]
    assert (told["added"], told["removed"], told["changed"]) == (1, 0, 0)
    assert "I3-00301" in read(client, TABLE)
    first = read(client, f"{TABLE}?release=1")
    assert "I3-00301" not in first
    assert "This is release 1, kept as it was." in said(first)
    assert client.get(f"{TABLE}/rows/boston/I3-00301?release=1").status_code == 404
    assert [one["release"] for one in json.loads(read(client, f"{TABLE}/releases.json"))["releases"]] == [2, 1]


def test_a_release_says_what_a_person_accepted(client: Client, table: None) -> None:  # noqa: ARG001
    assert publish([ROBBERY, ODD, ("I9", "88888", "A NEW WORD", *ROBBERY[3:])], accept=True)
    (boston,) = json.loads(read(client, f"{TABLE}/releases/2.json"))["cities"]
    assert any("A NEW WORD" in one for one in boston["accepted"])
    assert "A NEW WORD" in {one["word"] for one in boston["words_added"]}
    page = said(read(client, f"{TABLE}/releases/2"))
    assert "Boston: a person published these rows although something spoke against it." in page
    assert page.count("A NEW WORD") > 1
    assert "although" not in said(read(client, f"{TABLE}/releases/1"))


def test_what_was_stopped_is_told_with_the_last_good_release(client: Client, table: None) -> None:  # noqa: ARG001
    assert publish([("I9", "88888", "A NEW WORD", *ROBBERY[3:])]) is None
    for where in (TABLE, CITY, "/cities/boston"):
        words = said(read(client, where))
        assert "A NEW WORD" in words or "rows fell" in words, where
    assert "What is shown is from release 1" in said(read(client, TABLE))


def test_figures_are_files_and_frames(client: Client, table: None) -> None:  # noqa: ARG001
    for name in ("map", "time", "rate", "kind"):
        drawn = client.get(f"{TABLE}/figures/{name}.svg")
        assert (drawn.status_code, drawn["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
        assert "Missing: 1 of 2 rows" in said(drawn.content.decode())
    assert "frame-ancestors *" in client.get(f"{TABLE}/figures/kind.embed")["Content-Security-Policy"]


def test_a_standard_says_its_fields_and_codes(client: Client, home: None) -> None:  # noqa: ARG001
    words = said(read(client, f"{TABLE}/standard"))
    assert "Table Schema (JSON)" in words
    assert "motor_vehicle_theft" in words
    assert "unmapped" in words
    schema = json.loads(read(client, f"{TABLE}/standard.json"))
    assert schema["primaryKey"] == ["city", "offense_id"]
    assert client.get(f"{TABLE}/standard?version=9.9.9").status_code == 400


def test_other_pages_lead_to_the_tables(client: Client, table: None, write: Callable[..., None]) -> None:  # noqa: ARG001
    native_id = "4d6711c1-c204-583a-af70-4815a970dcf0"
    write([Word("boston", "boston", "data.boston.gov", native_id, "Crimes")])
    assert Dataset.objects.filter(key=f"boston/{native_id}").exists()
    assert TABLE in read(client, "/")
    assert CITY in read(client, "/cities/boston")
    assert "4 rows of this data set were read." in said(read(client, f"/datasets/boston/{native_id}"))


@pytest.mark.parametrize("where", ["/tables", TABLE, "/compare", "/sql", "/check"])
def test_the_navigation_marks_where_one_is(client: Client, table: None, where: str) -> None:  # noqa: ARG001
    assert set(re.findall('<a href="([^"]+)" aria-current="page">', read(client, where))) == {"/tables"}


def test_every_finding_has_plain_words() -> None:
    for code, one in meanings().items():
        assert one.meaning.endswith("."), code
        assert one.advice.endswith("."), code
        assert one.kind in {"value", "row", "part", "city"}, code


@pytest.mark.usefixtures("table")
def test_a_build_keeps_what_its_bits_stand_for() -> None:
    issues = Build.objects.get().result["issues"]
    assert ["occurred_on", "unreadable"] in [list(one) for one in issues]
