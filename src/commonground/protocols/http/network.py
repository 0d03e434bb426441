"""Connections: only to addresses that were checked, and no longer than an attempt may take.

Checking a name first and letting the client look it up again when it connects would leave a gap in which the
name may change (DNS rebinding). Here a name is looked up once for each connection, and what was checked is
what is dialed; certificate and `Host` stay those of the name.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore2 as httpcore

from commonground.protocols.http.addresses import lookup, refuse_private

Dial = Callable[..., httpcore.NetworkStream]

_UNTIL: ContextVar[float] = ContextVar("the end of the attempt that this thread is making")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """One attempt: whatever this thread sends and receives meanwhile ends in time."""
    token = _UNTIL.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def extend(seconds: float) -> None:
    """Give the attempt so much more."""
    _UNTIL.set(_UNTIL.get() + seconds)


def overdue() -> bool:
    """Whether the attempt has used up its time."""
    return time.monotonic() >= _UNTIL.get()


def left(most: float | None = None) -> float:
    """Seconds that a step of the attempt may take. Raises `httpcore.ReadTimeout` when there are none."""
    seconds = _UNTIL.get() - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout("the time of the attempt is over")
    return seconds if most is None else min(seconds, most)


class Network(httpcore.NetworkBackend):
    """Looks names up, checks their addresses, dials them. `routes` lead hosts to loopback instead."""

    def __init__(
        self, routes: Mapping[str, str] | None = None, *, allow_private: bool, dial: Dial | None = None
    ) -> None:
        self._routes = {host: urlsplit(base) for host, base in (routes or {}).items()}
        self._allow_private = allow_private
        self._dial = dial or httpcore.SyncBackend().connect_tcp

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first address that takes it. Raises `Forbidden` before dialing a private one."""
        route = self.route(host, port)
        if route is not None:
            addresses, port = [str(route.hostname)], route.port or port
        else:
            addresses = self.check(host, port, timeout)
        failed: Exception | None = None
        for address in addresses:
            try:
                return Stream(self._dial(address, port, left(timeout), local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError(f"{host} has no address")

    def route(self, host: str, port: int | None) -> SplitResult | None:
        """Where on loopback a host is served."""
        return self._routes.get(f"{host}:{port}") or self._routes.get(host)

    def check(self, host: str, port: int, seconds: float | None = None) -> list[str]:
        """The addresses of a host. Raises `Forbidden` when one is private and that is not allowed."""
        addresses = lookup(host, port, left(seconds))
        if not self._allow_private:
            refuse_private(host, addresses)
        return addresses


class Stream(httpcore.NetworkStream):
    """A connection each of whose steps ends with the attempt, however slowly the bytes drip."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come."""
        return self._inner.read(max_bytes, left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of it."""
        self._inner.write(buffer, left(timeout))

    def close(self) -> None:
        """Hang up."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted; the certificate must be that of `server_hostname`."""
        return Stream(self._inner.start_tls(ssl_context, server_hostname, left(timeout)))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        """Facts about the socket."""
        return self._inner.get_extra_info(info)
