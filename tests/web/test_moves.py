"""A dataset that moved: proposed, decided by a person, and its old addresses lead to the new ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from commonground.catalog import browse, identity, index, related
from commonground.catalog.models import Dataset as Row
from commonground.catalog.models import Event, Finding, Move
from commonground.catalog.search import Query
from commonground.errors import NotFound, Usage
from commonground.words import Dataset, Kind
from tests.web.conftest import JULY, bare, permits

Write = Callable[..., None]
OLD, NEW = "chicago/ydr8-5enu", "chicago/new1-new1"


def moved(native_id: str = "new1-new1", **changes: Any) -> Dataset:
    """The same dataset under another id."""
    return replace(permits(), native_id=native_id, title="Building Permits (current)", **changes)


@pytest.fixture
def proposed(write: Write) -> Move:
    """Permits went, and came back under another id."""
    write([permits(), other()])
    assert identity.follow("chicago") == 0
    write([moved(), other()])
    assert identity.follow("chicago") == 1
    index.follow()
    return Move.objects.get()


def other() -> Dataset:
    return replace(permits(), native_id="tree-tree", title="Street Trees", columns=(), publisher="Forestry")


def test_a_move_is_proposed_once(proposed: Move, client: Client) -> None:
    assert (proposed.old.key, proposed.new.key, proposed.state) == (OLD, NEW, "proposed")
    assert proposed.score == pytest.approx(sum(one["points"] for one in proposed.reasons))
    assert identity.follow("chicago") == 0
    page = client.get("/moves").content.decode()
    assert "1 move waits for a person" in page
    assert "Columns are alike" in page
    told = client.get("/moves.json").json()
    assert (told["total"], told["moves"][0]["old"], told["moves"][0]["new"]) == (1, OLD, NEW)
    assert "decided_by" not in told["moves"][0]
    rows = b"".join(client.get("/moves.csv")).decode().splitlines()
    assert rows[1].startswith(f"{OLD},Building Permits,{NEW},")
    assert client.get(f"/datasets/{OLD}").status_code == 200


def test_a_proposal_goes_when_the_old_one_returns(proposed: Move, write: Write) -> None:
    write([permits(), moved(), other()])
    assert identity.follow("chicago") == 1
    assert not Move.objects.filter(pk=proposed.pk).exists()


def test_a_proposal_goes_when_the_new_one_goes(proposed: Move, write: Write) -> None:
    write([other()])
    identity.follow("chicago")
    assert not Move.objects.filter(pk=proposed.pk).exists()


def test_what_was_there_before_did_not_appear(write: Write) -> None:
    write([permits(), moved(), other()])
    write([moved(), other()])
    identity.follow("chicago")
    assert not Move.objects.exists()


def test_a_rejected_pair_is_never_proposed_again(proposed: Move, write: Write) -> None:
    identity.reject(OLD, NEW, "Open Data Team")
    write([permits(), other()])
    write([replace(moved(), description="Changed."), other()])
    identity.follow("chicago")
    (kept,) = Move.objects.all()
    assert kept.pk == proposed.pk
    assert (kept.state, kept.decided_by) == ("rejected", "Open Data Team")
    assert client_says("/moves", "Rejected")
    with pytest.raises(Usage, match="was rejected by Open Data Team"):
        identity.confirm(OLD, NEW)


def client_says(where: str, words: str) -> bool:
    return words in Client().get(where).content.decode()


@pytest.mark.parametrize("form", ["", ".json", ".csv", ".atom"])
def test_old_addresses_lead_to_the_new_ones(proposed: Move, client: Client, form: str) -> None:
    identity.confirm(OLD, NEW, "Open Data Team")
    answer = client.get(f"/datasets/{OLD}{form}?columns=all")
    assert (answer.status_code, answer["Location"]) == (301, f"/datasets/{NEW}{form}?columns=all")
    by_host = client.get(f"/datasets/data.cityofchicago.org/ydr8-5enu{form}")
    assert (by_host.status_code, by_host["Location"]) == (301, f"/datasets/{NEW}{form}")
    assert client.get(f"/datasets/{NEW}{form}").status_code == 200
    assert proposed.pk == Move.objects.get(state="confirmed").pk


def test_a_confirmed_move(proposed: Move, client: Client) -> None:
    Finding.objects.create(portal="chicago", native_id=proposed.old.native_id, code="no-license", first_seen=JULY)
    identity.confirm(OLD, NEW, "Open Data Team")
    assert Finding.objects.get(code="no-license").closed
    index.follow()
    found = {row.key for row in browse.everything(Query(words="permits"))}
    assert NEW in found
    assert OLD not in found
    event = Event.objects.get(kind="moved")
    assert (event.dataset.key, event.detail) == (OLD, NEW)
    assert client.get(f"/raw/{OLD}").status_code == 200  # what it said stays, and the new page names it
    assert client.get(f"/datasets/{NEW}.json").json()["formerly"] == [OLD]
    page = client.get(f"/datasets/{NEW}").content.decode()
    assert f'<a href="/history/{OLD}">' in page
    story = client.get(f"/history/{OLD}").content.decode()
    assert "No longer listed." in story
    assert "It stays in search" not in story
    assert identity.follow("chicago") == 0
    assert proposed.old.key not in index.opened().ids()
    assert index.compare()["differing"] == []


def test_while_the_old_one_is_listed_again_it_has_its_page(proposed: Move, write: Write, client: Client) -> None:
    identity.confirm(OLD, NEW)
    write([permits(), moved(), other()])
    assert client.get(f"/datasets/{OLD}").status_code == 200
    write([moved(), other()])
    assert client.get(f"/datasets/{OLD}").status_code == 301
    assert proposed.old.key == OLD


def test_chains_are_followed_and_circles_refused(proposed: Move, write: Write, client: Client) -> None:
    identity.confirm(OLD, NEW)
    write([moved("new2-new2"), other()])
    identity.confirm(NEW, "chicago/new2-new2")
    assert client.get(f"/datasets/{OLD}")["Location"] == "/datasets/chicago/new2-new2"
    assert [row.key for row in related.formerly(browse.dataset("chicago/new2-new2"))] == [NEW, OLD]
    write([other()])
    with pytest.raises(Usage, match=r"circle: chicago/new2-new2 → chicago/ydr8-5enu → chicago/new1-new1 → chicago"):
        identity.confirm("chicago/new2-new2", OLD)
    assert proposed.old.key == OLD


def test_what_cannot_be_decided(proposed: Move, write: Write) -> None:
    write([bare()])
    for old, new, error, said in (
        (OLD, OLD, Usage, "cannot move to itself"),
        (OLD, "washington-dc/f00d_1", Usage, "is of chicago, .* of washington_dc"),
        ("chicago/tree-tree", NEW, Usage, "has not vanished"),
        ("chicago/none-none", NEW, NotFound, "No data set"),
        (OLD, "chicago/none-none", NotFound, "No data set"),
    ):
        with pytest.raises(error, match=said):
            identity.confirm(old, new)
    identity.confirm(OLD, NEW, "Open Data Team")
    for decide in (identity.confirm, identity.reject):
        with pytest.raises(Usage, match=f"{OLD} moved to {NEW} was confirmed by Open Data Team"):
            decide(OLD, NEW)
    with pytest.raises(Usage, match="was confirmed"):
        identity.confirm(OLD, "chicago/tree-tree")
    assert Move.objects.get().pk == proposed.pk


def test_a_person_may_name_a_pair_of_their_own(write: Write) -> None:
    write([permits(), other()])
    write([other()])
    move = identity.confirm(OLD, "chicago/tree-tree", "Open Data Team")
    assert (move.score, move.reasons, move.state) == (0, [], "confirmed")
    assert client_says("/moves", "A person named it.")


def test_in_the_admin(proposed: Move, client: Client) -> None:
    User.objects.create_superuser("clerk", password="clerk")
    client.force_login(User.objects.get())
    where = "/admin/catalog/move/"
    assert "columns 0." in client.get(where).content.decode()
    done = client.post(where, {"action": "confirm", "_selected_action": [proposed.pk]}, follow=True)
    assert done.status_code == 200
    proposed.refresh_from_db()
    assert (proposed.state, proposed.decided_by) == ("confirmed", "clerk")
    again = client.post(where, {"action": "reject", "_selected_action": [proposed.pk]}, follow=True)
    assert "was confirmed by clerk" in again.content.decode()


def test_an_empty_page_says_so(catalog: None, client: Client) -> None:  # noqa: ARG001 - needs some datasets
    assert "No data set has vanished" in client.get("/moves").content.decode()
    assert client.get("/moves.json").json() == {"total": 0, "page": 1, "size": 20, "next": None, "moves": []}


def year(number: int, *columns: str, rows: int | None = None) -> Dataset:
    """A slice of Washington's crimes."""
    from commonground.words import Column

    return replace(
        bare(),
        native_id=f"crime_{number}",
        title=f"Crime Incidents in {number}",
        kind=Kind.TABLE,
        columns=tuple(Column(name.upper(), name) for name in columns) if columns else None,
        row_count=rows,
    )


