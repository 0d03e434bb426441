"""Addresses as text: which may be asked, which name one host, and where a redirect may lead."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

import httpx2 as httpx

from commonground.errors import Forbidden

_SHOWN = 200


def parts_of(url: str) -> SplitResult:
    """An address that may be asked. Raises `Forbidden` for any other."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError as error:
        raise Forbidden(f"{url[:_SHOWN]!r} is no usable address: {error}.", url=url) from error
    if not usable:
        raise Forbidden(f"{url[:_SHOWN]!r} is no http(s) address.", url=url)
    if parts.username is not None:
        clean = urlunsplit(parts._replace(netloc=_name(parts)))
        raise Forbidden(f"{clean} comes with a user name or a password; we send none.", url=clean)
    return parts


def asked_with(url: str, params: Mapping[str, str | int]) -> str:
    """The address with its query. Raises `Forbidden` for what is no address."""
    parts_of(url)
    try:
        return str(httpx.URL(url, params=dict(params)))
    except httpx.InvalidURL as error:
        raise Forbidden(f"{url[:_SHOWN]!r} is no usable address: {error}.", url=url) from error


def host_of(url: str) -> str:
    """The host as we count it: without the port that its scheme implies."""
    return _name(parts_of(url))


def _name(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else str(parts.hostname)
    return host if parts.port in {None, 80, 443} else f"{host}:{parts.port}"


def next_hop(url: str, location: str) -> str:
    """Where a redirect leads. Raises `Forbidden` when it leaves https.

    Behind a proxy that ends TLS many applications name their own pages with http:, so on one host we stay with
    https. To another host it would hand the catalog to whoever sits on the way.
    """
    try:
        found = urljoin(url, location)
    except ValueError as error:
        raise Forbidden(f"{url} redirects to no usable address: {error}.", url=url) from error
    before, after = parts_of(url), parts_of(found)
    if before.scheme == "http" or after.scheme == "https":
        return found
    if before.hostname != after.hostname or after.port not in {None, 80, before.port}:
        raise Forbidden(
            f"{url} redirects from https to {found[:_SHOWN]}, which anybody on the way could change.", url=url
        )
    return urlunsplit(after._replace(scheme="https", netloc=before.netloc))
