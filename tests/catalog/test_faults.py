"""The fault portal: what portals did to harvesters, each served over HTTP in every dialect where it makes sense.

A portal with fifty data sets is harvested whole, then with the fault, then whole again. The fault costs nothing that
is held, ends in time, is told, and leaves no trace. Faults with a story of their own are elsewhere:

- 34,866 keywords in one record, 8,000 distributions: `test_large_records` below; longer texts: `test_bad_values.py`
- records that vanish for a day and return, withdrawal: `test_absence` below; its grace and guard: `test_removal.py`
- ids reused for something else: `test_an_id_that_is_used_again` below
- clock going back: `test_clock.py`
- disk full, database locked, kill -9, workers side by side, one that sleeps past its lease: `tests/processes/`
- HTML, no JSON, cut off, the wrong domain, odd records: `test_bad_answers.py`, `test_bad_values.py`
- each wire-level trick by itself, DNS answers that change: `tests/protocols/test_http_bounds.py`, `test_http_guard.py`
"""

from __future__ import annotations

import itertools
import random
import re
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client as Browser
from werkzeug.wrappers import Request, Response

from commonground.catalog import browse, forms, history
from commonground.catalog.models import Dataset, Event, Revision
from commonground.catalog.search import Query
from commonground.protocols.http import Manners
from commonground.protocols.serving import loopback
from tests.catalog.dialects import DIALECTS, PAGE, Dialect, edited, put, small_pages
from tests.catalog.faults import HASTY, Answerer, codes, findings, harvest, wsgi
from tests.protocols.rough import bomb

pytestmark = pytest.mark.usefixtures("home")

MiB = 1024 * 1024
HELD = 50
SHORT = Manners(connect=1, read=0.5, attempts=1, total=1)
TWICE = Manners(attempts=2, total=10)
NARROW = Manners(attempts=1, max_answer=8 * MiB, max_bytes=8 * MiB)
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    small_pages(monkeypatch)


def nothing(dialect: Dialect) -> Answerer:
    return dialect.portal([])


def half_then_500(dialect: Dialect) -> Answerer:
    whole = dialect.portal(dialect.catalog(HELD))
    return lambda request: Response("no", 500) if dialect.lists(request) and dialect.page(request) else whole(request)


