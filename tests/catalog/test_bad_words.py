"""What a portal says of itself and cannot mean, and what the database refuses: one portal fails, or one field."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from django.db import DatabaseError
from werkzeug.wrappers import Request, Response

from commonground.catalog import store
from commonground.catalog.models import Finding, Harvest
from tests.catalog.faults import as_json, discovery, findings, fixed, harvest, record

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize("total", [-1, 2**40, True, "many", 1.5])
def test_a_total_that_is_no_count(total: Any) -> None:
    def answer(request: Request) -> Response:
        if request.path != "/api/catalog/v1":
            return Response(status=404)
        rows = [record("bad-0001")] if request.args.get("offset") == "0" else []
        return as_json({"results": rows, "resultSetSize": total})

    form = harvest(answer)
    assert (form["outcome"], form["declared"], form["held"]) == ("complete", None, 1)
    # Discovery's reader hands on whole numbers only; what else it says is as good as nothing.
    told = [one["sample"] for one in findings() if one["code"] == "total-unusable"]
    assert told == ([repr(total)] if isinstance(total, int) else [])


def test_what_a_broken_listing_does_not_show_is_not_mended() -> None:
    twice = discovery([record("bad-0001"), record("bad-0001")])
    harvest(twice)
    before = Finding.objects.get(portal="bad", closed=None, scope="listing")
    assert before.code == "duplicate-id"
    harvest(fixed("out of order", 500))
    assert {one["code"] for one in findings()} == {"duplicate-id", "portal-unreachable"}
    assert Finding.objects.get(pk=before.pk).closed is None
    harvest(twice)
    assert {one["code"] for one in findings()} == {"duplicate-id"}
    harvest(discovery([record("bad-0001")]))
    assert findings() == []


@pytest.mark.parametrize(("depth", "code"), [(200, None), (1_010, "nested-too-deep")])
def test_a_record_nested_deep(depth: int, code: str | None) -> None:
    """The parser takes 1,024 levels; what writes JSON takes fewer."""
    body = json.dumps({"results": [{**record("bad-0001"), "deep": 0}, record("bad-0002")], "resultSetSize": 2})
    nested = body.replace('"deep": 0', '"deep": ' + "[" * depth + "]" * depth)

    def answer(request: Request) -> Response:
        return Response(nested if request.path == "/api/catalog/v1" else b"", content_type="application/json")

    form = harvest(answer)
    assert (form["outcome"], form["held"]) == ("complete", 2)
    # Since Python 3.12 what writes goes deeper than the parser does, and nothing is left out.
    told = [(code, "deep")] if code and sys.version_info < (3, 12) else []
    assert [(one["code"], one["place"]) for one in findings()] == told


def test_what_the_database_refuses_fails_one_portal(monkeypatch: pytest.MonkeyPatch) -> None:
    applied = store.apply

    def refuse(run: Harvest, plan: Any) -> None:
        if run.portal == "bad":
            raise DatabaseError("disk full")
        applied(run, plan)

    monkeypatch.setattr(store, "apply", refuse)
    form = harvest(discovery([record("bad-0001")]))
    assert (form["outcome"], form["held"]) == ("failed", 0)
    assert "disk full" in form["error"]
    monkeypatch.setattr(store, "apply", applied)
    assert harvest(discovery([record("bad-0001")]))["outcome"] == "complete"
