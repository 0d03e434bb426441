"""A home and a database of one's own, on SQLite or PostgreSQL, for commands that run as processes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.cli.conftest import Run, runner

PREVIOUS = Path(__file__).parent / "previous"
"""What version 0.1.0 kept, and the recordings that it was made from."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database: its address, or nothing for SQLite in the home. A role without further rights owns it."""
    if request.param == "sqlite":
        yield ""
        return
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        pytest.skip("DATABASE_URL names no PostgreSQL server: make test-postgresql")
    name = sql.Identifier(own := f"own_{secrets.token_hex(4)}")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'own'").format(name))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))
        where = admin.info
        yield f"postgresql://{own}:own@{where.host}:{where.port}/{own}"
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("DROP ROLE {}").format(name))


@pytest.fixture
def place(tmp_path: Path, database: str) -> dict[str, str]:
    """The settings of that home and database."""
    return {"COMMONGROUND_HOME": str(tmp_path / "home"), **({"DATABASE_URL": database} if database else {})}


@pytest.fixture
def run(tmp_path: Path, place: dict[str, str]) -> Run:
    """Runs `commonground` there."""
    command = runner(tmp_path / "home")

    def there(*arguments: str | Path, **more: str) -> object:
        return command(*arguments, **{**place, **more})

    return there  # type: ignore[return-value] # as `runner`, with settings
