"""Answers: what came, by what it can be asked for again, and when it is no answer at all."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx2 as httpx
import orjson

from commonground.errors import Busy, NotModified, Refused, Unreachable, Unreadable
from commonground.protocols.http.hops import host_of
from commonground.protocols.http.manners import Manners

UNPACKED = ("gzip", "deflate")
"""The codings that we ask for."""
BUSY = frozenset({429, 503})

_PACKINGS = {*UNPACKED, "x-gzip", "compress", "br", "zstd"}
_SNIPPET = 80
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Validators:
    """By what a server can tell that a document is as it was. Either may be empty."""

    etag: str = ""
    last_modified: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self:
        """Those that an answer tells; what could not be sent back is left out."""
        told = (headers.get(name, "").strip() for name in ("etag", "last-modified"))
        return cls(*(one if one.isascii() and one.isprintable() and len(one) <= _LONGEST else "" for one in told))

    def headers(self) -> dict[str, str]:
        """To ask with."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value}


@dataclass(frozen=True, slots=True)
class Head:
    """What came before a body. `url` was asked for, `source` answered in the end, after redirects."""

    url: str
    status: int
    headers: Mapping[str, str]
    source: str

    @property
    def elsewhere(self) -> bool:
        """Whether another host than the one that was asked gave the answer: its text is not shown to anybody."""
        return host_of(self.url) != host_of(self.source)


@dataclass(frozen=True, slots=True)
class Answer(Head):
    """One whole answer."""

    body: bytes = field(repr=False)

    def json(self) -> Any:  # noqa: ANN401 - JSON is whatever the portal sent
        """The body as JSON. Raises `Unreadable`, which shows how the body of the host that was asked begins."""
        return parse_json(self.body, self.url, quote=not self.elsewhere)


def parse_json(body: bytes, url: str, *, quote: bool = True) -> Any:  # noqa: ANN401 - JSON is whatever the portal sent
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
        shown = f" It begins: {begin!r}." if quote else ""
        raise Unreadable(f"{url} sent {kind} ({error}).{shown}", url=url) from error


def _finite(text: str) -> float | str:
    """A number, or its text where no float holds it: it could not be written as JSON again."""
    number = float(text)
    return number if math.isfinite(number) else text


def check(response: httpx.Response, url: str, manners: Manners) -> None:
    """Raise what the status and the headers say, before any of the body is read."""
    status, headers = response.status_code, response.headers
    if status in BUSY:
        raise Busy(f"{url} is busy ({status}).", url=url, wait=retry_after(headers.get("retry-after")))
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Unreachable(f"{url} failed with {status}.", url=url)
    if status >= httpx.codes.BAD_REQUEST:
        raise Refused(f"{url} answered {status}.", url=url, status=status)
    if status == httpx.codes.NOT_MODIFIED:
        if "if-none-match" in response.request.headers or "if-modified-since" in response.request.headers:
            raise NotModified(f"{url} is as it was.", url=url)
        raise Unreadable(f"{url} answered 304, though we asked without a condition.", url=url)
    if status == httpx.codes.PARTIAL_CONTENT and "range" not in response.request.headers:
        raise Unreadable(f"{url} sent a part (206), though we asked for the whole.", url=url)
    if len(headers.raw) > manners.max_headers:
        raise Unreadable(f"{url} sent more than {manners.max_headers:,} headers.", url=url)
    packed = [one for one in headers.get_list("content-encoding", split_commas=True) if one.lower() in _PACKINGS]
    if len(packed) > 1 or any(one.lower() not in UNPACKED for one in packed):
        # One coding after another is how a bomb of a thousandth of a thousandth is made; nobody else needs it.
        raise Unreadable(f"{url} is packed as “{', '.join(packed)[:_SNIPPET]}”; we asked for gzip or deflate.", url=url)


def retry_after(text: str | None) -> float | None:
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
