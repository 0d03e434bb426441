"""Run each measurement of this folder, or those named: `make bench`, `make bench ARGS=harvest`."""

from __future__ import annotations

import ast
import os
import platform
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main(names: list[str]) -> int:
    """Each in a process of its own, one after the other; the exit code counts those that failed."""
    benches = {path.stem: path for path in sorted(FOLDER.glob("*.py")) if path != Path(__file__).resolve()}
    if unknown := set(names) - set(benches):
        print(f"No measurement {', '.join(sorted(unknown))}; there are {', '.join(benches)}.", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    failed = 0
    for name in names or benches:
        said = ast.get_docstring(ast.parse(benches[name].read_text(encoding="utf-8"))) or name
        print(f"\n{name}: {said.splitlines()[0]}", flush=True)
        failed += subprocess.run([sys.executable, benches[name]], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
