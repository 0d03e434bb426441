"""Look every locked package up among the known vulnerabilities; say so where no source can be reached.

Fails for any that is found in a Python package (pip-audit knows no severity) and for high or critical ones of npm.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock")
GRAVE = ("high", "critical")
WAIT = 300  # seconds for one source; a machine without a way out answers late or never


class Audit(NamedTuple):
    """What was asked about one lock file: how many packages the source knew, how many not, and what is wrong."""

    file: str
    known: int
    unknown: int
    found: list[str]

    def __str__(self) -> str:
        if not self.known:
            return f"{self.file}: no source of known vulnerabilities could be reached"
        unknown = f", {self.unknown} of its packages unknown to the source" if self.unknown else ""
        return f"{self.file}: {len(self.found)} found in {self.known} packages{unknown}"


def python(lock: str) -> Audit:
    """Ask PyPI about the packages of one lock file."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-r", lock]
    answer = _asked([*command, "--format", "json", "--progress-spinner", "off"])
    packages = answer.get("dependencies", [])
    known = [one for one in packages if "skip_reason" not in one]
    found = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in known
        for flaw in one["vulns"]
    ]
    return Audit(lock, len(known), len(packages) - len(known), found)


def npm() -> Audit:
    """Ask npm's registry about package-lock.json."""
    answer = _asked(["npm", "audit", "--json", "--audit=true"])
    known = answer.get("metadata", {}).get("dependencies", {}).get("total", 0)
    flaws = answer.get("vulnerabilities", {}).values()
    found = [f"{one['name']} {one['range']}: {one['severity']}" for one in flaws if one["severity"] in GRAVE]
    return Audit("package-lock.json", known, 0, found)


def _asked(command: list[str]) -> dict[str, Any]:
    try:
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=WAIT)
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, FileNotFoundError, json.JSONDecodeError):
        return {}
    return answer if isinstance(answer, dict) else {}


def main() -> int:
    """One line a lock file, then what was found."""
    audits = [*map(python, LOCKS), npm()]
    print(*audits, sep="\n")
    found = sorted({flaw for audit in audits for flaw in audit.found})
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
