"""The command as people run it: a process of its own, on a home of its own.

Where the system can, that process is a fork of one that has loaded Python's libraries (forks.py): half the time of a
command is theirs. Tests that take a process's time, or stop it, start one anew (COMMAND).
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.forks import Forks

COMMAND = Path(sys.executable).with_name("commonground")
FORKS = Forks()
atexit.register(FORKS.close)


@dataclass(frozen=True)
class Told:
    """What one run printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout, which is one JSON document and nothing else."""
        return json.loads(self.out)


Run = Callable[..., Told]


def environment(home: Path, **more: str) -> dict[str, str]:
    """As a person's, but for the home; the database lies in it. Compiled modules are kept, as an installation does."""
    left = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PYTHONDONTWRITEBYTECODE"}
    kept = {name: value for name, value in os.environ.items() if name not in left}
    return {**kept, "COMMONGROUND_HOME": str(home), **more}


def runner(home: Path) -> Run:
    """Runs `commonground` on that home. A traceback is never an answer."""

    def run(*arguments: str | Path, timeout: float = 120, **more: str) -> Told:
        command, env = [str(COMMAND), *map(str, arguments)], environment(home, **more)
        if sys.platform == "linux":
            done = FORKS.run(command, env, timeout)
        else:
            done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=timeout, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return Told(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds nothing but its tables, to copy: to make them takes longer than most commands."""
    home = tmp_path_factory.mktemp("empty") / "home"
    assert runner(home)("cities").code == 0
    return home


@pytest.fixture
def run(tmp_path: Path, empty: Path) -> Run:
    """On an empty home."""
    shutil.copytree(empty, tmp_path / "home")
    return runner(tmp_path / "home")


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory, recordings: Path) -> Run:
    """On a home that holds Boston's, Chicago's and Seattle's recordings; tests only read it."""
    run = runner(tmp_path_factory.mktemp("replayed") / "home")
    told = run("harvest", "boston", "chicago", "seattle", "--replay", recordings / "portals", "--json")
    assert told.code == 0, told.err
    assert [one["portal"] for one in told.json["portals"]] == ["boston", "chicago", "seattle", "seattle-performance"]
    return run
