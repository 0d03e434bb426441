"""The recorded catalogs of seven cities, harvested over HTTP from loopback."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commonground.catalog import browse, index, store, tasks
from commonground.catalog.models import Dataset, Finding, Harvest, Revision
from commonground.errors import WrongHome
from commonground.protocols.http import Client

HELD = {
    "san-francisco": 470,
    "new-york": 1026,
    "los-angeles": 287,
    "los-angeles-controller": 79,
    "chicago": 588,
    "seattle": 982,
    "seattle-performance": 905,
    "washington-dc": 1357,
    "boston": 118,
}
KEYS = "portal host city protocol declared seen held added changed unchanged missing findings seconds".split()

Replay = Callable[..., dict[str, dict[str, Any]]]


def checksum() -> dict[str, str]:
    """Every value of every row of the tables that a harvest of unchanged portals must not touch."""
    tables = (Dataset, Revision, Finding)
    return {
        table.__name__: hashlib.sha256(repr(list(table.objects.order_by("pk").values_list())).encode()).hexdigest()
        for table in tables
    }


def test_seven_cities_twice(replay: Replay) -> None:
    first = replay()
    assert {slug: one["held"] for slug, one in first.items()} == HELD
    assert {slug: one["added"] for slug, one in first.items()} == HELD
    for one in first.values():
        assert list(filter(one.__contains__, KEYS)) == KEYS
        assert one["outcome"] == "complete"
        assert (one["changed"], one["unchanged"], one["missing"], one["error"]) == (0, 0, 0, "")
        assert one["declared"] in {None, one["seen"]}
        assert one["recorded"] is not None
    held = checksum()

    second = replay()
    assert checksum() == held
    assert {slug: one["unchanged"] for slug, one in second.items()} == HELD
    assert not any(one[name] for one in second.values() for name in ("added", "changed", "missing"))
    assert [one["findings"] for one in second.values()] == [one["findings"] for one in first.values()]

    listing = Finding.objects.filter(scope="listing", closed=None).values_list("portal", "code")
    assert Counter(listing) == {("seattle", "duplicate-id"): 1, ("washington-dc", "host-unrecorded"): 1}
    assert not Finding.objects.filter(code="record-unusable").exists()
    assert index.compare()["differing"] == []
    assert index.compare()["indexed"] == sum(HELD.values())
    assert all(browse.dataset(key) for key in Dataset.objects.values_list("key", flat=True)[:50])


def test_a_month_later(replay: Replay) -> None:
    """Recordings of one portal at two days, cut to the same range of ids."""
    cities = ("chicago", "new_york", "los_angeles", "san_francisco", "seattle")
    first = replay("replay", names=cities, at=date(2022, 6, 30))
    second = replay("replay", names=cities, at=date(2022, 7, 31))
    figures = {slug: tuple(one[name] for name in ("added", "changed", "missing")) for slug, one in second.items()}
    print(figures)
    assert first["chicago"]["recorded"] == date(2022, 6, 23)
    back = replay("replay", names=("new_york",), at=date(2022, 6, 30))["new-york"]
    print(back)
    assert False
