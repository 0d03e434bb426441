"""The portal under test, and our own CKAN served on loopback with a client that can reach nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from commonground.protocols.base import Holdings
from commonground.protocols.ckan.serve import app
from commonground.protocols.recordings import find, newest
from commonground.protocols.serving import application
from commonground.words import Portal, Raw
from tests.protocols.served import asking

HOST = "data.boston.gov"
Serving = Callable[[Sequence[Raw]], Any]


@pytest.fixture(scope="session")
def portal() -> Portal:
    """Boston's portal."""
    return Portal("boston", "boston", "Analyze Boston", HOST, "ckan", f"https://{HOST}")


@pytest.fixture(scope="session")
def serving() -> Serving:
    """Serve given records as our CKAN; gives (address, client)."""
    return lambda records: asking(HOST, app(Holdings(HOST, records)))


@pytest.fixture(scope="session")
def answering() -> Callable[..., Any]:
    """Serve some other answers at that host; gives (address, client)."""
    return lambda routes: asking(HOST, application(routes))


@pytest.fixture(scope="session")
def boston(recordings: Any) -> list[Raw]:
    """The 118 packages of Boston's recording."""
    return list(newest(find(recordings / "portals"))[HOST].holdings().records)
