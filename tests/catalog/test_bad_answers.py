"""Portals that fail: each harvested over HTTP beside a good one, which `faults.harvest` expects complete."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from commonground.catalog import browse, store, tasks
from commonground.catalog.models import Dataset, Finding, Harvest, Revision
from commonground.protocols.ckan.read import Ckan
from commonground.protocols.http import Manners
from tests.catalog.faults import (
    Answerer,
    as_json,
    client_for,
    codes,
    discovery,
    findings,
    fixed,
    harvest,
    portal,
    record,
)

pytestmark = pytest.mark.usefixtures("home")

RECORDS = [record(f"bad-{number:04}") for number in range(5)]
HELD = {f"bad/bad-{number:04}" for number in range(5)}
PAGES = [json.dumps({"results": RECORDS, "resultSetSize": 5})[:-20], "<!DOCTYPE html><html><body>Oops</body></html>"]


def present() -> set[str]:
    return set(browse.present().filter(portal="bad").values_list("key", flat=True))


def held_then(bad: Answerer, **more: Any) -> dict[str, Any]:
    """What a run over the bad answers brings when five datasets are held; they must all stay as they are."""
    assert harvest(discovery(RECORDS))["held"] == 5
    form = harvest(bad, **more)
    assert present() >= HELD
    assert form["missing"] == 0
    assert Revision.objects.filter(dataset__portal="bad").count() == Dataset.objects.filter(portal="bad").count()
    return form


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (PAGES[0], "sent no JSON"),
        (PAGES[1], "sent HTML"),
        ("", "sent no JSON"),
        ("[" * 100_000, "sent no JSON"),
        ('{"results": 7}', "without a list “results”"),
        ("[]", "without a list “results”"),
        (gzip.compress(PAGES[1].encode()), "sent no JSON"),
    ],
    ids=["truncated", "html", "empty", "deep", "other", "list", "raw gzip"],
)
def test_no_listing(body: bytes | str, said: str) -> None:
    form = held_then(fixed(body))
    assert (form["outcome"], form["held"]) == ("failed", 5)
    assert "bad.example" in form["error"]
    assert said in form["error"]
    [finding] = findings()
    assert (finding["code"], finding["severity"]) == ("portal-failed", "error")
    assert said in finding["message"]
    assert finding["advice"]
    assert harvest(discovery(RECORDS))["outcome"] == "complete"
    assert codes() == []


@pytest.mark.parametrize("protocol", ["ckan", "arcgis-hub", "dcat-us"])
@pytest.mark.parametrize("body", PAGES, ids=["truncated", "html"])
def test_no_listing_of_other_protocols(protocol: str, body: str) -> None:
    form = harvest(fixed(body), protocol=protocol)
    assert form["outcome"] == "failed"
    assert "bad.example" in form["error"]
    assert codes() == ["portal-failed"]


@pytest.mark.parametrize(
    ("status", "code"), [(500, "unreachable"), (503, "unreachable"), (403, "failed"), (404, "failed")]
)
def test_a_portal_that_says_no(status: int, code: str) -> None:
    form = held_then(fixed("no", status))
    assert (form["outcome"], form["held"]) == ("failed", 5)
    assert str(status) in form["error"]
    assert codes() == [f"portal-{code}"]


def test_an_empty_list() -> None:
    form = held_then(discovery([]))
    assert (form["outcome"], form["held"], form["withheld"], form["would_go"]) == ("withheld", 5, True, 5)
    assert form["reason"] == "The listing was empty; 5 data sets were listed before."
    assert "0 records, none of bad.example" in form["error"]
    assert "removal-withheld" in codes()
    again = harvest(discovery(RECORDS))
    assert (again["outcome"], codes()) == ("complete", [])
    assert Harvest.objects.get(pk=form["id"]).decision == "superseded"


@pytest.mark.parametrize("protocol", ["ckan", "arcgis-hub", "dcat-us"])
def test_an_empty_list_of_other_protocols(protocol: str) -> None:
    package = {"id": "one", "title": "One", "resources": []}
    listed = {"identifier": "one", "title": "One", "landingPage": "https://bad.example/one"}
    answers: dict[str, tuple[Any, Any]] = {
        "ckan": (
            {"success": True, "result": {"count": 1, "results": [package]}},
            {"success": True, "result": {"count": 0, "results": []}},
        ),
        "arcgis-hub": ({"dataset": [listed]}, {"dataset": []}),
        "dcat-us": ({"dataset": [listed]}, {"dataset": []}),
    }
    full, empty = answers[protocol]
    assert harvest(lambda _: as_json(full), protocol=protocol)["held"] == 1
    form = harvest(lambda _: as_json(empty), protocol=protocol)
    assert (form["held"], form["missing"], form["outcome"]) == (1, 0, "withheld")
    assert form["error"]


def test_the_wrong_domain() -> None:
    strangers = [{**one, "metadata": {"domain": "data.elsewhere.gov"}} for one in RECORDS]
    form = held_then(discovery(strangers))
    assert "none of bad.example" in form["error"]
    form = harvest(discovery([*RECORDS, {**record("else-0001"), "metadata": {"domain": "data.elsewhere.gov"}}]))
    assert (form["outcome"], form["held"]) == ("complete", 5)
    [finding] = findings()
    assert (finding["code"], finding["id"], finding["sample"]) == (
        "wrong-domain",
        "bad/else-0001",
        "data.elsewhere.gov",
    )


def test_half_the_pages_then_an_error() -> None:
    many = [record(f"bad-{number:04}") for number in range(700)]

    def answer(request: Request) -> Response:
        return discovery(many)(request) if request.args.get("offset") == "0" else Response("no", status=500)

    form = harvest(answer)
    assert (form["outcome"], form["held"], form["seen"], form["declared"]) == ("partial", 500, 500, 700)
    assert "failed with 500" in form["error"]
    assert codes() == ["portal-unreachable"]
    assert harvest(discovery(many))["held"] == 700
    form = harvest(answer)
    assert (form["outcome"], form["held"], form["missing"], form["would_go"]) == ("withheld", 700, 0, 200)
    assert form["reason"].startswith("The listing failed after 500 records")


def test_a_total_that_disagrees() -> None:
    form = held_then(discovery(RECORDS[:3], declared=9))
    assert (form["outcome"], form["held"]) == ("withheld", 5)
    assert [(one["code"], one["sample"]) for one in findings()] == [
        ("removal-withheld", "2"),
        ("total-disagrees", "9 declared, 3 listed"),
    ]
    form = harvest(discovery(RECORDS[:4], declared=2))
    assert codes() == ["total-disagrees"]


@pytest.mark.parametrize("declared", [1000, 10**6, None])
def test_the_first_page_for_ever(declared: int | None) -> None:
    many = [record(f"bad-{number:04}") for number in range(1000)]
    assert harvest(discovery(many))["held"] == 1000

    def answer(request: Request) -> Response:
        if request.path != "/api/catalog/v1":
            return Response(status=404)
        return as_json({"results": many[:500], **({"resultSetSize": declared} if declared else {})})

    form = harvest(answer)
    assert (form["outcome"], form["held"], form["missing"], form["seen"]) == ("withheld", 1000, 0, 500)
    assert "page-repeats" in codes()
    assert "duplicate-id" not in codes()


def test_views_that_ignore_the_page() -> None:
    def answer(request: Request) -> Response:
        if request.path != "/api/views":
            return Response(status=404)
        return as_json([{"id": f"view-{number:04}", "name": "A view"} for number in range(500)])

    form = harvest(answer)
    assert (form["held"], form["dialect"], form["outcome"]) == (500, "socrata-views", "partial")
    assert codes() == ["page-repeats"]


def test_an_order_that_changes_while_it_is_paged() -> None:
    """Page two repeats three records of page one; the three that it leaves out are not missing."""
    many = [record(f"bad-{number:04}") for number in range(600)]
    assert harvest(discovery(many))["held"] == 600
    form = harvest(discovery([*many[:500], *many[497:500], *many[503:]]))
    assert (form["held"], form["missing"], form["seen"], form["outcome"]) == (600, 0, 600, "complete")
    assert codes() == [*["duplicate-id"] * 3, "missing-in-doubt"]


def test_duplicate_ids_in_one_answer() -> None:
    form = harvest(discovery([*RECORDS, record("bad-0001", "Another of the same id"), RECORDS[2]]))
    assert (form["seen"], form["held"], form["outcome"]) == (7, 5, "complete")
    assert browse.dataset("bad/bad-0001").title == "Title of bad-0001"
    same = {one["id"]: one["detail"] for one in findings()}
    assert same == {"bad/bad-0001": "with other content", "bad/bad-0002": "the same record"}
    form = harvest(discovery([RECORDS[0], RECORDS[0], RECORDS[1]]))
    assert (form["held"], form["missing"]) == (2, 3)


def test_records_without_an_id() -> None:
    nameless = [record("x", "First without id"), record("x", "Second without id"), {}, {"resource": []}]
    for one in nameless[:2]:
        del one["resource"]["id"]
    form = held_then(discovery([*RECORDS[:3], *nameless]))
    assert (form["seen"], form["held"], form["outcome"]) == (7, 5, "complete")
    assert codes() == ["missing-in-doubt", *["no-id"] * 4]
    assert all(one["place"] == "resource.id" for one in findings() if one["code"] == "no-id")
    assert {"First without id", "Second without id"} <= {
        title for title in ("First without id", "Second without id") for one in findings() if title in one["detail"]
    }
    form = harvest(discovery(nameless))
    assert (form["held"], form["missing"]) == (5, 0)
    assert harvest(discovery(RECORDS[:1]))["missing"] == 4


def test_records_that_are_no_objects() -> None:
    form = held_then(discovery([RECORDS[0], None, "text", ["list"], 7, RECORDS[1], RECORDS[4]]))
    assert (form["seen"], form["held"], form["outcome"]) == (7, 5, "complete")
    assert codes() == ["missing-in-doubt", *["record-unusable"] * 4]
    assert [one["place"] for one in findings()[1:]] == [f"results[{index}]" for index in range(1, 5)]


def test_gzip_is_read_and_its_ruins_are_not() -> None:
    packed = gzip.compress(json.dumps({"results": RECORDS, "resultSetSize": 5}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert harvest(fixed(packed, headers=headers))["held"] == 5
    for ruin in (packed[:-40], b"no gzip at all"):
        form = harvest(fixed(ruin, headers=headers))
        assert (form["outcome"], form["held"]) == ("failed", 5), form
        assert "bad.example" in form["error"]


def test_an_answer_without_end() -> None:
    def answer(_: Request) -> Response:
        return Response((b" " * 65536 for _ in range(1000)), content_type="application/json")

    form = held_then(answer, manners=Manners(attempts=1, max_answer=2_000_000))
    assert "more than 2,000,000 bytes" in form["error"]
    form = harvest(
        fixed(gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"}),
        manners=Manners(attempts=1, max_answer=2_000_000),
    )
    assert "more than 2,000,000 bytes" in form["error"]


def test_an_answer_that_trickles() -> None:
    def answer(_: Request) -> Response:
        import time

        def drops() -> Any:
            while True:
                time.sleep(0.05)
                yield b" "

        return Response(drops(), content_type="application/json")

    form = harvest(answer, manners=Manners(attempts=1, total=1))
    assert "took more than 1 s" in form["error"]


def test_redirects() -> None:
    def to(url: str) -> Answerer:
        return lambda _: Response(status=302, headers={"Location": url})

    assert "redirects more than 5 times" in harvest(to("/api/catalog/v1"))["error"]
    assert "No recording of other.example" in harvest(to("https://other.example/"))["error"]
    for url in ("file:///etc/passwd", "ftp://127.0.0.1/x", "http://", "https://[::1", "http://\x00"):
        assert harvest(to(url))["outcome"] == "failed"

    def moved(request: Request) -> Response:
        if request.path == "/moved":
            return as_json({"results": RECORDS, "resultSetSize": 5})
        return Response(status=301, headers={"Location": "https://bad.example/moved"})

    assert harvest(moved)["held"] == 5


def test_a_mistake_of_ours_in_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """One record that our reading cannot bear is kept as the city gave it; the others are read."""
    package = {"id": "one", "title": "One", "resources": []}
    listed = {"success": True, "result": {"count": 2, "results": [package, {**package, "id": "two"}]}}
    for name in ("canonical", "complete", "normalize"):
        working = getattr(Ckan, name)

        def broken(self: Ckan, raw: dict[str, Any], *rest: Any, working: Callable[..., Any] = working) -> Any:
            if raw["id"] == "two":
                raise KeyError("a mistake")
            return working(self, raw, *rest)

        with monkeypatch.context() as patch:
            patch.setattr(Ckan, name, broken)
            form = harvest(lambda _: as_json(listed), protocol="ckan")
        assert (form["outcome"], form["held"]) == ("complete", 2), name
        assert browse.revision(browse.dataset("bad/two")).raw["title"] == "One"
        Dataset.objects.filter(portal="bad").update(listed_hash="", revision=None)
        assert Finding.objects.filter(native_id="two", code="record-unusable", sample__contains="a mistake").exists()
        Revision.objects.filter(dataset__portal="bad").delete()
        Dataset.objects.filter(portal="bad").delete()
        Finding.objects.all().delete()


def test_a_mistake_of_ours_in_one_portal(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A reading that breaks ends as failed and says so; the others go on."""

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(Ckan, "pages", broken)
    with caplog.at_level(logging.ERROR):
        form = harvest(fixed(""), protocol="ckan")
    assert form["outcome"] == "failed"
    assert form["error"] == "A mistake in Common Ground broke the reading: ZeroDivisionError: a mistake"
    assert "ZeroDivisionError" in caplog.text
    [finding] = findings()
    assert (finding["code"], finding["fixer"]) == ("reading-broke", "us")


