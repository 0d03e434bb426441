"""Rows to a table, and questions to it: `python bench/tables.py [--scale 0.1]`.

New York's real 311 rows, repeated under other keys: 3,000,000 of them are built with findings, remainder, the check of
the city's outline and provenance; beside it bare DuckDB writes the same columns from Parquet to Parquet on one core.
Then 30,000,000 harmonized rows, made of the tables of the recordings by repeating them under other keys and days, are
asked by the pool that answers /sql, and by ten clients over HTTP. Beside it PostgreSQL has a tenth of the same rows, with
indexes, and pandas reads the files of the cities. The memory of a build is that of 12,000,000 rows in a process alone.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from parts.machine import RECORDINGS, REPOSITORY, Goal, environment, most_megabytes, options, run, told

sys.path.insert(0, str(REPOSITORY))

from parts import sql_peers, sql_served

from commonground.cities import cities
from commonground.cities.outlines import outline
from commonground.engine.query import Catalog, ask
from commonground.engine.tabular import open_rows
from commonground.standards import files
from commonground.tables import raw
from commonground.tables.build import rows
from commonground.tables.build.result import Built, Raw

ROWS, ALONE, ASKED = 3_000_000, 12_000_000, 30_000_000
TODAY = date(2026, 11, 23)
STANDARD = "service_requests"
OF = {
    "boston": ("311.csv", "311_2023_animals.csv"),
    "chicago": ("311.csv",),
    "los_angeles": ("311_2018_jan.csv", "311.csv"),
    "new_york": ("311.csv",),
    "san_francisco": ("311.csv",),
    "washington_dc": ("311.geojson",),
}


def build(folder: Path, city: str, parts: list[Raw]) -> tuple[Built, Path]:
    """One city's rows of the standard."""
    known = cities()[city]
    order = rows.Order(
        files.standard(STANDARD),
        files.crosswalk(STANDARD, city),
        known.timezone,
        outline(city),
        parts,
        folder / city,
        TODAY,
    )
    return rows.build(order), folder / city / "rows.parquet"


def part(folder: Path, number: int, name: str) -> Raw:
    """A recorded file as a raw part."""
    opened = open_rows(RECORDINGS / "rows" / f"{name}.gz")
    written = raw.write(folder / "raw", opened.names, opened.batches())
    return Raw(number, name, written.path, written.names, written.rows, number)


def repeated(folder: Path, count: int) -> Raw:
    """New York's rows again and again, each time with another key, other times of day, and places a step away: what
    differs from row to row in the city differs here.
    """
    one = part(folder, 1, "new_york/311.csv")
    path = folder / "many.parquet"
    with duckdb.connect() as session:
        (rows,) = session.execute(f"SELECT count(*) FROM '{one.path}'").fetchall()[0]
        session.execute("SET preserve_insertion_order = true")
        session.execute(
            f"COPY (SELECT * REPLACE ({', '.join(varied(rows))}) FROM range({-(-count // rows)}) AS r(n), '{one.path}'"
            f" ORDER BY n, _row) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {raw.GROUP})"
        )
    again = folder / "again"
    with pq.ParquetFile(path) as file:
        written = raw.write(again, one.names, (pa.table(batch).select(one.names) for batch in file.iter_batches()))
    return Raw(1, one.source, written.path, one.names, written.rows, 1)


def varied(rows: int) -> Iterator[str]:
    """SQL of the columns that differ in the nth repetition."""
    form = "%m/%d/%Y %I:%M:%S %p"
    yield '"Unique Key" || \'-\' || n AS "Unique Key"'
    yield f"n * {rows} + _row AS _row"
    for name in ("Created Date", "Closed Date", "Resolution Action Updated Date"):
        time = f"try_strptime(\"{name}\", '{form}') + to_seconds(n * 37 % 3600)"
        yield f"strftime({time}, '{form}') AS \"{name}\""
    for name in ("Latitude", "Longitude"):
        yield f'((try_cast("{name}" AS DOUBLE) + (n % 100) * 1e-6)::VARCHAR) AS "{name}"'


