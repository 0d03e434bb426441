"""The one HTTP client: polite, bounded, guarded. Every request to a portal goes through here.

Polite: it says who we are, waits as `Retry-After` asks, and keeps few connections a host.
Bounded: time-outs on connect, read and the whole answer, and a cap on the answer's size.
Guarded: private addresses are refused, on redirects too, unless the settings allow them.
During a replay or a demonstration `routes` sends each known host to a loopback port, and with
`sealed` every other host is `Unrecorded`: nothing leaves the machine.
"""

from __future__ import annotations

import io
import ipaddress
import json
import math
import re
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import IO, Any, Self
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx2 as httpx
import orjson
import stamina

from commonground import __version__
from commonground.errors import Busy, Forbidden, PortalError, Refused, Unreachable, Unreadable, Unrecorded

# A line in the log for each new try, without an address, helps nobody; errors and findings say what was given up.
stamina.instrumentation.set_on_retry_hooks(())

USER_AGENT = f"CommonGround/{__version__} (+https://github.com/common-ground/common-ground)"
Params = Mapping[str, str | int]

_BUSY = {429, 503}
_SNIPPET = 80
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Manners:
    """How we behave. Seconds, bytes and counts."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 300.0
    max_bytes: int = 512 * 1024 * 1024
    """Of a document that goes into a file."""
    max_answer: int = 64 * 1024 * 1024
    """Of an answer that is held in memory."""
    per_host: int = 4
    attempts: int = 4
    longest_wait: float = 60.0
    redirects: int = 5
    patience: int = 5
    """After so many requests in a row that failed for good, a host is not asked again by this client."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer. `url` is the address asked for, not the loopback port that gave it."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:  # noqa: ANN401 - JSON is whatever the portal sent
        """The body as JSON. Raises `Unreadable` that shows how the body begins."""
        return parse_json(self.body, self.url)


