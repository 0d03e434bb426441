"""The command as people run it: a process of its own, on a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

COMMAND = Path(sys.executable).with_name("commonground")


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
    """As a person's, but for the home; the database lies in it."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}}
    return {**kept, "COMMONGROUND_HOME": str(home), **more}


def runner(home: Path) -> Run:
    """Runs `commonground` on that home. A traceback is never an answer."""

    def run(*arguments: str | Path, timeout: float = 120, **more: str) -> Told:
        done = subprocess.run(
            [COMMAND, *arguments],
            env=environment(home, **more),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Told(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """On an empty home."""
    return runner(tmp_path / "home")


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory, recordings: Path) -> Run:
    """On a home that holds Boston's, Chicago's and Seattle's recordings; tests only read it."""
    run = runner(tmp_path_factory.mktemp("replayed") / "home")
    told = run("harvest", "boston", "chicago", "seattle", "--replay", recordings / "portals", "--json")
    assert told.code == 0, told.err
    assert [one["portal"] for one in told.json["portals"]] == ["boston", "chicago", "seattle", "seattle-performance"]
    return run
