"""A portal that says “not modified” is believed, where the last run was: nothing is sent, read or written."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from werkzeug.wrappers import Request, Response

from commonground.catalog import browse, removal, store, tasks
from commonground.catalog.compare import READING
from commonground.catalog.models import Dataset, Event, Finding, Revision, Validator
from tests.catalog.faults import as_json, client_for, codes, fixed, harvest, portal

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.usefixtures("home")

NAMES = [f"tree-{number}" for number in range(12)]


class Feed:
    """A `data.json` with an ETag, and the bodies that it sent."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.sent = 0

    def __call__(self, request: Request) -> Response:
        listed = [{"identifier": name, "title": f"Title of {name}", "distribution": []} for name in self.names]
        answer = as_json({"dataset": listed})
        answer.add_etag()
        answer.make_conditional(request)
        self.sent += answer.status_code == 200
        return answer


def run(feed: Feed) -> dict[str, Any]:
    return harvest(feed, protocol="dcat-us")


def rows() -> list[object]:
    """Every row of the bad portal, whole."""
    return [
        list(Dataset.objects.filter(portal="bad").order_by("pk").values()),
        list(Revision.objects.filter(dataset__portal="bad").order_by("pk").values()),
        list(Finding.objects.filter(portal="bad").order_by("pk").values()),
        list(Event.objects.order_by("pk").values()),
        list(Validator.objects.order_by("pk").values()),
    ]


def test_a_document_that_is_as_it_was() -> None:
    feed = Feed([*NAMES, NAMES[0]])
    run(feed)
    assert "duplicate-id" in codes()
    before = rows()
    form = run(feed)
    assert feed.sent == 1
    assert (form["outcome"], form["seen"], form["unchanged"], form["dialect"]) == ("complete", 12, 12, "dcat-us")
    assert rows() == before
    assert "duplicate-id" in codes()
    feed.names = NAMES[1:]
    form = run(feed)
    assert (feed.sent, form["missing"], form["unchanged"]) == (2, 1, 11)
    assert codes() == []


def test_the_grace_goes_on() -> None:
    feed = Feed(NAMES)
    run(feed)
    feed.names = NAMES[1:]
    run(feed)
    for row in Dataset.objects.filter(state="missing"):
        assert row.missing_since
        row.missing_since = row.missing_since.replace(year=row.missing_since.year - 1)
        row.save()
    assert run(feed)["withdrawn"] == 0
    form = run(feed)
    assert (feed.sent, form["withdrawn"], form["held"]) == (2, 1, 11)


@pytest.mark.parametrize("why", ["withheld", "unreachable", "our reading", "incomplete", "a week"])
def test_what_was_not_understood_is_asked_for_whole(why: str) -> None:
    feed = Feed(NAMES)
    run(feed)
    if why == "withheld":
        feed.names = NAMES[:3]
        assert run(feed)["withheld"]
        assert run(feed)["withheld"]
    if why == "unreachable":
        assert harvest(fixed("no", 500), protocol="dcat-us")["outcome"] == "failed"
    if why == "our reading":
        Dataset.objects.filter(portal="bad").update(reading=READING - 1)
    if why == "incomplete":
        Dataset.objects.filter(native_id=NAMES[2]).update(incomplete=True)
    if why == "a week":
        Validator.objects.update(read=timezone.now() - timedelta(days=8))
    feed.names, sent = NAMES, feed.sent
    form = run(feed)
    assert feed.sent == sent + 1
    assert (form["outcome"], form["held"]) == ("complete", 12)
    assert browse.present().filter(portal="bad").count() == 12
    assert run(feed)["unchanged"] == 12
    assert feed.sent == sent + 1


def test_another_document_says_nothing_of_what_is_held() -> None:
    """A Hub whose new feed is away again: its older one is as it was, but is not what was read last."""
    older, newer = Feed(NAMES), Feed(NAMES[1:])

    def run(*, away: bool) -> tuple[Any, ...]:
        new = fixed("", 404) if away else newer
        form = harvest(lambda request: (older if request.path == "/data.json" else new)(request), protocol="arcgis-hub")
        return form["outcome"], form["held"], form["missing"], form["returned"]

    assert run(away=True) == ("complete", 12, 0, 0)
    assert run(away=False) == ("complete", 11, 1, 0)
    assert run(away=True) == ("complete", 12, 0, 1)
    assert (older.sent, newer.sent) == (2, 1)
    assert run(away=True) == ("complete", 12, 0, 0)
    assert older.sent == 2


def test_what_was_released_while_a_run_read_the_portal_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Feed(NAMES)
    run(feed)
    feed.names = NAMES[:3]
    assert run(feed)["withheld"]
    end, withheld = store.end, removal.waiting().get()

    def release_first(*args: Any) -> None:
        removal.release(withheld, "Ana")
        end(*args)

    feed.names = NAMES
    with monkeypatch.context() as patched, client_for({"bad": feed}) as client:
        patched.setattr(store, "end", release_first)
        tasks.harvest(tasks.Order([portal("bad", "dcat-us")], client))
    assert Dataset.objects.filter(portal="bad", state="missing").count() == 9
    form = run(feed)
    assert (form["returned"], form["held"], form["outcome"]) == (9, 12, "complete")
