"""Which vanished dataset lives on as which: what is alike, and what only looks alike. Recall and false alarms on
recorded catalogs stand in test_moves_recorded.py.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.catalog.moves import MOST, THRESHOLD, Proposal, Trace, candidates, compare, propose, rarity
from commonground.words import Kind

CRIMES = Trace(
    "washington-dc/x",
    "Crime Incidents in 2019",
    Kind.TABLE,
    "metropolitan police department",
    "Incidents reported to the police of the District.",
    frozenset({"ccn", "report dat", "shift", "method", "offense", "block", "ward"}),
    33_000,
)


def alike(old: Trace, new: Trace) -> Proposal | None:
    return compare(old, new, rarity(["Trees", "Streets", old.title, new.title]))


def other(**changes: object) -> Trace:
    return replace(CRIMES, key="washington-dc/y", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "title",
    ["Crime Incidents in 2019", "CRIME INCIDENTS 2019", "2019 Crime Incidents", "Crime Incident - 2019 (archived)"],
)
def test_the_same_with_another_title(title: str) -> None:
    found = alike(CRIMES, other(title=title))
    assert found
    assert found.score >= THRESHOLD


def test_reasons_add_up() -> None:
    found = alike(CRIMES, other(title="Crime Incidents 2019, all wards", rows=30_000, description="Incidents reported"))
    assert found
    assert found.score == pytest.approx(sum(one.points for one in found.reasons))
    assert {one.what for one in found.reasons} == {"title", "columns", "description", "publisher", "rows"}
    assert [one.points for one in found.reasons] == sorted((one.points for one in found.reasons), reverse=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Crime Incidents in 2019", "Crime Incidents in 2020"),
        ("Parking Violations Issued in March 2018", "Parking Violations Issued in May 2018"),
        ("Ward 1 Trees", "Ward 2 Trees"),
    ],
)
def test_another_slice_is_another_dataset_however_alike(old: str, new: str) -> None:
    assert alike(replace(CRIMES, title=old), other(title=new)) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Parking Violations Issued in May 2018", "Moving Violations Issued in May 2018"),
        ("Comparable Rental Income, Bronx", "Comparable Rental Income, Queens"),
        ("Capital Projects in 2012", "Budget"),
    ],
)
def test_a_word_in_the_place_of_another_is_another_dataset(old: str, new: str) -> None:
    found = alike(replace(CRIMES, title=old, columns=frozenset(), rows=None), other(title=new, columns=frozenset()))
    assert found
    assert found.score < THRESHOLD


def test_a_view_is_not_its_table() -> None:
    assert alike(CRIMES, other(kind=Kind.CHART)) is None
    assert alike(replace(CRIMES, kind=Kind.CHART), other(kind=Kind.CHART))


def test_a_title_alone_is_too_little() -> None:
    bare = Trace("a/1", "Benches")
    found = alike(bare, replace(bare, key="b/2"))
    assert found
    assert found.score < THRESHOLD


def test_an_id_that_is_unique_in_the_world_speaks_for_it() -> None:
    item = "5b5c745e0f1f48e7a53acec63a0022ab"
    old = Trace(f"seattle-gis/{item}_0", "Collisions", publisher="seattle it")
    found = alike(old, replace(old, key=f"seattle-other/{item}_3"))
    assert found
    assert (found.score, {one.what for one in found.reasons}) == (1.0, {"title", "publisher", "id"})


def test_each_new_one_goes_to_the_old_one_it_resembles_most() -> None:
    near = other(title="Crime Incidents 2019")
    worse = replace(CRIMES, key="washington-dc/w", columns=frozenset({"ccn", "x", "y", "shift", "ward"}))
    found = propose([worse, CRIMES], [near])
    assert [(one.old, one.new) for one in found] == [(CRIMES.key, near.key)]


def test_few_candidates_and_none_that_is_rejected() -> None:
    many = [other(title="Crime Incidents 2019") for _ in range(MOST + 3)]
    many = [replace(one, key=f"washington-dc/y{at}") for at, one in enumerate(many)]
    found = propose([CRIMES], many)
    assert len(found) == MOST
    left = propose([CRIMES], many, possible=lambda _old, new: new == many[-1].key)
    assert [one.new for one in left] == [many[-1].key]


def test_a_hundred_thousand_titles_make_few_pairs() -> None:
    names = [f"Inspection {at // 26:05d} {chr(97 + at % 26)}x" for at in range(20_000)]
    pool = [Trace(f"a/{at}", name) for at, name in enumerate(names)]
    pairs = list(candidates(pool[:50], pool))
    assert len(pairs) <= 50 * 12
    assert {old.key for old, _new in pairs} == {one.key for one in pool[:50]}


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(list(Kind)))
def test_any_titles_are_compared(one: str, another: str, kind: Kind) -> None:
    old = replace(CRIMES, title=one, kind=kind, columns=frozenset())
    found = alike(old, other(title=another, kind=kind))
    assert found is None or 0 <= found.score <= 1.001
    same = alike(old, replace(old, key="z/z"))
    assert same is not None
    assert same.score >= (found.score if found else 0) - 0.001
