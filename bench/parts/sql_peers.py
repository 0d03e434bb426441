"""The same questions by others: PostgreSQL with indexes over the same rows, and pandas over the files of the cities."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from commonground.engine.query import Catalog, Pool, ask
from tests.postgres import server

ROUNDS = 5
TYPES = {
    "VARCHAR": "text",
    "BIGINT": "bigint",
    "TINYINT": "smallint",
    "DOUBLE": "double precision",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
INDEXES = ("(city, service_request_id)", "(city, requested_on)", "(requested_on)", "(latitude, longitude)")
_AMERICAN = "%m/%d/%Y %I:%M:%S %p"
DATES = {
    "boston": ("open_dt", "%Y-%m-%d %H:%M:%S"),
    "chicago": ("created_date", "ISO8601"),
    "los_angeles": ("CreatedDate", _AMERICAN),
    "new_york": ("Created Date", _AMERICAN),
    "san_francisco": ("Opened", _AMERICAN),
    "washington_dc": ("ADDDATE", "ISO8601"),
}
"""The column of each city that says when a request came, and how: a person has to find that out first."""


def least(ask_: Callable[[], object]) -> float:
    """The least milliseconds of several times: whatever else the machine does only adds to it."""
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        ask_()
        found.append((time.perf_counter() - start) * 1000)
    return round(min(found), 1)


def beside_postgres(folder: Path, standard: str, paths: Sequence[Path], asked: Mapping[str, str]) -> dict[str, Any]:
    """Milliseconds of each question, ours and PostgreSQL's, in turn over the same rows; the answers are the same."""
    catalog, pool = Catalog.of({standard: list(paths)}), Pool(1)
    try:
        with _loaded(folder, standard, paths) as (peer, seconds):
            found: dict[str, Any] = {"load_and_index_s": seconds}
            for name, sql in asked.items():
                ours = [tuple(row.values()) for row in ask(catalog, sql, pool=pool).rows()]
                theirs = peer.execute(sql).fetchall()
                if len(ours) != len(theirs) or ours[0][-1:] != tuple(theirs[0][-1:]):
                    raise SystemExit(f"{name}: PostgreSQL answers {theirs[:2]}, we {ours[:2]}.")
                one = {
                    "ours_ms": least(lambda sql=sql: ask(catalog, sql, pool=pool)),  # type: ignore[misc]
                    "postgresql_ms": least(lambda sql=sql: peer.execute(sql).fetchall()),  # type: ignore[misc]
                }
                found[name] = {**one, "ratio": round(one["ours_ms"] / one["postgresql_ms"], 3)}
            return found
    finally:
        pool.close()


@contextmanager
def _loaded(folder: Path, standard: str, paths: Sequence[Path]) -> Iterator[tuple[Any, float]]:
    """A connection to a PostgreSQL that has these rows, and the seconds that this took."""
    import psycopg

    start, listed = time.monotonic(), ", ".join(f"'{path}'" for path in paths)
    with duckdb.connect() as session, server() as url, psycopg.connect(url, autocommit=True) as peer:
        session.execute("SET TimeZone = 'UTC'")
        columns = session.execute(f"DESCRIBE SELECT * FROM read_parquet([{listed}])").fetchall()
        told = ", ".join(f'"{name}" {TYPES[kind]}' for name, kind, *_ in columns)
        peer.execute(f"CREATE UNLOGGED TABLE {standard} ({told})")
        for path in paths:
            plain = folder / "rows.csv"
            session.execute(f"COPY (FROM '{path}') TO '{plain}' (FORMAT csv, HEADER false)")
            with plain.open("rb") as file, peer.cursor().copy(f"COPY {standard} FROM STDIN (FORMAT csv)") as sink:
                while piece := file.read(2**20):
                    sink.write(piece)
            plain.unlink()
        for index in INDEXES:
            peer.execute(f"CREATE INDEX ON {standard} {index}")
        peer.execute(f"VACUUM ANALYZE {standard}")
        peer.execute("SET work_mem = '256MB'")
        yield peer, round(time.monotonic() - start, 1)


def pandas_of(recordings: Path, files: Mapping[str, Iterable[str]]) -> int:
    """Read the cities' files as they are and count by city and month, as one does without a portal; how many rows.

    Only the column that is counted is read where the form allows it.
    """
    import pandas as pd

    every = []
    for city, names in files.items():
        column, form = DATES[city]
        for name in names:
            path = recordings / "rows" / city / f"{name}.gz"
            if name.endswith(".geojson"):
                listed = json.loads(gzip.decompress(path.read_bytes()))["features"]
                given = pd.Series([one["properties"][column] for one in listed])
            else:
                given = pd.read_csv(path, usecols=[column])[column]
            months = pd.to_datetime(given, format=form).dt.strftime("%Y-%m")
            every.append(pd.DataFrame({"city": city, "month": months}))
    return int(pd.concat(every).groupby(["city", "month"]).size().sum())
