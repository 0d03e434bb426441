"""What the matrix says of a subject in a city, from guesses and from what persons said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.overlap import matrix, spoken
from commonground.overlap.facets import Band, Cell, Geometry, Grain, Relation, Verdict
from commonground.overlap.matrix import Evidence, Listed, Placed, Reading, Said, Square
from commonground.overlap.subjects import Subject

PERMITS = Subject("building-permits", "Building permits", "buildings", "Permits.", "one permit", Grain.RECORDS)
READ = Reading("chicago", 1)
ONE = Listed("chicago/1", "chicago", "chicago", "Building permits", grain=Grain.RECORDS)
TWO = replace(ONE, key="chicago/2", title="Permits issued")


def guess(key: str = "chicago/1", band: Band = Band.LIKELY, score: float = 0.7, **other: Any) -> Placed:
    return Placed("building-permits", key, score, band, **other)


def word(verdict: Verdict, key: str = "chicago/1", relation: Relation = Relation.OTHER) -> Said:
    return Said("building-permits", key, "chicago", verdict, relation)


def square(
    *told: Placed | Said, datasets: tuple[Listed, ...] = (ONE, TWO), reading: Reading = READ, none: bool = False
) -> Square:
    evidence = Evidence(
        [reading],
        {one.key: one for one in datasets},
        [one for one in told if isinstance(one, Placed)],
        [one for one in told if isinstance(one, Said)],
        frozenset({("building-permits", "chicago")} if none else ()),
    )
    (line,) = matrix.lines([PERMITS], evidence)
    return line.squares[0]


def says(found: Square) -> tuple[Cell, str, bool]:
    """State, reason, and whether a person said so; the reason has a text that its facts fill."""
    assert found.why.code in spoken.REASONS
    assert "%(" not in spoken.reason(found.why.code, found.why.facts)
    return found.state, found.why.code, found.confirmed


def test_only_a_person_makes_it_yes() -> None:
    sure = guess(band=Band.SURE, score=0.99)
    assert says(square(sure)) == (Cell.MAYBE, "found", False)
    found = square(sure, word(Verdict.CONFIRMED))
    assert says(found) == (Cell.YES, "confirmed", True)
    assert (found.score, found.band) == (0.99, Band.SURE)
    assert [one.head.key for one in found.datasets] == ["chicago/1"]
    assert says(square(word(Verdict.CONFIRMED))) == (Cell.YES, "confirmed", True), "found by a person alone"


@pytest.mark.parametrize(
    ("dataset", "why"),
    [
        (replace(ONE, grain=Grain.MAP), "map"),
        (replace(ONE, stale=True), "stale"),
        (replace(ONE, grain=Grain.AGGREGATE, corrected=True), "grain"),
    ],
)
def test_what_was_confirmed_with_a_flaw_is_partly_there(dataset: Listed, why: str) -> None:
    assert says(square(word(Verdict.CONFIRMED), datasets=(dataset,))) == (Cell.PARTLY, why, True)
    whole = square(word(Verdict.CONFIRMED), word(Verdict.CONFIRMED, "chicago/2"), datasets=(dataset, TWO))
    assert says(whole) == (Cell.YES, "confirmed", True), "another one is right"


def test_a_guessed_grain_does_not_outweigh_a_person() -> None:
    dataset = replace(ONE, grain=Grain.AGGREGATE)
    assert says(square(guess(fits=False), word(Verdict.CONFIRMED), datasets=(dataset,)))[0] is Cell.YES


@pytest.mark.parametrize("relation", list(Relation))
def test_what_is_only_related_is_partly_there(relation: Relation) -> None:
    found = square(guess("chicago/2", Band.SURE, 0.9), word(Verdict.RELATED, relation=relation))
    assert says(found) == (Cell.PARTLY, f"related-{relation}", True)
    assert [one.head.key for one in found.candidates] == ["chicago/2"], "still to be decided"


def test_rows_of_another_kind_are_partly_there_and_not_confirmed() -> None:
    totals = replace(ONE, grain=Grain.AGGREGATE)
    found = square(guess(fits=False), datasets=(totals,))
    assert says(found) == (Cell.PARTLY, "found-grain", False)
    assert spoken.reason(found.why.code, found.why.facts).startswith(
        "Found by comparing, but its rows seem to be of another kind. Expected: Records, one by one. Here: Totals."
    )
    assert says(square(guess(), datasets=(replace(ONE, grain=Grain.MAP),))) == (Cell.PARTLY, "found-map", False)
    better = square(guess(score=0.9, fits=False), guess("chicago/2", score=0.6), datasets=(totals, TWO))
    assert (says(better)[0], better.score) == (Cell.MAYBE, 0.6), "the one that fits is offered"


def test_no_only_where_all_was_read_and_compared() -> None:
    weak = guess(band=Band.WEAK, score=0.2)
    found = square(weak)
    assert says(found) == (Cell.NO, "none", False)
    assert (found.score, len(found.candidates)) == (0.2, 1), "the weak one can be looked at"
    assert says(square()) == (Cell.NO, "none", False)
    unread = Reading("chicago", 2, unread=("Maps",))
    assert says(square(weak, reading=unread)) == (Cell.UNKNOWN, "unread", False)
    assert says(square(reading=Reading("chicago", 1, waiting=3))) == (Cell.UNKNOWN, "uncompared", False)
    assert says(square(guess(), reading=unread))[0] is Cell.MAYBE, "what was found is found"


def test_what_persons_reject_is_no_more() -> None:
    rejected = (guess(), word(Verdict.REJECTED))
    found = square(*rejected)
    assert says(found) == (Cell.NO, "rejected", True)
    assert (found.score, found.datasets, found.candidates) == (None, (), ())
    assert says(square(*rejected, guess("chicago/2", score=0.6)))[0] is Cell.MAYBE, "another candidate is left"
    assert says(square(guess(), none=True)) == (Cell.NO, "said-none", True)
    assert says(square(word(Verdict.CONFIRMED), none=True))[0] is Cell.YES


def test_what_was_confirmed_and_is_gone_is_told() -> None:
    found = square(word(Verdict.CONFIRMED, "chicago/gone"))
    assert says(found) == (Cell.NO, "gone", False)
    assert "chicago/gone" in spoken.reason(found.why.code, found.why.facts)
    assert says(square(word(Verdict.CONFIRMED, "chicago/gone"), guess()))[0] is Cell.MAYBE


def test_slices_of_a_series_count_as_one_under_the_newest() -> None:
    years = tuple(
        replace(ONE, key=f"chicago/{year}", title=f"Permits in {year}", series="permits") for year in (2019, 2021, 2020)
    )
    found = square(guess("chicago/2019", score=0.9), guess("chicago/2020"), guess("chicago/2021"), datasets=years)
    (one,) = found.candidates
    assert (one.head.key, one.score, one.scored) == ("chicago/2021", 0.9, "chicago/2019")
    assert len(one.keys) == 3
    decided = square(guess("chicago/2019"), word(Verdict.CONFIRMED, "chicago/2020"), datasets=years)
    assert says(decided)[0] is Cell.YES
    assert len(decided.datasets) == 1


def test_a_copy_is_its_origin() -> None:
    copy = replace(ONE, key="maps/9", portal="maps", same_as="chicago/1")
    found = square(guess("maps/9", score=0.8), guess(score=0.6), datasets=(ONE, copy))
    assert [(one.head.key, one.score) for one in found.candidates] == [("chicago/1", 0.8)]
    alone = square(guess("maps/9"), datasets=(copy,))
    assert [one.head.key for one in alone.candidates] == ["maps/9"], "its origin has gone"


def test_a_line_has_a_square_for_each_city_in_their_order() -> None:
    readings = [Reading("seattle", 1, unread=("Maps",)), READ]
    (line,) = matrix.lines([PERMITS], Evidence(readings, {ONE.key: ONE}, [guess()]))
    assert [(one.city, one.state) for one in line.squares] == [("seattle", Cell.UNKNOWN), ("chicago", Cell.MAYBE)]
    assert (line.count(Cell.YES), line.count(Cell.YES, Cell.MAYBE)) == (0, 1)


@pytest.mark.parametrize(
    ("geometry", "grain", "state"),
    [
        ((Geometry.POINT,), Grain.RECORDS, Cell.UNKNOWN),
        ((Geometry.POINT, Geometry.NONE), Grain.REFERENCE, Cell.UNKNOWN),
        ((Geometry.POINT, Geometry.NONE), Grain.RECORDS, Cell.NO),
        ((Geometry.NONE,), Grain.REFERENCE, Cell.NO),
        ((), Grain.RECORDS, Cell.NO),
    ],
)
def test_where_only_tables_were_read_a_map_may_be_there(
    geometry: tuple[Geometry, ...], grain: Grain, state: Cell
) -> None:
    subject = replace(PERMITS, geometry=geometry, grain=grain)
    tables = replace(READ, only_tables=True)
    for reading, expected in ((tables, state), (READ, Cell.NO)):
        (line,) = matrix.lines([subject], Evidence([reading], {}))
        assert says(line.squares[0])[0] is expected
    found = square(guess(), reading=tables)
    assert says(found) == (Cell.MAYBE, "found", False)


def test_of_data_that_only_differ_in_time_the_current_come_first() -> None:
    titles = ["Permits 2015", "Permits (archived)", "Permits 2018", "Permits", "Inspections"]
    datasets = tuple(replace(ONE, key=f"chicago/{at}", title=title) for at, title in enumerate(titles))
    scores = (0.9, 0.8, 0.7, 0.6, 0.65)
    found = square(*(guess(f"chicago/{at}", score=score) for at, score in enumerate(scores)), datasets=datasets)
    assert [one.head.title for one in found.candidates] == [
        "Permits",
        "Permits 2018",
        "Permits 2015",
        "Permits (archived)",
        "Inspections",
    ]
    weak = square(guess("chicago/0"), guess("chicago/3", Band.WEAK, 0.2), datasets=datasets)
    assert [one.head.key for one in weak.candidates] == ["chicago/0", "chicago/3"], "if it is one at all"


def part(what: str, points: float, *detail: str) -> dict[str, Any]:
    return {"what": what, "points": points, "detail": list(detail)}


def test_a_sentence_says_why_we_think_so() -> None:
    parts = [part("base", -8.0), part("title", 4.0, "Building permits"), part("grain", 1.5, "records")]
    assert spoken.because(parts, "Building Permits since 2006", "Boston") == (
        "The title says “Building permits”; its rows seem to be of the right kind (records, one by one); "
        "no other data set of Boston is nearer."
    )
    against = [
        part("title", 2.0, "Building permits"),
        part("grain", -1.5, "aggregate"),
        part("nearest", -1.0, "Boston"),
        part("rival", -2.0, "Street permits"),
    ]
    assert spoken.because(against, "Permits", "Boston") == (
        "The title is like “Building permits”; its rows seem to be of another kind (totals); "
        "but another data set of Boston is nearer; but the subject “Street permits” is nearer."
    )
    pair = [part("names", 4.0, "budget"), part("columns", 2.0, "amount"), part("rival", -0.4, "Chicago")]
    assert spoken.because(pair, "Budget", "Boston") == (
        "Both names say “budget”; both have columns about “amount”; but another data set of Chicago is nearer."
    )
    assert not spoken.because([part("base", -8.0)], "Budget", "Boston")
    assert not spoken.because([part("grain", 1.0), part("odd", 1.0, "x")], "Budget", "Boston")


told = st.one_of(
    st.builds(guess, st.sampled_from(["chicago/1", "chicago/2", "x/0"]), st.sampled_from(Band), st.floats(0, 1)),
    st.builds(word, st.sampled_from(Verdict), st.sampled_from(["chicago/1", "chicago/2", "x/0"])),
)


@given(st.lists(told, max_size=8), st.booleans())
def test_never_yes_without_a_person_and_every_cell_has_its_reason(words: list[Placed | Said], none: bool) -> None:  # noqa: FBT001 - drawn
    found = square(*words, none=none)
    state, _code, confirmed = says(found)
    assert state is not Cell.UNKNOWN
    if state is Cell.YES:
        assert confirmed
        assert any(isinstance(one, Said) and one.verdict is Verdict.CONFIRMED for one in words)
    if not any(isinstance(one, Said) for one in words) and not none:
        assert not confirmed
