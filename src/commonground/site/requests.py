"""Each request gets an id, a line in the log and its place in the metrics.

A line names method, route, path, status and milliseconds (until the answer begins). It leaves out the query, which
tells what a person looks for, and all that tells who it is.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from commonground.site import metrics
from commonground.site.logs import REQUEST

SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
"""Ids that a proxy may give; any other one is replaced."""
LONGEST_PATH = 200
_LOG = logging.getLogger("commonground.requests")


class Requests:
    """Middleware, the first of all: what the others refuse is told as well."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        name = given if SANE.fullmatch(given) else secrets.token_hex(8)
        token = REQUEST.set(name)
        began = perf_counter()
        try:
            response = self.get_response(request)
            _tell(request, response, perf_counter() - began)
        finally:
            REQUEST.reset(token)
        response.headers["X-Request-ID"] = name
        return response


def _tell(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    name, method, status = route(request), str(request.method), response.status_code
    metrics.count(name, method, status, seconds)
    # What watches us asks every few seconds.
    level = logging.DEBUG if name in {"healthz", "readyz", "metrics"} else logging.INFO
    path = request.path[:LONGEST_PATH]
    duration = round(seconds * 1000, 1)
    facts = {"method": method, "route": name, "path": path, "status": status, "milliseconds": duration}
    _LOG.log(level, "%s %s %d %.1f ms", method, path, status, duration, extra=facts)


def route(request: HttpRequest) -> str:
    """The name of the address that answered, of which there are few: `dataset`, `dataset.json`, `static`, `none`."""
    if request.resolver_match:
        return request.resolver_match.view_name or "unnamed"
    return "static" if request.path.startswith(settings.STATIC_URL) else "none"
