"""Resolve the lock files anew, for every platform and every Python that we support.

They name packages, versions and hashes, and never the place these came from. `--upgrade` takes newer versions;
without it what is locked stays, as long as pyproject.toml allows it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOW = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet")
SETUP = ("--group", "setup")
# The run time comes first: what the tests need must agree with it.
LOCKS = {
    "requirements.lock": ("pyproject.toml",),
    "requirements-setup.lock": SETUP,
    "requirements-node.lock": ("--group", "node"),
    "requirements-dev.lock": (
        *("pyproject.toml", "--group", "dev"),
        *("--constraints", "requirements.lock", "--constraints", "requirements-setup.lock"),
    ),
}


def main(arguments: list[str]) -> int:
    """Say which files changed."""
    uv = str(Path(sys.executable).parent / "uv")
    for name, sources in LOCKS.items():
        path = ROOT / name
        before = path.read_bytes() if path.exists() else b""
        made = subprocess.run([uv, "pip", "compile", *HOW, *sources, *arguments, "-o", name], cwd=ROOT, check=False)
        if made.returncode:
            return made.returncode
        print(f"{name}: {'as it was' if path.read_bytes() == before else 'changed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
