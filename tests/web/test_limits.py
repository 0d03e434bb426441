"""One address cannot take the site from the others, and cannot make itself another."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from commonground.pages.limits import BURST, REMEMBERED, Bucket, Limits


class Clock:
    """A time that only moves when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_the_rate() -> None:
    clock = Clock()
    bucket = Bucket(2, clock)
    assert [bucket.take("a") for _ in range(2 * BURST)] == [0.0] * 2 * BURST
    assert bucket.take("a") == pytest.approx(0.5)
    assert bucket.take("b") == 0.0
    clock.now += 0.5
    assert bucket.take("a") == 0.0
    assert bucket.take("a") > 0


@given(st.lists(st.floats(0, 30), max_size=200), st.floats(0.1, 20))
def test_no_address_gets_more_than_rate_and_burst(pauses: list[float], rate: float) -> None:
    clock = Clock()
    bucket = Bucket(rate, clock)
    passed = 0
    for pause in pauses:
        clock.now += pause
        passed += bucket.take("a") == 0
    assert passed <= rate * BURST + rate * sum(pauses) + 1


def test_memory_is_bounded() -> None:
    bucket = Bucket(1, Clock())
    for number in range(REMEMBERED + 50):
        bucket.take(str(number))
    assert len(bucket._held) == REMEMBERED


@pytest.fixture
def strict(settings: pytest.FixtureRequest) -> None:
    """One request in twenty seconds."""
    settings.RATE = 1 / BURST  # type: ignore[attr-defined] # pytest-django's settings


@pytest.mark.usefixtures("strict", "db")
def test_a_flood_is_told_to_wait() -> None:
    visitor = Client(REMOTE_ADDR="203.0.113.7")
    assert visitor.get("/about").status_code == 200
    refused = visitor.get("/about.json")
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert json.loads(refused.content)["status"] == 429
    # A header of the client's own makes no new visitor of it.
    assert visitor.get("/about", headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 429
    assert visitor.get("/about", headers={"Host": "localhost"}).status_code == 429
    assert Client(REMOTE_ADDR="203.0.113.8").get("/about").status_code == 200


@pytest.mark.usefixtures("strict", "db")
def test_this_machine_is_not_counted() -> None:
    here = Client(REMOTE_ADDR="127.0.0.1")
    assert {here.get("/about").status_code for _ in range(5)} == {200}


@pytest.mark.usefixtures("strict", "db")
def test_a_trusted_proxy_names_the_visitor(settings: pytest.FixtureRequest) -> None:
    settings.BEHIND_PROXY = True  # type: ignore[attr-defined] # pytest-django's settings
    proxy = Client(REMOTE_ADDR="127.0.0.1")

    def ask(forwarded: str) -> int:
        return proxy.get("/about", headers={"X-Forwarded-For": forwarded}).status_code

    # Only the last entry is the proxy's own word.
    assert [ask("10.9.8.7, 203.0.113.7"), ask("spoofed, 203.0.113.7"), ask("203.0.113.8")] == [200, 429, 200]
    # Nobody becomes this machine by saying so, and a subscriber's many IPv6 addresses are one visitor.
    assert [ask("127.0.0.1"), ask("127.0.0.1"), ask("no address"), ask("")] == [200, 429, 200, 429]
    assert [ask("2001:db8:1:2::a"), ask("2001:db8:1:2::b"), ask("2001:db8:1:3::a")] == [200, 429, 200]


def test_zero_means_no_limit(settings: pytest.FixtureRequest) -> None:
    settings.RATE = 0  # type: ignore[attr-defined] # pytest-django's settings
    assert Limits(lambda _: pytest.fail("not called"))._bucket is None
