"""Records in the form of version 2.1, and our own Explore API on loopback with a client that can reach nothing else.

No public recording of a 2.1 catalog is to be had. The recorded answers here are of version 1.0 (trimmed, from a
portal of 2015); `explore` moves what they say to where 2.1 says it, by the Explore API's published schema and the
types of its official client: `datasetid` is `dataset_id`, `metas` are `metas.default`, other templates stand beside
them. Ids for ever (`dataset_uid`) came later, so those are made here; some tests leave them out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from commonground.protocols.base import Holdings
from commonground.protocols.opendatasoft.serve import app
from commonground.protocols.serving import application
from commonground.words import Portal, Raw
from tests.protocols.served import asking

HOST = "data.example.gov"


def explore(old: Raw, *, uid: bool = True) -> Raw:
    """A record of version 1.0 in the form of 2.1."""
    name = old["datasetid"]
    kept = {key: old[key] for key in ("has_records", "features", "attachments", "fields")}
    lists = {key: _listed(old["metas"][key]) for key in ("keyword", "theme") if key in old["metas"]}
    default = {key: value for key, value in old["metas"].items() if key not in {"domain", "visibility"}}
    return {
        "visibility": old["metas"]["visibility"],
        "dataset_id": name,
        **({"dataset_uid": f"da_{sha256(name.encode()).hexdigest()[:6]}"} if uid else {}),
        "data_visible": True,
        **kept,
        "alternative_exports": old.get("alternative_exports", []),
        "metas": {"default": default | lists, **old.get("interop_metas", {})},
    }


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="session")
def portal() -> Portal:
    """An Opendatasoft portal."""
    return Portal("example", "example", "Example", HOST, "opendatasoft", f"https://{HOST}")


@pytest.fixture(scope="session")
def recorded(recordings: Path) -> list[Raw]:
    """The nine recorded records, in order of their names."""
    old: dict[str, Raw] = {}
    for path in sorted((recordings / "fixtures" / "opendatasoft").glob("*.json")):
        read = json.loads(path.read_text())
        old |= {one["datasetid"]: one for one in read.get("datasets", [read])}
    return [explore(old[name]) for name in sorted(old)]


Serving = Callable[[Sequence[Raw]], Any]


@pytest.fixture(scope="session")
def serving() -> Serving:
    """Serve given records as our Explore API; gives (address, client)."""
    return lambda records: asking(HOST, app(Holdings(HOST, records)))


@pytest.fixture(scope="session")
def answering() -> Callable[..., Any]:
    """Serve some other answers at that host; gives (address, client)."""
    return lambda routes: asking(HOST, application(routes))
