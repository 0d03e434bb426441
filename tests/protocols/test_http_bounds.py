"""The one client ends whatever a server does: drips, hangs, floods, bombs. Rough servers on loopback do it."""

from __future__ import annotations

import gzip
import io
import resource
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from commonground.errors import Unreachable, Unreadable
from commonground.protocols.http import Client, Manners
from tests.protocols.rough import HOST, URL, asking, asking_rough, bomb, head, rough

MiB = 1024 * 1024
SOON = 8  # seconds, on a busy machine too; the servers here would hold out for 10 or more


def hang(connection: socket.socket) -> None:
    """Say nothing until the other side hangs up."""
    connection.settimeout(10)
    while connection.recv(65536):
        pass


def drip(connection: socket.socket, begin: bytes, again: bytes) -> None:
    """Something small, over and over: never silent for as long as the time-out of reading."""
    head(connection)
    connection.sendall(begin)
    for _ in range(200):
        connection.sendall(again)
        time.sleep(0.05)


def silent_in_the_body(connection: socket.socket) -> None:
    head(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1")
    hang(connection)


def took(ask: Callable[[], Any], match: str) -> float:
    began = time.monotonic()
    with pytest.raises(Unreachable, match=match):
        ask()
    return time.monotonic() - began


@pytest.mark.parametrize("handler", [hang, silent_in_the_body])
def test_silence_is_cut_short(handler: Callable[[socket.socket], None]) -> None:
    with asking_rough(handler, read=0.3) as client:
        assert took(lambda: client.get(URL), "did not answer in time") < SOON


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1", b"0"),
    ],
    ids=["interim answers", "headers", "one header", "body", "chunks", "size of a chunk"],
)
def test_a_slow_drip_ends_with_the_attempt(begin: bytes, again: bytes) -> None:
    with asking_rough(lambda connection: drip(connection, begin, again), read=1.0, total=0.6) as client:
        assert took(lambda: client.get(URL), r"took more than 1 s|could not be read") < SOON


def test_redirects_share_the_time_of_one_attempt() -> None:
    def answer(_: Request) -> Response:
        time.sleep(0.4)
        return Response(status=302, headers={"Location": "/again"})

    with asking(answer, total=1.0, attempts=1) as client:
        assert took(lambda: client.get(URL), "took more than 1 s") < SOON


def test_a_hang_before_tls(resolve: Callable[..., None]) -> None:
    resolve("127.0.0.1")
    manners = Manners(connect=0.4, attempts=1)
    with rough(hang) as port, Client(allow_private=True, manners=manners) as client:
        assert took(lambda: client.get(f"https://{HOST}:{port}/"), "did not answer in time") < SOON


def test_a_drip_before_tls(resolve: Callable[..., None]) -> None:
    """A record of TLS that never becomes whole."""

    def slow(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"\x16\x03\x03\x20\x00")
        for _ in range(200):
            connection.sendall(b"\x02")
            time.sleep(0.05)

    resolve("127.0.0.1")
    manners = Manners(connect=0.4, attempts=1)
    with rough(slow) as port, Client(allow_private=True, manners=manners) as client:
        assert took(lambda: client.get(f"https://{HOST}:{port}/"), "did not answer in time|could not be read") < SOON


def test_a_server_that_takes_no_connection(resolve: Callable[..., None]) -> None:
    """Its queue is full, so the connection is never made."""
    resolve("127.0.0.1")
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, socket.socket() as first:
        first.connect(server.getsockname())
        with Client(allow_private=True, manners=Manners(connect=0.4, attempts=1)) as client:
            url = f"http://{HOST}:{server.getsockname()[1]}/"
            assert took(lambda: client.get(url), "did not answer in time") < SOON


def test_a_resolver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait(10) and [])
    with Client(manners=Manners(connect=0.3, attempts=1)) as client:
        assert took(lambda: client.get("https://slow.example/"), "did not answer in time") < SOON
    done.set()


def test_all_tries_end_too() -> None:
    """Each try is cut off, and none begins after the time of one."""
    connections: list[int] = []

    def count(connection: socket.socket) -> None:
        connections.append(1)
        hang(connection)

    with asking_rough(count, attempts=50, read=0.3, total=1.5, longest_wait=0.2) as client:
        assert took(lambda: client.get(URL), "did not answer in time") < SOON
    assert 2 <= len(connections) <= 5


