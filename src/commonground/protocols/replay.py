"""Recordings as portals: each on a loopback port of its own, speaking its own protocol.

A portal shows one state of a dataset at a time, and a recording may keep several (its vintages). So a host whose
datasets have vintages is served once for each: the n-th server gives the n-th vintage of every dataset, or its last
one. Which one is read is a matter of the routes that a client is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date

from commonground.protocols.base import Holdings
from commonground.protocols.recordings import Recording
from commonground.protocols.registry import READERS, readers, server
from commonground.protocols.rows.recorded import RowFile, vintages
from commonground.protocols.serving import loopback
from commonground.words import Finding


@dataclass(frozen=True, slots=True)
class Vintage:
    """One file of a dataset. A client with these `routes` is told by the dataset's portal the rows of this file."""

    number: int
    """From 1, the oldest first; see `rows.recorded` for the order."""
    file: RowFile
    routes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stage:
    """Portals on loopback: `routes` from host to base URL (of the newest state), `days` from host to the day recorded.

    `rows` are the recorded rows by host and native id, the oldest vintage first; `findings` tell of rows that no
    record lists, and of those that are not served.
    """

    routes: Mapping[str, str]
    days: Mapping[str, date]
    rows: Mapping[str, Mapping[str, tuple[RowFile, ...]]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    states: tuple[Mapping[str, str], ...] = ()
    """Routes to the first vintage of everything, to the second …"""

    def vintages(self, host: str, native_id: str) -> tuple[Vintage, ...]:
        """The vintages of a dataset, the oldest first; none where its rows are not recorded."""
        found = self.rows.get(host, {}).get(native_id, ())
        return tuple(Vintage(at, file, self.states[at - 1]) for at, file in enumerate(found, 1))


@contextmanager
def staged(
    recordings: Mapping[str, Recording], *, first_port: int = 0, rows: Iterable[RowFile] = ()
) -> Iterator[Stage]:
    """Serve recordings, by host, until the block ends, and with them the rows that are recorded of their datasets.

    `rows` as `rows.recorded.find` gives them. Rows of a dataset that its portal's recording does not list are served
    all the same, with the finding `rows-without-record`; those of a portal without any recording are not, which is
    `rows-without-portal`.
    """
    held = {host: (one.protocol, one.holdings()) for host, one in recordings.items()}
    known = vintages(rows)
    served = {host: found for host, found in known.items() if host in held}
    findings = (*_unlisted(held, served), *_unserved(known, served))
    depth = max((_depth(found) for found in served.values()), default=1)
    with ExitStack() as stack:
        states: list[dict[str, str]] = []
        for back in range(depth):  # the newest state first, because it has the ports that were asked for
            wanted = {host: one for host, one in held.items() if back < _depth(served.get(host, {}))}
            newest = {host: _at(one[1], served.get(host, {}), back) for host, one in wanted.items()}
            opened = on_loopback(
                {host: (wanted[host][0], one) for host, one in newest.items()}, first_port=0 if back else first_port
            )
            states.append(stack.enter_context(opened))
        routes = states[0]
        days = {host: one.day for host, one in recordings.items()}
        yield Stage(routes, days, served, findings, _by_number(states, held, served))


def _depth(found: Mapping[str, tuple[RowFile, ...]]) -> int:
    return max(map(len, found.values()), default=1)


def _at(holdings: Holdings, found: Mapping[str, tuple[RowFile, ...]], back: int) -> Holdings:
    """The holdings as of so many states before the newest."""
    number = _depth(found) - 1 - back
    return replace(holdings, rows={key: ones[min(number, len(ones) - 1)] for key, ones in found.items()})


def _by_number(
    states: list[dict[str, str]],
    held: Mapping[str, tuple[str, Holdings]],
    served: Mapping[str, Mapping[str, tuple[RowFile, ...]]],
) -> tuple[Mapping[str, str], ...]:
    """Routes to the n-th vintage, made of the servers of each host, which are counted from its newest state back."""
    found = []
    for number in range(len(states)):
        routes = dict(states[0])
        for host in held:
            back = max(_depth(served.get(host, {})) - 1 - number, 0)
            base = states[0][host]
            moved = {other for other, address in states[0].items() if address == base}
            routes.update(dict.fromkeys(moved, states[back][host]))
        found.append(routes)
    return tuple(found)


def _unlisted(
    held: Mapping[str, tuple[str, Holdings]], served: Mapping[str, Mapping[str, tuple[RowFile, ...]]]
) -> Iterator[Finding]:
    for host, found in served.items():
        protocol, holdings = held[host]
        ids = set()
        for reader in (one for name in READERS for one in readers(name) if one.recorded_as == protocol):
            for record in holdings.records:
                with suppress(ValueError):
                    ids.add(reader.native_id(record))
        for native_id in found.keys() - ids:
            names = ", ".join(one.name for one in found[native_id])
            yield Finding("rows-without-record", host, names[:200], native_id)


def _unserved(
    known: Mapping[str, Mapping[str, tuple[RowFile, ...]]], served: Mapping[str, object]
) -> Iterator[Finding]:
    for host in known.keys() - served.keys():
        for native_id, files in known[host].items():
            yield Finding("rows-without-portal", host, ", ".join(one.name for one in files)[:200], native_id)


@contextmanager
def on_loopback(holdings: Mapping[str, tuple[str, Holdings]], *, first_port: int = 0) -> Iterator[dict[str, str]]:
    """Serve `host -> (protocol, holdings)`; further hosts that holdings answer for lead to the same port."""
    apps = {host: server(protocol)(held) for host, (protocol, held) in holdings.items()}
    with loopback(apps, first_port=first_port) as routes:
        for host, (_, held) in holdings.items():
            for other in held.also:
                routes.setdefault(other, routes[host])
        yield routes
