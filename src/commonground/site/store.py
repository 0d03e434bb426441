"""The home's database: made and migrated by whatever command comes first; roles as Django groups."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.db.utils import DatabaseError

from commonground.errors import Misconfigured
from commonground.site import schema

_DECIDES = ("overlap.add_decision",)
_DRAFTS = ("tables.add_crosswalkdraft",)
ROLES = {
    "resident": (),
    "city staff": _DECIDES,
    "city steward": (*_DECIDES, *_DRAFTS),
    "secretary": _DECIDES,
    "operator": (*_DECIDES, *_DRAFTS),
}
"""Groups of persons, and what each may do, beside what the admin gives them."""
_LOCK = 5_241_311
"""Any number, the same for all: PostgreSQL's advisory lock of migrations."""


def migrate() -> None:
    """Bring the schema up to date, if it is not. Raises `Misconfigured` when the database cannot be opened, or was
    made by a newer version.

    Several commands may come first at once (`serve` and `work`): one migrates, the others wait for it.
    """
    try:
        settings.HOME.mkdir(parents=True, exist_ok=True)
        if not _is_current():
            with alone():
                if not _is_current():
                    call_command("migrate", verbosity=0, interactive=False)
                    give_roles()
    except (DatabaseError, OSError) as error:
        raise Misconfigured(
            f"The database cannot be opened: {error}.", advice="Check DATABASE_URL and COMMONGROUND_HOME."
        ) from error


def give_roles() -> None:
    """Make the groups that are missing, and let each do what its role may."""
    for role, permissions in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        for name in permissions:
            app, _, codename = name.partition(".")
            group.permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))


def _is_current() -> bool:
    held = schema.applied()
    if newer := schema.strange(held):
        raise Misconfigured(
            f"A newer version of Common Ground made this database: it has {' '.join(newer[0])}.",
            advice="Install that version, or restore a backup that this version made.",
        )
    return schema.known() <= held


@contextmanager
def alone() -> Iterator[None]:
    """No other process of this home, nor of this PostgreSQL, migrates meanwhile."""
    with (settings.HOME / "lock").open("a") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")  # a migration may take long
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
                cursor.execute("RESET lock_timeout")
