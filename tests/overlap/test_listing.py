"""Long answers for programs: a data set at a time, each with its own matches."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from commonground.catalog.models import Dataset as Row
from commonground.overlap import listing
from commonground.overlap.models import Match
from commonground.words import Dataset

PLACES = (("chicago", "data.cityofchicago.org"), ("seattle", "data.seattle.gov"), ("new_york", "data.cityofnewyork.us"))


@pytest.fixture
def matched(write: Callable[..., None]) -> None:
    """Three data sets that match each other, and one between them that matches none."""
    for city, host in PLACES:
        names = ("a", "alone") if city == "chicago" else ("a",)
        write([Dataset(city, city.replace("_", "-"), host, name, name) for name in names])
    some = Row.objects.filter(native_id="a").order_by("pk")
    Match.objects.bulk_create(
        Match(a=one, b=other, score=1 / (one.pk + other.pk), band="sure", method="test")
        for one, other in permutations(reversed(some), 2)
    )


@pytest.mark.usefixtures("matched")
def test_each_data_set_has_its_own_matches_the_best_first() -> None:
    found = {one["dataset"]["id"]: [each["id"] for each in one["matches"]] for one in listing.matches(5)}
    assert found == {
        "chicago/a": ["seattle/a", "new-york/a"],
        "chicago/alone": [],
        "seattle/a": ["chicago/a", "new-york/a"],
        "new-york/a": ["chicago/a", "seattle/a"],
    }
    assert {len(one["matches"]) for one in listing.matches(1)} == {0, 1}


@pytest.mark.usefixtures("matched")
def test_one_city_alone() -> None:
    (one,) = listing.matches(5, "new_york")
    assert one["dataset"]["id"] == "new-york/a"
    assert len(one["matches"]) == 2
