"""Truth that persons wrote down: which datasets, and which columns, of several cities mean the same. Pure.

A folder of CSV files; `read` brings its portals and ids into ours, and keeps what it does not know, so that what is
missing can be told.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from commonground.errors import Misconfigured, NotFound
from commonground.words import City

SAME, NEAR = 2, 1
"""Grades: rows could be put into one table; related, such as a subset or an aggregate."""


@dataclass(frozen=True, slots=True)
class Label:
    """A dataset that is about a subject. `key` is its permanent id; `grade` is `SAME` or `NEAR`."""

    subject: str
    city: str
    key: str
    grade: int


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """Two columns, by their published names, of datasets of two cities that mean the same."""

    subject: str
    a: str
    column_a: str
    b: str
    column_b: str


@dataclass(frozen=True, slots=True)
class FieldLabel:
    """A column, by its published name, and the field of a shared standard that it means."""

    subject: str
    key: str
    column: str
    field: str


@dataclass(frozen=True, slots=True)
class Gold:
    """All that was written down. `pool` says of each dataset that was looked at its city."""

    pool: Mapping[str, str]
    labels: tuple[Label, ...]
    pairs: tuple[ColumnPair, ...]
    fields: tuple[FieldLabel, ...]

    def missing(self, keys: Collection[str]) -> list[str]:
        """The keys of the pool that are not among these."""
        return sorted(set(self.pool) - set(keys))


def read(folder: Path, cities: Mapping[str, City]) -> Gold:
    """The gold of a folder: overlap.csv and pool.csv; columns.csv and columns_standard.csv where they are.

    Raises:
        NotFound: There is no such folder, or no overlap.csv or pool.csv in it.
        Misconfigured: A file has no such column, or a row says what cannot be.
    """
    known = _Names(cities)
    labels = tuple(
        Label(row["subject"], known.city(row["portal"], row["city"]), known.key(row["portal"], row["id"]), _grade(row))
        for row in _rows(folder / "overlap.csv", "subject", "city", "portal", "id", "grade")
    )
    pool = {
        known.key(row["portal"], row["id"]): known.city(row["portal"], row["portal"])
        for row in _rows(folder / "pool.csv", "portal", "id")
    }
    pool |= {one.key: one.city for one in labels}
    places = {(city, key.partition("/")[2]): key for key, city in pool.items()}

    def place(name: str, native_id: str) -> str:
        city = known.slug(name)
        return places.get((city, native_id), f"{city}/{native_id}")

    pairs = tuple(
        ColumnPair(row["subject"], place(*a[:2]), a[2], place(*b[:2]), b[2])
        for row in _rows(folder / "columns.csv", "subject", "cityA_id_column", "cityB_id_column", must=False)
        for a, b in [(_column(row["cityA_id_column"]), _column(row["cityB_id_column"]))]
    )
    fields = tuple(
        FieldLabel(row["subject"], place(row["city"], row["id"]), row["column"], row["standard_field"])
        for row in _rows(
            folder / "columns_standard.csv", "subject", "city", "id", "column", "standard_field", must=False
        )
    )
    return Gold(pool, labels, pairs, fields)


class _Names:
    """The slugs of cities and portals, by the names that the files use; an unknown one stays as it is."""

    def __init__(self, cities: Mapping[str, City]) -> None:
        self._portals = {portal.host: portal for city in cities.values() for portal in city.portals}
        self._slugs = {city.name: city.slug for city in cities.values()}

    def slug(self, name: str) -> str:
        return self._slugs.get(name, name)

    def city(self, host: str, name: str) -> str:
        portal = self._portals.get(host)
        return portal.city if portal else self.slug(name)

    def key(self, host: str, native_id: str) -> str:
        portal = self._portals.get(host)
        return f"{portal.slug if portal else host}/{native_id}"


def _rows(path: Path, *wanted: str, must: bool = True) -> Iterator[dict[str, str]]:
    if not path.is_file():
        if must:
            raise NotFound(f"There is no {path}.", advice="Name a folder with overlap.csv and pool.csv.")
        return
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if absent := [name for name in wanted if name not in (rows.fieldnames or ())]:
            raise Misconfigured(f"{path} has no column {', '.join(absent)}.", advice=f"It needs {', '.join(wanted)}.")
        for row in rows:
            if any(row[name] is None for name in wanted):
                raise Misconfigured(f"{path}, line {rows.line_num}: the row is too short.", advice="Complete it.")
            yield row


def _grade(row: Mapping[str, str]) -> int:
    if row["grade"] not in {str(SAME), str(NEAR)}:
        raise Misconfigured(
            f"overlap.csv: {row['subject']}, {row['id']} has the grade “{row['grade']}”.",
            advice="Write 2 where rows could be put into one table, 1 where it is related.",
        )
    return int(row["grade"])


def _column(text: str) -> tuple[str, str, str]:
    """City, id and column of `City.id.column`; only a column may have a dot in its name."""
    city, _, rest = text.partition(".")
    native_id, _, column = rest.partition(".")
    if not column:
        raise Misconfigured(f"columns.csv: “{text}” names no column.", advice="Write City.id.column.")
    return city, native_id, column
