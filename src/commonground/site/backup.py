"""Back up the whole home and restore it: the database, and what is kept beside it, of one moment.

A restore unpacks and compares everything first, then puts it in place in one step. Until the restored state has
proved itself (its rows counted, its schema migrated, its index in step) the state before is kept, and comes back
when anything fails. The database gets a new mark: what was derived from another course of events is never taken for
its own. Not part of a backup: the secret key, settings and city files.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from commonground import __version__
from commonground.catalog import counter, index
from commonground.catalog.models import new_mark
from commonground.errors import BackupBroken, Misconfigured, Usage
from commonground.site import archive, databases, schema, store
from commonground.site.archive import Manifest
from commonground.work import owners
from commonground.work.models import Run

DATABASE = "database"
DERIVED = ("search", "export")
"""Folders of the home with one folder a mark."""
STAGE = ".commonground-unfinished-"
"""How the names of folders begin in which a backup or a restore is made ready; nothing else may be called so."""
_FRESH = 60.0
"""Seconds in which a new one is surely locked."""


@dataclass(frozen=True, slots=True)
class Member:
    """A part of the home beside the database. Another room's part becomes one more line of `MEMBERS`.

    `save` writes it into a folder and returns facts for the manifest; `place` puts a restored folder where the
    database of that mark will look for it, and not where the present one does. What follows the database is saved
    before it; what the database may name, after it.
    """

    name: str
    save: Callable[[Path], dict[str, Any]]
    place: Callable[[Path, str], None]
    after_database: bool = False


def _save_index(folder: Path) -> dict[str, Any]:
    """None for a generation when there is no index, or it is being made: a restore makes it anew."""
    try:
        return {"generation": index.opened().copy(folder)}
    except Usage:
        return {"generation": None}


def _place_index(folder: Path, mark: str) -> None:
    place = settings.HOME / "search" / mark
    place.parent.mkdir(exist_ok=True)
    folder.rename(place)


def _save_files(name: str) -> Callable[[Path], dict[str, Any]]:
    """Of a folder of the home whose files never change: all that are whole."""

    def save(folder: Path) -> dict[str, Any]:
        source = settings.HOME / name
        unfinished = shutil.ignore_patterns("*.partial", "spill")
        if source.is_dir():
            shutil.copytree(source, folder, ignore=unfinished, dirs_exist_ok=True)
        return {"files": sum(one.is_file() for one in folder.rglob("*"))}

    return save


def _place_files(name: str) -> Callable[[Path, str], None]:
    """Files have names of their own for ever, so those of another course of events are in nobody's way."""

    def place(folder: Path, mark: str) -> None:
        del mark
        for one in folder.rglob("*"):
            target = settings.HOME / name / one.relative_to(folder)
            if one.is_file() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                one.rename(target)

    return place


MEMBERS = (
    Member("search", _save_index, _place_index),
    *(Member(name, _save_files(name), _place_files(name), after_database=True) for name in ("rows", "tables")),
)


def backup(target: Path) -> tuple[Path, Manifest]:
    """Write a backup, beside a running portal and harvest. A folder gets a file named by the time.

    Returns the file and what it holds; raises `Usage` when it exists, `Misconfigured` when it cannot be written.
    """
    with _told():
        return _backup(target)


def _backup(target: Path) -> tuple[Path, Manifest]:
    now = datetime.now(UTC)
    path = target / f"commonground-{now:%Y-%m-%dT%H%M%SZ}.tar.gz" if target.is_dir() else target
    if path.exists():
        raise Usage(f"{path} exists.", advice="Name another file, or a folder.")
    if not path.parent.is_dir():
        raise Usage(f"There is no folder {path.parent}.", advice="Make it first.")
    database = databases.here()
    with _staging(path.parent) as stage:
        saved = _saved([one for one in MEMBERS if not one.after_database], stage)
        (stage / DATABASE).mkdir()
        facts = database.save(stage / DATABASE)
        saved |= _saved([one for one in MEMBERS if one.after_database], stage)
        manifest = Manifest(version=__version__, made=now, database=database.kind, members=saved, **facts)
        return path, archive.write(path, stage, manifest)


def _saved(members: list[Member], stage: Path) -> dict[str, dict[str, Any]]:
    for one in members:
        (stage / one.name).mkdir()
    return {one.name: one.save(stage / one.name) for one in members}


def restore(source: Path, *, force: bool = False) -> Manifest:
    """Put a backup in the place of what this home holds, which needs `force`. All or nothing.

    Raises `BackupBroken` when it cannot be trusted or is of a newer version, `Usage` when something is in the way,
    `Misconfigured` when it cannot be written.
    """
    with _told():
        return _restore(source, force=force)