def cut_off(dialect: Dialect) -> Answerer:
    """Half of the document, as if that were all."""
    told = dialect.portal(dialect.catalog(HELD))(Request.from_values(dialect.path)).get_data()
    return lambda _: Response(told[: len(told) // 2], headers=JSON)


def asked_to_wait(seconds: int) -> Callable[[Dialect], Answerer]:
    def fault(dialect: Dialect) -> Answerer:
        whole, asked = dialect.portal(dialect.catalog(HELD)), itertools.count()

        def answer(request: Request) -> Response:
            if dialect.lists(request) and next(asked) == 0:
                return Response("slow down", 429, {"Retry-After": str(seconds)})
            return whole(request)

        return answer

    return fault


def drip(_: Dialect) -> Answerer:
    def drops() -> Iterator[bytes]:
        for _ in range(100):
            time.sleep(0.05)
            yield b" "

    return lambda _: Response(drops(), headers=JSON)


def hang(_: Dialect) -> Answerer:
    def answer(_: Request) -> Response:
        time.sleep(3)
        return Response("{}")

    return answer


def redirected(url: str) -> Callable[[Dialect], Answerer]:
    return lambda _: lambda _: Response(status=302, headers={"Location": url})


def explosion(_: Dialect) -> Answerer:
    """10 GB of zeros in 10 MB."""
    return lambda _: Response(bomb(31), headers={**JSON, "Content-Encoding": "gzip"})


def pages_in_a_circle(dialect: Dialect) -> Answerer:
    """As links to the next page that lead back: page 1, 2, 1, 2 … of three."""
    whole = dialect.portal(dialect.catalog(HELD))

    def answer(request: Request) -> Response:
        told = whole(dialect.asking(request, dialect.page(request) % 2)) if dialect.lists(request) else whole(request)
        again = {"next": f"https://bad.example{dialect.path}", "last": f"https://bad.example{dialect.path}"}
        return (
            edited(lambda _: told, lambda body: {**body, "links": again})(request) if dialect.lists(request) else told
        )

    return answer


def page_1_for_ever(dialect: Dialect) -> Answerer:
    whole = dialect.portal(dialect.catalog(HELD))
    return lambda request: whole(dialect.asking(request, 0) if dialect.lists(request) else request)


def page_1_only(dialect: Dialect) -> Answerer:
    first, total = dialect.portal(dialect.catalog(PAGE)), HELD
    return edited(first, lambda body: dialect.declaring(body, total))


def declaring(total: int) -> Callable[[Dialect], Answerer]:
    def fault(dialect: Dialect) -> Answerer:
        return edited(dialect.portal(dialect.catalog(HELD)), lambda body: dialect.declaring(body, total))

    return fault


def random_order(dialect: Dialect) -> Answerer:
    """Sorted anew for each page."""
    order, records = random.Random(7), [dialect.record(one) for one in dialect.catalog(HELD)]
    whole = dialect.listing(records)

    def answer(request: Request) -> Response:
        begin = max(0, dialect.page(request)) * PAGE
        mixed = order.sample(records, HELD)[begin : begin + PAGE]
        return edited(whole, lambda body: put(body, dialect.records, mixed))(request)

    return answer


def cut_from_a_random_order(dialect: Dialect) -> Answerer:
    mixed = random.Random(7).sample(dialect.catalog(HELD), 30)
    return dialect.portal(mixed)


@dataclass(frozen=True)
class Expected:
    """How the run ends: what its error or reason says, and the codes of what is told of the listing."""

    outcome: str
    said: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """What a portal does, and what comes of it where a catalog comes in pages, and where it is one document."""

    serve: Callable[[Dialect], Answerer]
    paged: Expected | None = None
    document: Expected | None = None
    manners: Manners = HASTY
    seconds: tuple[float, float] = (0, 5)
    dialects: tuple[str, ...] = tuple(DIALECTS)

    def expected(self, dialect: Dialect) -> Expected | None:
        return (self.paged if dialect.paged else self.document) if dialect.name in self.dialects else None


def both(serve: Callable[[Dialect], Answerer], expected: Expected, **more: Any) -> Fault:
    return Fault(serve, expected, expected, **more)


def of_the_wire(serve: Callable[[Dialect], Answerer], expected: Expected, **more: Any) -> Fault:
    """What the client meets, who knows no dialect: once in a listing by pages, once in a document."""
    return Fault(serve, expected, expected, dialects=("ckan", "dcat-us"), **more)


def withheld(said: str, *more: str) -> Expected:
    return Expected("withheld", said, ("removal-withheld", *more))


def failed(said: str, code: str = "portal-failed") -> Expected:
    return Expected("failed", said, (code,))


def unreachable(said: str) -> Expected:
    return failed(said, "portal-unreachable")


def repeating(seen: int) -> Expected:
    return withheld(f"The listing repeats itself after {seen} records", "page-repeats", "total-disagrees")


FAULTS = {
    "empty list with 200": both(nothing, withheld("The listing was empty; 50 data sets", "portal-failed")),
    "half the pages then 500": Fault(
        half_then_500, withheld("The listing failed after 20 records: .* failed with 500", "portal-unreachable")
    ),
    "half the document": Fault(
        cut_off, None, withheld("The listing failed after 2[0-9] records: .* cannot be read on", "portal-failed")
    ),
    "429, wait a second": of_the_wire(asked_to_wait(1), Expected("complete"), manners=TWICE, seconds=(1, 6)),
    "429, wait an hour": of_the_wire(asked_to_wait(3600), unreachable(r"is busy \(429\)"), manners=TWICE),
    "slow drip": of_the_wire(drip, unreachable("took more than 1 s"), manners=SHORT),
    "hang": of_the_wire(hang, unreachable("did not answer in time"), manners=SHORT),
    "redirect loop": of_the_wire(redirected("/again"), failed("redirects more than 5 times")),
    "gzip bomb": of_the_wire(explosion, failed("sent more than 8,388,608 bytes"), manners=NARROW),
    "cycle in next links": Fault(pages_in_a_circle, repeating(40)),
    "page 1 for ever": Fault(page_1_for_ever, repeating(20)),
    "page 1 only": Fault(page_1_only, withheld("The listing is short: 50 declared, 20 listed.", "total-disagrees")),
    "total too large": Fault(declaring(80), Expected("partial", "", ("total-disagrees",))),
    "total too small": Fault(declaring(20), Expected("complete", "", ("total-disagrees",))),
    "random order": Fault(random_order, Expected("complete", "", ("duplicate-id", "missing-in-doubt"))),
    "cut from a random order": both(cut_from_a_random_order, withheld("20 of 50 data sets vanished at once")),
}
CASES = [(name, one) for name, fault in FAULTS.items() for one, dialect in DIALECTS.items() if fault.expected(dialect)]
OWN_WORDS = {"page-repeats": "paging-ignored"}
"""What is the same, told by a reader of its own accord."""


def contents() -> list[Any]:
    """All that is held of the bad portal: nothing of it may change, not even when it was last written."""
    rows = Dataset.objects.filter(portal="bad").order_by("pk")
    return [*rows.values_list(), *Event.objects.values_list(), *Revision.objects.order_by("pk").values_list("pk")]


@pytest.mark.parametrize(("name", "of"), CASES, ids=[f"{name} ({of})" for name, of in CASES])
def test_fault(name: str, of: str) -> None:
    fault, dialect = FAULTS[name], DIALECTS[of]
    expected = fault.expected(dialect)
    assert expected
    whole = dialect.portal(dialect.catalog(HELD))
    assert harvest(whole, protocol=dialect.protocol)["held"] == HELD
    held, memory = contents(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    form = harvest(fault.serve(dialect), protocol=dialect.protocol, manners=fault.manners)
    told = set(codes())
    assert (form["outcome"], form["held"], form["missing"], form["changed"]) == (expected.outcome, HELD, 0, 0), form
    assert told == set(expected.codes) or told == {OWN_WORDS.get(one, one) for one in expected.codes}
    assert any_line(expected.said, form["error"], form["reason"])
    assert fault.seconds[0] <= form["seconds"] <= fault.seconds[1]
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024 < 100 * MiB
    assert contents() == held
    again = harvest(whole, protocol=dialect.protocol)
    assert (again["outcome"], again["unchanged"], again["missing"], codes()) == ("complete", HELD, 0, [])
    assert contents() == held


def any_line(pattern: str, *lines: str) -> bool:
    return any(re.search(pattern, line) for line in lines)


@pytest.mark.parametrize("of", DIALECTS)
def test_a_redirect_to_a_private_address(of: str) -> None:
    """With the guard of a live client, which may reach loopback by the portal's own name only."""
    dialect, asked = DIALECTS[of], list[str]()
    whole = dialect.portal(dialect.catalog(HELD))

    def inner(request: Request) -> Response:
        asked.append(request.path)
        return whole(request)

    assert harvest(whole, protocol=dialect.protocol)["held"] == HELD
    held = contents()
    with loopback({"inner.example": wsgi(inner)}) as routes:
        there = routes["inner.example"].replace("http:", "https:")
        form = harvest(redirected(f"{there}/")(dialect), protocol=dialect.protocol, sealed=False)
    assert (form["outcome"], form["held"], codes()) == ("failed", HELD, ["portal-failed"])
    assert "private address 127.0.0.1" in form["error"]
    assert (asked, contents()) == ([], held)


@pytest.mark.parametrize("of", DIALECTS)
@pytest.mark.parametrize(("what", "count"), [("keywords", 34_866), ("files", 8_000)])
def test_large_records(of: str, what: str, count: int) -> None:
    dialect = DIALECTS[of]
    raw = dialect.many(count, what)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    small = [dialect.record(dialect.dataset(number)) for number in (1, 2)]
    form = harvest(dialect.listing([raw, *small]), protocol=dialect.protocol)
    assert (form["outcome"], form["held"], form["error"]) == ("complete", 3, "")
    assert form["seconds"] < 20
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024 < 300 * MiB
    row = browse.dataset(f"bad/{dialect.identify(0)}")
    assert row.revision
    kept = forms.load(row.revision.form)
    if what == "keywords":
        [finding] = findings()
        assert (finding["code"], finding["id"]) == ("too-many-values", row.key)
        assert "34,866 values, of which 1,000 are kept" in finding["message"]
        assert len(kept.keywords) == 1000
    else:
        assert len(kept.distributions) >= count
    assert browse.raw(row)
    began = time.process_time()
    assert Browser().get(browse.path(row)).status_code == 200
    assert time.process_time() - began < 10
    assert browse.search_form(Query.read([("q", "street trees")])[0])["total"] == 3
    assert harvest(dialect.listing([raw, *small]), protocol=dialect.protocol)["unchanged"] == 3


@pytest.mark.parametrize("of", DIALECTS)
def test_absence(of: str) -> None:
    """Four are away for a day: kept, told, and back by themselves."""
    dialect = DIALECTS[of]
    whole, less = dialect.portal(dialect.catalog(HELD)), dialect.portal(dialect.catalog(HELD)[4:])
    assert harvest(whole, protocol=dialect.protocol)["held"] == HELD
    form = harvest(less, protocol=dialect.protocol)
    assert (form["outcome"], form["missing"], form["held"], codes()) == ("complete", 4, HELD - 4, [])
    assert browse.kept().filter(portal="bad").count() == HELD
    form = harvest(whole, protocol=dialect.protocol)
    assert (form["outcome"], form["returned"], form["changed"], form["added"]) == ("complete", 4, 0, 0)
    away = [f"bad/{dialect.identify(number)}" for number in range(4)]
    for key in away:
        row = browse.dataset(key)
        assert (row.state, row.revisions.count()) == ("present", 1)
        assert list(row.events.order_by("pk").values_list("kind", flat=True)) == ["missing", "returned"]


@pytest.mark.parametrize("of", DIALECTS)
def test_an_id_that_is_used_again(of: str) -> None:
    dialect = DIALECTS[of]
    before, after = (
        dialect.catalog(2)[1:],
        dialect.dataset(
            0,
            title="Restaurant inspections",
            description="Grades that health officers gave after visiting a kitchen.",
            publisher="Department of Health",
            keywords=("food", "health"),
        ),
    )
    old = dialect.portal([dialect.dataset(0), *before])
    assert harvest(old, protocol=dialect.protocol)["held"] == 2
    form = harvest(dialect.portal([after, *before]), protocol=dialect.protocol)
    assert (form["outcome"], form["changed"], form["missing"]) == ("complete", 1, 0)
    row = browse.dataset(f"bad/{dialect.identify(0)}")
    [event] = row.events.all()
    assert (event.kind, event.detail) == ("replaced", "Street trees of district 0")
    assert list(row.revisions.order_by("number").values_list("form__title", flat=True)) == [
        "Street trees of district 0",
        "Restaurant inspections",
    ]
    answer = Browser().get(f"{history.path(row)}.json")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told["changes"][0]["kind"] == "replaced"
