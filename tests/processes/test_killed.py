"""kill -9 at any moment: whoever comes next goes on, and ends in the state that nobody's death would have left.

The catalog of June 2022 is held; the harvest of July is killed again and again, then left in peace. What the home
says afterwards is compared, row by row, with what one says in which nobody was killed. COMMONGROUND_SEED repeats a run.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import sys

import pytest

from tests.processes.homes import JULY, JUNE, Command, Home, Order, Undisturbed, in_june, same

CITIES = ("los_angeles", "new_york")
FOUR = ("chicago", "los_angeles", "new_york", "san_francisco")
POINTS = (
    "commonground.catalog.resuming:keep",
    "commonground.catalog.store:end",
    "commonground.catalog.unmodified:keep",
    "commonground.catalog.identity:follow",
    "commonground.work.store:finish",
    "commonground.catalog.index:follow",
    "commonground.catalog.search.index:_write",
    "commonground.catalog.search.index:Index._point",
)
"""Where a process dies between two steps that belong together."""


def told(line: str) -> None:
    """Shown beside a failure."""
    sys.stdout.write(f"{line}\n")


def chances() -> random.Random:
    """Moments that nobody foresees, unless COMMONGROUND_SEED says which."""
    seed = os.environ.get("COMMONGROUND_SEED") or secrets.token_hex(4)
    told(f"COMMONGROUND_SEED={seed}")
    return random.Random(seed)


def killed(home: Home, held: Undisturbed, times: int, command: Command) -> None:
    """Kill the command so often, then let it be; what it leaves is what the undisturbed one left."""
    chance = chances()
    codes = [home.kill(chance.uniform(0, 2 * held.seconds / times), *command) for _ in range(times)]
    told(f"{codes.count(-9)} of {times} died")
    assert set(codes) <= {-9, 0}
    assert -9 in codes
    last = json.loads(home.run(*command))
    told(f"gone on {sum(one['resumed'] for one in last['portals'])} times")
    assert {one["outcome"] for one in last["portals"]} == {"complete"}
    same(home.contents(), held.july)


@pytest.mark.whole
def test_five_random_kills(home: Home, two_cities: Undisturbed, order: Order) -> None:
    in_june(home, two_cities, order(JUNE, *CITIES))
    killed(home, two_cities, 5, order(JULY, *CITIES))


@pytest.mark.slow
def test_twenty_random_kills(home: Home, four_cities: Undisturbed, order: Order) -> None:
    in_june(home, four_cities, order(JUNE, *FOUR))
    killed(home, four_cities, 20, order(JULY, *FOUR))


@pytest.mark.slow
def test_twenty_random_kills_of_a_first_harvest(home: Home, four_cities: Undisturbed, order: Order) -> None:
    """From an empty home to June, and then undisturbed to July."""
    chance = chances()
    for _ in range(20):
        home.kill(chance.uniform(0, four_cities.seconds / 5), *order(JUNE, *FOUR))
    home.run(*order(JUNE, *FOUR))
    home.run(*order(JULY, *FOUR))
    same(home.contents(), four_cities.july)


@pytest.mark.slow
def test_death_between_two_steps(home: Home, two_cities: Undisturbed, order: Order) -> None:
    """Each process dies at another point, and the next one goes on from there."""
    in_june(home, two_cities, order(JUNE, *CITIES))
    for point in POINTS:
        home.run(*order(JULY, *CITIES), code=-9, DIE_AT=point)
    home.run(*order(JULY, *CITIES))
    same(home.contents(), two_cities.july)


@pytest.mark.slow
def test_death_while_the_index_is_rebuilt(home: Home, two_cities: Undisturbed, order: Order) -> None:
    """The old index serves until the new one is whole."""
    in_june(home, two_cities, order(JUNE, *CITIES))
    before = json.loads(home.run("search", "budget", "--json"))["total"]
    assert before
    chance = chances()
    for _ in range(2):
        home.kill(chance.uniform(0, 0.5), "index", "--rebuild")
    home.run("index", "--rebuild", code=-9, DIE_AT="commonground.catalog.search.index:Index._point")
    assert json.loads(home.run("search", "budget", "--json"))["total"] == before
    assert json.loads(home.run("index", "--rebuild", "--json"))["differing"] == []
