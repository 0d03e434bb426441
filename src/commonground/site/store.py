"""The home's database: made and migrated by whatever command comes first; roles as Django groups."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import OperationalError

from commonground.errors import Misconfigured

ROLES = ("resident", "city staff", "city steward", "secretary", "operator")


def migrate() -> None:
    """Bring the schema up to date, if it is not. Raises `Misconfigured` when the database cannot be opened."""
    settings.HOME.mkdir(parents=True, exist_ok=True)
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0, interactive=False)
            for role in ROLES:
                Group.objects.get_or_create(name=role)
    except OperationalError as error:
        raise Misconfigured(
            f"The database cannot be opened: {error}.", advice="Check DATABASE_URL and COMMONGROUND_HOME."
        ) from error
