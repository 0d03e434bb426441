"""Look every locked package up among the known vulnerabilities; say so where no source can be reached.

Fails for any that is found in a Python package (pip-audit knows no severity) and for high or critical ones of npm.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock")
GRAVE = ("high", "critical")
WAIT = 300  # seconds for one source; a machine without a way out answers late or never


def python(lock: str) -> list[str] | None:
    """What is known against the packages of one lock file; None when nobody could be asked."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-r", lock]
    answer = _asked([*command, "--format", "json", "--progress-spinner", "off"])
    if answer is None:
        return None
    return [
        f"{package['name']} {package['version']}: {one['id']}, mended in {', '.join(one['fix_versions']) or 'none yet'}"
        for package in answer["dependencies"]
        for one in package.get("vulns", ())
    ]


def npm() -> list[str] | None:
    """The same of package-lock.json."""
    answer = _asked(["npm", "audit", "--json", "--audit=true"])
    if answer is None or "vulnerabilities" not in answer:
        return None
    found = answer["vulnerabilities"].values()
    return [f"{one['name']} {one['range']}: {one['severity']}" for one in found if one["severity"] in GRAVE]


def _asked(command: list[str]) -> dict[str, Any] | None:
    try:
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=WAIT)
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, FileNotFoundError, json.JSONDecodeError):
        return None
    return answer if isinstance(answer, dict) else None


def main() -> int:
    """One line a source, then what was found."""
    grave: list[str] = []
    for name, found in [*((lock, python(lock)) for lock in LOCKS), ("package-lock.json", npm())]:
        said = "no source of known vulnerabilities could be reached" if found is None else f"{len(found)} known"
        print(f"{name}: {said}", flush=True)
        grave += found or []
    print(*sorted(set(grave)), sep="\n", end="\n" if grave else "")
    return 1 if grave else 0


if __name__ == "__main__":
    sys.exit(main())
