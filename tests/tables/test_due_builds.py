"""What the worker does from a change at a portal to a new release; and that a build which breaks off loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError

from commonground.protocols.socrata import rows as socrata
from commonground.standards import files
from commonground.tables import due, store, tasks
from commonground.tables.manifest import home
from commonground.tables.models import Build, Part, Release, Stop
from tests.tables.live import Rows, live
from tests.tables.made import asked
from tests.tables.test_build import standard
from tests.tables.test_following import walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rows]:
    """Ten trees at a live portal, and a standard of trees that the worker keeps up."""
    settings.HOME = tmp_path / "home"
    monkeypatch.setattr(socrata, "PAGE", 4)
    monkeypatch.setattr(files, "standard", lambda *_: standard())
    monkeypatch.setattr(files, "crosswalks", lambda *_: [walk()])
    found = Rows()
    found.put("2026-01-01T00:00:00.000Z", *({"Id": f"{n:02}", "Kind": "Tree", "Note": "old"} for n in range(10)))
    with live(found) as portal:

        @contextmanager
        def client() -> Iterator[Any]:
            yield portal.client

        monkeypatch.setattr(due, "live_client", client)
        monkeypatch.setattr(tasks, "known", lambda: portal.cities)
        yield found


def build() -> None:
    due.run_build("small", lambda: True)


def published() -> dict[str, str]:
    """The note of each row that people see, by its key."""
    current = store.current("small")["chicago"]
    path = home() / current.folder / "rows.parquet"
    return {row["id"]: row["note"] for row in asked(f"SELECT id, note FROM '{path}'")}


def present(rows: Rows) -> dict[str, str]:
    return {key: row["Note"] for key, (_, row) in rows.held.items()}


def ways() -> list[str]:
    return [one["reading"] for one in store.current("small")["chicago"].result["sources"]]


def test_from_a_change_to_a_release(rows: Rows) -> None:
    build()
    assert published() == present(rows)
    assert Release.objects.get().number == 1
    build()
    assert Release.objects.count() == Build.objects.count() == 1, "nothing changed, nothing was built"
    rows.put("2026-01-02T00:00:00.000Z", {"Id": "03", "Kind": "Lamp", "Note": "new"}, {"Id": "10", "Note": "new"})
    build()
    assert published() == present(rows)
    assert set(ways()) == {"changes"}
    assert list(Part.objects.values_list("rows", flat=True)) == [10, 2], "only what changed was read"
    assert [one.number for one in Release.objects.order_by("number")] == [1, 2]


def test_what_was_read_for_a_build_that_failed_is_published_by_the_next(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    build()
    rows.put("2026-01-02T00:00:00.000Z", {"Id": "03", "Kind": "Tree", "Note": "new"})
    with monkeypatch.context() as broken:
        broken.setattr(store, "publish", _refuse)
        with pytest.raises(DatabaseError):
            build()
    assert published() != present(rows), "the last release stays"
    pages = rows.pages()
    build()
    assert published() == present(rows)
    assert rows.pages() == pages, "nothing was read twice"


def test_rows_without_the_key_leave_what_is_published(rows: Rows) -> None:
    build()
    before = published()
    rows.renamed["Id"] = "Number"
    rows.put("2026-01-02T00:00:00.000Z", {"Id": "03", "Kind": "Tree", "Note": "new"})
    build()
    assert published() == before
    (stop,) = Stop.objects.all()
    assert "no vintage" in stop.reasons[0]


def _refuse(*_: Any, **__: Any) -> None:
    raise DatabaseError("the disk is full")
