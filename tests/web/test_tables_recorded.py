"""The pages of a table of real rows: what is told of them is what was counted."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from commonground.cities import cities
from commonground.protocols import recordings as recorded_portals
from commonground.protocols.replay import staged
from commonground.protocols.rows import recorded
from commonground.tables import tasks
from commonground.tables.portals import Replayed
from tests.web.reading import read, said

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.database
CITY = "/tables/crime_incidents/cities/boston"


@pytest.fixture
def boston(home: None, recordings: Path) -> None:  # noqa: ARG001 - asked for, not looked at
    """Boston's crimes, from the recordings."""
    known = {"boston": cities()["boston"]}
    found = recorded_portals.newest(recorded_portals.find(recordings / "portals"))
    with staged(found, rows=recorded.find(recordings)) as stage:
        tasks.build(tasks.Order(["crime_incidents"], known, Replayed(stage, cities()), recordings / "rows"))


def test_pages_of_real_rows_say_what_was_counted(client: Client, boston: None) -> None:  # noqa: ARG001
    form = json.loads(read(client, f"{CITY}.json"))
    assert form["read"] == form["mapped"] == 7000
    assert form["placed"] == 6729  # 271 rows have 0, 0
    assert {one["code"]: one["count"] for one in form["to_fix"]}["zero-place"] == 271
    page = read(client, "/tables/crime_incidents")
    words = said(page)
    assert "Missing: 271 of 7,000 rows do not have a place. Boston 271 (3.9%)." in words
    row = page.split("/rows/boston/")[1].split('"')[0]
    assert "As the city published it" in said(read(client, f"/tables/crime_incidents/rows/boston/{row}"))
    for fix in form["to_fix"]:
        for sample in fix["samples"]:
            assert not sample["url"] or client.get(sample["url"]).status_code == 200


def test_a_page_of_real_rows_is_quick_when_it_was_asked_before(client: Client, boston: None) -> None:  # noqa: ARG001
    read(client, "/tables/crime_incidents")
    seconds = []
    for _ in range(3):
        begin = perf_counter()
        read(client, "/tables/crime_incidents")
        seconds.append(perf_counter() - begin)
    assert min(seconds) < 0.3
