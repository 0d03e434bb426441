"""The client itself: a request with its redirects and its tries."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, Self
from urllib.parse import urlunsplit

import httpcore2 as httpcore
import httpx2 as httpx
import stamina

from commonground.errors import (
    Busy,
    Forbidden,
    NotModified,
    PortalError,
    Refused,
    TooLarge,
    Unreachable,
    Unreadable,
    Unrecorded,
)
from commonground.protocols.http.answers import BUSY, UNPACKED, Answer, Head, Validators, check
from commonground.protocols.http.hops import asked_with, host_of, next_hop, parts_of
from commonground.protocols.http.hosts import Host
from commonground.protocols.http.manners import Manners, user_agent
from commonground.protocols.http.network import Network, overdue, within
from commonground.protocols.http.transport import Transport

# A line in the log for each new try, without an address, helps nobody; errors and findings say what was given up.
stamina.instrumentation.set_on_retry_hooks(())

Params = Mapping[str, str | int]

_BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, httpcore.UnsupportedProtocol)
_LONGEST_PAUSE = 5.0


class Client:
    """Asks portals, by GET alone, or whether an address answers. Safe to share between threads.

    A document can be asked for conditionally: `remember` what a portal said of it, `save` it with `conditional`,
    and keep what `told` holds once the document was understood to its end.
    """

    def __init__(
        self,
        *,
        routes: Mapping[str, str] | None = None,
        sealed: bool = False,
        allow_private: bool = False,
        manners: Manners | None = None,
        contact: str = "",
    ) -> None:
        self.manners = manners or Manners()
        self.told: dict[str, Validators] = {}
        """By address: the validators of documents that were saved conditionally and came whole."""
        self._remembered: dict[str, Validators] = {}
        self._sealed = sealed
        self._hosts: dict[str, Host] = {}
        self._network = Network(routes, allow_private=allow_private)
        # A replay leaves the machine by no way, and so by no proxy that the environment names.
        self._http = httpx.Client(
            transport=Transport(self._network, trust_env=not sealed),
            timeout=httpx.Timeout(self.manners.read, connect=self.manners.connect, pool=self.manners.total),
            headers={"User-Agent": user_agent(contact), "Accept-Encoding": ", ".join(UNPACKED)},
            follow_redirects=False,
            trust_env=False,
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
        full = asked_with(url, params) if params else url
        body = io.BytesIO()
        head = self._save(full, body, self.manners.max_answer)
        return Answer(full, head.status, head.headers, head.source, body.getvalue())

    def json(self, url: str, params: Params | None = None) -> Any:  # noqa: ANN401 - JSON is anything
        """The answer's body as JSON."""
        return self.get(url, params).json()

    def remember(self, url: str, validators: Validators) -> None:
        """What the portal said of a document when it was last understood."""
        self._remembered[url] = validators

    def save(self, url: str, file: IO[bytes], *, conditional: bool = False) -> Head:
        """The body into a file, for documents too large to hold; retried from the start while that can help.

        Raises a `PortalError`, and with `conditional` also `NotModified` when what is remembered still holds.
        """
        if not conditional:
            return self._save(url, file, self.manners.max_bytes)
        remembered = self._remembered.get(url, Validators())
        head = self._save(url, file, self.manners.max_bytes, remembered.headers())
        if not head.elsewhere and (told := Validators.of(head.headers)) != Validators():
            self.told[url] = told
        return head

    def resume(self, url: str, file: IO[bytes], *, etag: str = "") -> Head:
        """The rest of a document behind what the file holds of it; each new try goes on where the last one broke off.

        The whole of it anew where the server gives no portions, or where `etag` is not that of its present state.
        Raises a `PortalError`; `Refused` with status 416 where the document is no longer than the file.
        """
        for attempt in self._tries():
            have = file.seek(0, io.SEEK_END)
            asked = {"Accept-Encoding": "identity"}
            asked |= {"Range": f"bytes={have}-"} if have else {}
            asked |= {"If-Range": etag} if have and etag else {}
            with attempt, within(self.manners.total), self._open(url, asked) as (response, source):
                begin = response.headers.get("content-range", "").partition("-")[0].removeprefix("bytes ")
                if response.status_code != httpx.codes.PARTIAL_CONTENT or begin != str(have):
                    file.seek(0)
                    file.truncate()
                if response.status_code == httpx.codes.PARTIAL_CONTENT and begin != str(have):
                    raise Unreadable(f"{url} sent another part than the one that was asked for.", url=url)
                file.writelines(_bounded(response, source, self.manners.max_bytes))
                return Head(url, response.status_code, dict(response.headers), source)
        raise Unreachable(f"{url} did not answer.", url=url)  # pragma: no cover - stamina always raises

    def status(self, url: str) -> int:
        """How an address answers in the end, after redirects, whatever it answers. Asked once.

        By HEAD, and by GET for the first byte where that is refused. Raises a `PortalError` without an answer.
        """
        with within(self.manners.total):
            status = self._status(url, "HEAD")
            return self._status(url, "GET") if status >= httpx.codes.BAD_REQUEST and status not in BUSY else status

    def stamp(self, url: str) -> str:
        """What a server says of a document by HEAD, redirects followed: `ETag`, else `Last-Modified`, and its length.

        "" where it gives neither of the first two, or refuses. Asked once. Raises a `PortalError` without an answer.
        """
        with within(self.manners.total):
            asked = url
            for _ in range(self.manners.redirects + 1):
                with self._send(asked, {}, "HEAD") as response:
                    if not response.has_redirect_location:
                        told = Validators.of(response.headers) if response.is_success else Validators()
                        known = told.etag or told.last_modified
                        return f"{known} {response.headers.get('content-length', '')}".strip() if known else ""
                    asked = next_hop(asked, response.headers["location"])
        return ""

    def _status(self, url: str, method: str) -> int:
        asked = url
        for _ in range(self.manners.redirects + 1):
            with self._send(asked, {"Range": "bytes=0-0"} if method == "GET" else {}, method) as response:
                if not response.has_redirect_location:
                    return response.status_code
                asked = next_hop(asked, response.headers["location"])
        raise Refused(f"{url} redirects more than {self.manners.redirects} times.", url=url)

    def _save(self, url: str, file: IO[bytes], most: int, condition: Mapping[str, str] | None = None) -> Head:
        host = self._host(url)
        if host.failures >= self.manners.patience:
            raise Unreachable(f"{host.name} failed {host.failures} times; not asked again in this run.", url=url)
        try:
            head = self._retried(url, file, most, condition or {})
        except Unreachable:
            host.failures += 1
            raise
        except (NotModified, Refused):
            host.failures = 0  # it is there, and answers
            raise
        host.failures = 0
        return head

    def _retried(self, url: str, file: IO[bytes], most: int, condition: Mapping[str, str]) -> Head:
        for attempt in self._tries():
            with attempt, within(self.manners.total), self._open(url, condition) as (response, source):
                file.seek(0)
                file.truncate()
                file.writelines(_bounded(response, source, most))
                return Head(url, response.status_code, dict(response.headers), source)
        raise Unreachable(f"{url} did not answer.", url=url)  # pragma: no cover - stamina always raises

    def _tries(self) -> Iterable[stamina.Attempt]:
        return stamina.retry_context(
            on=self._backoff,
            attempts=self.manners.attempts,
            timeout=self.manners.total,
            wait_max=min(self.manners.longest_wait, _LONGEST_PAUSE),
        )

    def _backoff(self, error: Exception) -> bool | float:
        if isinstance(error, Busy) and error.wait is not None:
            return error.wait if error.wait <= self.manners.longest_wait else False
        return isinstance(error, PortalError) and error.retry

    @contextmanager
    def _open(self, url: str, condition: Mapping[str, str]) -> Iterator[tuple[httpx.Response, str]]:
        """Follow redirects by hand, so that each hop passes the guard; yield the final answer and its address."""
        asked = url
        for _ in range(self.manners.redirects + 1):
            # What one host said of a document means nothing to another, and would tell it what we read.
            with self._send(asked, condition if host_of(asked) == host_of(url) else {}) as response:
                if not response.has_redirect_location:
                    check(response, asked, self.manners)
                    yield response, asked
                    return
                asked = next_hop(asked, response.headers["location"])
        raise Refused(f"{url} redirects more than {self.manners.redirects} times.", url=url)

    @contextmanager
    def _send(self, url: str, headers: Mapping[str, str], method: str = "GET") -> Iterator[httpx.Response]:
        host = self._host(url)
        try:
            with host.turn(), self._http.stream(method, self._target(url), headers=headers) as response:
                yield response
        except (Busy, Forbidden) as error:
            error.url = error.url or url
            if isinstance(error, Busy) and error.wait:
                host.rest(error.wait)
            raise
        except httpcore.TimeoutException as error:
            why = f"took more than {self.manners.total:,.0f} s" if overdue() else "did not answer in time"
            raise Unreachable(f"{url} {why}.", url=url) from error
        except httpx.InvalidURL as error:
            raise Forbidden(f"{url[:200]!r} is no usable address: {error}.", url=url) from error
        except httpx.DecodingError as error:
            raise Unreadable(f"{url} sent what cannot be unpacked: {error}.", url=url) from error
        except _BROKEN as error:
            raise Unreachable(f"{url} could not be read: {error or type(error).__name__}.", url=url) from error

    def _host(self, url: str) -> Host:
        name = host_of(url)
        return self._hosts.get(name) or self._hosts.setdefault(name, Host(name, self.manners))

    def _target(self, url: str) -> str:
        """What to ask of whom: loopback speaks plain http. Raises `Unrecorded` for a host that a replay lacks."""
        parts = parts_of(url)
        if self._network.route(str(parts.hostname), parts.port):
            return urlunsplit(parts._replace(scheme="http", fragment=""))
        if self._sealed:
            raise Unrecorded(f"No recording of {parts.hostname}; what it would say is unknown.", url=url)
        return url


def _bounded(response: httpx.Response, url: str, most: int) -> Iterator[bytes]:
    """The body, unpacked in pieces of at most a megabyte, while its size allows."""
    if int(response.headers.get("content-length", 0)) > most:
        raise TooLarge(f"{url} would send more than {most:,} bytes.", url=url)
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > most:
            raise TooLarge(f"{url} sent more than {most:,} bytes.", url=url)
        yield chunk
