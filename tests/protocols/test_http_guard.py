"""The one client goes nowhere that it should not: addresses are checked when it connects, on each hop, behind proxies."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import httpcore2 as httpcore
import pytest
from werkzeug.wrappers import Request, Response

from commonground.errors import Forbidden, Misconfigured, PortalError, Refused, Unreachable, Unreadable, Unrecorded
from commonground.protocols.http import Client, Manners
from commonground.protocols.http.addresses import is_public
from commonground.protocols.http.network import Network, within
from commonground.protocols.serving import loopback
from tests.protocols.rough import HASTY, HOST, URL, asking, head, rough, wsgi

PUBLIC = "8.8.8.8"
ONCE = Manners(attempts=1, connect=2, read=2)


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
    url = f"http://{host}:9/x"
    with Client() as client, pytest.raises(Forbidden) as caught:
        client.get(url)
    assert "private address" in caught.value.message
    assert "COMMONGROUND_ALLOW_PRIVATE" in caught.value.advice
    assert caught.value.url == url


@pytest.mark.parametrize("address", ["8.8.8.8", "151.101.1.69", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_pass(address: str) -> None:
    assert is_public(address)


class Dialed:
    """A network that notes whom it would dial, and reaches one loopback port instead."""

    def __init__(self, port: int) -> None:
        self.addresses: list[str] = []
        self._port = port

    def __call__(self, address: str, _: int, *rest: Any) -> httpcore.NetworkStream:
        self.addresses.append(address)
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self._port, *rest)


def test_a_name_that_changes_its_meaning_is_not_followed(resolve: Callable[..., list[str]]) -> None:
    """DNS rebinding: public when it is checked, ours when it is dialed. It is looked up once, so there is no between."""
    asked = resolve(PUBLIC, "127.0.0.1")
    came: list[str] = []

    def answer(connection: socket.socket) -> None:
        came.append(head(connection))

    with rough(answer) as port:
        dialed = Dialed(port)
        network = Network(allow_private=False, dial=dialed)
        with within(5):
            network.connect_tcp(HOST, port).close()
            with pytest.raises(Forbidden, match=r"data\.example\.gov is at the private address 127\.0\.0\.1"):
                network.connect_tcp(HOST, port)
    assert (dialed.addresses, asked) == ([PUBLIC], [HOST, HOST])


def test_the_client_itself_does_not_follow_it(resolve: Callable[..., list[str]]) -> None:
    """The whole client against a real listener, which nobody calls."""
    asked = resolve(["127.0.0.1"])
    came: list[int] = []
    with rough(lambda _: came.append(1)) as port, Client(manners=ONCE) as client:
        for scheme in ("http", "https"):
            with pytest.raises(Forbidden, match="private address"):
                client.get(f"{scheme}://{HOST}:{port}/")
    assert (came, asked) == ([], [HOST, HOST])


@pytest.mark.parametrize("answers", [[PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], [PUBLIC, "::1"]])
def test_one_private_address_among_public_ones_is_enough(resolve: Callable[..., Any], answers: list[str]) -> None:
    resolve(answers)
    with Client(manners=ONCE) as client, pytest.raises(Forbidden, match="private address"):
        client.get(URL)


def test_the_next_address_is_tried_when_one_is_silent(resolve: Callable[..., Any]) -> None:
    """127.0.0.2 is loopback as well, and nobody listens there."""
    resolve(["127.0.0.2", "127.0.0.1"])
    with loopback({HOST: wsgi(lambda _: Response("[1]"))}) as routes, Client(allow_private=True) as client:
        port = routes[HOST].rpartition(":")[2]
        assert client.json(f"http://{HOST}:{port}/") == [1]


def test_certificate_and_host_stay_those_of_the_name(resolve: Callable[..., Any]) -> None:
    resolve("127.0.0.1")
    hello: list[bytes] = []

    with (
        rough(lambda connection: hello.append(connection.recv(65536))) as port,
        Client(allow_private=True, manners=ONCE) as client,
        pytest.raises(Unreachable),
    ):
        client.get(f"https://{HOST}:{port}/")
    assert HOST.encode() in hello[0]
    assert b"127.0.0.1" not in hello[0]


def test_an_unknown_name_has_no_address() -> None:
    with Client(manners=ONCE) as client, pytest.raises(Unreachable, match=r"nowhere\.invalid has no address"):
        client.get("https://nowhere.invalid/")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.gov/",
        "gopher://x",
        "//x",
        "",
        "http://",
        "x",
        "http://[::1",
        "http://a:99999/",
        "http://a:b/",
        f"http://{'a' * 70}.example.gov:9/\x00",
    ],
)
def test_other_schemes_and_ruins_are_refused(url: str) -> None:
    with Client(allow_private=True, manners=ONCE) as client:
        with pytest.raises(Forbidden):
            client.get(url)
        with pytest.raises(Forbidden):
            client.get(url, {"f": "json"})


@pytest.mark.parametrize("user", ["someone", "someone:secret", ":secret", "data.example.gov%00"])
def test_names_and_passwords_are_not_sent(user: str) -> None:
    with Client(manners=ONCE) as client, pytest.raises(Forbidden, match="user name or a password") as caught:
        client.get(f"https://{user}@elsewhere.example/x")
    assert user not in str(caught.value)
    assert caught.value.url == "https://elsewhere.example/x"


def redirecting(location: str) -> Callable[[Request], Response]:
    return lambda _: Response(status=302, headers={"Location": location})


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("https://169.254.169.254/latest", r"private address 169\.254\.169\.254"),
        ("https://[::ffff:127.0.0.1]/", "private address"),
        ("https://localhost/", "private address"),
        ("file:///etc/passwd", r"no http\(s\) address"),
        ("gopher://127.0.0.1/", r"no http\(s\) address"),
        ("https://user:secret@data.example.gov/", "user name or a password"),
        ("https://[::1/", "no usable address"),
        ("http://elsewhere.example/list", "redirects from https"),
        (f"http://{HOST}:8080/list", "redirects from https"),
    ],
)
def test_redirects_pass_the_guard_too(location: str, why: str) -> None:
    """A live client that may ask this one host, by its route, and no other private one."""

    def answer(connection: socket.socket) -> None:
        head(connection)
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())

    with (
        rough(answer) as port,
        Client(routes={HOST: f"http://127.0.0.1:{port}"}, manners=ONCE) as client,
        pytest.raises(Forbidden, match=why),
    ):
        client.get(URL)


def test_a_redirect_to_the_port_of_a_route_is_private_as_well() -> None:
    found: list[str] = []
    apps = {HOST: wsgi(lambda _: Response(status=302, headers={"Location": found[0]}))}
    with loopback(apps) as routes, Client(routes=routes, manners=ONCE) as client:
        found.append(f"{routes[HOST]}/list")
        with pytest.raises(Forbidden, match="private address"):
            client.get(f"http://{HOST}/list")


def test_a_redirect_to_a_name_that_turned_private(resolve: Callable[..., Any]) -> None:
    resolve("10.0.0.1")
    apps = {"first.example.gov": wsgi(redirecting(URL))}
    with (
        loopback(apps) as routes,
        Client(routes=routes, manners=ONCE) as client,
        pytest.raises(Forbidden, match=r"data\.example\.gov is at the private address 10\.0\.0\.1") as caught,
    ):
        client.get("https://first.example.gov/")
    assert caught.value.url == URL


def test_on_one_host_https_stays() -> None:
    """Many applications behind a proxy that ends TLS call their own pages http."""

    def answer(request: Request) -> Response:
        if request.path == "/list":
            return redirecting(f"http://{HOST}/there?a=1")(request)
        return Response("{}")

    with asking(answer) as client:
        told = client.get(URL)
    assert (told.source, told.url, told.elsewhere) == (f"https://{HOST}/there?a=1", URL, False)


@pytest.mark.parametrize("location", ["/again", "/list", URL])
def test_redirects_end(location: str) -> None:
    asked: list[int] = []

    def answer(request: Request) -> Response:
        asked.append(1)
        return redirecting(location)(request)

    with asking(answer) as client, pytest.raises(Refused, match="redirects more than 5 times"):
        client.get(URL)
    assert len(asked) == 6


def test_a_sealed_client_leaves_by_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with asking(lambda _: Response("{}")) as client:
        assert client.json(URL) == {}
        with pytest.raises(Unrecorded, match=r"No recording of elsewhere\.gov"):
            client.get("https://elsewhere.gov/")


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Name a proxy on loopback in the environment."""

    def become(port: int) -> None:
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.setenv("ALL_PROXY", f"http://us:secret@127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "straight.example")

    return become


def test_behind_a_proxy_names_are_checked_before_it_is_asked(
    resolve: Callable[..., Any], proxy: Callable[[int], None]
) -> None:
    resolve(PUBLIC, PUBLIC, "10.0.0.1")
    came: list[str] = []

    def answer(connection: socket.socket) -> None:
        came.append(head(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    with rough(answer) as port:
        proxy(port)
        with Client(manners=ONCE) as client:
            assert client.json(f"http://{HOST}/list") == {}
            with pytest.raises(PortalError):  # the tunnel that it promises leads nowhere
                client.get(URL)
            for private in (URL, "http://127.0.0.1/", "https://[::1]/"):
                with pytest.raises(Forbidden, match="private address"):
                    client.get(private)
            with pytest.raises(Unreachable, match=r"straight\.example has no address"):
                client.get("http://straight.example/")
    assert [one.splitlines()[0] for one in came] == [f"GET http://{HOST}/list HTTP/1.1", f"CONNECT {HOST}:443 HTTP/1.1"]
    assert all("Proxy-Authorization: Basic " in one for one in came)


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:9", "ftp://proxy", "http://", "http://[::1"])
def test_a_proxy_that_we_cannot_speak_to(
    monkeypatch: pytest.MonkeyPatch, proxy: Callable[[int], None], address: str
) -> None:
    proxy(9)
    monkeypatch.setenv("ALL_PROXY", address)
    with pytest.raises(Misconfigured, match="The proxy that the environment names for http ") as caught:
        Client()
    assert "unset it and ALL_PROXY" in caught.value.advice


SECRET = "<html>what another host keeps to itself"


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_another_host_sent_is_not_shown(*, elsewhere: bool) -> None:
    """A redirect must not make our error pages a window into somebody else's host."""
    there = "https://inner.example.gov/page"
    apps = {
        HOST: wsgi(redirecting(there) if elsewhere else lambda _: Response(SECRET)),
        "inner.example.gov": wsgi(lambda _: Response(SECRET)),
    }
    with (
        loopback(apps) as routes,
        Client(routes=routes, sealed=True, manners=Manners(**HASTY)) as client,
        pytest.raises(Unreadable, match="sent HTML") as caught,
    ):
        client.json(URL)
    assert ("keeps to itself" in caught.value.message) is not elsewhere
