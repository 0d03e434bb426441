"""Figures that are kept: they cost nothing while nothing changes, and are right as soon as something does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from commonground.catalog import edition, overview
from commonground.catalog.edition import remembered
from commonground.catalog.models import Finding, Harvest
from commonground.words import Dataset
from commonground.words import Finding as FindingWord

if TYPE_CHECKING:
    from collections.abc import Callable

TREES = Dataset("boston", "boston", "data.boston.gov", "trees", "Trees")
BENCHES = Dataset("boston", "boston", "data.boston.gov", "benches", "Benches")


def boston() -> dict[str, Any]:
    return next(row for row in overview.portals() if row["slug"] == "boston")


def test_figures_follow_every_change(write: Callable[..., None]) -> None:
    assert boston()["held"] is None
    write([TREES], [FindingWord("no-link", "distribution", "", "trees")])
    assert (boston()["held"], boston()["missing"], boston()["findings"]) == (1, 0, 1)
    write([TREES, BENCHES])
    assert boston()["held"] == 2
    write([TREES])
    assert (boston()["held"], boston()["missing"]) == (1, 1)
    Finding.objects.create(scope="link", portal="boston", city="boston", code="no-link", first_seen=timezone.now())
    before = boston()["findings"]
    Finding.objects.filter(scope="link").update(closed=timezone.now())
    assert boston()["findings"] == before - 1


def test_while_nothing_changes_nothing_is_counted(write: Callable[..., None], django_assert_num_queries: Any) -> None:
    write([TREES])
    overview.portals()
    with django_assert_num_queries(1):
        assert boston()["held"] == 1


@pytest.mark.usefixtures("home")
def test_while_a_harvest_is_under_way_figures_may_be_some_seconds_old(
    write: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    @remembered
    def figure() -> int:
        made.append(1)
        return len(made)

    write([TREES])
    assert (figure(), figure()) == (1, 1)
    running = Harvest.objects.create(portal="boston", city="boston", host="x", source="live", started=timezone.now())
    assert figure() == 1
    monkeypatch.setattr(edition, "UNDER_WAY", 0.0)
    assert figure() == 2
    monkeypatch.undo()
    Harvest.objects.filter(pk=running.pk).update(outcome=Harvest.Outcome.COMPLETE, finished=timezone.now())
    assert figure() == 3


def test_a_day_that_comes_makes_a_new_edition(write: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    write([TREES])
    first = edition.edition()
    assert edition.edition() == first
    monkeypatch.setattr("commonground.catalog.edition.time.time", lambda: 2e9)
    assert edition.edition() != first


def test_before_the_first_harvest_nothing_is_kept(home: None) -> None:  # noqa: ARG001 - asked for, not looked at
    assert edition.edition() is None
