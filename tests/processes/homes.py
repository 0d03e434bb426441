"""Homes that processes work on, one after the other, and how to compare what two of them say."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Told, environment
from tests.processes.paged import BEGUN

PROGRAMS = Path(__file__).parent
JUNE, JULY = "2022-06-23", "2022-07-22"


@dataclass(frozen=True)
class Home:
    """A home, and the processes that work on it."""

    settings: dict[str, str]

    @contextmanager
    def begin(self, *arguments: str | Path, **more: str) -> Iterator[subprocess.Popen[str]]:
        """Start the command; it does not outlive the block."""
        command = [sys.executable, str(PROGRAMS / "paged.py"), *map(str, arguments)]
        folder = Path(self.settings["COMMONGROUND_HOME"])
        env = environment(folder, **{**self.settings, **more})
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *arguments: str | Path, code: int = 0, **more: str) -> str:
        """Run the command to its end, which is that code; what it printed."""
        told = self.tried(*arguments, **more)
        assert told.code == code, told.err
        return told.out

    def tried(self, *arguments: str | Path, **more: str) -> Told:
        """Run the command to its end, whatever that is. A traceback is never an answer."""
        with self.begin(*arguments, **more) as process:
            out, err = process.communicate(timeout=180)
        assert "Traceback" not in err, err
        return Told(process.returncode, out, err)

    def took(self, *arguments: str | Path) -> float:
        """Run the command; how many seconds it worked, without its start."""
        with self.begin(*arguments) as process:
            wait_for_work(process)
            began = time.monotonic()
            _, err = process.communicate(timeout=180)
        assert process.returncode == 0, err
        return time.monotonic() - began

    def kill(self, pause: float, *arguments: str | Path) -> int:
        """Run the command and kill it so many seconds after its work began; its exit code."""
        with self.begin(*arguments) as process:
            wait_for_work(process)
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
        return int(process.returncode)

    def contents(self) -> dict[str, Any]:
        """All that it says; see contents.py."""
        env = environment(Path(self.settings["COMMONGROUND_HOME"]), **self.settings)
        command = [sys.executable, str(PROGRAMS / "contents.py")]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def wait_for_work(process: subprocess.Popen[str]) -> None:
    """Until it says that its work begins."""
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line)
        if line.strip() == BEGUN:
            return
    pytest.fail("".join(said))


Command = list[str | Path]
Order = Callable[..., Command]


@dataclass(frozen=True)
class Undisturbed:
    """What is compared with: the home as it was in June, what it says in July, and how long that harvest took."""

    june: Path
    july: dict[str, Any]
    seconds: float


def undisturbed(folder: Path, order: Order, *cities: str) -> Undisturbed:
    home = Home({"COMMONGROUND_HOME": str(folder / "home")})
    home.run(*order(JUNE, *cities))
    shutil.copytree(folder / "home", folder / "june")
    seconds = home.took(*order(JULY, *cities))
    return Undisturbed(folder / "june", home.contents(), seconds)


def in_june(home: Home, held: Undisturbed, harvest: Command) -> None:
    """Bring the home to June: as a copy where it is files."""
    if "DATABASE_URL" in home.settings:
        home.run(*harvest)
    else:
        shutil.copytree(held.june, home.settings["COMMONGROUND_HOME"])


def same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found["unfinished"] == [0, 0, 0]
    assert found["differing"] == []
    for table, rows in expected.items():
        there, here = ({json.dumps(one) for one in some} for some in (rows, found[table]))
        assert (sorted(here - there), sorted(there - here), len(found[table])) == ([], [], len(rows)), table
