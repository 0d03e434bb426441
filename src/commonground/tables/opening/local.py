"""The tables of a home on this machine, read from its database and files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from commonground.errors import Misconfigured, NotFound, Usage
from commonground.standards.datapackage import table_schema
from commonground.tables.opening.table import Portal, Table

if TYPE_CHECKING:
    from commonground.tables import manifest

Found = TypeVar("Found")


class Local(Portal):
    """A home. Django keeps one for a process, so that a second one is refused."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = _set_up(home)

    def __repr__(self) -> str:
        """As it was opened."""
        return f"commonground.open({str(self.home)!r})"

    def tables(self) -> list[str]:
        """See `Portal`."""
        from commonground.tables import manifest

        return _aside(lambda: [one.standard.name for one in manifest.tables()])

    def table(self, name: str, release: int | None = None) -> Table:
        """See `Portal`."""
        return _aside(lambda: _table(name, release))


def _table(name: str, release: int | None) -> Table:
    from commonground.tables import giving, manifest

    found = manifest.table(name, release)
    return Table(
        name,
        found.number,
        found.standard.version,
        {city: one.result.mapped for city, one in found.cities.items()},
        table_schema(found.standard),
        {
            city: {field: share.remainder for field, share in one.result.remainder.items()}
            for city, one in found.cities.items()
        },
        giving.terms(found, found.cities),
        giving.attribution(found, found.cities),
        {},
        lambda chosen: _paths(found, chosen),
    )


def _paths(found: manifest.Table, chosen: Iterable[str]) -> Sequence[Path]:
    return [found.cities[one].rows for one in chosen]


def _set_up(home: Path | None) -> Path:
    if home is not None and not home.is_dir():
        raise NotFound(f"There is no folder {home}.", advice="commonground build makes a home with tables.")
    import django
    from django.apps import apps
    from django.conf import settings

    if home is not None and not settings.configured:
        os.environ["COMMONGROUND_HOME"] = str(home.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonground.site.settings")
    if not apps.ready:
        django.setup()
    here = Path(settings.HOME)
    if home is not None and home.resolve() != here:
        raise Usage(f"This process has opened the home {here} already.", advice="Open another one in a new process.")
    return here


def _aside(question: Callable[[], Found]) -> Found:
    """Ask in a thread where an event loop runs, as in a notebook: Django would refuse to be asked there."""
    from django.db import DatabaseError

    try:
        if not _in_a_loop():
            return question()
        with ThreadPoolExecutor(1) as other:
            return other.submit(_and_let_go, question).result()
    except DatabaseError as error:
        advice = "commonground status brings it to this version; COMMONGROUND_HOME names another home."
        raise Misconfigured(f"The database of the home cannot be read: {error}.", advice=advice) from error


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _and_let_go(question: Callable[[], Found]) -> Found:
    from django.db import connections

    try:
        return question()
    finally:
        connections.close_all()
