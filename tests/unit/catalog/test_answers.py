"""When an address is dead: after two failures a day apart, whatever comes between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.catalog.answers import APART, Track, Verdict, verdict

NOW = datetime(2022, 7, 23, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, Verdict.ALIVE),
        (206, Verdict.ALIVE),
        (304, Verdict.ALIVE),
        (404, Verdict.GONE),
        (410, Verdict.GONE),
        (401, Verdict.UNSURE),
        (403, Verdict.UNSURE),
        (429, Verdict.UNSURE),
        (500, Verdict.UNSURE),
        (503, Verdict.UNSURE),
        (None, Verdict.SILENT),
    ],
)
def test_what_a_status_says(status: int | None, said: Verdict) -> None:
    assert verdict(status) is said


def test_two_failures_a_day_apart_and_one_answer_brings_it_back() -> None:
    once = Track().after(Verdict.GONE, NOW)
    assert (once.failures, once.dead) == (1, False)
    soon = once.after(Verdict.GONE, NOW + timedelta(hours=1))
    assert not soon.dead
    twice = soon.after(Verdict.GONE, NOW + DAY)
    assert (twice.dead, twice.failing_since) == (True, NOW)
    assert twice.after(Verdict.UNSURE, NOW + 2 * DAY).dead
    assert twice.after(Verdict.ALIVE, NOW + 2 * DAY) == Track(0, None, NOW + 2 * DAY)


@given(st.lists(st.tuples(st.sampled_from(Verdict), st.integers(1, 100)), max_size=30))
def test_nothing_is_dead_without_two_failures_a_day_apart(checks: list[tuple[Verdict, int]]) -> None:
    track, now, failed = Track(), NOW, list[datetime]()
    for said, hours in checks:
        now += timedelta(hours=hours)
        failed = [] if said is Verdict.ALIVE else failed + [now] * (said in {Verdict.GONE, Verdict.SILENT})
        track = track.after(said, now)
        if track.dead:
            assert failed[-1] - failed[0] >= APART
            assert track.failing_since == failed[0]