def test_an_answer_that_is_cut_off() -> None:
    """The server promises more than it sends."""

    def cut(connection: socket.socket) -> None:
        head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,")

    with asking_rough(cut, attempts=2) as client, pytest.raises(Unreachable, match="could not be read"):
        client.json(URL)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        route = f"http://127.0.0.1:{server.getsockname()[1]}"
    client = Client(routes={HOST: route}, sealed=True, manners=Manners(attempts=1))
    with client, pytest.raises(Unreachable, match=r"data\.example\.gov/list could not be read"):
        client.get(URL)


@pytest.mark.parametrize(
    "headers",
    [
        b"X: " + b"y" * 300_000 + b"\r\n",
        b"X: y\r\n" * 300,
        b"".join(b"X%d: y\r\n" % one for one in range(50_000)),
        b"Content-Length: " + b"9" * 5_000 + b"\r\n",
    ],
    ids=["one that is long", "some too many", "very many", "a length of many digits"],
)
def test_headers_without_measure(headers: bytes) -> None:
    def flood(connection: socket.socket) -> None:
        head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n{}")

    with (
        asking_rough(flood) as client,
        pytest.raises((Unreachable, Unreadable), match=r"more than 200 headers|be read"),
    ):
        client.get(URL)


def test_a_size_that_is_too_much() -> None:
    packed = gzip.compress(b" " * 10_000_000)
    with asking(
        lambda _: Response(packed, headers={"Content-Encoding": "gzip"}), max_bytes=2_000_000, max_answer=1_000_000
    ) as client:
        with pytest.raises(Unreadable, match="more than 1,000,000 bytes"):
            client.get(URL)
        with pytest.raises(Unreadable, match="more than 2,000,000 bytes"):
            client.save(URL, io.BytesIO())


def test_a_size_that_is_told_is_not_waited_for() -> None:
    def told(connection: socket.socket) -> None:
        head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        hang(connection)

    with asking_rough(told) as client, pytest.raises(Unreadable, match="more than"):
        client.get(URL)


@pytest.mark.parametrize(("coding", "wbits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
def test_a_bomb_is_cut_off(coding: str, wbits: int) -> None:
    sent: list[int] = []

    def explode(connection: socket.socket) -> None:
        head(connection)
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode())
        for piece in bomb(wbits):
            connection.sendall(piece)
            sent.append(len(piece))

    with asking_rough(explode, total=30.0) as client:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(Unreadable, match="more than 67,108,864 bytes"):
            client.get(URL)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < 100 * MiB
    assert sum(sent) < 9 * MiB


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip,gzip,gzip", "deflate, gzip", "br", "zstd", "GZIP, br"])
def test_packed_in_a_way_that_we_did_not_ask_for(coding: str) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.headers["Accept-Encoding"])
        return Response(gzip.compress(gzip.compress(b"[]")), headers={"Content-Encoding": coding})

    with asking(answer) as client, pytest.raises(Unreadable, match="we asked for gzip or deflate"):
        client.get(URL)
    assert asked == ["gzip, deflate"]


def test_packed_twice_in_two_headers() -> None:
    def twice(connection: socket.socket) -> None:
        head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n")

    with asking_rough(twice) as client, pytest.raises(Unreadable, match="packed as “gzip, gzip”"):
        client.get(URL)


@pytest.mark.parametrize("coding", ["identity", "UTF-8", "none", ""])
def test_a_header_that_means_nothing(coding: str) -> None:
    with asking(lambda _: Response(b"[1]", headers={"Content-Encoding": coding})) as client:
        assert client.json(URL) == [1]


def test_a_ruined_gzip_is_not_asked_for_again() -> None:
    asked: list[int] = []

    def answer(_: Request) -> Response:
        asked.append(1)
        return Response(b"no gzip", headers={"Content-Encoding": "gzip"})

    with asking(answer) as client, pytest.raises(Unreadable, match="cannot be unpacked"):
        client.get(URL)
    assert len(asked) == 1
