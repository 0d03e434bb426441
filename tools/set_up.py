"""Make a checkout ready: `python tools/set_up.py run` for the portal, `test` for what the tests need as well.

Needs nothing but Python 3.11 and its venv. Each step says what it does and is left out when nothing that it
reads has changed; a step that failed is tried again. Nothing is installed outside the checkout.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
OLDEST_NODE = 20
CERTIFICATES = Path(ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt")
BUILT = ROOT / "src/commonground/pages/static/built/site.css"
MODULES = ROOT / "node_modules/.package-lock.json"


class Failed(Exception):
    """A step that could not be done: what happened, and the next step for the person."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what)
        self.advice = advice


class Step(NamedTuple):
    """One thing to do. It is done when `proof` exists and what `inputs` name is as it was then."""

    name: str
    says: str
    inputs: Sequence[str]
    proof: Path
    do: Callable[[Path], None]


def main() -> int:
    """Do the steps that are not done yet."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("purpose", choices=("run", "test"))
    options.add_argument("--venv", type=Path, default=ROOT / ".venv")
    given = options.parse_args()
    venv = given.venv.absolute()
    try:
        _environment(venv)
        for step in _steps(venv, given.purpose):
            _take(step, venv)
    except Failed as failure:
        print(f"\n{failure}\n  {failure.advice}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def _steps(venv: Path, purpose: str) -> Iterator[Step]:
    package = venv / "bin/commonground"
    locks = ("requirements-setup.lock", "requirements.lock")
    yield Step(
        "packages", "Installing Python packages from requirements.lock", (*locks, "pyproject.toml"), package, _run
    )
    if purpose == "test":
        lock = "requirements-dev.lock"
        yield Step("tests", f"Installing what the tests need from {lock}", (lock,), venv / "bin/pytest", _test)
    npm = ("package.json", "package-lock.json")
    yield Step("modules", "Fetching styles, fonts and scripts from npm", npm, MODULES, _modules)
    yield Step("assets", "Building the assets of the pages", (*npm, "assets/**/*"), BUILT, _assets)
    yield Step("translations", "Compiling translations", ("src/**/*.po",), package, _translations)


def _take(step: Step, venv: Path) -> None:
    # The outcome of npm's steps lies in the checkout and not in the venv, so their stamps do as well.
    folder = ROOT / "node_modules" if step.name in {"modules", "assets"} else venv
    stamp = folder / f".done-{step.name}"
    state = _state(step.inputs)
    if step.proof.exists() and stamp.exists() and stamp.read_text() == state:
        return
    print(f"{step.says} …", flush=True)
    start = time.monotonic()
    stamp.unlink(missing_ok=True)
    step.do(venv)
    stamp.write_text(state)
    print(f"  done in {time.monotonic() - start:.0f} s", flush=True)


def _state(patterns: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _environment(venv: Path) -> None:
    """A working virtual environment at this very place; a moved or broken one is made anew."""
    place = venv / ".place"
    moved = place.exists() and place.read_text() != str(venv)
    if not moved and _works(venv / "bin/python"):
        place.write_text(str(venv))
        return
    print(f"Making {venv.name} with Python {'.'.join(map(str, sys.version_info[:3]))} …", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    made = _try([sys.executable, "-m", "venv", venv])
    if made.returncode:
        raise Failed(
            f"Python could not make a virtual environment: {_last(made.stdout + made.stderr)}",
            "Debian and Ubuntu: apt-get install python3-venv. Elsewhere: install Python with venv and ensurepip.",
        )
    place.write_text(str(venv))


def _works(python: Path) -> bool:
    return python.exists() and not _try([python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).returncode


def _run(venv: Path) -> None:
    _pip(venv, "-r", ROOT / "requirements-setup.lock")
    _uv(venv, "-r", ROOT / "requirements.lock")
    _quiet([venv / "bin/uv", "pip", "install", *_target(venv), "--no-deps", "--no-build-isolation", "-e", ROOT])


def _test(venv: Path) -> None:
    _uv(venv, "-r", ROOT / "requirements-dev.lock")


def _uv(venv: Path, *what: str | Path) -> None:
    """Install by uv; by pip where uv fails, since only pip knows the mirrors of pip's settings."""
    command = [venv / "bin/uv", "pip", "install", *_target(venv), "--require-hashes", *what]
    # An office's own certificates are in the system's store, which a bare machine lacks: so with and without it.
    for certificates in ((), ("--system-certs",)):
        if not _try([*command, *certificates]).returncode:
            return
    print("  uv could not; trying pip …", flush=True)
    _pip(venv, *what)


def _pip(venv: Path, *what: str | Path) -> None:
    _quiet([venv / "bin/python", "-m", "pip", "install", "--quiet", "--require-hashes", "--no-input", *what])


def _target(venv: Path) -> tuple[str, Path]:
    return "--python", venv / "bin/python"


def _modules(venv: Path) -> None:
    # The install scripts of packages are never run; what they hold is only read.
    _quiet([*_npm(venv), "ci", "--ignore-scripts", "--include=dev"], _node_environment(venv))


def _assets(venv: Path) -> None:
    _quiet([*_npm(venv), "run", "--silent", "build"], _node_environment(venv))


def _translations(venv: Path) -> None:
    _quiet([venv / "bin/python", ROOT / "tools/translations.py", ROOT / "src"])


def _npm(venv: Path) -> list[str | Path]:
    """npm of the machine if its Node is new enough, else of the venv, where it is installed from PyPI."""
    own = venv / "bin/npm"
    found = shutil.which("npm")
    if not own.exists() and found and _node_version() >= OLDEST_NODE:
        return [found]
    if not own.exists():
        print(f"  no Node {OLDEST_NODE} on this machine: taking it from PyPI", flush=True)
        _uv(venv, "-r", ROOT / "requirements-node.lock")
    return [own]


def _node_version() -> int:
    node = shutil.which("node")
    said = _try([node, "--version"]).stdout if node else ""
    number = re.match(r"v(\d+)\.", said)
    return int(number[1]) if number else 0


def _node_environment(venv: Path) -> dict[str, str]:
    """The venv's programs first, where Node may lie; and the certificates that this machine trusts."""
    own = [str(venv / "bin")] if (venv / "bin/node").exists() else []
    trusted = {"NODE_EXTRA_CA_CERTS": str(CERTIFICATES)} if CERTIFICATES.exists() else {}
    return {**trusted, **os.environ, "PATH": os.pathsep.join([*own, os.environ.get("PATH", os.defpath)])}


def _try(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)


def _quiet(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> None:
    """Run, and show what was printed only when it fails."""
    tried = _try(command, environment)
    if tried.returncode:
        printed = (tried.stdout + tried.stderr).strip()
        print(printed[-3000:], file=sys.stderr)
        raise Failed(f"This failed: {' '.join(map(str, command))}", _advice(printed))


def _advice(printed: str) -> str:
    unreachable = (
        r"(?i)resolv|connect|network|timed? ?out|unreachable|ENOTFOUND|EAI_AGAIN|certificate|No matching distribution"
    )
    if re.search(unreachable, printed):
        return (
            "It looks as if the package registries (PyPI, npm) cannot be reached. Check the network, or name a mirror "
            "with PIP_INDEX_URL and npm_config_registry; then give the same command again: it goes on from here."
        )
    return "The lines above say why. Mend that, then give the same command again: it goes on from here."


def _last(printed: str) -> str:
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given."


if __name__ == "__main__":
    sys.exit(main())
