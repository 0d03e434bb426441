"""Valentine's matchers over pairs of tables, headers only, in a temporary environment: its pins clash with ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from commonground.overlap.judging.evaluation import Scores
from commonground.words import Column, ColumnType

WANTED = "valentine>=1.0"
_SCRIPT = Path(__file__).with_name("in_valentine.py")
_NUMBERS = {ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.MONEY, ColumnType.PERCENT}
_TIMES = {ColumnType.DATE, ColumnType.DATETIME, ColumnType.TIME}
_PATIENCE = 1_800


class LeftOutError(Exception):
    """Why it cannot run here."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The version, how long the pairs took, and for each a score for each column against each; NaN says no match."""

    version: str
    seconds: float
    scores: list[Scores]


def installed(folder: Path) -> Path:
    """A Python that has it, the newest one of this machine. Raises `LeftOutError`."""
    uv, python = Path(sys.executable).parent / "uv", folder / "bin" / "python"
    failed = ""
    for version in (*_pythons(), sys.executable):
        commands: tuple[list[str | Path], ...] = (
            [uv, "venv", "-q", "--clear", "-p", version, folder],
            [uv, "pip", "install", "-q", "-p", python, WANTED],
        )
        for command in commands:
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                failed = done.stderr.strip()[-500:]
                break
        else:
            return python
    raise LeftOutError(f"Valentine could not be installed: {failed}")


def _pythons() -> list[str]:
    """Programs from which its newest version can be had."""
    folders = [Path(one) for one in os.get_exec_path()] + sorted(Path.home().glob(".pyenv/versions/*/bin"))
    return [
        str(folder / name) for name in ("python3.13", "python3.12") for folder in folders if (folder / name).is_file()
    ]


def matched(python: Path, algorithm: str, pairs: Sequence[tuple[Sequence[Column], Sequence[Column]]]) -> Matched:
    """What `coma` or `flooding` says of these tables. Raises `LeftOutError`."""
    tables = [[[(one.name, _kind(one.type)) for one in columns] for columns in both] for both in pairs]
    command: list[str | Path] = [python, _SCRIPT, algorithm]
    try:
        done = subprocess.run(
            command, input=json.dumps(tables), check=False, capture_output=True, text=True, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise LeftOutError(f"{algorithm} did not end in {_PATIENCE} s.") from error
    if done.returncode:
        raise LeftOutError(f"{algorithm} failed: {done.stderr.strip()[-500:]}")
    told = json.loads(done.stdout)
    scores = []
    for (a, b), found in zip(pairs, told["pairs"], strict=True):
        said = np.full((len(a), len(b)), np.nan)
        for row, column, score in found:
            said[row, column] = score
        scores.append(said)
    return Matched(told["version"], told["seconds"], scores)


def _kind(one: ColumnType) -> str:
    return "number" if one in _NUMBERS else "time" if one in _TIMES else "text"
