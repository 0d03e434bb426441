"""Rows of datasets from the cities' portals: as they are today, or as recordings of them answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils import timezone

from commonground.errors import NotFound
from commonground.protocols.base import RowPage
from commonground.protocols.http import Client
from commonground.protocols.registry import row_reader
from commonground.protocols.replay import Stage
from commonground.protocols.rows.reading import read_rows, state_of
from commonground.tables import spool
from commonground.tables.gather import Vintage
from commonground.tables.manifest import home
from commonground.words import City, Portal


def _portal(key: str, cities: Mapping[str, City]) -> tuple[Portal, str]:
    slug, _, native_id = key.partition("/")
    for city in cities.values():
        for portal in city.portals:
            if portal.slug == slug:
                return portal, native_id
    raise NotFound(f"{key}: no city has a portal “{slug}”.", advice="Correct the crosswalk's dataset.")


@dataclass(frozen=True)
class Dataset:
    """A dataset as its portal has it now."""

    portal: Portal
    native_id: str
    client: Client

    @property
    def incremental(self) -> bool:
        """Whether the portal can be asked for what changed since."""
        return row_reader(self.portal.protocol).capabilities.incremental

    def state(self) -> str:
        """What stays the same as long as its rows do; "" where the portal does not tell."""
        return state_of(self.portal, self.native_id, self.client)

    def count(self) -> int | None:
        """How many rows the portal says there are."""
        return row_reader(self.portal.protocol).count(self.portal, self.native_id, self.client)

    def read(self, state: str, after: str = "", most: int | None = None) -> Vintage | None:
        """All rows, or those that changed since the cursor `after`; None where the portal says that these are more
        than `most`. A reading that was broken off in the same `state` is gone on with.
        """
        today = timezone.now().date().isoformat()
        told = f"{self.portal.slug}/{self.native_id}\n{state or today}\n{after}"

        def ask(cursor: str) -> Iterator[RowPage]:
            for page in read_rows(self.portal, self.native_id, self.client, cursor or after):
                if most is not None and (page.declared or 0) > most:
                    raise _TooMany
                yield page

        try:
            return _read(told, ask, today)
        except _TooMany:
            return None


class _TooMany(Exception):
    pass


@dataclass(frozen=True)
class Live:
    """The portals as they are: what is unchanged since the last build is not read again, unless the `whole` is wanted."""

    client: Client
    cities: Mapping[str, City]
    whole: bool = False

    def dataset(self, key: str) -> Dataset:
        """A dataset (`PORTAL/NATIVE-ID`) that can be followed from build to build. Raises `NotFound`."""
        return Dataset(*_portal(key, self.cities), self.client)

    def vintages(self, key: str) -> Iterator[Vintage]:
        """The rows of today, all of them."""
        found = self.dataset(key).read("")
        yield from [found] if found else []


@dataclass(frozen=True)
class Replayed:
    """Recordings on loopback: each recorded file of a dataset is a vintage, the oldest first."""

    stage: Stage
    cities: Mapping[str, City]
    whole: bool = False

    def dataset(self, key: str) -> None:
        """None: what is recorded does not change, and each file is a vintage of its own."""

    def vintages(self, key: str) -> Iterator[Vintage]:
        """The recorded rows, asked for in the portal's own protocol."""
        portal, native_id = _portal(key, self.cities)
        found = self.stage.vintages(portal.host, native_id)
        if not found:
            raise NotFound(f"{key}: its rows are not among the recordings.", advice="Name them in rows/MANIFEST.csv.")
        for one in found:
            facts = one.file.path.stat()
            told = f"{key}\n{one.file.path}\n{facts.st_size} {facts.st_mtime_ns}"
            with Client(routes=one.routes, sealed=True) as client:

                def ask(cursor: str, client: Client = client) -> Iterable[RowPage]:
                    return read_rows(portal, native_id, client, cursor)

                yield _read(told, ask, one.file.name)


def _read(told: str, ask: spool.Ask, label: str) -> Vintage:
    """Read all pages to disk, because only the last of them tells which columns there are."""
    kept = spool.read(home() / "reading", told, ask)
    notes = [{"code": one.code, "sample": one.sample, "detail": one.detail} for one in kept.findings]
    return Vintage(label, tuple(kept.names), kept.batches(), kept.declared, list(notes), kept.cursor, kept.forget)
