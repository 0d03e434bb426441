"""Which files are which table: what SQL, REST and pages read. The newest release, or one by its number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from django.conf import settings

from commonground.errors import NotFound
from commonground.standards import files
from commonground.standards.model import Standard
from commonground.tables.build.result import Built, built
from commonground.tables.models import Build, Release


@dataclass(frozen=True)
class CityRows:
    """One city in a release: what was counted, whose rights, and the files."""

    build: int
    city: str
    result: Built
    made: datetime
    rights: tuple[Mapping[str, Any], ...]
    rows: Path
    withheld: Path


@dataclass(frozen=True)
class Table:
    """A release of a table; `newest` is the number of the newest one."""

    standard: Standard
    number: int
    newest: int
    at: datetime
    cities: Mapping[str, CityRows]
    difference: tuple[Mapping[str, Any], ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files of its rows."""
        return tuple(one.rows for one in self.cities.values())

    @property
    def count(self) -> int:
        """How many rows it has."""
        return sum(one.result.mapped for one in self.cities.values())


def home() -> Path:
    """The folder below which the paths of parts and builds lie."""
    return Path(settings.HOME)


def published() -> Mapping[str, tuple[Path, ...]]:
    """The newest release of each table: name to files."""
    return {one.standard.name: one.paths for one in tables()}


def tables() -> list[Table]:
    """The newest release of each table, by name."""
    newest: dict[str, Release] = {}
    for one in Release.objects.order_by("standard", "number").prefetch_related("builds"):
        newest[one.standard] = one
    return [_table(one, one.number) for one in newest.values()]


def table(name: str, number: int | None = None) -> Table:
    """One table by name, the newest release or the one with that number. Raises `NotFound`."""
    releases = Release.objects.filter(standard=name).order_by("-number")
    newest = releases.first()
    if newest is None:
        known = sorted({*Release.objects.values_list("standard", flat=True)})
        near = get_close_matches(name, known, 1)
        told = (
            f"There is {near[0]}."
            if near
            else f"Tables: {', '.join(known) or 'none yet; commonground build makes them'}."
        )
        raise NotFound(f"There is no table “{name}”.", advice=told)
    found = newest if number is None else releases.filter(number=number).first()
    if found is None:
        raise NotFound(
            f"The table {name} has no release {number}.", advice=f"The newest is {newest.number}; the first is 1."
        )
    return _table(found, newest.number)


def _table(one: Release, newest: int) -> Table:
    cities = {build.city: _city(build) for build in sorted(one.builds.all(), key=lambda build: build.city)}
    standard = files.standard(one.standard, one.version)
    return Table(standard, one.number, newest, one.at, cities, tuple(one.difference))


def _city(build: Build) -> CityRows:
    folder = home() / build.folder
    return CityRows(
        build.pk,
        build.city,
        built(build.result),
        build.made,
        tuple(build.rights),
        folder / "rows.parquet",
        folder / "withheld.parquet",
    )
