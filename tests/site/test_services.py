"""The two services as systemd runs them: they tell events in JSON, count in all their processes, and stop in peace."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from tests.cli.conftest import COMMAND, Run, environment
from tests.docs.conftest import answering, free_port
from tests.site.test_backup import count

WORKER = textwrap.dedent("""
    import django; django.setup()
    import sys
    from pathlib import Path
    from commonground.catalog import browse, tasks
    from commonground.protocols import recordings
    from commonground.protocols.http import Client
    from commonground.protocols.replay import staged
    from commonground.site.store import migrate
    from commonground.work import store, worker
    from commonground.work.registry import SCHEDULES, TASKS

    def gather(subject, beat):
        chosen = recordings.newest(recordings.find(Path(subject)))
        with staged({host: chosen[host] for host in HOSTS}) as stage, Client(routes=stage.routes, sealed=True) as client:
            portals = tasks.chosen_portals(HOSTS, browse.known_cities())
            tasks.harvest(tasks.Order(portals, client, "replay", stage.days))

    HOSTS = ["data.cityofchicago.org", "data.seattle.gov"]
    SCHEDULES.clear(); TASKS.clear()
    TASKS["gather"] = gather
    TASKS["nothing"] = lambda subject, beat: None
    worker.PAUSE = 0.2
    migrate()
    if sys.argv[1:]:
        store.schedule("gather", sys.argv[1])
    worker.work(once=False)
""")


@contextmanager
def running(command: list[str | Path], place: dict[str, str]) -> Iterator[Path]:
    """A service, and the file of what it tells. Ended by SIGTERM, as systemd does, it ends with 0."""
    home = Path(place["COMMONGROUND_HOME"])
    settings = environment(home, **place, DJANGO_SETTINGS_MODULE="commonground.site.settings")
    with home.with_name("told").open("w+") as told:
        service = subprocess.Popen(command, env=settings, stdout=told, stderr=told)
        try:
            yield Path(told.name)
            service.send_signal(signal.SIGTERM)
            assert service.wait(timeout=30) == 0, Path(told.name).read_text()
        finally:
            service.kill()
            service.wait()


def wait_until(place: dict[str, str], statement: str, least: int) -> None:
    until = time.monotonic() + 60
    while count(place, statement) < least:
        assert time.monotonic() < until, statement
        time.sleep(0.02)


def test_serving(run: Run, place: dict[str, str]) -> None:
    assert run("status").code == 0
    port, asked = free_port(), 40
    with running([COMMAND, "serve", "--port", str(port), "--workers", "2"], place) as log:
        answering(port)
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
            assert client.get("/readyz").json() == {"status": "ready"}
        for _ in range(asked):  # each on a connection of its own, so that both processes get some
            assert httpx2.get(f"http://127.0.0.1:{port}/about.json").status_code == 200
        # Whichever process is asked tells the same.
        for _ in range(6):
            families = parsed(httpx2.get(f"http://127.0.0.1:{port}/metrics").text)
            samples = {(one.name, one.labels.get("route")): one.value for each in families for one in each.samples}
            assert samples["commonground_requests_total", "about.json"] == asked
            assert samples["commonground_index_lag_generations", None] == 0
    told = [json.loads(line) for line in log.read_text().splitlines()]
    requests = [one for one in told if one["logger"] == "commonground.requests" and one["route"] == "about.json"]
    assert len(requests) == asked
    assert len({one["request_id"] for one in requests}) == asked
    assert told[-1]["message"] == "Common Ground has stopped."
    assert not [one for one in told if one["level"] in {"WARNING", "ERROR"}]


def test_a_worker_stops_amid_a_harvest(place: dict[str, str], recordings: Path, run: Run) -> None:
    assert run("status").code == 0
    with running([sys.executable, "-c", WORKER, str(recordings / "portals")], place):
        wait_until(place, "SELECT count(*) FROM catalog_revision", 200)
    assert count(place, "SELECT count(*) FROM catalog_revision") < 588 + 982
    assert count(place, "SELECT count(*) FROM work_run WHERE state = 'running'") == 0
    assert count(place, "SELECT count(*) FROM work_run WHERE task = 'gather' AND state = 'due' AND attempt = 0") == 1
    with running([sys.executable, "-c", WORKER], place):
        wait_until(place, "SELECT count(*) FROM work_run WHERE task = 'gather' AND state = 'done'", 1)
    assert count(place, "SELECT count(*) FROM catalog_dataset WHERE state = 'present'") == 588 + 982
    assert count(place, "SELECT count(*) FROM catalog_revision") == 588 + 982


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_a_worker_outlives_its_connection(place: dict[str, str], run: Run) -> None:
    assert run("status").code == 0
    due = "INSERT INTO work_run (task, subject, state, due, attempt, owner, error, reaped)"
    with (
        running([sys.executable, "-c", WORKER], place),
        psycopg.connect(place["DATABASE_URL"], autocommit=True) as other,
    ):
        for number in range(3):
            other.execute(f"{due} VALUES ('nothing', '{number}', 'due', now(), 0, '', '', '')")
            wait_until(place, "SELECT count(*) FROM work_run WHERE state = 'done'", number + 1)
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = current_user"
            )
