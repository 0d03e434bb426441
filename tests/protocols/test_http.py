"""The one client is polite: it says who it is, waits as asked, and takes a no. Real servers on loopback answer it."""

from __future__ import annotations

import io
import itertools
import re
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Request, Response

from commonground import __version__
from commonground.errors import Busy, Misconfigured, Refused, Unreachable, Unreadable
from commonground.protocols.http import Client, Manners, parse_json
from commonground.protocols.http.answers import retry_after
from commonground.protocols.serving import loopback
from tests.protocols.rough import HASTY, HOST, URL, asking, wsgi


def test_it_says_who_it_is_and_keeps_the_real_address() -> None:
    def answer(request: Request) -> Response:
        said = [request.headers[name] for name in ("User-Agent", "Host")]
        return Response(f'{{"said": "{" ".join(said)}", "q": "{request.args["q"]}"}}')

    with asking(answer) as client:
        told = client.get(URL, {"q": "a b&c"})
    assert told.url in {f"{URL}?q=a%20b%26c", f"{URL}?q=a+b%26c"}
    assert (told.source, told.elsewhere) == (told.url, False)
    assert told.json()["q"] == "a b&c"
    assert re.fullmatch(rf"CommonGround/{re.escape(__version__)} \(\+https://[\w./-]+\) {HOST}", told.json()["said"])


def test_it_says_whom_to_write_to() -> None:
    def answer(request: Request) -> Response:
        return Response(f'"{request.headers["User-Agent"]}"')

    with loopback({HOST: wsgi(answer)}) as routes, Client(routes=routes, contact="data@city.example") as client:
        assert client.json(URL).endswith("; data@city.example)")


@pytest.mark.parametrize("contact", ["a\r\nX-Evil: 1", "(us", "Añb", "\\"])
def test_a_contact_that_no_header_can_hold(contact: str) -> None:
    with pytest.raises(Misconfigured, match="COMMONGROUND_CONTACT is"):
        Client(contact=contact)


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_it_tries_again_while_that_can_help(status: int) -> None:
    asked: list[float] = []

    def answer(_: Request) -> Response:
        asked.append(time.monotonic())
        return Response("{}" if len(asked) == 3 else "no", status=200 if len(asked) == 3 else status)

    with asking(answer) as client:
        assert client.json(URL) == {}
    assert len(asked) == 3


def test_tries_come_at_times_that_nobody_foresees() -> None:
    """Else all harvesters of a portal that was down for a moment would come back at once."""
    asked: dict[str, list[float]] = {}

    def answer(request: Request) -> Response:
        times = asked.setdefault(request.path, [])
        times.append(time.monotonic())
        return Response("{}" if len(times) == 2 else "no", 200 if len(times) == 2 else 500)

    with asking(answer) as client:
        all_at_once(lambda number: client.get(f"{URL}/{number}"), 4)
    waits = sorted(after - before for before, after in asked.values())
    assert 0.1 <= waits[0] <= waits[-1] - 0.01
    assert waits[-1] < 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_it_takes_a_no(status: int) -> None:
    asked: list[int] = []

    def answer(_: Request) -> Response:
        asked.append(1)
        return Response("no", status=status)

    with asking(answer) as client, pytest.raises(Refused, match=rf"/list answered {status}") as caught:
        client.get(URL)
    assert (len(asked), caught.value.status, caught.value.url) == (1, status, URL)


@pytest.mark.parametrize("date", [False, True])
def test_it_waits_as_it_is_asked(*, date: bool) -> None:
    asked: list[float] = []

    def answer(_: Request) -> Response:
        asked.append(time.time())
        if len(asked) == 2:
            return Response("{}")
        wait = formatdate(time.time() + 2, usegmt=True) if date else "1"
        return Response("slow down", status=429, headers={"Retry-After": wait})

    with asking(answer) as client:
        assert client.json(URL) == {}
    assert asked[1] - asked[0] >= 0.99


def test_all_threads_wait_when_one_is_asked_to() -> None:
    asked: list[float] = []

    def answer(request: Request) -> Response:
        asked.append(time.monotonic())
        busy = request.path == "/busy" and len(asked) == 1
        return Response("slow down", 429, {"Retry-After": "1"}) if busy else Response("{}")

    with asking(answer) as client:
        first = threading.Thread(target=client.get, args=(f"https://{HOST}/busy",))
        first.start()
        while not asked:
            time.sleep(0.01)
        time.sleep(0.5)  # the answer is read
        client.get(URL)
        first.join()
    assert len(asked) == 3
    assert asked[1] - asked[0] >= 0.99


@pytest.mark.parametrize("wait", ["soon", "-3", "1e9", "٣", ""])
def test_an_odd_wish_to_wait_is_no_wish(wait: str) -> None:
    assert retry_after(wait) is None


def test_it_never_waits_long() -> None:
    with asking(lambda _: Response("no", 503, {"Retry-After": "86400"}), longest_wait=0.1) as client:
        began = time.monotonic()
        with pytest.raises(Busy):
            client.get(URL)
    assert time.monotonic() - began < 60  # and not a day