def bare(folder: Path, many: Raw, columns: list[str]) -> float:
    """Seconds of processor that DuckDB takes for the same columns, from Parquet to Parquet, and nothing else."""
    listed = ", ".join(f'"{one}"' for one in columns)
    with duckdb.connect(config={"threads": 1}) as session:
        start = time.process_time()
        session.execute(
            f"COPY (SELECT {listed} FROM '{many.path}') TO '{folder}/bare.parquet' (FORMAT parquet, COMPRESSION zstd)"
        ).fetchall()
        return time.process_time() - start


def building(folder: Path, count: int) -> dict[str, Any]:
    """Figures of the build."""
    many = repeated(folder, count)
    crosswalk = files.crosswalk(STANDARD, "new_york")
    vintage = crosswalk.vintage(set(many.names))
    assert vintage is not None
    used = [name for name in many.names if name in vintage.columns()]
    least = bare(folder, many, used)
    wall, cpu = time.monotonic(), time.process_time()
    result, _ = build(folder, "new_york", [many])
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    assert result.mapped == many.rows
    return {
        "rows": many.rows,
        "columns": len(used),
        "rows_per_s": round(many.rows / wall),
        "rows_per_s_per_core": round(many.rows / cpu),
        "bare_rows_per_s_per_core": round(many.rows / least),
    }


def alone(folder: Path, count: int) -> dict[str, Any]:
    """Memory of a build of so many rows, in a process that does nothing else."""
    many = repeated(folder, count)
    order = json.dumps(
        {"folder": str(folder / "alone"), "path": str(many.path), "names": many.names, "rows": many.rows}
    )
    done = run([sys.executable, __file__, "--alone", order], environment(folder))
    return {"rows": many.rows, "seconds": round(done.seconds, 1), "megabytes": round(float(done.out))}


def build_alone(order: dict[str, Any]) -> int:
    """What the process of `alone` does: a build, then tell its own megabytes."""
    many = Raw(1, "alone", Path(order["path"]), tuple(order["names"]), order["rows"], 1)
    result, _ = build(Path(order["folder"]), "new_york", [many])
    print(most_megabytes())
    return int(result.mapped != many.rows)


def harmonized(folder: Path, count: int) -> list[Path]:
    """The real tables of all cities, repeated under other keys and days until there are so many rows."""
    small: list[Path] = []
    large: list[Path] = []
    for city, names in OF.items():
        parts = [part(folder, number, f"{city}/{name}") for number, name in enumerate(names, 1)]
        small.append(build(folder / "small", city, parts)[1])
    listed = ", ".join(f"'{path}'" for path in small)
    with duckdb.connect() as session:
        (total,) = session.execute(f"SELECT count(*) FROM read_parquet([{listed}])").fetchall()[0]
        times = max(1, round(count / total))
        for path, city in zip(small, OF, strict=True):
            target = folder / f"{city}.parquet"
            session.execute(
                f"COPY (SELECT * REPLACE (service_request_id || '-' || n AS service_request_id,"
                f" requested_on + n::INTEGER AS requested_on) FROM '{path}', range({times}) AS r(n) ORDER BY n, _order)"
                f" TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 60000)"
            ).fetchall()
            large.append(target)
    return large


QUESTIONS = {
    "count_ms": "SELECT count(*) AS n FROM service_requests",
    "cities_by_month_ms": "SELECT city, date_trunc('month', requested_on) AS month, count(*) AS n"
    " FROM service_requests GROUP BY 1, 2 ORDER BY 1, 2",
    "box_and_month_ms": "SELECT count(*) AS n FROM service_requests WHERE city = 'boston' AND latitude BETWEEN 42.34 AND"
    " 42.36 AND longitude BETWEEN -71.08 AND -71.05 AND requested_on BETWEEN '2011-08-01' AND '2011-08-31'",
    "key_ms": "SELECT * FROM service_requests WHERE city = 'boston' AND service_request_id = '101000295613-0'",
}