def test_a_page_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stops the writing stops the harvest, and no run is left behind as if it went on."""
    from commonground.work.models import Run

    monkeypatch.setattr(store, "_add", lambda *_: 1 / 0)
    with client_for({"bad": discovery(RECORDS)}) as client, pytest.raises(ZeroDivisionError):
        tasks.harvest(tasks.Order([portal("bad")], client))
    assert not Run.objects.filter(state__in=["due", "running"]).exists()
    assert {one.outcome for one in browse.newest_harvests().values()} == {"failed"}
    monkeypatch.undo()
    assert harvest(discovery(RECORDS))["held"] == 5


def test_a_poorer_dialect_changes_nothing() -> None:
    """A portal that is read by data.json today, for want of Discovery, keeps what Discovery told."""
    document = {
        "dataset": [
            {
                "identifier": f"https://bad.example/api/views/bad{number}-abcd",
                "title": "Poorer",
                "modified": "2026-01-01",
            }
            for number in range(3)
        ]
    }
    four = [record(f"bad{number}-abcd", description="Told by Discovery") for number in range(2)]
    assert harvest(discovery(four))["held"] == 2

    def answer(request: Request) -> Response:
        return as_json(document) if request.path == "/data.json" else Response(status=404)

    form = harvest(answer)
    assert (form["dialect"], form["added"], form["changed"], form["unchanged"]) == ("socrata-data-json", 1, 0, 2)
    assert browse.dataset("bad/bad0-abcd").title == "Title of bad0-abcd"
    [finding] = [one for one in findings() if one["code"] == "dialect-poorer"]
    assert "socrata-data-json" in finding["message"]
    assert "socrata-discovery" in finding["message"]
    form = harvest(discovery([*four, record("bad2-abcd")]))
    assert (form["added"], form["changed"], form["unchanged"]) == (0, 1, 2)
    assert codes() == []


@pytest.mark.parametrize(("limit", "said"), [("MOST_RECORDS", "lists more than 900"), ("LONGEST", "took more than")])
def test_a_listing_without_end(monkeypatch: pytest.MonkeyPatch, limit: str, said: str) -> None:
    def answer(request: Request) -> Response:
        if request.path != "/api/catalog/v1":
            return Response(status=404)
        begin = int(request.args.get("offset", 0))
        return as_json({"results": [record(f"bad-{number:06}") for number in range(begin, begin + 500)]})

    monkeypatch.setattr(f"commonground.catalog.harvest.{limit}", 900 if limit == "MOST_RECORDS" else 0)
    with client_for({"bad": answer}) as client:
        (one,) = tasks.harvest(tasks.Order([portal("bad")], client))
    assert one.outcome == "partial"
    assert said in one.error
