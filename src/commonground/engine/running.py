"""The engine that runs the mapping of clean rows: DuckDB in this process, or one that speaks Spark Connect.

`COMMONGROUND_ENGINE=sc://host:port` names another engine: a Spark cluster, or Sail. Both compile the same Ibis
expression, and both are given the same clean columns, so that their answers are equal (tests/tables/test_engines.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import ibis
import pyarrow as pa

from commonground.errors import Misconfigured, Unreachable

if TYPE_CHECKING:
    import duckdb


class Engine(Protocol):
    """Runs expressions over batch after batch."""

    def prepare(self, expression: ibis.Table, tables: Mapping[str, pa.Table]) -> str:
        """An expression as SQL, once the small tables are known that it joins."""

    def run(self, sql: str, name: str, batch: pa.Table) -> pa.Table:
        """The answer for one batch, known to the expression by that name."""


class Duck:
    """DuckDB in this process."""

    def __init__(self, session: duckdb.DuckDBPyConnection) -> None:
        self._session = session

    def prepare(self, expression: ibis.Table, tables: Mapping[str, pa.Table]) -> str:
        """See `Engine`."""
        for name, table in tables.items():
            self._session.register(name, table)
        return str(ibis.to_sql(expression, dialect="duckdb"))

    def run(self, sql: str, name: str, batch: pa.Table) -> pa.Table:
        """See `Engine`."""
        self._session.register(name, batch)
        return self._session.sql(sql).to_arrow_table()


class Connect:
    """An engine behind Spark Connect."""

    def __init__(self, address: str) -> None:
        told = urlsplit(address)
        if told.scheme != "sc" or not told.hostname:
            raise Misconfigured(
                f"COMMONGROUND_ENGINE is “{address}”.", advice="Write sc://HOST:PORT, or leave it out for DuckDB."
            )
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise Misconfigured(
                "COMMONGROUND_ENGINE needs a client of Spark Connect.", advice='pip install "commonground[spark]"'
            ) from error
        try:
            self._spark: Any = SparkSession.builder.remote(address).getOrCreate()
            self._spark.conf.set("spark.sql.session.timeZone", "UTC")  # else times would be of the server's own zone
            self._backend: Any = ibis.pyspark.connect(self._spark)
        except _failures() as error:
            raise Unreachable(f"The engine at {address} does not answer: {error}.", url=address) from error

    def prepare(self, expression: ibis.Table, tables: Mapping[str, pa.Table]) -> str:
        """See `Engine`."""
        for name, table in tables.items():
            self._view(name, table)
        return str(self._backend.compile(expression))

    def run(self, sql: str, name: str, batch: pa.Table) -> pa.Table:
        """See `Engine`."""
        self._view(name, batch)
        return self._spark.sql(sql).toArrow()

    def _view(self, name: str, table: pa.Table) -> None:
        self._spark.createDataFrame(table).createOrReplaceTempView(name)


def _failures() -> tuple[type[Exception], ...]:
    import grpc
    from pyspark.errors import PySparkException

    return (grpc.RpcError, PySparkException, OSError)


def engine(address: str, session: duckdb.DuckDBPyConnection) -> Engine:
    """The engine of that address; DuckDB where it is empty. Raises `Misconfigured` and `Unreachable`."""
    return Connect(address) if address else Duck(session)