def timed(ask: Callable[[], object], times: int = 5) -> float:
    """The median in milliseconds, after one that warms."""
    ask()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        ask()
        found.append((time.perf_counter() - start) * 1000)
    return round(median(found), 1)


def asking(large: list[Path]) -> dict[str, float]:
    """Each question by the pool that answers /sql."""
    catalog = Catalog.of({STANDARD: large})
    return {name: timed(partial(ask, catalog, sql)) for name, sql in QUESTIONS.items()}


def beside(folder: Path, count: int) -> dict[str, Any]:
    """The same questions of a tenth of the rows by PostgreSQL, and of the cities' own files by pandas."""
    folder.mkdir()
    some = harmonized(folder, count)
    found = {"rows": count, **sql_peers.beside_postgres(folder, STANDARD, some, QUESTIONS)}
    small = Catalog.of({STANDARD: sorted((folder / "small").glob("*/rows.parquet"))})
    ours = sql_peers.least(lambda: ask(small, QUESTIONS["cities_by_month_ms"]))
    theirs = sql_peers.least(lambda: sql_peers.pandas_of(RECORDINGS, OF))
    return {**found, "of_the_files": {"ours_ms": ours, "pandas_ms": theirs, "ratio": round(ours / theirs, 4)}}


AHEAD = ("cities_by_month_ms",)
"""Where we are quicker than an index on any machine; a key in a B-tree is not where."""
BOUNDS = {"count_ms": 50, "cities_by_month_ms": 1_000, "box_and_month_ms": 300, "key_ms": 100}


def main() -> int:
    """Print one JSON document."""
    given = options(__doc__, alone={"help": "what a process of its own builds, as this program says it"})
    if given.alone:
        return build_alone(json.loads(given.alone))
    with tempfile.TemporaryDirectory() as scratch:
        folders = {name: Path(scratch) / name for name in ("build", "alone", "asked")}
        for one in folders.values():
            one.mkdir()
        built = building(folders["build"], max(60_000, round(ROWS * given.scale)))
        memory = alone(folders["alone"], max(60_000, round(ALONE * given.scale)))
        large = harmonized(folders["asked"], round(ASKED * given.scale))
        asked = asking(large)
        over_http = sql_served.figures(Path(scratch), STANDARD, large, QUESTIONS)
        peers = beside(Path(scratch) / "peers", round(ASKED * given.scale / 10))
    ratio = built["rows_per_s_per_core"] / built["bare_rows_per_s_per_core"]
    goals = {
        "build: rows/s per core": Goal(built["rows_per_s_per_core"], ">=", 300_000),
        "build: share of bare DuckDB": Goal(round(ratio, 3), ">=", 0.25),
        "build: megabytes": Goal(memory["megabytes"], "<=", 2_000, anywhere=True),
        **{f"alone, {name}": Goal(asked[name], "<=", bound) for name, bound in BOUNDS.items()},
        **{
            f"ten clients, {words}, {name}: p95": Goal(over_http[words][name]["p95_ms"], "<=", 3 * bound)
            for words in ("same_words", "other_words")
            for name, bound in BOUNDS.items()
        },
        "ten clients: megabytes of a process that answers": Goal(
            over_http["query_megabytes"], "<=", 1_000, anywhere=True
        ),
        "streams: megabytes of the server": Goal(
            over_http["server_megabytes"]["after_streams"], "<=", 1_500, anywhere=True
        ),
        **{
            f"{name}: share of PostgreSQL's time": Goal(peers[name]["ratio"], "<=", 1, anywhere=name in AHEAD)
            for name in BOUNDS
        },
        "cities by month: share of pandas' time": Goal(peers["of_the_files"]["ratio"], "<=", 0.2, anywhere=True),
    }
    figures = {"build": built, "memory": memory, "asked": asked, "http": over_http, "peers": peers}
    return told(figures, goals, check=given.check)


if __name__ == "__main__":
    sys.exit(main())