def _restore(source: Path, *, force: bool) -> Manifest:
    home: Path = settings.HOME
    home.mkdir(parents=True, exist_ok=True)
    database = databases.here()
    with _staging(home) as stage:
        manifest = archive.unpack(source, stage)
        _require_fit(source, manifest, database)
        _require_alone(database)
        filled = database.filled()
        if filled and not force:
            raise Usage(
                f"{home} holds a catalog already; a restore replaces it.",
                advice="Say --force to replace it, or set COMMONGROUND_HOME to another folder.",
            )
        replaced, mark = _mark() if filled else "", new_mark()
        try:
            for one in MEMBERS:
                if any((stage / one.name).glob("*")):
                    one.place(stage / one.name, mark)
            _exchange(database, stage / DATABASE, mark, manifest)
        except BaseException:
            _drop_derived(mark)
            raise
    if replaced:
        _drop_derived(replaced)
    return manifest


def _exchange(database: databases.Database, folder: Path, mark: str, manifest: Manifest) -> None:
    """Put the database in place, and take it back if it does not prove itself."""
    database.swap(folder, mark)
    try:
        _require_all(manifest)
        store.migrate()
        # Whoever held a run is gone; its lease shall not keep others waiting.
        Run.objects.filter(state=Run.State.RUNNING).update(leased_until=timezone.now())
        index.follow()
    except BaseException:
        database.revert()
        raise
    database.accept()


def _require_all(manifest: Manifest) -> None:
    with connection.cursor() as cursor:
        counts = databases.facts(cursor)["counts"]
    if lost := [table for table, count in manifest.counts.items() if counts.get(table) != count]:
        raise BackupBroken(f"Restored, {lost[0]} has other rows than the backup says.", advice="Nothing was changed.")


def _require_fit(source: Path, manifest: Manifest, database: databases.Database) -> None:
    if manifest.database != database.kind:
        raise BackupBroken(
            f"{source} is of {manifest.database}, and this home uses {database.kind}.",
            advice="Set DATABASE_URL to a PostgreSQL address, or leave it empty for SQLite.",
        )
    migrations = [(app, name) for app, _, name in (one.partition(".") for one in manifest.migrations)]
    if newer := schema.strange(migrations):
        raise BackupBroken(
            f"{source} was made by version {manifest.version}, which is newer: it has {'.'.join(newer[0])}.",
            advice=f"Install version {manifest.version} or a newer one, and restore again.",
        )


def _require_alone(database: databases.Database) -> None:
    """Raise `Usage` while a server, a worker or a harvest of this home lives."""
    folder = settings.HOME / "owners"
    us = owners.name(folder)  # another restore sees us by this
    living = [path for path in folder.glob("*") if path.name != us and not owners.dead(folder, path.name)]
    if living:
        raise Usage(
            f"{len(living)} process{'' if len(living) == 1 else 'es'} of this home still run{'s' if len(living) == 1 else ''}.",
            advice="Stop commonground serve, work and harvest, then restore again.",
        )
    database.require_alone()


def _mark() -> str:
    """Of the database that is here; empty when it cannot be read."""
    try:
        return counter.mark()
    except DatabaseError:
        return ""


def _drop_derived(mark: str) -> None:
    for name in DERIVED:
        shutil.rmtree(settings.HOME / name / mark, ignore_errors=True)


@contextmanager
def _told() -> Iterator[None]:
    """What the disk or the database refuses is no mistake of ours."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Misconfigured(
            f"{where}{error.strerror or error}.", advice="Make room, or choose another place."
        ) from error
    except (DatabaseError, sqlite3.Error) as error:
        raise Misconfigured(
            f"The database refused: {error}.", advice="Check DATABASE_URL and COMMONGROUND_HOME."
        ) from error


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """An empty folder beside the place where things go, for its owner only; gone afterwards.

    Its lock tells that its process lives. What killed ones left is as large as the catalog, and goes now.
    """
    for left in folder.glob(f"{STAGE}*"):
        _sweep(left)
    stage = Path(tempfile.mkdtemp(prefix=STAGE, dir=folder))
    handle = os.open(stage, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        os.close(handle)


def _sweep(left: Path) -> None:
    """Take a staging folder away, unless its process lives or may just be about to lock it."""
    with suppress(OSError):  # another process sweeps as well, or it is not ours
        if time.time() - left.stat().st_mtime < _FRESH:
            return
        handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        finally:
            os.close(handle)


def describe(manifest: Manifest, path: Path, seconds: float) -> dict[str, Any]:
    """What the commands print: the manifest without its list of files, the size of the backup, and the time taken."""
    told = manifest.model_dump(mode="json", exclude={"files", "format"})
    return {"file": os.fspath(path), "bytes": path.stat().st_size, "seconds": round(seconds, 1), **told}
