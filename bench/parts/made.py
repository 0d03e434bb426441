"""Records for a made portal: real ones of the recordings, then copies of them with other ids and titles."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from parts.machine import RECORDINGS

from commonground import cities
from commonground.protocols import recordings
from commonground.protocols.base import Notes
from commonground.protocols.data_json import record as dcat_us
from commonground.protocols.registry import readers

Raw = dict[str, Any]

HOSTS = ("data.sfgov.org", "data.cityofnewyork.us", "data.cityofchicago.org", "data.lacity.org")
"""Socrata portals, whose records are the largest that we know."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Template:
    """A record as JSON, and what is another in each copy."""

    id: bytes
    title: bytes
    body: bytes

    def copy(self, identity: str, turn: int) -> bytes:
        """The record itself in the first turn, else under another id and title."""
        if not turn:
            return self.body
        return self.body.replace(self.id, identity.encode()).replace(self.title, self.title[:-1] + b' %d"' % turn, 1)


class Holdings:
    """That many records, in the order of their ids. Each is made when it is asked for, so that memory stays small."""

    def __init__(self, templates: Sequence[Template], count: int) -> None:
        self._templates = templates
        real = [(one.id.decode(), number, 0) for number, one in enumerate(templates[:count])]
        more = (
            (_four_by_four(number), number % len(templates), number // len(templates)) for number in _from(real, count)
        )
        self._order = sorted((*real, *more))

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, which: slice) -> list[bytes]:
        return [self._templates[number].copy(identity, turn) for identity, number, turn in self._order[which]]

    def after(self, identity: str) -> int:
        """How many records come up to and with this id."""
        return bisect_right(self._order, (identity, sys.maxsize, 0))


def _from(real: Sequence[object], count: int) -> range:
    return range(len(real), count)


def _four_by_four(number: int) -> str:
    """An id as Socrata's are, which none of the recordings has."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    digits = digits.rjust(7, "0")
    return f"z{digits[:3]}-{digits[3:]}"


def discovery(domain: str, hosts: Sequence[str] = HOSTS) -> list[Template]:
    """Records of Socrata's Discovery API, as if all were of one domain."""
    return [
        _template(
            {**one, "metadata": {**one["metadata"], "domain": domain}}, one["resource"]["id"], one["resource"]["name"]
        )
        for host in hosts
        for one in _records(host)
    ]


def data_json(hosts: Sequence[str] = HOSTS) -> list[Template]:
    """The same as records of a data.json (DCAT-US 1.1)."""
    portals = {portal.host: portal for portal in cities.portals(cities.load()).values()}
    found = []
    for host in hosts:
        reader = readers("socrata")[0]
        for one in _records(host):
            dataset = reader.normalize(one, portals[host], Notes())
            made = dcat_us(dataset, identify=lambda native_id, host=host: f"https://{host}/api/views/{native_id}")  # type: ignore[misc]
            found.append(_template(made, dataset.native_id, made["title"]))
    return found


def _records(host: str) -> Iterator[Raw]:
    newest = recordings.newest(recordings.find(Path(RECORDINGS) / "portals"))
    return iter(newest[host].holdings().records)


def _template(record: Raw, identity: str, title: str) -> Template:
    return Template(identity.encode(), orjson.dumps(title), orjson.dumps(record))
