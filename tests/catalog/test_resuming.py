"""A run whose process died: the next one goes on behind the last page that was written, to the same end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from commonground.catalog import browse, index, store, tasks
from commonground.catalog.harvest import Reading
from commonground.catalog.models import Checkpoint, Dataset, Finding, Harvest, Revision
from commonground.protocols.registry import readers
from tests.catalog.faults import Answerer, client_for, codes, discovery, harvest, portal, record

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

pytestmark = pytest.mark.usefixtures("home")

MANY = [record(f"bad-{number:04}") for number in range(170)]
MANY[3] = {"resource": {"name": "without an id"}}
MANY[60] = MANY[5]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four pages are as good as four hundred."""
    monkeypatch.setattr("commonground.protocols.socrata.read.PAGE", 50)


def noting(answerer: Answerer, asked: list[str]) -> Answerer:
    def answer(request: Request) -> Response:
        asked.append(request.args.get("offset", request.path))
        return answerer(request)

    return answer


def die_after(pages: int, answerer: Answerer) -> None:
    """What a process leaves that is killed when it has written so many pages."""
    with client_for({"bad": answerer}) as client:
        bad = portal("bad")
        run, begun = store.begin(bad, "live", None)
        reading = Reading(bad, readers("socrata"), client, store.held(bad), begun)
        plans = reading.plans()
        for _ in range(pages):
            plan = next(plans)
            run.dialect = reading.dialect
            store.apply(run, plan)
    assert Harvest.objects.get(pk=run.pk).outcome == "running"


def contents() -> list[object]:
    """All that the catalog says, without when it was said."""
    datasets = Dataset.objects.values_list("key", "title", "state", "listed_hash", "form_hash", "revision__number")
    found = Finding.objects.filter(closed=None).values_list("native_id", "code", "place", "sample", "detail")
    return [*datasets.order_by("key"), *sorted(found), Revision.objects.count()]


@pytest.fixture
def whole() -> list[object]:
    """The state that a run brings that nobody disturbs."""
    harvest(discovery(MANY))
    told = contents()
    Dataset.objects.update(revision=None)
    for model in (Finding, Revision, Dataset, Harvest):
        model.objects.all().delete()
    index.rebuild()
    return told


@pytest.mark.parametrize("pages", [1, 2, 3, 4])
def test_the_next_process_goes_on(whole: list[object], pages: int) -> None:
    die_after(pages, discovery(MANY))
    asked: list[str] = []
    form = harvest(noting(discovery(MANY), asked))
    assert asked == [str(offset) for offset in range(pages * 50, 170, 50)] or (pages == 4 and asked == ["170"])
    assert (form["outcome"], form["seen"], form["added"], form["resumed"]) == ("complete", 170, 168, 1)
    assert contents() == whole
    assert Harvest.objects.filter(portal="bad").count() == 1
    assert not Checkpoint.objects.exists()


def test_what_was_seen_before_the_death_is_not_missing() -> None:
    harvest(discovery(MANY))
    die_after(2, discovery(MANY))
    form = harvest(discovery(MANY[:120] + MANY[121:]))
    assert (form["missing"], form["resumed"], form["outcome"]) == (0, 1, "complete")  # one without id may be it
    assert "missing-in-doubt" in codes()
    die_after(2, discovery(MANY[4:]))
    form = harvest(discovery(MANY[4:120] + MANY[124:]))
    assert (form["missing"], form["resumed"]) == (4 + 3, 1)


def test_dying_again_and_again(whole: list[object]) -> None:
    for _ in range(3):
        die_after(1, discovery(MANY))
    form = harvest(discovery(MANY))
    assert (form["resumed"], form["seen"]) == (3, 170)
    assert contents() == whole


@pytest.mark.parametrize("how", ["old", "other source", "no page"])
def test_what_cannot_be_gone_on_with_is_read_anew(whole: list[object], how: str) -> None:
    die_after(0 if how == "no page" else 2, discovery(MANY))
    dead = Harvest.objects.get(portal="bad")
    if how == "old":
        dead.started = timezone.now() - timedelta(hours=7)
    if how == "other source":
        dead.source = "replay"
    dead.save()
    if how == "other source":
        with client_for({"bad": discovery(MANY)}) as client:
            run, begun = store.begin(portal("bad"), "live", None)
            assert begun is None
            assert client
        store.fail(run, "only tried")
        Harvest.objects.filter(pk=dead.pk).update(source="live")
    asked: list[str] = []
    form = harvest(noting(discovery(MANY), asked))
    assert asked[0] == "0"
    assert (form["outcome"], form["resumed"]) == ("complete", 0)
    dead.refresh_from_db()
    assert (dead.outcome, dead.error) == (
        "failed" if how == "no page" else "partial",
        "The process died before the end.",
    )
    assert contents() == whole


def test_a_portal_that_changed_meanwhile() -> None:
    """The listing grew by a page while nobody read it: what is new is there, and nothing is lost."""
    die_after(2, discovery(MANY[4:]))
    more = [record(f"new-{number:04}") for number in range(70)]
    form = harvest(discovery(MANY[4:] + more))
    assert (form["outcome"], form["resumed"]) == ("complete", 1)
    assert {row.native_id for row in browse.present().filter(portal="bad")} >= {one["resource"]["id"] for one in more}


def test_what_the_dead_process_brought_makes_no_loss_seem_smaller() -> None:
    """6 of 50 are too many at once, and would not be of 100."""
    harvest(discovery(MANY[70:120]))
    listed = [*(record(f"aaa-{number:04}") for number in range(50)), *MANY[76:120]]
    die_after(1, discovery(listed))
    form = harvest(discovery(listed))
    assert (form["resumed"], form["outcome"], form["missing"]) == (1, "withheld", 0)


def test_a_run_that_was_stopped_goes_on(whole: list[object]) -> None:
    """Ctrl-C, or a service that is restarted."""
    die_after(2, discovery(MANY))
    stopped = Harvest.objects.get(portal="bad")
    store.fail(stopped, "The run was stopped before its end.", stopped=True)
    assert (stopped.outcome, stopped.checkpoints.count()) == ("partial", 2)
    asked: list[str] = []
    form = harvest(noting(discovery(MANY), asked))
    assert asked[0] == "100"
    assert (form["id"], form["outcome"], form["error"], form["resumed"]) == (stopped.pk, "complete", "", 1)
    assert contents() == whole


def test_two_runs_of_a_portal_never_overlap() -> None:
    from commonground.errors import Usage
    from commonground.work import store as work
    from commonground.work.models import Run

    run = work.claim(tasks.HARVEST, "bad")
    assert run
    Run.objects.filter(pk=run.pk).update(owner="another", attempt=7)
    with pytest.raises(Usage, match="being harvested by another process"):
        harvest(discovery(MANY[:1]))
    assert not Harvest.objects.filter(portal="bad").exists()


def test_series_after_a_run_that_died_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is written and nothing linked when the process dies; the next run finds all unchanged."""
    yearly = [record(f"bad-{year}", f"Street trees {year}") for year in range(2015, 2021)]
    die_after(1, discovery(yearly))
    assert not Dataset.objects.filter(portal="bad").exclude(series="").exists()
    monkeypatch.setattr("commonground.catalog.resuming.FRESH", timedelta(0))
    form = harvest(discovery(yearly))
    assert (form["resumed"], form["unchanged"], form["outcome"]) == (0, 6, "complete")
    assert len(set(Dataset.objects.filter(portal="bad").values_list("series", flat=True)) - {""}) == 1
