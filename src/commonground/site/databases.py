"""Save a database while others write, and put a saved one in the place of what is there: SQLite and PostgreSQL.

What is put in place is there in one step, and the state before is kept aside until all is known to be well.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from django.apps import apps
from django.db import connection, connections, transaction

from commonground.errors import Misconfigured, Usage

ASIDE = "commonground_before"
"""What the state before is called while a restore is under way."""
OWNED = ("catalog_dataset", "catalog_harvest", "auth_user")
"""A database with rows in one of these is somebody's work."""
_MARK = "UPDATE catalog_counter SET mark = '{}' WHERE name = 'catalog'"


class Database(Protocol):
    """One kind of database: how it is saved and put back."""

    kind: str

    def save(self, folder: Path) -> dict[str, Any]:
        """Write it into the folder as it is at one moment. Returns the facts of that moment."""

    def require_alone(self) -> None:
        """Raise `Usage` while other processes use it."""

    def filled(self) -> bool:
        """Whether there is anything that a restore would replace."""

    def swap(self, folder: Path, mark: str) -> None:
        """Put the saved one in place, under a new mark, in one step."""

    def revert(self) -> None:
        """Put back what was there before."""

    def accept(self) -> None:
        """Let go of what was there before."""


def here() -> Database:
    """The database of this home."""
    return Postgres() if connection.vendor == "postgresql" else Sqlite(Path(connection.settings_dict["NAME"]))


def facts(cursor: Any) -> dict[str, Any]:  # noqa: ANN401 - of either database
    """Migrations, mark, generation, and the rows of each table, as this cursor sees them."""
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
    migrations = [f"{app}.{name}" for app, name in cursor.fetchall()]
    cursor.execute("SELECT mark, value FROM catalog_counter WHERE name = 'catalog'")
    mark, generation = cursor.fetchone() or ("", 0)
    tables = sorted(connection.introspection.django_table_names(only_existing=True))
    counts = {}
    for table in tables:
        cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - names of our own models
        (counts[table],) = cursor.fetchone()
    return {"migrations": migrations, "mark": mark, "generation": generation, "counts": counts}


class Sqlite:
    """A file in the home. Saved by SQLite's online backup: one moment's state, and writers need not wait."""

    kind = "sqlite"
    saved = "commonground.sqlite3"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._aside = path.with_name(f"{path.name}.{ASIDE}")

    def save(self, folder: Path) -> dict[str, Any]:
        """A copy without journal, checked page by page."""
        source = f"{self.path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(source, uri=True)) as live, closing(sqlite3.connect(folder / self.saved)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            (verdict,) = copy.execute("PRAGMA quick_check").fetchone()
            if verdict != "ok":
                raise Misconfigured(f"{self.path} is damaged: {verdict}.", advice="Restore an earlier backup.")
            with closing(copy.cursor()) as cursor:
                return facts(cursor)

    def require_alone(self) -> None:
        """Others are known by their locks in the home; here is nothing more to ask."""

    def filled(self) -> bool:
        """A file that cannot be read counts as somebody's work."""
        if not self.path.exists():
            return False
        try:
            with closing(sqlite3.connect(self.path)) as file:
                held = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
                asked = (f'SELECT 1 FROM "{table}" LIMIT 1' for table in OWNED if table in held)  # noqa: S608 - ours
                return any(file.execute(one).fetchone() for one in asked)
        except sqlite3.DatabaseError:
            return True

    def swap(self, folder: Path, mark: str) -> None:
        """One rename. A journal of the old file must be gone by then: it would be played into the new one."""
        staged = folder / self.saved
        with closing(sqlite3.connect(staged)) as file:
            file.execute(_MARK.format(mark))
            file.commit()
        connections.close_all()
        self._aside.unlink(missing_ok=True)
        if self.path.exists():
            self._settle()
            os.link(self.path, self._aside)
        staged.replace(self.path)

    def revert(self) -> None:
        """One rename back."""
        connections.close_all()
        self._drop_journal()
        if self._aside.exists():
            self._aside.replace(self.path)
        else:
            self.path.unlink(missing_ok=True)

    def accept(self) -> None:
        """The old file goes."""
        self._aside.unlink(missing_ok=True)

    def _settle(self) -> None:
        """Let the old file stand by itself. Raises `Usage` when somebody has it open."""
        try:
            with closing(sqlite3.connect(self.path, timeout=1)) as file:
                file.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise Usage(f"{self.path} is in use.", advice="Stop all services, then restore again.") from error
            # Otherwise it is damaged, which is why it is replaced.
        self._drop_journal()

    def _drop_journal(self) -> None:
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


