"""The sample as portals on loopback: our datasets as records of each protocol, served by that protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from importlib import import_module

from commonground.demo.rows import held
from commonground.demo.sample import portals as sample
from commonground.protocols.base import Holdings
from commonground.protocols.replay import on_loopback
from commonground.words import City, Portal

RECORDS = {
    "socrata": "commonground.protocols.socrata.record",
    "ckan": "commonground.protocols.ckan.record",
    "arcgis-hub": "commonground.protocols.arcgis_hub.record",
    "dcat-us": "commonground.protocols.dcat_us.record",
}
"""Where each protocol makes its records from our datasets."""


@contextmanager
def staged(today: date, cities: Mapping[str, City]) -> Iterator[tuple[Mapping[str, str], list[Portal]]]:
    """Serve the sample until the block ends: routes from host to loopback, and the portals that have one."""
    by_host = {portal.host: portal for city in cities.values() for portal in city.portals}
    holdings, chosen = {}, []
    for host, datasets in sample(today).items():
        portal = by_host[host]
        record = import_module(RECORDS[portal.protocol]).record
        records = [record(dataset) for dataset in datasets]
        holdings[host] = (portal.protocol, Holdings(host, records, rows=held(portal.slug, today)))
        chosen.append(portal)
    with on_loopback(holdings) as routes:
        yield routes, chosen
