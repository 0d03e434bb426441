"""Carries requests out: straight to checked addresses, or through the proxies that the environment names."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.request import getproxies, proxy_bypass

import httpcore2 as httpcore
import httpx2 as httpx

from commonground.errors import Misconfigured
from commonground.protocols.http.network import Network

_MOST, _IDLE, _IDLE_SECONDS = 100, 50, 5.0


class Transport(httpx.BaseTransport):
    """Connections to all hosts. Raises what `httpcore2` raises, and `Forbidden` for a private address.

    A proxy looks the name up by itself, so there the address can be checked but not held on to: what a name
    means to the proxy is the proxy's to guard.
    """

    def __init__(self, network: Network, *, trust_env: bool) -> None:
        self._network = network
        self._context = httpx.create_ssl_context(trust_env=trust_env)
        self._straight = self._pool(network)
        # The operator named the proxies, so they may be at private addresses.
        named = _proxies() if trust_env else {}
        self._proxied = {scheme: self._pool(Network(allow_private=True), one) for scheme, one in named.items()}

    def _pool(self, network: Network, proxy: httpcore.Proxy | None = None) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context=self._context,
            proxy=proxy,
            max_connections=_MOST,
            max_keepalive_connections=_IDLE,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=network,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; its answer is still to be read."""
        url = request.url
        answer = self._way(url).handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        body = _Body(answer)
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    def _way(self, url: httpx.URL) -> httpcore.ConnectionPool:
        host = url.raw_host.decode("ascii")
        proxied = self._proxied.get(url.scheme)
        if proxied is None or self._network.route(host, url.port) or proxy_bypass(host):
            return self._straight
        self._network.check(host, url.port or 0)
        return proxied

    def close(self) -> None:
        """Hang up on all."""
        for pool in (self._straight, *self._proxied.values()):
            pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


def _proxies() -> dict[str, httpcore.Proxy]:
    """By the scheme of the address asked for. Raises `Misconfigured` for a proxy that we cannot speak to."""
    named = getproxies()
    found = {}
    for scheme in ("http", "https"):
        address = named.get(scheme) or named.get("all")
        if not address:
            continue
        try:
            proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
        except (ValueError, httpx.InvalidURL) as error:
            raise _no_proxy(scheme, str(error)) from error
        if proxy.url.scheme not in {"http", "https"} or not proxy.url.host:
            raise _no_proxy(scheme, f"it is a {proxy.url.scheme} proxy")
        found[scheme] = httpcore.Proxy(str(proxy.url), auth=proxy.raw_auth)
    return found


def _no_proxy(scheme: str, why: str) -> Misconfigured:
    return Misconfigured(
        f"The proxy that the environment names for {scheme} cannot be used: {why}.",
        advice=f"Set {scheme.upper()}_PROXY to an http:// or https:// address, or unset it and ALL_PROXY.",
    )
