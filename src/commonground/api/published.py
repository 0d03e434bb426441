"""What can be asked in SQL: the newest release of each table, with the words of its standard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from commonground.engine.query import Catalog, Source
from commonground.pages.addresses import absolute
from commonground.standards.model import Standard

if TYPE_CHECKING:
    from collections.abc import Collection

    from commonground.tables.manifest import Table

_TYPES = {
    "string": _("text"),
    "integer": _("whole number"),
    "number": _("number"),
    "boolean": _("true or false"),
    "date": _("day"),
    "datetime": _("moment (UTC)"),
}
OURS = (
    ("_dataset", _("text"), _("The data set that the row came from.")),
    ("_part", _("whole number"), _("The part of raw rows that the row came from.")),
    ("_row", _("whole number"), _("The row's place in that part.")),
)
"""Columns that every table has beside those of its standard."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column as the page tells it."""

    name: str
    type: str | Promise
    description: str | Promise


@dataclass(frozen=True, slots=True)
class Described:
    """One table as the page tells it; `example` is a question that runs."""

    name: str
    title: str
    grain: str
    columns: tuple[Column, ...]
    examples: tuple[tuple[str | Promise, str], ...]


def catalog() -> Catalog:
    """All tables and their files as they are now, for whoever has the files anyway."""
    from commonground.tables.manifest import tables

    return Catalog({one.standard.name: _source(one.paths) for one in tables()})


def given() -> Catalog:
    """The tables as visitors may ask them: an answer can give any row away, so the cities that the operator keeps out
    of downloads are not in them, as they are not in the other forms of a table. Their counts are on its page.
    """
    from commonground.tables import giving, manifest

    sources: dict[str, Source] = {}
    left_out: dict[str, str] = {}
    for one in manifest.tables():
        closed = giving.closed(one)
        sources[one.standard.name] = _source(
            tuple(each.rows for city, each in one.cities.items() if city not in closed)
        )
        left_out |= {f"{one.standard.name}/{city}": why for city, why in closed.items()}
    return Catalog(sources, left_out)


def _source(paths: tuple[Path, ...]) -> Source:
    """Files with the columns that mean something outside of a build: what begins with "_" is ours, but for `OURS`."""
    shown = {name for name, *_ in OURS}
    try:
        told = paths[0].stat() if paths else None
        names = _names(paths[0], told.st_mtime_ns, told.st_size) if told else ()
    except (OSError, pa.ArrowException):  # whoever asks for it will hear
        names = ()
    return Source(paths, tuple(one for one in names if not one.startswith("_") or one in shown))


@lru_cache(maxsize=256)
def _names(path: Path, *_state: int) -> tuple[str, ...]:
    return tuple(pq.read_schema(path).names)


def about(sql: str, *, every: bool = False) -> list[dict[str, Any]]:
    """What belongs beside an answer, for each table that a question names: `table`, `release`, `version`, `published`,
    `page` (the permanent address of the release), `license` (one object a source), and `remainder`: by city and field
    that the question names the share, 0 to 1, of the values that could not be mapped. `every`: of all cities, also of
    those that the operator keeps out of downloads.
    """
    from commonground.tables import giving, manifest

    words = {word.lower() for word in re.findall(r"\w+", sql)}
    found = []
    for one in manifest.tables():
        if one.standard.name in words:
            closed = () if every else giving.closed(one)
            chosen = [city for city in one.cities if city not in closed]
            page = absolute(reverse("table", args=[one.standard.name]))
            found.append(
                {
                    "table": one.standard.name,
                    "release": one.number,
                    "version": one.standard.version,
                    "published": one.at,
                    "page": f"{page}?release={one.number}",
                    "license": giving.terms(one, chosen),
                    "remainder": dict(_remainder(one, chosen, words)),
                }
            )
    return found


def _remainder(table: Table, cities: Collection[str], words: set[str]) -> Iterator[tuple[str, dict[str, float]]]:
    named = words & table.standard.named.keys() or table.standard.named.keys()  # none is named by SELECT *
    for city in cities:
        held = table.cities[city].result.remainder
        yield city, {name: round(one.remainder, 6) for name, one in held.items() if name in named}


def described() -> list[Described]:
    """The same tables with their words."""
    from commonground.tables.manifest import tables

    return [describe(one.standard) for one in tables()]


def describe(standard: Standard) -> Described:
    """One table, from its standard."""
    named = [Column(one.name, _TYPES[one.type], one.description) for one in standard.fields]
    ours = [Column(*one) for one in OURS]
    return Described(standard.name, standard.title, standard.grain, (*named, *ours), tuple(examples(standard)))


def examples(standard: Standard) -> list[tuple[str | Promise, str]]:
    """Questions that run: by city, by month, by kind."""
    name, time, kind = standard.name, standard.time, standard.kind
    made: list[tuple[str | Promise, str]] = [
        (_("How many rows each city has"), f"SELECT city, count(*) AS n\nFROM {name}\nGROUP BY city\nORDER BY n DESC"),
    ]
    if time:
        month = f"date_trunc('month', {time})::DATE"
        made.append(
            (
                _("Of one year, by city"),
                f"SELECT city, count(*) AS n\nFROM {name}\nWHERE {time} >= DATE '2024-01-01' AND {time} < DATE '2025-01-01'\nGROUP BY city",
            )
        )
        made.append(
            (
                _("By month and city"),
                f"SELECT {month} AS month, city, count(*) AS n\nFROM {name}\nWHERE {time} IS NOT NULL\nGROUP BY ALL\nORDER BY month DESC, city",
            )
        )
    if kind:
        made.append(
            (
                _("By kind, with what could not be mapped"),
                f"SELECT city, {kind}, count(*) AS n\nFROM {name}\nGROUP BY ALL\nORDER BY city, n DESC",
            )
        )
    return made
