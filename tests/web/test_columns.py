"""Columns side by side: the page, its twins, and what persons say on it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Group, User

from commonground.catalog.models import Dataset as Row
from commonground.overlap import abreast, beside, decisions
from commonground.overlap.columns import alignment
from commonground.overlap.columns.alignment import Scored
from commonground.overlap.decisions import Said
from commonground.overlap.facets import Verdict
from commonground.overlap.models import Match, Profile
from commonground.site.store import give_roles
from commonground.words import Column, ColumnType, Dataset, State
from tests.web.conftest import HOSTILE
from tests.web.reading import read, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client


def made(city: str, portal: str, host: str, *names: str) -> Dataset:
    columns = tuple(Column(one, one.lower(), ColumnType.TEXT, "text") for one in names)
    return Dataset(city, portal, host, "permits", "Permits", columns=columns)


SEATTLE = made("seattle", "seattle", "data.seattle.gov", "PERMIT_NBR", "ISSUE_DT", "LAT", "SHADE")
LA = made("los_angeles", "los-angeles", "data.lacity.org", "Permit Number", "Issued Date", "Latitude", "Tint")
SF = made("san_francisco", "san-francisco", "data.sfgov.org", "Permit #", "Issue Date", "Shade")
PAGE = f"/overlap/columns?a={SEATTLE.id}&b={LA.id}"
ALL = f"{PAGE}&c={SF.id}"


@pytest.fixture
def permits(catalog: None, write: Callable[..., None]) -> None:  # noqa: ARG001 - asked for, not looked at
    """Three cities with permits, under other names each."""
    for one in (SEATTLE, LA, SF):
        write([one])


@pytest.fixture
def ann(client: Client) -> User:
    """City staff, signed in."""
    give_roles()
    user = User.objects.create_user("ann", password="correct horse")
    user.groups.add(Group.objects.get(name="city staff"))
    client.force_login(user)
    return user


def rows(client: Client, address: str) -> list[tuple[str | None, ...]]:
    form = client.get(address.replace("columns?", "columns.json?")).json()
    return [tuple(cell["column"] if cell else None for cell in row["cells"]) for row in form["rows"]]


def cell(client: Client, column: str) -> dict[str, Any]:
    form = client.get(PAGE.replace("columns?", "columns.json?")).json()
    return next(row["cells"][1] for row in form["rows"] if row["cells"][0]["column"] == column)


@pytest.mark.usefixtures("permits")
def test_columns_lie_side_by_side(client: Client) -> None:
    page = said(read(client, ALL))
    assert "Permit Number" in page
    assert "Why we say so" in page
    found = rows(client, ALL)
    assert ("PERMIT_NBR", "Permit Number", "Permit #") in found
    assert ("ISSUE_DT", "Issued Date", "Issue Date") in found
    assert ("LAT", "Latitude", None) in found
    assert [len([one for one in row if one]) for row in found] == [3, 3, 2, 2]


@pytest.mark.usefixtures("permits")
def test_two_have_what_the_command_line_has(client: Client) -> None:
    form = client.get(PAGE.replace("columns?", "columns.json?")).json()
    assert {(one["a"], one["b"]) for one in form["pairs"]} == set(rows(client, PAGE))
    assert form["candidates"]
    assert [one["column"] for one in form["left"][1]] == ["Tint"]


@pytest.mark.usefixtures("permits")
def test_a_table_for_spreadsheets(client: Client) -> None:
    response = client.get(PAGE.replace("columns?", "columns.csv?"))
    lines = list(csv.DictReader(io.StringIO(b"".join(response).decode())))
    assert [one["column"] for one in lines if one["row"] == "1"] == ["PERMIT_NBR", "Permit Number"]
    assert {one["column"] for one in lines if not one["row"]} == {"SHADE", "Tint"}


@pytest.mark.usefixtures("permits", "ann")
def test_what_a_person_says_stands(client: Client) -> None:
    asked = {"kind": "column", "a": SEATTLE.id, "column_a": "SHADE", "b": LA.id, "column_b": "Tint", "next": PAGE}
    assert client.post("/overlap/decide", {**asked, "verdict": "confirmed"}).status_code == 303
    assert ("SHADE", "Tint") in rows(client, PAGE)
    assert cell(client, "SHADE")["verdict"] == "confirmed"
    assert "Confirmed" in said(read(client, PAGE))
    seen = str(cell(client, "SHADE")["decision"]["id"])
    client.post("/overlap/decide", {**asked, "verdict": "rejected", "seen": seen})
    assert ("SHADE", "Tint") not in rows(client, PAGE)


@pytest.mark.usefixtures("permits")
def test_what_is_rejected_is_not_joined_by_a_third(client: Client) -> None:
    wrong = decisions.column(SEATTLE.id, "PERMIT_NBR", SF.id, "Permit #")
    decisions.decide(wrong, Said(Verdict.REJECTED), "Ann", seen=None)
    assert not [row for row in rows(client, ALL) if row[0] == "PERMIT_NBR" and row[2] == "Permit #"]


@pytest.mark.usefixtures("permits")
def test_what_was_confirmed_is_remembered_elsewhere(client: Client) -> None:
    def score(one: str) -> float:
        form = client.get(f"/overlap/columns.json?a={LA.id}&b={SF.id}").json()
        return max(float(each["score"]) for each in form["candidates"] if (each["a"], each["b"]) == ("Tint", one))

    before = score("Shade")
    same = decisions.column(SEATTLE.id, "SHADE", LA.id, "Tint")
    decisions.decide(same, Said(Verdict.CONFIRMED), "Ann", seen=None)
    assert beside.memory() == {"SHADE": {"Tint"}, "Tint": {"SHADE"}}
    assert score("Shade") > before + 0.1


@pytest.mark.usefixtures("permits")
def test_values_are_shown_where_rows_were_read(client: Client) -> None:
    one = {"name": "SHADE", "kind": "code", "nulls": 0, "distinct": 2, "unique": 0, "samples": ["maple", "oak"]}
    facts = {"rows": 2, "source": "rows.csv", "at": "2026-01-01T00:00:00Z", "columns": {"SHADE": one}}
    Profile.objects.create(dataset=Row.objects.get(key=SEATTLE.id), **facts)
    assert "maple, oak" in said(read(client, f"/overlap/columns?a={SEATTLE.id}&b={SF.id}"))


@pytest.mark.usefixtures("permits")
def test_who_may_not_decide_sees_no_buttons(client: Client) -> None:
    page = said(read(client, PAGE))
    assert "Reject" not in page.replace("Sign in to confirm or reject", "")


@pytest.mark.usefixtures("permits")
def test_one_data_set_is_asked_for_another(client: Client) -> None:
    ours, theirs = (Row.objects.get(key=one.id) for one in (SEATTLE, LA))
    Match.objects.create(a=ours, b=theirs, score=0.9, band="sure", method="test")
    page = read(client, f"/overlap/columns?a={SEATTLE.id}")
    assert LA.id.replace("/", "%2F") in page
    assert "Which data sets" in said(read(client, "/overlap/columns"))


@pytest.mark.usefixtures("permits")
def test_bad_addresses(client: Client) -> None:
    assert client.get("/overlap/columns?a=nowhere/x&b=y").status_code == 404
    twice = f"/overlap/columns?a={SEATTLE.id}&b={SEATTLE.id}"
    assert len(client.get(twice.replace("columns?", "columns.json?")).json()["datasets"]) == 1
    others = Row.objects.values_list("key", flat=True)[:12]
    many = "&".join(f"{letter}={key}" for letter, key in zip("abcdefghijkl", others, strict=False))
    assert client.get(f"/overlap/columns?{many}").status_code == (400 if len(others) > 6 else 200)


@pytest.mark.usefixtures("permits")
def test_hostile_names_are_shown_as_text(client: Client) -> None:
    key = next(key for key in Row.objects.values_list("key", flat=True) if "<" in key)
    response = client.get("/overlap/columns", {"a": key, "b": SEATTLE.id})
    assert HOSTILE not in response.content.decode()


@pytest.mark.usefixtures("permits")
def test_columns_that_are_not_known_are_said_so(client: Client, write: Callable[..., None]) -> None:
    write([replace(made("washington_dc", "washington-dc", "opendata.dc.gov"), columns=None)])
    page = said(read(client, f"/overlap/columns?a={SEATTLE.id}&b=washington-dc/permits"))
    assert "Washington's columns are not known" in page
    assert "No columns seem to mean the same" not in page


@pytest.mark.usefixtures("permits")
def test_each_city_is_proposed_once_and_none_that_is_gone(write: Callable[..., None]) -> None:
    write([LA, replace(LA, native_id="older", title="Older permits")])
    ours = Row.objects.get(key=SEATTLE.id)
    for key, score in ((LA.id, 0.9), ("los-angeles/older", 0.8), (SF.id, 0.7)):
        Match.objects.create(a=ours, b=Row.objects.get(key=key), score=score, band="sure", method="test")
    Row.objects.filter(key=SF.id).update(state=State.WITHDRAWN)
    (found,) = abreast.proposed([ours])
    assert (found["id"], [one["id"] for one in found["more"]]) == (LA.id, ["los-angeles/older"])


@pytest.mark.usefixtures("permits")
def test_a_table_is_made_once_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    made_now: list[int] = []
    scored = alignment.scored

    def counted(*args: Any, **more: Any) -> Scored:
        made_now.append(1)
        return scored(*args, **more)

    monkeypatch.setattr(alignment, "scored", counted)
    rows = [Row.objects.get(key=one.id) for one in (SEATTLE, LA, SF)]
    assert abreast.table(rows) == abreast.table(rows)
    assert len(made_now) == 3
    decisions.decide(decisions.column(SEATTLE.id, "SHADE", LA.id, "Tint"), Said(Verdict.CONFIRMED), "Ann", seen=None)
    assert len([row for row in abreast.table(rows)["rows"] if row["name"] == "SHADE"]) == 1
    assert len(made_now) == 6


@pytest.mark.usefixtures("permits")
def test_all_together_compare_no_more_than_two_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "MOST", 12)
    form = abreast.table([Row.objects.get(key=one.id) for one in (SEATTLE, LA, SF)])
    assert form["notes"] == ["5 columns were not compared: too many."]
    assert [len(one) for one in form["left"]] == [2, 2, 1]
