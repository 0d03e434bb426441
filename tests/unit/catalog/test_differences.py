"""What differs between two states: everything that does, nothing that does not, and no rename that never was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.catalog import columns
from commonground.catalog.differences import Aspect, Difference, Weight, differences, reused
from commonground.protocols.base import Notes
from commonground.protocols.recordings import Recording, find
from commonground.protocols.registry import reader
from commonground.words import Column, ColumnType, Dataset, Distribution, License, Moment, Portal
from tests.strategies import datasets

PORTAL = Portal("p", "c", "P", "p.example", "socrata", "https://p.example")
TYPES = {"": ColumnType.UNKNOWN, "Text": ColumnType.TEXT, "Number": ColumnType.NUMBER}
SETS = {"themes", "keywords", "parents", "columns", "distributions"}
"""Fields whose order, and whose repeats, mean nothing."""
ONE = Dataset("c", "p", "p.example", "one", "Building permits", row_count=1_000)


def told(before: Dataset, after: Dataset) -> dict[Aspect, Difference]:
    return {one.aspect: one for one in differences(before, after)}


def of(*names: str, type_: ColumnType = ColumnType.TEXT) -> Dataset:
    return replace(ONE, columns=tuple(Column(name, name, type_, type_.value) for name in names))


@given(datasets(PORTAL))
def test_nothing_differs_from_itself(one: Dataset) -> None:
    assert differences(one, one) == ()
    turned: dict[str, Any] = {name: getattr(one, name) and tuple(reversed(getattr(one, name))) for name in SETS}
    assert differences(one, replace(one, **turned)) == ()
    assert not reused(one, one)


@given(datasets(PORTAL), datasets(PORTAL), st.data())
def test_each_change_of_a_field_is_told(one: Dataset, other: Dataset, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([field.name for field in fields(Dataset)]))
    changed = replace(one, **{name: getattr(other, name)})
    before, after = getattr(one, name), getattr(changed, name)
    alike = before == after or (name in SETS and None not in (before, after) and set(before) == set(after))
    found = differences(one, changed)
    assert bool(found) != alike
    assert all(one.before != one.after for one in found)
    assert list(found) == sorted(found, key=lambda one: list(Weight).index(one.weight))


def test_a_title_without_words_is_still_itself() -> None:
    before = replace(ONE, title=":", description="00", columns=None)
    assert not reused(before, replace(before, description="0"))


@pytest.mark.whole
@given(datasets(PORTAL), datasets(PORTAL))
def test_there_and_back_tell_as_much(one: Dataset, other: Dataset) -> None:
    there, back = differences(one, other), differences(other, one)
    assert bool(there) == bool(back)
    assert {Aspect.TITLE, Aspect.PUBLISHER, Aspect.LICENSE} & {one.aspect for one in there} == {
        Aspect.TITLE,
        Aspect.PUBLISHER,
        Aspect.LICENSE,
    } & {one.aspect for one in back}
    assert reused(one, other) == reused(other, one)


NAMES = st.sampled_from(["id", "ID", "zip", "zip_code", "Zip Code", "site", "", ":@computed", "first_dose"])
TABLES = st.lists(st.builds(Column, NAMES, NAMES, st.sampled_from(ColumnType), NAMES, st.sampled_from(["", "x" * 30])))


@given(TABLES, TABLES)
def test_each_column_is_paired_once_or_not_at_all(before: list[Column], after: list[Column]) -> None:
    same, renamed, gone, added = columns.matched(before, after)
    pairs = [*same, *renamed]
    key = repr
    assert sorted([*(one for one, _ in pairs), *gone], key=key) == sorted(before, key=key)
    assert sorted([*(one for _, one in pairs), *added], key=key) == sorted(after, key=key)


@pytest.mark.parametrize(
    ("before", "after", "renamed"),
    [
        (("id1", "site"), ("id2", "site"), {}),  # other digits, another thing
        (("Zip_Code", "site"), ("zipcode", "site"), {"Zip_Code": "zipcode"}),
        (("site", "zip"), ("site", "zip_code"), {"zip": "zip_code"}),  # one name holds the other, between one neighbors
        (("zip", "site"), ("site", "zip_code"), {}),
        (("first_dose",), ("second_dose",), {}),
        (("start_date", "x"), ("end_date", "x"), {}),
        (("dose", "x", "y"), ("dose_one", "dose_two", "x", "y"), {}),  # which of the two?
        (("site", "x"), ("countid", "x"), {}),
    ],
)
def test_a_rename_is_said_only_where_it_is_plain(
    before: tuple[str, ...], after: tuple[str, ...], renamed: dict[str, str]
) -> None:
    found = [one for one in differences(of(*before), of(*after)) if one.aspect is Aspect.COLUMN_RENAMED]
    assert {one.before: one.after for one in found} == renamed


def test_columns_with_one_description_or_name_are_one_column() -> None:
    said = "Fees that were not paid by the due date"
    before = replace(ONE, columns=(Column("Fees", "fees", ColumnType.MONEY, "Money", said),))
    after = replace(ONE, columns=(Column("Amount", "amount", ColumnType.MONEY, "Money", said),))
    assert told(before, after)[Aspect.COLUMN_RENAMED].before == "fees “Fees”"
    named = replace(ONE, columns=(Column("Fees due", "fees", ColumnType.MONEY, "Money", said),))
    assert told(before, named)[Aspect.COLUMN_RELABELED].after == "Fees due"
    retyped = replace(ONE, columns=(Column("Fees", "fees", ColumnType.TEXT, "Text", said),))
    assert told(before, retyped)[Aspect.COLUMN_RETYPED] == Difference(Aspect.COLUMN_RETYPED, "money", "text", "fees")


def test_what_matters_stands_out() -> None:
    times = replace(ONE, modified=Moment(datetime(2022, 7, 1, tzinfo=UTC), "2022-07-01"), row_count=1_100)
    assert {one.weight for one in differences(ONE, times)} == {Weight.ROUTINE}
    assert told(ONE, replace(ONE, row_count=500))[Aspect.ROWS_HALVED].weight is Weight.IMPORTANT
    assert told(ONE, replace(ONE, row_count=501))[Aspect.ROWS_FELL].weight is Weight.MINOR
    assert told(replace(ONE, row_count=4), replace(ONE, row_count=1))[Aspect.ROWS_FELL]
    assert differences(of("a"), of("b"))[0].weight is Weight.SCHEMA
    assert {one.weight for one in differences(of("a", ":@computed_region_1"), of("a"))} == {Weight.MINOR}
    free = replace(ONE, license=License("CC0", spdx="CC0-1.0"))
    assert told(ONE, free)[Aspect.LICENSE] == Difference(Aspect.LICENSE, None, "CC0-1.0")


def test_files_that_move_change_or_go() -> None:
    csv, pdf = Distribution("https://a/1", "CSV", "Rows"), Distribution("https://a/2", "PDF", "Legend")
    before = replace(ONE, distributions=(csv, pdf))
    assert [one.aspect for one in differences(before, replace(ONE, distributions=(pdf,)))] == [Aspect.FILE_REMOVED]
    moved = replace(ONE, distributions=(replace(csv, url="https://b/1"), replace(pdf, format="HTML")))
    assert [one.aspect for one in differences(before, moved)] == [Aspect.FILE_MOVED, Aspect.FILE_CHANGED]


def test_hostile_sizes_take_no_time() -> None:
    """34,866 keywords, 8,000 files and as many columns, all of them others than before."""

    def large(letter: str) -> Dataset:
        return replace(
            ONE,
            keywords=tuple(f"{letter}{n}" for n in range(34_866)),
            distributions=tuple(Distribution(f"https://{letter}/{n}", "CSV", "one") for n in range(8_000)),
            columns=tuple(Column(f"{letter} {n}", f"{letter}_{n}") for n in range(8_000)),
        )

    assert len(differences(large("a"), large("b"))) == 2 + 16_000 + 16_000


def states(recording: Recording) -> dict[str, Dataset]:
    """A recording's datasets in our form, by id."""
    one = reader({"socrata": "socrata-discovery", "arcgis-hub": "hub-feed"}[recording.protocol])
    records = recording.holdings().records
    return {one.native_id(raw): one.normalize(raw, PORTAL, Notes()) for raw in records}


