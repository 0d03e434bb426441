"""How long `commonground --help` takes, the best of ten: `python bench/start.py`. Beside it the bare interpreter."""

from __future__ import annotations

import sys
import tempfile

from parts.machine import COMMONGROUND, Goal, environment, options, run, told

TIMES = 10


def main() -> int:
    """Print one JSON document."""
    given = options(__doc__)
    with tempfile.TemporaryDirectory() as home:
        env = environment(home)
        ours = [run([COMMONGROUND, "--help"], env).seconds for _ in range(TIMES)]
        status = [run([COMMONGROUND, "status", "--json"], env).seconds for _ in range(TIMES)]
        bare = [run([sys.executable, "-c", "import typer"], env).seconds for _ in range(TIMES)]
    figures = {"help_s": round(min(ours), 3), "status_s": round(min(status), 3), "import_typer_s": round(min(bare), 3)}
    goals = {
        "commonground --help: seconds": Goal(min(ours), "<=", 0.3),
        "commonground --help: times importing typer": Goal(min(ours) / min(bare), "<=", 3, anywhere=True),
    }
    return told(figures, goals, check=given.check)


if __name__ == "__main__":
    sys.exit(main())
