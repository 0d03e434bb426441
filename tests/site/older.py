"""Make a home as version 0.1.0 left it: `python tests/site/older.py`, settings from the environment.

Its tables are made by the first migrations of our rooms, its rows are those that 0.1.0 itself wrote.
"""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

ROWS = Path(__file__).parent / "previous" / "home-0.1.0.json.gz"
FIRST = [("catalog", "0001_initial"), ("work", "0001_initial")]


def main() -> None:
    """Migrate to the first schema, and write the rows."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "commonground.site.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.core.management.color import no_style
    from django.db import connection, transaction
    from django.db.migrations.executor import MigrationExecutor

    for app in ("auth", "admin", "contenttypes", "sessions"):
        call_command("migrate", app, verbosity=0)
    for app, name in FIRST:
        call_command("migrate", app, name, verbosity=0)
    old = MigrationExecutor(connection).loader.project_state(
        [*FIRST, ("auth", "0012_alter_user_first_name_max_length")]
    )
    with transaction.atomic():
        models = {write(old.apps, row) for row in json.loads(gzip.decompress(ROWS.read_bytes()))}
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(statement)


def write(apps: Any, row: dict[str, Any]) -> Any:
    """Write one row as `dumpdata` told it; returns its model."""
    model = apps.get_model(row["model"])
    fields = {field.name: field for field in model._meta.concrete_fields}
    values = {
        fields[name].attname: fields[name].to_python(value) if value is not None else None
        for name, value in row["fields"].items()
        if name in fields
    }
    model.objects.bulk_create([model(pk=row["pk"], **values)])
    return model


if __name__ == "__main__":
    main()
