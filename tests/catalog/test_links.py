"""Addresses that answer, that are gone, and hosts that are silent: over HTTP on loopback, days apart."""

from __future__ import annotations

import random
import string
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db.models import Max
from werkzeug.wrappers import Request, Response

from commonground.catalog import findings, links, tasks
from commonground.catalog.models import Finding, Harvest, Link, Revision
from commonground.errors import Unrecorded
from commonground.protocols.http import Client, Manners
from commonground.protocols.serving import loopback
from commonground.words import Raw
from commonground.work.models import Run
from tests.catalog import faults

pytestmark = pytest.mark.usefixtures("home")

PORTAL = faults.portal("bad")
NOWHERE = "http://127.0.0.1:9"
"""A port where nobody listens."""


class Pages:
    """A host with a page for each status: `/404` answers 404. Counts what it was asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.mended = False

    def __call__(self, request: Request) -> Response:
        self.asked[f"{request.method} {request.path}"] += 1
        name = request.path.strip("/").split("/")[0]
        if name == "no-head":
            return Response(status=405 if request.method == "HEAD" else 206)
        if name == "moved":
            return Response(status=302, headers={"Location": "/200"})
        return Response(status=200 if self.mended or not name.isdigit() else int(name))


def record(native_id: str, page: str, *files: str) -> Raw:
    raw = faults.record(native_id)
    raw["permalink"] = page
    raw["metadata"] = {"access_points": {f"text/csv{n}": url for n, url in enumerate(files)}}
    raw["resource"]["type"] = "href"
    return raw


def hold(*records: Raw) -> None:
    with faults.client_for({"bad": faults.discovery(records)}) as client:
        tasks.harvest(tasks.Order([PORTAL], client))


@contextmanager
def asking(pages: Pages) -> Iterator[Client]:
    hasty = Manners(connect=2, read=5, attempts=1, total=5, per_host=1)
    apps = {"pages.example": faults.wsgi(pages), "other.example": faults.wsgi(pages)}
    with (
        loopback(apps) as routes,
        Client(routes={**routes, "silent.example": NOWHERE}, sealed=True, manners=hasty) as client,
    ):
        yield client


def later(days: float) -> None:
    """As if all that happened so far had happened so many days before."""
    for one in Link.objects.all():
        one.checked = one.checked and one.checked - timedelta(days=days)
        one.failing_since = one.failing_since and one.failing_since - timedelta(days=days)
        one.save()


def told(state: str = "open") -> list[tuple[str, str | None, str]]:
    rows = findings.Wanted(portal="bad", state=state).rows().filter(scope=Finding.Scope.LINK).order_by("code", "sample")
    return [(one["code"], one["id"], one["message"]) for one in findings.forms(rows)]


def test_an_address_is_dead_after_two_checks_and_alive_after_one() -> None:
    page = "https://pages.example"
    hold(
        record("good-0001", f"{page}/200", f"{page}/no-head", f"{page}/moved", "ftp://pages.example/x"),
        record("gone-0001", f"{page}/404", f"{page}/410/a.csv", f"{page}/500", f"{page}/403"),
        record("gone-0002", f"{page}/404"),
    )
    pages = Pages()
    with asking(pages) as client:
        first = links.check(PORTAL, client)
        assert first.named == 7
        assert first.asked == {"alive": 3, "gone": 2, "unsure": 2}
        assert pages.asked["HEAD /404"] == pages.asked["GET /404"] == 1, "each address is asked once"
        assert "GET /200" not in pages.asked
        assert told() == []

        assert links.check(PORTAL, client).asked.total() == 0, "nothing is due within a day"
        later(1)
        second = links.check(PORTAL, client)
        assert second.asked == {"gone": 2}, "only what failed is due after a day"
        assert (second.dead, second.dead_hosts) == (2, 0)
        since = f"{Link.objects.get(url__endswith='/404').failing_since:%Y-%m-%d}"
        assert told() == [
            ("dead-link", "bad/gone-0001", f"{page}/404 does not exist any more: 404 since {since}."),
            ("dead-link", "bad/gone-0002", f"{page}/404 does not exist any more: 404 since {since}."),
            ("dead-link", "bad/gone-0001", f"{page}/410/a.csv does not exist any more: 410 since {since}."),
        ]
        before = list(Finding.objects.order_by("pk").values_list())
        assert links.check(PORTAL, client).asked.total() == 0
        assert list(Finding.objects.order_by("pk").values_list()) == before

        pages.mended = True
        later(7)
        assert links.check(PORTAL, client).asked == {"alive": 7}
    assert told() == []
    assert len(told("closed")) == 3


def test_a_silent_host_is_one_finding_and_its_patience_is_kept() -> None:
    silent = "https://silent.example"
    hold(
        *(record(f"many-{n:04}", f"{silent}/{n}") for n in range(40)),
        record("good-0001", "https://pages.example/200"),
    )
    with asking(Pages()) as client:
        first = links.check(PORTAL, client)
        assert first.asked == {"silent": links.PATIENCE, "alive": 1}
        assert first.left == 40 - links.PATIENCE
        later(1)
        second = links.check(PORTAL, client)
        assert (second.dead, second.dead_hosts) == (0, 1)
        assert told() == [
            (
                "dead-host",
                None,
                "silent.example does not answer at all, and the records name 40 addresses there.",
            )
        ]
        form = findings.form(Finding.objects.get(code="dead-host"))
        newest = Link.objects.filter(host="silent.example").aggregate(at=Max("checked"))["at"]
        assert form["last_seen"] == max(form["first_seen"], newest)


def test_a_host_that_answers_again_is_no_finding() -> None:
    hold(*(record(f"many-{n:04}", f"https://silent.example/x{n}") for n in range(3)))
    with asking(Pages()) as client:
        links.check(PORTAL, client)
        later(1)
        links.check(PORTAL, client)
        assert [code for code, *_ in told()] == ["dead-host"]
    later(7)
    with loopback({"silent.example": faults.wsgi(Pages())}) as routes, Client(routes=routes, sealed=True) as client:
        links.check(PORTAL, client)
    assert told() == []


def test_what_is_named_no_more_is_forgotten() -> None:
    hold(record("gone-0001", "https://pages.example/404"))
    with asking(Pages()) as client:
        links.check(PORTAL, client)
        later(1)
        links.check(PORTAL, client)
        assert len(told()) == 1
        hold(record("gone-0001", "https://pages.example/200"))
        links.check(PORTAL, client)
    assert told() == []
    assert [one.url for one in Link.objects.all()] == ["https://pages.example/200"]


def test_a_busy_host_is_left_alone() -> None:
    hold(*(record(f"many-{n:04}", f"https://pages.example/{429 if n else 200}/{n}") for n in range(9)))
    pages = Pages()
    with asking(pages) as client:
        done = links.check(PORTAL, client)
    assert done.asked["unsure"] == 1
    assert sum(pages.asked.values()) == done.asked.total()
    assert done.left == 9 - done.asked.total()


def test_a_run_that_was_taken_from_us_stops_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    hold(*(record(f"many-{n:04}", f"https://pages.example/200/{n}") for n in range(30)))
    monkeypatch.setattr(links, "BEAT", 0.0)
    pages = Pages()
    with asking(pages) as client:
        asked = links.check(PORTAL, client, beat=lambda: len(pages.asked) < 5).asked.total()
        assert asked < 30
        assert Link.objects.filter(checked__isnull=False).count() == asked
        assert links.check(PORTAL, client).asked.total() == 30 - asked
    assert max(pages.asked.values()) <= 2


def test_a_limit_is_kept() -> None:
    hold(*(record(f"many-{n:04}", f"https://pages.example/200/{n}") for n in range(9)))
    with asking(Pages()) as client:
        done = links.check(PORTAL, client, limit=4)
    assert (done.asked.total(), done.left) == (4, 5)


def test_addresses_that_cannot_be_asked_stop_nobody() -> None:
    """One of 6,000 random letters, which no index of PostgreSQL holds; one whose host is none, as once was stored."""
    long = "https://pages.example/" + "".join(random.Random(7).choices(string.ascii_letters, k=6_000))
    hold(record("good-0001", "https://pages.example/200", long))
    revision = Revision.objects.get(dataset__native_id="good-0001")
    revision.form["distributions"].append({**revision.form["distributions"][0], "url": "http://[bad"})
    revision.save()
    with asking(Pages()) as client:
        done = links.check(PORTAL, client)
    assert (done.named, done.asked) == (1, {"alive": 1})


def test_in_a_replay_nothing_leaves_the_machine() -> None:
    hold(record("good-0001", "https://elsewhere.example/200", "https://pages.example/404"))
    with asking(Pages()) as client:
        done = links.check(PORTAL, client)
    assert (done.unrecorded, done.asked) == (1, {"gone": 1})
    assert Link.objects.get(host="elsewhere.example").checked is None
    Harvest.objects.update(source=Harvest.Source.REPLAY)
    with links.client() as client, pytest.raises(Unrecorded):
        client.status("https://elsewhere.example/")
    links.schedule()
    assert not Run.objects.filter(task=links.LINKS).exists()


def test_a_mistake_in_a_thread_is_told() -> None:
    hold(record("good-0001", "https://pages.example/200"))

    class Broken(Client):
        def status(self, url: str) -> int:
            raise ZeroDivisionError(url)

    with Broken(sealed=True) as client, pytest.raises(ZeroDivisionError):
        links.check(PORTAL, client)
