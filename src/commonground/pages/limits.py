"""How many requests one address may make: enough for people and honest programs, too few for a flood.

Kept in each server process's memory, keyed on the address that the client cannot choose: that of the
connection, or, behind a reverse proxy that is trusted, the last one that the proxy wrote. Requests from
this machine itself are not counted.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from math import ceil
from threading import Lock

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from commonground.pages.errors import too_many

IPV4 = 4
BURST = 20
"""So many seconds' worth of requests may come at once."""
REMEMBERED = 20_000
"""Addresses kept in mind; the one not seen for longest goes first."""


class Bucket:
    """Tokens of each address: they fill at `rate` a second up to `most` (a burst), and each request takes one."""

    def __init__(self, rate: float, now: Callable[[], float] = time.monotonic, *, most: float | None = None) -> None:
        self.rate = rate
        self.most = rate * BURST if most is None else most
        self._now = now
        self._lock = Lock()
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> float:
        """0 when the request may pass, else the seconds until it may."""
        now = self._now()
        with self._lock:
            held, since = self._held.pop(address, (self.most, now))
            tokens = min(self.most, held + (now - since) * self.rate)
            passes = tokens >= 1
            self._held[address] = (tokens - passes, now)
            if len(self._held) > REMEMBERED:
                self._held.popitem(last=False)
        return 0.0 if passes else (1 - tokens) / self.rate

    def forget(self, address: str) -> None:
        """Begin anew with an address, as if it had never asked."""
        with self._lock:
            self._held.pop(address, None)


class Limits:
    """Middleware: 429 with `Retry-After` for an address that asks too much. COMMONGROUND_RATE sets how much; 0 is off."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._bucket = Bucket(settings.RATE) if settings.RATE else None

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        address = client(request)
        wait = self._bucket.take(address) if self._bucket and address else 0.0
        return too_many(request, wait=ceil(wait)) if wait else self.get_response(request)


def client(request: HttpRequest) -> str:
    """Whom to count: the visitor's address, of IPv6 the network; empty for this machine itself."""
    if not settings.BEHIND_PROXY:
        peer = _address(request.META.get("REMOTE_ADDR", ""))
        return "" if peer is None or peer.is_loopback else _network(peer)
    # Behind a proxy everybody comes from this machine: only the last entry is the proxy's own word.
    written = _address(request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip())
    return _network(written) if written else "unknown"


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _network(address: IPv4Address | IPv6Address) -> str:
    """One subscriber has a whole /64 of IPv6 addresses."""
    return str(address) if address.version == IPV4 else str(ip_network((address, 64), strict=False))
