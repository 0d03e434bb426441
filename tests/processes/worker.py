"""A worker, as `commonground work --once`, in a world of one city whose portals are on loopback, in pages of twenty.

python tests/processes/worker.py '{"one.example": "http://127.0.0.1:8001"}' LEASE
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from commonground.cli.home import ready
from commonground.protocols.http import Client
from commonground.protocols.socrata import read
from commonground.words import Contact, Portal


def portal(host: str) -> Portal:
    """A portal that speaks Discovery."""
    slug = host.partition(".")[0]
    return Portal(slug, "somewhere", slug.title(), host, "socrata", f"https://{host}", Contact("Office", None))


def work(routes: dict[str, str], lease: float) -> None:
    """Do what is due, with leases of so many seconds."""
    from commonground.catalog import browse, tasks
    from commonground.cities import cities
    from commonground.work import store, worker
    from commonground.work.registry import SCHEDULES

    city = replace(cities()["boston"], slug="somewhere", portals=tuple(map(portal, routes)))

    @contextmanager
    def client() -> Iterator[Client]:
        with Client(routes=routes, sealed=True) as one:
            yield one

    read.PAGE = 20
    SCHEDULES[:] = [tasks.schedule]  # harvests alone
    browse.known_cities = lambda: {"somewhere": city}
    tasks.live_client = client
    store.LEASE, tasks.BEAT = timedelta(seconds=lease), lease / 4
    json.dump(worker.work(once=True), sys.stdout)


if __name__ == "__main__":
    ready()
    work(json.loads(sys.argv[1]), float(sys.argv[2]))