def test_who_asks_us_to_wait_long_is_not_asked_sooner() -> None:
    asked: list[int] = []

    def answer(_: Request) -> Response:
        asked.append(1)
        return Response(status=429, headers={"Retry-After": "3600"})

    with asking(answer, attempts=3) as client:
        with pytest.raises(Busy, match=r"is busy \(429\)"):
            client.get(URL)
        with pytest.raises(Busy, match=r"data\.example\.gov asked us to come back in 3,\d{3} s") as caught:
            client.get(f"https://{HOST}/another")
    assert (len(asked), caught.value.url) == (1, f"https://{HOST}/another")


def test_a_host_that_fails_and_fails_is_left_alone() -> None:
    asked: list[int] = []

    def answer(_: Request) -> Response:
        asked.append(1)
        return Response("no", 500)

    with asking(answer, attempts=1, patience=3) as client:
        for _ in range(10):
            with pytest.raises(Unreachable):
                client.get(URL)
        with pytest.raises(Unreachable, match="failed 3 times; not asked again in this run"):
            client.get(URL)
    assert len(asked) == 3


class Crowd:
    """Counts how many requests run at once, on each host that counts here."""

    def __init__(self) -> None:
        self.now: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self.begun: list[float] = []
        self._lock = threading.Lock()

    def on(self, host: str, answer: Callable[[], Response]) -> Callable[[Request], Response]:
        def counted(_: Request) -> Response:
            with self._lock:
                self.begun.append(time.monotonic())
                self.now[host] = self.now.get(host, 0) + 1
                self.most[host] = max(self.most.get(host, 0), self.now[host])
            time.sleep(0.05)
            with self._lock:
                self.now[host] -= 1
            return answer()

        return counted


def all_at_once(ask: Callable[[int], Any], count: int) -> None:
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def test_few_requests_a_host() -> None:
    crowd = Crowd()
    with asking(crowd.on(HOST, lambda: Response("{}")), per_host=2) as client:
        all_at_once(lambda _: client.get(URL), 8)
    assert crowd.most == {HOST: 2}


def test_few_requests_a_host_also_when_others_lead_there() -> None:
    """Three hosts redirect to one: there, too, only so many come at once; and no turn waits for another in a circle."""
    crowd, there = Crowd(), "https://maps.example.gov/list"
    apps = {"maps.example.gov": wsgi(crowd.on("maps", lambda: Response("{}")))}
    hosts = [f"{name}.example.gov" for name in ("a", "b", "c")]
    for host in hosts:
        apps[host] = wsgi(crowd.on(host, lambda: Response(status=302, headers={"Location": there})))
    polite = Manners(**{**HASTY, "per_host": 2})
    with loopback(apps) as routes, Client(routes=routes, sealed=True, manners=polite) as client:
        all_at_once(lambda number: client.get(f"https://{hosts[number % 3]}/"), 12)
    assert crowd.most["maps"] == 2
    assert len(crowd.begun) == 24


def test_a_pause_between_requests() -> None:
    crowd = Crowd()
    with asking(crowd.on(HOST, lambda: Response("{}")), pause=0.4) as client:
        all_at_once(lambda _: client.get(URL), 4)
    begun = sorted(crowd.begun)
    assert min(after - before for before, after in itertools.pairwise(begun)) > 0.1


def test_waiting_for_a_turn_is_not_the_fault_of_the_host() -> None:
    def answer(_: Request) -> Response:
        time.sleep(0.6)
        return Response("{}")

    got: list[Any] = []
    with asking(answer, per_host=1, total=1.6, attempts=1) as client:
        all_at_once(lambda _: got.append(client.json(URL)), 4)
    assert got == [{}] * 4


def test_a_document_that_breaks_off_is_fetched_again_from_its_start() -> None:
    asked: list[int] = []

    def answer(_: Request) -> Response:
        asked.append(1)
        return Response(status=503) if len(asked) == 1 else Response(b"whole")

    file = io.BytesIO(b"what an attempt before left behind")
    with asking(answer, attempts=3) as client:
        client.save(URL, file)
    assert (file.getvalue(), len(asked)) == (b"whole", 2)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "\\u0000"}', {"a": "\x00"}),
        (b'{"a": "caf\xe9"}', {"a": "caf\ufffd"}),
        (b'{"a": [NaN, -Infinity, 1e999, 1.5]}', {"a": ["NaN", "-Infinity", "1e999", 1.5]}),
    ],
)
def test_json_as_portals_send_it(body: bytes, value: Any) -> None:
    assert parse_json(body, URL) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_unreadable(body: bytes) -> None:
    try:
        parse_json(body, URL)
    except Unreadable as error:
        assert URL in error.message  # noqa: PT017 - most bytes are no JSON, some are


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000, b"9" * 10_000, b"<html>", b""])
def test_ruins_are_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse_json(body, URL)