def test_a_series_has_a_page(write: Write, client: Client) -> None:
    """Which slices there are, the newest first, and how their columns differ."""
    write(
        [year(2019, "ccn", "ward", "x", rows=33_000), year(2020, "ccn", "ward", "anc"), year(2018, "ccn", "ward", "x")]
    )
    where = "/series/washington-dc/crime-incidents"
    told = client.get(f"{where}.json").json()
    assert [one["slice"] for one in told["slices"]] == ["2020", "2019", "2018"]
    assert [(one["lacks"], one["adds"]) for one in told["slices"]] == [(["x"], ["anc"]), ([], []), ([], [])]
    assert [one["rows"] for one in told["slices"]] == [None, 33_000, None]
    page = client.get(where).content.decode()
    assert "3 are in the catalog" in page
    assert "Lacks <code>x</code>" in page
    assert "Not known" in page
    lines = b"".join(client.get(f"{where}.csv")).decode().splitlines()
    assert lines[1].startswith("washington-dc/crime_2020,2020,Crime Incidents in 2020,,3,x,anc")
    dataset = client.get("/datasets/washington-dc/crime_2019").content.decode()
    assert f'<a href="{where}">All 3 slices, and how their columns differ</a>' in dataset
    hit = client.get("/search?q=crime").content.decode()
    assert f'<a href="{where}" hx-boost="false">One of 3 slices</a>' in hit
    assert client.get("/series/washington-dc/none").status_code == 404


def test_a_series_of_unknown_columns(write: Write, client: Client) -> None:
    write([year(2019), year(2020)])
    page = client.get("/series/washington-dc/crime-incidents").content.decode()
    assert "Their columns are not known." in page
    assert Row.objects.exclude(series="").count() == 2


def test_views_are_tied_to_their_table(write: Write, client: Client) -> None:
    chart = replace(permits(), native_id="chrt-chrt", title="Permits by month", kind=Kind.CHART, parents=("ydr8-5enu",))
    write([permits(), chart])
    assert "Permits by month" in client.get(f"/datasets/{OLD}").content.decode()
    assert (
        f'<a href="/datasets/{OLD}">Building Permits</a>' in client.get("/datasets/chicago/chrt-chrt").content.decode()
    )
