"""The review queue, and what a data set's page says of other cities."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client

from commonground.catalog.models import Dataset as Row
from commonground.overlap import decisions
from commonground.overlap.decisions import Said, place
from commonground.overlap.entries import schema
from commonground.overlap.facets import Verdict
from commonground.overlap.models import Decision, Guess, Match, Placement
from commonground.words import Dataset
from tests.web.conftest import permits
from tests.web.reading import HOSTILE, read, said

Write = Callable[..., None]
CHICAGO, BOSTON, DC = "chicago/ydr8-5enu", 'boston/a/b"c<d>.json', "washington-dc/f00d_1"
PERMITS = "building-permits"


def placed(key: str, subject: str = PERMITS, score: float = 0.8, band: str = "likely") -> None:
    row = Row.objects.get(key=key)
    parts = [["names", score - 0.3, ["building", "permits"]], ["words", 0.3, ["permit"]]]
    Placement.objects.create(
        subject=subject, dataset=row, city=row.city, score=score, band=band, fits=True, parts=parts, method="test"
    )


def alike(a: str, b: str, score: float = 0.8, band: str = "likely") -> None:
    rows = Row.objects.in_bulk([a, b], field_name="key")
    Match.objects.create(a=rows[a], b=rows[b], score=score, band=band, parts=[["words", score, ["x"]]], method="test")


@pytest.fixture
def guessed(catalog: None) -> None:  # noqa: ARG001 - asked for, not looked at
    """Three cities seem to have building permits, one of them only perhaps; Chicago may have something else too."""
    for row in Row.objects.all():
        Guess.objects.create(
            dataset=row, grain="records", timing="event", geometry="none", schema="", seen="", method=""
        )
    placed(CHICAGO, score=0.9, band="sure")
    placed(BOSTON, score=0.7)
    placed(DC, score=0.4, band="weak")
    placed(CHICAGO, "crime-incidents", 0.2, "weak")


def asked(client: Client, query: str = "") -> list[tuple[str, str]]:
    return [(one["subject"], one["dataset"]) for one in client.get(f"/overlap/review.json{query}").json()["questions"]]


def answer(client: Client, verdict: str, **more: str) -> str:
    """Answer; where that leads."""
    given = {"kind": "place", "subject": PERMITS, "a": CHICAGO, "seen": "", "next": "/overlap/review", **more}
    response = client.post("/overlap/decide", {**given, "verdict": verdict})
    assert response.status_code == 303, response.content.decode()
    return str(response.headers["Location"])


@pytest.mark.usefixtures("guessed")
def test_what_matters_most_comes_first(client: Client) -> None:
    assert asked(client) == [
        (PERMITS, CHICAGO),
        (PERMITS, BOSTON),
        (PERMITS, DC),
        ("crime-incidents", CHICAGO),
    ]
    assert asked(client, "?city=boston") == [(PERMITS, BOSTON)]
    assert asked(client, "?subject=crime-incidents") == [("crime-incidents", CHICAGO)]
    assert asked(client, "?skip=3") == [("crime-incidents", CHICAGO)]
    assert asked(client, "?skip=99") == []
    assert client.get("/overlap/review?city=gotham").status_code == 404
    assert client.get("/overlap/review?theme=x").status_code == 404
    lines = b"".join(client.get("/overlap/review.csv")).decode().splitlines()
    assert len(lines) == 5


@pytest.mark.usefixtures("guessed")
def test_once_a_cell_says_yes_its_other_candidates_wait_longer(client: Client) -> None:
    decisions.decide(place(PERMITS, CHICAGO), Said(Verdict.CONFIRMED), "Ann", seen=None)
    placed("chicago/ydr8-5enu", "business-licenses", 0.65)
    assert asked(client)[0] == (PERMITS, BOSTON)
    assert asked(client)[1] == ("business-licenses", CHICAGO)


@pytest.mark.usefixtures("guessed")
def test_everybody_sees_the_questions_and_only_staff_may_answer(client: Client) -> None:
    page = read(client, "/overlap/review")
    words = said(page)
    assert "Chicago: is this about Building permits ?" in words
    assert "1 of 4" in words
    assert "building, permits" in words
    assert "+0.6" in words
    assert "Sign in to decide" in words
    assert 'action="/overlap/decide"' not in page
    denied = client.post("/overlap/decide", {"kind": "place", "next": "/overlap/review?skip=1"})
    assert denied.headers["Location"] == "/sign-in?next=/overlap/review%3Fskip%3D1"
    boosted = client.post("/overlap/undo", headers={"HX-Request": "true"})
    assert boosted.headers["HX-Redirect"].startswith("/sign-in")
    client.force_login(User.objects.create_user("visitor"))
    assert client.post("/overlap/decide", {"kind": "place"}).status_code == 403
    assert "Your account may not decide" in said(read(client, "/overlap/review"))
    assert not Decision.objects.exists()


@pytest.mark.usefixtures("guessed")
def test_an_answer_is_kept_and_can_be_taken_back(client: Client, ann: User) -> None:
    where = answer(client, "confirmed", why="Same records.", next="/overlap/review?city=chicago&skip=0&done=7")
    one = Decision.objects.get()
    assert (one.verdict, one.why, one.by, one.user) == ("confirmed", "Same records.", "Ann Lee", ann)
    assert where == f"/overlap/review?city=chicago&skip=0&done={one.pk}"
    page = read(client, where)
    assert f"You said “Confirmed”: that Building Permits {CHICAGO} is about Building permits ." in said(page)
    assert asked(client) == [(PERMITS, BOSTON), (PERMITS, DC), ("crime-incidents", CHICAGO)]
    response = client.post("/overlap/undo", {"decision": one.pk, "next": where})
    assert "You took back “Confirmed”" in said(read(client, response.headers["Location"]))
    assert asked(client)[0] == (PERMITS, CHICAGO)
    assert client.post("/overlap/undo", {"decision": "x"}).status_code == 404


@pytest.mark.usefixtures("guessed", "ann")
def test_what_was_just_decided_is_told_to_nobody_else(client: Client) -> None:
    where = answer(client, "confirmed")
    assert "You said" in read(client, where)
    assert "You said" not in read(Client(), where)


@pytest.mark.usefixtures("guessed", "ann")
def test_related_and_another_subject_and_the_grain(client: Client) -> None:
    answer(client, "related", relation="aggregate")
    assert Decision.objects.get().relation == "aggregate"
    where = answer(client, "instead", a=BOSTON, instead="business-licenses")
    told = said(read(client, where))
    assert "You said “Rejected”: that" in told
    assert "is about Business licenses" in told
    standing = decisions.standing(dataset=BOSTON).values_list("subject", "verdict")
    assert set(standing) == {(PERMITS, "rejected"), ("business-licenses", "confirmed")}
    both = [part for part in where.partition("?")[2].split("&") if part.startswith("done=")]
    client.post("/overlap/undo", {"decision": [one.removeprefix("done=") for one in both]})
    assert not decisions.standing(dataset=BOSTON).exists()
    answer(client, "", kind="grain", grain="aggregate", by="zip, day", timing="snapshot")
    assert decisions.standing("grain").get().nature["by"] == ["zip", "day"]
    page = said(read(client, f"/overlap/datasets/{CHICAGO}"))
    assert "Totals by zip, day Says who Ann Lee" in page


@pytest.mark.usefixtures("guessed", "ann")
def test_who_comes_second_sees_what_the_first_said(client: Client) -> None:
    first = decisions.decide(place(PERMITS, CHICAGO), Said(Verdict.REJECTED, why="Old."), "Bob", seen=None)
    given = {"kind": "place", "subject": PERMITS, "a": CHICAGO, "seen": "", "verdict": "confirmed", "why": "Sure."}
    response = client.post("/overlap/decide", given)
    assert response.status_code == 409
    page = response.content.decode()
    assert "Bob decided this a moment ago: Rejected. Look and decide again." in said(page)
    assert "“Old.”" in page
    assert f'name="seen" value="{first.pk}"' in page
    assert 'name="why" value="Sure."' in page
    assert Decision.objects.count() == 1
    answer(client, "confirmed", seen=str(first.pk))
    second = client.post("/overlap/undo", {"decision": first.pk})
    assert (second.status_code, Decision.objects.count()) == (409, 2)
    assert "Ann Lee decided this a moment ago: Confirmed" in said(second.content.decode())


@pytest.mark.usefixtures("guessed", "ann")
@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"kind": "nonsense"}, 400),
        ({"verdict": "perhaps"}, 400),
        ({"verdict": "related"}, 400),
        ({"verdict": "related", "relation": "cousin"}, 400),
        ({"verdict": "instead", "instead": PERMITS}, 400),
        ({"verdict": "instead", "instead": "no-such"}, 404),
        ({"kind": "match", "b": "boston/one", "verdict": "instead", "instead": "business-licenses"}, 400),
        ({"kind": "match", "b": ""}, 400),
        ({"kind": "grain", "grain": "heap"}, 400),
        ({"a": "chicago/none"}, 404),
        ({"subject": "no-such"}, 404),
        ({"a": "", "b": "gotham"}, 404),
    ],
)
def test_what_cannot_be_said_is_answered_plainly(client: Client, given: dict[str, str], status: int) -> None:
    fields = {"kind": "place", "subject": PERMITS, "a": CHICAGO, "verdict": "confirmed", **given}
    assert client.post("/overlap/decide", fields).status_code == status
    assert not Decision.objects.exists()


@pytest.mark.usefixtures("guessed", "ann")
@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/x", "overlap", "/\\evil.example", ""])
def test_no_form_leads_away(client: Client, target: str) -> None:
    assert answer(client, "confirmed", next=target).startswith("/overlap/review?done=")


@pytest.mark.usefixtures("guessed", "ann")
def test_a_rejected_one_comes_back_when_its_columns_change(client: Client, write: Write) -> None:
    answer(client, "rejected")
    assert (PERMITS, CHICAGO) not in asked(client)
    write([permits_of(3)])
    Guess.objects.filter(dataset__key=CHICAGO).update(schema=schema(permits_of(3).columns))
    assert asked(client)[0] == (PERMITS, CHICAGO)
    page = said(read(client, "/overlap/review"))
    assert "Ann Lee said “Rejected”; since then the columns have changed, so we ask again." in page
    again = answer(client, "rejected", seen=str(Decision.objects.get().pk))
    assert Decision.objects.count() == 2, again
    assert (PERMITS, CHICAGO) not in asked(client)


def permits_of(count: int) -> Dataset:
    return replace(permits(), columns=(permits().columns or ())[:count])


@pytest.mark.usefixtures("guessed", "ann")
def test_a_data_set_and_other_cities(client: Client) -> None:
    decisions.decide(place(PERMITS, BOSTON), Said(Verdict.CONFIRMED), "Bob", seen=None)
    alike(CHICAGO, BOSTON, 0.9, "sure")
    alike(CHICAGO, DC, 0.3, "weak")
    form = client.get(f"/overlap/datasets/{CHICAGO}.json").json()
    assert form["same_in"] == ["boston"]
    assert [one["slug"] for one in form["subjects"]] == [PERMITS, "crime-incidents"]
    assert [one["city"] for one in form["matches"]] == ["boston", "washington_dc"]
    page = read(client, f"/overlap/datasets/{CHICAGO}")
    assert "The same in 1 other city" in said(page)
    answer(client, "rejected", kind="match", b=BOSTON, next=f"/overlap/datasets/{CHICAGO}")
    assert client.get(f"/overlap/datasets/{CHICAGO}.json").json()["matches"][0]["datasets"][0]["verdict"] == "rejected"
    assert "boston" in b"".join(client.get(f"/overlap/datasets/{CHICAGO}.csv")).decode()
    history = said(read(client, f"/overlap/datasets/{CHICAGO}"))
    assert "are the same" in history
    assert "Ann Lee" in history
    assert "The same subject in other cities" in said(read(client, f"/datasets/{CHICAGO}"))
    assert "The same subject in other cities" not in said(read(client, f"/datasets/{DC}"))


@pytest.mark.usefixtures("guessed", "ann")
def test_a_data_set_that_has_gone_keeps_its_page(client: Client) -> None:
    answer(client, "confirmed")
    Row.objects.filter(key=CHICAGO).update(state="withdrawn")
    page = said(read(client, f"/overlap/datasets/{CHICAGO}"))
    assert "This data set has gone from its portal. What persons decided about it is kept." in page
    assert "This data set has gone since." in said(read(client, "/overlap/decisions"))
    assert client.get("/overlap/datasets/chicago/none").status_code == 404


@pytest.mark.usefixtures("guessed", "ann")
def test_the_page_of_decisions_and_its_twins(client: Client) -> None:
    answer(client, "confirmed", why="=1+1")
    answer(client, "rejected", a=BOSTON)
    form = client.get("/overlap/decisions.json").json()
    assert [one["verdict"] for one in form["decisions"]] == ["rejected", "confirmed"]
    assert "user" not in form["decisions"][0]
    assert client.get(f"/overlap/decisions.json?dataset={CHICAGO}").json()["total"] == 1
    assert client.get("/overlap/decisions.json?kind=grain").json()["total"] == 0
    assert "'=1+1" in b"".join(client.get("/overlap/decisions.csv")).decode()
    feed = client.get("/overlap/decisions.atom").content.decode()
    assert "Confirmed: that Building Permits (chicago/ydr8-5enu) is about Building permits" in feed
    page = read(client, "/overlap/decisions")
    assert page.count('action="/overlap/undo"') == 2
    assert "ann.lee@" not in page + feed
    assert read(Client(), "/overlap/decisions").count('action="/overlap/undo"') == 0


@pytest.mark.usefixtures("guessed", "ann")
def test_decisions_are_narrowed_and_linked(client: Client) -> None:
    decisions.decide(place("crime-incidents", CHICAGO), Said(Verdict.REJECTED), "Bob", seen=None)
    decisions.decide(decisions.none_of(PERMITS, "boston"), Said(Verdict.REJECTED), "Bob", seen=None)
    answer(client, "confirmed")

    def found(query: str) -> list[str]:
        form = client.get(f"/overlap/decisions.json?{query}").json()
        return [f"{one['by']} {one['subject']}" for one in form["decisions"]]

    assert found("by=Ann Lee") == [f"Ann Lee {PERMITS}"]
    assert found("city=Chicago") == [f"Ann Lee {PERMITS}", "Bob crime-incidents"]
    assert found("city=boston") == [f"Bob {PERMITS}"]
    assert found("subject=Building permits&by=Bob") == [f"Bob {PERMITS}"]
    assert found("kind=grain") == []
    assert client.get("/overlap/decisions?city=gotham").status_code == 404
    page = read(client, "/overlap/decisions")
    assert 'href="/overlap/decisions?by=Ann%20Lee">Mine' in page
    assert f'<a href="/overlap/datasets/{CHICAGO}" lang="en">Building Permits</a>' in page
    assert f'<a href="/overlap/subjects/{PERMITS}" lang="en">Building permits</a>' in page
    assert "That Boston publishes something about" in said(page)
    assert "Mine" not in read(Client(), "/overlap/decisions")
    assert "No decision like that." in said(read(client, "/overlap/decisions?kind=grain"))


@pytest.mark.usefixtures("guessed", "ann")
def test_taking_back_goes_on_with_the_one_before(client: Client) -> None:
    decisions.decide(place(PERMITS, DC), Said(Verdict.CONFIRMED), "Bob", seen=None)
    answer(client, "confirmed", a=BOSTON)
    where = answer(client, "rejected")

    def back(page: str) -> str:
        (number,) = re.findall(r'name="decision" value="(\d+)"', page)
        return read(client, client.post("/overlap/undo", {"decision": number, "next": where}).headers["Location"])

    second = back(read(client, where))
    assert "You took back “Rejected”" in said(second)
    assert "Before that you said “Confirmed”" in said(second)
    third = back(second)
    assert "There is nothing more of yours to take back." in said(third)
    assert [one.by for one in decisions.standing()] == ["Bob"]


@pytest.mark.usefixtures("guessed", "ann")
def test_that_a_city_has_none(client: Client) -> None:
    page = read(client, f"/overlap/subjects/{PERMITS}")
    assert "Boston has none" in said(page)
    assert "has none" not in said(read(Client(), f"/overlap/subjects/{PERMITS}"))
    where = answer(
        client, "rejected", a="", b="boston", why="No such office.", next=f"/overlap/subjects/{PERMITS}#boston"
    )
    page = read(client, where)
    assert "Ann Lee said that the city has none. “No such office.”" in said(page)
    assert "Ann Lee said that the city has none." in said(read(Client(), f"/overlap/subjects/{PERMITS}"))
    cells = client.get(f"/overlap/subjects/{PERMITS}.json").json()["cells"]
    assert {one["city"]: one["state"] for one in cells}["boston"] == "no"
    assert asked(client).index((PERMITS, BOSTON)) > asked(client).index((PERMITS, CHICAGO))
    client.post("/overlap/undo", {"decision": Decision.objects.get().pk})
    assert not decisions.standing().exists()


@pytest.mark.usefixtures("guessed", "ann")
def test_a_pair_is_related_in_some_way(client: Client) -> None:
    alike(CHICAGO, BOSTON, 0.9, "sure")
    here = f"/overlap/datasets/{CHICAGO}"
    assert read(client, here).count('name="relation"') >= 2
    answer(client, "related", kind="match", b=BOSTON, relation="subset", next=here)
    (match,) = client.get(f"{here}.json").json()["matches"][0]["datasets"]
    assert (match["verdict"], match["relation"]) == ("related", "subset")
    assert "Related: A part of it" in said(read(client, here))
    answer(client, "confirmed")
    Placement.objects.all().delete()
    Decision.objects.filter(kind="place").update(subject="x")
    assert "Partly" in said(read(client, f"/datasets/{CHICAGO}"))


@pytest.mark.usefixtures("guessed", "ann")
def test_what_is_compared_with_is_no_view_of_another(client: Client) -> None:
    for key in (BOSTON, DC):
        decisions.decide(place(PERMITS, key), Said(Verdict.CONFIRMED), "Bob", seen=None)
    compared = {key: f"b={quote(key, safe='')}" for key in (BOSTON, DC)}
    assert compared[BOSTON] in read(client, "/overlap/review?city=chicago")  # its score is higher
    Row.objects.filter(key=BOSTON).update(parent="another")
    assert compared[DC] in read(client, "/overlap/review?city=chicago")


@pytest.mark.usefixtures("guessed", "ann")
@pytest.mark.parametrize("language", ["en", "es"])
def test_no_text_of_a_city_becomes_markup(client: Client, language: str) -> None:
    for where in ("/overlap/review?city=boston", f"/overlap{HOSTILE}", "/overlap/decisions"):
        text = read(client, f"{where}{'&' if '?' in where else '?'}lang={language}")
        assert "<script>alert" not in text
        assert "<style" not in text
        assert " style=" not in text


@pytest.mark.usefixtures("guessed")
def test_reasons_are_sentences_and_no_codes(client: Client) -> None:
    row = Row.objects.get(key=CHICAGO)
    Guess.objects.filter(dataset=row).update(why=["grain.columns:APPLICATION_START_DATE", "geometry.none:"])
    told = [["title", 3.0, ["Building permits"]], ["nearest", -1.0, ["chicago"]], ["rival", -2.0, ["Crime"]]]
    Placement.objects.filter(dataset=row, subject=PERMITS).update(parts=told)
    Match.objects.create(
        a=row,
        b=Row.objects.get(key=DC),
        score=0.8,
        band="likely",
        parts=[["nearest", -1.0, ["washington_dc"]], ["rival", -1.0, ["chicago"]]],
        method="",
    )
    page = said(read(client, f"/overlap/datasets/{CHICAGO}"))
    assert "grain.columns" not in page
    assert "It has these columns: APPLICATION_START_DATE." in page
    for sentence in (
        "Another data set of Chicago is nearer to it",
        "The subject Crime is nearer to it",
        "Another data set of Washington is nearer to it",
        "The title says “Building permits”; but another data set of Chicago is nearer",
    ):
        assert sentence in page


@pytest.mark.usefixtures("guessed")
def test_who_may_decide_finds_the_way_on_each_page(client: Client, ann: User) -> None:
    there = 'href="/overlap/review">Review</a> <a href="/overlap/decisions">Decisions</a>'
    assert there in read(client, "/cities")
    ann.groups.clear()
    assert there not in read(client, "/cities")
    client.logout()
    assert there not in read(client, "/cities")
