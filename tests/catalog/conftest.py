"""A home of its own for each test, and portals on loopback that answer as a test wants."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commonground.catalog import index

pytest.register_assert_rewrite("tests.catalog.faults")


@pytest.fixture
def home(db: None, settings: Any, tmp_path: Path) -> Path:  # noqa: ARG001 - pytest's way of needing it
    """An empty home; the database is the test's, the search index lies here."""
    settings.HOME = tmp_path / "home"
    return Path(settings.HOME)


@pytest.fixture
def replay(home: Path, recordings: Path) -> Callable[..., dict[str, dict[str, Any]]]:  # noqa: ARG001 - as above
    """Harvest recordings through loopback, as `commonground harvest --replay` does; each portal's JSON form."""
    from commonground.catalog import browse, tasks
    from commonground.protocols.http import Client
    from commonground.protocols.recordings import find, newest
    from commonground.protocols.replay import staged

    def run(folder: str = "portals", *, names: tuple[str, ...] = (), at: Any = None) -> dict[str, dict[str, Any]]:
        chosen = newest(find(recordings / folder), at)
        portals = [one for one in tasks.chosen_portals(names, browse.known_cities()) if one.host in chosen]
        hosts = {one.host for one in portals}
        wanted = {host: one for host, one in chosen.items() if host in hosts}
        with staged(wanted) as stage, Client(routes=stage.routes, sealed=True) as client:
            harvests = tasks.harvest(tasks.Order(portals, client, "replay", stage.days))
        index.follow()
        return {one.portal: browse.harvest_form(one) for one in harvests}

    return run
