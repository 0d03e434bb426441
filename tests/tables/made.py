"""A city's rows in a standard, built from files without a database: what most tests of tables begin with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from commonground.cities import cities
from commonground.cities.outlines import outline
from commonground.engine.tabular import open_rows
from commonground.standards import files
from commonground.standards.crosswalk import Crosswalk
from commonground.standards.model import Standard
from commonground.tables import raw
from commonground.tables.build import rows
from commonground.tables.build.result import Built, Joined, Raw

TODAY = date(2026, 11, 23)


@dataclass(frozen=True)
class Made:
    """What was built, with the files in their order: part n is `files[n - 1]`."""

    result: Built
    folder: Path
    files: Sequence[str]

    def rows(self, what: str = "*", where: str = "true") -> list[dict[str, Any]]:
        """Rows of the result, as dicts; times in UTC."""
        return asked(f"SELECT {what} FROM '{self.folder}/rows.parquet' WHERE {where}")

    def withheld(self, where: str = "true") -> list[dict[str, Any]]:
        """Rows that were withheld."""
        return asked(f"SELECT * FROM '{self.folder}/withheld.parquet' WHERE {where}")


def asked(sql: str) -> list[dict[str, Any]]:
    """The answer to a question, a dict a row."""
    with duckdb.connect() as session:
        session.execute("SET TimeZone = 'UTC'")
        found: list[dict[str, Any]] = session.sql(sql).to_arrow_table().to_pylist()
        return found


def part(folder: Path, number: int, name: str, names: Sequence[str], batches: Iterator[pa.Table]) -> Raw:
    """A raw part of text."""
    written = raw.write(folder / "raw", names, batches)
    return Raw(number, name, written.path, written.names, written.rows, number, name)


def of_cells(folder: Path, number: int, columns: Mapping[str, Sequence[str | None]]) -> Raw:
    """A raw part of cells that a test names, column by column."""
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return part(folder, number, f"cells {number}", list(columns), iter([table]))


def build(folder: Path, standard: Standard, crosswalk: Crosswalk, parts: Sequence[Raw], **more: Any) -> Made:
    """Build the parts of a crosswalk."""
    city = cities()[crosswalk.city]
    within = more.pop("within", outline(city.slug))
    order = rows.Order(standard, crosswalk, city.timezone, within, parts, folder / "built", TODAY, **more)
    return Made(rows.build(order), folder / "built", [one.source for one in parts])


def of_files(folder: Path, standard: str, city: str, recordings: Path, names: Sequence[str]) -> Made:
    """Build recorded files of a city, in this order."""
    crosswalk = files.crosswalk(standard, city)
    joins = {one.file: one.join for one in crosswalk.sources if one.file}
    found = []
    for number, name in enumerate(names, 1):
        one = _recorded(folder, number, name, recordings)
        joined = []
        for join in joins.get(name, ()):
            other = _recorded(folder, 0, join.file, recordings)
            joined.append(Joined(other.path, join.on, join.columns))
        found.append(Raw(number, name, one.path, one.names, one.rows, number, name, tuple(joined)))
    return build(folder, files.standard(standard), crosswalk, found)


def _recorded(folder: Path, number: int, name: str, recordings: Path) -> Raw:
    opened = open_rows(recordings / "rows" / f"{name}.gz")
    return part(folder, number, name, opened.names, opened.batches())