class Postgres:
    """A database of its own on a server. Saved by pg_dump at a snapshot that the facts are read at as well."""

    kind = "postgresql"
    saved = "postgresql.dump"

    def save(self, folder: Path) -> dict[str, Any]:
        """pg_dump's custom format, uncompressed: the archive compresses."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone() or ("",)
            found = facts(cursor)
            options = ("--format=custom", "--compress=0", "--schema=public", f"--snapshot={snapshot}")
            _run("pg_dump", *options, "--no-owner", "--no-privileges", f"--file={folder / self.saved}")
        return found

    def require_alone(self) -> None:
        """Others are seen from the server, on whatever machine they are."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            (others,) = cursor.fetchone() or (0,)
        if others:
            raise Usage(
                f"{others} other connections use this database.", advice="Stop all services, then restore again."
            )

    def filled(self) -> bool:
        """Raises `Usage` when the database holds tables of something else."""
        with connection.cursor() as cursor:
            held = set(connection.introspection.table_names(cursor))
            ours = (*(f"{one.label}_" for one in apps.get_app_configs()), "django_")
            if others := sorted(table for table in held if not table.startswith(ours)):
                raise Usage(
                    f"This database holds a table “{others[0]}” of something else.",
                    advice="Give Common Ground a database of its own.",
                )
            for table in held.intersection(OWNED):
                cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1')  # noqa: S608 - ours
                if cursor.fetchone():
                    return True
        return False

    def swap(self, folder: Path, mark: str) -> None:
        """One transaction: the old tables step aside, the saved ones come, under the new mark."""
        script = folder / "restore.sql"
        _require("psql")
        _plain(
            "pg_restore",
            "--schema=public",
            "--no-owner",
            "--no-privileges",
            f"--file={script}",
            str(folder / self.saved),
        )
        connections.close_all()
        steps = (
            f"DROP SCHEMA IF EXISTS {ASIDE} CASCADE; ALTER SCHEMA public RENAME TO {ASIDE}; CREATE SCHEMA public",
            "SET search_path = public",
            _MARK.format(mark),
        )
        _run("psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-c", steps[0], "-f", str(script), *_each(steps[1:]))

    def revert(self) -> None:
        """One transaction back."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA public CASCADE; ALTER SCHEMA {ASIDE} RENAME TO public")

    def accept(self) -> None:
        """The old tables go."""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {ASIDE} CASCADE")


def _each(commands: tuple[str, ...]) -> list[str]:
    return [word for command in commands for word in ("-c", command)]


def _require(program: str) -> None:
    if not shutil.which(program):
        raise Misconfigured(
            f"The program {program} is not installed.",
            advice="Install PostgreSQL's client programs, as new as the server or newer (Debian: postgresql-client).",
        )


def _run(program: str, *options: str) -> None:
    """A program of PostgreSQL, connected to our database; a password goes through the environment."""
    arguments, environment = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    _plain(program, *options, *arguments[1:], **(environment or {}))


def _plain(program: str, *options: str, **environment: str) -> None:
    _require(program)
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL, our own options
        [program, *options], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Misconfigured(f"{program} failed: {done.stderr.strip()[-500:]}", advice="Nothing was changed.")
