"""Workers as processes of their own: side by side, killed, and put to sleep for longer than their lease."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from commonground.protocols.serving import loopback
from tests.catalog.faults import discovery, record, wsgi
from tests.cli.conftest import environment
from tests.processes.homes import PROGRAMS, Home

pytestmark = pytest.mark.slow

LONG, SHORT = 600, 2
ONE = "one.example"


@dataclass
class Slow:
    """A portal of sixty data sets in pages of twenty, which notes who asks for what; pages may be held back."""

    name: str
    asked: list[str] = field(default_factory=list)
    most: int = 0
    """At most so many asked at once."""
    held_back: str = ""
    """The offset of the page that is not given out before `go` is set."""
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    _now: int = 0

    def __call__(self, request: Request) -> Response:
        offset = request.args.get("offset", "")
        self.asked.append(offset)
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            if self.held_back == offset:
                self.reached.set()
                self.go.wait(60)
            time.sleep(0.1)
            records = [record(f"{self.name}-{number:04}") for number in range(60)]
            return discovery(records)(request)
        finally:
            self._now -= 1


@contextmanager
def world(*portals: Slow) -> Iterator[Mapping[str, str]]:
    with loopback({f"{one.name}.example": wsgi(one) for one in portals}) as routes:
        try:
            yield routes
        finally:
            for one in portals:
                one.go.set()


@contextmanager
def worker(home: Home, routes: Mapping[str, str], lease: float = LONG) -> Iterator[subprocess.Popen[str]]:
    """A worker that does what is due; it does not outlive the block."""
    command = [sys.executable, str(PROGRAMS / "worker.py"), json.dumps(dict(routes)), str(lease)]
    env = environment(Path(home.settings["COMMONGROUND_HOME"]), **home.settings)
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def done(process: subprocess.Popen[str]) -> list[dict[str, str]]:
    """What the worker says it did; it has ended well."""
    out, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    found: list[dict[str, str]] = json.loads(out)
    return found


def rows(home: Home) -> dict[str, Any]:
    """Every row of the tables that harvests write, with the times in them."""
    script = (
        "import json, sys; from commonground.cli.home import ready; ready()\n"
        "from commonground.catalog import models; from commonground.work.models import Run\n"
        "tables = [getattr(models, one) for one in ('Harvest', 'Dataset', 'Revision', 'Event', 'Finding', 'Counter')]\n"
        "told = {one.__name__: list(one.objects.order_by('pk').values()) for one in [*tables, models.Checkpoint, Run]}\n"
        "json.dump(told, sys.stdout, default=str)"
    )
    env = environment(Path(home.settings["COMMONGROUND_HOME"]), **home.settings)
    told = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


@pytest.fixture
def empty(home: Home) -> Home:
    """A home with a database, in which nothing is yet."""
    home.run("status", "--json")
    return home


def test_two_workers_side_by_side(empty: Home) -> None:
    """Four portals, each asked by one of them, once, from its first page to its last."""
    portals = [Slow(name) for name in ("one", "two", "three", "four")]
    with world(*portals) as routes, worker(empty, routes) as first, worker(empty, routes) as second:
        mine, yours = done(first), done(second)
    assert sorted(one["subject"] for one in [*mine, *yours]) == sorted(one.name for one in portals)
    assert not [one for one in [*mine, *yours] if one["error"]]
    assert mine
    assert yours
    for one in portals:
        assert (one.asked[:3], one.most) == (["0", "20", "40"], 1)
        assert len(one.asked) <= 4  # behind a last page that is full there may be another
    held = rows(empty)
    assert [one["outcome"] for one in held["Harvest"]] == ["complete"] * 4
    assert len(held["Dataset"]) == len(held["Revision"]) == 240


def test_a_worker_that_is_killed(empty: Home) -> None:
    """The next one takes the run at once, says why, and goes on behind the last page."""
    one = Slow("one", held_back="40")
    with world(one) as routes:
        with worker(empty, routes) as first:
            assert one.reached.wait(60)
            wait_for_pages(empty, 2)
            first.send_signal(signal.SIGKILL)
            assert first.wait(30) == -9
        [run] = [row for row in rows(empty)["Run"] if row["state"] == "running"]
        one.held_back, one.asked = "", []
        one.go.set()
        with worker(empty, routes) as second:
            [told] = done(second)
    assert told == {"task": "harvest", "subject": "one", "error": ""}
    assert one.asked[0] == "40"
    held = rows(empty)
    [reaped] = [row for row in held["Run"] if row["id"] == run["id"]]
    assert (reaped["state"], reaped["attempt"]) == ("done", 2)
    assert reaped["reaped"].startswith("Attempt 1 gave its last sign of life at 2")
    assert reaped["reaped"].endswith("its process has died.")
    assert [(row["outcome"], row["seen"], row["resumed"]) for row in held["Harvest"]] == [("complete", 60, 1)]
    assert len(held["Dataset"]) == len(held["Revision"]) == 60
    assert held["Checkpoint"] == []


def test_a_worker_that_sleeps_past_its_lease(empty: Home) -> None:
    """Stopped while a page is on its way; when it wakes up, another has done the work, and it writes nothing."""
    one = Slow("one", held_back="20")
    with world(one) as routes, worker(empty, routes, SHORT) as first:
        assert one.reached.wait(60)
        wait_for_pages(empty, 1)
        first.send_signal(signal.SIGSTOP)
        one.held_back = ""
        one.go.set()  # the page lies ready for the one who sleeps
        time.sleep(SHORT + 0.5)
        with worker(empty, routes, SHORT) as second:
            [told] = done(second)
        assert (told["subject"], told["error"]) == ("one", "")
        before, asked = rows(empty), len(one.asked)
        [run] = [row for row in before["Run"] if row["state"] == "done"]
        assert run["reaped"].endswith("its lease ran out.")
        first.send_signal(signal.SIGCONT)
        done(first)
        assert rows(empty) == before
    assert len(one.asked) <= asked + 1  # what it had begun to ask for when it was stopped
    assert [(row["outcome"], row["seen"], row["resumed"]) for row in before["Harvest"]] == [("complete", 60, 1)]
    assert len(before["Dataset"]) == len(before["Revision"]) == 60


def wait_for_pages(home: Home, count: int) -> None:
    """Until so many pages are written."""
    until = time.monotonic() + 60
    while len(rows(home)["Checkpoint"]) < count:
        assert time.monotonic() < until
        time.sleep(0.05)