def pairs(folder: Path) -> Iterator[tuple[Dataset, Dataset]]:
    """Two states of one id, as recorded."""
    by_host: dict[str, list[Recording]] = {}
    for one in find(folder):
        if one.protocol in {"socrata", "arcgis-hub"}:
            by_host.setdefault(one.host, []).append(one)
    for before, after in (two for some in by_host.values() for two in pairwise(some)):
        old, new = states(before), states(after)
        yield from ((old[one], new[one]) for one in old.keys() & new.keys())


@pytest.mark.whole
def test_recorded_changes(recordings: Path) -> None:
    """What was found by hand in a month of five cities, and that no id was taken for reused."""
    found = {old.native_id: (old, new) for old, new in pairs(recordings / "replay")}
    assert not [old.title for old, new in found.values() if reused(old, new)]
    schema = {
        one for one, (old, new) in found.items() if any(each.weight is Weight.SCHEMA for each in differences(old, new))
    }
    assert schema == {"sevw-6tgi", "uczf-rk3c", "smn3-rzf9", "r3q4-v3ae"}
    bicycles = told(*found["uczf-rk3c"])
    assert (bicycles[Aspect.COLUMN_RENAMED].before, bicycles[Aspect.COLUMN_RENAMED].after) == ("id1", "id")
    assert bicycles[Aspect.COLUMN_REMOVED].name == "site"
    assert bicycles[Aspect.COLUMN_ADDED].name == "countid"
    districts = [one for one in differences(*found["sevw-6tgi"]) if one.weight is Weight.SCHEMA]
    assert [(one.aspect, one.name) for one in districts] == [
        (Aspect.COLUMN_REMOVED, "supervisor_district"),
        (Aspect.COLUMN_ADDED, "sup_dist_2012"),
        (Aspect.COLUMN_ADDED, "sup_dist_2022"),
    ]
    births = {one for old, new in found.values() for one in differences(old, new) if one.aspect is Aspect.TITLE}
    assert (
        Difference(Aspect.TITLE, "Natality", "Percent Live Births by Infant Sex and Mother’s Race/Ethnicity") in births
    )


@pytest.mark.whole
def test_years_of_two_cities_reuse_no_id(recordings: Path) -> None:
    assert not [(old.title, new.title) for old, new in pairs(recordings / "portals") if reused(old, new)]


def test_an_id_that_serves_something_else(recordings: Path) -> None:
    """San Francisco's 5cei-gny5 was registered elsewhere for something else; since, it serves eviction notices."""
    files = [one for one in find(recordings / "portals") if one.host == "data.sfgov.org"]
    city = states(files[-1])
    evictions, permits = city["5cei-gny5"], city["i98e-djp9"]
    assert "Eviction" in evictions.title
    assert "Permits" in permits.title
    before = replace(permits, native_id="5cei-gny5")
    assert reused(before, evictions)
    assert differences(before, evictions)[0] == Difference(Aspect.REPLACED, permits.title, evictions.title)
    assert not reused(evictions, replace(evictions, title=permits.title))
    assert not reused(evictions, replace(evictions, columns=permits.columns))
