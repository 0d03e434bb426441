"""What watches us gets an answer, whatever else is broken, and no more than it should know."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families as parsed

from commonground.catalog import counter, index
from commonground.catalog.models import Harvest
from commonground.site import metrics
from commonground.words import Dataset
from tests.web.conftest import bare, permits


@pytest.fixture
def probe() -> Client:
    """Something that comes by bare address and takes anything."""
    return Client(headers={"host": "10.1.2.3", "accept": "image/png", "accept-language": "es"})


def samples(client: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = client.get("/metrics").content.decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parsed(text)
        for sample in family.samples
    }


def test_alive_without_a_database(probe: Client) -> None:
    """pytest refuses the database to this test."""
    response = probe.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})
    assert response.headers["Cache-Control"] == "no-store"
    assert not response.cookies
    assert probe.head("/healthz").status_code == 200
    refused = probe.post("/healthz")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.usefixtures("catalog")
def test_ready_and_behind(probe: Client) -> None:
    assert probe.get("/readyz").json() == {"status": "ready"}
    for _ in range(3):
        counter.next_generation()
    index.behind._next = float("inf")  # nobody brings the index up meanwhile
    assert probe.get("/readyz").status_code == 200
    from commonground.catalog.models import Counter

    Counter.objects.update(value=9_000)
    answer = probe.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["The search index is 8,997 changes behind the database."]
    assert answer.headers["Cache-Control"] == "no-store"
    (index.opened().folder / "current").unlink()
    assert probe.get("/readyz").json()["reasons"] == ["The search index is not made yet."]


@pytest.mark.usefixtures("catalog")
def test_not_ready_with_another_schema(probe: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'catalog' AND name LIKE '0002%'")
    answer = probe.get("/readyz")
    assert answer.status_code == 503
    assert "lacks 1 migrations" in answer.json()["reasons"][0]


def test_not_ready_without_a_database(tmp_path: Path) -> None:
    """A server that is not there. No word of the address, which holds a password."""
    program = (
        "import django; django.setup(); from django.test import Client; c = Client();"
        "r = c.get('/readyz'); print(r.status_code, r.content.decode()); print(c.get('/healthz').status_code)"
    )
    settings = {
        "DJANGO_SETTINGS_MODULE": "commonground.site.settings",
        "COMMONGROUND_HOME": str(tmp_path),
        "DATABASE_URL": "postgresql://somebody:a-secret@127.0.0.1:9/none",
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **settings}, capture_output=True, text=True, check=True
    )
    status, _, body = done.stdout.splitlines()[0].partition(" ")
    assert status == "503"
    assert json.loads(body) == {"status": "not ready", "reasons": ["The database does not answer."]}
    assert done.stdout.splitlines()[1:] == ["", "200"] or done.stdout.split()[-1] == "200"
    assert "a-secret" not in done.stdout + done.stderr


@pytest.mark.django_db
def test_probes_are_never_limited(settings: Any) -> None:
    settings.RATE = 0.05
    client = Client(REMOTE_ADDR="203.0.113.9")
    assert {client.get("/healthz").status_code for _ in range(30)} == {200}
    assert client.get("/nothing-here").status_code == 404
    assert client.get("/nothing-here").status_code == 429


@pytest.mark.usefixtures("catalog")
def test_who_may_read_the_metrics(settings: Any) -> None:
    def status(address: str = "127.0.0.1", **headers: str) -> int:
        return Client(REMOTE_ADDR=address, headers=headers).get("/metrics").status_code

    assert status() == status("::1") == 200
    assert status("203.0.113.9") == 403
    for name in ("x-forwarded-for", "x-real-ip", "forwarded", "via"):
        assert status(**{name: "127.0.0.1"}) == 403
    settings.METRICS_TOKEN = "a-long-token"
    assert status() == 401
    assert status(authorization="Bearer another") == status(authorization="Bearer ") == 401
    assert status("203.0.113.9", authorization="Bearer a-long-token") == 200


def test_the_state_of_portals(write: Callable[..., None], probe: Client) -> None:
    write([permits()])
    write([bare()])
    write([Dataset("washington_dc", "washington-dc", "opendata.dc.gov", "f00d_2", "Trees")])
    run = Harvest.objects.filter(portal="washington-dc").latest("started")
    Harvest.objects.create(
        portal="boston",
        city="boston",
        host="x",
        protocol="ckan",
        source="live",
        outcome="withheld",
        started=timezone.now(),
    )
    assert run.finished
    found = samples(probe)

    def of(name: str, **labels: str) -> float:
        return found[f"commonground_{name}", tuple(sorted(labels.items()))]

    assert of("datasets", portal="chicago", state="held") == 1
    assert of("datasets", portal="washington-dc", state="missing") == 1
    assert of("datasets", portal="new-york", state="held") == 0
    assert 0 <= of("harvest_complete_age_seconds", portal="chicago") < 60
    assert of("harvest_complete_age_seconds", portal="new-york") == float("inf")
    assert of("harvest_outcome", portal="boston", outcome="withheld") == 1
    assert of("harvest_outcome", portal="chicago", outcome="withheld") == 0
    assert of("harvests_withheld", portal="boston") == 1
    assert of("findings_open", portal="boston", severity="error") == 0
    assert of("index_lag_generations") == 0
    assert of("index_documents") == 3
    assert of("work_overdue_seconds") == 0


@pytest.mark.usefixtures("catalog")
def test_requests_are_counted_by_names_of_which_there_are_few(probe: Client) -> None:
    client = Client()
    before = {key for key in samples(probe) if key[0].startswith("commonground_request")}
    for path in ("/nothing-1", "/nothing-2", "/datasets/chicago/ydr8-5enu", "/datasets/chicago/none", "/cities.json"):
        client.get(path)
    client.generic("BREW", "/coffee")
    after = samples(probe)
    routes = {dict(labels)["route"] for name, labels in after if name == "commonground_requests_total"}
    assert {"none", "dataset", "cities.json", "metrics"} <= routes
    assert not any("/" in one or "nothing" in one for one in routes)
    key = ("commonground_requests_total", (("method", "other"), ("route", "none"), ("status", "404")))
    assert after[key] >= 1
    assert before <= set(after)


def test_every_metric_is_explained_in_the_manual() -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/watch-it.md").read_text()
    source = Path(metrics.__file__).read_text()
    names = set(re.findall(r'"(commonground_\w+)"', source))
    assert len(names) > 10
    assert {name for name in names if f"`{name}" not in page} == set()
