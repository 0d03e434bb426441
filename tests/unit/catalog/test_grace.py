"""The removal guard and the grace, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.catalog.grace import Grace, Listing, doubt

NOW = datetime(2026, 7, 1, tzinfo=UTC)
FULL = Listing(present=1200, gone=3, named=1197, seen=1197, declared=1197)


@pytest.mark.parametrize(
    ("listing", "said"),
    [
        (FULL, ""),
        (replace(FULL, gone=0, error="cut off"), ""),
        (replace(FULL, error="it broke"), "failed after 1,197 records: it broke"),
        (replace(FULL, gone=1200, named=0, seen=0, declared=0), "was empty; 1,200 data sets were listed before"),
        (replace(FULL, broken_off=True), "repeats itself after 1,197 records"),
        (replace(FULL, declared=1300), "is short: 1,300 declared, 1,197 listed"),
        (replace(FULL, named=1000, seen=1000, declared=None), "ends after exactly 1,000 data sets"),
        (replace(FULL, named=1000, seen=1000, declared=1000), ""),
        (replace(FULL, gone=120), ""),
        (replace(FULL, gone=121), "121 of 1,200 data sets vanished at once, more than 10 %"),
        (replace(FULL, gone=60, waiting=70), "130 of 1,270 data sets vanished within the grace"),
        (replace(FULL, gone=0, waiting=900), ""),
        (replace(FULL, present=20, gone=4, named=16, seen=16, declared=16), ""),
        (replace(FULL, present=20, gone=5, named=15, seen=15, declared=15), "5 of 20 data sets vanished at once"),
    ],
)
def test_what_is_believed(listing: Listing, said: str) -> None:
    reason = doubt(listing, Grace())
    assert said in reason
    assert bool(said) == bool(reason)


@given(
    present=st.integers(0, 10_000),
    gone=st.integers(1, 10_000),
    named=st.integers(0, 10_000),
    declared=st.none() | st.integers(0, 10_000),
    share=st.floats(0, 1),
)
def test_never_more_than_the_share_goes_unasked(
    present: int, gone: int, named: int, declared: int | None, share: float
) -> None:
    grace = Grace(share=share)
    listing = Listing(present, gone, named, named, declared)
    if gone > share * present and gone >= grace.least:
        assert doubt(listing, grace)
    if not doubt(listing, grace):
        assert named
        assert declared is None or named >= declared


@pytest.mark.parametrize(("days", "runs", "over"), [(7, 3, True), (6.9, 30, False), (70, 2, False), (-1, 30, False)])
def test_the_grace_is_days_and_runs(days: float, runs: int, over: bool) -> None:  # noqa: FBT001 - a table's column
    assert Grace().over(NOW - timedelta(days=days), runs, NOW) is over
