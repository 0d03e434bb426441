"""What watches the portal asks here: does it live, is it ready, how is it doing.

Answered before anything else looks at the request: no limit, no language, no session, whatever host was named,
since probes come by bare address and every few seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from hmac import compare_digest
from http import HTTPStatus
from ipaddress import ip_address

import orjson
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch
from prometheus_client import CONTENT_TYPE_LATEST

from commonground.catalog import index
from commonground.errors import IndexBroken
from commonground.site import metrics, schema

FAR_BEHIND = 5_000
"""Generations that search may lag; a large first harvest makes one a page."""
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")
_LOG = logging.getLogger("commonground.health")


def healthz(request: HttpRequest) -> HttpResponse:
    """For restarting what hangs: this process answers. The database is not asked."""
    del request
    return _document(HTTPStatus.OK, {"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    """For sending visitors here or elsewhere: the database answers, its tables and the search index are ours. 503 with
    the reasons otherwise.
    """
    del request
    reasons = list(_reasons())
    if reasons:
        _LOG.warning("Not ready: %s", " ".join(reasons))
        return _document(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "not ready", "reasons": reasons})
    return _document(HTTPStatus.OK, {"status": "ready"})


def _reasons() -> Iterator[str]:
    """Why nobody should be sent here, in words that tell no secret."""
    try:
        trouble = schema.trouble()
        if trouble:
            yield trouble
            return
        state = index.state()
    except DatabaseError as error:
        connection.close()
        _LOG.warning("The database does not answer: %s", error)
        yield "The database does not answer."
        return
    except IndexBroken as error:
        _LOG.warning("%s", error)
        yield "The search index cannot be opened."
        return
    lag = state["newest"] - state["generation"]
    if lag:
        index.behind(index.follow)
    if lag and not state["generation"]:
        yield "The search index is not made yet."
    elif abs(lag) > FAR_BEHIND:
        yield f"The search index is {lag:,} changes behind the database."


def scraped(request: HttpRequest) -> HttpResponse:
    """For Prometheus: counts of requests, and the state of portals, findings, index and work. Only for this machine, or
    for whoever has the token.
    """
    token = settings.METRICS_TOKEN
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not compare_digest(given.encode(), token.encode()):
            answer = _document(HTTPStatus.UNAUTHORIZED, {"status": "The token is missing or wrong."})
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
    elif not _from_this_machine(request):
        return _document(
            HTTPStatus.FORBIDDEN, {"status": "Only for this machine. COMMONGROUND_METRICS_TOKEN opens it."}
        )
    return _answer(HTTPStatus.OK, metrics.exposition(), CONTENT_TYPE_LATEST)


def _from_this_machine(request: HttpRequest) -> bool:
    """Behind a proxy everybody comes from this machine, but with a header that says so."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _document(status: HTTPStatus, form: dict[str, object]) -> HttpResponse:
    return _answer(status, orjson.dumps(form, option=orjson.OPT_APPEND_NEWLINE), "application/json")


def _answer(status: HTTPStatus, body: bytes, media_type: str) -> HttpResponse:
    return HttpResponse(body, status=status, content_type=media_type, headers={"Cache-Control": "no-store"})


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"healthz": healthz, "readyz": readyz, "metrics": scraped}
"""By name and path."""


class Probes:
    """Middleware: answers probes, and lets all else through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = request.path_info.removeprefix("/")
        view = PROBES.get(name)
        if view is None:
            return self.get_response(request)
        request.resolver_match = ResolverMatch(view, (), {}, url_name=name)
        if request.method in {"GET", "HEAD"}:
            return view(request)
        refused = _document(HTTPStatus.METHOD_NOT_ALLOWED, {"status": "Ask for it with GET or HEAD."})
        refused.headers["Allow"] = "GET, HEAD"
        return refused
