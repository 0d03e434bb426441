"""The home's database: made and migrated by whatever command comes first; roles as Django groups."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from commonground.errors import Misconfigured

ROLES = ("resident", "city staff", "city steward", "secretary", "operator")
_LOCK = 5_241_311
"""Any number, the same for all: PostgreSQL's advisory lock of migrations."""


def migrate() -> None:
    """Bring the schema up to date, if it is not. Raises `Misconfigured` when the database cannot be opened.

    Several commands may come first at once (`serve` and `work`): one migrates, the others wait for it.
    """
    try:
        settings.HOME.mkdir(parents=True, exist_ok=True)
        if not _is_current():
            with _alone():
                if not _is_current():
                    call_command("migrate", verbosity=0, interactive=False)
                    for role in ROLES:
                        Group.objects.get_or_create(name=role)
    except (DatabaseError, OSError) as error:
        raise Misconfigured(
            f"The database cannot be opened: {error}.", advice="Check DATABASE_URL and COMMONGROUND_HOME."
        ) from error


def _is_current() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


@contextmanager
def _alone() -> Iterator[None]:
    """No other process of this home, nor of this PostgreSQL, migrates meanwhile."""
    with (settings.HOME / "lock").open("a") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
