"""Portals that misbehave: each answers at `/api/catalog/v1` (Discovery) or any other path as a test says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from werkzeug.wrappers import Request, Response

from commonground.catalog import browse, index, reconcile, tasks
from commonground.catalog import findings as told
from commonground.catalog.models import Finding
from commonground.catalog.quality import CRITERIA
from commonground.protocols.base import WSGIApp
from commonground.protocols.http import Client, Manners
from commonground.protocols.serving import loopback
from commonground.words import Contact, Portal, Raw

Answerer = Callable[[Request], Response]
HASTY = Manners(connect=2, read=5, attempts=1, total=20)


def record(native_id: str, title: str = "", **resource: Any) -> Raw:
    """A small Discovery record."""
    return {
        "resource": {
            "id": native_id,
            "name": title or f"Title of {native_id}",
            "type": "dataset",
            "columns_name": ["Name"],
            "columns_field_name": ["name"],
            "columns_datatype": ["Text"],
            "columns_description": [""],
            **resource,
        },
        "classification": {"domain_tags": ["one", "two"]},
        "permalink": "https://bad.example/d/1",
    }


def discovery(records: Iterable[Any], declared: int | None = None) -> Answerer:
    """Discovery over those records, by offset and limit."""
    listed = list(records)

    def answer(request: Request) -> Response:
        if request.path != "/api/catalog/v1":
            return Response("not here", status=404)
        begin, limit = int(request.args.get("offset", 0)), int(request.args["limit"])
        total = len(listed) if declared is None else declared
        return as_json({"results": listed[begin : begin + limit], "resultSetSize": total})

    return answer


def as_json(value: Any) -> Response:
    """JSON that may hold lone surrogates."""
    return Response(json.dumps(value), content_type="application/json")


def fixed(body: bytes | str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answerer:
    """The same answer for every path."""
    return lambda _: Response(body, status=status, headers=headers)


def wsgi(answerer: Answerer) -> WSGIApp:
    """The answerer as an application."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return answerer(Request(environ))(environ, start_response)

    return app


def portal(slug: str, protocol: str = "socrata", **options: str) -> Portal:
    """A portal of a city that no file describes."""
    host = f"{slug}.example"
    return Portal(slug, slug, slug.title(), host, protocol, f"https://{host}", Contact("Office", None), options)


@contextmanager
def client_for(answerers: Mapping[str, Answerer], manners: Manners = HASTY, *, sealed: bool = True) -> Iterator[Client]:
    """A client that reaches `<slug>.example` on loopback, and nothing else; or whatever its guard lets through."""
    apps = {f"{slug}.example": wsgi(one) for slug, one in answerers.items()}
    with loopback(apps) as routes, Client(routes=routes, sealed=sealed, manners=manners) as client:
        yield client


def harvest(
    bad: Answerer, *, protocol: str = "socrata", manners: Manners = HASTY, sealed: bool = True
) -> dict[str, Any]:
    """Harvest the bad portal beside a good one with two datasets; the JSON form of the bad one's run.

    Whatever the bad one does, the good one is complete, and the index follows.
    """
    good = discovery([record("good-0001"), record("good-0002")])
    portals = [portal("bad", protocol), portal("good")]
    with client_for({"bad": bad, "good": good}, manners, sealed=sealed) as client:
        runs = tasks.harvest(tasks.Order(portals, client))
    forms = {one.portal: browse.harvest_form(one) for one in runs}
    assert (forms["good"]["outcome"], forms["good"]["held"]) == ("complete", 2)
    assert forms["bad"]["finished"]
    index.follow()
    assert index.compare()["differing"] == []
    assert_adds_up(reconcile.portal("bad"))
    return forms["bad"]


def assert_adds_up(told: dict[str, Any]) -> None:
    """What is declared, or else seen, and all differences together are what the catalog has; nothing is unexplained."""
    begin = told["seen"] if told["declared"] is None else told["declared"]
    changes = sum(one["change"] for one in told["differences"])
    assert (begin or 0) + changes == told["held"] + told["missing"], told
    assert told["unexplained"] == 0, told
    assert all(one["change"] in {0, one["count"], -one["count"]} for one in told["differences"])


def findings(portal: str = "bad") -> list[dict[str, Any]]:
    """Open findings as everybody sees them, but with the whole value: pages hide persons in it.

    Without what the small records here do not tell: the criteria of quality have tests of their own.
    """
    rows = Finding.objects.filter(portal=portal, closed=None).exclude(code__in=[one.code for one in CRITERIA])
    return [{**told.form(one), "sample": one.sample, "detail": one.detail} for one in rows]


def codes(portal: str = "bad") -> list[str]:
    """Their codes."""
    return [one["code"] for one in findings(portal)]
