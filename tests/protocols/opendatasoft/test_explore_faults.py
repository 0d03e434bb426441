"""Listings that go wrong, read by a whole harvest: none of them may pass for the whole catalog."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from commonground.catalog.harvest import Begun, Ending, Reading
from commonground.protocols.opendatasoft.read import Opendatasoft
from commonground.protocols.serving import answer
from commonground.words import Portal, Raw

DATASETS = "/api/explore/v2.1/catalog/datasets"
EXPORT = "/api/explore/v2.1/catalog/exports/json"


def numbered(first: int, end: int) -> list[Raw]:
    return [{"dataset_id": f"d-{number}", "dataset_uid": f"da_{number}"} for number in range(first, end)]


def page_of(request: Request, held: int, declared: int) -> Response:
    offset, limit = int(request.args["offset"]), int(request.args["limit"])
    return answer({"total_count": declared, "results": numbered(offset, min(offset + limit, held))})


def same_page(_: Request) -> Response:
    return answer({"total_count": 1_000, "results": numbered(0, 100)})


def more_declared(request: Request) -> Response:
    return page_of(request, 150, 170)


def fewer_declared(request: Request) -> Response:
    return page_of(request, 150, 120)


def down_half_way(request: Request) -> Response:
    return page_of(request, 150, 150) if request.args["offset"] == "0" else answer({}, 502)


def only_the_first_page(request: Request) -> Response:
    return page_of(request, 100 if request.args["offset"] == "0" else 0, 150)


def nothing(_: Request) -> Response:
    return answer({"total_count": 0, "results": []})


Read = Callable[..., Ending]


@pytest.fixture
def read(portal: Portal, answering: Any) -> Read:
    """How a harvest of some answers ends; `begun` is what an earlier process had read."""

    def ending(listing: Callable[[Request], Response], begun: Begun | None = None) -> Ending:
        with answering({DATASETS: listing, EXPORT: lambda _: answer(numbered(0, 50))}) as (_, client):
            reading = Reading(portal, (Opendatasoft(),), client, {}, begun)
            assert sum(plan.added for plan in reading.plans()) <= 150
            return reading.ending

    return ending


@pytest.mark.parametrize(
    ("listing", "seen", "code"),
    [
        (same_page, 100, "page-repeats"),
        (more_declared, 150, "total-disagrees"),
        (down_half_way, 100, "portal-unreachable"),
        (only_the_first_page, 100, "total-disagrees"),
        (nothing, 0, "portal-failed"),
        (lambda request: page_of(request, 50, 10_500), 50, "total-disagrees"),  # an export that is cut
    ],
    ids=["the same page", "fewer than declared", "down half way", "page 1 only", "nothing", "a cut export"],
)
def test_what_is_not_whole_is_not_complete(read: Read, listing: Any, seen: int, code: str) -> None:
    ending = read(listing)
    assert (ending.complete, ending.gone, ending.seen) == (False, (), seen)
    assert code in {finding.code for finding in ending.findings}


def test_a_whole_listing_is_complete(read: Read) -> None:
    ending = read(lambda request: page_of(request, 150, 150))
    assert (ending.complete, ending.seen, ending.declared, ending.findings) == (True, 150, 150, ())


def test_more_than_declared_are_told(read: Read) -> None:
    assert "total-disagrees" in {finding.code for finding in read(fewer_declared).findings}


def test_another_process_goes_on_behind_a_page(portal: Portal, answering: Any) -> None:
    asked: list[str] = []

    def whole(request: Request) -> Response:
        asked.append(request.args["offset"])
        return page_of(request, 250, 250)

    with answering({DATASETS: whole}) as (_, client):
        first = next(Reading(portal, (Opendatasoft(),), client, {}).plans())
        begun = Begun("opendatasoft", [first.listed], first.seen, first.declared)
        reading = Reading(portal, (Opendatasoft(),), client, {}, begun)
        assert [plan.added for plan in reading.plans()] == [100, 50]
    assert asked == ["0", "100", "200"]
    assert (reading.ending.complete, reading.ending.seen) == (True, 250)
