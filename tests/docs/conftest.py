"""A prepared place to try the manual in: the sample's home, recordings of the sample, a portal that serves it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from commonground import cities
from commonground.demo.sample import portals as sample
from commonground.demo.stage import RECORDS
from commonground.protocols.base import Holdings
from commonground.protocols.recordings import save

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
DAY = date(2026, 11, 1)
PATIENCE = 240  # seconds until a command counts as stuck, however busy the machine


class Place:
    """A folder as a reader of the manual has it: `.demo`, `recordings`, the checkout's `docs`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / ".demo"

    def environment(self, **more: str) -> dict[str, str]:
        """What the reader's shell knows; nothing of ours leaks into it."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("COMMONGROUND", "DATABASE", "DJANGO"))
        }
        own = {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "COMMONGROUND_HOME": str(self.home),
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
            "COMMONGROUND_LOG": "text",  # as in a terminal
        }
        return kept | own | more

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `commonground` with these words."""
        return subprocess.run(
            [str(BIN / "commonground"), *words],
            cwd=self.folder,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def copy(self, folder: Path) -> Place:
        """The same place for one page: the folders are shared, what a page makes is its own."""
        for one in (".demo", "recordings", "docs"):
            (folder / one).symlink_to(self.folder / one)
        return Place(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever runs the program itself takes seconds, so that the quick suite leaves it to `make check`."""
    for item in items:
        if "place" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The sample, harvested by the command that readers use; and recordings of it."""
    found = Place(tmp_path_factory.mktemp("manual"))
    (found.folder / "docs").symlink_to(ROOT / "docs")
    _record(found.folder / "recordings")
    made = found.run("demo", "--no-serve")
    assert made.returncode == 0, made.stderr
    return found


def _record(folder: Path) -> None:
    """The sample of two cities as recordings, and three of Chicago's data sets as if Philadelphia published them."""
    held = sample(DAY)
    for host in ("data.boston.gov", "data.cityofchicago.org"):
        portal = cities.portal(host, cities.cities())
        record = import_module(RECORDS[portal.protocol]).record
        holdings = Holdings(host, [record(dataset) for dataset in held[host]])
        save(folder, city=portal.city, day=DAY, protocol=portal.protocol, holdings=holdings)
    record = import_module(RECORDS["dcat-us"]).record
    host = "opendataphilly.org"
    lent = [
        replace(one, city="philadelphia", portal="philadelphia", host=host)
        for one in held["data.cityofchicago.org"][:3]
    ]
    holdings = Holdings(host, [record(dataset) for dataset in lent])
    save(folder, city="philadelphia", day=DAY, protocol="dcat-us", holdings=holdings)


def free_port(following: int = 1) -> int:
    """A port that nobody uses, with as many free ones after it as wanted."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first: int = probe.getsockname()[1]
        try:
            for port in range(first, first + following):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            continue
        return first


def started(command: str, place: Place, **more: str) -> tuple[subprocess.Popen[str], str]:
    """Start what runs until stopped, and wait until it says so. Returns it with all that it said."""
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command}" if "=" not in command.split(maxsplit=1)[0] else command],
        cwd=place.folder,
        env=place.environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            # A server tells of each request; one whose pipe is full would stop answering.
            Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
            return process, said
    raise AssertionError(f"{command} ended with {process.wait()}: {said}")


def stop(process: subprocess.Popen[str]) -> int:
    """Ctrl-C, as a terminal sends it: to the whole group."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode


def answering(port: int) -> None:
    """Wait until a portal answers there."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            with urlopen(f"http://127.0.0.1:{port}/robots.txt", timeout=PATIENCE):
                return
        except HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"Nobody answers on {port}.")


@pytest.fixture(scope="session")
def portal(place: Place) -> Iterator[int]:
    """The port of a portal that shows the sample, as `make demo` leaves it."""
    port = free_port()
    process, _ = started(f"commonground serve --port {port}", place, COMMONGROUND_URL=f"http://127.0.0.1:{port}")
    answering(port)
    yield port
    stop(process)


@pytest.fixture(scope="session")
def replayed(place: Place) -> Iterator[int]:
    """The first port of `commonground replay recordings`."""
    port = free_port(3)
    process, _ = started(f"commonground replay recordings --port {port}", place)
    yield port
    stop(process)


def with_ports(text: str, ports: Mapping[int, int]) -> str:
    """The text with the manual's ports replaced by those of this run."""
    for written, real in ports.items():
        text = text.replace(f"127.0.0.1:{written}", f"127.0.0.1:{real}").replace(f"--port {written}", f"--port {real}")
    return text
