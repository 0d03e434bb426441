"""Error pages: what happened, what is still true, what to do, a number to quote.

The pages show HTML; their twins answer with a problem document (RFC 9457). The number stands in the log too.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Final

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy

from commonground.errors import IndexBroken, NotFound, Usage
from commonground.pages.twins import MEDIA_TYPES

log = logging.getLogger("commonground.pages")

_ALPHABET: Final = "23456789CDFGHJKMNPQRTVWXZ"
"""No letters or digits that are mistaken for each other when read aloud."""

_TITLES: Final = {
    400: gettext_lazy("This address asks for something we do not understand"),
    403: gettext_lazy("This page is not open to you"),
    404: gettext_lazy("There is no such page"),
    405: gettext_lazy("This page can only be read"),
    429: gettext_lazy("Too many requests at once"),
    451: gettext_lazy("These rows are not given away"),
    500: gettext_lazy("Something broke on our side"),
    503: gettext_lazy("The search is being prepared"),
}
_DATA: Final = {*MEDIA_TYPES, "arrow", "geojson", "parquet"} - {"html"}
"""What a path that is for programs ends in."""
PREPARING: Final = 5
"""Seconds after which a search that was being prepared is worth asking again."""


def problem(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    """An error in the form that was asked for. `detail` says more than the title, for people."""
    number = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(2))
    level = logging.ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO
    log.log(level, "problem %s: %s %s %s", number, status, request.method, request.path)
    title = str(_TITLES[status])
    if _wants_data(request):
        return _document(status, title, detail, number)
    context = {"status": status, "title": title, "detail": detail, "number": number, "twins": {}}
    template = ["pages/errors/" + name for name in (f"{status}.html", "error.html")]
    # A bad request may name a host that is not ours, and 500 may mean that anything is broken: no request then.
    response = render(None if status in {400, 500} else request, template, context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


class HouseErrors:
    """Middleware: what the house raises on purpose becomes the page that it means."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or request.path.startswith("/admin/"):
            return response
        refused = problem(request, 405, gettext("Ask for it with GET or HEAD."))
        refused.headers["Allow"] = response.headers["Allow"]
        return refused

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """404 for what is not there, 400 for what cannot be asked, 503 for a search that cannot be asked yet;
        anything else is a fault of ours.
        """
        if isinstance(exception, NotFound):
            return problem(request, 404, exception.message)
        if isinstance(exception, IndexBroken):
            log.warning("%s", exception)
            return waiting(request, 503, PREPARING)
        return problem(request, 400, exception.message) if isinstance(exception, Usage) else None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    del exception  # its text may name settings
    return problem(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    del exception
    return problem(request, 403)


def not_ours(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that another site sent, or that was open while its sender signed in anew."""
    del reason  # of a developer's concern
    return problem(request, 403, gettext("This form is too old, or came from another site. Load its page again."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404. Says what was looked for where the view said it; Django's own list of patterns stays inside."""
    said = exception.args[0] if exception.args else ""
    return problem(request, 404, said if isinstance(said, str) else "")


def too_many(request: HttpRequest, *, wait: int) -> HttpResponse:
    """429, with the seconds to wait."""
    return waiting(request, 429, wait)


def waiting(request: HttpRequest, status: int, wait: int) -> HttpResponse:
    """What cannot be answered now, with the seconds to wait."""
    response = problem(request, status, gettext("Wait %(seconds)d seconds and try again.") % {"seconds": wait})
    response.headers["Retry-After"] = str(wait)
    return response


def broken(request: HttpRequest) -> HttpResponse:
    """500. Renders without context processors and database, which may be what broke."""
    return problem(request, 500)


def _wants_data(request: HttpRequest) -> bool:
    suffix = PurePosixPath(request.path).suffix.removeprefix(".")
    if suffix in _DATA:
        return True
    preferred = request.get_preferred_type(["text/html", "application/json", "application/problem+json"])
    return preferred is not None and preferred != "text/html"


def _document(status: int, title: str, detail: str, number: str) -> HttpResponse:
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": f"urn:problem:{number}",
    }
    response = HttpResponse(orjson.dumps(body), content_type="application/problem+json", status=status)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response