def parse_json(body: bytes, url: str) -> Any:  # noqa: ANN401 - JSON is whatever the portal sent
    """Decode JSON; lone surrogates and a byte-order mark, which portals do send, are accepted."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        # The strict parser above refuses what the standard library takes (lone surrogates, NaN).
        return json.loads(body.decode("utf-8-sig", "replace"), parse_float=_finite, parse_constant=str)
    except (ValueError, RecursionError) as error:
        begin = body[:_SNIPPET].decode("utf-8", "replace").strip()
        kind = "HTML" if begin.lower().startswith(("<!doctype", "<html")) else "no JSON"
        raise Unreadable(f"{url} sent {kind} ({error}). It begins: {begin!r}.", url=url) from error


def _finite(text: str) -> float | str:
    """A number, or its text where no float holds it: it could not be written as JSON again."""
    number = float(text)
    return number if math.isfinite(number) else text


class Client:
    """Asks portals. Safe to share between threads."""

    def __init__(
        self,
        *,
        routes: Mapping[str, str] | None = None,
        sealed: bool = False,
        allow_private: bool = False,
        manners: Manners | None = None,
    ) -> None:
        self.manners = manners or Manners()
        self._routes = dict(routes or {})
        self._sealed = sealed
        self._allow_private = allow_private
        self._gates: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(self.manners.per_host))
        self._failures: dict[str, int] = defaultdict(int)
        timeout = httpx.Timeout(self.manners.read, connect=self.manners.connect)
        # A replay leaves the machine by no way, and so by no proxy that the environment names.
        self._http = httpx.Client(
            timeout=timeout, headers={"User-Agent": USER_AGENT}, follow_redirects=False, trust_env=not sealed
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def get(self, url: str, params: Params | None = None) -> Answer:
        """A whole answer of moderate size, retried while that can help. Raises a `PortalError`."""
        full = str(httpx.URL(url, params=dict(params))) if params else url
        body = io.BytesIO()
        status, headers = self._save(full, body, self.manners.max_answer)
        return Answer(full, status, headers, body.getvalue())

    def json(self, url: str, params: Params | None = None) -> Any:  # noqa: ANN401 - JSON is anything
        """The answer's body as JSON."""
        return self.get(url, params).json()

    def save(self, url: str, file: IO[bytes]) -> None:
        """The body into a file, for documents too large to hold; retried from the start while that can help."""
        self._save(url, file, self.manners.max_bytes)

    def _save(self, url: str, file: IO[bytes], most: int) -> tuple[int, Mapping[str, str]]:
        host = urlsplit(url).netloc
        if self._failures[host] >= self.manners.patience:
            raise Unreachable(f"{host} failed {self.manners.patience} times; not asked again in this run.", url=url)
        try:
            told = self._retried(url, file, most)
        except Unreachable:
            self._failures[host] += 1
            raise
        self._failures[host] = 0
        return told

    def _retried(self, url: str, file: IO[bytes], most: int) -> tuple[int, Mapping[str, str]]:
        for attempt in stamina.retry_context(
            on=self._backoff, attempts=self.manners.attempts, timeout=self.manners.total
        ):
            with attempt, self._open(url) as response:
                file.seek(0)
                file.truncate()
                file.writelines(self._bounded(response, url, most))
                return response.status_code, dict(response.headers)
        raise Unreachable(f"{url} did not answer.", url=url)  # pragma: no cover - stamina always raises

    def _backoff(self, error: Exception) -> bool | float:
        if isinstance(error, Busy) and error.wait is not None:
            # Asked to wait longer than we would, we come back another day instead of sooner than asked.
            return error.wait if error.wait <= self.manners.longest_wait else False
        return isinstance(error, PortalError) and error.retry

    @contextmanager
    def _open(self, url: str) -> Iterator[httpx.Response]:
        """Follow redirects by hand, so that each hop passes the guard; yield the final answer."""
        asked = url
        for _ in range(self.manners.redirects + 1):
            with self._send(asked) as response:
                if not response.has_redirect_location:
                    _check(response, asked)
                    yield response
                    return
                asked = urljoin(asked, response.headers["location"])
        raise Refused(f"{url} redirects more than {self.manners.redirects} times.", url=url)

    @contextmanager
    def _send(self, url: str) -> Iterator[httpx.Response]:
        host = urlsplit(url).netloc
        target = self._target(url)
        with self._gates[host]:
            try:
                with self._http.stream("GET", target) as response:
                    yield response
            except httpx.TimeoutException as error:
                raise Unreachable(f"{url} did not answer in time.", url=url) from error
            except httpx.InvalidURL as error:
                raise Forbidden(f"{url[:200]!r} is no usable address: {error}.", url=url) from error
            except httpx.DecodingError as error:
                raise Unreadable(f"{url} sent what cannot be unpacked: {error}.", url=url) from error
            except httpx.HTTPError as error:
                raise Unreachable(f"{url} could not be read: {error or type(error).__name__}.", url=url) from error

    def _target(self, url: str) -> str:
        """Where to really connect: a loopback route, or the address itself once the guard agrees."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Forbidden(f"{url[:200]!r} is no http(s) address.", url=url)
        route = self._routes.get(parts.netloc) or self._routes.get(parts.hostname)
        if route is not None:
            base = urlsplit(route)
            return urlunsplit((base.scheme, base.netloc, parts.path, parts.query, ""))
        if self._sealed:
            raise Unrecorded(f"No recording of {parts.hostname}; what it would say is unknown.", url=url)
        if not self._allow_private:
            _refuse_private(parts.hostname, url)
        return url

    def _bounded(self, response: httpx.Response, url: str, most: int) -> Iterator[bytes]:
        """Body chunks, while size and total time allow."""
        size, deadline = 0, time.monotonic() + self.manners.total
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > most:
                raise Unreadable(f"{url} sent more than {most:,} bytes.", url=url)
            if time.monotonic() > deadline:
                raise Unreachable(f"{url} took more than {self.manners.total:.0f} s.", url=url)
            yield chunk


def _check(response: httpx.Response, url: str) -> None:
    status = response.status_code
    if status in _BUSY:
        raise Busy(f"{url} is busy ({status}).", url=url, wait=_retry_after(response.headers.get("retry-after")))
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Unreachable(f"{url} failed with {status}.", url=url)
    if status >= httpx.codes.BAD_REQUEST:
        raise Refused(f"{url} answered {status}.", url=url, status=status)


def _retry_after(text: str | None) -> float | None:
    """Seconds to wait, told as such or as a date."""
    if not text:
        return None
    if re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, until.timestamp() - time.time())


def _refuse_private(host: str, url: str) -> None:
    """Raise `Forbidden` when any address of the host is not public. An unknown name is `Unreachable`."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} has no address: {error}.", url=url) from error
    for address in found:
        if not _is_public(str(address).split("%")[0]):
            raise Forbidden(
                f"{host} is at the private address {address}.",
                url=url,
                advice="Set COMMONGROUND_ALLOW_PRIVATE=1 if you mean it.",
            )


def _is_public(text: str) -> bool:
    """Whether an address is one of the open internet, also when it wraps an IPv4 address."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(str(inner))
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast
