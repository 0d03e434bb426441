"""The whole catalog as one document: made once for each state of the catalog, and sent as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from commonground.catalog import counter, export
from commonground.catalog.models import Counter

if TYPE_CHECKING:
    from django.test import Client


def document(client: Client) -> dict[str, Any]:
    answer = client.get("/data.json")
    assert answer.status_code == 200
    return dict(json.loads(answer.getvalue()))


@pytest.mark.usefixtures("catalog")
def test_it_is_made_once_and_asked_for_by_its_state(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = document(client)
    assert {one["title"] for one in first["dataset"]} >= {"Building Permits"}
    monkeypatch.setattr(export, "document", lambda: pytest.fail("made again"))
    assert document(client) == first
    etag = client.get("/data.json")["ETag"]
    assert client.get("/data.json", headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.usefixtures("catalog")
def test_a_new_state_makes_a_new_file_and_the_old_one_goes(settings: Any) -> None:
    first = export.current()
    Counter.objects.filter(name="catalog").update(value=counter.generation() + 1)
    second = export.make()
    assert second != first
    assert list(Path(settings.HOME, "export").glob("*/*")) == [second]
    assert export.current() == second


@pytest.mark.usefixtures("catalog")
def test_while_a_new_one_is_made_the_old_one_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    first = export.current()
    begun: list[Any] = []
    monkeypatch.setattr(export, "_behind", begun.append)
    Counter.objects.filter(name="catalog").update(value=counter.generation() + 1)
    assert export.current() == first
    assert begun == [export.make]
