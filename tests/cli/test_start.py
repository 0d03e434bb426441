"""The command is quick to say what it can do."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, environment

PROMISED = 0.3
HEAVY = {
    "django",
    "granian",
    "httpx2",
    "orjson",
    "prometheus_client",
    "pydantic",
    "rich",
    "stamina",
    "tantivy",
    "psycopg",
}


def seconds(*command: object) -> float:
    """Of a processor: how long others make it wait is not counted."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(list(map(str, command)), check=True, capture_output=True, env=environment(Path.cwd()))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_loads_nothing_heavy() -> None:
    program = "import sys; from commonground.cli.app import app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "typer" in loaded
    assert HEAVY.isdisjoint(loaded)


def test_pages_wait_for_nothing_that_only_builds_need(tmp_path: Path) -> None:
    program = (
        "import sys, django; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns;"
        " print(*sys.modules)"
    )
    env = {**environment(tmp_path), "DJANGO_SETTINGS_MODULE": "commonground.site.settings"}
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)
    assert "commonground.tables.views.city" in loaded.stdout.split()
    assert {"ibis", "sqlglot", "scipy.optimize", "polars", "pandas"}.isdisjoint(loaded.stdout.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["harvest", "--help"]])
def test_help_is_quick(arguments: list[str]) -> None:
    """On a machine with nothing else to do it takes half of that; on a slow one hardly more than typer alone."""
    typer = min(seconds(sys.executable, "-c", "import typer") for _ in range(3))
    assert min(seconds(COMMAND, *arguments) for _ in range(5)) < max(PROMISED, 2 * typer)
