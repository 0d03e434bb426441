"""A home for processes, on SQLite or PostgreSQL, and what an undisturbed one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.processes.homes import Home, Order, Undisturbed, undisturbed
from tests.site.conftest import database

__all__ = ["database"]


@pytest.fixture(scope="session")
def order(recordings: Path) -> Order:
    """The command that harvests cities as of a day."""
    return lambda day, *cities: ["harvest", *cities, "--replay", recordings / "replay", "--at", day, "--json"]


@pytest.fixture(scope="session")
def two_cities(tmp_path_factory: pytest.TempPathFactory, order: Order) -> Undisturbed:
    return undisturbed(tmp_path_factory.mktemp("two"), order, "los_angeles", "new_york")


@pytest.fixture(scope="session")
def four_cities(tmp_path_factory: pytest.TempPathFactory, order: Order) -> Undisturbed:
    cities = ("chicago", "los_angeles", "new_york", "san_francisco")
    return undisturbed(tmp_path_factory.mktemp("four"), order, *cities)


@pytest.fixture
def home(tmp_path: Path, database: str) -> Home:
    """An empty home, on SQLite or on PostgreSQL."""
    return Home({"COMMONGROUND_HOME": str(tmp_path / "home"), **({"DATABASE_URL": database} if database else {})})
