"""A month of recorded portals, as their histories tell it: the schema changes that were found by hand, and who went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.utils import translation

from commonground.catalog import browse, history

Replay = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Whatever language a page was asked for before."""
    with translation.override("en"):
        yield


@pytest.mark.whole
def test_a_history_names_the_schema_change(replay: Replay) -> None:
    cities = ("new_york", "san_francisco")
    replay("replay", names=cities, at=date(2022, 6, 30))
    replay("replay", names=cities, at=date(2022, 7, 31))
    told = {one.row.key: one.said() for one in history.latest(limit=10_000) if one.kind == "columns"}
    assert told == {
        "san-francisco/sevw-6tgi": (
            "Column removed: supervisor_district (Text). 2 columns added: sup_dist_2012 (Text), sup_dist_2022 (Text). "
            "2 columns described otherwise: data_as_of, geoid."
        ),
        "new-york/uczf-rk3c": (
            "Column removed: site (Number). Column renamed from id1 to id. Column added: countid (Number). 2 more changes."
        ),
        "new-york/smn3-rzf9": told["new-york/smn3-rzf9"],
    }
    assert told["new-york/smn3-rzf9"].startswith("Column removed: site (Number). Column added: sens (Text).")
    assert not [one.row.key for one in history.latest(limit=10_000) if one.kind == "replaced"]

    gone = history.story(browse.dataset("new-york/qnjm-wvu5")).part(0, 9)
    assert [one.kind for one in gone] == ["missing", "added"]
    replay("replay", names=("new_york",), at=date(2022, 6, 30))
    back = history.story(browse.dataset("new-york/qnjm-wvu5")).part(0, 9)
    assert [one.kind for one in back] == ["returned", "missing", "added"]
    again = history.story(browse.dataset("new-york/uczf-rk3c")).part(0, 9)
    assert [(one.kind, one.number) for one in again] == [("columns", 3), ("columns", 2), ("added", 1)]
    assert "Column renamed from id to id1." in again[0].said()
