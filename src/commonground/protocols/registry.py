"""Which protocols there are: the readers to try in turn, and how each recording is served.

Named as dotted paths and imported on first use, so that a command loads only what it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, reduce
from importlib import import_module
from operator import or_
from typing import cast

from commonground.errors import Misconfigured
from commonground.protocols.base import Capabilities, Reader, RowReader, Serve
from commonground.protocols.fields.privacy import Persons
from commonground.words import Portal, Raw

READERS: dict[str, tuple[str, ...]] = {
    "socrata": (
        "commonground.protocols.socrata.read:Discovery",
        "commonground.protocols.socrata.read:Views",
        "commonground.protocols.socrata.read:SocrataDataJson",
    ),
    "ckan": ("commonground.protocols.ckan.read:Ckan",),
    "arcgis-hub": (
        "commonground.protocols.arcgis_hub.read:HubFeed",
        "commonground.protocols.arcgis_hub.read:HubSearch",
    ),
    "opendatasoft": ("commonground.protocols.opendatasoft.read:Opendatasoft",),
    "dcat-us": ("commonground.protocols.dcat_us.read:DcatUs",),
}
"""Protocol name (as in a city's TOML) to its dialects, the best first."""

SERVERS: dict[str, str] = {
    "socrata": "commonground.protocols.socrata.serve:app",
    "ckan": "commonground.protocols.ckan.serve:app",
    "arcgis-hub": "commonground.protocols.arcgis_hub.serve:app",
    "opendatasoft": "commonground.protocols.opendatasoft.serve:app",
    "dcat-us": "commonground.protocols.dcat_us.serve:app",
}
"""Protocol of a recording to the application that serves it."""

ROWS: dict[str, str] = {
    "socrata": "commonground.protocols.socrata.rows:SocrataRows",
    "ckan": "commonground.protocols.ckan.rows:CkanRows",
    "arcgis-hub": "commonground.protocols.arcgis_hub.rows:HubRows",
    "opendatasoft": "commonground.protocols.opendatasoft.rows:OpendatasoftRows",
    "dcat-us": "commonground.protocols.dcat_us.rows:DcatUsRows",
}
"""Protocol name to the reader of its rows."""

NAMES: dict[str, str] = {
    "socrata": "commonground.protocols.socrata.addresses:named",
    "ckan": "commonground.protocols.ckan.addresses:named",
    "arcgis-hub": "commonground.protocols.arcgis_hub.items:named",
}
"""Protocol to the function that tells which dataset of a portal an address names, where its addresses tell."""


def _load(path: str) -> object:
    module, name = path.split(":")
    return getattr(import_module(module), name)


@cache
def readers(protocol: str) -> tuple[Reader, ...]:
    """The readers of a protocol, the one to try first in front."""
    if protocol not in READERS:
        known = ", ".join(sorted(READERS))
        raise Misconfigured(f"No protocol “{protocol}”.", advice=f"Known protocols: {known}.")
    return tuple(cast("type[Reader]", _load(path))() for path in READERS[protocol])


@cache
def row_reader(protocol: str) -> RowReader:
    """The reader of a protocol's rows. Raises `Misconfigured` for a protocol that nobody reads."""
    if protocol not in ROWS:
        raise Misconfigured(
            f"No rows of protocol “{protocol}” can be read.", advice=f"Known: {', '.join(sorted(ROWS))}."
        )
    return cast("type[RowReader]", _load(ROWS[protocol]))()


@cache
def reader(dialect: str) -> Reader:
    """The reader with that dialect name (`socrata-discovery`, `ckan` …)."""
    for protocol in READERS:
        for one in readers(protocol):
            if one.name == dialect:
                return one
    raise Misconfigured(f"No dialect “{dialect}”.")


def capabilities(dialect: str) -> Capabilities | None:
    """What a dialect can tell; None for one that there is no more."""
    return next((one.capabilities for name in READERS for one in readers(name) if one.name == dialect), None)


def shown(dialect: str, raw: Raw) -> Raw:
    """A record as it may be shown, without private persons. One of a dialect that is gone is shown with most care."""
    known = [one for protocol in READERS for one in readers(protocol) if one.name == dialect]
    return (known[0].persons if known else persons()).shown(raw)


@cache
def persons() -> Persons:
    """Where persons may stand in the records of any dialect."""
    return reduce(or_, (one.persons for protocol in READERS for one in readers(protocol)))


def named_by(portal: Portal, url: str) -> str:
    """The native id of the dataset of this portal that an address names; "" when it names none, or nobody can tell."""
    try:
        return _namer(portal.protocol)(portal, url)
    except ValueError:  # no address
        return ""


@cache
def _namer(protocol: str) -> Callable[[Portal, str], str]:
    return cast("Callable[[Portal, str], str]", _load(NAMES[protocol])) if protocol in NAMES else lambda *_: ""


@cache
def server(protocol: str) -> Serve:
    """The application that serves recordings of that protocol."""
    if protocol not in SERVERS:
        known = ", ".join(sorted(SERVERS))
        raise Misconfigured(f"No recording of protocol “{protocol}” can be served.", advice=f"Known: {known}.")
    return cast("Serve", _load(SERVERS[protocol]))
