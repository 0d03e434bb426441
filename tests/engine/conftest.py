"""Two published tables in small Parquet files, and the processes that answer questions about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from commonground.engine.query import ANSWER, Catalog, Limits, Pool, ask

ROWS = 5_000


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="session")
def catalog(folder: Path) -> Catalog:
    """Two cities' permits in two files, whose folder has more that nobody shall read."""
    with duckdb.connect() as session:
        for number, city in enumerate(("boston", "chicago")):
            session.execute(
                f"COPY (SELECT '{city}' AS city, '{city[0]}' || i AS permit_id, DATE '2020-01-01' + i::INT AS issued_on,"
                f" i * 1.5 AS cost, '{city}/x' AS _dataset, i AS _row FROM range({ROWS}) t(i))"
                f" TO '{folder / f'{number}.parquet'}'"
            )
    (folder / "secret.csv").write_text("password\nhunter2\n")
    return Catalog.of({"permits": [folder / "0.parquet", folder / "1.parquet"], "trees": []})


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    made = Pool(3)
    made.warm()
    yield made
    made.close()


def rows(pool: Pool, catalog: Catalog, sql: str, limits: Limits = ANSWER) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in ask(catalog, sql, limits=limits, pool=pool).rows()]


def well(pool: Pool, catalog: Catalog) -> bool:
    """Whether an ordinary question still has its answer."""
    return rows(pool, catalog, "SELECT city, count(*) FROM permits GROUP BY city ORDER BY city") == [
        ("boston", ROWS),
        ("chicago", ROWS),
    ]
