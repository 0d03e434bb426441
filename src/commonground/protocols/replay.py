"""Recordings as portals: each on a loopback port of its own, speaking its own protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from commonground.protocols.base import Holdings
from commonground.protocols.recordings import Recording
from commonground.protocols.registry import server
from commonground.protocols.serving import loopback


@dataclass(frozen=True, slots=True)
class Stage:
    """Portals on loopback: `routes` from host to base URL, `days` from host to the day recorded."""

    routes: Mapping[str, str]
    days: Mapping[str, date]


@contextmanager
def staged(recordings: Mapping[str, Recording], *, first_port: int = 0) -> Iterator[Stage]:
    """Serve recordings, by host, until the block ends."""
    holdings = {host: (one.protocol, one.holdings()) for host, one in recordings.items()}
    with on_loopback(holdings, first_port=first_port) as routes:
        yield Stage(routes, {host: one.day for host, one in recordings.items()})


@contextmanager
def on_loopback(holdings: Mapping[str, tuple[str, Holdings]], *, first_port: int = 0) -> Iterator[dict[str, str]]:
    """Serve `host -> (protocol, holdings)`; further hosts that holdings answer for lead to the same port."""
    apps = {host: server(protocol)(held) for host, (protocol, held) in holdings.items()}
    with loopback(apps, first_port=first_port) as routes:
        for host, (_, held) in holdings.items():
            for other in held.also:
                routes.setdefault(other, routes[host])
        yield routes
