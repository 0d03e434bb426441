"""The one client: polite, bounded, guarded. Real servers on loopback answer it."""

from __future__ import annotations

import gzip
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Request, Response

from commonground.errors import Busy, Forbidden, Refused, Unreachable, Unreadable, Unrecorded
from commonground.protocols import http
from commonground.protocols.http import Client, Manners, parse_json
from commonground.protocols.serving import loopback

URL = "https://data.example.gov/list"


@contextmanager
def asking(answer: Callable[[Request], Response], **manners: Any) -> Iterator[Client]:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        return answer(Request(environ))(environ, start_response)

    polite = Manners(**{"attempts": 3, "total": 5.0, **manners})
    with loopback({"data.example.gov": app}) as routes, Client(routes=routes, sealed=True, manners=polite) as client:
        yield client


def test_it_says_who_it_is_and_keeps_the_real_address() -> None:
    def answer(request: Request) -> Response:
        return Response(f'{{"who": "{request.headers["User-Agent"]}", "q": "{request.args["q"]}"}}')

    with asking(answer) as client:
        told = client.get(URL, {"q": "a b&c"})
    assert told.url in {f"{URL}?q=a%20b%26c", f"{URL}?q=a+b%26c"}
    assert told.json() == {"who": http.USER_AGENT, "q": "a b&c"}


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_it_tries_again_while_that_can_help(status: int) -> None:
    asked: list[float] = []

    def answer(_: Request) -> Response:
        asked.append(time.monotonic())
        return Response("{}" if len(asked) == 3 else "no", status=200 if len(asked) == 3 else status)

    with asking(answer) as client:
        assert client.json(URL) == {}
    assert len(asked) == 3


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


@pytest.mark.parametrize("wait", ["soon", "-3", "1e9", "٣", ""])
def test_an_odd_wish_to_wait_is_no_wish(wait: str) -> None:
    assert http._retry_after(wait) is None


def test_it_never_waits_long() -> None:
    with asking(lambda _: Response("no", 503, {"Retry-After": "86400"}), longest_wait=0.1) as client:
        began = time.monotonic()
        with pytest.raises(Busy):
            client.get(URL)
    assert time.monotonic() - began < 4


def test_a_host_that_fails_and_fails_is_left_alone() -> None:
    asked: list[int] = []

    def answer(_: Request) -> Response:
        asked.append(1)
        return Response("no", 500)

    with asking(answer, attempts=1, patience=3) as client:
        for _ in range(10):
            with pytest.raises(Unreachable):
                client.get(URL)
        with pytest.raises(Unreachable, match="not asked again in this run"):
            client.get(URL)
    assert len(asked) == 3


def test_few_connections_a_host() -> None:
    now, most, lock = 0, 0, threading.Lock()

    def answer(_: Request) -> Response:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        with lock:
            now -= 1
        return Response("{}")

    with asking(answer, per_host=2) as client:
        threads = [threading.Thread(target=client.get, args=(URL,)) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert most == 2


def test_a_size_that_is_too_much() -> None:
    packed = gzip.compress(b" " * 10_000_000)
    with asking(
        lambda _: Response(packed, headers={"Content-Encoding": "gzip"}), max_bytes=2_000_000, max_answer=1_000_000
    ) as client:
        with pytest.raises(Unreadable, match="more than 1,000,000 bytes"):
            client.get(URL)
        with pytest.raises(Unreadable, match="more than 2,000,000 bytes"):
            client.save(URL, io.BytesIO())


def test_a_document_that_breaks_off_is_fetched_again_from_its_start() -> None:
    asked: list[int] = []

    def answer(_: Request) -> Response:
        asked.append(1)
        return Response(status=503) if len(asked) == 1 else Response(b"whole")

    file = io.BytesIO(b"what an attempt before left behind")
    with asking(answer, attempts=3) as client:
        client.save(URL, file)
    assert (file.getvalue(), len(asked)) == (b"whole", 2)


def test_who_asks_us_to_wait_long_is_not_asked_sooner() -> None:
    asked: list[int] = []

    def answer(_: Request) -> Response:
        asked.append(1)
        return Response(status=429, headers={"Retry-After": "3600"})

    with asking(answer, attempts=3) as client, pytest.raises(Busy):
        client.get(URL)
    assert len(asked) == 1


def test_a_ruined_gzip_is_not_asked_for_again() -> None:
    asked: list[int] = []

    def answer(_: Request) -> Response:
        asked.append(1)
        return Response(b"no gzip", headers={"Content-Encoding": "gzip"})

    with asking(answer) as client, pytest.raises(Unreadable, match="cannot be unpacked"):
        client.get(URL)
    assert len(asked) == 1


def test_an_answer_that_is_cut_off() -> None:
    """The server promises more than it sends."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,")

        threading.Thread(target=serve, daemon=True).start()
        route = f"http://127.0.0.1:{server.getsockname()[1]}"
        client = Client(routes={"data.example.gov": route}, sealed=True, manners=Manners(attempts=2))
        with client, pytest.raises(Unreachable, match="could not be read"):
            client.json(URL)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        route = f"http://127.0.0.1:{server.getsockname()[1]}"
    client = Client(routes={"data.example.gov": route}, sealed=True, manners=Manners(attempts=1))
    with client, pytest.raises(Unreachable, match=r"data\.example\.gov/list could not be read"):
        client.get(URL)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[ff02::1]",
        "2130706433",
        "0x7f.1",
        "127.1",
    ],
)
def test_private_addresses_are_refused(host: str) -> None:
    with Client() as client, pytest.raises(Forbidden) as caught:
        client.get(f"http://{host}:9/x")
    assert "private address" in caught.value.message
    assert "COMMONGROUND_ALLOW_PRIVATE" in caught.value.advice


@pytest.mark.parametrize("address", ["8.8.8.8", "151.101.1.69", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_pass(address: str) -> None:
    assert http._is_public(address)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.gov/", "gopher://x", "//x", "", "http://", "x"])
def test_other_schemes_are_refused(url: str) -> None:
    with Client(allow_private=True) as client, pytest.raises(Forbidden):
        client.get(url)


def test_a_redirect_to_a_private_address_is_refused() -> None:
    """A live client that may ask this one host, by its route, and no other private one."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        return Response(status=302, headers={"Location": "http://169.254.169.254/latest"})(environ, start_response)

    with (
        loopback({"data.example.gov": app}) as routes,
        Client(routes=routes) as client,
        pytest.raises(Forbidden, match=r"169\.254\.169\.254"),
    ):
        client.get(URL)


def test_redirects_end() -> None:
    again = asking(lambda _: Response(status=302, headers={"Location": "/again"}))
    with again as client, pytest.raises(Refused, match="redirects more than 5 times"):
        client.get(URL)


def test_a_sealed_client_leaves_by_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with asking(lambda _: Response("{}")) as client:
        assert client.json(URL) == {}
        with pytest.raises(Unrecorded, match=r"No recording of elsewhere\.gov"):
            client.get("https://elsewhere.gov/")


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
