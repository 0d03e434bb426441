"""What every measurement needs: where things are, a clean environment for children, and what a child took."""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent.parent
RECORDINGS = REPOSITORY / os.environ.get("COMMONGROUND_RECORDINGS", "../shared/data")
COMMONGROUND = str(Path(sys.executable).parent / "commonground")
_KILOBYTES = 1024


@dataclass(frozen=True, slots=True)
class Ran:
    """A child that ended well: what it printed, seconds of wall clock and of processor, and megabytes at its most."""

    out: str
    seconds: float
    cpu: float
    megabytes: float


def options(said: str | None, **more: Mapping[str, Any]) -> argparse.Namespace:
    """The command line of a measurement: `--scale 0.1` is a tenth of the size; `--check` fails below the goals."""
    parser = argparse.ArgumentParser(description=said, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size, such as 0.1")
    parser.add_argument("--check", action="store_true", help="exit 1 where a ratio misses its goal")
    for name, given in more.items():
        parser.add_argument(f"--{name}", **given)
    return parser.parse_args()


def environment(home: Path | str, **more: str) -> dict[str, str]:
    """For a child with a home of its own: SQLite in it, loopback allowed, byte code kept as in any installed package."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ours = {"COMMONGROUND_HOME": str(home), "DATABASE_URL": "", "COMMONGROUND_ALLOW_PRIVATE": "1"}
    return {**kept, **ours, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "commonground-bench-pyc"), **more}


def run(command: Sequence[str | Path], env: Mapping[str, str], *, fails: bool = False) -> Ran:
    """Run a command to its end. Raises `SystemExit` with its last words when it fails, unless it may (`fails`)."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        child = subprocess.Popen([str(part) for part in command], env=dict(env), stdout=out, stderr=err, cwd=REPOSITORY)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    if child.returncode and not fails:
        raise SystemExit(f"{command} ended with {child.returncode}:\n{texts[1][-2_000:]}{texts[0][-500:]}")
    return Ran(texts[0], seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / _KILOBYTES)


@contextmanager
def child(command: Sequence[str | Path], env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives as long as the block; what it says goes to `log`."""
    with log.open("ab") as said:
        process = subprocess.Popen([str(part) for part in command], env=dict(env), stdout=said, stderr=said)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and worst, in milliseconds."""
    ordered = sorted(seconds)
    at = {"p50_ms": 0.5, "p95_ms": 0.95, "worst_ms": 1.0}
    return {
        name: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1) for name, share in at.items()
    }


class Goal(NamedTuple):
    """A figure and its bound, `sign` being <= or >=. One that holds `anywhere` does not depend on the machine's speed."""

    value: float
    sign: str
    bound: float
    anywhere: bool = False

    @property
    def met(self) -> bool:
        """Whether it is within its bound."""
        return self.value <= self.bound if self.sign == "<=" else self.value >= self.bound


def told(figures: Mapping[str, Any], goals: Mapping[str, Goal], *, check: bool) -> int:
    """Print one JSON document: the machine, the figures, the goals with their verdicts.

    Returns the exit code: 1 where `check` is set and a goal is missed that holds anywhere.
    """
    machine = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": [round(one, 1) for one in os.getloadavg()],
    }
    verdicts = {
        name: {"is": round(one.value, 3), "goal": f"{one.sign} {one.bound:g}", "met": one.met}
        for name, one in goals.items()
    }
    print(json.dumps({"machine": machine, **figures, "goals": verdicts}, indent=2), flush=True)
    return int(check and any(one.anywhere and not one.met for one in goals.values()))


def most_megabytes(process: int | str = "self") -> int:
    """Megabytes of memory that a process filled at its most, without what its parent held when it was started, which
    the system counts in `ru_maxrss` of a child.
    """
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
