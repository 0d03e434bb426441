"""When data are stale by the frequency that their city promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.catalog.freshness import due, last_update, promised
from commonground.protocols.fields.frequencies import frequency
from commonground.words import Dataset, Kind, Moment

MAY = datetime(2022, 5, 1, tzinfo=UTC)


def dataset(says: str, updated: datetime | None = MAY, kind: Kind = Kind.TABLE) -> Dataset:
    moment = Moment(updated, "") if updated else None
    return Dataset("a", "a", "a.example", "1", "Trees", kind=kind, data_updated=moment, frequency=frequency(says))


@pytest.mark.parametrize(
    ("says", "days", "words"),
    [
        ("R/P1D", 5, "every day"),
        ("Daily", 5, "every day"),
        ("R/P1W", 17, "every week"),
        ("Biweekly", 31, "every two weeks"),
        ("Monthly", 63.875, "every month"),
        ("Quarterly", 185.625, "every quarter"),
        ("Every 6 months", 368.25, "every half year"),
        ("Annually", 733.5, "every year"),
        ("Every 4 months", 246.5, "every 122 days"),
        ("Hourly", 3 + 1 / 12, "several times a day"),
        ("Streaming", 3, "several times a day"),
    ],
)
def test_twice_the_promise_and_three_days_are_forgiven(says: str, days: float, words: str) -> None:
    stale_at = due(dataset(says))
    assert stale_at is not None
    assert abs(stale_at - MAY - timedelta(days=days)) < timedelta(minutes=1)
    assert promised(MAY, stale_at) == words


@pytest.mark.parametrize("says", ["", "As needed", "Historical data", "Not updated (historical only)", "One Time"])
def test_who_promises_nothing_is_never_stale(says: str) -> None:
    assert due(dataset(says)) is None


def test_what_the_portal_does_not_hold_it_cannot_call_stale() -> None:
    assert due(dataset("Daily", kind=Kind.LINK)) is None
    assert due(dataset("Daily", updated=None)) is None


def test_the_change_of_the_record_stands_in_for_that_of_the_data() -> None:
    record = Dataset("a", "a", "a.example", "1", "Trees", modified=Moment(MAY, ""), frequency=frequency("Daily"))
    assert last_update(record) == MAY
    assert due(record) == MAY + timedelta(days=5)


@given(st.text(max_size=40), st.datetimes(timezones=st.just(UTC)))
def test_no_frequency_and_no_date_breaks_it(says: str, updated: datetime) -> None:
    stale_at = due(dataset(says, updated))
    assert stale_at is None or stale_at > updated
