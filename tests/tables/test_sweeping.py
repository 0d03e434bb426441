"""What killed builds leave goes after its time; what a build or a reading needs stays, however old it is."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from commonground.tables import sweeping
from commonground.tables.manifest import home
from commonground.tables.models import BUILD, Part, Reading
from commonground.work import store as work
from tests.tables.test_build import cells
from tests.tables.test_store import built, kept

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _home(settings: object, tmp_path: Path) -> None:
    settings.HOME = tmp_path  # type: ignore[attr-defined]


def left(*names: str) -> list[Path]:
    """Files such as a killed build leaves, two days old."""
    found = []
    for name in names:
        path = home() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"PAR1")
        for one in (path, path.parent):
            old(one)
        found.append(path)
    return found


def old(path: Path) -> None:
    then = time.time() - 2 * sweeping.LEFT.total_seconds()
    os.utime(path, (then, then))


def test_files_that_the_database_does_not_know_go() -> None:
    build = built(cells(["a"]))
    needed = [home() / part.path for part in build.parts.all()] + [home() / build.folder / "rows.parquet"]
    for path in [*needed, home() / build.folder]:
        old(path)
    lost = left("rows/abc/1.partial", "rows/abc/2.parquet", "tables/small/chicago/0f/rows.parquet")
    young = home() / "rows/abc/3.partial"
    young.write_bytes(b"PAR1")
    sweeping.sweep()
    assert [path.exists() for path in lost] == [False] * 3
    assert all(path.exists() for path in [*needed, young])


def test_a_part_of_which_nothing_is_made_goes_after_a_month() -> None:
    used = built(cells(["a"])).parts.get()
    read, unused, young = (kept(cells([one])) for one in "bcd")
    now = timezone.now()
    Reading.objects.create(source="chicago/smal-0000", parts=[read.pk], rows=1, whole=now, checked=now)
    Part.objects.exclude(pk=young.pk).update(fetched=now - sweeping.UNUSED - timedelta(days=1))
    for one in (used, read, unused):
        old(home() / one.path)
    sweeping.sweep()
    assert set(Part.objects.values_list("pk", flat=True)) == {used.pk, read.pk, young.pk}
    assert not (home() / unused.path).exists()
    assert all((home() / one.path).exists() for one in (used, read, young))


def test_nothing_goes_while_somebody_builds() -> None:
    (lost,) = left("rows/abc/1.partial")
    run = work.claim(BUILD, "small")
    assert run is not None
    sweeping.sweep()
    assert lost.exists()
    work.finish(run)
    sweeping.sweep()
    assert not lost.exists()
