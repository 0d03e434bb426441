"""A table as Python programs hold it: Arrow, pandas, Polars, Ibis; with its schema, terms, and what is missing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from commonground.errors import Misconfigured, NotFound
from commonground.standards.telling import near

Json = dict[str, Any]
ORIGIN = ("_dataset", "_part", "_row")
"""Beside the fields of the standard: the data set that a row came from, the part of raw rows, the place in it."""


@dataclass(frozen=True)
class Table:
    """A release of a table.

    `schema` is its standard as a Table Schema. `remainder` tells, by city and field, the share (0 to 1) of the values
    given that could not be mapped; a field that is not there was not given. `license` has one entry a source; its
    `license` is None where the city says none. `left_out` are cities that are shown and not given away, and why.
    """

    name: str
    release: int
    version: str
    rows: Mapping[str, int]
    schema: Json = field(repr=False)
    remainder: Mapping[str, Mapping[str, float]] = field(repr=False)
    license: Sequence[Json] = field(repr=False)
    attribution: str = field(repr=False)
    left_out: Mapping[str, str] = field(repr=False)
    fetch: Callable[[Iterable[str]], Sequence[Path]] = field(repr=False)
    """The Parquet files of some cities, on this machine."""

    def __len__(self) -> int:
        """How many rows there are."""
        return sum(self.rows.values())

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields of the standard, and where a row came from."""
        own = (one["name"] for one in self.schema["fields"] if not one["name"].startswith("_"))
        return (*own, *ORIGIN)

    def paths(self, cities: Iterable[str] | None = None) -> Sequence[Path]:
        """The Parquet files of these cities, or of all. Raises `NotFound`."""
        chosen = list(self.rows) if cities is None else list(cities)
        for one in chosen:
            if one not in self.rows:
                raise NotFound(f"{self.name} gives no rows of “{one}”.", advice=near(one, self.rows))
        return self.fetch(chosen)

    def arrow(self, columns: Sequence[str] | None = None, cities: Iterable[str] | None = None) -> Any:  # noqa: ANN401 - its types are not told to type checkers
        """A `pyarrow.Table`, by city, in the order of the build. Raises `NotFound` for a column that is not there."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        chosen = self._chosen(columns)
        parts = [pq.ParquetFile(one).read(columns=chosen).select(chosen) for one in self.paths(cities)]
        if not parts:
            raise NotFound(f"{self.name} gives no rows.", advice="; ".join(self.left_out.values()))
        # A file that was written again without some rows says that some columns have no NULL, and others do not.
        return pa.concat_tables(parts, promote_options="permissive")

    def df(self, columns: Sequence[str] | None = None, cities: Iterable[str] | None = None) -> Any:  # noqa: ANN401 - as `arrow`
        """A `pandas.DataFrame`; days are `datetime64`. Raises `Misconfigured` where pandas is not installed."""
        _library("pandas")
        return self.arrow(columns, cities).to_pandas(date_as_object=False)

    def polars(self, columns: Sequence[str] | None = None, cities: Iterable[str] | None = None) -> Any:  # noqa: ANN401 - as `arrow`
        """A `polars.DataFrame`. Raises `Misconfigured` where Polars is not installed."""
        return _library("polars").from_arrow(self.arrow(columns, cities))

    def ibis(self, cities: Iterable[str] | None = None) -> Any:  # noqa: ANN401 - as `arrow`
        """An Ibis table on a DuckDB in memory, over the Parquet files: nothing is read before it is asked for."""
        backend = _library("ibis", "ibis-framework[duckdb]").duckdb.connect()
        backend.raw_sql("SET TimeZone = 'UTC'")
        paths = [str(one) for one in self.paths(cities)]
        return backend.read_parquet(paths, table_name=self.name).select(*self.columns)

    def _chosen(self, columns: Sequence[str] | None) -> list[str]:
        chosen = list(columns) if columns is not None else list(self.columns)
        for one in chosen:
            if one not in self.columns:
                raise NotFound(f"{self.name} has no column “{one}”.", advice=near(one, self.columns))
        return chosen


class Portal(ABC):
    """A portal that was opened: its tables by name."""

    @abstractmethod
    def tables(self) -> list[str]:
        """The names of its tables."""

    @abstractmethod
    def table(self, name: str, release: int | None = None) -> Table:
        """A table, the newest release of it or the one with that number. Raises `NotFound`."""

    def __getitem__(self, name: str) -> Table:
        """The newest release of a table."""
        return self.table(name)


def _library(name: str, package: str = "") -> Any:  # noqa: ANN401 - a module
    try:
        return import_module(name)
    except ImportError as error:
        raise Misconfigured(f"{name} is not installed.", advice=f"pip install '{package or name}'") from error
