"""Which migrations there are in this version, and which ones a database has."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Migration = tuple[str, str]
"""App and name."""


@cache
def known() -> frozenset[Migration]:
    """All migrations of this version."""
    return frozenset(MigrationLoader(None).disk_migrations)


def applied() -> set[Migration]:
    """What the database has; one query."""
    return set(MigrationRecorder(connection).applied_migrations())


def strange(migrations: Iterable[Migration]) -> list[Migration]:
    """Those that this version does not know: a newer one made them."""
    apps = {app for app, _ in known()}
    return sorted(one for one in migrations if one[0] in apps and one not in known())


def trouble() -> str:
    """Why this version cannot work with the database; empty when it can."""
    held = applied()
    if newer := strange(held):
        return f"The database is of a newer version: it has {' '.join(newer[0])}."
    missing = known() - held
    return f"The database lacks {len(missing)} migrations: run commonground status." if missing else ""
