"""Addresses of hosts: looked up within bounds, and told apart into public and private ones."""

from __future__ import annotations

import ipaddress
import socket
from queue import Empty, SimpleQueue
from threading import Thread

import httpcore2 as httpcore

from commonground.errors import Forbidden

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def lookup(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a host in the resolver's order.

    Raises `httpcore.ConnectError` for a name that has none, `ConnectTimeout` when the resolver takes too long:
    it knows no time-out of its own, so it is asked in a thread that may be left behind.
    """
    told: SimpleQueue[list[str] | Exception] = SimpleQueue()
    Thread(target=lambda: told.put(_ask(host, port)), name=f"lookup {host}", daemon=True).start()
    try:
        found = told.get(timeout=seconds)
    except Empty:
        raise httpcore.ConnectTimeout(f"the address of {host} was not told in time") from None
    if isinstance(found, Exception):
        raise httpcore.ConnectError(f"{host} has no address: {found}") from found
    return found


def _ask(host: str, port: int) -> list[str] | Exception:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return error
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def refuse_private(host: str, addresses: list[str]) -> None:
    """Raise `Forbidden` when any of a host's addresses is not public: it is not the one that we would pick."""
    for address in addresses:
        if not is_public(address.split("%")[0]):
            raise Forbidden(
                f"{host} is at the private address {address}.",
                advice="Set COMMONGROUND_ALLOW_PRIVATE=1 if you mean it.",
            )


def is_public(text: str) -> bool:
    """Whether an address is one of the open internet, also when it wraps an IPv4 address."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast
