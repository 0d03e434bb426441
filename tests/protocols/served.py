"""One application on loopback, and a client that can reach nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from commonground.protocols.base import WSGIApp
from commonground.protocols.http import Client, Manners
from commonground.protocols.serving import loopback


@contextmanager
def asking(host: str, wsgi: WSGIApp) -> Iterator[tuple[str, Client]]:
    """Its address on loopback, and a client that knows it as `host` and asks once."""
    with loopback({host: wsgi}) as routes, Client(routes=routes, sealed=True, manners=Manners(attempts=1)) as client:
        yield routes[host], client
