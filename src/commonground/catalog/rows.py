"""Write many new rows whose keys nobody asks for: by one statement, written once.

A harvest writes hundreds of rows a second, and `bulk_create` spends more time on writing its statements than the
database on carrying them out.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from django.db import connection
from django.db.models import Model

_AT_ONCE: Final = 500


def insert(model: type[Model], rows: Iterable[Model]) -> None:
    """New rows of a model, made while they are written. Their keys are left empty, no signal is sent."""
    table = model._meta  # noqa: SLF001 - Django's own name for what everybody may read
    fields = [field for field in table.concrete_fields if not field.primary_key]
    quote = connection.ops.quote_name
    names, places = ", ".join(quote(field.column or field.name) for field in fields), ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {quote(table.db_table)} ({names}) VALUES ({places})"  # noqa: S608 - names of our own tables
    rest = iter(rows)
    with connection.cursor() as cursor:
        while some := list(islice(rest, _AT_ONCE)):
            cursor.executemany(
                sql,
                [[field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in some],
            )
