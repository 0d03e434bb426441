"""How we behave toward portals, in figures."""

from __future__ import annotations

from dataclasses import dataclass

from commonground import __version__
from commonground.errors import Misconfigured

HOME = "https://github.com/common-ground/common-ground"


@dataclass(frozen=True, slots=True)
class Manners:
    """Seconds, bytes and counts. A request with all its tries ends within twice `total` and one `longest_wait`,
    beside what it waits for its turn.
    """

    connect: float = 10.0
    """To reach one address, and again for its TLS."""
    read: float = 30.0
    """Without a single byte."""
    total: float = 300.0
    """One try, from looking up the name through all redirects to the last byte."""
    max_bytes: int = 512 * 1024 * 1024
    """Of a document that goes into a file, unpacked."""
    max_answer: int = 64 * 1024 * 1024
    """Of an answer that is held in memory, unpacked."""
    max_headers: int = 200
    """Their number; together they may have 100 KB."""
    per_host: int = 4
    """Requests at once."""
    pause: float = 0.0
    """Between the beginnings of two requests to one host."""
    attempts: int = 4
    longest_wait: float = 60.0
    redirects: int = 5
    patience: int = 5
    """After so many requests in a row that failed for good, a host is not asked again by this client."""


def user_agent(contact: str = "") -> str:
    """Who we are, and whom to write to. Raises `Misconfigured` for a contact that no header can hold."""
    if not (contact.isascii() and contact.isprintable()) or set(contact) & set("()\\"):
        raise Misconfigured(
            f"COMMONGROUND_CONTACT is “{contact}”.", advice="Set it to a mailbox or to the address of a page."
        )
    return f"CommonGround/{__version__} (+{HOME}{f'; {contact}' if contact else ''})"
